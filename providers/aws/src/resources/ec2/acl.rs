//! Lists of rules of networks.

use super::route::{element, members, news, object_of};
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, Tags, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Type, Value};

/// Members of an entry of a network ACL.
const ENTRY: &[(&str, &str)] = &[
    ("rule_no", "RuleNumber"),
    ("action", "RuleAction"),
    ("protocol", "Protocol"),
    ("cidr_block", "CidrBlock"),
    ("ipv6_cidr_block", "Ipv6CidrBlock"),
    ("from_port", "PortRange.From"),
    ("to_port", "PortRange.To"),
    ("icmp_type", "IcmpTypeCode.Type"),
    ("icmp_code", "IcmpTypeCode.Code"),
];

fn acl_base(name: &'static str) -> Table {
    Table::new(name, "ec2")
        .names(&[("ingress", ""), ("egress", ""), ("subnet_ids", "")])
        .by_function(&["ingress", "egress", "subnet_ids"])
        .arn("arn:{partition}:ec2:{region}:{owner_id}:network-acl/{id}")
        .read(
            op("DescribeNetworkAcls")
                .set("NetworkAclIds", "{id}")
                .at("NetworkAcls.0"),
        )
        .tags(Tags::Ec2("network-acl"))
        .bulk(200)
        .not_found(&[
            "InvalidNetworkAclID.NotFound",
            "InvalidRouteTableID.NotFound",
        ])
        .retry(&[Phase::Delete], "DependencyViolation", "", 120)
}

pub(super) fn acl() -> Table {
    acl_base("aws_network_acl")
        .create(op("CreateNetworkAcl").bare().set("VpcId", "{vpc_id}"))
        .id_out("NetworkAcl.NetworkAclId")
        .delete(op("DeleteNetworkAcl").set("NetworkAclId", "{id}"))
        .hooks(Entry { default: false })
}

pub(super) fn default_acl() -> Table {
    acl_base("aws_default_network_acl")
        .local(&["default_network_acl_id"])
        .id("{default_network_acl_id}")
        .import("{id}")
        .hooks(Entry { default: true })
}

#[derive(Debug)]
struct Entry {
    default: bool,
}

fn protocol_number(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "all" => "-1".to_owned(),
        "tcp" => "6".to_owned(),
        "udp" => "17".to_owned(),
        "icmp" => "1".to_owned(),
        "icmpv6" | "ipv6-icmp" => "58".to_owned(),
        other => other.to_owned(),
    }
}

fn entry_input(id: &str, egress: bool, entry: &Value) -> Json {
    let mut input = json!({"NetworkAclId": id, "Egress": egress});
    for (name, member) in ENTRY {
        let one = [(*name, "value")];
        if let Some(value) = members(entry, &one).remove("value") {
            let value = if *name == "protocol" {
                protocol_number(&json::text(&value)).into()
            } else {
                value
            };
            json::put(&mut input, member, value);
        }
    }
    let protocol = json::text_at(&input, "Protocol").unwrap_or_default();
    if let Some(members) = input.as_object_mut() {
        if !matches!(protocol.as_str(), "1" | "58") {
            members.remove("IcmpTypeCode");
        }
        if !matches!(protocol.as_str(), "6" | "17") {
            members.remove("PortRange");
        }
    }
    input
}

async fn entries(run: &Run<'_>, id: &str) -> Answered<Option<(Json, Value, Value)>> {
    let none = &["InvalidNetworkAclID.NotFound"];
    let Some(answer) = run
        .ask_unless("DescribeNetworkAcls", json!({"NetworkAclIds": [id]}), none)
        .await?
    else {
        return Ok(None);
    };
    let Some(acl) = json::get(&answer, "NetworkAcls.0").cloned() else {
        return Ok(None);
    };
    let (ingress, egress) = entries_of(run, &acl);
    Ok(Some((acl, ingress, egress)))
}

/// The entries of an ACL that somebody has made: for what comes in, and for what goes out.
fn entries_of(run: &Run<'_>, acl: &Json) -> (Value, Value) {
    let of = |egress: bool, name: &str| {
        let element = element(run, name);
        let items = json::get(acl, "Entries")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let items = items.iter().filter(|entry| {
            let number = json::text_at(entry, "RuleNumber").unwrap_or_default();
            entry.get("Egress").and_then(Json::as_bool) == Some(egress)
                && !matches!(number.as_str(), "32767" | "32768")
        });
        let items: Vec<Value> = items
            .map(|entry| object_of(&element, entry, ENTRY))
            .collect();
        Value::set(element, items)
    };
    (of(false, "ingress"), of(true, "egress"))
}

/// Protocols have names and numbers: as they were written.
fn as_written(found: Value, before: &Value) -> Value {
    let number = |entry: &Value| {
        args::with(
            entry,
            "protocol",
            Value::string(protocol_number(
                args::string(entry, "protocol").unwrap_or_default(),
            )),
        )
    };
    let Some(element) = found.ty().element().cloned() else {
        return found;
    };
    let items = found.children().iter().map(|entry| {
        let known = before
            .children()
            .iter()
            .find(|before| number(before) == number(entry));
        known.unwrap_or(entry).clone()
    });
    Value::set(element, items.collect())
}

async fn change_entries(
    run: &Run<'_>,
    id: &str,
    egress: bool,
    before: &Value,
    after: &Value,
) -> Answered<()> {
    if !after.is_known() {
        return Ok(());
    }
    for entry in news(after, before) {
        let number = args::int(entry, "rule_no");
        let input = json!({"NetworkAclId": id, "Egress": egress, "RuleNumber": number});
        run.ask_unless(
            "DeleteNetworkAclEntry",
            input,
            &["InvalidNetworkAclEntry.NotFound"],
        )
        .await?;
    }
    for entry in news(before, after) {
        run.ask("CreateNetworkAclEntry", entry_input(id, egress, entry))
            .await?;
    }
    Ok(())
}

async fn change_subnets(
    run: &Run<'_>,
    id: &str,
    after: &[terrane_value::EcoString],
) -> Answered<()> {
    for subnet in after {
        let input =
            json!({"Filters": [{"Name": "association.subnet-id", "Values": [subnet.as_str()]}]});
        let answer = run.ask("DescribeNetworkAcls", input).await?;
        let path = format!("NetworkAcls.0.Associations[SubnetId={subnet}].NetworkAclAssociationId");
        let Some(association) = json::text_at(&answer, &path) else {
            continue;
        };
        if json::text_at(&answer, "NetworkAcls.0.NetworkAclId").as_deref() != Some(id) {
            run.ask(
                "ReplaceNetworkAclAssociation",
                json!({"AssociationId": association, "NetworkAclId": id}),
            )
            .await?;
        }
    }
    Ok(())
}

/// Subnets that leave go to the ACL that the VPC came with.
async fn leave(run: &Run<'_>, vpc: &str, subnets: &[terrane_value::EcoString]) -> Answered<()> {
    if subnets.is_empty() {
        return Ok(());
    }
    let input = json!({"Filters": [{"Name": "default", "Values": ["true"]}, {"Name": "vpc-id", "Values": [vpc]}]});
    let answer = run.ask("DescribeNetworkAcls", input).await?;
    let default = json::text_at(&answer, "NetworkAcls.0.NetworkAclId").unwrap_or_default();
    change_subnets(run, &default, subnets).await
}

#[async_trait]
impl Hooks for Entry {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        if !self.default {
            return Ok(None);
        }
        let id = run.text("{default_network_acl_id}", planned);
        let Some((_, ingress, egress)) = entries(run, &id).await? else {
            return Err(terrane_provider::native::Refusal::error(
                "No such ACL",
                format!("There is no network ACL {id}."),
            ));
        };
        change_entries(run, &id, false, &ingress, &args::get(planned, "ingress")).await?;
        change_entries(run, &id, true, &egress, &args::get(planned, "egress")).await?;
        change_subnets(
            run,
            &id,
            &args::strings(planned, "subnet_ids").unwrap_or_default(),
        )
        .await?;
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
        self.update(run, &Value::NULL, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let id = run.text("{id}", planned);
        for (name, egress) in [("ingress", false), ("egress", true)] {
            change_entries(
                run,
                &id,
                egress,
                &args::get(prior, name),
                &args::get(planned, name),
            )
            .await?;
        }
        let subnets = |object: &Value| args::strings(object, "subnet_ids").unwrap_or_default();
        let (before, after) = (subnets(prior), subnets(planned));
        change_subnets(run, &id, &after).await?;
        let left: Vec<_> = before
            .into_iter()
            .filter(|subnet| !after.contains(subnet))
            .collect();
        if self.default {
            Ok(())
        } else {
            leave(run, &run.text("{vpc_id}", planned), &left).await
        }
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        acl: &Json,
    ) -> Answered<Value> {
        let id = run.text("{id}", &object);
        let (ingress, egress) = entries_of(run, acl);
        let subnets = json::get(acl, "Associations")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let subnets = subnets
            .iter()
            .filter_map(|association| json::text_at(association, "SubnetId"))
            .map(Value::string);
        let mut object = args::with_all(
            &object,
            [
                ("ingress", as_written(ingress, &args::get(prior, "ingress"))),
                ("egress", as_written(egress, &args::get(prior, "egress"))),
                ("subnet_ids", Value::set(Type::String, subnets.collect())),
            ],
        );
        if self.default {
            object = args::with(&object, "default_network_acl_id", Value::string(id));
        }
        Ok(object)
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        if self.default {
            return Ok(true);
        }
        let subnets = args::strings(object, "subnet_ids").unwrap_or_default();
        leave(run, &run.text("{vpc_id}", object), &subnets).await?;
        Ok(false)
    }
}

pub(super) fn acl_rule() -> Table {
    Table::new("aws_network_acl_rule", "ec2")
        .at_first(&[
            "network_acl_id",
            "rule_number",
            "rule_action",
            "egress",
            "protocol",
            "cidr_block",
            "ipv6_cidr_block",
            "from_port",
            "to_port",
            "icmp_type",
            "icmp_code",
        ])
        .alike("rule_action", |prior, planned| {
            let action = |object| args::string(object, "rule_action").unwrap_or_default();
            action(prior).eq_ignore_ascii_case(action(planned))
        })
        .alike("protocol", |prior, planned| {
            let protocol = |object| args::string(object, "protocol").map(protocol_number);
            protocol(prior) == protocol(planned)
        })
        .id("nacl-{network_acl_id}-{rule_number}-{protocol}-{egress}")
        .import("{network_acl_id}:{rule_number}:{protocol}:{egress}")
        .delete(
            op("DeleteNetworkAclEntry")
                .set("NetworkAclId", "{network_acl_id}")
                .set("RuleNumber", "{rule_number}")
                .set("Egress", "{egress}"),
        )
        .not_found(&[
            "InvalidNetworkAclID.NotFound",
            "InvalidNetworkAclEntry.NotFound",
        ])
        .hooks(AclRule)
}

#[derive(Debug)]
struct AclRule;

#[async_trait]
impl Hooks for AclRule {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let entry = args::with_all(
            planned,
            [
                ("rule_no", args::get(planned, "rule_number")),
                ("action", args::get(planned, "rule_action")),
            ],
        );
        let egress = args::bool(planned, "egress").unwrap_or(false);
        let acl = run.text("{network_acl_id}", planned);
        run.ask("CreateNetworkAclEntry", entry_input(&acl, egress, &entry))
            .await?;
        let id = run.text(
            "nacl-{network_acl_id}-{rule_number}-{protocol}-{egress}",
            planned,
        );
        Ok(Some((id, planned.clone())))
    }

    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let acl = run.text("{network_acl_id}", object);
        let none = &["InvalidNetworkAclID.NotFound"];
        let Some(answer) = run
            .ask_unless("DescribeNetworkAcls", json!({"NetworkAclIds": [acl]}), none)
            .await?
        else {
            return Ok(Some(None));
        };
        let number = args::int(object, "rule_number");
        let egress = args::bool(object, "egress").unwrap_or(false);
        let entries = json::get(&answer, "NetworkAcls.0.Entries")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let found = entries.iter().find(|entry| {
            entry.get("RuleNumber").and_then(Json::as_i64) == number
                && entry.get("Egress").and_then(Json::as_bool) == Some(egress)
        });
        let Some(found) = found else {
            return Ok(Some(None));
        };
        let mut object = object.clone();
        for (name, member) in ENTRY {
            let name = match *name {
                "rule_no" => "rule_number",
                "action" => "rule_action",
                name => name,
            };
            let before = args::get(&object, name);
            let Some(value) = json::text_at(found, member) else {
                continue;
            };
            let same = match name {
                "protocol" => before
                    .as_str()
                    .is_some_and(|text| protocol_number(text) == value),
                "rule_action" => before
                    .as_str()
                    .is_some_and(|text| text.eq_ignore_ascii_case(&value)),
                // Kept as text where they are null otherwise.
                _ => before.is_null() && (value == "0" || value == "-1"),
            };
            if same {
                continue;
            }
            let value = match run
                .schema
                .block
                .attributes
                .get(name)
                .map(terrane_model::schema::Attribute::value_type)
            {
                Some(Type::Number) => value
                    .parse::<i64>()
                    .map_or(Value::null(Type::Number), Value::number),
                _ => Value::string(value),
            };
            object = args::with(&object, name, value);
        }
        Ok(Some(Some(object)))
    }
}
