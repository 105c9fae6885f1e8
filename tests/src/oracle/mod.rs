//! Differential tests: random expressions and configurations, answered by this engine and by `terraform`, a peer that reads the same language.
//!
//! The peer is a black box on the path; where it is not there, the tests say so and pass. Everything random comes from a seed, so a
//! failure is reproduced by its number, and is made smaller before it is shown.

pub mod binary;
pub mod expression;
pub mod history;
pub mod modules;
pub mod mutation;
pub mod peer;
pub mod tree;
