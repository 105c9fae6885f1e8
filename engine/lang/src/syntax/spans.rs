//! Moves the spans of a tree, for expressions that were parsed out of a string.

use super::ast::{Expr, ExprKind, Ident, Step, StepKind, Template, TemplatePart};
use crate::source::Span;

/// Calls `map` once for every span in `expr`.
pub(crate) fn map_spans(expr: &mut Expr, map: &mut dyn FnMut(&mut Span)) {
    map(&mut expr.span);
    match &mut expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Name(_) => {}
        ExprKind::Template(template) => map_template(template, map),
        ExprKind::Wrap(inner) | ExprKind::Parens(inner) | ExprKind::Unary(_, inner) => {
            map_spans(inner, map);
        }
        ExprKind::Chain(source, steps) => {
            map_spans(source, map);
            map_steps(steps, map);
        }
        ExprKind::Call(call) => {
            map(&mut call.name_span);
            map(&mut call.parens);
            map_all(&mut call.args, map);
        }
        ExprKind::Conditional(parts) => map_all(parts.as_mut(), map),
        ExprKind::Binary(_, parts) => map_all(parts.as_mut(), map),
        ExprKind::Tuple(items) => map_all(items, map),
        ExprKind::Object(items) => {
            for item in items {
                map_spans(&mut item.key, map);
                map_spans(&mut item.value, map);
            }
        }
        ExprKind::For(parts) => {
            map(&mut parts.intro);
            map_names(&mut parts.key_var, &mut parts.value_var, map);
            map_spans(&mut parts.collection, map);
            map_all(&mut parts.key, map);
            map_spans(&mut parts.value, map);
            map_all(&mut parts.condition, map);
        }
    }
}

fn map_all<'a>(exprs: impl IntoIterator<Item = &'a mut Expr>, map: &mut dyn FnMut(&mut Span)) {
    for expr in exprs {
        map_spans(expr, map);
    }
}

fn map_names(key: &mut Option<Ident>, value: &mut Ident, map: &mut dyn FnMut(&mut Span)) {
    for ident in key.iter_mut().chain([value]) {
        map(&mut ident.span);
    }
}

fn map_steps(steps: &mut [Step], map: &mut dyn FnMut(&mut Span)) {
    for step in steps {
        map(&mut step.span);
        match &mut step.kind {
            StepKind::Index(index) => map_spans(index, map),
            StepKind::AttrSplat(each) | StepKind::FullSplat(each) => map_steps(each, map),
            StepKind::Attr(_) | StepKind::LegacyIndex(_) => {}
        }
    }
}

fn map_template(template: &mut Template, map: &mut dyn FnMut(&mut Span)) {
    for part in &mut template.parts {
        match part {
            TemplatePart::Literal(_, span) => map(span),
            TemplatePart::Interpolation(expr) => map_spans(expr, map),
            TemplatePart::If {
                condition,
                then,
                otherwise,
                span,
            } => {
                map(span);
                map_spans(condition, map);
                map_template(then, map);
                if let Some(otherwise) = otherwise {
                    map_template(otherwise, map);
                }
            }
            TemplatePart::For {
                key_var,
                value_var,
                collection,
                body,
                span,
            } => {
                map(span);
                map_names(key_var, value_var, map);
                map_spans(collection, map);
                map_template(body, map);
            }
        }
    }
}
