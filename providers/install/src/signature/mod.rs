//! The OpenPGP signature over the checksums of a registry, by the keys that the registry names.
//!
//! A signature counts if it was made by a key that may sign, binds to its primary key, and is not revoked. Old digests (SHA-1, MD5) do not count. What
//! becomes of expired keys and of packages without keys is as OpenTofu has it: they are accepted, and said to be so, unless the environment forbids it
//! (`OPENTOFU_ENFORCE_GPG_EXPIRATION`, `OPENTOFU_ENFORCE_GPG_VALIDATION`).

use pgp::composed::{Deserializable as _, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails, Tag};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// How many keys are looked at.
const MAX_KEYS: usize = 64;
/// How many signatures are looked at.
const MAX_SIGNATURES: usize = 8;

/// What must be signed.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Checksums without a signature are refused.
    pub enforce_validation: bool,
    /// Signatures by expired keys are refused.
    pub enforce_expiration: bool,
    /// The time that counts.
    pub now: SystemTime,
}

impl Policy {
    /// What the environment says.
    #[must_use]
    pub fn of(env: &BTreeMap<String, String>) -> Self {
        let set = |name: &str| {
            env.get(name)
                .is_some_and(|value| matches!(value.trim().to_lowercase().as_str(), "true" | "1"))
        };
        Self {
            enforce_validation: set("OPENTOFU_ENFORCE_GPG_VALIDATION"),
            enforce_expiration: set("OPENTOFU_ENFORCE_GPG_EXPIRATION"),
            now: SystemTime::now(),
        }
    }

    /// Whether checksums without a signature are fine.
    pub(crate) fn unsigned(&self) -> Result<(), SignatureError> {
        if self.enforce_validation {
            Err(SignatureError::NoKeys)
        } else {
            Ok(())
        }
    }
}

/// A signature that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    /// The key that made it: sixteen hexadecimal digits.
    pub(crate) key: String,
    /// The key, or the signature, has expired.
    pub(crate) expired: bool,
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There are no keys.
    #[error(
        "the registry names no key that could have signed them, and OPENTOFU_ENFORCE_GPG_VALIDATION is set"
    )]
    NoKeys,
    /// What should be a signature is none.
    #[error("their signature can't be read: {0}")]
    NoSignature(String),
    /// A key can't be read.
    #[error("a key of the registry can't be read: {0}")]
    BadKey(String),
    /// None of the keys has made it.
    #[error("their signature{} was not made by any of the keys that the registry names ({})", by(.issuer), .keys.join(", "))]
    Unknown {
        /// Who says to have made it.
        issuer: Option<String>,
        /// The keys.
        keys: Vec<String>,
    },
    /// The document was changed, or the signature.
    #[error(
        "their signature by the key {key} is not right: they were changed after they were signed"
    )]
    Wrong {
        /// By which key.
        key: String,
    },
    /// The key must not be used.
    #[error("the key {key} that signed them can't be used: {why}")]
    Unusable {
        /// Which key.
        key: String,
        /// A part of a sentence.
        why: &'static str,
    },
}

fn by(issuer: &Option<String>) -> String {
    issuer
        .as_ref()
        .map_or_else(String::new, |issuer| format!(" by the key {issuer}"))
}

/// Verifies a detached signature, in binary form or with armour.
pub(crate) fn verify(
    keys: &[&str],
    document: &[u8],
    signature: &[u8],
    policy: &Policy,
) -> Result<Signed, SignatureError> {
    if keys.is_empty() {
        return Err(SignatureError::NoKeys);
    }
    let signatures = signatures(signature)?;
    let mut known = Vec::new();
    for armor in keys.iter().take(MAX_KEYS) {
        let bad = |error: pgp::errors::Error| SignatureError::BadKey(error.to_string());
        let (found, _) = SignedPublicKey::from_string_many(armor.trim()).map_err(bad)?;
        for key in found.take(MAX_KEYS) {
            known.push(key.map_err(bad)?);
        }
    }
    let mut problem = SignatureError::Unknown {
        issuer: signatures.first().and_then(issuer),
        keys: known.iter().map(|key| id(&key.primary_key)).collect(),
    };
    for signature in &signatures {
        for key in &known {
            match attempt(key, signature, document, policy) {
                Some(Ok(signed)) => return Ok(signed),
                Some(Err(error)) => problem = error,
                None => {}
            }
        }
    }
    Err(problem)
}

fn signatures(bytes: &[u8]) -> Result<Vec<Signature>, SignatureError> {
    let wrong = |why: String| SignatureError::NoSignature(why);
    let parsed = if bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
        DetachedSignature::from_armor_many(bytes.trim_ascii_start()).map(|(found, _)| found)
    } else {
        DetachedSignature::from_bytes_many(bytes)
    };
    let parsed = parsed.map_err(|error| wrong(error.to_string()))?;
    let found: Result<Vec<_>, _> = parsed.take(MAX_SIGNATURES).collect();
    let found = found.map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() {
        return Err(wrong(String::from("there is none")));
    }
    Ok(found.into_iter().map(|found| found.signature).collect())
}

fn id(key: &impl KeyDetails) -> String {
    hex::encode_upper(key.legacy_key_id().as_ref())
}

fn issuer(signature: &Signature) -> Option<String> {
    let ids = signature.issuer_key_id();
    ids.first().map(|id| hex::encode_upper(id.as_ref()))
}

/// Whether a signature says that another key has made it.
fn is_by_other(signature: &Signature, key: &impl KeyDetails) -> bool {
    let ids = signature.issuer_key_id();
    !ids.is_empty() && !ids.iter().any(|id| **id == key.legacy_key_id())
}

/// What one key says of a signature; `None`: it was made by another.
fn attempt(
    key: &SignedPublicKey,
    signature: &Signature,
    document: &[u8],
    policy: &Policy,
) -> Option<Result<Signed, SignatureError>> {
    let primary = &key.primary_key;
    if !is_by_other(signature, primary) {
        let right = signature.verify(primary, document).is_ok();
        if right || !signature.issuer_key_id().is_empty() {
            return Some(judge(key, None, signature, right, policy));
        }
    }
    for sub in &key.public_subkeys {
        if is_by_other(signature, &sub.key) {
            continue;
        }
        let right = signature.verify(&sub.key, document).is_ok();
        if right || !signature.issuer_key_id().is_empty() {
            return Some(judge(key, Some(sub), signature, right, policy));
        }
    }
    None
}

fn judge(
    key: &SignedPublicKey,
    sub: Option<&SignedPublicSubKey>,
    signature: &Signature,
    right: bool,
    policy: &Policy,
) -> Result<Signed, SignatureError> {
    let name = sub.map_or_else(|| id(&key.primary_key), |sub| id(&sub.key));
    if !right {
        return Err(SignatureError::Wrong { key: name });
    }
    let refuse = |why| {
        Err(SignatureError::Unusable {
            key: name.clone(),
            why,
        })
    };
    if !matches!(
        signature.typ(),
        Some(SignatureType::Binary | SignatureType::Text)
    ) {
        return refuse("the signature is not one of a document");
    }
    match signature.hash_alg() {
        Some(
            HashAlgorithm::None
            | HashAlgorithm::Md5
            | HashAlgorithm::Sha1
            | HashAlgorithm::Ripemd160,
        )
        | None => return refuse("the signature uses a digest that is not safe any more"),
        Some(_) => {}
    }
    let primary = &key.primary_key;
    if key
        .details
        .revocation_signatures
        .iter()
        .any(|revocation| revocation.verify_key(primary).is_ok())
    {
        return refuse("it was revoked");
    }
    let selfs = self_signatures(key);
    let Some(own) = selfs.last() else {
        return refuse("it has no valid signature over itself");
    };
    let mut ends = vec![end(primary, own)];
    match sub {
        None => {
            let flags = own.key_flags();
            // Keys of long ago have no flags, and may do everything.
            if has_flags(own) && !flags.sign() {
                return refuse("it is not one for signing");
            }
        }
        Some(sub) => match binding(key, sub) {
            Ok(binding) => ends.push(end(&sub.key, binding)),
            Err(why) => return refuse(why),
        },
    }
    ends.push(ending(
        signature.created(),
        signature.signature_expiration_time(),
    ));
    let expired = ends.into_iter().flatten().any(|end| end <= policy.now);
    if expired && policy.enforce_expiration {
        return refuse("it has expired, and OPENTOFU_ENFORCE_GPG_EXPIRATION is set");
    }
    Ok(Signed { key: name, expired })
}

fn has_flags(signature: &Signature) -> bool {
    let flags = signature.key_flags();
    flags.sign()
        || flags.certify()
        || flags.encrypt_comms()
        || flags.encrypt_storage()
        || flags.authentication()
}

/// Valid signatures of a key over itself and its names, the newest last.
fn self_signatures(key: &SignedPublicKey) -> Vec<&Signature> {
    let primary = &key.primary_key;
    let direct = key
        .details
        .direct_signatures
        .iter()
        .filter(|signature| signature.verify_key(primary).is_ok());
    let of_names = key.details.users.iter().flat_map(|user| {
        user.signatures.iter().filter(move |signature| {
            signature.typ() != Some(SignatureType::CertRevocation)
                && signature
                    .verify_certification(primary, Tag::UserId, &user.id)
                    .is_ok()
        })
    });
    let mut all: Vec<&Signature> = direct.chain(of_names).collect();
    all.sort_by_key(|signature| signature.created().map(|created| created.as_secs()));
    all
}

/// The newest valid signature that binds a key for signing to its primary key.
fn binding<'a>(
    key: &SignedPublicKey,
    sub: &'a SignedPublicSubKey,
) -> Result<&'a Signature, &'static str> {
    let primary = &key.primary_key;
    let valid = |signature: &&Signature| signature.verify_subkey_binding(primary, &sub.key).is_ok();
    let of = |kind: SignatureType| {
        let found = sub
            .signatures
            .iter()
            .filter(move |one| one.typ() == Some(kind));
        found.filter(valid)
    };
    if of(SignatureType::SubkeyRevocation).next().is_some() {
        return Err("it was revoked");
    }
    let newest = of(SignatureType::SubkeyBinding)
        .max_by_key(|one| one.created().map(|created| created.as_secs()))
        .ok_or("it is not bound to its primary key")?;
    if !newest.key_flags().sign() {
        return Err("it is not one for signing");
    }
    let back = newest
        .embedded_signature()
        .ok_or("it does not say itself that it belongs to its primary key")?;
    back.verify_primary_key_binding(&sub.key, primary)
        .map_err(|_| "it does not say itself that it belongs to its primary key")?;
    Ok(newest)
}

/// When a key ends by its signature.
fn end(key: &impl KeyDetails, signature: &Signature) -> Option<SystemTime> {
    ending(Some(key.created_at()), signature.key_expiration_time())
}

fn ending(
    from: Option<pgp::types::Timestamp>,
    after: Option<pgp::types::Duration>,
) -> Option<SystemTime> {
    let after = after.filter(|after| after.as_secs() > 0)?;
    let end = u64::from(from?.as_secs()) + u64::from(after.as_secs());
    SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(end))
}

#[cfg(test)]
mod tests;
