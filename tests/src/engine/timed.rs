//! Drives the applying machine by a clock of its own, on which a change takes the time that it usually takes. Nothing goes wrong, and nothing is chosen at random:
//! what is measured is the order in which the machine begins its steps.

use super::{Cloud, Store};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use terrane_apply::{Applier, ApplyInput, ApplyRequest};
use terrane_model::provider::Call;

/// Runs the machine. Gives the time on its clock when it is done, in milliseconds.
///
/// # Errors
/// With what went wrong.
pub(crate) fn apply(input: ApplyInput, cloud: &Cloud, store: &mut Store) -> Result<u64, String> {
    let config = input.config.clone();
    let mut applier = Applier::new(input).map_err(|stale| format!("stale: {stale:?}"))?;
    let mut now_ms = 0;
    let mut answers = Vec::new();
    let mut due: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    loop {
        let mut persisted = false;
        for request in applier.poll(now_ms) {
            match request {
                ApplyRequest::Persist(id, events) => {
                    store.commit(events)?;
                    applier.on_persisted(id, Ok(()));
                    persisted = true;
                }
                ApplyRequest::Call(id, provider, _, call) => {
                    let addr = &config.provider(provider.config).addr.provider;
                    let takes_ms = duration_ms(&call);
                    let (outcome, _) = cloud.call(addr, call);
                    due.push(Reverse((now_ms + takes_ms, answers.len())));
                    answers.push(Some((id, outcome)));
                }
                ApplyRequest::Provision(id, _) => applier.on_provisioned(id, Ok(())),
            }
        }
        if persisted {
            continue;
        }
        let Some(Reverse((at_ms, number))) = due.pop() else {
            break;
        };
        now_ms = at_ms;
        if let Some((id, outcome)) = answers.get_mut(number).and_then(Option::take) {
            applier.on_reply(id, outcome, now_ms);
        }
    }
    if !applier.is_done() {
        return Err("the machine waits for nothing".to_owned());
    }
    let applied = applier.finish();
    if applied.diagnostics.has_errors() {
        return Err(format!("{:?}", applied.diagnostics));
    }
    Ok(now_ms)
}

fn duration_ms(call: &Call) -> u64 {
    match call {
        Call::Apply { type_name, .. } => terrane_sim::usual_ms(type_name),
        _ => 0,
    }
}
