//! The index: the fold of the journal in sled, a row per resource instance.
//!
//! It may be missing, behind or wrong at any time, and is believed only where everything fits: its own checksums, and the place in the
//! journal that it claims to stand for. So nothing here is ever an error of the store: what fails makes the index useless, and a new
//! one is written.
//!
//! Keys: `m` for the head, `r` and the address for a row, then the number of the chunk (four bytes, big endian). Values: chunks of at
//! most 6 KiB with their keys, because sled puts larger pages into files that it never syncs; the first begins with the number of chunks and
//! the checksum of the whole.

use crate::touched::Touched;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use terrane_model::addr::InstanceAddr;
use terrane_model::snapshot::Snapshot;
use terrane_store::StoreError;
use terrane_store::journal::{Header, Mark, record_at};
use terrane_store::pieces::Sealer;
use terrane_store::seal::DataKey;
use terrane_store::wire::{RowDecoder, address_key, decode_head, encode_head, encode_row};

/// The version of the rows' layout. Another one is not read but rebuilt.
const FORMAT: u64 = 1;
/// Key and value of an entry, together, at most.
const ENTRY: usize = 6 << 10;
/// Keys longer than this (absurd instance keys) are not indexed: the workspace then lives from the journal alone.
const LONGEST_KEY: usize = 2 << 10;
/// Rows that are written in one batch.
const GROUP: usize = 1000;

/// Why the index is of no use.
#[derive(Debug)]
pub(crate) struct Useless(String);

impl fmt::Display for Useless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

type Result<T> = std::result::Result<T, Useless>;

impl From<sled::Error> for Useless {
    fn from(error: sled::Error) -> Self {
        Self(error.to_string())
    }
}

fn useless<T>(why: impl Into<String>) -> Result<T> {
    Err(Useless(why.into()))
}

/// Up to where in which journal something holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    pub(crate) journal: Header,
    /// The last record folded in; `None`: none yet.
    pub(crate) last: Option<Mark>,
}

#[derive(Serialize, Deserialize)]
struct Meta {
    format: u64,
    journal: u64,
    generation: u64,
    /// Offset, checksum and end of the last record.
    last: Option<(u64, u32, u64)>,
    rows: u64,
    /// The sum of the fingerprints of all rows, so that a row that got lost is noticed.
    sum: u64,
    /// The key that rows and head are encrypted with, sealed; `None`: they are in the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Box<RawValue>>,
    /// A snapshot without resources; encrypted: base64 in a string.
    head: Box<RawValue>,
}

/// An opened index.
pub(crate) struct Index {
    db: sled::Db,
    folder: PathBuf,
    rows: u64,
    sum: u64,
    sealer: Arc<Sealer>,
    /// What rows are encrypted with. Known when the head was read, or when it is written for the first time.
    key: Option<DataKey>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// sled panics on some kinds of damage.
fn guarded<T>(what: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(what)).unwrap_or_else(|_| useless("sled panicked"))
}

/// Waits until sled has let go of a folder. Its threads may hold on to it for a moment after the last handle was dropped, and opening it
/// meanwhile fails. `false`: somebody keeps it.
pub(crate) fn is_free(folder: &Path) -> bool {
    const TRIES: u32 = 200;
    const PAUSE: Duration = Duration::from_millis(2);
    let Ok(file) = File::open(folder.join("db")) else {
        return true;
    };
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Ok(()) | Err(TryLockError::Error(_)) => return true,
        }
    }
    false
}

impl Index {
    pub(crate) fn open(folder: &Path, sealer: &Arc<Sealer>) -> Result<Self> {
        guarded(|| {
            let db = sled::Config::new()
                .path(folder)
                .mode(sled::Mode::LowSpace)
                .flush_every_ms(None)
                .cache_capacity(16 << 20)
                .open()?;
            Ok(Self {
                db,
                folder: folder.to_owned(),
                rows: 0,
                sum: 0,
                sealer: Arc::clone(sealer),
                key: None,
            })
        })
    }

    /// The state that the index holds, if it belongs to this journal, and up to where.
    pub(crate) fn load(
        &mut self,
        header: Header,
        journal: &mut File,
        path: &Path,
    ) -> Result<(Snapshot, Option<Mark>)> {
        guarded(|| {
            let Some(bytes) = self.read(b"m")? else {
                return useless("it has no head");
            };
            let meta: Meta =
                serde_json::from_slice(&bytes).map_err(|error| Useless(error.to_string()))?;
            let fits = meta.format == FORMAT
                && meta.journal == header.id
                && meta.generation == header.generation;
            if !fits {
                return useless("it belongs to another journal");
            }
            let last = meta
                .last
                .map(|(offset, crc, end)| Mark { offset, crc, end });
            if let Some(mark) = last {
                let found = record_at(journal, path, mark.offset)
                    .map_err(|error| Useless(error.to_string()))?;
                if found != Some(mark) {
                    return useless("the journal went another way");
                }
            }
            let mut snapshot = self.open_head(&meta)?;
            self.load_rows(&mut snapshot)?;
            if (self.rows, self.sum) != (meta.rows, meta.sum) {
                return useless("rows are missing");
            }
            Ok((snapshot, last))
        })
    }

    /// The state that the index holds, and the generation that it is of, whatever became of the journal.
    pub(crate) fn load_alone(&mut self) -> Result<(Snapshot, u64)> {
        guarded(|| {
            let Some(bytes) = self.read(b"m")? else {
                return useless("it has no head");
            };
            let meta: Meta =
                serde_json::from_slice(&bytes).map_err(|error| Useless(error.to_string()))?;
            if meta.format != FORMAT {
                return useless("it has another format");
            }
            let mut snapshot = self.open_head(&meta)?;
            self.load_rows(&mut snapshot)?;
            if (self.rows, self.sum) != (meta.rows, meta.sum) {
                return useless("rows are missing");
            }
            Ok((snapshot, meta.generation))
        })
    }

    /// The snapshot without resources. Finds out what rows are encrypted with.
    fn open_head(&mut self, meta: &Meta) -> Result<Snapshot> {
        let fail = |error: StoreError| Useless(error.to_string());
        self.key = match &meta.key {
            Some(sealed) => Some(self.sealer.key(sealed.get().as_bytes()).map_err(fail)?),
            None => None,
        };
        // Another way to seal than today's: made anew, not gone on with.
        let current = match &self.key {
            Some(key) => key.current && self.sealer.encrypts(),
            None => !self.sealer.encrypts(),
        };
        if !current {
            return useless("its rows are sealed in another way");
        }
        let head = match &self.key {
            Some(key) => {
                let sealed: String = serde_json::from_str(meta.head.get())
                    .map_err(|error| Useless(error.to_string()))?;
                let sealed = STANDARD
                    .decode(sealed)
                    .map_err(|error| Useless(error.to_string()))?;
                unlocked(key, &sealed, b"m")?
            }
            None => meta.head.get().as_bytes().to_vec(),
        };
        decode_head(&head).map_err(|error| Useless(format!("{error:?}")))
    }

    fn load_rows(&mut self, snapshot: &mut Snapshot) -> Result<()> {
        let (mut rows, mut sum) = (0_u64, 0_u64);
        let mut decoder = RowDecoder::default();
        let mut entries = self.db.range(&b"r"[..]..&b"s"[..]);
        let mut joined = Vec::new();
        while let Some(entry) = entries.next() {
            let (key, value) = entry?;
            let (base, chunk) = split_key(&key)?;
            let (count, crc, first) = split_first(&value)?;
            if chunk != 0 {
                return useless("a chunk is missing");
            }
            let bytes = if count == 1 {
                first
            } else {
                joined.clear();
                joined.extend_from_slice(first);
                for wanted in 1..count {
                    let Some(next) = entries.next() else {
                        return useless("a chunk is missing");
                    };
                    let (key, value) = next?;
                    if split_key(&key)? != (base, wanted) {
                        return useless("a chunk is missing");
                    }
                    joined.extend_from_slice(&value);
                }
                &joined
            };
            if crc32fast::hash(bytes) != crc {
                return useless("a row is damaged");
            }
            rows += 1;
            sum = sum.wrapping_add(fingerprint(base, crc));
            let opened = match &self.key {
                Some(key) => Cow::Owned(unlocked(key, bytes, base)?),
                None => Cow::Borrowed(bytes),
            };
            decoder
                .decode(&opened)
                .map_err(|error| Useless(format!("{error:?}")))?
                .put_into(snapshot);
        }
        self.rows = rows;
        self.sum = sum;
        Ok(())
    }

    /// Brings the index up to a position. Not durable before [`Index::sync`], which it need not be.
    pub(crate) fn write(
        &mut self,
        snapshot: &Snapshot,
        touched: &Touched,
        position: Position,
    ) -> Result<()> {
        guarded(|| {
            if touched.all {
                self.key = self
                    .sealer
                    .writing_key()
                    .map_err(|error| Useless(error.to_string()))?;
            }
            if self.key.is_some() != self.sealer.encrypts() {
                return useless("its rows are sealed in another way");
            }
            let every;
            let rows: &BTreeSet<InstanceAddr> = if touched.all {
                self.db.clear()?;
                (self.rows, self.sum) = (0, 0);
                every = snapshot.instances().map(|(addr, ..)| addr).collect();
                &every
            } else {
                &touched.rows
            };
            let mut batch = sled::Batch::default();
            let mut pending = 0;
            if rows.len() > GROUP && !touched.all {
                // More than one batch: without a head the index is not believed, should it be cut off in between.
                self.db.remove(chunk_key(b"m", 0))?;
            }
            for addr in rows {
                self.put_row(snapshot, addr, &mut batch)?;
                pending += 1;
                if pending >= GROUP {
                    self.db.apply_batch(std::mem::take(&mut batch))?;
                    pending = 0;
                }
            }
            self.put_head(snapshot, position, &mut batch)?;
            self.db.apply_batch(batch)?;
            Ok(())
        })
    }

    /// Writes out what sled holds back.
    pub(crate) fn sync(&self) -> Result<()> {
        guarded(|| {
            self.db.flush()?;
            Ok(())
        })
    }

    fn put_row(
        &mut self,
        snapshot: &Snapshot,
        addr: &InstanceAddr,
        batch: &mut sled::Batch,
    ) -> Result<()> {
        let mut key = vec![b'r'];
        match &self.key {
            Some(sealing) => key.extend(sealing.cipher.name(&address_key(addr))),
            None => key.extend(address_key(addr)),
        }
        if key.len() > LONGEST_KEY {
            return useless("a key is too long");
        }
        let row = match (
            snapshot.resources.get(&addr.resource),
            snapshot.instance(addr),
        ) {
            (Some(resource), Some(state)) => Some(
                encode_row(addr, &resource.provider, state)
                    .map_err(|error| Useless(format!("{error:?}")))?,
            ),
            _ => None,
        };
        let row = match (row, &self.key) {
            (Some(row), Some(sealing)) => Some(locked(sealing, &row, &key)?),
            (row, _) => row,
        };
        let old = self.put(&key, row.as_deref(), batch)?;
        if let Some(crc) = old {
            self.rows = self.rows.wrapping_sub(1);
            self.sum = self.sum.wrapping_sub(fingerprint(&key, crc));
        }
        if let Some(row) = row {
            self.rows = self.rows.wrapping_add(1);
            self.sum = self
                .sum
                .wrapping_add(fingerprint(&key, crc32fast::hash(&row)));
        }
        Ok(())
    }

    fn put_head(
        &self,
        snapshot: &Snapshot,
        position: Position,
        batch: &mut sled::Batch,
    ) -> Result<()> {
        let head = encode_head(snapshot).map_err(|error| Useless(format!("{error:?}")))?;
        let head = match &self.key {
            Some(key) => {
                let sealed = locked(key, &head, b"m")?;
                format!("\"{}\"", STANDARD.encode(sealed)).into_bytes()
            }
            None => head,
        };
        let head = String::from_utf8(head)
            .map_err(|error| Useless(error.to_string()))
            .and_then(|head| {
                RawValue::from_string(head).map_err(|error| Useless(error.to_string()))
            })?;
        let Position { journal, last } = position;
        let meta = Meta {
            format: FORMAT,
            journal: journal.id,
            generation: journal.generation,
            last: last.map(|Mark { offset, crc, end }| (offset, crc, end)),
            rows: self.rows,
            sum: self.sum,
            key: self.key.as_ref().map(sealed_form).transpose()?,
            head,
        };
        let bytes = serde_json::to_vec(&meta).map_err(|error| Useless(error.to_string()))?;
        self.put(b"m", Some(&bytes), batch)?;
        Ok(())
    }

    /// Puts all chunks of an entry in place of what was there. Returns the checksum of what was there.
    fn put(
        &self,
        key: &[u8],
        value: Option<&[u8]>,
        batch: &mut sled::Batch,
    ) -> Result<Option<u32>> {
        let old = match self.db.get(chunk_key(key, 0))? {
            Some(first) => {
                let (count, crc, _) = split_first(&first)?;
                Some((count, crc))
            }
            None => None,
        };
        let mut chunks = 0;
        if let Some(value) = value {
            let room = ENTRY - key.len() - 12;
            let count = u32::try_from(value.len().div_ceil(room).max(1))
                .map_err(|error| Useless(error.to_string()))?;
            let mut parts = value.chunks(room);
            let mut first = count.to_be_bytes().to_vec();
            first.extend(crc32fast::hash(value).to_be_bytes());
            first.extend(parts.next().unwrap_or_default());
            batch.insert(chunk_key(key, 0), first);
            chunks = 1;
            for part in parts {
                batch.insert(chunk_key(key, chunks), part);
                chunks += 1;
            }
        }
        if let Some((count, _)) = old {
            for chunk in chunks..count {
                batch.remove(chunk_key(key, chunk));
            }
        }
        Ok(old.map(|(_, crc)| crc))
    }

    /// A whole entry, from all its chunks.
    fn read(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(first) = self.db.get(chunk_key(key, 0))? else {
            return Ok(None);
        };
        let (count, crc, part) = split_first(&first)?;
        let mut bytes = part.to_vec();
        for chunk in 1..count {
            match self.db.get(chunk_key(key, chunk))? {
                Some(part) => bytes.extend_from_slice(&part),
                None => return useless("a chunk is missing"),
            }
        }
        if crc32fast::hash(&bytes) != crc {
            return useless("an entry is damaged");
        }
        Ok(Some(bytes))
    }
}

fn locked(key: &DataKey, plain: &[u8], place: &[u8]) -> Result<Vec<u8>> {
    let locked = key.cipher.encrypt(plain, place);
    locked.map_err(|error| Useless(error.to_string()))
}

/// What was encrypted for this place: a row is of no use under the key of another one.
fn unlocked(key: &DataKey, sealed: &[u8], place: &[u8]) -> Result<Vec<u8>> {
    let unlocked = key.cipher.decrypt(sealed, place);
    unlocked.map_err(|error| Useless(error.to_string()))
}

fn sealed_form(key: &DataKey) -> Result<Box<RawValue>> {
    serde_json::from_slice(&key.sealed).map_err(|error| Useless(error.to_string()))
}

fn chunk_key(key: &[u8], chunk: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(key.len() + 4);
    out.extend_from_slice(key);
    out.extend(chunk.to_be_bytes());
    out
}

fn split_key(key: &[u8]) -> Result<(&[u8], u32)> {
    match key.split_last_chunk::<4>() {
        Some((base, chunk)) => Ok((base, u32::from_be_bytes(*chunk))),
        None => useless("a key is too short"),
    }
}

/// Number of chunks, checksum of the whole, and the first part.
fn split_first(value: &[u8]) -> Result<(u32, u32, &[u8])> {
    let Some((count, rest)) = value.split_first_chunk::<4>() else {
        return useless("a chunk is too short");
    };
    let Some((crc, part)) = rest.split_first_chunk::<4>() else {
        return useless("a chunk is too short");
    };
    Ok((u32::from_be_bytes(*count), u32::from_be_bytes(*crc), part))
}

fn fingerprint(key: &[u8], crc: u32) -> u64 {
    (u64::from(crc32fast::hash(key)) << 32) | u64::from(crc)
}
