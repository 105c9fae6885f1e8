//! MSK: settings of clusters, clusters, and who may use them.

use super::Family;
use crate::json;
use crate::run::Run;
use crate::table::{Cut, Hooks, Phase, Table, op};
use async_trait::async_trait;
use base64::Engine as _;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

mod cluster;

pub(super) const TYPES: Family = &[
    ("aws_msk_configuration", configuration),
    ("aws_msk_cluster", cluster::cluster),
    ("aws_msk_serverless_cluster", serverless),
    ("aws_msk_cluster_policy", policy),
];

fn configuration() -> Table {
    Table::new("aws_msk_configuration", "kafka")
        .names(&[("latest_revision", "LatestRevision.Revision")])
        .create(op("CreateConfiguration"))
        .id_out("Arn")
        .read(op("DescribeConfiguration").set("Arn", "{id}"))
        .answer(|operation, found| {
            // The description is that of the newest revision.
            if operation == "DescribeConfiguration"
                && let Some(text) = json::text_at(found, "LatestRevision.Description")
            {
                json::put(found, "Description", text.into());
            }
        })
        .update(op("UpdateConfiguration").set("Arn", "{id}"))
        .delete(op("DeleteConfiguration").set("Arn", "{id}"))
        .gone_when("State", &["DELETING"])
        .wait(&[Phase::Delete], "State", &[], &[])
        .recomputed("latest_revision", &["description", "server_properties"])
        .hooks(Configuration)
}

#[derive(Debug)]
struct Configuration;

#[async_trait]
impl Hooks for Configuration {
    /// The settings are told of each revision.
    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        let Some(revision) = json::get(raw, "LatestRevision.Revision") else {
            return Ok(object);
        };
        let input = json!({"Arn": run.text("{id}", &object), "Revision": revision});
        let answer = run.ask("DescribeConfigurationRevision", input).await?;
        let packed = json::text_at(&answer, "ServerProperties").unwrap_or_default();
        let bytes = base64::engine::general_purpose::STANDARD.decode(&packed);
        let text = bytes.map_or(packed, |bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(args::with(
            &object,
            "server_properties",
            Value::string(text),
        ))
    }
}

fn serverless() -> Table {
    Table::new("aws_msk_serverless_cluster", "kafka")
        .names(&[
            ("arn", "ClusterArn"),
            ("client_authentication", "Serverless.ClientAuthentication"),
            ("vpc_config", "Serverless.VpcConfigs"),
        ])
        .create(op("CreateClusterV2"))
        .id_out("ClusterArn")
        .read(
            op("DescribeClusterV2")
                .set("ClusterArn", "{id}")
                .at("ClusterInfo"),
        )
        .delete(op("DeleteCluster").set("ClusterArn", "{id}"))
        .derive("cluster_uuid", "{arn}", Cut::Last("/"))
        .tag_calls("", ("TagResource", "UntagResource"), "ResourceArn", "{id}")
        .wait(&[Phase::Create], "State", &["ACTIVE"], &["CREATING"])
        .wait(&[Phase::Delete], "State", &[], &[])
        .hooks(Serverless)
}

#[derive(Debug)]
struct Serverless;

#[async_trait]
impl Hooks for Serverless {
    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let input = json!({"ClusterArn": run.text("{id}", &object)});
        let answer = run.ask("GetBootstrapBrokers", input).await?;
        let text = json::text_at(&answer, "BootstrapBrokerStringSaslIam").unwrap_or_default();
        Ok(args::with(
            &object,
            "bootstrap_brokers_sasl_iam",
            Value::string(text),
        ))
    }
}

fn policy() -> Table {
    let put = || op("PutClusterPolicy");
    Table::new("aws_msk_cluster_policy", "kafka")
        .local(&["cluster_arn"])
        .create(put().set("ClusterArn", "{cluster_arn}"))
        .id("{cluster_arn}")
        .read(op("GetClusterPolicy").set("ClusterArn", "{cluster_arn}"))
        .update(put().set("ClusterArn", "{cluster_arn}"))
        .delete(op("DeleteClusterPolicy").set("ClusterArn", "{cluster_arn}"))
}
