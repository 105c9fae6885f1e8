//! Methods: what is done to bytes with a key.

mod aes_gcm;
mod external;

pub(crate) use aes_gcm::{AesGcm, KEY_LENGTHS, decrypt, encrypt};
pub(crate) use external::External;

use crate::key::Metadata;
use crate::problem::Result;

/// A configured method.
#[derive(Debug)]
pub(crate) struct Method {
    /// `method.aes_gcm.main`
    pub(crate) addr: String,
    pub(crate) does: Does,
}

/// What a method does.
#[derive(Debug)]
pub(crate) enum Does {
    /// Bytes stay as they are.
    Unencrypted,
    AesGcm(AesGcm),
    External(External),
}

impl Method {
    /// Whether it does anything.
    pub(crate) fn encrypts(&self) -> bool {
        !matches!(self.does, Does::Unencrypted)
    }

    /// Sealed bytes. What key providers want stored is added to `metadata`.
    pub(crate) fn encrypt(&self, plain: &[u8], metadata: &mut Metadata) -> Result<Vec<u8>> {
        match &self.does {
            Does::Unencrypted => Ok(plain.to_vec()),
            Does::AesGcm(method) => method.encrypt(plain, metadata),
            Does::External(method) => method.encrypt(plain, metadata),
        }
        .map_err(|problem| problem.within(&self.addr))
    }

    /// The bytes that were sealed.
    pub(crate) fn decrypt(&self, sealed: &[u8], metadata: &Metadata) -> Result<Vec<u8>> {
        match &self.does {
            Does::Unencrypted => Ok(sealed.to_vec()),
            Does::AesGcm(method) => method.decrypt(sealed, metadata),
            Does::External(method) => method.decrypt(sealed, metadata),
        }
        .map_err(|problem| problem.within(&self.addr))
    }
}
