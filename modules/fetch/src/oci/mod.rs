//! OCI registries: manifests and blobs by the distribution protocol, each checked against its digest.

mod login;

pub use login::OciLogins;

use crate::client::{Answer, Client, Downloaded, Request, Transferred};
use crate::digest::Sha256;
use crate::error::FetchError;
use login::Authorization;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Mutex;
use url::Url;

/// How large a manifest may be, as the protocol recommends.
const MANIFEST_LIMIT: u64 = 4 << 20;
/// The kinds of manifest that are understood.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Why something can't be had from an OCI registry.
#[derive(Debug, thiserror::Error)]
pub enum OciError {
    /// Over HTTP.
    #[error("the OCI registry can't be used")]
    Fetch(#[from] FetchError),
    /// The name of the repository, the tag or the digest is none.
    #[error("{0}")]
    Reference(String),
    /// What the registry gives is not what was asked for.
    #[error("{reference}: {why}")]
    Content {
        /// What was asked for.
        reference: String,
        /// A sentence without final period.
        why: String,
    },
    /// Logging in fails.
    #[error("{registry} can't be logged in to: {why}")]
    Login {
        /// Which one.
        registry: String,
        /// A part of a sentence.
        why: String,
    },
}

/// A manifest in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The registry: a host, perhaps with a port.
    pub registry: String,
    /// The repository, with `/`.
    pub repository: String,
    /// A tag or a digest.
    pub reference: String,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.reference.contains(':') {
            '@'
        } else {
            ':'
        };
        write!(
            f,
            "{}/{}{sign}{}",
            self.registry, self.repository, self.reference
        )
    }
}

impl Reference {
    /// Reads `registry/repository`, with a tag or a digest; with none of them, the tag `latest`.
    ///
    /// # Errors
    /// When a part of it is against the grammar of the protocol.
    pub fn parse(place: &str, tag: Option<&str>, digest: Option<&str>) -> Result<Self, OciError> {
        let fail = |why: String| Err(OciError::Reference(why));
        let (registry, repository) = place.split_once('/').unwrap_or((place, ""));
        if crate::host::Host::parse(registry).is_err() {
            return fail(format!("{registry:?} is no name of an OCI registry"));
        }
        let part = |part: &str| {
            let edge = |char: Option<char>| {
                char.is_some_and(|char| char.is_ascii_lowercase() || char.is_ascii_digit())
            };
            edge(part.chars().next())
                && edge(part.chars().last())
                && part.chars().all(|char| {
                    char.is_ascii_lowercase() || char.is_ascii_digit() || "._-".contains(char)
                })
                && !part.contains("..")
        };
        if repository.is_empty() || repository.len() > 255 || !repository.split('/').all(part) {
            return fail(format!("{repository:?} is no name of an OCI repository"));
        }
        let reference = match (tag, digest) {
            (Some(_), Some(_)) => return fail(String::from("tag and digest exclude each other")),
            (None, Some(digest)) if parse_digest(digest).is_some() => digest,
            (None, Some(digest)) => return fail(format!("{digest:?} is no digest: sha256:…")),
            (Some(tag), None) if is_tag(tag) => tag,
            (Some(tag), None) => return fail(format!("{tag:?} is no tag")),
            (None, None) => "latest",
        };
        Ok(Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            reference: reference.to_owned(),
        })
    }
}

fn is_tag(text: &str) -> bool {
    let word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    text.len() <= 128
        && text.starts_with(word)
        && text
            .chars()
            .all(|char| word(char) || matches!(char, '.' | '-'))
}

/// The digest of `sha256:…`.
fn parse_digest(text: &str) -> Option<Sha256> {
    Sha256::parse_hex(text.strip_prefix("sha256:")?)
}

/// A manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Of its bytes: `sha256:…`.
    pub digest: String,
    /// What it holds.
    pub content: Value,
    reference: String,
}

/// A blob that a manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its kind.
    pub media_type: String,
    /// Its digest.
    pub digest: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// The platform that it is for, in an index: `os_architecture`.
    pub platform: Option<String>,
}

impl Manifest {
    fn odd(&self, why: impl Into<String>) -> OciError {
        OciError::Content {
            reference: self.reference.clone(),
            why: why.into(),
        }
    }

    /// The kind of artifact, if it says one.
    #[must_use]
    pub fn artifact_type(&self) -> Option<&str> {
        self.content.get("artifactType")?.as_str()
    }

    /// The blobs that it names under a key: `layers` of a manifest, `manifests` of an index.
    ///
    /// # Errors
    /// When they are against the format.
    pub fn descriptors(&self, key: &str) -> Result<Vec<Descriptor>, OciError> {
        let found = self.content.get(key).and_then(Value::as_array);
        let found = found.ok_or_else(|| self.odd(format!("the manifest has no {key}")))?;
        let read = found.iter().map(|one| {
            let platform = one.get("platform").and_then(|platform| {
                let os = platform.get("os")?.as_str()?;
                Some(format!("{os}_{}", platform.get("architecture")?.as_str()?))
            });
            Some(Descriptor {
                media_type: one.get("mediaType")?.as_str()?.to_owned(),
                digest: parse_digest(one.get("digest")?.as_str()?)?,
                size: one.get("size")?.as_u64()?,
                platform,
            })
        });
        let read: Option<Vec<_>> = read.collect();
        read.ok_or_else(|| self.odd(format!("the {key} of the manifest make no sense")))
    }

    /// The one layer of a kind, in a manifest of an artifact of a kind.
    ///
    /// # Errors
    /// When it is another artifact, or has none or more such layers.
    pub fn only_layer(&self, artifact: &str, layer: &str) -> Result<Descriptor, OciError> {
        match self.artifact_type() {
            Some(found) if found == artifact => {}
            found => {
                let found = found.unwrap_or("none");
                return Err(self.odd(format!(
                    "the artifact is of the type {found:?}, and {artifact:?} is expected"
                )));
            }
        }
        let mut layers = self.descriptors("layers")?;
        layers.retain(|one| one.media_type == layer);
        match <[Descriptor; 1]>::try_from(layers) {
            Ok([layer]) => Ok(layer),
            Err(layers) => Err(self.odd(format!(
                "the manifest has {} layers of the type {layer:?}, and one is expected",
                layers.len()
            ))),
        }
    }
}

/// A client of OCI registries. Clones share what they have logged in to.
#[derive(Clone, Debug)]
pub struct OciClient {
    client: Client,
    logins: Arc<OciLogins>,
    /// By registry and repository.
    authorized: Arc<Mutex<BTreeMap<(String, String), Authorization>>>,
}

impl OciClient {
    /// With what is known about logins.
    #[must_use]
    pub fn new(client: Client, logins: OciLogins) -> Self {
        Self {
            client,
            logins: Arc::new(logins),
            authorized: Arc::default(),
        }
    }

    /// The tags of a repository, of all pages.
    ///
    /// # Errors
    /// When they can't be had.
    pub async fn tags(&self, reference: &Reference) -> Result<Vec<String>, OciError> {
        const PAGES: usize = 100;
        let mut url = self.address(reference, "tags/list")?;
        let mut tags = Vec::new();
        for _ in 0..PAGES {
            let answer = self.send(reference, &url, None).await?;
            let content = answer.json()?;
            let found = content.get("tags").and_then(Value::as_array);
            let found = found.into_iter().flatten().filter_map(Value::as_str);
            tags.extend(found.filter(|tag| is_tag(tag)).map(str::to_owned));
            let next = answer.header("link").and_then(|link| {
                let (target, rel) = link.strip_prefix('<')?.split_once('>')?;
                rel.contains("next").then_some(target)
            });
            match next.map(|next| answer.url.join(next)) {
                Some(Ok(next)) if next.origin() == url.origin() => url = next,
                _ => return Ok(tags),
            }
        }
        Ok(tags)
    }

    /// A manifest or an index.
    ///
    /// # Errors
    /// When it can't be had, or is not the one of the digest.
    pub async fn manifest(&self, reference: &Reference) -> Result<Manifest, OciError> {
        let url = self.address(reference, &format!("manifests/{}", reference.reference))?;
        let accept = format!("{MANIFEST}, {INDEX}");
        let answer = self.send(reference, &url, Some(&accept)).await?;
        let digest = Sha256::of(&answer.body);
        let odd = |why: String| OciError::Content {
            reference: reference.to_string(),
            why,
        };
        if let Some(expected) = parse_digest(&reference.reference)
            && expected != digest
        {
            return Err(odd(format!("the manifest has the digest sha256:{digest}")));
        }
        let content = answer.json()?;
        if content.get("schemaVersion").and_then(Value::as_u64) != Some(2) {
            return Err(odd(String::from(
                "it is no manifest of an OCI image or artifact",
            )));
        }
        Ok(Manifest {
            digest: format!("sha256:{digest}"),
            content,
            reference: reference.to_string(),
        })
    }

    /// Downloads a blob and checks it.
    ///
    /// # Errors
    /// When it can't be had, or has another size or digest.
    pub async fn blob(
        &self,
        reference: &Reference,
        descriptor: Descriptor,
        to: &Path,
        progress: &(dyn Fn(Transferred) + Send + Sync),
    ) -> Result<Downloaded, OciError> {
        let Descriptor { digest, size, .. } = descriptor;
        let url = self.address(reference, &format!("blobs/sha256:{digest}"))?;
        let request = self.client.get(url).limit(size);
        let request = self.authorize(reference, request).await;
        let found = request.download(to, progress).await?;
        if found.sha256 != digest || found.size != size {
            return Err(OciError::Content {
                reference: reference.to_string(),
                why: format!(
                    "the blob sha256:{digest} of {size} bytes is another one: sha256:{} of {} bytes",
                    found.sha256, found.size
                ),
            });
        }
        Ok(found)
    }

    fn address(&self, reference: &Reference, rest: &str) -> Result<Url, OciError> {
        let Reference {
            registry,
            repository,
            ..
        } = reference;
        // A registry on this machine is asked in the clear where the settings name one.
        let url = format!("https://{registry}/v2/{repository}/{rest}");
        let mut url = Url::parse(&url).map_err(|error| OciError::Reference(error.to_string()))?;
        let origin = format!("http://{registry}");
        if self.client.options().plain_origins.contains(&origin) {
            url = Url::parse(&format!("{origin}/v2/{repository}/{rest}"))
                .map_err(|error| OciError::Reference(error.to_string()))?;
        }
        Ok(url)
    }

    async fn authorize<'a>(&self, reference: &Reference, request: Request<'a>) -> Request<'a> {
        let key = (reference.registry.clone(), reference.repository.clone());
        match self.authorized.lock().await.get(&key) {
            Some(authorization) => authorization.on(request),
            None => request,
        }
    }

    /// A GET; when the registry asks for a login, with one.
    async fn send(
        &self,
        reference: &Reference,
        url: &Url,
        accept: Option<&str>,
    ) -> Result<Answer, OciError> {
        let make = || {
            let request = self.client.get(url.clone()).limit(MANIFEST_LIMIT);
            match accept {
                Some(accept) => request.header(reqwest::header::ACCEPT, accept),
                None => request,
            }
        };
        let answer = self.authorize(reference, make()).await.send().await?;
        if answer.status.as_u16() != 401 {
            return Ok(answer.success()?);
        }
        let challenge = answer
            .header("www-authenticate")
            .unwrap_or_default()
            .to_owned();
        let found = login::answer(&self.client, &self.logins, reference, &challenge).await?;
        let request = found.on(make());
        let key = (reference.registry.clone(), reference.repository.clone());
        self.authorized.lock().await.insert(key, found);
        Ok(request.send().await?.success()?)
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn references() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for (place, tag, wanted, expect) in [
            ("example.com/a/b", None, None, "example.com/a/b:latest"),
            (
                "example.com:5000/a",
                Some("v1.0_x"),
                None,
                "example.com:5000/a:v1.0_x",
            ),
            (
                "example.com/a",
                None,
                Some(digest.as_str()),
                &format!("example.com/a@{digest}"),
            ),
        ] {
            assert_eq!(
                Reference::parse(place, tag, wanted).unwrap().to_string(),
                expect
            );
        }
        for (place, tag, wanted) in [
            ("example.com", None, None),
            ("example.com/", None, None),
            ("example.com/A", None, None),
            ("example.com/a/../b", None, None),
            ("u@example.com/a", None, None),
            ("example.com/a", Some("-x"), None),
            ("example.com/a", Some("a/b"), None),
            ("example.com/a", None, Some("sha256:0")),
            ("example.com/a", Some("x"), Some(digest.as_str())),
        ] {
            assert!(
                Reference::parse(place, tag, wanted).is_err(),
                "{place} {tag:?}"
            );
        }
    }
}
