//! Checking and mending, backup, forgetting: what a workspace goes through beside being written.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use terrane_model::addr::InstanceKey;
use terrane_model::event::{EventKind, Operation};
use terrane_model::snapshot::Snapshot;
use terrane_store::backup::{self, Manifest};
use terrane_store::conformance::sample::{began, current, event, instance, object, provider, set};
use terrane_store::maintain::{Checkup, Gravity, Maintain as _, Policy};
use terrane_store::pieces::Sealer;
use terrane_store::{StateStore as _, StoreError, Workspace};
use terrane_store_sled::{Settings, SledStore};

struct Home {
    folder: TempDir,
    settings: Settings,
}

impl Home {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            settings: Settings {
                index_from: 0,
                ..Settings::default()
            },
        }
    }

    /// Where the fold stands for the index.
    fn without_index(mut self) -> Self {
        self.settings.index_from = u64::MAX;
        self
    }

    /// What knows the state beside the journal.
    fn other(&self) -> &'static str {
        match self.settings.index_from {
            0 => "index",
            _ => "fold",
        }
    }

    fn forget_other(&self) {
        let path = self.place().join(self.other());
        match path.is_dir() {
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }

    /// Whose journal is compacted after every few runs.
    fn compacting() -> Self {
        Self {
            settings: Settings {
                compact_at: 3_000,
                compact_ratio: 2,
                index_from: 0,
                ..Settings::default()
            },
            ..Self::new()
        }
    }

    fn store(&self) -> SledStore {
        SledStore::with_settings(self.folder.path().join("terrane.state"), self.settings)
    }

    fn open(&self) -> Box<dyn Workspace> {
        self.store().open("default").unwrap()
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("terrane.state/workspaces/default")
    }

    fn journal(&self) -> PathBuf {
        self.place().join("journal")
    }

    /// Runs from..to, each with two commits; gives the state after each run.
    fn runs(&self, from: u64, to: u64) -> Vec<Snapshot> {
        (from..to)
            .map(|run| {
                let mut workspace = self.open();
                let mut begin = event(EventKind::Run {
                    run: format!("run-{run}").into(),
                    plan: format!("digest-{run}").into(),
                    command: "apply".into(),
                    who: "me".into(),
                });
                begin.at_ms = run * 1000;
                let addr = instance("a", Some(InstanceKey::Int(run % 5)));
                let text = |half: u32| {
                    format!(
                        r#"{{"run":{run},"half":{half},"pad":"{}"}}"#,
                        "x".repeat(40)
                    )
                };
                workspace.commit(vec![begin, set(&addr, &text(1))]).unwrap();
                workspace.commit(vec![set(&addr, &text(2))]).unwrap();
                (*workspace.snapshot()).clone()
            })
            .collect()
    }

    fn check(&self, repair: bool) -> Checkup {
        self.store().check("default", repair).unwrap()
    }

    /// Nothing is found that is worse than a note.
    fn is_clean(&self) {
        let found = self.check(false);
        let bad: Vec<_> = found
            .findings
            .iter()
            .filter(|finding| finding.gravity > Gravity::Note)
            .collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }

    /// The offsets at which records begin, and the end.
    fn offsets(&self) -> Vec<usize> {
        let bytes = fs::read(self.journal()).unwrap();
        let found = terrane_store::journal::survey(&bytes, Path::new("journal")).unwrap();
        let starts = found
            .records
            .iter()
            .map(|record| usize::try_from(record.offset).unwrap());
        starts.chain([bytes.len()]).collect()
    }

    fn damage(&self, from: usize, to: usize) {
        let mut bytes = fs::read(self.journal()).unwrap();
        bytes[from..to].fill(b'?');
        fs::write(self.journal(), bytes).unwrap();
    }
}

fn problems(found: &Checkup, gravity: Gravity) -> String {
    let problems = found
        .findings
        .iter()
        .filter(|finding| finding.gravity == gravity)
        .map(|finding| {
            format!(
                "{}: {} [{:?}]",
                finding.place, finding.problem, finding.done
            )
        });
    problems.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_sound_workspace_has_no_findings() {
    for home in [Home::new(), Home::compacting()] {
        let states = home.runs(0, 40);
        let found = home.check(false);
        assert!(found.findings.is_empty(), "{:#?}", found.findings);
        assert_eq!(found.versions, 40);
        assert_eq!(found.instances, 5);
        assert_eq!(found.serial, states[39].serial);
        assert_eq!(found, home.check(true));
    }
    assert!(Home::new().check(false).findings.is_empty());
}

/// A bit that went wrong, anywhere: it is refused, mended, and nothing is lost.
#[test]
fn a_flipped_bit_is_mended_and_nothing_is_lost() {
    let home = Home::new();
    let state = home.runs(0, 2).pop().unwrap();
    let whole = fs::read(home.journal()).unwrap();
    for at in (0..whole.len()).step_by(41) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(home.journal(), &bytes).unwrap();
        let error = home.store().read("default").unwrap_err();
        assert!(
            matches!(error, StoreError::Damaged { .. }),
            "byte {at}: {error}"
        );
        let told = home.check(false);
        assert!(told.is_damaged(), "byte {at}");
        assert_eq!(
            fs::read(home.journal()).unwrap(),
            bytes,
            "looking changes nothing"
        );
        let mended = home.check(true);
        assert!(!mended.is_damaged(), "byte {at}: {:#?}", mended.findings);
        assert_eq!(fs::read(home.journal()).unwrap(), whole, "byte {at}");
        assert_eq!(*home.store().read("default").unwrap(), state);
        let kept = home.place().join("damaged");
        assert_eq!(
            fs::read(kept.join("journal.0")).unwrap(),
            bytes,
            "the damaged file is kept"
        );
        fs::remove_dir_all(kept).unwrap();
    }
    home.is_clean();
}

/// A record that can't be mended: index or fold knows what it recorded.
#[test]
fn a_lost_record_comes_back_from_index_or_fold() {
    a_lost_record_comes_back(&Home::new());
    a_lost_record_comes_back(&Home::new().without_index());
}

fn a_lost_record_comes_back(home: &Home) {
    let state = home.runs(0, 6).pop().unwrap();
    let offsets = home.offsets();
    home.damage(offsets[7] + 30, offsets[7] + 60);
    assert!(home.store().read("default").is_err());
    let told = home.check(false);
    assert!(told.is_damaged());
    assert!(problems(&told, Gravity::Warning).contains("knows what the damaged"));
    let mended = home.check(true);
    assert!(!mended.is_damaged(), "{:#?}", mended.findings);
    assert_eq!(*home.store().read("default").unwrap(), state);
    assert_eq!(*home.open().snapshot(), state);
    assert!(!home.check(false).is_damaged());
    // The other records are still there.
    assert_eq!(home.store().history("default").unwrap().len(), 6);
}

/// Without an index, what the other records say is kept.
#[test]
fn a_lost_record_without_an_index_loses_only_itself() {
    let home = Home::new();
    let states = home.runs(0, 6);
    fs::remove_dir_all(home.place().join("index")).unwrap();
    let offsets = home.offsets();
    // The last record of run 3, whose object no later run touches.
    home.damage(offsets[7] + 30, offsets[7] + 60);
    let mended = home.check(true);
    assert!(!mended.is_damaged(), "{:#?}", mended.findings);
    assert!(problems(&mended, Gravity::Error).contains("missing from the history"));
    let read = home.store().read("default").unwrap();
    assert_eq!(read.serial, states[5].serial);
    assert_eq!(read.instance_count(), 5);
    assert!(!home.check(false).is_damaged());
}

#[test]
fn a_missing_journal_is_made_of_what_is_left() {
    for home in [Home::compacting(), Home::compacting().without_index()] {
        let state = home.runs(0, 30).pop().unwrap();
        fs::remove_file(home.journal()).unwrap();
        assert!(home.check(false).is_damaged());
        let mended = home.check(true);
        let how = format!("from the {}", home.other());
        assert!(problems(&mended, Gravity::Error).contains(&how), "{how}");
        assert_eq!(*home.open().snapshot(), state);
        assert!(!home.check(false).is_damaged());
        // Neither journal nor index nor fold: the history goes back to its last compaction.
        fs::remove_file(home.journal()).unwrap();
        home.forget_other();
        let mended = home.check(true);
        assert!(problems(&mended, Gravity::Error).contains("from the history"));
        assert!(home.open().snapshot().serial > 0);
        assert!(!home.check(false).is_damaged());
    }
}

/// As when a process is killed behind a compaction: the fold is of a generation that lies in the history, and behind its end.
#[test]
fn a_fold_that_the_history_goes_beyond_is_not_taken() {
    let home = Home::compacting().without_index();
    home.runs(0, 2);
    let early = fs::read(home.place().join("fold")).unwrap();
    home.runs(2, 30);
    fs::remove_file(home.journal()).unwrap();
    fs::write(home.place().join("fold"), early).unwrap();
    let mended = home.check(true);
    assert!(problems(&mended, Gravity::Error).contains("from the history"));
    assert!(home.open().snapshot().serial > 4);
}

/// Damage in an earlier generation takes nothing from the present state, nor from later versions.
#[test]
fn a_damaged_generation_is_mended_alone() {
    let home = Home::compacting();
    let state = home.runs(0, 40).pop().unwrap();
    let history = home.place().join("history");
    let path = history.join("00000001.journal");
    let mut bytes = fs::read(&path).unwrap();
    bytes[200..230].fill(0);
    fs::write(&path, &bytes).unwrap();
    assert!(home.store().history("default").is_err());
    assert!(
        home.check(true)
            .findings
            .iter()
            .all(|finding| finding.done.is_some() || finding.gravity < Gravity::Error)
    );
    assert_eq!(*home.open().snapshot(), state);
    assert!(home.store().history("default").unwrap().len() >= 39);
    assert!(!home.check(false).is_damaged());
}

#[test]
fn a_chain_that_does_not_fit_is_told() {
    let home = Home::compacting();
    home.runs(0, 60);
    let history = home.place().join("history");
    let count = fs::read_dir(&history).unwrap().count();
    assert!(count >= 3, "{count}");
    fs::remove_file(history.join("00000002.journal")).unwrap();
    let told = home.check(false);
    assert!(problems(&told, Gravity::Warning).contains("missing from the history"));
}

#[test]
fn what_is_wrong_in_the_records_is_told() {
    let home = Home::new();
    let mut workspace = home.open();
    let addr = instance("a", None);
    let ended = event(EventKind::Ended {
        op: 7,
        object: terrane_store::conformance::sample::current(&addr),
        provider: terrane_store::conformance::sample::provider("p"),
        state: None,
    });
    workspace.commit(vec![set(&addr, "{}"), ended]).unwrap();
    drop(workspace);
    let told = home.check(false);
    assert!(
        problems(&told, Gravity::Error).contains("operation 7 (t.a) ended, and was not under way")
            || problems(&told, Gravity::Error).contains("operation 7")
    );
}

#[test]
fn a_workspace_in_use_is_looked_at_but_not_mended() {
    let home = Home::new();
    home.runs(0, 2);
    let owner = home.open();
    let told = home.check(false);
    assert!(
        problems(&told, Gravity::Note).contains("in use by"),
        "{told:#?}"
    );
    assert!(matches!(
        home.store().check("default", true),
        Err(StoreError::InUse { .. })
    ));
    drop(owner);
    home.is_clean();
}

#[test]
fn a_damaged_format_file_and_open_doors_are_mended() {
    let home = Home::new();
    let state = home.runs(0, 2).pop().unwrap();
    let root = home.folder.path().join("terrane.state");
    fs::write(root.join("format"), b"?").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert!(home.check(false).is_damaged());
    assert!(!home.check(true).is_damaged());
    assert_eq!(*home.open().snapshot(), state);
    home.is_clean();
    fs::write(root.join("format"), br#"{"terrane.state":9}"#).unwrap();
    assert!(matches!(
        home.store().check("default", true),
        Err(StoreError::TooNew { found: 9, .. })
    ));
}

fn manifest() -> Manifest {
    Manifest {
        workspace: "default".to_owned(),
        at_ms: 1,
        who: "me".to_owned(),
        terrane: "0".to_owned(),
    }
}

/// Whichever record is lost, with an index, with a fold, with neither: what is mended stays mended, and so does a backup of it somewhere else.
#[test]
fn what_was_mended_is_sound() {
    for at in 0..6 {
        for (home, known) in [
            (Home::new(), true),
            (Home::new(), false),
            (Home::new().without_index(), true),
        ] {
            let addr = instance("a", None);
            home.runs(0, 1);
            let mut workspace = home.open();
            workspace
                .commit(vec![event(began(7, &addr, Operation::Create))])
                .unwrap();
            let ended = EventKind::Ended {
                op: 7,
                object: current(&addr),
                provider: provider("p"),
                state: Some(object("{}").into()),
            };
            workspace.commit(vec![event(ended)]).unwrap();
            drop(workspace);
            home.runs(1, 2);
            let offsets = home.offsets();
            assert_eq!(offsets.len(), 7);
            home.damage(offsets[at] + 30, offsets[at] + 40);
            let what = format!("record {at}, {} {known}", home.other());
            if !known {
                home.forget_other();
            }
            // What is at the end and nobody knows of may never have been acknowledged.
            assert_eq!(home.check(false).is_damaged(), at < 5 || known, "{what}");
            for _ in 0..2 {
                let mended = home.check(true);
                assert!(!mended.is_damaged(), "{what}: {mended:#?}");
            }
            let found = home.check(false);
            assert!(!found.is_damaged(), "{what}: {found:#?}");
            let mut file = Vec::new();
            backup::write(&home.store(), &manifest(), &Sealer::default(), &mut file).unwrap();
            let read = backup::read(&file, Path::new("b"), &Sealer::default()).unwrap();
            let other = Home::new();
            read.refill(&other.store(), "default").unwrap();
            let found = other.check(false);
            assert!(!found.is_damaged(), "{what}, backup: {found:#?}");
            assert_eq!(*other.open().snapshot(), *home.open().snapshot(), "{what}");
        }
    }
}

/// A backup holds all versions, and is made while the state is being written.
#[test]
fn a_backup_holds_everything_and_is_made_while_somebody_writes() {
    let home = Home::compacting();
    let states = home.runs(0, 30);
    let owner = home.open();
    let mut file = Vec::new();
    let written = backup::write(&home.store(), &manifest(), &Sealer::default(), &mut file).unwrap();
    assert_eq!(written.bytes, file.len() as u64);
    drop(owner);
    let read = backup::read(&file, Path::new("b"), &Sealer::default()).unwrap();
    assert_eq!(read.snapshot, states[29]);
    assert_eq!(read.versions, home.store().history("default").unwrap());
    // Into an empty store, with all versions.
    let other = Home::new();
    read.refill(&other.store(), "default").unwrap();
    for state in &states {
        assert_eq!(
            other.store().read_at("default", state.serial).unwrap(),
            *state
        );
    }
    assert_eq!(*other.open().snapshot(), states[29]);
    other.is_clean();
    assert!(matches!(
        read.refill(&other.store(), "default"),
        Err(StoreError::Refused(_))
    ));
}

/// Whatever byte of a backup is wrong or missing: it is refused.
#[test]
fn a_damaged_backup_is_refused() {
    let home = Home::new();
    home.runs(0, 2);
    let mut file = Vec::new();
    backup::write(&home.store(), &manifest(), &Sealer::default(), &mut file).unwrap();
    for at in 0..file.len() {
        let mut bytes = file.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(
            backup::read(&bytes, Path::new("b"), &Sealer::default()).is_err(),
            "byte {at}"
        );
        assert!(
            backup::read(&file[..at], Path::new("b"), &Sealer::default()).is_err(),
            "cut at {at}"
        );
    }
    let mut newer = file.clone();
    newer[8] = 2;
    let crc = crc32fast::hash(&newer[..28]);
    newer[28..32].copy_from_slice(&crc.to_le_bytes());
    assert!(matches!(
        backup::read(&newer, Path::new("b"), &Sealer::default()),
        Err(StoreError::TooNew {
            found: 2,
            known: 1,
            ..
        })
    ));
}

fn keep(keep: u64) -> Policy {
    Policy {
        keep: Some(keep),
        older_than_ms: None,
    }
}

/// Whatever is forgotten: what is kept is as it was, to the last serial.
#[test]
fn versions_that_are_kept_stay_as_they_were() {
    for left in [39, 25, 10, 3, 1] {
        for home in [Home::new(), Home::compacting()] {
            let states = home.runs(0, 40);
            let store = home.store();
            let before = store.history("default").unwrap();
            let bytes = |home: &Home| -> u64 {
                let parts = fs::read_dir(home.place().join("history"));
                let parts = parts
                    .into_iter()
                    .flatten()
                    .map(|entry| entry.unwrap().path());
                parts
                    .chain([home.journal()])
                    .map(|path| fs::metadata(path).unwrap().len())
                    .sum()
            };
            let size = bytes(&home);
            let dry = store.prune("default", &keep(left), 0, true).unwrap();
            assert_eq!(store.history("default").unwrap(), before);
            assert_eq!(bytes(&home), size);
            let done = store.prune("default", &keep(left), 0, false).unwrap();
            assert_eq!(done, dry);
            assert_eq!(done.versions as u64, 40 - left);
            assert_eq!(bytes(&home), size - done.bytes);
            let after = store.history("default").unwrap();
            assert_eq!(
                after,
                before[before.len() - usize::try_from(left).unwrap()..]
            );
            for (version, state) in before.iter().zip(&states) {
                let read = store.read_at("default", version.last_serial);
                match version.last_serial >= done.oldest {
                    true => assert_eq!(read.unwrap(), *state),
                    false if version.last_serial + 1 == done.oldest => {}
                    false => assert!(read.is_err(), "serial {}", version.last_serial),
                }
            }
            home.is_clean();
            assert_eq!(*home.open().snapshot(), states[39]);
            home.is_clean();
            // And it goes on.
            home.runs(40, 50);
            assert_eq!(store.history("default").unwrap().len() as u64, left + 10);
            home.is_clean();
        }
    }
}

#[test]
fn age_and_number_are_held_against_each_version() {
    let home = Home::new();
    home.runs(0, 10);
    let policy = Policy {
        keep: Some(3),
        older_than_ms: Some(5_000),
    };
    let done = home
        .store()
        .prune("default", &policy, 10_000, false)
        .unwrap();
    assert_eq!((done.versions, done.left), (5, 5));
}

/// The policy that is saved is followed by compaction.
#[test]
fn compaction_keeps_what_the_policy_says() {
    let home = Home::compacting();
    home.store().set_policy("default", Some(&keep(4))).unwrap();
    assert_eq!(home.store().policy("default").unwrap(), Some(keep(4)));
    let state = home.runs(0, 80).pop().unwrap();
    let left = home.store().history("default").unwrap().len();
    assert!((4..30).contains(&left), "{left}");
    assert_eq!(*home.open().snapshot(), state);
    home.is_clean();
    home.store().set_policy("default", None).unwrap();
    assert_eq!(home.store().policy("default").unwrap(), None);
}

#[test]
fn a_workspace_in_use_is_not_pruned() {
    let home = Home::new();
    home.runs(0, 3);
    let owner = home.open();
    assert!(matches!(
        home.store().prune("default", &keep(1), 0, false),
        Err(StoreError::InUse { .. })
    ));
    drop(owner);
}

/// A backup as version 1 wrote it, with its audit log. One for each version that was ever released.
#[test]
fn the_sample_backup_of_each_version_still_reads() {
    let sample = include_bytes!("../testdata/backup-v1.backup");
    let read = backup::read(sample, Path::new("b"), &Sealer::default()).unwrap();
    assert_eq!(read.manifest.who, "ana@build");
    assert_eq!((read.snapshot.serial, read.versions.len()), (6, 1));
    assert_eq!(read.snapshot.instance_count(), 2);
    let home = Home::new();
    read.refill(&home.store(), "default").unwrap();
    assert_eq!(*home.store().read("default").unwrap(), read.snapshot);
    let log = read.audit.unwrap();
    let put = log.put(&home.store(), "default").unwrap();
    assert!(matches!(put, terrane_store::audit::Carried::Taken(_)));
    home.is_clean();
}
