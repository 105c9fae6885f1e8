//! The embedded store passes the suite of all stores, with its defaults and with an index and compaction at every turn.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use terrane_store::StateStore;
use terrane_store::clock::ManualClock;
use terrane_store::conformance::{Harness, check};
use terrane_store_sled::{Settings, SledStore};

struct Embedded {
    folder: TempDir,
    settings: Settings,
    schedules: u64,
}

impl Embedded {
    fn new(settings: Settings, schedules: u64) -> Self {
        Self {
            schedules,
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

    fn store_with_clock(&self, clock: &ManualClock, lease_ms: u64) -> Option<Box<dyn StateStore>> {
        // Compacted all the time, so that this goes on beside other writers, too.
        let settings = Settings {
            compact_at: 5000,
            compact_ratio: 1,
            ..self.settings
        };
        let store = SledStore::with_settings(self.folder.path().join("a/terrane.state"), settings);
        Some(Box::new(
            store.leasing_for(lease_ms, Arc::new(clock.clone())),
        ))
    }

    fn schedules(&self) -> u64 {
        self.schedules
    }

    fn journal(&self, workspace: &str) -> Option<PathBuf> {
        Some(self.sled().journal_path(workspace))
    }

    fn reads_all(&self) -> bool {
        self.settings.fold_from > 0
    }
}

#[test]
fn conforms() {
    check(|| Embedded::new(Settings::default(), 150));
}

#[test]
fn conforms_when_index_and_fold_are_written_all_the_time() {
    check(|| {
        let settings = Settings {
            index_every: 0,
            index_from: 0,
            fold_from: 0,
            ..Settings::default()
        };
        Embedded::new(settings, 25)
    });
}
