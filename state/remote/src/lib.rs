//! State that is kept as one file: on a disk, behind HTTP, in S3, in the peers' formats, under the peers' locks.
//!
//! A `backend` block names one of [`kinds`]; [`schema`] says what its arguments are, [`open`] makes a store of them.
//!
//! What these stores share is in `whole`: a commit goes to a journal on this machine first (its cost is that of the change), the state file is
//! written at close and from time to time, and where the place can hold more than the state file, the journal is shipped there in groups.
//! Rules and files: `docs/formats/whole-file.md`.

mod args;
mod error;
mod http;
mod local;
mod net;
mod schema;
mod whole;

pub use error::ConfigError;

use args::Args;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use terrane_model::schema::Block;
use terrane_store::StateStore;
use terrane_store::seal::Seal;
use terrane_value::Value;

/// Says something to the user that is no error: that changes of a crashed run were taken in.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// What a store may know of the process that uses it.
#[derive(Clone)]
pub struct Surroundings {
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Where what belongs to this working copy is kept: `.terrane`.
    pub data_dir: PathBuf,
    /// `user@host`, for locks.
    pub who: String,
    /// The version of the program, for locks.
    pub version: String,
    /// The time in milliseconds since 1970 UTC, for locks and intervals.
    pub now_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
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
            who: String::from("unknown"),
            version: String::from(env!("CARGO_PKG_VERSION")),
            now_ms: Arc::new(system_now_ms),
            say: Arc::new(|_| ()),
        }
    }
}

impl fmt::Debug for Surroundings {
    /// Without the environment, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("data_dir", &self.data_dir)
            .field("who", &self.who)
            .finish_non_exhaustive()
    }
}

fn system_now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|passed| u64::try_from(passed.as_millis()).ok())
        .unwrap_or(0)
}

/// The kinds of backend that this crate has, sorted.
#[must_use]
pub fn kinds() -> &'static [&'static str] {
    &["http", "local", "s3"]
}

/// The arguments of a kind of backend; `None`: it is not one of [`kinds`].
#[must_use]
pub fn schema(kind: &str) -> Option<Arc<Block>> {
    match kind {
        "http" => Some(schema::http()),
        "local" => Some(schema::local()),
        "s3" => Some(schema::s3()),
        _ => None,
    }
}

/// Makes a store from the arguments of a `backend` block: an object of the implied type of its schema, wholly known. Arguments that are null
/// are taken from the environment where the peers do that. Touches neither disk nor network.
///
/// # Errors
/// When an argument is missing or makes no sense.
pub fn open(
    kind: &str,
    config: &Value,
    surroundings: &Surroundings,
    seal: Arc<dyn Seal>,
) -> Result<Arc<dyn StateStore>, ConfigError> {
    let args = Args::new(config, &surroundings.env);
    match kind {
        "http" => http::open(&args, surroundings, seal),
        "local" => local::open(&args, surroundings, seal),
        _ => Err(ConfigError::whole(format!(
            "there is no backend of the kind `{kind}`"
        ))),
    }
}
