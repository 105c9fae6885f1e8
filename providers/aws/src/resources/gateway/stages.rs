//! Stages of REST APIs.

use super::patch::{Patched, changes, one, text};
use super::rest::tagged;
use crate::run::{Run, same_at};
use crate::table::{Cut, Hooks, Pairs, Table, op};
use async_trait::async_trait;
use serde_json::Value as Json;
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) fn stage() -> Table {
    tagged(Table::new("aws_api_gateway_stage", "apigateway"))
        .names(&[("xray_tracing_enabled", "tracingEnabled")])
        .by_function(&[
            "access_log_settings",
            "canary_settings",
            "cache_cluster_enabled",
            "cache_cluster_size",
            "client_certificate_id",
            "deployment_id",
            "description",
            "documentation_version",
            "variables",
            "xray_tracing_enabled",
        ])
        .create(op("CreateStage"))
        .id("ags-{rest_api_id}-{stage_name}")
        .import("{rest_api_id}/{stage_name}")
        .read(
            op("GetStage")
                .set("restApiId", "{rest_api_id}")
                .set("stageName", "{stage_name}"),
        )
        .delete(
            op("DeleteStage")
                .set("restApiId", "{rest_api_id}")
                .set("stageName", "{stage_name}"),
        )
        .arn("arn:{partition}:apigateway:{region}::/restapis/{rest_api_id}/stages/{stage_name}")
        .derive(
            "execution_arn",
            "arn:{partition}:execute-api:{region}:{account}:{rest_api_id}/{stage_name}",
            Cut::Whole,
        )
        .derive(
            "invoke_url",
            "https://{rest_api_id}.execute-api.{region}.{suffix}/{stage_name}",
            Cut::Whole,
        )
        .hooks(Stage(Patched {
            operation: "UpdateStage",
            of: &[
                ("restApiId", "{rest_api_id}"),
                ("stageName", "{stage_name}"),
            ],
            paths: &[
                ("cache_cluster_enabled", "/cacheClusterEnabled"),
                ("cache_cluster_size", "/cacheClusterSize"),
                ("client_certificate_id", "/clientCertificateId"),
                ("deployment_id", "/deploymentId"),
                ("description", "/description"),
                ("documentation_version", "/documentationVersion"),
                ("variables", "/variables/"),
                ("xray_tracing_enabled", "/tracingEnabled"),
            ],
            import: &["rest_api_id", "stage_name"],
        }))
}

/// Where its log goes, and what part of the requests another deployment gets, are changed by paths of their own. A creation takes no log.
#[derive(Debug)]
struct Stage(Patched);

/// A block: its name, its path, and its attributes with those within it.
type OfBlock = (&'static str, &'static str, Pairs);

const BLOCKS: &[OfBlock] = &[
    (
        "access_log_settings",
        "/accessLogSettings",
        &[
            ("destination_arn", "/destinationArn"),
            ("format", "/format"),
        ],
    ),
    (
        "canary_settings",
        "/canarySettings",
        &[
            ("deployment_id", "/deploymentId"),
            ("percent_traffic", "/percentTraffic"),
            ("stage_variable_overrides", "/stageVariableOverrides/"),
            ("use_stage_cache", "/useStageCache"),
        ],
    ),
];

/// What changes of the blocks of a stage.
fn of_blocks(prior: &Value, planned: &Value) -> Vec<Json> {
    let mut all = Vec::new();
    for (name, path, members) in BLOCKS {
        let block = |object: &Value| args::get(object, name).children().first().cloned();
        match (block(prior), block(planned)) {
            (Some(_), None) => all.push(one("remove", path, None)),
            (before, Some(after)) if before.as_ref() != Some(&after) => {
                let before = before.unwrap_or(Value::NULL);
                for (member, below) in *members {
                    let (before, after) = (args::get(&before, member), args::get(&after, member));
                    if before != after && (text(&after).is_some() || !before.is_null()) {
                        all.extend(changes(&format!("{path}{below}"), &before, &after));
                    }
                }
            }
            _ => {}
        }
    }
    all
}

#[async_trait]
impl Hooks for Stage {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        // The creation has taken the other deployment.
        let canary = args::get(object, "canary_settings");
        let without = Value::object([("canary_settings", canary)]);
        self.0.send(run, object, of_blocks(&without, object)).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let mut changes = self.0.changes(prior, planned);
        if BLOCKS
            .iter()
            .any(|(name, ..)| !same_at(prior, planned, name))
        {
            changes.extend(of_blocks(prior, planned));
        }
        self.0.send(run, prior, changes).await
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        self.0.import(id)
    }
}
