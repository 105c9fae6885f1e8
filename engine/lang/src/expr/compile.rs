//! From syntax tree to compiled expression.

use super::{Binder, Compiled};
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::ast;
use ecow::EcoString;
use terrane_value::Value;

/// A node of a compiled expression.
#[derive(Debug)]
pub(crate) enum Node {
    /// A constant.
    Constant(Value, Span),
}

impl Node {
    pub(crate) fn constant(value: Value, span: Span) -> Self {
        Self::Constant(value, span)
    }

    pub(crate) fn as_constant(&self) -> Option<&Value> {
        let Self::Constant(value, _) = self;
        Some(value)
    }
}

/// Compiles an expression. `locals` are lexical names from outside of it (iterators of `dynamic` blocks, names given to a template), whose
/// values come with each evaluation; inner ones shadow outer ones, and all shadow what the binder knows.
///
/// Returns what could be compiled (where it could not, evaluation fails quietly) and all messages.
pub fn compile(
    expr: &ast::Expr,
    binder: &mut dyn Binder,
    locals: &[EcoString],
) -> (Compiled, Diagnostics) {
    let _ = (binder, locals);
    (
        Compiled::constant(Value::dynamic(), expr.span),
        Diagnostics::new(),
    )
}
