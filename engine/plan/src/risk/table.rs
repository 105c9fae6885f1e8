//! What types hold, and which attributes are not changed without consequences.

/// What is lost with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Data, described.
    Data(&'static str),
    /// Nothing that its configuration does not say; nothing depends on it being there all the time.
    Nothing,
    /// Nothing, but others use it while it runs.
    Service,
}

/// What the change of an attribute can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The object restarts, or is not there for a while.
    Interrupts,
    /// A smaller number deletes something.
    LossyIfSmaller,
    /// Turning it off deletes something.
    LossyIfOff,
    /// Turning it off takes a guard away.
    GuardIfOff,
    /// Turning it on takes a guard away.
    GuardIfOn,
}

/// Attributes by which providers guard what is worth it. A type with one of them holds something.
pub(super) const GUARDS: [&str; 13] = [
    "deletion_protection",
    "deletion_protection_enabled",
    "deletion_window_in_days",
    "delete_protection",
    "final_snapshot_identifier",
    "force_delete",
    "force_destroy",
    "prevent_deletion_if_contains_resources",
    "purge_protection_enabled",
    "recovery_window_in_days",
    "skip_final_backup",
    "skip_final_snapshot",
    "soft_delete_retention_days",
];

/// By type. Sorted.
const TYPES: &[(&str, Content)] = &[
    ("aws_alb", Content::Service),
    ("aws_athena_database", Content::Data("a catalog of tables")),
    ("aws_athena_workgroup", Content::Service),
    ("aws_backup_vault", Content::Data("backups")),
    ("aws_cloudwatch_log_group", Content::Data("logs")),
    ("aws_cognito_user_pool", Content::Data("user accounts")),
    (
        "aws_db_cluster_snapshot",
        Content::Data("a backup of a database"),
    ),
    ("aws_db_instance", Content::Data("a database")),
    ("aws_db_snapshot", Content::Data("a backup of a database")),
    ("aws_docdb_cluster", Content::Data("a database")),
    ("aws_docdb_cluster_instance", Content::Service),
    ("aws_dynamodb_table", Content::Data("a database table")),
    ("aws_dynamodb_table_item", Content::Data("a row")),
    ("aws_ebs_snapshot", Content::Data("a backup of a disk")),
    ("aws_ebs_volume", Content::Data("a disk")),
    ("aws_ecr_repository", Content::Data("images")),
    ("aws_efs_file_system", Content::Data("files")),
    (
        "aws_eip",
        Content::Data("an address that may be known elsewhere"),
    ),
    (
        "aws_eks_cluster",
        Content::Data("a cluster with what runs in it"),
    ),
    ("aws_elasticache_cluster", Content::Data("cached data")),
    (
        "aws_elasticache_replication_group",
        Content::Data("cached data"),
    ),
    (
        "aws_elasticsearch_domain",
        Content::Data("an index with its documents"),
    ),
    ("aws_fsx_lustre_file_system", Content::Data("files")),
    ("aws_fsx_ontap_file_system", Content::Data("files")),
    ("aws_fsx_windows_file_system", Content::Data("files")),
    ("aws_glacier_vault", Content::Data("archives")),
    (
        "aws_iam_access_key",
        Content::Data("a key that can't be made again"),
    ),
    (
        "aws_instance",
        Content::Data("the disks that belong to a machine"),
    ),
    ("aws_kinesis_stream", Content::Data("messages")),
    (
        "aws_kms_key",
        Content::Data("a key, without which what it encrypted can't be read"),
    ),
    ("aws_lb", Content::Service),
    ("aws_lightsail_database", Content::Data("a database")),
    ("aws_mq_broker", Content::Data("messages")),
    ("aws_msk_cluster", Content::Data("messages")),
    ("aws_neptune_cluster", Content::Data("a database")),
    ("aws_neptune_cluster_instance", Content::Service),
    (
        "aws_opensearch_domain",
        Content::Data("an index with its documents"),
    ),
    ("aws_qldb_ledger", Content::Data("a ledger")),
    ("aws_rds_cluster", Content::Data("a database")),
    ("aws_rds_cluster_instance", Content::Service),
    ("aws_redshift_cluster", Content::Data("a database")),
    (
        "aws_route53_zone",
        Content::Data("names that others look up"),
    ),
    ("aws_route_table", Content::Service),
    ("aws_s3_bucket", Content::Data("objects")),
    ("aws_s3_object", Content::Data("an object")),
    ("aws_secretsmanager_secret", Content::Data("a secret")),
    ("aws_sqs_queue", Content::Data("messages")),
    ("aws_ssm_parameter", Content::Data("a stored value")),
    (
        "aws_timestreamwrite_table",
        Content::Data("a database table"),
    ),
    ("aws_volume_attachment", Content::Service),
    ("azurerm_container_registry", Content::Data("images")),
    ("azurerm_cosmosdb_account", Content::Data("databases")),
    ("azurerm_key_vault", Content::Data("keys and secrets")),
    (
        "azurerm_key_vault_key",
        Content::Data("a key, without which what it encrypted can't be read"),
    ),
    ("azurerm_key_vault_secret", Content::Data("a secret")),
    (
        "azurerm_kubernetes_cluster",
        Content::Data("a cluster with what runs in it"),
    ),
    (
        "azurerm_linux_virtual_machine",
        Content::Data("the disk of a machine"),
    ),
    ("azurerm_log_analytics_workspace", Content::Data("logs")),
    ("azurerm_managed_disk", Content::Data("a disk")),
    ("azurerm_mssql_database", Content::Data("a database")),
    ("azurerm_mssql_server", Content::Data("databases")),
    ("azurerm_mysql_flexible_server", Content::Data("databases")),
    (
        "azurerm_postgresql_flexible_server",
        Content::Data("databases"),
    ),
    ("azurerm_recovery_services_vault", Content::Data("backups")),
    ("azurerm_redis_cache", Content::Data("cached data")),
    (
        "azurerm_resource_group",
        Content::Data("everything that is in the group"),
    ),
    ("azurerm_route_table", Content::Service),
    ("azurerm_servicebus_queue", Content::Data("messages")),
    (
        "azurerm_storage_account",
        Content::Data("objects, files and queues"),
    ),
    ("azurerm_storage_container", Content::Data("objects")),
    (
        "azurerm_windows_virtual_machine",
        Content::Data("the disk of a machine"),
    ),
    (
        "google_artifact_registry_repository",
        Content::Data("images and packages"),
    ),
    ("google_bigquery_dataset", Content::Data("tables")),
    ("google_bigquery_table", Content::Data("a table")),
    ("google_bigtable_instance", Content::Data("a database")),
    ("google_compute_disk", Content::Data("a disk")),
    (
        "google_compute_instance",
        Content::Data("the disks that belong to a machine"),
    ),
    (
        "google_container_cluster",
        Content::Data("a cluster with what runs in it"),
    ),
    ("google_container_node_pool", Content::Service),
    ("google_filestore_instance", Content::Data("files")),
    ("google_firestore_database", Content::Data("a database")),
    (
        "google_kms_crypto_key",
        Content::Data("a key, without which what it encrypted can't be read"),
    ),
    (
        "google_project",
        Content::Data("everything that is in the project"),
    ),
    ("google_pubsub_subscription", Content::Data("messages")),
    ("google_redis_instance", Content::Data("cached data")),
    ("google_secret_manager_secret", Content::Data("a secret")),
    ("google_spanner_database", Content::Data("a database")),
    ("google_spanner_instance", Content::Data("databases")),
    ("google_sql_database", Content::Data("a database")),
    ("google_sql_database_instance", Content::Data("databases")),
    ("google_storage_bucket", Content::Data("objects")),
    ("google_storage_bucket_object", Content::Data("an object")),
    ("helm_release", Content::Service),
    (
        "kubernetes_namespace",
        Content::Data("everything that is in the namespace"),
    ),
    (
        "kubernetes_namespace_v1",
        Content::Data("everything that is in the namespace"),
    ),
    ("kubernetes_persistent_volume", Content::Data("a disk")),
    (
        "kubernetes_persistent_volume_claim",
        Content::Data("a disk"),
    ),
    (
        "kubernetes_persistent_volume_claim_v1",
        Content::Data("a disk"),
    ),
    ("kubernetes_secret", Content::Data("a secret")),
    ("kubernetes_stateful_set", Content::Service),
    ("local_file", Content::Nothing),
    ("local_sensitive_file", Content::Nothing),
    ("null_resource", Content::Nothing),
    (
        "random_bytes",
        Content::Data("a random value that can't be made again"),
    ),
    (
        "random_id",
        Content::Data("a random value that can't be made again"),
    ),
    (
        "random_integer",
        Content::Data("a random value that can't be made again"),
    ),
    (
        "random_password",
        Content::Data("a random value that can't be made again"),
    ),
    (
        "random_pet",
        Content::Data("a random value that can't be made again"),
    ),
    (
        "random_shuffle",
        Content::Data("a random value that can't be made again"),
    ),
    (
        "random_string",
        Content::Data("a random value that can't be made again"),
    ),
    (
        "random_uuid",
        Content::Data("a random value that can't be made again"),
    ),
    ("terraform_data", Content::Nothing),
    ("time_offset", Content::Nothing),
    ("time_rotating", Content::Nothing),
    ("time_sleep", Content::Nothing),
    ("time_static", Content::Nothing),
    (
        "tls_private_key",
        Content::Data("a key that can't be made again"),
    ),
    ("tls_self_signed_cert", Content::Nothing),
];

/// How names of types end that hold data, for those that are in no table.
const ENDINGS: &[(&str, &str)] = &[
    ("_backup", "a backup"),
    ("_bucket", "objects"),
    ("_database", "a database"),
    ("_database_instance", "a database"),
    ("_dataset", "data"),
    ("_db", "a database"),
    ("_db_cluster", "a database"),
    ("_db_instance", "a database"),
    ("_disk", "a disk"),
    ("_file_system", "files"),
    ("_filesystem", "files"),
    ("_keyspace", "a database"),
    (
        "_kms_key",
        "a key, without which what it encrypted can't be read",
    ),
    ("_persistent_volume", "a disk"),
    ("_queue", "messages"),
    ("_repository", "what was put there"),
    ("_secret", "a secret"),
    ("_snapshot", "a backup"),
    ("_vault", "what was put there"),
    ("_volume", "a disk"),
];

/// What deletes, interrupts or unguards, whatever the type.
const ATTRIBUTES: &[(&str, Effect)] = &[
    ("allocated_storage", Effect::LossyIfSmaller),
    ("ami", Effect::Interrupts),
    ("availability_zone", Effect::Interrupts),
    ("backup_retention_days", Effect::LossyIfSmaller),
    ("backup_retention_period", Effect::LossyIfSmaller),
    ("delete_protection", Effect::GuardIfOff),
    ("deletion_protection", Effect::GuardIfOff),
    ("deletion_protection_enabled", Effect::GuardIfOff),
    ("disk_size", Effect::LossyIfSmaller),
    ("disk_size_gb", Effect::LossyIfSmaller),
    ("engine_version", Effect::Interrupts),
    ("force_destroy", Effect::GuardIfOn),
    ("instance_class", Effect::Interrupts),
    ("instance_type", Effect::Interrupts),
    ("kubernetes_version", Effect::Interrupts),
    ("machine_type", Effect::Interrupts),
    ("message_retention_seconds", Effect::LossyIfSmaller),
    ("node_type", Effect::Interrupts),
    ("point_in_time_recovery_enabled", Effect::LossyIfOff),
    ("purge_protection_enabled", Effect::GuardIfOff),
    ("retention_days", Effect::LossyIfSmaller),
    ("retention_in_days", Effect::LossyIfSmaller),
    ("retention_period", Effect::LossyIfSmaller),
    ("skip_final_snapshot", Effect::GuardIfOn),
    ("snapshot_retention_limit", Effect::LossyIfSmaller),
    ("storage_size_gb", Effect::LossyIfSmaller),
    ("versioning_enabled", Effect::LossyIfOff),
    ("vm_size", Effect::Interrupts),
    ("volume_size", Effect::LossyIfSmaller),
];

/// What a type holds, where that is known.
pub(super) fn content(type_name: &str) -> Option<Content> {
    let at = TYPES
        .binary_search_by_key(&type_name, |(name, _)| name)
        .ok()?;
    TYPES.get(at).map(|(_, content)| *content)
}

/// What a type holds by its name.
pub(super) fn by_name(type_name: &str) -> Option<&'static str> {
    let found = ENDINGS
        .iter()
        .find(|(ending, _)| type_name.ends_with(ending));
    found.map(|(_, data)| *data)
}

/// What changing an attribute of a type can do.
pub(super) fn effect(type_name: &str, attribute: &str) -> Option<Effect> {
    // Those that only describe what others do have no such consequences.
    if matches!(content(type_name), Some(Content::Nothing)) {
        return None;
    }
    let at = ATTRIBUTES
        .binary_search_by_key(&attribute, |(name, _)| name)
        .ok()?;
    ATTRIBUTES.get(at).map(|(_, effect)| *effect)
}

#[cfg(test)]
mod tests {
    use super::{ATTRIBUTES, TYPES};

    #[test]
    fn tables_can_be_searched() {
        assert!(TYPES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(ATTRIBUTES.is_sorted_by(|a, b| a.0 < b.0));
    }
}
