//! Names: zones and records of Route 53, and certificates for them.

use super::Family;
use crate::json;
use crate::run::Run;
use crate::table::{Cut, Phase, Table, Tags, op};
use serde_json::Value as Json;
use std::net::IpAddr;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;
use tokio::time::Instant;

mod certificate;
mod record;
mod zone;

pub(super) const TYPES: Family = &[
    ("aws_acm_certificate", certificate::certificate),
    ("aws_acm_certificate_validation", certificate::validation),
    ("aws_route53_zone", zone::zone),
    ("aws_route53_zone_association", zone::association),
    (
        "aws_route53_vpc_association_authorization",
        zone::authorization,
    ),
    ("aws_route53_record", record::record),
    ("aws_route53_health_check", health_check),
    ("aws_route53_delegation_set", delegation_set),
];

/// Waits until all name servers know of a change.
async fn insync(run: &Run<'_>, answer: &Json) -> Answered<()> {
    let Some(id) = json::text_at(answer, "ChangeInfo.Id") else {
        return Ok(());
    };
    let id = id.rsplit('/').next().unwrap_or(&id).to_owned();
    let mut pause = std::time::Duration::from_secs(1);
    for _ in 0..1000 {
        let answer = run.ask("GetChange", serde_json::json!({"Id": id})).await?;
        if json::text_at(&answer, "ChangeInfo.Status").as_deref() != Some("PENDING") {
            return Ok(());
        }
        if Instant::now() > run.deadline {
            break;
        }
        run.cx.pause(pause).await;
        pause = (pause * 2).min(std::time::Duration::from_secs(15));
    }
    Err(Refusal::error(
        "Timed out",
        format!(
            "The name servers do not know of the change {id} yet. The `timeouts` block allows for more."
        ),
    ))
}

/// A name as it is compared: in small letters, without the dot at its end.
fn normal(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.to_ascii_lowercase().replace("\\052", "*")
}

fn health_check() -> Table {
    Table::new("aws_route53_health_check", "route53")
        .alike("ip_address", |prior, planned| {
            let address = |object| args::string(object, "ip_address")?.parse::<IpAddr>().ok();
            address(prior).is_some() && address(prior) == address(planned)
        })
        .names(&[
            ("fqdn", "HealthCheckConfig.FullyQualifiedDomainName"),
            ("fqdn", "FullyQualifiedDomainName"),
            ("ip_address", "HealthCheckConfig.IPAddress"),
            ("ip_address", "IPAddress"),
            ("port", "HealthCheckConfig.Port"),
            ("type", "HealthCheckConfig.Type"),
            ("resource_path", "HealthCheckConfig.ResourcePath"),
            ("search_string", "HealthCheckConfig.SearchString"),
            ("request_interval", "HealthCheckConfig.RequestInterval"),
            ("failure_threshold", "HealthCheckConfig.FailureThreshold"),
            ("measure_latency", "HealthCheckConfig.MeasureLatency"),
            ("invert_healthcheck", "HealthCheckConfig.Inverted"),
            ("invert_healthcheck", "Inverted"),
            ("disabled", "HealthCheckConfig.Disabled"),
            (
                "child_health_threshold",
                "HealthCheckConfig.HealthThreshold",
            ),
            ("child_health_threshold", "HealthThreshold"),
            ("child_healthchecks", "HealthCheckConfig.ChildHealthChecks"),
            ("child_healthchecks", "ChildHealthChecks"),
            ("enable_sni", "HealthCheckConfig.EnableSNI"),
            ("regions", "HealthCheckConfig.Regions"),
            (
                "cloudwatch_alarm_name",
                "HealthCheckConfig.AlarmIdentifier.Name",
            ),
            ("cloudwatch_alarm_name", "AlarmIdentifier.Name"),
            (
                "cloudwatch_alarm_region",
                "HealthCheckConfig.AlarmIdentifier.Region",
            ),
            ("cloudwatch_alarm_region", "AlarmIdentifier.Region"),
            (
                "insufficient_data_health_status",
                "HealthCheckConfig.InsufficientDataHealthStatus",
            ),
            ("routing_control_arn", "HealthCheckConfig.RoutingControlArn"),
        ])
        .local(&["reference_name", "triggers"])
        .create(op("CreateHealthCheck"))
        .input(|operation, input, object| {
            // What is checked by its address is not looked up by its name; references are the beginnings of tokens.
            let reference = args::string(object, "reference_name").filter(|name| !name.is_empty());
            if let (Some(name), "CreateHealthCheck") = (reference, operation)
                && let Some(token) = json::text_at(input, "CallerReference")
            {
                let token: String = token.chars().take(16).collect();
                json::put(input, "CallerReference", format!("{name}-{token}").into());
            }
        })
        .id_out("HealthCheck.Id")
        .arn("arn:{partition}:route53:::healthcheck/{id}")
        .read(
            op("GetHealthCheck")
                .set("HealthCheckId", "{id}")
                .at("HealthCheck"),
        )
        .update(
            op("UpdateHealthCheck")
                .set("HealthCheckId", "{id}")
                .carry("HealthCheck.HealthCheckVersion", "HealthCheckVersion"),
        )
        .delete(op("DeleteHealthCheck").set("HealthCheckId", "{id}"))
        .tags(tags("healthcheck,{id}"))
        .not_found(&["NoSuchHealthCheck"])
}

/// Tags of something of Route 53.
fn tags(of: &'static str) -> Tags {
    Tags::Calls {
        list: Some("ListTagsForResource"),
        add: "ChangeTagsForResource",
        remove: "ChangeTagsForResource",
        key: "ResourceType,ResourceId",
        of,
    }
}

fn delegation_set() -> Table {
    Table::new("aws_route53_delegation_set", "route53")
        .local(&["reference_name"])
        .create(op("CreateReusableDelegationSet"))
        .input(|operation, input, object| {
            let reference = args::string(object, "reference_name").filter(|name| !name.is_empty());
            if let (Some(name), "CreateReusableDelegationSet") = (reference, operation) {
                json::put(input, "CallerReference", name.into());
            }
        })
        .id_out("DelegationSet.Id")
        .id_cut(Cut::Last("/"))
        .arn("arn:{partition}:route53:::delegationset/{id}")
        .read(
            op("GetReusableDelegationSet")
                .set("Id", "{id}")
                .at("DelegationSet"),
        )
        .delete(op("DeleteReusableDelegationSet").set("Id", "{id}"))
        .not_found(&["NoSuchDelegationSet"])
        .retry(&[Phase::Delete], "DelegationSetInUse", "", 120)
}

/// The text of an attribute, if it says anything.
fn said<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    args::string(object, name).filter(|text| !text.is_empty())
}
