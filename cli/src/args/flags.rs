//! Flags: what one is, and those that several commands share. A flag without a help text is accepted for the sake of scripts and has no effect
//! here, or is a choice that nobody needs to be told of.

use Kind::{Bool, Value};

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `-flag`, `-flag=true`, `-flag=false`.
    Bool,
    /// `-flag=value`, `-flag value`; may be given again.
    Value,
}

/// A flag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    /// Without the dash.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// What the help shows behind the equals sign.
    pub(crate) placeholder: &'static str,
    /// For people; empty: not shown.
    pub(crate) help: &'static str,
}

impl Flag {
    pub(crate) const fn new(
        name: &'static str,
        kind: Kind,
        placeholder: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            placeholder,
            help,
        }
    }
}

/// How a command shows what it says.
pub(super) const VIEW: &[Flag] = &[
    Flag::new("no-color", Bool, "", "Write no colours."),
    Flag::new(
        "compact-warnings",
        Bool,
        "",
        "Show warnings as one line each, unless there are errors too.",
    ),
    Flag::new(
        "consolidate-warnings",
        Bool,
        "",
        "Show one warning of each kind whole and name the places of the others. =false: show all whole. Without it: only of more than ten objects that share a message.",
    ),
    Flag::new("consolidate-errors", Bool, "", "The same for errors."),
    Flag::new("concise", Bool, "", ""),
    Flag::new("show-sensitive", Bool, "", ""),
    Flag::new("deprecation", Value, "", ""),
];
/// `-json`.
pub(super) const JSON: &[Flag] = &[Flag::new(
    "json",
    Bool,
    "",
    "Write JSON, for programs, instead of text for people.",
)];
/// `-input`.
pub(super) const INPUT: &[Flag] = &[Flag::new(
    "input",
    Bool,
    "false",
    "Ask for nothing: a missing value is an error.",
)];
/// Values of variables.
pub(super) const VARS: &[Flag] = &[
    Flag::new(
        "var",
        Value,
        "'NAME=VALUE'",
        "Set a variable of the root module. May be given again.",
    ),
    Flag::new(
        "var-file",
        Value,
        "FILE",
        "Set variables from a file, besides terraform.tfvars and *.auto.tfvars. May be given again.",
    ),
];
/// How the state is opened.
pub(super) const STATE: &[Flag] = &[
    Flag::new(
        "lock",
        Bool,
        "",
        "-lock=false: write the state without a lock. Others may be changing the same things.",
    ),
    Flag::new(
        "lock-timeout",
        Value,
        "TIME",
        "How long to wait for another process that uses the state: 10s, 1m. Default: not at all.",
    ),
    // Accepted and without effect: the journal keeps every earlier state.
    Flag::new("backup", Value, "", ""),
    Flag::new("backup-out", Value, "", ""),
    Flag::new("ignore-remote-version", Bool, "", ""),
];
/// Policies that look at a plan.
pub(super) const POLICY: &[Flag] = &[
    Flag::new(
        "policy",
        Value,
        "DIR",
        "A folder or file with policies in Rego. May be given again.",
    ),
    Flag::new(
        "policy-data",
        Value,
        "PATH",
        "Data for policies: a JSON or YAML file, or a folder of such files. May be given again.",
    ),
    Flag::new(
        "policy-namespace",
        Value,
        "NAME",
        "The package whose rules are looked at; * for all. May be given again. Default: main.",
    ),
    Flag::new("all-namespaces", Bool, "", ""),
];
/// Prices of what is planned.
pub(super) const COST: &[Flag] = &[
    Flag::new(
        "price-book",
        Value,
        "FILE",
        "Say what the plan costs, by the prices in this file. May be given again.",
    ),
    Flag::new(
        "usage",
        Value,
        "FILE",
        "How much is used, in JSON: requests, hours, gigabytes. May be given again.",
    ),
];
/// What is planned.
pub(super) const OPERATION: &[Flag] = &[
    Flag::new(
        "destroy",
        Bool,
        "",
        "Plan to destroy everything that is managed here.",
    ),
    Flag::new(
        "refresh-only",
        Bool,
        "",
        "Plan only to bring the state up to date with what really exists.",
    ),
    READ,
    MEMO,
    DEFERRAL,
    Flag::new(
        "replace",
        Value,
        "ADDRESS",
        "Replace this instance, even if nothing about it changes. May be given again.",
    ),
    INVOKE,
    TARGET,
    TARGETS,
    EXCLUDE,
    EXCLUDES,
    PLACES,
];
/// The same of `destroy`: what makes no sense there is known, for the message that says so, and not shown.
pub(super) const DESTROY: &[Flag] = &[
    Flag::new("destroy", Bool, "", ""),
    Flag::new("refresh-only", Bool, "", ""),
    READ,
    MEMO,
    DEFERRAL,
    Flag::new("replace", Value, "", ""),
    Flag::new("invoke", Value, "", ""),
    TARGET,
    TARGETS,
    EXCLUDE,
    EXCLUDES,
    PLACES,
];
/// The same of `refresh`.
pub(super) const REFRESH: &[Flag] = &[
    Flag::new("destroy", Bool, "", ""),
    Flag::new("refresh-only", Bool, "", ""),
    Flag::new("refresh", Bool, "", ""),
    MEMO,
    DEFERRAL,
    Flag::new("replace", Value, "", ""),
    INVOKE,
    TARGET,
    TARGETS,
    EXCLUDE,
    EXCLUDES,
    PLACES,
];
const READ: Flag = Flag::new(
    "refresh",
    Bool,
    "false",
    "Trust the state instead of reading what really exists. Faster, but changes made elsewhere are not seen.",
);
const MEMO: Flag = Flag::new(
    "memo",
    Bool,
    "false",
    "Ask providers also what they had nothing to say to the last time.",
);
const DEFERRAL: Flag = Flag::new(
    "allow-deferral",
    Bool,
    "",
    "Leave to a later plan what providers can't decide yet, with all that depends on it.",
);
const INVOKE: Flag = Flag::new(
    "invoke",
    Value,
    "ACTION",
    "Have this action done (action.TYPE.NAME), and do nothing else.",
);
const TARGET: Flag = Flag::new(
    "target",
    Value,
    "ADDRESS",
    "Look only at this and at what it depends on. For exceptional use. May be given again.",
);
const TARGETS: Flag = Flag::new(
    "target-file",
    Value,
    "FILE",
    "As -target, for every line of a file.",
);
const EXCLUDE: Flag = Flag::new(
    "exclude",
    Value,
    "ADDRESS",
    "Look at everything but this and what depends on it. May be given again.",
);
const EXCLUDES: Flag = Flag::new(
    "exclude-file",
    Value,
    "FILE",
    "As -exclude, for every line of a file.",
);
const PLACES: Flag = Flag::new(
    "parallelism",
    Value,
    "N",
    "How many operations may run at the same time. Default: 10.",
);

/// Of commands that ask before they act.
pub(super) const APPROVE: &[Flag] = &[
    Flag::new("auto-approve", Bool, "", "Do not ask."),
    Flag::new(
        "suppress-forget-errors",
        Bool,
        "",
        "Destroying succeeds even if objects are left behind, as `destroy = false` asks for.",
    ),
];
