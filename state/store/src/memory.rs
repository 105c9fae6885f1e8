//! A store in memory, for tests and simulations. It keeps written forms, so that it forgets and refuses what a real one would.

use crate::audit::{Audit, Change, Changed};
use crate::clock::{Clock, SystemClock};
use crate::history::{History, Runs};
use crate::lease::{
    Attempt, Claim, Fence, Held, Holder, Lease, LeaseRequest, LeaseTable, Leasing, Terms,
};
use crate::wire::{decode_batch, encode_batch};
use crate::{StateStore, StoreError, Version, Workspace, check_covered};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use terrane_model::event::Event;
use terrane_model::snapshot::Snapshot;

/// Segments of logs, by workspace and number.
type Segments = BTreeMap<(String, u64), Vec<u8>>;

/// A store in memory. Clones share their content. It leases parts.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    workspaces: Arc<Mutex<BTreeMap<String, Stored>>>,
    /// Logs, which outlive workspaces.
    logs: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// Their segments that were closed.
    closed: Arc<Mutex<Segments>>,
    clock: Arc<dyn Clock>,
    lease_ms: u64,
}

#[derive(Clone, Debug, Default)]
struct Stored {
    batches: Vec<Vec<u8>>,
    leases: LeaseTable,
    /// The fold of what was written, as it is read back.
    fold: Arc<Snapshot>,
    /// Commits that still succeed.
    commits_left: Option<usize>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            workspaces: Arc::default(),
            logs: Arc::default(),
            closed: Arc::default(),
            clock: Arc::new(SystemClock),
            lease_ms: 30_000,
        }
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same content by this clock. A lease lasts `lease_ms` without being renewed, a place in the queue half as long.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>, lease_ms: u64) -> Self {
        self.clock = clock;
        self.lease_ms = lease_ms;
        self
    }

    fn terms(&self) -> Terms<'static> {
        Terms {
            now_ms: self.clock.now_ms(),
            lease_ms: self.lease_ms,
            queue_ms: self.lease_ms / 2,
            alive: &|_| true,
        }
    }

    /// Lets only this many more commits of a workspace succeed, as on a disk that gets full.
    pub fn fail_after(&self, workspace: &str, commits: usize) {
        self.lock()
            .entry(workspace.to_owned())
            .or_default()
            .commits_left = Some(commits);
    }

    /// A store that holds what this one holds now, owned by nobody: as another process finds it after this one was killed.
    #[must_use]
    pub fn after_crash(&self) -> Self {
        let mut workspaces = self.lock().clone();
        for stored in workspaces.values_mut() {
            stored.leases.entries.clear();
            stored.commits_left = None;
        }
        Self {
            workspaces: Arc::new(Mutex::new(workspaces)),
            logs: self.logs.clone(),
            closed: self.closed.clone(),
            clock: self.clock.clone(),
            lease_ms: self.lease_ms,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Stored>> {
        self.workspaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn batches(&self, workspace: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        match self.lock().get(workspace) {
            Some(stored) => Ok(stored.batches.clone()),
            None if workspace == "default" => Ok(Vec::new()),
            None => Err(StoreError::NoWorkspace(workspace.to_owned())),
        }
    }

    fn fold(&self, workspace: &str, up_to: u64) -> Result<Snapshot, StoreError> {
        let mut snapshot = Snapshot::default();
        for bytes in self.batches(workspace)? {
            let batch = decode_batch(&bytes).map_err(|error| error.at(workspace))?;
            if batch.serial > up_to {
                break;
            }
            snapshot.commit_as(batch.serial, &batch.events);
        }
        Ok(snapshot)
    }
}

impl StateStore for MemoryStore {
    fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        let mut names: Vec<_> = self.lock().keys().cloned().collect();
        if !names.iter().any(|name| name == "default") {
            names.push("default".to_owned());
            names.sort();
        }
        Ok(names)
    }

    fn leasing(&self) -> Leasing {
        Leasing::Parts
    }

    fn acquire(&self, workspace: &str, request: &LeaseRequest) -> Result<Attempt, StoreError> {
        crate::check_workspace_name(workspace)?;
        let LeaseRequest {
            holder,
            claim,
            lock,
        } = request;
        let fence = {
            let mut workspaces = self.lock();
            let stored = workspaces.entry(workspace.to_owned()).or_default();
            let lowest = Fence::above(stored.fold.last_op);
            if *lock {
                match stored.leases.attempt(holder, claim, lowest, &self.terms()) {
                    Ok(fence) => fence,
                    Err(waiting) => return Ok(Attempt::Waiting(waiting)),
                }
            } else {
                stored.leases.next_fence(lowest)
            }
        };
        let mut opened = Opened {
            snapshot: Arc::default(),
            store: self.clone(),
            name: workspace.to_owned(),
            lease: Lease {
                holder: holder.clone(),
                claim: if *lock { claim.clone() } else { Claim::whole() },
                fence,
                locked: *lock,
            },
            runs: Runs::default(),
            known: 0,
        };
        opened.refresh()?;
        Ok(Attempt::Granted(Box::new(opened)))
    }

    fn withdraw(&self, workspace: &str, id: &str) -> Result<(), StoreError> {
        if let Some(stored) = self.lock().get_mut(workspace) {
            stored.leases.withdraw(id);
        }
        Ok(())
    }

    fn holders(&self, workspace: &str) -> Result<Vec<Held>, StoreError> {
        let workspaces = self.lock();
        let stored = workspaces.get(workspace);
        Ok(stored.map_or_else(Vec::new, |stored| stored.leases.held(&|_| true)))
    }

    fn force_unlock(&self, workspace: &str, id: &str) -> Result<Holder, StoreError> {
        let mut workspaces = self.lock();
        let stored = workspaces
            .get_mut(workspace)
            .ok_or_else(|| StoreError::NoWorkspace(workspace.to_owned()))?;
        stored.leases.break_lock(id)
    }

    fn read(&self, workspace: &str) -> Result<Arc<Snapshot>, StoreError> {
        match self.lock().get(workspace) {
            Some(stored) => Ok(stored.fold.clone()),
            None if workspace == "default" => Ok(Arc::default()),
            None => Err(StoreError::NoWorkspace(workspace.to_owned())),
        }
    }

    fn history(&self, workspace: &str) -> Result<Vec<Version>, StoreError> {
        let mut history = History::default();
        for bytes in self.batches(workspace)? {
            let batch = decode_batch(&bytes).map_err(|error| error.at(workspace))?;
            history.add(batch.serial, &batch.events);
        }
        Ok(history.into_versions())
    }

    fn read_at(&self, workspace: &str, serial: u64) -> Result<Snapshot, StoreError> {
        self.fold(workspace, serial)
    }

    fn location(&self) -> String {
        "memory".to_owned()
    }

    fn audit(&self) -> Option<&dyn Audit> {
        Some(self)
    }

    fn delete(&self, workspace: &str) -> Result<(), StoreError> {
        crate::check_deletable(workspace)?;
        self.erase(workspace)
    }

    fn erase(&self, workspace: &str) -> Result<(), StoreError> {
        let mut workspaces = self.lock();
        match workspaces.get(workspace) {
            None => Err(StoreError::NoWorkspace(workspace.to_owned())),
            Some(stored) => {
                if let Some(entry) = stored.leases.entries.first() {
                    return Err(StoreError::InUse {
                        path: self.location(),
                        holder: entry.holder.describe(),
                        id: entry.holder.id.to_string(),
                        lasts: false,
                    });
                }
                workspaces.remove(workspace);
                Ok(())
            }
        }
    }
}

impl Audit for MemoryStore {
    fn read(&self, workspace: &str) -> Result<Vec<u8>, StoreError> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(logs.get(workspace).cloned().unwrap_or_default())
    }

    fn change(&self, workspace: &str, change: Change<'_>) -> Result<(), StoreError> {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let text = logs.entry(workspace.to_owned()).or_default();
        let Changed {
            stays,
            added,
            closes,
        } = change(text)?;
        text.truncate(stays);
        if let Some(number) = closes {
            let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
            closed.insert((workspace.to_owned(), number), std::mem::take(text));
        }
        text.extend(added);
        Ok(())
    }

    fn closed(&self, workspace: &str, segment: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(closed.get(&(workspace.to_owned(), segment)).cloned())
    }

    fn logs(&self) -> Result<Vec<String>, StoreError> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(logs.keys().cloned().collect())
    }

    fn secret_or(&self, _workspace: &str, _new: [u8; 32]) -> Result<[u8; 32], StoreError> {
        Ok([7; 32])
    }
}

#[derive(Debug)]
struct Opened {
    store: MemoryStore,
    name: String,
    lease: Lease,
    snapshot: Arc<Snapshot>,
    runs: Runs,
    /// So many batches were looked at.
    known: usize,
}

impl Opened {
    /// Takes note of the runs of others.
    fn look(&mut self, stored: &Stored) -> Result<(), StoreError> {
        for bytes in stored.batches.iter().skip(self.known) {
            let batch = decode_batch(bytes).map_err(|error| error.at(&self.name))?;
            self.runs.seen(&batch.events);
        }
        self.known = stored.batches.len();
        Ok(())
    }

    fn lost(&self) -> StoreError {
        StoreError::LeaseLost {
            path: self.store.location(),
            why: "it ran out, or was taken away".to_owned(),
        }
    }

    fn is_held(&self, stored: &Stored) -> bool {
        let Lease { holder, fence, .. } = &self.lease;
        !self.lease.locked || stored.leases.is_held(&holder.id, *fence)
    }
}

impl Workspace for Opened {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    fn lease(&self) -> &Lease {
        &self.lease
    }

    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        check_covered(&self.lease, &events)?;
        let store = self.store.clone();
        let mut workspaces = store.lock();
        let stored = workspaces.get_mut(&self.name).ok_or_else(|| self.lost())?;
        if !self.is_held(stored) {
            return Err(self.lost());
        }
        self.look(stored)?;
        let events = self.runs.name(events);
        let serial = stored.fold.serial_after(&events);
        let bytes = encode_batch(serial, &events).map_err(crate::wire::WireError::refused)?;
        match &mut stored.commits_left {
            Some(0) => {
                return Err(StoreError::Io {
                    doing: "writing to memory".to_owned(),
                    source: std::io::ErrorKind::StorageFull.into(),
                });
            }
            Some(left) => *left -= 1,
            None => {}
        }
        let batch = decode_batch(&bytes).map_err(|error| error.at(&self.name))?;
        // Not copied, where nobody else looks at it.
        self.snapshot = Arc::default();
        Arc::make_mut(&mut stored.fold).commit_as(serial, &batch.events);
        self.snapshot = stored.fold.clone();
        stored.batches.push(bytes);
        self.known = stored.batches.len();
        self.runs.recorded(&events);
        Ok(())
    }

    fn refresh(&mut self) -> Result<Arc<Snapshot>, StoreError> {
        let store = self.store.clone();
        let workspaces = store.lock();
        if let Some(stored) = workspaces.get(&self.name) {
            self.snapshot = stored.fold.clone();
        }
        Ok(self.snapshot())
    }

    fn renew(&mut self) -> Result<(), StoreError> {
        let Lease { holder, fence, .. } = &self.lease;
        let mut workspaces = self.store.lock();
        let stored = workspaces.get_mut(&self.name);
        let terms = self.store.terms();
        let held = stored.is_some_and(|stored| stored.leases.renew(&holder.id, *fence, &terms));
        if held || !self.lease.locked {
            return Ok(());
        }
        Err(self.lost())
    }

    fn renew_every(&self) -> Option<Duration> {
        self.lease
            .locked
            .then(|| Duration::from_millis(self.store.lease_ms / 3))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(stored) = self.store.lock().get_mut(&self.name) {
            stored.leases.give_back(&self.lease);
        }
    }
}
