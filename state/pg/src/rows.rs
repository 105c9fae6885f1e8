//! What a batch of events makes of the rows.
//!
//! The state of a workspace is a row per resource instance, per root output, per open intent, and one for the results of checks. A batch writes the rows that
//! it touches and no others, so its cost is the size of the change.

use crate::sealing::Sealing;
use ecow::EcoString;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use terrane_model::addr::{InstanceAddr, ProviderConfigAddr, ResourceAddr};
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::{ResourceState, Snapshot};
use terrane_store::StoreError;
use terrane_store::wire::{
    RowDecoder, WireError, address_key, decode_head, encode_head, encode_row,
};

/// What a row holds: the letter in the column `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Instance,
    Output,
    Intent,
    Checks,
}

impl Kind {
    const fn letter(self) -> &'static str {
        match self {
            Self::Instance => "i",
            Self::Output => "o",
            Self::Intent => "p",
            Self::Checks => "c",
        }
    }
}

/// A row to be written, or to be removed.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) kind: &'static str,
    pub(crate) key: Vec<u8>,
    /// The address, for people who look into the database; not where the state is encrypted.
    pub(crate) label: Option<String>,
    /// The serial that the row is stamped with; `None`: the one of the batch.
    pub(crate) changed: Option<u64>,
    /// `None`: it is removed.
    pub(crate) data: Option<Vec<u8>>,
}

/// What a batch makes of the rows.
#[derive(Debug)]
pub(crate) struct Delta {
    /// All rows there are go first.
    pub(crate) clear: bool,
    pub(crate) changes: Vec<Change>,
    pub(crate) lineage: EcoString,
    pub(crate) last_op: u64,
}

/// Which rows a batch touches.
#[derive(Debug, Default)]
struct Touched {
    all: bool,
    checks: bool,
    instances: BTreeSet<InstanceAddr>,
    outputs: BTreeSet<EcoString>,
    ops: BTreeSet<u64>,
}

impl Touched {
    fn by(before: &Snapshot, events: &[Event]) -> Self {
        let mut touched = Self::default();
        for event in events {
            touched.add(before, &event.kind);
        }
        touched
    }

    fn add(&mut self, before: &Snapshot, event: &EventKind) {
        match event {
            EventKind::Run { .. } => {}
            EventKind::Began { op, .. } => {
                self.ops.insert(*op);
            }
            EventKind::Ended {
                op,
                object,
                provider,
                ..
            } => {
                self.ops.insert(*op);
                self.provider(before, &object.instance.resource, provider);
                self.instances.insert(object.instance.clone());
            }
            EventKind::Set {
                object, provider, ..
            } => {
                self.provider(before, &object.instance.resource, provider);
                self.instances.insert(object.instance.clone());
            }
            EventKind::Deposed { instance, .. } | EventKind::Restored { instance, .. } => {
                self.instances.insert(instance.clone());
            }
            EventKind::Moved { from, to, provider } => {
                self.provider(before, &to.resource, provider);
                self.instances.insert(from.clone());
                self.instances.insert(to.clone());
            }
            EventKind::Output { name, .. } => {
                self.outputs.insert(name.clone());
            }
            EventKind::Checked(_) => self.checks = true,
            EventKind::Replaced(_) => self.all = true,
        }
    }

    /// Every row names the provider configuration of its resource; so when that changes, all rows of the resource do.
    fn provider(&mut self, before: &Snapshot, addr: &ResourceAddr, provider: &ProviderConfigAddr) {
        let Some(resource) = before.resources.get(addr) else {
            return;
        };
        if resource.provider != *provider {
            let keys = resource.instances.keys();
            self.instances
                .extend(keys.map(|key| addr.instance(key.clone())));
        }
    }

    /// The piece of a state that the batch touches. Folding the batch into it gives what folding it into the whole would, at the cost of the piece.
    fn piece(&self, before: &Snapshot) -> Snapshot {
        if self.all {
            return before.clone();
        }
        let mut piece = Snapshot {
            lineage: before.lineage.clone(),
            serial: before.serial,
            last_op: before.last_op,
            ..Snapshot::default()
        };
        for addr in &self.instances {
            let Some(resource) = before.resources.get(&addr.resource) else {
                continue;
            };
            let Some(instance) = resource.instances.get(&addr.key) else {
                continue;
            };
            piece
                .resources
                .entry(addr.resource.clone())
                .or_insert_with(|| ResourceState {
                    provider: resource.provider.clone(),
                    instances: BTreeMap::new(),
                })
                .instances
                .insert(addr.key.clone(), instance.clone());
        }
        for name in &self.outputs {
            if let Some(output) = before.outputs.get(name) {
                piece.outputs.insert(name.clone(), output.clone());
            }
        }
        for op in &self.ops {
            if let Some(intent) = before.open.get(op) {
                piece.open.insert(*op, intent.clone());
            }
        }
        piece
    }
}

/// What the batch makes of the rows, if it becomes `serial`.
///
/// # Errors
/// `Refused` when something can't be written; and when it can't be sealed.
pub(crate) fn delta(
    before: &Snapshot,
    events: &[Event],
    serial: u64,
    sealing: &Sealing,
) -> Result<Delta, StoreError> {
    let touched = Touched::by(before, events);
    let mut after = touched.piece(before);
    after.commit_as(serial, events);
    let mut writer = Writer {
        after: &after,
        serial,
        sealing,
        changes: Vec::new(),
    };
    if touched.all {
        writer.everything()?;
    } else {
        for addr in &touched.instances {
            writer.instance(addr)?;
        }
        for name in &touched.outputs {
            writer.output(name)?;
        }
        for op in &touched.ops {
            writer.intent(*op)?;
        }
        if touched.checks {
            writer.checks()?;
        }
    }
    Ok(Delta {
        clear: touched.all,
        changes: writer.changes,
        lineage: after.lineage.clone(),
        last_op: after.last_op,
    })
}

/// All rows of a state.
///
/// # Errors
/// As [`delta`].
pub(crate) fn all(state: &Snapshot, sealing: &Sealing) -> Result<Vec<Change>, StoreError> {
    let mut writer = Writer {
        after: state,
        serial: state.serial,
        sealing,
        changes: Vec::new(),
    };
    writer.everything()?;
    writer.changes.retain(|change| change.data.is_some());
    Ok(writer.changes)
}

struct Writer<'a> {
    after: &'a Snapshot,
    serial: u64,
    sealing: &'a Sealing,
    changes: Vec<Change>,
}

impl Writer<'_> {
    fn everything(&mut self) -> Result<(), StoreError> {
        let after = self.after;
        for (addr, ..) in after.instances() {
            self.instance(&addr)?;
        }
        for name in after.outputs.keys() {
            self.output(name)?;
        }
        for op in after.open.keys() {
            self.intent(*op)?;
        }
        self.checks()
    }

    fn instance(&mut self, addr: &InstanceAddr) -> Result<(), StoreError> {
        let resource = self.after.resources.get(&addr.resource);
        let found = resource.and_then(|resource| {
            let state = resource.instances.get(&addr.key)?;
            Some((resource, state))
        });
        let data = found
            .map(|(resource, state)| encode_row(addr, &resource.provider, state))
            .transpose()
            .map_err(WireError::refused)?;
        let changed = found
            .map(|(_, state)| state.changed_at)
            .filter(|changed| *changed != self.serial);
        self.put(
            Kind::Instance,
            &address_key(addr),
            addr.to_string(),
            changed,
            data,
        )
    }

    fn output(&mut self, name: &EcoString) -> Result<(), StoreError> {
        let data = self.after.outputs.get(name).map(|output| Snapshot {
            outputs: BTreeMap::from([(name.clone(), output.clone())]),
            ..Snapshot::default()
        });
        self.head(
            Kind::Output,
            name.as_bytes(),
            format!("output.{name}"),
            data,
        )
    }

    fn intent(&mut self, op: u64) -> Result<(), StoreError> {
        let intent = self.after.open.get(&op);
        let label = intent.map_or_else(String::new, |intent| intent.object.instance.to_string());
        let data = intent.map(|intent| Snapshot {
            open: BTreeMap::from([(op, intent.clone())]),
            ..Snapshot::default()
        });
        self.head(Kind::Intent, &op.to_be_bytes(), label, data)
    }

    fn checks(&mut self) -> Result<(), StoreError> {
        let data = (!self.after.checks.is_empty()).then(|| Snapshot {
            checks: self.after.checks.clone(),
            ..Snapshot::default()
        });
        self.head(Kind::Checks, b"", String::new(), data)
    }

    fn head(
        &mut self,
        kind: Kind,
        key: &[u8],
        label: String,
        data: Option<Snapshot>,
    ) -> Result<(), StoreError> {
        let data = data
            .as_ref()
            .map(encode_head)
            .transpose()
            .map_err(WireError::refused)?;
        self.put(kind, key, label, None, data)
    }

    fn put(
        &mut self,
        kind: Kind,
        key: &[u8],
        label: String,
        changed: Option<u64>,
        data: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        // A digest: keys of instances may be longer than an index takes, and say nothing where the state is encrypted.
        let key = Sha256::digest(key).to_vec();
        let shown = !self.sealing.encrypts() && data.is_some() && !label.contains('\0');
        self.changes.push(Change {
            kind: kind.letter(),
            key,
            label: shown.then_some(label),
            changed,
            data: data.map(|data| self.sealing.seal(data)).transpose()?,
        });
        Ok(())
    }
}

/// Puts rows together.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    snapshot: Snapshot,
    decoder: RowDecoder,
    /// The serial of the row that the provider of a resource was taken from. Runs that go on side by side may disagree for a while: the last one holds.
    newest: BTreeMap<ResourceAddr, u64>,
}

impl Reader {
    /// Takes in a row. `place` names the state in errors.
    pub(crate) fn add(
        &mut self,
        place: &str,
        kind: u8,
        changed: u64,
        data: &[u8],
    ) -> Result<(), StoreError> {
        match kind {
            b'i' => {
                let mut row = self.decoder.decode(data).map_err(|error| error.at(place))?;
                row.state.changed_at = changed;
                self.instance(row, changed);
            }
            b'o' | b'p' | b'c' => {
                let Snapshot {
                    lineage: _,
                    serial: _,
                    outputs,
                    resources: _,
                    checks,
                    open,
                    last_op: _,
                } = decode_head(data).map_err(|error| error.at(place))?;
                self.snapshot.outputs.extend(outputs);
                self.snapshot.open.extend(open);
                if kind == b'c' {
                    self.snapshot.checks = checks;
                }
            }
            other => {
                return Err(StoreError::Damaged {
                    what: place.to_owned(),
                    problem: format!("a row is of kind {:?}", char::from(other)),
                });
            }
        }
        Ok(())
    }

    fn instance(&mut self, row: terrane_store::wire::Row, changed: u64) {
        let terrane_store::wire::Row {
            addr,
            provider,
            state,
        } = row;
        let known = self.snapshot.resources.get_mut(&addr.resource);
        let newest = self.newest.get_mut(&addr.resource);
        if let (Some(resource), Some(newest)) = (known, newest) {
            if changed >= *newest {
                *newest = changed;
                if resource.provider != provider {
                    resource.provider = provider;
                }
            }
            resource.instances.insert(addr.key, state);
        } else {
            self.newest.insert(addr.resource.clone(), changed);
            self.snapshot.resources.insert(
                addr.resource,
                ResourceState {
                    provider,
                    instances: BTreeMap::from([(addr.key, state)]),
                },
            );
        }
    }

    /// The state.
    pub(crate) fn finish(self, serial: u64, lineage: &str, last_op: u64) -> Snapshot {
        Snapshot {
            serial,
            lineage: lineage.into(),
            last_op,
            ..self.snapshot
        }
    }
}
