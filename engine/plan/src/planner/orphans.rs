//! Objects that nothing in the configuration stands for: deleted, or forgotten.

use super::prior::{ObjectId, Stage};
use super::{Core, Waiting, moves};
use crate::plan::{Action, ActionReason, ExpansionKind, PlanMode, ResourceChange};
use crate::rules;
use terrane_config::config::Repetition;
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::addr::{InstanceAddr, InstanceKey, Mode};
use terrane_model::provider::{Answer, Call, CallFailure, Reply};
use terrane_value::{Kind, Value};

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
            self.check_prevent_destroy(id);
            let (Some(provider), Some(info)) = (
                object_provider(self, id),
                object_provider(self, id).and_then(|provider| self.info(provider.config)),
            ) else {
                continue;
            };
            if self.is_forgotten(id) || !info.abilities.plan_destroy {
                let private = self.prior.objects[id].private.clone();
                self.orphan_planned(id, private);
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
        let addr = self.prior.objects[id].addr.to_string();
        let reply = match outcome {
            Ok(reply) => reply,
            Err(failure) => {
                if let Some(provider) = object_provider(self, id) {
                    self.report_failure(&failure, &provider, &addr, None);
                }
                return;
            }
        };
        if self.report_provider(&reply.diagnostics, &addr, &|_| None) {
            return;
        }
        match reply.answer {
            Some(Answer::Plan { planned, private, .. }) if planned.is_null() => self.orphan_planned(id, private),
            _ => self.diagnostics.push(
                Diagnostic::error(
                    &rules::answer::DESTROY_REFUSED,
                    format!("The provider planned to keep {addr} where it was asked to plan its deletion. This is a bug in the provider, which should be reported in its own issue tracker."),
                )
                .about(addr),
            ),
        }
    }

    fn orphan_planned(&mut self, id: ObjectId, private: terrane_model::provider::Private) {
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
        self.changes.push(change);
    }

    /// The object stays as it is.
    fn keep(&mut self, id: ObjectId) {
        let change = self.change_of(id);
        self.changes.push(change);
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
        let configured = self.index.resource(&object.addr.resource);
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
        let place = self
            .world
            .place_of(&addr.resource.module)
            .or_else(|| self.world.places(module).next());
        let value = match (prevent.as_constant(), place) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(place)) => prevent.eval(&self.world.scope(place), &[]),
            (None, None) => return,
        };
        let value = match value {
            Ok(value) => value.unmark_deep(),
            Err(diagnostics) => return self.report(diagnostics, &addr.to_string()),
        };
        let value = terrane_value::convert::convert(&value, &terrane_value::Type::Bool)
            .unwrap_or(Value::NULL);
        match value.kind() {
            Kind::Bool(true) => {
                let options = if matches!(resource.repetition, Repetition::Single) {
                    ""
                } else {
                    " (quoted for your shell)"
                };
                self.diagnostics.push(
                    Diagnostic::error(
                        &rules::planning::PREVENT_DESTROY,
                        format!(
                            "Resource {addr} has lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed. To avoid this error and continue with the plan, \
                             either disable lifecycle.prevent_destroy or leave the object out of the plan with -exclude={addr}{options}."
                        ),
                    )
                    .at(prevent.span())
                    .within(resource.span)
                    .about(addr.to_string()),
                );
            }
            Kind::Bool(false) => {}
            _ => self.diagnostics.push(
                Diagnostic::error(
                    &rules::planning::INVALID_PREVENT_DESTROY,
                    "The value must be a known, non-null boolean when the plan is made.",
                )
                .at(prevent.span())
                .about(addr.to_string()),
            ),
        }
    }
}

fn object_provider(core: &Core, id: ObjectId) -> Option<crate::machine::ProviderInstance> {
    core.prior.objects[id].provider.clone()
}
