//! `get`.

use super::{variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::get;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let arguments = variables(parsed);
    with_session(app, parsed, "get", |app, session| {
        let (folders, report) = get::run(session, &arguments)?;
        for folder in &folders {
            app.out().print(&format!("- {folder}\n"));
        }
        let text = match folders.len() {
            0 => String::from("No modules are called.\n"),
            count => format!(
                "{count} module folder{} found. Local modules are used where they are: nothing was copied.\n",
                if count == 1 { "" } else { "s" }
            ),
        };
        app.out().print(&text);
        app.show_report(&report);
        Ok(Exit::OK)
    })
}
