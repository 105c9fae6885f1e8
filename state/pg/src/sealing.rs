//! Encryption of what goes into rows.

use std::sync::Arc;
use terrane_store::StoreError;
use terrane_store::pieces::{Piece, Sealer};
use terrane_store::seal::Seal;

/// The encryption of a store: piece by piece for rows and batches, as a whole for the peers' line.
#[derive(Clone, Debug)]
pub(crate) struct Sealing {
    seal: Arc<dyn Seal>,
    pieces: Arc<Sealer>,
}

impl Sealing {
    pub(crate) fn new(seal: Arc<dyn Seal>) -> Self {
        Self {
            pieces: Arc::new(Sealer::new(Arc::clone(&seal))),
            seal,
        }
    }

    pub(crate) fn encrypts(&self) -> bool {
        self.seal.encrypts()
    }

    pub(crate) fn inner(&self) -> &dyn Seal {
        &*self.seal
    }

    pub(crate) fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.pieces.seal(plain)
    }

    /// A piece, and whether it would be sealed in the same way today.
    pub(crate) fn open<'a>(&self, stored: &'a [u8]) -> Result<Piece<'a>, StoreError> {
        self.pieces.open(stored)
    }

    /// What was sealed, as a piece or (as it was once done) as a whole.
    pub(crate) fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        Ok(self.pieces.open(&stored)?.bytes.into_owned())
    }
}
