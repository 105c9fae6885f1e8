//! Where snapshots live: the trait that every store implements.
//!
//! A store keeps the events of one workspace (the truth) and can give their fold. It depends on the model only.
//!
//! Beside the trait, the room holds what stores share: the written forms of events ([`wire`]), the journal file
//! ([`journal`]), state files of the peers ([`statefile`]), and the suite that every store must pass (`conformance`).

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod history;
pub mod journal;
pub mod memory;
pub mod replay;
pub mod seal;
pub mod statefile;
pub mod wire;

pub use history::Version;
pub use memory::MemoryStore;

use std::sync::Arc;
use terrane_model::event::Event;
use terrane_model::snapshot::Snapshot;

/// A folder, bucket or database that keeps the states of one configuration, one per workspace.
pub trait StateStore: Send + Sync + std::fmt::Debug {
    /// Names of the workspaces, sorted; `default` is always among them.
    ///
    /// # Errors
    /// When the store can't be read.
    fn workspaces(&self) -> Result<Vec<String>, StoreError>;

    /// Opens a workspace for reading and writing, making it if it is new.
    ///
    /// # Errors
    /// When the store can't be read or is damaged beyond what the journal can repair.
    fn open(&self, workspace: &str) -> Result<Box<dyn Workspace>, StoreError>;

    /// The state of a workspace as of its last whole record, without owning it: works while another process writes. The state
    /// of `default` is empty before its first write.
    ///
    /// # Errors
    /// When the workspace does not exist, or the store can't be read or is damaged.
    fn read(&self, workspace: &str) -> Result<Arc<Snapshot>, StoreError>;

    /// The runs that changed a workspace, oldest first. Does not own it.
    ///
    /// # Errors
    /// As [`StateStore::read`].
    fn history(&self, workspace: &str) -> Result<Vec<Version>, StoreError>;

    /// The state as it was at a serial (or at the last one before it, where batches were grouped). Does not own it.
    ///
    /// # Errors
    /// As [`StateStore::read`]; and when the history does not go back that far.
    fn read_at(&self, workspace: &str, serial: u64) -> Result<Snapshot, StoreError>;

    /// Where the store is, for messages: `terrane.state`.
    fn location(&self) -> String;

    /// Removes a workspace with its history.
    ///
    /// # Errors
    /// When it does not exist, is `default`, or can't be removed.
    fn delete(&self, workspace: &str) -> Result<(), StoreError>;
}

/// The state of one workspace, opened.
pub trait Workspace: Send + std::fmt::Debug {
    /// The fold of all events so far.
    fn snapshot(&self) -> Arc<Snapshot>;

    /// Makes a batch of events durable, all or none, and folds them in. When this returns `Ok`, they survive a power cut.
    ///
    /// An empty batch does nothing. Pass everything that is ready in one call: a batch costs one write and one sync.
    ///
    /// # Errors
    /// When they could not be made durable; then none of them counts.
    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError>;

    /// Lets go of the workspace, so that others can own it. Dropping it does the same.
    ///
    /// # Errors
    /// When something that can't be made good later went wrong. Everything committed is durable all the same.
    fn close(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading or writing failed.
    #[error("{doing} failed")]
    Io {
        /// What was being done, to what.
        doing: String,
        /// Why.
        source: std::io::Error,
    },
    /// Another process owns the store.
    #[error("the state in {path} is in use by {holder}")]
    InUse {
        /// The folder.
        path: String,
        /// What is known of the holder.
        holder: String,
    },
    /// What is stored can't be understood.
    #[error("{what} is damaged: {problem}")]
    Damaged {
        /// Which file or record.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Written by a later version.
    #[error("{what} has format version {found}; this terrane reads up to {known}")]
    TooNew {
        /// Which file.
        what: String,
        /// Its version.
        found: u64,
        /// The newest known.
        known: u64,
    },
    /// No such workspace.
    #[error("workspace {0:?} does not exist")]
    NoWorkspace(String),
    /// The request makes no sense.
    #[error("{0}")]
    Refused(String),
    /// What is stored is encrypted and can't be opened, or should be and is not, or a key can't be had. Never holds secrets.
    #[error("{0}")]
    Encryption(String),
}

/// Checks the name of a workspace: what can stand in a URL path and in a file name.
///
/// # Errors
/// When the name is empty, longer than 90 bytes, or has characters that peers refuse too.
pub fn check_workspace_name(name: &str) -> Result<(), StoreError> {
    let fits = !name.is_empty()
        && name.len() <= 90
        && name != "."
        && name != ".."
        && name.chars().all(|char| {
            char.is_ascii_alphanumeric()
                || matches!(
                    char,
                    '-' | '_' | '.' | '~' | '$' | '&' | '+' | ':' | '=' | '@'
                )
        });
    if fits {
        Ok(())
    } else {
        Err(StoreError::Refused(format!(
            "`{name}` can't name a workspace: use letters, digits, `-`, `_` and `.`, at most 90 of them"
        )))
    }
}

/// Checks that a workspace may be deleted.
///
/// # Errors
/// When it is `default`.
pub fn check_deletable(name: &str) -> Result<(), StoreError> {
    if name == "default" {
        return Err(StoreError::Refused(
            "the workspace `default` can't be deleted".to_owned(),
        ));
    }
    Ok(())
}
