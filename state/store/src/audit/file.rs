//! A log in a file of its own, and the secret in another one beside it.

use super::Change;
use crate::StoreError;
use crate::files::{io_error, make_folders, open_private};
use crate::journal::sync_folder;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Larger logs are none.
const LARGEST: u64 = 1 << 30;

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
        match File::open(&self.log) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            opened => {
                let mut file = opened.map_err(io_error("opening", &self.log))?;
                self.content(&mut file)
            }
        }
    }

    fn content(&self, file: &mut File) -> Result<Vec<u8>, StoreError> {
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.take(LARGEST + 1).read_to_end(&mut text))
            .map_err(io_error("reading", &self.log))?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > LARGEST {
            return Err(StoreError::Damaged {
                what: self.log.display().to_string(),
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
        let is_new = !self.log.exists();
        let mut file = open_private(&self.log).map_err(io_error("opening", &self.log))?;
        file.lock().map_err(io_error("locking", &self.log))?;
        let text = self.content(&mut file)?;
        let (stays, added) = change(&text)?;
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
        Ok(())
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
