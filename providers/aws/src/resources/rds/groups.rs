//! Groups of subnets and of parameters.

use super::{CHANGES, tags_listed};
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Type, Value};

pub(super) fn subnet_group() -> Table {
    tags_listed(Table::new("aws_db_subnet_group", "rds"))
        .noun("DBSubnetGroup")
        .local(&["name_prefix"])
        .create(op("CreateDBSubnetGroup"))
        .id("{name}")
        .read(
            op("DescribeDBSubnetGroups")
                .set("DBSubnetGroupName", "{name}")
                .at("DBSubnetGroups.0"),
        )
        .answer(|_, found| {
            let ids = super::texts_of(found, "Subnets", "SubnetIdentifier");
            json::put(found, "SubnetIds", ids);
        })
        .update(op("ModifyDBSubnetGroup"))
        .delete(op("DeleteDBSubnetGroup").set("DBSubnetGroupName", "{name}"))
        .wait(&[Phase::Delete], "SubnetGroupStatus", &[], &[])
        .retry(&[Phase::Delete], "InvalidDBSubnetGroupStateFault", "", 300)
}

pub(super) fn parameter_group() -> Table {
    tags_listed(Table::new("aws_db_parameter_group", "rds"))
        .noun("DBParameterGroup")
        .local(&["name_prefix", "skip_destroy"])
        .by_function(&["parameter"])
        .create(op("CreateDBParameterGroup"))
        .id("{name}")
        .read(
            op("DescribeDBParameterGroups")
                .set("DBParameterGroupName", "{name}")
                .at("DBParameterGroups.0"),
        )
        .delete(op("DeleteDBParameterGroup").set("DBParameterGroupName", "{name}"))
        .retry(&[Phase::Delete], "InvalidDBParameterGroupState", "", 180)
        .hooks(Parameters {
            group: "DBParameterGroupName",
            modify: "ModifyDBParameterGroup",
            reset: "ResetDBParameterGroup",
            describe: "DescribeDBParameters",
        })
}

pub(super) fn cluster_parameter_group() -> Table {
    tags_listed(Table::new("aws_rds_cluster_parameter_group", "rds"))
        .noun("DBClusterParameterGroup")
        .names(&[("family", "DBParameterGroupFamily")])
        .local(&["name_prefix"])
        .by_function(&["parameter"])
        .create(op("CreateDBClusterParameterGroup"))
        .id("{name}")
        .read(
            op("DescribeDBClusterParameterGroups")
                .set("DBClusterParameterGroupName", "{name}")
                .at("DBClusterParameterGroups.0"),
        )
        .delete(op("DeleteDBClusterParameterGroup").set("DBClusterParameterGroupName", "{name}"))
        .retry(&[Phase::Delete], "InvalidDBParameterGroupState", "", 180)
        .retry(
            CHANGES,
            "InvalidDBParameterGroupState",
            "has pending changes",
            180,
        )
        .hooks(Parameters {
            group: "DBClusterParameterGroupName",
            modify: "ModifyDBClusterParameterGroup",
            reset: "ResetDBClusterParameterGroup",
            describe: "DescribeDBClusterParameters",
        })
}

/// The parameters of a group, which are read and set by calls of their own.
#[derive(Debug)]
struct Parameters {
    group: &'static str,
    modify: &'static str,
    reset: &'static str,
    describe: &'static str,
}

/// A parameter: its name in small letters, its value, when it holds.
type Parameter = (String, String, String);

fn parameters(object: &Value) -> Vec<Parameter> {
    let blocks = args::get(object, "parameter");
    let text = |block: &Value, name: &str| args::string(block, name).unwrap_or_default().to_owned();
    let all = blocks.children().iter().map(|block| {
        (
            text(block, "name").to_ascii_lowercase(),
            text(block, "value"),
            text(block, "apply_method"),
        )
    });
    all.collect()
}

/// How many are taken in one call.
const MOST: usize = 20;

impl Parameters {
    async fn put(&self, run: &Run<'_>, group: &str, all: Vec<Parameter>) -> Answered<()> {
        let mut all = all;
        // What others are checked against comes first.
        all.sort_by_key(|(name, ..)| !name.starts_with("character_set"));
        for some in all.chunks(MOST) {
            let list: Vec<Json> = some
                .iter()
                .map(|(name, value, method)| {
                    json!({"ParameterName": name, "ParameterValue": value, "ApplyMethod": method})
                })
                .collect();
            let mut input = json!({"Parameters": list});
            json::put(&mut input, self.group, group.into());
            run.ask(self.modify, input).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Hooks for Parameters {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let group = run.text("{name}", object);
        self.put(run, &group, parameters(object)).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let group = run.text("{name}", prior);
        let (before, after) = (parameters(prior), parameters(planned));
        let changed = after.iter().filter(|one| !before.contains(one)).cloned();
        let gone = before
            .iter()
            .filter(|(name, ..)| !after.iter().any(|(other, ..)| other == name));
        let gone: Vec<Json> = gone
            .map(|(name, _, method)| json!({"ParameterName": name, "ApplyMethod": method}))
            .collect();
        self.put(run, &group, changed.collect()).await?;
        for some in gone.chunks(MOST) {
            let mut input = json!({"Parameters": some, "ResetAllParameters": false});
            json::put(&mut input, self.group, group.as_str().into());
            run.ask(self.reset, input).await?;
        }
        Ok(())
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let before = parameters(prior);
        let mut input = json!({});
        json::put(&mut input, self.group, run.text("{name}", &object).into());
        if before.is_empty() {
            json::put(&mut input, "Source", "user".into());
        }
        let answer = run.ask(self.describe, input).await?;
        let all = answer.get("Parameters").and_then(Json::as_array);
        let element = super::element(run, "parameter");
        let mut items = Vec::new();
        for one in all.into_iter().flatten() {
            let text = |member: &str| json::text_at(one, member).unwrap_or_default();
            let name = text("ParameterName").to_ascii_lowercase();
            let value = text("ParameterValue");
            let method = text("ApplyMethod").to_ascii_lowercase();
            let known = before.iter().find(|(other, ..)| *other == name);
            // What is as it always is counts where it was asked for.
            let asked = known.is_some_and(|(_, wanted, _)| *wanted == value);
            if !before.is_empty() && text("Source") != "user" && !asked {
                continue;
            }
            let method = match known {
                Some((.., method_before)) if method.is_empty() => method_before.clone(),
                _ if method.is_empty() => "immediate".to_owned(),
                _ => method,
            };
            items.push(Value::object(vec![
                ("apply_method", Value::string(method)),
                ("name", Value::string(name)),
                ("value", Value::string(value)),
            ]));
        }
        let items = Value::set(element.unwrap_or(Type::Dynamic), items);
        Ok(args::with(&object, "parameter", items))
    }
}
