//! `provider_installation`: where providers come from.

use super::hcl1::Item;
use super::read::{Found, bodies, list, number, text, wrong};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One place that providers come from, and for which of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Which place.
    pub kind: MethodKind,
    /// Patterns of addresses, as they are written; None means all.
    pub include: Option<Vec<String>>,
    /// Patterns of addresses that are left out.
    pub exclude: Vec<String>,
}

/// A place that providers come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// The registry that the address names.
    Direct {
        /// How often a download is tried again.
        download_retries: Option<u32>,
    },
    /// A folder.
    FilesystemMirror {
        /// Which one.
        path: PathBuf,
    },
    /// An HTTP server of the mirror protocol.
    NetworkMirror {
        /// Its address, as it is written.
        url: String,
        /// How often a download is tried again.
        download_retries: Option<u32>,
        /// Whether its hashes are believed for all platforms.
        trust_all_hashes: bool,
    },
    /// An OCI registry.
    OciMirror {
        /// A template for the name of the repository.
        repository_template: String,
    },
}

/// The blocks within `provider_installation`, without `dev_overrides`.
pub(super) fn methods(installation: &[Item]) -> Found<Vec<Method>> {
    let mut methods = Vec::new();
    for item in installation {
        let Some(name) = item.keys.first().map(String::as_str) else {
            continue;
        };
        let body = match bodies(std::slice::from_ref(item), name)?.first() {
            Some(body) => *body,
            None => continue,
        };
        let needed = |name: &str| {
            text(body, name)?.ok_or_else(|| wrong(item, format!("the argument {name} is missing")))
        };
        let download_retries = number(body, "download_retry_count")?;
        let kind = match name {
            "dev_overrides" => continue,
            "direct" => MethodKind::Direct { download_retries },
            "filesystem_mirror" => MethodKind::FilesystemMirror {
                path: PathBuf::from(needed("path")?),
            },
            "network_mirror" => MethodKind::NetworkMirror {
                url: needed("url")?,
                download_retries,
                trust_all_hashes: super::read::flag(body, "trust_all_hashes")?,
            },
            "oci_mirror" => MethodKind::OciMirror {
                repository_template: needed("repository_template")?,
            },
            other => {
                let known = "direct, filesystem_mirror, network_mirror, oci_mirror, dev_overrides";
                let problem = format!("{other} is no way to install providers; these are: {known}");
                return Err(wrong(item, problem));
            }
        };
        methods.push(Method {
            kind,
            include: list(body, "include")?,
            exclude: list(body, "exclude")?.unwrap_or_default(),
        });
    }
    Ok(methods)
}

/// The folders of `dev_overrides`.
pub(super) fn overrides(installation: &[Item]) -> Found<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for overrides in bodies(installation, "dev_overrides")? {
        for item in overrides {
            let (Some(addr), super::hcl1::Value::Text(path)) = (item.keys.first(), &item.value)
            else {
                let problem = "a folder is expected here, as a text in quotes";
                return Err(wrong(item, problem));
            };
            found.insert(addr.clone(), PathBuf::from(path));
        }
    }
    Ok(found)
}
