//! Each change by itself.

use super::{Findings, Severity, name};
use crate::plan::{Action, ActionReason, DeferredChange, Plan, PlanMode, ResourceChange};
use std::collections::BTreeSet;
use terrane_model::addr::Mode;
use terrane_value::Value;

pub(super) fn check(plan: &Plan, found: &mut Findings) {
    for pair in plan.changes.windows(2) {
        let [one, next] = pair else { continue };
        let (left, right) = ((&one.addr, &one.deposed), (&next.addr, &next.deposed));
        if left == right {
            found.say(Severity::Dangerous, name(next), "is changed twice");
        } else if left > right {
            found.say(
                Severity::Wrong,
                name(next),
                "is not in the order of addresses",
            );
        }
    }
    for change in &plan.changes {
        values(change, found);
        kind(plan, change, found);
        reason(change, found);
        circumstances(plan, change, found);
    }
    deferred(plan, found);
}

/// What is put off is not done as well.
fn deferred(plan: &Plan, found: &mut Findings) {
    let place = |change: &ResourceChange| (change.addr.clone(), change.deposed.clone());
    let changed: BTreeSet<_> = plan.changes.iter().map(place).collect();
    let mut last = None;
    for DeferredChange { reason: _, change } in &plan.deferred {
        values(change, found);
        kind(plan, change, found);
        let at = place(change);
        if changed.contains(&at) {
            let problem = "is put off and changed all the same";
            found.say(Severity::Dangerous, name(change), problem);
        }
        if last.as_ref().is_some_and(|last| *last >= at) {
            let problem = "is not in the order of addresses, or put off twice";
            found.say(Severity::Wrong, name(change), problem);
        }
        last = Some(at);
    }
}

/// Whether there is an object before and after, as the action says.
fn values(change: &ResourceChange, found: &mut Findings) {
    let mut say = |problem: &str| found.say(Severity::Dangerous, name(change), problem);
    if !change.before.is_wholly_known() || !change.before_identity.is_wholly_known() {
        say("something that exists is not known");
    }
    for value in [&change.before, &change.after] {
        if holds_ephemeral(value) {
            say("holds a value that must not be stored");
        }
    }
    let (before, after) = (!change.before.is_null(), !change.after.is_null());
    let data = change.addr.resource.mode != Mode::Managed;
    let problem = match change.action {
        Action::Create if before => "is to be created but exists",
        Action::Create | Action::Read if !after => "is to be made but will be nothing",
        Action::Update if !before || !after => {
            "is to be updated but does not exist before and after"
        }
        Action::DeleteThenCreate | Action::CreateThenDelete | Action::ForgetThenCreate
            if !before || !after =>
        {
            "is to be replaced but does not exist before and after"
        }
        Action::Delete | Action::Forget if !before => "is to go but does not exist",
        Action::Delete | Action::Forget if after => "is to go but will exist",
        Action::NoOp if !data && change.before.unmark_deep() != change.after.unmark_deep() => {
            "is to stay but changes"
        }
        _ => "",
    };
    if !problem.is_empty() {
        say(problem);
    }
    if change.marks_only && !matches!(change.action, Action::Update | Action::NoOp) {
        say("is said to need no provider but does");
    }
    if change.marks_only && change.before.unmark_deep() != change.after.unmark_deep() {
        say("changes its value, which its provider would not be told");
    }
}

/// Whether any known part is ephemeral.
pub(super) fn holds_ephemeral(value: &Value) -> bool {
    if !value.contains_marks() {
        return false;
    }
    let (inner, marks) = value.unmark();
    let stored = inner.is_known() && !inner.is_null();
    (marks.is_ephemeral() && stored) || inner.children().iter().any(holds_ephemeral)
}

/// What may be done to what kind of object, in what kind of plan.
fn kind(plan: &Plan, change: &ResourceChange, found: &mut Findings) {
    let action = change.action;
    let mut say = |severity: Severity, problem: &str| found.say(severity, name(change), problem);
    match change.addr.resource.mode {
        Mode::Managed if action == Action::Read => {
            say(Severity::Wrong, "is a managed resource but to be read");
        }
        Mode::Data
            if !matches!(
                action,
                Action::NoOp | Action::Read | Action::Delete | Action::Forget
            ) =>
        {
            say(Severity::Dangerous, "is a data source but to be changed");
        }
        Mode::Ephemeral => say(Severity::Dangerous, "is ephemeral and can't be in a plan"),
        Mode::Action => say(Severity::Dangerous, "is an action and no object"),
        Mode::Managed | Mode::Data => {}
    }
    if change.deposed.is_some() && !matches!(action, Action::NoOp | Action::Delete | Action::Forget)
    {
        say(Severity::Dangerous, "is deposed but to be changed");
    }
    let fits = match plan.mode {
        PlanMode::Normal => true,
        PlanMode::RefreshOnly => matches!(action, Action::NoOp | Action::Read),
        PlanMode::Destroy => matches!(action, Action::NoOp | Action::Delete | Action::Forget),
    };
    if !fits {
        say(
            Severity::Dangerous,
            "is changed in a way that is not for this kind of plan",
        );
    }
}

fn reason(change: &ResourceChange, found: &mut Findings) {
    let action = change.action;
    let fits = match change.reason {
        None => true,
        Some(
            ActionReason::ReplaceBecauseCannotUpdate
            | ActionReason::ReplaceBecauseTainted
            | ActionReason::ReplaceByRequest
            | ActionReason::ReplaceByTriggers,
        ) => action.is_replace(),
        Some(
            ActionReason::DeleteBecauseNoResourceConfig
            | ActionReason::DeleteBecauseWrongRepetition
            | ActionReason::DeleteBecauseCountIndex
            | ActionReason::DeleteBecauseEnabledFalse
            | ActionReason::DeleteBecauseEachKey
            | ActionReason::DeleteBecauseNoModule
            | ActionReason::DeleteBecauseNoMoveTarget,
        ) => matches!(action, Action::Delete | Action::Forget | Action::NoOp),
        Some(
            ActionReason::ReadBecauseConfigUnknown
            | ActionReason::ReadBecauseDependencyPending
            | ActionReason::ReadBecauseCheckNested,
        ) => action == Action::Read,
    };
    let mut say = |problem: &str| found.say(Severity::Wrong, name(change), problem);
    if !fits {
        say("has a reason that is not one for its action");
    }
    if action.is_replace() && change.reason.is_none() && change.replace_paths.is_empty() {
        say("is to be replaced for no reason");
    }
    if change.reason == Some(ActionReason::ReplaceBecauseTainted) && !change.tainted {
        say("is to be replaced as tainted but is not");
    }
    if !change.replace_paths.is_empty() && !action.is_replace() {
        say("has attributes that force replacement but is not replaced");
    }
    for (at, path) in change.replace_paths.iter().enumerate() {
        if change
            .replace_paths
            .iter()
            .take(at)
            .any(|other| other == path)
        {
            say("names an attribute twice that forces replacement");
        }
    }
}

/// What is said beside the values.
fn circumstances(plan: &Plan, change: &ResourceChange, found: &mut Findings) {
    let mut say = |severity: Severity, problem: &str| found.say(severity, name(change), problem);
    if change.importing.is_some() && change.deposed.is_some() {
        say(Severity::Wrong, "is deposed but to be imported");
    }
    let unknown = change
        .importing
        .as_ref()
        .is_some_and(|importing| importing.unknown);
    if change.importing.is_some() && change.before.is_null() && !unknown {
        say(Severity::Wrong, "is to be imported but was not found");
    }
    // Their order is that of the texts where they are made here, and whatever a state of the peers says else.
    let unique: BTreeSet<_> = change.dependencies.iter().collect();
    if unique.len() != change.dependencies.len() {
        say(Severity::Wrong, "has a dependency twice");
    }
    let before_first = change.action == Action::CreateThenDelete;
    if before_first && !change.create_before_destroy {
        say(
            Severity::Dangerous,
            "is created before it is destroyed but is not said to be",
        );
    }
    if change.action == Action::DeleteThenCreate && change.create_before_destroy {
        say(
            Severity::Dangerous,
            "is destroyed before it is created but must not be",
        );
    }
    if change.action == Action::NoOp || change.stored.is_none() {
        return;
    }
    let previous = change.previous_addr.as_ref().unwrap_or(&change.addr);
    let read = &plan.base.read;
    if !read.contains_key(previous) && !read.contains_key(&change.addr) {
        say(
            Severity::Dangerous,
            "was stored but is not among what the plan was made from, so that nobody would notice if it has changed since",
        );
    }
}
