//! State in S3, and in what speaks its protocol.
//!
//! Keys, locks and digests are those of the peers: the state of `default` at `key`, others at `<workspace_key_prefix>/<workspace>/<key>`, a lock at
//! `<state>.tflock` or in a DynamoDB table, or both. Beside the state is the shipped journal, `<state>.terrane-journal`, as long as it says something
//! that the state does not.
//!
//! Other than the peers, a state is written only in place of the one that was read (`If-Match`), so that a writer whose lock was taken away
//! can't put its state over a later one.

mod client;
mod clock;
mod credentials;
mod dynamo;
mod object;
mod place;
mod settings;
mod versions;

use crate::whole::WholeFileStore;
use crate::{ConfigError, Surroundings};
use place::S3Place;
use settings::Settings;
use std::sync::Arc;
use terrane_store::StateStore;
use terrane_store::backend::Args;
use terrane_store::seal::Seal;

pub(crate) fn open(
    args: &Args<'_>,
    surroundings: &Surroundings,
    seal: Arc<dyn Seal>,
) -> Result<Arc<dyn StateStore>, ConfigError> {
    let settings = Settings::read(args)?;
    let place = S3Place::new(settings, &surroundings.data_dir)?;
    Ok(Arc::new(WholeFileStore::new(
        Arc::new(place),
        surroundings,
        seal,
    )))
}
