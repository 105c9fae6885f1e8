//! A graph as a picture: boxes in boxes, what depends on the right of what it depends on.

use super::word;
use dagre::graph::{Graph as Layout, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir, layout};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use terrane_ops::graph::Graph;
use terrane_ops::planning::plan::Action;

/// More boxes than this can't be read on a picture: modules are folded, the innermost first.
const BOXES: usize = 250;
/// A longer name is cut; the whole address is shown where one points.
const COLUMNS: u32 = 60;
/// The width of a letter, of what is around it, and the height of a box, in pixels.
const LETTER: f64 = 7.3;
const AROUND: f64 = 20.0;
const HEIGHT: f64 = 30.0;

/// Something that is drawn: a resource, or a module that is folded.
struct Drawn {
    label: String,
    title: String,
    modules: Vec<String>,
    action: Option<Action>,
}

/// Draws a graph.
pub(crate) fn draw(graph: &Graph) -> String {
    let (boxes, edges) = folded(graph);
    let mut plan = arrange(&boxes, &edges);
    layout(
        &mut plan,
        Some(LayoutOptions {
            rankdir: RankDir::RL,
            nodesep: 18.0,
            ranksep: 60.0,
            marginx: 16.0,
            marginy: 16.0,
            ..LayoutOptions::default()
        }),
    );
    picture(&boxes, &edges, &plan)
}

/// At most [`BOXES`] boxes, and the edges between them.
fn folded(graph: &Graph) -> (Vec<Drawn>, BTreeSet<(usize, usize)>) {
    let deepest = graph.nodes.iter().map(|node| node.modules.len()).max();
    let count = |depth: usize| {
        let open = graph
            .nodes
            .iter()
            .filter(|node| node.modules.len() <= depth);
        let deeper = graph.nodes.iter().filter(|node| node.modules.len() > depth);
        let closed: BTreeSet<_> = deeper.map(|node| node.modules.get(..=depth)).collect();
        open.count() + closed.len()
    };
    let mut depths = (0..=deepest.unwrap_or(0)).rev();
    let depth = depths.find(|depth| count(*depth) <= BOXES).unwrap_or(0);
    let mut boxes: Vec<Drawn> = Vec::new();
    let mut closed: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    let mut places = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let action = node.actions.first().map(|(action, _)| *action);
        let path = node.modules.get(..=depth).map(<[String]>::to_vec);
        let at = path.as_ref().and_then(|path| closed.get(path).copied());
        if let Some(at) = at {
            if let Some(drawn) = boxes.get_mut(at) {
                drawn.action = drawn.action.or(action);
            }
            places.push(at);
            continue;
        }
        places.push(boxes.len());
        boxes.push(match path {
            Some(path) => {
                let name = cut(path.last().map_or("", String::as_str));
                let label = format!("module.{name} …");
                let title = address(&path);
                let around = path.get(..depth).unwrap_or_default().to_vec();
                closed.insert(path, boxes.len());
                Drawn {
                    label,
                    title,
                    modules: around,
                    action,
                }
            }
            None => Drawn {
                label: cut(&node.label).into_owned(),
                title: node.address.clone(),
                modules: node.modules.clone(),
                action,
            },
        });
    }
    let edges = graph.edges.iter().filter_map(|(from, to)| {
        let (from, to) = (*places.get(*from)?, *places.get(*to)?);
        (from != to).then_some((from, to))
    });
    (boxes, edges.collect())
}

fn address(modules: &[String]) -> String {
    let parts = modules.iter().map(|name| format!("module.{name}"));
    parts.collect::<Vec<_>>().join(".")
}

fn cut(label: &str) -> Cow<'_, str> {
    console::truncate_str(label, COLUMNS as usize, "…")
}

/// The name of a module, as far as it fits its box. What is in a box says how wide it is.
fn cut_to(name: &str, room: f64) -> Cow<'_, str> {
    let fits = |columns: &u32| f64::from(*columns).mul_add(LETTER, 12.0) <= room;
    let columns = (1..=COLUMNS).rev().find(fits).unwrap_or(1);
    console::truncate_str(name, columns as usize, "…")
}

/// Some letters take two columns, and some none.
fn width(label: &str) -> f64 {
    let columns = u32::try_from(console::measure_text_width(label)).unwrap_or(u32::MAX);
    f64::from(columns).mul_add(LETTER, AROUND)
}

fn arrange(boxes: &[Drawn], edges: &BTreeSet<(usize, usize)>) -> Layout<NodeLabel, EdgeLabel> {
    let mut plan = Layout::with_options(GraphOptions {
        directed: true,
        multigraph: true,
        compound: true,
    });
    let mut modules = BTreeSet::new();
    for (at, drawn) in boxes.iter().enumerate() {
        let name = format!("b{at}");
        plan.set_node(
            name.clone(),
            Some(NodeLabel {
                width: width(&drawn.label),
                height: HEIGHT,
                ..NodeLabel::default()
            }),
        );
        let mut child = name;
        for depth in (1..=drawn.modules.len()).rev() {
            let path = drawn.modules.get(..depth).unwrap_or_default();
            let cluster = address(path);
            let new = modules.insert(cluster.clone());
            if new {
                plan.set_node(cluster.clone(), Some(NodeLabel::default()));
            }
            plan.set_parent(&child, Some(&cluster));
            if !new {
                break;
            }
            child = cluster;
        }
    }
    for (from, to) in edges {
        let names = [format!("b{from}"), format!("b{to}")];
        plan.set_edge(
            names[0].as_str(),
            names[1].as_str(),
            Some(EdgeLabel::default()),
            None,
        );
    }
    plan
}

const STYLE: &str = "text{font:12px ui-monospace,monospace;fill:#1c2024}rect{fill:#f4f6f8;stroke:#9aa5b1;rx:4px}\
.module{fill:#0d6efd0a;stroke:#b9c4d0;stroke-dasharray:4 3}.name{fill:#5b6672;font-weight:bold}\
path{fill:none;stroke:#8794a1}marker path{fill:#8794a1}\
.create{fill:#d9f2e0;stroke:#2f9e58}.update{fill:#fff1cc;stroke:#c99700}.replace{fill:#f6dcf2;stroke:#b13aa0}\
.delete{fill:#fbdcdc;stroke:#cf3d3d}.read{fill:#d7eef6;stroke:#3190b0}.forget{fill:#e9e9e9;stroke:#777}";

fn picture(
    boxes: &[Drawn],
    edges: &BTreeSet<(usize, usize)>,
    plan: &Layout<NodeLabel, EdgeLabel>,
) -> String {
    let mut body = String::new();
    let (mut right, mut bottom) = (0.0_f64, 0.0_f64);
    let mut area = |name: &str| {
        let node = plan.node(name)?;
        let (x, y) = (node.x? - node.width / 2.0, node.y? - node.height / 2.0);
        right = right.max(x + node.width);
        bottom = bottom.max(y + node.height);
        Some((x, y, node.width, node.height))
    };
    let modules: BTreeSet<Vec<String>> = (boxes.iter())
        .flat_map(|drawn| (1..=drawn.modules.len()).filter_map(|depth| drawn.modules.get(..depth)))
        .map(<[String]>::to_vec)
        .collect();
    // Writing to a text never fails, here and below. Outer modules come before inner ones, so that these are on top.
    for path in &modules {
        if let Some((x, y, w, h)) = area(&address(path)) {
            let name = escaped(&cut_to(path.last().map_or("", String::as_str), w));
            let title = escaped(&address(path));
            writeln!(body, "<g><title>{title}</title><rect class=\"module\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"/><text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{name}</text></g>", x + 6.0, y + 13.0).unwrap_or_default();
        }
    }
    for (from, to) in edges {
        let Some(edge) = plan.edge(&format!("b{from}"), &format!("b{to}"), None) else {
            continue;
        };
        body.push_str("<path marker-end=\"url(#to)\" d=\"");
        for (at, point) in edge.points.iter().enumerate() {
            let letter = if at == 0 { 'M' } else { 'L' };
            write!(body, "{letter}{:.1} {:.1}", point.x, point.y).unwrap_or_default();
        }
        body.push_str("\"/>\n");
    }
    for (at, drawn) in boxes.iter().enumerate() {
        if let Some((x, y, w, h)) = area(&format!("b{at}")) {
            let class = drawn.action.map_or("", word);
            let (label, mut title) = (escaped(&drawn.label), escaped(&drawn.title));
            // Not everybody sees colours.
            if !class.is_empty() {
                title.extend([": ", class]);
            }
            writeln!(body, "<g><title>{title}</title><rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"/><text text-anchor=\"middle\" x=\"{:.1}\" y=\"{:.1}\">{label}</text></g>", x + w / 2.0, y + h / 2.0 + 4.0).unwrap_or_default();
        }
    }
    let (right, bottom) = (right + 16.0, bottom + 16.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{right:.0}\" height=\"{bottom:.0}\" viewBox=\"0 0 {right:.0} {bottom:.0}\">\n<style>{STYLE}</style>\n<defs><marker id=\"to\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" style=\"fill:#fff;stroke:none\"/>\n{body}</svg>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{LETTER, cut_to};

    #[test]
    fn names_of_modules_fit_their_boxes() {
        let name = "networking_of_the_production_environment_in_europe";
        for (room, whole) in [(30.0, false), (197.0, false), (400.0, true)] {
            let shown = cut_to(name, room);
            let columns = u32::try_from(shown.chars().count()).unwrap();
            assert!(f64::from(columns) * LETTER < room, "{shown}");
            assert_eq!(shown == name, whole, "{shown}");
        }
        assert_eq!(cut_to("web", 60.0), "web");
    }
}
