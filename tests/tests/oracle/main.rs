//! This engine beside `terraform`. Where there is no `terraform` on the path, each test says so and passes.
//!
//! `TERRANE_ORACLE_EXPRESSIONS` says how many expressions are made, `TERRANE_ORACLE_FROM` from which seed on, `TERRANE_ORACLE_SHOW` how many
//! differences are made small and shown.

mod configurations;
mod expressions;
mod json;
mod mistakes;

/// A number from the environment.
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// What is said where the peer is not there.
const ABSENT: &str = "skipped: there is no `terraform` on the path";
