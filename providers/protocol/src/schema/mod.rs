//! Schemas, from messages to ours and back.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::{Converted, Lazily, functions as read_functions, provider_schema};
pub use write::{functions, identities, schemas};
