//! The outside of the file: sections, compressed, between two digests.

use super::Reader;
use super::Result;
use super::{Digest, FORMAT_VERSION, FileError};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest as _, Sha256};
use std::io::{Read as _, Write as _};

/// The first bytes: not text, and broken by every transfer that takes files for text.
const MAGIC: [u8; 8] = *b"\x89TRNP\r\n\x1a";
/// A tag, and bytes.
pub(super) type Section = ([u8; 4], Vec<u8>);
/// Largest section once it is unpacked.
const LARGEST: u64 = 4 << 30;
/// No compressor gets below a byte for so many.
const BEST_RATIO: u64 = 1100;

/// Over the meaning: the version, and tag, length and unpacked bytes of each section.
pub(super) fn digest(sections: &[Section]) -> Digest {
    digest_as(FORMAT_VERSION, sections)
}

fn digest_as(version: u32, sections: &[Section]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(version.to_le_bytes());
    for (tag, bytes) in sections {
        hash.update(tag);
        hash.update(length(bytes).to_le_bytes());
        hash.update(bytes);
    }
    Digest(hash.finalize().into())
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

pub(super) fn pack(sections: &[Section]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    out.extend_from_slice(&digest(sections).0);
    for (tag, bytes) in sections {
        if length(bytes) > LARGEST {
            return Err(FileError::TooLarge);
        }
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        // Writing to memory fails only where there is none left.
        packer.write_all(bytes).map_err(|_| FileError::TooLarge)?;
        let packed = packer.finish().map_err(|_| FileError::TooLarge)?;
        out.extend_from_slice(tag);
        out.extend_from_slice(&length(bytes).to_le_bytes());
        out.extend_from_slice(&length(&packed).to_le_bytes());
        out.extend_from_slice(&packed);
    }
    let whole: [u8; 32] = Sha256::digest(&out).into();
    out.extend_from_slice(&whole);
    Ok(out)
}

/// Whether this begins as a saved plan does, of whatever version.
#[must_use]
pub fn is_plan(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

pub(super) fn unpack(bytes: &[u8]) -> Result<(Vec<Section>, Digest)> {
    let rest = bytes.strip_prefix(&MAGIC).ok_or(FileError::NotAPlan)?;
    let (version, rest) = rest.split_first_chunk::<4>().ok_or(FileError::Damaged)?;
    let version = u32::from_le_bytes(*version);
    if version == 0 || version > FORMAT_VERSION {
        return Err(FileError::Version(version));
    }
    let (guarded, whole) = bytes.split_last_chunk::<32>().ok_or(FileError::Damaged)?;
    if <[u8; 32]>::from(Sha256::digest(guarded)) != *whole {
        return Err(FileError::Damaged);
    }
    let rest = rest.strip_suffix(whole).ok_or(FileError::Damaged)?;
    let (meaning, rest) = rest.split_first_chunk::<32>().ok_or(FileError::Damaged)?;
    let mut reader = Reader::new(rest);
    let mut sections = Vec::new();
    while reader.end().is_err() {
        sections.push(section(&mut reader)?);
    }
    let digest = digest_as(version, &sections);
    if digest.0 != *meaning {
        return Err(FileError::Damaged);
    }
    Ok((sections, digest))
}

fn section(reader: &mut Reader<'_>) -> Result<Section> {
    let bad = FileError::Malformed("a section is not one");
    let tag = reader.take(4)?.try_into().map_err(|_| bad.clone())?;
    let mut size = || -> Result<u64> {
        let bytes = reader.take(8)?.try_into();
        Ok(u64::from_le_bytes(bytes.map_err(|_| bad.clone())?))
    };
    let (unpacked, packed) = (size()?, size()?);
    if unpacked > LARGEST || unpacked > packed.saturating_mul(BEST_RATIO).saturating_add(64) {
        return Err(FileError::TooLarge);
    }
    let packed = reader.take(usize::try_from(packed).map_err(|_| FileError::TooLarge)?)?;
    let mut bytes = Vec::new();
    // One byte more than there should be, to see that there is none.
    let mut unpacker = DeflateDecoder::new(packed).take(unpacked + 1);
    unpacker
        .read_to_end(&mut bytes)
        .map_err(|_| FileError::Damaged)?;
    if length(&bytes) != unpacked {
        return Err(FileError::Damaged);
    }
    Ok((tag, bytes))
}
