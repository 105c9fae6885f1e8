//! Checking and mending, backup, forgetting: what states in one file go through beside being written.

use crate::common;
use crate::common::Setting;
use crate::moto::Moto;
use crate::server::Server;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use terrane_model::event::EventKind;
use terrane_model::snapshot::Snapshot;
use terrane_store::backup::{self, Manifest};
use terrane_store::conformance::sample::{event, instance, set};
use terrane_store::maintain::{Checkup, Gravity, Policy};
use terrane_store::pieces::Sealer;
use terrane_store::seal::{Identity, Plain, Seal};
use terrane_store::statefile::{self, WriteOptions};
use terrane_store::{StateStore, StoreError};
use terrane_value::Value;

/// A state somewhere, and its desk.
struct Home {
    setting: Setting,
    kind: &'static str,
    arguments: Vec<(&'static str, Value)>,
    server: Option<Server>,
    moto: Option<Moto>,
}

impl Home {
    fn local() -> Self {
        let setting = Setting::new();
        let folder = setting.folder.path();
        let path = |name: &str| Value::string(folder.join(name).to_str().unwrap());
        let arguments = vec![("path", path("s.tfstate")), ("workspace_dir", path("w"))];
        Self {
            setting,
            kind: "local",
            arguments,
            server: None,
            moto: None,
        }
    }

    fn http() -> Self {
        let server = Server::start(None);
        let address = Value::string(format!("{}/state", server.address));
        Self {
            setting: Setting::new(),
            kind: "http",
            arguments: vec![
                ("address", address.clone()),
                ("lock_address", address.clone()),
                ("unlock_address", address),
            ],
            server: Some(server),
            moto: None,
        }
    }

    fn s3() -> Option<Self> {
        let moto = Moto::start()?;
        let text = |text: &str| Value::string(text);
        let endpoint = text(&moto.endpoint());
        let endpoints = ["dynamodb", "iam", "s3", "sso", "sts"];
        Some(Self {
            setting: Setting::new(),
            kind: "s3",
            arguments: vec![
                ("bucket", text(&moto.bucket)),
                ("key", text("net/s.tfstate")),
                ("region", text("us-east-1")),
                ("access_key", text("id")),
                ("secret_key", text("secret")),
                ("use_path_style", Value::bool(true)),
                ("use_lockfile", Value::bool(true)),
                (
                    "endpoints",
                    Value::object(endpoints.map(|name| (name, endpoint.clone()))),
                ),
            ],
            server: None,
            moto: Some(moto),
        })
    }

    fn on(&self, machine: &Setting) -> Arc<dyn StateStore> {
        let arguments = self.arguments.iter();
        let config = common::config(
            self.kind,
            arguments.map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        terrane_store_remote::open(
            self.kind,
            &config,
            &machine.surroundings(),
            Arc::clone(&machine.seal),
        )
        .unwrap()
    }

    fn store(&self) -> Arc<dyn StateStore> {
        self.on(&self.setting)
    }

    fn desk(&self) -> PathBuf {
        let folder = self.setting.folder.path();
        if self.kind == "local" {
            return folder.join(".s.tfstate.terrane");
        }
        let state = folder.join(".terrane/state");
        let desk = fs::read_dir(state).unwrap().next().unwrap().unwrap();
        desk.path().join("default")
    }

    fn file(&self) -> PathBuf {
        self.setting.folder.path().join("s.tfstate")
    }

    /// Runs from..to, each with two commits; gives the state after each run.
    fn runs(&self, from: u64, to: u64) -> Vec<Snapshot> {
        (from..to)
            .map(|run| {
                let mut workspace = self.store().open("default").unwrap();
                let mut begin = event(EventKind::Run {
                    run: format!("run-{run}").into(),
                    plan: "digest".into(),
                    command: "apply".into(),
                    who: "me".into(),
                });
                begin.at_ms = run * 1000;
                let text = |half: u32| format!(r#"{{"run":{run},"half":{half}}}"#);
                let addr = instance("a", None);
                workspace.commit(vec![begin, set(&addr, &text(1))]).unwrap();
                workspace.commit(vec![set(&addr, &text(2))]).unwrap();
                let state = (*workspace.snapshot()).clone();
                workspace.close().unwrap();
                state
            })
            .collect()
    }

    fn check(&self, repair: bool) -> Checkup {
        let store = self.store();
        store.maintain().unwrap().check("default", repair).unwrap()
    }

    fn is_clean(&self) {
        let found = self.check(false);
        let bad: Vec<_> = found
            .findings
            .iter()
            .filter(|finding| finding.gravity > Gravity::Note)
            .collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }

    /// Finds this, mends it, and is sound afterwards with this state.
    fn mends(&self, problem: &str, state: &Snapshot) {
        let found = self.check(false);
        assert!(found.is_damaged(), "{found:#?}");
        let said = format!("{found:?}");
        assert!(said.contains(problem), "{said}");
        let found = self.check(true);
        assert!(!found.is_damaged(), "{found:#?}");
        self.is_clean();
        assert_eq!(*self.store().read("default").unwrap(), *state);
        let workspace = self.store().open("default").unwrap();
        assert_eq!(*workspace.snapshot(), *state);
        workspace.close().unwrap();
        self.is_clean();
    }
}

fn backup_of(store: &dyn StateStore) -> Vec<u8> {
    let manifest = Manifest {
        workspace: "default".to_owned(),
        at_ms: 1,
        who: "me".to_owned(),
        terrane: "0".to_owned(),
    };
    let mut bytes = Vec::new();
    backup::write(store, &manifest, &Sealer::default(), &mut bytes).unwrap();
    bytes
}

fn homes() -> Vec<Home> {
    let mut homes = vec![Home::local(), Home::http()];
    homes.extend(Home::s3());
    homes
}

/// Everything that was recorded here goes into a backup, and all of it becomes the state and the history of another place.
#[test]
fn a_backup_has_all_versions_and_becomes_a_state_elsewhere() {
    for home in homes() {
        let states = home.runs(0, 5);
        home.is_clean();
        let found = home.check(false);
        assert_eq!((found.records, found.versions), (10, 5));
        let bytes = backup_of(&*home.store());
        let backup = backup::read(&bytes, Path::new("b"), &Sealer::default()).unwrap();
        assert_eq!(backup.snapshot, *states.last().unwrap());
        assert_eq!(backup.versions.len(), 5);
        for other in homes() {
            let store = other.store();
            let maintain = store.maintain().unwrap();
            backup.refill(maintain, "default").unwrap();
            assert_eq!(*store.read("default").unwrap(), backup.snapshot);
            assert_eq!(store.history("default").unwrap(), backup.versions);
            assert_eq!(
                store.read_at("default", states[2].serial).unwrap(),
                states[2]
            );
            other.is_clean();
            assert_eq!(other.setting.said(), "");
            // It goes on from there, and on another machine too.
            other.runs(5, 6);
            other.is_clean();
            let machine = Setting::new();
            let there = other.on(&machine).read("default").unwrap();
            assert_eq!(
                there.resources,
                other.store().read("default").unwrap().resources
            );
            let again = backup.refill(maintain, "default").expect_err("taken");
            assert!(
                again.to_string().contains("holds a state already"),
                "{again}"
            );
        }
    }
}

/// What is not recorded here is in a backup as far as it is known: the present state.
#[test]
fn elsewhere_there_is_the_present_state_only() {
    for home in homes() {
        let states = home.runs(0, 2);
        if home.kind == "local" {
            fs::remove_dir_all(home.desk()).unwrap();
        }
        let machine = Setting::new();
        let store = home.on(&machine);
        let bytes = backup_of(&*store);
        let backup = backup::read(&bytes, Path::new("b"), &Sealer::default()).unwrap();
        assert_eq!(backup.snapshot.resources.len(), states[1].resources.len());
        assert_eq!(backup.snapshot.serial, states[1].serial);
        assert_eq!(backup.versions, []);
        let maintain = store.maintain().unwrap();
        let policy = Policy {
            keep: Some(1),
            older_than_ms: None,
        };
        let error = maintain
            .prune("default", &policy, 9, true)
            .expect_err("no history");
        assert!(
            error.to_string().contains("keeps the present state only"),
            "{error}"
        );
        let found = maintain.check("default", false).unwrap();
        assert!(!found.is_damaged());
        assert_eq!(found.instances, 1);
        assert!(
            format!("{found:?}").contains("no history here"),
            "{found:?}"
        );
    }
}

/// What a peer wrote in between is one more version.
#[test]
fn what_a_peer_wrote_is_in_the_backup() {
    let home = Home::local();
    home.runs(0, 2);
    let mut state = statefile::read("s", &fs::read(home.file()).unwrap())
        .unwrap()
        .snapshot;
    state.commit(&[set(&instance("peer", None), "{}")]);
    fs::write(
        home.file(),
        statefile::write(&state, &WriteOptions::default()).unwrap(),
    )
    .unwrap();
    let bytes = backup_of(&*home.store());
    let backup = backup::read(&bytes, Path::new("b"), &Sealer::default()).unwrap();
    assert!(backup.snapshot.instance(&instance("peer", None)).is_some());
    assert_eq!(backup.versions.len(), 2, "no run is known of it");
    assert!(!home.check(false).is_damaged());
}

#[test]
fn versions_are_forgotten() {
    for home in homes() {
        let states = home.runs(0, 6);
        let store = home.store();
        let maintain = store.maintain().unwrap();
        let policy = Policy {
            keep: Some(2),
            older_than_ms: None,
        };
        let would = maintain.prune("default", &policy, 0, true).unwrap();
        assert_eq!((would.versions, would.left), (4, 2));
        assert_eq!(store.history("default").unwrap().len(), 6);
        let done = maintain.prune("default", &policy, 0, false).unwrap();
        assert_eq!((done.versions, done.left), (4, 2));
        assert_eq!(store.history("default").unwrap().len(), 2);
        assert_eq!(*store.read("default").unwrap(), states[5]);
        assert_eq!(
            store.read_at("default", states[4].serial).unwrap(),
            states[4]
        );
        assert!(store.read_at("default", states[1].serial).is_err());
        home.is_clean();
        home.runs(6, 7);
        home.is_clean();
        assert!(maintain.prune("none", &policy, 0, false).is_err());
        assert_eq!(store.workspaces().unwrap(), ["default"]);
        assert_eq!(maintain.policy("default").unwrap(), None);
        maintain.set_policy("default", Some(&policy)).unwrap();
        assert_eq!(maintain.policy("default").unwrap(), Some(policy));
        assert_eq!(home.setting.said(), "");
    }
}

#[test]
fn a_bit_that_went_wrong_is_turned_over() {
    for home in homes() {
        let states = home.runs(0, 3);
        let journal = home.desk().join("journal");
        let mut bytes = fs::read(&journal).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 4;
        fs::write(&journal, bytes).unwrap();
        home.mends("a bit is wrong", states.last().unwrap());
    }
}

/// A record that is lost is no loss of the state: the file has it.
#[test]
fn what_a_damaged_journal_lost_comes_from_the_file() {
    for lost in [1, 3, 5] {
        for home in homes() {
            let states = home.runs(0, 3);
            let journal = home.desk().join("journal");
            let mut bytes = fs::read(&journal).unwrap();
            let found = terrane_store::journal::survey(&bytes, &journal).unwrap();
            let at = usize::try_from(found.records[lost].offset).unwrap();
            bytes[at + 20..at + 40].fill(b'?');
            fs::write(&journal, bytes).unwrap();
            let last = states.last().unwrap();
            let found = home.check(false);
            if lost == 5 {
                // The last record: as a write that was cut off, which the file goes beyond.
                let found = home.check(true);
                assert!(!found.is_damaged(), "{found:#?}");
                home.is_clean();
            } else {
                assert!(found.is_damaged());
                let found = home.check(true);
                assert!(!found.is_damaged(), "{found:#?}");
            }
            let workspace = home.store().open("default").unwrap();
            let now = workspace.snapshot();
            assert_eq!(
                now.instance(&instance("a", None)).unwrap().current,
                last.instance(&instance("a", None)).unwrap().current
            );
            workspace.close().unwrap();
            home.runs(3, 4);
            let found = home.check(false);
            assert!(!found.is_damaged(), "{found:#?}");
        }
    }
}

#[test]
fn a_file_that_is_damaged_or_gone_comes_from_the_journal() {
    let home = Home::local();
    let states = home.runs(0, 3);
    let whole = fs::read(home.file()).unwrap();
    let half = whole.get(..whole.len() / 2).unwrap();
    fs::write(home.file(), half).unwrap();
    home.mends("can't be read", &states[2]);
    assert_eq!(fs::read(home.file()).unwrap(), whole);
    assert_eq!(fs::read(home.desk().join("damaged/state.0")).unwrap(), half);
    fs::remove_file(home.file()).unwrap();
    home.mends("the state file is missing", &states[2]);
    assert_eq!(fs::read(home.file()).unwrap(), whole);
    let home = Home::http();
    let states = home.runs(0, 3);
    let server = home.server.as_ref().unwrap();
    server.with(|inner| inner.state = Some(b"{\"version\":4".to_vec()));
    home.mends("can't be read", &states[2]);
}

/// CRC-32 as in zlib.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}

/// Whoever wrote it can read it: it is refused, and neither repaired nor replaced.
#[test]
fn what_a_later_version_wrote_is_refused_and_left_alone() {
    let text = |from: &'static str, to: &'static str| {
        move |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains(from), "{text}");
            text.replacen(from, to, 1).into_bytes()
        }
    };
    let header = |mut bytes: Vec<u8>| {
        bytes[8] = 2;
        let crc = crc32(&bytes[..28]);
        bytes[28..32].copy_from_slice(&crc.to_le_bytes());
        bytes
    };
    type Change<'a> = &'a dyn Fn(Vec<u8>) -> Vec<u8>;
    let state = text("\"version\": 4", "\"version\": 5");
    let mark = |_| br#"{"v":2,"more":[]}"#.to_vec();
    let changes: [(&str, Change<'_>); 3] = [
        ("s.tfstate", &state),
        (".s.tfstate.terrane/mark", &mark),
        (".s.tfstate.terrane/journal", &header),
    ];
    for (name, change) in changes {
        let home = Home::local();
        home.runs(0, 3);
        let path = home.setting.folder.path().join(name);
        let later = change(fs::read(&path).unwrap());
        fs::write(&path, &later).unwrap();
        let store = home.store();
        let upkeep = store.maintain().unwrap();
        for result in [
            store.read("default").map(drop),
            store.open("default").map(drop),
            upkeep.check("default", false).map(drop),
            upkeep.check("default", true).map(drop),
        ] {
            let refused = matches!(result, Err(StoreError::TooNew { .. }));
            assert!(refused, "{name}: {result:?}");
        }
        assert_eq!(fs::read(&path).unwrap(), later, "{name}");
        assert!(!home.desk().join("damaged").exists(), "{name}");
    }
}

/// The same of what was shipped.
#[test]
fn what_a_later_version_shipped_is_refused_and_left_alone() {
    let Some(home) = Home::s3() else { return };
    home.runs(0, 1);
    let moto = home.moto.as_ref().unwrap();
    let later = r#"{"terrane.journal":2,"more":[]}"#;
    let key = "net/s.tfstate.terrane-journal";
    moto.put_object(key, later);
    let elsewhere = Setting::new();
    for store in [home.store(), home.on(&elsewhere)] {
        for result in [
            store.read("default").map(drop),
            store.open("default").map(drop),
            store.maintain().unwrap().check("default", true).map(drop),
        ] {
            let refused = matches!(result, Err(StoreError::TooNew { found: 2, .. }));
            assert!(refused, "{result:?}");
        }
    }
    assert_eq!(moto.object(key).unwrap(), later.as_bytes());
}

#[test]
fn a_mark_that_is_damaged_or_gone_is_found_again() {
    for home in homes() {
        let states = home.runs(0, 3);
        let mark = home.desk().join("mark");
        fs::write(&mark, "{\"v\":1,").unwrap();
        home.mends("which point of the journal", &states[2]);
        fs::remove_file(&mark).unwrap();
        home.mends("which point of the journal", &states[2]);
    }
}

/// A journal that is gone altogether: the history says how far it goes, and the file has the state.
#[test]
fn a_journal_that_is_gone_comes_from_the_file() {
    let home = Home::local();
    let states = home.runs(0, 3);
    let history = home.desk().join("history");
    fs::create_dir(&history).unwrap();
    fs::rename(
        home.desk().join("journal"),
        history.join("00000001.journal"),
    )
    .unwrap();
    let found = home.check(false);
    assert!(format!("{found:?}").contains("the journal is missing"));
    let found = home.check(true);
    assert!(!found.is_damaged(), "{found:#?}");
    home.is_clean();
    let workspace = home.store().open("default").unwrap();
    assert_eq!(workspace.snapshot().resources, states[2].resources);
    workspace.close().unwrap();
    assert_eq!(home.store().history("default").unwrap().len(), 3);
}

/// A run that goes on is no finding, and is not disturbed.
#[test]
fn beside_a_run() {
    for home in homes() {
        home.runs(0, 1);
        let store = home.store();
        let mut workspace = store.open("default").unwrap();
        workspace
            .commit(vec![set(&instance("b", None), "{}")])
            .unwrap();
        let found = home.check(false);
        assert!(!found.is_damaged(), "{found:#?}");
        assert!(format!("{found:?}").contains("in use by"), "{found:#?}");
        let maintain = store.maintain().unwrap();
        let error = maintain.check("default", true).expect_err("in use");
        assert!(error.to_string().contains("in use by"), "{error}");
        let backup = backup_of(&*store);
        let backup = backup::read(&backup, Path::new("b"), &Sealer::default()).unwrap();
        assert_eq!(backup.snapshot, *workspace.snapshot());
        workspace.close().unwrap();
    }
}

/// No encryption, that takes as long as the test wants to open what is read under a lock of this kind.
struct Slow {
    moto: Moto,
    /// The operation that the lock names.
    operation: &'static str,
    /// Whether it was reached, and whether it may go on.
    reached: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl std::fmt::Debug for Slow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Slow")
    }
}

impl Seal for Slow {
    fn seal(&self, plain: &[u8], identity: Option<Identity<'_>>) -> Result<Vec<u8>, StoreError> {
        Plain.seal(plain, identity)
    }

    fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        Plain.unseal(stored)
    }

    fn encrypts(&self) -> bool {
        false
    }

    fn opens_plain(&self) -> bool {
        let lock = self.moto.object("net/s.tfstate.tflock").unwrap_or_default();
        if String::from_utf8(lock).unwrap().contains(self.operation) {
            let mut reached = self.reached.lock().unwrap();
            reached.0 = true;
            self.changed.notify_all();
            drop(
                self.changed
                    .wait_while(reached, |reached| !reached.1)
                    .unwrap(),
            );
        }
        true
    }
}

/// What is done under a lock that expires renews it, so that it stays theirs however long it takes.
#[test]
fn upkeep_that_takes_long_keeps_its_lock() {
    const EXPIRY: u64 = 3;
    let Some(mut home) = Home::s3() else { return };
    let moto = home.moto.as_ref().unwrap();
    let (port, bucket) = (moto.port, moto.bucket.clone());
    let expiry = || {
        let seconds = EXPIRY.to_string();
        [(String::from("TERRANE_S3_LOCK_EXPIRY"), seconds)]
    };
    home.setting.env.extend(expiry());
    home.runs(1, 5);
    let mut there = Setting::new();
    there.env.extend(expiry());
    for operation in ["fsck", "prune"] {
        let slow = Arc::new(Slow {
            moto: Moto::at(port, &bucket),
            operation,
            reached: Mutex::default(),
            changed: Condvar::new(),
        });
        home.setting.seal = Arc::clone(&slow) as Arc<dyn Seal>;
        let store = home.store();
        std::thread::scope(|scope| {
            let work = scope.spawn(move || {
                let maintain = store.maintain().unwrap();
                if operation == "fsck" {
                    let checkup = maintain.check("default", true).unwrap();
                    assert!(!checkup.is_damaged(), "{checkup:?}");
                } else {
                    let policy = Policy {
                        keep: Some(1),
                        ..Policy::default()
                    };
                    let pruned = maintain.prune("default", &policy, 1 << 40, false).unwrap();
                    assert!(pruned.versions > 0, "{pruned:?}");
                }
            });
            let reached = slow.reached.lock().unwrap();
            drop(
                slow.changed
                    .wait_while(reached, |reached| !reached.0)
                    .unwrap(),
            );
            let began = std::time::Instant::now();
            let mut stolen = None;
            while stolen.is_none() && began.elapsed().as_secs() < EXPIRY + 2 {
                stolen = match home.on(&there).open("default") {
                    Err(StoreError::InUse { holder, .. }) if holder.contains(operation) => None,
                    other => Some(format!("{other:?}")),
                };
            }
            // Before anything fails: else it would wait for ever.
            slow.reached.lock().unwrap().1 = true;
            slow.changed.notify_all();
            assert!(stolen.is_none(), "{operation} has it, yet {stolen:?}");
            work.join().unwrap();
        });
        home.on(&there).open("default").unwrap().close().unwrap();
    }
}
