//! Templates and their directives.

use super::eval::{Evaluator, Failed, Outcome};
use super::node::{Code, If, Part, TemplateFor};
use super::values;
use super::work::{MAX_TEXT, large};
use crate::diagnostic::Diagnostic;
use crate::rules;
use crate::source::Span;
use terrane_value::{Kind, Marks, Type, Value};

/// A string in the making.
struct Draft {
    text: String,
    /// Until the first unknown part.
    known: bool,
    marks: Marks,
    failed: bool,
}

impl Draft {
    fn push(&mut self, text: &str) {
        if self.known {
            self.text.push_str(text);
        }
    }

    fn mark(&mut self, marks: &Marks) {
        if !marks.is_none() {
            self.marks = self.marks.union(marks);
        }
    }
}

impl Evaluator<'_> {
    #[inline(never)]
    pub(super) fn template(&mut self, parts: &[Part], span: Span) -> Outcome {
        let mut draft = Draft {
            text: String::new(),
            known: true,
            marks: Marks::NONE,
            failed: false,
        };
        self.parts(parts, span, &mut draft);
        if draft.failed {
            return Err(Failed);
        }
        let value = if draft.known {
            // Two normalised parts may meet in a sequence that is not normalised.
            Value::string_nfc(&draft.text)
        } else {
            values::unknown_with_prefix(&draft.text)
        };
        Ok(value.with_marks(&draft.marks))
    }

    fn parts(&mut self, parts: &[Part], span: Span, draft: &mut Draft) {
        for part in parts {
            if draft.text.len() > MAX_TEXT {
                draft.failed = true;
                self.fail::<()>(large(span)).ok();
                return;
            }
            match part {
                Part::Literal(text) => draft.push(text),
                Part::Interpolation(code) => self.interpolate(code, span, draft),
                Part::If(parts) => self.if_directive(parts, draft),
                Part::For(parts) => self.for_directive(parts, draft),
            }
        }
    }

    fn interpolate(&mut self, code: &Code, span: Span, draft: &mut Draft) {
        let Ok(value) = self.eval(code) else {
            draft.failed = true;
            return;
        };
        let (plain, marks) = value.unmark();
        draft.mark(marks);
        match plain.kind() {
            Kind::String(text) => draft.push(text),
            Kind::Number(number) => draft.push(&number.text()),
            Kind::Bool(value) => draft.push(if value { "true" } else { "false" }),
            _ => self.interpolate_odd(plain, code, span, draft),
        }
    }

    #[inline(never)]
    fn interpolate_odd(&mut self, value: &Value, code: &Code, span: Span, draft: &mut Draft) {
        if value.is_null() {
            draft.failed = true;
            let diagnostic = Diagnostic::error(
                &rules::expr::NULL_IN_TEMPLATE,
                "The expression result is null. Cannot include a null value in a string template.",
            );
            self.blame::<()>(code, diagnostic.at(code.span).within(span))
                .ok();
            return;
        }
        match values::convert(value, &Type::String) {
            Ok(text) => {
                if draft.known
                    && let Kind::Unknown(_, refinements) = text.kind()
                    && let Some(prefix) = &refinements.prefix
                {
                    draft.text.push_str(prefix);
                }
                draft.known = false;
            }
            Err(why) => {
                draft.failed = true;
                let diagnostic = Diagnostic::error(
                    &rules::expr::INVALID_INTERPOLATION,
                    format!("Cannot include the given value in a string template: {why}."),
                );
                self.blame::<()>(code, diagnostic.at(code.span).within(span))
                    .ok();
            }
        }
    }

    #[inline(never)]
    fn if_directive(&mut self, parts: &If, draft: &mut Draft) {
        let Ok(decision) = self.condition(&parts.condition, parts.span) else {
            draft.failed = true;
            return;
        };
        let (decision, marks) = decision.unmark();
        draft.mark(marks);
        match decision.as_bool() {
            Some(true) => self.body(&parts.then, parts.span, draft),
            Some(false) => self.body(&parts.otherwise, parts.span, draft),
            None => draft.known = false,
        }
    }

    fn body(&mut self, parts: &[Part], span: Span, draft: &mut Draft) {
        if self.depth >= super::eval::MAX_DEPTH {
            draft.failed = true;
            let diagnostic = Diagnostic::error(
                &rules::expr::TEMPLATE_EVALUATION_TOO_DEEP,
                "Evaluating this template goes through too many levels.",
            );
            self.fail::<()>(diagnostic.at(span)).ok();
            return;
        }
        if !self.work.spend(1) {
            draft.failed = true;
            self.exhausted::<()>(span).ok();
            return;
        }
        self.depth += 1;
        self.parts(parts, span, draft);
        self.depth -= 1;
    }

    #[inline(never)]
    fn for_directive(&mut self, parts: &TemplateFor, draft: &mut Draft) {
        let Ok(collection) = self.iterable(&parts.collection, parts.span) else {
            draft.failed = true;
            return;
        };
        let (plain, marks) = collection.unmark();
        draft.mark(marks);
        if !plain.is_known() {
            draft.known = false;
            return;
        }
        let outer = self.frame.len();
        values::each(plain, |key, value| {
            if parts.has_key {
                self.frame.push(key());
            }
            self.frame.push(value.clone());
            self.body(&parts.body, parts.span, draft);
            self.frame.truncate(outer);
            !draft.failed
        });
    }
}
