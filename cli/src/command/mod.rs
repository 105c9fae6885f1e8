//! The commands: each reads its arguments, calls one operation, and shows what came of it.

pub(crate) mod accept;
pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod console;
pub(crate) mod cost;
pub(crate) mod drift;
mod ending;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod force_unlock;
pub(crate) mod gates;
pub(crate) mod get;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod login;
pub(crate) mod metadata;
pub(crate) mod output;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod providers;
pub(crate) mod query;
pub(crate) mod refresh;
pub(crate) mod replace_provider;
mod saved;
pub(crate) mod show;
pub(crate) mod state;
pub(crate) mod taint;
pub(crate) mod test;
pub(crate) mod upkeep;
pub(crate) mod validate;
pub(crate) mod version;
pub(crate) mod why;
pub(crate) mod workspace;

use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::failure::Failure;
use terrane_ops::planning::view::text::Style;
use terrane_ops::session::Session;
use terrane_ops::variables::VariableArgument;

/// Calls an operation with a session and shows its failure.
fn with_session(
    app: &mut App,
    parsed: &Parsed,
    command: &str,
    run: impl FnOnce(&mut App, &Session) -> Result<Exit, Failure>,
) -> Exit {
    let session = match app.session(parsed, command) {
        Ok(session) => session,
        Err(problem) => return app.usage_error(None, &problem),
    };
    run(app, &session).unwrap_or_else(|failure| app.show_failure(failure))
}

/// Runs an operation that talks to providers.
fn block_on<T>(operation: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("Starting the runtime failed"))?;
    let outcome = runtime.block_on(async {
        let outcome = operation.await;
        terrane_ops::plugins::end().await;
        outcome
    });
    // What was left behind (a process that holds a pipe open) must not keep the program alive.
    runtime.shutdown_background();
    outcome
}

/// `-var` and `-var-file`, in the order in which they were given.
pub(crate) fn variables(parsed: &Parsed) -> Vec<VariableArgument> {
    parsed
        .values(&["var", "var-file"])
        .map(|(name, value)| match name {
            "var" => VariableArgument::Var(value.to_owned()),
            _ => VariableArgument::File(value.to_owned()),
        })
        .collect()
}

/// How views write for this program's standard output.
fn style(app: &mut App, parsed: &Parsed) -> Style {
    let out = app.out();
    Style {
        color: out.color(),
        width: out.width(),
        show_sensitive: parsed.is("show-sensitive", false),
    }
}

/// Colours for a sentence of success.
fn good(app: &mut App, text: &str) -> String {
    if app.out().color() {
        format!("\u{1b}[1m\u{1b}[32m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// A line across the page.
fn rule(app: &mut App) -> String {
    "─".repeat(app.out().width().saturating_sub(1))
}

/// Lets views write to standard output.
struct Page<'a>(&'a mut crate::view::Output);

impl std::fmt::Write for Page<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.print(text);
        Ok(())
    }
}

/// A page takes everything; what could not be written is known at the end of the program.
fn written(_: std::fmt::Result) {}
