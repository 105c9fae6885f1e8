//! What can be done to the embedded store beside reading and writing states.

use crate::layout::Place;
use crate::lock::Lock;
use crate::read::exists;
use crate::workspace::own_index;
use crate::{SledStore, backup, fsck};
use terrane_store::StoreError;
use terrane_store::journal::{Header, RawRecord, read_header};
use terrane_store::maintain::{Checkup, Maintain, Policy, Pruned};

/// Which journal there is.
fn header(place: &Place) -> Option<Header> {
    let path = place.journal();
    let mut file = std::fs::File::open(&path).ok()?;
    read_header(&mut file, &path).ok()
}

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
        if !exists(&self.layout, workspace)? {
            return Ok(Pruned::default());
        }
        let place = self.layout.place(workspace);
        // Taken, so that nobody writes meanwhile.
        let lock = match dry_run {
            true => None,
            false => Some(Lock::own(&place, "prune")?),
        };
        let before = header(&place);
        let pruned = place.chain().prune(policy, now_ms, true, dry_run);
        // One of another journal is of no use, and a check would wonder at it. Whoever has it open, without a lease, looks after it.
        if header(&place) != before {
            drop(std::fs::remove_file(place.fold()));
            if own_index(&place).is_some() {
                drop(std::fs::remove_dir_all(place.index()));
            }
        }
        drop(lock);
        pruned
    }

    fn policy(&self, workspace: &str) -> Result<Option<Policy>, StoreError> {
        self.layout.check_format()?;
        self.layout.place(workspace).chain().policy()
    }

    fn set_policy(&self, workspace: &str, policy: Option<&Policy>) -> Result<(), StoreError> {
        self.layout.check_format()?;
        let place = self.layout.make(workspace)?;
        place.chain().set_policy(policy)
    }
}
