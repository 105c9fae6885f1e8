//! Leases between connections: who waits for whom, and who can't write any more.

use super::Place;
use crate::Layout;
use terrane_model::addr::InstanceKey;
use terrane_model::event::Event;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::lease::{Access, Claim, Holder, LeaseRequest, Leasing, Part};
use terrane_store::{Attempt, StateStore, StoreError, Workspace};

fn claim(parts: &[(&str, Access)]) -> Claim {
    let mut claim = Claim::nothing();
    for (name, access) in parts {
        claim.add(Part::Instance(instance(name, None)), *access);
    }
    claim
}

fn request(who: &str, claim: Claim) -> LeaseRequest {
    let mut holder = Holder::this_process("apply");
    holder.who = who.into();
    LeaseRequest::parts(holder, claim)
}

fn granted(store: &dyn StateStore, request: &LeaseRequest) -> Box<dyn Workspace> {
    match store.acquire("default", request).unwrap() {
        Attempt::Granted(workspace) => workspace,
        Attempt::Waiting(waiting) => panic!("{} waits: {waiting:?}", request.holder.who),
    }
}

fn waits(store: &dyn StateStore, request: &LeaseRequest) -> (usize, Vec<String>) {
    match store.acquire("default", request).unwrap() {
        Attempt::Granted(_) => panic!("{} does not wait", request.holder.who),
        Attempt::Waiting(waiting) => (
            waiting.position,
            waiting
                .holders
                .iter()
                .map(|holder| holder.who.to_string())
                .collect(),
        ),
    }
}

fn value(workspace: &dyn Workspace, name: &str) -> String {
    workspace
        .snapshot()
        .instance(&instance(name, None))
        .and_then(|instance| instance.current.clone())
        .map_or_else(String::new, |object| object.attributes.to_string())
}

fn put(name: &str, value: u32) -> Vec<Event> {
    vec![set(&instance(name, None), &format!("{{\"v\":{value}}}"))]
}

#[test]
fn who_writes_other_parts_writes_at_the_same_time_and_sees_the_others() {
    let place = Place::new(Layout::Rows);
    let (one, other) = (place.store(), place.store());
    assert_eq!(one.leasing(), Leasing::Parts);
    let mut a = granted(&*one, &request("a", claim(&[("x", Access::Write)])));
    let mut b = granted(
        &*other,
        &request("b", claim(&[("y", Access::Write), ("z", Access::Read)])),
    );
    assert!(a.lease().fence < b.lease().fence);
    for round in 0..5 {
        a.commit(put("x", round)).unwrap();
        b.commit(put("y", round)).unwrap();
    }
    assert_eq!(
        a.snapshot().serial,
        9,
        "it knows what was before its last one"
    );
    assert_eq!(b.snapshot().serial, 10);
    assert_eq!(a.refresh().unwrap(), b.snapshot());
    assert!(
        matches!(a.commit(put("y", 7)), Err(StoreError::Refused(_))),
        "only what was claimed"
    );
    a.close().unwrap();
    b.commit(put("y", 9)).unwrap();
    let last = b.snapshot();
    b.close().unwrap();
    assert_eq!(place.store().read("default").unwrap(), last);
    // The journal gives what the rows hold.
    assert_eq!(
        place.store().read_at("default", last.serial).unwrap(),
        *last
    );
    assert_eq!(place.store().history("default").unwrap().len(), 1);
}

#[test]
fn who_wants_the_same_waits_in_order() {
    let place = Place::new(Layout::Rows);
    let store = place.store();
    let first = granted(&*store, &request("first", claim(&[("x", Access::Write)])));
    let second = request("second", claim(&[("x", Access::Write)]));
    let third = request("third", claim(&[("x", Access::Read)]));
    assert_eq!(waits(&*store, &second), (1, vec!["first".to_owned()]));
    assert_eq!(waits(&*store, &third), (2, vec!["first".to_owned()]));
    let holders = store.holders("default").unwrap();
    assert_eq!(
        holders
            .iter()
            .map(|held| (&*held.holder.who, held.fence.is_some()))
            .collect::<Vec<_>>(),
        [("first", true), ("second", false), ("third", false)]
    );
    first.close().unwrap();
    assert_eq!(
        waits(&*store, &third),
        (2, vec!["second".to_owned()]),
        "nobody is overtaken"
    );
    let second = granted(&*store, &second);
    second.close().unwrap();
    let third = granted(&*store, &third);
    let fourth = request("fourth", claim(&[("x", Access::Write)]));
    assert_eq!(waits(&*store, &fourth).0, 1);
    store.withdraw("default", &fourth.holder.id).unwrap();
    assert_eq!(store.holders("default").unwrap().len(), 1);
    drop(granted(
        &*store,
        &request("fifth", claim(&[("x", Access::Read)])),
    ));
    third.close().unwrap();
}

#[test]
fn a_lease_that_ran_out_is_taken_and_its_holder_is_fenced() {
    for layout in [Layout::Rows, Layout::States] {
        let place = Place::new(layout);
        let store = place.store();
        let mut stopped = granted(&*store, &request("stopped", claim(&[("x", Access::Write)])));
        stopped.commit(put("x", 1)).unwrap();
        let next = request("next", claim(&[("x", Access::Write)]));
        assert_eq!(waits(&*store, &next).0, 1);
        stopped.renew().unwrap();
        // As after half a minute in which the process did not move.
        drop(place.psql("UPDATE terraform_remote_state.terrane_lease SET moment = 1"));
        let mut now = granted(&*store, &next);
        assert_eq!(value(&*now, "x"), "{\"v\":1}");
        for _ in 0..2 {
            match stopped.commit(put("x", 2)) {
                Err(StoreError::LeaseLost { .. }) => {}
                other => panic!("{layout:?}: the fence must hold, not {other:?}"),
            }
        }
        assert!(matches!(stopped.renew(), Err(StoreError::LeaseLost { .. })));
        now.commit(put("x", 3)).unwrap();
        drop(stopped);
        now.commit(put("x", 4)).unwrap();
        let last = now.snapshot();
        now.close().unwrap();
        assert_eq!(place.store().read("default").unwrap(), last);
        assert_eq!(last.serial, 3);
    }
}

#[test]
fn the_lease_of_a_session_that_is_gone_is_free_at_once() {
    for layout in [Layout::Rows, Layout::States] {
        let place = Place::new(layout);
        let store = place.store();
        let mut gone = granted(&*store, &request("gone", claim(&[("x", Access::Write)])));
        gone.commit(put("x", 1)).unwrap();
        end_sessions(&place);
        let mut next = granted(&*store, &request("next", claim(&[("x", Access::Write)])));
        next.commit(put("x", 2)).unwrap();
        assert!(matches!(
            gone.commit(put("x", 3)),
            Err(StoreError::LeaseLost { .. })
        ));
        next.close().unwrap();
        drop(gone);
        assert_eq!(value(&*store.open("default").unwrap(), "x"), "{\"v\":2}");
    }
}

/// Ends all sessions of the database but this one.
pub(super) fn end_sessions(place: &Place) {
    drop(place.psql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    ));
}

#[test]
fn a_lock_that_is_broken_by_force_is_lost() {
    let place = Place::new(Layout::Rows);
    let store = place.store();
    let mut held = granted(&*store, &request("held", claim(&[("x", Access::Write)])));
    let error = store
        .force_unlock("default", "nonsense")
        .unwrap_err()
        .to_string();
    assert!(error.contains(&*held.lease().holder.id), "{error}");
    let id = held.lease().holder.id.clone();
    assert_eq!(store.force_unlock("default", &id).unwrap().who, "held");
    assert!(matches!(
        held.commit(put("x", 1)),
        Err(StoreError::LeaseLost { .. })
    ));
    assert!(store.holders("default").unwrap().is_empty());
}

#[test]
fn without_a_lock_nobody_is_kept_away() {
    for layout in [Layout::Rows, Layout::States] {
        let place = Place::new(layout);
        let store = place.store();
        let mut held = granted(&*store, &request("held", claim(&[("x", Access::Write)])));
        let mut free = granted(
            &*store,
            &LeaseRequest::without_lock(Holder::this_process("state push")),
        );
        assert!(!free.lease().locked);
        held.commit(put("x", 1)).unwrap();
        free.commit(put("y", 1)).unwrap();
        held.commit(put("x", 2)).unwrap();
        assert_eq!(held.snapshot().serial, 3);
        assert_eq!(value(&*held, "y"), "{\"v\":1}");
        free.close().unwrap();
        // Over the peers' line both are told: who writes second without a lock finds another's text.
        let closed = held.close();
        assert_eq!(closed.is_ok(), layout == Layout::Rows, "{closed:?}");
        let state = store.read("default").unwrap();
        assert_eq!(state.instance_count(), 2, "nothing is lost");
    }
}

/// Two processes' worth of threads, each adding to its own and to a shared instance, each time under a lease.
#[test]
fn no_update_is_lost_among_many_writers() {
    const WRITERS: usize = 6;
    const ROUNDS: usize = 12;
    let place = Place::new(Layout::Rows);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let place = &place;
            scope.spawn(move || {
                let store = place.store();
                let own = instance("own", Some(InstanceKey::Int(writer as u64)));
                for round in 0..ROUNDS {
                    let shared = instance("shared", Some(InstanceKey::Int((round % 2) as u64)));
                    let mut claim = Claim::nothing();
                    claim.add(Part::Instance(own.clone()), Access::Write);
                    claim.add(Part::Instance(shared.clone()), Access::Write);
                    let request = request(&format!("w{writer}"), claim);
                    let mut workspace = loop {
                        match store.acquire("default", &request).unwrap() {
                            Attempt::Granted(workspace) => break workspace,
                            Attempt::Waiting(_) => {
                                std::thread::sleep(std::time::Duration::from_millis(5));
                            }
                        }
                    };
                    for addr in [&own, &shared] {
                        let count = count(&*workspace, addr) + 1;
                        workspace
                            .commit(vec![set(addr, &format!("{{\"n\":{count}}}"))])
                            .unwrap();
                    }
                    workspace.close().unwrap();
                }
            });
        }
    });
    let workspace = place.store().open("default").unwrap();
    for writer in 0..WRITERS as u64 {
        assert_eq!(
            count(
                &*workspace,
                &instance("own", Some(InstanceKey::Int(writer)))
            ),
            ROUNDS
        );
    }
    for shared in 0..2 {
        assert_eq!(
            count(
                &*workspace,
                &instance("shared", Some(InstanceKey::Int(shared)))
            ),
            WRITERS * ROUNDS / 2
        );
    }
    let last = workspace.snapshot();
    assert_eq!(last.serial, (WRITERS * ROUNDS * 2) as u64);
    assert_eq!(
        place.store().read_at("default", last.serial).unwrap(),
        *last
    );
}

fn count(workspace: &dyn Workspace, addr: &terrane_model::addr::InstanceAddr) -> usize {
    let snapshot = workspace.snapshot();
    let object = snapshot
        .instance(addr)
        .and_then(|instance| instance.current.clone());
    object.map_or(0, |object| {
        let value: serde_json::Value = serde_json::from_str(&object.attributes).unwrap();
        usize::try_from(value["n"].as_u64().unwrap()).unwrap()
    })
}
