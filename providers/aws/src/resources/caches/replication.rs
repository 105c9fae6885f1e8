//! Groups of clusters that hold the same data, or parts of it.

use super::{
    changed_destinations, flat_logs, in_small_letters, is_older, kept_window, of_caches,
    same_window, versions, with_logs,
};
use crate::json;
use crate::read::is_empty;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_provider::plan::PlanResponse;
use terrane_value::{Kind, Path, Type, Value};

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn replication_group() -> Table {
    of_caches("aws_elasticache_replication_group")
        .names(&[
            ("arn", "ARN"),
            ("description", "ReplicationGroupDescription"),
            ("description", "Description"),
            ("node_type", "CacheNodeType"),
            ("parameter_group_name", "CacheParameterGroupName"),
            ("subnet_group_name", "CacheSubnetGroupName"),
            ("security_group_names", "CacheSecurityGroupNames"),
            ("maintenance_window", "PreferredMaintenanceWindow"),
            ("preferred_cache_cluster_azs", "PreferredCacheClusterAZs"),
            ("multi_az_enabled", "MultiAZEnabled"),
            ("global_replication_group_id", "GlobalReplicationGroupId"),
            (
                "global_replication_group_id",
                "GlobalReplicationGroupInfo.GlobalReplicationGroupId",
            ),
            (
                "configuration_endpoint_address",
                "ConfigurationEndpoint.Address",
            ),
            (
                "primary_endpoint_address",
                "NodeGroups.0.PrimaryEndpoint.Address",
            ),
            (
                "reader_endpoint_address",
                "NodeGroups.0.ReaderEndpoint.Address",
            ),
            ("node_group_configuration", "NodeGroupConfiguration"),
        ])
        .local(&[
            "final_snapshot_identifier",
            "apply_immediately",
            "auth_token_update_strategy",
        ])
        // The usual port is not told of where none was asked for.
        .quiet(&["port"])
        .by_function(&[
            "auth_token",
            "log_delivery_configuration",
            "node_group_configuration",
            "num_cache_clusters",
            "num_node_groups",
            "replicas_per_node_group",
            "user_group_ids",
        ])
        .create(op("CreateReplicationGroup").except(&["log_delivery_configuration"]))
        .input(|operation, input, object| {
            if operation == "CreateReplicationGroup" {
                with_logs(input, object);
            }
        })
        .id("{replication_group_id}")
        .read(
            op("DescribeReplicationGroups")
                .set("ReplicationGroupId", "{replication_group_id}")
                .at("ReplicationGroups.0"),
        )
        .answer(|_, found| answered(found))
        .gone_when("Status", &["deleting"])
        .update(
            op("ModifyReplicationGroup")
                .partial()
                .only(&[
                    "auto_minor_version_upgrade",
                    "automatic_failover_enabled",
                    "cluster_mode",
                    "description",
                    "engine",
                    "engine_version",
                    "ip_discovery",
                    "maintenance_window",
                    "multi_az_enabled",
                    "node_type",
                    "notification_topic_arn",
                    "parameter_group_name",
                    "security_group_ids",
                    "snapshot_retention_limit",
                    "snapshot_window",
                    "transit_encryption_enabled",
                    "transit_encryption_mode",
                ])
                .set("ReplicationGroupId", "{replication_group_id}")
                .set("ApplyImmediately", "{apply_immediately}"),
        )
        .replaced_by(&["preferred_cache_cluster_azs"])
        .delete(
            op("DeleteReplicationGroup")
                .set("ReplicationGroupId", "{replication_group_id}")
                .set("FinalSnapshotIdentifier", "{final_snapshot_identifier}"),
        )
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["available"],
            &["creating", "modifying", "snapshotting"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
        .retry(
            &[Phase::Update, Phase::Delete],
            "InvalidReplicationGroupState",
            "",
            600,
        )
        .planned(planned)
        .hooks(Replication)
}

/// What is asked of the whole where the answer says it in words, or of parts.
fn answered(found: &mut Json) {
    flat_logs(found);
    for (member, name) in [
        ("AutomaticFailover", "AutomaticFailoverEnabled"),
        ("MultiAZ", "MultiAZEnabled"),
        ("DataTiering", "DataTieringEnabled"),
    ] {
        if let Some(word) = json::text_at(found, member) {
            let on = matches!(word.as_str(), "enabled" | "enabling");
            json::put(found, name, on.into());
        }
    }
    let length = |path: &str| {
        json::get(found, path)
            .and_then(Json::as_array)
            .map(Vec::len)
    };
    let counts = [
        ("NumCacheClusters", length("MemberClusters")),
        ("NumNodeGroups", length("NodeGroups")),
        (
            "ReplicasPerNodeGroup",
            length("NodeGroups.0.NodeGroupMembers").map(|members| members.saturating_sub(1)),
        ),
    ];
    for (name, count) in counts {
        if let Some(count) = count {
            json::put(found, name, count.into());
        }
    }
    let endpoints = [
        "NodeGroups.0.PrimaryEndpoint.Port",
        "ConfigurationEndpoint.Port",
    ];
    let port = endpoints
        .iter()
        .find_map(|path| json::get(found, path).cloned());
    if let Some(port) = port {
        json::put(found, "Port", port);
    }
    let groups = found.get("NodeGroups").and_then(Json::as_array);
    let configured: Vec<Json> = groups.into_iter().flatten().map(node_group).collect();
    json::put(found, "NodeGroupConfiguration", configured.into());
}

/// How a group of nodes was to be, by how it is.
fn node_group(group: &Json) -> Json {
    let members = group.get("NodeGroupMembers").and_then(Json::as_array);
    let zone_of = |role: &str| -> Vec<Json> {
        let of_role = |member: &&Json| member["CurrentRole"] == role;
        let all = members.into_iter().flatten().filter(of_role);
        all.filter_map(|member| member.get("PreferredAvailabilityZone").cloned())
            .collect()
    };
    let count = members.map_or(0, Vec::len).saturating_sub(1);
    let mut made = json!({
        "NodeGroupId": group["NodeGroupId"],
        "ReplicaCount": count,
        "ReplicaAvailabilityZones": zone_of("replica"),
    });
    if let Some(zone) = zone_of("primary").first() {
        json::put(&mut made, "PrimaryAvailabilityZone", zone.clone());
    }
    if let Some(slots) = group.get("Slots") {
        json::put(&mut made, "Slots", slots.clone());
    }
    made
}

fn planned(prior: &Value, config: &Value, response: &mut PlanResponse) {
    in_small_letters(response, &["replication_group_id"]);
    kept_window(prior, response, "maintenance_window");
    if prior.is_null() {
        return;
    }
    let of = |object: &Value| args::get(object, "engine_version");
    if is_older(&of(&response.planned), &of(prior)) {
        let path = Path::new().attr("engine_version");
        response.requires_replace.push(path);
    }
    let groups = "node_group_configuration";
    let written = !is_empty(&args::get(config, groups));
    if written && !same_at(prior, &response.planned, groups) {
        response.requires_replace.push(Path::new().attr(groups));
    }
    // Counts that others bring about are known when those have changed.
    let counted = [
        "num_cache_clusters",
        "num_node_groups",
        "replicas_per_node_group",
    ];
    let changes = |name: &&str| !same_at(prior, &response.planned, name);
    if counted.iter().any(changes) {
        let computed = counted
            .iter()
            .filter(|name| !args::is_set(config, name))
            .map(|name| (*name, Value::unknown(Type::Number)));
        let configured = args::get(prior, groups).ty();
        let others = [
            ("member_clusters", Type::set(Type::String), true),
            (groups, configured, !written),
        ];
        let others = others
            .into_iter()
            .filter(|(.., computed)| *computed)
            .map(|(name, ty, _)| (name, Value::unknown(ty)));
        let all: Vec<_> = computed.chain(others).collect();
        response.planned = args::with_all(&response.planned, all);
    }
}

#[derive(Debug)]
struct Replication;

impl Replication {
    /// A group takes one change at a time.
    async fn through(
        run: &Run<'_>,
        object: &Value,
        operation: &str,
        mut input: Json,
    ) -> Answered<()> {
        let id = run.text("{replication_group_id}", object);
        json::put(&mut input, "ReplicationGroupId", id.into());
        run.wait_for(Phase::Update, object).await?;
        run.ask(operation, input).await?;
        run.wait_for(Phase::Update, object).await
    }

    /// Another number of groups of nodes, or of nodes in each.
    async fn resize(run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let number = |object: &Value, name: &str| args::int(object, name);
        let changed = |name: &str| match (number(prior, name), number(planned, name)) {
            (Some(before), Some(after)) if before != after => Some((before, after)),
            _ => None,
        };
        if let Some((before, after)) = changed("num_node_groups") {
            let mut input = json!({"ApplyImmediately": true, "NodeGroupCount": after});
            if after < before {
                let gone: Vec<String> = (after + 1..=before).map(|at| format!("{at:04}")).collect();
                json::put(&mut input, "NodeGroupsToRemove", json!(gone));
            }
            Self::through(
                run,
                prior,
                "ModifyReplicationGroupShardConfiguration",
                input,
            )
            .await?;
        }
        // Of nodes that hold the same one is no replica.
        let replicas = changed("replicas_per_node_group").or_else(|| {
            let (before, after) = changed("num_cache_clusters")?;
            Some((before - 1, after - 1))
        });
        if let Some((before, after)) = replicas {
            let operation = if after > before {
                "IncreaseReplicaCount"
            } else {
                "DecreaseReplicaCount"
            };
            let input = json!({"ApplyImmediately": true, "NewReplicaCount": after});
            Self::through(run, prior, operation, input).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Hooks for Replication {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        Self::resize(run, prior, planned).await?;
        let now = args::bool(planned, "apply_immediately") == Some(true);
        let mut input = json!({});
        if let Some(logs) = changed_destinations(prior, planned) {
            json::put(&mut input, "LogDeliveryConfigurations", logs);
        }
        let of = |object: &Value| args::strings(object, "user_group_ids").unwrap_or_default();
        let (before, after) = (of(prior), of(planned));
        for (member, left, right) in [
            ("UserGroupIdsToAdd", &after, &before),
            ("UserGroupIdsToRemove", &before, &after),
        ] {
            let rest = left.iter().filter(|id| !right.contains(id));
            let ids: Vec<&str> = rest.map(|id| id.as_str()).collect();
            if !ids.is_empty() {
                json::put(&mut input, member, json!(ids));
            }
        }
        if input.as_object().is_some_and(|members| !members.is_empty()) {
            json::put(&mut input, "ApplyImmediately", now.into());
            Self::through(run, prior, "ModifyReplicationGroup", input).await?;
        }
        if !same_at(prior, planned, "auth_token") {
            // Secrets change at once, and alone.
            let strategy = args::string(planned, "auth_token_update_strategy");
            let strategy = strategy.filter(|text| !text.is_empty()).unwrap_or("ROTATE");
            let mut input = json!({"ApplyImmediately": true, "AuthTokenUpdateStrategy": strategy});
            let token = args::get(planned, "auth_token");
            if let Some(token) = token.unmarked().as_str().filter(|text| !text.is_empty()) {
                json::put(&mut input, "AuthToken", token.into());
            }
            Self::through(run, prior, "ModifyReplicationGroup", input).await?;
        }
        Ok(())
    }

    /// What the group itself does not tell is told by its first cluster.
    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let Some(member) = json::text_at(raw, "MemberClusters.0") else {
            return Ok(object);
        };
        let input = json!({"CacheClusterId": member});
        let answer = run
            .ask_unless("DescribeCacheClusters", input, &["CacheClusterNotFound"])
            .await?;
        let Some(cluster) = answer
            .as_ref()
            .and_then(|all| json::get(all, "CacheClusters.0"))
        else {
            return Ok(object);
        };
        let mut changes: Vec<(&str, Value)> = [
            (
                "parameter_group_name",
                "CacheParameterGroup.CacheParameterGroupName",
            ),
            ("subnet_group_name", "CacheSubnetGroupName"),
            (
                "notification_topic_arn",
                "NotificationConfiguration.TopicArn",
            ),
        ]
        .into_iter()
        .filter_map(|(name, path)| Some((name, Value::string(json::text_at(cluster, path)?))))
        .collect();
        if let Some(window) = json::text_at(cluster, "PreferredMaintenanceWindow") {
            let before = args::get(prior, "maintenance_window");
            let window = same_window(&Value::string(window), &before);
            changes.push(("maintenance_window", window));
        }
        if let Some(actual) = json::text_at(cluster, "EngineVersion") {
            let written = args::get(prior, "engine_version");
            let told = versions(&actual, written.as_str());
            changes.push(("engine_version", Value::string(told)));
            changes.push(("engine_version_actual", Value::string(actual)));
        }
        if let Some(groups) = cluster.get("SecurityGroups").and_then(Json::as_array) {
            let id = |group: &Json| json::text_at(group, "SecurityGroupId").map(Value::string);
            let ids = groups.iter().filter_map(id).collect();
            changes.push(("security_group_ids", Value::set(Type::String, ids)));
        }
        // A group of one kind of node that was not written is not looked at.
        let before = args::get(prior, "node_group_configuration");
        if matches!(before.kind(), Kind::Set(_)) && is_empty(&before) {
            changes.push(("node_group_configuration", before));
        }
        Ok(args::with_all(&object, changes))
    }
}
