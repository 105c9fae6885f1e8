//! The names that expressions of test files may use.
//!
//! Values of variables and arguments of providers see variables of the test and results of earlier runs ([`ValueNames`]); assertions see the
//! root module of the run as well ([`AssertNames`]).

use super::{Run, TestFile, TestVariable};
use crate::compile::Schemas;
use crate::compile::bind::{ModuleBinder, Place, Tables};
use crate::compile::outside::RootNames;
use crate::config::{Condition, Config};
use crate::load::Tree;
use crate::load::decl::ConditionDecl;
use crate::rules;
use crate::suggest::did_you_mean;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Headline};
use terrane_lang::expr::{Binder, Bound, Compiled, Scope, Slot, compile};
use terrane_lang::functions::{ConfiguredFunction, Functions, ProviderNames};
use terrane_lang::rules::expr::of_access;
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{BinaryOp, Expr, ExprKind, Ident, Step, StepKind};
use terrane_value::Value;

/// Slots from here on are the test's own.
pub(super) const OWN_SLOTS: u32 = 1 << 31;

/// What only expressions of tests can refer to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extra {
    /// A variable that the module does not declare.
    Variable(EcoString),
    /// An output of the module, by index.
    Output(u32),
    /// The outputs of an earlier run.
    Run(EcoString),
}

/// Names whose value could not be had, with the reason.
pub type FailedNames = BTreeMap<EcoString, Diagnostic>;

/// What values of variables and arguments of providers can refer to.
#[derive(Clone, Debug, Default)]
pub struct ValueNames {
    /// Variables of the test.
    pub variables: BTreeMap<EcoString, Value>,
    /// Variables whose own value failed.
    pub failed: FailedNames,
    /// Outputs of earlier runs.
    pub runs: BTreeMap<EcoString, Value>,
    /// Runs of the file that were not executed yet.
    pub later: Vec<EcoString>,
    /// Runs of the file that only planned: what is not known there stays unknown.
    pub planned: Vec<EcoString>,
}

struct ValueBinder<'a> {
    names: &'a ValueNames,
    found: Vec<Extra>,
    each: bool,
    whose: &'static str,
}

/// The attribute name behind a root, and the place of both.
fn named<'s>(root: &Ident, steps: &'s [Step]) -> Result<(&'s EcoString, Span), Diagnostic> {
    match steps.first() {
        Some(Step {
            kind: StepKind::Attr(name),
            span,
        }) => Ok((name, root.span.to(*span))),
        _ => Err(error(
            &rules::test_file::VALUE_REFERENCE,
            format!(
                "The \"{}\" object cannot be accessed directly. Instead, access one of its attributes.",
                root.name
            ),
            root.span,
        )),
    }
}

fn error(rule: impl Into<Headline>, detail: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::error(rule, detail).at(span)
}

impl ValueBinder<'_> {
    fn resolve(&self, root: &Ident, steps: &[Step]) -> Result<Extra, Diagnostic> {
        match root.name.as_str() {
            "var" => {
                let (name, span) = named(root, steps)?;
                if let Some(why) = self.names.failed.get(name) {
                    return Err(why.clone());
                }
                if self.names.variables.contains_key(name) {
                    return Ok(Extra::Variable(name.clone()));
                }
                let known = self.names.variables.keys().map(EcoString::as_str);
                Err(error(
                    &rules::test_file::UNAVAILABLE_VARIABLE,
                    format!(
                        "The input variable \"{name}\" is not available to the current context.{} {}",
                        did_you_mean(name, known),
                        self.whose
                    ),
                    span,
                ))
            }
            "run" => {
                let (name, span) = named(root, steps)?;
                if self.names.runs.contains_key(name) {
                    return Ok(Extra::Run(name.clone()));
                }
                if self.names.later.contains(name) {
                    return Err(error(
                        &rules::test_file::UNAVAILABLE_RUN,
                        format!(
                            "The run block \"{name}\" has not executed yet. You can only reference run blocks that are in the same test file and will execute before the current run block."
                        ),
                        span,
                    ));
                }
                let known = self.names.runs.keys().map(EcoString::as_str);
                Err(error(
                    &rules::test_file::UNKNOWN_RUN,
                    format!(
                        "The run block \"{name}\" does not exist within this test file.{} You can only reference run blocks that are in the same test file and will execute before the current run block.",
                        did_you_mean(name, known)
                    ),
                    span,
                ))
            }
            _ => Err(error(
                &rules::test_file::VALUE_REFERENCE,
                format!(
                    "You can only reference earlier run blocks and variables of the test here, not \"{}\". {}",
                    root.name, self.whose
                ),
                steps
                    .iter()
                    .fold(root.span, |span, step| span.to(step.span)),
            )),
        }
    }
}

impl Binder for ValueBinder<'_> {
    fn bind(&mut self, root: &Ident, steps: &[Step]) -> Result<Bound, Diagnostic> {
        let extra = match (root.name.as_str(), steps.first().map(|step| &step.kind)) {
            ("each", Some(StepKind::Attr(name)))
                if self.each && matches!(name.as_str(), "key" | "value") =>
            {
                let slot = Slot(u32::from(name == "value"));
                return Ok(Bound {
                    slot,
                    consumed: 1,
                    key_at: None,
                });
            }
            _ => self.resolve(root, steps)?,
        };
        let at = match self.found.iter().position(|known| *known == extra) {
            Some(at) => at,
            None => {
                self.found.push(extra);
                self.found.len() - 1
            }
        };
        Ok(Bound {
            slot: own_slot(at),
            consumed: 1,
            key_at: None,
        })
    }
}

fn own_slot(at: usize) -> Slot {
    Slot(OWN_SLOTS.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)))
}

struct ValueScope<'a> {
    names: &'a ValueNames,
    found: &'a [Extra],
    functions: &'a Functions,
    each: Option<(&'a EcoString, &'a Value)>,
}

impl ValueScope<'_> {
    fn extra(&self, slot: Slot) -> Option<&Extra> {
        let at = slot.0.checked_sub(OWN_SLOTS)?;
        self.found.get(usize::try_from(at).ok()?)
    }
}

impl Scope for ValueScope<'_> {
    fn value(&self, slot: Slot, _: Span) -> Result<Value, Diagnostics> {
        if let (true, Some((key, value))) = (slot.0 < OWN_SLOTS, self.each) {
            return Ok(if slot.0 == 0 {
                Value::string(key.clone())
            } else {
                value.clone()
            });
        }
        let value = match self.extra(slot) {
            Some(Extra::Variable(name)) => self.names.variables.get(name),
            Some(Extra::Run(name)) => self.names.runs.get(name),
            Some(Extra::Output(_)) | None => None,
        };
        value.cloned().ok_or_else(Diagnostics::new)
    }

    fn keyed(&self, slot: Slot, key: &Value, span: Span) -> Result<Value, Diagnostics> {
        terrane_value::ops::index(&self.value(slot, span)?, key)
            .map_err(|problem| error(of_access(&problem), problem.to_string(), span).into())
    }

    fn functions(&self) -> &Functions {
        self.functions
    }

    fn name(&self, slot: Slot) -> EcoString {
        match self.extra(slot) {
            Some(Extra::Variable(name)) => ecow::eco_format!("var.{name}"),
            Some(Extra::Run(name)) => ecow::eco_format!("run.{name}"),
            Some(Extra::Output(_)) => EcoString::new(),
            None if slot.0 == 0 => "each.key".into(),
            None => "each.value".into(),
        }
    }
}

/// What a file-level value may refer to, for messages.
const FILE_LEVEL: &str = "You can only reference global variables here.";
/// The same for a run.
const RUN_LEVEL: &str = "You can only reference earlier run blocks, file level, and global variables while defining variables from inside a run block.";
/// The same for a provider.
const PROVIDER_LEVEL: &str = "A provider block of a test file can only reference earlier run blocks, file level, and global variables.";

impl ValueNames {
    /// The value of a variable that is given for the whole file.
    ///
    /// # Errors
    /// When it can't be had.
    pub fn file_variable(
        &self,
        variable: &TestVariable,
        functions: &Functions,
    ) -> Result<Value, Diagnostics> {
        self.known(&variable.value, FILE_LEVEL, functions)
    }

    /// The value of a variable that is given for a run.
    ///
    /// # Errors
    /// When it can't be had.
    pub fn run_variable(
        &self,
        variable: &TestVariable,
        functions: &Functions,
    ) -> Result<Value, Diagnostics> {
        self.known(&variable.value, RUN_LEVEL, functions)
    }

    /// The value of an expression, which must be known.
    fn known(
        &self,
        expr: &Expr,
        whose: &'static str,
        functions: &Functions,
    ) -> Result<Value, Diagnostics> {
        let value = self.eval(expr, whose, functions, None)?;
        if value.is_wholly_known() {
            return Ok(value);
        }
        let text = match self.planned.as_slice() {
            [] => String::from("It depends on something that is known only after apply."),
            runs => format!(
                "It depends on a run block that executes a \"plan\" operation ({}), and what it refers to there is known only after apply. Execute an \"apply\" operation in that run block.",
                runs.join(", ")
            ),
        };
        Err(error(
            &rules::test_file::UNKNOWN_VALUE,
            format!("This value is unknown. {text}"),
            expr.span,
        )
        .into())
    }

    pub(super) fn eval(
        &self,
        expr: &Expr,
        whose: &'static str,
        functions: &Functions,
        each: Option<(&EcoString, &Value)>,
    ) -> Result<Value, Diagnostics> {
        let mut binder = ValueBinder {
            names: self,
            found: Vec::new(),
            each: each.is_some(),
            whose,
        };
        let (compiled, diagnostics) = compile(expr, &mut binder, &[]);
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        let scope = ValueScope {
            names: self,
            found: &binder.found,
            functions,
            each,
        };
        compiled.eval(&scope, &[])
    }

    /// The value of an argument of a provider.
    pub(super) fn provider_value(
        &self,
        expr: &Expr,
        functions: &Functions,
    ) -> Result<Value, Diagnostics> {
        self.known(expr, PROVIDER_LEVEL, functions)
    }
}

/// The names that assertions of one run may use: those of its root module, and the test's own.
#[derive(Debug)]
pub struct AssertNames {
    tables: Tables,
    outputs: BTreeMap<EcoString, u32>,
    variables: Vec<EcoString>,
    failed: FailedNames,
    runs: Vec<EcoString>,
    later: Vec<EcoString>,
    found: Vec<Extra>,
    /// Whether any variable may turn out to be given from outside.
    open: bool,
}

/// An assertion, compiled.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// What must hold.
    pub condition: Condition,
    /// The comparisons that all must hold for the condition to hold, in source order.
    pub comparisons: Vec<Comparison>,
    /// What is wrong with it: with an error it can't be evaluated.
    pub diagnostics: Diagnostics,
}

/// Two expressions that are compared for being equal, or for not being equal.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Which comparison.
    pub op: BinaryOp,
    /// The left side.
    pub left: Compiled,
    /// The right side.
    pub right: Compiled,
}

/// Most comparisons of one condition that are looked at.
const MOST_COMPARISONS: usize = 16;

/// The comparisons that are joined by "and". The parser bounds how deep it nests.
fn conjuncts<'e>(expr: &'e Expr, found: &mut Vec<(BinaryOp, &'e [Expr; 2])>) {
    if found.len() >= MOST_COMPARISONS {
        return;
    }
    match &expr.kind {
        ExprKind::Parens(inner) | ExprKind::Wrap(inner) => conjuncts(inner, found),
        ExprKind::Binary(BinaryOp::And, sides) => {
            for side in sides.iter() {
                conjuncts(side, found);
            }
        }
        ExprKind::Binary(
            op @ (BinaryOp::Eq
            | BinaryOp::NotEq
            | BinaryOp::Less
            | BinaryOp::LessEq
            | BinaryOp::Greater
            | BinaryOp::GreaterEq),
            sides,
        ) => found.push((*op, sides)),
        _ => {}
    }
}

struct AssertBinder<'a>(&'a mut AssertNames);

impl Binder for AssertBinder<'_> {
    fn bind(&mut self, root: &Ident, steps: &[Step]) -> Result<Bound, Diagnostic> {
        match self.0.extra(root, steps)? {
            Some(extra) => {
                let found = &mut self.0.found;
                let at = match found.iter().position(|known| *known == extra) {
                    Some(at) => at,
                    None => {
                        found.push(extra);
                        found.len() - 1
                    }
                };
                Ok(Bound {
                    slot: own_slot(at),
                    consumed: 1,
                    key_at: None,
                })
            }
            None => self.module().bind(root, steps),
        }
    }

    fn provider_names(&mut self) -> Option<Arc<dyn ProviderNames>> {
        self.module().provider_names()
    }

    fn configured_function(&mut self, name: &str) -> Option<ConfiguredFunction> {
        self.module().configured_function(name)
    }
}

impl AssertBinder<'_> {
    fn module(&mut self) -> ModuleBinder<'_> {
        ModuleBinder {
            tables: &mut self.0.tables,
            place: Place::default(),
        }
    }
}

impl AssertNames {
    /// The names of a run of `file`. `variables` are those of the test, `runs` the earlier runs; `open`: any variable may be given from outside.
    #[must_use]
    pub fn new(
        (tree, schemas, config): (&Tree, &Schemas, &Config),
        file: &TestFile,
        names: &ValueNames,
        open: bool,
    ) -> Self {
        let outputs = config.modules.first().map_or_else(BTreeMap::new, |root| {
            let outputs = root.outputs.iter().map(|output| output.name.clone());
            outputs.zip(0u32..).collect()
        });
        let executed: Vec<EcoString> = names.runs.keys().cloned().collect();
        let later = file.runs.iter().map(|run| run.name.clone());
        Self {
            tables: RootNames::new(tree, schemas, config).into_tables(),
            outputs,
            variables: names.variables.keys().cloned().collect(),
            failed: names.failed.clone(),
            later: later.filter(|name| !executed.contains(name)).collect(),
            runs: executed,
            found: Vec::new(),
            open,
        }
    }

    /// What the slots of the test's own stand for.
    #[must_use]
    pub fn extras(&self) -> &[Extra] {
        &self.found
    }

    /// Compiles the assertions of a run. Names of the module that they are the first to refer to get slots in the root module of `config`.
    pub fn assertions(&mut self, config: &mut Config, run: &Run) -> Vec<Assertion> {
        let compiled = run
            .asserts
            .iter()
            .map(|assert| self.assertion(assert))
            .collect();
        if let Some(root) = config.modules.first_mut() {
            let known = root.slots.len();
            let new = self.tables.slots.iter().skip(known);
            root.slots.extend(new.copied());
        }
        compiled
    }

    fn assertion(&mut self, assert: &ConditionDecl) -> Assertion {
        let mut diagnostics = Diagnostics::new();
        let mut expr = |expr: &Expr| -> Compiled {
            let (compiled, found) = compile(expr, &mut AssertBinder(self), &[]);
            diagnostics.extend(found);
            compiled
        };
        let condition = Condition {
            condition: expr(&assert.condition),
            message: expr(&assert.message),
            span: assert.span,
        };
        let mut comparisons = Vec::new();
        if !diagnostics.has_errors() {
            let mut found = Vec::new();
            conjuncts(&assert.condition, &mut found);
            for (op, sides) in found {
                let [left, right] = sides;
                comparisons.push(Comparison {
                    op,
                    left: compile(left, &mut AssertBinder(self), &[]).0,
                    right: compile(right, &mut AssertBinder(self), &[]).0,
                });
            }
        }
        Assertion {
            condition,
            comparisons,
            diagnostics,
        }
    }

    /// What is the test's own; `None`: it is for the module to say.
    fn extra(&self, root: &Ident, steps: &[Step]) -> Result<Option<Extra>, Diagnostic> {
        match root.name.as_str() {
            "var" => {
                let (name, _) = named(root, steps)?;
                if self.tables.variables.contains_key(name) {
                    return Ok(None);
                }
                if let Some(why) = self.failed.get(name) {
                    return Err(why.clone());
                }
                let known = self.open || self.variables.contains(name);
                Ok(known.then(|| Extra::Variable(name.clone())))
            }
            "output" => {
                let (name, span) = named(root, steps)?;
                match self.outputs.get(name) {
                    Some(at) => Ok(Some(Extra::Output(*at))),
                    None => Err(error(
                        &rules::test_file::UNDECLARED_OUTPUT,
                        format!(
                            "An output value with the name \"{name}\" has not been declared.{}",
                            did_you_mean(name, self.outputs.keys().map(EcoString::as_str))
                        ),
                        span,
                    )),
                }
            }
            "run" => {
                let (name, span) = named(root, steps)?;
                if self.runs.contains(name) {
                    return Ok(Some(Extra::Run(name.clone())));
                }
                if self.later.contains(name) {
                    return Err(error(
                        &rules::test_file::UNEVALUATED_RUN,
                        format!(
                            "The run \"{name}\" block has not yet been evaluated, so its results are not available here."
                        ),
                        span,
                    ));
                }
                Err(error(
                    &rules::test_file::UNDECLARED_RUN,
                    format!(
                        "There is no run \"{name}\" declared in this test file.{}",
                        did_you_mean(name, self.runs.iter().map(EcoString::as_str))
                    ),
                    span,
                ))
            }
            "check" => Err(error(
                &rules::test_file::CHECK_REFERENCE,
                "The \"check\" object can only be referenced from an \"expect_failures\" attribute of a run block: a check either passes or is expected to fail.",
                steps
                    .iter()
                    .fold(root.span, |span, step| span.to(step.span)),
            )),
            _ => Ok(None),
        }
    }
}
