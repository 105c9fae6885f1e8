//! The door to encryption: what stores call before bytes of a state are written, and after they were read.
//!
//! A store that is given no encryption uses [`Plain`]. The methods and key providers are in `state/encryption`.

use crate::StoreError;

/// What stays readable beside an encrypted state file, because whoever locks or compares needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The lineage of the state.
    pub lineage: &'a str,
    /// Its serial.
    pub serial: u64,
}

/// Seals bytes before they leave the process, and opens what was sealed.
pub trait Seal: Send + Sync + std::fmt::Debug {
    /// The bytes to store in place of `plain`. `identity` is given for state files.
    ///
    /// # Errors
    /// When the key can't be had, or encryption fails.
    fn seal(&self, plain: &[u8], identity: Option<Identity<'_>>) -> Result<Vec<u8>, StoreError>;

    /// What was sealed. Bytes that were never sealed come back as they are where the configuration allows it.
    ///
    /// # Errors
    /// When the bytes are sealed and can't be opened with what is configured, or must be sealed and are not.
    fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError>;

    /// Whether what this seals can't be read without a key.
    fn encrypts(&self) -> bool;
}

/// No encryption: bytes are stored as they are, and sealed ones are refused with a way out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Seal for Plain {
    fn seal(&self, plain: &[u8], _identity: Option<Identity<'_>>) -> Result<Vec<u8>, StoreError> {
        Ok(plain.to_vec())
    }

    fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if is_sealed(&stored) {
            return Err(StoreError::Refused(String::from(
                "the state is encrypted, and the configuration has no `encryption` block that could open it; add the block with the key that it was written with, in `terraform { … }` or in TF_ENCRYPTION",
            )));
        }
        Ok(stored)
    }

    fn encrypts(&self) -> bool {
        false
    }
}

/// Whether these bytes are an encrypted payload: a JSON object with `encryption_version`.
#[must_use]
pub fn is_sealed(bytes: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Probe {
        encryption_version: Option<serde::de::IgnoredAny>,
    }
    bytes
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .is_some_and(|byte| *byte == b'{')
        && serde_json::from_slice::<Probe>(bytes)
            .is_ok_and(|probe| probe.encryption_version.is_some())
}

#[cfg(test)]
mod tests {
    use super::{Plain, Seal as _, is_sealed};

    #[test]
    fn plain_bytes_pass_and_sealed_ones_are_refused() {
        let plain = br#"{"version":4,"serial":1}"#.to_vec();
        assert!(Plain.unseal(plain).is_ok());
        let sealed = br#" {"encryption_version":"v0","encrypted_data":"x"}"#.to_vec();
        assert!(is_sealed(&sealed));
        let error = Plain.unseal(sealed).expect_err("sealed");
        assert!(error.to_string().contains("encryption"), "{error}");
    }
}
