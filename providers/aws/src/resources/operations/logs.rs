//! Logs, metrics and alarms.

use crate::json;
use crate::table::{Phase, Table, When, op};
use serde_json::json;
use terrane_provider::args;

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn log_group() -> Table {
    Table::new("aws_cloudwatch_log_group", "logs")
        .names(&[
            ("name", "logGroupName"),
            ("arn", "logGroupArn"),
            ("arn", "arn"),
        ])
        .local(&["name_prefix", "skip_destroy"])
        .create(op("CreateLogGroup").only(&[
            "name",
            "kms_key_id",
            "log_group_class",
            "deletion_protection_enabled",
        ]))
        .input(|_, input, _| {
            // What is not protected says nothing.
            if input.get("deletionProtectionEnabled") == Some(&json!(false))
                && let Some(members) = input.as_object_mut()
            {
                members.remove("deletionProtectionEnabled");
            }
        })
        .id("{name}")
        .read(
            op("DescribeLogGroups")
                .set("logGroupNamePrefix", "{id}")
                .at("logGroups[logGroupName={id}]"),
        )
        .answer(|_, found| {
            if let Some(members) = found.as_object_mut() {
                if let Some(arn) = members.get("arn").and_then(serde_json::Value::as_str) {
                    let bare = arn.strip_suffix(":*").unwrap_or(arn).to_owned();
                    members.insert("logGroupArn".to_owned(), bare.into());
                }
                members
                    .entry("logGroupClass")
                    .or_insert_with(|| "STANDARD".into());
                members.entry("retentionInDays").or_insert_with(|| 0.into());
                members
                    .entry("deletionProtectionEnabled")
                    .or_insert_with(|| false.into());
            }
        })
        .also(
            op("PutRetentionPolicy")
                .bare()
                .set("logGroupName", "{name}")
                .set("retentionInDays", "{retention_in_days}")
                .when(When::Set("retention_in_days"))
                .initially(0),
        )
        .update(
            op("DeleteRetentionPolicy")
                .bare()
                .set("logGroupName", "{name}")
                .when(When::Unset("retention_in_days")),
        )
        .update(
            op("AssociateKmsKey")
                .bare()
                .set("logGroupName", "{name}")
                .set("kmsKeyId", "{kms_key_id}")
                .when(When::Set("kms_key_id")),
        )
        .update(
            op("DisassociateKmsKey")
                .bare()
                .set("logGroupName", "{name}")
                .when(When::Unset("kms_key_id")),
        )
        .delete(op("DeleteLogGroup").set("logGroupName", "{id}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "resourceArn",
            "{arn}",
        )
        .not_found(&["ResourceNotFoundException"])
        .retry(
            &[Phase::Create],
            "AccessDeniedException",
            "no identity-based policy allows the logs:CreateLogGroup action",
            120,
        )
}

pub(super) fn log_stream() -> Table {
    Table::new("aws_cloudwatch_log_stream", "logs")
        .names(&[
            ("name", "logStreamName"),
            ("log_group_name", "logGroupName"),
        ])
        .create(op("CreateLogStream"))
        .id("{name}")
        .import("{log_group_name}:{name}")
        .read(
            op("DescribeLogStreams")
                .set("logGroupName", "{log_group_name}")
                .set("logStreamNamePrefix", "{name}")
                .at("logStreams[logStreamName={name}]"),
        )
        .delete(
            op("DeleteLogStream")
                .set("logGroupName", "{log_group_name}")
                .set("logStreamName", "{name}"),
        )
}

pub(super) fn metric_filter() -> Table {
    let put = || op("PutMetricFilter");
    Table::new("aws_cloudwatch_log_metric_filter", "logs")
        .names(&[
            ("name", "filterName"),
            ("pattern", "filterPattern"),
            ("metric_transformation", "metricTransformations"),
            ("metric_transformation.name", "metricName"),
            ("metric_transformation.namespace", "metricNamespace"),
            ("metric_transformation.value", "metricValue"),
        ])
        .create(put())
        .input(|operation, input, object| {
            // A pattern is required, and may be empty.
            if operation == "PutMetricFilter" && input.get("filterPattern").is_none() {
                let pattern = args::string(object, "pattern").unwrap_or_default();
                json::put(input, "filterPattern", pattern.into());
            }
        })
        .id("{name}")
        .import("{log_group_name}:{name}")
        .read(
            op("DescribeMetricFilters")
                .set("logGroupName", "{log_group_name}")
                .set("filterNamePrefix", "{name}")
                .at("metricFilters[filterName={name}]"),
        )
        .answer(|_, found| {
            for item in found
                .get_mut("metricTransformations")
                .and_then(serde_json::Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                if let Some(members) = item.as_object_mut() {
                    members.entry("unit").or_insert_with(|| "None".into());
                }
            }
        })
        .update(put())
        .delete(
            op("DeleteMetricFilter")
                .set("logGroupName", "{log_group_name}")
                .set("filterName", "{name}"),
        )
}

pub(super) fn metric_alarm() -> Table {
    let put = || op("PutMetricAlarm").except(&["tags"]);
    Table::new("aws_cloudwatch_metric_alarm", "cloudwatch")
        .names(&[
            ("arn", "AlarmArn"),
            (
                "evaluate_low_sample_count_percentiles",
                "EvaluateLowSampleCountPercentile",
            ),
            ("metric_query", "Metrics"),
            ("metric_query.metric", "MetricStat"),
            ("metric_query.metric.metric_name", "Metric.MetricName"),
            ("metric_query.metric.namespace", "Metric.Namespace"),
            ("metric_query.metric.dimensions", "Metric.Dimensions"),
        ])
        .create(put())
        .input(|operation, input, object| {
            // Queries take the place of a metric; a threshold of zero is one.
            if operation != "PutMetricAlarm" {
                return;
            }
            let queries = !args::get(object, "metric_query").children().is_empty();
            if let Some(members) = input.as_object_mut() {
                if queries {
                    members.retain(|name, _| {
                        !matches!(
                            name.as_str(),
                            "Period" | "Statistic" | "MetricName" | "Namespace"
                        )
                    });
                }
                members.retain(|_, value| value != "");
            }
        })
        .id("{alarm_name}")
        .read(
            op("DescribeAlarms")
                .set("AlarmNames", "{id}")
                .at("MetricAlarms.0"),
        )
        .answer(|_, found| {
            if let Some(members) = found.as_object_mut() {
                members
                    .entry("TreatMissingData")
                    .or_insert_with(|| "missing".into());
            }
        })
        .update(put())
        .delete(op("DeleteAlarms").set("AlarmNames", "{id}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
        .not_found(&["ResourceNotFound"])
}

pub(super) fn dashboard() -> Table {
    let put = || op("PutDashboard");
    Table::new("aws_cloudwatch_dashboard", "cloudwatch")
        .create(put())
        .id("{dashboard_name}")
        .read(op("GetDashboard").set("DashboardName", "{id}"))
        .update(put())
        .delete(op("DeleteDashboards").set("DashboardNames", "{id}"))
        .not_found(&["ResourceNotFound", "DashboardNotFoundError"])
}
