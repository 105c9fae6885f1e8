//! `show`.

use super::{Page, block_on, saved, style, with_session, written};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::failure::Failure;
use terrane_ops::model::snapshot::Snapshot;
use terrane_ops::planning::view::json::state_json;
use terrane_ops::planning::view::json::stored_value;
use terrane_ops::planning::view::text::render_snapshot;
use terrane_ops::providers;
use terrane_ops::session::Session;
use terrane_ops::state::file::{self, Held};

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let as_json = parsed.is("json", false);
    // The answer itself is JSON; messages are for people.
    app.human_only();
    let path = parsed
        .positional
        .first()
        .map(String::as_str)
        .or_else(|| parsed.value("plan"))
        .map(str::to_owned);
    if path.is_some() && parsed.is("state", false) {
        return app.usage_error(
            None,
            "-state shows the state of the workspace, so no file can be given with it.",
        );
    }
    let is_plan = parsed.value("plan").is_some();
    with_session(app, parsed, "show", |app, session| match path {
        None => show_state(app, parsed, session, &*session.snapshot()?, as_json),
        Some(path) if is_plan => saved::show(app, parsed, session, &path, as_json),
        Some(path) => match file::look(session, &path)? {
            Held::State(snapshot) => show_state(app, parsed, session, &snapshot, as_json),
            Held::Plan => saved::show(app, parsed, session, &path, as_json),
        },
    })
}

fn show_state(
    app: &mut App,
    parsed: &Parsed,
    session: &Session,
    snapshot: &Snapshot,
    as_json: bool,
) -> Result<Exit, Failure> {
    let registry = block_on(providers::for_state(session, snapshot))?;
    let schemas = |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
    if as_json {
        written(state_json(
            &mut Page(app.out()),
            snapshot,
            &schemas,
            env!("CARGO_PKG_VERSION"),
        ));
        app.out().print("\n");
        return Ok(Exit::OK);
    }
    if snapshot.resources.is_empty() && snapshot.outputs.is_empty() {
        let text = if snapshot.lineage.is_empty() {
            "No state.\n"
        } else {
            "The state is empty. No resources are managed here.\n"
        };
        app.out().print(text);
        return Ok(Exit::OK);
    }
    let style = style(app, parsed);
    written(render_snapshot(
        &mut Page(app.out()),
        snapshot,
        &|addr, provider, object| Some(stored_value(addr, provider, object, &schemas)),
        &schemas,
        style,
    ));
    Ok(Exit::OK)
}
