//! The place of a part of a value that is written out.

use terrane_lang::source::{SourceMap, Span};
use terrane_lang::syntax::ast::{Expr, ExprKind};
use terrane_lang::syntax::parse::parse_expression;

use terrane_value::{Kind, Path, PathStep};

/// The place of the part that `path` leads to within the expression at `span`; as far as it can be followed.
pub(super) fn span_of(sources: &SourceMap, span: Span, path: &Path) -> Span {
    if path.0.is_empty() || super::is_json(sources, span) {
        return span;
    }
    let text = sources
        .get(span.file)
        .and_then(|file| file.text.get(span.start as usize..span.end as usize));
    let Some((Some(expr), _)) = text.map(|text| parse_expression(span.file, text)) else {
        return span;
    };
    let mut part = &expr;
    for step in &path.0 {
        match child(part, step) {
            Some(inner) => part = inner,
            None => break,
        }
    }
    let at = |offset: u32| span.start.saturating_add(offset).min(span.end);
    Span::new(span.file, at(part.span.start), at(part.span.end))
}

fn child<'e>(expr: &'e Expr, step: &PathStep) -> Option<&'e Expr> {
    let mut expr = expr;
    while let ExprKind::Parens(inner) = &expr.kind {
        expr = inner;
    }
    let (name, position) = match step {
        PathStep::Attr(name) => (Some(name.as_str()), None),
        PathStep::Index(key) => match key.kind() {
            Kind::String(name) => (Some(name.as_str()), None),
            Kind::Number(number) => (None, number.to_usize()),
            _ => (None, None),
        },
    };
    match (&expr.kind, name, position) {
        (ExprKind::Tuple(items), _, Some(at)) => items.get(at),
        (ExprKind::Object(items), Some(name), _) => items
            .iter()
            .find(|item| match &item.key.kind {
                ExprKind::String(text) | ExprKind::Name(text) => text == name,
                _ => false,
            })
            .map(|item| &item.value),
        _ => None,
    }
}
