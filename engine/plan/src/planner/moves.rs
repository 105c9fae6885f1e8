//! Moves: `moved` blocks, and those implied by a `count` that came or went (`opentofu.md` 5.10).

use super::index::ConfigIndex;
use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use terrane_config::config::{
    Config, Endpoint, EndpointResource, ModuleId, Moved, Removed, Repetition,
};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::{
    InstanceAddr, InstanceKey, Mode, ModuleInstance, ModulePath, ModuleStep, ResourceAddr,
};
use terrane_model::snapshot::Snapshot;

/// A statement with the module that it stands in.
struct Statement<'c> {
    module: &'c ModulePath,
    moved: &'c Moved,
    /// Single instances are meant on both sides, since one side has a key.
    exact: bool,
}

impl Statement<'_> {
    /// Whether it moves the resource, or something to it.
    fn mentions(&self, addr: &ResourceAddr) -> bool {
        let steps = &addr.module.0;
        let depth = self.module.0.len();
        let within = steps.len() >= depth
            && steps
                .iter()
                .zip(self.module.0.iter())
                .all(|(step, name)| step.name == *name);
        let (_, inner) = steps.split_at(depth.min(steps.len()));
        let names = |endpoint: &Endpoint| {
            endpoint.resource.as_ref().is_some_and(|resource| {
                let EndpointResource {
                    mode,
                    type_name,
                    name,
                    key: _,
                } = resource;
                endpoint.modules.as_slice() == inner
                    && addr.mode == *mode
                    && addr.type_name == *type_name
                    && addr.name == *name
            })
        };
        within && (names(&self.moved.from) || names(&self.moved.to))
    }
}

/// Finds the new address of each instance that moves.
pub(crate) fn find(
    snapshot: &Snapshot,
    config: &Config,
    index: &ConfigIndex,
) -> (BTreeMap<InstanceAddr, InstanceAddr>, Diagnostics) {
    let mut statements = Vec::new();
    for module in &config.modules {
        for moved in &module.moved {
            let exact = moved.from.has_key() || moved.to.has_key();
            statements.push(Statement {
                module: &module.path,
                moved,
                exact,
            });
        }
    }
    let mut wanted: BTreeMap<InstanceAddr, InstanceAddr> = BTreeMap::new();
    let mut diagnostics = Diagnostics::new();
    if let Some(circle) = super::cyclic::find(config) {
        diagnostics.push(circle);
        return (wanted, diagnostics);
    }
    for (resource_addr, resource) in &snapshot.resources {
        for key in resource.instances.keys() {
            let from = resource_addr.instance(key.clone());
            let mut to = follow(&from, &statements, &mut diagnostics);
            // What a block says of a resource is all that is to be said of it.
            if to == from
                && !statements
                    .iter()
                    .any(|statement| statement.mentions(&from.resource))
                && let Some(implied) = implied(&to, snapshot, config, index)
            {
                to = implied;
            }
            if to != from {
                wanted.insert(from, to);
            }
        }
    }
    let blocked = settle(snapshot, &mut wanted);
    if !blocked.is_empty() {
        let list: Vec<String> = blocked
            .iter()
            .map(|(from, to)| format!("  - {from} could not move to {to}"))
            .collect();
        diagnostics.push(Diagnostic::warning(
            &rules::planning::BLOCKED_MOVES,
            format!(
                "Some objects could not be moved because an object with the new address exists already:\n{}\n\nThe objects at the old addresses are planned as they are. If that is \
                 not what you intended, use `terrane state mv` or `terrane state rm` to settle it.",
                list.join("\n")
            ),
        ));
    }
    (wanted, diagnostics)
}

/// Takes out moves whose target is occupied, until nothing changes.
fn settle(
    snapshot: &Snapshot,
    wanted: &mut BTreeMap<InstanceAddr, InstanceAddr>,
) -> Vec<(InstanceAddr, InstanceAddr)> {
    let mut blocked = Vec::new();
    loop {
        let mut taken: BTreeSet<&InstanceAddr> = BTreeSet::new();
        let mut bad = Vec::new();
        for (from, to) in wanted.iter() {
            let occupied = snapshot.instance(to).is_some() && !wanted.contains_key(to);
            if occupied || !taken.insert(to) {
                bad.push(from.clone());
            }
        }
        if bad.is_empty() {
            return blocked;
        }
        for from in bad {
            if let Some(to) = wanted.remove(&from) {
                blocked.push((from, to));
            }
        }
    }
}

/// Follows a chain of statements.
fn follow(
    start: &InstanceAddr,
    statements: &[Statement<'_>],
    diagnostics: &mut Diagnostics,
) -> InstanceAddr {
    let mut addr = start.clone();
    let mut used = BTreeSet::new();
    loop {
        let next = (0usize..)
            .zip(statements)
            .filter(|(at, _)| !used.contains(at))
            .find_map(|(at, statement)| Some((at, apply(statement, &addr)?)));
        let Some((at, to)) = next else { return addr };
        used.insert(at);
        if to == *start && used.len() > 1 {
            diagnostics.push(
                Diagnostic::error(
                    &rules::planning::CYCLIC_MOVES,
                    format!("The moved blocks lead {start} back to itself. Remove one of them."),
                )
                .at(statements[at].moved.span),
            );
            return start.clone();
        }
        addr = to;
    }
}

/// Where a statement takes an address; `None`: it does not concern it.
#[expect(
    clippy::too_many_lines,
    reason = "one instance from beginning to end, in the order of the rules"
)]
fn apply(statement: &Statement<'_>, addr: &InstanceAddr) -> Option<InstanceAddr> {
    let steps = &addr.resource.module.0;
    let depth = statement.module.0.len();
    let within = steps.len() >= depth
        && steps
            .iter()
            .zip(statement.module.0.iter())
            .all(|(step, name)| step.name == *name);
    if !within {
        return None;
    }
    let (outer, inner) = steps.split_at(depth);
    let Moved { from, to, .. } = statement.moved;
    match (&from.resource, &to.resource) {
        (None, None) => {
            let rest = module_rest(from, inner, statement.exact)?;
            let (last, before) = to.modules.split_last()?;
            // Without keys on either side every instance of the call moves, and keeps its key.
            let key = if statement.exact {
                last.key.clone()
            } else {
                inner.get(from.modules.len() - 1)?.key.clone()
            };
            let moved = ModuleStep {
                name: last.name.clone(),
                key,
            };
            let module = ModuleInstance(
                outer
                    .iter()
                    .chain(before)
                    .chain(std::iter::once(&moved))
                    .chain(rest)
                    .cloned()
                    .collect(),
            );
            let resource = ResourceAddr {
                module,
                ..addr.resource.clone()
            };
            Some(InstanceAddr {
                resource,
                key: addr.key.clone(),
            })
        }
        (Some(from_resource), Some(to_resource)) => {
            let same_module = inner == from.modules.as_slice();
            let EndpointResource {
                mode,
                type_name,
                name,
                key,
            } = from_resource;
            let same = addr.resource.mode == *mode
                && addr.resource.type_name == *type_name
                && addr.resource.name == *name;
            if !same_module || !same || (statement.exact && addr.key != *key) {
                return None;
            }
            let module = ModuleInstance(outer.iter().chain(&to.modules).cloned().collect());
            let EndpointResource {
                mode,
                type_name,
                name,
                key,
            } = to_resource.clone();
            let key = if statement.exact {
                key
            } else {
                addr.key.clone()
            };
            Some(InstanceAddr {
                resource: ResourceAddr {
                    module,
                    mode,
                    type_name,
                    name,
                },
                key,
            })
        }
        _ => None,
    }
}

/// The steps behind the module that `from` names, if the address lies in it.
fn module_rest<'a>(
    from: &Endpoint,
    inner: &'a [ModuleStep],
    exact: bool,
) -> Option<&'a [ModuleStep]> {
    let (last, before) = from.modules.split_last()?;
    let (head, rest) = inner.split_at_checked(from.modules.len())?;
    let (step, outer) = head.split_last()?;
    let same = outer == before && step.name == last.name && (!exact || step.key == last.key);
    same.then_some(rest)
}

/// `a` becomes `a[0]` when `count` comes, and the other way round when it goes.
fn implied(
    addr: &InstanceAddr,
    snapshot: &Snapshot,
    config: &Config,
    index: &ConfigIndex,
) -> Option<InstanceAddr> {
    if addr.resource.mode != Mode::Managed {
        return None;
    }
    let key = match addr.key {
        None => Some(InstanceKey::Int(0)),
        Some(InstanceKey::Int(0)) => None,
        Some(_) => return None,
    };
    let (module, at) = index.resource(&addr.resource)?;
    let repetition = &config.module(module).resources[at as usize].repetition;
    let fits = matches!(
        (repetition, &key),
        (Repetition::Count(_), Some(_)) | (Repetition::Single | Repetition::Enabled(_), None)
    );
    let to = addr.resource.instance(key);
    (fits && snapshot.instance(&to).is_none()).then_some(to)
}

/// The `removed` block that says what becomes of a resource that is not configured, with its module.
pub(crate) fn removed<'c>(
    config: &'c Config,
    addr: &ResourceAddr,
) -> Option<(ModuleId, &'c Removed)> {
    config.modules.iter().find_map(|module| {
        let covers = |removed: &&Removed| covers(&module.path, &removed.from, addr);
        Some((module.id, module.removed.iter().find(covers)?))
    })
}

/// Whether a `removed` block's address covers a resource.
fn covers(module: &ModulePath, from: &Endpoint, addr: &ResourceAddr) -> bool {
    let names: Vec<_> = module
        .0
        .iter()
        .chain(from.modules.iter().map(|step| &step.name))
        .collect();
    let steps = &addr.module.0;
    let within = steps.len() >= names.len()
        && steps
            .iter()
            .zip(&names)
            .all(|(step, name)| step.name == **name);
    match &from.resource {
        None => within,
        Some(resource) => {
            let EndpointResource {
                mode,
                type_name,
                name,
                key: _,
            } = resource;
            within
                && steps.len() == names.len()
                && addr.mode == *mode
                && addr.type_name == *type_name
                && addr.name == *name
        }
    }
}
