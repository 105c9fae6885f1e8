//! `state history`, and how versions are named.
//!
//! A version is what one run made of the state. It is named by the serial of the state after it; any serial in between names the state as it was at
//! that moment. The beginning of a run's name (four letters at least) names the version that the run made.

use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use std::sync::Arc;
use terrane_model::snapshot::Snapshot;
use terrane_store::{StoreError, Version};

/// Fewest letters of a run's name.
const SHORTEST: usize = 4;

/// The versions of the current workspace, oldest first; `most`: only the newest so many.
///
/// # Errors
/// When the state can't be read.
pub fn run(session: &Session, most: Option<usize>) -> Result<Vec<Version>, Failure> {
    let mut versions = all(session)?;
    if let Some(most) = most {
        versions.drain(..versions.len().saturating_sub(most));
    }
    Ok(versions)
}

fn all(session: &Session) -> Result<Vec<Version>, Failure> {
    match session.store()?.versions(&session.workspace()?) {
        Err(StoreError::NoWorkspace(_)) => Ok(Vec::new()),
        read => read.map_err(Failure::store("Reading the history failed")),
    }
}

/// The state of a version; without one, the present state.
///
/// # Errors
/// When there is no such version, or the state can't be read.
pub fn snapshot(session: &Session, version: Option<&str>) -> Result<Arc<Snapshot>, Failure> {
    match version {
        None => session.snapshot(),
        Some(name) => {
            let serial = serial(session, name)?;
            session
                .store()?
                .read_at(&session.workspace()?, serial)
                .map(Arc::new)
                .map_err(Failure::store("Reading the history failed"))
        }
    }
}

/// The serial that a name means.
///
/// # Errors
/// When there is no such version, or the history can't be read.
pub fn serial(session: &Session, name: &str) -> Result<u64, Failure> {
    find(&all(session)?, name)
        .map_err(|problem| Failure::input(&rules::state::NO_SUCH_VERSION, problem))
}

fn find(versions: &[Version], name: &str) -> Result<u64, String> {
    let (Some(first), Some(last)) = (versions.first(), versions.last()) else {
        return Err(
            "The state has no history: nothing was ever recorded in it, or its store keeps only the present state.".to_owned(),
        );
    };
    let mut runs = versions
        .iter()
        .filter(|version| name.len() >= SHORTEST && version.run.starts_with(name));
    let (one, another) = (runs.next(), runs.next());
    if let Ok(serial) = name.parse::<u64>() {
        // The state from which the first version that is kept set out is still known.
        let range = first.first_serial.saturating_sub(1).max(1)..=last.last_serial;
        return match range.contains(&serial) {
            true => Ok(serial),
            // The beginning of a run's name may hold digits only.
            false if one.is_some() && another.is_none() => {
                Ok(one.map_or(serial, |run| run.last_serial))
            }
            false => Err(format!(
                "There is no version {serial}: the history goes from serial {} to {}. See it with `terrane state history`.",
                first.first_serial, last.last_serial
            )),
        };
    }
    match (one, another) {
        (Some(found), None) => Ok(found.last_serial),
        (Some(_), Some(_)) => Err(format!(
            "The names of several runs begin with {name:?}: give more of it, or a serial."
        )),
        (None, _) => Err(format!(
            "There is no version {name:?}: a serial is needed, or the beginning of the name of a run ({SHORTEST} letters at least). See them with `terrane state history`."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::find;
    use terrane_store::Version;

    #[test]
    fn versions_are_named_by_serial_or_run() {
        let version = |run: &str, first_serial, last_serial| Version {
            first_serial,
            last_serial,
            at_ms: 0,
            run: run.into(),
            plan: "".into(),
            command: "".into(),
            who: "".into(),
            changes: 1,
        };
        let versions = [
            version("aaaa1111", 5, 7),
            version("aaaa2222", 8, 8),
            version("12345678", 9, 12),
        ];
        for (name, expect) in [
            ("4", Some(4)),
            ("6", Some(6)),
            ("12", Some(12)),
            ("13", None),
            ("3", None),
            ("12345", Some(12)),
            ("aaaa1", Some(7)),
            ("aaaa", None),
            ("123", None),
            ("cccc", None),
            ("-1", None),
        ] {
            assert_eq!(find(&versions, name).ok(), expect, "{name}");
        }
        assert!(find(&[], "1").is_err());
    }
}
