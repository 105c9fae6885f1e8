//! `validate`: checks the configuration without state or world.

use crate::failure::{Failure, Report};
use crate::load::{Loaded, Origin, load};
use crate::session::Session;
use terrane_model::snapshot::Snapshot;

/// Checks the configuration of the working directory. Errors are in the report.
///
/// # Errors
/// When it can't be read.
pub async fn run(session: &Session) -> Result<Report, Failure> {
    match load(session, &Snapshot::default(), Origin::Disk).await {
        Ok(Loaded {
            sources, warnings, ..
        }) => Ok(Report {
            diagnostics: warnings,
            sources,
        }),
        Err(Failure::Input(report)) => Ok(report),
        Err(failure) => Err(failure),
    }
}
