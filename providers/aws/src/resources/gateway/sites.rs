//! Where APIs are reached, and what they say.

use super::routes::tagged;
use crate::table::{Phase, Table, op};

/// A part of an API that is known by an id of its own.
macro_rules! within {
    ($step:expr, $member:literal) => {
        $step.set("ApiId", "{api_id}").set($member, "{id}")
    };
}

pub(super) fn deployment() -> Table {
    Table::new("aws_apigatewayv2_deployment", "apigatewayv2")
        .local(&["triggers"])
        .create(op("CreateDeployment"))
        .id_out("DeploymentId")
        .import("{api_id}/{id}")
        .read(within!(op("GetDeployment"), "DeploymentId"))
        .update(op("UpdateDeployment").set("DeploymentId", "{id}"))
        .delete(within!(op("DeleteDeployment"), "DeploymentId"))
        .wait(
            &[Phase::Create],
            "DeploymentStatus",
            &["DEPLOYED"],
            &["PENDING"],
        )
}

pub(super) fn domain_name() -> Table {
    tagged(Table::new("aws_apigatewayv2_domain_name", "apigatewayv2"))
        .names(&[
            ("arn", ""),
            (
                "domain_name_configuration.target_domain_name",
                "ApiGatewayDomainName",
            ),
        ])
        .create(op("CreateDomainName"))
        .id("{domain_name}")
        .arn("arn:{partition}:apigateway:{region}::/domainnames/{domain_name}")
        .read(op("GetDomainName").set("DomainName", "{domain_name}"))
        .update(op("UpdateDomainName").clear(
            "mutual_tls_authentication",
            "MutualTlsAuthentication",
            r#"{"TruststoreUri":""}"#,
        ))
        .delete(op("DeleteDomainName").set("DomainName", "{domain_name}"))
        .wait(
            &[Phase::Create, Phase::Update],
            "DomainNameConfigurations.0.DomainNameStatus",
            &["AVAILABLE", ""],
            &["UPDATING"],
        )
}

pub(super) fn api_mapping() -> Table {
    Table::new("aws_apigatewayv2_api_mapping", "apigatewayv2")
        .create(op("CreateApiMapping"))
        .id_out("ApiMappingId")
        .import("{id}/{domain_name}")
        .read(
            op("GetApiMapping")
                .set("ApiMappingId", "{id}")
                .set("DomainName", "{domain_name}"),
        )
        .update(op("UpdateApiMapping").set("ApiMappingId", "{id}"))
        .delete(
            op("DeleteApiMapping")
                .set("ApiMappingId", "{id}")
                .set("DomainName", "{domain_name}"),
        )
}

pub(super) fn vpc_link() -> Table {
    tagged(Table::new("aws_apigatewayv2_vpc_link", "apigatewayv2"))
        .create(op("CreateVpcLink"))
        .id_out("VpcLinkId")
        .arn("arn:{partition}:apigateway:{region}::/vpclinks/{id}")
        .read(op("GetVpcLink").set("VpcLinkId", "{id}"))
        .update(op("UpdateVpcLink").set("VpcLinkId", "{id}"))
        .delete(op("DeleteVpcLink").set("VpcLinkId", "{id}"))
        .wait(
            &[Phase::Create],
            "VpcLinkStatus",
            &["AVAILABLE"],
            &["PENDING"],
        )
        .wait(&[Phase::Delete], "VpcLinkStatus", &[], &[])
}

pub(super) fn model() -> Table {
    Table::new("aws_apigatewayv2_model", "apigatewayv2")
        .create(op("CreateModel"))
        .id_out("ModelId")
        .import("{api_id}/{id}")
        .read(within!(op("GetModel"), "ModelId"))
        .update(op("UpdateModel").set("ModelId", "{id}"))
        .delete(within!(op("DeleteModel"), "ModelId"))
}

pub(super) fn route_response() -> Table {
    Table::new("aws_apigatewayv2_route_response", "apigatewayv2")
        .create(op("CreateRouteResponse"))
        .id_out("RouteResponseId")
        .import("{api_id}/{route_id}/{id}")
        .read(within!(op("GetRouteResponse"), "RouteResponseId").set("RouteId", "{route_id}"))
        .update(op("UpdateRouteResponse").set("RouteResponseId", "{id}"))
        .delete(within!(op("DeleteRouteResponse"), "RouteResponseId").set("RouteId", "{route_id}"))
}

pub(super) fn integration_response() -> Table {
    Table::new("aws_apigatewayv2_integration_response", "apigatewayv2")
        .create(op("CreateIntegrationResponse"))
        .id_out("IntegrationResponseId")
        .import("{api_id}/{integration_id}/{id}")
        .read(
            within!(op("GetIntegrationResponse"), "IntegrationResponseId")
                .set("IntegrationId", "{integration_id}"),
        )
        .update(op("UpdateIntegrationResponse").set("IntegrationResponseId", "{id}"))
        .delete(
            within!(op("DeleteIntegrationResponse"), "IntegrationResponseId")
                .set("IntegrationId", "{integration_id}"),
        )
}
