//! Schemas that plugins told us, kept on disk: a large provider needs seconds to say what it offers, and says the same every time.
//!
//! An entry is a file, named by what the program is (the hash of its package, or where there is none, what its file looks like from outside) and by the parts
//! of the environment that a provider's schemas may depend on. What can't be read is as good as what is not there.

use bytes::Bytes;
use prost::Message;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use terrane_protocol::Protocol;

/// The number of this form of the file. Raise it when the form, or what is read out of it, changes.
const FORMAT: u32 = 1;
/// The largest file that is read.
const MAX_BYTES: u64 = 512 << 20;

/// A folder of schemas. Any number of processes may use it at once.
#[derive(Clone, Debug)]
pub struct SchemaCache {
    folder: PathBuf,
}

/// What is kept of one program.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Kept {
    #[prost(uint32, tag = "1")]
    format: u32,
    #[prost(uint32, tag = "2")]
    protocol: u32,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) schemas: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub(crate) identities: Bytes,
    /// Of both.
    #[prost(fixed32, tag = "5")]
    checksum: u32,
}

impl Kept {
    pub(crate) fn new(protocol: Protocol, schemas: Bytes, identities: Bytes) -> Self {
        Self {
            format: FORMAT,
            protocol: protocol.number(),
            checksum: checksum(&schemas, &identities),
            schemas,
            identities,
        }
    }

    pub(crate) fn protocol(&self) -> Option<Protocol> {
        match self.protocol {
            5 => Some(Protocol::Five),
            6 => Some(Protocol::Six),
            _ => None,
        }
    }
}

fn checksum(schemas: &[u8], identities: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(schemas);
    hasher.update(identities);
    hasher.finalize()
}

impl SchemaCache {
    /// In this folder, which is made when something is kept.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.schemas"))
    }

    /// What is kept under a key.
    pub(crate) fn get(&self, key: &str) -> Option<Kept> {
        let path = self.path(key);
        if std::fs::metadata(&path).ok()?.len() > MAX_BYTES {
            return None;
        }
        let kept = Kept::decode(Bytes::from(std::fs::read(&path).ok()?)).ok()?;
        let sound = kept.format == FORMAT
            && kept.checksum == checksum(&kept.schemas, &kept.identities)
            && kept.protocol().is_some();
        sound.then_some(kept)
    }

    /// Keeps something. A failure to do so is no matter.
    pub(crate) fn put(&self, key: &str, kept: &Kept) {
        if let Err(error) = self.write(&self.path(key), kept) {
            tracing::debug!(%error, "schemas can't be kept");
        }
    }

    fn write(&self, path: &Path, kept: &Kept) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&kept.encode_to_vec())?;
        file.persist(path)?;
        Ok(())
    }

    /// Forgets what is kept under a key, which turned out to be wrong.
    pub(crate) fn forget(&self, key: &str) {
        if let Err(error) = std::fs::remove_file(self.path(key)) {
            tracing::debug!(%error, "schemas can't be forgotten");
        }
    }
}

/// The key of a program. `package` is the hash of what it was installed from. A program that nobody installed is known by its file: where it is, its size, its
/// times; `None`: it is a script, which may start anything.
pub(crate) fn key(program: &Path, package: Option<&str>, type_name: &str) -> Option<String> {
    let what = match package {
        Some(package) => package.to_owned(),
        None => fingerprint(program)?,
    };
    let mut text = format!("{}\n{what}\n", env!("CARGO_PKG_VERSION"));
    // Some providers offer more where a variable asks for it; all of these begin with the provider's name, or with ARM_.
    let prefix = format!("{}_", type_name.to_uppercase().replace('-', "_"));
    for (name, value) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if shown.starts_with(&prefix) || shown.starts_with("ARM_") {
            for part in [&shown, "=", &value.to_string_lossy(), "\n"] {
                text.push_str(part);
            }
        }
    }
    Some(hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text)))
}

#[cfg(unix)]
fn fingerprint(program: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let path = program.canonicalize().ok()?;
    let mut begin = [0u8; 2];
    std::io::Read::read_exact(&mut std::fs::File::open(&path).ok()?, &mut begin).ok()?;
    if begin == *b"#!" {
        return None;
    }
    let about = std::fs::metadata(&path).ok()?;
    Some(format!(
        "{} {} {} {}.{} {}.{}",
        path.display(),
        about.ino(),
        about.len(),
        about.mtime(),
        about.mtime_nsec(),
        about.ctime(),
        about.ctime_nsec()
    ))
}

#[cfg(not(unix))]
fn fingerprint(_program: &Path) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::{Kept, SchemaCache, key};
    use bytes::Bytes;
    use std::path::Path;
    use terrane_protocol::Protocol;

    #[test]
    fn what_is_kept_is_found_unless_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let cache = SchemaCache::new(folder.path().join("new"));
        assert_eq!(cache.get("k"), None);
        let kept = Kept::new(
            Protocol::Six,
            Bytes::from_static(b"some schemas"),
            Bytes::new(),
        );
        cache.put("k", &kept);
        assert_eq!(cache.get("k").as_ref(), Some(&kept));
        assert_eq!(cache.get("other"), None);
        let path = cache.path("k");
        let mut bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(cache.get("k"), None, "byte {at}");
            bytes[at] ^= 0x10;
        }
        std::fs::write(&path, &bytes).unwrap();
        cache.forget("k");
        assert_eq!(cache.get("k"), None);
    }

    #[test]
    fn programs_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p");
        std::fs::write(&path, "\x7fELF").unwrap();
        let first = key(&path, None, "x").unwrap();
        assert_eq!(key(&path, None, "x").unwrap(), first);
        std::fs::write(&path, "\x7fELF again").unwrap();
        assert_ne!(key(&path, None, "x").unwrap(), first);
        std::fs::write(&path, "#!/bin/sh").unwrap();
        assert_eq!(key(&path, None, "x"), None);
        let nowhere = Path::new("/nowhere");
        assert_eq!(key(nowhere, None, "x"), None);
        assert_ne!(key(nowhere, Some("a"), "x"), key(nowhere, Some("b"), "x"));
    }
}
