//! Clusters of nodes.

use super::{
    changed_destinations, flat_logs, in_small_letters, is_older, kept_window, of_caches,
    same_window, versions, with_logs,
};
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_provider::plan::PlanResponse;
use terrane_value::{Path, Value};

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn cluster() -> Table {
    of_caches("aws_elasticache_cluster")
        .names(&[
            ("arn", "ARN"),
            ("cluster_id", "CacheClusterId"),
            ("node_type", "CacheNodeType"),
            ("parameter_group_name", "CacheParameterGroupName"),
            (
                "parameter_group_name",
                "CacheParameterGroup.CacheParameterGroupName",
            ),
            ("subnet_group_name", "CacheSubnetGroupName"),
            ("availability_zone", "PreferredAvailabilityZone"),
            ("maintenance_window", "PreferredMaintenanceWindow"),
            ("notification_topic_arn", "NotificationTopicArn"),
            (
                "notification_topic_arn",
                "NotificationConfiguration.TopicArn",
            ),
            ("configuration_endpoint", ""),
            ("cache_nodes.address", "Endpoint.Address"),
            ("cache_nodes.port", "Endpoint.Port"),
            ("cache_nodes.id", "CacheNodeId"),
            ("cache_nodes.availability_zone", "CustomerAvailabilityZone"),
            ("cache_nodes.outpost_arn", "CustomerOutpostArn"),
        ])
        .local(&["final_snapshot_identifier", "apply_immediately"])
        .by_function(&["log_delivery_configuration", "num_cache_nodes"])
        .create(op("CreateCacheCluster").except(&["log_delivery_configuration"]))
        .input(|operation, input, object| {
            if operation == "CreateCacheCluster" {
                with_logs(input, object);
            }
        })
        .id("{cluster_id}")
        .read(
            op("DescribeCacheClusters")
                .set("CacheClusterId", "{cluster_id}")
                .set("ShowCacheNodeInfo", "true")
                .at("CacheClusters.0"),
        )
        .answer(|_, found| answered(found))
        .update(
            op("ModifyCacheCluster")
                .partial()
                .only(&[
                    "auto_minor_version_upgrade",
                    "az_mode",
                    "engine_version",
                    "ip_discovery",
                    "maintenance_window",
                    "node_type",
                    "notification_topic_arn",
                    "parameter_group_name",
                    "security_group_ids",
                    "snapshot_retention_limit",
                    "snapshot_window",
                ])
                .set("CacheClusterId", "{cluster_id}")
                .set("ApplyImmediately", "{apply_immediately}"),
        )
        .replaced_by(&["preferred_availability_zones"])
        .delete(
            op("DeleteCacheCluster")
                .set("CacheClusterId", "{cluster_id}")
                .set("FinalSnapshotIdentifier", "{final_snapshot_identifier}"),
        )
        .wait(
            &[Phase::Create, Phase::Update],
            "CacheClusterStatus",
            &["available"],
            &[
                "creating",
                "modifying",
                "snapshotting",
                "rebooting cluster nodes",
            ],
        )
        .wait(&[Phase::Delete], "CacheClusterStatus", &[], &[])
        .retry(
            &[Phase::Update, Phase::Delete],
            "InvalidCacheClusterState",
            "",
            300,
        )
        .planned(planned)
        .hooks(Cluster)
}

/// What is asked of the whole where the answer says it of parts.
fn answered(found: &mut Json) {
    flat_logs(found);
    let groups = found.get("SecurityGroups").and_then(Json::as_array);
    let ids: Option<Vec<Json>> = groups.map(|groups| {
        let id = |group: &Json| group.get("SecurityGroupId").cloned();
        groups.iter().filter_map(id).collect()
    });
    if let Some(ids) = ids {
        json::put(found, "SecurityGroupIds", ids.into());
    }
    let port = ["ConfigurationEndpoint.Port", "CacheNodes.0.Endpoint.Port"]
        .iter()
        .find_map(|path| json::get(found, path).cloned());
    if let Some(port) = port {
        json::put(found, "Port", port);
    }
    let several = json::text_at(found, "PreferredAvailabilityZone").as_deref() == Some("Multiple");
    let mode = if several { "cross-az" } else { "single-az" };
    json::put(found, "AZMode", mode.into());
}

fn planned(prior: &Value, _config: &Value, response: &mut PlanResponse) {
    in_small_letters(response, &["cluster_id"]);
    kept_window(prior, response, "maintenance_window");
    if prior.is_null() {
        return;
    }
    // Nodes of memcached have one size for ever, and nothing goes back to an older version.
    let mut replace = |name: &str| response.requires_replace.push(Path::new().attr(name));
    let memcached = args::string(prior, "engine") == Some("memcached");
    if memcached && !same_at(prior, &response.planned, "node_type") {
        replace("node_type");
    }
    let of = |object: &Value| args::get(object, "engine_version");
    if is_older(&of(&response.planned), &of(prior)) {
        replace("engine_version");
    }
}

#[derive(Debug)]
struct Cluster;

#[async_trait]
impl Hooks for Cluster {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let mut input = json!({
            "CacheClusterId": run.text("{cluster_id}", prior),
            "ApplyImmediately": args::bool(planned, "apply_immediately") == Some(true),
        });
        let logs = changed_destinations(prior, planned);
        let nodes = |object: &Value| args::int(object, "num_cache_nodes").unwrap_or(1);
        let (before, after) = (nodes(prior), nodes(planned));
        if logs.is_none() && before == after {
            return Ok(());
        }
        if let Some(logs) = logs {
            json::put(&mut input, "LogDeliveryConfigurations", logs);
        }
        if before != after {
            json::put(&mut input, "NumCacheNodes", after.into());
        }
        if after < before {
            // The last ones go.
            let gone: Vec<String> = (after + 1..=before).map(|at| format!("{at:04}")).collect();
            json::put(&mut input, "CacheNodeIdsToRemove", json!(gone));
        }
        run.wait_for(Phase::Update, prior).await?;
        run.ask("ModifyCacheCluster", input).await.map(drop)
    }

    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let actual = json::text_at(raw, "EngineVersion").unwrap_or_default();
        let written = args::get(prior, "engine_version");
        let told = match json::text_at(raw, "Engine").as_deref() {
            Some("memcached") => actual.clone(),
            _ => versions(&actual, written.as_str()),
        };
        let window = same_window(
            &args::get(&object, "maintenance_window"),
            &args::get(prior, "maintenance_window"),
        );
        let mut changes = vec![
            ("engine_version", Value::string(told)),
            ("engine_version_actual", Value::string(actual)),
            ("maintenance_window", window),
        ];
        let text = |path: &str| json::text_at(raw, path);
        if let (Some(host), Some(port)) = (
            text("ConfigurationEndpoint.Address"),
            text("ConfigurationEndpoint.Port"),
        ) {
            changes.push(("cluster_address", Value::string(host.as_str())));
            let endpoint = format!("{host}:{port}");
            changes.push(("configuration_endpoint", Value::string(endpoint)));
        }
        Ok(args::with_all(&object, changes))
    }
}
