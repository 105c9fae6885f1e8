//! What the user sees: text for people, JSON lines for programs.

mod alike;
pub(crate) mod cost;
pub(crate) mod diagnostics;
pub(crate) mod drift;
mod ephemeral;
pub(crate) mod gates;
pub(crate) mod graph;
mod human;
pub(crate) mod installing;
mod json;
pub(crate) mod migration;
mod output;
mod paint;
pub(crate) mod policy;
mod progress;
pub(crate) mod query;
mod resource;
pub(crate) mod test;
pub(crate) mod value;
pub(crate) mod why;
mod xml;

pub(crate) use human::{Human, complete, prompt};
pub(crate) use json::Json;
pub(crate) use output::Output;

use terrane_ops::failure::Report;
use terrane_ops::install::Event;
use terrane_ops::model::addr::InstanceAddr;
use terrane_ops::ui::{Question, Ui};

/// For whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// People.
    Human,
    /// Programs.
    Json,
}

/// The view of one command.
pub(crate) enum View<'a> {
    /// Text.
    Human(Human<'a>),
    /// JSON lines.
    Json(Json<'a>),
}

/// A number of things: `1 version`, `2 versions`, `3 entries`.
pub(crate) fn counted(count: impl std::fmt::Display, what: &str) -> String {
    let count = count.to_string();
    if count == "1" {
        return format!("{count} {what}");
    }
    match what.strip_suffix('y') {
        Some(stem) => format!("{count} {stem}ies"),
        None => format!("{count} {what}s"),
    }
}

impl View<'_> {
    /// So many steps are going to be done.
    pub(crate) fn expect(&mut self, steps: usize) {
        if let Self::Human(view) = self {
            view.expect(steps);
        }
    }

    fn ui(&mut self) -> &mut dyn Ui {
        match self {
            Self::Human(view) => view,
            Self::Json(view) => view,
        }
    }
}

impl Ui for View<'_> {
    fn planning(&mut self, progress: &terrane_ops::planning::machine::Progress) {
        self.ui().planning(progress);
    }
    fn applying(&mut self, progress: &terrane_ops::applying::Progress) {
        self.ui().applying(progress);
    }
    fn provisioner_output(&mut self, addr: &InstanceAddr, provisioner: &str, line: &str) {
        self.ui().provisioner_output(addr, provisioner, line);
    }
    fn waiting(&mut self, in_flight: usize, queued: usize) {
        self.ui().waiting(in_flight, queued);
    }
    fn still(&mut self, text: &str) {
        self.ui().still(text);
    }
    fn installing(&mut self, event: &Event) {
        self.ui().installing(event);
    }
    fn installed(&mut self) {
        self.ui().installed();
    }
    fn note(&mut self, text: &str) {
        self.ui().note(text);
    }
    fn report(&mut self, report: &Report) {
        self.ui().report(report);
    }
    fn ask(&mut self, question: &Question) -> Option<String> {
        self.ui().ask(question)
    }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "version"), "1 version");
        assert_eq!(counted(0_u64, "version"), "0 versions");
        assert_eq!(counted(2, "entry"), "2 entries");
    }
}
