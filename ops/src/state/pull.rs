//! `state pull`.

use crate::failure::Failure;
use crate::session::Session;
use terrane_store::statefile::{WriteOptions, write};

/// The state as a version 4 state file; `None` if there never was one.
///
/// # Errors
/// When the state can't be read, or holds what such a file can't.
pub fn run(session: &Session) -> Result<Option<String>, Failure> {
    let snapshot = session.snapshot()?;
    if snapshot.lineage.is_empty() {
        return Ok(None);
    }
    write(&snapshot, &WriteOptions::default())
        .map(Some)
        .map_err(Failure::store("Writing the state file failed"))
}
