//! The store over files on a disk.

use crate::common;
use crate::common::{Setting, at, commit_one, set_of};
use std::fs;
use std::path::Path;
use terrane_store::conformance::sample::{self, instance, set};
use terrane_store::conformance::{Harness, check};
use terrane_store::statefile;
use terrane_store::{StateStore, StoreError};

struct Local(Setting);

impl Local {
    fn new() -> Self {
        Self(Setting::new())
    }

    fn open(&self) -> std::sync::Arc<dyn StateStore> {
        let folder = self.0.folder.path();
        self.0.open(
            "local",
            &[
                ("path", folder.join("terraform.tfstate").to_str().unwrap()),
                ("workspace_dir", folder.join("w").to_str().unwrap()),
            ],
        )
    }

    fn file(&self) -> std::path::PathBuf {
        self.0.folder.path().join("terraform.tfstate")
    }
}

impl Harness for Local {
    fn store(&self) -> Box<dyn StateStore> {
        Box::new(common::Handle(self.open()))
    }

    fn schedules(&self) -> u64 {
        100
    }
}

#[test]
fn conforms() {
    check(Local::new);
}

fn serial_of(path: &Path) -> u64 {
    let bytes = fs::read(path).unwrap();
    statefile::read("state", &bytes).unwrap().snapshot.serial
}

/// What a crash left in the journal is written by the next run, which says so.
#[test]
fn the_file_catches_up_after_a_crash() {
    let local = Local::new();
    let store = local.open();
    commit_one(&*store, "a");
    let written = fs::read(local.file()).unwrap();
    // A crash: what the second run recorded is in the journal only.
    let mut workspace = store.open("default").unwrap();
    workspace
        .commit(vec![set(&instance("b", None), "{}")])
        .unwrap();
    let before = workspace.snapshot();
    let desk = local.0.folder.path().join(".terraform.tfstate.terrane");
    let copy = local.0.folder.path().join("copy");
    common::copy_folder(&desk, &copy);
    drop(workspace);
    fs::remove_dir_all(&desk).unwrap();
    fs::rename(&copy, &desk).unwrap();
    fs::write(local.file(), &written).unwrap();

    let store = local.open();
    assert_eq!(store.read("default").unwrap(), before, "read sees it");
    let workspace = store.open("default").unwrap();
    assert_eq!(workspace.snapshot(), before);
    workspace.close().unwrap();
    assert_eq!(serial_of(&local.file()), before.serial);
    let said = local.0.said();
    assert!(
        said.contains("A change") && said.contains("cut off"),
        "{said}"
    );
    // Once is enough.
    local.open().open("default").unwrap().close().unwrap();
    assert_eq!(local.0.said(), said);
}

/// A file that a peer wrote is taken over as it is; what is the same in it stays the same for plans that read it.
#[test]
fn a_state_that_a_peer_wrote_is_taken_over() {
    let local = Local::new();
    commit_one(&*local.open(), "a");
    commit_one(&*local.open(), "b");
    let mut state = statefile::read("state", &fs::read(local.file()).unwrap())
        .unwrap()
        .snapshot;
    let old = local.open().read("default").unwrap();
    state.commit(&[set(&instance("b", None), r#"{"x":"peer"}"#)]);
    let text = statefile::write(&state, &statefile::WriteOptions::default()).unwrap();
    fs::write(local.file(), text).unwrap();

    let workspace = local.open().open("default").unwrap();
    let new = workspace.snapshot();
    assert_eq!(new.serial, state.serial);
    let stamp = |snapshot: &terrane_model::snapshot::Snapshot, name| {
        snapshot.instance(&instance(name, None)).unwrap().changed_at
    };
    assert_eq!(stamp(&new, "a"), stamp(&old, "a"));
    assert_ne!(stamp(&new, "b"), stamp(&old, "b"));
    workspace.close().unwrap();
    assert_eq!(*local.open().read("default").unwrap(), *new);
}

/// Neither side is put over the other.
#[test]
fn a_fork_is_kept_and_reported() {
    let local = Local::new();
    commit_one(&*local.open(), "a");
    let first = fs::read(local.file()).unwrap();
    let desk = local.0.folder.path().join(".terraform.tfstate.terrane");
    let copy = local.0.folder.path().join("copy");
    let mut workspace = local.open().open("default").unwrap();
    workspace
        .commit(vec![set(&instance("ours", None), "{}")])
        .unwrap();
    common::copy_folder(&desk, &copy);
    drop(workspace);
    fs::remove_dir_all(&desk).unwrap();
    fs::rename(&copy, &desk).unwrap();
    let mut state = statefile::read("state", &first).unwrap().snapshot;
    state.commit(&[set(&instance("theirs", None), "{}")]);
    let text = statefile::write(&state, &statefile::WriteOptions::default()).unwrap();
    fs::write(local.file(), &text).unwrap();

    for _ in 0..2 {
        let error = local.open().open("default").expect_err("a fork");
        let message = error.to_string();
        assert!(message.contains("unwritten-2.tfstate"), "{message}");
        assert!(message.contains("state push"), "{message}");
        assert_eq!(fs::read_to_string(local.file()).unwrap(), text);
    }
    let kept = desk.join("unwritten-2.tfstate");
    let recorded = statefile::read("kept", &fs::read(&kept).unwrap()).unwrap();
    assert!(
        recorded
            .snapshot
            .instance(&instance("ours", None))
            .is_some()
    );
    fs::rename(&kept, local.0.folder.path().join("moved.tfstate")).unwrap();
    let workspace = local.open().open("default").unwrap();
    assert!(
        workspace
            .snapshot()
            .instance(&instance("theirs", None))
            .is_some()
    );
}

/// A write in place that was cut off anywhere is repaired from the journal.
#[test]
fn a_half_written_file_is_repaired() {
    let local = Local::new();
    commit_one(&*local.open(), "a");
    let old = fs::read(local.file()).unwrap();
    let desk = local.0.folder.path().join(".terraform.tfstate.terrane");
    let copy = local.0.folder.path().join("copy");
    let mut workspace = local.open().open("default").unwrap();
    workspace
        .commit(vec![set(
            &instance("b", None),
            r#"{"long":"xxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#,
        )])
        .unwrap();
    let expected = workspace.snapshot();
    common::copy_folder(&desk, &copy);
    drop(workspace);
    let new = fs::read(local.file()).unwrap();
    // The mark as it is while the file is being written.
    let mark: serde_json::Value =
        serde_json::from_slice(&fs::read(copy.join("mark")).unwrap()).unwrap();
    let done: serde_json::Value =
        serde_json::from_slice(&fs::read(desk.join("mark")).unwrap()).unwrap();
    let mut writing = mark;
    writing["writing"] = done["written"].clone();
    for cut in (1..=new.len()).step_by(13) {
        fs::remove_dir_all(&desk).unwrap();
        common::copy_folder(&copy, &desk);
        fs::write(desk.join("mark"), writing.to_string()).unwrap();
        let mut torn = new.get(..cut).unwrap().to_vec();
        torn.extend(old.get(cut..).unwrap_or_default());
        *torn.first_mut().unwrap() = 0;
        fs::write(local.file(), &torn).unwrap();
        assert_eq!(local.open().read("default").unwrap(), expected, "cut {cut}");
        let workspace = local.open().open("default").unwrap();
        assert_eq!(workspace.snapshot(), expected, "cut {cut}");
        workspace.close().unwrap();
        assert_eq!(fs::read(local.file()).unwrap(), new, "cut {cut}");
    }
}

/// A run that changes nothing that a state file can hold leaves the file alone.
#[test]
fn a_run_without_changes_does_not_write() {
    let local = Local::new();
    commit_one(&*local.open(), "a");
    let before = fs::read(local.file()).unwrap();
    let mut workspace = local.open().open("default").unwrap();
    workspace.commit(vec![common::run()]).unwrap();
    let after = workspace.snapshot();
    workspace.close().unwrap();
    assert_eq!(fs::read(local.file()).unwrap(), before);
    assert_eq!(local.open().read("default").unwrap(), after);
    assert!(
        !local
            .0
            .folder
            .path()
            .join("terraform.tfstate.backup")
            .exists()
    );
    commit_one(&*local.open(), "b");
    let backup = fs::read(local.0.folder.path().join("terraform.tfstate.backup")).unwrap();
    assert_eq!(
        backup, before,
        "as it was before the first write of the run"
    );
}

/// Looking at a state that is not there makes no file.
#[test]
fn nothing_is_left_where_nothing_was_written() {
    let local = Local::new();
    local.open().open("default").unwrap().close().unwrap();
    assert!(!local.file().exists());
    assert!(matches!(
        local.open().read("other"),
        Err(StoreError::NoWorkspace(_))
    ));
}

/// Intents that are open at the end of a run are known to the next one, whoever wrote the file meanwhile.
#[test]
fn open_intents_outlive_the_run_and_a_peer() {
    let local = Local::new();
    let batches = sample::every_kind();
    let mut workspace = local.open().open("default").unwrap();
    for batch in batches {
        workspace.commit(batch).unwrap();
        if !workspace.snapshot().open.is_empty() {
            break;
        }
    }
    let open = workspace.snapshot().open.clone();
    assert!(!open.is_empty(), "the sample has an intent");
    workspace.close().unwrap();
    assert_eq!(local.open().read("default").unwrap().open, open);
    let mut state = statefile::read("state", &fs::read(local.file()).unwrap())
        .unwrap()
        .snapshot;
    state.commit(&[set_of("peer")]);
    let text = statefile::write(&state, &statefile::WriteOptions::default()).unwrap();
    fs::write(local.file(), text).unwrap();
    assert_eq!(local.open().open("default").unwrap().snapshot().open, open);
    assert!(at(&local.open().read("default").unwrap(), "peer"));
}

#[test]
fn over_to_the_peer_and_back() {
    if !common::peer::is_there() {
        return;
    }
    let local = Local::new();
    let folder = local.0.folder.path();
    common::peer::configuration(folder, "");
    common::peer::over_and_back(folder, &|| local.open(), &|| {
        fs::read(local.file()).unwrap()
    });
}

/// A lock that is held is held by somebody who lives, though what is written beside it is of a process that is gone: a peer locks first, and writes then.
#[cfg(target_os = "linux")]
#[test]
fn what_is_written_beside_a_lock_is_not_the_lock() {
    use nix::fcntl::{FcntlArg, fcntl};
    use std::os::unix::fs::MetadataExt as _;
    let local = Local::new();
    commit_one(&*local.open(), "a");
    let mut gone = std::process::Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    let own = terrane_store::lease::process::marked("");
    let (boot, _) = own.split_once('.').unwrap();
    let info = local.0.folder.path().join(".terraform.tfstate.lock.info");
    let left = format!(
        r#"{{"ID":"left","Who":"me@here","Info":"{boot}.{}.1"}}"#,
        gone.id()
    );
    fs::write(&info, left).unwrap();
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(local.file())
        .unwrap();
    let lock = nix::libc::flock {
        l_type: nix::libc::F_WRLCK.try_into().unwrap(),
        l_whence: nix::libc::SEEK_SET.try_into().unwrap(),
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(&file, FcntlArg::F_OFD_SETLK(&lock)).unwrap();
    let before = fs::metadata(local.file()).unwrap();
    assert!(matches!(
        local.open().open("default"),
        Err(StoreError::InUse { .. })
    ));
    assert_eq!(fs::metadata(local.file()).unwrap().ino(), before.ino());
    drop(file);
    local.open().open("default").unwrap().close().unwrap();
}

/// What a run left behind that was killed, as version 1 wrote it: file, journal, mark and the note of its lock. One for each version that was ever released.
#[test]
fn the_sample_of_each_version_still_reads() {
    let local = Local::new();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/whole-file-v1");
    let desk = local.0.folder.path().join(".terraform.tfstate.terrane");
    fs::create_dir(&desk).unwrap();
    for name in ["journal", "mark", "owner"] {
        fs::copy(sample.join(name), desk.join(name)).unwrap();
    }
    fs::copy(sample.join("s.tfstate"), local.file()).unwrap();
    let store = local.open();
    let read = store.read("default").unwrap();
    assert_eq!((read.serial, read.instance_count()), (12, 4));
    assert_eq!(read.open.keys().copied().collect::<Vec<_>>(), [33_554_435]);
    let history = store.history("default").unwrap();
    let runs: Vec<_> = history
        .iter()
        .map(|run| (run.last_serial, &*run.who))
        .collect();
    assert_eq!(runs, [(6, "ana@build"), (12, "ana@build")]);
    let before = store.read_at("default", 6).unwrap();
    assert_eq!(before.instance_count(), 2);
    let workspace = store.open("default").unwrap();
    assert_eq!(workspace.snapshot(), read);
    assert!(
        local.0.said().contains("are taken in"),
        "{}",
        local.0.said()
    );
    workspace.close().unwrap();
    assert_eq!(serial_of(&local.file()), 12);
}
