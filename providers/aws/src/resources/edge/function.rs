//! Functions at the edge: written, and published for distributions.

use super::{none, required};
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Table, op};
use async_trait::async_trait;
use base64::Engine as _;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) fn function() -> Table {
    Table::new("aws_cloudfront_function", "cloudfront")
        .names(&[
            ("arn", "FunctionMetadata.FunctionARN"),
            ("code", "FunctionCode"),
            ("comment", "FunctionConfig.Comment"),
            ("runtime", "FunctionConfig.Runtime"),
        ])
        .local(&["publish"])
        .by_function(&["key_value_store_associations"])
        .create(op("CreateFunction"))
        .input(with_stores)
        .id("{name}")
        .read(
            op("DescribeFunction")
                .set("Name", "{id}")
                .set("Stage", "DEVELOPMENT")
                .at("FunctionSummary")
                .lift("ETag", "ETag"),
        )
        .answer(|operation, found| {
            let path = "FunctionConfig.KeyValueStoreAssociations.Items";
            let stores = json::get(found, path).and_then(Json::as_array);
            let arns: Vec<Json> = stores
                .into_iter()
                .flatten()
                .filter_map(|store| store.get("KeyValueStoreARN").cloned())
                .collect();
            if operation == "DescribeFunction" {
                json::put(found, "KeyValueStoreAssociations", arns.into());
            }
        })
        .update(
            op("UpdateFunction")
                .set("Name", "{id}")
                .carry("ETag", "IfMatch"),
        )
        .delete(
            op("DeleteFunction")
                .set("Name", "{id}")
                .carry("ETag", "IfMatch"),
        )
        .hooks(Function)
}

fn with_stores(operation: &str, input: &mut Json, object: &Value) {
    if !matches!(operation, "CreateFunction" | "UpdateFunction") {
        return;
    }
    required(input, "FunctionConfig.Comment");
    let stores = args::strings(object, "key_value_store_associations").unwrap_or_default();
    let items: Vec<Json> = stores
        .iter()
        .map(|arn| json!({"KeyValueStoreARN": arn.as_str()}))
        .collect();
    let counted = match items.len() {
        0 => none(),
        count => json!({"Quantity": count, "Items": items}),
    };
    json::put(input, "FunctionConfig.KeyValueStoreAssociations", counted);
}

#[derive(Debug)]
struct Function;

/// What is written becomes what runs.
async fn publish(run: &Run<'_>, object: &Value) -> Answered<()> {
    if args::bool(object, "publish") == Some(false) {
        return Ok(());
    }
    let name = run.text("{name}", object);
    let input = json!({"Name": name, "Stage": "DEVELOPMENT"});
    let written = run.ask("DescribeFunction", input).await?;
    let mark = json::text_at(&written, "ETag").unwrap_or_default();
    let input = json!({"Name": name, "IfMatch": mark});
    run.ask("PublishFunction", input).await.map(drop)
}

#[async_trait]
impl Hooks for Function {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        publish(run, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let told = [
            "code",
            "comment",
            "runtime",
            "key_value_store_associations",
            "publish",
        ];
        if told.iter().all(|name| same_at(prior, planned, name)) {
            return Ok(());
        }
        publish(run, planned).await
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let name = run.text("{id}", &object);
        let input = json!({"Name": name, "Stage": "DEVELOPMENT"});
        let code = run.ask("GetFunction", input).await?;
        let code = json::text_at(&code, "FunctionCode").unwrap_or_default();
        let bytes = base64::engine::general_purpose::STANDARD.decode(&code);
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let input = json!({"Name": name, "Stage": "LIVE"});
        let live = run
            .ask_unless("DescribeFunction", input, &["NoSuchFunctionExists"])
            .await?;
        let live = live.and_then(|live| json::text_at(&live, "ETag"));
        Ok(args::with_all(
            &object,
            [
                ("name", Value::string(name)),
                ("code", Value::string(text.unwrap_or(code))),
                ("live_stage_etag", Value::string(live.unwrap_or_default())),
            ],
        ))
    }
}
