//! Packages in a folder: `HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/`, or archives `HOST/NAMESPACE/TYPE/terraform-provider-TYPE_VERSION_OS_ARCH.zip`.

use super::{Location, MAX_VERSIONS, Package, SourceError, Trust};
use crate::platform::Platform;
use semver::Version;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use terrane_model::addr::ProviderAddr;

/// The folder of a provider within that of a mirror.
pub(crate) fn folder(root: &Path, addr: &ProviderAddr) -> PathBuf {
    root.join(addr.host.as_str())
        .join(addr.namespace.as_str())
        .join(addr.type_name.as_str())
}

/// The name of an archive.
pub(crate) fn archive(addr: &ProviderAddr, version: &Version, platform: &Platform) -> String {
    format!(
        "terraform-provider-{}_{version}_{platform}.zip",
        addr.type_name
    )
}

/// All versions that are there, for whatever platform. A folder that is not there has none.
pub(super) fn versions(root: &Path, addr: &ProviderAddr) -> Result<Vec<Version>, SourceError> {
    let path = folder(root, addr);
    let failed = |error| SourceError::Folder {
        path: path.clone(),
        error,
    };
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(error)),
    };
    let prefix = format!("terraform-provider-{}_", addr.type_name);
    let mut found = BTreeSet::new();
    for entry in entries.take(MAX_VERSIONS) {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            continue;
        };
        let version = match name
            .strip_prefix(&prefix)
            .and_then(|rest| rest.strip_suffix(".zip"))
        {
            Some(rest) => {
                // A pre-release may hold underscores, an operating system or processor can't.
                let mut parts = rest.rsplitn(3, '_');
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(_), Some(_), Some(version)) => version,
                    _ => continue,
                }
            }
            None if entry.path().is_dir() => name,
            None => continue,
        };
        if let Ok(version) = Version::parse(version) {
            found.insert(version);
        }
    }
    Ok(found.into_iter().rev().collect())
}

/// The package for a platform, if it is there.
pub(super) fn package(
    root: &Path,
    addr: &ProviderAddr,
    version: &Version,
    platform: &Platform,
) -> Result<Option<Package>, SourceError> {
    let path = folder(root, addr);
    let unpacked = path.join(version.to_string()).join(platform.to_string());
    let packed = path.join(archive(addr, version, platform));
    let location = if unpacked.is_dir() {
        // Links have to lead there from anywhere.
        let absolute = std::fs::canonicalize(&unpacked);
        Location::Folder(absolute.map_err(|error| SourceError::Folder {
            path: unpacked,
            error,
        })?)
    } else if packed.is_file() {
        Location::Archive(packed)
    } else {
        return Ok(None);
    };
    Ok(Some(Package {
        addr: addr.clone(),
        version: version.clone(),
        platform: platform.clone(),
        location,
        expected: BTreeSet::new(),
        others: BTreeSet::new(),
        trust: Trust::Nothing,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts() {
        let root = tempfile::tempdir().unwrap();
        let addr: ProviderAddr = "example.com/acme/cloud".parse().unwrap();
        let path = folder(root.path(), &addr);
        std::fs::create_dir_all(path.join("1.2.0/linux_amd64")).unwrap();
        std::fs::create_dir_all(path.join("junk")).unwrap();
        for name in [
            "terraform-provider-cloud_2.0.0_linux_amd64.zip",
            "terraform-provider-cloud_2.0.0_darwin_arm64.zip",
            "terraform-provider-cloud_3.0.0-beta1_linux_amd64.zip",
            "terraform-provider-other_4.0.0_linux_amd64.zip",
            "terraform-provider-cloud_5.0.0.zip",
            "index.json",
        ] {
            std::fs::write(path.join(name), "").unwrap();
        }
        let found = versions(root.path(), &addr).unwrap();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["3.0.0-beta1", "2.0.0", "1.2.0"]);
        let linux: Platform = "linux_amd64".parse().unwrap();
        let package = |version: &str, platform: &Platform| {
            let version = version.parse().unwrap();
            let found = package(root.path(), &addr, &version, platform).unwrap();
            found.map(|package| package.location)
        };
        assert!(matches!(
            package("1.2.0", &linux),
            Some(Location::Folder(_))
        ));
        assert!(matches!(
            package("2.0.0", &linux),
            Some(Location::Archive(_))
        ));
        let other: Platform = "darwin_arm64".parse().unwrap();
        assert!(package("1.2.0", &other).is_none());
        let nobody = "example.com/acme/none".parse().unwrap();
        assert!(versions(root.path(), &nobody).unwrap().is_empty());
    }
}
