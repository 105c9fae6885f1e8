//! What every store must do, as a suite that the tests of each store run.
//!
//! Each check is a small story, told to a fresh store; it panics when the store does otherwise.

pub mod crash;
mod leases;
pub mod sample;

use crate::clock::ManualClock;
use crate::{StateStore, StoreError, Workspace};
use sample::{event, every_kind, instance, set};
use std::path::PathBuf;
use std::sync::Arc;
use terrane_model::addr::InstanceKey;
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;

/// A store under test, with a place of its own.
pub trait Harness {
    /// A handle to the store, as another process would make it.
    fn store(&self) -> Box<dyn StateStore>;

    /// The file at whose end commits are recorded, if the store has one that a crash can leave torn.
    fn journal(&self, workspace: &str) -> Option<PathBuf> {
        let _ = workspace;
        None
    }

    /// Whether readers go through all of that file, so that they notice any damage. Else they give the state all the same.
    fn reads_all(&self) -> bool {
        true
    }

    /// A handle that takes the time from this clock, with leases that last so long; all such handles share their content. `None`: the store can't be
    /// given a clock.
    fn store_with_clock(&self, clock: &ManualClock, lease_ms: u64) -> Option<Box<dyn StateStore>> {
        let _ = (clock, lease_ms);
        None
    }

    /// A handle as a process on another machine would make it, which shares no more than what the store keeps for all. `None`: it is on one machine.
    fn store_elsewhere(&self, machine: usize) -> Option<Box<dyn StateStore>> {
        let _ = machine;
        None
    }

    /// How many random schedules of several writers are tried, unless `TERRANE_SCHEDULES` says otherwise.
    fn schedules(&self) -> u64 {
        1000
    }

    /// Whether it keeps other workspaces than `default`.
    fn has_workspaces(&self) -> bool {
        true
    }
}

/// Runs the whole suite. `make` gives a fresh, empty store each time.
///
/// # Panics
/// When the store does not do what it must.
pub fn check<H: Harness>(make: impl Fn() -> H) {
    reopening_finds_what_was_committed(&make());
    every_event_folds_the_same_after_reopening(&make());
    a_refused_batch_leaves_nothing_behind(&make());
    a_workspace_has_one_owner(&make());
    workspaces_are_apart(&make());
    reading_needs_no_ownership(&make());
    odd_texts_come_back(&make());
    big_batches_and_objects_come_back(&make());
    ten_thousand_rows_come_back(&make());
    the_history_names_runs_and_goes_back(&make());
    held_snapshots_do_not_change(&make());
    a_torn_record_is_as_if_never_begun(&make());
    damage_in_the_middle_is_reported(&make());
    leases::check(&make);
}

fn open(store: &dyn StateStore, workspace: &str) -> Box<dyn Workspace> {
    store.open(workspace).expect("the workspace opens")
}

fn commit(workspace: &mut Box<dyn Workspace>, events: Vec<Event>) {
    workspace.commit(events).expect("the batch is committed");
}

fn close(workspace: Box<dyn Workspace>) {
    workspace.close().expect("the workspace closes");
}

fn reopening_finds_what_was_committed(harness: &impl Harness) {
    let store = harness.store();
    assert_eq!(*store.read("default").expect("reads"), Snapshot::default());
    let mut workspace = open(&*store, "default");
    assert_eq!(*workspace.snapshot(), Snapshot::default());
    commit(&mut workspace, Vec::new());
    assert_eq!(workspace.snapshot().serial, 0, "an empty batch is nothing");
    let mut last = 0;
    for round in 0..5 {
        commit(
            &mut workspace,
            vec![
                set(&instance("a", None), &format!(r#"{{"round":{round}}}"#)),
                set(&instance("b", Some(InstanceKey::Int(round))), "{}"),
            ],
        );
        let serial = workspace.snapshot().serial;
        assert!(serial > last, "the serial grows with each batch");
        last = serial;
    }
    let before = workspace.snapshot();
    close(workspace);
    for _ in 0..3 {
        let store = harness.store();
        let workspace = open(&*store, "default");
        assert_eq!(workspace.snapshot(), before);
        close(workspace);
        assert_eq!(store.read("default").expect("reads"), before);
    }
    // A crash is no worse than an orderly end.
    let store = harness.store();
    let mut workspace = open(&*store, "default");
    commit(&mut workspace, vec![set(&instance("c", None), "{}")]);
    let before = workspace.snapshot();
    drop(workspace);
    assert_eq!(open(&*harness.store(), "default").snapshot(), before);
}

fn every_event_folds_the_same_after_reopening(harness: &impl Harness) {
    let mut expected = Snapshot::default();
    for batch in every_kind() {
        let store = harness.store();
        let mut workspace = open(&*store, "default");
        assert_eq!(*workspace.snapshot(), expected, "after reopening");
        commit(&mut workspace, batch.clone());
        expected.commit(&batch);
        assert_eq!(*workspace.snapshot(), expected, "in memory");
        close(workspace);
        assert_eq!(
            *store.read("default").expect("reads"),
            expected,
            "by reading"
        );
    }
}

fn a_refused_batch_leaves_nothing_behind(harness: &impl Harness) {
    let store = harness.store();
    let mut workspace = open(&*store, "default");
    commit(&mut workspace, vec![set(&instance("a", None), "{}")]);
    let before = workspace.snapshot();
    let bad = vec![
        set(&instance("good", None), "{}"),
        set(&instance("bad", None), "{not JSON"),
    ];
    assert!(matches!(workspace.commit(bad), Err(StoreError::Refused(_))));
    assert_eq!(workspace.snapshot(), before, "all or none");
    commit(&mut workspace, vec![set(&instance("c", None), "{}")]);
    let after = workspace.snapshot();
    close(workspace);
    assert_eq!(open(&*harness.store(), "default").snapshot(), after);
}

fn a_workspace_has_one_owner(harness: &impl Harness) {
    let store = harness.store();
    let first = open(&*store, "default");
    for store in [&*store, &*harness.store()] {
        match store.open("default") {
            Err(error @ StoreError::InUse { .. }) => {
                let text = error.to_string();
                assert!(text.contains("in use by"), "{text}");
                assert!(text.contains("process"), "it says by whom: {text}");
            }
            other => panic!("a second owner must be refused, not {other:?}"),
        }
    }
    close(first);
    close(open(&*store, "default"));
}

fn workspaces_are_apart(harness: &impl Harness) {
    let store = harness.store();
    if !harness.has_workspaces() {
        assert_eq!(store.workspaces().expect("lists"), ["default"]);
        assert!(matches!(store.open("other"), Err(StoreError::Refused(_))));
        return;
    }
    let names = |store: &dyn StateStore| store.workspaces().expect("lists");
    assert_eq!(names(&*store), ["default"]);
    assert!(matches!(
        store.read("other"),
        Err(StoreError::NoWorkspace(name)) if name == "other"
    ));
    let mut other = open(&*store, "other");
    let mut upper = open(&*store, "Other");
    commit(&mut other, vec![set(&instance("a", None), "{}")]);
    commit(&mut upper, vec![set(&instance("b", None), "{}")]);
    let (other_state, upper_state) = (other.snapshot(), upper.snapshot());
    assert_eq!(names(&*store), ["Other", "default", "other"]);
    assert!(
        matches!(store.delete("other"), Err(StoreError::InUse { .. })),
        "what is owned can't be deleted"
    );
    close(other);
    close(upper);
    assert_eq!(store.read("other").expect("reads"), other_state);
    assert_eq!(store.read("Other").expect("reads"), upper_state);
    store.delete("other").expect("deletes");
    assert_eq!(names(&*harness.store()), ["Other", "default"]);
    assert_eq!(*open(&*store, "other").snapshot(), Snapshot::default());
    assert!(store.delete("default").is_err());
    let mut default = open(&*store, "default");
    commit(&mut default, vec![set(&instance("a", None), "{}")]);
    assert!(
        matches!(store.erase("default"), Err(StoreError::InUse { .. })),
        "what is owned can't be erased"
    );
    drop(default);
    store.erase("default").expect("erases");
    assert_eq!(
        *store.read("default").expect("reads"),
        Snapshot::default(),
        "as if it had never been written"
    );
    assert!(matches!(
        store.delete("never"),
        Err(StoreError::NoWorkspace(_))
    ));
    for name in ["", "..", ".", "a/b", "a b", "é", "a\0"] {
        assert!(
            matches!(store.open(name), Err(StoreError::Refused(_))),
            "{name:?} can't name a workspace"
        );
    }
}

fn reading_needs_no_ownership(harness: &impl Harness) {
    let store = harness.store();
    let mut owner = open(&*store, "default");
    for round in 0..3 {
        commit(
            &mut owner,
            vec![set(&instance("a", Some(InstanceKey::Int(round))), "{}")],
        );
        assert_eq!(
            harness.store().read("default").expect("reads"),
            owner.snapshot()
        );
    }
}

fn odd_texts_come_back(harness: &impl Harness) {
    let store = harness.store();
    let mut workspace = open(&*store, "default");
    for text in [
        "",
        " ",
        "é",
        "e\u{301}",
        "日本",
        "\u{10ffff}\u{feff}",
        "\0\u{1}\n\r\t\"\\",
        "${x}$${y}%{z}",
        &"x".repeat(5000),
    ] {
        let addr = instance("odd", Some(InstanceKey::Str(text.into())));
        let attributes = format!("{{\"t\":{}}}", quoted(text));
        commit(&mut workspace, vec![set(&addr, &attributes)]);
    }
    let before = workspace.snapshot();
    assert_eq!(before.instance_count(), 9);
    close(workspace);
    assert_eq!(open(&*harness.store(), "default").snapshot(), before);
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string can be written as JSON")
}

fn big_batches_and_objects_come_back(harness: &impl Harness) {
    let store = harness.store();
    let mut workspace = open(&*store, "default");
    let sizes = [
        0, 1, 5000, 6000, 6100, 6143, 6144, 6145, 7000, 13_000, 130_000, 1_000_000,
    ];
    let addr = |at: usize| instance("big", Some(InstanceKey::Int(at as u64)));
    // Growing and shrinking, so that no remains of the larger one are left.
    for shift in 0..3 {
        let batch = sizes
            .iter()
            .enumerate()
            .map(|(at, _)| {
                let size = sizes[(at + shift * 5) % sizes.len()];
                set(
                    &addr(at),
                    &format!("{{\"t\":\"{}\"}}", "é".repeat(size / 2)),
                )
            })
            .collect();
        commit(&mut workspace, batch);
        let before = workspace.snapshot();
        close(workspace);
        workspace = open(&*store, "default");
        assert_eq!(workspace.snapshot(), before);
    }
}

fn ten_thousand_rows_come_back(harness: &impl Harness) {
    let store = harness.store();
    let mut workspace = open(&*store, "default");
    let addr = |at: u64| instance("many", Some(InstanceKey::Int(at)));
    let batch = (0..10_000)
        .map(|at| set(&addr(at), &format!(r#"{{"id":"{at}"}}"#)))
        .collect();
    commit(&mut workspace, batch);
    close(workspace);
    let mut workspace = open(&*store, "default");
    assert_eq!(workspace.snapshot().instance_count(), 10_000);
    let gone = (0..10_000)
        .step_by(2)
        .map(|at| {
            event(EventKind::Set {
                object: sample::current(&addr(at)),
                provider: sample::provider("null"),
                state: None,
            })
        })
        .collect();
    commit(&mut workspace, gone);
    commit(&mut workspace, vec![set(&addr(1), r#"{"id":"new"}"#)]);
    let before = workspace.snapshot();
    close(workspace);
    let workspace = open(&*harness.store(), "default");
    assert_eq!(workspace.snapshot(), before);
    assert_eq!(before.instance_count(), 5000);
}

fn the_history_names_runs_and_goes_back(harness: &impl Harness) {
    let store = harness.store();
    let mut workspace = open(&*store, "default");
    let mut states = Vec::new();
    for run in ["r1", "r2"] {
        commit(
            &mut workspace,
            vec![event(EventKind::Run {
                run: run.into(),
                plan: "digest".into(),
                command: "apply".into(),
                who: "me".into(),
            })],
        );
        commit(&mut workspace, vec![set(&instance(run, None), "{}")]);
        states.push(workspace.snapshot());
    }
    let history = store.history("default").expect("has a history");
    let found: Vec<_> = history
        .iter()
        .map(|version| {
            (
                &*version.run,
                version.first_serial,
                version.last_serial,
                version.changes,
            )
        })
        .collect();
    assert_eq!(found, [("r1", 1, 2, 1), ("r2", 3, 4, 1)]);
    for state in states {
        assert_eq!(
            store.read_at("default", state.serial).expect("goes back"),
            *state
        );
    }
    assert_eq!(
        store.read_at("default", 0).expect("goes back"),
        Snapshot::default()
    );
}

fn held_snapshots_do_not_change(harness: &impl Harness) {
    let store = harness.store();
    let mut workspace = open(&*store, "default");
    commit(&mut workspace, vec![set(&instance("a", None), "{}")]);
    let held = workspace.snapshot();
    let copy = Snapshot::clone(&held);
    commit(&mut workspace, vec![set(&instance("b", None), "{}")]);
    assert_eq!(*held, copy);
    assert!(!Arc::ptr_eq(&held, &workspace.snapshot()));
}

fn a_torn_record_is_as_if_never_begun(harness: &impl Harness) {
    let Some(journal) = harness.journal("default") else {
        return;
    };
    let store = harness.store();
    let mut workspace = open(&*store, "default");
    commit(&mut workspace, vec![set(&instance("a", None), "{}")]);
    let before = workspace.snapshot();
    drop(workspace);
    let short = std::fs::read(&journal).expect("reads").len();
    let mut workspace = open(&*store, "default");
    commit(
        &mut workspace,
        vec![
            set(&instance("b", None), r#"{"x":"é"}"#),
            set(&instance("c", None), "{}"),
        ],
    );
    let after = workspace.snapshot();
    drop(workspace);
    let whole = std::fs::read(&journal).expect("reads");
    for len in short..=whole.len() {
        let expected = if len == whole.len() { &after } else { &before };
        // As a power cut may leave it: the rest missing, or there but never written.
        for zeros in [0, whole.len() - len] {
            let mut bytes = whole.get(..len).expect("within").to_vec();
            bytes.resize(len + zeros, 0);
            std::fs::write(&journal, &bytes).expect("writes");
            assert_eq!(
                store.read("default").expect("reads"),
                *expected,
                "cut at {len}"
            );
            // Opening costs some syncs: at each cut near the ends of the record, at some in between.
            let near_an_end = len < short + 24 || len + 4 > whole.len();
            if (zeros > 0 || !near_an_end) && len % 16 > 0 {
                continue;
            }
            let workspace = open(&*store, "default");
            assert_eq!(workspace.snapshot(), *expected, "cut at {len}");
            drop(workspace);
        }
    }
    // What comes after is appended where the torn record was.
    std::fs::write(&journal, whole.get(..short + 7).expect("within")).expect("writes");
    let mut workspace = open(&*store, "default");
    commit(&mut workspace, vec![set(&instance("d", None), "{}")]);
    let after = workspace.snapshot();
    drop(workspace);
    assert_eq!(open(&*harness.store(), "default").snapshot(), after);
}

fn damage_in_the_middle_is_reported(harness: &impl Harness) {
    let Some(journal) = harness.journal("default") else {
        return;
    };
    let store = harness.store();
    let mut workspace = open(&*store, "default");
    commit(&mut workspace, vec![set(&instance("a", None), "{}")]);
    let first = std::fs::read(&journal).expect("reads").len();
    commit(&mut workspace, vec![set(&instance("b", None), "{}")]);
    let state = workspace.snapshot();
    drop(workspace);
    let whole = std::fs::read(&journal).expect("reads");
    for at in (0..first).step_by(7) {
        let mut bytes = whole.clone();
        *bytes.get_mut(at).expect("within") ^= 0x55;
        std::fs::write(&journal, &bytes).expect("writes");
        match store.read("default") {
            Err(StoreError::Damaged { what, problem }) => {
                assert!(!what.is_empty() && !problem.is_empty());
            }
            Ok(found) if !harness.reads_all() => assert_eq!(found, state),
            other => panic!("byte {at} is damaged, yet {other:?}"),
        }
        assert_eq!(
            std::fs::read(&journal).expect("reads"),
            bytes,
            "nothing is thrown away"
        );
    }
}
