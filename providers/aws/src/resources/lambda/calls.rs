//! Layers, aliases, and what calls functions.

use super::{as_written, content, invoke_arn};
use crate::cx::partition;
use crate::json;
use crate::read::is_empty;
use crate::run::Run;
use crate::table::{Hooks, Phase, Step, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

fn publish_layer() -> Step {
    op("PublishLayerVersion").only(&[
        "compatible_architectures",
        "compatible_runtimes",
        "description",
        "layer_name",
        "license_info",
    ])
}

pub(super) fn layer_version() -> Table {
    Table::new("aws_lambda_layer_version", "lambda")
        .names(&[
            ("arn", "LayerVersionArn"),
            ("code_sha256", "Content.CodeSha256"),
            ("signing_job_arn", "Content.SigningJobArn"),
            (
                "signing_profile_version_arn",
                "Content.SigningProfileVersionArn",
            ),
            ("source_code_size", "Content.CodeSize"),
        ])
        .local(&["skip_destroy"])
        .at_first(&[
            "filename",
            "s3_bucket",
            "s3_key",
            "s3_object_version",
            "source_code_hash",
        ])
        .create(publish_layer())
        .input(|_, _, _| ())
        .id_out("LayerVersionArn")
        .read(
            op("GetLayerVersion")
                .set("LayerName", "{layer_arn}")
                .set("VersionNumber", "{version}"),
        )
        .delete(
            op("DeleteLayerVersion")
                .set("LayerName", "{layer_arn}")
                .set("VersionNumber", "{version}"),
        )
        .found(|_, found, _| {
            let arn = args::string(&found, "layer_arn").unwrap_or_default();
            let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
            // Also where the layer was asked for by its name.
            let mut changes = vec![("id", args::get(&found, "arn"))];
            if args::get(&found, "layer_name").is_null() {
                changes.push(("layer_name", Value::string(name)));
            }
            if args::get(&found, "source_code_hash").is_null() {
                changes.push(("source_code_hash", args::get(&found, "code_sha256")));
            }
            args::with_all(&found, changes)
        })
        .hooks(Layer)
}

#[derive(Debug)]
struct Layer;

#[async_trait]
impl Hooks for Layer {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let operation = run.operation("lambda", "PublishLayerVersion")?;
        let mut input = run.input(&publish_layer(), &operation, planned);
        json::put(&mut input, "Content", content(planned).await?);
        let answer = run.ask("PublishLayerVersion", input).await?;
        let text = |path: &str| json::text_at(&answer, path).unwrap_or_default();
        let made = args::with_all(
            planned,
            [
                ("layer_arn", Value::string(text("LayerArn"))),
                ("version", Value::string(text("Version"))),
            ],
        );
        Ok(Some((text("LayerVersionArn"), made)))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (layer, version) = id.rsplit_once(':')?;
        Some(vec![
            ("id", id.to_owned()),
            ("layer_arn", layer.to_owned()),
            ("version", version.to_owned()),
        ])
    }
}

pub(super) fn alias() -> Table {
    Table::new("aws_lambda_alias", "lambda")
        .noun("Alias")
        .create(op("CreateAlias"))
        .id_out("AliasArn")
        .import("{function_name}/{name}")
        .read(
            op("GetAlias")
                .set("FunctionName", "{function_name}")
                .set("Name", "{name}"),
        )
        .answer(|_, found| {
            // An alias that leads to one version has no weights.
            let weights = json::get(found, "RoutingConfig.AdditionalVersionWeights");
            if weights.is_none_or(|weights| weights == &json!({}))
                && let Some(members) = found.as_object_mut()
            {
                members.remove("RoutingConfig");
            }
        })
        .update(op("UpdateAlias").clear(
            "routing_config",
            "RoutingConfig",
            r#"{"AdditionalVersionWeights":{}}"#,
        ))
        .delete(
            op("DeleteAlias")
                .set("FunctionName", "{function_name}")
                .set("Name", "{name}"),
        )
        .planned(|prior, _, response| as_written(prior, response))
        .found(|run, found, _| {
            let arn = args::get(&found, "arn");
            let text = arn.as_str().unwrap_or_default();
            let invoke = invoke_arn(partition(&run.region), &run.region, text);
            args::with_all(&found, [("invoke_arn", invoke), ("id", arn.clone())])
        })
}

/// What Lambda reads of what calls functions, while roles and keys are not seen everywhere.
const SOURCE_NOT_READY: &[(&str, &str)] = &[
    (
        "InvalidParameterValueException",
        "cannot be assumed by Lambda",
    ),
    (
        "InvalidParameterValueException",
        "execution role does not have permissions",
    ),
    (
        "InvalidParameterValueException",
        "ensure the role can perform",
    ),
    ("ResourceConflictException", ""),
];

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn event_source_mapping() -> Table {
    let mut table = Table::new("aws_lambda_event_source_mapping", "lambda")
        .names(&[
            ("arn", "EventSourceMappingArn"),
            (
                "destination_config.on_failure.destination_arn",
                "Destination",
            ),
        ])
        .create(op("CreateEventSourceMapping"))
        .id_out("UUID")
        .read(op("GetEventSourceMapping").set("UUID", "{id}"))
        .input(|operation, input, _| {
            let servers = "SelfManagedEventSource.Endpoints";
            if operation != "CreateEventSourceMapping" {
                return;
            }
            // Servers are one text here, and a list there.
            let lists: Vec<(String, Json)> = json::get(input, servers)
                .and_then(Json::as_object)
                .into_iter()
                .flatten()
                .map(|(kind, list)| {
                    let texts = list.as_array().cloned().unwrap_or_default();
                    let all: Vec<String> = texts
                        .iter()
                        .map(json::text)
                        .flat_map(|text| text.split(',').map(str::to_owned).collect::<Vec<_>>())
                        .collect();
                    (kind.clone(), json!(all))
                })
                .collect();
            for (kind, list) in lists {
                json::put(input, &format!("{servers}.{kind}"), list);
            }
        })
        .answer(|_, found| {
            let state = json::text_at(found, "State").unwrap_or_default();
            let off = matches!(state.as_str(), "Disabled" | "Disabling");
            json::put(found, "Enabled", (!off).into());
            let endpoints = found.pointer_mut("/SelfManagedEventSource/Endpoints");
            for list in endpoints
                .and_then(Json::as_object_mut)
                .into_iter()
                .flat_map(serde_json::Map::values_mut)
            {
                let texts = list.as_array().cloned().unwrap_or_default();
                let texts: Vec<String> = texts.iter().map(json::text).collect();
                *list = texts.join(",").into();
            }
            for part in ["DestinationConfig", "FilterCriteria", "MetricsConfig"] {
                let nothing = |value: &Json| match value {
                    Json::Object(members) => members
                        .values()
                        .all(|below| below == &json!({}) || below == &json!([])),
                    _ => false,
                };
                if found.get(part).is_some_and(nothing)
                    && let Some(members) = found.as_object_mut()
                {
                    members.remove(part);
                }
            }
        })
        .update(
            op("UpdateEventSourceMapping")
                .set("UUID", "{id}")
                .clear(
                    "destination_config",
                    "DestinationConfig",
                    r#"{"OnFailure":{}}"#,
                )
                .clear("filter_criteria", "FilterCriteria", "{}")
                .clear("metrics_config", "MetricsConfig", r#"{"Metrics":[]}"#)
                .clear("provisioned_poller_config", "ProvisionedPollerConfig", "{}")
                .clear("scaling_config", "ScalingConfig", "{}"),
        )
        .alike("batch_size", |prior, planned| {
            let source = args::string(planned, "event_source_arn").unwrap_or_default();
            let usual = if source.contains(":sqs:") { 10 } else { 100 };
            is_empty(&args::get(planned, "batch_size"))
                && args::int(prior, "batch_size") == Some(usual)
        })
        .recomputed("last_modified", &[])
        .delete(op("DeleteEventSourceMapping").set("UUID", "{id}"))
        .wait(
            &[Phase::Create],
            "State",
            &["Enabled", "Disabled"],
            &["Creating", "Enabling", "Disabling", "Updating"],
        )
        .wait(
            &[Phase::Update],
            "State",
            &["Enabled", "Disabled"],
            &["Creating", "Enabling", "Disabling", "Updating"],
        )
        .wait(&[Phase::Delete], "State", &[], &[])
        .tag_calls(
            "ListTags",
            ("TagResource", "UntagResource"),
            "Resource",
            "{arn}",
        )
        .retry(
            &[Phase::Update, Phase::Delete],
            "ResourceInUseException",
            "",
            300,
        )
        .planned(|prior, _, response| as_written(prior, response))
        .found(|_, found, _| {
            if args::get(&found, "function_name").is_null() {
                let arn = args::get(&found, "function_arn");
                return args::with(&found, "function_name", arn);
            }
            found
        });
    for (code, message) in SOURCE_NOT_READY {
        table = table.retry(&[Phase::Create, Phase::Update], code, message, 300);
    }
    table
}

pub(super) fn event_invoke_config() -> Table {
    let put = || op("PutFunctionEventInvokeConfig");
    Table::new("aws_lambda_function_event_invoke_config", "lambda")
        .create(put())
        .id("{function_name}{:qualifier}")
        .read(
            op("GetFunctionEventInvokeConfig")
                .set("FunctionName", "{function_name}")
                .set("Qualifier", "{qualifier}"),
        )
        .answer(|_, found| {
            // Without destinations there is no block.
            let parts = ["OnFailure", "OnSuccess"];
            let none = |part: &&str| {
                json::text_at(found, &format!("DestinationConfig.{part}.Destination"))
                    .is_none_or(|text| text.is_empty())
            };
            let empty: Vec<&str> = parts.iter().copied().filter(none).collect();
            if let Some(config) = found
                .get_mut("DestinationConfig")
                .and_then(Json::as_object_mut)
            {
                for part in &empty {
                    config.remove(*part);
                }
            }
            if empty.len() == parts.len()
                && let Some(members) = found.as_object_mut()
            {
                members.remove("DestinationConfig");
            }
        })
        .update(put())
        .delete(
            op("DeleteFunctionEventInvokeConfig")
                .set("FunctionName", "{function_name}")
                .set("Qualifier", "{qualifier}"),
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidParameterValueException",
            "destination ARN",
            120,
        )
        .hooks(Invoked)
}

/// A name, or an ARN, and perhaps a qualifier.
#[derive(Debug)]
struct Invoked;

impl Hooks for Invoked {
    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (name, qualifier) = match id.split_once(":function:") {
            Some((_, rest)) => match rest.split_once(':') {
                Some((_, qualifier)) => (
                    id.get(..id.len() - qualifier.len() - 1).unwrap_or(id),
                    qualifier,
                ),
                None => (id, ""),
            },
            None => id.split_once(':').unwrap_or((id, "")),
        };
        let mut parts = vec![("function_name", name.to_owned())];
        if !qualifier.is_empty() {
            parts.push(("qualifier", qualifier.to_owned()));
        }
        Some(parts)
    }
}

pub(super) fn provisioned_concurrency() -> Table {
    let put = || op("PutProvisionedConcurrencyConfig");
    Table::new("aws_lambda_provisioned_concurrency_config", "lambda")
        .names(&[(
            "provisioned_concurrent_executions",
            "RequestedProvisionedConcurrentExecutions",
        )])
        .local(&["skip_destroy"])
        .create(put())
        .id("{function_name},{qualifier}")
        .read(
            op("GetProvisionedConcurrencyConfig")
                .set("FunctionName", "{function_name}")
                .set("Qualifier", "{qualifier}"),
        )
        .update(put())
        .delete(
            op("DeleteProvisionedConcurrencyConfig")
                .set("FunctionName", "{function_name}")
                .set("Qualifier", "{qualifier}"),
        )
        .wait(&[Phase::Create], "Status", &["READY"], &["IN_PROGRESS"])
        .wait(&[Phase::Update], "Status", &["READY"], &["IN_PROGRESS"])
}
