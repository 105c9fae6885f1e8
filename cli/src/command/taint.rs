//! `taint` and `untaint`.

use super::with_session;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::failure::{Failure, Report};
use terrane_ops::lang::diagnostic::Diagnostic;
use terrane_ops::model::addr::InstanceAddr;
use terrane_ops::rules;
use terrane_ops::session::Session;
use terrane_ops::state::taint;

pub(crate) fn taint(app: &mut App, parsed: &Parsed) -> Exit {
    change(
        app,
        parsed,
        "taint",
        taint::taint,
        "has been marked as tainted",
    )
}

pub(crate) fn untaint(app: &mut App, parsed: &Parsed) -> Exit {
    change(
        app,
        parsed,
        "untaint",
        taint::untaint,
        "has been successfully untainted",
    )
}

type Change = fn(&Session, &str, bool) -> Result<Option<InstanceAddr>, Failure>;

fn change(app: &mut App, parsed: &Parsed, command: &str, change: Change, done: &str) -> Exit {
    let allow_missing = parsed.is("allow-missing", false);
    let address = parsed.positional.first().cloned().unwrap_or_default();
    with_session(app, parsed, command, |app, session| {
        match change(session, &address, allow_missing)? {
            Some(addr) => app
                .out()
                .print(&format!("Resource instance {addr} {done}.\n")),
            None => app.show_report(&Report::plain(Diagnostic::warning(
                &rules::state::MISSING_ALLOWED,
                format!("There is no resource instance {address} in the state, which -allow-missing lets pass."),
            ))),
        }
        Ok(Exit::OK)
    })
}
