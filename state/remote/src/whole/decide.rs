//! Deciding, at opening, what the state is, and saying so. Nothing is written but what is set aside.

use super::desk::{Desk, Mark, Marks};
use super::opened::Means;
use super::recover::{Addition, Facts, Found, Relation, addition, export};
use super::ship::{self, Shipped};
use super::{Held, Place, Side, SideError, Tag};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;
use terrane_store::StoreError;

/// What was found at opening.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) facts: Facts,
    pub(super) shipped: Option<(Shipped, Tag)>,
    /// The state before what others had shipped.
    pub(super) base: Arc<Snapshot>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) marks: Marks,
    /// Batches that were taken in, and are not in the journal yet.
    pub(super) taken: Vec<(u64, Vec<Event>)>,
}

impl Prepared {
    /// Takes in what was shipped by another machine.
    fn add(&mut self, added: Addition, name: &str, means: &Means) {
        let Addition::Batches { who, batches, open } = added else {
            return;
        };
        if !batches.is_empty() {
            (means.say)(&format!(
                "{} of {name} recorded by {who}, whose run was cut off, are taken in.",
                changes(batches.len())
            ));
        }
        let mut unknown = Vec::new();
        for event in open {
            if let EventKind::Began { op, .. } = &event.kind
                && !self.snapshot.open.contains_key(op)
            {
                unknown.push(event);
            }
        }
        let first = (!unknown.is_empty()).then_some((0, unknown));
        let rest = batches
            .into_iter()
            .map(|batch| (batch.serial, batch.events));
        for (wanted, events) in first.into_iter().chain(rest) {
            let serial = self.snapshot.serial_after(&events).max(wanted);
            Arc::make_mut(&mut self.snapshot).commit_as(serial, &events);
            self.taken.push((serial, events));
        }
    }
}

/// Digests of state files that were about to be written when a run was cut off, here or elsewhere. Asked for only where it matters.
pub(super) fn begun(
    place: &dyn Place,
    desk: &Desk,
    side: Option<&mut Box<dyn Side>>,
    means: &Means,
) -> Result<Vec<String>, StoreError> {
    if !place.notes_digests() {
        return Ok(Vec::new());
    }
    let mut begun = desk.marks()?.map_or_else(Vec::new, |marks| marks.begun());
    if let Some(side) = side
        && let Some((shipped, _)) = ship::read(&mut **side, &means.seal)?
    {
        begun.extend(shipped.writing.map(|mark| mark.digest));
    }
    Ok(begun)
}

/// Reads everything and decides what the state is; writes nothing but what is set aside.
pub(super) fn prepare(
    place: &dyn Place,
    workspace: &str,
    desk: &Desk,
    held: &mut dyn Held,
    mut side: Option<Box<dyn Side>>,
    means: &Means,
) -> Result<Prepared, StoreError> {
    let name = place.name(workspace);
    if let Some(path) = desk.unwritten().first() {
        return Err(StoreError::Refused(still_unwritten(&name, path)));
    }
    let begun = begun(place, desk, side.as_mut(), means)?;
    let found = Found::new(held.get(&begun)?);
    let facts = Facts::gather(found, place, workspace, desk, &means.seal)?;
    let mut shipped = None;
    let mut added = Addition::Nothing;
    if let Some(side) = &mut side {
        shipped = ship::read(&mut **side, &means.seal)?;
        if let Some((shipped, tag)) = &shipped {
            added = addition(shipped, &side.name(), &facts)?;
            if matches!(added, Addition::Misfit) {
                let known = (shipped, tag);
                return Err(set_aside_shipped(&name, desk, known, &mut **side, means));
            }
        }
    }
    let decided = match &facts.relation {
        Relation::GoesOn(mark) => going_on(&facts, mark, &name, means),
        Relation::NoJournal => anew(&facts, &name, means)?,
        Relation::Theirs => theirs(&facts, &name, means)?,
        Relation::Fork { since } => {
            let error = set_aside(&facts, &name, desk, *since, means)?;
            // What is shipped of it is kept here with the rest.
            if let (Some(side), Some((shipped, tag))) = (&mut side, &shipped)
                && facts
                    .told
                    .as_ref()
                    .is_some_and(|told| told.header.id == shipped.journal)
            {
                drop(side.delete(tag));
            }
            return Err(error);
        }
    };
    let Decided {
        snapshot,
        marks,
        taken,
    } = decided;
    let base = Arc::new(snapshot);
    let mut prepared = Prepared {
        facts,
        shipped,
        snapshot: Arc::clone(&base),
        base,
        marks,
        taken,
    };
    prepared.add(added, &name, means);
    Ok(prepared)
}

/// What is decided from the file and the journal here.
struct Decided {
    snapshot: Snapshot,
    marks: Marks,
    /// Batches that are to be recorded.
    taken: Vec<(u64, Vec<Event>)>,
}

/// The state that the journal here tells.
fn told(facts: &Facts) -> Snapshot {
    facts
        .told
        .as_ref()
        .map(|told| told.snapshot.clone())
        .unwrap_or_default()
}

/// The journal goes on from the file.
fn going_on(facts: &Facts, mark: &Mark, name: &str, means: &Means) -> Decided {
    if !facts.ahead.is_empty() {
        (means.say)(&format!(
            "{} of {name} recorded on this machine by a run that was cut off are taken in.",
            changes(facts.ahead.len())
        ));
    }
    let mut marks = facts
        .marks
        .clone()
        .unwrap_or_else(|| Marks::new(name.to_owned(), Mark::nothing()));
    marks.written = mark.clone();
    if !facts.found.is_cut_off() {
        // Either this is what was being written, or that never came there.
        marks.writing = None;
    }
    Decided {
        snapshot: told(facts),
        marks,
        taken: Vec::new(),
    }
}

/// There is no journal: the file is all there is.
fn anew(facts: &Facts, name: &str, means: &Means) -> Result<Decided, StoreError> {
    let snapshot = facts.found.parse(name, &means.seal)?;
    let written = Mark {
        digest: facts.found.digest.clone(),
        file_serial: snapshot.serial,
        journal_serial: snapshot.serial,
    };
    Ok(Decided {
        snapshot,
        marks: Marks::new(name.to_owned(), written),
        taken: Vec::new(),
    })
}

/// Somebody else wrote the file: what they wrote is one change to what is known here, so that what is the same in it stays the same.
fn theirs(facts: &Facts, name: &str, means: &Means) -> Result<Decided, StoreError> {
    let theirs = facts.found.parse(name, &means.seal)?;
    let file_serial = theirs.serial;
    let mut snapshot = told(facts);
    let events = vec![Event {
        at_ms: means.clock.now_ms(),
        kind: EventKind::Replaced(Box::new(theirs)),
    }];
    let serial = snapshot.serial_after(&events);
    snapshot.commit_as(serial, &events);
    let mut marks = facts
        .marks
        .clone()
        .unwrap_or_else(|| Marks::new(name.to_owned(), Mark::nothing()));
    marks.writing = Some(Mark {
        digest: facts.found.digest.clone(),
        file_serial,
        journal_serial: serial,
    });
    Ok(Decided {
        snapshot,
        marks,
        taken: vec![(serial, events)],
    })
}

/// Somebody else wrote the file, and changes of ours are missing in it: keeps those. Returns what to tell the user.
fn set_aside(
    facts: &Facts,
    name: &str,
    desk: &Desk,
    since: u64,
    means: &Means,
) -> Result<StoreError, StoreError> {
    let ours = told(facts);
    // What is there is read first: if it can't be, that is the more important news.
    let theirs = facts.found.parse(name, &means.seal)?;
    let path = desk.set_aside(ours.serial, &export(&ours, &means.seal)?)?;
    Ok(StoreError::Refused(fork(
        name, &ours, &theirs, since, &path,
    )))
}

fn changes(count: usize) -> String {
    match count {
        1 => String::from("A change"),
        count => format!("{count} changes"),
    }
}

fn fork(name: &str, ours: &Snapshot, theirs: &Snapshot, since: u64, path: &Path) -> String {
    format!(
        "{name} was changed by somebody else (it has serial {} now) while changes that were recorded here (serials {} to {}) had not been written to it. \
         They are not put over each other. What was recorded here is kept in {}. {}",
        theirs.serial,
        since + 1,
        ours.serial,
        path.display(),
        way_out(path),
    )
}

pub(super) fn still_unwritten(name: &str, path: &Path) -> String {
    format!(
        "changes to {name} that were recorded here and could not be written, because somebody else had changed it, are still waiting in {}. {}",
        path.display(),
        way_out(path),
    )
}

fn way_out(path: &Path) -> String {
    format!(
        "Move that file out of its folder, which settles it for terrane: then either go on with what is stored (objects that only the file knows are not managed: `import` them), or put the file in its place with `terrane state push -force {}`",
        path.file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
    )
}

/// Keeps a shipped journal that does not fit. The object is removed only when the copy is durable.
fn set_aside_shipped(
    name: &str,
    desk: &Desk,
    (shipped, tag): (&Shipped, &Tag),
    side: &mut dyn Side,
    means: &Means,
) -> StoreError {
    let keep = || -> Result<PathBuf, StoreError> {
        let bytes = serde_json::to_vec_pretty(shipped)
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        if means.seal.encrypts() {
            desk.keep_shipped(&means.seal.seal(&bytes, None)?)
        } else {
            desk.keep_shipped(&bytes)
        }
    };
    let path = match keep() {
        Ok(path) => path,
        Err(error) => return error,
    };
    if let Err(SideError::Store(error)) = side.delete(tag) {
        return error;
    }
    StoreError::Refused(format!(
        "{name} was changed by somebody else while {} recorded by {} had not been written to it. They are not put over each other. What was recorded (events, as JSON) is kept in {}: compare it with the state, `import` what is missing, then move the file out of its folder",
        changes(shipped.batches.len()).to_lowercase(),
        shipped.who,
        path.display(),
    ))
}
