//! What one evaluation may cost: steps and size, so that no configuration takes minutes or all memory.
//!
//! The bounds are far beyond what people write: a hundred million steps take seconds, and a value of the largest size some hundred
//! megabytes. Counting is exact, so the same expression fails, or does not, on every machine.

use crate::diagnostic::Diagnostic;
use crate::rules;
use crate::source::Span;
use std::cell::Cell;
use terrane_value::Value;
use terrane_value::json::MAX_DEPTH;

/// The most steps of one evaluation: nodes evaluated, elements made, and what functions say that they cost.
const MAX_STEPS: u64 = 100_000_000;

/// The largest value, by [`Value::size`].
pub(crate) const MAX_SIZE: usize = 1 << 22;

/// The longest text, in bytes.
pub(crate) const MAX_TEXT: usize = 256 << 20;

/// Steps that are left, shared by an evaluation and the templates that it renders.
#[derive(Debug)]
pub(crate) struct Work {
    left: Cell<u64>,
    /// How many templates are being rendered, each within the one before.
    templates: Cell<usize>,
}

impl Work {
    pub(crate) fn new() -> Self {
        Self {
            left: Cell::new(MAX_STEPS),
            templates: Cell::new(0),
        }
    }

    /// Fewer steps than usual.
    #[cfg(test)]
    pub(crate) fn of(steps: u64) -> Self {
        Self {
            left: Cell::new(steps),
            templates: Cell::new(0),
        }
    }

    /// Begins with a template. Gives what [`Self::leave_template`] wants; `None`: there are as many as there may be.
    pub(crate) fn enter_template(&self, most: usize) -> Option<usize> {
        let level = self.templates.get();
        (level < most).then(|| {
            self.templates.set(level + 1);
            level
        })
    }

    /// Whether a template is being rendered.
    pub(crate) fn in_template(&self) -> bool {
        self.templates.get() > 0
    }

    /// Is done with a template.
    pub(crate) fn leave_template(&self, level: usize) {
        self.templates.set(level);
    }

    /// Takes steps away. False: there are none left, now and later.
    pub(crate) fn spend(&self, steps: u64) -> bool {
        match self.left.get().checked_sub(steps) {
            Some(left) => {
                self.left.set(left);
                true
            }
            None => {
                self.left.set(0);
                false
            }
        }
    }
}

/// What is said where no steps are left.
pub(super) fn too_much(span: Span) -> Diagnostic {
    Diagnostic::error(
        &rules::expr::TOO_MANY_STEPS,
        format!("Evaluating this expression takes more than {MAX_STEPS} steps, which is the most that is allowed. Look for loops within loops over large collections, and for values that grow with each step."),
    )
    .at(span)
}

/// What is said of a value that is larger than allowed; `None` if it is not.
pub(super) fn oversized(value: &Value, span: Span) -> Option<Diagnostic> {
    if value.size() <= MAX_SIZE && value.depth() <= MAX_DEPTH {
        return None;
    }
    Some(too_large(value, span))
}

#[cold]
fn too_large(value: &Value, span: Span) -> Diagnostic {
    if value.depth() > MAX_DEPTH {
        return Diagnostic::error(
            &rules::expr::VALUE_TOO_DEEP,
            format!("Values may be nested at most {MAX_DEPTH} levels deep."),
        )
        .at(span);
    }
    large(span)
}

/// What is said of a value that would be larger than allowed.
pub(super) fn large(span: Span) -> Diagnostic {
    Diagnostic::error(
        &rules::expr::VALUE_TOO_LARGE,
        format!(
            "The result of this expression is too large: values may hold at most {MAX_SIZE} elements, counting those of elements, and {} MiB of text.",
            MAX_TEXT >> 20
        ),
    )
    .at(span)
}
