//! The table of commands.

use super::flags::Kind::{Bool, Value};
use super::flags::{APPROVE, COST, Flag, INPUT, JSON, OPERATION, POLICY, STATE, VARS, VIEW};
use crate::app::App;
use crate::args::Parsed;
use crate::command;
use crate::exit::Exit;

/// A command.
#[derive(Debug)]
pub(crate) struct Command {
    /// `["state", "mv"]`.
    pub(crate) path: &'static [&'static str],
    /// Whether it is one of the main ones.
    pub(crate) primary: bool,
    /// What follows the name in the usage line, with a leading space.
    pub(crate) usage: &'static str,
    /// One line.
    pub(crate) about: &'static str,
    /// Paragraphs.
    pub(crate) help: &'static str,
    /// Its flags.
    pub(crate) flags: &'static [&'static [Flag]],
    /// Fewest and most positional arguments.
    pub(crate) positional: (usize, usize),
    /// Does it; `None`: only has subcommands.
    pub(crate) run: Option<fn(&mut App, &Parsed) -> Exit>,
}

/// Going back.
const TO: Flag = Flag::new(
    "to",
    Value,
    "VERSION",
    "Go back to what this version of the state describes (`terrane state history`), instead of forward to the configuration.",
);

/// Emergencies.
const GLASS: &[Flag] = &[
    Flag::new(
        "break-glass",
        Value,
        "REASON",
        "Apply although gates are closed, where they name you for that. Signed and recorded.",
    ),
    super::table_gates::KEY,
];

/// The commands, but for those that have a table of their own.
static COMMANDS: &[Command] = &[
    Command {
        path: &["init"],
        primary: true,
        usage: " [options]",
        about: "Prepare a folder for the other commands",
        help: "Brings the backend into order (where the state is kept), copies the state where the\nbackend has changed, and installs modules and providers. Without a\nbackend block, offers to take over the state of a peer (terraform.tfstate) if there\nis one. Safe to run again.",
        flags: &[
            VIEW,
            JSON,
            INPUT,
            VARS,
            STATE,
            &[
                Flag::new(
                    "backend",
                    Bool,
                    "false",
                    "Leave the backend as it was initialized.",
                ),
                Flag::new("cloud", Bool, "", ""),
                Flag::new(
                    "backend-config",
                    Value,
                    "NAME=VALUE",
                    "Set an argument of the backend beside its block, or several by the path of a file. May be given again. Remembered.",
                ),
                Flag::new("from-module", Value, "", ""),
                Flag::new("get", Bool, "", ""),
                Flag::new(
                    "upgrade",
                    Bool,
                    "",
                    "Take the newest versions that the constraints allow, not those of the lock file.",
                ),
                Flag::new(
                    "plugin-dir",
                    Value,
                    "DIR",
                    "Take providers from this folder only. May be given again.",
                ),
                Flag::new(
                    "lockfile",
                    Value,
                    "readonly",
                    "Change no lock file, and fail if one would have to be changed.",
                ),
                Flag::new(
                    "provider-mode",
                    Value,
                    "MODE",
                    "native, plugin, or auto: a provider that is built in where it has all that is used, else the plugin. Remembered. Default: auto.",
                ),
                Flag::new("test-directory", Value, "", ""),
                Flag::new(
                    "reconfigure",
                    Bool,
                    "",
                    "Use the backend that is configured now as it is, and copy no state.",
                ),
                Flag::new(
                    "migrate-state",
                    Bool,
                    "",
                    "Copy the state to the backend that is configured now; asks first.",
                ),
                Flag::new("force-copy", Bool, "", "Copy it without asking."),
            ],
        ],
        positional: (0, 0),
        run: Some(command::init::run),
    },
    Command {
        path: &["validate"],
        primary: true,
        usage: " [options]",
        about: "Check whether the configuration is valid",
        help: "Checks the configuration of this folder and of all modules that it calls. Reads\nneither state nor the world. Exit code 1 if there are errors.",
        flags: &[
            VIEW,
            JSON,
            VARS,
            &[
                Flag::new(
                    "test-directory",
                    Value,
                    "DIR",
                    "The folder of test files, besides this one. Default: tests.",
                ),
                Flag::new("no-tests", Bool, "", "Do not check test files."),
            ],
        ],
        positional: (0, 0),
        run: Some(command::validate::run),
    },
    Command {
        path: &["plan"],
        primary: true,
        usage: " [options]",
        about: "Show what applying would change",
        help: "Compares the configuration with what exists and shows the actions that would make\nthem agree. Changes nothing. A plan that is saved with -out can be applied as it is.",
        flags: &[
            VIEW,
            JSON,
            INPUT,
            VARS,
            STATE,
            OPERATION,
            POLICY,
            COST,
            &[
                Flag::new(
                    "out",
                    Value,
                    "FILE",
                    "Save the plan, to apply exactly it later.",
                ),
                Flag::new(
                    "sign",
                    Bool,
                    "",
                    "Sign that the saved plan is yours, for gates that want to know.",
                ),
                super::table_gates::KEY,
                TO,
                Flag::new(
                    "detailed-exitcode",
                    Bool,
                    "",
                    "Exit with 0 if there is nothing to do, 1 on errors, 2 if there are changes.",
                ),
                Flag::new(
                    "generate-config-out",
                    Value,
                    "FILE",
                    "Write configuration for `import` blocks that have none to a new file.",
                ),
            ],
        ],
        positional: (0, 0),
        run: Some(command::plan::run),
    },
    Command {
        path: &["apply"],
        primary: true,
        usage: " [options] [PLAN]",
        about: "Create or change what is configured",
        help: "Makes a plan, asks whether it is wanted, and carries it out. With the file of a saved\nplan, carries out exactly that without asking.",
        flags: &[
            VIEW,
            JSON,
            INPUT,
            VARS,
            STATE,
            OPERATION,
            POLICY,
            COST,
            APPROVE,
            GLASS,
            &[TO],
        ],
        positional: (0, 1),
        run: Some(command::apply::run),
    },
    Command {
        path: &["destroy"],
        primary: true,
        usage: " [options]",
        about: "Destroy what is managed here",
        help: "The same as `terrane apply -destroy`: plans to destroy every object that is managed in\nthis workspace, asks, and does it.",
        flags: &[
            VIEW, JSON, INPUT, VARS, STATE, OPERATION, POLICY, COST, APPROVE, GLASS,
        ],
        positional: (0, 0),
        run: Some(command::apply::run_destroy),
    },
    Command {
        path: &["console"],
        primary: false,
        usage: " [options] [PLANFILE]",
        about: "Try expressions",
        help: "Evaluates expressions with the values of the configuration and the state of this\nfolder, or of a saved plan. An expression goes on over several lines while a bracket\nor a heredoc is open. type(x) shows a type, help(name) explains a function, exit\nleaves. Reads from a terminal (with history and completion), or from a pipe: then\nevery expression is evaluated, and the first error ends it with exit code 1.\nChanges nothing.",
        flags: &[
            VIEW,
            VARS,
            STATE,
            &[
                Flag::new(
                    "plan",
                    Bool,
                    "",
                    "Make a plan, and evaluate against its values instead of the state.",
                ),
                Flag::new(
                    "state",
                    Value,
                    "FILE",
                    "Evaluate against this state file (version 4) instead of the state.",
                ),
            ],
        ],
        positional: (0, 1),
        run: Some(command::console::run),
    },
    Command {
        path: &["test"],
        primary: false,
        usage: " [options]",
        about: "Execute the tests of a module",
        help: "Executes the run blocks of the test files (.tftest.hcl, .tofutest.hcl, and the same\nin JSON) of this folder and of the folder `tests`: each plans or applies the module,\nchecks assertions about it, and what was made is destroyed in the end. Makes real\nobjects, except where a test file mocks a provider. Exit code 1 if a test fails.",
        flags: &[
            VIEW,
            JSON,
            VARS,
            &[
                Flag::new(
                    "filter",
                    Value,
                    "FILE",
                    "Execute only this test file. May be given again.",
                ),
                Flag::new(
                    "test-directory",
                    Value,
                    "DIR",
                    "The folder of test files, besides this one. Default: tests.",
                ),
                Flag::new(
                    "junit-xml",
                    Value,
                    "FILE",
                    "Write a report in JUnit XML to this file, too.",
                ),
                Flag::new(
                    "verbose",
                    Bool,
                    "",
                    "Show the plan or the state of each run.",
                ),
                Flag::new(
                    "parallelism",
                    Value,
                    "N",
                    "How many operations may run at the same time. Default: 10.",
                ),
                Flag::new("cloud-run", Value, "", ""),
            ],
        ],
        positional: (0, 0),
        run: Some(command::test::run),
    },
    Command {
        path: &["explain"],
        primary: false,
        usage: " [options] [CODE]",
        about: "Explain the code of a message",
        help: "Shows what the code at the end of a message's first line stands for: why it is\nwrong, an example, and the way out. Lists all codes if none is given.",
        flags: &[VIEW, JSON],
        positional: (0, 1),
        run: Some(command::explain::run),
    },
    Command {
        path: &["fmt"],
        primary: false,
        usage: " [options] [TARGET...]",
        about: "Rewrite configuration files in the standard layout",
        help: "Lays out .tf, .tofu, .tfvars and test files of this folder (or of the given files and\nfolders; `-` for standard input) in the standard way. JSON files are left alone.",
        flags: &[
            VIEW,
            &[
                Flag::new("list", Bool, "false", "Do not list the files that change."),
                Flag::new("write", Bool, "false", "Do not write the files."),
                Flag::new("diff", Bool, "", "Show what changes."),
                Flag::new(
                    "check",
                    Bool,
                    "",
                    "Write nothing; exit with 3 if a file is not in the standard layout.",
                ),
                Flag::new("recursive", Bool, "", "Look into subfolders too."),
            ],
        ],
        positional: (0, usize::MAX),
        run: Some(command::fmt::run),
    },
    Command {
        path: &["force-unlock"],
        primary: false,
        usage: " [options] LOCK_ID",
        about: "Take a lock on the state away from its holder",
        help: "Takes the lock with this id away from the process that holds it, which can't write the\nstate from then on. In the embedded store a process that has ended holds no lock,\nhowever it ended, so this is for one that still runs and can't be ended. Other stores\nmay keep the lock of a dead process. The message about a state in use has the id.",
        flags: &[
            VIEW,
            &[Flag::new("force", Bool, "", "Don't ask for confirmation.")],
        ],
        positional: (1, 1),
        run: Some(command::force_unlock::run),
    },
    Command {
        path: &["get"],
        primary: false,
        usage: " [options]",
        about: "Check that all modules can be had",
        help: "Reads the modules that the configuration calls. Local ones are used where they are, so\nnothing is copied.",
        flags: &[
            VIEW,
            VARS,
            &[
                Flag::new("update", Bool, "", ""),
                Flag::new("test-directory", Value, "", ""),
            ],
        ],
        positional: (0, 0),
        run: Some(command::get::run),
    },
    Command {
        path: &["graph"],
        primary: false,
        usage: " [options]",
        about: "Draw which resource depends on which",
        help: "Writes the graph to standard output: in the DOT language of Graphviz, as a picture, as a\npage in which one can search and fold, or as JSON. There is one graph: -type, which\nchooses between several elsewhere, is accepted and changes nothing.",
        flags: &[
            VIEW,
            VARS,
            &[
                Flag::new(
                    "format",
                    Value,
                    "FORMAT",
                    "dot (the default), svg, html or json.",
                ),
                Flag::new(
                    "plan",
                    Value,
                    "FILE",
                    "Draw a saved plan: the colours say what it does (svg, html, json).",
                ),
                Flag::new("type", Value, "", ""),
                Flag::new("draw-cycles", Bool, "", ""),
                Flag::new("module-depth", Value, "", ""),
            ],
        ],
        positional: (0, 0),
        run: Some(command::graph::run),
    },
    Command {
        path: &["metadata"],
        primary: false,
        usage: " <subcommand> [options]",
        about: "Show what the program knows",
        help: "Writes what programs may want to know of the language.",
        flags: &[],
        positional: (0, 0),
        run: None,
    },
    Command {
        path: &["metadata", "functions"],
        primary: false,
        usage: " -json",
        about: "Show the signatures of all functions",
        help: "Writes the signatures of all functions of the language in JSON. Those of providers are\npart of what `terrane providers schema -json` writes.",
        flags: &[VIEW, JSON],
        positional: (0, 0),
        run: Some(command::metadata::functions),
    },
    Command {
        path: &["import"],
        primary: false,
        usage: " [options] ADDRESS ID",
        about: "Take an object that exists into the state",
        help: "Finds the object that the provider knows under ID and records it in the state as\nADDRESS, whose resource block must be there already. Changes nothing but the state. To\nimport many objects, and to see first what would become of them, write `import` blocks.",
        flags: &[
            VIEW,
            INPUT,
            VARS,
            STATE,
            &[
                Flag::new(
                    "config",
                    Value,
                    "DIR",
                    "The folder of the configuration. Default: this one.",
                ),
                Flag::new(
                    "parallelism",
                    Value,
                    "N",
                    "How many operations may run at the same time. Default: 10.",
                ),
            ],
        ],
        positional: (2, 2),
        run: Some(command::import::run),
    },
    Command {
        path: &["output"],
        primary: false,
        usage: " [options] [NAME]",
        about: "Show the outputs of the root module",
        help: "Shows all outputs as the last apply left them, or the one that is named.",
        flags: &[
            VIEW,
            VARS,
            STATE,
            &[
                Flag::new("json", Bool, "", "Write JSON."),
                Flag::new(
                    "raw",
                    Bool,
                    "",
                    "Write the value as it is: only of one output, a string, number or bool.",
                ),
            ],
        ],
        positional: (0, usize::MAX),
        run: Some(command::output::run),
    },
    Command {
        path: &["login"],
        primary: false,
        usage: " [HOST]",
        about: "Get and keep an API token for a host",
        help: "Logs in to a registry or another host of the field, by the browser, and keeps the token in\ncredentials.tfrc.json, which only you can read, or with the credentials helper of\nthe settings. Without HOST: app.terraform.io.",
        flags: &[VIEW],
        positional: (0, 1),
        run: Some(command::login::login),
    },
    Command {
        path: &["logout"],
        primary: false,
        usage: " [HOST]",
        about: "Forget the API token of a host",
        help: "Removes the token that `terrane login` has kept. It stays valid at the host.",
        flags: &[VIEW],
        positional: (0, 1),
        run: Some(command::login::logout),
    },
    Command {
        path: &["providers"],
        primary: false,
        usage: " [options]",
        about: "Show which providers are needed",
        help: "Shows which module needs which provider, and which ones the state needs.",
        flags: &[VIEW, VARS, &[Flag::new("test-directory", Value, "", "")]],
        positional: (0, 0),
        run: Some(command::providers::run),
    },
    Command {
        path: &["providers", "lock"],
        primary: false,
        usage: " [options] [PROVIDER...]",
        about: "Record checksums of providers for other platforms",
        help: "Adds checksums of the selected packages to the lock file .terraform.lock.hcl, for each\nplatform that is given, so that the project can be initialized there. Without\narguments, of all providers that are plugins here. Packages are taken from the\nregistry, whatever the settings say, or from the mirror that is given.",
        flags: &[
            VIEW,
            VARS,
            &[
                Flag::new(
                    "platform",
                    Value,
                    "OS_ARCH",
                    "A platform, such as linux_amd64 or darwin_arm64. May be given again. Default: this one.",
                ),
                Flag::new(
                    "fs-mirror",
                    Value,
                    "DIR",
                    "Take packages from this folder, not from the registry.",
                ),
                Flag::new(
                    "net-mirror",
                    Value,
                    "URL",
                    "Take packages from this network mirror, not from the registry.",
                ),
                Flag::new("test-directory", Value, "", ""),
                Flag::new("enable-plugin-cache", Bool, "", ""),
            ],
        ],
        positional: (0, usize::MAX),
        run: Some(command::providers::lock::run),
    },
    Command {
        path: &["providers", "mirror"],
        primary: false,
        usage: " [options] DIR",
        about: "Copy the packages of providers to a folder",
        help: "Gets the packages of all providers that are plugins here from their registries, and puts\nthem into a folder that serves as a filesystem mirror; offered by a web server, it\nis a network mirror.",
        flags: &[
            VIEW,
            VARS,
            &[
                Flag::new(
                    "platform",
                    Value,
                    "OS_ARCH",
                    "A platform, such as linux_amd64 or darwin_arm64. May be given again. Default: this one.",
                ),
                Flag::new("lock-file", Bool, "", ""),
            ],
        ],
        positional: (1, 1),
        run: Some(command::providers::lock::mirror),
    },
    Command {
        path: &["providers", "schema"],
        primary: false,
        usage: " -json",
        about: "Write the schemas of the providers that are needed",
        help: "Writes the schemas of all providers that configuration and state need, as JSON.",
        flags: &[VIEW, JSON, VARS],
        positional: (0, 0),
        run: Some(command::providers::schema),
    },
    Command {
        path: &["refresh"],
        primary: false,
        usage: " [options]",
        about: "Bring the state up to date with what really exists",
        help: "The same as `terrane apply -refresh-only -auto-approve`.",
        flags: &[VIEW, JSON, INPUT, VARS, STATE, OPERATION],
        positional: (0, 0),
        run: Some(command::refresh::run),
    },
    Command {
        path: &["show"],
        primary: false,
        usage: " [options] [FILE]",
        about: "Show the state or a saved plan",
        help: "Shows the state of the workspace, or what the given file holds: a saved plan or a state\n(`terrane state pull`).",
        flags: &[
            VIEW,
            VARS,
            STATE,
            &[
                Flag::new(
                    "json",
                    Bool,
                    "",
                    "Write JSON: for programs, with all values, sensitive ones too.",
                ),
                Flag::new("plan", Value, "", ""),
                Flag::new("state", Bool, "", ""),
            ],
        ],
        positional: (0, 1),
        run: Some(command::show::run),
    },
    Command {
        path: &["state"],
        primary: false,
        usage: " <subcommand> [options] [arguments]",
        about: "Look at the state and change it",
        help: "Commands that look at single entries of the state, or change them.",
        flags: &[],
        positional: (0, 0),
        run: None,
    },
    Command {
        path: &["taint"],
        primary: false,
        usage: " [options] ADDRESS",
        about: "Mark an instance as damaged",
        help: "Marks an instance as damaged: the next plan replaces it. `terrane apply -replace=ADDRESS`\nasks first, and is usually better.",
        flags: &[
            VIEW,
            VARS,
            STATE,
            &[Flag::new(
                "allow-missing",
                Bool,
                "",
                "Succeed even if there is no such instance.",
            )],
        ],
        positional: (1, 1),
        run: Some(command::taint::taint),
    },
    Command {
        path: &["untaint"],
        primary: false,
        usage: " [options] ADDRESS",
        about: "Take back the mark that an instance is damaged",
        help: "Takes back what `terrane taint` or a failed creation has marked.",
        flags: &[
            VIEW,
            VARS,
            STATE,
            &[Flag::new(
                "allow-missing",
                Bool,
                "",
                "Succeed even if there is no such instance.",
            )],
        ],
        positional: (1, 1),
        run: Some(command::taint::untaint),
    },
    Command {
        path: &["version"],
        primary: false,
        usage: " [options]",
        about: "Show the version",
        help: "Shows the version of terrane and the platform that it was built for.",
        flags: &[VIEW, JSON],
        positional: (0, 0),
        run: Some(command::version::run),
    },
    Command {
        path: &["why"],
        primary: false,
        usage: " [options] ADDRESS",
        about: "Say why an action is planned",
        help: "Makes a plan, or takes a saved one, and says what leads to what it does to an object:\nwhich line of the configuration, variable, other object, or change outside.",
        flags: &[
            VIEW,
            JSON,
            INPUT,
            VARS,
            STATE,
            OPERATION,
            &[Flag::new("plan", Value, "FILE", "Explain this saved plan.")],
        ],
        positional: (1, 1),
        run: Some(command::why::run),
    },
];

/// All commands; the first of those with the same beginning is the parent.
pub(crate) fn commands() -> impl Iterator<Item = &'static Command> {
    COMMANDS
        .iter()
        .chain(super::table_workspace::COMMANDS)
        .chain(super::table_cost::COMMANDS)
        .chain(super::table_gates::COMMANDS)
        .chain(super::table_policy::COMMANDS)
        .chain(super::table_drift::COMMANDS)
        .chain(super::table_query::COMMANDS)
        .chain(super::table_state::COMMANDS)
}

/// Other names of commands.
const ALIASES: &[(&str, &[&str])] = &[
    ("ls", &["state", "list"]),
    ("move", &["state", "mv"]),
    ("remove", &["state", "rm"]),
];

/// Finds the command at the beginning of the arguments; gives it and how many of them its name takes.
pub(crate) fn find(arguments: &[String]) -> Option<(&'static Command, usize)> {
    let first = match arguments.first()?.as_str() {
        // The old name of workspaces.
        "env" => "workspace",
        first => first,
    };
    let parent = commands().find(|command| command.path == [first])?;
    let Some(second) = arguments.get(1) else {
        return Some((parent, 1));
    };
    let child = commands().find(|command| {
        command.path.len() == 2
            && command.path[0] == first
            && (command.path[1] == second
                || ALIASES
                    .iter()
                    .any(|(alias, path)| alias == second && *path == command.path))
    });
    Some(child.map_or((parent, 1), |child| (child, 2)))
}
