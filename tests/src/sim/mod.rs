//! Simulation: random configurations, edits, drift, faults, orders and crashes, and what must hold after all of them.
//! [`at_every_boundary`] kills one apply between any two things that happen in it. [`two_at_a_time`] applies two plans of one state.
//!
//! Everything follows from one seed. [`run`] plays a story and gives the first claim that does not hold, with the configuration at that point.

mod claims;
mod crashes;
mod edit;
pub mod makespan;
mod model;
mod pairs;
mod play;
mod recalled;
mod render;

pub use crashes::{Crashes, at_every_boundary};
pub use pairs::{Pairs, two_at_a_time};
pub use play::{Failure, Outcome, run};
pub use recalled::{Recalled, with_and_without_memory};
