//! The commands below `workspace`.

use super::flags::Kind::Bool;
use super::flags::{Flag, STATE, VARS, VIEW};
use super::table::Command;
use crate::command;

/// They are shown in this order.
pub(super) static COMMANDS: &[Command] = &[
    Command {
        path: &["workspace"],
        primary: false,
        usage: " <subcommand> [options] [arguments]",
        about: "Work with several states of one configuration",
        help: "Every workspace has a state of its own. There is always the one named default.",
        flags: &[],
        positional: (0, 0),
        run: None,
    },
    Command {
        path: &["workspace", "delete"],
        primary: false,
        usage: " [options] NAME",
        about: "Delete a workspace",
        help: "Deletes a workspace that is not the current one and manages nothing.",
        flags: &[
            VIEW,
            VARS,
            STATE,
            &[Flag::new(
                "force",
                Bool,
                "",
                "Delete it even if its state still holds objects: they stay, but are forgotten.",
            )],
        ],
        positional: (1, 1),
        run: Some(command::workspace::delete),
    },
    Command {
        path: &["workspace", "list"],
        primary: false,
        usage: " [options]",
        about: "List the workspaces",
        help: "Lists all workspaces. A star marks the current one.",
        flags: &[VIEW, VARS],
        positional: (0, 0),
        run: Some(command::workspace::list),
    },
    Command {
        path: &["workspace", "new"],
        primary: false,
        usage: " [options] NAME",
        about: "Make a workspace and switch to it",
        help: "Makes a workspace with an empty state and switches to it.",
        flags: &[VIEW, VARS, STATE],
        positional: (1, 1),
        run: Some(command::workspace::new),
    },
    Command {
        path: &["workspace", "select"],
        primary: false,
        usage: " [options] NAME",
        about: "Switch to another workspace",
        help: "Makes another workspace the current one.",
        flags: &[
            VIEW,
            VARS,
            &[Flag::new(
                "or-create",
                Bool,
                "",
                "Make it if it does not exist.",
            )],
        ],
        positional: (1, 1),
        run: Some(command::workspace::select),
    },
    Command {
        path: &["workspace", "show"],
        primary: false,
        usage: " [options]",
        about: "Show the name of the current workspace",
        help: "Shows the name of the current workspace.",
        flags: &[VIEW],
        positional: (0, 0),
        run: Some(command::workspace::show),
    },
];
