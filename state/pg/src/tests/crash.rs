//! A process that writes is killed, at a moment of its parent's choosing; what it acknowledged is there afterwards.

use super::Place;
use crate::Layout;
use std::ffi::OsStr;
use std::time::{Duration, Instant};
use terrane_store::conformance::crash::{Victim, check_acknowledged, write_until_killed};
use terrane_store::{StateStore, StoreError, Workspace};

const CONN_STR: &str = "TERRANE_PG_CRASH_TEST";
const ROWS: &str = "TERRANE_PG_CRASH_TEST_ROWS";

/// Not a test of its own: the process that is killed.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Ok(conn_str) = std::env::var(CONN_STR) else {
        return;
    };
    let layout = if std::env::var_os(ROWS).is_some() {
        Layout::Rows
    } else {
        Layout::States
    };
    let mut workspace = super::store(&conn_str, layout).open("default").unwrap();
    write_until_killed(&mut *workspace);
}

/// The server needs an instant to notice that a process is gone.
pub(super) fn open_soon(store: &dyn StateStore) -> Box<dyn Workspace> {
    let began = Instant::now();
    loop {
        match store.open("default") {
            Ok(workspace) => return workspace,
            Err(StoreError::InUse { .. }) if began.elapsed() < Duration::from_secs(5) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

fn kills(layout: Layout) {
    let place = Place::new(layout);
    let mut acknowledged = 0;
    for run in 0..12 {
        let conn_str = place.conn_str();
        let mut env = vec![(CONN_STR, OsStr::new(&conn_str))];
        if layout == Layout::Rows {
            env.push((ROWS, OsStr::new("1")));
        }
        let test = "tests::crash::child_that_writes_until_it_is_killed";
        let mut victim = Victim::start(test, &env, acknowledged);
        victim.acknowledges(1 + run * 7);
        if run == 3 {
            match place.store().open("default") {
                Err(StoreError::InUse { holder, id, .. }) => {
                    assert!(
                        holder.contains(&format!("process {}", victim.child.id())),
                        "{holder}"
                    );
                    assert!(!id.is_empty());
                }
                other => panic!("the child owns it, yet {other:?}"),
            }
        }
        let last = victim.kill();
        let workspace = open_soon(&*place.store());
        let snapshot = workspace.snapshot();
        assert_eq!(place.store().read("default").unwrap(), snapshot);
        check_acknowledged(&snapshot, last);
        acknowledged = snapshot.serial;
        workspace.close().unwrap();
        if layout == Layout::States {
            let line =
                place.psql("SELECT data::json->>'serial' FROM terraform_remote_state.states");
            assert_eq!(line, acknowledged.to_string(), "the peers see it now");
        }
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9_with_rows() {
    kills(Layout::Rows);
}

#[test]
fn what_was_acknowledged_survives_kill_9_with_the_table_of_the_peers() {
    kills(Layout::States);
}
