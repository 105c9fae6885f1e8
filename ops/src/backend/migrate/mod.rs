//! Moving states from one store to another: all workspaces or none, checked, and taken back where something goes wrong.
//!
//! The source is only read. What counts is the record that `init` writes last (`commit`): until it is there, every command still works with
//! the source. So a process that is killed in the middle has lost nothing, and running it again finds the copies that are whole.

mod backup;
mod compare;
mod execute;
mod history;
mod survey;
#[cfg(test)]
mod tests;

pub(crate) use execute::execute;
pub(crate) use survey::{Pair, Standing, Survey, Target, survey};

use crate::audit::LogFate;
use crate::backend::Place;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use crate::ui::{Question, Ui};
use std::path::PathBuf;

/// Whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// The user, where one is there.
    Ask,
    /// Nobody: everything is wanted (`-force-copy`).
    Given,
}

/// One migration.
#[derive(Debug)]
pub(crate) struct Migration<'a> {
    pub(crate) session: &'a Session,
    pub(crate) from: &'a Place,
    pub(crate) to: &'a Place,
    pub(crate) consent: Consent,
    /// Nobody said that `from` is where the state is kept now: it was found beside the configuration. A target that has a later version of
    /// the same state then is simply right.
    pub(crate) implied: bool,
    /// Where copies of what is overwritten go.
    pub(crate) backups: PathBuf,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Where it came from, for people.
    pub from: String,
    /// Where it went.
    pub to: String,
    /// What became of each workspace that held something, by name.
    pub workspaces: Vec<(String, Fate)>,
    /// Versions of the history that were taken over.
    pub versions_taken: usize,
    /// Earlier versions that stay in the old place only.
    pub versions_left: usize,
    /// Why they do, as a clause; one reason for each workspace of which some do.
    pub left_because: Vec<String>,
    /// What became of the audit log of each workspace that had one, by its new name; what is wrong with it else.
    pub logs: Vec<(String, Result<LogFate, String>)>,
    /// Changes that a run left open and that went along.
    pub open: usize,
    /// The folder with copies of what was overwritten.
    pub backups: Option<String>,
    /// The workspace that is to be selected from now on, where that changes.
    pub select: Option<String>,
}

/// What became of the state of a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was copied: how many instances.
    Copied(usize),
    /// The target has it already, or a later version of it.
    Present(usize),
    /// The user wants to go on with the state that the target has.
    Kept,
}

/// What the user wants.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Move these.
    Move(Survey),
    /// Leave everything as it is.
    Nothing(Survey),
}

/// Looks at both sides and asks what is to be asked. Writes nothing.
///
/// # Errors
/// When a side can't be read; when the target can't hold what there is; when somebody has to be asked and nobody is there.
pub(crate) fn prepare(migration: &Migration<'_>, ui: &mut dyn Ui) -> Result<Wanted, Failure> {
    let mut survey = survey(migration)?;
    if survey.is_settled() {
        return Ok(Wanted::Move(survey));
    }
    squeeze(migration, &mut survey, ui)?;
    if !confirm(migration, &survey, ui)? {
        return Ok(Wanted::Nothing(survey));
    }
    for pair in &mut survey.pairs {
        settle(migration, pair, ui)?;
    }
    Ok(Wanted::Move(survey))
}

/// Where the target has room for one state only, the current workspace becomes that one.
fn squeeze(migration: &Migration<'_>, survey: &mut Survey, ui: &mut dyn Ui) -> Result<(), Failure> {
    if survey.misfits.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = survey
        .misfits
        .iter()
        .map(|(name, why)| format!("  {name}: {why}"))
        .collect();
    let current = migration.session.workspace()?;
    let refuse = |what: &str| {
        Err(Failure::input(
            &rules::backend::UNFIT_WORKSPACE,
            format!(
                "{} can't hold these workspaces of {}:\n{}\n\n{what} Nothing was changed.",
                migration.to.describe(),
                migration.from.describe(),
                names.join("\n")
            ),
        ))
    };
    if !survey.single {
        return refuse(
            "Give them names that both can hold (`terrane workspace new NAME`, with the state of the old one by `terrane state pull` and `terrane state push`), or delete them.",
        );
    }
    let question = Question::OnlyCurrentWorkspace {
        workspace: current.clone(),
        to: migration.to.describe(),
        others: survey.pairs.len() + survey.misfits.len() - 1,
    };
    let yes = match migration.consent {
        Consent::Given => true,
        Consent::Ask => ask(migration, &question, ui)?,
    };
    if !yes {
        return refuse("The target keeps a single state.");
    }
    survey.only(migration, &current)
}

/// Whether it is wanted at all.
fn confirm(migration: &Migration<'_>, survey: &Survey, ui: &mut dyn Ui) -> Result<bool, Failure> {
    if migration.consent == Consent::Given {
        return Ok(true);
    }
    let workspaces: Vec<String> = survey
        .pairs
        .iter()
        .filter(|pair| pair.standing.writes())
        .map(|pair| pair.from.clone())
        .collect();
    let question = Question::Migrate {
        from: migration.from.describe(),
        to: migration.to.describe(),
        instances: survey.instances(),
        workspaces,
    };
    ask(migration, &question, ui)
}

/// Where the target holds something else, which of the two counts.
fn settle(migration: &Migration<'_>, pair: &mut Pair, ui: &mut dyn Ui) -> Result<(), Failure> {
    let newer = match pair.standing {
        Standing::Conflict { newer } => newer,
        Standing::New
        | Standing::Older
        | Standing::Present
        | Standing::Keep
        | Standing::Overwrite => {
            return Ok(());
        }
    };
    let overwrite = match migration.consent {
        Consent::Given if newer => {
            return Err(Failure::input(
                &rules::backend::TARGET_IS_NEWER,
                format!(
                    "The workspace {:?} in {} holds a later version (serial {}) of the very state that is to be copied (serial {}). Copying would undo what was done there, so -force-copy does not do it. Nothing was changed.\n\nIf the target is right, run `terrane init -reconfigure`. If the source is, run `terrane init -migrate-state` without -force-copy, and answer the question.",
                    pair.to,
                    migration.to.describe(),
                    pair.before().serial,
                    pair.snapshot.serial
                ),
            ));
        }
        Consent::Given => true,
        Consent::Ask => {
            let question = Question::Overwrite {
                workspace: pair.to.clone(),
                from: migration.from.describe(),
                to: migration.to.describe(),
                theirs: (pair.before().serial, pair.before().instance_count()),
                ours: (pair.snapshot.serial, pair.snapshot.instance_count()),
                newer,
            };
            ask(migration, &question, ui)?
        }
    };
    pair.standing = if overwrite {
        Standing::Overwrite
    } else {
        Standing::Keep
    };
    Ok(())
}

fn ask(migration: &Migration<'_>, question: &Question, ui: &mut dyn Ui) -> Result<bool, Failure> {
    let answer = if migration.session.input {
        ui.ask(question)
    } else {
        None
    };
    match answer {
        Some(answer) => Ok(answer.trim() == "yes"),
        None => Err(Failure::input(
            &rules::backend::NOBODY_TO_ASK,
            format!(
                "There is a state in {}, and the backend is now {}. Whether it is to be copied has to be asked, and nobody can be asked here. Run `terrane init -force-copy` to copy it without asking, or `terrane init -reconfigure` to use the new place as it is. Nothing was changed.",
                migration.from.describe(),
                migration.to.describe()
            ),
        )),
    }
}
