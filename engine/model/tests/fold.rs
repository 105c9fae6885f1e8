//! Folding: what the serials and operation ids promise.

use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::{
    InstanceAddr, InstanceKey, Mode, ModuleInstance, ModulePath, ProviderAddr, ProviderConfigAddr,
    ResourceAddr,
};
use terrane_model::event::{Event, EventKind, Intent, ObjectAddr, Operation};
use terrane_model::snapshot::{InstanceState, ObjectState, ResourceState, Snapshot, Status};

fn instance(index: u64) -> InstanceAddr {
    ResourceAddr {
        module: ModuleInstance::root(),
        mode: Mode::Managed,
        type_name: "t".into(),
        name: "n".into(),
    }
    .instance(Some(InstanceKey::Int(index)))
}

fn provider(name: &str) -> ProviderConfigAddr {
    ProviderConfigAddr {
        module: ModulePath::root(),
        provider: ProviderAddr::default_host("hashicorp", name),
        alias: None,
    }
}

fn object(attributes: &str) -> Arc<ObjectState> {
    Arc::new(ObjectState {
        status: Status::Ready,
        schema_version: 0,
        attributes: attributes.into(),
        sensitive: Vec::new(),
        private: Arc::from([]),
        dependencies: Arc::from([]),
        create_before_destroy: false,
        skip_destroy: false,
        identity: None,
        provider_key: None,
        created_in_ms: None,
    })
}

fn current(index: u64) -> ObjectAddr {
    ObjectAddr {
        instance: instance(index),
        deposed: None,
    }
}

fn set(index: u64, attributes: &str) -> EventKind {
    EventKind::Set {
        object: current(index),
        provider: provider("p"),
        state: Some(object(attributes)),
    }
}

fn began(op: u64, index: u64) -> EventKind {
    EventKind::Began {
        op,
        intent: Intent {
            object: current(index),
            operation: Operation::Create,
            provider: provider("p"),
            token: "t".into(),
            planned: "{}".into(),
            dependencies: [].into(),
            create_before_destroy: false,
            provider_key: None,
        },
    }
}

fn commit(snapshot: &mut Snapshot, kinds: Vec<EventKind>) {
    let events: Vec<_> = kinds
        .into_iter()
        .map(|kind| Event { at_ms: 0, kind })
        .collect();
    snapshot.commit(&events);
}

fn changed_at(snapshot: &Snapshot, index: u64) -> Option<u64> {
    snapshot
        .instance(&instance(index))
        .map(|state| state.changed_at)
}

/// A state with these instances, all said to have changed at serial 0.
fn state(serial: u64, provider_name: &str, objects: &[(u64, &str)]) -> Snapshot {
    let instances = objects
        .iter()
        .map(|(index, attributes)| {
            let state = InstanceState {
                current: Some(object(attributes)),
                ..InstanceState::default()
            };
            (Some(InstanceKey::Int(*index)), state)
        })
        .collect();
    Snapshot {
        serial,
        resources: BTreeMap::from([(
            instance(0).resource,
            ResourceState {
                provider: provider(provider_name),
                instances,
            },
        )]),
        ..Snapshot::default()
    }
}

/// Only what a batch touches is stamped with its serial.
#[test]
fn instances_know_when_they_changed() {
    let mut snapshot = Snapshot::default();
    commit(&mut snapshot, vec![set(0, "{}"), set(1, "{}")]);
    commit(&mut snapshot, vec![set(1, r#"{"a":1}"#)]);
    assert_eq!(snapshot.serial, 2);
    assert_eq!(
        (changed_at(&snapshot, 0), changed_at(&snapshot, 1)),
        (Some(1), Some(2))
    );
}

/// A plan that read an instance is refused after a push that changed it, and only then.
#[test]
fn a_state_that_replaces_another_stamps_what_differs() {
    let mut snapshot = Snapshot::default();
    commit(
        &mut snapshot,
        vec![set(0, "{}"), set(1, "{}"), set(2, "{}")],
    );
    let new = state(0, "p", &[(0, "{}"), (1, r#"{"a":1}"#), (3, "{}")]);
    commit(&mut snapshot, vec![EventKind::Replaced(Box::new(new))]);
    assert_eq!(snapshot.serial, 2);
    let stamps: Vec<_> = (0..4).map(|index| changed_at(&snapshot, index)).collect();
    assert_eq!(stamps, [Some(1), Some(2), None, Some(2)]);
    let other_provider = state(0, "q", &[(0, "{}")]);
    commit(
        &mut snapshot,
        vec![EventKind::Replaced(Box::new(other_provider))],
    );
    assert_eq!(changed_at(&snapshot, 0), Some(3));
}

/// A pushed state keeps its serial where that is higher; the serial never goes back.
#[test]
fn the_serial_of_a_pushed_state_counts_if_it_is_higher() {
    let mut snapshot = Snapshot::default();
    for (pushed, expected) in [(7, 7), (7, 8), (3, 9), (40, 40)] {
        let new = state(pushed, "p", &[(pushed, "{}")]);
        commit(&mut snapshot, vec![EventKind::Replaced(Box::new(new))]);
        assert_eq!(snapshot.serial, expected);
        assert_eq!(
            changed_at(&snapshot, pushed),
            Some(if pushed == 7 { 7 } else { expected })
        );
    }
}

/// Intents outlive a push, and their ids stay unique.
#[test]
fn open_intents_are_not_forgotten_by_a_push() {
    let mut snapshot = Snapshot::default();
    commit(&mut snapshot, vec![began(1, 0), began(5, 1)]);
    assert_eq!(snapshot.last_op, 5);
    let mut new = Snapshot::default();
    new.fold(&began(5, 9));
    new.fold(&began(3, 8));
    commit(
        &mut snapshot,
        vec![EventKind::Replaced(Box::new(new.clone()))],
    );
    let ops: Vec<_> = snapshot
        .open
        .iter()
        .map(|(op, intent)| (*op, intent.object.clone()))
        .collect();
    assert_eq!(
        ops,
        [
            (1, current(0)),
            (3, current(8)),
            (5, current(1)),
            (6, current(9))
        ]
    );
    assert_eq!(snapshot.last_op, 6);
    commit(
        &mut snapshot,
        vec![EventKind::Ended {
            op: 6,
            object: current(9),
            provider: provider("p"),
            state: None,
        }],
    );
    assert_eq!(snapshot.open.len(), 3);
    assert_eq!(snapshot.last_op, 6, "an id is never given out again");
}
