//! The commands below `policy`.

use super::flags::Kind::{Bool, Value};
use super::flags::{Flag, JSON, POLICY, VIEW};
use super::table::Command;
use crate::command;

/// They are shown in this order.
pub(super) static COMMANDS: &[Command] = &[
    Command {
        path: &["policy"],
        primary: false,
        usage: " <subcommand> [options]",
        about: "Look at plans with policies in Rego",
        help: "Policies are laid out as conftest has them: modules in a folder, and in the package\nmain (or another one) the rules deny, violation, warn, require_approval and exception, each\nwith any suffix. They look at the JSON form of a plan (`terrane show -json PLAN`).",
        flags: &[],
        positional: (0, 0),
        run: None,
    },
    Command {
        path: &["policy", "check"],
        primary: false,
        usage: " [options] PLAN",
        about: "Say what policies say about a plan",
        help: "PLAN is a saved plan, or a document in JSON (- for standard input). Exit code 1 if a\npolicy denies it. Policies are taken from the folder policy where -policy does not\nname others.",
        flags: &[
            VIEW,
            JSON,
            POLICY,
            &[
                Flag::new("fail-on-warn", Bool, "", "Exit code 1 for warnings too."),
                Flag::new("sarif", Value, "FILE", "Write the results in SARIF too."),
                Flag::new(
                    "junit-xml",
                    Value,
                    "FILE",
                    "Write the results as JUnit XML too.",
                ),
            ],
        ],
        positional: (1, 1),
        run: Some(command::policy::check),
    },
    Command {
        path: &["policy", "init"],
        primary: false,
        usage: " [options] [DIR]",
        about: "Write policies to begin with",
        help: "Writes policies about tags, encryption, public access, sizes, regions and deletions to\na folder (policy where none is named), with their tests and settings. Overwrites\nnothing.",
        flags: &[VIEW],
        positional: (0, 1),
        run: Some(command::policy::init),
    },
    Command {
        path: &["policy", "test"],
        primary: false,
        usage: " [options] [DIR...]",
        about: "Run the tests of policies",
        help: "Runs the rules test_... of all packages. Exit code 1 if one is not true.",
        flags: &[
            VIEW,
            JSON,
            POLICY,
            &[
                Flag::new("verbose", Bool, "", "Name the tests that passed too."),
                Flag::new(
                    "junit-xml",
                    Value,
                    "FILE",
                    "Write the results as JUnit XML too.",
                ),
            ],
        ],
        positional: (0, 100),
        run: Some(command::policy::test),
    },
];
