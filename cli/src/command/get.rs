//! `get`.

use super::init::telling;
use super::{block_on, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::get;
use terrane_ops::modules::Options;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let arguments = variables(parsed);
    let upgrade = parsed.is("update", false);
    with_session(app, parsed, "get", |app, session| {
        let (say, told) = telling(app);
        let options = Options {
            upgrade,
            readonly: false,
            say,
        };
        let done = block_on(get::run(session, &arguments, &options));
        told(app);
        let (folders, report) = done?;
        let text = match folders.len() {
            0 => String::from("No modules are called.\n"),
            1 => String::from("1 module is there.\n"),
            count => format!("{count} modules are there.\n"),
        };
        app.out().print(&text);
        app.show_report(&report);
        Ok(Exit::OK)
    })
}
