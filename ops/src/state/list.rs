//! `state list`.

use super::{address, history};
use crate::failure::{Failure, Report};
use crate::rules;
use crate::session::Session;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::InstanceAddr;
use terrane_model::snapshot::InstanceState;

/// Which state is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// That of the workspace, as of a version, if one is named.
    Version(Option<&'a str>),
    /// That of a file.
    File(&'a str),
}

/// The addresses of all instances that the given addresses mean (none: all), sorted; of these only the ones with this id, if one is given.
///
/// # Errors
/// When the state can't be read, or an address is not valid or means nothing.
pub fn run(
    session: &Session,
    addresses: &[String],
    id: Option<&str>,
    from: Which<'_>,
) -> Result<Vec<InstanceAddr>, Failure> {
    let snapshot = match from {
        Which::Version(version) => history::snapshot(session, version)?,
        Which::File(path) => Arc::new(super::push::read(path)?),
    };
    let targets = addresses
        .iter()
        .map(|text| address::target(text))
        .collect::<Result<Vec<_>, _>>()?;
    let mut unknown = Diagnostics::new();
    for target in &targets {
        if !snapshot
            .instances()
            .any(|(addr, ..)| address::covers(target, &addr))
        {
            unknown.push(Diagnostic::error(
                &rules::state::NO_SUCH_RESOURCE,
                format!("The current state contains no resource {target}. If you've just added it to the configuration, run `terrane apply` first to create it."),
            ));
        }
    }
    if unknown.has_errors() {
        return Err(Failure::Input(Report::plain(unknown)));
    }
    let wanted = |addr: &InstanceAddr| {
        targets.is_empty() || targets.iter().any(|target| address::covers(target, addr))
    };
    Ok(snapshot
        .instances()
        .filter(|(addr, _, instance)| {
            wanted(addr) && id.is_none_or(|id| id_of(instance).as_deref() == Some(id))
        })
        .map(|(addr, ..)| addr)
        .collect())
}

/// The `id` of an object, read from its stored text.
fn id_of(instance: &InstanceState) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct OnlyId {
        id: String,
    }
    let object = instance
        .current
        .as_ref()
        .or_else(|| instance.deposed.values().next())?;
    serde_json::from_str::<OnlyId>(&object.attributes)
        .ok()
        .map(|object| object.id)
}
