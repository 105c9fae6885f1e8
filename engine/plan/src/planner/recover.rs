//! After a crash: what became of the changes that were begun and whose end is not recorded?
//!
//! It is the planner with nothing to plan: only the provider configurations that the open intents need are evaluated and configured.
//! * A provisioner: it is told that it may have run. The object is as it was recorded.
//! * A change or deletion of an object that state holds: reading it tells. Where that takes more than a call, the intent is closed, and the plan reads the object as
//!   usual.
//! * A creation: the provider is asked by token, if it can tell. If it can't, the intent stays open and the user is told.

use super::{Core, Waiting};
use crate::graph::{Node, NodeId};
use crate::machine::{PlanInput, ProviderInstance};
use crate::rules;
use crate::{objchange, stored};
use std::sync::Arc;
use terrane_config::config::ProviderId;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::event::{EventKind, Intent, Operation};
use terrane_model::provider::{Answer, Call, CallFailure, ImportedObject, Reply, Resolution};
use terrane_model::schema::Schema;
use terrane_model::snapshot::{ObjectState, Status};
use terrane_value::{Marks, Value};

/// An open intent.
#[derive(Debug)]
pub(super) struct OpenIntent {
    op: u64,
    intent: Intent,
    provider: Option<ProviderInstance>,
    /// The object as it is recorded, and its value: reading it tells what became of the change.
    known: Option<(Arc<ObjectState>, Value)>,
}

/// What providers have said of creations. It is made events of when all have answered, so that the order of answers does not matter.
#[derive(Debug, Default)]
pub(super) struct Settling {
    found: Vec<(u64, Intent, Arc<ObjectState>)>,
    not_made: Vec<(u64, Intent)>,
}

impl Core {
    /// A core that only settles open intents.
    pub(crate) fn recovery(input: PlanInput) -> Self {
        let mut core = Self::unprepared(input);
        core.recovering = true;
        core.orphans_planned = true;
        core.prepare();
        core
    }

    /// Sorts the open intents: those that reading settles, and those that a provider must be asked about.
    pub(super) fn assign_intents(&mut self) {
        for (op, intent) in self.snapshot.open.clone() {
            let state = match intent.object.deposed.as_ref() {
                None => self
                    .snapshot
                    .instance(&intent.object.instance)
                    .and_then(|instance| instance.current.clone()),
                Some(key) => self
                    .snapshot
                    .instance(&intent.object.instance)
                    .and_then(|instance| instance.deposed.get(key).cloned()),
            };
            if let Operation::Provision(at) = intent.operation {
                self.cut_off(&intent, at, state.as_deref());
            }
            if intent.operation == Operation::Invoke {
                self.invocation_cut_off(&intent);
            }
            let at = self
                .config
                .providers
                .iter()
                .position(|provider| provider.addr == intent.provider);
            let provider = at
                .and_then(|at| u32::try_from(at).ok())
                .map(|at| ProviderInstance {
                    config: ProviderId(at),
                    key: intent.provider_key.clone(),
                });
            if intent.operation != Operation::Create {
                let known = state
                    .as_ref()
                    .and_then(|state| self.readable(&intent, state));
                let Some((provider, known)) = provider.zip(known) else {
                    self.settle_intent(op, &intent, state);
                    continue;
                };
                self.unresolved
                    .entry(provider.clone())
                    .or_default()
                    .push(self.intents.len());
                self.intents.push(OpenIntent {
                    op,
                    intent,
                    provider: Some(provider),
                    known: Some(known),
                });
                continue;
            }
            let able = provider
                .as_ref()
                .and_then(|provider| self.info(provider.config))
                .is_some_and(|info| info.abilities.resolves_tokens);
            if !able {
                self.may_exist(&intent);
                continue;
            }
            let id = self.intents.len();
            if let Some(provider) = &provider {
                self.unresolved
                    .entry(provider.clone())
                    .or_default()
                    .push(id);
            }
            self.intents.push(OpenIntent {
                op,
                intent,
                provider,
                known: None,
            });
        }
    }

    /// What a change was made to, as a provider can be asked for it. `None` where that is left to the plan, which knows how to bring it up to date.
    fn readable(
        &self,
        intent: &Intent,
        state: &Arc<ObjectState>,
    ) -> Option<(Arc<ObjectState>, Value)> {
        let changing = matches!(intent.operation, Operation::Update | Operation::Delete);
        if !changing || state.identity.is_some() || state.provider_key.is_some() {
            return None;
        }
        let schema = self.schema_of_intent(intent)?;
        let current = schema.version == state.schema_version;
        let value = stored::decode(&state.attributes, schema.block.implied_type()).ok();
        value
            .filter(|_| current)
            .map(|value| (state.clone(), value))
    }

    fn schema_of_intent(&self, intent: &Intent) -> Option<Arc<Schema>> {
        let info = self.infos.get(&intent.provider.provider)?;
        let type_name = &intent.object.instance.resource.type_name;
        info.schema.resources.get(type_name).cloned()
    }

    /// The provider nodes that open intents need.
    pub(super) fn intent_nodes(&self) -> Vec<NodeId> {
        self.unresolved
            .keys()
            .map(|provider| self.graph.id(Node::Provider(provider.config)))
            .collect()
    }

    fn settle_intent(&mut self, op: u64, intent: &Intent, state: Option<Arc<ObjectState>>) {
        self.events.push(EventKind::Ended {
            op,
            object: intent.object.clone(),
            provider: intent.provider.clone(),
            state,
        });
    }

    /// A provisioner may have run, or not, or in part.
    fn cut_off(&mut self, intent: &Intent, at: u32, state: Option<&ObjectState>) {
        let addr = intent.object.instance.to_string();
        let number = u64::from(at) + 1;
        let what = match state.map(|state| state.status) {
            Some(Status::Tainted) => "The object stays tainted, so that it is replaced",
            Some(Status::Ready) => "If the object is still to be destroyed, it runs again",
            None => "The object is not there any more",
        };
        let shell = super::takeover::shell(&intent.object.instance);
        let mut message = Diagnostic::warning(
            &rules::state::PROVISIONER_CUT_OFF,
            format!("An earlier run was cut off while provisioner {number} of {addr} ran. Whether it did its work is not known. {what}."),
        )
        .about(addr);
        if state.is_some_and(|state| state.status == Status::Tainted) {
            message = message.hint(format!(
                "if the object is as it should be all the same, `terrane untaint {shell}` keeps it"
            ));
        }
        self.diagnostics.push(message);
    }

    /// An action may have been done, or not, or in part. Nobody but the user can tell, so it is said and not done again.
    fn invocation_cut_off(&mut self, intent: &Intent) {
        let addr = intent.object.instance.to_string();
        let shell = super::takeover::shell(&intent.object.instance);
        self.diagnostics.push(
            Diagnostic::warning(
                &rules::state::ACTION_CUT_OFF,
                format!("An earlier run was cut off while the action {addr} was under way. Whether it did its work is not known. It is not done again by itself."),
            )
            .about(addr)
            .hint(format!("find out whether it was done; if it was not, `terrane apply -invoke={shell}` does it")),
        );
    }

    /// It was cut off, or ended with an error after which the provider could not tell either.
    fn may_exist(&mut self, intent: &Intent) {
        let addr = intent.object.instance.to_string();
        let shell = super::takeover::shell(&intent.object.instance);
        let provider = intent.provider.provider.for_display();
        let taken = (self.snapshot.instance(&intent.object.instance))
            .is_some_and(|known| known.current.is_some());
        let (then, hint) = if taken {
            (
                format!(
                    "{addr} has got another object since then; the earlier one may exist without being in the state."
                ),
                format!(
                    "look whether the earlier object exists, and delete it where it is, if it is not needed; then `terrane state resolve -absent {shell}`, which leaves the other one in the state"
                ),
            )
        } else {
            (
                "The object may exist without being in the state, and the next apply would create another one.".to_owned(),
                format!("look whether the object exists; if it does, run `terrane import {shell} ID`, with the ID that the provider knows it by; if it does not, `terrane state resolve -absent {shell}`"),
            )
        };
        self.diagnostics.push(
            Diagnostic::warning(
                &rules::state::MAY_EXIST,
                format!("An earlier run began to create {addr} and did not learn how that ended, and the provider {provider} can't tell whether it happened. {then}"),
            )
            .about(addr)
            .hint(hint),
        );
    }

    /// The provider is ready: ask it.
    pub(super) fn ask_intent(&mut self, id: usize) {
        let OpenIntent {
            intent,
            provider,
            known,
            ..
        } = &self.intents[id];
        let Some(provider) = provider.clone() else {
            return;
        };
        let resource = &intent.object.instance.resource;
        let call = match known {
            Some((state, value)) => Call::Read {
                type_name: resource.type_name.clone(),
                current: value.clone(),
                private: state.private.clone(),
                meta: self.meta_for(&resource.module, provider.config),
                identity: Value::NULL,
            },
            None => Call::Resolve {
                type_name: resource.type_name.clone(),
                token: intent.token.clone(),
                planned: self.schema_of_intent(intent).map_or(Value::NULL, |schema| {
                    stored::decode_planned(&intent.planned, schema.block.implied_type())
                }),
            },
        };
        self.ask(&provider, call, Waiting::Intent(id));
    }

    /// The provider could not be configured: a creation stays open. Other changes are left to the plan, which reads their objects.
    pub(super) fn intent_failed(&mut self, id: usize) {
        let OpenIntent {
            op, intent, known, ..
        } = &self.intents[id];
        let (op, intent) = (*op, intent.clone());
        match known {
            Some((state, _)) => {
                let state = state.clone();
                self.settle_intent(op, &intent, Some(state));
            }
            None => self.may_exist(&intent),
        }
    }

    /// The object of a change, as it is now.
    fn settle_read(&mut self, id: usize, answer: Option<Answer>) {
        let OpenIntent {
            op, intent, known, ..
        } = &self.intents[id];
        let (op, intent, known) = (*op, intent.clone(), known.clone());
        let old = known.map(|(state, _)| state);
        let Some(Answer::Read {
            state: now,
            private,
            ..
        }) = answer
        else {
            return self.settle_intent(op, &intent, old);
        };
        if now.is_null() {
            return self.settle_intent(op, &intent, None);
        }
        let read = self
            .schema_of_intent(&intent)
            .zip(old.clone())
            .and_then(|(schema, old)| {
                let now = objchange::normalize_from_legacy(&schema.block, &now);
                let kept = objchange::strip_write_only(&schema.block, &now);
                let attributes = stored::encode(&kept, schema.block.implied_type()).ok()?;
                Some(Arc::new(ObjectState {
                    attributes,
                    private,
                    ..(*old).clone()
                }))
            });
        self.settle_intent(op, &intent, read.or(old));
    }

    pub(super) fn intent_answered(&mut self, id: usize, outcome: Result<Reply, CallFailure>) {
        let OpenIntent { op, intent, .. } = &self.intents[id];
        let (op, intent) = (*op, intent.clone());
        let answer = match outcome {
            Ok(reply) if !reply.has_errors() => reply.answer,
            Ok(_) | Err(_) => None,
        };
        if self.intents[id].known.is_some() {
            return self.settle_read(id, answer);
        }
        match answer {
            Some(Answer::Resolved(Resolution::NeverHappened)) => {
                self.settling.not_made.push((op, intent));
            }
            // It was made, and is gone already.
            Some(Answer::Resolved(Resolution::Happened(object))) if object.state.is_null() => {
                self.settling.not_made.push((op, intent));
            }
            Some(Answer::Resolved(Resolution::Happened(object))) => {
                match self.adopted(&intent, &object) {
                    Ok(state) => self.settling.found.push((op, intent, Arc::new(state))),
                    Err(problem) => {
                        let addr = intent.object.instance.to_string();
                        self.diagnostics.push(Diagnostic::error(&rules::state::INVALID_FOUND_OBJECT, format!("The provider found the object that an earlier run created for {addr}, but it can't be stored: {problem}.")).about(addr));
                    }
                }
            }
            _ => self.may_exist(&intent),
        }
    }

    /// The object that a cut off run created, as state is to hold it. With provisioners it counts as unfinished, for nobody knows whether they ran.
    fn adopted(&self, intent: &Intent, object: &ImportedObject) -> Result<ObjectState, String> {
        let resource_addr = &intent.object.instance.resource;
        let configured = self.index.resource(resource_addr);
        let node = configured.map(|(module, at)| self.graph.id(Node::Resource(module, at)));
        let resource =
            configured.map(|(module, at)| &self.config.module(module).resources[at as usize]);
        let info = self
            .infos
            .get(&intent.provider.provider)
            .ok_or("its provider is not there")?;
        let schema = info
            .schema
            .resources
            .get(&resource_addr.type_name)
            .ok_or("its type has no schema")?;
        let value = objchange::schema_marks(
            &schema.block,
            &objchange::normalize_from_legacy(&schema.block, &object.state),
        );
        let kept = objchange::strip_write_only(&schema.block, &value);
        let provisioned = resource.is_some_and(|resource| {
            resource
                .provisioners
                .iter()
                .any(|provisioner| !provisioner.on_destroy)
        });
        let sensitive = objchange::marked_paths(&kept)
            .into_iter()
            .filter(|(_, marks)| *marks == Marks::SENSITIVE)
            .map(|(path, _)| path)
            .collect();
        Ok(ObjectState {
            status: if provisioned {
                Status::Tainted
            } else {
                Status::Ready
            },
            schema_version: schema.version,
            attributes: stored::encode(&kept, schema.block.implied_type())?,
            sensitive,
            private: object.private.clone(),
            // The configuration may be another one by now, but the object depends on what it was made with.
            dependencies: match intent.dependencies.is_empty() {
                false => intent.dependencies.clone(),
                true => node
                    .and_then(|node| self.resource_deps[node.index()].clone())
                    .unwrap_or_else(|| Arc::from([])),
            },
            create_before_destroy: intent.create_before_destroy
                || node.is_some_and(|node| self.create_first[node.index()]),
            skip_destroy: false,
            identity: None,
            provider_key: intent.provider_key.clone(),
            created_in_ms: None,
        })
    }

    /// The events that settle the intents.
    pub(crate) fn finish_recovery(mut self) -> (Vec<EventKind>, Diagnostics) {
        if !self.cancelled {
            // Their provider instances were never configured: they are not there (any more).
            let left = std::mem::take(&mut self.unresolved);
            for id in left.into_values().flatten() {
                self.intent_failed(id);
            }
        }
        let Settling {
            mut found,
            mut not_made,
        } = std::mem::take(&mut self.settling);
        found.sort_by_key(|(op, ..)| *op);
        not_made.sort_by_key(|(op, _)| *op);
        let mut snapshot = (*self.snapshot).clone();
        for event in &self.events {
            snapshot.fold(event);
        }
        for (op, intent, state) in found {
            let known = snapshot.instance(&intent.object.instance);
            let current = known.and_then(|known| known.current.clone());
            let state = match current {
                None => state,
                Some(current) if current.attributes == state.attributes => current,
                // Neither takes the place of the other: both exist.
                Some(_) => {
                    self.found_beside(&intent);
                    continue;
                }
            };
            self.settle_intent(op, &intent, Some(state));
            if let Some(event) = self.events.last() {
                snapshot.fold(event);
            }
        }
        // Only now, for what made room for a creation is in use again where nothing else is.
        for (op, intent) in not_made {
            for event in intent.ended_without_effect(op, &snapshot) {
                snapshot.fold(&event);
                self.events.push(event);
            }
        }
        (self.events, self.diagnostics)
    }

    /// A creation turned out to have been made, and its address has another object by now.
    fn found_beside(&mut self, intent: &Intent) {
        let addr = intent.object.instance.to_string();
        let shell = super::takeover::shell(&intent.object.instance);
        self.diagnostics.push(
            Diagnostic::warning(
                &rules::state::MAY_EXIST,
                format!("An object that an earlier run began to create for {addr} exists, but {addr} has got another object since then. The earlier one is not in the state."),
            )
            .about(addr)
            .hint(format!("delete it where it is, if it is not needed; then `terrane state resolve -absent {shell}`, which leaves the other one in the state")),
        );
    }
}
