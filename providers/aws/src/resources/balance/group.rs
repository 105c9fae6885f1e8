//! Target groups, and what is in them.

use crate::json;
use crate::table::{Cut, Hooks, Phase, Table, When, op};
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_value::{Kind, Value};

/// Settings of target groups, and their keys. How long cookies are valid is told by one of two keys.
const SETTINGS: &[(&str, &str)] = &[
    (
        "deregistration_delay",
        "deregistration_delay.timeout_seconds",
    ),
    (
        "connection_termination",
        "deregistration_delay.connection_termination.enabled",
    ),
    ("slow_start", "slow_start.duration_seconds"),
    ("proxy_protocol_v2", "proxy_protocol_v2.enabled"),
    ("preserve_client_ip", "preserve_client_ip.enabled"),
    (
        "lambda_multi_value_headers_enabled",
        "lambda.multi_value_headers.enabled",
    ),
    (
        "load_balancing_algorithm_type",
        "load_balancing.algorithm.type",
    ),
    (
        "load_balancing_anomaly_mitigation",
        "load_balancing.algorithm.anomaly_mitigation",
    ),
    (
        "load_balancing_cross_zone_enabled",
        "load_balancing.cross_zone.enabled",
    ),
    ("stickiness.enabled", "stickiness.enabled"),
    ("stickiness.type", "stickiness.type"),
    (
        "stickiness.cookie_duration",
        "stickiness.lb_cookie.duration_seconds",
    ),
    ("stickiness.(app)", "stickiness.app_cookie.duration_seconds"),
    (
        "stickiness.cookie_name",
        "stickiness.app_cookie.cookie_name",
    ),
    (
        "target_failover.on_deregistration",
        "target_failover.on_deregistration",
    ),
    (
        "target_failover.on_unhealthy",
        "target_failover.on_unhealthy",
    ),
    (
        "target_health_state.enable_unhealthy_connection_termination",
        "target_health_state.unhealthy.connection_termination.enabled",
    ),
    (
        "target_health_state.unhealthy_draining_interval",
        "target_health_state.unhealthy.draining_interval_seconds",
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets_count",
        "target_group_health.dns_failover.minimum_healthy_targets.count",
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets_percentage",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets_count",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets_percentage",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
    ),
];

/// Health checks: arguments and members.
const HEALTH: &[(&str, &str)] = &[
    ("enabled", "HealthCheckEnabled"),
    ("healthy_threshold", "HealthyThresholdCount"),
    ("interval", "HealthCheckIntervalSeconds"),
    ("path", "HealthCheckPath"),
    ("port", "HealthCheckPort"),
    ("protocol", "HealthCheckProtocol"),
    ("timeout", "HealthCheckTimeoutSeconds"),
    ("unhealthy_threshold", "UnhealthyThresholdCount"),
];

pub(super) fn table(name: &'static str) -> Table {
    Table::new(name, "elbv2")
        .names(&[
            ("arn", "TargetGroupArn"),
            ("name", "TargetGroupName"),
            ("name", "Name"),
            ("load_balancer_arns", "LoadBalancerArns"),
        ])
        .prefix("tf-")
        .local(&["name_prefix"])
        .by_function(&["health_check"])
        .create(op("CreateTargetGroup"))
        .id_out("TargetGroups.0.TargetGroupArn")
        .derive("arn_suffix", "{id}", Cut::Last(":"))
        .read(
            op("DescribeTargetGroups")
                .set("TargetGroupArns", "{id}")
                .at("TargetGroups.0"),
        )
        .read(
            op("DescribeTargetGroupAttributes")
                .set("TargetGroupArn", "{id}")
                .at("Attributes")
                .bag(SETTINGS),
        )
        .also(
            op("ModifyTargetGroupAttributes")
                .bare()
                .set("TargetGroupArn", "{id}")
                .map("Attributes", SETTINGS),
        )
        .update(
            op("ModifyTargetGroup")
                .bare()
                .set("TargetGroupArn", "{id}")
                .when(When::Any(vec!["health_check"])),
        )
        .input(input)
        .answer(answer)
        .delete(op("DeleteTargetGroup").set("TargetGroupArn", "{id}"))
        .tag_calls(
            "DescribeTags",
            ("AddTags", "RemoveTags"),
            "ResourceArns",
            "{id}",
        )
        .not_found(&["TargetGroupNotFound"])
        .retry(
            &[Phase::Delete],
            "ResourceInUse",
            "is currently in use by a listener or a rule",
            120,
        )
        .bulk(20)
}

/// Whether target groups like this one have a setting.
fn has_setting(object: &Value, key: &str) -> bool {
    let of_lambda = key.starts_with("lambda.");
    if args::string(object, "target_type") == Some("lambda") {
        return of_lambda;
    }
    if of_lambda {
        return false;
    }
    let protocol = args::string(object, "protocol").unwrap_or_default();
    let web = matches!(protocol, "HTTP" | "HTTPS");
    let sticky = args::get(object, "stickiness");
    let sticky = sticky.children().first().cloned().unwrap_or(Value::NULL);
    let cookies = args::string(&sticky, "type").unwrap_or_default();
    match key {
        "slow_start.duration_seconds" => web,
        "proxy_protocol_v2.enabled"
        | "preserve_client_ip.enabled"
        | "deregistration_delay.connection_termination.enabled" => !web && protocol != "GENEVE",
        "stickiness.lb_cookie.duration_seconds" => cookies == "lb_cookie" && web,
        "stickiness.app_cookie.duration_seconds" | "stickiness.app_cookie.cookie_name" => {
            cookies == "app_cookie"
        }
        // Cookies are of the web: elsewhere they are said to be off.
        "stickiness.enabled" | "stickiness.type" => web || !cookies.ends_with("cookie"),
        _ => true,
    }
}

fn input(operation: &str, input: &mut Json, object: &Value) {
    if operation == "ModifyTargetGroupAttributes" {
        let sticky = args::get(object, "stickiness");
        let app = sticky
            .children()
            .iter()
            .any(|one| args::string(one, "type") == Some("app_cookie"));
        if let Some(Json::Array(items)) = input.get_mut("Attributes") {
            for item in items.iter_mut() {
                if app && item["Key"] == "stickiness.lb_cookie.duration_seconds" {
                    item["Key"] = "stickiness.app_cookie.duration_seconds".into();
                }
            }
            items.retain(|item| {
                has_setting(object, &json::text_at(item, "Key").unwrap_or_default())
            });
        }
        return;
    }
    if !matches!(operation, "CreateTargetGroup" | "ModifyTargetGroup") {
        return;
    }
    // A function is in no network, although everything around it may be.
    if args::string(object, "target_type") == Some("lambda")
        && let Some(members) = input.as_object_mut()
    {
        for name in ["VpcId", "Port", "Protocol", "ProtocolVersion"] {
            members.remove(name);
        }
    }
    let checks = args::get(object, "health_check");
    let Some(check) = checks.children().first() else {
        return;
    };
    let lambda = args::string(object, "target_type") == Some("lambda");
    for (name, member) in HEALTH {
        // What is asked is a function, in one way only.
        if lambda && matches!(*name, "port" | "protocol") {
            continue;
        }
        let value = args::get(check, name);
        let sent = match value.kind() {
            Kind::String(text) if !text.is_empty() => Json::from(text.as_str()),
            Kind::Number(number) => Json::from(number.to_i64()),
            Kind::Bool(value) => value.into(),
            _ => continue,
        };
        json::put(input, member, sent);
    }
    if let Some(codes) = args::string(check, "matcher").filter(|codes| !codes.is_empty()) {
        let member = match args::string(object, "protocol_version") {
            Some("GRPC") => "Matcher.GrpcCode",
            _ => "Matcher.HttpCode",
        };
        json::put(input, member, codes.into());
    }
}

fn answer(operation: &str, found: &mut Json) {
    if operation == "DescribeTargetGroupAttributes" {
        if json::text_at(found, "stickiness.type").as_deref() == Some("app_cookie")
            && let Some(seconds) = json::get(found, "stickiness.(app)").cloned()
        {
            json::put(found, "stickiness.cookie_duration", seconds);
        }
        return;
    }
    let mut check = json!({});
    for (name, member) in HEALTH {
        if let Some(value) = found.get(*member) {
            json::put(&mut check, name, value.clone());
        }
    }
    let codes = ["Matcher.HttpCode", "Matcher.GrpcCode"];
    if let Some(codes) = codes
        .iter()
        .find_map(|path| json::get(found, path))
        .cloned()
    {
        json::put(&mut check, "matcher", codes);
    }
    json::put(found, "HealthCheck", check);
}

pub(super) fn attachment(name: &'static str) -> Table {
    let target = |operation| {
        op(operation)
            .bare()
            .set("TargetGroupArn", "{target_group_arn}")
            .set("Targets.0.Id", "{target_id}")
            .set("Targets.0.Port", "{port}")
            .set("Targets.0.AvailabilityZone", "{availability_zone}")
            .set("Targets.0.QuicServerId", "{quic_server_id}")
    };
    Table::new(name, "elbv2")
        .local(&[
            "target_group_arn",
            "target_id",
            "port",
            "availability_zone",
            "quic_server_id",
        ])
        .create(target("RegisterTargets"))
        .id("{target_group_arn}-{target_id}-{port}")
        .read(target("DescribeTargetHealth").at("TargetHealthDescriptions[Target/Id={target_id}]"))
        .delete(target("DeregisterTargets"))
        .gone_when(
            "TargetHealth.Reason",
            &["Target.NotRegistered", "Target.DeregistrationInProgress"],
        )
        .not_found(&["TargetGroupNotFound", "InvalidTarget"])
        .retry(&[Phase::Create], "InvalidTarget", "", 120)
        .hooks(Attachment)
}

/// An import id is the group, the target, its port and its zone, as far as these are told.
#[derive(Debug)]
struct Attachment;

impl Hooks for Attachment {
    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let mut parts = id.splitn(4, ',');
        let group = ("target_group_arn", parts.next()?.to_owned());
        let target = ("target_id", parts.next()?.to_owned());
        let mut known = vec![("id", id.to_owned()), group, target];
        for part in parts {
            let is_port = part.parse::<u16>().is_ok();
            let name = if is_port { "port" } else { "availability_zone" };
            known.push((name, part.to_owned()));
        }
        Some(known)
    }
}
