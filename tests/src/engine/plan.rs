//! Drives the planning machine and the settling of open intents.

use super::{Chaos, Cloud, Recall};
use std::collections::{BTreeMap, VecDeque};
use terrane_config::config::Config;
use terrane_lang::diagnostic::Diagnostics;
use terrane_model::addr::{InstanceAddr, ProviderAddr};
use terrane_model::event::EventKind;
use terrane_model::provider::ImportTarget;
use terrane_model::provider::{CallFailure, Reply};
use terrane_plan::machine::{
    PlanInput, Planned, Planner, ProviderInstance, Recovery, Request, RequestId, Takeover,
};
use terrane_plan::memo::{self, Memo};
use terrane_sim::Deferral;

/// How often a throttled call is made in all.
pub(crate) const MAX_ATTEMPTS: u32 = 8;

/// A machine that only asks providers.
trait Asking {
    fn poll(&mut self) -> Vec<Request>;
    fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>);
    fn tell_time(&mut self, _now_ms: u64) {}
    fn wake_at(&self) -> Option<u64> {
        None
    }
    fn cancel(&mut self) {}
}

impl Asking for Planner {
    fn tell_time(&mut self, now_ms: u64) {
        Self::tell_time(self, now_ms);
    }

    fn wake_at(&self) -> Option<u64> {
        Self::wake_at(self)
    }

    fn cancel(&mut self) {
        Self::cancel(self);
    }

    fn poll(&mut self) -> Vec<Request> {
        Self::poll(self)
    }

    fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>) {
        Self::on(self, id, outcome);
    }
}

impl Asking for Recovery {
    fn poll(&mut self) -> Vec<Request> {
        Self::poll(self)
    }

    fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>) {
        Self::on(self, id, outcome);
    }
}

impl Asking for Takeover {
    fn poll(&mut self) -> Vec<Request> {
        Self::poll(self)
    }

    fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>) {
        Self::on(self, id, outcome);
    }
}

/// A request on its way.
enum Pending {
    Asked(Request, u32),
    Answered(RequestId, Result<Reply, CallFailure>),
}

/// Runs a machine to its end; `false`: the process died.
fn drive(machine: &mut dyn Asking, config: &Config, cloud: &Cloud, chaos: &mut Chaos) -> bool {
    let mut pending: VecDeque<Pending> = VecDeque::new();
    let mut now_ms = 1_000;
    let mut deferrals: BTreeMap<ProviderInstance, Deferral> = BTreeMap::new();
    let mut memo = cloud.recall().map(Recall::memo);
    loop {
        if chaos.interrupts() {
            machine.cancel();
        }
        now_ms = chaos.pass(now_ms + 1, machine.wake_at());
        machine.tell_time(now_ms);
        pending.extend(
            machine
                .poll()
                .into_iter()
                .map(|request| Pending::Asked(request, 1)),
        );
        if pending.is_empty() {
            return true;
        }
        if chaos.dies() {
            return false;
        }
        let at = chaos.choose(pending.len());
        match pending.remove(at) {
            None => {}
            Some(Pending::Asked(request, attempt)) => {
                let provider = &config.provider(request.provider.config).addr.provider;
                let put_off = (*provider == terrane_sim::addr())
                    .then(|| deferrals.entry(request.provider.clone()).or_default())
                    .and_then(|deferral| deferral.answer(&request.call));
                let known = memo
                    .as_mut()
                    .and_then(|memo| recalled(memo, cloud, provider, &request));
                let (outcome, took_ms) = match put_off.or(known) {
                    Some(reply) => (Ok(reply), 0),
                    None => {
                        let outcome = cloud.call(provider, request.call.clone());
                        if let Some(memo) = &mut memo {
                            memo.told(request.id, &outcome.0);
                        }
                        outcome
                    }
                };
                now_ms += took_ms;
                let again = matches!(&outcome, Err(failure) if failure.retry_after_ms.is_some());
                pending.insert(
                    at,
                    if again && attempt < MAX_ATTEMPTS {
                        Pending::Asked(request, attempt + 1)
                    } else {
                        Pending::Answered(request.id, outcome)
                    },
                );
            }
            Some(Pending::Answered(id, outcome)) => machine.on(id, outcome),
        }
    }
}

/// The answer to a request, if it need not be asked.
fn recalled(
    memo: &mut Memo,
    cloud: &Cloud,
    provider: &ProviderAddr,
    request: &Request,
) -> Option<Reply> {
    let asked = memo::Asked {
        instance: &request.provider,
        identity: Some(&provider.type_name),
        schema: &cloud.infos().get(provider)?.schema,
    };
    let known = memo.answer(request.id, &asked, &request.call);
    if let Some(recall) = cloud.recall() {
        recall.count(known.is_some());
    }
    known
}

/// Plans; `None`: the process died.
pub(crate) fn plan(input: PlanInput, cloud: &Cloud, chaos: &mut Chaos) -> Option<Planned> {
    let config = input.config.clone();
    let mut planner = Planner::new(input);
    drive(&mut planner, &config, cloud, chaos).then(|| planner.finish())
}

/// Settles open intents; `None`: the process died.
pub(crate) fn recover(
    input: PlanInput,
    cloud: &Cloud,
    chaos: &mut Chaos,
) -> Option<(Vec<EventKind>, Diagnostics)> {
    let config = input.config.clone();
    let mut recovery = Recovery::new(input);
    drive(&mut recovery, &config, cloud, chaos).then(|| recovery.finish())
}

/// Takes over one object; `None`: the process died.
pub(crate) fn take_over(
    input: PlanInput,
    addr: InstanceAddr,
    target: ImportTarget,
    cloud: &Cloud,
    chaos: &mut Chaos,
) -> Option<(Vec<EventKind>, Diagnostics)> {
    let config = input.config.clone();
    let mut takeover = Takeover::new(input, addr, target);
    drive(&mut takeover, &config, cloud, chaos).then(|| takeover.finish())
}
