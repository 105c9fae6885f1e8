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
        ..Life::default()
    };
    live(cache, life).await;
}
