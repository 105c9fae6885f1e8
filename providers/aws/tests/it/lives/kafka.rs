//! MSK: clusters and their policies.

use super::with;
use crate::kept::{Life, Service, live};
use serde_json::{Value as Json, json};

const CLUSTER: &str = "arn:aws:kafka:eu-west-1:123456789012:cluster/c/7f-1";

fn cluster(kept: &Json) -> Json {
    let told = json!({
        "ClusterArn": CLUSTER,
        "State": "ACTIVE",
        "CurrentVersion": "K1",
        "CurrentBrokerSoftwareInfo": {"KafkaVersion": kept["KafkaVersion"]},
        "ZookeeperConnectString": "z:2181",
        "ZookeeperConnectStringTls": "z:2182",
    });
    let mut shown = with(
        kept,
        &[
            "ConnectivityInfo",
            "KafkaVersion",
            "TargetBrokerEBSVolumeInfo",
            "TargetNumberOfBrokerNodes",
        ],
        &told,
    );
    // What changes are told as.
    if let Some(size) = kept.pointer("/TargetBrokerEBSVolumeInfo/0/VolumeSizeGB") {
        shown["BrokerNodeGroupInfo"]["StorageInfo"]["EbsStorageInfo"]["VolumeSize"] = size.clone();
    }
    if let Some(count) = kept.get("TargetNumberOfBrokerNodes") {
        shown["NumberOfBrokerNodes"] = count.clone();
    }
    if let Some(info) = kept.get("ConnectivityInfo") {
        for (name, value) in info.as_object().unwrap() {
            shown["BrokerNodeGroupInfo"]["ConnectivityInfo"][name] = value.clone();
        }
    }
    shown
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one life")]
async fn clusters() {
    let service = Service {
        type_name: "aws_msk_cluster",
        create: "CreateCluster",
        update: &[
            "UpdateBrokerStorage",
            "UpdateBrokerCount",
            "UpdateConnectivity",
            "UpdateMonitoring",
        ],
        delete: "DeleteCluster",
        shown: |operation, put| {
            let put = &with(put, &["CurrentVersion"], &json!({}));
            match operation {
                "CreateCluster" => json!({"ClusterArn": CLUSTER}),
                "ListClusters" => json!({"ClusterInfoList": [{"ClusterArn": CLUSTER}]}),
                "DescribeCluster" => {
                    json!({"ClusterInfo": with(&cluster(put), &[], &json!({"CurrentVersion": "K1"}))})
                }
                "GetBootstrapBrokers" => json!({"BootstrapBrokerStringTls": "b:9094,a:9094"}),
                _ => json!({}),
            }
        },
        gone: Some("NotFoundException"),
    };
    let config = |size: u32, brokers: u32, monitoring: &str| {
        json!({
            "cluster_name": "c", "kafka_version": "3.6.0", "number_of_broker_nodes": brokers, "enhanced_monitoring": monitoring, "tags": {"a": "b"},
            "broker_node_group_info": [{"instance_type": "kafka.m5.large", "client_subnets": ["subnet-1", "subnet-2"], "security_groups": ["sg-1"], "storage_info": [{"ebs_storage_info": [{"volume_size": size}]}]}],
            "client_authentication": [{"sasl": [{"iam": true}]}],
            "encryption_info": [{"encryption_at_rest_kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/k", "encryption_in_transit": [{"client_broker": "TLS", "in_cluster": true}]}],
            "open_monitoring": [{"prometheus": [{"jmx_exporter": [{"enabled_in_broker": true}], "node_exporter": [{"enabled_in_broker": false}]}]}],
            "logging_info": [{"broker_logs": [{"cloudwatch_logs": [{"enabled": true, "log_group": "g"}]}]}],
        })
    };
    // From other networks one comes in once there is a cluster, from everywhere only later.
    let reached = |iam: bool, public: &str| json!([{"network_type": "IPV4", "public_access": [{"type": public}], "vpc_connectivity": [{"client_authentication": [{"tls": false, "sasl": [{"iam": iam, "scram": false}]}]}]}]);
    let config = |size, brokers, monitoring: &str, iam, public: &str| {
        let mut config = config(size, brokers, monitoring);
        config["broker_node_group_info"][0]["connectivity_info"] = reached(iam, public);
        config
    };
    let mut renewed = config(10, 2, "DEFAULT", true, "DISABLED");
    renewed["broker_node_group_info"][0]["client_subnets"] = json!(["subnet-3"]);
    let life = Life {
        config: config(10, 2, "DEFAULT", true, "DISABLED"),
        other: config(20, 4, "PER_BROKER", true, "SERVICE_PROVIDED_EIPS"),
        renewed: vec![
            (json!({"cluster_name": "d"}), "cluster_name"),
            (
                json!({"broker_node_group_info": renewed["broker_node_group_info"]}),
                "broker_node_group_info[0].client_subnets",
            ),
        ],
        import: CLUSTER,
        sent: vec![
            (
                "CreateCluster",
                "/ClientAuthentication/Sasl/Iam/Enabled",
                json!(true),
            ),
            (
                "CreateCluster",
                "/BrokerNodeGroupInfo/StorageInfo/EbsStorageInfo/VolumeSize",
                json!(10),
            ),
            (
                "CreateCluster",
                "/BrokerNodeGroupInfo/ConnectivityInfo",
                json!({"NetworkType": "IPV4", "PublicAccess": {"Type": "DISABLED"}}),
            ),
            (
                "UpdateConnectivity",
                "/ConnectivityInfo",
                json!({"VpcConnectivity": {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": true}, "Scram": {"Enabled": false}}, "Tls": {"Enabled": false}}}}),
            ),
            (
                "UpdateConnectivity",
                "/ConnectivityInfo/PublicAccess/Type",
                json!("SERVICE_PROVIDED_EIPS"),
            ),
            (
                "UpdateBrokerStorage",
                "/TargetBrokerEBSVolumeInfo/0",
                json!({"KafkaBrokerNodeId": "All", "VolumeSizeGB": 20}),
            ),
            ("UpdateBrokerCount", "/TargetNumberOfBrokerNodes", json!(4)),
            (
                "UpdateMonitoring",
                "/EnhancedMonitoring",
                json!("PER_BROKER"),
            ),
            ("UpdateMonitoring", "/CurrentVersion", json!("K1")),
        ],
        listed: true,
        ..Life::default()
    };
    live(service, life).await;
}

#[tokio::test]
async fn policies_of_clusters() {
    let service = Service {
        type_name: "aws_msk_cluster_policy",
        create: "PutClusterPolicy",
        update: &["PutClusterPolicy"],
        delete: "DeleteClusterPolicy",
        shown: |operation, put| match operation {
            "ListClustersV2" => json!({"ClusterInfoList": [{"ClusterArn": CLUSTER}]}),
            "GetClusterPolicy" => json!({"CurrentVersion": "1", "Policy": put["Policy"]}),
            _ => json!({}),
        },
        gone: Some("NotFoundException"),
    };
    let config = |action: &str| json!({"cluster_arn": CLUSTER, "policy": json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": action, "Resource": CLUSTER}]}).to_string()});
    let life = Life {
        config: config("kafka:CreateVpcConnection"),
        other: config("kafka:GetBootstrapBrokers"),
        renewed: Vec::new(),
        import: CLUSTER,
        listed: true,
        ..Life::default()
    };
    live(service, life).await;
}

#[tokio::test]
async fn clusters_without_machines() {
    let service = Service {
        type_name: "aws_msk_serverless_cluster",
        create: "CreateClusterV2",
        update: &[],
        delete: "DeleteCluster",
        shown: |operation, put| match operation {
            "CreateClusterV2" => json!({"ClusterArn": CLUSTER}),
            "ListClustersV2" => json!({"ClusterInfoList": [{"ClusterArn": CLUSTER}]}),
            "DescribeClusterV2" => {
                let told =
                    json!({"ClusterArn": CLUSTER, "ClusterType": "SERVERLESS", "State": "ACTIVE"});
                json!({"ClusterInfo": with(put, &[], &told)})
            }
            "GetBootstrapBrokers" => json!({"BootstrapBrokerStringSaslIam": "b:9098"}),
            _ => json!({}),
        },
        gone: Some("NotFoundException"),
    };
    let config = |tags: Json| json!({"cluster_name": "c", "tags": tags, "client_authentication": [{"sasl": [{"iam": [{"enabled": true}]}]}], "vpc_config": [{"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}]});
    let life = Life {
        config: config(json!({"a": "b"})),
        other: config(json!({"a": "c"})),
        renewed: vec![(json!({"cluster_name": "d"}), "cluster_name")],
        import: CLUSTER,
        sent: vec![
            (
                "CreateClusterV2",
                "/Serverless/ClientAuthentication/Sasl/Iam/Enabled",
                json!(true),
            ),
            (
                "CreateClusterV2",
                "/Serverless/VpcConfigs/0/SubnetIds",
                json!(["subnet-1"]),
            ),
        ],
        listed: true,
        ..Life::default()
    };
    live(service, life).await;
}
