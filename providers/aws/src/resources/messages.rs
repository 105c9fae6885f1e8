//! Queues and topics.

use super::Family;
use crate::run::Run;
use crate::table::{Hooks, Pairs, Phase, Table, op};
use async_trait::async_trait;
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) const TYPES: Family = &[
    ("aws_sqs_queue", queue),
    ("aws_sqs_queue_policy", queue_policy),
    ("aws_sqs_queue_redrive_policy", queue_redrive),
    ("aws_sqs_queue_redrive_allow_policy", queue_redrive_allow),
    ("aws_sns_topic", topic),
    ("aws_sns_topic_policy", topic_policy),
    (
        "aws_sns_topic_data_protection_policy",
        topic_data_protection,
    ),
    ("aws_sns_topic_subscription", subscription),
];

const NO_QUEUE: &[&str] = &[
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
];

const QUEUE: Pairs = &[
    ("content_based_deduplication", "ContentBasedDeduplication"),
    ("deduplication_scope", "DeduplicationScope"),
    ("delay_seconds", "DelaySeconds"),
    ("fifo_queue", "FifoQueue"),
    ("fifo_throughput_limit", "FifoThroughputLimit"),
    (
        "kms_data_key_reuse_period_seconds",
        "KmsDataKeyReusePeriodSeconds",
    ),
    ("kms_master_key_id", "KmsMasterKeyId"),
    ("max_message_size", "MaximumMessageSize"),
    ("message_retention_seconds", "MessageRetentionPeriod"),
    ("policy", "Policy"),
    ("receive_wait_time_seconds", "ReceiveMessageWaitTimeSeconds"),
    ("redrive_allow_policy", "RedriveAllowPolicy"),
    ("redrive_policy", "RedrivePolicy"),
    ("sqs_managed_sse_enabled", "SqsManagedSseEnabled"),
    ("visibility_timeout_seconds", "VisibilityTimeout"),
];

fn queue() -> Table {
    Table::new("aws_sqs_queue", "sqs")
        .names(QUEUE)
        .names(&[("name", "QueueName"), ("arn", "QueueArn")])
        .local(&["name_prefix", "url"])
        .create(op("CreateQueue").only(&["name"]).map("Attributes", QUEUE))
        // Queues without a queue's character take neither of its arguments, not even as false.
        .input(|_, input, _| {
            if let Some(attributes) = input
                .get_mut("Attributes")
                .and_then(serde_json::Value::as_object_mut)
            {
                attributes.retain(|key, value| {
                    !(matches!(key.as_str(), "FifoQueue" | "ContentBasedDeduplication")
                        && value == "false")
                });
            }
        })
        .id_out("QueueUrl")
        .import("{id}")
        .read(
            op("GetQueueAttributes")
                .set("QueueUrl", "{id}")
                .set("AttributeNames", "All")
                .at("Attributes"),
        )
        .update(
            op("SetQueueAttributes")
                .bare()
                .set("QueueUrl", "{id}")
                .map("Attributes", QUEUE),
        )
        .delete(op("DeleteQueue").set("QueueUrl", "{id}"))
        .wait(&[Phase::Delete], "QueueArn", &[], &[])
        .tag_calls(
            "ListQueueTags",
            ("TagQueue", "UntagQueue"),
            "QueueUrl",
            "{id}",
        )
        .not_found(NO_QUEUE)
        .retry(&[Phase::Create], "QueueDeletedRecently", "", 90)
        .retry(
            &[Phase::Create],
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "",
            90,
        )
        .found(queue_names)
}

/// The name is in the URL, and nowhere else.
fn queue_names(_run: &Run<'_>, found: Value, _raw: &serde_json::Value) -> Value {
    let url = args::get(&found, "id");
    let name = url
        .as_str()
        .and_then(|url| url.rsplit('/').next())
        .unwrap_or_default()
        .to_owned();
    args::with_all(&found, [("url", url), ("name", Value::string(name))])
}

/// One attribute of a queue as a type of its own.
fn queue_attribute(
    name: &'static str,
    pairs: Pairs,
    key: &'static str,
    cleared: &'static str,
) -> Table {
    Table::new(name, "sqs")
        .names(pairs)
        .names(&[("queue_url", "")])
        .create(
            op("SetQueueAttributes")
                .bare()
                .set("QueueUrl", "{queue_url}")
                .map("Attributes", pairs),
        )
        .id("{queue_url}")
        .read(
            op("GetQueueAttributes")
                .set("QueueUrl", "{id}")
                .set("AttributeNames", key)
                .at("Attributes"),
        )
        .update(
            op("SetQueueAttributes")
                .bare()
                .set("QueueUrl", "{id}")
                .map("Attributes", pairs),
        )
        .delete(
            op("SetQueueAttributes")
                .set("QueueUrl", "{id}")
                .set(cleared, ""),
        )
        .not_found(NO_QUEUE)
        .gone_when(key, &[""])
}

fn queue_policy() -> Table {
    queue_attribute(
        "aws_sqs_queue_policy",
        &[("policy", "Policy")],
        "Policy",
        "Attributes.Policy",
    )
}

fn queue_redrive() -> Table {
    queue_attribute(
        "aws_sqs_queue_redrive_policy",
        &[("redrive_policy", "RedrivePolicy")],
        "RedrivePolicy",
        "Attributes.RedrivePolicy",
    )
}

fn queue_redrive_allow() -> Table {
    queue_attribute(
        "aws_sqs_queue_redrive_allow_policy",
        &[("redrive_allow_policy", "RedriveAllowPolicy")],
        "RedriveAllowPolicy",
        "Attributes.RedriveAllowPolicy",
    )
    .hooks(AllowPolicy)
}

/// Not every service that speaks like SQS tells who may use a queue for dead letters: there it is as it was.
#[derive(Debug)]
struct AllowPolicy;

#[async_trait]
impl Hooks for AllowPolicy {
    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let input = serde_json::json!({
            "QueueUrl": run.text("{id}", object),
            "AttributeNames": ["RedriveAllowPolicy"],
        });
        match run.call("sqs", "GetQueueAttributes", input).await {
            Err(error) if error.code == "InvalidAttributeName" => Ok(Some(Some(object.clone()))),
            _ => Ok(None),
        }
    }
}

const TOPIC: Pairs = &[
    (
        "application_failure_feedback_role_arn",
        "ApplicationFailureFeedbackRoleArn",
    ),
    (
        "application_success_feedback_role_arn",
        "ApplicationSuccessFeedbackRoleArn",
    ),
    (
        "application_success_feedback_sample_rate",
        "ApplicationSuccessFeedbackSampleRate",
    ),
    ("archive_policy", "ArchivePolicy"),
    ("content_based_deduplication", "ContentBasedDeduplication"),
    ("delivery_policy", "DeliveryPolicy"),
    ("display_name", "DisplayName"),
    ("fifo_throughput_scope", "FifoThroughputScope"),
    ("fifo_topic", "FifoTopic"),
    (
        "firehose_failure_feedback_role_arn",
        "FirehoseFailureFeedbackRoleArn",
    ),
    (
        "firehose_success_feedback_role_arn",
        "FirehoseSuccessFeedbackRoleArn",
    ),
    (
        "firehose_success_feedback_sample_rate",
        "FirehoseSuccessFeedbackSampleRate",
    ),
    (
        "http_failure_feedback_role_arn",
        "HTTPFailureFeedbackRoleArn",
    ),
    (
        "http_success_feedback_role_arn",
        "HTTPSuccessFeedbackRoleArn",
    ),
    (
        "http_success_feedback_sample_rate",
        "HTTPSuccessFeedbackSampleRate",
    ),
    ("kms_master_key_id", "KmsMasterKeyId"),
    (
        "lambda_failure_feedback_role_arn",
        "LambdaFailureFeedbackRoleArn",
    ),
    (
        "lambda_success_feedback_role_arn",
        "LambdaSuccessFeedbackRoleArn",
    ),
    (
        "lambda_success_feedback_sample_rate",
        "LambdaSuccessFeedbackSampleRate",
    ),
    ("policy", "Policy"),
    ("signature_version", "SignatureVersion"),
    ("sqs_failure_feedback_role_arn", "SQSFailureFeedbackRoleArn"),
    ("sqs_success_feedback_role_arn", "SQSSuccessFeedbackRoleArn"),
    (
        "sqs_success_feedback_sample_rate",
        "SQSSuccessFeedbackSampleRate",
    ),
    ("tracing_config", "TracingConfig"),
];

fn topic() -> Table {
    Table::new("aws_sns_topic", "sns")
        .names(TOPIC)
        .names(&[
            ("arn", "TopicArn"),
            ("owner", "Owner"),
            ("beginning_archive_time", "BeginningArchiveTime"),
        ])
        .local(&["name_prefix", "name"])
        .create(
            op("CreateTopic")
                .bare()
                .set("Name", "{name}")
                .map("Attributes", TOPIC),
        )
        .input(|_, input, _| {
            if let Some(attributes) = input
                .get_mut("Attributes")
                .and_then(serde_json::Value::as_object_mut)
            {
                attributes.retain(|key, value| {
                    !(matches!(key.as_str(), "FifoTopic" | "ContentBasedDeduplication")
                        && value == "false")
                });
            }
        })
        .id_out("TopicArn")
        .import("{id}")
        .read(
            op("GetTopicAttributes")
                .set("TopicArn", "{id}")
                .at("Attributes"),
        )
        .update(op("SetTopicAttributes").set("TopicArn", "{id}").each(
            "AttributeName",
            "AttributeValue",
            TOPIC,
        ))
        .delete(op("DeleteTopic").set("TopicArn", "{id}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceArn",
            "{id}",
        )
        .not_found(&["NotFound", "NotFoundException"])
        .found(|_, found, _| {
            let id = args::get(&found, "id");
            let name = id
                .as_str()
                .and_then(|arn| arn.rsplit(':').next())
                .unwrap_or_default()
                .to_owned();
            args::with(&found, "name", Value::string(name))
        })
}

fn topic_policy() -> Table {
    Table::new("aws_sns_topic_policy", "sns")
        .names(&[("policy", "Policy"), ("owner", "Owner"), ("arn", "TopicArn")])
        .create(
            op("SetTopicAttributes")
                .bare()
                .set("TopicArn", "{arn}")
                .set("AttributeName", "Policy")
                .set("AttributeValue", "{policy}"),
        )
        .id("{arn}")
        .read(op("GetTopicAttributes").set("TopicArn", "{id}").at("Attributes"))
        .update(
            op("SetTopicAttributes")
                .bare()
                .set("TopicArn", "{arn}")
                .set("AttributeName", "Policy")
                .set("AttributeValue", "{policy}"),
        )
        // A topic has a policy always: without one of its own, the one that lets its owner do everything.
        .delete(op("SetTopicAttributes").set("TopicArn", "{id}").set("AttributeName", "Policy").set(
            "AttributeValue",
            OWNERS_POLICY,
        ))
        .input(|operation, input, object| {
            if operation == "SetTopicAttributes"
                && input.get("AttributeValue").and_then(serde_json::Value::as_str) == Some(OWNERS_POLICY)
            {
                let arn = args::string(object, "arn").unwrap_or_default();
                let owner = arn.split(':').nth(4).unwrap_or_default();
                let policy = serde_json::json!({
                    "Version": "2008-10-17", "Id": "__default_policy_ID",
                    "Statement": [{
                        "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
                        "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
                            "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish"],
                        "Resource": arn,
                        "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
                    }],
                });
                crate::json::put(input, "AttributeValue", policy.to_string().into());
            }
        })
        .not_found(&["NotFound", "NotFoundException"])
}

const OWNERS_POLICY: &str = "(owner's policy)";

fn topic_data_protection() -> Table {
    let put = || {
        op("PutDataProtectionPolicy")
            .bare()
            .set("ResourceArn", "{arn}")
            .set("DataProtectionPolicy", "{policy}")
    };
    Table::new("aws_sns_topic_data_protection_policy", "sns")
        .create(put())
        .id("{arn}")
        .local(&["arn"])
        .import("{arn}")
        .read(
            op("GetDataProtectionPolicy")
                .set("ResourceArn", "{id}")
                .at("DataProtectionPolicy")
                .into("policy"),
        )
        .update(put())
        .delete(
            op("PutDataProtectionPolicy")
                .set("ResourceArn", "{id}")
                .set("DataProtectionPolicy", ""),
        )
        .not_found(&["NotFound", "NotFoundException"])
}

const SUBSCRIPTION: Pairs = &[
    ("delivery_policy", "DeliveryPolicy"),
    ("filter_policy", "FilterPolicy"),
    ("filter_policy_scope", "FilterPolicyScope"),
    ("raw_message_delivery", "RawMessageDelivery"),
    ("redrive_policy", "RedrivePolicy"),
    ("replay_policy", "ReplayPolicy"),
    ("subscription_role_arn", "SubscriptionRoleArn"),
];

fn subscription() -> Table {
    Table::new("aws_sns_topic_subscription", "sns")
        .names(SUBSCRIPTION)
        .names(&[
            ("arn", "SubscriptionArn"),
            ("owner_id", "Owner"),
            (
                "confirmation_was_authenticated",
                "ConfirmationWasAuthenticated",
            ),
        ])
        .local(&["confirmation_timeout_in_minutes", "endpoint_auto_confirms"])
        .create(
            op("Subscribe")
                .bare()
                .set("TopicArn", "{topic_arn}")
                .set("Protocol", "{protocol}")
                .set("Endpoint", "{endpoint}")
                .set("ReturnSubscriptionArn", "true")
                .map("Attributes", SUBSCRIPTION),
        )
        .input(|_, input, _| {
            if let Some(attributes) = input
                .get_mut("Attributes")
                .and_then(serde_json::Value::as_object_mut)
            {
                attributes.retain(|key, value| !(key == "RawMessageDelivery" && value == "false"));
            }
        })
        .id_out("SubscriptionArn")
        .import("{id}")
        .read(
            op("GetSubscriptionAttributes")
                .set("SubscriptionArn", "{id}")
                .at("Attributes"),
        )
        .update(
            op("SetSubscriptionAttributes")
                .set("SubscriptionArn", "{id}")
                .each("AttributeName", "AttributeValue", SUBSCRIPTION),
        )
        .delete(op("Unsubscribe").set("SubscriptionArn", "{id}"))
        .not_found(&["NotFound", "NotFoundException"])
}
