//! Graphs to look at.

pub(crate) mod svg;

use serde_json::{Value, json};
use terrane_ops::graph::{Graph, GraphNode};
use terrane_ops::planning::plan::Action;

/// The page, with a place for the graph.
const PAGE: &str = include_str!("page.html");

/// What an action is called: in JSON, and as a class of styles.
const fn word(action: Action) -> &'static str {
    match action {
        Action::NoOp => "no-op",
        Action::Create => "create",
        Action::Read => "read",
        Action::Update => "update",
        Action::Delete => "delete",
        Action::Forget => "forget",
        Action::DeleteThenCreate | Action::CreateThenDelete | Action::ForgetThenCreate => "replace",
    }
}

/// Nodes and edges.
pub(crate) fn document(graph: &Graph) -> Value {
    let node = |node: &GraphNode| {
        let actions = node.actions.iter();
        json!({
            "address": node.address,
            "label": node.label,
            "modules": node.modules,
            "file": node.place.as_ref().map(|(file, _)| file),
            "line": node.place.as_ref().map(|(_, line)| line),
            "actions": actions.map(|(action, count)| json!([word(*action), count])).collect::<Vec<_>>(),
        })
    };
    json!({
        "nodes": graph.nodes.iter().map(node).collect::<Vec<_>>(),
        "edges": graph.edges,
    })
}

/// A page that shows the graph and asks nothing of the network.
pub(crate) fn page(graph: &Graph, planned: bool) -> String {
    // Within a script nothing may end it, whatever names are.
    let data = document(graph).to_string().replace('<', "\\u003c");
    let planned = if planned { "true" } else { "false" };
    // The graph last: its names may be like those of the places.
    PAGE.replace("\"PLANNED\"", planned)
        .replace("\"GRAPH\"", &data)
}
