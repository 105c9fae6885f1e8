//! A process that writes is killed, at a moment of its parent's choosing; what it acknowledged is there afterwards.

use std::path::Path;
use terrane_store::conformance::crash::{Victim, check_acknowledged, write_until_killed};
use terrane_store::{StateStore as _, StoreError};
use terrane_store_sled::{Settings, SledStore};

const FOLDER: &str = "TERRANE_KILL_TEST_FOLDER";

fn store(folder: &Path) -> SledStore {
    SledStore::with_settings(
        folder,
        Settings {
            // So that the killed process is often in the middle of something else than the journal, too.
            index_every: 500,
            // Once with an index, once without.
            index_from: 10_000,
            compact_at: 20_000,
            compact_ratio: 1,
            fold_from: 0,
        },
    )
}

/// Not a test of its own: the process that is killed.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mut workspace = store(Path::new(&folder)).open("default").unwrap();
    write_until_killed(&mut *workspace);
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for run in 0..12 {
        let mut victim = Victim::start(
            "child_that_writes_until_it_is_killed",
            &[(FOLDER, folder.path().as_os_str())],
            acknowledged,
        );
        victim.acknowledges(1 + run * 9);
        if run == 3 {
            match store(folder.path()).open("default") {
                Err(StoreError::InUse { holder, .. }) => {
                    assert!(
                        holder.contains(&format!("process {}", victim.child.id())),
                        "{holder}"
                    );
                    assert!(holder.contains("child_that_writes"), "{holder}");
                }
                other => panic!("the child owns it, yet {other:?}"),
            }
            // Reading goes on meanwhile.
            let read = store(folder.path()).read("default").unwrap();
            assert!(read.serial >= victim.acknowledged);
        }
        let last = victim.kill();
        let read = store(folder.path()).read("default").unwrap();
        let workspace = store(folder.path()).open("default").unwrap();
        let snapshot = workspace.snapshot();
        assert_eq!(read, snapshot);
        check_acknowledged(&snapshot, last);
        acknowledged = snapshot.serial;
    }
}
