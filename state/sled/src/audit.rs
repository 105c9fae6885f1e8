//! Audit logs: a file per workspace, beside the folders of workspaces, so that a log outlives its workspace.

use crate::SledStore;
use crate::layout::{decode_name, encode_name};
use terrane_store::audit::{Audit, Change, FileLog};
use terrane_store::files::{files_in, io_error, make_folders};
use terrane_store::{StoreError, check_workspace_name};

impl SledStore {
    /// The log of a workspace.
    #[must_use]
    pub fn audit_log(&self, workspace: &str) -> FileLog {
        let name = format!("{}.log", encode_name(workspace));
        FileLog::new(self.layout.root().join("audit").join(name))
    }

    /// The log of a workspace, to be written.
    fn own_log(&self, workspace: &str) -> Result<FileLog, StoreError> {
        check_workspace_name(workspace)?;
        self.layout.check_format()?;
        let root = self.layout.root();
        if !root.join("format").exists() {
            make_folders(root).map_err(io_error("making", root))?;
            self.layout.write_format()?;
        }
        Ok(self.audit_log(workspace))
    }
}

impl Audit for SledStore {
    fn read(&self, workspace: &str) -> Result<Vec<u8>, StoreError> {
        check_workspace_name(workspace)?;
        self.layout.check_format()?;
        self.audit_log(workspace).read()
    }

    fn closed(&self, workspace: &str, segment: u64) -> Result<Option<Vec<u8>>, StoreError> {
        check_workspace_name(workspace)?;
        self.audit_log(workspace).closed(segment)
    }

    fn change(&self, workspace: &str, change: Change<'_>) -> Result<(), StoreError> {
        self.own_log(workspace)?.change(change)
    }

    fn logs(&self) -> Result<Vec<String>, StoreError> {
        self.layout.check_format()?;
        let folder = self.layout.root().join("audit");
        let mut found: Vec<String> = files_in(&folder)
            .map_err(io_error("reading", &folder))?
            .iter()
            .filter_map(|name| decode_name(name.strip_suffix(".log")?))
            .collect();
        found.sort_unstable();
        Ok(found)
    }

    fn secret_or(&self, workspace: &str, new: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.own_log(workspace)?.secret_or(new)
    }
}
