//! An owned workspace.

use crate::Settings;
use crate::index::{self, Index, Position};
use crate::layout::{Place, io_error, make_folders};
use crate::lock::Lock;
use crate::prune;
use crate::touched::Touched;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;
use terrane_model::event::Event;
use terrane_model::snapshot::Snapshot;
use terrane_store::journal::{
    HEADER_LEN, Header, Journal, Mark, RecordKind, TornTail, create_file, read_header, scan,
    sync_folder,
};
use terrane_store::lease::{Claim, Fence, Holder, Lease};
use terrane_store::wire::{WireError, encode_batch, encode_snapshot};
use terrane_store::{StoreError, Workspace, replay};

/// An owned workspace. Fields are dropped from top to bottom: the lock goes last.
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
    lease: Lease,
    _lock: Lock,
}

/// The index, as far as it is there.
#[derive(Debug)]
enum Slot {
    /// There is none, or none that is of use: one is made when there is something to write.
    Absent,
    Open(Index),
    /// It can't be used in this run.
    Unusable,
}

impl Opened {
    pub(crate) fn open(
        place: Place,
        settings: Settings,
        lock: Lock,
        holder: &Holder,
    ) -> Result<Self, StoreError> {
        let path = place.journal();
        let (mut file, header) = open_journal(&place)?;
        let (index, loaded) = open_index(&place, header, &mut file);
        let fresh = loaded.is_none();
        let (mut snapshot, last) = loaded.unwrap_or_default();
        let from = last.map_or(HEADER_LEN, |mark| mark.end);
        let mut touched = Touched {
            all: fresh,
            ..Touched::default()
        };
        let scan = scan(&mut file, &path, from, |_, kind, payload| {
            touched.all |= kind == RecordKind::Checkpoint;
            replay::apply(&mut snapshot, kind, payload, |batch, before| {
                touched.add(before, &batch.events);
                true
            })
        })?;
        if let Some(torn) = scan.torn {
            cut_off(&place, &mut file, torn)?;
        }
        // Nothing was ever recorded: an empty index lacks nothing.
        touched.all &= scan.end > HEADER_LEN;
        let mut opened = Self {
            lease: Lease {
                holder: holder.clone(),
                claim: Claim::whole(),
                fence: Fence::above(snapshot.last_op),
                locked: true,
            },
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
            place,
            _lock: lock,
        };
        opened.tend();
        Ok(opened)
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
    ///
    /// First the old journal gets a second name in `history/`; then the new one is written under a draft name and synced; then it is
    /// renamed. A crash before that leaves the old one in force; its second name is not read, being of the generation in force, and
    /// made again.
    fn compact(&mut self) -> Result<(), StoreError> {
        let fold = estimate(&self.snapshot);
        if fold.saturating_mul(self.settings.compact_ratio) > self.journal.len() {
            self.compact_at = self.journal.len().saturating_mul(2);
            return Ok(());
        }
        let path = self.place.journal();
        let old = self.position.journal.generation;
        let history = self.place.history();
        let name = history.join(format!("{old:08}.journal"));
        keep(&path, &name, &history).map_err(io_error("writing", &name))?;
        let payload = encode_snapshot(&self.snapshot).map_err(WireError::refused)?;
        let header = new_header(old + 1);
        let made = create_file(&path, header, Some((RecordKind::Checkpoint, &payload)));
        let (file, len) = match made {
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
        self.journal = Journal::new(file, path, len);
        self.position = Position {
            journal: header,
            last: Some(Mark {
                offset: HEADER_LEN,
                crc: crc32fast::hash(&payload),
                end: len,
            }),
        };
        self.compact_at = len
            .saturating_mul(self.settings.compact_ratio)
            .max(self.settings.compact_at);
        self.write_index();
        // What can't be forgotten now can be later.
        let _later = prune::prune_history(&self.place, now_ms());
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
            self.index = Index::open(&self.place.index()).map_or(Slot::Unusable, Slot::Open);
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
        &self.lease
    }

    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let serial = self.snapshot.serial_after(&events);
        let payload = encode_batch(serial, &events).map_err(WireError::refused)?;
        let mark = self.journal.append(RecordKind::Batch, &payload)?;
        self.position.last = Some(mark);
        self.touched.add(&self.snapshot, &events);
        Arc::make_mut(&mut self.snapshot).commit_as(serial, &events);
        self.tend();
        Ok(())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.finish();
    }
}

fn now_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX))
}

pub(crate) fn new_header(generation: u64) -> Header {
    // The standard library seeds each hasher state from the system's randomness: enough to tell journals apart.
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    Header {
        generation,
        id: hasher.finish(),
    }
}

fn open_journal(place: &Place) -> Result<(File, Header), StoreError> {
    let path = place.journal();
    match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(mut file) => {
            let header = read_header(&mut file, &path)?;
            Ok((file, header))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if place.index().exists() || place.history().exists() {
                return Err(StoreError::Damaged {
                    what: place.folder().display().to_string(),
                    problem: "its journal is missing, though there was one; `terrane state fsck -repair` brings back what the other files hold; else put it back from a backup"
                        .to_owned(),
                });
            }
            let header = new_header(1);
            let (file, _) = create_file(&path, header, None)?;
            Ok((file, header))
        }
        Err(error) => Err(io_error("opening", &path)(error)),
    }
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
    let loaded = Index::open(&folder).and_then(|mut index| {
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

/// Gives a file a second name, durably; where the file system has no links, a copy.
fn keep(
    file: &std::path::Path,
    name: &std::path::Path,
    folder: &std::path::Path,
) -> io::Result<()> {
    make_folders(folder)?;
    if name.exists() {
        fs::remove_file(name)?;
    }
    if fs::hard_link(file, name).is_err() {
        fs::copy(file, name)?;
        File::open(name)?.sync_all()?;
    }
    sync_folder(folder)
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
