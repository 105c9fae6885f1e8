//! Batch: what jobs are made of. A definition is never changed: another revision takes its place.

use super::Family;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Cut, Hooks, Table, op};
use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) const TYPES: Family = &[("aws_batch_job_definition", definition)];

/// Attributes that are JSON, and the members that they are.
const TEXTS: &[(&str, &str)] = &[
    ("container_properties", "containerProperties"),
    ("ecs_properties", "ecsProperties"),
    ("node_properties", "nodeProperties"),
];

/// What makes another revision.
const CONTENT: &[&str] = &[
    "container_properties",
    "ecs_properties",
    "eks_properties",
    "node_properties",
    "parameters",
    "platform_capabilities",
    "propagate_tags",
    "retry_strategy",
    "scheduling_priority",
    "timeout",
    "type",
];

fn definition() -> Table {
    Table::new("aws_batch_job_definition", "batch")
        .noun("jobDefinition")
        .names(&[
            ("name", "jobDefinitionName"),
            ("arn", "jobDefinitionArn"),
            ("container_properties", ""),
            ("ecs_properties", ""),
            ("node_properties", ""),
            (
                "eks_properties.pod_properties.image_pull_secret",
                "imagePullSecrets",
            ),
        ])
        .local(&["deregister_on_new_revision"])
        .by_function(CONTENT)
        .create(op("RegisterJobDefinition"))
        .input(|operation, input, object| {
            if operation != "RegisterJobDefinition" {
                return;
            }
            for (name, member) in TEXTS {
                let text = args::string(object, name).unwrap_or_default();
                if let Ok(properties) = serde_json::from_str(text) {
                    json::put(input, member, properties);
                }
            }
        })
        .id_out("jobDefinitionArn")
        // The newest revision is the one that counts.
        .read(
            op("DescribeJobDefinitions")
                .set("jobDefinitionName", "{name}")
                .set("status", "ACTIVE")
                .at("jobDefinitions[max=revision]"),
        )
        .gone_when("status", &["INACTIVE"])
        .delete(op("DeregisterJobDefinition").set("jobDefinition", "{id}"))
        .tag_calls("", ("TagResource", "UntagResource"), "resourceArn", "{arn}")
        .recomputed("arn", CONTENT)
        .recomputed("id", CONTENT)
        .recomputed("revision", CONTENT)
        .derive("arn_prefix", "{arn}", Cut::BeforeLast(":"))
        .found(|_, found, raw| {
            let arn = json::text_at(raw, "jobDefinitionArn").unwrap_or_default();
            args::with(&found, "id", Value::string(arn))
        })
        .hooks(Definition)
}

#[derive(Debug)]
struct Definition;

#[async_trait]
impl Hooks for Definition {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if CONTENT.iter().all(|name| same_at(prior, planned, name)) {
            return Ok(());
        }
        let Some(step) = &run.table.create else {
            return Ok(());
        };
        let called = run.call_step(step, planned).await;
        called.map_err(|trouble| trouble.refusal(&run.what(planned)))?;
        if args::bool(planned, "deregister_on_new_revision") != Some(false) {
            let input = json!({"jobDefinition": run.text("{id}", prior)});
            run.ask("DeregisterJobDefinition", input).await?;
        }
        Ok(())
    }

    /// What is written stays as it is spelled, as long as it is what there is.
    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let told = TEXTS.iter().map(|(name, member)| {
            let written = args::get(prior, name);
            let text = written.as_str().unwrap_or_default();
            let value = match (raw.get(*member), serde_json::from_str::<Json>(text)) {
                (Some(found), Ok(known)) if covers(&known, found) => written,
                (Some(found), _) if !is_nothing(found) => {
                    Value::string(without_nothing(found).to_string())
                }
                _ if text.is_empty() => written,
                _ => Value::null(terrane_value::Type::String),
            };
            (*name, value)
        });
        Ok(args::with_all(&object, told.collect::<Vec<_>>()))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (_, rest) = id.split_once(":job-definition/")?;
        let (name, _) = rest.rsplit_once(':')?;
        Some(vec![("id", id.to_owned()), ("name", name.to_owned())])
    }
}

/// Nothing, in one of its spellings; or what the service adds to what is written.
fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(value) => !value,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => matches!(text.as_str(), "" | "LATEST"),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.values().all(is_nothing),
    }
}

/// Whether what is found is what is written: letters of names may be large or small, what says nothing may be left out.
fn covers(written: &Json, found: &Json) -> bool {
    let member = |members: &Map<String, Json>, name: &str| {
        let mut all = members.iter();
        let found = all.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map_or(Json::Null, |(_, value)| value.clone())
    };
    match (written, found) {
        (Json::Object(left), Json::Object(right)) => {
            left.iter()
                .all(|(name, value)| covers(value, &member(right, name)))
                && right
                    .iter()
                    .all(|(name, value)| is_nothing(value) || !is_nothing(&member(left, name)))
        }
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|item| right.iter().any(|other| covers(item, other)))
        }
        _ => written == found || (is_nothing(written) && is_nothing(found)),
    }
}

fn without_nothing(value: &Json) -> Json {
    match value {
        Json::Object(members) => members
            .iter()
            .filter(|(_, value)| !is_nothing(value))
            .map(|(name, value)| (name.clone(), without_nothing(value)))
            .collect(),
        Json::Array(items) => items.iter().map(without_nothing).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::covers;
    use serde_json::json;

    #[test]
    fn what_says_nothing_is_no_difference() {
        let written = json!({"image": "i", "command": ["a"], "Environment": []});
        let found = json!({"image": "i", "command": ["a"], "environment": [], "privileged": false, "fargatePlatformConfiguration": {"platformVersion": "LATEST"}});
        assert!(covers(&written, &found));
        assert!(!covers(&written, &json!({"image": "i", "command": ["b"]})));
        assert!(!covers(
            &written,
            &json!({"image": "i", "command": ["a"], "user": "u"})
        ));
    }
}
