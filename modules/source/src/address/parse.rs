//! The grammar.

use super::detect;
use super::{Address, Getter, Package, Query, Remote};
use crate::local::{Kind, kind};
use std::fmt;
use terrane_fetch::{Host, Url};

/// Where modules without a host come from.
pub(crate) const DEFAULT_HOST: &str = "registry.terraform.io";

/// How long an address may be.
const LONGEST: usize = 8192;

/// Why a text is no address. A sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AddressError(pub(crate) String);

/// A module of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryAddress {
    /// Of the registry.
    pub host: Host,
    /// Who publishes it.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub system: String,
    /// The folder in it, with `/`; empty for its root.
    pub subdir: String,
}

impl RegistryAddress {
    /// `host/namespace/name/system`.
    #[must_use]
    pub fn package(&self) -> String {
        let Self {
            host,
            namespace,
            name,
            system,
            subdir: _,
        } = self;
        format!("{host}/{namespace}/{name}/{system}")
    }
}

impl fmt::Display for RegistryAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.package())?;
        if self.subdir.is_empty() {
            Ok(())
        } else {
            write!(f, "//{}", self.subdir)
        }
    }
}

type Parsed<T> = Result<T, AddressError>;

fn fail<T>(why: impl Into<String>) -> Parsed<T> {
    Err(AddressError(why.into()))
}

pub(super) fn address(source: &str, with_version: bool) -> Parsed<Address> {
    if source.trim() != source {
        return fail("A module source has no white space at its beginning or end.");
    }
    if source.len() > LONGEST || source.chars().any(char::is_control) {
        return fail(format!(
            "A module source has no control characters, and at most {LONGEST} bytes."
        ));
    }
    if source.is_empty() {
        return fail("A module source must not be empty.");
    }
    if kind(source) == Kind::Local {
        return if with_version {
            fail(format!(
                "The version argument is for modules of registries only, and {source:?} is a folder."
            ))
        } else {
            Ok(Address::Local(source.to_owned()))
        };
    }
    if let Some(found) = registry(source)? {
        return Ok(Address::Registry(found));
    }
    if with_version {
        return fail(format!(
            "The version argument is for modules of registries only (namespace/name/system, perhaps with a host before it), and {source:?} is none. Other sources name a version in their address, like ?ref=v1.2.3."
        ));
    }
    remote(source).map(Address::Remote)
}

/// `[host/]namespace/name/system[//folder]`; None if it is something else.
fn registry(source: &str) -> Parsed<Option<RegistryAddress>> {
    let (package, subdir) = split_subdir(source);
    if package.contains(['?', '@']) || package.contains("::") {
        return Ok(None);
    }
    let parts: Vec<&str> = package.split('/').collect();
    let (host, rest) = match parts.as_slice() {
        [host, rest @ ..] if rest.len() == 3 => (*host, rest),
        rest if rest.len() == 3 => (DEFAULT_HOST, rest),
        _ => return Ok(None),
    };
    let [namespace, name, system] = rest else {
        return Ok(None);
    };
    let dotted = host.contains(['.', ':']);
    let forge = ["github.com", "bitbucket.org"].contains(&host);
    let fits = label(namespace) && label(name) && is_system(system);
    if !dotted || forge || !fits {
        return Ok(None);
    }
    let Ok(host) = Host::parse(host) else {
        return Ok(None);
    };
    Ok(Some(RegistryAddress {
        host,
        namespace: (*namespace).to_owned(),
        name: (*name).to_owned(),
        system: (*system).to_owned(),
        subdir: clean_subdir(subdir)?,
    }))
}

fn label(text: &str) -> bool {
    let edge = |char: Option<char>| char.is_some_and(|char| char.is_ascii_alphanumeric());
    text.len() <= 64
        && edge(text.chars().next())
        && edge(text.chars().last())
        && text
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_'))
}

fn is_system(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .chars()
            .all(|char| char.is_ascii_lowercase() || char.is_ascii_digit())
}

/// A package that is fetched from where it is. Also what registries and pages answer.
pub(crate) fn remote(source: &str) -> Parsed<Remote> {
    let (forced, rest) = forced_getter(source);
    if let Some(other) = forced.filter(|name| getter(name).is_none()) {
        return fail(match other {
            "hg" => String::from(
                "Mercurial repositories are not fetched from. Serve the module as an archive or from a git repository.",
            ),
            other => format!(
                "{other:?} is no way to fetch modules; these are: git, http, https, s3, gcs, file, oci."
            ),
        });
    }
    let (package, subdir) = split_subdir(rest);
    let full = match detect::full(&package, forced) {
        Some(Ok(full)) => full,
        Some(Err(why)) => return fail(format!("{source:?} is no module source: {why}.")),
        None => {
            return fail(format!(
                "It is not clear what {package:?} stands for. A folder beside the configuration begins with ./ or ../ (\"./{package}\"); a module of a registry is namespace/name/system; repositories and archives have an address like git::https://… or https://….zip."
            ));
        }
    };
    let (found, full) = forced_getter(&full);
    // A short form may name a folder in the repository, too.
    let (full, inner) = split_subdir(full);
    let subdir = match (inner, subdir) {
        ("", subdir) => subdir.to_owned(),
        (inner, "") => inner.to_owned(),
        (inner, subdir) => format!("{inner}/{subdir}"),
    };
    let forced = forced.or(found);
    let (url, query) = match full.split_once('?') {
        Some((url, query)) => (url, query),
        None => (full.as_str(), ""),
    };
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let scheme = scheme.to_ascii_lowercase();
    let Some(getter) = forced.or(Some(&scheme)).and_then(getter) else {
        return fail(format!(
            "Modules are not fetched over {scheme:?}; git repositories over SSH are git::ssh://…."
        ));
    };
    let url = format!("{scheme}://{rest}");
    check(getter, &scheme, &url)?;
    let url = if getter == Getter::Git && scheme == "ssh" {
        url
    } else {
        url.split('#').next().unwrap_or_default().to_owned()
    };
    Ok(Remote {
        package: Package {
            getter,
            url,
            query: Query::parse(query),
            forced: forced.is_some(),
        },
        subdir: clean_subdir(&subdir)?,
    })
}

fn getter(name: &str) -> Option<Getter> {
    Some(match name {
        "git" => Getter::Git,
        "http" | "https" => Getter::Http,
        "file" => Getter::File,
        "s3" => Getter::S3,
        "gcs" => Getter::Gcs,
        "oci" => Getter::Oci,
        _ => return None,
    })
}

/// What is said of the address is what programs will see: nothing that could be taken for an option, a helper or another address.
fn check(getter: Getter, scheme: &str, url: &str) -> Parsed<()> {
    let schemes: &[&str] = match getter {
        Getter::Git => &["https", "http", "ssh", "file"],
        Getter::Http => &["https", "http"],
        Getter::File => &["file"],
        Getter::S3 | Getter::Gcs => &["https", "http"],
        Getter::Oci => &["oci"],
    };
    if !schemes.contains(&scheme) {
        return fail(format!(
            "The scheme {scheme:?} is not spoken with {} sources; these are: {}.",
            getter.name(),
            schemes.join(", ")
        ));
    }
    let parsed = Url::parse(url)
        .map_err(|error| AddressError(format!("{url:?} is no address: {error}.")))?;
    if getter == Getter::File || scheme == "file" {
        return if parsed.host_str().is_none_or(str::is_empty) {
            Ok(())
        } else {
            fail("A file address has no host: file:///path.")
        };
    }
    let host = parsed.host_str().unwrap_or_default();
    if host.is_empty() || host.starts_with('-') {
        return fail(format!("{url:?} names no host."));
    }
    let user = percent_encoding::percent_decode_str(parsed.username()).decode_utf8_lossy();
    let bad = |text: &str| text.starts_with('-') || text.chars().any(char::is_control);
    if bad(&user) || parsed.path().starts_with("/-") {
        return fail(format!(
            "{url:?} could be taken for an option, not an address."
        ));
    }
    if scheme == "ssh" && parsed.password().is_some() {
        return fail("An address for SSH holds no password.");
    }
    Ok(())
}

/// `name::rest`.
fn forced_getter(text: &str) -> (Option<&str>, &str) {
    match text.split_once("::") {
        Some((name, rest))
            if !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric()) =>
        {
            (Some(name), rest)
        }
        _ => (None, text),
    }
}

/// The address without its folder (`//…`, before the query), and the folder.
fn split_subdir(text: &str) -> (String, &str) {
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (text, String::new()),
    };
    let after_scheme = path.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = path.split_at(after_scheme);
    match rest.split_once("//") {
        // A file address begins with a slash of its path.
        Some((package, subdir)) => (format!("{scheme}{package}{query}"), subdir),
        None => (format!("{path}{query}"), ""),
    }
}

/// A folder within a package, without `.`.
pub(crate) fn clean_subdir(text: &str) -> Parsed<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_some() => {}
            ".." => {
                return fail(format!(
                    "The folder {text:?} leads out of the module package."
                ));
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}
