//! Reading a journal from front to back.

use super::{
    HEADER_LEN, Header, MARKER, Mark, RECORD_HEADER_LEN, RecordHeader, RecordKind, codec_of,
};
use crate::StoreError;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Bytes at the end of a journal that are not a whole record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// Where they begin.
    pub offset: u64,
    /// How many they are.
    pub len: u64,
}

/// What came of reading a journal to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The last whole record; `None` if there is none behind the starting point.
    pub last: Option<Mark>,
    /// The offset behind the last whole record.
    pub end: u64,
    /// What follows it.
    pub torn: Option<TornTail>,
}

/// Reads the header of a journal.
///
/// # Errors
/// When it can't be read, or is not the header of a journal.
pub fn read_header(file: &mut File, path: &Path) -> Result<Header, StoreError> {
    let mut bytes = [0; 32];
    file.seek(SeekFrom::Start(0))
        .and_then(|_| file.read_exact(&mut bytes))
        .map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => StoreError::Damaged {
                what: path.display().to_string(),
                problem: "it ends within its header".to_owned(),
            },
            _ => reading(path, source),
        })?;
    Header::decode(&bytes, path)
}

/// The record that begins at an offset, if a whole one does. Its payload is not read.
///
/// # Errors
/// When the file can't be read.
pub fn record_at(file: &mut File, path: &Path, offset: u64) -> Result<Option<Mark>, StoreError> {
    let mut read = || -> io::Result<Option<Mark>> {
        let mut bytes = [0; RECORD_HEADER_LEN];
        file.seek(SeekFrom::Start(offset))?;
        match file.read_exact(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            result => result?,
        }
        let len = file.metadata()?.len();
        Ok(RecordHeader::decode(&bytes)
            .map(|header| mark(offset, header))
            .filter(|mark| mark.end <= len))
    };
    read().map_err(|source| reading(path, source))
}

fn mark(offset: u64, header: RecordHeader) -> Mark {
    Mark {
        offset,
        crc: header.crc,
        end: offset + RECORD_HEADER_LEN as u64 + u64::from(header.len),
    }
}

/// Reads all records from an offset (of a record, or of the end) to the end, giving each to `each` with its offset.
///
/// The length of the file is looked at once, so that a journal can be read while its owner appends to it.
///
/// # Errors
/// When the file can't be read; when a record in the middle is damaged, which is told from a torn end by whole records that
/// follow it; when a record is of a kind of a later version; and what `each` returns.
pub fn scan(
    file: &mut File,
    path: &Path,
    from: u64,
    mut each: impl FnMut(u64, RecordKind, &[u8]) -> Result<(), StoreError>,
) -> Result<Scan, StoreError> {
    let fail = |source| reading(path, source);
    let len = file.metadata().map_err(fail)?.len();
    if len < from {
        return Err(StoreError::Damaged {
            what: path.display().to_string(),
            problem: format!("it is {len} bytes long, but {from} were expected at the least"),
        });
    }
    file.seek(SeekFrom::Start(from)).map_err(fail)?;
    let mut reader = BufReader::with_capacity(1 << 18, &mut *file);
    let mut scan = Scan {
        last: None,
        end: from,
        torn: None,
    };
    let mut payload = Vec::new();
    while scan.end < len {
        let offset = scan.end;
        let whole = read_record(&mut reader, len - offset, &mut payload).map_err(fail)?;
        let Some(header) = whole else {
            drop(reader);
            if let Some(next) = find_record(file, offset + 1, len).map_err(fail)? {
                return Err(StoreError::Damaged {
                    what: path.display().to_string(),
                    problem: format!(
                        "the record at byte {offset} is not whole, yet a whole one follows at byte {next}"
                    ),
                });
            }
            let torn = TornTail {
                offset,
                len: len - offset,
            };
            if is_rotten(file, torn).map_err(fail)? {
                return Err(StoreError::Damaged {
                    what: path.display().to_string(),
                    problem: format!("a bit of the last record, at byte {offset}, is wrong"),
                });
            }
            scan.torn = Some(torn);
            return Ok(scan);
        };
        let place = || format!("{}, record at byte {offset}", path.display());
        let Some(kind) =
            RecordKind::from_code(header.kind).filter(|_| header.codec == codec_of(&payload))
        else {
            return Err(StoreError::TooNew {
                what: place(),
                found: u64::from(super::FORMAT) + 1,
                known: u64::from(super::FORMAT),
            });
        };
        each(offset, kind, &payload).map_err(|error| match error {
            StoreError::Damaged { what, problem } if what.is_empty() => StoreError::Damaged {
                what: place(),
                problem,
            },
            StoreError::TooNew { what, found, known } if what.is_empty() => StoreError::TooNew {
                what: place(),
                found,
                known,
            },
            error => error,
        })?;
        let mark = mark(offset, header);
        scan.end = mark.end;
        scan.last = Some(mark);
    }
    Ok(scan)
}

/// Reads one record of which at most `left` bytes are in the file. `None`: it is not whole.
fn read_record(
    reader: &mut BufReader<&mut File>,
    left: u64,
    payload: &mut Vec<u8>,
) -> io::Result<Option<RecordHeader>> {
    let Some(left) = left.checked_sub(RECORD_HEADER_LEN as u64) else {
        return Ok(None);
    };
    let mut bytes = [0; RECORD_HEADER_LEN];
    if !fill(reader, &mut bytes)? {
        return Ok(None);
    }
    let Some(header) = RecordHeader::decode(&bytes).filter(|header| u64::from(header.len) <= left)
    else {
        return Ok(None);
    };
    payload.clear();
    let read = reader
        .by_ref()
        .take(u64::from(header.len))
        .read_to_end(payload)?;
    let whole = read as u64 == u64::from(header.len) && crc32fast::hash(payload) == header.crc;
    Ok(whole.then_some(header))
}

/// Reads all of a buffer. `false`: the file was cut off meanwhile.
fn fill(reader: &mut BufReader<&mut File>, bytes: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        result => result.map(|()| true),
    }
}

/// The first offset from `from` on where a whole record begins.
fn find_record(file: &mut File, from: u64, len: u64) -> io::Result<Option<u64>> {
    const STEP: u64 = 1 << 20;
    let mut at = from.max(HEADER_LEN);
    let mut window = Vec::new();
    while at < len {
        // Windows overlap by one marker less a byte, so that none is missed on the seam.
        file.seek(SeekFrom::Start(at))?;
        window.clear();
        file.by_ref()
            .take((STEP + MARKER.len() as u64 - 1).min(len - at))
            .read_to_end(&mut window)?;
        for (offset, bytes) in window.windows(MARKER.len()).enumerate() {
            if bytes != MARKER {
                continue;
            }
            let offset = at + offset as u64;
            file.seek(SeekFrom::Start(offset))?;
            let mut reader = BufReader::new(&mut *file);
            if read_record(&mut reader, len - offset, &mut Vec::new())?.is_some() {
                return Ok(Some(offset));
            }
        }
        at += STEP;
    }
    Ok(None)
}

/// Whether the last record was whole once, and a bit of it went wrong since. That is no torn end, and must not be cut off.
fn is_rotten(file: &mut File, torn: TornTail) -> io::Result<bool> {
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(torn.offset))?;
    file.by_ref().take(torn.len).read_to_end(&mut tail)?;
    Ok(super::survey::is_rotten(&tail))
}

fn reading(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io {
        doing: format!("reading {}", path.display()),
        source,
    }
}
