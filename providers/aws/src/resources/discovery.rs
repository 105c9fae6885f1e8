//! Service discovery: namespaces and services.

use super::Family;
use crate::json;
use crate::run::{Run, all_tags};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::time::Duration;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;
use tokio::time::Instant;

pub(super) const TYPES: Family = &[
    ("aws_service_discovery_http_namespace", http),
    ("aws_service_discovery_private_dns_namespace", private_dns),
    ("aws_service_discovery_public_dns_namespace", public_dns),
    ("aws_service_discovery_service", service),
];

fn namespace(name: &'static str, create: &'static str) -> Table {
    Table::new(name, "servicediscovery")
        .names(&[
            ("hosted_zone", "Properties.DnsProperties.HostedZoneId"),
            ("http_name", "Properties.HttpProperties.HttpName"),
        ])
        .create(op(create))
        .id_out("OperationId")
        .read(op("GetNamespace").set("Id", "{id}").at("Namespace"))
        .delete(op("DeleteNamespace").set("Id", "{id}"))
        .wait(&[Phase::Delete], "Name", &[], &[])
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
        .not_found(&["NamespaceNotFound"])
        .retry(&[Phase::Delete], "ResourceInUse", "", 300)
        .hooks(Namespace { create })
}

fn http() -> Table {
    namespace(
        "aws_service_discovery_http_namespace",
        "CreateHttpNamespace",
    )
}

fn private_dns() -> Table {
    namespace(
        "aws_service_discovery_private_dns_namespace",
        "CreatePrivateDnsNamespace",
    )
    .update(
        op("UpdatePrivateDnsNamespace")
            .bare()
            .set("Id", "{id}")
            .set("Namespace.Description", "{description}"),
    )
}

fn public_dns() -> Table {
    namespace(
        "aws_service_discovery_public_dns_namespace",
        "CreatePublicDnsNamespace",
    )
    .update(
        op("UpdatePublicDnsNamespace")
            .bare()
            .set("Id", "{id}")
            .set("Namespace.Description", "{description}"),
    )
}

/// A namespace is made by an operation that takes its time, and tells its id at the end.
#[derive(Debug)]
struct Namespace {
    create: &'static str,
}

/// Waits until an operation is through: what it was about.
async fn through(run: &Run<'_>, answer: &Json) -> Answered<Json> {
    let Some(id) = json::text_at(answer, "OperationId") else {
        return Ok(Json::Null);
    };
    let started = Instant::now();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let answer = run.ask("GetOperation", json!({"OperationId": id})).await?;
        let text = |path: &str| json::text_at(&answer, path).unwrap_or_default();
        match text("Operation.Status").as_str() {
            "SUCCESS" => {
                return Ok(json::get(&answer, "Operation.Targets")
                    .cloned()
                    .unwrap_or_default());
            }
            "FAIL" => {
                return Err(Refusal::error(
                    text("Operation.ErrorCode"),
                    text("Operation.ErrorMessage"),
                ));
            }
            _ if run.is_late(started, Duration::from_secs(300), attempt) => {
                return Err(Refusal::error(
                    "Timed out",
                    format!("The operation {id} has not come to an end."),
                ));
            }
            _ => run.cx.pause(Duration::from_secs(5)).await,
        }
    }
}

#[async_trait]
impl Hooks for Namespace {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let operation = run.operation("servicediscovery", self.create)?;
        let mut input = run.input(&op(self.create), &operation, planned);
        run.put_tags(&operation.input, &all_tags(planned), &mut input);
        let answer = run.ask(self.create, input).await?;
        let targets = through(run, &answer).await?;
        let id = json::text_at(&targets, "NAMESPACE").unwrap_or_default();
        Ok(Some((id, planned.clone())))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        // The private ones are asked for with their network.
        let (id, vpc) = id.split_once(':').unwrap_or((id, ""));
        let mut parts = vec![("id", id.to_owned())];
        if !vpc.is_empty() {
            parts.push(("vpc", vpc.to_owned()));
        }
        Some(parts)
    }
}

fn service() -> Table {
    Table::new("aws_service_discovery_service", "servicediscovery")
        .local(&["force_destroy"])
        .by_function(&["description", "dns_config", "health_check_config"])
        .create(op("CreateService").at("Service"))
        .id_out("Service.Id")
        .read(op("GetService").set("Id", "{id}").at("Service"))
        .delete(op("DeleteService").set("Id", "{id}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
        .not_found(&["ServiceNotFound"])
        .retry(&[Phase::Delete], "ResourceInUse", "", 300)
        .hooks(Service)
}

#[derive(Debug)]
struct Service;

#[async_trait]
impl Hooks for Service {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let names = ["description", "dns_config", "health_check_config"];
        if names
            .iter()
            .all(|name| crate::run::same_at(prior, planned, name))
        {
            return Ok(());
        }
        let operation = run.operation("servicediscovery", "CreateService")?;
        let step = op("CreateService").only(&names);
        let all = run.input(&step, &operation, planned);
        let mut service = json!({"Description": run.text("{description}", planned)});
        if let Some(records) = json::get(&all, "DnsConfig.DnsRecords") {
            json::put(&mut service, "DnsConfig.DnsRecords", records.clone());
        }
        if let Some(check) = json::get(&all, "HealthCheckConfig") {
            json::put(&mut service, "HealthCheckConfig", check.clone());
        }
        let input = json!({"Id": run.text("{id}", prior), "Service": service});
        let answer = run.ask("UpdateService", input).await?;
        through(run, &answer).await.map(drop)
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if args::bool(object, "force_destroy") != Some(true) {
            return Ok(false);
        }
        let id = run.text("{id}", object);
        let none = ["ServiceNotFound"];
        let input = json!({"ServiceId": id});
        let found = run.ask_unless("ListInstances", input, &none).await?;
        let found = found.unwrap_or_default();
        let all = found.get("Instances").and_then(Json::as_array);
        for instance in all.into_iter().flatten() {
            let input = json!({"ServiceId": id, "InstanceId": instance["Id"]});
            let answer = run.ask("DeregisterInstance", input).await?;
            through(run, &answer).await?;
        }
        Ok(false)
    }
}
