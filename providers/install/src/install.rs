//! Installing: which version of each provider, from where, checked by what, put where.

use crate::cache::Cache;
use crate::constraint::Constraints;
use crate::fetch;
use crate::hash::PackageHash;
use crate::lockfile::{Lock, Locks};
use crate::place::{self, Place, PlaceError};
use crate::platform::Platform;
use crate::source::{Location, Offer, Package, SourceError, Sources, Trust};
use crate::stamp::Stamps;
use futures::StreamExt as _;
use semver::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_fetch::archive::ArchiveError;
use terrane_fetch::{FetchError, Transferred};
use terrane_model::addr::ProviderAddr;

/// How many packages are fetched at the same time.
const AT_ONCE: usize = 8;

/// Something that happens while installing.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Versions are asked for.
    Finding {
        /// Of which provider.
        addr: ProviderAddr,
        /// Which are wanted.
        constraints: Constraints,
    },
    /// The version of the lock file is taken.
    Reusing {
        /// Of which provider.
        addr: ProviderAddr,
    },
    /// The package is there already.
    Using {
        /// Which provider.
        addr: ProviderAddr,
        /// Which version.
        version: Version,
    },
    /// The package is taken from the shared cache.
    Cached {
        /// Which provider.
        addr: ProviderAddr,
        /// Which version.
        version: Version,
    },
    /// The package is fetched.
    Installing {
        /// Which provider.
        addr: ProviderAddr,
        /// Which version.
        version: Version,
    },
    /// How far that is.
    Progress {
        /// Which provider.
        addr: ProviderAddr,
        /// Bytes so far.
        bytes: u64,
        /// Of how many.
        total: Option<u64>,
    },
    /// The package is there now.
    Installed {
        /// Which provider.
        addr: ProviderAddr,
        /// Which version.
        version: Version,
        /// What its checksums rest on.
        trust: Trust,
    },
}

/// Who listens.
pub type Say = Arc<dyn Fn(Event) + Send + Sync>;

/// What is needed of a provider.
#[derive(Clone, Debug, Default)]
pub struct Need {
    /// What all modules ask for.
    pub constraints: Constraints,
}

/// A provider that can be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The name under which it was found, which the lock file has.
    pub addr: ProviderAddr,
    /// Its version.
    pub version: Version,
    /// The folder of its package.
    pub folder: PathBuf,
    /// Its program.
    pub program: PathBuf,
    /// `h1:` of the package.
    pub hash: PackageHash,
}

/// Why a provider can't be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The lock file has a version that the configuration does not want any more.
    #[error("the lock file has version {version}, which does not meet {constraints}")]
    Locked {
        /// Which version.
        version: Version,
        /// What is asked for.
        constraints: Constraints,
    },
    /// No version is the right one.
    #[error("no version meets {constraints}{}", newest(.available))]
    NoVersion {
        /// What is asked for.
        constraints: Constraints,
        /// What there is, the newest first.
        available: Vec<Version>,
    },
    /// The package is not the one of the lock file.
    #[error(
        "the package of version {version} ({found}) matches none of the checksums in the lock file"
    )]
    NotLocked {
        /// Which version.
        version: Version,
        /// What it hashes to.
        found: PackageHash,
        /// The lock file has checksums of archives only, and this package is none.
        archives_only: bool,
    },
    /// The package is not the one that its source describes.
    #[error("the package hashes to {found}, and its source says {expected}")]
    Corrupt {
        /// What it hashes to.
        found: PackageHash,
        /// What it should hash to.
        expected: String,
    },
    /// It can't be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It can't be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The archive is refused.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// It can't be put where it belongs.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

fn newest(available: &[Version]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = available
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    let more = if available.len() > SHOWN { ", …" } else { "" };
    if shown.is_empty() {
        String::new()
    } else {
        format!("; there are {}{more}", shown.join(", "))
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is locked now: that of providers that failed as it was.
    pub locks: Locks,
    /// The providers that can be started, by the address that was asked for.
    pub installed: BTreeMap<ProviderAddr, Installed>,
    /// Providers whose new checksums in the lock file are those of this platform only.
    pub incomplete: BTreeSet<ProviderAddr>,
    /// The others.
    pub failures: Vec<(ProviderAddr, InstallError)>,
}

/// What installs.
pub struct Installer<'a> {
    /// Where packages come from.
    pub sources: &'a Sources,
    /// Where they are put.
    pub place: &'a Place,
    /// What projects share.
    pub cache: Option<&'a Cache>,
    /// Checksums that are known already.
    pub stamps: &'a Stamps,
    /// For what.
    pub platform: Platform,
    /// Who listens.
    pub say: Say,
}

impl std::fmt::Debug for Installer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Installer")
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}

/// A version that was decided upon.
enum Choice {
    /// By the lock file.
    Locked(ProviderAddr, Lock),
    /// Now.
    Fresh(Offer),
}

impl Installer<'_> {
    /// Installs all that is needed. `upgrade`: the newest versions instead of those of the lock file.
    pub async fn install(
        &self,
        needs: &BTreeMap<ProviderAddr, Need>,
        previous: &Locks,
        upgrade: bool,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let choices = futures::stream::iter(needs.iter().map(|(addr, need)| async move {
            (addr, need, self.choose(addr, need, previous, upgrade).await)
        }));
        let choices: Vec<_> = choices.buffered(AT_ONCE).collect().await;
        let work = choices.into_iter().map(|(addr, need, choice)| async move {
            let done = match choice {
                Ok(choice) => self.obtain(addr, need, previous, choice).await,
                Err(error) => Err(error),
            };
            (addr, done)
        });
        let done: Vec<_> = futures::stream::iter(work)
            .buffered(AT_ONCE)
            .collect()
            .await;
        for (addr, done) in done {
            match done {
                Ok(Done {
                    installed,
                    lock,
                    incomplete,
                }) => {
                    if incomplete {
                        outcome.incomplete.insert(addr.clone());
                    }
                    outcome.locks.providers.insert(installed.addr.clone(), lock);
                    outcome.installed.insert(addr.clone(), installed);
                }
                Err(error) => {
                    if let Some((name, lock)) = previous.find(addr) {
                        outcome.locks.providers.insert(name, lock.clone());
                    }
                    outcome.failures.push((addr.clone(), error));
                }
            }
        }
        outcome
    }

    async fn choose(
        &self,
        addr: &ProviderAddr,
        need: &Need,
        previous: &Locks,
        upgrade: bool,
    ) -> Result<Choice, InstallError> {
        if let Some((name, lock)) = previous.find(addr).filter(|_| !upgrade) {
            (self.say)(Event::Reusing { addr: addr.clone() });
            if !need.constraints.allow(&lock.version) && !need.constraints.is_empty() {
                return Err(InstallError::Locked {
                    version: lock.version.clone(),
                    constraints: need.constraints.clone(),
                });
            }
            return Ok(Choice::Locked(name, lock.clone()));
        }
        (self.say)(Event::Finding {
            addr: addr.clone(),
            constraints: need.constraints.clone(),
        });
        let offers = self.sources.versions(addr).await?;
        let newest = need
            .constraints
            .newest(offers.iter().map(|offer| &offer.version));
        match offers.iter().find(|offer| Some(&offer.version) == newest) {
            Some(offer) => Ok(Choice::Fresh(offer.clone())),
            None => {
                let mut available: Vec<Version> =
                    offers.into_iter().map(|offer| offer.version).collect();
                available.sort_by(|a, b| b.cmp(a));
                Err(InstallError::NoVersion {
                    constraints: need.constraints.clone(),
                    available,
                })
            }
        }
    }

    /// Gets the package of a choice and puts it in its place.
    async fn obtain(
        &self,
        addr: &ProviderAddr,
        need: &Need,
        previous: &Locks,
        choice: Choice,
    ) -> Result<Done, InstallError> {
        let (name, version, offer) = match choice {
            Choice::Locked(name, lock) => (name, lock.version, None),
            Choice::Fresh(offer) => (offer.addr.clone(), offer.version.clone(), Some(offer)),
        };
        let locked = |name: &ProviderAddr| {
            let lock = previous.providers.get(name);
            lock.filter(|lock| lock.version == version)
        };
        if let Some(lock) = locked(&name)
            && let Ok(installed) = installed(self.place, self.stamps, &name, lock, &self.platform)
        {
            (self.say)(Event::Using {
                addr: addr.clone(),
                version,
            });
            return Ok(Done {
                installed,
                lock: lock.clone(),
                incomplete: false,
            });
        }
        if let Some(lock) = locked(&name)
            && let Some(found) = self.cached(&name, &version, &known(lock))?
        {
            (self.say)(Event::Cached {
                addr: addr.clone(),
                version: version.clone(),
            });
            return self.finish((name, version), found, need, Some(lock), &BTreeSet::new());
        }
        let package = match &offer {
            Some(offer) => self.sources.package(offer, &self.platform).await?,
            None => self.sources.locked(addr, &version, &self.platform).await?,
        };
        // The other public registry has packages of its own: its checksums say nothing of these.
        let lock = locked(&package.addr);
        let fetched = self.fetch(addr, &package, lock).await?;
        let mut more = package.others.clone();
        more.extend(
            package
                .expected
                .iter()
                .filter(|_| matches!(package.trust, Trust::Signed { .. }))
                .cloned(),
        );
        self.finish((package.addr, version), fetched, need, lock, &more)
    }

    /// A package of the cache with one of these checksums, linked to.
    fn cached(
        &self,
        name: &ProviderAddr,
        version: &Version,
        allowed: &BTreeSet<PackageHash>,
    ) -> Result<Option<PackageHash>, InstallError> {
        let Some(cache) = self.cache else {
            return Ok(None);
        };
        let path = cache.place().path(name, version, &self.platform);
        let Some(hash) = cache.find(&path, allowed, self.stamps) else {
            return Ok(None);
        };
        place::program(&path, name)?;
        let target = self.place.path(name, version, &self.platform);
        self.place.put_link(&path, &target)?;
        Ok(Some(hash))
    }

    /// Gets a package, checks it, and puts it in its place. The answer is what it hashes to.
    async fn fetch(
        &self,
        asked: &ProviderAddr,
        package: &Package,
        lock: Option<&Lock>,
    ) -> Result<PackageHash, InstallError> {
        let Package {
            addr,
            version,
            platform,
            location,
            ..
        } = package;
        let target = self.place.path(addr, version, platform);
        let named = |trust: Trust| Event::Installed {
            addr: asked.clone(),
            version: version.clone(),
            trust,
        };
        (self.say)(Event::Installing {
            addr: asked.clone(),
            version: version.clone(),
        });
        if let Location::Folder(folder) = location {
            let hash = self.hash(folder)?;
            check(package, lock, &hash, None)?;
            place::program(folder, addr)?;
            self.place.put_link(folder, &target)?;
            (self.say)(named(package.trust.clone()));
            return Ok(hash);
        }
        let Some(cache) = self.cache else {
            let hash = self
                .unpack(asked, package, lock, self.place, &target)
                .await?;
            (self.say)(named(package.trust.clone()));
            return Ok(hash);
        };
        let mut allowed = package.expected.clone();
        if let Some(lock) = lock {
            // What the source says does not count against the lock file.
            let known = known(lock);
            if !known.is_empty() {
                allowed.retain(|hash| known.contains(hash));
                allowed.extend(known);
            }
        }
        let found = |hash: PackageHash| {
            (self.say)(Event::Cached {
                addr: asked.clone(),
                version: version.clone(),
            });
            Ok(hash)
        };
        // Packages are there whole or not at all, so that nothing is to be locked for a look; a cache that nobody may write to has no locks.
        if let Ok(Some(hash)) = self.cached(addr, version, &allowed) {
            return found(hash);
        }
        // One process fetches, the others find it in the cache then.
        let _guard = {
            let (cache, addr) = (cache.clone(), addr.clone());
            let (version, platform) = (version.clone(), platform.clone());
            let waited =
                tokio::task::spawn_blocking(move || cache.lock(&addr, &version, &platform));
            waited.await.map_err(|error| stopped(&target, &error))??
        };
        if let Some(hash) = self.cached(addr, version, &allowed)? {
            return found(hash);
        }
        let kept = cache.place().path(addr, version, platform);
        let hash = self
            .unpack(asked, package, lock, cache.place(), &kept)
            .await?;
        self.place.put_link(&kept, &target)?;
        (self.say)(named(package.trust.clone()));
        Ok(hash)
    }

    /// Fetches an archive and unpacks it to where it belongs.
    async fn unpack(
        &self,
        asked: &ProviderAddr,
        package: &Package,
        lock: Option<&Lock>,
        place: &Place,
        target: &Path,
    ) -> Result<PackageHash, InstallError> {
        let scratch = place.scratch()?;
        let (say, addr) = (self.say.clone(), asked.clone());
        let progress = move |so_far: Transferred| {
            say(Event::Progress {
                addr: addr.clone(),
                bytes: so_far.bytes,
                total: so_far.total,
            });
        };
        let client = self.sources.discovery().client();
        let fetched = fetch::archive(client, package, scratch.path(), &progress).await?;
        let unpacked = fetch::unpack(package, &fetched, scratch.path()).await?;
        check(package, lock, &unpacked.hash, Some(&fetched.hash))?;
        // What is there already may be in use by somebody.
        if !self
            .stamps
            .hash(target)
            .is_ok_and(|there| there == unpacked.hash)
        {
            place.put_folder(&unpacked.folder, target)?;
        }
        self.stamps.remember(target, &unpacked.hash);
        if let Some(cache) = self.cache {
            cache.note(&fetched.hash, &unpacked.hash);
        }
        Ok(unpacked.hash)
    }

    fn hash(&self, folder: &Path) -> Result<PackageHash, InstallError> {
        self.stamps
            .hash(folder)
            .map_err(|error| unreadable(folder)(error).into())
    }

    /// The lock of a package that is in its place.
    fn finish(
        &self,
        (name, version): (ProviderAddr, Version),
        hash: PackageHash,
        need: &Need,
        lock: Option<&Lock>,
        more: &BTreeSet<PackageHash>,
    ) -> Result<Done, InstallError> {
        let folder = self.place.path(&name, &version, &self.platform);
        let program = place::program(&folder, &name)?;
        // Checksums that nobody can check are not worth keeping beside none that can be.
        let mut hashes = lock.map_or_else(BTreeSet::new, known);
        if !hashes.is_empty() {
            hashes = lock.map_or_else(BTreeSet::new, |lock| lock.hashes.clone());
        }
        let incomplete = hashes.is_empty() && more.is_empty();
        hashes.extend(more.iter().cloned());
        hashes.insert(hash.clone());
        Ok(Done {
            incomplete,
            lock: Lock {
                version: version.clone(),
                constraints: need.constraints.clone(),
                hashes,
            },
            installed: Installed {
                addr: name,
                version,
                folder,
                program,
                hash,
            },
        })
    }
}

struct Done {
    installed: Installed,
    lock: Lock,
    incomplete: bool,
}

pub(crate) fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> PlaceError + use<> {
    let path = path.to_owned();
    move |error| PlaceError {
        path: path.clone(),
        why: error.to_string(),
    }
}

pub(crate) fn stopped(path: &Path, error: &tokio::task::JoinError) -> PlaceError {
    PlaceError {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

/// The checksums of a lock that can be checked.
pub(crate) fn known(lock: &Lock) -> BTreeSet<PackageHash> {
    lock.hashes
        .iter()
        .filter(|hash| hash.is_known())
        .cloned()
        .collect()
}

/// `found` must be among the expected checksums of its scheme, if there are any.
pub(crate) fn agrees(package: &Package, found: &PackageHash) -> Result<(), InstallError> {
    let of_archive = found.archive_digest().is_some();
    let expected: Vec<&str> = package
        .expected
        .iter()
        .filter(|hash| hash.is_known() && hash.archive_digest().is_some() == of_archive)
        .map(PackageHash::as_str)
        .collect();
    if expected.is_empty() || expected.contains(&found.as_str()) {
        return Ok(());
    }
    Err(InstallError::Corrupt {
        found: found.clone(),
        expected: expected.join(" or "),
    })
}

/// Whether a package is the one that its source describes, and one that the lock file allows.
pub(crate) fn check(
    package: &Package,
    lock: Option<&Lock>,
    hash: &PackageHash,
    archive: Option<&PackageHash>,
) -> Result<(), InstallError> {
    agrees(package, hash)?;
    let Some(lock) = lock else {
        return Ok(());
    };
    let known = known(lock);
    let matches = known.contains(hash) || archive.is_some_and(|archive| known.contains(archive));
    if known.is_empty() || matches {
        return Ok(());
    }
    Err(InstallError::NotLocked {
        version: package.version.clone(),
        found: hash.clone(),
        archives_only: archive.is_none() && !known.iter().any(PackageHash::is_of_content),
    })
}

/// Why a provider of the lock file can't be started.
#[derive(Debug, thiserror::Error)]
pub enum NotInstalled {
    /// Its package is not there.
    #[error("version {0} is not installed")]
    Missing(Version),
    /// The package is another one.
    #[error("what is installed in {} matches none of the checksums in the lock file", .0.display())]
    Changed(PathBuf),
    /// The package can't be read.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

/// The installed package of a lock, checked.
///
/// # Errors
/// When it is not there, or not the one of the lock.
pub fn installed(
    place: &Place,
    stamps: &Stamps,
    name: &ProviderAddr,
    lock: &Lock,
    platform: &Platform,
) -> Result<Installed, NotInstalled> {
    let folder = place.path(name, &lock.version, platform);
    if !folder.is_dir() {
        return Err(NotInstalled::Missing(lock.version.clone()));
    }
    let hash = stamps.hash(&folder).map_err(unreadable(&folder))?;
    if !lock.hashes.contains(&hash) {
        return Err(NotInstalled::Changed(folder));
    }
    Ok(Installed {
        addr: name.clone(),
        version: lock.version.clone(),
        program: place::program(&folder, name)?,
        folder,
        hash,
    })
}
