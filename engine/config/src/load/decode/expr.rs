//! Expressions that must be constant or static.

use super::Decoder;
use crate::constant::{NoNames, NoScope};
use ecow::EcoString;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::compile;
use terrane_lang::syntax::ast::Expr;
use terrane_lang::syntax::static_expr;
use terrane_value::convert::convert;
use terrane_value::{Type, Value};

/// What is said where a static reference is needed.
pub(super) const NOT_STATIC: &str = "A single static variable reference is required: only attribute access and indexing with constant keys. No calculations, function calls, template expressions, etc are allowed here.";

/// The value of an expression that mentions nothing.
pub(crate) fn constant(expr: &Expr) -> Result<Value, Diagnostics> {
    let problems = static_expr::require_constant(expr);
    if problems.has_errors() {
        return Err(problems);
    }
    let (compiled, diagnostics) = compile(expr, &mut NoNames, &[]);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    compiled.eval(&NoScope::default(), &[])
}

fn converted(expr: &Expr, ty: &Type) -> Result<Value, Diagnostics> {
    let value = constant(expr)?;
    convert(&value, ty).map_err(|error| {
        let detail = format!("Unsuitable value: {}", error);
        Diagnostic::error("Unsuitable value type", detail)
            .at(expr.span)
            .into()
    })
}

/// A constant bool; null counts as not given.
pub(crate) fn constant_bool(expr: &Expr) -> Result<Option<bool>, Diagnostics> {
    converted(expr, &Type::Bool).map(|value| value.as_bool())
}

/// A constant string; null counts as not given.
pub(crate) fn constant_string(expr: &Expr) -> Result<Option<EcoString>, Diagnostics> {
    converted(expr, &Type::String).map(|value| value.as_str().map(EcoString::from))
}

/// A constant string that is not null.
pub(crate) fn required_string(expr: &Expr) -> Result<EcoString, Diagnostics> {
    constant_string(expr)?.ok_or_else(|| {
        Diagnostic::error(
            "Unsuitable value type",
            "Unsuitable value: value must not be null",
        )
        .at(expr.span)
        .into()
    })
}

/// A bare word (in JSON syntax, a string that holds one).
pub(crate) fn keyword(expr: &Expr, json: bool) -> Option<EcoString> {
    static_expr::as_keyword(expr).or_else(|| {
        json.then(|| static_expr::literal_string(expr).cloned())
            .flatten()
    })
}

impl Decoder<'_> {
    /// The value, or `None` after its messages are kept.
    pub(super) fn take<T>(&mut self, result: Result<T, Diagnostics>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                None
            }
        }
    }

    /// An optional constant bool argument.
    pub(super) fn bool_argument(
        &mut self,
        content: &terrane_lang::syntax::body::Content,
        name: &str,
    ) -> Option<bool> {
        let attribute = content.attribute(name)?;
        self.take(constant_bool(&attribute.expr)).flatten()
    }

    /// An optional constant string argument.
    pub(super) fn string_argument(
        &mut self,
        content: &terrane_lang::syntax::body::Content,
        name: &str,
    ) -> Option<EcoString> {
        let attribute = content.attribute(name)?;
        self.take(constant_string(&attribute.expr)).flatten()
    }
}
