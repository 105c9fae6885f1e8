//! What became of the tests of policies.

use std::time::Duration;

/// A test that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// Its package.
    pub namespace: String,
    /// Its name, with `test_`.
    pub name: String,
    /// Where it is.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// What became of it.
    pub verdict: Verdict,
    /// What it printed, line by line.
    pub printed: Vec<String>,
    /// What running it took.
    pub took: Duration,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It gave `true`.
    Passed,
    /// It gave something else, or nothing.
    Failed,
    /// It could not be evaluated.
    Broken(String),
    /// It is only to be written (`todo_test_…`).
    Todo,
}
