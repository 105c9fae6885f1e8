//! What every command shares: the environment, the streams, how failures are shown.

use crate::args::table::commands;
use crate::args::{Command, Parsed, help, parse::split_words};
use crate::exit::Exit;
use crate::view::diagnostics::{self, Telling};
use crate::view::{Human, Json, Mode, Output, View};
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use terrane_ops::failure::{Failure, Report};
use terrane_ops::lang::diagnostic::{Diagnostic, Rule, Severity};
use terrane_ops::lang::syntax::suggest::suggestion;
use terrane_ops::model::span;
use terrane_ops::rules;
use terrane_ops::session::{News, Places, Session};

/// The program, running.
#[derive(Debug)]
pub(crate) struct App {
    env: BTreeMap<String, String>,
    cwd: String,
    out: Output,
    mode: Mode,
    no_color: bool,
    telling: Telling,
    /// The command that was asked for, as soon as it is known.
    running: Option<&'static Command>,
}

impl App {
    pub(crate) fn new() -> Self {
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let no_color = env.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        let cwd = std::env::current_dir()
            .map(|dir| dir.to_string_lossy().into_owned())
            .unwrap_or_else(|_| String::from("."));
        Self {
            env,
            cwd,
            out: Output::new(!no_color),
            mode: Mode::Human,
            no_color,
            telling: Telling::default(),
            running: None,
        }
    }

    /// This command was asked for.
    pub(crate) fn begin(&mut self, command: &'static Command) {
        self.running = Some(command);
    }

    pub(crate) fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// For whom this program writes.
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Where results go.
    pub(crate) fn out(&mut self) -> &mut Output {
        &mut self.out
    }

    /// `-chdir`.
    pub(crate) fn change_dir(&mut self, dir: &str) -> Result<(), Exit> {
        std::env::set_current_dir(Path::new(dir)).map_err(|error| {
            self.show_failure(Failure::Io {
                doing: format!("Changing to the folder {dir} (-chdir) failed"),
                source: error,
            })
        })
    }

    /// The arguments with those of `TF_CLI_ARGS_<command>` and `TF_CLI_ARGS` before them.
    pub(crate) fn with_environment(
        &self,
        command: &Command,
        given: Vec<String>,
    ) -> Result<Vec<String>, String> {
        let own = format!("TF_CLI_ARGS_{}", command.path.join("_"));
        let mut all = Vec::new();
        for name in [own.as_str(), "TF_CLI_ARGS"] {
            if let Some(line) = self.env.get(name) {
                let words = split_words(line)
                    .map_err(|problem| format!("The environment variable {name}: {problem}."))?;
                all.extend(words);
            }
        }
        all.extend(given);
        Ok(all)
    }

    /// Looks for `-json` and `-no-color` before the arguments are known to be right, so that messages about them look right.
    pub(crate) fn prescan(&mut self, given: &[String]) {
        let has = |wanted: &str| {
            given.iter().any(|argument| {
                argument
                    .strip_prefix('-')
                    .map(|name| name.strip_prefix('-').unwrap_or(name))
                    == Some(wanted)
            })
        };
        if has("no-color") {
            self.no_color = true;
            self.out.no_color();
        }
        if has("json") {
            self.mode = Mode::Json;
        }
    }

    /// Takes over what the arguments say about the view.
    pub(crate) fn settle(&mut self, parsed: &Parsed) {
        self.mode = if parsed.is("json", false) {
            Mode::Json
        } else {
            Mode::Human
        };
        self.telling = Telling::of(parsed);
        if parsed.is("no-color", false) {
            self.no_color = true;
            self.out.no_color();
        }
    }

    /// From now on, for people only.
    pub(crate) fn human_only(&mut self) {
        self.mode = Mode::Human;
    }

    /// A session of this command.
    pub(crate) fn session(&self, parsed: &Parsed, command: &str) -> Result<Session, String> {
        let mut session = Session::new(self.cwd.clone(), self.env.clone(), command);
        let by_env = self.env.get("TF_INPUT").is_none_or(|value| {
            !matches!(
                value.as_str(),
                "0" | "false" | "False" | "FALSE" | "f" | "F"
            )
        });
        // The questions of init may be answered by a pipe, as those for approval.
        session.input = parsed.is("input", by_env)
            && self.mode == Mode::Human
            && (command == "init" || std::io::stdin().is_terminal());
        session.say = News(Arc::new(|text| {
            // Nobody can be told that telling failed.
            drop(writeln!(std::io::stderr(), "{text}"));
        }));
        if let Some(text) = parsed.value("lock-timeout") {
            session.lock_timeout = duration(text).ok_or_else(|| {
                format!("Invalid value {text:?} for -lock-timeout: a time such as 10s or 1m30s is needed.")
            })?;
        }
        session.lock = parsed.is("lock", true);
        session.say = News(Arc::new(|text| {
            drop(writeln!(std::io::stderr().lock(), "{text}"));
        }));
        session.variables = crate::command::variables(parsed);
        if let Some(text) = parsed.value("parallelism") {
            let count = text.parse().ok().filter(|count| *count > 0);
            session.places = count.map(Places::exactly).ok_or_else(|| {
                format!(
                    "Invalid value {text:?} for -parallelism: a whole number above 0 is needed."
                )
            })?;
        }
        Ok(session)
    }

    /// Whether somebody (or a pipe) may be asked for approval.
    pub(crate) fn input_enabled(&self, parsed: &Parsed) -> bool {
        let by_env = self.env.get("TF_INPUT").is_none_or(|value| {
            !matches!(
                value.as_str(),
                "0" | "false" | "False" | "FALSE" | "f" | "F"
            )
        });
        parsed.is("input", by_env) && self.mode == Mode::Human
    }

    /// Whether this runs within some automation, where hints about the next command help nobody.
    pub(crate) fn in_automation(&self) -> bool {
        self.env
            .get("TF_IN_AUTOMATION")
            .is_some_and(|value| !value.is_empty())
    }

    /// The view that operations talk to.
    pub(crate) fn view(&mut self) -> View<'_> {
        match self.mode {
            Mode::Human => View::Human(Human::new(&mut self.out, self.telling)),
            Mode::Json => View::Json(Json::new(&mut self.out)),
        }
    }

    /// Shows why an operation failed.
    pub(crate) fn show_failure(&mut self, failure: Failure) -> Exit {
        let report = failure.into_report();
        self.show_report(&report);
        Exit::ERROR
    }

    /// Shows messages: errors to standard error, warnings to standard output, or JSON lines.
    pub(crate) fn show_report(&mut self, report: &Report) {
        match self.mode {
            Mode::Human => diagnostics::print(&mut self.out, report, self.telling),
            Mode::Json => Json::new(&mut self.out).diagnostics(report),
        }
    }

    /// Shows messages beside values that programs may read.
    pub(crate) fn show_aside(&mut self, report: &Report) {
        diagnostics::print_aside(&mut self.out, report);
    }

    /// The arguments make no sense to the command.
    pub(crate) fn usage_error(&mut self, command: Option<&Command>, problem: &str) -> Exit {
        self.usage(command, &rules::usage::INVALID_COMMAND_LINE, problem)
    }

    /// A flag makes no sense to the command.
    pub(crate) fn flag_error(&mut self, command: &Command, problem: &str) -> Exit {
        self.usage(Some(command), &rules::usage::INVALID_FLAG, problem)
    }

    fn usage(&mut self, command: Option<&Command>, rule: &'static Rule, problem: &str) -> Exit {
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            ..Diagnostic::error(rule, problem)
        };
        self.show_report(&Report::plain(diagnostic));
        if self.mode == Mode::Human {
            let help = command
                .or(self.running)
                .map_or_else(String::new, |command| {
                    format!("{} ", command.path.join(" "))
                });
            self.out
                .error(&format!("\nFor help, run:\n  terrane {help}-help\n"));
        }
        Exit::ERROR
    }

    /// There is no such command.
    pub(crate) fn unknown_command(&mut self, name: &str) -> Exit {
        let known = commands().filter_map(|command| command.path.first());
        let near = suggestion(name, known.copied())
            .map(|near| format!(" Did you mean {near:?}?"))
            .unwrap_or_default();
        self.out.error(&format!(
            "terrane has no command named {name:?}.{near}\n\nTo see all commands, run:\n  terrane -help\n"
        ));
        Exit::ERROR
    }

    /// The help of the program.
    pub(crate) fn overview(&mut self) -> Exit {
        self.out.print(&help::overview());
        Exit::OK
    }

    /// The help of a command.
    pub(crate) fn help(&mut self, command: &Command) -> Exit {
        self.out.print(&help::command(command));
        Exit::OK
    }

    /// Writes out what is still held back. A result that could not be written is an error.
    pub(crate) fn finish(mut self, exit: Exit) -> Exit {
        match self.out.flush() {
            Err(error) if exit == Exit::OK && error.kind() != std::io::ErrorKind::BrokenPipe => {
                self.out
                    .error(&format!("Error: writing the output failed: {error}\n"));
                Exit::ERROR
            }
            _ => exit,
        }
    }
}

/// A length of time as Go writes it, or longer: `90s`, `1m30s`, `500ms`, `0`, `7d`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    match text.trim() {
        "0" => Some(Duration::ZERO),
        text => span::parse(text).map(Duration::from_millis),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, expect) in [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("500ms", Some(500)),
            ("1m30s", Some(90_000)),
            ("2h", Some(7_200_000)),
            ("", None),
            ("10", None),
            ("s", None),
            ("5x", None),
            ("-1s", None),
        ] {
            assert_eq!(duration(text), expect.map(Duration::from_millis), "{text}");
        }
    }
}
