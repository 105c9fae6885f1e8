//! What the world does not come into; what is told of clusters.

use super::with;
use crate::kept::{Life, Service, live};
use serde_json::json;

#[tokio::test]
async fn exclusions() {
    let exclusion = Service {
        type_name: "aws_vpc_block_public_access_exclusion",
        create: "CreateVpcBlockPublicAccessExclusion",
        update: &["ModifyVpcBlockPublicAccessExclusion"],
        delete: "DeleteVpcBlockPublicAccessExclusion",
        shown: |operation, put| {
            let state = if put.get("ExclusionId").is_some() {
                "update-complete"
            } else {
                "create-complete"
            };
            let tags = put
                .get("TagSpecifications")
                .map(|tags| tags[0]["Tags"].clone());
            let shown = json!({"ExclusionId": "x-1", "State": state, "InternetGatewayExclusionMode": put["InternetGatewayExclusionMode"], "ResourceArn": "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1", "Tags": tags});
            match operation {
                "DescribeVpcBlockPublicAccessExclusions" => {
                    json!({"VpcBlockPublicAccessExclusions": [shown]})
                }
                "CreateTags" | "DeleteTags" | "GetCallerIdentity" => json!({}),
                _ => json!({"VpcBlockPublicAccessExclusion": shown}),
            }
        },
        gone: Some("InvalidVpcBlockPublicAccessExclusionId.NotFound"),
    };
    let config = |mode: &str| json!({"vpc_id": "vpc-1", "internet_gateway_exclusion_mode": mode, "tags": {"a": "b"}});
    let life = Life {
        config: config("allow-egress"),
        other: config("allow-bidirectional"),
        renewed: vec![(json!({"vpc_id": "vpc-2"}), "vpc_id")],
        import: "x-1",
        sent: vec![(
            "ModifyVpcBlockPublicAccessExclusion",
            "/ExclusionId",
            json!("x-1"),
        )],
        listed: true,
        ..Life::default()
    };
    live(exclusion, life).await;
}

#[tokio::test]
async fn options_of_regions() {
    let options = Service {
        type_name: "aws_vpc_block_public_access_options",
        create: "ModifyVpcBlockPublicAccessOptions",
        update: &[],
        delete: "nothing",
        shown: |operation, put| match operation {
            "GetCallerIdentity" => json!({}),
            _ => {
                json!({"VpcBlockPublicAccessOptions": {"AwsAccountId": "123456789012", "AwsRegion": "eu-west-1", "State": "update-complete", "InternetGatewayBlockMode": put["InternetGatewayBlockMode"]}})
            }
        },
        gone: None,
    };
    let config = |mode: &str| json!({"internet_gateway_block_mode": mode});
    let life = Life {
        config: config("block-ingress"),
        other: config("block-bidirectional"),
        import: "eu-west-1",
        sent: vec![(
            "ModifyVpcBlockPublicAccessOptions",
            "/InternetGatewayBlockMode",
            json!("off"),
        )],
        stays: true,
        listed: true,
        ..Life::default()
    };
    live(options, life).await;
}

#[tokio::test]
async fn groups_of_shards() {
    let group = Service {
        type_name: "aws_rds_shard_group",
        create: "CreateDBShardGroup",
        update: &["ModifyDBShardGroup"],
        delete: "DeleteDBShardGroup",
        shown: |operation, put| {
            let told = json!({"DBShardGroupResourceId": "r", "DBShardGroupArn": "arn:aws:rds:eu-west-1:123456789012:shard-group:s", "Status": "available", "Endpoint": "s.example"});
            let shown = with(put, &["Tags"], &told);
            match operation {
                "DescribeDBShardGroups" => json!({"DBShardGroups": [shown]}),
                "ListTagsForResource" => json!({"TagList": put["Tags"]}),
                "AddTagsToResource" | "RemoveTagsFromResource" => json!({}),
                _ => shown,
            }
        },
        gone: Some("DBShardGroupNotFoundFault"),
    };
    let config = |most: u32| json!({"db_shard_group_identifier": "s", "db_cluster_identifier": "c", "max_acu": most, "min_acu": 16, "compute_redundancy": 1, "publicly_accessible": false, "tags": {"a": "b"}});
    let life = Life {
        config: config(1000),
        other: config(1200),
        renewed: vec![
            (
                json!({"db_cluster_identifier": "d"}),
                "db_cluster_identifier",
            ),
            (json!({"publicly_accessible": true}), "publicly_accessible"),
        ],
        import: "s",
        sent: vec![("ModifyDBShardGroup", "/MaxACU", json!(1200))],
        listed: true,
        ..Life::default()
    };
    live(group, life).await;
}

#[tokio::test]
async fn streams_of_activity() {
    let stream = Service {
        type_name: "aws_rds_cluster_activity_stream",
        create: "StartActivityStream",
        update: &[],
        delete: "StopActivityStream",
        shown: |operation, put| match operation {
            "DescribeDBClusters" => {
                json!({"DBClusters": [{"DBClusterArn": put["ResourceArn"], "KmsKeyId": "arn:of-the-cluster", "ActivityStreamStatus": "started", "ActivityStreamMode": put["Mode"], "ActivityStreamKmsKeyId": put["KmsKeyId"], "ActivityStreamKinesisStreamName": "aws-rds-das-c"}]})
            }
            _ => json!({}),
        },
        gone: Some("DBClusterNotFoundFault"),
    };
    let life = Life {
        config: json!({"resource_arn": "arn:aws:rds:eu-west-1:123456789012:cluster:c", "kms_key_id": "k", "mode": "async"}),
        renewed: vec![
            (json!({"mode": "sync"}), "mode"),
            (json!({"kms_key_id": "l"}), "kms_key_id"),
        ],
        import: "arn:aws:rds:eu-west-1:123456789012:cluster:c",
        unknown: &["engine_native_audit_fields_included"],
        sent: vec![("StartActivityStream", "/ApplyImmediately", json!(true))],
        listed: true,
        ..Life::default()
    };
    live(stream, life).await;
}
