//! The order of steps (DESIGN.md I6, `opentofu.md` 5.5).
//!
//! Notation: `X` is the step that makes or updates an object, `X_d` the one that destroys it.
//!
//! 1. A replacement destroys, then makes; with create-before-destroy it makes, then destroys.
//! 2. `C` comes after `R` if `C` depends on `R` and `R` has one instance. (Which of several instances `C` really needs can't be told from the plan.)
//! 3. `R_d` comes after `D_d` if `D` depended on `R` when it was last applied.
//! 4. If `C` depended on `R`: `C` comes after `R_d`; but where `R` is made before it is destroyed, `R_d` comes after `C`.
//! 5. What depends on something that is made before it is destroyed… is not asked; but what something that is made before it is destroyed depends
//!    on must be so as well.
//!
//! Dependencies between different instances of one module do not count.

use super::{Findings, Severity, name};
use crate::exec::{Step, StepKind};
use crate::plan::{Action, Plan, ResourceChange};
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::{ConfigResource, ModuleInstance, ResourceAddr};

/// So many steps are looked at for the order of one plan; beyond that, what is left is not looked at.
const MOST_VISITS: usize = 50_000_000;
/// Of relations between many and many, so many of each side are looked at.
const SAMPLE: usize = 64;

/// The steps of one change.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    apply: Option<usize>,
    destroy: Option<usize>,
    forget: Option<usize>,
}

pub(super) fn check(plan: &Plan, found: &mut Findings) {
    let steps = &plan.graph.steps;
    let mut own = vec![Own::default(); plan.changes.len()];
    for (at, step) in steps.iter().enumerate() {
        let (change, field): (u32, fn(&mut Own) -> &mut Option<usize>) = match step.kind {
            StepKind::Apply(change) => (change, |own| &mut own.apply),
            StepKind::Destroy(change) => (change, |own| &mut own.destroy),
            StepKind::Forget(change) => (change, |own| &mut own.forget),
            StepKind::Open(_) | StepKind::Close(_) | StepKind::Invoke(_) | StepKind::Join => {
                continue;
            }
        };
        let place = usize::try_from(change).unwrap_or(usize::MAX);
        if let Some(own) = own.get_mut(place) {
            *field(own) = Some(at);
        }
    }
    let mut by_config: BTreeMap<ConfigResource, Vec<usize>> = BTreeMap::new();
    for (at, change) in plan.changes.iter().enumerate() {
        let list = by_config.entry(change.addr.resource.config()).or_default();
        list.push(at);
    }
    let mut by_resource: BTreeMap<ResourceAddr, Vec<usize>> = BTreeMap::new();
    for (at, change) in plan.changes.iter().enumerate() {
        let list = by_resource.entry(change.addr.resource.clone());
        list.or_default().push(at);
    }
    let mut checker = Checker {
        plan,
        own,
        by_resource,
        by_config,
        ancestors: Ancestors::new(steps),
        found,
    };
    for at in 0..plan.changes.len() {
        checker.replacement(at);
        checker.before_use(at);
        checker.destruction(at);
        checker.spreading(at);
    }
    if checker.ancestors.visits > MOST_VISITS {
        let problem = "is too large for its order to be checked as a whole";
        checker.found.say(Severity::Note, "", problem);
    }
}

struct Checker<'a> {
    plan: &'a Plan,
    own: Vec<Own>,
    by_resource: BTreeMap<ResourceAddr, Vec<usize>>,
    by_config: BTreeMap<ConfigResource, Vec<usize>>,
    ancestors: Ancestors<'a>,
    found: &'a mut Findings,
}

impl<'a> Checker<'a> {
    fn change(&self, at: usize) -> &'a ResourceChange {
        &self.plan.changes[at]
    }

    /// Says so if `later` does not come after `earlier`. Both are steps.
    fn demand(
        &mut self,
        (later, later_name): (Option<usize>, &str),
        (earlier, earlier_name): (Option<usize>, &str),
        (one, other): (usize, usize),
    ) {
        let (Some(later), Some(earlier)) = (later, earlier) else {
            return;
        };
        if self.ancestors.comes_after(later, earlier) {
            return;
        }
        let problem = format!(
            "is {later_name} without waiting until {} is {earlier_name}",
            name(self.change(other))
        );
        let subject = name(self.change(one));
        self.found.say(Severity::Dangerous, subject, problem);
    }

    /// Rule 1.
    fn replacement(&mut self, at: usize) {
        let Own {
            apply,
            destroy,
            forget,
        } = self.own[at];
        match self.change(at).action {
            Action::DeleteThenCreate => {
                self.demand((apply, "made"), (destroy, "destroyed"), (at, at));
            }
            Action::CreateThenDelete => {
                self.demand((destroy, "destroyed"), (apply, "made"), (at, at));
            }
            Action::ForgetThenCreate => {
                self.demand((apply, "made"), (forget, "forgotten"), (at, at));
            }
            _ => {}
        }
    }

    /// Changes that a dependency of this one means; of many, a sample. The second value says whether these are all.
    ///
    /// A dependency in the module of the object, or in one around it, means the resource of that very module instance, which is looked up; so the work
    /// does not grow with the number of module instances.
    fn targets(&self, at: usize, dependency: &ConfigResource) -> (Vec<usize>, bool) {
        let here = &self.change(at).addr.resource;
        let names = dependency.module.0.iter();
        let steps = here.module.0.iter();
        let around = dependency.module.0.len() <= here.module.0.len()
            && steps
                .clone()
                .zip(names)
                .all(|(step, name)| step.name == *name);
        let all: &[usize] = if around {
            let module = ModuleInstance(steps.take(dependency.module.0.len()).cloned().collect());
            let ConfigResource {
                module: _,
                mode,
                type_name,
                name,
            } = dependency.clone();
            let resource = ResourceAddr {
                module,
                mode,
                type_name,
                name,
            };
            if resource == *here {
                return (Vec::new(), true);
            }
            self.by_resource.get(&resource).map_or(&[], Vec::as_slice)
        } else {
            self.by_config.get(dependency).map_or(&[], Vec::as_slice)
        };
        let stride = all.len().div_ceil(SAMPLE).max(1);
        let mut targets: Vec<usize> = all.iter().step_by(stride).copied().collect();
        targets.retain(|target| {
            let there = &self.change(*target).addr.resource;
            *target != at && related(&here.module, &there.module)
        });
        (targets, stride == 1)
    }

    /// Rule 2.
    fn before_use(&mut self, at: usize) {
        let change = self.change(at);
        if self.own[at].apply.is_none() || change.deposed.is_some() {
            return;
        }
        for dependency in change.dependencies.iter() {
            let (mut targets, all) = self.targets(at, dependency);
            targets.retain(|target| self.change(*target).deposed.is_none());
            if let ([target], true) = (targets.as_slice(), all) {
                let target = *target;
                let (later, earlier) = (self.own[at].apply, self.own[target].apply);
                self.demand((later, "made"), (earlier, "made"), (at, target));
            }
        }
    }

    /// Rules 3 and 4.
    fn destruction(&mut self, at: usize) {
        let change = self.change(at);
        let own = self.own[at];
        if own.destroy.is_none() && own.apply.is_none() {
            return;
        }
        for dependency in stored_dependencies(change).iter() {
            for target in self.targets(at, dependency).0 {
                let there = self.change(target);
                let gone = self.own[target].destroy;
                self.demand(
                    (gone, "destroyed"),
                    (own.destroy, "destroyed"),
                    (target, at),
                );
                if change.deposed.is_some() {
                    continue;
                }
                if made_first(there) {
                    self.demand((gone, "destroyed"), (own.apply, "made"), (target, at));
                } else if !made_first(change) {
                    self.demand((own.apply, "made"), (gone, "destroyed"), (at, target));
                }
            }
        }
    }

    /// Rule 5.
    fn spreading(&mut self, at: usize) {
        let change = self.change(at);
        if change.action != Action::CreateThenDelete {
            return;
        }
        for dependency in change.dependencies.iter() {
            for target in self.targets(at, dependency).0 {
                if self.change(target).action == Action::DeleteThenCreate {
                    let problem = format!(
                        "is destroyed before it is made, but {} depends on it and is made before it is destroyed",
                        name(change)
                    );
                    let subject = name(self.change(target));
                    self.found.say(Severity::Dangerous, subject, problem);
                }
            }
        }
    }
}

/// Whether the old object of a change goes last.
fn made_first(change: &ResourceChange) -> bool {
    match change.action {
        Action::CreateThenDelete => true,
        Action::DeleteThenCreate => false,
        // A deposed object is one whose replacement is there already.
        _ => change.create_before_destroy || change.deposed.is_some(),
    }
}

/// What an object depended on when it was last applied.
fn stored_dependencies(change: &ResourceChange) -> Arc<[ConfigResource]> {
    match &change.stored {
        Some(stored) => stored.dependencies.clone(),
        None if change.before.is_null() => Arc::new([]),
        None => change.dependencies.clone(),
    }
}

/// Whether objects of these module instances can depend on each other: not if they are in different instances of one module.
fn related(one: &ModuleInstance, other: &ModuleInstance) -> bool {
    let mut pairs = one.0.iter().zip(other.0.iter());
    let parting = pairs.find(|(left, right)| left != right);
    parting.is_none_or(|(left, right)| left.name != right.name)
}

/// Answers which steps come before which.
struct Ancestors<'a> {
    steps: &'a [Step],
    /// The place of each step in an order that the graph allows.
    rank: Vec<usize>,
    /// The round in which a step was last seen.
    seen: Vec<u32>,
    round: u32,
    visits: usize,
    stack: Vec<usize>,
}

impl<'a> Ancestors<'a> {
    fn new(steps: &'a [Step]) -> Self {
        let mut rank = vec![0; steps.len()];
        for (place, step) in super::graph::sorted(steps).into_iter().enumerate() {
            rank[step] = place;
        }
        Self {
            steps,
            rank,
            seen: vec![0; steps.len()],
            round: 0,
            visits: 0,
            stack: Vec::new(),
        }
    }

    /// Walks back from `later`, never beyond the rank of `earlier`. True as well when too much was looked at already.
    fn comes_after(&mut self, later: usize, earlier: usize) -> bool {
        if self.visits > MOST_VISITS {
            return true;
        }
        self.round += 1;
        self.stack.clear();
        self.stack.push(later);
        while let Some(step) = self.stack.pop() {
            // The first edge is looked at for all before going deeper: most often the answer is there.
            let after = &self.steps[step].after;
            let direct = after
                .binary_search_by(|id| usize::try_from(id.0).unwrap_or(usize::MAX).cmp(&earlier));
            if direct.is_ok() {
                return true;
            }
            for id in after {
                self.visits += 1;
                let next = usize::try_from(id.0).unwrap_or(usize::MAX);
                if self.rank[next] > self.rank[earlier] && self.seen[next] != self.round {
                    self.seen[next] = self.round;
                    self.stack.push(next);
                }
            }
        }
        false
    }
}
