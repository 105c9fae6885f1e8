//! How long steps may take, as far as earlier runs tell.
//!
//! Only the order in which steps get their places follows from it, so a wrong guess costs time and nothing else.

use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_model::addr::Mode;
use terrane_model::snapshot::Snapshot;
use terrane_plan::exec::StepKind;
use terrane_plan::plan::{Action, Plan, ResourceChange};

/// Of a step about whose kind nothing is known.
const UNKNOWN_MS: u64 = 1_000;
/// Of a data source.
const READ_MS: u64 = 300;
/// Of a provisioner.
const PROVISIONER_MS: u64 = 5_000;

/// How long objects of each type took to be made: the mean over those in the state.
fn by_type(snapshot: &Snapshot) -> BTreeMap<EcoString, u64> {
    let mut sums: BTreeMap<EcoString, (u64, u64)> = BTreeMap::new();
    for (addr, resource) in &snapshot.resources {
        let known = resource.instances.values();
        let known = known.filter_map(|instance| instance.current.as_ref()?.created_in_ms);
        let (mut sum, mut count) = (0, 0);
        for ms in known {
            sum += u64::from(ms);
            count += 1;
        }
        if count > 0 {
            let all = sums.entry(addr.type_name.clone()).or_default();
            all.0 += sum;
            all.1 += count;
        }
    }
    sums.into_iter()
        .map(|(name, (sum, count))| (name, sum / count))
        .collect()
}

/// How long a step may take.
fn of_step(
    kind: StepKind,
    change: &ResourceChange,
    by_type: &BTreeMap<EcoString, u64>,
    provisioners: usize,
) -> u64 {
    let of_type = || {
        by_type
            .get(&change.addr.resource.type_name)
            .copied()
            .unwrap_or(UNKNOWN_MS)
    };
    let own = change
        .stored
        .as_ref()
        .and_then(|stored| stored.created_in_ms);
    let own = || own.map_or_else(of_type, u64::from);
    let call = match kind {
        StepKind::Forget(_) => 0,
        StepKind::Destroy(_) => own(),
        _ if change.addr.resource.mode == Mode::Data => READ_MS,
        _ if change.action == Action::Update => own() / 2,
        _ => of_type(),
    };
    call + PROVISIONER_MS * u64::try_from(provisioners).unwrap_or(0)
}

/// The longest way from the beginning of each step to the end of the run, in milliseconds. `provisioners`: how many a change may run; `None`: the step needs
/// no place, and takes no time.
pub(crate) fn ways(
    plan: &Plan,
    snapshot: &Snapshot,
    dependents: &[Vec<u32>],
    pending: &[u32],
    provisioners: impl Fn(usize) -> Option<usize>,
) -> Vec<u64> {
    let steps = &plan.graph.steps;
    let mut ways = vec![0; steps.len()];
    let costs: Vec<Option<usize>> = steps
        .iter()
        .map(|step| match step.kind {
            StepKind::Apply(at) | StepKind::Destroy(at) | StepKind::Forget(at) => {
                provisioners(at as usize)
            }
            _ => None,
        })
        .collect();
    if costs.iter().all(Option::is_none) {
        return ways;
    }
    let by_type = by_type(snapshot);
    for at in order(dependents, pending).into_iter().rev() {
        let at = at as usize;
        let own = match (steps[at].kind, costs[at]) {
            (
                kind @ (StepKind::Apply(of) | StepKind::Destroy(of) | StepKind::Forget(of)),
                Some(provisioners),
            ) => of_step(kind, &plan.changes[of as usize], &by_type, provisioners),
            _ => 0,
        };
        let then = dependents[at].iter().map(|after| ways[*after as usize]);
        ways[at] = own.saturating_add(then.max().unwrap_or(0));
    }
    ways
}

/// The steps, each behind those that it waits for.
fn order(dependents: &[Vec<u32>], pending: &[u32]) -> Vec<u32> {
    let mut pending = pending.to_vec();
    let mut order: Vec<u32> = (0u32..)
        .zip(&pending)
        .filter(|(_, pending)| **pending == 0)
        .map(|(at, _)| at)
        .collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        next += 1;
        for after in &dependents[at as usize] {
            let count = &mut pending[*after as usize];
            *count -= 1;
            if *count == 0 {
                order.push(*after);
            }
        }
    }
    order
}
