//! The fold that is kept for readers: believed only where it fits, and as good as the journal then.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use terrane_model::addr::InstanceKey;
use terrane_model::event::EventKind;
use terrane_model::snapshot::Snapshot;
use terrane_store::StateStore as _;
use terrane_store::conformance::sample::{event, every_kind, instance, set};
use terrane_store::journal::HEADER_LEN;
use terrane_store::maintain::{Gravity, Maintain as _, Policy};
use terrane_store_sled::{Settings, SledStore};

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> SledStore {
        let settings = Settings {
            fold_from: 0,
            index_from: 0,
            ..Settings::default()
        };
        SledStore::with_settings(self.0.path(), settings)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join("workspaces/default").join(name)
    }

    /// What a reader gets.
    fn read(&self) -> Arc<Snapshot> {
        self.store().read("default").unwrap()
    }

    /// Sets instances in a run of their own.
    fn run(&self, keys: impl Iterator<Item = u64>, text: &str) -> Arc<Snapshot> {
        let store = self.store();
        let mut workspace = store.open("default").unwrap();
        let begin = event(EventKind::Run {
            run: format!("run-{}", workspace.snapshot().serial).into(),
            plan: "".into(),
            command: "apply".into(),
            who: "me".into(),
        });
        workspace.commit(vec![begin]).unwrap();
        for key in keys {
            let addr = instance("a", Some(InstanceKey::Int(key)));
            workspace.commit(vec![set(&addr, text)]).unwrap();
        }
        workspace.snapshot()
    }
}

/// What is before its last record is not read any more.
fn spoil_the_beginning(home: &Home) {
    let mut journal = fs::read(home.file("journal")).unwrap();
    let first = usize::try_from(HEADER_LEN).unwrap() + 30;
    journal[first] ^= 0x20;
    fs::write(home.file("journal"), journal).unwrap();
}

#[test]
fn readers_begin_where_it_ends() {
    let home = Home::new();
    let state = home.run(0..50, "{}");
    assert_eq!(home.read(), state);
    spoil_the_beginning(&home);
    assert_eq!(home.read(), state);
    fs::remove_file(home.file("fold")).unwrap();
    home.store().read("default").unwrap_err();
}

#[test]
fn what_was_appended_behind_it_is_read_too() {
    let home = Home::new();
    home.run(0..50, &format!(r#"{{"old":"{}"}}"#, "x".repeat(100)));
    let kept = fs::read(home.file("fold")).unwrap();
    let state = home.run(50..51, r#"{"new":1}"#);
    // One change is not worth it to write it anew.
    assert_eq!(fs::read(home.file("fold")).unwrap(), kept);
    assert_eq!(home.read(), state);
    // By and by it is.
    let state = home.run(0..50, r#"{"new":2}"#);
    assert_ne!(fs::read(home.file("fold")).unwrap(), kept);
    assert_eq!(home.read(), state);
}

/// Where the journal is short there is no index; an index of a time when it was longer goes. When it has grown, there is one.
#[test]
fn it_stands_for_the_index_of_a_short_journal() {
    let home = Home::new();
    let with = |index_from| {
        let settings = Settings {
            index_from,
            fold_from: 0,
            ..Settings::default()
        };
        SledStore::with_settings(home.0.path(), settings)
    };
    let commit = |index_from, key| {
        let store = with(index_from);
        let mut workspace = store.open("default").unwrap();
        let addr = instance("a", Some(InstanceKey::Int(key)));
        workspace.commit(vec![set(&addr, "{}")]).unwrap();
        workspace.snapshot()
    };
    let there = || (home.file("index").exists(), home.file("fold").exists());
    for key in 0..3 {
        let state = commit(u64::MAX, key);
        assert_eq!(there(), (false, true));
        // It is of the very end: nothing of the journal before that is read any more.
        let whole = fs::read(home.file("journal")).unwrap();
        if key > 0 {
            spoil_the_beginning(&home);
        }
        assert_eq!(with(u64::MAX).read("default").unwrap(), state);
        assert_eq!(with(u64::MAX).open("default").unwrap().snapshot(), state);
        fs::write(home.file("journal"), whole).unwrap();
    }
    let state = commit(0, 3);
    assert!(there().0);
    assert_eq!(with(0).open("default").unwrap().snapshot(), state);
    let state = commit(u64::MAX, 4);
    assert_eq!(there(), (false, true));
    let found = home.store().check("default", false).unwrap();
    assert!(!found.is_damaged(), "{:?}", found.findings);
    assert_eq!(*with(0).open("default").unwrap().snapshot(), *state);
}

#[test]
fn every_state_is_read_back() {
    let home = Home::new();
    for batch in every_kind() {
        let state = {
            let store = home.store();
            let mut workspace = store.open("default").unwrap();
            workspace.commit(batch).unwrap();
            workspace.snapshot()
        };
        assert_eq!(home.read(), state);
        // Also where there is no index to begin with.
        fs::remove_dir_all(home.file("index")).unwrap();
        assert_eq!(home.store().open("default").unwrap().snapshot(), state);
    }
}

#[test]
fn one_that_is_damaged_is_none() {
    let home = Home::new();
    let state = home.run(0..3, "{}");
    let whole = fs::read(home.file("fold")).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(home.file("fold"), damaged).unwrap();
        assert_eq!(home.read(), state, "byte {at}");
        fs::write(home.file("fold"), &whole[..at]).unwrap();
        assert_eq!(home.read(), state, "cut off at {at}");
    }
}

/// The same name, another journal: as after a restore.
#[test]
fn one_of_another_journal_is_none() {
    let (home, other) = (Home::new(), Home::new());
    let state = home.run(0..3, "{}");
    other.run(0..3, r#"{"other":1}"#);
    fs::copy(other.file("fold"), home.file("fold")).unwrap();
    assert_eq!(home.read(), state);
    // When it is next closed, there is one that fits.
    let state = home.run(3..3, "");
    spoil_the_beginning(&home);
    assert_eq!(home.read(), state);
}

#[test]
fn a_journal_that_went_another_way_makes_it_none() {
    let home = Home::new();
    let before = home.run(0..3, "{}");
    let journal = fs::read(home.file("journal")).unwrap();
    home.run(3..6, "{}");
    // A backup of the journal alone is put back.
    fs::write(home.file("journal"), journal).unwrap();
    assert_eq!(home.read(), before);
    let after = home.run(7..8, "{}");
    assert_eq!(home.read(), after);
}

#[test]
fn what_was_to_be_forgotten_is_not_kept_in_it() {
    let home = Home::new();
    home.run(0..3, r#"{"old":1}"#);
    home.run(0..3, "{}");
    let policy = Policy {
        keep: Some(1),
        older_than_ms: None,
    };
    let store = home.store();
    let pruned = store.prune("default", &policy, u64::MAX, false).unwrap();
    assert!(pruned.versions > 0, "{pruned:?}");
    assert!(!home.file("fold").exists());
}

/// What is short is read whole: damage anywhere in it is seen.
#[test]
fn a_short_journal_is_not_read_from_it() {
    let home = Home::new();
    home.run(0..3, "{}");
    spoil_the_beginning(&home);
    home.store().read("default").unwrap();
    let defaults = SledStore::new(home.0.path());
    defaults.read("default").unwrap_err();
    defaults.open("default").unwrap_err();
}

#[test]
fn one_that_is_not_the_fold_is_found() {
    let home = Home::new();
    home.run(0..3, r#"{"a":"b"}"#);
    let state = home.run(3..4, "{}");
    let bad = |repair: bool| {
        let found = home.store().check("default", repair).unwrap().findings;
        let bad = found
            .into_iter()
            .filter(|one| one.gravity == Gravity::Error);
        bad.map(|one| one.place).collect::<Vec<_>>()
    };
    assert!(bad(false).is_empty());
    // Another value, with checksums that fit.
    let mut bytes = fs::read(home.file("fold")).unwrap();
    let at = bytes
        .windows(3)
        .position(|bytes| bytes == b"\"b\"")
        .unwrap();
    bytes[at + 1] = b'c';
    let crc = crc32fast::hash(&bytes[64..]).to_le_bytes();
    bytes[56..60].copy_from_slice(&crc);
    let crc = crc32fast::hash(&bytes[..60]).to_le_bytes();
    bytes[60..64].copy_from_slice(&crc);
    fs::write(home.file("fold"), bytes).unwrap();
    assert_ne!(home.read(), state);
    let found = bad(false);
    assert!(found.len() == 1 && found[0].ends_with("fold"), "{found:?}");
    bad(true);
    assert!(bad(false).is_empty());
    assert_eq!(home.read(), state);
}
