//! The `terrane` binary: reads arguments, calls operations, shows what came of them.
//!
//! Nothing heavy happens before a command is chosen: `terrane version` starts no runtime and opens no file.

mod app;
mod args;
mod command;
mod crash;
mod exit;
mod logging;
mod view;

use app::App;
use args::table::{Command, find};
use exit::Exit;
use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A plan makes and drops many small values: with this an eighth of all instructions is saved, and some memory (docs/performance.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    crash::install();
    let arguments: Result<Vec<String>, _> = std::env::args_os()
        .skip(1)
        .map(std::ffi::OsString::into_string)
        .collect();
    let mut app = App::new();
    let exit = match arguments {
        Ok(arguments) => run(&mut app, arguments),
        Err(argument) => app.usage_error(
            None,
            &format!("The argument {} is not text in UTF-8.", argument.display()),
        ),
    };
    app.finish(exit).into()
}

/// Takes the global options, finds the command, reads its arguments and runs it.
fn run(app: &mut App, mut arguments: Vec<String>) -> Exit {
    let mut version = false;
    while let Some(first) = arguments.first() {
        let option = first.strip_prefix("--").or_else(|| first.strip_prefix('-'));
        match option {
            Some("version" | "v") => version = true,
            Some("help" | "h") => {
                // `terrane -help plan` is `terrane plan -help`.
                arguments.remove(0);
                return match find(&arguments) {
                    Some((command, _)) => app.help(command),
                    None => app.overview(),
                };
            }
            Some(option) if option.starts_with("chdir=") => {
                let dir = option.trim_start_matches("chdir=").to_owned();
                if let Err(exit) = app.change_dir(&dir) {
                    return exit;
                }
            }
            Some("chdir") => {
                return app.usage_error(None, "The -chdir option needs a folder: -chdir=DIR.");
            }
            Some(_) | None => break,
        }
        arguments.remove(0);
    }
    if version {
        arguments = vec![String::from("version")];
    }
    let Some(first) = arguments.first() else {
        app.overview();
        return Exit::NO_COMMAND;
    };
    let Some((command, words)) = find(&arguments) else {
        let name = first.clone();
        return app.unknown_command(&name);
    };
    dispatch(app, command, arguments.split_off(words))
}

fn dispatch(app: &mut App, command: &'static Command, given: Vec<String>) -> Exit {
    app.begin(command);
    let given = match app.with_environment(command, given) {
        Ok(given) => given,
        Err(problem) => return app.usage_error(Some(command), &problem),
    };
    app.prescan(&given);
    let parsed = match args::parse::parse(command.flags, &given) {
        Ok(parsed) => parsed,
        Err(problem) => {
            return app.flag_error(command, &problem);
        }
    };
    if parsed.help {
        return app.help(command);
    }
    let Some(run) = command.run else {
        app.help(command);
        return Exit::ERROR;
    };
    let (least, most) = command.positional;
    let count = parsed.positional.len();
    if count < least || count > most {
        let expected = match (least, most) {
            (0, 0) => String::from("This command takes no arguments besides options."),
            (least, most) if least == most => {
                format!(
                    "This command takes {least} argument{}.",
                    if least == 1 { "" } else { "s" }
                )
            }
            (least, _) if count < least => format!(
                "This command takes at least {least} argument{}.",
                if least == 1 { "" } else { "s" }
            ),
            (_, most) => format!(
                "This command takes at most {most} argument{}.",
                if most == 1 { "" } else { "s" }
            ),
        };
        return app.usage_error(Some(command), &expected);
    }
    app.settle(&parsed);
    logging::start(app.env());
    run(app, &parsed)
}
