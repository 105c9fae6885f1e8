//! Patterns of gates.

use ecow::EcoString;
use std::fmt;
use terrane_model::glob::fits;

/// A pattern: `*` stands for any text, everything else for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(EcoString);

impl Glob {
    /// A pattern.
    #[must_use]
    pub fn new(pattern: impl Into<EcoString>) -> Self {
        Self(pattern.into())
    }

    /// Whether the whole text is of this form.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        fits(&self.0, text)
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
