//! Checksums of bodies, where a model asks for them.

use crate::model::{Model, Operation};
use crate::protocol::{Wire, base64};
use serde_json::{Map, Value};
use sha2::Digest as _;

/// Adds the checksum that the operation needs, or that the input asks for. One that the caller made stays.
///
/// # Errors
/// When the input asks for a kind that is not made here.
pub(super) fn add(
    model: &Model,
    operation: &Operation,
    input: &Map<String, Value>,
    wire: &mut Wire,
) -> Result<(), String> {
    let wanted = operation
        .checksum_member
        .as_ref()
        .and_then(|member| input.get(&**member)?.as_str());
    if wanted.is_none() && !operation.checksum_required {
        return Ok(());
    }
    let made = wire.headers.iter().any(|(name, _)| {
        let name = name.to_ascii_lowercase();
        name == "content-md5"
            || (name.starts_with("x-amz-checksum-") && name != "x-amz-checksum-algorithm")
    });
    if made {
        return Ok(());
    }
    // The trait for kinds of checksums is younger than the one that means MD5.
    let kind = wanted.unwrap_or(match operation.checksum_member {
        Some(_) => "CRC32",
        None => "MD5",
    });
    let (header, value) = match kind {
        "MD5" => {
            let digest = <md5::Md5 as md5::Digest>::digest(&wire.body);
            ("Content-MD5", base64(&digest))
        }
        "CRC32" => {
            let sum = crc32fast::hash(&wire.body).to_be_bytes();
            ("x-amz-checksum-crc32", base64(&sum))
        }
        "SHA1" => {
            let digest = <sha1::Sha1 as sha1::Digest>::digest(&wire.body);
            ("x-amz-checksum-sha1", base64(&digest))
        }
        "SHA256" => {
            let digest = sha2::Sha256::digest(&wire.body);
            ("x-amz-checksum-sha256", base64(&digest))
        }
        other => return Err(format!("checksums of the kind {other} are not made here")),
    };
    wire.headers.push((header.to_owned(), value));
    if model.service() == "s3" && kind != "MD5" {
        wire.default_header("x-amz-sdk-checksum-algorithm", kind);
    }
    Ok(())
}
