//! Who may call a function: permissions, and addresses of its own.

use super::as_written;
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Type, Value};

pub(super) fn permission() -> Table {
    Table::new("aws_lambda_permission", "lambda")
        .local(&["statement_id_prefix"])
        .create(op("AddPermission"))
        .id("{statement_id}")
        .delete(
            op("RemovePermission")
                .set("FunctionName", "{function_name}")
                .set("StatementId", "{statement_id}")
                .set("Qualifier", "{qualifier}"),
        )
        .retry(
            &[Phase::Create],
            "ResourceConflictException",
            "in progress",
            120,
        )
        .retry(
            &[Phase::Create, Phase::Delete],
            "PreconditionFailedException",
            "",
            120,
        )
        .hooks(Permission)
}

/// A permission is a statement of the policy of its function.
#[derive(Debug)]
struct Permission;

const CONDITIONS: &[(&str, &str, &str)] = &[
    (
        "event_source_token",
        "StringEquals",
        "lambda:EventSourceToken",
    ),
    (
        "function_url_auth_type",
        "StringEquals",
        "lambda:FunctionUrlAuthType",
    ),
    ("principal_org_id", "StringEquals", "aws:PrincipalOrgID"),
    ("source_account", "StringEquals", "AWS:SourceAccount"),
    ("source_arn", "ArnLike", "AWS:SourceArn"),
];

#[async_trait]
impl Hooks for Permission {
    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let mut input = json!({"FunctionName": run.text("{function_name}", object)});
        let qualifier = run.text("{qualifier}", object);
        if !qualifier.is_empty() {
            json::put(&mut input, "Qualifier", qualifier.into());
        }
        let none = ["ResourceNotFoundException"];
        let Some(answer) = run.ask_unless("GetPolicy", input, &none).await? else {
            return Ok(Some(None));
        };
        let text = json::text_at(&answer, "Policy").unwrap_or_default();
        let policy: Json = serde_json::from_str(&text).unwrap_or_default();
        let id = run.text("{statement_id}", object);
        let statement = policy
            .get("Statement")
            .and_then(Json::as_array)
            .and_then(|all| all.iter().find(|one| one["Sid"] == id.as_str()));
        Ok(Some(statement.map(|statement| stated(object, statement))))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (function, statement) = id.rsplit_once('/')?;
        let named = function
            .rsplit_once(":function:")
            .map_or(function, |(_, name)| name);
        let (name, qualifier) = match named.split_once(':') {
            Some((_, qualifier)) => (
                function.get(..function.len() - qualifier.len() - 1)?,
                qualifier,
            ),
            None => (function, ""),
        };
        let mut parts = vec![
            ("function_name", name.to_owned()),
            ("statement_id", statement.to_owned()),
        ];
        if !qualifier.is_empty() {
            parts.push(("qualifier", qualifier.to_owned()));
        }
        Some(parts)
    }
}

/// What a statement says of a permission.
fn stated(object: &Value, statement: &Json) -> Value {
    let action = statement.get("Action").map(json::text).unwrap_or_default();
    let who = match &statement["Principal"] {
        Json::Object(kinds) => ["Service", "AWS", "Federated"]
            .iter()
            .find_map(|kind| kinds.get(*kind))
            .map(json::text)
            .unwrap_or_default(),
        other => json::text(other),
    };
    // An account is its root.
    let written = args::string(object, "principal").unwrap_or_default();
    let root = format!("::{written}:root");
    let who = if !written.is_empty() && who.ends_with(&root) {
        written.to_owned()
    } else {
        who
    };
    let mut changes = vec![
        ("action", Value::string(action)),
        ("principal", Value::string(who)),
    ];
    let condition = |operator: &str, key: &str| {
        let keys = statement.get("Condition")?.get(operator)?.as_object()?;
        let found = keys
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        Some(json::text(found.1)).filter(|text| !text.is_empty())
    };
    for (name, operator, key) in CONDITIONS {
        let found = condition(operator, key);
        changes.push((name, found.map_or(Value::null(Type::String), Value::string)));
    }
    let invoked = condition("Bool", "lambda:InvokedViaFunctionUrl");
    if let Some(invoked) = invoked {
        let invoked = Value::bool(invoked.eq_ignore_ascii_case("true"));
        changes.push(("invoked_via_function_url", invoked));
    }
    args::with_all(object, changes)
}

pub(super) fn function_url() -> Table {
    Table::new("aws_lambda_function_url", "lambda")
        .names(&[("authorization_type", "AuthType")])
        .create(op("CreateFunctionUrlConfig"))
        .id("{function_name}{/qualifier}")
        .read(
            op("GetFunctionUrlConfig")
                .set("FunctionName", "{function_name}")
                .set("Qualifier", "{qualifier}"),
        )
        .answer(|_, found| {
            if found.get("Cors").is_some_and(|cors| cors == &json!({}))
                && let Some(members) = found.as_object_mut()
            {
                members.remove("Cors");
            }
        })
        .update(op("UpdateFunctionUrlConfig").clear("cors", "Cors", "{}"))
        .delete(
            op("DeleteFunctionUrlConfig")
                .set("FunctionName", "{function_name}")
                .set("Qualifier", "{qualifier}"),
        )
        .planned(|prior, _, response| as_written(prior, response))
        .found(|_, found, _| {
            // https://ID.lambda-url.REGION.on.aws/
            let url = args::string(&found, "function_url").unwrap_or_default();
            let host = url.split("://").nth(1).unwrap_or_default();
            let id = host.split('.').next().unwrap_or_default().to_owned();
            args::with(&found, "url_id", Value::string(id))
        })
        .hooks(FunctionUrl)
}

/// Whose address everybody may call needs a permission that says so.
#[derive(Debug)]
struct FunctionUrl;

#[async_trait]
impl Hooks for FunctionUrl {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        if args::string(object, "authorization_type") != Some("NONE") {
            return Ok(());
        }
        let mut input = json!({
            "FunctionName": run.text("{function_name}", object),
            "StatementId": "FunctionURLAllowPublicAccess",
            "Action": "lambda:InvokeFunctionUrl",
            "Principal": "*",
            "FunctionUrlAuthType": "NONE",
        });
        let qualifier = run.text("{qualifier}", object);
        if !qualifier.is_empty() {
            json::put(&mut input, "Qualifier", qualifier.into());
        }
        run.ask_unless("AddPermission", input, &["ResourceConflictException"])
            .await
            .map(drop)
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (name, qualifier) = id.split_once('/').unwrap_or((id, ""));
        let mut parts = vec![("function_name", name.to_owned())];
        if !qualifier.is_empty() {
            parts.push(("qualifier", qualifier.to_owned()));
        }
        Some(parts)
    }
}
