//! The nouns that the rooms share: addresses, provider schemas, what is said to providers, snapshot and events; patterns and lengths of time as people write them.
//!
//! Plain data and its folds. Nothing here reads configuration or plans, and nothing here knows how it is stored.

pub mod addr;
mod causes;
pub mod claim;
pub mod event;
pub mod glob;
pub mod provider;
pub mod schema;
pub mod secrets;
pub mod snapshot;
pub mod span;

pub use causes::with_causes;
