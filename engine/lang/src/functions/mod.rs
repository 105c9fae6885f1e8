//! The function library.
//!
//! [`table`] says what a function is and holds the directory; then one file per family, each with its part of the table first and the
//! implementations below. What functions may use of the world is given in [`Functions`].

use ecow::EcoString;
use std::fmt::Debug;
use std::sync::Arc;

mod args;
mod charset;
mod code_pages;
mod collection;
mod convert;
mod encoding;
mod file;
mod format;
mod glob;
mod hash;
pub mod help;
mod map;
mod network;
mod number;
mod provider;
mod regex;
mod rsa;
mod sequence;
mod set;
mod string;
pub mod table;
mod template;
mod tfvars;
mod time;
mod yaml;

#[cfg(test)]
mod answers;
#[cfg(test)]
mod tests;

pub(crate) use provider::BUILTIN;
pub use provider::{
    Callee, ConfiguredFunction, ProviderFunction, ProviderFunctionError, ProviderFunctions,
    ProviderNames, ProviderParam,
};
pub use yaml::value_of as yaml_value;

/// The parts of the table.
fn families() -> Vec<&'static [table::Function]> {
    vec![
        number::TABLE,
        string::TABLE,
        regex::TABLE,
        collection::TABLE,
        sequence::TABLE,
        map::TABLE,
        set::TABLE,
        convert::TABLE,
        format::TABLE,
        encoding::TABLE,
        hash::TABLE,
        time::TABLE,
        network::TABLE,
        file::TABLE,
        template::TABLE,
        yaml::TABLE,
        tfvars::TABLE,
    ]
}

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

    /// The same, of files at most so many levels down (1: those in the directory itself). May give deeper ones too.
    ///
    /// # Errors
    /// A sentence that says why not.
    fn list_to_depth(&self, dir: &str, levels: usize) -> Result<Vec<String>, String> {
        let _ = levels;
        self.list(dir)
    }

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
    /// Functions of providers.
    pub providers: Arc<dyn ProviderFunctions>,
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

impl Functions {
    /// Functions that can use nothing of the world: no files, no time, no randomness.
    #[must_use]
    pub fn pure() -> Self {
        Self {
            files: Arc::new(NoFiles),
            providers: Arc::new(provider::NoProviders),
            plan_time: None,
            impure: None,
        }
    }

    /// The same with functions of providers.
    #[must_use]
    pub fn with_providers(mut self, providers: Arc<dyn ProviderFunctions>) -> Self {
        self.providers = providers;
        self
    }
}

/// There are no files.
#[derive(Debug)]
struct NoFiles;

const NO_FILES: &str = "files can't be read here";

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Result<Arc<[u8]>, String> {
        Err(NO_FILES.to_owned())
    }

    fn exists(&self, _path: &str) -> Result<bool, String> {
        Err(NO_FILES.to_owned())
    }

    fn list(&self, _dir: &str) -> Result<Vec<String>, String> {
        Err(NO_FILES.to_owned())
    }

    fn absolute(&self, path: &str) -> String {
        path.to_owned()
    }

    fn home(&self) -> Option<String> {
        None
    }
}
