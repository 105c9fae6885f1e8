//! From syntax tree to compiled expression.

use super::node::{Code, For, If, Node, Operation, Part, Shaped, Step, StepKind, TemplateFor};
use super::{Binder, Bound, Compiled, Root, Slot, Use};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rules;
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOp, Expr, ExprKind, UnaryOp};
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_value::{PathStep, Type, Value};

/// How deep expressions may nest. The parser has a lower bound; this one holds for trees made otherwise.
const MAX_DEPTH: usize = 600;

/// Compiles an expression. `locals` are lexical names from outside of it (iterators of `dynamic` blocks, names given to a template), whose
/// values come with each evaluation; inner ones shadow outer ones, and all shadow what the binder knows.
///
/// Returns what could be compiled (where it could not, evaluation fails quietly) and all messages.
pub fn compile(
    expr: &Expr,
    binder: &mut dyn Binder,
    locals: &[EcoString],
) -> (Compiled, Diagnostics) {
    let mut compiler = Compiler {
        binder,
        names: locals.to_vec(),
        uses: Vec::new(),
        diagnostics: Diagnostics::new(),
        depth: 0,
        lexical: 0,
        optional: 0,
    };
    let code = compiler.expr(expr);
    let Compiler {
        uses, diagnostics, ..
    } = compiler;
    (Compiled(Arc::new(Root { code, uses })), diagnostics)
}

/// The state of one compilation.
pub(super) struct Compiler<'a> {
    pub(super) binder: &'a mut dyn Binder,
    /// Lexical names; the place of a name is its place in the frame at run time.
    names: Vec<EcoString>,
    pub(super) uses: Vec<Use>,
    pub(super) diagnostics: Diagnostics,
    depth: usize,
    /// How many mentions of lexical names were compiled so far.
    lexical: usize,
    /// In how many parts of expressions this is that need not be evaluated.
    pub(super) optional: usize,
}

impl Compiler<'_> {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> Code {
        if self.depth >= MAX_DEPTH {
            self.report(
                Diagnostic::error(
                    &rules::expr::EXPRESSION_TOO_DEEP,
                    format!("Expressions may be nested at most {MAX_DEPTH} levels deep. Move parts of it to local values."),
                )
                .at(expr.span),
            );
            return Code::failed(expr.span);
        }
        self.depth += 1;
        let code = self.dispatch(expr);
        self.depth -= 1;
        code
    }

    /// Compiles something that the expression may do without.
    pub(super) fn perhaps<T>(&mut self, compile: impl FnOnce(&mut Self) -> T) -> T {
        self.optional += 1;
        let compiled = compile(self);
        self.optional -= 1;
        compiled
    }

    pub(super) fn all(&mut self, exprs: &[Expr]) -> Box<[Code]> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn dispatch(&mut self, expr: &Expr) -> Code {
        let span = expr.span;
        let node = match &expr.kind {
            ExprKind::Null => Node::Constant(Value::NULL),
            ExprKind::Bool(value) => Node::Constant(Value::bool(*value)),
            ExprKind::Number(number) => Node::Constant(Value::number(number.clone())),
            ExprKind::String(text) => Node::Constant(Value::string(text.clone())),
            ExprKind::Template(template) => Node::Template(self.parts(template)),
            ExprKind::Wrap(inner) | ExprKind::Parens(inner) => {
                return Code {
                    span,
                    ..self.expr(inner)
                };
            }
            ExprKind::Name(_) => return self.chain(expr, &[], span),
            ExprKind::Chain(source, steps) => return self.chain(source, steps, span),
            ExprKind::Call(call) => return self.call(call, span),
            ExprKind::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                Node::Conditional(Box::new([
                    self.expr(condition),
                    self.perhaps(|compiler| compiler.expr(yes)),
                    self.perhaps(|compiler| compiler.expr(no)),
                ]))
            }
            ExprKind::Binary(..) => self.binary(expr),
            ExprKind::Unary(op, operand) => self.unary(*op, operand),
            ExprKind::Tuple(items) => Self::tuple(self.all(items)),
            ExprKind::Object(items) => self.object(items),
            ExprKind::For(parts) => self.for_expr(parts),
        };
        Code::new(node, span)
    }

    fn tuple(items: Box<[Code]>) -> Node {
        let constants: Option<Vec<Value>> = items
            .iter()
            .map(|item| item.as_constant().cloned())
            .collect();
        match constants {
            Some(values) => Node::Constant(Value::tuple(values)),
            None => Node::Tuple(items),
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Node {
        let code = self.expr(operand);
        match (op, code.as_constant().and_then(Value::as_number)) {
            (UnaryOp::Neg, Some(number)) => Node::Constant(Value::number(number.neg())),
            _ => Node::Unary(op, Box::new(code)),
        }
    }

    /// A left-leaning tree of operators becomes a row, so that a sum of a thousand terms is not a thousand deep.
    fn binary(&mut self, expr: &Expr) -> Node {
        let mut row = Vec::new();
        let mut left = expr;
        while let ExprKind::Binary(op, operands) = &left.kind {
            let [first, second] = &**operands;
            row.push((*op, second, left.span));
            left = first;
        }
        let first = self.expr(left);
        let rest = row
            .into_iter()
            .rev()
            .map(|(op, operand, span)| Operation {
                op,
                operand: match op {
                    BinaryOp::And | BinaryOp::Or => self.perhaps(|compiler| compiler.expr(operand)),
                    _ => self.expr(operand),
                },
                span,
            })
            .collect();
        Node::Binary(Box::new(first), rest)
    }

    fn object(&mut self, items: &[ast::ObjectItem]) -> Node {
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            let key = match &item.key.kind {
                ExprKind::Name(name) => Code::constant(Value::string(name.clone()), item.key.span),
                ExprKind::Chain(..) => {
                    self.ambiguous_key(&item.key);
                    Code::failed(item.key.span)
                }
                _ => self.expr(&item.key),
            };
            entries.push((key, self.expr(&item.value)));
        }
        let names: Option<Vec<EcoString>> = entries
            .iter()
            .map(|(key, _)| key.as_constant()?.as_str().map(EcoString::from))
            .collect();
        match names {
            Some(names) => Self::shaped(names, entries),
            None => Node::Object(entries.into()),
        }
    }

    fn ambiguous_key(&mut self, key: &Expr) {
        self.report(
            Diagnostic::error(
                &rules::expr::AMBIGUOUS_ATTRIBUTE_KEY,
                "If this expression is intended to be a reference, wrap it in parentheses. If it's instead intended as a literal name containing periods, wrap it in quotes to create a string literal.",
            )
            .at(key.span),
        );
    }

    fn shaped(names: Vec<EcoString>, entries: Vec<(Code, Code)>) -> Node {
        let mut places: BTreeMap<EcoString, usize> =
            names.iter().map(|name| (name.clone(), 0)).collect();
        for (at, place) in places.values_mut().enumerate() {
            *place = at;
        }
        let values: Box<[(usize, Code)]> = names
            .iter()
            .zip(entries)
            .map(|(name, (_, value))| (places[name], value))
            .collect();
        let names: Arc<[EcoString]> = places.into_keys().collect();
        if values.iter().all(|(_, code)| code.as_constant().is_some()) {
            let mut constants = vec![Value::NULL; names.len()];
            for (place, code) in values {
                if let Node::Constant(value) = code.node {
                    constants[place] = value;
                }
            }
            return Node::Constant(Value::object_shaped(names, constants));
        }
        Node::Shaped(Box::new(Shaped { names, values }))
    }

    fn for_expr(&mut self, parts: &ast::For) -> Node {
        let collection = self.expr(&parts.collection);
        let outer = self.names.len();
        self.declare(parts.key_var.as_ref(), &parts.value_var);
        let key = parts.key.as_ref().map(|key| self.expr(key));
        let value = self.expr(&parts.value);
        let condition = parts.condition.as_ref().map(|test| self.expr(test));
        self.names.truncate(outer);
        Node::For(Box::new(For {
            has_key: parts.key_var.is_some(),
            collection,
            key,
            value,
            group: parts.group,
            condition,
        }))
    }

    fn declare(&mut self, key: Option<&ast::Ident>, value: &ast::Ident) {
        self.names.extend(key.map(|key| key.name.clone()));
        self.names.push(value.name.clone());
    }

    fn parts(&mut self, template: &ast::Template) -> Box<[Part]> {
        template.parts.iter().map(|part| self.part(part)).collect()
    }

    fn part(&mut self, part: &ast::TemplatePart) -> Part {
        match part {
            ast::TemplatePart::Literal(text, _) => Part::Literal(text.clone()),
            ast::TemplatePart::Interpolation(expr) => Part::Interpolation(self.expr(expr)),
            ast::TemplatePart::If {
                condition,
                then,
                otherwise,
                span,
            } => Part::If(Box::new(If {
                condition: self.expr(condition),
                then: self.nested(then, *span),
                otherwise: otherwise
                    .as_ref()
                    .map(|template| self.nested(template, *span))
                    .unwrap_or_default(),
                span: *span,
            })),
            ast::TemplatePart::For {
                key_var,
                value_var,
                collection,
                body,
                span,
            } => {
                let collection = self.expr(collection);
                let outer = self.names.len();
                self.declare(key_var.as_ref(), value_var);
                let body = self.nested(body, *span);
                self.names.truncate(outer);
                Part::For(Box::new(TemplateFor {
                    has_key: key_var.is_some(),
                    collection,
                    body,
                    span: *span,
                }))
            }
        }
    }

    /// The inside of a directive, which counts as one level.
    fn nested(&mut self, template: &ast::Template, span: Span) -> Box<[Part]> {
        if self.depth >= MAX_DEPTH {
            self.report(
                Diagnostic::error(
                    &rules::expr::TEMPLATE_TOO_DEEP,
                    format!("Template directives may be nested at most {MAX_DEPTH} levels deep."),
                )
                .at(span),
            );
            return Box::default();
        }
        self.depth += 1;
        let parts = self.parts(template);
        self.depth -= 1;
        parts
    }

    /// A value and the steps behind it.
    fn chain(&mut self, source: &Expr, steps: &[ast::Step], span: Span) -> Code {
        let (head, rest) = match &source.kind {
            ExprKind::Name(name) => match self.local(name) {
                Some(at) => {
                    self.lexical += 1;
                    (Code::new(Node::Local(at, name.clone()), source.span), steps)
                }
                None => match self.global(name, source.span, steps) {
                    Some(found) => found,
                    None => return Code::failed(span),
                },
            },
            _ => (self.expr(source), steps),
        };
        if rest.is_empty() {
            return Code { span, ..head };
        }
        let steps = self.steps(rest);
        Code::new(Node::Path(Box::new(head), steps), span)
    }

    fn local(&self, name: &EcoString) -> Option<usize> {
        self.names.iter().rposition(|known| known == name)
    }

    fn global<'s>(
        &mut self,
        name: &EcoString,
        span: Span,
        steps: &'s [ast::Step],
    ) -> Option<(Code, &'s [ast::Step])> {
        let root = ast::Ident {
            name: name.clone(),
            span,
        };
        let bound = match self.binder.bind(&root, steps) {
            Ok(bound) => bound,
            Err(diagnostic) if self.optional > 0 && self.binder.fails_late(&diagnostic) => {
                let fault = Node::Fault(Box::new(diagnostic));
                return Some((Code::new(fault, span), &[]));
            }
            Err(diagnostic) => {
                self.report(diagnostic);
                // What else is wrong in the steps (an index that names something unknown) is worth saying too.
                self.steps(steps);
                return None;
            }
        };
        let Bound {
            slot,
            consumed,
            key_at,
        } = bound;
        let (taken, rest) = steps.split_at(consumed.min(steps.len()));
        let place = taken.last().map_or(span, |last| span.to(last.span));
        let key = key_at.and_then(|at| taken.get(at));
        let node = match key {
            Some(step) => self.keyed(slot, step, place, rest)?,
            None => {
                self.note(slot, place, None, rest);
                Node::Slot(slot)
            }
        };
        Some((Code::new(node, place), rest))
    }

    fn keyed(
        &mut self,
        slot: Slot,
        step: &ast::Step,
        place: Span,
        rest: &[ast::Step],
    ) -> Option<Node> {
        let before = self.lexical;
        let first_use = self.uses.len();
        let key = match &step.kind {
            ast::StepKind::Index(expr) => self.expr(expr),
            ast::StepKind::LegacyIndex(index) => Code::constant(number(*index), step.span),
            ast::StepKind::Attr(name) => Code::constant(Value::string(name.clone()), step.span),
            ast::StepKind::AttrSplat(_) | ast::StepKind::FullSplat(_) => return None,
        };
        let key = Compiled(Arc::new(Root {
            code: key,
            uses: self.uses.get(first_use..).unwrap_or_default().to_vec(),
        }));
        let outside = (self.lexical == before).then(|| key.clone());
        self.note(slot, place, outside, rest);
        Some(Node::Keyed(slot, key))
    }

    fn note(&mut self, slot: Slot, span: Span, key: Option<Compiled>, rest: &[ast::Step]) {
        let path: Vec<EcoString> = rest
            .iter()
            .map_while(|step| match &step.kind {
                ast::StepKind::Attr(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let tail = rest.iter().skip(path.len()).map_while(constant_step);
        let tail = tail.collect();
        self.uses.push(Use {
            slot,
            span,
            key,
            path,
            tail,
        });
    }

    fn steps(&mut self, steps: &[ast::Step]) -> Box<[Step]> {
        steps
            .iter()
            .map(|step| Step {
                kind: match &step.kind {
                    ast::StepKind::Attr(name) => StepKind::Attr(name.clone()),
                    ast::StepKind::Index(key) => StepKind::Index(self.expr(key)),
                    ast::StepKind::LegacyIndex(index) => {
                        StepKind::Index(Code::constant(number(*index), step.span))
                    }
                    ast::StepKind::AttrSplat(each) | ast::StepKind::FullSplat(each) => {
                        StepKind::Splat(self.splat(each, step.span))
                    }
                },
                span: step.span,
            })
            .collect()
    }

    fn splat(&mut self, each: &[ast::Step], span: Span) -> Box<[Step]> {
        if self.depth >= MAX_DEPTH {
            self.report(
                Diagnostic::error(
                    &rules::expr::SPLAT_TOO_DEEP,
                    format!("Splat expressions may be nested at most {MAX_DEPTH} levels deep."),
                )
                .at(span),
            );
            return Box::default();
        }
        self.depth += 1;
        let steps = self.steps(each);
        self.depth -= 1;
        steps
    }

    /// Compiles the type argument of `convert`.
    pub(super) fn type_argument(&mut self, expr: &Expr) -> (Type, Option<super::types::Defaults>) {
        let (ty, defaults, diagnostics) = super::types::type_constraint(expr);
        self.diagnostics.extend(diagnostics);
        (ty, defaults)
    }
}

fn number(index: u64) -> Value {
    Value::number(terrane_value::Number::from_u64(index))
}

/// A step that is the same whatever the values are.
fn constant_step(step: &ast::Step) -> Option<PathStep> {
    let index = match &step.kind {
        ast::StepKind::Attr(name) => return Some(PathStep::Attr(name.clone())),
        ast::StepKind::LegacyIndex(index) => number(*index),
        ast::StepKind::Index(key) => match &key.kind {
            ast::ExprKind::String(name) => Value::string(name.clone()),
            ast::ExprKind::Number(at) => Value::number(at.clone()),
            _ => return None,
        },
        ast::StepKind::AttrSplat(_) | ast::StepKind::FullSplat(_) => return None,
    };
    Some(PathStep::Index(index))
}
