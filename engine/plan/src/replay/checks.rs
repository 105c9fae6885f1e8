//! What is checked when everything is applied.

use super::{Evaluator, Located};
use crate::graph::Node;
use crate::planner::conditions::{self, Outcome, Words};
use crate::rules;
use crate::world::Place;
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
    /// Checks everything that is checked at the end: outputs' preconditions, variables and `check` blocks. Gives all results of the run.
    pub fn finish_checks(
        mut self,
        planned: &[CheckResult],
        diagnostics: &mut Diagnostics,
    ) -> Vec<CheckResult> {
        let config = self.config.clone();
        let cut_off = self.cut_off();
        self.check_unchanged(planned, &cut_off, diagnostics);
        let partial = self.partial;
        let left_out = |kind, addr: &str| partial && conditions::is_left_out(planned, kind, addr);
        for module in &config.modules {
            for place in self.world.places(module.id) {
                if self.world.is_doubled(place) {
                    continue;
                }
                let addr = self.world.module_cell(place).addr.clone();
                let within = |name: &str| {
                    if addr.is_root() {
                        name.to_owned()
                    } else {
                        format!("{addr}.{name}")
                    }
                };
                let config_within = |name: &str| {
                    if module.path.is_root() {
                        name.to_owned()
                    } else {
                        format!("{}.{name}", module.path)
                    }
                };
                for (at, check) in (0u32..).zip(&module.checks) {
                    let name = format!("check.{}", check.name);
                    let about = About {
                        kind: CheckKind::Check,
                        node: Node::Check(module.id, at),
                        config: config_within(&name),
                        addr: within(&name),
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
                for (at, output) in (0u32..).zip(&module.outputs) {
                    let name = format!("output.{}", output.name);
                    let about = About {
                        kind: CheckKind::Output,
                        node: Node::Output(module.id, at),
                        config: config_within(&name),
                        addr: within(&name),
                        words: Words {
                            failed: &rules::condition::OUTPUT_PRECONDITION_FAILED,
                            noun: "output precondition",
                            severity: Severity::Error,
                        },
                    };
                    let rules = &output.preconditions;
                    if !rules.is_empty() && !left_out(about.kind, &about.config) {
                        self.judge(place, &about, rules, &cut_off, diagnostics);
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
        let open = |config: &str, addr: &str| {
            let mut results = planned.iter();
            results.any(|result| {
                result.kind == CheckKind::Resource
                    && result.config_addr == config
                    && result
                        .objects
                        .iter()
                        .any(|object| object.addr == addr && object.status == CheckStatus::Unknown)
            })
        };
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
                for (index, (key, value)) in cell.keys.iter().zip(&cell.values).enumerate() {
                    let addr = self.world.instance_addr(place, at, key.clone());
                    let (config, text) = (addr.resource.config().to_string(), addr.to_string());
                    let applied = self.checks.has(CheckKind::Resource, &config, &text);
                    if let Some(Ok(value)) = value
                        && !applied
                        && open(&config, &text)
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

    /// Results that apply had no occasion to make anew stay as planned.
    fn merge_planned(self, planned: &[CheckResult]) -> Vec<CheckResult> {
        let mut results = self.checks.finish();
        for result in planned {
            match results
                .iter_mut()
                .find(|known| known.kind == result.kind && known.config_addr == result.config_addr)
            {
                None => results.push(result.clone()),
                Some(known) => {
                    for object in &result.objects {
                        if !known.objects.iter().any(|other| other.addr == object.addr) {
                            known.objects.push(object.clone());
                        }
                    }
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
