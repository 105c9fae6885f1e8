//! Sources of data.

use crate::cx::{Cx, dns_suffix, partition, refusal};
use crate::facts::TypeFacts;
use crate::json;
use crate::read::Reader;
use crate::run::{from_map, to_map};
use crate::shape::Names;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use terrane_model::schema::{Attribute, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::{Type, Value};

mod edge;
mod front;
mod policy;
mod protection;
mod services;
mod sources;

use sources::{SOURCES, Source};

fn not_yet(name: &str) -> Refusal {
    Refusal::error(
        "Data source cannot be read yet",
        format!(
            "The AWS provider of this program knows the arguments of {name}, but cannot read it yet. The plugin provider hashicorp/aws can: docs/guide/aws.md \
             says how to use it."
        ),
    )
}

/// Reads a source of data.
pub(crate) async fn read(
    cx: Option<&Cx>,
    name: &str,
    about: (&TypeFacts, &Schema),
    config: &Value,
) -> Answered<Value> {
    if name == "aws_iam_policy_document" {
        return policy::document(config);
    }
    if name == "aws_cloudwatch_log_data_protection_policy_document" {
        return Ok(protection::document(config));
    }
    let Some(cx) = cx else {
        return Err(Refusal::error(
            "Provider is not configured",
            "The configuration of the provider is not known yet, so AWS cannot be asked.",
        ));
    };
    let region = args::string(config, "region")
        .filter(|region| !region.is_empty())
        .unwrap_or(&cx.region)
        .to_owned();
    let text = |text: &str| Value::string(text);
    let config = if about.1.block.attributes.contains_key("region") && name != "aws_region" {
        args::with(config, "region", text(&region))
    } else {
        config.clone()
    };
    if let Some(state) = known_here(cx, name, &region, &config).await? {
        return Ok(state);
    }
    if let Some(state) = services::read(cx, name, &region, about, &config).await? {
        return Ok(state);
    }
    if let Some(state) = edge::read(cx, name, &region, about.1, &config).await? {
        return Ok(state);
    }
    match name {
        "aws_availability_zones" => zones(cx, &region, &config).await,
        "aws_iam_policy" => iam_policy(cx, &region, about, &config).await,
        "aws_route53_zone" => front::zone(cx, &region, about.1, &config).await,
        "aws_vpc_endpoint_service" => front::endpoint_service(cx, &region, about.1, &config).await,
        "aws_canonical_user_id" => front::canonical_user(cx, &region, &config).await,
        "aws_cloudfront_log_delivery_canonical_user_id" => {
            Ok(front::log_delivery(&region, &config))
        }
        "aws_elb_service_account" => front::log_account(&region, &config),
        _ => {
            let source = SOURCES
                .iter()
                .find(|source| source.name == name)
                .ok_or_else(|| not_yet(name))?;
            from_table(cx, source, &region, about, &config).await
        }
    }
}

/// Sources that need no answer but who asks.
#[expect(clippy::too_many_lines, reason = "one small source after the other")]
async fn known_here(cx: &Cx, name: &str, region: &str, config: &Value) -> Answered<Option<Value>> {
    let text = |text: &str| Value::string(text);
    let region = region.to_owned();
    let state = match name {
        "aws_caller_identity" => {
            let caller = cx.caller().await?;
            args::with_all(
                config,
                [
                    ("account_id", text(&caller.account)),
                    ("arn", text(&caller.arn)),
                    ("user_id", text(&caller.user_id)),
                    ("id", text(&caller.account)),
                ],
            )
        }
        "aws_partition" => {
            let suffix = dns_suffix(&region);
            let reverse: Vec<&str> = suffix.rsplit('.').collect();
            args::with_all(
                config,
                [
                    ("partition", text(partition(&region))),
                    ("dns_suffix", text(suffix)),
                    ("reverse_dns_prefix", Value::string(reverse.join("."))),
                    ("id", text(partition(&region))),
                ],
            )
        }
        "aws_region" => {
            let endpoint = args::string(config, "endpoint")
                .filter(|text| !text.is_empty())
                .map(str::to_owned);
            let named = args::string(config, "name")
                .filter(|text| !text.is_empty())
                .map(str::to_owned);
            let region = named
                .or_else(|| {
                    endpoint
                        .as_deref()
                        .and_then(|endpoint| endpoint.split('.').nth(1))
                        .map(str::to_owned)
                })
                .unwrap_or(region);
            args::with_all(
                config,
                [
                    ("id", text(&region)),
                    ("name", text(&region)),
                    ("region", text(&region)),
                    (
                        "endpoint",
                        Value::string(format!("ec2.{region}.{}", dns_suffix(&region))),
                    ),
                    ("description", text(description(&region))),
                ],
            )
        }
        "aws_service_principal" => {
            let service = args::string(config, "service_name").unwrap_or_default();
            let suffix = dns_suffix(&region);
            args::with_all(
                config,
                [
                    ("name", Value::string(format!("{service}.{suffix}"))),
                    ("suffix", text(suffix)),
                    ("id", Value::string(format!("{service}.{region}.{suffix}"))),
                    ("region", text(&region)),
                ],
            )
        }
        "aws_arn" => {
            let arn = args::string(config, "arn").unwrap_or_default().to_owned();
            let parts: Vec<&str> = arn.splitn(6, ':').collect();
            let ["arn", partition, service, region, account, resource] = parts.as_slice() else {
                return Err(Refusal::error("Invalid ARN", format!("{arn:?} is no ARN.")));
            };
            args::with_all(
                config,
                [
                    ("partition", text(partition)),
                    ("service", text(service)),
                    ("region", text(region)),
                    ("account", text(account)),
                    ("resource", text(resource)),
                    ("id", text(&arn)),
                ],
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(state))
}

async fn ask(
    cx: &Cx,
    service: &str,
    operation: &str,
    region: &str,
    input: Json,
    what: &str,
) -> Answered<Json> {
    let request =
        terrane_aws_client::Request::new(service, operation, input).in_region(Some(region));
    terrane_aws_client::pages(&*cx.api, request)
        .await
        .map_err(|error| refusal(&error, &format!("reading data {what}")))
}

/// The filters that a configuration writes.
fn written_filters(config: &Value) -> Vec<Json> {
    args::get(config, "filter")
        .children()
        .iter()
        .map(|filter| {
            let values = args::strings(filter, "values").unwrap_or_default();
            let values: Vec<&str> = values
                .iter()
                .map(terrane_value::EcoString::as_str)
                .collect();
            json!({"Name": args::string(filter, "name"), "Values": values})
        })
        .collect()
}

async fn zones(cx: &Cx, region: &str, config: &Value) -> Answered<Value> {
    let mut filters = written_filters(config);
    if let Some(state) = args::string(config, "state").filter(|state| !state.is_empty()) {
        filters.push(json!({"Name": "state", "Values": [state]}));
    }
    let mut input = json!({});
    if !filters.is_empty() {
        json::put(&mut input, "Filters", Json::Array(filters));
    }
    if let Some(all) = args::bool(config, "all_availability_zones") {
        json::put(&mut input, "AllAvailabilityZones", all.into());
    }
    let answer = ask(
        cx,
        "ec2",
        "DescribeAvailabilityZones",
        region,
        input,
        "aws_availability_zones",
    )
    .await?;
    let mut zones = json::get(&answer, "AvailabilityZones")
        .and_then(Json::as_array)
        .cloned()
        .unwrap_or_default();
    zones.sort_by_key(|zone| json::text_at(zone, "ZoneName"));
    let excluded = |names: &str, value: &str| {
        args::strings(config, names)
            .unwrap_or_default()
            .iter()
            .any(|name| name == value)
    };
    let text = |zone: &Json, path: &str| json::text_at(zone, path).unwrap_or_default();
    zones.retain(|zone| {
        !excluded("exclude_names", &text(zone, "ZoneName"))
            && !excluded("exclude_zone_ids", &text(zone, "ZoneId"))
    });
    let all = |path: &str| -> Vec<Value> {
        zones
            .iter()
            .map(|zone| Value::string(text(zone, path)))
            .collect()
    };
    let mut groups = all("GroupName");
    groups.dedup();
    Ok(args::with_all(
        config,
        [
            ("names", Value::list(Type::String, all("ZoneName"))),
            ("zone_ids", Value::list(Type::String, all("ZoneId"))),
            ("group_names", Value::set(Type::String, groups)),
            ("id", Value::string(region)),
        ],
    ))
}

async fn iam_policy(
    cx: &Cx,
    region: &str,
    _about: (&TypeFacts, &Schema),
    config: &Value,
) -> Answered<Value> {
    let mut arn = args::string(config, "arn")
        .filter(|arn| !arn.is_empty())
        .map(str::to_owned);
    if arn.is_none() {
        let name = args::string(config, "name").unwrap_or_default();
        let mut input = json!({"Scope": "All"});
        if let Some(path) = args::string(config, "path_prefix").filter(|path| !path.is_empty()) {
            json::put(&mut input, "PathPrefix", path.into());
        }
        let answer = ask(cx, "iam", "ListPolicies", region, input, "aws_iam_policy").await?;
        let policies = json::get(&answer, "Policies")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let found = policies.iter().find(|policy| policy["PolicyName"] == name);
        arn = found.and_then(|policy| json::text_at(policy, "Arn"));
    }
    let Some(arn) = arn else {
        return Err(Refusal::error(
            "No matching IAM policy",
            "There is no policy with this name.",
        ));
    };
    let answer = ask(
        cx,
        "iam",
        "GetPolicy",
        region,
        json!({"PolicyArn": arn}),
        "aws_iam_policy",
    )
    .await?;
    let version = json::text_at(&answer, "Policy.DefaultVersionId").unwrap_or_default();
    let input = json!({"PolicyArn": arn, "VersionId": version});
    let document = ask(
        cx,
        "iam",
        "GetPolicyVersion",
        region,
        input,
        "aws_iam_policy",
    )
    .await?;
    let document = json::text_at(&document, "PolicyVersion.Document").unwrap_or_default();
    let document = percent_encoding::percent_decode_str(&document)
        .decode_utf8_lossy()
        .into_owned();
    let text = |path: &str| {
        Value::string(json::text_at(&answer, &format!("Policy.{path}")).unwrap_or_default())
    };
    let tags = json::get(&answer, "Policy.Tags")
        .map(crate::read::entries)
        .unwrap_or_default();
    let tags = tags
        .into_iter()
        .map(|(key, value)| (key, json::text(value)))
        .collect();
    let attachments = json::get(&answer, "Policy.AttachmentCount")
        .and_then(Json::as_i64)
        .unwrap_or(0);
    Ok(args::with_all(
        config,
        [
            ("id", Value::string(arn.as_str())),
            ("arn", Value::string(arn.as_str())),
            ("name", text("PolicyName")),
            ("path", text("Path")),
            ("description", text("Description")),
            ("policy_id", text("PolicyId")),
            ("attachment_count", Value::number(attachments)),
            ("policy", Value::string(document)),
            ("tags", from_map(&tags)),
        ],
    ))
}

/// What a source asks with.
fn input_of(
    source: &Source,
    operation: &crate::shape::Operation,
    names: &Names,
    config: &Value,
) -> Json {
    let fill = crate::write::Fill {
        names,
        only: &[],
        except: &[],
        prior: None,
    };
    let mut input = json!({});
    for (attribute, member) in source.inputs {
        let shape = operation
            .input
            .at(member)
            .unwrap_or(&crate::shape::Shape::Text);
        let value = args::get(config, attribute);
        let value = match args::string(config, attribute) {
            Some("") => continue,
            _ => value,
        };
        if let Some(value) = fill.value(None, shape, &value, "", 0) {
            json::put(&mut input, member, value);
        }
    }
    // What decrypts is asked for where nothing is said.
    if source.name == "aws_ssm_parameter" && input.get("WithDecryption").is_none() {
        json::put(&mut input, "WithDecryption", true.into());
    }
    let mut filters = written_filters(config);
    for (attribute, filter) in source.filters {
        let value = args::get(config, attribute);
        let text = match (value.as_str(), value.as_bool()) {
            (Some(text), _) if !text.is_empty() => text.to_owned(),
            (_, Some(true)) => "true".to_owned(),
            _ => continue,
        };
        filters.push(json!({"Name": filter, "Values": [text]}));
    }
    let mut tags = to_map(&args::get(config, "tags"));
    tags.extend(to_map(&args::get(config, "instance_tags")));
    for (key, value) in tags {
        filters.push(json!({"Name": format!("tag:{key}"), "Values": [value]}));
    }
    let member = ["Filters", "Filter"]
        .into_iter()
        .find(|name| operation.input.member(name).is_some());
    if let (Some(member), false) = (member, filters.is_empty()) {
        json::put(&mut input, member, Json::Array(filters));
    }
    input
}

#[expect(
    clippy::too_many_lines,
    reason = "one question, and what is made of the answer"
)]
async fn from_table(
    cx: &Cx,
    source: &Source,
    region: &str,
    (facts, schema): (&TypeFacts, &Schema),
    config: &Value,
) -> Answered<Value> {
    let operation = cx
        .shapes
        .operation(source.service, source.operation)
        .ok_or_else(|| not_yet(source.name))?;
    let names = Names {
        nouns: source.nouns.to_vec(),
        renames: source.renames.to_vec(),
    };
    let input = input_of(source, &operation, &names, config);
    let answer = ask(
        cx,
        source.service,
        source.operation,
        region,
        input,
        source.name,
    )
    .await?;
    let found = if source.at.is_empty() {
        Some(&answer)
    } else {
        json::get(&answer, source.at)
    };
    let mut all: Vec<Json> = match found {
        Some(Json::Array(items)) => items.clone(),
        Some(other) => vec![other.clone()],
        None => Vec::new(),
    };
    if !source.lists.is_empty() {
        let mut state = config.clone();
        for (attribute, path) in source.lists {
            let values: Vec<Value> = all
                .iter()
                .filter_map(|item| json::text_at(item, path))
                .map(Value::string)
                .collect();
            let ty = schema
                .block
                .attributes
                .get(*attribute)
                .map(Attribute::value_type);
            let value = match ty {
                Some(Type::Set(_)) => Value::set(Type::String, values),
                _ => Value::list(Type::String, values),
            };
            state = args::with(&state, attribute, value);
        }
        return Ok(filled(
            &args::with(&state, "id", Value::string(region)),
            schema,
        ));
    }
    if source.name == "aws_cloudwatch_log_group" {
        all.retain(|group| group["logGroupName"].as_str() == args::string(config, "name"));
    }
    if source.name == "aws_instance" {
        let of = |one: &Json| one.get("Instances").and_then(Json::as_array).cloned();
        all = all.iter().filter_map(of).flatten().collect();
    }
    if source.name == "aws_ami" {
        choose_image(config, &mut all)?;
    }
    let [found] = all.as_slice() else {
        let problem = if all.is_empty() {
            "no matching object was found"
        } else {
            "more than one object matches: narrow the search"
        };
        return Err(Refusal::error(
            format!("Reading {}", source.name),
            format!("{}: {problem}.", source.name),
        ));
    };
    if source.mirror {
        let id = json::text_at(found, source.id).unwrap_or_default();
        let state = front::mirrored(cx, source.name, &id, schema, config).await?;
        return Ok(match source.name {
            "aws_instance" => of_instance(&state, found),
            _ => state,
        });
    }
    let mut found = found.clone();
    if let Some(Json::String(text)) = found.get_mut("AssumeRolePolicyDocument") {
        *text = percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned();
    }
    state_of(
        cx,
        source,
        &operation,
        (facts, schema),
        (&found, region, config),
    )
    .await
}

/// What a source tells of an instance, and the resource does not.
fn of_instance(state: &Value, found: &Json) -> Value {
    let text = |path: &str| Value::string(json::text_at(found, path).unwrap_or_default());
    args::with_all(
        state,
        [
            ("launch_time", text("LaunchTime")),
            (
                "network_interface_id",
                text("NetworkInterfaces.0.NetworkInterfaceId"),
            ),
        ],
    )
}

/// What was found, as the state of a source.
async fn state_of(
    cx: &Cx,
    source: &Source,
    operation: &crate::shape::Operation,
    (facts, schema): (&TypeFacts, &Schema),
    (found, region, config): (&Json, &str, &Value),
) -> Answered<Value> {
    let names = Names {
        nouns: source.nouns.to_vec(),
        renames: source.renames.to_vec(),
    };
    let reader = Reader {
        names: &names,
        local: &["filter"],
        quiet: &[],
        empties: false,
        lasting: false,
    };
    let shape = operation.output.at(source.at);
    let state = reader.root((&facts.block, &schema.block), shape, found, config, &[]);
    let id = json::text_at(found, source.id).unwrap_or_default();
    let mut state = match schema.block.attributes.contains_key("id") {
        true => args::with(&state, "id", Value::string(id.as_str())),
        false => state,
    };
    for (attribute, member) in source.inputs {
        if args::get(&state, attribute).is_null() && member.ends_with("Ids") {
            state = args::with(&state, attribute, Value::string(id.as_str()));
        }
    }
    if source.name == "aws_sqs_queue" {
        // The account and the name are in the address: …/ACCOUNT/NAME.
        let mut parts = id.rsplit('/');
        let (name, owner) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let arn = format!("arn:{}:sqs:{region}:{owner}:{name}", partition(region));
        state = args::with(&state, "arn", Value::string(arn));
    }
    if !source.arn.is_empty() && schema.block.attributes.contains_key("arn") {
        let owner = match json::text_at(found, "OwnerId") {
            Some(owner) => owner,
            None => cx.caller().await?.account.clone(),
        };
        let arn = format!(
            "arn:{}:ec2:{region}:{owner}:{}/{id}",
            partition(region),
            source.arn
        );
        state = args::with(&state, "arn", Value::string(arn));
    }
    if schema.block.attributes.contains_key("tags") {
        let tags = ["Tags", "TagSet", "tags"]
            .iter()
            .find_map(|name| found.get(*name));
        let tags: BTreeMap<String, String> = tags
            .map(crate::read::entries)
            .unwrap_or_default()
            .into_iter()
            .map(|(key, value)| (key, json::text(value)))
            .filter(|(key, _)| !cx.ignored.has(key))
            .collect();
        state = args::with(&state, "tags", from_map(&tags));
    }
    Ok(filled(&state, schema))
}

/// The newest, or the only one; by name where that is asked for.
fn choose_image(config: &Value, all: &mut Vec<Json>) -> Answered<()> {
    if let Some(pattern) = args::string(config, "name_regex").filter(|pattern| !pattern.is_empty())
    {
        let pattern = regex::Regex::new(pattern)
            .map_err(|error| Refusal::error("Invalid name_regex", error.to_string()))?;
        all.retain(|image| {
            json::text_at(image, "Name").is_some_and(|name| pattern.is_match(&name))
        });
    }
    if args::bool(config, "most_recent") == Some(true) {
        // The first of several that are as new.
        all.reverse();
        all.sort_by_key(|image| json::text_at(image, "CreationDate"));
        let newest = all.pop();
        all.clear();
        all.extend(newest);
    }
    Ok(())
}

/// Blocks that nothing is known of are empty, never null.
fn filled(state: &Value, schema: &Schema) -> Value {
    let changes: Vec<(&str, Value)> = schema
        .block
        .blocks
        .iter()
        .filter(|(name, _)| state.get(name).is_some_and(Value::is_null))
        .map(|(name, nested)| (name.as_str(), nested.empty_value()))
        .collect();
    args::with_all(state, changes)
}

/// What a region is called.
fn description(region: &str) -> &'static str {
    const NAMES: &[(&str, &str)] = &[
        ("af-south-1", "Africa (Cape Town)"),
        ("ap-east-1", "Asia Pacific (Hong Kong)"),
        ("ap-northeast-1", "Asia Pacific (Tokyo)"),
        ("ap-northeast-2", "Asia Pacific (Seoul)"),
        ("ap-northeast-3", "Asia Pacific (Osaka)"),
        ("ap-south-1", "Asia Pacific (Mumbai)"),
        ("ap-south-2", "Asia Pacific (Hyderabad)"),
        ("ap-southeast-1", "Asia Pacific (Singapore)"),
        ("ap-southeast-2", "Asia Pacific (Sydney)"),
        ("ap-southeast-3", "Asia Pacific (Jakarta)"),
        ("ap-southeast-4", "Asia Pacific (Melbourne)"),
        ("ca-central-1", "Canada (Central)"),
        ("ca-west-1", "Canada West (Calgary)"),
        ("cn-north-1", "China (Beijing)"),
        ("cn-northwest-1", "China (Ningxia)"),
        ("eu-central-1", "Europe (Frankfurt)"),
        ("eu-central-2", "Europe (Zurich)"),
        ("eu-north-1", "Europe (Stockholm)"),
        ("eu-south-1", "Europe (Milan)"),
        ("eu-south-2", "Europe (Spain)"),
        ("eu-west-1", "Europe (Ireland)"),
        ("eu-west-2", "Europe (London)"),
        ("eu-west-3", "Europe (Paris)"),
        ("il-central-1", "Israel (Tel Aviv)"),
        ("me-central-1", "Middle East (UAE)"),
        ("me-south-1", "Middle East (Bahrain)"),
        ("sa-east-1", "South America (Sao Paulo)"),
        ("us-east-1", "US East (N. Virginia)"),
        ("us-east-2", "US East (Ohio)"),
        ("us-gov-east-1", "AWS GovCloud (US-East)"),
        ("us-gov-west-1", "AWS GovCloud (US-West)"),
        ("us-west-1", "US West (N. California)"),
        ("us-west-2", "US West (Oregon)"),
    ];
    NAMES
        .iter()
        .find(|(name, _)| *name == region)
        .map_or("", |(_, text)| text)
}
