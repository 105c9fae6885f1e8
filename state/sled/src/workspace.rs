//! A workspace that is open for writing. Others may have it open, too: each looks at what the others appended before it appends.

use crate::Settings;
use crate::fold::{self, When};
use crate::index::{self, Index, Position};
use crate::layout::{Place, io_error};
use crate::replace;
use crate::reseal;
use crate::short::open_private;
use crate::tenure::{Entered, Tenure};
use crate::touched::Touched;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;
use std::time::Duration;
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;
use terrane_store::clock::{Clock as _, SystemClock};
use terrane_store::history::Runs;
use terrane_store::journal::{
    HEADER_LEN, Header, Journal, Mark, RecordKind, TornTail, create_file, read_header, scan,
};
use terrane_store::lease::{Fence, Lease};
use terrane_store::wire::{WireError, encode_batch};
use terrane_store::{StoreError, Workspace, check_covered, replay};

/// An opened workspace. Fields are dropped from top to bottom: the lease goes last.
#[derive(Debug)]
pub(crate) struct Opened {
    place: Place,
    settings: Settings,
    snapshot: Arc<Snapshot>,
    journal: Journal<File>,
    position: Position,
    index: Slot,
    /// What the index lacks.
    touched: Touched,
    /// How long the journal was when the index was last written.
    indexed: Option<u64>,
    /// How long the journal must be before compaction is thought of again.
    compact_at: u64,
    /// A record was found that is not sealed as records are today.
    stale: bool,
    /// Which runs the records are of.
    runs: Runs,
    /// The index belongs to the one who came first.
    index_lock: Option<File>,
    tenure: Box<Tenure>,
}

/// The index, as far as it is there.
#[derive(Debug)]
enum Slot {
    /// There is none, or none that is of use: one is made when there is something to write.
    Absent,
    Open(Index),
    /// It can't be used in this run, or belongs to another process.
    Unusable,
}

impl Opened {
    /// Opens a workspace under a lease. `journal`: from [`open_journal`], under the short lock, which is not held any more.
    pub(crate) fn open(
        place: Place,
        settings: Settings,
        tenure: Box<Tenure>,
        journal: (File, Header),
    ) -> Result<Self, StoreError> {
        let path = place.journal();
        let (mut file, header) = journal;
        let index_lock = own_index(&place);
        let len = file.metadata().map_err(io_error("reading", &path))?.len();
        let (index, loaded) = match &index_lock {
            Some(_) if is_short(&place, settings, len) => (Slot::Absent, None),
            Some(_) => open_index(&place, header, &mut file),
            None => (Slot::Unusable, None),
        };
        let fresh = loaded.is_none();
        let mut kept = || match len >= settings.fold_from {
            true => fold::load(&place, header, &mut file).map(|(state, last)| (state, Some(last))),
            false => None,
        };
        let (mut snapshot, last) = loaded.or_else(&mut kept).unwrap_or_default();
        let from = last.map_or(HEADER_LEN, |mark| mark.end);
        let mut touched = Touched {
            all: fresh,
            ..Touched::default()
        };
        // Others may append meanwhile: what is not whole yet is looked at again, under the lock.
        let sealer = Arc::clone(place.sealer());
        let mut stale = false;
        let mut runs = Runs::default();
        let scan = scan(&mut file, &path, from, |_, kind, payload| {
            let opened = sealer.open(payload)?;
            stale |= !opened.current;
            let kept = (&mut touched, &mut runs);
            fold_record(&mut snapshot, kept, kind, &opened.bytes)
        })?;
        let mut opened = Self {
            settings,
            snapshot: Arc::new(snapshot),
            journal: Journal::new(file, path, scan.end),
            position: Position {
                journal: header,
                last: scan.last.or(last),
            },
            index,
            touched,
            indexed: (!fresh).then_some(from),
            compact_at: settings.compact_at,
            stale: false,
            runs,
            place,
            index_lock,
            tenure,
        };
        opened.stale = stale;
        drop(opened.enter()?);
        if opened.stale {
            opened.reseal()?;
        }
        // Nothing was ever recorded: an empty index lacks nothing.
        opened.touched.all &= !opened.journal.is_empty();
        opened.tend();
        Ok(opened)
    }

    /// Takes the short lock and folds in what others have appended.
    fn enter(&mut self) -> Result<Entered, StoreError> {
        let entered = self.tenure.enter()?;
        if entered.changed {
            self.follow()?;
        }
        let path = self.place.journal();
        let len = self.journal.medium().metadata();
        let len = len.map_err(io_error("reading", &path))?.len();
        if len != self.journal.len() {
            self.catch_up()?;
        }
        Ok(entered)
    }

    /// Goes over to the journal that is in force, where it was replaced.
    fn follow(&mut self) -> Result<(), StoreError> {
        let path = self.place.journal();
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let mut file = file.map_err(io_error("opening", &path))?;
        let header = read_header(&mut file, &path)?;
        if header == self.position.journal {
            return Ok(());
        }
        self.journal = Journal::new(file, path, HEADER_LEN);
        self.position = Position {
            journal: header,
            last: None,
        };
        self.snapshot = Arc::default();
        self.runs.forget();
        self.touched.all = true;
        self.touched.rows.clear();
        self.indexed = None;
        Ok(())
    }

    /// Folds in what was appended. An incomplete record at the end is of somebody who died over it.
    fn catch_up(&mut self) -> Result<(), StoreError> {
        let path = self.place.journal();
        let from = self.journal.len();
        let (snapshot, touched) = (Arc::make_mut(&mut self.snapshot), &mut self.touched);
        let (sealer, stale) = (self.place.sealer(), &mut self.stale);
        let runs = &mut self.runs;
        let file = self.journal.medium();
        let scan = scan(file, &path, from, |_, kind, payload| {
            let opened = sealer.open(payload)?;
            *stale |= !opened.current;
            fold_record(snapshot, (&mut *touched, &mut *runs), kind, &opened.bytes)
        })?;
        if let Some(torn) = scan.torn {
            cut_off(&self.place, file, torn)?;
        }
        self.journal.catch_up(scan.end);
        self.position.last = scan.last.or(self.position.last);
        Ok(())
    }

    /// What is due from time to time. Nothing of it must succeed for the state to be right.
    fn tend(&mut self) {
        if self.journal.len() >= self.compact_at && self.compact().is_err() {
            self.compact_at = self.journal.len().saturating_mul(2);
        }
        let behind =
            self.journal.len() - self.indexed.unwrap_or(HEADER_LEN).min(self.journal.len());
        // Writing all rows of a large state takes seconds: that is done at close, not in the middle of an apply.
        if behind >= self.settings.index_every && !self.touched.all {
            self.write_index();
        }
    }

    /// Puts a journal with only the present state in place of a long one, which goes to the history.
    fn compact(&mut self) -> Result<(), StoreError> {
        let fold = estimate(&self.snapshot);
        if fold.saturating_mul(self.settings.compact_ratio) > self.journal.len() {
            self.compact_at = self.journal.len().saturating_mul(2);
            return Ok(());
        }
        let entered = self.enter()?;
        // Before it is replaced, so that nobody goes on with the old one if this is cut off behind that.
        self.tenure.announce()?;
        let old = self.position.journal;
        let file = self.journal.medium();
        let made = replace::compact(&self.place, &self.snapshot, (file, old), &entered.short);
        let (file, header, mark) = match made {
            Ok(made) => made,
            Err(error) => {
                // If it was renamed but its name could not be made durable, commits must go to neither file.
                if !self.still_in_force() {
                    self.journal
                        .poison("the journal was being compacted, and that failed half-way");
                }
                return Err(error);
            }
        };
        self.journal = Journal::new(file, self.place.journal(), mark.end);
        self.position = Position {
            journal: header,
            last: Some(mark),
        };
        // What can't be forgotten now can be later.
        let _later = self.place.chain().follow_policy(SystemClock.now_ms());
        drop(entered);
        self.compact_at = mark
            .end
            .saturating_mul(self.settings.compact_ratio)
            .max(self.settings.compact_at);
        self.write_index();
        Ok(())
    }

    /// Writes all records anew, sealed as they are sealed today: those of the history first, so that a journal in which all are means that all
    /// are everywhere. Cut off anywhere, it is begun anew by the next one who opens the workspace.
    fn reseal(&mut self) -> Result<(), StoreError> {
        let entered = self.enter()?;
        self.tenure.announce()?;
        // Rows are made anew from the journal. What was cut off from it once was never part of the state.
        self.give_up_index();
        for left in [self.place.torn(), self.place.fold()] {
            drop(fs::remove_file(left));
        }
        let old = self.position.journal;
        let (file, header, last) = reseal::all(&self.place, old, &entered.short)?;
        self.journal = Journal::new(
            file,
            self.place.journal(),
            last.map_or(HEADER_LEN, |mark| mark.end),
        );
        self.position = Position {
            journal: header,
            last,
        };
        self.index = Slot::Absent;
        self.indexed = None;
        self.touched.all = true;
        self.touched.rows.clear();
        self.stale = false;
        drop(entered);
        Ok(())
    }

    /// Whether the journal under its name is still the one that is written to.
    fn still_in_force(&self) -> bool {
        let path = self.place.journal();
        File::open(&path)
            .ok()
            .and_then(|mut file| read_header(&mut file, &path).ok())
            .is_some_and(|header| header == self.position.journal)
    }

    /// Brings the index up to date. When that fails, it is of no use any more and goes; the next opening makes a new one.
    fn write_index(&mut self) {
        if let Slot::Absent = self.index {
            if is_short(&self.place, self.settings, self.journal.len()) {
                return;
            }
            self.index = Index::open(&self.place.index(), self.place.sealer())
                .map_or(Slot::Unusable, Slot::Open);
        }
        let Slot::Open(index) = &mut self.index else {
            return;
        };
        let written = index.write(&self.snapshot, &self.touched, self.position);
        if written.is_ok() {
            self.touched = Touched::default();
            self.indexed = Some(self.journal.len());
        } else {
            self.give_up_index();
        }
    }

    fn give_up_index(&mut self) {
        self.index = Slot::Unusable;
        drop(fs::remove_dir_all(self.place.index()));
    }

    fn finish(&mut self) {
        let short = is_short(&self.place, self.settings, self.journal.len());
        let when = match short {
            true => When::Behind,
            false => When::Worth(self.settings.fold_from),
        };
        let file = self.journal.medium();
        let kept = fold::keep(&self.place, &self.snapshot, self.position, file, when);
        if short {
            // One of a time when the journal was longer: nobody brings it up any more.
            if kept && self.index_lock.is_some() {
                self.give_up_index();
            }
            return;
        }
        if self.indexed == Some(self.journal.len()) || self.journal.is_empty() {
            return;
        }
        self.write_index();
        if let Slot::Open(index) = &self.index
            && index.sync().is_err()
        {
            self.give_up_index();
        }
    }
}

impl Workspace for Opened {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    fn lease(&self) -> &Lease {
        self.tenure.lease()
    }

    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        check_covered(self.tenure.lease(), &events)?;
        let entered = self.enter()?;
        let events = self.runs.name(events);
        let serial = self.snapshot.serial_after(&events);
        let payload = encode_batch(serial, &events).map_err(WireError::refused)?;
        let payload = self.place.sealer().seal(payload)?;
        let mark = self.journal.append(RecordKind::Batch, &payload)?;
        if !entered.short.is_in_force() {
            // Passed by while it was written: it went to a file that is not in force any more.
            self.journal
                .poison("this process was held up, and another one went on without it");
            return Err(self.tenure.lost(None));
        }
        let replaced = events
            .iter()
            .any(|event| matches!(event.kind, EventKind::Replaced(_)));
        // What took the place of the state may come from where more operations were numbered.
        let raised = !replaced || {
            let highest = events.iter().filter_map(|event| match &event.kind {
                EventKind::Replaced(other) => Some(other.last_op),
                _ => None,
            });
            let highest = highest.max().unwrap_or(0);
            self.tenure.raise(Fence::of(highest)).is_ok()
        };
        drop(entered);
        self.position.last = Some(mark);
        self.runs.recorded(&events);
        self.touched.add(&self.snapshot, &events);
        Arc::make_mut(&mut self.snapshot).commit_as(serial, &events);
        if !raised {
            self.journal.poison("the lease table could not be written");
        }
        self.tend();
        Ok(())
    }

    fn refresh(&mut self) -> Result<Arc<Snapshot>, StoreError> {
        drop(self.enter()?);
        Ok(self.snapshot())
    }

    fn renew(&mut self) -> Result<(), StoreError> {
        self.tenure.renew()
    }

    fn renew_every(&self) -> Option<Duration> {
        self.tenure.renew_every()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Opens the journal, or makes it. To be called under the short lock.
pub(crate) fn open_journal(place: &Place) -> Result<(File, Header), StoreError> {
    let path = place.journal();
    match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(mut file) => {
            let header = read_header(&mut file, &path)?;
            Ok((file, header))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if place.had_journal() {
                return Err(place.journal_lost());
            }
            let header = Header::new(1);
            let (file, _) = create_file(&path, header, None)?;
            Ok((file, header))
        }
        Err(error) => Err(io_error("opening", &path)(error)),
    }
}

/// Takes the index for this process, if nobody has it.
pub(crate) fn own_index(place: &Place) -> Option<File> {
    let file = open_private(&place.index_lock()).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Whether a journal of this length does without an index.
fn is_short(place: &Place, settings: Settings, len: u64) -> bool {
    len < settings.index_from && !place.sealer().encrypts()
}

fn fold_record(
    snapshot: &mut Snapshot,
    (touched, runs): (&mut Touched, &mut Runs),
    kind: RecordKind,
    payload: &[u8],
) -> Result<(), StoreError> {
    touched.all |= kind == RecordKind::Checkpoint;
    replay::apply(snapshot, kind, payload, |batch, before| {
        touched.add(before, &batch.events);
        runs.seen(&batch.events);
        true
    })
}

type Loaded = (Snapshot, Option<Mark>);

/// Opens the index and loads what it holds. One that is of no use is removed.
fn open_index(place: &Place, header: Header, journal: &mut File) -> (Slot, Option<Loaded>) {
    let folder = place.index();
    if !folder.exists() {
        return (Slot::Absent, None);
    }
    if !index::is_free(&folder) {
        return (Slot::Unusable, None);
    }
    let loaded = Index::open(&folder, place.sealer()).and_then(|mut index| {
        let loaded = index.load(header, journal, &place.journal())?;
        Ok((index, loaded))
    });
    if let Ok((index, loaded)) = loaded {
        return (Slot::Open(index), Some(loaded));
    }
    if folder.is_dir() {
        drop(fs::remove_dir_all(&folder));
    } else {
        drop(fs::remove_file(&folder));
    }
    (Slot::Absent, None)
}

/// Cuts an incomplete record off the end of the journal, keeping a copy.
fn cut_off(place: &Place, file: &mut File, torn: TornTail) -> Result<(), StoreError> {
    let TornTail { offset, len } = torn;
    let mut cut = || -> io::Result<()> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset))?;
        file.by_ref().take(len).read_to_end(&mut bytes)?;
        // A copy is good to have, not necessary: on a full disk the state must open all the same.
        drop(fs::write(place.torn(), &bytes));
        file.set_len(offset)?;
        file.sync_all()
    };
    cut().map_err(io_error(
        "cutting an incomplete record off",
        &place.journal(),
    ))
}

/// About how many bytes a checkpoint of the state would take.
fn estimate(snapshot: &Snapshot) -> u64 {
    const ROW: usize = 300;
    let bytes: usize = snapshot
        .resources
        .values()
        .flat_map(|resource| resource.instances.values())
        .flat_map(|state| state.current.iter().chain(state.deposed.values()))
        .map(|object| object.attributes.len() + object.private.len() * 4 / 3 + ROW)
        .sum();
    bytes as u64
}
