//! `state fsck`: everything that must hold of a stored state.

use crate::failure::Failure;
use crate::session::Session;
use terrane_store::check;
use terrane_store::history::History;
use terrane_store::maintain::Checkup;

pub use terrane_store::maintain::{Finding, Gravity};

/// Checks the state of the current workspace, and mends it if that is wanted.
///
/// # Errors
/// When it can't be read at all, or is in use and to be mended.
pub fn run(session: &Session, repair: bool) -> Result<Checkup, Failure> {
    let workspace = session.workspace()?;
    let store = session.store()?;
    if let Some(store) = store.maintain() {
        return store
            .check(&workspace, repair)
            .map_err(Failure::store("Checking the state failed"));
    }
    // A store that keeps whole states: what can be wrong is the state itself.
    let snapshot = store
        .read(&workspace)
        .map_err(Failure::store("Reading the state failed"))?;
    let versions = store
        .history(&workspace)
        .unwrap_or_else(|_| History::default().into_versions());
    Ok(Checkup {
        findings: check::shortened(check::snapshot(&snapshot)),
        versions: versions.len(),
        serial: snapshot.serial,
        instances: snapshot.instance_count(),
        ..Checkup::default()
    })
}
