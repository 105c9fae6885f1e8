//! Mirrors in OCI registries: a repository for each provider, a tag for each version, which is an index of packages by platform.

use super::{Location, Package, SourceError, Trust, parse_versions};
use crate::hash::PackageHash;
use crate::platform::Platform;
use semver::Version;
use std::collections::BTreeSet;
use std::fmt;
use terrane_fetch::oci::{Descriptor, Manifest, OciClient, OciError, Reference};
use terrane_model::addr::ProviderAddr;

/// What OpenTofu has laid down: the kind of an index, of a package, and of the archive in it.
const PROVIDER: &str = "application/vnd.opentofu.provider";
const TARGET: &str = "application/vnd.opentofu.provider-target";
const ARCHIVE: &str = "archive/zip";
/// The most platforms that one version may be for.
const MAX_PLATFORMS: usize = 1_000;
/// The parts of an address that a template can name.
const SYMBOLS: [&str; 3] = ["hostname", "namespace", "type"];

/// A package in a repository.
#[derive(Clone, Debug)]
pub struct OciPackage {
    pub(crate) client: OciClient,
    pub(crate) reference: Reference,
    pub(crate) layer: Descriptor,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The position in [`SYMBOLS`].
    Symbol(usize),
}

/// A mirror.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    client: OciClient,
    template: Vec<Piece>,
    text: String,
}

impl fmt::Display for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}", self.text)
    }
}

impl Mirror {
    /// With the template of a repository's name: `example.com/mirror/${namespace}/${type}`. What `include` leaves open must be in it, or one repository would
    /// stand for many providers.
    pub(super) fn new(text: &str, include: &[String], client: OciClient) -> Result<Self, String> {
        let template = parse(text)?;
        let all = [String::from("*/*/*")];
        let include = if include.is_empty() {
            &all[..]
        } else {
            include
        };
        for pattern in include {
            let mut parts: Vec<&str> = pattern.split('/').collect();
            while parts.len() < SYMBOLS.len() {
                parts.insert(0, "");
            }
            for (at, symbol) in SYMBOLS.iter().enumerate() {
                if parts.get(at) == Some(&"*") && !template.contains(&Piece::Symbol(at)) {
                    return Err(format!(
                        "the repository_template {text:?} must have ${{{symbol}}} in it, since include leaves that open ({pattern:?})"
                    ));
                }
            }
        }
        Ok(Self {
            client,
            template,
            text: text.to_owned(),
        })
    }

    /// Whether providers of two registries have two repositories.
    pub(super) fn tells_hosts_apart(&self) -> bool {
        self.template.contains(&Piece::Symbol(0))
    }

    fn reference(&self, addr: &ProviderAddr, tag: Option<&str>) -> Result<Reference, OciError> {
        let parts = [&addr.host, &addr.namespace, &addr.type_name];
        let place: String = self
            .template
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Symbol(at) => parts.get(*at).map_or("", |part| part.as_str()),
            })
            .collect();
        Reference::parse(&place, tag, None)
    }

    pub(super) async fn versions(&self, addr: &ProviderAddr) -> Result<Vec<Version>, SourceError> {
        let reference = self.reference(addr, None)?;
        match self.client.tags(&reference).await {
            Ok(tags) => {
                // A tag has no plus. Other tags are of no concern.
                let versions = tags.iter().filter(|tag| !tag.starts_with('v'));
                let texts: Vec<String> = versions.map(|tag| tag.replace('_', "+")).collect();
                Ok(parse_versions(texts.iter().map(String::as_str)))
            }
            Err(OciError::Fetch(error)) if matches!(error.status(), Some(404 | 410)) => {
                Ok(Vec::new())
            }
            Err(error) => Err(refused(error, &reference)),
        }
    }

    pub(super) async fn package(
        &self,
        addr: &ProviderAddr,
        version: &Version,
        platform: &Platform,
    ) -> Result<Option<Package>, SourceError> {
        let tag = version.to_string().replace('+', "_");
        let reference = self.reference(addr, Some(&tag))?;
        let index = match self.client.manifest(&reference).await {
            Ok(index) => index,
            Err(OciError::Fetch(error)) if matches!(error.status(), Some(404 | 410)) => {
                return Err(SourceError::Gone {
                    version: version.clone(),
                });
            }
            Err(error) => return Err(refused(error, &reference)),
        };
        let target = of_platform(&index, &reference, version, platform)?;
        let digest = format!("sha256:{}", target.digest);
        let place = format!("{}/{}", reference.registry, reference.repository);
        let reference = Reference::parse(&place, None, Some(&digest))?;
        let manifest = self.client.manifest(&reference).await;
        let manifest = manifest.map_err(|error| refused(error, &reference))?;
        let layer = manifest.only_layer(TARGET, ARCHIVE)?;
        // The digest of the archive is what a registry of providers would sign.
        let expected = BTreeSet::from([PackageHash::of_archive(&layer.digest.hex())]);
        Ok(Some(Package {
            addr: addr.clone(),
            version: version.clone(),
            platform: platform.clone(),
            location: Location::Oci(Box::new(OciPackage {
                client: self.client.clone(),
                reference,
                layer,
            })),
            expected,
            others: BTreeSet::new(),
            trust: Trust::Checksum,
        }))
    }
}

/// The one package for a platform.
fn of_platform(
    index: &Manifest,
    reference: &Reference,
    version: &Version,
    platform: &Platform,
) -> Result<Descriptor, SourceError> {
    let odd = |why: String| SourceError::Answer {
        place: reference.to_string(),
        problem: why,
    };
    match index.artifact_type() {
        Some(PROVIDER) => {}
        found => {
            let found = found.unwrap_or("none");
            return Err(odd(format!(
                "the artifact is of the type {found:?}, and {PROVIDER:?} is expected"
            )));
        }
    }
    let all = index.descriptors("manifests")?;
    if all.len() > MAX_PLATFORMS {
        return Err(odd(format!("it is for {} platforms", all.len())));
    }
    let wanted = platform.to_string();
    let mut fitting = all
        .iter()
        .filter(|one| one.platform.as_deref() == Some(wanted.as_str()));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one.clone()),
        (Some(_), Some(_)) => Err(odd(format!("it has more than one package for {wanted}"))),
        (None, _) => Err(SourceError::Platform {
            version: version.clone(),
            platform: platform.clone(),
            others: all
                .iter()
                .filter_map(|one| one.platform.clone())
                .take(20)
                .collect(),
        }),
    }
}

fn refused(error: OciError, reference: &Reference) -> SourceError {
    match error {
        OciError::Fetch(error) => super::refused(error, &reference.registry),
        other => SourceError::Oci(other),
    }
}

/// Reads a template: `${hostname}`, `${namespace}` and `${type}` stand for the parts of an address.
fn parse(text: &str) -> Result<Vec<Piece>, String> {
    let wrong = |why: String| format!("the repository_template {text:?} {why}");
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        let (name, behind) = after
            .split_once('}')
            .ok_or_else(|| wrong(String::from("has a \"${\" without an end")))?;
        let at = SYMBOLS.iter().position(|symbol| *symbol == name.trim());
        let at = at.ok_or_else(|| {
            wrong(format!(
                "names {name:?}; it can name ${{hostname}}, ${{namespace}} and ${{type}}"
            ))
        })?;
        pieces.push(Piece::Symbol(at));
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    // The registry is where credentials are sent: no address may choose it.
    let registry = match pieces.first() {
        Some(Piece::Text(text)) => text.split_once('/').map(|(registry, _)| registry),
        _ => None,
    };
    let probe: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Symbol(_) => "a",
        })
        .collect();
    match registry {
        Some(_) => Reference::parse(&probe, None, None)
            .map(|_| pieces)
            .map_err(|error| wrong(format!("makes no name of a repository: {error}"))),
        None => Err(wrong(String::from(
            "must begin with the name of a registry and a slash",
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, parse};

    #[test]
    fn templates() {
        assert_eq!(
            parse("example.com/a/${namespace}-x/${ type }").unwrap(),
            [
                Piece::Text("example.com/a/".to_owned()),
                Piece::Symbol(1),
                Piece::Text("-x/".to_owned()),
                Piece::Symbol(2),
            ]
        );
        for (text, why) in [
            ("example.com/${name}", "it can name"),
            ("example.com/${type", "without an end"),
            ("${hostname}/${namespace}/${type}", "must begin with"),
            ("example.com", "must begin with"),
            ("", "must begin with"),
            ("example.com/A/${type}", "makes no name"),
            ("u@example.com/${type}", "makes no name"),
            ("example.com/../${type}", "makes no name"),
            ("example.com${type}/x/y", "must begin with"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
