//! Bytes that must not be shown, and are wiped when they go.

use crate::problem::{Problem, Result};
use std::fmt;
use zeroize::Zeroizing;

/// A key, a passphrase, a token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes. Whoever takes them must not keep them.
    pub(crate) fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text.
    pub(crate) fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.0).map_err(|_| Problem(String::from("a secret is not text")))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_output_tells_nothing() {
        let text = format!("{:?}", Secret::new(b"canary".as_slice()));
        assert_eq!(text, "(secret)");
    }
}
