//! State files on a disk, as the peers keep them.
//!
//! The lock is theirs: an fcntl lock on the state file itself, with who holds it in `.<file>.lock.info` beside it. A state file is therefore never
//! replaced by another file: a peer that waits for the lock (`-lock-timeout`) has the old one open, would get the lock on that, and write to a file
//! that has no name any more. (Seen with Terraform 1.11.4: its apply succeeded, and what it had created was in no state.) It is written in place,
//! when the journal beside it has everything and says so. The front of an old state and the end of a new one can look like a whole one, and an
//! empty file like none; so the first byte is spoilt before anything else is written, and put right at the very end. A write that is cut off
//! leaves a file that nobody takes for a state, and the next command repairs it.

mod lock;

use crate::whole::desk::{io_error, make_folders, write_whole};
use crate::whole::kept::Note;
use crate::whole::{Held, LockOutcome, Place, Stored, Tag, WholeFileStore};
use crate::{ConfigError, Surroundings};
use lock::Locked;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_store::audit::FileLog;
use terrane_store::backend::Args;
use terrane_store::files::files_in;
use terrane_store::journal::sync_folder;
use terrane_store::lease::Holder;
use terrane_store::seal::Seal;
use terrane_store::{StateStore, StoreError};

/// The state file of the workspace `default`.
const STATE: &str = "terraform.tfstate";
/// What a file begins with while it is being written. No JSON does.
const TORN: [u8; 1] = [0];
/// How the name of the audit log ends; with `.key` behind it, that of the secret.
const AUDIT: &str = ".terrane-audit";
/// The folder of the others.
const WORKSPACES: &str = "terraform.tfstate.d";

pub(crate) fn open(
    args: &Args<'_>,
    surroundings: &Surroundings,
    seal: Arc<dyn Seal>,
) -> Result<Arc<dyn StateStore>, ConfigError> {
    let path = PathBuf::from(args.text("path", &[]).unwrap_or(STATE));
    if path.file_name().is_none() {
        return Err(ConfigError::at(
            "path",
            format!("`{}` does not name a file", path.display()),
        ));
    }
    let folder = args.text("workspace_dir", &[]).unwrap_or(WORKSPACES);
    let place = LocalFiles {
        path,
        workspaces: PathBuf::from(folder),
    };
    Ok(Arc::new(WholeFileStore::new(
        Arc::new(place),
        surroundings,
        seal,
    )))
}

/// State files on a disk.
#[derive(Clone, Debug)]
struct LocalFiles {
    path: PathBuf,
    workspaces: PathBuf,
}

/// `<before><name><after>` beside a file.
fn beside(path: &Path, before: &str, after: &str) -> PathBuf {
    let mut name = OsString::from(before);
    name.push(path.file_name().unwrap_or_default());
    name.push(after);
    path.with_file_name(name)
}

fn info_path(path: &Path) -> PathBuf {
    beside(path, ".", ".lock.info")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

impl LocalFiles {
    fn path(&self, workspace: &str) -> PathBuf {
        if workspace == "default" {
            self.path.clone()
        } else {
            self.workspaces.join(workspace).join(STATE)
        }
    }

    /// Opens the state file, making it if there is none. Says whether it did.
    fn open(path: &Path) -> io::Result<(File, bool)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        match options.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => return result.map(|file| (file, false)),
        }
        make_folders(folder_of(path))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.create(true).truncate(false).open(path)?;
        sync_folder(folder_of(path))?;
        Ok((file, true))
    }

    fn try_lock(
        path: &Path,
        info: &Holder,
    ) -> Result<Option<Result<LockedFile, Option<Holder>>>, StoreError> {
        let (file, made) = Self::open(path).map_err(io_error("opening", path))?;
        let Some(locked) = Locked::take(file).map_err(io_error("locking", path))? else {
            return Ok(Some(Err(read_info(path)?)));
        };
        // Whoever had it may have removed it between opening and locking.
        if !crate::whole::desk::is_same(locked.file(), path) {
            return Ok(None);
        }
        let info_path = info_path(path);
        write_whole(&info_path, &info.to_json()).map_err(io_error("writing", &info_path))?;
        Ok(Some(Ok(LockedFile {
            path: path.to_owned(),
            file: Some(locked),
            made,
        })))
    }
}

fn read_info(path: &Path) -> Result<Option<Holder>, StoreError> {
    let info_path = info_path(path);
    match fs::read(&info_path) {
        Ok(bytes) => Ok(Holder::from_json(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("reading", &info_path)(error)),
    }
}

/// A peer makes an empty file to lock it.
fn stored(bytes: Vec<u8>) -> Option<Stored> {
    (!bytes.is_empty()).then_some(Stored { bytes, tag: None })
}

impl Place for LocalFiles {
    fn audit_log(&self, workspace: &str) -> Option<FileLog> {
        let log = beside(&self.path(workspace), ".", AUDIT);
        Some(FileLog::new(log))
    }

    fn audit_logs(&self) -> Result<Vec<String>, StoreError> {
        let all = files_in(&self.workspaces);
        let mut found = all.map_err(io_error("reading", &self.workspaces))?;
        found.retain(|name| name != "default");
        found.push("default".to_owned());
        found.retain(|name| beside(&self.path(name), ".", AUDIT).is_file());
        found.sort_unstable();
        Ok(found)
    }

    fn location(&self) -> String {
        self.path.display().to_string()
    }

    fn name(&self, workspace: &str) -> String {
        self.path(workspace).display().to_string()
    }

    fn writes_in_place(&self) -> bool {
        true
    }

    fn desk(&self, workspace: &str) -> PathBuf {
        beside(&self.path(workspace), ".", ".terrane")
    }

    /// Peers make an empty folder for a new workspace. The log of a workspace that was deleted stays in its own.
    fn list(&self) -> Result<Vec<String>, StoreError> {
        let names = files_in(&self.workspaces);
        let names = names.map_err(io_error("reading", &self.workspaces))?;
        let log = beside(Path::new(STATE), ".", AUDIT);
        let log = log.to_string_lossy();
        let mut found = Vec::new();
        for name in names {
            let folder = self.workspaces.join(&name);
            if !folder.is_dir() {
                continue;
            }
            let inside = files_in(&folder).map_err(io_error("reading", &folder))?;
            let only_logs = inside.iter().all(|file| file.starts_with(&*log));
            if inside.is_empty() || !only_logs {
                found.push(name);
            }
        }
        Ok(found)
    }

    fn get(&self, workspace: &str, _begun: &[String]) -> Result<Option<Stored>, StoreError> {
        let path = self.path(workspace);
        match fs::read(&path) {
            Ok(bytes) => Ok(stored(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("reading", &path)(error)),
        }
    }

    fn lock(&self, workspace: &str, info: &Holder) -> Result<LockOutcome, StoreError> {
        const TRIES: u32 = 5;
        let path = self.path(workspace);
        for _ in 0..TRIES {
            match Self::try_lock(&path, info)? {
                None => {}
                Some(Ok(locked)) => return Ok(LockOutcome::Locked(Box::new(locked))),
                Some(Err(holder)) => return Ok(LockOutcome::HeldBy(holder)),
            }
        }
        Ok(LockOutcome::HeldBy(None))
    }

    fn locks_outlive_processes(&self) -> bool {
        false
    }

    fn without_lock(&self, workspace: &str) -> Box<dyn Held> {
        Box::new(LockedFile {
            path: self.path(workspace),
            file: None,
            made: false,
        })
    }

    /// The system gives a lock on a file back only when its process ends. So the state gets a file of its own, and the process is left with
    /// one that has no name any more.
    fn break_lock(&self, workspace: &str, _id: &str) -> Result<(), StoreError> {
        let path = self.path(workspace);
        let part = || -> io::Result<()> {
            let bytes = fs::read(&path)?;
            if bytes.is_empty() {
                fs::remove_file(&path)?;
            } else {
                write_whole(&path, &bytes)?;
            }
            match fs::remove_file(info_path(&path)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                result => result,
            }
        };
        part().map_err(io_error("unlocking", &path))
    }

    fn holder(&self, workspace: &str) -> Result<Option<Holder>, StoreError> {
        let path = self.path(workspace);
        let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else {
            return Ok(None);
        };
        if Locked::is_free(&file).map_err(io_error("reading the lock of", &path))? {
            // What the info says is of a process that died.
            return Ok(None);
        }
        read_info(&path)
    }

    fn delete(&self, workspace: &str) -> Result<(), StoreError> {
        let path = self.path(workspace);
        // A backup of `default` may be of an earlier state, of which nobody spoke.
        let backup = (workspace != "default").then(|| beside(&path, "", ".backup"));
        for path in backup.into_iter().chain([info_path(&path), path]) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result.map_err(io_error("removing", &path))?,
            }
        }
        Ok(())
    }

    fn clean_up(&self, workspace: &str) {
        if workspace == "default" {
            return;
        }
        // It stays if somebody keeps something else in it.
        drop(fs::remove_dir(self.workspaces.join(workspace)));
        drop(fs::remove_dir(&self.workspaces));
    }
}

/// A state file, locked unless the user said otherwise.
#[derive(Debug)]
struct LockedFile {
    path: PathBuf,
    file: Option<Locked>,
    /// Whether it was made to be locked.
    made: bool,
}

impl Held for LockedFile {
    fn get(&mut self, _begun: &[String]) -> Result<Option<Stored>, StoreError> {
        let mut read = || -> io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            match &mut self.file {
                Some(locked) => {
                    locked.file_mut().rewind()?;
                    locked.file_mut().read_to_end(&mut bytes)?;
                }
                None => match fs::read(&self.path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    result => bytes = result?,
                },
            }
            Ok(bytes)
        };
        read().map(stored).map_err(io_error("reading", &self.path))
    }

    fn put(&mut self, bytes: &[u8], _expected: &Tag, _note: &Note) -> Result<Tag, StoreError> {
        let path = self.path.clone();
        let mut write = || -> io::Result<()> {
            let mut opened;
            let file = match &mut self.file {
                Some(locked) => locked.file_mut(),
                None => {
                    opened = LocalFiles::open(&path)?.0;
                    &mut opened
                }
            };
            let Some((first, rest)) = bytes.split_first() else {
                return Ok(());
            };
            file.rewind()?;
            file.write_all(&TORN)?;
            file.sync_data()?;
            file.write_all(rest)?;
            file.set_len(bytes.len() as u64)?;
            file.sync_all()?;
            file.rewind()?;
            file.write_all(&[*first])?;
            file.sync_data()
        };
        write().map_err(io_error("writing", &path))?;
        self.made = false;
        Ok(None)
    }

    fn is_held(&mut self) -> Result<Option<bool>, StoreError> {
        Ok(self
            .file
            .as_ref()
            .map(|locked| crate::whole::desk::is_same(locked.file(), &self.path)))
    }

    fn back_up(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let path = beside(&self.path, "", ".backup");
        write_whole(&path, bytes).map_err(io_error("writing", &path))
    }

    fn unlock(mut self: Box<Self>) -> Result<(), StoreError> {
        let Some(locked) = self.file.take() else {
            return Ok(());
        };
        if !crate::whole::desk::is_same(locked.file(), &self.path) {
            // The lock was taken away: what is there now is somebody else's.
            return Ok(());
        }
        let empty = self.made
            && locked
                .file()
                .metadata()
                .is_ok_and(|metadata| metadata.len() == 0);
        if empty {
            drop(fs::remove_file(&self.path));
        }
        let info = info_path(&self.path);
        let removed = match fs::remove_file(&info) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(io_error("removing", &info)),
        };
        drop(locked);
        removed
    }
}
