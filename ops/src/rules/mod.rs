//! The rules that this room knows, by area. Each has a code; `docs/reference/diagnostics.md` is made of them.

pub mod backend;
pub mod console;
pub mod cost;
pub mod drift;
pub mod encryption;
pub mod folder;
pub mod gates;
pub mod import;
pub mod input;
pub mod install;
pub mod modules;
pub mod planning;
pub mod plugin;
pub mod policy;
pub mod query;
pub mod state;
pub mod test;
pub mod usage;
pub mod workspace;
pub mod world;

use terrane_lang::diagnostic::Rule;

/// The areas: title and rules, in the order of their codes.
pub static AREAS: &[(&str, &[&Rule])] = &[
    ("Working directory", folder::ALL),
    ("Given values", input::ALL),
    ("Plans", planning::ALL),
    ("State commands", state::ALL),
    ("Workspaces", workspace::ALL),
    ("Console", console::ALL),
    ("Files, locks and processes", world::ALL),
    ("Tests", test::ALL),
    ("Importing objects", import::ALL),
    ("Provider plugins", plugin::ALL),
    ("Backends", backend::ALL),
    ("Command line", usage::ALL),
    ("Encryption of state and plans", encryption::ALL),
    ("Installing providers", install::ALL),
    ("Modules", modules::ALL),
    ("Gates, decisions and the audit log", gates::ALL),
    ("Policies", policy::ALL),
    ("Prices", cost::ALL),
    ("Drift", drift::ALL),
    ("Queries", query::ALL),
];

/// The areas of all rooms.
pub fn areas() -> impl Iterator<Item = (&'static str, &'static [&'static Rule])> {
    [
        terrane_lang::rules::AREAS,
        terrane_config::rules::AREAS,
        terrane_plan::rules::AREAS,
        terrane_gate::rules::AREAS,
        terrane_apply::rules::AREAS,
        AREAS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The rule of a code, in upper or lower case.
#[must_use]
pub fn find(code: &str) -> Option<&'static Rule> {
    areas()
        .flat_map(|(_, rules)| rules)
        .copied()
        .find(|rule| rule.code.eq_ignore_ascii_case(code))
}
