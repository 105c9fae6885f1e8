//! All places that a tree or a message points at lie in their text.

use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::source::{FileId, Span};
use terrane_lang::syntax::ast::{Expr, ExprKind, Ident, Step, StepKind, Template, TemplatePart};
use terrane_lang::syntax::body::{Body, NativeBody};

/// Panics unless the span lies in the text, between characters.
#[track_caller]
pub(crate) fn check(text: &str, span: Span) {
    assert_eq!(span.file, FileId(0), "the file of {span:?}");
    assert!(
        text.get(span.start as usize..span.end as usize).is_some(),
        "{span:?} does not lie in a text of {} bytes",
        text.len()
    );
}

/// Every place that the messages point at.
#[track_caller]
pub(crate) fn check_diagnostics(text: &str, diagnostics: &Diagnostics) {
    for diagnostic in diagnostics.iter() {
        let related = diagnostic.related.iter().map(|(span, _)| span);
        for span in diagnostic
            .subject
            .iter()
            .chain(&diagnostic.context)
            .chain(related)
        {
            check(text, *span);
        }
    }
}

/// Every place in a body.
pub(crate) fn check_body(text: &str, body: &NativeBody) {
    check(text, body.span);
    check(text, body.missing);
    for attribute in &body.attributes {
        check(text, attribute.span);
        check(text, attribute.name.span);
        check_expr(text, &attribute.expr);
    }
    for block in &body.blocks {
        check(text, block.span);
        check(text, block.header);
        check(text, block.kind.span);
        for label in &block.labels {
            check(text, label.span);
        }
        if let Body::Native(inner) = &block.body {
            check_body(text, inner);
        }
    }
}

/// Every place in an expression; parts lie in the whole.
pub(crate) fn check_expr(text: &str, expr: &Expr) {
    check(text, expr.span);
    let inner = |child: &Expr| {
        assert!(
            expr.span.start <= child.span.start && child.span.end <= expr.span.end,
            "{:?} holds {:?}",
            expr.span,
            child.span
        );
        check_expr(text, child);
    };
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Name(_) => {}
        ExprKind::Template(template) => check_template(text, template),
        ExprKind::Wrap(child) | ExprKind::Parens(child) | ExprKind::Unary(_, child) => inner(child),
        ExprKind::Chain(source, steps) => {
            inner(source);
            check_steps(text, steps);
        }
        ExprKind::Call(call) => {
            check(text, call.name_span);
            check(text, call.parens);
            call.args.iter().for_each(inner);
        }
        ExprKind::Conditional(parts) => parts.iter().for_each(inner),
        ExprKind::Binary(_, parts) => parts.iter().for_each(inner),
        ExprKind::Tuple(items) => items.iter().for_each(inner),
        ExprKind::Object(items) => {
            for item in items {
                inner(&item.key);
                inner(&item.value);
            }
        }
        ExprKind::For(parts) => {
            check(text, parts.intro);
            check_names(text, parts.key_var.as_ref(), &parts.value_var);
            inner(&parts.collection);
            parts.key.iter().for_each(inner);
            inner(&parts.value);
            parts.condition.iter().for_each(inner);
        }
    }
}

fn check_names(text: &str, key: Option<&Ident>, value: &Ident) {
    for ident in key.into_iter().chain([value]) {
        check(text, ident.span);
    }
}

fn check_steps(text: &str, steps: &[Step]) {
    for step in steps {
        check(text, step.span);
        match &step.kind {
            StepKind::Attr(_) | StepKind::LegacyIndex(_) => {}
            StepKind::Index(key) => check_expr(text, key),
            StepKind::AttrSplat(inner) | StepKind::FullSplat(inner) => check_steps(text, inner),
        }
    }
}

fn check_template(text: &str, template: &Template) {
    for part in &template.parts {
        match part {
            TemplatePart::Literal(_, span) => check(text, *span),
            TemplatePart::Interpolation(expr) => check_expr(text, expr),
            TemplatePart::If {
                condition,
                then,
                otherwise,
                span,
            } => {
                check(text, *span);
                check_expr(text, condition);
                check_template(text, then);
                if let Some(otherwise) = otherwise {
                    check_template(text, otherwise);
                }
            }
            TemplatePart::For {
                key_var,
                value_var,
                collection,
                body,
                span,
            } => {
                check(text, *span);
                check_names(text, key_var.as_ref(), value_var);
                check_expr(text, collection);
                check_template(text, body);
            }
        }
    }
}
