//! Parts of clusters without limits; streams of what is done in clusters.

use super::{CHANGES, tags_listed};
use crate::json;
use crate::table::{Phase, Table, op};

pub(super) fn group() -> Table {
    tags_listed(Table::new("aws_rds_shard_group", "rds"))
        .noun("DBShardGroup")
        .create(op("CreateDBShardGroup"))
        .id("{db_shard_group_identifier}")
        .read(
            op("DescribeDBShardGroups")
                .set("DBShardGroupIdentifier", "{db_shard_group_identifier}")
                .at("DBShardGroups.0"),
        )
        .update(op("ModifyDBShardGroup"))
        .delete(
            op("DeleteDBShardGroup").set("DBShardGroupIdentifier", "{db_shard_group_identifier}"),
        )
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["available"],
            &["creating", "modifying"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
        .retry(CHANGES, "InvalidDBClusterStateFault", "", 600)
}

pub(super) fn activity_stream() -> Table {
    Table::new("aws_rds_cluster_activity_stream", "rds")
        .names(&[
            ("kinesis_stream_name", "ActivityStreamKinesisStreamName"),
            ("kms_key_id", "ActivityStreamKmsKeyId"),
            ("kms_key_id", "KmsKeyId"),
            ("mode", "ActivityStreamMode"),
            ("mode", "Mode"),
        ])
        .create(op("StartActivityStream"))
        .input(|operation, input, _| {
            if operation.ends_with("ActivityStream") {
                json::put(input, "ApplyImmediately", true.into());
            }
        })
        .id("{resource_arn}")
        .read(
            op("DescribeDBClusters")
                .set("DBClusterIdentifier", "{resource_arn}")
                .at("DBClusters.0"),
        )
        .delete(op("StopActivityStream").set("ResourceArn", "{resource_arn}"))
        .gone_when("ActivityStreamStatus", &["stopped"])
        .wait(
            &[Phase::Create],
            "ActivityStreamStatus",
            &["started"],
            &["starting"],
        )
        .wait(&[Phase::Delete], "ActivityStreamStatus", &[], &[])
}
