//! Databases of RDS: instances, clusters of Aurora, and the groups that they belong to.

use super::Family;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Phase, Step, Table};
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

mod cluster;
mod groups;
mod instance;
mod options;
mod others;
mod proxy;
mod shards;

pub(super) const TYPES: Family = &[
    ("aws_db_subnet_group", groups::subnet_group),
    ("aws_db_parameter_group", groups::parameter_group),
    (
        "aws_rds_cluster_parameter_group",
        groups::cluster_parameter_group,
    ),
    ("aws_db_option_group", options::option_group),
    ("aws_db_instance", instance::instance),
    ("aws_rds_cluster", cluster::cluster),
    ("aws_rds_cluster_instance", cluster::cluster_instance),
    ("aws_rds_cluster_endpoint", others::cluster_endpoint),
    ("aws_rds_global_cluster", others::global_cluster),
    (
        "aws_db_instance_role_association",
        others::instance_role_association,
    ),
    (
        "aws_rds_cluster_role_association",
        others::cluster_role_association,
    ),
    (
        "aws_db_instance_automated_backups_replication",
        others::automated_backups_replication,
    ),
    ("aws_db_event_subscription", others::event_subscription),
    ("aws_rds_shard_group", shards::group),
    ("aws_rds_cluster_activity_stream", shards::activity_stream),
    ("aws_db_proxy", proxy::proxy),
    ("aws_db_proxy_default_target_group", proxy::default_group),
    ("aws_db_proxy_target", proxy::target),
];

const CHANGES: &[Phase] = &[Phase::Create, Phase::Update, Phase::Delete];

/// Tags are found in the object, and changed by its ARN.
fn tagged(table: Table) -> Table {
    table.tag_calls(
        "",
        ("AddTagsToResource", "RemoveTagsFromResource"),
        "ResourceName",
        "{arn}",
    )
}

/// Tags are listed by the ARN.
fn tags_listed(table: Table) -> Table {
    table.tag_calls(
        "ListTagsForResource",
        ("AddTagsToResource", "RemoveTagsFromResource"),
        "ResourceName",
        "{arn}",
    )
}

/// What roles and networks that are not seen everywhere are refused with.
fn patient(table: Table, code: &'static str) -> Table {
    table
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidParameterValue",
            "IAM role ARN value is invalid or does not include the required permissions",
            120,
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidParameterValue",
            "ENHANCED_MONITORING",
            120,
        )
        .retry(&[Phase::Update, Phase::Delete], code, "", 1800)
}

/// `14` is `14.10` too: the version that was written stays, the one that runs is told beside it.
fn versions(object: &Value, prior: &Value) -> Vec<(&'static str, Value)> {
    let actual = args::get(object, "engine_version");
    let written = args::get(prior, "engine_version");
    let mut changes = vec![("engine_version_actual", actual.clone())];
    if let (Some(actual), Some(text)) = (actual.as_str(), written.as_str())
        && !text.is_empty()
        && (actual == text
            || actual
                .strip_prefix(text)
                .is_some_and(|rest| rest.starts_with(['.', '-', 'R'])))
    {
        changes.push(("engine_version", written));
    }
    changes
}

/// Windows are told in small letters: as they were written, where they are the same.
fn windows(object: &Value, prior: &Value, names: &[&'static str]) -> Vec<(&'static str, Value)> {
    let same = |name: &&&'static str| {
        let (found, before) = (args::get(object, name), args::get(prior, name));
        let (found, before) = (found.as_str(), before.as_str());
        matches!((found, before), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
    };
    let kept = names.iter().filter(same);
    kept.map(|name| (*name, args::get(prior, name))).collect()
}

/// The same in a plan.
fn same_windows(
    prior: &Value,
    response: &mut terrane_provider::plan::PlanResponse,
    names: &[&'static str],
) {
    if !prior.is_null() {
        let kept = windows(&response.planned, prior, names);
        response.planned = args::with_all(&response.planned, kept);
    }
}

/// Members of lists of objects, as a list of texts.
fn texts_of(found: &Json, list: &str, member: &str) -> Json {
    found
        .get(list)
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|item| item.get(member).cloned())
        .collect()
}

/// What goes to CloudWatch: what is switched on and what off.
fn exports(prior: &Value, planned: &Value) -> Option<Json> {
    let name = "enabled_cloudwatch_logs_exports";
    let of = |object: &Value| args::strings(object, name).unwrap_or_default();
    let (before, after) = (of(prior), of(planned));
    let without = |left: &[terrane_value::EcoString], right: &[terrane_value::EcoString]| {
        let rest = left.iter().filter(|text| !right.contains(text));
        rest.map(ToString::to_string).collect::<Vec<_>>()
    };
    let (on, off) = (without(&after, &before), without(&before, &after));
    (!on.is_empty() || !off.is_empty())
        .then(|| json!({"EnableLogTypes": on, "DisableLogTypes": off}))
}

/// What of a plan a creation does not take and a change does: the attributes that are set and go into the input of `change` only.
fn left_out(run: &Run<'_>, object: &Value, made_by: &Step, change: &Step) -> Answered<Vec<String>> {
    let operation = run.operation("rds", made_by.operation)?;
    let taken = run.inputs(made_by, &operation);
    let operation = run.operation("rds", change.operation)?;
    let mut left = run.inputs(change, &operation);
    left.retain(|name| !taken.contains(name) && !crate::read::is_empty(&args::get(object, name)));
    Ok(left)
}

/// Passwords that are never stored.
fn put_password(input: &mut Json, object: &Value, name: &str) {
    if let Some(text) = args::string(object, name).filter(|text| !text.is_empty()) {
        json::put(input, "MasterUserPassword", text.into());
    }
}

/// Whether an argument is known and says something.
fn is_set(object: &Value, name: &str) -> bool {
    let value = args::get(object, name);
    value.is_known() && !crate::read::is_empty(&value)
}

/// What instances and clusters do alike.
struct Alike {
    noun: &'static str,
    /// The call that changes one, and the member and the place of its id.
    modify: &'static str,
    id: (&'static str, &'static str),
    /// What can be changed.
    changed: &'static [&'static str],
    /// The password that is never stored, and what tells that it is another one.
    password: (&'static str, &'static str),
}

impl Alike {
    /// The change of what there is.
    fn change(&self) -> Step {
        crate::table::op(self.modify)
            .only(self.changed)
            .set(self.id.0, self.id.1)
    }

    /// What is made of something else takes some arguments later.
    async fn catch_up(&self, run: &Run<'_>, object: &Value, made_by: &Step) -> Answered<()> {
        let left = left_out(run, object, made_by, &self.change())?;
        let operation = run.operation("rds", self.modify)?;
        let kept: Vec<(&str, Value)> = self
            .changed
            .iter()
            .filter(|name| !left.iter().any(|other| other == *name))
            .map(|name| (*name, Value::null(args::get(object, name).ty())))
            .collect();
        let mut input = run.input(&self.change(), &operation, &args::with_all(object, kept));
        put_password(&mut input, object, self.password.0);
        // Of whom, and when: that is nothing to change.
        if input.as_object().map_or(0, serde_json::Map::len) <= 2 {
            return Ok(());
        }
        json::put(&mut input, "ApplyImmediately", true.into());
        run.ask(self.modify, input).await?;
        run.wait_for(Phase::Create, object).await
    }

    /// Changes what goes to CloudWatch, and the password that is never stored.
    async fn logs_and_password(
        &self,
        run: &Run<'_>,
        prior: &Value,
        planned: &Value,
    ) -> Answered<()> {
        let now = args::bool(planned, "apply_immediately") == Some(true);
        let mut input = json!({"ApplyImmediately": now});
        json::put(&mut input, self.id.0, run.text(self.id.1, prior).into());
        let logs = exports(prior, planned);
        let password = !same_at(prior, planned, self.password.1);
        if logs.is_none() && !password {
            return Ok(());
        }
        if let Some(logs) = logs {
            json::put(&mut input, "CloudwatchLogsExportConfiguration", logs);
        }
        if password {
            put_password(&mut input, planned, self.password.0);
        }
        run.ask(self.modify, input).await.map(drop)
    }

    /// A last snapshot has a name, or is not wanted.
    fn check_last_snapshot(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let skips = args::bool(object, "skip_final_snapshot") == Some(true);
        if skips || is_set(object, "final_snapshot_identifier") {
            return Ok(());
        }
        Err(Refusal::error(
            "No name for the last snapshot",
            format!(
                "{}: final_snapshot_identifier is required where skip_final_snapshot is false. Both have to be applied before the {} is deleted.",
                run.what(object),
                self.noun
            ),
        ))
    }
}

/// What the elements of a block are.
fn element(run: &Run<'_>, name: &str) -> Option<terrane_value::Type> {
    let nested = run.schema.block.blocks.get(name)?;
    Some(nested.block.implied_type().clone())
}
