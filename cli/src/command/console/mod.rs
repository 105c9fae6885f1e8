//! `console`.

mod editor;

use super::{block_on, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::value::{render_type, render_value};
use editor::{Editor, Input};
use std::io::{IsTerminal as _, Read as _};
use terrane_ops::console::{Console, Evaluated, Seen};
use terrane_ops::failure::Failure;
use terrane_ops::lang::syntax::open::split;
use terrane_ops::plan::{PlanRequest, make};
use terrane_ops::planfile;
use terrane_ops::session::Session;
use terrane_ops::ui::Silent;

/// The longest script that is read from a pipe.
const MAX_SCRIPT: u64 = 256 << 20;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    with_session(app, parsed, "console", |app, session| {
        let arguments = variables(parsed);
        let seen = seen(parsed, session)?;
        let (mut console, report) = {
            let mut view = app.view();
            block_on(Console::open(session, &arguments, seen, &mut view))?
        };
        app.show_aside(&report);
        if std::io::stdin().is_terminal() {
            talk(app, parsed, session, &mut console)
        } else {
            read(app, parsed, &mut console)
        }
    })
}

/// What objects are seen with: a saved plan, a plan that is made now, a state file, or the state.
fn seen(parsed: &Parsed, session: &Session) -> Result<Seen, Failure> {
    if let Some(path) = parsed.positional.first() {
        let saved = block_on(planfile::load(session, path))?;
        return Ok(Seen::Saved(Box::new(saved)));
    }
    if let Some(path) = parsed.value("state") {
        return Seen::file(path);
    }
    let snapshot = session.snapshot()?;
    if !parsed.is("plan", false) {
        return Ok(Seen::State(snapshot));
    }
    let request = PlanRequest {
        variables: variables(parsed),
        ..PlanRequest::default()
    };
    let made = block_on(async {
        let interrupt = session.attended();
        make(session, &request, snapshot, &interrupt, &mut Silent).await
    })?;
    Ok(Seen::Planned(Box::new(made.plan)))
}

/// A script: one expression after the other until one fails.
fn read(app: &mut App, parsed: &Parsed, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let mut script = String::new();
    std::io::stdin()
        .lock()
        .take(MAX_SCRIPT)
        .read_to_string(&mut script)
        .map_err(Failure::io("Reading standard input failed"))?;
    for text in split(&script) {
        if is_exit(&text) {
            break;
        }
        evaluate(app, parsed, console, &text)?;
    }
    Ok(Exit::OK)
}

/// A conversation: what fails is said, and the next expression is asked for.
fn talk(
    app: &mut App,
    parsed: &Parsed,
    session: &Session,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut editor = Editor::new(session, console.names(), app.out().color())?;
    loop {
        // The editor writes to the terminal itself, behind what is there.
        drop(app.out().flush());
        match editor.read()? {
            Input::End => return Ok(Exit::OK),
            Input::Dropped => {}
            Input::Text(text) if text.trim().is_empty() => {}
            Input::Text(text) if is_exit(&text) => return Ok(Exit::OK),
            Input::Text(text) => {
                if let Err(failure) = evaluate(app, parsed, console, &text) {
                    app.show_failure(failure);
                }
            }
        }
    }
}

fn is_exit(text: &str) -> bool {
    matches!(text.trim(), "exit" | "quit")
}

fn evaluate(
    app: &mut App,
    parsed: &Parsed,
    console: &mut Console<'_>,
    text: &str,
) -> Result<(), Failure> {
    let text = match console.evaluate(text)? {
        Evaluated::Value(value) => render_value(&value, parsed.is("show-sensitive", false)),
        Evaluated::Type(ty) => render_type(&ty),
        Evaluated::Text(text) => text,
    };
    app.out().print(&format!("{text}\n"));
    Ok(())
}
