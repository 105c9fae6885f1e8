//! The rules that this room knows, by area. Each has a code; `docs/reference/diagnostics.md` is made of them.

pub mod body;
pub mod condition;
pub mod declaration;
pub mod encryption;
pub mod files;
pub mod input;
pub mod provider;
pub mod refactor;
pub mod reference;
pub mod repetition;
pub mod resource;
pub mod settings;
pub mod static_value;
pub mod test_file;

use terrane_lang::diagnostic::Rule;

/// The areas: title and rules, in the order of their codes.
pub static AREAS: &[(&str, &[&Rule])] = &[
    ("Files and modules", files::ALL),
    ("Settings", settings::ALL),
    ("Declarations", declaration::ALL),
    ("Resources", resource::ALL),
    ("Providers", provider::ALL),
    ("References", reference::ALL),
    ("Resource and provider bodies", body::ALL),
    ("Moved, removed and import blocks", refactor::ALL),
    ("Values needed before planning", static_value::ALL),
    ("Input variables", input::ALL),
    ("count, for_each and enabled", repetition::ALL),
    ("Conditions and outputs", condition::ALL),
    ("Test files", test_file::ALL),
    ("Encryption", encryption::ALL),
];
