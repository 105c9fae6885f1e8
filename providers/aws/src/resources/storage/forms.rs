//! The forms of arguments of buckets, as configurations write them and as the service has them.

use super::former::{Part, Put};
use crate::json;
use crate::table::Pairs;
use serde_json::{Map, Value as Json, json};

/// Puts a value at a path; `0` is the one element of a list.
fn put(target: &mut Json, path: &str, value: Json) {
    let (step, rest) = path.split_once('.').unwrap_or((path, ""));
    let next = match step {
        "0" => {
            if !target.is_array() {
                *target = json!([{}]);
            }
            target.as_array_mut().and_then(|items| items.first_mut())
        }
        name => {
            if !target.is_object() {
                *target = json!({});
            }
            target
                .as_object_mut()
                .map(|members| members.entry(name).or_insert(Json::Null))
        }
    };
    if let Some(next) = next {
        if rest.is_empty() {
            *next = value;
        } else {
            put(next, rest, value);
        }
    }
}

/// What is at the first paths, at the second ones.
fn moved(from: &Json, pairs: &[(&str, &str)]) -> Json {
    let mut made = json!({});
    for (at, to) in pairs {
        if let Some(value) = json::get(from, at) {
            put(&mut made, to, value.clone());
        }
    }
    made
}

fn back(from: &Json, pairs: &[(&str, &str)]) -> Json {
    let pairs: Vec<_> = pairs.iter().map(|(one, other)| (*other, *one)).collect();
    moved(from, &pairs)
}

fn each(list: &Json, form: impl Fn(&Json) -> Json) -> Json {
    let items = list.as_array().into_iter().flatten();
    items.map(form).collect()
}

/// A list that is not there is no list.
fn found(answer: &Json, at: &str, form: impl Fn(&Json) -> Json) -> Json {
    json::get(answer, at).map_or(Json::Null, |list| each(list, form))
}

/// The one block that there is, or an empty one.
fn block(list: &Json) -> Json {
    list.get(0).cloned().unwrap_or_else(|| json!({}))
}

/// No block where nothing is in it.
fn blocks(one: Json) -> Json {
    match one.as_object() {
        Some(members) if members.is_empty() => Json::Null,
        _ => json!([one]),
    }
}

/// What deletes it where nothing is left, else what puts it.
fn put_or_delete(value: &Json, put: Put, delete: &'static str) -> Put {
    match value {
        Json::Null => (delete, json!({})),
        Json::Array(items) if items.is_empty() => (delete, json!({})),
        Json::String(text) if text.is_empty() => (delete, json!({})),
        _ => put,
    }
}

fn flag(is: bool) -> &'static str {
    if is { "Enabled" } else { "Disabled" }
}

pub(super) const POLICY: Part = Part {
    name: "policy",
    // Order of members and white space do not count.
    put: |value| {
        let text = value.as_str().unwrap_or_default();
        let normal = serde_json::from_str::<Json>(text).map(|json| json.to_string());
        let input = json!({"Policy": normal.unwrap_or_else(|_| text.to_owned())});
        put_or_delete(value, ("PutBucketPolicy", input), "DeleteBucketPolicy")
    },
    get: ("GetBucketPolicy", "NoSuchBucketPolicy"),
    read: |answer| match answer {
        Json::String(text) => json!(text),
        answer => answer.get("Policy").cloned().unwrap_or_default(),
    },
};

const OF_CORS: &[(&str, &str)] = &[
    ("allowed_headers", "AllowedHeaders"),
    ("allowed_methods", "AllowedMethods"),
    ("allowed_origins", "AllowedOrigins"),
    ("expose_headers", "ExposeHeaders"),
    ("max_age_seconds", "MaxAgeSeconds"),
];

pub(super) const CORS: Part = Part {
    name: "cors_rule",
    put: |value| {
        let rules = each(value, |rule| moved(rule, OF_CORS));
        let input = json!({"CORSConfiguration": {"CORSRules": rules}});
        put_or_delete(value, ("PutBucketCors", input), "DeleteBucketCors")
    },
    get: ("GetBucketCors", "NoSuchCORSConfiguration"),
    read: |answer| found(answer, "CORSRules", |rule| back(rule, OF_CORS)),
};

const OF_WEBSITES: &[(&str, &str)] = &[
    ("index_document", "IndexDocument.Suffix"),
    ("error_document", "ErrorDocument.Key"),
];

pub(super) const WEBSITE: Part = Part {
    name: "website",
    put: |value| {
        let site = block(value);
        let mut made = moved(&site, OF_WEBSITES);
        let text = |name: &str| site.get(name).and_then(Json::as_str);
        if let Some(host) = text("redirect_all_requests_to") {
            let (protocol, host) = match host.split_once("://") {
                Some((protocol, host)) => (Some(protocol), host),
                None => (None, host),
            };
            let mut all = json!({"HostName": host});
            if let Some(protocol) = protocol {
                json::put(&mut all, "Protocol", protocol.into());
            }
            json::put(&mut made, "RedirectAllRequestsTo", all);
        }
        let rules = text("routing_rules").and_then(|text| serde_json::from_str(text).ok());
        if let Some(rules) = rules {
            json::put(&mut made, "RoutingRules", rules);
        }
        let input = json!({"WebsiteConfiguration": made});
        put_or_delete(value, ("PutBucketWebsite", input), "DeleteBucketWebsite")
    },
    get: ("GetBucketWebsite", "NoSuchWebsiteConfiguration"),
    read: |answer| {
        let mut site = back(answer, OF_WEBSITES);
        let text = |path: &str| json::text_at(answer, path);
        if let Some(host) = text("RedirectAllRequestsTo.HostName") {
            let host = match text("RedirectAllRequestsTo.Protocol") {
                Some(protocol) => format!("{protocol}://{host}"),
                None => host,
            };
            json::put(&mut site, "redirect_all_requests_to", host.into());
        }
        if let Some(rules) = json::get(answer, "RoutingRules").and_then(Json::as_array)
            && !rules.is_empty()
        {
            json::put(&mut site, "routing_rules", json!(rules).to_string().into());
        }
        blocks(site)
    },
};

/// Whether there is anything but the state of a new bucket.
pub(super) fn has_versions(value: &Json) -> bool {
    let one = block(value);
    one["enabled"] == true || one["mfa_delete"] == true
}

pub(super) const VERSIONING: Part = Part {
    name: "versioning",
    put: |value| {
        let one = block(value);
        let state = if one["enabled"] == true {
            "Enabled"
        } else {
            "Suspended"
        };
        let mut made = json!({"Status": state});
        if one["mfa_delete"] == true {
            json::put(&mut made, "MFADelete", "Enabled".into());
        }
        (
            "PutBucketVersioning",
            json!({"VersioningConfiguration": made}),
        )
    },
    get: ("GetBucketVersioning", ""),
    read: |answer| {
        let on = |name: &str| answer.get(name) == Some(&json!("Enabled"));
        json!([{"enabled": on("Status"), "mfa_delete": on("MFADelete")}])
    },
};

pub(super) const GRANT: Part = Part {
    name: "grant",
    put: |value| {
        let mut grants: Vec<Json> = Vec::new();
        for grant in value.as_array().into_iter().flatten() {
            let who = moved(grant, &[("id", "ID"), ("type", "Type"), ("uri", "URI")]);
            for permission in grant["permissions"].as_array().into_iter().flatten() {
                grants.push(json!({"Grantee": who, "Permission": permission}));
            }
        }
        grants.sort_by_key(Json::to_string);
        if grants.is_empty() {
            return ("PutBucketAcl", json!({"ACL": "private"}));
        }
        (
            "PutBucketAcl",
            json!({"AccessControlPolicy": {"Grants": grants}}),
        )
    },
    get: ("GetBucketAcl", ""),
    read: |answer| {
        let mut by_grantee: Vec<(Json, Vec<Json>)> = Vec::new();
        let grants = answer.get("Grants").and_then(Json::as_array);
        for grant in grants.into_iter().flatten() {
            let pairs = &[("ID", "id"), ("Type", "type"), ("URI", "uri")];
            let who = moved(&grant["Grantee"], pairs);
            let permission = grant["Permission"].clone();
            match by_grantee.iter_mut().find(|(other, _)| *other == who) {
                Some((_, all)) => all.push(permission),
                None => by_grantee.push((who, vec![permission])),
            }
        }
        let all = by_grantee.into_iter().map(|(mut who, permissions)| {
            json::put(&mut who, "permissions", permissions.into());
            who
        });
        all.collect()
    },
};

const OF_LOGS: &[(&str, &str)] = &[
    ("target_bucket", "TargetBucket"),
    ("target_prefix", "TargetPrefix"),
];

pub(super) const LOGGING: Part = Part {
    name: "logging",
    put: |value| {
        let mut made = json!({});
        if let Some(one) = value.get(0) {
            let mut log = moved(one, OF_LOGS);
            if let Some(members) = log.as_object_mut() {
                members.entry("TargetPrefix").or_insert_with(|| "".into());
            }
            json::put(&mut made, "LoggingEnabled", log);
        }
        ("PutBucketLogging", json!({"BucketLoggingStatus": made}))
    },
    get: ("GetBucketLogging", ""),
    read: |answer| match answer.get("LoggingEnabled") {
        Some(log) if !log.is_null() => json!([back(log, OF_LOGS)]),
        _ => Json::Null,
    },
};

/// Conditions of a rule: the prefix and the tags, together in `And` where there are tags.
fn filter(prefix: Option<&Json>, tags: Option<&Json>) -> Json {
    let tags: Vec<Json> = tags
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    let prefix = prefix.cloned().unwrap_or_else(|| "".into());
    if tags.is_empty() {
        return json!({"Prefix": prefix});
    }
    json!({"And": {"Prefix": prefix, "Tags": tags}})
}

/// The prefix and the tags of what a rule applies to.
fn conditions(rule: &Json) -> (Option<Json>, Option<Json>) {
    let at = |path: &str| json::get(rule, path).cloned();
    let prefix = at("Filter.And.Prefix").or_else(|| at("Filter.Prefix"));
    let prefix = prefix.or_else(|| at("Prefix")).filter(|text| text != "");
    let tags = at("Filter.And.Tags").or_else(|| at("Filter.Tag").map(|tag| json!([tag])));
    let tags: Map<String, Json> = tags
        .as_ref()
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .map(|tag| (json::text(&tag["Key"]), tag["Value"].clone()))
        .collect();
    (prefix, (!tags.is_empty()).then_some(Json::Object(tags)))
}

const OF_RULES: &[(&str, &str)] = &[
    ("id", "ID"),
    (
        "abort_incomplete_multipart_upload_days",
        "AbortIncompleteMultipartUpload.DaysAfterInitiation",
    ),
    ("expiration.0.days", "Expiration.Days"),
    (
        "expiration.0.expired_object_delete_marker",
        "Expiration.ExpiredObjectDeleteMarker",
    ),
    (
        "noncurrent_version_expiration.0.days",
        "NoncurrentVersionExpiration.NoncurrentDays",
    ),
];
const OF_MOVES: &[(&str, &str)] = &[
    ("date", "Date"),
    ("days", "Days"),
    ("storage_class", "StorageClass"),
];
const OF_OLD_MOVES: &[(&str, &str)] = &[
    ("days", "NoncurrentDays"),
    ("storage_class", "StorageClass"),
];

/// Lists of moves to other classes of storage.
const MOVES: [(&str, &str, Pairs); 2] = [
    ("transition", "Transitions", OF_MOVES),
    (
        "noncurrent_version_transition",
        "NoncurrentVersionTransitions",
        OF_OLD_MOVES,
    ),
];

/// Days are written as such, and are midnight for the service.
fn at_midnight(one: &mut Json) {
    if let Some(Json::String(date)) = one.get_mut("Date")
        && !date.contains('T')
    {
        date.push_str("T00:00:00Z");
    }
}

fn as_day(one: &mut Json) {
    if let Some(Json::String(date)) = one.get_mut("date")
        && let Some((day, _)) = date.split_once('T')
    {
        *date = day.to_owned();
    }
}

fn rule(written: &Json) -> Json {
    let mut made = moved(written, OF_RULES);
    put(&mut made, "Status", flag(written["enabled"] == true).into());
    let filter = filter(written.get("prefix"), written.get("tags"));
    put(&mut made, "Filter", filter);
    if let Some(date) = json::get(written, "expiration.0.date") {
        put(&mut made, "Expiration.Date", date.clone());
        at_midnight(&mut made["Expiration"]);
    }
    for (name, member, pairs) in MOVES {
        if let Some(list) = written.get(name) {
            let list = each(list, |one| {
                let mut one = moved(one, pairs);
                at_midnight(&mut one);
                one
            });
            put(&mut made, member, list);
        }
    }
    made
}

fn rule_back(told: &Json) -> Json {
    let mut made = back(told, OF_RULES);
    put(&mut made, "enabled", json!(told["Status"] == "Enabled"));
    let (prefix, tags) = conditions(told);
    if let Some(prefix) = prefix {
        put(&mut made, "prefix", prefix);
    }
    if let Some(tags) = tags {
        put(&mut made, "tags", tags);
    }
    if let Some(date) = json::get(told, "Expiration.Date") {
        put(&mut made, "expiration.0.date", date.clone());
        as_day(&mut made["expiration"][0]);
    }
    for (name, member, pairs) in MOVES {
        if let Some(list) = told.get(member) {
            let list = each(list, |one| {
                let mut one = back(one, pairs);
                as_day(&mut one);
                one
            });
            put(&mut made, name, list);
        }
    }
    made
}

pub(super) const LIFECYCLE: Part = Part {
    name: "lifecycle_rule",
    put: |value| {
        let input = json!({"LifecycleConfiguration": {"Rules": each(value, rule)}});
        put_or_delete(
            value,
            ("PutBucketLifecycleConfiguration", input),
            "DeleteBucketLifecycle",
        )
    },
    get: (
        "GetBucketLifecycleConfiguration",
        "NoSuchLifecycleConfiguration",
    ),
    read: |answer| found(answer, "Rules", rule_back),
};

pub(super) const ACCELERATION: Part = Part {
    name: "acceleration_status",
    put: |value| {
        let state = value.as_str().filter(|text| !text.is_empty());
        (
            "PutBucketAccelerateConfiguration",
            json!({"AccelerateConfiguration": {"Status": state.unwrap_or("Suspended")}}),
        )
    },
    get: ("GetBucketAccelerateConfiguration", "UnsupportedArgument"),
    read: |answer| answer.get("Status").cloned().unwrap_or_default(),
};

pub(super) const PAYER: Part = Part {
    name: "request_payer",
    put: |value| {
        let payer = value.as_str().filter(|text| !text.is_empty());
        (
            "PutBucketRequestPayment",
            json!({"RequestPaymentConfiguration": {"Payer": payer.unwrap_or("BucketOwner")}}),
        )
    },
    get: ("GetBucketRequestPayment", ""),
    read: |answer| answer.get("Payer").cloned().unwrap_or_default(),
};

const OF_COPIES: &[(&str, &str)] = &[
    ("id", "ID"),
    ("priority", "Priority"),
    ("status", "Status"),
    ("destination.0.account_id", "Destination.Account"),
    ("destination.0.bucket", "Destination.Bucket"),
    ("destination.0.storage_class", "Destination.StorageClass"),
    (
        "destination.0.replica_kms_key_id",
        "Destination.EncryptionConfiguration.ReplicaKmsKeyID",
    ),
    (
        "destination.0.access_control_translation.0.owner",
        "Destination.AccessControlTranslation.Owner",
    ),
    (
        "destination.0.metrics.0.minutes",
        "Destination.Metrics.EventThreshold.Minutes",
    ),
    (
        "destination.0.metrics.0.status",
        "Destination.Metrics.Status",
    ),
    (
        "destination.0.replication_time.0.minutes",
        "Destination.ReplicationTime.Time.Minutes",
    ),
    (
        "destination.0.replication_time.0.status",
        "Destination.ReplicationTime.Status",
    ),
];
const ENCRYPTED: (&str, &str) = (
    "source_selection_criteria.0.sse_kms_encrypted_objects.0.enabled",
    "SourceSelectionCriteria.SseKmsEncryptedObjects.Status",
);

fn copy(written: &Json) -> Json {
    let mut made = moved(written, OF_COPIES);
    if let Some(is) = json::get(written, ENCRYPTED.0) {
        put(&mut made, ENCRYPTED.1, flag(*is == true).into());
    }
    // A filter makes it a rule of the second version, which says what becomes of marks.
    match written.get("filter").and_then(|list| list.get(0)) {
        Some(one) => {
            put(
                &mut made,
                "Filter",
                filter(one.get("prefix"), one.get("tags")),
            );
            let marks = written.get("delete_marker_replication_status");
            let marks = marks.cloned().unwrap_or_else(|| "Disabled".into());
            put(&mut made, "DeleteMarkerReplication.Status", marks);
        }
        None => {
            let prefix = written.get("prefix").cloned();
            put(&mut made, "Prefix", prefix.unwrap_or_else(|| "".into()));
        }
    }
    made
}

fn copy_back(told: &Json) -> Json {
    let mut made = back(told, OF_COPIES);
    if let Some(state) = json::get(told, ENCRYPTED.1) {
        put(&mut made, ENCRYPTED.0, json!(state == "Enabled"));
    }
    let (prefix, tags) = conditions(told);
    let is_filter = told.get("Filter").is_some_and(|filter| !filter.is_null());
    let root = if is_filter { "filter.0." } else { "" };
    if is_filter {
        put(&mut made, "filter", json!([{}]));
    }
    if let Some(prefix) = prefix {
        put(&mut made, &format!("{root}prefix"), prefix);
    }
    if let Some(tags) = tags {
        put(&mut made, &format!("{root}tags"), tags);
    }
    if let Some(marks) = json::get(told, "DeleteMarkerReplication.Status")
        && marks == "Enabled"
    {
        put(&mut made, "delete_marker_replication_status", marks.clone());
    }
    made
}

pub(super) const REPLICATION: Part = Part {
    name: "replication_configuration",
    put: |value| {
        let one = block(value);
        let mut rules = each(&one["rules"], copy);
        if let Some(rules) = rules.as_array_mut() {
            rules.sort_by_key(Json::to_string);
        }
        let input = json!({"ReplicationConfiguration": {"Role": one["role"], "Rules": rules}});
        put_or_delete(
            value,
            ("PutBucketReplication", input),
            "DeleteBucketReplication",
        )
    },
    get: (
        "GetBucketReplication",
        "ReplicationConfigurationNotFoundError",
    ),
    read: |answer| {
        let told = answer.get("ReplicationConfiguration").unwrap_or(answer);
        let rules = found(told, "Rules", copy_back);
        json!([{"role": told["Role"], "rules": rules}])
    },
};

const OF_KEYS: &[(&str, &str)] = &[
    ("bucket_key_enabled", "BucketKeyEnabled"),
    (
        "apply_server_side_encryption_by_default.0.kms_master_key_id",
        "ApplyServerSideEncryptionByDefault.KMSMasterKeyID",
    ),
    (
        "apply_server_side_encryption_by_default.0.sse_algorithm",
        "ApplyServerSideEncryptionByDefault.SSEAlgorithm",
    ),
];

pub(super) const ENCRYPTION: Part = Part {
    name: "server_side_encryption_configuration",
    put: |value| {
        // Without a word of keys for buckets there are none.
        let rules = each(&block(value)["rule"], |rule| {
            let mut rule = moved(rule, OF_KEYS);
            if let Some(members) = rule.as_object_mut() {
                members.retain(|name, value| name != "BucketKeyEnabled" || *value == true);
            }
            rule
        });
        let input = json!({"ServerSideEncryptionConfiguration": {"Rules": rules}});
        put_or_delete(
            value,
            ("PutBucketEncryption", input),
            "DeleteBucketEncryption",
        )
    },
    get: (
        "GetBucketEncryption",
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    read: |answer| {
        let told = answer
            .get("ServerSideEncryptionConfiguration")
            .unwrap_or(answer);
        let rules = found(told, "Rules", |rule| {
            let mut rule = back(rule, OF_KEYS);
            if let Some(members) = rule.as_object_mut() {
                members.retain(|name, value| name != "bucket_key_enabled" || *value == true);
            }
            rule
        });
        match rules {
            Json::Null => Json::Null,
            rules => json!([{"rule": rules}]),
        }
    },
};

const OF_LOCKS: &[(&str, &str)] = &[
    ("object_lock_enabled", "ObjectLockEnabled"),
    (
        "rule.0.default_retention.0.mode",
        "Rule.DefaultRetention.Mode",
    ),
    (
        "rule.0.default_retention.0.days",
        "Rule.DefaultRetention.Days",
    ),
    (
        "rule.0.default_retention.0.years",
        "Rule.DefaultRetention.Years",
    ),
];

pub(super) const LOCK: Part = Part {
    name: "object_lock_configuration",
    put: |value| {
        let mut made = moved(&block(value), OF_LOCKS);
        put(&mut made, "ObjectLockEnabled", "Enabled".into());
        (
            "PutObjectLockConfiguration",
            json!({"ObjectLockConfiguration": made}),
        )
    },
    get: (
        "GetObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
    ),
    read: |answer| {
        let mut told = answer
            .get("ObjectLockConfiguration")
            .unwrap_or(answer)
            .clone();
        if let Some(Json::Object(kept)) = told.pointer_mut("/Rule/DefaultRetention") {
            kept.retain(|_, value| *value != 0);
        }
        blocks(back(&told, OF_LOCKS))
    },
};
