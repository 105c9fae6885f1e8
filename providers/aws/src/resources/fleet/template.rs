//! Templates of instances, in versions.

use crate::json;
use crate::read::is_empty;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Table, Tags, When, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_provider::plan::PlanResponse;
use terrane_value::{Type, Value};

/// What is in a version.
const DATA: &[&str] = &[
    "disable_api_stop",
    "disable_api_termination",
    "ebs_optimized",
    "image_id",
    "instance_initiated_shutdown_behavior",
    "instance_type",
    "kernel_id",
    "key_name",
    "ram_disk_id",
    "security_group_names",
    "user_data",
    "vpc_security_group_ids",
    "block_device_mappings",
    "capacity_reservation_specification",
    "cpu_options",
    "credit_specification",
    "enclave_options",
    "hibernation_options",
    "iam_instance_profile",
    "instance_market_options",
    "instance_requirements",
    "license_specification",
    "maintenance_options",
    "metadata_options",
    "monitoring",
    "network_interfaces",
    "network_performance_options",
    "placement",
    "private_dns_name_options",
    "secondary_interfaces",
    "tag_specifications",
];

/// Where it is.
const PLACES: &[(&str, &str)] = &[
    ("disable_api_stop", "LaunchTemplateData.DisableApiStop"),
    (
        "disable_api_termination",
        "LaunchTemplateData.DisableApiTermination",
    ),
    ("ebs_optimized", "LaunchTemplateData.EbsOptimized"),
    ("image_id", "LaunchTemplateData.ImageId"),
    (
        "instance_initiated_shutdown_behavior",
        "LaunchTemplateData.InstanceInitiatedShutdownBehavior",
    ),
    ("instance_type", "LaunchTemplateData.InstanceType"),
    ("kernel_id", "LaunchTemplateData.KernelId"),
    ("key_name", "LaunchTemplateData.KeyName"),
    ("ram_disk_id", "LaunchTemplateData.RamDiskId"),
    ("security_group_names", "LaunchTemplateData.SecurityGroups"),
    ("user_data", "LaunchTemplateData.UserData"),
    (
        "vpc_security_group_ids",
        "LaunchTemplateData.SecurityGroupIds",
    ),
    (
        "block_device_mappings",
        "LaunchTemplateData.BlockDeviceMappings",
    ),
    (
        "capacity_reservation_specification",
        "LaunchTemplateData.CapacityReservationSpecification",
    ),
    ("cpu_options", "LaunchTemplateData.CpuOptions"),
    (
        "credit_specification",
        "LaunchTemplateData.CreditSpecification",
    ),
    ("enclave_options", "LaunchTemplateData.EnclaveOptions"),
    (
        "hibernation_options",
        "LaunchTemplateData.HibernationOptions",
    ),
    (
        "iam_instance_profile",
        "LaunchTemplateData.IamInstanceProfile",
    ),
    (
        "instance_market_options",
        "LaunchTemplateData.InstanceMarketOptions",
    ),
    (
        "instance_requirements",
        "LaunchTemplateData.InstanceRequirements",
    ),
    (
        "license_specification",
        "LaunchTemplateData.LicenseSpecifications",
    ),
    (
        "maintenance_options",
        "LaunchTemplateData.MaintenanceOptions",
    ),
    ("metadata_options", "LaunchTemplateData.MetadataOptions"),
    ("monitoring", "LaunchTemplateData.Monitoring"),
    ("network_interfaces", "LaunchTemplateData.NetworkInterfaces"),
    (
        "network_performance_options",
        "LaunchTemplateData.NetworkPerformanceOptions",
    ),
    ("placement", "LaunchTemplateData.Placement"),
    (
        "private_dns_name_options",
        "LaunchTemplateData.PrivateDnsNameOptions",
    ),
    (
        "secondary_interfaces",
        "LaunchTemplateData.SecondaryInterfaces",
    ),
    ("tag_specifications", "LaunchTemplateData.TagSpecifications"),
];

pub(super) fn template() -> Table {
    let versioned: Vec<&'static str> = DATA.iter().copied().chain(["description"]).collect();
    let written = || {
        op("CreateLaunchTemplateVersion")
            .only(DATA)
            .set("LaunchTemplateId", "{id}")
            .set("VersionDescription", "{description}")
    };
    Table::new("aws_launch_template", "ec2")
        .names(PLACES)
        .names(&[
            ("name", "LaunchTemplateName"),
            ("description", "VersionDescription"),
            ("default_version", "DefaultVersionNumber"),
            ("latest_version", "LatestVersionNumber"),
            ("network_interfaces.security_groups", "Groups"),
            (
                "network_interfaces.ipv4_address_count",
                "SecondaryPrivateIpAddressCount",
            ),
            (
                "network_interfaces.connection_tracking_specification",
                "ConnectionTrackingSpecification",
            ),
        ])
        .local(&["name_prefix", "update_default_version"])
        .unsupported(&[
            "network_interfaces.ipv4_addresses",
            "network_interfaces.ipv6_addresses",
            "network_interfaces.ipv4_prefixes",
            "network_interfaces.ipv6_prefixes",
            "secondary_interfaces",
        ])
        .create(op("CreateLaunchTemplate").except(&["default_version"]))
        .input(input)
        .answer(answer)
        .id_out("LaunchTemplate.LaunchTemplateId")
        .arn("arn:{partition}:ec2:{region}:{account}:launch-template/{id}")
        .read(
            op("DescribeLaunchTemplates")
                .set("LaunchTemplateIds", "{id}")
                .at("LaunchTemplates.0")
                .only(&["name", "default_version", "latest_version"]),
        )
        .read(
            op("DescribeLaunchTemplateVersions")
                .set("LaunchTemplateId", "{id}")
                .set("Versions", "$Latest")
                .at("LaunchTemplateVersions.0")
                .only(&versioned),
        )
        .update(written().when(When::Any(versioned.clone())))
        .by_function(&["default_version"])
        .planned(planned)
        .hooks(Versions)
        .delete(op("DeleteLaunchTemplate").set("LaunchTemplateId", "{id}"))
        .tags(Tags::Ec2("launch-template"))
        .not_found(&[
            "InvalidLaunchTemplateId.NotFound",
            "InvalidLaunchTemplateId.VersionNotFound",
            "InvalidLaunchTemplateName.NotFoundException",
        ])
}

fn input(operation: &str, input: &mut Json, _object: &Value) {
    if !matches!(
        operation,
        "CreateLaunchTemplate" | "CreateLaunchTemplateVersion"
    ) {
        return;
    }
    // A template has something in it, if only the form of it.
    if input.get("LaunchTemplateData").is_none() {
        json::put(input, "LaunchTemplateData", json!({}));
    }
    if let Some(Json::Array(interfaces)) =
        input.pointer_mut("/LaunchTemplateData/NetworkInterfaces")
    {
        for interface in interfaces {
            if interface.get("DeviceIndex").is_none() {
                json::put(interface, "DeviceIndex", 0.into());
            }
        }
    }
}

fn answer(operation: &str, found: &mut Json) {
    // Tags of the template itself are not among those of what is made after it.
    if let Some(Json::Array(all)) = found.pointer_mut("/LaunchTemplateData/TagSpecifications") {
        all.retain(|tags| {
            json::text_at(tags, "ResourceType").as_deref() != Some("launch-template")
        });
    }
    if operation == "DescribeLaunchTemplateVersions" && found.get("LaunchTemplateData").is_none() {
        json::put(found, "LaunchTemplateData", json!({}));
    }
}

/// What is in a template cannot change: there is another version of it, which may become the one that is used.
fn planned(prior: &Value, _config: &Value, response: &mut PlanResponse) {
    if prior.is_null() {
        return;
    }
    let mut parts = DATA.iter().chain(&["description"]);
    if parts.all(|name| same_at(prior, &response.planned, name)) {
        return;
    }
    let unknown = || Value::unknown(Type::Number);
    response.planned = args::with(&response.planned, "latest_version", unknown());
    if args::bool(&response.planned, "update_default_version") == Some(true) {
        response.planned = args::with(&response.planned, "default_version", unknown());
    }
}

#[derive(Debug)]
struct Versions;

#[async_trait]
impl Hooks for Versions {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", prior);
        let latest = args::bool(planned, "update_default_version") == Some(true);
        let version = if latest {
            let input = json!({"LaunchTemplateIds": [id]});
            let answer = run.ask("DescribeLaunchTemplates", input).await?;
            json::text_at(&answer, "LaunchTemplates.0.LatestVersionNumber")
        } else if same_at(prior, planned, "default_version")
            || is_empty(&args::get(planned, "default_version"))
        {
            None
        } else {
            args::int(planned, "default_version").map(|version| version.to_string())
        };
        let before = args::int(prior, "default_version").map(|version| version.to_string());
        match version {
            Some(version) if Some(&version) != before.as_ref() => {
                let input = json!({"LaunchTemplateId": id, "DefaultVersion": version});
                run.ask("ModifyLaunchTemplate", input).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}
