//! The store in memory passes the suite of all stores.
#![cfg(feature = "conformance")]

use terrane_store::conformance::{Harness, check};
use terrane_store::{MemoryStore, StateStore};

struct Memory(MemoryStore);

impl Harness for Memory {
    fn store(&self) -> Box<dyn StateStore> {
        Box::new(self.0.clone())
    }
}

#[test]
fn conforms() {
    check(|| Memory(MemoryStore::new()));
}
