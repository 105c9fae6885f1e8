//! Simulation: random configurations, edits, drift, faults, orders and crashes, and what must hold after all of them.
//!
//! Everything follows from one seed. [`run`] plays a story and gives the first claim that does not hold, with the configuration at that point.

mod claims;
mod edit;
mod model;
mod play;
mod render;

pub use play::{Failure, Outcome, run};
