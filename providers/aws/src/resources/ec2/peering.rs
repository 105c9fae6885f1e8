//! Connections between two VPCs: asked for by one side, accepted by the other.

use crate::json;
use crate::resources::Family;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

pub(in crate::resources) const TYPES: Family = &[
    ("aws_vpc_peering_connection", connection),
    ("aws_vpc_peering_connection_accepter", accepter),
    ("aws_vpc_peering_connection_options", options),
];

/// What is of both sides.
fn of_peers(name: &'static str) -> Table {
    Table::new(name, "ec2")
        .names(&[
            ("accept_status", "Status.Code"),
            ("accepter", "AccepterVpcInfo.PeeringOptions"),
            ("requester", "RequesterVpcInfo.PeeringOptions"),
            (
                "*.allow_remote_vpc_dns_resolution",
                "AllowDnsResolutionFromRemoteVpc",
            ),
        ])
        .read(
            op("DescribeVpcPeeringConnections")
                .set("VpcPeeringConnectionIds", "{id}")
                .at("VpcPeeringConnections.0"),
        )
        .gone_when(
            "Status.Code",
            &["deleted", "deleting", "expired", "failed", "rejected"],
        )
        .not_found(&["InvalidVpcPeeringConnectionID.NotFound"])
        .by_function(&["accepter", "requester"])
}

fn connection() -> Table {
    of_peers("aws_vpc_peering_connection")
        .names(&[
            ("vpc_id", "VpcId"),
            ("vpc_id", "RequesterVpcInfo.VpcId"),
            ("peer_vpc_id", "PeerVpcId"),
            ("peer_vpc_id", "AccepterVpcInfo.VpcId"),
            ("peer_owner_id", "PeerOwnerId"),
            ("peer_owner_id", "AccepterVpcInfo.OwnerId"),
            ("peer_region", "PeerRegion"),
            ("peer_region", "AccepterVpcInfo.Region"),
        ])
        .local(&["auto_accept"])
        .create(op("CreateVpcPeeringConnection").except(&["accepter", "requester"]))
        .id_out("VpcPeeringConnection.VpcPeeringConnectionId")
        .delete(op("DeleteVpcPeeringConnection").set("VpcPeeringConnectionId", "{id}"))
        .tags(crate::table::Tags::Ec2("vpc-peering-connection"))
        .wait(
            &[Phase::Create],
            "Status.Code",
            &["active", "pending-acceptance"],
            &["initiating-request", "provisioning"],
        )
        .hooks(Side { accepts: true })
}

fn accepter() -> Table {
    of_peers("aws_vpc_peering_connection_accepter")
        .names(&[
            ("vpc_id", "AccepterVpcInfo.VpcId"),
            ("peer_vpc_id", "RequesterVpcInfo.VpcId"),
            ("peer_owner_id", "RequesterVpcInfo.OwnerId"),
            ("peer_region", "RequesterVpcInfo.Region"),
        ])
        .local(&["auto_accept", "vpc_peering_connection_id"])
        .id("{vpc_peering_connection_id}")
        .tags(crate::table::Tags::Ec2("vpc-peering-connection"))
        .hooks(Side { accepts: true })
}

fn options() -> Table {
    of_peers("aws_vpc_peering_connection_options")
        .local(&["vpc_peering_connection_id"])
        .id("{vpc_peering_connection_id}")
        .hooks(Side { accepts: false })
}

/// Accepting and options, which are calls of their own. What is not made here is not deleted here either.
#[derive(Debug)]
struct Side {
    accepts: bool,
}

/// What each side lets the other do.
fn wishes(object: &Value) -> Json {
    let mut input = json!({});
    for (name, member) in [
        ("accepter", "AccepterPeeringConnectionOptions"),
        ("requester", "RequesterPeeringConnectionOptions"),
    ] {
        let blocks = args::get(object, name);
        let block = blocks.children().first();
        let wish = block.and_then(|block| args::bool(block, "allow_remote_vpc_dns_resolution"));
        if let Some(wish) = wish {
            let path = format!("{member}.AllowDnsResolutionFromRemoteVpc");
            json::put(&mut input, &path, wish.into());
        }
    }
    input
}

impl Side {
    async fn turn(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", planned);
        let accepts = self.accepts && args::bool(planned, "auto_accept") == Some(true);
        if accepts {
            let found = run.raw(planned).await?;
            let state = found.and_then(|(found, _)| json::text_at(&found, "Status.Code"));
            if state.as_deref() == Some("pending-acceptance") {
                let input = json!({"VpcPeeringConnectionId": id});
                run.ask("AcceptVpcPeeringConnection", input).await?;
            }
        }
        let mut input = wishes(planned);
        let none = input.as_object().is_none_or(serde_json::Map::is_empty);
        let same = ["accepter", "requester"]
            .iter()
            .all(|name| same_at(prior, planned, name));
        if none || (same && !prior.is_null()) {
            return Ok(());
        }
        json::put(&mut input, "VpcPeeringConnectionId", id.into());
        run.ask("ModifyVpcPeeringConnectionOptions", input)
            .await
            .map(drop)
    }
}

#[async_trait]
impl Hooks for Side {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        if run.table.create.is_some() {
            return Ok(None);
        }
        let id = run.text("{vpc_peering_connection_id}", planned);
        let made = run.with_id(planned, Value::string(id.as_str()));
        if run.raw(&made).await?.is_none() {
            return Err(Refusal::error(
                "No such connection",
                format!("{}: there is no connection {id}.", run.what(planned)),
            ));
        }
        Ok(Some((id, made)))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        self.turn(run, &Value::NULL, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        self.turn(run, prior, planned).await
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        Some(vec![
            ("id", id.to_owned()),
            ("vpc_peering_connection_id", id.to_owned()),
        ])
    }
}
