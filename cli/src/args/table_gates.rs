//! The commands about gates, decisions and the audit log.

use super::flags::Kind::{Bool, Value};
use super::flags::{Flag, INPUT, JSON, VARS, VIEW};
use super::table::Command;
use crate::command;

/// Whose key signs.
pub(super) const KEY: Flag = Flag::new(
    "key",
    Value,
    "FILE",
    "The private key (OpenSSH, Ed25519). Default: what TERRANE_KEY names, else ~/.config/terrane/key.",
);
const COMMENT: Flag = Flag::new(
    "comment",
    Value,
    "TEXT",
    "Why, for people. It is signed too.",
);
const SURE: Flag = Flag::new("auto-approve", Bool, "", "Do not ask whether it is meant.");
const DECIDE: &[Flag] = &[
    KEY,
    COMMENT,
    Flag::new(
        "expires",
        Value,
        "TIME",
        "For how long the decision holds: 8h, 7d, never. Default: 7d for an approval, never for a rejection.",
    ),
    Flag::new(
        "only",
        Value,
        "ADDRESS",
        "Decide only about these addresses; * stands for any text. May be given again.",
    ),
    Flag::new(
        "gate",
        Value,
        "NAME",
        "Decide only about what this gate is about.",
    ),
    SURE,
];

/// They are shown in this order.
pub(super) static COMMANDS: &[Command] = &[
    Command {
        path: &["approve"],
        primary: false,
        usage: " [options] PLAN",
        about: "Approve what a saved plan does",
        help: "Shows a saved plan and what the gates say to it, and signs an approval of its actions.\nIt is kept beside the plan (PLAN.approvals) and in the audit log. A new plan in which\nactions mean the same keeps their approvals.",
        flags: &[VIEW, JSON, INPUT, VARS, DECIDE],
        positional: (1, 1),
        run: Some(command::gates::approve),
    },
    Command {
        path: &["reject"],
        primary: false,
        usage: " [options] PLAN",
        about: "Reject what a saved plan does",
        help: "Signs that the actions of a saved plan must not be done. Whoever else approves them, they\nare not, until the one who rejected them approves them. What the same person approved\nbefore does not come back when a rejection ends.",
        flags: &[VIEW, JSON, INPUT, VARS, DECIDE],
        positional: (1, 1),
        run: Some(command::gates::reject),
    },
    Command {
        path: &["gates"],
        primary: false,
        usage: " [options] [PLAN]",
        about: "Show the gates, or what a plan needs to pass them",
        help: "Without a plan, lists the gates in force. With a saved plan, says gate by gate what it\nneeds, what it has, and who can give what is missing. Exit code 0 if it may be applied.",
        flags: &[VIEW, JSON, VARS],
        positional: (0, 1),
        run: Some(command::gates::gates),
    },
    Command {
        path: &["gates", "accept"],
        primary: false,
        usage: " [options]",
        about: "Agree to changed gates",
        help: "Shows how the files of gates, and those of the policies and prices that they name, differ\nfrom what is in force, asks, and signs that they may be. They are in force when enough of\nthose have agreed whom the gates in force name.",
        flags: &[
            VIEW,
            JSON,
            INPUT,
            VARS,
            &[
                KEY,
                COMMENT,
                SURE,
                Flag::new(
                    "clock",
                    Bool,
                    "",
                    "Agree that a clock was ahead when something was recorded: that time is not past yet.",
                ),
            ],
        ],
        positional: (0, 0),
        run: Some(command::accept::run),
    },
    Command {
        path: &["key"],
        primary: false,
        usage: " <subcommand> [options]",
        about: "Keys that sign decisions",
        help: "Decisions are signed with Ed25519 keys in the files of OpenSSH: a key that was made with\n`ssh-keygen -t ed25519` will do.",
        flags: &[],
        positional: (0, 0),
        run: None,
    },
    Command {
        path: &["key", "generate"],
        primary: false,
        usage: " [options]",
        about: "Make a key",
        help: "Makes a key and writes it to a file that only its owner can read, under a passphrase that\nis asked for (or taken from TERRANE_KEY_PASSPHRASE). Shows the public part.",
        flags: &[
            VIEW,
            INPUT,
            &[
                KEY,
                Flag::new("comment", Value, "TEXT", "Whose it is. Default: user@host."),
                Flag::new("no-passphrase", Bool, "", "Leave the file unprotected."),
            ],
        ],
        positional: (0, 0),
        run: Some(command::key::generate),
    },
    Command {
        path: &["key", "show"],
        primary: false,
        usage: " [options]",
        about: "Show the public part of a key",
        help: "Shows the line that belongs among the `keys` of a `person` in the files of gates.",
        flags: &[VIEW, JSON, &[KEY]],
        positional: (0, 0),
        run: Some(command::key::show),
    },
    Command {
        path: &["audit"],
        primary: false,
        usage: " [options]",
        about: "Show and verify the audit log",
        help: "Shows what was planned, decided, applied and overridden in this workspace, oldest first.\nEvery entry has a hash over itself and all before it; all are checked each time.",
        flags: &[
            VIEW,
            JSON,
            VARS,
            &[
                Flag::new(
                    "kind",
                    Value,
                    "KIND",
                    "Only entries of this kind: founded, gates, clock, plan, decision, apply, applied, unlock, torn, segment. May be given again.",
                ),
                Flag::new(
                    "who",
                    Value,
                    "NAME",
                    "Only entries by this account, or decisions that this person signed.",
                ),
                Flag::new(
                    "since",
                    Value,
                    "TIME",
                    "Only entries that are not older: 12h, 7d.",
                ),
                Flag::new("about", Value, "TEXT", "Only entries that mention this."),
                Flag::new(
                    "verify",
                    Bool,
                    "",
                    "Check the log beside the history too, and show the hash over all of it.",
                ),
                Flag::new(
                    "expect",
                    Value,
                    "HASH",
                    "Check that this hash, written down earlier, is still in the log.",
                ),
                Flag::new(
                    "export",
                    Bool,
                    "",
                    "Write the log as it is kept: JSON lines with their hashes.",
                ),
            ],
        ],
        positional: (0, 0),
        run: Some(command::audit::run),
    },
];
