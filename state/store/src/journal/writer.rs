//! Writing a journal.

use super::{Header, MARKER, Mark, RECORD_HEADER_LEN, RecordHeader, RecordKind, codec_of};
use crate::StoreError;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// What a journal is written on: a file, or in tests something that fails when told to.
pub trait Medium: Send + fmt::Debug {
    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// When not all could be written; some may have been.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written durable.
    ///
    /// # Errors
    /// When it is not known to be durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the medium off.
    ///
    /// # Errors
    /// When it could not be cut off.
    fn set_len(&mut self, len: u64) -> io::Result<()>;
}

impl Medium for File {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(offset))?;
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        Self::set_len(self, len)
    }
}

/// The writing end of a journal.
///
/// A failed write is taken back, and the journal stays usable. After a failed sync it is not known what the disk holds, so
/// nothing more is written until the journal is opened again.
#[derive(Debug)]
pub struct Journal<M: Medium = File> {
    medium: M,
    path: PathBuf,
    len: u64,
    poisoned: Option<String>,
    buffer: Vec<u8>,
}

/// Buffers up to this size are kept between commits.
const KEEP_BUFFER: usize = 1 << 20;

impl<M: Medium> Journal<M> {
    /// Continues a journal whose whole records end at `len`, where the medium ends too.
    pub fn new(medium: M, path: impl Into<PathBuf>, len: u64) -> Self {
        Self {
            medium,
            path: path.into(),
            len,
            poisoned: None,
            buffer: Vec::new(),
        }
    }

    /// Bytes up to the end of the last record.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len <= super::HEADER_LEN
    }

    /// Goes on behind records that somebody else appended.
    pub fn catch_up(&mut self, len: u64) {
        self.len = len;
    }

    /// Lets nothing more be written, for a reason that completes "because …".
    pub fn poison(&mut self, why: impl Into<String>) {
        self.poisoned = Some(why.into());
    }

    /// The medium.
    pub fn medium(&mut self) -> &mut M {
        &mut self.medium
    }

    /// Appends a record and makes it durable: one write, one sync.
    ///
    /// # Errors
    /// When that failed; then the record does not count. See the type for what is possible afterwards.
    pub fn append(&mut self, kind: RecordKind, payload: &[u8]) -> Result<Mark, StoreError> {
        if let Some(why) = &self.poisoned {
            return Err(StoreError::Refused(format!(
                "{} can't be written any more in this run, because {why}; run the command again",
                self.path.display()
            )));
        }
        let crc = frame(kind, payload, &mut self.buffer)?;
        let written = self.medium.write_at(self.len, &self.buffer);
        let size = self.buffer.len() as u64;
        self.buffer.clear();
        self.buffer.shrink_to(KEEP_BUFFER);
        if let Err(source) = written {
            return Err(self.take_back("writing", source));
        }
        if let Err(source) = self.medium.sync() {
            let error = self.take_back("syncing", source);
            self.poisoned
                .get_or_insert_with(|| "an earlier sync of it failed".to_owned());
            return Err(error);
        }
        let mark = Mark {
            offset: self.len,
            crc,
            end: self.len + size,
        };
        self.len = mark.end;
        Ok(mark)
    }

    /// Cuts off what a failed append may have left.
    fn take_back(&mut self, doing: &str, source: io::Error) -> StoreError {
        let cut = self
            .medium
            .set_len(self.len)
            .and_then(|()| self.medium.sync());
        if let Err(error) = cut {
            self.poisoned = Some(format!(
                "an incomplete record could not be cut off ({error}); it will be when the state is next opened"
            ));
        }
        StoreError::Io {
            doing: format!("{doing} {}", self.path.display()),
            source,
        }
    }
}

/// Puts a record into a buffer. Returns the checksum of the payload.
fn frame(kind: RecordKind, payload: &[u8], buffer: &mut Vec<u8>) -> Result<u32, StoreError> {
    let Ok(len) = u32::try_from(payload.len()) else {
        return Err(StoreError::Refused(
            "a change of more than 4 GiB can't be recorded at once".to_owned(),
        ));
    };
    debug_assert!(
        !payload.windows(MARKER.len()).any(|bytes| bytes == MARKER),
        "JSON never holds the first byte of a marker"
    );
    let header = RecordHeader {
        kind: kind.code(),
        codec: codec_of(payload),
        len,
        crc: crc32fast::hash(payload),
    };
    buffer.clear();
    buffer.reserve(RECORD_HEADER_LEN + payload.len());
    buffer.extend_from_slice(&header.encode());
    buffer.extend_from_slice(payload);
    Ok(header.crc)
}

/// Makes a journal file with this header and perhaps a first record, durable before it appears under its name.
/// Returns the file, open for writing, and its length.
///
/// # Errors
/// When the file or its folder can't be written.
pub fn create_file(
    path: &Path,
    header: Header,
    first: Option<(RecordKind, &[u8])>,
) -> Result<(File, u64), StoreError> {
    let mut record = Vec::new();
    if let Some((kind, payload)) = first {
        frame(kind, payload, &mut record)?;
    }
    create_with(path, header, &record)
}

/// The same with these records, as they stand in a file.
///
/// # Errors
/// When the file or its folder can't be written.
pub fn create_with(path: &Path, header: Header, records: &[u8]) -> Result<(File, u64), StoreError> {
    let mut bytes = header.encode().to_vec();
    bytes.extend_from_slice(records);
    let draft = path.with_extension("new");
    let make = || -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(&draft)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        sync_folder(path.parent().unwrap_or(Path::new(".")))?;
        Ok(file)
    };
    match make() {
        Ok(file) => Ok((file, bytes.len() as u64)),
        Err(source) => {
            // On a disk that is full, what is left of it would only be in the way.
            drop(std::fs::remove_file(&draft));
            Err(StoreError::Io {
                doing: format!("making {}", path.display()),
                source,
            })
        }
    }
}

/// Makes names in a folder durable.
///
/// # Errors
/// When the folder can't be synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
