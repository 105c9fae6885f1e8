//! JSON: values and types to text and back.
//!
//! There are three forms. *Plain* is what `jsonencode` and outputs show: the value alone, its type
//! is not written. *Typed* is what state and plans hold: written and read against a type; where
//! that is dynamic, the value is wrapped as `{"value": …, "type": …}`. *Implied* reads plain text
//! and takes the types from it: arrays become tuples, objects become objects.
//!
//! Numbers are exact in both directions. Unknown and marked values have no JSON.

mod decode;
mod encode;
mod read;
mod types;

#[cfg(test)]
mod tests;

use crate::Path;
use std::fmt;

pub use decode::{Decoder, decode, decode_implied, implied_type};
pub use encode::{encode, encode_plain, quote, write_plain};
pub use types::{decode_type, encode_type};

/// How deep arrays and objects may be nested.
pub const MAX_DEPTH: usize = crate::value::MAX_DEPTH;

/// Text that is no such JSON, or a value that has none.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonError {
    /// Which part of the value.
    pub path: Path,
    /// What is wrong, without a final period.
    pub message: String,
    /// Byte offset in the text that was read.
    pub offset: Option<usize>,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.0.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for JsonError {}
