//! `for` expressions.

use super::eval::{Evaluator, Failed, Outcome};
use super::node::{Code, For};
use super::values;
use super::work::{MAX_SIZE, large};
use crate::diagnostic::Diagnostic;
use crate::rules;
use crate::source::Span;
use std::collections::BTreeMap;
use terrane_value::{EcoString, Kind, Marks, Type, Value};

/// What a `for` has made so far.
#[derive(Default)]
struct Made {
    items: Vec<Value>,
    entries: BTreeMap<EcoString, Value>,
    groups: BTreeMap<EcoString, Vec<Value>>,
    marks: Marks,
    failed: bool,
    /// Of all elements and keys, by [`Value::size`].
    size: usize,
    /// An element was left out or taken in by a condition or key that is not known.
    unsure: bool,
}

impl Evaluator<'_> {
    /// The collection of a `for`: anything that can be iterated, not null, perhaps unknown, perhaps marked.
    pub(super) fn iterable(&mut self, code: &Code, span: Span) -> Outcome {
        let value = self.eval(code)?;
        if value.is_null() {
            return self.blame(
                code,
                Diagnostic::error(
                    &rules::expr::FOR_OVER_NULL,
                    "A null value cannot be used as the collection in a 'for' expression.",
                )
                .at(code.span)
                .within(span),
            );
        }
        // The type of a large tuple or object is made when it is asked for: not to see that it is one.
        if let Kind::Tuple(_) | Kind::Object(_) = value.unmarked().kind() {
            return Ok(value);
        }
        let ty = value.ty();
        if ty.is_primitive() {
            return self.blame(
                code,
                Diagnostic::error(
                    &rules::expr::FOR_OVER_NON_ITERABLE,
                    format!(
                        "A value of type {} cannot be used as the collection in a 'for' expression.",
                        values::type_name(&ty)
                    ),
                )
                .at(code.span)
                .within(span),
            );
        }
        Ok(value)
    }

    #[inline(never)]
    pub(super) fn for_expr(&mut self, parts: &For, span: Span) -> Outcome {
        let collection = self.iterable(&parts.collection, span)?;
        let (plain, marks) = collection.unmark();
        let mut made = Made {
            marks: marks.clone(),
            ..Made::default()
        };
        let outer = self.frame.len();
        if !plain.is_known() || plain.children().is_empty() {
            self.check_condition(parts, span)?;
            if !plain.is_known() {
                return Ok(Value::dynamic().with_marks(&made.marks));
            }
        }
        values::each(plain, |key, value| {
            if parts.has_key {
                self.frame.push(key());
            }
            self.frame.push(value.clone());
            if self.iteration(parts, span, &mut made).is_err() {
                made.failed = true;
            }
            self.frame.truncate(outer);
            // One bad element tells enough: the others fail alike.
            !made.failed
        });
        if made.failed {
            return Err(Failed);
        }
        let result = if made.unsure {
            Value::dynamic()
        } else if parts.key.is_none() {
            Value::tuple(made.items)
        } else if parts.group {
            Value::object(
                made.groups
                    .into_iter()
                    .map(|(key, items)| (key, Value::tuple(items))),
            )
        } else {
            Value::object(made.entries)
        };
        Ok(result.with_marks(&made.marks))
    }

    /// A condition of the wrong type is reported even where there is no element to try it with.
    fn check_condition(&mut self, parts: &For, span: Span) -> Outcome<()> {
        if parts.condition.is_none() {
            return Ok(());
        }
        let outer = self.frame.len();
        let names = if parts.has_key { 2 } else { 1 };
        self.frame
            .extend(std::iter::repeat_n(Value::dynamic(), names));
        let outcome = self.included(parts, span, &mut Made::default());
        self.frame.truncate(outer);
        outcome.map(|_| ())
    }

    fn iteration(&mut self, parts: &For, span: Span, made: &mut Made) -> Outcome<()> {
        if !self.work.spend(1) {
            return self.exhausted(span);
        }
        match self.included(parts, span, made)? {
            Some(true) => {}
            Some(false) => return Ok(()),
            None => {
                made.unsure = true;
                return Ok(());
            }
        }
        let Some(key_code) = &parts.key else {
            let value = self.eval(&parts.value)?;
            self.grow(made, value.size(), span)?;
            made.items.push(value);
            return Ok(());
        };
        let key = self.key(key_code, span, made);
        let value = self.eval(&parts.value);
        let (Some((key, hidden)), value) = (key?, value?) else {
            made.unsure = true;
            return Ok(());
        };
        self.grow(made, value.size() + key.len() / 64, span)?;
        if parts.group {
            made.groups.entry(key).or_default().push(value);
            return Ok(());
        }
        if made.entries.contains_key(&key) {
            let which = if hidden {
                String::from("a sensitive key")
            } else {
                format!("the key {}", values::quote(&key))
            };
            return self.blame(
                key_code,
                Diagnostic::error(
                    &rules::expr::DUPLICATE_FOR_KEY,
                    format!("Two different items produced {which} in this 'for' expression. If duplicates are expected, use the ellipsis (...) after the value expression to enable grouping by key."),
                )
                .at(key_code.span)
                .within(span),
            );
        }
        made.entries.insert(key, value);
        Ok(())
    }

    /// Counts what was made, before it takes more memory than a value may.
    fn grow(&mut self, made: &mut Made, size: usize, span: Span) -> Outcome<()> {
        made.size = made.size.saturating_add(size);
        if made.size > MAX_SIZE {
            return self.fail(large(span));
        }
        Ok(())
    }

    /// Whether the condition lets the element in; `None` if that is not known.
    fn included(&mut self, parts: &For, span: Span, made: &mut Made) -> Outcome<Option<bool>> {
        let Some(code) = &parts.condition else {
            return Ok(Some(true));
        };
        let value = self.eval(code)?;
        if value.is_null() {
            return self.blame(
                code,
                Diagnostic::error(
                    &rules::expr::NULL_FOR_CONDITION,
                    "The value of the 'if' clause must not be null.",
                )
                .at(code.span)
                .within(span),
            );
        }
        match values::convert(&value, &Type::Bool) {
            Ok(value) => {
                let (plain, marks) = value.unmark();
                if !marks.is_none() {
                    made.marks = made.marks.union(marks);
                }
                Ok(plain.as_bool())
            }
            Err(why) => self.blame(
                code,
                Diagnostic::error(
                    &rules::expr::FOR_CONDITION_TYPE,
                    format!("The 'if' clause value is invalid: {why}."),
                )
                .at(code.span)
                .within(span),
            ),
        }
    }

    /// The key of an element and whether it must be hidden; `None` if it is not known.
    fn key(
        &mut self,
        code: &Code,
        span: Span,
        made: &mut Made,
    ) -> Outcome<Option<(EcoString, bool)>> {
        let value = self.eval(code)?;
        if value.is_null() {
            return self.blame(
                code,
                Diagnostic::error(
                    &rules::expr::NULL_FOR_KEY,
                    "Key expression in 'for' expression must not produce a null value.",
                )
                .at(code.span)
                .within(span),
            );
        }
        match values::convert(&value, &Type::String) {
            Ok(value) => {
                let (plain, marks) = value.unmark();
                if !marks.is_none() {
                    made.marks = made.marks.union(marks);
                }
                Ok(match plain.kind() {
                    Kind::String(key) => Some((key.clone(), marks.is_sensitive())),
                    _ => None,
                })
            }
            Err(why) => self.blame(
                code,
                Diagnostic::error(
                    &rules::expr::FOR_KEY_TYPE,
                    format!("The key expression produced an invalid result: {why}."),
                )
                .at(code.span)
                .within(span),
            ),
        }
    }
}
