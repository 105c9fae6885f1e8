//! The fold of the journal in one file, for those who only read: a journal grows with every change, and who plans would have to read all of it.
//!
//! Like the index it may be missing, behind or wrong at any time. It is believed only where its checksums fit, and the journal has the record that it says it ends
//! with; what was appended behind that is read from the journal. It is not made durable: what a power cut leaves of it does not fit its checksum.
//!
//! It is written when the workspace is closed. Where the journal is long, not each time: only when it has grown by a quarter of the fold (and enough to matter). So what is written stays within a
//! few times of what was changed, and what is read within a little more than the state.
//!
//! Where the journal is short it is written each time, and stands for the index: to open sled takes longer there than to write the whole state, and 24 MiB.
//!
//! Where records are encrypted there is none.

use crate::index::Position;
use crate::layout::Place;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use terrane_model::snapshot::Snapshot;
use terrane_store::files::{open_private, remove_if_there};
use terrane_store::fold::{FORMAT, decode, encode};
use terrane_store::journal::{Header, Mark, RECORD_HEADER_LEN, record_at};

const MAGIC: [u8; 8] = *b"TERRANEF";
/// Bytes before the body.
const HEAD_LEN: usize = 64;

/// What it is the fold of, and what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    journal: Header,
    last: Mark,
    len: u64,
    crc: u32,
}

impl Head {
    fn encode(&self) -> Vec<u8> {
        let Self {
            journal,
            last,
            len,
            crc,
        } = self;
        let mut out = MAGIC.to_vec();
        out.extend(FORMAT.to_le_bytes());
        out.extend([0, 0]);
        out.extend(journal.generation.to_le_bytes());
        out.extend(journal.id.to_le_bytes());
        out.extend(last.offset.to_le_bytes());
        out.extend(last.crc.to_le_bytes());
        out.extend(last.end.to_le_bytes());
        out.extend(len.to_le_bytes());
        out.extend(crc.to_le_bytes());
        out.extend(crc32fast::hash(&out).to_le_bytes());
        out
    }

    fn decode(bytes: &[u8; HEAD_LEN]) -> Option<Self> {
        let (plain, crc) = bytes.split_last_chunk::<4>()?;
        let (magic, plain) = plain.split_first_chunk::<8>()?;
        let (format, plain) = plain.split_first_chunk::<4>()?;
        let [low, high] = FORMAT.to_le_bytes();
        let known = *magic == MAGIC && *format == [low, high, 0, 0];
        if !known || crc32fast::hash(&bytes[..HEAD_LEN - 4]) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (generation, plain) = plain.split_first_chunk()?;
        let (id, plain) = plain.split_first_chunk()?;
        let (offset, plain) = plain.split_first_chunk()?;
        let (last, plain) = plain.split_first_chunk()?;
        let (end, plain) = plain.split_first_chunk()?;
        let (len, crc) = plain.split_first_chunk()?;
        Some(Self {
            journal: Header {
                generation: u64::from_le_bytes(*generation),
                id: u64::from_le_bytes(*id),
            },
            last: Mark {
                offset: u64::from_le_bytes(*offset),
                crc: u32::from_le_bytes(*last),
                end: u64::from_le_bytes(*end),
            },
            len: u64::from_le_bytes(*len),
            crc: u32::from_le_bytes(crc.try_into().ok()?),
        })
    }

    /// At the beginning of the file.
    fn read(kept: &mut File) -> Option<Self> {
        let mut bytes = [0; HEAD_LEN];
        kept.read_exact(&mut bytes).ok()?;
        Self::decode(&bytes)
    }

    /// Whether it is of this journal, and the journal has the record that it ends with.
    fn is_of(&self, journal: Header, file: &mut File, path: &Path) -> bool {
        self.journal == journal
            && record_at(file, path, self.last.offset).is_ok_and(|found| found == Some(self.last))
    }

    /// Whether that record is whole.
    fn ends_well(&self, file: &mut File) -> Option<bool> {
        let last = self.last;
        let payload_at = last.offset + RECORD_HEADER_LEN as u64;
        file.seek(SeekFrom::Start(payload_at)).ok()?;
        let mut payload = Vec::new();
        let len = last.end.checked_sub(payload_at)?;
        file.take(len).read_to_end(&mut payload).ok()?;
        Some(crc32fast::hash(&payload) == last.crc)
    }

    /// What follows in the file.
    fn body(&self, kept: &mut File) -> Option<Snapshot> {
        let mut body = Vec::new();
        kept.read_to_end(&mut body).ok()?;
        if body.len() as u64 != self.len || crc32fast::hash(&body) != self.crc {
            return None;
        }
        decode(&body).ok()
    }
}

/// The file and its head.
fn open(place: &Place) -> Option<(File, Head)> {
    if place.sealer().encrypts() {
        return None;
    }
    let mut kept = File::open(place.fold()).ok()?;
    let head = Head::read(&mut kept)?;
    Some((kept, head))
}

/// The state up to a record of this journal, and which that is.
pub(crate) fn load(place: &Place, journal: Header, file: &mut File) -> Option<(Snapshot, Mark)> {
    let (mut kept, head) = open(place)?;
    let stands = head.is_of(journal, file, &place.journal()) && head.ends_well(file)?;
    stands.then_some(())?;
    Some((head.body(&mut kept)?, head.last))
}

/// The same where the journal is being mended: what its last record holds may be what is damaged.
pub(crate) fn remembered(
    place: &Place,
    journal: Header,
    file: &mut File,
    path: &Path,
) -> Option<(Snapshot, Mark)> {
    let (mut kept, head) = open(place)?;
    head.is_of(journal, file, path).then_some(())?;
    Some((head.body(&mut kept)?, head.last))
}

/// The state that it holds, and the generation that it is of, whatever became of the journal.
pub(crate) fn alone(place: &Place) -> Option<(Snapshot, u64)> {
    let (mut kept, head) = open(place)?;
    Some((head.body(&mut kept)?, head.journal.generation))
}

/// When it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// Whenever it is not of the end of the journal.
    Behind,
    /// When so many bytes of journal would have to be read without it, and it is behind by a quarter.
    Worth(u64),
}

/// Writes it when it is time. Nothing is lost when that fails. `true`: it is of the end of the journal.
pub(crate) fn keep(
    place: &Place,
    snapshot: &Snapshot,
    position: Position,
    file: &mut File,
    when: When,
) -> bool {
    let Some(last) = position.last else {
        return false;
    };
    let from = match when {
        When::Behind => 0,
        When::Worth(from) => from,
    };
    if place.sealer().encrypts() || last.end < from {
        return false;
    }
    let journal = position.journal;
    let path = place.fold();
    if let Some((_, head)) = open(place)
        && head.is_of(journal, file, &place.journal())
        && head.ends_well(file) == Some(true)
    {
        let behind = last.end.saturating_sub(head.last.end);
        let late = match when {
            When::Behind => behind > 0,
            When::Worth(from) => behind > from.max(head.len / 4),
        };
        if !late {
            return behind == 0;
        }
    }
    let Ok(body) = encode(snapshot) else {
        return false;
    };
    let head = Head {
        journal,
        last,
        len: body.len() as u64,
        crc: crc32fast::hash(&body),
    };
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let written = write(&draft, &head, &body).is_ok() && fs::rename(&draft, &path).is_ok();
    if !written {
        drop(fs::remove_file(&draft));
    }
    written
}

fn write(path: &Path, head: &Head, body: &[u8]) -> io::Result<()> {
    // One of a process that died over it may be longer.
    remove_if_there(path)?;
    let mut file = open_private(path)?;
    file.write_all(&head.encode())?;
    file.write_all(body)
}
