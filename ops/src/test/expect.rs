//! What was expected to fail, and what failed.

use crate::rules;
use terrane_config::config::{Condition, Config, Module};
use terrane_config::test_file::{Checkable, Run};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use terrane_lang::source::Span;
use terrane_model::addr::Mode;
use terrane_model::snapshot::CheckKind;

/// At which stage messages came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// While planning a run that only plans.
    OnlyPlan,
    /// While planning a run that goes on to apply.
    BeforeApply,
    /// While applying.
    Apply,
}

/// Compares what fails with what was expected to.
#[derive(Debug)]
pub(super) struct Expectations<'a> {
    expected: &'a [Checkable],
    seen: Vec<bool>,
    rules: Vec<Rule>,
}

/// A rule of the module of the run: where it stands, and what it is about.
#[derive(Debug)]
struct Rule {
    block: Span,
    condition: Span,
    kind: CheckKind,
    addr: String,
    /// Whether it is a rule of the root module: only these can be expected to fail.
    is_root: bool,
}

impl<'a> Expectations<'a> {
    pub(super) fn new(run: &'a Run, config: &Config) -> Self {
        let mut rules = Vec::new();
        for module in &config.modules {
            add_rules(module, &mut rules);
        }
        Self {
            expected: &run.expected,
            seen: vec![false; run.expected.len()],
            rules,
        }
    }

    /// Takes out the messages that were expected. A check that fails without having been expected to is an error here; so is one that a run which only
    /// plans can't tell, and expecting a failure covers that, too.
    pub(super) fn filter(&mut self, found: Diagnostics, stage: Stage) -> Diagnostics {
        let mut left = Diagnostics::new();
        for mut diagnostic in found {
            let Some(rule) = self.rules.iter().find(|rule| rule.is_of(&diagnostic)) else {
                left.push(diagnostic);
                continue;
            };
            let is_check = rule.kind == CheckKind::Check;
            // What a check says before applying is asked again afterwards.
            if is_check && stage == Stage::BeforeApply {
                continue;
            }
            let expected = rule
                .is_root
                .then(|| self.expecting(rule, &diagnostic))
                .flatten();
            match expected {
                Some(at)
                    if stage == Stage::BeforeApply && diagnostic.severity == Severity::Error =>
                {
                    self.seen[at] = true;
                    left.push(before_apply(&self.expected[at]));
                    left.push(diagnostic);
                }
                Some(at) => self.seen[at] = true,
                None => {
                    if is_check {
                        diagnostic.severity = Severity::Error;
                    }
                    left.push(diagnostic);
                }
            }
        }
        left
    }

    fn expecting(&self, rule: &Rule, diagnostic: &Diagnostic) -> Option<usize> {
        self.expected.iter().position(|expected| {
            let instance = expected.key.is_none()
                || diagnostic.address.as_deref() == Some(expected.text().as_str());
            expected.kind == rule.kind && expected.addr == rule.addr && instance
        })
    }

    /// Whether something failed as expected.
    pub(super) fn some_seen(&self) -> bool {
        self.seen.contains(&true)
    }

    /// Messages about what was expected to fail and did not.
    pub(super) fn missing(&self) -> Diagnostics {
        let unseen = self
            .expected
            .iter()
            .zip(&self.seen)
            .filter(|(_, seen)| !**seen);
        unseen
            .filter(|(expected, _)| {
                // Named twice, it need fail only once.
                let text = expected.text();
                !self
                    .expected
                    .iter()
                    .zip(&self.seen)
                    .any(|(other, seen)| *seen && other.text() == text)
            })
            .map(|(expected, _)| {
                let text = expected.text();
                let known = self.rules.iter().any(|rule| {
                    rule.is_root && rule.kind == expected.kind && rule.addr == expected.addr
                });
                let detail = format!(
                    "The checkable object, {text}, was expected to report an error but did not."
                );
                let found = Diagnostic::error(&rules::test::MISSING_FAILURE, detail).at(expected.span);
                if known {
                    found
                } else {
                    found.hint(format!("{text} has no condition that could fail in the module that this run executes: check the name, or give it a rule"))
                }
            })
            .collect()
    }
}

fn before_apply(expected: &Checkable) -> Diagnostic {
    Diagnostic::warning(
        &rules::test::FAILED_TOO_EARLY,
        format!(
            "A custom condition within {} failed during the planning stage and prevented the requested apply operation. While this was an expected failure, the apply operation could not be executed and so the overall test case will be marked as a failure and the original diagnostic included in the test report.",
            expected.text()
        ),
    )
    .at(expected.span)
}

impl Rule {
    fn is_of(&self, diagnostic: &Diagnostic) -> bool {
        let place = |span: Span| span == self.block || span == self.condition;
        diagnostic.subject.is_some_and(place)
            || diagnostic.context.is_some_and(place)
            || diagnostic.related.iter().any(|(span, _)| place(*span))
    }
}

fn add_rules(module: &Module, rules: &mut Vec<Rule>) {
    let is_root = module.parent.is_none();
    let mut add = |kind, addr: &str, conditions: &[Condition]| {
        for rule in conditions {
            rules.push(Rule {
                block: rule.span,
                condition: rule.condition.span(),
                kind,
                addr: addr.to_owned(),
                is_root,
            });
        }
    };
    for variable in &module.variables {
        let addr = format!("var.{}", variable.name);
        add(CheckKind::Variable, &addr, &variable.validations);
    }
    for output in &module.outputs {
        let addr = format!("output.{}", output.name);
        add(CheckKind::Output, &addr, &output.preconditions);
    }
    for check in &module.checks {
        let addr = format!("check.{}", check.name);
        add(CheckKind::Check, &addr, &check.assertions);
    }
    for resource in &module.resources {
        let prefix = match resource.mode {
            Mode::Managed => "",
            Mode::Data => "data.",
            Mode::Ephemeral => "ephemeral.",
            Mode::Action => "action.",
        };
        let addr = format!("{prefix}{}.{}", resource.type_name, resource.name);
        add(
            CheckKind::Resource,
            &addr,
            &resource.lifecycle.preconditions,
        );
        add(
            CheckKind::Resource,
            &addr,
            &resource.lifecycle.postconditions,
        );
    }
}
