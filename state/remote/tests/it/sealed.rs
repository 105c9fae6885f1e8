//! With encryption nothing readable leaves the process: neither in the state, nor in journals, nor in what is kept aside.

use crate::common;
use crate::common::Setting;
use crate::server::{Instead, Server};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::path::Path;
use std::sync::Arc;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::conformance::{Harness, check};
use terrane_store::seal::{Cipher, DataKey, Identity, Plain, Seal};
use terrane_store::{StateStore, StoreError};

/// Turns bits over. Good enough to see what passes it by.
#[derive(Debug)]
struct Turned {
    /// Whether it has keys for pieces.
    keys: bool,
}

#[derive(Debug)]
struct Key;

impl Cipher for Key {
    fn encrypt(&self, plain: &[u8], _context: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(plain.iter().map(|byte| byte ^ 0xC3).collect())
    }
    fn decrypt(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.encrypt(sealed, context)
    }
    fn name(&self, _plain: &[u8]) -> [u8; 32] {
        [0; 32]
    }
}

impl Seal for Turned {
    fn seal(&self, plain: &[u8], identity: Option<Identity<'_>>) -> Result<Vec<u8>, StoreError> {
        let data: Vec<u8> = plain.iter().map(|byte| byte ^ 0xA5).collect();
        let beside = identity.map_or_else(String::new, |identity| {
            format!(
                r#""serial":{},"lineage":"{}","#,
                identity.serial, identity.lineage
            )
        });
        let text = BASE64.encode(data);
        Ok(format!(r#"{{{beside}"encryption_version":"v0","encrypted_data":"{text}"}}"#).into())
    }

    fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if !terrane_store::seal::is_sealed(&stored) {
            return Ok(stored);
        }
        let value: serde_json::Value = serde_json::from_slice(&stored).unwrap();
        let data = BASE64
            .decode(value["encrypted_data"].as_str().unwrap())
            .unwrap();
        Ok(data.into_iter().map(|byte| byte ^ 0xA5).collect())
    }

    fn encrypts(&self) -> bool {
        true
    }

    fn data_key(&self) -> Result<Option<DataKey>, StoreError> {
        let sealed = self.seal(b"key", None)?;
        self.keys.then(|| self.open_data_key(&sealed)).transpose()
    }

    fn open_data_key(&self, sealed: &[u8]) -> Result<DataKey, StoreError> {
        assert_eq!(self.unseal(sealed.to_vec())?, b"key");
        Ok(DataKey {
            sealed: sealed.to_vec(),
            cipher: Arc::new(Key),
            current: true,
        })
    }
}

fn sealed() -> Setting {
    let mut setting = Setting::new();
    setting.seal = Arc::new(Turned { keys: true });
    setting
}

struct Local(Setting);

impl Local {
    fn open(&self) -> Arc<dyn StateStore> {
        let path = self.0.folder.path().join("s.tfstate");
        let folder = self.0.folder.path().join("w");
        self.0.open(
            "local",
            &[
                ("path", path.to_str().unwrap()),
                ("workspace_dir", folder.to_str().unwrap()),
            ],
        )
    }
}

impl Harness for Local {
    fn store(&self) -> Box<dyn StateStore> {
        Box::new(common::Handle(self.open()))
    }

    fn schedules(&self) -> u64 {
        20
    }
}

#[test]
fn conforms() {
    check(|| Local(sealed()));
}

const CANARY: &str = "canary-5d1f9c";

/// Every file of a folder, read for the canary.
fn search(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes
                .windows(CANARY.len())
                .any(|window| window == CANARY.as_bytes());
            assert!(!found, "{} can be read", path.display());
        }
    }
}

#[test]
fn nothing_readable_is_on_the_disk() {
    let mut local = Local(sealed());
    let text = format!(r#"{{"secret":"{CANARY}"}}"#);
    for round in 0..2 {
        let mut workspace = local.open().open("default").unwrap();
        let addr = instance(&format!("r{round}"), None);
        workspace
            .commit(vec![common::run(), set(&addr, &text)])
            .unwrap();
        search(local.0.folder.path());
        workspace.close().unwrap();
        search(local.0.folder.path());
    }
    assert_eq!(local.open().read("default").unwrap().instance_count(), 2);
    // A fork is kept sealed, too.
    let file = local.0.folder.path().join("s.tfstate");
    let old = std::fs::read(&file).unwrap();
    let desk = local.0.folder.path().join(".s.tfstate.terrane");
    let copy = local.0.folder.path().join("copy");
    let mut workspace = local.open().open("default").unwrap();
    workspace
        .commit(vec![set(&instance("ours", None), &text)])
        .unwrap();
    common::copy_folder(&desk, &copy);
    workspace.close().unwrap();
    std::fs::remove_dir_all(&desk).unwrap();
    std::fs::rename(&copy, &desk).unwrap();
    let mut state = (*local.open().read("default").unwrap()).clone();
    state.commit(&[common::set_of("theirs")]);
    std::fs::write(&file, [old, b"\n".to_vec()].concat()).unwrap();
    assert!(local.open().open("default").is_err(), "a fork");
    search(local.0.folder.path());
    assert!(common::find(&desk, "unwritten-").exists());
    // Without the key it is refused, with a way out.
    local.0.seal = Arc::new(Plain);
    let error = local.open().read("default").expect_err("sealed");
    assert!(error.to_string().contains("encryption"), "{error}");
}

/// Journals in which each record is sealed as a whole file, or not at all, are read, and written anew by the next run.
#[test]
fn journals_that_are_sealed_in_another_way_are_written_anew() {
    for keys in [None, Some(false)] {
        let mut local = Local(sealed());
        local.0.seal = match keys {
            None => Arc::new(Plain),
            Some(keys) => Arc::new(Turned { keys }),
        };
        let text = format!(r#"{{"secret":"{CANARY}"}}"#);
        for round in 0..3 {
            let mut workspace = local.open().open("default").unwrap();
            let set = set(&instance(&format!("r{round}"), None), &text);
            workspace.commit(vec![common::run(), set]).unwrap();
            workspace.close().unwrap();
        }
        let journal = local.0.folder.path().join(".s.tfstate.terrane/journal");
        let before = local.open().history("default").unwrap();
        let pieces = || {
            let bytes = std::fs::read(&journal).unwrap();
            let found = terrane_store::journal::survey(&bytes, &journal).unwrap();
            let sealed = found.records.iter().filter(|found| found.record.codec == 1);
            (sealed.count(), found.records.len())
        };
        assert_eq!(pieces(), (0, 3));
        local.0.seal = Arc::new(Turned { keys: true });
        assert_eq!(local.open().read("default").unwrap().instance_count(), 3);
        assert_eq!(local.open().history("default").unwrap(), before);
        local.open().open("default").unwrap().close().unwrap();
        assert_eq!(pieces(), (3, 3));
        search(&local.0.folder.path().join(".s.tfstate.terrane"));
        assert_eq!(local.open().history("default").unwrap(), before);
        let store = local.open();
        let found = store.maintain().unwrap().check("default", false).unwrap();
        assert!(!found.is_damaged(), "{found:#?}");
    }
}

#[test]
fn nothing_readable_goes_to_a_server() {
    let setting = sealed();
    let server = Server::start(None);
    let address = format!("{}/state", server.address);
    let arguments = [
        ("address", address.as_str()),
        ("lock_address", &address),
        ("unlock_address", &address),
    ];
    let text = format!(r#"{{"secret":"{CANARY}"}}"#);
    let mut workspace = setting.open("http", &arguments).open("default").unwrap();
    workspace
        .commit(vec![common::run(), set(&instance("a", None), &text)])
        .unwrap();
    workspace.close().unwrap();
    search(setting.folder.path());
    server.with(|inner| {
        for seen in &inner.seen {
            let body = String::from_utf8_lossy(&seen.body);
            assert!(!body.contains(CANARY), "{body}");
        }
        inner.instead.push_back(Instead::Right);
    });
    let read = setting.open("http", &arguments).read("default").unwrap();
    assert_eq!(read.instance_count(), 1);
}
