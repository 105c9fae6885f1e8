//! `taint` and `untaint`.

use super::address;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use std::sync::Arc;
use terrane_model::addr::{InstanceAddr, Mode};
use terrane_model::event::{EventKind, ObjectAddr};
use terrane_model::snapshot::{ObjectState, Status};

/// Marks the current object of an instance. Returns its address; `None` if there is no such instance and that is allowed.
///
/// # Errors
/// When there is no such instance (and that is not allowed), it is a data source, or the state can't be written.
pub fn taint(
    session: &Session,
    address: &str,
    allow_missing: bool,
) -> Result<Option<InstanceAddr>, Failure> {
    set(session, address, allow_missing, Status::Tainted)
}

/// Takes the mark from the current object of an instance.
///
/// # Errors
/// As [`taint`]; and when it is not marked.
pub fn untaint(
    session: &Session,
    address: &str,
    allow_missing: bool,
) -> Result<Option<InstanceAddr>, Failure> {
    set(session, address, allow_missing, Status::Ready)
}

fn set(
    session: &Session,
    address: &str,
    allow_missing: bool,
    status: Status,
) -> Result<Option<InstanceAddr>, Failure> {
    let addr = address::instance(address)?;
    let word = match status {
        Status::Tainted => "tainted",
        Status::Ready => "untainted",
    };
    if addr.resource.mode != Mode::Managed {
        return Err(Failure::input(
            &rules::state::NOT_MANAGED,
            format!("Only managed resources can be {word}; {addr} is not one."),
        ));
    }
    let workspace = session.open()?;
    let snapshot = workspace.snapshot();
    let found = snapshot.resources.get(&addr.resource).and_then(|resource| {
        let current = resource.instances.get(&addr.key)?.current.clone()?;
        Some((resource, current))
    });
    let Some((resource, current)) = found else {
        if allow_missing {
            return Ok(None);
        }
        return Err(Failure::input(
            &rules::state::NO_SUCH_INSTANCE,
            format!(
                "There is no resource instance in the state with the address {addr}. If its configuration has just been added, run `terrane apply` once to create it before it can be {word}."
            ),
        ));
    };
    if status == Status::Ready && current.status == Status::Ready {
        return Err(Failure::input(
            &rules::state::NOT_TAINTED,
            format!(
                "Resource instance {addr} is not currently tainted, and so it cannot be untainted."
            ),
        ));
    }
    let change = EventKind::Set {
        object: ObjectAddr {
            instance: addr.clone(),
            deposed: None,
        },
        provider: resource.provider.clone(),
        state: Some(Arc::new(ObjectState {
            status,
            ..(*current).clone()
        })),
    };
    session.commit(workspace, vec![change])?;
    Ok(Some(addr))
}
