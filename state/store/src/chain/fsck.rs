//! Checking a chain of journals, and mending it.
//!
//! What is looked at: every journal, byte by byte; the chain of generations; each record, and what the records say together ([`crate::check`]); what
//! lies about. What else a store keeps is looked at by itself: it goes through the parts of a [`Look`] one by one.
//!
//! A repair never writes over anything: a file that is replaced goes to `damaged/` first, and a new one appears whole or not at all.

use super::Chain;
use crate::check::{self, Watch};
use crate::files::{io_error, make_folders, put_aside, remove_if_there};
use crate::journal::{Header, RawRecord, RecordKind, Survey, create_with, survey, sync_folder};
use crate::maintain::{Checkup, Finding};
use crate::wire::{Batch, WireError, encode_snapshot};
use crate::{StoreError, replay};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_model::event::EventKind;
use terrane_model::snapshot::Snapshot;

/// A file with records, read whole.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    bytes: Vec<u8>,
    current: bool,
}

/// What became of reading all records.
#[derive(Debug, Default)]
pub struct Folded {
    /// The state that they give.
    pub snapshot: Snapshot,
    /// The header of the present journal, if it has one that can be read.
    pub header: Option<Header>,
    /// Something of the present journal is missing, so the fold may not be the state.
    pub short: bool,
    watch: Watch,
    /// The generation of the file before, if it was whole to its end.
    chain: Option<u64>,
    /// Serials are missing among the records so far: the next checkpoint can't be what they give.
    gap: bool,
}

impl From<Snapshot> for Folded {
    /// A state that no records are known of.
    fn from(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            ..Self::default()
        }
    }
}

/// A state that is known from elsewhere than the journals.
#[derive(Debug)]
pub struct Known {
    /// The state.
    pub snapshot: Snapshot,
    /// The generation of the journal that it was made from.
    pub generation: u64,
    /// What a journal that is made of it is: `made anew from …`.
    pub how: String,
}

/// A check that is under way.
#[derive(Debug)]
pub struct Look {
    /// What is looked at.
    pub chain: Chain,
    /// Whether what can be mended is.
    pub repair: bool,
    /// Whether nobody else can write meanwhile.
    pub owned: bool,
    /// What was found.
    pub checkup: Checkup,
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

impl Look {
    /// Begins one.
    #[must_use]
    pub fn new(chain: Chain, repair: bool) -> Self {
        Self {
            chain,
            repair,
            owned: false,
            checkup: Checkup::default(),
        }
    }

    /// Notes a finding.
    pub fn tell(&mut self, finding: Finding) {
        self.checkup.findings.push(finding);
    }

    /// All files with records, oldest first. `None`: there is no journal, and nothing that one could be made of. `lost`: there must have been one.
    fn files(
        &mut self,
        known: &mut dyn FnMut() -> Option<Known>,
        lost: bool,
    ) -> Result<Option<Vec<Source>>, StoreError> {
        let mut paths = Vec::new();
        let history = self.chain.history();
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
        let current = self.chain.journal();
        let there = current.exists();
        if there {
            paths.push((current.clone(), true));
        } else {
            if paths.is_empty() && !lost {
                return Ok(None);
            }
            let mut finding = Finding::error(show(&current), "the journal is missing");
            if self.repair {
                let how = self.new_journal(&paths, known())?;
                finding = finding.done(how);
                paths.push((current, true));
            }
            self.tell(finding);
        }
        let mut files = Vec::new();
        for (path, current) in paths {
            let bytes = fs::read(&path).map_err(io_error("reading", &path))?;
            files.push(Source {
                path,
                bytes,
                current,
            });
        }
        Ok(Some(files))
    }

    /// Makes a journal from what else there is: a state that is known from elsewhere, or the newest generation in the history.
    fn new_journal(
        &mut self,
        history: &[(PathBuf, bool)],
        known: Option<Known>,
    ) -> Result<String, StoreError> {
        let known = match known {
            Some(known) => known,
            None => self.known_from_history(history)?,
        };
        let header = Header::new(known.generation + 1);
        self.write_checkpoint(&known.snapshot, header)?;
        Ok(known.how)
    }

    fn known_from_history(&self, history: &[(PathBuf, bool)]) -> Result<Known, StoreError> {
        let mut known = Known {
            snapshot: Snapshot::default(),
            generation: 0,
            how: match history {
                [] => "made anew, and empty: nothing of what it held is left in this folder. Put the state back with `terrane state restore`",
                [..] => "made anew from the history: what happened after its last compaction is lost",
            }
            .to_owned(),
        };
        for (path, _) in history {
            let bytes = fs::read(path).map_err(io_error("reading", path))?;
            let found = survey(&bytes, path)?;
            known.generation = found
                .header
                .map_or(known.generation, |(header, _)| header.generation);
            for located in &found.records {
                let kind = located.record.known_kind()?;
                // What can't be folded is told of when that file is looked at.
                let opened = self.chain.sealer().open(&located.record.payload)?;
                drop(replay::apply(
                    &mut known.snapshot,
                    kind,
                    &opened.bytes,
                    |_, _| true,
                ));
            }
        }
        Ok(known)
    }

    /// Writes a journal that begins with a state.
    fn write_checkpoint(&self, snapshot: &Snapshot, header: Header) -> Result<(), StoreError> {
        let payload = encode_snapshot(snapshot).map_err(WireError::refused)?;
        let payload = self.chain.sealer().seal(payload)?;
        let mut records = Vec::new();
        RawRecord::new(RecordKind::Checkpoint, &payload).encode(&mut records)?;
        create_with(&self.chain.journal(), header, &records)?;
        Ok(())
    }

    /// Looks at all files with records. Gives what they make; `None`: there are none. `known` is asked for a state that is known from elsewhere where the
    /// present journal is missing; `lost`: there must have been one, even if nothing else is left of it.
    ///
    /// # Errors
    /// When they can't be read, or not be mended.
    pub fn records(
        &mut self,
        known: &mut dyn FnMut() -> Option<Known>,
        lost: bool,
    ) -> Result<Option<Folded>, StoreError> {
        let Some(files) = self.files(known, lost)? else {
            return Ok(None);
        };
        let mut folded = Folded::default();
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
                folded.header = found.header.map(|(header, _)| header);
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
        Ok(Some(folded))
    }

    /// Ends the look with what must hold of the state.
    #[must_use]
    pub fn finish(mut self, folded: Option<Folded>) -> Checkup {
        if let Some(folded) = folded {
            let Folded {
                snapshot, watch, ..
            } = folded;
            self.checkup.serial = snapshot.serial;
            self.checkup.instances = snapshot.instance_count();
            self.checkup.versions = watch.history.into_versions().len();
            self.checkup.findings.extend(check::snapshot(&snapshot));
        }
        self.checkup.findings = check::shortened(self.checkup.findings);
        self.checkup
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
            let sealer = Arc::clone(self.chain.sealer());
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
                watch.batch(&place, (before, *gap), batch, findings);
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
            && let Ok(state) = crate::wire::decode_snapshot(payload)
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
        put_aside(&source.path, &self.chain.damaged())?;
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
            _ => Header::new(generation),
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
        fs::read_dir(self.chain.history())
            .into_iter()
            .flatten()
            .filter_map(|entry| number(&entry.ok()?.path()))
            .max()
            .map_or(1, |newest| newest + 1)
    }

    /// Begins a new generation with this state; the one before it goes to the history.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write_checkpoint_after(
        &self,
        state: &Snapshot,
        header: Header,
    ) -> Result<(), StoreError> {
        let history = self.chain.history();
        let name = self.chain.earlier(header.generation);
        let journal = self.chain.journal();
        let keep = || -> io::Result<()> {
            make_folders(&history)?;
            fs::copy(&journal, &name)?;
            File::open(&name)?.sync_all()?;
            sync_folder(&history)
        };
        keep().map_err(io_error("writing", &name))?;
        self.write_checkpoint(state, Header::new(header.generation + 1))
    }

    /// What cut off operations leave, and what was kept.
    ///
    /// # Errors
    /// When drafts can't be removed.
    pub fn leftovers(&mut self) -> Result<(), StoreError> {
        let torn = self.chain.torn();
        if let Ok(found) = fs::metadata(&torn) {
            self.tell(Finding::note(
                show(&torn),
                format!(
                    "{} bytes that were cut off from the end of the journal are kept here",
                    found.len()
                ),
            ));
        }
        let damaged = self.chain.damaged();
        let kept = fs::read_dir(&damaged).map_or(0, Iterator::count);
        if kept > 0 {
            self.tell(Finding::note(
                show(&damaged),
                match kept {
                    1 => String::from("a file that a repair replaced is kept here; remove it when nobody needs it"),
                    kept => format!("{kept} files that repairs replaced are kept here; remove them when nobody needs them"),
                },
            ));
        }
        for folder in [self.chain.folder().to_owned(), self.chain.history()] {
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
                    remove_if_there(&draft).map_err(io_error("removing", &draft))?;
                    finding = finding.done("removed");
                }
                self.tell(finding);
            }
        }
        Ok(())
    }

    /// Others must not read secrets in a folder.
    ///
    /// # Errors
    /// When its mode can't be changed.
    pub fn permissions(&mut self, root: &Path) -> Result<(), StoreError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
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
        let _ = root;
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
