//! A process that holds a lease is stopped (SIGSTOP), wherever it is; another one takes its lease; then it goes on, and can't write any more.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use terrane_store::clock::SystemClock;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::lease::{Attempt, Claim, Holder, LeaseRequest, Part};
use terrane_store::{StateStore as _, StoreError, Workspace};
use terrane_store_sled::{Settings, SledStore};

const FOLDER: &str = "TERRANE_STOP_TEST_FOLDER";
const LEASE_MS: u64 = 150;

fn store(folder: &Path) -> SledStore {
    // It is often in the middle of a compaction, too.
    let settings = Settings {
        index_every: 500,
        index_from: 2_000,
        compact_at: 4000,
        compact_ratio: 1,
        fold_from: 0,
    };
    SledStore::with_settings(folder, settings).leasing_for(LEASE_MS, Arc::new(SystemClock))
}

fn request(name: &str) -> LeaseRequest {
    let claim = Claim::nothing().write(Part::Instance(instance("a", None)));
    let holder = Holder::this_process(name);
    LeaseRequest::parts(holder, claim)
}

/// Not a test of its own: the process that is stopped.
#[test]
fn child_that_writes_until_its_lease_is_lost() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = store(Path::new(&folder));
    let mut workspace = granted(&store, &request("child"));
    let mut out = std::io::stdout().lock();
    for round in 0.. {
        let text = format!(r#"{{"child":{round},"pad":"{}"}}"#, "x".repeat(200));
        let done = workspace
            .renew()
            .and_then(|()| workspace.commit(vec![set(&instance("a", None), &text)]));
        match done {
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

fn granted(store: &SledStore, request: &LeaseRequest) -> Box<dyn Workspace> {
    let began = Instant::now();
    loop {
        match store.acquire("default", request).expect("it works") {
            Attempt::Granted(workspace) => return workspace,
            Attempt::Waiting(waiting) => {
                assert!(began.elapsed() < Duration::from_secs(60), "{waiting:?}");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

fn signal(child: &Child, name: &str) {
    let done = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .expect("it works");
    assert!(done.success());
}

/// The number of the last acknowledged round, after `count` more of them.
fn acks(lines: &mut Lines<BufReader<ChildStdout>>, count: usize) -> u64 {
    let mut last = 0;
    let mut seen = 0;
    while seen < count {
        let line = lines.next().expect("the child goes on").expect("it works");
        if let Some(round) = line.strip_prefix("ack ") {
            last = round.parse().expect("it works");
            seen += 1;
        }
    }
    last
}

#[test]
fn a_stopped_holder_is_fenced() {
    let folder = tempfile::tempdir().unwrap();
    for run in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "child_that_writes_until_its_lease_is_lost",
                "--nocapture",
            ])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let known = acks(&mut lines, 3 + run * 7);
        signal(&child, "-STOP");
        let store = store(folder.path());
        let mut workspace = granted(&store, &request("taker"));
        let found = workspace.snapshot();
        let state = found.instance(&instance("a", None)).unwrap();
        let written = state.current.clone().unwrap();
        let round: u64 = written
            .attributes
            .trim_start_matches(r#"{"child":"#)
            .split(',')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(round >= known, "{round}, but {known} was acknowledged");
        let ours = format!(r#"{{"taker":{run}}}"#);
        for _ in 0..3 {
            workspace.renew().unwrap();
            workspace
                .commit(vec![set(&instance("a", None), &ours)])
                .unwrap();
        }
        let before = store.read("default").unwrap();
        signal(&child, "-CONT");
        let mut late = 0;
        let mut lost = false;
        for line in lines.map_while(Result::ok) {
            lost |= line == "lost";
            if let Some(number) = line.strip_prefix("ack ") {
                late = number.parse().unwrap();
            }
        }
        assert!(child.wait().unwrap().success());
        assert!(lost, "the child finds that its lease is lost");
        assert!(
            late <= round,
            "{late} was acknowledged after the lease was lost; {round} is what was found"
        );
        assert_eq!(
            store.read("default").unwrap(),
            before,
            "nothing was written"
        );
        workspace.renew().unwrap();
        workspace
            .commit(vec![set(&instance("a", None), &ours)])
            .unwrap();
        let now = workspace.snapshot();
        drop(workspace);
        assert_eq!(store.read("default").unwrap(), now);
        assert!(store.holders("default").unwrap().is_empty());
        // The history is in order all the way.
        assert_eq!(store.read_at("default", now.serial).unwrap(), *now);
    }
}
