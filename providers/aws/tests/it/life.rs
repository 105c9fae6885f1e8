//! The life of objects: made, read, changed, imported, deleted.

use crate::support::World;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn queues_and_topics() {
    let Some(world) = World::new(json!({"default_tags": {"tags": {"owner": "all"}}})).await else {
        return;
    };
    let queue = world
        .create(
            "aws_sqs_queue",
            json!({"name": "first", "delay_seconds": 5, "tags": {"a": "b"}}),
        )
        .await;
    assert_eq!(queue.text("name"), "first");
    let queue = world.update(&queue, json!({"name": "first", "delay_seconds": 7, "visibility_timeout_seconds": 60, "tags": {"c": "d"}})).await;
    let id = queue.text("id");
    world.import(&queue, &id, &[]).await;
    assert_eq!(
        world.replaced(&queue, json!({"name": "second"})).await,
        [".name"]
    );
    let arn = queue.text("arn");
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}]}).to_string();
    let policy = world
        .create(
            "aws_sqs_queue_policy",
            json!({"queue_url": id, "policy": document}),
        )
        .await;
    world.delete(&policy).await;
    world.delete(&queue).await;
    let fifo = world
        .create(
            "aws_sqs_queue",
            json!({"name_prefix": "it-", "fifo_queue": false}),
        )
        .await;
    assert!(fifo.text("name").starts_with("it-"));
    world.delete(&fifo).await;

    let topic = world
        .create("aws_sns_topic", json!({"name": "t", "display_name": "x"}))
        .await;
    let topic = world
        .update(
            &topic,
            json!({"name": "t", "display_name": "y", "tags": {"k": "v"}}),
        )
        .await;
    world.import(&topic, &topic.text("id"), &[]).await;
    world.delete(&topic).await;
}

const PUBLIC_KEY: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQD3F6tyPEFEzV0LX3X8BsXdMsQz1x2cEikKDEY0aIj41qgxMCP/iteneqXSIFZBp5vizPvaoIR3Um9xK7PGoW8giupGn+EPuxIA4cDM4vzOqOkiMPhz5XK0whEjkVzTo4+S0puvDZuwIsdiW9mxhJc7tgBNL0cYlWSYVkz4G/fslNfRPW5mYAM49f4fhtxPb5ok4Q2Lg9dPKVHO/Bgeu5woMc7RY0p1ej6D4CKFE6lymSDJpW0YHX/wqE9+cfEauh7xZcG0q9t2ta6F6fmX0agvpFyZo8aFbXeUBr7osSCJNgvavWbM/06niWrOvYX2xwWdhXmXSrbX8ZbabVohBK41 a@b";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const ALLOW_LESS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn identities() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let role = world
        .create(
            "aws_iam_role",
            json!({"name": "r", "assume_role_policy": TRUST, "tags": {"a": "b"}}),
        )
        .await;
    let role = world.update(&role, json!({"name": "r", "assume_role_policy": TRUST, "description": "d", "max_session_duration": 7200, "tags": {"a": "c"}})).await;
    let policy = world
        .create("aws_iam_policy", json!({"name": "p", "policy": ALLOW}))
        .await;
    let policy = world
        .update(
            &policy,
            json!({"name": "p", "policy": ALLOW_LESS, "tags": {"x": "y"}}),
        )
        .await;
    world.import(&policy, &policy.text("id"), &["policy"]).await;
    let attached = world
        .create(
            "aws_iam_role_policy_attachment",
            json!({"role": "r", "policy_arn": policy.text("arn")}),
        )
        .await;
    world.import(&attached, &attached.text("id"), &[]).await;
    let inline = world
        .create(
            "aws_iam_role_policy",
            json!({"role": "r", "name": "i", "policy": ALLOW}),
        )
        .await;
    let inline = world
        .update(
            &inline,
            json!({"role": "r", "name": "i", "policy": ALLOW_LESS}),
        )
        .await;
    let profile = world
        .create(
            "aws_iam_instance_profile",
            json!({"name": "ip", "role": "r"}),
        )
        .await;
    world.delete(&profile).await;
    world.delete(&inline).await;
    world.delete(&attached).await;
    world.delete(&policy).await;
    world.delete(&role).await;
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a story")]
async fn networks() {
    let Some(world) = World::new(json!({"region": "eu-west-1"})).await else {
        return;
    };
    let vpc = world
        .create(
            "aws_vpc",
            json!({"cidr_block": "10.0.0.0/16", "tags": {"Name": "v"}}),
        )
        .await;
    let vpc = world.update(&vpc, json!({"cidr_block": "10.0.0.0/16", "enable_dns_hostnames": true, "tags": {"Name": "w"}})).await;
    let vpc_id = vpc.text("id");
    world
        .import(&vpc, &format!("{vpc_id}@eu-west-1"), &[])
        .await;
    let subnet = world.create("aws_subnet", json!({"vpc_id": vpc_id, "cidr_block": "10.0.1.0/24", "availability_zone": "eu-west-1a"})).await;
    let subnet = world.update(&subnet, json!({"vpc_id": vpc_id, "cidr_block": "10.0.1.0/24", "availability_zone": "eu-west-1a", "map_public_ip_on_launch": true})).await;
    let gateway = world
        .create("aws_internet_gateway", json!({"vpc_id": vpc_id}))
        .await;
    let table = world.create("aws_route_table", json!({"vpc_id": vpc_id, "route": [{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.text("id")}]})).await;
    let association = world
        .create(
            "aws_route_table_association",
            json!({"subnet_id": subnet.text("id"), "route_table_id": table.text("id")}),
        )
        .await;
    let bare = world
        .create("aws_route_table", json!({"vpc_id": vpc_id}))
        .await;
    let route = world.create("aws_route", json!({"route_table_id": bare.text("id"), "destination_cidr_block": "0.0.0.0/0", "gateway_id": gateway.text("id")})).await;
    let eip = world
        .create("aws_eip", json!({"domain": "vpc", "tags": {"a": "b"}}))
        .await;
    let nat = world
        .create(
            "aws_nat_gateway",
            json!({"allocation_id": eip.text("id"), "subnet_id": subnet.text("id")}),
        )
        .await;
    let group = world.create("aws_security_group", json!({"name": "g", "vpc_id": vpc_id, "ingress": [{"from_port": 80, "to_port": 80, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}]})).await;
    let group = world.update(&group, json!({"name": "g", "vpc_id": vpc_id, "ingress": [{"from_port": 443, "to_port": 443, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8"], "self": true}]})).await;
    world.import(&group, &group.text("id"), &[]).await;
    let other = world
        .create(
            "aws_security_group",
            json!({"name_prefix": "h-", "vpc_id": vpc_id}),
        )
        .await;
    let rule = world.create("aws_security_group_rule", json!({"security_group_id": other.text("id"), "type": "egress", "from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]})).await;
    let ingress = world.create("aws_vpc_security_group_ingress_rule", json!({"security_group_id": other.text("id"), "from_port": 22, "to_port": 22, "ip_protocol": "tcp", "cidr_ipv4": "10.0.0.0/8", "description": "ssh"})).await;
    let acl = world.create("aws_network_acl", json!({"vpc_id": vpc_id, "subnet_ids": [subnet.text("id")], "ingress": [{"rule_no": 100, "action": "allow", "protocol": "tcp", "cidr_block": "0.0.0.0/0", "from_port": 80, "to_port": 80}]})).await;
    let default = world
        .create("aws_default_security_group", json!({"vpc_id": vpc_id}))
        .await;
    let default_table = world.create("aws_default_route_table", json!({"default_route_table_id": vpc.text("default_route_table_id"), "tags": {"Name": "d"}})).await;
    let default_acl = world
        .create(
            "aws_default_network_acl",
            json!({"default_network_acl_id": vpc.text("default_network_acl_id")}),
        )
        .await;
    world
        .import(
            &association,
            &format!("{}/{}", subnet.text("id"), table.text("id")),
            &[],
        )
        .await;
    world
        .import(&route, &format!("{}_0.0.0.0/0", bare.text("id")), &[])
        .await;
    world.import(&default_table, &vpc_id, &[]).await;
    world
        .import(
            &rule,
            &format!("{}_egress_-1_0_0_0.0.0.0/0", other.text("id")),
            &["security_group_rule_id"],
        )
        .await;
    let pair = world
        .create(
            "aws_key_pair",
            json!({"key_name": "k", "public_key": PUBLIC_KEY, "tags": {"a": "b"}}),
        )
        .await;
    let pair = world
        .update(
            &pair,
            json!({"key_name": "k", "public_key": PUBLIC_KEY, "tags": {"a": "c"}}),
        )
        .await;
    world.delete(&pair).await;
    world.let_go(&default_acl).await;
    world.let_go(&default_table).await;
    world.let_go(&default).await;
    for made in [
        &acl,
        &ingress,
        &rule,
        &other,
        &group,
        &nat,
        &eip,
        &route,
        &bare,
        &association,
        &table,
        &gateway,
        &subnet,
        &vpc,
    ] {
        world.delete(made).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_and_tables() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let bucket = world
        .create(
            "aws_s3_bucket",
            json!({"bucket": "it-bucket-1", "force_destroy": true, "tags": {"a": "b"}}),
        )
        .await;
    let bucket = world
        .update(
            &bucket,
            json!({"bucket": "it-bucket-1", "force_destroy": true, "tags": {"a": "c"}}),
        )
        .await;
    let name = json!("it-bucket-1");
    let versioning = world
        .create(
            "aws_s3_bucket_versioning",
            json!({"bucket": name, "versioning_configuration": {"status": "Enabled"}}),
        )
        .await;
    let encryption = world.create("aws_s3_bucket_server_side_encryption_configuration", json!({"bucket": name, "rule": {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}})).await;
    let access = world
        .create(
            "aws_s3_bucket_public_access_block",
            json!({"bucket": name, "block_public_acls": true}),
        )
        .await;
    let access = world
        .update(
            &access,
            json!({"bucket": name, "block_public_acls": true, "block_public_policy": true}),
        )
        .await;
    let ownership = world
        .create(
            "aws_s3_bucket_ownership_controls",
            json!({"bucket": name, "rule": {"object_ownership": "BucketOwnerPreferred"}}),
        )
        .await;
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::it-bucket-1/*"}]}).to_string();
    let policy = world
        .create(
            "aws_s3_bucket_policy",
            json!({"bucket": name, "policy": document}),
        )
        .await;
    let cors = world.create("aws_s3_bucket_cors_configuration", json!({"bucket": name, "cors_rule": [{"allowed_methods": ["GET"], "allowed_origins": ["*"], "max_age_seconds": 30}]})).await;
    let website = world
        .create(
            "aws_s3_bucket_website_configuration",
            json!({"bucket": name, "index_document": {"suffix": "index.html"}}),
        )
        .await;
    let lifecycle = world.create("aws_s3_bucket_lifecycle_configuration", json!({"bucket": name, "rule": [{"id": "r", "status": "Enabled", "filter": {"prefix": "logs/"}, "expiration": {"days": 30}, "transition": [{"days": 10, "storage_class": "GLACIER"}]}]})).await;
    let object = world
        .create(
            "aws_s3_object",
            json!({"bucket": name, "key": "a/b", "content": "hello", "content_type": "text/plain"}),
        )
        .await;
    let object = world
        .update(
            &object,
            json!({"bucket": name, "key": "a/b", "content": "other", "content_type": "text/plain"}),
        )
        .await;
    world.import(&access, "it-bucket-1", &[]).await;
    world.delete(&object).await;
    for made in [&lifecycle, &website, &cors, &policy, &ownership, &access] {
        world.delete(made).await;
    }
    world.let_go(&encryption).await;
    world.let_go(&versioning).await;
    world.delete(&bucket).await;

    let table = world.create("aws_dynamodb_table", json!({"name": "t", "billing_mode": "PAY_PER_REQUEST", "hash_key": "id", "attribute": [{"name": "id", "type": "S"}], "tags": {"a": "b"}})).await;
    let table = world.update(&table, json!({"name": "t", "billing_mode": "PAY_PER_REQUEST", "hash_key": "id", "attribute": [{"name": "id", "type": "S"}], "tags": {"a": "c"}, "ttl": {"attribute_name": "until", "enabled": true}, "point_in_time_recovery": {"enabled": true}})).await;
    world.delete(&table).await;
    let limits = |most: i64| json!({"name": "u", "billing_mode": "PAY_PER_REQUEST", "hash_key": "id", "attribute": [{"name": "id", "type": "S"}], "on_demand_throughput": {"max_read_request_units": most, "max_write_request_units": 1}});
    let table = world.create("aws_dynamodb_table", limits(1)).await;
    let table = world.update(&table, limits(2)).await;
    world.delete(&table).await;
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a story")]
async fn operations() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let key = world
        .create(
            "aws_kms_key",
            json!({"description": "k", "deletion_window_in_days": 7}),
        )
        .await;
    let key = world.update(&key, json!({"description": "l", "deletion_window_in_days": 7, "enable_key_rotation": true, "tags": {"a": "b"}})).await;
    let alias = world
        .create(
            "aws_kms_alias",
            json!({"name": "alias/it", "target_key_id": key.text("key_id")}),
        )
        .await;
    world.delete(&alias).await;
    world.delete(&key).await;
    let group = world
        .create(
            "aws_cloudwatch_log_group",
            json!({"name": "/it/g", "retention_in_days": 7, "tags": {"a": "b"}}),
        )
        .await;
    let group = world
        .update(&group, json!({"name": "/it/g", "retention_in_days": 14}))
        .await;
    let group = world.update(&group, json!({"name": "/it/g"})).await;
    let stream = world
        .create(
            "aws_cloudwatch_log_stream",
            json!({"name": "s", "log_group_name": "/it/g"}),
        )
        .await;
    let filter = world.create("aws_cloudwatch_log_metric_filter", json!({"name": "f", "log_group_name": "/it/g", "pattern": "ERROR", "metric_transformation": {"name": "m", "namespace": "n", "value": "1"}})).await;
    world.import(&stream, "/it/g:s", &[]).await;
    world.import(&filter, "/it/g:f", &[]).await;
    world.delete(&filter).await;
    world.delete(&stream).await;
    world.delete(&group).await;
    let alarm = json!({"alarm_name": "a", "comparison_operator": "GreaterThanThreshold", "evaluation_periods": 1, "metric_name": "m", "namespace": "n", "period": 60, "statistic": "Sum", "threshold": 5});
    let made = world
        .create("aws_cloudwatch_metric_alarm", alarm.clone())
        .await;
    let mut changed = alarm;
    changed["threshold"] = json!(7);
    let made = world.update(&made, changed).await;
    world.delete(&made).await;
    let parameter = world
        .create(
            "aws_ssm_parameter",
            json!({"name": "/it/p", "type": "String", "value": "one", "overwrite": true, "tags": {"a": "a"}}),
        )
        .await;
    let parameter = world.update(&parameter, json!({"name": "/it/p", "type": "String", "value": "two", "description": "d", "tags": {"a": "b"}})).await;
    world.delete(&parameter).await;
    let secret = world
        .create(
            "aws_secretsmanager_secret",
            json!({"name": "it-s", "recovery_window_in_days": 0, "tags": {"a": "b"}}),
        )
        .await;
    let version = world
        .create(
            "aws_secretsmanager_secret_version",
            json!({"secret_id": secret.text("id"), "secret_string": "x"}),
        )
        .await;
    let version = world
        .update(
            &version,
            json!({"secret_id": secret.text("id"), "secret_string": "y"}),
        )
        .await;
    assert!(version.text("id").ends_with(&version.text("version_id")));
    world.import(&version, &version.text("id"), &[]).await;
    world.let_go(&version).await;
    world.delete(&secret).await;
    let rule = world
        .create(
            "aws_cloudwatch_event_rule",
            json!({"name": "r", "schedule_expression": "rate(5 minutes)"}),
        )
        .await;
    let target = world
        .create(
            "aws_cloudwatch_event_target",
            json!({"rule": "r", "arn": "arn:aws:sqs:eu-west-1:123456789012:q"}),
        )
        .await;
    world.delete(&target).await;
    world.delete(&rule).await;
    let repository = world
        .create(
            "aws_ecr_repository",
            json!({"name": "r", "image_scanning_configuration": {"scan_on_push": true}}),
        )
        .await;
    let repository = world.update(&repository, json!({"name": "r", "image_tag_mutability": "IMMUTABLE", "image_scanning_configuration": {"scan_on_push": true}})).await;
    world.delete(&repository).await;
    let cluster = world
        .create(
            "aws_ecs_cluster",
            json!({"name": "c", "setting": [{"name": "containerInsights", "value": "enabled"}]}),
        )
        .await;
    world.delete(&cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_of_data() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let text = |value: &terrane_value::Value, name: &str| {
        terrane_provider::args::string(value, name)
            .unwrap_or_default()
            .to_owned()
    };
    let caller = world.data("aws_caller_identity", json!({})).await;
    assert_eq!(text(&caller, "account_id").len(), 12);
    let region = world.data("aws_region", json!({})).await;
    assert_eq!(text(&region, "name"), "eu-west-1");
    assert_eq!(text(&region, "description"), "Europe (Ireland)");
    let partition = world.data("aws_partition", json!({})).await;
    assert_eq!(text(&partition, "reverse_dns_prefix"), "com.amazonaws");
    let zones = world
        .data("aws_availability_zones", json!({"state": "available"}))
        .await;
    let names = terrane_provider::args::strings(&zones, "names").unwrap();
    assert_eq!(names, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
    let vpc = world
        .create("aws_vpc", json!({"cidr_block": "10.7.0.0/16"}))
        .await;
    let found = world.data("aws_vpc", json!({"id": vpc.text("id")})).await;
    assert_eq!(text(&found, "cidr_block"), "10.7.0.0/16");
    assert_eq!(text(&found, "arn"), vpc.text("arn"));
    world.delete(&vpc).await;
}

/// A type without a table has a schema, and a plan that says what cannot be done.
#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_cannot_be_changed_says_so_in_the_plan() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let config = world.config("aws_glue_catalog_database", &json!({"name": "d"}));
    let reply = world
        .try_call(terrane_model::provider::Call::Plan {
            type_name: "aws_glue_catalog_database".into(),
            prior: terrane_value::Value::null(config.ty()),
            proposed: config.clone(),
            config,
            private: terrane_model::provider::Private::default(),
            meta: terrane_value::Value::NULL,
            identity: terrane_value::Value::NULL,
        })
        .await;
    assert!(reply.answer.is_some());
    assert!(
        reply
            .diagnostics
            .iter()
            .any(|one| one.is_error && one.detail.contains("aws_glue_catalog_database"))
    );
}

/// A creation that was interrupted is looked for by name, and taken to be ours only where it is as it was to be.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_interrupted_is_looked_for() {
    use terrane_model::provider::{Answer, Call, Resolution};
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let resolve = async |planned: &terrane_value::Value| {
        let call = Call::Resolve {
            type_name: "aws_s3_bucket".into(),
            token: "t".into(),
            planned: planned.clone(),
        };
        match world.done(call).await {
            Answer::Resolved(resolution) => resolution,
            other => panic!("{other:?}"),
        }
    };
    let config = json!({"bucket": "it-interrupted", "tags": {"a": "b"}});
    let written = world.config("aws_s3_bucket", &config);
    let none = terrane_value::Value::null(written.ty());
    let (planned, _) = world.plan("aws_s3_bucket", &none, &written).await;
    assert_eq!(resolve(&planned).await, Resolution::NeverHappened);
    let bucket = world.create("aws_s3_bucket", config).await;
    assert!(matches!(resolve(&planned).await, Resolution::Happened(_)));
    let other = world.config(
        "aws_s3_bucket",
        &json!({"bucket": "it-interrupted", "tags": {"a": "c"}}),
    );
    let (planned, _) = world.plan("aws_s3_bucket", &none, &other).await;
    assert_eq!(resolve(&planned).await, Resolution::CannotTell);
    world.delete(&bucket).await;
}

/// Networks get and lose IPv6 while they exist, and so do subnets.
#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_version_6_come_and_go() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let config =
        |six: bool| json!({"cidr_block": "10.0.0.0/16", "assign_generated_ipv6_cidr_block": six});
    let vpc = world.create("aws_vpc", config(false)).await;
    let vpc = world.update(&vpc, config(true)).await;
    let block = vpc.text("ipv6_cidr_block");
    let subnet = |block: Option<String>| json!({"vpc_id": vpc.text("id"), "cidr_block": "10.0.1.0/24", "ipv6_cidr_block": block, "assign_ipv6_address_on_creation": block.is_some()});
    let made = world.create("aws_subnet", subnet(None)).await;
    let of = block.replace("/56", "/64");
    let made = world.update(&made, subnet(Some(of.clone()))).await;
    assert_eq!(made.text("ipv6_cidr_block"), of);
    assert!(!made.text("ipv6_cidr_block_association_id").is_empty());
    world.delete(&made).await;
    let vpc = world.update(&vpc, config(false)).await;
    let none = terrane_provider::args::string(&vpc.state, "ipv6_cidr_block");
    assert_eq!(none.unwrap_or_default(), "");
    world.delete(&vpc).await;
}
