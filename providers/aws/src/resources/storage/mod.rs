//! Buckets and what is kept of them apart, tables.

use super::Family;
use crate::table::{Phase, Step, Table, When, op};
use serde_json::{Value as Json, json};

mod bucket;
mod configured;
mod dynamo;
mod former;
mod forms;
mod replicas;
mod replication;

pub(super) const TYPES: Family = &[
    ("aws_s3_bucket", bucket::bucket),
    ("aws_s3_bucket_versioning", versioning),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        encryption,
    ),
    ("aws_s3_bucket_public_access_block", public_access),
    ("aws_s3_bucket_ownership_controls", ownership),
    ("aws_s3_bucket_policy", policy),
    ("aws_s3_bucket_cors_configuration", cors),
    ("aws_s3_bucket_logging", logging),
    ("aws_s3_bucket_website_configuration", website),
    ("aws_s3_bucket_lifecycle_configuration", lifecycle),
    ("aws_s3_bucket_acl", acl),
    ("aws_s3_bucket_accelerate_configuration", accelerate),
    ("aws_s3_bucket_request_payment_configuration", payment),
    ("aws_s3_bucket_object_lock_configuration", object_lock),
    ("aws_s3_bucket_notification", notification),
    ("aws_s3_bucket_inventory", configured::inventory),
    ("aws_s3_bucket_metric", configured::metric),
    (
        "aws_s3_bucket_analytics_configuration",
        configured::analytics,
    ),
    (
        "aws_s3_bucket_intelligent_tiering_configuration",
        configured::tiering,
    ),
    (
        "aws_s3_account_public_access_block",
        configured::account_public_access,
    ),
    (
        "aws_s3_bucket_replication_configuration",
        replication::configuration,
    ),
    ("aws_s3_object", bucket::object),
    ("aws_dynamodb_table", dynamo::table),
    ("aws_dynamodb_resource_policy", dynamo::policy),
];

/// What is kept of a bucket apart: put whole, read, deleted.
fn part(name: &'static str, put: Step, get: Step, delete: Option<Step>) -> Table {
    let with_bucket = |step: Step| step.set("Bucket", "{bucket}");
    let table = Table::new(name, "s3")
        .id("{bucket}")
        .local(&["bucket"])
        .create(with_bucket(put.clone()))
        .read(with_bucket(get))
        .update(with_bucket(put))
        .not_found(&["NoSuchBucket"])
        .retry(&[Phase::Create], "NoSuchBucket", "", 60);
    match delete {
        Some(delete) => table.delete(with_bucket(delete)),
        None => table,
    }
}

/// The account that the bucket must be of goes with every call.
fn owned(mut table: Table) -> Table {
    let owner = ("ExpectedBucketOwner", "{expected_bucket_owner}");
    let steps = table
        .create
        .iter_mut()
        .chain(&mut table.read)
        .chain(&mut table.update)
        .chain(&mut table.delete);
    for step in steps {
        step.sets.push(owner);
    }
    table.local(&["expected_bucket_owner"])
}

fn versioning() -> Table {
    owned(
        part(
            "aws_s3_bucket_versioning",
            op("PutBucketVersioning")
                .only(&["versioning_configuration"])
                .set("MFA", "{mfa}"),
            op("GetBucketVersioning"),
            Some(op("PutBucketVersioning").set("VersioningConfiguration.Status", "Suspended")),
        )
        .names(&[
            ("mfa", ""),
            ("versioning_configuration.mfa_delete", "MFADelete"),
            ("versioning_configuration.mfa_delete", "MfaDelete"),
        ])
        .local(&["mfa"])
        .answer(|_, found| {
            let inner = found.clone();
            *found = json!({"VersioningConfiguration": inner});
        }),
    )
}

fn encryption() -> Table {
    owned(
        part(
            "aws_s3_bucket_server_side_encryption_configuration",
            op("PutBucketEncryption").only(&["rule"]),
            op("GetBucketEncryption").at("ServerSideEncryptionConfiguration"),
            Some(op("DeleteBucketEncryption")),
        )
        .names(&[
            ("rule", "ServerSideEncryptionConfiguration.Rules"),
            ("rule", "Rules"),
            (
                "rule.apply_server_side_encryption_by_default.sse_algorithm",
                "SSEAlgorithm",
            ),
            (
                "rule.apply_server_side_encryption_by_default.kms_master_key_id",
                "KMSMasterKeyID",
            ),
        ])
        .not_found(&["ServerSideEncryptionConfigurationNotFoundError"]),
    )
}

/// What the public is kept from, of a bucket or of an account.
fn keep_public_out() -> Step {
    op("PutPublicAccessBlock")
        .bare()
        .set(
            "PublicAccessBlockConfiguration.BlockPublicAcls",
            "{block_public_acls}",
        )
        .set(
            "PublicAccessBlockConfiguration.BlockPublicPolicy",
            "{block_public_policy}",
        )
        .set(
            "PublicAccessBlockConfiguration.IgnorePublicAcls",
            "{ignore_public_acls}",
        )
        .set(
            "PublicAccessBlockConfiguration.RestrictPublicBuckets",
            "{restrict_public_buckets}",
        )
}

fn public_access() -> Table {
    part(
        "aws_s3_bucket_public_access_block",
        keep_public_out(),
        op("GetPublicAccessBlock").at("PublicAccessBlockConfiguration"),
        Some(op("DeletePublicAccessBlock")),
    )
    .not_found(&["NoSuchPublicAccessBlockConfiguration"])
    .local(&["skip_destroy"])
}

fn ownership() -> Table {
    part(
        "aws_s3_bucket_ownership_controls",
        op("PutBucketOwnershipControls").only(&["rule"]),
        op("GetBucketOwnershipControls").at("OwnershipControls"),
        Some(op("DeleteBucketOwnershipControls")),
    )
    .names(&[("rule", "OwnershipControls.Rules"), ("rule", "Rules")])
    .not_found(&["OwnershipControlsNotFoundError"])
}

fn policy() -> Table {
    part(
        "aws_s3_bucket_policy",
        op("PutBucketPolicy").only(&["policy"]),
        op("GetBucketPolicy"),
        Some(op("DeleteBucketPolicy")),
    )
    .not_found(&["NoSuchBucketPolicy"])
    .retry(
        &[Phase::Create, Phase::Update],
        "MalformedPolicy",
        "Invalid principal",
        120,
    )
}

fn cors() -> Table {
    owned(
        part(
            "aws_s3_bucket_cors_configuration",
            op("PutBucketCors").only(&["cors_rule"]),
            op("GetBucketCors"),
            Some(op("DeleteBucketCors")),
        )
        .names(&[
            ("cors_rule", "CORSConfiguration.CORSRules"),
            ("cors_rule", "CORSRules"),
            ("cors_rule.id", "ID"),
        ])
        .not_found(&["NoSuchCORSConfiguration"]),
    )
}

fn logging() -> Table {
    let put = || {
        op("PutBucketLogging").only(&[
            "target_bucket",
            "target_prefix",
            "target_grant",
            "target_object_key_format",
        ])
    };
    owned(
        part(
            "aws_s3_bucket_logging",
            put(),
            op("GetBucketLogging").at("LoggingEnabled"),
            Some(op("PutBucketLogging")),
        )
        .names(&[
            (
                "target_bucket",
                "BucketLoggingStatus.LoggingEnabled.TargetBucket",
            ),
            (
                "target_prefix",
                "BucketLoggingStatus.LoggingEnabled.TargetPrefix",
            ),
            (
                "target_grant",
                "BucketLoggingStatus.LoggingEnabled.TargetGrants",
            ),
            (
                "target_object_key_format",
                "BucketLoggingStatus.LoggingEnabled.TargetObjectKeyFormat",
            ),
            ("target_bucket", "TargetBucket"),
            ("target_prefix", "TargetPrefix"),
            ("target_grant", "TargetGrants"),
            ("target_object_key_format", "TargetObjectKeyFormat"),
        ])
        .input(|operation, input, _| {
            if operation != "PutBucketLogging" {
                return;
            }
            if input.get("BucketLoggingStatus").is_none() {
                input["BucketLoggingStatus"] = json!({});
            }
            // A prefix is required, and may be empty.
            if let Some(enabled) = input["BucketLoggingStatus"]
                .get_mut("LoggingEnabled")
                .and_then(Json::as_object_mut)
            {
                enabled.entry("TargetPrefix").or_insert_with(|| "".into());
                if let Some(format) = enabled
                    .get_mut("TargetObjectKeyFormat")
                    .and_then(Json::as_object_mut)
                    && format.get("PartitionedPrefix").is_none()
                {
                    format.insert("SimplePrefix".to_owned(), json!({}));
                }
            }
        }),
    )
}

fn website() -> Table {
    owned(
        part(
            "aws_s3_bucket_website_configuration",
            op("PutBucketWebsite")
                .only(&[
                    "error_document",
                    "index_document",
                    "redirect_all_requests_to",
                    "routing_rule",
                ])
                .when(When::Any(vec![
                    "error_document",
                    "index_document",
                    "redirect_all_requests_to",
                    "routing_rule",
                    "routing_rules",
                ])),
            op("GetBucketWebsite"),
            Some(op("DeleteBucketWebsite")),
        )
        .names(&[
            ("error_document", "WebsiteConfiguration.ErrorDocument"),
            ("index_document", "WebsiteConfiguration.IndexDocument"),
            (
                "redirect_all_requests_to",
                "WebsiteConfiguration.RedirectAllRequestsTo",
            ),
            ("routing_rule", "WebsiteConfiguration.RoutingRules"),
            ("error_document", "ErrorDocument"),
            ("index_document", "IndexDocument"),
            ("redirect_all_requests_to", "RedirectAllRequestsTo"),
            ("routing_rule", "RoutingRules"),
        ])
        .local(&["routing_rules", "website_domain", "website_endpoint"])
        .input(bucket::routing_rules)
        .found(bucket::website)
        .not_found(&["NoSuchWebsiteConfiguration"]),
    )
}

fn lifecycle() -> Table {
    owned(
        part(
            "aws_s3_bucket_lifecycle_configuration",
            op("PutBucketLifecycleConfiguration")
                .only(&["rule", "transition_default_minimum_object_size"]),
            op("GetBucketLifecycleConfiguration"),
            Some(op("DeleteBucketLifecycle")),
        )
        .names(&[
            ("rule", "LifecycleConfiguration.Rules"),
            ("rule", "Rules"),
            ("rule.id", "ID"),
            ("rule.transition", "Transitions"),
            (
                "rule.noncurrent_version_transition",
                "NoncurrentVersionTransitions",
            ),
            ("rule.filter.and.tags", "Tags"),
        ])
        .input(bucket::lifecycle_input)
        .answer(bucket::lifecycle_answer)
        .found(bucket::lifecycle_found)
        .not_found(&["NoSuchLifecycleConfiguration"]),
    )
}

fn acl() -> Table {
    owned(
        part(
            "aws_s3_bucket_acl",
            op("PutBucketAcl")
                .bare()
                .set("ACL", "{acl}")
                .when(When::Any(vec!["acl", "access_control_policy"])),
            op("GetBucketAcl"),
            None,
        )
        .local(&["acl"])
        .names(&[("access_control_policy", "")])
        .input(bucket::acl_input)
        .import("{bucket}")
        .quiet(&["access_control_policy"]),
    )
}

fn accelerate() -> Table {
    owned(part(
        "aws_s3_bucket_accelerate_configuration",
        op("PutBucketAccelerateConfiguration")
            .bare()
            .set("AccelerateConfiguration.Status", "{status}"),
        op("GetBucketAccelerateConfiguration"),
        Some(
            op("PutBucketAccelerateConfiguration")
                .set("AccelerateConfiguration.Status", "Suspended"),
        ),
    ))
}

fn payment() -> Table {
    owned(part(
        "aws_s3_bucket_request_payment_configuration",
        op("PutBucketRequestPayment")
            .bare()
            .set("RequestPaymentConfiguration.Payer", "{payer}"),
        op("GetBucketRequestPayment"),
        Some(op("PutBucketRequestPayment").set("RequestPaymentConfiguration.Payer", "BucketOwner")),
    ))
}

fn object_lock() -> Table {
    owned(
        part(
            "aws_s3_bucket_object_lock_configuration",
            op("PutObjectLockConfiguration")
                .only(&["object_lock_enabled", "rule"])
                .set("Token", "{token}"),
            op("GetObjectLockConfiguration").at("ObjectLockConfiguration"),
            Some(op("PutObjectLockConfiguration").set(
                "ObjectLockConfiguration.ObjectLockEnabled",
                "{object_lock_enabled}",
            )),
        )
        .local(&["token"])
        .names(&[
            ("rule", "ObjectLockConfiguration.Rule"),
            ("rule", "Rule"),
            (
                "object_lock_enabled",
                "ObjectLockConfiguration.ObjectLockEnabled",
            ),
            ("object_lock_enabled", "ObjectLockEnabled"),
        ])
        .input(|operation, input, object| {
            if operation != "PutObjectLockConfiguration" {
                return;
            }
            let token = terrane_provider::args::string(object, "token").unwrap_or_default();
            match (token, input.as_object_mut()) {
                ("", Some(members)) => drop(members.remove("Token")),
                (token, Some(members)) => drop(members.insert("Token".to_owned(), token.into())),
                _ => {}
            }
        })
        .not_found(&["ObjectLockConfigurationNotFoundError"]),
    )
}

fn notification() -> Table {
    part(
        "aws_s3_bucket_notification",
        op("PutBucketNotificationConfiguration")
            .only(&["lambda_function", "queue", "topic"])
            .when(When::Any(vec![
                "eventbridge",
                "lambda_function",
                "queue",
                "topic",
            ])),
        op("GetBucketNotificationConfiguration"),
        Some(op("PutBucketNotificationConfiguration").empties()),
    )
    .by_function(&["eventbridge"])
    .names(&[
        (
            "lambda_function",
            "NotificationConfiguration.LambdaFunctionConfigurations",
        ),
        ("queue", "NotificationConfiguration.QueueConfigurations"),
        ("topic", "NotificationConfiguration.TopicConfigurations"),
        ("lambda_function", "LambdaFunctionConfigurations"),
        ("queue", "QueueConfigurations"),
        ("topic", "TopicConfigurations"),
    ])
    .input(bucket::notification_input)
    .answer(bucket::notification_answer)
}
