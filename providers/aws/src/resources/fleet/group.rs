//! Groups of instances.

use super::{capacity, said};
use crate::json;
use crate::read::is_empty;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, When, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::time::Duration;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::plan::PlanResponse;
use terrane_value::{Type, Value};
use tokio::time::Instant;

/// A call about the group.
fn about(operation: &'static str) -> crate::table::Step {
    op(operation).bare().set("AutoScalingGroupName", "{id}")
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn group() -> Table {
    let apart = [
        "tag",
        "load_balancers",
        "target_group_arns",
        "traffic_source",
        "initial_lifecycle_hook",
    ];
    Table::new("aws_autoscaling_group", "autoscaling")
        .noun("AutoScalingGroup")
        .names(&[
            ("arn", "AutoScalingGroupARN"),
            ("load_balancers", "LoadBalancerNames"),
            ("launch_configuration", "LaunchConfigurationName"),
            ("protect_from_scale_in", "NewInstancesProtectedFromScaleIn"),
            ("launch_template.id", "LaunchTemplateId"),
            ("launch_template.name", "LaunchTemplateName"),
            ("initial_lifecycle_hook", "LifecycleHookSpecificationList"),
            ("initial_lifecycle_hook.name", "LifecycleHookName"),
            ("warm_pool", "WarmPoolConfiguration"),
            ("vpc_zone_identifier", "VPCZoneIdentifier"),
        ])
        .local(&[
            "name_prefix",
            "wait_for_capacity_timeout",
            "wait_for_elb_capacity",
            "min_elb_capacity",
            "ignore_failed_scaling_activities",
            "force_delete",
            "force_delete_warm_pool",
            "metrics_granularity",
            "instance_refresh",
        ])
        .quiet(&["termination_policies"])
        .by_function(&["tag"])
        .create(op("CreateAutoScalingGroup").except(&["warm_pool"]))
        .input(input)
        .answer(answer)
        .planned(planned)
        .id("{name}")
        .read(
            op("DescribeAutoScalingGroups")
                .set("AutoScalingGroupNames", "{id}")
                .at("AutoScalingGroups.0"),
        )
        .update(
            op("UpdateAutoScalingGroup")
                .set("AutoScalingGroupName", "{id}")
                .set("HealthCheckType", "{health_check_type}")
                .partial()
                .except(&apart),
        )
        .members(
            "suspended_processes",
            about("SuspendProcesses"),
            about("ResumeProcesses"),
            "ScalingProcesses",
        )
        .members(
            "enabled_metrics",
            about("EnableMetricsCollection").set("Granularity", "{metrics_granularity}"),
            about("DisableMetricsCollection"),
            "Metrics",
        )
        .members(
            "load_balancers",
            about("AttachLoadBalancers"),
            about("DetachLoadBalancers"),
            "LoadBalancerNames",
        )
        .members(
            "target_group_arns",
            about("AttachLoadBalancerTargetGroups"),
            about("DetachLoadBalancerTargetGroups"),
            "TargetGroupARNs",
        )
        .members(
            "traffic_source",
            about("AttachTrafficSources"),
            about("DetachTrafficSources"),
            "TrafficSources",
        )
        .recomputed("traffic_source", &["target_group_arns", "load_balancers"])
        .recomputed("target_group_arns", &["traffic_source"])
        .recomputed("load_balancers", &["traffic_source"])
        .recomputed("availability_zones", &["vpc_zone_identifier"])
        .also(
            about("PutWarmPool")
                .set(
                    "MaxGroupPreparedCapacity",
                    "{warm_pool.0.max_group_prepared_capacity}",
                )
                .set("MinSize", "{warm_pool.0.min_size}")
                .set("PoolState", "{warm_pool.0.pool_state}")
                .set(
                    "InstanceReusePolicy.ReuseOnScaleIn",
                    "{warm_pool.0.instance_reuse_policy.0.reuse_on_scale_in}",
                )
                .when(When::Set("warm_pool")),
        )
        .update(
            about("DeleteWarmPool")
                .set("ForceDelete", "{force_delete_warm_pool}")
                .when(When::Unset("warm_pool")),
        )
        .hooks(Group)
        .delete(about("DeleteAutoScalingGroup").set("ForceDelete", "{force_delete}"))
        .wait(&[Phase::Delete], "Status", &[], &["", "Delete in progress"])
        .retry(&[Phase::Delete], "ScalingActivityInProgress", "", 600)
        .retry(&[Phase::Delete], "ResourceInUse", "", 600)
        .bulk(50)
}

/// Templates are named by one of their names.
fn one_name(holder: &mut Json) {
    if let Some(members) = holder.as_object_mut()
        && members.contains_key("LaunchTemplateId")
    {
        members.remove("LaunchTemplateName");
    }
}

fn input(operation: &str, input: &mut Json, object: &Value) {
    if !matches!(
        operation,
        "CreateAutoScalingGroup" | "UpdateAutoScalingGroup"
    ) {
        return;
    }
    if input.get("VPCZoneIdentifier").is_some() {
        let subnets = args::strings(object, "vpc_zone_identifier").unwrap_or_default();
        json::put(input, "VPCZoneIdentifier", subnets.join(",").into());
    }
    for path in [
        "LaunchTemplate",
        "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification",
    ] {
        if let Some(mut holder) = json::get(input, path).cloned() {
            one_name(&mut holder);
            json::put(input, path, holder);
        }
    }
    if let Some(Json::Array(tags)) = input.get_mut("Tags") {
        let name = args::string(object, "name").unwrap_or_default();
        for tag in tags {
            json::put(tag, "ResourceId", name.into());
            json::put(tag, "ResourceType", "auto-scaling-group".into());
        }
    }
}

fn answer(operation: &str, found: &mut Json) {
    if operation != "DescribeAutoScalingGroups" {
        return;
    }
    let subnets = json::text_at(found, "VPCZoneIdentifier").unwrap_or_default();
    let subnets: Vec<&str> = subnets.split(',').filter(|id| !id.is_empty()).collect();
    let list = |name: &str, member: &str| -> Vec<Json> {
        let items = found.get(name).and_then(Json::as_array);
        let items = items.into_iter().flatten();
        items.filter_map(|item| item.get(member).cloned()).collect()
    };
    let processes = list("SuspendedProcesses", "ProcessName");
    let metrics = list("EnabledMetrics", "Metric");
    let subnets = json!(subnets);
    json::put(found, "VPCZoneIdentifier", subnets);
    json::put(found, "SuspendedProcesses", processes.into());
    json::put(found, "EnabledMetrics", metrics.into());
    if let Some(Json::Array(tags)) = found.get_mut("Tags") {
        tags.retain(|tag| {
            !json::text_at(tag, "Key")
                .unwrap_or_default()
                .starts_with("aws:")
        });
    }
}

/// A template that is named in another way than it was is another one: what was known of it by the other name is not.
fn planned(prior: &Value, config: &Value, response: &mut PlanResponse) {
    if prior.is_null() {
        return;
    }
    let of = |object: &Value| {
        args::get(object, "launch_template")
            .children()
            .first()
            .cloned()
    };
    let (Some(before), Some(written), Some(after)) = (of(prior), of(config), of(&response.planned))
    else {
        return;
    };
    let mut new = after.clone();
    for (name, other) in [("name", "id"), ("id", "name")] {
        let chosen = !is_empty(&args::get(&written, name)) && is_empty(&args::get(&written, other));
        if chosen && args::get(&before, name) != args::get(&written, name) {
            new = args::with(&new, other, Value::unknown(Type::String));
        }
    }
    if new != after {
        let list = Value::list(new.ty(), vec![new]);
        response.planned = args::with(&response.planned, "launch_template", list);
    }
}

#[derive(Debug)]
struct Group;

/// Tags as the API has them.
fn tags(id: &str, items: &[&Value]) -> Json {
    let one = |tag: &&Value| {
        json!({
            "ResourceId": id,
            "ResourceType": "auto-scaling-group",
            "Key": args::string(tag, "key"),
            "Value": args::string(tag, "value").unwrap_or_default(),
            "PropagateAtLaunch": args::bool(tag, "propagate_at_launch").unwrap_or(false),
        })
    };
    Json::Array(items.iter().map(one).collect())
}

/// Replaces the instances, where what they are made after has changed.
async fn refresh(run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
    let written = args::get(planned, "instance_refresh");
    let Some(refresh) = written.children().first() else {
        return Ok(());
    };
    let triggers = args::strings(refresh, "triggers").unwrap_or_default();
    let usual = [
        "launch_configuration",
        "launch_template",
        "mixed_instances_policy",
    ];
    let changed = usual.iter().any(|name| !same_at(prior, planned, name))
        || triggers.iter().any(|name| !same_at(prior, planned, name));
    if !changed {
        return Ok(());
    }
    let mut input = json!({
        "AutoScalingGroupName": run.text("{id}", planned),
        "Strategy": args::string(refresh, "strategy"),
    });
    let preferences = args::get(refresh, "preferences");
    if let Some(preferences) = preferences.children().first() {
        let operation = run.operation("autoscaling", "StartInstanceRefresh")?;
        if let Some(shape) = operation.input.member("Preferences")
            && let Some(made) = crate::write::plain(shape, preferences)
        {
            json::put(&mut input, "Preferences", made);
        }
    }
    run.ask("StartInstanceRefresh", input).await.map(drop)
}

#[async_trait]
impl Hooks for Group {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        capacity::reached(run, object, &[]).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", prior);
        let (before, after) = (args::get(prior, "tag"), args::get(planned, "tag"));
        let new: Vec<&Value> = crate::resources::ec2::news(&before, &after);
        let key = |tag: &Value| args::string(tag, "key").map(str::to_owned);
        let gone: Vec<&Value> = before
            .children()
            .iter()
            .filter(|tag| !after.children().iter().any(|other| key(other) == key(tag)))
            .collect();
        if !gone.is_empty() {
            run.ask("DeleteTags", json!({"Tags": tags(&id, &gone)}))
                .await?;
        }
        if !new.is_empty() {
            run.ask("CreateOrUpdateTags", json!({"Tags": tags(&id, &new)}))
                .await?;
        }
        refresh(run, prior, planned).await?;
        let sizes = ["desired_capacity", "min_size", "wait_for_elb_capacity"];
        if sizes.iter().any(|name| !same_at(prior, planned, name)) {
            let before = capacity::failed(run, planned).await?;
            capacity::reached(run, planned, &before).await?;
        }
        Ok(())
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if args::bool(object, "force_delete") == Some(true) {
            return Ok(false);
        }
        // Instances first: a group that has some is not deleted.
        let Some((found, _)) = run.raw(object).await? else {
            return Ok(true);
        };
        let has = |found: &Json| {
            let instances = found.get("Instances").and_then(Json::as_array);
            instances.is_some_and(|all| !all.is_empty())
        };
        let input = json!({
            "AutoScalingGroupName": run.text("{id}", object),
            "MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0,
        });
        run.ask("UpdateAutoScalingGroup", input).await?;
        if !has(&found) {
            return Ok(false);
        }
        let mut pause = Duration::from_secs(1);
        for _ in 0..3600 {
            match run.raw(object).await? {
                Some((found, _)) if has(&found) => {}
                _ => return Ok(false),
            }
            if Instant::now() > run.deadline {
                break;
            }
            run.cx.pause(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
        Err(Refusal::error(
            "Timed out",
            format!("{}: it still has instances.", run.what(object)),
        ))
    }
}

/// The classic load balancers among attachments go by other calls.
#[derive(Debug)]
pub(super) struct Attachment;

#[async_trait]
impl Hooks for Attachment {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let Some(elb) = said(planned, "elb") else {
            return Ok(None);
        };
        let group = said(planned, "autoscaling_group_name").unwrap_or_default();
        let input = json!({"AutoScalingGroupName": group, "LoadBalancerNames": [elb]});
        run.ask("AttachLoadBalancers", input).await?;
        Ok(Some((format!("{group}-{elb}"), planned.clone())))
    }

    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let Some((found, _)) = run.raw(object).await? else {
            return Ok(Some(None));
        };
        let (list, wanted) = match said(object, "elb") {
            Some(elb) => ("LoadBalancerNames", elb),
            None => (
                "TargetGroupARNs",
                said(object, "lb_target_group_arn").unwrap_or_default(),
            ),
        };
        let names = found.get(list).and_then(Json::as_array);
        let is = names.is_some_and(|all| all.iter().any(|name| name.as_str() == Some(wanted)));
        Ok(Some(is.then(|| object.clone())))
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let Some(elb) = said(object, "elb") else {
            // A group that is gone has let go of it.
            return Ok(run.raw(object).await?.is_none());
        };
        let group = said(object, "autoscaling_group_name");
        let input = json!({"AutoScalingGroupName": group, "LoadBalancerNames": [elb]});
        run.ask_unless("DetachLoadBalancers", input, &["ValidationError"])
            .await?;
        Ok(true)
    }
}
