//! Encryption that is good for tests only, and what becomes of rows when it changes.

use super::Place;
use crate::Layout;
use std::sync::Arc;
use terrane_store::StoreError;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::seal::{Cipher, DataKey, Identity, Plain, Seal, Unsealed, is_sealed};

/// Turns bytes around, in an envelope like that of real encryption.
#[derive(Debug)]
pub(super) struct Reversed;

fn reversed(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.chars().rev().collect()
}

impl Seal for Reversed {
    fn seal(&self, plain: &[u8], _identity: Option<Identity<'_>>) -> Result<Vec<u8>, StoreError> {
        let text = reversed(plain);
        Ok(serde_json::to_vec(
            &serde_json::json!({"encryption_version": "v0", "encrypted_data": text}),
        )
        .unwrap())
    }

    fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if !is_sealed(&stored) {
            return Err(StoreError::Refused("it is not encrypted".to_owned()));
        }
        let value: serde_json::Value = serde_json::from_slice(&stored).unwrap();
        let text = value["encrypted_data"].as_str().unwrap();
        Ok(reversed(text.as_bytes()).into_bytes())
    }

    fn encrypts(&self) -> bool {
        true
    }
}

/// The same with keys for pieces, which have numbers: the first one seals, all open. 0 stands for no encryption.
#[derive(Debug)]
struct Keys(&'static [u8]);

#[derive(Debug)]
struct Key(u8);

impl Cipher for Key {
    fn encrypt(&self, plain: &[u8], _context: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(plain.iter().map(|byte| byte ^ (0x80 | self.0)).collect())
    }
    fn decrypt(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.encrypt(sealed, context)
    }
    fn name(&self, _plain: &[u8]) -> [u8; 32] {
        [0; 32]
    }
}

impl Seal for Keys {
    fn seal(&self, plain: &[u8], identity: Option<Identity<'_>>) -> Result<Vec<u8>, StoreError> {
        match self.0 {
            [0, ..] => Ok(plain.to_vec()),
            _ => Reversed.seal(plain, identity),
        }
    }

    fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.open(stored).map(|opened| opened.bytes)
    }

    fn open(&self, stored: Vec<u8>) -> Result<Unsealed, StoreError> {
        let sealed = is_sealed(&stored);
        if !sealed && !self.opens_plain() {
            return Err(StoreError::Encryption("it is not encrypted".to_owned()));
        }
        let current = sealed == self.encrypts();
        let bytes = match sealed {
            true => Reversed.unseal(stored)?,
            false => stored,
        };
        Ok(Unsealed { bytes, current })
    }

    fn encrypts(&self) -> bool {
        self.0.first() != Some(&0)
    }

    fn data_key(&self) -> Result<Option<DataKey>, StoreError> {
        let sealed = Reversed.seal(format!("key {}", self.0[0]).as_bytes(), None)?;
        self.encrypts()
            .then(|| self.open_data_key(&sealed))
            .transpose()
    }

    fn open_data_key(&self, sealed: &[u8]) -> Result<DataKey, StoreError> {
        let text = String::from_utf8(Reversed.unseal(sealed.to_vec())?).unwrap();
        let number = text.strip_prefix("key ").unwrap().parse().unwrap();
        if !self.0.contains(&number) {
            return Err(StoreError::Encryption("another key".to_owned()));
        }
        Ok(DataKey {
            sealed: sealed.to_vec(),
            cipher: Arc::new(Key(number)),
            current: self.0[0] == number,
        })
    }

    fn opens_plain(&self) -> bool {
        self.0.contains(&0)
    }

    fn has_fallback(&self) -> bool {
        self.0.len() > 1
    }
}

/// The next one who opens a workspace for writing seals all of it, its history too, as the configuration says; so an old key can be thrown away after that.
#[test]
fn rows_are_sealed_anew_when_the_key_changes() {
    for layout in [Layout::Rows, Layout::States] {
        let place = Place::new(layout);
        let at = place.conn_str();
        let plain: Arc<dyn Seal> = Arc::new(Plain);
        let whole: Arc<dyn Seal> = Arc::new(Reversed);
        for first in [plain, whole] {
            let encrypts = first.encrypts();
            let workspace = if encrypts { "whole" } else { "plain" };
            let commit = |seal: Arc<dyn Seal>, name: &str| {
                let mut opened = place.sealed_store(&at, seal).open(workspace).unwrap();
                let change = set(&instance(name, None), r#"{"secret":"canary"}"#);
                opened.commit(vec![change]).unwrap();
                opened.close().unwrap();
            };
            commit(first, "canary_a");
            let keys = |keys| -> Arc<dyn Seal> { Arc::new(Keys(keys)) };
            for (with, alone) in [
                (keys(&[1, 0]), keys(&[1])),
                (keys(&[2, 1]), keys(&[2])),
                (keys(&[0, 2]), keys(&[0])),
                (keys(&[3, 0]), keys(&[3])),
            ] {
                let refused = place.sealed_store(&at, alone.clone()).read(workspace);
                assert!(refused.is_err() || encrypts, "{alone:?}");
                let before = place
                    .sealed_store(&at, with.clone())
                    .read(workspace)
                    .unwrap();
                let store = place.sealed_store(&at, with);
                store.open(workspace).unwrap().close().unwrap();
                let store = place.sealed_store(&at, alone.clone());
                assert_eq!(store.read(workspace).unwrap(), before, "{alone:?}");
                assert_eq!(store.read_at(workspace, 1).unwrap().instance_count(), 1);
                let found = store.maintain().unwrap().check(workspace, false).unwrap();
                assert!(!found.is_damaged(), "{found:#?}");
                commit(alone, "canary_b");
            }
            let rows = "SELECT concat(label, encode(data, 'escape')) FROM terraform_remote_state.terrane_row UNION ALL SELECT encode(data, 'escape') FROM terraform_remote_state.terrane_journal";
            assert!(!place.psql(rows).contains("canary"));
        }
    }
}
