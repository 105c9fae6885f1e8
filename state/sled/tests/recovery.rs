//! The index may be missing, behind, of another journal or damaged; the journal makes good for it. And what else can be wrong in the
//! folder.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use terrane_model::addr::InstanceKey;
use terrane_model::event::EventKind;
use terrane_model::snapshot::Snapshot;
use terrane_store::conformance::sample::{event, every_kind, instance, set};
use terrane_store::{StateStore as _, StoreError, Workspace};
use terrane_store_sled::{Settings, SledStore};

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> SledStore {
        let settings = Settings {
            index_from: 0,
            ..Settings::default()
        };
        SledStore::with_settings(self.0.path(), settings)
    }

    fn open(&self) -> Box<dyn Workspace> {
        self.store().open("default").unwrap()
    }

    fn place(&self) -> PathBuf {
        self.0.path().join("workspaces/default")
    }

    /// Commits and closes; gives the state.
    fn write(&self, from: u64, to: u64) -> Arc<Snapshot> {
        let mut workspace = self.open();
        for at in from..to {
            let addr = instance("a", Some(InstanceKey::Int(at)));
            workspace
                .commit(vec![set(&addr, &format!(r#"{{"n":{at}}}"#))])
                .unwrap();
        }
        workspace.snapshot()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

#[test]
fn a_missing_index_is_made_anew() {
    let home = Home::new();
    let state = home.write(0, 50);
    fs::remove_dir_all(home.place().join("index")).unwrap();
    assert_eq!(home.open().snapshot(), state);
    assert!(home.place().join("index/db").exists());
    assert_eq!(home.open().snapshot(), state);
}

/// As after a crash: the index is of an earlier moment.
#[test]
fn an_index_that_is_behind_is_brought_up() {
    let home = Home::new();
    home.write(0, 10);
    let old = home.0.path().join("old");
    copy(&home.place().join("index"), &old);
    let state = home.write(5, 30);
    fs::remove_dir_all(home.place().join("index")).unwrap();
    copy(&old, &home.place().join("index"));
    assert_eq!(home.open().snapshot(), state);
    assert_eq!(home.open().snapshot(), state);
}

/// As after restoring a backup: the journal is of an earlier moment, or went another way since.
#[test]
fn an_index_that_is_ahead_is_not_believed() {
    let home = Home::new();
    let early = home.write(0, 10);
    let journal = home.place().join("journal");
    let backup = fs::read(&journal).unwrap();
    home.write(10, 20);
    fs::write(&journal, &backup).unwrap();
    assert_eq!(home.open().snapshot(), early);

    home.write(10, 20);
    let ahead = home.0.path().join("ahead");
    copy(&home.place().join("index"), &ahead);
    fs::write(&journal, &backup).unwrap();
    let other = home.write(30, 45);
    fs::remove_dir_all(home.place().join("index")).unwrap();
    copy(&ahead, &home.place().join("index"));
    assert_eq!(
        home.open().snapshot(),
        other,
        "the record at that place is another one"
    );
}

#[test]
fn the_index_of_another_journal_is_not_believed() {
    let (home, other) = (Home::new(), Home::new());
    let state = home.write(0, 10);
    other.write(0, 12);
    fs::remove_dir_all(home.place().join("index")).unwrap();
    copy(&other.place().join("index"), &home.place().join("index"));
    assert_eq!(home.open().snapshot(), state);
}

/// Whatever a disk does to the files of the index, the state is right.
#[test]
fn a_damaged_index_is_made_anew() {
    let home = Home::new();
    let state = home.write(0, 200);
    drop(home.open());
    let whole = home.0.path().join("whole");
    copy(&home.place().join("index"), &whole);
    let length = fs::metadata(whole.join("db")).unwrap().len();
    let damage = |what: &dyn Fn(&Path)| {
        fs::remove_dir_all(home.place().join("index")).unwrap();
        copy(&whole, &home.place().join("index"));
        what(&home.place().join("index"));
        assert_eq!(home.open().snapshot(), state);
    };
    damage(&|index| fs::write(index.join("db"), b"").unwrap());
    damage(&|index| fs::write(index.join("conf"), b"nonsense").unwrap());
    damage(&|index| fs::remove_file(index.join("conf")).unwrap());
    for at in (0..length).step_by(usize::try_from(length / 25).unwrap()) {
        damage(&|index| {
            let mut bytes = fs::read(index.join("db")).unwrap();
            let at = usize::try_from(at).unwrap();
            let end = (at + 64).min(bytes.len());
            bytes[at..end].fill(0x5a);
            fs::write(index.join("db"), bytes).unwrap();
        });
        damage(&|index| {
            let file = fs::OpenOptions::new()
                .write(true)
                .open(index.join("db"))
                .unwrap();
            file.set_len(at).unwrap();
        });
    }
    // A file in its place.
    fs::remove_dir_all(home.place().join("index")).unwrap();
    fs::write(home.place().join("index"), b"").unwrap();
    assert_eq!(home.open().snapshot(), state);
}

#[test]
fn a_journal_that_grows_long_is_compacted_and_its_history_kept() {
    let home = Home::new();
    let store = SledStore::with_settings(
        home.0.path(),
        Settings {
            compact_at: 4_000,
            compact_ratio: 2,
            index_from: 2_000,
            ..Settings::default()
        },
    );
    let mut states = Vec::new();
    let mut expected = Snapshot::default();
    for round in 0..60 {
        let mut workspace = store.open("default").unwrap();
        let batch = vec![
            event(EventKind::Run {
                run: format!("run-{round}").into(),
                plan: "".into(),
                command: "apply".into(),
                who: "me".into(),
            }),
            set(
                &instance("a", Some(InstanceKey::Int(round % 3))),
                &format!(r#"{{"round":{round}}}"#),
            ),
        ];
        workspace.commit(batch.clone()).unwrap();
        expected.commit(&batch);
        assert_eq!(*workspace.snapshot(), expected);
        states.push(expected.clone());
    }
    for batch in every_kind() {
        let mut workspace = store.open("default").unwrap();
        workspace.commit(batch.clone()).unwrap();
        expected.commit(&batch);
        drop(workspace);
        assert_eq!(*store.read("default").unwrap(), expected);
        assert_eq!(*store.open("default").unwrap().snapshot(), expected);
    }
    let generations = fs::read_dir(home.place().join("history")).unwrap().count();
    assert!(generations >= 2, "{generations}");
    assert!(fs::metadata(home.place().join("journal")).unwrap().len() < 20_000);
    for state in &states {
        assert_eq!(store.read_at("default", state.serial).unwrap(), *state);
    }
    let history = store.history("default").unwrap();
    for (round, version) in history.iter().take(60).enumerate() {
        assert_eq!(version.run, format!("run-{round}"));
        assert_eq!(version.last_serial, states[round].serial);
    }
    // A draft, and a copy in the history of the generation in force, as a compaction leaves them that was cut off.
    fs::write(home.place().join("journal.new"), b"half").unwrap();
    fs::copy(
        home.place().join("journal"),
        home.place().join("history/99999999.journal"),
    )
    .unwrap();
    assert_eq!(*store.open("default").unwrap().snapshot(), expected);
    assert_eq!(store.history("default").unwrap(), history);
    // Without the first generation the history is shorter, and says so.
    fs::remove_file(home.place().join("history/00000001.journal")).unwrap();
    assert!(matches!(
        store.read_at("default", 1),
        Err(StoreError::Refused(text)) if text.contains("begins at serial")
    ));
}

#[test]
fn a_torn_end_is_kept_aside() {
    let home = Home::new();
    let state = home.write(0, 3);
    let journal = home.place().join("journal");
    let mut bytes = fs::read(&journal).unwrap();
    bytes.extend_from_slice(b"torn");
    fs::write(&journal, &bytes).unwrap();
    assert_eq!(home.open().snapshot(), state);
    assert_eq!(
        fs::read(home.place().join("journal.torn")).unwrap(),
        b"torn"
    );
    assert_eq!(fs::read(&journal).unwrap(), bytes[..bytes.len() - 4]);
}

/// Whatever byte of the journal is wrong: an error, or what was there before the last record; never a panic, never something else.
#[test]
fn a_wrong_byte_is_never_taken_for_state() {
    let home = Home::new();
    let before = home.write(0, 3);
    let after = home.write(3, 4);
    let journal = home.place().join("journal");
    let whole = fs::read(&journal).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&journal, &bytes).unwrap();
        match home.store().read("default") {
            Ok(state) => assert_eq!(state, before, "byte {at}"),
            Err(StoreError::Damaged { .. }) => {}
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
    fs::write(&journal, &whole).unwrap();
    assert_eq!(home.open().snapshot(), after);
}

/// By nobody: not by those who write, not by those who read, and whatever else is left of the workspace.
#[test]
fn a_missing_journal_is_not_taken_for_a_new_state() {
    let missing = |result: Result<(), StoreError>, what: &str| {
        assert!(
            matches!(&result, Err(StoreError::Damaged { problem, .. }) if problem.contains("backup")),
            "{what}: {result:?}"
        );
    };
    let home = Home::new();
    home.write(0, 3);
    fs::remove_file(home.place().join("journal")).unwrap();
    for left in ["index and lock", "lock"] {
        if left == "lock" {
            fs::remove_dir_all(home.place().join("index")).unwrap();
        }
        let store = home.store();
        missing(store.open("default").map(drop), left);
        missing(store.read("default").map(drop), left);
        missing(store.read_at("default", 1).map(drop), left);
        missing(store.history("default").map(drop), left);
        let keep = store.maintain().unwrap();
        missing(keep.records("default", &mut |_| Ok(())), left);
        let found = keep.check("default", false).unwrap();
        assert!(found.is_damaged(), "{left}: {found:?}");
    }
    let keep = home.store();
    let mended = keep.maintain().unwrap().check("default", true).unwrap();
    assert!(
        format!("{mended:?}").contains("state restore"),
        "{mended:?}"
    );
    assert_eq!(home.open().snapshot().instance_count(), 0);
}

#[test]
fn a_folder_of_a_later_version_is_refused() {
    let home = Home::new();
    home.write(0, 1);
    fs::write(home.0.path().join("format"), br#"{"terrane.state":2}"#).unwrap();
    for error in [
        home.store().open("default").err(),
        home.store().read("default").err(),
        home.store().workspaces().err(),
        home.store().delete("x").err(),
    ] {
        assert!(
            matches!(
                error,
                Some(StoreError::TooNew {
                    found: 2,
                    known: 1,
                    ..
                })
            ),
            "{error:?}"
        );
    }
    fs::write(home.0.path().join("format"), b"?").unwrap();
    assert!(matches!(
        home.store().open("default"),
        Err(StoreError::Damaged { .. })
    ));
}

/// Reading leaves no trace: no folder, no lock, no index.
#[test]
fn reading_writes_nothing() {
    let home = Home::new();
    let folder = home.0.path().join("none");
    let store = SledStore::new(&folder);
    assert_eq!(*store.read("default").unwrap(), Snapshot::default());
    assert_eq!(store.workspaces().unwrap(), ["default"]);
    assert!(store.history("default").unwrap().is_empty());
    assert!(matches!(
        store.read("other"),
        Err(StoreError::NoWorkspace(_))
    ));
    assert!(!folder.exists());
}

/// Others must not read secrets.
#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let folder = home.0.path().join("terrane.state");
    let mut workspace = SledStore::new(&folder).open("default").unwrap();
    workspace
        .commit(vec![set(&instance("a", None), "{}")])
        .unwrap();
    drop(workspace);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o077;
    assert_eq!(mode(&folder), 0);
    assert_eq!(mode(&folder.join("workspaces/default/journal")), 0);
}

/// A workspace of the layout that is committed as a sample still reads (one sample for each version that was ever released).
#[test]
fn the_sample_folder_of_each_version_still_reads() {
    let home = Home::new();
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/folder-v1"),
        home.0.path(),
    );
    let expected = include_str!("../testdata/folder-v1.tfstate");
    let store = home.store();
    assert_eq!(store.workspaces().unwrap(), ["Prod", "default"]);
    let read = store.read("default").unwrap();
    let opened = store.open("default").unwrap().snapshot();
    assert_eq!(read, opened);
    let options = terrane_store::statefile::WriteOptions::default();
    let written = terrane_store::statefile::write(&opened, &options).unwrap();
    assert_eq!(written, expected);
    assert_eq!((opened.serial, opened.last_op), (47, 78));
    assert_eq!(
        opened.open.keys().copied().collect::<Vec<_>>(),
        [2, 9, 10, 78]
    );
    let runs = store.history("default").unwrap();
    // It is named twice: a run that goes on.
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].command, "apply");
    assert_eq!((runs[0].first_serial, runs[0].last_serial), (1, 47));
}
