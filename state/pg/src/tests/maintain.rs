//! Checking, mending, backup and forgetting.

use super::Place;
use crate::Layout;
use terrane_model::event::EventKind;
use terrane_store::StoreError;
use terrane_store::conformance::sample::{event, every_kind, instance, set};
use terrane_store::journal::RawRecord;
use terrane_store::maintain::Policy;

/// A workspace with several runs.
fn filled(layout: Layout, runs: u64) -> Place {
    let place = Place::new(layout);
    let mut workspace = place.store().open("default").unwrap();
    for run in 0..runs {
        workspace
            .commit(vec![
                event(EventKind::Run {
                    run: format!("run {run}").into(),
                    plan: "p".into(),
                    command: "apply".into(),
                    who: "me".into(),
                }),
                set(&instance("a", None), &format!("{{\"run\":{run}}}")),
            ])
            .unwrap();
        workspace
            .commit(vec![set(
                &instance("b", Some(terrane_model::addr::InstanceKey::Int(run))),
                "{}",
            )])
            .unwrap();
    }
    workspace.close().unwrap();
    place
}

#[test]
fn a_check_finds_rows_that_are_not_what_the_journal_gives_and_mends_them() {
    for layout in [Layout::Rows, Layout::States] {
        let place = filled(layout, 3);
        let store = place.store();
        let upkeep = store.maintain().unwrap();
        let good = store.read("default").unwrap();
        let checkup = upkeep.check("default", false).unwrap();
        assert!(checkup.findings.is_empty(), "{:?}", checkup.findings);
        assert_eq!(
            (
                checkup.records,
                checkup.versions,
                checkup.serial,
                checkup.instances
            ),
            (6, 3, 6, 4)
        );
        for damage in [
            "UPDATE terraform_remote_state.terrane_row SET changed = 1 WHERE label = 'null_resource.b[2]'",
            "DELETE FROM terraform_remote_state.terrane_row WHERE label = 'null_resource.a'",
            "UPDATE terraform_remote_state.terrane_row SET data = 'nonsense' WHERE label = 'null_resource.a'",
            "UPDATE terraform_remote_state.terrane_workspace SET lineage = 'x'",
        ] {
            drop(place.psql(damage));
            assert!(
                upkeep.check("default", false).unwrap().is_damaged(),
                "{damage}"
            );
            let mended = upkeep.check("default", true).unwrap();
            assert!(
                !mended.is_damaged() && !mended.findings.is_empty(),
                "{damage}"
            );
            assert!(upkeep.check("default", false).unwrap().findings.is_empty());
            assert_eq!(store.read("default").unwrap(), good, "{damage}");
        }
        drop(
            place.psql(
                "UPDATE terraform_remote_state.terrane_journal SET data = 'x' WHERE serial = 3",
            ),
        );
        let checkup = upkeep.check("default", true).unwrap();
        assert!(
            checkup.is_damaged(),
            "what is lost is not mended in silence"
        );
        assert_eq!(store.read("default").unwrap(), good);
        drop(store.open("default").unwrap());
    }
}

#[test]
fn records_make_the_same_workspace_elsewhere() {
    for layout in [Layout::Rows, Layout::States] {
        let place = filled(layout, 3);
        let store = place.store();
        let mut workspace = store.open("default").unwrap();
        for batch in every_kind() {
            workspace.commit(batch).unwrap();
        }
        workspace.close().unwrap();
        // From a history that was cut off, too.
        let policy = Policy {
            keep: Some(2),
            ..Policy::default()
        };
        for prune in [false, true] {
            if prune {
                store
                    .maintain()
                    .unwrap()
                    .prune("default", &policy, 0, false)
                    .unwrap();
            }
            let mut records: Vec<RawRecord<'static>> = Vec::new();
            store
                .maintain()
                .unwrap()
                .records("default", &mut |record| {
                    records.push(RawRecord {
                        kind: record.kind,
                        codec: record.codec,
                        payload: record.payload.to_vec().into(),
                    });
                    Ok(())
                })
                .unwrap();
            let other = Place::new(layout);
            let there = other.store();
            there
                .maintain()
                .unwrap()
                .refill("default", &records)
                .unwrap();
            assert_eq!(
                there.read("default").unwrap(),
                store.read("default").unwrap()
            );
            assert_eq!(
                there.history("default").unwrap(),
                store.history("default").unwrap()
            );
            let checkup = there.maintain().unwrap().check("default", false).unwrap();
            assert!(!checkup.is_damaged(), "{:?}", checkup.findings);
            let mut workspace = there.open("default").unwrap();
            workspace
                .commit(vec![set(&instance("more", None), "{}")])
                .unwrap();
            workspace.close().unwrap();
            assert!(matches!(
                there.maintain().unwrap().refill("default", &records),
                Err(StoreError::Refused(_))
            ));
        }
    }
}

#[test]
fn versions_are_forgotten_and_the_rest_stays() {
    let place = filled(Layout::Rows, 5);
    let store = place.store();
    let upkeep = store.maintain().unwrap();
    let good = store.read("default").unwrap();
    let at = |serial| store.read_at("default", serial);
    let states: Vec<_> = (6..=10).map(|serial| at(serial).unwrap()).collect();
    let policy = Policy {
        keep: Some(2),
        ..Policy::default()
    };
    let would = upkeep.prune("default", &policy, 0, true).unwrap();
    assert_eq!((would.versions, would.left, would.oldest), (3, 2, 6));
    assert!(would.bytes > 0);
    assert_eq!(store.history("default").unwrap().len(), 5);
    assert_eq!(upkeep.prune("default", &policy, 0, false).unwrap(), would);
    assert_eq!(store.history("default").unwrap().len(), 2);
    assert_eq!(store.read("default").unwrap(), good);
    for (serial, state) in (6..=10).zip(states) {
        assert_eq!(at(serial).unwrap(), state);
    }
    assert!(matches!(at(5), Err(StoreError::Refused(_))));
    assert!(upkeep.check("default", false).unwrap().findings.is_empty());
    assert_eq!(
        upkeep.prune("default", &policy, 0, false).unwrap().versions,
        0
    );
    // A policy is kept and followed.
    assert_eq!(upkeep.policy("default").unwrap(), None);
    upkeep.set_policy("default", Some(&policy)).unwrap();
    assert_eq!(upkeep.policy("default").unwrap(), Some(policy));
    upkeep.set_policy("default", None).unwrap();
    assert_eq!(upkeep.policy("default").unwrap(), None);
}

/// Checkpoints are made at close, and going back in history begins at them.
#[test]
fn a_long_history_gets_checkpoints_and_follows_the_policy() {
    let place = Place::new(Layout::Rows);
    let store = place.store();
    let text = |round: u64| format!("{{\"round\":{round},\"pad\":\"{}\"}}", "x".repeat(100_000));
    let mut states = Vec::new();
    for run in 0..3 {
        let mut workspace = store.open("default").unwrap();
        for round in 0..15 {
            let mut events = vec![set(&instance("a", None), &text(run * 100 + round))];
            if round == 0 {
                events.insert(
                    0,
                    event(EventKind::Run {
                        run: format!("run {run}").into(),
                        plan: "p".into(),
                        command: "apply".into(),
                        who: "me".into(),
                    }),
                );
            }
            workspace.commit(events).unwrap();
            states.push(workspace.snapshot());
        }
        workspace.close().unwrap();
    }
    let checkpoints = "SELECT count(*) FROM terraform_remote_state.terrane_checkpoint";
    assert_eq!(place.psql(checkpoints), "3");
    for state in &states {
        assert_eq!(store.read_at("default", state.serial).unwrap(), **state);
    }
    let policy = Policy {
        keep: Some(1),
        ..Policy::default()
    };
    store
        .maintain()
        .unwrap()
        .set_policy("default", Some(&policy))
        .unwrap();
    let mut workspace = store.open("default").unwrap();
    for round in 0..15 {
        workspace
            .commit(vec![set(&instance("a", None), &text(round))])
            .unwrap();
    }
    workspace.close().unwrap();
    assert_eq!(store.history("default").unwrap().len(), 1);
    assert!(store.read_at("default", 1).is_err());
}
