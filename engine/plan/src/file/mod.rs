//! Saved plans: a plan and everything that applying it needs, as one file (`docs/formats/plan-file.md`).
//!
//! The file is versioned, compressed and guarded: a digest over its meaning names the plan (approvals are bound to it), a second one over its
//! bytes tells a damaged file. Sensitive values are in it in the clear, as they are in those of the peers: whoever encrypts state encrypts
//! plan files too, around this format.
//!
//! Nothing read is trusted: counts are checked against what is left, depth is bounded by the codec of values, and sizes are limited.

mod actions;
mod addrs;
mod container;
mod objects;
mod plan;
mod values;

#[cfg(test)]
mod tests;

pub use container::is_plan;

use crate::plan::Plan;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use terrane_value::bytes::Malformed;

/// The version of the format that is written. Older ones are read as well.
pub const FORMAT_VERSION: u32 = 5;

/// A plan with what applying it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedPlan {
    /// The version of the program that made it.
    pub version: String,
    /// The plan.
    pub plan: Plan,
    /// The files of the configuration: path relative to the root module, content. In the order given; paths are unique.
    pub sources: Vec<(String, Arc<[u8]>)>,
    /// Whatever else the shell keeps with it (the programs that are its providers, the backend …), by name. This room does not look into it.
    pub extra: BTreeMap<String, Arc<[u8]>>,
}

/// SHA-256 over the meaning of a saved plan: equal for equal plans, whatever compresses them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Why a plan could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// The bytes do not begin like a plan file.
    NotAPlan,
    /// A format that this program does not know.
    Version(u32),
    /// The bytes are not those that were written.
    Damaged,
    /// The bytes are whole, but what they say makes no sense at this place.
    Malformed(&'static str),
    /// A value has no form in a file.
    Unencodable(String),
    /// More than the format can hold.
    TooLarge,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPlan => f.write_str("this is not a saved plan"),
            Self::Version(version) => write!(
                f,
                "the plan was saved in format {version}, which this version of terrane does not know (it knows {FORMAT_VERSION}); make the plan anew"
            ),
            Self::Damaged => f.write_str("the saved plan is damaged or was changed; make it anew"),
            Self::Malformed(what) => write!(f, "the saved plan is not well-formed: {what}"),
            Self::Unencodable(what) => write!(f, "the plan can't be saved: {what}"),
            Self::TooLarge => f.write_str("the saved plan is too large"),
        }
    }
}

impl std::error::Error for FileError {}

impl From<Malformed> for FileError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed.0)
    }
}

type Result<T, E = FileError> = std::result::Result<T, E>;
type Reader<'a> = terrane_value::bytes::Reader<'a, FileError>;

/// A saved plan as bytes. Equal plans give equal bytes.
///
/// # Errors
/// For values that must not be stored, and for sizes beyond the format.
pub fn encode(saved: &SavedPlan) -> Result<Vec<u8>, FileError> {
    container::pack(&plan::write(saved)?)
}

/// A saved plan as bytes, and its digest.
///
/// # Errors
/// As for [`encode`].
pub fn encode_with_digest(saved: &SavedPlan) -> Result<(Vec<u8>, Digest), FileError> {
    let sections = plan::write(saved)?;
    Ok((container::pack(&sections)?, container::digest(&sections)))
}

/// Reads a saved plan, and its digest.
///
/// # Errors
/// For bytes that are none, of a later format, or damaged.
pub fn decode(bytes: &[u8]) -> Result<(SavedPlan, Digest), FileError> {
    let (sections, digest) = container::unpack(bytes)?;
    Ok((plan::read(&sections)?, digest))
}

/// The digest of a saved plan.
///
/// # Errors
/// As for [`encode`].
pub fn digest(saved: &SavedPlan) -> Result<Digest, FileError> {
    Ok(container::digest(&plan::write(saved)?))
}
