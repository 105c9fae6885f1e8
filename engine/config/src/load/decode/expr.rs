//! Expressions that must be constant or static.

use super::Decoder;
use crate::constant::{NoNames, NoScope};
use crate::rules;
use ecow::EcoString;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::compile;
use terrane_lang::source::SourceMap;
use terrane_lang::syntax::ast::{Expr, ExprKind};
use terrane_lang::syntax::json;
use terrane_lang::syntax::static_expr;
use terrane_value::convert::convert;
use terrane_value::{Type, Value};

/// What is said where a static reference is needed.
pub(super) const NOT_STATIC: &str = "A single static variable reference is required: only attribute access and indexing with constant keys. No calculations, function calls, template expressions, etc are allowed here.";

/// The value of an expression that mentions nothing. In JSON syntax strings are what they are here, not templates.
pub(crate) fn constant(sources: &SourceMap, expr: &Expr) -> Result<Value, Diagnostics> {
    if super::is_json(sources, expr.span) {
        return json_constant(sources, expr);
    }
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

/// The value of a JSON text. The parser bounds how deep it nests.
pub(crate) fn json_constant(sources: &SourceMap, expr: &Expr) -> Result<Value, Diagnostics> {
    if let Some(text) = json::literal_string(sources, expr) {
        return Ok(Value::string_nfc(&text));
    }
    match &expr.kind {
        ExprKind::Null => Ok(Value::NULL),
        ExprKind::Bool(value) => Ok(Value::bool(*value)),
        ExprKind::Number(number) => Ok(Value::number(number.clone())),
        ExprKind::Tuple(items) => items
            .iter()
            .map(|item| json_constant(sources, item))
            .collect::<Result<_, _>>()
            .map(Value::tuple),
        ExprKind::Object(items) => items
            .iter()
            .map(|item| {
                let key = json::literal_string(sources, &item.key).unwrap_or_default();
                Ok((key, json_constant(sources, &item.value)?))
            })
            .collect::<Result<Vec<_>, Diagnostics>>()
            .map(Value::object),
        _ => Err(static_expr::require_constant(expr)),
    }
}

fn converted(sources: &SourceMap, expr: &Expr, ty: &Type) -> Result<Value, Diagnostics> {
    let fail = |problem: String| -> Diagnostics {
        Diagnostic::error(
            &rules::declaration::UNSUITABLE_VALUE,
            format!("Unsuitable value: {problem}"),
        )
        .at(expr.span)
        .into()
    };
    let value = constant(sources, expr)?;
    let value = convert(&value, ty).map_err(|error| fail(error.to_string()))?;
    if value.is_null() {
        return Err(fail("null value is not allowed".into()));
    }
    Ok(value)
}

/// A constant bool.
pub(crate) fn constant_bool(sources: &SourceMap, expr: &Expr) -> Result<Option<bool>, Diagnostics> {
    converted(sources, expr, &Type::Bool).map(|value| value.as_bool())
}

/// A constant string.
pub(crate) fn constant_string(
    sources: &SourceMap,
    expr: &Expr,
) -> Result<Option<EcoString>, Diagnostics> {
    converted(sources, expr, &Type::String).map(|value| value.as_str().map(EcoString::from))
}

/// A constant string.
pub(crate) fn required_string(sources: &SourceMap, expr: &Expr) -> Result<EcoString, Diagnostics> {
    constant_string(sources, expr).map(Option::unwrap_or_default)
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
    pub(crate) fn take<T>(&mut self, result: Result<T, Diagnostics>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                None
            }
        }
    }

    /// An optional constant bool argument.
    pub(crate) fn bool_argument(
        &mut self,
        content: &terrane_lang::syntax::body::Content,
        name: &str,
    ) -> Option<bool> {
        let attribute = content.attribute(name)?;
        self.take(constant_bool(self.sources, &attribute.expr))
            .flatten()
    }

    /// An optional constant string argument.
    pub(super) fn string_argument(
        &mut self,
        content: &terrane_lang::syntax::body::Content,
        name: &str,
    ) -> Option<EcoString> {
        let attribute = content.attribute(name)?;
        self.take(constant_string(self.sources, &attribute.expr))
            .flatten()
    }
}
