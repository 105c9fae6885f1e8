//! What this program can do about a plan: no argument is set or changed without a call that tells AWS, or an error that says so.

use crate::facts::{AttributeFacts, BlockFacts, TypeFacts};
use crate::read::is_empty;
use crate::run::{inputs, same_at};
use crate::same::same;
use crate::shape::Shapes;
use crate::table::{Step, Table, When};
use std::collections::BTreeSet;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::Schema;
use terrane_provider::args;
use terrane_provider::plan::{PlanRequest, PlanResponse};
use terrane_value::{Kind, Path, Value};

/// What every type has, and what is never sent by the rule.
const APART: &[&str] = &["id", "region", "tags", "tags_all", "timeouts"];

/// Arguments that are told to AWS.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// On creation.
    pub(crate) first: BTreeSet<String>,
    /// On a change in place.
    pub(crate) later: BTreeSet<String>,
}

/// The arguments of a type: what the configuration may set, and is not apart.
pub(crate) fn arguments<'a>(
    facts: &'a TypeFacts,
    schema: &'a Schema,
) -> impl Iterator<Item = &'a str> {
    let settable = |(_, about): &(&String, &AttributeFacts)| about.required || about.optional;
    let attributes = facts.block.attributes.iter().filter(settable);
    let blocks = facts.block.blocks.keys();
    attributes
        .map(|(name, _)| name)
        .chain(blocks)
        .map(String::as_str)
        .filter(|name| !APART.contains(name))
        .filter(|name| {
            schema.block.attributes.contains_key(*name) || schema.block.blocks.contains_key(*name)
        })
}

/// Which arguments a table sends. What is kept here only, and values that are never stored, count as sent: there is nobody to tell.
pub(crate) fn sent(table: &Table, facts: &TypeFacts, shapes: &dyn Shapes) -> Sent {
    let filled = |step: &Step| {
        let service = step.service.unwrap_or(table.service);
        let operation = shapes.operation(service, step.operation);
        operation
            .map(|operation| inputs(table, facts, step, &operation))
            .unwrap_or_default()
    };
    // What makes a call on a change: a change of something else that goes with it makes none.
    let made_for = |step: &Step| match &step.when {
        When::Any(names) => names.iter().map(|name| (*name).to_owned()).collect(),
        When::Set(name) | When::Unset(name) => vec![(*name).to_owned()],
        When::Changed => filled(step),
    };
    let all: Vec<&str> = match table.by_function.contains(&"*") {
        true => facts
            .block
            .attributes
            .keys()
            .chain(facts.block.blocks.keys())
            .map(String::as_str)
            .collect(),
        false => table.by_function.clone(),
    };
    let write_only = facts
        .block
        .attributes
        .iter()
        .filter(|(name, about)| about.write_only || name.ends_with("_wo_version"))
        .map(|(name, _)| name.as_str());
    let both: BTreeSet<String> = all
        .into_iter()
        .chain(table.local.iter().copied())
        .chain(write_only)
        .chain(table.members.iter().map(|members| members.attribute))
        .filter(|name| !table.unsupported.contains(name))
        .map(str::to_owned)
        .collect();
    let mut sent = Sent {
        first: both.clone(),
        later: both,
    };
    for step in table.create.iter().chain(&table.then) {
        sent.first.extend(filled(step));
        // Functions add to a call what the rule does not.
        sent.first.extend(made_for(step));
    }
    sent.first
        .extend(table.at_first.iter().map(|name| (*name).to_owned()));
    sent.later.extend(table.update.iter().flat_map(made_for));
    sent
}

/// Errors for what a plan says and nobody would do.
pub(crate) fn complaints(
    table: &Table,
    (facts, schema): (&TypeFacts, &Schema),
    shapes: &dyn Shapes,
    request: &PlanRequest,
    response: &PlanResponse,
) -> Vec<ProviderDiagnostic> {
    if response.planned == request.prior {
        return Vec::new();
    }
    let creates = request.creates() || !response.requires_replace.is_empty();
    let changed = |name: &str| {
        let sameness = facts
            .block
            .attributes
            .get(name)
            .map(AttributeFacts::sameness);
        !same_at(&request.prior, &response.planned, name)
            && !sameness.is_some_and(|sameness| {
                let of = |object| args::get(object, name);
                same(&of(&request.prior), &of(&response.planned), sameness)
            })
    };
    let mut out = Vec::new();
    for path in &table.unsupported {
        let name = path.split('.').next().unwrap_or(path);
        let written = is_written(&request.config, path) && !told(response, name);
        if written && (creates || changed(name)) || !creates && *path == name && changed(name) {
            out.push(not_supported(table, path).at(Path::new().attr(name)));
        }
    }
    let sent = sent(table, facts, shapes);
    for name in arguments(facts, schema) {
        if table.unsupported.contains(&name) {
            continue;
        }
        let path = Path::new().attr(name);
        if told(response, name) {
            continue;
        }
        if creates {
            let default = usual(&facts.block, name, &request.config);
            if !default && is_written(&request.config, name) && !sent.first.contains(name) {
                out.push(not_supported(table, name).at(path));
            }
            continue;
        }
        let decided = table.recomputed.iter().any(|(other, _)| *other == name)
            && !args::is_set(&request.config, name);
        if !decided && changed(name) && !sent.later.contains(name) {
            out.push(not_changeable(table, name).at(path));
        }
    }
    out
}

/// Whether the plan says already what is wrong with an argument.
fn told(response: &PlanResponse, name: &str) -> bool {
    let path = Path::new().attr(name);
    let mut told = response.diagnostics.iter();
    told.any(|one| one.is_error && one.attribute.as_ref() == Some(&path))
}

/// Whether the configuration has the default of an attribute: what is done anyway.
fn usual(facts: &BlockFacts, name: &str, config: &Value) -> bool {
    let value = args::get(config, name);
    let default = facts
        .attributes
        .get(name)
        .and_then(|about| about.default.as_ref());
    default.is_some_and(|default| {
        let decoded = terrane_value::json::decode(&default.to_string(), &value.ty());
        decoded.is_ok_and(|default| default == value)
    })
}

/// Whether the configuration says something at a path, through lists of blocks. What is not known yet may be something.
fn is_written(config: &Value, path: &str) -> bool {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let value = args::get(config, name);
    if !value.is_known() {
        return true;
    }
    match (rest, value.kind()) {
        (None, _) => !is_empty(&value),
        (Some(rest), Kind::List(_) | Kind::Set(_)) => {
            value.children().iter().any(|item| is_written(item, rest))
        }
        (Some(rest), Kind::Object(_)) => is_written(&value, rest),
        _ => false,
    }
}

fn not_supported(table: &Table, path: &str) -> ProviderDiagnostic {
    ProviderDiagnostic::error(
        "Argument is not supported yet",
        format!(
            "The AWS provider of this program does nothing with {path} of {} yet, so it does not take it. The plugin provider hashicorp/aws does: \
             docs/guide/aws.md says how to use it.",
            table.name
        ),
    )
}

fn not_changeable(table: &Table, name: &str) -> ProviderDiagnostic {
    ProviderDiagnostic::error(
        "Argument cannot be changed yet",
        format!(
            "The AWS provider of this program cannot change {name} of {} that exists already. `terrane apply -replace` makes a new one; the plugin provider \
             hashicorp/aws can change it in place: docs/guide/aws.md says how to use it.",
            table.name
        ),
    )
}
