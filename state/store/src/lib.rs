//! Where snapshots live: the trait that every store implements.
//!
//! A store keeps the events of one workspace (the truth) and can give their fold. It depends on the model only.
//!
//! Beside the trait, the room holds what stores share: the written forms of events ([`wire`]), the journal file
//! ([`journal`]), state files of the peers ([`statefile`]), and the suite that every store must pass (`conformance`).

pub mod audit;
pub mod backend;
pub mod backup;
pub mod chain;
pub mod check;
pub mod clock;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod files;
pub mod fold;
pub mod history;
pub mod journal;
pub mod lease;
pub mod maintain;
pub mod memory;
pub mod pieces;
pub mod replay;
pub mod seal;
pub mod statefile;
pub mod wire;

pub use history::Version;
pub use lease::{Attempt, Held, Lease, LeaseRequest, Leasing};
pub use memory::MemoryStore;

use lease::Holder;
use std::sync::Arc;
use std::time::Duration;
use terrane_model::event::Event;
use terrane_model::snapshot::Snapshot;

/// A folder, bucket or database that keeps the states of one configuration, one per workspace.
pub trait StateStore: Send + Sync + std::fmt::Debug {
    /// Names of the workspaces, sorted; `default` is always among them.
    ///
    /// # Errors
    /// When the store can't be read.
    fn workspaces(&self) -> Result<Vec<String>, StoreError>;

    /// What it can lease.
    fn leasing(&self) -> Leasing;

    /// Asks for a lease on a workspace, and with it the workspace opened for reading and writing, made if it is new. Does not wait: where others are before,
    /// that is answered, and the place in the queue is kept for whoever asks again with the same id before long.
    ///
    /// # Errors
    /// When the store can't be read or is damaged beyond what the journal can repair.
    fn acquire(&self, workspace: &str, request: &LeaseRequest) -> Result<Attempt, StoreError>;

    /// Gives up a place in the queue. Nothing happens where there is none.
    ///
    /// # Errors
    /// When the store can't be written. The place is lost all the same, after a while.
    fn withdraw(&self, workspace: &str, id: &str) -> Result<(), StoreError> {
        let _ = (workspace, id);
        Ok(())
    }

    /// Who holds leases on a workspace or waits for one, in the order in which they came; those whose process is known to be gone are left out.
    /// Empty where the workspace does not exist.
    ///
    /// # Errors
    /// When the store can't be read.
    fn holders(&self, workspace: &str) -> Result<Vec<Held>, StoreError>;

    /// Takes a lease away from its holder, who can't write from then on. Returns whose it was.
    ///
    /// # Errors
    /// `Refused`, when there is no lock with this id: the message names those that are there. When the store can't be written.
    fn force_unlock(&self, workspace: &str, id: &str) -> Result<Holder, StoreError>;

    /// Opens a workspace with a lease on all of it, without waiting.
    ///
    /// # Errors
    /// `InUse`, where others are before; and as [`StateStore::acquire`].
    fn open(&self, workspace: &str) -> Result<Box<dyn Workspace>, StoreError> {
        let request = LeaseRequest::whole(Holder::this_process("open"));
        match self.acquire(workspace, &request)? {
            Attempt::Granted(workspace) => Ok(workspace),
            Attempt::Waiting(waiting) => {
                self.withdraw(workspace, &request.holder.id)?;
                Err(waiting.in_use(self.location()))
            }
        }
    }

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

    /// All versions whose state [`StateStore::read_at`] gives: those of [`StateStore::history`], and those that the place keeps by means of its own,
    /// whoever wrote them. Oldest first. Does not own it.
    ///
    /// # Errors
    /// As [`StateStore::read`].
    fn versions(&self, workspace: &str) -> Result<Vec<Version>, StoreError> {
        self.history(workspace)
    }

    /// The state as it was at a serial (or at the last one before it, where batches were grouped). Does not own it.
    ///
    /// # Errors
    /// As [`StateStore::read`]; and when the history does not go back that far.
    fn read_at(&self, workspace: &str, serial: u64) -> Result<Snapshot, StoreError>;

    /// Where the store is, for messages: `terrane.state`.
    fn location(&self) -> String;

    /// Where the state of a workspace is, for messages: the file, where each has one of its own.
    fn location_of(&self, _workspace: &str) -> String {
        self.location()
    }

    /// Removes a workspace with its history.
    ///
    /// # Errors
    /// When it does not exist, is `default`, is in use, or can't be removed.
    fn delete(&self, workspace: &str) -> Result<(), StoreError>;

    /// Removes a workspace with its history as if it had never been written, `default` too: for whoever made it a moment ago and takes that back.
    ///
    /// # Errors
    /// When it does not exist, is in use, or can't be removed.
    fn erase(&self, workspace: &str) -> Result<(), StoreError> {
        self.delete(workspace)
    }

    /// Where its audit logs are, if it keeps any. Without, gates can't be used: it could not be known what was used up.
    fn audit(&self) -> Option<&dyn audit::Audit> {
        None
    }

    /// What can be done to the store beside that, if anything.
    fn maintain(&self) -> Option<&dyn maintain::Maintain> {
        None
    }
}

/// The state of one workspace, opened.
pub trait Workspace: Send + std::fmt::Debug {
    /// The fold of all events so far: own ones, and those of others as of the last [`Workspace::commit`] or [`Workspace::refresh`].
    fn snapshot(&self) -> Arc<Snapshot>;

    /// The lease under which it is open.
    fn lease(&self) -> &Lease;

    /// Makes a batch of events durable, all or none, and folds them in. When this returns `Ok`, they survive a power cut.
    ///
    /// An empty batch does nothing. Pass everything that is ready in one call: a batch costs one write and one sync. What others have committed
    /// meanwhile is folded in before.
    ///
    /// # Errors
    /// When they could not be made durable; then none of them counts. `LeaseLost`, when the lease is not held any more. `Refused`, when an event
    /// changes what the lease does not have for writing.
    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError>;

    /// Folds in what others have committed meanwhile. Where nobody else can, that is nothing.
    ///
    /// # Errors
    /// When it can't be read.
    fn refresh(&mut self) -> Result<Arc<Snapshot>, StoreError> {
        Ok(self.snapshot())
    }

    /// Says that the holder is still there, so that the lease does not run out. To be called again after [`Workspace::renew_every`] at the latest.
    ///
    /// # Errors
    /// `LeaseLost`, when it is not held any more. Other errors may pass: it is held until it is lost.
    fn renew(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// How often the lease must be renewed; `None`: never.
    fn renew_every(&self) -> Option<Duration> {
        None
    }

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
        /// The id of the lock, for `force-unlock`; empty if it is not known.
        id: String,
        /// Whether the lock stays when its holder dies where nobody can see that.
        lasts: bool,
    },
    /// The lease under which was written is not held any more: it ran out or was taken away. Nothing was written.
    #[error("the lease on the state in {path} is lost: {why}")]
    LeaseLost {
        /// Where the state is.
        path: String,
        /// How that came, as far as it is known.
        why: String,
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

impl StoreError {
    /// Names what can't be opened, where that is not the state itself but something kept beside it.
    #[must_use]
    pub fn beside_the_state(self, what: impl std::fmt::Display) -> Self {
        match self {
            Self::Encryption(why) => Self::Encryption(format!("{what} can't be read: {why}")),
            other => other,
        }
    }

    /// A batch was refused, because an event changes what the lease does not have for writing.
    #[must_use]
    pub fn not_leased(what: &lease::Conflict) -> Self {
        Self::Refused(format!(
            "{what} was to be changed without a lease on it, so nothing was written; this is a bug in terrane, please report it"
        ))
    }
}

/// Checks that a lease covers a batch of events.
///
/// # Errors
/// `Refused`, when it does not.
pub fn check_covered(lease: &Lease, events: &[Event]) -> Result<(), StoreError> {
    let mut uncovered = events
        .iter()
        .filter_map(|event| lease.claim.uncovered(&event.kind));
    match uncovered.next() {
        Some(what) if lease.locked => Err(StoreError::not_leased(&what)),
        _ => Ok(()),
    }
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
