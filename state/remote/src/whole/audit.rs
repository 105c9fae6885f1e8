//! Audit logs, where there is a place for them beside the state.

use super::WholeFileStore;
use terrane_store::audit::{Audit, Change, FileLog};
use terrane_store::{StoreError, check_workspace_name};

impl WholeFileStore {
    fn log(&self, workspace: &str) -> Result<FileLog, StoreError> {
        check_workspace_name(workspace)?;
        self.place.audit_log(workspace).ok_or_else(|| {
            StoreError::Refused("there is no place for an audit log beside this state".to_owned())
        })
    }
}

impl Audit for WholeFileStore {
    fn read(&self, workspace: &str) -> Result<Vec<u8>, StoreError> {
        self.log(workspace)?.read()
    }

    fn closed(&self, workspace: &str, segment: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.log(workspace)?.closed(segment)
    }

    fn change(&self, workspace: &str, change: Change<'_>) -> Result<(), StoreError> {
        self.log(workspace)?.change(change)
    }

    fn logs(&self) -> Result<Vec<String>, StoreError> {
        self.place.audit_logs()
    }

    fn secret_or(&self, workspace: &str, new: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.log(workspace)?.secret_or(new)
    }
}
