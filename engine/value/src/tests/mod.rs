//! Tests of the room as a whole.

mod containers;
mod laws;
mod peer;
