//! `state resolve`: settles by hand what a cut off run left open.

use super::address;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use std::collections::BTreeMap;
use terrane_model::addr::Target;
use terrane_model::event::{EventKind, Intent, ObjectAddr, Operation};
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
    for (op, intent) in &snapshot.open {
        let meant = targets
            .iter()
            .any(|target| address::covers(target, &intent.object.instance));
        if !meant {
            continue;
        }
        let ObjectAddr { instance, deposed } = &intent.object;
        let known = snapshot.instance(instance).and_then(|state| match deposed {
            None => state.current.clone(),
            Some(key) => state.deposed.get(key).cloned(),
        });
        let state = match (finding, intent.operation) {
            (Finding::Absent, _) | (_, Operation::Create) => None,
            (Finding::Unchanged, _) => known,
        };
        changes.push(EventKind::Ended {
            op: *op,
            object: intent.object.clone(),
            provider: intent.provider.clone(),
            state,
        });
        settled.push(intent.clone());
    }
    (settled, changes)
}

#[cfg(test)]
mod tests {
    use super::{Finding, settle};
    use terrane_model::event::EventKind;
    use terrane_model::snapshot::Snapshot;

    fn snapshot(operation: &str) -> Snapshot {
        use std::sync::Arc;
        use terrane_model::addr::{ModulePath, ProviderAddr, ProviderConfigAddr, Target};
        use terrane_model::event::{Intent, ObjectAddr, Operation};
        use terrane_model::snapshot::{ObjectState, Status};
        let Ok(Target::Instance(instance)) = "t.x[0]".parse() else {
            unreachable!("it has a key");
        };
        let provider = ProviderConfigAddr {
            module: ModulePath::root(),
            provider: ProviderAddr::builtin(),
            alias: None,
        };
        let object = ObjectAddr {
            instance,
            deposed: None,
        };
        let mut snapshot = Snapshot::default();
        let operation = match operation {
            "create" => Operation::Create,
            "delete" => Operation::Delete,
            _ => Operation::Update,
        };
        if operation != Operation::Create {
            snapshot.fold(&EventKind::Set {
                object: object.clone(),
                provider: provider.clone(),
                state: Some(Arc::new(ObjectState {
                    status: Status::Ready,
                    schema_version: 0,
                    attributes: "{}".into(),
                    sensitive: Vec::new(),
                    private: Arc::default(),
                    dependencies: Arc::default(),
                    create_before_destroy: false,
                    skip_destroy: false,
                    identity: None,
                    provider_key: None,
                    created_in_ms: None,
                })),
            });
        }
        snapshot.fold(&EventKind::Began {
            op: 3,
            intent: Intent {
                object,
                operation,
                provider,
                token: "t".into(),
                planned: "{}".into(),
                dependencies: Arc::from([]),
                create_before_destroy: false,
            },
        });
        snapshot
    }

    #[test]
    fn what_was_open_is_settled_as_it_was_found() {
        for (operation, finding, left) in [
            ("create", Finding::Absent, 0),
            ("create", Finding::Unchanged, 0),
            ("update", Finding::Absent, 0),
            ("update", Finding::Unchanged, 1),
            ("delete", Finding::Absent, 0),
            ("delete", Finding::Unchanged, 1),
        ] {
            let mut snapshot = snapshot(operation);
            let (settled, changes) = settle(&snapshot, &["t.x".parse().unwrap()], finding);
            assert_eq!(settled.len(), 1);
            for change in &changes {
                snapshot.fold(change);
            }
            assert!(snapshot.open.is_empty());
            assert_eq!(snapshot.instance_count(), left, "{operation} {finding:?}");
        }
        let (settled, _) = settle(
            &snapshot("create"),
            &["t.y".parse().unwrap()],
            Finding::Absent,
        );
        assert!(settled.is_empty());
    }
}
