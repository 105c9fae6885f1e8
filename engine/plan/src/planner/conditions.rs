//! Conditions: validations, pre- and postconditions, assertions (`opentofu.md` 5.9).

use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use terrane_config::config::Condition;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use terrane_lang::expr::{Scope, values_involved};
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::snapshot::{CheckKind, CheckObject, CheckResult, CheckStatus};
use terrane_value::{Kind, Type};

/// The results of all checked things of one run.
#[derive(Debug, Default)]
pub(crate) struct CheckBook {
    /// By kind and configured address: the results of instances, by address.
    results: BTreeMap<(CheckKind, String), BTreeMap<String, CheckObject>>,
    /// What is not checked this time.
    left_out: BTreeSet<(CheckKind, String)>,
}

impl CheckBook {
    /// Says that something will be checked, so that it is reported although it has no instances.
    pub(crate) fn declare(&mut self, kind: CheckKind, config_addr: &str) {
        self.results
            .entry((kind, config_addr.to_owned()))
            .or_default();
    }

    /// Says that something is not checked this time, since it takes no part: what comes of it is not known.
    pub(crate) fn leave_out(&mut self, kind: CheckKind, config_addr: &str) {
        self.declare(kind, config_addr);
        self.left_out.insert((kind, config_addr.to_owned()));
    }

    /// Adds the result of one condition of an instance; the worst one counts.
    pub(crate) fn record(
        &mut self,
        kind: CheckKind,
        config_addr: &str,
        addr: &str,
        outcome: &Outcome,
    ) {
        let objects = self
            .results
            .entry((kind, config_addr.to_owned()))
            .or_default();
        let object = objects
            .entry(addr.to_owned())
            .or_insert_with(|| CheckObject {
                addr: addr.into(),
                status: CheckStatus::Pass,
                failures: Vec::new(),
            });
        object.status = worse(object.status, outcome.status);
        if let Some(message) = &outcome.failure {
            object.failures.push(message.as_str().into());
        }
    }

    /// Whether something is recorded of this.
    pub(crate) fn has(&self, kind: CheckKind, config_addr: &str, addr: &str) -> bool {
        let objects = self.results.get(&(kind, config_addr.to_owned()));
        objects.is_some_and(|objects| objects.contains_key(addr))
    }

    /// Whether something has failed already.
    pub(crate) fn has_failed(&self, kind: CheckKind, config_addr: &str, addr: &str) -> bool {
        let objects = self.results.get(&(kind, config_addr.to_owned()));
        let object = objects.and_then(|objects| objects.get(addr));
        object.is_some_and(|object| object.status == CheckStatus::Fail)
    }

    /// All results, in order.
    #[must_use]
    pub(crate) fn finish(self) -> Vec<CheckResult> {
        let results = self
            .results
            .into_iter()
            .map(|((kind, config_addr), objects)| {
                let objects: Vec<CheckObject> = objects.into_values().collect();
                let key = (kind, config_addr);
                let without = if objects.is_empty() && self.left_out.contains(&key) {
                    CheckStatus::Unknown
                } else {
                    CheckStatus::Pass
                };
                let (kind, config_addr) = key;
                let status = objects
                    .iter()
                    .fold(without, |status, object| worse(status, object.status));
                CheckResult {
                    kind,
                    config_addr: config_addr.into(),
                    status,
                    objects,
                }
            });
        results.collect()
    }
}

/// Whether a plan says that something is not checked.
pub(crate) fn is_left_out(planned: &[CheckResult], kind: CheckKind, addr: &str) -> bool {
    planned.iter().any(|result| {
        result.kind == kind
            && result.config_addr == addr
            && result.status == CheckStatus::Unknown
            && result.objects.is_empty()
    })
}

/// Error beats fail beats unknown beats pass.
pub(crate) fn worse(a: CheckStatus, b: CheckStatus) -> CheckStatus {
    let rank = |status| match status {
        CheckStatus::Pass => 0,
        CheckStatus::Unknown => 1,
        CheckStatus::Fail => 2,
        CheckStatus::Error => 3,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// What came of one condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// Pass, fail, unknown or error.
    pub status: CheckStatus,
    /// The author's message, if it fails.
    pub failure: Option<String>,
}

/// What comes of a check whose data source could not be read: a failure for each error.
pub(crate) fn unread(messages: &[ProviderDiagnostic]) -> impl Iterator<Item = Outcome> + '_ {
    messages.iter().map(|message| Outcome {
        status: CheckStatus::Fail,
        failure: Some(match message.detail.as_str() {
            "" => message.summary.clone(),
            detail => format!("{}: {detail}", message.summary),
        }),
    })
}

/// What failing means for the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    /// `Resource precondition failed`
    pub failed: &'static Rule,
    /// What `Invalid … expression` names: `precondition`.
    pub noun: &'static str,
    /// Error, or warning for `check` blocks.
    pub severity: Severity,
}

/// Evaluates one condition. Messages are added to `diagnostics`.
pub(crate) fn evaluate(
    rule: &Condition,
    scope: &dyn Scope,
    words: Words,
    diagnostics: &mut Diagnostics,
) -> Outcome {
    let outcome = |status| Outcome {
        status,
        failure: None,
    };
    let downgrade = |mut list: Diagnostics| {
        list.iter_mut()
            .for_each(|diagnostic| diagnostic.severity = diagnostic.severity.min(words.severity));
        list
    };
    let value = match rule.condition.eval(scope, &[]) {
        Ok(value) => value,
        Err(list) => {
            diagnostics.extend(downgrade(list));
            return outcome(CheckStatus::Error);
        }
    };
    let message = rule.message.eval(scope, &[]);
    let bad = |detail: &str| {
        let mut diagnostic = Diagnostic::error(
            rules::condition::INVALID_RESULT
                .named(format!("Invalid {} expression result", words.noun)),
            detail,
        )
        .at(rule.condition.span());
        diagnostic.severity = words.severity;
        diagnostic
    };
    let value = value.unmark_deep();
    let converted = match terrane_value::convert::convert(&value, &Type::Bool) {
        Ok(value) => value,
        Err(problem) => {
            diagnostics.push(bad(&format!("Invalid condition result value: {problem}.")));
            return outcome(CheckStatus::Error);
        }
    };
    match converted.kind() {
        Kind::Unknown(..) => outcome(CheckStatus::Unknown),
        Kind::Bool(true) => outcome(CheckStatus::Pass),
        Kind::Bool(false) => {
            let text = message_text(message, rule, diagnostics, words);
            let mut diagnostic =
                Diagnostic::error(words.failed, text.clone()).at(rule.condition.span());
            diagnostic.severity = words.severity;
            diagnostic.values = values_involved(&rule.condition, scope);
            diagnostics.push(diagnostic);
            Outcome {
                status: CheckStatus::Fail,
                failure: Some(text),
            }
        }
        _ => {
            diagnostics.push(bad(
                "Condition expression must return either true or false, not null.",
            ));
            outcome(CheckStatus::Error)
        }
    }
}

/// The author's message, if it can be shown.
fn message_text(
    message: Result<terrane_value::Value, Diagnostics>,
    rule: &Condition,
    diagnostics: &mut Diagnostics,
    words: Words,
) -> String {
    const WITHOUT: &str = "This check failed, but has an invalid error message as described in the other accompanying messages.";
    let value = match message {
        Ok(value) => value,
        Err(list) => {
            diagnostics.extend(list);
            return WITHOUT.into();
        }
    };
    let marks = value.marks_deep();
    if marks.is_sensitive() || marks.is_ephemeral() {
        let (what, one, way_out) = if marks.is_sensitive() {
            (
                "sensitive",
                "a sensitive",
                "nonsensitive() if it can be shown",
            )
        } else {
            ("ephemeral", "an ephemeral", "ephemeralasnull()")
        };
        let mut diagnostic = Diagnostic::error(
            rules::condition::SENSITIVE_ERROR_MESSAGE.named(format!("Error message refers to {what} values")),
            format!("The error expression used to explain this condition refers to {what} values, so terrane will not display the resulting message. \
                     Remove the {what} value from the message, or use {way_out}."),
        )
        .at(rule.message.span());
        // The failed condition is the error; only a variable's rule must have a message that can be shown.
        if words.failed.code != terrane_config::rules::condition::VALIDATION_FAILED.code {
            diagnostic.severity = Severity::Warning;
        }
        diagnostics.push(diagnostic);
        return format!("The error message included {one} value, so it will not be displayed.");
    }
    let text = terrane_value::convert::convert(&value, &Type::String).ok();
    match text.as_ref().map(terrane_value::Value::kind) {
        Some(Kind::String(text)) => text.trim().to_owned(),
        Some(Kind::Unknown(..)) => {
            "The condition does not hold; its error message can't be known before apply.".into()
        }
        _ => {
            diagnostics.push(
                Diagnostic::error(
                    &rules::condition::INVALID_ERROR_MESSAGE,
                    "Unsuitable value for error message: a non-null string is required.",
                )
                .at(rule.message.span()),
            );
            WITHOUT.into()
        }
    }
}
