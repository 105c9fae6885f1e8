//! The suite of all stores, on both layouts.

use super::Place;
use crate::Layout;
use std::sync::Arc;
use terrane_store::StateStore;
use terrane_store::conformance::{Harness, check};

/// The suite wants boxes.
#[derive(Debug)]
struct Shared(Arc<dyn StateStore>);

impl StateStore for Shared {
    fn workspaces(&self) -> Result<Vec<String>, terrane_store::StoreError> {
        self.0.workspaces()
    }
    fn leasing(&self) -> terrane_store::Leasing {
        self.0.leasing()
    }
    fn acquire(
        &self,
        workspace: &str,
        request: &terrane_store::LeaseRequest,
    ) -> Result<terrane_store::Attempt, terrane_store::StoreError> {
        self.0.acquire(workspace, request)
    }
    fn withdraw(&self, workspace: &str, id: &str) -> Result<(), terrane_store::StoreError> {
        self.0.withdraw(workspace, id)
    }
    fn holders(
        &self,
        workspace: &str,
    ) -> Result<Vec<terrane_store::Held>, terrane_store::StoreError> {
        self.0.holders(workspace)
    }
    fn force_unlock(
        &self,
        workspace: &str,
        id: &str,
    ) -> Result<terrane_store::lease::Holder, terrane_store::StoreError> {
        self.0.force_unlock(workspace, id)
    }
    fn read(
        &self,
        workspace: &str,
    ) -> Result<Arc<terrane_model::snapshot::Snapshot>, terrane_store::StoreError> {
        self.0.read(workspace)
    }
    fn history(
        &self,
        workspace: &str,
    ) -> Result<Vec<terrane_store::Version>, terrane_store::StoreError> {
        self.0.history(workspace)
    }
    fn read_at(
        &self,
        workspace: &str,
        serial: u64,
    ) -> Result<terrane_model::snapshot::Snapshot, terrane_store::StoreError> {
        self.0.read_at(workspace, serial)
    }
    fn location(&self) -> String {
        self.0.location()
    }
    fn delete(&self, workspace: &str) -> Result<(), terrane_store::StoreError> {
        self.0.delete(workspace)
    }
    fn erase(&self, workspace: &str) -> Result<(), terrane_store::StoreError> {
        self.0.erase(workspace)
    }
}

impl Harness for Place {
    fn store(&self) -> Box<dyn StateStore> {
        Box::new(Shared(Self::store(self)))
    }

    fn schedules(&self) -> u64 {
        40
    }
}

#[test]
fn the_layout_rows_is_a_store() {
    check(|| Place::new(Layout::Rows));
}

#[test]
fn the_layout_of_the_peers_is_a_store() {
    check(|| Place::new(Layout::States));
}
