//! Where snapshots live: the trait that every store implements.
//!
//! A store keeps the events of one workspace (the truth) and can give their fold. It depends on the model only.

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
    /// # Errors
    /// When they could not be made durable; then none of them counts.
    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError>;
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
    #[error("the state in {path} is in use by another process ({holder})")]
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
}
