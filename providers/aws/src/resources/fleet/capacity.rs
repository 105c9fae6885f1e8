//! Waiting until as many instances of a group serve as were asked for, also behind its load balancers.

use super::said;
use crate::cx::refusal;
use crate::json;
use crate::run::Run;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::time::Duration;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;
use tokio::time::Instant;

/// Instances that a load balancer sends requests to.
type Healthy = BTreeSet<String>;

/// Waits until so many instances serve. Activities that fail meanwhile end the wait, `before` those that are known of old.
pub(super) async fn reached(run: &Run<'_>, object: &Value, before: &[String]) -> Answered<()> {
    let limit = match said(object, "wait_for_capacity_timeout").unwrap_or("10m") {
        "0" | "0s" | "0m" => return Ok(()),
        text => crate::run::seconds(text).unwrap_or(600),
    };
    let number = |name| args::int(object, name).filter(|wanted| *wanted > 0);
    let wanted = number("desired_capacity").or_else(|| number("min_size"));
    let wanted = wanted.unwrap_or(0);
    let behind = number("wait_for_elb_capacity").or_else(|| number("min_elb_capacity"));
    if wanted == 0 && behind.is_none() {
        return Ok(());
    }
    let ignored = args::bool(object, "ignore_failed_scaling_activities") == Some(true);
    let until = Instant::now() + Duration::from_secs(limit);
    let mut pause = Duration::from_secs(1);
    let (mut serving, mut balanced) = (0, 0);
    for _ in 0..3600 {
        let Some((found, _)) = run.raw(object).await? else {
            break;
        };
        serving = capacity(&found, &[]);
        if behind.is_some() {
            balanced = capacity(&found, &balancers(run, &found).await?);
        }
        if serving >= wanted && balanced >= behind.unwrap_or(0) {
            return Ok(());
        }
        if !ignored && let Some(failed) = failures(run, object, before).await?.first() {
            let text = json::text_at(failed, "StatusMessage").unwrap_or_default();
            let told = format!(
                "{}: {serving} of {wanted} instances serve. {text} With `ignore_failed_scaling_activities` it is waited for other attempts.",
                run.what(object)
            );
            return Err(Refusal::error("Instances can't be started", told));
        }
        if Instant::now() > until {
            break;
        }
        run.cx.pause(pause).await;
        pause = (pause * 2).min(Duration::from_secs(10));
    }
    let last = failures(run, object, &[]).await?;
    let last = last
        .first()
        .and_then(|activity| json::text_at(activity, "StatusMessage"))
        .unwrap_or_default();
    let through = behind.map_or_else(String::new, |behind| {
        format!(" and {balanced} of {behind} behind load balancers")
    });
    Err(Refusal::error(
        "Capacity is not reached",
        format!(
            "{}: {serving} of {wanted} instances serve{through} when the time is up. {last} `wait_for_capacity_timeout` allows for more, or for no waiting with \"0\".",
            run.what(object)
        ),
    ))
}

/// Ids of the activities of a group that have failed so far.
pub(super) async fn failed(run: &Run<'_>, object: &Value) -> Answered<Vec<String>> {
    let all = failures(run, object, &[]).await?;
    let id = |activity: &Json| json::text_at(activity, "ActivityId");
    Ok(all.iter().filter_map(id).collect())
}

async fn failures(run: &Run<'_>, object: &Value, before: &[String]) -> Answered<Vec<Json>> {
    let input = json!({"AutoScalingGroupName": run.text("{id}", object), "MaxRecords": 20});
    let answer = run
        .page_unless("DescribeScalingActivities", input, &[])
        .await?;
    let all = answer.as_ref().and_then(|found| found.get("Activities"));
    let is_new = |activity: &&Json| {
        let is = |name, text| json::text_at(activity, name).as_deref() == Some(text);
        is("StatusCode", "Failed")
            && json::text_at(activity, "ActivityId").is_none_or(|id| !before.contains(&id))
    };
    let all = all.and_then(Json::as_array).into_iter().flatten();
    Ok(all.filter(is_new).cloned().collect())
}

/// What serves of a group, in the unit of its sizes: an instance counts as much as its type weighs. Only what each of the balancers has in use.
fn capacity(found: &Json, balancers: &[Healthy]) -> i64 {
    let instances = found.get("Instances").and_then(Json::as_array);
    let weight = |item: &Json| {
        let is = |name: &str, state: &str| {
            json::text_at(item, name).is_some_and(|text| text.eq_ignore_ascii_case(state))
        };
        let id = json::text_at(item, "InstanceId").unwrap_or_default();
        let serves = is("LifecycleState", "InService")
            && is("HealthStatus", "Healthy")
            && balancers.iter().all(|healthy| healthy.contains(&id));
        let weight = json::text_at(item, "WeightedCapacity").and_then(|text| text.parse().ok());
        if serves { weight.unwrap_or(1) } else { 0 }
    };
    instances.into_iter().flatten().map(weight).sum()
}

/// What each load balancer and target group of the group has in use.
async fn balancers(run: &Run<'_>, found: &Json) -> Answered<Vec<Healthy>> {
    let names = |list: &str| {
        let all = found.get(list).and_then(Json::as_array);
        let all = all.into_iter().flatten().filter_map(Json::as_str);
        all.map(str::to_owned).collect::<Vec<_>>()
    };
    let classic = names("LoadBalancerNames").into_iter().map(|name| {
        let input = json!({"LoadBalancerName": name});
        ("elb", "DescribeInstanceHealth", input)
    });
    let groups = names("TargetGroupARNs").into_iter().map(|arn| {
        let input = json!({"TargetGroupArn": arn});
        ("elbv2", "DescribeTargetHealth", input)
    });
    let mut all = Vec::new();
    for (service, operation, input) in classic.chain(groups) {
        let answer = run.whole(service, operation, input, &[]).await;
        let told = format!("looking at what serves of {}", run.table.name);
        all.push(healthy(&answer.map_err(|error| refusal(&error, &told))?));
    }
    Ok(all)
}

fn healthy(answer: &Json) -> Healthy {
    let list = |name: &str| answer.get(name).and_then(Json::as_array).into_iter();
    let classic = list("InstanceStates").flatten().filter_map(|item| {
        let serves = json::text_at(item, "State").as_deref() == Some("InService");
        json::text_at(item, "InstanceId").filter(|_| serves)
    });
    let targets = list("TargetHealthDescriptions")
        .flatten()
        .filter_map(|item| {
            let serves = json::text_at(item, "TargetHealth.State").as_deref() == Some("healthy");
            json::text_at(item, "Target.Id").filter(|_| serves)
        });
    classic.chain(targets).collect()
}

#[cfg(test)]
mod tests {
    use super::{capacity, healthy};
    use serde_json::json;

    /// Types weigh what `weighted_capacity` says, and the sizes of a group are in that unit.
    #[test]
    fn an_instance_counts_as_much_as_it_weighs() {
        let found = json!({"Instances": [
            {"InstanceId": "i-1", "LifecycleState": "InService", "HealthStatus": "Healthy", "WeightedCapacity": "2"},
            {"InstanceId": "i-2", "LifecycleState": "InService", "HealthStatus": "HEALTHY"},
            {"InstanceId": "i-3", "LifecycleState": "Pending", "HealthStatus": "Healthy", "WeightedCapacity": "4"},
            {"InstanceId": "i-4", "LifecycleState": "InService", "HealthStatus": "Unhealthy"},
        ]});
        assert_eq!(capacity(&found, &[]), 3);
    }

    /// Behind load balancers counts what each of them has in use.
    #[test]
    fn what_one_of_the_balancers_does_not_use_does_not_serve() {
        let instance = |id: &str| json!({"InstanceId": id, "LifecycleState": "InService", "HealthStatus": "Healthy"});
        let found = json!({"Instances": [instance("i-1"), instance("i-2"), instance("i-3")]});
        let target = |id: &str, state: &str| json!({"Target": {"Id": id, "Port": 80}, "TargetHealth": {"State": state}});
        let group = healthy(
            &json!({"TargetHealthDescriptions": [target("i-1", "healthy"), target("i-2", "healthy"), target("i-3", "initial")]}),
        );
        let classic = healthy(
            &json!({"InstanceStates": [{"InstanceId": "i-1", "State": "InService"}, {"InstanceId": "i-2", "State": "OutOfService"}]}),
        );
        assert_eq!(capacity(&found, std::slice::from_ref(&group)), 2);
        assert_eq!(capacity(&found, &[group, classic]), 1);
    }
}
