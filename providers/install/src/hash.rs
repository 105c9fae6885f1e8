//! Checksums of packages: `h1:` of what is in one, `zh:` of the archive that it comes in.
//!
//! `h1:` is SHA-256, in base64, over one line per file (`<hex of its SHA-256>␠␠<name>`), ordered by name. It is the same for a folder and for the archive that
//! unpacks to it, so it can be checked again on what is installed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A checksum with the name of its scheme before it. Checksums of unknown schemes are kept, but match nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageHash(String);

/// The text is no checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a checksum begins with the name of its scheme and a colon, such as h1: or zh:")]
pub struct NoHash;

impl PackageHash {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `h1:` of digests of files.
    fn of_files(mut files: Vec<(String, [u8; 32])>) -> Self {
        files.sort();
        let mut hasher = Sha256::new();
        for (name, digest) in files {
            hasher.update(hex::encode(digest));
            hasher.update(b"  ");
            hasher.update(name.as_bytes());
            hasher.update(b"\n");
        }
        Self(format!("h1:{}", STANDARD.encode(hasher.finalize())))
    }

    /// `zh:` of a digest of an archive, in hexadecimal.
    #[must_use]
    pub fn of_archive(digest: &str) -> Self {
        Self(format!("zh:{}", digest.to_ascii_lowercase()))
    }

    /// The digest, if it is one of an archive.
    #[must_use]
    pub fn archive_digest(&self) -> Option<&str> {
        self.0.strip_prefix("zh:")
    }

    /// Whether it is one of what is in a package.
    #[must_use]
    pub fn is_of_content(&self) -> bool {
        self.0.starts_with("h1:")
    }

    /// Whether this program can check it.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.is_of_content() || self.archive_digest().is_some()
    }
}

impl fmt::Display for PackageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PackageHash {
    type Err = NoHash;

    fn from_str(text: &str) -> Result<Self, NoHash> {
        match text.split_once(':') {
            Some((scheme, rest)) if !scheme.is_empty() && !rest.is_empty() => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NoHash),
        }
    }
}

/// How many files a package may have.
pub(crate) const MAX_FILES: usize = 10_000;
/// How deep its folders may be nested.
const MAX_DEPTH: usize = 32;

/// All files below a folder, with names that have slashes, ordered by name. Links to files count as what they lead to.
///
/// # Errors
/// When something can't be read, or is neither file nor folder.
pub(crate) fn files(root: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        if depth > MAX_DEPTH {
            return Err(io::Error::other("folders are nested too deeply"));
        }
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name
                .to_str()
                .filter(|name| !name.contains('\n'))
                .ok_or_else(|| io::Error::other("the name of a file is not plain text"))?;
            let name = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push((entry.path(), format!("{name}/"), depth + 1));
            } else if kind.is_file() || (kind.is_symlink() && entry.path().is_file()) {
                found.push((name, entry.path()));
            } else {
                return Err(io::Error::other(format!(
                    "{name} is neither a file nor a folder"
                )));
            }
            if found.len() + folders.len() > MAX_FILES {
                return Err(io::Error::other("there are too many files"));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// SHA-256 of all that can be read, and how much it was.
///
/// # Errors
/// When reading fails.
pub(crate) fn digest(mut reader: impl Read) -> io::Result<([u8; 32], u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut size = 0_u64;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((hasher.finalize().into(), size)),
            Ok(count) => {
                hasher.update(buffer.get(..count).unwrap_or_default());
                size += u64::try_from(count).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// `h1:` of a folder.
///
/// # Errors
/// When something in it can't be read.
pub fn of_folder(root: &Path) -> io::Result<PackageHash> {
    let mut digests = Vec::new();
    for (name, path) in files(root)? {
        digests.push((name, digest(File::open(path)?)?.0));
    }
    Ok(PackageHash::of_files(digests))
}

/// `zh:` of an archive.
///
/// # Errors
/// When it can't be read.
pub fn of_archive(path: &Path) -> io::Result<PackageHash> {
    let (digest, _) = digest(File::open(path)?)?;
    Ok(PackageHash::of_archive(&hex::encode(digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The checksum is the one that `terraform providers lock` wrote for these files.
    #[test]
    fn the_checksum_of_the_peer() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        std::fs::write(folder.path().join("docs/a.txt"), "x").unwrap();
        std::fs::write(
            folder.path().join("terraform-provider-dirs_v1.0.0"),
            "#!/bin/sh\n",
        )
        .unwrap();
        let hash = of_folder(folder.path()).unwrap();
        let by_hand = {
            let line =
                |name: &str, text: &str| format!("{}  {name}\n", hex::encode(Sha256::digest(text)));
            let text =
                line("docs/a.txt", "x") + &line("terraform-provider-dirs_v1.0.0", "#!/bin/sh\n");
            format!("h1:{}", STANDARD.encode(Sha256::digest(text)))
        };
        assert_eq!(hash.as_str(), by_hand);
        assert!(hash.is_of_content() && hash.is_known());
        std::fs::write(folder.path().join("docs/a.txt"), "y").unwrap();
        assert_ne!(of_folder(folder.path()).unwrap(), hash);
    }

    #[test]
    fn forms() {
        for (text, good) in [
            ("h1:abc", true),
            ("zh:00", true),
            ("h9:foo", true),
            ("foo", false),
            (":foo", false),
            ("h1:", false),
        ] {
            assert_eq!(text.parse::<PackageHash>().is_ok(), good, "{text}");
        }
        assert!(!"h9:foo".parse::<PackageHash>().unwrap().is_known());
        assert_eq!(PackageHash::of_archive("AB").archive_digest(), Some("ab"));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("root")).unwrap();
        let error = of_folder(folder.path()).unwrap_err();
        assert!(error.to_string().contains("neither"), "{error}");
    }
}
