//! What can be wrong with a file.

use std::io;
use std::path::{Path, PathBuf};

/// A file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CostError {
    /// It can't be read.
    #[error("{} can't be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("{name} is no {what}")]
    Format {
        /// Which file.
        name: String,
        /// `price book`
        what: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// It is of a version to come.
    #[error("{name} has format {found}, and this program knows format {known}")]
    Version {
        /// Which file.
        name: String,
        /// What it says.
        found: u64,
        /// What is known.
        known: u64,
    },
    /// Two books have prices in different currencies.
    #[error("One price book has prices in {one}, another one in {other}: they can't be added")]
    Currencies {
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// A rule, price or amount makes no sense.
    #[error("{name}: {problem}")]
    Content {
        /// Which file.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// Reads a text.
pub(crate) fn read(path: &Path) -> Result<String, CostError> {
    std::fs::read_to_string(path).map_err(|source| CostError::Read {
        path: path.to_owned(),
        source,
    })
}

/// What is in a JSON text, whose `format` is looked at first.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(
    name: &str,
    text: &str,
    what: &'static str,
    known: u64,
) -> Result<T, CostError> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u64,
    }
    let failed = |source| CostError::Format {
        name: name.to_owned(),
        what,
        source,
    };
    let Format { format } = serde_json::from_str(text).map_err(failed)?;
    if format != known {
        return Err(CostError::Version {
            name: name.to_owned(),
            found: format,
            known,
        });
    }
    serde_json::from_str(text).map_err(failed)
}
