//! What belongs to APIs: keys, plans, models, those who let callers in; and APIs that are described as a whole.

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
