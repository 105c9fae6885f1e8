//! Keys derived from a passphrase (RFC 8018), or from the key of another provider.

use super::{KeyProvider, parse, store};
use crate::arguments::Arguments;
use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use crate::settings::MistakeKind;
use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use zeroize::Zeroizing;

const LEAST_PASSPHRASE: usize = 16;
const LEAST_ITERATIONS: u32 = 200_000;
const ITERATIONS: u32 = 600_000;
/// More would keep a command busy for minutes: nobody sets this on purpose, and what is stored may have been tampered with.
const MOST_ITERATIONS: u32 = 50_000_000;
const MOST_BYTES: u32 = 1 << 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Hash {
    Sha256,
    Sha512,
}

/// The `pbkdf2` key provider.
#[derive(Debug)]
pub(crate) struct Pbkdf2 {
    /// `None`: the key of the provider that this one is chained to.
    passphrase: Option<Secret>,
    iterations: u32,
    key_length: u32,
    salt_length: u32,
    hash: Hash,
}

/// What is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    salt: String,
    iterations: u32,
    hash_function: Hash,
    key_length: u32,
}

impl Pbkdf2 {
    pub(crate) fn new(arguments: &mut Arguments<'_>, chained: bool) -> Self {
        let passphrase = arguments.secret("passphrase");
        match (&passphrase, chained) {
            (None, false) => arguments.mistake(
                MistakeKind::MissingArgument,
                Some("passphrase"),
                "A passphrase is needed: set \"passphrase\" to a text of at least 16 characters, or \"chain\" to a key provider whose key is used for it.",
            ),
            (Some(_), true) => arguments.invalid(
                "passphrase",
                "Both \"passphrase\" and \"chain\" are set: the key is derived from one of them. Remove the other.",
            ),
            (Some(passphrase), false) if passphrase.len() < LEAST_PASSPHRASE => arguments.invalid(
                "passphrase",
                format!(
                    "The passphrase is too short: it has {} bytes, and must have at least {LEAST_PASSPHRASE}. Take a long random one, such as `openssl rand -base64 32` makes.",
                    passphrase.len()
                ),
            ),
            _ => {}
        }
        let hash = match arguments.text("hash_function").as_deref() {
            None | Some("sha512") => Hash::Sha512,
            Some("sha256") => Hash::Sha256,
            Some(_) => {
                arguments.invalid(
                    "hash_function",
                    "The hash function must be \"sha512\" or \"sha256\".",
                );
                Hash::Sha512
            }
        };
        Self {
            passphrase,
            iterations: arguments.number_in(
                "iterations",
                ITERATIONS,
                LEAST_ITERATIONS..=MOST_ITERATIONS,
            ),
            key_length: arguments.number_in("key_length", 32, 1..=MOST_BYTES),
            salt_length: arguments.number_in("salt_length", 32, 1..=MOST_BYTES),
            hash,
        }
    }

    fn derive(&self, stored: &Stored, salt: &[u8], chained: Option<&Secret>) -> Result<Secret> {
        let Some(passphrase) = self.passphrase.as_ref().or(chained) else {
            return fail("it has no passphrase");
        };
        let iterations = NonZeroU32::new(stored.iterations)
            .filter(|iterations| iterations.get() <= MOST_ITERATIONS.max(self.iterations))
            .ok_or_else(|| {
                Problem(format!(
                    "its stored metadata asks for {} iterations, which is out of bounds",
                    stored.iterations
                ))
            })?;
        if stored.key_length == 0 || stored.key_length > MOST_BYTES {
            return fail("its stored metadata asks for a key of a length that is out of bounds");
        }
        let algorithm = match stored.hash_function {
            Hash::Sha256 => PBKDF2_HMAC_SHA256,
            Hash::Sha512 => PBKDF2_HMAC_SHA512,
        };
        let length = usize::try_from(stored.key_length).unwrap_or(0);
        let mut key = Zeroizing::new(vec![0; length]);
        pbkdf2::derive(algorithm, iterations, salt, passphrase.reveal(), &mut key);
        Ok(Secret::new(std::mem::take(&mut *key)))
    }
}

impl KeyProvider for Pbkdf2 {
    fn fresh(&self, chained: Option<&Secret>) -> Result<(Secret, Vec<u8>)> {
        let mut salt = vec![0; usize::try_from(self.salt_length).unwrap_or(0)];
        rand::fill(&mut salt).map_err(|_| Problem(String::from("the system has no randomness")))?;
        let stored = Stored {
            salt: STANDARD.encode(&salt),
            iterations: self.iterations,
            hash_function: self.hash,
            key_length: self.key_length,
        };
        Ok((self.derive(&stored, &salt, chained)?, store(&stored)?))
    }

    fn again(&self, stored: &[u8], chained: Option<&Secret>) -> Result<Secret> {
        let stored: Stored = parse(stored)?;
        let salt = STANDARD
            .decode(&stored.salt)
            .map_err(|_| Problem(String::from("its stored salt is not base64")))?;
        self.derive(&stored, &salt, chained)
    }

    fn key_length(&self) -> Option<usize> {
        usize::try_from(self.key_length).ok()
    }
}
