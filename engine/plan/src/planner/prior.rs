//! What state holds, as planning sees it: objects by address, after moves, each read (refreshed) at most once.

use super::index::ConfigIndex;
use super::moves;
use crate::machine::ProviderInstance;
use crate::renames::Renames;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use terrane_config::config::{Config, ModuleId};
use terrane_lang::diagnostic::Diagnostics;
use terrane_model::addr::{
    DeposedKey, InstanceAddr, InstanceKey, ProviderConfigAddr, ResourceAddr,
};
use terrane_model::provider::Private;
use terrane_model::schema::Schema;
use terrane_model::snapshot::{ObjectState, Snapshot};
use terrane_value::Value;

/// Index of an object in [`Prior::objects`].
pub(crate) type ObjectId = usize;

/// How far the reading of an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not begun.
    Waiting,
    /// A call is under way.
    Asked,
    /// Known.
    Ready,
    /// It is not there any more.
    Gone,
    /// Reading failed; that was reported.
    Failed,
}

/// One stored object.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) addr: InstanceAddr,
    /// The block that declares it.
    pub(crate) declared: Option<(ModuleId, u32)>,
    /// Where it was before it was moved.
    pub(crate) previous: Option<InstanceAddr>,
    pub(crate) deposed: Option<DeposedKey>,
    /// The provider configuration that state names.
    pub(crate) provider_addr: ProviderConfigAddr,
    /// The provider instance that is asked about it.
    pub(crate) provider: Option<ProviderInstance>,
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) stored: Arc<ObjectState>,
    pub(crate) changed_at: u64,
    pub(crate) stage: Stage,
    /// As stored, upgraded to the present schema; unmarked.
    pub(crate) old: Value,
    /// As it is now, unmarked; null if it is gone.
    pub(crate) now: Value,
    pub(crate) private: Private,
    pub(crate) identity: Value,
    /// It takes part in the plan.
    pub(crate) in_scope: bool,
    /// A configured instance stands for it.
    pub(crate) claimed: bool,
    /// It is being imported, under this id.
    pub(crate) importing: Option<terrane_model::provider::ImportTarget>,
    /// The provider could not say yet how it is.
    pub(crate) deferred: Option<crate::plan::DeferredReason>,
    /// Where messages about it point, if not to the block that declares it.
    pub(crate) span: Option<terrane_lang::source::Span>,
    /// Tasks that wait for it.
    pub(crate) waiters: Vec<usize>,
}

/// The objects of one resource.
#[derive(Debug, Default)]
pub(crate) struct PriorResource {
    pub(crate) current: BTreeMap<Option<InstanceKey>, ObjectId>,
}

/// Resources by the block that declares them.
type Within = BTreeMap<(ModuleId, u32), BTreeSet<ResourceAddr>>;

/// All objects.
#[derive(Debug, Default)]
pub(crate) struct Prior {
    pub(crate) resources: BTreeMap<ResourceAddr, PriorResource>,
    pub(crate) objects: Vec<Object>,
    pub(crate) moves: Vec<(InstanceAddr, InstanceAddr)>,
    within: OnceLock<Within>,
}

impl Prior {
    /// Takes the snapshot apart and carries out moves.
    pub(crate) fn new(
        snapshot: &Snapshot,
        config: &Config,
        index: &ConfigIndex,
    ) -> (Self, Diagnostics) {
        let (renamed, diagnostics) = moves::find(snapshot, config, index);
        let mut prior = Self {
            objects: Vec::with_capacity(snapshot.instance_count()),
            ..Self::default()
        };
        // Those that stay are in order already.
        let mut staying: Vec<(ResourceAddr, PriorResource)> = Vec::new();
        let mut coming: Vec<(InstanceAddr, ObjectId)> = Vec::new();
        for (resource_addr, resource) in &snapshot.resources {
            let own = index.resource(resource_addr);
            let mut current_ids = BTreeMap::new();
            for (key, instance) in &resource.instances {
                let from = resource_addr.instance(key.clone());
                let to = if renamed.is_empty() {
                    None
                } else {
                    renamed.get(&from)
                };
                let (addr, previous, declared) = match to {
                    Some(to) => (to.clone(), Some(from), index.resource(&to.resource)),
                    None => (from, None, own),
                };
                if let Some(from) = &previous {
                    prior.moves.push((from.clone(), addr.clone()));
                }
                let current = instance.current.iter().map(|stored| (None, stored));
                let deposed = instance
                    .deposed
                    .iter()
                    .map(|(key, stored)| (Some(key.clone()), stored));
                for (deposed, stored) in current.chain(deposed) {
                    let id = prior.objects.len();
                    if deposed.is_none() && previous.is_none() {
                        current_ids.insert(addr.key.clone(), id);
                    } else if deposed.is_none() {
                        coming.push((addr.clone(), id));
                    }
                    prior.objects.push(Object {
                        addr: addr.clone(),
                        declared,
                        previous: previous.clone(),
                        deposed,
                        provider_addr: resource.provider.clone(),
                        provider: None,
                        schema: None,
                        stored: stored.clone(),
                        changed_at: instance.changed_at,
                        stage: Stage::Waiting,
                        old: Value::NULL,
                        now: Value::NULL,
                        private: stored.private.clone(),
                        identity: Value::NULL,
                        in_scope: false,
                        claimed: false,
                        importing: None,
                        deferred: None,
                        span: None,
                        waiters: Vec::new(),
                    });
                }
            }
            if !current_ids.is_empty() {
                let current = PriorResource {
                    current: current_ids,
                };
                staying.push((resource_addr.clone(), current));
            }
        }
        prior.resources = staying.into_iter().collect();
        for (addr, id) in coming {
            let resource = prior.resources.entry(addr.resource).or_default();
            resource.current.insert(addr.key, id);
        }
        prior.rename_dependencies();
        (prior, diagnostics)
    }

    /// The resources within modules that a block declares: their module instance may have no place any more. Found when it is first asked for: most plans never do.
    pub(crate) fn within(&self, declared: (ModuleId, u32)) -> Option<&BTreeSet<ResourceAddr>> {
        let found = self.within.get_or_init(|| {
            let mut found: Within = BTreeMap::new();
            for object in &self.objects {
                if let Some(declared) = object.declared
                    && !object.addr.resource.module.0.is_empty()
                    && object.deposed.is_none()
                {
                    let known = found.entry(declared).or_default();
                    if !known.contains(&object.addr.resource) {
                        known.insert(object.addr.resource.clone());
                    }
                }
            }
            found
        });
        found.get(&declared)
    }

    /// What depends on a resource that was moved depends on it under its new name, so that the order of destruction is kept.
    fn rename_dependencies(&mut self) {
        let renames = Renames::new(&self.moves, self.resources.keys());
        if renames.is_empty() {
            return;
        }
        for object in &mut self.objects {
            if let Some(dependencies) = renames.apply(&object.stored.dependencies) {
                Arc::make_mut(&mut object.stored).dependencies = dependencies;
            }
        }
    }

    /// The current object of an instance.
    pub(crate) fn current(
        &self,
        resource: &ResourceAddr,
        key: &Option<InstanceKey>,
    ) -> Option<ObjectId> {
        self.resources.get(resource)?.current.get(key).copied()
    }
}
