//! Parameters and secrets.

use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, When, op};
use async_trait::async_trait;
use serde_json::json;
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn parameter() -> Table {
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
        .bulk_by(
            op("GetParameters")
                .set("Names", "{id}")
                .set("WithDecryption", "true")
                .at("Parameters"),
            "Name",
            10,
        )
        .read(
            op("DescribeParameters")
                .set("ParameterFilters.0.Key", "Name")
                .set("ParameterFilters.0.Option", "Equals")
                .set("ParameterFilters.0.Values", "{id}")
                .at("Parameters.0"),
        )
        .found(|_, found, _| {
            let written = |name: &str| args::is_set(&found, name);
            let mut changes = vec![("has_value_wo", Value::bool(written("value_wo_version")))];
            if written("value_wo_version") {
                changes.push(("value", Value::string("")));
            } else if written("insecure_value")
                || args::string(&found, "type") != Some("SecureString")
            {
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
        .hooks(Overwritten)
}

/// What is overwritten takes no tags with it: they are added.
#[derive(Debug)]
struct Overwritten;

#[async_trait]
impl Hooks for Overwritten {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        if args::bool(object, "overwrite") != Some(true) {
            return Ok(());
        }
        let none = std::collections::BTreeMap::new();
        run.change_tags(object, &none, &crate::run::all_tags(object))
            .await
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn secret() -> Table {
    Table::new("aws_secretsmanager_secret", "secretsmanager")
        .names(&[
            ("arn", "ARN"),
            ("policy", ""),
            ("replica", "AddReplicaRegions"),
            ("replica", "ReplicationStatus"),
        ])
        .local(&[
            "name_prefix",
            "recovery_window_in_days",
            "force_overwrite_replica_secret",
        ])
        .by_function(&["replica"])
        .create(
            op("CreateSecret")
                .only(&["name", "description", "kms_key_id", "replica"])
                .set(
                    "ForceOverwriteReplicaSecret",
                    "{force_overwrite_replica_secret}",
                ),
        )
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
        .hooks(super::replicas::Replicas)
}

pub(super) fn secret_version() -> Table {
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
        .by_function(&["secret_string", "secret_binary", "version_stages"])
        .recomputed("version_id", NEW_VERSION)
        .recomputed("version_stages", NEW_VERSION)
        .recomputed("id", NEW_VERSION)
        .id_out("VersionId")
        .found(|_, found, _| {
            let written = args::is_set(&found, "secret_string_wo_version");
            let mut changes = vec![("has_secret_string_wo", Value::bool(written))];
            if written {
                changes.push(("secret_string", Value::string("")));
            }
            args::with_all(&found, changes)
        })
        .hooks(SecretVersion)
}

/// What makes another version.
const NEW_VERSION: &[&str] = &["secret_string", "secret_binary", "secret_string_wo_version"];

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
        if NEW_VERSION
            .iter()
            .any(|name| !same_at(prior, planned, name))
        {
            put_version(run, planned).await?;
            return Ok(());
        }
        let stages = |object: &Value| args::strings(object, "version_stages").unwrap_or_default();
        let (before, after) = (stages(prior), stages(planned));
        if before == after || after.is_empty() {
            return Ok(());
        }
        let (secret, version) = (
            run.text("{secret_id}", prior),
            run.text("{version_id}", prior),
        );
        // A stage that is taken from another version has to name it.
        let all = run
            .ask("DescribeSecret", json!({"SecretId": secret}))
            .await?;
        let holder = |stage: &str| {
            let versions = all.get("VersionIdsToStages")?.as_object()?;
            let holds = |stages: &serde_json::Value| {
                stages
                    .as_array()
                    .is_some_and(|stages| stages.contains(&json!(stage)))
            };
            let found = versions.iter().find(|(_, stages)| holds(stages))?;
            Some(found.0.clone())
        };
        for stage in after.iter().filter(|stage| !before.contains(stage)) {
            let mut input = json!({"SecretId": secret, "VersionStage": stage.as_str(), "MoveToVersionId": version});
            if let Some(other) = holder(stage) {
                json::put(&mut input, "RemoveFromVersionId", other.into());
            }
            run.ask("UpdateSecretVersionStage", input).await?;
        }
        // The current version is another one only when that is made the current one.
        let gone =
            |stage: &&terrane_value::EcoString| !after.contains(stage) && *stage != "AWSCURRENT";
        for stage in before.iter().filter(gone) {
            let input = json!({"SecretId": secret, "VersionStage": stage.as_str(), "RemoveFromVersionId": version});
            run.ask("UpdateSecretVersionStage", input).await?;
        }
        Ok(())
    }

    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let (id, secret) = (run.text("{id}", object), run.text("{secret_id}", object));
        // While a new version is being made, only the secret is known.
        let (secret, version) = match id.rsplit_once('|') {
            Some(known) => known,
            None if !secret.is_empty() => (secret.as_str(), ""),
            None => return Ok(Some(None)),
        };
        let mut input = json!({"SecretId": secret, "VersionId": version});
        // After a change of its value, the version is another one: the current one, or the one with its stages.
        let another = run.phase == Phase::Update
            && NEW_VERSION
                .iter()
                .any(|name| !same_at(&run.prior, object, name));
        if another {
            let stages = args::strings(object, "version_stages").unwrap_or_default();
            input = json!({"SecretId": secret});
            if let Some(stage) = stages.first() {
                json::put(&mut input, "VersionStage", stage.as_str().into());
            }
        }
        let found = match run.call("secretsmanager", "GetSecretValue", input).await {
            Ok(found) => found,
            Err(error) if run.is_not_found(&error) => return Ok(Some(None)),
            Err(error) => return Err(crate::cx::refusal(&error, &run.what(object))),
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
        let id = format!("{secret}|{}", text("VersionId"));
        let mut changes = vec![
            ("id", Value::string(id)),
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
        let bytes = text("SecretBinary");
        if !bytes.is_empty() {
            changes.push(("secret_binary", Value::string(bytes)));
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

pub(super) fn secret_policy() -> Table {
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
