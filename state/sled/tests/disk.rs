//! Disks that are full or may not be written: a clear error, everything acknowledged is there, and it goes on when there is room.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use terrane_store::StateStore as _;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::maintain::Maintain as _;
use terrane_store_sled::{Settings, SledStore};

const FOLDER: &str = "TERRANE_DISK_TEST_FOLDER";
const TASK: &str = "TERRANE_DISK_TEST_TASK";

fn store(folder: &Path) -> SledStore {
    SledStore::with_settings(
        folder,
        Settings {
            index_every: 4_000,
            index_from: 8_000,
            compact_at: 1_000_000,
            compact_ratio: 4,
            fold_from: 0,
        },
    )
}

/// Not a test of its own: a process with a limit.
#[test]
fn child() {
    let (Some(folder), Some(task)) = (std::env::var_os(FOLDER), std::env::var(TASK).ok()) else {
        return;
    };
    let store = store(Path::new(&folder));
    match task.as_str() {
        // Writes until the disk is full, then goes on trying: smaller ones may still fit.
        "fill" => {
            let mut workspace = store.open("default").unwrap();
            let mut failed = 0;
            for round in 0..5_000 {
                let size = if failed == 0 { 900 } else { 1 };
                let text = format!(r#"{{"round":{round},"pad":"{}"}}"#, "x".repeat(size));
                match workspace.commit(vec![set(&instance("a", None), &text)]) {
                    Ok(()) => println!("\nack {} {round}", workspace.snapshot().serial),
                    Err(error) => {
                        println!("\nerror {error}");
                        failed += 1;
                    }
                }
                if failed > 20 {
                    break;
                }
            }
            drop(workspace);
            println!("\nend");
        }
        "read-only" => {
            let read = store.read("default").map(|state| state.serial);
            println!("\nread {read:?}");
            println!("\nopen {}", store.open("default").unwrap_err());
            let found = store.check("default", false).unwrap();
            println!("\ncheck {}", found.is_damaged());
        }
        other => panic!("unknown task {other}"),
    }
}

fn run(script: &str, folder: &Path, task: &str) -> String {
    let out = Command::new("sh")
        .arg("-c")
        .arg(script)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(FOLDER, folder)
        .env(TASK, task)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    String::from_utf8(out.stdout).unwrap()
}

/// A limit on the size of files is to a journal what a full disk is: a write is cut short, then refused.
#[test]
fn a_full_disk_is_an_error_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for limit in [3, 40, 71] {
        let out = run(
            &format!(r#"trap "" XFSZ; ulimit -f {limit}; exec "$0" "$@""#),
            folder.path(),
            "fill",
        );
        assert!(out.contains("\nerror writing"), "{out}");
        assert!(out.contains("\nend"), "{out}");
        let acks = out.lines().filter_map(|line| line.strip_prefix("ack "));
        let last: Option<(u64, u64)> = acks
            .filter_map(|line| line.split_once(' '))
            .map(|(serial, round)| (serial.parse().unwrap(), round.parse().unwrap()))
            .next_back();
        let state = store(folder.path()).read("default").unwrap();
        if let Some((serial, round)) = last {
            assert_eq!(state.serial, serial);
            let object = state.instance(&instance("a", None)).unwrap();
            let text = &object.current.as_ref().unwrap().attributes;
            assert!(
                text.starts_with(&format!(r#"{{"round":{round},"#)),
                "{text}"
            );
        }
        let found = store(folder.path()).check("default", false).unwrap();
        assert!(!found.is_damaged(), "{:#?}", found.findings);
        // There is room again.
        let mut workspace = store(folder.path()).open("default").unwrap();
        assert_eq!(*workspace.snapshot(), *state);
        workspace
            .commit(vec![set(&instance("b", None), "{}")])
            .unwrap();
    }
}

#[test]
fn a_folder_that_may_not_be_written_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("terrane.state");
    let mut workspace = store(&home).open("default").unwrap();
    workspace
        .commit(vec![set(&instance("a", None), "{}")])
        .unwrap();
    drop(workspace);
    let set_mode = |folder_mode: u32, file_mode: u32| {
        let mut open = vec![folder.path().to_path_buf()];
        while let Some(path) = open.pop() {
            let is_dir = path.is_dir();
            if is_dir {
                open.extend(
                    fs::read_dir(&path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            }
            let mode = if is_dir { folder_mode } else { file_mode };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    set_mode(0o555, 0o444);
    // For the superuser nothing is read-only: somebody else looks.
    let plain = r#"exec "$0" "$@""#;
    let nobody = r#"if [ "$(id -u)" = 0 ]; then exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" "$@"; else exec "$0" "$@"; fi"#;
    let able = Command::new("setpriv").arg("--version").output().is_ok();
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let out = match (root, able) {
        (true, false) => {
            println!("skipped: the superuser may write everything");
            return set_mode(0o755, 0o644);
        }
        (true, true) => run(nobody, &home, "read-only"),
        (false, _) => run(plain, &home, "read-only"),
    };
    set_mode(0o755, 0o644);
    assert!(out.contains("\nread Ok(1)"), "{out}");
    assert!(
        out.contains("\nopen opening")
            && (out.contains("lock failed") || out.contains("leases failed")),
        "{out}"
    );
    assert!(out.contains("\ncheck false"), "{out}");
}
