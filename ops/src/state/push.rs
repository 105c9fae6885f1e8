//! `state push`: a version 4 state file becomes the state.

use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use std::io::Read as _;
use terrane_model::event::EventKind;
use terrane_model::snapshot::Snapshot;
use terrane_store::statefile;

/// No state file may be larger.
const MAX_FILE: u64 = 4 * 1024 * 1024 * 1024;

/// Replaces the state by that of a file (`-`: standard input).
///
/// # Errors
/// When the file can't be read or is no state file; when its lineage or serial do not fit and `force` is not given; when the state can't
/// be written.
pub fn run(session: &Session, path: &str, force: bool) -> Result<(), Failure> {
    let new = read(path)?;
    let workspace = session.open()?;
    let old = workspace.snapshot();
    if !force {
        check(&old, &new)?;
    }
    session.commit(workspace, vec![EventKind::Replaced(Box::new(new))])
}

/// Reads a state file.
///
/// # Errors
/// When it can't be read or is no state file.
pub(crate) fn read(path: &str) -> Result<Snapshot, Failure> {
    let doing = || format!("Reading the state file {path} failed");
    let bytes = bytes_of(path, doing())?;
    statefile::read(path, &bytes)
        .map(|file| file.snapshot)
        .map_err(Failure::store(doing()))
}

/// The content of a file, as long as it may be one of a state.
pub(super) fn bytes_of(path: &str, doing: String) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        std::io::stdin()
            .lock()
            .take(MAX_FILE)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes))
    };
    read.map_err(Failure::io(doing))?;
    Ok(bytes)
}

fn check(old: &Snapshot, new: &Snapshot) -> Result<(), Failure> {
    let refuse = |detail: String| {
        Err(Failure::input(
            &rules::state::NOT_REPLACED,
            format!("{detail} If you are sure that nothing is lost, give the -force option."),
        ))
    };
    if old.lineage.is_empty() {
        return Ok(());
    }
    if old.lineage != new.lineage {
        return refuse(format!(
            "The file has lineage {:?}, which is unrelated to the present state with lineage {:?}.",
            new.lineage, old.lineage
        ));
    }
    if new.serial < old.serial {
        return refuse(format!(
            "The file has serial {}, which is older than the present state with serial {}.",
            new.serial, old.serial
        ));
    }
    Ok(())
}
