//! Instances of databases.

use super::{Alike, is_set, patient, put_password, tagged, versions};
use crate::json;
use crate::run::{Run, all_tags};
use crate::table::{Hooks, Phase, Step, Table, When, op};
use async_trait::async_trait;
use serde_json::Value as Json;
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) const NAMES: &[(&str, &str)] = &[
    ("address", "Endpoint.Address"),
    ("backup_window", "PreferredBackupWindow"),
    ("ca_cert_identifier", "CACertificateIdentifier"),
    ("customer_owned_ip_enabled", "EnableCustomerOwnedIp"),
    ("db_subnet_group_name", "DBSubnetGroup.DBSubnetGroupName"),
    ("domain", "DomainMemberships.0.Domain"),
    (
        "domain_auth_secret_arn",
        "DomainMemberships.0.AuthSecretArn",
    ),
    ("domain_dns_ips", "DomainMemberships.0.DnsIps"),
    ("domain_fqdn", "DomainMemberships.0.FQDN"),
    ("domain_iam_role_name", "DomainMemberships.0.IAMRoleName"),
    ("domain_ou", "DomainMemberships.0.OU"),
    (
        "enabled_cloudwatch_logs_exports",
        "EnableCloudwatchLogsExports",
    ),
    ("endpoint", ""),
    ("hosted_zone_id", "Endpoint.HostedZoneId"),
    (
        "iam_database_authentication_enabled",
        "EnableIAMDatabaseAuthentication",
    ),
    ("instance_class", "DBInstanceClass"),
    ("maintenance_window", "PreferredMaintenanceWindow"),
    (
        "option_group_name",
        "OptionGroupMemberships.0.OptionGroupName",
    ),
    (
        "parameter_group_name",
        "DBParameterGroups.0.DBParameterGroupName",
    ),
    ("parameter_group_name", "DBParameterGroupName"),
    ("password", "MasterUserPassword"),
    ("performance_insights_enabled", "EnablePerformanceInsights"),
    ("port", "DBPortNumber"),
    ("port", "Endpoint.Port"),
    (
        "replicate_source_db",
        "ReadReplicaSourceDBInstanceIdentifier",
    ),
    ("replicate_source_db", "SourceDBInstanceIdentifier"),
    ("replicas", "ReadReplicaDBInstanceIdentifiers"),
    ("resource_id", "DbiResourceId"),
    ("snapshot_identifier", "DBSnapshotIdentifier"),
    ("status", "DBInstanceStatus"),
    ("username", "MasterUsername"),
];

/// What can be changed of an instance.
const CHANGED: &[&str] = &[
    "allocated_storage",
    "auto_minor_version_upgrade",
    "backup_retention_period",
    "backup_window",
    "ca_cert_identifier",
    "copy_tags_to_snapshot",
    "customer_owned_ip_enabled",
    "database_insights_mode",
    "db_subnet_group_name",
    "dedicated_log_volume",
    "deletion_protection",
    "domain",
    "domain_auth_secret_arn",
    "domain_dns_ips",
    "domain_fqdn",
    "domain_iam_role_name",
    "domain_ou",
    "engine_version",
    "iam_database_authentication_enabled",
    "instance_class",
    "iops",
    "license_model",
    "maintenance_window",
    "manage_master_user_password",
    "master_user_secret_kms_key_id",
    "max_allocated_storage",
    "monitoring_interval",
    "monitoring_role_arn",
    "multi_az",
    "network_type",
    "option_group_name",
    "parameter_group_name",
    "password",
    "performance_insights_enabled",
    "performance_insights_kms_key_id",
    "performance_insights_retention_period",
    "port",
    "publicly_accessible",
    "replica_mode",
    "storage_throughput",
    "storage_type",
    "vpc_security_group_ids",
];

const WINDOWS: &[&str] = &["backup_window", "maintenance_window"];

const TOLD: &[(&str, &str)] = &[
    ("ca_cert_identifier", "CACertificateIdentifier"),
    ("database_insights_mode", "DatabaseInsightsMode"),
    ("dedicated_log_volume", "DedicatedLogVolume"),
    ("engine_lifecycle_support", "EngineLifecycleSupport"),
    ("monitoring_interval", "MonitoringInterval"),
    ("monitoring_role_arn", "MonitoringInterval"),
    ("network_type", "NetworkType"),
    ("performance_insights_enabled", "PerformanceInsightsEnabled"),
    (
        "performance_insights_kms_key_id",
        "PerformanceInsightsEnabled",
    ),
    (
        "performance_insights_retention_period",
        "PerformanceInsightsEnabled",
    ),
];

pub(super) const PENDING: &[&str] = &[
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "creating",
    "maintenance",
    "modifying",
    "moving-to-vpc",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "starting",
    "stopping",
    "storage-config-upgrade",
    "storage-full",
    "storage-initialization",
    "upgrading",
];

pub(super) const READY: &[&str] = &["available", "storage-optimization"];

const ALIKE: Alike = Alike {
    noun: "instance",
    modify: "ModifyDBInstance",
    id: ("DBInstanceIdentifier", "{identifier}"),
    changed: CHANGED,
    password: ("password_wo", "password_wo_version"),
};

/// How an instance is made: new, of another one, of a snapshot, of backups.
fn made_by(object: &Value) -> Step {
    let create = |operation: &'static str| op(operation).except(&["restore_to_point_in_time"]);
    if is_set(object, "replicate_source_db") {
        return create("CreateDBInstanceReadReplica");
    }
    if is_set(object, "snapshot_identifier") {
        return create("RestoreDBInstanceFromDBSnapshot");
    }
    if is_set(object, "restore_to_point_in_time") {
        return create("RestoreDBInstanceToPointInTime")
            .except(&["identifier"])
            .set("TargetDBInstanceIdentifier", "{identifier}")
            .set(
                "SourceDBInstanceIdentifier",
                "{restore_to_point_in_time.0.source_db_instance_identifier}",
            )
            .set(
                "SourceDbiResourceId",
                "{restore_to_point_in_time.0.source_dbi_resource_id}",
            )
            .set(
                "SourceDBInstanceAutomatedBackupsArn",
                "{restore_to_point_in_time.0.source_db_instance_automated_backups_arn}",
            )
            .set("RestoreTime", "{restore_to_point_in_time.0.restore_time}")
            .set(
                "UseLatestRestorableTime",
                "{restore_to_point_in_time.0.use_latest_restorable_time}",
            );
    }
    create("CreateDBInstance")
}

pub(super) fn instance() -> Table {
    let table = tagged(Table::new("aws_db_instance", "rds"))
        .noun("DBInstance")
        .names(NAMES)
        .local(&[
            "allow_major_version_upgrade",
            "apply_immediately",
            "delete_automated_backups",
            "final_snapshot_identifier",
            "identifier_prefix",
            "password_wo",
            "password_wo_version",
            "skip_final_snapshot",
        ])
        .unsupported(&["blue_green_update", "s3_import", "upgrade_storage_config"])
        .at_first(&[
            "identifier",
            "replicate_source_db",
            "restore_to_point_in_time",
            "snapshot_identifier",
        ])
        .by_function(&["enabled_cloudwatch_logs_exports"])
        .create(op("CreateDBInstance"))
        .input(input)
        .id("{identifier}")
        .import("{identifier}")
        .read(
            op("DescribeDBInstances")
                .set("DBInstanceIdentifier", "{identifier}")
                .at("DBInstances.0"),
        )
        .answer(|_, found| answer(found))
        .update(ALIKE.change().partial().when(When::Any(CHANGED.to_vec())))
        .delete(
            op("DeleteDBInstance")
                .set("DBInstanceIdentifier", "{identifier}")
                .set("DeleteAutomatedBackups", "{delete_automated_backups}")
                .set("SkipFinalSnapshot", "{skip_final_snapshot}")
                .set("FinalDBSnapshotIdentifier", "{final_snapshot_identifier}"),
        )
        .wait(
            &[Phase::Create, Phase::Update],
            "DBInstanceStatus",
            READY,
            PENDING,
        )
        .wait(&[Phase::Delete], "DBInstanceStatus", &[], &[])
        .told(TOLD)
        .recomputed("latest_restorable_time", &[])
        .planned(|prior, _, response| super::same_windows(prior, response, WINDOWS))
        // What AWS has made greater up to that limit stays so.
        .alike("allocated_storage", |prior, planned| {
            let size = |object| args::int(object, "allocated_storage").unwrap_or(0);
            let limit = args::int(planned, "max_allocated_storage").unwrap_or(0);
            size(planned) > 0 && size(prior) > size(planned) && limit > size(planned)
        })
        // A limit that is the size is none.
        .alike("max_allocated_storage", |prior, planned| {
            let limit = |object| args::int(object, "max_allocated_storage").unwrap_or(0);
            limit(prior) == 0
                && limit(planned) > 0
                && args::int(planned, "allocated_storage") == Some(limit(planned))
        })
        .hooks(Instance);
    patient(table, "InvalidDBInstanceState")
}

pub(super) fn answer(found: &mut Json) {
    let groups = super::texts_of(found, "VpcSecurityGroups", "VpcSecurityGroupId");
    json::put(found, "VpcSecurityGroupIds", groups);
    let port = ["Endpoint.Port", "DbInstancePort"]
        .iter()
        .find_map(|path| json::get(found, path).filter(|port| **port != 0).cloned());
    if let Some(port) = port {
        json::put(found, "Endpoint.Port", port);
    }
}

fn input(operation: &str, input: &mut Json, object: &Value) {
    if operation == "DeleteDBInstance" {
        // A last snapshot has a name, and where there is none there is no name.
        let skips = args::bool(object, "skip_final_snapshot") == Some(true);
        if let (true, Some(members)) = (skips, input.as_object_mut()) {
            members.remove("FinalDBSnapshotIdentifier");
        }
        return;
    }
    if operation == "CreateDBInstance" {
        put_password(input, object, "password_wo");
    }
    if operation != "ModifyDBInstance" {
        return;
    }
    let flag = |name: &str| args::bool(object, name) == Some(true);
    json::put(input, "ApplyImmediately", flag("apply_immediately").into());
    if flag("allow_major_version_upgrade") {
        json::put(input, "AllowMajorVersionUpgrade", true.into());
    }
    // Size and speed are told together.
    let sized = [
        "AllocatedStorage",
        "Iops",
        "StorageThroughput",
        "StorageType",
    ];
    if sized.iter().any(|member| input.get(*member).is_some()) {
        let speedy =
            args::string(object, "storage_type").is_some_and(|kind| matches!(kind, "io1" | "io2"));
        let numbers = [
            ("allocated_storage", "AllocatedStorage", true),
            ("iops", "Iops", speedy),
        ];
        for (name, member, told) in numbers {
            let number = args::int(object, name).filter(|number| *number > 0 && told);
            if let Some(number) = number {
                json::put(input, member, number.into());
            }
        }
    }
}

#[derive(Debug)]
struct Instance;

#[async_trait]
impl Hooks for Instance {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let step = made_by(planned);
        let operation = run.operation("rds", step.operation)?;
        let mut input = run.input(&step, &operation, planned);
        run.put_tags(&operation.input, &all_tags(planned), &mut input);
        let answer = run.ask(step.operation, input).await?;
        let text = |path: &str| json::text_at(&answer, path).unwrap_or_default();
        let made = args::with_all(
            planned,
            [
                ("arn", Value::string(text("DBInstance.DBInstanceArn"))),
                (
                    "identifier",
                    Value::string(text("DBInstance.DBInstanceIdentifier")),
                ),
            ],
        );
        Ok(Some((text("DBInstance.DbiResourceId"), made)))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let step = made_by(object);
        if step.operation == "CreateDBInstance" {
            return Ok(());
        }
        ALIKE.catch_up(run, object, &step).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        ALIKE.logs_and_password(run, prior, planned).await
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        ALIKE.check_last_snapshot(run, object)?;
        Ok(false)
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let mut changes = versions(&object, prior);
        changes.extend(super::windows(&object, prior, WINDOWS));
        changes.push(("id", args::get(&object, "resource_id")));
        let address = run.text("{address}", &object);
        if !address.is_empty() {
            let endpoint = run.text("{address}:{port}", &object);
            changes.push(("endpoint", Value::string(endpoint)));
        }
        // The source of a replica is a name here and an ARN there.
        let source = run.text("{replicate_source_db}", prior);
        let found = run.text("{replicate_source_db}", &object);
        if !source.is_empty() && source.rsplit(':').next() == found.rsplit(':').next() {
            changes.push(("replicate_source_db", Value::string(source)));
        }
        Ok(args::with_all(&object, changes))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        Some(vec![("identifier", id.to_owned())])
    }
}
