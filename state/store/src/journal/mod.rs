//! The journal: an append-only file of records, each with its length and checksums. It is the truth of the embedded store.
//!
//! The layout, byte by byte, and the rules of recovery are in `docs/formats/journal.md`. In short: a file is a header of 32
//! bytes and then records; a record is a header of 20 bytes and a payload. A record is written with one write and made
//! durable with one `fdatasync`; so a crash can leave at most the last record incomplete, and only that one is ever cut off.

mod reader;
mod survey;
mod writer;

pub use reader::{Scan, TornTail, read_header, record_at, scan};
pub(crate) use survey::records_from;
pub use survey::{Hole, Located, RawRecord, Survey, survey};
pub use writer::{Journal, Medium, create_file, create_with, sync_folder};

use crate::StoreError;
use std::path::Path;

/// The first bytes of every journal.
pub const MAGIC: [u8; 8] = *b"TERRANEJ";
/// The version of the file layout that this terrane writes. It reads all from 1 on.
pub const FORMAT: u16 = 1;
/// Bytes before the first record.
pub const HEADER_LEN: u64 = 32;
/// Bytes before the payload of a record.
pub const RECORD_HEADER_LEN: usize = 20;
/// Begins every record. The first byte never occurs in UTF-8 text, so JSON payloads can't hold it.
pub const MARKER: [u8; 4] = [0xF5, b'T', b'R', b'R'];

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A batch of events ([`crate::wire::Batch`]).
    Batch,
    /// A whole snapshot, exactly as it was: the first record of a journal that took the place of a longer one.
    Checkpoint,
}

impl RecordKind {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Batch => 1,
            Self::Checkpoint => 2,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Batch),
            2 => Some(Self::Checkpoint),
            _ => None,
        }
    }
}

/// How the payload is packed. Room for compression and encryption: a reader refuses codes that it does not know.
const CODEC_JSON: u8 = 0;
/// Sealed ([`crate::pieces`]). The payload says so itself; a version that knows nothing of it must not take it for a batch.
const CODEC_SEALED: u8 = 1;

/// How a payload is packed.
fn codec_of(payload: &[u8]) -> u8 {
    if crate::pieces::is_sealed_piece(payload) {
        CODEC_SEALED
    } else {
        CODEC_JSON
    }
}

/// The beginning of a journal file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Grows by one when the journal is compacted into a new file.
    pub generation: u64,
    /// A number that is different for every journal ever made, so that an index is never applied to another one.
    pub id: u64,
}

impl Header {
    /// The header of a new journal, with an id of its own.
    #[must_use]
    pub fn new(generation: u64) -> Self {
        let (id, _) = uuid::Uuid::new_v4().as_u64_pair();
        Self { generation, id }
    }

    /// The bytes of the header.
    #[must_use]
    pub fn encode(&self) -> [u8; 32] {
        let Self { generation, id } = self;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&FORMAT.to_le_bytes());
        // 10..12: flags, none defined yet.
        bytes[12..20].copy_from_slice(&generation.to_le_bytes());
        bytes[20..28].copy_from_slice(&id.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header.
    ///
    /// # Errors
    /// When it is not the header of a journal, or one of a later version.
    pub fn decode(bytes: &[u8; 32], path: &Path) -> Result<Self, StoreError> {
        let damaged = |problem: &str| StoreError::Damaged {
            what: path.display().to_string(),
            problem: problem.to_owned(),
        };
        if bytes[..8] != MAGIC {
            return Err(damaged("it does not begin like a journal"));
        }
        if crc32fast::hash(&bytes[..28]) != u32_at(bytes, 28) {
            return Err(damaged("the checksum of its header is wrong"));
        }
        let format = u16::from_le_bytes([bytes[8], bytes[9]]);
        let flags = u16::from_le_bytes([bytes[10], bytes[11]]);
        if format > FORMAT || flags != 0 {
            return Err(StoreError::TooNew {
                what: path.display().to_string(),
                found: u64::from(format.max(FORMAT + 1)),
                known: u64::from(FORMAT),
            });
        }
        Ok(Self {
            generation: u64_at(bytes, 12),
            id: u64_at(bytes, 20),
        })
    }
}

/// The beginning of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RecordHeader {
    kind: u8,
    codec: u8,
    len: u32,
    crc: u32,
}

impl RecordHeader {
    fn encode(self) -> [u8; RECORD_HEADER_LEN] {
        let Self {
            kind,
            codec,
            len,
            crc,
        } = self;
        let mut bytes = [0; RECORD_HEADER_LEN];
        bytes[..4].copy_from_slice(&MARKER);
        bytes[4] = kind;
        bytes[5] = codec;
        bytes[8..12].copy_from_slice(&len.to_le_bytes());
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        let own = crc32fast::hash(&bytes[..16]);
        bytes[16..].copy_from_slice(&own.to_le_bytes());
        bytes
    }

    /// `None`: these bytes do not begin a record.
    fn decode(bytes: &[u8; RECORD_HEADER_LEN]) -> Option<Self> {
        (bytes[..4] == MARKER && crc32fast::hash(&bytes[..16]) == u32_at(bytes, 16)).then(|| Self {
            kind: bytes[4],
            codec: bytes[5],
            len: u32_at(bytes, 8),
            crc: u32_at(bytes, 12),
        })
    }
}

/// Where a record is, and how to recognise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Offset of its first byte in the file.
    pub offset: u64,
    /// The checksum of its payload.
    pub crc: u32,
    /// Offset of the first byte behind it.
    pub end: u64,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests;
