//! The folder on this machine where the journal of one workspace is kept.
//!
//! ```text
//! owner                      who works here; locked by the system as long as the process lives
//! owner.broken               the same of a process whose lock was taken away by force
//! journal                    batches of events, as in the embedded store; begins with a checkpoint unless the state was empty
//! mark                       which bytes of the state file stand for which point of the journal
//! history/<n>.journal        earlier journals
//! policy                     which versions are kept, if that was set
//! damaged/<name>.<n>         files that a repair has replaced
//! unlocked-<id>/             the same for a run without a lock beside another one
//! unwritten-<serial>.tfstate a state that could not be written, because somebody else had written meanwhile
//! ```

use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use terrane_model::snapshot::Snapshot;
use terrane_store::StoreError;
use terrane_store::chain::Chain;
pub(crate) use terrane_store::files::{io_error, make_folders, write_whole};
use terrane_store::files::{open_private, remove_if_there};
use terrane_store::journal::{
    HEADER_LEN, Header, Journal, RecordKind, create_file, create_with, read_header, scan,
    sync_folder,
};
use terrane_store::lease::Holder;
use terrane_store::pieces::Sealer;
use terrane_store::wire::{Batch, WireError, encode_snapshot};

/// The version of the folder's files.
const FORMAT: u64 = 1;
/// What the folders of runs without a lock begin with.
const ASIDE: &str = "unlocked-";
/// So many locks are remembered.
const MOST_NOTED: usize = 16;
/// A file of notes is not longer than this.
const LONGEST_NOTE: u64 = 1 << 20;
/// A journal shorter than this is never put away.
const LONG: u64 = 16 << 20;

/// Bytes of the state file, and the point of the journal that they stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// SHA-256 of the file as it is stored, in hex; empty where there is no file.
    pub(crate) digest: String,
    /// The serial that the file has.
    pub(crate) file_serial: u64,
    /// The serial of the journal's state.
    pub(crate) journal_serial: u64,
}

impl Mark {
    /// No file, nothing in the journal.
    pub(crate) fn nothing() -> Self {
        Self {
            digest: String::new(),
            file_serial: 0,
            journal_serial: 0,
        }
    }
}

/// What is known of the state file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marks {
    v: u64,
    /// Where the state file is, for people.
    pub(crate) location: String,
    /// What was last read or written.
    pub(crate) written: Mark,
    /// What was about to be written.
    pub(crate) writing: Option<Mark>,
}

/// Only the version of the marks.
#[derive(Deserialize)]
struct Peek {
    v: u64,
}

impl Marks {
    pub(crate) fn new(location: String, written: Mark) -> Self {
        Self {
            v: FORMAT,
            location,
            written,
            writing: None,
        }
    }

    /// The digest of the file that was about to be written, if there is one.
    pub(crate) fn begun(&self) -> Vec<String> {
        self.writing
            .iter()
            .map(|mark| mark.digest.clone())
            .collect()
    }

    /// The point of the journal that a file stands for.
    pub(crate) fn find(&self, digest: &str) -> Option<&Mark> {
        [Some(&self.written), self.writing.as_ref()]
            .into_iter()
            .flatten()
            .find(|mark| mark.digest == digest)
    }
}

/// A folder.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    chain: Chain,
}

/// What a journal says.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) snapshot: Snapshot,
    pub(crate) header: Header,
    pub(crate) end: u64,
    /// Whether the end of the file is an incomplete record.
    pub(crate) torn: bool,
    /// Whether a record is not sealed as it would be today.
    pub(crate) stale: bool,
}

impl Desk {
    pub(crate) fn new(folder: PathBuf, sealer: Arc<Sealer>) -> Self {
        Self {
            chain: Chain::new(folder, sealer),
        }
    }

    /// Its journals.
    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    pub(crate) fn folder(&self) -> &Path {
        self.chain.folder()
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.chain.journal()
    }

    pub(crate) fn mark(&self) -> PathBuf {
        self.folder().join("mark")
    }

    pub(crate) fn make(&self) -> Result<(), StoreError> {
        make_folders(self.folder()).map_err(io_error("making", self.folder()))
    }

    pub(crate) fn remove(&self) -> Result<(), StoreError> {
        match fs::remove_dir_all(self.folder()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(io_error("removing", self.folder())),
        }
    }

    /// States that could not be written, of which the user was told.
    pub(crate) fn unwritten(&self) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = fs::read_dir(self.folder())
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| {
                        name.starts_with("unwritten-")
                            && (name.ends_with(".tfstate") || name.ends_with(".json"))
                    })
            })
            .collect();
        found.sort();
        found
    }

    /// What is known of the state file; `None`: nothing.
    pub(crate) fn marks(&self) -> Result<Option<Marks>, StoreError> {
        let path = self.mark();
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            result => result.map_err(io_error("reading", &path))?,
        };
        let what = || path.display().to_string();
        let damaged = |error: serde_json::Error| StoreError::Damaged {
            what: what(),
            problem: error.to_string(),
        };
        // First of all the version: a later one may look different.
        let Peek { v } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if v > FORMAT {
            return Err(StoreError::TooNew {
                what: what(),
                found: v,
                known: FORMAT,
            });
        }
        let marks: Marks = serde_json::from_slice(&bytes).map_err(damaged)?;
        Ok(Some(marks))
    }

    /// Makes marks durable.
    pub(crate) fn set_marks(&self, marks: &Marks) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(marks).expect("texts can always be written as JSON");
        let path = self.mark();
        write_whole(&path, &bytes).map_err(io_error("writing", &path))
    }

    /// The state that the journal tells; `None`: there is no journal. `each` sees every batch.
    pub(crate) fn replay(
        &self,
        mut each: impl FnMut(&Batch) -> bool,
    ) -> Result<Option<Told>, StoreError> {
        let path = self.journal();
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            result => result.map_err(io_error("opening", &path))?,
        };
        let header = read_header(&mut file, &path)?;
        let mut snapshot = Snapshot::default();
        let mut stale = false;
        let scan = scan(&mut file, &path, HEADER_LEN, |_, kind, payload| {
            let opened = self.chain.sealer().open(payload)?;
            stale |= !opened.current;
            terrane_store::replay::apply(&mut snapshot, kind, &opened.bytes, |batch, _| each(batch))
        })
        // Others may have changed the key of the state file, who know nothing of this one.
        .map_err(|error| {
            let what = "the journal that terrane keeps of this state on this machine";
            error.beside_the_state(format_args!("{what}, {},", path.display()))
        })?;
        Ok(Some(Told {
            snapshot,
            header,
            end: scan.end,
            torn: scan.torn.is_some(),
            stale,
        }))
    }

    /// Writes all journals anew, sealed as they are to be today: earlier ones first, so that a present one in which all is as it should be means that all is.
    pub(crate) fn reseal(&self) -> Result<(), StoreError> {
        let Some(mut files) = self.chain.files()? else {
            return Ok(());
        };
        let Some(mut newest) = files.pop() else {
            return Ok(());
        };
        self.chain.reseal_before(newest.header.generation)?;
        let anew = self.chain.resealed(&mut newest)?;
        let torn = self.chain.torn();
        remove_if_there(&torn).map_err(io_error("removing", &torn))?;
        create_with(
            &newest.path,
            Header::new(newest.header.generation),
            &anew.records,
        )?;
        Ok(())
    }

    /// Opens the journal for writing at the end of its last whole record, which was found by reading it.
    pub(crate) fn go_on(&self, told: &Told) -> Result<Journal, StoreError> {
        let path = self.journal();
        let open = || -> io::Result<File> {
            let file = OpenOptions::new().read(true).write(true).open(&path)?;
            if told.torn {
                drop(fs::copy(&path, path.with_extension("torn")));
                file.set_len(told.end)?;
                file.sync_all()?;
            }
            Ok(file)
        };
        let file = open().map_err(io_error("opening", &path))?;
        Ok(Journal::new(file, path, told.end))
    }

    /// Begins a journal at a state. One that is there is put away.
    pub(crate) fn begin(
        &self,
        base: &Snapshot,
        generation: u64,
    ) -> Result<(Journal, Header), StoreError> {
        let path = self.journal();
        if path.exists() {
            let kept = self.chain.earlier(generation.saturating_sub(1));
            let history = self.chain.history();
            let keep = || -> io::Result<()> {
                make_folders(&history)?;
                if kept.exists() {
                    fs::remove_file(&kept)?;
                }
                if fs::hard_link(&path, &kept).is_err() {
                    fs::copy(&path, &kept)?;
                    File::open(&kept)?.sync_all()?;
                }
                sync_folder(&history)
            };
            keep().map_err(io_error("writing", &kept))?;
        }
        let header = Header::new(generation);
        let checkpoint = if *base == Snapshot::default() {
            None
        } else {
            let bytes = encode_snapshot(base).map_err(WireError::refused)?;
            Some(self.chain.sealer().seal(bytes)?)
        };
        let first = checkpoint
            .as_deref()
            .map(|bytes| (RecordKind::Checkpoint, bytes));
        let (file, len) = create_file(&path, header, first)?;
        Ok((Journal::new(file, path, len), header))
    }

    /// Whether a journal is so long that a new one should be begun.
    pub(crate) fn is_long(journal: &Journal, file_len: usize) -> bool {
        journal.len() > LONG.max(4 * file_len as u64)
    }

    /// Keeps a state that could not be written, and the journal that tells it. Returns where the state is.
    pub(crate) fn set_aside(&self, serial: u64, state: &[u8]) -> Result<PathBuf, StoreError> {
        let path = self.keep_state(serial, state)?;
        let journal = path.with_extension("journal");
        let put = || -> io::Result<()> {
            match fs::rename(self.journal(), &journal) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
            match fs::remove_file(self.mark()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
            sync_folder(self.folder())
        };
        put().map_err(io_error("writing", &journal))?;
        Ok(path)
    }

    /// Keeps a state that could not be written. Returns where it is.
    pub(crate) fn keep_state(&self, serial: u64, state: &[u8]) -> Result<PathBuf, StoreError> {
        let mut path = self.folder().join(format!("unwritten-{serial}.tfstate"));
        if path.exists() {
            path = self
                .folder()
                .join(format!("unwritten-{serial}-{}.tfstate", new_id()));
        }
        write_whole(&path, state).map_err(io_error("writing", &path))?;
        Ok(path)
    }

    /// Keeps a state file that can't be read and is about to be replaced.
    pub(crate) fn keep_damaged(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let folder = self.chain.damaged();
        let free = (0_u32..)
            .map(|at| folder.join(format!("state.{at}")))
            .find(|path| !path.exists());
        let Some(path) = free else { return Ok(()) };
        make_folders(&folder).map_err(io_error("making", &folder))?;
        write_whole(&path, bytes).map_err(io_error("writing", &path))
    }

    /// Keeps a shipped journal that does not fit. Returns where it is.
    pub(crate) fn keep_shipped(&self, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        let path = self.folder().join(format!("unwritten-{}.json", new_id()));
        write_whole(&path, bytes).map_err(io_error("writing", &path))?;
        Ok(path)
    }

    /// Takes the folder for this process; or says who has it.
    pub(crate) fn own(&self) -> Result<Result<Owned, Option<Holder>>, StoreError> {
        const TRIES: u32 = 5;
        const MOMENT: Duration = Duration::from_millis(20);
        let path = self.folder().join("owner");
        for _ in 0..TRIES {
            self.make()?;
            let file = open_private(&path).map_err(io_error("opening", &path))?;
            let mut owned = Owned {
                file,
                path: path.clone(),
            };
            match owned.file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let holder = owned.newest();
                    if holder.is_some() {
                        return Ok(Err(holder));
                    }
                    // Somebody who begins or ends at this moment, or only looks who works here.
                    std::thread::sleep(MOMENT);
                    continue;
                }
                Err(TryLockError::Error(source)) => return Err(io_error("locking", &path)(source)),
            }
            // Whoever had it may have removed the folder between opening and locking.
            if owned.is_in_place() {
                self.part_from_broken()?;
                return Ok(Ok(owned));
            }
        }
        Ok(Err(None))
    }

    fn broken(&self) -> PathBuf {
        self.folder().join("owner.broken")
    }

    /// Who works here at this moment.
    pub(crate) fn holder(&self) -> Option<Holder> {
        let path = self.folder().join("owner");
        let file = OpenOptions::new().read(true).open(&path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Owned { file, path }.newest(),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }

    /// Takes the folder away from the process that works here. It notices at its next commit.
    pub(crate) fn break_owner(&self) -> Result<(), StoreError> {
        let path = self.folder().join("owner");
        match fs::rename(&path, self.broken()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result
                .and_then(|()| sync_folder(self.folder()))
                .map_err(io_error("unlocking", &path)),
        }
    }

    /// After the folder was taken away from a process that may still live: the journal goes on in a file of its own, so that what that process
    /// may yet append goes nowhere. It looks after each append whether the folder is still its own, so nothing that it took for recorded is lost.
    fn part_from_broken(&self) -> Result<(), StoreError> {
        let broken = self.broken();
        if !broken.exists() {
            return Ok(());
        }
        let path = self.journal();
        let part = || -> io::Result<()> {
            match fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => write_whole(&path, &result?)?,
            }
            fs::remove_file(&broken)?;
            sync_folder(self.folder())
        };
        part().map_err(io_error("writing", &path))
    }

    /// A folder for a run without a lock beside the one that works here.
    pub(crate) fn aside(&self) -> Self {
        self.at(self.folder().join(format!("{ASIDE}{}", new_id())))
    }

    /// Folders of runs without a lock.
    pub(crate) fn all_aside(&self) -> Vec<Self> {
        fs::read_dir(self.folder())
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(|name| name.starts_with(ASIDE))
            })
            .map(|folder| self.at(folder))
            .collect()
    }

    /// A desk in another folder.
    fn at(&self, folder: PathBuf) -> Self {
        Self::new(folder, Arc::clone(self.chain.sealer()))
    }
}

/// A folder that this process works in, as long as this lives.
#[derive(Debug)]
pub(crate) struct Owned {
    file: File,
    path: PathBuf,
}

impl Owned {
    /// Whether the folder was not taken away.
    pub(crate) fn is_in_place(&self) -> bool {
        is_same(&self.file, &self.path)
    }

    /// The lock that was noted last.
    fn newest(&mut self) -> Option<Holder> {
        self.noted().into_iter().next()
    }

    /// The locks on the state file that were taken from here, the newest first: more than one where it is not known what became of them. If one is
    /// still held, it is by a process that is no more.
    pub(crate) fn noted(&mut self) -> Vec<Holder> {
        let mut bytes = Vec::new();
        let read = self.file.rewind().and_then(|()| {
            let file = io::Read::by_ref(&mut self.file);
            file.take(LONGEST_NOTE).read_to_end(&mut bytes)
        });
        match read {
            // What a write that was cut off has left is no note.
            Ok(_) => serde_json::Deserializer::from_slice(&bytes)
                .into_iter()
                .map_while(Result::ok)
                .take(MOST_NOTED)
                .collect(),
            Err(_) => Vec::new(),
        }
    }

    /// Notes which lock is about to be taken, before the others.
    pub(crate) fn note<'a>(
        &mut self,
        infos: impl IntoIterator<Item = &'a Holder>,
    ) -> io::Result<()> {
        let mut bytes = Vec::new();
        for info in infos.into_iter().take(MOST_NOTED) {
            bytes.extend(info.to_json());
            bytes.push(b'\n');
        }
        self.file.rewind()?;
        // What was there is shortened last: a write that is cut off loses as little as it can.
        self.file.write_all(&bytes)?;
        self.file.set_len(bytes.len() as u64)?;
        self.file.sync_data()
    }
}

/// The lock belongs to what all copies of the descriptor share, and a child process has one until it runs its program: closing ours is not enough.
impl Drop for Owned {
    fn drop(&mut self) {
        drop(self.file.unlock());
    }
}

fn new_id() -> u64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    high
}

/// Whether an open file is the one that has this name.
pub(crate) fn is_same(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let (Ok(held), Ok(named)) = (file.metadata(), fs::metadata(path)) else {
            return false;
        };
        (held.dev(), held.ino()) == (named.dev(), named.ino())
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

#[cfg(test)]
mod tests {
    use super::Desk;
    use std::sync::Arc;
    use terrane_store::pieces::Sealer;

    /// As a child process has it between its beginning and its program.
    #[test]
    fn a_copy_of_the_descriptor_keeps_nobody_away() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::new(folder.path().join("desk"), Arc::new(Sealer::default()));
        let owned = desk.own().unwrap().unwrap();
        let copy = owned.file.try_clone().unwrap();
        assert!(desk.own().unwrap().is_err());
        drop(owned);
        assert!(desk.own().unwrap().is_ok());
        drop(copy);
    }
}
