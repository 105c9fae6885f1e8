//! What both sides hold, and how the states relate to each other. Nothing is opened or written.

use super::Migration;
use super::compare::same_content;
use super::execute::TAKEN_BACK;
use crate::failure::Failure;
use crate::session::DEFAULT_WORKSPACE;
use std::sync::Arc;
use terrane_model::snapshot::Snapshot;
use terrane_store::{StateStore, StoreError};

/// What there is to be moved.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// What the target can hold.
    pub(crate) pairs: Vec<Pair>,
    /// Workspaces that it can't, and why.
    pub(crate) misfits: Vec<(String, String)>,
    /// It can hold no workspace but `default`.
    pub(crate) single: bool,
    /// The workspace that is to be selected afterwards, where that changes.
    pub(crate) select: Option<String>,
}

/// A workspace of the source, and the one of the target that it becomes.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) from: String,
    pub(crate) to: String,
    /// As it is in the source.
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) target: Target,
    pub(crate) standing: Standing,
}

/// What the target has under the name.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Nothing: the workspace has to be made.
    Absent,
    /// A state, perhaps one that was never written.
    Holds(Arc<Snapshot>),
}

/// What is to become of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The target has nothing.
    New,
    /// The target has an earlier version of the same state, or an empty one.
    Older,
    /// The target has the same already, or a later version that is right.
    Present,
    /// The target has another state, or a later version: somebody must say.
    Conflict {
        /// A later version of the same one.
        newer: bool,
    },
    /// The one of the target stays.
    Keep,
    /// The one of the target is overwritten.
    Overwrite,
}

impl Standing {
    /// Whether the target is written.
    pub(crate) fn writes(self) -> bool {
        match self {
            Self::New | Self::Older | Self::Overwrite | Self::Conflict { .. } => true,
            Self::Present | Self::Keep => false,
        }
    }
}

impl Pair {
    /// What the target holds.
    pub(crate) fn before(&self) -> Arc<Snapshot> {
        match &self.target {
            Target::Absent => Arc::default(),
            Target::Holds(snapshot) => snapshot.clone(),
        }
    }
}

impl Survey {
    /// Whether there is nothing to be written and nothing to be asked.
    pub(crate) fn is_settled(&self) -> bool {
        self.misfits.is_empty() && !self.pairs.iter().any(|pair| pair.standing.writes())
    }

    /// Instances that are to be copied.
    pub(crate) fn instances(&self) -> usize {
        self.pairs
            .iter()
            .filter(|pair| pair.standing.writes())
            .map(|pair| pair.snapshot.instance_count())
            .sum()
    }

    /// Leaves only one workspace, which becomes `default`.
    pub(crate) fn only(
        &mut self,
        migration: &Migration<'_>,
        workspace: &str,
    ) -> Result<(), Failure> {
        *self = Self {
            single: true,
            select: (workspace != DEFAULT_WORKSPACE).then(|| DEFAULT_WORKSPACE.to_owned()),
            ..Self::default()
        };
        let snapshot = read(&*migration.from.store, workspace)?;
        if let Some(snapshot) = snapshot.filter(|snapshot| !never_written(snapshot)) {
            self.add(migration, workspace, DEFAULT_WORKSPACE, snapshot)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        migration: &Migration<'_>,
        from: &str,
        to: &str,
        snapshot: Arc<Snapshot>,
    ) -> Result<(), Failure> {
        let target = match migration.to.store.read(to) {
            Ok(found) => Target::Holds(found),
            Err(StoreError::NoWorkspace(_)) => Target::Absent,
            Err(StoreError::Refused(why)) if to != DEFAULT_WORKSPACE => {
                self.misfits.push((from.to_owned(), why));
                return Ok(());
            }
            Err(error) => {
                return Err(Failure::store(format!(
                    "Reading the state in {} failed",
                    migration.to.describe()
                ))(error));
            }
        };
        let standing = match standing(&snapshot, &target, migration.implied) {
            Standing::Conflict { newer: true } if was_taken_back(migration, to) => Standing::Older,
            standing => standing,
        };
        self.pairs.push(Pair {
            from: from.to_owned(),
            to: to.to_owned(),
            snapshot,
            target,
            standing,
        });
        Ok(())
    }
}

/// Looks at both sides.
///
/// # Errors
/// When one of them can't be read.
pub(crate) fn survey(migration: &Migration<'_>) -> Result<Survey, Failure> {
    let from = &*migration.from.store;
    let names = from.workspaces().map_err(Failure::store(format!(
        "Reading the workspaces of {} failed",
        migration.from.describe()
    )))?;
    let mut survey = Survey::default();
    for name in &names {
        let Some(snapshot) = read(from, name)? else {
            continue;
        };
        if name == DEFAULT_WORKSPACE && never_written(&snapshot) {
            continue;
        }
        survey.add(migration, name, name, snapshot)?;
    }
    // A store that refuses one name for its length takes others.
    survey.single = !survey.misfits.is_empty()
        && matches!(migration.to.store.read("a"), Err(StoreError::Refused(_)));
    Ok(survey)
}

/// Whether the last thing that happened to a workspace of the target is that a migration which failed put it back.
fn was_taken_back(migration: &Migration<'_>, workspace: &str) -> bool {
    let history = migration.to.store.history(workspace);
    history.is_ok_and(|versions| {
        versions
            .last()
            .is_some_and(|version| version.command == TAKEN_BACK)
    })
}

/// The state of a workspace; `None`: there is none any more.
fn read(store: &dyn StateStore, workspace: &str) -> Result<Option<Arc<Snapshot>>, Failure> {
    match store.read(workspace) {
        Ok(snapshot) => Ok(Some(snapshot)),
        Err(StoreError::NoWorkspace(_)) => Ok(None),
        Err(error) => Err(Failure::store(format!(
            "Reading the state of the workspace {workspace:?} in {} failed",
            store.location()
        ))(error)),
    }
}

/// Whether nothing was ever recorded.
pub(crate) fn never_written(snapshot: &Snapshot) -> bool {
    snapshot.lineage.is_empty() && holds_nothing(snapshot)
}

/// Whether it manages nothing and has no outputs.
pub(crate) fn holds_nothing(snapshot: &Snapshot) -> bool {
    snapshot.resources.is_empty() && snapshot.outputs.is_empty() && snapshot.open.is_empty()
}

fn standing(source: &Snapshot, target: &Target, implied: bool) -> Standing {
    let target = match target {
        Target::Absent => return Standing::New,
        Target::Holds(target) => target,
    };
    if never_written(target) {
        // An empty workspace has nothing that could be copied.
        return if never_written(source) {
            Standing::Present
        } else {
            Standing::New
        };
    }
    let related = source.lineage == target.lineage && !source.lineage.is_empty();
    if same_content(source, target) && (related || never_written(source)) {
        return Standing::Present;
    }
    if related && target.serial > source.serial {
        return if implied {
            Standing::Present
        } else {
            Standing::Conflict { newer: true }
        };
    }
    if related || holds_nothing(target) {
        return Standing::Older;
    }
    if holds_nothing(source) {
        return Standing::Keep;
    }
    Standing::Conflict { newer: false }
}

#[cfg(test)]
mod tests {
    use super::{Standing, Target, standing};
    use std::sync::Arc;
    use terrane_model::snapshot::{OutputState, Snapshot};
    use terrane_value::Value;

    fn state(lineage: &str, serial: u64, output: Option<&str>) -> Snapshot {
        let mut snapshot = Snapshot {
            lineage: lineage.into(),
            serial,
            ..Snapshot::default()
        };
        if let Some(text) = output {
            snapshot.outputs.insert(
                "o".into(),
                OutputState {
                    value: Value::string(text),
                    sensitive: false,
                    deprecated: None,
                },
            );
        }
        snapshot
    }

    #[test]
    fn how_two_states_relate() {
        let source = state("l", 5, Some("x"));
        let holds = |snapshot: Snapshot| Target::Holds(Arc::new(snapshot));
        for (name, target, implied, expect) in [
            ("no such workspace", Target::Absent, false, Standing::New),
            (
                "never written",
                holds(Snapshot::default()),
                false,
                Standing::New,
            ),
            ("the same", holds(source.clone()), false, Standing::Present),
            (
                "the same, written again",
                holds(state("l", 9, Some("x"))),
                false,
                Standing::Present,
            ),
            (
                "an earlier one",
                holds(state("l", 3, Some("w"))),
                false,
                Standing::Older,
            ),
            (
                "one that parted",
                holds(state("l", 5, Some("w"))),
                false,
                Standing::Older,
            ),
            (
                "a later one",
                holds(state("l", 6, Some("y"))),
                false,
                Standing::Conflict { newer: true },
            ),
            (
                "a later one, nobody chose the source",
                holds(state("l", 6, Some("y"))),
                true,
                Standing::Present,
            ),
            (
                "another one",
                holds(state("m", 1, Some("x"))),
                false,
                Standing::Conflict { newer: false },
            ),
            (
                "another one, nobody chose the source",
                holds(state("m", 1, Some("x"))),
                true,
                Standing::Conflict { newer: false },
            ),
            (
                "another one that is empty",
                holds(state("m", 7, None)),
                false,
                Standing::Older,
            ),
        ] {
            assert_eq!(standing(&source, &target, implied), expect, "{name}");
        }
        let empty = state("l", 2, None);
        assert_eq!(
            standing(&empty, &holds(state("m", 7, Some("x"))), false),
            Standing::Keep
        );
        let fresh = Snapshot::default();
        assert_eq!(
            standing(&fresh, &holds(Snapshot::default()), false),
            Standing::Present
        );
        assert_eq!(standing(&fresh, &Target::Absent, false), Standing::New);
        assert_eq!(
            standing(&fresh, &holds(state("m", 7, Some("x"))), false),
            Standing::Keep
        );
    }
}
