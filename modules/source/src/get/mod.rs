//! Fetching a package into a new folder.

mod checksum;
mod git;
mod http;
mod netrc;
mod s3;
mod submodules;

pub(crate) use http::elsewhere;

use crate::address::{Getter, Package, Remote};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use terrane_fetch::archive::{ArchiveError, Format, Rules, check_links, unpack};
use terrane_fetch::oci::{OciClient, OciError, Reference};
use terrane_fetch::{Client, FetchError, Transferred, Url};

/// How often one address may name another before it leads to a package.
const HOPS: usize = 5;

/// What module packages are in OCI registries, as OpenTofu stores them.
const OCI_ARTIFACT: &str = "application/vnd.opentofu.modulepkg";
/// The layer that is the package.
const OCI_LAYER: &str = "archive/zip";

/// How a download goes on: the name of what is fetched, and how far it is.
pub(crate) type Progress<'a> = &'a (dyn Fn(Transferred) + Send + Sync);

/// What fetching needs.
#[derive(Clone, Debug)]
pub struct Context {
    /// The client.
    pub client: Client,
    /// For OCI registries.
    pub oci: OciClient,
    /// The environment of the user, of which git gets what it needs.
    pub env: BTreeMap<String, String>,
}

/// What was fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fetched {
    /// The folder in the package, as the address and all that it led to say.
    pub(crate) subdir: String,
    /// What a repository says it is: the id of the commit, the digest of the manifest.
    pub(crate) revision: Option<String>,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// Why a package can't be fetched.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// Over HTTP.
    #[error("it can't be fetched")]
    Fetch(#[from] FetchError),
    /// The archive is refused.
    #[error("its archive is refused")]
    Archive(#[from] ArchiveError),
    /// git fails, or is not asked.
    #[error("{0}")]
    Git(String),
    /// From an OCI registry.
    #[error("it can't be fetched")]
    Oci(#[from] OciError),
    /// The bytes are not those that the address names.
    #[error("its checksum is {found}, and the address says {expected}")]
    Checksum {
        /// As it should be.
        expected: String,
        /// As it is.
        found: String,
    },
    /// The address or what it leads to makes no sense.
    #[error("{0}")]
    Address(String),
    /// Something can't be read or written.
    #[error("{} can't be used", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Where an address comes from: what is allowed depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The user wrote it down.
    Users,
    /// A server of this machine that the user's settings name said so.
    OwnServers,
    /// A server said so.
    Servers,
}

/// Fetches a package into `into`, which is made. `scratch` is for what is needed on the way.
///
/// # Errors
/// When it can't be had, or what comes is refused.
pub(crate) async fn fetch(
    ctx: &Context,
    remote: &Remote,
    word: Word,
    (into, scratch): (&Path, &Path),
    progress: Progress<'_>,
) -> Result<Fetched, GetError> {
    let mut remote = remote.clone();
    let mut word = word;
    let plain = word == Word::Users && remote.package.url.starts_with("http://");
    for _ in 0..HOPS {
        let package = &remote.package;
        let allowed = word != Word::Servers;
        if !allowed && (package.getter == Getter::File || package.url.starts_with("file:")) {
            return Err(GetError::Address(String::from(
                "a server names a folder of this machine as the place of the package, which is refused",
            )));
        }
        let mut fetched = match package.getter {
            Getter::Git => git::get(ctx, package, into).await?,
            Getter::Http => {
                match http::get(ctx, package, plain, (into, scratch), progress).await? {
                    http::Found::Package => Fetched::default(),
                    http::Found::Elsewhere(next) => {
                        if word == Word::Users {
                            word = Word::Servers;
                        }
                        let subdir = joined(&next.subdir, &remote.subdir);
                        remote = Remote { subdir, ..next };
                        continue;
                    }
                }
            }
            Getter::S3 => {
                s3::get(ctx, package, (into, scratch), progress).await?;
                Fetched::default()
            }
            Getter::Gcs => {
                http::gcs(ctx, package, (into, scratch), progress).await?;
                Fetched::default()
            }
            Getter::Oci => oci(ctx, package, (into, scratch), progress).await?,
            Getter::File => {
                file(package, into)?;
                Fetched::default()
            }
        };
        fetched.subdir = expanded(into, &remote.subdir)?;
        return Ok(fetched);
    }
    Err(GetError::Address(format!(
        "one address leads to the next, {HOPS} times and more"
    )))
}

pub(crate) fn joined(outer: &str, inner: &str) -> String {
    match (outer, inner) {
        ("", one) | (one, "") => one.to_owned(),
        (outer, inner) => format!("{outer}/{inner}"),
    }
}

/// A folder is linked to, not copied: who names one by its path works on it. Not on systems without links.
fn file(package: &Package, into: &Path) -> Result<(), GetError> {
    let from = Url::parse(&package.url)
        .ok()
        .and_then(|url| url.to_file_path().ok())
        .ok_or_else(|| GetError::Address(format!("{} is no path", package.url)))?;
    if !from.is_dir() {
        let from = from.display();
        return Err(GetError::Address(format!("there is no folder {from}")));
    }
    let io = |source| GetError::Io {
        path: from.clone(),
        source,
    };
    if cfg!(unix) {
        crate::files::link(&from, into).map_err(io)
    } else {
        crate::files::copy_tree(&from, into).map_err(io)
    }
}

async fn oci(
    ctx: &Context,
    package: &Package,
    (into, scratch): (&Path, &Path),
    progress: Progress<'_>,
) -> Result<Fetched, GetError> {
    let place = package.url.strip_prefix("oci://").unwrap_or_default();
    let query = &package.query;
    let reference = Reference::parse(
        place,
        query.get("tag").as_deref(),
        query.get("digest").as_deref(),
    )?;
    let manifest = ctx.oci.manifest(&reference).await?;
    let layer = manifest.only_layer(OCI_ARTIFACT, OCI_LAYER)?;
    let archive = scratch.join("layer.zip");
    ctx.oci.blob(&reference, layer, &archive, progress).await?;
    unpacked(archive, Format::Zip, into.to_owned()).await?;
    Ok(Fetched {
        revision: Some(manifest.digest.clone()),
        ..Fetched::default()
    })
}

/// Unpacks an archive of a module, and removes it.
async fn unpacked(archive: PathBuf, format: Format, into: PathBuf) -> Result<(), GetError> {
    let work = tokio::task::spawn_blocking(move || {
        unpack(&archive, format, &into, &Rules::module())?;
        // What is left is in the scratch folder, which goes.
        let _left = std::fs::remove_file(&archive);
        Ok(())
    });
    match work.await {
        Ok(result) => result,
        Err(_) => Err(GetError::Address(String::from("unpacking it broke off"))),
    }
}

/// The folder that a pattern means: exactly one must match.
pub(crate) fn expanded(root: &Path, pattern: &str) -> Result<String, GetError> {
    let mut found = vec![String::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for dir in &found {
            if !part.contains(['*', '?']) {
                next.push(joined(dir, part));
                continue;
            }
            let path = root.join(dir);
            let entries =
                std::fs::read_dir(&path).map_err(|source| GetError::Io { path, source })?;
            let names = entries.filter_map(|entry| {
                let entry = entry.ok()?;
                let is_dir = entry.file_type().ok()?.is_dir();
                is_dir
                    .then(|| entry.file_name().into_string().ok())
                    .flatten()
            });
            next.extend(
                names
                    .filter(|name| matches(part, name))
                    .map(|name| joined(dir, &name)),
            );
        }
        found = next;
    }
    found.retain(|dir| root.join(dir).is_dir());
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(GetError::Address(format!(
            "there is no folder {pattern:?} in the package"
        ))),
        _ => Err(GetError::Address(format!(
            "{pattern:?} means more than one folder of the package"
        ))),
    }
}

/// Whether a name matches a pattern with `*` and `?`.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut in_name) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(char) = name.get(in_name) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(one) if *one == '?' || one == char => {
                at += 1;
                in_name += 1;
            }
            _ => match star {
                Some((star_at, from)) => {
                    star = Some((star_at, from + 1));
                    at = star_at + 1;
                    in_name = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|char| *char == '*')
}

/// What is fetched with other programs than ours obeys the same rule about links.
fn checked(into: &Path) -> Result<(), GetError> {
    check_links(into).map_err(GetError::Archive)
}
