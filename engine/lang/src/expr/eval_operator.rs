//! Operators and conditionals.

use super::eval::{Evaluator, Failed, Outcome};
use super::node::{Code, Node, Operation};
use super::renders::renders_templates;
use super::values;
use crate::diagnostic::Diagnostic;
use crate::rules;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, UnaryOp};
use ecow::EcoString;
use std::cmp::Ordering;
use terrane_value::{Kind, Marks, Refinements, Type, Value, ops};

/// The left side of an operator in a row: its value, its place, and where its messages begin.
struct Left<'a> {
    value: Outcome,
    span: Span,
    code: Option<&'a Code>,
    messages: usize,
}

/// Which operand a message is about.
struct Side<'a> {
    name: &'static str,
    span: Span,
    code: Option<&'a Code>,
}

impl Evaluator<'_> {
    pub(super) fn binary(&mut self, first: &Code, rest: &[Operation]) -> Outcome {
        let messages = self.diagnostics.len();
        let mut left = Left {
            value: self.eval(first),
            span: first.span,
            code: Some(first),
            messages,
        };
        for operation in rest {
            left.value = self.operate(&left, operation);
            left.span = operation.span;
            left.code = None;
        }
        left.value
    }

    #[inline(never)]
    fn operate(&mut self, left: &Left<'_>, operation: &Operation) -> Outcome {
        let between = self.diagnostics.len();
        let right = self.eval(&operation.operand);
        let wanted = match operation.op {
            BinaryOp::Eq | BinaryOp::NotEq => None,
            BinaryOp::And | BinaryOp::Or => Some(Type::Bool),
            _ => Some(Type::Number),
        };
        let (left_side, right_side) = (
            Side {
                name: "left",
                span: left.span,
                code: left.code,
            },
            Side {
                name: "right",
                span: operation.operand.span,
                code: Some(&operation.operand),
            },
        );
        let converted = (
            self.operand(
                left.value.as_ref(),
                wanted.as_ref(),
                &left_side,
                operation.span,
            ),
            self.operand(right.as_ref(), wanted.as_ref(), &right_side, operation.span),
        );
        let (Ok(a), Ok(b)) = converted else {
            return Err(Failed);
        };
        if matches!(operation.op, BinaryOp::And | BinaryOp::Or) {
            return self.logic(operation, a, b, left.messages, between);
        }
        let (Some(a), Some(b)) = (a, b) else {
            return Err(Failed);
        };
        self.compute(operation, &a, &b)
    }

    /// The operand in the type that the operator wants; `Ok(None)` if it failed before.
    fn operand(
        &mut self,
        given: Result<&Value, &Failed>,
        wanted: Option<&Type>,
        side: &Side<'_>,
        context: Span,
    ) -> Outcome<Option<Value>> {
        let (Ok(value), Some(wanted)) = (given, wanted) else {
            return Ok(given.ok().cloned());
        };
        match values::convert(value, wanted) {
            Ok(value) => Ok(Some(value)),
            Err(why) => {
                let diagnostic = Diagnostic::error(
                    &rules::expr::INVALID_OPERAND,
                    format!("Unsuitable value for {} operand: {why}.", side.name),
                )
                .at(side.span)
                .within(context);
                match side.code {
                    Some(code) => self.blame(code, diagnostic),
                    None => self.fail(diagnostic),
                }
            }
        }
    }

    /// `&&` and `||`. Either side may decide; what decides silences the messages of the other.
    fn logic(
        &mut self,
        operation: &Operation,
        a: Option<Value>,
        b: Option<Value>,
        messages: usize,
        between: usize,
    ) -> Outcome {
        let deciding = operation.op == BinaryOp::Or;
        let marks = [&a, &b]
            .into_iter()
            .flatten()
            .fold(Marks::NONE, |marks, side| marks.union(side.marks()));
        let is = |side: &Option<Value>| side.as_ref().and_then(|side| side.unmarked().as_bool());
        let null = |side: &Option<Value>| side.as_ref().is_some_and(Value::is_null);
        let unknown =
            || Value::unknown_refined(Type::Bool, Refinements::NOT_NULL).with_marks(&marks);
        if is(&a) == Some(deciding) {
            self.diagnostics.truncate(between);
            return Ok(Value::bool(deciding).with_marks(&marks));
        }
        if null(&a) || (null(&b) && is(&a).is_some()) {
            return self.null_operand(operation);
        }
        if is(&b) == Some(deciding) {
            self.diagnostics.drain(messages..between);
            return Ok(Value::bool(deciding).with_marks(&marks));
        }
        match (&a, &b) {
            (Some(left), _) if !left.is_known() => {
                self.diagnostics.truncate(between);
                Ok(unknown())
            }
            (None, _) | (_, None) => Err(Failed),
            (Some(_), Some(right)) if !right.is_known() => Ok(unknown()),
            _ => Ok(Value::bool(!deciding).with_marks(&marks)),
        }
    }

    fn null_operand(&mut self, operation: &Operation) -> Outcome {
        self.fail(
            Diagnostic::error(
                &rules::expr::NULL_OPERAND,
                "Error during operation: argument must not be null.",
            )
            .at(operation.span),
        )
    }

    fn compute(&mut self, operation: &Operation, a: &Value, b: &Value) -> Outcome {
        match operation.op {
            BinaryOp::Eq => return Ok(ops::equal(a, b)),
            BinaryOp::NotEq => return Ok(ops::not_equal(a, b)),
            _ => {}
        }
        // Fast: two plain numbers.
        if let (Some(x), Some(y)) = (a.as_number(), b.as_number()) {
            return self.numbers(operation, x, y);
        }
        if a.is_null() || b.is_null() {
            return self.null_operand(operation);
        }
        let marks = a.marks().union(b.marks());
        let result = match (a.unmarked().as_number(), b.unmarked().as_number()) {
            (Some(x), Some(y)) => self.numbers(operation, x, y)?,
            _ => values::unknown_number_op(operation.op, a.unmarked(), b.unmarked()),
        };
        Ok(result.with_marks(&marks))
    }

    fn numbers(
        &mut self,
        operation: &Operation,
        x: &terrane_value::Number,
        y: &terrane_value::Number,
    ) -> Outcome {
        let result = match operation.op {
            BinaryOp::Add => x.add(y),
            BinaryOp::Sub => x.sub(y),
            BinaryOp::Mul => x.mul(y),
            BinaryOp::Div => x.div(y),
            BinaryOp::Mod => x.rem(y),
            other => {
                let order = x.compare(y);
                return Ok(Value::bool(match other {
                    BinaryOp::Less => order == Ordering::Less,
                    BinaryOp::LessEq => order != Ordering::Greater,
                    BinaryOp::Greater => order == Ordering::Greater,
                    _ => order != Ordering::Less,
                }));
            }
        };
        match result {
            Ok(number) => Ok(Value::number(number)),
            Err(why) => self.fail(
                Diagnostic::error(
                    &rules::expr::OPERATION_FAILED,
                    format!("Error during operation: {why}."),
                )
                .at(operation.span),
            ),
        }
    }

    #[inline(never)]
    pub(super) fn unary(&mut self, op: UnaryOp, code: &Code, span: Span) -> Outcome {
        let given = self.eval(code)?;
        let wanted = match op {
            UnaryOp::Neg => Type::Number,
            UnaryOp::Not => Type::Bool,
        };
        let value = match values::convert(&given, &wanted) {
            Ok(value) => value,
            Err(why) => {
                return self.blame(
                    code,
                    Diagnostic::error(
                        &rules::expr::INVALID_UNARY_OPERAND,
                        format!("Unsuitable value for unary operand: {why}."),
                    )
                    .at(code.span)
                    .within(span),
                );
            }
        };
        let (plain, marks) = value.unmark();
        let result = match (plain.kind(), op) {
            (Kind::Bool(value), UnaryOp::Not) => Value::bool(!value),
            (Kind::Number(value), UnaryOp::Neg) => Value::number(value.neg()),
            (Kind::Null(_), _) => {
                return self.blame(
                    code,
                    Diagnostic::error(
                        &rules::expr::NULL_UNARY_OPERAND,
                        "Error during operation: argument must not be null.",
                    )
                    .at(span),
                );
            }
            _ => Value::unknown_refined(wanted, Refinements::NOT_NULL),
        };
        Ok(result.with_marks(marks))
    }

    /// The decision of a conditional with a branch that is looked at only if it is taken: one that renders templates, within a template. Such a
    /// one that renders itself would never end otherwise. `None`: both are looked at.
    fn decided_before(&mut self, parts: &[Code; 3], span: Span) -> Option<bool> {
        let [condition, yes, no] = parts;
        if !self.work.in_template() || !(renders_templates(yes) || renders_templates(no)) {
            return None;
        }
        // What is wrong with the condition is said when it is evaluated again.
        let said = self.diagnostics.len();
        let decision = self.condition(condition, span);
        self.diagnostics.truncate(said);
        decision.ok()?.unmarked().as_bool()
    }

    #[inline(never)]
    pub(super) fn conditional(&mut self, parts: &[Code; 3], span: Span) -> Outcome {
        let [condition, yes_code, no_code] = parts;
        let taken = self.decided_before(parts, span);
        let start = self.diagnostics.len();
        let yes = match taken {
            Some(false) if renders_templates(yes_code) => Err(Failed),
            _ => self.eval(yes_code),
        };
        let after_yes = self.diagnostics.len();
        let no = match taken {
            Some(true) if renders_templates(no_code) => Err(Failed),
            _ => self.eval(no_code),
        };
        // Messages of the branch that is not taken are dropped; the types of both count.
        let no_messages = self.diagnostics.split_off(after_yes);
        let yes_messages = self.diagnostics.split_off(start);
        let seen = self.both_results((yes_code, &yes), (no_code, &no));
        let ty = match &seen {
            Some((yes, no)) => match values::common_type(yes, no) {
                Ok(ty) => ty,
                Err(why) => {
                    let diagnostic = Diagnostic::error(
                        &rules::expr::INCONSISTENT_CONDITIONAL,
                        format!("The true and false result expressions must have consistent types. {why}"),
                    )
                    .at(yes_code.span.to(no_code.span))
                    .within(span);
                    self.eval(condition).ok();
                    return self.blame(condition, diagnostic);
                }
            },
            None => Type::Dynamic,
        };
        let decision = match self.condition(condition, span) {
            Ok(decision) => decision,
            Err(Failed) => {
                self.undecided = Some((span, ty));
                return Err(Failed);
            }
        };
        // What a value is taken from, or might have been, tells of both branches.
        let (known, marks) = decision.unmark();
        let marks = match &seen {
            Some((yes, no)) => marks.union(yes.marks()).union(no.marks()),
            None => marks.clone(),
        };
        let (taken, messages) = match known.as_bool() {
            Some(true) => (yes, yes_messages),
            Some(false) => (no, no_messages),
            None => {
                let unknown = match (&yes, &no) {
                    (Ok(yes), Ok(no)) => values::either(&ty, yes, no),
                    _ => Value::dynamic(),
                };
                return Ok(unknown.with_marks(&marks));
            }
        };
        self.diagnostics.extend(messages);
        let taken = taken?;
        let value = if ty == Type::Dynamic {
            taken
        } else {
            match values::convert(&taken, &ty) {
                Ok(value) => value,
                Err(why) => {
                    let which = if known.as_bool() == Some(true) {
                        "true"
                    } else {
                        "false"
                    };
                    return self.fail(
                        Diagnostic::error(
                            &rules::expr::CONDITIONAL_CONVERSION,
                            format!("The {which} result value has the wrong type: {why}."),
                        )
                        .at(span),
                    );
                }
            }
        };
        Ok(value.with_marks(&marks))
    }

    /// Both results of a conditional, as far as they can be told. `None`: neither can be.
    fn both_results(
        &self,
        (yes_code, yes): (&Code, &Outcome),
        (no_code, no): (&Code, &Outcome),
    ) -> Option<(Value, Value)> {
        match (yes, no) {
            (Ok(yes), Ok(no)) => Some((yes.clone(), no.clone())),
            (Ok(yes), Err(Failed)) => {
                let no = outline(no_code, &yes.ty(), self.undecided.as_ref());
                Some((yes.clone(), no))
            }
            (Err(Failed), Ok(no)) => {
                let yes = outline(yes_code, &no.ty(), self.undecided.as_ref());
                Some((yes, no.clone()))
            }
            (Err(Failed), Err(Failed)) => None,
        }
    }

    /// A condition as a bool, known or not, perhaps marked.
    pub(super) fn condition(&mut self, code: &Code, context: Span) -> Outcome {
        let value = self.eval(code)?;
        if value.is_null() {
            return self.blame(
                code,
                Diagnostic::error(
                    &rules::expr::NULL_CONDITION,
                    "The condition value is null. Conditions must either be true or false.",
                )
                .at(code.span)
                .within(context),
            );
        }
        match values::convert(&value, &Type::Bool) {
            Ok(value) => Ok(value),
            Err(_) => self.blame(
                code,
                Diagnostic::error(
                    &rules::expr::CONDITION_TYPE,
                    "The condition expression must be of type bool.",
                )
                .at(code.span)
                .within(context),
            ),
        }
    }
}

/// What can be told without evaluation of a value that can't be computed: its type counts where it is the branch that is not taken. `other`
/// is the type of the other branch; `undecided`, what was found of a conditional within it.
fn outline(code: &Code, other: &Type, undecided: Option<&(Span, Type)>) -> Value {
    let part = |code: &Code| {
        let constant = code.as_constant().cloned();
        constant.unwrap_or_else(|| outline(code, &Type::Dynamic, undecided))
    };
    match &code.node {
        Node::Tuple(items) => Value::tuple(items.iter().map(part).collect()),
        Node::Shaped(shaped) => Value::object(
            shaped
                .values
                .iter()
                .filter_map(|(at, item)| Some((shaped.names.get(*at)?.clone(), part(item)))),
        ),
        Node::Template(_) => Value::unknown(Type::String),
        Node::Unary(UnaryOp::Neg, _) => Value::unknown(Type::Number),
        Node::Unary(UnaryOp::Not, _) => Value::unknown(Type::Bool),
        Node::Binary(_, rest) => Value::unknown(match rest.last().map(|last| last.op) {
            Some(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod) => {
                Type::Number
            }
            _ => Type::Bool,
        }),
        // Whatever the condition is, both results have the same type.
        Node::Conditional(parts) => {
            let [_, yes, no] = &**parts;
            let known = undecided.filter(|(span, _)| *span == code.span);
            let ty = known.map_or_else(
                || values::common_type(&part(yes), &part(no)).unwrap_or(Type::Dynamic),
                |(_, ty)| ty.clone(),
            );
            Value::unknown(ty)
        }
        // How many elements there are can't be told, but whether it is an object or a tuple; if there is a collection at all.
        Node::For(parts)
            if !matches!(
                parts.collection.node,
                Node::Tuple(_)
                    | Node::Shaped(_)
                    | Node::Object(_)
                    | Node::For(_)
                    | Node::Constant(_)
            ) || parts
                .collection
                .as_constant()
                .is_some_and(|constant| constant.is_null() || constant.ty().is_primitive()) =>
        {
            Value::dynamic()
        }
        Node::For(parts) => match (&parts.key, other) {
            (Some(_), Type::Dynamic | Type::Object(_) | Type::Map(_)) => Value::dynamic(),
            (None, Type::Dynamic | Type::Tuple(_) | Type::List(_) | Type::Set(_)) => {
                Value::dynamic()
            }
            (Some(_), _) => Value::object::<EcoString>([]),
            (None, _) => Value::tuple(Vec::new()),
        },
        _ => Value::dynamic(),
    }
}
