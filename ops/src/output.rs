//! `output`: the outputs of the root module.

use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_model::snapshot::OutputState;

/// All outputs, by name. May be empty.
///
/// # Errors
/// When the state can't be read.
pub fn all(session: &Session) -> Result<BTreeMap<EcoString, OutputState>, Failure> {
    Ok(session.snapshot()?.outputs.clone())
}

/// The output with this name.
///
/// # Errors
/// When there is none, or the state can't be read.
pub fn one(session: &Session, name: &str) -> Result<OutputState, Failure> {
    session.snapshot()?.outputs.get(name).cloned().ok_or_else(|| {
        Failure::input(
            rules::state::NO_SUCH_OUTPUT.named(format!("Output {name:?} not found")),
            "The state holds no output of this name. If you recently added it to your configuration, run `terrane apply`: the state has new outputs only after that.",
        )
    })
}
