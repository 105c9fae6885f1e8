//! Checksums of folders that were computed before, so that hundreds of megabytes are not read again by every command.
//!
//! A folder's checksum is remembered with what the file system says of each of its files: size, inode, times of change. As long as all of that is the same the
//! checksum is, too: nobody can write to a file without its time of change (`ctime`) going on. A checksum of a file that was changed in the very moment of the
//! computation is not trusted.

use crate::hash::{self, PackageHash};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Clocks of file systems may go in steps this large.
const STEP_NS: u64 = 20_000_000;
/// How large the file may be.
const MAX_SIZE: u64 = 64 << 20;

/// What the file system says of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    name: String,
    size: u64,
    modified_ns: u64,
    /// `ctime`; zero where there is none.
    changed_ns: u64,
    device: u64,
    inode: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    hash: String,
    /// When the computation began.
    began_ns: u64,
    files: Vec<Stamp>,
}

/// Remembered checksums of folders.
#[derive(Debug)]
pub struct Stamps {
    path: Option<PathBuf>,
    entries: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<String, Entry>,
    changed: bool,
    /// How many folders had to be read.
    computed: usize,
}

impl Stamps {
    /// Those that a file holds. A file that can't be read holds none: then they are computed anew.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let small = std::fs::metadata(path).is_ok_and(|about| about.len() <= MAX_SIZE);
        let entries = small
            .then(|| std::fs::read(path).ok())
            .flatten()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self {
            path: Some(path.to_owned()),
            entries: Mutex::new(State {
                entries,
                ..State::default()
            }),
        }
    }

    /// None, and none are kept.
    #[must_use]
    pub fn forgetful() -> Self {
        Self {
            path: None,
            entries: Mutex::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The `h1:` checksum of a folder: remembered if nothing has changed since, else computed.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn hash(&self, folder: &Path) -> io::Result<PackageHash> {
        let folder = std::fs::canonicalize(folder)?;
        let key = folder.to_string_lossy().into_owned();
        let files = stamps(&folder)?;
        let known = self.state().entries.get(&key).cloned();
        if let Some(known) = known
            && known.files == files
            && files.iter().all(|file| file.is_settled(known.began_ns))
            && let Ok(hash) = known.hash.parse()
        {
            return Ok(hash);
        }
        let began_ns = now_ns();
        let hash = hash::of_folder(&folder)?;
        // What was changed meanwhile has another stamp now.
        let settled = stamps(&folder)? == files;
        let mut state = self.state();
        state.computed += 1;
        state.changed = true;
        if settled {
            let entry = Entry {
                hash: hash.to_string(),
                began_ns,
                files,
            };
            state.entries.insert(key, entry);
        } else {
            state.entries.remove(&key);
        }
        Ok(hash)
    }

    /// Takes over the checksum of a folder that was computed where nobody else could change it.
    pub(crate) fn remember(&self, folder: &Path, hash: &PackageHash) {
        let Ok(folder) = std::fs::canonicalize(folder) else {
            return;
        };
        let Ok(files) = stamps(&folder) else {
            return;
        };
        let entry = Entry {
            hash: hash.to_string(),
            began_ns: now_ns(),
            files,
        };
        let mut state = self.state();
        state.changed = true;
        let key = folder.to_string_lossy().into_owned();
        state.entries.insert(key, entry);
    }

    /// How many folders were read since this was loaded.
    #[must_use]
    pub fn computed(&self) -> usize {
        self.state().computed
    }

    /// Keeps what was computed, and forgets folders that are no more. That it can't be written costs time only, so nobody is told.
    pub fn save(&self) {
        let mut state = self.state();
        let Some(path) = self.path.as_ref().filter(|_| state.changed) else {
            return;
        };
        state.entries.retain(|folder, _| Path::new(folder).is_dir());
        let Ok(bytes) = serde_json::to_vec(&state.entries) else {
            return;
        };
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        if made
            .and_then(|()| crate::files::replace(path, &bytes))
            .is_ok()
        {
            state.changed = false;
        }
    }
}

impl Drop for Stamps {
    fn drop(&mut self) {
        self.save();
    }
}

impl Stamp {
    /// Whether the last change was certainly before.
    fn is_settled(&self, at_ns: u64) -> bool {
        self.changed_ns
            .max(self.modified_ns)
            .saturating_add(STEP_NS)
            <= at_ns
    }
}

fn now_ns() -> u64 {
    since_epoch(SystemTime::now())
}

fn since_epoch(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn stamps(folder: &Path) -> io::Result<Vec<Stamp>> {
    hash::files(folder)?
        .into_iter()
        .map(|(name, path)| {
            let about = File::open(path)?.metadata()?;
            let (changed_ns, device, inode) = identity(&about);
            Ok(Stamp {
                name,
                size: about.len(),
                modified_ns: since_epoch(about.modified()?),
                changed_ns,
                device,
                inode,
            })
        })
        .collect()
}

#[cfg(unix)]
fn identity(about: &std::fs::Metadata) -> (u64, u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    let seconds = u64::try_from(about.ctime()).unwrap_or_default();
    let rest = u64::try_from(about.ctime_nsec()).unwrap_or_default();
    let changed = seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    (changed, about.dev(), about.ino())
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> (u64, u64, u64) {
    (0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package whose files were written a while ago as far as their times of modification go; `ctime` can't be set, so a test waits it out.
    fn settle(folder: &Path) {
        while !stamps(folder)
            .unwrap()
            .iter()
            .all(|file| file.is_settled(now_ns()))
        {
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_has_not_changed_is_not_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let kept = tempfile::tempdir().unwrap();
        let path = kept.path().join("a/stamps.json");
        let program = folder.path().join("terraform-provider-x");
        std::fs::write(&program, "one").unwrap();
        settle(folder.path());
        let first = Stamps::load(&path);
        let hash = first.hash(folder.path()).unwrap();
        assert_eq!(hash, first.hash(folder.path()).unwrap());
        assert_eq!(first.computed(), 1);
        drop(first);
        let second = Stamps::load(&path);
        assert_eq!(hash, second.hash(folder.path()).unwrap());
        assert_eq!(second.computed(), 0);

        // The same size, and the time of modification put back.
        let modified = std::fs::metadata(&program).unwrap().modified().unwrap();
        std::fs::write(&program, "two").unwrap();
        File::options()
            .write(true)
            .open(&program)
            .unwrap()
            .set_modified(modified)
            .unwrap();
        let changed = second.hash(folder.path()).unwrap();
        assert_ne!(changed, hash);
        // A file more.
        settle(folder.path());
        second.hash(folder.path()).unwrap();
        std::fs::write(folder.path().join("more"), "").unwrap();
        assert_ne!(second.hash(folder.path()).unwrap(), changed);
    }

    #[test]
    fn what_changed_in_that_moment_is_read_again() {
        let file = |ns| Stamp {
            name: String::new(),
            size: 1,
            modified_ns: 0,
            changed_ns: ns,
            device: 1,
            inode: 1,
        };
        let now = now_ns();
        assert!(!file(now).is_settled(now));
        assert!(file(now - STEP_NS).is_settled(now));
        assert!(!file(now + 1_000_000_000).is_settled(now));
    }

    #[test]
    fn a_damaged_file_costs_time_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stamps.json");
        std::fs::write(&path, "{").unwrap();
        let package = tempfile::tempdir().unwrap();
        Stamps::load(&path).hash(package.path()).unwrap();
        assert_eq!(Stamps::load(&path).state().entries.len(), 1);
        Stamps::forgetful().hash(package.path()).unwrap();
    }
}
