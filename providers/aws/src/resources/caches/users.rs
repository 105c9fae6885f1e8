//! Users, groups of them, and who is in a group.

use super::{in_small_letters, of_caches};
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) fn user() -> Table {
    of_caches("aws_elasticache_user")
        .names(&[
            ("arn", "ARN"),
            ("authentication_mode", "AuthenticationMode"),
            ("authentication_mode", "Authentication"),
            ("passwords_wo", "Passwords"),
        ])
        .local(&["passwords_wo_version"])
        .create(op("CreateUser"))
        .id("{user_id}")
        .read(op("DescribeUsers").set("UserId", "{user_id}").at("Users.0"))
        .answer(|_, found| {
            // The service's word for it is another one than that of its calls.
            if json::text_at(found, "Authentication.Type").as_deref() == Some("no-password") {
                json::put(found, "Authentication.Type", "no-password-required".into());
            }
        })
        .update(op("ModifyUser").partial())
        .delete(op("DeleteUser").set("UserId", "{user_id}"))
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["active"],
            &["creating", "modifying"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
        .planned(|_, _, response| in_small_letters(response, &["user_id"]))
}

pub(super) fn user_group() -> Table {
    of_caches("aws_elasticache_user_group")
        .names(&[("arn", "ARN")])
        .create(op("CreateUserGroup"))
        .id("{user_group_id}")
        .read(
            op("DescribeUserGroups")
                .set("UserGroupId", "{user_group_id}")
                .at("UserGroups.0"),
        )
        .update(
            op("ModifyUserGroup")
                .bare()
                .set("UserGroupId", "{user_group_id}")
                .set("Engine", "{engine}"),
        )
        .by_function(&["user_ids"])
        .delete(op("DeleteUserGroup").set("UserGroupId", "{user_group_id}"))
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["active"],
            &["creating", "modifying"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
        .retry(
            &[Phase::Update, Phase::Delete],
            "InvalidUserGroupState",
            "",
            300,
        )
        .planned(|_, _, response| in_small_letters(response, &["user_group_id"]))
        .hooks(Members)
}

/// Members are added and removed by one call, which has to have some of either.
#[derive(Debug)]
struct Members;

#[async_trait]
impl Hooks for Members {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let of = |object: &Value| args::strings(object, "user_ids").unwrap_or_default();
        let (before, after) = (of(prior), of(planned));
        let mut input = json!({"UserGroupId": run.text("{user_group_id}", prior)});
        let mut changes = false;
        for (member, left, right) in [
            ("UserIdsToAdd", &after, &before),
            ("UserIdsToRemove", &before, &after),
        ] {
            let rest = left.iter().filter(|id| !right.contains(id));
            let ids: Vec<&str> = rest.map(|id| id.as_str()).collect();
            if !ids.is_empty() {
                changes = true;
                json::put(&mut input, member, json!(ids));
            }
        }
        if !changes {
            return Ok(());
        }
        run.wait_for(Phase::Update, prior).await?;
        run.ask("ModifyUserGroup", input).await.map(drop)
    }
}

pub(super) fn association() -> Table {
    let modify = |member: &'static str| {
        op("ModifyUserGroup")
            .bare()
            .set("UserGroupId", "{user_group_id}")
            .set(member, "{user_id}")
    };
    Table::new("aws_elasticache_user_group_association", "elasticache")
        .create(modify("UserIdsToAdd"))
        .id("{user_group_id},{user_id}")
        .local(&["user_group_id", "user_id"])
        .read(
            op("DescribeUserGroups")
                .set("UserGroupId", "{user_group_id}")
                .at("UserGroups.0"),
        )
        .delete(
            modify("UserIdsToRemove").none_when(&["UserNotFound", "InvalidParameterCombination"]),
        )
        .wait(&[Phase::Create], "Status", &["active"], &["modifying"])
        .retry(
            &[Phase::Create, Phase::Delete],
            "InvalidUserGroupState",
            "",
            600,
        )
        .hooks(Member)
}

/// One member of a group: who is not listed there is gone.
#[derive(Debug)]
struct Member;

#[async_trait]
impl Hooks for Member {
    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let Some((group, _)) = run.raw(object).await? else {
            return Ok(Some(None));
        };
        let user = run.text("{user_id}", object);
        let ids = group.get("UserIds").and_then(Json::as_array);
        let is_there = ids.into_iter().flatten().any(|id| *id == *user);
        Ok(Some(is_there.then(|| object.clone())))
    }
}
