//! Keys that a key of Google Cloud KMS wraps: random bytes of this machine, encrypted by the service, which are stored.
//!
//! The service is asked over its REST interface, and both ways with checksums: a key that was damaged on its way could never be unwrapped.

use super::google::Google;
use super::{KeyProvider, parse, random, store};
use crate::Surroundings;
use crate::arguments::Arguments;
use crate::http::{Request, send};
use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use crate::settings::MistakeKind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// How often a request is sent again.
const RETRIES: u32 = 2;

/// The `gcp_kms` key provider.
#[derive(Debug)]
pub(crate) struct GcpKms {
    /// `projects/p/locations/l/keyRings/r/cryptoKeys/k`
    key: String,
    key_length: u32,
    google: Google,
    endpoint: String,
}

/// What is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    ciphertext: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Encrypt<'a> {
    plaintext: &'a str,
    plaintext_crc32c: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Encrypted {
    ciphertext: String,
    #[serde(default)]
    ciphertext_crc32c: Option<String>,
    #[serde(default)]
    verified_plaintext_crc32c: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decrypt<'a> {
    ciphertext: &'a str,
    ciphertext_crc32c: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decrypted {
    plaintext: Zeroizing<String>,
    #[serde(default)]
    plaintext_crc32c: Option<String>,
}

impl GcpKms {
    pub(crate) fn new(arguments: &mut Arguments<'_>, surroundings: &Surroundings) -> Self {
        let key = arguments.required_text("kms_encryption_key");
        if !key.is_empty() && !is_key_name(&key) {
            arguments.invalid(
                "kms_encryption_key",
                "The argument \"kms_encryption_key\" must be the whole name of a key: projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY.",
            );
        }
        let given = arguments.number("key_length");
        let key_length = match given.map(u32::try_from) {
            Some(Ok(length @ 1..=1024)) => length,
            Some(_) => {
                arguments.invalid(
                    "key_length",
                    "The argument \"key_length\" must be at least 1 and at most 1024: the length of the key in bytes.",
                );
                32
            }
            None => {
                arguments.mistake(
                    MistakeKind::MissingArgument,
                    Some("key_length"),
                    "The argument \"key_length\" is required: the length of the key in bytes, such as 32.",
                );
                32
            }
        };
        Self {
            key,
            key_length,
            google: Google::new(arguments, surroundings),
            endpoint: surroundings.endpoints.cloud_kms.clone(),
        }
    }

    fn ask<T: for<'a> Deserialize<'a>>(
        &self,
        verb: &str,
        body: &impl Serialize,
        doing: &str,
    ) -> Result<T> {
        let token = self.google.token()?;
        let bearer = Zeroizing::new(format!("Bearer {}", token.text()?));
        let mut headers = vec![("authorization", bearer.as_str())];
        let project = self.google.quota_project()?;
        if let Some(project) = &project {
            headers.push(("x-goog-user-project", project));
        }
        let answer = send(&Request {
            url: &format!("{}/v1/{}:{verb}", self.endpoint, self.key),
            headers: &headers,
            content_type: "application/json",
            body: Some(Zeroizing::new(
                serde_json::to_vec(body).map_err(|error| Problem(error.to_string()))?,
            )),
            retries: RETRIES,
            ..Request::default()
        })
        .map_err(|problem| problem.within(doing))?;
        if answer.status != 200 {
            let way_out = match answer.status {
                401 => " (the credentials are not accepted)",
                403 => {
                    " (the account needs the role \"Cloud KMS CryptoKey Encrypter/Decrypter\" on the key)"
                }
                404 => " (does the key exist?)",
                _ => "",
            };
            return fail(format!("{doing} was refused{way_out}: {}", answer.reason()));
        }
        answer.json("Cloud KMS")
    }
}

/// Whether a text is the name of a key; one of a version of it will not do.
fn is_key_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    let fixed = ["projects", "locations", "keyRings", "cryptoKeys"];
    let plain = |part: &&str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
            && !part.chars().all(|c| c == '.')
    };
    parts.len() == 8
        && parts
            .iter()
            .step_by(2)
            .zip(fixed)
            .all(|(part, name)| *part == name)
        && parts.iter().all(plain)
}

/// The checksum of Castagnoli.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
        crc
    })
}

/// Whether a checksum that the service sent fits; it may leave it out.
fn fits(bytes: &[u8], told: Option<&String>) -> bool {
    told.is_none_or(|told| *told == crc32c(bytes).to_string())
}

impl KeyProvider for GcpKms {
    fn fresh(&self, _chained: Option<&Secret>) -> Result<(Secret, Vec<u8>)> {
        let key = random(self.key_length)?;
        let plaintext = Zeroizing::new(STANDARD.encode(key.reveal()));
        let doing = format!("encrypting a key with {}", self.key);
        let made: Encrypted = self.ask(
            "encrypt",
            &Encrypt {
                plaintext: &plaintext,
                plaintext_crc32c: crc32c(key.reveal()).to_string(),
            },
            &doing,
        )?;
        let ciphertext = STANDARD
            .decode(&made.ciphertext)
            .map_err(|_| Problem(String::from("the answer is not one of Cloud KMS")))?;
        if made.verified_plaintext_crc32c == Some(false)
            || !fits(&ciphertext, made.ciphertext_crc32c.as_ref())
        {
            return fail(format!("{doing}: the key was damaged on its way"));
        }
        let stored = store(&Stored {
            ciphertext: made.ciphertext,
        })?;
        Ok((key, stored))
    }

    fn again(&self, stored: &[u8], _chained: Option<&Secret>) -> Result<Secret> {
        let stored: Stored = parse(stored)?;
        let wrapped = STANDARD
            .decode(&stored.ciphertext)
            .map_err(|_| Problem(String::from("its stored ciphertext is not base64")))?;
        let doing = format!("decrypting the key with {}", self.key);
        let opened: Decrypted = self.ask(
            "decrypt",
            &Decrypt {
                ciphertext: &stored.ciphertext,
                ciphertext_crc32c: crc32c(&wrapped).to_string(),
            },
            &doing,
        )?;
        let key = STANDARD
            .decode(opened.plaintext.as_bytes())
            .map_err(|_| Problem(String::from("the answer is not one of Cloud KMS")))?;
        if !fits(&key, opened.plaintext_crc32c.as_ref()) {
            return fail(format!("{doing}: the key was damaged on its way"));
        }
        Ok(Secret::new(key))
    }

    fn key_length(&self) -> Option<usize> {
        usize::try_from(self.key_length).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{crc32c, is_key_name};

    #[test]
    fn checksums_are_those_of_the_rfc() {
        // RFC 3720, appendix B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn only_whole_names_of_keys_are_taken() {
        for (name, fine) in [
            ("projects/p/locations/global/keyRings/r/cryptoKeys/k", true),
            (
                "projects/example.com:p/locations/eu/keyRings/r_1/cryptoKeys/k-2",
                true,
            ),
            (
                "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
                false,
            ),
            ("projects/p/locations/global/keyRings/r/cryptoKeys/", false),
            ("projects/p/locations/../keyRings/r/cryptoKeys/k", false),
            ("projects/p/locations/l/keyRings/r/cryptoKeys/k?x", false),
            ("k", false),
        ] {
            assert_eq!(is_key_name(name), fine, "{name}");
        }
    }
}
