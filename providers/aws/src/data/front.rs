//! Sources of data that are asked for in their own ways, and those that show what a resource of the same name would.

use super::{ask, filled, written_filters};
use crate::cx::{Cx, partition};
use crate::json;
use crate::run::{self, Run, from_map, to_map};
use crate::table::{Id, Phase};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use terrane_model::schema::Schema;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::{Kind, Type, Value};

fn said<'v>(config: &'v Value, name: &str) -> Option<&'v str> {
    args::string(config, name).filter(|text| !text.is_empty())
}

/// What a resource of this name and id shows, as far as the source has it too.
pub(super) async fn mirrored(
    cx: &Cx,
    name: &str,
    id: &str,
    schema: &Schema,
    config: &Value,
) -> Answered<Value> {
    let about = crate::provider::resource(name)?;
    let Some(table) = about.table else {
        return Err(super::not_yet(name));
    };
    let mut stub = args::with(
        &run::blank(&about.facts, about.schema),
        "id",
        Value::string(id),
    );
    if let Id::Of("{name}") = table.id {
        stub = args::with(&stub, "name", Value::string(id));
    }
    if let Some(region) = config.get("region") {
        stub = args::with(&stub, "region", region.clone());
    }
    let run = Run::begin(
        cx,
        (table, &about.facts, about.schema),
        Phase::Read,
        &stub,
        "",
    )
    .await?;
    let Some(found) = run.find(&stub).await? else {
        return Err(Refusal::error(
            format!("Reading {name}"),
            format!("{name}: {id} is gone."),
        ));
    };
    let mut changes = Vec::new();
    for (attribute, about) in &schema.block.attributes {
        if matches!(attribute.as_str(), "filter" | "timeouts") {
            continue;
        }
        let value = match attribute.as_str() {
            "tags" => match found.get("tags_all") {
                Some(tags) => tags.clone(),
                None => continue,
            },
            _ => match found.get(attribute) {
                Some(value) => shaped(value, &about.value_type()),
                None => continue,
            },
        };
        changes.push((attribute.as_str(), value));
    }
    Ok(filled(&args::with_all(config, changes), schema))
}

/// A value in the form of a type: blocks as objects with fewer attributes.
fn shaped(value: &Value, ty: &Type) -> Value {
    if value.is_of(ty) {
        return value.clone();
    }
    let items = |element: &Type| -> Vec<Value> {
        value
            .children()
            .iter()
            .map(|item| shaped(item, element))
            .collect()
    };
    match (value.kind(), ty) {
        (Kind::List(_) | Kind::Set(_), Type::List(element)) => {
            Value::list((**element).clone(), items(element))
        }
        (Kind::List(_) | Kind::Set(_), Type::Set(element)) => {
            Value::set((**element).clone(), items(element))
        }
        (Kind::Object(_), Type::Object(object)) => {
            let attributes = object.attributes.iter().map(|(name, ty)| {
                let part = value.get(name).map(|part| shaped(part, ty));
                (
                    name.clone(),
                    part.unwrap_or_else(|| Value::null(ty.clone())),
                )
            });
            Value::object(attributes.collect::<Vec<_>>())
        }
        _ => Value::null(ty.clone()),
    }
}

/// A zone, by its id or its name.
#[expect(
    clippy::too_many_lines,
    reason = "one question, and what is made of the answer"
)]
pub(super) async fn zone(
    cx: &Cx,
    region: &str,
    schema: &Schema,
    config: &Value,
) -> Answered<Value> {
    let asked = |operation: &'static str, input: Json| {
        ask(cx, "route53", operation, region, input, "aws_route53_zone")
    };
    let bare = |id: &str| id.rsplit('/').next().unwrap_or(id).to_owned();
    let private =
        args::bool(config, "private_zone") == Some(true) || said(config, "vpc_id").is_some();
    let id = match said(config, "zone_id") {
        Some(id) => bare(id),
        None => {
            let name = said(config, "name").unwrap_or_default();
            let normal = |name: &str| {
                let name = name.strip_suffix('.').unwrap_or(name);
                name.to_ascii_lowercase()
            };
            let answer = asked("ListHostedZones", json!({})).await?;
            let zones = json::get(&answer, "HostedZones").and_then(Json::as_array);
            let mut ids = Vec::new();
            for zone in zones.into_iter().flatten() {
                let text = |path: &str| json::text_at(zone, path).unwrap_or_default();
                if normal(&text("Name")) != normal(name)
                    || (text("Config.PrivateZone") == "true") != private
                {
                    continue;
                }
                let id = bare(&text("Id"));
                if of_network(cx, region, &id, config).await?
                    && has_tags(cx, region, &id, config).await?
                {
                    ids.push(id);
                }
            }
            match ids.as_slice() {
                [id] => id.clone(),
                [] => {
                    return Err(Refusal::error(
                        "Reading aws_route53_zone",
                        format!("There is no zone {name} that matches."),
                    ));
                }
                _ => {
                    return Err(Refusal::error(
                        "Reading aws_route53_zone",
                        format!("More than one zone {name} matches: narrow the search."),
                    ));
                }
            }
        }
    };
    let answer = asked("GetHostedZone", json!({"Id": id})).await?;
    let text = |path: &str| json::text_at(&answer, path).unwrap_or_default();
    let name = text("HostedZone.Name");
    let name = name.strip_suffix('.').unwrap_or(&name).to_owned();
    let mut servers: Vec<String> = json::get(&answer, "DelegationSet.NameServers")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .map(json::text)
        .collect();
    let first = servers.first().cloned().unwrap_or_default();
    servers.sort();
    let count = text("HostedZone.ResourceRecordSetCount")
        .parse::<i64>()
        .unwrap_or(0);
    let tags = zone_tags(cx, region, &id).await?;
    let string = |text: String| Value::string(text);
    let state = args::with_all(
        config,
        [
            ("id", string(id.clone())),
            ("zone_id", string(id.clone())),
            (
                "arn",
                string(format!(
                    "arn:{}:route53:::hostedzone/{id}",
                    partition(region)
                )),
            ),
            ("name", string(name)),
            ("comment", string(text("HostedZone.Config.Comment"))),
            (
                "caller_reference",
                string(text("HostedZone.CallerReference")),
            ),
            (
                "private_zone",
                Value::bool(text("HostedZone.Config.PrivateZone") == "true"),
            ),
            ("resource_record_set_count", Value::number(count)),
            ("primary_name_server", string(first)),
            (
                "name_servers",
                Value::list(
                    Type::String,
                    servers.into_iter().map(Value::string).collect(),
                ),
            ),
            (
                "linked_service_principal",
                string(text("HostedZone.LinkedService.ServicePrincipal")),
            ),
            (
                "linked_service_description",
                string(text("HostedZone.LinkedService.Description")),
            ),
            ("tags", from_map(&tags)),
        ],
    );
    Ok(filled(&state, schema))
}

async fn zone_tags(cx: &Cx, region: &str, id: &str) -> Answered<BTreeMap<String, String>> {
    let input = json!({"ResourceType": "hostedzone", "ResourceId": id});
    let answer = ask(
        cx,
        "route53",
        "ListTagsForResource",
        region,
        input,
        "aws_route53_zone",
    )
    .await?;
    let found = json::get(&answer, "ResourceTagSet.Tags").map(crate::read::entries);
    Ok(found
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| (key, json::text(value)))
        .filter(|(key, _)| !cx.ignored.has(key))
        .collect())
}

async fn has_tags(cx: &Cx, region: &str, id: &str, config: &Value) -> Answered<bool> {
    let wanted = to_map(&args::get(config, "tags"));
    if wanted.is_empty() {
        return Ok(true);
    }
    let found = zone_tags(cx, region, id).await?;
    Ok(wanted
        .iter()
        .all(|(key, value)| found.get(key) == Some(value)))
}

async fn of_network(cx: &Cx, region: &str, id: &str, config: &Value) -> Answered<bool> {
    let Some(vpc) = said(config, "vpc_id") else {
        return Ok(true);
    };
    let answer = ask(
        cx,
        "route53",
        "GetHostedZone",
        region,
        json!({"Id": id}),
        "aws_route53_zone",
    )
    .await?;
    let vpcs = json::get(&answer, "VPCs").and_then(Json::as_array);
    let mut vpcs = vpcs.into_iter().flatten();
    Ok(vpcs.any(|one| json::text_at(one, "VPCId").as_deref() == Some(vpc)))
}

/// A service that networks have endpoints for.
#[expect(
    clippy::too_many_lines,
    reason = "one question, and what is made of the answer"
)]
pub(super) async fn endpoint_service(
    cx: &Cx,
    region: &str,
    schema: &Schema,
    config: &Value,
) -> Answered<Value> {
    let name = match (said(config, "service_name"), said(config, "service")) {
        (Some(name), _) => Some(name.to_owned()),
        (None, Some(service)) => Some(format!("com.amazonaws.{region}.{service}")),
        (None, None) => None,
    };
    let mut input = json!({});
    if let Some(name) = &name {
        json::put(&mut input, "ServiceNames", json!([name]));
    }
    let mut filters = written_filters(config);
    for (key, value) in to_map(&args::get(config, "tags")) {
        filters.push(json!({"Name": format!("tag:{key}"), "Values": [value]}));
    }
    let regions = args::strings(config, "service_regions").unwrap_or_default();
    if !regions.is_empty() {
        let regions: Vec<&str> = regions.iter().map(|region| region.as_str()).collect();
        json::put(&mut input, "ServiceRegions", json!(regions));
    }
    if !filters.is_empty() {
        json::put(&mut input, "Filters", filters.into());
    }
    let what = "aws_vpc_endpoint_service";
    let answer = ask(
        cx,
        "ec2",
        "DescribeVpcEndpointServices",
        region,
        input,
        what,
    )
    .await?;
    let details = json::get(&answer, "ServiceDetails").and_then(Json::as_array);
    let wanted = said(config, "service_type");
    let found: Vec<&Json> = details
        .into_iter()
        .flatten()
        .filter(|service| name.is_none() || json::text_at(service, "ServiceName") == name)
        .filter(|service| {
            let kind = json::text_at(service, "ServiceType.0.ServiceType").unwrap_or_default();
            wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&kind))
        })
        .collect();
    let [service] = found.as_slice() else {
        let problem = match found.is_empty() {
            true => "no service matches",
            false => "more than one service matches: narrow the search",
        };
        return Err(Refusal::error(
            format!("Reading {what}"),
            format!("{what}: {problem}."),
        ));
    };
    let text = |path: &str| Value::string(json::text_at(service, path).unwrap_or_default());
    let yes =
        |path: &str| Value::bool(json::get(service, path).and_then(Json::as_bool) == Some(true));
    let texts = |path: &str| -> Vec<Value> {
        let items = json::get(service, path).and_then(Json::as_array);
        let items = items.into_iter().flatten();
        items.map(|item| Value::string(json::text(item))).collect()
    };
    let id = json::text_at(service, "ServiceId").unwrap_or_default();
    let private: Vec<Value> = json::get(service, "PrivateDnsNames")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|name| json::text_at(name, "PrivateDnsName"))
        .map(Value::string)
        .collect();
    let account = cx.caller().await?.account.clone();
    let arn = format!(
        "arn:{}:ec2:{region}:{account}:vpc-endpoint-service/{id}",
        partition(region)
    );
    let tags: BTreeMap<String, String> = service
        .get("Tags")
        .map(crate::read::entries)
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| (key, json::text(value)))
        .filter(|(key, _)| !cx.ignored.has(key))
        .collect();
    let hashed = {
        use sha2::Digest as _;
        let name = json::text_at(service, "ServiceName").unwrap_or_default();
        let digest = hex::encode(sha2::Sha256::digest(name));
        u32::from_str_radix(digest.get(..8).unwrap_or_default(), 16).unwrap_or(0)
    };
    let state = args::with_all(
        config,
        [
            ("id", Value::string(hashed.to_string())),
            ("arn", Value::string(arn)),
            ("service_id", text("ServiceId")),
            ("service_name", text("ServiceName")),
            ("service_type", text("ServiceType.0.ServiceType")),
            ("service_region", text("ServiceRegion")),
            ("owner", text("Owner")),
            ("private_dns_name", text("PrivateDnsName")),
            ("acceptance_required", yes("AcceptanceRequired")),
            ("manages_vpc_endpoints", yes("ManagesVpcEndpoints")),
            (
                "vpc_endpoint_policy_supported",
                yes("VpcEndpointPolicySupported"),
            ),
            (
                "availability_zones",
                Value::set(Type::String, texts("AvailabilityZones")),
            ),
            (
                "base_endpoint_dns_names",
                Value::set(Type::String, texts("BaseEndpointDnsNames")),
            ),
            ("private_dns_names", Value::set(Type::String, private)),
            (
                "supported_ip_address_types",
                Value::set(Type::String, texts("SupportedIpAddressTypes")),
            ),
            ("region", Value::string(region)),
            ("tags", from_map(&tags)),
        ],
    );
    Ok(filled(&state, schema))
}

/// Who the account is for S3.
pub(super) async fn canonical_user(cx: &Cx, region: &str, config: &Value) -> Answered<Value> {
    let answer = ask(
        cx,
        "s3",
        "ListBuckets",
        region,
        json!({}),
        "aws_canonical_user_id",
    )
    .await?;
    let text = |path: &str| Value::string(json::text_at(&answer, path).unwrap_or_default());
    Ok(args::with_all(
        config,
        [
            ("id", text("Owner.ID")),
            ("display_name", text("Owner.DisplayName")),
        ],
    ))
}

/// Who writes the logs of CloudFront.
pub(super) fn log_delivery(region: &str, config: &Value) -> Value {
    let id = match partition(region) {
        "aws-cn" => "a52cb28745c0c06e84ec548334e44bfa7fc2a85c54af20cd59e4969344b7af56",
        _ => "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0",
    };
    args::with(config, "id", Value::string(id))
}

/// Accounts that write the logs of load balancers, in regions from before they were services.
const LOGGERS: &[(&str, &str)] = &[
    ("af-south-1", "098369216593"),
    ("ap-east-1", "754344448648"),
    ("ap-northeast-1", "582318560864"),
    ("ap-northeast-2", "600734575887"),
    ("ap-northeast-3", "383597477331"),
    ("ap-south-1", "718504428378"),
    ("ap-southeast-1", "114774131450"),
    ("ap-southeast-2", "783225319266"),
    ("ap-southeast-3", "589379963580"),
    ("ca-central-1", "985666609251"),
    ("cn-north-1", "638102146993"),
    ("cn-northwest-1", "037604701340"),
    ("eu-central-1", "054676820928"),
    ("eu-north-1", "897822967062"),
    ("eu-south-1", "635631232127"),
    ("eu-west-1", "156460612806"),
    ("eu-west-2", "652711504416"),
    ("eu-west-3", "009996457667"),
    ("me-south-1", "076674570225"),
    ("sa-east-1", "507241528517"),
    ("us-east-1", "127311923021"),
    ("us-east-2", "033677994240"),
    ("us-gov-east-1", "190560391635"),
    ("us-gov-west-1", "048591011584"),
    ("us-west-1", "027434742980"),
    ("us-west-2", "797873946194"),
];

pub(super) fn log_account(region: &str, config: &Value) -> Answered<Value> {
    let Some((_, account)) = LOGGERS.iter().find(|(name, _)| *name == region) else {
        return Err(Refusal::error(
            "Reading aws_elb_service_account",
            format!(
                "In {region} a service principal writes the logs of load balancers, not an account."
            ),
        ));
    };
    let arn = format!("arn:{}:iam::{account}:root", partition(region));
    Ok(args::with_all(
        config,
        [("id", Value::string(*account)), ("arn", Value::string(arn))],
    ))
}
