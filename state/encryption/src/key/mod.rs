//! Key providers: where keys come from, and how to come by the same key again.
//!
//! A provider makes a key for this command and says what must be stored with everything that is sealed with it (its *metadata*: a salt, a
//! wrapped key). With that, the same provider gives the key again. A provider may be chained to another one, whose key it takes for its
//! passphrase.

mod aws_kms;
mod azure_vault;
mod entra;
mod external;
mod gcp_kms;
mod google;
mod openbao;
mod pbkdf2;

pub(crate) use aws_kms::AwsKms;
pub(crate) use azure_vault::AzureVault;
pub(crate) use external::External;
pub(crate) use gcp_kms::GcpKms;
pub(crate) use openbao::OpenBao;
pub(crate) use pbkdf2::Pbkdf2;

use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use aws_lc_rs::rand;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// What is stored beside sealed bytes, by the address or alias of the key provider.
pub(crate) type Metadata = BTreeMap<String, Vec<u8>>;

/// Keys of earlier commands that are remembered.
const REMEMBERED: usize = 4096;

/// Where keys come from.
pub(crate) trait KeyProvider: Send + Sync + fmt::Debug {
    /// A key to seal with, and what must be stored for it. `chained`: the key of the provider that this one is chained to.
    fn fresh(&self, chained: Option<&Secret>) -> Result<(Secret, Vec<u8>)>;

    /// The key for what was stored.
    fn again(&self, stored: &[u8], chained: Option<&Secret>) -> Result<Secret>;

    /// How long its keys are, where that is known before there is one.
    fn key_length(&self) -> Option<usize> {
        None
    }
}

/// A configured key provider. Keys are asked for once in a command, and remembered.
#[derive(Debug)]
pub(crate) struct KeySource {
    /// `key_provider.pbkdf2.main`
    pub(crate) addr: String,
    /// Under this name its metadata is stored.
    pub(crate) stored_as: String,
    pub(crate) provider: Box<dyn KeyProvider>,
    pub(crate) chain: Option<Arc<Self>>,
    pub(crate) memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
pub(crate) struct Memory {
    fresh: Option<(Secret, Vec<u8>)>,
    /// By the metadata of the provider and of those that it is chained to.
    again: BTreeMap<Vec<Vec<u8>>, Secret>,
}

impl KeySource {
    /// The key of this command. What must be stored is added to `metadata`.
    pub(crate) fn fresh(&self, metadata: &mut Metadata) -> Result<Secret> {
        let chained = match &self.chain {
            Some(chain) => Some(chain.fresh(metadata)?),
            None => None,
        };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.fresh.is_none() {
            let made = self
                .provider
                .fresh(chained.as_ref())
                .map_err(|problem| problem.within(&self.addr))?;
            memory.fresh = Some(made);
        }
        let Some((key, stored)) = memory.fresh.clone() else {
            return fail("there is no key");
        };
        metadata.insert(self.stored_as.clone(), stored);
        if let Some(path) = self.path(metadata) {
            memory.again.insert(path, key.clone());
        }
        Ok(key)
    }

    /// The key that something was sealed with.
    pub(crate) fn again(&self, metadata: &Metadata) -> Result<Secret> {
        let Some(path) = self.path(metadata) else {
            return fail(self.not_stored(metadata));
        };
        let chained = match &self.chain {
            Some(chain) => Some(chain.again(metadata)?),
            None => None,
        };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = memory.again.get(&path) {
            return Ok(key.clone());
        }
        let stored = path.first().map_or(&[][..], Vec::as_slice);
        let key = self
            .provider
            .again(stored, chained.as_ref())
            .map_err(|problem| problem.within(&self.addr))?;
        if memory.again.len() >= REMEMBERED {
            memory.again.clear();
        }
        memory.again.insert(path, key.clone());
        Ok(key)
    }

    /// The metadata of this provider and of those that it is chained to; `None`: something is missing.
    fn path(&self, metadata: &Metadata) -> Option<Vec<Vec<u8>>> {
        std::iter::successors(Some(self), |source| source.chain.as_deref())
            .map(|source| metadata.get(&source.stored_as).cloned())
            .collect()
    }

    fn not_stored(&self, metadata: &Metadata) -> String {
        let there: Vec<&str> = metadata.keys().map(String::as_str).collect();
        let there = match there.as_slice() {
            [] => String::from("no key provider"),
            there => there.join(" and "),
        };
        format!(
            "{} did not seal this: {there} did (where that is an earlier name of the same key provider, set encrypted_metadata_alias = {:?}, or keep its block for a `fallback`)",
            self.addr,
            metadata.keys().next().map_or("", String::as_str)
        )
    }
}

/// Reads stored metadata.
pub(crate) fn parse<'de, T: serde::Deserialize<'de>>(stored: &'de [u8]) -> Result<T> {
    serde_json::from_slice(stored)
        .map_err(|error| Problem(format!("its stored metadata can't be understood: {error}")))
}

/// Writes metadata.
pub(crate) fn store<T: serde::Serialize>(metadata: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(metadata)
        .map_err(|error| Problem(format!("its metadata can't be stored: {error}")))
}

/// A key that is new.
pub(crate) fn random(length: u32) -> Result<Secret> {
    let mut key = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or(0)]);
    rand::fill(&mut key).map_err(|_| Problem(String::from("the system has no randomness")))?;
    Ok(Secret::new(std::mem::take(&mut *key)))
}
