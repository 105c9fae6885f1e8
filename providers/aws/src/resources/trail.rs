//! CloudTrail: what is kept of calls.

use super::Family;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) const TYPES: Family = &[("aws_cloudtrail", trail)];

fn trail() -> Table {
    let access = |table: Table, code: &'static str| {
        table.retry(&[Phase::Create, Phase::Update], code, "Access denied", 120)
    };
    let table = Table::new("aws_cloudtrail", "cloudtrail")
        .names(&[
            ("arn", "TrailARN"),
            ("cloud_watch_logs_group_arn", "CloudWatchLogsLogGroupArn"),
            ("enable_log_file_validation", "LogFileValidationEnabled"),
            ("enable_logging", "IsLogging"),
        ])
        .create(op("CreateTrail"))
        .id_out("TrailARN")
        .read(
            op("DescribeTrails")
                .set("trailNameList", "{id}")
                .at("trailList.0"),
        )
        .read(
            op("GetTrailStatus")
                .set("Name", "{id}")
                .only(&["enable_logging"]),
        )
        .read(
            op("GetEventSelectors")
                .set("TrailName", "{id}")
                .only(&["advanced_event_selector", "event_selector"]),
        )
        .read(
            op("GetInsightSelectors")
                .set("TrailName", "{id}")
                .only(&["insight_selector"])
                .none_when(&["InsightNotEnabledException"]),
        )
        .update(op("UpdateTrail").set("Name", "{id}"))
        .also(
            op("PutEventSelectors")
                .set("TrailName", "{id}")
                .only(&["advanced_event_selector", "event_selector"]),
        )
        .also(
            op("PutInsightSelectors")
                .set("TrailName", "{id}")
                .only(&["insight_selector"]),
        )
        .input(|operation, input, _| match operation {
            // A trail always keeps something: without a wish, as usual.
            "PutEventSelectors" => {
                let lists = ["AdvancedEventSelectors", "EventSelectors"];
                if lists.iter().all(|list| input.get(list).is_none()) {
                    let usual = json!([{"IncludeManagementEvents": true, "ReadWriteType": "All", "DataResources": []}]);
                    json::put(input, "EventSelectors", usual);
                }
            }
            "PutInsightSelectors" if input.get("InsightSelectors").is_none() => {
                json::put(input, "InsightSelectors", json!([]));
            }
            _ => {}
        })
        .delete(op("DeleteTrail").set("Name", "{name}"))
        .by_function(&["enable_logging"])
        .tag_calls("ListTags", ("AddTags", "RemoveTags"), "ResourceId", "{arn}")
        .not_found(&["TrailNotFoundException"])
        .found(|_, found, raw| {
            let flag = json::get(raw, "HasCustomEventSelectors").and_then(Json::as_bool);
            match flag {
                Some(false) if is_usual(&found) => {
                    let selectors = args::get(&found, "event_selector");
                    let element = selectors.ty().element().cloned();
                    let element = element.unwrap_or(terrane_value::Type::Dynamic);
                    args::with(&found, "event_selector", Value::list(element, Vec::new()))
                }
                _ => found,
            }
        })
        .hooks(Logging);
    let table = access(table, "InvalidCloudWatchLogsRoleArnException");
    access(table, "InvalidCloudWatchLogsLogGroupArnException")
}

/// Whether what is kept is what every trail keeps, which is told like a wish.
fn is_usual(object: &Value) -> bool {
    let selectors = args::get(object, "event_selector");
    let [one] = selectors.children() else {
        return false;
    };
    args::string(one, "read_write_type") == Some("All")
        && args::bool(one, "include_management_events") == Some(true)
        && args::get(one, "data_resource").children().is_empty()
        && args::get(one, "exclude_management_event_sources")
            .children()
            .is_empty()
}

/// A trail that was made keeps nothing until it is told to.
#[derive(Debug)]
struct Logging;

async fn turn(run: &Run<'_>, object: &Value, on: bool) -> Answered<()> {
    let operation = if on { "StartLogging" } else { "StopLogging" };
    let input = json!({"Name": run.text("{id}", object)});
    run.ask(operation, input).await.map(drop)
}

#[async_trait]
impl Hooks for Logging {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        match args::bool(object, "enable_logging") {
            Some(false) => Ok(()),
            _ => turn(run, object, true).await,
        }
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if same_at(prior, planned, "enable_logging") {
            return Ok(());
        }
        let on = args::bool(planned, "enable_logging") != Some(false);
        turn(run, prior, on).await
    }
}
