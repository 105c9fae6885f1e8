//! The embedded store: a folder with a journal per workspace, which is the truth, and a sled index of its fold.
//!
//! * A commit is one append to the journal and one `fdatasync`. Only then it counts, and is folded in memory.
//! * The index holds a row per resource instance and a head. It is written in groups and at close, never synced in a commit, and
//!   believed only where it fits the journal. When it is missing, behind, of another format or damaged, the journal makes good for it.
//! * One process owns a workspace, by an advisory lock that the system releases when the process ends, however it ends. Others may
//!   read, up to the last whole record.
//!
//! Files and their rules: `docs/formats/journal.md`.

mod backup;
mod fsck;
mod index;
mod layout;
mod lock;
mod maintain;
mod prune;
mod read;
mod touched;
mod workspace;

use crate::layout::Layout;
use crate::lock::Lock;
use std::path::PathBuf;
use std::sync::Arc;
use terrane_model::snapshot::Snapshot;
use terrane_store::lease::{Attempt, Claim, Held, Holder, LeaseRequest, Leasing, Waiting};
use terrane_store::maintain::Maintain;
use terrane_store::{StateStore, StoreError, Version, check_deletable, check_workspace_name};

/// The name that the folder has by custom, beside the configuration.
pub const FOLDER: &str = "terrane.state";

/// When the store does what costs more than a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The index is written when the journal has grown by so many bytes since (and at close).
    pub index_every: u64,
    /// A journal shorter than this is never compacted.
    pub compact_at: u64,
    /// A journal is compacted when it is this many times as long as its fold.
    pub compact_ratio: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            index_every: 4 << 20,
            compact_at: 16 << 20,
            compact_ratio: 4,
        }
    }
}

/// The embedded store in a folder. Making one touches no file; the folder is made when the first workspace is opened.
#[derive(Clone, Debug)]
pub struct SledStore {
    layout: Layout,
    settings: Settings,
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
        }
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
        Leasing::Whole
    }

    fn acquire(&self, workspace: &str, request: &LeaseRequest) -> Result<Attempt, StoreError> {
        check_workspace_name(workspace)?;
        self.layout.check_format()?;
        let place = self.layout.make(workspace)?;
        let lock = match Lock::take(&place, &request.holder)? {
            Ok(lock) => lock,
            Err(holder) => {
                return Ok(Attempt::Waiting(Waiting {
                    position: 1,
                    holders: holder.into_iter().collect(),
                    about: None,
                }));
            }
        };
        let opened = workspace::Opened::open(place, self.settings, lock, &request.holder)?;
        Ok(Attempt::Granted(Box::new(opened)))
    }

    fn holders(&self, workspace: &str) -> Result<Vec<Held>, StoreError> {
        check_workspace_name(workspace)?;
        let holder = lock::holder(&self.layout.place(workspace));
        Ok(holder
            .map(|holder| Held {
                holder,
                claim: Claim::whole(),
                fence: None,
                expires_ms: None,
            })
            .into_iter()
            .collect())
    }

    fn force_unlock(&self, workspace: &str, id: &str) -> Result<Holder, StoreError> {
        let holders = self.holders(workspace)?;
        Err(StoreError::Refused(match holders.first() {
            None => format!("there is no lock with the id {id:?}: the state is not locked"),
            Some(held) => format!(
                "the state is in use by {}; its lock ends with the process that holds it",
                held.holder.describe()
            ),
        }))
    }

    fn read(&self, workspace: &str) -> Result<Arc<Snapshot>, StoreError> {
        self.layout.check_format()?;
        read::fold(&self.layout, workspace).map(Arc::new)
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

    fn maintain(&self) -> Option<&dyn Maintain> {
        Some(self)
    }
}
