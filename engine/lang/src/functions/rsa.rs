//! Decryption with an RSA key (PKCS #1 v1.5), as far as `rsadecrypt` needs it: keys in the formats PKCS #1, PKCS #8 and of OpenSSH.
//!
//! The time that it takes depends on the key. Nobody but the user of the key can measure that here.

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

impl Key {
    /// A key whose parts belong together.
    fn new(modulus: BigUint, exponent: BigUint, [p, q]: [BigUint; 2]) -> Option<Self> {
        let short = p.bits() <= modulus.bits() && q.bits() <= modulus.bits();
        (short && p * q == modulus).then_some(Self { modulus, exponent })
    }
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
    Key::new(modulus, exponent, [key.integer()?, key.integer()?])
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

/// Reads the parts of a key as OpenSSH writes it: each with its length before it.
struct Ssh<'a>(&'a [u8]);

impl<'a> Ssh<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(found)
    }

    fn number(&mut self) -> Option<u32> {
        let bytes = self.bytes(4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    }

    fn part(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.bytes(usize::try_from(length).ok()?)
    }

    fn integer(&mut self) -> Option<BigUint> {
        self.part().map(BigUint::from_bytes_be)
    }
}

/// Why a text is not the key that is needed.
enum Unusable {
    Encrypted,
    OtherKind,
    Broken,
}

/// The format of `ssh-keygen`, "openssh-key-v1".
fn openssh(text: &[u8]) -> Result<Key, Unusable> {
    let rest = text.strip_prefix(b"openssh-key-v1\0");
    let mut file = Ssh(rest.ok_or(Unusable::Broken)?);
    let cipher = file.part().ok_or(Unusable::Broken)?;
    if cipher != b"none" {
        return Err(Unusable::Encrypted);
    }
    openssh_plain(&mut file).ok_or(Unusable::Broken)?
}

/// What follows the name of the cipher, if there is none.
fn openssh_plain(file: &mut Ssh<'_>) -> Option<Result<Key, Unusable>> {
    let _derivation = (file.part()?, file.part()?);
    if file.number()? != 1 {
        return None;
    }
    let _public = file.part()?;
    let mut key = Ssh(file.part()?);
    if key.number()? != key.number()? {
        return None;
    }
    if key.part()? != b"ssh-rsa" {
        return Some(Err(Unusable::OtherKind));
    }
    let modulus = key.integer()?;
    let _public = key.integer()?;
    let exponent = key.integer()?;
    let _coefficient = key.integer()?;
    Key::new(modulus, exponent, [key.integer()?, key.integer()?]).map(Ok)
}

/// The content of the first PEM block, with its label and whether it is encrypted.
fn pem(text: &str) -> Option<(&str, bool, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let is_header = |line: &&str| line.contains(':');
    let encrypted = label.starts_with("ENCRYPTED ")
        || body
            .lines()
            .filter(is_header)
            .any(|line| line.contains("ENCRYPTED"));
    let lines = body.lines().filter(|line| !is_header(line));
    let body: String = lines.flat_map(str::split_whitespace).collect();
    Some((label, encrypted, unbase64(&body)?))
}

fn key(text: &str) -> Result<Key, Fault> {
    let Some((label, encrypted, content)) = pem(text) else {
        return Err(Fault::new("failed to parse key: no key found").at(1));
    };
    let key = match label {
        _ if encrypted => Err(Unusable::Encrypted),
        "RSA PRIVATE KEY" => pkcs1(&content).ok_or(Unusable::Broken),
        "PRIVATE KEY" => pkcs8(&content).ok_or(Unusable::Broken),
        "OPENSSH PRIVATE KEY" => openssh(&content),
        _ => Err(Unusable::OtherKind),
    };
    let usable = |key: &Key| (64..=MAX_BITS).contains(&key.modulus.bits());
    match key {
        Ok(key) if usable(&key) => Ok(key),
        Ok(_) | Err(Unusable::Broken) => {
            Err(Fault::new("invalid private key: it can't be read as an RSA key").at(1))
        }
        Err(Unusable::OtherKind) => {
            Err(Fault::new("invalid private key type: an RSA key is required").at(1))
        }
        Err(Unusable::Encrypted) => Err(Fault::new(
            "invalid private key: this private key is passphrase protected; a key without a passphrase is required",
        )
        .at(1)),
    }
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
    // One message for all that can be wrong with the text: which it is would tell a stranger who may choose the text about the key.
    let length = cipher.len();
    let cipher = BigUint::from_bytes_be(&cipher);
    if length > size || cipher >= key.modulus {
        return Err(failed());
    }
    // The time grows with the cube of the length of the key.
    context.charge((size / 128 + 1).pow(3) * 5000)?;
    let plain = cipher.modpow(&key.exponent, &key.modulus).to_bytes_be();
    let mut padded = vec![0; size.saturating_sub(plain.len())];
    padded.extend(plain);
    let message = unpad(&padded).ok_or_else(failed)?;
    let message = std::str::from_utf8(message)
        .map_err(|_| Fault::new("failed to decrypt: what was encrypted is not a text in UTF-8"))?;
    Ok(Value::string_nfc(message))
}

#[cfg(test)]
mod tests {
    use crate::expr::simple::Names;
    use crate::functions::Functions;
    use crate::source::FileId;
    use crate::syntax::parse::parse_expression;
    use std::collections::BTreeMap;
    use terrane_value::Value;

    /// Keys for these tests only; all but those of other kinds are one key.
    const PKCS1: &str = include_str!("keys/pkcs1.pem");
    const PKCS8: &str = include_str!("keys/pkcs8.pem");
    const OPENSSH: &str = include_str!("keys/openssh.pem");

    const TEXT: &str = "b+dXCAnPlPZ0ZFRZY7aaOzwxNKfZVL0bdwyRxz8e2Hrbt+NJb/oxVDd0ISI/caV+7dcUxZpowSzQIw06AbhU71GoAbCdihlmpDCxbh9dtKIOxS9jwT/sq4tLa2wMrUSr8HRHdOVw7tZ3MLDjn1p8i+F8xzITByJqKjR3QPhtmaY=";
    const EMPTY: &str = "mxhM3RjXoAwETGBxPMetFb+y5QCmAcLYYJDKfc6BAtI3nJgp2XwB6OUYMJJ4lIICGRxTaWYtnKvgsVMmjJ5Tp9DtQa5t2qaR3jAGU8jBGHWpJCsZPGM6CVyvRFDFb4LCv4iImGImKkOFFHTcbgp97wCG7LuerfydWv0TpvfXnyM=";
    /// Two bytes that are no text.
    const BYTES: &str = "fYxMyG/xlAVvktoPtBKVoBystcXFLy9BEXXMAT6bjeXQxxQjIYHrJJq5tRGTRILVwnSqnkSBv+K536zJSBdwBU0RsjbNwPyo5W4TWwDpMnRYwhpGhJfjpWwoq/nCz/9GZDHNYGNsNbAVFoawNOFzo4sz3WkaYrxoAPeIGv/a8pI=";
    /// Padded in another way.
    const OAEP: &str = "d/lqB0eDlioWPZh1083grHB6G5yH8WvuTwxhRP9fH4P09dg2249+UZVwonhTspiNMk4/5aLBycK3BcbtDbCCmhJbpgmIB1Q2l/it+4D2I2qLFhDe3ekxOAxIcTQxCcavQys+07IaPZwYT2DT86+7gowoMuXKLgasAhC9NqGV5Sc=";

    fn decrypt(cipher: &str, key: &str) -> Result<Value, String> {
        let values = [("c", cipher), ("k", key)];
        let values = values.map(|(name, text)| (name.into(), Value::string(text)));
        let values: BTreeMap<_, _> = values.into();
        let (expr, _) = parse_expression(FileId(0), "rsadecrypt(c, k)");
        Names::new(&values, &Functions::pure())
            .evaluate(&expr.expect("an expression"))
            .map_err(|all| all.iter().map(|one| one.detail.clone()).collect())
    }

    #[test]
    fn keys_of_all_formats() {
        let crlf = PKCS1.replace('\n', "\r\n");
        let around = format!("some words\n{PKCS8}more words");
        for key in [PKCS1, PKCS8, OPENSSH, &crlf, &around] {
            assert_eq!(decrypt(TEXT, key), Ok(Value::string("text")), "{key}");
            assert_eq!(decrypt(EMPTY, key), Ok(Value::string("")), "{key}");
        }
    }

    #[test]
    fn what_can_not_be_decrypted() {
        const FAILED: &str = "Call to function \"rsadecrypt\" failed: failed to decrypt: ";
        // A byte more at the front, though it is zero; three fewer at the end.
        let long = format!("AAAA{TEXT}");
        let short = TEXT.get(..TEXT.len() - 4).unwrap();
        let cases = [
            (OAEP, "the text was not encrypted for this key."),
            (long.as_str(), "the text was not encrypted for this key."),
            (short, "the text was not encrypted for this key."),
            ("", "the text was not encrypted for this key."),
            (BYTES, "what was encrypted is not a text in UTF-8."),
        ];
        for (cipher, expected) in cases {
            let found = decrypt(cipher, PKCS1);
            assert_eq!(found, Err(format!("{FAILED}{expected}")), "{cipher}");
        }
    }

    #[test]
    fn keys_that_can_not_be_used() {
        const ENCRYPTED: &str = "invalid private key: this private key is passphrase protected; a key without a passphrase is required";
        const OTHER: &str = "invalid private key type: an RSA key is required";
        const BROKEN: &str = "invalid private key: it can't be read as an RSA key";
        let damaged = PKCS1.replacen("\nM", "\nN", 1);
        let mut middle: Vec<&str> = PKCS1.lines().collect();
        let other = middle[2].chars().rev().collect::<String>();
        middle[2] = &other;
        let mixed = middle.join("\n");
        for (key, expected) in [
            (include_str!("keys/pkcs1_encrypted.pem"), ENCRYPTED),
            (include_str!("keys/pkcs8_encrypted.pem"), ENCRYPTED),
            (include_str!("keys/openssh_encrypted.pem"), ENCRYPTED),
            (include_str!("keys/ec.pem"), OTHER),
            (include_str!("keys/openssh_ed25519.pem"), OTHER),
            (&damaged, BROKEN),
            (&mixed, BROKEN),
            ("nothing", "failed to parse key: no key found"),
        ] {
            let expected = format!("Invalid value for \"privatekey\" parameter: {expected}.");
            assert_eq!(decrypt(TEXT, key), Err(expected), "{key}");
        }
    }
}
