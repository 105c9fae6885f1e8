//! Names of APIs, and what is reached under them; groups of users.

use super::with;
use crate::kept::{Life, Service, live};
use serde_json::{Value as Json, json};

/// Changes come as lists of paths.
fn patched(put: &Json, told: &Json) -> Json {
    let mut shown = with(put, &["patchOperations"], told);
    let patches = put["patchOperations"].as_array().cloned();
    for patch in patches.into_iter().flatten() {
        let path = patch["path"].as_str().unwrap().trim_start_matches('/');
        let name = if path == "restapiId" {
            "restApiId"
        } else {
            path
        };
        shown[name] = patch["value"].clone();
    }
    shown
}

#[tokio::test]
async fn names_of_apis() {
    let domain = Service {
        type_name: "aws_api_gateway_domain_name",
        create: "CreateDomainName",
        update: &["UpdateDomainName"],
        delete: "DeleteDomainName",
        shown: |operation, put| match operation {
            "CreateDomainName" | "GetDomainName" | "UpdateDomainName" => {
                let told = json!({"domainNameStatus": "AVAILABLE", "regionalDomainName": "r.example", "regionalHostedZoneId": "Z1", "routingMode": "BASE_PATH_MAPPING_ONLY"});
                patched(put, &told)
            }
            "GetDomainNames" => json!({"items": [{"domainName": put["domainName"]}]}),
            _ => json!({}),
        },
        gone: Some("NotFoundException"),
    };
    let config = |policy: &str, certificate: &str| {
        json!({
            "domain_name": "api.example.com", "regional_certificate_arn": certificate, "security_policy": policy, "tags": {"a": "b"},
            "endpoint_configuration": [{"types": ["REGIONAL"], "ip_address_type": "ipv4"}],
        })
    };
    let life = Life {
        config: config(
            "TLS_1_0",
            "arn:aws:acm:eu-west-1:123456789012:certificate/1",
        ),
        other: config(
            "TLS_1_2",
            "arn:aws:acm:eu-west-1:123456789012:certificate/2",
        ),
        renewed: vec![(json!({"domain_name": "other.example.com"}), "domain_name")],
        import: "api.example.com",
        sent: vec![
            (
                "CreateDomainName",
                "/endpointConfiguration/types",
                json!(["REGIONAL"]),
            ),
            (
                "UpdateDomainName",
                "/patchOperations/0",
                json!({"op": "replace", "path": "/regionalCertificateArn", "value": "arn:aws:acm:eu-west-1:123456789012:certificate/2"}),
            ),
            (
                "UpdateDomainName",
                "/patchOperations/1",
                json!({"op": "replace", "path": "/securityPolicy", "value": "TLS_1_2"}),
            ),
        ],
        listed: true,
        ..Life::default()
    };
    live(domain, life).await;
}

/// "No path" has a word of its own.
#[tokio::test]
async fn paths_of_names() {
    let mapping = Service {
        type_name: "aws_api_gateway_base_path_mapping",
        create: "CreateBasePathMapping",
        update: &["UpdateBasePathMapping"],
        delete: "DeleteBasePathMapping",
        shown: |operation, put| match operation {
            "DeleteBasePathMapping" | "GetCallerIdentity" => json!({}),
            "GetDomainNames" => json!({"items": [{"domainName": "api.example.com"}]}),
            "GetBasePathMappings" => json!({"items": [{"basePath": "(none)", "restApiId": "a1"}]}),
            _ => {
                let mut shown = patched(put, &json!({}));
                shown.as_object_mut().unwrap().remove("domainName");
                shown["basePath"] = "(none)".into();
                shown
            }
        },
        gone: Some("NotFoundException"),
    };
    let life = Life {
        config: json!({"domain_name": "api.example.com", "api_id": "a1", "stage_name": "one"}),
        other: json!({"domain_name": "api.example.com", "api_id": "a2", "stage_name": "two"}),
        renewed: vec![
            (json!({"domain_name": "other.example.com"}), "domain_name"),
            (json!({"base_path": "v1"}), "base_path"),
        ],
        import: "api.example.com/",
        sent: vec![
            ("CreateBasePathMapping", "/restApiId", json!("a1")),
            ("GetBasePathMapping", "/basePath", json!("(none)")),
            (
                "UpdateBasePathMapping",
                "/patchOperations/0",
                json!({"op": "replace", "path": "/restapiId", "value": "a2"}),
            ),
            (
                "UpdateBasePathMapping",
                "/patchOperations/1",
                json!({"op": "replace", "path": "/stage", "value": "two"}),
            ),
            ("DeleteBasePathMapping", "/basePath", json!("(none)")),
        ],
        listed: true,
        ..Life::default()
    };
    live(mapping, life).await;
}

#[tokio::test]
async fn groups_of_users() {
    let group = Service {
        type_name: "aws_cognito_user_group",
        create: "CreateGroup",
        update: &["UpdateGroup"],
        delete: "DeleteGroup",
        shown: |operation, put| match operation {
            "DeleteGroup" => json!({}),
            "ListUserPools" => json!({"UserPools": [{"Id": "eu-west-1_p"}]}),
            "ListGroups" => json!({"Groups": [put]}),
            _ => json!({"Group": put}),
        },
        gone: Some("ResourceNotFoundException"),
    };
    let config = |precedence: u32| json!({"name": "g", "user_pool_id": "eu-west-1_p", "description": "d", "precedence": precedence, "role_arn": "arn:aws:iam::123456789012:role/r"});
    let life = Life {
        config: config(1),
        other: config(2),
        renewed: vec![
            (json!({"name": "h"}), "name"),
            (json!({"user_pool_id": "eu-west-1_q"}), "user_pool_id"),
        ],
        import: "eu-west-1_p/g",
        sent: vec![("UpdateGroup", "/Precedence", json!(2))],
        listed: true,
        ..Life::default()
    };
    live(group, life).await;
}
