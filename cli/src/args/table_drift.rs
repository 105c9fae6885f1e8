//! The commands about drift.

use super::flags::Kind::{Bool, Value};
use super::flags::{Flag, INPUT, JSON, POLICY, STATE, VARS, VIEW};
use super::table::Command;
use crate::command;

/// What is looked at, and how.
const LOOK: &[Flag] = &[
    Flag::new(
        "target",
        Value,
        "ADDRESS",
        "Look only at this module, resource or instance. May be given again.",
    ),
    Flag::new(
        "exclude",
        Value,
        "ADDRESS",
        "Do not look at this module, resource or instance. May be given again.",
    ),
    Flag::new(
        "max-calls-per-minute",
        Value,
        "N",
        "Make no more calls of providers than these in any minute. One that reads many objects is one.",
    ),
    Flag::new(
        "parallelism",
        Value,
        "N",
        "How many calls may be under way at the same time.",
    ),
];
const LEAST: Flag = Flag::new(
    "least",
    Value,
    "CLASS",
    "From which class on differences count: harmless, changed, security, gone. Default: changed.",
);
const DRIFT: &[Flag] = &[
    LEAST,
    Flag::new(
        "new",
        Bool,
        "",
        "Only what the last report did not tell of counts, for the exit code and the list.",
    ),
    Flag::new(
        "html",
        Value,
        "FILE",
        "Write the report as a page for people, too.",
    ),
    Flag::new(
        "unmanaged",
        Bool,
        "",
        "List objects that the state does not know, of types of which it has some.",
    ),
    Flag::new(
        "unmanaged-type",
        Value,
        "PATTERN",
        "List them of types of these names; * at the beginning or end stands for any text. May be given again.",
    ),
    Flag::new(
        "provider-config",
        Value,
        "FILE",
        "A file with the provider blocks to be used, where there is no configuration.",
    ),
    Flag::new(
        "notify",
        Value,
        "FILE",
        "Tell those who are named in this file.",
    ),
    Flag::new(
        "watch",
        Value,
        "CRON",
        "Look again and again, until interrupted: '0 */4 * * *' is every four hours.",
    ),
    Flag::new("now", Bool, "", "With -watch, look at once, too."),
    Flag::new(
        "timezone",
        Value,
        "NAME",
        "With -watch, the place whose clocks the schedule goes by. Default: UTC.",
    ),
    Flag::new(
        "jitter",
        Value,
        "TIME",
        "With -watch, look up to this much later than the schedule says, by chance: 30s, 10m. Default: 1m.",
    ),
];

/// They are shown in this order.
pub(super) static COMMANDS: &[Command] = &[
    Command {
        path: &["drift"],
        primary: false,
        usage: " [options]",
        about: "Show how what exists differs from the state",
        help: "Reads every object in the state, many at a time where the provider can, and says how it\ndiffers from what the state knows: gone, on something that security depends on, changed,\nor harmlessly. Needs no configuration but that of providers, and writes no state.\nExit codes: 0 no drift, 2 drift, 1 error (also if not everything could be read).",
        flags: &[VIEW, JSON, VARS, LOOK, DRIFT],
        positional: (0, 0),
        run: Some(command::drift::run),
    },
    Command {
        path: &["reconcile"],
        primary: false,
        usage: " [options]",
        about: "Plan to undo drift",
        help: "Makes the plan that brings objects which have drifted back to what the configuration says.\nIt is a plan as any other: saved with -out, looked at by policies and gates, and applied\nwith `terrane apply FILE`.",
        flags: &[
            VIEW,
            JSON,
            INPUT,
            VARS,
            STATE,
            POLICY,
            LOOK,
            &[
                LEAST,
                Flag::new("out", Value, "FILE", "Save the plan to this file."),
                Flag::new(
                    "detailed-exitcode",
                    Bool,
                    "",
                    "Exit code 2 if there are changes, 0 if there are none.",
                ),
            ],
        ],
        positional: (0, 0),
        run: Some(command::drift::reconcile),
    },
    Command {
        path: &["adopt"],
        primary: false,
        usage: " [options]",
        about: "Accept drift in the configuration",
        help: "Shows the edit of the configuration that accepts drift: arguments that are literals get the\nvalues that objects have. Comments and everything else stay. Arguments that are\nexpressions are left, and told with their lines. Exit codes: 0 done or nothing to do,\n1 error; with -check 2 if something is to be edited or left.",
        flags: &[
            VIEW,
            VARS,
            LOOK,
            &[
                Flag::new("write", Bool, "", "Write the files."),
                Flag::new(
                    "check",
                    Bool,
                    "",
                    "Write nothing, and end with exit code 2 if something is to be edited or left.",
                ),
            ],
        ],
        positional: (0, 0),
        run: Some(command::drift::adopt),
    },
];
