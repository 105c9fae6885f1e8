//! When groups grow and shrink.

use crate::json;
use crate::table::{Table, op};
use serde_json::Value as Json;
use terrane_value::Value;

pub(super) fn policy() -> Table {
    let put = || op("PutScalingPolicy");
    Table::new("aws_autoscaling_policy", "autoscaling")
        .noun("Policy")
        .names(&[
            ("autoscaling_group_name", "AutoScalingGroupName"),
            ("arn", "PolicyARN"),
            ("step_adjustment", "StepAdjustments"),
            (
                "target_tracking_configuration.customized_metric_specification.metric_dimension",
                "Dimensions",
            ),
            (
                "predictive_scaling_configuration.metric_specification",
                "MetricSpecifications",
            ),
            (
                "predictive_scaling_configuration.metric_specification.predefined_load_metric_specification",
                "PredefinedLoadMetricSpecification",
            ),
        ])
        .create(put())
        .input(input)
        .answer(|_, found| {
            // What is of another kind says nothing; one that does not say that it is off is on.
            if found.get("PolicyType").and_then(Json::as_str) != Some("PredictiveScaling") {
                json::put(found, "PredictiveScalingConfiguration", Json::Null);
            }
            if json::get(found, "Enabled").is_none() {
                json::put(found, "Enabled", true.into());
            }
        })
        .id("{name}")
        .import("{autoscaling_group_name}/{name}")
        .read(
            op("DescribePolicies")
                .set("AutoScalingGroupName", "{autoscaling_group_name}")
                .set("PolicyNames", "{name}")
                .at("ScalingPolicies.0"),
        )
        .update(put())
        .delete(
            op("DeletePolicy")
                .set("AutoScalingGroupName", "{autoscaling_group_name}")
                .set("PolicyName", "{name}"),
        )
}

fn input(operation: &str, input: &mut Json, _object: &Value) {
    if operation != "PutScalingPolicy" {
        return;
    }
    let kind = json::text_at(input, "PolicyType").unwrap_or_default();
    let Some(members) = input.as_object_mut() else {
        return;
    };
    // What the other kinds have is an error.
    let of: &[&str] = match kind.as_str() {
        "SimpleScaling" => &["Cooldown", "ScalingAdjustment", "AdjustmentType"],
        "StepScaling" => &[
            "StepAdjustments",
            "MetricAggregationType",
            "EstimatedInstanceWarmup",
            "AdjustmentType",
        ],
        "TargetTrackingScaling" => &["TargetTrackingConfiguration", "EstimatedInstanceWarmup"],
        _ => &["PredictiveScalingConfiguration"],
    };
    members.retain(|name, value| {
        let common = matches!(
            name.as_str(),
            "AutoScalingGroupName" | "PolicyName" | "PolicyType" | "Enabled"
        );
        let least = name == "MinAdjustmentMagnitude"
            && matches!(kind.as_str(), "SimpleScaling" | "StepScaling")
            && value.as_i64() != Some(0);
        common || least || of.contains(&name.as_str())
    });
}
