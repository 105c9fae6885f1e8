//! Groups of options.

use super::{CHANGES, tags_listed, texts_of};
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) fn option_group() -> Table {
    tags_listed(Table::new("aws_db_option_group", "rds"))
        .noun("OptionGroup")
        .names(&[("option.version", "OptionVersion")])
        .local(&["name_prefix", "skip_destroy"])
        .by_function(&["option"])
        .create(op("CreateOptionGroup"))
        .id("{name}")
        .read(
            op("DescribeOptionGroups")
                .set("OptionGroupName", "{name}")
                .at("OptionGroupsList.0"),
        )
        .answer(|_, found| {
            let options = found.get_mut("Options").and_then(Json::as_array_mut);
            for option in options.into_iter().flatten() {
                settled(option);
            }
        })
        .delete(op("DeleteOptionGroup").set("OptionGroupName", "{name}"))
        .retry(&[Phase::Delete], "InvalidOptionGroupStateFault", "", 900)
        .retry(
            CHANGES,
            "InvalidParameterValue",
            "IAM role ARN value is invalid or does not include the required permissions",
            120,
        )
        .hooks(Options)
}

/// Of an option what somebody has set, and names in place of memberships.
fn settled(option: &mut Json) {
    for (list, member) in [
        ("DBSecurityGroupMemberships", "DBSecurityGroupName"),
        ("VpcSecurityGroupMemberships", "VpcSecurityGroupId"),
    ] {
        let names = texts_of(option, list, member);
        json::put(option, list, names);
    }
    if let Some(Json::Array(settings)) = option.get_mut("OptionSettings") {
        settings.retain(|setting| {
            let text = |member: &str| json::text_at(setting, member).unwrap_or_default();
            !text("Value").is_empty() && text("Value") != text("DefaultValue")
        });
    }
}

/// Options are included and removed by one call.
#[derive(Debug)]
struct Options;

fn names(object: &Value) -> Vec<String> {
    let options = args::get(object, "option");
    let name = |option: &Value| {
        args::string(option, "option_name")
            .unwrap_or_default()
            .to_owned()
    };
    options.children().iter().map(name).collect()
}

/// An option as a call takes it.
fn included(option: &Value) -> Json {
    let mut made = json!({});
    for (name, member) in [("option_name", "OptionName"), ("version", "OptionVersion")] {
        if let Some(text) = args::string(option, name).filter(|text| !text.is_empty()) {
            json::put(&mut made, member, text.into());
        }
    }
    if let Some(port) = args::int(option, "port").filter(|port| *port > 0) {
        json::put(&mut made, "Port", port.into());
    }
    for (name, member) in [
        (
            "db_security_group_memberships",
            "DBSecurityGroupMemberships",
        ),
        (
            "vpc_security_group_memberships",
            "VpcSecurityGroupMemberships",
        ),
    ] {
        let texts = args::strings(option, name).unwrap_or_default();
        if !texts.is_empty() {
            let texts: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
            json::put(&mut made, member, json!(texts));
        }
    }
    let settings = args::get(option, "option_settings");
    let settings: Vec<Json> = settings
        .children()
        .iter()
        .map(|setting| {
            let text = |name: &str| args::string(setting, name).unwrap_or_default().to_owned();
            json!({"Name": text("name"), "Value": text("value")})
        })
        .collect();
    if !settings.is_empty() {
        json::put(&mut made, "OptionSettings", Json::Array(settings));
    }
    made
}

async fn modify(run: &Run<'_>, object: &Value, gone: &[String]) -> Answered<()> {
    let options = args::get(object, "option");
    let all: Vec<Json> = options.children().iter().map(included).collect();
    if all.is_empty() && gone.is_empty() {
        return Ok(());
    }
    let mut input = json!({
        "OptionGroupName": run.text("{name}", object),
        "ApplyImmediately": true,
    });
    if !all.is_empty() {
        json::put(&mut input, "OptionsToInclude", Json::Array(all));
    }
    if !gone.is_empty() {
        json::put(&mut input, "OptionsToRemove", json!(gone));
    }
    run.ask("ModifyOptionGroup", input).await.map(drop)
}

#[async_trait]
impl Hooks for Options {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        modify(run, object, &[]).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if same_at(prior, planned, "option") {
            return Ok(());
        }
        let after = names(planned);
        let mut gone = names(prior);
        gone.retain(|name| !after.contains(name));
        modify(run, planned, &gone).await
    }

    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        // Settings and ports that are as they always are count where they were asked for.
        let before = args::get(prior, "option");
        let found = args::get(&object, "option");
        let options = raw.get("Options").and_then(Json::as_array);
        let full: Vec<&Json> = options.into_iter().flatten().collect();
        let same = |wanted: &Value| {
            let name = args::string(wanted, "option_name").unwrap_or_default();
            let has = |option: &&&Json| option["OptionName"] == name;
            full.iter()
                .find(has)
                .is_some_and(|option| agrees(wanted, option))
        };
        let kept = before.children().iter().all(same)
            && before.children().len() == found.children().len()
            && !before.children().is_empty();
        Ok(if kept {
            args::with(&object, "option", before)
        } else {
            object
        })
    }
}

/// Whether an option that was asked for is the one that is there.
fn agrees(wanted: &Value, option: &Json) -> bool {
    let made = included(wanted);
    let scalar = |member: &str| {
        made.get(member).is_none_or(|value| {
            option
                .get(member)
                .is_some_and(|found| json::text(found) == json::text(value))
        })
    };
    let settings = |value: &Json| -> Vec<(String, String)> {
        let list = value.get("OptionSettings").and_then(Json::as_array);
        let text = |item: &Json, name: &str| json::text_at(item, name).unwrap_or_default();
        let pairs = list.into_iter().flatten();
        let mut pairs: Vec<_> = pairs
            .map(|item| (text(item, "Name"), text(item, "Value")))
            .collect();
        pairs.sort();
        pairs
    };
    let (asked, there) = (settings(&made), settings(option));
    // What is there beside what was asked for has been set by somebody else.
    scalar("Port") && scalar("OptionVersion") && there.iter().all(|pair| asked.contains(pair))
}
