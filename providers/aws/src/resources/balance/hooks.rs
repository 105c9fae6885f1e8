//! What load balancers do oddly.

use super::{SETTINGS, has_setting};
use crate::json;
use crate::read::is_empty;
use crate::run::Run;
use crate::table::{Hooks, Step, When, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_provider::plan::PlanResponse;
use terrane_value::{Path, Value};

fn kind(object: &Value) -> &str {
    args::string(object, "load_balancer_type").unwrap_or("application")
}

pub(super) fn balancer_input(operation: &str, input: &mut Json, object: &Value) {
    match operation {
        "CreateLoadBalancer" => {
            let scheme = match args::bool(object, "internal") {
                Some(true) => "internal",
                _ => "internet-facing",
            };
            json::put(input, "Scheme", scheme.into());
        }
        // What others have is an error.
        "ModifyLoadBalancerAttributes" => {
            if let Some(Json::Array(items)) = input.get_mut("Attributes") {
                items.retain(|item| {
                    let key = json::text_at(item, "Key").unwrap_or_default();
                    let name = SETTINGS.iter().find(|(_, other)| *other == key);
                    name.is_some_and(|(name, _)| has_setting(kind(object), name))
                });
            }
        }
        _ => {}
    }
}

pub(super) fn balancer_answer(operation: &str, found: &mut Json) {
    if operation != "DescribeLoadBalancers" {
        return;
    }
    let internal = found.get("Scheme").and_then(Json::as_str) == Some("internal");
    let zones = found.get("AvailabilityZones").and_then(Json::as_array);
    let subnets: Vec<Json> = zones
        .into_iter()
        .flatten()
        .filter_map(|zone| zone.get("SubnetId").cloned())
        .collect();
    let mappings: Vec<Json> = zones
        .into_iter()
        .flatten()
        .map(|zone| {
            let mut mapping =
                json!({"SubnetId": zone.get("SubnetId"), "OutpostId": zone.get("OutpostId")});
            if let Some(address) = json::get(zone, "LoadBalancerAddresses.0") {
                for name in ["AllocationId", "PrivateIPv4Address", "IPv6Address"] {
                    if let Some(value) = address.get(name) {
                        json::put(&mut mapping, name, value.clone());
                    }
                }
            }
            mapping
        })
        .collect();
    json::put(found, "Internal", internal.into());
    json::put(found, "Subnets", subnets.into());
    json::put(found, "SubnetMappings", mappings.into());
}

/// What a network load balancer has lost, it does not do without: it is made anew.
pub(super) fn balancer_planned(prior: &Value, _config: &Value, response: &mut PlanResponse) {
    if prior.is_null() || kind(prior) == "application" {
        return;
    }
    let of = |object: &Value, name: &str| args::get(object, name);
    for name in ["subnets", "subnet_mapping"] {
        let (before, after) = (of(prior, name), of(&response.planned, name));
        let loses = after.is_known()
            && !is_empty(&after)
            && before
                .children()
                .iter()
                .any(|item| !after.children().contains(item));
        if loses && kind(prior) == "network" {
            response.requires_replace.push(Path::new().attr(name));
        }
    }
    let (before, after) = (
        of(prior, "security_groups"),
        of(&response.planned, "security_groups"),
    );
    if after.is_known() && is_empty(&before) != is_empty(&after) {
        let path = Path::new().attr("security_groups");
        response.requires_replace.push(path);
    }
}

pub(super) fn groups_step() -> Step {
    op("SetSecurityGroups")
        .bare()
        .set("LoadBalancerArn", "{id}")
        .set("SecurityGroups", "{security_groups}")
        .set(
            "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
            "{enforce_security_group_inbound_rules_on_private_link_traffic}",
        )
        .when(When::Any(vec![
            "security_groups",
            "enforce_security_group_inbound_rules_on_private_link_traffic",
        ]))
}

#[derive(Debug)]
pub(super) struct Balancer;

#[async_trait]
impl Hooks for Balancer {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        // What the creation does not take.
        let name = "enforce_security_group_inbound_rules_on_private_link_traffic";
        if is_empty(&args::get(object, name)) {
            return Ok(());
        }
        let called = run.call_step(&groups_step(), object).await;
        called
            .map(drop)
            .map_err(|trouble| trouble.refusal(&run.what(object)))
    }

    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        // Settings that this type does not have are what they were said to be.
        let kind = kind(&object).to_owned();
        let without = SETTINGS
            .iter()
            .filter(|(name, _)| !has_setting(&kind, name));
        let changes: Vec<(&str, Value)> = without
            .map(|(name, _)| name.split('.').next().unwrap_or(name))
            .map(|name| (name, args::get(prior, name)))
            .collect();
        Ok(args::with_all(&object, changes))
    }
}
