//! `console`: expressions, evaluated with the values of configuration and state.

mod scope;

use crate::clock::now_ms;
use crate::failure::{Failure, Report};
use crate::files::functions_for_apply;
use crate::load::{self, Origin};
use crate::providers::Registry;
use crate::session::Session;
use crate::ui::Ui;
use crate::variables::{self, Resolved, VariableArgument};
use scope::{Objects, World};
use std::sync::Arc;
use terrane_config::compile::outside::RootNames;
use terrane_config::config::Config;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::source::SourceMap;
use terrane_lang::syntax::ast::{Expr, ExprKind};
use terrane_lang::syntax::parse::parse_expression;
use terrane_model::snapshot::Snapshot;
use terrane_plan::plan::Plan;
use terrane_value::{Type, Value};

/// How the text of an expression is called in messages.
const INPUT_FILE: &str = "<console-input>";

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

/// A console over the configuration of the working directory, which is read and compiled once.
#[derive(Debug)]
pub struct Console<'a> {
    session: &'a Session,
    config: Config,
    names: RootNames,
    sources: SourceMap,
    objects: Objects,
    values: Vec<Value>,
    workspace: String,
    registry: Arc<Registry>,
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
        let tree = load::tree(Origin::Saved(&loaded.folders), &collected.values)?.tree;
        let names = RootNames::new(&tree, &loaded.registry.schemas(), &loaded.config);
        let ui: Option<&mut dyn Ui> = if session.input { Some(ui) } else { None };
        let Resolved {
            values,
            given_ephemeral: _,
            diagnostics,
        } = variables::resolve(&loaded.config, collected, ui);
        let mut all = loaded.warnings;
        all.extend(diagnostics);
        let report = Report {
            diagnostics: all,
            sources: loaded.sources.clone(),
        };
        if report.diagnostics.has_errors() {
            return Err(Failure::Input(report));
        }
        let objects = match &seen {
            Seen::State(snapshot) => Objects::from_state(snapshot, &loaded.registry),
            Seen::Planned(plan) => Objects::from_plan(plan),
        };
        let console = Self {
            session,
            config: Arc::unwrap_or_clone(loaded.config),
            names,
            sources: loaded.sources,
            objects,
            values,
            workspace: session.workspace()?,
            registry: loaded.registry,
        };
        Ok((console, report))
    }

    /// What an expression gives. `type(x)`, which only the console has, gives the type of the value of `x`.
    ///
    /// # Errors
    /// When it gives nothing.
    pub fn evaluate(&mut self, text: &str) -> Result<Evaluated, Failure> {
        let file = self.sources.add(INPUT_FILE, text);
        let (expr, diagnostics) = parse_expression(file, text);
        let Some(expr) = expr.filter(|_| !diagnostics.has_errors()) else {
            return Err(self.fail(diagnostics));
        };
        if let ExprKind::Call(call) = &expr.kind
            && call.name == "type"
            && let [argument] = &*call.args
        {
            return Ok(Evaluated::Type(self.value(argument)?.ty()));
        }
        self.value(&expr).map(Evaluated::Value)
    }

    fn value(&mut self, expr: &Expr) -> Result<Value, Failure> {
        let (compiled, diagnostics) = self.names.compile(&mut self.config, expr);
        if diagnostics.has_errors() {
            return Err(self.fail(diagnostics));
        }
        let at_ms = now_ms();
        let world = World {
            config: &self.config,
            objects: &self.objects,
            values: &self.values,
            functions: functions_for_apply(&crate::clock::rfc3339(at_ms), at_ms)
                .with_providers(self.registry.functions()),
            workspace: self.workspace.clone(),
            cwd: self.session.cwd.clone(),
        };
        world
            .value(&compiled)
            .map_err(|diagnostics| self.fail(diagnostics))
    }

    fn fail(&self, diagnostics: Diagnostics) -> Failure {
        Failure::Input(Report {
            diagnostics,
            sources: self.sources.clone(),
        })
    }
}
