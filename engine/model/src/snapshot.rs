//! The snapshot: everything that is known of the objects under management. It is the fold of the events.

use crate::addr::{
    ConfigResource, DeposedKey, InstanceAddr, InstanceKey, ProviderConfigAddr, ResourceAddr,
};
use crate::event::Intent;
use crate::provider::Private;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_value::{Path, Value};

/// State at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Names the history that this belongs to (a UUID); empty before the first write.
    pub lineage: EcoString,
    /// Grows with every change.
    pub serial: u64,
    /// Root outputs.
    pub outputs: BTreeMap<EcoString, OutputState>,
    /// Resources that have at least one instance.
    pub resources: BTreeMap<ResourceAddr, ResourceState>,
    /// Results of checks, conditions and validations at the last run.
    pub checks: Vec<CheckResult>,
    /// Changes that were begun and whose end is not recorded, by operation id. Empty unless a run was cut off.
    pub open: BTreeMap<u64, Intent>,
    /// The highest operation id ever given out: the next change takes one more, so that ids stay unique in the history.
    pub last_op: u64,
}

/// A root output.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputState {
    /// The value, wholly known and unmarked.
    pub value: Value,
    /// Whether it must not be shown.
    pub sensitive: bool,
    /// Message, if it is deprecated.
    pub deprecated: Option<EcoString>,
}

/// A resource in one module instance.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceState {
    /// The provider configuration that manages it.
    pub provider: ProviderConfigAddr,
    /// Its instances. All keys are of one kind, except in the middle of a change from one kind to another.
    pub instances: BTreeMap<Option<InstanceKey>, InstanceState>,
}

/// One instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InstanceState {
    /// The object in use.
    pub current: Option<Arc<ObjectState>>,
    /// Objects that a replacement has taken the place of, not deleted yet.
    pub deposed: BTreeMap<DeposedKey, Arc<ObjectState>>,
    /// The serial at which it last changed: what a plan that read it is checked against.
    pub changed_at: u64,
}

/// Whether an object is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Yes.
    Ready,
    /// Its creation was not finished: it is to be replaced.
    Tainted,
}

/// An object as it is stored. Attributes stay text until a schema is at hand.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectState {
    /// Whether it is whole.
    pub status: Status,
    /// The schema version that the attributes follow.
    pub schema_version: u64,
    /// Attributes as JSON text (an object; wholly known, write-only attributes null).
    pub attributes: Arc<str>,
    /// Paths of values that were sensitive in configuration.
    pub sensitive: Vec<Path>,
    /// Bytes of the provider.
    pub private: Private,
    /// What it depends on, sorted: needed when its configuration is gone.
    pub dependencies: Arc<[ConfigResource]>,
    /// Whether its replacement is made before it is destroyed.
    pub create_before_destroy: bool,
    /// Whether it is forgotten instead of destroyed.
    pub skip_destroy: bool,
    /// Identity (JSON text) and the version of its schema.
    pub identity: Option<(u64, Arc<str>)>,
    /// Key of the provider instance, if its configuration has `for_each`.
    pub provider_key: Option<InstanceKey>,
    /// How long it took to create, for the estimates of later runs.
    pub created_in_ms: Option<u32>,
}

/// What came of checking something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckStatus {
    /// All conditions hold.
    Pass,
    /// A condition does not hold.
    Fail,
    /// A condition could not be evaluated.
    Error,
    /// It depends on what is not known yet.
    Unknown,
}

/// What kind of thing was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckKind {
    /// Pre- and postconditions of a resource.
    Resource,
    /// Preconditions of an output.
    Output,
    /// A `check` block.
    Check,
    /// Validation of an input variable.
    Variable,
}

/// The result for one configured thing and its instances.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckResult {
    /// Its kind.
    pub kind: CheckKind,
    /// Its address, without instance keys.
    pub config_addr: EcoString,
    /// The worst of the instances.
    pub status: CheckStatus,
    /// By instance address.
    pub objects: Vec<CheckObject>,
}

/// The result for one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckObject {
    /// Its address.
    pub addr: EcoString,
    /// What came of it.
    pub status: CheckStatus,
    /// Messages of conditions that do not hold.
    pub failures: Vec<EcoString>,
}

impl Snapshot {
    /// The instance with this address.
    #[must_use]
    pub fn instance(&self, addr: &InstanceAddr) -> Option<&InstanceState> {
        self.resources.get(&addr.resource)?.instances.get(&addr.key)
    }

    /// All instances in the order of their addresses.
    pub fn instances(
        &self,
    ) -> impl Iterator<Item = (InstanceAddr, &ResourceState, &InstanceState)> {
        self.resources.iter().flat_map(|(addr, resource)| {
            resource
                .instances
                .iter()
                .map(move |(key, instance)| (addr.instance(key.clone()), resource, instance))
        })
    }

    /// How many instances there are.
    #[must_use]
    pub fn instance_count(&self) -> usize {
        self.resources
            .values()
            .map(|resource| resource.instances.len())
            .sum()
    }
}
