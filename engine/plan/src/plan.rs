//! The plan: immutable data.

use crate::action::ActionInvocation;
use crate::ephemeral::EphemeralInstance;
use crate::exec::ExecGraph;
use crate::risk::Notes;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::{
    ConfigResource, DeposedKey, InstanceAddr, InstanceKey, ModuleInstance, ProviderConfigAddr,
    Target,
};
use terrane_model::claim::Claim;
use terrane_model::provider::Private;
use terrane_model::snapshot::CheckResult;
use terrane_value::{Path, Value};

/// What a plan is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanMode {
    /// Make the world match the configuration.
    #[default]
    Normal,
    /// Only bring the state up to date with the world.
    RefreshOnly,
    /// Destroy everything.
    Destroy,
}

/// What is to be done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// Make it.
    Create,
    /// Read a data source during apply.
    Read,
    /// Change it in place.
    Update,
    /// Destroy it, then make another.
    DeleteThenCreate,
    /// Make another, then destroy it.
    CreateThenDelete,
    /// Destroy it.
    Delete,
    /// Stop managing it, without destroying it.
    Forget,
    /// Stop managing it and make another.
    ForgetThenCreate,
}

/// Why an action is planned, where that is not plain from the values. Names are those of the plan format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionReason {
    /// An attribute that changes can't be changed in place.
    ReplaceBecauseCannotUpdate,
    /// It is tainted.
    ReplaceBecauseTainted,
    /// `-replace`
    ReplaceByRequest,
    /// `replace_triggered_by`
    ReplaceByTriggers,
    /// Its block is gone.
    DeleteBecauseNoResourceConfig,
    /// It has a key where there is none now, or none where there is one, or one of the other kind.
    DeleteBecauseWrongRepetition,
    /// Its index is beyond `count`.
    DeleteBecauseCountIndex,
    /// `enabled = false`
    DeleteBecauseEnabledFalse,
    /// Its key is not in `for_each`.
    DeleteBecauseEachKey,
    /// Its module instance is gone.
    DeleteBecauseNoModule,
    /// It was moved to an address that is not configured.
    DeleteBecauseNoMoveTarget,
    /// Its configuration is not known yet.
    ReadBecauseConfigUnknown,
    /// Something it depends on has pending changes.
    ReadBecauseDependencyPending,
    /// It is within a `check`.
    ReadBecauseCheckNested,
}

/// Why a change is put off. Names are those of the plan format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeferredReason {
    /// The provider does not say.
    Unknown,
    /// The provider can't do without what is not known in the configuration of the resource.
    ResourceConfigUnknown,
    /// The provider can't do without what is not known in its own configuration.
    ProviderConfigUnknown,
    /// The provider misses something that must be there first.
    AbsentPrerequisite,
    /// Something that it depends on (or, where it is to go, that depends on it) is put off.
    DeferredPrerequisite,
    /// `count`, `for_each` or `enabled`, of its own or of a module around it, is not known.
    InstanceCountUnknown,
}

/// A change that is put off to a later plan: applying this one leaves the object as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct DeferredChange {
    /// Why.
    pub reason: DeferredReason,
    /// What would be done, as far as that can be told.
    pub change: ResourceChange,
}

/// The change of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceChange {
    /// Which instance.
    pub addr: InstanceAddr,
    /// Where it was before it was moved.
    pub previous_addr: Option<InstanceAddr>,
    /// Which deposed object of the instance; `None`: the current one.
    pub deposed: Option<DeposedKey>,
    /// Managed by.
    pub provider: ProviderConfigAddr,
    /// Key of the provider instance.
    pub provider_key: Option<InstanceKey>,
    /// What is to be done.
    pub action: Action,
    /// Why.
    pub reason: Option<ActionReason>,
    /// The object now (refreshed, marked); null if there is none.
    pub before: Value,
    /// The object then, with unknowns, marked; null if there will be none.
    pub after: Value,
    /// Attributes that make it a replacement.
    pub replace_paths: Vec<Path>,
    /// Bytes of the provider for apply (for `Delete`, those of the object).
    pub private: Private,
    /// Identity now, or null.
    pub before_identity: Value,
    /// Identity then, or null.
    pub after_identity: Value,
    /// The id under which it is imported.
    pub importing: Option<Importing>,
    /// The version of the schema that both follow.
    pub schema_version: u64,
    /// What it depends on, sorted: configured dependencies, or stored ones if it is not configured.
    pub dependencies: Arc<[ConfigResource]>,
    /// Whether its replacement is made before it is destroyed, set by itself or by a dependent.
    pub create_before_destroy: bool,
    /// The object was tainted.
    pub tainted: bool,
    /// Only marks or stored facts change: nothing is asked of the provider.
    pub marks_only: bool,
    /// What state held for the object when the plan was made, with the new names of dependencies that were moved; see [`Base`].
    pub stored: Option<Arc<terrane_model::snapshot::ObjectState>>,
}

/// An import.
#[derive(Clone, Debug, PartialEq)]
pub struct Importing {
    /// The id; `None` if it is by identity or not known yet.
    pub id: Option<EcoString>,
    /// Whether it is not known yet.
    pub unknown: bool,
    /// Configuration generated for it.
    pub generated_config: Option<String>,
}

/// The change of a root output.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputChange {
    /// Its name.
    pub name: EcoString,
    /// Create, update, delete or nothing.
    pub action: Action,
    /// Now; null if there is none. Marked if sensitive.
    pub before: Value,
    /// Then; may be unknown.
    pub after: Value,
    /// Never shown, before or after.
    pub sensitive: bool,
}

/// What refresh found to be different from what state held.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Which instance.
    pub addr: InstanceAddr,
    /// Where it was before it was moved.
    pub previous_addr: Option<InstanceAddr>,
    /// Which deposed object.
    pub deposed: Option<DeposedKey>,
    /// Managed by.
    pub provider: ProviderConfigAddr,
    /// As state held it.
    pub before: Value,
    /// As it is; null if it is gone.
    pub after: Value,
    /// Identity before and after, or null.
    pub identity: (Value, Value),
    /// What state is to hold now; `None`: nothing.
    pub refreshed: Option<Arc<terrane_model::snapshot::ObjectState>>,
}

/// The state that a plan was made from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Base {
    /// Its lineage; empty if there was no state.
    pub lineage: EcoString,
    /// Its serial.
    pub serial: u64,
    /// What it looked at: per instance, the serial at which it had last changed (0: it did not exist). Apply refuses
    /// if one of these that the claim of the plan reads or writes has changed since; other changes do not matter.
    pub read: BTreeMap<InstanceAddr, u64>,
    /// Operations that were open and could not be settled, sorted.
    pub open: Vec<u64>,
}

/// Which instances a block has in one module instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// Whether it has a `count` or `for_each`, or is single.
    pub kind: ExpansionKind,
    /// The keys, sorted. For a single one: one `None`, or nothing if it is disabled.
    pub keys: Arc<[Option<InstanceKey>]>,
}

/// How a block repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpansionKind {
    /// It does not.
    Single,
    /// `count`
    Count,
    /// `for_each`
    ForEach,
    /// `enabled`
    Enabled,
}

/// An attribute that took part in deciding the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct RelevantAttribute {
    /// The resource (or instance).
    pub resource: String,
    /// The attribute.
    pub path: Path,
}

/// What state holds and the plan leaves out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeftOut {
    /// Objects, each as a change that does nothing, in the order of addresses.
    pub objects: Vec<ResourceChange>,
    /// Root outputs, each as a change that does nothing, by name.
    pub outputs: Vec<OutputChange>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a plan that is neither shown nor saved nor applied is lost work"]
pub struct Plan {
    /// What it is for.
    pub mode: PlanMode,
    /// When it was made: RFC 3339, UTC. It is also the value of `plantimestamp()`.
    pub timestamp: EcoString,
    /// The workspace.
    pub workspace: EcoString,
    /// Root variables, defaults too, with marks. Ephemeral ones are not kept: they are given again at apply.
    pub variables: BTreeMap<EcoString, Value>,
    /// Of these, those that were given a value, as it was written: not converted. Views show it.
    pub given: BTreeMap<EcoString, Value>,
    /// `-target`
    pub targets: Vec<Target>,
    /// `-exclude`
    pub excludes: Vec<Target>,
    /// `-replace`
    pub force_replace: Vec<InstanceAddr>,
    /// Made from.
    pub base: Base,
    /// Every object that is configured or stored, unchanged ones too, in the order of addresses (deposed ones behind the current one); but those that
    /// are put off.
    pub changes: Vec<ResourceChange>,
    /// What is put off, in the same order. An object is here or among the changes.
    pub deferred: Vec<DeferredChange>,
    /// What is left out by `-target` and `-exclude`: views of the prior state show it.
    pub left_out: LeftOut,
    /// Ephemeral instances that are opened when it is applied, in the order of addresses.
    pub ephemerals: Vec<EphemeralInstance>,
    /// Actions that are done when it is applied: in the order of what triggers them.
    pub invocations: Vec<ActionInvocation>,
    /// Ephemeral root variables that were given a value, which must be given again when it is applied. Sorted.
    pub apply_time_variables: Vec<EcoString>,
    /// Root outputs, unchanged ones too, by name.
    pub outputs: Vec<OutputChange>,
    /// What refresh found, in the order of addresses.
    pub drift: Vec<Drift>,
    /// Moves that are to be recorded: (from, to), in the order of execution.
    pub moves: Vec<(InstanceAddr, InstanceAddr)>,
    /// Results of checks as far as they are known.
    pub checks: Vec<CheckResult>,
    /// Module instances, parents before children; the root first.
    pub module_instances: Vec<ModuleInstance>,
    /// Attributes that took part in deciding it.
    pub relevant: Vec<RelevantAttribute>,
    /// What applying it reads and writes of the state.
    pub claim: Claim,
    /// The order in which it is done.
    pub graph: ExecGraph,
    /// What the configuration says of risks, by resource. Files of plans do not keep it: they keep the configuration.
    pub notes: BTreeMap<ConfigResource, Notes>,
    /// Whether planning found errors: it can be shown, not applied.
    pub errored: bool,
}

impl Action {
    /// Whether it makes a new object while destroying (or forgetting) the old one.
    #[must_use]
    pub fn is_replace(self) -> bool {
        matches!(
            self,
            Self::DeleteThenCreate | Self::CreateThenDelete | Self::ForgetThenCreate
        )
    }
}

impl Plan {
    /// Whether nothing more is to be done when it is applied.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.errored
            && self.targets.is_empty()
            && self.excludes.is_empty()
            && self.deferred.is_empty()
    }

    /// Whether applying it would change anything: objects, outputs, or (for refresh-only) what is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        if !self.invocations.is_empty() {
            return false;
        }
        let changes = self
            .changes
            .iter()
            .any(|change| change.action != Action::NoOp || change.importing.is_some());
        let outputs = self
            .outputs
            .iter()
            .any(|output| output.action != Action::NoOp);
        if self.mode == PlanMode::RefreshOnly {
            // Neither a move nor an output that is gone is drift: they are recorded by the next plan that does something. What is not known
            // now will not be known then.
            let drifted = |drift: &Drift| drift.after.is_null() || drift.before != drift.after;
            let known = |output: &OutputChange| {
                !matches!(output.action, Action::NoOp | Action::Delete)
                    && output.after.is_wholly_known()
            };
            return !(self.drift.iter().any(drifted) || self.outputs.iter().any(known));
        }
        !(changes || outputs || !self.moves.is_empty())
    }
}
