//! Static analysis: what an expression says without being evaluated.
//!
//! Meta-arguments such as `depends_on`, `providers`, `ignore_changes` and type constraints are read this
//! way. A string is looked into as well, because JSON syntax (and old configurations) write references as
//! strings; see [`reference`].

use super::ast::{Call, Expr, ExprKind, Ident, ObjectItem, Step, StepKind, Template, TemplatePart};
use super::parse::parse_traversal;
use super::spans::map_spans;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rules;
use crate::source::Span;
use ecow::EcoString;
use std::borrow::Cow;

/// A static traversal: a name, and steps that are attribute names or literal indexes.
///
/// `None` for all other expressions; parentheses count as another one, as they do for the peers.
#[must_use]
pub fn as_traversal(expr: &Expr) -> Option<(Ident, Vec<&Step>)> {
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Bool(_) | ExprKind::Null => {
            Some((keyword_ident(expr)?, Vec::new()))
        }
        ExprKind::Chain(source, steps) => {
            // A keyword is a name here: `null.west` is a configuration of the provider `null`.
            let root = keyword_ident(source)?;
            steps
                .iter()
                .all(is_static_step)
                .then(|| (root, steps.iter().collect()))
        }
        _ => None,
    }
}

/// Whether a step takes what is known from the source text alone.
fn is_static_step(step: &Step) -> bool {
    match &step.kind {
        StepKind::Attr(_) | StepKind::LegacyIndex(_) => true,
        StepKind::Index(index) => matches!(index.kind, ExprKind::String(_) | ExprKind::Number(_)),
        StepKind::AttrSplat(_) | StepKind::FullSplat(_) => false,
    }
}

/// A reference: a static traversal, or a string whose content is one (as in JSON syntax). The expression
/// returned is a [`ExprKind::Name`] or [`ExprKind::Chain`] to which [`as_traversal`] applies.
///
/// # Errors
/// The message for an expression that is neither.
pub fn reference(expr: &Expr) -> Result<Cow<'_, Expr>, Box<Diagnostic>> {
    if as_traversal(expr).is_some() {
        return Ok(Cow::Borrowed(expr));
    }
    if let Some((inner, diagnostics)) = reparse_string(expr, parse_traversal) {
        return match inner {
            Some(inner) => Ok(Cow::Owned(inner)),
            None => Err(Box::new(
                diagnostics
                    .into_iter()
                    .next()
                    .unwrap_or_else(|| not_static(expr)),
            )),
        };
    }
    Err(Box::new(not_static(expr)))
}

fn not_static(expr: &Expr) -> Diagnostic {
    let detail = "A single static variable reference is required: only attribute access and indexing with constant keys. \
                  No calculations, function calls, template expressions, etc are allowed here.";
    Diagnostic::error(&rules::structure::NOT_STATIC, detail).at(expr.span)
}

/// Parses the content of a literal string by other means, with spans into the file. `None` if the
/// expression is not a literal string.
pub fn reparse_string(
    expr: &Expr,
    parse: fn(crate::source::FileId, &str) -> (Option<Expr>, Diagnostics),
) -> Option<(Option<Expr>, Diagnostics)> {
    let ExprKind::String(text) = &expr.kind else {
        return None;
    };
    let (mut inner, mut diagnostics) = parse(expr.span.file, text);
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    // Exact if the string holds no escape; otherwise all spans are that of the string.
    let exact = expr.span.end - expr.span.start == length.saturating_add(2);
    let mut map = |span: &mut Span| {
        *span = if exact {
            let base = expr.span.start + 1;
            Span::new(span.file, base + span.start, base + span.end)
        } else {
            expr.span
        };
    };
    if let Some(inner) = &mut inner {
        map_spans(inner, &mut map);
    }
    for diagnostic in diagnostics.iter_mut() {
        diagnostic.map_spans(&mut map);
    }
    Some((inner, diagnostics))
}

/// The word, if the expression is one bare word: `all`, `string`, `true`.
#[must_use]
pub fn as_keyword(expr: &Expr) -> Option<EcoString> {
    keyword_ident(expr).map(|ident| ident.name)
}

fn keyword_ident(expr: &Expr) -> Option<Ident> {
    let name = match &expr.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Bool(true) => EcoString::inline("true"),
        ExprKind::Bool(false) => EcoString::inline("false"),
        ExprKind::Null => EcoString::inline("null"),
        _ => return None,
    };
    Some(Ident {
        name,
        span: expr.span,
    })
}

/// The items of a tuple constructor.
#[must_use]
pub fn as_list(expr: &Expr) -> Option<&[Expr]> {
    match &expr.kind {
        ExprKind::Tuple(items) => Some(items),
        _ => None,
    }
}

/// The pairs of an object constructor.
#[must_use]
pub fn as_map(expr: &Expr) -> Option<&[ObjectItem]> {
    match &expr.kind {
        ExprKind::Object(items) => Some(items),
        _ => None,
    }
}

/// The function call that the expression is.
#[must_use]
pub fn as_call(expr: &Expr) -> Option<&Call> {
    match &expr.kind {
        ExprKind::Call(call) => Some(call),
        _ => None,
    }
}

/// The text of a literal string.
#[must_use]
pub fn literal_string(expr: &Expr) -> Option<&EcoString> {
    match &expr.kind {
        ExprKind::String(text) => Some(text),
        _ => None,
    }
}

/// The key of an object item, if it is a bare word or a literal string.
#[must_use]
pub fn literal_key(item: &ObjectItem) -> Option<&EcoString> {
    match &item.key.kind {
        ExprKind::Name(text) | ExprKind::String(text) => Some(text),
        _ => None,
    }
}

/// Reports every name and call in an expression that must be constant. Names that a `for` introduces are
/// no references.
pub fn require_constant(expr: &Expr) -> Diagnostics {
    let mut check = Constant {
        bound: Vec::new(),
        diagnostics: Diagnostics::new(),
    };
    check.expr(expr);
    check.diagnostics
}

/// Whether the expression mentions no name and calls no function.
#[must_use]
pub fn is_constant(expr: &Expr) -> bool {
    require_constant(expr).is_empty()
}

struct Constant<'a> {
    bound: Vec<&'a str>,
    diagnostics: Diagnostics,
}

impl<'a> Constant<'a> {
    fn all(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) => {}
            ExprKind::Name(name) => {
                if !self.bound.contains(&name.as_str()) {
                    let detail = "Variables may not be used here.";
                    self.diagnostics.push(
                        Diagnostic::error(&rules::structure::VARIABLES_NOT_ALLOWED, detail)
                            .at(expr.span),
                    );
                }
            }
            ExprKind::Template(template) => self.template(template),
            ExprKind::Wrap(inner) | ExprKind::Parens(inner) | ExprKind::Unary(_, inner) => {
                self.expr(inner);
            }
            ExprKind::Chain(source, steps) => {
                self.expr(source);
                self.steps(steps);
            }
            ExprKind::Call(call) => {
                let detail = "Functions may not be called here.";
                let diagnostic =
                    Diagnostic::error(&rules::structure::FUNCTIONS_NOT_ALLOWED, detail)
                        .at(call.name_span);
                self.diagnostics.push(diagnostic.within(expr.span));
                self.all(&call.args);
            }
            ExprKind::Conditional(parts) => self.all(parts.as_ref()),
            ExprKind::Binary(_, parts) => self.all(parts.as_ref()),
            ExprKind::Tuple(items) => self.all(items),
            ExprKind::Object(items) => {
                for item in items {
                    if !matches!(item.key.kind, ExprKind::Name(_)) {
                        self.expr(&item.key);
                    }
                    self.expr(&item.value);
                }
            }
            ExprKind::For(parts) => {
                self.expr(&parts.collection);
                let names = parts.key_var.iter().chain([&parts.value_var]);
                let before = self.bound.len();
                self.bound.extend(names.map(|ident| ident.name.as_str()));
                self.all(
                    parts
                        .key
                        .iter()
                        .chain([&parts.value])
                        .chain(&parts.condition),
                );
                self.bound.truncate(before);
            }
        }
    }

    fn steps(&mut self, steps: &'a [Step]) {
        for step in steps {
            match &step.kind {
                StepKind::Index(index) => self.expr(index),
                StepKind::AttrSplat(each) | StepKind::FullSplat(each) => self.steps(each),
                StepKind::Attr(_) | StepKind::LegacyIndex(_) => {}
            }
        }
    }

    fn template(&mut self, template: &'a Template) {
        for part in &template.parts {
            match part {
                TemplatePart::Literal(..) => {}
                TemplatePart::Interpolation(expr) => self.expr(expr),
                TemplatePart::If {
                    condition,
                    then,
                    otherwise,
                    ..
                } => {
                    self.expr(condition);
                    self.template(then);
                    if let Some(otherwise) = otherwise {
                        self.template(otherwise);
                    }
                }
                TemplatePart::For {
                    key_var,
                    value_var,
                    collection,
                    body,
                    ..
                } => {
                    self.expr(collection);
                    let before = self.bound.len();
                    self.bound.extend(
                        key_var
                            .iter()
                            .chain([value_var])
                            .map(|ident| ident.name.as_str()),
                    );
                    self.template(body);
                    self.bound.truncate(before);
                }
            }
        }
    }
}
