//! What is attached to what, and other odd ones.

use super::route::{members, news};
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Type, Value};

/// An internet gateway is attached to its VPC.
#[derive(Debug)]
pub(super) struct Attached;

#[async_trait]
impl Hooks for Attached {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        self.update(run, &Value::NULL, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        attach(
            run,
            prior,
            planned,
            (
                "InternetGatewayId",
                "AttachInternetGateway",
                "DetachInternetGateway",
            ),
        )
        .await
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let nothing = Value::NULL;
        attach(
            run,
            object,
            &nothing,
            (
                "InternetGatewayId",
                "AttachInternetGateway",
                "DetachInternetGateway",
            ),
        )
        .await?;
        Ok(false)
    }
}

/// A VPN gateway too.
#[derive(Debug)]
pub(super) struct VpnAttached;

#[async_trait]
impl Hooks for VpnAttached {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        self.update(run, &Value::NULL, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        attach(
            run,
            prior,
            planned,
            ("VpnGatewayId", "AttachVpnGateway", "DetachVpnGateway"),
        )
        .await
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let nothing = Value::NULL;
        attach(
            run,
            object,
            &nothing,
            ("VpnGatewayId", "AttachVpnGateway", "DetachVpnGateway"),
        )
        .await?;
        Ok(false)
    }
}

async fn attach(
    run: &Run<'_>,
    prior: &Value,
    planned: &Value,
    (key, attach, detach): (&str, &str, &str),
) -> Answered<()> {
    let vpc = |object: &Value| {
        args::string(object, "vpc_id")
            .filter(|vpc| !vpc.is_empty())
            .map(str::to_owned)
    };
    let (before, after) = (vpc(prior), vpc(planned));
    if before == after {
        return Ok(());
    }
    let id = run.text("{id}", if prior.is_null() { planned } else { prior });
    if let Some(vpc) = before {
        let mut input = json!({"VpcId": vpc});
        json::put(&mut input, key, id.as_str().into());
        run.ask_unless(
            detach,
            input,
            &[
                "Gateway.NotAttached",
                "InvalidVpnGatewayAttachment.NotFound",
                "InvalidInternetGatewayID.NotFound",
                "InvalidVpnGatewayID.NotFound",
            ],
        )
        .await?;
    }
    if let Some(vpc) = after {
        let mut input = json!({"VpcId": vpc});
        json::put(&mut input, key, id.as_str().into());
        run.ask(attach, input).await?;
    }
    Ok(())
}

/// An address is associated with what it is for.
#[derive(Debug)]
pub(super) struct Address;

#[async_trait]
impl Hooks for Address {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        associate(run, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let names = ["instance", "network_interface", "associate_with_private_ip"];
        if names.iter().all(|name| same_at(prior, planned, name)) {
            return Ok(());
        }
        self.delete(run, prior).await?;
        associate(run, planned).await
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if let Some(id) = args::string(object, "association_id").filter(|id| !id.is_empty()) {
            run.ask_unless(
                "DisassociateAddress",
                json!({"AssociationId": id}),
                &["InvalidAssociationID.NotFound"],
            )
            .await?;
        }
        Ok(false)
    }
}

/// Associates an address with what it is for, if it is for anything.
async fn associate(run: &Run<'_>, object: &Value) -> Answered<()> {
    let mut input = members(
        object,
        &[
            ("instance", "InstanceId"),
            ("network_interface", "NetworkInterfaceId"),
        ],
    );
    if input.is_empty() {
        return Ok(());
    }
    input.extend(members(
        object,
        &[
            ("associate_with_private_ip", "PrivateIpAddress"),
            ("id", "AllocationId"),
        ],
    ));
    run.ask("AssociateAddress", Json::Object(input))
        .await
        .map(drop)
}

/// Host names of addresses.
pub(super) fn public_names(run: &Run<'_>, found: Value, _raw: &Json) -> Value {
    let dashed = |name: &str| {
        args::string(&found, name)
            .filter(|ip| !ip.is_empty())
            .map(|ip| ip.replace('.', "-"))
    };
    let region = &run.region;
    let mut changes = Vec::new();
    if let Some(ip) = dashed("public_ip") {
        let zone = if region == "us-east-1" {
            "compute-1".to_owned()
        } else {
            format!("{region}.compute")
        };
        let suffix = crate::cx::dns_suffix(region);
        changes.push((
            "public_dns",
            Value::string(format!("ec2-{ip}.{zone}.{suffix}")),
        ));
    }
    if let Some(ip) = dashed("private_ip") {
        let zone = if region == "us-east-1" {
            "ec2.internal".to_owned()
        } else {
            format!("{region}.compute.internal")
        };
        changes.push(("private_dns", Value::string(format!("ip-{ip}.{zone}"))));
    }
    changes.push(("allocation_id", args::get(&found, "id")));
    args::with_all(&found, changes)
}

/// Entries of a prefix list.
#[derive(Debug)]
pub(super) struct Entries;

#[async_trait]
impl Hooks for Entries {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let (before, after) = (args::get(prior, "entry"), args::get(planned, "entry"));
        let most = (
            args::int(prior, "max_entries"),
            args::int(planned, "max_entries"),
        );
        let id = run.text("{id}", prior);
        // Room is made before entries come, and taken after they have gone.
        if most.1 > most.0 {
            room(run, &id, most.1, prior).await?;
        }
        let (added, removed) = (news(&before, &after), news(&after, &before));
        if added.is_empty() && removed.is_empty() {
            return match most.1 < most.0 {
                true => room(run, &id, most.1, prior).await,
                false => Ok(()),
            };
        }
        let pairs = [("cidr", "Cidr"), ("description", "Description")];
        let input = json!({
            "PrefixListId": id,
            "CurrentVersion": args::int(prior, "version"),
            "AddEntries": added.iter().map(|entry| members(entry, &pairs)).collect::<Vec<_>>(),
            "RemoveEntries": removed.iter().map(|entry| members(entry, &pairs[..1])).collect::<Vec<_>>(),
        });
        run.ask("ModifyManagedPrefixList", input).await?;
        run.wait_for(Phase::Update, prior).await?;
        match most.1 < most.0 {
            true => room(run, &id, most.1, prior).await,
            false => Ok(()),
        }
    }
}

/// How many entries a list may have. It is changed by itself only.
async fn room(run: &Run<'_>, id: &str, most: Option<i64>, prior: &Value) -> Answered<()> {
    let input = json!({"PrefixListId": id, "MaxEntries": most});
    run.ask("ModifyManagedPrefixList", input).await?;
    run.wait_for(Phase::Update, prior).await
}

/// What a flow log is of.
const FLOWS: &[(&str, &str)] = &[
    ("vpc_id", "VPC"),
    ("subnet_id", "Subnet"),
    ("eni_id", "NetworkInterface"),
    ("transit_gateway_id", "TransitGateway"),
    ("transit_gateway_attachment_id", "TransitGatewayAttachment"),
    ("regional_nat_gateway_id", "RegionalNatGateway"),
];

pub(super) fn flow_input(operation: &str, input: &mut Json, object: &Value) {
    if operation != "CreateFlowLogs" {
        return;
    }
    for (name, kind) in FLOWS {
        if let Some(id) = args::string(object, name).filter(|id| !id.is_empty()) {
            json::put(input, "ResourceIds", json!([id]));
            json::put(input, "ResourceType", (*kind).into());
        }
    }
}

/// What a log is of is told by its id.
#[derive(Debug)]
pub(super) struct Watched;

#[async_trait]
impl Hooks for Watched {
    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        _prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let id = json::text_at(raw, "ResourceId").unwrap_or_default();
        let name = match id.rsplit_once('-').map_or("", |(kind, _)| kind) {
            "vpc" => "vpc_id",
            "subnet" => "subnet_id",
            "eni" => "eni_id",
            "tgw" => "transit_gateway_id",
            "tgw-attach" => "transit_gateway_attachment_id",
            "nat" => "regional_nat_gateway_id",
            _ => return Ok(object),
        };
        Ok(args::with(&object, name, Value::string(id)))
    }
}

/// An endpoint is changed by what comes and goes.
#[derive(Debug)]
pub(super) struct EndpointChange;

#[async_trait]
impl Hooks for EndpointChange {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let mut input = json!({"VpcEndpointId": run.text("{id}", prior)});
        let plain = input.clone();
        for (name, add, remove) in [
            ("subnet_ids", "AddSubnetIds", "RemoveSubnetIds"),
            ("route_table_ids", "AddRouteTableIds", "RemoveRouteTableIds"),
            (
                "security_group_ids",
                "AddSecurityGroupIds",
                "RemoveSecurityGroupIds",
            ),
        ] {
            let list = |object: &Value| args::strings(object, name).unwrap_or_default();
            let (before, after) = (list(prior), list(planned));
            let added: Vec<&str> = after
                .iter()
                .filter(|id| !before.contains(id))
                .map(terrane_value::EcoString::as_str)
                .collect();
            let removed: Vec<&str> = before
                .iter()
                .filter(|id| !after.contains(id))
                .map(terrane_value::EcoString::as_str)
                .collect();
            if !added.is_empty() {
                json::put(&mut input, add, json!(added));
            }
            if !removed.is_empty() {
                json::put(&mut input, remove, json!(removed));
            }
        }
        if !crate::run::same_at(prior, planned, "private_dns_enabled") {
            json::put(
                &mut input,
                "PrivateDnsEnabled",
                json!(args::bool(planned, "private_dns_enabled")),
            );
        }
        if !crate::run::same_at(prior, planned, "policy") {
            match args::string(planned, "policy").filter(|policy| !policy.is_empty()) {
                Some(policy) => json::put(&mut input, "PolicyDocument", policy.into()),
                None => json::put(&mut input, "ResetPolicy", true.into()),
            }
        }
        if input == plain {
            return Ok(());
        }
        run.ask("ModifyVpcEndpoint", input).await.map(drop)
    }
}

/// Keys of DHCP options.
const DHCP: &[(&str, &str)] = &[
    ("domain_name", "domain-name"),
    ("domain_name_servers", "domain-name-servers"),
    (
        "ipv6_address_preferred_lease_time",
        "ipv6-address-preferred-lease-time",
    ),
    ("netbios_name_servers", "netbios-name-servers"),
    ("netbios_node_type", "netbios-node-type"),
    ("ntp_servers", "ntp-servers"),
];

pub(super) fn dhcp_input(operation: &str, input: &mut Json, object: &Value) {
    if operation != "CreateDhcpOptions" {
        return;
    }
    let options: Vec<Json> = DHCP
        .iter()
        .filter_map(|(name, key)| {
            let values = match args::strings(object, name) {
                Some(values) => values.iter().map(ToString::to_string).collect(),
                None => vec![
                    args::string(object, name)
                        .filter(|text| !text.is_empty())?
                        .to_owned(),
                ],
            };
            (!values.is_empty()).then(|| json!({"Key": key, "Values": values}))
        })
        .collect();
    json::put(input, "DhcpConfigurations", Json::Array(options));
}

pub(super) fn dhcp_answer(operation: &str, found: &mut Json) {
    if operation != "DescribeDhcpOptions" {
        return;
    }
    let options = found
        .get("DhcpConfigurations")
        .and_then(Json::as_array)
        .cloned()
        .unwrap_or_default();
    for (name, key) in DHCP {
        let Some(option) = options
            .iter()
            .find(|option| option.get("Key").and_then(Json::as_str) == Some(key))
        else {
            continue;
        };
        let values = json::get(option, "Values")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let texts: Vec<String> = values
            .iter()
            .map(|value| json::text_at(value, "Value").unwrap_or_else(|| json::text(value)))
            .collect();
        if let Some(members) = found.as_object_mut() {
            members.insert((*name).to_owned(), json!(texts));
        }
    }
}

/// Groups come with their names, addresses as objects.
pub(super) fn interface_answer(_operation: &str, found: &mut Json) {
    let list = |found: &Json, path: &str, member: &str| -> Vec<Json> {
        let items = json::get(found, path)
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        items
            .iter()
            .filter_map(|item| item.get(member).cloned())
            .collect()
    };
    let groups = list(found, "Groups", "GroupId");
    let addresses = list(found, "PrivateIpAddresses", "PrivateIpAddress");
    if let Some(members) = found.as_object_mut() {
        members.insert("Groups".to_owned(), Json::Array(groups));
        members.insert("(addresses)".to_owned(), Json::Array(addresses));
    }
}

pub(super) fn interface_input(operation: &str, input: &mut Json, object: &Value) {
    let addresses = args::strings(object, "private_ips").unwrap_or_default();
    if operation == "CreateNetworkInterface" && !addresses.is_empty() {
        let items: Vec<Json> = addresses
            .iter()
            .enumerate()
            .map(|(at, address)| json!({"PrivateIpAddress": address.as_str(), "Primary": at == 0}))
            .collect();
        json::put(input, "PrivateIpAddresses", Json::Array(items));
    }
}

pub(super) fn interface_found(_run: &Run<'_>, found: Value, _raw: &Json) -> Value {
    let address = args::get(&found, "private_ip");
    if args::get(&found, "private_ips").is_null() && !address.is_null() {
        return args::with(
            &found,
            "private_ips",
            Value::set(Type::String, vec![address]),
        );
    }
    found
}
