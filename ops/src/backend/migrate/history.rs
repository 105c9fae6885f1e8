//! Taking the history over: all versions that the source knows, into a workspace that holds nothing yet.
//!
//! What cannot be taken over stays in the old place, and why is told; the present state is copied all the same.

use super::compare::check;
use super::{Migration, Pair, Standing};
use crate::backend::migrate::survey::{holds_nothing, never_written};
use terrane_store::StoreError;
use terrane_store::journal::RawRecord;
use terrane_store::maintain::Maintain;

/// What became of the earlier versions of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    /// There are none.
    None,
    /// They are in the target: how many.
    Taken(usize),
    /// They stay in the old place: how many, and why.
    Left(usize, String),
}

/// What can be taken over.
pub(crate) struct Baggage<'a> {
    to: &'a dyn Maintain,
    records: Vec<RawRecord<'static>>,
    versions: usize,
}

/// Packs the history of a workspace, if its target can hold it. Nothing is written. The source is owned.
pub(crate) fn pack<'a>(migration: &Migration<'a>, pair: &Pair) -> Result<Baggage<'a>, Past> {
    let versions = match migration.from.store.history(&pair.from) {
        Ok(versions) => versions.len(),
        Err(error) => return Err(Past::Left(0, problem(&error))),
    };
    if versions == 0 {
        return Err(Past::None);
    }
    let left = |why: &str| Past::Left(versions, why.to_owned());
    if pair.standing != Standing::New || !never_written(&pair.before()) {
        return Err(left("what the target held has a history of its own"));
    }
    let Some(from) = migration.from.store.maintain() else {
        return Err(left("the old place can't give it"));
    };
    let Some(to) = migration.to.store.maintain() else {
        return Err(left("the new place can't hold it"));
    };
    let mut records = Vec::new();
    let packed = from.records(&pair.from, &mut |record| {
        records.push(record.clone().into_owned());
        Ok(())
    });
    match packed {
        Ok(()) => Ok(Baggage {
            to,
            records,
            versions,
        }),
        Err(error) => Err(left(&problem(&error))),
    }
}

/// Why it was not unpacked.
pub(crate) enum Trouble {
    /// Somebody else has written the target since it was looked at. Nothing there is ours.
    Theirs,
    /// Writing failed. What was written is to be taken back.
    Failed(StoreError),
}

/// Unpacks it. `Ok(Left)`: the target wants none of it, and is as it was.
pub(crate) fn unpack(
    migration: &Migration<'_>,
    pair: &Pair,
    baggage: &Baggage<'_>,
) -> Result<Past, Trouble> {
    let why = match baggage.to.refill(&pair.to, &baggage.records) {
        Ok(()) => return Ok(Past::Taken(baggage.versions)),
        Err(StoreError::Refused(why)) => why,
        Err(error) => return Err(Trouble::Failed(error)),
    };
    match migration.to.store.read(&pair.to) {
        Ok(now) if !holds_nothing(&now) && now.lineage != pair.snapshot.lineage => {
            Err(Trouble::Theirs)
        }
        Ok(now) if !holds_nothing(&now) => Err(Trouble::Failed(StoreError::Refused(why))),
        Ok(_) | Err(StoreError::NoWorkspace(_)) => Ok(Past::Left(baggage.versions, why)),
        Err(error) => Err(Trouble::Failed(error)),
    }
}

/// Whether the oldest version that the target gives is the one that the source gives under its name. `Err`: a sentence that says what differs.
pub(crate) fn verify(migration: &Migration<'_>, pair: &Pair) -> Result<(), String> {
    let (from, to) = (&migration.from.store, &migration.to.store);
    let oldest = match to.history(&pair.to) {
        Ok(versions) => versions.first().map(|version| version.last_serial),
        Err(error) => return Err(problem(&error)),
    };
    let Some(serial) = oldest else {
        return Err("the history is missing".to_owned());
    };
    let both = from
        .read_at(&pair.from, serial)
        .and_then(|ours| Ok((ours, to.read_at(&pair.to, serial)?)));
    match both {
        Ok((ours, theirs)) => check(&ours, &theirs)
            .map_err(|_| format!("the version {serial} in the history is another one")),
        Err(error) => Err(problem(&error)),
    }
}

fn problem(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
