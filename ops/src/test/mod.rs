//! `test`: executes the runs of test files and tells what came of them.
//!
//! In reading order: the request and the results (this file), finding test files, from a run to a compiled configuration, what answers in
//! place of providers, executing a run, what was expected to fail, why a comparison does not hold, cleaning up.

mod clean;
mod compose;
mod double;
mod execute;
mod expect;
mod explain;
pub(crate) mod files;
mod prepare;
pub(crate) mod validate;

pub use files::TEST_DIRECTORY;

use crate::failure::{Failure, Report};
use crate::interrupt::Interrupt;
use crate::load::{self, LoadedTree, Origin};
use crate::providers::{self, Registry};
use crate::rules;
use crate::session::Session;
use crate::variables::{VariableArgument, collect};
use clean::Kept;
use ecow::EcoString;
use execute::{Executed, Place};
use files::Found;
use prepare::{Earlier, Shared};
use std::sync::Arc;
use std::time::{Duration, Instant};
use terrane_config::rules::provider::UNDECLARED_CONFIGURATION;
use terrane_config::test_file::{Command, TestFile};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_model::snapshot::Snapshot;
use terrane_modules::join;
use terrane_plan::plan::Plan;
use terrane_store::MemoryStore;

/// What is to be tested.
#[derive(Clone, Debug)]
pub struct TestRequest {
    /// `-filter`: only these files; empty: all.
    pub filters: Vec<String>,
    /// `-test-directory`
    pub directory: String,
    /// `-var` and `-var-file`, in order.
    pub variables: Vec<VariableArgument>,
    /// Whether plans and states are wanted.
    pub verbose: bool,
}

/// What came of a run, or of all runs of a file. The worst of several is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It was not executed, because something before it failed.
    Skip,
    /// All is well.
    Pass,
    /// An assertion does not hold.
    Fail,
    /// It could not be executed to its end, or what was to fail did not.
    Error,
}

/// The plan or the state of a run.
#[derive(Clone, Debug)]
pub enum Shown {
    /// Of a run that only plans.
    Plan(Box<Plan>, Arc<Registry>),
    /// After a run that applies.
    State(Arc<Snapshot>, Arc<Registry>),
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Its name.
    pub name: EcoString,
    /// What came of it.
    pub status: Status,
    /// Its messages.
    pub report: Report,
    /// When it began, in milliseconds since 1970, and how long it took; `None`: it was not executed.
    pub took: Option<(u64, Duration)>,
    /// The message of the first assertion that failed, how many failed, and of how many.
    pub failed: Option<(String, usize, usize)>,
    /// If that was asked for.
    pub shown: Option<Shown>,
}

/// How a file ended.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// Its path.
    pub path: String,
    /// What came of it: the worst of its runs, and of cleaning up.
    pub status: Status,
    /// Its runs, in order.
    pub runs: Vec<RunReport>,
}

/// How everything ended.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    /// In order.
    pub files: Vec<FileReport>,
    /// Whether the user stopped it.
    pub interrupted: bool,
}

impl Suite {
    /// How many runs ended like this.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        let runs = self.files.iter().flat_map(|file| &file.runs);
        runs.filter(|run| run.status == status).count()
    }

    /// What came of all files.
    #[must_use]
    pub fn status(&self) -> Status {
        let worst = self.files.iter().map(|file| file.status).max();
        let worst = worst.unwrap_or(Status::Pass);
        if self.interrupted {
            worst.max(Status::Error)
        } else {
            worst
        }
    }
}

/// Something that happens while tests are executed.
#[derive(Debug)]
pub enum TestEvent<'a> {
    /// These files and runs were found.
    Found(&'a [(String, Vec<EcoString>)]),
    /// Messages that belong to no run.
    Report(&'a Report),
    /// A file begins.
    FileStarted(&'a str),
    /// Its runs are over; what they made is destroyed.
    FileTearingDown(&'a str),
    /// A file is over.
    FileDone(&'a FileReport),
    /// A run begins.
    RunStarted(&'a str, &'a str),
    /// A run is over.
    RunDone(&'a str, &'a RunReport),
    /// What is in the state that this run was the last to change is destroyed.
    RunTearingDown(&'a str, &'a str),
    /// Objects that this run left could not be destroyed.
    Left(&'a str, &'a str, &'a [Leftover], &'a Report),
    /// The user wants to stop.
    Interrupted,
    /// Everything is over.
    Done(&'a Suite),
}

/// An object that could not be destroyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The instance.
    pub instance: String,
    /// Which deposed object of it; `None`: the current one.
    pub deposed: Option<String>,
}

/// The user, as tests see them.
pub trait TestUi: Send {
    /// Something happened.
    fn event(&mut self, event: &TestEvent<'_>);
}

/// Executes the tests of the working directory.
///
/// # Errors
/// When the configuration or a test file has errors; when the user interrupts twice.
pub async fn run(
    session: &Session,
    request: &TestRequest,
    interrupt: &Arc<Interrupt>,
    ui: &mut dyn TestUi,
) -> Result<Suite, Failure> {
    let (mut shared, chosen) = load_all(session, request, ui)?;
    let listed: Vec<(String, Vec<EcoString>)> = chosen
        .iter()
        .map(|(found, file)| {
            let runs = file.runs.iter().map(|run| run.name.clone());
            (found.path.clone(), runs.collect())
        })
        .collect();
    ui.event(&TestEvent::Found(&listed));
    let mut suite = Suite::default();
    for (found, file) in &chosen {
        let mut runner = FileRunner {
            shared: &mut shared,
            found,
            file,
            interrupt,
            verbose: request.verbose,
            earlier: Earlier::default(),
            kept: Vec::new(),
            stopped: suite.interrupted,
        };
        let report = runner.run(ui).await?;
        suite.interrupted |= runner.stopped;
        suite.files.push(report);
    }
    ui.event(&TestEvent::Done(&suite));
    Ok(suite)
}

/// Reads configuration and test files. All their errors are told before anything is executed.
fn load_all<'a>(
    session: &'a Session,
    request: &'a TestRequest,
    ui: &mut dyn TestUi,
) -> Result<(Shared<'a>, Vec<(Found, TestFile)>), Failure> {
    let early = collect(&session.env, &request.variables, &mut SourceMap::default())?;
    let LoadedTree {
        tree,
        mut sources,
        mut diagnostics,
        folders,
    } = load::tree(session, Origin::Disk, &early.values)?;
    // The provider configurations that a module wants from its caller are given by the test.
    diagnostics = diagnostics
        .into_iter()
        .filter(|diagnostic| !diagnostic.is(&UNDECLARED_CONFIGURATION))
        .collect();
    diagnostics.extend(early.diagnostics);
    let (found, messages) = files::find(&request.directory)?;
    diagnostics.extend(messages);
    let filters: Vec<String> = request.filters.iter().map(|name| join(".", name)).collect();
    let mut chosen = Vec::new();
    for found in found {
        let (file, messages) = files::decode(&mut sources, &found);
        diagnostics.extend(messages);
        if filters.is_empty() || filters.contains(&found.path) {
            chosen.push((found, file));
        }
    }
    for (name, path) in request.filters.iter().zip(&filters) {
        if !chosen.iter().any(|(found, _)| found.path == *path) {
            diagnostics.push(Diagnostic::warning(
                &rules::test::UNKNOWN_TEST_FILE,
                format!(
                    "The -filter option names {name:?}, but there is no test file of this name."
                ),
            ));
        }
    }
    let (factories, messages) = providers::available(session);
    diagnostics.extend(messages);
    let report = Report {
        diagnostics,
        sources,
    };
    if report.diagnostics.has_errors() {
        return Err(Failure::Input(report));
    }
    if !report.diagnostics.is_empty() {
        ui.event(&TestEvent::Report(&report));
    }
    let shared = Shared {
        session,
        factories,
        arguments: &request.variables,
        directory: &request.directory,
        declared: tree.root_variables(),
        folders: folders
            .into_iter()
            .map(|folder| (folder.dir.clone(), Ok(folder)))
            .collect(),
    };
    Ok((shared, chosen))
}

/// Executes the runs of one file.
struct FileRunner<'r, 'a> {
    shared: &'r mut Shared<'a>,
    found: &'r Found,
    file: &'r TestFile,
    interrupt: &'r Arc<Interrupt>,
    verbose: bool,
    earlier: Earlier,
    /// States, in the order in which runs last worked on them.
    kept: Vec<Kept>,
    stopped: bool,
}

impl FileRunner<'_, '_> {
    async fn run(&mut self, ui: &mut dyn TestUi) -> Result<FileReport, Failure> {
        let path = self.found.path.clone();
        ui.event(&TestEvent::FileStarted(&path));
        let mut report = FileReport {
            path: path.clone(),
            status: Status::Pass,
            runs: Vec::new(),
        };
        let mut broken = self.stopped;
        for (at, run) in self.file.runs.iter().enumerate() {
            let ended = if broken {
                RunReport {
                    name: run.name.clone(),
                    status: Status::Skip,
                    report: Report::plain(Diagnostics::new()),
                    took: None,
                    failed: None,
                    shown: None,
                }
            } else {
                ui.event(&TestEvent::RunStarted(&path, &run.name));
                match self.one(at).await {
                    Ok(ended) => ended,
                    Err(failure) => {
                        // There is no time to clean up: what is left behind must be known at least.
                        clean::list(&path, &self.kept, ui);
                        return Err(failure);
                    }
                }
            };
            if self.interrupt.count() > 0 && !self.stopped {
                self.stopped = true;
                ui.event(&TestEvent::Interrupted);
            }
            broken |= ended.status == Status::Error || self.stopped;
            report.status = report.status.max(ended.status);
            ui.event(&TestEvent::RunDone(&path, &ended));
            report.runs.push(ended);
        }
        ui.event(&TestEvent::FileTearingDown(&path));
        if clean::up(
            self.shared.session,
            self.interrupt,
            &path,
            &mut self.kept,
            ui,
        )
        .await?
        {
            report.status = Status::Error;
        }
        if self.stopped {
            report.status = report.status.max(Status::Error);
        }
        ui.event(&TestEvent::FileDone(&report));
        Ok(report)
    }

    /// Executes one run.
    async fn one(&mut self, at: usize) -> Result<RunReport, Failure> {
        let run = &self.file.runs[at];
        let began = Instant::now();
        let at_ms = crate::clock::now_ms();
        let name = run.state_name();
        let position = self.kept.iter().position(|kept| kept.name == name);
        let back = position.unwrap_or(self.kept.len());
        let mut kept = match position {
            Some(position) => self.kept.remove(position),
            None => Kept {
                name,
                run: run.name.clone(),
                store: MemoryStore::new(),
                prepared: None,
            },
        };
        let place = Place {
            session: self.shared.session,
            interrupt: self.interrupt.clone(),
            store: kept.store.clone(),
        };
        let snapshot = place.snapshot()?;
        let prepared = self
            .shared
            .prepare(self.found, at, &self.earlier, &snapshot)
            .await;
        let (executed, report) = match prepared {
            Ok(prepared) => {
                let executed = place.execute(&prepared, self.verbose).await;
                let sources = prepared.sources.clone();
                // One that only plans leaves the state as it was: it is not the run that has worked on it last.
                if prepared.only_plans() {
                    self.kept.insert(back, kept);
                } else {
                    kept.run = run.name.clone();
                    kept.prepared = Some(Box::new(prepared));
                    self.kept.push(kept);
                }
                let executed = executed?;
                let report = Report {
                    diagnostics: executed.diagnostics.clone(),
                    sources,
                };
                (Some(executed), report)
            }
            Err(Failure::Input(report)) => {
                self.kept.insert(back, kept);
                (None, report)
            }
            Err(failure) => return Err(failure),
        };
        let mut ended = RunReport {
            name: run.name.clone(),
            status: Status::Error,
            report,
            took: Some((at_ms, began.elapsed())),
            failed: None,
            shown: None,
        };
        if let Some(executed) = executed {
            let Executed {
                status,
                diagnostics: _,
                outputs,
                failed,
                shown,
            } = executed;
            ended.status = status;
            ended.failed = failed.map(|(message, failed)| (message, failed, run.assertions));
            ended.shown = shown;
            if let Some(outputs) = outputs {
                self.earlier.outputs.insert(run.name.clone(), outputs);
                if run.command == Command::Plan {
                    self.earlier.planned.push(run.name.clone());
                }
            }
        }
        Ok(ended)
    }
}
