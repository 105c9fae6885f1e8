//! What providers need not be asked again, kept beside the configuration: `.terrane/memo`. The rules are the engine's (`terrane_plan::memo`); here are the file,
//! and the secret without which it is noise (`docs/formats/memo.md`).
//!
//! The file can be deleted at any time. What can't be read is as good as what is not there, and a failure to write is no matter. Several processes may use it: each
//! reads it whole and puts another in its place, with what the others have added meanwhile.

use crate::session::Session;
use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use terrane_plan::memo::{Digest, Memo, Memory};
use terrane_store::files::write_whole;

/// The name of the file.
const NAME: &str = "memo";
/// How it begins: its name, and the number of its form.
const MAGIC: &[u8; 8] = b"TRNMEMO1";
/// At most so many digests are kept (16 MiB).
const MOST: usize = 1 << 20;
/// Of those that nobody asked for this time, so many may stay, however few were asked for.
const SPARE: usize = 4096;

/// What is kept, shared with the one who asks.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    path: PathBuf,
    content: Arc<Mutex<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    known: HashSet<Digest>,
    /// What was of use in this run, in the order in which it was asked for first.
    used: Vec<Digest>,
    in_use: HashSet<Digest>,
    learned: bool,
}

impl Shelf {
    /// The shelf of this folder with what asks from it, unless the user wants none, or there is no place for the secret.
    pub(crate) fn open(session: &Session) -> Option<(Self, Memo)> {
        let wish = session.env.get("TERRANE_MEMO").map_or("", String::as_str);
        // Where the state is sealed, nothing is kept that is made of it.
        if wish == "off" || session.seal().ok()?.encrypts() {
            return None;
        }
        let secret = secret(&crate::plugins::cache_folder(session)?)?;
        let shelf = Self::at(session.data_dir.join(NAME));
        let memo = Memo::new(Box::new(shelf.clone()), secret, wish == "plans");
        Some((shelf, memo))
    }

    fn at(path: PathBuf) -> Self {
        let known = read(&path).into_iter().collect();
        Self {
            path,
            content: Arc::new(Mutex::new(Content {
                known,
                ..Content::default()
            })),
        }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was learned, if anything was.
    pub(crate) fn save(&self) {
        let content = self.content();
        if !content.learned {
            return;
        }
        let spare = content.used.len().max(SPARE);
        let others = read(&self.path).into_iter();
        let others = others.filter(|digest| !content.in_use.contains(digest));
        let all: Vec<Digest> = content
            .used
            .iter()
            .copied()
            .chain(others.take(spare))
            .take(MOST)
            .collect();
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let written =
            std::fs::create_dir_all(folder).and_then(|()| write_whole(&self.path, &encode(&all)));
        if let Err(error) = written {
            tracing::debug!(%error, "what providers need not be asked again can't be kept");
        }
    }
}

impl Memory for Shelf {
    fn knows(&mut self, digest: &Digest) -> bool {
        let mut content = self.content();
        let known = content.known.contains(digest);
        if known && content.in_use.insert(*digest) {
            content.used.push(*digest);
        }
        known
    }

    fn learn(&mut self, digest: Digest) {
        let mut content = self.content();
        content.known.insert(digest);
        content.learned = true;
        if content.in_use.insert(digest) {
            content.used.push(digest);
        }
    }
}

fn encode(digests: &[Digest]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(digests.iter().flatten());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

fn read(path: &Path) -> Vec<Digest> {
    let most = MAGIC.len() + MOST * size_of::<Digest>() + 4;
    let Ok(file) = std::fs::File::open(path) else {
        return Vec::new();
    };
    let mut bytes = Vec::new();
    let whole = file.take(most as u64 + 1).read_to_end(&mut bytes).is_ok();
    let known = (whole && bytes.len() <= most).then(|| decode(&bytes));
    known.flatten().unwrap_or_default()
}

fn decode(bytes: &[u8]) -> Option<Vec<Digest>> {
    let (content, crc) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(content) != u32::from_le_bytes(*crc) {
        return None;
    }
    let (digests, rest) = content.strip_prefix(MAGIC)?.as_chunks::<16>();
    rest.is_empty().then(|| digests.to_vec())
}

/// The secret of this user on this machine: made when it is needed first, readable by nobody else, and kept away from the folders that digests are in.
fn secret(folder: &Path) -> Option<[u8; 32]> {
    let path = folder.join("memo.key");
    let kept = || <[u8; 32]>::try_from(std::fs::read(&path).ok()?).ok();
    if let Some(secret) = kept() {
        return Some(secret);
    }
    let make = || {
        std::fs::create_dir_all(folder)?;
        // Only its owner may read what this makes.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let mut secret = [0_u8; 32];
        rand::RngCore::fill_bytes(&mut rand::rng(), &mut secret);
        file.write_all(&secret)?;
        file.as_file().sync_all()?;
        // Of two who make one at the same time, the first counts.
        file.persist_noclobber(&path)
            .map_err(|refused| refused.error)
    };
    drop(make());
    kept()
}

#[cfg(test)]
mod tests {
    use super::{MOST, Shelf, decode, encode, read, secret};
    use terrane_plan::memo::{Digest, Memory as _};

    fn digest(number: u64) -> Digest {
        let mut digest = [7; 16];
        digest[..8].copy_from_slice(&number.to_le_bytes());
        digest
    }

    #[test]
    fn what_is_learned_is_there_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("memo");
        let mut shelf = Shelf::at(path.clone());
        assert!(!shelf.knows(&digest(1)));
        shelf.save();
        assert!(!path.exists(), "nothing was learned");
        shelf.learn(digest(1));
        // Another process has kept something meanwhile.
        let mut other = Shelf::at(path.clone());
        other.learn(digest(2));
        other.save();
        shelf.save();
        let mut shelf = Shelf::at(path);
        assert!(shelf.knows(&digest(1)) && shelf.knows(&digest(2)) && !shelf.knows(&digest(3)));
    }

    #[test]
    fn what_nobody_asks_for_goes_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memo");
        let old: Vec<Digest> = (0..10_000).map(digest).collect();
        std::fs::write(&path, encode(&old)).unwrap();
        let mut shelf = Shelf::at(path.clone());
        assert!(shelf.knows(&digest(9_999)));
        shelf.learn(digest(20_000));
        shelf.save();
        let kept = read(&path);
        assert_eq!(kept.len(), 2 + super::SPARE);
        assert_eq!(&kept[..3], &[digest(9_999), digest(20_000), digest(0)]);
    }

    #[test]
    fn a_damaged_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memo");
        let whole = encode(&[digest(1), digest(2)]);
        assert_eq!(decode(&whole).unwrap().len(), 2);
        for cut in 0..whole.len() {
            assert_eq!(decode(&whole[..cut]), None, "{cut}");
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            assert_eq!(decode(&bytes), None, "{at}");
        }
        std::fs::write(&path, encode(&vec![digest(1); MOST + 1])).unwrap();
        assert_eq!(read(&path), Vec::<Digest>::new());
        assert_eq!(read(folder.path()), Vec::<Digest>::new());
    }

    #[test]
    fn the_secret_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("new");
        let first = secret(&place).unwrap();
        assert_eq!(secret(&place), Some(first));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(place.join("memo.key")).unwrap();
            assert_eq!(mode.permissions().mode() & 0o077, 0);
        }
        std::fs::write(place.join("memo.key"), "short").unwrap();
        assert_eq!(secret(&place), None);
    }
}
