//! Payloads: those of others are opened, ours are as theirs, and keys are changed.
//!
//! `testdata/vectors.json` was made with Python's `hashlib`-like primitives of the package `cryptography` (PBKDF2HMAC, AESGCM): the key is
//! PBKDF2 of passphrase and salt, `encrypted_data` is base64 of nonce, ciphertext and tag, `meta` is base64 of the compact JSON of the salt (base64),
//! iterations, hash function and key length, in that order.

use crate::support::{aes, block, build, named, passphrase, settings};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use terrane_encryption::{Settings, Target};
use terrane_store::seal::{Identity, is_sealed};
use terrane_value::Value;

const STATE: &str = r#"{"version":4,"serial":3,"lineage":"a-b","resources":[]}"#;
const IDENTITY: Identity<'static> = Identity {
    lineage: "a-b",
    serial: 3,
};

#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    passphrase: String,
    aad: Vec<u64>,
    plain: String,
    payload: String,
}

#[test]
fn payloads_of_an_independent_implementation_are_opened() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../testdata/vectors.json")).expect("vectors");
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let mut method = aes(0);
        if !vector.aad.is_empty() {
            let bytes = vector.aad.iter().map(|byte| Value::number(*byte)).collect();
            method.arguments.insert("aad".into(), Value::tuple(bytes));
        }
        let settings = settings(vec![passphrase(&vector.passphrase)], vec![method], &[0]);
        let opened = build(&settings)
            .state()
            .unseal(vector.payload.clone().into_bytes())
            .unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        assert_eq!(
            String::from_utf8_lossy(&opened),
            vector.plain,
            "{}",
            vector.name
        );

        let changed = vector
            .payload
            .replace("\"encrypted_data\":\"", "\"encrypted_data\":\"AAAA");
        assert!(
            build(&settings)
                .state()
                .unseal(changed.into_bytes())
                .is_err()
        );
    }
}

#[test]
fn what_is_written_has_the_documented_shape() {
    let encryption = build(&settings(
        vec![passphrase("a long passphrase!")],
        vec![aes(0)],
        &[0],
    ));
    let sealed = encryption
        .state()
        .seal(STATE.as_bytes(), Some(IDENTITY))
        .expect("sealed");
    let text = String::from_utf8(sealed.clone()).expect("text");
    assert!(
        text.starts_with(
            "{\"serial\":3,\"lineage\":\"a-b\",\"meta\":{\"key_provider.pbkdf2.main\":\""
        ),
        "{text}"
    );
    assert!(
        text.ends_with("\",\"encryption_version\":\"v0\"}"),
        "{text}"
    );
    assert!(!text.contains("resources"));
    assert!(is_sealed(&sealed));
    // A plan says nothing in the clear.
    let plan = encryption.state().seal(b"plan", None).expect("sealed");
    let json: BTreeMap<String, Json> = serde_json::from_slice(&plan).expect("json");
    let names: Vec<&str> = json.keys().map(String::as_str).collect();
    assert_eq!(names, ["encrypted_data", "encryption_version", "meta"]);
    // Each time another nonce.
    let again = encryption.state().seal(b"plan", None).expect("sealed");
    assert_ne!(plan, again);
}

#[test]
fn another_key_and_a_changed_byte_are_noticed() {
    let ours = build(&settings(
        vec![passphrase("a long passphrase!")],
        vec![aes(0)],
        &[0],
    ));
    let theirs = build(&settings(
        vec![passphrase("a long passphrase?")],
        vec![aes(0)],
        &[0],
    ));
    let sealed = ours
        .state()
        .seal(STATE.as_bytes(), Some(IDENTITY))
        .expect("sealed");
    let error = theirs
        .state()
        .unseal(sealed.clone())
        .expect_err("another key")
        .to_string();
    assert!(
        error.contains("method.aes_gcm.main") && error.contains("fallback"),
        "{error}"
    );
    assert!(
        !error.contains("passphrase!") && !error.contains("passphrase?"),
        "{error}"
    );
    let text = String::from_utf8(sealed).expect("text");
    for (from, to) in [("\"serial\":3", "\"serial\":4"), ("\"a-b\"", "\"a-c\"")] {
        let moved = text.replacen(from, to, 1);
        let error = ours
            .state()
            .unseal(moved.into_bytes())
            .expect_err("moved")
            .to_string();
        assert!(error.contains("envelope"), "{error}");
    }
    let newer = text.replace("\"v0\"", "\"v1\"");
    let error = ours
        .state()
        .unseal(newer.into_bytes())
        .expect_err("newer")
        .to_string();
    assert!(error.contains("v1"), "{error}");
}

/// One key after the other, each with the one before as fallback.
#[test]
fn a_fallback_opens_and_the_primary_seals() {
    let old = passphrase("the old passphrase");
    let new = named(passphrase("the new passphrase"), "next");
    let before = build(&settings(vec![old.clone()], vec![aes(0)], &[0]));
    let sealed = before
        .state()
        .seal(STATE.as_bytes(), Some(IDENTITY))
        .expect("sealed");
    let methods = vec![aes(0), named(aes(1), "next")];
    let between = build(&settings(vec![old, new.clone()], methods, &[1, 0]));
    let opened = between
        .state()
        .open(sealed.clone())
        .expect("opened by the fallback");
    assert_eq!(opened.bytes, STATE.as_bytes());
    assert!(!opened.current);
    let anew = between
        .state()
        .seal(STATE.as_bytes(), Some(IDENTITY))
        .expect("sealed");
    assert!(between.state().open(anew.clone()).expect("opened").current);
    let after = build(&settings(vec![new], vec![named(aes(0), "next")], &[0]));
    assert_eq!(
        after.state().unseal(anew).expect("opened"),
        STATE.as_bytes()
    );
    let error = after
        .state()
        .unseal(sealed)
        .expect_err("the old key is gone")
        .to_string();
    assert!(error.contains("key_provider.pbkdf2.main"), "{error}");
}

#[test]
fn encryption_is_switched_on_and_off_through_unencrypted() {
    let plain = || block("unencrypted", &[], None);
    let key = || vec![passphrase("a long passphrase!")];
    let strict = build(&settings(key(), vec![aes(0)], &[0]));
    let error = strict
        .state()
        .unseal(STATE.into())
        .expect_err("not encrypted")
        .to_string();
    assert!(error.contains("unencrypted"), "{error}");
    let on = build(&settings(key(), vec![aes(0), plain()], &[0, 1]));
    let opened = on.state().open(STATE.into()).expect("read once");
    assert!(!opened.current);
    let sealed = on
        .state()
        .seal(STATE.as_bytes(), Some(IDENTITY))
        .expect("sealed");
    assert!(is_sealed(&sealed) && on.state().encrypts());
    let off = build(&settings(key(), vec![aes(0), plain()], &[1, 0]));
    assert!(!off.state().encrypts());
    let opened = off.state().open(sealed).expect("opened by the fallback");
    assert!(!opened.current);
    assert_eq!(
        off.state()
            .seal(STATE.as_bytes(), Some(IDENTITY))
            .expect("plain"),
        STATE.as_bytes()
    );
}

#[test]
fn metadata_is_stored_under_the_alias() {
    let mut provider = passphrase("a long passphrase!");
    provider
        .arguments
        .insert("encrypted_metadata_alias".into(), Value::string("shared"));
    let here = build(&settings(vec![provider.clone()], vec![aes(0)], &[0]));
    let sealed = here.state().seal(b"x", None).expect("sealed");
    assert!(String::from_utf8_lossy(&sealed).contains("\"meta\":{\"shared\":"));
    // Elsewhere the block has another name.
    let there = build(&settings(
        vec![named(provider, "other")],
        vec![aes(0)],
        &[0],
    ));
    assert_eq!(there.state().unseal(sealed).expect("opened"), b"x");
}

#[test]
fn keys_of_a_chain_are_made_and_found_again() {
    let inner = passphrase("a long passphrase!");
    let outer = named(
        block(
            "pbkdf2",
            &[("iterations", Value::number(200_000_u64))],
            Some(0),
        ),
        "outer",
    );
    let all = || settings(vec![inner.clone(), outer.clone()], vec![aes(1)], &[0]);
    let sealed = build(&all()).state().seal(b"x", None).expect("sealed");
    let text = String::from_utf8_lossy(&sealed);
    assert!(
        text.contains("key_provider.pbkdf2.main") && text.contains("key_provider.pbkdf2.outer")
    );
    assert_eq!(build(&all()).state().unseal(sealed).expect("opened"), b"x");
}

#[test]
fn data_keys_go_round_and_tell_pieces_apart() {
    let all = || settings(vec![passphrase("a long passphrase!")], vec![aes(0)], &[0]);
    let key = build(&all())
        .state()
        .data_key()
        .expect("a key")
        .expect("encryption is on");
    let piece = key.cipher.encrypt(b"row", b"a").expect("encrypted");
    let again = build(&all())
        .state()
        .open_data_key(&key.sealed)
        .expect("opened");
    assert!(again.current);
    assert_eq!(
        again.cipher.decrypt(&piece, b"a").expect("decrypted"),
        b"row"
    );
    assert!(again.cipher.decrypt(&piece, b"b").is_err());
    assert_eq!(key.cipher.name(b"addr"), again.cipher.name(b"addr"));
    assert_ne!(key.cipher.name(b"addr"), key.cipher.name(b"addr2"));
    // What was sealed for something else is no key.
    let other = build(&all())
        .state()
        .seal(b"0123456789abcdef0123456789abcdef", None)
        .expect("sealed");
    assert!(build(&all()).state().open_data_key(&other).is_err());
}

#[test]
fn states_of_others_have_doors_by_name() {
    let target = |at| Target {
        methods: vec![at],
        enforced: false,
    };
    let all = Settings {
        key_providers: vec![
            passphrase("a long passphrase!"),
            named(passphrase("another passphrase"), "b"),
        ],
        methods: vec![aes(0), named(aes(1), "b")],
        remote_default: Some(target(0)),
        remote: BTreeMap::from([("net.state".into(), target(1))]),
        ..Settings::default()
    };
    let encryption = build(&all);
    let theirs = encryption
        .remote_state(["net.state[0]", "net.state"])
        .seal(b"x", None)
        .expect("sealed");
    assert!(
        encryption
            .remote_state(["state"])
            .unseal(theirs.clone())
            .is_err()
    );
    assert_eq!(
        encryption
            .remote_state(["net.state"])
            .unseal(theirs)
            .expect("opened"),
        b"x"
    );
    // Nothing is said about the own state: it is not encrypted.
    assert!(!encryption.state().encrypts());
}

#[test]
fn debug_output_holds_no_secret() {
    let encryption = build(&settings(
        vec![passphrase("canary-passphrase")],
        vec![aes(0)],
        &[0],
    ));
    let key = encryption.state().data_key().expect("a key").expect("on");
    let text = format!("{encryption:?} {key:?}");
    assert!(
        text.contains("pbkdf2") && !text.contains("canary"),
        "{text}"
    );
}
