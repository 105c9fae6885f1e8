//! Backup files: one file with every record of a workspace, so with all versions of its state.
//!
//! The layout is in `docs/formats/backup.md`: a header of 32 bytes, then records as in a journal. The first says what the file is of, the last how
//! many there are and the checksum of everything before it.

use crate::StoreError;
use crate::audit::{self, AuditError};
use crate::history::History;
use crate::journal::{RawRecord, RecordKind, Survey, records_from};
use crate::maintain::Maintain;
use crate::pieces::Sealer;
use crate::wire::{WireError, decode_snapshot, encode_snapshot};
use crate::{StateStore, Version, replay};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::Write;
use std::path::Path;
use terrane_model::snapshot::Snapshot;

const MAGIC: [u8; 8] = *b"TERRANEB";
const FORMAT: u16 = 1;
const HEADER_LEN: usize = 32;
/// Says what the file is of.
const KIND_MANIFEST: u8 = 128;
/// Says that the file is whole.
const KIND_END: u8 = 129;
/// The audit log, where there is one.
const KIND_AUDIT: u8 = 130;

/// What a backup is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The workspace.
    pub workspace: String,
    /// When it was made, in milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// By whom.
    pub who: String,
    /// By which version of terrane.
    pub terrane: String,
}

#[derive(Serialize, Deserialize)]
struct End {
    records: u64,
    /// CRC-32 of all bytes before this record.
    crc: u32,
    lineage: String,
    serial: u64,
}

/// A backup, read and checked.
#[derive(Debug)]
pub struct Backup {
    /// What it is of.
    pub manifest: Manifest,
    /// The records of the state.
    pub records: Vec<RawRecord<'static>>,
    /// The state that they give.
    pub snapshot: Snapshot,
    /// Its versions, oldest first.
    pub versions: Vec<Version>,
    /// The serial of the oldest state that it holds.
    pub oldest: u64,
    /// The audit log of the workspace, if it had one.
    pub audit: Option<audit::Kept>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// How many records.
    pub records: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The lineage of the state.
    pub lineage: String,
    /// The serial up to which the backup goes.
    pub serial: u64,
}

struct Out<'a> {
    to: &'a mut dyn Write,
    crc: crc32fast::Hasher,
    bytes: u64,
    buffer: Vec<u8>,
}

impl Out<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.crc.update(bytes);
        self.bytes += bytes.len() as u64;
        self.to.write_all(bytes).map_err(writing)
    }

    fn record(&mut self, record: &RawRecord<'_>) -> Result<(), StoreError> {
        self.buffer.clear();
        let mut buffer = std::mem::take(&mut self.buffer);
        record.encode(&mut buffer)?;
        let put = self.put(&buffer);
        self.buffer = buffer;
        put
    }
}

fn writing(source: std::io::Error) -> StoreError {
    StoreError::Io {
        doing: "writing the backup".to_owned(),
        source,
    }
}

/// Writes a backup of a workspace. Works while somebody else writes the state: what is recorded by now is in it.
///
/// # Errors
/// When the state can't be read, or `to` not written.
pub fn write(
    store: &dyn StateStore,
    manifest: &Manifest,
    sealer: &Sealer,
    to: &mut dyn Write,
) -> Result<Written, StoreError> {
    let mut out = Out {
        to,
        crc: crc32fast::Hasher::new(),
        bytes: 0,
        buffer: Vec::new(),
    };
    out.put(&header())?;
    out.record(&json(KIND_MANIFEST, manifest)?)?;
    if let Some(log) = audit_log(store, &manifest.workspace)? {
        // It holds what the state is as secret as.
        let mut record = json(KIND_AUDIT, &log)?;
        record.payload = sealer.seal(record.payload.into_owned())?.into();
        out.record(&record)?;
    }
    let mut snapshot = Snapshot::default();
    let mut records = 0;
    let mut each = |record: &RawRecord<'_>| {
        let kind = record.known_kind()?;
        let opened = sealer.open(&record.payload)?;
        if kind == RecordKind::Checkpoint && records > 0 {
            let state = decode_snapshot(&opened.bytes).map_err(|error| error.at(""))?;
            // What compaction wrote is only what the records before it give.
            if state == snapshot {
                return Ok(());
            }
        }
        replay::apply(&mut snapshot, kind, &opened.bytes, |_, _| true)?;
        records += 1;
        if opened.current {
            return out.record(record);
        }
        // Never copied into the clear because it is there already, nor under a key that is about to go.
        let payload = sealer.seal(opened.bytes.into_owned())?;
        out.record(&RawRecord::new(kind, &payload))
    };
    match store.maintain() {
        Some(store) => store.records(&manifest.workspace, &mut each)?,
        None => {
            let state = store.read(&manifest.workspace)?;
            let payload = encode_snapshot(&state).map_err(WireError::refused)?;
            each(&RawRecord::new(RecordKind::Checkpoint, &payload))?;
        }
    }
    let end = End {
        records,
        crc: out.crc.clone().finalize(),
        lineage: snapshot.lineage.to_string(),
        serial: snapshot.serial,
    };
    out.record(&json(KIND_END, &end)?)?;
    out.to.flush().map_err(writing)?;
    Ok(Written {
        records,
        bytes: out.bytes,
        lineage: end.lineage,
        serial: end.serial,
    })
}

fn audit_log(store: &dyn StateStore, workspace: &str) -> Result<Option<audit::Kept>, StoreError> {
    let Some(audit) = store.audit() else {
        return Ok(None);
    };
    audit::keep(audit, workspace).map_err(|error| match error {
        AuditError::Store(error) => error,
        other => StoreError::Refused(other.to_string()),
    })
}

fn json(kind: u8, what: &impl Serialize) -> Result<RawRecord<'static>, StoreError> {
    let payload =
        serde_json::to_vec(what).map_err(|error| StoreError::Refused(error.to_string()))?;
    Ok(RawRecord {
        kind,
        codec: 0,
        payload: Cow::Owned(payload),
    })
}

fn header() -> [u8; HEADER_LEN] {
    let mut bytes = [0; HEADER_LEN];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&FORMAT.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..28]);
    bytes[28..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Reads a backup and checks every byte of it.
///
/// # Errors
/// When it is no backup, is damaged or cut off, or was written by a later version.
pub fn read(bytes: &[u8], path: &Path, sealer: &Sealer) -> Result<Backup, StoreError> {
    let damaged = |problem: String| StoreError::Damaged {
        what: path.display().to_string(),
        problem,
    };
    let Some(own) = bytes.first_chunk::<HEADER_LEN>() else {
        return Err(damaged("it is too short to be a backup".to_owned()));
    };
    if own[..8] != MAGIC {
        return Err(damaged(
            "it does not begin like a backup of terrane".to_owned(),
        ));
    }
    let found = u16::from_le_bytes([own[8], own[9]]);
    let good = crc32fast::hash(&own[..28]).to_le_bytes() == own[28..];
    if good && (found > FORMAT || own[10..12] != [0, 0]) {
        return Err(StoreError::TooNew {
            what: path.display().to_string(),
            found: u64::from(found.max(FORMAT + 1)),
            known: u64::from(FORMAT),
        });
    }
    if !good {
        return Err(damaged("the checksum of its header is wrong".to_owned()));
    }
    let mut all = Survey::default();
    records_from(bytes, HEADER_LEN, &mut all);
    let wrong = all.holes.first().map(|hole| hole.offset);
    let wrong = wrong.or_else(|| all.records.iter().find_map(|record| record.mended));
    if let Some(at) = wrong {
        return Err(damaged(format!("it is not whole at byte {at}")));
    }
    let mut records = all.records;
    let last = records.pop().filter(|last| last.record.kind == KIND_END);
    let Some(last) = last else {
        return Err(damaged("its end is missing".to_owned()));
    };
    let odd = |error: serde_json::Error| damaged(error.to_string());
    let end: End = serde_json::from_slice(&last.record.payload).map_err(odd)?;
    let before = usize::try_from(last.offset).unwrap_or(bytes.len());
    let mut records = records.into_iter().peekable();
    let first = records
        .next()
        .filter(|first| first.record.kind == KIND_MANIFEST);
    let log = records.next_if(|next| next.record.kind == KIND_AUDIT);
    if end.crc != crc32fast::hash(&bytes[..before]) || end.records != records.len() as u64 {
        return Err(damaged("its checksum is wrong".to_owned()));
    }
    let Some(first) = first else {
        return Err(damaged("it does not say what it is of".to_owned()));
    };
    let audit = match log {
        None => None,
        Some(log) => {
            let opened = sealer.open(&log.record.payload)?;
            Some(serde_json::from_slice(&opened.bytes).map_err(odd)?)
        }
    };
    let manifest = serde_json::from_slice(&first.record.payload).map_err(odd)?;
    let records: Vec<_> = records.map(|located| located.record.into_owned()).collect();
    let (snapshot, versions, oldest) = fold(&records, path, sealer)?;
    if snapshot.serial != end.serial || snapshot.lineage != end.lineage {
        return Err(damaged(
            "its records give another state than it says".to_owned(),
        ));
    }
    Ok(Backup {
        manifest,
        records,
        snapshot,
        versions,
        oldest,
        audit,
    })
}

/// The state and the versions that records give.
fn fold(
    records: &[RawRecord<'_>],
    path: &Path,
    sealer: &Sealer,
) -> Result<(Snapshot, Vec<Version>, u64), StoreError> {
    let mut snapshot = Snapshot::default();
    let mut history = History::default();
    let mut oldest = None;
    for (at, record) in records.iter().enumerate() {
        let place = || format!("{}, record {at}", path.display());
        let kind = record.known_kind().map_err(|error| located(error, place))?;
        let opened = sealer
            .open(&record.payload)
            .map_err(|error| located(error, place))?;
        replay::apply(&mut snapshot, kind, &opened.bytes, |batch, _| {
            history.add(batch.serial, &batch.events);
            true
        })
        .map_err(|error| located(error, place))?;
        if at == 0 {
            oldest = Some(snapshot.serial).filter(|_| kind == RecordKind::Batch);
        }
    }
    let oldest = oldest.unwrap_or(snapshot.serial);
    Ok((snapshot, history.into_versions(), oldest))
}

fn located(error: StoreError, place: impl FnOnce() -> String) -> StoreError {
    match error {
        StoreError::Damaged { what, problem } if what.is_empty() => StoreError::Damaged {
            what: place(),
            problem,
        },
        StoreError::TooNew { what, found, known } if what.is_empty() => StoreError::TooNew {
            what: place(),
            found,
            known,
        },
        error => error,
    }
}

impl Backup {
    /// Whether a workspace that holds nothing yet can be filled with all versions of it.
    ///
    /// # Errors
    /// When that fails.
    pub fn refill(&self, store: &dyn Maintain, workspace: &str) -> Result<(), StoreError> {
        store.refill(workspace, &self.records)
    }
}
