//! Encryption of what goes into rows.

use std::sync::Arc;
use terrane_store::StoreError;
use terrane_store::seal::Seal;

/// The encryption of a store, with a short way for states that have none.
#[derive(Clone, Debug)]
pub(crate) struct Sealing {
    seal: Arc<dyn Seal>,
}

impl Sealing {
    pub(crate) fn new(seal: Arc<dyn Seal>) -> Self {
        Self { seal }
    }

    pub(crate) fn encrypts(&self) -> bool {
        self.seal.encrypts()
    }

    pub(crate) fn inner(&self) -> &dyn Seal {
        &*self.seal
    }

    pub(crate) fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if self.seal.encrypts() {
            self.seal.seal(&plain, None)
        } else {
            Ok(plain)
        }
    }

    /// What was sealed. Where there is no encryption, what begins as all that is written here does is not looked into.
    pub(crate) fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        const PLAIN: &[u8] = b"{\"v\":";
        if self.seal.encrypts() || !stored.starts_with(PLAIN) {
            self.seal.unseal(stored)
        } else {
            Ok(stored)
        }
    }
}
