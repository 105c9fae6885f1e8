//! Keys for many small pieces: the records of a journal, the rows of an index.
//!
//! Key providers can be slow (a passphrase takes half a second, a key management service a round trip), and every command has keys of its
//! own. So a store that keeps many pieces has a random key for them, sealed once with the configured method, and beside the pieces.

use crate::method::{decrypt, encrypt};
use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use aws_lc_rs::{hmac, rand};
use terrane_store::StoreError;
use terrane_store::seal::Cipher;
use zeroize::Zeroizing;

const LENGTH: usize = 32;
/// Begins the bytes of a data key, so that nothing else is taken for one.
const PREFIX: &[u8] = b"terrane-data-key-1:";

/// AES-256-GCM with a random key.
#[derive(Debug)]
pub(crate) struct DataCipher {
    key: Secret,
}

impl DataCipher {
    pub(crate) fn random() -> Result<Self> {
        let mut key = Zeroizing::new(vec![0; LENGTH]);
        rand::fill(&mut key).map_err(|_| Problem(String::from("the system has no randomness")))?;
        Ok(Self {
            key: Secret::new(std::mem::take(&mut *key)),
        })
    }

    /// The key as bytes, to be sealed.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([PREFIX, self.key.reveal()].concat())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        match bytes.strip_prefix(PREFIX) {
            Some(key) if key.len() == LENGTH => Ok(Self {
                key: Secret::new(key),
            }),
            _ => fail("what was sealed is not the key of a store"),
        }
    }
}

impl Cipher for DataCipher {
    fn encrypt(&self, plain: &[u8], context: &[u8]) -> std::result::Result<Vec<u8>, StoreError> {
        Ok(encrypt(&self.key, plain, context)?)
    }

    fn decrypt(&self, sealed: &[u8], context: &[u8]) -> std::result::Result<Vec<u8>, StoreError> {
        Ok(decrypt(&self.key, sealed, context)?)
    }

    fn name(&self, plain: &[u8]) -> [u8; 32] {
        // A key of its own, derived, so that no key is used for two things.
        let own = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, self.key.reveal()),
            b"names",
        );
        let named = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()), plain);
        let mut name = [0; 32];
        name.copy_from_slice(named.as_ref());
        name
    }
}
