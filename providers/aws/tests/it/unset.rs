//! What AWS has by itself is nothing that somebody made: it is not listed.

use crate::support::World;
use serde_json::json;

/// What buckets, queues, topics, secrets and groups of logs may be set to, and are not.
const SETTINGS: &[&str] = &[
    "aws_cloudwatch_log_data_protection_policy",
    "aws_cloudwatch_log_metric_filter",
    "aws_cloudwatch_log_subscription_filter",
    "aws_s3_bucket_accelerate_configuration",
    "aws_s3_bucket_acl",
    "aws_s3_bucket_cors_configuration",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_logging",
    "aws_s3_bucket_notification",
    "aws_s3_bucket_object_lock_configuration",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_replication_configuration",
    "aws_s3_bucket_request_payment_configuration",
    "aws_s3_bucket_versioning",
    "aws_s3_bucket_website_configuration",
    "aws_secretsmanager_secret_policy",
    "aws_secretsmanager_secret_rotation",
    "aws_sns_topic_policy",
    "aws_sqs_queue_policy",
    "aws_sqs_queue_redrive_policy",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_set_is_not_listed() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    for (type_name, config) in [
        ("aws_s3_bucket", json!({"bucket": "nothing-is-set"})),
        ("aws_sqs_queue", json!({"name": "n"})),
        ("aws_sns_topic", json!({"name": "n"})),
        ("aws_secretsmanager_secret", json!({"name": "n"})),
        ("aws_cloudwatch_log_group", json!({"name": "n"})),
    ] {
        world.create(type_name, config).await;
    }
    let mut wrong = Vec::new();
    for type_name in SETTINGS {
        let found = world.list(type_name).await;
        if !found.is_empty() {
            wrong.push((type_name, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Roles of services, keys and names of keys that are AWS's, what is usual, and what goes with other things.
#[tokio::test(flavor = "multi_thread")]
async fn what_aws_made_is_not_listed() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let role = world
        .create(
            "aws_iam_service_linked_role",
            json!({"aws_service_name": "autoscaling.amazonaws.com"}),
        )
        .await;
    for type_name in [
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_iam_role_policy_attachment",
        "aws_kms_alias",
        "aws_kms_key",
        "aws_cloudwatch_event_bus",
        "aws_cloudwatch_event_bus_policy",
        "aws_scheduler_schedule_group",
        "aws_db_parameter_group",
        "aws_rds_cluster_parameter_group",
        "aws_elasticache_user",
    ] {
        let found = world.list(type_name).await;
        assert!(found.is_empty(), "{type_name}: {found:#?}");
    }
    assert_eq!(world.list("aws_iam_service_linked_role").await.len(), 1);
    world.let_go(&role).await;
}
