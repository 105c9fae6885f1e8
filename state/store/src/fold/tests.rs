//! A snapshot comes back equal; bytes that are none are refused.

use super::{decode, encode};
use crate::conformance::sample::{every_kind, instance, object, provider, set};
use std::sync::Arc;
use terrane_model::addr::{
    ConfigResource, InstanceKey, Mode, ModuleInstance, ModulePath, ProviderConfigAddr, ResourceAddr,
};
use terrane_model::snapshot::{InstanceState, ObjectState, ResourceState, Snapshot};

#[test]
fn every_state_comes_back() {
    let mut snapshot = Snapshot::default();
    for batch in every_kind() {
        snapshot.commit(&batch);
        assert_eq!(decode(&encode(&snapshot).unwrap()).unwrap(), snapshot);
    }
    assert!(snapshot.instance_count() > 0);
}

/// A state in which neighbours have all in common, or nothing.
fn mixed() -> Snapshot {
    let mut snapshot = Snapshot::default();
    let dependency = |name: &str| ConfigResource {
        module: ModulePath::root().child("m"),
        mode: Mode::Data,
        type_name: "a_type_with_a_long_name".into(),
        name: name.into(),
    };
    let object = |at: u64| ObjectState {
        dependencies: match at % 4 {
            0 => Arc::from([]),
            1 | 2 => Arc::from([dependency("x"), dependency("y")]),
            _ => Arc::from([dependency("z")]),
        },
        private: match at % 5 {
            0 | 1 => Arc::from(*b"p"),
            2 => Arc::from(*b"q"),
            _ => Arc::from([]),
        },
        identity: at.is_multiple_of(3).then(|| (at, Arc::from("{}"))),
        provider_key: at.is_multiple_of(7).then(|| InstanceKey::Str("eu".into())),
        created_in_ms: at
            .is_multiple_of(2)
            .then_some(u32::MAX - u32::try_from(at).unwrap()),
        skip_destroy: at % 6 == 1,
        create_before_destroy: at % 6 == 2,
        ..object("{\"a\":1}")
    };
    let root = ModuleInstance::root();
    let deep = root
        .child("m", Some(InstanceKey::Int(300)))
        .child("n", None);
    let named = root.child("m", Some(InstanceKey::Str("k".into())));
    for (at, module) in (0_u64..).zip([&root, &deep, &deep, &named, &root]) {
        let addr = ResourceAddr {
            module: module.clone(),
            mode: Mode::Managed,
            type_name: ["short", "a_type_with_a_long_name"][usize::from(at % 2 == 0)].into(),
            name: format!("r{at}").into(),
        };
        let keys = (0..20).map(|key| match at {
            0 => InstanceKey::Str(format!("{key}").into()),
            _ => InstanceKey::Int(key * 50),
        });
        let instances = keys.zip(0..).map(|(key, at)| {
            let state = InstanceState {
                current: (at % 9 != 8).then(|| Arc::new(object(at))),
                deposed: Default::default(),
                changed_at: at * 1000,
            };
            (Some(key), state)
        });
        let provider = ProviderConfigAddr {
            alias: (at % 2 == 1).then(|| "west".into()),
            ..provider(["null", "random"][usize::from(at > 2)])
        };
        let state = ResourceState {
            provider,
            instances: instances.collect(),
        };
        snapshot.resources.insert(addr, state);
    }
    snapshot
}

#[test]
fn what_neighbours_have_in_common_is_theirs() {
    let snapshot = mixed();
    assert_eq!(decode(&encode(&snapshot).unwrap()).unwrap(), snapshot);
}

/// Cut off anywhere, or with any byte changed, they are refused or give some state: there is no panic. That they are whole, a checksum tells.
#[test]
fn damaged_bytes_do_no_harm() {
    let mut snapshot = Snapshot::default();
    snapshot.commit(&[set(&instance("a", None), "{}")]);
    let bytes = encode(&snapshot).unwrap();
    for len in 0..bytes.len() {
        // Nothing marks the end: what is whole up to there is a state.
        if let Ok(found) = decode(&bytes[..len]) {
            assert_ne!(found, snapshot, "{len}");
        }
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            drop(decode(&damaged));
        }
    }
}

#[test]
fn an_address_of_no_object_is_refused() {
    let mut snapshot = mixed();
    let resource = snapshot.resources.values_mut().next().unwrap();
    let state = InstanceState::default();
    resource.instances.insert(Some(InstanceKey::Any), state);
    assert!(encode(&snapshot).is_err());
}
