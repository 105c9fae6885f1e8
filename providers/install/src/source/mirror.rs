//! Mirrors behind HTTP: `index.json` has the versions of a provider, `VERSION.json` its archives.

use super::{Location, Package, Remote, SourceError, Trust, parse_versions, refused};
use crate::hash::PackageHash;
use crate::platform::Platform;
use semver::Version;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use terrane_fetch::discovery::Discovery;
use terrane_fetch::{Host, Url};
use terrane_model::addr::ProviderAddr;

/// How large an answer may be.
const LIMIT: u64 = 8 << 20;
/// The most checksums that are taken over from a mirror.
const MAX_HASHES: usize = 1_000;

/// A mirror.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    url: Url,
    retries: Option<u32>,
    trust_all: bool,
}

#[derive(Deserialize)]
struct Index {
    versions: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Archives {
    archives: BTreeMap<String, Archive>,
}

#[derive(Deserialize)]
struct Archive {
    url: String,
    #[serde(default)]
    hashes: Option<Vec<String>>,
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url.clone();
        // Both fail only for addresses that can have no user.
        let _no_user = url.set_username("");
        let _no_password = url.set_password(None);
        write!(f, "{url}")
    }
}

impl Mirror {
    pub(super) fn new(text: &str, retries: Option<u32>, trust_all: bool) -> Result<Self, String> {
        let mut url = Url::parse(text)
            .map_err(|error| format!("{text:?} is no address of a network mirror: {error}"))?;
        if url.scheme() != "https" && !is_this_machine(&url) {
            return Err(format!(
                "the network mirror {text:?} is not under TLS (https)"
            ));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self {
            url,
            retries,
            trust_all,
        })
    }

    /// Whether an address may be without TLS: where the user has written it so.
    fn is_plain(&self, url: &Url) -> bool {
        url.origin() == self.url.origin() && is_this_machine(url)
    }

    fn address(&self, addr: &ProviderAddr, file: &str) -> Result<Url, SourceError> {
        let ProviderAddr {
            host,
            namespace,
            type_name,
        } = addr;
        let joined = self
            .url
            .join(&format!("./{host}/{namespace}/{type_name}/{file}"));
        joined.map_err(|error| SourceError::Answer {
            place: self.to_string(),
            problem: error.to_string(),
        })
    }

    /// A file of the mirror; `None`: it has none of this name.
    async fn get<T: for<'de> Deserialize<'de>>(
        &self,
        discovery: &Discovery,
        url: Url,
    ) -> Result<Option<(T, Url)>, SourceError> {
        let host = Host::of(&url);
        let mut request = discovery
            .client()
            .get(url.clone())
            .limit(LIMIT)
            .plain(self.is_plain(&url));
        if let Some(host) = &host
            && let Some(token) = discovery.credentials().token(host).await?
        {
            request = request.bearer(&token);
        }
        let answer = request.send().await?;
        if matches!(answer.status.as_u16(), 404 | 410) {
            return Ok(None);
        }
        let host = host.map_or_else(String::new, |host| host.display());
        let answer = answer.success().map_err(|error| refused(error, &host))?;
        let value = serde_json::from_slice(&answer.body)
            .map_err(|error| answer.odd(format!("it is not what a mirror answers: {error}")))?;
        Ok(Some((value, answer.url)))
    }

    pub(super) async fn versions(
        &self,
        discovery: &Discovery,
        addr: &ProviderAddr,
    ) -> Result<Vec<Version>, SourceError> {
        let url = self.address(addr, "index.json")?;
        let found = self.get::<Index>(discovery, url).await?;
        Ok(found.map_or_else(Vec::new, |(index, _)| {
            parse_versions(index.versions.keys().map(String::as_str))
        }))
    }

    pub(super) async fn package(
        &self,
        discovery: &Discovery,
        addr: &ProviderAddr,
        version: &Version,
        platform: &Platform,
    ) -> Result<Option<Package>, SourceError> {
        let url = self.address(addr, &format!("{version}.json"))?;
        let Some((found, base)) = self.get::<Archives>(discovery, url).await? else {
            return Err(SourceError::Gone {
                version: version.clone(),
            });
        };
        let Some(archive) = found.archives.get(&platform.to_string()) else {
            return Err(SourceError::Platform {
                version: version.clone(),
                platform: platform.clone(),
                others: found.archives.keys().take(20).cloned().collect(),
            });
        };
        let url = base
            .join(&archive.url)
            .map_err(|error| SourceError::Answer {
                place: self.to_string(),
                problem: format!("{:?} is no address: {error}", archive.url),
            })?;
        // Who keeps the mirror may keep archives elsewhere; a token of the mirror has no business there.
        let same = url.origin() == self.url.origin();
        let plain = self.is_plain(&url);
        let token = match Host::of(&url).filter(|_| same) {
            Some(host) => discovery.credentials().token(&host).await?,
            None => None,
        };
        let expected = hashes(archive);
        let others = if self.trust_all {
            found
                .archives
                .values()
                .flat_map(hashes)
                .take(MAX_HASHES)
                .collect()
        } else {
            BTreeSet::new()
        };
        let trust = if expected.iter().any(PackageHash::is_known) {
            Trust::Checksum
        } else {
            Trust::Nothing
        };
        Ok(Some(Package {
            addr: addr.clone(),
            version: version.clone(),
            platform: platform.clone(),
            location: Location::Remote(Remote {
                url,
                token,
                plain,
                retries: self.retries,
            }),
            expected,
            others,
            trust,
        }))
    }
}

fn hashes(archive: &Archive) -> BTreeSet<PackageHash> {
    let texts = archive.hashes.iter().flatten();
    texts
        .take(MAX_HASHES)
        .filter_map(|text| text.parse().ok())
        .collect()
}

/// Whether an address is one of this machine, where TLS protects nothing.
fn is_this_machine(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(name) => name
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|addr| addr.is_loopback()),
        None => false,
    }
}
