//! The forms in which events and snapshots are written down, apart from the engine's own types.
//!
//! Everything is compact JSON with a format version. What is written here must be readable for ever: a change of
//! meaning needs a new [`VERSION`] and a committed sample of the old one. Addresses are written in parts, not as
//! text, so that reading them back never depends on a grammar. Attributes are embedded as they are, digit for digit.
//!
//! The byte layout around these payloads is the journal's (`docs/formats/journal.md`).

mod addr;
mod claim;
mod event;
mod object;
mod row;
mod value;

pub use claim::{decode_claim, encode_claim};
pub use event::{Batch, decode_batch, encode_batch};
pub(crate) use object::More;
pub use row::{
    Head, Row, RowDecoder, address_key, decode_head, decode_snapshot, encode_head, encode_row,
    encode_snapshot,
};
pub(crate) use value::{decode_type, decode_value, encode_type, encode_value};

use crate::StoreError;
use serde::{Deserialize, Serialize};
use terrane_value::bytes::Malformed;

/// The version of the forms that this terrane writes. It reads all from 1 on.
pub const VERSION: u64 = 1;

/// Why something could not be written or read. [`WireError::at`] turns it into an error of the store.
#[derive(Debug)]
pub enum WireError {
    /// It can't be written, or what was read makes no sense.
    Bad(String),
    /// It was written by a later version.
    TooNew(u64),
}

impl WireError {
    /// The error, with the place where it was found.
    #[must_use]
    pub fn at(self, what: impl Into<String>) -> StoreError {
        let what = what.into();
        match self {
            Self::Bad(problem) => StoreError::Damaged { what, problem },
            Self::TooNew(found) => StoreError::TooNew {
                what,
                found,
                known: VERSION,
            },
        }
    }

    /// The error for something that was to be written and can't be.
    #[must_use]
    pub fn refused(self) -> StoreError {
        match self {
            Self::Bad(problem) => StoreError::Refused(problem),
            Self::TooNew(found) => {
                StoreError::Refused(format!("format version {found} is not known"))
            }
        }
    }
}

/// Reads a payload that has a `v` member, looking at the version first when anything is odd.
fn read<'a, T: Deserialize<'a> + Versioned>(bytes: &'a [u8]) -> Result<T, WireError> {
    #[derive(Deserialize)]
    struct Peek {
        v: u64,
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| WireError::Bad(format!("it is not text: {error}")))?;
    match serde_json::from_str::<T>(text) {
        Ok(payload) if payload.version() <= VERSION => Ok(payload),
        Ok(payload) => Err(WireError::TooNew(payload.version())),
        Err(error) => match serde_json::from_str::<Peek>(text) {
            Ok(Peek { v }) if v > VERSION => Err(WireError::TooNew(v)),
            _ => Err(WireError::Bad(error.to_string())),
        },
    }
}

fn write(payload: &impl Serialize) -> Result<Vec<u8>, WireError> {
    serde_json::to_vec(payload).map_err(|error| WireError::Bad(error.to_string()))
}

impl From<Malformed> for WireError {
    fn from(malformed: Malformed) -> Self {
        Self::Bad(malformed.0.to_owned())
    }
}

/// What carries its version.
trait Versioned {
    fn version(&self) -> u64;
}

#[cfg(test)]
mod tests;
