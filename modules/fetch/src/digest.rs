//! Digests of files and of trees of files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// Of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Of all that can be read.
    ///
    /// # Errors
    /// When reading fails.
    pub fn of_reader(reader: &mut impl Read) -> io::Result<Self> {
        let mut hasher = sha2::Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => return Ok(Self(hasher.finalize().into())),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hasher.update(buffer.get(..count).unwrap_or_default());
        }
    }

    /// Of a file.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        Self::of_reader(&mut File::open(path)?)
    }

    /// 64 hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Reads 64 hexadecimal digits, of either case.
    #[must_use]
    pub fn parse_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({})", self.hex())
    }
}

/// How deep a tree of files may be.
const MAX_DEPTH: usize = 100;

/// Why a tree has no digest.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Something can't be read.
    #[error("{} can't be read", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that can be no part of a package.
    #[error("{} {why}", path.display())]
    Entry {
        /// Which one.
        path: PathBuf,
        /// A part of a sentence.
        why: &'static str,
    },
}

/// The files of a tree by their names (with `/`, relative to its root), each with its digest. Folders are not among them. A symbolic link counts
/// as a file that holds the address it leads to, after the word `link `: what it leads to is in the tree itself.
pub type Tree = BTreeMap<String, Sha256>;

/// Reads a tree of files.
///
/// # Errors
/// When something can't be read, or is neither file, folder nor link.
pub fn tree(root: &Path) -> Result<Tree, TreeError> {
    let mut found = Tree::new();
    let mut waiting = vec![(root.to_owned(), String::new(), 0)];
    while let Some((dir, prefix, depth)) = waiting.pop() {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| TreeError::Io { path, source }
        };
        for entry in std::fs::read_dir(&dir).map_err(io(&dir))? {
            let entry = entry.map_err(io(&dir))?;
            let path = entry.path();
            let bad = |why| TreeError::Entry {
                path: path.clone(),
                why,
            };
            let name = entry.file_name().into_string();
            let name = name.map_err(|_| bad("has a name that is no text"))?;
            if name.contains('\n') {
                return Err(bad("has a line break in its name"));
            }
            let name = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(io(&path))?;
            if kind.is_dir() {
                if depth >= MAX_DEPTH {
                    return Err(bad("is nested too deeply"));
                }
                waiting.push((path, format!("{name}/"), depth + 1));
            } else if kind.is_symlink() {
                let target = std::fs::read_link(&path).map_err(io(&path))?;
                let target = format!("link {}", target.to_string_lossy().replace('\\', "/"));
                found.insert(name, Sha256::of(target.as_bytes()));
            } else if kind.is_file() {
                let digest = Sha256::of_file(&path).map_err(io(&path))?;
                found.insert(name, digest);
            } else {
                return Err(bad("is neither file nor folder"));
            }
        }
    }
    Ok(found)
}

/// `h1:…` of a tree: the digest that lock files hold. Equal to what Go calls `dirhash` where there are no links.
#[must_use]
pub fn h1(tree: &Tree) -> String {
    let mut hasher = sha2::Sha256::new();
    for (name, digest) in tree {
        hasher.update(format!("{digest}  {name}\n"));
    }
    format!("h1:{}", STANDARD.encode(hasher.finalize()))
}

/// `h1:…` of the files in a folder.
///
/// # Errors
/// As [`tree`].
pub fn h1_of_dir(root: &Path) -> Result<String, TreeError> {
    Ok(h1(&tree(root)?))
}

/// `zh:…` of an archive: its SHA-256 in hexadecimal digits.
#[must_use]
pub fn zh(archive: Sha256) -> String {
    format!("zh:{archive}")
}

#[cfg(test)]
mod tests {
    use super::{Sha256, h1, h1_of_dir, tree, zh};

    /// The expectation was made with `sha256sum * | sha256sum` and base64, as Go's `dirhash` describes it.
    #[test]
    fn of_a_tree() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        std::fs::create_dir(dir.path().join("empty")).unwrap();
        std::fs::write(dir.path().join("a.tf"), "hello\n").unwrap();
        std::fs::write(dir.path().join("b/c"), "").unwrap();
        let found = tree(dir.path()).unwrap();
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["a.tf", "b/c"]);
        assert_eq!(
            h1_of_dir(dir.path()).unwrap(),
            "h1:usx+B0mteFq5K4sSdsAkTXeDo+YGWHiV1DTpN/ylnfs="
        );
        let before = h1(&found);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("a.tf", dir.path().join("l")).unwrap();
            let with_link = h1_of_dir(dir.path()).unwrap();
            assert_ne!(with_link, before);
            std::fs::remove_file(dir.path().join("l")).unwrap();
            std::fs::write(dir.path().join("l"), "hello\n").unwrap();
            assert_ne!(h1_of_dir(dir.path()).unwrap(), with_link);
        }
        assert_ne!(before, "h1:");
    }

    #[test]
    fn texts() {
        let digest = Sha256::of(b"");
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest.hex(), hex);
        assert_eq!(Sha256::parse_hex(&hex.to_uppercase()), Some(digest));
        assert_eq!(Sha256::parse_hex("e3"), None);
        assert_eq!(zh(digest), format!("zh:{hex}"));
    }
}
