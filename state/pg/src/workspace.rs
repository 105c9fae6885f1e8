//! A workspace that is open for writing.

use crate::rows::delta;
use crate::runtime::wait_for;
use crate::sealing::Sealing;
use crate::session::{RENEW, Session};
use crate::store::PgStore;
use crate::tables::{Batch, Run, Written, tell};
use std::sync::Arc;
use std::time::Duration;
use terrane_model::event::Event;
use terrane_model::snapshot::Snapshot;
use terrane_store::seal::Identity;
use terrane_store::statefile::{self, WriteOptions};
use terrane_store::wire::{WireError, decode_batch, encode_batch};
use terrane_store::{Lease, StoreError, Workspace, check_covered};
use uuid::Uuid;

/// A checkpoint is made when the journal has grown by so many times the size of the state since the last one.
const CHECKPOINT_RATIO: i64 = 4;
/// And by no fewer bytes than these.
const CHECKPOINT_AT: u64 = 1 << 20;

/// An open workspace.
#[derive(Debug)]
pub(crate) struct Opened {
    store: PgStore,
    session: Arc<Session>,
    lease: Lease,
    snapshot: Arc<Snapshot>,
    /// What the journal says of batches.
    run: Run,
    /// The serial that the peers' line is made of.
    mirrored: u64,
    /// Whether that line is to be written whatever it is made of.
    stale_line: bool,
    /// How much the journal has grown since the last checkpoint.
    growth: u64,
    is_open: bool,
}

impl Opened {
    pub(crate) fn new(
        store: PgStore,
        session: Arc<Session>,
        lease: Lease,
        snapshot: Snapshot,
        mirrored: u64,
        growth: u64,
    ) -> Self {
        Self {
            store,
            session,
            lease,
            snapshot: Arc::new(snapshot),
            run: Run::default(),
            mirrored,
            stale_line: false,
            growth,
            is_open: true,
        }
    }

    /// Whether the rows have what the peers' line does not.
    pub(crate) fn is_ahead(&self) -> bool {
        self.snapshot.serial > self.mirrored
    }

    /// Has the peers' line written at the end, whether anything changes or not.
    pub(crate) fn write_line_anew(&mut self) {
        self.stale_line = true;
    }

    /// Asks what others have recorded before a serial, and folds it in.
    fn catch_up(&mut self, before: u64) -> Result<(), StoreError> {
        let session = Arc::clone(&self.session);
        let from = self.snapshot.serial;
        let mut batches = wait_for(async move { session.since(from).await })?;
        batches.retain(|(serial, _)| *serial < before);
        self.fold(batches)
    }

    fn fold(&mut self, batches: Vec<(u64, Vec<u8>)>) -> Result<(), StoreError> {
        let place = format!("the journal of workspace {:?}", self.session.name);
        for (serial, data) in batches {
            let plain = self.session.tables.sealing.unseal(data)?;
            let batch = decode_batch(&plain).map_err(|error| error.at(place.clone()))?;
            Arc::make_mut(&mut self.snapshot).commit_as(serial, &batch.events);
        }
        Ok(())
    }

    /// Records a batch, whatever the lease.
    pub(crate) fn record(&mut self, events: &[Event]) -> Result<(), StoreError> {
        let guess = self.snapshot.serial_after(events);
        let sealing = &self.session.tables.sealing;
        let data = sealing.seal(encode_batch(guess, events).map_err(WireError::refused)?)?;
        let delta = delta(&self.snapshot, events, guess, sealing)?;
        let (starts, at_ms, changes) = tell(events, &mut self.run);
        let floor = if delta.clear { guess } else { 0 };
        self.growth += data.len() as u64;
        let batch = Batch {
            id: Uuid::new_v4(),
            delta,
            known: self.snapshot.serial,
            floor,
            run: self.run.clone(),
            starts,
            at_ms,
            changes,
            data,
        };
        let session = Arc::clone(&self.session);
        let Written { serial, others } = wait_for(async move { session.write(&batch).await })?;
        if !others.is_empty() {
            self.fold(others)?;
        } else if serial > self.snapshot.serial + 1 && serial != guess {
            self.catch_up(serial)?;
        }
        Arc::make_mut(&mut self.snapshot).commit_as(serial, events);
        Ok(())
    }

    /// Writes the peers' line, where there is one and it is behind.
    fn mirror(&mut self) -> Result<(), StoreError> {
        let serial = self.snapshot.serial;
        if !self.session.mirrors || (serial == self.mirrored && !self.stale_line) {
            return Ok(());
        }
        let text = state_text(&self.session.tables.sealing, &self.snapshot)?;
        let session = Arc::clone(&self.session);
        wait_for(async move { session.mirror(serial, &text).await })?;
        self.mirrored = serial;
        self.stale_line = false;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        if !std::mem::replace(&mut self.is_open, false) {
            return Ok(());
        }
        let mirrored = self.mirror();
        let session = Arc::clone(&self.session);
        let with_checkpoint = self.growth >= CHECKPOINT_AT;
        let ended = wait_for(async move {
            if with_checkpoint {
                session.checkpoint(CHECKPOINT_RATIO).await;
            }
            session.end().await
        });
        if with_checkpoint {
            // A history that is longer than it is to be is no error; the next one who closes tries again.
            drop(self.store.follow_policy(&self.session.name));
        }
        mirrored.and(ended)
    }
}

/// The state as the peers' line holds it.
pub(crate) fn state_text(sealing: &Sealing, snapshot: &Snapshot) -> Result<String, StoreError> {
    let text = statefile::write(snapshot, &WriteOptions::default())?;
    if !sealing.encrypts() {
        return Ok(text);
    }
    let identity = Identity {
        lineage: &snapshot.lineage,
        serial: snapshot.serial,
    };
    let sealed = sealing.inner().seal(text.as_bytes(), Some(identity))?;
    String::from_utf8(sealed).map_err(|_| {
        StoreError::Refused("what the encryption gives is not text, and the table of the peers holds text; use the layout `rows`".to_owned())
    })
}

impl Workspace for Opened {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    fn lease(&self) -> &Lease {
        &self.lease
    }

    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        check_covered(&self.lease, &events)?;
        self.record(&events)?;
        let session = Arc::clone(&self.session);
        if session.mirrors && wait_for(async move { Ok(session.is_mirror_due().await) })? {
            // The journal has it all: what goes wrong here is told at the end.
            drop(self.mirror());
        }
        Ok(())
    }

    fn refresh(&mut self) -> Result<Arc<Snapshot>, StoreError> {
        self.catch_up(u64::MAX)?;
        Ok(self.snapshot())
    }

    fn renew(&mut self) -> Result<(), StoreError> {
        let session = Arc::clone(&self.session);
        wait_for(async move { session.renew().await })
    }

    fn renew_every(&self) -> Option<Duration> {
        self.lease.locked.then_some(RENEW)
    }

    fn close(mut self: Box<Self>) -> Result<(), StoreError> {
        self.finish()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // Everything committed is durable; what could not be brought to an end is made good by the next opening.
        drop(self.finish());
    }
}
