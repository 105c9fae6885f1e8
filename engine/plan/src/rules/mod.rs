//! The rules that this room knows, by area. Each has a code; `docs/reference/diagnostics.md` is made of them.

pub mod adoption;
pub mod answer;
pub mod condition;
pub mod import;
pub mod planning;
pub mod restore;
pub mod state;

use terrane_lang::diagnostic::Rule;

/// The areas: title and rules, in the order of their codes.
pub static AREAS: &[(&str, &[&Rule])] = &[
    ("Planning", planning::ALL),
    ("Answers of providers while planning", answer::ALL),
    ("Checked conditions", condition::ALL),
    ("Imports", import::ALL),
    ("Objects in the state", state::ALL),
    ("Objects that are taken over", adoption::ALL),
    ("Going back to an earlier state", restore::ALL),
];
