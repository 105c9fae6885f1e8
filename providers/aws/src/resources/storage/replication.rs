//! What of a bucket goes to other buckets.

use super::part;
use crate::json;
use crate::table::{Phase, Table, op};
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_value::Value;

pub(super) fn configuration() -> Table {
    part(
        "aws_s3_bucket_replication_configuration",
        op("PutBucketReplication").only(&["role", "rule"]),
        op("GetBucketReplication").at("ReplicationConfiguration"),
        Some(op("DeleteBucketReplication")),
    )
    .names(&[
        ("role", "ReplicationConfiguration.Role"),
        ("role", "Role"),
        ("rule", "ReplicationConfiguration.Rules"),
        ("rule", "Rules"),
        ("rule.id", "ID"),
        ("rule.filter.and.tags", "Tags"),
        (
            "rule.destination.encryption_configuration.replica_kms_key_id",
            "ReplicaKmsKeyID",
        ),
    ])
    .local(&["token"])
    .by_function(&["token"])
    .input(input)
    .not_found(&["ReplicationConfigurationNotFoundError"])
    .retry(
        &[Phase::Create, Phase::Update],
        "InvalidRequest",
        "Versioning must be",
        60,
    )
}

/// A rule with a filter has one even if it says nothing, and says what becomes of marks of deletion.
fn input(operation: &str, input: &mut Json, object: &Value) {
    if operation != "PutBucketReplication" {
        return;
    }
    if let Some(token) = args::string(object, "token").filter(|token| !token.is_empty()) {
        json::put(input, "Token", token.into());
    }
    let blocks = args::get(object, "rule");
    let rules = input
        .pointer_mut("/ReplicationConfiguration/Rules")
        .and_then(Json::as_array_mut);
    for (rule, block) in rules.into_iter().flatten().zip(blocks.children()) {
        if args::get(block, "filter").children().is_empty() {
            // Rules of the first kind have a prefix, which may be empty.
            if rule.get("Prefix").is_none() {
                json::put(rule, "Prefix", "".into());
            }
            continue;
        }
        let filter = rule.get("Filter").and_then(Json::as_object);
        if filter.is_none_or(serde_json::Map::is_empty) {
            json::put(rule, "Filter", json!({"Prefix": ""}));
        }
        if rule.get("Priority").is_none() {
            json::put(rule, "Priority", 0.into());
        }
        if rule.get("DeleteMarkerReplication").is_none() {
            json::put(rule, "DeleteMarkerReplication.Status", "Disabled".into());
        }
    }
}
