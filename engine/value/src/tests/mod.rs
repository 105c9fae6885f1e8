//! Tests of the room as a whole.

mod laws;
mod peer;
