//! Checking a workspace, and mending it.
//!
//! What is looked at: the layout's version; every journal, byte by byte; the chain of generations; each record, and what the records say together
//! (`terrane_store::check`); the index, which must be the fold; what lies about; who may read it.
//!
//! A repair never writes over anything: a file that is replaced goes to `damaged/` first, and a new one appears whole or not at all.

use crate::backup::read_whole;
use crate::index::{self, Index};
use crate::layout::{Layout, Place, io_error, make_folders};
use crate::lock::Lock;
use crate::workspace::new_header;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_model::event::EventKind;
use terrane_model::snapshot::Snapshot;
use terrane_store::check::{self, Watch};
use terrane_store::journal::{
    HEADER_LEN, Header, RawRecord, RecordKind, Survey, create_with, scan, survey, sync_folder,
};
use terrane_store::maintain::{Checkup, Finding};
use terrane_store::pieces::Sealer;
use terrane_store::wire::{Batch, WireError, encode_snapshot};
use terrane_store::{StoreError, check_workspace_name, replay};

/// Checks a workspace. See the head of this file.
pub(crate) fn check(layout: &Layout, workspace: &str, repair: bool) -> Result<Checkup, StoreError> {
    check_workspace_name(workspace)?;
    let mut look = Look {
        place: layout.place(workspace),
        repair,
        owned: false,
        checkup: Checkup::default(),
    };
    look.format(layout)?;
    if !look.place.folder().is_dir() {
        return match workspace {
            "default" => Ok(look.checkup),
            _ => Err(StoreError::NoWorkspace(workspace.to_owned())),
        };
    }
    let lock = look.own()?;
    if let Some(files) = look.files()? {
        look.all(files)?;
    }
    look.leftovers()?;
    look.permissions(layout)?;
    drop(lock);
    look.checkup.findings = check::shortened(look.checkup.findings);
    Ok(look.checkup)
}

/// A file with records, read whole.
struct Source {
    path: PathBuf,
    bytes: Vec<u8>,
    current: bool,
}

/// What became of reading all records.
#[derive(Default)]
struct Folded {
    snapshot: Snapshot,
    watch: Watch,
    /// The generation of the file before, if it was whole to its end.
    chain: Option<u64>,
    /// Serials are missing among the records so far: the next checkpoint can't be what they give.
    gap: bool,
    /// Something of the present journal is missing, so the fold may not be the state.
    short: bool,
}

struct Look {
    place: Place,
    repair: bool,
    owned: bool,
    checkup: Checkup,
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

impl Look {
    fn tell(&mut self, finding: Finding) {
        self.checkup.findings.push(finding);
    }

    /// The version of the layout.
    fn format(&mut self, layout: &Layout) -> Result<(), StoreError> {
        let path = layout.root().join("format");
        match layout.check_format() {
            Err(StoreError::Damaged { problem, .. }) => {
                let mut finding = Finding::error(show(&path), problem);
                if self.repair {
                    let aside = layout.root().join("format.damaged");
                    fs::rename(&path, &aside).map_err(io_error("renaming", &path))?;
                    layout.write_format()?;
                    finding = finding.done("a new one was written; the old one is format.damaged");
                }
                self.tell(finding);
            }
            result => result?,
        }
        if !path.exists() && layout.root().is_dir() {
            let mut finding = Finding::warning(show(&path), "the file is missing");
            if self.repair {
                layout.write_format()?;
                finding = finding.done("written");
            }
            self.tell(finding);
        }
        Ok(())
    }

    /// Takes the workspace, so that nothing changes meanwhile. Without it, what can be checked is checked.
    fn own(&mut self) -> Result<Option<Lock>, StoreError> {
        match Lock::own(&self.place, "fsck") {
            Ok(lock) => {
                self.owned = true;
                Ok(Some(lock))
            }
            Err(error) if self.repair => Err(error),
            Err(StoreError::InUse { holder, .. }) => {
                self.tell(Finding::note(
                    show(self.place.folder()),
                    format!("the workspace is in use by {holder}, so the index was not looked at"),
                ));
                Ok(None)
            }
            Err(_) => {
                self.tell(Finding::note(
                    show(self.place.folder()),
                    "the folder can't be written, so the index was not looked at",
                ));
                Ok(None)
            }
        }
    }

    /// All files with records, oldest first. `None`: there is no journal, and nothing that one could be made of.
    fn files(&mut self) -> Result<Option<Vec<Source>>, StoreError> {
        let mut paths = Vec::new();
        let history = self.place.history();
        match fs::read_dir(&history) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            entries => {
                for entry in entries.map_err(io_error("reading", &history))? {
                    let path = entry.map_err(io_error("reading", &history))?.path();
                    if path
                        .extension()
                        .is_some_and(|extension| extension == "journal")
                    {
                        paths.push((path, false));
                    }
                }
            }
        }
        // Names are the generations with leading zeros.
        paths.sort();
        let current = self.place.journal();
        let there = current.exists();
        if there {
            paths.push((current.clone(), true));
        } else {
            let known = !paths.is_empty() || self.place.index().exists();
            if !known {
                return Ok(None);
            }
            let mut finding = Finding::error(show(&current), "the journal is missing");
            if self.repair {
                let how = self.new_journal(&paths)?;
                finding = finding.done(how);
                paths.push((current, true));
            }
            self.tell(finding);
        }
        let mut files = Vec::new();
        for (path, current) in paths {
            let bytes = read_whole(&path)?;
            files.push(Source {
                path,
                bytes,
                current,
            });
        }
        Ok(Some(files))
    }

    /// Makes a journal from what else there is: the index, or the newest generation in the history.
    fn new_journal(&mut self, history: &[(PathBuf, bool)]) -> Result<String, StoreError> {
        let folder = self.place.index();
        let indexed = (folder.is_dir() && index::is_free(&folder))
            .then(|| {
                Index::open(&folder, self.place.sealer())
                    .and_then(|mut index| index.load_alone())
                    .ok()
            })
            .flatten();
        let (snapshot, generation, how) = match indexed {
            Some((snapshot, generation)) => (
                snapshot,
                generation + 1,
                "made anew from the index: it holds the state as of the last time that the index was written",
            ),
            None => {
                let mut folded = Folded::default();
                let mut generation = 0;
                for (path, _) in history {
                    let bytes = read_whole(path)?;
                    let found = survey(&bytes, path)?;
                    generation = found
                        .header
                        .map_or(generation, |(header, _)| header.generation);
                    for located in &found.records {
                        let kind = located.record.known_kind()?;
                        // What can't be folded is told of when that file is looked at.
                        let opened = self.place.sealer().open(&located.record.payload)?;
                        drop(replay::apply(
                            &mut folded.snapshot,
                            kind,
                            &opened.bytes,
                            |_, _| true,
                        ));
                    }
                }
                (
                    folded.snapshot,
                    generation + 1,
                    "made anew from the history: what happened after its last compaction is lost",
                )
            }
        };
        self.put_aside(&folder)?;
        self.write_checkpoint(&snapshot, generation)?;
        Ok(how.to_owned())
    }

    fn write_checkpoint(&self, snapshot: &Snapshot, generation: u64) -> Result<(), StoreError> {
        let payload = encode_snapshot(snapshot).map_err(WireError::refused)?;
        let payload = self.place.sealer().seal(payload)?;
        let mut records = Vec::new();
        RawRecord::new(RecordKind::Checkpoint, &payload).encode(&mut records)?;
        let header = Header {
            generation,
            ..new_header(0)
        };
        create_with(&self.place.journal(), header, &records)?;
        Ok(())
    }

    /// Keeps what is about to be replaced: gives it a second name (or another one, for a folder) in `damaged/`.
    fn put_aside(&self, path: &Path) -> Result<(), StoreError> {
        let folder = self.place.folder().join("damaged");
        let keep = || -> io::Result<()> {
            if !path.exists() {
                return Ok(());
            }
            make_folders(&folder)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let free = (0_u32..)
                .map(|at| folder.join(format!("{name}.{at}")))
                .find(|path| !path.exists());
            let Some(aside) = free else { return Ok(()) };
            if path.is_dir() {
                fs::rename(path, &aside)?;
            } else {
                fs::copy(path, &aside)?;
                File::open(&aside)?.sync_all()?;
            }
            sync_folder(&folder)
        };
        keep().map_err(io_error("keeping a copy of", path))
    }

    /// Looks at all files with records, and then at what they give.
    fn all(&mut self, files: Vec<Source>) -> Result<(), StoreError> {
        let mut folded = Folded::default();
        let mut current = None;
        for source in files {
            self.checkup.generations += 1;
            let found = survey(&source.bytes, &source.path)?;
            let before = self.checkup.findings.len();
            let keep = self.fold(&source, &found, &mut folded)?;
            let torn_only = source.current
                && matches!(found.header, Some((_, None)))
                && keep.len() == found.records.len()
                && found.records.iter().all(|record| record.mended.is_none())
                && found.holes.iter().all(|hole| hole.at_end);
            let broken = !found.is_whole() || keep.len() != found.records.len();
            if source.current {
                folded.short |= broken && !torn_only && !is_mended(&found, &keep);
                current = found.header.map(|(header, _)| header);
            }
            if broken && self.repair {
                self.rewrite(&source, &found, &keep, torn_only)?;
                for finding in &mut self.checkup.findings[before..] {
                    finding.done.get_or_insert_with(|| {
                        "mended; the file as it was is in damaged/".to_owned()
                    });
                }
            }
        }
        self.index(&mut folded, current)?;
        let Folded {
            snapshot, watch, ..
        } = folded;
        self.checkup.serial = snapshot.serial;
        self.checkup.instances = snapshot.instance_count();
        self.checkup.versions = watch.history.into_versions().len();
        self.checkup.findings.extend(check::snapshot(&snapshot));
        Ok(())
    }

    /// Folds the records of a file. Returns which of them are good.
    #[expect(
        clippy::too_many_lines,
        reason = "one case after the other, each with its repair"
    )]
    fn fold(
        &mut self,
        source: &Source,
        found: &Survey<'_>,
        folded: &mut Folded,
    ) -> Result<Vec<usize>, StoreError> {
        let name = show(&source.path);
        let at = |offset: u64| format!("{name}, byte {offset}");
        let generation = found.header.map(|(header, _)| header.generation);
        match found.header {
            None => self.tell(Finding::error(&name, "its header is damaged")),
            Some((_, Some(byte))) => {
                self.tell(Finding::error(at(byte), "a bit of its header is wrong"));
            }
            Some(_) => {}
        }
        let named = source.path.file_stem().and_then(|stem| stem.to_str());
        if let Some(generation) = generation
            && !source.current
            && named.and_then(|name| name.parse().ok()) != Some(generation)
        {
            self.tell(Finding::warning(
                &name,
                format!("it holds generation {generation}"),
            ));
        }
        for hole in &found.holes {
            let torn = hole.at_end && source.current;
            let (offset, len) = (hole.offset, hole.len);
            self.tell(match torn {
                true => Finding::warning(
                    at(offset),
                    format!("{len} bytes of a write that was cut off: it was never acknowledged, and is cut off when the state is next opened"),
                ),
                false => Finding::error(
                    at(offset),
                    format!("{len} bytes are no record: what it recorded is missing from the history"),
                ),
            });
        }
        let mut good = Vec::new();
        for (number, located) in found.records.iter().enumerate() {
            self.checkup.records += 1;
            let place = at(located.offset);
            if let Some(byte) = located.mended {
                self.tell(Finding::error(at(byte), "a bit is wrong"));
            }
            let kind = located.record.known_kind().map_err(|error| match error {
                StoreError::TooNew { found, known, .. } => StoreError::TooNew {
                    what: place.clone(),
                    found,
                    known,
                },
                error => error,
            })?;
            let first = number == 0;
            let sealer = Arc::clone(self.place.sealer());
            let opened = match sealer.open(&located.record.payload) {
                Err(StoreError::Damaged { problem, .. }) => {
                    self.tell(Finding::error(place, problem));
                    continue;
                }
                opened => opened?,
            };
            if kind == RecordKind::Checkpoint {
                self.chained(&place, first, generation, &opened.bytes, folded);
            }
            let Folded {
                snapshot,
                watch,
                gap,
                ..
            } = folded;
            let findings = &mut self.checkup.findings;
            let applied = replay::apply(snapshot, kind, &opened.bytes, |batch, before| {
                if is_gap(before, batch) {
                    *gap = true;
                    findings.push(Finding::warning(
                        &place,
                        format!(
                            "serials {} to {} are missing from the history",
                            before.serial + 1,
                            batch.serial - 1
                        ),
                    ));
                }
                watch.batch(&place, before, batch, findings);
                true
            });
            match applied {
                Ok(()) => {
                    good.push(number);
                    if kind == RecordKind::Checkpoint {
                        folded.gap = false;
                        folded.watch.checkpoint(&folded.snapshot);
                    }
                }
                Err(StoreError::Damaged { problem, .. }) => {
                    self.tell(Finding::error(place, problem));
                }
                Err(error) => return Err(error),
            }
        }
        let whole = found.holes.is_empty() && good.len() == found.records.len();
        folded.chain = generation.filter(|_| whole);
        Ok(good)
    }

    /// A checkpoint must be what the generation before it ended with.
    fn chained(
        &mut self,
        place: &str,
        first: bool,
        generation: Option<u64>,
        payload: &[u8],
        folded: &Folded,
    ) {
        if !first {
            self.tell(Finding::error(
                place,
                "a checkpoint stands in the middle of a journal",
            ));
        }
        let follows = folded
            .chain
            .is_some_and(|before| generation == Some(before + 1));
        if follows
            && let Ok(state) = terrane_store::wire::decode_snapshot(payload)
            && state != folded.snapshot
            && !folded.gap
        {
            self.tell(Finding::error(
                place,
                "it is not the state that the generation before it ended with",
            ));
        }
        if let (Some(before), Some(now)) = (folded.chain, generation)
            && now > before + 1
        {
            self.tell(Finding::warning(
                place,
                format!(
                    "generations {} to {} are missing from the history",
                    before + 1,
                    now - 1
                ),
            ));
        }
    }

    /// Writes a file anew with its good records.
    fn rewrite(
        &mut self,
        source: &Source,
        found: &Survey<'_>,
        good: &[usize],
        torn_only: bool,
    ) -> Result<(), StoreError> {
        self.put_aside(&source.path)?;
        let mut records = Vec::new();
        for number in good {
            if let Some(located) = found.records.get(*number) {
                located.record.encode(&mut records)?;
            }
        }
        let generation = match found.header {
            Some((header, _)) => header.generation,
            None => self.generation_of(source),
        };
        let same = torn_only || !source.current || is_mended(found, good);
        let header = match found.header {
            Some((header, _)) if same => header,
            // Another id: the places of records are others now, and no index fits them.
            _ => Header {
                generation,
                ..new_header(0)
            },
        };
        create_with(&source.path, header, &records)?;
        Ok(())
    }

    /// What the header of a file would say.
    fn generation_of(&self, source: &Source) -> u64 {
        let number = |path: &Path| path.file_stem()?.to_str()?.parse::<u64>().ok();
        if !source.current {
            return number(&source.path).unwrap_or(1);
        }
        fs::read_dir(self.place.history())
            .into_iter()
            .flatten()
            .filter_map(|entry| number(&entry.ok()?.path()))
            .max()
            .map_or(1, |newest| newest + 1)
    }

    /// The index must be the fold. Where records of the journal are missing, it may know more than the journal does.
    fn index(&mut self, folded: &mut Folded, header: Option<Header>) -> Result<(), StoreError> {
        let folder = self.place.index();
        let Some(header) = header.filter(|_| self.owned && folder.exists()) else {
            return Ok(());
        };
        let name = show(&folder);
        if !index::is_free(&folder) {
            self.tell(Finding::note(name, "another process has the index open"));
            return Ok(());
        }
        let path = self.place.journal();
        let kept = self.place.folder().join("damaged");
        // After a repair the records are elsewhere: the index is held against the journal as it was.
        let was = match folded.short && self.repair {
            true => newest(&kept, "journal").unwrap_or(path),
            false => path,
        };
        match index_state(self.place.sealer(), &folder, header, &was) {
            Ok(state) if state == folded.snapshot => return Ok(()),
            Ok(state) if folded.short => {
                let mut finding = Finding::warning(
                    &name,
                    "it knows what the damaged records of the journal recorded",
                );
                if self.repair {
                    self.write_checkpoint_after(&state, header)?;
                    folded.snapshot = state;
                    finding = finding.done("the state was put right from it");
                }
                self.tell(finding);
            }
            Ok(_) => {
                self.tell(
                    self.removable(Finding::error(&name, "it is not the fold of the journal")),
                );
            }
            Err(problem) => {
                let finding = Finding::warning(&name, format!("it is of no use: {problem}"));
                self.tell(self.removable(finding));
            }
        }
        if self.repair {
            self.put_aside_index(&folder)?;
        }
        Ok(())
    }

    fn removable(&self, finding: Finding) -> Finding {
        match self.repair {
            true => finding.done("removed: the next command makes a new one"),
            false => finding,
        }
    }

    fn put_aside_index(&self, folder: &Path) -> Result<(), StoreError> {
        let removed = match folder.is_dir() {
            true => fs::remove_dir_all(folder),
            false => fs::remove_file(folder),
        };
        removed.map_err(io_error("removing", folder))
    }

    /// Begins a new generation with this state; the one before it goes to the history.
    fn write_checkpoint_after(&self, state: &Snapshot, header: Header) -> Result<(), StoreError> {
        let history = self.place.history();
        let name = history.join(format!("{:08}.journal", header.generation));
        let journal = self.place.journal();
        let keep = || -> io::Result<()> {
            make_folders(&history)?;
            fs::copy(&journal, &name)?;
            File::open(&name)?.sync_all()?;
            sync_folder(&history)
        };
        keep().map_err(io_error("writing", &name))?;
        self.write_checkpoint(state, header.generation + 1)
    }

    /// What cut off operations leave, and what was kept.
    fn leftovers(&mut self) -> Result<(), StoreError> {
        let torn = self.place.torn();
        if let Ok(found) = fs::metadata(&torn) {
            self.tell(Finding::note(
                show(&torn),
                format!(
                    "{} bytes that were cut off from the end of the journal are kept here",
                    found.len()
                ),
            ));
        }
        let damaged = self.place.folder().join("damaged");
        let kept = fs::read_dir(&damaged).map_or(0, Iterator::count);
        if kept > 0 {
            self.tell(Finding::note(
                show(&damaged),
                format!("{kept} files that repairs replaced are kept here; remove them when nobody needs them"),
            ));
        }
        for folder in [self.place.folder().to_owned(), self.place.history()] {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            let mut drafts: Vec<PathBuf> = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| path.extension().is_some_and(|extension| extension == "new"))
                .collect();
            drafts.sort();
            for draft in drafts {
                let mut finding = Finding::note(
                    show(&draft),
                    "a draft of a file, left by a process that was cut off",
                );
                if self.repair && self.owned {
                    fs::remove_file(&draft).map_err(io_error("removing", &draft))?;
                    finding = finding.done("removed");
                }
                self.tell(finding);
            }
        }
        Ok(())
    }

    /// Others must not read secrets.
    fn permissions(&mut self, layout: &Layout) -> Result<(), StoreError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let root = layout.root();
            let Ok(found) = fs::metadata(root) else {
                return Ok(());
            };
            let mode = found.permissions().mode();
            if mode & 0o077 != 0 {
                let mut finding = Finding::warning(
                    show(root),
                    format!(
                        "others than the owner may use the folder (mode {:03o}), and it may hold secrets",
                        mode & 0o777
                    ),
                );
                if self.repair {
                    fs::set_permissions(root, fs::Permissions::from_mode(mode & 0o700))
                        .map_err(io_error("changing the mode of", root))?;
                    finding = finding.done("taken from them");
                }
                self.tell(finding);
            }
        }
        #[cfg(not(unix))]
        let _ = layout;
        Ok(())
    }
}

/// Whether batches are missing before this one. A state that was pushed may have any serial.
fn is_gap(before: &Snapshot, batch: &Batch) -> bool {
    let replaced = || {
        batch
            .events
            .iter()
            .any(|event| matches!(event.kind, EventKind::Replaced(_)))
    };
    batch.serial > before.serial + 1 && !replaced()
}

/// Whether everything that was wrong could be put right, so that nothing is missing.
fn is_mended(found: &Survey<'_>, good: &[usize]) -> bool {
    found.header.is_some() && found.holes.is_empty() && good.len() == found.records.len()
}

/// The newest of the files that repairs kept under this name.
fn newest(folder: &Path, name: &str) -> Option<PathBuf> {
    (0_u32..)
        .map(|at| folder.join(format!("{name}.{at}")))
        .take_while(|path| path.exists())
        .last()
}

/// The state that the index gives, with the records of the journal that it lacks.
fn index_state(
    sealer: &Arc<Sealer>,
    folder: &Path,
    header: Header,
    journal: &Path,
) -> Result<Snapshot, String> {
    let plain = |error: StoreError| error.to_string();
    let mut file = File::open(journal).map_err(|error| error.to_string())?;
    let mut index = Index::open(folder, sealer).map_err(|error| format!("{error:?}"))?;
    let (mut snapshot, last) = index
        .load(header, &mut file, journal)
        .map_err(|error| format!("{error:?}"))?;
    let from = last.map_or(HEADER_LEN, |mark| mark.end);
    scan(&mut file, journal, from, |_, kind, payload| {
        let opened = sealer.open(payload)?;
        replay::apply(&mut snapshot, kind, &opened.bytes, |_, _| true)
    })
    .map_err(plain)?;
    Ok(snapshot)
}
