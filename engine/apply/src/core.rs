//! The schedule: ready counters over the execution graph, limits, and the bookkeeping of requests.

use crate::duration;
use crate::ephemeral::{Lease, leases};
use crate::invoking::{Invocation, invocations};
use crate::ready::{LaneId, Ready};
use crate::rules;
use crate::step::{Phase, Running, provider_message};
use crate::{ApplyInput, ApplyRequest, Progress, Provision, Unsaved, begin};
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::{InstanceAddr, InstanceKey, ProviderAddr, ProviderConfigAddr};

use terrane_model::event::{Event, EventKind};
use terrane_model::provider::{Call, CallFailure, ProviderInfo, Reply};
use terrane_model::secrets::Secrets;
use terrane_model::snapshot::Snapshot;
use terrane_plan::exec::StepKind;
use terrane_plan::machine::{ProviderInstance, RequestId};
use terrane_plan::plan::{Plan, PlanMode, ResourceChange};
use terrane_plan::replay::{Evaluator, Given};
use terrane_value::Value;

/// What an outstanding request is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waiting {
    /// The first events of the run.
    Opening,
    /// The last events of the run.
    Closing,
    /// Events, call or provisioner of a running step.
    Step(usize),
    /// Configuring a provider: index into `providers`.
    Provider(usize),
    /// A call about an ephemeral instance: index into `leases`.
    Lease(usize),
    /// Events or call of an action: index into `invocations`.
    Invocation(usize),
}

/// Who waits for a provider to be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiter {
    /// A running step.
    Step(usize),
    /// An ephemeral instance.
    Lease(usize),
    /// An action.
    Invocation(usize),
}

/// A provider instance.
#[derive(Debug)]
struct Provider {
    instance: ProviderInstance,
    ready: Option<bool>,
    waiters: Vec<Waiter>,
}

/// How far the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Steps,
    Closing,
    Done,
}

/// Most steps that may be under way at the same time, whatever their providers are like.
const MOST_OPEN: usize = 1024;

/// The applier's working state.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) plan: Plan,
    /// What providers may quote, and must not be shown.
    pub(crate) secrets: Secrets,
    pub(crate) infos: BTreeMap<ProviderAddr, ProviderInfo>,
    pub(crate) evaluator: Option<Evaluator>,
    pub(crate) config: Arc<terrane_config::config::Config>,
    pub(crate) snapshot: Arc<Snapshot>,
    run: EcoString,
    who: EcoString,
    command: EcoString,
    digest: EcoString,
    stage: Stage,
    /// By step: how many of those that it waits for are not done.
    pending: Vec<u32>,
    dependents: Vec<Vec<u32>>,
    /// Steps that may begin.
    pub(crate) ready: Ready,
    /// By step: the longest way to the end of the run, in milliseconds.
    ways: Vec<u64>,
    pub(crate) running: Vec<Option<Running>>,
    free: Vec<usize>,
    pub(crate) in_flight: usize,
    pub(crate) leases: Vec<Lease>,
    pub(crate) invocations: Vec<Invocation>,
    /// How many of what is in flight only keeps something open.
    pub(crate) renewing: usize,
    /// Deposed keys that this run gave, by change.
    pub(crate) deposed: BTreeMap<usize, terrane_model::addr::DeposedKey>,
    providers: Vec<Provider>,
    by_instance: BTreeMap<ProviderInstance, usize>,
    requests: Vec<ApplyRequest>,
    waiting: BTreeMap<u64, Waiting>,
    next_request: u64,
    next_op: u64,
    pub(crate) progress: Vec<Progress>,
    pub(crate) counts: Counts,
    pub(crate) diagnostics: Diagnostics,
    pub(crate) cancelled: bool,
    /// Events can't be made durable any more: nothing further is begun.
    broken: bool,
    pub(crate) now_ms: u64,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) added: usize,
    pub(crate) changed: usize,
    pub(crate) destroyed: usize,
    pub(crate) forgotten: usize,
    pub(crate) imported: usize,
}

impl Core {
    #[expect(clippy::too_many_lines, reason = "all that the machine holds, once")]
    pub(crate) fn new(input: ApplyInput) -> Result<Self, Diagnostics> {
        let ApplyInput {
            plan,
            config,
            snapshot,
            providers,
            variables,
            functions,
            run,
            who,
            command,
            cwd,
            digest,
            first_op,
            places,
        } = input;
        let plan = plan.into_plan();
        let stale = begin::check_fresh(&plan, &snapshot);
        if stale.has_errors() {
            return Err(stale);
        }
        let foreign = begin::check_state(&plan, &snapshot, &providers);
        if foreign.has_errors() {
            return Err(foreign);
        }
        let mut secrets = Secrets::default();
        for value in &variables {
            secrets.add(value);
        }
        let given = Given {
            config: config.clone(),
            snapshot: snapshot.clone(),
            variables,
            functions,
            cwd,
        };
        let evaluator = Evaluator::new(&plan, given)?;
        let steps = &plan.graph.steps;
        let mut dependents = vec![Vec::new(); steps.len()];
        for (at, step) in (0u32..).zip(steps) {
            for after in &step.after {
                dependents[after.0 as usize].push(at);
            }
        }
        let pending: Vec<u32> = steps
            .iter()
            .map(|step| u32::try_from(step.after.len()).expect("fewer than 2^32 steps"))
            .collect();

        let next_op = first_op.unwrap_or(snapshot.last_op);
        let mut core = Self {
            leases: leases(&plan),
            invocations: invocations(&plan),
            renewing: 0,
            plan,
            secrets,
            infos: providers,
            evaluator: Some(evaluator),
            config,
            snapshot,
            run,
            who,
            command,
            digest,
            stage: Stage::Opening,
            pending,
            dependents,
            ready: Ready::new(places),
            ways: Vec::new(),
            running: Vec::new(),
            free: Vec::new(),
            in_flight: 0,
            deposed: BTreeMap::new(),
            providers: Vec::new(),
            by_instance: BTreeMap::new(),
            requests: Vec::new(),
            waiting: BTreeMap::new(),
            next_request: 0,
            next_op,
            progress: Vec::new(),
            counts: Counts::default(),
            diagnostics: Diagnostics::new(),
            cancelled: false,
            broken: false,
            now_ms: 0,
        };
        core.ways = duration::ways(
            &core.plan,
            &core.snapshot,
            &core.dependents,
            &core.pending,
            |change| (!core.is_instant(change)).then(|| core.provisioner_count(change)),
        );
        for at in (0u32..).take(core.pending.len()) {
            if core.pending[at as usize] == 0 {
                core.queue(at);
            }
        }
        Ok(core)
    }

    pub(crate) fn poll(&mut self, now_ms: u64) -> Vec<ApplyRequest> {
        self.now_ms = now_ms;
        if self.stage == Stage::Opening && self.waiting.is_empty() && self.requests.is_empty() {
            self.open();
        }
        if self.stage == Stage::Steps {
            self.begin_steps();
            let idle =
                self.in_flight == self.renewing && (self.ready.is_empty() || self.stopping());
            if !idle {
                self.renew_leases();
            } else if !self.close_leases() {
                self.close();
            }
        }
        std::mem::take(&mut self.requests)
    }

    pub(crate) fn stopping(&self) -> bool {
        self.cancelled || self.broken
    }

    fn open(&mut self) {
        let mut kinds = vec![EventKind::Run {
            run: self.run.clone(),
            plan: self.digest.clone(),
            command: self.command.clone(),
            who: self.who.clone(),
        }];
        kinds.extend(begin::opening(&self.plan, &self.snapshot, &self.infos));
        self.counts.imported = self
            .plan
            .changes
            .iter()
            .filter(|change| change.importing.is_some())
            .count();
        self.persist_as(kinds, Waiting::Opening);
    }

    /// A step waits for nothing any more.
    fn queue(&mut self, at: u32) {
        let lane = match self.plan.graph.steps[at as usize].kind {
            // Whoever is done with something must not wait for a place to close it.
            StepKind::Join | StepKind::Close(_) => None,
            StepKind::Open(of) => self.lane_of_ephemeral(of as usize),
            StepKind::Invoke(of) => self.lane_of_invocation(of as usize),
            StepKind::Apply(change) | StepKind::Destroy(change) | StepKind::Forget(change) => {
                self.lane(change as usize)
            }
        };
        match lane {
            None => self.ready.push_free(at),
            Some(lane) => self.ready.push(lane, self.ways[at as usize], at),
        }
    }

    /// Where the steps of a change get their places; `None`: they need none.
    fn lane(&mut self, change: usize) -> Option<LaneId> {
        if self.is_instant(change) {
            return None;
        }
        let change = &self.plan.changes[change];
        let limit = limit_of(&self.infos, &change.provider.provider);
        let key = change.provider_key.as_ref();
        Some(self.ready.lane(&change.provider, key, limit))
    }

    /// The same for an action.
    pub(crate) fn lane_of_invocation(&mut self, at: usize) -> Option<LaneId> {
        let invocation = &self.plan.invocations[at];
        if self.provider_is_instant(&invocation.provider.provider) {
            return None;
        }
        let limit = limit_of(&self.infos, &invocation.provider.provider);
        let key = invocation.provider_key.as_ref();
        Some(self.ready.lane(&invocation.provider, key, limit))
    }

    /// The same for an ephemeral instance.
    pub(crate) fn lane_of_ephemeral(&mut self, at: usize) -> Option<LaneId> {
        let instance = &self.plan.ephemerals[at];
        if self.provider_is_instant(&instance.provider.provider) {
            return None;
        }
        let limit = limit_of(&self.infos, &instance.provider.provider);
        let key = instance.provider_key.as_ref();
        Some(self.ready.lane(&instance.provider, key, limit))
    }

    /// Begins steps that wait for nothing, as far as the limits allow.
    fn begin_steps(&mut self) {
        while !self.stopping() {
            // The number of open intents is bounded: after a crash each of them has to be looked at.
            let next = if self.in_flight < MOST_OPEN {
                self.ready.next()
            } else {
                None
            };
            let Some(at) = next else { return };
            match self.plan.graph.steps[at as usize].kind {
                StepKind::Join => self.succeed(at),
                StepKind::Open(of) => self.begin_open(of as usize),
                StepKind::Invoke(of) => self.begin_invoke(of as usize),
                StepKind::Close(of) => self.begin_close(of as usize),
                StepKind::Apply(change) | StepKind::Destroy(change) | StepKind::Forget(change) => {
                    self.begin_step(at, change as usize);
                }
            }
        }
    }

    /// Whether calls of the provider never wait, so that they take no place among the parallel ones (unless a provisioner runs, which does wait).
    fn is_instant(&self, at: usize) -> bool {
        let change = &self.plan.changes[at];
        self.provider_is_instant(&change.provider.provider) && self.provisioner_count(at) == 0
    }

    /// How many provisioners there are for a change.
    fn provisioner_count(&self, change: usize) -> usize {
        let change = &self.plan.changes[change];
        self.evaluator
            .as_ref()
            .map_or(0, |evaluator| evaluator.provisioners(change).1.len())
    }

    pub(crate) fn provider_is_instant(&self, provider: &ProviderAddr) -> bool {
        self.infos
            .get(provider)
            .is_some_and(|info| info.abilities.instant)
    }

    fn begin_step(&mut self, at: u32, change: usize) {
        self.in_flight += 1;
        let lane = self.lane(change);
        if let Some(lane) = lane {
            self.ready.take(lane);
        }
        let kind = self.plan.graph.steps[at as usize].kind;
        let running = Running::new(at, change, kind, self.now_ms, lane);
        let id = match self.free.pop() {
            Some(id) => {
                self.running[id] = Some(running);
                id
            }
            None => {
                self.running.push(Some(running));
                self.running.len() - 1
            }
        };
        self.start(id);
    }

    /// A step ended well: those that only waited for it are ready.
    pub(crate) fn succeed(&mut self, at: u32) {
        for dependent in std::mem::take(&mut self.dependents[at as usize]) {
            let count = &mut self.pending[dependent as usize];
            *count -= 1;
            if *count == 0 {
                self.queue(dependent);
            }
        }
    }

    /// A running step is over.
    pub(crate) fn end(&mut self, id: usize, well: bool) {
        let Some(running) = self.running[id].take() else {
            return;
        };
        self.free.push(id);
        self.in_flight -= 1;
        if let Some(lane) = running.lane {
            self.ready.give_back(lane);
        }
        if well {
            self.succeed(running.step);
        }
    }

    pub(crate) fn ask(&mut self, id: usize, call: Call) {
        let Some(instance) = self.instance_of(id) else {
            return;
        };
        let about = self.running[id]
            .as_ref()
            .map(|running| self.plan.changes[running.change].addr.clone());
        self.call(Waiting::Step(id), instance, about, call);
    }

    /// Asks for a call. `about`: the instance that it is about, if it is about one.
    pub(crate) fn call(
        &mut self,
        waiting: Waiting,
        instance: ProviderInstance,
        about: Option<InstanceAddr>,
        call: Call,
    ) {
        let request = self.request(waiting);
        self.requests
            .push(ApplyRequest::Call(request, instance, about, call));
    }

    pub(crate) fn persist(&mut self, id: usize, kinds: Vec<EventKind>) {
        self.persist_as(kinds, Waiting::Step(id));
    }

    pub(crate) fn persist_as(&mut self, kinds: Vec<EventKind>, waiting: Waiting) {
        let request = self.request(waiting);
        let at_ms = self.now_ms;
        self.requests.push(ApplyRequest::Persist(
            request,
            kinds
                .into_iter()
                .map(|kind| Event { at_ms, kind })
                .collect(),
        ));
    }

    pub(crate) fn provision(&mut self, id: usize, provision: Provision) {
        let request = self.request(Waiting::Step(id));
        self.requests
            .push(ApplyRequest::Provision(request, provision));
    }

    fn request(&mut self, waiting: Waiting) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        self.waiting.insert(id.0, waiting);
        id
    }

    pub(crate) fn new_op(&mut self) -> u64 {
        self.next_op += 1;
        self.next_op
    }

    /// Names a change, the same however often it is asked for.
    pub(crate) fn token(&self, op: u64) -> EcoString {
        ecow::eco_format!("{}-{op:x}", self.run)
    }

    fn instance_of(&self, id: usize) -> Option<ProviderInstance> {
        let change = &self.plan.changes[self.running[id].as_ref()?.change];
        self.instance(&change.provider, change.provider_key.as_ref())
    }

    pub(crate) fn instance(
        &self,
        addr: &ProviderConfigAddr,
        key: Option<&InstanceKey>,
    ) -> Option<ProviderInstance> {
        Some(ProviderInstance {
            config: self.evaluator.as_ref()?.provider(addr)?,
            key: key.cloned(),
        })
    }

    /// Makes sure that the provider of a step is configured. `true`: it is; else the step is woken when it is, or has failed.
    pub(crate) fn provider_ready(&mut self, id: usize) -> bool {
        let Some(instance) = self.instance_of(id) else {
            let addr = self.running[id]
                .as_ref()
                .map(|running| self.plan.changes[running.change].addr.to_string())
                .unwrap_or_default();
            self.diagnostics.push(Diagnostic::error(&rules::apply::NO_PROVIDER_CONFIGURATION, format!("The provider configuration that manages {addr} is not in the configuration any more.")).about(addr));
            self.fail(id);
            return false;
        };
        match self.configure(instance, Waiter::Step(id)) {
            Some(true) => true,
            Some(false) => {
                self.fail(id);
                false
            }
            None => false,
        }
    }

    /// Makes sure that a provider is configured. `Some`: whether it is; `None`: who waits is woken when it is, or has failed.
    pub(crate) fn configure(&mut self, instance: ProviderInstance, waiter: Waiter) -> Option<bool> {
        if let Some(at) = self.by_instance.get(&instance).copied() {
            let provider = &mut self.providers[at];
            if provider.ready.is_none() {
                provider.waiters.push(waiter);
            }
            return provider.ready;
        }
        let at = self.providers.len();
        self.by_instance.insert(instance.clone(), at);
        let config = self.evaluator.as_ref().map_or_else(
            || Err(Diagnostics::new()),
            |evaluator| evaluator.provider_config(instance.config, instance.key.as_ref()),
        );
        self.providers.push(Provider {
            instance: instance.clone(),
            ready: None,
            waiters: vec![waiter],
        });
        match config {
            Ok(config) if config.is_wholly_known() => {
                self.secrets.add(&config);
                self.call(
                    Waiting::Provider(at),
                    instance,
                    None,
                    Call::Configure {
                        config: config.unmark_deep(),
                        may_defer: false,
                    },
                );
            }
            Ok(_) => {
                let addr = self.config.provider(instance.config).addr.to_string();
                self.diagnostics.push(Diagnostic::error(
                    &rules::apply::UNKNOWN_PROVIDER_CONFIGURATION,
                    format!("The configuration for {addr} depends on values that are still not known, so objects that it manages can't be changed."),
                ));
                self.provider_settled(at, false);
            }
            Err(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                if !self.diagnostics.has_errors() {
                    // What it refers to did not fail: it was not there yet.
                    let addr = self.config.provider(instance.config).addr.to_string();
                    self.diagnostics.push(Diagnostic::error(
                        &rules::apply::EARLY_PROVIDER,
                        format!("The configuration for {addr} refers to something that is not there while it is needed, so objects that it manages can't be changed."),
                    ));
                }
                self.provider_settled(at, false);
            }
        }
        None
    }

    fn provider_settled(&mut self, at: usize, ready: bool) {
        self.providers[at].ready = Some(ready);
        for waiter in std::mem::take(&mut self.providers[at].waiters) {
            match (waiter, ready) {
                (Waiter::Step(id), true) => self.start(id),
                (Waiter::Step(id), false) => self.fail(id),
                (Waiter::Lease(at), true) => self.open_lease(at),
                (Waiter::Lease(at), false) => self.lease_failed(at),
                (Waiter::Invocation(at), true) => self.prepare_invocation(at),
                (Waiter::Invocation(at), false) => self.end_invocation(at, false),
            }
        }
    }

    pub(crate) fn on_persisted(&mut self, id: RequestId, outcome: Result<(), Unsaved>) {
        let Some(waiting) = self.waiting.remove(&id.0) else {
            return;
        };
        if let Err(Unsaved { problem, way_out }) = &outcome {
            if !self.broken {
                self.diagnostics.push(
                    Diagnostic::error(&rules::apply::STATE_NOT_SAVED, format!("What was done could not be recorded: {problem}. Nothing further was begun. Changes that were under way may have been made: run `terrane plan` when the cause is mended."))
                        .hint(way_out.unwrap_or("mend the cause, then run `terrane plan`")),
                );
            }
            self.broken = true;
        }
        match waiting {
            Waiting::Opening if outcome.is_ok() => self.stage = Stage::Steps,
            Waiting::Opening | Waiting::Closing => self.stage = Stage::Done,
            Waiting::Step(step) => self.persisted(step, outcome.is_ok()),
            Waiting::Invocation(at) => self.invocation_persisted(at, outcome.is_ok()),
            Waiting::Provider(_) | Waiting::Lease(_) => {}
        }
    }

    pub(crate) fn on_reply(
        &mut self,
        id: RequestId,
        outcome: Result<Reply, CallFailure>,
        now_ms: u64,
    ) {
        self.now_ms = now_ms;
        match self.waiting.remove(&id.0) {
            Some(Waiting::Step(step)) => self.replied(step, outcome),
            Some(Waiting::Lease(at)) => self.lease_answered(at, outcome),
            Some(Waiting::Invocation(at)) => self.invocation_answered(at, outcome),
            Some(Waiting::Provider(at)) => {
                let instance = self.providers[at].instance.clone();
                let declared = &self.config.provider(instance.config).addr;
                let ready = match outcome {
                    Ok(reply) => {
                        let name = declared.to_string();
                        let failed = reply.has_errors();
                        let messages = reply.diagnostics.iter();
                        self.diagnostics.extend(messages.map(|message| {
                            provider_message(&self.secrets.hide_in(message), None)
                                .about(name.clone())
                        }));
                        !failed
                    }
                    Err(failure) => {
                        self.diagnostics.push(Diagnostic::error(
                            &rules::apply::PROVIDER_NOT_CONFIGURED,
                            self.secrets
                                .no_answer(&declared.provider.for_display(), &failure),
                        ));
                        false
                    }
                };
                self.provider_settled(at, ready);
            }
            Some(Waiting::Opening | Waiting::Closing) | None => {}
        }
    }

    pub(crate) fn on_provisioned(&mut self, id: RequestId, outcome: Result<(), String>) {
        if let Some(Waiting::Step(step)) = self.waiting.remove(&id.0) {
            self.provisioned(step, outcome);
        }
    }

    pub(crate) fn progress(&mut self) -> Vec<Progress> {
        std::mem::take(&mut self.progress)
    }

    pub(crate) fn cancel(&mut self) {
        self.cancelled = true;
        // Steps that have asked for nothing that changes the world can be dropped at once.
        for id in 0..self.running.len() {
            let droppable = self.running[id]
                .as_ref()
                .is_some_and(|running| running.phase == Phase::WaitingForProvider);
            if droppable {
                for provider in &mut self.providers {
                    provider
                        .waiters
                        .retain(|waiter| *waiter != Waiter::Step(id));
                }
                self.end(id, false);
            }
        }
        for provider in &mut self.providers {
            provider
                .waiters
                .retain(|waiter| matches!(waiter, Waiter::Step(_)));
        }
        self.drop_waiting_leases();
        self.drop_waiting_invocations();
    }

    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Outputs and checks.
    fn close(&mut self) {
        self.stage = Stage::Closing;
        if self.broken {
            self.stage = Stage::Done;
            return;
        }
        let Some(mut evaluator) = self.evaluator.take() else {
            return;
        };
        let partly = !self.plan.targets.is_empty() || !self.plan.excludes.is_empty();
        if self.plan.mode == PlanMode::Normal && !partly && !self.cancelled {
            evaluator.settle_rest(&mut self.diagnostics);
        }
        evaluator.settle_rules(&mut self.diagnostics);
        let mut kinds = self.output_events(&evaluator);
        self.warn_of_parts();
        if self.plan.mode != PlanMode::Destroy {
            let mut messages = Diagnostics::new();
            let results = match self.plan.mode {
                // Nothing has changed since they were looked at.
                PlanMode::RefreshOnly => self.plan.checks.clone(),
                PlanMode::Normal | PlanMode::Destroy => {
                    evaluator.finish_checks(&self.plan.checks, &mut messages)
                }
            };
            let planned: Vec<(String, Option<terrane_lang::source::Span>)> = self
                .diagnostics
                .iter()
                .map(|known| (known.summary.clone(), known.subject))
                .collect();
            self.diagnostics.extend(
                messages.into_iter().filter(|message| {
                    !planned.contains(&(message.summary.clone(), message.subject))
                }),
            );
            if results != self.snapshot.checks {
                kinds.push(EventKind::Checked(results));
            }
        } else if self.snapshot.checks != self.plan.checks {
            // Nothing is checked where everything goes: the plan says so.
            kinds.push(EventKind::Checked(self.plan.checks.clone()));
        }
        if kinds.is_empty() {
            self.stage = Stage::Done;
        } else {
            self.persist_as(kinds, Waiting::Closing);
        }
    }

    pub(crate) fn change(&self, id: usize) -> Option<&ResourceChange> {
        Some(&self.plan.changes[self.running[id].as_ref()?.change])
    }

    pub(crate) fn evaluate<T>(
        &self,
        how: impl FnOnce(&Evaluator) -> Result<T, Diagnostics>,
    ) -> Result<T, Diagnostics> {
        self.evaluator
            .as_ref()
            .map_or_else(|| Err(Diagnostics::new()), how)
    }

    pub(crate) fn set_value(&mut self, change: usize, value: Result<Value, ()>) {
        if let Some(evaluator) = &mut self.evaluator {
            evaluator.set(change, value);
        }
    }
}

/// The version of the schema of what identifies the object of a change.
pub(crate) fn identity_version(
    infos: &BTreeMap<ProviderAddr, ProviderInfo>,
    change: &ResourceChange,
) -> u64 {
    infos
        .get(&change.provider.provider)
        .and_then(|info| info.schema.identities.get(&change.addr.resource.type_name))
        .map_or(0, |schema| schema.version)
}

/// The schema of the object of a change.
pub(crate) fn schema_of(
    infos: &BTreeMap<ProviderAddr, ProviderInfo>,
    change: &ResourceChange,
) -> Option<Arc<terrane_model::schema::Schema>> {
    let schema = &infos.get(&change.provider.provider)?.schema;
    let schemas = match change.addr.resource.mode {
        terrane_model::addr::Mode::Data => &schema.data_sources,
        terrane_model::addr::Mode::Managed => &schema.resources,
        terrane_model::addr::Mode::Ephemeral => &schema.ephemeral_resources,
        terrane_model::addr::Mode::Action => &schema.actions,
    };
    schemas.get(&change.addr.resource.type_name).cloned()
}

/// How many calls a provider takes at once, 0 if it does not say.
fn limit_of(infos: &BTreeMap<ProviderAddr, ProviderInfo>, provider: &ProviderAddr) -> u32 {
    infos
        .get(provider)
        .map_or(0, |info| info.abilities.max_in_flight)
}
