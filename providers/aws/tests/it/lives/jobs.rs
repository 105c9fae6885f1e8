//! Definitions of jobs.

use super::with;
use crate::kept::{Life, Service, live};
use serde_json::{Value as Json, json};

/// Each change is another revision; the one before is taken back.
#[tokio::test]
async fn definitions() {
    let service = Service {
        type_name: "aws_batch_job_definition",
        create: "RegisterJobDefinition",
        update: &[],
        delete: "nothing",
        shown: |operation, put| {
            // What there are: one for each that was put.
            let revision = put["revision"].as_i64().unwrap_or(1);
            let arn = |revision: i64| {
                format!("arn:aws:batch:eu-west-1:123456789012:job-definition/j:{revision}")
            };
            match operation {
                "RegisterJobDefinition" => {
                    json!({"jobDefinitionName": "j", "jobDefinitionArn": arn(revision), "revision": revision})
                }
                "DescribeJobDefinitions" if put.get("gone").is_some() => {
                    json!({"jobDefinitions": []})
                }
                "DescribeJobDefinitions" => {
                    let told = |revision: i64| {
                        let told = json!({"jobDefinitionArn": arn(revision), "revision": revision, "status": "ACTIVE"});
                        let mut shown = with(put, &[], &told);
                        shown["containerProperties"]["privileged"] = false.into();
                        shown["containerProperties"]["ulimits"] = json!([]);
                        shown
                    };
                    json!({"jobDefinitions": [told(revision), told(revision - 1)]})
                }
                _ => json!({}),
            }
        },
        gone: None,
    };
    let config = |memory: &str, tags: Json| {
        json!({
            "name": "j", "type": "container", "platform_capabilities": ["FARGATE"], "propagate_tags": true, "parameters": {"p": "v"}, "tags": tags,
            "container_properties": json!({"image": "i", "command": ["a", "b"], "resourceRequirements": [{"type": "MEMORY", "value": memory}]}).to_string(),
            "retry_strategy": [{"attempts": 3, "evaluate_on_exit": [{"action": "retry", "on_exit_code": "1"}]}],
            "timeout": [{"attempt_duration_seconds": 60}],
        })
    };
    let life = Life {
        config: config("512", json!({"a": "b"})),
        other: config("1024", json!({"a": "c"})),
        renewed: vec![(json!({"name": "k"}), "name")],
        import: "arn:aws:batch:eu-west-1:123456789012:job-definition/j:1",
        // Spelled as AWS spells it.
        unknown: &["container_properties", "arn", "id", "revision"],
        sent: vec![
            (
                "RegisterJobDefinition",
                "/containerProperties/command",
                json!(["a", "b"]),
            ),
            (
                "RegisterJobDefinition",
                "/retryStrategy/evaluateOnExit/0/onExitCode",
                json!("1"),
            ),
            (
                "RegisterJobDefinition",
                "/containerProperties/resourceRequirements/0/value",
                json!("1024"),
            ),
            (
                "DeregisterJobDefinition",
                "/jobDefinition",
                json!("arn:aws:batch:eu-west-1:123456789012:job-definition/j:1"),
            ),
        ],
        stays: true,
        listed: true,
        ..Life::default()
    };
    live(service, life).await;
}
