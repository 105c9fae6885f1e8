//! Forgetting old versions.
//!
//! The unit of forgetting is a version; files hold many. What goes is cut off from the oldest end in this order, so that whoever looks in between
//! finds a whole history:
//!
//! 1. files that hold nothing that is kept are removed, the oldest first;
//! 2. the file in which the oldest version that is kept begins is written anew under a draft name: a checkpoint of the state before that version,
//!    then its records; synced, and renamed over the old one.

use crate::backup::read_whole;
use crate::layout::{Layout, Place, io_error, write_whole};
use crate::lock::Lock;
use crate::read::{earlier, journal};
use crate::workspace::new_header;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use terrane_model::snapshot::Snapshot;
use terrane_store::history::History;
use terrane_store::journal::{
    HEADER_LEN, Header, RawRecord, RecordKind, create_with, read_header, scan, sync_folder,
};
use terrane_store::maintain::{Policy, Pruned};
use terrane_store::pieces::Sealer;
use terrane_store::wire::{WireError, encode_snapshot};
use terrane_store::{StoreError, Version, replay};

/// A file with records.
struct Part {
    path: PathBuf,
    header: Header,
    /// The serial of its last record.
    last: u64,
    bytes: u64,
}

/// Forgets what the policy lets go of. The lock is taken, so that nobody writes meanwhile.
pub(crate) fn prune(
    layout: &Layout,
    workspace: &str,
    policy: &Policy,
    now_ms: u64,
    dry_run: bool,
) -> Result<Pruned, StoreError> {
    let place = layout.place(workspace);
    if journal(layout, workspace)?.is_none() {
        return Ok(Pruned::default());
    }
    let lock = match dry_run {
        true => None,
        false => Some(Lock::own(&place, "prune")?),
    };
    let (parts, versions) = parts(&place)?;
    let forgotten = policy.forgotten(&versions, now_ms);
    let pruned = cut(&place, &parts, &versions, forgotten, true, dry_run);
    drop(lock);
    pruned
}

/// The same after a compaction, whose lock is held: the present journal is not touched.
pub(crate) fn prune_history(place: &Place, now_ms: u64) -> Result<(), StoreError> {
    let Some(policy) = policy(place)? else {
        return Ok(());
    };
    let (parts, versions) = parts(place)?;
    let forgotten = policy.forgotten(&versions, now_ms);
    cut(place, &parts, &versions, forgotten, false, false)?;
    Ok(())
}

fn parts(place: &Place) -> Result<(Vec<Part>, Vec<Version>), StoreError> {
    let mut parts = Vec::new();
    let mut history = History::default();
    let mut snapshot = Snapshot::default();
    let path = place.journal();
    let mut current = fs::File::open(&path).map_err(io_error("opening", &path))?;
    let newest = read_header(&mut current, &path)?.generation;
    let mut files = earlier(place, newest)?;
    files.push((newest, current, path));
    for (_, mut file, path) in files {
        let header = read_header(&mut file, &path)?;
        let scan = scan(&mut file, &path, HEADER_LEN, |_, kind, payload| {
            let opened = place.sealer().open(payload)?;
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
    place: &Place,
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
            sync_folder(&place.history()).map_err(io_error("syncing", &place.history()))?;
        }
        pruned.bytes += part.bytes;
    }
    let left = gone.count();
    let shortened = match earlier.get(left) {
        Some(part) => shorten(place.sealer(), part, keep_from, part.header, dry_run)?,
        None if with_journal => {
            // Another id, so that no index is taken for one of it; the index is made anew.
            let header = Header {
                generation: current.header.generation + 1,
                ..new_header(0)
            };
            shorten(place.sealer(), current, keep_from, header, dry_run)?
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
    sealer: &Sealer,
    part: &Part,
    keep_from: u64,
    header: Header,
    dry_run: bool,
) -> Result<u64, StoreError> {
    let bytes = read_whole(&part.path)?;
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
            let opened = sealer.open(payload)?;
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
    let payload = sealer.seal(payload)?;
    let mut records = Vec::new();
    RawRecord::new(RecordKind::Checkpoint, &payload).encode(&mut records)?;
    records.extend_from_slice(rest);
    let shorter = (scan.end - HEADER_LEN).saturating_sub(records.len() as u64);
    if !dry_run {
        create_with(&part.path, header, &records)?;
    }
    Ok(shorter)
}

fn policy_path(place: &Place) -> PathBuf {
    place.folder().join("policy")
}

/// The policy that compaction follows by itself.
pub(crate) fn policy(place: &Place) -> Result<Option<Policy>, StoreError> {
    let path = policy_path(place);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("reading", &path)(error)),
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| damaged(&path, &error)),
    }
}

fn damaged(path: &Path, error: &serde_json::Error) -> StoreError {
    StoreError::Damaged {
        what: path.display().to_string(),
        problem: format!("{error}; set the policy again with `terrane state prune -save`"),
    }
}

/// Sets it.
pub(crate) fn set_policy(place: &Place, policy: Option<&Policy>) -> Result<(), StoreError> {
    let path = policy_path(place);
    let write = || -> io::Result<()> {
        match policy {
            Some(policy) => {
                let text = serde_json::to_vec(policy).map_err(io::Error::other)?;
                write_whole(&path, &text)
            }
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => sync_folder(place.folder()),
            },
        }
    };
    write().map_err(io_error("writing", &path))
}
