//! The checksums that the attributes of files show.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::{Digest as _, Sha1};
use sha2::{Sha256, Sha512};
use terrane_model::schema::{Attribute, Block};
use terrane_value::Value;

/// With the attributes of [`attributes`].
pub(super) fn with_schema(block: Block) -> Block {
    [
        (
            "content_base64sha256",
            "Base64 encoded SHA256 checksum of file content.",
        ),
        (
            "content_base64sha512",
            "Base64 encoded SHA512 checksum of file content.",
        ),
        ("content_md5", "MD5 checksum of file content."),
        ("content_sha1", "SHA1 checksum of file content."),
        ("content_sha256", "SHA256 checksum of file content."),
        ("content_sha512", "SHA512 checksum of file content."),
        (
            "id",
            "The hexadecimal encoding of the SHA1 checksum of the file content.",
        ),
    ]
    .into_iter()
    .fold(block, |block, (name, text)| {
        block.attr(name, Attribute::string().computed().described(text))
    })
}

/// SHA-1 in hex: the id of a file.
pub(super) fn id(content: &[u8]) -> String {
    hex::encode(Sha1::digest(content))
}

/// All checksums of a content.
pub(super) fn attributes(content: &[u8]) -> [(&'static str, Value); 7] {
    let sha256 = Sha256::digest(content);
    let sha512 = Sha512::digest(content);
    let text = |text: String| Value::string(text);
    [
        ("content_base64sha256", text(STANDARD.encode(sha256))),
        ("content_base64sha512", text(STANDARD.encode(sha512))),
        ("content_md5", text(hex::encode(Md5::digest(content)))),
        ("content_sha1", text(id(content))),
        ("content_sha256", text(hex::encode(sha256))),
        ("content_sha512", text(hex::encode(sha512))),
        ("id", text(id(content))),
    ]
}
