//! `force-unlock`: takes a lease away from its holder.

use super::{good, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::prompt;
use terrane_ops::lease::force_unlock;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    with_session(app, parsed, "force-unlock", |app, session| {
        let id = parsed.positional.first().map_or("", |id| id.trim());
        let question = "Do you really want to force-unlock?\n  Terrane will take the lock away from whoever holds it. If that process still runs, it can't write the\n  state any more, and what it has under way is left behind. The lock of a process that has ended needs\n  no breaking. Only 'yes' will be accepted to confirm.\n\n  Enter a value: ";
        if !parsed.is("force", false)
            && prompt(app.out(), question, false).as_deref() != Some("yes")
        {
            app.out().print("force-unlock cancelled.\n");
            return Ok(Exit::ERROR);
        }
        let holder = force_unlock(session, id)?;
        let sentence = good(app, "The state has been unlocked.");
        app.out().print(&format!(
            "{sentence} The lock was held by {}.\n",
            holder.describe()
        ));
        Ok(Exit::OK)
    })
}
