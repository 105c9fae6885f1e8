//! Ephemeral instances in the execution graph: when each is opened, and when it is closed.
//!
//! 1. `Open` waits for what its block refers to, as the step that makes an object does; whoever refers to it waits for `Open`.
//! 2. What destroys an object waits for `Open` of all that its provider is configured with.
//! 3. `Close` waits for everything that waits for `Open`, directly or through joins, and for `Close` of each ephemeral instance that does.
//! 4. While everything is destroyed, what an ephemeral instance was opened with is destroyed after `Close`.
//!
//! 2 and 4 are wishes: where they would make a circle, the plan does without them.

use super::build::{Builder, Locate};
use super::{StepId, StepKind};
use crate::graph::{Node, NodeId};
use crate::planner::ephemeral::hands_on;
use std::collections::{BTreeMap, BTreeSet};
use terrane_model::addr::Mode;

/// The steps of an ephemeral instance: opening and closing it.
pub(super) type Lease = (StepId, StepId);
/// The steps of a change: applying, and destroying or forgetting.
pub(super) type Own = (Option<StepId>, Option<StepId>);

impl Builder<'_> {
    /// Adds the steps of all ephemeral instances.
    pub(super) fn open_steps(&mut self) -> Vec<Lease> {
        (0u32..)
            .zip(self.ephemerals)
            .map(|(at, _)| {
                let open = self.add(StepKind::Open(at), Vec::new());
                (open, self.add(StepKind::Close(at), vec![open]))
            })
            .collect()
    }

    /// Rules 2, 3 and 4.
    pub(super) fn order_ephemerals(&mut self, leases: &[Lease], own: &[Own], locate: &Locate<'_>) {
        let mut by_node: BTreeMap<NodeId, Vec<Lease>> = BTreeMap::new();
        for (instance, lease) in self.ephemerals.iter().zip(leases) {
            if let Some((node, ..)) = locate(&instance.addr) {
                by_node.entry(node).or_default().push(*lease);
            }
        }
        self.order_behind_providers(&by_node, own);
        if self.destroying {
            self.order_before_sources(&by_node, own, locate);
        }
        self.order_closing(leases);
    }

    /// Rule 2.
    fn order_behind_providers(&mut self, by_node: &BTreeMap<NodeId, Vec<Lease>>, own: &[Own]) {
        let mut behind = BTreeMap::new();
        let config = self.config;
        for (at, provider) in config.providers.iter().enumerate() {
            let id = terrane_config::config::ProviderId(u32::try_from(at).unwrap_or(u32::MAX));
            let needed = self.values_behind(self.graph.id(Node::Provider(id)), Mode::Ephemeral);
            let opens = needed.iter().filter_map(|node| by_node.get(node)).flatten();
            let opens = opens.map(|(open, _)| *open).collect();
            if let Some(join) = self.join(opens) {
                behind.insert(provider.addr.clone(), join);
            }
        }
        for (change, (_, destroy)) in self.changes.iter().zip(own) {
            let Some(destroy) = destroy else { continue };
            let forgets = matches!(
                self.steps[destroy.0 as usize].kind,
                StepKind::Forget(_) | StepKind::Join
            );
            if let Some(open) = behind.get(&change.provider).filter(|_| !forgets) {
                self.wishes.push((*destroy, *open));
            }
        }
    }

    /// Rule 4.
    fn order_before_sources(
        &mut self,
        by_node: &BTreeMap<NodeId, Vec<Lease>>,
        own: &[Own],
        locate: &Locate<'_>,
    ) {
        let mut closes: BTreeMap<NodeId, Vec<StepId>> = BTreeMap::new();
        for (node, leases) in by_node {
            for source in self.values_behind(*node, Mode::Managed) {
                let steps = closes.entry(source).or_default();
                steps.extend(leases.iter().map(|(_, close)| *close));
            }
        }
        for (change, (_, destroy)) in self.changes.iter().zip(own) {
            let (Some(destroy), false) = (destroy, closes.is_empty()) else {
                continue;
            };
            let found = locate(&change.addr);
            if let Some(steps) = found.and_then(|(node, ..)| closes.get(&node)) {
                let steps = steps.iter().map(|close| (*destroy, *close));
                self.wishes.extend(steps);
            }
        }
    }

    /// Rule 3. Wishes count: what they make wait uses the instance.
    fn order_closing(&mut self, leases: &[Lease]) {
        let mut dependents: BTreeMap<StepId, Vec<StepId>> = BTreeMap::new();
        for (at, step) in (0u32..).zip(&self.steps) {
            for after in &step.after {
                dependents.entry(*after).or_default().push(StepId(at));
            }
        }
        for (step, after) in &self.wishes {
            dependents.entry(*after).or_default().push(*step);
        }
        for (open, close) in leases {
            let mut seen = BTreeSet::new();
            let mut stack = vec![*open];
            while let Some(next) = stack.pop() {
                for user in dependents.get(&next).into_iter().flatten() {
                    if user == close || !seen.insert(*user) {
                        continue;
                    }
                    match self.steps[user.0 as usize].kind {
                        StepKind::Join => stack.push(*user),
                        StepKind::Open(at) => {
                            let inner = leases[at as usize].1;
                            self.wait(*close, inner);
                        }
                        StepKind::Apply(_)
                        | StepKind::Destroy(_)
                        | StepKind::Forget(_)
                        | StepKind::Invoke(_) => {
                            self.wait(*close, *user);
                        }
                        StepKind::Close(_) => {}
                    }
                }
            }
        }
    }

    /// The resources of this mode that a node refers to, directly and through values that only hand them on.
    fn values_behind(&self, node: NodeId, mode: Mode) -> BTreeSet<NodeId> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut stack = self.graph.deps(node).to_vec();
        while let Some(next) = stack.pop() {
            if !seen.insert(next) {
                continue;
            }
            match self.graph.node(next) {
                Node::Resource(module, at) => {
                    let declared = &self.config.module(module).resources[at as usize];
                    if declared.mode == mode {
                        found.insert(next);
                    }
                    // What an ephemeral resource or a data source was made from is needed as long as it is.
                    if declared.mode != Mode::Managed && mode == Mode::Managed {
                        stack.extend_from_slice(self.graph.deps(next));
                    }
                }
                node if hands_on(node) => stack.extend_from_slice(self.graph.deps(next)),
                _ => {}
            }
        }
        found
    }
}
