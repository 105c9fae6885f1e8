//! What buckets have several of, each under a name: inventories, metrics, analytics, tiers; and what an account as a whole keeps from the public.

use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Step, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

/// A configuration of a bucket that has a name: put whole, read and deleted by bucket and name.
fn named(name: &'static str, [put, get, delete]: [&'static str; 3], own: &'static str) -> Table {
    let of = |operation: &'static str| {
        op(operation)
            .set("Bucket", "{bucket}")
            .set("Id", "{name}")
            .except(&["filter"])
    };
    let root = own.strip_suffix(".Id").unwrap_or(own);
    let put = || -> Step { of(put).set(own, "{name}").inside(root) };
    Table::new(name, "s3")
        .id("{bucket}:{name}")
        .local(&["bucket", "name"])
        .by_function(&["filter"])
        .create(put())
        .input(with_filter)
        .read(of(get).at(root))
        .answer(|_, found| flat_filter(found))
        .update(put())
        .delete(of(delete))
        .not_found(&["NoSuchBucket", "NoSuchConfiguration"])
        .retry(&[Phase::Create], "NoSuchBucket", "", 120)
}

/// What is put, by the operation that puts it.
fn put_into(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "PutBucketAnalyticsConfiguration" => "AnalyticsConfiguration",
        "PutBucketIntelligentTieringConfiguration" => "IntelligentTieringConfiguration",
        "PutBucketInventoryConfiguration" => "InventoryConfiguration",
        "PutBucketMetricsConfiguration" => "MetricsConfiguration",
        _ => return None,
    })
}

/// One condition stands alone in a filter, several stand in `And`.
fn with_filter(operation: &str, input: &mut Json, object: &Value) {
    let Some(root) = put_into(operation) else {
        return;
    };
    if root == "AnalyticsConfiguration" && input[root].get("StorageClassAnalysis").is_none() {
        json::put(input, &format!("{root}.StorageClassAnalysis"), json!({}));
    }
    let filters = args::get(object, "filter");
    let Some(filter) = filters.children().first() else {
        return;
    };
    let mut conditions = serde_json::Map::new();
    for (name, member) in [("access_point", "AccessPointArn"), ("prefix", "Prefix")] {
        if let Some(text) = args::string(filter, name).filter(|text| !text.is_empty()) {
            conditions.insert(member.to_owned(), text.into());
        }
    }
    let tags = crate::run::to_map(&args::get(filter, "tags"));
    let tags: Vec<Json> = tags
        .iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    let several = conditions.len() + tags.len() > 1;
    let made = match (several, tags.as_slice()) {
        (true, []) => json!({"And": conditions}),
        (true, _) => {
            conditions.insert("Tags".to_owned(), tags.into());
            json!({"And": conditions})
        }
        (false, [tag]) => json!({"Tag": tag}),
        // An inventory has no other condition, and it may be empty.
        (false, _) if conditions.is_empty() => json!({"Prefix": ""}),
        (false, _) => Json::Object(conditions),
    };
    json::put(input, &format!("{root}.Filter"), made);
}

/// The conditions of a filter side by side.
fn flat_filter(found: &mut Json) {
    let Some(filter) = found.get_mut("Filter").and_then(Json::as_object_mut) else {
        return;
    };
    if let Some(Json::Object(all)) = filter.remove("And") {
        filter.extend(all);
    }
    if let Some(tag) = filter.remove("Tag") {
        filter.insert("Tags".to_owned(), json!([tag]));
    }
}

pub(super) fn inventory() -> Table {
    named(
        "aws_s3_bucket_inventory",
        [
            "PutBucketInventoryConfiguration",
            "GetBucketInventoryConfiguration",
            "DeleteBucketInventoryConfiguration",
        ],
        "InventoryConfiguration.Id",
    )
    .names(&[
        ("destination.bucket", "S3BucketDestination"),
        ("destination.bucket.bucket_arn", "Bucket"),
        ("enabled", "IsEnabled"),
    ])
}

pub(super) fn metric() -> Table {
    named(
        "aws_s3_bucket_metric",
        [
            "PutBucketMetricsConfiguration",
            "GetBucketMetricsConfiguration",
            "DeleteBucketMetricsConfiguration",
        ],
        "MetricsConfiguration.Id",
    )
    .names(&[("filter.access_point", "AccessPointArn")])
}

pub(super) fn analytics() -> Table {
    named(
        "aws_s3_bucket_analytics_configuration",
        [
            "PutBucketAnalyticsConfiguration",
            "GetBucketAnalyticsConfiguration",
            "DeleteBucketAnalyticsConfiguration",
        ],
        "AnalyticsConfiguration.Id",
    )
    .names(&[(
        "storage_class_analysis.data_export.destination.s3_bucket_destination.bucket_arn",
        "Bucket",
    )])
    .answer(|_, found| {
        flat_filter(found);
        // Without an export there is nothing in it, which is as good as none.
        if json::get(found, "StorageClassAnalysis.DataExport").is_none()
            && let Some(members) = found.as_object_mut()
        {
            members.remove("StorageClassAnalysis");
        }
    })
}

pub(super) fn tiering() -> Table {
    named(
        "aws_s3_bucket_intelligent_tiering_configuration",
        [
            "PutBucketIntelligentTieringConfiguration",
            "GetBucketIntelligentTieringConfiguration",
            "DeleteBucketIntelligentTieringConfiguration",
        ],
        "IntelligentTieringConfiguration.Id",
    )
}

pub(super) fn account_public_access() -> Table {
    let put = || super::keep_public_out().set("AccountId", "{account_id}");
    Table::new("aws_s3_account_public_access_block", "s3control")
        .id("{account_id}")
        .local(&["account_id"])
        .create(put())
        .read(
            op("GetPublicAccessBlock")
                .set("AccountId", "{account_id}")
                .at("PublicAccessBlockConfiguration"),
        )
        .update(put())
        .delete(op("DeletePublicAccessBlock").set("AccountId", "{account_id}"))
        .not_found(&["NoSuchPublicAccessBlockConfiguration"])
        .hooks(OfAccount)
}

/// The account is the caller's unless it is written.
#[derive(Debug)]
struct OfAccount;

#[async_trait]
impl Hooks for OfAccount {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let Some(step) = &run.table.create else {
            return Ok(None);
        };
        let account = match args::string(planned, "account_id") {
            Some(written) if !written.is_empty() => written.to_owned(),
            _ => run.cx.caller().await?.account.clone(),
        };
        let made = args::with(planned, "account_id", Value::string(account.as_str()));
        let operation = run.operation(run.table.service, step.operation)?;
        let input = run.input(step, &operation, &made);
        run.ask(step.operation, input).await?;
        Ok(Some((account, made)))
    }
}
