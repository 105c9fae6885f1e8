//! The execution graph by itself: it refers to what exists, ends, and has exactly the steps that the changes need.

use super::{Findings, Severity, name};
use crate::action::{ActionCause, title};
use crate::exec::{Step, StepKind};
use crate::plan::{Action, Plan, PlanMode};

/// Whether the graph is sound enough for its order to be looked at.
pub(super) fn check(plan: &Plan, found: &mut Findings) -> bool {
    let before = found.violations.len();
    references(plan, found);
    if found.violations.len() > before {
        return false;
    }
    steps(plan, found);
    let steps = &plan.graph.steps;
    if sorted(steps).len() < steps.len() {
        let problem = "steps wait for each other in a circle";
        found.say(Severity::Dangerous, "", problem);
    }
    found.violations.len() == before
}

fn references(plan: &Plan, found: &mut Findings) {
    let steps = &plan.graph.steps;
    for (at, Step { kind, after }) in steps.iter().enumerate() {
        let subject = format!("step {at}");
        if !after.is_sorted_by(|a, b| a < b) {
            let problem = "waits for steps that are not sorted and unique";
            found.say(Severity::Wrong, &subject, problem);
        }
        let exists = |step: &crate::exec::StepId| {
            usize::try_from(step.0).is_ok_and(|step| step < steps.len() && step != at)
        };
        if !after.iter().all(exists) {
            let problem = "waits for itself or for a step that does not exist";
            found.say(Severity::Dangerous, &subject, problem);
        }
        let (of, there_are) = match kind {
            StepKind::Apply(of) | StepKind::Destroy(of) | StepKind::Forget(of) => {
                (of, plan.changes.len())
            }
            StepKind::Open(of) | StepKind::Close(of) => (of, plan.ephemerals.len()),
            StepKind::Invoke(of) => (of, plan.invocations.len()),
            StepKind::Join => continue,
        };
        if usize::try_from(*of).map_or(true, |of| of >= there_are) {
            let problem = "is of a change that does not exist";
            found.say(Severity::Dangerous, &subject, problem);
        }
    }
}

/// How many steps of each kind a change has, or should have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    apply: u32,
    destroy: u32,
    forget: u32,
}

impl Count {
    fn needed(action: Action) -> Self {
        let (apply, destroy, forget) = match action {
            Action::NoOp => (0, 0, 0),
            Action::Create | Action::Read | Action::Update => (1, 0, 0),
            Action::DeleteThenCreate | Action::CreateThenDelete => (1, 1, 0),
            Action::Delete => (0, 1, 0),
            Action::Forget => (0, 0, 1),
            Action::ForgetThenCreate => (1, 0, 1),
        };
        Self {
            apply,
            destroy,
            forget,
        }
    }
}

fn steps(plan: &Plan, found: &mut Findings) {
    let mut counts = vec![Count::default(); plan.changes.len()];
    for step in &plan.graph.steps {
        let (change, field): (u32, fn(&mut Count) -> &mut u32) = match step.kind {
            StepKind::Apply(change) => (change, |count| &mut count.apply),
            StepKind::Destroy(change) => (change, |count| &mut count.destroy),
            StepKind::Forget(change) => (change, |count| &mut count.forget),
            StepKind::Open(_) | StepKind::Close(_) | StepKind::Invoke(_) | StepKind::Join => {
                continue;
            }
        };
        let place = usize::try_from(change).unwrap_or(usize::MAX);
        if let Some(count) = counts.get_mut(place) {
            *field(count) += 1;
        }
    }
    leases(plan, found);
    invocations(plan, found);
    for (change, count) in plan.changes.iter().zip(counts) {
        if count != Count::needed(change.action) {
            let problem = format!(
                "has {} to apply, {} to destroy and {} to forget, which is not what its action needs",
                count.apply, count.destroy, count.forget
            );
            found.say(Severity::Dangerous, name(change), problem);
        }
    }
}

/// Each action is done once, before or after what triggers it.
fn invocations(plan: &Plan, found: &mut Findings) {
    let steps = &plan.graph.steps;
    let mut by_change = vec![None; plan.changes.len()];
    let mut by_invocation = vec![None; plan.invocations.len()];
    for (at, step) in (0u32..).zip(steps) {
        let (of, list) = match step.kind {
            StepKind::Apply(of) => (of, &mut by_change),
            StepKind::Invoke(of) => (of, &mut by_invocation),
            _ => continue,
        };
        let slot = usize::try_from(of).ok().and_then(|of| list.get_mut(of));
        let twice = slot.is_some_and(|slot| slot.replace(at).is_some());
        if twice && matches!(step.kind, StepKind::Invoke(_)) {
            let problem = "is done by more than one step";
            found.say(Severity::Dangerous, format!("step {at}"), problem);
        }
    }
    for (invocation, step) in plan.invocations.iter().zip(by_invocation) {
        let title = title(invocation);
        let Some(step) = step else {
            found.say(Severity::Dangerous, title, "is done by no step");
            continue;
        };
        let ActionCause::Lifecycle {
            resource, event, ..
        } = &invocation.cause
        else {
            continue;
        };
        let change = (plan.changes)
            .binary_search_by(|change| (&change.addr, &change.deposed).cmp(&(resource, &None)));
        let Some(apply) = change.ok().and_then(|change| by_change[change]) else {
            let problem = "belongs to an object that is neither made nor changed";
            found.say(Severity::Dangerous, title, problem);
            continue;
        };
        let (first, second) = match event.is_before() {
            true => (step, apply),
            false => (apply, step),
        };
        let waits = steps.get(second as usize).is_some_and(|step| {
            let first = crate::exec::StepId(first);
            step.after.binary_search(&first).is_ok()
        });
        if !waits {
            let problem = "may be done at another time than what triggers it";
            found.say(Severity::Dangerous, title, problem);
        }
    }
}

/// Each ephemeral instance is opened once and closed once, after whatever was begun because it was open: directly, or through joins.
fn leases(plan: &Plan, found: &mut Findings) {
    let steps = &plan.graph.steps;
    let mut open = vec![None; plan.ephemerals.len()];
    let mut close = vec![None; plan.ephemerals.len()];
    for (at, step) in steps.iter().enumerate() {
        let (of, list) = match step.kind {
            StepKind::Open(of) => (of, &mut open),
            StepKind::Close(of) => (of, &mut close),
            _ => continue,
        };
        let slot = usize::try_from(of).ok().and_then(|of| list.get_mut(of));
        if slot.is_some_and(|slot| slot.replace(at).is_some()) {
            let problem = "is opened or closed by more than one step";
            found.say(Severity::Dangerous, format!("step {at}"), problem);
        }
    }
    for (instance, lease) in plan.ephemerals.iter().zip(open.into_iter().zip(close)) {
        let (Some(open), Some(close)) = lease else {
            if plan.mode == PlanMode::Normal && !steps.is_empty() {
                found.say(
                    Severity::Dangerous,
                    &instance.addr,
                    "is not opened and closed",
                );
            }
            continue;
        };
        let waits = |step: usize, after: usize| {
            let after = u32::try_from(after).map(crate::exec::StepId);
            after.is_ok_and(|after| steps[step].after.binary_search(&after).is_ok())
        };
        if !waits(close, open) {
            found.say(
                Severity::Dangerous,
                &instance.addr,
                "may be closed before it is opened",
            );
        }
        let mut joins = vec![open];
        while let Some(behind) = joins.pop() {
            for (at, step) in steps.iter().enumerate() {
                if at == close || !waits(at, behind) {
                    continue;
                }
                match step.kind {
                    StepKind::Join => joins.push(at),
                    StepKind::Apply(_) | StepKind::Destroy(_) | StepKind::Forget(_)
                        if !waits(close, at) =>
                    {
                        let problem = format!("may be closed while step {at} needs it");
                        found.say(Severity::Dangerous, &instance.addr, problem);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Steps in an order in which each comes after those that it waits for; shorter than `steps` if there is a circle.
pub(super) fn sorted(steps: &[Step]) -> Vec<usize> {
    let mut waiting: Vec<usize> = steps.iter().map(|step| step.after.len()).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (at, step) in steps.iter().enumerate() {
        for after in &step.after {
            let place = usize::try_from(after.0).unwrap_or(usize::MAX);
            if let Some(list) = followers.get_mut(place) {
                list.push(at);
            }
        }
    }
    let free = waiting.iter().enumerate().filter(|(_, count)| **count == 0);
    let mut order: Vec<usize> = free.map(|(at, _)| at).collect();
    let mut next = 0;
    while let Some(done) = order.get(next).copied() {
        next += 1;
        for follower in &followers[done] {
            waiting[*follower] -= 1;
            if waiting[*follower] == 0 {
                order.push(*follower);
            }
        }
    }
    order
}
