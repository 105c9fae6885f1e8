//! Registries: the service `providers.v1` of the host that an address names.

use super::{Location, Package, Remote, SourceError, Trust, parse_versions, refused};
use crate::hash::PackageHash;
use crate::platform::Platform;
use crate::signature::{self, Policy};
use semver::Version;
use serde::Deserialize;
use std::collections::BTreeSet;
use terrane_fetch::discovery::{Discovery, PROVIDERS, Service};
use terrane_fetch::{Answer, Host, Url};
use terrane_model::addr::ProviderAddr;

/// How large an answer may be.
const LIMIT: u64 = 16 << 20;
/// How large checksums and signature may be.
const SIGNED_LIMIT: u64 = 1 << 20;
/// The most checksums that are taken over.
const MAX_HASHES: usize = 1_000;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) addr: &'a ProviderAddr,
    pub(super) version: &'a Version,
    pub(super) platform: &'a Platform,
    pub(super) retries: Option<u32>,
}

#[derive(Deserialize)]
struct Versions {
    #[serde(default)]
    versions: Option<Vec<OneVersion>>,
}

#[derive(Deserialize)]
struct OneVersion {
    version: String,
}

#[derive(Deserialize)]
struct Download {
    #[serde(default)]
    protocols: Option<Vec<String>>,
    os: String,
    arch: String,
    filename: String,
    download_url: String,
    shasum: String,
    #[serde(default)]
    shasums_url: String,
    #[serde(default)]
    shasums_signature_url: String,
    #[serde(default)]
    signing_keys: SigningKeys,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SigningKeys {
    gpg_public_keys: Option<Vec<SigningKey>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SigningKey {
    ascii_armor: String,
}

async fn service(discovery: &Discovery, addr: &ProviderAddr) -> Result<Service, SourceError> {
    let host = Host::parse(&addr.host).map_err(|error| SourceError::Answer {
        place: addr.host.to_string(),
        problem: error.to_string(),
    })?;
    Ok(discovery.service(&host, PROVIDERS).await?)
}

/// An answer of the service; `None`: there is nothing of this name.
async fn get(
    discovery: &Discovery,
    service: &Service,
    path: &str,
) -> Result<Option<Answer>, SourceError> {
    let url = join(&service.url, path)?;
    let mut request = discovery.client().get(url).limit(LIMIT);
    if let Some(token) = &service.token {
        request = request.bearer(token);
    }
    let answer = request.send().await?;
    if matches!(answer.status.as_u16(), 404 | 410) {
        return Ok(None);
    }
    let host = service.host.display();
    let answer = answer.success().map_err(|error| refused(error, &host))?;
    Ok(Some(answer))
}

fn join(base: &Url, text: &str) -> Result<Url, SourceError> {
    base.join(text).map_err(|error| SourceError::Answer {
        place: base.to_string(),
        problem: format!("{text:?} is no address: {error}"),
    })
}

fn read<T: for<'de> Deserialize<'de>>(answer: &Answer) -> Result<T, SourceError> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        answer
            .odd(format!("it is not what a registry answers: {error}"))
            .into()
    })
}

pub(super) async fn versions(
    discovery: &Discovery,
    addr: &ProviderAddr,
) -> Result<Vec<Version>, SourceError> {
    let service = service(discovery, addr).await?;
    let path = format!("./{}/{}/versions", addr.namespace, addr.type_name);
    let Some(answer) = get(discovery, &service, &path).await? else {
        return Ok(Vec::new());
    };
    let found: Versions = read(&answer)?;
    let found = found.versions.unwrap_or_default();
    Ok(parse_versions(found.iter().map(|one| one.version.as_str())))
}

pub(super) async fn package(
    discovery: &Discovery,
    wanted: &Wanted<'_>,
    policy: &Policy,
) -> Result<Package, SourceError> {
    let Wanted {
        addr,
        version,
        platform,
        retries,
    } = wanted;
    let service = service(discovery, addr).await?;
    let path = format!(
        "./{}/{}/{version}/download/{}/{}",
        addr.namespace, addr.type_name, platform.os, platform.arch
    );
    let Some(answer) = get(discovery, &service, &path).await? else {
        return Err(SourceError::Platform {
            version: (*version).clone(),
            platform: (*platform).clone(),
            others: Vec::new(),
        });
    };
    let found: Download = read(&answer)?;
    check(wanted, &found, &answer)?;
    let (expected, others, trust) = checksums(discovery, wanted, &found, &answer, policy).await?;
    Ok(Package {
        addr: (*addr).clone(),
        version: (*version).clone(),
        platform: (*platform).clone(),
        location: Location::Remote(Remote {
            url: join(&answer.url, &found.download_url)?,
            // Archives are public wherever they are kept; tokens are for the registry alone.
            token: None,
            plain: false,
            retries: *retries,
        }),
        expected,
        others,
        trust,
    })
}

/// What must be as it was asked for.
fn check(wanted: &Wanted<'_>, found: &Download, answer: &Answer) -> Result<(), SourceError> {
    let Wanted {
        version, platform, ..
    } = wanted;
    if found.os != platform.os || found.arch != platform.arch {
        let problem = format!("it is for {}_{}, not for {platform}", found.os, found.arch);
        return Err(answer.odd(problem).into());
    }
    if found.filename.is_empty() || found.filename.contains(['/', '\\', '\n']) {
        let problem = format!("{:?} is no name of an archive", found.filename);
        return Err(answer.odd(problem).into());
    }
    if !is_digest(&found.shasum) {
        let problem = format!("{:?} is no SHA-256 checksum", found.shasum);
        return Err(answer.odd(problem).into());
    }
    let protocols = found.protocols.as_deref().unwrap_or_default();
    let spoken = |protocol: &String| {
        let major = protocol.split('.').next();
        matches!(major, Some("5" | "6"))
    };
    if !protocols.is_empty() && !protocols.iter().any(spoken) {
        return Err(SourceError::Protocol {
            version: (*version).clone(),
            spoken: protocols.join(", "),
        });
    }
    Ok(())
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

type Checksums = (BTreeSet<PackageHash>, BTreeSet<PackageHash>, Trust);

/// What the archive must hash to, what those for other platforms hash to, and what that rests on.
async fn checksums(
    discovery: &Discovery,
    wanted: &Wanted<'_>,
    found: &Download,
    answer: &Answer,
    policy: &Policy,
) -> Result<Checksums, SourceError> {
    let expected = BTreeSet::from([PackageHash::of_archive(&found.shasum)]);
    let keys: Vec<&str> = found
        .signing_keys
        .gpg_public_keys
        .iter()
        .flatten()
        .map(|key| key.ascii_armor.as_str())
        .filter(|armor| !armor.trim().is_empty())
        .collect();
    if found.shasums_url.is_empty() || (keys.is_empty() && !policy.enforce_validation) {
        policy.unsigned()?;
        return Ok((expected, BTreeSet::new(), Trust::Checksum));
    }
    let fetch = async |text: &str| {
        let url = join(&answer.url, text)?;
        let request = discovery.client().get(url).limit(SIGNED_LIMIT);
        Ok::<_, SourceError>(request.send().await?.success()?.body)
    };
    let document = fetch(&found.shasums_url).await?;
    let signature = fetch(&found.shasums_signature_url).await?;
    let signed = signature::verify(&keys, &document, &signature, policy)?;
    let text = String::from_utf8_lossy(&document);
    let lines = || {
        text.lines().filter_map(|line| {
            let (digest, name) = line.split_once(char::is_whitespace)?;
            Some((digest, name.trim_start().trim_start_matches('*')))
        })
    };
    // Listed twice with two checksums, it would be two archives.
    let mut listed = lines()
        .filter(|(_, name)| *name == found.filename)
        .map(|(digest, _)| digest.eq_ignore_ascii_case(&found.shasum))
        .peekable();
    if listed.peek().is_none() || !listed.all(|same| same) {
        let problem = format!(
            "the signed checksums do not hold that of {}, which the registry gives as {}",
            found.filename, found.shasum
        );
        return Err(answer.odd(problem).into());
    }
    let prefix = format!(
        "terraform-provider-{}_{}_",
        wanted.addr.type_name, wanted.version
    );
    let others = lines()
        .filter(|(digest, name)| {
            is_digest(digest) && name.starts_with(&prefix) && name.ends_with(".zip")
        })
        .map(|(digest, _)| PackageHash::of_archive(digest))
        .take(MAX_HASHES)
        .collect();
    Ok((
        expected,
        others,
        Trust::Signed {
            key: signed.key,
            expired: signed.expired,
        },
    ))
}
