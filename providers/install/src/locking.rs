//! `providers lock`: checksums of packages for several platforms, without installing them.

use crate::fetch;
use crate::hash::{self, PackageHash};
use crate::install::{InstallError, Need, agrees, stopped, unreadable};
use crate::lockfile::{Lock, Locks};
use crate::place::Place;
use crate::platform::Platform;
use crate::source::{Location, Package, Sources, Trust};
use semver::Version;
use std::collections::{BTreeMap, BTreeSet};
use terrane_model::addr::ProviderAddr;

/// Something that happens while locking.
#[derive(Clone, Debug, PartialEq)]
pub enum LockEvent {
    /// A package is looked at.
    Fetching(ProviderAddr, Version, Platform),
    /// It was there.
    Retrieved(ProviderAddr, Version, Platform, Trust),
    /// What is new of it.
    Obtained(ProviderAddr, Platform, News),
}

/// What is new about a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Its checksum was known.
    Known,
    /// Its checksum was not among those of other platforms.
    More,
    /// Nothing was known of this version.
    First,
}

/// Finds out checksums.
#[derive(Debug)]
pub struct Locker<'a> {
    /// Where packages come from.
    pub sources: &'a Sources,
    /// Where they are unpacked for a moment.
    pub place: &'a Place,
    /// For which platforms.
    pub platforms: &'a [Platform],
}

impl Locker<'_> {
    /// The locks with what was found out.
    ///
    /// # Errors
    /// At the first package that can't be had, or is another one than what is locked.
    pub async fn lock(
        &self,
        needs: &BTreeMap<ProviderAddr, Need>,
        previous: &Locks,
        say: &dyn Fn(LockEvent),
    ) -> Result<Locks, (ProviderAddr, InstallError)> {
        let mut locks = Locks::default();
        for (addr, need) in needs {
            let failed = |error| (addr.clone(), error);
            let (name, lock) = self.one(addr, need, previous, say).await.map_err(failed)?;
            locks.providers.insert(name, lock);
        }
        Ok(locks)
    }

    async fn one(
        &self,
        addr: &ProviderAddr,
        need: &Need,
        previous: &Locks,
        say: &dyn Fn(LockEvent),
    ) -> Result<(ProviderAddr, Lock), InstallError> {
        let locked = previous.find(addr);
        let version = match &locked {
            Some((_, lock))
                if need.constraints.is_empty() || need.constraints.allow(&lock.version) =>
            {
                lock.version.clone()
            }
            Some((_, lock)) => {
                return Err(InstallError::Locked {
                    version: lock.version.clone(),
                    constraints: need.constraints.clone(),
                });
            }
            None => newest(self.sources, addr, need).await?,
        };
        let mut name = addr.clone();
        let mut found = Vec::new();
        for platform in self.platforms {
            say(LockEvent::Fetching(
                addr.clone(),
                version.clone(),
                platform.clone(),
            ));
            let package = self.sources.locked(addr, &version, platform).await?;
            let (own, mut more) = self.checksums(&package).await?;
            more.extend(package.others.iter().cloned());
            name = package.addr.clone();
            say(LockEvent::Retrieved(
                addr.clone(),
                version.clone(),
                platform.clone(),
                package.trust.clone(),
            ));
            found.push((platform, own, more));
        }
        let mut hashes = match locked {
            Some((known, lock)) if known == name => lock.hashes.clone(),
            _ => BTreeSet::new(),
        };
        let had_any = hashes.iter().any(PackageHash::is_known);
        for (platform, own, more) in found {
            let news = match (hashes.contains(&own), had_any) {
                (true, _) => News::Known,
                (false, true) => News::More,
                (false, false) => News::First,
            };
            hashes.insert(own);
            hashes.extend(more);
            say(LockEvent::Obtained(addr.clone(), platform.clone(), news));
        }
        let constraints = need.constraints.clone();
        Ok((
            name,
            Lock {
                version,
                constraints,
                hashes,
            },
        ))
    }

    /// `h1:` of a package, and checksums of its archive that are signed or said by a mirror.
    async fn checksums(
        &self,
        package: &Package,
    ) -> Result<(PackageHash, BTreeSet<PackageHash>), InstallError> {
        if let Location::Folder(folder) = &package.location {
            let hashed = {
                let folder = folder.clone();
                tokio::task::spawn_blocking(move || hash::of_folder(&folder))
            };
            let hashed = hashed.await.map_err(|error| stopped(folder, &error))?;
            let hash = hashed.map_err(unreadable(folder))?;
            agrees(package, &hash)?;
            return Ok((hash, BTreeSet::new()));
        }
        let scratch = self.place.scratch()?;
        let client = self.sources.discovery().client();
        let archive = fetch::archive(client, package, scratch.path(), &|_| ()).await?;
        let unpacked = fetch::unpack(package, &archive, scratch.path()).await?;
        agrees(package, &unpacked.hash)?;
        let signed = matches!(package.trust, Trust::Signed { .. });
        let more = signed.then_some(archive.hash).into_iter().collect();
        Ok((unpacked.hash, more))
    }
}

/// The newest version that there is.
pub(crate) async fn newest(
    sources: &Sources,
    addr: &ProviderAddr,
    need: &Need,
) -> Result<Version, InstallError> {
    let offers = sources.versions(addr).await?;
    let mut available: Vec<Version> = offers.into_iter().map(|offer| offer.version).collect();
    available.sort_by(|a, b| b.cmp(a));
    match need.constraints.newest(&available) {
        Some(version) => Ok(version.clone()),
        None => Err(InstallError::NoVersion {
            constraints: need.constraints.clone(),
            available,
        }),
    }
}
