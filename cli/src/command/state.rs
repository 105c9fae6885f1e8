//! `state`.

use super::{block_on, style, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::failure::Failure;
use terrane_ops::planning::view::json::stored_value;
use terrane_ops::planning::view::text::render_object;
use terrane_ops::providers;
use terrane_ops::rules;
use terrane_ops::state::{
    list as list_op, mv as mv_op, pull as pull_op, push as push_op, rm as rm_op, show as show_op,
};

pub(crate) fn list(app: &mut App, parsed: &Parsed) -> Exit {
    with_session(app, parsed, "state list", |app, session| {
        let (id, version) = (parsed.value("id"), parsed.value("version"));
        let from = match parsed.value("state") {
            Some(path) if version.is_none() => list_op::Which::File(path),
            Some(_) => {
                let told =
                    "A state file has no versions: -state and -version can't be given together.";
                return Ok(app.usage_error(None, told));
            }
            None => list_op::Which::Version(version),
        };
        for addr in list_op::run(session, &parsed.positional, id, from)? {
            app.out().print(&format!("{addr}\n"));
        }
        Ok(Exit::OK)
    })
}

pub(crate) fn mv(app: &mut App, parsed: &Parsed) -> Exit {
    let dry_run = parsed.is("dry-run", false);
    with_session(app, parsed, "state mv", |app, session| {
        let [from, to] = &*parsed.positional else {
            return Err(Failure::input(
                &rules::usage::INVALID_COMMAND_LINE,
                "Two addresses are needed.",
            ));
        };
        let moves = mv_op::run(session, from, to, dry_run)?;
        let word = if dry_run { "Would move" } else { "Move" };
        for (from, to) in &moves {
            app.out().print(&format!(
                "{word} {:?} to {:?}\n",
                from.to_string(),
                to.to_string()
            ));
        }
        if !dry_run {
            app.out()
                .print(&format!("Successfully moved {} object(s).\n", moves.len()));
        }
        Ok(Exit::OK)
    })
}

pub(crate) fn rm(app: &mut App, parsed: &Parsed) -> Exit {
    let dry_run = parsed.is("dry-run", false);
    if parsed.positional.is_empty() {
        return app.usage_error(None, "At least one address is required.");
    }
    with_session(app, parsed, "state rm", |app, session| {
        let removed = rm_op::run(session, &parsed.positional, dry_run)?;
        let word = if dry_run { "Would remove" } else { "Removed" };
        for addr in &removed {
            app.out().print(&format!("{word} {addr}\n"));
        }
        if !dry_run {
            app.out().print(&format!(
                "Successfully removed {} resource instance(s).\n",
                removed.len()
            ));
        }
        Ok(Exit::OK)
    })
}

pub(crate) fn show(app: &mut App, parsed: &Parsed) -> Exit {
    let address = parsed.positional.first().cloned().unwrap_or_default();
    with_session(app, parsed, "state show", |app, session| {
        let (addr, provider, object, snapshot) =
            show_op::run(session, &address, parsed.value("version"))?;
        let registry = block_on(providers::for_state(session, &snapshot))?;
        let schemas = |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
        let value = stored_value(&addr, &provider, &object, &schemas);
        let style = style(app, parsed);
        let text = render_object(&addr, &provider, &value, &schemas, style);
        app.out().print(&format!("# {addr}:\n{text}\n"));
        Ok(Exit::OK)
    })
}

pub(crate) fn pull(app: &mut App, parsed: &Parsed) -> Exit {
    with_session(app, parsed, "state pull", |app, session| {
        if let Some(text) = pull_op::run(session)? {
            app.out().print(&text);
        }
        Ok(Exit::OK)
    })
}

pub(crate) fn push(app: &mut App, parsed: &Parsed) -> Exit {
    let path = parsed.positional.first().cloned().unwrap_or_default();
    let force = parsed.is("force", false);
    with_session(app, parsed, "state push", |_, session| {
        push_op::run(session, &path, force)?;
        Ok(Exit::OK)
    })
}
