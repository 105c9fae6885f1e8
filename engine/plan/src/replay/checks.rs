//! What is checked when everything is applied.

use super::{Evaluator, Located};
use crate::graph::Node;
use crate::planner::conditions::{self, Outcome, Words};
use crate::rules;
use crate::world::{Place, Ruled};
use std::collections::{BTreeMap, BTreeSet};
use terrane_config::config::Condition;
use terrane_lang::diagnostic::{Diagnostics, Severity};
use terrane_model::snapshot::{CheckKind, CheckResult, CheckStatus};

/// Of what can't be looked at.
const UNKNOWN: Outcome = Outcome {
    status: CheckStatus::Unknown,
    failure: None,
};

/// What rules are about.
struct About {
    kind: CheckKind,
    node: Node,
    config: String,
    addr: String,
    words: Words,
}

impl Evaluator {
    /// From now on values are held against their rules when they are computed, but for those of what the plan left out.
    pub(super) fn hold_values(&mut self, planned: &[CheckResult]) {
        let config = self.config.clone();
        for module in &config.modules {
            for ruled in self.world.ruled(module.id) {
                let addr = within(&module.path.to_string(), &ruled.name);
                if self.partial && conditions::is_left_out(planned, ruled.kind, &addr) {
                    continue;
                }
                for place in self.world.places(module.id) {
                    if !self.world.is_doubled(place) {
                        self.world.hold(ruled.node, place.pos);
                    }
                }
            }
        }
    }

    /// Computes what has rules and nothing has needed yet, and does not hang on something that failed.
    pub fn settle_rules(&mut self, diagnostics: &mut Diagnostics) {
        let held = self.world.held();
        if held.is_empty() {
            return;
        }
        let cut_off = self.cut_off();
        for (id, pos) in held {
            if !cut_off[id.index()]
                && let Err(messages) = self.world.compute(self.world.graph.node(id), pos)
            {
                diagnostics.extend(messages);
            }
        }
    }

    /// What came of the rules of values. Those that were not looked at hang on something that failed, whatever the plan knew.
    fn record_rulings(&mut self) {
        let config = self.config.clone();
        for module in &config.modules {
            for Ruled { node, kind, name } in self.world.ruled(module.id) {
                let config_addr = within(&module.path.to_string(), &name);
                for place in self.world.places(module.id) {
                    if !self.world.is_held(node, place.pos) {
                        continue;
                    }
                    let addr = within(&self.world.module_cell(place).addr.to_string(), &name);
                    let unknown = [UNKNOWN];
                    let verdict = self.world.verdict(node, place.pos);
                    for outcome in verdict.unwrap_or(&unknown) {
                        self.checks.record(kind, &config_addr, &addr, outcome);
                    }
                }
            }
        }
    }

    /// Checks everything that is checked at the end: variables, outputs' preconditions and `check` blocks. Gives all results of the run.
    pub fn finish_checks(
        mut self,
        planned: &[CheckResult],
        diagnostics: &mut Diagnostics,
    ) -> Vec<CheckResult> {
        let config = self.config.clone();
        let cut_off = self.cut_off();
        self.check_unchanged(planned, &cut_off, diagnostics);
        self.record_skipped(planned, &cut_off);
        self.record_rulings();
        let partial = self.partial;
        let left_out = |kind, addr: &str| partial && conditions::is_left_out(planned, kind, addr);
        for module in &config.modules {
            for place in self.world.places(module.id) {
                if self.world.is_doubled(place) {
                    continue;
                }
                let addr = self.world.module_cell(place).addr.to_string();
                for (at, check) in (0u32..).zip(&module.checks) {
                    let name = format!("check.{}", check.name);
                    let about = About {
                        kind: CheckKind::Check,
                        node: Node::Check(module.id, at),
                        config: within(&module.path.to_string(), &name),
                        addr: within(&addr, &name),
                        words: Words {
                            failed: &rules::condition::CHECK_FAILED,
                            noun: "check assertion",
                            severity: Severity::Warning,
                        },
                    };
                    if !left_out(about.kind, &about.config) {
                        self.judge(place, &about, &check.assertions, &cut_off, diagnostics);
                    }
                }
            }
        }
        self.merge_planned(planned)
    }

    /// Evaluates the rules about one thing.
    fn judge(
        &mut self,
        place: Place,
        about: &About,
        rules: &[Condition],
        cut_off: &[bool],
        diagnostics: &mut Diagnostics,
    ) {
        let About {
            kind, config, addr, ..
        } = about;
        let node = self.world.graph.id(about.node);
        if cut_off[node.index()] {
            // What it is about failed, whatever the plan knew.
            self.checks.record(*kind, config, addr, &UNKNOWN);
            return;
        }
        for rule in rules {
            let scope = self.world.scope(place);
            let outcome = conditions::evaluate(rule, &scope, about.words, diagnostics);
            self.checks.record(*kind, config, addr, &outcome);
        }
    }

    /// Conditions of instances that did not change, and could not be told when the plan was made: what they refer to has changed since.
    fn check_unchanged(
        &mut self,
        planned: &[CheckResult],
        cut_off: &[bool],
        diagnostics: &mut Diagnostics,
    ) {
        let mut open: BTreeSet<(&str, &str)> = BTreeSet::new();
        for result in planned.iter().filter(|one| one.kind == CheckKind::Resource) {
            let objects = result.objects.iter();
            let unknown = objects.filter(|object| object.status == CheckStatus::Unknown);
            open.extend(unknown.map(|object| (&*result.config_addr, &*object.addr)));
        }
        if open.is_empty() {
            return;
        }
        let config = self.config.clone();
        let mut found = Vec::new();
        for place in self.world.all_places() {
            for (at, resource) in (0u32..).zip(&config.module(place.module).resources) {
                let node = self.world.graph.id(Node::Resource(place.module, at));
                let lifecycle = &resource.lifecycle;
                let none =
                    lifecycle.preconditions.is_empty() && lifecycle.postconditions.is_empty();
                let Some(cell) = self.world.resource_cell(place, at) else {
                    continue;
                };
                if none || cut_off[node.index()] {
                    continue;
                }
                let config = self.world.resource_addr(place, at).config().to_string();
                for (index, (key, value)) in cell.keys.iter().zip(&cell.values).enumerate() {
                    let addr = self.world.instance_addr(place, at, key.clone());
                    let text = addr.to_string();
                    if let Some(Ok(value)) = value
                        && open.contains(&(&*config, &*text))
                        && !self.checks.has(CheckKind::Resource, &config, &text)
                    {
                        found.push((Located { place, at, index }, addr, value.clone()));
                    }
                }
            }
        }
        for (located, addr, value) in found {
            let Located { place, at, .. } = located;
            let Ok(repeat) = self.world.repeat(place, at, addr.key.as_ref()) else {
                continue;
            };
            if self.conditions_at((located, repeat.clone()), &addr, None, diagnostics) {
                self.conditions_at((located, repeat), &addr, Some(&value), diagnostics);
            }
        }
    }

    /// Conditions of instances that were not looked at since something failed that they depend on: what the plan knew does not count, as with values.
    fn record_skipped(&mut self, planned: &[CheckResult], cut_off: &[bool]) {
        let planned: BTreeMap<&str, &CheckResult> = (planned.iter())
            .filter(|result| result.kind == CheckKind::Resource)
            .map(|result| (&*result.config_addr, result))
            .collect();
        if planned.is_empty() || !cut_off.contains(&true) {
            return;
        }
        let config = self.config.clone();
        for place in self.world.all_places() {
            for (at, _) in (0u32..).zip(&config.module(place.module).resources) {
                let graph = &self.world.graph;
                let node = graph.id(Node::Resource(place.module, at));
                if !graph.deps(node).iter().any(|dep| cut_off[dep.index()]) {
                    continue;
                }
                let addr = self.world.resource_addr(place, at).config().to_string();
                let Some(result) = planned.get(&*addr) else {
                    continue;
                };
                for object in &result.objects {
                    if !self.checks.has(CheckKind::Resource, &addr, &object.addr) {
                        self.checks
                            .record(CheckKind::Resource, &addr, &object.addr, &UNKNOWN);
                    }
                }
            }
        }
    }

    /// Results that apply had no occasion to make anew stay as planned.
    fn merge_planned(self, planned: &[CheckResult]) -> Vec<CheckResult> {
        let mut results = self.checks.finish();
        let places: BTreeMap<_, usize> = (results.iter().enumerate())
            .map(|(at, known)| ((known.kind, known.config_addr.clone()), at))
            .collect();
        for result in planned {
            let place = places.get(&(result.kind, result.config_addr.clone()));
            match place.and_then(|at| results.get_mut(*at)) {
                None => results.push(result.clone()),
                Some(known) => {
                    let told: BTreeSet<_> = known
                        .objects
                        .iter()
                        .map(|object| object.addr.clone())
                        .collect();
                    let untold = result.objects.iter();
                    let untold = untold.filter(|object| !told.contains(&object.addr));
                    known.objects.extend(untold.cloned());
                    known.objects.sort_by(|a, b| a.addr.cmp(&b.addr));
                    let worst = known.objects.iter().map(|object| Outcome {
                        status: object.status,
                        failure: None,
                    });
                    known.status = worst.fold(known.status, |status, outcome| {
                        conditions::worse(status, outcome.status)
                    });
                }
            }
        }
        results.sort_by(|a, b| (a.kind, &a.config_addr).cmp(&(b.kind, &b.config_addr)));
        results
    }
}

/// The address of something in a module.
fn within(module: &str, name: &str) -> String {
    match module {
        "" => name.to_owned(),
        module => format!("{module}.{name}"),
    }
}
