//! What providers say of their things, for people.

use ecow::EcoString;
use std::fmt;
use std::ops::Deref;

/// A text for people, and what it is written in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The text; may be empty.
    pub text: EcoString,
    /// What it is written in.
    pub kind: DescriptionKind,
}

/// What a description is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DescriptionKind {
    /// Nothing in particular.
    #[default]
    Plain,
    /// Markdown.
    Markdown,
}

impl Description {
    /// A text in Markdown.
    #[must_use]
    pub fn markdown(text: impl Into<EcoString>) -> Self {
        Self {
            text: text.into(),
            kind: DescriptionKind::Markdown,
        }
    }
}

impl Deref for Description {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A plain text.
impl<T: Into<EcoString>> From<T> for Description {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            kind: DescriptionKind::Plain,
        }
    }
}
