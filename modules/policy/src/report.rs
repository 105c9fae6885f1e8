//! What policies said.

use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// What follows from a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It is told.
    Warn,
    /// Somebody has to approve.
    RequireApproval,
    /// The plan is not applied.
    Deny,
}

/// One thing that a rule said.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PolicyResult {
    /// What follows from it.
    pub level: Level,
    /// The package of the rule: `main`.
    pub namespace: String,
    /// The rule: `deny_public_bucket`.
    pub rule: String,
    /// The message.
    pub message: String,
    /// The resources that it names.
    pub addresses: Vec<String>,
    /// Whatever else the rule gave.
    pub metadata: Map<String, Value>,
    /// The file that declares the rule.
    pub file: String,
    /// Where, from 1.
    pub line: u32,
}

impl PolicyResult {
    /// The message. Where the rule gave an empty one, what it is about says at least that.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        if !self.message.trim().is_empty() {
            return Cow::Borrowed(&self.message);
        }
        match self.addresses.as_slice() {
            [] => Cow::Borrowed("(the rule gives no message)"),
            some => Cow::Owned(format!("{} (the rule gives no message)", some.join(", "))),
        }
    }
}

/// Messages that an exception took back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exempt {
    /// The package of the rule.
    pub namespace: String,
    /// The rule.
    pub rule: String,
    /// What it would have said.
    pub messages: Vec<String>,
}

/// All that was said.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// How many rules were evaluated.
    pub rules: usize,
    /// How many of these had nothing to say.
    pub passed: usize,
    /// What the others said, by package and rule.
    pub results: Vec<PolicyResult>,
    /// What was taken back.
    pub exempt: Vec<Exempt>,
    /// What rules printed.
    pub printed: Vec<String>,
    /// What the evaluation of each rule took, by package and name. What several need, the first of them computes.
    #[serde(skip)]
    pub took: BTreeMap<(String, String), Duration>,
}

impl Report {
    /// How many results are of this level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.results.iter().filter(|one| one.level == level).count()
    }

    /// Whether something is denied.
    #[must_use]
    pub fn denies(&self) -> bool {
        self.count(Level::Deny) > 0
    }
}
