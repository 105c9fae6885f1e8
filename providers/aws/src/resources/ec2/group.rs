//! Security groups and their rules.

use super::route::{element, members, news};
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, Tags, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::{EcoString, Type, Value};

const NONE: &[&str] = &[
    "InvalidGroup.NotFound",
    "InvalidGroupId.NotFound",
    "InvalidSecurityGroupID.NotFound",
];

fn base(name: &'static str) -> Table {
    Table::new(name, "ec2")
        .names(&[("name", "GroupName"), ("ingress", ""), ("egress", "")])
        .local(&["name_prefix", "revoke_rules_on_delete"])
        .by_function(&["ingress", "egress"])
        .arn("arn:{partition}:ec2:{region}:{owner_id}:security-group/{id}")
        .read(
            op("DescribeSecurityGroups")
                .set("GroupIds", "{id}")
                .at("SecurityGroups.0"),
        )
        .tags(Tags::Ec2("security-group"))
        .not_found(NONE)
        .bulk(200)
}

pub(super) fn group() -> Table {
    base("aws_security_group")
        .create(op("CreateSecurityGroup"))
        .id_out("GroupId")
        .delete(op("DeleteSecurityGroup").set("GroupId", "{id}"))
        .retry(&[Phase::Delete], "DependencyViolation", "", 900)
        .hooks(Rules { default: false })
}

pub(super) fn default_group() -> Table {
    base("aws_default_security_group")
        .id_out("GroupId")
        .at_first(&["vpc_id"])
        .hooks(Rules { default: true })
}

/// The rules within a group.
#[derive(Debug)]
struct Rules {
    default: bool,
}

/// A rule as it is written in a group, as a permission of the API.
fn permission(rule: &Value, group: &str) -> Json {
    let description = args::string(rule, "description").filter(|text| !text.is_empty());
    let mut made = json!({"IpProtocol": protocol(args::string(rule, "protocol").unwrap_or("-1"))});
    for (name, member) in [("from_port", "FromPort"), ("to_port", "ToPort")] {
        if let (Some(port), true) = (args::int(rule, name), made["IpProtocol"] != "-1") {
            json::put(&mut made, member, port.into());
        }
    }
    let mut put = |list: &str, member: &str, values: Vec<EcoString>| {
        if !values.is_empty() {
            let items = values.iter().map(|value| {
                let mut item = json!({});
                json::put(&mut item, member, value.as_str().into());
                if let Some(description) = description {
                    json::put(&mut item, "Description", description.into());
                }
                item
            });
            json::put(&mut made, list, Json::Array(items.collect()));
        }
    };
    let list = |name: &str| args::strings(rule, name).unwrap_or_default();
    put("IpRanges", "CidrIp", list("cidr_blocks"));
    put("Ipv6Ranges", "CidrIpv6", list("ipv6_cidr_blocks"));
    put("PrefixListIds", "PrefixListId", list("prefix_list_ids"));
    let mut groups = list("security_groups");
    if let Some(source) = args::string(rule, "source_security_group_id").filter(|id| !id.is_empty())
    {
        groups.push(source.into());
    }
    if args::bool(rule, "self") == Some(true) {
        groups.push(group.into());
    }
    put("UserIdGroupPairs", "GroupId", groups);
    made
}

/// Protocols by their names, where they have one.
fn protocol(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "all" | "-1" => "-1".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_owned(),
    }
}

/// One source of one permission: what rules are made of.
#[derive(Clone, Debug, PartialEq, PartialOrd, Eq, Ord)]
struct Grain {
    protocol: String,
    from: i64,
    to: i64,
    kind: &'static str,
    source: String,
    description: String,
}

const SOURCES: &[(&str, &str, &str)] = &[
    ("cidr_blocks", "IpRanges", "CidrIp"),
    ("ipv6_cidr_blocks", "Ipv6Ranges", "CidrIpv6"),
    ("prefix_list_ids", "PrefixListIds", "PrefixListId"),
    ("security_groups", "UserIdGroupPairs", "GroupId"),
];

fn grains_of_permissions(permissions: &Json) -> Vec<Grain> {
    let mut grains = Vec::new();
    for permission in permissions.as_array().into_iter().flatten() {
        let port = |name: &str| permission.get(name).and_then(Json::as_i64).unwrap_or(0);
        for (kind, list, member) in SOURCES {
            for item in permission
                .get(*list)
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
            {
                grains.push(Grain {
                    protocol: protocol(
                        &json::text_at(permission, "IpProtocol").unwrap_or_default(),
                    ),
                    from: port("FromPort"),
                    to: port("ToPort"),
                    kind,
                    source: json::text_at(item, member).unwrap_or_default(),
                    description: json::text_at(item, "Description").unwrap_or_default(),
                });
            }
        }
    }
    grains
}

fn grains_of_rule(rule: &Value, group: &str) -> Vec<Grain> {
    grains_of_permissions(&Json::Array(vec![permission(rule, group)]))
}

fn rule_of(ty: &Type, grains: &[&Grain], group: &str) -> Value {
    let Some(first) = grains.first() else {
        return Value::null(ty.clone());
    };
    let texts = |kind: &str| -> Vec<Value> {
        grains
            .iter()
            .filter(|grain| {
                grain.kind == kind && !(kind == "security_groups" && grain.source == group)
            })
            .map(|grain| Value::string(grain.source.as_str()))
            .collect()
    };
    let own = grains
        .iter()
        .any(|grain| grain.kind == "security_groups" && grain.source == group);
    let Type::Object(object) = ty else {
        return Value::null(ty.clone());
    };
    Value::object(
        object
            .attributes
            .iter()
            .map(|(name, ty)| {
                let value = match name.as_str() {
                    "from_port" => Value::number(first.from),
                    "to_port" => Value::number(first.to),
                    "protocol" => Value::string(first.protocol.as_str()),
                    "description" => Value::string(first.description.as_str()),
                    "self" => Value::bool(own),
                    "security_groups" => Value::set(Type::String, texts(name)),
                    _ => Value::list(Type::String, texts(name)),
                };
                (
                    name.clone(),
                    if value.is_of(ty) {
                        value
                    } else {
                        Value::null(ty.clone())
                    },
                )
            })
            .collect::<Vec<_>>(),
    )
}

/// The rules that a group has: as they are written where they can be found again, the rest by protocol, ports and description.
fn rules_of(ty: &Type, permissions: &Json, before: &Value, group: &str) -> Value {
    let mut left = grains_of_permissions(permissions);
    let mut rules = Vec::new();
    for rule in before.children() {
        let mut wanted = grains_of_rule(rule, group);
        wanted.sort();
        wanted.dedup();
        if !wanted.is_empty() && wanted.iter().all(|grain| left.contains(grain)) {
            left.retain(|grain| !wanted.contains(grain));
            rules.push(rule.clone());
        }
    }
    while let Some(first) = left.first().cloned() {
        let alike = |grain: &&Grain| {
            grain.protocol == first.protocol
                && grain.from == first.from
                && grain.to == first.to
                && grain.description == first.description
        };
        let same: Vec<Grain> = left.iter().filter(alike).cloned().collect();
        rules.push(rule_of(ty, &same.iter().collect::<Vec<_>>(), group));
        left.retain(|grain| !same.contains(grain));
    }
    Value::set(ty.clone(), rules)
}

/// A permission as one for each of its sources.
fn singles(permission: &Json) -> Vec<Json> {
    let mut bare = permission.clone();
    for (_, list, _) in SOURCES {
        if let Some(members) = bare.as_object_mut() {
            members.remove(*list);
        }
    }
    let mut singles = Vec::new();
    for (_, list, _) in SOURCES {
        let items = permission.get(*list).and_then(Json::as_array);
        for item in items.into_iter().flatten() {
            let mut one = bare.clone();
            json::put(&mut one, list, json!([item]));
            singles.push(one);
        }
    }
    singles
}

async fn found_group(run: &Run<'_>, id: &str) -> Answered<Option<Json>> {
    let answer = run
        .ask_unless("DescribeSecurityGroups", json!({"GroupIds": [id]}), NONE)
        .await?;
    Ok(answer.and_then(|answer| json::get(&answer, "SecurityGroups.0").cloned()))
}

async fn change(
    run: &Run<'_>,
    id: &str,
    name: &str,
    before: &Value,
    after: &Value,
) -> Answered<()> {
    if !after.is_known() {
        return Ok(());
    }
    let (authorize, revoke) = if name == "ingress" {
        (
            "AuthorizeSecurityGroupIngress",
            "RevokeSecurityGroupIngress",
        )
    } else {
        ("AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress")
    };
    let old: Vec<Json> = news(after, before)
        .into_iter()
        .map(|rule| permission(rule, id))
        .collect();
    let new: Vec<Json> = news(before, after)
        .into_iter()
        .map(|rule| permission(rule, id))
        .collect();
    if !old.is_empty() {
        let none = ["InvalidPermission.NotFound"];
        let input = json!({"GroupId": id, "IpPermissions": old});
        if run.ask_unless(revoke, input, &none).await?.is_none() {
            // One of them is not there, and none was revoked: one after the other, then.
            for one in old.iter().flat_map(singles) {
                let input = json!({"GroupId": id, "IpPermissions": [one]});
                run.ask_unless(revoke, input, &none).await?;
            }
        }
    }
    if !new.is_empty() {
        run.ask(authorize, json!({"GroupId": id, "IpPermissions": new}))
            .await?;
    }
    Ok(())
}

#[async_trait]
impl Hooks for Rules {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        if !self.default {
            return Ok(None);
        }
        let mut filters = vec![json!({"Name": "group-name", "Values": ["default"]})];
        if let Some(vpc) = args::string(planned, "vpc_id") {
            filters.push(json!({"Name": "vpc-id", "Values": [vpc]}));
        }
        let answer = run
            .ask("DescribeSecurityGroups", json!({"Filters": filters}))
            .await?;
        let Some(group) = json::get(&answer, "SecurityGroups.0") else {
            return Err(Refusal::error(
                "No default group",
                "The VPC has no security group `default`.",
            ));
        };
        let id = json::text_at(group, "GroupId").unwrap_or_default();
        for (name, list) in [
            ("ingress", "IpPermissions"),
            ("egress", "IpPermissionsEgress"),
        ] {
            let ty = element(run, name);
            let before = rules_of(
                &ty,
                group.get(list).unwrap_or(&Json::Null),
                &Value::NULL,
                &id,
            );
            let after = args::get(planned, name);
            let after = if after.is_known() { after } else { Value::NULL };
            change(run, &id, name, &before, &after).await?;
        }
        let object = args::with(planned, "id", Value::string(id.as_str()));
        run.change_tags(
            &object,
            &std::collections::BTreeMap::new(),
            &crate::run::all_tags(planned),
        )
        .await?;
        Ok(Some((id, planned.clone())))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        if self.default {
            return Ok(());
        }
        let id = run.text("{id}", object);
        // A new group lets everything out: groups made here do not, unless they say so.
        let Some(group) = found_group(run, &id).await? else {
            return Err(Refusal::error(
                "Object is not seen",
                format!("AWS does not show the group {id}."),
            ));
        };
        let ty = element(run, "egress");
        let before = rules_of(
            &ty,
            group.get("IpPermissionsEgress").unwrap_or(&Json::Null),
            &Value::NULL,
            &id,
        );
        let after = args::get(object, "egress");
        let after = if after.is_known() && !after.is_null() {
            after
        } else {
            Value::set(ty, Vec::new())
        };
        change(run, &id, "egress", &before, &after).await?;
        change(
            run,
            &id,
            "ingress",
            &Value::NULL,
            &args::get(object, "ingress"),
        )
        .await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", prior);
        for name in ["ingress", "egress"] {
            change(
                run,
                &id,
                name,
                &args::get(prior, name),
                &args::get(planned, name),
            )
            .await?;
        }
        Ok(())
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        group: &Json,
    ) -> Answered<Value> {
        let id = run.text("{id}", &object);
        let rules = |name: &str, list: &str| {
            let ty = element(run, name);
            rules_of(
                &ty,
                group.get(list).unwrap_or(&Json::Null),
                &args::get(prior, name),
                &id,
            )
        };
        let (ingress, egress) = (
            rules("ingress", "IpPermissions"),
            rules("egress", "IpPermissionsEgress"),
        );
        Ok(args::with_all(
            &object,
            [("ingress", ingress), ("egress", egress)],
        ))
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if self.default {
            return Ok(true);
        }
        if args::bool(object, "revoke_rules_on_delete") == Some(true) {
            let id = run.text("{id}", object);
            for name in ["ingress", "egress"] {
                change(
                    run,
                    &id,
                    name,
                    &args::get(object, name),
                    &Value::set(element(run, name), Vec::new()),
                )
                .await?;
            }
        }
        Ok(false)
    }
}

/// A rule beside its group, of the old kind: several sources, known by what it says.
pub(super) fn rule() -> Table {
    Table::new("aws_security_group_rule", "ec2")
        .by_function(&["description"])
        .at_first(&[
            "security_group_id",
            "type",
            "from_port",
            "to_port",
            "protocol",
            "cidr_blocks",
            "ipv6_cidr_blocks",
            "prefix_list_ids",
            "self",
            "source_security_group_id",
        ])
        .id("{id}")
        .import("{id}")
        .hooks(Rule)
}

#[derive(Debug)]
struct Rule;

/// The argument that a source in an import id is of.
fn source_of(source: &str) -> &'static str {
    match source {
        "self" => "self",
        _ if source.starts_with("sg-") => "source_security_group_id",
        _ if source.starts_with("pl-") => "prefix_list_ids",
        _ if source.contains(':') => "ipv6_cidr_blocks",
        _ => "cidr_blocks",
    }
}

fn rule_id(object: &Value) -> String {
    use sha2::Digest as _;
    let group = args::string(object, "security_group_id").unwrap_or_default();
    let mut text = format!(
        "{group}-{}",
        args::string(object, "type").unwrap_or_default()
    );
    for grain in grains_of_rule(object, group) {
        write!(
            text,
            "-{}-{}-{}-{}",
            grain.protocol, grain.from, grain.to, grain.source
        )
        .expect("a text takes everything");
    }
    let digest = hex::encode(sha2::Sha256::digest(text));
    // As many digits as the peers have, in their form.
    let number = u32::from_str_radix(digest.get(..8).unwrap_or_default(), 16).unwrap_or(0);
    format!("sgrule-{number}")
}

#[async_trait]
impl Hooks for Rule {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let group = run.text("{security_group_id}", planned);
        let operation = match args::string(planned, "type") {
            Some("egress") => "AuthorizeSecurityGroupEgress",
            _ => "AuthorizeSecurityGroupIngress",
        };
        let input = json!({"GroupId": group, "IpPermissions": [permission(planned, &group)]});
        let answer = run.ask(operation, input).await?;
        let found = json::get(&answer, "SecurityGroupRules")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        // A rule with one source is one of the API's rules.
        let api = match found.as_slice() {
            [one] => json::text_at(one, "SecurityGroupRuleId"),
            _ => None,
        };
        let object = args::with(
            planned,
            "security_group_rule_id",
            Value::string(api.unwrap_or_default()),
        );
        Ok(Some((rule_id(planned), object)))
    }

    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let id = run.text("{security_group_id}", object);
        let Some(group) = found_group(run, &id).await? else {
            return Ok(Some(None));
        };
        let list = match args::string(object, "type") {
            Some("egress") => "IpPermissionsEgress",
            _ => "IpPermissions",
        };
        let has = grains_of_permissions(group.get(list).unwrap_or(&Json::Null));
        let wanted = grains_of_rule(object, &id);
        let alike = |wanted: &Grain| {
            has.iter().find(|grain| {
                grain.protocol == wanted.protocol
                    && (grain.protocol == "-1"
                        || (grain.from == wanted.from && grain.to == wanted.to))
                    && grain.kind == wanted.kind
                    && grain.source == wanted.source
            })
        };
        let found: Option<Vec<&Grain>> = wanted.iter().map(alike).collect();
        let Some(found) = found.filter(|found| !found.is_empty()) else {
            return Ok(Some(None));
        };
        // Some services drop the description of some kinds of sources.
        let description = found
            .iter()
            .map(|grain| grain.description.clone())
            .find(|description| !description.is_empty())
            .unwrap_or_default();
        let mut object = object.clone();
        let before = args::get(&object, "description");
        if !(description.is_empty() && crate::read::is_empty(&before)) {
            object = args::with(&object, "description", Value::string(description));
        }
        Ok(Some(Some(object)))
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if crate::run::same_at(prior, planned, "description") {
            return Ok(());
        }
        let group = run.text("{security_group_id}", planned);
        let operation = match args::string(planned, "type") {
            Some("egress") => "UpdateSecurityGroupRuleDescriptionsEgress",
            _ => "UpdateSecurityGroupRuleDescriptionsIngress",
        };
        let input = json!({"GroupId": group, "IpPermissions": [permission(planned, &group)]});
        run.ask(operation, input).await.map(drop)
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        // GROUP_TYPE_PROTOCOL_FROM_TO_SOURCE…
        let parts: Vec<&str> = id.split('_').collect();
        let [group, kind, protocol, from, to, sources @ ..] = parts.as_slice() else {
            return None;
        };
        if sources.is_empty() {
            return None;
        }
        let mut known = vec![
            ("security_group_id", (*group).to_owned()),
            ("type", (*kind).to_owned()),
            ("protocol", (*protocol).to_owned()),
            ("from_port", (*from).to_owned()),
            ("to_port", (*to).to_owned()),
        ];
        let of = |wanted: &str| {
            let ours = sources.iter().filter(|source| source_of(source) == wanted);
            ours.copied().collect::<Vec<_>>().join(",")
        };
        for name in [
            "cidr_blocks",
            "ipv6_cidr_blocks",
            "prefix_list_ids",
            "source_security_group_id",
            "self",
        ] {
            let text = of(name);
            match (text.is_empty(), name) {
                (true, _) => {}
                (false, "self") => known.push(("self", "true".to_owned())),
                (false, name) => known.push((name, text)),
            }
        }
        Some(known)
    }

    async fn imported(&self, _run: &Run<'_>, known: Value) -> Answered<Value> {
        Ok(args::with(&known, "id", Value::string(rule_id(&known))))
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let group = run.text("{security_group_id}", object);
        let operation = match args::string(object, "type") {
            Some("egress") => "RevokeSecurityGroupEgress",
            _ => "RevokeSecurityGroupIngress",
        };
        let input = json!({"GroupId": group, "IpPermissions": [permission(object, &group)]});
        let none = [
            "InvalidPermission.NotFound",
            "InvalidGroup.NotFound",
            "InvalidSecurityGroupRuleId.NotFound",
        ];
        if run.ask_unless(operation, input, &none).await?.is_none() {
            for one in singles(&permission(object, &group)) {
                let input = json!({"GroupId": group, "IpPermissions": [one]});
                run.ask_unless(operation, input, &none).await?;
            }
        }
        Ok(true)
    }
}

/// A rule beside its group: one source, with an id of its own.
fn one_rule(name: &'static str, authorize: &'static str, revoke: &'static str) -> Table {
    Table::new(name, "ec2")
        .names(&[
            (
                "referenced_security_group_id",
                "ReferencedGroupInfo.GroupId",
            ),
            ("security_group_id", "GroupId"),
            ("arn", "SecurityGroupRuleArn"),
        ])
        .create(op(authorize).bare().set("GroupId", "{security_group_id}"))
        .input(one_rule_input)
        .at_first(&[
            "cidr_ipv4",
            "cidr_ipv6",
            "description",
            "from_port",
            "to_port",
            "ip_protocol",
            "prefix_list_id",
            "referenced_security_group_id",
        ])
        .id_out("SecurityGroupRules.0.SecurityGroupRuleId")
        .arn("arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}")
        .read(
            op("DescribeSecurityGroupRules")
                .set("SecurityGroupRuleIds", "{id}")
                .at("SecurityGroupRules.0"),
        )
        .answer(|_, found| {
            // All protocols have no ports.
            if let Some(members) = found.as_object_mut()
                && members.get("IpProtocol").and_then(Json::as_str) == Some("-1")
            {
                members.remove("FromPort");
                members.remove("ToPort");
            }
        })
        .update(
            op("ModifySecurityGroupRules")
                .bare()
                .set("GroupId", "{security_group_id}")
                .when(crate::table::When::Any(vec![
                    "cidr_ipv4",
                    "cidr_ipv6",
                    "description",
                    "from_port",
                    "to_port",
                    "ip_protocol",
                    "prefix_list_id",
                    "referenced_security_group_id",
                ])),
        )
        .delete(
            op(revoke)
                .set("GroupId", "{security_group_id}")
                .set("SecurityGroupRuleIds", "{id}"),
        )
        .found(|_, found, _| args::with(&found, "security_group_rule_id", args::get(&found, "id")))
        .tags(Tags::Ec2("security-group-rule"))
        .not_found(&[
            "InvalidSecurityGroupRuleId.NotFound",
            "InvalidGroup.NotFound",
            "InvalidPermission.NotFound",
        ])
}

fn one_rule_input(operation: &str, input: &mut Json, object: &Value) {
    let mut rule = members(
        object,
        &[
            ("from_port", "FromPort"),
            ("to_port", "ToPort"),
            ("ip_protocol", "IpProtocol"),
        ],
    );
    let sources = [
        ("cidr_ipv4", "IpRanges", "CidrIp"),
        ("cidr_ipv6", "Ipv6Ranges", "CidrIpv6"),
        ("prefix_list_id", "PrefixListIds", "PrefixListId"),
        (
            "referenced_security_group_id",
            "UserIdGroupPairs",
            "GroupId",
        ),
    ];
    if operation == "ModifySecurityGroupRules" {
        rule.extend(members(
            object,
            &[
                ("cidr_ipv4", "CidrIpv4"),
                ("cidr_ipv6", "CidrIpv6"),
                ("prefix_list_id", "PrefixListId"),
                ("referenced_security_group_id", "ReferencedGroupId"),
                ("description", "Description"),
            ],
        ));
        let id = args::string(object, "id").unwrap_or_default();
        json::put(
            input,
            "SecurityGroupRules",
            json!([{"SecurityGroupRuleId": id, "SecurityGroupRule": rule}]),
        );
        return;
    }
    if !operation.starts_with("Authorize") {
        return;
    }
    for (name, list, member) in sources {
        if let Some(source) = args::string(object, name).filter(|source| !source.is_empty()) {
            let mut item = json!({});
            json::put(&mut item, member, source.into());
            if let Some(text) = args::string(object, "description").filter(|text| !text.is_empty())
            {
                json::put(&mut item, "Description", text.into());
            }
            rule.insert(list.to_owned(), json!([item]));
        }
    }
    json::put(input, "IpPermissions", json!([rule]));
}

pub(super) fn ingress() -> Table {
    one_rule(
        "aws_vpc_security_group_ingress_rule",
        "AuthorizeSecurityGroupIngress",
        "RevokeSecurityGroupIngress",
    )
}

pub(super) fn egress() -> Table {
    one_rule(
        "aws_vpc_security_group_egress_rule",
        "AuthorizeSecurityGroupEgress",
        "RevokeSecurityGroupEgress",
    )
}
