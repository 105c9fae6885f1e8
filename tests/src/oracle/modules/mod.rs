//! Real modules: folders full of other people's configuration, read with the schemas that the tests can have.
//!
//! `hashicorp/aws` has its real schemas, from a table; providers that come with the engine have theirs; of all others the schema is made
//! from what the modules use of it, so that it refuses nothing.

mod folders;
pub mod layout;
mod permissive;
mod schemas;

pub use folders::{Library, Validated};
pub use permissive::Seen;
pub use schemas::{aws, builtin};
