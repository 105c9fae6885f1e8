//! Objects that nothing in the configuration stands for: deleted, or forgotten.

use super::prior::{ObjectId, Stage};
use super::{Core, Waiting, moves};
use crate::graph::{Node, NodeId, each_target};
use crate::plan::{Action, ActionReason, DeferredReason, ExpansionKind, PlanMode, ResourceChange};
use crate::rules;
use crate::world::expand::repeat_of;
use crate::world::uses_repetition;
use terrane_config::config::Repetition;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::Compiled;
use terrane_model::addr::{InstanceAddr, InstanceKey, Mode};
use terrane_model::provider::{Answer, Call, CallFailure, Reply};
use terrane_value::{Kind, Type, Value};

impl Core {
    /// Plans the end of every object that no task has claimed. All nodes are done by now.
    pub(super) fn plan_orphans(&mut self) {
        self.check_lost_instances();
        for id in 0..self.prior.objects.len() {
            let object = &self.prior.objects[id];
            let concerned =
                object.addr.resource.mode == Mode::Managed && !object.claimed && object.in_scope;
            if !concerned
                || object.stage == Stage::Failed
                || object.stage == Stage::Waiting
                || object.stage == Stage::Gone
            {
                continue;
            }
            if self.options.mode == PlanMode::RefreshOnly {
                self.keep(id);
                continue;
            }
            let node =
                (object.declared).map(|(module, at)| self.graph.id(Node::Resource(module, at)));
            if self.options.mode == PlanMode::Normal && !self.scope.orphan(node, &object.addr) {
                self.prior.objects[id].in_scope = false;
                continue;
            }
            if self.stays_open(id) {
                let change = self.change_of(id);
                self.put_off(DeferredReason::InstanceCountUnknown, change);
                continue;
            }
            if !self.is_forgotten(id) {
                self.check_prevent_destroy(id);
            }
            let (Some(provider), Some(info)) = (
                object_provider(self, id),
                object_provider(self, id).and_then(|provider| self.info(provider.config)),
            ) else {
                continue;
            };
            let told = self.prior.objects[id].deferred.is_some();
            if self.is_forgotten(id) || !info.abilities.plan_destroy || told {
                let private = self.prior.objects[id].private.clone();
                self.orphan_planned(id, private, None);
                continue;
            }
            let object = &self.prior.objects[id];
            let call = Call::Plan {
                type_name: object.addr.resource.type_name.clone(),
                prior: object.now.clone(),
                proposed: Value::null(object.now.ty()),
                config: Value::null(object.now.ty()),
                private: object.private.clone(),
                meta: self.meta_for(&object.addr.resource.module, provider.config),
                identity: object.identity.clone(),
            };
            self.orphans_open += 1;
            self.ask(&provider, call, Waiting::Orphan(id));
        }
    }

    pub(super) fn orphan_answered(&mut self, id: ObjectId, outcome: Result<Reply, CallFailure>) {
        self.orphans_open -= 1;
        let addr = self.prior.objects[id].addr.clone();
        let reply = match outcome {
            Ok(reply) => reply,
            Err(failure) => {
                self.may_quote(Some(id), None);
                if let Some(provider) = object_provider(self, id) {
                    self.report_failure(&failure, &provider, &addr.to_string(), None);
                }
                return;
            }
        };
        if !reply.diagnostics.is_empty() {
            self.may_quote(Some(id), None);
        }
        if self.report_provider(&reply.diagnostics, &addr, &|_| None) {
            return;
        }
        match reply.answer {
            Some(Answer::Plan { private, deferred: Some(deferred), .. }) => {
                let Some(provider) = object_provider(self, id) else {
                    return;
                };
                let span = self.object_span(id);
                if let Some(reason) = self.allowed_deferral(&addr.to_string(), &provider, span, deferred) {
                    self.orphan_planned(id, private, Some(reason));
                }
            }
            Some(Answer::Plan { planned, private, .. }) if planned.is_null() => self.orphan_planned(id, private, None),
            _ => self.diagnostics.push(
                Diagnostic::error(
                    &rules::answer::DESTROY_REFUSED,
                    format!("The provider planned to keep {addr} where it was asked to plan its deletion. This is a bug in the provider, which should be reported in its own issue tracker."),
                )
                .about(addr.to_string()),
            ),
        }
    }

    fn orphan_planned(
        &mut self,
        id: ObjectId,
        private: terrane_model::provider::Private,
        deferred: Option<DeferredReason>,
    ) {
        let forget = self.is_forgotten(id);
        let reason = if self.is_destroy() || self.prior.objects[id].deposed.is_some() {
            None
        } else {
            self.delete_reason(id)
        };
        let mut change = self.change_of(id);
        change.action = if forget {
            Action::Forget
        } else {
            Action::Delete
        };
        change.reason = reason;
        change.after = Value::null(change.before.ty());
        change.private = private;
        change.after_identity = Value::NULL;
        // What is only forgotten needs no provider.
        let deferred = deferred.or(self.prior.objects[id].deferred);
        match deferred.filter(|_| !forget) {
            Some(reason) => self.put_off(reason, change),
            None => self.changes.push(change),
        }
    }

    /// Whether it is not known yet that the instance is gone.
    fn stays_open(&self, id: ObjectId) -> bool {
        let object = &self.prior.objects[id];
        let resource = &object.addr.resource;
        let declared = object.declared;
        object.deposed.is_none() && declared.is_some_and(|(_, at)| self.world.is_open(resource, at))
    }

    /// The object stays as it is.
    fn keep(&mut self, id: ObjectId) {
        let change = self.change_of(id);
        match self.prior.objects[id].deferred {
            Some(reason) => self.put_off(reason, change),
            None => self.changes.push(change),
        }
    }

    /// A change that does nothing to an object.
    pub(super) fn change_of(&self, id: ObjectId) -> ResourceChange {
        let object = &self.prior.objects[id];
        let before = self.marked(id, &object.now);
        let provider = object.provider.as_ref().map_or_else(
            || object.provider_addr.clone(),
            |provider| self.config.provider(provider.config).addr.clone(),
        );
        ResourceChange {
            addr: object.addr.clone(),
            previous_addr: object.previous.clone(),
            deposed: object.deposed.clone(),
            provider,
            provider_key: object.stored.provider_key.clone(),
            action: Action::NoOp,
            reason: None,
            after: before.clone(),
            before,
            replace_paths: Vec::new(),
            private: object.private.clone(),
            before_identity: object.identity.clone(),
            after_identity: object.identity.clone(),
            importing: None,
            schema_version: object
                .schema
                .as_ref()
                .map_or(object.stored.schema_version, |schema| schema.version),
            dependencies: object.stored.dependencies.clone(),
            create_before_destroy: object.stored.create_before_destroy,
            tainted: self.is_tainted(id),
            marks_only: false,
            stored: Some(object.stored.clone()),
        }
    }

    /// Whether the object is to be forgotten instead of destroyed: a `removed` block says so, or it was stored with that wish.
    fn is_forgotten(&self, id: ObjectId) -> bool {
        let object = &self.prior.objects[id];
        let configured = object.declared;
        if let Some((module, at)) = configured
            && self.config.module(module).resources[at as usize]
                .lifecycle
                .skip_destroy
        {
            return true;
        }
        if configured.is_none()
            && let Some((_, removed)) = moves::removed(&self.config, &object.addr.resource)
        {
            return !removed.destroy;
        }
        object.stored.skip_destroy
    }

    /// Why an object is to be deleted (`opentofu.md` 4.4).
    fn delete_reason(&self, id: ObjectId) -> Option<ActionReason> {
        let InstanceAddr { resource, key } = &self.prior.objects[id].addr;
        let Some((_, at)) = self.index.resource(resource) else {
            return Some(if self.prior.objects[id].previous.is_some() {
                ActionReason::DeleteBecauseNoMoveTarget
            } else {
                ActionReason::DeleteBecauseNoResourceConfig
            });
        };
        let Some(place) = self.world.place_of(&resource.module) else {
            return Some(ActionReason::DeleteBecauseNoModule);
        };
        let kind = self.world.resource_cell(place, at).map(|cell| cell.kind)?;
        Some(match (kind, key) {
            (ExpansionKind::Count, Some(InstanceKey::Int(_))) => {
                ActionReason::DeleteBecauseCountIndex
            }
            (ExpansionKind::ForEach, Some(InstanceKey::Str(_))) => {
                ActionReason::DeleteBecauseEachKey
            }
            (ExpansionKind::Enabled, None) => ActionReason::DeleteBecauseEnabledFalse,
            _ => ActionReason::DeleteBecauseWrongRepetition,
        })
    }

    /// `prevent_destroy` of the block that declares (or declared the siblings of) an object.
    pub(super) fn check_prevent_destroy(&mut self, id: ObjectId) {
        let addr = self.prior.objects[id].addr.clone();
        let Some((module, at)) = self.index.resource(&addr.resource) else {
            return;
        };
        if self.prior.objects[id].deposed.is_some() {
            return;
        }
        let config = self.config.clone();
        let resource = &config.module(module).resources[at as usize];
        let Some(prevent) = &resource.lifecycle.prevent_destroy else {
            return;
        };
        let value = match self.prevents(&addr, at, prevent) {
            Ok(value) => value,
            Err(diagnostics) => return self.report(diagnostics, &addr),
        };
        let marks = value.marks_deep();
        let value = terrane_value::convert::convert(&value.unmark_deep(), &Type::Bool)
            .unwrap_or(Value::NULL);
        let invalid = &rules::planning::INVALID_PREVENT_DESTROY;
        let (rule, detail) = match value.kind() {
            _ if marks.is_ephemeral() => (
                invalid,
                "The value must not be ephemeral: applying the plan could come to another result than planning.".to_owned(),
            ),
            _ if marks.is_sensitive() => (
                invalid,
                "The value must not be sensitive, since whether something may be destroyed tells it. If it is no secret, say so with nonsensitive(...).".to_owned(),
            ),
            Kind::Bool(false) => return,
            Kind::Bool(true) => {
                let options = if matches!(resource.repetition, Repetition::Single) {
                    ""
                } else {
                    " (quoted for your shell)"
                };
                (
                    &rules::planning::PREVENT_DESTROY,
                    format!(
                        "Resource {addr} has lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed. To avoid this error and continue with the plan, \
                         either disable lifecycle.prevent_destroy or leave the object out of the plan with -exclude={addr}{options}."
                    ),
                )
            }
            Kind::Null(_) => (
                invalid,
                format!("The plan calls for {addr} to be destroyed. Whether it may be can't be told: the value is null, and has to be true or false."),
            ),
            _ => (
                invalid,
                format!("The plan calls for {addr} to be destroyed. Whether it may be can't be told: the value is not known while planning. Write true or false, or something that does not depend on what is yet to be made or on an element that is gone from for_each; or leave the object out of the plan with -exclude={addr}."),
            ),
        };
        self.diagnostics.push(
            Diagnostic::error(rule, detail)
                .at(prevent.span())
                .within(resource.span)
                .about(addr.to_string()),
        );
    }

    /// The value of `prevent_destroy` for an object, whose instance or module instance may not be configured any more.
    fn prevents(
        &mut self,
        addr: &InstanceAddr,
        at: u32,
        prevent: &Compiled,
    ) -> Result<Value, Diagnostics> {
        if let Some(value) = prevent.as_constant() {
            return Ok(value.clone());
        }
        let key = addr.key.as_ref();
        let value = self.world.look_in(&addr.resource.module, |world, place| {
            let resource = world.resource(place.module, at);
            let repetition = &resource.repetition;
            let expanded = match world.resource_cell(place, at) {
                Some(cell) if cell.keys.binary_search(&addr.key).is_ok() => {
                    return prevent.eval(
                        &world.scope(place).repeated(world.repeat(place, at, key)?),
                        &[],
                    );
                }
                // While everything is destroyed nothing was expanded.
                None if uses_repetition(world.config.module(place.module), prevent) => {
                    world.expanded(place, repetition).ok()
                }
                _ => None,
            };
            let each = expanded
                .filter(|expanded| expanded.keys.binary_search(&addr.key).is_ok())
                .and_then(|expanded| expanded.each);
            let repeat = repeat_of(key, each.as_ref());
            prevent.eval(&world.scope(place).repeated(repeat), &[])
        });
        value.unwrap_or_else(|| Ok(Value::dynamic()))
    }

    /// What has to be evaluated to tell which objects may be destroyed, where nothing else is.
    pub(super) fn prevention_nodes(&self) -> Vec<NodeId> {
        let mut found = std::collections::BTreeSet::new();
        for object in self.prior.objects.iter().filter(|object| object.in_scope) {
            found.extend(object.declared);
        }
        let mut nodes = Vec::new();
        for (module, at) in found {
            let module = self.config.module(module);
            let resource = &module.resources[at as usize];
            let Some(prevent) = &resource.lifecycle.prevent_destroy else {
                continue;
            };
            if prevent.as_constant().is_some() {
                continue;
            }
            nodes.extend((module.parent).map(|(id, call)| self.graph.id(Node::Call(id, call))));
            let repetition = match &resource.repetition {
                Repetition::ForEach(expr) if uses_repetition(module, prevent) => Some(expr),
                _ => None,
            };
            for used in std::iter::once(prevent)
                .chain(repetition)
                .flat_map(Compiled::uses)
            {
                let reference = module.slots[used.slot.0 as usize];
                each_target(&self.config, module, reference, &mut |node| {
                    nodes.push(self.graph.id(node));
                });
            }
        }
        nodes
    }
}

fn object_provider(core: &Core, id: ObjectId) -> Option<crate::machine::ProviderInstance> {
    core.prior.objects[id].provider.clone()
}
