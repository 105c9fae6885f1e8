//! The journal on media that fail.

use super::{
    HEADER_LEN, Header, Journal, MARKER, Medium, RECORD_HEADER_LEN, RecordKind, create_file,
    read_header, record_at, scan,
};
use crate::StoreError;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// A medium that fails at the steps it is told to, writing part of what it was given.
#[derive(Debug, Default)]
struct Flaky {
    bytes: Vec<u8>,
    synced: usize,
    fail_write: Option<usize>,
    fail_sync: bool,
    fail_cut: bool,
}

impl Medium for Flaky {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        let part = self
            .fail_write
            .map_or(bytes.len(), |len| len.min(bytes.len()));
        self.bytes.truncate(offset);
        self.bytes.extend_from_slice(&bytes[..part]);
        if part < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.fail_sync {
            return Err(io::Error::other("input/output error"));
        }
        self.synced = self.bytes.len();
        Ok(())
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        if self.fail_cut {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        self.bytes.resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }
}

fn journal() -> Journal<Flaky> {
    let mut flaky = Flaky::default();
    let header = Header {
        generation: 1,
        id: 2,
    };
    flaky.bytes.extend_from_slice(&header.encode());
    Journal::new(flaky, "journal", HEADER_LEN)
}

/// Payloads of all whole records, and whether a torn one follows.
fn payloads(bytes: &[u8]) -> (Vec<String>, bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    std::fs::write(&path, bytes).unwrap();
    let mut found = Vec::new();
    let scan = scan(
        &mut File::open(&path).unwrap(),
        &path,
        HEADER_LEN,
        |_, _, payload| {
            found.push(String::from_utf8(payload.to_vec()).unwrap());
            Ok(())
        },
    )
    .unwrap();
    (found, scan.torn.is_some())
}

/// A full disk refuses the record, however much of it was written, and takes the next one when there is room again.
#[test]
fn a_full_disk_leaves_the_journal_whole() {
    for part in 0..RECORD_HEADER_LEN + 5 {
        let mut journal = journal();
        journal.append(RecordKind::Batch, b"one").unwrap();
        journal.medium().fail_write = Some(part);
        let error = journal.append(RecordKind::Batch, b"two two").unwrap_err();
        assert!(matches!(error, StoreError::Io { .. }));
        let (found, torn) = payloads(&journal.medium().bytes);
        assert_eq!(
            (found, torn),
            (vec!["one".to_owned()], false),
            "{part} bytes"
        );
        journal.medium().fail_write = None;
        journal.append(RecordKind::Batch, b"three").unwrap();
        assert_eq!(payloads(&journal.medium().bytes).0, ["one", "three"]);
    }
}

/// When not even the remains can be cut off, nothing more is written; opening again finds a torn end.
#[test]
fn a_disk_that_became_read_only_ends_the_writing() {
    let mut journal = journal();
    journal.append(RecordKind::Batch, b"one").unwrap();
    journal.medium().fail_write = Some(9);
    journal.medium().fail_cut = true;
    journal.append(RecordKind::Batch, b"two").unwrap_err();
    journal.medium().fail_write = None;
    let error = journal.append(RecordKind::Batch, b"three").unwrap_err();
    assert!(matches!(&error, StoreError::Refused(text) if text.contains("run the command again")));
    assert_eq!(
        payloads(&journal.medium().bytes),
        (vec!["one".to_owned()], true)
    );
}

/// After a failed sync nobody knows what is on the disk: nothing more is written.
#[test]
fn a_failed_sync_ends_the_writing() {
    let mut journal = journal();
    journal.append(RecordKind::Batch, b"one").unwrap();
    journal.medium().fail_sync = true;
    assert!(matches!(
        journal.append(RecordKind::Batch, b"two"),
        Err(StoreError::Io { .. })
    ));
    journal.medium().fail_sync = false;
    assert!(matches!(
        journal.append(RecordKind::Batch, b"three"),
        Err(StoreError::Refused(_))
    ));
    assert_eq!(payloads(&journal.medium().bytes).0, ["one"]);
}

/// Nothing is acknowledged before it is synced.
#[test]
fn an_acknowledged_record_is_synced() {
    let mut journal = journal();
    for payload in ["one", "two"] {
        let mark = journal
            .append(RecordKind::Batch, payload.as_bytes())
            .unwrap();
        assert_eq!(mark.end, journal.len());
        let flaky = journal.medium();
        assert_eq!(flaky.synced, flaky.bytes.len());
    }
}

/// A marker in the text of a record does not make a torn record look like damage, nor a whole one like two.
#[test]
fn markers_within_a_payload_are_no_records() {
    let mut journal = journal();
    journal.append(RecordKind::Batch, b"one").unwrap();
    let mut bytes = journal.medium().bytes.clone();
    bytes.extend_from_slice(&MARKER);
    bytes.extend_from_slice(&[0; 40]);
    bytes.extend_from_slice(&MARKER);
    assert_eq!(payloads(&bytes), (vec!["one".to_owned()], true));
}

#[test]
fn files_that_are_no_journals_or_too_new_are_refused() {
    let header = Header {
        generation: 3,
        id: u64::MAX,
    };
    let path = Path::new("j");
    assert_eq!(Header::decode(&header.encode(), path).unwrap(), header);
    let patched = |at: usize, value: u8| {
        let mut bytes = header.encode();
        bytes[at] = value;
        let crc = crc32fast::hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        Header::decode(&bytes, path)
    };
    assert!(matches!(patched(0, b'X'), Err(StoreError::Damaged { .. })));
    assert!(matches!(
        patched(8, 2),
        Err(StoreError::TooNew {
            found: 2,
            known: 1,
            ..
        })
    ));
    assert!(
        matches!(patched(10, 1), Err(StoreError::TooNew { .. })),
        "a flag that is not known"
    );
    let mut bytes = header.encode();
    bytes[13] ^= 1;
    assert!(matches!(
        Header::decode(&bytes, path),
        Err(StoreError::Damaged { .. })
    ));
}

#[test]
fn a_file_is_made_whole_and_its_records_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let header = Header {
        generation: 2,
        id: 5,
    };
    let (file, len) = create_file(&path, header, Some((RecordKind::Checkpoint, b"first"))).unwrap();
    let mut journal = Journal::new(file, &path, len);
    let mark = journal.append(RecordKind::Batch, b"second").unwrap();
    let mut file = OpenOptions::new().read(true).open(&path).unwrap();
    assert_eq!(read_header(&mut file, &path).unwrap(), header);
    assert_eq!(
        record_at(&mut file, &path, mark.offset).unwrap(),
        Some(mark)
    );
    assert_eq!(record_at(&mut file, &path, mark.offset + 1).unwrap(), None);
    assert_eq!(record_at(&mut file, &path, mark.end).unwrap(), None);
    let mut kinds = Vec::new();
    let whole = scan(&mut file, &path, HEADER_LEN, |_, kind, _| {
        kinds.push(kind);
        Ok(())
    })
    .unwrap();
    assert_eq!(kinds, [RecordKind::Checkpoint, RecordKind::Batch]);
    assert_eq!(
        (whole.last, whole.end, whole.torn),
        (Some(mark), mark.end, None)
    );
}

/// Records of kinds to come are refused as too new, not skipped and not called damaged.
#[test]
fn a_kind_that_is_not_known_is_too_new() {
    let mut journal = journal();
    journal.append(RecordKind::Batch, b"one").unwrap();
    let bytes = journal.medium().bytes.clone();
    for (at, value) in [(4, 9), (5, 1)] {
        let start = usize::try_from(HEADER_LEN).unwrap();
        let mut copy = bytes.clone();
        copy[start + at] = value;
        let crc = crc32fast::hash(&copy[start..start + 16]);
        copy[start + 16..start + 20].copy_from_slice(&crc.to_le_bytes());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        std::fs::write(&path, &copy).unwrap();
        let result = scan(
            &mut File::open(&path).unwrap(),
            &path,
            HEADER_LEN,
            |_, _, _| Ok(()),
        );
        assert!(
            matches!(result, Err(StoreError::TooNew { .. })),
            "{result:?}"
        );
    }
}
