//! Tar archives. Long names and the extended headers of POSIX are read here and not by the crate: it takes as much of them into memory as there is.

use super::ArchiveError;
use super::place::{Place, refuse};
use std::io::{self, Read};
use std::time::Instant;
use tar::{Archive, Entry, EntryType};

/// How large an extended header may be.
const EXTENSION: u64 = 64 * 1024;

/// What headers say about the entry that follows.
#[derive(Debug, Default)]
struct Next {
    name: Option<String>,
    target: Option<String>,
    size: Option<u64>,
}

/// What an entry may take beside what is in its file: its header, an extended one, and what fills up their blocks.
const BESIDE: u64 = 4096;

/// What is unpacked, within the bounds of all files together. Entries that are passed over count too: behind the header of a folder, gigabytes could stand.
struct Bounded<R> {
    inner: R,
    left: u64,
    until: Instant,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        if Instant::now() > self.until {
            return Err(io::Error::other("it takes too long to unpack"));
        }
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("it unpacks to far more than its files hold"))?;
        Ok(count)
    }
}

pub(super) fn read(stream: impl Read, place: &mut Place<'_>) -> Result<(), ArchiveError> {
    let mut archive = Archive::new(Bounded {
        inner: stream,
        left: place.most_unpacked(BESIDE),
        until: place.budget.until,
    });
    let mut next = Next::default();
    let entries = archive.entries().map_err(unreadable)?.raw(true);
    for entry in entries {
        place.count()?;
        let mut entry = entry.map_err(unreadable)?;
        match entry.header().entry_type() {
            EntryType::XGlobalHeader => {
                let text = extension(&mut entry)?;
                place.budget.take(text.len() as u64)?;
            }
            EntryType::XHeader => records(&extension(&mut entry)?, &mut next)?,
            EntryType::GNULongName => next.name = Some(long(&extension(&mut entry)?)?),
            EntryType::GNULongLink => next.target = Some(long(&extension(&mut entry)?)?),
            kind => one(&mut entry, kind, std::mem::take(&mut next), place)?,
        }
    }
    // The end of what is compressed holds its checksum.
    let mut rest = archive.into_inner();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match rest.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => place.budget.take(count as u64)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

fn one(
    entry: &mut Entry<'_, impl Read>,
    kind: EntryType,
    next: Next,
    place: &mut Place<'_>,
) -> Result<(), ArchiveError> {
    let name = match next.name {
        Some(name) => name,
        None => text(&entry.header().path_bytes())?,
    };
    let mode = entry.header().mode().unwrap_or(0);
    let size = entry.header().entry_size().map_err(unreadable)?;
    if next.size.is_some_and(|said| said != size) {
        return Err(refuse(&name, "has two sizes"));
    }
    let holds_nothing = matches!(kind, EntryType::Directory | EntryType::Symlink);
    if holds_nothing && size != 0 {
        return Err(refuse(&name, "holds bytes, but is no file"));
    }
    match kind {
        // Before there were types of entries, folders had a slash at their end.
        EntryType::Regular if name.ends_with('/') && size == 0 => place.folder(&name),
        EntryType::Regular | EntryType::Continuous => {
            place.file(&name, mode & 0o111 != 0, size, entry)
        }
        EntryType::Directory => place.folder(&name),
        EntryType::Symlink => {
            let target = match next.target {
                Some(target) => target,
                None => text(&entry.header().link_name_bytes().unwrap_or_default())?,
            };
            place.link(&name, &target)
        }
        EntryType::Link => Err(refuse(&name, "is a hard link")),
        EntryType::GNUSparse => Err(refuse(&name, "is a sparse file")),
        EntryType::Char | EntryType::Block => Err(refuse(&name, "is a device")),
        EntryType::Fifo => Err(refuse(&name, "is a named pipe")),
        _ => Err(refuse(&name, "is neither file nor folder")),
    }
}

fn extension(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, ArchiveError> {
    let size = entry.header().entry_size().map_err(unreadable)?;
    if size > EXTENSION {
        let what = format!("has an extended header of {size} bytes");
        return Err(ArchiveError::Bounds(what));
    }
    let mut text = Vec::new();
    entry.read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 != size {
        return Err(ArchiveError::Unreadable(String::from("it is cut off")));
    }
    Ok(text)
}

fn long(bytes: &[u8]) -> Result<String, ArchiveError> {
    text(bytes.strip_suffix(b"\0").unwrap_or(bytes))
}

fn text(bytes: &[u8]) -> Result<String, ArchiveError> {
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
        refuse(&shown, "has a name that is no UTF-8")
    })
}

/// Records of an extended header: `<length> <key>=<value>\n`.
fn records(bytes: &[u8], next: &mut Next) -> Result<(), ArchiveError> {
    let broken = || ArchiveError::Unreadable(String::from("an extended header makes no sense"));
    let mut rest = bytes;
    while !rest.is_empty() {
        let space = rest
            .iter()
            .position(|byte| *byte == b' ')
            .ok_or_else(broken)?;
        let length = rest
            .get(..space)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let length: usize = length
            .and_then(|text| text.parse().ok())
            .ok_or_else(broken)?;
        let record = rest.get(space + 1..length).ok_or_else(broken)?;
        let record = record.strip_suffix(b"\n").ok_or_else(broken)?;
        let equals = record
            .iter()
            .position(|byte| *byte == b'=')
            .ok_or_else(broken)?;
        let (key, value) = record.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        match key {
            b"path" => next.name = Some(text(value)?),
            b"linkpath" => next.target = Some(text(value)?),
            b"size" => {
                let size = std::str::from_utf8(value)
                    .ok()
                    .and_then(|text| text.parse().ok());
                next.size = Some(size.ok_or_else(broken)?);
            }
            key if key.starts_with(b"GNU.sparse.") => {
                let what = String::from("holds a sparse file");
                return Err(ArchiveError::Bounds(what));
            }
            _ => {}
        }
        rest = rest.get(length..).ok_or_else(broken)?;
    }
    Ok(())
}

fn unreadable(error: io::Error) -> ArchiveError {
    ArchiveError::Unreadable(error.to_string())
}
