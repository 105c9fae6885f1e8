//! The checker of plans: says what must hold of every plan, and where one breaks it. It shares no code with the planner, so that a
//! mistake there does not hide here. Run in every test and before a plan is approved.

mod changes;
mod graph;
mod order;
mod rest;
mod state;

#[cfg(test)]
mod tests;

pub use state::{Identities, against};

use crate::plan::{Plan, ResourceChange};
use std::fmt;

/// How bad a violation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The plan is not as it should be, but applying it does what it says.
    Note,
    /// The plan says something that can't be meant: views of it are wrong, or other tools misread it.
    Wrong,
    /// Applying it could destroy, lose or expose something that it should not, or never end.
    Dangerous,
}

/// Something that must hold and does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// How bad it is.
    pub severity: Severity,
    /// The object, output or step that it is about; empty for the plan as a whole.
    pub subject: String,
    /// What is wrong. Values are never shown.
    pub problem: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.subject.is_empty() {
            return f.write_str(&self.problem);
        }
        write!(f, "{}: {}", self.subject, self.problem)
    }
}

/// Everything that a plan breaks, in a fixed order; empty for a good plan.
///
/// An errored plan can't be applied, so of its graph nothing is asked.
#[must_use]
pub fn check(plan: &Plan) -> Vec<Violation> {
    let mut found = Findings::default();
    changes::check(plan, &mut found);
    rest::check(plan, &mut found);
    if !plan.errored && graph::check(plan, &mut found) {
        order::check(plan, &mut found);
    }
    found.violations
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings {
    violations: Vec<Violation>,
}

impl Findings {
    fn say(&mut self, severity: Severity, subject: impl ToString, problem: impl Into<String>) {
        self.violations.push(Violation {
            severity,
            subject: subject.to_string(),
            problem: problem.into(),
        });
    }
}

/// How an object of a plan is named here.
fn name(change: &ResourceChange) -> String {
    match &change.deposed {
        Some(key) => format!("{} (deposed object {key})", change.addr),
        None => change.addr.to_string(),
    }
}
