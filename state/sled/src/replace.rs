//! Replacing the journal of a workspace as a whole, under the short lock.

use crate::layout::{Place, io_error, make_folders};
use crate::short::Short;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use terrane_model::snapshot::Snapshot;
use terrane_store::journal::{
    HEADER_LEN, Header, Mark, RecordKind, create_file, read_header, scan, sync_folder,
};
use terrane_store::wire::{WireError, encode_snapshot};
use terrane_store::{StoreError, replay};

/// A journal that was just made: the file, its header, and its only record.
pub(crate) type Made = (File, Header, Mark);

/// The whole state that a journal file holds, up to its last whole record; and its header. `None`: there is no such file.
fn fold(place: &Place, path: &Path) -> Result<Option<(Snapshot, Header)>, StoreError> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(io_error("opening", path))?,
    };
    let header = read_header(&mut file, path)?;
    let mut snapshot = Snapshot::default();
    scan(&mut file, path, HEADER_LEN, |_, kind, payload| {
        let opened = place.sealer().open(payload)?;
        replay::apply(&mut snapshot, kind, &opened.bytes, |_, _| true)
    })?;
    Ok(Some((snapshot, header)))
}

/// The highest number of an operation that the journal knows of.
pub(crate) fn last_op(place: &Place) -> Result<u64, StoreError> {
    let folded = fold(place, &place.journal())?;
    Ok(folded.map_or(0, |(snapshot, _)| snapshot.last_op))
}

/// Puts a copy in place of the journal that a process has open which was passed by: what it still writes goes nowhere.
pub(crate) fn journal(place: &Place) -> Result<(Snapshot, u64), StoreError> {
    // If it was about to replace the journal, its draft goes, so that it can't any more.
    for draft in [place.compacted(), place.compacted().with_extension("new")] {
        match fs::remove_file(&draft) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result.map_err(io_error("removing", &draft))?,
        }
    }
    let path = place.journal();
    let Some((snapshot, header)) = fold(place, &path)? else {
        return Ok((Snapshot::default(), 0));
    };
    let draft = place.folder().join("replacement");
    // A copy, for the old file may still grow.
    let name = place.earlier(header.generation);
    let keep = || -> io::Result<()> {
        make_folders(&place.history())?;
        fs::copy(&path, &draft)?;
        File::open(&draft)?.sync_all()?;
        fs::rename(&draft, &name)?;
        sync_folder(&place.history())
    };
    keep().map_err(io_error("writing", &name))?;
    write(place, &snapshot, header.generation + 1, &draft)?;
    put(&draft, place)?;
    let last_op = snapshot.last_op;
    Ok((snapshot, last_op))
}

/// Writes a journal that begins with a state.
fn write(
    place: &Place,
    snapshot: &Snapshot,
    generation: u64,
    path: &Path,
) -> Result<Made, StoreError> {
    let payload = encode_snapshot(snapshot).map_err(WireError::refused)?;
    let payload = place.sealer().seal(payload)?;
    let header = Header::new(generation);
    let (file, end) = create_file(path, header, Some((RecordKind::Checkpoint, &payload)))?;
    let mark = Mark {
        offset: HEADER_LEN,
        crc: crc32fast::hash(&payload),
        end,
    };
    Ok((file, header, mark))
}

pub(crate) fn put(draft: &Path, place: &Place) -> Result<(), StoreError> {
    let path = place.journal();
    fs::rename(draft, &path)
        .and_then(|()| sync_folder(place.folder()))
        .map_err(io_error("replacing", &path))
}

/// Puts a journal with only this state in place of a longer one, which goes to the history.
///
/// First the old journal gets a second name in `history/`; then the new one is written under another name and synced; then it is renamed. A crash before that
/// leaves the old one in force; its second name is not read, being of the generation in force, and made again.
///
/// The one who does this may have been passed by meanwhile: then what it wrote is gone, or it sees that its lock is not in force, and nothing is replaced.
pub(crate) fn compact(
    place: &Place,
    snapshot: &Snapshot,
    old: (&File, Header),
    short: &Short,
) -> Result<Made, StoreError> {
    let (file, header) = old;
    let name = place.earlier(header.generation);
    keep(place, file, &name, short).map_err(io_error("writing", &name))?;
    let draft = place.compacted();
    let made = write(place, snapshot, header.generation + 1, &draft)?;
    if !short.is_in_force() {
        return Err(StoreError::Refused(
            "the journal was replaced by another process".to_owned(),
        ));
    }
    put(&draft, place)?;
    Ok(made)
}

/// Gives the journal a second name, durably; where the file system has no links, a copy.
fn keep(place: &Place, journal: &File, name: &Path, short: &Short) -> io::Result<()> {
    make_folders(&place.history())?;
    if fs::hard_link(place.journal(), name).is_err() {
        // There is one already, of a compaction that was cut off; or there are no links.
        if crate::short::is_in_place(journal, name) {
            return sync_folder(&place.history());
        }
        if !short.is_in_force() {
            return Err(io::Error::other("another process replaced the journal"));
        }
        if name.exists() {
            fs::remove_file(name)?;
        }
        if fs::hard_link(place.journal(), name).is_err() {
            fs::copy(place.journal(), name)?;
            File::open(name)?.sync_all()?;
        }
    }
    sync_folder(&place.history())
}
