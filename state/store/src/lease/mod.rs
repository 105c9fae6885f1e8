//! Leases: who may write which part of a state, and until when.
//!
//! A run says what it reads and writes (a [`Claim`]) and asks for a lease on exactly that. Leases that do not get into each other's way are held at the same
//! time; else those who come later wait in a queue, in the order in which they came. A lease has a fence, a number that grows from lease to lease: the store
//! looks at it at each write, so whoever lost the lease can't write any more, whatever it believes. A lease is renewed while its holder works, and one that is
//! not may be taken by the next in the queue.
//!
//! Stores that keep a state as one file lease it as a whole; [`crate::StateStore::leasing`] says so.

mod holder;
pub mod process;
mod table;

pub use holder::{Holder, new_lock_id, registered_user};
pub use table::{Entry, LeaseTable, Stand, Terms};
pub use terrane_model::claim::{Access, Claim, Conflict, Part};

use crate::{StoreError, Workspace};
use ecow::EcoString;

/// What a store can lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leasing {
    /// Parts: runs that do not get into each other's way go on at the same time.
    Parts,
    /// The whole state, to one at a time.
    Whole,
}

/// The number of a lease. Of two leases on the same part, the later one has the greater number.
///
/// A run numbers its operations within a block that belongs to its fence, so that runs that go on at the same time never give out the same number, and the
/// number of an open intent tells whose it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub u64);

impl Fence {
    /// Operations that one run can number: 2^24.
    const BITS: u32 = 24;

    /// The lowest fence that may be given out when the highest operation so far is this one.
    #[must_use]
    pub fn above(last_op: u64) -> Self {
        Self((last_op >> Self::BITS) + 1)
    }

    /// The number before the first one that belongs to this fence: operations count on from here.
    #[must_use]
    pub fn first_op(self) -> u64 {
        self.0 << Self::BITS
    }

    /// Whose operation this is. Operations of old have fence 0, which is never given out.
    #[must_use]
    pub fn of(op: u64) -> Self {
        Self(op >> Self::BITS)
    }
}

/// What is asked of a store by somebody who wants to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRequest {
    /// Who asks. Asking again with the same id keeps the place in the queue.
    pub holder: Holder,
    /// What for. A store that leases only whole states takes it as a claim to all.
    pub claim: Claim,
    /// `false`: without a lease (`-lock=false`). Nobody is kept away, and others are not kept away from writing the same.
    pub lock: bool,
}

impl LeaseRequest {
    /// A lease on the whole state.
    #[must_use]
    pub fn whole(holder: Holder) -> Self {
        Self::parts(holder, Claim::whole())
    }

    /// A lease on parts.
    #[must_use]
    pub fn parts(holder: Holder, claim: Claim) -> Self {
        Self {
            holder,
            claim,
            lock: true,
        }
    }

    /// No lease.
    #[must_use]
    pub fn without_lock(holder: Holder) -> Self {
        Self {
            holder,
            claim: Claim::whole(),
            lock: false,
        }
    }
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Attempt {
    /// It is given, and the workspace is open for writing.
    Granted(Box<dyn Workspace>),
    /// Others are before. Ask again with the same id; or give up the place with [`crate::StateStore::withdraw`].
    Waiting(Waiting),
}

/// What one waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many must be done before: 1, if nobody else waits for the same.
    pub position: usize,
    /// Who holds what is wanted, or waits for it before; at least one. Not always known.
    pub holders: Vec<Holder>,
    /// The first thing that is wanted by both, where the store tells.
    pub about: Option<Conflict>,
    /// Whether the lock stays when its holder dies where nobody can see that, until somebody takes it away.
    pub lasts: bool,
}

impl Waiting {
    /// The error for somebody who does not wait. `path`: where the state is.
    #[must_use]
    pub fn in_use(&self, path: impl Into<String>) -> StoreError {
        StoreError::InUse {
            path: path.into(),
            holder: self.describe(),
            id: self
                .holders
                .first()
                .map_or_else(String::new, |holder| holder.id.to_string()),
            lasts: self.lasts,
        }
    }

    /// Who holds it, for messages.
    #[must_use]
    pub fn describe(&self) -> String {
        let Some((first, rest)) = self.holders.split_first() else {
            return "another process".to_owned();
        };
        match rest.len() {
            0 => first.describe(),
            more => format!("{} and {more} more", first.describe()),
        }
    }
}

/// A lease that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// By whom.
    pub holder: Holder,
    /// On what; where a store leases only whole states, on the whole.
    pub claim: Claim,
    /// Its number.
    pub fence: Fence,
    /// Whether anybody is kept away by it: `false` with `-lock=false`.
    pub locked: bool,
}

/// A lease that somebody holds or waits for, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who.
    pub holder: Holder,
    /// On what.
    pub claim: Claim,
    /// Its number; `None`: it waits.
    pub fence: Option<Fence>,
    /// When it may be taken by somebody else if it is not renewed, in milliseconds since 1970; `None`: never.
    pub expires_ms: Option<u64>,
}

/// The id of a lock as the user gives it to `force-unlock`, cleaned.
#[must_use]
pub fn lock_id(text: &str) -> EcoString {
    text.trim().into()
}
