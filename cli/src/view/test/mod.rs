//! What the user sees of tests: text for people, JSON lines for programs, JUnit XML for machines that collect results.

mod human;
mod json;
pub(crate) mod junit;

use super::Output;
use super::diagnostics::Telling;
use terrane_ops::planning::view::text::Style;
use terrane_ops::test::{Status, Suite, TestEvent, TestUi};

/// The view of the `test` command.
pub(crate) enum TestView<'a> {
    /// Text.
    Human(human::Human<'a>),
    /// JSON lines.
    Json(json::Json<'a>),
}

impl<'a> TestView<'a> {
    pub(crate) fn new(out: &'a mut Output, as_json: bool, telling: Telling, style: Style) -> Self {
        if as_json {
            Self::Json(json::Json::new(out))
        } else {
            Self::Human(human::Human::new(out, telling, style))
        }
    }
}

impl TestUi for TestView<'_> {
    fn event(&mut self, event: &TestEvent<'_>) {
        match self {
            Self::Human(view) => view.event(event),
            Self::Json(view) => view.event(event),
        }
    }
}

/// `Success! 3 passed, 0 failed, 1 skipped.`
fn summary(suite: &Suite) -> (&'static str, String) {
    let word = if suite.status() > Status::Pass {
        "Failure!"
    } else {
        "Success!"
    };
    let failed = suite.count(Status::Fail) + suite.count(Status::Error);
    let mut text = format!("{} passed, {failed} failed", suite.count(Status::Pass));
    match suite.count(Status::Skip) {
        0 => text.push('.'),
        skipped => text.extend([format!(", {skipped} skipped.")]),
    }
    (word, text)
}

/// The word for people. What could not be executed to its end failed, too.
fn word(status: Status) -> &'static str {
    match status {
        Status::Skip => "skip",
        Status::Pass => "pass",
        Status::Fail | Status::Error => "fail",
    }
}
