//! What the engine says to providers, and what they answer.
//!
//! One pair per operation of the plugin protocol (`opentofu.md` 7.1), so that a plugin client and a native provider are two
//! implementations of one trait. The machines of the engine emit [`Call`]s as data; the shell carries them out.
//!
//! Values here are unmarked. Configuration may hold unknown values only where a method says so.

use crate::schema::{Function, ProviderSchema};
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_value::{Path, Value};

/// Bytes that a provider keeps beside an object; only it can read them. Empty: none.
pub type Private = Arc<[u8]>;

/// A message of a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderDiagnostic {
    /// Error or warning.
    pub is_error: bool,
    /// One line.
    pub summary: String,
    /// Sentences. May be empty.
    pub detail: String,
    /// The attribute concerned, in the configuration that was sent.
    pub attribute: Option<Path>,
}

impl ProviderDiagnostic {
    /// An error.
    #[must_use]
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            is_error: true,
            summary: summary.into(),
            detail: detail.into(),
            attribute: None,
        }
    }

    /// A warning.
    #[must_use]
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            is_error: false,
            summary: summary.into(),
            detail: detail.into(),
            attribute: None,
        }
    }

    /// Says which attribute.
    #[must_use]
    pub fn at(mut self, attribute: Path) -> Self {
        self.attribute = Some(attribute);
        self
    }
}

/// Why a call had no answer: not the user's input but the world failed.
#[derive(Clone, Debug, PartialEq)]
pub struct CallFailure {
    /// What happened, for people.
    pub message: String,
    /// Whether the same call may succeed later, and after how many milliseconds at the least.
    pub retry_after_ms: Option<u64>,
    /// Whether the call may have had its effect all the same (a lost connection after the request was sent).
    pub may_have_happened: bool,
}

/// Why a provider could not decide yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deferred {
    /// No reason given.
    Unknown,
    /// The resource's configuration holds unknown values.
    ResourceConfigUnknown,
    /// The provider's configuration holds unknown values.
    ProviderConfigUnknown,
    /// Something that it needs is missing.
    AbsentPrerequisite,
}

/// An object as it was stored, to be upgraded.
#[derive(Clone, Debug, PartialEq)]
pub struct RawObject {
    /// The schema version under which it was stored.
    pub schema_version: u64,
    /// Attributes as JSON text.
    pub json: Arc<str>,
}

/// What can be asked of a provider. Which provider (and which configuration of it) is said beside the call.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Is this provider configuration acceptable? May hold unknowns.
    ValidateProviderConfig {
        /// The configuration.
        config: Value,
    },
    /// Here is your configuration. At plan time it may hold unknowns.
    Configure {
        /// The configuration.
        config: Value,
        /// Whether this and later calls may be answered with [`Deferred`].
        may_defer: bool,
    },
    /// Is this resource configuration acceptable? May hold unknowns.
    ValidateResource {
        /// Resource type.
        type_name: EcoString,
        /// The configuration.
        config: Value,
    },
    /// Is this data source configuration acceptable? May hold unknowns.
    ValidateDataSource {
        /// Data source type.
        type_name: EcoString,
        /// The configuration.
        config: Value,
    },
    /// Is this ephemeral resource configuration acceptable? May hold unknowns.
    ValidateEphemeral {
        /// Ephemeral resource type.
        type_name: EcoString,
        /// The configuration.
        config: Value,
    },
    /// Brings a stored object to the present schema.
    UpgradeState {
        /// Resource type.
        type_name: EcoString,
        /// The stored object.
        stored: RawObject,
    },
    /// Brings a stored identity to the present schema.
    UpgradeIdentity {
        /// Resource type.
        type_name: EcoString,
        /// The stored identity.
        stored: RawObject,
    },
    /// How is this object now?
    Read {
        /// Resource type.
        type_name: EcoString,
        /// The object as last known.
        current: Value,
        /// Its private bytes.
        private: Private,
        /// `provider_meta`, or null.
        meta: Value,
        /// Its identity, or null.
        identity: Value,
    },
    /// How are these objects now? Asked only for types that [`ProviderInfo::reads_many`] names, in place of as many [`Call::Read`]s.
    ReadMany {
        /// Resource type, of all of them.
        type_name: EcoString,
        /// The objects. Never empty.
        objects: Vec<KnownObject>,
        /// `provider_meta`, or null.
        meta: Value,
    },
    /// What would come of this change?
    Plan {
        /// Resource type.
        type_name: EcoString,
        /// The object as it is; null to create.
        prior: Value,
        /// Prior merged with the configuration; null to delete.
        proposed: Value,
        /// The configuration, which may hold unknowns; null to delete.
        config: Value,
        /// Private bytes of the object.
        private: Private,
        /// `provider_meta`, or null.
        meta: Value,
        /// Its identity, or null.
        identity: Value,
    },
    /// Make this change.
    Apply {
        /// Resource type.
        type_name: EcoString,
        /// The object as it is; null to create.
        prior: Value,
        /// What was planned, with unknowns where the provider will decide; null to delete.
        planned: Value,
        /// The configuration, wholly known; null to delete.
        config: Value,
        /// Private bytes from the plan.
        private: Private,
        /// `provider_meta`, or null.
        meta: Value,
        /// Planned identity, or null.
        identity: Value,
        /// A name for this very change, the same when it is asked for again: providers that can use it make it idempotent.
        token: EcoString,
    },
    /// Find this object, to manage it from now on.
    Import {
        /// Resource type.
        type_name: EcoString,
        /// What to look for.
        target: ImportTarget,
    },
    /// Take over an object of another type or provider.
    Move {
        /// Where it comes from: provider source.
        source_provider: EcoString,
        /// And type.
        source_type: EcoString,
        /// The stored object.
        stored: RawObject,
        /// Private bytes.
        private: Private,
        /// The stored identity, if there is one.
        identity: Option<RawObject>,
        /// The type that it becomes.
        type_name: EcoString,
    },
    /// Read a data source. The configuration is wholly known.
    ReadDataSource {
        /// Data source type.
        type_name: EcoString,
        /// The configuration.
        config: Value,
        /// `provider_meta`, or null.
        meta: Value,
    },
    /// Open an ephemeral resource. The configuration is wholly known.
    OpenEphemeral {
        /// Ephemeral resource type.
        type_name: EcoString,
        /// The configuration.
        config: Value,
    },
    /// Keep an ephemeral resource open.
    RenewEphemeral {
        /// Ephemeral resource type.
        type_name: EcoString,
        /// Private bytes from opening.
        private: Private,
    },
    /// Close an ephemeral resource.
    CloseEphemeral {
        /// Ephemeral resource type.
        type_name: EcoString,
        /// Private bytes from opening.
        private: Private,
    },
    /// Which functions are there? Some providers have more of them once they are configured.
    GetFunctions,
    /// Call a function.
    CallFunction {
        /// Its name.
        name: EcoString,
        /// Its arguments, known unless the parameter allows unknown ones.
        arguments: Vec<Value>,
    },
    /// List objects of a type.
    List {
        /// List resource type.
        type_name: EcoString,
        /// The configuration of the listing.
        config: Value,
        /// Whether whole objects are wanted.
        include_objects: bool,
        /// At most so many; 0: all.
        limit: u64,
    },
    /// Is this configuration of a listing acceptable?
    ValidateList {
        /// List resource type.
        type_name: EcoString,
        /// The configuration of the listing.
        config: Value,
        /// Whether whole objects are wanted.
        include_objects: bool,
        /// At most so many; 0: all.
        limit: u64,
    },
    /// Is this configuration of an action acceptable? May hold unknowns.
    ValidateAction {
        /// Action type.
        type_name: EcoString,
        /// The configuration.
        config: Value,
    },
    /// Can this action be done? The configuration may hold unknowns.
    PlanAction {
        /// Action type.
        type_name: EcoString,
        /// The configuration.
        config: Value,
    },
    /// Do this. The configuration is wholly known.
    InvokeAction {
        /// Action type.
        type_name: EcoString,
        /// The configuration.
        config: Value,
    },
    /// Write configuration for an object.
    GenerateConfig {
        /// Resource type.
        type_name: EcoString,
        /// The object.
        state: Value,
    },
    /// Was the change with this token made? Asked after a crash, for an open intent.
    Resolve {
        /// Resource type.
        type_name: EcoString,
        /// The token of the change.
        token: EcoString,
        /// What was planned.
        planned: Value,
    },
}

/// An object as it is last known: what a [`Call::Read`] says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownObject {
    /// The object.
    pub current: Value,
    /// Its private bytes.
    pub private: Private,
    /// Its identity, or null.
    pub identity: Value,
}

/// What to import.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportTarget {
    /// By id.
    Id(EcoString),
    /// By identity.
    Identity(Value),
}

/// An answer, in the shape of the call.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To `Validate…`, `Configure` and `PlanAction`: only messages.
    Done,
    /// To `UpgradeState`, `UpgradeIdentity` and `GenerateConfig`.
    Value(Value),
    /// To `Read`: the object, null if it is gone.
    Read {
        /// The object.
        state: Value,
        /// Its private bytes.
        private: Private,
        /// Its identity, or null.
        identity: Value,
        /// Set if the provider can't tell yet.
        deferred: Option<Deferred>,
    },
    /// To `ReadMany`: one for each object, in the order in which they were named.
    ReadMany(Vec<BulkRead>),
    /// To `Plan`.
    Plan {
        /// The object as it will be.
        planned: Value,
        /// Attributes whose change needs a new object.
        requires_replace: Vec<Path>,
        /// Private bytes for apply.
        private: Private,
        /// Identity as it will be, or null.
        identity: Value,
        /// Whether the provider's SDK is excused from the rules on planned values.
        legacy_type_system: bool,
        /// Set if the provider can't tell yet.
        deferred: Option<Deferred>,
    },
    /// To `Apply`: the object as it is now, also after a partial failure; null if it does not exist.
    Apply {
        /// The object. Null beside an error, where one was to be created: nothing was made. No answer at all beside an error leaves that open.
        state: Value,
        /// Its private bytes.
        private: Private,
        /// Its identity, or null.
        identity: Value,
        /// Whether the provider's SDK is excused from the rules on applied values.
        legacy_type_system: bool,
    },
    /// To `Import` and `Move`.
    Objects(Vec<ImportedObject>),
    /// To `ReadDataSource`.
    Data {
        /// The object.
        state: Value,
        /// Set if the provider can't tell yet.
        deferred: Option<Deferred>,
    },
    /// To `OpenEphemeral` and `RenewEphemeral`.
    Ephemeral {
        /// The object; null for `RenewEphemeral`.
        result: Value,
        /// Private bytes for renewing and closing.
        private: Private,
        /// In how many milliseconds it must be renewed.
        renew_after_ms: Option<u64>,
    },
    /// To `Import` and `OpenEphemeral`: the provider can't tell yet.
    Deferred(Deferred),
    /// To `GetFunctions`: all of them, by name.
    Functions(BTreeMap<EcoString, Arc<Function>>),
    /// To `CallFunction`: the result, or an error about an argument (by position).
    Function(Result<Value, (String, Option<u64>)>),
    /// To `List`.
    Listed(Vec<ListedObject>),
    /// To `InvokeAction`: what it said while it was under way.
    Invoked(Vec<String>),
    /// To `Resolve`.
    Resolved(Resolution),
}

/// What a [`Call::ReadMany`] found of one object.
#[derive(Clone, Debug, PartialEq)]
pub enum BulkRead {
    /// What a [`Call::Read`] of the object would have answered, with its messages.
    Read(Reply),
    /// It has to be read by a call of its own.
    Singly,
}

/// An object that was imported or moved.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedObject {
    /// Resource type.
    pub type_name: EcoString,
    /// The object.
    pub state: Value,
    /// Its private bytes.
    pub private: Private,
    /// Its identity, or null.
    pub identity: Value,
}

/// An object that a listing found.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedObject {
    /// Its identity.
    pub identity: Value,
    /// Its name for people.
    pub display_name: String,
    /// The whole object, if asked for; else null.
    pub object: Value,
}

/// What became of a change that was asked for before a crash.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolution {
    /// It was made; here is the object.
    Happened(ImportedObject),
    /// It was not made.
    NeverHappened,
    /// The provider can't tell.
    CannotTell,
}

/// An answer with the messages that came with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The answer; with error messages it may be incomplete. `None` only beside an error message.
    pub answer: Option<Answer>,
    /// Messages.
    pub diagnostics: Vec<ProviderDiagnostic>,
}

impl Reply {
    /// An answer without messages.
    #[must_use]
    pub fn ok(answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            diagnostics: Vec::new(),
        }
    }

    /// No answer, for this reason.
    #[must_use]
    pub fn error(diagnostic: ProviderDiagnostic) -> Self {
        Self {
            answer: None,
            diagnostics: vec![diagnostic],
        }
    }

    /// Whether an error is among the messages.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.is_error)
    }
}

/// What is known of a provider before it is configured.
#[derive(Clone, Debug)]
pub struct ProviderInfo {
    /// Its schemas.
    pub schema: Arc<ProviderSchema>,
    /// What it can do.
    pub abilities: Abilities,
    /// The resource types whose objects it can read many at a time ([`Call::ReadMany`]), with how many one call takes at most; 0: as many as
    /// there are, since all are listed anyway.
    pub reads_many: BTreeMap<EcoString, u32>,
}

/// What a provider can do beside the necessary.
#[derive(Clone, Copy, Debug, Default)]
pub struct Abilities {
    /// It wants to be asked about deletions (`plan_destroy`).
    pub plan_destroy: bool,
    /// It can take over objects of other types.
    pub move_state: bool,
    /// An object stored under the present schema version needs no upgrade call.
    pub trusts_current_state: bool,
    /// It can write the configuration of an object (`GenerateConfig`).
    pub generates_config: bool,
    /// It can say after a crash whether a change was made (`Resolve`).
    pub resolves_tokens: bool,
    /// How many calls it may have in flight; 0: no limit of its own.
    pub max_in_flight: u32,
    /// Calls answer at once as a rule (no network, no disk): worth polling where they are made, without a slot, before giving them a task of
    /// their own. One that does wait (a data source that reads another state) then gets it.
    pub instant: bool,
}

/// How many calls and provisioners may be under way at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// In all.
    pub all: usize,
    /// Of one provider configuration, where the provider does not say what it can take.
    pub each: usize,
}

impl Places {
    /// What the user asked for (`-parallelism`), which holds in all and for each.
    #[must_use]
    pub fn exactly(count: usize) -> Self {
        let count = count.max(1);
        Self {
            all: count,
            each: count,
        }
    }

    /// Those of one provider configuration. `limit`: its [`Abilities::max_in_flight`].
    #[must_use]
    pub fn of(self, limit: u32) -> usize {
        match limit {
            0 => self.each.min(self.all),
            own => usize::try_from(own).unwrap_or(usize::MAX).min(self.all),
        }
    }
}

impl Default for Places {
    /// Ten for a provider that does not say, as the peers have it; more in all, since providers do not slow each other down.
    fn default() -> Self {
        Self { all: 256, each: 10 }
    }
}
