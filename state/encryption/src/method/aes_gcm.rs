//! AES in Galois counter mode: a random nonce of 12 bytes, the ciphertext, a tag of 16 bytes.

use crate::key::{KeySource, Metadata};
use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use aws_lc_rs::aead::{
    AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, NONCE_LEN, Nonce,
    UnboundKey,
};
use aws_lc_rs::rand;
use std::sync::Arc;

/// Lengths of keys, in bytes.
pub(crate) const KEY_LENGTHS: [usize; 3] = [16, 24, 32];

/// The `aes_gcm` method.
#[derive(Debug)]
pub(crate) struct AesGcm {
    pub(crate) keys: Arc<KeySource>,
    /// What is authenticated with every message, and stored with none.
    pub(crate) aad: Vec<u8>,
}

impl AesGcm {
    pub(crate) fn encrypt(&self, plain: &[u8], metadata: &mut Metadata) -> Result<Vec<u8>> {
        encrypt(&self.keys.fresh(metadata)?, plain, &self.aad)
    }

    pub(crate) fn decrypt(&self, sealed: &[u8], metadata: &Metadata) -> Result<Vec<u8>> {
        decrypt(&self.keys.again(metadata)?, sealed, &self.aad)
    }
}

/// Nonce, ciphertext and tag.
pub(crate) fn encrypt(key: &Secret, plain: &[u8], aad: &[u8]) -> Result<Vec<u8>> {
    let broken = || Problem(String::from("the bytes can't be encrypted"));
    let key = cipher(key)?;
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| Problem(String::from("the system has no randomness")))?;
    let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + key.algorithm().tag_len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let body = sealed.get_mut(NONCE_LEN..).ok_or_else(broken)?;
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), body)
        .map_err(|_| broken())?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

/// The bytes that were encrypted.
pub(crate) fn decrypt(key: &Secret, sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>> {
    let key = cipher(key)?;
    let Some((nonce, body)) = sealed.split_first_chunk::<NONCE_LEN>() else {
        return fail("the encrypted data is too short to be any");
    };
    let mut plain = body.to_vec();
    let opened = key.open_in_place(
        Nonce::assume_unique_for_key(*nonce),
        Aad::from(aad),
        &mut plain,
    );
    let Ok(opened) = opened else {
        return fail("the key does not fit, or the encrypted data was changed");
    };
    let length = opened.len();
    plain.truncate(length);
    Ok(plain)
}

fn cipher(key: &Secret) -> Result<LessSafeKey> {
    let algorithm: &'static Algorithm = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        32 => &AES_256_GCM,
        length => {
            return fail(format!(
                "the key has {length} bytes, but AES-GCM takes keys of 16, 24 or 32: set the key provider to give one of that length"
            ));
        }
    };
    let key = UnboundKey::new(algorithm, key.reveal())
        .map_err(|_| Problem(String::from("the key can't be used")))?;
    Ok(LessSafeKey::new(key))
}
