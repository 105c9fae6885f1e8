//! Arguments of buckets that types of their own have taken over since: `versioning`, `lifecycle_rule` … Configurations of before have them still.
//!
//! What is written is put and looked at; what is not written is not asked for, except on import. Each is turned into the form of the service and back as
//! JSON ([`super::forms`]).

use super::forms;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::Phase;
use serde_json::{Map, Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{EcoString, Kind, Type, Value};

/// What is put: the operation, and its input beside the bucket.
pub(super) type Put = (&'static str, Json);

/// An argument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) name: &'static str,
    /// What puts it; an empty value is what is left where it was taken away.
    pub(super) put: fn(&Json) -> Put,
    /// What reads it, and the error where there is none.
    pub(super) get: (&'static str, &'static str),
    /// The value, by the answer.
    pub(super) read: fn(&Json) -> Json,
}

/// In the order in which they are put: copies of objects need versions.
const PARTS: &[Part] = &[
    forms::POLICY,
    forms::CORS,
    forms::WEBSITE,
    forms::VERSIONING,
    forms::GRANT,
    forms::LOGGING,
    forms::LIFECYCLE,
    forms::ACCELERATION,
    forms::PAYER,
    forms::REPLICATION,
    forms::ENCRYPTION,
    forms::LOCK,
];

/// The names of them all.
pub(super) const NAMES: &[&str] = &[
    "acceleration_status",
    "acl",
    "cors_rule",
    "grant",
    "lifecycle_rule",
    "logging",
    "object_lock_configuration",
    "policy",
    "replication_configuration",
    "request_payer",
    "server_side_encryption_configuration",
    "versioning",
    "website",
];

/// What is set of a value, as JSON: nothing that is null, empty or unknown.
fn plain(value: &Value) -> Json {
    let value = value.unmarked();
    match value.kind() {
        Kind::String(text) => json!(text.as_str()),
        Kind::Bool(is) => json!(is),
        Kind::Number(number) => json!(number.to_i64()),
        Kind::List(_) | Kind::Set(_) | Kind::Tuple(_) => {
            value.children().iter().map(plain).collect()
        }
        Kind::Object(attributes) => members(attributes.iter()),
        Kind::Map(entries) => members(entries.iter()),
        _ => Json::Null,
    }
}

fn members<'v>(values: impl Iterator<Item = (&'v EcoString, &'v Value)>) -> Json {
    let values = values.map(|(name, value)| (name.to_string(), plain(value)));
    let is_set = |value: &Json| match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        _ => true,
    };
    let set: Map<String, Json> = values.filter(|(_, value)| is_set(value)).collect();
    Json::Object(set)
}

/// A value of a type; what the JSON does not have is null, and lists of blocks are empty.
fn value(ty: &Type, found: Option<&Json>) -> Value {
    let items = |element: &Type| {
        let items = found.and_then(Json::as_array).into_iter().flatten();
        items.map(|item| value(element, Some(item))).collect()
    };
    match (ty, found) {
        (Type::List(element), found) if found.is_some() || is_block(element) => {
            Value::list((**element).clone(), items(element))
        }
        (Type::Set(element), found) if found.is_some() || is_block(element) => {
            Value::set((**element).clone(), items(element))
        }
        (Type::Object(object), Some(found)) => {
            let attributes = object.attributes.iter();
            let attributes =
                attributes.map(|(name, ty)| (name.clone(), value(ty, found.get(name.as_str()))));
            Value::object(attributes.collect::<Vec<_>>())
        }
        (Type::Map(element), Some(Json::Object(entries))) => {
            let entries = entries
                .iter()
                .map(|(key, item)| (key.as_str().into(), value(element, Some(item))));
            Value::map((**element).clone(), entries.collect())
        }
        (Type::String, Some(found)) if !found.is_null() => Value::string_nfc(&json::text(found)),
        (Type::Bool, Some(Json::Bool(is))) => Value::bool(*is),
        (Type::Number, Some(Json::Number(number))) => number
            .as_i64()
            .map_or(Value::null(Type::Number), Value::number),
        (ty, _) => Value::null(ty.clone()),
    }
}

fn is_block(element: &Type) -> bool {
    matches!(element, Type::Object(_))
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

async fn put_one(run: &Run<'_>, bucket: &str, (operation, input): Put) -> Answered<()> {
    let mut input = input;
    json::put(&mut input, "Bucket", bucket.into());
    // Who owns the bucket stays its owner, and has to be said.
    if input.get("AccessControlPolicy").is_some() {
        let now = run.ask("GetBucketAcl", json!({"Bucket": bucket})).await?;
        let owner = now.get("Owner").cloned().unwrap_or_default();
        json::put(&mut input, "AccessControlPolicy.Owner", owner);
    }
    run.ask(operation, input).await.map(drop)
}

/// Rules that are not named get a name, the same when the change is asked for again.
fn named(run: &Run<'_>, part: &Part, value: &mut Json) {
    if part.name != forms::LIFECYCLE.name {
        return;
    }
    let rules = value.as_array_mut().into_iter().flatten().enumerate();
    for (at, rule) in rules {
        if rule.get("id").is_none() {
            let token = run.token(&format!("rule {at}"));
            let token: String = token.chars().take(26).collect();
            json::put(rule, "id", format!("tf-s3-lifecycle-{token}").into());
        }
    }
}

/// Puts what is written of a new bucket.
pub(super) async fn put_all(run: &Run<'_>, object: &Value) -> Answered<()> {
    let bucket = run.text("{id}", object);
    for part in PARTS {
        let mut written = plain(&args::get(object, part.name));
        // A new bucket has no versions: that need not be said.
        let usual = part.name == forms::VERSIONING.name && !forms::has_versions(&written);
        if is_empty(&written) || usual {
            continue;
        }
        named(run, part, &mut written);
        put_one(run, &bucket, (part.put)(&written)).await?;
    }
    Ok(())
}

/// Puts what changes of a bucket.
pub(super) async fn put_changes(run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
    let bucket = run.text("{id}", prior);
    for part in PARTS {
        let after = args::get(planned, part.name);
        if same_at(prior, planned, part.name) || !after.is_known() {
            continue;
        }
        let mut written = plain(&after);
        named(run, part, &mut written);
        put_one(run, &bucket, (part.put)(&written)).await?;
    }
    let changed = !same_at(prior, planned, "acl");
    if let (true, Some(acl)) = (changed, args::string(planned, "acl")) {
        put_one(run, &bucket, ("PutBucketAcl", json!({"ACL": acl}))).await?;
    }
    Ok(())
}

/// What is written of a bucket, as it is; of an imported one, all.
pub(super) async fn find_all(run: &Run<'_>, object: Value, prior: &Value) -> Answered<Value> {
    let bucket = run.text("{id}", &object);
    let is_imported = run.phase == Phase::Read && prior.get("arn").is_some_and(Value::is_null);
    let mut object = object;
    for part in PARTS {
        let before = args::get(prior, part.name);
        let written = plain(&before);
        // Who may read follows from `acl`, which is not told.
        let shows = is_imported && part.name != forms::GRANT.name;
        if is_empty(&written) && !shows {
            continue;
        }
        let input = json!({"Bucket": bucket});
        let (operation, none) = part.get;
        let answer = run
            .ask_unless(
                operation,
                input,
                &[none, "NoSuchBucket", "MethodNotAllowed"],
            )
            .await?;
        let found = answer.map_or(Json::Null, |answer| (part.read)(&answer));
        // What means the same is as it was written.
        let same = before.is_wholly_known() && (part.put)(&written) == (part.put)(&found);
        if same && !is_imported {
            object = args::with(&object, part.name, before);
            continue;
        }
        let block = &run.schema.block;
        let ty = match (block.attributes.get(part.name), block.blocks.get(part.name)) {
            (Some(attribute), _) => attribute.value_type(),
            (_, Some(nested)) => nested.value_type(),
            _ => continue,
        };
        object = args::with(
            &object,
            part.name,
            value(&ty, Some(&found).filter(|found| !found.is_null())),
        );
    }
    if args::get(&object, "website").children().is_empty() {
        return Ok(object);
    }
    Ok(super::bucket::website(run, object, &Json::Null))
}

#[cfg(test)]
mod tests {
    use super::{NAMES, PARTS, is_empty, plain, value};
    use crate::facts::{Kind, of};
    use serde_json::json;
    use terrane_value::Value;

    #[test]
    fn every_argument_has_its_part() {
        for name in NAMES.iter().filter(|name| **name != "acl") {
            assert!(PARTS.iter().any(|part| part.name == *name), "{name}");
            let facts = of(Kind::Resource, "aws_s3_bucket").unwrap();
            let block = &facts.block;
            assert!(block.attributes.contains_key(*name) || block.blocks.contains_key(*name));
        }
        assert_eq!(PARTS.len() + 1, NAMES.len());
    }

    /// What is put, read back, is what was written.
    #[test]
    fn what_is_put_is_read_as_it_was_written() {
        let schema = crate::facts::provider_schema();
        let block = &schema.resources["aws_s3_bucket"].block;
        for (name, written) in [
            ("policy", json!("{\"a\":1}")),
            ("acceleration_status", json!("Enabled")),
            ("request_payer", json!("Requester")),
            (
                "cors_rule",
                json!([{"allowed_methods": ["GET"], "allowed_origins": ["*"], "max_age_seconds": 3}]),
            ),
            (
                "website",
                json!([{"index_document": "i", "error_document": "e", "routing_rules": "[{\"Condition\":{\"KeyPrefixEquals\":\"a\"},\"Redirect\":{\"ReplaceKeyPrefixWith\":\"b\"}}]"}]),
            ),
            (
                "website",
                json!([{"redirect_all_requests_to": "https://example.com"}]),
            ),
            (
                "versioning",
                json!([{"enabled": true, "mfa_delete": false}]),
            ),
            (
                "grant",
                json!([{"id": "i", "permissions": ["READ", "WRITE"], "type": "CanonicalUser"}]),
            ),
            (
                "logging",
                json!([{"target_bucket": "b", "target_prefix": "p"}]),
            ),
            (
                "lifecycle_rule",
                json!([
                    {"id": "a", "enabled": true, "prefix": "p", "tags": {"k": "v"}, "abort_incomplete_multipart_upload_days": 1,
                     "expiration": [{"date": "2030-01-01"}], "noncurrent_version_expiration": [{"days": 2}],
                     "transition": [{"days": 3, "storage_class": "GLACIER"}],
                     "noncurrent_version_transition": [{"days": 4, "storage_class": "GLACIER"}]},
                    {"id": "b", "enabled": false, "expiration": [{"days": 9}]},
                ]),
            ),
            (
                "replication_configuration",
                json!([{"role": "r", "rules": [
                    {"id": "a", "status": "Enabled", "prefix": "p", "destination": [{"bucket": "b", "storage_class": "STANDARD"}]},
                    {"id": "c", "status": "Enabled", "priority": 2, "filter": [{"prefix": "q", "tags": {"k": "v"}}],
                     "delete_marker_replication_status": "Enabled",
                     "source_selection_criteria": [{"sse_kms_encrypted_objects": [{"enabled": true}]}],
                     "destination": [{"bucket": "b", "account_id": "1", "replica_kms_key_id": "k",
                        "access_control_translation": [{"owner": "Destination"}],
                        "metrics": [{"minutes": 15, "status": "Enabled"}], "replication_time": [{"minutes": 15, "status": "Enabled"}]}]},
                ]}]),
            ),
            (
                "server_side_encryption_configuration",
                json!([{"rule": [{"bucket_key_enabled": true, "apply_server_side_encryption_by_default": [{"sse_algorithm": "aws:kms", "kms_master_key_id": "k"}]}]}]),
            ),
            (
                "object_lock_configuration",
                json!([{"object_lock_enabled": "Enabled", "rule": [{"default_retention": [{"mode": "GOVERNANCE", "days": 3}]}]}]),
            ),
        ] {
            let part = PARTS.iter().find(|part| part.name == name).unwrap();
            let ty = match block.blocks.get(name) {
                Some(nested) => nested.value_type(),
                None => block.attributes[name].value_type(),
            };
            let before: Value = value(&ty, Some(&written));
            let (_, put) = (part.put)(&plain(&before));
            // Answers have in them what is put, without the member around it.
            let inner = put.as_object().unwrap().values().next().unwrap();
            let after = value(&ty, Some(&(part.read)(inner)));
            assert_eq!(after, before, "{name}: {put}");
            assert!(!is_empty(&plain(&before)));
        }
    }
}
