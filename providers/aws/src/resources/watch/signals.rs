//! Alarms of alarms, streams of metrics, queries, detectors.

use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Step, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) fn composite_alarm() -> Table {
    let put = || op("PutCompositeAlarm").except(&["actions_suppressor"]);
    Table::new("aws_cloudwatch_composite_alarm", "cloudwatch")
        .noun("Alarm")
        .by_function(&["actions_suppressor"])
        .create(put())
        .input(|operation, input, object| {
            let blocks = args::get(object, "actions_suppressor");
            let (Some(block), "PutCompositeAlarm") = (blocks.children().first(), operation) else {
                return;
            };
            let alarm = args::string(block, "alarm").unwrap_or_default();
            json::put(input, "ActionsSuppressor", alarm.into());
            for (name, member) in SUPPRESSOR {
                let seconds = args::int(block, name).unwrap_or_default();
                json::put(input, member, seconds.into());
            }
        })
        .id("{alarm_name}")
        .read(
            op("DescribeAlarms")
                .set("AlarmNames", "{alarm_name}")
                .set("AlarmTypes", "CompositeAlarm")
                .at("CompositeAlarms.0"),
        )
        .answer(|_, found| {
            // What is flat there is a block here.
            let Some(alarm) = found.get("ActionsSuppressor").cloned() else {
                return;
            };
            if alarm == "" {
                return;
            }
            let mut block = json!({"Alarm": alarm});
            for (name, member) in SUPPRESSOR {
                if let Some(seconds) = found.get(*member) {
                    json::put(&mut block, name, seconds.clone());
                }
            }
            json::put(found, "ActionsSuppressor", block);
        })
        .update(put())
        .delete(op("DeleteAlarms").set("AlarmNames", "{alarm_name}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
        .not_found(&["ResourceNotFound"])
}

const SUPPRESSOR: &[(&str, &str)] = &[
    ("extension_period", "ActionsSuppressorExtensionPeriod"),
    ("wait_period", "ActionsSuppressorWaitPeriod"),
];

pub(super) fn metric_stream() -> Table {
    let put = || op("PutMetricStream");
    Table::new("aws_cloudwatch_metric_stream", "cloudwatch")
        .local(&["name_prefix"])
        .create(put())
        .id("{name}")
        .read(op("GetMetricStream").set("Name", "{name}"))
        .update(put())
        .delete(op("DeleteMetricStream").set("Name", "{name}"))
        .wait(&[Phase::Create], "State", &["running"], &["stopped"])
        .wait(&[Phase::Delete], "State", &[], &[])
        .recomputed("last_update_date", &[])
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
}

pub(super) fn query_definition() -> Table {
    let put = || op("PutQueryDefinition");
    Table::new("aws_cloudwatch_query_definition", "logs")
        .create(put())
        .id_out("queryDefinitionId")
        .read(
            op("DescribeQueryDefinitions")
                .set("queryDefinitionNamePrefix", "{name}")
                .at("queryDefinitions[queryDefinitionId={id}]"),
        )
        .update(put().set("queryDefinitionId", "{id}"))
        .delete(op("DeleteQueryDefinition").set("queryDefinitionId", "{id}"))
        .not_found(&["ResourceNotFoundException"])
        .hooks(Query)
}

/// Import ids are ARNs.
#[derive(Debug)]
struct Query;

impl Hooks for Query {
    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let id = id.rsplit(':').next()?;
        Some(vec![("id", id.to_owned())])
    }
}

pub(super) fn anomaly_detector() -> Table {
    let update = || -> Step {
        op("UpdateLogAnomalyDetector")
            .only(&[
                "anomaly_visibility_time",
                "enabled",
                "evaluation_frequency",
                "filter_pattern",
            ])
            .set("anomalyDetectorArn", "{arn}")
    };
    Table::new("aws_cloudwatch_log_anomaly_detector", "logs")
        .names(&[("arn", "anomalyDetectorArn")])
        .by_function(&["enabled"])
        .create(op("CreateLogAnomalyDetector"))
        .id_out("anomalyDetectorArn")
        .import("{arn}")
        .read(op("GetLogAnomalyDetector").set("anomalyDetectorArn", "{arn}"))
        .answer(|_, found| {
            let status = json::text_at(found, "anomalyDetectorStatus").unwrap_or_default();
            json::put(found, "enabled", (status != "PAUSED").into());
        })
        .gone_when("anomalyDetectorStatus", &["DELETED"])
        .update(update())
        .delete(op("DeleteLogAnomalyDetector").set("anomalyDetectorArn", "{arn}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "resourceArn",
            "{arn}",
        )
        .hooks(Detector)
}

/// A detector is made running.
#[derive(Debug)]
struct Detector;

#[async_trait]
impl Hooks for Detector {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        if args::bool(object, "enabled") != Some(false) {
            return Ok(());
        }
        let input: Json = json!({
            "anomalyDetectorArn": run.text("{arn}", object),
            "enabled": false,
        });
        run.ask("UpdateLogAnomalyDetector", input).await.map(drop)
    }
}
