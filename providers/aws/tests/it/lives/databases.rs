//! RDS: proxies, and what they lead to.

use super::with;
use crate::kept::{Life, Service, live};
use serde_json::json;

#[tokio::test]
async fn proxies() {
    let proxy = Service {
        type_name: "aws_db_proxy",
        create: "CreateDBProxy",
        update: &["ModifyDBProxy"],
        delete: "DeleteDBProxy",
        shown: |operation, put| {
            let groups = put
                .get("SecurityGroups")
                .unwrap_or(&put["VpcSecurityGroupIds"]);
            let told = json!({"DBProxyArn": "arn:aws:rds:eu-west-1:123456789012:db-proxy:prx-1", "Status": "available", "Endpoint": "p.proxy.example", "VpcSecurityGroupIds": groups, "EndpointNetworkType": "IPV4", "TargetConnectionNetworkType": "IPV4", "DefaultAuthScheme": "NONE"});
            let shown = with(put, &["Tags", "NewDBProxyName", "SecurityGroups"], &told);
            match operation {
                "CreateDBProxy" => json!({"DBProxy": shown}),
                "DescribeDBProxies" => json!({"DBProxies": [shown]}),
                "ListTagsForResource" => json!({"TagList": put["Tags"]}),
                _ => json!({}),
            }
        },
        gone: Some("DBProxyNotFoundFault"),
    };
    let config = |timeout: u32, tags: serde_json::Value| {
        json!({
            "name": "p", "engine_family": "POSTGRESQL", "role_arn": "arn:aws:iam::123456789012:role/r", "vpc_subnet_ids": ["subnet-1", "subnet-2"], "vpc_security_group_ids": ["sg-1"],
            "idle_client_timeout": timeout, "require_tls": true, "debug_logging": false, "tags": tags,
            "auth": [{"auth_scheme": "SECRETS", "client_password_auth_type": "POSTGRES_SCRAM_SHA_256", "iam_auth": "DISABLED", "secret_arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s", "description": "d"}],
        })
    };
    let life = Life {
        config: config(1800, json!({"a": "b", "x": "y"})),
        other: config(60, json!({"a": "c"})),
        renewed: vec![
            (json!({"engine_family": "MYSQL"}), "engine_family"),
            (json!({"vpc_subnet_ids": ["subnet-3"]}), "vpc_subnet_ids"),
            (json!({"name": "q"}), "name"),
        ],
        import: "p",
        sent: vec![
            ("CreateDBProxy", "/Auth/0/AuthScheme", json!("SECRETS")),
            ("ModifyDBProxy", "/IdleClientTimeout", json!(60)),
            (
                "AddTagsToResource",
                "/Tags",
                json!([{"Key": "a", "Value": "c"}]),
            ),
            ("RemoveTagsFromResource", "/TagKeys", json!(["x"])),
        ],
        listed: true,
        ..Life::default()
    };
    live(proxy, life).await;
}

/// The group of targets that each proxy has: it is changed, and stays with its proxy.
#[tokio::test]
async fn groups_of_targets() {
    let group = Service {
        type_name: "aws_db_proxy_default_target_group",
        create: "ModifyDBProxyTargetGroup",
        update: &[],
        delete: "nothing",
        shown: |operation, put| {
            let told = json!({"TargetGroupArn": "arn:aws:rds:eu-west-1:123456789012:target-group:g", "TargetGroupName": "default", "IsDefault": true, "Status": "available"});
            let shown = with(put, &[], &told);
            match operation {
                "DescribeDBProxyTargetGroups" => {
                    json!({"TargetGroups": [{"TargetGroupName": "other", "IsDefault": false}, shown]})
                }
                "DescribeDBProxies" => json!({"DBProxies": [{"DBProxyName": "p"}]}),
                _ => json!({"DBProxyTargetGroup": shown}),
            }
        },
        gone: Some("DBProxyNotFoundFault"),
    };
    let config = |percent: u32| json!({"db_proxy_name": "p", "connection_pool_config": [{"connection_borrow_timeout": 60, "init_query": "SET x = 1", "max_connections_percent": percent, "max_idle_connections_percent": 40, "session_pinning_filters": ["EXCLUDE_VARIABLE_SETS"]}]});
    let life = Life {
        config: config(90),
        other: config(80),
        renewed: vec![(json!({"db_proxy_name": "q"}), "db_proxy_name")],
        import: "p",
        sent: vec![
            (
                "ModifyDBProxyTargetGroup",
                "/TargetGroupName",
                json!("default"),
            ),
            (
                "ModifyDBProxyTargetGroup",
                "/ConnectionPoolConfig/MaxConnectionsPercent",
                json!(80),
            ),
        ],
        stays: true,
        listed: true,
        ..Life::default()
    };
    live(group, life).await;
}

#[tokio::test]
async fn targets() {
    let target = Service {
        type_name: "aws_db_proxy_target",
        create: "RegisterDBProxyTargets",
        update: &[],
        delete: "DeregisterDBProxyTargets",
        shown: |operation, put| {
            let name = &put["DBInstanceIdentifiers"][0];
            let shown = json!({"Endpoint": "i.example", "Port": 5432, "Type": "RDS_INSTANCE", "RdsResourceId": name});
            match operation {
                "DescribeDBProxyTargets" => {
                    json!({"Targets": [{"Type": "TRACKED_CLUSTER", "RdsResourceId": name}, shown]})
                }
                "RegisterDBProxyTargets" => json!({"DBProxyTargets": [shown]}),
                "DescribeDBProxies" => json!({"DBProxies": [{"DBProxyName": "p"}]}),
                _ => json!({}),
            }
        },
        gone: Some("DBProxyNotFoundFault"),
    };
    let life = Life {
        config: json!({"db_proxy_name": "p", "target_group_name": "default", "db_instance_identifier": "i"}),
        renewed: vec![
            (json!({"db_proxy_name": "q"}), "db_proxy_name"),
            (json!({"target_group_name": "g"}), "target_group_name"),
            (
                json!({"db_instance_identifier": "j"}),
                "db_instance_identifier",
            ),
        ],
        import: "p/default/RDS_INSTANCE/i",
        sent: vec![
            (
                "RegisterDBProxyTargets",
                "/DBInstanceIdentifiers",
                json!(["i"]),
            ),
            (
                "DeregisterDBProxyTargets",
                "/DBInstanceIdentifiers",
                json!(["i"]),
            ),
        ],
        listed: true,
        ..Life::default()
    };
    live(target, life).await;
}
