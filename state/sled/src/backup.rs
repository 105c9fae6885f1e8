//! All records of a workspace, out and in.

use crate::layout::{Layout, Place, io_error};
use crate::lock::Lock;
use crate::read::exists;
use std::io;
use terrane_store::journal::{HEADER_LEN, RawRecord};
use terrane_store::{StoreError, check_workspace_name};

/// Gives every record, of earlier generations too, oldest first.
pub(crate) fn records(
    layout: &Layout,
    workspace: &str,
    each: &mut dyn FnMut(&RawRecord<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if !exists(layout, workspace)? {
        return Ok(());
    }
    layout.place(workspace).chain().records(each)
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
    place.chain().fill(records)?;
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
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(!place.had_journal()),
        Err(error) => Err(io_error("reading", &path)(error)),
    }
}
