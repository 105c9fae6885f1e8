//! `checksum=sha256:…` in an address.

use super::GetError;
use crate::address::Query;
use std::io::Read as _;
use std::path::Path;

/// A checksum that an address names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checksum {
    kind: &'static str,
    hex: String,
}

/// The checksum of an address. A kind that is not known is an error: what is not checked must not look as if it were.
pub(super) fn of(query: &Query) -> Result<Option<Checksum>, GetError> {
    let Some(text) = query.get("checksum") else {
        return Ok(None);
    };
    let wrong = |why: &str| GetError::Address(format!("the checksum {text:?} {why}"));
    let (kind, hex) = match text.split_once(':') {
        Some((kind, hex)) => (kind, hex),
        None => ("", text.as_str()),
    };
    let hex = hex.to_ascii_lowercase();
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong(
            "is not written as <kind>:<hexadecimal digits>; checksum files are not supported",
        ));
    }
    let kinds = [("md5", 32), ("sha1", 40), ("sha256", 64), ("sha512", 128)];
    let found = kinds
        .into_iter()
        .find(|(name, length)| *length == hex.len() && (kind.is_empty() || *name == kind));
    match found {
        Some((kind, _)) => Ok(Some(Checksum { kind, hex })),
        None => Err(wrong(
            "is none of md5, sha1, sha256, sha512, or has the wrong length",
        )),
    }
}

impl Checksum {
    /// Compares it with a file.
    pub(super) fn verify(&self, path: &Path) -> Result<(), GetError> {
        let io = |source| GetError::Io {
            path: path.to_owned(),
            source,
        };
        let found = match self.kind {
            "md5" => digest::<md5::Md5>(path),
            "sha1" => digest::<sha1::Sha1>(path),
            "sha512" => digest::<sha2::Sha512>(path),
            _ => digest::<sha2::Sha256>(path),
        };
        let found = found.map_err(io)?;
        if found == self.hex {
            return Ok(());
        }
        Err(GetError::Checksum {
            expected: format!("{}:{}", self.kind, self.hex),
            found: format!("{}:{found}", self.kind),
        })
    }
}

fn digest<D: sha2::Digest>(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = D::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            let bytes: &[u8] = &hasher.finalize();
            return Ok(hex::encode(bytes));
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
}
