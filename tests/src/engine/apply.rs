//! Drives the applying machine.

use super::plan::MAX_ATTEMPTS;
use super::{Chaos, Cloud, Store};
use std::collections::VecDeque;
use terrane_apply::{Applied, Applier, ApplyInput, ApplyRequest};
use terrane_lang::diagnostic::Diagnostics;
use terrane_model::addr::ProviderAddr;
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
    let config = input.config.clone();
    let mut applier = Applier::new(input)?;
    let mut persists: VecDeque<(RequestId, Vec<Event>)> = VecDeque::new();
    let mut durable: VecDeque<(RequestId, Result<(), String>)> = VecDeque::new();
    let mut pending: Vec<Pending> = Vec::new();
    let mut now_ms = 1_000;
    loop {
        if chaos.interrupts() {
            applier.cancel();
        }
        now_ms = chaos.pass(now_ms, applier.wake_at());
        for request in applier.poll(now_ms) {
            match request {
                ApplyRequest::Persist(id, events) => persists.push_back((id, events)),
                ApplyRequest::Call(id, provider, _, call) => {
                    let addr = config.provider(provider.config).addr.provider.clone();
                    pending.push(Pending::Asked(id, addr, call, 1));
                }
                ApplyRequest::Provision(id, provision) => {
                    pending.push(Pending::Provision(id, format!("{:?}", provision.config)));
                }
            }
        }
        let doors = usize::from(!persists.is_empty()) + usize::from(!durable.is_empty());
        if doors + pending.len() == 0 {
            return Ok(if applier.is_done() {
                Ended::Done(applier.finish())
            } else {
                Ended::Stuck
            });
        }
        if chaos.dies() {
            at_death(&pending, cloud, chaos);
            return Ok(Ended::Crashed);
        }
        let choice = chaos.choose(doors + pending.len());
        if choice < doors {
            let answers = choice == 0 && !durable.is_empty();
            if answers {
                if let Some((id, outcome)) = durable.pop_front() {
                    applier.on_persisted(id, outcome);
                }
            } else {
                commit(&mut persists, &mut durable, store, chaos);
            }
            continue;
        }
        now_ms += 1;
        let at = choice - doors;
        match pending.remove(at) {
            Pending::Asked(id, provider, call, attempt) => {
                let (outcome, took_ms) = cloud.call(&provider, call.clone());
                now_ms += took_ms;
                let again = matches!(&outcome, Err(failure) if failure.retry_after_ms.is_some());
                pending.insert(
                    at,
                    if again && attempt < MAX_ATTEMPTS {
                        Pending::Asked(id, provider, call, attempt + 1)
                    } else {
                        Pending::Answered(id, outcome)
                    },
                );
            }
            Pending::Answered(id, outcome) => applier.on_reply(id, outcome, now_ms),
            Pending::Provision(id, config) => {
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
fn at_death(pending: &[Pending], cloud: &Cloud, chaos: &mut Chaos) {
    for request in pending {
        if let Pending::Asked(_, provider, call, _) = request
            && chaos.flip()
        {
            drop(cloud.call(provider, call.clone()));
        }
    }
}
