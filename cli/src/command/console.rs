//! `console`.

use super::{block_on, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::prompt;
use crate::view::value::{render_type, render_value};
use std::io::{BufRead as _, IsTerminal as _};
use terrane_ops::console::{Console, Evaluated, Seen};
use terrane_ops::failure::Failure;
use terrane_ops::interrupt::Interrupt;
use terrane_ops::plan::{PlanRequest, make};
use terrane_ops::session::Session;
use terrane_ops::ui::Silent;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    with_session(app, parsed, "console", |app, session| {
        let arguments = variables(parsed);
        let seen = seen(parsed, session)?;
        let (mut console, report) = {
            let mut view = app.view();
            block_on(Console::open(session, &arguments, seen, &mut view))?
        };
        app.show_report(&report);
        if std::io::stdin().is_terminal() {
            Ok(talk(app, parsed, &mut console))
        } else {
            read(app, parsed, &mut console)
        }
    })
}

fn seen(parsed: &Parsed, session: &Session) -> Result<Seen, Failure> {
    let snapshot = session.snapshot()?;
    if !parsed.is("plan", false) {
        return Ok(Seen::State(snapshot));
    }
    let request = PlanRequest {
        variables: variables(parsed),
        ..PlanRequest::default()
    };
    let made = block_on(async {
        let interrupt = Interrupt::listen();
        make(session, &request, snapshot, &interrupt, &mut Silent).await
    })?;
    Ok(Seen::Planned(Box::new(made.plan)))
}

/// One line after the other until one fails.
fn read(app: &mut App, parsed: &Parsed, console: &mut Console<'_>) -> Result<Exit, Failure> {
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(Failure::io("Reading standard input failed"))?;
        match line.trim() {
            "" => {}
            "exit" | "quit" => break,
            text => evaluate(app, parsed, console, text)?,
        }
    }
    Ok(Exit::OK)
}

/// A conversation: what fails is said, and the next line is asked for.
fn talk(app: &mut App, parsed: &Parsed, console: &mut Console<'_>) -> Exit {
    loop {
        let Some(line) = prompt(app.out(), "> ", false) else {
            return Exit::OK;
        };
        match line.trim() {
            "" => {}
            "exit" | "quit" => return Exit::OK,
            "help" => app.out().print(
                "Type an expression to see its value, `help()` for the functions, `exit` to leave. See `terrane console -help`.\n\n",
            ),
            text => {
                if let Err(failure) = evaluate(app, parsed, console, text) {
                    app.show_failure(failure);
                }
            }
        }
    }
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
