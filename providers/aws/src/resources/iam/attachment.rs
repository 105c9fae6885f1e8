//! A policy with all that it is attached to.

use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

/// Of whom: the attribute, its list in the answer, its member, and what attaches and detaches.
const KINDS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "groups",
        "PolicyGroups",
        "GroupName",
        "AttachGroupPolicy",
        "DetachGroupPolicy",
    ),
    (
        "roles",
        "PolicyRoles",
        "RoleName",
        "AttachRolePolicy",
        "DetachRolePolicy",
    ),
    (
        "users",
        "PolicyUsers",
        "UserName",
        "AttachUserPolicy",
        "DetachUserPolicy",
    ),
];

pub(super) fn policy_attachment() -> Table {
    Table::new("aws_iam_policy_attachment", "iam")
        .by_function(&["groups", "name", "policy_arn", "roles", "users"])
        .id("{name}")
        .read(op("ListEntitiesForPolicy").set("PolicyArn", "{policy_arn}"))
        .answer(|_, found| {
            let mut some = false;
            for (name, list, member, ..) in KINDS {
                let all = found.get(*list).and_then(Json::as_array);
                let names = all
                    .into_iter()
                    .flatten()
                    .filter_map(|one| one.get(*member).cloned());
                let names: Vec<Json> = names.collect();
                some = some || !names.is_empty();
                json::put(found, name, Json::Array(names));
            }
            json::put(found, "(attached)", some.into());
        })
        .gone_when("(attached)", &["false"])
        .not_found(&["NoSuchEntity"])
        .hooks(Attachment)
}

#[derive(Debug)]
struct Attachment;

/// Attaches and detaches what makes one out of the other.
async fn turn(run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
    let policy = match prior.is_null() {
        true => run.text("{policy_arn}", planned),
        false => run.text("{policy_arn}", prior),
    };
    for (name, _, member, attach, detach) in KINDS {
        let of = |object: &Value| args::strings(object, name).unwrap_or_default();
        let (before, after) = (of(prior), of(planned));
        for (operation, of, but) in [(detach, &before, &after), (attach, &after, &before)] {
            for one in of.iter().filter(|one| !but.contains(one)) {
                let mut input = json!({"PolicyArn": policy});
                json::put(&mut input, member, one.as_str().into());
                let gone: &[&str] = if operation == detach {
                    &["NoSuchEntity"]
                } else {
                    &[]
                };
                run.ask_unless(operation, input, gone).await?;
            }
        }
    }
    Ok(())
}

#[async_trait]
impl Hooks for Attachment {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        Ok(Some((run.text("{name}", planned), planned.clone())))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        turn(run, &Value::NULL, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        turn(run, prior, planned).await
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        turn(run, object, &Value::NULL).await?;
        Ok(true)
    }
}
