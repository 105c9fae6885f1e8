//! The store in memory passes the suite of all stores.
#![cfg(feature = "conformance")]

use std::sync::Arc;
use terrane_store::clock::ManualClock;
use terrane_store::conformance::{Harness, check};
use terrane_store::{MemoryStore, StateStore};

struct Memory(MemoryStore);

impl Harness for Memory {
    fn store(&self) -> Box<dyn StateStore> {
        Box::new(self.0.clone())
    }

    fn store_with_clock(&self, clock: &ManualClock, lease_ms: u64) -> Option<Box<dyn StateStore>> {
        let clock = Arc::new(clock.clone());
        Some(Box::new(self.0.clone().with_clock(clock, lease_ms)))
    }
}

#[test]
fn conforms() {
    check(|| Memory(MemoryStore::new()));
}
