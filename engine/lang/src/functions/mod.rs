//! The function library.

use ecow::EcoString;
use std::fmt::Debug;
use std::sync::Arc;

/// Reads files for functions; the engine itself opens none.
pub trait Files: Send + Sync + Debug {
    /// The content of a file. Relative paths are relative to the working directory.
    ///
    /// # Errors
    /// A sentence that says why not.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, String>;

    /// Whether there is a regular file; an error if there is something else (a directory).
    ///
    /// # Errors
    /// A sentence that says why it can't be told.
    fn exists(&self, path: &str) -> Result<bool, String>;

    /// Paths (relative to `dir`, separated by `/`, sorted) of all regular files below a directory, following links.
    ///
    /// # Errors
    /// A sentence that says why not.
    fn list(&self, dir: &str) -> Result<Vec<String>, String>;

    /// The absolute form of a path, without `.` and `..`.
    fn absolute(&self, path: &str) -> String;

    /// The home directory of the user, for `~`.
    fn home(&self) -> Option<String>;
}

/// What functions may use of the world. Given at the start of a run.
#[derive(Clone, Debug)]
pub struct Functions {
    /// Files.
    pub files: Arc<dyn Files>,
    /// `plantimestamp()`: RFC 3339; unknown while validating.
    pub plan_time: Option<EcoString>,
    /// The present time (RFC 3339) and a source of random bytes; `None` at every phase but apply, where `timestamp()`, `uuid()` and
    /// `bcrypt()` are unknown.
    pub impure: Option<Impure>,
}

/// What impure functions use.
#[derive(Clone, Debug)]
pub struct Impure {
    /// `timestamp()`: RFC 3339, UTC.
    pub now: EcoString,
    /// Random bytes.
    pub random: Arc<dyn Random>,
}

/// A source of randomness.
pub trait Random: Send + Sync + Debug {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}
