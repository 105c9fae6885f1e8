//! Keys that sign decisions: Ed25519, written as OpenSSH writes them, so that people can use the keys that they have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use std::fmt;
use std::str::FromStr;

/// The name of the only kind of key.
const KIND: &str = "ssh-ed25519";

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// Why a text is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// It does not look like one.
    NotAKey,
    /// It is of a kind that is not supported.
    OtherKind,
    /// It is a point that no honest key is.
    Weak,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAKey => "it is not a public key in the form `ssh-ed25519 AAAA…`",
            Self::OtherKind => "only keys of the kind `ssh-ed25519` can sign decisions",
            Self::Weak => "it is no point that a key can be",
        })
    }
}

impl std::error::Error for KeyError {}

impl FromStr for PublicKey {
    type Err = KeyError;

    /// Reads `ssh-ed25519 BASE64 comment`; the comment may be missing.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut words = text.split_whitespace();
        let kind = words.next().ok_or(KeyError::NotAKey)?;
        if kind != KIND {
            let other = kind.starts_with("ssh-") || kind.starts_with("ecdsa-");
            return Err(if other || kind.starts_with("sk-") {
                KeyError::OtherKind
            } else {
                KeyError::NotAKey
            });
        }
        let data = words.next().and_then(|data| BASE64.decode(data).ok());
        let data = data.ok_or(KeyError::NotAKey)?;
        let (kind, rest) = blob(&data).ok_or(KeyError::NotAKey)?;
        let (key, rest) = blob(rest).ok_or(KeyError::NotAKey)?;
        let key: [u8; 32] = key.try_into().map_err(|_| KeyError::NotAKey)?;
        if kind != KIND.as_bytes() || !rest.is_empty() {
            return Err(KeyError::NotAKey);
        }
        match VerifyingKey::from_bytes(&key) {
            Ok(point) if !point.is_weak() => Ok(Self(key)),
            _ => Err(KeyError::Weak),
        }
    }
}

/// A length (big-endian) and as many bytes, and what follows.
fn blob(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut data = Vec::new();
        for part in [KIND.as_bytes(), &self.0] {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            data.extend_from_slice(&length.to_be_bytes());
            data.extend_from_slice(part);
        }
        write!(f, "{KIND} {}", BASE64.encode(data))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.short())
    }
}

impl PublicKey {
    /// The first bytes, for people.
    #[must_use]
    pub fn short(&self) -> String {
        hex::encode(self.0.get(..6).unwrap_or(&[]))
    }

    /// Whether a signature over these bytes was made with the private key that belongs to this one. Strict: there is one signature that fits.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| {
            key.verify_strict(message, &Signature::from_bytes(signature))
                .is_ok()
        })
    }
}

/// A private key. Never printed; forgotten when it is dropped.
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// The key of a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public key that belongs to it.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.public().short())
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyError, PrivateKey, PublicKey};

    #[test]
    fn keys_are_written_as_openssh_writes_them() {
        // The key of RFC 8032, 7.1, test 1.
        let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let seed: [u8; 32] = seed.unwrap().try_into().unwrap();
        let text = PrivateKey::from_seed(&seed).public().to_string();
        assert_eq!(
            text,
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
        );
        let read: PublicKey = format!("{text} ana@laptop").parse().unwrap();
        assert_eq!(read.to_string(), text);
    }

    #[test]
    fn other_texts_are_no_keys() {
        for (text, expect) in [
            ("", KeyError::NotAKey),
            ("hello", KeyError::NotAKey),
            ("ssh-rsa AAAA", KeyError::OtherKind),
            ("sk-ssh-ed25519@openssh.com AAAA", KeyError::OtherKind),
            ("ssh-ed25519 AAAA", KeyError::NotAKey),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA", KeyError::NotAKey),
            // The neutral point: every message has a signature.
            (
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                KeyError::Weak,
            ),
        ] {
            assert_eq!(text.parse::<PublicKey>(), Err(expect), "{text}");
        }
    }
}
