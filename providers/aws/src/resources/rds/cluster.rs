//! Clusters and their instances.

use super::instance::{PENDING, READY, answer as instance_answer};
use super::{Alike, is_set, patient, put_password, tagged, texts_of, versions};
use crate::json;
use crate::run::{Run, all_tags, same_at};
use crate::table::{Hooks, Phase, Step, Table, When, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

const NAMES: &[(&str, &str)] = &[
    (
        "ca_certificate_identifier",
        "CertificateDetails.CAIdentifier",
    ),
    ("ca_certificate_valid_till", "CertificateDetails.ValidTill"),
    ("cluster_identifier", "DBClusterIdentifier"),
    ("cluster_resource_id", "DbClusterResourceId"),
    ("db_cluster_parameter_group_name", "DBClusterParameterGroup"),
    ("db_subnet_group_name", "DBSubnetGroup"),
    ("domain", "DomainMemberships.0.Domain"),
    ("domain_iam_role_name", "DomainMemberships.0.IAMRoleName"),
    (
        "enable_global_write_forwarding",
        "GlobalWriteForwardingRequested",
    ),
    ("enable_http_endpoint", "HttpEndpointEnabled"),
    (
        "enabled_cloudwatch_logs_exports",
        "EnableCloudwatchLogsExports",
    ),
    (
        "iam_database_authentication_enabled",
        "EnableIAMDatabaseAuthentication",
    ),
    ("master_password", "MasterUserPassword"),
    ("performance_insights_enabled", "EnablePerformanceInsights"),
    ("scaling_configuration", "ScalingConfigurationInfo"),
];

/// What can be changed of a cluster.
const CHANGED: &[&str] = &[
    "allocated_storage",
    "backtrack_window",
    "backup_retention_period",
    "ca_certificate_identifier",
    "copy_tags_to_snapshot",
    "database_insights_mode",
    "db_cluster_instance_class",
    "db_cluster_parameter_group_name",
    "deletion_protection",
    "domain",
    "domain_iam_role_name",
    "enable_global_write_forwarding",
    "enable_local_write_forwarding",
    "engine_version",
    "iam_database_authentication_enabled",
    "iops",
    "manage_master_user_password",
    "master_password",
    "master_user_secret_kms_key_id",
    "monitoring_interval",
    "monitoring_role_arn",
    "network_type",
    "performance_insights_enabled",
    "performance_insights_kms_key_id",
    "performance_insights_retention_period",
    "port",
    "preferred_backup_window",
    "preferred_maintenance_window",
    "scaling_configuration",
    "serverlessv2_scaling_configuration",
    "storage_type",
    "vpc_security_group_ids",
];

const ALIKE: Alike = Alike {
    noun: "cluster",
    modify: "ModifyDBCluster",
    id: ("DBClusterIdentifier", "{cluster_identifier}"),
    changed: CHANGED,
    password: ("master_password_wo", "master_password_wo_version"),
};

/// How a cluster is made: new, of a snapshot, of another one at some time.
fn made_by(object: &Value) -> Step {
    let create = |operation: &'static str| {
        op(operation).except(&["restore_to_point_in_time", "cluster_members", "iam_roles"])
    };
    if is_set(object, "snapshot_identifier") {
        return create("RestoreDBClusterFromSnapshot")
            .except(&["snapshot_identifier"])
            .set("SnapshotIdentifier", "{snapshot_identifier}");
    }
    if is_set(object, "restore_to_point_in_time") {
        return create("RestoreDBClusterToPointInTime")
            .set(
                "SourceDBClusterIdentifier",
                "{restore_to_point_in_time.0.source_cluster_identifier}",
            )
            .set(
                "SourceDbClusterResourceId",
                "{restore_to_point_in_time.0.source_cluster_resource_id}",
            )
            .set("RestoreType", "{restore_to_point_in_time.0.restore_type}")
            .set(
                "RestoreToTime",
                "{restore_to_point_in_time.0.restore_to_time}",
            )
            .set(
                "UseLatestRestorableTime",
                "{restore_to_point_in_time.0.use_latest_restorable_time}",
            );
    }
    create("CreateDBCluster")
}

pub(super) fn cluster() -> Table {
    let table = tagged(Table::new("aws_rds_cluster", "rds"))
        .noun("DBCluster")
        .names(NAMES)
        .local(&[
            "allow_major_version_upgrade",
            "apply_immediately",
            "cluster_identifier_prefix",
            "cluster_members",
            "delete_automated_backups",
            "final_snapshot_identifier",
            "master_password_wo",
            "master_password_wo_version",
            "skip_final_snapshot",
            "source_region",
        ])
        .unsupported(&["db_instance_parameter_group_name", "s3_import"])
        .at_first(&[
            "replication_source_identifier",
            "restore_to_point_in_time",
            "snapshot_identifier",
        ])
        // Where it came from needs not be told for ever.
        .alike("snapshot_identifier", |_, planned| {
            crate::read::is_empty(&args::get(planned, "snapshot_identifier"))
        })
        .by_function(&[
            "enable_http_endpoint",
            "enabled_cloudwatch_logs_exports",
            "global_cluster_identifier",
            "iam_roles",
        ])
        .create(op("CreateDBCluster"))
        .input(input)
        .id("{cluster_identifier}")
        .read(
            op("DescribeDBClusters")
                .set("DBClusterIdentifier", "{cluster_identifier}")
                .at("DBClusters.0"),
        )
        .answer(|_, found| answer(found))
        .update(ALIKE.change().partial().when(When::Any(CHANGED.to_vec())))
        .delete(
            op("DeleteDBCluster")
                .set("DBClusterIdentifier", "{cluster_identifier}")
                .set("DeleteAutomatedBackups", "{delete_automated_backups}")
                .set("SkipFinalSnapshot", "{skip_final_snapshot}")
                .set("FinalDBSnapshotIdentifier", "{final_snapshot_identifier}"),
        )
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["available"],
            CLUSTER_PENDING,
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
        .retry(
            &[Phase::Delete],
            "InvalidParameterCombination",
            "disable deletion pro",
            120,
        )
        .told(&[
            ("database_insights_mode", "DatabaseInsightsMode"),
            ("engine_lifecycle_support", "EngineLifecycleSupport"),
            ("engine_mode", "EngineMode"),
            ("network_type", "NetworkType"),
        ])
        .planned(|prior, _, response| super::same_windows(prior, response, WINDOWS))
        .hooks(Cluster);
    patient(table, "InvalidDBClusterStateFault")
}

const WINDOWS: &[&str] = &["preferred_backup_window", "preferred_maintenance_window"];

const CLUSTER_PENDING: &[&str] = &[
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "creating",
    "maintenance",
    "migrating",
    "modifying",
    "preparing-data-migration",
    "promoting",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "scaling-compute",
    "scaling-storage",
    "storage-optimization",
    "upgrading",
];

fn answer(found: &mut Json) {
    let groups = texts_of(found, "VpcSecurityGroups", "VpcSecurityGroupId");
    json::put(found, "VpcSecurityGroupIds", groups);
    let roles = texts_of(found, "AssociatedRoles", "RoleArn");
    json::put(found, "IamRoles", roles);
    let status = json::text_at(found, "LocalWriteForwardingStatus").unwrap_or_default();
    if !status.is_empty() {
        let on = matches!(status.as_str(), "enabled" | "enabling");
        json::put(found, "EnableLocalWriteForwarding", on.into());
    }
}

fn input(operation: &str, input: &mut Json, object: &Value) {
    let flag = |name: &str| args::bool(object, name) == Some(true);
    match operation {
        "DeleteDBCluster" => {
            if let (true, Some(members)) = (flag("skip_final_snapshot"), input.as_object_mut()) {
                members.remove("FinalDBSnapshotIdentifier");
            }
        }
        "CreateDBCluster" => put_password(input, object, "master_password_wo"),
        "ModifyDBCluster" => {
            json::put(input, "ApplyImmediately", flag("apply_immediately").into());
            if flag("allow_major_version_upgrade") {
                json::put(input, "AllowMajorVersionUpgrade", true.into());
            }
        }
        _ => {}
    }
}

#[derive(Debug)]
struct Cluster;

fn roles(object: &Value) -> Vec<String> {
    let texts = args::strings(object, "iam_roles").unwrap_or_default();
    texts.iter().map(ToString::to_string).collect()
}

async fn change_roles(
    run: &Run<'_>,
    object: &Value,
    before: &[String],
    after: &[String],
) -> Answered<()> {
    let parts = [
        ("AddRoleToDBCluster", after, before),
        ("RemoveRoleFromDBCluster", before, after),
    ];
    for (operation, of, but) in parts {
        for role in of.iter().filter(|role| !but.contains(role)) {
            let input = json!({
                "DBClusterIdentifier": run.text("{cluster_identifier}", object),
                "RoleArn": role,
            });
            run.ask(operation, input).await?;
        }
    }
    Ok(())
}

async fn leave_global(run: &Run<'_>, object: &Value) -> Answered<()> {
    let global = run.text("{global_cluster_identifier}", object);
    if global.is_empty() {
        return Ok(());
    }
    let input = json!({
        "GlobalClusterIdentifier": global,
        "DbClusterIdentifier": run.text("{arn}", object),
    });
    let gone = [
        "DBClusterNotFoundFault",
        "GlobalClusterNotFoundFault",
        "InvalidGlobalClusterStateFault",
    ];
    run.ask_unless("RemoveFromGlobalCluster", input, &gone)
        .await
        .map(drop)
}

#[async_trait]
impl Hooks for Cluster {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let step = made_by(planned);
        let operation = run.operation("rds", step.operation)?;
        let mut input = run.input(&step, &operation, planned);
        run.put_tags(&operation.input, &all_tags(planned), &mut input);
        let answer = run.ask(step.operation, input).await?;
        let arn = json::text_at(&answer, "DBCluster.DBClusterArn").unwrap_or_default();
        let made = args::with(planned, "arn", Value::string(arn));
        Ok(Some((run.text("{cluster_identifier}", planned), made)))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        change_roles(run, object, &[], &roles(object)).await?;
        let step = made_by(object);
        if step.operation == "CreateDBCluster" {
            return Ok(());
        }
        ALIKE.catch_up(run, object, &step).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        ALIKE.logs_and_password(run, prior, planned).await?;
        if !same_at(prior, planned, "enable_http_endpoint") {
            let on = args::bool(planned, "enable_http_endpoint") == Some(true);
            let serverless = args::string(planned, "engine_mode") == Some("serverless");
            if serverless {
                let input = json!({
                    "DBClusterIdentifier": run.text("{cluster_identifier}", prior),
                    "EnableHttpEndpoint": on,
                    "ApplyImmediately": true,
                });
                run.ask("ModifyDBCluster", input).await?;
            } else {
                let operation = if on {
                    "EnableHttpEndpoint"
                } else {
                    "DisableHttpEndpoint"
                };
                let input = json!({"ResourceArn": run.text("{arn}", prior)});
                run.ask(operation, input).await?;
            }
        }
        if !same_at(prior, planned, "global_cluster_identifier") {
            if !run.text("{global_cluster_identifier}", planned).is_empty() {
                return Err(Refusal::error(
                    "Cluster cannot join",
                    "A cluster that exists cannot be made a part of a global cluster; it can leave one.",
                ));
            }
            leave_global(run, prior).await?;
        }
        change_roles(run, planned, &roles(prior), &roles(planned)).await
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        ALIKE.check_last_snapshot(run, object)?;
        leave_global(run, object).await?;
        Ok(false)
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let mut changes = versions(&object, prior);
        changes.extend(super::windows(&object, prior, WINDOWS));
        let members = texts_of(raw, "DBClusterMembers", "DBInstanceIdentifier");
        let members = members.as_array().cloned().unwrap_or_default();
        let members = members.iter().map(|id| Value::string(json::text(id)));
        changes.push((
            "cluster_members",
            Value::set(terrane_value::Type::String, members.collect()),
        ));
        let global = args::get(prior, "global_cluster_identifier");
        if run.text("{global_cluster_identifier}", &object).is_empty() && !global.is_null() {
            changes.push(("global_cluster_identifier", global));
        }
        Ok(args::with_all(&object, changes))
    }
}

pub(super) fn cluster_instance() -> Table {
    let change = || {
        op("ModifyDBInstance")
            .only(INSTANCE_CHANGED)
            .set("DBInstanceIdentifier", "{identifier}")
            .partial()
    };
    let table = tagged(Table::new("aws_rds_cluster_instance", "rds"))
        .noun("DBInstance")
        .names(&[
            ("ca_cert_identifier", "CACertificateIdentifier"),
            ("cluster_identifier", "DBClusterIdentifier"),
            (
                "db_parameter_group_name",
                "DBParameterGroups.0.DBParameterGroupName",
            ),
            ("db_subnet_group_name", "DBSubnetGroup.DBSubnetGroupName"),
            ("endpoint", "Endpoint.Address"),
            ("instance_class", "DBInstanceClass"),
            ("performance_insights_enabled", "EnablePerformanceInsights"),
            ("port", "Endpoint.Port"),
        ])
        .local(&["apply_immediately", "force_destroy", "identifier_prefix"])
        .create(op("CreateDBInstance"))
        .input(|operation, input, object| {
            if operation == "ModifyDBInstance" {
                let now = args::bool(object, "apply_immediately") == Some(true);
                json::put(input, "ApplyImmediately", now.into());
            }
        })
        .id("{identifier}")
        .read(
            op("DescribeDBInstances")
                .set("DBInstanceIdentifier", "{identifier}")
                .at("DBInstances.0"),
        )
        .answer(|_, found| instance_answer(found))
        .update(change().when(When::Any(INSTANCE_CHANGED.to_vec())))
        // The data is the cluster's: there is nothing to keep.
        .delete(
            op("DeleteDBInstance")
                .set("DBInstanceIdentifier", "{identifier}")
                .set("SkipFinalSnapshot", "true"),
        )
        .wait(
            &[Phase::Create, Phase::Update],
            "DBInstanceStatus",
            READY,
            PENDING,
        )
        .wait(&[Phase::Delete], "DBInstanceStatus", &[], &[])
        .told(&[
            ("ca_cert_identifier", "CACertificateIdentifier"),
            ("monitoring_interval", "MonitoringInterval"),
            ("monitoring_role_arn", "MonitoringInterval"),
            ("performance_insights_enabled", "PerformanceInsightsEnabled"),
        ])
        .planned(|prior, _, response| super::same_windows(prior, response, WINDOWS))
        .hooks(Member);
    patient(table, "InvalidDBInstanceState")
}

const INSTANCE_CHANGED: &[&str] = &[
    "auto_minor_version_upgrade",
    "ca_cert_identifier",
    "copy_tags_to_snapshot",
    "db_parameter_group_name",
    "instance_class",
    "monitoring_interval",
    "monitoring_role_arn",
    "performance_insights_enabled",
    "performance_insights_kms_key_id",
    "performance_insights_retention_period",
    "preferred_backup_window",
    "preferred_maintenance_window",
    "promotion_tier",
    "publicly_accessible",
];

#[derive(Debug)]
struct Member;

#[async_trait]
impl Hooks for Member {
    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let mut changes = versions(&object, prior);
        changes.extend(super::windows(&object, prior, WINDOWS));
        let cluster = run.text("{cluster_identifier}", &object);
        let input = json!({"DBClusterIdentifier": cluster});
        let gone = ["DBClusterNotFoundFault"];
        let answer = run.ask_unless("DescribeDBClusters", input, &gone).await?;
        let answer = answer.unwrap_or_default();
        let id = run.text("{identifier}", &object);
        let members = json::get(&answer, "DBClusters.0.DBClusterMembers").and_then(Json::as_array);
        let writes = members.into_iter().flatten().any(|member| {
            member["DBInstanceIdentifier"] == id.as_str() && member["IsClusterWriter"] == true
        });
        changes.push(("writer", Value::bool(writes)));
        Ok(args::with_all(&object, changes))
    }
}
