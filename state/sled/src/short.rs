//! The short lock of a workspace: held while the lease table is changed or a record is appended, never longer.
//!
//! It is a `flock` on the file `lock`, which the system releases when its holder dies. But a holder can be stopped (`SIGSTOP`, a laptop that sleeps)
//! in the middle of what it does, with the lock. Then it is passed by: whoever has waited for as long as a lease lasts, and has seen no progress all that time,
//! puts a new `lock` in place of the old one. The one that was stopped goes on, when it does, with files that are not in force any more:
//!
//! 1. It has opened the lease table before it took the lock; the one who passed it by puts a new file in place of the table.
//! 2. It appends to the journal that it has open; the one who passed it by puts a new journal (a checkpoint) in place of it.
//! 3. It looks, after its write and before it says that it is done, whether its `lock` is still in place. It is not: the lease is lost.

use crate::layout::{Place, io_error};
use std::fs::{File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use terrane_store::{StoreError, files};

/// The longest pause between two tries.
const PAUSE: Duration = Duration::from_millis(2);

/// The file that is locked, opened.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    file: Arc<File>,
    /// Which file that is.
    id: FileId,
    path: PathBuf,
}

/// Device and number of a file; `None`: it can't be told.
pub(crate) type FileId = Option<(u64, u64)>;

/// Held as long as this lives.
#[derive(Debug)]
pub(crate) struct Short {
    door: Door,
}

impl Drop for Short {
    fn drop(&mut self) {
        // It is released with the file at the latest.
        drop(self.door.file.unlock());
    }
}

/// Opens a file for reading and writing, for the owner's eyes only; makes it if it is not there.
pub(crate) fn open_private(path: &Path) -> Result<File, StoreError> {
    files::open_private(path).map_err(io_error("opening", path))
}

/// Which file this is.
pub(crate) fn file_id(metadata: io::Result<Metadata>) -> FileId {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        metadata.ok().map(|found| (found.dev(), found.ino()))
    }
    #[cfg(not(unix))]
    metadata.ok().map(|_| (0, 0))
}

/// Whether a file is the one that has this name.
pub(crate) fn is_in_place(file: &File, path: &Path) -> bool {
    has_name(file_id(file.metadata()), path)
}

fn has_name(id: FileId, path: &Path) -> bool {
    id.is_some() && id == file_id(std::fs::metadata(path))
}

impl Door {
    pub(crate) fn open(place: &Place) -> Result<Self, StoreError> {
        let path = place.lock();
        let file = open_private(&path)?;
        Ok(Self {
            id: file_id(file.metadata()),
            file: Arc::new(file),
            path,
        })
    }

    fn again(&mut self) -> Result<(), StoreError> {
        self.file = Arc::new(open_private(&self.path)?);
        self.id = file_id(self.file.metadata());
        Ok(())
    }

    /// Which file it is: another one after the lock was passed by.
    pub(crate) fn id(&self) -> FileId {
        self.id
    }

    /// Takes the lock. `None`: not within this time.
    pub(crate) fn take(&mut self, patience: Duration) -> Result<Option<Short>, StoreError> {
        let began = Instant::now();
        let mut pause = Duration::from_micros(50);
        loop {
            match self.file.try_lock() {
                Ok(()) => {
                    let short = Short { door: self.clone() };
                    if short.is_in_force() {
                        return Ok(Some(short));
                    }
                    // Removed with the workspace, or passed by: there is another one.
                    drop(short);
                    self.again()?;
                }
                Err(TryLockError::WouldBlock) => {
                    if began.elapsed() >= patience {
                        return Ok(None);
                    }
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(PAUSE);
                    if !has_name(self.id, &self.path) {
                        self.again()?;
                    }
                }
                Err(TryLockError::Error(source)) => {
                    return Err(io_error("locking", &self.path)(source));
                }
            }
        }
    }

    /// Puts a new lock in place of one whose holder does not move, and takes it. `None`: somebody else has done so.
    ///
    /// What the old holder may still write to must be replaced before anything else is done.
    pub(crate) fn pass_by(&mut self) -> Result<Option<Short>, StoreError> {
        let fail = |source| io_error("replacing", &self.path)(source);
        // One at a time; and only if it is still the lock that did not move.
        let turn = open_private(&self.path.with_extension("turn"))?;
        if turn.try_lock().is_err() || !has_name(self.id, &self.path) {
            return Ok(None);
        }
        let draft = self.path.with_extension("new");
        let make = || -> io::Result<File> {
            match std::fs::remove_file(&draft) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
            let file = open_private(&draft).map_err(io::Error::other)?;
            file.lock()?;
            std::fs::rename(&draft, &self.path)?;
            Ok(file)
        };
        self.file = Arc::new(make().map_err(fail)?);
        self.id = file_id(self.file.metadata());
        drop(turn);
        Ok(Some(Short { door: self.clone() }))
    }
}

impl Short {
    /// Whether nobody has put another lock in place of this one.
    pub(crate) fn is_in_force(&self) -> bool {
        has_name(self.door.id, &self.door.path)
    }
}
