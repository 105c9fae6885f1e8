//! A snapshot as bytes that are read quickly: what readers begin with in place of a long journal.
//!
//! It is made of the journal and can always be made anew, so its layout may change from version to version: [`FORMAT`] says which one it is, and another one is not
//! read. Whoever keeps it has to know that it is whole (a checksum) and what it is the fold of.
//!
//! The head is as [`crate::wire`] writes it. Rows follow in the order of their addresses, each resource with its instances; what a row has in common with the one
//! before it (the module, the provider, what it depends on) is said once.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::decode;
pub use write::encode;

use crate::wire::WireError;

type Result<T> = std::result::Result<T, WireError>;
type Reader<'a> = terrane_value::bytes::Reader<'a, WireError>;

fn bad<T>(problem: &str) -> Result<T> {
    Err(WireError::Bad(problem.to_owned()))
}

/// The layout that this version writes, and the only one that it reads.
pub const FORMAT: u16 = 1;

/// Bits of an object's first byte.
mod flag {
    pub(super) const TAINTED: u8 = 1;
    pub(super) const CREATE_BEFORE_DESTROY: u8 = 1 << 1;
    pub(super) const SKIP_DESTROY: u8 = 1 << 2;
    pub(super) const CREATED_IN: u8 = 1 << 3;
    /// It depends on the same as the object before it.
    pub(super) const SAME_DEPENDENCIES: u8 = 1 << 4;
    pub(super) const PRIVATE: u8 = 1 << 5;
    pub(super) const IDENTITY: u8 = 1 << 6;
    /// Sensitive paths, or the key of a provider instance: as JSON.
    pub(super) const MORE: u8 = 1 << 7;
}
