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
    for made in [&action, &policy, &target] {
        world.let_go(made).await;
    }
    for made in [&made, &task] {
        world.delete(made).await;
    }
    world.let_go(&providers).await;
    world.delete(&cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a story")]
async fn databases() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let vpc = world
        .create("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}))
        .await;
    let mut subnets = Vec::new();
    for (at, zone) in ["a", "b"].iter().enumerate() {
        let subnet = json!({"vpc_id": vpc.text("id"), "cidr_block": format!("10.0.{at}.0/24"), "availability_zone": format!("eu-west-1{zone}")});
        subnets.push(world.create("aws_subnet", subnet).await);
    }
    let ids: Vec<String> = subnets.iter().map(|subnet| subnet.text("id")).collect();
    let group = world
        .create(
            "aws_db_subnet_group",
            json!({"name": "g", "subnet_ids": ids, "tags": {"a": "b"}}),
        )
        .await;
    world.import(&group, "g", &[]).await;
    let parameters = |value: &str| json!({"name": "p", "family": "postgres16", "parameter": [{"name": "log_connections", "value": value}, {"name": "autovacuum", "value": "1"}]});
    let group_of_parameters = world
        .create("aws_db_parameter_group", parameters("1"))
        .await;
    let group_of_parameters = world.update(&group_of_parameters, parameters("0")).await;
    world.import(&group_of_parameters, "p", &[]).await;
    let options = world
        .create(
            "aws_db_option_group",
            json!({"name_prefix": "o-", "engine_name": "mysql", "major_engine_version": "8.0"}),
        )
        .await;
    let instance = |more: serde_json::Value| {
        let mut config = json!({"identifier": "i", "engine": "postgres", "engine_version": "16", "instance_class": "db.t3.micro", "allocated_storage": 20, "username": "u", "password": "secret-123",
            "db_subnet_group_name": "g", "parameter_group_name": "p", "skip_final_snapshot": true, "apply_immediately": true});
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    };
    let made = world
        .create("aws_db_instance", instance(json!({"tags": {"a": "b"}})))
        .await;
    assert!(made.text("endpoint").contains(':'));
    let made = world
        .update(
            &made,
            instance(json!({"instance_class": "db.t3.small", "backup_retention_period": 7, "tags": {"c": "d"}})),
        )
        .await;
    world
        .import(
            &made,
            "i",
            &[
                "password",
                "skip_final_snapshot",
                "apply_immediately",
                "engine_version",
                "delete_automated_backups",
                "latest_restorable_time",
            ],
        )
        .await;
    let complaints = world
        .complaints("aws_db_instance", Some(&made.state), {
            let mut config = instance(json!({}));
            config["identifier"] = json!("j");
            config
        })
        .await;
    assert!(complaints[0].contains("identifier"), "{complaints:?}");
    let cluster = |days: i64| {
        json!({"cluster_identifier": "c", "engine": "aurora-postgresql", "master_username": "u", "master_password": "secret-123", "backup_retention_period": days,
        "skip_final_snapshot": true, "apply_immediately": true, "tags": {"a": "b"}})
    };
    let aurora = world.create("aws_rds_cluster", cluster(1)).await;
    let aurora = world.update(&aurora, cluster(3)).await;
    let member = world
        .create(
            "aws_rds_cluster_instance",
            json!({"identifier": "m", "cluster_identifier": "c", "engine": "aurora-postgresql", "instance_class": "db.r6g.large"}),
        )
        .await;
    let cluster_parameters = world
        .create(
            "aws_rds_cluster_parameter_group",
            json!({"name": "cp", "family": "aurora-postgresql16", "parameter": [{"name": "log_statement", "value": "all"}]}),
        )
        .await;
    let subscription = world
        .create(
            "aws_db_event_subscription",
            json!({"name": "s", "sns_topic": "arn:aws:sns:eu-west-1:123456789012:t", "source_type": "db-instance", "event_categories": ["failover"]}),
        )
        .await;
    for made in [&subscription, &cluster_parameters, &member] {
        world.delete(made).await;
    }
    world.delete(&aurora).await;
    for made in [&made, &options, &group_of_parameters, &group] {
        world.delete(made).await;
    }
    for subnet in &subnets {
        world.delete(subnet).await;
    }
    world.delete(&vpc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clusters_of_kubernetes() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let trust = TRUST.replace("lambda", "eks");
    let role = world
        .create(
            "aws_iam_role",
            json!({"name": "e", "assume_role_policy": trust}),
        )
        .await;
    let cluster = world
        .create(
            "aws_eks_cluster",
            json!({"name": "k", "role_arn": role.text("arn"), "vpc_config": {"subnet_ids": ["subnet-1", "subnet-2"]}, "tags": {"a": "b"}}),
        )
        .await;
    world.import(&cluster, "k", &[]).await;
    let nodes = world
        .create(
            "aws_eks_node_group",
            json!({"cluster_name": "k", "node_group_name": "n", "node_role_arn": role.text("arn"), "subnet_ids": ["subnet-1"], "remote_access": {"ec2_ssh_key": "eksKeypair"}, "scaling_config": {"desired_size": 1, "max_size": 2, "min_size": 1}, "tags": {"a": "b"}}),
        )
        .await;
    world.import(&nodes, "k:n", &[]).await;
    let profile = world
        .create(
            "aws_eks_fargate_profile",
            json!({"cluster_name": "k", "fargate_profile_name": "f", "pod_execution_role_arn": role.text("arn"), "subnet_ids": ["subnet-1"], "selector": [{"namespace": "x"}]}),
        )
        .await;
    for made in [&profile, &nodes, &cluster, &role] {
        world.delete(made).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a story")]
async fn schedules_workflows_and_files() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let role = world
        .create(
            "aws_iam_role",
            json!({"name": "r", "assume_role_policy": TRUST}),
        )
        .await;
    let group = world
        .create(
            "aws_scheduler_schedule_group",
            json!({"name": "g", "tags": {"a": "b"}}),
        )
        .await;
    let schedule = |every: &str| json!({"name": "s", "group_name": "g", "schedule_expression": every, "flexible_time_window": {"mode": "OFF"}, "target": {"arn": "arn:aws:sqs:eu-west-1:123456789012:q", "role_arn": role.text("arn")}});
    let made = world
        .create("aws_scheduler_schedule", schedule("rate(1 hour)"))
        .await;
    let made = world.update(&made, schedule("rate(2 hours)")).await;
    world.import(&made, "g/s", &["target"]).await;
    world.let_go(&made).await;
    world.let_go(&group).await;
    let bus = world
        .create("aws_cloudwatch_event_bus", json!({"name": "b"}))
        .await;
    let archive = world
        .create(
            "aws_cloudwatch_event_archive",
            json!({"name": "a", "event_source_arn": bus.text("arn"), "retention_days": 3}),
        )
        .await;
    let archive = world
        .update(
            &archive,
            json!({"name": "a", "event_source_arn": bus.text("arn"), "retention_days": 5, "description": "d"}),
        )
        .await;
    world.import(&archive, "a", &[]).await;
    let permission = world
        .create(
            "aws_cloudwatch_event_permission",
            json!({"principal": "123456789012", "statement_id": "x", "event_bus_name": "b"}),
        )
        .await;
    world.import(&permission, "b/x", &[]).await;
    let connection = world
        .create(
            "aws_cloudwatch_event_connection",
            json!({"name": "c", "authorization_type": "API_KEY", "auth_parameters": {"api_key": {"key": "k", "value": "v"}}}),
        )
        .await;
    let destination = world
        .create(
            "aws_cloudwatch_event_api_destination",
            json!({"name": "d", "connection_arn": connection.text("arn"), "invocation_endpoint": "https://example.com", "http_method": "POST"}),
        )
        .await;
    for made in [&destination, &connection, &permission, &archive, &bus] {
        world.delete(made).await;
    }
    let definition = |comment: &str| {
        json!({"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}})
            .to_string()
    };
    let machine = world
        .create(
            "aws_sfn_state_machine",
            json!({"name": "m", "role_arn": role.text("arn"), "definition": definition("one"), "tags": {"a": "b"}}),
        )
        .await;
    let machine = world
        .update(
            &machine,
            json!({"name": "m", "role_arn": role.text("arn"), "definition": definition("two"), "tags": {"c": "d"}}),
        )
        .await;
    world.import(&machine, &machine.text("id"), &[]).await;
    let activity = world
        .create("aws_sfn_activity", json!({"name": "act"}))
        .await;
    world.delete(&activity).await;
    world.delete(&machine).await;
    let files = world
        .create(
            "aws_efs_file_system",
            json!({"creation_token": "t", "lifecycle_policy": [{"transition_to_ia": "AFTER_30_DAYS"}], "tags": {"a": "b"}}),
        )
        .await;
    let point = world
        .create(
            "aws_efs_access_point",
            json!({"file_system_id": files.text("id"), "posix_user": {"uid": 1, "gid": 1}}),
        )
        .await;
    world.delete(&point).await;
    world.delete(&files).await;
    world.delete(&role).await;
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a story")]
async fn gateways() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let api = world
        .create(
            "aws_apigatewayv2_api",
            json!({"name": "a", "protocol_type": "HTTP", "cors_configuration": {"allow_origins": ["https://example.com"]}, "tags": {"a": "b"}}),
        )
        .await;
    let api = world
        .update(
            &api,
            json!({"name": "b", "protocol_type": "HTTP", "description": "d", "tags": {"c": "d"}}),
        )
        .await;
    let id = api.text("id");
    world.import(&api, &id, &[]).await;
    let integration = world
        .create(
            "aws_apigatewayv2_integration",
            json!({"api_id": id, "integration_type": "HTTP_PROXY", "integration_method": "GET", "integration_uri": "https://example.com"}),
        )
        .await;
    let target = format!("integrations/{}", integration.text("id"));
    let route = world
        .create(
            "aws_apigatewayv2_route",
            json!({"api_id": id, "route_key": "GET /a", "target": target}),
        )
        .await;
    let route = world
        .update(
            &route,
            json!({"api_id": id, "route_key": "GET /b", "target": target}),
        )
        .await;
    world
        .import(&route, &format!("{id}/{}", route.text("id")), &[])
        .await;
    let stage = world
        .create(
            "aws_apigatewayv2_stage",
            json!({"api_id": id, "name": "$default", "auto_deploy": true}),
        )
        .await;
    assert!(stage.text("invoke_url").ends_with(".amazonaws.com/"));
    for made in [&stage, &route, &integration, &api] {
        world.delete(made).await;
    }

    let api = world
        .create(
            "aws_api_gateway_rest_api",
            json!({"name": "r", "tags": {"a": "b"}}),
        )
        .await;
    let api = world
        .update(
            &api,
            json!({"name": "s", "description": "d", "tags": {"a": "b"}}),
        )
        .await;
    let id = api.text("id");
    world.import(&api, &id, &["put_rest_api_mode"]).await;
    let resource = world
        .create(
            "aws_api_gateway_resource",
            json!({"rest_api_id": id, "parent_id": api.text("root_resource_id"), "path_part": "p"}),
        )
        .await;
    assert_eq!(resource.text("path"), "/p");
    let of = |more: serde_json::Value| {
        let mut config =
            json!({"rest_api_id": id, "resource_id": resource.text("id"), "http_method": "GET"});
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    };
    let method = world
        .create(
            "aws_api_gateway_method",
            of(json!({"authorization": "NONE"})),
        )
        .await;
    let import = format!("{id}/{}/GET", resource.text("id"));
    world.import(&method, &import, &[]).await;
    let integration = world
        .create(
            "aws_api_gateway_integration",
            of(json!({"type": "HTTP", "integration_http_method": "POST", "uri": "https://example.com"})),
        )
        .await;
    let response = world
        .create(
            "aws_api_gateway_method_response",
            of(json!({"status_code": "200"})),
        )
        .await;
    let answer = world
        .create(
            "aws_api_gateway_integration_response",
            of(json!({"status_code": "200", "response_templates": {"application/json": "x"}})),
        )
        .await;
    let deployment = world
        .create("aws_api_gateway_deployment", json!({"rest_api_id": id}))
        .await;
    let stage = world
        .create(
            "aws_api_gateway_stage",
            json!({"rest_api_id": id, "stage_name": "st", "deployment_id": deployment.text("id"), "variables": {"a": "1"}}),
        )
        .await;
    let stage = world
        .update(
            &stage,
            json!({"rest_api_id": id, "stage_name": "st", "deployment_id": deployment.text("id"), "variables": {"a": "2"}, "description": "d"}),
        )
        .await;
    world.delete(&stage).await;
    for made in [&deployment, &answer, &response, &integration, &method] {
        world.let_go(made).await;
    }
    // The emulator does not know how to say that these are gone.
    world.let_go(&resource).await;
    world.let_go(&api).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pools_streams_and_namespaces() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let pool = world
        .create(
            "aws_cognito_user_pool",
            json!({"name": "p", "tags": {"a": "b"}}),
        )
        .await;
    let id = pool.text("id");
    let client = world
        .create(
            "aws_cognito_user_pool_client",
            json!({"name": "c", "user_pool_id": id}),
        )
        .await;
    world
        .import(&client, &format!("{id}/{}", client.text("id")), &[])
        .await;
    let group = world
        .create(
            "aws_cognito_user_group",
            json!({"name": "g", "user_pool_id": id}),
        )
        .await;
    let group = world
        .update(
            &group,
            json!({"name": "g", "user_pool_id": id, "description": "d", "precedence": 3}),
        )
        .await;
    world.import(&group, &format!("{id}/g"), &[]).await;
    for made in [&group, &client, &pool] {
        world.delete(made).await;
    }
    let stream = |hours: i64| json!({"name": "s", "shard_count": 1, "retention_period": hours, "tags": if hours == 48 { json!(null) } else { json!({"a": "b"}) }});
    let made = world.create("aws_kinesis_stream", stream(48)).await;
    let made = world.update(&made, stream(24)).await;
    world.import(&made, "s", &[]).await;
    world.delete(&made).await;
    let namespace = world
        .create(
            "aws_service_discovery_http_namespace",
            json!({"name": "n", "tags": {"a": "b"}}),
        )
        .await;
    let service = world
        .create(
            "aws_service_discovery_service",
            json!({"name": "s", "namespace_id": namespace.text("id")}),
        )
        .await;
    world.delete(&service).await;
    world.delete(&namespace).await;
}
