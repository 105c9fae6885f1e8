//! CloudWatch beside alarms and groups of logs.

use super::Family;

mod deliveries;
mod policies;
mod signals;

pub(super) const TYPES: Family = &[
    ("aws_cloudwatch_composite_alarm", signals::composite_alarm),
    ("aws_cloudwatch_metric_stream", signals::metric_stream),
    ("aws_cloudwatch_query_definition", signals::query_definition),
    (
        "aws_cloudwatch_log_anomaly_detector",
        signals::anomaly_detector,
    ),
    ("aws_cloudwatch_log_delivery", deliveries::delivery),
    (
        "aws_cloudwatch_log_delivery_source",
        deliveries::delivery_source,
    ),
    (
        "aws_cloudwatch_log_delivery_destination",
        deliveries::delivery_destination,
    ),
    (
        "aws_cloudwatch_log_delivery_destination_policy",
        deliveries::delivery_destination_policy,
    ),
    (
        "aws_cloudwatch_log_subscription_filter",
        deliveries::subscription_filter,
    ),
    ("aws_cloudwatch_log_destination", deliveries::destination),
    (
        "aws_cloudwatch_log_destination_policy",
        deliveries::destination_policy,
    ),
    (
        "aws_cloudwatch_log_data_protection_policy",
        policies::data_protection,
    ),
    ("aws_cloudwatch_log_account_policy", policies::account),
    ("aws_cloudwatch_log_resource_policy", policies::resource),
    ("aws_cloudwatch_log_index_policy", policies::index),
];
