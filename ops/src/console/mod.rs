//! `console`: expressions, evaluated with the values of configuration and state.

mod names;
pub(crate) mod scope;

use crate::clock::now_ms;
use crate::failure::{Failure, Report};
use crate::files::functions_for_apply;
use crate::load::{self, Loaded, Origin};
use crate::planfile::{self, Saved};
use crate::providers::Registry;
use crate::rules;
use crate::session::Session;
use crate::ui::Ui;
use crate::variables::{self, GivenValue, Resolved, VariableArgument};
use scope::{Objects, World};
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::compile::outside::RootNames;
use terrane_config::config::Config;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_lang::syntax::ast::{Expr, ExprKind};
use terrane_lang::syntax::parse::parse_expression;
use terrane_model::snapshot::Snapshot;
use terrane_plan::plan::Plan;
use terrane_value::{Type, Value};

/// How the text of an expression is called in messages.
const INPUT_FILE: &str = "<console-input>";

/// What objects are seen with.
#[derive(Debug)]
pub enum Seen {
    /// As the state holds them.
    State(Arc<Snapshot>),
    /// As a plan will leave them.
    Planned(Box<Plan>),
    /// As a saved plan will leave them, with the configuration and the variables that it was made from.
    Saved(Box<Saved>),
}

impl Seen {
    /// What a state file (version 4) holds.
    ///
    /// # Errors
    /// When it can't be read or is no state file.
    pub fn file(path: &str) -> Result<Self, Failure> {
        let snapshot = crate::state::push::read(path)?;
        Ok(Self::State(Arc::new(snapshot)))
    }
}

/// What an expression gives.
#[derive(Clone, Debug)]
pub enum Evaluated {
    /// A value.
    Value(Value),
    /// A type.
    Type(Type),
    /// A text for people, with its line breaks.
    Text(String),
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
        let (mut loaded, seen) = match seen {
            Seen::State(snapshot) => {
                let loaded = load::load(session, &snapshot, Origin::Disk, &early).await?;
                let objects = Objects::from_state(&snapshot, &loaded.registry);
                (loaded, (objects, None))
            }
            Seen::Planned(plan) => {
                let empty = Snapshot::default();
                let loaded = load::load(session, &empty, Origin::Disk, &early).await?;
                (loaded, (Objects::from_plan(&plan), None))
            }
            Seen::Saved(saved) => {
                let Saved { plan, loaded, .. } = *saved;
                (loaded, (Objects::from_plan(&plan), Some(plan)))
            }
        };
        let (objects, plan) = seen;
        let mut collected = variables::collect(&session.env, arguments, &mut loaded.sources)?;
        if let Some(plan) = &plan {
            keep_planned(plan, &loaded, &mut collected.values);
        }
        let tree = load::tree(session, Origin::Saved(&loaded.folders), &collected.values)?.tree;
        let names = RootNames::new(&tree, &loaded.registry.schemas(), &loaded.config);
        let ui: Option<&mut dyn Ui> = if session.input { Some(ui) } else { None };
        let Resolved {
            values,
            as_given: _,
            given_at: _,
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

    /// The names that an expression may begin with, sorted: functions (with their parenthesis), variables, locals, resources, modules and their outputs.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        names::names(&self.config)
    }

    /// What an expression gives. `type(x)` and `help(name)`, which only the console has, give the type of the value of `x`
    /// and what can be read about a function.
    ///
    /// # Errors
    /// When it gives nothing.
    pub fn evaluate(&mut self, text: &str) -> Result<Evaluated, Failure> {
        if let Some(topic) = names::help_topic(text) {
            return Ok(Evaluated::Text(names::help(topic)));
        }
        let file = self.sources.add(INPUT_FILE, text);
        let (expr, diagnostics) = parse_expression(file, text);
        let Some(expr) = expr.filter(|_| !diagnostics.has_errors()) else {
            return Err(self.fail(diagnostics));
        };
        if let ExprKind::Call(call) = &expr.kind
            && call.name == "type"
        {
            let [argument] = &*call.args else {
                let problem = Diagnostic::error(
                    &rules::console::TYPE_ARGUMENTS,
                    "The function `type` of the console takes one argument.",
                );
                return Err(self.fail(problem.at(expr.span).into()));
            };
            return Ok(Evaluated::Type(self.value(argument)?.ty()));
        }
        self.value(&expr).map(Evaluated::Value)
    }

    fn value(&mut self, expr: &Expr) -> Result<Value, Failure> {
        let (compiled, mut diagnostics) = self.names.compile(&mut self.config, expr);
        if diagnostics.has_errors() {
            for diagnostic in diagnostics.iter_mut() {
                self.explain_type(diagnostic);
            }
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
            found: BTreeMap::new(),
        };
        world
            .value(&compiled)
            .map_err(|diagnostics| self.fail(diagnostics))
    }

    /// The function `type` is not unknown here, but it stands alone.
    fn explain_type(&self, diagnostic: &mut Diagnostic) {
        let unknown = terrane_lang::rules::call::UNKNOWN_FUNCTION.code;
        let is_type = diagnostic.code == Some(unknown)
            && diagnostic
                .subject
                .is_some_and(|span| self.sources.text(span) == "type");
        if is_type {
            *diagnostic = Diagnostic {
                subject: diagnostic.subject,
                ..Diagnostic::error(
                    &rules::console::TYPE_INSIDE,
                    "The function `type` belongs to the console: it takes a whole expression, and can't be a part of one.",
                )
            };
        }
    }

    fn fail(&self, diagnostics: Diagnostics) -> Failure {
        Failure::Input(Report {
            diagnostics,
            sources: self.sources.clone(),
        })
    }
}

/// A saved plan keeps its variables; only those that it can't keep, the ephemeral ones, are given again.
fn keep_planned(plan: &Plan, loaded: &Loaded, values: &mut Vec<GivenValue>) {
    let root = loaded.config.modules.first();
    values.retain(|value| {
        root.is_some_and(|root| {
            root.variables
                .iter()
                .any(|variable| variable.name == value.name && variable.ephemeral)
        })
    });
    values.extend(planfile::planned_values(plan));
}
