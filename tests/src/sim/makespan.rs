//! How long an apply must take at least, and how long it takes with the peers' rule, on the clock of [`terrane_sim::usual_ms`].

use std::collections::{BTreeMap, VecDeque};
use terrane_model::addr::ResourceAddr;
use terrane_plan::exec::StepKind;
use terrane_plan::plan::Plan;

/// How long the steps of a plan take, and what they wait for.
struct Steps {
    ms: Vec<u64>,
    after: Vec<Vec<usize>>,
}

impl Steps {
    fn of(plan: &Plan) -> Self {
        let steps = &plan.graph.steps;
        let ms = steps.iter().map(|step| match step.kind {
            StepKind::Apply(at) | StepKind::Destroy(at) => {
                let change = &plan.changes[at as usize];
                terrane_sim::usual_ms(&change.addr.resource.type_name)
            }
            _ => 0,
        });
        let after = steps
            .iter()
            .map(|step| step.after.iter().map(|step| step.0 as usize).collect());
        Self {
            ms: ms.collect(),
            after: after.collect(),
        }
    }

    /// The same with edges between whole resources.
    fn of_peers(plan: &Plan) -> Self {
        let mut by_resource: BTreeMap<&ResourceAddr, Vec<usize>> = BTreeMap::new();
        for (at, step) in plan.graph.steps.iter().enumerate() {
            if let StepKind::Apply(of) = step.kind {
                let resource = &plan.changes[of as usize].addr.resource;
                by_resource.entry(resource).or_default().push(at);
            }
        }
        let mut steps = Self::of(plan);
        for (at, step) in plan.graph.steps.iter().enumerate() {
            let StepKind::Apply(of) = step.kind else {
                continue;
            };
            for (resource, others) in &by_resource {
                let dependencies = &plan.changes[of as usize].dependencies;
                if dependencies
                    .iter()
                    .any(|needed| *needed == resource.config())
                {
                    steps.after[at].extend(others);
                }
            }
        }
        steps
    }
}

/// The least time that a plan can take with so many places: its longest way, or its work shared out evenly.
#[must_use]
pub fn bound_ms(plan: &Plan, places: u64) -> u64 {
    let steps = Steps::of(plan);
    let mut ends = vec![None; steps.ms.len()];
    // Steps are not numbered in order; each round ends those whose own are known.
    while ends.iter().any(Option::is_none) {
        for at in 0..ends.len() {
            let begin = steps.after[at]
                .iter()
                .map(|before| ends[*before])
                .try_fold(0, |latest: u64, end| end.map(|end: u64| latest.max(end)));
            ends[at] = ends[at].or(begin.map(|begin| begin + steps.ms[at]));
        }
    }
    let longest = ends.into_iter().flatten().max().unwrap_or(0);
    let work: u64 = steps.ms.iter().sum();
    longest.max(work / places)
}

/// The time that a plan takes by the peers' rule: ten at a time, whoever became ready first, and a resource waits for all instances of those that it refers to.
#[must_use]
pub fn of_peers_ms(plan: &Plan) -> u64 {
    const PLACES: usize = 10;
    let steps = Steps::of_peers(plan);
    let mut ready = VecDeque::new();
    let mut queued = vec![false; steps.ms.len()];
    let mut done = vec![false; steps.ms.len()];
    let mut running: Vec<(u64, usize)> = Vec::new();
    let mut now = 0;
    loop {
        for (at, queued) in queued.iter_mut().enumerate() {
            if !*queued && steps.after[at].iter().all(|before| done[*before]) {
                *queued = true;
                ready.push_back(at);
            }
        }
        while running.len() < PLACES
            && let Some(at) = ready.pop_front()
        {
            running.push((now + steps.ms[at], at));
        }
        let Some(next) = running.iter().map(|(end, _)| *end).min() else {
            return now;
        };
        now = next;
        running.retain(|(end, at)| {
            done[*at] |= *end <= now;
            *end > now
        });
    }
}
