//! `workspace`.

use super::{good, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::failure::Report;
use terrane_ops::lang::diagnostic::Diagnostic;
use terrane_ops::rules;
use terrane_ops::workspace::{self, Workspaces};

fn name(parsed: &Parsed) -> String {
    parsed.positional.first().cloned().unwrap_or_default()
}

pub(crate) fn list(app: &mut App, parsed: &Parsed) -> Exit {
    with_session(app, parsed, "workspace list", |app, session| {
        let Workspaces { names, current } = workspace::list(session)?;
        for name in names {
            let mark = if name == current { '*' } else { ' ' };
            app.out().print(&format!("{mark} {name}\n"));
        }
        app.out().print("\n");
        Ok(Exit::OK)
    })
}

pub(crate) fn show(app: &mut App, parsed: &Parsed) -> Exit {
    with_session(app, parsed, "workspace show", |app, session| {
        let name = session.workspace()?;
        app.out().print(&format!("{name}\n"));
        Ok(Exit::OK)
    })
}

pub(crate) fn new(app: &mut App, parsed: &Parsed) -> Exit {
    let name = name(parsed);
    with_session(app, parsed, "workspace new", |app, session| {
        workspace::new(session, &name)?;
        let sentence = good(app, &format!("Created and switched to workspace {name:?}!"));
        app.out().print(&format!(
            "{sentence}\n\nIts state is empty: `terrane plan` will not see what other workspaces of this\nconfiguration manage.\n"
        ));
        Ok(Exit::OK)
    })
}

pub(crate) fn select(app: &mut App, parsed: &Parsed) -> Exit {
    let name = name(parsed);
    let or_create = parsed.is("or-create", false);
    with_session(app, parsed, "workspace select", |app, session| {
        let made = workspace::select(session, &name, or_create)?;
        let what = if made {
            format!("Created and switched to workspace {name:?}!")
        } else {
            format!("Switched to workspace {name:?}.")
        };
        let sentence = good(app, &what);
        app.out().print(&format!("{sentence}\n"));
        Ok(Exit::OK)
    })
}

pub(crate) fn delete(app: &mut App, parsed: &Parsed) -> Exit {
    let name = name(parsed);
    let force = parsed.is("force", false);
    with_session(app, parsed, "workspace delete", |app, session| {
        let held = workspace::delete(session, &name, force)?;
        let sentence = good(app, &format!("Deleted workspace {name:?}!"));
        app.out().print(&format!("{sentence}\n"));
        if held > 0 {
            let what = if held == 1 { "object" } else { "objects" };
            app.show_report(&Report::plain(Diagnostic::warning(
                rules::workspace::WAS_NOT_EMPTY.named(format!("Workspace {name:?} was not empty")),
                format!("Its state held {held} {what}. They may still exist, but nothing manages them any more."),
            )));
        }
        Ok(Exit::OK)
    })
}
