//! What is durable.

use std::sync::Arc;
use terrane_model::claim::Claim;
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;

/// A store in memory: the journal, and its fold.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// Every batch.
    pub journal: Vec<Vec<Event>>,
    snapshot: Arc<Snapshot>,
    /// Commits fail after so many more.
    pub fails_after: Option<u64>,
    /// The lease of whoever commits; `None`: on everything.
    pub claim: Option<Arc<Claim>>,
}

impl Store {
    /// Makes a batch durable.
    ///
    /// # Errors
    /// When the store is broken.
    ///
    /// # Panics
    /// When something is changed that is not claimed: a lease was too narrow.
    pub fn commit(&mut self, batch: Vec<Event>) -> Result<(), String> {
        if let Some(claim) = &self.claim {
            let uncovered = batch.iter().find_map(|event| claim.uncovered(&event.kind));
            assert!(
                uncovered.is_none(),
                "{uncovered:?} is changed and not claimed: {batch:?}"
            );
        }
        match &mut self.fails_after {
            Some(0) => return Err("no space left on device".to_owned()),
            Some(more) => *more -= 1,
            None => {}
        }
        if !batch.is_empty() {
            Arc::make_mut(&mut self.snapshot).commit(&batch);
            self.journal.push(batch);
        }
        Ok(())
    }

    /// Makes events durable that have no time.
    pub fn record(&mut self, kinds: Vec<EventKind>) {
        let events = kinds.into_iter().map(|kind| Event { at_ms: 0, kind });
        // A broken store loses them, as it would any other.
        drop(self.commit(events.collect()));
    }

    /// The state.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.clone()
    }

    /// The state as it was at a serial.
    #[must_use]
    pub fn at(&self, serial: u64) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for batch in &self.journal {
            if snapshot.serial_after(batch) > serial {
                break;
            }
            snapshot.commit(batch);
        }
        snapshot
    }

    /// The state as it comes out of the journal alone.
    #[must_use]
    pub fn replayed(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for batch in &self.journal {
            snapshot.commit(batch);
        }
        snapshot
    }
}
