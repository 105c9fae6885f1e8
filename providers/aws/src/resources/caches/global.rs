//! Groups of groups of clusters, in several regions.

use super::{of_caches, versions};
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) fn global_group() -> Table {
    let mut table = of_caches("aws_elasticache_global_replication_group")
        .names(&[
            ("arn", "ARN"),
            ("global_node_groups", "GlobalNodeGroups"),
            ("engine_version_actual", "EngineVersion"),
            ("engine_version", ""),
        ])
        .local(&["global_replication_group_id_suffix", "parameter_group_name"])
        .names(&[
            (
                "global_replication_group_id_suffix",
                "GlobalReplicationGroupIdSuffix",
            ),
            ("primary_replication_group_id", "PrimaryReplicationGroupId"),
            ("primary_replication_group_id", ""),
        ])
        .by_function(&[
            "automatic_failover_enabled",
            "cache_node_type",
            "engine",
            "engine_version",
            "global_replication_group_description",
            "num_node_groups",
        ])
        .create(
            op("CreateGlobalReplicationGroup")
                .only(&[
                    "global_replication_group_description",
                    "primary_replication_group_id",
                ])
                .set(
                    "GlobalReplicationGroupIdSuffix",
                    "{global_replication_group_id_suffix}",
                ),
        )
        .recomputed("engine_version_actual", &["engine", "engine_version"])
        .recomputed("global_node_groups", &["num_node_groups"])
        .id_out("GlobalReplicationGroup.GlobalReplicationGroupId")
        .read(
            op("DescribeGlobalReplicationGroups")
                .set("GlobalReplicationGroupId", "{id}")
                .at("GlobalReplicationGroups.0"),
        )
        .delete(op("DeleteGlobalReplicationGroup").set("GlobalReplicationGroupId", "{id}"))
        .input(|operation, input, _| {
            // The first group outlives the group of groups.
            if operation == "DeleteGlobalReplicationGroup" {
                json::put(input, "RetainPrimaryReplicationGroup", true.into());
            }
        })
        .gone_when("Status", &["deleted"])
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["available", "primary-only"],
            &["creating", "modifying"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
        .retry(
            &[Phase::Delete],
            "InvalidGlobalReplicationGroupState",
            "",
            600,
        )
        .hooks(Global);
    // They have no tags.
    table.tags = crate::table::Tags::None;
    table
}

#[derive(Debug)]
struct Global;

/// The member that is what the others copy.
fn primary(raw: &Json) -> Option<&Json> {
    let members = raw.get("Members").and_then(Json::as_array)?;
    members.iter().find(|one| one["Role"] == "PRIMARY")
}

#[async_trait]
impl Hooks for Global {
    /// What differs from the group that it is made of is changed after it.
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let Some((found, _)) = run.raw(object).await? else {
            return Ok(());
        };
        let failover = primary(&found)
            .and_then(|one| json::text_at(one, "AutomaticFailover"))
            .is_some_and(|word| word == "enabled");
        let groups = found.get("GlobalNodeGroups").and_then(Json::as_array);
        let groups = groups.map_or(0, Vec::len);
        let text = |member: &str| Value::string(json::text_at(&found, member).unwrap_or_default());
        let mut as_made = vec![
            ("automatic_failover_enabled", Value::bool(failover)),
            ("cache_node_type", text("CacheNodeType")),
            ("engine", text("Engine")),
            (
                "num_node_groups",
                Value::number(i64::try_from(groups).unwrap_or(0)),
            ),
        ];
        let actual = json::text_at(&found, "EngineVersion").unwrap_or_default();
        let written = args::string(object, "engine_version");
        as_made.push(("engine_version", Value::string(versions(&actual, written))));
        self.update(run, &args::with_all(object, as_made), object)
            .await
    }

    /// One change at a time: each is waited for.
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", prior);
        let changed = |name: &str| {
            let wanted = args::get(planned, name);
            wanted.is_known() && !wanted.is_null() && !same_at(prior, planned, name)
        };
        let text = |name: &str| Json::from(args::string(planned, name).unwrap_or_default());
        let mut changes = Vec::new();
        for (name, member) in [
            (
                "global_replication_group_description",
                "GlobalReplicationGroupDescription",
            ),
            ("cache_node_type", "CacheNodeType"),
        ] {
            if changed(name) {
                changes.push(json!({member: text(name)}));
            }
        }
        if changed("automatic_failover_enabled") {
            let on = args::bool(planned, "automatic_failover_enabled");
            changes.push(json!({"AutomaticFailoverEnabled": on}));
        }
        if changed("engine_version") || changed("engine") {
            let mut change = json!({});
            for (name, member) in [
                ("engine", "Engine"),
                ("engine_version", "EngineVersion"),
                ("parameter_group_name", "CacheParameterGroupName"),
            ] {
                let value = args::string(planned, name).filter(|text| !text.is_empty());
                let value = value.filter(|_| name != "engine" || changed("engine"));
                if let Some(value) = value {
                    json::put(&mut change, member, value.into());
                }
            }
            changes.push(change);
        }
        for mut input in changes {
            json::put(&mut input, "GlobalReplicationGroupId", id.as_str().into());
            json::put(&mut input, "ApplyImmediately", true.into());
            run.ask("ModifyGlobalReplicationGroup", input).await?;
            run.wait_for(Phase::Update, prior).await?;
        }
        if changed("num_node_groups") {
            let count = |object: &Value| args::int(object, "num_node_groups").unwrap_or(0);
            let (before, after) = (count(prior), count(planned));
            let mut input = json!({
                "GlobalReplicationGroupId": id,
                "NodeGroupCount": after,
                "ApplyImmediately": true,
            });
            let operation = if after > before {
                "IncreaseNodeGroupsInGlobalReplicationGroup"
            } else {
                let found = run.raw(prior).await?.unwrap_or_default().0;
                let groups = found.get("GlobalNodeGroups").and_then(Json::as_array);
                let ids = groups.into_iter().flatten();
                let mut ids: Vec<String> = ids
                    .filter_map(|one| json::text_at(one, "GlobalNodeGroupId"))
                    .collect();
                ids.sort();
                ids.truncate(usize::try_from(after).unwrap_or(0));
                json::put(&mut input, "GlobalNodeGroupsToRetain", json!(ids));
                "DecreaseNodeGroupsInGlobalReplicationGroup"
            };
            run.ask(operation, input).await?;
            run.wait_for(Phase::Update, prior).await?;
        }
        Ok(())
    }

    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let first = primary(raw);
        let actual = json::text_at(raw, "EngineVersion").unwrap_or_default();
        let written = args::string(prior, "engine_version").map(str::to_owned);
        let groups = raw.get("GlobalNodeGroups").and_then(Json::as_array);
        let groups = groups.map_or(0, Vec::len);
        let failover = first.and_then(|one| json::text_at(one, "AutomaticFailover"));
        let mut told = vec![
            (
                "engine_version",
                Value::string(versions(&actual, written.as_deref())),
            ),
            (
                "num_node_groups",
                Value::number(i64::try_from(groups).unwrap_or(0)),
            ),
            (
                "automatic_failover_enabled",
                Value::bool(failover.as_deref() == Some("enabled")),
            ),
        ];
        if let Some(id) = first.and_then(|one| json::text_at(one, "ReplicationGroupId")) {
            told.push(("primary_replication_group_id", Value::string(id)));
        }
        // AWS puts five letters of its own before what is written.
        let id = args::string(&object, "global_replication_group_id").unwrap_or_default();
        if let Some((_, suffix)) = id.split_once('-') {
            told.push(("global_replication_group_id_suffix", Value::string(suffix)));
        }
        Ok(args::with_all(&object, told))
    }
}
