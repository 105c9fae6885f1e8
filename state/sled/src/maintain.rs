//! What can be done to the embedded store beside reading and writing states.

use crate::{SledStore, backup, fsck, prune};
use terrane_store::StoreError;
use terrane_store::journal::RawRecord;
use terrane_store::maintain::{Checkup, Maintain, Policy, Pruned};

impl Maintain for SledStore {
    fn check(&self, workspace: &str, repair: bool) -> Result<Checkup, StoreError> {
        fsck::check(&self.layout, workspace, repair)
    }

    fn records(
        &self,
        workspace: &str,
        each: &mut dyn FnMut(&RawRecord<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.layout.check_format()?;
        backup::records(&self.layout, workspace, each)
    }

    fn refill(&self, workspace: &str, records: &[RawRecord<'_>]) -> Result<(), StoreError> {
        self.layout.check_format()?;
        backup::refill(&self.layout, workspace, records)
    }

    fn prune(
        &self,
        workspace: &str,
        policy: &Policy,
        now_ms: u64,
        dry_run: bool,
    ) -> Result<Pruned, StoreError> {
        self.layout.check_format()?;
        prune::prune(&self.layout, workspace, policy, now_ms, dry_run)
    }

    fn policy(&self, workspace: &str) -> Result<Option<Policy>, StoreError> {
        self.layout.check_format()?;
        prune::policy(&self.layout.place(workspace))
    }

    fn set_policy(&self, workspace: &str, policy: Option<&Policy>) -> Result<(), StoreError> {
        self.layout.check_format()?;
        let place = self.layout.make(workspace)?;
        prune::set_policy(&place, policy)
    }
}
