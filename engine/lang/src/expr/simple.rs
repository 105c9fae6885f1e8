//! Evaluation with names that stand for values, and nothing else: templates, the console, tests.

use super::compile::compile;
use super::work::Work;
use super::{Binder, Bound, Compiled, Scope, Slot, eval};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::functions::{Functions, ProviderNames};
use crate::rules;
use crate::source::Span;
use crate::syntax::ast;
use crate::syntax::suggest::suggestion;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use terrane_value::{EcoString, Value};

/// Names with their values, as a binder and a scope.
#[derive(Debug)]
pub struct Names<'a> {
    names: Vec<EcoString>,
    values: Vec<Value>,
    functions: &'a Functions,
    /// Whether `type(…)` may be called.
    type_function: bool,
    /// Whether these are the variables of a template.
    template: bool,
    /// Functions of providers that may be called.
    providers: Option<Arc<dyn ProviderNames>>,
}

/// How the message on a name that a template was not given begins; the name in quotes follows.
pub(crate) const MISSING: &str = "The template was not given a variable named ";

impl<'a> Names<'a> {
    /// These names and no others.
    #[must_use]
    pub fn new(values: &BTreeMap<EcoString, Value>, functions: &'a Functions) -> Self {
        Self {
            names: values.keys().cloned().collect(),
            values: values.values().cloned().collect(),
            functions,
            type_function: false,
            template: false,
            providers: None,
        }
    }

    /// Allows `type(…)`, as the console does.
    #[must_use]
    pub fn with_type_function(mut self) -> Self {
        self.type_function = true;
        self
    }

    /// Speaks of names as of the variables of a template, which may call functions of these providers.
    pub(crate) fn for_template(mut self, providers: Option<Arc<dyn ProviderNames>>) -> Self {
        self.template = true;
        self.providers = providers;
        self
    }

    /// Compiles and evaluates an expression.
    ///
    /// # Errors
    /// All messages that are found.
    pub fn evaluate(&mut self, expr: &ast::Expr) -> Result<Value, Diagnostics> {
        self.evaluate_at(expr, &Work::new())
    }

    /// The same, as a part of an evaluation that goes on outside of it.
    pub(crate) fn evaluate_at(
        &mut self,
        expr: &ast::Expr,
        work: &Work,
    ) -> Result<Value, Diagnostics> {
        let (compiled, diagnostics) = compile(expr, self, &[]);
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        let Compiled(root) = compiled;
        eval::eval(&root, self, &[], work)
    }
}

impl Binder for Names<'_> {
    fn bind(&mut self, root: &ast::Ident, _steps: &[ast::Step]) -> Result<Bound, Diagnostic> {
        let place = self.names.binary_search(&root.name).ok();
        match place.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => Ok(Bound {
                slot: Slot(at),
                consumed: 0,
                key_at: None,
            }),
            None if self.template => Err(Diagnostic::error(
                &rules::expr::MISSING_TEMPLATE_VARIABLE,
                format!("{MISSING}\"{}\".", root.name),
            )
            .at(root.span)),
            None => {
                let near = suggestion(&root.name, self.names.iter().map(EcoString::as_str))
                    .map(|near| format!(" Did you mean \"{near}\"?"))
                    .unwrap_or_default();
                Err(Diagnostic::error(
                    &rules::expr::UNKNOWN_NAME,
                    format!("There is no variable named \"{}\".{near}", root.name),
                )
                .at(root.span))
            }
        }
    }

    fn allows_type_function(&self) -> bool {
        self.type_function
    }

    fn provider_names(&mut self) -> Option<Arc<dyn ProviderNames>> {
        self.providers.clone()
    }
}

impl Scope for Names<'_> {
    fn value(&self, slot: Slot, _span: Span) -> Result<Value, Diagnostics> {
        self.values
            .get(slot.0 as usize)
            .cloned()
            .ok_or_else(Diagnostics::new)
    }

    fn keyed(&self, slot: Slot, key: &Value, span: Span) -> Result<Value, Diagnostics> {
        let whole = self.value(slot, span)?;
        terrane_value::ops::index(&whole, key).map_err(|error| {
            Diagnostic::error(rules::expr::of_access(&error), error.to_string())
                .at(span)
                .into()
        })
    }

    fn functions(&self) -> &Functions {
        self.functions
    }

    fn name(&self, slot: Slot) -> EcoString {
        self.names.get(slot.0 as usize).cloned().unwrap_or_default()
    }
}

/// The value of an expression in a place where neither names nor functions are allowed.
///
/// # Errors
/// All messages that are found.
pub fn constant(expr: &ast::Expr) -> Result<Value, Diagnostics> {
    static FUNCTIONS: OnceLock<Functions> = OnceLock::new();
    let functions = FUNCTIONS.get_or_init(Functions::pure);
    let (compiled, diagnostics) = compile(expr, &mut Nothing, &[]);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    if let Some(value) = compiled.as_constant() {
        return Ok(value.clone());
    }
    compiled.eval(&Names::new(&BTreeMap::new(), functions), &[])
}

/// Knows no name.
struct Nothing;

impl Binder for Nothing {
    fn bind(&mut self, root: &ast::Ident, _steps: &[ast::Step]) -> Result<Bound, Diagnostic> {
        Err(Diagnostic::error(
            &rules::structure::VARIABLES_NOT_ALLOWED,
            "Variables may not be used here.",
        )
        .at(root.span))
    }

    fn allows_functions(&self) -> bool {
        false
    }
}
