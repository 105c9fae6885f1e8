//! What the makers of stores share: the arguments of a `backend` block, what is wrong with them, and what a store may know of its process.

mod args;
mod error;

pub use args::Args;
pub use error::ConfigError;

use crate::clock::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Says something to the user that is no error: that changes of a crashed run were taken in.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// What a store may know of the process that uses it.
#[derive(Clone)]
pub struct Surroundings {
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Where what belongs to this working copy is kept: `.terrane`.
    pub data_dir: PathBuf,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where news for the user go.
    pub say: Say,
}

impl Surroundings {
    /// Surroundings with the system's clock, in which nothing is said.
    #[must_use]
    pub fn new(env: BTreeMap<String, String>, data_dir: impl Into<PathBuf>) -> Self {
        Self {
            env,
            data_dir: data_dir.into(),
            clock: Arc::new(SystemClock),
            say: Arc::new(|_| ()),
        }
    }
}

impl fmt::Debug for Surroundings {
    /// Without the environment, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("data_dir", &self.data_dir)
            .finish_non_exhaustive()
    }
}
