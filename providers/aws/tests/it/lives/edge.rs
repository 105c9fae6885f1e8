//! CloudFront: what distributions are made of.

use crate::kept::{Life, Service, live};
use serde_json::json;

#[tokio::test]
async fn groups_of_keys() {
    let group = Service {
        type_name: "aws_cloudfront_key_group",
        create: "CreateKeyGroup",
        update: &["UpdateKeyGroup"],
        delete: "DeleteKeyGroup",
        shown: |operation, put| match operation {
            "DeleteKeyGroup" | "GetCallerIdentity" => json!({}),
            "ListKeyGroups" => json!({"KeyGroupList": {"Items": [{"KeyGroup": {"Id": "G1"}}]}}),
            _ => {
                json!({"ETag": "E1", "KeyGroup": {"Id": "G1", "LastModifiedTime": "2026-01-01T00:00:00Z", "KeyGroupConfig": put["KeyGroupConfig"]}})
            }
        },
        gone: Some("NoSuchResource"),
    };
    let life = Life {
        config: json!({"name": "g", "items": ["K1", "K2"], "comment": "c"}),
        other: json!({"name": "other", "items": ["K3"]}),
        import: "G1",
        sent: vec![
            (
                "CreateKeyGroup",
                "/KeyGroupConfig",
                json!({"Name": "g", "Items": ["K1", "K2"], "Comment": "c"}),
            ),
            ("UpdateKeyGroup", "/IfMatch", json!("E1")),
            ("DeleteKeyGroup", "/IfMatch", json!("E1")),
        ],
        listed: true,
        ..Life::default()
    };
    live(group, life).await;
}

/// What exists keeps the reference that it was made with.
#[tokio::test]
async fn public_keys() {
    let key = Service {
        type_name: "aws_cloudfront_public_key",
        create: "CreatePublicKey",
        update: &["UpdatePublicKey"],
        delete: "DeletePublicKey",
        shown: |operation, put| match operation {
            "DeletePublicKey" | "GetCallerIdentity" => json!({}),
            "ListPublicKeys" => json!({"PublicKeyList": {"Items": [{"Id": "K1"}]}}),
            _ => {
                json!({"ETag": "E1", "PublicKey": {"Id": "K1", "CreatedTime": "2026-01-01T00:00:00Z", "PublicKeyConfig": put["PublicKeyConfig"]}})
            }
        },
        gone: Some("NoSuchPublicKey"),
    };
    let life = Life {
        config: json!({"name": "k", "encoded_key": "PEM", "comment": "c"}),
        other: json!({"name": "k", "encoded_key": "PEM", "comment": "other"}),
        renewed: vec![
            (json!({"name": "l"}), "name"),
            (json!({"encoded_key": "OTHER"}), "encoded_key"),
        ],
        import: "K1",
        unknown: &["name_prefix"],
        sent: vec![(
            "UpdatePublicKey",
            "/PublicKeyConfig/Comment",
            json!("other"),
        )],
        listed: true,
        ..Life::default()
    };
    live(key, life).await;
}

#[tokio::test]
async fn identities() {
    let identity = Service {
        type_name: "aws_cloudfront_origin_access_identity",
        create: "CreateCloudFrontOriginAccessIdentity",
        update: &["UpdateCloudFrontOriginAccessIdentity"],
        delete: "DeleteCloudFrontOriginAccessIdentity",
        shown: |operation, put| match operation {
            "DeleteCloudFrontOriginAccessIdentity" | "GetCallerIdentity" => json!({}),
            "ListCloudFrontOriginAccessIdentities" => {
                json!({"CloudFrontOriginAccessIdentityList": {"Items": [{"Id": "I1"}]}})
            }
            _ => {
                json!({"ETag": "E1", "CloudFrontOriginAccessIdentity": {"Id": "I1", "S3CanonicalUserId": "abc", "CloudFrontOriginAccessIdentityConfig": put["CloudFrontOriginAccessIdentityConfig"]}})
            }
        },
        gone: Some("NoSuchCloudFrontOriginAccessIdentity"),
    };
    let life = Life {
        // A comment is required, if only as an empty one.
        config: json!({}),
        other: json!({"comment": "c"}),
        import: "I1",
        sent: vec![
            (
                "CreateCloudFrontOriginAccessIdentity",
                "/CloudFrontOriginAccessIdentityConfig/Comment",
                json!(""),
            ),
            (
                "UpdateCloudFrontOriginAccessIdentity",
                "/CloudFrontOriginAccessIdentityConfig/Comment",
                json!("c"),
            ),
        ],
        listed: true,
        ..Life::default()
    };
    live(identity, life).await;
}

#[tokio::test]
async fn subscriptions_to_metrics() {
    let subscription = Service {
        type_name: "aws_cloudfront_monitoring_subscription",
        create: "CreateMonitoringSubscription",
        update: &[],
        delete: "DeleteMonitoringSubscription",
        shown: |operation, put| match operation {
            "DeleteMonitoringSubscription" | "GetCallerIdentity" => json!({}),
            "ListDistributions" => json!({"DistributionList": {"Items": [{"Id": "D1"}]}}),
            _ => json!({"MonitoringSubscription": put["MonitoringSubscription"]}),
        },
        gone: Some("NoSuchMonitoringSubscription"),
    };
    let config = |status: &str| json!({"distribution_id": "D1", "monitoring_subscription": [{"realtime_metrics_subscription_config": [{"realtime_metrics_subscription_status": status}]}]});
    let life = Life {
        config: config("Enabled"),
        other: config("Disabled"),
        renewed: vec![(json!({"distribution_id": "D2"}), "distribution_id")],
        import: "D1",
        listed: true,
        ..Life::default()
    };
    live(subscription, life).await;
}

#[tokio::test]
async fn origins_in_networks() {
    let origin = Service {
        type_name: "aws_cloudfront_vpc_origin",
        create: "CreateVpcOrigin",
        update: &["UpdateVpcOrigin"],
        delete: "DeleteVpcOrigin",
        shown: |operation, put| match operation {
            "TagResource" | "UntagResource" | "GetCallerIdentity" => json!({}),
            "ListVpcOrigins" => json!({"VpcOriginList": {"Items": [{"Id": "O1"}]}}),
            "ListTagsForResource" => json!({"Tags": put["Tags"]}),
            _ => {
                json!({"ETag": "E1", "VpcOrigin": {"Id": "O1", "Arn": "arn:aws:cloudfront::123456789012:vpcorigin/O1", "Status": "Deployed", "CreatedTime": "2026-01-01T00:00:00Z", "LastModifiedTime": "2026-01-01T00:00:00Z", "VpcOriginEndpointConfig": put["VpcOriginEndpointConfig"]}})
            }
        },
        gone: Some("EntityNotFound"),
    };
    let config = |port: u32, tags: serde_json::Value| json!({"tags": tags, "vpc_origin_endpoint_config": [{"arn": "arn:lb", "name": "o", "http_port": port, "https_port": 8443, "origin_protocol_policy": "https-only", "origin_ssl_protocols": [{"items": ["TLSv1.2"], "quantity": 1}]}]});
    let life = Life {
        config: config(8080, json!({"a": "b"})),
        other: config(8081, json!({"a": "c"})),
        import: "O1",
        sent: vec![
            (
                "CreateVpcOrigin",
                "/VpcOriginEndpointConfig/HTTPPort",
                json!(8080),
            ),
            (
                "CreateVpcOrigin",
                "/VpcOriginEndpointConfig/OriginSslProtocols",
                json!({"Quantity": 1, "Items": ["TLSv1.2"]}),
            ),
            ("UpdateVpcOrigin", "/IfMatch", json!("E1")),
            ("TagResource", "/Tags/Items/0/Value", json!("c")),
        ],
        listed: true,
        ..Life::default()
    };
    live(origin, life).await;
}
