//! JSON values as expressions.

use super::read::{Property, Text, Value, ValueKind};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rules;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ObjectItem};
use crate::syntax::parse::{MAX_HEIGHT, MAX_NESTING, parse_template_within};
use crate::syntax::spans::map_spans;
use ecow::EcoString;
use std::collections::BTreeMap;

/// Messages about one body after which no more are collected.
pub(super) const MAX_MESSAGES: usize = 100;

/// The expression that a value stands for. Strings, and the names of properties, are templates.
///
/// Recurses as deep as the reader went, which is bounded.
pub(super) fn expression(value: &Value, diagnostics: &mut Diagnostics) -> Expr {
    let kind = match &value.kind {
        ValueKind::Null => ExprKind::Null,
        ValueKind::Bool(flag) => ExprKind::Bool(*flag),
        ValueKind::Number(number) => ExprKind::Number(number.clone()),
        ValueKind::String(text) => return template(text, value.span, diagnostics),
        ValueKind::Array(items) => ExprKind::Tuple(
            items
                .iter()
                .map(|item| expression(item, diagnostics))
                .collect(),
        ),
        ValueKind::Object(properties) => {
            report_duplicates(properties, diagnostics);
            let item = |property: &Property| ObjectItem {
                key: template(&property.name, property.span, diagnostics),
                value: expression(&property.value, diagnostics),
            };
            ExprKind::Object(properties.iter().map(item).collect())
        }
    };
    Expr {
        kind,
        span: value.span,
    }
}

fn report_duplicates(properties: &[Property], diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<&EcoString, Span> = BTreeMap::new();
    for property in properties {
        if diagnostics.len() >= MAX_MESSAGES {
            return;
        }
        if let Some(earlier) = first.get(&property.name.text) {
            let detail = format!(
                "An attribute named \"{}\" was already defined in this object.",
                property.name.text
            );
            let diagnostic = Diagnostic::error(&rules::json::DUPLICATE_OBJECT_ATTRIBUTE, detail)
                .at(property.span);
            diagnostics.push(diagnostic.related(*earlier, "first defined here"));
        } else {
            first.insert(&property.name.text, property.span);
        }
    }
}

/// The template in a string. What cannot be parsed is reported and becomes an empty string.
fn template(text: &Text, span: Span, diagnostics: &mut Diagnostics) -> Expr {
    // Below the arrays and objects that may lie around it.
    let (expr, found) = parse_template_within(span.file, &text.text, MAX_HEIGHT - MAX_NESTING);
    let mut map = |place: &mut Span| {
        *place = Span::new(
            place.file,
            source_offset(text, span, place.start),
            source_offset(text, span, place.end),
        );
    };
    // One for each string would be as many as the file has strings.
    let room = MAX_MESSAGES.saturating_sub(diagnostics.len());
    diagnostics.extend(found.into_iter().take(room).map(|mut diagnostic| {
        diagnostic.map_spans(&mut map);
        diagnostic
    }));
    let mut expr = expr.unwrap_or(Expr {
        kind: ExprKind::String(EcoString::new()),
        span,
    });
    map_spans(&mut expr, &mut map);
    // The whole takes its quotes along.
    expr.span = span;
    expr
}

/// Where byte `at` of the decoded text stands in the file.
fn source_offset(text: &Text, span: Span, at: u32) -> u32 {
    let before = text.steps.partition_point(|(decoded, _)| *decoded <= at);
    let step = before
        .checked_sub(1)
        .and_then(|index| text.steps.get(index));
    let (decoded, source) = step.copied().unwrap_or((0, span.start + 1));
    source.saturating_add(at - decoded).min(span.end)
}
