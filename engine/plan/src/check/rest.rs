//! Outputs, drift, variables, moves and modules.

use super::changes::holds_ephemeral;
use super::{Findings, Severity};
use crate::plan::{Action, Plan};
use terrane_model::addr::ModuleInstance;

pub(super) fn check(plan: &Plan, found: &mut Findings) {
    outputs(plan, found);
    drift(plan, found);
    for (name, value) in &plan.variables {
        if holds_ephemeral(value) {
            let problem = "holds a value that must not be stored";
            found.say(Severity::Dangerous, format!("var.{name}"), problem);
        }
    }
    for (from, to) in &plan.moves {
        if from == to {
            found.say(Severity::Wrong, from, "is moved to itself");
        }
    }
    modules(plan, found);
}

fn outputs(plan: &Plan, found: &mut Findings) {
    if !plan.outputs.is_sorted_by(|a, b| a.name < b.name) {
        found.say(Severity::Wrong, "", "outputs are not sorted and unique");
    }
    for output in &plan.outputs {
        let subject = format!("output.{}", output.name);
        let mut say = |severity: Severity, problem: &str| found.say(severity, &subject, problem);
        if !output.before.is_wholly_known() {
            say(Severity::Wrong, "something that exists is not known");
        }
        let problem = match output.action {
            Action::Create if !output.before.is_null() => "is to be created but exists",
            Action::Delete if !output.after.is_null() => "is to go but will exist",
            Action::NoOp if output.before.unmark_deep() != output.after.unmark_deep() => {
                "is to stay but changes"
            }
            Action::NoOp | Action::Create | Action::Update | Action::Delete => "",
            _ => "has an action that is not one for outputs",
        };
        if !problem.is_empty() {
            say(Severity::Wrong, problem);
        }
        for value in [&output.before, &output.after] {
            if holds_ephemeral(value) {
                say(Severity::Dangerous, "holds a value that must not be stored");
            }
            // That is an error of the configuration too, so an errored plan may have it.
            let hidden = output.sensitive || plan.errored;
            if value.marks_deep().is_sensitive() && !hidden {
                say(
                    Severity::Dangerous,
                    "holds a sensitive value but is not sensitive",
                );
            }
        }
    }
}

fn drift(plan: &Plan, found: &mut Findings) {
    let order = |drift: &crate::plan::Drift| (drift.addr.clone(), drift.deposed.clone());
    if !plan.drift.is_sorted_by(|a, b| order(a) < order(b)) {
        found.say(Severity::Wrong, "", "drift is not sorted and unique");
    }
    for drift in &plan.drift {
        if !drift.before.is_wholly_known() || !drift.after.is_wholly_known() {
            let problem = "was read, but something of it is not known";
            found.say(Severity::Wrong, &drift.addr, problem);
        }
        if drift.after.is_null() && drift.refreshed.is_some() {
            let problem = "is gone, but would be recorded as existing";
            found.say(Severity::Dangerous, &drift.addr, problem);
        }
    }
    // What is recorded after refresh must be what the change starts from; a deleted object can't be changed any more.
    for drift in plan.drift.iter().filter(|drift| drift.after.is_null()) {
        let place = plan.changes.binary_search_by(|change| {
            (&change.addr, &change.deposed).cmp(&(&drift.addr, &drift.deposed))
        });
        let change = place.ok().and_then(|at| plan.changes.get(at));
        if change.is_some_and(|change| !change.before.is_null()) {
            let problem = "is gone, but the plan starts from it";
            found.say(Severity::Dangerous, &drift.addr, problem);
        }
    }
}

fn modules(plan: &Plan, found: &mut Findings) {
    let known = &plan.module_instances;
    let Some(first) = known.first() else {
        return;
    };
    if !first.is_root() {
        found.say(Severity::Wrong, "", "the root module is not the first one");
    }
    let mut seen: std::collections::BTreeSet<&ModuleInstance> = std::collections::BTreeSet::new();
    for module in known {
        let orphan = module
            .parent()
            .is_some_and(|parent| !seen.contains(&parent));
        if orphan {
            found.say(
                Severity::Wrong,
                module,
                "comes before the module that holds it",
            );
        }
        if !seen.insert(module) {
            found.say(Severity::Wrong, module, "is there twice");
        }
    }
}
