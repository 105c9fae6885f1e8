//! Checking a workspace, and mending it: the chain of journals as `terrane_store::chain` does it, the layout's version, and index and fold, which must be what
//! the journal folds to.

use crate::fold;
use crate::index::{self, Index};
use crate::layout::{Layout, Place, io_error};
use crate::lock::Lock;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_model::snapshot::Snapshot;
use terrane_store::chain::{Folded, Known, Look};
use terrane_store::files::put_aside;
use terrane_store::journal::{HEADER_LEN, Header, scan};
use terrane_store::maintain::{Checkup, Finding};
use terrane_store::pieces::Sealer;
use terrane_store::{StoreError, check_workspace_name, replay};

/// Checks a workspace. See the head of this file.
pub(crate) fn check(layout: &Layout, workspace: &str, repair: bool) -> Result<Checkup, StoreError> {
    check_workspace_name(workspace)?;
    let place = layout.place(workspace);
    let mut look = Look::new(place.chain().clone(), repair);
    format(&mut look, layout)?;
    if !place.folder().is_dir() {
        return match workspace {
            "default" => Ok(look.finish(None)),
            _ => Err(StoreError::NoWorkspace(workspace.to_owned())),
        };
    }
    let lock = own(&mut look, &place)?;
    let lost = place.had_journal();
    let mut folded = look.records(&mut || known(&place), lost)?;
    if let Some(folded) = &mut folded {
        held_against_index(&mut look, &place, folded)?;
        held_against_fold(&mut look, &place, folded)?;
    }
    look.leftovers()?;
    look.permissions(layout.root())?;
    drop(lock);
    Ok(look.finish(folded))
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

/// The version of the layout.
fn format(look: &mut Look, layout: &Layout) -> Result<(), StoreError> {
    let path = layout.root().join("format");
    match layout.check_format() {
        Err(StoreError::Damaged { problem, .. }) => {
            let mut finding = Finding::error(show(&path), problem);
            if look.repair {
                let aside = layout.root().join("format.damaged");
                fs::rename(&path, &aside).map_err(io_error("renaming", &path))?;
                layout.write_format()?;
                finding = finding.done("a new one was written; the old one is format.damaged");
            }
            look.tell(finding);
        }
        result => result?,
    }
    if !path.exists() && layout.root().is_dir() {
        let mut finding = Finding::warning(show(&path), "the file is missing");
        if look.repair {
            layout.write_format()?;
            finding = finding.done("written");
        }
        look.tell(finding);
    }
    Ok(())
}

/// Takes the workspace, so that nothing changes meanwhile. Without it, what can be checked is checked.
fn own(look: &mut Look, place: &Place) -> Result<Option<Lock>, StoreError> {
    match Lock::own(place, "fsck") {
        Ok(lock) => {
            look.owned = true;
            Ok(Some(lock))
        }
        Err(error) if look.repair => Err(error),
        Err(StoreError::InUse { holder, .. }) => {
            look.tell(Finding::note(
                show(place.folder()),
                format!("the workspace is in use by {holder}, so the index was not looked at"),
            ));
            Ok(None)
        }
        Err(_) => {
            look.tell(Finding::note(
                show(place.folder()),
                "the folder can't be written, so the index was not looked at",
            ));
            Ok(None)
        }
    }
}

/// The state that index or fold gives by itself, for a journal that is missing. The index goes.
fn known(place: &Place) -> Option<Known> {
    let folder = place.index();
    let indexed = (folder.is_dir() && index::is_free(&folder))
        .then(|| {
            Index::open(&folder, place.sealer())
                .and_then(|mut index| index.load_alone())
                .ok()
        })
        .flatten();
    put_aside(&folder, &place.chain().damaged()).ok()?;
    let (what, (snapshot, generation)) = match indexed {
        Some(known) => ("index", known),
        // Of a generation that lies in the history, which has all of it.
        None => (
            "fold",
            fold::alone(place)
                .filter(|(_, generation)| !place.chain().earlier(*generation).exists())?,
        ),
    };
    Some(Known {
        snapshot,
        generation,
        how: format!(
            "made anew from the {what}: it holds the state as of the last time that the {what} was written"
        ),
    })
}

/// The index must be the fold. Where records of the journal are missing, it may know more than the journal does.
fn held_against_index(
    look: &mut Look,
    place: &Place,
    folded: &mut Folded,
) -> Result<(), StoreError> {
    let folder = place.index();
    let Some(header) = folded.header.filter(|_| look.owned && folder.exists()) else {
        return Ok(());
    };
    let name = show(&folder);
    if !index::is_free(&folder) {
        look.tell(Finding::note(name, "another process has the index open"));
        return Ok(());
    }
    let was = journal_as_it_was(look, place, folded);
    match index_state(place.sealer(), &folder, header, &was) {
        Ok(state) if state == folded.snapshot => return Ok(()),
        Ok(state) if folded.short => put_right(look, &name, (header, state), folded)?,
        Ok(_) => {
            look.tell(removable(
                look,
                Finding::error(&name, "it is not the fold of the journal"),
            ));
        }
        Err(problem) => {
            let finding = Finding::warning(&name, format!("it is of no use: {problem}"));
            look.tell(removable(look, finding));
        }
    }
    if look.repair {
        remove_index(&folder)?;
    }
    Ok(())
}

/// What is kept for readers must be the fold, too, and may know more just as well. One of another journal is not read by anybody.
fn held_against_fold(
    look: &mut Look,
    place: &Place,
    folded: &mut Folded,
) -> Result<(), StoreError> {
    let path = place.fold();
    let Some(header) = folded.header.filter(|_| look.owned && path.exists()) else {
        return Ok(());
    };
    let journal = journal_as_it_was(look, place, folded);
    let mut file = File::open(&journal).map_err(io_error("opening", &journal))?;
    let Some((mut state, last)) = fold::remembered(place, header, &mut file, &journal) else {
        return Ok(());
    };
    let rest = scan(&mut file, &journal, last.end, |_, kind, payload| {
        let opened = place.sealer().open(payload)?;
        replay::apply(&mut state, kind, &opened.bytes, |_, _| true)
    });
    match rest {
        Ok(_) if state == folded.snapshot => return Ok(()),
        Ok(_) if folded.short => put_right(look, &show(&path), (header, state), folded)?,
        // What is damaged lies behind it.
        Err(_) if folded.short => return Ok(()),
        Ok(_) | Err(_) => {
            let finding = Finding::error(show(&path), "it is not the fold of the journal");
            look.tell(removable(look, finding));
        }
    }
    if look.repair {
        fs::remove_file(&path).map_err(io_error("removing", &path))?;
    }
    Ok(())
}

/// The journal that index and fold are of: after a repair its records are elsewhere.
fn journal_as_it_was(look: &Look, place: &Place, folded: &Folded) -> PathBuf {
    let path = place.journal();
    match folded.short && look.repair {
        true => newest(&place.chain().damaged(), "journal").unwrap_or(path),
        false => path,
    }
}

/// Index or fold knows what damaged records recorded.
fn put_right(
    look: &mut Look,
    name: &str,
    (header, state): (Header, Snapshot),
    folded: &mut Folded,
) -> Result<(), StoreError> {
    let mut finding = Finding::warning(
        name,
        "it knows what the damaged records of the journal recorded",
    );
    if look.repair {
        look.write_checkpoint_after(&state, header)?;
        folded.snapshot = state;
        finding = finding.done("the state was put right from it");
    }
    look.tell(finding);
    Ok(())
}

fn removable(look: &Look, finding: Finding) -> Finding {
    match look.repair {
        true => finding.done("removed: the next command makes a new one"),
        false => finding,
    }
}

fn remove_index(folder: &Path) -> Result<(), StoreError> {
    let removed = match folder.is_dir() {
        true => fs::remove_dir_all(folder),
        false => fs::remove_file(folder),
    };
    removed.map_err(io_error("removing", folder))
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
    let mut index = Index::open(folder, sealer).map_err(|error| error.to_string())?;
    let (mut snapshot, last) = index
        .load(header, &mut file, journal)
        .map_err(|error| error.to_string())?;
    let from = last.map_or(HEADER_LEN, |mark| mark.end);
    scan(&mut file, journal, from, |_, kind, payload| {
        let opened = sealer.open(payload)?;
        replay::apply(&mut snapshot, kind, &opened.bytes, |_, _| true)
    })
    .map_err(plain)?;
    Ok(snapshot)
}
