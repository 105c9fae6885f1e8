//! Clusters of machines.

use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

/// How one proves who one is, coming from another network.
macro_rules! within_networks {
    ($rest:literal) => {
        concat!(
            "broker_node_group_info.connectivity_info.vpc_connectivity.client_authentication.",
            $rest
        )
    };
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn cluster() -> Table {
    Table::new("aws_msk_cluster", "kafka")
        .names(&[
            ("arn", "ClusterArn"),
            ("kafka_version", "KafkaVersion"),
            ("kafka_version", "CurrentBrokerSoftwareInfo.KafkaVersion"),
            (
                "encryption_info.encryption_at_rest_kms_key_arn",
                "EncryptionAtRest.DataVolumeKMSKeyId",
            ),
            (
                "broker_node_group_info.az_distribution",
                "BrokerAZDistribution",
            ),
            (
                "client_authentication.unauthenticated",
                "Unauthenticated.Enabled",
            ),
            ("client_authentication.sasl.iam", "Iam.Enabled"),
            ("client_authentication.sasl.scram", "Scram.Enabled"),
            (
                "client_authentication.tls.certificate_authority_arns",
                "CertificateAuthorityArnList",
            ),
            (within_networks!("sasl.iam"), "Iam.Enabled"),
            (within_networks!("sasl.scram"), "Scram.Enabled"),
            (within_networks!("tls"), "Tls.Enabled"),
        ])
        .input(|operation, input, _| {
            // Who comes from other networks is let in once there is a cluster.
            let path = "/BrokerNodeGroupInfo/ConnectivityInfo";
            if operation == "CreateCluster"
                && let Some(Json::Object(info)) = input.pointer_mut(path)
            {
                info.remove("VpcConnectivity");
            }
        })
        .by_function(&[
            "broker_node_group_info",
            "client_authentication",
            "configuration_info",
            "encryption_info",
            "enhanced_monitoring",
            "kafka_version",
            "logging_info",
            "number_of_broker_nodes",
            "open_monitoring",
            "rebalancing",
            "storage_mode",
        ])
        .create(op("CreateCluster"))
        .id_out("ClusterArn")
        .read(
            op("DescribeCluster")
                .set("ClusterArn", "{id}")
                .at("ClusterInfo"),
        )
        .answer(|operation, found| {
            if operation != "DescribeCluster" {
                return;
            }
            let uuid = json::text_at(found, "ClusterArn").unwrap_or_default();
            let uuid = uuid.rsplit('/').next().unwrap_or_default().to_owned();
            json::put(found, "ClusterUuid", uuid.into());
            let settings = json::get(found, "CurrentBrokerSoftwareInfo").cloned();
            if let Some(arn) = settings
                .as_ref()
                .and_then(|info| json::text_at(info, "ConfigurationArn"))
            {
                let revision = settings.and_then(|info| info.get("ConfigurationRevision").cloned());
                json::put(
                    found,
                    "ConfigurationInfo",
                    json!({"Arn": arn, "Revision": revision}),
                );
            }
        })
        .delete(op("DeleteCluster").set("ClusterArn", "{id}"))
        .tag_calls("", ("TagResource", "UntagResource"), "ResourceArn", "{id}")
        .wait(
            &[Phase::Create, Phase::Update],
            "State",
            &["ACTIVE"],
            &[
                "CREATING",
                "UPDATING",
                "MAINTENANCE",
                "REBOOTING_BROKER",
                "HEALING",
            ],
        )
        .wait(&[Phase::Delete], "State", &[], &[])
        .hooks(Cluster)
}

/// The addresses of brokers, by how one speaks to them.
const BROKERS: &[(&str, &str)] = &[
    ("bootstrap_brokers", "BootstrapBrokerString"),
    (
        "bootstrap_brokers_public_sasl_iam",
        "BootstrapBrokerStringPublicSaslIam",
    ),
    (
        "bootstrap_brokers_public_sasl_scram",
        "BootstrapBrokerStringPublicSaslScram",
    ),
    (
        "bootstrap_brokers_public_tls",
        "BootstrapBrokerStringPublicTls",
    ),
    ("bootstrap_brokers_sasl_iam", "BootstrapBrokerStringSaslIam"),
    (
        "bootstrap_brokers_sasl_scram",
        "BootstrapBrokerStringSaslScram",
    ),
    ("bootstrap_brokers_tls", "BootstrapBrokerStringTls"),
    (
        "bootstrap_brokers_vpc_connectivity_sasl_iam",
        "BootstrapBrokerStringVpcConnectivitySaslIam",
    ),
    (
        "bootstrap_brokers_vpc_connectivity_sasl_scram",
        "BootstrapBrokerStringVpcConnectivitySaslScram",
    ),
    (
        "bootstrap_brokers_vpc_connectivity_tls",
        "BootstrapBrokerStringVpcConnectivityTls",
    ),
];

#[derive(Debug)]
struct Cluster;

/// The block of a cluster that says how it is reached.
fn reached(object: &Value) -> Option<Value> {
    let first = |object: &Value, name: &str| args::get(object, name).children().first().cloned();
    first(
        &first(object, "broker_node_group_info")?,
        "connectivity_info",
    )
}

/// How a cluster is reached, as a change takes it.
fn connectivity(block: &Value) -> Json {
    let inner = |block: &Value, name: &str| {
        let blocks = args::get(block, name);
        blocks.children().first().cloned().unwrap_or(Value::NULL)
    };
    let mut info = json!({});
    for (path, text) in [
        ("NetworkType", args::string(block, "network_type")),
        (
            "PublicAccess.Type",
            args::string(&inner(block, "public_access"), "type"),
        ),
    ] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            json::put(&mut info, path, text.into());
        }
    }
    let proofs = inner(&inner(block, "vpc_connectivity"), "client_authentication");
    let sasl = inner(&proofs, "sasl");
    for (way, on) in [
        ("Sasl.Iam", args::bool(&sasl, "iam")),
        ("Sasl.Scram", args::bool(&sasl, "scram")),
        ("Tls", args::bool(&proofs, "tls")),
    ] {
        if let Some(on) = on {
            let path = format!("VpcConnectivity.ClientAuthentication.{way}.Enabled");
            json::put(&mut info, &path, on.into());
        }
    }
    info
}

impl Cluster {
    /// One change at a time, each against the version that the last one left.
    async fn change(run: &Run<'_>, object: &Value, all: Vec<(&str, Json)>) -> Answered<()> {
        for (operation, mut input) in all {
            let Some((found, _)) = run.raw(object).await? else {
                return Err(Refusal::error("Cluster is gone", run.what(object)));
            };
            json::put(&mut input, "ClusterArn", run.text("{id}", object).into());
            json::put(
                &mut input,
                "CurrentVersion",
                found["CurrentVersion"].clone(),
            );
            run.ask(operation, input).await?;
            run.wait_for(Phase::Update, object).await?;
        }
        Ok(())
    }

    /// The input of a creation has all in the form that changes take, too.
    fn wanted(run: &Run<'_>, planned: &Value) -> Answered<Json> {
        let Some(step) = &run.table.create else {
            return Ok(json!({}));
        };
        let operation = run.operation("kafka", step.operation)?;
        Ok(run.input(step, &operation, planned))
    }
}

#[async_trait]
impl Hooks for Cluster {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let info = reached(object).map(|block| connectivity(&block));
        match info.filter(|info| info.get("VpcConnectivity").is_some()) {
            None => Ok(()),
            Some(mut info) => {
                let networks = info["VpcConnectivity"].take();
                let input = json!({"ConnectivityInfo": {"VpcConnectivity": networks}});
                Self::change(run, object, vec![("UpdateConnectivity", input)]).await
            }
        }
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let wanted = Self::wanted(run, planned)?;
        Self::change(run, prior, changes(prior, planned, &wanted)).await
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let input = json!({"ClusterArn": run.text("{id}", &object)});
        let answer = run.ask("GetBootstrapBrokers", input).await?;
        let sorted = |text: String| {
            let mut all: Vec<&str> = text.split(',').collect();
            all.sort_unstable();
            all.join(",")
        };
        let told = BROKERS.iter().map(|(name, member)| {
            let text = json::text_at(&answer, member).unwrap_or_default();
            (*name, Value::string(sorted(text)))
        });
        Ok(args::with_all(&object, told.collect::<Vec<_>>()))
    }
}

/// The calls that bring about what a plan changes.
#[expect(clippy::too_many_lines, reason = "one list of changes")]
fn changes(prior: &Value, planned: &Value, wanted: &Json) -> Vec<(&'static str, Json)> {
    let changed = |name: &str| !same_at(prior, planned, name);
    let group = |object: &Value, name: &str| {
        let groups = args::get(object, "broker_node_group_info");
        let first = groups.children().first().cloned().unwrap_or(Value::NULL);
        args::get(&first, name)
    };
    let mut all = Vec::new();
    let path = "BrokerNodeGroupInfo.StorageInfo.EbsStorageInfo";
    if group(prior, "storage_info") != group(planned, "storage_info")
        && let Some(storage) = json::get(wanted, path)
    {
        let mut info = json!({"KafkaBrokerNodeId": "All"});
        for (from, to) in [
            ("VolumeSize", "VolumeSizeGB"),
            ("ProvisionedThroughput", "ProvisionedThroughput"),
        ] {
            if let Some(value) = storage.get(from) {
                json::put(&mut info, to, value.clone());
            }
        }
        let input = json!({"TargetBrokerEBSVolumeInfo": [info]});
        all.push(("UpdateBrokerStorage", input));
    }
    if group(prior, "instance_type") != group(planned, "instance_type") {
        let kind = json::get(wanted, "BrokerNodeGroupInfo.InstanceType").cloned();
        all.push(("UpdateBrokerType", json!({"TargetInstanceType": kind})));
    }
    if reached(prior) != reached(planned)
        && let Some(block) = reached(planned)
    {
        let input = json!({"ConnectivityInfo": connectivity(&block)});
        all.push(("UpdateConnectivity", input));
    }
    if changed("number_of_broker_nodes") {
        let count = wanted["NumberOfBrokerNodes"].clone();
        let input = json!({"TargetNumberOfBrokerNodes": count});
        all.push(("UpdateBrokerCount", input));
    }
    if changed("enhanced_monitoring") || changed("open_monitoring") || changed("logging_info") {
        let mut input = json!({"EnhancedMonitoring": wanted["EnhancedMonitoring"]});
        for name in ["OpenMonitoring", "LoggingInfo"] {
            if let Some(value) = wanted.get(name) {
                json::put(&mut input, name, value.clone());
            }
        }
        all.push(("UpdateMonitoring", input));
    }
    if changed("kafka_version") {
        let mut input = json!({"TargetKafkaVersion": wanted["KafkaVersion"]});
        if let Some(settings) = wanted.get("ConfigurationInfo") {
            json::put(&mut input, "ConfigurationInfo", settings.clone());
        }
        all.push(("UpdateClusterKafkaVersion", input));
    } else if changed("configuration_info")
        && let Some(settings) = wanted.get("ConfigurationInfo")
    {
        let input = json!({"ConfigurationInfo": settings});
        all.push(("UpdateClusterConfiguration", input));
    }
    if changed("client_authentication") || changed("encryption_info") {
        let mut input = json!({});
        for name in ["ClientAuthentication", "EncryptionInfo"] {
            if let Some(value) = wanted.get(name) {
                json::put(&mut input, name, value.clone());
            }
        }
        if let Some(Json::Object(encryption)) = input.get_mut("EncryptionInfo") {
            // The key is for ever.
            encryption.remove("EncryptionAtRest");
        }
        all.push(("UpdateSecurity", input));
    }
    if changed("storage_mode") {
        let input = json!({"StorageMode": wanted["StorageMode"]});
        all.push(("UpdateStorage", input));
    }
    if changed("rebalancing")
        && let Some(rebalancing) = wanted.get("Rebalancing")
    {
        all.push(("UpdateRebalancing", json!({"Rebalancing": rebalancing})));
    }
    all
}
