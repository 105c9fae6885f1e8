//! The line editor of the console: history, completion, and lines that go on.

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Helper};
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use terrane_ops::failure::Failure;
use terrane_ops::lang::syntax::open::is_open;
use terrane_ops::session::Session;

/// How many expressions are remembered.
const MAX_HISTORY: usize = 1000;
/// The file that remembers them, in the data folder. Only its owner may read it.
const HISTORY: &str = "console-history";

/// What the user gave.
pub(super) enum Input {
    /// An expression, over one line or several.
    Text(String),
    /// `^C`: what was written so far is to be forgotten.
    Dropped,
    /// `^D`
    End,
}

/// Reads expressions from the terminal.
pub(super) struct Editor {
    editor: rustyline::Editor<Names, DefaultHistory>,
    history: PathBuf,
}

impl Editor {
    /// With these names to complete.
    pub(super) fn new(session: &Session, names: Vec<String>, color: bool) -> Result<Self, Failure> {
        let failed = |error| failure("Preparing the terminal failed", error);
        let config = Config::builder()
            .max_history_size(MAX_HISTORY)
            .map_err(failed)?
            .auto_add_history(true)
            // A line that begins with a blank is not remembered.
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .build();
        let mut editor = rustyline::Editor::with_config(config).map_err(failed)?;
        editor.set_helper(Some(Names { names, color }));
        let history = session.data_dir.join(HISTORY);
        // A console without its past is a console nevertheless.
        drop(editor.load_history(&history));
        Ok(Self { editor, history })
    }

    /// The next expression.
    pub(super) fn read(&mut self) -> Result<Input, Failure> {
        match self.editor.readline("> ") {
            Ok(text) => Ok(Input::Text(text)),
            Err(ReadlineError::Interrupted) => Ok(Input::Dropped),
            Err(ReadlineError::Eof) => Ok(Input::End),
            Err(error) => Err(failure("Reading from the terminal failed", error)),
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        if let Some(folder) = self.history.parent() {
            drop(std::fs::create_dir_all(folder));
        }
        // A folder that can't be written has no history.
        drop(self.editor.save_history(&self.history));
    }
}

fn failure(doing: &str, error: ReadlineError) -> Failure {
    let source = match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other),
    };
    Failure::io(doing)(source)
}

/// What names there are.
struct Names {
    /// Sorted.
    names: Vec<String>,
    color: bool,
}

impl Names {
    /// Where the name at the cursor begins.
    fn start(line: &str, cursor: usize) -> usize {
        let part = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-' | '.' | ':');
        let before = line.get(..cursor).unwrap_or_default();
        before.trim_end_matches(part).len()
    }

    /// The names that go on from what is written; each up to its next part.
    fn candidates(&self, written: &str) -> Vec<&str> {
        let first = self.names.partition_point(|name| name.as_str() < written);
        let mut found: Vec<&str> = Vec::new();
        for name in self.names.iter().skip(first) {
            let Some(rest) = name.strip_prefix(written) else {
                break;
            };
            let end = rest
                .char_indices()
                .find(|(at, char)| *char == '.' && *at > 0)
                .map_or(name.len(), |(at, _)| written.len() + at);
            if let Some(part) = name.get(..end)
                && found.last() != Some(&part)
                && part != written
            {
                found.push(part);
            }
        }
        found.dedup();
        found
    }
}

impl Completer for Names {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let start = Self::start(line, cursor);
        let written = line.get(start..cursor).unwrap_or_default();
        let pairs = self.candidates(written).into_iter().map(|name| Pair {
            display: name.to_owned(),
            replacement: name.to_owned(),
        });
        Ok((start, pairs.collect()))
    }
}

impl Hinter for Names {
    type Hint = String;

    /// The rest of a name that can be only one.
    fn hint(&self, line: &str, cursor: usize, _: &Context<'_>) -> Option<String> {
        let written = line.get(Self::start(line, cursor)..cursor)?;
        if cursor < line.len() || written.len() < 2 {
            return None;
        }
        match *self.candidates(written) {
            [only] => only.strip_prefix(written).map(str::to_owned),
            _ => None,
        }
    }
}

impl Highlighter for Names {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.color {
            Cow::Owned(format!("\u{1b}[2m{hint}\u{1b}[0m"))
        } else {
            Cow::Borrowed(hint)
        }
    }
}

impl Validator for Names {
    fn validate(&self, ctx: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_open(ctx.input()) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Helper for Names {}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_are_completed_part_by_part() {
        let mut names: Vec<String> = [
            "var.region",
            "var.regions",
            "local.tags",
            "length(",
            "module.vpc",
            "module.vpc.id",
            "aws_vpc.main",
            "aws_vpc.other",
        ]
        .map(String::from)
        .into();
        names.sort_unstable();
        let names = Names {
            names,
            color: false,
        };
        for (line, expect) in [
            ("l", &["length(", "local"][..]),
            ("1 + loc", &["local"]),
            ("var", &["var.region", "var.regions"]),
            ("keys(var.region", &["var.regions"]),
            ("aws", &["aws_vpc"]),
            ("module.", &["module.vpc"]),
            ("module.vpc", &["module.vpc.id"]),
            ("nothing", &[]),
        ] {
            let written = line.get(Names::start(line, line.len())..).unwrap();
            assert_eq!(names.candidates(written), expect, "{line}");
        }
    }
}
