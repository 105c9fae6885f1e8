//! The embedded store passes the suite of all stores, with its defaults and with an index and compaction at every turn.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::PathBuf;
use tempfile::TempDir;
use terrane_store::StateStore;
use terrane_store::conformance::{Harness, check};
use terrane_store_sled::{Settings, SledStore};

struct Embedded {
    folder: TempDir,
    settings: Settings,
}

impl Embedded {
    fn new(settings: Settings) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            settings,
        }
    }

    fn sled(&self) -> SledStore {
        SledStore::with_settings(self.folder.path().join("a/terrane.state"), self.settings)
    }
}

impl Harness for Embedded {
    fn store(&self) -> Box<dyn StateStore> {
        Box::new(self.sled())
    }

    fn journal(&self, workspace: &str) -> Option<PathBuf> {
        Some(self.sled().journal_path(workspace))
    }
}

#[test]
fn conforms() {
    check(|| Embedded::new(Settings::default()));
}

#[test]
fn conforms_when_the_index_is_written_at_each_commit() {
    check(|| {
        Embedded::new(Settings {
            index_every: 0,
            ..Settings::default()
        })
    });
}
