//! All records of a workspace, out and in.

use crate::layout::{Layout, Place, io_error};
use crate::lock::Lock;
use crate::read::{earlier, journal};
use crate::workspace::new_header;
use std::fs::File;
use std::io;
use std::path::Path;
use terrane_store::journal::{HEADER_LEN, RawRecord, create_with, read_header, scan};
use terrane_store::{StoreError, check_workspace_name};

/// How often it is begun anew when the history was pruned while it was read.
const TRIES: usize = 5;

/// Gives every record, of earlier generations too, oldest first.
///
/// The present journal is opened first: earlier generations never change, and what a compaction adds meanwhile is this very file.
pub(crate) fn records(
    layout: &Layout,
    workspace: &str,
    each: &mut dyn FnMut(&RawRecord<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut tries = 0;
    let files = loop {
        let Some((mut current, path)) = journal(layout, workspace)? else {
            return Ok(());
        };
        let newest = read_header(&mut current, &path)?.generation;
        tries += 1;
        match earlier(&layout.place(workspace), newest) {
            // Pruned between the listing and the opening.
            Err(StoreError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound && tries < TRIES => {}
            Err(error) => return Err(error),
            Ok(mut files) => {
                files.push((newest, current, path));
                break files;
            }
        }
    };
    for (_, mut file, path) in files {
        scan(&mut file, &path, HEADER_LEN, |_, kind, payload| {
            each(&RawRecord::new(kind, payload))
        })?;
    }
    Ok(())
}

/// Makes a workspace that holds nothing yet of records.
pub(crate) fn refill(
    layout: &Layout,
    workspace: &str,
    records: &[RawRecord<'_>],
) -> Result<(), StoreError> {
    check_workspace_name(workspace)?;
    let place = layout.make(workspace)?;
    let lock = Lock::own(&place, "restore")?;
    if !is_empty(&place)? {
        return Err(StoreError::Refused(format!(
            "the workspace {workspace:?} holds a state already"
        )));
    }
    let mut bytes = Vec::new();
    for record in records {
        record.encode(&mut bytes)?;
    }
    create_with(&place.journal(), new_header(1), &bytes)?;
    drop(lock);
    Ok(())
}

fn is_empty(place: &Place) -> Result<bool, StoreError> {
    if place.history().exists() || place.index().exists() {
        return Ok(false);
    }
    let path = place.journal();
    match std::fs::metadata(&path) {
        Ok(found) => Ok(found.len() <= HEADER_LEN),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(io_error("reading", &path)(error)),
    }
}

/// Reads a file whole.
pub(crate) fn read_whole(path: &Path) -> Result<Vec<u8>, StoreError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(io_error("reading", path))?;
    Ok(bytes)
}
