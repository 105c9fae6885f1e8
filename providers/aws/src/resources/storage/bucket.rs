//! A bucket, its objects, and the odd ones of what is kept apart.

use super::former;
use crate::cx::{dns_suffix, partition};
use crate::json;
use crate::run::{Run, all_tags, same_at};
use crate::table::{Hooks, Phase, Table, Tags, op};
use async_trait::async_trait;
use base64::Engine as _;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

const GONE: &[&str] = &["NoSuchBucket", "NotFound", "404"];

pub(super) fn bucket() -> Table {
    Table::new("aws_s3_bucket", "s3")
        .local(&[
            "bucket",
            "bucket_prefix",
            "force_destroy",
            "object_lock_enabled",
            "bucket_namespace",
        ])
        .by_function(former::NAMES)
        .create(
            op("CreateBucket")
                .bare()
                .set("Bucket", "{bucket}")
                .set("ACL", "{acl}")
                .set("ObjectLockEnabledForBucket", "{object_lock_enabled}"),
        )
        .input(|operation, input, object| {
            let region = args::string(object, "region").unwrap_or_default();
            if operation == "CreateBucket" && !matches!(region, "us-east-1" | "") {
                json::put(
                    input,
                    "CreateBucketConfiguration.LocationConstraint",
                    region.into(),
                );
            }
            let locks = args::get(object, "object_lock_configuration");
            if operation == "CreateBucket" && locks.is_known() && !locks.children().is_empty() {
                json::put(input, "ObjectLockEnabledForBucket", true.into());
            }
            if input.get("ObjectLockEnabledForBucket") == Some(&json!(false))
                && let Some(members) = input.as_object_mut()
            {
                members.remove("ObjectLockEnabledForBucket");
            }
        })
        .id("{bucket}")
        .read(op("HeadBucket").set("Bucket", "{id}"))
        .delete(op("DeleteBucket").set("Bucket", "{id}"))
        .not_found(GONE)
        .tags(Tags::Hook)
        .hooks(Bucket)
}

/// Host names of buckets have zones of their own.
const ZONES: &[(&str, &str)] = &[
    ("af-south-1", "Z83WF9RJE8B12"),
    ("ap-east-1", "ZNB98KWMFR0R6"),
    ("ap-northeast-1", "Z2M4EHUR26P7ZW"),
    ("ap-northeast-2", "Z3W03O7B5YMIYP"),
    ("ap-northeast-3", "Z2YQB5RD63NC85"),
    ("ap-south-1", "Z11RGJOFQNVJUP"),
    ("ap-southeast-1", "Z3O0J2DXBE1FTB"),
    ("ap-southeast-2", "Z1WCIGYICN2BYD"),
    ("ca-central-1", "Z1QDHH18159H29"),
    ("eu-central-1", "Z21DNDUVLTQW6Q"),
    ("eu-north-1", "Z3BAZG2TWCNX0D"),
    ("eu-south-1", "Z30OZKI7KPW7MI"),
    ("eu-west-1", "Z1BKCTXD74EZPE"),
    ("eu-west-2", "Z3GKZC51ZF0DB4"),
    ("eu-west-3", "Z3R1K369G5AVDG"),
    ("me-south-1", "Z1MPMWCPA7YB62"),
    ("sa-east-1", "Z7KQH4QJS55SO"),
    ("us-east-1", "Z3AQBSTGFYJSTF"),
    ("us-east-2", "Z2O1EMRO9K5GLX"),
    ("us-west-1", "Z2F56UZL2M1ACD"),
    ("us-west-2", "Z3BJ6K6RIION7M"),
];

#[derive(Debug)]
struct Bucket;

/// Those tags that are not looked at.
fn kept(run: &Run<'_>, tags: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let ignored = tags.into_iter().filter(|(key, _)| run.cx.ignored.has(key));
    ignored.collect()
}

async fn tags_of(run: &Run<'_>, bucket: &str) -> Answered<BTreeMap<String, String>> {
    let none = &["NoSuchTagSet", "NoSuchBucket"];
    let answer = run
        .ask_unless("GetBucketTagging", json!({"Bucket": bucket}), none)
        .await?;
    let answer = answer.unwrap_or_default();
    let tags = answer.get("TagSet").unwrap_or(&Json::Null);
    Ok(crate::read::entries(tags)
        .into_iter()
        .map(|(key, value)| (key, json::text(value)))
        .collect())
}

/// Puts the tags of an object, all at once: those that are not looked at stay.
async fn put_tags(run: &Run<'_>, bucket: &str, object: &Value) -> Answered<()> {
    let mut tags = kept(run, tags_of(run, bucket).await?);
    tags.extend(all_tags(object));
    if tags.is_empty() {
        run.ask("DeleteBucketTagging", json!({"Bucket": bucket}))
            .await?;
        return Ok(());
    }
    let set: Vec<Json> = tags
        .iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    run.ask(
        "PutBucketTagging",
        json!({"Bucket": bucket, "Tagging": {"TagSet": set}}),
    )
    .await
    .map(drop)
}

#[async_trait]
impl Hooks for Bucket {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        if !all_tags(object).is_empty() {
            put_tags(run, &run.text("{id}", object), object).await?;
        }
        former::put_all(run, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        former::put_changes(run, prior, planned).await?;
        if all_tags(prior) == all_tags(planned) {
            return Ok(());
        }
        put_tags(run, &run.text("{id}", prior), planned).await
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let bucket = run.text("{id}", &object);
        let region = run.region.as_str();
        let suffix = dns_suffix(region);
        let zone = ZONES
            .iter()
            .find(|(name, _)| *name == region)
            .map_or("", |(_, zone)| zone);
        let lock = run
            .ask_unless(
                "GetObjectLockConfiguration",
                json!({"Bucket": bucket}),
                &[
                    "ObjectLockConfigurationNotFoundError",
                    "NoSuchBucket",
                    "MethodNotAllowed",
                    "NotImplemented",
                ],
            )
            .await?;
        let locked = lock.is_some_and(|lock| {
            json::text_at(&lock, "ObjectLockConfiguration.ObjectLockEnabled").as_deref()
                == Some("Enabled")
        });
        let text = |text: String| Value::string(text);
        let found = args::with_all(
            &object,
            [
                ("bucket", text(bucket.clone())),
                (
                    "arn",
                    text(format!("arn:{}:s3:::{bucket}", partition(region))),
                ),
                ("bucket_domain_name", text(format!("{bucket}.s3.{suffix}"))),
                (
                    "bucket_regional_domain_name",
                    text(format!("{bucket}.s3.{region}.{suffix}")),
                ),
                ("bucket_region", text(region.to_owned())),
                ("hosted_zone_id", text(zone.to_owned())),
                ("object_lock_enabled", Value::bool(locked)),
            ],
        );
        let found = former::find_all(run, found, prior).await?;
        Ok(run.put_found_tags(&found, prior, tags_of(run, &bucket).await?))
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if args::bool(object, "force_destroy") == Some(true) {
            empty(run, &run.text("{id}", object)).await?;
        }
        Ok(false)
    }
}

/// Deletes all objects of a bucket, in all versions.
async fn empty(run: &Run<'_>, bucket: &str) -> Answered<()> {
    for _ in 0..100_000 {
        let Some(answer) = run
            .page_unless(
                "ListObjectVersions",
                json!({"Bucket": bucket, "MaxKeys": 1000}),
                GONE,
            )
            .await?
        else {
            return Ok(());
        };
        let objects: Vec<Json> = ["Versions", "DeleteMarkers"]
            .iter()
            .filter_map(|list| answer.get(list)?.as_array())
            .flatten()
            .map(|object| json!({"Key": object["Key"], "VersionId": object["VersionId"]}))
            .collect();
        if objects.is_empty() {
            return Ok(());
        }
        let input = json!({"Bucket": bucket, "Delete": {"Objects": objects, "Quiet": true}});
        let answer = run.ask("DeleteObjects", input).await?;
        if let Some(error) = json::get(&answer, "Errors.0") {
            let text = |name: &str| json::text_at(error, name).unwrap_or_default();
            return Err(Refusal::error(
                "Bucket cannot be emptied",
                format!(
                    "{bucket}: {} cannot be deleted: {}: {}",
                    text("Key"),
                    text("Code"),
                    text("Message")
                ),
            ));
        }
    }
    Ok(())
}

/// An object of a bucket.
pub(super) fn object() -> Table {
    Table::new("aws_s3_object", "s3")
        .names(&[
            ("etag", "ETag"),
            ("kms_key_id", "SSEKMSKeyId"),
            ("website_redirect", "WebsiteRedirectLocation"),
            ("bucket_key_enabled", "BucketKeyEnabled"),
        ])
        .local(&[
            "bucket",
            "key",
            "source",
            "source_hash",
            "content",
            "content_base64",
            "force_destroy",
            "override_provider",
            "arn",
        ])
        .unsupported(&["checksum_algorithm"])
        .by_function(&["*"])
        .quiet(&[
            "cache_control",
            "content_disposition",
            "content_encoding",
            "content_language",
        ])
        .id("{bucket}/{key}")
        .import("{bucket}/{key}")
        .read(
            op("HeadObject")
                .set("Bucket", "{bucket}")
                .set("Key", "{key}"),
        )
        .answer(|_, found| {
            if let Some(Json::String(tag)) = found.get_mut("ETag") {
                *tag = tag.trim_matches('"').to_owned();
            }
            // What it does not say is what is usual.
            if let Some(members) = found.as_object_mut() {
                members
                    .entry("StorageClass")
                    .or_insert_with(|| "STANDARD".into());
            }
        })
        .delete(
            op("DeleteObject")
                .set("Bucket", "{bucket}")
                .set("Key", "{key}"),
        )
        .not_found(&["NoSuchBucket", "NoSuchKey", "NotFound", "404"])
        .tags(Tags::Hook)
        .retry(&[Phase::Create], "NoSuchBucket", "", 60)
        .recomputed("version_id", UPLOADED)
        .recomputed(
            "etag",
            &["source", "source_hash", "content", "content_base64"],
        )
        .hooks(S3Object)
}

#[derive(Debug)]
struct S3Object;

/// What goes with the bytes of an object: a change of one of these uploads them again.
const UPLOADED: &[&str] = &[
    "bucket_key_enabled",
    "cache_control",
    "content",
    "content_base64",
    "content_disposition",
    "content_encoding",
    "content_language",
    "content_type",
    "etag",
    "kms_key_id",
    "metadata",
    "object_lock_legal_hold_status",
    "object_lock_mode",
    "object_lock_retain_until_date",
    "server_side_encryption",
    "source",
    "source_hash",
    "storage_class",
    "website_redirect",
];

async fn object_tags(run: &Run<'_>, bucket: &str, key: &str) -> Answered<BTreeMap<String, String>> {
    let input = json!({"Bucket": bucket, "Key": key});
    let answer = run
        .ask_unless("GetObjectTagging", input, &["NoSuchKey", "NoSuchTagSet"])
        .await?
        .unwrap_or_default();
    let tags = crate::read::entries(answer.get("TagSet").unwrap_or(&Json::Null));
    Ok(tags
        .into_iter()
        .map(|(key, value)| (key, json::text(value)))
        .collect())
}

/// Uploads an object with its tags, and those that it has beside them.
async fn put_object(
    run: &Run<'_>,
    planned: &Value,
    beside: BTreeMap<String, String>,
) -> Answered<()> {
    let standard = &base64::engine::general_purpose::STANDARD;
    let body = if let Some(path) = args::string(planned, "source").filter(|path| !path.is_empty()) {
        let bytes = tokio::fs::read(path).await;
        let bytes = bytes
            .map_err(|error| Refusal::error("File cannot be read", format!("{path}: {error}")))?;
        standard.encode(bytes)
    } else if let Some(text) = args::string(planned, "content") {
        standard.encode(text)
    } else {
        args::string(planned, "content_base64")
            .unwrap_or_default()
            .to_owned()
    };
    let operation = run.operation("s3", "PutObject")?;
    let step = op("PutObject")
        .set("Bucket", "{bucket}")
        .set("Key", "{key}")
        .except(&[
            "bucket",
            "key",
            "etag",
            "content",
            "source",
            "tags",
            "version_id",
            "checksum_algorithm",
        ]);
    let mut input = run.input(&step, &operation, planned);
    json::put(&mut input, "Body", body.into());
    // What is locked is refused without a checksum.
    let locks = ["object_lock_mode", "object_lock_legal_hold_status"];
    if locks.iter().any(|lock| args::is_set(planned, lock)) {
        json::put(&mut input, "ChecksumAlgorithm", "CRC32".into());
    }
    let mut tags = beside;
    tags.extend(all_tags(planned));
    let tags: Vec<String> = tags
        .iter()
        .map(|(key, value)| {
            let encoded = |text: &str| {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                    .to_string()
            };
            format!("{}={}", encoded(key), encoded(value))
        })
        .collect();
    if !tags.is_empty() {
        json::put(&mut input, "Tagging", tags.join("&").into());
    }
    run.ask("PutObject", input).await.map(drop)
}

#[async_trait]
impl Hooks for S3Object {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        put_object(run, planned, BTreeMap::new()).await?;
        Ok(Some((run.text("{bucket}/{key}", planned), planned.clone())))
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        // What was left to AWS is nothing to upload for.
        let uploads = |name: &&str| {
            !same_at(prior, planned, name) && (*name != "etag" || args::is_set(planned, "etag"))
        };
        let (bucket, key) = (run.text("{bucket}", prior), run.text("{key}", prior));
        let ignored = kept(run, object_tags(run, &bucket, &key).await?);
        if UPLOADED.iter().any(uploads) {
            return put_object(run, planned, ignored).await;
        }
        if let Some(acl) = args::string(planned, "acl").filter(|_| !same_at(prior, planned, "acl"))
        {
            let input = json!({"Bucket": bucket, "Key": key, "ACL": acl});
            run.ask("PutObjectAcl", input).await?;
        }
        if all_tags(prior) == all_tags(planned) {
            return Ok(());
        }
        let mut tags = ignored;
        tags.extend(all_tags(planned));
        let mut input = json!({"Bucket": bucket, "Key": key});
        if tags.is_empty() {
            return run.ask("DeleteObjectTagging", input).await.map(drop);
        }
        let set: Vec<Json> = tags
            .iter()
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        json::put(&mut input, "Tagging.TagSet", Json::Array(set));
        run.ask("PutObjectTagging", input).await.map(drop)
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        // An object with versions goes with all of them.
        if args::string(object, "version_id").is_none_or(|id| id.is_empty() || id == "null") {
            return Ok(false);
        }
        let (bucket, key) = (run.text("{bucket}", object), run.text("{key}", object));
        let input = json!({"Bucket": bucket, "Prefix": key});
        let found = run.ask_unless("ListObjectVersions", input, GONE).await?;
        let found = found.unwrap_or_default();
        let mut versions: Vec<Json> = Vec::new();
        for list in ["DeleteMarkers", "Versions"] {
            let all = found
                .get(list)
                .and_then(Json::as_array)
                .cloned()
                .unwrap_or_default();
            versions.extend(
                all.into_iter()
                    .filter(|version| version["Key"] == key.as_str()),
            );
        }
        for version in versions {
            let input = json!({"Bucket": bucket, "Key": key, "VersionId": version["VersionId"]});
            run.ask_unless("DeleteObject", input, GONE).await?;
        }
        Ok(true)
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let (bucket, key) = (run.text("{bucket}", &object), run.text("{key}", &object));
        let tags = object_tags(run, &bucket, &key).await?;
        let arn = format!("arn:{}:s3:::{bucket}/{key}", partition(&run.region));
        let found = args::with(&object, "arn", Value::string(arn));
        Ok(run.put_found_tags(&found, prior, tags))
    }
}

/// Rules as JSON are rules too.
pub(super) fn routing_rules(operation: &str, input: &mut Json, object: &Value) {
    if operation != "PutBucketWebsite" {
        return;
    }
    let text = args::string(object, "routing_rules").filter(|text| !text.is_empty());
    if let Some(rules) = text.and_then(|text| serde_json::from_str(text).ok()) {
        json::put(input, "WebsiteConfiguration.RoutingRules", rules);
    }
}

/// Where the website is.
pub(super) fn website(run: &Run<'_>, found: Value, _raw: &Json) -> Value {
    let bucket = args::string(&found, "bucket").unwrap_or_default();
    let old = [
        "us-east-1",
        "us-west-1",
        "us-west-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-northeast-1",
        "eu-west-1",
        "sa-east-1",
    ];
    let sign = if old.contains(&run.region.as_str()) {
        '-'
    } else {
        '.'
    };
    let domain = format!("s3-website{sign}{}.{}", run.region, dns_suffix(&run.region));
    let endpoint = format!("{bucket}.{domain}");
    args::with_all(
        &found,
        [
            ("website_domain", Value::string(domain)),
            ("website_endpoint", Value::string(endpoint)),
        ],
    )
}

/// A rule has a filter always; without one of its own, the empty one.
pub(super) fn lifecycle_input(operation: &str, input: &mut Json, _object: &Value) {
    if operation != "PutBucketLifecycleConfiguration" {
        return;
    }
    let Some(rules) = input
        .pointer_mut("/LifecycleConfiguration/Rules")
        .and_then(Json::as_array_mut)
    else {
        return;
    };
    for rule in rules.iter_mut().filter_map(Json::as_object_mut) {
        let prefix = rule
            .get("Prefix")
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned();
        if prefix.is_empty() {
            rule.remove("Prefix");
            let filter = rule
                .entry("Filter")
                .or_insert_with(|| json!({"Prefix": ""}));
            if filter.as_object().is_some_and(serde_json::Map::is_empty) {
                *filter = json!({"Prefix": ""});
            }
        }
    }
}

pub(super) fn lifecycle_answer(_operation: &str, found: &mut Json) {
    let Some(rules) = found.get_mut("Rules").and_then(Json::as_array_mut) else {
        return;
    };
    for rule in rules.iter_mut().filter_map(Json::as_object_mut) {
        for list in ["Transitions", "NoncurrentVersionTransitions"] {
            if rule
                .get(list)
                .and_then(Json::as_array)
                .is_some_and(Vec::is_empty)
            {
                rule.remove(list);
            }
        }
    }
}

pub(super) fn lifecycle_found(_run: &Run<'_>, found: Value, _raw: &Json) -> Value {
    let sizes = args::string(&found, "transition_default_minimum_object_size").unwrap_or_default();
    if sizes.is_empty() {
        let usual = Value::string("all_storage_classes_128K");
        return args::with(&found, "transition_default_minimum_object_size", usual);
    }
    found
}

/// A canned list, or one that is written out.
pub(super) fn acl_input(operation: &str, input: &mut Json, object: &Value) {
    if operation != "PutBucketAcl" {
        return;
    }
    let policy = args::get(object, "access_control_policy");
    let Some(policy) = policy.children().first().filter(|_| policy.is_known()) else {
        return;
    };
    if args::string(object, "acl").is_some_and(|acl| !acl.is_empty()) {
        return;
    }
    let text = |value: &Value, name: &str| {
        args::string(value, name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let grants: Vec<Json> = args::get(policy, "grant")
        .children()
        .iter()
        .map(|grant| {
            let grantee = args::get(grant, "grantee")
                .children()
                .first()
                .cloned()
                .unwrap_or(Value::NULL);
            let mut who = json!({"Type": text(&grantee, "type")});
            for (name, member) in [
                ("id", "ID"),
                ("uri", "URI"),
                ("email_address", "EmailAddress"),
            ] {
                if let Some(text) = text(&grantee, name) {
                    json::put(&mut who, member, text.into());
                }
            }
            json!({"Permission": text(grant, "permission"), "Grantee": who})
        })
        .collect();
    let owner = args::get(policy, "owner")
        .children()
        .first()
        .cloned()
        .unwrap_or(Value::NULL);
    json::put(
        input,
        "AccessControlPolicy",
        json!({"Grants": grants, "Owner": {"ID": text(&owner, "id")}}),
    );
}

/// Filters are rules of names.
pub(super) fn notification_input(operation: &str, input: &mut Json, object: &Value) {
    if operation != "PutBucketNotificationConfiguration" {
        return;
    }
    if input.get("NotificationConfiguration").is_none() {
        input["NotificationConfiguration"] = json!({});
    }
    if args::bool(object, "eventbridge") == Some(true) {
        json::put(
            input,
            "NotificationConfiguration.EventBridgeConfiguration",
            json!({}),
        );
    }
    for (name, list, arn) in [
        (
            "lambda_function",
            "LambdaFunctionConfigurations",
            "lambda_function_arn",
        ),
        ("queue", "QueueConfigurations", "queue_arn"),
        ("topic", "TopicConfigurations", "topic_arn"),
    ] {
        let items: Vec<Json> = args::get(object, name)
            .children()
            .iter()
            .map(|item| {
                let member = match name {
                    "lambda_function" => "LambdaFunctionArn",
                    "queue" => "QueueArn",
                    _ => "TopicArn",
                };
                let events: Vec<String> = args::strings(item, "events")
                    .unwrap_or_default()
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                let mut made = json!({"Events": events});
                json::put(&mut made, member, args::string(item, arn).into());
                if let Some(id) = args::string(item, "id").filter(|id| !id.is_empty()) {
                    json::put(&mut made, "Id", id.into());
                }
                let rules: Vec<Json> = [("filter_prefix", "prefix"), ("filter_suffix", "suffix")]
                    .iter()
                    .filter_map(|(name, rule)| {
                        let text = args::string(item, name).filter(|text| !text.is_empty())?;
                        Some(json!({"Name": rule, "Value": text}))
                    })
                    .collect();
                if !rules.is_empty() {
                    json::put(&mut made, "Filter.Key.FilterRules", Json::Array(rules));
                }
                made
            })
            .collect();
        if !items.is_empty() {
            json::put(
                input,
                &format!("NotificationConfiguration.{list}"),
                Json::Array(items),
            );
        }
    }
}

pub(super) fn notification_answer(_operation: &str, found: &mut Json) {
    let on = found.get("EventBridgeConfiguration").is_some();
    json::put(found, "eventbridge", on.into());
    for list in [
        "LambdaFunctionConfigurations",
        "QueueConfigurations",
        "TopicConfigurations",
    ] {
        for item in found
            .get_mut(list)
            .and_then(Json::as_array_mut)
            .into_iter()
            .flatten()
        {
            let rules = json::get(item, "Filter.Key.FilterRules")
                .and_then(Json::as_array)
                .cloned()
                .unwrap_or_default();
            for rule in rules {
                let name = json::text_at(&rule, "Name")
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                let value = rule.get("Value").cloned().unwrap_or(Json::Null);
                json::put(item, &format!("Filter{name}"), value);
            }
        }
    }
}
