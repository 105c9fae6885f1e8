//! Forgetting old versions.
//!
//! The unit of forgetting is a version; files hold many. What goes is cut off from the oldest end in this order, so that whoever looks in between
//! finds a whole history:
//!
//! 1. files that hold nothing that is kept are removed, the oldest first;
//! 2. the file in which the oldest version that is kept begins is written anew under a draft name: a checkpoint of the state before that version,
//!    then its records; synced, and renamed over the old one.

use super::{Chain, Generation};
use crate::files::{io_error, remove_if_there, write_whole};
use crate::history::History;
use crate::journal::{HEADER_LEN, Header, RawRecord, RecordKind, create_with, scan, sync_folder};
use crate::maintain::{Policy, Pruned};
use crate::wire::{WireError, encode_snapshot};
use crate::{StoreError, Version, replay};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use terrane_model::snapshot::Snapshot;

/// A file with records.
struct Part {
    path: PathBuf,
    header: Header,
    /// The serial of its last record.
    last: u64,
    bytes: u64,
}

impl Chain {
    /// Forgets what the policy lets go of. Nobody else may write meanwhile. `with_journal`: the present journal may be written anew, too.
    ///
    /// # Errors
    /// When the journals can't be read or written.
    pub fn prune(
        &self,
        policy: &Policy,
        now_ms: u64,
        with_journal: bool,
        dry_run: bool,
    ) -> Result<Pruned, StoreError> {
        let (parts, versions) = self.parts()?;
        let forgotten = policy.forgotten(&versions, now_ms);
        self.cut(&parts, &versions, forgotten, with_journal, dry_run)
    }

    /// Forgets what the policy that was set lets go of, after a compaction: the present journal is not touched.
    ///
    /// # Errors
    /// When the journals can't be read or written.
    pub fn follow_policy(&self, now_ms: u64) -> Result<(), StoreError> {
        if let Some(policy) = self.policy()? {
            self.prune(&policy, now_ms, false, false)?;
        }
        Ok(())
    }

    fn parts(&self) -> Result<(Vec<Part>, Vec<Version>), StoreError> {
        let mut parts = Vec::new();
        let mut history = History::default();
        let mut snapshot = Snapshot::default();
        for found in self.files()?.unwrap_or_default() {
            let Generation {
                header,
                mut file,
                path,
            } = found;
            let scan = scan(&mut file, &path, HEADER_LEN, |_, kind, payload| {
                let opened = self.sealer.open(payload)?;
                replay::apply(&mut snapshot, kind, &opened.bytes, |batch, _| {
                    history.add(batch.serial, &batch.events);
                    true
                })
            })?;
            parts.push(Part {
                path,
                header,
                last: snapshot.serial,
                bytes: scan.end,
            });
        }
        Ok((parts, history.into_versions()))
    }

    fn cut(
        &self,
        parts: &[Part],
        versions: &[Version],
        forgotten: usize,
        with_journal: bool,
        dry_run: bool,
    ) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned {
            versions: 0,
            left: versions.len(),
            oldest: versions.first().map_or(0, |version| version.first_serial),
            bytes: 0,
        };
        let Some(first) = versions.get(forgotten).filter(|_| forgotten > 0) else {
            return Ok(pruned);
        };
        let keep_from = first.first_serial;
        let Some((current, earlier)) = parts.split_last() else {
            return Ok(pruned);
        };
        let gone = earlier.iter().take_while(|part| part.last < keep_from);
        for part in gone.clone() {
            if !dry_run {
                fs::remove_file(&part.path).map_err(io_error("removing", &part.path))?;
                sync_folder(&self.history()).map_err(io_error("syncing", &self.history()))?;
            }
            pruned.bytes += part.bytes;
        }
        let left = gone.count();
        let shortened = match earlier.get(left) {
            Some(part) => self.shorten(part, keep_from, part.header, dry_run)?,
            None if with_journal => {
                // Another id, so that no index is taken for one of it; the index is made anew.
                let header = Header::new(current.header.generation + 1);
                self.shorten(current, keep_from, header, dry_run)?
            }
            None => 0,
        };
        pruned.bytes += shortened;
        pruned.versions = forgotten;
        pruned.left = versions.len() - forgotten;
        pruned.oldest = keep_from;
        Ok(pruned)
    }

    /// Writes a file anew without what is before a serial. Returns how much shorter it is.
    fn shorten(
        &self,
        part: &Part,
        keep_from: u64,
        header: Header,
        dry_run: bool,
    ) -> Result<u64, StoreError> {
        let bytes = fs::read(&part.path).map_err(io_error("reading", &part.path))?;
        let mut file = fs::File::open(&part.path).map_err(io_error("opening", &part.path))?;
        let mut before = Snapshot::default();
        let mut keep = None;
        let mut dropped = 0_usize;
        let scan = scan(
            &mut file,
            &part.path,
            HEADER_LEN,
            |offset, kind, payload| {
                if keep.is_some() {
                    return Ok(());
                }
                let mut wanted = false;
                let opened = self.sealer.open(payload)?;
                replay::apply(&mut before, kind, &opened.bytes, |batch, _| {
                    wanted = batch.serial >= keep_from;
                    dropped += usize::from(!wanted);
                    !wanted
                })?;
                if wanted {
                    keep = Some(offset);
                }
                Ok(())
            },
        )?;
        if dropped == 0 {
            return Ok(0);
        }
        let place = |at: u64| usize::try_from(at).unwrap_or(bytes.len()).min(bytes.len());
        let rest = &bytes[place(keep.unwrap_or(scan.end))..place(scan.end)];
        let payload = encode_snapshot(&before).map_err(WireError::refused)?;
        let payload = self.sealer.seal(payload)?;
        let mut records = Vec::new();
        RawRecord::new(RecordKind::Checkpoint, &payload).encode(&mut records)?;
        records.extend_from_slice(rest);
        let shorter = (scan.end - HEADER_LEN).saturating_sub(records.len() as u64);
        if !dry_run {
            create_with(&part.path, header, &records)?;
        }
        Ok(shorter)
    }

    fn policy_path(&self) -> PathBuf {
        self.folder.join("policy")
    }

    /// The policy that compaction follows by itself.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn policy(&self) -> Result<Option<Policy>, StoreError> {
        let path = self.policy_path();
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("reading", &path)(error)),
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| damaged(&path, &error)),
        }
    }

    /// Sets it. The folder must be there.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn set_policy(&self, policy: Option<&Policy>) -> Result<(), StoreError> {
        let path = self.policy_path();
        let write = || -> io::Result<()> {
            match policy {
                Some(policy) => {
                    let text = serde_json::to_vec(policy).map_err(io::Error::other)?;
                    write_whole(&path, &text)
                }
                None => {
                    remove_if_there(&path)?;
                    sync_folder(&self.folder)
                }
            }
        };
        write().map_err(io_error("writing", &path))
    }
}

fn damaged(path: &Path, error: &serde_json::Error) -> StoreError {
    StoreError::Damaged {
        what: path.display().to_string(),
        problem: format!("{error}; set the policy again with `terrane state prune -save`"),
    }
}
