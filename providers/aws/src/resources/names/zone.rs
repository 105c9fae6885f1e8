//! Zones, and the networks that see them.

use super::{insync, normal, said, tags};
use crate::json;
use crate::run::Run;
use crate::table::{Cut, Hooks, Step, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Type, Value};

pub(super) fn zone() -> Table {
    Table::new("aws_route53_zone", "route53")
        .names(&[
            ("name", "HostedZone.Name"),
            ("comment", "HostedZone.Config.Comment"),
            ("comment", "HostedZoneConfig.Comment"),
            ("delegation_set_id", "DelegationSetId"),
            ("delegation_set_id", ""),
            ("name_servers", "DelegationSet.NameServers"),
            ("vpc", "VPCs"),
            ("vpc.vpc_id", "VPCId"),
            ("vpc.vpc_region", "VPCRegion"),
        ])
        .local(&["force_destroy"])
        .unsupported(&["enable_accelerated_recovery"])
        .by_function(&["vpc"])
        .create(
            op("CreateHostedZone")
                .only(&["name"])
                .set("HostedZoneConfig.Comment", "{comment}")
                .set("DelegationSetId", "{delegation_set_id}")
                .set("VPC.VPCId", "{vpc.0.vpc_id}")
                .set("VPC.VPCRegion", "{region}"),
        )
        .input(input)
        .id_out("HostedZone.Id")
        .id_cut(Cut::Last("/"))
        .arn("arn:{partition}:route53:::hostedzone/{id}")
        .derive("zone_id", "{id}", Cut::Whole)
        .read(op("GetHostedZone").set("Id", "{id}"))
        .answer(|operation, found| {
            if operation == "GetHostedZone"
                && let Some(name) = json::text_at(found, "HostedZone.Name")
            {
                json::put(found, "HostedZone.Name", normal(&name).into());
            }
        })
        .update(
            op("UpdateHostedZoneComment")
                .bare()
                .set("Id", "{id}")
                .set("Comment", "{comment}"),
        )
        .hooks(Zone)
        .delete(op("DeleteHostedZone").set("Id", "{id}"))
        .tags(tags("hostedzone,{id}"))
        .not_found(&["NoSuchHostedZone"])
}

fn input(operation: &str, input: &mut Json, object: &Value) {
    if operation != "CreateHostedZone" {
        return;
    }
    if json::get(input, "VPC.VPCId").is_none() {
        if let Some(members) = input.as_object_mut() {
            members.remove("VPC");
        }
        return;
    }
    let vpcs = args::get(object, "vpc");
    let region = vpcs
        .children()
        .first()
        .and_then(|vpc| said(vpc, "vpc_region"));
    if let Some(region) = region {
        json::put(input, "VPC.VPCRegion", region.into());
    }
}

#[derive(Debug)]
struct Zone;

/// Lets a network see a zone, or not any more.
async fn associate(run: &Run<'_>, operation: &str, zone: &str, vpc: &Value) -> Answered<()> {
    let region = said(vpc, "vpc_region").unwrap_or(&run.region);
    let input = json!({
        "HostedZoneId": zone,
        "VPC": {"VPCId": said(vpc, "vpc_id"), "VPCRegion": region},
    });
    let answer = run
        .ask_unless(operation, input, &["VPCAssociationNotFound"])
        .await?;
    match answer {
        Some(answer) => insync(run, &answer).await,
        None => Ok(()),
    }
}

#[async_trait]
impl Hooks for Zone {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let id = run.text("{id}", object);
        for vpc in args::get(object, "vpc").children().iter().skip(1) {
            associate(run, "AssociateVPCWithHostedZone", &id, vpc).await?;
        }
        Ok(())
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", prior);
        let of = |object: &Value| -> Vec<Value> { args::get(object, "vpc").children().to_vec() };
        let (before, after) = (of(prior), of(planned));
        let has = |all: &[Value], one: &Value| {
            all.iter()
                .any(|other| args::string(other, "vpc_id") == args::string(one, "vpc_id"))
        };
        // A private zone is always seen by somebody: what is new comes first.
        for vpc in after.iter().filter(|vpc| !has(&before, vpc)) {
            associate(run, "AssociateVPCWithHostedZone", &id, vpc).await?;
        }
        for vpc in before.iter().filter(|vpc| !has(&after, vpc)) {
            associate(run, "DisassociateVPCFromHostedZone", &id, vpc).await?;
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
        let mut servers: Vec<String> = json::get(raw, "DelegationSet.NameServers")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .map(json::text)
            .collect();
        if servers.is_empty() {
            // Private zones say it in a record only.
            servers = own_servers(run, &object).await?;
        }
        let first = servers.first().cloned().unwrap_or_default();
        servers.sort();
        let servers = servers.into_iter().map(Value::string).collect();
        let mut found = args::with_all(
            &object,
            [
                ("primary_name_server", Value::string(first)),
                ("name_servers", Value::list(Type::String, servers)),
            ],
        );
        // Networks that associations of their own have let in are not the zone's.
        let written = args::get(prior, "vpc");
        let mut seen = args::get(&found, "vpc");
        // A private zone is seen by somebody, and does not become public: where nobody is named, it is as it was.
        if seen.children().is_empty() && !written.children().is_empty() {
            let element = written.ty().element().cloned().unwrap_or(Type::Dynamic);
            let with_region = |vpc: &Value| match said(vpc, "vpc_region") {
                Some(_) => vpc.clone(),
                None => args::with(vpc, "vpc_region", Value::string(run.region.as_str())),
            };
            let items = written.children().iter().map(with_region).collect();
            seen = Value::set(element, items);
            found = args::with(&found, "vpc", seen.clone());
        }
        if !seen.children().is_empty() && seen.children().len() == written.children().len() {
            let same = written.children().iter().all(|one| {
                let id = args::string(one, "vpc_id");
                seen.children()
                    .iter()
                    .any(|other| args::string(other, "vpc_id") == id)
            });
            let known = written.is_wholly_known()
                && written
                    .children()
                    .iter()
                    .all(|one| said(one, "vpc_region").is_some());
            if same && known {
                found = args::with(&found, "vpc", written);
            }
        }
        Ok(found)
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if args::bool(object, "force_destroy") != Some(true) {
            return Ok(false);
        }
        let id = run.text("{id}", object);
        let zone = normal(&run.text("{name}", object));
        let answer = run
            .ask_unless(
                "ListResourceRecordSets",
                json!({"HostedZoneId": id}),
                &["NoSuchHostedZone"],
            )
            .await?;
        let records = answer
            .as_ref()
            .and_then(|answer| json::get(answer, "ResourceRecordSets").and_then(Json::as_array));
        let changes: Vec<Json> = records
            .into_iter()
            .flatten()
            .filter(|record| {
                let name = normal(&json::text_at(record, "Name").unwrap_or_default());
                let kind = json::text_at(record, "Type").unwrap_or_default();
                name != zone || !matches!(kind.as_str(), "NS" | "SOA")
            })
            .map(|record| json!({"Action": "DELETE", "ResourceRecordSet": record}))
            .collect();
        for batch in changes.chunks(100) {
            let input = json!({"HostedZoneId": id, "ChangeBatch": {"Changes": batch}});
            let answer = run.ask("ChangeResourceRecordSets", input).await?;
            insync(run, &answer).await?;
        }
        Ok(false)
    }
}

/// The name servers that a zone's own record names.
async fn own_servers(run: &Run<'_>, object: &Value) -> Answered<Vec<String>> {
    let input = json!({
        "HostedZoneId": run.text("{id}", object),
        "StartRecordName": run.text("{name}", object),
        "StartRecordType": "NS",
        "MaxItems": "1",
    });
    let answer = run
        .page_unless("ListResourceRecordSets", input, &["NoSuchHostedZone"])
        .await?
        .unwrap_or_default();
    let records = json::get(&answer, "ResourceRecordSets.0")
        .filter(|record| json::text_at(record, "Type").as_deref() == Some("NS"));
    let values = records
        .and_then(|record| json::get(record, "ResourceRecords"))
        .and_then(Json::as_array);
    Ok(values
        .into_iter()
        .flatten()
        .filter_map(|value| json::text_at(value, "Value"))
        .collect())
}

/// A call about a zone and a network.
fn about(operation: &'static str) -> Step {
    op(operation)
        .bare()
        .set("HostedZoneId", "{zone_id}")
        .set("VPC.VPCId", "{vpc_id}")
        .set("VPC.VPCRegion", "{vpc_region}")
}

fn seen(name: &'static str) -> Table {
    Table::new(name, "route53")
        .local(&["zone_id", "vpc_id"])
        .names(&[("vpc_region", "VPCRegion")])
        .id("{zone_id}:{vpc_id}")
        .hooks(Seen)
        .not_found(&[
            "NoSuchHostedZone",
            "VPCAssociationNotFound",
            "VPCAssociationAuthorizationNotFound",
        ])
}

pub(super) fn association() -> Table {
    seen("aws_route53_zone_association")
        .create(about("AssociateVPCWithHostedZone"))
        .read(
            op("GetHostedZone")
                .set("Id", "{zone_id}")
                .at("VPCs[VPCId={vpc_id}]"),
        )
        .delete(about("DisassociateVPCFromHostedZone"))
}

pub(super) fn authorization() -> Table {
    seen("aws_route53_vpc_association_authorization")
        .create(about("CreateVPCAssociationAuthorization"))
        .read(
            op("ListVPCAssociationAuthorizations")
                .set("HostedZoneId", "{zone_id}")
                .at("VPCs[VPCId={vpc_id}]"),
        )
        .delete(about("DeleteVPCAssociationAuthorization"))
}

/// Where nothing is said of the network's region, it is the provider's.
#[derive(Debug)]
struct Seen;

#[async_trait]
impl Hooks for Seen {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let Some(step) = &run.table.create else {
            return Ok(None);
        };
        let planned = match said(planned, "vpc_region") {
            Some(_) => planned.clone(),
            None => args::with(planned, "vpc_region", Value::string(run.region.as_str())),
        };
        let answer = run.call_step(step, &planned).await;
        let answer = answer.map_err(|trouble| trouble.refusal(&run.what(&planned)))?;
        insync(run, &answer).await?;
        Ok(Some((run.text("{zone_id}:{vpc_id}", &planned), planned)))
    }

    /// ZONE:NETWORK, or ZONE:NETWORK:REGION.
    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let parts: Vec<&str> = id.splitn(3, ':').collect();
        let (zone, network) = (parts.first()?, parts.get(1)?);
        let mut known = vec![
            ("id", format!("{zone}:{network}")),
            ("zone_id", (*zone).to_owned()),
            ("vpc_id", (*network).to_owned()),
        ];
        if let Some(region) = parts.get(2) {
            known.push(("vpc_region", (*region).to_owned()));
        }
        Some(known)
    }
}
