//! From compiled expression to value.

use super::{Compiled, Root, Scope};
use crate::diagnostic::Diagnostics;
use terrane_value::Value;

pub(super) fn eval(root: &Root, scope: &dyn Scope, locals: &[Value]) -> Result<Value, Diagnostics> {
    let _ = (scope, locals);
    Ok(root
        .node
        .as_constant()
        .cloned()
        .unwrap_or_else(Value::dynamic))
}

/// The values that took part in an expression, for the "each.key is …" lines of a message: known, not sensitive, at most 80 characters each.
#[must_use]
pub fn values_involved(expr: &Compiled, scope: &dyn Scope) -> Vec<(String, String)> {
    let _ = (expr, scope);
    Vec::new()
}
