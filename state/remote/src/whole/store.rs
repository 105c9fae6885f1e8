//! The store: what is asked of any place for whole files.

use super::desk::{Desk, Owned};
use super::lock_info::LockInfo;
use super::opened::{Means, Opened, Opening};
use super::recover::{Addition, Facts, Found, Relation, addition};
use super::{Held, LockOutcome, Place, ship};
use crate::Surroundings;
use jiff::Timestamp;
use std::sync::Arc;
use terrane_model::snapshot::Snapshot;
use terrane_store::history::History;
use terrane_store::seal::Seal;
use terrane_store::{
    StateStore, StoreError, Version, Workspace, check_deletable, check_workspace_name,
};

/// A store over a place for whole files.
#[derive(Debug)]
pub(crate) struct WholeFileStore {
    place: Arc<dyn Place>,
    means: Means,
    who: String,
    version: String,
}

impl WholeFileStore {
    pub(crate) fn new(
        place: Arc<dyn Place>,
        surroundings: &Surroundings,
        seal: Arc<dyn Seal>,
    ) -> Self {
        Self {
            place,
            means: Means {
                seal,
                say: Arc::clone(&surroundings.say),
                now_ms: Arc::clone(&surroundings.now_ms),
            },
            who: surroundings.who.clone(),
            version: surroundings.version.clone(),
        }
    }

    fn desk(&self, workspace: &str) -> Desk {
        Desk::new(self.place.desk(workspace))
    }

    fn check(&self, workspace: &str) -> Result<(), StoreError> {
        check_workspace_name(workspace)?;
        if workspace == "default" || self.place.has_workspaces() {
            return Ok(());
        }
        Err(StoreError::Refused(format!(
            "{} keeps one state only, so there is no workspace `{workspace}`; use `default`",
            self.place.location()
        )))
    }

    fn lock_info(&self, workspace: &str, operation: &str) -> LockInfo {
        let now = i64::try_from((self.means.now_ms)()).unwrap_or(i64::MAX);
        LockInfo {
            id: uuid::Uuid::new_v4().to_string(),
            operation: operation.to_owned(),
            info: format!("terrane, process {}", std::process::id()),
            who: self.who.clone(),
            version: self.version.clone(),
            created: Timestamp::from_millisecond(now)
                .map_or_else(|_| String::new(), |at| at.to_string()),
            path: self.place.name(workspace),
        }
    }

    /// Locks a workspace. A lock that a process of this folder left behind when it died is taken over: that it died is known, since it held
    /// the folder too.
    fn lock(
        &self,
        workspace: &str,
        info: &LockInfo,
        owned: &mut Owned,
    ) -> Result<Box<dyn Held>, StoreError> {
        let last = owned.last();
        // Noted before it is taken: after a crash in between, it is known whose it is.
        owned.note(Some(info)).map_err(|source| StoreError::Io {
            doing: format!("writing {}", self.place.desk(workspace).display()),
            source,
        })?;
        let holder = match self.place.lock(workspace, info)? {
            LockOutcome::Locked(held) => return Ok(held),
            LockOutcome::HeldBy(holder) => holder,
        };
        if let (Some(last), Some(holder)) = (&last, &holder)
            && last.id == holder.id
        {
            (self.means.say)(&format!(
                "The lock on {} was left behind by a run from this folder that was cut off; it is taken over.",
                self.place.name(workspace)
            ));
            self.place.break_lock(workspace, &holder.id)?;
            if let LockOutcome::Locked(held) = self.place.lock(workspace, info)? {
                return Ok(held);
            }
        }
        // What was noted of an earlier lock may be needed yet.
        drop(owned.note(last.as_ref()));
        Err(StoreError::InUse {
            path: self.place.name(workspace),
            holder: holder.map_or_else(
                || String::from("another process"),
                |holder| holder.describe(),
            ),
        })
    }

    fn open_workspace(&self, workspace: &str, operation: &str) -> Result<Opened, StoreError> {
        self.check(workspace)?;
        let desk = self.desk(workspace);
        let mut owned = desk.own()?;
        let info = self.lock_info(workspace, operation);
        let held = self.lock(workspace, &info, &mut owned)?;
        let opening = Opening {
            place: &self.place,
            workspace,
            desk,
            owned,
            held,
            who: self.who.clone(),
        };
        Opened::open(opening, self.means.clone())
    }

    /// The state, from all that can be read without a lock.
    fn look(&self, workspace: &str) -> Result<Snapshot, StoreError> {
        const TRIES: u32 = 5;
        let seal = &self.means.seal;
        let desk = self.desk(workspace);
        let mut tries = 0;
        loop {
            tries += 1;
            let found = Found::new(self.place.get(workspace)?);
            let known = found.stored.is_some() || workspace == "default" || desk.journal().exists();
            if !known && !self.workspaces()?.iter().any(|name| name == workspace) {
                return Err(StoreError::NoWorkspace(workspace.to_owned()));
            }
            let facts = Facts::gather(found, &*self.place, workspace, &desk, seal)?;
            let goes_on = matches!(facts.relation, Relation::GoesOn(_));
            // While a run goes on here, the file may be written between two looks.
            if !goes_on && facts.told.is_some() && tries < TRIES {
                std::thread::yield_now();
                continue;
            }
            let name = self.place.name(workspace);
            let mut added = Addition::Nothing;
            if let Some(mut side) = self.place.side(workspace)
                && let Some((shipped, _)) = ship::read(&mut *side, seal)?
            {
                added = addition(&shipped, &side.name(), &facts)?;
            }
            let Facts { found, told, .. } = facts;
            let mut snapshot = match told {
                Some(told) if goes_on => told.snapshot,
                _ => found.parse(&name, seal)?,
            };
            if let Addition::Batches { batches, open, .. } = added {
                for event in open {
                    snapshot.fold(&event.kind);
                }
                for batch in batches {
                    let serial = snapshot.serial_after(&batch.events).max(batch.serial);
                    snapshot.commit_as(serial, &batch.events);
                }
            }
            return Ok(snapshot);
        }
    }
}

impl StateStore for WholeFileStore {
    fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        let mut names = self.place.list()?;
        names.push(String::from("default"));
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn open(&self, workspace: &str) -> Result<Box<dyn Workspace>, StoreError> {
        Ok(Box::new(self.open_workspace(workspace, "terrane")?))
    }

    fn read(&self, workspace: &str) -> Result<Arc<Snapshot>, StoreError> {
        self.check(workspace)?;
        self.look(workspace).map(Arc::new)
    }

    fn history(&self, workspace: &str) -> Result<Vec<Version>, StoreError> {
        self.check(workspace)?;
        let mut history = History::default();
        self.desk(workspace).replay_all(&self.means.seal, |batch| {
            history.add(batch.serial, &batch.events);
            true
        })?;
        Ok(history.into_versions())
    }

    fn read_at(&self, workspace: &str, serial: u64) -> Result<Snapshot, StoreError> {
        self.check(workspace)?;
        let snapshot = self
            .desk(workspace)
            .replay_all(&self.means.seal, |batch| batch.serial <= serial)?;
        match snapshot {
            Some(snapshot) if snapshot.serial <= serial => Ok(snapshot),
            None if serial == 0 => Ok(Snapshot::default()),
            _ => {
                let now = self.look(workspace)?;
                if now.serial == serial {
                    return Ok(now);
                }
                Err(StoreError::Refused(format!(
                    "{} keeps no history, and what is recorded in this folder does not go back to serial {serial}",
                    self.place.name(workspace)
                )))
            }
        }
    }

    fn location(&self) -> String {
        self.place.location()
    }

    fn delete(&self, workspace: &str) -> Result<(), StoreError> {
        check_deletable(workspace)?;
        self.check(workspace)?;
        let desk = self.desk(workspace);
        let known =
            desk.journal().exists() || self.workspaces()?.iter().any(|name| name == workspace);
        if !known {
            return Err(StoreError::NoWorkspace(workspace.to_owned()));
        }
        let mut owned = desk.own()?;
        let info = self.lock_info(workspace, "workspace delete");
        let held = self.lock(workspace, &info, &mut owned)?;
        let removed = self.place.delete(workspace);
        let unlocked = held.unlock();
        removed?;
        desk.remove()?;
        self.place.clean_up(workspace);
        unlocked
    }
}
