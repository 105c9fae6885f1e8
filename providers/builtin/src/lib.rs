//! Providers that come with the engine: `terraform_data` and `terraform_remote_state`, and native versions of the public null, random, local and
//! time providers, with their schemas and behaviour, so that a state can go from one to the other.
//!
//! What a provider cannot know it is given in [`Options`]: randomness, the clock, other states.

mod local;
mod maps;
mod null;
mod random;
mod terraform;
mod time;

pub mod doors;

use std::sync::Arc;
use terrane_provider::Providers;

pub use doors::Options;

/// All of them.
#[must_use]
pub fn all(options: &Options) -> Providers {
    Providers::new()
        .with(Arc::new(terraform::provider(options)))
        .with(Arc::new(null::provider(options)))
        .with(Arc::new(random::provider(options)))
        .with(Arc::new(local::provider()))
        .with(Arc::new(time::provider(options)))
}
