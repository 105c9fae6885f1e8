//! Places where nothing but constants may stand: a binder that knows no name and a scope that holds no value.

use ecow::EcoString;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Binder, Bound, Scope, Slot};
use terrane_lang::functions::{Files, Functions};
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Ident, Step};
use terrane_value::Value;

/// Knows no name and allows no function.
#[derive(Debug)]
pub(crate) struct NoNames;

impl Binder for NoNames {
    fn bind(&mut self, root: &Ident, _steps: &[Step]) -> Result<Bound, Diagnostic> {
        Err(
            Diagnostic::error("Variables not allowed", "Variables may not be used here.")
                .at(root.span),
        )
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
        Self(no_functions())
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

/// What functions may use where they may use nothing.
pub(crate) fn no_functions() -> Functions {
    Functions {
        files: Arc::new(NoFiles),
        plan_time: None,
        impure: None,
    }
}

#[derive(Debug)]
struct NoFiles;

const NO_FILES: &str = "files can't be read here";

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Result<Arc<[u8]>, String> {
        Err(NO_FILES.into())
    }

    fn exists(&self, _path: &str) -> Result<bool, String> {
        Err(NO_FILES.into())
    }

    fn list(&self, _dir: &str) -> Result<Vec<String>, String> {
        Err(NO_FILES.into())
    }

    fn absolute(&self, path: &str) -> String {
        path.to_owned()
    }

    fn home(&self) -> Option<String> {
        None
    }
}
