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

/// Bytes that were opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Unsealed {
    /// What was sealed.
    pub bytes: Vec<u8>,
    /// Whether [`Seal::seal`] would seal it in the same way today. If not, it was opened by a fallback: write it again when there is an
    /// occasion.
    pub current: bool,
}

impl std::fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unsealed")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

/// Encrypts many small pieces with one key. Costs microseconds where [`Seal::seal`] may cost a round trip to a key management service.
pub trait Cipher: Send + Sync + std::fmt::Debug {
    /// The bytes to store in place of `plain`: arbitrary bytes, 28 more than `plain`. `context` says where the piece belongs; the same must be
    /// given to read it.
    ///
    /// # Errors
    /// When encryption fails.
    fn encrypt(&self, plain: &[u8], context: &[u8]) -> Result<Vec<u8>, StoreError>;

    /// What was encrypted.
    ///
    /// # Errors
    /// When it was changed, or belongs elsewhere.
    fn decrypt(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, StoreError>;

    /// A name for bytes that must not be readable where they name something: equal for equal bytes, and telling nothing of them.
    fn name(&self, plain: &[u8]) -> [u8; 32];
}

/// A key for many small pieces, with its sealed form, which is stored beside them.
#[derive(Clone, Debug)]
pub struct DataKey {
    /// To be stored, and given to [`Seal::open_data_key`].
    pub sealed: Vec<u8>,
    /// What it is for.
    pub cipher: std::sync::Arc<dyn Cipher>,
    /// Whether it is sealed as [`Seal::seal`] seals today.
    pub current: bool,
}

/// Seals bytes before they leave the process, and opens what was sealed.
///
/// Whoever keeps whole files uses [`Seal::seal`] and [`Seal::open`]. Whoever keeps many small pieces takes a [`DataKey`].
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

    /// As [`Seal::unseal`]; and whether it was sealed as it would be today.
    ///
    /// # Errors
    /// As [`Seal::unseal`].
    fn open(&self, stored: Vec<u8>) -> Result<Unsealed, StoreError> {
        Ok(Unsealed {
            bytes: self.unseal(stored)?,
            current: true,
        })
    }

    /// Whether [`Seal::open`] can find something that was not sealed as it would be today: there are other methods to open with.
    fn has_fallback(&self) -> bool {
        false
    }

    /// A new key for many small pieces; `None`: there is none, so each is sealed as a whole file is, if it is sealed at all.
    ///
    /// # Errors
    /// As [`Seal::seal`].
    fn data_key(&self) -> Result<Option<DataKey>, StoreError> {
        Ok(None)
    }

    /// A key for many small pieces, from what was stored.
    ///
    /// # Errors
    /// As [`Seal::unseal`].
    fn open_data_key(&self, _sealed: &[u8]) -> Result<DataKey, StoreError> {
        Err(StoreError::Encryption(NO_ENCRYPTION.to_owned()))
    }

    /// Whether bytes that were never sealed may be read.
    fn opens_plain(&self) -> bool {
        true
    }
}

const NO_ENCRYPTION: &str = "the state is encrypted, and the configuration says nothing about how: add the `encryption` block that it was written with, in `terraform { … }` or in the environment variable TF_ENCRYPTION";

/// No encryption: bytes are stored as they are, and sealed ones are refused with a way out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Seal for Plain {
    fn seal(&self, plain: &[u8], _identity: Option<Identity<'_>>) -> Result<Vec<u8>, StoreError> {
        Ok(plain.to_vec())
    }

    fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if is_sealed(&stored) {
            return Err(StoreError::Encryption(NO_ENCRYPTION.to_owned()));
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
