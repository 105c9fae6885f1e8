//! Zip archives.

use super::ArchiveError;
use super::place::{Place, refuse};
use std::fs::File;
use std::io::{BufReader, Read as _};
use zip::result::ZipError;

/// The kinds of files in the upper bits of a Unix mode.
const KIND: u32 = 0o170_000;
const FILE: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// How long the target of a link may be.
const TARGET: u64 = 4096;

pub(super) fn read(file: File, place: &mut Place<'_>) -> Result<(), ArchiveError> {
    let unreadable = |error: ZipError| ArchiveError::Unreadable(error.to_string());
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(unreadable)?;
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
