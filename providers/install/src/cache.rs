//! The cache of packages that projects share (`plugin_cache_dir`), in the layout of the peers, for many processes at once.
//!
//! Whoever wants a package takes the lock of its place first: one process fetches, the others wait and find it there. Beside the packages the cache notes which
//! archive each was unpacked from, so that the signed checksum of an archive is enough to know a package again.

use crate::hash::PackageHash;
use crate::place::{Place, PlaceError};
use crate::platform::Platform;
use crate::stamp::Stamps;
use semver::Version;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use terrane_model::addr::ProviderAddr;

/// What is ours in the cache.
const OWN: &str = ".terrane";

/// A cache.
#[derive(Clone, Debug)]
pub struct Cache {
    place: Place,
    own: PathBuf,
    /// Packages are taken from it even if nothing says what they must hash to.
    trusted: bool,
}

/// The lock of one package. It is let go of when it is dropped.
#[derive(Debug)]
pub(crate) struct Guard {
    _file: File,
}

impl Cache {
    /// The cache in a folder. `trusted`: its packages are taken without a checksum (`plugin_cache_may_break_dependency_lock_file`).
    #[must_use]
    pub fn new(root: &Path, trusted: bool) -> Self {
        let own = root.join(OWN);
        Self {
            place: Place::new(root, &own.join("scratch")),
            own,
            trusted,
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Waits for the lock of a package. Blocks.
    pub(crate) fn lock(
        &self,
        addr: &ProviderAddr,
        version: &Version,
        platform: &Platform,
    ) -> Result<Guard, PlaceError> {
        let folder = self.own.join("locks");
        let name = hex::encode(Sha256::digest(format!("{addr} {version} {platform}")));
        let path = folder.join(format!("{name}.lock"));
        let open = || {
            std::fs::create_dir_all(&folder)?;
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)?;
            file.lock()?;
            Ok(file)
        };
        open()
            .map(|file| Guard { _file: file })
            .map_err(|error: std::io::Error| PlaceError {
                path: path.clone(),
                why: format!("the lock of the cache can't be taken: {error}"),
            })
    }

    /// A package that is there and is one of those that are allowed. `allowed` has checksums of either scheme.
    pub(crate) fn find(
        &self,
        path: &Path,
        allowed: &BTreeSet<PackageHash>,
        stamps: &Stamps,
    ) -> Option<PackageHash> {
        if !path.is_dir() {
            return None;
        }
        let hash = stamps.hash(path).ok()?;
        let by_archive = || {
            allowed
                .iter()
                .filter_map(|hash| self.unpacked(hash.archive_digest()?))
                .any(|unpacked| unpacked == hash)
        };
        (self.trusted || allowed.contains(&hash) || by_archive()).then_some(hash)
    }

    fn note_path(&self, archive: &str) -> Option<PathBuf> {
        let plain = archive.len() == 64 && archive.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.then(|| self.own.join("archives").join(archive))
    }

    /// What an archive was unpacked to.
    fn unpacked(&self, archive: &str) -> Option<PackageHash> {
        let text = std::fs::read_to_string(self.note_path(archive)?).ok()?;
        text.trim().parse().ok()
    }

    /// Notes what an archive was unpacked to. If it can't be noted, the archive is fetched again some day.
    pub(crate) fn note(&self, archive: &PackageHash, unpacked: &PackageHash) {
        let Some(path) = archive
            .archive_digest()
            .and_then(|digest| self.note_path(digest))
        else {
            return;
        };
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let _fetched_again =
            folder.and_then(|()| crate::files::replace(&path, unpacked.as_str().as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_known_by_either_checksum() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path(), false);
        let addr = "example.com/acme/cloud".parse().unwrap();
        let path = cache
            .place()
            .path(&addr, &"1.0.0".parse().unwrap(), &Platform::current());
        let stamps = Stamps::forgetful();
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("terraform-provider-cloud"), "x").unwrap();
        let hash = stamps.hash(&path).unwrap();
        let archive = PackageHash::of_archive(&"ab".repeat(32));
        let find = |cache: &Cache, hash: &PackageHash| {
            cache.find(&path, &BTreeSet::from([hash.clone()]), &stamps)
        };
        assert_eq!(find(&cache, &hash), Some(hash.clone()));
        assert_eq!(find(&cache, &archive), None);
        cache.note(&archive, &hash);
        assert_eq!(find(&cache, &archive), Some(hash.clone()));
        // Changed since.
        std::fs::write(path.join("terraform-provider-cloud"), "y").unwrap();
        assert_eq!(find(&cache, &archive), None);
        assert_eq!(find(&cache, &hash), None);
        let trusted = Cache::new(root.path(), true);
        assert!(find(&trusted, &hash).is_some());
        // Names of notes are digests, whatever a lock file says.
        cache.note(&PackageHash::of_archive("../../x"), &hash);
        assert!(!root.path().join("x").exists());
    }
}
