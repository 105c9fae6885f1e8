//! Reading a journal that may be damaged: everything that is whole, what is not, and what can be mended.
//!
//! A checksum of 32 bits does more than notice: where it says that something is wrong, and turning over one single bit makes it right, then that
//! bit is what a disk or a memory has lost. That is the only thing that is ever corrected.

use super::{HEADER_LEN, Header, MARKER, RECORD_HEADER_LEN, RecordHeader, RecordKind, codec_of};
use crate::StoreError;
use std::borrow::Cow;
use std::path::Path;

/// Payloads longer than this are not mended: looking for the bit would take too long.
const MAX_MENDED: usize = 64 << 20;

/// A record as it is in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRecord<'a> {
    /// What it holds ([`RecordKind`], or something of a later version).
    pub kind: u8,
    /// How the payload is packed; 0: JSON, 1: sealed JSON.
    pub codec: u8,
    /// The payload.
    pub payload: Cow<'a, [u8]>,
}

impl RawRecord<'_> {
    /// A record of a kind of this version.
    #[must_use]
    pub fn new(kind: RecordKind, payload: &[u8]) -> RawRecord<'_> {
        RawRecord {
            kind: kind.code(),
            codec: codec_of(payload),
            payload: Cow::Borrowed(payload),
        }
    }

    /// Its kind, if this version knows it.
    ///
    /// # Errors
    /// `TooNew` with an empty place.
    pub fn known_kind(&self) -> Result<RecordKind, StoreError> {
        RecordKind::from_code(self.kind)
            .filter(|_| self.codec == codec_of(&self.payload))
            .ok_or_else(|| StoreError::TooNew {
                what: String::new(),
                found: u64::from(super::FORMAT) + 1,
                known: u64::from(super::FORMAT),
            })
    }

    /// Its bytes in a file.
    ///
    /// # Errors
    /// When the payload is too long for a record.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        let len = u32::try_from(self.payload.len()).map_err(|_| {
            StoreError::Refused("a change of more than 4 GiB can't be recorded at once".to_owned())
        })?;
        let header = RecordHeader {
            kind: self.kind,
            codec: self.codec,
            len,
            crc: crc32fast::hash(&self.payload),
        };
        out.extend_from_slice(&header.encode());
        out.extend_from_slice(&self.payload);
        Ok(())
    }

    /// The same with a payload of its own.
    #[must_use]
    pub fn into_owned(self) -> RawRecord<'static> {
        RawRecord {
            kind: self.kind,
            codec: self.codec,
            payload: Cow::Owned(self.payload.into_owned()),
        }
    }
}

/// A record that was found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<'a> {
    /// Offset of its first byte.
    pub offset: u64,
    /// The record. Owned where a bit was mended.
    pub record: RawRecord<'a>,
    /// The offset of the byte in which a bit was wrong.
    pub mended: Option<u64>,
}

/// Bytes that are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Where they begin.
    pub offset: u64,
    /// How many they are.
    pub len: u64,
    /// Whether nothing follows: a write that was cut off leaves that.
    pub at_end: bool,
}

/// What is in a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey<'a> {
    /// Its header, if it has one, and the place of the bit that was wrong in it.
    pub header: Option<(Header, Option<u64>)>,
    /// Its records, in order.
    pub records: Vec<Located<'a>>,
    /// What is between and behind them.
    pub holes: Vec<Hole>,
}

impl Survey<'_> {
    /// Whether every byte is as it should be.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.header, Some((_, None)))
            && self.holes.is_empty()
            && self.records.iter().all(|found| found.mended.is_none())
    }
}

/// Looks through the bytes of a journal.
///
/// # Errors
/// `TooNew`, when its header is of a later version.
pub fn survey<'a>(bytes: &'a [u8], path: &Path) -> Result<Survey<'a>, StoreError> {
    let mut found = Survey {
        header: header(bytes, path)?,
        ..Survey::default()
    };
    let start = usize::try_from(HEADER_LEN).unwrap_or(bytes.len());
    records_from(bytes, start.min(bytes.len()), &mut found);
    Ok(found)
}

/// Looks through records that follow each other from an offset on.
pub(crate) fn records_from<'a>(bytes: &'a [u8], from: usize, found: &mut Survey<'a>) {
    let mut at = from;
    while at < bytes.len() {
        if let Some((located, end)) = record(bytes, at) {
            found.records.push(located);
            at = end;
            continue;
        }
        let next = next_record(bytes, at + 1);
        let end = next.unwrap_or(bytes.len());
        found.holes.push(Hole {
            offset: at as u64,
            len: (end - at) as u64,
            at_end: next.is_none(),
        });
        at = end;
    }
}

fn header(bytes: &[u8], path: &Path) -> Result<Option<(Header, Option<u64>)>, StoreError> {
    let Some(own) = bytes.first_chunk::<32>() else {
        return Ok(None);
    };
    match Header::decode(own, path) {
        Ok(header) => return Ok(Some((header, None))),
        Err(error @ StoreError::TooNew { .. }) => return Err(error),
        Err(_) => {}
    }
    for bit in 0..own.len() * 8 {
        let mut turned = *own;
        turned[bit / 8] ^= 1 << (bit % 8);
        if let Ok(header) = Header::decode(&turned, path) {
            return Ok(Some((header, Some((bit / 8) as u64))));
        }
    }
    Ok(None)
}

/// The record that begins at an offset, and where it ends.
fn record(bytes: &[u8], at: usize) -> Option<(Located<'_>, usize)> {
    let (header, mended) = record_header(bytes.get(at..)?.first_chunk()?)?;
    let begin = at + RECORD_HEADER_LEN;
    let end = begin.checked_add(usize::try_from(header.len).ok()?)?;
    let payload = bytes.get(begin..end)?;
    let located = |payload: Cow<'static, [u8]>, mended| Located {
        offset: at as u64,
        record: RawRecord {
            kind: header.kind,
            codec: header.codec,
            payload,
        },
        mended,
    };
    if crc32fast::hash(payload) == header.crc {
        let mut whole: Located<'_> =
            located(Cow::Borrowed(&[]), mended.map(|byte| (at + byte) as u64));
        whole.record.payload = Cow::Borrowed(payload);
        return Some((whole, end));
    }
    // Two wrong places are no single bit.
    if mended.is_some() {
        return None;
    }
    let (byte, turned) = single_bit(payload, header.crc)?;
    Some((
        located(Cow::Owned(turned), Some((begin + byte) as u64)),
        end,
    ))
}

fn record_header(bytes: &[u8; RECORD_HEADER_LEN]) -> Option<(RecordHeader, Option<usize>)> {
    if let Some(header) = RecordHeader::decode(bytes) {
        return Some((header, None));
    }
    (0..bytes.len() * 8).find_map(|bit| {
        let mut turned = *bytes;
        turned[bit / 8] ^= 1 << (bit % 8);
        RecordHeader::decode(&turned).map(|header| (header, Some(bit / 8)))
    })
}

/// The payload with the one bit turned over that makes its checksum right, and the place of that bit.
fn single_bit(payload: &[u8], expected: u32) -> Option<(usize, Vec<u8>)> {
    if payload.len() > MAX_MENDED {
        return None;
    }
    let wanted = crc32fast::hash(payload) ^ expected;
    let table = table();
    let step = |value: u32| (value >> 8) ^ table[(value & 0xff) as usize];
    // What turning over each bit of a byte does to the checksum: first of the last byte, then of the one before it, and so on.
    let mut effects: [u32; 8] = std::array::from_fn(|bit| table[1 << bit]);
    for at in (0..payload.len()).rev() {
        if let Some(bit) = effects.iter().position(|effect| *effect == wanted) {
            let mut turned = payload.to_vec();
            turned[at] ^= 1 << bit;
            // Text must come of it: a long torn write may look like a wrong bit by chance.
            let text = crc32fast::hash(&turned) == expected
                && serde_json::from_slice::<serde::de::IgnoredAny>(&turned).is_ok();
            return text.then_some((at, turned));
        }
        effects = effects.map(step);
    }
    None
}

/// The table of CRC-32 (IEEE, reflected).
fn table() -> [u32; 256] {
    std::array::from_fn(|byte| {
        let mut value = u32::try_from(byte).unwrap_or_default();
        for _ in 0..8 {
            value = if value & 1 == 1 {
                (value >> 1) ^ 0xedb8_8320
            } else {
                value >> 1
            };
        }
        value
    })
}

/// The first offset from `from` on where a whole record begins. A wrong bit is not looked for here: noise must not become a record.
fn next_record(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let mut starts = rest
        .windows(MARKER.len())
        .enumerate()
        .filter(|(_, window)| *window == MARKER)
        .map(|(at, _)| from + at);
    starts.find(|at| {
        let whole = || {
            let header = RecordHeader::decode(bytes.get(*at..)?.first_chunk()?)?;
            let begin = at + RECORD_HEADER_LEN;
            let payload =
                bytes.get(begin..begin.checked_add(usize::try_from(header.len).ok()?)?)?;
            (crc32fast::hash(payload) == header.crc).then_some(())
        };
        whole().is_some()
    })
}

/// Whether the bytes at the end of a journal are a record that was whole once, with a wrong bit in it: not what a cut off write leaves.
pub(super) fn is_rotten(tail: &[u8]) -> bool {
    record(tail, 0).is_some_and(|(located, _)| located.mended.is_some())
}

#[cfg(test)]
mod tests {
    use super::{Hole, RawRecord, is_rotten, survey};
    use crate::journal::{Header, RecordKind};
    use std::path::Path;

    fn journal(payloads: &[&str]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = Header {
            generation: 3,
            id: 9,
        }
        .encode()
        .to_vec();
        let mut starts = Vec::new();
        for payload in payloads {
            starts.push(bytes.len());
            RawRecord::new(RecordKind::Batch, payload.as_bytes())
                .encode(&mut bytes)
                .unwrap();
        }
        starts.push(bytes.len());
        (bytes, starts)
    }

    const PAYLOADS: [&str; 3] = [
        r#"{"a":1}"#,
        r#"{"b":"text of some length"}"#,
        r#"{"c":[]}"#,
    ];

    /// Wherever one bit is wrong, in the header or in a record: it is found and mended.
    #[test]
    fn every_single_wrong_bit_is_mended() {
        let (whole, _) = journal(&PAYLOADS);
        let good = survey(&whole, Path::new("j")).unwrap();
        assert!(good.is_whole());
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let found = survey(&bytes, Path::new("j")).unwrap();
            assert!(!found.is_whole(), "bit {bit}");
            assert_eq!(found.holes, [], "bit {bit}");
            assert_eq!(found.header.unwrap().0, good.header.unwrap().0);
            let payloads = |survey: &super::Survey<'_>| -> Vec<Vec<u8>> {
                let records = survey.records.iter();
                records.map(|one| one.record.payload.to_vec()).collect()
            };
            assert_eq!(payloads(&found), payloads(&good), "bit {bit}");
        }
    }

    #[test]
    fn what_can_not_be_mended_is_a_hole_and_what_follows_is_found() {
        let (whole, starts) = journal(&PAYLOADS);
        let mut bytes = whole.clone();
        bytes[starts[1] + 25..starts[1] + 30].fill(b'?');
        let found = survey(&bytes, Path::new("j")).unwrap();
        assert_eq!(
            found.holes,
            [Hole {
                offset: starts[1] as u64,
                len: (starts[2] - starts[1]) as u64,
                at_end: false
            }]
        );
        assert_eq!(found.records.len(), 2);
        for cut in starts[2] + 1..starts[3] {
            let found = survey(&whole[..cut], Path::new("j")).unwrap();
            assert_eq!(found.records.len(), 2);
            assert!(found.holes[0].at_end);
            assert!(!is_rotten(&whole[starts[2]..cut]));
        }
        let mut tail = whole[starts[2]..].to_vec();
        tail[22] ^= 4;
        assert!(is_rotten(&tail));
    }
}
