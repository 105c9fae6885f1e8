//! The life of distributions, and of what they are made of.

use crate::script::{Script, no};
use crate::support::World;
use serde_json::{Value as Json, json};

/// A distribution with one origin of one's own.
fn distribution(more: &Json) -> Json {
    let mut config = json!({
        "enabled": true,
        "comment": "c",
        "origin": [{"domain_name": "o.example.com", "origin_id": "o", "custom_header": [{"name": "X-A", "value": "1"}], "custom_origin_config": [{"http_port": 80, "https_port": 443, "origin_protocol_policy": "https-only", "origin_ssl_protocols": ["TLSv1.2"]}]}],
        "default_cache_behavior": [{"allowed_methods": ["GET", "HEAD"], "cached_methods": ["GET", "HEAD"], "target_origin_id": "o", "viewer_protocol_policy": "redirect-to-https", "min_ttl": 0, "default_ttl": 60, "max_ttl": 120, "forwarded_values": [{"query_string": true, "headers": ["Host"], "cookies": [{"forward": "none"}]}]}],
        "restrictions": [{"geo_restriction": [{"restriction_type": "whitelist", "locations": ["DE", "FR"]}]}],
        "viewer_certificate": [{"cloudfront_default_certificate": true}],
        "wait_for_deployment": false,
    });
    for (name, value) in more.as_object().unwrap() {
        config[name] = value.clone();
    }
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn distributions() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let control = world
        .create(
            "aws_cloudfront_origin_access_control",
            json!({"name": "oac", "origin_access_control_origin_type": "s3", "signing_behavior": "always", "signing_protocol": "sigv4"}),
        )
        .await;
    let control = world
        .update(
            &control,
            json!({"name": "oac", "description": "d", "origin_access_control_origin_type": "s3", "signing_behavior": "never", "signing_protocol": "sigv4"}),
        )
        .await;
    world.import(&control, &control.text("id"), &[]).await;
    let made = world
        .create(
            "aws_cloudfront_distribution",
            distribution(&json!({"tags": {"a": "b"}})),
        )
        .await;
    assert!(made.text("domain_name").ends_with(".cloudfront.net"));
    assert_eq!(made.text("hosted_zone_id"), "Z2FDTNDATAQYW2");
    let made = world
        .update(
            &made,
            distribution(
                &json!({"comment": "other", "price_class": "PriceClass_100", "tags": {"c": "d"}}),
            ),
        )
        .await;
    world
        .import(
            &made,
            &made.text("id"),
            // Choices that were not written are told as no.
            &[
                "wait_for_deployment",
                "default_cache_behavior",
                "viewer_certificate",
            ],
        )
        .await;
    world.delete(&made).await;
    // The emulator fails where one is deleted twice.
    world.let_go(&control).await;
}

/// What is put is whole: also what nobody has written.
#[tokio::test]
async fn a_distribution_leaves_nothing_out() {
    let (world, script) = Script::world(
        [("CreateDistributionWithTags", vec![no("InvalidArgument")])],
        json!({}),
    )
    .await;
    let outcome = world
        .try_create("aws_cloudfront_distribution", distribution(&json!({})))
        .await;
    assert!(outcome.is_ok());
    let put = &script.inputs("CreateDistributionWithTags")[0]["DistributionConfigWithTags"];
    assert_eq!(put["Tags"], json!({"Items": []}));
    let config = &put["DistributionConfig"];
    for (path, wanted) in [
        ("/Aliases", json!({"Quantity": 0})),
        ("/CacheBehaviors", json!({"Quantity": 0})),
        ("/CustomErrorResponses", json!({"Quantity": 0})),
        ("/DefaultRootObject", json!("")),
        (
            "/Logging",
            json!({"Enabled": false, "IncludeCookies": false, "Bucket": "", "Prefix": ""}),
        ),
        ("/Origins/Quantity", json!(1)),
        (
            "/Origins/Items/0/CustomHeaders",
            json!({"Quantity": 1, "Items": [{"HeaderName": "X-A", "HeaderValue": "1"}]}),
        ),
        (
            "/DefaultCacheBehavior/TrustedSigners",
            json!({"Quantity": 0, "Enabled": false}),
        ),
        (
            "/DefaultCacheBehavior/AllowedMethods/CachedMethods",
            json!({"Quantity": 2, "Items": ["GET", "HEAD"]}),
        ),
        ("/DefaultCacheBehavior/MinTTL", json!(0)),
        (
            "/Restrictions/GeoRestriction",
            json!({"Quantity": 2, "Items": ["DE", "FR"], "RestrictionType": "whitelist"}),
        ),
    ] {
        assert_eq!(config.pointer(path), Some(&wanted), "{path}");
    }
}

/// Lists within a policy are counted, and an empty one is no block.
#[tokio::test]
async fn policies_of_caches_have_counted_lists() {
    let parameters = |items: Json| json!({"EnableAcceptEncodingGzip": true, "CookiesConfig": {"CookieBehavior": "none"}, "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": items}, "QueryStringsConfig": {"QueryStringBehavior": "all"}});
    let found = json!({"ETag": "E1", "CachePolicy": {"Id": "p", "CachePolicyConfig": {"Name": "n", "MinTTL": 1, "MaxTTL": 31_536_000, "DefaultTTL": 86400, "ParametersInCacheKeyAndForwardedToOrigin": parameters(json!({"Quantity": 1, "Items": ["Origin"]}))}}});
    let (world, script) = Script::world(
        [
            ("CreateCachePolicy", vec![Ok(found.clone())]),
            ("GetCachePolicy", vec![Ok(found)]),
        ],
        json!({}),
    )
    .await;
    let config = json!({"name": "n", "min_ttl": 1, "parameters_in_cache_key_and_forwarded_to_origin": [{"enable_accept_encoding_gzip": true, "cookies_config": [{"cookie_behavior": "none"}], "headers_config": [{"header_behavior": "whitelist", "headers": [{"items": ["Origin"]}]}], "query_strings_config": [{"query_string_behavior": "all"}]}]});
    let made = world.create("aws_cloudfront_cache_policy", config).await;
    assert_eq!(made.text("etag"), "E1");
    let listed =
        json!({"CachePolicyList": {"Items": [{"Type": "custom", "CachePolicy": {"Id": "p"}}]}});
    script.set([("ListCachePolicies", vec![Ok(listed)])]);
    world.is_listed(&made).await;
    assert_eq!(script.inputs("ListCachePolicies")[0]["Type"], "custom");
    let put = &script.inputs("CreateCachePolicy")[0]["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"];
    assert_eq!(
        put,
        &parameters(json!({"Quantity": 1, "Items": ["Origin"]}))
    );
}

/// A function is written, and published unless that is not wanted; another one is written against the mark of the last.
#[tokio::test]
async fn functions_are_published() {
    let summary = |etag: &str| json!({"ETag": etag, "FunctionSummary": {"Name": "f", "Status": "UNPUBLISHED", "FunctionConfig": {"Comment": "", "Runtime": "cloudfront-js-2.0"}, "FunctionMetadata": {"FunctionARN": "arn:f"}}});
    let (world, script) = Script::world(
        [
            ("CreateFunction", vec![Ok(summary("E1"))]),
            ("DescribeFunction", vec![Ok(summary("E1"))]),
            ("GetFunction", vec![Ok(json!({"FunctionCode": "eA=="}))]),
        ],
        json!({}),
    )
    .await;
    let config = |code: &str| json!({"name": "f", "runtime": "cloudfront-js-2.0", "code": code});
    let made = world.create("aws_cloudfront_function", config("x")).await;
    assert_eq!(script.inputs("CreateFunction")[0]["FunctionCode"], "eA==");
    let published = script.inputs("PublishFunction");
    assert_eq!(published, [json!({"Name": "f", "IfMatch": "E1"})]);
    let listed = json!({"FunctionList": {"Items": [{"Name": "f"}]}});
    script.set([("ListFunctions", vec![Ok(listed)])]);
    world.is_listed(&made).await;
    script.forget();
    script.set([("GetFunction", vec![Ok(json!({"FunctionCode": "eQ=="}))])]);
    world.update(&made, config("y")).await;
    assert_eq!(script.inputs("UpdateFunction")[0]["IfMatch"], "E1");
    assert_eq!(script.inputs("PublishFunction").len(), 1);
}
