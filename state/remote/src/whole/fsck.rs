//! Checking a state that is kept as one file, and mending it.
//!
//! What is looked at: the journals on this machine, as `terrane_store::chain` does it; the mark; the file, and whether the journal gives what it holds; the
//! shipped journal; what is kept aside. Each of file and journal can stand in for the other as far as it goes.

use super::decide::still_unwritten;
use super::desk::{Mark, Marks};
use super::maintain::{put_file, text};
use super::recover::{Addition, Found};
use super::ship;
use super::store::{Ours, WholeFileStore};
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;
use terrane_store::StoreError;
use terrane_store::chain::{Folded, Known, Look};
use terrane_store::files::put_aside;
use terrane_store::maintain::{Checkup, Finding};

/// Checks a workspace. See the head of this file.
pub(super) fn check(
    store: &WholeFileStore,
    workspace: &str,
    repair: bool,
) -> Result<Checkup, StoreError> {
    let ours = match repair {
        true => Some(store.own(workspace, "fsck")?),
        false => None,
    };
    let mut work = Work {
        store,
        workspace,
        name: store.place.name(workspace),
        ours,
        look: Look::new(store.desk(workspace).chain().clone(), repair),
    };
    work.look.owned = repair;
    let folded = work.all();
    let Work { look, ours, .. } = work;
    let ended = ours.map_or(Ok(()), Ours::end);
    let checkup = look.finish(folded?);
    ended.map(|()| checkup)
}

struct Work<'a> {
    store: &'a WholeFileStore,
    workspace: &'a str,
    name: String,
    ours: Option<Ours>,
    look: Look,
}

/// The state file.
struct File {
    found: Found,
    state: Result<Snapshot, StoreError>,
}

impl Work<'_> {
    fn tell(&mut self, finding: Finding) {
        self.look.tell(finding);
    }

    fn all(&mut self) -> Result<Option<Folded>, StoreError> {
        let desk = self.store.desk(self.workspace);
        if let Some(finding) = self.store.place.inspect(self.workspace, self.look.repair)? {
            let mended = finding.done.is_some();
            self.tell(finding);
            if !mended {
                // The file can't be read as long as that is so.
                return Ok(None);
            }
        }
        let found = Found::new(match &mut self.ours {
            Some(ours) => ours.held.get(&[])?,
            None => self.store.place.get(self.workspace, &[])?,
        });
        self.store.check_exists(self.workspace, &desk, &found)?;
        let state = match found.parse(&self.name, &self.store.means.seal) {
            // Whoever wrote it can read it: it is not to be replaced.
            Err(error @ StoreError::TooNew { .. }) => return Err(error),
            state => state,
        };
        let mut file = File { found, state };
        let mut known = || {
            let snapshot = file.state.as_ref().ok()?.clone();
            file.found.stored.as_ref()?;
            Some(Known {
                snapshot,
                generation: newest(&desk.chain().history()),
                how: "made anew from the state file; changes that were not written to it are lost"
                    .to_owned(),
            })
        };
        let mut folded = self.look.records(&mut known, false)?;
        match &mut folded {
            Some(folded) => self.held_together(&mut file, folded)?,
            None => folded = self.file_alone(file)?,
        }
        self.shipped()?;
        self.kept_aside();
        self.look.leftovers()?;
        if desk.folder().is_dir() {
            self.look.permissions(desk.folder())?;
        }
        Ok(folded)
    }

    /// There is no journal here.
    fn file_alone(&mut self, file: File) -> Result<Option<Folded>, StoreError> {
        if file.found.stored.is_none() {
            return Ok(None);
        }
        let name = self.name.clone();
        match file.state {
            Ok(state) => {
                self.tell(Finding::note(
                    name,
                    "nothing of it was recorded on this machine, so there is no history here",
                ));
                Ok(Some(state.into()))
            }
            // To be had with the right key.
            Err(error @ StoreError::Encryption(_)) => Err(error),
            Err(error) => {
                self.tell(Finding::error(
                    name,
                    format!(
                        "it can't be read, and nothing of it was recorded on this machine: {error}"
                    ),
                ));
                Ok(None)
            }
        }
    }

    /// The file and the journal: whether one gives what the other holds.
    fn held_together(&mut self, file: &mut File, folded: &mut Folded) -> Result<(), StoreError> {
        if let Err(StoreError::Encryption(why)) = &file.state {
            return Err(StoreError::Encryption(why.clone()));
        }
        let desk = self.store.desk(self.workspace);
        if self.ours.is_none()
            && let Some(holder) = desk.holder()
        {
            self.tell(Finding::note(
                self.name.clone(),
                format!(
                    "it is in use by {}, so the state file was not held against the journal",
                    holder.describe()
                ),
            ));
            return Ok(());
        }
        let place = desk.mark().display().to_string();
        let marks = match desk.marks() {
            Ok(Some(marks)) => marks,
            Ok(None) => return self.mark_anew(file, folded, &place, "it is missing"),
            Err(StoreError::Damaged { problem, .. }) => {
                return self.mark_anew(file, folded, &place, &problem);
            }
            Err(error) => return Err(error),
        };
        let ours = folded.snapshot.serial;
        if let Some(mark) = marks.find(&file.found.digest) {
            if ours < mark.journal_serial && !folded.short {
                self.tell(Finding::note(
                    self.name.clone(),
                    "the journal here is older than the state file: the next run takes the file over",
                ));
                return Ok(());
            }
            let mark = mark.clone();
            return self.same_at(&mark, file, folded);
        }
        let since = marks.written.journal_serial;
        let finding = match &file.state {
            Ok(_) if file.found.stored.is_none() => Finding::error(
                self.name.clone(),
                "the state file is missing, and the journal here has the state",
            ),
            Ok(theirs) => {
                let theirs = theirs.serial;
                self.tell(if ours > since {
                    Finding::warning(
                        self.name.clone(),
                        format!("somebody else wrote it (it has serial {theirs}), and what was recorded here (serials {} to {ours}) is not in it: the next run keeps that as a file, and says so", since + 1),
                    )
                } else {
                    Finding::note(
                        self.name.clone(),
                        format!("somebody else wrote it (it has serial {theirs}): the next run takes it over"),
                    )
                });
                return Ok(());
            }
            Err(error) => {
                let cut_off = self.store.place.writes_in_place() && marks.writing.is_some();
                let what = match cut_off {
                    true => "a write of it was cut off, and the journal here has the state",
                    false => "it can't be read, and the journal here has the state",
                };
                let problem = format!("{what}: {error}");
                match cut_off {
                    true => Finding::warning(self.name.clone(), problem),
                    false => Finding::error(self.name.clone(), problem),
                }
            }
        };
        self.file_anew(finding, file, folded)
    }

    /// Writes the file from the journal.
    fn file_anew(
        &mut self,
        mut finding: Finding,
        file: &File,
        folded: &Folded,
    ) -> Result<(), StoreError> {
        if let Some(ours) = &mut self.ours {
            if let Some(stored) = &file.found.stored {
                ours.desk.keep_damaged(&stored.bytes)?;
            }
            put_file(
                self.store,
                self.workspace,
                ours,
                &folded.snapshot,
                &file.found,
            )?;
            finding = finding.done(format!(
                "written anew from the journal, with serial {}",
                folded.snapshot.serial
            ));
        }
        self.tell(finding);
        Ok(())
    }

    /// What the journal gives at a mark must be what the file holds.
    fn same_at(&mut self, mark: &Mark, file: &File, folded: &mut Folded) -> Result<(), StoreError> {
        let theirs = match &file.state {
            Ok(_) if file.found.stored.is_none() => return Ok(()),
            Ok(theirs) => theirs.clone(),
            Err(error) => {
                let finding = Finding::error(
                    self.name.clone(),
                    format!("it can't be read, though it is what was written last: {error}"),
                );
                return self.file_anew(finding, file, folded);
            }
        };
        // The file of a workspace that was made, and never written since, has a name only.
        if mark.journal_serial == 0 && theirs.serial == 0 && theirs.resources.is_empty() {
            return Ok(());
        }
        let desk = self.store.desk(self.workspace);
        let at = |serial: u64| desk.chain().replay(|batch| batch.serial <= serial);
        // A journal that could not be mended can't be gone through either.
        let Ok(before) = at(mark.journal_serial) else {
            return Ok(());
        };
        let before = before.unwrap_or_default();
        if text(&before, 0)? == text(&theirs, 0)? {
            return Ok(());
        }
        let mut finding = Finding::error(
            desk.journal().display().to_string(),
            format!(
                "it does not give what the state file holds (serial {})",
                theirs.serial
            ),
        );
        if self.ours.is_some()
            && let Some(header) = folded.header
        {
            let mut state = before;
            let event = Event {
                at_ms: self.store.means.clock.now_ms(),
                kind: EventKind::Replaced(Box::new(theirs)),
            };
            state.commit_as(mark.journal_serial.max(state.serial), &[event]);
            desk.chain().replay(|batch| {
                if batch.serial > mark.journal_serial {
                    state.commit_as(batch.serial, &batch.events);
                }
                true
            })?;
            let header = terrane_store::journal::read_header(
                &mut std::fs::File::open(desk.journal())
                    .map_err(super::desk::io_error("opening", &desk.journal()))?,
                &desk.journal(),
            )
            .unwrap_or(header);
            put_aside(&desk.journal(), &desk.chain().damaged())?;
            self.look.write_checkpoint_after(&state, header)?;
            folded.snapshot = state;
            finding = finding.done("the state was put right from the state file");
        }
        self.tell(finding);
        Ok(())
    }

    /// The mark is of no use: it is found out which point of the journal the file stands for.
    fn mark_anew(
        &mut self,
        file: &File,
        folded: &Folded,
        place: &str,
        problem: &str,
    ) -> Result<(), StoreError> {
        let desk = self.store.desk(self.workspace);
        let mut finding = Finding::error(
            place,
            format!("{problem}: it would say which point of the journal the state file stands for"),
        );
        let wanted = match &file.state {
            Ok(state) if file.found.stored.is_some() => desk
                .chain()
                .replay(|batch| batch.serial <= state.serial)?
                .filter(|before| {
                    matches!((text(before, 0), text(state, 0)), (Ok(left), Ok(right)) if left == right)
                })
                .map(|before| Mark {
                    digest: file.found.digest.clone(),
                    file_serial: state.serial,
                    journal_serial: before.serial,
                }),
            Ok(_) | Err(_) => None,
        };
        match (wanted, &self.ours) {
            (Some(mark), Some(_)) => {
                put_aside(&desk.mark(), &desk.chain().damaged())?;
                desk.set_marks(&Marks::new(self.name.clone(), mark))?;
                finding = finding.done("made anew, by comparing the two");
            }
            (Some(_), None) => {}
            (None, Some(_)) if file.state.is_err() || file.found.stored.is_none() => {
                return self.file_anew(finding, file, folded);
            }
            (None, _) => {
                self.tell(Finding::warning(
                    self.name.clone(),
                    "what it holds is no point of the journal: move the journal out of its folder to go on with the state file, or remove the state file and repair once more to go on with the journal",
                ));
            }
        }
        self.tell(finding);
        Ok(())
    }

    /// The journal that was shipped beside the file.
    fn shipped(&mut self) -> Result<(), StoreError> {
        let Some(mut side) = self.store.place.side(self.workspace, None) else {
            return Ok(());
        };
        let name = side.name();
        match ship::read(&mut *side, &self.store.means.seal) {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => {}
            Err(StoreError::Damaged { problem, .. }) => {
                self.tell(Finding::error(
                    name,
                    format!("the shipped journal can't be read: {problem}"),
                ));
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        // What can't be told together was told of already.
        let Ok((_, added)) = self.store.facts(self.workspace) else {
            return Ok(());
        };
        match added {
            Addition::Nothing => {}
            Addition::Batches { who, batches, open } => self.tell(Finding::note(
                name,
                format!(
                    "{} changes and {} open intents that were recorded by {who} are not in the state file yet: the next run takes them in",
                    batches.len(),
                    open.len()
                ),
            )),
            Addition::Misfit => self.tell(Finding::warning(
                name,
                "the shipped journal goes on from another state than the one that is there: the next run keeps it as a file, and says so",
            )),
        }
        Ok(())
    }

    /// What runs could not write.
    fn kept_aside(&mut self) {
        let desk = self.store.desk(self.workspace);
        for path in desk.unwritten() {
            let problem = still_unwritten(&self.name, &path);
            self.tell(Finding::warning(path.display().to_string(), problem));
        }
        let aside = desk.all_aside().len();
        if aside > 0 {
            self.tell(Finding::note(
                desk.folder().display().to_string(),
                format!("{aside} runs without a lock have left something here: the next run looks after it"),
            ));
        }
    }
}

/// The newest generation in a folder.
fn newest(history: &std::path::Path) -> u64 {
    std::fs::read_dir(history)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str()?.parse().ok())
        .max()
        .unwrap_or(0)
}
