//! Services with all that they need around them.

use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::time::Duration;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;
use tokio::time::Instant;

pub(super) fn service() -> Table {
    let one = |operation| op(operation).set("serviceArn", "{service_arn}");
    Table::new("aws_ecs_express_gateway_service", "ecs")
        .local(&["wait_for_steady_state"])
        .create(op("CreateExpressGatewayService").at("service"))
        .id_out("service.serviceArn")
        .import("{service_arn}")
        .read(
            one("DescribeExpressGatewayService")
                .set("include", "TAGS")
                .at("service"),
        )
        .answer(|operation, found| {
            // What runs now is one of the configurations; the newest is first.
            let running = json::get(found, "activeConfigurations.0").cloned();
            if operation == "DescribeExpressGatewayService"
                && let (Some(Json::Object(running)), Some(members)) =
                    (running, found.as_object_mut())
            {
                members.extend(running);
            }
        })
        .update(one("UpdateExpressGatewayService"))
        .delete(one("DeleteExpressGatewayService"))
        .gone_when("status.statusCode", &["INACTIVE"])
        .wait(
            &[Phase::Create, Phase::Update],
            "status.statusCode",
            &["ACTIVE"],
            &[],
        )
        .wait(
            &[Phase::Delete],
            "status.statusCode",
            &[],
            &["ACTIVE", "DRAINING"],
        )
        .tag_calls(
            "",
            ("TagResource", "UntagResource"),
            "resourceArn",
            "{service_arn}",
        )
        .recomputed("service_revision_arn", &[])
        .recomputed("current_deployment", &[])
        .retry(
            &[Phase::Create],
            "InvalidParameterException",
            "Unable to assume the service linked role",
            120,
        )
        .hooks(Express)
}

#[derive(Debug)]
struct Express;

/// Waits until nothing is rolled out any more, if the configuration wants that.
async fn steady(run: &Run<'_>, object: &Value) -> Answered<()> {
    if args::bool(object, "wait_for_steady_state") != Some(true) {
        return Ok(());
    }
    let started = Instant::now();
    let mut attempt = 0;
    loop {
        let under_way = ["PENDING", "IN_PROGRESS"];
        let input = json!({"service": run.text("{service_arn}", object), "cluster": run.text("{cluster}", object), "status": under_way});
        let answer = run.ask("ListServiceDeployments", input).await?;
        let left = json::get(&answer, "serviceDeployments").and_then(Json::as_array);
        if left.is_none_or(Vec::is_empty) {
            return Ok(());
        }
        attempt += 1;
        if run.is_late(started, Duration::from_secs(20 * 60), attempt) {
            let what = run.what(object);
            return Err(Refusal::error(
                "Service is not steady",
                format!("{what}: it is still being rolled out."),
            ));
        }
        run.cx.pause(Duration::from_secs(10)).await;
    }
}

#[async_trait]
impl Hooks for Express {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        steady(run, object).await
    }

    async fn update(&self, run: &Run<'_>, _prior: &Value, planned: &Value) -> Answered<()> {
        steady(run, planned).await
    }

    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        // A cluster is written by its name or by its ARN.
        let written = args::string(prior, "cluster").unwrap_or_default();
        let found = args::string(&object, "cluster").unwrap_or_default();
        let same = !written.is_empty() && found.rsplit('/').next() == Some(written);
        Ok(match same {
            true => args::with(&object, "cluster", Value::string(written)),
            false => object,
        })
    }
}
