//! `workspace`: several states of one configuration.

use crate::failure::Failure;
use crate::rules;
use crate::session::{DEFAULT_WORKSPACE, STATE_DIR, Session, is_workspace_name};
use std::path::Path;
use terrane_store::{StateStore, StoreError};

/// All workspaces and the current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspaces {
    /// Sorted.
    pub names: Vec<String>,
    /// The current one. It may be missing among the names, if it was deleted elsewhere.
    pub current: String,
}

/// Lists them.
///
/// # Errors
/// When the store or the selection can't be read.
pub fn list(session: &Session) -> Result<Workspaces, Failure> {
    let names = if session.is_embedded()? && !Path::new(STATE_DIR).exists() {
        vec![String::from(DEFAULT_WORKSPACE)]
    } else {
        session
            .store()?
            .workspaces()
            .map_err(Failure::store("Reading the workspaces failed"))?
    };
    Ok(Workspaces {
        names,
        current: session.workspace()?,
    })
}

/// Makes a workspace and selects it.
///
/// # Errors
/// When the name is not valid or taken, or the store can't be written.
pub fn new(session: &Session, name: &str) -> Result<(), Failure> {
    check_selectable(session)?;
    if !is_workspace_name(name) {
        return Err(invalid_name(name));
    }
    if list(session)?.names.iter().any(|known| known == name) {
        return Err(Failure::input(
            rules::workspace::EXISTS.named(format!("Workspace {name:?} already exists")),
            "Switch to it with `terrane workspace select`.",
        ));
    }
    create(session, name)?;
    session.select(name)
}

fn create(session: &Session, name: &str) -> Result<(), Failure> {
    make(session, session.store()?, name).map_err(Failure::store(format!(
        "Making the workspace {name:?} failed"
    )))
}

/// Makes a workspace that holds nothing. A store that keeps states as files knows only those that are written.
pub(crate) fn make(
    session: &Session,
    store: &dyn StateStore,
    name: &str,
) -> Result<(), StoreError> {
    store.open(name)?.close()?;
    if store.workspaces()?.iter().any(|known| known == name) {
        return Ok(());
    }
    let mut workspace = store.open(name)?;
    workspace.commit(session.run(Vec::new()))?;
    workspace.close()
}

/// Selects a workspace. Returns whether it had to be made.
///
/// # Errors
/// When there is none of this name and it is not to be made.
pub fn select(session: &Session, name: &str, or_create: bool) -> Result<bool, Failure> {
    check_selectable(session)?;
    if !is_workspace_name(name) {
        return Err(invalid_name(name));
    }
    let Workspaces { names, current: _ } = list(session)?;
    let exists = name == DEFAULT_WORKSPACE || names.iter().any(|known| known == name);
    if !exists && !or_create {
        return Err(Failure::input(
            rules::workspace::NO_SUCH_WORKSPACE.named(format!("Workspace {name:?} doesn't exist")),
            "Make it with `terrane workspace new`, or give the -or-create option.",
        ));
    }
    if !exists {
        create(session, name)?;
    }
    session.select(name)?;
    Ok(!exists)
}

/// Deletes a workspace. Returns how many instances its state still held, where `force` is given.
///
/// # Errors
/// When it is the current one or `default`, does not exist, or still holds objects and `force` is not given.
pub fn delete(session: &Session, name: &str, force: bool) -> Result<usize, Failure> {
    let Workspaces { names, current } = list(session)?;
    if !names.iter().any(|known| known == name) {
        return Err(Failure::input(
            rules::workspace::NO_SUCH_WORKSPACE.named(format!("Workspace {name:?} doesn't exist")),
            "List the workspaces with `terrane workspace list`.",
        ));
    }
    if name == current {
        return Err(Failure::input(
            rules::workspace::ACTIVE.named(format!("Workspace {name:?} is your active workspace")),
            "You cannot delete the currently active workspace. Please switch to another workspace and try again.",
        ));
    }
    if name == DEFAULT_WORKSPACE {
        return Err(Failure::input(
            &rules::workspace::DEFAULT_WORKSPACE,
            "There is always a workspace named default.",
        ));
    }
    let state = session.store()?.read(name).map_err(Failure::store(format!(
        "Reading the state of {name:?} failed"
    )));
    // Also a state that can't be read can be deleted.
    let held = state.as_ref().map_or(0, |state| state.instances().count());
    if !force {
        let snapshot = state?;
        let tracked: Vec<String> = snapshot
            .instances()
            .take(10)
            .map(|(addr, ..)| format!("  {addr}"))
            .collect();
        if !tracked.is_empty() {
            return Err(Failure::input(
                &rules::workspace::NOT_EMPTY,
                format!(
                    "Workspace {name:?} is currently tracking the following resource instances:\n{}\n\nDeleting it would lose track of them. Destroy them first, or give the -force option to forget them.",
                    tracked.join("\n")
                ),
            ));
        }
    }
    session
        .store()?
        .delete(name)
        .map_err(Failure::store(format!(
            "Deleting the workspace {name:?} failed"
        )))?;
    Ok(held)
}

fn invalid_name(name: &str) -> Failure {
    Failure::input(
        &rules::workspace::INVALID_NAME,
        format!(
            "The workspace name {name:?} is not allowed. A name must be safe in URLs and file names: letters, digits, and - _ . ~ are."
        ),
    )
}

fn check_selectable(session: &Session) -> Result<(), Failure> {
    session.workspace_override().map_or(Ok(()), |name| {
        Err(Failure::input(
            &rules::workspace::OVERRIDDEN,
            format!("The environment variable TF_WORKSPACE is set to {name:?}, which selects the workspace. Unset it to select another one."),
        ))
    })
}
