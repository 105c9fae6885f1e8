//! From an approved plan to events: the applying machine.
//!
//! It follows the execution graph of the plan and decides nothing. Before a provider is asked to change anything, an intent is made durable; when the answer
//! comes, an outcome. The shell carries out what [`Applier::poll`] returns, in any order.

mod applying;
mod begin;
mod closing;
mod core;
mod duration;
mod ephemeral;
mod invoking;
mod object;
mod outputs;
mod provisioning;
mod ready;
mod recording;
pub mod rules;
mod step;

use crate::core::Core;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::config::Config;
use terrane_gate::ApprovedPlan;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::functions::Functions;
use terrane_model::addr::{InstanceAddr, ProviderAddr};
use terrane_model::event::Event;
use terrane_model::provider::{Call, CallFailure, Places, ProviderInfo, Reply};
use terrane_model::snapshot::Snapshot;
use terrane_plan::machine::{ProviderInstance, RequestId};
use terrane_plan::plan::Action;
use terrane_value::Value;

/// Why a plan does not fit the state any more; empty if it does. Names what changed.
pub fn stale(plan: &terrane_plan::plan::Plan, snapshot: &Snapshot) -> Diagnostics {
    begin::check_fresh(plan, snapshot)
}

/// What is to be applied, and to what.
#[derive(Debug)]
pub struct ApplyInput {
    /// The plan.
    pub plan: ApprovedPlan,
    /// The configuration that it was made from.
    pub config: Arc<Config>,
    /// The state now.
    pub snapshot: Arc<Snapshot>,
    /// Schemas and abilities.
    pub providers: BTreeMap<ProviderAddr, ProviderInfo>,
    /// Root variables, by index, converted and marked (from the plan; ephemeral ones given again).
    pub variables: Vec<Value>,
    /// What functions may use, now with `impure`.
    pub functions: Functions,
    /// Names the run (a UUID).
    pub run: EcoString,
    /// Who, for the history: `user@host`.
    pub who: EcoString,
    /// The command, for the history.
    pub command: EcoString,
    /// `path.cwd`
    pub cwd: EcoString,
    /// The digest of the plan, for the history. Empty where there is none.
    pub digest: EcoString,
    /// The number before the first one that operations of this run may have, where it is not alone: runs that go on at the same time count apart. `None`: they
    /// go on behind the last one of the state.
    pub first_op: Option<u64>,
    /// How many steps may be under way at the same time (`-parallelism`). Steps of providers whose calls never wait are not counted.
    pub places: Places,
}

/// Something to be done by the shell.
#[derive(Debug)]
pub enum ApplyRequest {
    /// Make these events durable, all or none, in this order among all `Persist` requests. Answer with [`Applier::on_persisted`]. The shell may join
    /// several such requests that are there at the same time into one commit.
    Persist(RequestId, Vec<Event>),
    /// Ask a provider, about this instance if it is about one. Answer with [`Applier::on_reply`].
    Call(RequestId, ProviderInstance, Option<InstanceAddr>, Call),
    /// Run a provisioner. Answer with [`Applier::on_provisioned`].
    Provision(RequestId, Provision),
}

/// Why events could not be made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaved {
    /// A sentence without a full stop.
    pub problem: String,
    /// What the user can do about it, where that is known.
    pub way_out: Option<&'static str>,
}

/// A provisioner to run.
#[derive(Clone, Debug)]
pub struct Provision {
    /// For which instance.
    pub addr: InstanceAddr,
    /// `local-exec`, `remote-exec`, `file`.
    pub type_name: EcoString,
    /// Its arguments, wholly known and unmarked.
    pub config: Value,
    /// Its connection, or null.
    pub connection: Value,
    /// Whether its output must not be shown (its arguments hold sensitive values).
    pub quiet: bool,
}

/// What the user may want to see while applying goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// A step began.
    Start {
        /// The instance.
        addr: InstanceAddr,
        /// The deposed object, if it is one.
        deposed: Option<EcoString>,
        /// Create, Update, Delete, Read or Forget.
        action: Action,
        /// The name of the attribute that identifies the object, and its value, if known: `id`.
        id: Option<(EcoString, EcoString)>,
    },
    /// A step ended well.
    Done {
        /// The instance.
        addr: InstanceAddr,
        /// The deposed object, if it is one.
        deposed: Option<EcoString>,
        /// Create, Update, Delete, Read or Forget.
        action: Action,
        /// The name of the attribute that identifies the object, and its value, if known.
        id: Option<(EcoString, EcoString)>,
    },
    /// A step failed.
    Failed {
        /// The instance.
        addr: InstanceAddr,
        /// The deposed object, if it is one.
        deposed: Option<EcoString>,
        /// Create, Update, Delete, Read or Forget.
        action: Action,
    },
    /// A provisioner began.
    ProvisionStart(InstanceAddr, EcoString),
    /// A provisioner ended; whether well.
    ProvisionDone(InstanceAddr, EcoString, bool),
    /// An action began.
    InvokeStart(InstanceAddr),
    /// What an action said.
    InvokeSays(InstanceAddr, String),
    /// An action ended; whether well.
    InvokeDone(InstanceAddr, bool),
    /// Something happened to an ephemeral instance.
    Ephemeral(terrane_plan::ephemeral::EphemeralProgress),
}

/// How applying ended.
#[derive(Debug)]
pub struct Applied {
    /// How many objects were made, changed and destroyed (a replacement counts as one made and one destroyed).
    pub added: usize,
    /// Changed.
    pub changed: usize,
    /// Destroyed.
    pub destroyed: usize,
    /// Imported.
    pub imported: usize,
    /// Forgotten.
    pub forgotten: usize,
    /// All messages.
    pub diagnostics: Diagnostics,
    /// Whether it was cut short by the user.
    pub cancelled: bool,
}

/// The machine.
///
/// Call [`Self::poll`] first and after each answer; it is done when [`Self::is_done`] says so.
#[derive(Debug)]
pub struct Applier(Box<Core>);

impl Applier {
    /// Begins.
    ///
    /// # Errors
    /// When the plan does not fit the state (stale: names the resources that changed) or the configuration.
    pub fn new(input: ApplyInput) -> Result<Self, Diagnostics> {
        Core::new(input).map(|core| Self(Box::new(core)))
    }

    /// When [`Self::poll`] must be called again at the latest, although no answer came: an ephemeral instance is due for renewal then.
    /// In the time of `now_ms`.
    #[must_use]
    pub fn wake_at(&self) -> Option<u64> {
        self.0.next_renewal()
    }

    /// What can be done now. Each request is returned once. `now_ms` stamps the events; it is never earlier than before.
    pub fn poll(&mut self, now_ms: u64) -> Vec<ApplyRequest> {
        self.0.poll(now_ms)
    }

    /// A `Persist` request was carried out, or could not be.
    pub fn on_persisted(&mut self, id: RequestId, outcome: Result<(), Unsaved>) {
        self.0.on_persisted(id, outcome);
    }

    /// A provider answered.
    pub fn on_reply(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>, now_ms: u64) {
        self.0.on_reply(id, outcome, now_ms);
    }

    /// A provisioner ended; `Err`: what it said.
    pub fn on_provisioned(&mut self, id: RequestId, outcome: Result<(), String>) {
        self.0.on_provisioned(id, outcome);
    }

    /// What happened since the last call, for the user.
    pub fn progress(&mut self) -> Vec<Progress> {
        self.0.progress()
    }

    /// First interrupt: what is in flight is finished, nothing new is begun.
    pub fn cancel(&mut self) {
        self.0.cancel();
    }

    /// Whether everything is done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// The result.
    #[must_use]
    pub fn finish(self) -> Applied {
        self.0.finish()
    }
}
