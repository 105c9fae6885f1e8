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

    /// What was sealed. Rows that bear no sign of encryption are not looked into where there is none.
    pub(crate) fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        const SIGN: &[u8] = b"\"encryption_version\"";
        let may_be_sealed = || stored.windows(SIGN.len()).any(|window| window == SIGN);
        if self.seal.encrypts() || may_be_sealed() {
            self.seal.unseal(stored)
        } else {
            Ok(stored)
        }
    }
}
