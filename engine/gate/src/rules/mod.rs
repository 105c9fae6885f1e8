//! The rules that this room knows, by area. Each has a code; `docs/reference/diagnostics.md` is made of them.

pub mod gates;

use terrane_lang::diagnostic::Rule;

/// The areas: title and rules, in the order of their codes.
pub static AREAS: &[(&str, &[&Rule])] = &[("Gates", gates::ALL)];
