//! The command that asks what there is.

use super::flags::Kind::Value;
use super::flags::{Flag, INPUT, JSON, VARS, VIEW};
use super::table::Command;
use crate::command;

pub(super) static COMMANDS: &[Command] = &[Command {
    path: &["query"],
    primary: false,
    usage: " [options]",
    about: "List what there is of the types that query files name",
    help: "Asks providers for objects that exist, whether they are managed here or not: those\nthat the list blocks of the query files (.tfquery.hcl) of this folder describe. Each\nis shown with its identity and its name. Changes nothing.",
    flags: &[
        VIEW,
        JSON,
        INPUT,
        VARS,
        &[Flag::new(
            "generate-config-out",
            Value,
            "FILE",
            "Write `import` and `resource` blocks for what is found to a new file. With -json they are a part of the output.",
        )],
    ],
    positional: (0, 0),
    run: Some(command::query::run),
}];
