//! REST APIs: what they consist of, and where they stand.

use super::described::Described;
use super::patch::Patched;
use crate::table::{Cut, Phase, Table, op};

/// Tags are found in the object, and changed by its ARN.
pub(super) fn tagged(table: Table) -> Table {
    table.tag_calls("", ("TagResource", "UntagResource"), "resourceArn", "{arn}")
}

pub(super) fn rest_api() -> Table {
    tagged(Table::new("aws_api_gateway_rest_api", "apigateway"))
        .local(&[
            "body",
            "fail_on_warnings",
            "parameters",
            "put_rest_api_mode",
        ])
        .by_function(&[
            "api_key_source",
            "binary_media_types",
            "description",
            "disable_execute_api_endpoint",
            "minimum_compression_size",
            "name",
            "policy",
        ])
        .create(op("CreateRestApi"))
        .id_out("id")
        .read(op("GetRestApi").set("restApiId", "{id}"))
        .delete(op("DeleteRestApi").set("restApiId", "{id}"))
        .arn("arn:{partition}:apigateway:{region}::/restapis/{id}")
        .derive(
            "execution_arn",
            "arn:{partition}:execute-api:{region}:{account}:{id}",
            Cut::Whole,
        )
        .retry(
            &[Phase::Create, Phase::Update, Phase::Delete],
            "TooManyRequestsException",
            "",
            180,
        )
        .hooks(Described(Patched {
            operation: "UpdateRestApi",
            of: &[("restApiId", "{id}")],
            paths: &[
                ("api_key_source", "/apiKeySource"),
                ("binary_media_types", "/binaryMediaTypes/"),
                ("description", "/description"),
                ("disable_execute_api_endpoint", "/disableExecuteApiEndpoint"),
                ("minimum_compression_size", "/minimumCompressionSize"),
                ("name", "/name"),
                ("policy", "/policy"),
            ],
            import: &[],
        }))
}

pub(super) fn resource() -> Table {
    Table::new("aws_api_gateway_resource", "apigateway")
        .by_function(&["parent_id", "path_part"])
        .recomputed("path", &["parent_id", "path_part"])
        .create(op("CreateResource"))
        .id_out("id")
        .read(
            op("GetResource")
                .set("restApiId", "{rest_api_id}")
                .set("resourceId", "{id}"),
        )
        .delete(
            op("DeleteResource")
                .set("restApiId", "{rest_api_id}")
                .set("resourceId", "{id}"),
        )
        .hooks(Patched {
            operation: "UpdateResource",
            of: &[("restApiId", "{rest_api_id}"), ("resourceId", "{id}")],
            paths: &[("parent_id", "/parentId"), ("path_part", "/pathPart")],
            import: &["rest_api_id", "id"],
        })
}

pub(super) fn deployment() -> Table {
    Table::new("aws_api_gateway_deployment", "apigateway")
        .local(&["triggers"])
        .by_function(&["description"])
        .create(op("CreateDeployment"))
        .id_out("id")
        .read(
            op("GetDeployment")
                .set("restApiId", "{rest_api_id}")
                .set("deploymentId", "{id}"),
        )
        .delete(
            op("DeleteDeployment")
                .set("restApiId", "{rest_api_id}")
                .set("deploymentId", "{id}"),
        )
        .hooks(Patched {
            operation: "UpdateDeployment",
            of: &[("restApiId", "{rest_api_id}"), ("deploymentId", "{id}")],
            paths: &[("description", "/description")],
            import: &["rest_api_id", "id"],
        })
}

pub(super) fn api_key() -> Table {
    tagged(Table::new("aws_api_gateway_api_key", "apigateway"))
        .by_function(&["customer_id", "description", "enabled", "name"])
        .create(op("CreateApiKey"))
        .id_out("id")
        .read(
            op("GetApiKey")
                .set("apiKey", "{id}")
                .set("includeValue", "true"),
        )
        .recomputed("last_updated_date", &[])
        .delete(op("DeleteApiKey").set("apiKey", "{id}"))
        .arn("arn:{partition}:apigateway:{region}::/apikeys/{id}")
        .hooks(Patched {
            operation: "UpdateApiKey",
            of: &[("apiKey", "{id}")],
            paths: &[
                ("customer_id", "/customerId"),
                ("description", "/description"),
                ("enabled", "/enabled"),
                ("name", "/name"),
            ],
            import: &[],
        })
}

pub(super) fn usage_plan_key() -> Table {
    Table::new("aws_api_gateway_usage_plan_key", "apigateway")
        .names(&[("key_id", "id"), ("key_type", "type")])
        .create(
            op("CreateUsagePlanKey")
                .set("keyId", "{key_id}")
                .set("keyType", "{key_type}"),
        )
        .id_out("id")
        .import("{usage_plan_id}/{key_id}")
        .read(
            op("GetUsagePlanKey")
                .set("usagePlanId", "{usage_plan_id}")
                .set("keyId", "{key_id}"),
        )
        .delete(
            op("DeleteUsagePlanKey")
                .set("usagePlanId", "{usage_plan_id}")
                .set("keyId", "{key_id}"),
        )
        .found(|_, found, _| {
            let key = terrane_provider::args::get(&found, "key_id");
            terrane_provider::args::with(&found, "id", key)
        })
}

pub(super) fn request_validator() -> Table {
    Table::new("aws_api_gateway_request_validator", "apigateway")
        .by_function(&[
            "name",
            "validate_request_body",
            "validate_request_parameters",
        ])
        .create(op("CreateRequestValidator"))
        .id_out("id")
        .read(
            op("GetRequestValidator")
                .set("restApiId", "{rest_api_id}")
                .set("requestValidatorId", "{id}"),
        )
        .delete(
            op("DeleteRequestValidator")
                .set("restApiId", "{rest_api_id}")
                .set("requestValidatorId", "{id}"),
        )
        .hooks(Patched {
            operation: "UpdateRequestValidator",
            of: &[
                ("restApiId", "{rest_api_id}"),
                ("requestValidatorId", "{id}"),
            ],
            paths: &[
                ("name", "/name"),
                ("validate_request_body", "/validateRequestBody"),
                ("validate_request_parameters", "/validateRequestParameters"),
            ],
            import: &["rest_api_id", "id"],
        })
}
