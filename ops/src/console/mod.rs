//! `console`: expressions, evaluated with the values of configuration and state.

mod scope;

use crate::clock::now_ms;
use crate::failure::{Failure, Report};
use crate::files::functions_for_apply;
use crate::load::{self, LoadedTree, Origin};
use crate::providers;
use crate::session::Session;
use crate::ui::Ui;
use crate::variables::{self, Resolved, VariableArgument};
use scope::{Objects, World};
use std::sync::Arc;
use terrane_config::compile::compile;
use terrane_config::load::{ModuleFile, ModuleFolder};
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::source::{FileId, SourceMap};
use terrane_lang::syntax::ast::ExprKind;
use terrane_lang::syntax::parse::parse_expression;
use terrane_model::snapshot::Snapshot;
use terrane_plan::plan::Plan;
use terrane_value::{Type, Value};

/// How the text of an expression is called in messages.
const INPUT_FILE: &str = "<console-input>";
/// The file that holds the expression in the midst of the configuration.
const INPUT_NAME: &str = "terrane-console-input.tf";
/// The local value that it defines.
const INPUT_LOCAL: &str = "terrane_console_input";

/// What objects are seen with.
#[derive(Clone, Debug)]
pub enum Seen {
    /// As the state holds them.
    State(Arc<Snapshot>),
    /// As a plan will leave them.
    Planned(Box<Plan>),
}

/// What an expression gives.
#[derive(Clone, Debug)]
pub enum Evaluated {
    /// A value.
    Value(Value),
    /// A type.
    Type(Type),
}

/// A console over the configuration of the working directory.
#[derive(Debug)]
pub struct Console<'a> {
    session: &'a Session,
    folders: Vec<ModuleFolder>,
    variables: Vec<variables::GivenValue>,
    seen: Seen,
    registry: Arc<providers::Registry>,
    values: Vec<Value>,
}

impl<'a> Console<'a> {
    /// Reads the configuration and resolves its variables.
    ///
    /// # Errors
    /// When the configuration or a variable has errors.
    pub async fn open(
        session: &'a Session,
        arguments: &[VariableArgument],
        seen: Seen,
        ui: &mut dyn Ui,
    ) -> Result<(Self, Report), Failure> {
        let early = variables::collect(&session.env, arguments, &mut SourceMap::default())?.values;
        let empty = Snapshot::default();
        let snapshot = match &seen {
            Seen::State(snapshot) => snapshot,
            Seen::Planned(_) => &empty,
        };
        let mut loaded = load::load(session, snapshot, Origin::Disk, &early).await?;
        let collected = variables::collect(&session.env, arguments, &mut loaded.sources)?;
        let variables = collected.values.clone();
        let ui: Option<&mut dyn Ui> = if session.input { Some(ui) } else { None };
        let Resolved {
            values,
            diagnostics,
        } = variables::resolve(&loaded.config, collected, ui);
        let mut all = loaded.warnings;
        all.extend(diagnostics);
        let report = Report {
            diagnostics: all,
            sources: loaded.sources,
        };
        if report.diagnostics.has_errors() {
            return Err(Failure::Input(report));
        }
        let console = Self {
            session,
            folders: loaded.folders,
            variables,
            seen,
            registry: loaded.registry,
            values,
        };
        Ok((console, report))
    }

    /// What an expression gives. `type(x)`, which only the console has, gives the type of the value of `x`.
    ///
    /// # Errors
    /// When it gives nothing.
    pub fn evaluate(&self, text: &str) -> Result<Evaluated, Failure> {
        let mut alone = SourceMap::default();
        let file = alone.add(INPUT_FILE, text);
        let (expr, diagnostics) = parse_expression(file, text);
        let Some(expr) = expr.filter(|_| !diagnostics.has_errors()) else {
            return Err(Failure::Input(Report {
                diagnostics,
                sources: alone,
            }));
        };
        if let ExprKind::Call(call) = &expr.kind
            && call.name == "type"
            && let [argument] = &*call.args
        {
            let argument = alone.text(argument.span).to_owned();
            return Ok(Evaluated::Type(self.value(&argument)?.ty()));
        }
        self.value(text).map(Evaluated::Value)
    }

    fn value(&self, text: &str) -> Result<Value, Failure> {
        // Names are bound by the compiler of the configuration, which takes whole modules: the expression becomes a local value of the root.
        let prefix = format!("locals {{\n{INPUT_LOCAL} = (");
        let content = format!("{prefix}{text}\n)\n}}\n").into_bytes();
        let mut folders = self.folders.clone();
        if let Some(root) = folders.first_mut() {
            root.files.push(ModuleFile {
                name: INPUT_NAME.to_owned(),
                content,
            });
        }
        let LoadedTree {
            tree,
            sources,
            mut diagnostics,
            folders: _,
        } = load::tree(Origin::Saved(&folders), &self.variables)?;
        let (config, found) = compile(&tree, &sources, &self.registry.schemas());
        diagnostics.extend(found);
        let fail = |mut diagnostics: Diagnostics| {
            let mut shown = sources.clone();
            to_input(&mut diagnostics, &mut shown, text, prefix.len());
            Failure::Input(Report {
                diagnostics,
                sources: shown,
            })
        };
        if diagnostics.has_errors() {
            return Err(fail(diagnostics));
        }
        let at_ms = now_ms();
        let objects = match &self.seen {
            Seen::State(snapshot) => Objects::from_state(snapshot, &self.registry),
            Seen::Planned(plan) => Objects::from_plan(plan),
        };
        let world = World {
            config: &config,
            objects,
            values: &self.values,
            functions: functions_for_apply(&crate::clock::rfc3339(at_ms), at_ms),
            workspace: self.session.workspace()?,
            cwd: self.session.cwd.clone(),
        };
        world.local(INPUT_LOCAL).map_err(fail)
    }
}

/// Makes messages point into the text that the user has typed.
fn to_input(diagnostics: &mut Diagnostics, sources: &mut SourceMap, text: &str, prefix: usize) {
    let whole: Option<FileId> = sources
        .iter()
        .find(|(_, file)| file.path == INPUT_NAME)
        .map(|(id, _)| id);
    let alone = sources.add(INPUT_FILE, text);
    let prefix = u32::try_from(prefix).unwrap_or(0);
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    for diagnostic in diagnostics.iter_mut() {
        diagnostic.map_spans(&mut |span| {
            if Some(span.file) == whole {
                span.file = alone;
                span.start = span.start.saturating_sub(prefix).min(end);
                span.end = span.end.saturating_sub(prefix).min(end);
            }
        });
    }
}
