//! `state rm`.

use super::address;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use terrane_model::addr::{InstanceAddr, Target};
use terrane_model::event::{EventKind, ObjectAddr, Operation};
use terrane_model::snapshot::Snapshot;

/// Forgets all instances that the addresses mean, deposed objects too, and creations that were cut off. Returns them.
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
    let workspace = session.open()?;
    let snapshot = workspace.snapshot();
    let (removed, changes) = forgetting(&snapshot, &targets);
    if removed.is_empty() {
        return Err(Failure::input(
            &rules::state::NOTHING_MATCHES,
            "No matching objects found. See what there is with `terrane state list`.",
        ));
    }
    if !dry_run {
        session.commit(workspace, changes)?;
    }
    Ok(removed)
}

/// What the targets mean, and the events that forget it. A creation whose end nobody knows is over with it: who says so has looked.
fn forgetting(snapshot: &Snapshot, targets: &[Target]) -> (Vec<InstanceAddr>, Vec<EventKind>) {
    let meant = |addr: &InstanceAddr| targets.iter().any(|target| address::covers(target, addr));
    let mut removed = Vec::new();
    let mut changes = Vec::new();
    for (addr, resource, instance) in snapshot.instances() {
        if !meant(&addr) {
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
    for (op, intent) in &snapshot.open {
        if intent.operation != Operation::Create || !meant(&intent.object.instance) {
            continue;
        }
        changes.push(EventKind::Ended {
            op: *op,
            object: intent.object.clone(),
            provider: intent.provider.clone(),
            state: None,
        });
        if !removed.contains(&intent.object.instance) {
            removed.push(intent.object.instance.clone());
        }
    }
    (removed, changes)
}

#[cfg(test)]
mod tests {
    use super::forgetting;
    use terrane_model::addr::Target;
    use terrane_model::event::Operation;
    use terrane_model::snapshot::Snapshot;
    use terrane_store::conformance::sample;

    #[test]
    fn a_creation_whose_end_nobody_knows_is_forgotten_too() {
        let target: Target = "t.x[\"k\"]".parse().unwrap();
        let Target::Instance(instance) = target.clone() else {
            unreachable!("it has a key");
        };
        let mut snapshot = Snapshot::default();
        snapshot.fold(&sample::began(7, &instance, Operation::Create));
        let (removed, _) = forgetting(&snapshot, &["t.y".parse().unwrap()]);
        assert!(removed.is_empty());
        let (removed, changes) = forgetting(&snapshot, &[target]);
        assert_eq!(removed, [instance]);
        for change in &changes {
            snapshot.fold(change);
        }
        assert!(snapshot.open.is_empty());
        assert_eq!(snapshot.instance_count(), 0);
    }
}
