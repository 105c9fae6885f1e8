//! A log in a file of its own, and the secret in another one beside it.

use super::{Change, Changed};
use crate::StoreError;
use crate::files::{io_error, make_folders, open_private, write_whole};
use crate::journal::sync_folder;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A larger segment of a log is none.
const LARGEST: u64 = 1 << 30;
/// How often it is looked for the present segment, where others close one after the other.
const TRIES: usize = 100;

/// The files of one log.
#[derive(Clone, Debug)]
pub struct FileLog {
    log: PathBuf,
    key: PathBuf,
}

impl FileLog {
    /// A log in this file, with its secret in the file `<log>.key`. Making one touches no file.
    #[must_use]
    pub fn new(log: impl Into<PathBuf>) -> Self {
        let log = log.into();
        let mut key = log.clone().into_os_string();
        key.push(".key");
        Self {
            log,
            key: key.into(),
        }
    }

    /// As [`super::Audit::read`].
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(&self) -> Result<Vec<u8>, StoreError> {
        Ok(Self::read_file(&self.log)?.unwrap_or_default())
    }

    /// As [`super::Audit::closed`]. Closed segments are in the files `<log>.0`, `<log>.1` …
    ///
    /// # Errors
    /// When it can't be read.
    pub fn closed(&self, segment: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Self::read_file(&self.segment(segment))
    }

    fn segment(&self, number: u64) -> PathBuf {
        let mut path = self.log.clone().into_os_string();
        path.push(format!(".{number}"));
        path.into()
    }

    fn read_file(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => {
                let mut file = opened.map_err(io_error("opening", path))?;
                Self::content(&mut file, path).map(Some)
            }
        }
    }

    fn content(file: &mut File, path: &Path) -> Result<Vec<u8>, StoreError> {
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.take(LARGEST + 1).read_to_end(&mut text))
            .map_err(io_error("reading", path))?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > LARGEST {
            return Err(StoreError::Damaged {
                what: path.display().to_string(),
                problem: "it is larger than an audit log can be".to_owned(),
            });
        }
        Ok(text)
    }

    /// As [`super::Audit::change`]. The file is locked meanwhile.
    ///
    /// # Errors
    /// When it can't be written, and what `change` returns.
    pub fn change(&self, change: Change<'_>) -> Result<(), StoreError> {
        let folder = folder_of(&self.log);
        make_folders(folder).map_err(io_error("making", folder))?;
        for _ in 0..TRIES {
            let is_new = !self.log.exists();
            let mut file = open_private(&self.log).map_err(io_error("opening", &self.log))?;
            file.lock().map_err(io_error("locking", &self.log))?;
            if !is_at(&file, &self.log) {
                // Who had the lock has closed the segment.
                continue;
            }
            let text = Self::content(&mut file, &self.log)?;
            let Changed {
                stays,
                added,
                closes,
            } = change(&text)?;
            if let Some(number) = closes {
                let closed = text.get(..stays).unwrap_or(&text);
                return self.turn(number, closed, &added);
            }
            let before = u64::try_from(stays.min(text.len())).unwrap_or(u64::MAX);
            let written = append(&mut file, before, &added);
            if let Err(error) = written {
                // All or nothing.
                drop(file.set_len(before).and_then(|()| file.sync_data()));
                return Err(io_error("writing", &self.log)(error));
            }
            if is_new {
                sync_folder(folder).map_err(io_error("syncing", folder))?;
            }
            return Ok(());
        }
        Err(StoreError::Refused(format!(
            "others write to {} all the time",
            self.log.display()
        )))
    }

    /// Closes a segment, and begins the next one. Whoever dies between the two steps leaves a copy that nobody asks for, and that is written anew.
    fn turn(&self, number: u64, closed: &[u8], next: &[u8]) -> Result<(), StoreError> {
        let aside = self.segment(number);
        write_whole(&aside, closed).map_err(io_error("writing", &aside))?;
        write_whole(&self.log, next).map_err(io_error("writing", &self.log))
    }

    /// As [`super::Audit::secret_or`].
    ///
    /// # Errors
    /// When it can't be read or made.
    pub fn secret_or(&self, new: [u8; 32]) -> Result<[u8; 32], StoreError> {
        // Where nothing may be written, one that is there can be read all the same.
        if let Ok(bytes) = fs::read(&self.key)
            && let Ok(secret) = <[u8; 32]>::try_from(bytes.as_slice())
        {
            return Ok(secret);
        }
        let folder = folder_of(&self.key);
        make_folders(folder).map_err(io_error("making", folder))?;
        let mut file = open_private(&self.key).map_err(io_error("opening", &self.key))?;
        // Two processes must not make two.
        file.lock().map_err(io_error("locking", &self.key))?;
        let mut bytes = Vec::new();
        (&file)
            .take(33)
            .read_to_end(&mut bytes)
            .map_err(io_error("reading", &self.key))?;
        if let Ok(secret) = <[u8; 32]>::try_from(bytes.as_slice()) {
            return Ok(secret);
        }
        if bytes.len() > 32 {
            return Err(StoreError::Damaged {
                what: self.key.display().to_string(),
                problem: "it is longer than a secret".to_owned(),
            });
        }
        append(&mut file, 0, &new)
            .and_then(|()| sync_folder(folder))
            .map_err(io_error("writing", &self.key))?;
        Ok(new)
    }
}

/// Random bytes for a secret.
#[must_use]
pub fn new_secret() -> [u8; 32] {
    let mut hash = Sha256::new();
    for _ in 0..4 {
        hash.update(uuid::Uuid::new_v4().as_bytes());
    }
    hash.finalize().into()
}

/// Whether an open file is still the one of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let name = |data: fs::Metadata| (data.dev(), data.ino());
    let opened = file.metadata().map(name).ok();
    opened.is_some() && opened == fs::metadata(path).map(name).ok()
}

/// Elsewhere a file that is open and locked can't be replaced.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

fn append(file: &mut File, at: u64, added: &[u8]) -> io::Result<()> {
    if file.metadata()?.len() != at {
        file.set_len(at)?;
    }
    file.seek(SeekFrom::Start(at))?;
    file.write_all(added)?;
    file.sync_data()
}
