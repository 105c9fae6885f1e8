//! The life of what stands at the edge, and of what streams, caches and computes.

use crate::script::{Script, no};
use crate::support::World;
use serde_json::{Value as Json, json};

/// A distribution with one origin of one's own.
fn distribution(more: &Json) -> Json {
    let mut config = json!({
        "enabled": true,
        "comment": "c",
        "origin": [{"domain_name": "o.example.com", "origin_id": "o", "custom_header": [{"name": "X-A", "value": "1"}], "custom_origin_config": [{"http_port": 80, "https_port": 443, "origin_protocol_policy": "https-only", "origin_ssl_protocols": ["TLSv1.2"]}]}],
        "default_cache_behavior": [{"allowed_methods": ["GET", "HEAD"], "cached_methods": ["GET", "HEAD"], "target_origin_id": "o", "viewer_protocol_policy": "redirect-to-https", "min_ttl": 0, "default_ttl": 60, "max_ttl": 120, "forwarded_values": [{"query_string": true, "headers": ["Host"], "cookies": [{"forward": "none"}]}]}],
        "restrictions": [{"geo_restriction": [{"restriction_type": "whitelist", "locations": ["DE", "FR"]}]}],
        "viewer_certificate": [{"cloudfront_default_certificate": true}],
        "wait_for_deployment": false,
    });
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn distributions() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let control = world
        .create(
            "aws_cloudfront_origin_access_control",
            json!({"name": "oac", "origin_access_control_origin_type": "s3", "signing_behavior": "always", "signing_protocol": "sigv4"}),
        )
        .await;
    let control = world
        .update(
            &control,
            json!({"name": "oac", "description": "d", "origin_access_control_origin_type": "s3", "signing_behavior": "never", "signing_protocol": "sigv4"}),
        )
        .await;
    world.import(&control, &control.text("id"), &[]).await;
    let made = world
        .create(
            "aws_cloudfront_distribution",
            distribution(&json!({"tags": {"a": "b"}})),
        )
        .await;
    assert!(made.text("domain_name").ends_with(".cloudfront.net"));
    assert_eq!(made.text("hosted_zone_id"), "Z2FDTNDATAQYW2");
    let made = world
        .update(
            &made,
            distribution(
                &json!({"comment": "other", "price_class": "PriceClass_100", "tags": {"c": "d"}}),
            ),
        )
        .await;
    world
        .import(&made, &made.text("id"), &["wait_for_deployment"])
        .await;
    world.delete(&made).await;
    world.delete(&control).await;
}

/// What is put is whole: also what nobody has written.
#[tokio::test]
async fn a_distribution_leaves_nothing_out() {
    let (world, script) = Script::world(
        [("CreateDistributionWithTags", vec![no("InvalidArgument")])],
        json!({}),
    )
    .await;
    let outcome = world
        .try_create("aws_cloudfront_distribution", distribution(&json!({})))
        .await;
    assert!(outcome.is_ok());
    let put = &script.inputs("CreateDistributionWithTags")[0]["DistributionConfigWithTags"];
    assert_eq!(put["Tags"], json!({"Items": []}));
    let config = &put["DistributionConfig"];
    for (path, wanted) in [
        ("/Aliases", json!({"Quantity": 0})),
        ("/CacheBehaviors", json!({"Quantity": 0})),
        ("/CustomErrorResponses", json!({"Quantity": 0})),
        ("/DefaultRootObject", json!("")),
        (
            "/Logging",
            json!({"Enabled": false, "IncludeCookies": false, "Bucket": "", "Prefix": ""}),
        ),
        ("/Origins/Quantity", json!(1)),
        (
            "/Origins/Items/0/CustomHeaders",
            json!({"Quantity": 1, "Items": [{"HeaderName": "X-A", "HeaderValue": "1"}]}),
        ),
        (
            "/DefaultCacheBehavior/TrustedSigners",
            json!({"Quantity": 0, "Enabled": false}),
        ),
        (
            "/DefaultCacheBehavior/AllowedMethods/CachedMethods",
            json!({"Quantity": 2, "Items": ["GET", "HEAD"]}),
        ),
        ("/DefaultCacheBehavior/MinTTL", json!(0)),
        (
            "/Restrictions/GeoRestriction",
            json!({"Quantity": 2, "Items": ["DE", "FR"], "RestrictionType": "whitelist"}),
        ),
    ] {
        assert_eq!(config.pointer(path), Some(&wanted), "{path}");
    }
}

/// Lists within a policy are counted, and an empty one is no block.
#[tokio::test]
async fn policies_of_caches_have_counted_lists() {
    let parameters = |items: Json| json!({"EnableAcceptEncodingGzip": true, "CookiesConfig": {"CookieBehavior": "none"}, "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": items}, "QueryStringsConfig": {"QueryStringBehavior": "all"}});
    let found = json!({"ETag": "E1", "CachePolicy": {"Id": "p", "CachePolicyConfig": {"Name": "n", "MinTTL": 1, "MaxTTL": 31_536_000, "DefaultTTL": 86400, "ParametersInCacheKeyAndForwardedToOrigin": parameters(json!({"Quantity": 1, "Items": ["Origin"]}))}}});
    let (world, script) = Script::world(
        [
            ("CreateCachePolicy", vec![Ok(found.clone())]),
            ("GetCachePolicy", vec![Ok(found)]),
        ],
        json!({}),
    )
    .await;
    let config = json!({"name": "n", "min_ttl": 1, "parameters_in_cache_key_and_forwarded_to_origin": [{"enable_accept_encoding_gzip": true, "cookies_config": [{"cookie_behavior": "none"}], "headers_config": [{"header_behavior": "whitelist", "headers": [{"items": ["Origin"]}]}], "query_strings_config": [{"query_string_behavior": "all"}]}]});
    let made = world.create("aws_cloudfront_cache_policy", config).await;
    assert_eq!(made.text("etag"), "E1");
    let put = &script.inputs("CreateCachePolicy")[0]["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"];
    assert_eq!(
        put,
        &parameters(json!({"Quantity": 1, "Items": ["Origin"]}))
    );
}

/// A function is written, and published unless that is not wanted; another one is written against the mark of the last.
#[tokio::test]
async fn functions_are_published() {
    let summary = |etag: &str| json!({"ETag": etag, "FunctionSummary": {"Name": "f", "Status": "UNPUBLISHED", "FunctionConfig": {"Comment": "", "Runtime": "cloudfront-js-2.0"}, "FunctionMetadata": {"FunctionARN": "arn:f"}}});
    let (world, script) = Script::world(
        [
            ("CreateFunction", vec![Ok(summary("E1"))]),
            ("DescribeFunction", vec![Ok(summary("E1"))]),
            ("GetFunction", vec![Ok(json!({"FunctionCode": "eA=="}))]),
        ],
        json!({}),
    )
    .await;
    let config = |code: &str| json!({"name": "f", "runtime": "cloudfront-js-2.0", "code": code});
    let made = world.create("aws_cloudfront_function", config("x")).await;
    assert_eq!(script.inputs("CreateFunction")[0]["FunctionCode"], "eA==");
    let published = script.inputs("PublishFunction");
    assert_eq!(published, [json!({"Name": "f", "IfMatch": "E1"})]);
    script.forget();
    script.set([("GetFunction", vec![Ok(json!({"FunctionCode": "eQ=="}))])]);
    world.update(&made, config("y")).await;
    assert_eq!(script.inputs("UpdateFunction")[0]["IfMatch"], "E1");
    assert_eq!(script.inputs("PublishFunction").len(), 1);
}

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
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_networks() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let one = world
        .create("aws_vpc", json!({"cidr_block": "10.1.0.0/16"}))
        .await;
    let other = world
        .create("aws_vpc", json!({"cidr_block": "10.2.0.0/16"}))
        .await;
    let config = |tags: Json| json!({"vpc_id": one.text("id"), "peer_vpc_id": other.text("id"), "auto_accept": true, "tags": tags});
    let made = world
        .create("aws_vpc_peering_connection", config(json!({"a": "b"})))
        .await;
    assert_eq!(made.text("accept_status"), "active");
    let made = world.update(&made, config(json!({"c": "d"}))).await;
    world
        .import(&made, &made.text("id"), &["auto_accept"])
        .await;
    let accepter = world
        .create(
            "aws_vpc_peering_connection_accepter",
            json!({"vpc_peering_connection_id": made.text("id"), "auto_accept": true, "tags": {"c": "d"}}),
        )
        .await;
    assert_eq!(accepter.text("vpc_id"), other.text("id"));
    world.let_go(&accepter).await;
    for made in [&made, &one, &other] {
        world.delete(made).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let config = |prefix: &str| json!({"name": "d", "destination": "extended_s3", "tags": {"a": "b"}, "extended_s3_configuration": [{"role_arn": "arn:aws:iam::123456789012:role/r", "bucket_arn": "arn:aws:s3:::b", "prefix": prefix, "buffering_size": 10}]});
    let made = world
        .create("aws_kinesis_firehose_delivery_stream", config("a/"))
        .await;
    let made = world.update(&made, config("b/")).await;
    world.delete(&made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_of_usage() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let config = |limit: u64| json!({"name": "p", "description": "d", "quota_settings": [{"limit": limit, "period": "WEEK"}], "throttle_settings": [{"burst_limit": 5, "rate_limit": 10}]});
    let made = world.create("aws_api_gateway_usage_plan", config(20)).await;
    let made = world.update(&made, config(30)).await;
    world.import(&made, &made.text("id"), &[]).await;
    // The emulator fails where a plan is deleted twice.
    world.let_go(&made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_brokers() {
    let settings = |revision: u64| json!({"Arn": "arn:c", "Name": "c", "KafkaVersions": ["3.5.1"], "State": "ACTIVE", "LatestRevision": {"Revision": revision, "Description": "d"}});
    let (world, script) = Script::world(
        [
            ("CreateConfiguration", vec![Ok(json!({"Arn": "arn:c"}))]),
            ("DescribeConfiguration", vec![Ok(settings(1))]),
            (
                "DescribeConfigurationRevision",
                vec![Ok(json!({"ServerProperties": "YT0x"}))],
            ),
        ],
        json!({}),
    )
    .await;
    let config = |text: &str| json!({"name": "c", "description": "d", "kafka_versions": ["3.5.1"], "server_properties": text});
    let made = world.create("aws_msk_configuration", config("a=1")).await;
    assert_eq!(
        script.inputs("CreateConfiguration")[0]["ServerProperties"],
        "YT0x"
    );
    script.set([
        ("DescribeConfiguration", vec![Ok(settings(2))]),
        (
            "DescribeConfigurationRevision",
            vec![Ok(json!({"ServerProperties": "YT0y"}))],
        ),
    ]);
    world.update(&made, config("a=2")).await;
    let put = &script.inputs("UpdateConfiguration")[0];
    assert_eq!(put["ServerProperties"], "YT0y");
    assert_eq!(put["Arn"], "arn:c");
}

/// Names of queues and topics that keep an order end in the way that the service wants, also where they are made up.
#[tokio::test(flavor = "multi_thread")]
async fn ordered_queues_and_topics_have_their_ending() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    for (type_name, config) in [
        (
            "aws_sqs_queue",
            json!({"name_prefix": "q-", "fifo_queue": true}),
        ),
        (
            "aws_sns_topic",
            json!({"name_prefix": "t-", "fifo_topic": true}),
        ),
    ] {
        let made = world.create(type_name, config).await;
        assert!(
            made.text("name").ends_with(".fifo"),
            "{}",
            made.text("name")
        );
        world.delete(&made).await;
    }
}

/// Rules that are written as blocks are read as they were written: what a rule does not say is no difference.
#[tokio::test(flavor = "multi_thread")]
async fn rules_of_a_default_list_do_not_drift() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let vpc = world
        .create("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}))
        .await;
    let rule = json!({"action": "allow", "cidr_block": "0.0.0.0/0", "from_port": 0, "protocol": "-1", "rule_no": 100, "to_port": 0});
    let made = world
        .create(
            "aws_default_network_acl",
            json!({"default_network_acl_id": vpc.text("default_network_acl_id"), "ingress": [rule]}),
        )
        .await;
    world.let_go(&made).await;
    world.delete(&vpc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_of_instances_addresses_and_listeners() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let address = world
        .create("aws_eip", json!({"domain": "vpc", "tags": {"Name": "a"}}))
        .await;
    let found = world
        .data("aws_eip", json!({"id": address.text("id")}))
        .await;
    let of = |value: &terrane_value::Value, name: &str| {
        terrane_provider::args::string(value, name)
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(of(&found, "public_ip"), address.text("public_ip"));
    world.delete(&address).await;
    let instance = world
        .create(
            "aws_instance",
            json!({"ami": "ami-12c6146b", "instance_type": "t3.micro", "tags": {"Name": "i"}}),
        )
        .await;
    for config in [
        json!({"instance_id": instance.text("id")}),
        json!({"instance_tags": {"Name": "i"}}),
    ] {
        let found = world.data("aws_instance", config).await;
        assert_eq!(of(&found, "id"), instance.text("id"));
        assert_eq!(of(&found, "private_ip"), instance.text("private_ip"));
        assert!(!of(&found, "launch_time").is_empty());
    }
    world.delete(&instance).await;
}

/// What there is, as it would be imported; what AWS made by itself is left out. An object is imported by what identifies it.
#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_is_listed() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    for (type_name, config, key) in [
        (
            "aws_vpc",
            json!({"cidr_block": "10.0.0.0/16", "tags": {"Name": "n"}}),
            "id",
        ),
        ("aws_sqs_queue", json!({"name": "listed"}), "url"),
        (
            "aws_ssm_parameter",
            json!({"name": "/l", "type": "String", "value": "v"}),
            "name",
        ),
        (
            "aws_iam_role",
            json!({"name": "l", "assume_role_policy": r#"{"Version":"2012-10-17","Statement":[]}"#}),
            "name",
        ),
        (
            "aws_s3_bucket",
            json!({"bucket": "listed-by-a-test"}),
            "bucket",
        ),
        (
            "aws_dynamodb_table",
            json!({"name": "l", "hash_key": "k", "billing_mode": "PAY_PER_REQUEST", "attribute": [{"name": "k", "type": "S"}]}),
            "name",
        ),
    ] {
        let made = world.create(type_name, config).await;
        let found = world.list(type_name).await;
        let of = |value: &terrane_value::Value| {
            terrane_provider::args::string(value, key).map(str::to_owned)
        };
        let own: Vec<_> = found
            .iter()
            .filter(|one| of(&one.identity) == Some(made.text(key)))
            .collect();
        assert_eq!(own.len(), 1, "{type_name}: {found:?}");
        assert_eq!(of(&own[0].object), Some(made.text(key)), "{type_name}");
        if type_name == "aws_vpc" {
            assert_eq!(found.len(), 1, "the usual network is left out: {found:?}");
            assert_eq!(own[0].display_name, "n");
        }
        let imported = world.import_by(type_name, &own[0].identity).await;
        assert_eq!(of(&imported), Some(made.text(key)), "{type_name}");
        world.delete(&made).await;
    }
}

/// A function is no part of a network, whatever stands around it.
#[tokio::test]
async fn groups_of_functions_are_in_no_network() {
    let group = json!({"TargetGroups": [{"TargetGroupArn": "arn:g", "TargetGroupName": "g", "TargetType": "lambda"}]});
    let (world, script) = Script::world(
        [
            ("CreateTargetGroup", vec![Ok(group.clone())]),
            ("DescribeTargetGroups", vec![Ok(group)]),
        ],
        json!({}),
    )
    .await;
    let config = json!({"name": "g", "target_type": "lambda", "vpc_id": "vpc-1"});
    world.create("aws_lb_target_group", config).await;
    assert!(script.inputs("CreateTargetGroup")[0].get("VpcId").is_none());
}
