//! What the tests of the whole engine share: a synchronous driver of its machines, and the simulation that is built on it.
//!
//! The crate is a library of test parts; the tests themselves are in `tests/` beside it and in the modules.

#[cfg(test)]
mod documents;
pub mod engine;
pub mod golden;
pub mod oracle;
pub mod sim;
pub mod situations;
