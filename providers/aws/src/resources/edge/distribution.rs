//! Distributions.

use super::{kept_reference, none, required, tagged, whole};
use crate::json;
use crate::run::Run;
use crate::table::{Cut, Hooks, Phase, Table};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

/// Where the configuration is in the input of a creation.
const NEW: &str = "DistributionConfigWithTags.DistributionConfig";
/// And in that of a change.
const CHANGED: &str = "DistributionConfig";

pub(super) fn distribution() -> Table {
    let table = whole(
        "aws_cloudfront_distribution",
        [
            "CreateDistributionWithTags",
            "GetDistribution",
            "UpdateDistribution",
            "DeleteDistribution",
        ],
        CHANGED,
        "Distribution.DistributionConfig",
    );
    let mut table = tagged(table)
        .id_out("Distribution.Id")
        .names(&[
            ("ordered_cache_behavior", "CacheBehaviors"),
            ("logging_config", "Logging"),
            ("origin.origin_id", "Id"),
            ("origin.custom_header.name", "HeaderName"),
            ("origin.custom_header.value", "HeaderValue"),
            ("origin_group.origin_id", "Id"),
            ("*.cached_methods", "AllowedMethods.CachedMethods"),
            ("*.lambda_arn", "LambdaFunctionARN"),
            ("restrictions.geo_restriction.locations", "Items"),
        ])
        .local(&["retain_on_delete", "wait_for_deployment"])
        // That of CloudFront itself.
        .derive("hosted_zone_id", "Z2FDTNDATAQYW2", Cut::Whole)
        .input(|operation, input, object| {
            let at = match operation {
                "CreateDistributionWithTags" => NEW,
                "UpdateDistribution" => CHANGED,
                _ => return,
            };
            kept_reference(operation, input, at, object);
            let mut config = json::get(input, at).cloned().unwrap_or_default();
            complete(&mut config);
            json::put(input, at, config);
            if at == NEW {
                json::put(
                    input,
                    "DistributionConfigWithTags.Tags",
                    json!({"Items": []}),
                );
            }
        })
        .answer(|_, found| answered(found))
        // What waits for a deployment looks at this; not everybody waits.
        .wait(&[Phase::Read], "Status", &["Deployed"], &["InProgress"])
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidViewerCertificate",
            "",
            60,
        )
        .retry(&[Phase::Delete], "DistributionNotDisabled", "", 180)
        .hooks(Distribution);
    if let Some(create) = &mut table.create {
        create.inside = NEW;
        create.sets.push((
            "DistributionConfigWithTags.DistributionConfig.CallerReference",
            "{token}",
        ));
    }
    for step in &mut table.read {
        step.lifts.extend([
            ("Distribution.ARN", "ARN"),
            ("Distribution.DomainName", "DomainName"),
            ("Distribution.Status", "Status"),
            ("Distribution.LastModifiedTime", "LastModifiedTime"),
            (
                "Distribution.InProgressInvalidationBatches",
                "InProgressValidationBatches",
            ),
            ("Distribution.ActiveTrustedKeyGroups", "TrustedKeyGroups"),
            ("Distribution.ActiveTrustedSigners", "TrustedSigners"),
        ]);
    }
    table
}

/// A member that a change must not leave out.
fn usual(config: &mut Json, path: &str, value: Json) {
    if json::get(config, path).is_none() {
        json::put(config, path, value);
    }
}

/// A change puts the whole, and CloudFront refuses one that leaves out what it knows.
fn complete(config: &mut Json) {
    for text in ["Comment", "DefaultRootObject", "WebACLId"] {
        required(config, text);
    }
    for list in [
        "Aliases",
        "CacheBehaviors",
        "CustomErrorResponses",
        "OriginGroups",
    ] {
        usual(config, list, none());
    }
    usual(config, "IsIPV6Enabled", false.into());
    usual(config, "Staging", false.into());
    let logs = config
        .get("Logging")
        .is_some_and(|logging| logging.get("Bucket").is_some());
    usual(config, "Logging.Enabled", logs.into());
    usual(config, "Logging.IncludeCookies", false.into());
    required(config, "Logging.Bucket");
    required(config, "Logging.Prefix");
    if let Some(first) = config.get_mut("DefaultCacheBehavior") {
        behavior(first);
    }
    let others = config.pointer_mut("/CacheBehaviors/Items");
    for other in others.and_then(Json::as_array_mut).into_iter().flatten() {
        behavior(other);
    }
    let origins = config.pointer_mut("/Origins/Items");
    for one in origins.and_then(Json::as_array_mut).into_iter().flatten() {
        origin(one);
    }
    // A certificate of somebody is not CloudFront's.
    if let Some(certificate) = config
        .get_mut("ViewerCertificate")
        .and_then(Json::as_object_mut)
        && certificate.get("CloudFrontDefaultCertificate") == Some(&json!(false))
    {
        certificate.remove("CloudFrontDefaultCertificate");
    }
}

fn behavior(one: &mut Json) {
    usual(one, "Compress", false.into());
    usual(one, "SmoothStreaming", false.into());
    required(one, "FieldLevelEncryptionId");
    for list in ["FunctionAssociations", "LambdaFunctionAssociations"] {
        usual(one, list, none());
    }
    for who in ["TrustedSigners", "TrustedKeyGroups"] {
        usual(one, who, none());
        let some = json::text_at(one, &format!("{who}.Quantity")).is_some_and(|count| count != "0");
        json::put(one, &format!("{who}.Enabled"), some.into());
    }
    let by_policy = one.get("CachePolicyId").is_some();
    if let Some(members) = one.as_object_mut()
        && by_policy
    {
        for name in ["MinTTL", "MaxTTL", "DefaultTTL"] {
            members.remove(name);
        }
    }
    if !by_policy {
        usual(one, "MinTTL", 0.into());
    }
    if one.get("ForwardedValues").is_some() {
        usual(one, "ForwardedValues.Headers", none());
        usual(one, "ForwardedValues.QueryStringCacheKeys", none());
        let listed = json::text_at(one, "ForwardedValues.Cookies.Forward");
        let cookies = one.pointer_mut("/ForwardedValues/Cookies");
        if let Some(cookies) = cookies.and_then(Json::as_object_mut)
            && listed.as_deref() != Some("whitelist")
        {
            cookies.remove("WhitelistedNames");
        }
    }
}

fn origin(one: &mut Json) {
    required(one, "OriginPath");
    usual(one, "CustomHeaders", none());
    let kinds = ["S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig"];
    if kinds.iter().all(|kind| one.get(kind).is_none()) {
        json::put(one, "S3OriginConfig", json!({}));
    }
    if one.get("S3OriginConfig").is_some() {
        required(one, "S3OriginConfig.OriginAccessIdentity");
    }
}

/// What is told of everything, although nobody has set it.
fn answered(found: &mut Json) {
    let logs = json::get(found, "Logging.Enabled") == Some(&json!(true));
    json::put(found, "LoggingV1Enabled", logs.into());
    let bucket = json::text_at(found, "Logging.Bucket").unwrap_or_default();
    if let Some(members) = found.as_object_mut()
        && !logs
        && bucket.is_empty()
    {
        members.remove("Logging");
    }
    if let Some(version) = json::text_at(found, "HttpVersion") {
        json::put(found, "HttpVersion", version.to_ascii_lowercase().into());
    }
    for who in ["TrustedKeyGroups", "TrustedSigners"] {
        if let Some(Json::Object(all)) = found.get_mut(who) {
            all.remove("Quantity");
            all.entry("Items").or_insert_with(|| json!([]));
            let all = Json::Object(std::mem::take(all));
            json::put(found, who, json!([all]));
        }
    }
    // How names are told apart is a matter of certificates of somebody.
    let own = ["ACMCertificateArn", "IAMCertificateId"]
        .iter()
        .any(|name| {
            let id = json::text_at(found, &format!("ViewerCertificate.{name}"));
            id.is_some_and(|id| !id.is_empty())
        });
    if let (false, Some(Json::Object(certificate))) = (own, found.get_mut("ViewerCertificate")) {
        certificate.remove("SSLSupportMethod");
    }
    let origins = found.pointer_mut("/Origins/Items");
    for one in origins.and_then(Json::as_array_mut).into_iter().flatten() {
        let text = |path: &str| json::text_at(one, path).unwrap_or_default();
        let no_identity = text("S3OriginConfig.OriginAccessIdentity").is_empty();
        let no_shield = text("OriginShield.Enabled") != "true";
        let no_control = text("OriginAccessControlId").is_empty();
        let Some(members) = one.as_object_mut() else {
            continue;
        };
        for (name, none) in [
            ("S3OriginConfig", no_identity),
            ("OriginShield", no_shield),
            ("OriginAccessControlId", no_control),
        ] {
            if none {
                members.remove(name);
            }
        }
    }
}

#[derive(Debug)]
struct Distribution;

impl Distribution {
    async fn deployed(run: &Run<'_>, object: &Value) -> Answered<()> {
        if args::bool(object, "wait_for_deployment") == Some(false) {
            return Ok(());
        }
        run.wait_for(Phase::Read, object).await
    }
}

#[async_trait]
impl Hooks for Distribution {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        Self::deployed(run, object).await
    }

    async fn update(&self, run: &Run<'_>, _prior: &Value, planned: &Value) -> Answered<()> {
        Self::deployed(run, planned).await
    }

    /// What serves is switched off first, everywhere.
    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let id = run.text("{id}", object);
        let input = json!({"Id": id});
        let found = run
            .ask_unless("GetDistribution", input, &["NoSuchDistribution"])
            .await?;
        let Some(found) = found else {
            return Ok(true);
        };
        let config = json::get(&found, "Distribution.DistributionConfig");
        let mut config = config.cloned().unwrap_or_default();
        if config["Enabled"] == json!(true) {
            json::put(&mut config, "Enabled", false.into());
            let mark = json::text_at(&found, "ETag").unwrap_or_default();
            let input = json!({"Id": id, "IfMatch": mark, "DistributionConfig": config});
            run.ask("UpdateDistribution", input).await?;
        }
        if args::bool(object, "retain_on_delete") == Some(true) {
            return Ok(true);
        }
        run.wait_for(Phase::Read, object).await?;
        Ok(false)
    }
}
