//! `state resolve`: settles by hand what a cut off run left open.

use super::address;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use std::collections::BTreeMap;
use terrane_model::addr::Target;
use terrane_model::event::{EventKind, Intent, Operation};
use terrane_model::snapshot::Snapshot;

/// What the user has found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The object does not exist.
    Absent,
    /// The change was not made: the object is as the state has it.
    Unchanged,
}

/// The changes that are open, with their operation ids.
///
/// # Errors
/// When the state can't be read.
pub fn open(session: &Session) -> Result<BTreeMap<u64, Intent>, Failure> {
    Ok(session.snapshot()?.open.clone())
}

/// Settles the open changes of these addresses. Returns what was settled.
///
/// # Errors
/// When an address is not valid or nothing of it is open, or the state can't be written.
pub fn run(
    session: &Session,
    addresses: &[String],
    finding: Finding,
) -> Result<Vec<Intent>, Failure> {
    let targets = addresses
        .iter()
        .map(|text| address::target(text))
        .collect::<Result<Vec<_>, _>>()?;
    let workspace = session.open()?;
    let snapshot = workspace.snapshot();
    for target in &targets {
        let any = snapshot
            .open
            .values()
            .any(|intent| address::covers(target, &intent.object.instance));
        if !any {
            return Err(Failure::input(
                &rules::state::NOTHING_OPEN,
                format!(
                    "No change of {target} is open. `terrane state resolve` without an address lists what is."
                ),
            ));
        }
    }
    let (settled, changes) = settle(&snapshot, &targets, finding);
    session.commit(workspace, changes)?;
    Ok(settled)
}

fn settle(
    snapshot: &Snapshot,
    targets: &[Target],
    finding: Finding,
) -> (Vec<Intent>, Vec<EventKind>) {
    let mut settled = Vec::new();
    let mut changes = Vec::new();
    let mut after = snapshot.clone();
    for (op, intent) in &snapshot.open {
        let meant = targets
            .iter()
            .any(|target| address::covers(target, &intent.object.instance));
        if !meant {
            continue;
        }
        let events = match (finding, intent.operation) {
            (Finding::Unchanged, _) | (Finding::Absent, Operation::Create) => {
                intent.ended_without_effect(*op, &after)
            }
            (Finding::Absent, _) => vec![EventKind::Ended {
                op: *op,
                object: intent.object.clone(),
                provider: intent.provider.clone(),
                state: None,
            }],
        };
        for event in events {
            after.fold(&event);
            changes.push(event);
        }
        settled.push(intent.clone());
    }
    (settled, changes)
}

#[cfg(test)]
mod tests {
    use super::{Finding, settle};
    use terrane_model::addr::{DeposedKey, Target};
    use terrane_model::event::{EventKind, Operation};
    use terrane_model::snapshot::Snapshot;
    use terrane_store::conformance::sample;

    fn snapshot(operation: Operation) -> Snapshot {
        let Ok(Target::Instance(instance)) = "t.x[0]".parse() else {
            unreachable!("it has a key");
        };
        let mut snapshot = Snapshot::default();
        if operation != Operation::Create {
            snapshot.fold(&sample::set(&instance, "{}").kind);
        }
        snapshot.fold(&sample::began(3, &instance, operation));
        snapshot
    }

    #[test]
    fn what_was_open_is_settled_as_it_was_found() {
        for (operation, finding, left) in [
            (Operation::Create, Finding::Absent, 0),
            (Operation::Create, Finding::Unchanged, 0),
            (Operation::Update, Finding::Absent, 0),
            (Operation::Update, Finding::Unchanged, 1),
            (Operation::Delete, Finding::Absent, 0),
            (Operation::Delete, Finding::Unchanged, 1),
        ] {
            let mut snapshot = snapshot(operation);
            let (settled, changes) = settle(&snapshot, &["t.x".parse().unwrap()], finding);
            assert_eq!(settled.len(), 1);
            for change in &changes {
                snapshot.fold(change);
            }
            assert!(snapshot.open.is_empty());
            assert_eq!(snapshot.instance_count(), left, "{operation:?} {finding:?}");
        }
        // An object that made room for what was not made is in use again; one that was made later stays.
        for (object, expect) in [(None, "old"), (Some("later"), "later")] {
            let mut snapshot = snapshot(Operation::Update);
            let Some(Target::Instance(instance)) = "t.x[0]".parse().ok() else {
                unreachable!("it has a key");
            };
            snapshot.open.clear();
            snapshot.fold(&sample::set(&instance, r#""old""#).kind);
            snapshot.fold(&EventKind::Deposed {
                instance: instance.clone(),
                key: DeposedKey::of_token("t"),
            });
            snapshot.fold(&sample::began(4, &instance, Operation::Create));
            if let Some(text) = object {
                snapshot.fold(&sample::set(&instance, &format!("{text:?}")).kind);
            }
            let (_, changes) = settle(&snapshot, &["t.x".parse().unwrap()], Finding::Absent);
            for change in &changes {
                snapshot.fold(change);
            }
            let current = snapshot.instance(&instance).unwrap().current.clone();
            assert_eq!(*current.unwrap().attributes, *format!("{expect:?}"));
        }
        let (settled, _) = settle(
            &snapshot(Operation::Create),
            &["t.y".parse().unwrap()],
            Finding::Absent,
        );
        assert!(settled.is_empty());
    }
}
