//! Archives, read by an allow-list: regular files and folders, in the folder that is given, within bounds. Everything else is refused, and
//! with one refused entry the whole archive: half a package is worse than none.
//!
//! Of permissions only the bit for executing is taken over. Names are compared as file systems that do not tell case would: an archive that
//! means one thing here and another thing there is refused.

mod place;
mod tar;
mod zip;

pub use place::check_links;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A kind of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// With stored or deflated entries.
    Zip,
    /// Not compressed.
    Tar,
    /// Compressed by gzip.
    TarGz,
    /// Compressed by bzip2.
    TarBz2,
    /// Compressed by xz.
    TarXz,
}

impl Format {
    /// By the name of it: `zip`, `tar`, `tar.gz`, `tgz`, `tar.bz2`, `tbz2`, `tar.xz`, `txz`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "zip" => Self::Zip,
            "tar" => Self::Tar,
            "tar.gz" | "tgz" => Self::TarGz,
            "tar.bz2" | "tbz2" => Self::TarBz2,
            "tar.xz" | "txz" => Self::TarXz,
            _ => return None,
        })
    }

    /// By the ending of a path.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next()?;
        [
            "zip", "tar", "tar.gz", "tgz", "tar.bz2", "tbz2", "tar.xz", "txz",
        ]
        .into_iter()
        .find(|ending| {
            let stem = name
                .strip_suffix(ending)
                .and_then(|stem| stem.strip_suffix('.'));
            stem.is_some_and(|stem| !stem.is_empty())
        })
        .and_then(Self::parse)
    }
}

/// What becomes of symbolic links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// An archive with one is refused.
    Refused,
    /// They are made if they can't lead out of the folder: relative, with `..` at the beginning only and not above the folder.
    Inside,
}

/// Bounds and choices.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How many entries there may be.
    pub entries: u64,
    /// How many bytes there may be in all files together.
    pub bytes: u64,
    /// How many times larger than the archive its files may be, all together. The first 16 MiB are free.
    pub ratio: u64,
    /// How long a name may be, in bytes.
    pub name: usize,
    /// How deep folders may be nested.
    pub depth: usize,
    /// How long it may take.
    pub time: Duration,
    /// What becomes of symbolic links.
    pub links: Links,
}

impl Rules {
    /// For packages of providers: few files, which may be large.
    #[must_use]
    pub fn provider() -> Self {
        Self {
            entries: 10_000,
            bytes: 4 << 30,
            links: Links::Refused,
            ..Self::module()
        }
    }

    /// For modules: many files, and links between them.
    #[must_use]
    pub fn module() -> Self {
        Self {
            entries: 100_000,
            bytes: 1 << 30,
            ratio: 200,
            name: 1024,
            depth: 50,
            time: Duration::from_secs(300),
            links: Links::Inside,
        }
    }
}

/// What was unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Files and links.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It can't be read: it is damaged, cut off or no archive of this kind.
    #[error("the archive can't be read: {0}")]
    Unreadable(String),
    /// It has an entry that no package may have.
    #[error("the archive holds {name:?}, which {why}")]
    Entry {
        /// Its name.
        name: String,
        /// A part of a sentence.
        why: String,
    },
    /// It is larger than it may be.
    #[error("the archive {0}")]
    Bounds(String),
    /// Something can't be written.
    #[error("{} can't be written", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Unpacks an archive into a folder, which is made and must not be there yet. When the archive is refused, the folder is removed.
///
/// Blocks: for asynchronous code, on a thread for that.
///
/// # Errors
/// When the archive breaks a rule, is damaged, or the folder can't be written.
pub fn unpack(
    archive: &Path,
    format: Format,
    into: &Path,
    rules: &Rules,
) -> Result<Unpacked, ArchiveError> {
    std::fs::create_dir(into).map_err(|source| ArchiveError::Write {
        path: into.to_owned(),
        source,
    })?;
    let result = entries(archive, format, into, rules);
    if result.is_err() {
        // The error is told; what is left of the folder is garbage of the caller's temporary place.
        let _left = std::fs::remove_dir_all(into);
    }
    result
}

fn entries(
    archive: &Path,
    format: Format,
    into: &Path,
    rules: &Rules,
) -> Result<Unpacked, ArchiveError> {
    let unreadable = |error: io::Error| ArchiveError::Unreadable(error.to_string());
    let file = File::open(archive).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let mut place = place::Place::new(into, rules, Budget::new(rules, size));
    match format {
        Format::Zip => zip::read(file, &mut place)?,
        Format::Tar => tar::read(io::BufReader::new(file), &mut place)?,
        Format::TarGz => tar::read(flate2::read::MultiGzDecoder::new(file), &mut place)?,
        Format::TarBz2 => tar::read(bzip2::read::MultiBzDecoder::new(file), &mut place)?,
        Format::TarXz => tar::read(xz(file), &mut place)?,
    }
    place.finish()
}

/// With at most 256 MiB of memory.
fn xz(file: File) -> impl io::Read {
    lzma_rust2::XzReader::new_mem_limit(io::BufReader::new(file), true, 256 * 1024)
}

/// How much may still come.
#[derive(Debug)]
struct Budget {
    bytes_left: u64,
    most: u64,
    until: Instant,
}

impl Budget {
    /// What is free of the ratio: small archives of text may be packed well.
    const FREE: u64 = 16 << 20;

    fn new(rules: &Rules, size: u64) -> Self {
        let by_ratio = size.saturating_mul(rules.ratio).max(Self::FREE);
        let most = rules.bytes.min(by_ratio);
        Self {
            bytes_left: most,
            most,
            until: Instant::now() + rules.time,
        }
    }

    fn take(&mut self, bytes: u64) -> Result<(), ArchiveError> {
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => self.bytes_left = left,
            None => {
                return Err(ArchiveError::Bounds(format!(
                    "unpacks to more than {} bytes, which is the most that is taken from one of its size",
                    self.most
                )));
            }
        }
        if Instant::now() > self.until {
            return Err(ArchiveError::Bounds(String::from(
                "takes too long to unpack",
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
