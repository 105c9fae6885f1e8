//! Stored objects: who is asked about them, upgrading, reading.

use super::prior::{Object, ObjectId, Stage};
use super::{Core, Waiting};
use crate::graph::Node;
use crate::machine::{Progress, ProviderInstance};
use crate::objchange;
use crate::plan::{Drift, PlanMode};
use crate::rules;
use crate::stored;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::config::ProviderId;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::Span;
use terrane_model::addr::{ConfigResource, Mode};
use terrane_model::provider::{Answer, Call, CallFailure, RawObject, Reply};
use terrane_model::schema::Schema;
use terrane_model::snapshot::Status;
use terrane_value::{EcoString, Marks, Value, json};

/// What the text of a stored object says, or why it says nothing.
type Decoded = Result<Value, String>;

/// From so many objects on their texts are read on several threads.
const PARALLEL_FROM: usize = 512;

impl Core {
    /// The schema of a resource type.
    pub(super) fn schema_of(
        &self,
        provider: ProviderId,
        mode: Mode,
        type_name: &str,
    ) -> Option<Arc<Schema>> {
        let schema = &self.info(provider)?.schema;
        let schemas = match mode {
            Mode::Managed => &schema.resources,
            Mode::Data => &schema.data_sources,
            Mode::Ephemeral => &schema.ephemeral_resources,
            Mode::Action => &schema.actions,
        };
        schemas.get(type_name).cloned()
    }

    /// Finds out which objects take part: those in scope, and where objects are to be destroyed, those that must go before one that is targeted, while
    /// those stay that one needs which is excluded.
    pub(super) fn find_objects_in_scope(&mut self) {
        let destroying = self.is_destroy();
        let mut taking_part = Vec::with_capacity(self.prior.objects.len());
        let mut going = Vec::with_capacity(self.prior.objects.len());
        for object in &self.prior.objects {
            let node = object
                .declared
                .map(|(module, at)| self.graph.id(Node::Resource(module, at)));
            // What depends on something that is excluded stays as it is, like that.
            let left_out = node.is_some_and(|node| !self.scope.node(node));
            let named = self.scope.object(node, &object.addr, destroying);
            taking_part.push(named && (destroying || !left_out));
            going.push(destroying || node.is_none());
        }
        if !self.scope.is_all() {
            self.spread_scope(&mut taking_part, &going);
        }
        for (object, named) in self.prior.objects.iter_mut().zip(taking_part) {
            object.in_scope = named;
        }
    }

    fn spread_scope(&self, named: &mut [bool], going: &[bool]) {
        let targeting = self.scope.is_targeting();
        let mut of: BTreeMap<ConfigResource, Vec<ObjectId>> = BTreeMap::new();
        let mut dependents: BTreeMap<&ConfigResource, Vec<ObjectId>> = BTreeMap::new();
        for (id, object) in self.prior.objects.iter().enumerate() {
            of.entry(object.addr.resource.config())
                .or_default()
                .push(id);
            for dep in object.stored.dependencies.iter() {
                dependents.entry(dep).or_default().push(id);
            }
        }
        // A target draws in what depends on it; an exclusion what it depends on.
        let mut open: Vec<ObjectId> = (0..named.len())
            .filter(|id| going[*id] && named[*id] == targeting)
            .collect();
        while let Some(id) = open.pop() {
            let object = &self.prior.objects[id];
            let mut next: Vec<ObjectId> = Vec::new();
            if targeting {
                next.extend(
                    dependents
                        .get(&object.addr.resource.config())
                        .into_iter()
                        .flatten(),
                );
            } else {
                let needs = object.stored.dependencies.iter();
                next.extend(needs.filter_map(|dep| of.get(dep)).flatten());
            }
            for id in next {
                if going[id] && named[id] != targeting {
                    named[id] = targeting;
                    open.push(id);
                }
            }
        }
    }

    /// Finds out for each object which provider instance is asked about it.
    pub(super) fn assign_providers(&mut self) {
        for id in 0..self.prior.objects.len() {
            let object = &self.prior.objects[id];
            let declared = object.declared.map(|(module, at)| {
                self.config.module(module).resources[at as usize]
                    .provider
                    .provider
            });
            let config = declared.or_else(|| {
                let at = self
                    .config
                    .providers
                    .iter()
                    .position(|provider| provider.addr == object.provider_addr)?;
                Some(ProviderId(u32::try_from(at).ok()?))
            });
            let (mode, in_scope) = (object.addr.resource.mode, object.in_scope);
            if mode != Mode::Managed {
                // What was read before is only shown.
                let type_name = object.addr.resource.type_name.clone();
                let schema = config.and_then(|config| self.schema_of(config, mode, &type_name));
                let object = &mut self.prior.objects[id];
                (object.schema, object.stage) = (schema, Stage::Ready);
                continue;
            }
            let Some(config) = config else {
                if in_scope {
                    let (addr, provider) =
                        (object.addr.to_string(), object.provider_addr.to_string());
                    self.diagnostics.push(
                        Diagnostic::error(
                            &rules::state::NO_PROVIDER_CONFIGURATION,
                            format!(
                                "To work with {addr} its original provider configuration at {provider} is required, but it has been removed. This occurs when a provider \
                                 configuration is removed while objects created by that provider still exist in the state. Re-add the provider configuration to destroy {addr}, \
                                 after which you can remove the provider configuration again."
                            ),
                        )
                        .about(addr),
                    );
                }
                self.prior.objects[id].stage = Stage::Failed;
                continue;
            };
            let schema = self.schema_of(
                config,
                Mode::Managed,
                &self.prior.objects[id].addr.resource.type_name,
            );
            let instance = ProviderInstance {
                config,
                key: object.stored.provider_key.clone(),
            };
            let object = &mut self.prior.objects[id];
            object.schema = schema;
            object.provider = Some(instance.clone());
            if in_scope {
                self.unread.entry(instance).or_default().push(id);
            }
        }
    }

    /// Begins with objects whose provider is ready. Of many, the texts are read on several threads first.
    pub(super) fn read_objects(&mut self, ids: &[ObjectId]) {
        let decoded: Vec<Option<Decoded>> = if ids.len() < PARALLEL_FROM {
            Vec::new()
        } else {
            let (core, pieces) = (&*self, ids.par_chunks(PARALLEL_FROM / 2));
            let decoded = pieces.flat_map_iter(|ids| {
                let mut decoder = json::Decoder::default();
                let decode = move |id: &ObjectId| {
                    let (schema, text) = core.plainly_stored(&core.prior.objects[*id])?;
                    Some(stored::decode_with(&mut decoder, text, &schema.block))
                };
                ids.iter().map(decode)
            });
            decoded.collect()
        };
        let decoded = decoded.into_iter().chain(std::iter::repeat_with(|| None));
        for (id, decoded) in ids.iter().zip(decoded) {
            self.read_decoded(*id, decoded);
        }
    }

    /// The schema and the text of an object that nobody has to be asked about before it is read, unless it is taken over from another type.
    fn plainly_stored<'a>(&self, object: &'a Object) -> Option<(&'a Schema, &'a str)> {
        let (provider, schema) = (object.provider.as_ref()?, object.schema.as_ref()?);
        let trusted = self.info(provider.config)?.abilities.trusts_current_state;
        let plain = trusted && object.stored.schema_version == schema.version;
        plain.then_some((schema, &object.stored.attributes))
    }

    /// Begins with an object whose provider is ready: upgrade if need be, then read.
    pub(super) fn read_object(&mut self, id: ObjectId) {
        self.read_decoded(id, None);
    }

    /// The same. `decoded`: what its text says, where that was found out already.
    fn read_decoded(&mut self, id: ObjectId, decoded: Option<Decoded>) {
        let object = &self.prior.objects[id];
        let (Some(provider), addr) = (object.provider.clone(), object.addr.clone()) else {
            return self.object_failed(id);
        };
        let type_name = object.addr.resource.type_name.clone();
        let Some(schema) = object.schema.clone() else {
            let name = self
                .config
                .provider(provider.config)
                .addr
                .provider
                .for_display();
            self.diagnostics.push(
                Diagnostic::error(&rules::state::UNSUPPORTED_TYPE, format!("The provider {name} does not support resource type {type_name:?}, but the state holds an object of it: {addr}.")).about(addr.to_string()),
            );
            return self.object_failed(id);
        };
        let stored = object.stored.clone();
        let target = self.config.provider(provider.config).addr.provider.clone();
        let taken_over = object.previous.clone().filter(|previous| {
            previous.resource.type_name != type_name
                || (previous.resource != object.addr.resource
                    && object.provider_addr.provider != target)
        });
        if stored.schema_version > schema.version && taken_over.is_none() {
            self.diagnostics.push(
                Diagnostic::error(
                    &rules::state::NEWER_SCHEMA,
                    format!("The current state of {addr} was created by a newer provider version than is currently selected. Upgrade the {type_name} provider to work with this state."),
                )
                .about(addr.to_string()),
            );
            return self.object_failed(id);
        }
        if let Some(previous) = taken_over {
            let able = self
                .info(provider.config)
                .is_some_and(|info| info.abilities.move_state);
            if !able {
                return self.can_not_take_over(id, &previous, &target);
            }
            let call = Call::Move {
                source_provider: object.provider_addr.provider.to_string().into(),
                source_type: previous.resource.type_name.clone(),
                stored: RawObject {
                    schema_version: stored.schema_version,
                    json: stored.attributes.clone(),
                },
                private: stored.private.clone(),
                identity: stored
                    .identity
                    .as_ref()
                    .map(|(schema_version, json)| RawObject {
                        schema_version: *schema_version,
                        json: json.clone(),
                    }),
                type_name,
            };
            self.prior.objects[id].stage = Stage::Asked;
            return self.ask(&provider, call, Waiting::Object(id));
        }
        let plain = self.plainly_stored(&self.prior.objects[id]).is_some();
        if !plain {
            let stored = RawObject {
                schema_version: stored.schema_version,
                json: stored.attributes.clone(),
            };
            self.prior.objects[id].stage = Stage::Asked;
            let call = Call::UpgradeState { type_name, stored };
            return self.ask(&provider, call, Waiting::Object(id));
        }
        let decoded = decoded.unwrap_or_else(|| {
            stored::decode_with(&mut self.decoder, &stored.attributes, &schema.block)
        });
        match decoded {
            Ok(value) => self.object_upgraded(id, value),
            Err(problem) => self.unreadable(id, &problem),
        }
    }

    pub(super) fn unreadable(&mut self, id: ObjectId, problem: &str) {
        let addr = self.prior.objects[id].addr.to_string();
        self.diagnostics.push(
            Diagnostic::error(
                &rules::state::INVALID_OBJECT,
                format!("The object that the state holds for {addr} does not fit the schema of its type: {problem}. If the provider's version was lowered, raise it again; else restore the state."),
            )
            .about(addr),
        );
        self.object_failed(id);
    }

    /// The object in the form of the present schema: read it, if that is wanted.
    pub(super) fn object_upgraded(&mut self, id: ObjectId, value: Value) {
        // What is imported has to be read in any case: import gives only enough to find it.
        self.prior.objects[id].old = value.clone();
        if !self.identity_ready(id) {
            return;
        }
        let refresh = self.options.refresh || self.prior.objects[id].importing.is_some();
        let object = &mut self.prior.objects[id];
        let Some(provider) = object.provider.clone().filter(|_| refresh) else {
            return self.object_read(id, value);
        };
        self.prior.objects[id].stage = Stage::Asked;
        let object = &self.prior.objects[id];
        let call = Call::Read {
            type_name: object.addr.resource.type_name.clone(),
            current: value,
            private: object.private.clone(),
            meta: self.meta_for(&object.addr.resource.module, provider.config),
            identity: object.identity.clone(),
        };
        let addr = object.addr.clone();
        let progress = Progress::RefreshStart(addr, id_of(&object.old));
        self.progress.push(progress);
        self.ask(&provider, call, Waiting::Object(id));
    }

    pub(super) fn object_answered(&mut self, id: ObjectId, outcome: Result<Reply, CallFailure>) {
        let object = &self.prior.objects[id];
        let (addr, provider) = (object.addr.clone(), object.provider.clone());
        let reply = match (outcome, provider) {
            (Ok(reply), _) => reply,
            (Err(failure), Some(provider)) => {
                self.may_quote(Some(id), None);
                self.report_failure(&failure, &provider, &addr.to_string(), None);
                return self.object_failed(id);
            }
            (Err(_), None) => return self.object_failed(id),
        };
        let span = self.object_span(id);
        if !reply.diagnostics.is_empty() {
            self.may_quote(Some(id), None);
        }
        if self.report_provider(&reply.diagnostics, &addr, &|_| span) {
            return self.object_failed(id);
        }
        match reply.answer {
            Some(Answer::Value(value)) => self.object_upgraded(id, value),
            Some(Answer::Objects(objects)) => self.objects_found(id, objects),
            Some(Answer::Deferred(deferred)) => self.object_deferred(id, deferred),
            Some(Answer::Read {
                deferred: Some(deferred),
                ..
            }) => self.object_deferred(id, deferred),
            Some(Answer::Read {
                state,
                private,
                identity,
                deferred: None,
            }) => {
                let object = &mut self.prior.objects[id];
                object.private = private;
                if !identity.is_null() {
                    object.identity = identity;
                }
                let progress = Progress::RefreshDone(object.addr.clone(), id_of(&state));
                self.progress.push(progress);
                self.object_read(id, state);
            }
            _ => self.unreadable(
                id,
                "the provider's answer has not the form that was asked for",
            ),
        }
    }

    pub(super) fn declared_span(&self, id: ObjectId) -> Option<Span> {
        let (module, at) = self.prior.objects[id].declared?;
        Some(self.config.module(module).resources[at as usize].span)
    }

    /// The object as it is now.
    pub(super) fn object_read(&mut self, id: ObjectId, now: Value) {
        if now.is_null() && self.prior.objects[id].importing.is_some() {
            return self.import_not_found(id);
        }
        let schema = self.prior.objects[id].schema.clone();
        if let Some(schema) = &schema
            && let Some(path) = objchange::write_only_values(&schema.block, &now).first()
        {
            let addr = self.prior.objects[id].addr.to_string();
            let detail = format!(
                "The provider returned a value of the write-only attribute {path} of {addr}. Such values are given to providers and must not come back. This is a bug in the provider, which should be reported in the provider's own issue tracker."
            );
            self.diagnostics
                .push(Diagnostic::error(&rules::answer::WRITE_ONLY_VALUE, detail).about(addr));
            return self.object_failed(id);
        }
        let object = &mut self.prior.objects[id];
        let now = match &schema {
            Some(schema) => objchange::normalize_from_legacy(&schema.block, &now),
            None => now,
        };
        object.stage = if now.is_null() {
            Stage::Gone
        } else {
            Stage::Ready
        };
        object.now = now;
        self.wake(id);
    }

    pub(super) fn object_failed(&mut self, id: ObjectId) {
        self.prior.objects[id].stage = Stage::Failed;
        self.wake(id);
    }

    pub(super) fn wake(&mut self, id: ObjectId) {
        for task in std::mem::take(&mut self.prior.objects[id].waiters) {
            self.task_object_ready(task);
        }
    }

    /// A value of an object with the marks that state and schema give it.
    pub(super) fn marked(&self, id: ObjectId, value: &Value) -> Value {
        let object = &self.prior.objects[id];
        if value.is_null() {
            return value.clone();
        }
        let marked = if object.stored.sensitive.is_empty() {
            value.clone()
        } else {
            objchange::mark_by_paths(value, &object.stored.sensitive, &Marks::SENSITIVE)
        };
        match &object.schema {
            Some(schema) => objchange::schema_marks(&schema.block, &marked),
            None => marked,
        }
    }

    /// What refresh found to be different, and what state is to hold for each object now.
    pub(super) fn find_drift(&mut self) {
        for id in 0..self.prior.objects.len() {
            let object = &self.prior.objects[id];
            let known = object.importing.is_none()
                && matches!(object.stage, Stage::Ready | Stage::Gone)
                && object.addr.resource.mode == Mode::Managed;
            // Where refreshing is all that is done, a move is shown as drift.
            let moved = self.options.mode == PlanMode::RefreshOnly && object.previous.is_some();
            if !known || (object.now == object.old && !moved) {
                continue;
            }
            let Some(schema) = &object.schema else {
                continue;
            };
            let refreshed = (object.stage == Stage::Ready).then(|| {
                let mut refreshed = (*object.stored).clone();
                refreshed.schema_version = schema.version;
                // An object that can't be written (the provider gave an unknown value) keeps its stored form.
                if let Ok(attributes) = stored::encode(
                    &objchange::strip_write_only(&schema.block, &object.now),
                    schema.block.implied_type(),
                ) {
                    refreshed.attributes = attributes;
                }
                refreshed.private = object.private.clone();
                Arc::new(refreshed)
            });
            self.drift.push(Drift {
                addr: object.addr.clone(),
                previous_addr: object.previous.clone(),
                deposed: object.deposed.clone(),
                provider: object.provider_addr.clone(),
                before: self.marked(id, &object.old),
                after: self.marked(id, &object.now),
                identity: (object.identity.clone(), object.identity.clone()),
                refreshed,
            });
        }
        if self.options.mode == PlanMode::RefreshOnly {
            return;
        }
        // A moved object that is otherwise the same is a move, not drift.
        self.drift.retain(|drift| drift.before != drift.after);
    }

    /// Whether an object is tainted.
    pub(super) fn is_tainted(&self, id: ObjectId) -> bool {
        self.prior.objects[id].stored.status == Status::Tainted
    }
}

/// The value of `id`, for messages.
pub(crate) fn id_of(value: &Value) -> Option<EcoString> {
    value.get("id").and_then(Value::as_str).map(EcoString::from)
}
