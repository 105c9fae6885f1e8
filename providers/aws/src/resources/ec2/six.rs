//! Blocks of IPv6 addresses that networks and their subnets get and lose while they exist.

use crate::json;
use crate::run::{Run, same_at};
use crate::table::Hooks;
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::time::Duration;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

/// How long a block may take to come or to go.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where blocks are told: the operation, the member that takes the id, where the associations are.
struct Told {
    operation: &'static str,
    ids: &'static str,
    at: &'static str,
}

const OF_VPCS: Told = Told {
    operation: "DescribeVpcs",
    ids: "VpcIds",
    at: "Vpcs.0.Ipv6CidrBlockAssociationSet",
};
const OF_SUBNETS: Told = Told {
    operation: "DescribeSubnets",
    ids: "SubnetIds",
    at: "Subnets.0.Ipv6CidrBlockAssociationSet",
};

/// Waits until an association is there, or is not any more.
async fn wait(
    run: &Run<'_>,
    told: &Told,
    id: &str,
    association: &str,
    comes: bool,
) -> Answered<()> {
    let look = || async move {
        let mut input = json!({});
        json::put(&mut input, told.ids, json!([id]));
        let found = run.ask(told.operation, input).await?;
        let path = format!(
            "{}[AssociationId={association}].Ipv6CidrBlockState",
            told.at
        );
        let state = |name: &str| json::text_at(&found, &format!("{path}.{name}"));
        match state("State").as_deref() {
            Some("associated") if comes => Ok(Some(())),
            None | Some("disassociated") if !comes => Ok(Some(())),
            Some("failed") => {
                let reason = state("StatusMessage").unwrap_or_default();
                Err(Refusal::error(
                    "No IPv6 addresses",
                    format!("{id}: the block of IPv6 addresses was not given: {reason}"),
                ))
            }
            _ => Ok(None),
        }
    };
    let late = || {
        Refusal::error(
            "Timed out",
            format!(
                "{id}: its block of IPv6 addresses was still being changed when the time was up. The `timeouts` block allows for more."
            ),
        )
    };
    run.until(PATIENCE, look).await?.ok_or_else(late)
}

/// Gives one block in the place of another, as far as there are any.
async fn exchange(
    run: &Run<'_>,
    (told, id): (&Told, &str),
    old: (&'static str, &str),
    new: (&'static str, Option<Json>),
) -> Answered<()> {
    let (operation, association) = old;
    if !association.is_empty() {
        run.ask(operation, json!({"AssociationId": association}))
            .await?;
        wait(run, told, id, association, false).await?;
    }
    if let (operation, Some(input)) = new {
        let answer = run.ask(operation, input).await?;
        let told_of = |path: &str| {
            json::text_at(&answer, &format!("Ipv6CidrBlockAssociation.{path}")).unwrap_or_default()
        };
        if told_of("Ipv6CidrBlockState.State") != "associated" {
            wait(run, told, id, &told_of("AssociationId"), true).await?;
        }
    }
    Ok(())
}

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    args::string(object, name).unwrap_or_default()
}

/// Blocks that went are told for some time still.
pub(super) fn without_gone(_operation: &str, found: &mut Json) {
    let blocks = found.get_mut("Ipv6CidrBlockAssociationSet");
    if let Some(blocks) = blocks.and_then(Json::as_array_mut) {
        blocks.retain(|block| {
            let state = json::text_at(block, "Ipv6CidrBlockState.State").unwrap_or_default();
            !matches!(&*state, "disassociated" | "disassociating" | "failed")
        });
    }
}

/// What a network asks for.
pub(super) const OF_NETWORK: &[&str] = &[
    "assign_generated_ipv6_cidr_block",
    "ipv6_cidr_block",
    "ipv6_cidr_block_network_border_group",
    "ipv6_ipam_pool_id",
    "ipv6_netmask_length",
];

/// Of a network.
#[derive(Debug)]
pub(super) struct OfVpc;

#[async_trait]
impl Hooks for OfVpc {
    async fn changing(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if OF_NETWORK.iter().all(|name| same_at(prior, planned, name)) {
            return Ok(());
        }
        let id = run.text("{id}", prior);
        let mut input = json!({"VpcId": id});
        if args::bool(planned, "assign_generated_ipv6_cidr_block") == Some(true) {
            json::put(&mut input, "AmazonProvidedIpv6CidrBlock", true.into());
            let group = text(planned, "ipv6_cidr_block_network_border_group");
            if !group.is_empty() && !same_at(prior, planned, "ipv6_cidr_block_network_border_group")
            {
                json::put(&mut input, "Ipv6CidrBlockNetworkBorderGroup", group.into());
            }
        }
        let pool = text(planned, "ipv6_ipam_pool_id");
        if !pool.is_empty() {
            json::put(&mut input, "Ipv6IpamPoolId", pool.into());
            let block = text(planned, "ipv6_cidr_block");
            if !block.is_empty() {
                json::put(&mut input, "Ipv6CidrBlock", block.into());
            }
            if let Some(length) = args::int(planned, "ipv6_netmask_length").filter(|one| *one > 0) {
                json::put(&mut input, "Ipv6NetmaskLength", length.into());
            }
        }
        let asks = input.as_object().is_some_and(|members| members.len() > 1);
        exchange(
            run,
            (&OF_VPCS, &id),
            (
                "DisassociateVpcCidrBlock",
                text(prior, "ipv6_association_id"),
            ),
            ("AssociateVpcCidrBlock", asks.then_some(input)),
        )
        .await
    }
}

/// Of a subnet.
#[derive(Debug)]
pub(super) struct OfSubnet;

#[async_trait]
impl Hooks for OfSubnet {
    async fn changing(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if same_at(prior, planned, "ipv6_cidr_block") {
            return Ok(());
        }
        let id = run.text("{id}", prior);
        // Addresses that are given by themselves keep their block.
        for (name, member) in [
            (
                "assign_ipv6_address_on_creation",
                "AssignIpv6AddressOnCreation",
            ),
            ("enable_dns64", "EnableDns64"),
        ] {
            let was = args::bool(prior, name) == Some(true);
            if was && args::bool(planned, name) != Some(true) {
                let mut input = json!({"SubnetId": id});
                json::put(&mut input, &format!("{member}.Value"), false.into());
                run.ask("ModifySubnetAttribute", input).await?;
            }
        }
        let block = text(planned, "ipv6_cidr_block");
        let input = (!block.is_empty()).then(|| json!({"SubnetId": id, "Ipv6CidrBlock": block}));
        exchange(
            run,
            (&OF_SUBNETS, &id),
            (
                "DisassociateSubnetCidrBlock",
                text(prior, "ipv6_cidr_block_association_id"),
            ),
            ("AssociateSubnetCidrBlock", input),
        )
        .await
    }
}
