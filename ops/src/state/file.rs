//! Files that may be states or saved plans: `show FILE`.

use super::push::bytes_of;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use terrane_model::snapshot::Snapshot;
use terrane_plan::file::is_plan;
use terrane_store::seal::is_sealed;
use terrane_store::statefile;

/// What a file holds.
#[derive(Debug)]
pub enum Held {
    /// A state.
    State(Box<Snapshot>),
    /// A saved plan, or something sealed that can only be one.
    Plan,
}

/// Looks into a file. An encrypted state is opened with the keys for states that the configuration has.
///
/// # Errors
/// When it can't be read, or is neither a state nor a plan.
pub fn look(session: &Session, path: &str) -> Result<Held, Failure> {
    let bytes = bytes_of(path, format!("Reading {path} failed"))?;
    if is_plan(&bytes) {
        return Ok(Held::Plan);
    }
    let bytes = if is_sealed(&bytes) {
        // Plans have keys of their own: what does not open as a state is taken for one of them.
        match session.seal()?.unseal(bytes) {
            Ok(bytes) if !is_plan(&bytes) => bytes,
            Ok(_) | Err(_) => return Ok(Held::Plan),
        }
    } else {
        bytes
    };
    match statefile::read(path, &bytes) {
        Ok(file) => Ok(Held::State(Box::new(file.snapshot))),
        Err(error) => {
            let mut problem = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                problem = format!("{problem}: {cause}");
                source = cause.source();
            }
            Err(Failure::input(
                rules::planning::NEITHER_STATE_NOR_PLAN
                    .named(format!("Failed to read {path:?} as a state or plan file")),
                format!(
                    "As a state file it can't be used: {problem}. And it is no saved plan. Write a state with `terrane state pull`, make a plan with `terrane plan -out=FILE`."
                ),
            ))
        }
    }
}
