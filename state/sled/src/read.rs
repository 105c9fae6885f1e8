//! Reading without owning: the journal up to its last whole record, from where its fold is kept on.

use crate::fold;
use crate::layout::{Layout, io_error};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use terrane_model::snapshot::Snapshot;
use terrane_store::history::History;
use terrane_store::journal::{HEADER_LEN, read_header, scan};
use terrane_store::wire::Batch;
use terrane_store::{StoreError, Version, check_workspace_name, replay};

/// The state of a workspace now. A journal that is shorter than `fold_from` is read whole, so that damage anywhere in it is seen.
pub(crate) fn state(
    layout: &Layout,
    workspace: &str,
    fold_from: u64,
) -> Result<Snapshot, StoreError> {
    let mut snapshot = Snapshot::default();
    let place = layout.place(workspace);
    if let Some((mut file, path)) = journal(layout, workspace)? {
        let header = read_header(&mut file, &path)?;
        let mut from = HEADER_LEN;
        let len = file.metadata().map_err(io_error("reading", &path))?.len();
        if len >= fold_from
            && let Some((known, last)) = fold::load(&place, header, &mut file)
        {
            (snapshot, from) = (known, last.end);
        }
        scan(&mut file, &path, from, |_, kind, payload| {
            let opened = place.sealer().open(payload)?;
            replay::apply(&mut snapshot, kind, &opened.bytes, |_, _| true)
        })?;
    }
    Ok(snapshot)
}

/// The runs that changed a workspace.
pub(crate) fn history(layout: &Layout, workspace: &str) -> Result<Vec<Version>, StoreError> {
    let mut history = History::default();
    all(layout, workspace, |batch| {
        history.add(batch.serial, &batch.events);
        true
    })?;
    Ok(history.into_versions())
}

/// The state of a workspace at a serial.
pub(crate) fn fold_at(
    layout: &Layout,
    workspace: &str,
    serial: u64,
) -> Result<Snapshot, StoreError> {
    let snapshot = all(layout, workspace, |batch| batch.serial <= serial)?;
    if snapshot.serial > serial {
        return Err(StoreError::Refused(format!(
            "the history of workspace {workspace:?} begins at serial {}, after {serial}",
            snapshot.serial
        )));
    }
    Ok(snapshot)
}

/// Goes through all generations, oldest first, until `each` says no. Returns the state up to there.
fn all(
    layout: &Layout,
    workspace: &str,
    each: impl FnMut(&Batch) -> bool,
) -> Result<Snapshot, StoreError> {
    if !exists(layout, workspace)? {
        return Ok(Snapshot::default());
    }
    let told = layout.place(workspace).chain().replay(each)?;
    Ok(told.unwrap_or_default())
}

/// Whether a workspace has a journal. `default` has none before its first write.
pub(crate) fn exists(layout: &Layout, workspace: &str) -> Result<bool, StoreError> {
    Ok(journal(layout, workspace)?.is_some())
}

/// The journal of a workspace. `None` for `default` before its first write.
fn journal(layout: &Layout, workspace: &str) -> Result<Option<(File, PathBuf)>, StoreError> {
    check_workspace_name(workspace)?;
    let place = layout.place(workspace);
    let path = place.journal();
    match File::open(&path) {
        Ok(file) => Ok(Some((file, path))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if place.had_journal() {
                Err(place.journal_lost())
            } else if workspace == "default" {
                Ok(None)
            } else {
                Err(StoreError::NoWorkspace(workspace.to_owned()))
            }
        }
        Err(error) => Err(io_error("opening", &path)(error)),
    }
}
