//! A process that holds a lease is stopped (SIGSTOP), wherever it is, also within a transaction; another one takes its lease; then it goes on, and can't write any more.
#![cfg(unix)]

use super::Place;
use crate::Layout;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use terrane_model::snapshot::Snapshot;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::lease::{Claim, Holder, LeaseRequest, Part};
use terrane_store::{Attempt, StateStore, StoreError, Workspace};

const CONN_STR: &str = "TERRANE_PG_STOP_TEST";
const ROWS: &str = "TERRANE_PG_STOP_TEST_ROWS";

fn request(who: &str) -> LeaseRequest {
    let claim = Claim::nothing().write(Part::Instance(instance("a", None)));
    LeaseRequest::parts(Holder::this_process(who), claim)
}

fn granted(store: &dyn StateStore, request: &LeaseRequest) -> Box<dyn Workspace> {
    let began = Instant::now();
    loop {
        match store.acquire("default", request).expect("it works") {
            Attempt::Granted(workspace) => return workspace,
            Attempt::Waiting(waiting) => {
                assert!(began.elapsed() < Duration::from_secs(60), "{waiting:?}");
                std::thread::yield_now();
            }
        }
    }
}

/// Not a test of its own: the process that is stopped.
#[test]
fn child_that_writes_until_its_lease_is_lost() {
    let Ok(conn_str) = std::env::var(CONN_STR) else {
        return;
    };
    let layout = match std::env::var_os(ROWS) {
        Some(_) => Layout::Rows,
        None => Layout::States,
    };
    let store = super::store(&conn_str, layout);
    let mut workspace = granted(&*store, &request("child"));
    let mut out = std::io::stdout().lock();
    for round in 0.. {
        let text = format!(r#"{{"child":{round}}}"#);
        match workspace.commit(vec![set(&instance("a", None), &text)]) {
            Ok(()) => writeln!(out, "\nack {round}").unwrap(),
            Err(StoreError::LeaseLost { .. }) => {
                // However often it tries.
                for _ in 0..3 {
                    workspace
                        .commit(vec![set(&instance("a", None), &text)])
                        .expect_err("a lost lease stays lost");
                }
                writeln!(out, "\nlost").unwrap();
                return;
            }
            Err(other) => panic!("{other:?}"),
        }
        out.flush().unwrap();
    }
}

fn signal(child: &Child, name: &str) {
    let done = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(done.unwrap().success());
}

/// The number of the last round that was acknowledged; `None`: it says that the lease is lost.
fn acknowledged(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<u32> {
    loop {
        let line = lines.next().expect("the child goes on").unwrap();
        if line == "lost" {
            return None;
        }
        if let Some(round) = line.strip_prefix("ack ") {
            return Some(round.parse().unwrap());
        }
    }
}

fn value(snapshot: &Snapshot) -> String {
    let found = snapshot.instance(&instance("a", None));
    let object = found.and_then(|found| found.current.clone());
    object.map_or_else(String::new, |object| object.attributes.to_string())
}

fn stop_and_go_on(layout: Layout, after: u32) {
    let place = Place::new(layout);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "tests::stopped::child_that_writes_until_its_lease_is_lost",
            "--nocapture",
        ])
        .env(CONN_STR, place.conn_str())
        .stdout(Stdio::piped());
    if layout == Layout::Rows {
        command.env(ROWS, "1");
    }
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = 0;
    while last < after {
        last = acknowledged(&mut lines).expect("nobody else is there");
    }
    // Anywhere in the next ones.
    for _ in 0..after * 5000 {
        std::hint::spin_loop();
    }
    signal(&child, "-STOP");
    // As after half a minute.
    drop(place.psql("UPDATE terraform_remote_state.terrane_lease SET moment = 1"));
    let store = place.store();
    let mut workspace = granted(&*store, &request("next"));
    let before = value(&workspace.snapshot());
    workspace
        .commit(vec![set(&instance("a", None), "{\"next\":1}")])
        .unwrap();
    signal(&child, "-CONT");
    // What it still says to have written was there before the other one wrote.
    while let Some(round) = acknowledged(&mut lines) {
        last = round;
    }
    assert!(child.wait().unwrap().success());
    let written: u32 = before
        .trim_start_matches("{\"child\":")
        .trim_end_matches('}')
        .parse()
        .unwrap();
    assert!(
        written >= last,
        "{last} was acknowledged, and {written} was found"
    );
    workspace
        .commit(vec![set(&instance("a", None), "{\"next\":2}")])
        .unwrap();
    workspace.close().unwrap();
    assert_eq!(
        value(&place.store().read("default").unwrap()),
        "{\"next\":2}"
    );
}

#[test]
fn a_process_that_stood_still_past_its_lease_is_fenced() {
    for layout in [Layout::Rows, Layout::States] {
        for after in 1..=6 {
            stop_and_go_on(layout, after * 3);
        }
    }
}
