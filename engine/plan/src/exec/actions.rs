//! Actions in the execution graph: what each waits for, and what waits for it.
//!
//! 1. `Invoke` waits for what the action's block refers to, as a step that makes an object does.
//! 2. What is done before an object is made or changed is waited for by the step that does that, and by the one that destroys the object whose place it takes:
//!    if it fails, nothing is lost. What is done after waits for the step.
//! 3. Of several that belong to one object and one event, each waits for the one before it, in the order in which they stand.

use super::build::{Builder, Locate};
use super::ephemeral::Own;
use super::{StepId, StepKind};
use crate::action::{ActionCause, ActionInvocation};
use std::collections::BTreeMap;
use terrane_model::addr::InstanceAddr;

impl Builder<'_> {
    /// Adds the steps of all actions. Has to come before references are followed.
    pub(super) fn invoke_steps(
        &mut self,
        invocations: &[ActionInvocation],
        own: &[Own],
        locate: &Locate<'_>,
    ) {
        // Rule 1: one gate for all invocations of an instance waits for what it refers to.
        let mut gates: BTreeMap<&InstanceAddr, StepId> = BTreeMap::new();
        for invocation in invocations {
            if gates.contains_key(&invocation.addr) {
                continue;
            }
            if let Some(found) = locate(&invocation.addr) {
                let gate = self.add(StepKind::Join, Vec::new());
                self.place_step(found, gate);
                gates.insert(&invocation.addr, gate);
            }
        }
        let applies: BTreeMap<&InstanceAddr, (StepId, Option<StepId>)> = (self.changes.iter())
            .zip(own)
            .filter(|(change, _)| change.deposed.is_none())
            .filter_map(|(change, (apply, destroy))| Some((&change.addr, ((*apply)?, *destroy))))
            .collect();
        let mut last: BTreeMap<(&InstanceAddr, bool), StepId> = BTreeMap::new();
        for (at, invocation) in (0u32..).zip(invocations) {
            let gate = gates.get(&invocation.addr).copied();
            let step = self.add(StepKind::Invoke(at), gate.into_iter().collect());
            let ActionCause::Lifecycle {
                resource, event, ..
            } = &invocation.cause
            else {
                continue;
            };
            if let Some((apply, destroy)) = applies.get(resource) {
                if event.is_before() {
                    self.wait(*apply, step);
                    if let Some(destroy) = destroy {
                        self.wait(*destroy, step);
                    }
                } else {
                    self.wait(step, *apply);
                }
            }
            if let Some(before) = last.insert((resource, event.is_before()), step) {
                self.wait(step, before);
            }
        }
    }
}
