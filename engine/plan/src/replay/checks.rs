//! What is checked when everything is applied.

use super::Evaluator;
use crate::graph::Node;
use crate::planner::conditions::{self, Outcome, Words};
use crate::rules;
use terrane_lang::diagnostic::{Diagnostics, Severity};
use terrane_model::snapshot::{CheckKind, CheckResult, CheckStatus};

/// Of what can't be looked at.
const UNKNOWN: Outcome = Outcome {
    status: CheckStatus::Unknown,
    failure: None,
};

impl Evaluator {
    /// Checks everything that is checked at the end: outputs' preconditions, variables and `check` blocks. Gives all results of the run.
    pub fn finish_checks(
        mut self,
        planned: &[CheckResult],
        diagnostics: &mut Diagnostics,
    ) -> Vec<CheckResult> {
        let config = self.config.clone();
        let cut_off = self.cut_off();
        let left_out =
            |kind, addr: &str| self.partial && conditions::is_left_out(planned, kind, addr);
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
                    let node = self.world.graph.id(Node::Check(module.id, at));
                    if left_out(CheckKind::Check, &config_within(&name)) {
                        continue;
                    }
                    if cut_off[node.index()] {
                        // What it is about failed, whatever the plan knew.
                        let (config, addr) = (config_within(&name), within(&name));
                        (self.checks).record(CheckKind::Check, &config, &addr, &UNKNOWN);
                        continue;
                    }
                    let words = Words {
                        failed: &rules::condition::CHECK_FAILED,
                        noun: "check assertion",
                        severity: Severity::Warning,
                    };
                    for rule in &check.assertions {
                        let outcome = conditions::evaluate(
                            rule,
                            &self.world.scope(place),
                            words,
                            diagnostics,
                        );
                        self.checks.record(
                            CheckKind::Check,
                            &config_within(&name),
                            &within(&name),
                            &outcome,
                        );
                    }
                }
                for (at, output) in (0u32..).zip(&module.outputs) {
                    let name = format!("output.{}", output.name);
                    let node = self.world.graph.id(Node::Output(module.id, at));
                    if left_out(CheckKind::Output, &config_within(&name)) {
                        continue;
                    }
                    if cut_off[node.index()] {
                        if !output.preconditions.is_empty() {
                            let (config, addr) = (config_within(&name), within(&name));
                            (self.checks).record(CheckKind::Output, &config, &addr, &UNKNOWN);
                        }
                        continue;
                    }
                    let words = Words {
                        failed: &rules::condition::OUTPUT_PRECONDITION_FAILED,
                        noun: "output precondition",
                        severity: Severity::Error,
                    };
                    for rule in &output.preconditions {
                        let outcome = conditions::evaluate(
                            rule,
                            &self.world.scope(place),
                            words,
                            diagnostics,
                        );
                        self.checks.record(
                            CheckKind::Output,
                            &config_within(&name),
                            &within(&name),
                            &outcome,
                        );
                    }
                }
            }
        }
        self.merge_planned(planned)
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
