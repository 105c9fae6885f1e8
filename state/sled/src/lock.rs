//! Who owns a workspace.
//!
//! An advisory lock on a file that is never removed. The system releases it when the process ends, however it ends, so there is nothing
//! to break by hand. The file says who holds it, for messages only.

use crate::layout::{Place, io_error};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};
use terrane_store::StoreError;

#[derive(Serialize, Deserialize)]
struct Holder {
    pid: u32,
    command: String,
    host: String,
    /// Seconds since 1970 UTC.
    since: u64,
}

/// Held as long as this lives.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    pub(crate) fn take(place: &Place) -> Result<Self, StoreError> {
        // Between opening and locking, the owner may have removed the workspace; then the lock is on a file that is no more.
        const TRIES: u32 = 5;
        for _ in 0..TRIES {
            let lock = Self::try_take(place)?;
            if lock.is_in_place(place) {
                return Ok(lock);
            }
        }
        Err(StoreError::InUse {
            path: place.folder().display().to_string(),
            holder: "a process that is removing it".to_owned(),
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

    fn try_take(place: &Place) -> Result<Self, StoreError> {
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
                return Err(StoreError::InUse {
                    path: place.folder().display().to_string(),
                    holder: describe(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(io_error("locking", &path)(source));
            }
        }
        let mut lock = Self { file };
        // For messages only: on a full disk the state must open all the same.
        drop(lock.write(&Holder::this()));
        Ok(lock)
    }

    fn write(&mut self, holder: &Holder) -> std::io::Result<()> {
        let text = serde_json::to_vec(holder).map_err(std::io::Error::other)?;
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&text)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // What the file says is for messages only: if it can't be emptied, it is replaced by the next owner.
        drop(self.file.set_len(0));
        drop(self.file.unlock());
    }
}

impl Holder {
    fn this() -> Self {
        let command = std::env::args_os()
            .take(3)
            .map(|word| word.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(" ");
        Self {
            pid: std::process::id(),
            command,
            host: host(),
            since: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |age| age.as_secs()),
        }
    }
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this host".to_owned())
}

/// Who holds the lock, for people.
fn describe(file: &mut File) -> String {
    let mut text = String::new();
    let holder: Option<Holder> = file
        .rewind()
        .and_then(|()| file.read_to_string(&mut text))
        .ok()
        .and_then(|_| serde_json::from_str(&text).ok());
    let Some(Holder {
        pid,
        command,
        host,
        since,
    }) = holder
    else {
        return "another process".to_owned();
    };
    if pid == std::process::id() {
        return "this very process".to_owned();
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(since, |age| age.as_secs());
    format!(
        "process {pid} on {host} (`{command}`), since {}",
        ago(now.saturating_sub(since))
    )
}

fn ago(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds / 60),
        _ => format!("{} hours", seconds / 3600),
    }
}
