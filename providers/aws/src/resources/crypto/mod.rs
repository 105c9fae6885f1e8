//! KMS beside keys and their names: replicas, keys whose material comes from outside, grants, policies, what is encrypted.

use super::Family;
use super::operations::some_key;
use crate::cx::refusal;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use base64::Engine as _;
use material::import_material;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

mod material;

pub(super) const TYPES: Family = &[
    ("aws_kms_replica_key", replica_key),
    ("aws_kms_external_key", external_key),
    ("aws_kms_replica_external_key", replica_external_key),
    ("aws_kms_grant", grant),
    ("aws_kms_ciphertext", ciphertext),
    ("aws_kms_key_policy", key_policy),
];

fn replica_key() -> Table {
    some_key(Table::new("aws_kms_replica_key", "kms"))
        .names(&[("key_rotation_enabled", "KeyRotationEnabled")])
        .by_function(&["enabled"])
        .read(
            op("GetKeyRotationStatus")
                .set("KeyId", "{id}")
                .only(&["key_rotation_enabled"])
                .none_when(&["UnsupportedOperationException"]),
        )
        .at_first(&["primary_key_arn"])
        .create(op("ReplicateKey").only(&["description", "policy"]))
        .input(|_, _, _| ())
        .id_out("ReplicaKeyMetadata.KeyId")
        .wait(&[Phase::Create], "KeyState", &["Enabled"], &["Creating"])
        .hooks(Replica)
}

/// A key whose material comes from outside: it works once that is there.
fn of_others(name: &'static str) -> Table {
    some_key(Table::new(name, "kms"))
        .by_function(&["enabled", "valid_to"])
        .local(&["key_material_base64"])
        // What an import of material waits for; others do not.
        .wait(
            &[Phase::Read],
            "KeyState",
            &["Enabled", "Disabled"],
            &["PendingImport", "Creating", "Updating"],
        )
        .answer(|operation, found| {
            // A day that no longer counts is none.
            if operation == "DescribeKey"
                && json::text_at(found, "ExpirationModel").as_deref()
                    != Some("KEY_MATERIAL_EXPIRES")
                && let Some(members) = found.as_object_mut()
            {
                members.remove("ValidTo");
            }
        })
}

fn external_key() -> Table {
    of_others("aws_kms_external_key")
        .create(
            op("CreateKey")
                .only(&[
                    "description",
                    "key_spec",
                    "key_usage",
                    "multi_region",
                    "policy",
                ])
                .set("Origin", "EXTERNAL")
                .set(
                    "BypassPolicyLockoutSafetyCheck",
                    "{bypass_policy_lockout_safety_check}",
                ),
        )
        .id_out("KeyMetadata.KeyId")
        .hooks(External)
}

fn replica_external_key() -> Table {
    of_others("aws_kms_replica_external_key")
        .at_first(&["primary_key_arn"])
        .create(op("ReplicateKey").only(&["description", "policy"]))
        .input(|_, _, _| ())
        .id_out("ReplicaKeyMetadata.KeyId")
        .wait(
            &[Phase::Create],
            "KeyState",
            &["PendingImport", "Enabled", "Disabled"],
            &["Creating"],
        )
        .hooks(Replica)
}

/// Switches a key on or off.
async fn switch(run: &Run<'_>, object: &Value, on: bool) -> Answered<()> {
    let operation = if on { "EnableKey" } else { "DisableKey" };
    let input = json!({"KeyId": run.text("{id}", object)});
    run.ask(operation, input).await.map(drop)
}

/// A key is switched on before anything else, and off after it. While it has no material, it is neither.
async fn switched(run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
    let change = args::bool(planned, "enabled").filter(|_| !same_at(prior, planned, "enabled"));
    let pending = args::string(prior, "key_state") == Some("PendingImport");
    if change == Some(true) && !pending {
        switch(run, planned, true).await?;
    }
    if !same_at(prior, planned, "valid_to") {
        import_material(run, planned).await?;
    }
    if change == Some(false) && !pending {
        switch(run, planned, false).await?;
    }
    Ok(())
}

/// What is done with a key that was just made.
async fn made(run: &Run<'_>, object: &Value) -> Answered<()> {
    import_material(run, object).await?;
    if args::bool(object, "enabled") == Some(false) {
        return switch(run, object, false).await;
    }
    Ok(())
}

#[derive(Debug)]
struct External;

#[async_trait]
impl Hooks for External {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        made(run, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        switched(run, prior, planned).await
    }
}

/// A replica is asked for where the primary key is.
#[derive(Debug)]
struct Replica;

#[async_trait]
impl Hooks for Replica {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        // arn:aws:kms:REGION:ACCOUNT:key/ID
        let primary = run.text("{primary_key_arn}", planned);
        let region = primary.split(':').nth(3).unwrap_or_default().to_owned();
        let id = primary.rsplit('/').next().unwrap_or_default();
        let mut input = json!({"KeyId": id, "ReplicaRegion": run.region});
        for (name, member) in [("description", "Description"), ("policy", "Policy")] {
            if let Some(text) = args::string(planned, name).filter(|text| !text.is_empty()) {
                json::put(&mut input, member, text.into());
            }
        }
        if args::bool(planned, "bypass_policy_lockout_safety_check") == Some(true) {
            json::put(&mut input, "BypassPolicyLockoutSafetyCheck", true.into());
        }
        let operation = run.operation("kms", "ReplicateKey")?;
        run.put_tags(&operation.input, &crate::run::all_tags(planned), &mut input);
        let answer = run.cx.call("kms", "ReplicateKey", &region, input).await;
        let answer = answer.map_err(|error| refusal(&error, &run.what(planned)))?;
        let id = json::text_at(&answer, "ReplicaKeyMetadata.KeyId").unwrap_or_default();
        Ok(Some((id, planned.clone())))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        made(run, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        switched(run, prior, planned).await
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        if !args::get(&object, "primary_key_arn").is_null() {
            return Ok(object);
        }
        let input = json!({"KeyId": run.text("{id}", &object)});
        let answer = run.ask("DescribeKey", input).await?;
        let path = "KeyMetadata.MultiRegionConfiguration.PrimaryKey.Arn";
        let primary = json::text_at(&answer, path).unwrap_or_default();
        Ok(args::with(
            &object,
            "primary_key_arn",
            Value::string(primary),
        ))
    }
}

fn grant() -> Table {
    Table::new("aws_kms_grant", "kms")
        .names(&[("grant_creation_tokens", "GrantTokens"), ("key_id", "")])
        .local(&["retire_on_delete"])
        .create(op("CreateGrant").set("KeyId", "{key_id}"))
        .id_out("GrantId")
        .read(
            op("ListGrants")
                .set("KeyId", "{key_id}")
                .set("GrantId", "{grant_id}")
                .at("Grants[GrantId={grant_id}]"),
        )
        .delete(
            op("RevokeGrant")
                .set("KeyId", "{key_id}")
                .set("GrantId", "{grant_id}"),
        )
        .retry(&[Phase::Create], "DependencyTimeoutException", "", 120)
        .retry(&[Phase::Create], "KMSInternalException", "", 120)
        .retry(&[Phase::Create], "InvalidArnException", "", 120)
        .found(|run, found, _| {
            let id = run.text("{key_id}:{grant_id}", &found);
            args::with(&found, "id", Value::string(id))
        })
        .hooks(Grant)
}

#[derive(Debug)]
struct Grant;

#[async_trait]
impl Hooks for Grant {
    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if args::bool(object, "retire_on_delete") != Some(true) {
            return Ok(false);
        }
        let input = json!({
            "KeyId": run.text("{key_id}", object),
            "GrantId": run.text("{grant_id}", object),
        });
        let gone = ["NotFoundException", "InvalidGrantIdException"];
        run.ask_unless("RetireGrant", input, &gone).await?;
        Ok(true)
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (key, grant) = id.rsplit_once(':')?;
        Some(vec![
            ("key_id", key.to_owned()),
            ("grant_id", grant.to_owned()),
        ])
    }
}

fn ciphertext() -> Table {
    Table::new("aws_kms_ciphertext", "kms")
        .names(&[("context", "EncryptionContext")])
        .create(op("Encrypt").set("KeyId", "{key_id}"))
        .input(|_, input, object| {
            if let Some(text) = args::string(object, "plaintext_wo").filter(|text| !text.is_empty())
            {
                let packed = base64::engine::general_purpose::STANDARD.encode(text);
                json::put(input, "Plaintext", packed.into());
            }
        })
        .id_out("CiphertextBlob")
}

fn key_policy() -> Table {
    let put = || op("PutKeyPolicy").set("PolicyName", "default");
    Table::new("aws_kms_key_policy", "kms")
        .create(put())
        .id("{key_id}")
        .read(
            op("GetKeyPolicy")
                .set("KeyId", "{key_id}")
                .set("PolicyName", "default"),
        )
        .update(put())
        .retry(
            &[Phase::Create, Phase::Update],
            "MalformedPolicyDocumentException",
            "",
            120,
        )
        .hooks(KeyPolicy)
}

/// A key has a policy always: without one of its own, the one that lets its account decide.
#[derive(Debug)]
struct KeyPolicy;

#[async_trait]
impl Hooks for KeyPolicy {
    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let account = &run.cx.caller().await?.account;
        let root = format!(
            "arn:{}:iam::{account}:root",
            crate::cx::partition(&run.region)
        );
        let policy = json!({
            "Id": "default",
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": root},
                "Action": "kms:*",
                "Resource": "*",
            }],
        });
        let input = json!({
            "KeyId": run.text("{key_id}", object),
            "PolicyName": "default",
            "Policy": policy.to_string(),
        });
        run.ask_unless("PutKeyPolicy", input, &["NotFoundException"])
            .await?;
        Ok(true)
    }
}
