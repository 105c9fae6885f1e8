//! The binary form in which values cross the provider protocol: msgpack, with extensions for
//! unknown values.
//!
//! Values are written against a type. Where that is dynamic, the value is an array of its type (as
//! JSON, in a binary) and itself. An unknown value is an extension of one byte; one with
//! refinements is an extension of type 12 that holds a map of them. Numbers are integers or floats
//! where that is exact, and decimal text otherwise. Marked values have no such form.

mod decode;
mod encode;

#[cfg(test)]
mod tests;

use crate::Path;
use std::fmt;

pub use decode::decode;
pub use encode::encode;

/// Type of the extension for an unknown value with refinements. (One without is type 0.)
const REFINED: i8 = 12;
/// Keys of the map of refinements.
mod key {
    pub(super) const NULLNESS: u8 = 1;
    pub(super) const PREFIX: u8 = 2;
    pub(super) const MIN: u8 = 3;
    pub(super) const MAX: u8 = 4;
    pub(super) const MIN_LENGTH: u8 = 5;
    pub(super) const MAX_LENGTH: u8 = 6;
}

/// Bytes that are no such value, or a value that cannot be written.
#[derive(Clone, Debug, PartialEq)]
pub struct MsgpackError {
    /// Which part of the value.
    pub path: Path,
    /// What is wrong, without a final period.
    pub message: String,
}

impl fmt::Display for MsgpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.0.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for MsgpackError {}
