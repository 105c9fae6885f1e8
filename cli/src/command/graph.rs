//! `graph`.

use super::{block_on, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::graph;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    if parsed.value("plan").is_some() {
        return app.usage_error(
            None,
            "Graphs of saved plans are not available yet; leave -plan out to see the graph of the configuration.",
        );
    }
    let variables = variables(parsed);
    with_session(app, parsed, "graph", |app, session| {
        let (dot, _) = block_on(graph::run(session, &variables))?;
        app.out().print(&dot);
        Ok(Exit::OK)
    })
}
