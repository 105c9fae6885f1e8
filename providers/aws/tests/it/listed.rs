//! The life of connections, deliveries and plans; what there is, listed; sources that look at one object.

use crate::script::Script;
use crate::support::World;
use serde_json::{Value as Json, json};

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
            (
                "ListConfigurations",
                vec![Ok(
                    json!({"Configurations": [settings(1), {"Arn": "arn:d", "State": "DELETING"}]}),
                )],
            ),
        ],
        json!({}),
    )
    .await;
    let config = |text: &str| json!({"name": "c", "description": "d", "kafka_versions": ["3.5.1"], "server_properties": text});
    let made = world.create("aws_msk_configuration", config("a=1")).await;
    world.is_listed(&made).await;
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
