//! Instances that are asked for at a price: a request, and the instance that comes of it.

use super::instance::{NAMES, launch};
use super::volumes;
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, Tags, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::time::Duration;
use terrane_model::provider::CallFailure;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::plan::PlanResponse;
use terrane_value::Value;
use tokio::time::Instant;

/// What nothing but tags can be changed of.
const FIXED: &[&str] = &[
    "capacity_reservation_specification",
    "cpu_options",
    "credit_specification",
    "disable_api_stop",
    "disable_api_termination",
    "ebs_block_device",
    "enclave_options",
    "force_destroy",
    "iam_instance_profile",
    "instance_initiated_shutdown_behavior",
    "instance_interruption_behavior",
    "instance_type",
    "ipv6_address_count",
    "ipv6_addresses",
    "launch_group",
    "maintenance_options",
    "metadata_options",
    "monitoring",
    "network_interface",
    "private_dns_name_options",
    "root_block_device",
    "secondary_private_ips",
    "source_dest_check",
    "spot_price",
    "user_data",
    "user_data_base64",
    "valid_from",
    "valid_until",
    "vpc_security_group_ids",
];

/// What a request has no place for, and hashicorp/aws keeps without a word.
const KEPT: &[&str] = &[
    "capacity_reservation_specification",
    "cpu_options",
    "disable_api_stop",
    "disable_api_termination",
    "enclave_options",
    "hibernation",
    "host_id",
    "host_resource_group_arn",
    "instance_initiated_shutdown_behavior",
    "maintenance_options",
    "metadata_options",
    "placement_group_id",
    "placement_partition_number",
    "private_dns_name_options",
    "source_dest_check",
];

/// What a function puts into a request.
const BY_FUNCTION: &[&str] = &[
    "associate_public_ip_address",
    "ebs_block_device",
    "ephemeral_block_device",
    "ipv6_addresses",
    "network_interface",
    "root_block_device",
    "secondary_private_ips",
    "security_groups",
    "user_data",
    "user_data_base64",
];

/// What is not done.
const WITHOUT: &[&str] = &[
    "enable_primary_ipv6",
    "get_password_data",
    "secondary_network_interface",
];

/// The arguments that the request has beside those of its instance.
const REQUEST: &[&str] = &[
    "instance_interruption_behavior",
    "launch_group",
    "spot_price",
    "spot_type",
    "valid_from",
    "valid_until",
];

pub(super) fn request() -> Table {
    let create = REQUEST.iter().fold(
        op("RequestSpotInstances")
            .inside("LaunchSpecification")
            .except(REQUEST)
            .except(&["source_dest_check", "associate_public_ip_address"])
            .except(&["user_data", "user_data_base64"])
            .except(&["root_block_device", "ebs_block_device"]),
        |step, name| match *name {
            "launch_group" => step.set("LaunchGroup", "{launch_group}"),
            "spot_price" => step.set("SpotPrice", "{spot_price}"),
            "spot_type" => step.set("Type", "{spot_type}"),
            "valid_from" => step.set("ValidFrom", "{valid_from}"),
            "valid_until" => step.set("ValidUntil", "{valid_until}"),
            _ => step.set(
                "InstanceInterruptionBehavior",
                "{instance_interruption_behavior}",
            ),
        },
    );
    Table::new("aws_spot_instance_request", "ec2")
        .names(NAMES)
        .names(&[
            ("spot_bid_status", "Status.Code"),
            ("spot_instance_id", "InstanceId"),
            ("spot_request_state", "State"),
            ("spot_type", "Type"),
        ])
        .local(&[
            "credit_specification",
            "ephemeral_block_device",
            "force_destroy",
            "launch_template",
            "password_data",
            "user_data_replace_on_change",
            "volume_tags",
            "wait_for_fulfillment",
        ])
        .local(KEPT)
        .at_first(BY_FUNCTION)
        .unsupported(WITHOUT)
        .create(create)
        .input(|operation, input, object| {
            if operation == "RequestSpotInstances"
                && let Some(inner) = input.get_mut("LaunchSpecification")
            {
                launch(inner, object);
            }
        })
        .id_out("SpotInstanceRequests.0.SpotInstanceRequestId")
        .read(
            op("DescribeSpotInstanceRequests")
                .set("SpotInstanceRequestIds", "{id}")
                .at("SpotInstanceRequests.0"),
        )
        .delete(op("CancelSpotInstanceRequests").set("SpotInstanceRequestIds", "{id}"))
        .gone_when("State", &["cancelled", "closed"])
        // What `wait_for_fulfillment` waits for.
        .wait(
            &[Phase::Read],
            "Status.Code",
            &["fulfilled"],
            &["pending-evaluation", "pending-fulfillment"],
        )
        .wait(&[Phase::Delete], "State", &[], &[])
        .tags(Tags::Ec2("spot-instances-request"))
        .not_found(&["InvalidSpotInstanceRequestID.NotFound"])
        .retry(
            &[Phase::Create],
            "InvalidParameterValue",
            "Invalid IAM Instance Profile",
            120,
        )
        .replaced_by(FIXED)
        .planned(planned)
        .hooks(Spot)
}

/// What a request is where nothing is written.
fn planned(_prior: &Value, _config: &Value, response: &mut PlanResponse) {
    if response.planned.is_null() {
        return;
    }
    let usual = [
        ("instance_interruption_behavior", Value::string("terminate")),
        ("spot_type", Value::string("persistent")),
        ("wait_for_fulfillment", Value::bool(false)),
    ];
    for (name, value) in usual {
        if args::get(&response.planned, name).is_null() {
            response.planned = args::with(&response.planned, name, value);
        }
    }
}

#[derive(Debug)]
struct Spot;

#[async_trait]
impl Hooks for Spot {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let Some(step) = &run.table.create else {
            return Ok(None);
        };
        let planned = volumes::with_root(run, planned).await?;
        let answer = run.call_step(step, &planned).await;
        let answer = answer.map_err(|trouble| trouble.refusal(&run.what(&planned)))?;
        let id = run.new_id(&planned, &answer).ok_or_else(|| {
            Refusal::Failure(CallFailure {
                message: "RequestSpotInstances: the answer has no id".to_owned(),
                retry_after_ms: None,
                may_have_happened: true,
            })
        })?;
        Ok(Some((id, planned)))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        match args::bool(object, "wait_for_fulfillment") {
            Some(true) => run.wait_for(Phase::Read, object).await,
            _ => Ok(()),
        }
    }

    /// What is known of the instance, once there is one. A price is as it was written, as long as it is the same.
    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let price = |object: &Value| args::string(object, "spot_price")?.parse::<f64>().ok();
        let object = match (price(&object), price(prior)) {
            (Some(now), Some(then)) if (now - then).abs() < 1e-9 => {
                args::with(&object, "spot_price", args::get(prior, "spot_price"))
            }
            _ => object,
        };
        let Some(id) = json::text_at(raw, "InstanceId").filter(|id| !id.is_empty()) else {
            return Ok(object);
        };
        let Some(found) = instance(run, &id).await? else {
            return Ok(object);
        };
        let text = |member: &str| {
            let text = json::text_at(&found, member).unwrap_or_default();
            Value::string(text)
        };
        let mut told = vec![
            ("private_dns", text("PrivateDnsName")),
            ("private_ip", text("PrivateIpAddress")),
            ("public_dns", text("PublicDnsName")),
            ("public_ip", text("PublicIpAddress")),
        ];
        if let Some(check) = found.get("SourceDestCheck").and_then(Json::as_bool) {
            told.push(("source_dest_check", Value::bool(check)));
        }
        Ok(args::with_all(&object, told))
    }

    /// The request is taken back first, lest another instance comes of it.
    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let input = json!({"SpotInstanceRequestIds": [run.text("{id}", object)]});
        let gone = ["InvalidSpotInstanceRequestID.NotFound"];
        run.ask_unless("CancelSpotInstanceRequests", input, &gone)
            .await?;
        let id = run.text("{spot_instance_id}", object);
        if id.is_empty() {
            return Ok(true);
        }
        let input = json!({"InstanceIds": [id]});
        run.ask_unless("TerminateInstances", input, &["InvalidInstanceID.NotFound"])
            .await?;
        let mut pause = Duration::from_secs(1);
        while instance(run, &id).await?.is_some() {
            if Instant::now() > run.deadline {
                let text = format!("{}: {id} does not end.", run.what(object));
                return Err(Refusal::error("Timed out", text));
            }
            run.cx.pause(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
        Ok(true)
    }
}

/// An instance that there is.
async fn instance(run: &Run<'_>, id: &str) -> Answered<Option<Json>> {
    let input = json!({"InstanceIds": [id]});
    let answer = run
        .ask_unless("DescribeInstances", input, &["InvalidInstanceID.NotFound"])
        .await?;
    let found = answer
        .as_ref()
        .and_then(|answer| json::get(answer, "Reservations.0.Instances.0"));
    let state = found.and_then(|found| json::text_at(found, "State.Name"));
    Ok(found
        .filter(|_| state.as_deref() != Some("terminated"))
        .cloned())
}
