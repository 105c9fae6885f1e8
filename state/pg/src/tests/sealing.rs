//! Encryption that is good for tests only: everything backwards.

use terrane_store::StoreError;
use terrane_store::seal::{Identity, Seal, is_sealed};

/// Turns bytes around, in an envelope like that of real encryption.
#[derive(Debug)]
pub(super) struct Reversed;

impl Seal for Reversed {
    fn seal(&self, plain: &[u8], _identity: Option<Identity<'_>>) -> Result<Vec<u8>, StoreError> {
        let text: String = String::from_utf8(plain.to_vec())
            .unwrap()
            .chars()
            .rev()
            .collect();
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
        Ok(text.chars().rev().collect::<String>().into_bytes())
    }

    fn encrypts(&self) -> bool {
        true
    }
}
