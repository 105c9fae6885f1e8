//! The store in PostgreSQL, in two layouts.
//!
//! `states`: the table of the peers, which they read, write and lock as ever, and beside it tables of ours, so that a killed run loses nothing. `rows`: only
//! tables of ours, where many write at a time, each what it has a lease on.
//!
//! In both, a state is a row per resource instance, output and open intent, and a journal of all batches; a commit is one call that writes the batch and the
//! rows that it touches, and waits for the disk together with all others who wait at the time. Layout, locks and migrations: `docs/formats/postgresql.md`;
//! why: `docs/adr/`.

mod audit;
mod client;
mod config;
mod conn_str;
mod leases;
mod maintain;
mod merge;
mod opening;
mod past;
mod peers;
mod reading;
mod removing;
mod reseal;
mod rows;
mod runtime;
mod schema;
mod sealing;
mod session;
mod store;
mod tables;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod workspace;

pub use config::{kinds, open, schema};
pub use schema::statements;
pub use store::{Layout, PgStore};
