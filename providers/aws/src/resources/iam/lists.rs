//! What hangs on roles, policies and profiles.

use crate::json;
use crate::run::Run;
use crate::table::Hooks;
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Type, Value};

/// The texts at a path of every element of a list.
fn all(answer: &Json, list: &str, path: &str) -> Vec<String> {
    json::get(answer, list)
        .and_then(Json::as_array)
        .map(|items| {
            items
                .iter()
                .filter_map(|item| {
                    if path.is_empty() {
                        Some(json::text(item))
                    } else {
                        json::text_at(item, path)
                    }
                })
                .collect()
        })
        .unwrap_or_default()
}

/// A role lists its policies, and can take them with it.
#[derive(Debug)]
pub(super) struct Role;

/// Names and documents of the policies within a role.
async fn inline(run: &Run<'_>, role: &str) -> Answered<Vec<(String, String)>> {
    let names = all(
        &run.ask("ListRolePolicies", json!({"RoleName": role}))
            .await?,
        "PolicyNames",
        "",
    );
    let mut policies = Vec::new();
    for name in names {
        let mut answer = run
            .ask(
                "GetRolePolicy",
                json!({"RoleName": role, "PolicyName": name}),
            )
            .await?;
        super::decoded(&mut answer, "PolicyDocument");
        policies.push((
            name,
            json::text_at(&answer, "PolicyDocument").unwrap_or_default(),
        ));
    }
    Ok(policies)
}

async fn attached(run: &Run<'_>, role: &str) -> Answered<Vec<String>> {
    let answer = run
        .ask("ListAttachedRolePolicies", json!({"RoleName": role}))
        .await?;
    Ok(all(&answer, "AttachedPolicies", "PolicyArn"))
}

#[async_trait]
impl Hooks for Role {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        self.update(run, &Value::NULL, object).await
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let role = run.text("{id}", &object);
        let arns: Vec<Value> = attached(run, &role)
            .await?
            .into_iter()
            .map(Value::string)
            .collect();
        let Some(block) = run.schema.block.blocks.get("inline_policy") else {
            return Ok(object);
        };
        let before = args::get(&object, "inline_policy");
        let policies = inline(run, &role).await?;
        let policies = policies.into_iter().map(|(name, policy)| {
            let known = before
                .children()
                .iter()
                .find(|item| args::string(item, "name") == Some(&name));
            let policy = match known.and_then(|item| args::string(item, "policy")) {
                Some(known) if crate::same::same_policy(known, &policy) => known.to_owned(),
                _ => policy,
            };
            Value::object([
                ("name", Value::string(name)),
                ("policy", Value::string(policy)),
            ])
        });
        let element = block.block.implied_type().clone();
        let policies = Value::set(element, policies.collect());
        Ok(args::with_all(
            &object,
            [
                ("managed_policy_arns", Value::set(Type::String, arns)),
                ("inline_policy", policies),
            ],
        ))
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let role = run.text("{name}", planned);
        let strings =
            |object: &Value| args::strings(object, "managed_policy_arns").unwrap_or_default();
        let (before, after) = (strings(prior), strings(planned));
        for arn in after.iter().filter(|arn| !before.contains(arn)) {
            run.ask(
                "AttachRolePolicy",
                json!({"RoleName": role, "PolicyArn": arn.as_str()}),
            )
            .await?;
        }
        for arn in before
            .iter()
            .filter(|arn| !after.contains(arn) && args::is_set(planned, "managed_policy_arns"))
        {
            run.ask(
                "DetachRolePolicy",
                json!({"RoleName": role, "PolicyArn": arn.as_str()}),
            )
            .await?;
        }
        let (before, after) = (
            args::get(prior, "inline_policy"),
            args::get(planned, "inline_policy"),
        );
        if !after.is_known() {
            return Ok(());
        }
        for policy in after
            .children()
            .iter()
            .filter(|policy| !before.children().contains(policy))
        {
            let (name, document) = (args::string(policy, "name"), args::string(policy, "policy"));
            if let (Some(name), Some(document)) = (name, document) {
                let input =
                    json!({"RoleName": role, "PolicyName": name, "PolicyDocument": document});
                run.ask("PutRolePolicy", input).await?;
            }
        }
        for policy in before.children() {
            let name = args::string(policy, "name").unwrap_or_default();
            let stays = after
                .children()
                .iter()
                .any(|policy| args::string(policy, "name") == Some(name));
            if !stays {
                run.ask(
                    "DeleteRolePolicy",
                    json!({"RoleName": role, "PolicyName": name}),
                )
                .await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let role = run.text("{id}", object);
        let input = json!({"RoleName": role});
        let Some(profiles) = run
            .ask_unless("ListInstanceProfilesForRole", input, &["NoSuchEntity"])
            .await?
        else {
            return Ok(true);
        };
        for profile in all(&profiles, "InstanceProfiles", "InstanceProfileName") {
            let input = json!({"RoleName": role, "InstanceProfileName": profile});
            run.ask("RemoveRoleFromInstanceProfile", input).await?;
        }
        let force = args::bool(object, "force_detach_policies").unwrap_or(false);
        if force
            || !args::get(object, "managed_policy_arns")
                .children()
                .is_empty()
        {
            for arn in attached(run, &role).await? {
                run.ask(
                    "DetachRolePolicy",
                    json!({"RoleName": role, "PolicyArn": arn}),
                )
                .await?;
            }
        }
        if force || !args::get(object, "inline_policy").children().is_empty() {
            for (name, _) in inline(run, &role).await? {
                run.ask(
                    "DeleteRolePolicy",
                    json!({"RoleName": role, "PolicyName": name}),
                )
                .await?;
            }
        }
        Ok(false)
    }
}

/// A policy has up to five versions.
#[derive(Debug)]
pub(super) struct Policy;

#[async_trait]
impl Hooks for Policy {
    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let arn = run.text("{id}", &object);
        let policy = run.ask("GetPolicy", json!({"PolicyArn": arn})).await?;
        let version = json::text_at(&policy, "Policy.DefaultVersionId").unwrap_or_default();
        let input = json!({"PolicyArn": arn, "VersionId": version});
        let mut answer = run.ask("GetPolicyVersion", input).await?;
        if let Some(found) = answer.get_mut("PolicyVersion") {
            super::decoded(found, "Document");
        }
        let document = json::text_at(&answer, "PolicyVersion.Document").unwrap_or_default();
        let known = args::string(&object, "policy")
            .is_some_and(|known| crate::same::same_policy(known, &document));
        let object = args::with(&object, "arn", Value::string(arn));
        Ok(if known {
            object
        } else {
            args::with(&object, "policy", Value::string(document))
        })
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if crate::run::same_at(prior, planned, "policy") {
            return Ok(());
        }
        let arn = run.text("{id}", prior);
        let versions = run
            .ask("ListPolicyVersions", json!({"PolicyArn": arn}))
            .await?;
        let old: Vec<&Json> = json::get(&versions, "Versions")
            .and_then(Json::as_array)
            .map(|versions| {
                versions
                    .iter()
                    .filter(|version| version.get("IsDefaultVersion") != Some(&json!(true)))
                    .collect()
            })
            .unwrap_or_default();
        // The oldest gives way where there are five.
        if old.len() >= 4
            && let Some(oldest) = old
                .iter()
                .min_by_key(|version| json::text_at(version, "CreateDate"))
        {
            let input = json!({"PolicyArn": arn, "VersionId": json::text_at(oldest, "VersionId")});
            run.ask("DeletePolicyVersion", input).await?;
        }
        let document = run.text("{policy}", planned);
        let input = json!({"PolicyArn": arn, "PolicyDocument": document, "SetAsDefault": true});
        run.ask("CreatePolicyVersion", input).await?;
        Ok(())
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let arn = run.text("{id}", object);
        let none = &["NoSuchEntity"];
        let versions = run
            .ask_unless("ListPolicyVersions", json!({"PolicyArn": arn}), none)
            .await?;
        let versions = versions.unwrap_or_default();
        for version in json::get(&versions, "Versions")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
        {
            if version.get("IsDefaultVersion") != Some(&json!(true)) {
                let input =
                    json!({"PolicyArn": arn, "VersionId": json::text_at(version, "VersionId")});
                run.ask_unless("DeletePolicyVersion", input, none).await?;
            }
        }
        run.ask_unless("DeletePolicy", json!({"PolicyArn": arn}), none)
            .await?;
        Ok(true)
    }
}

/// A profile holds one role.
#[derive(Debug)]
pub(super) struct Profile;

#[async_trait]
impl Hooks for Profile {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        self.update(run, &Value::NULL, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let name = run.text("{id}", planned);
        let role = |object: &Value| {
            args::string(object, "role")
                .filter(|role| !role.is_empty())
                .map(str::to_owned)
        };
        let (before, after) = (role(prior), role(planned));
        if before == after {
            return Ok(());
        }
        if let Some(role) = before {
            run.ask(
                "RemoveRoleFromInstanceProfile",
                json!({"InstanceProfileName": name, "RoleName": role}),
            )
            .await?;
        }
        if let Some(role) = after {
            run.ask(
                "AddRoleToInstanceProfile",
                json!({"InstanceProfileName": name, "RoleName": role}),
            )
            .await?;
        }
        Ok(())
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let name = run.text("{id}", object);
        if let Some(role) = args::string(object, "role").filter(|role| !role.is_empty()) {
            let input = json!({"InstanceProfileName": name, "RoleName": role});
            run.ask_unless("RemoveRoleFromInstanceProfile", input, &["NoSuchEntity"])
                .await?;
        }
        Ok(false)
    }
}

/// Clients of an identity provider come and go one by one.
#[derive(Debug)]
pub(super) struct Clients;

#[async_trait]
impl Hooks for Clients {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let arn = run.text("{id}", prior);
        let list = |object: &Value| args::strings(object, "client_id_list").unwrap_or_default();
        let (before, after) = (list(prior), list(planned));
        for id in after.iter().filter(|id| !before.contains(id)) {
            let input = json!({"OpenIDConnectProviderArn": arn, "ClientID": id.as_str()});
            run.ask("AddClientIDToOpenIDConnectProvider", input).await?;
        }
        for id in before.iter().filter(|id| !after.contains(id)) {
            let input = json!({"OpenIDConnectProviderArn": arn, "ClientID": id.as_str()});
            run.ask("RemoveClientIDFromOpenIDConnectProvider", input)
                .await?;
        }
        Ok(())
    }
}

/// The id is the ARN, the calls want the name.
#[derive(Debug)]
pub(super) struct ServiceLinked;

#[async_trait]
impl Hooks for ServiceLinked {
    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        // arn:aws:iam::1:role/aws-service-role/SERVICE/AWSServiceRoleForNAME_SUFFIX
        let arn = run.text("{id}", &object);
        let parts: Vec<&str> = arn.split('/').collect();
        let (Some(service), Some(name)) = (parts.get(2), parts.get(3)) else {
            return Ok(object);
        };
        let suffix = name.split_once('_').map_or("", |(_, suffix)| suffix);
        let changes = [("aws_service_name", *service), ("custom_suffix", suffix)];
        let mut object = object;
        for (name, text) in changes {
            if !(text.is_empty() && args::get(&object, name).is_null()) {
                object = args::with(&object, name, Value::string(text));
            }
        }
        Ok(object)
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let name = id.rsplit('/').next().unwrap_or_default();
        Some(vec![("name", name.to_owned())])
    }
}
