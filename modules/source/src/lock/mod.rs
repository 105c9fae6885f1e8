//! The lock file of modules, `.terrane.lock.hcl`: what each package was when it was chosen, so that it can't become something else unnoticed.
//!
//! It is not in the lock file of the peers, since they warn about every block there that is not about providers. See `docs/formats/module-lock.md`.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use terrane_fetch::digest::{Tree, h1};

/// Its name, in the folder of the configuration.
pub const NAME: &str = ".terrane.lock.hcl";

/// How many files of a package are listed. Of larger ones, only the digest of all is kept.
const LISTED: usize = 1000;
/// How many digits of the digest of a file are listed: enough to say which one changed; that something did is told by the whole.
const DIGITS: usize = 16;

/// Which package: its address without what is secret, and the version of a module of a registry (else empty).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageId {
    /// `registry.example.com/namespace/name/system`, `git::https://…?ref=v1`.
    pub source: String,
    /// `1.2.3`.
    pub version: String,
}

/// What is known of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedPackage {
    /// What its repository called it: the id of a commit, the digest of a manifest.
    pub revision: Option<String>,
    /// `h1:…` of all its files.
    pub hash: String,
    /// The beginning of the digest of each file; empty where there are too many.
    pub files: BTreeMap<String, String>,
    /// Which calls use it, as places in the tree of modules.
    pub calls: BTreeSet<String>,
}

/// All that is locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// By package.
    pub packages: BTreeMap<PackageId, LockedPackage>,
    /// Blocks of other types, which others keep in the file: `provider`.
    pub others: Vec<String>,
}

/// Why a lock file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It can't be read or written.
    #[error("The lock file {NAME} can't be used: {0}.")]
    Io(std::io::Error),
    /// It is not what terrane writes.
    #[error(
        "The lock file {NAME} can't be understood: {0}. It is written by `terrane init`; take it back from version control, or delete it to lock all modules anew."
    )]
    Text(String),
}

impl LockedPackage {
    /// Of the files of a package.
    #[must_use]
    pub fn of(tree: &Tree, revision: Option<String>) -> Self {
        let short =
            |digest: &terrane_fetch::digest::Sha256| digest.hex().chars().take(DIGITS).collect();
        let files = if tree.len() > LISTED {
            BTreeMap::new()
        } else {
            let pairs = tree.iter();
            pairs
                .map(|(name, digest)| (name.clone(), short(digest)))
                .collect()
        };
        Self {
            revision,
            hash: h1(tree),
            files,
            calls: BTreeSet::new(),
        }
    }

    /// What is different in `now`, for people: nothing if it is the same.
    #[must_use]
    pub fn difference(&self, now: &Self) -> Option<String> {
        const SHOWN: usize = 10;
        if self.hash == now.hash {
            return None;
        }
        let mut parts = Vec::new();
        if let (Some(before), Some(now)) = (&self.revision, &now.revision)
            && before != now
        {
            parts.push(format!("it was {before} and is {now}"));
        }
        if self.files.is_empty() || now.files.is_empty() {
            parts.push(String::from("its files have another digest"));
            return Some(parts.join("; "));
        }
        let mut list = |what: &str, names: Vec<&String>| {
            if names.is_empty() {
                return;
            }
            let more = names.len().saturating_sub(SHOWN);
            let shown: Vec<&str> = names.iter().take(SHOWN).map(|name| name.as_str()).collect();
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            parts.push(format!("{what}: {}{more}", shown.join(", ")));
        };
        let both = self.files.iter().filter_map(|(name, digest)| {
            let other = now.files.get(name)?;
            (other != digest).then_some(name)
        });
        list("changed", both.collect());
        let added = now
            .files
            .keys()
            .filter(|name| !self.files.contains_key(*name));
        list("added", added.collect());
        let removed = self
            .files
            .keys()
            .filter(|name| !now.files.contains_key(*name));
        list("removed", removed.collect());
        Some(parts.join("; "))
    }
}

impl Lock {
    /// Reads the lock file of a folder; empty if there is none.
    ///
    /// # Errors
    /// When it can't be read or understood.
    pub fn read(dir: &Path) -> Result<Self, LockError> {
        match std::fs::read_to_string(dir.join(NAME)) {
            Ok(text) => text::parse(&text).map_err(LockError::Text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(LockError::Io(error)),
        }
    }

    /// The text of it.
    #[must_use]
    pub fn text(&self) -> String {
        text::write(self)
    }

    /// Writes it, in one step. If nothing is locked, there is no file.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, dir: &Path) -> Result<(), LockError> {
        let path = dir.join(NAME);
        let done = if self.packages.is_empty() && self.others.is_empty() {
            crate::files::remove(&path)
        } else {
            crate::files::replace(&path, self.text().as_bytes())
        };
        done.map_err(LockError::Io)
    }

    /// The versions of a module of a registry that are locked: first that of a call, then the others.
    pub(crate) fn versions<'a>(&'a self, source: &'a str, call: &'a str) -> Vec<&'a str> {
        let of = |own: bool| {
            let packages = self.packages.iter();
            packages
                .filter(move |(id, locked)| {
                    id.source == source && locked.calls.contains(call) == own
                })
                .map(|(id, _)| id.version.as_str())
        };
        of(true).chain(of(false)).collect()
    }
}

#[cfg(test)]
mod tests;
