//! Random expressions: made from a seed, evaluated here and by the peer, compared by success, value, type and sensitivity.

mod compare;
mod explained;
mod functions;
mod generate;
mod literals;
mod ours;
mod theirs;

pub use compare::{Difference, compare, shrink};
pub use explained::explained;
pub use generate::expression;

/// What came of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The text is no expression.
    Refused,
    /// It has no value.
    Failed,
    /// Its value is not known, though everything in it is.
    Unknown,
    /// It has one.
    Value {
        /// As JSON.
        json: String,
        /// In the words of the console, on one line.
        ty: String,
        /// Whether it is sensitive.
        sensitive: bool,
    },
}

/// What an expression is wrapped in to get its value: `!`, or sensitivity and value.
fn value_of(text: &str) -> String {
    format!("try([issensitive({text}), nonsensitive(jsonencode({text}))], \"!\")")
}

/// What an expression is wrapped in to get its type. Names of attributes that the peer would not print on one line are not generated.
fn type_of(text: &str) -> String {
    format!("try({text}, \"!\")")
}

/// A type as the console prints it, on one line.
fn one_line(text: &str) -> String {
    let joined: String = text.lines().map(str::trim).collect();
    joined
        .replace(",)", ")")
        .replace(",]", "]")
        .replace(",}", "}")
}
