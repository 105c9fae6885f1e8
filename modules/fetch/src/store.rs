//! A store in which content is found by its digest, for many processes at once.
//!
//! Things are put together under `tmp/` and renamed to the place that their digest names: whoever looks sees the whole thing or nothing, and two
//! that put the same thing there do no harm to each other. What is read is verified: a thing that does not match its name, after a power
//! cut or a change by hand, is moved away and counts as not there, so it is fetched anew.

use crate::digest::{Sha256, TreeError, h1_of_dir};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Why the store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something can't be read or written.
    #[error("{} can't be used", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What was to be kept has another digest than was said.
    #[error("the digest of what was fetched is {found}, and {expected} was expected")]
    Digest {
        /// As it should be.
        expected: String,
        /// As it is.
        found: String,
    },
    /// A tree that can't be kept.
    #[error("the tree of files can't be kept")]
    Tree(#[source] TreeError),
}

/// A folder with content by digest.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens or makes a store.
    ///
    /// # Errors
    /// When its folders can't be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let store = Self { root: root.into() };
        for name in ["tmp", "files", "trees"] {
            let path = store.root.join(name);
            std::fs::create_dir_all(&path).map_err(at(&path))?;
        }
        Ok(store)
    }

    /// A folder to put things together in, on the file system of the store. It is removed when it is dropped.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn scratch(&self) -> Result<TempDir, StoreError> {
        let path = self.root.join("tmp");
        tempfile::Builder::new()
            .prefix("fetch-")
            .tempdir_in(&path)
            .map_err(at(&path))
    }

    /// The file of a digest, verified.
    ///
    /// # Errors
    /// When it is there but can't be read.
    pub fn file(&self, digest: &Sha256) -> Result<Option<PathBuf>, StoreError> {
        let path = self.file_path(digest);
        match Sha256::of_file(&path) {
            Ok(found) if found == *digest => Ok(Some(path)),
            Ok(_) => {
                self.discard(&path)?;
                Ok(None)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// Takes a file of [`Self::scratch`] over.
    ///
    /// # Errors
    /// When it has another digest, or can't be moved.
    pub fn keep_file(&self, file: &Path, digest: &Sha256) -> Result<PathBuf, StoreError> {
        let found = Sha256::of_file(file).map_err(at(file))?;
        if found != *digest {
            return Err(StoreError::Digest {
                expected: digest.hex(),
                found: found.hex(),
            });
        }
        File::open(file)
            .and_then(|file| file.sync_all())
            .map_err(at(file))?;
        let path = self.file_path(digest);
        // Replaces the same content, if another process was faster.
        std::fs::rename(file, &path).map_err(at(&path))?;
        sync_folder(&self.root.join("files"));
        Ok(path)
    }

    /// The tree of a digest (`h1:…`), verified. It must not be changed: copy it.
    ///
    /// # Errors
    /// When it is there but can't be read.
    pub fn tree(&self, h1: &str) -> Result<Option<PathBuf>, StoreError> {
        let path = self.tree_path(h1);
        if !path.is_dir() {
            return Ok(None);
        }
        match h1_of_dir(&path) {
            Ok(found) if found == h1 => Ok(Some(path)),
            Ok(_) | Err(TreeError::Entry { .. }) => {
                self.discard(&path)?;
                Ok(None)
            }
            Err(error) => Err(StoreError::Tree(error)),
        }
    }

    /// Takes a tree of [`Self::scratch`] over. With its digest, it is verified; the answer is where it is and its digest.
    ///
    /// # Errors
    /// When it has another digest, or can't be moved.
    pub fn keep_tree(
        &self,
        dir: &Path,
        expected: Option<&str>,
    ) -> Result<(PathBuf, String), StoreError> {
        let found = h1_of_dir(dir).map_err(StoreError::Tree)?;
        if let Some(expected) = expected
            && expected != found
        {
            return Err(StoreError::Digest {
                expected: expected.to_owned(),
                found,
            });
        }
        let path = self.tree_path(&found);
        // Twice at most: a damaged tree that stands in the way is moved away by the first look.
        for _ in 0..2 {
            match std::fs::rename(dir, &path) {
                Ok(()) => {
                    sync_folder(&self.root.join("trees"));
                    return Ok((path, found));
                }
                Err(error) => match self.tree(&found)? {
                    // Another process was faster.
                    Some(path) => return Ok((path, found)),
                    None if path.exists() => return Err(at(&path)(error)),
                    None => {}
                },
            }
        }
        Err(at(&path)(io::Error::other(
            "other processes keep changing it",
        )))
    }

    fn file_path(&self, digest: &Sha256) -> PathBuf {
        self.root.join("files").join(digest.hex())
    }

    /// A digest in base64 is no name for a file, so the tree stands under the digest of it.
    fn tree_path(&self, h1: &str) -> PathBuf {
        let name = Sha256::of(h1.as_bytes()).hex();
        self.root.join("trees").join(name)
    }

    /// Moves something that is damaged out of the way, in one step, and removes it.
    fn discard(&self, path: &Path) -> Result<(), StoreError> {
        tracing::warn!(path = %path.display(), "damaged content is removed");
        let scratch = self.scratch()?;
        match std::fs::rename(path, scratch.path().join("damaged")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
            _ => Ok(()),
        }
    }
}

/// Makes names durable, where the system can. Content that gets lost all the same is found out when it is read.
fn sync_folder(path: &Path) {
    if let Err(error) = File::open(path).and_then(|dir| dir.sync_all()) {
        tracing::debug!(%error, "a folder can't be synchronised");
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Io {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::{Store, StoreError};
    use crate::digest::{Sha256, h1_of_dir};

    #[test]
    fn files_are_verified_when_they_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let digest = Sha256::of(b"content");
        assert!(store.file(&digest).unwrap().is_none());
        let scratch = store.scratch().unwrap();
        let file = scratch.path().join("x");
        std::fs::write(&file, "other").unwrap();
        let refused = store.keep_file(&file, &digest).unwrap_err();
        assert!(matches!(refused, StoreError::Digest { .. }));
        std::fs::write(&file, "content").unwrap();
        let path = store.keep_file(&file, &digest).unwrap();
        assert_eq!(store.file(&digest).unwrap(), Some(path.clone()));
        std::fs::write(&path, "conten").unwrap();
        assert!(store.file(&digest).unwrap().is_none());
        assert!(!path.exists(), "what is damaged is gone");
    }

    #[test]
    fn trees_are_verified_when_they_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let scratch = store.scratch().unwrap();
        let make = |name: &str| {
            let tree = scratch.path().join(name);
            std::fs::create_dir_all(tree.join("sub")).unwrap();
            std::fs::write(tree.join("sub/a"), "a").unwrap();
            tree
        };
        let tree = make("one");
        let h1 = h1_of_dir(&tree).unwrap();
        assert!(store.keep_tree(&tree, Some("h1:x")).is_err());
        let (path, found) = store.keep_tree(&tree, Some(&h1)).unwrap();
        assert_eq!(found, h1);
        // Another process did the same.
        assert_eq!(store.keep_tree(&make("two"), None).unwrap().0, path);
        assert_eq!(store.tree(&h1).unwrap(), Some(path.clone()));
        std::fs::write(path.join("b"), "more").unwrap();
        assert!(store.tree(&h1).unwrap().is_none());
        assert_eq!(store.keep_tree(&make("three"), None).unwrap().0, path);
    }

    #[test]
    fn many_put_the_same_there_at_once() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let store = Store::open(dir.path()).unwrap();
                    for round in 0..20 {
                        let scratch = store.scratch().unwrap();
                        let tree = scratch.path().join("t");
                        std::fs::create_dir(&tree).unwrap();
                        std::fs::write(tree.join("a"), format!("{round}")).unwrap();
                        let (path, h1) = store.keep_tree(&tree, None).unwrap();
                        assert_eq!(store.tree(&h1).unwrap(), Some(path));
                    }
                });
            }
        });
        let left = std::fs::read_dir(dir.path().join("tmp")).unwrap().count();
        assert_eq!(left, 0);
    }
}
