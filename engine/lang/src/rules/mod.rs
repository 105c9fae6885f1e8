//! The rules that this room knows, by area. Each has a code; `docs/reference/diagnostics.md` is made of them.

pub mod call;
pub mod expr;
pub mod json;
pub mod structure;
pub mod syntax;
pub mod types;

use crate::diagnostic::Rule;

/// The areas: title and rules, in the order of their codes.
pub static AREAS: &[(&str, &[&Rule])] = &[
    ("Syntax", syntax::ALL),
    ("JSON syntax", json::ALL),
    ("Arguments and blocks", structure::ALL),
    ("Types", types::ALL),
    ("Expressions", expr::ALL),
    ("Function calls", call::ALL),
];
