//! What is put off to a later plan, where the user allows that (`-allow-deferral`): what providers can't decide yet, and what depends on it.
//!
//! A change that is put off is no part of what is applied. Its object stays as it is, and whoever refers to it sees what is planned for it as far as
//! that can be told; so all that depends on it is put off, too, data sources and ephemeral resources among it. An object that is to go stays
//! where something needs it that is put off.

use super::managed::Task;
use super::prior::{ObjectId, Stage};
use super::{Core, managed::PlannedObject};
use crate::graph::{Node, NodeId};
use crate::machine::ProviderInstance;
use crate::objchange;
use crate::plan::{Action, ActionReason, DeferredChange, DeferredReason, ResourceChange};
use crate::rules;
use crate::world::Place;
use std::collections::BTreeSet;
use terrane_config::config::ProviderId;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::Span;
use terrane_model::addr::ConfigResource;
use terrane_model::provider::Deferred;

/// What was put off so far.
#[derive(Debug, Default)]
pub(super) struct PutOff {
    changes: Vec<DeferredChange>,
    /// Resources of which an instance is put off: node, and position of the module instance.
    nodes: BTreeSet<(usize, u32)>,
    /// Calls of which it is not known how many instances they have.
    calls: BTreeSet<NodeId>,
}

impl PutOff {
    /// Whoever depends on this resource has to wait.
    pub(super) fn mark(&mut self, node: NodeId, place: Place) {
        self.nodes.insert((node.index(), place.pos));
    }

    /// Whoever depends on what a call gives has to wait: nobody knows how often it is made.
    pub(super) fn mark_call(&mut self, call: NodeId) {
        self.calls.insert(call);
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = &ResourceChange> {
        self.changes.iter().map(|deferred| &deferred.change)
    }

    /// All of them, in the order of addresses.
    pub(super) fn finish(&mut self) -> Vec<DeferredChange> {
        let mut all = std::mem::take(&mut self.changes);
        all.sort_by(|a, b| {
            (&a.change.addr, &a.change.deposed).cmp(&(&b.change.addr, &b.change.deposed))
        });
        all
    }
}

impl Core {
    /// What is wrong with `count`, `for_each` or `enabled`; where it is only not known yet, with the ways to go on.
    pub(super) fn report_repetition(&mut self, mut diagnostics: Diagnostics, address: &str) {
        use terrane_config::rules::repetition as unknown;
        for diagnostic in diagnostics.iter_mut() {
            let only_unknown = diagnostic.is(&unknown::UNKNOWN_COUNT)
                || diagnostic.is(&unknown::UNKNOWN_FOR_EACH)
                || diagnostic.is(&unknown::UNKNOWN_ENABLED);
            if only_unknown {
                diagnostic.hint = Some(format!(
                    "-exclude={address} plans all else, -allow-deferral puts off what can't be planned yet; apply that, and plan again"
                ));
            }
        }
        self.report(diagnostics, &address);
    }

    /// Why the provider puts it off, if it may; `None`: it may not, which is reported.
    pub(super) fn allowed_deferral(
        &mut self,
        address: &str,
        provider: &ProviderInstance,
        span: impl Into<Option<Span>>,
        deferred: Deferred,
    ) -> Option<DeferredReason> {
        let reason = match deferred {
            Deferred::Unknown => DeferredReason::Unknown,
            Deferred::ResourceConfigUnknown => DeferredReason::ResourceConfigUnknown,
            Deferred::ProviderConfigUnknown => DeferredReason::ProviderConfigUnknown,
            Deferred::AbsentPrerequisite => DeferredReason::AbsentPrerequisite,
        };
        if self.options.allow_deferral {
            return Some(reason);
        }
        let provider = &self.config.provider(provider.config).addr.provider;
        let mut problem = Diagnostic::error(
            &rules::answer::UNASKED_DEFERRAL,
            format!(
                "The provider {} put off its decision about {address}, although it was told that it may not. This is a bug in the provider, which should be reported in its own issue tracker.",
                provider.for_display()
            ),
        )
        .hint("with -allow-deferral such changes are left to a later plan");
        problem.subject = span.into();
        self.diagnostics.push(problem.about(address));
        None
    }

    /// The provider can't say yet how a stored object is, or find one that is to be imported.
    pub(super) fn object_deferred(&mut self, id: ObjectId, deferred: Deferred) {
        let object = &self.prior.objects[id];
        let address = object.addr.to_string();
        let Some(provider) = object.provider.clone() else {
            return self.object_failed(id);
        };
        let span = self.object_span(id);
        let Some(reason) = self.allowed_deferral(&address, &provider, span, deferred) else {
            return self.object_failed(id);
        };
        let object = &mut self.prior.objects[id];
        object.deferred = Some(reason);
        if object.old.is_null() {
            object.stage = Stage::Gone;
            return self.wake(id);
        }
        // It is taken for what it was.
        let known = object.old.clone();
        self.object_read(id, known);
    }

    /// Why the change of a task is put off, if it is.
    pub(super) fn deferral_of(&self, id: usize) -> Option<DeferredReason> {
        let Task {
            node,
            place,
            deferred,
            ..
        } = &self.tasks[id];
        let waits = || self.waits_for_deferred(*node, Some(*place));
        (*deferred).or_else(|| waits().then_some(DeferredReason::DeferredPrerequisite))
    }

    /// Whether something that a node depends on is put off. Of its own module only the same instance counts.
    pub(super) fn waits_for_deferred(&self, node: NodeId, seen_from: Option<Place>) -> bool {
        if self.waits_for_call(node) {
            return true;
        }
        if self.put_off.nodes.is_empty() {
            return false;
        }
        let deps = self.resource_deps[node.index()].as_deref().unwrap_or(&[]);
        deps.iter()
            .filter_map(|dep| self.index.config_resource(dep))
            .any(|(module, at)| {
                let node = self.graph.id(Node::Resource(module, at)).index();
                let (from, to) = seen_from
                    .filter(|place| place.module == module)
                    .map_or((0, u32::MAX), |place| (place.pos, place.pos));
                let mut found = self.put_off.nodes.range((node, from)..=(node, to));
                found.next().is_some()
            })
    }

    /// Whether values that a node is made of come out of a module of which it is not known how many instances it has.
    fn waits_for_call(&self, node: NodeId) -> bool {
        if self.put_off.calls.is_empty() {
            return false;
        }
        let mut seen = BTreeSet::new();
        let mut stack = self.graph.deps(node).to_vec();
        while let Some(id) = stack.pop() {
            if self.put_off.calls.contains(&id) {
                return true;
            }
            // Resources behind it are put off themselves.
            let values = !matches!(self.graph.node(id), Node::Resource(..));
            if values && seen.insert(id) {
                stack.extend_from_slice(self.graph.deps(id));
            }
        }
        false
    }

    /// What the provider has planned although it can't decide: shown as far as it makes sense.
    pub(super) fn planned_deferred(
        &mut self,
        id: usize,
        reason: DeferredReason,
        answer: PlannedObject,
    ) {
        let Task {
            place,
            at,
            object,
            config,
            forced,
            ..
        } = &self.tasks[id];
        let block = self.world.resource(place.module, *at).schema.block.clone();
        let planned = objchange::normalize_from_legacy(&block, &answer.planned);
        let present = object.filter(|object| self.prior.objects[*object].stage == Stage::Ready);
        // Of an object that is yet to be made providers leave out what they would choose: a null that nobody may rely on.
        let usable = present.is_some()
            && planned.is_known()
            && !planned.is_null()
            && super::fits::fits(&planned, block.implied_type());
        let planned = if usable {
            planned
        } else {
            objchange::planned_unknown_object(&block, &config.unmark_deep())
        };
        let forced = *forced;
        self.tasks[id].deferred = Some(reason);
        let Some(before) = present else {
            return self.decide(id, Action::Create, None, Vec::new(), planned, answer);
        };
        let prior = self.prior.objects[before].now.clone();
        let replace = objchange::filter_replace_paths(&block, &prior, &planned, &answer.paths);
        let paths = replace.changed;
        let cannot = (!paths.is_empty() || replace.write_only)
            .then_some(ActionReason::ReplaceBecauseCannotUpdate);
        let (action, reason) = match forced.or(cannot) {
            Some(reason) => (self.replace_action(id), Some(reason)),
            None if planned == prior => (Action::NoOp, None),
            None => (Action::Update, None),
        };
        self.decide(id, action, reason, paths, planned, answer);
    }

    /// The change of a task is put off.
    pub(super) fn put_off_task(
        &mut self,
        id: usize,
        reason: DeferredReason,
        change: ResourceChange,
    ) {
        let (node, place) = (self.tasks[id].node, self.tasks[id].place);
        let value = change.after.clone();
        self.put_off(reason, change);
        self.put_off.mark(node, place);
        // Conditions on it are checked when it is planned anew.
        self.settle(id, Ok(value));
    }

    pub(super) fn put_off(&mut self, reason: DeferredReason, change: ResourceChange) {
        self.put_off.changes.push(DeferredChange { reason, change });
    }

    /// Puts off the end of objects that something needs which is put off, and of those whose provider can't be configured before.
    pub(super) fn put_off_needed(&mut self) {
        if self.put_off.changes.is_empty() && self.put_off.nodes.is_empty() {
            return;
        }
        let mut unready: BTreeSet<ProviderId> = BTreeSet::new();
        for configuring in &self.configuring {
            let provider = configuring.instance.config;
            let node = self.graph.id(Node::Provider(provider));
            if self.waits_for_deferred(node, None) {
                unready.insert(provider);
            }
        }
        let mut changes = std::mem::take(&mut self.changes);
        loop {
            let stored = self
                .put_off
                .changes()
                .filter(|change| !change.before.is_null());
            let needed: BTreeSet<&ConfigResource> = stored
                .flat_map(|change| {
                    let known = change
                        .stored
                        .iter()
                        .flat_map(|stored| stored.dependencies.iter());
                    known.chain(change.dependencies.iter())
                })
                .collect();
            let waits = |change: &ResourceChange| {
                let provider = self
                    .config
                    .providers
                    .iter()
                    .position(|one| one.addr == change.provider);
                let provider = provider
                    .and_then(|at| u32::try_from(at).ok())
                    .map(ProviderId);
                change.action == Action::Delete
                    && (needed.contains(&change.addr.resource.config())
                        || provider.is_some_and(|provider| unready.contains(&provider)))
            };
            let (waiting, rest): (Vec<_>, Vec<_>) = changes.into_iter().partition(waits);
            changes = rest;
            if waiting.is_empty() {
                break;
            }
            for change in waiting {
                self.put_off(DeferredReason::DeferredPrerequisite, change);
            }
        }
        self.changes = changes;
    }
}
