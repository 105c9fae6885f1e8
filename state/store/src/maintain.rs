//! Looking after a store: checking and mending, backup, forgetting old versions. Not every store can do it; one that is asked by
//! [`crate::StateStore::maintain`] says so.

use crate::StoreError;
use crate::journal::RawRecord;

/// What can be done to a store beside reading and writing states.
pub trait Maintain {
    /// Checks everything that is kept of a workspace. With `repair`, mends what can be mended: what is replaced is kept aside, so that
    /// nothing is ever lost by it.
    ///
    /// # Errors
    /// When the files can't be read at all, were written by a later version, or are to be repaired while another process owns them.
    fn check(&self, workspace: &str, repair: bool) -> Result<Checkup, StoreError>;

    /// Gives every record of a workspace, of earlier generations too, oldest first. Works while another process writes.
    ///
    /// # Errors
    /// As [`crate::StateStore::read`], and what `each` returns.
    fn records(
        &self,
        workspace: &str,
        each: &mut dyn FnMut(&RawRecord<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Makes a workspace that holds nothing yet of records, with all versions that they give.
    ///
    /// # Errors
    /// When the workspace holds something, is in use, or can't be written.
    fn refill(&self, workspace: &str, records: &[RawRecord<'_>]) -> Result<(), StoreError>;

    /// Forgets versions, oldest first, as far as the policy lets go of them. The present state is never touched.
    ///
    /// # Errors
    /// When the workspace is in use, or can't be written. Cut off at any moment, the history is whole, and goes back as far as before, or
    /// less far.
    fn prune(
        &self,
        workspace: &str,
        policy: &Policy,
        now_ms: u64,
        dry_run: bool,
    ) -> Result<Pruned, StoreError>;

    /// The policy that compaction follows by itself; `None`: everything is kept.
    ///
    /// # Errors
    /// When it can't be read.
    fn policy(&self, workspace: &str) -> Result<Option<Policy>, StoreError>;

    /// Sets the policy that compaction follows by itself.
    ///
    /// # Errors
    /// When it can't be written.
    fn set_policy(&self, workspace: &str, policy: Option<&Policy>) -> Result<(), StoreError>;
}

/// Which versions are kept. A version goes only if every rule that is given lets it go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Policy {
    /// The newest so many are kept; at least one always is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u64>,
    /// Those that are not older are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_than_ms: Option<u64>,
}

impl Policy {
    /// How many of the versions, oldest first, go.
    #[must_use]
    pub fn forgotten(&self, versions: &[crate::Version], now_ms: u64) -> usize {
        let Self {
            keep,
            older_than_ms,
        } = *self;
        if keep.is_none() && older_than_ms.is_none() {
            return 0;
        }
        let most = versions.len().saturating_sub(1);
        let by_count = keep.map_or(most, |keep| {
            let keep = usize::try_from(keep).unwrap_or(usize::MAX).max(1);
            versions.len().saturating_sub(keep)
        });
        // What went on for long is as old as its end: the beginning of the next one, at the latest.
        let by_age = older_than_ms.map_or(most, |age| {
            let limit = now_ms.saturating_sub(age);
            versions
                .iter()
                .take_while(|version| version.at_ms < limit)
                .count()
        });
        by_count.min(by_age).min(most)
    }
}

/// What pruning did, or would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many versions went.
    pub versions: usize,
    /// How many are left.
    pub left: usize,
    /// The oldest serial whose state is still known.
    pub oldest: u64,
    /// Bytes that were given back.
    pub bytes: u64,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Good to know.
    Note,
    /// Odd, and harmless to the state.
    Warning,
    /// An invariant does not hold.
    Error,
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub gravity: Gravity,
    /// Where: a file, or an address.
    pub place: String,
    /// What: a sentence without a full stop.
    pub problem: String,
    /// What was done about it; `None`: nothing.
    pub done: Option<String>,
}

impl Finding {
    /// Something good to know.
    pub fn note(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::new(Gravity::Note, place, problem)
    }

    /// Something odd.
    pub fn warning(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::new(Gravity::Warning, place, problem)
    }

    /// Something wrong.
    pub fn error(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::new(Gravity::Error, place, problem)
    }

    fn new(gravity: Gravity, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            gravity,
            place: place.into(),
            problem: problem.into(),
            done: None,
        }
    }

    /// With what was done about it.
    #[must_use]
    pub fn done(mut self, what: impl Into<String>) -> Self {
        self.done = Some(what.into());
        self
    }
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkup {
    /// Everything found, in the order in which it was looked at.
    pub findings: Vec<Finding>,
    /// How many files with records there are.
    pub generations: usize,
    /// How many records they hold.
    pub records: usize,
    /// How many versions they give.
    pub versions: usize,
    /// The serial of the present state.
    pub serial: u64,
    /// How many instances it holds.
    pub instances: usize,
}

impl Checkup {
    /// Whether something is wrong that was not mended.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.gravity == Gravity::Error && finding.done.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::Policy;
    use crate::Version;

    #[test]
    fn a_version_goes_only_if_every_rule_lets_it_go() {
        let versions: Vec<Version> = [10, 20, 30, 40]
            .map(|at_ms| Version {
                first_serial: at_ms,
                last_serial: at_ms,
                at_ms,
                run: "".into(),
                plan: "".into(),
                command: "".into(),
                who: "".into(),
                changes: 0,
            })
            .into();
        for (keep, older_than_ms, gone) in [
            (None, None, 0),
            (Some(3), None, 1),
            (Some(0), None, 3),
            (Some(9), None, 0),
            (None, Some(25), 2),
            (None, Some(0), 3),
            (Some(3), Some(25), 1),
            (Some(1), Some(35), 1),
        ] {
            let policy = Policy {
                keep,
                older_than_ms,
            };
            assert_eq!(policy.forgotten(&versions, 50), gone, "{policy:?}");
        }
    }
}
