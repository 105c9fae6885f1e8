//! What is wrong with a `backend` block.

use terrane_value::Path;

/// An argument that is missing or makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// Which argument; empty for the block as a whole.
    pub path: Path,
    /// What is wrong with it.
    pub message: String,
}

impl ConfigError {
    /// An error of the block as a whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self {
            path: Path::new(),
            message: message.into(),
        }
    }

    /// An error of one argument.
    pub fn at(name: &str, message: impl Into<String>) -> Self {
        Self {
            path: Path::new().attr(name),
            message: message.into(),
        }
    }
}
