//! What a refusal means, and what is told to AWS: against answers that no emulator gives.

use crate::script::{Said, Script, lost, no, too_fast};
use serde_json::{Value as Json, json};
use terrane_model::provider::{Answer, CallFailure, Reply};
use terrane_value::Value;

/// The object of a reply, and what was said about it.
fn object(reply: Reply) -> (Value, String) {
    let said: Vec<String> = reply
        .diagnostics
        .into_iter()
        .map(|one| format!("{}: {}", one.summary, one.detail))
        .collect();
    let Some(Answer::Apply { state, .. }) = reply.answer else {
        panic!("{:?} {said:?}", reply.answer)
    };
    (state, said.join("\n"))
}

/// What comes of creating an object with these answers, and what was asked.
async fn created(
    type_name: &str,
    config: Json,
    answers: impl IntoIterator<Item = (&'static str, Vec<Said>)>,
) -> (Result<Reply, CallFailure>, Vec<String>) {
    let (world, script) = Script::world(answers, json!({})).await;
    let outcome = world.try_create(type_name, config).await;
    (outcome, script.operations())
}

/// The service refused to make it: the engine is told that nothing was made, and nobody's object is looked at.
#[tokio::test]
async fn a_refused_creation_made_nothing() {
    for (type_name, config, operation) in [
        ("aws_iam_group", json!({"name": "admins"}), "CreateGroup"),
        ("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}), "CreateVpc"),
        ("aws_sqs_queue", json!({"name": "q"}), "CreateQueue"),
        (
            "aws_s3_object",
            json!({"bucket": "b", "key": "k", "content": "c"}),
            "PutObject",
        ),
    ] {
        let (outcome, asked) = created(
            type_name,
            config,
            [(operation, vec![no("EntityAlreadyExists")])],
        )
        .await;
        let (state, said) = object(outcome.unwrap());
        assert!(state.is_null(), "{type_name}: {state:?}");
        assert!(said.contains("EntityAlreadyExists"), "{said}");
        assert_eq!(asked, [operation]);
    }
}

/// The answer is lost, also where a function asks, or the answer does not say what was made.
#[tokio::test]
async fn a_lost_creation_may_have_happened() {
    for (type_name, config, operation, said) in [
        ("aws_iam_group", json!({"name": "g"}), "CreateGroup", lost()),
        (
            "aws_vpc",
            json!({"cidr_block": "10.0.0.0/16"}),
            "CreateVpc",
            Ok(json!({})),
        ),
        (
            "aws_s3_object",
            json!({"bucket": "b", "key": "k", "content": "c"}),
            "PutObject",
            lost(),
        ),
        (
            "aws_security_group_rule",
            json!({"security_group_id": "sg-1", "type": "egress", "from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]}),
            "AuthorizeSecurityGroupEgress",
            lost(),
        ),
    ] {
        let (outcome, _) = created(type_name, config, [(operation, vec![said])]).await;
        let failure = outcome.unwrap_err();
        assert!(failure.may_have_happened, "{type_name}: {failure:?}");
        assert_eq!(failure.retry_after_ms, None);
    }
}

fn group() -> Json {
    json!({"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "g", "VpcId": "vpc-1", "OwnerId": "1", "Description": "Managed by Terraform"}]})
}

/// Once the object is made, "too fast" and "not there" are waited out: it is not left half made.
#[tokio::test]
async fn what_was_made_is_waited_for() {
    let (outcome, asked) = created(
        "aws_security_group",
        json!({"name": "g", "vpc_id": "vpc-1"}),
        [
            ("CreateSecurityGroup", vec![Ok(json!({"GroupId": "sg-1"}))]),
            (
                "DescribeSecurityGroups",
                vec![no("InvalidGroup.NotFound"), too_fast(), Ok(group())],
            ),
        ],
    )
    .await;
    let (state, said) = object(outcome.unwrap());
    assert_eq!(said, "");
    assert_eq!(state.get("id"), Some(&Value::string("sg-1")));
    assert_eq!(
        &asked[..4],
        [
            "CreateSecurityGroup",
            "DescribeSecurityGroups",
            "DescribeSecurityGroups",
            "DescribeSecurityGroups"
        ]
    );
}

/// "Too fast" before anything is done is for the engine, which makes fewer calls then.
#[tokio::test]
async fn too_fast_is_told_before_anything_is_done() {
    let (outcome, asked) = created(
        "aws_sqs_queue",
        json!({"name": "q"}),
        [("CreateQueue", vec![too_fast()])],
    )
    .await;
    let failure = outcome.unwrap_err();
    assert!(!failure.may_have_happened && failure.retry_after_ms.is_some());
    assert_eq!(asked, ["CreateQueue"]);
}

fn flow_log() -> Json {
    json!({"FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "vpc-1", "TrafficType": "ALL"}]})
}

/// An answer of success may say that nothing was done.
#[tokio::test]
async fn a_failure_within_success_is_one() {
    let failed = |code: &str| json!({"Unsuccessful": [{"ResourceId": "x", "Error": {"Code": code, "Message": "m"}}]});
    let config = json!({"vpc_id": "vpc-1", "traffic_type": "ALL", "log_destination": "arn:aws:s3:::b", "log_destination_type": "s3"});
    let (outcome, _) = created(
        "aws_flow_log",
        config.clone(),
        [("CreateFlowLogs", vec![Ok(failed("FlowLogAlreadyExists"))])],
    )
    .await;
    let (state, said) = object(outcome.unwrap());
    assert!(
        state.is_null() && said.contains("FlowLogAlreadyExists"),
        "{said}"
    );

    let (world, script) = Script::world(
        [
            ("CreateFlowLogs", vec![Ok(json!({"FlowLogIds": ["fl-1"]}))]),
            ("DescribeFlowLogs", vec![Ok(flow_log())]),
            ("DeleteFlowLogs", vec![Ok(failed("DependencyViolation"))]),
        ],
        json!({}),
    )
    .await;
    let made = world.try_create("aws_flow_log", config).await.unwrap();
    let (made, said) = object(made);
    assert_eq!(said, "");
    let reply = world.try_delete("aws_flow_log", &made).await.unwrap();
    assert!(reply.has_errors(), "{reply:?}");
    // What is not there any more is deleted.
    script.set([(
        "DeleteFlowLogs",
        vec![Ok(failed("InvalidFlowLogId.NotFound"))],
    )]);
    let reply = world.try_delete("aws_flow_log", &made).await.unwrap();
    assert!(!reply.has_errors(), "{reply:?}");
}

/// A change of which the first part was made is not asked for again as a whole; one of which nothing is known stays open.
#[tokio::test]
async fn a_change_that_is_cut_off_says_how_far_it_came() {
    let attributes =
        json!({"Attributes": {"QueueArn": "arn:aws:sqs:eu-west-1:1:q", "DelaySeconds": "5"}});
    let (world, script) = Script::world(
        [
            ("CreateQueue", vec![Ok(json!({"QueueUrl": "http://x/1/q"}))]),
            ("GetQueueAttributes", vec![Ok(attributes)]),
            ("ListQueueTags", vec![Ok(json!({}))]),
        ],
        json!({}),
    )
    .await;
    let made = world.try_create("aws_sqs_queue", json!({"name": "q", "delay_seconds": 5}));
    let (made, _) = object(made.await.unwrap());
    let other = json!({"name": "q", "delay_seconds": 6, "tags": {"a": "b"}});
    script.set([("SetQueueAttributes", vec![lost()])]);
    let failure = world
        .try_update("aws_sqs_queue", &made, other.clone())
        .await;
    assert!(failure.unwrap_err().may_have_happened);
    script.set([
        ("SetQueueAttributes", vec![Ok(json!({}))]),
        ("TagQueue", vec![too_fast(), no("AccessDenied")]),
    ]);
    let reply = world.try_update("aws_sqs_queue", &made, other).await;
    let (state, said) = object(reply.unwrap());
    assert_eq!(state, made);
    assert!(said.contains("sqs:TagQueue"), "{said}");
}

/// What is deleted is emptied, and not put again.
#[tokio::test]
async fn a_deleted_notification_is_emptied() {
    let found = json!({"QueueConfigurations": [{"Id": "a", "QueueArn": "arn:aws:sqs:eu-west-1:1:q", "Events": ["s3:ObjectCreated:*"]}]});
    let (world, script) = Script::world(
        [("GetBucketNotificationConfiguration", vec![Ok(found)])],
        json!({}),
    )
    .await;
    let config = json!({"bucket": "b", "queue": [{"id": "a", "queue_arn": "arn:aws:sqs:eu-west-1:1:q", "events": ["s3:ObjectCreated:*"]}]});
    let made = world.try_create("aws_s3_bucket_notification", config);
    let (made, said) = object(made.await.unwrap());
    assert_eq!(said, "");
    script.forget();
    let reply = world.try_delete("aws_s3_bucket_notification", &made).await;
    assert!(!reply.unwrap().has_errors());
    assert_eq!(
        script.inputs("PutBucketNotificationConfiguration"),
        [json!({"Bucket": "b", "NotificationConfiguration": {}})]
    );
}

/// Tags of buckets are put all at once: those that are not looked at are put again.
#[tokio::test]
async fn ignored_tags_of_a_bucket_stay() {
    let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
    let tags = json!({"TagSet": [tag("a", "b"), tag("aws:system", "s"), tag("team", "t")]});
    let (world, script) = Script::world(
        [("GetBucketTagging", vec![Ok(tags)])],
        json!({"ignore_tags": {"keys": ["team"]}}),
    )
    .await;
    let made = world.try_create("aws_s3_bucket", json!({"bucket": "b", "tags": {"a": "b"}}));
    let (made, said) = object(made.await.unwrap());
    assert_eq!(said, "");
    script.forget();
    let config = json!({"bucket": "b", "tags": {"a": "c"}});
    let reply = world.try_update("aws_s3_bucket", &made, config).await;
    assert!(!reply.unwrap().has_errors());
    let put = script.inputs("PutBucketTagging");
    assert_eq!(
        put[0]["Tagging"]["TagSet"],
        json!([tag("a", "c"), tag("aws:system", "s"), tag("team", "t")])
    );
    script.forget();
    let reply = world.try_update("aws_s3_bucket", &made, json!({"bucket": "b"}));
    assert!(!reply.await.unwrap().has_errors());
    assert!(script.inputs("DeleteBucketTagging").is_empty());
    let put = script.inputs("PutBucketTagging");
    assert_eq!(put[0]["Tagging"]["TagSet"].as_array().unwrap().len(), 2);
}

/// What nobody would do is an error of the plan.
#[tokio::test]
async fn what_is_not_done_is_not_planned() {
    let (world, _) = Script::world([], json!({})).await;
    let table = |more: Json| {
        let mut config = json!({"name": "t", "billing_mode": "PAY_PER_REQUEST", "hash_key": "id", "attribute": [{"name": "id", "type": "S"}]});
        config
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        config
    };
    for (type_name, config, argument) in [
        (
            "aws_dynamodb_table",
            table(json!({"restore_source_name": "s"})),
            "restore_source_name",
        ),
        (
            "aws_dynamodb_table",
            table(json!({"warm_throughput": [{"read_units_per_second": 12_000}]})),
            "warm_throughput",
        ),
        (
            "aws_ebs_volume",
            json!({"availability_zone": "a", "size": 1, "final_snapshot": true}),
            "final_snapshot",
        ),
        (
            "aws_vpc_endpoint",
            json!({"vpc_id": "v", "service_name": "s", "auto_accept": true}),
            "auto_accept",
        ),
        (
            "aws_s3_object",
            json!({"bucket": "b", "key": "k", "checksum_algorithm": "CRC64NVME"}),
            "checksum_algorithm",
        ),
    ] {
        let complaints = world.complaints(type_name, None, config).await;
        assert_eq!(
            complaints.len(),
            1,
            "{type_name} {argument}: {complaints:?}"
        );
        assert!(complaints[0].contains(argument), "{complaints:?}");
    }
    // What says what is done anyway is taken.
    let config = json!({"availability_zone": "a", "size": 1, "final_snapshot": false});
    let none: [String; 0] = [];
    assert_eq!(world.complaints("aws_ebs_volume", None, config).await, none);
    assert_eq!(
        world
            .complaints("aws_dynamodb_table", None, table(json!({})))
            .await,
        none
    );
}

/// What is cleared is told to AWS as empty; what was empty before is not told.
#[tokio::test]
async fn what_is_cleared_is_sent_as_empty() {
    let role = |description: &str| {
        json!({"Role": {"RoleName": "r", "Arn": "arn:aws:iam::1:role/r", "Path": "/", "RoleId": "R", "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": "{}", "Description": description}})
    };
    let (world, script) = Script::world(
        [
            ("CreateRole", vec![Ok(role("d"))]),
            ("GetRole", vec![Ok(role("d"))]),
        ],
        json!({}),
    )
    .await;
    let config = json!({"name": "r", "assume_role_policy": "{}", "description": "d"});
    let (made, said) = object(world.try_create("aws_iam_role", config).await.unwrap());
    assert_eq!(said, "");
    script.forget();
    script.set([("GetRole", vec![Ok(role(""))])]);
    let config = json!({"name": "r", "assume_role_policy": "{}"});
    let reply = world
        .try_update("aws_iam_role", &made, config)
        .await
        .unwrap();
    assert_eq!(object(reply).1, "");
    assert_eq!(
        script.inputs("UpdateRole"),
        [json!({"RoleName": "r", "Description": "", "MaxSessionDuration": 3600})]
    );
}

/// What cannot be changed of what exists is an error of the plan, and not a change that nobody makes.
#[tokio::test]
async fn what_cannot_be_changed_is_not_planned() {
    let (world, _) = Script::world([], json!({})).await;
    let of = |engine: &str| json!({"cluster_identifier": "c", "instance_class": "db.r6g.large", "engine": "aurora-mysql", "engine_version": engine});
    let made = world.config("aws_rds_cluster_instance", &of("8.0"));
    let complaints = world
        .complaints("aws_rds_cluster_instance", Some(&made), of("8.4"))
        .await;
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains("engine_version"));
}

/// What is asked holds secrets: it is not written down.
#[test]
fn secrets_are_not_said() {
    let request = terrane_aws_client::Request::new("ssm", "PutParameter", json!({"Value": "hush"}));
    assert!(!format!("{request:?}").contains("hush"));
}

/// What an object does not have is not waited for after it was made.
#[tokio::test]
async fn a_part_that_is_not_there_is_not_waited_for() {
    let none = vec![no("ObjectLockConfigurationNotFoundError")];
    let (outcome, asked) = created(
        "aws_s3_bucket",
        json!({"bucket": "b"}),
        [("GetObjectLockConfiguration", none)],
    )
    .await;
    assert_eq!(object(outcome.unwrap()).1, "");
    let looks = asked
        .iter()
        .filter(|name| *name == "GetObjectLockConfiguration");
    assert_eq!(looks.count(), 1, "{asked:?}");
}
