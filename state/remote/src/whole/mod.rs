//! What stores have in common that keep a state as one file.
//!
//! ```text
//! commit ──▶ journal on this machine (one append, one sync: then it counts)
//!               ├──▶ shipped beside the state, in groups, where the place can hold more than state files
//!               └──▶ the state file: at close, and from time to time
//! ```
//!
//! The state file is what everybody reads, the peers too; the journal knows more (open intents, history) and is ahead of it while a run
//! goes on and after a crash. A [`Mark`](desk::Mark) says which bytes of the state file stand for which point of the journal. So whoever opens
//! the state can tell:
//!
//! 1. the file is the one that we wrote last: the journal goes on from it, and what the file lacks is taken from there;
//! 2. somebody else wrote it since, and nothing of ours is missing in it: their state is taken over, as one change;
//! 3. somebody else wrote it since, and something of ours is missing: nothing is guessed. What we have is kept as a file, and the user is told.

mod audit;
mod decide;
pub(crate) mod desk;
mod fsck;
pub(crate) mod kept;
mod maintain;
mod opened;
mod recover;
mod renew;
pub(crate) mod ship;
mod store;

pub(crate) use recover::digest;
pub(crate) use renew::Renewal;
pub(crate) use store::WholeFileStore;

use kept::{Kept, Note};
use std::fmt::Debug;
use std::path::PathBuf;
use terrane_store::StoreError;
use terrane_store::audit::FileLog;
use terrane_store::lease::Holder;
use terrane_store::maintain::Finding;

/// Bytes that a place holds, and what tells them from later ones where the place can do that.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) bytes: Vec<u8>,
    pub(crate) tag: Tag,
}

/// Names a version of a file: the ETag. `None` where the place has no such thing, and for a file that does not exist.
pub(crate) type Tag = Option<String>;

/// Where whole files are kept, one for each workspace.
pub(crate) trait Place: Send + Sync + Debug {
    /// Where it is, for messages.
    fn location(&self) -> String;

    /// Where the state of a workspace is, for messages and lock infos.
    fn name(&self, workspace: &str) -> String;

    /// Whether it can hold other workspaces than `default`.
    fn has_workspaces(&self) -> bool {
        true
    }

    /// Whether a file that is being written can be seen half written.
    fn writes_in_place(&self) -> bool {
        false
    }

    /// Where the journal of a workspace is kept on this machine.
    fn desk(&self, workspace: &str) -> PathBuf;

    /// Workspaces of which there is a state.
    fn list(&self) -> Result<Vec<String>, StoreError>;

    /// The audit log of a workspace, if there is a place for one that all who use the state share.
    fn audit_log(&self, workspace: &str) -> Option<FileLog> {
        let _ = workspace;
        None
    }

    /// Workspaces that have one, deleted ones too. Sorted.
    fn audit_logs(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    /// Whether what a state file must be is noted beside it, so that one that was written and not noted yet is refused.
    fn notes_digests(&self) -> bool {
        false
    }

    /// The state file, without a lock. `begun`: digests of files that a run of ours was about to write; they count, whatever is noted beside the file.
    fn get(&self, workspace: &str, begun: &[String]) -> Result<Option<Stored>, StoreError>;

    /// Versions of the state file that the place keeps, oldest first, without a lock.
    fn kept(&self, workspace: &str) -> Result<Vec<Kept>, StoreError> {
        let _ = workspace;
        Ok(Vec::new())
    }

    /// One of them.
    fn get_kept(&self, workspace: &str, id: &str) -> Result<Option<Stored>, StoreError> {
        let _ = (workspace, id);
        Ok(None)
    }

    /// Locks a workspace.
    fn lock(&self, workspace: &str, info: &Holder) -> Result<LockOutcome, StoreError>;

    /// Whether it locks at all, as it is set up.
    fn locks(&self) -> bool {
        true
    }

    /// Whether a lock stays when the process that took it is gone. Where the system gives it back, one that is held is held by somebody who lives, whatever is
    /// written beside it.
    fn locks_outlive_processes(&self) -> bool {
        true
    }

    /// Whether a lock stays when its holder dies where nobody can see that, until somebody takes it away. `None`: it is not known who holds it.
    fn lasts(&self, holder: Option<&Holder>) -> bool {
        let _ = holder;
        false
    }

    /// Opens a workspace without locking it.
    fn without_lock(&self, workspace: &str) -> Box<dyn Held>;

    /// Takes a lock away from whoever holds it, if it has this id.
    fn break_lock(&self, workspace: &str, id: &str) -> Result<(), StoreError>;

    /// Whether it can be asked who holds a lock.
    fn tells_holder(&self) -> bool {
        true
    }

    /// Who holds the lock.
    fn holder(&self, workspace: &str) -> Result<Option<Holder>, StoreError>;

    /// Removes the state file, which is locked by the caller.
    fn delete(&self, workspace: &str) -> Result<(), StoreError>;

    /// What is wrong with the place itself, so that the state file can't be read. `repair`: it is mended; the caller has the lock.
    fn inspect(&self, workspace: &str, repair: bool) -> Result<Option<Finding>, StoreError> {
        let _ = (workspace, repair);
        Ok(None)
    }

    /// Removes what is left of a workspace whose state was removed.
    fn clean_up(&self, workspace: &str) {
        let _ = workspace;
    }

    /// The place beside a state file for a shipped journal, if there can be one. `lock`: nothing is written there unless this lock is held.
    fn side(&self, workspace: &str, lock: Option<&str>) -> Option<Box<dyn Side>> {
        let _ = (workspace, lock);
        None
    }

    /// The lock with this id as one that must be renewed; `None`: it lasts until it is given back.
    fn renewal(&self, workspace: &str, lock: &str) -> Option<Box<dyn Renewal>> {
        let _ = (workspace, lock);
        None
    }

    /// How often the state file is written while a run goes on, in milliseconds; `None`: at close only.
    fn write_every_ms(&self) -> Option<u64> {
        None
    }
}

/// What came of trying to lock.
#[derive(Debug)]
pub(crate) enum LockOutcome {
    /// It is locked.
    Locked(Box<dyn Held>),
    /// Somebody else has it. Not always known who.
    HeldBy(Option<Holder>),
}

/// A workspace that is locked, or is to be written without a lock.
pub(crate) trait Held: Send + Debug {
    /// The state file. `begun`: as in [`Place::get`]; what is noted beside such a file is put right.
    fn get(&mut self, begun: &[String]) -> Result<Option<Stored>, StoreError>;

    /// Puts a state file in place of the one with this tag. Where the place can tell, nothing is written if it is another one by now. Where it keeps versions, the
    /// note stands beside this one.
    fn put(&mut self, bytes: &[u8], expected: &Tag, note: &Note) -> Result<Tag, StoreError>;

    /// Whether the lock is still held; `None`: that can't be asked.
    fn is_held(&mut self) -> Result<Option<bool>, StoreError>;

    /// Keeps a copy of the state file as it was before a run first writes, where that is the custom.
    fn back_up(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let _ = bytes;
        Ok(())
    }

    /// Gives the lock back.
    fn unlock(self: Box<Self>) -> Result<(), StoreError>;
}

/// One object beside a state file. Writes are conditional, so that of two writers one notices.
pub(crate) trait Side: Send + Debug {
    /// What it holds.
    fn get(&mut self) -> Result<Option<Stored>, StoreError>;

    /// Puts bytes in place of those with this tag (`None`: there is nothing yet).
    ///
    /// # Errors
    /// `LostRace` if it has another one.
    fn put(&mut self, bytes: Vec<u8>, expected: &Tag) -> Result<Tag, SideError>;

    /// Removes it, if it has this tag.
    fn delete(&mut self, expected: &Tag) -> Result<(), SideError>;

    /// Where it is, for messages.
    fn name(&self) -> String;
}

/// Why an object beside a state file was not written.
#[derive(Debug)]
pub(crate) enum SideError {
    /// Somebody else wrote it.
    LostRace,
    /// It may work later.
    Store(StoreError),
}
