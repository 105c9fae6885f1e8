//! Proxies of databases, and what they lead to.

use super::tags_listed;
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

const CHANGING: &[&str] = &["creating", "modifying", "reactivating"];

pub(super) fn proxy() -> Table {
    tags_listed(Table::new("aws_db_proxy", "rds"))
        .noun("DBProxy")
        .names(&[
            ("auth.username", "UserName"),
            ("vpc_security_group_ids", "VpcSecurityGroupIds"),
            ("vpc_security_group_ids", "SecurityGroups"),
        ])
        .create(op("CreateDBProxy"))
        .id("{name}")
        .read(
            op("DescribeDBProxies")
                .set("DBProxyName", "{id}")
                .at("DBProxies.0"),
        )
        .update(
            op("ModifyDBProxy")
                .except(&["name"])
                .set("DBProxyName", "{id}")
                .set("NewDBProxyName", "{name}"),
        )
        .replaced_by(&["name"])
        .delete(op("DeleteDBProxy").set("DBProxyName", "{id}"))
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["available"],
            CHANGING,
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
}

pub(super) fn default_group() -> Table {
    let put = || {
        op("ModifyDBProxyTargetGroup")
            .set("TargetGroupName", "default")
            .set("DBProxyName", "{db_proxy_name}")
    };
    Table::new("aws_db_proxy_default_target_group", "rds")
        .names(&[("arn", "TargetGroupArn"), ("name", "TargetGroupName")])
        .create(put())
        .id("{db_proxy_name}")
        .read(
            op("DescribeDBProxyTargetGroups")
                .set("DBProxyName", "{db_proxy_name}")
                .at("TargetGroups[IsDefault=true]"),
        )
        .update(put())
        // It goes with its proxy.
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["available"],
            CHANGING,
        )
}

pub(super) fn target() -> Table {
    let of_group = |operation: &'static str| {
        op(operation)
            .set("DBProxyName", "{db_proxy_name}")
            .set("TargetGroupName", "{target_group_name}")
            .set("DBInstanceIdentifiers", "{db_instance_identifier}")
            .set("DBClusterIdentifiers", "{db_cluster_identifier}")
    };
    Table::new("aws_db_proxy_target", "rds")
        .local(&[
            "db_cluster_identifier",
            "db_instance_identifier",
            "db_proxy_name",
            "target_group_name",
        ])
        .create(of_group("RegisterDBProxyTargets"))
        .id_out("DBProxyTargets.0.RdsResourceId")
        .read(
            op("DescribeDBProxyTargets")
                .set("DBProxyName", "{db_proxy_name}")
                .set("TargetGroupName", "{target_group_name}"),
        )
        .delete(of_group("DeregisterDBProxyTargets"))
        .retry(&[Phase::Create], "InvalidDBInstanceState", "", 600)
        .retry(&[Phase::Create], "InvalidDBClusterStateFault", "", 600)
        .hooks(Target)
}

/// A target is an instance, or a cluster with all that are in it.
#[derive(Debug)]
struct Target;

impl Target {
    /// Its kind and its name.
    fn kind(object: &Value) -> (&'static str, String) {
        let text = |name: &str| args::string(object, name).unwrap_or_default().to_owned();
        match text("db_cluster_identifier") {
            cluster if !cluster.is_empty() => ("TRACKED_CLUSTER", cluster),
            _ => ("RDS_INSTANCE", text("db_instance_identifier")),
        }
    }
}

#[async_trait]
impl Hooks for Target {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let Some(step) = &run.table.create else {
            return Ok(None);
        };
        let operation = run.operation("rds", step.operation)?;
        let input = run.input(step, &operation, planned);
        run.ask(step.operation, input).await?;
        let (kind, name) = Self::kind(planned);
        let group = run.text("{db_proxy_name}/{target_group_name}", planned);
        Ok(Some((format!("{group}/{kind}/{name}"), planned.clone())))
    }

    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let input = json!({
            "DBProxyName": run.text("{db_proxy_name}", object),
            "TargetGroupName": run.text("{target_group_name}", object),
        });
        let gone = ["DBProxyNotFoundFault", "DBProxyTargetGroupNotFoundFault"];
        let answer = run
            .ask_unless("DescribeDBProxyTargets", input, &gone)
            .await?
            .unwrap_or_default();
        let (kind, name) = Self::kind(object);
        let targets = answer.get("Targets").and_then(Json::as_array);
        let target = targets
            .into_iter()
            .flatten()
            .find(|one| one["Type"] == kind && one["RdsResourceId"] == *name);
        let Some(target) = target else {
            return Ok(Some(None));
        };
        let text = |member: &str| {
            let text = json::text_at(target, member).unwrap_or_default();
            Value::string(text)
        };
        let group = run.text("{db_proxy_name}/{target_group_name}", object);
        let port = target.get("Port").and_then(Json::as_i64).unwrap_or(0);
        Ok(Some(Some(args::with_all(
            object,
            [
                ("id", Value::string(format!("{group}/{kind}/{name}"))),
                ("endpoint", text("Endpoint")),
                ("port", Value::number(port)),
                ("rds_resource_id", text("RdsResourceId")),
                ("target_arn", text("TargetArn")),
                ("tracked_cluster_id", text("TrackedClusterId")),
                ("type", text("Type")),
            ],
        ))))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let parts: Vec<&str> = id.splitn(4, '/').collect();
        let [proxy, group, kind, name] = parts.as_slice() else {
            return None;
        };
        let own = match *kind {
            "TRACKED_CLUSTER" => "db_cluster_identifier",
            _ => "db_instance_identifier",
        };
        Some(vec![
            ("id", id.to_owned()),
            ("db_proxy_name", (*proxy).to_owned()),
            ("target_group_name", (*group).to_owned()),
            (own, (*name).to_owned()),
        ])
    }
}
