//! A memory of what providers need not be asked again, over several commands.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use terrane_plan::memo::{Digest, Memo, Memory};

/// The memory, shared by its clones.
#[derive(Clone, Debug, Default)]
pub struct Recall(Arc<Mutex<Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    digests: BTreeSet<Digest>,
    known: u64,
    made: u64,
}

impl Recall {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls were answered from memory, and how many were made.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let shelf = self.shelf();
        (shelf.known, shelf.made)
    }

    /// Counts a call.
    pub(crate) fn count(&self, known: bool) {
        let mut shelf = self.shelf();
        if known {
            shelf.known += 1;
        } else {
            shelf.made += 1;
        }
    }

    /// What stands before the providers in one command. Plans are kept, too: those of the simulated cloud and of what is built in depend on nothing else.
    pub(crate) fn memo(&self) -> Memo {
        Memo::new(Box::new(self.clone()), [7; 32], true)
    }
}

impl Memory for Recall {
    fn knows(&mut self, digest: &Digest) -> bool {
        self.shelf().digests.contains(digest)
    }

    fn learn(&mut self, digest: Digest) {
        self.shelf().digests.insert(digest);
    }
}
