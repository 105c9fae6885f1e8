//! The world: what exists, what was asked, what goes wrong.

use crate::fault::{Fault, FaultPlan, Operation, Script};
use crate::record::Record;
use crate::schema::{Kind, kinds};
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use terrane_model::provider::{Answer, Call, CallFailure, Private, Reply};
use terrane_provider::args;
use terrane_value::Value;

/// A cloud. Clones are the same cloud.
#[derive(Clone, Debug)]
pub struct World {
    inner: Arc<Mutex<Inner>>,
}

/// What kind of provider the world is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// A change with a token that was used before is not made again: the answer is what came of the first.
    pub idempotent: bool,
    /// It answers [`Call::Resolve`].
    pub resolves_tokens: bool,
}

impl Default for Traits {
    /// Both.
    fn default() -> Self {
        Self {
            idempotent: true,
            resolves_tokens: true,
        }
    }
}

/// An answer of the world, and how long it would have taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Handled {
    /// The answer.
    pub result: Result<Reply, CallFailure>,
    /// How long, in milliseconds of virtual time.
    pub took_ms: u64,
}

/// An object that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Its type.
    pub type_name: EcoString,
    /// Its id, unique in the world.
    pub id: EcoString,
    /// The object, as a read shows it.
    pub state: Value,
    /// The token of its creation.
    pub token: EcoString,
    /// As it was before its last change.
    pub(crate) before: Option<Value>,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// What was asked.
    pub operation: Operation,
    /// Of which type; empty where the call names none.
    pub type_name: EcoString,
    /// The object that was made, changed, deleted or read, if there is one.
    pub id: Option<EcoString>,
    /// The token of a change.
    pub token: EcoString,
    /// Whether the world is another one for it.
    pub effect: bool,
    /// What went wrong by plan.
    pub fault: Option<Fault>,
    /// Whether the answer was free of errors.
    pub ok: bool,
}

/// What came of a change with a token.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) type_name: EcoString,
    pub(crate) id: EcoString,
    /// The object after the change; `None`: it was deleted.
    pub(crate) state: Option<Value>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) seed: u64,
    pub(crate) traits: Traits,
    pub(crate) faults: FaultPlan,
    pub(crate) frozen: bool,
    pub(crate) record: Option<Record>,
    pub(crate) scripts: Vec<Script>,
    pub(crate) entities: BTreeMap<EcoString, Entity>,
    pub(crate) done: BTreeMap<EcoString, Done>,
    pub(crate) log: Vec<LogEntry>,
    pub(crate) sessions: BTreeSet<EcoString>,
    /// How many requests the provider made of the cloud's API.
    pub(crate) requests: u64,
    /// How often each thing was asked.
    asked: BTreeMap<EcoString, u64>,
}

impl World {
    /// An empty world in which nothing goes wrong.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_traits(seed, Traits::default())
    }

    /// An empty world behind this kind of provider.
    #[must_use]
    pub fn with_traits(seed: u64, traits: Traits) -> Self {
        let inner = Inner {
            seed,
            traits,
            faults: FaultPlan::NONE,
            frozen: false,
            record: None,
            scripts: Vec::new(),
            entities: BTreeMap::new(),
            done: BTreeMap::new(),
            log: Vec::new(),
            sessions: BTreeSet::new(),
            requests: 0,
            asked: BTreeMap::new(),
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Another world that is the same up to now, and goes its own way from here.
    #[must_use]
    pub fn fork(&self) -> Self {
        let inner = self.lock();
        let Inner {
            seed,
            traits,
            faults,
            frozen,
            record: _,
            scripts,
            entities,
            done,
            log,
            sessions,
            requests,
            asked,
        } = &*inner;
        let fork = Inner {
            seed: *seed,
            traits: *traits,
            faults: *faults,
            frozen: *frozen,
            // Whoever listens, listens to this world.
            record: None,
            scripts: scripts.clone(),
            entities: entities.clone(),
            done: done.clone(),
            log: log.clone(),
            sessions: sessions.clone(),
            requests: *requests,
            asked: asked.clone(),
        };
        Self {
            inner: Arc::new(Mutex::new(fork)),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out a call, whole and at once.
    #[must_use]
    pub fn handle(&self, call: Call) -> Handled {
        self.lock().handle(call)
    }

    /// Makes a `sim_network` that nobody manages.
    pub fn add_network(&self, name: &str, cidr: &str) {
        let config = crate::schema::network_config(name, cidr);
        let prior = Value::null(config.ty());
        let type_name: EcoString = "sim_network".into();
        let planned = self.handle(Call::Plan {
            type_name: type_name.clone(),
            prior: prior.clone(),
            proposed: config.clone(),
            config: config.clone(),
            private: Private::default(),
            meta: Value::NULL,
            identity: Value::NULL,
        });
        if let Ok(Reply {
            answer: Some(Answer::Plan { planned, .. }),
            ..
        }) = planned.result
        {
            let _made = self.handle(Call::Apply {
                type_name,
                prior,
                planned,
                config,
                private: Private::default(),
                meta: Value::NULL,
                identity: Value::NULL,
                token: EcoString::new(),
            });
        }
    }

    /// What kind of provider it is behind.
    #[must_use]
    pub fn traits(&self) -> Traits {
        self.lock().traits
    }

    /// From now on this goes wrong.
    pub fn set_faults(&self, faults: FaultPlan) {
        self.lock().faults = faults;
    }

    /// And this, once, whatever the plan of faults says.
    pub fn script(&self, script: Script) {
        self.lock().scripts.push(script);
    }

    /// Cuts the cloud off (or back on): while it is, no call has an answer and none has an effect, which a caller cannot know.
    pub fn set_frozen(&self, frozen: bool) {
        self.lock().frozen = frozen;
    }

    /// Everything that exists, by id.
    #[must_use]
    pub fn objects(&self) -> Vec<Entity> {
        self.lock().entities.values().cloned().collect()
    }

    /// The object with this id.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Entity> {
        self.lock().entities.get(id).cloned()
    }

    /// Every call so far, in order.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        self.lock().log.clone()
    }

    /// How many requests of the cloud's API all calls so far have taken. Reading an object is one; listings, and reading many, one for every hundred.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// Somebody else makes an object, which nobody manages. Its id, or `None` if there is no such type.
    pub fn add(&self, type_name: &str, state: &Value) -> Option<EcoString> {
        let mut inner = self.lock();
        let kind = kinds().iter().find(|kind| kind.name == type_name)?;
        let count = inner.ask(&format!("add {type_name}")).to_string();
        let hash = inner.hash(&["add", type_name, &count]);
        let id: EcoString = format!("{}-{hash:016x}", kind.prefix).into();
        let entity = Entity {
            type_name: type_name.into(),
            id: id.clone(),
            state: args::with(state, "id", Value::string(id.clone())),
            token: EcoString::new(),
            before: None,
        };
        inner.entities.insert(id.clone(), entity);
        inner.note(type_name, &id, "");
        Some(id)
    }

    /// Sessions that were opened and not closed.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.lock().sessions.len()
    }

    /// Drift: somebody else changes the object. False if there is no such object.
    pub fn mutate(&self, id: &str, change: impl FnOnce(&Value) -> Value) -> bool {
        let mut inner = self.lock();
        let Some(entity) = inner.entities.get_mut(id) else {
            return false;
        };
        let after = change(&entity.state);
        entity.before = Some(std::mem::replace(&mut entity.state, after));
        let type_name = entity.type_name.clone();
        inner.note(&type_name, id, "");
        true
    }

    /// Drift: somebody else deletes the object, whoever refers to it. False if there is no such object.
    pub fn remove(&self, id: &str) -> bool {
        let mut inner = self.lock();
        let Some(entity) = inner.entities.remove(id) else {
            return false;
        };
        inner.note(&entity.type_name, id, "");
        true
    }

    /// What must never be: references to nothing, names that must be unique and are not, two objects of one token.
    /// (References can dangle after [`World::remove`].)
    #[must_use]
    pub fn flaws(&self) -> Vec<String> {
        let inner = self.lock();
        let mut flaws = Vec::new();
        let mut tokens = BTreeSet::new();
        for (id, entity) in &inner.entities {
            if !entity.token.is_empty() && !tokens.insert(&entity.token) {
                flaws.push(format!("{id}: a second object of token {}", entity.token));
            }
            let Some(kind) = kinds().iter().find(|kind| kind.name == entity.type_name) else {
                continue;
            };
            flaws.extend(inner.broken_rule(kind, &entity.state, id));
        }
        flaws
    }
}

impl Inner {
    /// A number that depends on the seed and these words alone.
    pub(crate) fn hash(&self, words: &[&str]) -> u64 {
        // FNV-1a, then the finisher of splitmix64: small and the same everywhere.
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for word in words {
            for byte in word.bytes().chain([0xff]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^ (hash >> 31)
    }

    /// How often this was asked before, and counts this time.
    pub(crate) fn ask(&mut self, what: &str) -> u64 {
        let count = self.asked.entry(what.into()).or_default();
        *count += 1;
        *count - 1
    }

    /// The fault for a call about `subject` (a token or an id), and the time that it takes.
    pub(crate) fn fate(
        &mut self,
        operation: Operation,
        type_name: &str,
        subject: &str,
    ) -> (Option<Fault>, u64) {
        let count = self.ask(&format!("{operation:?} {type_name} {subject}"));
        let count = count.to_string();
        let words = [&format!("{operation:?}"), type_name, subject, &count];
        let hash = self.hash(&words);
        let FaultPlan {
            latency_min_ms,
            latency_max_ms,
            ..
        } = self.faults;
        let span = latency_max_ms.saturating_sub(latency_min_ms) + 1;
        let took_ms = latency_min_ms + (hash >> 16) % span;
        let fits = |script: &Script| {
            script.operation == operation
                && script
                    .type_name
                    .as_ref()
                    .is_none_or(|name| name == type_name)
        };
        let mut due = None;
        for (at, script) in self.scripts.iter_mut().enumerate() {
            if fits(script) {
                if script.after == 0 {
                    due = Some(at);
                    break;
                }
                script.after -= 1;
            }
        }
        let fault = match due {
            _ if self.frozen => Some(Fault::LostRequest),
            Some(at) => Some(self.scripts.remove(at).fault),
            None => {
                let number = u32::try_from(hash % 1000).unwrap_or_default();
                self.faults.at(operation, number)
            }
        };
        (fault, took_ms)
    }

    /// The rule of the cloud that an object would break.
    pub(crate) fn broken_rule(&self, kind: &Kind, state: &Value, own_id: &str) -> Option<String> {
        for (attribute, target) in kind.references {
            let Some(id) = args::string(state, attribute) else {
                continue;
            };
            let found = self.entities.get(id);
            if found.is_none_or(|entity| entity.type_name != *target) {
                return Some(format!(
                    "{own_id}: {attribute} refers to {id}, and there is no such {target}"
                ));
            }
        }
        let attribute = kind.unique?;
        let value = args::string(state, attribute)?;
        let twin = self.entities.values().find(|entity| {
            entity.type_name == kind.name
                && entity.id != own_id
                && args::string(&entity.state, attribute) == Some(value)
        })?;
        Some(format!(
            "{own_id}: {attribute} is {value}, as that of {}; it must be unique",
            twin.id
        ))
    }

    /// An object that refers to this one.
    pub(crate) fn dependent(&self, type_name: &str, id: &str) -> Option<&Entity> {
        self.entities.values().find(|entity| {
            let kind = kinds().iter().find(|kind| kind.name == entity.type_name);
            kind.is_some_and(|kind| {
                kind.references.iter().any(|(attribute, target)| {
                    *target == type_name && args::string(&entity.state, attribute) == Some(id)
                })
            })
        })
    }
}
