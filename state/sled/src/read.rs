//! Reading without owning: the journal up to its last whole record.

use crate::layout::{Layout, Place, io_error};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use terrane_model::snapshot::Snapshot;
use terrane_store::history::History;
use terrane_store::journal::{HEADER_LEN, read_header, scan};
use terrane_store::wire::Batch;
use terrane_store::{StoreError, Version, check_workspace_name, replay};

/// The state of a workspace now.
pub(crate) fn fold(layout: &Layout, workspace: &str) -> Result<Snapshot, StoreError> {
    let mut snapshot = Snapshot::default();
    let place = layout.place(workspace);
    if let Some((mut file, path)) = journal(layout, workspace)? {
        read_header(&mut file, &path)?;
        scan(&mut file, &path, HEADER_LEN, |_, kind, payload| {
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
    mut each: impl FnMut(&Batch) -> bool,
) -> Result<Snapshot, StoreError> {
    let mut snapshot = Snapshot::default();
    let Some((mut current, current_path)) = journal(layout, workspace)? else {
        return Ok(snapshot);
    };
    let newest = read_header(&mut current, &current_path)?.generation;
    let place = layout.place(workspace);
    let sealer = place.sealer();
    let mut files = earlier(&place, newest)?;
    files.push((newest, current, current_path));
    let mut going_on = true;
    for (_, mut file, path) in files {
        scan(&mut file, &path, HEADER_LEN, |_, kind, payload| {
            if !going_on {
                return Ok(());
            }
            let opened = sealer.open(payload)?;
            replay::apply(&mut snapshot, kind, &opened.bytes, |batch, _| {
                going_on = each(batch);
                going_on
            })
        })?;
        if !going_on {
            break;
        }
    }
    Ok(snapshot)
}

/// The journal of a workspace. `None` for `default` before its first write.
pub(crate) fn journal(
    layout: &Layout,
    workspace: &str,
) -> Result<Option<(File, PathBuf)>, StoreError> {
    check_workspace_name(workspace)?;
    let path = layout.place(workspace).journal();
    match File::open(&path) {
        Ok(file) => Ok(Some((file, path))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if workspace == "default" {
                Ok(None)
            } else {
                Err(StoreError::NoWorkspace(workspace.to_owned()))
            }
        }
        Err(error) => Err(io_error("opening", &path)(error)),
    }
}

/// Earlier generations, oldest first. One as new as the journal is left out: it is what a compaction made before it was cut off.
pub(crate) fn earlier(place: &Place, newest: u64) -> Result<Vec<(u64, File, PathBuf)>, StoreError> {
    let folder = place.history();
    let mut files = Vec::new();
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        result => result.map_err(io_error("reading", &folder))?,
    };
    for entry in entries {
        let path = entry.map_err(io_error("reading", &folder))?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "journal")
        {
            continue;
        }
        let mut file = File::open(&path).map_err(io_error("opening", &path))?;
        let generation = read_header(&mut file, &path)?.generation;
        if generation < newest {
            files.push((generation, file, path));
        }
    }
    files.sort_by_key(|(generation, ..)| *generation);
    Ok(files)
}
