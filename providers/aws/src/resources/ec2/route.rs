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
pub(in crate::resources) fn members(object: &Value, pairs: &[(&str, &str)]) -> Map<String, Json> {
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
pub(in crate::resources) fn news<'v>(before: &Value, after: &'v Value) -> Vec<&'v Value> {
    after
        .children()
        .iter()
        .filter(|item| !before.children().contains(item))
        .collect()
}

fn base(name: &'static str) -> Table {
    Table::new(name, "ec2")
        .names(&[("route", ""), ("propagating_vgws", "")])
        .by_function(&["route"])
        .members(
            "propagating_vgws",
            op("EnableVgwRoutePropagation").set("RouteTableId", "{id}"),
            op("DisableVgwRoutePropagation").set("RouteTableId", "{id}"),
            "GatewayId",
        )
        .bulk(200)
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
        .id("{default_route_table_id}")
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
    let table = json::get(&answer, "RouteTables.0").unwrap_or(&Json::Null);
    Ok(Some(routes_of(run, table)))
}

/// The routes of a route table that somebody has made.
fn routes_of(run: &Run<'_>, table: &Json) -> Value {
    let element = element(run, "route");
    let found = json::get(table, "Routes").and_then(Json::as_array);
    let own = found.into_iter().flatten().filter(|route| {
        let text = |name: &str| json::text_at(route, name).unwrap_or_default();
        let endpoint = text("GatewayId").starts_with("vpce-")
            && route.get("DestinationPrefixListId").is_some();
        text("GatewayId") != "local" && text("Origin") != "EnableVgwRoutePropagation" && !endpoint
    });
    let items = own.map(|route| object_of(&element, route, ROUTE)).collect();
    Value::set(element.clone(), items)
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

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let gateways = json::get(raw, "PropagatingVgws").and_then(Json::as_array);
        let gateways = gateways
            .into_iter()
            .flatten()
            .filter_map(|gateway| json::text_at(gateway, "GatewayId"))
            .map(Value::string);
        let gateways = Value::set(Type::String, gateways.collect());
        Ok(args::with_all(
            &object,
            [
                ("route", routes_of(run, raw)),
                ("propagating_vgws", gateways),
            ],
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

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let object = Routes.found(run, object, prior, raw).await?;
        let id = args::get(&object, "id");
        Ok(args::with(&object, "default_route_table_id", id))
    }

    async fn imported(&self, run: &Run<'_>, known: Value) -> Answered<Value> {
        // It is known by its VPC, of which it is the main table.
        let vpc = run.text("{vpc_id}", &known);
        let input = json!({"Filters": [
            {"Name": "association.main", "Values": ["true"]},
            {"Name": "vpc-id", "Values": [vpc]},
        ]});
        let answer = run.ask("DescribeRouteTables", input).await?;
        let id = json::text_at(&answer, "RouteTables.0.RouteTableId").unwrap_or_default();
        Ok(args::with_all(
            &known,
            [
                ("id", Value::string(id.as_str())),
                ("default_route_table_id", Value::string(id)),
            ],
        ))
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

#[async_trait]
impl Hooks for Association {
    async fn imported(&self, run: &Run<'_>, known: Value) -> Answered<Value> {
        let table = run.text("{route_table_id}", &known);
        if table.is_empty() {
            return Ok(known);
        }
        let answer = run
            .ask("DescribeRouteTables", json!({"RouteTableIds": [table]}))
            .await?;
        let path = ["subnet_id", "gateway_id"].iter().find_map(|name| {
            let id = args::string(&known, name).filter(|id| !id.is_empty())?;
            let member = if *name == "subnet_id" {
                "SubnetId"
            } else {
                "GatewayId"
            };
            Some(format!(
                "RouteTables.0.Associations[{member}={id}].RouteTableAssociationId"
            ))
        });
        let found = path.and_then(|path| json::text_at(&answer, &path));
        Ok(match found {
            Some(id) => args::with(&known, "id", Value::string(id)),
            None => known,
        })
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let Some((subnet, table)) = id.split_once('/') else {
            return Some(vec![("id", id.to_owned())]);
        };
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
