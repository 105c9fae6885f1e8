//! Finding out, at opening, what the state is: from the state file, the journal on this machine, and the shipped one.

use super::desk::{Desk, Mark, Marks, Told};
use super::ship::{BatchText, Shipped};
use super::{Place, Stored, Tag};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;
use terrane_store::StoreError;
use terrane_store::history::History;
use terrane_store::seal::{Identity, Seal};
use terrane_store::statefile::{self, WriteOptions};
use terrane_store::wire::{Batch, WireError, decode_batch, encode_batch};

/// The state file as it was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) stored: Option<Stored>,
    /// SHA-256; empty where there is no file.
    pub(crate) digest: String,
}

impl Found {
    pub(crate) fn new(stored: Option<Stored>) -> Self {
        let digest = stored
            .as_ref()
            .map_or_else(String::new, |stored| digest(&stored.bytes));
        Self { stored, digest }
    }

    pub(crate) fn tag(&self) -> Tag {
        self.stored.as_ref().and_then(|stored| stored.tag.clone())
    }

    pub(crate) fn len(&self) -> usize {
        self.stored.as_ref().map_or(0, |stored| stored.bytes.len())
    }

    /// Whether it is a file that is written in place, and that was cut off.
    pub(crate) fn is_cut_off(&self) -> bool {
        let stored = self.stored.as_ref();
        stored.is_some_and(|stored| stored.bytes.first() == Some(&0))
    }

    /// Whether the file is not sealed as it would be today, and must be written anew. Costs nothing where there is nothing to change from.
    pub(crate) fn is_stale(&self, seal: &Arc<dyn Seal>) -> bool {
        let stored = self.stored.as_ref().filter(|_| seal.has_fallback());
        stored.is_some_and(|stored| {
            seal.open(stored.bytes.clone())
                .is_ok_and(|opened| !opened.current)
        })
    }

    /// What the file says.
    pub(crate) fn parse(&self, name: &str, seal: &Arc<dyn Seal>) -> Result<Snapshot, StoreError> {
        match &self.stored {
            None => Ok(Snapshot::default()),
            Some(stored) if seal.encrypts() || terrane_store::seal::is_sealed(&stored.bytes) => {
                let bytes = seal.unseal(stored.bytes.clone())?;
                Ok(statefile::read(name, &bytes)?.snapshot)
            }
            Some(stored) => Ok(statefile::read(name, &stored.bytes)?.snapshot),
        }
    }
}

/// SHA-256 in hex.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A state as the bytes of a state file.
pub(crate) fn export(snapshot: &Snapshot, seal: &Arc<dyn Seal>) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    statefile::to_writer(snapshot, &WriteOptions::default(), &mut bytes)?;
    if !seal.encrypts() {
        return Ok(bytes);
    }
    let identity = Identity {
        lineage: &snapshot.lineage,
        serial: snapshot.serial,
    };
    seal.seal(&bytes, Some(identity))
}

/// A batch as text.
pub(crate) fn batch_text(serial: u64, events: &[Event]) -> Result<BatchText, StoreError> {
    let bytes = encode_batch(serial, events).map_err(WireError::refused)?;
    let text = String::from_utf8(bytes).map_err(|error| StoreError::Refused(error.to_string()))?;
    let raw =
        RawValue::from_string(text).map_err(|error| StoreError::Refused(error.to_string()))?;
    Ok(Arc::from(raw))
}

/// The intents that are open in a state, as a batch; `None`: there are none.
pub(crate) fn open_intents(snapshot: &Snapshot) -> Result<Option<BatchText>, StoreError> {
    if snapshot.open.is_empty() {
        return Ok(None);
    }
    let events: Vec<Event> = snapshot
        .open
        .iter()
        .map(|(op, intent)| Event {
            at_ms: 0,
            kind: EventKind::Began {
                op: *op,
                intent: intent.clone(),
            },
        })
        .collect();
    batch_text(snapshot.serial, &events).map(Some)
}

/// How the journal on this machine and the state file stand to each other.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// There is no journal, or nothing in it matters.
    NoJournal,
    /// The file stands for a point of the journal.
    GoesOn(Mark),
    /// The file is somebody else's, and nothing of ours is missing in it.
    Theirs,
    /// The file is somebody else's, and the changes behind this serial of ours are missing in it.
    Fork {
        /// The last serial of ours that the file had.
        since: u64,
    },
}

/// Compares them. `half_written`: the file can't be read, and this place may leave it so when a write is cut off.
pub(crate) fn relate(
    told: Option<&Told>,
    marks: Option<&Marks>,
    digest: &str,
    half_written: bool,
) -> Relation {
    let (Some(told), Some(marks)) = (told, marks) else {
        return Relation::NoJournal;
    };
    let ours = told.snapshot.serial;
    if let Some(mark) = marks.find(digest) {
        return if ours < mark.journal_serial {
            Relation::Theirs
        } else {
            Relation::GoesOn(mark.clone())
        };
    }
    if half_written && marks.writing.is_some() {
        return Relation::GoesOn(marks.written.clone());
    }
    if ours > marks.written.journal_serial {
        Relation::Fork {
            since: marks.written.journal_serial,
        }
    } else {
        Relation::Theirs
    }
}

/// Everything that is known before anything is decided.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) found: Found,
    pub(crate) told: Option<Told>,
    pub(crate) marks: Option<Marks>,
    /// Batches of the journal behind what the file has.
    pub(crate) ahead: Vec<BatchText>,
    pub(crate) relation: Relation,
}

impl Facts {
    /// The runs whose changes the file lacks, by the journal here.
    pub(super) fn unwritten(&self) -> Result<History, StoreError> {
        let mut history = History::default();
        for batch in decode_all(&self.ahead, "the journal")? {
            history.add(batch.serial, &batch.events);
        }
        Ok(history)
    }

    /// Gathers them.
    pub(crate) fn gather(
        found: Found,
        place: &dyn Place,
        workspace: &str,
        desk: &Desk,
        seal: &Arc<dyn Seal>,
    ) -> Result<Self, StoreError> {
        // A journal without marks: all of it counts as not written, so that nothing of it is passed over.
        let marks = match desk.marks()? {
            None if desk.journal().exists() => {
                Some(Marks::new(place.name(workspace), Mark::nothing()))
            }
            marks => marks,
        };
        let since = marks
            .as_ref()
            .map_or(0, |marks| match marks.find(&found.digest) {
                Some(mark) => mark.journal_serial,
                None => marks.written.journal_serial,
            });
        let mut ahead = Vec::new();
        let mut failed = None;
        let told = desk.replay(|batch| {
            if batch.serial > since {
                match batch_text(batch.serial, &batch.events) {
                    Ok(text) => ahead.push(text),
                    Err(error) => failed = Some(error),
                }
            }
            true
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let half_written = place.writes_in_place()
            && marks.as_ref().is_some_and(|marks| {
                marks.find(&found.digest).is_none() && marks.writing.is_some()
            })
            && found.parse(&place.name(workspace), seal).is_err();
        let relation = relate(told.as_ref(), marks.as_ref(), &found.digest, half_written);
        Ok(Self {
            found,
            told,
            marks,
            ahead,
            relation,
        })
    }
}

/// What a shipped journal adds.
#[derive(Debug)]
pub(crate) enum Addition {
    /// Nothing.
    Nothing,
    /// These batches, recorded by somebody.
    Batches {
        who: String,
        batches: Vec<Batch>,
        /// The intents that the state file could not hold; part of the same.
        open: Vec<Event>,
    },
    /// It goes on from another state than the one that is there.
    Misfit,
}

/// Finds out what a shipped journal adds to what is known on this machine.
pub(crate) fn addition(
    shipped: &Shipped,
    name: &str,
    facts: &Facts,
) -> Result<Addition, StoreError> {
    // What was shipped from here is in the journal here.
    let own = facts
        .told
        .as_ref()
        .is_some_and(|told| told.header.id == shipped.journal);
    if own || shipped.is_empty() {
        return Ok(Addition::Nothing);
    }
    let open = match &shipped.open {
        Some(text) => decode(text, name)?.events,
        None => Vec::new(),
    };
    let batches = decode_all(&shipped.batches, name)?;
    let who = shipped.who.clone();
    let Some(has) = stands_for(shipped, &facts.found.digest) else {
        return Ok(if batches.is_empty() {
            // Only intents, and the state went on since: they are as open as before.
            Addition::Batches { who, batches, open }
        } else {
            Addition::Misfit
        });
    };
    let (had, missing): (Vec<Batch>, Vec<Batch>) =
        batches.into_iter().partition(|batch| batch.serial <= has);
    let goes_on = matches!(facts.relation, Relation::GoesOn(_));
    if goes_on && !facts.ahead.is_empty() && !missing.is_empty() {
        let ahead = decode_all(&facts.ahead, name)?;
        // Taken in before, by a process that came no further.
        let known = ahead.len() >= missing.len()
            && ahead
                .iter()
                .zip(&missing)
                .all(|(ours, theirs)| ours.events == theirs.events);
        return Ok(if known {
            Addition::Nothing
        } else {
            Addition::Misfit
        });
    }
    // Where the journal here goes on from the file, it knows which intents are open.
    let open = if goes_on {
        Vec::new()
    } else {
        still_open(&open, &had)
    };
    if missing.is_empty() && open.is_empty() {
        return Ok(Addition::Nothing);
    }
    Ok(Addition::Batches {
        who,
        batches: missing,
        open,
    })
}

fn decode(text: &BatchText, name: &str) -> Result<Batch, StoreError> {
    decode_batch(text.get().as_bytes()).map_err(|error| error.at(name.to_owned()))
}

fn decode_all(texts: &[BatchText], name: &str) -> Result<Vec<Batch>, StoreError> {
    texts.iter().map(|text| decode(text, name)).collect()
}

/// Up to which serial of the shipped journal the file has everything; `None`: the file is of another history.
fn stands_for(shipped: &Shipped, digest: &str) -> Option<u64> {
    [Some(&shipped.base), shipped.writing.as_ref()]
        .into_iter()
        .flatten()
        .find(|mark| mark.digest == digest)
        .map(|mark| mark.journal_serial)
}

/// The intents that are open after these batches, if those were before.
fn still_open(open: &[Event], batches: &[Batch]) -> Vec<Event> {
    let mut state = Snapshot::default();
    let after = batches.iter().flat_map(|batch| &batch.events);
    for event in open.iter().chain(after) {
        if matches!(
            event.kind,
            EventKind::Began { .. } | EventKind::Ended { .. }
        ) {
            state.fold(&event.kind);
        }
    }
    state
        .open
        .into_iter()
        .map(|(op, intent)| Event {
            at_ms: 0,
            kind: EventKind::Began { op, intent },
        })
        .collect()
}
