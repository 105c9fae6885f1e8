//! Secrets in other regions.

use crate::json;
use crate::run::{Run, same_at};
use crate::table::Hooks;
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

/// Replicas come and go by calls of their own; none may be left when the secret goes.
#[derive(Debug)]
pub(super) struct Replicas;

/// The region of a replica, and its key if one is written.
fn replicas(object: &Value) -> Vec<(String, Option<String>)> {
    let text = |block: &Value, name: &str| {
        let text = args::string(block, name).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let blocks = args::get(object, "replica");
    let blocks = blocks.children().iter();
    blocks
        .filter_map(|block| Some((text(block, "region")?, text(block, "kms_key_id"))))
        .collect()
}

async fn remove(run: &Run<'_>, object: &Value, regions: &[&str]) -> Answered<()> {
    if regions.is_empty() {
        return Ok(());
    }
    let input = json!({"SecretId": run.text("{id}", object), "RemoveReplicaRegions": regions});
    let gone = ["ResourceNotFoundException"];
    run.ask_unless("RemoveRegionsFromReplication", input, &gone)
        .await
        .map(drop)
}

#[async_trait]
impl Hooks for Replicas {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if same_at(prior, planned, "replica") {
            return Ok(());
        }
        let (before, after) = (replicas(prior), replicas(planned));
        let old = before.iter().filter(|one| !after.contains(one));
        let old: Vec<&str> = old.map(|(region, _)| region.as_str()).collect();
        remove(run, prior, &old).await?;
        let new = after.iter().filter(|one| !before.contains(one));
        let new: Vec<Json> = new
            .map(|(region, key)| {
                let mut replica = json!({"Region": region});
                if let Some(key) = key {
                    json::put(&mut replica, "KmsKeyId", key.as_str().into());
                }
                replica
            })
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let input = json!({
            "SecretId": run.text("{id}", prior),
            "AddReplicaRegions": new,
            "ForceOverwriteReplicaSecret": args::bool(planned, "force_overwrite_replica_secret"),
        });
        run.ask("ReplicateSecretToRegions", input).await.map(drop)
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let all = replicas(object);
        let regions: Vec<&str> = all.iter().map(|(region, _)| region.as_str()).collect();
        remove(run, object, &regions).await?;
        Ok(false)
    }
}
