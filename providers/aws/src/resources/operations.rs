//! Keys, logs, alarms, parameters, secrets, events, images.

use super::Family;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, When, op};
use async_trait::async_trait;
use serde_json::json;
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) const TYPES: Family = &[
    ("aws_kms_key", key),
    ("aws_kms_alias", key_alias),
    ("aws_cloudwatch_log_group", log_group),
    ("aws_cloudwatch_log_stream", log_stream),
    ("aws_cloudwatch_log_metric_filter", metric_filter),
    ("aws_cloudwatch_metric_alarm", metric_alarm),
    ("aws_cloudwatch_dashboard", dashboard),
    ("aws_ssm_parameter", parameter),
    ("aws_secretsmanager_secret", secret),
    ("aws_secretsmanager_secret_version", secret_version),
    ("aws_secretsmanager_secret_policy", secret_policy),
    ("aws_cloudwatch_event_rule", event_rule),
    ("aws_cloudwatch_event_bus", event_bus),
    ("aws_cloudwatch_event_target", event_target),
    ("aws_ecr_repository", repository),
    ("aws_ecr_repository_policy", repository_policy),
    ("aws_ecr_lifecycle_policy", lifecycle_policy),
    ("aws_ecs_cluster", cluster),
];

fn key() -> Table {
    Table::new("aws_kms_key", "kms")
        .names(&[
            ("is_enabled", "Enabled"),
            ("customer_master_key_spec", "KeySpec"),
            ("custom_key_store_id", "CustomKeyStoreId"),
            ("xks_key_id", "XksKeyConfiguration.Id"),
            ("xks_key_id", "XksKeyId"),
            ("enable_key_rotation", "KeyRotationEnabled"),
        ])
        .local(&[
            "bypass_policy_lockout_safety_check",
            "deletion_window_in_days",
        ])
        .create(
            op("CreateKey")
                .only(&[
                    "customer_master_key_spec",
                    "custom_key_store_id",
                    "description",
                    "key_usage",
                    "multi_region",
                    "policy",
                    "xks_key_id",
                ])
                .set(
                    "BypassPolicyLockoutSafetyCheck",
                    "{bypass_policy_lockout_safety_check}",
                ),
        )
        .id_out("KeyMetadata.KeyId")
        .read(op("DescribeKey").set("KeyId", "{id}").at("KeyMetadata"))
        .read(
            op("GetKeyPolicy")
                .set("KeyId", "{id}")
                .set("PolicyName", "default")
                .at("Policy")
                .into("policy"),
        )
        .read(
            op("GetKeyRotationStatus")
                .set("KeyId", "{id}")
                .only(&["enable_key_rotation", "rotation_period_in_days"])
                .none_when(&["UnsupportedOperationException"]),
        )
        .answer(|operation, found| {
            // The period is there where keys rotate only.
            if operation == "GetKeyRotationStatus"
                && found.get("KeyRotationEnabled") != Some(&json!(true))
                && let Some(members) = found.as_object_mut()
            {
                members.retain(|name, _| name == "KeyRotationEnabled");
            }
        })
        .gone_when("KeyState", &["PendingDeletion", "PendingReplicaDeletion"])
        .update(
            op("UpdateKeyDescription")
                .only(&["description"])
                .set("KeyId", "{id}"),
        )
        .update(
            op("PutKeyPolicy")
                .only(&["policy"])
                .set("KeyId", "{id}")
                .set("PolicyName", "default"),
        )
        .delete(
            op("ScheduleKeyDeletion")
                .set("KeyId", "{id}")
                .set("PendingWindowInDays", "{deletion_window_in_days}")
                .none_when(&["KMSInvalidStateException"]),
        )
        .tag_calls(
            "ListResourceTags",
            ("TagResource", "UntagResource"),
            "KeyId",
            "{id}",
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "MalformedPolicyDocumentException",
            "",
            600,
        )
        .hooks(Key)
}

/// A key is switched on and off, and made to rotate.
#[derive(Debug)]
struct Key;

#[async_trait]
impl Hooks for Key {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let as_made = args::with_all(
            object,
            [
                ("is_enabled", Value::bool(true)),
                ("enable_key_rotation", Value::bool(false)),
                ("rotation_period_in_days", Value::NULL),
            ],
        );
        self.update(run, &as_made, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", planned);
        let on = args::bool(planned, "is_enabled").unwrap_or(true);
        if on && !same_at(prior, planned, "is_enabled") {
            run.ask("EnableKey", json!({"KeyId": id})).await?;
        }
        if !same_at(prior, planned, "enable_key_rotation")
            || !same_at(prior, planned, "rotation_period_in_days")
        {
            if args::bool(planned, "enable_key_rotation") == Some(true) {
                let mut input = json!({"KeyId": id});
                if let Some(days) =
                    args::int(planned, "rotation_period_in_days").filter(|days| *days > 0)
                {
                    json::put(&mut input, "RotationPeriodInDays", days.into());
                }
                run.ask("EnableKeyRotation", input).await?;
            } else if args::bool(prior, "enable_key_rotation") == Some(true) {
                run.ask("DisableKeyRotation", json!({"KeyId": id})).await?;
            }
        }
        if !on && !same_at(prior, planned, "is_enabled") {
            run.ask("DisableKey", json!({"KeyId": id})).await?;
        }
        Ok(())
    }
}

fn key_alias() -> Table {
    Table::new("aws_kms_alias", "kms")
        .noun("Alias")
        .names(&[("target_key_arn", ""), ("target_key_id", "TargetKeyId")])
        .local(&["name_prefix"])
        .create(op("CreateAlias"))
        .id("{name}")
        .read(op("ListAliases").at("Aliases[AliasName={id}]"))
        .update(op("UpdateAlias"))
        .delete(op("DeleteAlias").set("AliasName", "{id}"))
        .not_found(&["NotFoundException"])
        .hooks(KeyAlias)
}

/// The alias says the id of its key; configurations may say the ARN.
#[derive(Debug)]
struct KeyAlias;

#[async_trait]
impl Hooks for KeyAlias {
    async fn found(&self, run: &Run<'_>, object: Value, prior: &Value) -> Answered<Value> {
        let id = run.text("{target_key_id}", &object);
        let id = id.rsplit('/').next().unwrap_or(&id).to_owned();
        let alias = run.text("{arn}", &object);
        let base = alias.split(":alias/").next().unwrap_or_default();
        let written = args::get(prior, "target_key_id");
        let same = written
            .as_str()
            .is_some_and(|written| written.rsplit('/').next() == Some(id.as_str()));
        let target = if same {
            written
        } else {
            Value::string(id.as_str())
        };
        let arn = Value::string(format!("{base}:key/{id}"));
        Ok(args::with_all(
            &object,
            [("target_key_id", target), ("target_key_arn", arn)],
        ))
    }
}

fn log_group() -> Table {
    Table::new("aws_cloudwatch_log_group", "logs")
        .names(&[
            ("name", "logGroupName"),
            ("arn", "logGroupArn"),
            ("arn", "arn"),
        ])
        .local(&["name_prefix", "skip_destroy"])
        .create(op("CreateLogGroup").only(&[
            "name",
            "kms_key_id",
            "log_group_class",
            "deletion_protection_enabled",
        ]))
        .input(|_, input, _| {
            // What is not protected says nothing.
            if input.get("deletionProtectionEnabled") == Some(&json!(false))
                && let Some(members) = input.as_object_mut()
            {
                members.remove("deletionProtectionEnabled");
            }
        })
        .id("{name}")
        .read(
            op("DescribeLogGroups")
                .set("logGroupNamePrefix", "{id}")
                .at("logGroups[logGroupName={id}]"),
        )
        .answer(|_, found| {
            if let Some(members) = found.as_object_mut() {
                if let Some(arn) = members.get("arn").and_then(serde_json::Value::as_str) {
                    let bare = arn.strip_suffix(":*").unwrap_or(arn).to_owned();
                    members.insert("logGroupArn".to_owned(), bare.into());
                }
                members
                    .entry("logGroupClass")
                    .or_insert_with(|| "STANDARD".into());
                members.entry("retentionInDays").or_insert_with(|| 0.into());
                members
                    .entry("deletionProtectionEnabled")
                    .or_insert_with(|| false.into());
            }
        })
        .also(
            op("PutRetentionPolicy")
                .bare()
                .set("logGroupName", "{name}")
                .set("retentionInDays", "{retention_in_days}")
                .when(When::Set("retention_in_days"))
                .initially(0),
        )
        .update(
            op("DeleteRetentionPolicy")
                .bare()
                .set("logGroupName", "{name}")
                .when(When::Unset("retention_in_days")),
        )
        .update(
            op("AssociateKmsKey")
                .bare()
                .set("logGroupName", "{name}")
                .set("kmsKeyId", "{kms_key_id}")
                .when(When::Set("kms_key_id")),
        )
        .update(
            op("DisassociateKmsKey")
                .bare()
                .set("logGroupName", "{name}")
                .when(When::Unset("kms_key_id")),
        )
        .delete(op("DeleteLogGroup").set("logGroupName", "{id}"))
        .hooks(SkipDestroy)
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "resourceArn",
            "{arn}",
        )
        .not_found(&["ResourceNotFoundException"])
        .retry(
            &[Phase::Create],
            "AccessDeniedException",
            "no identity-based policy allows the logs:CreateLogGroup action",
            120,
        )
}

/// What is to be kept is only forgotten.
#[derive(Debug)]
struct SkipDestroy;

#[async_trait]
impl Hooks for SkipDestroy {
    async fn delete(&self, _run: &Run<'_>, object: &Value) -> Answered<bool> {
        Ok(args::bool(object, "skip_destroy") == Some(true))
    }
}

fn log_stream() -> Table {
    Table::new("aws_cloudwatch_log_stream", "logs")
        .names(&[
            ("name", "logStreamName"),
            ("log_group_name", "logGroupName"),
        ])
        .create(op("CreateLogStream"))
        .id("{name}")
        .import("{log_group_name}:{name}")
        .read(
            op("DescribeLogStreams")
                .set("logGroupName", "{log_group_name}")
                .set("logStreamNamePrefix", "{name}")
                .at("logStreams[logStreamName={name}]"),
        )
        .delete(
            op("DeleteLogStream")
                .set("logGroupName", "{log_group_name}")
                .set("logStreamName", "{name}"),
        )
}

fn metric_filter() -> Table {
    let put = || op("PutMetricFilter");
    Table::new("aws_cloudwatch_log_metric_filter", "logs")
        .names(&[
            ("name", "filterName"),
            ("pattern", "filterPattern"),
            ("metric_transformation", "metricTransformations"),
            ("metric_transformation.name", "metricName"),
            ("metric_transformation.namespace", "metricNamespace"),
            ("metric_transformation.value", "metricValue"),
        ])
        .create(put())
        .input(|operation, input, object| {
            // A pattern is required, and may be empty.
            if operation == "PutMetricFilter" && input.get("filterPattern").is_none() {
                let pattern = args::string(object, "pattern").unwrap_or_default();
                json::put(input, "filterPattern", pattern.into());
            }
        })
        .id("{name}")
        .import("{log_group_name}:{name}")
        .read(
            op("DescribeMetricFilters")
                .set("logGroupName", "{log_group_name}")
                .set("filterNamePrefix", "{name}")
                .at("metricFilters[filterName={name}]"),
        )
        .answer(|_, found| {
            for item in found
                .get_mut("metricTransformations")
                .and_then(serde_json::Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                if let Some(members) = item.as_object_mut() {
                    members.entry("unit").or_insert_with(|| "None".into());
                }
            }
        })
        .update(put())
        .delete(
            op("DeleteMetricFilter")
                .set("logGroupName", "{log_group_name}")
                .set("filterName", "{name}"),
        )
}

fn metric_alarm() -> Table {
    let put = || op("PutMetricAlarm").except(&["tags"]);
    Table::new("aws_cloudwatch_metric_alarm", "cloudwatch")
        .names(&[
            ("arn", "AlarmArn"),
            (
                "evaluate_low_sample_count_percentiles",
                "EvaluateLowSampleCountPercentile",
            ),
            ("metric_query", "Metrics"),
            ("metric_query.metric", "MetricStat"),
            ("metric_query.metric.metric_name", "Metric.MetricName"),
            ("metric_query.metric.namespace", "Metric.Namespace"),
            ("metric_query.metric.dimensions", "Metric.Dimensions"),
        ])
        .create(put())
        .input(|operation, input, object| {
            // Queries take the place of a metric; a threshold of zero is one.
            if operation != "PutMetricAlarm" {
                return;
            }
            let queries = !args::get(object, "metric_query").children().is_empty();
            if let Some(members) = input.as_object_mut() {
                if queries {
                    members.retain(|name, _| {
                        !matches!(
                            name.as_str(),
                            "Period" | "Statistic" | "MetricName" | "Namespace"
                        )
                    });
                }
                members.retain(|_, value| value != "");
            }
        })
        .id("{alarm_name}")
        .read(
            op("DescribeAlarms")
                .set("AlarmNames", "{id}")
                .at("MetricAlarms.0"),
        )
        .answer(|_, found| {
            if let Some(members) = found.as_object_mut() {
                members
                    .entry("TreatMissingData")
                    .or_insert_with(|| "missing".into());
            }
        })
        .update(put())
        .delete(op("DeleteAlarms").set("AlarmNames", "{id}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
        .not_found(&["ResourceNotFound"])
}

fn dashboard() -> Table {
    let put = || op("PutDashboard");
    Table::new("aws_cloudwatch_dashboard", "cloudwatch")
        .create(put())
        .id("{dashboard_name}")
        .read(op("GetDashboard").set("DashboardName", "{id}"))
        .update(put())
        .delete(op("DeleteDashboards").set("DashboardNames", "{id}"))
        .not_found(&["ResourceNotFound", "DashboardNotFoundError"])
}

fn parameter() -> Table {
    let put = || {
        op("PutParameter")
            .only(&[
                "name",
                "type",
                "tier",
                "description",
                "allowed_pattern",
                "data_type",
                "key_id",
            ])
            .set("Value", "{value}")
    };
    Table::new("aws_ssm_parameter", "ssm")
        .names(&[("insecure_value", ""), ("has_value_wo", ""), ("arn", "ARN")])
        .local(&[
            "overwrite",
            "value_wo",
            "value_wo_version",
            "insecure_value",
        ])
        .create(put())
        .input(|operation, input, object| {
            if operation != "PutParameter" {
                return;
            }
            for name in ["insecure_value", "value_wo"] {
                if let Some(value) = args::string(object, name).filter(|value| !value.is_empty()) {
                    json::put(input, "Value", value.into());
                }
            }
            let exists = args::string(object, "id").is_some();
            let overwrites = exists || args::bool(object, "overwrite") == Some(true);
            if overwrites {
                json::put(input, "Overwrite", true.into());
                // Tags do not go with what is overwritten.
                if let Some(members) = input.as_object_mut() {
                    members.remove("Tags");
                }
            }
            if let Some(members) = input.as_object_mut() {
                if exists {
                    members.remove("DataType");
                }
                if members.get("Type").and_then(serde_json::Value::as_str) != Some("SecureString") {
                    members.remove("KeyId");
                }
            }
        })
        .id("{name}")
        .read(
            op("GetParameter")
                .set("Name", "{id}")
                .set("WithDecryption", "true")
                .at("Parameter"),
        )
        .read(
            op("DescribeParameters")
                .set("ParameterFilters.0.Key", "Name")
                .set("ParameterFilters.0.Option", "Equals")
                .set("ParameterFilters.0.Values", "{id}")
                .at("Parameters.0"),
        )
        .found(|_, found| {
            let written = |name: &str| args::is_set(&found, name);
            let mut changes = vec![("has_value_wo", Value::bool(written("value_wo_version")))];
            if written("value_wo_version") {
                changes.push(("value", Value::string("")));
            } else if written("insecure_value") {
                changes.push(("insecure_value", args::get(&found, "value")));
            } else if args::string(&found, "type") != Some("SecureString") {
                changes.push(("insecure_value", args::get(&found, "value")));
            }
            args::with_all(&found, changes)
        })
        .update(put().when(When::Any(vec![
            "value",
            "insecure_value",
            "value_wo_version",
            "type",
            "tier",
            "description",
            "allowed_pattern",
            "key_id",
        ])))
        .delete(op("DeleteParameter").set("Name", "{id}"))
        .recomputed(
            "version",
            &[
                "value",
                "insecure_value",
                "value_wo_version",
                "type",
                "tier",
                "description",
                "allowed_pattern",
                "key_id",
            ],
        )
        .recomputed("insecure_value", &["value"])
        .recomputed("value", &["insecure_value"])
        .tag_calls(
            "ListTagsForResource",
            ("AddTagsToResource", "RemoveTagsFromResource"),
            "ResourceId,ResourceType",
            "{id},Parameter",
        )
}

fn secret() -> Table {
    Table::new("aws_secretsmanager_secret", "secretsmanager")
        .names(&[
            ("arn", "ARN"),
            ("replica", "ReplicationStatus"),
            ("policy", ""),
        ])
        .local(&[
            "name_prefix",
            "recovery_window_in_days",
            "force_overwrite_replica_secret",
        ])
        .create(op("CreateSecret").only(&["name", "description", "kms_key_id"]))
        .id_out("ARN")
        .read(op("DescribeSecret").set("SecretId", "{id}"))
        .read(
            op("GetResourcePolicy")
                .set("SecretId", "{id}")
                .at("ResourcePolicy")
                .into("policy"),
        )
        .answer(|_, found| {
            // A secret that is to be deleted is gone.
            let deleted = found.get("DeletedDate").is_some_and(|date| !date.is_null());
            if let Some(members) = found.as_object_mut() {
                members.insert("(deleted)".to_owned(), deleted.into());
            }
        })
        .gone_when("(deleted)", &["true"])
        .also(
            op("PutResourcePolicy")
                .bare()
                .set("SecretId", "{id}")
                .set("ResourcePolicy", "{policy}")
                .when(When::Set("policy")),
        )
        .update(
            op("DeleteResourcePolicy")
                .bare()
                .set("SecretId", "{id}")
                .when(When::Unset("policy")),
        )
        .update(
            op("UpdateSecret")
                .bare()
                .set("SecretId", "{id}")
                .set("Description", "{description}")
                .set("KmsKeyId", "{kms_key_id}"),
        )
        .delete(
            op("DeleteSecret")
                .set("SecretId", "{id}")
                .set("RecoveryWindowInDays", "{recovery_window_in_days}"),
        )
        .input(|operation, input, _| {
            if operation == "DeleteSecret" && input.get("RecoveryWindowInDays") == Some(&json!(0)) {
                json::put(input, "ForceDeleteWithoutRecovery", true.into());
                if let Some(members) = input.as_object_mut() {
                    members.remove("RecoveryWindowInDays");
                }
            }
        })
        .tag_calls("", ("TagResource", "UntagResource"), "SecretId", "{id}")
        .not_found(&["ResourceNotFoundException"])
        .retry(
            &[Phase::Create],
            "InvalidRequestException",
            "scheduled for deletion",
            120,
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "MalformedPolicyDocumentException",
            "",
            120,
        )
}

fn secret_version() -> Table {
    Table::new("aws_secretsmanager_secret_version", "secretsmanager")
        .names(&[
            ("arn", "ARN"),
            ("secret_arn", "ARN"),
            ("secret_id", ""),
            ("has_secret_string_wo", ""),
        ])
        .local(&["secret_id", "secret_string_wo", "secret_string_wo_version"])
        .create(
            op("PutSecretValue")
                .only(&["secret_string", "version_stages"])
                .set("SecretId", "{secret_id}"),
        )
        .input(|operation, input, object| {
            if operation != "PutSecretValue" {
                return;
            }
            if let Some(text) =
                args::string(object, "secret_string_wo").filter(|text| !text.is_empty())
            {
                json::put(input, "SecretString", text.into());
            }
            if let Some(text) =
                args::string(object, "secret_binary").filter(|text| !text.is_empty())
            {
                json::put(input, "SecretBinary", text.into());
            }
        })
        .id_out("VersionId")
        .found(|_, found| {
            let written = args::is_set(&found, "secret_string_wo_version");
            let mut changes = vec![("has_secret_string_wo", Value::bool(written))];
            if written {
                changes.push(("secret_string", Value::string("")));
            }
            args::with_all(&found, changes)
        })
        .hooks(SecretVersion)
}

/// The id is that of the secret and of the version.
#[derive(Debug)]
struct SecretVersion;

#[async_trait]
impl Hooks for SecretVersion {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let version = put_version(run, planned).await?;
        let object = args::with(planned, "version_id", Value::string(version.as_str()));
        Ok(Some((
            run.text("{secret_id}|{version_id}", &object),
            object,
        )))
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let new = ["secret_string", "secret_string_wo_version"]
            .iter()
            .any(|name| !same_at(prior, planned, name));
        if new {
            put_version(run, planned).await?;
        }
        Ok(())
    }

    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let id = run.text("{id}", object);
        let Some((secret, version)) = id.rsplit_once('|') else {
            return Ok(Some(None));
        };
        let mut input = json!({"SecretId": secret, "VersionId": version});
        // After a change, the version is another one.
        if run.phase == Phase::Update {
            input = json!({"SecretId": secret});
        }
        let none = ["ResourceNotFoundException", "InvalidRequestException"];
        let Some(found) = run.ask_unless("GetSecretValue", input, &none).await? else {
            return Ok(Some(None));
        };
        let text = |path: &str| json::text_at(&found, path).unwrap_or_default();
        let stages = json::get(&found, "VersionStages")
            .and_then(serde_json::Value::as_array)
            .cloned()
            .unwrap_or_default();
        let stages = stages
            .iter()
            .map(|stage| Value::string(json::text(stage)))
            .collect();
        let secret_text = text("SecretString");
        let mut changes = vec![
            ("arn", Value::string(text("ARN"))),
            ("secret_arn", Value::string(text("ARN"))),
            ("version_id", Value::string(text("VersionId"))),
            (
                "version_stages",
                Value::set(terrane_value::Type::String, stages),
            ),
            ("secret_id", Value::string(secret)),
        ];
        if !secret_text.is_empty() {
            changes.push(("secret_string", Value::string(secret_text)));
        }
        Ok(Some(Some(args::with_all(object, changes))))
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        // The current version goes with its secret; a former one loses its stages.
        let (secret, version) = (
            run.text("{secret_id}", object),
            run.text("{version_id}", object),
        );
        for stage in args::strings(object, "version_stages").unwrap_or_default() {
            if stage == "AWSCURRENT" {
                continue;
            }
            let input = json!({"SecretId": secret, "VersionStage": stage.as_str(), "RemoveFromVersionId": version});
            run.ask_unless(
                "UpdateSecretVersionStage",
                input,
                &["ResourceNotFoundException", "InvalidRequestException"],
            )
            .await?;
        }
        Ok(true)
    }
}

async fn put_version(run: &Run<'_>, planned: &Value) -> Answered<String> {
    let step = op("PutSecretValue")
        .only(&["secret_string", "version_stages"])
        .set("SecretId", "{secret_id}");
    let operation = run.operation("secretsmanager", "PutSecretValue")?;
    let answer = run
        .ask("PutSecretValue", run.input(&step, &operation, planned))
        .await?;
    Ok(json::text_at(&answer, "VersionId").unwrap_or_default())
}

fn secret_policy() -> Table {
    let put = || {
        op("PutResourcePolicy")
            .bare()
            .set("SecretId", "{secret_arn}")
            .set("ResourcePolicy", "{policy}")
            .set("BlockPublicPolicy", "{block_public_policy}")
    };
    Table::new("aws_secretsmanager_secret_policy", "secretsmanager")
        .names(&[("policy", "ResourcePolicy")])
        .local(&["secret_arn", "block_public_policy"])
        .create(put())
        .id("{secret_arn}")
        .read(op("GetResourcePolicy").set("SecretId", "{id}"))
        .update(put())
        .delete(op("DeleteResourcePolicy").set("SecretId", "{id}"))
        .gone_when("ResourcePolicy", &[""])
        .retry(
            &[Phase::Create, Phase::Update],
            "MalformedPolicyDocumentException",
            "",
            120,
        )
}

fn event_rule() -> Table {
    let put = || {
        op("PutRule").only(&[
            "name",
            "schedule_expression",
            "event_pattern",
            "state",
            "description",
            "role_arn",
            "event_bus_name",
        ])
    };
    Table::new("aws_cloudwatch_event_rule", "events")
        .local(&["name_prefix", "is_enabled", "force_destroy"])
        .create(put())
        .input(|operation, input, object| {
            if operation == "PutRule" && args::bool(object, "is_enabled") == Some(false) {
                json::put(input, "State", "DISABLED".into());
            }
        })
        .id("{name}")
        .import("{event_bus_name}/{name}")
        .read(
            op("DescribeRule")
                .set("Name", "{name}")
                .set("EventBusName", "{event_bus_name}"),
        )
        .update(put())
        .delete(
            op("DeleteRule")
                .set("Name", "{name}")
                .set("EventBusName", "{event_bus_name}")
                .set("Force", "{force_destroy}"),
        )
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
        .quiet(&["state"])
        .hooks(OnBus)
}

/// Ids of rules of another bus begin with it.
#[derive(Debug)]
struct OnBus;

impl Hooks for OnBus {
    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (bus, name) = id.rsplit_once('/').unwrap_or(("default", id));
        Some(vec![
            ("event_bus_name", bus.to_owned()),
            ("name", name.to_owned()),
        ])
    }
}

fn event_bus() -> Table {
    Table::new("aws_cloudwatch_event_bus", "events")
        .names(&[("arn", "Arn")])
        .local(&["event_source_name"])
        .create(op("CreateEventBus").set("EventSourceName", "{event_source_name}"))
        .id("{name}")
        .read(op("DescribeEventBus").set("Name", "{id}"))
        .update(op("UpdateEventBus"))
        .delete(op("DeleteEventBus").set("Name", "{id}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
}

fn event_target() -> Table {
    Table::new("aws_cloudwatch_event_target", "events")
        .names(&[("target_id", "Id"), ("rule", ""), ("event_bus_name", "")])
        .local(&["rule", "event_bus_name", "force_destroy"])
        .names(&[
            ("ecs_target", "EcsParameters"),
            ("ecs_target.task_definition_arn", "TaskDefinitionArn"),
            ("batch_target", "BatchParameters"),
            ("kinesis_target", "KinesisParameters"),
            ("sqs_target", "SqsParameters"),
            ("http_target", "HttpParameters"),
            (
                "run_command_targets",
                "RunCommandParameters.RunCommandTargets",
            ),
            ("redshift_target", "RedshiftDataParameters"),
            ("sagemaker_pipeline_target", "SageMakerPipelineParameters"),
            ("appsync_target", "AppSyncParameters"),
            ("input_transformer.input_paths", "InputPathsMap"),
        ])
        .id("{rule}-{target_id}")
        .read(
            op("ListTargetsByRule")
                .set("Rule", "{rule}")
                .set("EventBusName", "{event_bus_name}")
                .at("Targets[Id={target_id}]"),
        )
        .delete(
            op("RemoveTargets")
                .set("Rule", "{rule}")
                .set("EventBusName", "{event_bus_name}")
                .set("Ids", "{target_id}")
                .set("Force", "{force_destroy}"),
        )
        .hooks(Target)
}

/// A target is an element of a list.
#[derive(Debug)]
struct Target;

async fn put_target(run: &Run<'_>, object: &Value) -> Answered<()> {
    let operation = run.operation("events", "PutTargets")?;
    let Some(crate::shape::Shape::List(element)) = operation.input.member("Targets") else {
        return Ok(());
    };
    let fill = crate::write::Fill {
        names: &run.table.names,
        only: &[],
        except: &[],
        clears: false,
    };
    let mut target = json!({});
    fill.root(&run.facts.block, element, object, &mut target);
    let input = json!({"Rule": run.text("{rule}", object), "EventBusName": run.text("{event_bus_name}", object), "Targets": [target]});
    let answer = run.ask("PutTargets", input).await?;
    if let Some(entry) = json::get(&answer, "FailedEntries.0") {
        return Err(terrane_provider::native::Refusal::error(
            "Target was not taken",
            format!(
                "{}: {}",
                json::text_at(entry, "ErrorCode").unwrap_or_default(),
                json::text_at(entry, "ErrorMessage").unwrap_or_default()
            ),
        ));
    }
    Ok(())
}

#[async_trait]
impl Hooks for Target {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let mut object = planned.clone();
        if args::string(&object, "target_id").is_none_or(str::is_empty) {
            let mut unique = run.token("target");
            unique.truncate(26);
            object = args::with(
                &object,
                "target_id",
                Value::string(format!("terraform-{unique}")),
            );
        }
        put_target(run, &object).await?;
        Ok(Some((run.text("{rule}-{target_id}", &object), object)))
    }

    async fn update(&self, run: &Run<'_>, _prior: &Value, planned: &Value) -> Answered<()> {
        put_target(run, planned).await
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let parts: Vec<&str> = id.split('/').collect();
        match parts.as_slice() {
            [bus, rule, target] => Some(vec![
                ("event_bus_name", (*bus).to_owned()),
                ("rule", (*rule).to_owned()),
                ("target_id", (*target).to_owned()),
            ]),
            [rule, target] => Some(vec![
                ("rule", (*rule).to_owned()),
                ("target_id", (*target).to_owned()),
            ]),
            _ => None,
        }
    }
}

fn repository() -> Table {
    Table::new("aws_ecr_repository", "ecr")
        .noun("Repository")
        .names(&[
            ("repository_url", "repositoryUri"),
            (
                "image_tag_mutability_exclusion_filter",
                "imageTagMutabilityExclusionFilters",
            ),
        ])
        .local(&["force_delete"])
        .create(op("CreateRepository"))
        .id("{name}")
        .read(
            op("DescribeRepositories")
                .set("repositoryNames", "{id}")
                .at("repositories.0"),
        )
        .update(
            op("PutImageTagMutability")
                .only(&[
                    "image_tag_mutability",
                    "image_tag_mutability_exclusion_filter",
                ])
                .set("repositoryName", "{id}"),
        )
        .update(
            op("PutImageScanningConfiguration")
                .only(&["image_scanning_configuration"])
                .set("repositoryName", "{id}"),
        )
        .delete(
            op("DeleteRepository")
                .set("repositoryName", "{id}")
                .set("force", "{force_delete}"),
        )
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "resourceArn",
            "{arn}",
        )
        .quiet(&["image_scanning_configuration", "encryption_configuration"])
}

fn repository_policy() -> Table {
    let put = || {
        op("SetRepositoryPolicy")
            .bare()
            .set("repositoryName", "{repository}")
            .set("policyText", "{policy}")
    };
    Table::new("aws_ecr_repository_policy", "ecr")
        .names(&[("repository", "repositoryName"), ("policy", "policyText")])
        .create(put())
        .id("{repository}")
        .read(op("GetRepositoryPolicy").set("repositoryName", "{id}"))
        .update(put())
        .delete(op("DeleteRepositoryPolicy").set("repositoryName", "{id}"))
        .not_found(&[
            "RepositoryPolicyNotFoundException",
            "RepositoryNotFoundException",
        ])
}

fn lifecycle_policy() -> Table {
    let put = || {
        op("PutLifecyclePolicy")
            .bare()
            .set("repositoryName", "{repository}")
            .set("lifecyclePolicyText", "{policy}")
    };
    Table::new("aws_ecr_lifecycle_policy", "ecr")
        .names(&[
            ("repository", "repositoryName"),
            ("policy", "lifecyclePolicyText"),
        ])
        .create(put())
        .id("{repository}")
        .read(op("GetLifecyclePolicy").set("repositoryName", "{id}"))
        .update(put())
        .delete(op("DeleteLifecyclePolicy").set("repositoryName", "{id}"))
        .not_found(&[
            "LifecyclePolicyNotFoundException",
            "RepositoryNotFoundException",
        ])
}

fn cluster() -> Table {
    Table::new("aws_ecs_cluster", "ecs")
        .noun("cluster")
        .names(&[("setting", "settings")])
        .create(op("CreateCluster").only(&[
            "name",
            "configuration",
            "service_connect_defaults",
            "setting",
        ]))
        .id_out("cluster.clusterArn")
        .import("{name}")
        .read(
            op("DescribeClusters")
                .set("clusters", "{id}")
                .set("include.0", "TAGS")
                .set("include.1", "SETTINGS")
                .set("include.2", "CONFIGURATIONS")
                .at("clusters.0"),
        )
        .update(
            op("UpdateCluster")
                .only(&["configuration", "service_connect_defaults", "setting"])
                .set("cluster", "{id}"),
        )
        .delete(op("DeleteCluster").set("cluster", "{id}"))
        .gone_when("status", &["INACTIVE"])
        .tag_calls("", ("TagResource", "UntagResource"), "resourceArn", "{id}")
        .not_found(&["ClusterNotFoundException"])
        .found(|_, found| args::with(&found, "id", args::get(&found, "arn")))
}
