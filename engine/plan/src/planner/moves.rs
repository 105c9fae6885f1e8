//! Moves: `moved` blocks, and those implied by a `count` that came or went (`opentofu.md` 5.10).

use super::index::ConfigIndex;
use crate::rules;
use std::collections::BTreeMap;
use terrane_config::config::{
    Config, Endpoint, EndpointResource, ModuleId, Moved, Removed, Repetition,
};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::{
    ConfigResource, InstanceAddr, InstanceKey, Mode, ModuleInstance, ModulePath, ModuleStep,
    ResourceAddr,
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
    /// The module that the last step of an end leads to, as configured.
    fn path(&self, end: &Endpoint) -> ModulePath {
        let outer = self.module.0.iter();
        let inner = end.modules.iter().map(|step| &step.name);
        ModulePath(outer.chain(inner).cloned().collect())
    }

    /// The resource that an end means, as configured; `None`: it means a module.
    fn names(&self, end: &Endpoint) -> Option<ConfigResource> {
        let resource = end.resource.as_ref()?;
        Some(ConfigResource {
            module: self.path(end),
            mode: resource.mode,
            type_name: resource.type_name.clone(),
            name: resource.name.clone(),
        })
    }

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
    let mut diagnostics = Diagnostics::new();
    if let Some(circle) = super::cyclic::find(config) {
        diagnostics.push(circle);
        return (BTreeMap::new(), diagnostics);
    }
    let mut places = Places::new(snapshot);
    let mut blocked = Vec::new();
    for at in super::cyclic::order(config) {
        if let Some(statement) = statements.get(at) {
            places.carry_out(statement, &mut blocked);
        }
    }
    let mut by_name: BTreeMap<ConfigResource, Vec<&Statement<'_>>> = BTreeMap::new();
    for statement in &statements {
        for endpoint in [&statement.moved.from, &statement.moved.to] {
            if let Some(name) = statement.names(endpoint) {
                by_name.entry(name).or_default().push(statement);
            }
        }
    }
    for (resource_addr, resource) in &snapshot.resources {
        // What a block says of a resource is all that is to be said of it.
        let about = by_name.get(&resource_addr.config());
        if about.is_some_and(|all| all.iter().any(|one| one.mentions(resource_addr))) {
            continue;
        }
        for key in resource.instances.keys() {
            let from = resource_addr.instance(key.clone());
            if let Some(to) = implied(&from, &places, config, index) {
                places.relocate(&from, &to);
            }
        }
    }
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
    (places.moved(), diagnostics)
}

/// Where the instances of a state are while moves are carried out, one statement after the other. What a statement would move onto something stays, as it is
/// with Terraform: a later statement may still move what was in the way.
struct Places {
    /// By address: where the instance was in the beginning.
    taken: BTreeMap<ConfigResource, BTreeMap<ResourceAddr, Instances>>,
}

type Instances = BTreeMap<Option<InstanceKey>, InstanceAddr>;

impl Places {
    fn new(snapshot: &Snapshot) -> Self {
        let mut taken: BTreeMap<ConfigResource, BTreeMap<ResourceAddr, Instances>> =
            BTreeMap::new();
        for (addr, resource) in &snapshot.resources {
            let keys = resource.instances.keys();
            let instances = keys.map(|key| (key.clone(), addr.instance(key.clone())));
            (taken.entry(addr.config()).or_default()).insert(addr.clone(), instances.collect());
        }
        Self { taken }
    }

    fn resource(&self, addr: &ResourceAddr) -> Option<&Instances> {
        self.taken.get(&addr.config())?.get(addr)
    }

    fn is_taken(&self, addr: &InstanceAddr) -> bool {
        self.resource(&addr.resource)
            .is_some_and(|known| known.contains_key(&addr.key))
    }

    fn has_module(&self, module: &ModuleInstance) -> bool {
        let path: ModulePath = ModulePath(module.0.iter().map(|step| step.name.clone()).collect());
        self.within(&path)
            .take_while(|(name, _)| name.module == path)
            .any(|(_, resources)| resources.keys().any(|addr| addr.module == *module))
    }

    /// The resources in a module and in those within it.
    fn within(
        &self,
        path: &ModulePath,
    ) -> impl Iterator<Item = (&ConfigResource, &BTreeMap<ResourceAddr, Instances>)> {
        let first = ConfigResource {
            module: path.clone(),
            mode: Mode::Data,
            type_name: ecow::EcoString::new(),
            name: ecow::EcoString::new(),
        };
        let path = path.clone();
        (self.taken.range(first..)).take_while(move |(name, _)| name.module.0.starts_with(&path.0))
    }

    /// Carries out one statement. `blocked` tells of what it could not move, and where to.
    fn carry_out(&mut self, statement: &Statement<'_>, blocked: &mut Vec<(String, String)>) {
        let from = &statement.moved.from;
        let mut moves: Vec<(InstanceAddr, InstanceAddr)> = Vec::new();
        let mut add = |addr: &ResourceAddr, key: &Option<InstanceKey>| {
            let from = addr.instance(key.clone());
            moves.extend(apply(statement, &from).map(|to| (from, to)));
        };
        match statement.names(from) {
            Some(name) => {
                let wanted = from.resource.as_ref().map(|resource| &resource.key);
                let wanted = wanted.filter(|_| statement.exact);
                for (addr, instances) in self.taken.get(&name).into_iter().flatten() {
                    match wanted {
                        Some(key) if instances.contains_key(key) => add(addr, key),
                        Some(_) => {}
                        None => instances.keys().for_each(|key| add(addr, key)),
                    }
                }
            }
            None => {
                for (addr, instances) in self.within(&statement.path(from)).flat_map(|(_, all)| all)
                {
                    instances.keys().for_each(|key| add(addr, key));
                }
            }
        }
        // As it was before this statement: it moves all or nothing of a resource, or of an instance of a module.
        let whole = from.resource.is_none();
        let mut refused: BTreeMap<(String, String), bool> = BTreeMap::new();
        moves.retain(|(from, to)| {
            let (old, new, taken) = if whole {
                let (old, new) = (&from.resource.module, &to.resource.module);
                (old.to_string(), new.to_string(), self.has_module(new))
            } else if statement.exact {
                (from.to_string(), to.to_string(), self.is_taken(to))
            } else {
                let taken = self.resource(&to.resource).is_some();
                (from.resource.to_string(), to.resource.to_string(), taken)
            };
            if taken {
                refused.insert((old, new), true);
            }
            !taken
        });
        blocked.extend(refused.into_keys());
        for (from, to) in moves {
            self.relocate(&from, &to);
        }
    }

    fn relocate(&mut self, from: &InstanceAddr, to: &InstanceAddr) {
        let name = from.resource.config();
        let Some(resources) = self.taken.get_mut(&name) else {
            return;
        };
        let Some(instances) = resources.get_mut(&from.resource) else {
            return;
        };
        let Some(origin) = instances.remove(&from.key) else {
            return;
        };
        if instances.is_empty() {
            resources.remove(&from.resource);
        }
        if resources.is_empty() {
            self.taken.remove(&name);
        }
        (self.taken.entry(to.resource.config()).or_default())
            .entry(to.resource.clone())
            .or_default()
            .insert(to.key.clone(), origin);
    }

    /// Those that are somewhere else now.
    fn moved(self) -> BTreeMap<InstanceAddr, InstanceAddr> {
        let mut moved = BTreeMap::new();
        for (addr, instances) in self.taken.into_values().flatten() {
            for (key, origin) in instances {
                if origin.resource != addr || origin.key != key {
                    moved.insert(origin, addr.instance(key));
                }
            }
        }
        moved
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
    places: &Places,
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
    (fits && places.is_taken(addr) && !places.is_taken(&to)).then_some(to)
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
