//! The gate as a whole: plans of the planner over a fake cloud, decisions with real signatures.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, also in functions that tests share"
)]

mod crafted;
mod examples;
mod gates;
mod late;
mod property;
mod world;
