//! Carrying a migration out: both sides owned, written, read back, compared; and taken back where one of these fails.

use super::compare::{Difference, check};
use super::history::{self, Past, Trouble};
use super::survey::{holds_nothing, never_written};
use super::{Fate, Migrated, Migration, Pair, Standing, Survey, Target, backup};
use crate::audit::{self, LogFate};
use crate::failure::Failure;
use crate::rules;
use crate::session::{DEFAULT_WORKSPACE, OpenWorkspace};
use crate::workspace::make;
use std::path::PathBuf;
use std::sync::Arc;
use terrane_model::event::EventKind;
use terrane_model::snapshot::Snapshot;
use terrane_store::{StateStore, StoreError};

/// The command in the history of a state that was put back as it was. Its serial has grown by that, and it is no later version for it.
pub(crate) const TAKEN_BACK: &str = "init (taken back)";

/// How it ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// For people.
    pub(crate) migrated: Migrated,
}

/// A workspace of the target that was written, or is about to be.
struct Written {
    name: String,
    workspace: Option<OpenWorkspace>,
    /// As it was.
    before: Arc<Snapshot>,
    existed: bool,
    /// As it should be now.
    expected: Option<Snapshot>,
    /// What became of the earlier versions.
    past: Past,
    /// What became of the audit log, if there was one; what is wrong with it else.
    log: Option<Result<LogFate, String>>,
}

/// Moves what is to be moved, and then lets `commit` make the target the place where states are kept. If anything fails, `commit` too, the
/// target is as it was.
///
/// # Errors
/// When something fails. The message says if the target could not be put back.
pub(crate) fn execute(
    migration: &Migration<'_>,
    survey: &Survey,
    commit: &mut dyn FnMut() -> Result<(), Failure>,
) -> Result<Outcome, Failure> {
    // Owned until the end: nobody changes a source behind our back.
    let mut sources = own_sources(migration, survey)?;
    let disputed: Vec<&Pair> = survey
        .pairs
        .iter()
        .filter(|pair| match pair.standing {
            Standing::Overwrite | Standing::Keep => !never_written(&pair.before()),
            Standing::Older => true,
            Standing::New | Standing::Present | Standing::Conflict { .. } => false,
        })
        .collect();
    let backups = backup::save(migration, &disputed)?;
    let mut written = Vec::new();
    let done = write_all(migration, survey, &mut written, &mut sources)
        .and_then(|()| close_all(migration, &mut written))
        .and_then(|()| {
            let verify = |one| verify(migration, survey, one);
            written.iter().try_for_each(verify)
        })
        .and_then(|()| commit());
    let pasts: Vec<Past> = written.iter().map(|one| one.past.clone()).collect();
    let logs: Vec<_> = written
        .iter()
        .filter_map(|one| Some((one.name.clone(), one.log.clone()?)))
        .collect();
    if let Err(failure) = done {
        return Err(match take_back(migration, written) {
            Ok(()) => failure,
            Err(left) => not_taken_back(migration, failure, &left, backups.as_ref()),
        });
    }
    drop(sources);
    Ok(Outcome {
        migrated: Migrated {
            logs,
            ..report(migration, survey, &pasts, backups)
        },
    })
}

/// Owns every workspace that is copied from, and makes sure that it is still what was looked at.
fn own_sources(migration: &Migration<'_>, survey: &Survey) -> Result<Vec<OpenWorkspace>, Failure> {
    let mut owned = Vec::new();
    for pair in &survey.pairs {
        if never_written(&pair.snapshot) {
            continue;
        }
        let workspace = migration
            .session
            .open_in(&*migration.from.store, &pair.from)?;
        if *workspace.snapshot() != *pair.snapshot {
            return Err(changed_meanwhile(migration, &pair.from, false));
        }
        owned.push(workspace);
    }
    Ok(owned)
}

/// Writes all copies.
fn write_all(
    migration: &Migration<'_>,
    survey: &Survey,
    written: &mut Vec<Written>,
    sources: &mut [OpenWorkspace],
) -> Result<(), Failure> {
    for pair in survey.pairs.iter().filter(|pair| pair.standing.writes()) {
        let failed = || {
            Failure::store(format!(
                "Writing the state of the workspace {:?} to {} failed",
                pair.to,
                migration.to.describe()
            ))
        };
        let mut one = Written {
            name: pair.to.clone(),
            workspace: None,
            before: pair.before(),
            existed: matches!(pair.target, Target::Holds(_)),
            expected: None,
            past: Past::None,
            log: carry_log(migration, pair)?,
        };
        if never_written(&pair.snapshot) {
            // Only its name is to be known there.
            written.push(one);
            make(migration.session, &*migration.to.store, &pair.to).map_err(failed())?;
            continue;
        }
        let unpacked = match history::pack(migration, pair) {
            Err(past) => Ok(past),
            Ok(baggage) => history::unpack(migration, pair, &baggage),
        };
        match unpacked {
            Ok(past @ (Past::None | Past::Left(..))) => {
                one.past = past;
                copy(migration, pair, one, written)?;
            }
            Ok(past @ Past::Taken(_)) => {
                one.past = past;
                one.expected = Some((*pair.snapshot).clone());
                written.push(one);
            }
            Err(Trouble::Theirs) => return Err(changed_meanwhile(migration, &pair.to, true)),
            Err(Trouble::Failed(error)) => {
                one.expected = Some((*pair.snapshot).clone());
                written.push(one);
                return Err(failed()(error));
            }
        }
        // A large state takes its time.
        let targets = written.iter_mut().filter_map(|one| one.workspace.as_mut());
        for workspace in sources.iter_mut().chain(targets) {
            workspace.renew().map_err(Failure::store(
                "Keeping the locks while states are copied failed",
            ))?;
        }
    }
    Ok(())
}

/// Lets the audit log go along. It stays in the target also where the migration is taken back: trying again finds the beginning of the very log there.
fn carry_log(
    migration: &Migration<'_>,
    pair: &Pair,
) -> Result<Option<Result<LogFate, String>>, Failure> {
    let Some(source) = migration.from.store.audit() else {
        return Ok(None);
    };
    let log = match terrane_store::audit::keep(source, &pair.from) {
        Ok(None) => return Ok(None),
        Ok(Some(log)) => log,
        // Told, but no reason to leave the state where it is.
        Err(error) => return Ok(Some(Err(error.to_string()))),
    };
    let put = audit::put(&log, &*migration.to.store, &pair.to);
    put.map(|fate| Some(Ok(fate))).map_err(audit::failed)
}

/// Writes the present state as one change to what the target holds.
fn copy(
    migration: &Migration<'_>,
    pair: &Pair,
    mut one: Written,
    written: &mut Vec<Written>,
) -> Result<(), Failure> {
    let workspace = migration.session.open_in(&*migration.to.store, &pair.to)?;
    if *workspace.snapshot() != *one.before {
        // Not ours: nothing of it is to be taken back.
        return Err(changed_meanwhile(migration, &pair.to, true));
    }
    let copy = EventKind::Replaced(Box::new((*pair.snapshot).clone()));
    let events = migration.session.run(vec![copy]);
    let mut expected = (*one.before).clone();
    expected.commit(&events);
    one.expected = Some(expected);
    let committed = one
        .workspace
        .insert(workspace)
        .commit(events)
        .map_err(Failure::store(format!(
            "Writing the state of the workspace {:?} to {} failed",
            pair.to,
            migration.to.describe()
        )));
    written.push(one);
    committed
}

/// Lets go of the target: what a store has held back until then is written now, and only what is written can be read back.
fn close_all(migration: &Migration<'_>, written: &mut [Written]) -> Result<(), Failure> {
    for one in written {
        if let Some(workspace) = one.workspace.take() {
            workspace.close().map_err(Failure::store(format!(
                "Writing the state of the workspace {:?} to {} failed",
                one.name,
                migration.to.describe()
            )))?;
        }
    }
    Ok(())
}

/// Reads a copy back and compares it.
fn verify(migration: &Migration<'_>, survey: &Survey, one: &Written) -> Result<(), Failure> {
    let Some(expected) = &one.expected else {
        return Ok(());
    };
    let copy = migration
        .to
        .store
        .read(&one.name)
        .map_err(Failure::store(format!(
            "Reading back the copy of the workspace {:?} from {} failed",
            one.name,
            migration.to.describe()
        )))?;
    let same = check(expected, &copy).and_then(|()| {
        let pair = survey.pairs.iter().find(|pair| pair.to == one.name);
        match (pair, &one.past) {
            (Some(pair), Past::Taken(_)) => {
                history::verify(migration, pair).map_err(Difference::Content)
            }
            _ => Ok(()),
        }
    });
    let (rule, detail) = match same {
        Ok(()) => return Ok(()),
        Err(Difference::Content(what)) => (
            &rules::backend::COPY_DIFFERS,
            format!(
                "The state of the workspace {:?} was written to {} and read back, and it is not the same: {what}. The copy was taken back; the state is where it was.",
                one.name,
                migration.to.describe()
            ),
        ),
        Err(Difference::OpenChange(addr)) => (
            &rules::backend::OPEN_CHANGES,
            format!(
                "A run was cut off in the midst of changing {addr} (workspace {:?}), and {} can't keep that in mind. Run `terrane plan` with the old backend first: it finds out what became of it. The copy was taken back; the state is where it was.",
                one.name,
                migration.to.describe()
            ),
        ),
    };
    Err(Failure::input(rule, detail))
}

/// Puts the target back as it was. `Err`: the workspaces for which that failed, and why.
fn take_back(
    migration: &Migration<'_>,
    written: Vec<Written>,
) -> Result<(), Vec<(String, StoreError)>> {
    let mut left = Vec::new();
    for one in written.into_iter().rev() {
        let name = one.name.clone();
        if let Err(error) = take_back_one(migration, one) {
            left.push((name, error));
        }
    }
    if left.is_empty() { Ok(()) } else { Err(left) }
}

fn take_back_one(migration: &Migration<'_>, one: Written) -> Result<(), StoreError> {
    let Written {
        name,
        workspace,
        before,
        existed,
        expected,
        past: _,
        log: _,
    } = one;
    drop(workspace);
    let store = &*migration.to.store;
    // A write that was said to have failed may have come through all the same, so what counts is what is there.
    match store.read(&name) {
        Err(StoreError::NoWorkspace(_)) if !existed => return Ok(()),
        Ok(actual) if existed && *actual == *before => return Ok(()),
        Ok(actual) => {
            // A workspace that was made a moment ago may have a lineage of its own.
            let ours = expected.is_none_or(|expected| {
                if actual.lineage == expected.lineage {
                    actual.serial <= expected.serial
                } else {
                    actual.lineage == before.lineage || holds_nothing(&actual)
                }
            });
            if !ours {
                return Err(StoreError::Refused(String::from(
                    "somebody else has changed it since it was copied",
                )));
            }
        }
        Err(_) => {}
    }
    if !existed || never_written(&before) {
        return erase(store, &name, existed);
    }
    let mut workspace = store.open(&name)?;
    let now = workspace.snapshot();
    // Changes that are open in the copy are none of this state.
    let mut changes: Vec<EventKind> = now
        .open
        .iter()
        .filter(|(op, intent)| before.open.get(op) != Some(intent))
        .map(|(op, intent)| EventKind::Ended {
            op: *op,
            object: intent.object.clone(),
            provider: intent.provider.clone(),
            state: None,
        })
        .collect();
    changes.push(EventKind::Replaced(Box::new((*before).clone())));
    workspace.commit(migration.session.run_as(TAKEN_BACK, changes))?;
    workspace.close()
}

/// Makes a workspace one that was never written.
fn erase(store: &dyn StateStore, name: &str, existed: bool) -> Result<(), StoreError> {
    match store.erase(name) {
        Ok(()) | Err(StoreError::NoWorkspace(_)) => {}
        Err(error) => return Err(error),
    }
    if existed && name != DEFAULT_WORKSPACE {
        // It had a name and no state, and keeps its name.
        return store.open(name)?.close();
    }
    Ok(())
}

fn changed_meanwhile(migration: &Migration<'_>, workspace: &str, target: bool) -> Failure {
    let place = if target { migration.to } else { migration.from };
    Failure::input(
        &rules::backend::CHANGED_MEANWHILE,
        format!(
            "Somebody else has changed the workspace {workspace:?} in {} since this command looked at it. Nothing was changed by this one. Run it again.",
            place.describe()
        ),
    )
}

/// The worst case: what failed, and what is left of the attempt.
fn not_taken_back(
    migration: &Migration<'_>,
    failure: Failure,
    left: &[(String, StoreError)],
    backups: Option<&PathBuf>,
) -> Failure {
    let mut report = failure.into_report();
    let list: Vec<String> = left
        .iter()
        .map(|(name, error)| {
            let cause = std::error::Error::source(error);
            let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("  {name}: {error}{cause}")
        })
        .collect();
    let copies = backups.map_or_else(String::new, |folder| {
        format!(
            " What they held before is in {}: `terrane state push` puts it back.",
            folder.display()
        )
    });
    report.diagnostics.push(terrane_lang::diagnostic::Diagnostic::error(
        &rules::backend::NOT_TAKEN_BACK,
        format!(
            "After the failure, these workspaces of {} could not be put back as they were:\n{}\n\nThe source is untouched, and still is where the state is kept.{copies}",
            migration.to.describe(),
            list.join("\n")
        ),
    ));
    Failure::Input(report)
}

fn report(
    migration: &Migration<'_>,
    survey: &Survey,
    pasts: &[Past],
    backups: Option<PathBuf>,
) -> Migrated {
    let workspaces = survey
        .pairs
        .iter()
        .filter(|pair| !never_written(&pair.snapshot))
        .map(|pair| {
            let count = pair.snapshot.instance_count();
            let fate = match pair.standing {
                Standing::New | Standing::Older | Standing::Overwrite => Fate::Copied(count),
                Standing::Present => Fate::Present(count),
                Standing::Keep | Standing::Conflict { .. } => Fate::Kept,
            };
            (pair.from.clone(), fate)
        })
        .collect();
    let copied = || {
        survey
            .pairs
            .iter()
            .filter(|pair| pair.standing.writes() && !never_written(&pair.snapshot))
    };
    let (mut taken, mut left, mut left_because) = (0, 0, Vec::new());
    for past in pasts {
        match past {
            Past::None => {}
            Past::Taken(count) => taken += count,
            // The newest is the one that was copied.
            Past::Left(0 | 1, _) => {}
            Past::Left(count, why) => {
                left += count - 1;
                if !left_because.contains(why) {
                    left_because.push(why.clone());
                }
            }
        }
    }
    Migrated {
        from: migration.from.describe(),
        to: migration.to.describe(),
        workspaces,
        versions_taken: taken,
        versions_left: left,
        left_because,
        logs: Vec::new(),
        open: copied().map(|pair| pair.snapshot.open.len()).sum(),
        backups: backups.map(|folder| folder.display().to_string()),
        select: survey.select.clone(),
    }
}
