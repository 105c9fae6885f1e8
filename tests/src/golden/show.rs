//! Plans and states as text that is good to compare.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_model::schema::Block;
use terrane_model::snapshot::{CheckStatus, Snapshot, Status};
use terrane_plan::exec::{ExecGraph, StepKind};
use terrane_plan::plan::{Action, DeferredChange, Plan, ResourceChange};
use terrane_value::{Kind, Value, json};

/// What is planned: changes with their attributes, outputs, drift, moves, and what waits for what.
#[must_use]
pub fn describe_plan(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for change in &plan.changes {
        let quiet = change.previous_addr.is_none() && change.importing.is_none();
        if change.action == Action::NoOp && quiet {
            continue;
        }
        describe_change(change, &mut lines);
    }
    for DeferredChange { reason, change } in &plan.deferred {
        lines.push(format!("deferred because {reason:?}:"));
        describe_change(change, &mut lines);
    }
    for drift in &plan.drift {
        lines.push(format!(
            "drift {}",
            name(&drift.addr.to_string(), drift.deposed.is_some())
        ));
        differences(&drift.before, &drift.after, &mut lines);
    }
    for (from, to) in &plan.moves {
        lines.push(format!("move {from} -> {to}"));
    }
    for output in plan
        .outputs
        .iter()
        .filter(|output| output.action != Action::NoOp)
    {
        let hidden = |value: &Value| {
            if output.sensitive && !value.is_null() {
                "(sensitive)".to_owned()
            } else {
                leaf(value)
            }
        };
        let (before, after) = (hidden(&output.before), hidden(&output.after));
        lines.push(format!(
            "output {} {:?}: {before} => {after}",
            output.name, output.action
        ));
    }
    for check in plan
        .checks
        .iter()
        .filter(|check| check.status != CheckStatus::Pass)
    {
        lines.push(format!("check {}: {:?}", check.config_addr, check.status));
    }
    lines.extend(order(plan));
    if plan.errored {
        lines.push("errored".to_owned());
    }
    if lines.is_empty() {
        lines.push(
            if plan.is_empty() {
                "nothing to do"
            } else {
                "not empty"
            }
            .to_owned(),
        );
    }
    lines.join("\n")
}

fn describe_change(change: &ResourceChange, lines: &mut Vec<String>) {
    let mut line = format!(
        "{:?} {}",
        change.action,
        name(&change.addr.to_string(), change.deposed.is_some())
    );
    if let Some(previous) = &change.previous_addr {
        line.extend([format!(" (was {previous})")]);
    }
    if let Some(reason) = change.reason {
        line.extend([format!(" because {reason:?}")]);
    }
    if !change.replace_paths.is_empty() {
        let paths: Vec<String> = change
            .replace_paths
            .iter()
            .map(ToString::to_string)
            .collect();
        line.extend([format!(" [{}]", paths.join(", "))]);
    }
    if change.importing.is_some() {
        line.push_str(" (import)");
    }
    if change.marks_only {
        line.push_str(" (only marks)");
    }
    lines.push(line);
    if !matches!(change.action, Action::Delete | Action::Forget) {
        differences(&change.before, &change.after, lines);
    }
}

fn name(addr: &str, deposed: bool) -> String {
    if deposed {
        format!("{addr} (deposed)")
    } else {
        addr.to_owned()
    }
}

/// Attributes that differ.
fn differences(before: &Value, after: &Value, lines: &mut Vec<String>) {
    let names: BTreeSet<String> = attributes(before)
        .into_keys()
        .chain(attributes(after).into_keys())
        .collect();
    let (before, after) = (attributes(before), attributes(after));
    let nothing = Value::NULL;
    for name in names {
        let (old, new) = (
            before.get(&name).unwrap_or(&nothing),
            after.get(&name).unwrap_or(&nothing),
        );
        let (old_text, new_text) = (leaf(old), leaf(new));
        if old_text != new_text || old != new {
            lines.push(format!("    {name}: {old_text} => {new_text}"));
        }
    }
}

fn attributes(value: &Value) -> BTreeMap<String, Value> {
    match value.unmarked().kind() {
        Kind::Object(object) => object
            .iter()
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect(),
        _ => BTreeMap::new(),
    }
}

/// A value in one line.
fn leaf(value: &Value) -> String {
    let marks = value.marks();
    if marks.is_sensitive() {
        return "(sensitive)".to_owned();
    }
    let items = |items: &[Value]| items.iter().map(leaf).collect::<Vec<_>>().join(", ");
    match value.unmarked().kind() {
        Kind::Unknown(..) => "(unknown)".to_owned(),
        Kind::Null(_) => "null".to_owned(),
        Kind::List(list) | Kind::Set(list) | Kind::Tuple(list) => format!("[{}]", items(list)),
        Kind::Map(map) => fields(map.iter().map(|(name, value)| (name.as_str(), value))),
        Kind::Object(object) => fields(object.iter().map(|(name, value)| (name.as_str(), value))),
        _ => json::encode_plain(&value.unmark_deep()).unwrap_or_default(),
    }
}

fn fields<'a>(entries: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let entries: Vec<String> = entries
        .map(|(name, value)| format!("{name}={}", leaf(value)))
        .collect();
    format!("{{{}}}", entries.join(" "))
}

/// Every step with those that it waits for directly; joins are seen through, and what is implied by others is left out.
fn order(plan: &Plan) -> Vec<String> {
    let graph = &plan.graph;
    let label = |kind: StepKind| {
        let (verb, at) = match kind {
            StepKind::Apply(at) => ("apply", at),
            StepKind::Destroy(at) => ("destroy", at),
            StepKind::Forget(at) => ("forget", at),
            StepKind::Open(at) | StepKind::Close(at) => {
                let verb = if kind == StepKind::Open(at) {
                    "open"
                } else {
                    "close"
                };
                return Some(format!("{verb} {}", plan.ephemerals[at as usize].addr));
            }
            StepKind::Invoke(at) => {
                let invocation = &plan.invocations[at as usize];
                return Some(format!(
                    "invoke {}",
                    terrane_plan::action::title(invocation)
                ));
            }
            StepKind::Join => return None,
        };
        let change = &plan.changes[at as usize];
        Some(format!(
            "{verb} {}",
            name(&change.addr.to_string(), change.deposed.is_some())
        ))
    };
    let reach = Reach::new(graph);
    let mut lines = Vec::new();
    for (at, step) in graph.steps.iter().enumerate() {
        let Some(own) = label(step.kind) else {
            continue;
        };
        let all = reach.real(at);
        let direct = all.iter().filter(|one| {
            !all.iter()
                .any(|other| other != *one && reach.of(*other).contains(one))
        });
        let mut after: Vec<String> = direct
            .filter_map(|at| label(graph.steps[*at].kind))
            .collect();
        after.sort_unstable();
        lines.push(if after.is_empty() {
            format!("  {own}")
        } else {
            format!("  {own} after {}", after.join(", "))
        });
    }
    lines.sort_unstable();
    if !lines.is_empty() {
        lines.insert(0, "order:".to_owned());
    }
    lines
}

/// What each step waits for, at any distance.
struct Reach<'a> {
    graph: &'a ExecGraph,
    sets: Vec<BTreeSet<usize>>,
}

impl<'a> Reach<'a> {
    fn new(graph: &'a ExecGraph) -> Self {
        let mut sets: Vec<Option<BTreeSet<usize>>> = vec![None; graph.steps.len()];
        let mut open: Vec<usize> = (0..graph.steps.len()).collect();
        while let Some(at) = open.pop() {
            if sets[at].is_some() {
                continue;
            }
            let after = graph.steps[at].after.iter().map(|step| step.0 as usize);
            let missing: Vec<usize> = after.clone().filter(|step| sets[*step].is_none()).collect();
            if !missing.is_empty() {
                open.push(at);
                open.extend(missing);
                continue;
            }
            let mut set = BTreeSet::new();
            for step in after {
                set.insert(step);
                set.extend(sets[step].iter().flatten().copied());
            }
            sets[at] = Some(set);
        }
        Self {
            graph,
            sets: sets.into_iter().map(Option::unwrap_or_default).collect(),
        }
    }

    fn of(&self, at: usize) -> &BTreeSet<usize> {
        &self.sets[at]
    }

    /// Without joins.
    fn real(&self, at: usize) -> Vec<usize> {
        self.sets[at]
            .iter()
            .copied()
            .filter(|step| self.graph.steps[*step].kind != StepKind::Join)
            .collect()
    }
}

/// What state holds. Ids of the world are replaced by the addresses of their objects.
#[must_use]
pub fn describe_state(
    snapshot: &Snapshot,
    schema: &dyn Fn(&str, bool) -> Option<Arc<Block>>,
) -> String {
    let mut names: Vec<(String, String)> = Vec::new();
    let mut lines = Vec::new();
    for (addr, _, instance) in snapshot.instances() {
        let objects = instance
            .current
            .iter()
            .map(|object| (false, object))
            .chain(instance.deposed.values().map(|object| (true, object)));
        for (deposed, object) in objects {
            let data = addr.resource.mode == terrane_model::addr::Mode::Data;
            let mut line = name(&addr.to_string(), deposed);
            if object.status == Status::Tainted {
                line.push_str(" (tainted)");
            }
            if object.create_before_destroy {
                line.push_str(" (create before destroy)");
            }
            let dependencies: Vec<String> = object
                .dependencies
                .iter()
                .map(ToString::to_string)
                .collect();
            if !dependencies.is_empty() {
                line.extend([format!(" depends on {}", dependencies.join(", "))]);
            }
            lines.push(line);
            let value = schema(&addr.resource.type_name, data).and_then(|block| {
                terrane_plan::stored::decode(&object.attributes, block.implied_type()).ok()
            });
            let Some(value) = value else {
                lines.push(format!("    {}", object.attributes));
                continue;
            };
            if let Some(id) = value.get("id").and_then(Value::as_str)
                && !data
            {
                names.push((
                    id.to_owned(),
                    format!("<{}>", name(&addr.to_string(), deposed)),
                ));
            }
            let shown = attributes(&value)
                .into_iter()
                .filter(|(name, value)| !boring(name, value));
            lines.extend(shown.map(|(name, value)| format!("    {name} = {}", leaf(&value))));
            for path in &object.sensitive {
                lines.push(format!("    sensitive: {path}"));
            }
        }
    }
    for (name, output) in &snapshot.outputs {
        lines.push(format!(
            "output {name} = {}{}",
            leaf(&output.value),
            if output.sensitive { " (sensitive)" } else { "" }
        ));
    }
    let checks = snapshot.checks.iter();
    for check in checks.filter(|check| check.status != CheckStatus::Pass) {
        lines.push(format!("check {}: {:?}", check.config_addr, check.status));
    }
    for intent in snapshot.open.values() {
        lines.push(format!(
            "open: {:?} {}",
            intent.operation,
            name(
                &intent.object.instance.to_string(),
                intent.object.deposed.is_some()
            )
        ));
    }
    let mut text = lines.join("\n");
    for (id, name) in names {
        text = text.replace(&format!("\"{id}\""), &name);
    }
    text
}

/// What the cloud makes up, and what is empty.
fn boring(name: &str, value: &Value) -> bool {
    matches!(name, "ip_address" | "serial")
        || value.is_null()
        || (value.is_known()
            && matches!(
                value.unmarked().kind(),
                Kind::List([]) | Kind::Set([]) | Kind::Tuple([])
            ))
        || matches!(value.kind(), Kind::Map(map) if map.is_empty())
}
