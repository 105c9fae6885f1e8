//! Zip archives.

use super::ArchiveError;
use super::place::{Place, refuse};
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;
use zip::result::ZipError;

/// The kinds of files in the upper bits of a Unix mode.
const KIND: u32 = 0o170_000;
const FILE: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// How long the target of a link may be.
const TARGET: u64 = 4096;

/// How much an entry takes of the directory at the end, with a long name and some more about it.
const IN_DIRECTORY: u64 = 256;
/// How much is read in looking for that directory.
const LAST_RECORDS: u64 = 1 << 20;

/// Gives no more bytes than are left, as long as there is a bound.
struct Bounded<R> {
    inner: R,
    left: Rc<Cell<Option<u64>>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(left) = self.left.get() else {
            return self.inner.read(buffer);
        };
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if most == 0 && !buffer.is_empty() {
            return Err(io::Error::other("too much of it would have to be read"));
        }
        let read = self.inner.read(&mut buffer[..most])?;
        let spent = u64::try_from(read).unwrap_or(left);
        self.left.set(Some(left.saturating_sub(spent)));
        Ok(read)
    }
}

impl<R: Seek> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

pub(super) fn read(file: File, place: &mut Place<'_>) -> Result<(), ArchiveError> {
    let unreadable = |error: ZipError| ArchiveError::Unreadable(error.to_string());
    let most = place.most_entries();
    let directory = most
        .saturating_mul(IN_DIRECTORY)
        .saturating_add(LAST_RECORDS);
    let left = Rc::new(Cell::new(Some(directory)));
    let reader = Bounded {
        inner: BufReader::new(file),
        left: left.clone(),
    };
    // The whole directory is read into memory here.
    let archive = zip::ZipArchive::new(reader);
    if left.get() == Some(0) {
        return Err(ArchiveError::Bounds(format!(
            "has a directory that is larger than {most} entries need"
        )));
    }
    left.set(None);
    let mut archive = archive.map_err(unreadable)?;
    if u64::try_from(archive.len()).map_or(true, |entries| entries > most) {
        return Err(ArchiveError::Bounds(format!(
            "has more than {most} entries"
        )));
    }
    // What one program takes for the file, another does not: such archives are made to show different faces.
    if archive.has_duplicate_names() {
        return Err(ArchiveError::Bounds(String::from("holds a name twice")));
    }
    if archive.has_overlapping_entries().map_err(unreadable)? {
        let what = String::from("holds entries that share their bytes");
        return Err(ArchiveError::Bounds(what));
    }
    for index in 0..archive.len() {
        place.count()?;
        let mut entry = archive.by_index(index).map_err(unreadable)?;
        let name = match std::str::from_utf8(entry.name_raw()) {
            Ok(name) => name.to_owned(),
            Err(_) => {
                let shown = String::from_utf8_lossy(entry.name_raw()).into_owned();
                return Err(refuse(&shown, "has a name that is no UTF-8"));
            }
        };
        if entry.encrypted() {
            return Err(refuse(&name, "is encrypted"));
        }
        let mode = entry.unix_mode();
        let executable = mode.is_some_and(|mode| mode & 0o111 != 0);
        let kind = mode.map_or(0, |mode| mode & KIND);
        let size = entry.size();
        match kind {
            0 | FOLDER if name.ends_with('/') => place.folder(&name)?,
            0 | FILE if !name.ends_with('/') => place.file(&name, executable, size, &mut entry)?,
            LINK => {
                if size > TARGET {
                    return Err(refuse(&name, "is a symbolic link to no path"));
                }
                let mut target = String::new();
                let read = entry.by_ref().take(TARGET).read_to_string(&mut target);
                read.map_err(|_| refuse(&name, "is a symbolic link to no path"))?;
                place.link(&name, &target)?;
            }
            _ => return Err(refuse(&name, "is neither file nor folder")),
        }
    }
    Ok(())
}
