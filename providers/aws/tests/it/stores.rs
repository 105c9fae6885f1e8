//! The life of caches, and of what buckets have several of.

use crate::script::Script;
use crate::support::World;
use serde_json::{Value as Json, json};

#[tokio::test(flavor = "multi_thread")]
async fn caches() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let user = world
        .create(
            "aws_elasticache_user",
            json!({"user_id": "u", "user_name": "u", "engine": "redis", "access_string": "on ~* +@all", "no_password_required": true}),
        )
        .await;
    world
        .import(&user, "u", &["no_password_required", "authentication_mode"])
        .await;
    world.delete(&user).await;
}

/// Nodes that go are named, kinds of logs that go nowhere are switched off.
#[tokio::test]
async fn clusters_of_caches_shrink() {
    let cluster = |count: u64, logs: Json| json!({"CacheClusters": [{"CacheClusterId": "c", "CacheClusterStatus": "available", "Engine": "memcached", "EngineVersion": "1.6.22", "CacheNodeType": "cache.t3.micro", "NumCacheNodes": count, "ARN": "arn:c", "AutoMinorVersionUpgrade": true, "LogDeliveryConfigurations": logs, "ConfigurationEndpoint": {"Address": "c.cfg", "Port": 11211}}]});
    let log = json!([{"LogType": "slow-log", "LogFormat": "json", "DestinationType": "cloudwatch-logs", "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": "g"}}}]);
    let (world, script) = Script::world(
        [("DescribeCacheClusters", vec![Ok(cluster(3, log.clone()))])],
        json!({}),
    )
    .await;
    let config = |count: u64, logs: Json| json!({"cluster_id": "C", "engine": "memcached", "node_type": "cache.t3.micro", "num_cache_nodes": count, "log_delivery_configuration": logs});
    let written = json!([{"destination": "g", "destination_type": "cloudwatch-logs", "log_format": "json", "log_type": "slow-log"}]);
    let made = world
        .create("aws_elasticache_cluster", config(3, written))
        .await;
    world.is_listed(&made).await;
    assert_eq!(made.text("configuration_endpoint"), "c.cfg:11211");
    assert_eq!(made.text("cluster_id"), "c");
    assert_eq!(
        script.inputs("CreateCacheCluster")[0]["LogDeliveryConfigurations"][0]["DestinationDetails"],
        json!({"CloudWatchLogsDetails": {"LogGroup": "g"}})
    );
    script.forget();
    script.set([("DescribeCacheClusters", vec![Ok(cluster(1, json!([])))])]);
    world.update(&made, config(1, json!([]))).await;
    let asked = script.inputs("ModifyCacheCluster");
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(
        asked[0],
        json!({"CacheClusterId": "c", "ApplyImmediately": false, "NumCacheNodes": 1, "CacheNodeIdsToRemove": ["0002", "0003"], "LogDeliveryConfigurations": [{"LogType": "slow-log", "Enabled": false}]})
    );
    assert_eq!(
        world
            .replaced(&made, {
                let mut config = config(3, json!([]));
                config["node_type"] = json!("cache.t3.small");
                config
            })
            .await,
        [".node_type"]
    );
}

/// A group of clusters is counted, and brought to another count by the call for it.
#[tokio::test]
async fn groups_of_caches_grow() {
    let group = |members: &[&str]| json!({"ReplicationGroups": [{"ReplicationGroupId": "g", "Description": "d", "Status": "available", "ARN": "arn:g", "Engine": "redis", "AutomaticFailover": "enabled", "MultiAZ": "disabled", "CacheNodeType": "cache.t3.micro", "MemberClusters": members, "ClusterEnabled": false, "NodeGroups": [{"NodeGroupId": "0001", "PrimaryEndpoint": {"Address": "p", "Port": 6379}, "NodeGroupMembers": members}]}]});
    let member = json!({"CacheClusters": [{"CacheClusterId": "a", "EngineVersion": "7.1.0", "CacheSubnetGroupName": "s", "CacheParameterGroup": {"CacheParameterGroupName": "default.redis7"}}]});
    let (world, script) = Script::world(
        [
            ("DescribeReplicationGroups", vec![Ok(group(&["a", "b"]))]),
            ("DescribeCacheClusters", vec![Ok(member)]),
        ],
        json!({}),
    )
    .await;
    let config = |count: u64| json!({"replication_group_id": "g", "description": "d", "engine": "redis", "engine_version": "7.x", "node_type": "cache.t3.micro", "num_cache_clusters": count, "automatic_failover_enabled": true});
    let made = world
        .create("aws_elasticache_replication_group", config(2))
        .await;
    world.is_listed(&made).await;
    assert_eq!(made.text("engine_version"), "7.x");
    assert_eq!(made.text("engine_version_actual"), "7.1.0");
    assert_eq!(made.text("subnet_group_name"), "s");
    script.forget();
    script.set([(
        "DescribeReplicationGroups",
        vec![Ok(group(&["a", "b", "c"]))],
    )]);
    world.update(&made, config(3)).await;
    assert_eq!(
        script.inputs("IncreaseReplicaCount"),
        [json!({"ReplicationGroupId": "g", "ApplyImmediately": true, "NewReplicaCount": 2})]
    );
    assert!(script.inputs("ModifyReplicationGroup").is_empty());
}

/// One condition stands alone in a filter, several stand together; what is read is the same.
#[tokio::test]
async fn metrics_of_buckets_have_filters() {
    for (filter, sent) in [
        (json!({"prefix": "p/"}), json!({"Prefix": "p/"})),
        (
            json!({"tags": {"a": "1"}}),
            json!({"Tag": {"Key": "a", "Value": "1"}}),
        ),
        (
            json!({"prefix": "p/", "tags": {"a": "1", "b": "2"}}),
            json!({"And": {"Prefix": "p/", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}}),
        ),
    ] {
        let found = json!({"MetricsConfiguration": {"Id": "m", "Filter": sent}});
        let (world, script) = Script::world(
            [("GetBucketMetricsConfiguration", vec![Ok(found.clone())])],
            json!({}),
        )
        .await;
        let config = json!({"bucket": "b", "name": "m", "filter": [filter]});
        let made = world.create("aws_s3_bucket_metric", config).await;
        assert_eq!(made.text("id"), "b:m");
        let put = &script.inputs("PutBucketMetricsConfiguration")[0];
        assert_eq!(put["Bucket"], "b");
        assert_eq!(put["MetricsConfiguration"], found["MetricsConfiguration"]);
        world.import(&made, "b:m", &[]).await;
        let listed = json!({"MetricsConfigurationList": [found["MetricsConfiguration"]]});
        script.set([
            ("ListBuckets", vec![Ok(json!({"Buckets": [{"Name": "b"}]}))]),
            ("ListBucketMetricsConfigurations", vec![Ok(listed)]),
        ]);
        world.is_listed(&made).await;
    }
}

#[tokio::test]
async fn tiers_analytics_and_inventories_of_buckets() {
    let tiering = json!({"IntelligentTieringConfiguration": {"Id": "t", "Status": "Enabled", "Tierings": [{"AccessTier": "ARCHIVE_ACCESS", "Days": 90}]}});
    let analysis = json!({"AnalyticsConfiguration": {"Id": "a", "StorageClassAnalysis": {"DataExport": {"OutputSchemaVersion": "V_1", "Destination": {"S3BucketDestination": {"Bucket": "arn:b", "Format": "CSV"}}}}}});
    let inventory = json!({"InventoryConfiguration": {"Id": "i", "IsEnabled": true, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"}, "Destination": {"S3BucketDestination": {"Bucket": "arn:b", "Format": "ORC", "Encryption": {"SSES3": {}}}}}});
    let (world, script) = Script::world(
        [
            (
                "GetBucketIntelligentTieringConfiguration",
                vec![Ok(tiering.clone())],
            ),
            (
                "GetBucketAnalyticsConfiguration",
                vec![Ok(analysis.clone())],
            ),
            (
                "GetBucketInventoryConfiguration",
                vec![Ok(inventory.clone())],
            ),
        ],
        json!({}),
    )
    .await;
    for (name, config, put, wanted) in [
        (
            "aws_s3_bucket_intelligent_tiering_configuration",
            json!({"bucket": "b", "name": "t", "tiering": [{"access_tier": "ARCHIVE_ACCESS", "days": 90}]}),
            "PutBucketIntelligentTieringConfiguration",
            tiering,
        ),
        (
            "aws_s3_bucket_analytics_configuration",
            json!({"bucket": "b", "name": "a", "storage_class_analysis": [{"data_export": [{"destination": [{"s3_bucket_destination": [{"bucket_arn": "arn:b"}]}]}]}]}),
            "PutBucketAnalyticsConfiguration",
            analysis,
        ),
        (
            "aws_s3_bucket_inventory",
            json!({"bucket": "b", "name": "i", "included_object_versions": "All", "schedule": [{"frequency": "Daily"}], "destination": [{"bucket": [{"bucket_arn": "arn:b", "format": "ORC", "encryption": [{"sse_s3": [{}]}]}]}]}),
            "PutBucketInventoryConfiguration",
            inventory,
        ),
    ] {
        world.create(name, config).await;
        for (member, value) in wanted.as_object().unwrap() {
            assert_eq!(&script.inputs(put)[0][member], value, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_keeps_the_public_out() {
    let (world, script) = Script::world(
        [(
            "GetPublicAccessBlock",
            vec![Ok(
                json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}}),
            )],
        )],
        json!({}),
    )
    .await;
    let made = world
        .create(
            "aws_s3_account_public_access_block",
            json!({"block_public_acls": true}),
        )
        .await;
    assert_eq!(made.text("id"), "123456789012");
    assert_eq!(
        script.inputs("PutPublicAccessBlock")[0]["AccountId"],
        "123456789012"
    );
    world.is_listed(&made).await;
}

/// Arguments that types of their own have taken over are taken still.
#[tokio::test(flavor = "multi_thread")]
async fn buckets_as_they_were_written_before() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let arn = "arn:aws:s3:::of-before-";
    let policy = |action: &str| {
        let statement = json!({"Effect": "Allow", "Principal": "*", "Action": action, "Resource": format!("{arn}a/*")});
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    let logs = world
        .create(
            "aws_s3_bucket",
            json!({"bucket": "of-before-logs", "force_destroy": true, "acl": "log-delivery-write", "versioning": [{"enabled": true}]}),
        )
        .await;
    let config = json!({
        "bucket": "of-before-a",
        "acl": "private",
        "policy": policy("s3:GetObject"),
        "acceleration_status": "Enabled",
        "cors_rule": [{"allowed_methods": ["GET"], "allowed_origins": ["*"], "allowed_headers": ["*"], "max_age_seconds": 3000}],
        "website": [{"index_document": "index.html", "error_document": "error.html"}],
        "versioning": [{"enabled": true}],
        "logging": [{"target_bucket": "of-before-logs", "target_prefix": "a/"}],
        "lifecycle_rule": [
            {"id": "old", "enabled": true, "prefix": "old/", "tags": {"a": "b"}, "expiration": [{"days": 90}],
             "transition": [{"days": 30, "storage_class": "STANDARD_IA"}, {"days": 60, "storage_class": "GLACIER"}]},
            {"enabled": true, "abort_incomplete_multipart_upload_days": 7, "noncurrent_version_expiration": [{"days": 5}]},
        ],
        "server_side_encryption_configuration": [{"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "AES256"}]}]}],
        "tags": {"a": "b"},
    });
    let made = world.create("aws_s3_bucket", config.clone()).await;
    assert_eq!(
        made.text("website_endpoint"),
        "of-before-a.s3-website-eu-west-1.amazonaws.com"
    );
    let mut other = config.clone();
    for (name, value) in [
        ("acl", json!("public-read")),
        ("policy", json!(policy("s3:GetObjectVersion"))),
        ("acceleration_status", json!("Suspended")),
        ("versioning", json!([{"enabled": false}])),
        (
            "website",
            json!([{"redirect_all_requests_to": "https://example.com"}]),
        ),
        (
            "lifecycle_rule",
            json!([{"id": "all", "enabled": false, "expiration": [{"date": "2030-01-01"}]}]),
        ),
        (
            "server_side_encryption_configuration",
            json!([{"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms"}]}]}]),
        ),
    ] {
        other[name] = value;
    }
    let made = world.update(&made, other.clone()).await;
    world
        .import(
            &made,
            "of-before-a",
            &["acl", "force_destroy", "grant", "request_payer", "policy"],
        )
        .await;
    // What is not written any more stays as it is.
    let bare = json!({"bucket": "of-before-a", "tags": {"a": "b"}});
    let bare = world.config("aws_s3_bucket", &bare);
    let (planned, _) = world.plan("aws_s3_bucket", &made.state, &bare).await;
    assert_eq!(planned, made.state);
    for made in [&made, &logs] {
        world.delete(made).await;
    }
}

/// Locks and copies, and who may read.
#[tokio::test(flavor = "multi_thread")]
async fn locked_copied_and_granted_buckets_as_before() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let target = json!({"bucket": "of-before-target", "versioning": [{"enabled": true}]});
    let target = world.create("aws_s3_bucket", target).await;
    let config = |days: u8| {
        json!({
            "bucket": "of-before-locked",
            "object_lock_configuration": [{"object_lock_enabled": "Enabled", "rule": [{"default_retention": [{"mode": "GOVERNANCE", "days": days}]}]}],
            "versioning": [{"enabled": true}],
            "grant": [{"type": "Group", "uri": "http://acs.amazonaws.com/groups/s3/LogDelivery", "permissions": ["READ_ACP", "WRITE"]}],
            "replication_configuration": [{"role": "arn:aws:iam::123456789012:role/r", "rules": [
                {"id": "a", "status": "Enabled", "priority": 1, "filter": [{}], "destination": [{"bucket": "arn:aws:s3:::of-before-target", "storage_class": "STANDARD"}]},
            ]}],
        })
    };
    let made = world.create("aws_s3_bucket", config(3)).await;
    let made = world.update(&made, config(4)).await;
    for made in [&made, &target] {
        world.delete(made).await;
    }
}

/// Replicas are made and deleted by the table, one after the other; what is beside them is asked for in their regions.
#[tokio::test]
async fn tables_have_replicas() {
    let arn = |region: &str| format!("arn:aws:dynamodb:{region}:123456789012:table/t");
    let table = |replicas: &[&str]| {
        let replicas: Vec<_> = replicas
            .iter()
            .map(|region| json!({"RegionName": region, "ReplicaStatus": "ACTIVE"}))
            .collect();
        json!({"Table": {
            "TableName": "t", "TableStatus": "ACTIVE", "TableArn": arn("eu-west-1"),
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            "LatestStreamArn": "s", "LatestStreamLabel": "l", "Replicas": replicas,
        }})
    };
    let backups = |state: &str| json!({"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": state}}});
    let (world, script) = Script::world(
        [
            ("CreateTable", vec![Ok(table(&[]))]),
            (
                "DescribeTable",
                vec![Ok(table(&["eu-west-2", "us-east-1"]))],
            ),
            ("DescribeContinuousBackups", vec![Ok(backups("DISABLED"))]),
            (
                "ListTagsOfResource",
                vec![Ok(json!({"Tags": [{"Key": "a", "Value": "b"}]}))],
            ),
        ],
        json!({}),
    )
    .await;
    let config = |replicas: serde_json::Value| {
        json!({
            "name": "t", "hash_key": "k", "billing_mode": "PAY_PER_REQUEST", "attribute": [{"name": "k", "type": "S"}],
            "stream_enabled": true, "stream_view_type": "NEW_AND_OLD_IMAGES", "replica": replicas, "tags": {"a": "b"},
        })
    };
    let two =
        json!([{"region_name": "eu-west-2"}, {"region_name": "us-east-1", "propagate_tags": true}]);
    let made = world.create("aws_dynamodb_table", config(two)).await;
    let updates: Vec<_> = script
        .inputs("UpdateTable")
        .iter()
        .map(|input| input["ReplicaUpdates"].clone())
        .collect();
    assert_eq!(
        updates,
        [
            json!([{"Create": {"RegionName": "eu-west-2"}}]),
            json!([{"Create": {"RegionName": "us-east-1"}}]),
        ]
    );
    let tagged = &script.inputs("TagResource")[0];
    assert_eq!(tagged["ResourceArn"], arn("us-east-1"));
    script.set([
        ("DescribeTable", vec![Ok(table(&["eu-west-2"]))]),
        ("DescribeContinuousBackups", vec![Ok(backups("ENABLED"))]),
    ]);
    let config = config(json!([{"region_name": "eu-west-2", "point_in_time_recovery": true}]));
    let made = world
        .try_update("aws_dynamodb_table", &made.state, config)
        .await;
    made.unwrap();
    let last = script.inputs("UpdateTable");
    assert_eq!(
        last.last().unwrap()["ReplicaUpdates"],
        json!([{"Delete": {"RegionName": "us-east-1"}}])
    );
    let backups = &script.inputs("UpdateContinuousBackups")[0];
    assert_eq!(
        backups["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        true
    );
}
