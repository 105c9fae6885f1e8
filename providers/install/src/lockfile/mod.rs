//! `.terraform.lock.hcl`: which version of each provider was selected, and what its packages may hash to. Read and written as the peers do, byte for byte.

mod read;
mod write;

use crate::constraint::Constraints;
use crate::hash::PackageHash;
use semver::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use terrane_model::addr::ProviderAddr;

pub use read::{LockProblem, parse};

/// The name of the file, beside the configuration.
pub const FILE: &str = ".terraform.lock.hcl";

/// How large the file may be.
const MAX_SIZE: u64 = 16 << 20;

/// What is locked of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The selected version.
    pub version: Version,
    /// The constraints that it was selected by.
    pub constraints: Constraints,
    /// What packages of this version may hash to, on all platforms.
    pub hashes: BTreeSet<PackageHash>,
}

impl Lock {
    /// Whether two locks allow the same packages. Why they were selected does not count, as with the peers.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.version == other.version && self.hashes == other.hashes
    }
}

/// Locks by address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locks {
    /// The providers.
    pub providers: BTreeMap<ProviderAddr, Lock>,
}

/// Why the file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LockFileError {
    /// It can't be read.
    #[error("the lock file {FILE} can't be read")]
    Read(#[source] io::Error),
    /// It has mistakes.
    #[error("the lock file {FILE} has mistakes: {}", problems(.0))]
    Problems(Vec<LockProblem>),
    /// It can't be written.
    #[error("the lock file {FILE} can't be written")]
    Write(#[source] io::Error),
}

fn problems(problems: &[LockProblem]) -> String {
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    all.join("; ")
}

/// The public registries are two names of one: an address of the one also stands for that of the other. `None`: it has no other name.
#[must_use]
pub fn twin(addr: &ProviderAddr) -> Option<ProviderAddr> {
    const PEER: &str = "registry.terraform.io";
    let host = match addr.host.as_str() {
        ProviderAddr::DEFAULT_HOST => PEER,
        PEER => ProviderAddr::DEFAULT_HOST,
        _ => return None,
    };
    Some(ProviderAddr {
        host: host.into(),
        ..addr.clone()
    })
}

impl Locks {
    /// Reads the file of a folder. A file that is not there holds no locks.
    ///
    /// # Errors
    /// When it can't be read or has mistakes.
    pub fn load(folder: &Path) -> Result<Self, LockFileError> {
        let path = folder.join(FILE);
        match std::fs::metadata(&path) {
            Ok(about) if about.len() > MAX_SIZE => {
                let error = io::Error::other(format!("it has more than {MAX_SIZE} bytes"));
                return Err(LockFileError::Read(error));
            }
            _ => {}
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => parse(&text).map_err(LockFileError::Problems),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(LockFileError::Read(error)),
        }
    }

    /// Puts the file in place of the one that is there, all at once.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn save(&self, folder: &Path) -> Result<(), LockFileError> {
        crate::files::replace(&folder.join(FILE), self.to_string().as_bytes())
            .map_err(LockFileError::Write)
    }

    /// The lock of a provider: that of its address, else that of its other name.
    #[must_use]
    pub fn find(&self, addr: &ProviderAddr) -> Option<(ProviderAddr, &Lock)> {
        [Some(addr.clone()), twin(addr)]
            .into_iter()
            .flatten()
            .find_map(|name| self.providers.get(&name).map(|lock| (name, lock)))
    }

    /// Whether both lock the same packages.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.providers.len() == other.providers.len()
            && self.providers.iter().zip(&other.providers).all(
                |((addr, lock), (other_addr, other))| addr == other_addr && lock.is_same(other),
            )
    }
}

#[cfg(test)]
mod tests;
