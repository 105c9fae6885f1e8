//! Drives the applying machine.

use super::plan::MAX_ATTEMPTS;
use super::{Chaos, Cloud, Store};
use std::collections::VecDeque;
use std::sync::Arc;
use terrane_apply::{Applied, Applier, ApplyInput, ApplyRequest, Unsaved};
use terrane_config::config::Config;
use terrane_lang::diagnostic::Diagnostics;
use terrane_model::addr::ProviderAddr;
use terrane_model::claim::Claim;
use terrane_model::event::Event;
use terrane_model::provider::{Call, CallFailure, Reply};
use terrane_plan::machine::RequestId;

/// How an apply ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It came to its end.
    Done(Applied),
    /// The process died.
    Crashed,
    /// The machine waits, and nothing is outstanding.
    Stuck,
}

/// A request on its way.
enum Pending {
    Asked(RequestId, ProviderAddr, Call, u32),
    Answered(RequestId, Result<Reply, CallFailure>),
    Provision(RequestId, String),
}

/// An apply under way.
pub(crate) struct Process {
    /// `None` when it is over.
    applier: Option<Applier>,
    config: Arc<Config>,
    claim: Arc<Claim>,
    persists: VecDeque<(RequestId, Vec<Event>)>,
    durable: VecDeque<(RequestId, Result<(), String>)>,
    pending: VecDeque<Pending>,
    now_ms: u64,
}

/// Runs the machine.
///
/// # Errors
/// When the plan does not fit the state.
pub(crate) fn apply(
    input: ApplyInput,
    cloud: &Cloud,
    store: &mut Store,
    chaos: &mut Chaos,
) -> Result<Ended, Diagnostics> {
    let mut process = Process::new(input)?;
    loop {
        if let Some(ended) = process.step(cloud, store, chaos) {
            return Ok(ended);
        }
    }
}

/// What of a running apply outlives its process, between two things that happen in it.
pub(crate) struct Boundary<'a> {
    process: &'a Process,
    cloud: &'a Cloud,
    store: &'a Store,
    chaos: &'a Chaos,
}

impl Boundary<'_> {
    /// A world of its own in which the process died here: its cloud and what was durable.
    pub(crate) fn died(&self) -> (Cloud, Store) {
        let mut cloud = self.cloud.clone();
        cloud.world = self.cloud.world.fork();
        at_death(&self.process.pending, &cloud, &mut self.chaos.clone());
        let mut store = self.store.clone();
        store.claim = None;
        (cloud, store)
    }
}

/// Runs the machine. Between any two things that happen `look` is told what there is; what it says ends all.
///
/// # Errors
/// What `look` says, or that the plan does not fit the state.
pub(crate) fn apply_watched(
    input: ApplyInput,
    cloud: &Cloud,
    store: &mut Store,
    chaos: &mut Chaos,
    look: &mut dyn FnMut(&Boundary<'_>) -> Result<(), String>,
) -> Result<Ended, String> {
    let mut process = Process::new(input).map_err(|messages| format!("refused: {messages:?}"))?;
    loop {
        if let Some(ended) = process.gather(chaos) {
            return Ok(ended);
        }
        look(&Boundary {
            process: &process,
            cloud,
            store,
            chaos,
        })?;
        if let Some(ended) = process.go_on(cloud, store, chaos) {
            return Ok(ended);
        }
    }
}

impl Process {
    /// Begins.
    ///
    /// # Errors
    /// When the plan does not fit the state.
    pub(crate) fn new(input: ApplyInput) -> Result<Self, Diagnostics> {
        Ok(Self {
            config: input.config.clone(),
            claim: Arc::new(input.plan.plan().claim.clone()),
            applier: Some(Applier::new(input)?),
            persists: VecDeque::new(),
            durable: VecDeque::new(),
            pending: VecDeque::new(),
            now_ms: 1_000,
        })
    }

    /// Lets one more thing happen.
    pub(crate) fn step(
        &mut self,
        cloud: &Cloud,
        store: &mut Store,
        chaos: &mut Chaos,
    ) -> Option<Ended> {
        self.gather(chaos)
            .or_else(|| self.go_on(cloud, store, chaos))
    }

    /// Asks the machine what it wants. `Some`: nothing, so it is over.
    fn gather(&mut self, chaos: &mut Chaos) -> Option<Ended> {
        let Some(applier) = &mut self.applier else {
            return Some(Ended::Stuck);
        };
        if chaos.interrupts() {
            applier.cancel();
        }
        self.now_ms = chaos.pass(self.now_ms, applier.wake_at());
        for request in applier.poll(self.now_ms) {
            match request {
                ApplyRequest::Persist(id, events) => self.persists.push_back((id, events)),
                ApplyRequest::Call(id, provider, _, call) => {
                    let config = self.config.provider(provider.config);
                    let addr = config.addr.provider.clone();
                    self.pending.push_back(Pending::Asked(id, addr, call, 1));
                }
                ApplyRequest::Provision(id, provision) => {
                    let text = format!("{:?}", provision.config);
                    self.pending.push_back(Pending::Provision(id, text));
                }
            }
        }
        if self.doors() + self.pending.len() > 0 {
            return None;
        }
        Some(match self.applier.take() {
            Some(applier) if applier.is_done() => Ended::Done(applier.finish()),
            _ => Ended::Stuck,
        })
    }

    /// What can happen besides answers: a commit, and the news of one.
    fn doors(&self) -> usize {
        usize::from(!self.persists.is_empty()) + usize::from(!self.durable.is_empty())
    }

    /// One of the things that can happen does, or the process dies.
    fn go_on(&mut self, cloud: &Cloud, store: &mut Store, chaos: &mut Chaos) -> Option<Ended> {
        if chaos.dies() {
            at_death(&self.pending, cloud, chaos);
            return Some(Ended::Crashed);
        }
        let doors = self.doors();
        let choice = chaos.choose(doors + self.pending.len());
        if choice >= doors {
            self.happens(choice - doors, cloud, chaos);
        } else if choice == 0 && !self.durable.is_empty() {
            if let (Some(applier), Some((id, outcome))) =
                (&mut self.applier, self.durable.pop_front())
            {
                let outcome = outcome.map_err(|problem| Unsaved {
                    problem,
                    way_out: None,
                });
                applier.on_persisted(id, outcome);
            }
        } else {
            store.claim = Some(self.claim.clone());
            commit(&mut self.persists, &mut self.durable, store, chaos);
            store.claim = None;
        }
        None
    }

    /// A call is carried out or answered, or a provisioner ends.
    fn happens(&mut self, at: usize, cloud: &Cloud, chaos: &mut Chaos) {
        let Some(applier) = &mut self.applier else {
            return;
        };
        self.now_ms += 1;
        match self.pending.remove(at) {
            None => {}
            Some(Pending::Asked(id, provider, call, attempt)) => {
                let (outcome, took_ms) = cloud.call(&provider, call.clone());
                self.now_ms += took_ms;
                let again = matches!(&outcome, Err(failure) if failure.retry_after_ms.is_some());
                self.pending.insert(
                    at,
                    if again && attempt < MAX_ATTEMPTS {
                        Pending::Asked(id, provider, call, attempt + 1)
                    } else {
                        Pending::Answered(id, outcome)
                    },
                );
            }
            Some(Pending::Answered(id, outcome)) => applier.on_reply(id, outcome, self.now_ms),
            Some(Pending::Provision(id, config)) => {
                let outcome = match config.contains("exit 1") || chaos.provisioner_fails() {
                    true => Err("exit status 1".to_owned()),
                    false => Ok(()),
                };
                applier.on_provisioned(id, outcome);
            }
        }
    }
}

/// One commit may take several requests together.
fn commit(
    persists: &mut VecDeque<(RequestId, Vec<Event>)>,
    durable: &mut VecDeque<(RequestId, Result<(), String>)>,
    store: &mut Store,
    chaos: &mut Chaos,
) {
    let mut batch = Vec::new();
    let mut ids = Vec::new();
    while let Some((id, events)) = persists.pop_front() {
        batch.extend(events);
        ids.push(id);
        if !chaos.flip() {
            break;
        }
    }
    let outcome = store.commit(batch);
    durable.extend(ids.into_iter().map(|id| (id, outcome.clone())));
}

/// What was sent may still arrive after the process that sent it is gone.
fn at_death(pending: &VecDeque<Pending>, cloud: &Cloud, chaos: &mut Chaos) {
    for request in pending {
        if let Pending::Asked(_, provider, call, _) = request
            && chaos.flip()
        {
            drop(cloud.call(provider, call.clone()));
        }
    }
}
