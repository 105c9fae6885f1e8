//! REST APIs that are described as a whole, in OpenAPI.

use super::patch::{Patched, changes};
use crate::json;
use crate::run::{Run, same_at, to_map};
use crate::table::Hooks;
use async_trait::async_trait;
use base64::Engine as _;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Type, Value};

/// A description puts what it says in the place of what was; what is written beside it counts more.
#[derive(Debug)]
pub(super) struct Described(pub(super) Patched);

/// What an API says of itself.
fn told(found: &Json, path: &str) -> Value {
    match found.get(path.trim_matches('/')) {
        Some(Json::Array(items)) => {
            let items = items.iter().map(|item| Value::string(json::text(item)));
            Value::list(Type::String, items.collect())
        }
        None | Some(Json::Null) => Value::null(Type::String),
        Some(other) => Value::string(json::text(other)),
    }
}

impl Described {
    async fn describe(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let Some(body) = args::string(object, "body").filter(|body| !body.is_empty()) else {
            return Ok(());
        };
        let mut input = json!({
            "restApiId": run.text("{id}", object),
            "body": base64::engine::general_purpose::STANDARD.encode(body),
        });
        if let Some(mode) = args::string(object, "put_rest_api_mode") {
            json::put(&mut input, "mode", mode.into());
        }
        if let Some(fails) = args::bool(object, "fail_on_warnings") {
            json::put(&mut input, "failOnWarnings", fails.into());
        }
        let parameters = to_map(&args::get(object, "parameters"));
        if !parameters.is_empty() {
            json::put(&mut input, "parameters", json!(parameters));
        }
        let found = run.ask("PutRestApi", input).await?;
        let beside = self.0.paths.iter().flat_map(|(name, path)| {
            let (before, after) = (told(&found, path), args::get(object, name));
            let is_said = match after.as_str() {
                Some(text) => !text.is_empty(),
                None => after.is_wholly_known() && !after.is_null(),
            };
            if is_said && before != after {
                changes(path, &before, &after)
            } else {
                Vec::new()
            }
        });
        let beside = beside.collect();
        self.0.send(run, object, beside).await
    }
}

#[async_trait]
impl Hooks for Described {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        self.describe(run, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        self.0.update(run, prior, planned).await?;
        if same_at(prior, planned, "body") && same_at(prior, planned, "parameters") {
            return Ok(());
        }
        self.describe(run, planned).await
    }
}
