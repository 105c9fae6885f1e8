//! Which `moved` block has to be carried out before which other: by what their addresses have in common (`opentofu.md` 5.10).

use super::cyclic::Statement;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use terrane_config::config::{Endpoint, EndpointResource};
use terrane_model::addr::{InstanceKey, Mode, ModulePath, ModuleStep};

/// What an end of a block stands for, seen from the root: what it says, in every instance of the module that the block is in.
#[derive(Clone, Copy)]
pub(super) struct Reach<'c> {
    /// The module that the block is in, whatever the keys.
    declared: &'c ModulePath,
    end: &'c Endpoint,
    /// Single instances are meant on both sides of the block, since one side has a key.
    pub(super) exact: bool,
}

/// One step of the way to a module.
struct Step<'c> {
    name: &'c str,
    /// `None`: whatever it is.
    key: Option<&'c Option<InstanceKey>>,
}

impl Step<'_> {
    fn meets(&self, other: &Step<'_>) -> bool {
        let same = match (self.key, other.key) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        same && self.name == other.name
    }
}

impl<'c> Reach<'c> {
    pub(super) fn new(declared: &'c ModulePath, end: &'c Endpoint, exact: bool) -> Self {
        Self {
            declared,
            end,
            exact,
        }
    }

    /// How many steps it takes from the root.
    pub(super) fn depth(&self) -> usize {
        self.modules() + usize::from(self.end.resource.is_some())
    }

    fn modules(&self) -> usize {
        self.declared.0.len() + self.end.modules.len()
    }

    fn names(&self) -> impl Iterator<Item = &'c str> {
        let declared = self.declared.0.iter().map(|name| name.as_str());
        declared.chain(self.end.modules.iter().map(|step| step.name.as_str()))
    }

    fn steps(&self) -> impl Iterator<Item = Step<'c>> {
        let declared = self.declared.0.iter().map(|name| Step { name, key: None });
        let end = self.end.modules.iter().map(|step| Step {
            name: &step.name,
            key: Some(&step.key),
        });
        declared.chain(end)
    }

    /// Whether the first so many steps of both may lead to the same.
    fn meets(&self, other: &Self, steps: usize) -> bool {
        let mut pairs = self.steps().zip(other.steps()).take(steps);
        pairs.all(|(one, other)| one.meets(&other))
    }

    fn last_key(&self) -> &Option<InstanceKey> {
        const NONE: &Option<InstanceKey> = &None;
        match &self.end.resource {
            Some(resource) => &resource.key,
            None => self.end.modules.last().map_or(NONE, |step| &step.key),
        }
    }

    /// Whether this is what `to` has just become, or an instance of it. Both are of the same name.
    fn goes_on_from(&self, to: &Self) -> bool {
        let outer = match self.end.resource {
            Some(_) => self.modules(),
            None => self.modules().saturating_sub(1),
        };
        let (one, other) = (self.last_key(), to.last_key());
        self.meets(to, outer) && (one == other || (one.is_some() && !to.exact))
    }

    /// Whether this lies in the module that the other one stands for, or is an instance of that call or resource.
    fn is_in(&self, whole: &Self) -> bool {
        let steps = whole.modules();
        let own =
            self.modules() == steps && self.end.resource.is_some() == whole.end.resource.is_some();
        if self.modules() < steps || (own && (whole.exact || !self.exact)) {
            return false;
        }
        if whole.end.resource.is_some() {
            return own && name(self) == name(whole) && self.meets(whole, steps);
        }
        if whole.exact {
            return self.meets(whole, steps);
        }
        // All instances of the call.
        self.meets(whole, steps - 1) && self.names().take(steps).eq(whole.names())
    }
}

/// The instances of one module get other keys, and stay where they are otherwise.
fn only_keys_change(statement: &Statement<'_>) -> bool {
    let (from, to) = (statement.from.end, statement.to.end);
    let (Some((from_last, from_outer)), Some((to_last, to_outer))) =
        (from.modules.split_last(), to.modules.split_last())
    else {
        return false;
    };
    let same = from_outer == to_outer && from_last.name == to_last.name;
    from.resource.is_none() && same && from_last.key != to_last.key
}

/// A resource, or a module, without keys.
type Name<'c> = (Vec<&'c str>, Option<(Mode, &'c str, &'c str)>);

fn name<'c>(reach: &Reach<'c>) -> Name<'c> {
    let resource = reach.end.resource.as_ref();
    let resource = resource.map(|resource| {
        let EndpointResource {
            mode,
            type_name,
            name,
            key: _,
        } = resource;
        (*mode, type_name.as_str(), name.as_str())
    });
    (reach.names().collect(), resource)
}

/// The names of the modules that something is in, and its own.
fn around<'c>(reach: &Reach<'c>) -> Vec<Name<'c>> {
    let (modules, resource) = name(reach);
    let mut found: Vec<Name<'c>> = (1..=modules.len())
        .map(|depth| (modules[..depth].to_vec(), None))
        .collect();
    if resource.is_some() {
        found.push((modules, resource));
    }
    found
}

/// Statements by what they are about.
#[derive(Default)]
struct Index<'c> {
    /// Those that lead to something of this name.
    to: BTreeMap<Name<'c>, Vec<usize>>,
    /// Those that lead to something of this name, or to what lies in it.
    to_within: BTreeMap<Name<'c>, Vec<usize>>,
    /// Those that move something of this name, or what lies in it.
    from_within: BTreeMap<Name<'c>, Vec<usize>>,
}

impl<'c> Index<'c> {
    fn new(statements: &[Statement<'c>]) -> Self {
        let mut index = Self::default();
        for (at, statement) in statements.iter().enumerate() {
            index.to.entry(name(&statement.to)).or_default().push(at);
            for (map, reach) in [
                (&mut index.to_within, &statement.to),
                (&mut index.from_within, &statement.from),
            ] {
                for name in around(reach) {
                    map.entry(name).or_default().push(at);
                }
            }
        }
        index
    }

    fn leading_to(&self, name: &Name<'c>) -> impl Iterator<Item = usize> + use<'_, 'c> {
        self.to.get(name).into_iter().flatten().copied()
    }
}

/// For each statement those that come before it: they lead to what it moves; they lead to something that it moves a part out of, or
/// into; or they move a part out of what it moves, or into that.
pub(super) fn before(statements: &[Statement<'_>]) -> Vec<BTreeSet<usize>> {
    let index = Index::new(statements);
    (statements.iter().enumerate())
        .map(|(at, statement)| {
            let mut found = BTreeSet::new();
            nested(&index, statements, statement, &mut found);
            // A call whose instances only get other keys is not among what lies in it: both its old and its new name are those of the module that a
            // statement in the module speaks of, and each would wait for the other.
            if only_keys_change(statement) {
                let depth = statement.from.declared.0.len();
                found.retain(|other| statements[*other].from.declared.0.len() <= depth);
            }
            let earlier = index.leading_to(&name(&statement.from));
            found.extend(
                earlier.filter(|other| statement.from.goes_on_from(&statements[*other].to)),
            );
            found.remove(&at);
            found
        })
        .collect()
}

/// Those that are before it because one lies within the other.
fn nested<'c>(
    index: &Index<'c>,
    statements: &[Statement<'c>],
    statement: &Statement<'c>,
    found: &mut BTreeSet<usize>,
) {
    for end in [&statement.from, &statement.to] {
        for name in around(end) {
            let wholes = index.leading_to(&name);
            found.extend(wholes.filter(|other| end.is_in(&statements[*other].to)));
        }
    }
    let name = name(&statement.from);
    let of = |map: &BTreeMap<Name<'c>, Vec<usize>>| map.get(&name).cloned().unwrap_or_default();
    let into = of(&index.to_within).into_iter();
    found.extend(into.filter(|other| statements[*other].to.is_in(&statement.from)));
    let out = of(&index.from_within).into_iter();
    found.extend(out.filter(|other| statements[*other].from.is_in(&statement.from)));
}

impl fmt::Display for Reach<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut gap = "";
        for name in self.declared.0.iter() {
            write!(f, "{gap}module.{name}")?;
            gap = ".";
        }
        for ModuleStep { name, key } in &self.end.modules {
            write!(f, "{gap}module.{name}")?;
            if let Some(key) = key {
                key.fmt(f)?;
            }
            gap = ".";
        }
        if let Some(resource) = &self.end.resource {
            write!(f, "{gap}{}.{}", resource.type_name, resource.name)?;
            if let Some(key) = &resource.key {
                key.fmt(f)?;
            }
        }
        Ok(())
    }
}
