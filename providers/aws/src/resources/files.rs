//! File systems of EFS.

use super::Family;
use crate::cx::dns_suffix;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) const TYPES: Family = &[
    ("aws_efs_file_system", file_system),
    ("aws_efs_mount_target", mount_target),
    ("aws_efs_access_point", access_point),
    ("aws_efs_file_system_policy", file_system_policy),
    ("aws_efs_backup_policy", backup_policy),
    ("aws_efs_replication_configuration", replication),
];

fn tagged(table: Table) -> Table {
    table.tag_calls("", ("TagResource", "UntagResource"), "ResourceId", "{id}")
}

fn file_system() -> Table {
    tagged(Table::new("aws_efs_file_system", "efs"))
        .names(&[
            ("arn", "FileSystemArn"),
            ("protection", "FileSystemProtection"),
            (
                "protection.replication_overwrite",
                "ReplicationOverwriteProtection",
            ),
        ])
        .by_function(&["lifecycle_policy", "protection"])
        .quiet(&["provisioned_throughput_in_mibps"])
        .create(op("CreateFileSystem"))
        .input(|operation, input, object| {
            // Only what is provisioned has a throughput of its own.
            let provisioned = args::string(object, "throughput_mode") == Some("provisioned");
            if operation != "DescribeFileSystems"
                && !provisioned
                && let Some(members) = input.as_object_mut()
            {
                members.remove("ProvisionedThroughputInMibps");
            }
        })
        .id_out("FileSystemId")
        .read(
            op("DescribeFileSystems")
                .set("FileSystemId", "{id}")
                .at("FileSystems.0"),
        )
        .gone_when("LifeCycleState", &["deleted"])
        .update(op("UpdateFileSystem").set("FileSystemId", "{id}"))
        .delete(op("DeleteFileSystem").set("FileSystemId", "{id}"))
        .wait(
            &[Phase::Create, Phase::Update],
            "LifeCycleState",
            &["available"],
            &["creating", "updating"],
        )
        .wait(&[Phase::Delete], "LifeCycleState", &[], &[])
        .found(|run, found, _| {
            let id = args::string(&found, "id").unwrap_or_default();
            let name = format!("{id}.efs.{}.{}", run.region, dns_suffix(&run.region));
            args::with(&found, "dns_name", Value::string(name))
        })
        .hooks(FileSystem)
}

#[derive(Debug)]
struct FileSystem;

const RULES: &[(&str, &str)] = &[
    ("transition_to_archive", "TransitionToArchive"),
    ("transition_to_ia", "TransitionToIA"),
    (
        "transition_to_primary_storage_class",
        "TransitionToPrimaryStorageClass",
    ),
];

async fn put_lifecycle(run: &Run<'_>, object: &Value) -> Answered<()> {
    let blocks = args::get(object, "lifecycle_policy");
    let policies: Vec<Json> = blocks
        .children()
        .iter()
        .map(|block| {
            let mut made = json!({});
            for (name, member) in RULES {
                if let Some(text) = args::string(block, name).filter(|text| !text.is_empty()) {
                    json::put(&mut made, member, text.into());
                }
            }
            made
        })
        .collect();
    let input = json!({"FileSystemId": run.text("{id}", object), "LifecyclePolicies": policies});
    run.ask("PutLifecycleConfiguration", input).await.map(drop)
}

async fn protect(run: &Run<'_>, object: &Value) -> Answered<()> {
    let word = run.text("{protection.0.replication_overwrite}", object);
    if word.is_empty() {
        return Ok(());
    }
    let input = json!({
        "FileSystemId": run.text("{id}", object),
        "ReplicationOverwriteProtection": word,
    });
    run.ask("UpdateFileSystemProtection", input).await.map(drop)
}

#[async_trait]
impl Hooks for FileSystem {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        if !args::get(object, "lifecycle_policy").children().is_empty() {
            put_lifecycle(run, object).await?;
        }
        protect(run, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if !same_at(prior, planned, "lifecycle_policy") {
            put_lifecycle(run, planned).await?;
        }
        if !same_at(prior, planned, "protection") {
            protect(run, planned).await?;
        }
        Ok(())
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let name = "lifecycle_policy";
        let input = json!({"FileSystemId": run.text("{id}", &object)});
        let answer = run.ask("DescribeLifecycleConfiguration", input).await?;
        let policies = answer.get("LifecyclePolicies").and_then(Json::as_array);
        let Some(nested) = run.schema.block.blocks.get(name) else {
            return Ok(object);
        };
        let before = args::get(prior, name);
        let items = policies
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(at, policy)| {
                let attributes = RULES.iter().map(|(name, member)| {
                    let text = json::text_at(policy, member);
                    let nothing = before
                        .children()
                        .get(at)
                        .map_or(Value::null(terrane_value::Type::String), |block| {
                            args::get(block, name)
                        });
                    let empty = crate::read::is_empty(&nothing);
                    let none = if empty {
                        nothing
                    } else {
                        Value::null(terrane_value::Type::String)
                    };
                    (*name, text.map_or(none, Value::string))
                });
                Value::object(attributes.collect::<Vec<_>>())
            });
        let element = nested.block.implied_type().clone();
        Ok(args::with(
            &object,
            name,
            Value::list(element, items.collect()),
        ))
    }
}

fn mount_target() -> Table {
    Table::new("aws_efs_mount_target", "efs")
        .create(op("CreateMountTarget"))
        .id_out("MountTargetId")
        .read(
            op("DescribeMountTargets")
                .set("MountTargetId", "{id}")
                .at("MountTargets.0"),
        )
        .read(
            op("DescribeMountTargetSecurityGroups")
                .set("MountTargetId", "{id}")
                .at("SecurityGroups")
                .into("security_groups"),
        )
        .update(
            op("ModifyMountTargetSecurityGroups")
                .only(&["security_groups"])
                .set("MountTargetId", "{id}"),
        )
        .delete(op("DeleteMountTarget").set("MountTargetId", "{id}"))
        .wait(
            &[Phase::Create],
            "LifeCycleState",
            &["available"],
            &["creating"],
        )
        .wait(&[Phase::Delete], "LifeCycleState", &[], &[])
        .found(|run, found, _| {
            let text = |name: &str| args::string(&found, name).unwrap_or_default().to_owned();
            let (system, zone) = (text("file_system_id"), text("availability_zone_name"));
            let own = crate::cx::partition(&run.region);
            let host = format!("{system}.efs.{}.{}", run.region, dns_suffix(&run.region));
            let arn = format!(
                "arn:{own}:elasticfilesystem:{}:{}:file-system/{system}",
                run.region,
                text("owner_id")
            );
            args::with_all(
                &found,
                [
                    (
                        "mount_target_dns_name",
                        Value::string(format!("{zone}.{host}")),
                    ),
                    ("dns_name", Value::string(host)),
                    ("file_system_arn", Value::string(arn)),
                ],
            )
        })
}

fn access_point() -> Table {
    tagged(Table::new("aws_efs_access_point", "efs"))
        .names(&[
            ("arn", "AccessPointArn"),
            ("root_directory.creation_info.owner_gid", "OwnerGid"),
        ])
        .create(op("CreateAccessPoint").set("ClientToken", "{token}"))
        .id_out("AccessPointId")
        .read(
            op("DescribeAccessPoints")
                .set("AccessPointId", "{id}")
                .at("AccessPoints.0"),
        )
        .gone_when("LifeCycleState", &["deleted"])
        .delete(op("DeleteAccessPoint").set("AccessPointId", "{id}"))
        .wait(
            &[Phase::Create],
            "LifeCycleState",
            &["available"],
            &["creating"],
        )
        .wait(&[Phase::Delete], "LifeCycleState", &[], &[])
        .found(|run, found, _| {
            let text = |name: &str| args::string(&found, name).unwrap_or_default().to_owned();
            let arn = format!(
                "arn:{}:elasticfilesystem:{}:{}:file-system/{}",
                crate::cx::partition(&run.region),
                run.region,
                text("owner_id"),
                text("file_system_id")
            );
            args::with(&found, "file_system_arn", Value::string(arn))
        })
}

fn file_system_policy() -> Table {
    let put = || op("PutFileSystemPolicy");
    Table::new("aws_efs_file_system_policy", "efs")
        .create(put())
        .id("{file_system_id}")
        .read(op("DescribeFileSystemPolicy").set("FileSystemId", "{file_system_id}"))
        .update(put())
        .delete(op("DeleteFileSystemPolicy").set("FileSystemId", "{file_system_id}"))
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidPolicyException",
            "Policy contains invalid Principal block",
            120,
        )
}

fn backup_policy() -> Table {
    let put = || op("PutBackupPolicy");
    Table::new("aws_efs_backup_policy", "efs")
        .create(put())
        .id("{file_system_id}")
        .read(op("DescribeBackupPolicy").set("FileSystemId", "{file_system_id}"))
        .update(put())
        .delete(
            op("PutBackupPolicy")
                .set("FileSystemId", "{file_system_id}")
                .set("BackupPolicy.Status", "DISABLED"),
        )
        .gone_when("BackupPolicy.Status", &["DISABLED", "DISABLING"])
        .wait(
            &[Phase::Create],
            "BackupPolicy.Status",
            &["ENABLED", "DISABLED"],
            &["ENABLING", "DISABLING"],
        )
        .wait(
            &[Phase::Update],
            "BackupPolicy.Status",
            &["ENABLED", "DISABLED"],
            &["ENABLING", "DISABLING"],
        )
        .not_found(&["PolicyNotFound"])
}

fn replication() -> Table {
    Table::new("aws_efs_replication_configuration", "efs")
        .names(&[("destination", "Destinations")])
        .create(op("CreateReplicationConfiguration"))
        .id("{source_file_system_id}")
        .read(
            op("DescribeReplicationConfigurations")
                .set("FileSystemId", "{source_file_system_id}")
                .at("Replications.0"),
        )
        .delete(
            op("DeleteReplicationConfiguration")
                .set("SourceFileSystemId", "{source_file_system_id}"),
        )
        .wait(
            &[Phase::Create],
            "Destinations.0.Status",
            &["ENABLED"],
            &["ENABLING"],
        )
        .wait(&[Phase::Delete], "Destinations.0.Status", &[], &[])
}
