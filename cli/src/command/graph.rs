//! `graph`.

use super::{block_on, saved, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::graph as view;
use terrane_ops::graph;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let format = parsed.value("format").unwrap_or("dot").to_owned();
    if !["dot", "svg", "html", "json"].contains(&format.as_str()) {
        let told = format!("-format is dot, svg, html or json, and not {format}.");
        return app.usage_error(None, &told);
    }
    let known = ["plan", "plan-refresh-only", "plan-destroy", "apply"];
    if let Some(kind) = parsed.value("type").filter(|kind| !known.contains(kind)) {
        let told = format!(
            "Unsupported graph type {kind:?}: -type is plan, plan-refresh-only, plan-destroy or apply. There is one graph, whichever it is."
        );
        return app.usage_error(None, &told);
    }
    let variables = variables(parsed);
    with_session(app, parsed, "graph", |app, session| {
        let (loaded, plan) = if let Some(path) = parsed.value("plan") {
            let saved = block_on(saved::load(session, path))?;
            (saved.loaded, Some(saved.plan))
        } else {
            (block_on(graph::read(session, &variables))?.0, None)
        };
        let graph = || graph::graph(&loaded, plan.as_ref());
        let text = match format.as_str() {
            "svg" => view::svg::draw(&graph()),
            "html" => view::page(&graph(), plan.is_some()),
            "json" => format!("{:#}\n", view::document(&graph())),
            _ => graph::dot(&loaded.config),
        };
        app.out().print(&text);
        Ok(Exit::OK)
    })
}
