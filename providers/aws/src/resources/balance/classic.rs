//! Classic load balancers.

use crate::json;
use crate::read::is_empty;
use crate::run::Run;
use crate::table::{Hooks, Phase, Step, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Type, Value};

/// A call about the load balancer.
fn about(operation: &'static str) -> Step {
    op(operation).bare().set("LoadBalancerName", "{id}")
}

const LISTENER: &[(&str, &str)] = &[
    ("instance_port", "InstancePort"),
    ("instance_protocol", "InstanceProtocol"),
    ("lb_port", "LoadBalancerPort"),
    ("lb_protocol", "Protocol"),
    ("ssl_certificate_id", "SSLCertificateId"),
];

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn balancer() -> Table {
    Table::new("aws_elb", "elb")
        .names(&[
            ("name", "LoadBalancerName"),
            ("listener", "Listeners"),
            ("listener.lb_port", "LoadBalancerPort"),
            ("listener.lb_protocol", "Protocol"),
            ("listener.ssl_certificate_id", "SSLCertificateId"),
            ("zone_id", "CanonicalHostedZoneNameID"),
            ("source_security_group", ""),
            (
                "cross_zone_load_balancing",
                "CrossZoneLoadBalancing.Enabled",
            ),
            ("connection_draining", "ConnectionDraining.Enabled"),
            ("connection_draining_timeout", "ConnectionDraining.Timeout"),
            ("idle_timeout", "ConnectionSettings.IdleTimeout"),
            ("access_logs", "AccessLog"),
            ("access_logs.bucket", "S3BucketName"),
            ("access_logs.bucket_prefix", "S3BucketPrefix"),
            ("access_logs.interval", "EmitInterval"),
        ])
        .prefix("tf-lb-")
        .local(&["name_prefix", "source_security_group"])
        .by_function(&["internal", "listener"])
        .create(op("CreateLoadBalancer").only(&[
            "name",
            "listener",
            "availability_zones",
            "subnets",
            "security_groups",
        ]))
        .id("{name}")
        .arn("arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{id}")
        .read(
            op("DescribeLoadBalancers")
                .set("LoadBalancerNames", "{id}")
                .at("LoadBalancerDescriptions.0"),
        )
        .read(
            about("DescribeLoadBalancerAttributes")
                .at("LoadBalancerAttributes")
                .only(&[
                    "cross_zone_load_balancing",
                    "connection_draining",
                    "connection_draining_timeout",
                    "idle_timeout",
                    "access_logs",
                    "desync_mitigation_mode",
                ]),
        )
        .also(
            about("ModifyLoadBalancerAttributes")
                .set(
                    "LoadBalancerAttributes.CrossZoneLoadBalancing.Enabled",
                    "{cross_zone_load_balancing}",
                )
                .set(
                    "LoadBalancerAttributes.ConnectionSettings.IdleTimeout",
                    "{idle_timeout}",
                )
                .set(
                    "LoadBalancerAttributes.ConnectionDraining.Enabled",
                    "{connection_draining}",
                )
                .set(
                    "LoadBalancerAttributes.ConnectionDraining.Timeout",
                    "{connection_draining_timeout}",
                )
                .set(
                    "LoadBalancerAttributes.AccessLog.Enabled",
                    "{access_logs.0.enabled}",
                )
                .set(
                    "LoadBalancerAttributes.AccessLog.S3BucketName",
                    "{access_logs.0.bucket}",
                )
                .set(
                    "LoadBalancerAttributes.AccessLog.S3BucketPrefix",
                    "{access_logs.0.bucket_prefix}",
                )
                .set(
                    "LoadBalancerAttributes.AccessLog.EmitInterval",
                    "{access_logs.0.interval}",
                )
                .set(
                    "LoadBalancerAttributes.AdditionalAttributes.0.Value",
                    "{desync_mitigation_mode}",
                ),
        )
        .also(about("ConfigureHealthCheck").set("HealthCheck", "{health_check}"))
        .update(
            about("ApplySecurityGroupsToLoadBalancer").set("SecurityGroups", "{security_groups}"),
        )
        .members(
            "subnets",
            about("AttachLoadBalancerToSubnets"),
            about("DetachLoadBalancerFromSubnets"),
            "Subnets",
        )
        .members(
            "availability_zones",
            about("EnableAvailabilityZonesForLoadBalancer"),
            about("DisableAvailabilityZonesForLoadBalancer"),
            "AvailabilityZones",
        )
        .members(
            "instances",
            about("RegisterInstancesWithLoadBalancer"),
            about("DeregisterInstancesFromLoadBalancer"),
            "Instances.InstanceId",
        )
        .recomputed("availability_zones", &["subnets"])
        .input(input)
        .answer(answer)
        .hooks(Classic)
        .delete(about("DeleteLoadBalancer"))
        .tag_calls(
            "DescribeTags",
            ("AddTags", "RemoveTags"),
            "LoadBalancerNames",
            "{id}",
        )
        .not_found(&["LoadBalancerNotFound", "AccessPointNotFound"])
        .retry(&[Phase::Create], "CertificateNotFound", "", 300)
        .bulk(20)
}

fn input(operation: &str, input: &mut Json, object: &Value) {
    match operation {
        "CreateLoadBalancer" if args::bool(object, "internal") == Some(true) => {
            json::put(input, "Scheme", "internal".into());
        }
        "ModifyLoadBalancerAttributes" => {
            let path = "LoadBalancerAttributes.AdditionalAttributes.0";
            if json::get(input, path).is_some() {
                let key = format!("{path}.Key");
                json::put(input, &key, "elb.http.desyncmitigationmode".into());
            }
            let path = "LoadBalancerAttributes.AccessLog";
            if json::get(input, path).is_none() {
                json::put(input, path, json!({"Enabled": false}));
            }
        }
        _ => {}
    }
}

fn answer(operation: &str, found: &mut Json) {
    let list = |found: &Json, name: &str, member: &str| -> Vec<Json> {
        let items = found.get(name).and_then(Json::as_array);
        items
            .into_iter()
            .flatten()
            .filter_map(|item| item.get(member).cloned())
            .collect()
    };
    if operation == "DescribeLoadBalancers" {
        let listeners = list(found, "ListenerDescriptions", "Listener");
        let instances = list(found, "Instances", "InstanceId");
        let internal = found.get("Scheme").and_then(Json::as_str) == Some("internal");
        json::put(found, "Listeners", listeners.into());
        json::put(found, "Instances", instances.into());
        json::put(found, "Internal", internal.into());
        return;
    }
    let more = list(found, "AdditionalAttributes", "Value");
    if let Some(mode) = more.into_iter().next() {
        json::put(found, "DesyncMitigationMode", mode);
    }
    // Logs that are not kept are none.
    if json::get(found, "AccessLog.S3BucketName").is_none() {
        json::put(found, "AccessLog", Json::Null);
    }
}

/// Protocols are not told apart by case: listeners stay as they are written.
fn as_written(object: &Value, prior: &Value) -> Value {
    let written = args::get(prior, "listener");
    let found = args::get(object, "listener");
    let same = |one: &Value, other: &Value| {
        LISTENER.iter().all(|(name, _)| {
            let (one, other) = (args::get(one, name), args::get(other, name));
            let texts = (one.as_str(), other.as_str());
            let alike = matches!(texts, (Some(a), Some(b)) if a.eq_ignore_ascii_case(b));
            alike || one == other || (is_empty(&one) && is_empty(&other))
        })
    };
    let items = found.children().iter().map(|item| {
        let known = written.children().iter().find(|other| same(item, other));
        known.unwrap_or(item).clone()
    });
    let element = found.ty().element().cloned().unwrap_or(Type::Dynamic);
    args::with(object, "listener", Value::set(element, items.collect()))
}

#[derive(Debug)]
struct Classic;

#[async_trait]
impl Hooks for Classic {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let of = |object: &Value| args::get(object, "listener");
        let (before, after) = (of(prior), of(planned));
        let id = run.text("{id}", prior);
        let gone = crate::resources::ec2::news(&after, &before);
        if !gone.is_empty() {
            let ports: Vec<_> = gone.iter().map(|one| args::int(one, "lb_port")).collect();
            let input = json!({"LoadBalancerName": id, "LoadBalancerPorts": ports});
            run.ask("DeleteLoadBalancerListeners", input).await?;
        }
        let new = crate::resources::ec2::news(&before, &after);
        if !new.is_empty() {
            let new: Vec<_> = new
                .iter()
                .map(|one| crate::resources::ec2::members(one, LISTENER))
                .collect();
            let input = json!({"LoadBalancerName": id, "Listeners": new});
            run.ask("CreateLoadBalancerListeners", input).await?;
        }
        Ok(())
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let object = as_written(&object, prior);
        let text = |path: &str| json::text_at(raw, path).filter(|text| !text.is_empty());
        let Some(name) = text("SourceSecurityGroup.GroupName") else {
            return Ok(object);
        };
        let owner = text("SourceSecurityGroup.OwnerAlias").unwrap_or_default();
        let mut changes = vec![(
            "source_security_group",
            Value::string(format!("{owner}/{name}")),
        )];
        if let Some(vpc) = text("VPCId") {
            let input = json!({"Filters": [
                {"Name": "group-name", "Values": [name]},
                {"Name": "vpc-id", "Values": [vpc]},
            ]});
            let answer = run.whole("ec2", "DescribeSecurityGroups", input, &[]).await;
            let answer = answer.map_err(|error| crate::cx::refusal(&error, &run.what(&object)))?;
            if let Some(id) = json::text_at(&answer, "SecurityGroups.0.GroupId") {
                changes.push(("source_security_group_id", Value::string(id)));
            }
        }
        Ok(args::with_all(&object, changes))
    }
}

pub(super) fn attachment() -> Table {
    let put = |operation| {
        op(operation)
            .bare()
            .set("LoadBalancerName", "{elb}")
            .set("Instances.0.InstanceId", "{instance}")
    };
    Table::new("aws_elb_attachment", "elb")
        .local(&["elb", "instance"])
        .create(put("RegisterInstancesWithLoadBalancer"))
        .id("{elb}-{instance}")
        .import("{elb}/{instance}")
        .read(
            op("DescribeLoadBalancers")
                .set("LoadBalancerNames", "{elb}")
                .at("LoadBalancerDescriptions.0.Instances[InstanceId={instance}]"),
        )
        .delete(put("DeregisterInstancesFromLoadBalancer"))
        .not_found(&[
            "LoadBalancerNotFound",
            "AccessPointNotFound",
            "InvalidInstance",
        ])
        .retry(&[Phase::Create], "InvalidTarget", "", 600)
}
