//! The planning machine: emits calls to providers, takes their answers in any order, ends with a plan.

use crate::drift::{Drifted, Unlisted, Unmanaged, fits};
use crate::ephemeral::EphemeralProgress;
use crate::generate::Generated;
use crate::plan::{Plan, PlanMode};
use crate::planner::{Core, names};
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_config::body::CompiledBody;
use terrane_config::config::{Config, ModuleId, ProviderConfig, ProviderId};
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::functions::Functions;
use terrane_lang::source::{FileId, Span};
use terrane_model::addr::{InstanceAddr, InstanceKey, ProviderAddr, ProviderConfigAddr, Target};
use terrane_model::event::EventKind;
use terrane_model::provider::{Call, CallFailure, ImportTarget, ProviderInfo, Reply};
use terrane_model::snapshot::Snapshot;
use terrane_value::Value;

/// Names a request; unique within one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A provider instance: a configuration and, if that has `for_each`, a key. The shell starts one instance for each of these that it sees
/// a call for; the first call is always `Configure` (except for the `Validate…` calls of validation, which need none).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderInstance {
    /// The configuration.
    pub config: ProviderId,
    /// Its key.
    pub key: Option<InstanceKey>,
}

/// Something to ask of a provider.
#[derive(Clone, Debug)]
pub struct Request {
    /// Names it.
    pub id: RequestId,
    /// Whom to ask.
    pub provider: ProviderInstance,
    /// The instance that it is about, if it is about one.
    pub about: Option<InstanceAddr>,
    /// What to ask.
    pub call: Call,
}

/// What the user may want to see while planning goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// An object is being looked for, to be imported; with what it is looked for by.
    ImportStart(InstanceAddr, EcoString),
    /// An object is being read.
    RefreshStart(InstanceAddr, Option<EcoString>),
    /// An object was read. With its id, if it has one.
    RefreshDone(InstanceAddr, Option<EcoString>),
    /// A data source is being read.
    ReadStart(InstanceAddr),
    /// A data source was read.
    ReadDone(InstanceAddr, Option<EcoString>),
    /// A change was planned.
    Planned(InstanceAddr),
    /// Something happened to an ephemeral instance.
    Ephemeral(EphemeralProgress),
}

/// What is to be planned.
#[derive(Clone, Debug)]
pub struct PlanInput {
    /// The configuration (for [`PlanMode::Destroy`] too).
    pub config: Arc<Config>,
    /// The state.
    pub snapshot: Arc<Snapshot>,
    /// Schemas and abilities of every provider that configuration or state needs.
    pub providers: BTreeMap<ProviderAddr, ProviderInfo>,
    /// Root variables, by index, converted and marked.
    pub variables: Vec<Value>,
    /// What functions may use. `plan_time` must be set.
    pub functions: Functions,
    /// Options.
    pub options: PlanOptions,
}

/// Options of the command line.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// What the plan is for.
    pub mode: PlanMode,
    /// Whether objects are read first.
    pub refresh: bool,
    /// Whether providers may put off what they can't decide yet (`-allow-deferral`).
    pub allow_deferral: bool,
    /// `-target`
    pub targets: Vec<Target>,
    /// `-exclude`
    pub excludes: Vec<Target>,
    /// `-replace`
    pub replace: Vec<InstanceAddr>,
    /// `-invoke`: the action that is done, and nothing else. The mode is that which only refreshes.
    pub invoke: Option<Target>,
    /// `terraform.workspace`
    pub workspace: EcoString,
    /// `path.cwd`
    pub cwd: EcoString,
    /// Milliseconds since 1970, as in `functions.plan_time`.
    pub now_ms: u64,
    /// Whether configuration is to be written for imports that have none ([`Planned::generated`]).
    pub generate: bool,
    /// Configuration that was written for an import of this very plan, by address.
    pub generated: BTreeMap<InstanceAddr, String>,
    /// Root variables that were given a value, as it was written; not those that are ephemeral. Marked.
    pub given: BTreeMap<EcoString, Value>,
    /// Where the values of root variables stand, by index, if in a file: for messages about them.
    pub given_at: Vec<Option<Span>>,
    /// Ephemeral root variables that were given a value: they must be given one when the plan is applied, too.
    pub apply_time_variables: Vec<EcoString>,
}

/// How planning ended.
#[derive(Debug)]
pub struct Planned {
    /// The plan; also present, marked `errored`, when there were errors but something can be shown.
    pub plan: Option<Plan>,
    /// All messages.
    pub diagnostics: Diagnostics,
    /// Configuration for imports that have none, if that was asked for, in the order of addresses.
    pub generated: Vec<Generated>,
}

/// The machine.
///
/// Call [`Self::poll`] first and after every [`Self::on`]; carry out what it returns in any order and hand each answer to [`Self::on`]. When `poll` returns
/// nothing and no request is outstanding, call [`Self::finish`]. Until then there may be ephemeral resources to close, also after [`Self::cancel`].
#[derive(Debug)]
pub struct Planner(Box<Core>);

impl Planner {
    /// Begins.
    #[must_use]
    pub fn new(input: PlanInput) -> Self {
        Self(Box::new(Core::new(input)))
    }

    /// Requests that can be carried out now. Each is returned once.
    pub fn poll(&mut self) -> Vec<Request> {
        self.0.poll()
    }

    /// Says what time it is, in milliseconds since 1970; never earlier than before. To be called before [`Self::poll`] and [`Self::on`] by drivers
    /// that keep ephemeral resources open for longer than a moment: what is due is renewed.
    pub fn tell_time(&mut self, now_ms: u64) {
        self.0.tell_time(now_ms);
    }

    /// When [`Self::poll`] must be called again at the latest, although no answer came: something is due for renewal then.
    #[must_use]
    pub fn wake_at(&self) -> Option<u64> {
        self.0.next_renewal()
    }

    /// Takes an answer. Answers to requests that are not outstanding are ignored.
    pub fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>) {
        self.0.on(id, outcome);
    }

    /// What happened since the last call, for the user.
    pub fn progress(&mut self) -> Vec<Progress> {
        self.0.progress()
    }

    /// The user wants to stop: no further requests are made.
    pub fn cancel(&mut self) {
        self.0.cancel();
    }

    /// A request was given up before it was carried out: no answer comes. Only after [`Self::cancel`].
    pub fn forget(&mut self, id: RequestId) {
        self.0.forget(id);
    }

    /// The result.
    #[must_use]
    pub fn finish(self) -> Planned {
        self.0.finish()
    }
}

/// Settles what a cut off run left open. To be run, and its events made durable, before anything is planned, whenever [`Snapshot::open`] is not empty.
/// Driven like [`Planner`].
#[derive(Debug)]
pub struct Recovery(Box<Core>);

impl Recovery {
    /// Begins.
    #[must_use]
    pub fn new(input: PlanInput) -> Self {
        Self(Box::new(Core::recovery(input)))
    }

    /// Requests that can be carried out now. Each is returned once.
    pub fn poll(&mut self) -> Vec<Request> {
        self.0.poll()
    }

    /// Takes an answer.
    pub fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>) {
        self.0.on(id, outcome);
    }

    /// What happened since the last call, for the user.
    pub fn progress(&mut self) -> Vec<Progress> {
        self.0.progress()
    }

    /// The user wants to stop: no further requests are made, and what is not settled stays open.
    pub fn cancel(&mut self) {
        self.0.cancel();
    }

    /// A request was given up before it was carried out: no answer comes. Only after [`Self::cancel`].
    pub fn forget(&mut self, id: RequestId) {
        self.0.forget(id);
    }

    /// Events that settle what could be settled, and messages about what could not.
    pub fn finish(self) -> (Vec<EventKind>, Diagnostics) {
        self.0.finish_recovery()
    }
}

/// Takes one object that exists into the state (`terrane import`). To be run on a state whose open intents were settled as far as they can be.
/// Driven like [`Planner`].
#[derive(Debug)]
pub struct Takeover(Box<Core>);

impl Takeover {
    /// Begins. `addr` is to be managed from now on; `target` says which object it is.
    #[must_use]
    pub fn new(input: PlanInput, addr: InstanceAddr, target: ImportTarget) -> Self {
        Self(Box::new(Core::takeover(input, addr, target)))
    }

    /// Requests that can be carried out now. Each is returned once.
    pub fn poll(&mut self) -> Vec<Request> {
        self.0.poll()
    }

    /// Takes an answer.
    pub fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>) {
        self.0.on(id, outcome);
    }

    /// What happened since the last call, for the user.
    pub fn progress(&mut self) -> Vec<Progress> {
        self.0.progress()
    }

    /// The user wants to stop: no further requests are made.
    pub fn cancel(&mut self) {
        self.0.cancel();
    }

    /// A request was given up before it was carried out: no answer comes. Only after [`Self::cancel`].
    pub fn forget(&mut self, id: RequestId) {
        self.0.forget(id);
    }

    /// The events that record the object and settle an open creation of it; none if it could not be had, which is among the messages.
    pub fn finish(self) -> (Vec<EventKind>, Diagnostics) {
        self.0.finish_takeover()
    }
}

/// What is listed to find objects that state does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Listed {
    /// Nothing.
    #[default]
    Nothing,
    /// The types of which state has objects.
    OfState,
    /// The types that fit one of these names, in which `*` at the beginning or end stands for any text.
    Types(Vec<String>),
}

impl Listed {
    /// Whether a type is listed.
    pub(crate) fn names(&self, type_name: &str, is_managed: bool) -> bool {
        match self {
            Self::Nothing => false,
            Self::OfState => is_managed,
            Self::Types(patterns) => patterns.iter().any(|pattern| fits(pattern, type_name)),
        }
    }

    /// The names that the user gave.
    pub(crate) fn patterns(&self) -> &[String] {
        match self {
            Self::Nothing | Self::OfState => &[],
            Self::Types(patterns) => patterns,
        }
    }
}

/// What a [`Survey`] found.
#[derive(Debug, Default)]
pub struct Surveyed {
    /// How many objects were read.
    pub read: usize,
    /// Objects that are not as state holds them, in the order of addresses.
    pub drifted: Vec<Drifted>,
    /// Instances that could not be read; why is among the messages.
    pub unread: Vec<InstanceAddr>,
    /// The types that were listed, and by which provider configurations.
    pub listed: BTreeSet<(EcoString, ProviderConfigAddr)>,
    /// What was listed and state does not know, by type and name.
    pub unmanaged: Vec<Unmanaged>,
    /// What could not be listed.
    pub unlisted: Vec<Unlisted>,
    /// The user stopped it: it is not complete.
    pub cancelled: bool,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// The targets that name nothing in a state: whoever only looks at some objects must know that there are none.
#[must_use]
pub fn unknown_targets<'t>(targets: &'t [Target], snapshot: &Snapshot) -> Vec<&'t Target> {
    let known = |target: &&Target| {
        let mut instances = snapshot.instances();
        instances.any(|(addr, ..)| names(target, &addr))
    };
    targets.iter().filter(|target| !known(target)).collect()
}

/// Looks how all objects are, without planning anything (`terrane drift`). Driven like [`Planner`].
#[derive(Debug)]
pub struct Survey(Box<Core>);

impl Survey {
    /// Begins. Of the options, targets, exclusions and the workspace matter.
    #[must_use]
    pub fn new(input: PlanInput, list: Listed) -> Self {
        Self(Box::new(Core::survey(input, list)))
    }

    /// Requests that can be carried out now. Each is returned once.
    pub fn poll(&mut self) -> Vec<Request> {
        self.0.poll()
    }

    /// Takes an answer.
    pub fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>) {
        self.0.on(id, outcome);
    }

    /// What happened since the last call, for the user.
    pub fn progress(&mut self) -> Vec<Progress> {
        self.0.progress()
    }

    /// The user wants to stop: no further requests are made.
    pub fn cancel(&mut self) {
        self.0.cancel();
    }

    /// A request was given up before it was carried out: no answer comes. Only after [`Self::cancel`].
    pub fn forget(&mut self, id: RequestId) {
        self.0.forget(id);
    }

    /// What was found.
    pub fn finish(self) -> Surveyed {
        self.0.finish_survey()
    }
}

/// Adds the provider configurations that state names and the configuration does not, as far as they need no arguments: the implied ones of the root module.
/// To be called on a configuration before it is planned or applied.
pub fn complete_providers(
    config: &mut Config,
    snapshot: &Snapshot,
    providers: &BTreeMap<ProviderAddr, ProviderInfo>,
) {
    let open = snapshot.open.values().map(|intent| &intent.provider);
    for addr in snapshot
        .resources
        .values()
        .map(|resource| &resource.provider)
        .chain(open)
    {
        let known = config
            .providers
            .iter()
            .any(|provider| provider.addr == *addr);
        let declared = config
            .providers
            .iter()
            .any(|provider| provider.addr.provider == addr.provider && provider.span.is_some());
        let implied = addr.module.is_root() && addr.alias.is_none() && !declared;
        let Some(info) = providers
            .get(&addr.provider)
            .filter(|_| !known && implied && !config.modules.is_empty())
        else {
            continue;
        };
        let span = Span::new(FileId(0), 0, 0);
        config.providers.push(ProviderConfig {
            addr: addr.clone(),
            module: ModuleId(0),
            span: None,
            body: CompiledBody::empty(info.schema.provider.block.clone(), span),
            for_each: None,
            fixed: None,
            used: true,
            problems: Diagnostics::new(),
        });
    }
}
