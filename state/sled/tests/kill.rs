//! A process that writes is killed, at a moment of its parent's choosing; what it acknowledged is there afterwards.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use terrane_model::addr::InstanceKey;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::{StateStore as _, StoreError};
use terrane_store_sled::{Settings, SledStore};

const FOLDER: &str = "TERRANE_KILL_TEST_FOLDER";

fn store(folder: &Path) -> SledStore {
    SledStore::with_settings(
        folder,
        Settings {
            // So that the killed process is often in the middle of something else than the journal, too.
            index_every: 500,
            compact_at: 20_000,
            compact_ratio: 1,
        },
    )
}

/// Not a test of its own: the process that is killed. Each batch sets two instances to its number.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut workspace = store(Path::new(&folder)).open("default").unwrap();
    let mut out = std::io::stdout().lock();
    let first = workspace.snapshot().serial;
    for round in first.. {
        let text = format!(r#"{{"round":{round},"pad":"{}"}}"#, "x".repeat(100));
        let fixed = instance("fixed", None);
        let moving = instance("moving", Some(InstanceKey::Int(round % 20)));
        workspace
            .commit(vec![set(&fixed, &text), set(&moving, &text)])
            .unwrap();
        writeln!(out, "\nack {}", workspace.snapshot().serial).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for run in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "child_that_writes_until_it_is_killed",
                "--nocapture",
            ])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acks = 0;
        let mut last = acknowledged;
        while acks < 1 + run * 9 {
            let line = lines.next().expect("the child goes on").unwrap();
            if let Some(serial) = line.strip_prefix("ack ") {
                last = serial.parse().unwrap();
                acks += 1;
            }
        }
        if run == 3 {
            match store(folder.path()).open("default") {
                Err(StoreError::InUse { holder, .. }) => {
                    assert!(
                        holder.contains(&format!("process {}", child.id())),
                        "{holder}"
                    );
                    assert!(holder.contains("child_that_writes"), "{holder}");
                }
                other => panic!("the child owns it, yet {other:?}"),
            }
            // Reading goes on meanwhile.
            let read = store(folder.path()).read("default").unwrap();
            assert!(read.serial >= last);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it acknowledged before it died and after we stopped counting counts, too.
        for line in lines.map_while(Result::ok) {
            if let Some(serial) = line.strip_prefix("ack ") {
                last = serial.parse().unwrap();
            }
        }
        acknowledged = last;
        let read = store(folder.path()).read("default").unwrap();
        let workspace = store(folder.path()).open("default").unwrap();
        let snapshot = workspace.snapshot();
        assert_eq!(read, snapshot);
        assert!(
            snapshot.serial == acknowledged || snapshot.serial == acknowledged + 1,
            "{acknowledged} was acknowledged, {} is there",
            snapshot.serial
        );
        // Both halves of the last batch are there, or none.
        let round = snapshot.serial - 1;
        let text = format!(r#"{{"round":{round},"#);
        for addr in [
            instance("fixed", None),
            instance("moving", Some(InstanceKey::Int(round % 20))),
        ] {
            let object = snapshot.instance(&addr).unwrap().current.clone().unwrap();
            assert!(
                object.attributes.starts_with(&text),
                "{}",
                object.attributes
            );
        }
        acknowledged = snapshot.serial;
    }
}
