//! Sealing many small pieces: the records of a journal, rows.
//!
//! A sealed piece is `{"sealed":<key>,"data":"<base64>"}`: the key of the piece, sealed as the configuration says (the envelope of whole files),
//! and what is encrypted with it (AES-256-GCM: nonce, ciphertext, tag). So a piece can be moved and copied by itself, and read wherever the
//! configuration is. Few keys are in use: a store goes on with the one that it found, for opening one may cost a round trip or half a second.

use crate::StoreError;
use crate::seal::{DataKey, Plain, Seal, is_sealed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How every sealed piece begins. No payload that is not sealed begins like that.
const BEGIN: &[u8] = b"{\"sealed\":";
/// How payloads begin that are not sealed.
const PLAIN: &[u8] = b"{\"v\":";
/// Said to the cipher of every piece, so that nothing else that is encrypted with the same key is taken for one.
const CONTEXT: &[u8] = b"piece";

/// Seals and opens pieces.
#[derive(Debug)]
pub struct Sealer {
    seal: Arc<dyn Seal>,
    keys: Mutex<Keys>,
}

#[derive(Debug, Default)]
struct Keys {
    /// The one that pieces are sealed with.
    writing: Option<DataKey>,
    /// By their sealed form.
    known: BTreeMap<Vec<u8>, DataKey>,
}

/// A piece, opened.
#[derive(Debug)]
pub struct Piece<'a> {
    /// What it holds.
    pub bytes: Cow<'a, [u8]>,
    /// Whether it would be sealed in the same way today.
    pub current: bool,
}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    sealed: &'a RawValue,
    data: &'a str,
}

impl Default for Sealer {
    fn default() -> Self {
        Self::new(Arc::new(Plain))
    }
}

/// Whether a piece is sealed.
#[must_use]
pub fn is_sealed_piece(piece: &[u8]) -> bool {
    piece.starts_with(BEGIN)
}

impl Sealer {
    /// By this encryption.
    #[must_use]
    pub fn new(seal: Arc<dyn Seal>) -> Self {
        Self {
            seal,
            keys: Mutex::default(),
        }
    }

    /// Whether pieces are encrypted from now on.
    #[must_use]
    pub fn encrypts(&self) -> bool {
        self.seal.encrypts()
    }

    /// What a piece holds. One that is sealed as a whole file is, as some stores did it once, is opened too; it is not current.
    ///
    /// # Errors
    /// When it can't be opened, or is not sealed and must be.
    pub fn open<'a>(&self, piece: &'a [u8]) -> Result<Piece<'a>, StoreError> {
        if !is_sealed_piece(piece) {
            // Looking for an envelope means reading all of it, so what begins as every payload does is not looked into.
            if !piece.starts_with(PLAIN) && is_sealed(piece) {
                let opened = self.seal.open(piece.to_vec())?;
                let wanted = self.encrypts() && self.writing_key()?.is_none();
                return Ok(Piece {
                    bytes: Cow::Owned(opened.bytes),
                    current: opened.current && wanted,
                });
            }
            return self.open_plain(piece);
        }
        let damaged = |problem: &str| StoreError::Damaged {
            what: String::new(),
            problem: problem.to_owned(),
        };
        let written: Written<'_> = serde_json::from_slice(piece)
            .map_err(|error| damaged(&format!("its encrypted form is not JSON: {error}")))?;
        let key = self.key(written.sealed.get().as_bytes())?;
        let data = STANDARD
            .decode(written.data)
            .map_err(|_| damaged("its encrypted data is not base64"))?;
        Ok(Piece {
            bytes: Cow::Owned(key.cipher.decrypt(&data, CONTEXT)?),
            current: key.current && self.seal.encrypts(),
        })
    }

    fn open_plain<'a>(&self, piece: &'a [u8]) -> Result<Piece<'a>, StoreError> {
        if !self.seal.opens_plain() {
            // Whoever seals knows best what to say about bytes that are not sealed.
            self.seal.unseal(piece.to_vec())?;
            return Err(StoreError::Encryption(
                "the state is not encrypted, and the configuration wants it to be".to_owned(),
            ));
        }
        Ok(Piece {
            bytes: Cow::Borrowed(piece),
            current: !self.seal.encrypts(),
        })
    }

    /// The bytes to store for a piece.
    ///
    /// # Errors
    /// When the key can't be had.
    pub fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let Some(key) = self.writing_key()? else {
            if self.encrypts() {
                // Encryption that has no keys for pieces: each as a whole file.
                return self.seal.seal(&plain, None);
            }
            return Ok(plain);
        };
        let data = STANDARD.encode(key.cipher.encrypt(&plain, CONTEXT)?);
        let mut piece = Vec::with_capacity(BEGIN.len() + key.sealed.len() + data.len() + 12);
        piece.extend_from_slice(BEGIN);
        piece.extend_from_slice(&key.sealed);
        piece.extend_from_slice(b",\"data\":\"");
        piece.extend_from_slice(data.as_bytes());
        piece.extend_from_slice(b"\"}");
        Ok(piece)
    }

    /// The key that pieces are sealed with; `None`: they are not, or each as a whole file is.
    ///
    /// # Errors
    /// When it can't be had.
    pub fn writing_key(&self) -> Result<Option<DataKey>, StoreError> {
        if !self.seal.encrypts() {
            return Ok(None);
        }
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.writing.is_none() {
            let made = self.seal.data_key()?;
            if let Some(key) = &made {
                keys.known.insert(key.sealed.clone(), key.clone());
            }
            keys.writing = made;
        }
        Ok(keys.writing.clone())
    }

    /// A key, from its sealed form. One that is sealed as today is used for writing, too.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn key(&self, sealed: &[u8]) -> Result<DataKey, StoreError> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.known.get(sealed) {
            return Ok(key.clone());
        }
        let key = self.seal.open_data_key(sealed)?;
        keys.known.insert(sealed.to_vec(), key.clone());
        if key.current && self.seal.encrypts() {
            keys.writing.get_or_insert_with(|| key.clone());
        }
        Ok(key)
    }
}
