//! Plans in which AWS has made something of what the configuration leaves out, or says in another way: that is no change.

use crate::script::Script;
use serde_json::{Value as Json, json};
use terrane_model::provider::{Answer, Reply};
use terrane_provider::args;

/// What is there, what is written, and the attribute that is looked at.
type Case = (&'static str, Json, Json, &'static str);

/// Whether the attribute stays, or nothing but what else is planned asks for a new object.
async fn stays((type_name, prior, config, name): Case) -> bool {
    let (world, _) = Script::world([], json!({})).await;
    let prior = world.config(type_name, &prior);
    let config = world.config(type_name, &config);
    let (planned, replaced) = world.plan(type_name, &prior, &config).await;
    let same = args::get(&planned, name) == args::get(&prior, name);
    assert!(
        !same || !replaced.contains(&format!(".{name}")),
        "{type_name}: {replaced:?}"
    );
    same
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
async fn what_aws_makes_of_arguments_is_no_change() {
    let integration = |kind: &str, method: Option<&str>| json!({"api_id": "a", "integration_type": kind, "integration_method": method, "integration_uri": "u"});
    let role = |service: &str, suffix: Option<&str>| json!({"aws_service_name": service, "custom_suffix": suffix});
    let mapping = |source: &str, size: Option<i64>| json!({"function_name": "f", "event_source_arn": format!("arn:aws:{source}:eu-west-1:1:x"), "batch_size": size});
    let database = |size: i64, limit: Option<i64>| json!({"instance_class": "db.t4g.micro", "allocated_storage": size, "max_allocated_storage": limit});
    let rule = |action: &str, protocol: &str| json!({"network_acl_id": "acl-1", "rule_number": 1, "rule_action": action, "protocol": protocol});
    let key = |text: &str| json!({"username": "u", "encoding": "SSH", "public_key": text, "status": "Active"});
    let check = |address: &str| json!({"type": "HTTP", "ip_address": address, "port": 80});
    let (scaling, other) = ("x.application-autoscaling.amazonaws.com", "x.amazonaws.com");
    let (method, size, limit) = (
        "integration_method",
        "allocated_storage",
        "max_allocated_storage",
    );
    let cluster =
        |snapshot: Option<&str>| json!({"engine": "aurora-mysql", "snapshot_identifier": snapshot});
    let (proxy, service) = (
        "aws_apigatewayv2_integration",
        "aws_iam_service_linked_role",
    );
    let (source, batch) = ("aws_lambda_event_source_mapping", "batch_size");
    let (acl, instance) = ("aws_network_acl_rule", "aws_db_instance");
    let cases: [(Case, bool); 19] = [
        (
            (
                proxy,
                integration("AWS_PROXY", Some("POST")),
                integration("AWS_PROXY", None),
                method,
            ),
            true,
        ),
        (
            (
                proxy,
                integration("AWS_PROXY", Some("GET")),
                integration("AWS_PROXY", None),
                method,
            ),
            false,
        ),
        (
            (
                proxy,
                integration("HTTP", Some("POST")),
                integration("HTTP", None),
                method,
            ),
            false,
        ),
        (
            (
                service,
                role(scaling, Some("Table")),
                role(scaling, None),
                "custom_suffix",
            ),
            true,
        ),
        (
            (
                service,
                role(other, Some("Table")),
                role(other, None),
                "custom_suffix",
            ),
            false,
        ),
        (
            (
                source,
                mapping("sqs", Some(10)),
                mapping("sqs", None),
                batch,
            ),
            true,
        ),
        (
            (
                source,
                mapping("kinesis", Some(100)),
                mapping("kinesis", None),
                batch,
            ),
            true,
        ),
        (
            (
                source,
                mapping("sqs", Some(100)),
                mapping("sqs", None),
                batch,
            ),
            false,
        ),
        (
            (
                instance,
                database(40, Some(100)),
                database(20, Some(100)),
                size,
            ),
            true,
        ),
        (
            (instance, database(40, None), database(20, None), size),
            false,
        ),
        (
            (
                instance,
                database(20, Some(100)),
                database(40, Some(100)),
                size,
            ),
            false,
        ),
        (
            (instance, database(20, None), database(20, Some(20)), limit),
            true,
        ),
        (
            (instance, database(20, None), database(20, Some(50)), limit),
            false,
        ),
        (
            (acl, rule("allow", "6"), rule("ALLOW", "tcp"), "rule_action"),
            true,
        ),
        (
            (acl, rule("allow", "6"), rule("deny", "tcp"), "protocol"),
            true,
        ),
        (
            (acl, rule("allow", "6"), rule("allow", "udp"), "protocol"),
            false,
        ),
        (
            (
                "aws_iam_user_ssh_key",
                key("ssh-rsa AAAA"),
                key("ssh-rsa AAAA me@home\n"),
                "public_key",
            ),
            true,
        ),
        (
            (
                "aws_route53_health_check",
                check("2001:db8::1"),
                check("2001:0db8:0:0:0:0:0:1"),
                "ip_address",
            ),
            true,
        ),
        (
            (
                "aws_rds_cluster",
                cluster(Some("s")),
                cluster(None),
                "snapshot_identifier",
            ),
            true,
        ),
    ];
    for (case, same) in cases {
        let said = format!("{case:?}");
        assert_eq!(stays(case).await, same, "{said}");
    }
}

/// What is imported has a name only; the configuration has the prefix that it was made of.
#[tokio::test]
async fn a_name_that_was_made_of_the_prefix_stays() {
    let (world, _) = Script::world([], json!({})).await;
    let digits = "0123456789abcdef0123456789";
    for (type_name, name, prefix, more) in [
        ("aws_sqs_queue", "name", "name_prefix", json!({})),
        ("aws_s3_bucket", "bucket", "bucket_prefix", json!({})),
        (
            "aws_iam_role",
            "name",
            "name_prefix",
            json!({"assume_role_policy": "{}", "path": "/"}),
        ),
    ] {
        let with = |key: &str, text: &str| {
            let mut config = more.clone();
            config[key] = text.into();
            world.config(type_name, &config)
        };
        let prior = with(name, &format!("jobs-{digits}"));
        let (planned, replaced) = world.plan(type_name, &prior, &with(prefix, "jobs-")).await;
        assert_eq!(replaced, [""; 0], "{type_name}");
        assert_eq!(args::get(&planned, name), args::get(&prior, name));
        let (_, replaced) = world.plan(type_name, &prior, &with(prefix, "job-")).await;
        assert_eq!(replaced, [format!(".{prefix}")], "{type_name}");
    }
}

/// A text that must be given is given, also where there is nothing in it.
#[tokio::test]
async fn an_empty_text_that_must_be_there_is_sent() {
    let made = json!({"Arn": "arn:aws:kafka:eu-west-1:1:configuration/c/1", "Name": "c", "State": "ACTIVE", "LatestRevision": {"Revision": 1}});
    let (world, script) = Script::world(
        [
            ("CreateConfiguration", vec![Ok(made.clone())]),
            ("DescribeConfiguration", vec![Ok(made)]),
            (
                "DescribeConfigurationRevision",
                vec![Ok(json!({"ServerProperties": ""}))],
            ),
        ],
        json!({}),
    )
    .await;
    world
        .create(
            "aws_msk_configuration",
            json!({"name": "c", "server_properties": ""}),
        )
        .await;
    assert_eq!(
        script.inputs("CreateConfiguration")[0]["ServerProperties"],
        ""
    );
}

/// Objects of buckets may have ten tags at most: those of all can be left out of one.
#[tokio::test]
async fn an_object_may_do_without_the_tags_of_all() {
    let (world, script) = Script::world(
        [("HeadObject", vec![Ok(json!({"ETag": "\"e\""}))])],
        json!({"default_tags": {"tags": {"team": "t"}}}),
    )
    .await;
    let object = |more: Json| {
        let mut config = json!({"bucket": "b", "key": "k", "content": "c", "tags": {"a": "b"}});
        let members = config.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        config
    };
    let first = world.try_create("aws_s3_object", object(json!({})));
    assert!(!first.await.unwrap().has_errors());
    let alone = json!({"override_provider": {"default_tags": {"tags": {}}}, "acl": "public-read", "object_lock_legal_hold_status": "ON"});
    let Reply { answer, .. } = world
        .try_create("aws_s3_object", object(alone))
        .await
        .unwrap();
    let Some(Answer::Apply { state, .. }) = answer else {
        panic!("{answer:?}")
    };
    let put = script.inputs("PutObject");
    assert_eq!(put[0]["Tagging"], "a=b&team=t");
    assert_eq!(put[0].get("ACL"), None);
    assert_eq!(put[1]["Tagging"], "a=b");
    assert_eq!(put[1]["ACL"], "public-read");
    // What is locked is refused without a checksum.
    assert_eq!(put[0].get("ChecksumAlgorithm"), None);
    assert_eq!(put[1]["ChecksumAlgorithm"], "CRC32");
    script.forget();
    let private = json!({"override_provider": {"default_tags": {"tags": {}}}, "acl": "private", "object_lock_legal_hold_status": "ON"});
    let reply = world
        .try_update("aws_s3_object", &state, object(private))
        .await;
    assert!(!reply.unwrap().has_errors());
    assert!(script.inputs("PutObject").is_empty());
    assert_eq!(
        script.inputs("PutObjectAcl"),
        [json!({"Bucket": "b", "Key": "k", "ACL": "private"})]
    );
}
