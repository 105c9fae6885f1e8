//! Policies of behaviors: what is kept in caches, what goes to origins, what is said to viewers.

use super::whole;
use crate::json;
use crate::table::Table;

pub(super) fn cache() -> Table {
    whole(
        "aws_cloudfront_cache_policy",
        [
            "CreateCachePolicy",
            "GetCachePolicy",
            "UpdateCachePolicy",
            "DeleteCachePolicy",
        ],
        "CachePolicyConfig",
        "CachePolicy.CachePolicyConfig",
    )
    .id_out("CachePolicy.Id")
    .arn("arn:{partition}:cloudfront::{account}:cache-policy/{id}")
    .input(|_, input, _| {
        if input.get("CachePolicyConfig").is_none() {
            return;
        }
        let key = "CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin";
        let gzip = format!("{key}.EnableAcceptEncodingGzip");
        if json::get(input, "CachePolicyConfig.MinTTL").is_none() {
            json::put(input, "CachePolicyConfig.MinTTL", 0.into());
        }
        if json::get(input, &gzip).is_none() {
            json::put(input, &gzip, false.into());
        }
    })
}

pub(super) fn origin_request() -> Table {
    whole(
        "aws_cloudfront_origin_request_policy",
        [
            "CreateOriginRequestPolicy",
            "GetOriginRequestPolicy",
            "UpdateOriginRequestPolicy",
            "DeleteOriginRequestPolicy",
        ],
        "OriginRequestPolicyConfig",
        "OriginRequestPolicy.OriginRequestPolicyConfig",
    )
    .id_out("OriginRequestPolicy.Id")
    .arn("arn:{partition}:cloudfront::{account}:origin-request-policy/{id}")
}

pub(super) fn response_headers() -> Table {
    whole(
        "aws_cloudfront_response_headers_policy",
        [
            "CreateResponseHeadersPolicy",
            "GetResponseHeadersPolicy",
            "UpdateResponseHeadersPolicy",
            "DeleteResponseHeadersPolicy",
        ],
        "ResponseHeadersPolicyConfig",
        "ResponseHeadersPolicy.ResponseHeadersPolicyConfig",
    )
    .id_out("ResponseHeadersPolicy.Id")
    .arn("arn:{partition}:cloudfront::{account}:response-headers-policy/{id}")
}
