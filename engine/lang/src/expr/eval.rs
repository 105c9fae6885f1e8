//! From compiled expression to value.
//!
//! Every error is a diagnostic in [`Evaluator::diagnostics`]; the value that could not be computed is then [`Failed`].
//! Evaluation goes on beside a failure, so that one run shows what is wrong in all parts of an expression.

use super::node::{Code, Node, Shaped};
use super::work::{self, Work};
use super::{Compiled, Root, Scope, Slot};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rules;
use crate::source::Span;
use terrane_value::{Kind, Marks, Type, Value};

/// How deep evaluation may go. (Templates that render templates have their own bound, and their own stack.)
pub(crate) const MAX_DEPTH: usize = 700;

/// There is no value; why is in the diagnostics, unless it was reported elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed;

/// A value or a failure that was reported.
pub(super) type Outcome<T = Value> = Result<T, Failed>;

/// The state of one evaluation.
pub(super) struct Evaluator<'a> {
    pub(super) scope: &'a dyn Scope,
    /// The values of lexical names, outermost first.
    pub(super) frame: Vec<Value>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) depth: usize,
    pub(super) work: &'a Work,
    /// The last conditional whose condition could not be computed, by its place, and the type of both its results.
    pub(super) undecided: Option<(Span, Type)>,
}

pub(super) fn eval(
    root: &Root,
    scope: &dyn Scope,
    locals: &[Value],
    work: &Work,
) -> Result<Value, Diagnostics> {
    let mut evaluator = Evaluator {
        scope,
        frame: locals.to_vec(),
        diagnostics: Vec::new(),
        depth: 0,
        work,
        undecided: None,
    };
    evaluator
        .eval(&root.code)
        .map_err(|Failed| evaluator.diagnostics.into_iter().collect())
}

/// The values that took part in an expression, for the "each.key is …" lines of a message: known, not sensitive, at most 80 characters each.
#[must_use]
pub fn values_involved(expr: &Compiled, scope: &dyn Scope) -> Vec<(String, String)> {
    let work = Work::new();
    let mut evaluator = Evaluator {
        scope,
        frame: Vec::new(),
        diagnostics: Vec::new(),
        depth: 0,
        work: &work,
        undecided: None,
    };
    evaluator.involved(&expr.0.code)
}

/// As [`values_involved`], with those that are not known yet: for messages that complain of that.
#[must_use]
pub fn all_values_involved(expr: &Compiled, scope: &dyn Scope) -> Vec<(String, String)> {
    let work = Work::new();
    let mut evaluator = Evaluator {
        scope,
        frame: Vec::new(),
        diagnostics: Vec::new(),
        depth: 0,
        work: &work,
        undecided: None,
    };
    evaluator.all_involved(&expr.0.code)
}

impl Evaluator<'_> {
    pub(super) fn eval(&mut self, code: &Code) -> Outcome {
        match &code.node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Slot(slot) => self.slot(*slot, code.span),
            Node::Local(at, _) => self.frame.get(*at).cloned().ok_or(Failed),
            Node::Failed => Err(Failed),
            Node::Fault(diagnostic) => self.fail((**diagnostic).clone()),
            _ if self.depth >= MAX_DEPTH => self.too_deep(code.span),
            _ if !self.work.spend(1) => self.exhausted(code.span),
            _ => {
                self.depth += 1;
                let outcome = self.dispatch(code);
                self.depth -= 1;
                self.bounded(outcome, code.span)
            }
        }
    }

    fn dispatch(&mut self, code: &Code) -> Outcome {
        let span = code.span;
        match &code.node {
            Node::Keyed(slot, key) => self.keyed(*slot, key, span),
            Node::Path(source, steps) => {
                let value = self.eval(source)?;
                self.path(value, steps, source.span, code)
            }
            Node::Template(parts) => self.template(parts, span),
            Node::Call(call) => self.call(call, code),
            Node::ProviderCall(call) => self.provider_call(call, code),
            Node::Try(args) => self.try_call(args, span),
            Node::Can(arg) => self.can_call(arg),
            Node::Spread(call) => self.spread_call(call, span),
            Node::Convert(convert) => self.convert_call(convert, span),
            Node::TypeOf(arg) => self.type_call(arg),
            Node::Conditional(parts) => self.conditional(parts, span),
            Node::Binary(first, rest) => self.binary(first, rest),
            Node::Unary(op, operand) => self.unary(*op, operand, span),
            Node::Tuple(items) => self.all(items).map(Value::tuple),
            Node::Shaped(shaped) => self.shaped(shaped),
            Node::Object(entries) => self.object(entries),
            Node::For(parts) => self.for_expr(parts, span),
            Node::Constant(_) | Node::Slot(_) | Node::Local(..) | Node::Failed | Node::Fault(_) => {
                Err(Failed)
            }
        }
    }

    /// The outcome, if it is not too large.
    fn bounded(&mut self, outcome: Outcome, span: Span) -> Outcome {
        let Ok(value) = outcome else {
            return Err(Failed);
        };
        match work::oversized(&value, span) {
            None => Ok(value),
            Some(diagnostic) => self.fail(diagnostic),
        }
    }

    /// Says once that no steps are left, however many parts of the expression find that out.
    #[cold]
    pub(super) fn exhausted<T>(&mut self, span: Span) -> Outcome<T> {
        let said = self.diagnostics.last();
        if said.is_some_and(|said| said.is(&rules::expr::TOO_MANY_STEPS)) {
            return Err(Failed);
        }
        self.fail(work::too_much(span))
    }

    #[inline(never)]
    fn too_deep(&mut self, span: Span) -> Outcome {
        self.fail(
            Diagnostic::error(
                &rules::expr::EVALUATION_TOO_DEEP,
                "Evaluating this expression goes through too many levels.",
            )
            .at(span),
        )
    }

    /// Reports an error.
    pub(super) fn fail<T>(&mut self, diagnostic: Diagnostic) -> Outcome<T> {
        self.diagnostics.push(diagnostic);
        Err(Failed)
    }

    /// Reports an error with the values that took part in `culprit`.
    #[inline(never)]
    pub(super) fn blame<T>(&mut self, culprit: &Code, mut diagnostic: Diagnostic) -> Outcome<T> {
        diagnostic.values = self.involved(culprit);
        self.fail(diagnostic)
    }

    /// All values, or a failure after all were tried.
    pub(super) fn all(&mut self, items: &[Code]) -> Outcome<Vec<Value>> {
        let mut values = Vec::with_capacity(items.len());
        let mut failed = false;
        for item in items {
            match self.eval(item) {
                Ok(value) => values.push(value),
                Err(Failed) => failed = true,
            }
        }
        if failed { Err(Failed) } else { Ok(values) }
    }

    pub(super) fn slot(&mut self, slot: Slot, span: Span) -> Outcome {
        self.scope.value(slot, span).map_err(|diagnostics| {
            self.diagnostics.extend(diagnostics);
            Failed
        })
    }

    fn keyed(&mut self, slot: Slot, key: &Compiled, span: Span) -> Outcome {
        let key = self.eval(&key.0.code)?;
        self.scope.keyed(slot, &key, span).map_err(|diagnostics| {
            self.diagnostics.extend(diagnostics);
            Failed
        })
    }

    fn shaped(&mut self, shaped: &Shaped) -> Outcome {
        let mut values = vec![Value::NULL; shaped.names.len()];
        let mut failed = false;
        for (place, code) in &shaped.values {
            match (self.eval(code), values.get_mut(*place)) {
                (Ok(value), Some(target)) => *target = value,
                _ => failed = true,
            }
        }
        if failed {
            return Err(Failed);
        }
        Ok(Value::object_shaped(shaped.names.clone(), values))
    }

    fn object(&mut self, entries: &[(Code, Code)]) -> Outcome {
        let mut attributes = std::collections::BTreeMap::new();
        let mut marks = Marks::NONE;
        let (mut failed, mut known) = (false, true);
        for (key, value) in entries {
            let name = self.object_key(key, &mut marks);
            let value = self.eval(value);
            match (name, value) {
                (Ok(Some(name)), Ok(value)) => {
                    attributes.insert(name, value);
                }
                (Ok(None), Ok(_)) => known = false,
                _ => failed = true,
            }
        }
        if failed {
            return Err(Failed);
        }
        let object = if known {
            Value::object(attributes)
        } else {
            Value::dynamic()
        };
        Ok(object.with_marks(&marks))
    }

    /// The name that a computed key gives; `None` if it is unknown.
    fn object_key(
        &mut self,
        code: &Code,
        marks: &mut Marks,
    ) -> Outcome<Option<terrane_value::EcoString>> {
        let key = self.eval(code)?;
        if key.is_null() {
            return self.blame(
                code,
                Diagnostic::error(
                    &rules::expr::NULL_OBJECT_KEY,
                    "Can't use a null value as a key.",
                )
                .at(code.span),
            );
        }
        if !key.marks().is_none() {
            *marks = marks.union(key.marks());
        }
        let text = match super::values::convert(key.unmarked(), &Type::String) {
            Ok(text) => text,
            Err(why) => {
                return self.blame(
                    code,
                    Diagnostic::error(
                        &rules::expr::OBJECT_KEY_TYPE,
                        format!("Can't use this value as a key: {why}."),
                    )
                    .at(code.span),
                );
            }
        };
        Ok(match text.kind() {
            Kind::String(text) => Some(text.clone()),
            _ => None,
        })
    }
}
