//! Caches that nobody has machines for.

use super::with;
use crate::kept::{Life, Service, live};
use serde_json::json;

#[tokio::test]
async fn serverless_caches() {
    let cache = Service {
        type_name: "aws_elasticache_serverless_cache",
        create: "CreateServerlessCache",
        update: &["ModifyServerlessCache"],
        delete: "DeleteServerlessCache",
        shown: |operation, put| {
            let told = json!({"ARN": "arn:aws:elasticache:eu-west-1:123456789012:serverlesscache:c", "Status": "available", "CreateTime": "2026-01-01T00:00:00Z", "FullEngineVersion": "7.2", "MajorEngineVersion": "7", "Endpoint": {"Address": "c.example", "Port": 6379}, "ReaderEndpoint": {"Address": "r.example", "Port": 6380}});
            let mut shown = with(put, &["Tags", "RemoveUserGroup"], &told);
            if put.get("RemoveUserGroup").is_some() {
                shown["UserGroupId"] = serde_json::Value::Null;
            }
            match operation {
                "DescribeServerlessCaches" => json!({"ServerlessCaches": [shown]}),
                "ListTagsForResource" | "AddTagsToResource" | "RemoveTagsFromResource" => {
                    json!({"TagList": put["Tags"]})
                }
                _ => json!({"ServerlessCache": shown}),
            }
        },
        gone: Some("ServerlessCacheNotFoundFault"),
    };
    let config = |description: &str, most: u32| {
        json!({
            "name": "c", "engine": "valkey", "major_engine_version": "7", "description": description, "kms_key_id": "arn:k", "security_group_ids": ["sg-1"], "subnet_ids": ["subnet-1"],
            "snapshot_retention_limit": 1, "daily_snapshot_time": "09:00", "tags": {"a": "b"},
            "cache_usage_limits": [{"data_storage": [{"minimum": 1, "maximum": most, "unit": "GB"}], "ecpu_per_second": [{"minimum": 1000, "maximum": 5000}]}],
        })
    };
    let mut grouped = config("d", 10);
    grouped["user_group_id"] = json!("g");
    let life = Life {
        config: grouped,
        other: config("other", 20),
        renewed: vec![
            (json!({"name": "d"}), "name"),
            (json!({"kms_key_id": "arn:l"}), "kms_key_id"),
            (json!({"subnet_ids": ["subnet-2"]}), "subnet_ids"),
            (
                json!({"snapshot_arns_to_restore": ["arn:s"]}),
                "snapshot_arns_to_restore",
            ),
        ],
        import: "c",
        sent: vec![
            ("CreateServerlessCache", "/UserGroupId", json!("g")),
            (
                "CreateServerlessCache",
                "/CacheUsageLimits/ECPUPerSecond/Maximum",
                json!(5000),
            ),
            (
                "ModifyServerlessCache",
                "/CacheUsageLimits/DataStorage/Maximum",
                json!(20),
            ),
            ("ModifyServerlessCache", "/RemoveUserGroup", json!(true)),
        ],
        listed: true,
        ..Life::default()
    };
    live(cache, life).await;
}

/// A group of groups: what differs from the one that it is made of is changed after it.
#[tokio::test]
async fn groups_in_several_regions() {
    let group = Service {
        type_name: "aws_elasticache_global_replication_group",
        create: "CreateGlobalReplicationGroup",
        update: &[
            "ModifyGlobalReplicationGroup",
            "IncreaseNodeGroupsInGlobalReplicationGroup",
        ],
        delete: "DeleteGlobalReplicationGroup",
        shown: |operation, put| {
            let count = put["NodeGroupCount"].as_u64().unwrap_or(1);
            let groups: Vec<_> = (1..=count)
                .map(|at| json!({"GlobalNodeGroupId": format!("g-{at}"), "Slots": "0-1"}))
                .collect();
            let failover = if put["AutomaticFailoverEnabled"] == json!(true) {
                "enabled"
            } else {
                "disabled"
            };
            let kind = put
                .get("CacheNodeType")
                .cloned()
                .unwrap_or("cache.r7g.large".into());
            let version = put.get("EngineVersion").cloned().unwrap_or("7.0.7".into());
            let shown = json!({"GlobalReplicationGroupId": "abcde-s", "GlobalReplicationGroupDescription": put["GlobalReplicationGroupDescription"], "Status": "available", "CacheNodeType": kind, "Engine": "redis", "EngineVersion": version, "ClusterEnabled": true, "GlobalNodeGroups": groups, "ARN": "arn:aws:elasticache::123456789012:globalreplicationgroup:abcde-s", "AtRestEncryptionEnabled": true, "TransitEncryptionEnabled": true, "AuthTokenEnabled": false, "Members": [{"ReplicationGroupId": "p", "ReplicationGroupRegion": "eu-west-1", "Role": "PRIMARY", "AutomaticFailover": failover, "Status": "associated"}]});
            match operation {
                "DescribeGlobalReplicationGroups" => json!({"GlobalReplicationGroups": [shown]}),
                _ => json!({"GlobalReplicationGroup": shown}),
            }
        },
        gone: Some("GlobalReplicationGroupNotFoundFault"),
    };
    let config = |kind: &str, count: u32| json!({"global_replication_group_id_suffix": "s", "global_replication_group_description": "d", "primary_replication_group_id": "p", "automatic_failover_enabled": true, "engine_version": "7.0", "cache_node_type": kind, "num_node_groups": count});
    let life = Life {
        config: config("cache.r7g.large", 1),
        other: config("cache.r7g.xlarge", 2),
        renewed: vec![
            (
                json!({"primary_replication_group_id": "q"}),
                "primary_replication_group_id",
            ),
            (
                json!({"global_replication_group_id_suffix": "t"}),
                "global_replication_group_id_suffix",
            ),
        ],
        import: "abcde-s",
        unknown: &["engine_version"],
        sent: vec![
            (
                "ModifyGlobalReplicationGroup",
                "/AutomaticFailoverEnabled",
                json!(true),
            ),
            (
                "ModifyGlobalReplicationGroup",
                "/CacheNodeType",
                json!("cache.r7g.xlarge"),
            ),
            (
                "IncreaseNodeGroupsInGlobalReplicationGroup",
                "/NodeGroupCount",
                json!(2),
            ),
            (
                "DeleteGlobalReplicationGroup",
                "/RetainPrimaryReplicationGroup",
                json!(true),
            ),
        ],
        listed: true,
        ..Life::default()
    };
    live(group, life).await;
}
