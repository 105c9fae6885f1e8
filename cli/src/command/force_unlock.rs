//! `force-unlock`: there is nothing to unlock.

use super::with_session;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::session::STATE_DIR;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    with_session(app, parsed, "force-unlock", |app, _| {
        app.out().print(&format!(
            "No lock has to be broken. The lock of a state in {STATE_DIR} belongs to a running process and is\nreleased by the operating system when that process ends, even if it is killed. If the state\nis said to be in use, the process that uses it is still running: wait for it (-lock-timeout=1m)\nor end it. Nothing was changed.\n"
        ));
        Ok(Exit::OK)
    })
}
