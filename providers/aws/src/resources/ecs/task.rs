//! Definitions of tasks.

use super::containers;
use crate::json;
use crate::run::{Run, all_tags};
use crate::table::{Hooks, Phase, Step, Table, op};
use async_trait::async_trait;
use serde_json::Value as Json;
use terrane_model::provider::ProviderDiagnostic;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::plan::PlanResponse;
use terrane_value::{Path, Value};

/// Where an answer has what.
const FOUND: &[(&str, &str)] = &[
    ("arn", "taskDefinition.taskDefinitionArn"),
    (
        "container_definitions",
        "taskDefinition.containerDefinitions",
    ),
    ("cpu", "taskDefinition.cpu"),
    (
        "enable_fault_injection",
        "taskDefinition.enableFaultInjection",
    ),
    ("ephemeral_storage", "taskDefinition.ephemeralStorage"),
    ("execution_role_arn", "taskDefinition.executionRoleArn"),
    ("family", "taskDefinition.family"),
    ("ipc_mode", "taskDefinition.ipcMode"),
    ("memory", "taskDefinition.memory"),
    ("network_mode", "taskDefinition.networkMode"),
    ("pid_mode", "taskDefinition.pidMode"),
    (
        "placement_constraints",
        "taskDefinition.placementConstraints",
    ),
    ("proxy_configuration", "taskDefinition.proxyConfiguration"),
    (
        "requires_compatibilities",
        "taskDefinition.requiresCompatibilities",
    ),
    ("revision", "taskDefinition.revision"),
    ("runtime_platform", "taskDefinition.runtimePlatform"),
    ("task_role_arn", "taskDefinition.taskRoleArn"),
    ("volume", "taskDefinition.volumes"),
    ("volume", "volumes"),
    ("volume.configure_at_launch", "configuredAtLaunch"),
    ("volume.host_path", "host.sourcePath"),
];

fn register() -> Step {
    op("RegisterTaskDefinition").except(&["container_definitions"])
}

pub(super) fn definition() -> Table {
    Table::new("aws_ecs_task_definition", "ecs")
        .names(FOUND)
        .local(&["skip_destroy", "track_latest"])
        .at_first(&["container_definitions"])
        .create(register())
        .input(|_, _, _| ())
        .id("{family}")
        .read(
            op("DescribeTaskDefinition")
                .set("taskDefinition", "{arn}")
                .set("include", "TAGS"),
        )
        .answer(|_, found| {
            let path = "/taskDefinition/containerDefinitions";
            if let Some(containers) = found.pointer_mut(path) {
                let text = containers.to_string();
                *containers = Json::String(text);
            }
        })
        .gone_when("taskDefinition.status", &["INACTIVE", "DELETE_IN_PROGRESS"])
        .delete(op("DeregisterTaskDefinition").set("taskDefinition", "{arn}"))
        .tag_calls("", ("TagResource", "UntagResource"), "resourceArn", "{arn}")
        .not_found(&["ClientException"])
        .retry(
            &[Phase::Create],
            "ClientException",
            "Role is not valid",
            120,
        )
        .planned(planned)
        .hooks(Definition)
}

/// The containers of a plan are a list of objects, and what defines the same ones is no change.
fn planned(prior: &Value, _config: &Value, response: &mut PlanResponse) {
    let after = args::get(&response.planned, "container_definitions");
    let Some(text) = after.as_str() else { return };
    let path = Path::new().attr("container_definitions");
    if let Err(problem) = containers::parse(text) {
        let problem = ProviderDiagnostic::error(
            "Invalid container_definitions",
            format!("container_definitions must be JSON: {problem}."),
        );
        response.diagnostics.push(problem.at(path));
        return;
    }
    let before = args::get(prior, "container_definitions");
    let is_awsvpc = args::string(&response.planned, "network_mode") == Some("awsvpc");
    if let Some(text_before) = before.as_str()
        && containers::same(text_before, text, is_awsvpc)
    {
        response.planned = args::with(&response.planned, "container_definitions", before);
    }
}

#[derive(Debug)]
struct Definition;

#[async_trait]
impl Hooks for Definition {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let operation = run.operation("ecs", "RegisterTaskDefinition")?;
        let mut input = run.input(&register(), &operation, planned);
        let text = args::string(planned, "container_definitions").unwrap_or_default();
        let items = containers::parse(text)
            .map_err(|problem| Refusal::error("Invalid container_definitions", problem))?;
        let name = "containerDefinitions";
        if let Some(shape) = operation.input.member(name) {
            let fitted = containers::fitted(shape, &Json::Array(items));
            json::put(&mut input, name, fitted);
        }
        run.put_tags(&operation.input, &all_tags(planned), &mut input);
        let answer = run.ask("RegisterTaskDefinition", input).await?;
        let text = |path: &str| json::text_at(&answer, path).unwrap_or_default();
        let arn = Value::string(text("taskDefinition.taskDefinitionArn"));
        let made = args::with(planned, "arn", arn);
        Ok(Some((run.text("{family}", planned), made)))
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let arn = run.text("{arn}", &object);
        let bare = arn.rsplit_once(':').map_or(arn.as_str(), |(bare, _)| bare);
        let mut changes = vec![("arn_without_revision", Value::string(bare))];
        let before = args::get(prior, "container_definitions");
        let is_awsvpc = args::string(&object, "network_mode") == Some("awsvpc");
        if let (Some(left), Some(right)) = (
            before.as_str(),
            args::string(&object, "container_definitions"),
        ) && containers::same(left, right, is_awsvpc)
        {
            changes.push(("container_definitions", before));
        }
        Ok(args::with_all(&object, changes))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        Some(vec![("arn", id.to_owned())])
    }
}
