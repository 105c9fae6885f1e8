//! Batch: where jobs run, the queues that they wait in, how shares are told apart.

use super::Family;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_provider::plan::PlanResponse;
use terrane_value::{Path, Value};

pub(super) const TYPES: Family = &[
    ("aws_batch_compute_environment", environment),
    ("aws_batch_job_queue", queue),
    ("aws_batch_scheduling_policy", policy),
];

fn of_batch(name: &'static str) -> Table {
    Table::new(name, "batch").tag_calls(
        "",
        ("TagResource", "UntagResource"),
        "resourceArn",
        "{arn}",
    )
}

fn policy() -> Table {
    of_batch("aws_batch_scheduling_policy")
        .names(&[("fair_share_policy", "fairsharePolicy")])
        .create(op("CreateSchedulingPolicy"))
        .id_out("arn")
        .read(
            op("DescribeSchedulingPolicies")
                .set("arns", "{id}")
                .at("schedulingPolicies.0"),
        )
        .update(op("UpdateSchedulingPolicy").set("arn", "{id}"))
        .delete(op("DeleteSchedulingPolicy").set("arn", "{id}"))
}

fn queue() -> Table {
    of_batch("aws_batch_job_queue")
        .noun("jobQueue")
        .names(&[("name", "jobQueueName"), ("arn", "jobQueueArn")])
        .create(op("CreateJobQueue"))
        .id_out("jobQueueArn")
        .read(
            op("DescribeJobQueues")
                .set("jobQueues", "{id}")
                .at("jobQueues.0"),
        )
        .gone_when("status", &["DELETED", "DELETING"])
        .update(op("UpdateJobQueue").set("jobQueue", "{id}"))
        .delete(op("DeleteJobQueue").set("jobQueue", "{id}"))
        .wait(
            &[Phase::Create, Phase::Update],
            "status",
            &["VALID"],
            &["CREATING", "UPDATING"],
        )
        .hooks(Off {
            operation: "UpdateJobQueue",
            member: "jobQueue",
        })
}

fn environment() -> Table {
    of_batch("aws_batch_compute_environment")
        .names(&[
            ("name", "computeEnvironmentName"),
            ("arn", "computeEnvironmentArn"),
        ])
        .local(&["name_prefix"])
        .by_function(&["update_policy"])
        .create(op("CreateComputeEnvironment"))
        .id("{name}")
        .read(
            op("DescribeComputeEnvironments")
                .set("computeEnvironments", "{name}")
                .at("computeEnvironments.0"),
        )
        .gone_when("status", &["DELETED"])
        .input(|operation, input, object| {
            if operation == "UpdateComputeEnvironment" {
                changed(input, object);
            }
        })
        .update(
            op("UpdateComputeEnvironment")
                .set("computeEnvironment", "{name}")
                .only(&["compute_resources", "service_role", "state"]),
        )
        .delete(op("DeleteComputeEnvironment").set("computeEnvironment", "{name}"))
        .wait(
            &[Phase::Create, Phase::Update],
            "status",
            &["VALID"],
            &["CREATING", "UPDATING"],
        )
        .wait(&[Phase::Delete], "status", &[], &[])
        .planned(planned)
        .hooks(Environment)
}

/// What can be changed of the resources of an environment that stays.
const CHANGEABLE: &[&str] = &[
    "desiredvCpus",
    "maxvCpus",
    "minvCpus",
    "securityGroupIds",
    "subnets",
];

/// What only an environment takes that replaces its machines.
const REPLACING: &[&str] = &[
    "allocation_strategy",
    "bid_percentage",
    "ec2_configuration",
    "ec2_key_pair",
    "image_id",
    "instance_role",
    "instance_type",
    "launch_template",
    "placement_group",
    "spot_iam_fleet_role",
    "tags",
    "type",
];

fn changed(input: &mut Json, object: &Value) {
    let fargate = args::get(object, "compute_resources")
        .children()
        .first()
        .and_then(|block| args::string(block, "type").map(|kind| kind.starts_with("FARGATE")))
        .unwrap_or_default();
    if let Some(Json::Object(resources)) = input.get_mut("computeResources") {
        resources.retain(|name, _| CHANGEABLE.contains(&name.as_str()));
        if fargate {
            // Nothing is kept running where nobody has machines.
            resources.retain(|name, _| name != "minvCpus" && name != "desiredvCpus");
        }
    }
}

fn planned(prior: &Value, _config: &Value, response: &mut PlanResponse) {
    if prior.is_null() {
        return;
    }
    let block = |object: &Value| {
        let blocks = args::get(object, "compute_resources");
        blocks.children().first().cloned().unwrap_or(Value::NULL)
    };
    let (before, after) = (block(prior), block(&response.planned));
    let path = Path::new().attr("compute_resources");
    for name in REPLACING {
        if !same_at(&before, &after, name) {
            let path = path
                .then(terrane_value::PathStep::Index(Value::number(0)))
                .attr(*name);
            response.requires_replace.push(path);
        }
    }
}

/// What works is switched off before it goes.
async fn switch_off(run: &Run<'_>, operation: &str, member: &str, id: &str) -> Answered<()> {
    let mut input = json!({"state": "DISABLED"});
    json::put(&mut input, member, id.into());
    run.ask_unless(operation, input, &["ClientException"])
        .await
        .map(drop)
}

#[derive(Debug)]
struct Off {
    operation: &'static str,
    member: &'static str,
}

#[async_trait]
impl Hooks for Off {
    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let Some((found, _)) = run.raw(object).await? else {
            return Ok(true);
        };
        if found["state"] != "DISABLED" {
            let id = run.text("{id}", object);
            switch_off(run, self.operation, self.member, &id).await?;
            run.wait_for(Phase::Update, object).await?;
        }
        Ok(false)
    }
}

#[derive(Debug)]
struct Environment;

impl Environment {
    fn policy(object: &Value) -> Option<Json> {
        let blocks = args::get(object, "update_policy");
        let block = blocks.children().first()?;
        Some(json!({
            "jobExecutionTimeoutMinutes": args::int(block, "job_execution_timeout_minutes")?,
            "terminateJobsOnUpdate": args::bool(block, "terminate_jobs_on_update") == Some(true),
        }))
    }
}

#[async_trait]
impl Hooks for Environment {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        self.update(run, &Value::NULL, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let same = !prior.is_null() && same_at(prior, planned, "update_policy");
        let Some(policy) = Self::policy(planned).filter(|_| !same) else {
            return Ok(());
        };
        let name = run.text("{name}", planned);
        let input = json!({"computeEnvironment": name, "updatePolicy": policy});
        run.ask("UpdateComputeEnvironment", input).await?;
        run.wait_for(Phase::Update, planned).await
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let off = Off {
            operation: "UpdateComputeEnvironment",
            member: "computeEnvironment",
        };
        off.delete(run, object).await
    }
}
