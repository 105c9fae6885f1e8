//! The store: what is asked of any place for whole files.

use super::desk::{Desk, Owned};
use super::kept::merged;
use super::opened::{Means, Opened, Opening};
use super::recover::{Addition, Facts, Found, Relation, addition, export};
use super::renew::Renewing;
use super::{LockOutcome, Place, decide, ship};
use crate::Surroundings;
use std::sync::Arc;
use terrane_model::event::EventKind;
use terrane_model::snapshot::Snapshot;
use terrane_store::audit::Audit;
use terrane_store::history::History;
use terrane_store::lease::{Claim, Holder, Waiting, process};
use terrane_store::maintain::Maintain;
use terrane_store::pieces::Sealer;
use terrane_store::seal::Seal;
use terrane_store::{
    Attempt, Held, LeaseRequest, Leasing, StateStore, StoreError, Version, check_deletable,
    check_workspace_name,
};

/// A store over a place for whole files.
#[derive(Debug)]
pub(crate) struct WholeFileStore {
    pub(super) place: Arc<dyn Place>,
    pub(super) means: Means,
    /// Seals the records of journals.
    sealer: Arc<Sealer>,
}

impl WholeFileStore {
    pub(crate) fn new(
        place: Arc<dyn Place>,
        surroundings: &Surroundings,
        seal: Arc<dyn Seal>,
    ) -> Self {
        Self {
            place,
            sealer: Arc::new(Sealer::new(Arc::clone(&seal))),
            means: Means {
                seal,
                say: Arc::clone(&surroundings.say),
                clock: Arc::clone(&surroundings.clock),
            },
        }
    }

    /// Somebody else has it.
    fn waiting(&self, holder: Option<Holder>) -> Waiting {
        Waiting {
            position: 1,
            lasts: self.place.lasts(holder.as_ref()),
            holders: holder.into_iter().collect(),
            about: None,
        }
    }

    pub(super) fn desk(&self, workspace: &str) -> Desk {
        Desk::new(self.place.desk(workspace), Arc::clone(&self.sealer))
    }

    pub(super) fn check_name(&self, workspace: &str) -> Result<(), StoreError> {
        check_workspace_name(workspace)?;
        if workspace == "default" || self.place.has_workspaces() {
            return Ok(());
        }
        Err(StoreError::Refused(format!(
            "{} keeps one state only, so there is no workspace `{workspace}`; use `default`",
            self.place.location()
        )))
    }

    /// Locks a workspace; or says who has it. A lock that a process of this folder left behind when it died is taken over: that it died is
    /// known, since it held the folder too.
    pub(super) fn lock(
        &self,
        workspace: &str,
        holder: &Holder,
        owned: &mut Owned,
    ) -> Result<LockOutcome, StoreError> {
        let earlier = owned.noted();
        // Noted before it is taken: after a crash in between, it is known whose it is. What was noted before stays until it is known that nobody has that lock.
        owned
            .note(std::iter::once(holder).chain(&earlier))
            .map_err(|source| StoreError::Io {
                doing: format!("writing {}", self.place.desk(workspace).display()),
                source,
            })?;
        let mut outcome = self.place.lock(workspace, holder)?;
        if let LockOutcome::HeldBy(Some(theirs)) = &outcome
            && self.place.locks_outlive_processes()
        {
            let from_here = earlier.iter().any(|earlier| earlier.id == theirs.id);
            if from_here {
                (self.means.say)(&format!(
                    "The lock on {} was left behind by a run from this folder that was cut off; it is taken over.",
                    self.place.name(workspace)
                ));
                self.place.break_lock(workspace, &theirs.id)?;
                outcome = self.place.lock(workspace, holder)?;
            } else if process::is_gone(&theirs.info) {
                outcome = self.take_over(workspace, holder, theirs)?;
            }
        }
        // Where this fails, more is noted than need be.
        match outcome {
            // What was noted of an earlier lock may be needed yet.
            LockOutcome::HeldBy(_) => drop(owned.note(&earlier)),
            LockOutcome::Locked(_) if earlier.is_empty() => {}
            LockOutcome::Locked(_) => drop(owned.note([holder])),
        }
        Ok(outcome)
    }

    /// Takes the lock of a process of this machine that is gone.
    fn take_over(
        &self,
        workspace: &str,
        holder: &Holder,
        theirs: &Holder,
    ) -> Result<LockOutcome, StoreError> {
        // Another one may have been faster: it is looked once more right before.
        match self.place.lock(workspace, holder)? {
            LockOutcome::HeldBy(Some(now)) if now.id == theirs.id => {}
            outcome => return Ok(outcome),
        }
        let broken = self.place.break_lock(workspace, &theirs.id);
        let outcome = self.place.lock(workspace, holder)?;
        match (&outcome, broken) {
            (LockOutcome::Locked(_), _) => (self.means.say)(&format!(
                "The lock on {} was left behind by {}, whose process on this machine is gone; it is taken over. If it had recorded changes that it could not write, they are in the folder that it ran in.",
                self.place.name(workspace),
                theirs.describe()
            )),
            (LockOutcome::HeldBy(Some(now)), Err(error)) if now.id == theirs.id => {
                return Err(error);
            }
            (LockOutcome::HeldBy(_), _) => {}
        }
        Ok(outcome)
    }

    /// The holder as the peers write it.
    pub(super) fn holder(&self, workspace: &str, holder: &Holder) -> Holder {
        let mut holder = holder.clone().at(self.place.name(workspace));
        holder.info = process::marked(&holder.info).into();
        let of_peers = match &*holder.operation {
            "apply" | "destroy" => Some("OperationTypeApply"),
            "plan" => Some("OperationTypePlan"),
            "refresh" => Some("OperationTypeRefresh"),
            _ => None,
        };
        if let Some(of_peers) = of_peers {
            holder.operation = of_peers.into();
        }
        holder
    }

    /// Who has a workspace: as the place says, or else as is known on this machine.
    pub(super) fn known_holder(&self, workspace: &str) -> Result<Option<Holder>, StoreError> {
        if self.place.locks()
            && let Some(holder) = self.place.holder(workspace)?
        {
            return Ok(Some(holder));
        }
        if self.place.locks() && self.place.tells_holder() {
            return Ok(None);
        }
        Ok(self.desk(workspace).holder())
    }

    /// Looks after what runs without a lock left behind: what they could not write is kept as if it were one's own.
    fn sweep(&self, desk: &Desk) -> Result<(), StoreError> {
        for aside in desk.all_aside() {
            let Ok(_owned) = aside.own()? else {
                continue;
            };
            let written = aside
                .marks()?
                .map_or(0, |marks| marks.written.journal_serial);
            if let Some(told) = aside.replay(|_| true)?
                && told.snapshot.serial > written
            {
                let state = export(&told.snapshot, &self.means.seal)?;
                desk.keep_state(told.snapshot.serial, &state)?;
            }
            aside.remove()?;
        }
        Ok(())
    }

    /// All that can be read without a lock.
    pub(super) fn facts(&self, workspace: &str) -> Result<(Facts, Addition), StoreError> {
        const TRIES: u32 = 5;
        let seal = &self.means.seal;
        let desk = self.desk(workspace);
        let mut tries = 0;
        loop {
            tries += 1;
            let mut side = self.place.side(workspace, None);
            let begun = decide::begun(&*self.place, &desk, side.as_mut(), &self.means)?;
            let found = Found::new(self.place.get(workspace, &begun)?);
            self.check_exists(workspace, &desk, &found)?;
            let facts = Facts::gather(found, &*self.place, workspace, &desk, seal)?;
            let goes_on = matches!(facts.relation, Relation::GoesOn(_));
            // While a run goes on here, the file may be written between two looks.
            if !goes_on && facts.told.is_some() && tries < TRIES {
                std::thread::yield_now();
                continue;
            }
            let mut added = Addition::Nothing;
            if let Some(side) = &mut side
                && let Some((shipped, _)) = ship::read(&mut **side, seal)?
            {
                added = addition(&shipped, &side.name(), &facts)?;
            }
            return Ok((facts, added));
        }
    }

    /// Whether there is a workspace of this name, by what was found of it.
    pub(super) fn check_exists(
        &self,
        workspace: &str,
        desk: &Desk,
        found: &Found,
    ) -> Result<(), StoreError> {
        let known = found.stored.is_some() || workspace == "default" || desk.journal().exists();
        if !known && !self.workspaces()?.iter().any(|name| name == workspace) {
            return Err(StoreError::NoWorkspace(workspace.to_owned()));
        }
        Ok(())
    }

    /// The state, from all that can be read without a lock.
    fn look(&self, workspace: &str) -> Result<Snapshot, StoreError> {
        let (facts, added) = self.facts(workspace)?;
        let goes_on = matches!(facts.relation, Relation::GoesOn(_));
        let Facts { found, told, .. } = facts;
        let mut snapshot = match told {
            Some(told) if goes_on => told.snapshot,
            _ => found.parse(&self.place.name(workspace), &self.means.seal)?,
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
        Ok(snapshot)
    }

    /// The state with this serial from the versions that the place keeps.
    fn read_kept(&self, workspace: &str, serial: u64) -> Result<Option<Snapshot>, StoreError> {
        let kept = self.place.kept(workspace)?;
        // Where an older state was put back, the serial may be there twice: the newer one is meant.
        let Some(version) = kept.iter().rev().find(|kept| kept.serial == serial) else {
            return Ok(None);
        };
        let Some(stored) = self.place.get_kept(workspace, &version.id)? else {
            return Ok(None);
        };
        let name = format!("{} (version {})", self.place.name(workspace), version.id);
        let found = Found::new(Some(stored));
        found.parse(&name, &self.means.seal).map(Some)
    }

    fn no_such_version(&self, workspace: &str, serial: u64) -> StoreError {
        let name = self.place.name(workspace);
        let kept = self.place.kept(workspace).unwrap_or_default();
        let before = kept
            .iter()
            .map(|kept| kept.serial)
            .filter(|near| *near < serial);
        let after = kept
            .iter()
            .map(|kept| kept.serial)
            .filter(|near| *near > serial);
        let near: Vec<String> = before
            .max()
            .into_iter()
            .chain(after.min())
            .map(|near| near.to_string())
            .collect();
        StoreError::Refused(match near.is_empty() {
            true => format!(
                "{name} keeps no history, and what is recorded in this folder does not go back to serial {serial}"
            ),
            false => format!(
                "{name} has no version with serial {serial}, and what is recorded in this folder does not go back to it. Next to it there is {}",
                near.join(", and ")
            ),
        })
    }

    /// Renews a lock from now on, if it is one that must be. Where that can't be, it is given back.
    fn renewing(
        &self,
        workspace: &str,
        lock: &str,
        held: Box<dyn super::Held>,
    ) -> Result<(Option<Renewing>, Box<dyn super::Held>), StoreError> {
        let renewal = self.place.renewal(workspace, lock);
        match renewal.map(Renewing::start).transpose() {
            Ok(renewing) => Ok((renewing, held)),
            Err(error) => {
                drop(held.unlock());
                Err(error)
            }
        }
    }

    /// A workspace for something that is no run: its desk, and the lock on its state.
    pub(super) fn own(&self, workspace: &str, what: &str) -> Result<Ours, StoreError> {
        let desk = self.desk(workspace);
        let in_use = |holder| self.waiting(holder).in_use(self.place.name(workspace));
        let mut owned = desk.own()?.map_err(in_use)?;
        let holder = self.holder(workspace, &Holder::this_process(what));
        match self.lock(workspace, &holder, &mut owned)? {
            LockOutcome::Locked(held) => {
                let (renewing, held) = self.renewing(workspace, &holder.id, held)?;
                Ok(Ours {
                    name: self.place.name(workspace),
                    renewing,
                    desk,
                    held,
                    owned,
                })
            }
            LockOutcome::HeldBy(holder) => Err(in_use(holder)),
        }
    }
}

/// A workspace that nobody else can write.
#[derive(Debug)]
pub(super) struct Ours {
    name: String,
    pub(super) desk: Desk,
    pub(super) held: Box<dyn super::Held>,
    renewing: Option<Renewing>,
    owned: Owned,
}

impl Ours {
    /// Whether it may still be written.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let taken = self.renewing.as_ref().is_some_and(Renewing::is_lost);
        if !taken && self.owned.is_in_place() {
            return Ok(());
        }
        Err(StoreError::LeaseLost {
            path: self.name.clone(),
            why: String::from("the lock was taken away"),
        })
    }

    /// Gives it back.
    pub(super) fn end(mut self) -> Result<(), StoreError> {
        self.renewing = None;
        let unlocked = self.held.unlock();
        if unlocked.is_ok() && self.owned.is_in_place() {
            drop(self.owned.note([]));
        }
        unlocked
    }
}

impl StateStore for WholeFileStore {
    fn audit(&self) -> Option<&dyn Audit> {
        self.place.audit_log("default")?;
        Some(self)
    }

    fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        let mut names = self.place.list()?;
        names.push(String::from("default"));
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn leasing(&self) -> Leasing {
        Leasing::Whole
    }

    fn acquire(&self, workspace: &str, request: &LeaseRequest) -> Result<Attempt, StoreError> {
        self.check_name(workspace)?;
        let mut desk = self.desk(workspace);
        let mut aside = false;
        let mut own = desk.own()?;
        if own.is_ok() {
            self.sweep(&desk)?;
        } else if !request.lock {
            // Without a lock one goes on beside whoever has it, on a journal of its own.
            desk = desk.aside();
            aside = true;
            own = desk.own()?;
        }
        let mut owned = match own {
            Ok(owned) => owned,
            // A process that lives: the system would have given its folder back.
            Err(holder) => {
                return Ok(Attempt::Waiting(Waiting {
                    lasts: false,
                    ..self.waiting(holder)
                }));
            }
        };
        let holder = self.holder(workspace, &request.holder);
        let outcome = if request.lock {
            self.lock(workspace, &holder, &mut owned)?
        } else {
            LockOutcome::Locked(self.place.without_lock(workspace))
        };
        let held = match outcome {
            LockOutcome::Locked(held) => held,
            LockOutcome::HeldBy(holder) => return Ok(Attempt::Waiting(self.waiting(holder))),
        };
        let locked = request.lock && self.place.locks();
        let (renewing, held) = match locked {
            true => self.renewing(workspace, &holder.id, held)?,
            false => (None, held),
        };
        let opening = Opening {
            place: &self.place,
            workspace,
            desk,
            owned,
            held,
            renewing,
            holder,
            locked,
            aside,
        };
        let opened = Opened::open(opening, self.means.clone())?;
        Ok(Attempt::Granted(Box::new(opened)))
    }

    fn holders(&self, workspace: &str) -> Result<Vec<Held>, StoreError> {
        self.check_name(workspace)?;
        let holder = self.known_holder(workspace)?;
        Ok(holder
            .into_iter()
            .map(|holder| Held {
                holder,
                claim: Claim::whole(),
                fence: None,
                expires_ms: None,
            })
            .collect())
    }

    fn force_unlock(&self, workspace: &str, id: &str) -> Result<Holder, StoreError> {
        self.check_name(workspace)?;
        match self.known_holder(workspace)? {
            Some(holder) if holder.id == id => {
                let here = self.desk(workspace);
                if here.holder().is_some_and(|holder| holder.id == id) {
                    here.break_owner()?;
                }
                if self.place.locks() {
                    self.place.break_lock(workspace, id)?;
                }
                Ok(holder)
            }
            Some(holder) => Err(StoreError::Refused(format!(
                "there is no lock with the id {id:?}: {} is locked by {}, with the id {:?}",
                self.place.name(workspace),
                holder.describe(),
                &*holder.id,
            ))),
            None if self.place.tells_holder() => Err(StoreError::Refused(format!(
                "there is no lock with the id {id:?}: {} is not locked",
                self.place.name(workspace)
            ))),
            None => {
                self.place.break_lock(workspace, id)?;
                Ok(Holder {
                    id: id.into(),
                    ..Holder::default()
                })
            }
        }
    }

    fn read(&self, workspace: &str) -> Result<Arc<Snapshot>, StoreError> {
        self.check_name(workspace)?;
        self.look(workspace).map(Arc::new)
    }

    fn history(&self, workspace: &str) -> Result<Vec<Version>, StoreError> {
        self.check_name(workspace)?;
        let mut history = History::default();
        self.desk(workspace).chain().replay(|batch| {
            // What is taken over is the only change without a run that replaces all.
            if let [event] = &*batch.events
                && matches!(event.kind, EventKind::Replaced(_))
            {
                history.begin_nameless(batch.serial, event.at_ms);
            }
            history.add(batch.serial, &batch.events);
            true
        })?;
        Ok(history.into_versions())
    }

    fn versions(&self, workspace: &str) -> Result<Vec<Version>, StoreError> {
        let recorded = self.history(workspace)?;
        Ok(merged(recorded, &self.place.kept(workspace)?))
    }

    fn read_at(&self, workspace: &str, serial: u64) -> Result<Snapshot, StoreError> {
        self.check_name(workspace)?;
        let snapshot = self
            .desk(workspace)
            .chain()
            .replay(|batch| batch.serial <= serial)?;
        let exact = snapshot
            .as_ref()
            .is_some_and(|snapshot| snapshot.serial == serial);
        if !exact && let Some(kept) = self.read_kept(workspace, serial)? {
            return Ok(kept);
        }
        match snapshot {
            Some(snapshot) if snapshot.serial <= serial => Ok(snapshot),
            None if serial == 0 => Ok(Snapshot::default()),
            _ => {
                let now = self.look(workspace)?;
                if now.serial == serial {
                    return Ok(now);
                }
                Err(self.no_such_version(workspace, serial))
            }
        }
    }

    fn location(&self) -> String {
        self.place.location()
    }

    fn location_of(&self, workspace: &str) -> String {
        self.place.name(workspace)
    }

    fn delete(&self, workspace: &str) -> Result<(), StoreError> {
        check_deletable(workspace)?;
        self.erase(workspace)
    }

    fn erase(&self, workspace: &str) -> Result<(), StoreError> {
        self.check_name(workspace)?;
        let desk = self.desk(workspace);
        let known =
            desk.journal().exists() || self.workspaces()?.iter().any(|name| name == workspace);
        if !known {
            return Err(StoreError::NoWorkspace(workspace.to_owned()));
        }
        let Ours {
            held,
            owned,
            renewing,
            ..
        } = self.own(workspace, "workspace delete")?;
        let removed = self.place.delete(workspace);
        drop(renewing);
        let unlocked = held.unlock();
        removed?;
        desk.remove()?;
        drop(owned);
        self.place.clean_up(workspace);
        unlocked
    }

    fn maintain(&self) -> Option<&dyn Maintain> {
        Some(self)
    }
}
