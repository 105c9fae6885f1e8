//! The embedded store: a folder with a journal per workspace, which is the truth, and a sled index of its fold.
//!
//! * A commit is one append to the journal and one `fdatasync`. Only then it counts, and is folded in memory.
//! * The index holds a row per resource instance and a head. It is written in groups and at close, never synced in a commit, and
//!   believed only where it fits the journal. When it is missing, behind, of another format or damaged, the journal makes good for it.
//! * The fold of the journal lies beside it in one file for those who only read, believed only where it fits, too. Where the journal is short, it is all
//!   there is: there is no index.
//! * Several processes may have a workspace open, each with a lease on what it reads and writes. The lease is looked at before each append, under a
//!   short lock. A process that ends, however it ends, holds nothing any more. Others may read, up to the last whole record.
//!
//! Files and their rules: `docs/formats/journal.md`.

mod audit;
mod backup;
mod fold;
mod fsck;
mod index;
mod layout;
mod leases;
mod lock;
mod maintain;
mod read;
mod replace;
mod reseal;
mod short;
mod tenure;
mod touched;
mod workspace;

use crate::layout::Layout;
use crate::lock::Lock;
use crate::tenure::{Asked, Shared, ask};
use std::path::PathBuf;
use std::sync::Arc;
use terrane_model::snapshot::Snapshot;
use terrane_store::clock::Clock;
use terrane_store::lease::{Attempt, Held, Holder, LeaseRequest, Leasing};
use terrane_store::maintain::Maintain;
use terrane_store::seal::Seal;
use terrane_store::{StateStore, StoreError, Version, check_deletable, check_workspace_name};

/// The name that the folder has by custom, beside the configuration.
pub const FOLDER: &str = "terrane.state";

/// When the store does what costs more than a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The index is written when the journal has grown by so many bytes since (and at close).
    pub index_every: u64,
    /// A journal shorter than this has no index: its fold stands for it, written at each close. (Where records are encrypted there is no fold, and always an index.)
    pub index_from: u64,
    /// A journal shorter than this is never compacted.
    pub compact_at: u64,
    /// A journal is compacted when it is this many times as long as its fold.
    pub compact_ratio: u64,
    /// Who opens a journal that is longer than this begins with its fold. A shorter one is read whole, so that damage anywhere in it is seen.
    pub fold_from: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            index_every: 4 << 20,
            index_from: 16 << 20,
            compact_at: 16 << 20,
            compact_ratio: 4,
            fold_from: 256 << 10,
        }
    }
}

/// The embedded store in a folder. Making one touches no file; the folder is made when the first workspace is opened.
#[derive(Clone, Debug)]
pub struct SledStore {
    layout: Layout,
    settings: Settings,
    shared: Shared,
}

impl SledStore {
    /// The store in this folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::with_settings(folder, Settings::default())
    }

    /// The same with other settings.
    #[must_use]
    pub fn with_settings(folder: impl Into<PathBuf>, settings: Settings) -> Self {
        Self {
            layout: Layout::new(folder.into()),
            settings,
            shared: Shared::default(),
        }
    }

    /// The same with leases that last so long without being renewed (and places in the queue half as long), by this clock.
    #[must_use]
    pub fn leasing_for(mut self, lease_ms: u64, clock: Arc<dyn Clock>) -> Self {
        self.shared.lease_ms = lease_ms;
        self.shared.clock = clock;
        self
    }

    /// The same with records and rows sealed. What was written otherwise is read as far as `seal` opens it, and written anew when a workspace is
    /// next opened for writing.
    #[must_use]
    pub fn sealed(mut self, seal: Arc<dyn Seal>) -> Self {
        self.layout.sealed(seal);
        self
    }

    /// The journal of a workspace: for backups and tests.
    #[must_use]
    pub fn journal_path(&self, workspace: &str) -> PathBuf {
        self.layout.place(workspace).journal()
    }
}

impl StateStore for SledStore {
    fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        self.layout.check_format()?;
        self.layout.workspaces()
    }

    fn leasing(&self) -> Leasing {
        Leasing::Parts
    }

    fn acquire(&self, workspace: &str, request: &LeaseRequest) -> Result<Attempt, StoreError> {
        check_workspace_name(workspace)?;
        self.layout.check_format()?;
        let place = self.layout.make(workspace)?;
        match ask(&place, &self.shared, request)? {
            Asked::Waiting(waiting) => Ok(Attempt::Waiting(waiting)),
            Asked::Granted(tenure, short) => {
                let journal = workspace::open_journal(&place)?;
                drop(short);
                let opened = workspace::Opened::open(place, self.settings, tenure, journal)?;
                Ok(Attempt::Granted(Box::new(opened)))
            }
        }
    }

    fn withdraw(&self, workspace: &str, id: &str) -> Result<(), StoreError> {
        check_workspace_name(workspace)?;
        self.shared.withdraw(&self.layout.place(workspace), id)
    }

    fn holders(&self, workspace: &str) -> Result<Vec<Held>, StoreError> {
        check_workspace_name(workspace)?;
        self.layout.check_format()?;
        let place = self.layout.place(workspace);
        Ok(leases::peek(&place)?.held(&|id| leases::is_alive(&place, id)))
    }

    fn force_unlock(&self, workspace: &str, id: &str) -> Result<Holder, StoreError> {
        check_workspace_name(workspace)?;
        self.layout.check_format()?;
        tenure::break_lock(&self.layout.place(workspace), &self.shared, id)
    }

    fn read(&self, workspace: &str) -> Result<Arc<Snapshot>, StoreError> {
        self.layout.check_format()?;
        read::state(&self.layout, workspace, self.settings.fold_from).map(Arc::new)
    }

    fn history(&self, workspace: &str) -> Result<Vec<Version>, StoreError> {
        self.layout.check_format()?;
        read::history(&self.layout, workspace)
    }

    fn read_at(&self, workspace: &str, serial: u64) -> Result<Snapshot, StoreError> {
        self.layout.check_format()?;
        read::fold_at(&self.layout, workspace, serial)
    }

    fn location(&self) -> String {
        self.layout.root().display().to_string()
    }

    fn delete(&self, workspace: &str) -> Result<(), StoreError> {
        check_deletable(workspace)?;
        self.erase(workspace)
    }

    fn erase(&self, workspace: &str) -> Result<(), StoreError> {
        self.layout.check_format()?;
        let place = self.layout.place(workspace);
        if !place.exists() {
            return Err(StoreError::NoWorkspace(workspace.to_owned()));
        }
        let lock = Lock::own(&place, "delete")?;
        self.layout.remove(&place)?;
        drop(lock);
        Ok(())
    }

    fn audit(&self) -> Option<&dyn terrane_store::audit::Audit> {
        Some(self)
    }

    fn maintain(&self) -> Option<&dyn Maintain> {
        Some(self)
    }
}
