//! ElastiCache: clusters, groups of them, users, parameters.

use super::Family;
use crate::json;
use crate::run::same_at;
use crate::table::{Phase, Table, op};
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::plan::PlanResponse;
use terrane_value::{Kind, Value};

mod cluster;
mod global;
mod parameters;
mod replication;
mod users;

pub(super) const TYPES: Family = &[
    ("aws_elasticache_cluster", cluster::cluster),
    (
        "aws_elasticache_parameter_group",
        parameters::parameter_group,
    ),
    (
        "aws_elasticache_replication_group",
        replication::replication_group,
    ),
    (
        "aws_elasticache_global_replication_group",
        global::global_group,
    ),
    ("aws_elasticache_user", users::user),
    ("aws_elasticache_user_group", users::user_group),
    ("aws_elasticache_user_group_association", users::association),
    ("aws_elasticache_serverless_cache", serverless),
];

/// Names of the service, and its way of tags.
fn of_caches(name: &'static str) -> Table {
    Table::new(name, "elasticache").tag_calls(
        "ListTagsForResource",
        ("AddTagsToResource", "RemoveTagsFromResource"),
        "ResourceName",
        "{arn}",
    )
}

/// Names that the service keeps in small letters.
fn in_small_letters(response: &mut PlanResponse, names: &[&'static str]) {
    let changes: Vec<(&str, Value)> = names
        .iter()
        .filter_map(|name| {
            let small = args::string(&response.planned, name)?.to_ascii_lowercase();
            Some((*name, Value::string(small)))
        })
        .collect();
    response.planned = args::with_all(&response.planned, changes);
}

/// Where logs go, as calls take it: what kind of place it is stands around its name.
fn log_destinations(object: &Value) -> Vec<Json> {
    let blocks = args::get(object, "log_delivery_configuration");
    let one = |block: &Value| {
        let text = |name: &str| args::string(block, name).unwrap_or_default().to_owned();
        let place = text("destination");
        let details = if text("destination_type") == "kinesis-firehose" {
            json!({"KinesisFirehoseDetails": {"DeliveryStream": place}})
        } else {
            json!({"CloudWatchLogsDetails": {"LogGroup": place}})
        };
        json!({
            "DestinationDetails": details,
            "DestinationType": text("destination_type"),
            "Enabled": true,
            "LogFormat": text("log_format"),
            "LogType": text("log_type"),
        })
    };
    blocks.children().iter().map(one).collect()
}

/// The same on a change: kinds of logs that go nowhere any more are switched off.
fn changed_destinations(prior: &Value, planned: &Value) -> Option<Json> {
    if same_at(prior, planned, "log_delivery_configuration") {
        return None;
    }
    let kinds = |object: &Value| -> Vec<String> {
        let blocks = args::get(object, "log_delivery_configuration");
        let kind = |block: &Value| args::string(block, "log_type").map(str::to_owned);
        blocks.children().iter().filter_map(kind).collect()
    };
    let mut all = log_destinations(planned);
    let after = kinds(planned);
    let gone = kinds(prior)
        .into_iter()
        .filter(|kind| !after.contains(kind));
    all.extend(gone.map(|kind| json!({"LogType": kind, "Enabled": false})));
    Some(all.into())
}

/// Puts where logs go into the input of a creation.
fn with_logs(input: &mut Json, object: &Value) {
    let all = log_destinations(object);
    if !all.is_empty() {
        json::put(input, "LogDeliveryConfigurations", all.into());
    }
}

/// The name of the place where logs go beside what kind of place it is.
fn flat_logs(found: &mut Json) {
    let all = found.get_mut("LogDeliveryConfigurations");
    for one in all.and_then(Json::as_array_mut).into_iter().flatten() {
        let place = [
            "DestinationDetails.CloudWatchLogsDetails.LogGroup",
            "DestinationDetails.KinesisFirehoseDetails.DeliveryStream",
        ]
        .iter()
        .find_map(|path| json::text_at(one, path));
        if let Some(place) = place {
            json::put(one, "Destination", place.into());
        }
    }
}

/// `7` and `6.x` are `7.1` and `6.2` too: the version that was written stays, the one that runs is told beside it. From version 6 on nobody chooses the last
/// part of it.
fn versions(actual: &str, written: Option<&str>) -> String {
    let stem = written.map(|text| text.strip_suffix(".x").unwrap_or(text));
    let covers = |stem: &str| {
        actual
            .strip_prefix(stem)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if let (Some(written), Some(stem)) = (written, stem)
        && !stem.is_empty()
        && covers(stem)
    {
        return written.to_owned();
    }
    let mut parts = actual.split('.');
    let major = parts.next().and_then(|part| part.parse::<u32>().ok());
    match (major, parts.next()) {
        (Some(major), Some(minor)) if major >= 6 => format!("{major}.{minor}"),
        _ => actual.to_owned(),
    }
}

/// Windows are told in small letters: as they were written, where they are the same.
fn same_window(found: &Value, before: &Value) -> Value {
    match (found.as_str(), before.as_str()) {
        (Some(now), Some(then)) if now.eq_ignore_ascii_case(then) => before.clone(),
        _ => found.clone(),
    }
}

/// In a plan.
fn kept_window(prior: &Value, response: &mut PlanResponse, name: &'static str) {
    if !prior.is_null() {
        let kept = same_window(&args::get(&response.planned, name), &args::get(prior, name));
        response.planned = args::with(&response.planned, name, kept);
    }
}

/// Whether a version is older than another, as far as both have numbers.
fn is_older(version: &Value, than: &Value) -> bool {
    let parts = |value: &Value| -> Vec<u32> {
        let text = value.as_str().unwrap_or_default().to_owned();
        text.split('.')
            .map_while(|part| part.parse().ok())
            .collect()
    };
    let known = matches!(version.kind(), Kind::String(_)) && matches!(than.kind(), Kind::String(_));
    let (version, than) = (parts(version), parts(than));
    let both = version.len().min(than.len());
    known && both > 0 && version[..both] < than[..both]
}

fn serverless() -> Table {
    of_caches("aws_elasticache_serverless_cache")
        .names(&[
            ("arn", "ARN"),
            ("name", "ServerlessCacheName"),
            ("cache_usage_limits.ecpu_per_second", "ECPUPerSecond"),
            ("create_time", "CreateTime"),
        ])
        .by_function(&["user_group_id"])
        .create(op("CreateServerlessCache"))
        .id("{name}")
        .read(
            op("DescribeServerlessCaches")
                .set("ServerlessCacheName", "{name}")
                .at("ServerlessCaches.0"),
        )
        .update(op("ModifyServerlessCache").partial())
        .input(|operation, input, object| {
            let written = args::string(object, "user_group_id");
            if operation == "ModifyServerlessCache" && written.is_none_or(str::is_empty) {
                json::put(input, "UserGroupId", Json::Null);
                json::put(input, "RemoveUserGroup", true.into());
            }
        })
        .delete(op("DeleteServerlessCache").set("ServerlessCacheName", "{name}"))
        .replaced_by(&["engine"])
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["available"],
            &["creating", "modifying"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
        .retry(&[Phase::Delete], "DependencyViolation", "", 300)
}

#[cfg(test)]
mod tests {
    use super::{is_older, versions};
    use terrane_value::Value;

    #[test]
    fn what_was_written_stays_as_long_as_it_holds() {
        for (actual, written, told) in [
            ("7.1.0", None, "7.1"),
            ("7.1.0", Some("7.1"), "7.1"),
            ("7.1.0", Some("7"), "7"),
            ("7.1.0", Some("7.0"), "7.1"),
            ("6.2.6", Some("6.x"), "6.x"),
            ("6.2.6", Some("6.0"), "6.2"),
            ("5.0.6", None, "5.0.6"),
            ("1.6.22", Some("1.6.22"), "1.6.22"),
        ] {
            assert_eq!(versions(actual, written), told, "{actual} {written:?}");
        }
        let older = |a: &str, b: &str| is_older(&Value::string(a), &Value::string(b));
        assert!(older("6.2", "7.0"));
        assert!(!older("7", "7.0"));
        assert!(!older("7.1", "7.0"));
    }
}
