//! What belongs to APIs: keys, plans, models, those who let callers in; and APIs that are described as a whole.

use crate::script::Script;
use crate::support::{Made, World};
use serde_json::{Value as Json, json};

async fn let_go(world: &World, all: &[&Made]) {
    for made in all {
        world.let_go(made).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_rest_apis() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let api = world
        .create("aws_api_gateway_rest_api", json!({"name": "r"}))
        .await;
    let id = api.text("id");
    let key = |name: &str| json!({"name": name, "enabled": true, "tags": {"a": "b"}});
    let key_made = world.create("aws_api_gateway_api_key", key("k")).await;
    let key_made = world.update(&key_made, key("l")).await;
    world.import(&key_made, &key_made.text("id"), &[]).await;
    let plan = world
        .create("aws_api_gateway_usage_plan", json!({"name": "p"}))
        .await;
    let of_plan = json!({"key_id": key_made.text("id"), "key_type": "API_KEY", "usage_plan_id": plan.text("id")});
    let of_plan = world
        .create("aws_api_gateway_usage_plan_key", of_plan)
        .await;
    let import = format!("{}/{}", plan.text("id"), key_made.text("id"));
    world.import(&of_plan, &import, &[]).await;
    let lets_in = |name: &str| json!({"name": name, "rest_api_id": id, "type": "COGNITO_USER_POOLS", "provider_arns": ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/p"]});
    let authorizer = world
        .create("aws_api_gateway_authorizer", lets_in("a"))
        .await;
    let authorizer = world.update(&authorizer, lets_in("b")).await;
    let import = format!("{id}/{}", authorizer.text("id"));
    world.import(&authorizer, &import, &[]).await;
    let schema = |kind: &str| json!({"rest_api_id": id, "name": "m", "content_type": "application/json", "schema": json!({"type": kind}).to_string()});
    let model = world
        .create("aws_api_gateway_model", schema("object"))
        .await;
    world.import(&model, &format!("{id}/m"), &[]).await;
    let renewed = world.replaced(&model, {
        let mut other = schema("object");
        other["name"] = json!("n");
        other
    });
    assert_eq!(renewed.await, [".name"]);
    let checks =
        |body: bool| json!({"rest_api_id": id, "name": "v", "validate_request_body": body});
    let validator = world
        .create("aws_api_gateway_request_validator", checks(false))
        .await;
    let validator = world.update(&validator, checks(true)).await;
    let says = |text: &str| json!({"rest_api_id": id, "response_type": "UNAUTHORIZED", "status_code": "401", "response_templates": {"application/json": text}});
    let response = world
        .create("aws_api_gateway_gateway_response", says("a"))
        .await;
    let response = world.update(&response, says("b")).await;
    let import = format!("{id}/UNAUTHORIZED");
    world.import(&response, &import, &[]).await;
    // The emulator has other words for "gone" here, or none.
    let all = [
        &response,
        &validator,
        &model,
        &authorizer,
        &of_plan,
        &plan,
        &key_made,
        &api,
    ];
    let_go(&world, &all).await;
}

/// An API that is described as a whole has the routes of its description, and the name of its configuration.
#[tokio::test(flavor = "multi_thread")]
async fn apis_are_described() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let body = |path: &str| {
        json!({
            "openapi": "3.0.1", "info": {"title": "of the body", "version": "1.0"},
            "paths": {path: {"get": {"x-amazon-apigateway-integration": {"type": "HTTP_PROXY", "httpMethod": "GET", "payloadFormatVersion": "1.0", "uri": "https://example.com"}}}},
        })
        .to_string()
    };
    let config = |path: &str| json!({"name": "described", "protocol_type": "HTTP", "body": body(path), "tags": {"a": "b"}});
    let api = world.create("aws_apigatewayv2_api", config("/a")).await;
    assert_eq!(api.text("name"), "described");
    let api = world.update(&api, config("/b")).await;
    // What is spelled in another way says the same.
    let spelled: Json = serde_json::from_str(&body("/b")).unwrap();
    let mut same = config("/b");
    same["body"] = json!(serde_json::to_string_pretty(&spelled).unwrap());
    let config = world.config("aws_apigatewayv2_api", &same);
    let (planned, _) = world
        .plan("aws_apigatewayv2_api", &api.state, &config)
        .await;
    assert_eq!(planned, api.state);
    world.delete(&api).await;
}

/// A REST API that is described as a whole: what is written beside the description counts more, and a change of it puts all in its place.
#[tokio::test(flavor = "multi_thread")]
async fn rest_apis_are_described() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let body = |path: &str| {
        json!({
            "openapi": "3.0.1", "info": {"title": "of the body", "version": "1.0"},
            "paths": {path: {"get": {"responses": {"200": {"description": "said"}}}}},
        })
        .to_string()
    };
    let config = |path: &str| json!({"name": "described", "description": "beside", "body": body(path), "parameters": {"basepath": "ignore"}});
    let made = world.create("aws_api_gateway_rest_api", config("/a")).await;
    assert_eq!(made.text("name"), "described");
    let made = world.update(&made, config("/b")).await;
    assert_eq!(made.text("description"), "beside");
    world.let_go(&made).await;
}

#[tokio::test]
async fn a_description_is_sent_with_what_goes_with_it() {
    let told = json!({"id": "r", "name": "of the body", "description": "of the body"});
    let (world, script) = Script::world(
        [
            ("CreateRestApi", vec![Ok(json!({"id": "r"}))]),
            ("PutRestApi", vec![Ok(told)]),
            (
                "GetRestApi",
                vec![Ok(
                    json!({"id": "r", "name": "n", "description": "of the body"}),
                )],
            ),
        ],
        json!({}),
    )
    .await;
    let config = json!({"name": "n", "body": "{}", "fail_on_warnings": true, "put_rest_api_mode": "merge", "parameters": {"a": "b"}});
    world.create("aws_api_gateway_rest_api", config).await;
    let put = &script.inputs("PutRestApi")[0];
    assert_eq!(
        *put,
        json!({"restApiId": "r", "body": "e30=", "mode": "merge", "failOnWarnings": true, "parameters": {"a": "b"}})
    );
    let patches = &script.inputs("UpdateRestApi")[0]["patchOperations"];
    assert_eq!(
        *patches,
        json!([{"op": "replace", "path": "/name", "value": "n"}])
    );
}

/// The log of a stage is asked for after the stage was made; parts of what another deployment gets are changed one by one.
#[tokio::test]
async fn logs_and_canaries_of_stages() {
    let stage = |more: Json| {
        let mut shown = json!({"stageName": "s", "deploymentId": "d"});
        for (name, value) in more.as_object().unwrap() {
            shown[name] = value.clone();
        }
        vec![Ok(shown)]
    };
    let log = json!({"destinationArn": "arn:aws:logs:eu-west-1:1:log-group:l", "format": "f"});
    let canary = json!({"deploymentId": "e", "percentTraffic": 10.0, "useStageCache": false, "stageVariableOverrides": {"a": "1"}});
    let shown = stage(json!({"accessLogSettings": log, "canarySettings": canary}));
    let (world, script) = Script::world(
        [("CreateStage", shown.clone()), ("GetStage", shown)],
        json!({}),
    )
    .await;
    let config = |format: &str, percent: u8| {
        json!({
            "rest_api_id": "r", "stage_name": "s", "deployment_id": "d",
            "access_log_settings": [{"destination_arn": "arn:aws:logs:eu-west-1:1:log-group:l", "format": format}],
            "canary_settings": [{"deployment_id": "e", "percent_traffic": percent, "use_stage_cache": false, "stage_variable_overrides": {"a": "1"}}],
        })
    };
    let made = world.create("aws_api_gateway_stage", config("f", 10)).await;
    let input = &script.inputs("CreateStage")[0];
    assert_eq!(input["canarySettings"]["stageVariableOverrides"]["a"], "1");
    let patches = |at: usize| script.inputs("UpdateStage")[at]["patchOperations"].clone();
    assert_eq!(
        patches(0),
        json!([
            {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": "arn:aws:logs:eu-west-1:1:log-group:l"},
            {"op": "replace", "path": "/accessLogSettings/format", "value": "f"},
        ])
    );
    let canary = json!({"deploymentId": "e", "percentTraffic": 20.0, "useStageCache": false, "stageVariableOverrides": {"a": "1"}});
    let log = json!({"destinationArn": "arn:aws:logs:eu-west-1:1:log-group:l", "format": "g"});
    script.set([(
        "GetStage",
        stage(json!({"accessLogSettings": log, "canarySettings": canary})),
    )]);
    let made = world.update(&made, config("g", 20)).await;
    assert_eq!(
        patches(1),
        json!([
            {"op": "replace", "path": "/accessLogSettings/format", "value": "g"},
            {"op": "replace", "path": "/canarySettings/percentTraffic", "value": "20"},
        ])
    );
    script.set([("GetStage", stage(json!({})))]);
    let bare = json!({"rest_api_id": "r", "stage_name": "s", "deployment_id": "d"});
    world.update(&made, bare).await;
    assert_eq!(
        patches(2),
        json!([{"op": "remove", "path": "/accessLogSettings"}, {"op": "remove", "path": "/canarySettings"}])
    );
}
