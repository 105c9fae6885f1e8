//! Cognito: pools of users, their clients, domains and groups; pools of identities.

use super::Family;
use crate::json;
use crate::run::{Run, all_tags, same_at};
use crate::table::{Cut, Hooks, Phase, Table, Tags, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Type, Value};

pub(super) const TYPES: Family = &[
    ("aws_cognito_user_pool", user_pool),
    ("aws_cognito_user_pool_client", user_pool_client),
    ("aws_cognito_user_pool_domain", user_pool_domain),
    ("aws_cognito_user_group", user_group),
    ("aws_cognito_identity_provider", identity_provider),
    ("aws_cognito_resource_server", resource_server),
    ("aws_cognito_identity_pool", identity_pool),
    (
        "aws_cognito_identity_pool_roles_attachment",
        roles_attachment,
    ),
];

/// Of one error only: others take no retry.
const ROLES: &[(&str, &str)] = &[
    (
        "InvalidSmsRoleTrustRelationshipException",
        "Role does not have a trust relationship allowing Cognito to assume the role",
    ),
    (
        "InvalidSmsRoleAccessPolicyException",
        "Role does not have permission to publish with SNS",
    ),
];

fn user_pool() -> Table {
    let table = Table::new("aws_cognito_user_pool", "cognito-idp")
        .names(&[
            ("email_configuration.from_email_address", "From"),
            ("name", "PoolName"),
            ("password_policy", "Policies.PasswordPolicy"),
            ("schema", "Schema"),
            ("sign_in_policy", "Policies.SignInPolicy"),
            ("endpoint", ""),
        ])
        .unsupported(&["email_mfa_configuration", "web_authn_configuration"])
        .by_function(&["mfa_configuration", "software_token_mfa_configuration"])
        .replaced_by(&["schema"])
        .quiet(&["account_recovery_setting", "email_configuration"])
        .create(op("CreateUserPool").except(&["mfa_configuration"]))
        .id_out("UserPool.Id")
        .read(
            op("DescribeUserPool")
                .set("UserPoolId", "{id}")
                .at("UserPool"),
        )
        .answer(|_, found| {
            // What is configured of nothing is not configured.
            if let Some(members) = found.as_object_mut() {
                members.retain(|name, value| {
                    !(matches!(
                        name.as_str(),
                        "LambdaConfig" | "UserPoolAddOns" | "DeviceConfiguration"
                    ) && value == &json!({}))
                });
                members.remove("SchemaAttributes");
                members
                    .entry("DeletionProtection")
                    .or_insert_with(|| "INACTIVE".into());
                members
                    .entry("MfaConfiguration")
                    .or_insert_with(|| "OFF".into());
            }
        })
        .update(
            op("UpdateUserPool")
                .except(&["mfa_configuration", "schema"])
                .set("UserPoolId", "{id}")
                .clear("lambda_config", "LambdaConfig", "{}"),
        )
        .recomputed("last_modified_date", &[])
        .delete(op("DeleteUserPool").set("UserPoolId", "{id}"))
        .derive("endpoint", "cognito-idp.{region}.{suffix}/{id}", Cut::Whole)
        .tags(Tags::Hook)
        .hooks(UserPool);
    ROLES.iter().fold(table, |table, (code, message)| {
        table.retry(&[Phase::Create, Phase::Update], code, message, 120)
    })
}

/// Tags have a name of their own; the second factor is set by a call of its own.
#[derive(Debug)]
struct UserPool;

async fn put_factor(run: &Run<'_>, object: &Value) -> Answered<()> {
    let mut input = json!({
        "UserPoolId": run.text("{id}", object),
        "MfaConfiguration": run.text("{mfa_configuration}", object),
    });
    let blocks = args::get(object, "software_token_mfa_configuration");
    if let Some(block) = blocks.children().first() {
        let on = args::bool(block, "enabled") == Some(true);
        json::put(
            &mut input,
            "SoftwareTokenMfaConfiguration.Enabled",
            on.into(),
        );
    }
    let blocks = args::get(object, "sms_configuration");
    let off = run.text("{mfa_configuration}", object) == "OFF";
    if let (Some(block), false) = (blocks.children().first(), off) {
        let mut sms = json!({});
        for (name, member) in [
            ("external_id", "ExternalId"),
            ("sns_caller_arn", "SnsCallerArn"),
            ("sns_region", "SnsRegion"),
        ] {
            if let Some(text) = args::string(block, name).filter(|text| !text.is_empty()) {
                json::put(&mut sms, member, text.into());
            }
        }
        json::put(&mut input, "SmsMfaConfiguration.SmsConfiguration", sms);
    }
    run.ask("SetUserPoolMfaConfig", input).await.map(drop)
}

#[async_trait]
impl Hooks for UserPool {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let operation = run.operation("cognito-idp", "CreateUserPool")?;
        let Some(step) = &run.table.create else {
            return Ok(None);
        };
        let mut input = run.input(step, &operation, planned);
        let tags = all_tags(planned);
        if !tags.is_empty() {
            json::put(&mut input, "UserPoolTags", json!(tags));
        }
        let answer = run.ask("CreateUserPool", input).await?;
        let id = json::text_at(&answer, "UserPool.Id").unwrap_or_default();
        Ok(Some((id, planned.clone())))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let off = run.text("{mfa_configuration}", object) == "OFF";
        let token = args::get(object, "software_token_mfa_configuration");
        if off && token.children().is_empty() {
            return Ok(());
        }
        put_factor(run, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let names = ["mfa_configuration", "software_token_mfa_configuration"];
        if !names.iter().all(|name| same_at(prior, planned, name)) {
            put_factor(run, planned).await?;
        }
        let (before, after) = (all_tags(prior), all_tags(planned));
        let arn = run.text("{arn}", prior);
        let gone: Vec<&String> = before
            .keys()
            .filter(|key| !after.contains_key(*key))
            .collect();
        if !gone.is_empty() {
            let input = json!({"ResourceArn": arn, "TagKeys": gone});
            run.ask("UntagResource", input).await?;
        }
        if after
            .iter()
            .any(|(key, value)| before.get(key) != Some(value))
        {
            let input = json!({"ResourceArn": arn, "Tags": after});
            run.ask("TagResource", input).await?;
        }
        Ok(())
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let tags = crate::read::entries(raw.get("UserPoolTags").unwrap_or(&Json::Null));
        let tags = tags
            .into_iter()
            .map(|(key, value)| (key, json::text(value)));
        let object = run.put_found_tags(&object, prior, tags.collect());
        let name = "software_token_mfa_configuration";
        if args::get(prior, name).children().is_empty() && !args::get(prior, name).is_null() {
            return Ok(object);
        }
        let input = json!({"UserPoolId": run.text("{id}", &object)});
        let answer = run.ask("GetUserPoolMfaConfig", input).await?;
        let on =
            json::get(&answer, "SoftwareTokenMfaConfiguration.Enabled").and_then(Json::as_bool);
        let Some(nested) = run.schema.block.blocks.get(name) else {
            return Ok(object);
        };
        let items = on.map(|on| Value::object(vec![("enabled", Value::bool(on))]));
        let element = nested.block.implied_type().clone();
        let list = Value::list(element, items.into_iter().collect());
        Ok(args::with(&object, name, list))
    }
}

fn user_pool_client() -> Table {
    Table::new("aws_cognito_user_pool_client", "cognito-idp")
        .names(&[("name", "ClientName")])
        .create(op("CreateUserPoolClient").at("UserPoolClient"))
        .id_out("UserPoolClient.ClientId")
        .import("{user_pool_id}/{id}")
        .read(
            op("DescribeUserPoolClient")
                .set("UserPoolId", "{user_pool_id}")
                .set("ClientId", "{id}")
                .at("UserPoolClient"),
        )
        .update(op("UpdateUserPoolClient").set("ClientId", "{id}"))
        .delete(
            op("DeleteUserPoolClient")
                .set("UserPoolId", "{user_pool_id}")
                .set("ClientId", "{id}"),
        )
        .retry(
            &[Phase::Create, Phase::Update, Phase::Delete],
            "ConcurrentModificationException",
            "",
            120,
        )
}

fn user_pool_domain() -> Table {
    Table::new("aws_cognito_user_pool_domain", "cognito-idp")
        .names(&[
            ("certificate_arn", "CustomDomainConfig.CertificateArn"),
            ("cloudfront_distribution_arn", "CloudFrontDistribution"),
        ])
        .create(op("CreateUserPoolDomain"))
        .id("{domain}")
        .read(
            op("DescribeUserPoolDomain")
                .set("Domain", "{domain}")
                .at("DomainDescription"),
        )
        .answer(|_, found| {
            // A domain that is not there is described by nothing.
            let there = json::text_at(found, "UserPoolId").is_some_and(|id| !id.is_empty());
            json::put(found, "(there)", there.into());
            if json::text_at(found, "CustomDomainConfig.CertificateArn").is_none()
                && let Some(members) = found.as_object_mut()
            {
                members.remove("CustomDomainConfig");
            }
        })
        .gone_when("(there)", &["false"])
        .update(op("UpdateUserPoolDomain"))
        .delete(
            op("DeleteUserPoolDomain")
                .set("Domain", "{domain}")
                .set("UserPoolId", "{user_pool_id}"),
        )
        .wait(
            &[Phase::Create],
            "Status",
            &["ACTIVE"],
            &["CREATING", "UPDATING"],
        )
        .wait(&[Phase::Update], "Status", &["ACTIVE"], &["UPDATING"])
        .wait(&[Phase::Delete], "Status", &[], &[])
        // All distributions are in this zone.
        .found(|_, found, _| {
            let zone = Value::string("Z2FDTNDATAQYW2");
            args::with(&found, "cloudfront_distribution_zone_id", zone)
        })
}

fn user_group() -> Table {
    Table::new("aws_cognito_user_group", "cognito-idp")
        .noun("Group")
        .create(op("CreateGroup"))
        .id("{user_pool_id}/{name}")
        .read(
            op("GetGroup")
                .set("GroupName", "{name}")
                .set("UserPoolId", "{user_pool_id}")
                .at("Group"),
        )
        .update(op("UpdateGroup"))
        .delete(
            op("DeleteGroup")
                .set("GroupName", "{name}")
                .set("UserPoolId", "{user_pool_id}"),
        )
}

fn identity_provider() -> Table {
    Table::new("aws_cognito_identity_provider", "cognito-idp")
        .create(op("CreateIdentityProvider"))
        .id("{user_pool_id}:{provider_name}")
        .read(
            op("DescribeIdentityProvider")
                .set("UserPoolId", "{user_pool_id}")
                .set("ProviderName", "{provider_name}")
                .at("IdentityProvider"),
        )
        .update(op("UpdateIdentityProvider"))
        .delete(
            op("DeleteIdentityProvider")
                .set("UserPoolId", "{user_pool_id}")
                .set("ProviderName", "{provider_name}"),
        )
}

fn resource_server() -> Table {
    Table::new("aws_cognito_resource_server", "cognito-idp")
        .names(&[("scope", "Scopes")])
        .create(op("CreateResourceServer"))
        .id("{user_pool_id}|{identifier}")
        .read(
            op("DescribeResourceServer")
                .set("UserPoolId", "{user_pool_id}")
                .set("Identifier", "{identifier}")
                .at("ResourceServer"),
        )
        .recomputed("scope_identifiers", &["scope"])
        .update(op("UpdateResourceServer"))
        .delete(
            op("DeleteResourceServer")
                .set("UserPoolId", "{user_pool_id}")
                .set("Identifier", "{identifier}"),
        )
        .found(|_, found, raw| {
            let server = args::string(&found, "identifier").unwrap_or_default();
            let scopes = raw.get("Scopes").and_then(Json::as_array);
            let names = scopes.into_iter().flatten().map(|scope| {
                let name = json::text_at(scope, "ScopeName").unwrap_or_default();
                Value::string(format!("{server}/{name}"))
            });
            let names = Value::list(Type::String, names.collect());
            args::with(&found, "scope_identifiers", names)
        })
}

fn identity_pool() -> Table {
    Table::new("aws_cognito_identity_pool", "cognito-identity")
        .create(op("CreateIdentityPool"))
        .id_out("IdentityPoolId")
        .arn("arn:{partition}:cognito-identity:{region}:{account}:identitypool/{id}")
        .read(op("DescribeIdentityPool").set("IdentityPoolId", "{id}"))
        .update(op("UpdateIdentityPool").set("IdentityPoolId", "{id}"))
        .delete(op("DeleteIdentityPool").set("IdentityPoolId", "{id}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceArn",
            "{arn}",
        )
        .lazy_tags()
        .not_found(&["ResourceNotFoundException"])
}

fn roles_attachment() -> Table {
    let put = || op("SetIdentityPoolRoles").except(&["role_mapping"]);
    Table::new(
        "aws_cognito_identity_pool_roles_attachment",
        "cognito-identity",
    )
    .unsupported(&["role_mapping"])
    .create(put())
    .id("{identity_pool_id}")
    .read(op("GetIdentityPoolRoles").set("IdentityPoolId", "{identity_pool_id}"))
    .update(put())
    .not_found(&["ResourceNotFoundException"])
    .hooks(NoRoles)
}

/// Roles are not removed: none are put in their place.
#[derive(Debug)]
struct NoRoles;

#[async_trait]
impl Hooks for NoRoles {
    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let input = json!({"IdentityPoolId": run.text("{identity_pool_id}", object), "Roles": {}});
        let none = ["ResourceNotFoundException"];
        run.ask_unless("SetIdentityPoolRoles", input, &none).await?;
        Ok(true)
    }
}
