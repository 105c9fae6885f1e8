//! Places where nothing but constants may stand: a binder that knows no name and a scope that holds no value.

use ecow::EcoString;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Binder, Bound, Scope, Slot};
use terrane_lang::functions::Functions;
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Ident, Step};
use terrane_value::Value;

/// Knows no name and allows no function.
#[derive(Debug)]
pub(crate) struct NoNames;

impl Binder for NoNames {
    fn bind(&mut self, root: &Ident, _steps: &[Step]) -> Result<Bound, Diagnostic> {
        Err(Diagnostic::error(
            &terrane_lang::rules::structure::VARIABLES_NOT_ALLOWED,
            "Variables may not be used here.",
        )
        .at(root.span))
    }

    fn allows_functions(&self) -> bool {
        false
    }
}

/// Holds no value and no files.
#[derive(Debug)]
pub(crate) struct NoScope(Functions);

impl Default for NoScope {
    fn default() -> Self {
        Self(Functions::pure())
    }
}

impl Scope for NoScope {
    fn value(&self, _slot: Slot, _span: Span) -> Result<Value, Diagnostics> {
        Ok(Value::dynamic())
    }

    fn keyed(&self, _slot: Slot, _key: &Value, _span: Span) -> Result<Value, Diagnostics> {
        Ok(Value::dynamic())
    }

    fn functions(&self) -> &Functions {
        &self.0
    }

    fn name(&self, _slot: Slot) -> EcoString {
        EcoString::new()
    }
}
