//! `moved` blocks that lead in a circle: nothing has a place in the end, whether there are objects of these addresses or not.

use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use terrane_config::config::{Config, Endpoint, Moved};
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::addr::{ModulePath, ModuleStep};

/// A block with its addresses as seen from the root.
struct Statement<'c> {
    moved: &'c Moved,
    from: Endpoint,
    to: Endpoint,
}

impl<'c> Statement<'c> {
    fn new(module: &ModulePath, moved: &'c Moved) -> Self {
        let from_root = |end: &Endpoint| {
            let outer = module.0.iter().map(|name| ModuleStep {
                name: name.clone(),
                key: None,
            });
            Endpoint {
                modules: outer.chain(end.modules.iter().cloned()).collect(),
                resource: end.resource.clone(),
            }
        };
        Self {
            moved,
            from: from_root(&moved.from),
            to: from_root(&moved.to),
        }
    }
}

/// All blocks, module by module.
fn statements(config: &Config) -> Vec<Statement<'_>> {
    (config.modules.iter())
        .flat_map(|module| {
            let path = &module.path;
            module
                .moved
                .iter()
                .map(move |moved| Statement::new(path, moved))
        })
        .collect()
}

/// The order in which blocks are carried out, by their numbers module by module: what leads to something comes before what moves it on. Where that does not
/// tell, what is within comes before what it is in, and an instance before its resource.
pub(super) fn order(config: &Config) -> Vec<usize> {
    let statements = statements(config);
    let ranks: Vec<_> = (statements.iter())
        .map(|Statement { moved, from, .. }| {
            let depth = from.modules.len() + usize::from(from.resource.is_some());
            let exact = moved.from.has_key() || moved.to.has_key();
            (std::cmp::Reverse(depth), !exact)
        })
        .collect();
    sorted(&before(&statements), &ranks)
}

/// An order in which each comes behind those that are before it; the smaller ranks first. What is in a circle is left out.
fn sorted<R: Ord + Copy>(before: &[BTreeSet<usize>], ranks: &[R]) -> Vec<usize> {
    let mut waiting: Vec<usize> = before.iter().map(BTreeSet::len).collect();
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); before.len()];
    for (at, earlier) in before.iter().enumerate() {
        for earlier in earlier {
            behind[*earlier].push(at);
        }
    }
    let mut free: BTreeSet<(R, usize)> = (0..before.len())
        .filter(|at| waiting[*at] == 0)
        .map(|at| (ranks[at], at))
        .collect();
    let mut order = Vec::with_capacity(before.len());
    while let Some((_, at)) = free.pop_first() {
        order.push(at);
        for next in &behind[at] {
            waiting[*next] -= 1;
            if waiting[*next] == 0 {
                free.insert((ranks[*next], *next));
            }
        }
    }
    order
}

/// The first circle that there is.
pub(super) fn find(config: &Config) -> Option<Diagnostic> {
    let statements = statements(config);
    let circle = circle(&before(&statements))?;
    let mut list = Vec::new();
    let mut places = Vec::new();
    for at in circle {
        let Statement { moved, from, to } = &statements[at];
        list.push(format!("  - {} to {}", text(from), text(to)));
        places.push(moved.span);
    }
    let detail = format!(
        "These moved blocks lead in a circle, so there is no address where an object would end up:\n{}\n\nRemove one of them.",
        list.join("\n")
    );
    let mut places = places.into_iter();
    let mut diagnostic = Diagnostic::error(&rules::planning::CYCLIC_MOVES, detail);
    diagnostic = diagnostic.at(places.next()?);
    for place in places {
        diagnostic = diagnostic.related(place, "and this one");
    }
    Some(diagnostic)
}

/// For each statement those that come before it: they lead to what it moves, to what that is in or an instance of, or to something in it.
fn before(statements: &[Statement<'_>]) -> Vec<BTreeSet<usize>> {
    let mut leading_to: BTreeMap<&Endpoint, Vec<usize>> = BTreeMap::new();
    // Those that move all instances, each of which keeps its key.
    let mut leading_all_to: BTreeMap<&Endpoint, Vec<usize>> = BTreeMap::new();
    let mut leading_into: BTreeMap<Endpoint, Vec<usize>> = BTreeMap::new();
    for (at, statement) in statements.iter().enumerate() {
        leading_to.entry(&statement.to).or_default().push(at);
        if !statement.moved.from.has_key() && !statement.moved.to.has_key() {
            leading_all_to.entry(&statement.to).or_default().push(at);
        }
        for outer in around(&statement.to) {
            leading_into.entry(outer).or_default().push(at);
        }
    }
    let of = |at: usize, statement: &Statement<'_>| {
        let mut found: BTreeSet<usize> = BTreeSet::new();
        found.extend(leading_to.get(&statement.from).into_iter().flatten());
        found.extend(leading_into.get(&statement.from).into_iter().flatten());
        for outer in around(&statement.from) {
            found.extend(leading_to.get(&outer).into_iter().flatten());
            let all = all_instances(&outer).and_then(|all| leading_all_to.get(&all));
            found.extend(all.into_iter().flatten());
        }
        let all = all_instances(&statement.from).and_then(|all| leading_all_to.get(&all));
        found.extend(all.into_iter().flatten());
        found.remove(&at);
        found
    };
    (statements.iter().enumerate())
        .map(|(at, statement)| of(at, statement))
        .collect()
}

/// The modules that something is in, without itself and the root.
fn around(end: &Endpoint) -> impl Iterator<Item = Endpoint> {
    let most = end.modules.len() + usize::from(end.resource.is_some());
    (1..most).map(|depth| Endpoint {
        modules: end.modules[..depth].to_vec(),
        resource: None,
    })
}

/// What an end is one instance of, if it has a key.
fn all_instances(end: &Endpoint) -> Option<Endpoint> {
    let mut all = end.clone();
    let key = match &mut all.resource {
        Some(resource) => &mut resource.key,
        None => &mut all.modules.last_mut()?.key,
    };
    key.take().map(|_| all)
}

/// Nodes each of which is before the one behind it, and the last before the first.
fn circle(before: &[BTreeSet<usize>]) -> Option<Vec<usize>> {
    let mut waiting: Vec<usize> = before.iter().map(BTreeSet::len).collect();
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); before.len()];
    for (at, earlier) in before.iter().enumerate() {
        for earlier in earlier {
            behind[*earlier].push(at);
        }
    }
    let mut free: Vec<usize> = (0..before.len()).filter(|at| waiting[*at] == 0).collect();
    while let Some(at) = free.pop() {
        for next in &behind[at] {
            waiting[*next] -= 1;
            if waiting[*next] == 0 {
                free.push(*next);
            }
        }
    }
    // Each that still waits has one before it that waits, too.
    let mut at = waiting.iter().position(|count| *count > 0)?;
    let mut path = Vec::new();
    loop {
        if let Some(start) = path.iter().position(|seen| *seen == at) {
            let mut found = path.split_off(start);
            found.reverse();
            return Some(found);
        }
        path.push(at);
        at = *before[at].iter().find(|earlier| waiting[**earlier] > 0)?;
    }
}

fn text(end: &Endpoint) -> String {
    let mut steps = Vec::new();
    for ModuleStep { name, key } in &end.modules {
        let key = key.as_ref().map(ToString::to_string).unwrap_or_default();
        steps.push(format!("module.{name}{key}"));
    }
    if let Some(resource) = &end.resource {
        let key = resource.key.as_ref().map(ToString::to_string);
        let key = key.unwrap_or_default();
        steps.push(format!("{}.{}{key}", resource.type_name, resource.name));
    }
    steps.join(".")
}

#[cfg(test)]
mod tests {
    use super::{circle, sorted};
    use std::collections::BTreeSet;

    #[test]
    fn what_leads_to_something_comes_first_and_then_what_is_smaller() {
        for (edges, ranks, expect) in [
            (&[][..], [0, 0, 0], [0, 1, 2]),
            (&[], [2, 1, 0], [2, 1, 0]),
            (&[(2, 0)], [0, 0, 0], [1, 2, 0]),
            (&[(2, 1), (1, 0)], [0, 1, 2], [2, 1, 0]),
        ] {
            let mut before = vec![BTreeSet::new(); 3];
            for (earlier, later) in edges {
                before[*later].insert(*earlier);
            }
            assert_eq!(sorted(&before, &ranks), expect, "{edges:?} {ranks:?}");
        }
    }

    #[test]
    fn circles_are_found_behind_what_leads_to_them() {
        let graph = |edges: &[(usize, usize)]| {
            let mut before = vec![BTreeSet::new(); 5];
            for (earlier, later) in edges {
                before[*later].insert(*earlier);
            }
            before
        };
        for (edges, expect) in [
            (&[(0, 1), (1, 2), (0, 2)][..], None),
            (&[(1, 2), (2, 1)], Some(2)),
            (&[(0, 1), (1, 2), (2, 3), (3, 1), (3, 4)], Some(3)),
        ] {
            let before = graph(edges);
            let found = circle(&before);
            assert_eq!(found.as_ref().map(Vec::len), expect, "{edges:?}");
            let found = found.unwrap_or_default();
            for (at, node) in found.iter().enumerate() {
                let next = found[(at + 1) % found.len()];
                assert!(before[next].contains(node), "{edges:?}: {found:?}");
            }
        }
    }
}
