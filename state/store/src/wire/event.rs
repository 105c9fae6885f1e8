//! Events, in batches.

use super::addr::{WireAddr, WireConfigResource, WireKey, WireObjectAddr, WireProvider};
use super::object::{Decoder, WireCheck, WireObject, WireOutput, raw};
use super::row::WireSnapshot;
use super::{VERSION, Versioned, WireError, read, write};
use ecow::EcoString;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use terrane_model::addr::{ConfigResource, DeposedKey, InstanceKey};
use terrane_model::event::{Event, EventKind, Intent, Operation};
use terrane_model::snapshot::{CheckResult, ObjectState};

/// Events that became durable together.
#[derive(Debug, PartialEq)]
pub struct Batch {
    /// The serial of the state after them.
    pub serial: u64,
    /// The events, in order.
    pub events: Vec<Event>,
}

#[derive(Serialize, Deserialize)]
struct WireBatch<'a> {
    v: u64,
    serial: u64,
    #[serde(borrow)]
    events: Vec<WireEvent<'a>>,
}

impl Versioned for WireBatch<'_> {
    fn version(&self) -> u64 {
        self.v
    }
}

#[derive(Serialize, Deserialize)]
struct WireEvent<'a> {
    at: u64,
    #[serde(borrow)]
    what: WireKind<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireKind<'a> {
    Run {
        run: EcoString,
        plan: EcoString,
        command: EcoString,
        who: EcoString,
    },
    Began {
        op: u64,
        #[serde(borrow)]
        intent: WireIntent<'a>,
    },
    Ended {
        op: u64,
        object: WireObjectAddr,
        provider: WireProvider,
        #[serde(borrow)]
        state: Option<WireObject<'a>>,
    },
    Set {
        object: WireObjectAddr,
        provider: WireProvider,
        #[serde(borrow)]
        state: Option<WireObject<'a>>,
    },
    Deposed {
        instance: WireAddr,
        key: EcoString,
    },
    Restored {
        instance: WireAddr,
        key: EcoString,
    },
    Moved {
        from: WireAddr,
        to: WireAddr,
        provider: WireProvider,
    },
    Output {
        name: EcoString,
        value: Option<WireOutput>,
    },
    Checked(Vec<WireCheck>),
    #[serde(borrow)]
    Replaced(Box<WireSnapshot<'a>>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireOperation {
    Create,
    Update,
    Delete,
    Provision(u32),
    Invoke,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireIntent<'a> {
    object: WireObjectAddr,
    operation: WireOperation,
    provider: WireProvider,
    token: EcoString,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    planned: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deps: Vec<WireConfigResource>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cbd: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_key: Option<WireKey>,
}

impl<'a> WireIntent<'a> {
    pub(super) fn encode(intent: &'a Intent) -> Result<Self, WireError> {
        let Intent {
            object,
            operation,
            provider,
            token,
            planned,
            dependencies,
            create_before_destroy,
            provider_key,
        } = intent;
        let operation = match operation {
            Operation::Create => WireOperation::Create,
            Operation::Update => WireOperation::Update,
            Operation::Delete => WireOperation::Delete,
            Operation::Provision(index) => WireOperation::Provision(*index),
            Operation::Invoke => WireOperation::Invoke,
        };
        let planned = match &**planned {
            "" => None,
            planned => Some(raw(planned, "planned attributes")?),
        };
        Ok(Self {
            object: object.into(),
            operation,
            provider: provider.into(),
            token: token.clone(),
            planned,
            deps: dependencies.iter().map(WireConfigResource::from).collect(),
            cbd: *create_before_destroy,
            provider_key: provider_key.as_ref().map(WireKey::from),
        })
    }

    pub(super) fn decode(self, decoder: &mut Decoder) -> Intent {
        let Self {
            object,
            operation,
            provider,
            token,
            planned,
            deps,
            cbd,
            provider_key,
        } = self;
        Intent {
            object: object.decode(decoder),
            operation: match operation {
                WireOperation::Create => Operation::Create,
                WireOperation::Update => Operation::Update,
                WireOperation::Delete => Operation::Delete,
                WireOperation::Provision(index) => Operation::Provision(index),
                WireOperation::Invoke => Operation::Invoke,
            },
            provider: provider.decode(decoder),
            token,
            planned: Arc::from(planned.map_or("", RawValue::get)),
            dependencies: deps.into_iter().map(ConfigResource::from).collect(),
            create_before_destroy: cbd,
            provider_key: provider_key.map(InstanceKey::from),
        }
    }
}

fn encode_state(state: Option<&Arc<ObjectState>>) -> Result<Option<WireObject<'_>>, WireError> {
    state.map(|object| WireObject::encode(object)).transpose()
}

fn decode_state(
    state: Option<WireObject<'_>>,
    decoder: &mut Decoder,
) -> Result<Option<Arc<ObjectState>>, WireError> {
    state.map(|object| object.decode(decoder)).transpose()
}

impl<'a> WireKind<'a> {
    fn encode(kind: &'a EventKind) -> Result<Self, WireError> {
        Ok(match kind {
            EventKind::Run {
                run,
                plan,
                command,
                who,
            } => Self::Run {
                run: run.clone(),
                plan: plan.clone(),
                command: command.clone(),
                who: who.clone(),
            },
            EventKind::Began { op, intent } => Self::Began {
                op: *op,
                intent: WireIntent::encode(intent)?,
            },
            EventKind::Ended {
                op,
                object,
                provider,
                state,
            } => Self::Ended {
                op: *op,
                object: object.into(),
                provider: provider.into(),
                state: encode_state(state.as_ref())?,
            },
            EventKind::Set {
                object,
                provider,
                state,
            } => Self::Set {
                object: object.into(),
                provider: provider.into(),
                state: encode_state(state.as_ref())?,
            },
            EventKind::Deposed { instance, key } => Self::Deposed {
                instance: WireAddr::instance(instance),
                key: key.0.clone(),
            },
            EventKind::Restored { instance, key } => Self::Restored {
                instance: WireAddr::instance(instance),
                key: key.0.clone(),
            },
            EventKind::Moved { from, to, provider } => Self::Moved {
                from: WireAddr::instance(from),
                to: WireAddr::instance(to),
                provider: provider.into(),
            },
            EventKind::Output { name, value } => Self::Output {
                name: name.clone(),
                value: value.as_ref().map(WireOutput::encode).transpose()?,
            },
            EventKind::Checked(results) => {
                Self::Checked(results.iter().map(WireCheck::from).collect())
            }
            EventKind::Replaced(snapshot) => {
                Self::Replaced(Box::new(WireSnapshot::encode(snapshot)?))
            }
        })
    }

    fn decode(self, decoder: &mut Decoder) -> Result<EventKind, WireError> {
        Ok(match self {
            Self::Run {
                run,
                plan,
                command,
                who,
            } => EventKind::Run {
                run,
                plan,
                command,
                who,
            },
            Self::Began { op, intent } => EventKind::Began {
                op,
                intent: intent.decode(decoder),
            },
            Self::Ended {
                op,
                object,
                provider,
                state,
            } => EventKind::Ended {
                op,
                object: object.decode(decoder),
                provider: provider.decode(decoder),
                state: decode_state(state, decoder)?,
            },
            Self::Set {
                object,
                provider,
                state,
            } => EventKind::Set {
                object: object.decode(decoder),
                provider: provider.decode(decoder),
                state: decode_state(state, decoder)?,
            },
            Self::Deposed { instance, key } => EventKind::Deposed {
                instance: instance.decode(decoder),
                key: DeposedKey(key),
            },
            Self::Restored { instance, key } => EventKind::Restored {
                instance: instance.decode(decoder),
                key: DeposedKey(key),
            },
            Self::Moved { from, to, provider } => EventKind::Moved {
                from: from.decode(decoder),
                to: to.decode(decoder),
                provider: provider.decode(decoder),
            },
            Self::Output { name, value } => EventKind::Output {
                name,
                value: value.map(WireOutput::decode).transpose()?,
            },
            Self::Checked(results) => {
                EventKind::Checked(results.into_iter().map(CheckResult::from).collect())
            }
            Self::Replaced(snapshot) => EventKind::Replaced(Box::new(snapshot.decode(decoder)?)),
        })
    }
}

/// Writes a batch.
///
/// # Errors
/// When attributes are not JSON, or an output holds what can't be stored (unknown or absurdly deep values).
pub fn encode_batch(serial: u64, events: &[Event]) -> Result<Vec<u8>, WireError> {
    let events = events
        .iter()
        .map(|Event { at_ms, kind }| {
            Ok(WireEvent {
                at: *at_ms,
                what: WireKind::encode(kind)?,
            })
        })
        .collect::<Result<_, WireError>>()?;
    write(&WireBatch {
        v: VERSION,
        serial,
        events,
    })
}

/// Reads a batch.
///
/// # Errors
/// When the bytes are not a batch, or one of a later version.
pub fn decode_batch(bytes: &[u8]) -> Result<Batch, WireError> {
    let WireBatch {
        v: _,
        serial,
        events,
    } = read(bytes)?;
    let mut decoder = Decoder::default();
    let events = events
        .into_iter()
        .map(|WireEvent { at, what }| {
            Ok(Event {
                at_ms: at,
                kind: what.decode(&mut decoder)?,
            })
        })
        .collect::<Result<_, WireError>>()?;
    Ok(Batch { serial, events })
}
