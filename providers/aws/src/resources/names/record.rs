//! Records of zones.

use super::{insync, normal, said};
use crate::json;
use crate::read::is_empty;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Step, Table, op};
use crate::write::Fill;
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::plan::PlanResponse;
use terrane_value::Value;

/// Blocks that are one member: block, argument, member.
const SINGLE: &[(&str, &str, &str)] = &[
    ("weighted_routing_policy", "weight", "Weight"),
    ("latency_routing_policy", "region", "Region"),
    ("failover_routing_policy", "type", "Failover"),
];

const KINDS: &[&str] = &[
    "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV",
    "SSHFP", "SVCB", "TLSA", "TXT",
];

pub(super) fn record() -> Table {
    Table::new("aws_route53_record", "route53")
        .names(&[
            ("records", "ResourceRecords"),
            ("multivalue_answer_routing_policy", "MultiValueAnswer"),
            ("alias", "AliasTarget"),
            ("alias.name", "DNSName"),
            ("alias.zone_id", "HostedZoneId"),
            ("geolocation_routing_policy", "GeoLocation"),
            ("geolocation_routing_policy.continent", "ContinentCode"),
            ("geolocation_routing_policy.country", "CountryCode"),
            ("geolocation_routing_policy.subdivision", "SubdivisionCode"),
            ("geoproximity_routing_policy", "GeoProximityLocation"),
            ("geoproximity_routing_policy.aws_region", "AWSRegion"),
            ("cidr_routing_policy", "CidrRoutingConfig"),
            ("weighted_routing_policy", "(weighted)"),
            ("latency_routing_policy", "(latency)"),
            ("failover_routing_policy", "(failover)"),
        ])
        .local(&["name", "zone_id", "allow_overwrite", "fqdn"])
        .by_function(&["*"])
        .id("{zone_id}_{name}_{type}")
        .planned(planned)
        .hooks(Record)
        .not_found(&["NoSuchHostedZone"])
}

/// What is asked of a zone is not told apart by case or a dot at the end.
fn planned(_prior: &Value, _config: &Value, response: &mut PlanResponse) {
    let name = args::string(&response.planned, "name").map(normal);
    if let Some(name) = name {
        response.planned = args::with(&response.planned, "name", Value::string(name));
    }
}

#[derive(Debug)]
struct Record;

/// The whole name of a record in a zone.
fn whole(name: &str, zone: &str) -> String {
    let (name, zone) = (normal(name), normal(zone));
    if name.is_empty() {
        zone
    } else if name == zone || name.ends_with(&format!(".{zone}")) {
        name
    } else {
        format!("{name}.{zone}")
    }
}

fn id(object: &Value) -> String {
    let zone = said(object, "zone_id").unwrap_or_default();
    let name = normal(args::string(object, "name").unwrap_or_default());
    let kind = said(object, "type").unwrap_or_default();
    match said(object, "set_identifier") {
        Some(set) => format!("{zone}_{name}_{kind}_{set}"),
        None => format!("{zone}_{name}_{kind}"),
    }
}

async fn zone_name(run: &Run<'_>, object: &Value) -> Answered<Option<String>> {
    let zone = said(object, "zone_id").unwrap_or_default();
    let zone = zone.rsplit('/').next().unwrap_or(zone);
    let answer = run
        .ask_unless("GetHostedZone", json!({"Id": zone}), &["NoSuchHostedZone"])
        .await?;
    Ok(answer.and_then(|answer| json::text_at(&answer, "HostedZone.Name")))
}

async fn change(run: &Run<'_>, object: &Value, changes: Vec<Json>) -> Answered<()> {
    let zone = said(object, "zone_id").unwrap_or_default();
    let zone = zone.rsplit('/').next().unwrap_or(zone);
    let input = json!({"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}});
    let answer = run.ask("ChangeResourceRecordSets", input).await?;
    insync(run, &answer).await
}

/// Text is in quotes there.
fn quoted(text: &str) -> String {
    let bare = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    format!("\"{}\"", bare.unwrap_or(text))
}

fn is_text(kind: &str) -> bool {
    matches!(kind, "TXT" | "SPF")
}

/// The record as the API has it.
fn written(run: &Run<'_>, object: &Value, name: &str) -> Answered<Json> {
    let operation = run.operation("route53", "ChangeResourceRecordSets")?;
    let path = "ChangeBatch.Changes.0.ResourceRecordSet";
    let shape = operation.input.at(path).ok_or_else(|| {
        Refusal::error(
            "Unknown operation",
            "Records have another form. This is a mistake of the provider.",
        )
    })?;
    let fill = Fill {
        names: &run.table.names,
        only: &[],
        except: &["name", "zone_id", "allow_overwrite"],
        prior: None,
    };
    let mut record = json!({"Name": name});
    fill.root(&run.facts.block, shape, object, &mut record);
    for (block, argument, member) in SINGLE {
        let blocks = args::get(object, block);
        let Some(value) = blocks
            .children()
            .first()
            .map(|one| args::get(one, argument))
        else {
            continue;
        };
        let value = match args::int(blocks.children().first().unwrap_or(&Value::NULL), argument) {
            Some(number) => Some(Json::from(number)),
            None => value.as_str().map(Json::from),
        };
        if let Some(value) = value {
            json::put(&mut record, member, value);
        }
    }
    if args::bool(object, "multivalue_answer_routing_policy") != Some(true)
        && let Some(members) = record.as_object_mut()
    {
        members.remove("MultiValueAnswer");
    }
    if is_text(said(object, "type").unwrap_or_default())
        && let Some(Json::Array(values)) = record.get_mut("ResourceRecords")
    {
        for value in values {
            let text = quoted(&json::text_at(value, "Value").unwrap_or_default());
            json::put(value, "Value", text.into());
        }
    }
    // What points elsewhere lives as long as what it points to.
    if record.get("AliasTarget").is_none() && !is_empty(&args::get(object, "records")) {
        json::put(
            &mut record,
            "TTL",
            args::int(object, "ttl").unwrap_or(0).into(),
        );
    } else if let Some(members) = record.as_object_mut() {
        members.remove("TTL");
    }
    Ok(record)
}

/// The record that is there.
async fn there(run: &Run<'_>, object: &Value, name: &str) -> Answered<Option<Json>> {
    let zone = said(object, "zone_id").unwrap_or_default();
    let kind = said(object, "type").unwrap_or_default();
    let set = said(object, "set_identifier");
    let mut input = json!({
        "HostedZoneId": zone.rsplit('/').next().unwrap_or(zone),
        "StartRecordName": name,
        "StartRecordType": kind,
        "MaxItems": "100",
    });
    if let Some(set) = set {
        json::put(&mut input, "StartRecordIdentifier", set.into());
    }
    let answer = run
        .page_unless("ListResourceRecordSets", input, &["NoSuchHostedZone"])
        .await?
        .unwrap_or_default();
    let records = json::get(&answer, "ResourceRecordSets").and_then(Json::as_array);
    let found = records.into_iter().flatten().find(|record| {
        let text = |path: &str| json::text_at(record, path).unwrap_or_default();
        normal(&text("Name")) == name
            && text("Type") == kind
            && json::text_at(record, "SetIdentifier")
                .as_deref()
                .filter(|id| !id.is_empty())
                == set
    });
    Ok(found.cloned())
}

#[async_trait]
impl Hooks for Record {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let Some(zone) = zone_name(run, planned).await? else {
            return Err(Refusal::error(
                "No such zone",
                format!(
                    "There is no zone {}.",
                    said(planned, "zone_id").unwrap_or_default()
                ),
            ));
        };
        let name = whole(args::string(planned, "name").unwrap_or_default(), &zone);
        let action = match args::bool(planned, "allow_overwrite") {
            Some(true) => "UPSERT",
            _ => "CREATE",
        };
        let record = written(run, planned, &name)?;
        change(
            run,
            planned,
            vec![json!({"Action": action, "ResourceRecordSet": record})],
        )
        .await?;
        Ok(Some((id(planned), planned.clone())))
    }

    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let Some(zone) = zone_name(run, object).await? else {
            return Ok(Some(None));
        };
        let name = whole(args::string(object, "name").unwrap_or_default(), &zone);
        let Some(mut record) = there(run, object, &name).await? else {
            return Ok(Some(None));
        };
        let kind = said(object, "type").unwrap_or_default().to_owned();
        if let Some(Json::Array(values)) = record.get_mut("ResourceRecords") {
            for value in values.iter_mut().filter(|_| is_text(&kind)) {
                let text = json::text_at(value, "Value").unwrap_or_default();
                let bare = text
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'));
                json::put(value, "Value", bare.unwrap_or(&text).into());
            }
        }
        if let Some(target) = json::text_at(&record, "AliasTarget.DNSName") {
            json::put(&mut record, "AliasTarget.DNSName", normal(&target).into());
        }
        for (block, argument, member) in SINGLE {
            let value = record
                .get(*member)
                .filter(|value| !value.is_null())
                .cloned();
            if let (Some(value), Some(place)) = (value, run.table.names.explicit(block).next()) {
                let mut made = json!({});
                json::put(&mut made, argument, value);
                json::put(&mut record, place, made);
            }
        }
        let step: Step = op("ListResourceRecordSets").at("ResourceRecordSets.0");
        let operation = run.operation("route53", "ListResourceRecordSets")?;
        let found = run.merged(&step, &operation, Some(record), object);
        Ok(Some(Some(args::with_all(
            &found,
            [
                ("fqdn", Value::string(name)),
                ("id", Value::string(id(object))),
            ],
        ))))
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let zone = zone_name(run, prior).await?.unwrap_or_default();
        let name = whole(args::string(planned, "name").unwrap_or_default(), &zone);
        let record = written(run, planned, &name)?;
        let policies = SINGLE.iter().map(|(block, _, _)| *block).chain([
            "geolocation_routing_policy",
            "geoproximity_routing_policy",
            "cidr_routing_policy",
            "multivalue_answer_routing_policy",
        ]);
        let policies = policies.filter(|name| {
            is_empty(&args::get(prior, name)) != is_empty(&args::get(planned, name))
        });
        // What tells records apart is another record; so is another way to choose among them.
        let other = ["type", "set_identifier"]
            .iter()
            .any(|name| !same_at(prior, planned, name));
        let mut changes = Vec::new();
        if (other || policies.count() > 0)
            && let Some(old) = there(run, prior, &name).await?
        {
            changes.push(json!({"Action": "DELETE", "ResourceRecordSet": old}));
            changes.push(json!({"Action": "CREATE", "ResourceRecordSet": record}));
        } else {
            changes.push(json!({"Action": "UPSERT", "ResourceRecordSet": record}));
        }
        change(run, planned, changes).await
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let Some(zone) = zone_name(run, object).await? else {
            return Ok(true);
        };
        let name = whole(args::string(object, "name").unwrap_or_default(), &zone);
        if let Some(record) = there(run, object, &name).await? {
            let changes = vec![json!({"Action": "DELETE", "ResourceRecordSet": record})];
            change(run, object, changes).await?;
        }
        Ok(true)
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        // Names hold underscores too: the last part that is a type is the type.
        let parts: Vec<&str> = id.split('_').collect();
        let at = parts.iter().rposition(|part| KINDS.contains(part))?;
        if at < 2 {
            return None;
        }
        let mut known = vec![
            ("zone_id", parts.first()?.to_string()),
            ("name", normal(&parts.get(1..at)?.join("_"))),
            ("type", parts.get(at)?.to_string()),
        ];
        let set = parts.get(at + 1..)?.join("_");
        if !set.is_empty() {
            known.push(("set_identifier", set));
        }
        Some(known)
    }
}

#[cfg(test)]
mod tests {
    use super::{Record, quoted, whole};
    use crate::table::Hooks as _;

    #[test]
    fn names_are_whole_and_text_is_quoted() {
        for (name, zone, expected) in [
            ("www", "example.com.", "www.example.com"),
            ("WWW.example.com.", "example.com.", "www.example.com"),
            ("", "example.com.", "example.com"),
            ("example.com", "example.com.", "example.com"),
            (
                "notexample.com",
                "example.com",
                "notexample.com.example.com",
            ),
        ] {
            assert_eq!(whole(name, zone), expected);
        }
        assert_eq!(quoted("v=1"), "\"v=1\"");
        assert_eq!(quoted("\"v=1\""), "\"v=1\"");
        let parts = |id| {
            Record
                .import(id)
                .map(|parts| parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>())
        };
        assert_eq!(
            parts("Z1__dmarc.a.com_TXT"),
            Some(vec!["Z1".into(), "_dmarc.a.com".into(), "TXT".into()])
        );
        assert_eq!(
            parts("Z1_a.com_A_blue_1").map(|parts| parts[3].clone()),
            Some("blue_1".to_owned())
        );
        assert_eq!(parts("Z1_a.com"), None);
    }
}
