//! `state show`.

use super::{address, history};
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use std::sync::Arc;
use terrane_model::addr::{InstanceAddr, ProviderConfigAddr};
use terrane_model::snapshot::{ObjectState, Snapshot};

/// The current object of an instance (as of a version, if one is named), with the provider that manages it and the state that it is in.
///
/// # Errors
/// When the address is not that of one instance, there is none, or the state can't be read.
pub fn run(
    session: &Session,
    address: &str,
    version: Option<&str>,
) -> Result<
    (
        InstanceAddr,
        ProviderConfigAddr,
        Arc<ObjectState>,
        Arc<Snapshot>,
    ),
    Failure,
> {
    let addr = address::instance(address)?;
    let snapshot = history::snapshot(session, version)?;
    let found = snapshot.resources.get(&addr.resource).and_then(|resource| {
        let object = resource.instances.get(&addr.key)?.current.clone()?;
        Some((resource.provider.clone(), object))
    });
    let (provider, object) = found.ok_or_else(|| {
        Failure::input(
            &rules::state::NO_INSTANCE,
            format!("There is no resource instance {addr} in the state. The address must name one instance; see what there is with `terrane state list`."),
        )
    })?;
    Ok((addr, provider, object, snapshot))
}
