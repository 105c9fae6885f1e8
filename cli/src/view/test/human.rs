//! Text for people.

use super::{summary, word};
use crate::view::Output;
use crate::view::diagnostics::{self, Telling};
use crate::view::paint::{self, GRAY, GREEN, RED};
use std::fmt;
use terrane_ops::planning::view::json::stored_value;
use terrane_ops::planning::view::text::{Style, render_snapshot, render_to};
use terrane_ops::test::{Leftover, RunReport, Shown, Status, Suite, TestEvent};

/// Writes text.
pub(crate) struct Human<'a> {
    out: &'a mut Output,
    telling: Telling,
    style: Style,
}

/// Lets views write to standard output.
struct Page<'a>(&'a mut Output);

impl fmt::Write for Page<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.print(text);
        Ok(())
    }
}

impl<'a> Human<'a> {
    pub(super) fn new(out: &'a mut Output, telling: Telling, style: Style) -> Self {
        Self {
            out,
            telling,
            style,
        }
    }

    fn painted(&self, color: &str, text: &str) -> String {
        paint::painted(self.out.color(), color, text)
    }

    fn status(&self, status: Status) -> String {
        let color = match status {
            Status::Skip => GRAY,
            Status::Pass => GREEN,
            Status::Fail | Status::Error => RED,
        };
        self.painted(color, word(status))
    }

    pub(super) fn event(&mut self, event: &TestEvent<'_>) {
        match event {
            TestEvent::Found(_)
            | TestEvent::RunStarted(..)
            | TestEvent::RunTearingDown(..) => {}
            TestEvent::Report(report) => diagnostics::print(self.out, report, self.telling),
            TestEvent::FileStarted(path) => self.progress(path, "in progress"),
            TestEvent::FileTearingDown(path) => self.progress(path, "tearing down"),
            TestEvent::FileDone(file) => {
                let status = self.status(file.status);
                self.out.print(&format!("{}... {status}\n", file.path));
            }
            TestEvent::RunDone(_, run) => self.run(run),
            TestEvent::Left(path, run, left, report) => {
                if !report.diagnostics.is_empty() {
                    self.out.error(&format!(
                        "\nTerrane encountered an error destroying resources created while executing\n{path}/{run}.\n"
                    ));
                    diagnostics::print(self.out, report, self.telling);
                }
                self.left(&format!("{path}/{run}"), left);
            }
            TestEvent::Interrupted => self.out.print(
                "\nInterrupt received: no further run is begun, and what was made is destroyed. Interrupt again to stop the clean-up in good\norder, and once more to stop at once.\n\n",
            ),
            TestEvent::Done(suite) => self.done(suite),
        }
        drop(self.out.flush());
    }

    fn progress(&mut self, path: &str, text: &str) {
        let text = self.painted(GRAY, text);
        self.out.print(&format!("{path}... {text}\n"));
    }

    fn run(&mut self, run: &RunReport) {
        let status = self.status(run.status);
        self.out
            .print(&format!("  run {:?}... {status}\n", run.name.as_str()));
        if let Some(shown) = &run.shown {
            let written = match shown {
                Shown::Plan(plan, registry) => {
                    let schemas = |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
                    render_to(&mut Page(self.out), plan, &schemas, self.style)
                }
                Shown::State(snapshot, registry) => {
                    self.out.print("\n");
                    let schemas = |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
                    render_snapshot(
                        &mut Page(self.out),
                        snapshot,
                        &|addr, provider, object| {
                            Some(stored_value(addr, provider, object, &schemas))
                        },
                        &schemas,
                        self.style,
                    )
                }
            };
            // A page takes everything.
            if written.is_ok() {
                self.out.print("\n");
            }
        }
        diagnostics::print(self.out, &run.report, self.telling);
    }

    fn left(&mut self, what: &str, left: &[Leftover]) {
        if left.is_empty() {
            return;
        }
        let mut text = format!(
            "\nTerrane left the following resources in state after executing\n{what}, and they need to be cleaned up manually:\n"
        );
        for Leftover { instance, deposed } in left {
            match deposed {
                Some(key) => text.extend([format!("  - {instance} ({key})\n")]),
                None => text.extend([format!("  - {instance}\n")]),
            }
        }
        self.out.error(&text);
    }

    fn done(&mut self, suite: &Suite) {
        let (word, text) = summary(suite);
        let color = if suite.status() > Status::Pass {
            RED
        } else {
            GREEN
        };
        let word = self.painted(color, word);
        self.out.print(&format!("\n{word} {text}\n"));
    }
}
