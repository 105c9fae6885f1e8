//! JSON lines for programs.

use super::{summary, word};
use crate::view::json::Json as Lines;
use crate::view::{Output, diagnostics};
use serde_json::{Map, Value, json};
use terrane_ops::failure::Report;
use terrane_ops::lang::diagnostic::Severity;
use terrane_ops::planning::view::json::{PlanContext, plan_json, state_json};
use terrane_ops::test::{FileReport, RunReport, Shown, Status, Suite, TestEvent};

/// Writes JSON lines.
pub(crate) struct Json<'a>(Lines<'a>);

/// Where a line belongs.
#[derive(Clone, Copy)]
struct At<'t> {
    file: Option<&'t str>,
    run: Option<&'t str>,
}

fn name(status: Status) -> &'static str {
    match status {
        Status::Skip => "skip",
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::Error => "error",
    }
}

impl<'a> Json<'a> {
    pub(super) fn new(out: &'a mut Output) -> Self {
        Self(Lines::new(out))
    }

    fn line(&mut self, level: &str, message: &str, kind: &str, body: Value, at: At<'_>) {
        let mut rest = Map::new();
        if let Some(file) = at.file {
            rest.insert("@testfile".into(), file.into());
        }
        if let Some(run) = at.run {
            rest.insert("@testrun".into(), run.into());
        }
        rest.insert(kind.into(), body);
        self.0.line(level, message, kind, rest);
    }

    pub(super) fn event(&mut self, event: &TestEvent<'_>) {
        match event {
            TestEvent::Found(files) => self.found(files),
            TestEvent::Report(report) => self.report(
                report,
                At {
                    file: None,
                    run: None,
                },
            ),
            TestEvent::FileStarted(path) => self.file(path, "starting", "in progress", None),
            TestEvent::FileTearingDown(path) => {
                self.file(path, "teardown", "tearing down", None);
            }
            TestEvent::FileDone(FileReport { path, status, .. }) => {
                self.file(path, "complete", word(*status), Some(*status));
            }
            TestEvent::RunStarted(path, run) => {
                self.progress(path, run, "starting", "in progress");
            }
            TestEvent::RunTearingDown(path, run) => {
                self.progress(path, run, "teardown", "tearing down");
            }
            TestEvent::RunDone(path, run) => self.run(path, run),
            TestEvent::Left(path, run, left, report) => {
                let at = At {
                    file: Some(*path),
                    run: Some(*run),
                };
                if !left.is_empty() {
                    let failed: Vec<Value> = left
                        .iter()
                        .map(|left| match &left.deposed {
                            Some(key) => json!({ "instance": left.instance, "deposed_key": key }),
                            None => json!({ "instance": left.instance }),
                        })
                        .collect();
                    let message = format!(
                        "Terrane left some resources in state after executing {path}/{run}, they need to be cleaned up manually."
                    );
                    self.line(
                        "error",
                        &message,
                        "test_cleanup",
                        json!({ "failed_resources": failed }),
                        at,
                    );
                }
                self.report(report, at);
            }
            TestEvent::Interrupted => self.line(
                "warn",
                "Interrupt received: no further run is begun, and what was made is destroyed.",
                "test_interrupt",
                json!({}),
                At {
                    file: None,
                    run: None,
                },
            ),
            TestEvent::Done(suite) => self.done(suite),
        }
        self.0.flush();
    }

    fn found(&mut self, files: &[(String, Vec<ecow::EcoString>)]) {
        let count = |count: usize, what: &str| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {what}{plural}")
        };
        let runs: usize = files.iter().map(|(_, runs)| runs.len()).sum();
        let message = format!(
            "Found {} and {}",
            count(files.len(), "file"),
            count(runs, "run block")
        );
        let body: Map<String, Value> = files
            .iter()
            .map(|(path, runs)| {
                let runs: Vec<&str> = runs.iter().map(ecow::EcoString::as_str).collect();
                // As the peers write it: a file without runs has none.
                let runs = (!runs.is_empty()).then_some(runs);
                (path.clone(), json!(runs))
            })
            .collect();
        let nowhere = At {
            file: None,
            run: None,
        };
        self.line(
            "info",
            &message,
            "test_abstract",
            Value::Object(body),
            nowhere,
        );
    }

    fn file(&mut self, path: &str, progress: &str, text: &str, status: Option<Status>) {
        let mut body = json!({ "path": path, "progress": progress });
        if let (Some(status), Some(body)) = (status, body.as_object_mut()) {
            body.insert("status".into(), name(status).into());
        }
        let at = At {
            file: Some(path),
            run: None,
        };
        self.line("info", &format!("{path}... {text}"), "test_file", body, at);
    }

    fn progress(&mut self, path: &str, run: &str, progress: &str, text: &str) {
        let body = json!({ "path": path, "run": run, "progress": progress, "elapsed": 0 });
        let at = At {
            file: Some(path),
            run: Some(run),
        };
        let message = format!("  {run:?}... {text}");
        self.line("info", &message, "test_run", body, at);
    }

    fn run(&mut self, path: &str, run: &RunReport) {
        let at = At {
            file: Some(path),
            run: Some(&run.name),
        };
        let body = json!({
            "path": path,
            "run": run.name.as_str(),
            "progress": "complete",
            "status": name(run.status),
        });
        let message = format!("  {:?}... {}", run.name.as_str(), word(run.status));
        self.line("info", &message, "test_run", body, at);
        if let Some(shown) = &run.shown {
            self.shown(shown, at);
        }
        self.report(&run.report, at);
    }

    fn shown(&mut self, shown: &Shown, at: At<'_>) {
        let version = env!("CARGO_PKG_VERSION");
        let mut text = String::new();
        let (kind, what, written) = match shown {
            Shown::Plan(plan, registry) => {
                let schemas = |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
                let context = PlanContext {
                    schemas: &schemas,
                    configuration: None,
                    version,
                };
                let written = plan_json(&mut text, plan, context);
                ("test_plan", "plan", written)
            }
            Shown::State(snapshot, registry) => {
                let schemas = |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
                let written = state_json(&mut text, snapshot, &schemas, version);
                ("test_state", "state", written)
            }
        };
        if written.is_err() {
            return;
        }
        if let Ok(body) = serde_json::from_str::<Value>(&text) {
            let message = format!("-verbose flag enabled, printing {what}");
            self.line("info", &message, kind, body, at);
        }
    }

    fn report(&mut self, report: &Report, at: At<'_>) {
        for diagnostic in report.diagnostics.iter() {
            let (level, word) = match diagnostic.severity {
                Severity::Error => ("error", "Error"),
                Severity::Warning => ("warn", "Warning"),
            };
            let body = diagnostics::to_json(&report.sources, diagnostic);
            let message = format!("{word}: {}", diagnostic.summary);
            self.line(level, &message, "diagnostic", body, at);
        }
    }

    fn done(&mut self, suite: &Suite) {
        let (word, text) = summary(suite);
        let body = json!({
            "status": name(suite.status()),
            "passed": suite.count(Status::Pass),
            "failed": suite.count(Status::Fail),
            "errored": suite.count(Status::Error),
            "skipped": suite.count(Status::Skip),
        });
        let nowhere = At {
            file: None,
            run: None,
        };
        self.line(
            "info",
            &format!("{word} {text}"),
            "test_summary",
            body,
            nowhere,
        );
    }
}
