//! A workspace that is open for writing.

use super::desk::{Desk, Mark, Marks, Owned, Told};
use super::kept::Note;
use super::recover::{Found, Relation, batch_text, digest, export, open_intents};
use super::renew::Renewing;
use super::ship::{BatchText, Shipped, Shipper};
use super::{Held, Place, Side, Tag, decide};
use crate::Say;
use std::sync::Arc;
use std::time::Duration;
use terrane_model::event::Event;
use terrane_model::snapshot::{InstanceState, ObjectState, Snapshot};
use terrane_model::with_causes;
use terrane_store::clock::Clock;
use terrane_store::history::History;
use terrane_store::journal::{Header, Journal, RecordKind};
use terrane_store::lease::{Claim, Fence, Holder, Lease, new_lock_id};
use terrane_store::seal::Seal;
use terrane_store::{StoreError, Workspace};

/// What is needed to open a workspace.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    pub(crate) place: &'a Arc<dyn Place>,
    pub(crate) workspace: &'a str,
    pub(crate) desk: Desk,
    pub(crate) owned: Owned,
    pub(crate) held: Box<dyn Held>,
    pub(crate) renewing: Option<Renewing>,
    pub(crate) holder: Holder,
    /// Whether it is locked.
    pub(crate) locked: bool,
    /// Whether somebody else works on the same journal, so that this one is thrown away at the end.
    pub(crate) aside: bool,
}

/// What a workspace needs of its surroundings.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) seal: Arc<dyn Seal>,
    pub(crate) say: Say,
    pub(crate) clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Means {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Means").finish_non_exhaustive()
    }
}

/// A workspace, with its lock.
#[derive(Debug)]
pub(crate) struct Opened {
    name: String,
    lease: Lease,
    desk: Desk,
    means: Means,
    snapshot: Arc<Snapshot>,
    /// The state that the file holds, as far as it is known.
    baseline: Option<Arc<Snapshot>>,
    journal: Option<Journal>,
    header: Header,
    marks: Marks,
    tag: Tag,
    /// What was recorded by this run, and what it took in.
    history: History,
    file_len: usize,
    /// The file as it was before this run wrote it.
    before: Option<Vec<u8>>,
    /// Whether the file lacks something.
    behind: bool,
    every_ms: Option<u64>,
    /// When the file is to be written next, while the run goes on.
    write_at_ms: Option<u64>,
    /// How much was recorded since the file was written.
    since_write: usize,
    /// Why this run must stop, where that was seen when the file was to be written.
    stop: Option<String>,
    shipper: Option<Shipper>,
    renewing: Option<Renewing>,
    held: Option<Box<dyn Held>>,
    /// Whether the desk is thrown away at the end.
    aside: bool,
    owned: Owned,
}

/// How often what is due is looked for.
const RENEW: Duration = Duration::from_secs(5);
/// A shipped journal that grows beyond this is folded into the state file, also while a run goes on.
const SHIPPED: usize = 1 << 20;

/// Writes the journals anew, if they are not sealed as they would be today.
fn resealed(mut prepared: decide::Prepared, desk: &Desk) -> Result<decide::Prepared, StoreError> {
    let told = &mut prepared.facts.told;
    if told.as_ref().is_some_and(|told| told.stale) {
        desk.reseal()?;
        *told = desk.replay(|_| true)?;
    }
    Ok(prepared)
}

/// The header of the journal that is there, or what stands for none.
fn header_of(told: Option<&Told>) -> Header {
    let none = Header {
        generation: 0,
        id: 0,
    };
    told.map_or(none, |told| told.header)
}

/// The lease of a run on all of the state.
fn lease(holder: Holder, fence: Fence, locked: bool) -> Lease {
    Lease {
        holder,
        claim: Claim::whole(),
        fence,
        locked,
    }
}

/// The file as it was, where a copy of it is kept. Not where a write of it was cut off: what was kept before that is worth more.
fn before(place: &dyn Place, found: Found) -> Option<Vec<u8>> {
    let keeps = place.writes_in_place() && !found.is_cut_off();
    found.stored.filter(|_| keeps).map(|stored| stored.bytes)
}

impl Opened {
    pub(crate) fn open(opening: Opening<'_>, means: Means) -> Result<Self, StoreError> {
        let Opening {
            place,
            workspace,
            desk,
            owned,
            mut held,
            renewing,
            holder,
            locked,
            aside,
        } = opening;
        let name = place.name(workspace);
        let lock = locked.then(|| holder.id.to_string());
        let side = || place.side(workspace, lock.as_deref()).filter(|_| !aside);
        let result = decide::prepare(&**place, workspace, &desk, &mut *held, side(), &means)
            .and_then(|prepared| resealed(prepared, &desk))
            .and_then(|prepared| Ok((prepared.facts.unwritten()?, prepared)));
        let (history, prepared) = match result {
            Ok(found) => found,
            Err(error) => {
                drop(renewing);
                drop(held.unlock());
                return Err(error);
            }
        };
        let decide::Prepared {
            facts,
            shipped,
            base,
            snapshot,
            marks,
            taken,
        } = prepared;
        let header = header_of(facts.told.as_ref());
        let behind = matches!(facts.relation, Relation::GoesOn(_)) && !facts.ahead.is_empty();
        let tag = facts.found.tag();
        let file_len = facts.found.len();
        let absent = facts.found.stored.is_none();
        let stale = facts.found.is_stale(&means.seal);
        let who = holder.who.to_string();
        let mut opened = Self {
            name,
            lease: lease(holder, Fence::above(snapshot.last_op), locked),
            desk,
            means,
            baseline: (!behind).then_some(base),
            snapshot,
            journal: None,
            header,
            marks,
            tag,
            history,
            file_len,
            before: before(&**place, facts.found),
            behind,
            every_ms: place.write_every_ms(),
            write_at_ms: None,
            since_write: 0,
            stop: None,
            shipper: None,
            renewing,
            held: Some(held),
            aside,
            owned,
        };
        opened.go_on(facts.told, &facts.relation, taken)?;
        if let Some(side) = side() {
            opened.start_shipping(side, shipped, who)?;
        }
        if absent && workspace != "default" && !opened.behind {
            opened.write_first()?;
        }
        if stale {
            // Written at the end, whether anything else changes or not.
            opened.behind = true;
            opened.baseline = None;
        }
        Ok(opened)
    }

    /// Opens the journal where there is one, and records what was taken in.
    fn go_on(
        &mut self,
        told: Option<Told>,
        relation: &Relation,
        taken: Vec<(u64, Vec<Event>)>,
    ) -> Result<(), StoreError> {
        match relation {
            Relation::GoesOn(_) | Relation::Theirs => {
                if let Some(told) = told {
                    self.journal = Some(self.desk.go_on(&told)?);
                }
            }
            Relation::NoJournal | Relation::Fork { .. } => {}
        }
        if matches!(relation, Relation::Theirs) && self.journal.is_some() {
            self.desk.set_marks(&self.marks)?;
        }
        let theirs = usize::from(matches!(relation, Relation::Theirs));
        for (at, (serial, events)) in taken.iter().enumerate() {
            if at >= theirs {
                self.begin()?;
                self.behind = true;
                self.baseline = None;
            }
            if at >= theirs {
                self.history.add(*serial, events);
            }
            self.append(*serial, events)?;
            if at < theirs
                && let Some(mark) = self.marks.writing.take()
            {
                self.marks.written = mark;
                if self.journal.is_some() {
                    self.desk.set_marks(&self.marks)?;
                }
            }
        }
        Ok(())
    }

    /// Begins a journal, if there is none.
    fn begin(&mut self) -> Result<(), StoreError> {
        if self.journal.is_some() {
            return Ok(());
        }
        let base = match &self.baseline {
            Some(baseline) => Arc::clone(baseline),
            None => Arc::clone(&self.snapshot),
        };
        // First what it goes on from: a journal that nobody knows the beginning of could not be trusted.
        self.desk.make()?;
        self.desk.set_marks(&self.marks)?;
        let generation = self.header.generation + 1;
        let (journal, header) = self.desk.begin(&base, generation)?;
        self.header = header;
        self.journal = Some(journal);
        Ok(())
    }

    fn append(&mut self, serial: u64, events: &[Event]) -> Result<Option<BatchText>, StoreError> {
        let text = batch_text(serial, events)?;
        let Some(journal) = &mut self.journal else {
            return Ok(Some(text));
        };
        let bytes = text.get().as_bytes();
        let sealer = self.desk.chain().sealer();
        if sealer.encrypts() {
            journal.append(RecordKind::Batch, &sealer.seal(bytes.to_vec())?)?;
        } else {
            journal.append(RecordKind::Batch, bytes)?;
        }
        self.since_write += bytes.len();
        Ok(Some(text))
    }

    fn start_shipping(
        &mut self,
        side: Box<dyn Side>,
        known: Option<(Shipped, Tag)>,
        who: String,
    ) -> Result<(), StoreError> {
        let (old, tag) = known.map_or((None, None), |(shipped, tag)| (Some(shipped), tag));
        let shipped = self.to_ship(who)?;
        let known = old.as_ref().is_some_and(|old| {
            old.journal == shipped.journal
                && old.base == shipped.base
                && old.batches.len() == shipped.batches.len()
        });
        let pending = !known && (old.is_some() || !shipped.is_empty());
        let shipper = Shipper::start(side, shipped, tag, pending, Arc::clone(&self.means.seal))
            .map_err(|source| StoreError::Io {
                doing: String::from("starting a thread that ships the journal"),
                source,
            })?;
        self.shipper = Some(shipper);
        Ok(())
    }

    /// All that the file lacks.
    fn to_ship(&self, who: String) -> Result<Shipped, StoreError> {
        let mut shipped = Shipped::new(self.header.id, who, self.marks.written.clone());
        if self.behind {
            shipped.open = open_intents(&self.at_mark()?)?;
            shipped.batches = self.unsynced()?;
        } else {
            shipped.open = open_intents(&self.snapshot)?;
        }
        Ok(shipped)
    }

    /// The state that the file stands for, by the journal.
    fn at_mark(&self) -> Result<Snapshot, StoreError> {
        let since = self.marks.written.journal_serial;
        let told = self.desk.replay(|batch| batch.serial <= since)?;
        Ok(told.map(|told| told.snapshot).unwrap_or_default())
    }

    /// Batches of the journal that the file lacks.
    fn unsynced(&self) -> Result<Vec<BatchText>, StoreError> {
        let since = self.marks.written.journal_serial;
        let mut found = Vec::new();
        let mut failed = None;
        self.desk.replay(|batch| {
            if batch.serial > since {
                match batch_text(batch.serial, &batch.events) {
                    Ok(text) => found.push(text),
                    Err(error) => failed = Some(error),
                }
            }
            true
        })?;
        failed.map_or(Ok(found), Err)
    }

    /// Writes the state of a new workspace, so that everybody sees that there is one. It has a name (lineage) of its own, since a peer gives none
    /// to a state that exists; the first run gives it another one.
    fn write_first(&mut self) -> Result<(), StoreError> {
        let named = Snapshot {
            lineage: new_lock_id(),
            serial: self.snapshot.serial,
            ..Snapshot::default()
        };
        let bytes = export(&named, &self.means.seal)?;
        if let Some(held) = &mut self.held {
            self.tag = held.put(&bytes, &self.tag, &Note::new(named.serial, &[]))?;
        }
        self.file_len = bytes.len();
        self.marks.written = Mark {
            digest: digest(&bytes),
            file_serial: named.serial,
            journal_serial: self.snapshot.serial,
        };
        if self.journal.is_some() {
            self.desk.set_marks(&self.marks)?;
        }
        Ok(())
    }

    /// Writes the state file.
    fn write_file(&mut self) -> Result<(), StoreError> {
        self.check_file()?;
        let snapshot = Arc::clone(&self.snapshot);
        let bytes = export(&snapshot, &self.means.seal)?;
        let mark = Mark {
            digest: digest(&bytes),
            file_serial: snapshot.serial,
            journal_serial: snapshot.serial,
        };
        if self.journal.is_some() {
            self.marks.writing = Some(mark.clone());
            self.desk.set_marks(&self.marks)?;
        }
        if let Some(shipper) = &self.shipper {
            shipper.writing(mark.clone())?;
        }
        let Some(held) = &mut self.held else {
            return Ok(());
        };
        if let Some(before) = self.before.take() {
            held.back_up(&before)?;
        }
        let since = self.marks.written.journal_serial;
        let runs = self.history.versions();
        let new = runs.partition_point(|run| run.last_serial <= since);
        let note = Note::new(snapshot.serial, runs.get(new..).unwrap_or_default());
        self.tag = match held.put(&bytes, &self.tag, &note) {
            Err(StoreError::LeaseLost { why, .. }) => return Err(self.stop(&why)),
            put => put?,
        };
        self.file_len = bytes.len();
        self.marks.written = mark.clone();
        self.marks.writing = None;
        if self.journal.is_some() {
            self.desk.set_marks(&self.marks)?;
        }
        if let Some(shipper) = &self.shipper {
            shipper.written(mark, self.header.id, open_intents(&snapshot)?);
        }
        self.baseline = Some(snapshot);
        self.behind = false;
        self.since_write = 0;
        Ok(())
    }

    /// Whether nobody else writes, as far as it is known here.
    fn check_lease(&self) -> Result<(), StoreError> {
        let taken = self.renewing.as_ref().is_some_and(Renewing::is_lost);
        if taken || !self.owned.is_in_place() {
            return Err(self.lost("the lock was taken away"));
        }
        if let Some(why) = &self.stop {
            return Err(self.lost(why));
        }
        match self.shipper.as_ref().and_then(Shipper::lost) {
            None => Ok(()),
            Some(why) => Err(self.lost(&why)),
        }
    }

    /// Whether the file may be written: the lock is held, and where that can't be asked, nobody else wrote.
    ///
    /// A write whose answer was lost may have come through. Before another one, it is looked whether that is so: else what is there would be taken for
    /// somebody else's, now or by the next run.
    fn check_file(&mut self) -> Result<(), StoreError> {
        self.check_lease()?;
        let Some(held) = &mut self.held else {
            return Ok(());
        };
        let is_held = match self.lease.locked {
            true => held.is_held()?,
            false => None,
        };
        match (is_held, &self.marks.writing) {
            (Some(false), _) => return Err(self.stop("the lock was taken away")),
            (Some(true), None) => return Ok(()),
            (Some(true), Some(_)) | (None, _) => {}
        }
        let begun = self.marks.begun();
        let found = Found::new(held.get(&begun)?);
        if begun.contains(&found.digest) {
            return self.came_through(&found);
        }
        let cut_off = !begun.is_empty() && found.is_cut_off();
        if is_held.is_some() || cut_off || found.digest == self.marks.written.digest {
            return Ok(());
        }
        Err(self.stop("somebody else wrote the state meanwhile"))
    }

    /// The last write of the file was thought to have failed, and did not.
    fn came_through(&mut self, found: &Found) -> Result<(), StoreError> {
        let Some(mark) = self.marks.writing.take() else {
            return Ok(());
        };
        // What it holds is no state that is at hand.
        self.baseline = None;
        self.marks.written = mark;
        self.tag = found.tag();
        self.file_len = found.len();
        if self.journal.is_some() {
            self.desk.set_marks(&self.marks)?;
        }
        if let Some(shipper) = &self.shipper {
            shipper.anew(self.to_ship(self.lease.holder.who.to_string())?);
        }
        Ok(())
    }

    /// Says that this run must not write any more, now and from now on.
    fn stop(&mut self, why: &str) -> StoreError {
        self.stop = Some(why.to_owned());
        self.lost(why)
    }

    fn lost(&self, why: &str) -> StoreError {
        StoreError::LeaseLost {
            path: self.name.clone(),
            why: format!(
                "{why}; what this run did so far is in {}",
                self.desk.journal().display()
            ),
        }
    }

    /// What is due from time to time. When it fails, the journal has everything, and it is tried again.
    fn tend(&mut self) {
        let now = self.means.clock.now_ms();
        let at = *self
            .write_at_ms
            .get_or_insert(now.saturating_add(self.every_ms.unwrap_or(0)));
        let wanted =
            self.every_ms.is_some() || (self.shipper.is_some() && self.since_write >= SHIPPED);
        if !wanted || now < at {
            return;
        }
        drop(self.write_file());
        // A large state is written less often, so that writing never takes more than a tenth of the time.
        let after = self.means.clock.now_ms();
        let pause = after.saturating_sub(now).saturating_mul(10);
        self.write_at_ms = Some(after.saturating_add(pause.max(self.every_ms.unwrap_or(0))));
    }

    /// Brings the file up to date at the end.
    fn finish(&mut self) -> Result<(), StoreError> {
        if self.held.is_none() {
            return Ok(());
        }
        let written = self.finish_file();
        if written.is_err()
            && let Some(shipper) = &self.shipper
        {
            // What the file lacks is at least beside it.
            drop(shipper.flush());
        }
        self.shipper = None;
        self.renewing = None;
        let held = self.held.take();
        let unlocked = held.map_or(Ok(()), Held::unlock);
        if unlocked.is_ok() && self.owned.is_in_place() {
            drop(self.owned.note([]));
        }
        if let Err(error @ StoreError::LeaseLost { .. }) = written {
            return Err(error);
        }
        written.map_err(|error| self.unwritten(error))?;
        if self.aside {
            self.desk.remove()?;
        }
        unlocked
    }

    fn finish_file(&mut self) -> Result<(), StoreError> {
        if !self.behind {
            return Ok(());
        }
        let same = !self.marks.written.digest.is_empty()
            && self.marks.writing.is_none()
            && self
                .baseline
                .as_ref()
                .is_some_and(|before| same_content(before, &self.snapshot));
        if same {
            // Nothing that a state file can hold has changed.
            self.marks.written.journal_serial = self.snapshot.serial;
            self.desk.set_marks(&self.marks)?;
            if let Some(shipper) = &self.shipper {
                shipper.written(
                    self.marks.written.clone(),
                    self.header.id,
                    open_intents(&self.snapshot)?,
                );
            }
            self.behind = false;
        } else {
            self.write_file()?;
        }
        self.put_away();
        Ok(())
    }

    /// Begins a new journal in place of a long one. When that fails, the long one does as well.
    fn put_away(&mut self) {
        let long = self
            .journal
            .as_ref()
            .is_some_and(|journal| Desk::is_long(journal, self.file_len));
        if long {
            let generation = self.header.generation + 1;
            if self.desk.begin(&self.snapshot, generation).is_ok() {
                // What can't be forgotten now can be later.
                drop(self.desk.chain().follow_policy(self.means.clock.now_ms()));
            }
        }
    }

    fn unwritten(&self, error: StoreError) -> StoreError {
        let why = with_causes(&error);
        StoreError::Refused(format!(
            "the state could not be written to {}: {why}. Nothing is lost: every change is recorded in {}. Run any command that locks the state (`terrane apply -refresh-only`, say) from this folder when {} can be reached again, and it will be written",
            self.name,
            self.desk.journal().display(),
            self.name,
        ))
    }
}

impl Workspace for Opened {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    fn lease(&self) -> &Lease {
        &self.lease
    }

    fn renew(&mut self) -> Result<(), StoreError> {
        self.check_lease()?;
        if self.lease.locked
            && let Some(held) = &mut self.held
            && matches!(held.is_held(), Ok(Some(false)))
        {
            return Err(self.stop("the lock was taken away"));
        }
        if self.behind {
            self.tend();
        }
        Ok(())
    }

    fn renew_every(&self) -> Option<Duration> {
        // The lock lasts until it is given back; but what is due is also done while nothing is recorded for long.
        (self.every_ms.is_some() || self.shipper.is_some()).then_some(RENEW)
    }

    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        self.check_lease()?;
        let serial = self.snapshot.serial_after(&events);
        // Made before anything is written: a batch that can't be written down must leave nothing behind.
        drop(batch_text(serial, &events)?);
        let new = self.journal.is_none();
        self.begin()?;
        if new && let Some(shipper) = &self.shipper {
            shipper.written(
                self.marks.written.clone(),
                self.header.id,
                open_intents(&self.snapshot)?,
            );
        }
        let text = self.append(serial, &events)?;
        // Whoever took the lock away meanwhile may have read the journal before this was appended.
        if !self.owned.is_in_place() {
            return Err(self.lost("the lock was taken away"));
        }
        if let (Some(shipper), Some(text)) = (&self.shipper, text) {
            shipper.push(text);
        }
        self.history.add(serial, &events);
        Arc::make_mut(&mut self.snapshot).commit_as(serial, &events);
        self.behind = true;
        self.tend();
        Ok(())
    }

    fn close(mut self: Box<Self>) -> Result<(), StoreError> {
        self.finish()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            (self.means.say)(&error.to_string());
        }
    }
}

/// Whether two states are the same in a state file, but for the serial.
fn same_content(left: &Snapshot, right: &Snapshot) -> bool {
    let same_object = |left: &Arc<ObjectState>, right: &Arc<ObjectState>| {
        Arc::ptr_eq(left, right)
            || ObjectState {
                created_in_ms: None,
                ..ObjectState::clone(left)
            } == ObjectState {
                created_in_ms: None,
                ..ObjectState::clone(right)
            }
    };
    let same_instance = |left: &InstanceState, right: &InstanceState| {
        let same_current = match (&left.current, &right.current) {
            (None, None) => true,
            (Some(left), Some(right)) => same_object(left, right),
            _ => false,
        };
        same_current
            && left.deposed.len() == right.deposed.len()
            && left.deposed.iter().zip(&right.deposed).all(
                |((left_key, left), (right_key, right))| {
                    left_key == right_key && same_object(left, right)
                },
            )
    };
    left.lineage == right.lineage
        && left.outputs == right.outputs
        && left.checks == right.checks
        && left.resources.len() == right.resources.len()
        && left.resources.iter().zip(&right.resources).all(
            |((left_addr, left), (right_addr, right))| {
                left_addr == right_addr
                    && left.provider == right.provider
                    && left.instances.len() == right.instances.len()
                    && left.instances.iter().zip(&right.instances).all(
                        |((left_key, left), (right_key, right))| {
                            left_key == right_key && same_instance(left, right)
                        },
                    )
            },
        )
}
