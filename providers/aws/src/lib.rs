//! AWS: types with the names and schemas of `hashicorp/aws`.
//!
//! * [`facts`]: what is known of all types, packed; schemas are made of it, and plans.
//! * [`table`]: what a type that can be created is: a table of calls. `resources` has them, `data` the sources of data.
//! * `run` carries tables out, `write` and `read` are the ways from attributes to the API and back.
//!
//! AWS itself is asked through `terrane-aws-client`.

mod able;
mod bulk;
mod check;
pub mod config;
mod cx;
mod data;
pub mod facts;
mod json;
mod listing;
mod model;
mod plan;
mod provider;
mod read;
mod resources;
pub mod run;
mod same;
pub mod shape;
pub mod table;
mod write;

pub use provider::{Aws, Door, Opened};

/// The version of hashicorp/aws whose types these are.
pub const VERSION: &str = "6.47.0";

/// What is known of the operations of AWS.
#[must_use]
pub fn shapes() -> std::sync::Arc<dyn shape::Shapes> {
    std::sync::Arc::new(model::Models::default())
}

/// The names of the types that can be made, in order.
pub fn types() -> impl Iterator<Item = &'static str> {
    resources::all_names()
}
