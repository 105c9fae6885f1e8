//! APIs of HTTP and WebSocket: stages, routes, what answers them.

use crate::json;
use crate::read::is_empty;
use crate::run::Run;
use crate::table::{Cut, Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Kind, Value};

/// Tags are found in the object, and changed by its ARN.
pub(super) fn tagged(table: Table) -> Table {
    table.tag_calls("", ("TagResource", "UntagResource"), "ResourceArn", "{arn}")
}

pub(super) fn api() -> Table {
    tagged(Table::new("aws_apigatewayv2_api", "apigatewayv2"))
        .local(&["body", "fail_on_warnings"])
        .create(op("CreateApi"))
        .id_out("ApiId")
        .read(op("GetApi").set("ApiId", "{id}"))
        .update(
            op("UpdateApi")
                .except(&[
                    "cors_configuration",
                    "credentials_arn",
                    "route_key",
                    "target",
                ])
                .set("ApiId", "{id}"),
        )
        .by_function(&["body", "cors_configuration"])
        .delete(op("DeleteApi").set("ApiId", "{id}"))
        .arn("arn:{partition}:apigateway:{region}::/apis/{id}")
        .derive(
            "execution_arn",
            "arn:{partition}:execute-api:{region}:{account}:{id}",
            Cut::Whole,
        )
        .hooks(Api)
}

/// A description puts all in its place; what other sites may ask is put as a whole, and taken away by a call of its own.
#[derive(Debug)]
struct Api;

/// Puts the description of an API, if there is one: what is written beside it counts more than what is in it.
async fn described(run: &Run<'_>, object: &Value) -> Answered<bool> {
    let Some(body) = args::string(object, "body").filter(|body| !body.is_empty()) else {
        return Ok(false);
    };
    let id = run.text("{id}", object);
    let mut input = json!({"ApiId": id, "Body": body});
    if let Some(fails) = args::bool(object, "fail_on_warnings") {
        json::put(&mut input, "FailOnWarnings", fails.into());
    }
    run.ask("ReimportApi", input).await?;
    let operation = run.operation("apigatewayv2", "UpdateApi")?;
    let step = op("UpdateApi")
        .only(&["cors_configuration", "description", "name", "version"])
        .set("ApiId", "{id}");
    let mut input = run.input(&step, &operation, object);
    for member in ["Description", "Version"] {
        if input.get(member).is_none() {
            json::put(&mut input, member, "".into());
        }
    }
    if input.get("CorsConfiguration").is_none() {
        run.ask("DeleteCorsConfiguration", json!({"ApiId": id}))
            .await?;
    }
    run.ask("UpdateApi", input).await?;
    // Tags of a description take the place of those that are written.
    let found = run.ask("GetApi", json!({"ApiId": id})).await?;
    let now = crate::read::entries(found.get("Tags").unwrap_or(&Json::Null));
    let now = now.into_iter().map(|(key, value)| (key, json::text(value)));
    let wanted = crate::run::all_tags(object);
    run.change_tags(object, &now.collect(), &wanted).await?;
    Ok(true)
}

#[async_trait]
impl Hooks for Api {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let arn = format!(
            "arn:{}:apigateway:{}::/apis/{}",
            run.text("{partition}", object),
            run.region,
            run.text("{id}", object)
        );
        described(run, &args::with(object, "arn", Value::string(arn)))
            .await
            .map(drop)
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if !crate::run::same_at(prior, planned, "body") && described(run, planned).await? {
            return Ok(());
        }
        let name = "cors_configuration";
        if crate::run::same_at(prior, planned, name) {
            return Ok(());
        }
        let id = run.text("{id}", prior);
        if args::get(planned, name).children().is_empty() {
            let input = json!({"ApiId": id});
            return run.ask("DeleteCorsConfiguration", input).await.map(drop);
        }
        let operation = run.operation("apigatewayv2", "UpdateApi")?;
        let step = op("UpdateApi").only(&[name]).set("ApiId", "{id}");
        let input = run.input(&step, &operation, planned);
        run.ask("UpdateApi", input).await.map(drop)
    }
}

pub(super) fn stage() -> Table {
    tagged(Table::new("aws_apigatewayv2_stage", "apigatewayv2"))
        .noun("stage")
        .create(op("CreateStage").except(&["route_settings"]))
        .input(|operation, input, object| {
            let takes = matches!(operation, "CreateStage" | "UpdateStage");
            if !takes {
                return;
            }
            // A stage that is deployed by itself has no deployment to name.
            if args::bool(object, "auto_deploy") == Some(true)
                && let Some(members) = input.as_object_mut()
            {
                members.remove("DeploymentId");
            }
            routes_of(input, object);
        })
        .id("{name}")
        .import("{api_id}/{name}")
        .read(
            op("GetStage")
                .set("ApiId", "{api_id}")
                .set("StageName", "{name}"),
        )
        .answer(|_, found| {
            // Settings by route are a list of blocks here.
            let routes = found.get("RouteSettings").and_then(Json::as_object);
            let list: Vec<Json> = routes
                .into_iter()
                .flatten()
                .map(|(key, settings)| {
                    let mut block = settings.clone();
                    json::put(&mut block, "RouteKey", key.as_str().into());
                    block
                })
                .collect();
            json::put(found, "RouteSettings", Json::Array(list));
        })
        .by_function(&["route_settings"])
        .update(
            op("UpdateStage")
                .except(&["route_settings"])
                .clear("access_log_settings", "AccessLogSettings", "{}")
                .clear("default_route_settings", "DefaultRouteSettings", "{}"),
        )
        .delete(
            op("DeleteStage")
                .set("ApiId", "{api_id}")
                .set("StageName", "{name}"),
        )
        .arn("arn:{partition}:apigateway:{region}::/apis/{api_id}/stages/{name}")
        .derive(
            "execution_arn",
            "arn:{partition}:execute-api:{region}:{account}:{api_id}/{name}",
            Cut::Whole,
        )
        .found(|run, found, _| {
            let name = args::string(&found, "name").unwrap_or_default();
            let path = if name == "$default" { "" } else { name };
            let api = args::string(&found, "api_id").unwrap_or_default();
            let host = format!(
                "{api}.execute-api.{}.{}",
                run.region,
                crate::cx::dns_suffix(&run.region)
            );
            // Logging levels are of WebSocket APIs.
            args::with(
                &found,
                "invoke_url",
                Value::string(format!("https://{host}/{path}")),
            )
        })
}

/// Blocks of settings as a map by route.
fn routes_of(input: &mut Json, object: &Value) {
    let blocks = args::get(object, "route_settings");
    let mut routes = serde_json::Map::new();
    for block in blocks.children() {
        let Some(key) = args::string(block, "route_key") else {
            continue;
        };
        let mut settings = json!({});
        for (name, member) in [
            ("data_trace_enabled", "DataTraceEnabled"),
            ("detailed_metrics_enabled", "DetailedMetricsEnabled"),
            ("logging_level", "LoggingLevel"),
            ("throttling_burst_limit", "ThrottlingBurstLimit"),
            ("throttling_rate_limit", "ThrottlingRateLimit"),
        ] {
            let value = match args::get(block, name).kind() {
                Kind::Bool(value) => value.into(),
                Kind::Number(number) => number.to_string().parse().map_or(Json::Null, Json::Number),
                Kind::String(text) if !text.is_empty() => text.as_str().into(),
                _ => continue,
            };
            json::put(&mut settings, member, value);
        }
        routes.insert(key.to_owned(), settings);
    }
    if !routes.is_empty() {
        json::put(input, "RouteSettings", Json::Object(routes));
    }
}

pub(super) fn route() -> Table {
    Table::new("aws_apigatewayv2_route", "apigatewayv2")
        .create(op("CreateRoute").except(&["request_parameter"]))
        .input(|operation, input, object| {
            if !matches!(operation, "CreateRoute" | "UpdateRoute") {
                return;
            }
            let blocks = args::get(object, "request_parameter");
            let all: serde_json::Map<String, Json> = blocks
                .children()
                .iter()
                .filter_map(|block| {
                    let key = args::string(block, "request_parameter_key")?;
                    let required = args::bool(block, "required").unwrap_or_default();
                    Some((key.to_owned(), json!({"Required": required})))
                })
                .collect();
            if !all.is_empty() {
                json::put(input, "RequestParameters", Json::Object(all));
            }
        })
        .answer(|_, found| {
            let all = found.get("RequestParameters").and_then(Json::as_object);
            let list: Vec<Json> = all
                .into_iter()
                .flatten()
                .map(|(key, about)| {
                    json!({"RequestParameterKey": key, "Required": about["Required"]})
                })
                .collect();
            json::put(found, "RequestParameters", Json::Array(list));
        })
        .by_function(&["request_parameter"])
        .id_out("RouteId")
        .import("{api_id}/{id}")
        .read(
            op("GetRoute")
                .set("ApiId", "{api_id}")
                .set("RouteId", "{id}"),
        )
        .update(
            op("UpdateRoute")
                .except(&["request_parameter"])
                .set("RouteId", "{id}"),
        )
        .delete(
            op("DeleteRoute")
                .set("ApiId", "{api_id}")
                .set("RouteId", "{id}"),
        )
        .retry(
            &[Phase::Create, Phase::Update, Phase::Delete],
            "ConflictException",
            "",
            120,
        )
}

pub(super) fn integration() -> Table {
    Table::new("aws_apigatewayv2_integration", "apigatewayv2")
        .names(&[("timeout_milliseconds", "TimeoutInMillis")])
        .by_function(&["response_parameters"])
        .quiet(&["passthrough_behavior", "integration_method"])
        .create(op("CreateIntegration").except(&["response_parameters"]))
        .input(|operation, input, object| {
            if !matches!(operation, "CreateIntegration" | "UpdateIntegration") {
                return;
            }
            let blocks = args::get(object, "response_parameters");
            for block in blocks.children() {
                let status = args::string(block, "status_code").unwrap_or_default();
                let mappings = crate::run::to_map(&args::get(block, "mappings"));
                let path = format!("ResponseParameters.{status}");
                json::put(input, &path, json!(mappings));
            }
            // What is passed on is said of WebSocket APIs only.
            let websocket = args::string(object, "integration_type")
                .is_some_and(|kind| matches!(kind, "AWS" | "HTTP" | "MOCK"));
            if !websocket && let Some(members) = input.as_object_mut() {
                members.remove("PassthroughBehavior");
            }
        })
        .answer(|_, found| {
            let all = found.get("ResponseParameters").and_then(Json::as_object);
            let list: Vec<Json> = all
                .into_iter()
                .flatten()
                .map(|(status, mappings)| json!({"StatusCode": status, "Mappings": mappings}))
                .collect();
            json::put(found, "ResponseParameters", Json::Array(list));
        })
        .told(&[("passthrough_behavior", "PassthroughBehavior")])
        // Functions are called by no other method, so none need be said.
        .alike("integration_method", |prior, planned| {
            args::string(prior, "integration_method") == Some("POST")
                && is_empty(&args::get(planned, "integration_method"))
                && args::string(planned, "integration_type")
                    .is_some_and(|kind| matches!(kind, "AWS" | "AWS_PROXY"))
        })
        .id_out("IntegrationId")
        .import("{api_id}/{id}")
        .read(
            op("GetIntegration")
                .set("ApiId", "{api_id}")
                .set("IntegrationId", "{id}"),
        )
        .update(
            op("UpdateIntegration")
                .except(&["response_parameters"])
                .set("IntegrationId", "{id}"),
        )
        .delete(
            op("DeleteIntegration")
                .set("ApiId", "{api_id}")
                .set("IntegrationId", "{id}"),
        )
}

pub(super) fn authorizer() -> Table {
    Table::new("aws_apigatewayv2_authorizer", "apigatewayv2")
        .create(op("CreateAuthorizer"))
        .input(|operation, input, object| {
            // Answers are kept where there is something to know them by.
            let names = args::strings(object, "identity_sources").unwrap_or_default();
            let request = args::string(object, "authorizer_type") == Some("REQUEST");
            if operation == "CreateAuthorizer"
                && (names.is_empty() || !request)
                && let Some(members) = input.as_object_mut()
            {
                members.remove("AuthorizerResultTtlInSeconds");
            }
        })
        .id_out("AuthorizerId")
        .import("{api_id}/{id}")
        .read(
            op("GetAuthorizer")
                .set("ApiId", "{api_id}")
                .set("AuthorizerId", "{id}"),
        )
        .update(op("UpdateAuthorizer").set("AuthorizerId", "{id}"))
        .delete(
            op("DeleteAuthorizer")
                .set("ApiId", "{api_id}")
                .set("AuthorizerId", "{id}"),
        )
}
