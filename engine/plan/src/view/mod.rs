//! Views: a plan, or stored objects, for people and for machines. Nothing here decides anything.

pub mod json;
pub mod text;

#[cfg(test)]
pub(crate) mod fixture;
