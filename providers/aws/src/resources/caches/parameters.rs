//! Groups of parameters, which are read and set by calls of their own.

use super::{in_small_letters, of_caches};
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Type, Value};

pub(super) fn parameter_group() -> Table {
    of_caches("aws_elasticache_parameter_group")
        .names(&[
            ("arn", "ARN"),
            ("family", "CacheParameterGroupFamily"),
            ("name", "CacheParameterGroupName"),
        ])
        .by_function(&["parameter"])
        .create(op("CreateCacheParameterGroup"))
        .id("{name}")
        .read(
            op("DescribeCacheParameterGroups")
                .set("CacheParameterGroupName", "{name}")
                .at("CacheParameterGroups.0"),
        )
        .delete(op("DeleteCacheParameterGroup").set("CacheParameterGroupName", "{name}"))
        .retry(&[Phase::Delete], "InvalidCacheParameterGroupState", "", 300)
        .planned(|_, _, response| in_small_letters(response, &["name"]))
        .hooks(Parameters)
}

/// How many are taken in one call.
const MOST: usize = 20;

#[derive(Debug)]
struct Parameters;

fn parameters(object: &Value) -> Vec<(String, String)> {
    let blocks = args::get(object, "parameter");
    let text = |block: &Value, name: &str| args::string(block, name).unwrap_or_default().to_owned();
    let all = blocks.children().iter();
    all.map(|block| (text(block, "name"), text(block, "value")))
        .collect()
}

async fn put(
    run: &Run<'_>,
    operation: &str,
    group: &str,
    all: &[(String, String)],
) -> Answered<()> {
    for some in all.chunks(MOST) {
        let list: Vec<Json> = some
            .iter()
            .map(|(name, value)| json!({"ParameterName": name, "ParameterValue": value}))
            .collect();
        let input = json!({"CacheParameterGroupName": group, "ParameterNameValues": list});
        run.ask(operation, input).await?;
    }
    Ok(())
}

#[async_trait]
impl Hooks for Parameters {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let group = run.text("{name}", object);
        put(
            run,
            "ModifyCacheParameterGroup",
            &group,
            &parameters(object),
        )
        .await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let group = run.text("{name}", prior);
        let (before, after) = (parameters(prior), parameters(planned));
        let is_gone = |one: &&(String, String)| !after.iter().any(|(name, _)| *name == one.0);
        let gone: Vec<_> = before.iter().filter(is_gone).cloned().collect();
        put(run, "ResetCacheParameterGroup", &group, &gone).await?;
        let changed: Vec<_> = after
            .iter()
            .filter(|one| !before.contains(one))
            .cloned()
            .collect();
        put(run, "ModifyCacheParameterGroup", &group, &changed).await
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let group = run.text("{name}", &object);
        let input = json!({"CacheParameterGroupName": group, "Source": "user"});
        let answer = run.ask("DescribeCacheParameters", input).await?;
        let nested = run.schema.block.blocks.get("parameter");
        let element = nested.map_or(Type::Dynamic, |nested| nested.block.implied_type().clone());
        let all = answer.get("Parameters").and_then(Json::as_array);
        let text = |one: &Json, member: &str| json::text_at(one, member).unwrap_or_default();
        let items = all.into_iter().flatten().map(|one| {
            Value::object(vec![
                ("name", Value::string(text(one, "ParameterName"))),
                ("value", Value::string(text(one, "ParameterValue"))),
            ])
        });
        let items = Value::set(element, items.collect());
        Ok(args::with(&object, "parameter", items))
    }
}
