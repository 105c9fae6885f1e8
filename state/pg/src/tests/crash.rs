//! A process that writes is killed, at a moment of its parent's choosing; what it acknowledged is there afterwards.

use super::Place;
use crate::Layout;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use terrane_model::addr::InstanceKey;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::{StateStore, StoreError, Workspace};

const CONN_STR: &str = "TERRANE_PG_CRASH_TEST";
const ROWS: &str = "TERRANE_PG_CRASH_TEST_ROWS";

/// Not a test of its own: the process that is killed. Each batch sets two instances to its number.
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
    let mut out = std::io::stdout().lock();
    let first = workspace.snapshot().serial;
    for round in first.. {
        let text = format!("{{\"round\":{round},\"pad\":\"{}\"}}", "x".repeat(100));
        let fixed = instance("fixed", None);
        let moving = instance("moving", Some(InstanceKey::Int(round % 20)));
        workspace
            .commit(vec![set(&fixed, &text), set(&moving, &text)])
            .unwrap();
        writeln!(out, "\nack {}", workspace.snapshot().serial).unwrap();
        out.flush().unwrap();
    }
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
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "tests::crash::child_that_writes_until_it_is_killed",
                "--nocapture",
            ])
            .env(CONN_STR, place.conn_str())
            .stdout(Stdio::piped());
        if layout == Layout::Rows {
            command.env(ROWS, "1");
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acks = 0;
        let mut last = acknowledged;
        while acks < 1 + run * 7 {
            let line = lines.next().expect("the child goes on").unwrap();
            if let Some(serial) = line.strip_prefix("ack ") {
                last = serial.parse().unwrap();
                acks += 1;
            }
        }
        if run == 3 {
            match place.store().open("default") {
                Err(StoreError::InUse { holder, id, .. }) => {
                    assert!(
                        holder.contains(&format!("process {}", child.id())),
                        "{holder}"
                    );
                    assert!(!id.is_empty());
                }
                other => panic!("the child owns it, yet {other:?}"),
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            if let Some(serial) = line.strip_prefix("ack ") {
                last = serial.parse().unwrap();
            }
        }
        let workspace = open_soon(&*place.store());
        let snapshot = workspace.snapshot();
        assert_eq!(place.store().read("default").unwrap(), snapshot);
        assert!(
            snapshot.serial == last || snapshot.serial == last + 1,
            "{last} was acknowledged, {} is there",
            snapshot.serial
        );
        let text = format!("{{\"round\":{},", snapshot.serial - 1);
        for addr in [
            instance("fixed", None),
            instance("moving", Some(InstanceKey::Int((snapshot.serial - 1) % 20))),
        ] {
            let object = snapshot.instance(&addr).unwrap().current.clone().unwrap();
            assert!(
                object.attributes.starts_with(&text),
                "{}",
                object.attributes
            );
        }
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
