//! Small things: what is attached to what, tags by themselves, groups for placing, the default VPC, transit gateways.

use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Step, Table, Tags, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

pub(super) fn volume_attachment() -> Table {
    let put = |operation| {
        op(operation)
            .bare()
            .set("VolumeId", "{volume_id}")
            .set("InstanceId", "{instance_id}")
            .set("Device", "{device_name}")
    };
    Table::new("aws_volume_attachment", "ec2")
        .local(&[
            "device_name",
            "instance_id",
            "volume_id",
            "force_detach",
            "skip_destroy",
        ])
        .unsupported(&["stop_instance_before_detaching"])
        .create(put("AttachVolume"))
        .id("{device_name}:{volume_id}:{instance_id}")
        .read(
            op("DescribeVolumes")
                .set("VolumeIds", "{volume_id}")
                .at("Volumes.0.Attachments[InstanceId={instance_id}]"),
        )
        .delete(
            put("DetachVolume")
                .set("Force", "{force_detach}")
                .none_when(&["IncorrectState"]),
        )
        .gone_when("State", &["detached"])
        .wait(
            &[Phase::Create],
            "State",
            &["attached"],
            &["attaching", "busy"],
        )
        .wait(
            &[Phase::Delete],
            "State",
            &[],
            &["attached", "detaching", "busy"],
        )
        .not_found(&["InvalidVolume.NotFound", "InvalidAttachment.NotFound"])
        .retry(&[Phase::Create], "IncorrectState", "is not 'running'", 300)
        .retry(&[Phase::Create], "IncorrectInstanceState", "", 300)
}

pub(super) fn address_association() -> Table {
    Table::new("aws_eip_association", "ec2")
        .local(&["allow_reassociation"])
        .names(&[
            ("instance_id", "InstanceId"),
            ("private_ip_address", "PrivateIpAddress"),
        ])
        .create(op("AssociateAddress").set("AllowReassociation", "{allow_reassociation}"))
        .id_out("AssociationId")
        .read(
            op("DescribeAddresses")
                .set("Filters.0.Name", "association-id")
                .set("Filters.0.Values", "{id}")
                .at("Addresses.0"),
        )
        .delete(op("DisassociateAddress").set("AssociationId", "{id}"))
        .not_found(&[
            "InvalidAssociationID.NotFound",
            "InvalidAllocationID.NotFound",
        ])
        .retry(
            &[Phase::Create],
            "InvalidInstanceID",
            "pending instance",
            300,
        )
}

pub(super) fn placement_group() -> Table {
    Table::new("aws_placement_group", "ec2")
        .noun("Group")
        .names(&[("placement_group_id", "GroupId"), ("arn", "GroupArn")])
        .create(op("CreatePlacementGroup"))
        .id("{name}")
        .read(
            op("DescribePlacementGroups")
                .set("GroupNames", "{id}")
                .at("PlacementGroups.0"),
        )
        .delete(op("DeletePlacementGroup").set("GroupName", "{id}"))
        .gone_when("State", &["deleted"])
        .wait(&[Phase::Create], "State", &["available"], &["pending"])
        .wait(&[Phase::Delete], "State", &[], &["available", "deleting"])
        .tags(Tags::Ec2("placement-group"))
        .tagged_by("{placement_group_id}")
        .not_found(&["InvalidPlacementGroup.Unknown"])
        .retry(&[Phase::Delete], "InvalidPlacementGroup.InUse", "", 300)
}

pub(super) fn tag() -> Table {
    let put = || {
        op("CreateTags")
            .bare()
            .set("Resources", "{resource_id}")
            .set("Tags.0.Key", "{key}")
            .set("Tags.0.Value", "{value}")
    };
    Table::new("aws_ec2_tag", "ec2")
        .create(put())
        .id("{resource_id},{key}")
        .read(
            op("DescribeTags")
                .set("Filters.0.Name", "resource-id")
                .set("Filters.0.Values", "{resource_id}")
                .set("Filters.1.Name", "key")
                .set("Filters.1.Values", "{key}")
                .at("Tags.0"),
        )
        .update(put())
        .delete(
            op("DeleteTags")
                .set("Resources", "{resource_id}")
                .set("Tags.0.Key", "{key}"),
        )
}

/// The VPC that an account has in a region from the beginning: taken over.
pub(super) fn default_vpc() -> Table {
    let mut table = super::vpc_named("aws_default_vpc");
    table.create = None;
    table.id = crate::table::Id::Out("Vpc.VpcId");
    table
        .local(&["existing_default_vpc", "force_destroy"])
        .unsupported(&["ipv6_cidr_block", "ipv6_cidr_block_network_border_group"])
        .hooks(DefaultVpc)
}

#[derive(Debug)]
struct DefaultVpc;

#[async_trait]
impl Hooks for DefaultVpc {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let input = json!({"Filters": [{"Name": "isDefault", "Values": ["true"]}]});
        let answer = run.ask("DescribeVpcs", input).await?;
        let (id, existing) = match json::text_at(&answer, "Vpcs.0.VpcId") {
            Some(id) => (id, true),
            None => {
                let answer = run.ask("CreateDefaultVpc", json!({})).await?;
                let id = json::text_at(&answer, "Vpc.VpcId");
                let id = id.ok_or_else(|| {
                    Refusal::error(
                        "No default VPC",
                        "The answer to CreateDefaultVpc has no id.",
                    )
                })?;
                (id, false)
            }
        };
        let known = args::with(planned, "existing_default_vpc", Value::bool(existing));
        Ok(Some((id, known)))
    }

    async fn delete(&self, _run: &Run<'_>, object: &Value) -> Answered<bool> {
        // What was there before stays, unless it is asked for.
        Ok(args::bool(object, "force_destroy") != Some(true))
    }
}

pub(super) fn transit_gateway() -> Table {
    Table::new("aws_ec2_transit_gateway", "ec2")
        .names(&[
            ("arn", "TransitGatewayArn"),
            ("amazon_side_asn", "Options.AmazonSideAsn"),
            (
                "auto_accept_shared_attachments",
                "Options.AutoAcceptSharedAttachments",
            ),
            (
                "default_route_table_association",
                "Options.DefaultRouteTableAssociation",
            ),
            (
                "default_route_table_propagation",
                "Options.DefaultRouteTablePropagation",
            ),
            ("dns_support", "Options.DnsSupport"),
            ("multicast_support", "Options.MulticastSupport"),
            (
                "security_group_referencing_support",
                "Options.SecurityGroupReferencingSupport",
            ),
            (
                "transit_gateway_cidr_blocks",
                "Options.TransitGatewayCidrBlocks",
            ),
            ("vpn_ecmp_support", "Options.VpnEcmpSupport"),
            (
                "association_default_route_table_id",
                "Options.AssociationDefaultRouteTableId",
            ),
            (
                "propagation_default_route_table_id",
                "Options.PropagationDefaultRouteTableId",
            ),
        ])
        .unsupported(&["encryption_support"])
        .create(op("CreateTransitGateway"))
        .id_out("TransitGateway.TransitGatewayId")
        .read(
            op("DescribeTransitGateways")
                .set("TransitGatewayIds", "{id}")
                .at("TransitGateways.0"),
        )
        .update(
            op("ModifyTransitGateway")
                .set("TransitGatewayId", "{id}")
                .partial()
                .except(&["transit_gateway_cidr_blocks"]),
        )
        .by_function(&["transit_gateway_cidr_blocks"])
        .hooks(Blocks)
        .delete(op("DeleteTransitGateway").set("TransitGatewayId", "{id}"))
        .gone_when("State", &["deleted"])
        .wait(&[Phase::Create], "State", &["available"], &["pending"])
        .wait(&[Phase::Update], "State", &["available"], &["modifying"])
        .wait(
            &[Phase::Delete],
            "State",
            &[],
            &["available", "deleting", "modifying"],
        )
        .tags(Tags::Ec2("transit-gateway"))
        .not_found(&["InvalidTransitGatewayID.NotFound"])
        .retry(&[Phase::Delete], "IncorrectState", "has non-deleted", 300)
}

/// Blocks of addresses are added and removed.
#[derive(Debug)]
struct Blocks;

#[async_trait]
impl Hooks for Blocks {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let of = |object: &Value| {
            args::strings(object, "transit_gateway_cidr_blocks").unwrap_or_default()
        };
        let (before, after) = (of(prior), of(planned));
        let new =
            |of: &[terrane_value::EcoString], than: &[terrane_value::EcoString]| -> Vec<String> {
                let new = of.iter().filter(|block| !than.contains(block));
                new.map(ToString::to_string).collect()
            };
        let (added, removed) = (new(&after, &before), new(&before, &after));
        if added.is_empty() && removed.is_empty() {
            return Ok(());
        }
        let input = json!({
            "TransitGatewayId": run.text("{id}", prior),
            "Options": {"AddTransitGatewayCidrBlocks": added, "RemoveTransitGatewayCidrBlocks": removed},
        });
        run.ask("ModifyTransitGateway", input).await.map(drop)
    }
}

/// A call about a transit gateway's route table.
fn of_table(operation: &'static str) -> Step {
    op(operation).bare().set(
        "TransitGatewayRouteTableId",
        "{transit_gateway_route_table_id}",
    )
}

pub(super) fn transit_attachment() -> Table {
    Table::new("aws_ec2_transit_gateway_vpc_attachment", "ec2")
        .names(&[
            ("appliance_mode_support", "Options.ApplianceModeSupport"),
            ("dns_support", "Options.DnsSupport"),
            ("ipv6_support", "Options.Ipv6Support"),
            (
                "security_group_referencing_support",
                "Options.SecurityGroupReferencingSupport",
            ),
        ])
        .local(&[
            "transit_gateway_default_route_table_association",
            "transit_gateway_default_route_table_propagation",
        ])
        .create(op("CreateTransitGatewayVpcAttachment"))
        .id_out("TransitGatewayVpcAttachment.TransitGatewayAttachmentId")
        .arn("arn:{partition}:ec2:{region}:{account}:transit-gateway-attachment/{id}")
        .read(
            op("DescribeTransitGatewayVpcAttachments")
                .set("TransitGatewayAttachmentIds", "{id}")
                .at("TransitGatewayVpcAttachments.0"),
        )
        .update(
            op("ModifyTransitGatewayVpcAttachment")
                .set("TransitGatewayAttachmentId", "{id}")
                .partial()
                .except(&["subnet_ids"]),
        )
        .by_function(&["subnet_ids"])
        .hooks(TransitAttachment)
        .delete(op("DeleteTransitGatewayVpcAttachment").set("TransitGatewayAttachmentId", "{id}"))
        .gone_when("State", &["deleted"])
        .wait(
            &[Phase::Create],
            "State",
            &["available", "pendingAcceptance"],
            &["pending", "initiating"],
        )
        .wait(
            &[Phase::Update],
            "State",
            &["available", "pendingAcceptance"],
            &["modifying"],
        )
        .wait(
            &[Phase::Delete],
            "State",
            &[],
            &["available", "deleting", "modifying"],
        )
        .tags(Tags::Ec2("transit-gateway-attachment"))
        .not_found(&["InvalidTransitGatewayAttachmentID.NotFound"])
}

#[derive(Debug)]
struct TransitAttachment;

/// The default route tables of a gateway, and those that an attachment is in: association, propagation.
async fn defaults(run: &Run<'_>, object: &Value) -> Answered<Vec<(&'static str, bool, String)>> {
    let gateway = run.text("{transit_gateway_id}", object);
    let input = json!({"TransitGatewayIds": [gateway]});
    let answer = run.ask("DescribeTransitGateways", input).await?;
    let mut found = Vec::new();
    for (name, table, member, operation, list) in [
        (
            "transit_gateway_default_route_table_association",
            "AssociationDefaultRouteTableId",
            "DefaultRouteTableAssociation",
            "GetTransitGatewayRouteTableAssociations",
            "Associations",
        ),
        (
            "transit_gateway_default_route_table_propagation",
            "PropagationDefaultRouteTableId",
            "DefaultRouteTablePropagation",
            "GetTransitGatewayRouteTablePropagations",
            "TransitGatewayRouteTablePropagations",
        ),
    ] {
        let option =
            |name: &str| json::text_at(&answer, &format!("TransitGateways.0.Options.{name}"));
        let table = option(table).unwrap_or_default();
        if table.is_empty() || option(member).as_deref() == Some("disable") {
            found.push((name, false, String::new()));
            continue;
        }
        let input = json!({
            "TransitGatewayRouteTableId": table,
            "Filters": [{"Name": "transit-gateway-attachment-id", "Values": [run.text("{id}", object)]}],
        });
        let answer = run
            .ask_unless(operation, input, &["InvalidRouteTableID.NotFound"])
            .await?
            .unwrap_or_default();
        let items = json::get(&answer, list).and_then(Json::as_array);
        let id = run.text("{id}", object);
        let mut items = items.into_iter().flatten();
        let is = items.any(|item| {
            json::text_at(item, "TransitGatewayAttachmentId").as_deref() == Some(&id)
                && !matches!(
                    json::text_at(item, "State").as_deref(),
                    Some("disassociating" | "disassociated" | "disabling" | "disabled")
                )
        });
        found.push((name, is, table));
    }
    Ok(found)
}

#[async_trait]
impl Hooks for TransitAttachment {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        self.update(run, object, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", prior);
        let of = |object: &Value| args::strings(object, "subnet_ids").unwrap_or_default();
        let (before, after) = (of(prior), of(planned));
        let added: Vec<&str> = after
            .iter()
            .filter(|id| !before.contains(id))
            .map(|id| id.as_str())
            .collect();
        let removed: Vec<&str> = before
            .iter()
            .filter(|id| !after.contains(id))
            .map(|id| id.as_str())
            .collect();
        if !added.is_empty() || !removed.is_empty() {
            let input = json!({
                "TransitGatewayAttachmentId": id,
                "AddSubnetIds": added,
                "RemoveSubnetIds": removed,
            });
            run.ask("ModifyTransitGatewayVpcAttachment", input).await?;
            run.wait_for(Phase::Update, planned).await?;
        }
        let names = [
            "transit_gateway_default_route_table_association",
            "transit_gateway_default_route_table_propagation",
        ];
        if names.iter().all(|name| args::bool(planned, name).is_none()) {
            return Ok(());
        }
        for (name, is, table) in defaults(run, planned).await? {
            let Some(wanted) = args::bool(planned, name).filter(|_| !table.is_empty()) else {
                continue;
            };
            if wanted == is {
                continue;
            }
            let operation = match (name.ends_with("association"), wanted) {
                (true, true) => "AssociateTransitGatewayRouteTable",
                (true, false) => "DisassociateTransitGatewayRouteTable",
                (false, true) => "EnableTransitGatewayRouteTablePropagation",
                (false, false) => "DisableTransitGatewayRouteTablePropagation",
            };
            let input =
                json!({"TransitGatewayAttachmentId": id, "TransitGatewayRouteTableId": table});
            run.ask(operation, input).await?;
        }
        Ok(())
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let found = defaults(run, &object).await?;
        let changes = found
            .into_iter()
            .map(|(name, is, _)| (name, Value::bool(is)));
        Ok(args::with_all(&object, changes.collect::<Vec<_>>()))
    }
}

pub(super) fn transit_table() -> Table {
    Table::new("aws_ec2_transit_gateway_route_table", "ec2")
        .names(&[
            (
                "default_association_route_table",
                "DefaultAssociationRouteTable",
            ),
            (
                "default_propagation_route_table",
                "DefaultPropagationRouteTable",
            ),
        ])
        .create(
            op("CreateTransitGatewayRouteTable")
                .bare()
                .set("TransitGatewayId", "{transit_gateway_id}"),
        )
        .id_out("TransitGatewayRouteTable.TransitGatewayRouteTableId")
        .arn("arn:{partition}:ec2:{region}:{account}:transit-gateway-route-table/{id}")
        .read(
            op("DescribeTransitGatewayRouteTables")
                .set("TransitGatewayRouteTableIds", "{id}")
                .at("TransitGatewayRouteTables.0"),
        )
        .delete(op("DeleteTransitGatewayRouteTable").set("TransitGatewayRouteTableId", "{id}"))
        .gone_when("State", &["deleted"])
        .wait(&[Phase::Create], "State", &["available"], &["pending"])
        .wait(&[Phase::Delete], "State", &[], &["available", "deleting"])
        .tags(Tags::Ec2("transit-gateway-route-table"))
        .not_found(&[
            "InvalidRouteTableID.NotFound",
            "InvalidRouteTableId.NotFound",
        ])
}

pub(super) fn transit_route() -> Table {
    Table::new("aws_ec2_transit_gateway_route", "ec2")
        .local(&["transit_gateway_route_table_id", "destination_cidr_block"])
        .names(&[
            ("transit_gateway_attachment_id", "(attachment)"),
            (
                "transit_gateway_attachment_id",
                "TransitGatewayAttachmentId",
            ),
        ])
        .create(
            of_table("CreateTransitGatewayRoute")
                .set("DestinationCidrBlock", "{destination_cidr_block}")
                .set(
                    "TransitGatewayAttachmentId",
                    "{transit_gateway_attachment_id}",
                )
                .set("Blackhole", "{blackhole}"),
        )
        .id("{transit_gateway_route_table_id}_{destination_cidr_block}")
        .read(
            of_table("SearchTransitGatewayRoutes")
                .set("Filters.0.Name", "type")
                .set("Filters.0.Values", "static")
                .at("Routes[DestinationCidrBlock={destination_cidr_block}]"),
        )
        .answer(|_, found| {
            let state = json::text_at(found, "State").unwrap_or_default();
            let path = "TransitGatewayAttachments.0.TransitGatewayAttachmentId";
            if let Some(id) = json::text_at(found, path) {
                json::put(found, "(attachment)", id.into());
            }
            json::put(found, "Blackhole", (state == "blackhole").into());
        })
        .delete(
            of_table("DeleteTransitGatewayRoute")
                .set("DestinationCidrBlock", "{destination_cidr_block}"),
        )
        .gone_when("State", &["deleted"])
        .not_found(&["InvalidRouteTableID.NotFound", "InvalidRoute.NotFound"])
}

/// An attachment in a route table.
fn within(name: &'static str) -> Table {
    Table::new(name, "ec2")
        .local(&[
            "transit_gateway_attachment_id",
            "transit_gateway_route_table_id",
            "replace_existing_association",
        ])
        .id("{transit_gateway_route_table_id}_{transit_gateway_attachment_id}")
        .gone_when("State", &["disassociated", "disabled"])
        .not_found(&[
            "InvalidRouteTableID.NotFound",
            "InvalidAssociation.NotFound",
            "TransitGatewayRouteTablePropagation.NotFound",
        ])
}

fn attached(operation: &'static str) -> Step {
    of_table(operation).set(
        "TransitGatewayAttachmentId",
        "{transit_gateway_attachment_id}",
    )
}

pub(super) fn transit_association() -> Table {
    within("aws_ec2_transit_gateway_route_table_association")
        .unsupported(&["replace_existing_association"])
        .create(attached("AssociateTransitGatewayRouteTable"))
        .read(
            of_table("GetTransitGatewayRouteTableAssociations")
                .at("Associations[TransitGatewayAttachmentId={transit_gateway_attachment_id}]"),
        )
        .delete(attached("DisassociateTransitGatewayRouteTable"))
        .wait(&[Phase::Create], "State", &["associated"], &["associating"])
        .wait(
            &[Phase::Delete],
            "State",
            &[],
            &["associated", "disassociating"],
        )
}

pub(super) fn transit_propagation() -> Table {
    let mut table = within("aws_ec2_transit_gateway_route_table_propagation");
    table
        .local
        .retain(|name| *name != "replace_existing_association");
    table
        .create(attached("EnableTransitGatewayRouteTablePropagation"))
        .read(
            of_table("GetTransitGatewayRouteTablePropagations")
                .at("TransitGatewayRouteTablePropagations[TransitGatewayAttachmentId={transit_gateway_attachment_id}]"),
        )
        .delete(attached("DisableTransitGatewayRouteTablePropagation"))
        .wait(&[Phase::Create], "State", &["enabled"], &["enabling"])
        .wait(&[Phase::Delete], "State", &[], &["enabled", "disabling"])
}

pub(super) fn cache_subnets() -> Table {
    Table::new("aws_elasticache_subnet_group", "elasticache")
        .names(&[
            ("name", "CacheSubnetGroupName"),
            ("description", "CacheSubnetGroupDescription"),
            ("arn", "ARN"),
            ("subnet_ids", "SubnetIds"),
        ])
        .create(op("CreateCacheSubnetGroup"))
        .id("{name}")
        .read(
            op("DescribeCacheSubnetGroups")
                .set("CacheSubnetGroupName", "{id}")
                .at("CacheSubnetGroups.0"),
        )
        .answer(subnets)
        .update(op("ModifyCacheSubnetGroup"))
        .delete(op("DeleteCacheSubnetGroup").set("CacheSubnetGroupName", "{id}"))
        .tag_calls(
            "ListTagsForResource",
            ("AddTagsToResource", "RemoveTagsFromResource"),
            "ResourceName",
            "{arn}",
        )
        .not_found(&["CacheSubnetGroupNotFoundFault"])
        .retry(&[Phase::Delete], "DependencyViolation", "", 300)
}

pub(super) fn warehouse_subnets() -> Table {
    Table::new("aws_redshift_subnet_group", "redshift")
        .names(&[
            ("name", "ClusterSubnetGroupName"),
            ("subnet_ids", "SubnetIds"),
        ])
        .create(op("CreateClusterSubnetGroup"))
        .id("{name}")
        .arn("arn:{partition}:redshift:{region}:{account}:subnetgroup:{id}")
        .read(
            op("DescribeClusterSubnetGroups")
                .set("ClusterSubnetGroupName", "{id}")
                .at("ClusterSubnetGroups.0"),
        )
        .answer(subnets)
        .update(op("ModifyClusterSubnetGroup"))
        .delete(op("DeleteClusterSubnetGroup").set("ClusterSubnetGroupName", "{id}"))
        .tag_calls("", ("CreateTags", "DeleteTags"), "ResourceName", "{arn}")
        .not_found(&["ClusterSubnetGroupNotFoundFault"])
        .retry(&[Phase::Delete], "DependencyViolation", "", 300)
}

/// Subnets come with their zones.
fn subnets(_operation: &str, found: &mut Json) {
    let subnets = found.get("Subnets").and_then(Json::as_array);
    let ids: Vec<Json> = subnets
        .into_iter()
        .flatten()
        .filter_map(|subnet| subnet.get("SubnetIdentifier").cloned())
        .collect();
    json::put(found, "SubnetIds", ids.into());
}
