//! Keys of KMS.

use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

/// What keys of all kinds have in common: how they are read, changed, deleted.
pub(in crate::resources) fn some_key(table: Table) -> Table {
    table
        .local(&[
            "bypass_policy_lockout_safety_check",
            "deletion_window_in_days",
        ])
        .read(op("DescribeKey").set("KeyId", "{id}").at("KeyMetadata"))
        .read(
            op("GetKeyPolicy")
                .set("KeyId", "{id}")
                .set("PolicyName", "default")
                .at("Policy")
                .into("policy"),
        )
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
                .set("PolicyName", "default")
                .set(
                    "BypassPolicyLockoutSafetyCheck",
                    "{bypass_policy_lockout_safety_check}",
                ),
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
}

pub(super) fn key() -> Table {
    some_key(Table::new("aws_kms_key", "kms"))
        .names(&[
            ("is_enabled", "Enabled"),
            ("customer_master_key_spec", "KeySpec"),
            ("custom_key_store_id", "CustomKeyStoreId"),
            ("xks_key_id", "XksKeyConfiguration.Id"),
            ("xks_key_id", "XksKeyId"),
            ("enable_key_rotation", "KeyRotationEnabled"),
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
        .by_function(&[
            "is_enabled",
            "enable_key_rotation",
            "rotation_period_in_days",
        ])
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

pub(super) fn key_alias() -> Table {
    Table::new("aws_kms_alias", "kms")
        .noun("Alias")
        .recomputed("target_key_arn", &["target_key_id"])
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
    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
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
