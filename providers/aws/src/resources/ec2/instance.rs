//! Instances.

use super::{members, volumes};
use crate::json;
use crate::read::is_empty;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Step, Table, Tags, When, op};
use async_trait::async_trait;
use base64::Engine as _;
use serde_json::{Value as Json, json};
use std::time::Duration;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::plan::PlanResponse;
use terrane_value::{Path, Type, Value};
use tokio::time::Instant;

/// Arguments and members of the options of metadata.
const METADATA: &[(&str, &str)] = &[
    ("http_endpoint", "HttpEndpoint"),
    ("http_protocol_ipv6", "HttpProtocolIpv6"),
    ("http_put_response_hop_limit", "HttpPutResponseHopLimit"),
    ("http_tokens", "HttpTokens"),
    ("instance_metadata_tags", "InstanceMetadataTags"),
];

/// Names where the rule does not find them.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("ami", "ImageId"),
    ("availability_zone", "Placement.AvailabilityZone"),
    ("tenancy", "Placement.Tenancy"),
    ("placement_group", "Placement.GroupName"),
    ("placement_group_id", "Placement.GroupId"),
    ("placement_partition_number", "Placement.PartitionNumber"),
    ("host_id", "Placement.HostId"),
    ("host_resource_group_arn", "Placement.HostResourceGroupArn"),
    ("iam_instance_profile", "IamInstanceProfile.Name"),
    ("monitoring", "Monitoring.Enabled"),
    ("hibernation", "HibernationOptions.Configured"),
    ("private_ip", "PrivateIpAddress"),
    ("public_ip", "PublicIpAddress"),
    ("private_dns", "PrivateDnsName"),
    ("public_dns", "PublicDnsName"),
    ("instance_state", "State.Name"),
    ("vpc_security_group_ids", "SecurityGroupIds"),
    ("security_groups", "SecurityGroups"),
    ("security_groups", ""),
    ("network_interface", ""),
    ("user_data", ""),
    ("ipv6_addresses", ""),
    ("secondary_private_ips", ""),
];

/// An attribute that has a call of its own.
fn attribute(name: &'static str, member: &'static str, into: &'static str) -> Step {
    op("DescribeInstanceAttribute")
        .set("InstanceId", "{id}")
        .set("Attribute", name)
        .at(member)
        .into(into)
}

fn modify(member: &'static str, text: &'static str) -> Step {
    op("ModifyInstanceAttribute")
        .bare()
        .set("InstanceId", "{id}")
        .set(member, text)
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn instance() -> Table {
    Table::new("aws_instance", "ec2")
        .names(NAMES)
        .local(&[
            "force_destroy",
            "get_password_data",
            "password_data",
            "user_data_replace_on_change",
            "launch_template",
            "instance_market_options",
            "credit_specification",
            "volume_tags",
            "ephemeral_block_device",
        ])
        .unsupported(&["enable_primary_ipv6", "secondary_network_interface"])
        .by_function(&[
            "credit_specification",
            "iam_instance_profile",
            "instance_type",
            "root_block_device",
            "user_data",
            "user_data_base64",
            "volume_tags",
        ])
        .at_first(&[
            "associate_public_ip_address",
            "ebs_block_device",
            "ephemeral_block_device",
            "ipv6_addresses",
            "network_interface",
            "secondary_private_ips",
            "security_groups",
        ])
        .create(
            op("RunInstances")
                .except(&[
                    "root_block_device",
                    "ebs_block_device",
                    "credit_specification",
                    "user_data",
                    "user_data_base64",
                    "source_dest_check",
                    "associate_public_ip_address",
                ])
                .set("MinCount", "1")
                .set("MaxCount", "1")
                .set("LaunchTemplate.LaunchTemplateId", "{launch_template.0.id}")
                .set(
                    "LaunchTemplate.LaunchTemplateName",
                    "{launch_template.0.name}",
                )
                .set("LaunchTemplate.Version", "{launch_template.0.version}")
                .set(
                    "InstanceMarketOptions.MarketType",
                    "{instance_market_options.0.market_type}",
                )
                .set(
                    "InstanceMarketOptions.SpotOptions",
                    "{instance_market_options.0.spot_options}",
                )
                .set(
                    "CreditSpecification.CpuCredits",
                    "{credit_specification.0.cpu_credits}",
                ),
        )
        .input(input)
        .answer(answer)
        .planned(planned)
        .id_out("Instances.0.InstanceId")
        .arn("arn:{partition}:ec2:{region}:{account}:instance/{id}")
        .read(
            op("DescribeInstances")
                .set("InstanceIds", "{id}")
                .at("Reservations.0.Instances.0"),
        )
        .read(attribute(
            "disableApiTermination",
            "DisableApiTermination",
            "disable_api_termination",
        ))
        .read(attribute(
            "disableApiStop",
            "DisableApiStop",
            "disable_api_stop",
        ))
        .read(attribute(
            "instanceInitiatedShutdownBehavior",
            "InstanceInitiatedShutdownBehavior",
            "instance_initiated_shutdown_behavior",
        ))
        .also(modify("SourceDestCheck", "{source_dest_check}").initially(true))
        .update(modify("DisableApiTermination", "{disable_api_termination}"))
        .update(modify("DisableApiStop", "{disable_api_stop}"))
        .update(modify(
            "InstanceInitiatedShutdownBehavior",
            "{instance_initiated_shutdown_behavior}",
        ))
        .update(modify("Groups", "{vpc_security_group_ids}"))
        .update(
            op("MonitorInstances")
                .bare()
                .set("InstanceIds", "{id}")
                .when(When::Set("monitoring")),
        )
        .update(
            op("UnmonitorInstances")
                .bare()
                .set("InstanceIds", "{id}")
                .when(When::Unset("monitoring")),
        )
        .update(
            op("ModifyInstanceMetadataOptions")
                .bare()
                .set("InstanceId", "{id}")
                .when(When::Any(vec!["metadata_options"])),
        )
        .update(
            op("ModifyInstanceMaintenanceOptions")
                .bare()
                .set("InstanceId", "{id}")
                .set("AutoRecovery", "{maintenance_options.0.auto_recovery}"),
        )
        .update(
            op("ModifyInstanceCapacityReservationAttributes")
                .bare()
                .set("InstanceId", "{id}")
                .set(
                    "CapacityReservationSpecification",
                    "{capacity_reservation_specification}",
                ),
        )
        .hooks(Instance)
        .delete(op("TerminateInstances").set("InstanceIds", "{id}"))
        .gone_when("State.Name", &["terminated"])
        .wait(&[Phase::Create], "State.Name", &["running"], &["pending"])
        .wait(
            &[Phase::Delete],
            "State.Name",
            &[],
            &["pending", "running", "shutting-down", "stopping", "stopped"],
        )
        .tags(Tags::Ec2("instance"))
        .not_found(&["InvalidInstanceID.NotFound"])
        .retry(
            &[Phase::Create],
            "InvalidParameterValue",
            "Invalid IAM Instance Profile",
            120,
        )
        .retry(
            &[Phase::Create],
            "InvalidParameterValue",
            "has no associated IAM Roles",
            120,
        )
        .bulk(200)
}

/// Text as the API wants it, unless it is so already.
fn encoded(text: &str) -> String {
    let engine = base64::engine::general_purpose::STANDARD;
    match engine.decode(text) {
        Ok(_) if !text.is_empty() => text.to_owned(),
        _ => engine.encode(text),
    }
}

fn user_data(object: &Value) -> Option<String> {
    let said = |name: &str| args::string(object, name).filter(|text| !text.is_empty());
    match (said("user_data_base64"), said("user_data")) {
        (Some(text), _) => Some(text.to_owned()),
        (None, Some(text)) => Some(encoded(text)),
        (None, None) => None,
    }
}

fn input(operation: &str, input: &mut Json, object: &Value) {
    if operation == "ModifyInstanceMetadataOptions" {
        let options = args::get(object, "metadata_options");
        if let Some(options) = options.children().first() {
            for (member, value) in members(options, METADATA) {
                json::put(input, &member, value);
            }
        }
        return;
    }
    if operation != "RunInstances" {
        return;
    }
    launch(input, object);
    // One of both names a template.
    if json::get(input, "LaunchTemplate.LaunchTemplateId").is_some()
        && let Some(template) = input
            .get_mut("LaunchTemplate")
            .and_then(Json::as_object_mut)
    {
        template.remove("LaunchTemplateName");
    }
}

/// What an instance is made of, where attributes are not simply members.
pub(super) fn launch(input: &mut Json, object: &Value) {
    if let Some(text) = user_data(object) {
        json::put(input, "UserData", text.into());
    }
    let devices = volumes::written(object);
    if !devices.is_empty() {
        json::put(input, "BlockDeviceMappings", devices.into());
    }
    let names = args::strings(object, "security_groups").unwrap_or_default();
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        json::put(input, "SecurityGroups", json!(names));
    }
    let addresses = args::strings(object, "ipv6_addresses").unwrap_or_default();
    if !addresses.is_empty() {
        let addresses: Vec<Json> = addresses
            .iter()
            .map(|address| json!({"Ipv6Address": address.as_str()}))
            .collect();
        json::put(input, "Ipv6Addresses", addresses.into());
    }
    let interfaces = args::get(object, "network_interface");
    if !interfaces.children().is_empty() {
        let pairs = [
            ("delete_on_termination", "DeleteOnTermination"),
            ("device_index", "DeviceIndex"),
            ("network_card_index", "NetworkCardIndex"),
            ("network_interface_id", "NetworkInterfaceId"),
        ];
        let items: Vec<_> = interfaces
            .children()
            .iter()
            .map(|interface| members(interface, &pairs))
            .collect();
        json::put(input, "NetworkInterfaces", json!(items));
        without(input, &["SubnetId", "SecurityGroupIds", "SecurityGroups"]);
    } else {
        first_interface(input, object);
    }
}

fn without(input: &mut Json, names: &[&str]) {
    if let Some(members) = input.as_object_mut() {
        for name in names {
            members.remove(*name);
        }
    }
}

/// Whether there is to be a public address can be said of an interface only: all of the network is said of it then.
fn first_interface(input: &mut Json, object: &Value) {
    let public = args::bool(object, "associate_public_ip_address");
    let secondary = args::strings(object, "secondary_private_ips").unwrap_or_default();
    if public.is_none() && secondary.is_empty() {
        return;
    }
    let mut interface = json!({"DeviceIndex": 0});
    if let Some(public) = public {
        json::put(&mut interface, "AssociatePublicIpAddress", public.into());
    }
    for (from, to) in [
        ("SubnetId", "SubnetId"),
        ("SecurityGroupIds", "Groups"),
        ("PrivateIpAddress", "PrivateIpAddress"),
        ("Ipv6AddressCount", "Ipv6AddressCount"),
        ("Ipv6Addresses", "Ipv6Addresses"),
    ] {
        if let Some(value) = input.get(from) {
            json::put(&mut interface, to, value.clone());
        }
    }
    if !secondary.is_empty() {
        let mut all: Vec<Json> = secondary
            .iter()
            .map(|address| json!({"PrivateIpAddress": address.as_str(), "Primary": false}))
            .collect();
        if let Some(first) = interface.get("PrivateIpAddress").cloned() {
            all.insert(0, json!({"PrivateIpAddress": first, "Primary": true}));
            without(&mut interface, &["PrivateIpAddress"]);
        }
        json::put(&mut interface, "PrivateIpAddresses", all.into());
    }
    without(
        input,
        &[
            "SubnetId",
            "SecurityGroupIds",
            "PrivateIpAddress",
            "Ipv6AddressCount",
            "Ipv6Addresses",
        ],
    );
    json::put(input, "NetworkInterfaces", json!([interface]));
}

fn answer(operation: &str, found: &mut Json) {
    if operation != "DescribeInstances" {
        return;
    }
    let profile = json::text_at(found, "IamInstanceProfile.Arn");
    let profile = profile.and_then(|arn| arn.rsplit_once('/').map(|(_, name)| name.to_owned()));
    let monitoring = json::text_at(found, "Monitoring.State");
    let groups: Vec<Json> = found
        .get("SecurityGroups")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|group| group.get("GroupId").cloned())
        .collect();
    json::put(found, "IamInstanceProfile", json!({"Name": profile}));
    let on = monitoring.is_some_and(|state| matches!(state.as_str(), "enabled" | "pending"));
    json::put(found, "Monitoring", json!({"Enabled": on}));
    json::put(found, "SecurityGroupIds", groups.into());
}

/// Scripts run once: whether another one makes another instance is said beside it.
fn planned(prior: &Value, _config: &Value, response: &mut PlanResponse) {
    if prior.is_null() || args::bool(&response.planned, "user_data_replace_on_change") != Some(true)
    {
        return;
    }
    for name in ["user_data", "user_data_base64"] {
        if !same_at(prior, &response.planned, name) {
            response.requires_replace.push(Path::new().attr(name));
        }
    }
}

#[derive(Debug)]
struct Instance;

/// Waits until an instance is in a state.
async fn until(run: &Run<'_>, object: &Value, state: &str) -> Answered<()> {
    let mut pause = Duration::from_secs(1);
    for _ in 0..3600 {
        match run.raw(object).await? {
            Some((found, _)) if json::text_at(&found, "State.Name").as_deref() == Some(state) => {
                return Ok(());
            }
            Some(_) => {}
            None => break,
        }
        if Instant::now() > run.deadline {
            break;
        }
        run.cx.pause(pause).await;
        pause = (pause * 2).min(Duration::from_secs(10));
    }
    Err(Refusal::error(
        "Timed out",
        format!("{}: it is not {state}.", run.what(object)),
    ))
}

/// What can be changed while an instance stands still only.
async fn while_stopped(run: &Run<'_>, object: &Value, inputs: Vec<Json>) -> Answered<()> {
    if inputs.is_empty() {
        return Ok(());
    }
    let ids = json!({"InstanceIds": [run.text("{id}", object)]});
    let was = run.raw(object).await?;
    let ran = was.is_some_and(|(found, _)| {
        json::text_at(&found, "State.Name").as_deref() != Some("stopped")
    });
    if ran {
        run.ask("StopInstances", ids.clone()).await?;
        until(run, object, "stopped").await?;
    }
    for input in inputs {
        run.ask("ModifyInstanceAttribute", input).await?;
    }
    if ran {
        run.ask("StartInstances", ids).await?;
        until(run, object, "running").await?;
    }
    Ok(())
}

async fn change_profile(run: &Run<'_>, id: &str, planned: &Value) -> Answered<()> {
    let input = json!({"Filters": [{"Name": "instance-id", "Values": [id]}]});
    let answer = run
        .ask("DescribeIamInstanceProfileAssociations", input)
        .await?;
    let association = json::text_at(&answer, "IamInstanceProfileAssociations.0.AssociationId");
    let name = args::string(planned, "iam_instance_profile").filter(|name| !name.is_empty());
    match (association, name) {
        (Some(association), Some(name)) => {
            let input = json!({"AssociationId": association, "IamInstanceProfile": {"Name": name}});
            run.ask("ReplaceIamInstanceProfileAssociation", input).await
        }
        (None, Some(name)) => {
            let input = json!({"InstanceId": id, "IamInstanceProfile": {"Name": name}});
            run.ask("AssociateIamInstanceProfile", input).await
        }
        (Some(association), None) => {
            let input = json!({"AssociationId": association});
            run.ask("DisassociateIamInstanceProfile", input).await
        }
        (None, None) => Ok(Json::Null),
    }
    .map(drop)
}

#[async_trait]
impl Hooks for Instance {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let Some(step) = &run.table.create else {
            return Ok(None);
        };
        if args::bool(planned, "get_password_data") == Some(true) {
            return Err(Refusal::error(
                "Argument is not supported yet",
                "get_password_data: passwords of instances are not fetched by the AWS provider of this program.",
            ));
        }
        let planned = volumes::with_root(run, planned).await?;
        let answer = run.call_step(step, &planned).await;
        let answer = answer.map_err(|trouble| trouble.refusal(&run.what(&planned)))?;
        let id = run.new_id(&planned, &answer).ok_or_else(|| {
            Refusal::Failure(terrane_model::provider::CallFailure {
                message: "RunInstances: the answer has no id".to_owned(),
                retry_after_ms: None,
                may_have_happened: true,
            })
        })?;
        Ok(Some((id, planned)))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        volumes::change_tags(run, &Value::NULL, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", prior);
        let mut inputs = Vec::new();
        if !same_at(prior, planned, "instance_type") {
            let kind = args::string(planned, "instance_type");
            inputs.push(json!({"InstanceId": id, "InstanceType": {"Value": kind}}));
        }
        if user_data(prior) != user_data(planned) {
            let text = user_data(planned).unwrap_or_default();
            inputs.push(json!({"InstanceId": id, "UserData": {"Value": text}}));
        }
        while_stopped(run, planned, inputs).await?;
        if !same_at(prior, planned, "iam_instance_profile") {
            change_profile(run, &id, planned).await?;
        }
        let credits = |object: &Value| {
            let all = args::get(object, "credit_specification");
            let first = all.children().first().cloned().unwrap_or(Value::NULL);
            args::string(&first, "cpu_credits").map(str::to_owned)
        };
        if let (before, Some(after)) = (credits(prior), credits(planned))
            && before.as_ref() != Some(&after)
        {
            let input =
                json!({"InstanceCreditSpecifications": [{"InstanceId": id, "CpuCredits": after}]});
            run.ask("ModifyInstanceCreditSpecification", input).await?;
        }
        volumes::change_root(run, prior, planned).await?;
        volumes::change_tags(run, prior, planned).await
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let mut changes = volumes::found(run, prior, raw).await?;
        let interfaces = raw.get("NetworkInterfaces").and_then(Json::as_array);
        let first = interfaces.into_iter().flatten().find(|interface| {
            json::text_at(interface, "Attachment.DeviceIndex").as_deref() == Some("0")
        });
        if let Some(first) = first {
            let id = json::text_at(first, "NetworkInterfaceId").unwrap_or_default();
            changes.push(("primary_network_interface_id", Value::string(id)));
            let public = first.get("Association").is_some_and(|one| !one.is_null());
            changes.push(("associate_public_ip_address", Value::bool(public)));
            let list = |name: &str, member: &str| -> Vec<Json> {
                let items = first.get(name).and_then(Json::as_array);
                let items = items.into_iter().flatten();
                items
                    .filter(|item| item.get(member).is_some())
                    .cloned()
                    .collect()
            };
            let secondary = list("PrivateIpAddresses", "PrivateIpAddress");
            let secondary = secondary
                .iter()
                .filter(|address| address.get("Primary").and_then(Json::as_bool) == Some(false))
                .filter_map(|address| json::text_at(address, "PrivateIpAddress"))
                .map(Value::string);
            changes.push((
                "secondary_private_ips",
                Value::set(Type::String, secondary.collect()),
            ));
            let six: Vec<Value> = list("Ipv6Addresses", "Ipv6Address")
                .iter()
                .filter_map(|address| json::text_at(address, "Ipv6Address"))
                .map(Value::string)
                .collect();
            let count = i64::try_from(six.len()).unwrap_or(0);
            changes.push(("ipv6_address_count", Value::number(count)));
            changes.push(("ipv6_addresses", Value::list(Type::String, six)));
        }
        let names = args::get(prior, "security_groups");
        let names = match is_empty(&names) || names.is_null() {
            true => Value::set(Type::String, Vec::new()),
            false => names,
        };
        changes.push(("security_groups", names));
        changes.push(("network_interface", args::get(prior, "network_interface")));
        changes.push(("password_data", Value::string("")));
        changes.push(user_data_found(run, &object, prior).await?);
        Ok(args::with_all(&object, changes))
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if args::bool(object, "force_destroy") == Some(true) {
            for member in ["DisableApiTermination", "DisableApiStop"] {
                let mut input = json!({"InstanceId": run.text("{id}", object)});
                json::put(&mut input, member, json!({"Value": false}));
                run.ask_unless(
                    "ModifyInstanceAttribute",
                    input,
                    &["InvalidInstanceID.NotFound"],
                )
                .await?;
            }
        }
        Ok(false)
    }
}

/// What the instance runs first, in the spelling that is written.
async fn user_data_found(
    run: &Run<'_>,
    object: &Value,
    prior: &Value,
) -> Answered<(&'static str, Value)> {
    let input = json!({"InstanceId": run.text("{id}", object), "Attribute": "userData"});
    let answer = run.ask("DescribeInstanceAttribute", input).await?;
    let text = json::text_at(&answer, "UserData.Value").unwrap_or_default();
    if !is_empty(&args::get(prior, "user_data_base64")) {
        return Ok(("user_data_base64", Value::string(text)));
    }
    let before = args::get(prior, "user_data");
    if user_data(prior).unwrap_or_default() == text {
        return Ok(("user_data", before));
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(&text);
    let decoded = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(match decoded {
        Some(text) => ("user_data", Value::string_nfc(&text)),
        None => ("user_data", Value::string(text)),
    })
}
