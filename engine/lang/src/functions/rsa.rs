//! Decryption with an RSA key (PKCS #1 v1.5), as far as `rsadecrypt` needs it.

use super::args::text;
use super::encoding::unbase64;
use super::table::{Context, Fault};
use num_bigint::BigUint;
use terrane_value::Value;

/// The private half of a key: modulus and exponent.
struct Key {
    modulus: BigUint,
    exponent: BigUint,
}

/// The longest modulus, in bits: decryption with it takes about a second.
const MAX_BITS: u64 = 16_384;

/// Reads the parts of a DER sequence.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next part, which must have this tag.
    fn part(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        if found != tag {
            return None;
        }
        let mut length = usize::from(first);
        if first & 0x80 != 0 {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let (digits, behind) = rest.split_at_checked(count)?;
            length = digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit));
            rest = behind;
        }
        let (content, behind) = rest.split_at_checked(length)?;
        self.0 = behind;
        Some(content)
    }

    fn integer(&mut self) -> Option<BigUint> {
        self.part(0x02).map(BigUint::from_bytes_be)
    }
}

fn pkcs1(der: &[u8]) -> Option<Key> {
    let mut key = Der(Der(der).part(0x30)?);
    let _version = key.integer()?;
    let modulus = key.integer()?;
    let _public = key.integer()?;
    let exponent = key.integer()?;
    Some(Key { modulus, exponent })
}

fn pkcs8(der: &[u8]) -> Option<Key> {
    /// 1.2.840.113549.1.1.1
    const RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let mut info = Der(Der(der).part(0x30)?);
    info.integer()?;
    let mut algorithm = Der(info.part(0x30)?);
    if algorithm.part(0x06)? != RSA {
        return None;
    }
    pkcs1(info.part(0x04)?)
}

/// The content of the first PEM block and its label.
fn pem(text: &str) -> Option<(&str, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.split_whitespace().collect();
    Some((label, unbase64(&body)?))
}

fn key(text: &str) -> Result<Key, Fault> {
    let Some((label, der)) = pem(text) else {
        return Err(Fault::new("failed to parse key: no key found").at(1));
    };
    let key = match label {
        "RSA PRIVATE KEY" => pkcs1(&der),
        "PRIVATE KEY" => pkcs8(&der),
        _ => return Err(Fault::new("invalid private key type: an RSA key is required").at(1)),
    };
    let usable = key.filter(|key| (64..=MAX_BITS).contains(&key.modulus.bits()));
    usable.ok_or_else(|| Fault::new("invalid private key: it can't be read as an RSA key").at(1))
}

/// What was padded as PKCS #1 says: 0, 2, at least eight bytes that are not 0, 0.
fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let [0, 2, rest @ ..] = padded else {
        return None;
    };
    let end = rest.iter().position(|byte| *byte == 0)?;
    if end < 8 {
        return None;
    }
    rest.get(end + 1..)
}

/// `rsadecrypt`
pub(super) fn decrypt(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let cipher = unbase64(text(args, 0)).ok_or_else(|| {
        Fault::new("failed to decode input: cipher text must be base64-encoded").at(0)
    })?;
    let key = key(text(args, 1))?;
    let failed = || Fault::new("failed to decrypt: the text was not encrypted for this key");
    let size = usize::try_from(key.modulus.bits().div_ceil(8)).unwrap_or(usize::MAX);
    let cipher = BigUint::from_bytes_be(&cipher);
    if cipher >= key.modulus {
        return Err(failed());
    }
    // The time grows with the cube of the length of the key.
    context.charge((size / 128 + 1).pow(3) * 5000)?;
    let plain = cipher.modpow(&key.exponent, &key.modulus).to_bytes_be();
    let mut padded = vec![0; size.saturating_sub(plain.len())];
    padded.extend(plain);
    let message = unpad(&padded).ok_or_else(failed)?;
    let message = String::from_utf8_lossy(message);
    Ok(Value::string_nfc(&message))
}
