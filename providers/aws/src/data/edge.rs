//! Policies of CloudFront, by id or by name, and listeners of load balancers.

use super::{ask, front};
use crate::cx::Cx;
use crate::json;
use serde_json::{Value as Json, json};
use terrane_model::schema::Schema;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

/// A kind of policies: the source, the operation that lists them, the list in its answer, and the member that a policy is in there.
const POLICIES: &[(&str, &str, &str, &str)] = &[
    (
        "aws_cloudfront_cache_policy",
        "ListCachePolicies",
        "CachePolicyList",
        "CachePolicy",
    ),
    (
        "aws_cloudfront_origin_request_policy",
        "ListOriginRequestPolicies",
        "OriginRequestPolicyList",
        "OriginRequestPolicy",
    ),
    (
        "aws_cloudfront_response_headers_policy",
        "ListResponseHeadersPolicies",
        "ResponseHeadersPolicyList",
        "ResponseHeadersPolicy",
    ),
];

fn said<'v>(config: &'v Value, name: &str) -> Option<&'v str> {
    args::string(config, name).filter(|text| !text.is_empty())
}

/// Reads a source; `None`: it is none of these.
pub(super) async fn read(
    cx: &Cx,
    name: &str,
    region: &str,
    schema: &Schema,
    config: &Value,
) -> Answered<Option<Value>> {
    if matches!(name, "aws_lb_listener" | "aws_alb_listener") {
        return listener(cx, region, schema, config).await.map(Some);
    }
    let Some((_, operation, list, member)) = POLICIES.iter().find(|(known, ..)| *known == name)
    else {
        return Ok(None);
    };
    let id = match (said(config, "id"), said(config, "name")) {
        (Some(id), _) => id.to_owned(),
        (None, Some(wanted)) => {
            let found = by_name(cx, region, (operation, list, member), wanted).await?;
            found.ok_or_else(|| {
                Refusal::error(
                    format!("Reading {name}"),
                    format!("{name}: there is none of the name {wanted:?}."),
                )
            })?
        }
        (None, None) => {
            return Err(Refusal::error(
                format!("Reading {name}"),
                format!("{name} needs an id or a name."),
            ));
        }
    };
    front::mirrored(cx, name, &id, schema, config)
        .await
        .map(Some)
}

/// How many pages are looked at.
const MOST_PAGES: usize = 100;

async fn by_name(
    cx: &Cx,
    region: &str,
    (operation, list, member): (&str, &str, &str),
    wanted: &str,
) -> Answered<Option<String>> {
    let mut input = json!({});
    for _ in 0..MOST_PAGES {
        let answer = ask(cx, "cloudfront", operation, region, input, operation).await?;
        let items = json::get(&answer, &format!("{list}.Items")).and_then(Json::as_array);
        let name = format!("{member}.{member}Config.Name");
        let found = items
            .into_iter()
            .flatten()
            .find(|item| json::text_at(item, &name).as_deref() == Some(wanted));
        if let Some(found) = found {
            return Ok(json::text_at(found, &format!("{member}.Id")));
        }
        match json::text_at(&answer, &format!("{list}.NextMarker")) {
            Some(marker) if !marker.is_empty() => input = json!({"Marker": marker}),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// A listener, by its ARN, or by its load balancer and its port.
async fn listener(cx: &Cx, region: &str, schema: &Schema, config: &Value) -> Answered<Value> {
    let name = "aws_lb_listener";
    let arn = match said(config, "arn") {
        Some(arn) => arn.to_owned(),
        None => {
            let balancer = said(config, "load_balancer_arn").unwrap_or_default();
            let port = args::int(config, "port");
            let input = json!({"LoadBalancerArn": balancer});
            let answer = ask(cx, "elbv2", "DescribeListeners", region, input, name).await?;
            let listeners = json::get(&answer, "Listeners").and_then(Json::as_array);
            let found = listeners
                .into_iter()
                .flatten()
                .find(|one| port.is_none_or(|port| one["Port"] == port));
            let arn = found.and_then(|one| json::text_at(one, "ListenerArn"));
            arn.ok_or_else(|| {
                Refusal::error(
                    format!("Reading {name}"),
                    format!("{name}: {balancer} has no such listener."),
                )
            })?
        }
    };
    front::mirrored(cx, name, &arn, schema, config).await
}
