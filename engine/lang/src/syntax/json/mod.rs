//! JSON syntax: a text becomes values with places, and a schema makes attributes and blocks of them.
//!
//! The reader is our own because every value must know its bytes, numbers must stay exact, and properties
//! may occur more than once. Strings are templates where an expression is expected.

mod content;
mod expr;
mod read;
#[cfg(test)]
mod tests;

use super::ast::Expr;
use super::body::Body;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rules;
use crate::source::{FileId, SourceMap, Span};
use ecow::EcoString;
use read::{Value, ValueKind};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A JSON object (or array of objects) that a schema has yet to interpret.
#[derive(Clone, Debug)]
pub struct JsonBody {
    value: Arc<Value>,
    /// Properties that an earlier, partial look has taken.
    hidden: BTreeSet<EcoString>,
}

/// Parses a JSON configuration file.
///
/// The body is empty where the text cannot be understood.
pub fn parse_body(file: FileId, text: &str) -> (JsonBody, Diagnostics) {
    let (value, mut diagnostics) = read::read(file, text);
    let value = match value {
        Some(value) if matches!(value.kind, ValueKind::Object(_) | ValueKind::Array(_)) => value,
        other => {
            let span = other.map_or(Span::new(file, 0, 0), |value| value.span);
            if !diagnostics.has_errors() {
                let detail = "The root value in a JSON-based configuration must be either a JSON object or a JSON array \
                              of objects.";
                diagnostics.push(Diagnostic::error(&rules::json::ROOT_NOT_OBJECT, detail).at(span));
            }
            // What is missing in it is missing where it begins.
            Value {
                kind: ValueKind::Object(Vec::new()),
                span: Span::new(file, span.start, span.start),
            }
        }
    };
    (
        JsonBody {
            value: Arc::new(value),
            hidden: BTreeSet::new(),
        },
        diagnostics,
    )
}

/// Parses a JSON text as an expression: the value of a variable in a JSON file.
///
/// `None` if the diagnostics hold an error.
pub fn parse_expression(file: FileId, text: &str) -> (Option<Expr>, Diagnostics) {
    let (value, mut diagnostics) = read::read(file, text);
    let expr = value.map(|value| expr::expression(&value, &mut diagnostics));
    let expr = if diagnostics.has_errors() { None } else { expr };
    (expr, diagnostics)
}

/// The text of a JSON string that is not to be understood as a template (a description, a module source),
/// read anew from the source. `None` if `expr` is not a JSON string.
#[must_use]
pub fn literal_string(sources: &SourceMap, expr: &Expr) -> Option<EcoString> {
    read::decode_string(sources.text(expr.span))
}

/// The path of property names to the innermost object or array around byte `at`: `resource.t.a.depends_on`.
#[must_use]
pub fn path_at(text: &str, at: u32) -> Option<String> {
    let (root, _) = read::read(FileId(0), text);
    let mut path = String::new();
    let holds = |value: &Value| {
        matches!(value.kind, ValueKind::Object(_) | ValueKind::Array(_))
            && (value.span.start..value.span.end).contains(&at)
    };
    let mut value = Arc::new(root?);
    loop {
        let inner = match &value.kind {
            ValueKind::Object(properties) => {
                let found = properties.iter().find(|property| holds(&property.value));
                found.map(|property| {
                    let dot = if path.is_empty() { "" } else { "." };
                    path.extend([dot, &property.name.text]);
                    Arc::clone(&property.value)
                })
            }
            ValueKind::Array(items) => {
                let found = items.iter().enumerate().find(|(_, item)| holds(item));
                found.map(|(index, item)| {
                    path.extend(["[", &index.to_string(), "]"]);
                    Arc::clone(item)
                })
            }
            _ => None,
        };
        match inner {
            Some(inner) => value = inner,
            None => return (!path.is_empty()).then_some(path),
        }
    }
}

impl From<JsonBody> for Body {
    fn from(body: JsonBody) -> Self {
        Self::Json(Arc::new(body))
    }
}
