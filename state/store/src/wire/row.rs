//! Whole snapshots, and their pieces: one row per instance, and a head with everything else.

use super::addr::{WireAddr, WireProvider};
use super::event::WireIntent;
use super::object::{Decoder, WireCheck, WireObject, WireOutput};
use super::{VERSION, Versioned, WireError, read, write};
use ecow::EcoString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use terrane_model::addr::{DeposedKey, InstanceAddr, ProviderConfigAddr};
use terrane_model::snapshot::{CheckResult, InstanceState, ResourceState, Snapshot};

/// Everything of a snapshot but its resources.
pub type Head = Snapshot;

/// One instance, with the provider configuration of its resource.
#[derive(Debug, PartialEq)]
pub struct Row {
    /// Its address.
    pub addr: InstanceAddr,
    /// The provider configuration of the resource.
    pub provider: ProviderConfigAddr,
    /// The instance.
    pub state: InstanceState,
}

#[derive(Serialize, Deserialize)]
struct WireRow<'a> {
    v: u64,
    addr: WireAddr,
    provider: WireProvider,
    #[serde(borrow)]
    state: WireState<'a>,
}

impl Versioned for WireRow<'_> {
    fn version(&self) -> u64 {
        self.v
    }
}

#[derive(Serialize, Deserialize)]
struct WireState<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    current: Option<WireObject<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    deposed: Vec<(EcoString, WireObject<'a>)>,
    changed: u64,
}

/// A snapshot; without resources: a head.
#[derive(Serialize, Deserialize)]
pub(super) struct WireSnapshot<'a> {
    v: u64,
    lineage: EcoString,
    serial: u64,
    last_op: u64,
    outputs: Vec<(EcoString, WireOutput)>,
    checks: Vec<WireCheck>,
    #[serde(borrow)]
    open: Vec<(u64, WireIntent<'a>)>,
    #[serde(borrow)]
    resources: Vec<WireResource<'a>>,
}

impl Versioned for WireSnapshot<'_> {
    fn version(&self) -> u64 {
        self.v
    }
}

#[derive(Serialize, Deserialize)]
struct WireResource<'a> {
    provider: WireProvider,
    #[serde(borrow)]
    instances: Vec<(WireAddr, WireState<'a>)>,
}

impl<'a> WireState<'a> {
    fn encode(state: &'a InstanceState) -> Result<Self, WireError> {
        let InstanceState {
            current,
            deposed,
            changed_at,
        } = state;
        Ok(Self {
            current: current
                .as_ref()
                .map(|object| WireObject::encode(object))
                .transpose()?,
            deposed: deposed
                .iter()
                .map(|(key, object)| Ok((key.0.clone(), WireObject::encode(object)?)))
                .collect::<Result<_, WireError>>()?,
            changed: *changed_at,
        })
    }

    fn decode(self, decoder: &mut Decoder) -> Result<InstanceState, WireError> {
        let Self {
            current,
            deposed,
            changed,
        } = self;
        Ok(InstanceState {
            current: current.map(|object| object.decode(decoder)).transpose()?,
            deposed: deposed
                .into_iter()
                .map(|(key, object)| Ok((DeposedKey(key), object.decode(decoder)?)))
                .collect::<Result<_, WireError>>()?,
            changed_at: changed,
        })
    }
}

impl<'a> WireSnapshot<'a> {
    pub(super) fn encode(snapshot: &'a Snapshot) -> Result<Self, WireError> {
        let resources = snapshot
            .resources
            .iter()
            .map(|(addr, resource)| {
                let ResourceState {
                    provider,
                    instances,
                } = resource;
                Ok(WireResource {
                    provider: provider.into(),
                    instances: instances
                        .iter()
                        .map(|(key, state)| {
                            let addr = WireAddr::instance(&addr.instance(key.clone()));
                            Ok((addr, WireState::encode(state)?))
                        })
                        .collect::<Result<_, WireError>>()?,
                })
            })
            .collect::<Result<_, WireError>>()?;
        Ok(Self {
            resources,
            ..Self::encode_head(snapshot)?
        })
    }

    fn encode_head(snapshot: &'a Snapshot) -> Result<Self, WireError> {
        let Snapshot {
            lineage,
            serial,
            outputs,
            resources: _,
            checks,
            open,
            last_op,
        } = snapshot;
        Ok(Self {
            v: VERSION,
            lineage: lineage.clone(),
            serial: *serial,
            last_op: *last_op,
            outputs: outputs
                .iter()
                .map(|(name, output)| Ok((name.clone(), WireOutput::encode(output)?)))
                .collect::<Result<_, WireError>>()?,
            checks: checks.iter().map(WireCheck::from).collect(),
            open: open
                .iter()
                .map(|(op, intent)| Ok((*op, WireIntent::encode(intent)?)))
                .collect::<Result<_, WireError>>()?,
            resources: Vec::new(),
        })
    }

    pub(super) fn decode(self, decoder: &mut Decoder) -> Result<Snapshot, WireError> {
        let Self {
            v: _,
            lineage,
            serial,
            last_op,
            outputs,
            checks,
            open,
            resources,
        } = self;
        let mut snapshot = Snapshot {
            lineage,
            serial,
            last_op,
            outputs: outputs
                .into_iter()
                .map(|(name, output)| Ok((name, output.decode()?)))
                .collect::<Result<_, WireError>>()?,
            resources: BTreeMap::new(),
            checks: checks.into_iter().map(CheckResult::from).collect(),
            open: open
                .into_iter()
                .map(|(op, intent)| (op, intent.decode(decoder)))
                .collect(),
        };
        for WireResource {
            provider,
            instances,
        } in resources
        {
            let provider = provider.decode(decoder);
            for (addr, state) in instances {
                let row = Row {
                    addr: addr.decode(decoder),
                    provider: provider.clone(),
                    state: state.decode(decoder)?,
                };
                row.put_into(&mut snapshot);
            }
        }
        Ok(snapshot)
    }
}

impl Row {
    /// Puts the instance into a snapshot.
    pub fn put_into(self, snapshot: &mut Snapshot) {
        let Self {
            addr,
            provider,
            state,
        } = self;
        snapshot
            .resources
            .entry(addr.resource)
            .or_insert_with(|| ResourceState {
                provider,
                instances: BTreeMap::new(),
            })
            .instances
            .insert(addr.key, state);
    }
}

/// Writes a whole snapshot.
///
/// # Errors
/// When attributes are not JSON, or an output holds what can't be stored.
pub fn encode_snapshot(snapshot: &Snapshot) -> Result<Vec<u8>, WireError> {
    write(&WireSnapshot::encode(snapshot)?)
}

/// Reads a whole snapshot.
///
/// # Errors
/// When the bytes are not a snapshot, or one of a later version.
pub fn decode_snapshot(bytes: &[u8]) -> Result<Snapshot, WireError> {
    read::<WireSnapshot<'_>>(bytes)?.decode(&mut Decoder::default())
}

/// Writes everything but the resources.
///
/// # Errors
/// As [`encode_snapshot`].
pub fn encode_head(snapshot: &Snapshot) -> Result<Vec<u8>, WireError> {
    write(&WireSnapshot::encode_head(snapshot)?)
}

/// Reads a head: a snapshot without resources.
///
/// # Errors
/// As [`decode_snapshot`].
pub fn decode_head(bytes: &[u8]) -> Result<Head, WireError> {
    decode_snapshot(bytes)
}

/// Writes one instance.
///
/// # Errors
/// When attributes are not JSON.
pub fn encode_row(
    addr: &InstanceAddr,
    provider: &ProviderConfigAddr,
    state: &InstanceState,
) -> Result<Vec<u8>, WireError> {
    write(&WireRow {
        v: VERSION,
        addr: WireAddr::instance(addr),
        provider: provider.into(),
        state: WireState::encode(state)?,
    })
}

/// Reads rows, sharing in memory what neighbours have in common.
#[derive(Default)]
pub struct RowDecoder(Decoder);

impl RowDecoder {
    /// Reads one row.
    ///
    /// # Errors
    /// When the bytes are not a row, or one of a later version.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Row, WireError> {
        let WireRow {
            v: _,
            addr,
            provider,
            state,
        } = read(bytes)?;
        Ok(Row {
            addr: addr.decode(&mut self.0),
            provider: provider.decode(&mut self.0),
            state: state.decode(&mut self.0)?,
        })
    }
}

impl std::fmt::Debug for RowDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RowDecoder")
    }
}

/// A key for an instance: equal for equal addresses only, instances of one resource beside each other.
#[must_use]
pub fn address_key(addr: &InstanceAddr) -> Vec<u8> {
    serde_json::to_vec(&WireAddr::instance(addr))
        .expect("strings and numbers can always be written as JSON")
}
