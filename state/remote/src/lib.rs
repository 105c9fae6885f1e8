//! State that is kept as one file: on a disk, behind HTTP, in S3, in the peers' formats, under the peers' locks.
//!
//! A `backend` block names one of [`kinds`]; [`schema`] says what its arguments are, [`open`] makes a store of them.
//!
//! What these stores share is in `whole`: a commit goes to a journal on this machine first (its cost is that of the change), the state file is
//! written at close and from time to time, and where the place can hold more than the state file, the journal is shipped there in groups.
//! Rules and files: `docs/formats/whole-file.md`.

mod http;
mod local;
mod net;
mod s3;
mod schema;
mod whole;

pub use terrane_store::backend::{ConfigError, Say, Surroundings};

use std::sync::Arc;
use terrane_model::schema::Block;
use terrane_store::StateStore;
use terrane_store::backend::Args;
use terrane_store::seal::Seal;
use terrane_value::Value;

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
        "s3" => s3::open(&args, surroundings, seal),
        _ => Err(ConfigError::whole(format!(
            "there is no backend of the kind `{kind}`"
        ))),
    }
}
