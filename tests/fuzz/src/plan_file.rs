//! Saved plans.
//!
//! Two digests guard a plan file, so that no change of its bytes gets behind them. The target therefore takes its input as sections
//! too, and packs them as they should be (`docs/formats/plan-file.md`).

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest as _, Sha256};
use std::io::{Read as _, Write as _};
use terrane_plan::file::{FORMAT_VERSION, decode, digest, encode};

const MAGIC: &[u8] = b"\x89TRNP\r\n\x1a";

/// The bytes as a file, and as sections.
pub(crate) fn run(data: &[u8]) {
    for bytes in [data.to_vec(), pack(data)] {
        let Ok((saved, found)) = decode(&bytes) else {
            continue;
        };
        let Ok(written) = encode(&saved) else {
            continue;
        };
        let (again, same) = decode(&written).expect("it was written just now");
        assert!(again == saved, "a plan changed by writing it");
        assert_eq!(digest(&saved), Ok(same));
        // Equal plans have equal bytes, but not every file that can be read was written by us.
        let _ = found;
    }
}

/// A plan file from sections: tag (4 bytes), length (3 bytes, little-endian), content.
#[must_use]
pub fn pack(mut sections: &[u8]) -> Vec<u8> {
    let version = FORMAT_VERSION.to_le_bytes();
    let mut meaning = Sha256::new();
    meaning.update(version);
    let mut packed = Vec::new();
    while let Some((head, rest)) = sections.split_first_chunk::<7>() {
        let [tag @ .., a, b, c] = head;
        let wanted = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
        let (content, rest) = rest.split_at(wanted.min(rest.len()));
        let unpacked = length(content);
        meaning.update(tag);
        meaning.update(unpacked);
        meaning.update(content);
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(content).expect("memory takes it");
        let content = packer.finish().expect("memory takes it");
        packed.extend_from_slice(tag);
        packed.extend_from_slice(&unpacked);
        packed.extend_from_slice(&length(&content));
        packed.extend_from_slice(&content);
        sections = rest;
    }
    let meaning = meaning.finalize();
    let mut out = [MAGIC, &version, meaning.as_slice(), &packed].concat();
    let guard = Sha256::digest(&out);
    out.extend_from_slice(&guard);
    out
}

fn length(bytes: &[u8]) -> [u8; 8] {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes()
}

/// The sections of a plan file, in the form that [`pack`] takes; `None` if it is none.
#[must_use]
pub fn unpack(file: &[u8]) -> Option<Vec<u8>> {
    let inside = file.strip_prefix(MAGIC)?.get(36..)?;
    let (mut rest, _) = inside.split_last_chunk::<32>()?;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (tag, behind) = rest.split_first_chunk::<4>()?;
        let packed =
            usize::try_from(u64::from_le_bytes(behind.get(8..16)?.try_into().ok()?)).ok()?;
        let mut content = Vec::new();
        let mut unpacker = DeflateDecoder::new(behind.get(16..16 + packed)?).take(1 << 23);
        unpacker.read_to_end(&mut content).ok()?;
        let len = u32::try_from(content.len()).ok()?.to_le_bytes();
        out.extend_from_slice(tag);
        out.extend_from_slice(len.get(..3)?);
        out.extend_from_slice(&content);
        rest = behind.get(16 + packed..)?;
    }
    Some(out)
}
