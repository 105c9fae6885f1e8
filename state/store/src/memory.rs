//! A store in memory, for tests and simulations. It keeps written forms, so that it forgets and refuses what a real one would.

use crate::history::History;
use crate::wire::{decode_batch, encode_batch};
use crate::{StateStore, StoreError, Version, Workspace};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use terrane_model::event::Event;
use terrane_model::snapshot::Snapshot;

/// A store in memory. Clones share their content.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    workspaces: Arc<Mutex<BTreeMap<String, Stored>>>,
}

#[derive(Clone, Debug, Default)]
struct Stored {
    batches: Vec<Vec<u8>>,
    owned: bool,
    /// Commits that still succeed.
    commits_left: Option<usize>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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
            stored.owned = false;
            stored.commits_left = None;
        }
        Self {
            workspaces: Arc::new(Mutex::new(workspaces)),
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

    fn open(&self, workspace: &str) -> Result<Box<dyn Workspace>, StoreError> {
        crate::check_workspace_name(workspace)?;
        {
            let mut workspaces = self.lock();
            let stored = workspaces.entry(workspace.to_owned()).or_default();
            if stored.owned {
                return Err(StoreError::InUse {
                    path: "memory".to_owned(),
                    holder: "this very process".to_owned(),
                });
            }
            stored.owned = true;
        }
        Ok(Box::new(Opened {
            snapshot: Arc::new(self.fold(workspace, u64::MAX)?),
            store: self.clone(),
            name: workspace.to_owned(),
        }))
    }

    fn read(&self, workspace: &str) -> Result<Arc<Snapshot>, StoreError> {
        self.fold(workspace, u64::MAX).map(Arc::new)
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

    fn delete(&self, workspace: &str) -> Result<(), StoreError> {
        crate::check_deletable(workspace)?;
        self.erase(workspace)
    }

    fn erase(&self, workspace: &str) -> Result<(), StoreError> {
        let mut workspaces = self.lock();
        match workspaces.get(workspace) {
            None => Err(StoreError::NoWorkspace(workspace.to_owned())),
            Some(stored) if stored.owned => Err(StoreError::InUse {
                path: "memory".to_owned(),
                holder: "this very process".to_owned(),
            }),
            Some(_) => {
                workspaces.remove(workspace);
                Ok(())
            }
        }
    }
}

#[derive(Debug)]
struct Opened {
    store: MemoryStore,
    name: String,
    snapshot: Arc<Snapshot>,
}

impl Workspace for Opened {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let serial = self.snapshot.serial_after(&events);
        let bytes = encode_batch(serial, &events).map_err(crate::wire::WireError::refused)?;
        {
            let mut workspaces = self.store.lock();
            let stored = workspaces.entry(self.name.clone()).or_default();
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
            stored.batches.push(bytes);
        }
        Arc::make_mut(&mut self.snapshot).commit_as(serial, &events);
        Ok(())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(stored) = self.store.lock().get_mut(&self.name) {
            stored.owned = false;
        }
    }
}
