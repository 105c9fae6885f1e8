//! APIs of API Gateway: those of HTTP and WebSocket (v2), and those of REST.

use super::Family;

mod described;
mod methods;
mod patch;
mod plans;
mod rest;
mod routes;
mod sites;
mod stages;

pub(super) const TYPES: Family = &[
    ("aws_apigatewayv2_api", routes::api),
    ("aws_apigatewayv2_stage", routes::stage),
    ("aws_apigatewayv2_route", routes::route),
    ("aws_apigatewayv2_integration", routes::integration),
    ("aws_apigatewayv2_authorizer", routes::authorizer),
    ("aws_apigatewayv2_deployment", sites::deployment),
    ("aws_apigatewayv2_domain_name", sites::domain_name),
    ("aws_apigatewayv2_api_mapping", sites::api_mapping),
    ("aws_apigatewayv2_vpc_link", sites::vpc_link),
    ("aws_apigatewayv2_model", sites::model),
    ("aws_apigatewayv2_route_response", sites::route_response),
    (
        "aws_apigatewayv2_integration_response",
        sites::integration_response,
    ),
    ("aws_api_gateway_rest_api", rest::rest_api),
    ("aws_api_gateway_resource", rest::resource),
    ("aws_api_gateway_deployment", rest::deployment),
    ("aws_api_gateway_stage", stages::stage),
    ("aws_api_gateway_api_key", rest::api_key),
    ("aws_api_gateway_usage_plan", plans::usage_plan),
    ("aws_api_gateway_usage_plan_key", rest::usage_plan_key),
    ("aws_api_gateway_domain_name", plans::domain_name),
    (
        "aws_api_gateway_base_path_mapping",
        plans::base_path_mapping,
    ),
    ("aws_api_gateway_request_validator", rest::request_validator),
    ("aws_api_gateway_method", methods::method),
    ("aws_api_gateway_integration", methods::integration),
    ("aws_api_gateway_method_response", methods::method_response),
    (
        "aws_api_gateway_integration_response",
        methods::integration_response,
    ),
    (
        "aws_api_gateway_gateway_response",
        methods::gateway_response,
    ),
    ("aws_api_gateway_authorizer", methods::authorizer),
    ("aws_api_gateway_model", methods::model),
];
