//! What can go wrong when keys are fetched and bytes are sealed or opened.

use terrane_store::StoreError;

/// A problem, told in a phrase that fits after a colon. Holds no secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Problem(pub(crate) String);

pub(crate) type Result<T> = std::result::Result<T, Problem>;

/// Fails with a phrase.
pub(crate) fn fail<T>(problem: impl Into<String>) -> Result<T> {
    Err(Problem(problem.into()))
}

impl Problem {
    /// The problem, and what it was met in.
    pub(crate) fn within(self, what: &str) -> Self {
        Self(format!("{what}: {}", self.0))
    }
}

impl From<Problem> for StoreError {
    fn from(problem: Problem) -> Self {
        Self::Encryption(problem.0)
    }
}
