//! Events, rules and what they go to.

use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Table, When, op};
use async_trait::async_trait;
use serde_json::json;
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) fn event_rule() -> Table {
    let put = || {
        op("PutRule").only(&[
            "name",
            "schedule_expression",
            "event_pattern",
            "state",
            "description",
            "role_arn",
            "event_bus_name",
        ])
    };
    Table::new("aws_cloudwatch_event_rule", "events")
        .local(&["name_prefix", "is_enabled", "force_destroy"])
        .create(put())
        .input(|operation, input, object| {
            if operation == "PutRule" && args::bool(object, "is_enabled") == Some(false) {
                json::put(input, "State", "DISABLED".into());
            }
        })
        .id("{name}")
        .import("{event_bus_name}/{name}")
        .read(
            op("DescribeRule")
                .set("Name", "{name}")
                .set("EventBusName", "{event_bus_name}"),
        )
        .update(put().when(When::Any(vec![
            "schedule_expression",
            "event_pattern",
            "state",
            "is_enabled",
            "description",
            "role_arn",
        ])))
        .delete(
            op("DeleteRule")
                .set("Name", "{name}")
                .set("EventBusName", "{event_bus_name}")
                .set("Force", "{force_destroy}"),
        )
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
        .quiet(&["state"])
        .hooks(OnBus)
}

/// Ids of rules of another bus begin with it.
#[derive(Debug)]
struct OnBus;

impl Hooks for OnBus {
    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (bus, name) = id.rsplit_once('/').unwrap_or(("default", id));
        Some(vec![
            ("event_bus_name", bus.to_owned()),
            ("name", name.to_owned()),
        ])
    }
}

pub(super) fn event_bus() -> Table {
    Table::new("aws_cloudwatch_event_bus", "events")
        .names(&[("arn", "Arn")])
        .local(&["event_source_name"])
        .create(op("CreateEventBus").set("EventSourceName", "{event_source_name}"))
        .id("{name}")
        .read(op("DescribeEventBus").set("Name", "{id}"))
        .update(op("UpdateEventBus"))
        .delete(op("DeleteEventBus").set("Name", "{id}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
}

pub(super) fn event_target() -> Table {
    Table::new("aws_cloudwatch_event_target", "events")
        .names(&[("target_id", "Id"), ("rule", ""), ("event_bus_name", "")])
        .local(&["rule", "event_bus_name", "force_destroy"])
        .names(&[
            ("ecs_target", "EcsParameters"),
            ("ecs_target.task_definition_arn", "TaskDefinitionArn"),
            ("batch_target", "BatchParameters"),
            ("kinesis_target", "KinesisParameters"),
            ("sqs_target", "SqsParameters"),
            ("http_target", "HttpParameters"),
            (
                "run_command_targets",
                "RunCommandParameters.RunCommandTargets",
            ),
            ("redshift_target", "RedshiftDataParameters"),
            ("sagemaker_pipeline_target", "SageMakerPipelineParameters"),
            ("appsync_target", "AppSyncParameters"),
            ("input_transformer.input_paths", "InputPathsMap"),
        ])
        .id("{rule}-{target_id}")
        .read(
            op("ListTargetsByRule")
                .set("Rule", "{rule}")
                .set("EventBusName", "{event_bus_name}")
                .at("Targets[Id={target_id}]"),
        )
        .delete(
            op("RemoveTargets")
                .set("Rule", "{rule}")
                .set("EventBusName", "{event_bus_name}")
                .set("Ids", "{target_id}")
                .set("Force", "{force_destroy}"),
        )
        .by_function(&["*"])
        .hooks(Target)
}

/// A target is an element of a list.
#[derive(Debug)]
struct Target;

async fn put_target(run: &Run<'_>, object: &Value) -> Answered<()> {
    let operation = run.operation("events", "PutTargets")?;
    let Some(crate::shape::Shape::List(element)) = operation.input.member("Targets") else {
        return Ok(());
    };
    let fill = crate::write::Fill {
        names: &run.table.names,
        only: &[],
        except: &[],
        prior: None,
    };
    let mut target = json!({});
    fill.root(&run.facts.block, element, object, &mut target);
    let input = json!({"Rule": run.text("{rule}", object), "EventBusName": run.text("{event_bus_name}", object), "Targets": [target]});
    let answer = run.ask("PutTargets", input).await?;
    if let Some(entry) = json::get(&answer, "FailedEntries.0") {
        return Err(terrane_provider::native::Refusal::error(
            "Target was not taken",
            format!(
                "{}: {}",
                json::text_at(entry, "ErrorCode").unwrap_or_default(),
                json::text_at(entry, "ErrorMessage").unwrap_or_default()
            ),
        ));
    }
    Ok(())
}

#[async_trait]
impl Hooks for Target {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let mut object = planned.clone();
        if args::string(&object, "target_id").is_none_or(str::is_empty) {
            let mut unique = run.token("target");
            unique.truncate(26);
            object = args::with(
                &object,
                "target_id",
                Value::string(format!("terraform-{unique}")),
            );
        }
        put_target(run, &object).await?;
        Ok(Some((run.text("{rule}-{target_id}", &object), object)))
    }

    async fn update(&self, run: &Run<'_>, _prior: &Value, planned: &Value) -> Answered<()> {
        put_target(run, planned).await
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let parts: Vec<&str> = id.split('/').collect();
        match parts.as_slice() {
            [bus, rule, target] => Some(vec![
                ("event_bus_name", (*bus).to_owned()),
                ("rule", (*rule).to_owned()),
                ("target_id", (*target).to_owned()),
            ]),
            [rule, target] => Some(vec![
                ("rule", (*rule).to_owned()),
                ("target_id", (*target).to_owned()),
            ]),
            _ => None,
        }
    }
}
