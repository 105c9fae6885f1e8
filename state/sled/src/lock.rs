//! Who owns a workspace.
//!
//! An advisory lock on a file that is never removed. The system releases it when the process ends, however it ends, so there is nothing
//! to break by hand. The file says who holds it, for messages only.

use crate::layout::{Place, io_error};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use terrane_store::StoreError;
use terrane_store::lease::{Holder, Waiting};

/// Held as long as this lives.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock. `Err` inside: somebody else has it, of whom that is known.
    pub(crate) fn take(
        place: &Place,
        holder: &Holder,
    ) -> Result<Result<Self, Option<Holder>>, StoreError> {
        // Between opening and locking, the owner may have removed the workspace; then the lock is on a file that is no more.
        const TRIES: u32 = 5;
        for _ in 0..TRIES {
            match Self::try_take(place, holder)? {
                Ok(lock) if lock.is_in_place(place) => return Ok(Ok(lock)),
                Ok(_) => {}
                Err(holder) => return Ok(Err(holder)),
            }
        }
        Ok(Err(None))
    }

    /// Takes the lock for upkeep.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where somebody else has it.
    pub(crate) fn own(place: &Place, operation: &str) -> Result<Self, StoreError> {
        Self::take(place, &Holder::this_process(operation))?.map_err(|holder| {
            let waiting = Waiting {
                position: 1,
                holders: holder.into_iter().collect(),
                about: None,
            };
            waiting.in_use(place.folder().display().to_string())
        })
    }

    fn is_in_place(&self, place: &Place) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let (Ok(held), Ok(named)) = (self.file.metadata(), std::fs::metadata(place.lock()))
            else {
                return false;
            };
            (held.dev(), held.ino()) == (named.dev(), named.ino())
        }
        #[cfg(not(unix))]
        place.lock().exists()
    }

    fn try_take(
        place: &Place,
        holder: &Holder,
    ) -> Result<Result<Self, Option<Holder>>, StoreError> {
        let path = place.lock();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(&path).map_err(io_error("opening", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Ok(Err(written(&mut file)));
            }
            Err(TryLockError::Error(source)) => {
                return Err(io_error("locking", &path)(source));
            }
        }
        let mut lock = Self { file };
        // For messages only: on a full disk the state must open all the same.
        drop(lock.write(holder));
        Ok(Ok(lock))
    }

    fn write(&mut self, holder: &Holder) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&holder.to_json())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // What the file says is for messages only: if it can't be emptied, it is replaced by the next owner.
        drop(self.file.set_len(0));
        drop(self.file.unlock());
    }
}

/// What the file says of the holder.
fn written(file: &mut File) -> Option<Holder> {
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .ok()?;
    Holder::from_json(&bytes)
}

/// Who has the lock of a workspace; `None`: nobody.
pub(crate) fn holder(place: &Place) -> Option<Holder> {
    let mut file = File::open(place.lock()).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(written(&mut file).unwrap_or_default()),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}
