//! Routes, lists of rules of networks, and what is attached to what.

use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, Tags, op};
use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Kind, Type, Value};

/// Attributes of a route within a route table, and their members.
const ROUTE: &[(&str, &str)] = &[
    ("cidr_block", "DestinationCidrBlock"),
    ("ipv6_cidr_block", "DestinationIpv6CidrBlock"),
    ("destination_prefix_list_id", "DestinationPrefixListId"),
    ("carrier_gateway_id", "CarrierGatewayId"),
    ("core_network_arn", "CoreNetworkArn"),
    ("egress_only_gateway_id", "EgressOnlyInternetGatewayId"),
    ("gateway_id", "GatewayId"),
    ("local_gateway_id", "LocalGatewayId"),
    ("nat_gateway_id", "NatGatewayId"),
    ("network_interface_id", "NetworkInterfaceId"),
    ("odb_network_arn", "OdbNetworkArn"),
    ("transit_gateway_id", "TransitGatewayId"),
    ("vpc_endpoint_id", "VpcEndpointId"),
    ("vpc_peering_connection_id", "VpcPeeringConnectionId"),
];

/// Members by attributes of an object, those that are set.
pub(super) fn members(object: &Value, pairs: &[(&str, &str)]) -> Map<String, Json> {
    pairs
        .iter()
        .filter_map(|(name, member)| {
            let value = args::get(object, name);
            let value = match value.kind() {
                Kind::String(text) if !text.is_empty() => Json::from(text.as_str()),
                Kind::Number(number) => Json::from(number.to_i64()?),
                Kind::Bool(value) => Json::from(value),
                _ => return None,
            };
            Some(((*member).to_owned(), value))
        })
        .collect()
}

/// An object of a type with these attributes of an answer; what there is not is the zero of its type.
pub(super) fn object_of(ty: &Type, found: &Json, pairs: &[(&str, &str)]) -> Value {
    let Type::Object(object) = ty else {
        return Value::null(ty.clone());
    };
    let attributes = object.attributes.iter().map(|(name, ty)| {
        let member = pairs
            .iter()
            .find(|(attribute, _)| attribute == name)
            .map(|(_, member)| *member);
        let value = match (member.and_then(|member| json::get(found, member)), ty) {
            (Some(value), Type::String) => Value::string_nfc(&json::text(value)),
            (Some(value), Type::Number) => json::text(value)
                .parse::<i64>()
                .map_or(Value::number(0), Value::number),
            (Some(value), Type::Bool) => Value::bool(value.as_bool().unwrap_or(false)),
            _ => crate::plan::zero(ty),
        };
        (name.clone(), value)
    });
    Value::object(attributes.collect::<Vec<_>>())
}

/// The type of the elements of an attribute.
pub(super) fn element(run: &Run<'_>, name: &str) -> Type {
    let block = &run.schema.block;
    let ty = match block.attributes.get(name) {
        Some(attribute) => attribute.value_type(),
        None => block.blocks.get(name).map_or(
            Type::Dynamic,
            terrane_model::schema::NestedBlock::value_type,
        ),
    };
    ty.element().cloned().unwrap_or(Type::Dynamic)
}

/// The elements of `after` that are not in `before`.
pub(super) fn news<'v>(before: &Value, after: &'v Value) -> Vec<&'v Value> {
    after
        .children()
        .iter()
        .filter(|item| !before.children().contains(item))
        .collect()
}

fn base(name: &'static str) -> Table {
    Table::new(name, "ec2")
        .names(&[("route", ""), ("propagating_vgws", "")])
        .arn("arn:{partition}:ec2:{region}:{owner_id}:route-table/{id}")
        .read(
            op("DescribeRouteTables")
                .set("RouteTableIds", "{id}")
                .at("RouteTables.0"),
        )
        .tags(Tags::Ec2("route-table"))
        .not_found(&[
            "InvalidRouteTableID.NotFound",
            "InvalidRouteTableId.NotFound",
        ])
        .retry(&[Phase::Delete], "DependencyViolation", "", 300)
}

pub(super) fn table() -> Table {
    base("aws_route_table")
        .create(op("CreateRouteTable").bare().set("VpcId", "{vpc_id}"))
        .id_out("RouteTable.RouteTableId")
        .delete(op("DeleteRouteTable").set("RouteTableId", "{id}"))
        .hooks(Routes)
}

pub(super) fn default_table() -> Table {
    base("aws_default_route_table")
        .local(&["default_route_table_id"])
        .hooks(DefaultRoutes)
        .import("{vpc_id}")
}

/// The routes within a route table.
#[derive(Debug)]
struct Routes;

async fn routes(run: &Run<'_>, id: &str) -> Answered<Option<Value>> {
    let none = &[
        "InvalidRouteTableID.NotFound",
        "InvalidRouteTableId.NotFound",
    ];
    let Some(answer) = run
        .ask_unless("DescribeRouteTables", json!({"RouteTableIds": [id]}), none)
        .await?
    else {
        return Ok(None);
    };
    let element = element(run, "route");
    let found = json::get(&answer, "RouteTables.0.Routes")
        .and_then(Json::as_array)
        .cloned()
        .unwrap_or_default();
    let own = found.iter().filter(|route| {
        let text = |name: &str| json::text_at(route, name).unwrap_or_default();
        let endpoint = text("GatewayId").starts_with("vpce-")
            && route.get("DestinationPrefixListId").is_some();
        text("GatewayId") != "local" && text("Origin") != "EnableVgwRoutePropagation" && !endpoint
    });
    let items = own.map(|route| object_of(&element, route, ROUTE)).collect();
    Ok(Some(Value::set(element.clone(), items)))
}

async fn change_routes(run: &Run<'_>, id: &str, before: &Value, after: &Value) -> Answered<()> {
    let target = |route: &Value| {
        ROUTE
            .iter()
            .take(3)
            .filter_map(|(name, _)| args::string(route, name))
            .find(|text| !text.is_empty())
            .map(str::to_owned)
    };
    for route in news(after, before) {
        if after
            .children()
            .iter()
            .any(|other| target(other) == target(route))
        {
            continue;
        }
        let mut input = members(route, &ROUTE[..3]);
        input.insert("RouteTableId".to_owned(), id.into());
        run.ask_unless(
            "DeleteRoute",
            Json::Object(input),
            &["InvalidRoute.NotFound"],
        )
        .await?;
    }
    for route in news(before, after) {
        let replaces = before
            .children()
            .iter()
            .any(|other| target(other) == target(route));
        let mut input = members(route, ROUTE);
        input.insert("RouteTableId".to_owned(), id.into());
        let operation = if replaces {
            "ReplaceRoute"
        } else {
            "CreateRoute"
        };
        run.ask(operation, Json::Object(input)).await?;
    }
    Ok(())
}

#[async_trait]
impl Hooks for Routes {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        change_routes(
            run,
            &run.text("{id}", object),
            &Value::NULL,
            &args::get(object, "route"),
        )
        .await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let routes = |object| args::get(object, "route");
        change_routes(
            run,
            &run.text("{id}", prior),
            &routes(prior),
            &routes(planned),
        )
        .await
    }

    async fn found(&self, run: &Run<'_>, object: Value, _prior: &Value) -> Answered<Value> {
        let Some(routes) = routes(run, &run.text("{id}", &object)).await? else {
            return Ok(object);
        };
        let gateways = Value::set(Type::String, Vec::new());
        Ok(args::with_all(
            &object,
            [("route", routes), ("propagating_vgws", gateways)],
        ))
    }
}

/// The route table that a VPC comes with: taken over, emptied when it is let go.
#[derive(Debug)]
struct DefaultRoutes;

#[async_trait]
impl Hooks for DefaultRoutes {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let id = run.text("{default_route_table_id}", planned);
        let before = routes(run, &id).await?.unwrap_or(Value::NULL);
        let after = args::get(planned, "route");
        let after = if after.is_known() { after } else { Value::NULL };
        change_routes(run, &id, &before, &after).await?;
        let object = args::with(planned, "id", Value::string(id.as_str()));
        run.change_tags(
            &object,
            &std::collections::BTreeMap::new(),
            &crate::run::all_tags(planned),
        )
        .await?;
        Ok(Some((id, planned.clone())))
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        Routes.update(run, prior, planned).await
    }

    async fn found(&self, run: &Run<'_>, object: Value, prior: &Value) -> Answered<Value> {
        let object = Routes.found(run, object, prior).await?;
        let id = args::get(&object, "id");
        Ok(args::with(&object, "default_route_table_id", id))
    }

    async fn delete(&self, _run: &Run<'_>, _object: &Value) -> Answered<bool> {
        // It goes with its VPC.
        Ok(true)
    }
}

/// A route by itself.
pub(super) fn route() -> Table {
    Table::new("aws_route", "ec2")
        .names(&[
            ("egress_only_gateway_id", "EgressOnlyInternetGatewayId"),
            ("destination_prefix_list_id", "DestinationPrefixListId"),
        ])
        .local(&["route_table_id"])
        .create(op("CreateRoute").set("RouteTableId", "{route_table_id}"))
        .update(op("ReplaceRoute").set("RouteTableId", "{route_table_id}"))
        .id("r-{route_table_id}{destination_cidr_block}{destination_ipv6_cidr_block}{destination_prefix_list_id}")
        .read(op("DescribeRouteTables").set("RouteTableIds", "{route_table_id}").at("RouteTables.0"))
        .answer(|_, _| ())
        .delete(
            op("DeleteRoute")
                .set("RouteTableId", "{route_table_id}")
                .set("DestinationCidrBlock", "{destination_cidr_block}")
                .set("DestinationIpv6CidrBlock", "{destination_ipv6_cidr_block}")
                .set("DestinationPrefixListId", "{destination_prefix_list_id}"),
        )
        .not_found(&["InvalidRouteTableID.NotFound", "InvalidRoute.NotFound"])
        .retry(&[Phase::Create], "InvalidParameterException", "", 60)
        .retry(&[Phase::Create], "InvalidGatewayID.NotFound", "", 120)
        .retry(&[Phase::Create], "InvalidNatGatewayID.NotFound", "", 120)
        .retry(&[Phase::Create], "InvalidTransitGatewayID.NotFound", "", 120)
        .hooks(OneRoute)
}

#[derive(Debug)]
struct OneRoute;

const DESTINATIONS: &[(&str, &str)] = &[
    ("destination_cidr_block", "DestinationCidrBlock"),
    ("destination_ipv6_cidr_block", "DestinationIpv6CidrBlock"),
    ("destination_prefix_list_id", "DestinationPrefixListId"),
];

#[async_trait]
impl Hooks for OneRoute {
    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let table = run.text("{route_table_id}", object);
        let none = &[
            "InvalidRouteTableID.NotFound",
            "InvalidRouteTableId.NotFound",
        ];
        let Some(answer) = run
            .ask_unless(
                "DescribeRouteTables",
                json!({"RouteTableIds": [table]}),
                none,
            )
            .await?
        else {
            return Ok(Some(None));
        };
        let wanted = members(object, DESTINATIONS);
        let routes = json::get(&answer, "RouteTables.0.Routes")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let found = routes.iter().find(|route| {
            !wanted.is_empty()
                && wanted
                    .iter()
                    .all(|(member, value)| route.get(member) == Some(value))
        });
        let Some(found) = found else {
            return Ok(Some(None));
        };
        let pairs = ROUTE.iter().skip(3).chain(&[
            ("origin", "Origin"),
            ("state", "State"),
            ("instance_id", "InstanceId"),
            ("instance_owner_id", "InstanceOwnerId"),
        ]);
        let mut object = object.clone();
        for (name, member) in pairs {
            if object.get(name).is_none() {
                continue;
            }
            let text = json::text_at(found, member).unwrap_or_default();
            // A route to an endpoint is one to a gateway in answers.
            let text = match *name {
                "gateway_id" if text.starts_with("vpce-") => String::new(),
                "vpc_endpoint_id" => json::text_at(found, "GatewayId")
                    .filter(|id| id.starts_with("vpce-"))
                    .unwrap_or_default(),
                _ => text,
            };
            if !(text.is_empty() && crate::read::is_empty(&args::get(&object, name))) {
                object = args::with(&object, name, Value::string(text));
            }
        }
        Ok(Some(Some(object)))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (table, destination) = id.split_once('_')?;
        let name = if destination.starts_with("pl-") {
            "destination_prefix_list_id"
        } else if destination.contains(':') {
            "destination_ipv6_cidr_block"
        } else {
            "destination_cidr_block"
        };
        Some(vec![
            ("route_table_id", table.to_owned()),
            (name, destination.to_owned()),
        ])
    }
}

pub(super) fn association() -> Table {
    Table::new("aws_route_table_association", "ec2")
        .create(op("AssociateRouteTable"))
        .id_out("AssociationId")
        .read(
            op("DescribeRouteTables")
                .set("Filters.0.Name", "association.route-table-association-id")
                .set("Filters.0.Values", "{id}")
                .at("RouteTables.0.Associations[RouteTableAssociationId={id}]"),
        )
        .delete(op("DisassociateRouteTable").set("AssociationId", "{id}"))
        .not_found(&[
            "InvalidAssociationID.NotFound",
            "InvalidRouteTableID.NotFound",
        ])
        .gone_when("AssociationState.State", &["disassociated"])
        .replaced_by(&["route_table_id"])
        .hooks(Association)
}

#[derive(Debug)]
struct Association;

impl Hooks for Association {
    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (subnet, table) = id.split_once('/')?;
        let name = if subnet.starts_with("subnet-") {
            "subnet_id"
        } else {
            "gateway_id"
        };
        Some(vec![
            (name, subnet.to_owned()),
            ("route_table_id", table.to_owned()),
        ])
    }
}

/// Members of an entry of a network ACL.
const ENTRY: &[(&str, &str)] = &[
    ("rule_no", "RuleNumber"),
    ("action", "RuleAction"),
    ("protocol", "Protocol"),
    ("cidr_block", "CidrBlock"),
    ("ipv6_cidr_block", "Ipv6CidrBlock"),
    ("from_port", "PortRange.From"),
    ("to_port", "PortRange.To"),
    ("icmp_type", "IcmpTypeCode.Type"),
    ("icmp_code", "IcmpTypeCode.Code"),
];

fn acl_base(name: &'static str) -> Table {
    Table::new(name, "ec2")
        .names(&[("ingress", ""), ("egress", ""), ("subnet_ids", "")])
        .arn("arn:{partition}:ec2:{region}:{owner_id}:network-acl/{id}")
        .read(
            op("DescribeNetworkAcls")
                .set("NetworkAclIds", "{id}")
                .at("NetworkAcls.0"),
        )
        .tags(Tags::Ec2("network-acl"))
        .not_found(&[
            "InvalidNetworkAclID.NotFound",
            "InvalidRouteTableID.NotFound",
        ])
        .retry(&[Phase::Delete], "DependencyViolation", "", 120)
}

pub(super) fn acl() -> Table {
    acl_base("aws_network_acl")
        .create(op("CreateNetworkAcl").bare().set("VpcId", "{vpc_id}"))
        .id_out("NetworkAcl.NetworkAclId")
        .delete(op("DeleteNetworkAcl").set("NetworkAclId", "{id}"))
        .hooks(Entry { default: false })
}

pub(super) fn default_acl() -> Table {
    acl_base("aws_default_network_acl")
        .local(&["default_network_acl_id"])
        .hooks(Entry { default: true })
}

#[derive(Debug)]
struct Entry {
    default: bool,
}

fn protocol_number(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "all" => "-1".to_owned(),
        "tcp" => "6".to_owned(),
        "udp" => "17".to_owned(),
        "icmp" => "1".to_owned(),
        "icmpv6" | "ipv6-icmp" => "58".to_owned(),
        other => other.to_owned(),
    }
}

fn entry_input(id: &str, egress: bool, entry: &Value) -> Json {
    let mut input = json!({"NetworkAclId": id, "Egress": egress});
    for (name, member) in ENTRY {
        let one = [(*name, "value")];
        if let Some(value) = members(entry, &one).remove("value") {
            let value = if *name == "protocol" {
                protocol_number(&json::text(&value)).into()
            } else {
                value
            };
            json::put(&mut input, member, value);
        }
    }
    let protocol = json::text_at(&input, "Protocol").unwrap_or_default();
    if let Some(members) = input.as_object_mut() {
        if !matches!(protocol.as_str(), "1" | "58") {
            members.remove("IcmpTypeCode");
        }
        if !matches!(protocol.as_str(), "6" | "17") {
            members.remove("PortRange");
        }
    }
    input
}

async fn entries(run: &Run<'_>, id: &str) -> Answered<Option<(Json, Value, Value)>> {
    let none = &["InvalidNetworkAclID.NotFound"];
    let Some(answer) = run
        .ask_unless("DescribeNetworkAcls", json!({"NetworkAclIds": [id]}), none)
        .await?
    else {
        return Ok(None);
    };
    let Some(acl) = json::get(&answer, "NetworkAcls.0").cloned() else {
        return Ok(None);
    };
    let of = |egress: bool, name: &str| {
        let element = element(run, name);
        let items = json::get(&acl, "Entries")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let items = items.iter().filter(|entry| {
            let number = json::text_at(entry, "RuleNumber").unwrap_or_default();
            entry.get("Egress").and_then(Json::as_bool) == Some(egress)
                && !matches!(number.as_str(), "32767" | "32768")
        });
        let items: Vec<Value> = items
            .map(|entry| object_of(&element, entry, ENTRY))
            .collect();
        Value::set(element, items)
    };
    let (ingress, egress) = (of(false, "ingress"), of(true, "egress"));
    Ok(Some((acl, ingress, egress)))
}

/// Protocols have names and numbers: as they were written.
fn as_written(found: Value, before: &Value) -> Value {
    let number = |entry: &Value| {
        args::with(
            entry,
            "protocol",
            Value::string(protocol_number(
                args::string(entry, "protocol").unwrap_or_default(),
            )),
        )
    };
    let Some(element) = found.ty().element().cloned() else {
        return found;
    };
    let items = found.children().iter().map(|entry| {
        let known = before
            .children()
            .iter()
            .find(|before| number(before) == number(entry));
        known.unwrap_or(entry).clone()
    });
    Value::set(element, items.collect())
}

async fn change_entries(
    run: &Run<'_>,
    id: &str,
    egress: bool,
    before: &Value,
    after: &Value,
) -> Answered<()> {
    if !after.is_known() {
        return Ok(());
    }
    for entry in news(after, before) {
        let number = args::int(entry, "rule_no");
        let input = json!({"NetworkAclId": id, "Egress": egress, "RuleNumber": number});
        run.ask_unless(
            "DeleteNetworkAclEntry",
            input,
            &["InvalidNetworkAclEntry.NotFound"],
        )
        .await?;
    }
    for entry in news(before, after) {
        run.ask("CreateNetworkAclEntry", entry_input(id, egress, entry))
            .await?;
    }
    Ok(())
}

async fn change_subnets(
    run: &Run<'_>,
    id: &str,
    after: &[terrane_value::EcoString],
) -> Answered<()> {
    for subnet in after {
        let input =
            json!({"Filters": [{"Name": "association.subnet-id", "Values": [subnet.as_str()]}]});
        let answer = run.ask("DescribeNetworkAcls", input).await?;
        let path = format!("NetworkAcls.0.Associations[SubnetId={subnet}].NetworkAclAssociationId");
        let Some(association) = json::text_at(&answer, &path) else {
            continue;
        };
        if json::text_at(&answer, "NetworkAcls.0.NetworkAclId").as_deref() != Some(id) {
            run.ask(
                "ReplaceNetworkAclAssociation",
                json!({"AssociationId": association, "NetworkAclId": id}),
            )
            .await?;
        }
    }
    Ok(())
}

/// Subnets that leave go to the ACL that the VPC came with.
async fn leave(run: &Run<'_>, vpc: &str, subnets: &[terrane_value::EcoString]) -> Answered<()> {
    if subnets.is_empty() {
        return Ok(());
    }
    let input = json!({"Filters": [{"Name": "default", "Values": ["true"]}, {"Name": "vpc-id", "Values": [vpc]}]});
    let answer = run.ask("DescribeNetworkAcls", input).await?;
    let default = json::text_at(&answer, "NetworkAcls.0.NetworkAclId").unwrap_or_default();
    change_subnets(run, &default, subnets).await
}

#[async_trait]
impl Hooks for Entry {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        if !self.default {
            return Ok(None);
        }
        let id = run.text("{default_network_acl_id}", planned);
        let Some((_, ingress, egress)) = entries(run, &id).await? else {
            return Err(terrane_provider::native::Refusal::error(
                "No such ACL",
                format!("There is no network ACL {id}."),
            ));
        };
        change_entries(run, &id, false, &ingress, &args::get(planned, "ingress")).await?;
        change_entries(run, &id, true, &egress, &args::get(planned, "egress")).await?;
        change_subnets(
            run,
            &id,
            &args::strings(planned, "subnet_ids").unwrap_or_default(),
        )
        .await?;
        let object = args::with(planned, "id", Value::string(id.as_str()));
        run.change_tags(
            &object,
            &std::collections::BTreeMap::new(),
            &crate::run::all_tags(planned),
        )
        .await?;
        Ok(Some((id, planned.clone())))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        if self.default {
            return Ok(());
        }
        self.update(run, &Value::NULL, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", planned);
        for (name, egress) in [("ingress", false), ("egress", true)] {
            change_entries(
                run,
                &id,
                egress,
                &args::get(prior, name),
                &args::get(planned, name),
            )
            .await?;
        }
        let subnets = |object: &Value| args::strings(object, "subnet_ids").unwrap_or_default();
        let (before, after) = (subnets(prior), subnets(planned));
        change_subnets(run, &id, &after).await?;
        let left: Vec<_> = before
            .into_iter()
            .filter(|subnet| !after.contains(subnet))
            .collect();
        if self.default {
            Ok(())
        } else {
            leave(run, &run.text("{vpc_id}", planned), &left).await
        }
    }

    async fn found(&self, run: &Run<'_>, object: Value, prior: &Value) -> Answered<Value> {
        let id = run.text("{id}", &object);
        let Some((acl, ingress, egress)) = entries(run, &id).await? else {
            return Ok(object);
        };
        let subnets = json::get(&acl, "Associations")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let subnets = subnets
            .iter()
            .filter_map(|association| json::text_at(association, "SubnetId"))
            .map(Value::string);
        let mut object = args::with_all(
            &object,
            [
                ("ingress", as_written(ingress, &args::get(prior, "ingress"))),
                ("egress", as_written(egress, &args::get(prior, "egress"))),
                ("subnet_ids", Value::set(Type::String, subnets.collect())),
            ],
        );
        if self.default {
            object = args::with(&object, "default_network_acl_id", Value::string(id));
        }
        Ok(object)
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if self.default {
            return Ok(true);
        }
        let subnets = args::strings(object, "subnet_ids").unwrap_or_default();
        leave(run, &run.text("{vpc_id}", object), &subnets).await?;
        Ok(false)
    }
}

pub(super) fn acl_rule() -> Table {
    Table::new("aws_network_acl_rule", "ec2")
        .id("{network_acl_id}:{rule_number}:{protocol}:{egress}")
        .import("{network_acl_id}:{rule_number}:{protocol}:{egress}")
        .delete(
            op("DeleteNetworkAclEntry")
                .set("NetworkAclId", "{network_acl_id}")
                .set("RuleNumber", "{rule_number}")
                .set("Egress", "{egress}"),
        )
        .not_found(&[
            "InvalidNetworkAclID.NotFound",
            "InvalidNetworkAclEntry.NotFound",
        ])
        .hooks(AclRule)
}

#[derive(Debug)]
struct AclRule;

#[async_trait]
impl Hooks for AclRule {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let entry = args::with_all(
            planned,
            [
                ("rule_no", args::get(planned, "rule_number")),
                ("action", args::get(planned, "rule_action")),
            ],
        );
        let egress = args::bool(planned, "egress").unwrap_or(false);
        let acl = run.text("{network_acl_id}", planned);
        run.ask("CreateNetworkAclEntry", entry_input(&acl, egress, &entry))
            .await?;
        let id = run.text(
            "nacl-{network_acl_id}-{rule_number}-{protocol}-{egress}",
            planned,
        );
        Ok(Some((id, planned.clone())))
    }

    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let acl = run.text("{network_acl_id}", object);
        let none = &["InvalidNetworkAclID.NotFound"];
        let Some(answer) = run
            .ask_unless("DescribeNetworkAcls", json!({"NetworkAclIds": [acl]}), none)
            .await?
        else {
            return Ok(Some(None));
        };
        let number = args::int(object, "rule_number");
        let egress = args::bool(object, "egress").unwrap_or(false);
        let entries = json::get(&answer, "NetworkAcls.0.Entries")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let found = entries.iter().find(|entry| {
            entry.get("RuleNumber").and_then(Json::as_i64) == number
                && entry.get("Egress").and_then(Json::as_bool) == Some(egress)
        });
        let Some(found) = found else {
            return Ok(Some(None));
        };
        let mut object = object.clone();
        for (name, member) in ENTRY {
            let name = match *name {
                "rule_no" => "rule_number",
                "action" => "rule_action",
                name => name,
            };
            let before = args::get(&object, name);
            let Some(value) = json::text_at(found, member) else {
                continue;
            };
            let same = match name {
                "protocol" => before
                    .as_str()
                    .is_some_and(|text| protocol_number(text) == value),
                // Kept as text where they are null otherwise.
                _ => before.is_null() && (value == "0" || value == "-1"),
            };
            if same {
                continue;
            }
            let value = match run
                .schema
                .block
                .attributes
                .get(name)
                .map(terrane_model::schema::Attribute::value_type)
            {
                Some(Type::Number) => value
                    .parse::<i64>()
                    .map_or(Value::null(Type::Number), Value::number),
                _ => Value::string(value),
            };
            object = args::with(&object, name, value);
        }
        Ok(Some(Some(object)))
    }
}

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

/// Host names of addresses.
pub(super) fn public_names(run: &Run<'_>, found: Value) -> Value {
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

/// A key pair is deleted by name, and tagged by another id.
#[derive(Debug)]
pub(super) struct KeyPair;

#[async_trait]
impl Hooks for KeyPair {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let (before, after) = (crate::run::all_tags(prior), crate::run::all_tags(planned));
        if before == after {
            return Ok(());
        }
        let object = args::with(prior, "id", args::get(prior, "key_pair_id"));
        run.change_tags(&object, &before, &after).await
    }
}

/// Entries of a prefix list.
#[derive(Debug)]
pub(super) struct Entries;

#[async_trait]
impl Hooks for Entries {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let (before, after) = (args::get(prior, "entry"), args::get(planned, "entry"));
        let (added, removed) = (news(&before, &after), news(&after, &before));
        if added.is_empty() && removed.is_empty() {
            return Ok(());
        }
        let pairs = [("cidr", "Cidr"), ("description", "Description")];
        let input = json!({
            "PrefixListId": run.text("{id}", prior),
            "CurrentVersion": args::int(prior, "version"),
            "AddEntries": added.iter().map(|entry| members(entry, &pairs)).collect::<Vec<_>>(),
            "RemoveEntries": removed.iter().map(|entry| members(entry, &pairs[..1])).collect::<Vec<_>>(),
        });
        run.ask("ModifyManagedPrefixList", input).await.map(drop)
    }
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

pub(super) fn flow_found(_run: &Run<'_>, found: Value) -> Value {
    found
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

pub(super) fn interface_found(_run: &Run<'_>, found: Value) -> Value {
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
