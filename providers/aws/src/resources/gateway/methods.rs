//! Methods of REST APIs: who may call, what answers, what the answers look like.

use super::patch::Patched;
use crate::table::{Step, Table, op};

/// A method is known by its API, its resource and its verb.
fn of_method(step: Step) -> Step {
    step.set("restApiId", "{rest_api_id}")
        .set("resourceId", "{resource_id}")
        .set("httpMethod", "{http_method}")
}

/// A response of a method, by its status too.
fn of_response(step: Step) -> Step {
    of_method(step).set("statusCode", "{status_code}")
}

const METHOD: &[(&str, &str)] = &[
    ("restApiId", "{rest_api_id}"),
    ("resourceId", "{resource_id}"),
    ("httpMethod", "{http_method}"),
];

const RESPONSE: &[(&str, &str)] = &[
    ("restApiId", "{rest_api_id}"),
    ("resourceId", "{resource_id}"),
    ("httpMethod", "{http_method}"),
    ("statusCode", "{status_code}"),
];

pub(super) fn method() -> Table {
    Table::new("aws_api_gateway_method", "apigateway")
        .names(&[("authorization", "authorizationType")])
        .by_function(&[
            "api_key_required",
            "authorization",
            "authorization_scopes",
            "authorizer_id",
            "operation_name",
            "request_models",
            "request_parameters",
            "request_validator_id",
        ])
        .create(op("PutMethod"))
        .id("agm-{rest_api_id}-{resource_id}-{http_method}")
        .read(of_method(op("GetMethod")))
        .delete(of_method(op("DeleteMethod")))
        .hooks(Patched {
            operation: "UpdateMethod",
            of: METHOD,
            paths: &[
                ("api_key_required", "/apiKeyRequired"),
                ("authorization", "/authorizationType"),
                ("authorization_scopes", "/authorizationScopes/"),
                ("authorizer_id", "/authorizerId"),
                ("operation_name", "/operationName"),
                ("request_models", "/requestModels/"),
                ("request_parameters", "/requestParameters/"),
                ("request_validator_id", "/requestValidatorId"),
            ],
            import: &["rest_api_id", "resource_id", "http_method"],
        })
}

pub(super) fn integration() -> Table {
    Table::new("aws_api_gateway_integration", "apigateway")
        .names(&[
            ("integration_http_method", ""),
            ("timeout_milliseconds", "timeoutInMillis"),
        ])
        .by_function(&[
            "cache_key_parameters",
            "cache_namespace",
            "connection_id",
            "connection_type",
            "content_handling",
            "integration_target",
            "request_parameters",
            "request_templates",
            "response_transfer_mode",
            "timeout_milliseconds",
            "uri",
        ])
        .create(of_method(
            op("PutIntegration")
                .except(&["http_method"])
                .set("integrationHttpMethod", "{integration_http_method}"),
        ))
        .id("agi-{rest_api_id}-{resource_id}-{http_method}")
        .read(of_method(op("GetIntegration")))
        .answer(|_, found| {
            // The method that is called behind it is called that too.
            if let Some(members) = found.as_object_mut() {
                let behind = members.remove("httpMethod");
                members.insert("behind".to_owned(), behind.unwrap_or_default());
            }
        })
        .found(|_, found, raw| {
            let behind = crate::json::text_at(raw, "behind").filter(|text| !text.is_empty());
            match behind {
                Some(behind) => terrane_provider::args::with(
                    &found,
                    "integration_http_method",
                    terrane_value::Value::string(behind),
                ),
                None => found,
            }
        })
        .told(&[("http_method", "httpMethod")])
        .delete(of_method(op("DeleteIntegration")))
        .hooks(Patched {
            operation: "UpdateIntegration",
            of: METHOD,
            paths: &[
                ("cache_key_parameters", "/cacheKeyParameters/"),
                ("cache_namespace", "/cacheNamespace"),
                ("connection_id", "/connectionId"),
                ("connection_type", "/connectionType"),
                ("content_handling", "/contentHandling"),
                ("integration_target", "/integrationTarget"),
                ("request_parameters", "/requestParameters/"),
                ("request_templates", "/requestTemplates/"),
                ("response_transfer_mode", "/responseTransferMode"),
                ("timeout_milliseconds", "/timeoutInMillis"),
                ("uri", "/uri"),
            ],
            import: &["rest_api_id", "resource_id", "http_method"],
        })
}

pub(super) fn method_response() -> Table {
    Table::new("aws_api_gateway_method_response", "apigateway")
        .by_function(&["response_models", "response_parameters"])
        .create(op("PutMethodResponse"))
        .id("agmr-{rest_api_id}-{resource_id}-{http_method}-{status_code}")
        .read(of_response(op("GetMethodResponse")))
        .delete(of_response(op("DeleteMethodResponse")))
        .replaced_by(&["status_code"])
        .hooks(Patched {
            operation: "UpdateMethodResponse",
            of: RESPONSE,
            paths: &[
                ("response_models", "/responseModels/"),
                ("response_parameters", "/responseParameters/"),
            ],
            import: &["rest_api_id", "resource_id", "http_method", "status_code"],
        })
}

pub(super) fn integration_response() -> Table {
    let put = || op("PutIntegrationResponse");
    Table::new("aws_api_gateway_integration_response", "apigateway")
        .create(put())
        .id("agir-{rest_api_id}-{resource_id}-{http_method}-{status_code}")
        .import("{rest_api_id}/{resource_id}/{http_method}/{status_code}")
        .read(of_response(op("GetIntegrationResponse")))
        .update(put())
        .delete(of_response(op("DeleteIntegrationResponse")))
        .replaced_by(&["status_code"])
}

pub(super) fn gateway_response() -> Table {
    let put = || op("PutGatewayResponse");
    Table::new("aws_api_gateway_gateway_response", "apigateway")
        .create(put())
        .id("aggr-{rest_api_id}-{response_type}")
        .import("{rest_api_id}/{response_type}")
        .read(
            op("GetGatewayResponse")
                .set("restApiId", "{rest_api_id}")
                .set("responseType", "{response_type}"),
        )
        .update(put())
        .delete(
            op("DeleteGatewayResponse")
                .set("restApiId", "{rest_api_id}")
                .set("responseType", "{response_type}"),
        )
}

pub(super) fn authorizer() -> Table {
    Table::new("aws_api_gateway_authorizer", "apigateway")
        .by_function(&[
            "authorizer_credentials",
            "authorizer_result_ttl_in_seconds",
            "authorizer_uri",
            "identity_source",
            "identity_validation_expression",
            "name",
            "provider_arns",
            "type",
        ])
        .create(op("CreateAuthorizer"))
        .id_out("id")
        .arn("arn:{partition}:apigateway:{region}::/restapis/{rest_api_id}/authorizers/{id}")
        .read(
            op("GetAuthorizer")
                .set("restApiId", "{rest_api_id}")
                .set("authorizerId", "{id}"),
        )
        .delete(
            op("DeleteAuthorizer")
                .set("restApiId", "{rest_api_id}")
                .set("authorizerId", "{id}"),
        )
        .hooks(Patched {
            operation: "UpdateAuthorizer",
            of: &[("restApiId", "{rest_api_id}"), ("authorizerId", "{id}")],
            paths: &[
                ("authorizer_credentials", "/authorizerCredentials"),
                (
                    "authorizer_result_ttl_in_seconds",
                    "/authorizerResultTtlInSeconds",
                ),
                ("authorizer_uri", "/authorizerUri"),
                ("identity_source", "/identitySource"),
                (
                    "identity_validation_expression",
                    "/identityValidationExpression",
                ),
                ("name", "/name"),
                ("provider_arns", "/providerARNs/"),
                ("type", "/type"),
            ],
            import: &["rest_api_id", "id"],
        })
}

pub(super) fn model() -> Table {
    Table::new("aws_api_gateway_model", "apigateway")
        .by_function(&["description", "schema"])
        .create(op("CreateModel"))
        .id_out("id")
        .import("{rest_api_id}/{name}")
        .read(
            op("GetModel")
                .set("restApiId", "{rest_api_id}")
                .set("modelName", "{name}"),
        )
        .delete(
            op("DeleteModel")
                .set("restApiId", "{rest_api_id}")
                .set("modelName", "{name}"),
        )
        .found(|_, found, raw| match crate::json::text_at(raw, "id") {
            Some(id) => {
                terrane_provider::args::with(&found, "id", terrane_value::Value::string(id))
            }
            None => found,
        })
        .hooks(Patched {
            operation: "UpdateModel",
            of: &[("restApiId", "{rest_api_id}"), ("modelName", "{name}")],
            paths: &[("description", "/description"), ("schema", "/schema")],
            import: &["rest_api_id", "name"],
        })
}
