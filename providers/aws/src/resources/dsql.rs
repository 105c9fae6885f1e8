//! Aurora DSQL: clusters, and clusters that are one with clusters of other regions.

use super::Family;
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) const TYPES: Family = &[
    ("aws_dsql_cluster", cluster),
    ("aws_dsql_cluster_peering", peering),
];

/// The key that is nobody's own.
const USUAL_KEY: &str = "AWS_OWNED_KMS_KEY";

/// A cluster is one of the clusters that it is one with; nobody writes that.
fn without_itself(found: &mut Json) {
    let own = found.get("arn").cloned().unwrap_or_default();
    let path = "/multiRegionProperties/clusters";
    if let Some(Json::Array(all)) = found.pointer_mut(path) {
        all.retain(|arn| *arn != own);
    }
}

fn cluster() -> Table {
    Table::new("aws_dsql_cluster", "dsql")
        .local(&["force_destroy"])
        .names(&[("vpc_endpoint_service_name", "serviceName")])
        .create(op("CreateCluster"))
        .id_out("identifier")
        .import("{identifier}")
        .read(op("GetCluster").set("identifier", "{identifier}"))
        .read(
            op("GetVpcEndpointServiceName")
                .set("identifier", "{identifier}")
                .only(&["vpc_endpoint_service_name"]),
        )
        .answer(|operation, found| {
            if operation != "GetCluster" {
                return;
            }
            without_itself(found);
            let key = match json::text_at(found, "encryptionDetails.encryptionType") {
                Some(kind) if kind == USUAL_KEY => Some(kind),
                _ => json::text_at(found, "encryptionDetails.kmsKeyArn"),
            };
            json::put(found, "kmsEncryptionKey", json!(key));
        })
        .update(
            op("UpdateCluster")
                .partial()
                .only(&["deletion_protection_enabled", "kms_encryption_key"])
                .set("identifier", "{identifier}"),
        )
        .delete(op("DeleteCluster").set("identifier", "{identifier}"))
        .recomputed("encryption_details", &["kms_encryption_key"])
        .wait(
            &[Phase::Create],
            "status",
            &["ACTIVE", "PENDING_SETUP"],
            &["CREATING"],
        )
        .wait(
            &[Phase::Update],
            "status",
            &["ACTIVE", "PENDING_SETUP", "IDLE"],
            &["UPDATING"],
        )
        .wait(
            &[Phase::Update],
            "encryptionDetails.encryptionStatus",
            &["ENABLED", ""],
            &["ENABLING", "UPDATING"],
        )
        .wait(&[Phase::Delete], "status", &[], &[])
        .tag_calls("", ("TagResource", "UntagResource"), "resourceArn", "{arn}")
        .hooks(Cluster)
}

/// What may not be deleted is deleted all the same where the configuration says so.
#[derive(Debug)]
struct Cluster;

#[async_trait]
impl Hooks for Cluster {
    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let flag = |name: &str| args::bool(object, name) == Some(true);
        if flag("force_destroy") && flag("deletion_protection_enabled") {
            let identifier = run.text("{identifier}", object);
            let input = json!({"identifier": identifier, "deletionProtectionEnabled": false});
            run.ask_unless("UpdateCluster", input, &["ResourceNotFoundException"])
                .await?;
        }
        Ok(false)
    }
}

fn peering() -> Table {
    let put = || {
        op("UpdateCluster")
            .set("identifier", "{identifier}")
            .set("multiRegionProperties.clusters", "{clusters}")
            .set("multiRegionProperties.witnessRegion", "{witness_region}")
    };
    Table::new("aws_dsql_cluster_peering", "dsql")
        .names(&[
            ("clusters", "multiRegionProperties.clusters"),
            ("witness_region", "multiRegionProperties.witnessRegion"),
        ])
        .create(put())
        .id("{identifier}")
        .read(op("GetCluster").set("identifier", "{identifier}"))
        .answer(|operation, found| {
            if operation == "GetCluster" {
                without_itself(found);
                let peers = json::get(found, "multiRegionProperties.clusters");
                let none = peers.and_then(Json::as_array).is_none_or(Vec::is_empty);
                json::put(found, "(alone)", none.into());
            }
        })
        .gone_when("(alone)", &["true"])
        .update(put())
        .wait(
            &[Phase::Create, Phase::Update],
            "status",
            &["ACTIVE"],
            &["CREATING", "PENDING_SETUP", "UPDATING"],
        )
        .hooks(Peering)
}

/// Clusters that are one stay so until one of them is deleted.
#[derive(Debug)]
struct Peering;

#[async_trait]
impl Hooks for Peering {
    async fn delete(&self, _run: &Run<'_>, _object: &Value) -> Answered<bool> {
        Ok(true)
    }
}
