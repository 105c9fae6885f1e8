//! Services: tasks that are kept running.

use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Step, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::time::Duration;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::plan::PlanResponse;
use terrane_value::Value;
use tokio::time::Instant;

const NAMES: &[(&str, &str)] = &[
    ("alarms", "deploymentConfiguration.alarms"),
    (
        "deployment_circuit_breaker",
        "deploymentConfiguration.deploymentCircuitBreaker",
    ),
    (
        "deployment_maximum_percent",
        "deploymentConfiguration.maximumPercent",
    ),
    (
        "deployment_minimum_healthy_percent",
        "deploymentConfiguration.minimumHealthyPercent",
    ),
    ("iam_role", "role"),
    ("iam_role", "roleArn"),
    ("load_balancer.elb_name", "loadBalancerName"),
    (
        "network_configuration.assign_public_ip",
        "awsvpcConfiguration.assignPublicIp",
    ),
    (
        "network_configuration.security_groups",
        "awsvpcConfiguration.securityGroups",
    ),
    (
        "network_configuration.subnets",
        "awsvpcConfiguration.subnets",
    ),
    ("ordered_placement_strategy", "placementStrategy"),
    (
        "service_connect_configuration.service.tls.issuer_cert_authority",
        "issuerCertificateAuthority",
    ),
    (
        "volume_configuration.managed_ebs_volume.size_in_gb",
        "sizeInGiB",
    ),
];

const TOLD: &[(&str, &str)] = &[
    ("alarms", "deploymentConfiguration"),
    ("deployment_circuit_breaker", "deploymentConfiguration"),
    (
        "deployment_configuration",
        "deploymentConfiguration.strategy",
    ),
    ("deployment_maximum_percent", "deploymentConfiguration"),
    (
        "deployment_minimum_healthy_percent",
        "deploymentConfiguration",
    ),
    ("enable_ecs_managed_tags", "enableECSManagedTags"),
    ("enable_execute_command", "enableExecuteCommand"),
    ("ordered_placement_strategy", "placementStrategy"),
    ("placement_constraints", "placementConstraints"),
];

/// What is changed by a new deployment only, and said by one.
const DEPLOYED: &[&str] = &[
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn service() -> Table {
    let step =
        |operation: &'static str| -> Step { op(operation).except(&["deployment_configuration"]) };
    Table::new("aws_ecs_service", "ecs")
        .noun("service")
        .names(NAMES)
        .local(&[
            "force_delete",
            "sigint_rollback",
            "triggers",
            "wait_for_steady_state",
        ])
        .by_function(&["deployment_configuration", "force_new_deployment"])
        .quiet(&[
            "alarms",
            "deployment_circuit_breaker",
            "deployment_controller",
        ])
        .told(TOLD)
        .create(step("CreateService").at("service"))
        .input(input)
        .answer(|_, found| answer(found))
        .id_out("service.serviceArn")
        .read(
            op("DescribeServices")
                .set("cluster", "{cluster}")
                .set("services", "{id}")
                .set("include", "TAGS")
                .at("services.0"),
        )
        .update(
            step("UpdateService")
                .partial()
                .set("service", "{id}")
                .set("cluster", "{cluster}")
                .clear(
                    "service_connect_configuration",
                    "serviceConnectConfiguration",
                    r#"{"enabled":false}"#,
                ),
        )
        .delete(
            op("DeleteService")
                .set("cluster", "{cluster}")
                .set("service", "{id}")
                .set("force", "{force_delete}"),
        )
        .gone_when("status", &["INACTIVE"])
        .wait(
            &[Phase::Create],
            "status",
            &["ACTIVE"],
            &["INACTIVE", "DRAINING"],
        )
        .wait(
            &[Phase::Delete],
            "status",
            &["INACTIVE"],
            &["ACTIVE", "DRAINING"],
        )
        .tag_calls("", ("TagResource", "UntagResource"), "resourceArn", "{id}")
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidParameterException",
            "verify that the ECS service role being passed has the proper permissions",
            120,
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidParameterException",
            "does not have an associated load balancer",
            120,
        )
        .retry(
            &[Phase::Create],
            "InvalidParameterException",
            "Unable to assume the service linked role",
            120,
        )
        .retry(&[Phase::Create], "ClusterNotFoundException", "", 120)
        .retry(
            &[Phase::Delete],
            "InvalidParameterException",
            "cannot be stopped while",
            600,
        )
        .planned(planned)
        .hooks(Service)
}

/// One who says that the controller is the usual one says nothing new.
fn planned(prior: &Value, _config: &Value, response: &mut PlanResponse) {
    let of = |object: &Value| args::get(object, "deployment_controller");
    let (before, after) = (of(prior), of(&response.planned));
    let usual = after
        .children()
        .first()
        .is_some_and(|block| args::string(block, "type") == Some("ECS"));
    if !prior.is_null() && before.children().is_empty() && usual {
        response.planned = args::with(&response.planned, "deployment_controller", before);
    }
}

fn input(operation: &str, input: &mut Json, object: &Value) {
    let creates = operation == "CreateService";
    if !creates && operation != "UpdateService" {
        return;
    }
    let daemon = args::string(object, "scheduling_strategy") == Some("DAEMON");
    let assigned = "networkConfiguration.awsvpcConfiguration.assignPublicIp";
    if let Some(assign) = json::get(input, assigned) {
        let word = if assign == "true" {
            "ENABLED"
        } else {
            "DISABLED"
        };
        json::put(input, assigned, word.into());
    }
    deployment(input, object, daemon);
    if creates && !daemon && input.get("desiredCount").is_none() {
        json::put(input, "desiredCount", 0.into());
    }
    if daemon && let Some(members) = input.as_object_mut() {
        members.remove("desiredCount");
    }
    if !creates && args::bool(object, "force_new_deployment") == Some(true) {
        json::put(input, "forceNewDeployment", true.into());
    }
}

/// The parts of how a service is deployed go together.
fn deployment(input: &mut Json, object: &Value, daemon: bool) {
    let numbers = [
        ("deployment_maximum_percent", "maximumPercent", !daemon),
        (
            "deployment_minimum_healthy_percent",
            "minimumHealthyPercent",
            true,
        ),
    ];
    if let Some(members) = input
        .get_mut("deploymentConfiguration")
        .and_then(Json::as_object_mut)
    {
        members.remove("maximumPercent");
    }
    for (name, member, taken) in numbers {
        let number = args::int(object, name).filter(|number| *number >= 0 && taken);
        if let Some(number) = number {
            json::put(
                input,
                &format!("deploymentConfiguration.{member}"),
                number.into(),
            );
        }
    }
    let list = |block: &Value, name: &str| -> Vec<String> {
        let texts = args::strings(block, name).unwrap_or_default();
        texts.iter().map(ToString::to_string).collect()
    };
    let first = |name: &str| args::get(object, name).children().first().cloned();
    let mut put = |member: &str, value: Json| {
        json::put(input, &format!("deploymentConfiguration.{member}"), value);
    };
    if let Some(alarms) = first("alarms") {
        put(
            "alarms",
            json!({
                "alarmNames": list(&alarms, "alarm_names"),
                "enable": args::bool(&alarms, "enable").unwrap_or_default(),
                "rollback": args::bool(&alarms, "rollback").unwrap_or_default(),
            }),
        );
    }
    if let Some(breaker) = first("deployment_circuit_breaker") {
        put(
            "deploymentCircuitBreaker",
            json!({
                "enable": args::bool(&breaker, "enable").unwrap_or_default(),
                "rollback": args::bool(&breaker, "rollback").unwrap_or_default(),
            }),
        );
    }
    if let Some(block) = first("deployment_configuration") {
        for (member, value) in strategy(&block) {
            put(member, value);
        }
    }
}

/// How one deployment takes the place of the other: members and what goes there.
fn strategy(block: &Value) -> Vec<(&'static str, Json)> {
    let mut made: Vec<(&'static str, Json)> = Vec::new();
    if let Some(strategy) = args::string(block, "strategy").filter(|text| !text.is_empty()) {
        made.push(("strategy", strategy.into()));
    }
    if let Some(minutes) = minutes(block, "bake_time_in_minutes") {
        made.push(("bakeTimeInMinutes", minutes));
    }
    let hooks: Vec<Json> = args::get(block, "lifecycle_hook")
        .children()
        .iter()
        .map(|hook| {
            let text = |name: &str| args::string(hook, name).unwrap_or_default().to_owned();
            let stages = args::strings(hook, "lifecycle_stages").unwrap_or_default();
            let stages: Vec<&str> = stages.iter().map(|stage| stage.as_str()).collect();
            let mut made = json!({
                "hookTargetArn": text("hook_target_arn"),
                "roleArn": text("role_arn"),
                "lifecycleStages": stages,
            });
            let details: Option<Json> = serde_json::from_str(&text("hook_details")).ok();
            if let Some(details) = details {
                json::put(&mut made, "hookDetails", details);
            }
            made
        })
        .collect();
    if !hooks.is_empty() {
        made.push(("lifecycleHooks", hooks.into()));
    }
    for (name, member, prefix) in [
        ("canary_configuration", "canaryConfiguration", "canary"),
        ("linear_configuration", "linearConfiguration", "step"),
    ] {
        let Some(shift) = args::get(block, name).children().first().cloned() else {
            continue;
        };
        let mut parts = json!({});
        if let Some(number) = minutes(&shift, &format!("{prefix}_percent")) {
            json::put(&mut parts, &format!("{prefix}Percent"), number);
        }
        if let Some(number) = minutes(&shift, &format!("{prefix}_bake_time_in_minutes")) {
            json::put(&mut parts, &format!("{prefix}BakeTimeInMinutes"), number);
        }
        made.push((member, parts));
    }
    made
}

/// A number, which may be written as text.
fn minutes(block: &Value, name: &str) -> Option<Json> {
    let value = args::get(block, name);
    let text = match value.kind() {
        terrane_value::Kind::String(text) => text.to_string(),
        terrane_value::Kind::Number(number) => number.to_string(),
        _ => return None,
    };
    text.parse().ok().map(Json::Number)
}

fn answer(found: &mut Json) {
    let assigned = "networkConfiguration.awsvpcConfiguration.assignPublicIp";
    if let Some(word) = json::text_at(found, assigned) {
        json::put(found, assigned, (word == "ENABLED").into());
    }
    let primary = found
        .get("deployments")
        .and_then(Json::as_array)
        .and_then(|all| all.iter().find(|one| one["status"] == "PRIMARY"))
        .cloned()
        .unwrap_or_default();
    for member in DEPLOYED {
        if let Some(value) = primary.get(*member).filter(|value| !value.is_null()) {
            json::put(found, member, value.clone());
        }
    }
    let daemon = found["schedulingStrategy"] == "DAEMON";
    if let Some(members) = found.as_object_mut() {
        if daemon {
            members.remove("desiredCount");
        }
        if members
            .get("propagateTags")
            .is_some_and(|tags| tags == "NONE")
        {
            members.remove("propagateTags");
        }
        if members
            .get("networkConfiguration")
            .is_some_and(|value| value == &json!({}))
        {
            members.remove("networkConfiguration");
        }
    }
}

#[derive(Debug)]
struct Service;

#[async_trait]
impl Hooks for Service {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        steady(run, object).await
    }

    async fn update(&self, run: &Run<'_>, _prior: &Value, planned: &Value) -> Answered<()> {
        steady(run, planned).await
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let mut changes = Vec::new();
        let task = run.text("{task_definition}", &object);
        let written = args::string(prior, "task_definition").unwrap_or_default();
        // arn:…:task-definition/FAMILY:REVISION
        let short = task.rsplit('/').next().unwrap_or_default().to_owned();
        let family = short.split(':').next().unwrap_or_default();
        if !written.is_empty() && !written.starts_with("arn:") {
            let said = if written == family {
                family.to_owned()
            } else {
                short.clone()
            };
            changes.push(("task_definition", Value::string(said)));
        }
        if args::get(&object, "cluster").is_null() {
            let input = json!({"services": [run.text("{id}", &object)]});
            let answer = run.ask("DescribeServices", input).await?;
            let cluster = json::text_at(&answer, "services.0.clusterArn");
            let cluster = cluster.unwrap_or_default();
            changes.push(("cluster", Value::string(cluster)));
        }
        changes.push(("id", args::get(&object, "arn")));
        Ok(args::with_all(&object, changes))
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        // What runs ends first.
        if args::string(object, "scheduling_strategy") == Some("DAEMON")
            || args::bool(object, "force_delete") == Some(true)
        {
            return Ok(false);
        }
        let input = json!({
            "cluster": run.text("{cluster}", object),
            "service": run.text("{id}", object),
            "desiredCount": 0,
        });
        let gone = [
            "ClusterNotFoundException",
            "ServiceNotFoundException",
            "ServiceNotActiveException",
        ];
        run.ask_unless("UpdateService", input, &gone).await?;
        Ok(false)
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (cluster, name) = id.rsplit_once('/')?;
        Some(vec![
            ("cluster", cluster.to_owned()),
            ("id", name.to_owned()),
        ])
    }
}

/// Waits until as many tasks run as are wanted, if the configuration wants that.
async fn steady(run: &Run<'_>, object: &Value) -> Answered<()> {
    if args::bool(object, "wait_for_steady_state") != Some(true) {
        return Ok(());
    }
    let started = Instant::now();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let Some((found, _)) = run.raw(object).await? else {
            return Ok(());
        };
        let number = |path: &str| json::text_at(&found, path).unwrap_or_default();
        let deployments = found.get("deployments").and_then(Json::as_array);
        let one = deployments.is_none_or(|all| all.len() == 1);
        if one && number("desiredCount") == number("runningCount") {
            return Ok(());
        }
        if run.is_late(started, Duration::from_secs(20 * 60), attempt) {
            let counts = format!(
                "{} of {} tasks run",
                number("runningCount"),
                number("desiredCount")
            );
            return Err(Refusal::error(
                "Service is not steady",
                format!("{}: {counts}.", run.what(object)),
            ));
        }
        run.cx.pause(Duration::from_secs(10)).await;
    }
}
