//! The file `leases`: the lease table of a workspace, and the signs of life of those who are in it.
//!
//! The table is one record, written in place with one write: a magic number, a sequence number that grows with each change, length and checksum, and the table
//! as JSON. It is read and written under the short lock only. What is torn (by a power cut, so all holders are gone) is taken for an empty table.
//!
//! Each holder keeps a `flock` on a file of its own, `holders/<id>`, for as long as it lives: a dead one is seen at once.

use crate::layout::{Place, encode_name, io_error, make_folders};
use crate::short::{is_in_place, open_private};
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use terrane_store::StoreError;
use terrane_store::lease::LeaseTable;
use terrane_store::wire::WireError;

const MAGIC: [u8; 8] = *b"TERRANEL";
/// Magic, sequence number, length, checksum.
const HEADER: usize = 24;
/// Longer tables are no tables.
const LONGEST: u32 = 64 << 20;

/// The file, opened.
#[derive(Debug)]
pub(crate) struct TableFile {
    file: File,
    path: PathBuf,
}

/// A table, and the sequence number that it was read at.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) table: LeaseTable,
    /// 0: there is none yet, or none that is whole.
    pub(crate) seq: u64,
}

impl TableFile {
    /// Must be opened before the short lock is taken; see `short.rs`.
    pub(crate) fn open(place: &Place) -> Result<Self, StoreError> {
        let path = place.leases();
        Ok(Self {
            file: open_private(&path)?,
            path,
        })
    }

    /// Whether it is the file that has the name. To be asked under the short lock.
    pub(crate) fn is_in_place(&self) -> bool {
        is_in_place(&self.file, &self.path)
    }

    /// The sequence number of the table; 0 if there is none.
    pub(crate) fn seq(&mut self) -> Result<u64, StoreError> {
        let header = header(&mut self.file).map_err(io_error("reading", &self.path))?;
        Ok(header.map_or(0, |header| header.seq))
    }

    /// The table.
    pub(crate) fn read(&mut self) -> Result<Read, StoreError> {
        read(&mut self.file, &self.path)
    }

    /// Writes the table under the next sequence number, which is returned.
    pub(crate) fn write(
        &mut self,
        table: &LeaseTable,
        before: u64,
        durable: bool,
    ) -> Result<u64, StoreError> {
        let body = table.to_json().map_err(WireError::refused)?;
        let Some(len) = u32::try_from(body.len()).ok().filter(|len| *len < LONGEST) else {
            return Err(StoreError::Refused("too many leases".to_owned()));
        };
        let seq = before + 1;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(seq.to_le_bytes());
        bytes.extend(len.to_le_bytes());
        bytes.extend(checksum(seq, &body).to_le_bytes());
        bytes.extend(&body);
        let mut write = || -> io::Result<()> {
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(&bytes)?;
            if durable {
                self.file.sync_data()?;
            }
            Ok(())
        };
        write().map_err(io_error("writing", &self.path))?;
        Ok(seq)
    }

    /// Puts a new file with this table in place of the old one, which somebody may still have open.
    pub(crate) fn replace(&mut self, table: &LeaseTable, before: u64) -> Result<u64, StoreError> {
        let draft = self.path.with_extension("new");
        match std::fs::remove_file(&draft) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result.map_err(io_error("removing", &draft))?,
        }
        let mut new = Self {
            file: open_private(&draft)?,
            path: draft.clone(),
        };
        let seq = new.write(table, before, true)?;
        std::fs::rename(&draft, &self.path).map_err(io_error("replacing", &self.path))?;
        self.file = new.file;
        Ok(seq)
    }
}

/// The table of a workspace, read without the short lock: for messages.
pub(crate) fn peek(place: &Place) -> Result<LeaseTable, StoreError> {
    const TRIES: usize = 5;
    let path = place.leases();
    let mut file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LeaseTable::default()),
        file => file.map_err(io_error("opening", &path))?,
    };
    // It may be written just now.
    for _ in 0..TRIES {
        let read = read(&mut file, &path)?;
        if read.seq > 0 {
            return Ok(read.table);
        }
    }
    Ok(LeaseTable::default())
}

struct Header {
    seq: u64,
    len: u32,
    crc: u32,
}

fn header(file: &mut File) -> io::Result<Option<Header>> {
    let mut bytes = [0; HEADER];
    file.seek(SeekFrom::Start(0))?;
    match file.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result?,
    }
    let (magic, rest) = bytes.split_at(8);
    if magic != MAGIC {
        return Ok(None);
    }
    let word = |at: usize| {
        let mut word = [0; 4];
        word.copy_from_slice(&rest[at..at + 4]);
        u32::from_le_bytes(word)
    };
    Ok(Some(Header {
        seq: u64::from(word(0)) | (u64::from(word(4)) << 32),
        len: word(8),
        crc: word(12),
    }))
}

fn checksum(seq: u64, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&seq.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

fn read(file: &mut File, path: &Path) -> Result<Read, StoreError> {
    let fail = |source| io_error("reading", path)(source);
    let Some(Header { seq, len, crc }) = header(file).map_err(fail)? else {
        return Ok(Read::default());
    };
    if len >= LONGEST {
        return Ok(Read::default());
    }
    let mut body = Vec::new();
    std::io::Read::by_ref(file)
        .take(u64::from(len))
        .read_to_end(&mut body)
        .map_err(|source| io_error("reading", path)(source))?;
    if checksum(seq, &body) != crc {
        return Ok(Read::default());
    }
    let table =
        LeaseTable::from_json(&body).map_err(|error| error.at(path.display().to_string()))?;
    Ok(Read { table, seq })
}

/// The sign of life of one who holds a lease or waits for one. Made under the short lock.
#[derive(Debug)]
pub(crate) struct Life {
    file: File,
    path: PathBuf,
}

impl Life {
    pub(crate) fn begin(place: &Place, id: &str) -> Result<Self, StoreError> {
        let folder = place.holders();
        make_folders(&folder).map_err(io_error("making", &folder))?;
        let path = life_path(place, id);
        let file = open_private(&path)?;
        file.lock().map_err(io_error("locking", &path))?;
        Ok(Self { file, path })
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // A file that stays is taken for one of a dead process, which it is not far from.
        drop(std::fs::remove_file(&self.path));
        drop(self.file.unlock());
    }
}

fn life_path(place: &Place, id: &str) -> PathBuf {
    place.holders().join(encode_name(id))
}

/// Whether the process that has this id lives.
pub(crate) fn is_alive(place: &Place, id: &str) -> bool {
    match File::open(life_path(place, id)) {
        Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
        // Where it can't be told, it may: its lease will run out.
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Removes the signs of life of those who have died. To be called under the short lock.
pub(crate) fn bury(place: &Place, table: &LeaseTable) {
    let Ok(entries) = std::fs::read_dir(place.holders()) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let dead = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
        let listed = table.ids().any(|id| life_path(place, id) == path);
        if dead && !listed {
            drop(std::fs::remove_file(&path));
        }
    }
}
