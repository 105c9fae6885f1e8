//! Events: what happened to the objects under management, in order. The snapshot is their fold.
//!
//! Before a provider is asked to change anything, an [`EventKind::Began`] is durable; when its answer comes,
//! an [`EventKind::Ended`]. A `Began` without an `Ended` is an open intent: the object *may* exist.

use crate::addr::{ConfigResource, DeposedKey, InstanceAddr, InstanceKey, ProviderConfigAddr};
use crate::snapshot::{
    CheckResult, InstanceState, ObjectState, OutputState, ResourceState, Snapshot,
};
use ecow::EcoString;
use std::sync::Arc;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When, in milliseconds since 1970 UTC. For people; order is the order of the journal.
    pub at_ms: u64,
    /// What.
    pub kind: EventKind,
}

/// One object of an instance: the current one, or a deposed one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectAddr {
    /// The instance.
    pub instance: InstanceAddr,
    /// Which deposed object; `None`: the current one.
    pub deposed: Option<DeposedKey>,
}

/// What kind of change was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Make an object.
    Create,
    /// Change an object.
    Update,
    /// Delete an object.
    Delete,
    /// Run one provisioner, by its place in the block.
    Provision(u32),
    /// Invoke an action; the object is the action itself, which state never holds.
    Invoke,
}

/// A change that is about to be asked of a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// What it changes.
    pub object: ObjectAddr,
    /// How.
    pub operation: Operation,
    /// By which provider configuration.
    pub provider: ProviderConfigAddr,
    /// The token that was given to the provider.
    pub token: EcoString,
    /// For `Create` and `Update`: the planned attributes as JSON text, unknown ones left out, sensitive ones replaced by null; with
    /// it the object can be found again.
    pub planned: Arc<str>,
    /// For `Create`: what the object will depend on, sorted. Whoever finds it after a crash may have another configuration.
    pub dependencies: Arc<[ConfigResource]>,
    /// For `Create`: whether its replacement will be made before it is destroyed.
    pub create_before_destroy: bool,
    /// Which instance of the provider configuration, where that has `for_each`. Records of earlier versions do not say.
    pub provider_key: Option<InstanceKey>,
}

impl Intent {
    /// The events that end it with nothing made: an object that made room for it is in use again, and one that was made at the address since then stays.
    /// `snapshot` is the state before these events.
    #[must_use]
    pub fn ended_without_effect(&self, op: u64, snapshot: &Snapshot) -> Vec<EventKind> {
        let ObjectAddr { instance, deposed } = &self.object;
        let known = snapshot.instance(instance);
        let state = known.and_then(|known| match deposed {
            None => known.current.clone(),
            Some(key) => known.deposed.get(key).cloned(),
        });
        let key = DeposedKey::of_token(&self.token);
        let made_room = self.operation == Operation::Create
            && deposed.is_none()
            && state.is_none()
            && known.is_some_and(|known| known.deposed.contains_key(&key));
        let mut events = vec![EventKind::Ended {
            op,
            object: self.object.clone(),
            provider: self.provider.clone(),
            state,
        }];
        if made_room {
            events.push(EventKind::Restored {
                instance: instance.clone(),
                key,
            });
        }
        events
    }
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// A run began.
    Run {
        /// Names the run (a UUID).
        run: EcoString,
        /// The digest of the plan; empty where there is none (`state mv` …).
        plan: EcoString,
        /// The command, for people: `apply`.
        command: EcoString,
        /// Who, for people: `user@host`.
        who: EcoString,
    },
    /// A change is about to be made. `op` is unique in the history of the state.
    Began {
        /// Names the change.
        op: u64,
        /// The change.
        intent: Intent,
    },
    /// A change came to its end, well or not: the object is now as given (`None`: it does not exist).
    Ended {
        /// Names the change.
        op: u64,
        /// The object that it concerned.
        object: ObjectAddr,
        /// The provider configuration.
        provider: ProviderConfigAddr,
        /// As it is now.
        state: Option<Arc<ObjectState>>,
    },
    /// An object is known to be like this (refresh, import, taint, data source, a push).
    Set {
        /// The object.
        object: ObjectAddr,
        /// The provider configuration.
        provider: ProviderConfigAddr,
        /// As it is now; `None`: it is gone or is to be forgotten.
        state: Option<Arc<ObjectState>>,
    },
    /// The current object of an instance becomes a deposed one.
    Deposed {
        /// The instance.
        instance: InstanceAddr,
        /// Its new name.
        key: DeposedKey,
    },
    /// A deposed object becomes current again, its replacement having failed to come into being.
    Restored {
        /// The instance.
        instance: InstanceAddr,
        /// The name that it had.
        key: DeposedKey,
    },
    /// An instance has a new address; all its objects go with it.
    Moved {
        /// The old one.
        from: InstanceAddr,
        /// The new one.
        to: InstanceAddr,
        /// The provider configuration from now on.
        provider: ProviderConfigAddr,
    },
    /// A root output has a value now; `None`: there is no such output any more.
    Output {
        /// Its name.
        name: EcoString,
        /// Its value.
        value: Option<OutputState>,
    },
    /// Results of checks.
    Checked(Vec<CheckResult>),
    /// The whole state is this from now on (push, migration, restore).
    Replaced(Box<Snapshot>),
}

impl Snapshot {
    /// Applies one event. The serial grows by one with each batch, not with each event: see [`Snapshot::commit`].
    ///
    /// Folding never fails: an event about something that is not there changes nothing.
    pub fn fold(&mut self, event: &EventKind) {
        match event {
            EventKind::Run { run, .. } => {
                if self.lineage.is_empty() {
                    self.lineage = run.clone();
                }
            }
            EventKind::Began { op, intent } => {
                self.last_op = self.last_op.max(*op);
                self.open.insert(*op, intent.clone());
            }
            EventKind::Ended {
                op,
                object,
                provider,
                state,
            } => {
                self.open.remove(op);
                self.set(object, provider, state.clone());
            }
            EventKind::Set {
                object,
                provider,
                state,
            } => self.set(object, provider, state.clone()),
            EventKind::Deposed { instance, key } => self.change(instance, |state| {
                if let Some(object) = state.current.take() {
                    state.deposed.insert(key.clone(), object);
                }
            }),
            EventKind::Restored { instance, key } => self.change(instance, |state| {
                if let Some(object) = state.deposed.remove(key) {
                    state.current = Some(object);
                }
            }),
            EventKind::Moved { from, to, provider } => self.relocate(from, to, provider),
            EventKind::Output {
                name,
                value: Some(value),
            } => {
                self.outputs.insert(name.clone(), value.clone());
            }
            EventKind::Output { name, value: None } => {
                self.outputs.remove(name);
            }
            EventKind::Checked(results) => self.checks.clone_from(results),
            EventKind::Replaced(other) => self.replace((**other).clone()),
        }
    }

    /// The serial that the state has once these events are committed: one more, or the one of a state that replaces it
    /// where that is higher.
    #[must_use]
    pub fn serial_after(&self, events: &[Event]) -> u64 {
        events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::Replaced(other) => Some(other.serial),
                _ => None,
            })
            .fold(self.serial.saturating_add(1), u64::max)
    }

    /// Applies a batch of events that became durable together. The serial grows by one (see [`Snapshot::serial_after`]);
    /// instances that the batch touches are stamped with it.
    pub fn commit(&mut self, events: &[Event]) {
        self.commit_as(self.serial_after(events), events);
    }

    /// Applies a batch that was recorded with this serial: what a store does when it replays its records.
    pub fn commit_as(&mut self, serial: u64, events: &[Event]) {
        self.serial = serial;
        for event in events {
            self.fold(&event.kind);
        }
        self.serial = serial;
    }

    /// Takes over another state. Instances that are the same in both keep the serial at which they changed, all others are
    /// stamped with the present one, so that a plan made before is refused where it must be. Open intents stay open (whether
    /// these objects exist is not answered by a new state), and operation ids stay unique.
    fn replace(&mut self, new: Self) {
        let Self {
            lineage,
            serial: _,
            outputs,
            mut resources,
            checks,
            open,
            last_op,
        } = new;
        for (addr, resource) in &mut resources {
            let old = self.resources.get(addr);
            let same_provider = old.is_some_and(|old| old.provider == resource.provider);
            for (key, instance) in &mut resource.instances {
                instance.changed_at = old
                    .and_then(|old| old.instances.get(key))
                    .filter(|old| {
                        same_provider
                            && old.current == instance.current
                            && old.deposed == instance.deposed
                    })
                    .map_or(self.serial, |old| old.changed_at);
            }
        }
        if !lineage.is_empty() {
            self.lineage = lineage;
        }
        self.outputs = outputs;
        self.resources = resources;
        self.checks = checks;
        self.last_op = self.last_op.max(last_op);
        for (op, intent) in open {
            match self.open.get(&op) {
                Some(known) if *known == intent => {}
                Some(_) => {
                    self.last_op += 1;
                    self.open.insert(self.last_op, intent);
                }
                None => {
                    self.open.insert(op, intent);
                    self.last_op = self.last_op.max(op);
                }
            }
        }
    }

    fn set(
        &mut self,
        object: &ObjectAddr,
        provider: &ProviderConfigAddr,
        state: Option<Arc<ObjectState>>,
    ) {
        let ObjectAddr { instance, deposed } = object;
        if state.is_none() && self.instance(instance).is_none() {
            return;
        }
        let resource = self
            .resources
            .entry(instance.resource.clone())
            .or_insert_with(|| ResourceState {
                provider: provider.clone(),
                instances: std::collections::BTreeMap::new(),
            });
        if state.is_some() {
            resource.provider.clone_from(provider);
        }
        resource.instances.entry(instance.key.clone()).or_default();
        self.change(instance, |known| match (deposed, state) {
            (None, state) => known.current = state,
            (Some(key), Some(state)) => {
                known.deposed.insert(key.clone(), state);
            }
            (Some(key), None) => {
                known.deposed.remove(key);
            }
        });
    }

    /// Changes an instance that exists, stamps it, and drops it (and its resource) when nothing is left of it.
    fn change(&mut self, addr: &InstanceAddr, how: impl FnOnce(&mut InstanceState)) {
        let Some(resource) = self.resources.get_mut(&addr.resource) else {
            return;
        };
        let Some(instance) = resource.instances.get_mut(&addr.key) else {
            return;
        };
        how(instance);
        instance.changed_at = self.serial;
        if instance.current.is_none() && instance.deposed.is_empty() {
            resource.instances.remove(&addr.key);
            if resource.instances.is_empty() {
                self.resources.remove(&addr.resource);
            }
        }
    }

    fn relocate(&mut self, from: &InstanceAddr, to: &InstanceAddr, provider: &ProviderConfigAddr) {
        let Some(resource) = self.resources.get_mut(&from.resource) else {
            return;
        };
        let Some(mut instance) = resource.instances.remove(&from.key) else {
            return;
        };
        if resource.instances.is_empty() {
            self.resources.remove(&from.resource);
        }
        instance.changed_at = self.serial;
        let target = self
            .resources
            .entry(to.resource.clone())
            .or_insert_with(|| ResourceState {
                provider: provider.clone(),
                instances: std::collections::BTreeMap::new(),
            });
        target.provider.clone_from(provider);
        target.instances.insert(to.key.clone(), instance);
    }
}

#[cfg(test)]
mod tests {
    use super::{EventKind, Intent, ObjectAddr, Operation};
    use crate::addr::{
        DeposedKey, InstanceAddr, ModulePath, ProviderAddr, ProviderConfigAddr, Target,
    };
    use crate::snapshot::{ObjectState, Snapshot, Status};
    use std::sync::Arc;

    fn instance() -> InstanceAddr {
        match "t.a[0]".parse() {
            Ok(Target::Instance(instance)) => instance,
            other => panic!("{other:?}"),
        }
    }

    fn provider() -> ProviderConfigAddr {
        ProviderConfigAddr {
            module: ModulePath::root(),
            provider: ProviderAddr {
                host: "h".into(),
                namespace: "n".into(),
                type_name: "t".into(),
            },
            alias: None,
        }
    }

    fn object(attributes: &str) -> Arc<ObjectState> {
        Arc::new(ObjectState {
            status: Status::Ready,
            schema_version: 0,
            attributes: attributes.into(),
            sensitive: Vec::new(),
            private: Arc::from([]),
            dependencies: Arc::from([]),
            create_before_destroy: false,
            skip_destroy: false,
            identity: None,
            provider_key: None,
            created_in_ms: None,
        })
    }

    fn creation(token: &str) -> Intent {
        Intent {
            object: ObjectAddr {
                instance: instance(),
                deposed: None,
            },
            operation: Operation::Create,
            provider: provider(),
            token: token.into(),
            planned: "{}".into(),
            dependencies: Arc::from([]),
            create_before_destroy: true,
            provider_key: None,
        }
    }

    /// What is current and what is deposed, after creations (with these tokens) have ended without effect.
    fn after(current: Option<&str>, deposed: &[(&str, &str)], tokens: &[&str]) -> String {
        let mut snapshot = Snapshot::default();
        let mut set = |deposed: Option<DeposedKey>, text: &str| {
            snapshot.fold(&EventKind::Set {
                object: ObjectAddr {
                    instance: instance(),
                    deposed,
                },
                provider: provider(),
                state: Some(object(text)),
            });
        };
        if let Some(text) = current {
            set(None, text);
        }
        for (token, text) in deposed {
            set(Some(DeposedKey::of_token(token)), text);
        }
        for (op, token) in (1u64..).zip(tokens) {
            snapshot.fold(&EventKind::Began {
                op,
                intent: creation(token),
            });
        }
        for (op, token) in (1u64..).zip(tokens) {
            for event in creation(token).ended_without_effect(op, &snapshot.clone()) {
                snapshot.fold(&event);
            }
        }
        assert!(snapshot.open.is_empty());
        let Some(state) = snapshot.instance(&instance()) else {
            return "nothing".into();
        };
        let current = state
            .current
            .iter()
            .map(|object| object.attributes.to_string());
        let deposed = state.deposed.values();
        let deposed = deposed.map(|object| format!("({})", object.attributes));
        current.chain(deposed).collect::<Vec<_>>().join(" ")
    }

    /// A creation that made nothing takes nothing away: neither the object that made room for it, nor one that was made since.
    #[test]
    fn a_creation_without_effect_leaves_what_there_was() {
        for (current, deposed, tokens, expect) in [
            (None, &[][..], &["r-1"][..], "nothing"),
            (None, &[("r-1", "old")], &["r-1"], "old"),
            (None, &[("r-0", "other")], &["r-1"], "(other)"),
            (Some("new"), &[("r-1", "old")], &["r-1"], "new (old)"),
            (Some("new"), &[], &["r-1"], "new"),
            (None, &[("r-1", "old")], &["r-1", "r-2"], "old"),
            (None, &[("r-2", "old")], &["r-1", "r-2"], "old"),
        ] {
            assert_eq!(after(current, deposed, tokens), expect, "{tokens:?}");
        }
    }
}
