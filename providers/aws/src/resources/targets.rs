//! Application Auto Scaling: what scales, by which policy, and when.

use super::Family;
use crate::json;
use crate::table::{Hooks, Phase, Table, op};
use serde_json::Value as Json;
use terrane_provider::args;
use terrane_provider::plan::PlanResponse;
use terrane_value::Value;

pub(super) const TYPES: Family = &[
    ("aws_appautoscaling_target", target),
    ("aws_appautoscaling_policy", policy),
    ("aws_appautoscaling_scheduled_action", scheduled_action),
];

const CHANGES: &[Phase] = &[Phase::Create, Phase::Update, Phase::Delete];

/// Errors that say that there is no such thing to scale, or none any more.
const GONE: &[&str] = &["ObjectNotFoundException"];

fn target() -> Table {
    let register = || op("RegisterScalableTarget");
    Table::new("aws_appautoscaling_target", "application-autoscaling")
        .names(&[("arn", "ScalableTargetARN")])
        .create(register())
        .id("{resource_id}")
        .read(
            op("DescribeScalableTargets")
                .set("ServiceNamespace", "{service_namespace}")
                .set("ResourceIds", "{resource_id}")
                .set("ScalableDimension", "{scalable_dimension}")
                .at("ScalableTargets.0"),
        )
        .update(register())
        .delete(
            op("DeregisterScalableTarget")
                .set("ServiceNamespace", "{service_namespace}")
                .set("ResourceId", "{resource_id}")
                .set("ScalableDimension", "{scalable_dimension}"),
        )
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
        .lazy_tags()
        .not_found(GONE)
        .retry(
            &[Phase::Create, Phase::Update],
            "ValidationException",
            "Unable to assume IAM role",
            120,
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "ValidationException",
            "ECS service doesn't exist",
            120,
        )
        .hooks(Scaled(&["scalable_dimension"]))
}

/// Import ids begin with the service and end with these; what is between has slashes of its own.
#[derive(Debug)]
struct Scaled(&'static [&'static str]);

impl Hooks for Scaled {
    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (service, mut rest) = id.split_once('/')?;
        let mut parts = vec![("service_namespace", service.to_owned())];
        for name in self.0.iter().rev() {
            let (before, last) = rest.rsplit_once('/')?;
            parts.push((*name, last.to_owned()));
            rest = before;
        }
        parts.push(("resource_id", rest.to_owned()));
        Some(parts)
    }
}

fn policy() -> Table {
    let put = || op("PutScalingPolicy");
    Table::new("aws_appautoscaling_policy", "application-autoscaling")
        .noun("Policy")
        .names(&[("arn", "PolicyARN")])
        .create(put())
        .id("{name}")
        .read(
            op("DescribeScalingPolicies")
                .set("ServiceNamespace", "{service_namespace}")
                .set("ResourceId", "{resource_id}")
                .set("ScalableDimension", "{scalable_dimension}")
                .set("PolicyNames", "{name}")
                .at("ScalingPolicies[PolicyName={name}]"),
        )
        .answer(|_, found| {
            let alarms = found.get("Alarms").and_then(Json::as_array);
            let arns: Vec<Json> = alarms
                .into_iter()
                .flatten()
                .filter_map(|alarm| alarm.get("AlarmARN").cloned())
                .collect();
            json::put(found, "AlarmArns", Json::Array(arns));
        })
        .update(put())
        .delete(
            op("DeleteScalingPolicy")
                .set("ServiceNamespace", "{service_namespace}")
                .set("ResourceId", "{resource_id}")
                .set("ScalableDimension", "{scalable_dimension}")
                .set("PolicyName", "{name}"),
        )
        .not_found(GONE)
        .retry(CHANGES, "FailedResourceAccessException", "", 120)
        .hooks(Scaled(&["scalable_dimension", "name"]))
}

fn scheduled_action() -> Table {
    let put = || op("PutScheduledAction");
    Table::new(
        "aws_appautoscaling_scheduled_action",
        "application-autoscaling",
    )
    .noun("ScheduledAction")
    .create(put())
    .id("{name}-{service_namespace}-{resource_id}")
    .read(
        op("DescribeScheduledActions")
            .set("ServiceNamespace", "{service_namespace}")
            .set("ResourceId", "{resource_id}")
            .set("ScalableDimension", "{scalable_dimension}")
            .set("ScheduledActionNames", "{name}")
            .at("ScheduledActions[ScheduledActionName={name}]"),
    )
    .update(put())
    .delete(
        op("DeleteScheduledAction")
            .set("ServiceNamespace", "{service_namespace}")
            .set("ResourceId", "{resource_id}")
            .set("ScalableDimension", "{scalable_dimension}")
            .set("ScheduledActionName", "{name}"),
    )
    .not_found(GONE)
    .retry(
        &[Phase::Create, Phase::Update],
        "ObjectNotFoundException",
        "",
        120,
    )
    .planned(|prior, _, response| same_times(&["start_time", "end_time"], prior, response))
    .hooks(Scaled(&["scalable_dimension", "name"]))
}

/// Other spellings of the same time are no change.
pub(super) fn same_times(names: &[&str], prior: &Value, response: &mut PlanResponse) {
    for name in names {
        let (before, after) = (args::get(prior, name), args::get(&response.planned, name));
        let time = |value: &Value| value.as_str().and_then(terrane_aws_client::seconds_of);
        if let (Some(left), Some(right)) = (time(&before), time(&after))
            && left == right
        {
            response.planned = args::with(&response.planned, name, before);
        }
    }
}
