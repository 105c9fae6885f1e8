//! Looking after a state that is kept as one file: what its journals on this machine make possible.

use super::desk::{Mark, Marks};
use super::fsck;
use super::kept::Note;
use super::recover::{Addition, Facts, Found, Relation, export};
use super::store::{Ours, WholeFileStore};
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;
use terrane_store::journal::{RawRecord, RecordKind};
use terrane_store::maintain::{Checkup, Maintain, Policy, Pruned};
use terrane_store::wire::{WireError, encode_batch, encode_snapshot};
use terrane_store::{StateStore as _, StoreError, replay};

type Each<'a> = &'a mut dyn FnMut(&RawRecord<'_>) -> Result<(), StoreError>;

impl WholeFileStore {
    fn no_history(&self, workspace: &str) -> StoreError {
        StoreError::Refused(format!(
            "{} keeps the present state only, and nothing was recorded in {}: the history is with whoever wrote it",
            self.place.name(workspace),
            self.desk(workspace).folder().display()
        ))
    }

    /// One change, as a record.
    fn batch(
        &self,
        workspace: &str,
        state: &mut Snapshot,
        wanted: u64,
        events: &[Event],
        each: Each<'_>,
    ) -> Result<(), StoreError> {
        let desk = self.desk(workspace);
        let serial = state.serial_after(events).max(wanted);
        let payload = encode_batch(serial, events).map_err(WireError::refused)?;
        let payload = desk.chain().sealer().seal(payload)?;
        state.commit_as(serial, events);
        each(&RawRecord::new(RecordKind::Batch, &payload))
    }

    /// Whether a workspace was never written, so that records can become its state.
    fn is_fresh(&self, workspace: &str, ours: &Ours, found: &Found) -> Result<bool, StoreError> {
        let file = found.parse(&self.place.name(workspace), &self.means.seal)?;
        // The file of a workspace that was made a moment ago has a name only.
        let empty = |state: &Snapshot| state.serial == 0 && state.resources.is_empty();
        let told = ours.desk.replay(|_| true)?;
        let shipped = match self.place.side(workspace, None) {
            Some(mut side) => side.get()?.is_some(),
            None => false,
        };
        Ok(empty(&file) && told.is_none_or(|told| empty(&told.snapshot)) && !shipped)
    }
}

/// Puts a state in place of the file that was found, so that the journal goes on from it.
pub(super) fn put_file(
    store: &WholeFileStore,
    workspace: &str,
    ours: &mut Ours,
    state: &Snapshot,
    found: &Found,
) -> Result<(), StoreError> {
    ours.check()?;
    let bytes = export(state, &store.means.seal)?;
    let mark = Mark {
        digest: super::recover::digest(&bytes),
        file_serial: state.serial,
        journal_serial: state.serial,
    };
    let name = store.place.name(workspace);
    let mut marks = ours
        .desk
        .marks()
        .ok()
        .flatten()
        .unwrap_or_else(|| Marks::new(name, Mark::nothing()));
    marks.writing = Some(mark.clone());
    ours.desk.set_marks(&marks)?;
    // Whose changes they are is in the journal, and in the notes of what was written before.
    let note = Note::new(state.serial, &[]);
    ours.held.put(&bytes, &found.tag(), &note)?;
    marks.written = mark;
    marks.writing = None;
    ours.desk.set_marks(&marks)
}

impl Maintain for WholeFileStore {
    fn check(&self, workspace: &str, repair: bool) -> Result<Checkup, StoreError> {
        self.check_name(workspace)?;
        fsck::check(self, workspace, repair)
    }

    fn records(&self, workspace: &str, each: Each<'_>) -> Result<(), StoreError> {
        self.check_name(workspace)?;
        let (facts, added) = self.facts(workspace)?;
        let desk = self.desk(workspace);
        let mut state = Snapshot::default();
        desk.chain().records(&mut |record| {
            let opened = desk.chain().sealer().open(&record.payload)?;
            replay::apply(&mut state, record.known_kind()?, &opened.bytes, |_, _| true)?;
            each(record)
        })?;
        let Facts {
            found, relation, ..
        } = facts;
        let name = self.place.name(workspace);
        match relation {
            Relation::GoesOn(_) => {}
            Relation::NoJournal if found.stored.is_none() => {}
            Relation::NoJournal => {
                state = found.parse(&name, &self.means.seal)?;
                let payload = encode_snapshot(&state).map_err(WireError::refused)?;
                let payload = desk.chain().sealer().seal(payload)?;
                each(&RawRecord::new(RecordKind::Checkpoint, &payload))?;
            }
            // What is recorded here, and then what somebody else has put in its place.
            Relation::Theirs | Relation::Fork { .. } => {
                let theirs = found.parse(&name, &self.means.seal)?;
                let events = [Event {
                    at_ms: self.means.clock.now_ms(),
                    kind: EventKind::Replaced(Box::new(theirs)),
                }];
                self.batch(workspace, &mut state, 0, &events, each)?;
            }
        }
        if let Addition::Batches { batches, open, .. } = added {
            if !open.is_empty() {
                self.batch(workspace, &mut state, 0, &open, each)?;
            }
            for batch in batches {
                self.batch(workspace, &mut state, batch.serial, &batch.events, each)?;
            }
        }
        Ok(())
    }

    fn refill(&self, workspace: &str, records: &[RawRecord<'_>]) -> Result<(), StoreError> {
        self.check_name(workspace)?;
        if records.is_empty() {
            return Ok(());
        }
        let mut ours = self.own(workspace, "restore")?;
        let filled = self.fill(workspace, &mut ours, records);
        let ended = ours.end();
        filled.and(ended)
    }

    fn prune(
        &self,
        workspace: &str,
        policy: &Policy,
        now_ms: u64,
        dry_run: bool,
    ) -> Result<Pruned, StoreError> {
        // Opening would make one that there is not.
        self.read(workspace)?;
        if !dry_run {
            // What the file lacks is written first: what is forgotten must not be needed for it.
            self.open(workspace)?.close()?;
        }
        let desk = self.desk(workspace);
        if !desk.journal().exists() {
            return Err(self.no_history(workspace));
        }
        if dry_run {
            return desk.chain().prune(policy, now_ms, true, true);
        }
        let ours = self.own(workspace, "prune")?;
        let written = ours.desk.marks()?.map(|marks| marks.written.journal_serial);
        let told = ours.desk.replay(|_| true)?;
        let behind = told.is_some_and(|told| Some(told.snapshot.serial) != written);
        let pruned = if behind {
            Err(StoreError::Refused(format!(
                "{} was changed meanwhile; run the command again",
                self.place.name(workspace)
            )))
        } else {
            ours.check()
                .and_then(|()| ours.desk.chain().prune(policy, now_ms, true, false))
        };
        let ended = ours.end();
        pruned.and_then(|pruned| ended.map(|()| pruned))
    }

    fn policy(&self, workspace: &str) -> Result<Option<Policy>, StoreError> {
        self.check_name(workspace)?;
        self.desk(workspace).chain().policy()
    }

    fn set_policy(&self, workspace: &str, policy: Option<&Policy>) -> Result<(), StoreError> {
        self.check_name(workspace)?;
        let desk = self.desk(workspace);
        desk.make()?;
        desk.chain().set_policy(policy)
    }
}

impl WholeFileStore {
    fn fill(
        &self,
        workspace: &str,
        ours: &mut Ours,
        records: &[RawRecord<'_>],
    ) -> Result<(), StoreError> {
        let found = Found::new(ours.held.get(&[])?);
        if !self.is_fresh(workspace, ours, &found)? {
            return Err(StoreError::Refused(format!(
                "{} holds a state already",
                self.place.name(workspace)
            )));
        }
        // First what the journal goes on from. Cut off between the steps, it is whole, and the next run writes the file.
        let before = Mark {
            digest: found.digest.clone(),
            ..Mark::nothing()
        };
        let marks = Marks::new(self.place.name(workspace), before);
        ours.desk.set_marks(&marks)?;
        let state = ours.desk.chain().fill(records)?;
        put_file(self, workspace, ours, &state, &found)
    }
}

/// A state as text, for comparing: with this serial.
pub(super) fn text(state: &Snapshot, serial: u64) -> Result<Vec<u8>, StoreError> {
    let mut state = state.clone();
    state.serial = serial;
    let mut bytes = Vec::new();
    terrane_store::statefile::to_writer(
        &state,
        &terrane_store::statefile::WriteOptions::default(),
        &mut bytes,
    )?;
    Ok(bytes)
}
