//! Carries requests to providers, within limits, and brings back the answers.

use super::budget::Budget;
use super::flying::Flying;
use super::limit::Limit;
use super::queue::{Asked, Queue, Queued, winds_up};
use crate::interrupt::Interrupt;
use crate::providers::Registry;
use crate::remote_state::READER;
use ecow::EcoString;
use futures::FutureExt as _;
use rayon::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use terrane_apply::Provision;
use terrane_config::config::Config;
use terrane_model::addr::InstanceAddr;
use terrane_model::provider::{Call, CallFailure, Places, ProviderInfo, Reply};
use terrane_model::schema::ProviderSchema;
use terrane_plan::machine::{ProviderInstance, RequestId};
use terrane_plan::memo::{self, Memo};
use terrane_provider::{Provider, ProviderFactory};
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, mpsc};

/// From this attempt on a call that is refused waits behind the others: it may be refused for another reason than theirs.
const PATIENT_ATTEMPTS: u32 = 3;
/// How often a call is made in all before its failure is final.
const MAX_ATTEMPTS: u32 = 40;

/// So many calls that never wait are made on several threads.
const PARALLEL_FROM: usize = 256;

/// How long a call that changes nothing may still take after an interrupt.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// Whether nothing is lost if nobody waits for the answer.
fn may_be_left(call: &Call) -> bool {
    !matches!(
        call,
        Call::Apply { .. } | Call::InvokeAction { .. } | Call::OpenEphemeral { .. }
    )
}

/// Comes when the user has interrupted, and providers had time to end what they do.
async fn impatience(interrupt: &Interrupt) {
    interrupt.beyond(0).await;
    tokio::time::sleep(LAST_CHANCE).await;
}

/// Whether a call leaves everything as it is.
fn only_asks(call: &Call) -> bool {
    matches!(
        call,
        Call::ValidateResource { .. }
            | Call::ValidateDataSource { .. }
            | Call::UpgradeState { .. }
            | Call::Read { .. }
            | Call::Plan { .. }
    )
}

/// What comes back to the loop.
#[derive(Debug)]
pub(crate) enum Message {
    /// A provider answered.
    Reply {
        id: RequestId,
        from: ProviderInstance,
        outcome: Result<Reply, CallFailure>,
    },
    /// A request was given up before it was sent.
    GivenUp(RequestId),
    /// A call was refused for now. The pool keeps these to itself.
    Refused(Box<Refused>),
    /// What came of reading many objects. The pool deals it out.
    Many(Box<Many>),
    /// A provisioner wrote a line.
    Output(InstanceAddr, ecow::EcoString, String),
    /// A provisioner ended.
    Provisioned(RequestId, Result<(), String>),
}

/// A call that was refused, and may be made again.
#[derive(Debug)]
pub(crate) struct Refused {
    from: ProviderInstance,
    queued: Queued,
    /// When it was sent, by the clock of the pool.
    sent_ms: u64,
    failure: CallFailure,
    asked_ms: u64,
}

/// What came of a [`Call::ReadMany`].
#[derive(Debug)]
pub(crate) struct Many {
    from: ProviderInstance,
    queued: Queued,
    outcome: Result<Reply, CallFailure>,
}

/// The provider instances of one conversation.
#[derive(Debug)]
pub(crate) struct Pool {
    config: Arc<Config>,
    registry: Arc<Registry>,
    lanes: BTreeMap<ProviderInstance, Lane>,
    sender: mpsc::UnboundedSender<Message>,
    receiver: mpsc::UnboundedReceiver<Message>,
    interrupt: Arc<Interrupt>,
    /// Calls and provisioners that run as tasks.
    in_flight: usize,
    /// How many of these there may be.
    places: Places,
    provisions: VecDeque<(RequestId, Provision)>,
    stand_in: Option<Arc<dyn StandIn>>,
    /// What the stand-in answered.
    answered: Vec<(RequestId, Result<Reply, CallFailure>)>,
    /// Answers that came together, and are given one by one.
    dealt: VecDeque<Message>,
    /// What is waited for.
    flying: Flying,
    /// What else limits calls.
    budget: Option<Arc<Budget>>,
    /// What need not be asked again.
    memo: Option<Memo>,
    /// How many calls were made.
    calls: u64,
    /// The beginning of its clock.
    began: Instant,
    /// When something that waits may be sent, though nothing is answered until then.
    wake_ms: Option<u64>,
    /// Nothing is asked any more.
    gave_up: bool,
}

/// Something that answers in place of providers.
pub(crate) trait StandIn: Send + Sync + std::fmt::Debug {
    /// The answer to a call; `None`: it is for the provider. `about` is the instance that it is about.
    fn answer(
        &self,
        provider: &ProviderInstance,
        about: Option<&InstanceAddr>,
        call: &Call,
    ) -> Option<Reply>;
}

/// One provider instance.
#[derive(Debug)]
struct Lane {
    /// What it takes to know its answers again.
    known: Option<Known>,
    started: Arc<Started>,
    /// Its calls never wait: they are made at once, in the loop itself.
    instant: bool,
    queue: Queue,
    in_flight: usize,
    limit: Limit,
}

/// What tells a program from every other one, and what it offers.
#[derive(Debug)]
struct Known {
    identity: String,
    schema: Arc<ProviderSchema>,
}

/// An instance that is started by its first call.
#[derive(Debug)]
struct Started {
    factory: Result<Arc<dyn ProviderFactory>, String>,
    cell: OnceCell<Arc<dyn Provider>>,
    /// Whether the same change may be asked for again when it is not known whether it happened.
    resolves_tokens: bool,
}

impl Pool {
    pub(crate) fn new(
        config: Arc<Config>,
        registry: Arc<Registry>,
        interrupt: Arc<Interrupt>,
        places: Places,
    ) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            config,
            registry,
            lanes: BTreeMap::new(),
            sender,
            receiver,
            interrupt,
            in_flight: 0,
            places,
            provisions: VecDeque::new(),
            stand_in: None,
            answered: Vec::new(),
            dealt: VecDeque::new(),
            flying: Flying::default(),
            budget: None,
            memo: None,
            calls: 0,
            began: Instant::now(),
            wake_ms: None,
            gave_up: false,
        }
    }

    /// With something that answers in place of providers.
    #[must_use]
    pub(crate) fn with_stand_in(mut self, stand_in: Arc<dyn StandIn>) -> Self {
        self.stand_in = Some(stand_in);
        self
    }

    /// With no more calls in a minute than this allows, if there is such.
    #[must_use]
    pub(crate) fn with_budget(mut self, budget: Option<Arc<Budget>>) -> Self {
        self.budget = budget;
        self
    }

    /// With a memory of what need not be asked again, if there is one.
    #[must_use]
    pub(crate) fn with_memo(mut self, memo: Option<Memo>) -> Self {
        self.memo = memo;
        self
    }

    /// How many calls were made of providers that have to go somewhere for their answers.
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }

    /// Takes a request. It is carried out by [`Self::dispatch`].
    pub(crate) fn submit(
        &mut self,
        id: RequestId,
        provider: ProviderInstance,
        about: Option<&InstanceAddr>,
        call: Call,
    ) {
        if self.gave_up && !winds_up(&call) {
            self.dealt.push_back(Message::GivenUp(id));
            return;
        }
        if let Some(stand_in) = &self.stand_in
            && let Some(reply) = stand_in.answer(&provider, about, &call)
        {
            self.answered.push((id, Ok(reply)));
            return;
        }
        let lane = match self.lanes.get_mut(&provider) {
            Some(lane) => lane,
            None => {
                let lane = self.lane(&provider);
                self.lanes.entry(provider.clone()).or_insert(lane)
            }
        };
        if let (Some(memo), Some(known)) = (&mut self.memo, &lane.known) {
            let asked = memo::Asked {
                instance: &provider,
                identity: Some(&known.identity),
                schema: &known.schema,
            };
            if let Some(reply) = memo.answer(id, &asked, &call) {
                self.answered.push((id, Ok(reply)));
                return;
            }
        }
        let about = about.cloned();
        lane.queue.submit(Queued::new(id, Asked { about, call }));
    }

    fn lane(&self, provider: &ProviderInstance) -> Lane {
        let addr = &self.config.provider(provider.config).addr.provider;
        let info: Option<&ProviderInfo> = self.registry.infos().get(addr);
        let abilities = info.map(|info| info.abilities).unwrap_or_default();
        // What answers at once has nothing to gain.
        let reads_many = info
            .filter(|_| !abilities.instant)
            .map(|info| info.reads_many.clone())
            .unwrap_or_default();
        let factory = self.registry.factory(addr);
        let identity = factory.as_ref().ok().and_then(|factory| factory.identity());
        let known = info.zip(identity).map(|(info, identity)| Known {
            identity,
            schema: info.schema.clone(),
        });
        Lane {
            known: known.filter(|_| self.memo.is_some() && !abilities.instant),
            started: Arc::new(Started {
                factory,
                cell: OnceCell::new(),
                resolves_tokens: abilities.resolves_tokens,
            }),
            instant: abilities.instant,
            queue: Queue::new(reads_many),
            in_flight: 0,
            limit: Limit::new(self.places.of(abilities.max_in_flight)),
        }
    }

    /// Takes a provisioner.
    pub(crate) fn submit_provision(&mut self, id: RequestId, provision: Provision) {
        self.provisions.push_back((id, provision));
    }

    /// Starts as many tasks as the limits allow, then makes the calls that never wait. Returns the answers of the latter.
    pub(crate) async fn dispatch(&mut self) -> Vec<(RequestId, Result<Reply, CallFailure>)> {
        self.send();
        let mut answers = std::mem::take(&mut self.answered);
        for lane in self.lanes.values_mut().filter(|lane| lane.instant) {
            let started = lane.started.clone();
            let waiting: Vec<Queued> = std::iter::from_fn(|| lane.queue.pop()).collect();
            if waiting.len() >= PARALLEL_FROM
                && waiting.iter().all(|queued| only_asks(&queued.asked.call))
            {
                // Their answers are made of the calls alone, so it does not matter who comes first.
                let runtime = Handle::current();
                let answer = |queued: Queued| {
                    let outcome = runtime.block_on(started.call(queued.asked));
                    (queued.id, outcome)
                };
                answers.par_extend(waiting.into_par_iter().map(answer));
                continue;
            }
            for queued in waiting {
                answers.push((queued.id, started.call(queued.asked).await));
            }
        }
        answers
    }

    /// Starts as many tasks as the limits allow.
    fn send(&mut self) {
        let now_ms = self.now_ms();
        let all = self.places.all;
        let mut wake_ms: Option<u64> = None;
        for (provider, lane) in &mut self.lanes {
            if lane.instant {
                continue;
            }
            while !lane.queue.is_empty() {
                let urgent = lane.queue.is_urgent();
                let next_ms = lane.limit.next_ms(lane.in_flight, now_ms);
                let room = self.in_flight < all && next_ms.is_some_and(|at| at <= now_ms);
                if !(room || urgent) {
                    wake_ms = [wake_ms, next_ms].into_iter().flatten().min();
                    break;
                }
                if let Some(Err(pause_ms)) = self.budget.as_ref().map(|budget| budget.take())
                    && !urgent
                {
                    wake_ms = [wake_ms, Some(now_ms + pause_ms)]
                        .into_iter()
                        .flatten()
                        .min();
                    break;
                }
                let Some(queued) = lane.queue.pop() else {
                    break;
                };
                self.calls += 1;
                lane.in_flight += 1;
                self.in_flight += 1;
                lane.limit.sent(now_ms);
                let addr = &self.config.provider(provider.config).addr.provider;
                self.flying.begins(&queued, addr);
                spawn_call(
                    queued,
                    provider.clone(),
                    (lane.started.clone(), self.interrupt.clone()),
                    now_ms,
                    self.sender.clone(),
                );
            }
        }
        self.wake_ms = wake_ms;
        while self.in_flight < all
            && let Some((id, provision)) = self.provisions.pop_front()
        {
            self.in_flight += 1;
            crate::provision::spawn(id, provision, self.interrupt.clone(), self.sender.clone());
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether nothing is queued and nothing is in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.queued() == 0 && self.dealt.is_empty()
    }

    /// How many tasks run.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How many requests wait for a slot.
    pub(crate) fn queued(&self) -> usize {
        self.provisions.len()
            + self.answered.len()
            + self
                .lanes
                .values()
                .map(|lane| lane.queue.len())
                .sum::<usize>()
    }

    /// A message that is there already.
    pub(crate) fn ready(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.dealt.pop_front() {
                return Some(message);
            }
            let message = self.receiver.try_recv().ok()?;
            if let Some(message) = self.account(message) {
                return Some(message);
            }
        }
    }

    /// The next message. What waits is sent meanwhile as soon as it may be.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.dealt.pop_front() {
                return Some(message);
            }
            self.send();
            let wake_ms = self
                .wake_ms
                .unwrap_or(u64::MAX)
                .saturating_sub(self.now_ms());
            let message = tokio::select! {
                message = self.receiver.recv() => message?,
                () = tokio::time::sleep(Duration::from_millis(wake_ms.min(60_000))) => continue,
            };
            if let Some(message) = self.account(message) {
                return Some(message);
            }
        }
    }

    /// Keeps count. `None`: nobody else needs to know of it.
    fn account(&mut self, message: Message) -> Option<Message> {
        match message {
            Message::Reply { id, from, outcome } => {
                self.ended(&from, id);
                if let Some(memo) = &mut self.memo {
                    memo.told(id, &outcome);
                }
                if let Some(lane) = self.lanes.get_mut(&from) {
                    lane.limit.clean();
                }
                Some(Message::Reply { id, from, outcome })
            }
            Message::Refused(refused) => {
                self.ended(&refused.from, refused.queued.id);
                self.again(*refused)
            }
            Message::Many(many) => {
                self.ended(&many.from, many.queued.id);
                self.deal(*many);
                None
            }
            Message::Provisioned(..) => {
                self.in_flight = self.in_flight.saturating_sub(1);
                Some(message)
            }
            Message::Output(..) | Message::GivenUp(_) => Some(message),
        }
    }

    /// A call is not in flight any more.
    fn ended(&mut self, provider: &ProviderInstance, id: RequestId) {
        self.flying.ends(id);
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(lane) = self.lanes.get_mut(provider) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
        }
    }

    /// Queues a call that was refused once more, if that can help.
    fn again(&mut self, refused: Refused) -> Option<Message> {
        let Refused {
            from,
            queued,
            sent_ms,
            failure,
            asked_ms,
        } = refused;
        let now_ms = self.now_ms();
        let given_up = match self.lanes.get_mut(&from) {
            None => true,
            Some(lane) => {
                lane.limit.refused(sent_ms, now_ms, asked_ms);
                let unsafe_again = failure.may_have_happened
                    && matches!(queued.asked.call, Call::Apply { .. })
                    && !lane.started.resolves_tokens;
                unsafe_again
                    || queued.attempt >= MAX_ATTEMPTS
                    || lane.limit.is_hopeless()
                    || self.interrupt.count() > 0
            }
        };
        if given_up && queued.more.is_empty() {
            return Some(Message::Reply {
                id: queued.id,
                from,
                outcome: Err(failure),
            });
        }
        if given_up {
            self.fail(&from, &queued, &failure);
            return None;
        }
        let lane = self.lanes.get_mut(&from)?;
        let queued = Queued {
            attempt: queued.attempt + 1,
            ..queued
        };
        if queued.attempt <= PATIENT_ATTEMPTS {
            lane.queue.push_front(queued);
        } else {
            lane.queue.push_back(queued);
        }
        None
    }

    /// Deals out what came of reading many objects.
    fn deal(&mut self, many: Many) {
        let Many {
            from,
            queued,
            outcome,
        } = many;
        if let Err(failure) = &outcome
            && self.interrupt.count() > 0
        {
            return self.fail(&from, &queued, failure);
        }
        let Some(lane) = self.lanes.get_mut(&from) else {
            return;
        };
        if outcome.is_ok() {
            lane.limit.clean();
        }
        for (id, reply) in lane.queue.deal(queued, outcome.ok()) {
            self.dealt.push_back(Message::Reply {
                id,
                from: from.clone(),
                outcome: Ok(reply),
            });
        }
        if self.gave_up {
            self.give_up();
        }
    }

    /// All that a call stands for has failed.
    fn fail(&mut self, from: &ProviderInstance, queued: &Queued, failure: &CallFailure) {
        for id in std::iter::once(&queued.id).chain(&queued.more) {
            self.dealt.push_back(Message::Reply {
                id: *id,
                from: from.clone(),
                outcome: Err(failure.clone()),
            });
        }
    }

    /// Sends nothing any more but what closes what is open. What waits comes back as given up.
    pub(crate) fn give_up(&mut self) {
        self.gave_up = true;
        let waiting = self.lanes.values_mut();
        let ids = waiting.flat_map(|lane| lane.queue.give_up());
        self.dealt.extend(ids.map(Message::GivenUp));
    }

    /// What has taken long since it was mentioned last: a line for each call.
    pub(crate) fn long(&mut self) -> Vec<String> {
        self.flying.long()
    }

    /// What is waited for, in brackets. Empty where it is nothing that can be named.
    pub(crate) fn awaited(&self) -> String {
        match self.flying.list() {
            list if list.is_empty() => String::new(),
            list => format!(" ({})", list.join("; ")),
        }
    }

    /// What did not come to an end, a line for each call.
    pub(crate) fn left_behind(&self) -> String {
        let list = self.flying.list().into_iter();
        let lines: String = list.map(|one| format!("  - {one}\n")).collect();
        match lines.is_empty() {
            true => String::new(),
            false => format!("This was left behind:\n{lines}\n"),
        }
    }

    /// Asks all providers to end calls in flight soon.
    pub(crate) async fn stop(&self) {
        let started = self.lanes.values().map(|lane| lane.started.cell.get());
        let stops = started.flatten().map(|provider| provider.stop());
        futures::future::join_all(stops).await;
    }
}

impl Started {
    async fn call(&self, asked: Asked) -> Result<Reply, CallFailure> {
        let Asked { about, call } = asked;
        match about {
            Some(reader) if matches!(call, Call::ReadDataSource { .. }) => {
                READER.scope(reader, self.made(call)).await
            }
            _ => self.made(call).await,
        }
    }

    async fn made(&self, call: Call) -> Result<Reply, CallFailure> {
        let provider = self
            .cell
            .get_or_try_init(|| async {
                match &self.factory {
                    Ok(factory) => factory.start().await,
                    Err(problem) => Err(final_failure(problem.clone())),
                }
            })
            .await?
            .clone();
        // Only what is asked of what type: the rest of a call may hold secrets.
        let (what, type_name) = describe(&call);
        tracing::debug!(what, type_name = type_name.as_str(), "call");
        // A provider that panics must not take the others' work with it.
        AssertUnwindSafe(provider.call(call))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| {
                Err(CallFailure {
                    message: String::from("the provider crashed; this is a bug in it"),
                    retry_after_ms: None,
                    may_have_happened: true,
                })
            })
    }
}

/// The kind of a call and the type that it is about.
fn describe(call: &Call) -> (&'static str, EcoString) {
    let (what, type_name) = match call {
        Call::ValidateProviderConfig { .. } => ("validate provider", None),
        Call::Configure { .. } => ("configure", None),
        Call::GetFunctions => ("get functions", None),
        Call::CallFunction { name, .. } => ("call function", Some(name)),
        Call::ValidateResource { type_name, .. } => ("validate resource", Some(type_name)),
        Call::ValidateDataSource { type_name, .. } => ("validate data source", Some(type_name)),
        Call::ValidateEphemeral { type_name, .. } => ("validate ephemeral", Some(type_name)),
        Call::UpgradeState { type_name, .. } => ("upgrade state", Some(type_name)),
        Call::UpgradeIdentity { type_name, .. } => ("upgrade identity", Some(type_name)),
        Call::Read { type_name, .. } => ("read", Some(type_name)),
        Call::ReadMany { type_name, .. } => ("read many", Some(type_name)),
        Call::Plan { type_name, .. } => ("plan", Some(type_name)),
        Call::Apply { type_name, .. } => ("apply", Some(type_name)),
        Call::Import { type_name, .. } => ("import", Some(type_name)),
        Call::Move { type_name, .. } => ("move", Some(type_name)),
        Call::ReadDataSource { type_name, .. } => ("read data source", Some(type_name)),
        Call::OpenEphemeral { type_name, .. } => ("open ephemeral", Some(type_name)),
        Call::RenewEphemeral { type_name, .. } => ("renew ephemeral", Some(type_name)),
        Call::CloseEphemeral { type_name, .. } => ("close ephemeral", Some(type_name)),
        Call::List { type_name, .. } => ("list", Some(type_name)),
        Call::ValidateList { type_name, .. } => ("validate list", Some(type_name)),
        Call::ValidateAction { type_name, .. } => ("validate action", Some(type_name)),
        Call::PlanAction { type_name, .. } => ("plan action", Some(type_name)),
        Call::InvokeAction { type_name, .. } => ("invoke action", Some(type_name)),
        Call::GenerateConfig { type_name, .. } => ("generate configuration", Some(type_name)),
        Call::Resolve { type_name, .. } => ("resolve", Some(type_name)),
    };
    (what, type_name.cloned().unwrap_or_default())
}

fn final_failure(message: String) -> CallFailure {
    CallFailure {
        message,
        retry_after_ms: None,
        may_have_happened: false,
    }
}

fn spawn_call(
    queued: Queued,
    from: ProviderInstance,
    (started, interrupt): (Arc<Started>, Arc<Interrupt>),
    sent_ms: u64,
    sender: mpsc::UnboundedSender<Message>,
) {
    tokio::spawn(async move {
        let call = started.call(queued.asked.clone());
        let outcome = match may_be_left(&queued.asked.call) {
            false => call.await,
            true => tokio::select! {
                outcome = call => outcome,
                () = impatience(&interrupt) => Err(final_failure(format!(
                    "it did not end within {} seconds after it was asked to stop",
                    LAST_CHANCE.as_secs()
                ))),
            },
        };
        let asked_ms = match &outcome {
            Err(failure) => failure.retry_after_ms,
            Ok(_) => None,
        };
        let message = match (outcome, asked_ms) {
            (Err(failure), Some(asked_ms)) => Message::Refused(Box::new(Refused {
                from,
                queued,
                sent_ms,
                failure,
                asked_ms,
            })),
            (outcome, _) if !queued.more.is_empty() => Message::Many(Box::new(Many {
                from,
                queued,
                outcome,
            })),
            (outcome, _) => Message::Reply {
                id: queued.id,
                from,
                outcome,
            },
        };
        // The loop is gone only when the whole operation is given up.
        drop(sender.send(message));
    });
}
