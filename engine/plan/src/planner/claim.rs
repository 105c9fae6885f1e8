//! What applying a plan will read and write of the state.
//!
//! Written: every object that is changed or of which something new is recorded, and outputs. Read: what these depend on, through values, provider
//! configurations and data sources. Objects that the plan only looked at are neither: whatever becomes of them, the plan is as good as before.
//!
//! Data sources are never claimed for writing: what state holds of them is what was last read, by whoever read it.

use super::Core;
use crate::graph::Node;
use crate::plan::{Action, Plan, PlanMode, ResourceChange};
use std::collections::BTreeSet;
use terrane_config::config::{ModuleId, ProviderId};
use terrane_model::addr::{ConfigResource, InstanceAddr, Mode, ProviderConfigAddr};
use terrane_model::claim::{Access, Claim, Part};

impl Core {
    /// What applying the plan will read and write.
    pub(super) fn claim(&self, plan: &Plan) -> Claim {
        if !plan.moves.is_empty() {
            // Whatever depends on what was moved gets to know the new name.
            return Claim::whole();
        }
        let mut claim = Claim::nothing();
        let drifted: BTreeSet<&InstanceAddr> = plan.drift.iter().map(|drift| &drift.addr).collect();
        for addr in &drifted {
            claim.add(Part::Instance((*addr).clone()), Access::Write);
        }
        for change in &plan.changes {
            self.claim_change(&mut claim, plan.mode, change);
        }
        for ephemeral in &plan.ephemerals {
            if let Some((module, at)) = self.index.resource(&ephemeral.addr.resource) {
                self.claim_needs(&mut claim, Node::Resource(module, at));
            }
        }
        for invocation in &plan.invocations {
            // State holds nothing of it; but that it is about to be done is recorded, and nobody else does it meanwhile.
            claim.add(Part::Instance(invocation.addr.clone()), Access::Write);
            if let Some((module, at)) = self.index.resource(&invocation.addr.resource) {
                self.claim_needs(&mut claim, Node::Resource(module, at));
            }
            if let Some(provider) = self.provider_at(&invocation.provider) {
                self.claim_needs(&mut claim, Node::Provider(provider));
            }
        }
        self.claim_outputs(&mut claim, plan);
        claim
    }

    fn claim_change(&self, claim: &mut Claim, mode: PlanMode, change: &ResourceChange) {
        let acts = change.action != Action::NoOp || change.importing.is_some();
        if change.addr.resource.mode == Mode::Managed {
            if !(acts || (mode == PlanMode::Normal && self.records_facts(change))) {
                return;
            }
            claim.add(Part::Instance(change.addr.clone()), Access::Write);
            // The provider configuration is one for all instances of a resource.
            let stored = self.snapshot.resources.get(&change.addr.resource);
            if stored.is_some_and(|stored| stored.provider != change.provider) {
                claim.add(Part::Resource(change.addr.resource.config()), Access::Write);
            }
        }
        if !acts {
            return;
        }
        read_all(claim, &change.dependencies);
        if let Some((module, at)) = self.index.resource(&change.addr.resource) {
            self.claim_needs(claim, Node::Resource(module, at));
        }
        if let Some(provider) = self.provider_at(&change.provider) {
            self.claim_needs(claim, Node::Provider(provider));
        }
    }

    fn provider_at(&self, addr: &ProviderConfigAddr) -> Option<ProviderId> {
        let at = self
            .config
            .providers
            .iter()
            .position(|provider| provider.addr == *addr)?;
        u32::try_from(at).ok().map(ProviderId)
    }

    /// What a declaration depends on.
    fn claim_needs(&self, claim: &mut Claim, node: Node) {
        if let Some(list) = &self.resource_deps[self.graph.id(node).index()] {
            read_all(claim, list);
        }
    }

    /// Whether something new is recorded of an object that does not change.
    fn records_facts(&self, change: &ResourceChange) -> bool {
        let Some(stored) = &change.stored else {
            return false;
        };
        let identity = &change.before_identity;
        let identified = !identity.is_null() && identity.is_wholly_known() && {
            let version = self
                .infos
                .get(&change.provider.provider)
                .and_then(|info| info.schema.identities.get(&change.addr.resource.type_name))
                .map_or(0, |schema| schema.version);
            let text = crate::stored::encode(identity, &identity.ty()).ok();
            text.is_some_and(|text| stored.identity.as_ref() != Some(&(version, text)))
        };
        identified
            || stored.dependencies != change.dependencies
            || stored.create_before_destroy != change.create_before_destroy
            || stored.provider_key != change.provider_key
    }

    fn claim_outputs(&self, claim: &mut Claim, plan: &Plan) {
        let root = self.config.modules.first();
        let declared = root.map_or(&[][..], |root| root.outputs.as_slice());
        for output in &plan.outputs {
            let found = (0u32..)
                .zip(declared)
                .find(|(_, declared)| declared.name == output.name);
            let stored = self.snapshot.outputs.get(&output.name);
            let described = found.zip(stored).is_some_and(|((_, declared), stored)| {
                declared.deprecated != stored.deprecated || declared.sensitive != stored.sensitive
            });
            if output.action == Action::NoOp && !described {
                continue;
            }
            claim.add(Part::Output(output.name.clone()), Access::Write);
            if let Some((at, _)) = found.filter(|_| plan.mode != PlanMode::Destroy) {
                self.claim_needs(claim, Node::Output(ModuleId(0), at));
            }
        }
    }
}

fn read_all(claim: &mut Claim, list: &[ConfigResource]) {
    for addr in list.iter().filter(|addr| addr.mode != Mode::Ephemeral) {
        claim.add(Part::Resource(addr.clone()), Access::Read);
    }
}
