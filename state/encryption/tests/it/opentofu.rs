//! What OpenTofu 1.12.6 has encrypted is opened. The files were made with its `apply` and `plan -out` (`tests/tests/cli/opentofu.rs` says with which configurations).

use crate::support::{aes, block, build, named, passphrase, settings};
use serde_json::Value as Json;
use terrane_encryption::Settings;
use terrane_store::seal::is_sealed;
use terrane_value::Value;

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/opentofu-1.12.6");
    std::fs::read(format!("{folder}/{name}")).expect("a file of the repository")
}

fn with_passphrase() -> Settings {
    let key = passphrase("correct horse battery staple");
    settings(vec![key], vec![aes(0)], &[0])
}

/// The state holds this value, and says the same of itself within and without.
fn check_state(settings: &Settings, name: &str, value: &str) {
    let stored = file(name);
    assert!(is_sealed(&stored));
    let outside: Json = serde_json::from_slice(&stored).expect("an envelope");
    let opened = build(settings).state().unseal(stored).expect("opened");
    let inside: Json = serde_json::from_slice(&opened).expect("a state");
    assert_eq!(inside["outputs"]["o"]["value"], value);
    for name in ["serial", "lineage"] {
        assert_eq!(inside[name], outside[name], "{name}");
    }
}

#[test]
fn its_states_are_opened() {
    check_state(&with_passphrase(), "passphrase.tfstate", "canary-of-pbkdf2");
}

#[test]
fn its_plans_are_opened() {
    let stored = file("passphrase.plan");
    assert!(is_sealed(&stored));
    let opened = build(&with_passphrase())
        .state()
        .unseal(stored)
        .expect("opened");
    assert!(
        opened.starts_with(b"PK\x03\x04"),
        "its plans are ZIP archives"
    );
}

/// A program gives the key that a passphrase is made of, stored under another name, with data that is authenticated along.
#[cfg(unix)]
#[test]
fn its_chains_are_opened() {
    use crate::support::{command, script};
    let folder = tempfile::tempdir().expect("a folder");
    // 32 times the letter e.
    let key = "ZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWU=";
    let program = script(
        folder.path(),
        "keys",
        &format!(
            r#"cat > /dev/null
echo '{{"magic":"OpenTofu-External-Key-Provider","version":1}}'
echo '{{"keys":{{"encryption_key":"{key}","decryption_key":"{key}"}},"meta":{{"external_data":{{"n":1}}}}}}'"#
        ),
    );
    let external = named(
        block("external", &[("command", command(&[&program]))], None),
        "x",
    );
    let chained = block(
        "pbkdf2",
        &[
            ("iterations", Value::number(200_000_u64)),
            ("hash_function", Value::string("sha256")),
            ("encrypted_metadata_alias", Value::string("alias")),
        ],
        Some(0),
    );
    let mut method = aes(1);
    let aad = [1_u64, 2, 3].map(Value::number).to_vec();
    method.arguments.insert("aad".into(), Value::tuple(aad));
    let settings = settings(vec![external, chained], vec![method], &[0]);
    check_state(&settings, "chain.tfstate", "canary-of-chain");
}
