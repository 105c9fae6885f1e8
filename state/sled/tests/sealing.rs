//! The embedded store with encryption: switched on and off, its key changed, and nothing readable left behind.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use terrane_encryption::{Block, Encryption, Settings, Surroundings, Target};
use terrane_model::addr::InstanceKey;
use terrane_model::snapshot::Snapshot;
use terrane_store::backup::{self, Manifest};
use terrane_store::conformance::sample::{instance, set};
use terrane_store::pieces::Sealer;
use terrane_store::seal::{Plain, Seal};
use terrane_store::{StateStore as _, Workspace};
use terrane_store_sled::SledStore;
use terrane_value::Value;

/// In values and addresses; looked for in every file.
const CANARY: &str = "canary7Kq";

struct Home(TempDir);

/// A door: these passphrases, the first one to seal with; an empty one stands for no encryption.
fn door(passphrases: &[&str]) -> Arc<dyn Seal> {
    let mut settings = Settings::default();
    let mut methods = Vec::new();
    for (at, passphrase) in passphrases.iter().enumerate() {
        let name = format!("n{at}{passphrase}").replace(' ', "");
        let block = |kind: &str, arguments: BTreeMap<String, Value>, keys| Block {
            kind: kind.to_owned(),
            name: name.clone(),
            arguments,
            keys,
        };
        if passphrase.is_empty() {
            settings
                .methods
                .push(block("unencrypted", BTreeMap::new(), None));
        } else {
            let mut provider = block(
                "pbkdf2",
                BTreeMap::from([
                    ("passphrase".to_owned(), Value::string(*passphrase)),
                    ("iterations".to_owned(), Value::number(200_000_u64)),
                ]),
                None,
            );
            // The name must be the same whatever the place in the list.
            provider.name = passphrase.replace(' ', "_");
            settings.key_providers.push(provider);
            let keys = settings.key_providers.len() - 1;
            settings
                .methods
                .push(block("aes_gcm", BTreeMap::new(), Some(keys)));
        }
        methods.push(at);
    }
    settings.state = Some(Target {
        methods,
        enforced: false,
    });
    Encryption::build(&settings, &Surroundings::default())
        .unwrap()
        .state()
        .clone()
}

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self, door: &Arc<dyn Seal>) -> SledStore {
        let settings = terrane_store_sled::Settings {
            compact_at: 4_000,
            compact_ratio: 2,
            fold_from: 0,
            ..terrane_store_sled::Settings::default()
        };
        SledStore::with_settings(self.0.path(), settings).sealed(Arc::clone(door))
    }

    fn open(&self, door: &Arc<dyn Seal>) -> Box<dyn Workspace> {
        self.store(door).open("default").unwrap()
    }

    fn write(&self, door: &Arc<dyn Seal>, from: u64, to: u64) -> Arc<Snapshot> {
        let mut workspace = self.open(door);
        for at in from..to {
            let addr = instance(
                "a",
                Some(InstanceKey::Str(format!("{CANARY}{}", at % 3).into())),
            );
            let attributes = format!(r#"{{"v":"{CANARY} {at}"}}"#);
            workspace.commit(vec![set(&addr, &attributes)]).unwrap();
        }
        workspace.snapshot()
    }

    /// Files in which the canary can be read.
    fn readable(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        look(self.0.path(), &mut found);
        found
    }
}

fn look(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look(&path, found);
        } else {
            let bytes = fs::read(&path).unwrap();
            if bytes
                .windows(CANARY.len())
                .any(|window| window == CANARY.as_bytes())
            {
                found.push(path);
            }
        }
    }
}

#[test]
fn a_new_store_is_encrypted_from_its_first_byte() {
    let home = Home::new();
    let key = door(&["the first passphrase"]);
    let state = home.write(&key, 0, 60);
    assert!(home.readable().is_empty(), "{:?}", home.readable());
    assert!(home.0.path().join("workspaces/default/history").exists());
    // From the index, from the journal alone, and read without owning it.
    assert_eq!(home.open(&key).snapshot(), state);
    fs::remove_dir_all(home.0.path().join("workspaces/default/index")).unwrap();
    assert_eq!(home.open(&key).snapshot(), state);
    assert_eq!(home.store(&key).read("default").unwrap(), state);
    assert_eq!(
        home.store(&key).read_at("default", state.serial).unwrap(),
        *state
    );
    assert!(!home.store(&key).history("default").unwrap().is_empty());
}

#[test]
fn without_the_key_nothing_is_read_and_nothing_lost() {
    let home = Home::new();
    let key = door(&["the first passphrase"]);
    let state = home.write(&key, 0, 5);
    let plain: Arc<dyn Seal> = Arc::new(Plain);
    for wrong in [plain, door(&["another passphrase"]), door(&[""])] {
        let error = home.store(&wrong).open("default").unwrap_err().to_string();
        assert!(
            error.contains("encrypted") || error.contains("opened"),
            "{error}"
        );
        assert!(home.store(&wrong).read("default").is_err());
    }
    assert_eq!(home.open(&key).snapshot(), state);
}

#[test]
fn what_was_not_encrypted_is_read_only_where_that_is_allowed() {
    let home = Home::new();
    let plain = door(&[""]);
    let state = home.write(&plain, 0, 60);
    assert!(!home.readable().is_empty());
    let strict = door(&["the first passphrase"]);
    let error = home.store(&strict).open("default").unwrap_err().to_string();
    assert!(error.contains("unencrypted"), "{error}");
    // Reading changes nothing; opening for writing encrypts everything, the history too.
    let on = door(&["the first passphrase", ""]);
    let versions = home.store(&on).history("default").unwrap();
    assert_eq!(home.store(&on).read("default").unwrap(), state);
    assert!(!home.readable().is_empty());
    assert_eq!(home.open(&on).snapshot(), state);
    assert!(home.readable().is_empty(), "{:?}", home.readable());
    assert_eq!(home.store(&strict).history("default").unwrap(), versions);
    let later = home.write(&strict, 60, 61);
    assert_eq!(home.store(&strict).read("default").unwrap(), later);
}

#[test]
fn after_a_change_of_keys_the_old_one_is_not_needed_any_more() {
    let home = Home::new();
    let old = door(&["the first passphrase"]);
    let state = home.write(&old, 0, 60);
    let versions = home.store(&old).history("default").unwrap();
    let between = door(&["the second passphrase", "the first passphrase"]);
    assert_eq!(home.open(&between).snapshot(), state);
    let new = door(&["the second passphrase"]);
    assert_eq!(home.store(&new).history("default").unwrap(), versions);
    assert_eq!(home.open(&new).snapshot(), state);
    assert!(home.store(&old).read("default").is_err());
}

#[test]
fn encryption_is_switched_off_again() {
    let home = Home::new();
    let state = home.write(&door(&["the first passphrase"]), 0, 60);
    let off = door(&["", "the first passphrase"]);
    assert_eq!(home.open(&off).snapshot(), state);
    let plain: Arc<dyn Seal> = Arc::new(Plain);
    assert_eq!(home.store(&plain).read("default").unwrap(), state);
    assert!(!home.store(&plain).history("default").unwrap().is_empty());
}

/// One has the workspace open while another one writes everything anew.
#[test]
fn writers_side_by_side_go_over_to_the_new_journal() {
    let home = Home::new();
    let old = door(&["the first passphrase", "the second passphrase"]);
    home.write(&old, 0, 3);
    let mut writer = home.open(&old);
    let read = home.store(&old).read("default").unwrap();
    assert_eq!(writer.snapshot(), read);
    writer
        .commit(vec![set(&instance("b", None), r#"{"v":1}"#)])
        .unwrap();
    drop(writer);
    let new = door(&["the second passphrase", "the first passphrase"]);
    let state = home.open(&new).snapshot();
    assert!(state.instance(&instance("b", None)).is_some());
}

fn manifest() -> Manifest {
    Manifest {
        workspace: "default".to_owned(),
        at_ms: 1,
        who: "me".to_owned(),
        terrane: "0".to_owned(),
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
fn backups_are_sealed_too() {
    let home = Home::new();
    let on = door(&["the first passphrase", ""]);
    let plain = door(&[""]);
    let state = home.write(&plain, 0, 20);
    // The store is in the clear still; what is made of it now is not.
    let mut file = Vec::new();
    backup::write(
        &home.store(&on),
        &manifest(),
        &Sealer::new(on.clone()),
        &mut file,
    )
    .unwrap();
    assert!(
        !file
            .windows(CANARY.len())
            .any(|window| window == CANARY.as_bytes())
    );
    let key = door(&["the first passphrase"]);
    let read = backup::read(&file, Path::new("b"), &Sealer::new(key.clone())).unwrap();
    assert_eq!(read.snapshot, *state);
    assert!(backup::read(&file, Path::new("b"), &Sealer::default()).is_err());
    let other = Home::new();
    let store = other.store(&key);
    read.refill(
        terrane_store::StateStore::maintain(&store).unwrap(),
        "default",
    )
    .unwrap();
    assert_eq!(other.open(&key).snapshot(), state);
    assert!(other.readable().is_empty(), "{:?}", other.readable());
}

const SAMPLE_PASSPHRASE: &str = "the passphrase of samples";

/// One for each version that was ever released.
const SAMPLES: &[&str] = &["sealed-v1"];

/// Files that were encrypted by each version: the journal that is written, one that was compacted, and a backup. A sample of the present version is made with
/// `TERRANE_SAMPLE=sealed-v<n> cargo test -p terrane-store-sled --test sealing`.
#[test]
fn the_sealed_sample_of_each_version_still_reads() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let key = door(&[SAMPLE_PASSPHRASE]);
    if let Ok(sample) = std::env::var("TERRANE_SAMPLE") {
        let home = Home::new();
        home.write(&key, 0, 30);
        let mut file = Vec::new();
        backup::write(
            &home.store(&key),
            &manifest(),
            &Sealer::new(key.clone()),
            &mut file,
        )
        .unwrap();
        fs::write(testdata.join(format!("{sample}.backup")), file).unwrap();
        for gone in ["index", "lock", "leases", "index.lock", "holders"] {
            let path = home.0.path().join("workspaces/default").join(gone);
            drop(fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path)));
        }
        copy(home.0.path(), &testdata.join(sample));
    }
    for sample in SAMPLES {
        let home = Home::new();
        copy(&testdata.join(sample), home.0.path());
        assert!(home.0.path().join("workspaces/default/history").exists());
        assert!(home.readable().is_empty(), "{:?}", home.readable());
        let state = home.store(&key).read("default").unwrap();
        assert_eq!((state.serial, state.instance_count()), (30, 3));
        assert_eq!(home.open(&key).snapshot(), state);
        let first = home.store(&key).read_at("default", 1).unwrap();
        assert_eq!(first.instance_count(), 1);
        let file = fs::read(testdata.join(format!("{sample}.backup"))).unwrap();
        let saved = backup::read(&file, Path::new("b"), &Sealer::new(key.clone())).unwrap();
        assert_eq!(saved.snapshot, *state);
        assert!(
            home.store(&door(&["another passphrase"]))
                .read("default")
                .is_err()
        );
    }
}
