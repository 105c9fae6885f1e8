//! A chain of journals: the present one of a workspace, and those that it took the place of.
//!
//! ```text
//! journal                  the present one
//! history/<n>.journal      earlier generations; complete, never changed
//! policy                   which versions compaction keeps, if that was set
//! damaged/<name>.<n>       files that a repair has replaced
//! ```
//!
//! The embedded store keeps a state in one; stores of whole files keep beside the file what it can't hold. Who may write is their business. The
//! formats are in `docs/formats/journal.md`.

mod fsck;
mod prune;
mod reseal;

pub use fsck::{Folded, Known, Look};
pub use reseal::Resealed;

use crate::files::{io_error, make_folders};
use crate::journal::{HEADER_LEN, Header, RawRecord, RecordKind, create_with, read_header, scan};
use crate::pieces::Sealer;
use crate::wire::Batch;
use crate::{StoreError, replay};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_model::snapshot::Snapshot;

/// How often it is begun anew when the history was pruned while it was read.
const TRIES: usize = 5;

/// The folder of a chain.
#[derive(Clone, Debug)]
pub struct Chain {
    folder: PathBuf,
    sealer: Arc<Sealer>,
}

/// One journal of a chain, open for reading.
#[derive(Debug)]
pub struct Generation {
    /// Its header.
    pub header: Header,
    /// The file.
    pub file: File,
    /// Where it is.
    pub path: PathBuf,
}

impl Chain {
    /// The chain in a folder.
    #[must_use]
    pub fn new(folder: PathBuf, sealer: Arc<Sealer>) -> Self {
        Self { folder, sealer }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What seals and opens the records.
    #[must_use]
    pub fn sealer(&self) -> &Arc<Sealer> {
        &self.sealer
    }

    /// The present journal.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    /// What was last cut off from its end, if ever.
    #[must_use]
    pub fn torn(&self) -> PathBuf {
        self.folder.join("journal.torn")
    }

    /// The folder of earlier ones.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.folder.join("history")
    }

    /// The journal of an earlier generation.
    #[must_use]
    pub fn earlier(&self, generation: u64) -> PathBuf {
        self.history().join(format!("{generation:08}.journal"))
    }

    /// Where repairs keep what they replace.
    #[must_use]
    pub fn damaged(&self) -> PathBuf {
        self.folder.join("damaged")
    }

    /// Opens all journals, oldest first. `None`: there is no present one.
    ///
    /// The present one is opened first: earlier generations never change, and what a compaction adds meanwhile is this very file.
    ///
    /// # Errors
    /// When they can't be opened, or are no journals.
    pub fn files(&self) -> Result<Option<Vec<Generation>>, StoreError> {
        let path = self.journal();
        let mut tries = 0;
        loop {
            let mut file = match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                file => file.map_err(io_error("opening", &path))?,
            };
            let header = read_header(&mut file, &path)?;
            tries += 1;
            match self.before(header.generation) {
                // Pruned between the listing and the opening.
                Err(StoreError::Io { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && tries < TRIES => {}
                Err(error) => return Err(error),
                Ok(mut files) => {
                    files.push(Generation { header, file, path });
                    return Ok(Some(files));
                }
            }
        }
    }

    /// Earlier generations, oldest first. One as new as the journal is left out: it is what a compaction made before it was cut off.
    ///
    /// # Errors
    /// When they can't be opened, or are no journals.
    pub fn before(&self, newest: u64) -> Result<Vec<Generation>, StoreError> {
        let folder = self.history();
        let mut files = Vec::new();
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
            result => result.map_err(io_error("reading", &folder))?,
        };
        for entry in entries {
            let path = entry.map_err(io_error("reading", &folder))?.path();
            if path
                .extension()
                .is_none_or(|extension| extension != "journal")
            {
                continue;
            }
            let mut file = File::open(&path).map_err(io_error("opening", &path))?;
            let header = read_header(&mut file, &path)?;
            if header.generation < newest {
                files.push(Generation { header, file, path });
            }
        }
        files.sort_by_key(|found| found.header.generation);
        Ok(files)
    }

    /// Goes through all batches, oldest first, until `each` says no. Gives the state up to there; `None`: there is no journal.
    ///
    /// # Errors
    /// When the journals can't be read.
    pub fn replay(
        &self,
        mut each: impl FnMut(&Batch) -> bool,
    ) -> Result<Option<Snapshot>, StoreError> {
        let Some(files) = self.files()? else {
            return Ok(None);
        };
        let mut snapshot = Snapshot::default();
        let mut going_on = true;
        for Generation { mut file, path, .. } in files {
            scan(&mut file, &path, HEADER_LEN, |_, kind, payload| {
                if !going_on {
                    return Ok(());
                }
                let opened = self.sealer.open(payload)?;
                replay::apply(&mut snapshot, kind, &opened.bytes, |batch, _| {
                    going_on = each(batch);
                    going_on
                })
            })?;
            if !going_on {
                break;
            }
        }
        Ok(Some(snapshot))
    }

    /// Gives every record as it is stored, oldest first.
    ///
    /// # Errors
    /// When the journals can't be read; and what `each` returns.
    pub fn records(
        &self,
        each: &mut dyn FnMut(&RawRecord<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for Generation { mut file, path, .. } in self.files()?.unwrap_or_default() {
            scan(&mut file, &path, HEADER_LEN, |_, kind, payload| {
                each(&RawRecord::new(kind, payload))
            })?;
        }
        Ok(())
    }

    /// Makes the journal of records, sealed as they are to be today. Gives the state that they make.
    ///
    /// A state that does not follow from the records before it (some of them were lost) begins a generation of its own, as it did where it comes from.
    ///
    /// # Errors
    /// When a record can't be read, or the journal not be written.
    pub fn fill(&self, records: &[RawRecord<'_>]) -> Result<Snapshot, StoreError> {
        let mut bytes = Vec::new();
        let mut generation = 1;
        let mut snapshot = Snapshot::default();
        for record in records {
            let kind = record.known_kind()?;
            let opened = self.sealer.open(&record.payload)?;
            if kind == RecordKind::Checkpoint && !bytes.is_empty() {
                let history = self.history();
                make_folders(&history).map_err(io_error("making", &history))?;
                create_with(&self.earlier(generation), Header::new(generation), &bytes)?;
                generation += 1;
                bytes.clear();
            }
            replay::apply(&mut snapshot, kind, &opened.bytes, |_, _| true)?;
            if opened.current {
                record.encode(&mut bytes)?;
            } else {
                let sealed = self.sealer.seal(opened.bytes.into_owned())?;
                RawRecord::new(kind, &sealed).encode(&mut bytes)?;
            }
        }
        create_with(&self.journal(), Header::new(generation), &bytes)?;
        Ok(snapshot)
    }
}
