//! What each built-in provider does, beyond the contract that the conformance suite checks.

mod harness;
mod local;
mod null;
mod random;
mod terraform;
mod time;
