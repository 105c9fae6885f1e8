//! What becomes of what a peer wrote, with and without something of ours that it did not know.

use super::Place;
use super::leases::end_sessions;
use crate::Layout;
use terrane_model::snapshot::Snapshot;
use terrane_store::StoreError;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::statefile::{self, WriteOptions};

const TABLE: &str = "terraform_remote_state.states";

/// As a peer writes it: a whole state, under its lock or without.
fn peer_writes(place: &Place, change: impl FnOnce(&mut Snapshot)) -> Snapshot {
    let text = place.psql(&format!("SELECT data FROM {TABLE} WHERE name = 'default'"));
    let mut state = statefile::read("the line", text.as_bytes())
        .unwrap()
        .snapshot;
    state.serial += 1;
    change(&mut state);
    let text = statefile::write(&state, &WriteOptions::default()).unwrap();
    drop(place.psql(&format!(
        "UPDATE {TABLE} SET data = $x${text}$x$ WHERE name = 'default'"
    )));
    state
}

fn without(name: &str) -> impl FnOnce(&mut Snapshot) + use<'_> {
    move |state| {
        state.resources.remove(&instance(name, None).resource);
    }
}

fn names(state: &Snapshot) -> Vec<String> {
    state
        .instances()
        .map(|(addr, ..)| addr.to_string())
        .collect()
}

#[test]
fn the_state_of_a_peer_is_taken_over_with_history() {
    let place = Place::new(Layout::States);
    let mut workspace = place.store().open("default").unwrap();
    workspace
        .commit(vec![
            set(&instance("a", None), r#"{"id":"1"}"#),
            set(&instance("b", None), r#"{"id":"2"}"#),
        ])
        .unwrap();
    let before = workspace.snapshot();
    workspace.close().unwrap();
    let theirs = peer_writes(&place, without("b"));
    let read = place.store().read("default").unwrap();
    assert_eq!(names(&read), ["null_resource.a"]);
    assert_eq!(read.serial, theirs.serial);
    let workspace = place.store().open("default").unwrap();
    assert_eq!(workspace.snapshot(), read);
    let same = |state: &Snapshot| state.instance(&instance("a", None)).unwrap().changed_at;
    assert_eq!(
        same(&read),
        same(&before),
        "what the peer left alone has not changed"
    );
    workspace.close().unwrap();
    let history = place.store().history("default").unwrap();
    assert!(
        history.last().unwrap().command.contains("1.11.4"),
        "{history:?}"
    );
    let past = place.store().read_at("default", before.serial).unwrap();
    assert_eq!(past, *before, "the version before it is known");
}

#[test]
fn what_a_killed_run_made_and_a_peer_does_not_know_is_not_forgotten() {
    let place = Place::new(Layout::States);
    let store = place.store();
    let mut workspace = store.open("default").unwrap();
    workspace
        .commit(vec![
            set(&instance("kept", None), r#"{"id":"1"}"#),
            set(&instance("dropped", None), r#"{"id":"2"}"#),
        ])
        .unwrap();
    workspace.close().unwrap();
    let mut killed = store.open("default").unwrap();
    killed
        .commit(vec![
            set(&instance("made", None), r#"{"id":"3"}"#),
            set(&instance("twice", None), r#"{"id":"4"}"#),
            set(&instance("kept", None), r#"{"id":"1","more":true}"#),
        ])
        .unwrap();
    // As if it were killed now: its session and lease go, and it never gets to write the line.
    end_sessions(&place);
    drop(place.psql("DELETE FROM terraform_remote_state.terrane_lease"));
    // The peer starts from the old line, drops one object, and makes one that we had made too.
    let theirs = peer_writes(&place, |state| {
        without("dropped")(state);
        let twin = state
            .instance(&instance("kept", None))
            .unwrap()
            .current
            .clone()
            .unwrap();
        let mut twin = (*twin).clone();
        twin.attributes = r#"{"id":"5"}"#.into();
        let event = terrane_model::event::EventKind::Set {
            object: terrane_store::conformance::sample::current(&instance("twice", None)),
            provider: terrane_store::conformance::sample::provider("null"),
            state: Some(twin.into()),
        };
        state.fold(&event);
    });
    drop(killed);
    let line = place.psql(&format!("SELECT data::json->>'serial' FROM {TABLE}"));
    assert_eq!(
        line,
        theirs.serial.to_string(),
        "the fenced run did not write over it"
    );
    let read = store.read("default").unwrap();
    assert_eq!(names(&read), ["null_resource.kept", "null_resource.twice"]);
    let open = |state: &Snapshot| -> Vec<(String, String)> {
        state
            .open
            .values()
            .map(|intent| {
                (
                    intent.object.instance.to_string(),
                    intent.planned.to_string(),
                )
            })
            .collect()
    };
    let expected = [
        ("null_resource.made".to_owned(), r#"{"id":"3"}"#.to_owned()),
        ("null_resource.twice".to_owned(), r#"{"id":"4"}"#.to_owned()),
    ];
    assert_eq!(open(&read), expected);
    let mut workspace = store.open("default").unwrap();
    assert_eq!(open(&workspace.snapshot()), expected);
    workspace
        .commit(vec![set(&instance("new", None), r#"{"id":"6"}"#)])
        .unwrap();
    workspace.close().unwrap();
    // It stays known, over the line that the peers see and its next change by a peer.
    peer_writes(&place, without("new"));
    assert_eq!(open(&store.read("default").unwrap()), expected);
}

#[test]
fn a_line_that_is_no_state_is_an_error_and_stays() {
    let place = Place::new(Layout::States);
    let mut workspace = place.store().open("default").unwrap();
    workspace
        .commit(vec![set(&instance("a", None), "{}")])
        .unwrap();
    workspace.close().unwrap();
    drop(place.psql(&format!("UPDATE {TABLE} SET data = '{{\"version\":'")));
    for result in [
        place.store().read("default").map(drop),
        place.store().open("default").map(drop),
    ] {
        match result {
            Err(StoreError::Damaged { what, .. }) => assert!(what.contains("default"), "{what}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        place.psql(&format!("SELECT data FROM {TABLE}")),
        "{\"version\":"
    );
    // An empty line is no state yet, and what our tables hold is.
    drop(place.psql(&format!("UPDATE {TABLE} SET data = NULL")));
    assert_eq!(place.store().read("default").unwrap().instance_count(), 1);
}
