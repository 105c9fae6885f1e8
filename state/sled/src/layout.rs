//! Where the files are.
//!
//! ```text
//! terrane.state/
//!   format                     {"terrane.state":1}
//!   workspaces/<name>/
//!     lock                     held while something is written
//!     leases                   who may write what
//!     holders/<id>             locked by each of them while it lives
//!     index.lock               whose the index is
//!     journal                  the truth
//!     journal.torn             what was last cut off from its end, if ever
//!     history/<n>.journal      earlier generations
//!     index/                   sled
//!     fold                     the state up to a record of the journal, for readers
//! ```

use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_store::StoreError;
use terrane_store::chain::Chain;
pub(crate) use terrane_store::files::{
    folder_name as encode_name, io_error, make_folders, write_whole,
};
use terrane_store::journal::sync_folder;
use terrane_store::pieces::Sealer;
use terrane_store::seal::Seal;

/// The version of the folder's layout.
const FORMAT: u64 = 1;

#[derive(Serialize, Deserialize)]
struct FormatFile {
    #[serde(rename = "terrane.state")]
    version: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: PathBuf,
    /// What seals records and rows.
    sealer: Arc<Sealer>,
}

/// The folder of one workspace.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    chain: Chain,
}

impl Place {
    /// Its journals.
    pub(crate) fn chain(&self) -> &Chain {
        &self.chain
    }

    pub(crate) fn folder(&self) -> &Path {
        self.chain.folder()
    }

    pub(crate) fn sealer(&self) -> &Arc<Sealer> {
        self.chain.sealer()
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.folder().join("lock")
    }

    pub(crate) fn leases(&self) -> PathBuf {
        self.folder().join("leases")
    }

    pub(crate) fn holders(&self) -> PathBuf {
        self.folder().join("holders")
    }

    pub(crate) fn index_lock(&self) -> PathBuf {
        self.folder().join("index.lock")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.chain.journal()
    }

    pub(crate) fn torn(&self) -> PathBuf {
        self.chain.torn()
    }

    pub(crate) fn history(&self) -> PathBuf {
        self.chain.history()
    }

    /// The journal of an earlier generation.
    pub(crate) fn earlier(&self, generation: u64) -> PathBuf {
        self.chain.earlier(generation)
    }

    /// Where a compacted journal is written before it takes the place of the old one.
    pub(crate) fn compacted(&self) -> PathBuf {
        self.folder().join("compacted")
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.folder().join("index")
    }

    pub(crate) fn fold(&self) -> PathBuf {
        self.folder().join("fold")
    }

    /// Whether the workspace was ever opened.
    pub(crate) fn exists(&self) -> bool {
        self.journal().exists() || self.had_journal()
    }

    /// Whether there is something that is only made where there is a journal already.
    pub(crate) fn had_journal(&self) -> bool {
        let made_later = [self.index_lock(), self.index(), self.fold(), self.history()];
        made_later.iter().any(|path| path.exists())
    }

    /// What to say where the journal is missing though there was one: it must not be taken for an empty state.
    pub(crate) fn journal_lost(&self) -> StoreError {
        StoreError::Damaged {
            what: self.folder().display().to_string(),
            problem: "its journal is missing, though there was one. Where the other files do not hold enough, put it back from a backup"
                .to_owned(),
        }
    }
}

impl Layout {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            root,
            sealer: Arc::default(),
        }
    }

    pub(crate) fn sealed(&mut self, seal: Arc<dyn Seal>) {
        self.sealer = Arc::new(Sealer::new(seal));
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn place(&self, workspace: &str) -> Place {
        Place {
            chain: Chain::new(
                self.all().join(encode_name(workspace)),
                Arc::clone(&self.sealer),
            ),
        }
    }

    fn all(&self) -> PathBuf {
        self.root.join("workspaces")
    }

    /// Refuses a folder that a later version wrote. A folder without the file is new, or half made.
    pub(crate) fn check_format(&self) -> Result<(), StoreError> {
        let path = self.root.join("format");
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            result => result.map_err(io_error("reading", &path))?,
        };
        let FormatFile { version } =
            serde_json::from_slice(&text).map_err(|error| StoreError::Damaged {
                what: path.display().to_string(),
                problem: error.to_string(),
            })?;
        if version > FORMAT {
            return Err(StoreError::TooNew {
                what: self.root.display().to_string(),
                found: version,
                known: FORMAT,
            });
        }
        Ok(())
    }

    /// Makes the folder of a workspace, durably.
    pub(crate) fn make(&self, workspace: &str) -> Result<Place, StoreError> {
        let place = self.place(workspace);
        if !place.folder().exists() {
            make_folders(place.folder()).map_err(io_error("making", place.folder()))?;
        }
        if !self.root.join("format").exists() {
            self.write_format()?;
        }
        Ok(place)
    }

    /// Writes the version of the layout.
    pub(crate) fn write_format(&self) -> Result<(), StoreError> {
        let format = self.root.join("format");
        let text = serde_json::to_vec(&FormatFile { version: FORMAT })
            .expect("a number can always be written as JSON");
        write_whole(&format, &text).map_err(io_error("writing", &format))
    }

    pub(crate) fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        let all = self.all();
        let mut names = vec!["default".to_owned()];
        let entries = match fs::read_dir(&all) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            result => result.map_err(io_error("reading", &all))?,
        };
        for entry in entries {
            let entry = entry.map_err(io_error("reading", &all))?;
            let name = entry.file_name();
            let Some(name) = name.to_str().and_then(decode_name) else {
                continue;
            };
            if self.place(&name).exists() {
                names.push(name);
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Removes a workspace: first out of sight, in one step, then for good.
    pub(crate) fn remove(&self, place: &Place) -> Result<(), StoreError> {
        // No name is encoded with a leading dot.
        let name = place.folder().file_name().unwrap_or_default();
        let mut hidden = std::ffi::OsString::from(".deleted-");
        hidden.push(name);
        let grave = self.all().join(hidden);
        let remove = || -> io::Result<()> {
            if grave.exists() {
                fs::remove_dir_all(&grave)?;
            }
            fs::rename(place.folder(), &grave)?;
            sync_folder(&self.all())?;
            fs::remove_dir_all(&grave)
        };
        remove().map_err(io_error("removing", place.folder()))
    }
}

/// The name of a folder; `None` if it is not one that [`encode_name`] gives.
pub(crate) fn decode_name(folder: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = folder.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
            let value = digit()? * 16 + digit()?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let name = String::from_utf8(bytes).ok()?;
    (encode_name(&name) == folder).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{decode_name, encode_name};

    /// Every name has a folder of its own, also where case is not told, and comes back from it.
    #[test]
    fn names_and_folders_are_one_to_one() {
        for (name, folder) in [
            ("default", "default"),
            ("Prod", "%50rod"),
            ("a.b", "a.b"),
            (".hidden", "%2ehidden"),
            ("a:b@c", "a%3ab%40c"),
        ] {
            assert_eq!(encode_name(name), folder);
            assert_eq!(decode_name(folder).as_deref(), Some(name));
        }
        for folder in ["%5", "%zz", ".deleted-x", "Prod", "%70rod"] {
            assert_eq!(decode_name(folder), None, "{folder}");
        }
    }
}
