//! Endpoints, clusters of clusters, roles, backups elsewhere, events.

use super::{CHANGES, tagged, tags_listed};
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) fn cluster_endpoint() -> Table {
    tags_listed(Table::new("aws_rds_cluster_endpoint", "rds"))
        .noun("DBClusterEndpoint")
        .names(&[
            ("cluster_endpoint_identifier", "DBClusterEndpointIdentifier"),
            ("cluster_identifier", "DBClusterIdentifier"),
            ("custom_endpoint_type", "CustomEndpointType"),
            ("custom_endpoint_type", "EndpointType"),
        ])
        .create(op("CreateDBClusterEndpoint"))
        .id("{cluster_endpoint_identifier}")
        .read(
            op("DescribeDBClusterEndpoints")
                .set(
                    "DBClusterEndpointIdentifier",
                    "{cluster_endpoint_identifier}",
                )
                .at("DBClusterEndpoints.0"),
        )
        .update(op("ModifyDBClusterEndpoint"))
        .delete(op("DeleteDBClusterEndpoint").set(
            "DBClusterEndpointIdentifier",
            "{cluster_endpoint_identifier}",
        ))
        .wait(&[Phase::Create], "Status", &["available"], &["creating"])
        .wait(&[Phase::Delete], "Status", &[], &[])
        .retry(CHANGES, "InvalidDBClusterStateFault", "", 600)
        .not_found(&["DBClusterEndpointNotFoundFault"])
}

pub(super) fn global_cluster() -> Table {
    tagged(Table::new("aws_rds_global_cluster", "rds"))
        .names(&[
            ("arn", "GlobalClusterArn"),
            ("global_cluster_members.db_cluster_arn", "DBClusterArn"),
        ])
        .local(&["force_destroy", "source_db_cluster_identifier"])
        .create(op("CreateGlobalCluster").set(
            "SourceDBClusterIdentifier",
            "{source_db_cluster_identifier}",
        ))
        .input(|operation, input, object| {
            // What is made of a cluster is as that is.
            let source = args::string(object, "source_db_cluster_identifier").unwrap_or_default();
            if operation == "CreateGlobalCluster"
                && !source.is_empty()
                && let Some(members) = input.as_object_mut()
            {
                members.retain(|name, _| !matches!(name.as_str(), "Engine" | "StorageEncrypted"));
            }
        })
        .id("{global_cluster_identifier}")
        .read(
            op("DescribeGlobalClusters")
                .set("GlobalClusterIdentifier", "{global_cluster_identifier}")
                .at("GlobalClusters.0"),
        )
        .update(op("ModifyGlobalCluster"))
        .delete(
            op("DeleteGlobalCluster").set("GlobalClusterIdentifier", "{global_cluster_identifier}"),
        )
        .wait(&[Phase::Create], "Status", &["available"], &["creating"])
        .wait(
            &[Phase::Update],
            "Status",
            &["available"],
            &["modifying", "upgrading"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
        .retry(
            &[Phase::Delete],
            "InvalidGlobalClusterStateFault",
            "is not empty",
            300,
        )
        .hooks(Global)
}

#[derive(Debug)]
struct Global;

#[async_trait]
impl Hooks for Global {
    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if args::bool(object, "force_destroy") != Some(true) {
            return Ok(false);
        }
        let global = run.text("{global_cluster_identifier}", object);
        let members = args::get(object, "global_cluster_members");
        for member in members.children() {
            let cluster = args::string(member, "db_cluster_arn").unwrap_or_default();
            let input = json!({"GlobalClusterIdentifier": global, "DbClusterIdentifier": cluster});
            let gone = ["DBClusterNotFoundFault", "GlobalClusterNotFoundFault"];
            run.ask_unless("RemoveFromGlobalCluster", input, &gone)
                .await?;
        }
        Ok(false)
    }

    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        Ok(args::with_all(&object, super::versions(&object, prior)))
    }
}

fn role_association(
    name: &'static str,
    of: &'static str,
    member: &'static str,
    (add, remove): (&'static str, &'static str),
    (describe, at): (&'static str, &'static str),
) -> Table {
    let role = |operation: &'static str| op(operation).set("RoleArn", "{role_arn}");
    Table::new(name, "rds")
        .names(&[(of, member)])
        .create(role(add))
        .read(op(describe).set(member, place(of)).at(at))
        .delete(
            role(remove)
                .set(member, place(of))
                .set("FeatureName", "{feature_name}"),
        )
        .wait(&[Phase::Create], "Status", &["ACTIVE"], &["PENDING"])
        .wait(&[Phase::Delete], "Status", &[], &[])
        .retry(
            CHANGES,
            "InvalidParameterValue",
            "IAM role ARN value is invalid or does not include the required permissions",
            120,
        )
}

fn place(of: &'static str) -> &'static str {
    if of == "db_instance_identifier" {
        "{db_instance_identifier}"
    } else {
        "{db_cluster_identifier}"
    }
}

pub(super) fn instance_role_association() -> Table {
    role_association(
        "aws_db_instance_role_association",
        "db_instance_identifier",
        "DBInstanceIdentifier",
        ("AddRoleToDBInstance", "RemoveRoleFromDBInstance"),
        (
            "DescribeDBInstances",
            "DBInstances.0.AssociatedRoles[RoleArn={role_arn}]",
        ),
    )
    .id("{db_instance_identifier},{role_arn}")
    .retry(CHANGES, "InvalidDBInstanceState", "", 600)
    .not_found(&["DBInstanceRoleNotFound"])
}

pub(super) fn cluster_role_association() -> Table {
    role_association(
        "aws_rds_cluster_role_association",
        "db_cluster_identifier",
        "DBClusterIdentifier",
        ("AddRoleToDBCluster", "RemoveRoleFromDBCluster"),
        (
            "DescribeDBClusters",
            "DBClusters.0.AssociatedRoles[RoleArn={role_arn}]",
        ),
    )
    .id("{db_cluster_identifier},{role_arn}")
    .retry(CHANGES, "InvalidDBClusterStateFault", "", 600)
    .not_found(&["DBClusterRoleNotFound"])
}

pub(super) fn automated_backups_replication() -> Table {
    Table::new("aws_db_instance_automated_backups_replication", "rds")
        .names(&[
            ("retention_period", "BackupRetentionPeriod"),
            ("source_db_instance_arn", "DBInstanceArn"),
            ("source_db_instance_arn", "SourceDBInstanceArn"),
        ])
        .local(&["pre_signed_url"])
        .create(
            op("StartDBInstanceAutomatedBackupsReplication")
                .set("SourceDBInstanceArn", "{source_db_instance_arn}")
                .set("PreSignedUrl", "{pre_signed_url}"),
        )
        .id_out("DBInstanceAutomatedBackup.DBInstanceAutomatedBackupsArn")
        .read(
            op("DescribeDBInstanceAutomatedBackups")
                .set("DBInstanceAutomatedBackupsArn", "{id}")
                .at("DBInstanceAutomatedBackups.0"),
        )
        .delete(
            op("StopDBInstanceAutomatedBackupsReplication")
                .set("SourceDBInstanceArn", "{source_db_instance_arn}"),
        )
        .wait(
            &[Phase::Create],
            "Status",
            &["replicating", "REPLICATING"],
            &["pending", "PENDING"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
}

pub(super) fn event_subscription() -> Table {
    tags_listed(Table::new("aws_db_event_subscription", "rds"))
        .names(&[
            ("arn", "EventSubscriptionArn"),
            ("event_categories", "EventCategoriesList"),
            ("name", "CustSubscriptionId"),
            ("name", "SubscriptionName"),
            ("sns_topic", "SnsTopicArn"),
            ("source_ids", "SourceIdsList"),
        ])
        .local(&["name_prefix"])
        .create(op("CreateEventSubscription"))
        .by_function(&["source_ids"])
        .id("{name}")
        .read(
            op("DescribeEventSubscriptions")
                .set("SubscriptionName", "{name}")
                .at("EventSubscriptionsList.0"),
        )
        .update(op("ModifyEventSubscription"))
        .delete(op("DeleteEventSubscription").set("SubscriptionName", "{name}"))
        .wait(&[Phase::Create], "Status", &["active"], &["creating"])
        .wait(&[Phase::Update], "Status", &["active"], &["modifying"])
        .wait(&[Phase::Delete], "Status", &[], &[])
        .hooks(Subscription)
}

/// Sources of events are added and removed one by one.
#[derive(Debug)]
struct Subscription;

#[async_trait]
impl Hooks for Subscription {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if same_at(prior, planned, "source_ids") {
            return Ok(());
        }
        let ids = |object: &Value| args::strings(object, "source_ids").unwrap_or_default();
        let (before, after) = (ids(prior), ids(planned));
        let parts = [
            ("AddSourceIdentifierToSubscription", &after, &before),
            ("RemoveSourceIdentifierFromSubscription", &before, &after),
        ];
        for (operation, of, but) in parts {
            for id in of.iter().filter(|id| !but.contains(id)) {
                let input = json!({
                    "SubscriptionName": run.text("{name}", prior),
                    "SourceIdentifier": id.as_str(),
                });
                run.ask(operation, input).await?;
            }
        }
        Ok(())
    }
}
