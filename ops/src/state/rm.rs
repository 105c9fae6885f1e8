//! `state rm`.

use super::address;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use terrane_model::addr::InstanceAddr;
use terrane_model::event::{EventKind, ObjectAddr};

/// Forgets all instances that the addresses mean, deposed objects too. Returns them.
///
/// # Errors
/// When an address is not valid or means nothing, or the state can't be read or written.
pub fn run(
    session: &Session,
    addresses: &[String],
    dry_run: bool,
) -> Result<Vec<InstanceAddr>, Failure> {
    let targets = addresses
        .iter()
        .map(|text| address::target(text))
        .collect::<Result<Vec<_>, _>>()?;
    let mut workspace = session.open()?;
    let snapshot = workspace.snapshot();
    let mut removed = Vec::new();
    let mut changes = Vec::new();
    for (addr, resource, instance) in snapshot.instances() {
        if !targets.iter().any(|target| address::covers(target, &addr)) {
            continue;
        }
        let deposed = instance.deposed.keys().cloned().map(Some);
        for deposed in std::iter::once(None).chain(deposed) {
            changes.push(EventKind::Set {
                object: ObjectAddr {
                    instance: addr.clone(),
                    deposed,
                },
                provider: resource.provider.clone(),
                state: None,
            });
        }
        removed.push(addr);
    }
    if removed.is_empty() {
        return Err(Failure::input(
            &rules::state::NOTHING_MATCHES,
            "No matching objects found. See what there is with `terrane state list`.",
        ));
    }
    if !dry_run {
        session.commit(&mut *workspace, changes)?;
    }
    Ok(removed)
}
