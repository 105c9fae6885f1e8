//! The life of what runs: functions, tasks, databases, and what belongs to them.

use crate::support::World;
use serde_json::json;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","ecs-tasks.amazonaws.com"]},"Action":"sts:AssumeRole"}]}"#;

/// A zip file with one file in it.
fn zip(name: &str) -> String {
    let bytes: &[u8] = &[
        0x50, 0x4b, 0x03, 0x04, 0x14, 0, 0, 0, 0, 0, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0x01, 0, 0, 0, 0x61, 0x50, 0x4b, 0x01, 0x02, 0x14, 0x03, 0x14, 0, 0, 0, 0, 0, 0, 0,
        0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80,
        0x01, 0, 0, 0, 0, 0x61, 0x50, 0x4b, 0x05, 0x06, 0, 0, 0, 0, 0x01, 0, 0x01, 0, 0x2f, 0, 0,
        0, 0x1f, 0, 0, 0, 0, 0,
    ];
    let path = std::env::temp_dir().join(format!("terrane-aws-{}-{name}.zip", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a story")]
async fn functions() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let role = world
        .create(
            "aws_iam_role",
            json!({"name": "f", "assume_role_policy": TRUST}),
        )
        .await;
    let file = zip("functions");
    let function = |more: serde_json::Value| {
        let mut config = json!({"function_name": "f", "role": role.text("arn"), "handler": "index.handler", "runtime": "python3.12", "filename": file});
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    };
    let made = world
        .create(
            "aws_lambda_function",
            function(json!({"publish": true, "tags": {"a": "b"}, "environment": {"variables": {"A": "1"}}})),
        )
        .await;
    assert!(made.text("invoke_arn").ends_with(":function:f/invocations"));
    let made = world
        .update(
            &made,
            function(json!({"publish": true, "memory_size": 256, "timeout": 9, "tags": {"c": "d"}, "reserved_concurrent_executions": 1})),
        )
        .await;
    world
        .import(&made, "f", &["filename", "publish", "source_code_hash"])
        .await;
    assert_eq!(
        world
            .replaced(&made, {
                let mut config = function(json!({}));
                config["function_name"] = json!("g");
                config
            })
            .await,
        [".function_name"]
    );
    let alias = world
        .create(
            "aws_lambda_alias",
            json!({"name": "live", "function_name": "f", "function_version": "1"}),
        )
        .await;
    let alias = world
        .update(
            &alias,
            json!({"name": "live", "function_name": "f", "function_version": "1", "description": "d"}),
        )
        .await;
    world.import(&alias, "f/live", &[]).await;
    let permission = world
        .create(
            "aws_lambda_permission",
            json!({"function_name": "f", "action": "lambda:InvokeFunction", "principal": "events.amazonaws.com", "source_arn": "arn:aws:events:eu-west-1:123456789012:rule/x"}),
        )
        .await;
    assert!(permission.text("statement_id").starts_with("terraform-"));
    let id = format!("f/{}", permission.text("statement_id"));
    world.import(&permission, &id, &[]).await;
    let queue = world
        .create(
            "aws_sqs_queue",
            json!({"name": "q", "visibility_timeout_seconds": 60}),
        )
        .await;
    let mapping = world
        .create(
            "aws_lambda_event_source_mapping",
            json!({"function_name": "f", "event_source_arn": queue.text("arn"), "batch_size": 5}),
        )
        .await;
    let mapping = world
        .update(
            &mapping,
            json!({"function_name": "f", "event_source_arn": queue.text("arn"), "batch_size": 7}),
        )
        .await;
    world
        .import(&mapping, &mapping.text("id"), &["function_name"])
        .await;
    let url = world
        .create(
            "aws_lambda_function_url",
            json!({"function_name": "f", "authorization_type": "NONE"}),
        )
        .await;
    world.import(&url, "f", &[]).await;
    let invoked = world
        .create(
            "aws_lambda_function_event_invoke_config",
            json!({"function_name": "f", "maximum_event_age_in_seconds": 60, "maximum_retry_attempts": 0}),
        )
        .await;
    let layer = world
        .create(
            "aws_lambda_layer_version",
            json!({"layer_name": "l", "filename": file, "compatible_runtimes": ["python3.12"]}),
        )
        .await;
    let layer_arn = layer.text("arn");
    assert!(layer_arn.ends_with(":layer:l:1"));
    for made in [
        &layer,
        &invoked,
        &url,
        &mapping,
        &queue,
        &permission,
        &alias,
        &made,
        &role,
    ] {
        world.delete(made).await;
    }
    std::fs::remove_file(file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_logs() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let key = world
        .create("aws_kms_key", json!({"multi_region": true}))
        .await;
    let replica = world
        .create(
            "aws_kms_replica_key",
            json!({"primary_key_arn": key.text("arn"), "region": "us-east-1"}),
        )
        .await;
    let replica = world
        .update(
            &replica,
            json!({"primary_key_arn": key.text("arn"), "region": "us-east-1", "description": "s", "enabled": false, "tags": {"a": "b"}}),
        )
        .await;
    world.delete(&replica).await;
    let grant = world
        .create(
            "aws_kms_grant",
            json!({"key_id": key.text("key_id"), "grantee_principal": "arn:aws:iam::123456789012:role/r", "operations": ["Encrypt", "Decrypt"]}),
        )
        .await;
    world
        .import(&grant, &grant.text("id"), &["grant_token"])
        .await;
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}]}).to_string();
    let policy = world
        .create(
            "aws_kms_key_policy",
            json!({"key_id": key.text("key_id"), "policy": policy}),
        )
        .await;
    let text = world
        .create(
            "aws_kms_ciphertext",
            json!({"key_id": key.text("key_id"), "plaintext": "x"}),
        )
        .await;
    assert!(!text.text("ciphertext_blob").is_empty());
    world.let_go(&text).await;
    world.let_go(&policy).await;
    world.delete(&grant).await;
    world.delete(&key).await;

    let group = world
        .create("aws_cloudwatch_log_group", json!({"name": "/s/g"}))
        .await;
    let destination = world
        .create(
            "aws_cloudwatch_log_delivery_destination",
            json!({"name": "d", "output_format": "json", "tags": {"a": "b"}, "delivery_destination_configuration": {"destination_resource_arn": group.text("arn")}}),
        )
        .await;
    world.import(&destination, "d", &[]).await;
    world.delete(&destination).await;
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:PutLogEvents", "Resource": "*"}]}).to_string();
    let policy = world
        .create(
            "aws_cloudwatch_log_resource_policy",
            json!({"policy_name": "p", "policy_document": policy}),
        )
        .await;
    world.import(&policy, "p", &[]).await;
    world.delete(&policy).await;
    world.delete(&group).await;
}

const CONTAINERS: &str = r#"[{"name":"web","image":"nginx","memory":128,"essential":true,"portMappings":[{"containerPort":80,"protocol":"tcp"}],"environment":[{"name":"B","value":"2"},{"name":"A","value":"1"}]}]"#;

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a story")]
async fn tasks_and_services() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let cluster = world
        .create("aws_ecs_cluster", json!({"name": "c", "tags": {"a": "b"}}))
        .await;
    world.import(&cluster, "c", &[]).await;
    let providers = world
        .create(
            "aws_ecs_cluster_capacity_providers",
            json!({"cluster_name": "c", "capacity_providers": ["FARGATE"], "default_capacity_provider_strategy": [{"capacity_provider": "FARGATE", "weight": 1}]}),
        )
        .await;
    let providers = world
        .update(
            &providers,
            json!({"cluster_name": "c", "capacity_providers": ["FARGATE", "FARGATE_SPOT"], "default_capacity_provider_strategy": [{"capacity_provider": "FARGATE", "weight": 1}]}),
        )
        .await;
    world.import(&providers, "c", &[]).await;
    let task = world
        .create(
            "aws_ecs_task_definition",
            json!({"family": "t", "container_definitions": CONTAINERS, "cpu": "256", "memory": "512", "network_mode": "awsvpc", "requires_compatibilities": ["FARGATE"], "tags": {"a": "b"}}),
        )
        .await;
    assert!(
        task.text("arn_without_revision")
            .ends_with(":task-definition/t")
    );
    world
        .import(
            &task,
            &task.text("arn"),
            &["container_definitions", "skip_destroy", "track_latest"],
        )
        .await;
    let complaints = world
        .complaints(
            "aws_ecs_task_definition",
            None,
            json!({"family": "t", "container_definitions": "{}"}),
        )
        .await;
    assert!(complaints[0].contains("must be JSON"), "{complaints:?}");
    let service = |more: serde_json::Value| {
        let mut config = json!({"name": "s", "cluster": cluster.text("id"), "task_definition": task.text("arn"), "desired_count": 1, "launch_type": "FARGATE"});
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    };
    let made = world
        .create("aws_ecs_service", service(json!({"tags": {"a": "b"}})))
        .await;
    let made = world
        .update(
            &made,
            service(json!({"desired_count": 2, "tags": {"c": "d"}})),
        )
        .await;
    let target = json!({"service_namespace": "ecs", "resource_id": "service/c/s", "scalable_dimension": "ecs:service:DesiredCount", "min_capacity": 1, "max_capacity": 3});
    let target = world.create("aws_appautoscaling_target", target).await;
    world
        .import(&target, "ecs/service/c/s/ecs:service:DesiredCount", &[])
        .await;
    let policy = world
        .create(
            "aws_appautoscaling_policy",
            json!({"name": "p", "policy_type": "TargetTrackingScaling", "service_namespace": "ecs", "resource_id": "service/c/s", "scalable_dimension": "ecs:service:DesiredCount",
                "target_tracking_scaling_policy_configuration": {"target_value": 75, "predefined_metric_specification": {"predefined_metric_type": "ECSServiceAverageCPUUtilization"}}}),
        )
        .await;
    let action = world
        .create(
            "aws_appautoscaling_scheduled_action",
            json!({"name": "a", "service_namespace": "ecs", "resource_id": "service/c/s", "scalable_dimension": "ecs:service:DesiredCount", "schedule": "rate(5 minutes)", "scalable_target_action": {"min_capacity": "1", "max_capacity": "2"}}),
        )
        .await;
    for made in [&action, &policy, &target, &made, &task] {
        world.delete(made).await;
    }
    world.let_go(&providers).await;
    world.delete(&cluster).await;
}
