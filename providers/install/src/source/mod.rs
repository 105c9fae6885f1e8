//! Where packages come from: folders, mirrors, registries, in the order of the settings.

mod filesystem;
mod implied;
mod mirror;
mod registry;

use crate::hash::PackageHash;
use crate::lockfile::twin;
use crate::pattern::Filter;
use crate::platform::Platform;
use crate::signature::Policy;
use semver::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_fetch::credentials::{CredentialsError, Token};
use terrane_fetch::discovery::{Discovery, DiscoveryError};
use terrane_fetch::settings::{Method, MethodKind};
use terrane_fetch::{FetchError, Url};
use terrane_model::addr::ProviderAddr;
use terrane_model::with_causes;

pub(crate) use filesystem::{archive as filesystem_archive, folder as filesystem_folder};
pub use implied::{Folders, implied};

/// The most versions that one provider may have.
const MAX_VERSIONS: usize = 20_000;

/// A package that can be had.
#[derive(Clone, Debug)]
pub struct Package {
    /// The name under which it is there.
    pub addr: ProviderAddr,
    /// Its version.
    pub version: Version,
    /// What it was made for.
    pub platform: Platform,
    /// Where it is.
    pub location: Location,
    /// What it must hash to: one of each scheme that is among them. Empty: its source says nothing of it.
    pub expected: BTreeSet<PackageHash>,
    /// Checksums of packages of this version, for this and other platforms, that are as trustworthy as the source.
    pub others: BTreeSet<PackageHash>,
    /// What its checksums rest on.
    pub trust: Trust,
}

/// Where a package is.
#[derive(Clone, Debug)]
pub enum Location {
    /// An unpacked package.
    Folder(PathBuf),
    /// An archive on this machine.
    Archive(PathBuf),
    /// An archive behind HTTP.
    Remote(Remote),
}

/// An archive behind HTTP.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Its address.
    pub url: Url,
    /// Sent to the origin of the address only.
    pub token: Option<Token>,
    /// It may be without TLS, since the user has written the address so.
    pub plain: bool,
    /// How often the download is tried again.
    pub retries: Option<u32>,
}

/// What the checksums of a package rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nothing: a folder, or a mirror that says none.
    Nothing,
    /// A mirror or registry says them.
    Checksum,
    /// A key that the registry names has signed them.
    Signed {
        /// Sixteen hexadecimal digits.
        key: String,
        /// The key has expired.
        expired: bool,
    },
}

/// A version that can be had, with its place.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The version.
    pub version: Version,
    /// The name under which it is there.
    pub addr: ProviderAddr,
    /// Which source has it.
    source: usize,
}

/// One source and the providers that it is for.
#[derive(Clone, Debug)]
pub struct Source {
    kind: Kind,
    filter: Filter,
}

#[derive(Clone, Debug)]
enum Kind {
    Folder(PathBuf),
    Mirror(mirror::Mirror),
    Registry { retries: Option<u32> },
}

/// All sources, in the order in which they are asked.
#[derive(Debug)]
pub struct Sources {
    all: Vec<Source>,
    discovery: Arc<Discovery>,
    policy: Policy,
    download_retries: u32,
}

/// Why a source can't say what it has.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No source has the provider.
    #[error("none of the places that were asked has it: {}", .0.join(", "))]
    Unknown(Vec<String>),
    /// No source is for the provider.
    #[error("the provider_installation block of the settings has no place for it")]
    Excluded,
    /// The registry has the version, but not for this platform.
    #[error("version {version} is not there for {platform}{}", also(.others))]
    Platform {
        /// Which version.
        version: Version,
        /// For what.
        platform: Platform,
        /// For what it is there.
        others: Vec<String>,
    },
    /// The version has gone.
    #[error("version {version} is not there")]
    Gone {
        /// Which version.
        version: Version,
    },
    /// Registry or mirror want to know who asks.
    #[error(
        "{host} wants to know who asks ({status}); `terrane login {host}` keeps a token for it"
    )]
    Unauthorized {
        /// Which one.
        host: String,
        /// The status.
        status: u16,
    },
    /// The plugin speaks no protocol that this program knows.
    #[error(
        "version {version} speaks the plugin protocol {spoken}, and this program speaks 5 and 6"
    )]
    Protocol {
        /// Which version.
        version: Version,
        /// Which protocols.
        spoken: String,
    },
    /// A folder can't be read.
    #[error("the folder {} can't be read: {error}", .path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The answer makes no sense.
    #[error("the answer of {place} can't be used: {problem}")]
    Answer {
        /// Whose.
        place: String,
        /// A part of a sentence.
        problem: String,
    },
    /// The checksums are not signed as they have to be.
    #[error("the checksums of the registry can't be trusted: {0}")]
    Signature(#[from] crate::signature::SignatureError),
    /// Something can't be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The service is not found.
    #[error("{}", with_causes(.0))]
    Discovery(#[from] DiscoveryError),
    /// The token can't be had.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
}

fn also(others: &[String]) -> String {
    if others.is_empty() {
        String::new()
    } else {
        format!(" (only for {})", others.join(", "))
    }
}

impl Source {
    /// What a block within `provider_installation` says.
    ///
    /// # Errors
    /// A sentence without final period.
    pub fn new(method: &Method) -> Result<Self, String> {
        let Method {
            kind,
            include,
            exclude,
        } = method;
        let filter = Filter::parse(include.as_deref().unwrap_or_default(), exclude)?;
        let kind = match kind {
            MethodKind::Direct { download_retries } => Kind::Registry {
                retries: *download_retries,
            },
            MethodKind::FilesystemMirror { path } => Kind::Folder(path.clone()),
            MethodKind::NetworkMirror {
                url,
                download_retries,
                trust_all_hashes,
            } => Kind::Mirror(mirror::Mirror::new(
                url,
                *download_retries,
                *trust_all_hashes,
            )?),
            MethodKind::OciMirror { .. } => {
                return Err(String::from(
                    "an oci_mirror can't be used in this version of terrane",
                ));
            }
        };
        Ok(Self { kind, filter })
    }

    /// A folder, for all providers.
    #[must_use]
    pub fn folder(path: &Path) -> Self {
        Self {
            kind: Kind::Folder(path.to_owned()),
            filter: Filter::default(),
        }
    }

    /// A mirror behind HTTP, for all providers.
    ///
    /// # Errors
    /// A sentence without final period, if the address can't be one.
    pub fn mirror(url: &str) -> Result<Self, String> {
        Ok(Self {
            kind: Kind::Mirror(mirror::Mirror::new(url, None, false)?),
            filter: Filter::default(),
        })
    }

    /// The registries that addresses name, for all providers.
    #[must_use]
    pub fn registry() -> Self {
        Self {
            kind: Kind::Registry { retries: None },
            filter: Filter::default(),
        }
    }

    fn name(&self, addr: &ProviderAddr) -> String {
        match &self.kind {
            Kind::Folder(path) => path.display().to_string(),
            Kind::Mirror(mirror) => mirror.to_string(),
            Kind::Registry { .. } => format!("the registry {}", addr.host),
        }
    }

    /// The names under which this source may have a provider.
    fn names(&self, addr: &ProviderAddr) -> Vec<ProviderAddr> {
        match &self.kind {
            // Each of the public registries has packages of its own; what people mirror may come from either.
            Kind::Registry { .. } => vec![addr.clone()],
            Kind::Folder(_) | Kind::Mirror(_) => [Some(addr.clone()), twin(addr)]
                .into_iter()
                .flatten()
                .collect(),
        }
    }
}

impl Sources {
    /// These sources.
    #[must_use]
    pub fn new(all: Vec<Source>, discovery: Arc<Discovery>, policy: Policy) -> Self {
        Self {
            all,
            discovery,
            policy,
            download_retries: 2,
        }
    }

    /// How often downloads are tried again, where the settings of a source don't say.
    #[must_use]
    pub fn with_download_retries(mut self, retries: u32) -> Self {
        self.download_retries = retries;
        self
    }

    /// What fetches.
    #[must_use]
    pub fn discovery(&self) -> &Discovery {
        &self.discovery
    }

    /// All versions of a provider that sources have. Those of a source that comes first come first.
    ///
    /// # Errors
    /// When none has the provider, or one that may have it can't be asked.
    pub async fn versions(&self, addr: &ProviderAddr) -> Result<Vec<Offer>, SourceError> {
        let mut offers: Vec<Offer> = Vec::new();
        let mut asked = Vec::new();
        for (at, source) in self.all.iter().enumerate() {
            if !source.filter.allows(addr) {
                continue;
            }
            asked.push(source.name(addr));
            for name in source.names(addr) {
                let found = match &source.kind {
                    Kind::Folder(path) => filesystem::versions(path, &name)?,
                    Kind::Mirror(mirror) => mirror.versions(&self.discovery, &name).await?,
                    Kind::Registry { .. } => registry::versions(&self.discovery, &name).await?,
                };
                for version in found {
                    if !offers.iter().any(|offer| offer.version == version) {
                        let addr = name.clone();
                        let source = at;
                        offers.push(Offer {
                            version,
                            addr,
                            source,
                        });
                    }
                }
            }
        }
        match (offers.is_empty(), asked.is_empty()) {
            (false, _) => Ok(offers),
            (true, true) => Err(SourceError::Excluded),
            (true, false) => Err(SourceError::Unknown(asked)),
        }
    }

    /// The package of an offer.
    ///
    /// # Errors
    /// When it can't be had for the platform, or its checksums can't be trusted.
    pub async fn package(
        &self,
        offer: &Offer,
        platform: &Platform,
    ) -> Result<Package, SourceError> {
        let Offer {
            version,
            addr,
            source,
        } = offer;
        let gone = || SourceError::Gone {
            version: version.clone(),
        };
        let found = match &self.all.get(*source).ok_or_else(gone)?.kind {
            Kind::Folder(path) => filesystem::package(path, addr, version, platform)?,
            Kind::Mirror(mirror) => {
                mirror
                    .package(&self.discovery, addr, version, platform)
                    .await?
            }
            Kind::Registry { retries } => {
                let wanted = registry::Wanted {
                    addr,
                    version,
                    platform,
                    retries: *retries,
                };
                Some(registry::package(&self.discovery, &wanted, &self.policy).await?)
            }
        };
        let mut found = found.ok_or_else(|| SourceError::Platform {
            version: version.clone(),
            platform: platform.clone(),
            others: Vec::new(),
        })?;
        if let Location::Remote(remote) = &mut found.location {
            remote.retries.get_or_insert(self.download_retries);
        }
        Ok(found)
    }

    /// The package of a version that was selected before, from the first source that has it.
    ///
    /// # Errors
    /// As [`Self::versions`] and [`Self::package`].
    pub async fn locked(
        &self,
        addr: &ProviderAddr,
        version: &Version,
        platform: &Platform,
    ) -> Result<Package, SourceError> {
        let offers = self.versions(addr).await?;
        let mut reason = SourceError::Gone {
            version: version.clone(),
        };
        // Another source may have it for this platform.
        let mut tried = BTreeMap::new();
        for offer in offers.iter().filter(|offer| offer.version == *version) {
            tried.insert(offer.source, ());
            match self.package(offer, platform).await {
                Ok(package) => return Ok(package),
                Err(error @ SourceError::Platform { .. }) => reason = error,
                Err(error) => return Err(error),
            }
        }
        Err(reason)
    }
}

/// A status that is no success, told as what it means here.
fn refused(error: FetchError, host: &str) -> SourceError {
    match error.status() {
        Some(status @ (401 | 403)) => SourceError::Unauthorized {
            host: host.to_owned(),
            status,
        },
        _ => SourceError::Fetch(error),
    }
}

/// Versions as texts; what is no version is left out, as with the peers.
fn parse_versions<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Version> {
    let mut versions: Vec<Version> = texts
        .take(MAX_VERSIONS)
        .filter_map(|text| Version::parse(text.strip_prefix('v').unwrap_or(text)).ok())
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.dedup();
    versions
}
