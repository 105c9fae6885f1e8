//! `moved` blocks that lead in a circle: nothing has a place in the end, whether there are objects of these addresses or not.

use super::overlap::{Reach, before};
use crate::rules;
use std::collections::BTreeSet;
use terrane_config::config::{Config, Moved};
use terrane_lang::diagnostic::Diagnostic;

/// A block with what its addresses reach.
pub(super) struct Statement<'c> {
    pub(super) moved: &'c Moved,
    pub(super) from: Reach<'c>,
    pub(super) to: Reach<'c>,
}

/// All blocks, module by module.
fn statements(config: &Config) -> Vec<Statement<'_>> {
    (config.modules.iter())
        .flat_map(|module| {
            let path = &module.path;
            module.moved.iter().map(move |moved| {
                let exact = moved.from.has_key() || moved.to.has_key();
                Statement {
                    moved,
                    from: Reach::new(path, &moved.from, exact),
                    to: Reach::new(path, &moved.to, exact),
                }
            })
        })
        .collect()
}

/// The order in which blocks are carried out, by their numbers module by module: what leads to something comes before what moves it on. Where that does not
/// tell, what is within comes before what it is in, and an instance before its resource.
pub(super) fn order(config: &Config) -> Vec<usize> {
    let statements = statements(config);
    let ranks: Vec<_> = (statements.iter())
        .map(|Statement { from, .. }| (std::cmp::Reverse(from.depth()), !from.exact))
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
    // One that leads to where it begins is the mistake, and not that others would be before and behind it.
    let redundant = circle.iter().map(|at| &statements[*at]);
    let mut redundant = redundant.filter(|one| one.moved.from == one.moved.to);
    if let Some(Statement { moved, from, .. }) = redundant.next() {
        return Some(super::contradictions::redundant(from).at(moved.span));
    }
    let mut list = Vec::new();
    let mut places = Vec::new();
    for at in circle {
        let Statement { moved, from, to } = &statements[at];
        list.push(format!("  - {from} to {to}"));
        places.push(moved.span);
    }
    let detail = format!(
        "Each of these moved blocks would have to be carried out before the next, in a circle, so there is no address where an object would end up:\n{}\n\nRemove one of them.",
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
