//! Carries requests to providers, within limits, and brings back the answers.

use super::limit::Limit;
use crate::interrupt::Interrupt;
use crate::providers::Registry;
use ecow::EcoString;
use futures::FutureExt as _;
use std::collections::{BTreeMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use terrane_apply::Provision;
use terrane_config::config::Config;
use terrane_model::addr::InstanceAddr;
use terrane_model::provider::{Call, CallFailure, ProviderInfo, Reply};
use terrane_plan::machine::{ProviderInstance, RequestId};
use terrane_provider::{Provider, ProviderFactory};
use tokio::sync::{OnceCell, mpsc};

/// How often a call is made in all before its failure is final.
const MAX_ATTEMPTS: u32 = 8;
/// The longest wait between two attempts.
const MAX_BACKOFF_MS: u64 = 30_000;

/// What comes back to the loop.
#[derive(Debug)]
pub(crate) enum Message {
    /// A provider answered.
    Reply {
        id: RequestId,
        from: ProviderInstance,
        outcome: Result<Reply, CallFailure>,
        throttled: bool,
    },
    /// A provisioner wrote a line.
    Output(InstanceAddr, ecow::EcoString, String),
    /// A provisioner ended.
    Provisioned(RequestId, Result<(), String>),
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
    parallelism: usize,
    provisions: VecDeque<(RequestId, Provision)>,
    stand_in: Option<Arc<dyn StandIn>>,
    /// What the stand-in answered.
    answered: Vec<(RequestId, Result<Reply, CallFailure>)>,
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
    started: Arc<Started>,
    /// Its calls never wait: they are made at once, in the loop itself.
    instant: bool,
    queue: VecDeque<(RequestId, Call)>,
    in_flight: usize,
    limit: Limit,
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
        parallelism: usize,
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
            parallelism: parallelism.max(1),
            provisions: VecDeque::new(),
            stand_in: None,
            answered: Vec::new(),
        }
    }

    /// With something that answers in place of providers.
    #[must_use]
    pub(crate) fn with_stand_in(mut self, stand_in: Arc<dyn StandIn>) -> Self {
        self.stand_in = Some(stand_in);
        self
    }

    /// Takes a request. It is carried out by [`Self::dispatch`].
    pub(crate) fn submit(
        &mut self,
        id: RequestId,
        provider: ProviderInstance,
        about: Option<&InstanceAddr>,
        call: Call,
    ) {
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
                self.lanes.entry(provider).or_insert(lane)
            }
        };
        // What is kept open must not run out because others came first.
        if matches!(call, Call::RenewEphemeral { .. }) {
            lane.queue.push_front((id, call));
        } else {
            lane.queue.push_back((id, call));
        }
    }

    fn lane(&self, provider: &ProviderInstance) -> Lane {
        let addr = &self.config.provider(provider.config).addr.provider;
        let info: Option<&ProviderInfo> = self.registry.infos().get(addr);
        let abilities = info.map(|info| info.abilities).unwrap_or_default();
        let own = match abilities.max_in_flight {
            0 => self.parallelism,
            own => usize::try_from(own).unwrap_or(usize::MAX),
        };
        Lane {
            started: Arc::new(Started {
                factory: self.registry.factory(addr),
                cell: OnceCell::new(),
                resolves_tokens: abilities.resolves_tokens,
            }),
            instant: abilities.instant,
            queue: VecDeque::new(),
            in_flight: 0,
            limit: Limit::new(own.min(self.parallelism)),
        }
    }

    /// Takes a provisioner.
    pub(crate) fn submit_provision(&mut self, id: RequestId, provision: Provision) {
        self.provisions.push_back((id, provision));
    }

    /// Starts as many tasks as the limits allow, then makes the calls that never wait. Returns the answers of the latter.
    pub(crate) async fn dispatch(&mut self) -> Vec<(RequestId, Result<Reply, CallFailure>)> {
        for (provider, lane) in &mut self.lanes {
            if lane.instant {
                continue;
            }
            loop {
                let room = self.in_flight < self.parallelism && lane.in_flight < lane.limit.slots();
                let urgent = matches!(lane.queue.front(), Some((_, Call::RenewEphemeral { .. })));
                if !(room || urgent) {
                    break;
                }
                let Some((id, call)) = lane.queue.pop_front() else {
                    break;
                };
                lane.in_flight += 1;
                self.in_flight += 1;
                spawn_call(
                    id,
                    provider.clone(),
                    call,
                    lane.started.clone(),
                    self.interrupt.clone(),
                    self.sender.clone(),
                );
            }
        }
        while self.in_flight < self.parallelism
            && let Some((id, provision)) = self.provisions.pop_front()
        {
            self.in_flight += 1;
            crate::provision::spawn(id, provision, self.interrupt.clone(), self.sender.clone());
        }
        let mut answers = std::mem::take(&mut self.answered);
        for lane in self.lanes.values_mut().filter(|lane| lane.instant) {
            let started = lane.started.clone();
            for (id, call) in lane.queue.drain(..) {
                answers.push((id, started.call(call).await));
            }
        }
        answers
    }

    /// Whether nothing is queued and nothing is in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.queued() == 0
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
        let message = self.receiver.try_recv().ok()?;
        self.account(&message);
        Some(message)
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        let message = self.receiver.recv().await?;
        self.account(&message);
        Some(message)
    }

    fn account(&mut self, message: &Message) {
        match message {
            Message::Reply {
                from, throttled, ..
            } => {
                self.in_flight = self.in_flight.saturating_sub(1);
                if let Some(lane) = self.lanes.get_mut(from) {
                    lane.in_flight = lane.in_flight.saturating_sub(1);
                    if *throttled {
                        lane.limit.throttled();
                    } else {
                        lane.limit.clean();
                    }
                }
            }
            Message::Provisioned(..) => self.in_flight = self.in_flight.saturating_sub(1),
            Message::Output(..) => {}
        }
    }

    /// Asks all providers to end calls in flight soon.
    pub(crate) async fn stop(&self) {
        for lane in self.lanes.values() {
            if let Some(provider) = lane.started.cell.get() {
                provider.stop().await;
            }
        }
    }
}

impl Started {
    async fn call(&self, call: Call) -> Result<Reply, CallFailure> {
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
        Call::CallFunction { name, .. } => ("call function", Some(name)),
        Call::ValidateResource { type_name, .. } => ("validate resource", Some(type_name)),
        Call::ValidateDataSource { type_name, .. } => ("validate data source", Some(type_name)),
        Call::ValidateEphemeral { type_name, .. } => ("validate ephemeral", Some(type_name)),
        Call::UpgradeState { type_name, .. } => ("upgrade state", Some(type_name)),
        Call::UpgradeIdentity { type_name, .. } => ("upgrade identity", Some(type_name)),
        Call::Read { type_name, .. } => ("read", Some(type_name)),
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
    id: RequestId,
    from: ProviderInstance,
    call: Call,
    started: Arc<Started>,
    interrupt: Arc<Interrupt>,
    sender: mpsc::UnboundedSender<Message>,
) {
    tokio::spawn(async move {
        let (outcome, throttled) = attempt(&started, call, &interrupt).await;
        // The loop is gone only when the whole operation is given up.
        drop(sender.send(Message::Reply {
            id,
            from,
            outcome,
            throttled,
        }));
    });
}

/// Makes a call, again after a pause where the provider says that this can help. Tells too whether it was asked to slow down.
async fn attempt(
    started: &Started,
    call: Call,
    interrupt: &Interrupt,
) -> (Result<Reply, CallFailure>, bool) {
    let mut throttled = false;
    for attempt in 1.. {
        let failure = match started.call(call.clone()).await {
            Ok(reply) => return (Ok(reply), throttled),
            Err(failure) => failure,
        };
        let Some(after_ms) = failure.retry_after_ms else {
            return (Err(failure), throttled);
        };
        throttled = true;
        let unsafe_again = failure.may_have_happened
            && matches!(call, Call::Apply { .. })
            && !started.resolves_tokens;
        if unsafe_again || attempt >= MAX_ATTEMPTS || interrupt.count() > 0 {
            return (Err(failure), throttled);
        }
        let pause = after_ms
            .max(100 << attempt.min(16))
            .min(after_ms.max(MAX_BACKOFF_MS));
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(pause)) => {}
            () = interrupt.beyond(0) => return (Err(failure), throttled),
        }
    }
    unreachable!("the loop ends by returning")
}
