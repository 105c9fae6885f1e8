//! Getting one package: the archive, checked before anything looks into it, and what is in it.

use crate::hash::{self, PackageHash};
use crate::install::{InstallError, agrees, stopped, unreadable};
use crate::place;
use crate::source::{Location, OciPackage, Package, SourceError};
use std::path::{Path, PathBuf};
use terrane_fetch::archive::{self, Format, Rules};
use terrane_fetch::{Client, Transferred};

/// An archive on this machine.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) path: PathBuf,
    /// `zh:`
    pub(crate) hash: PackageHash,
}

/// An unpacked package.
#[derive(Debug)]
pub(crate) struct Unpacked {
    pub(crate) folder: PathBuf,
    /// `h1:`
    pub(crate) hash: PackageHash,
}

/// Gets the archive of a package that is one, into a scratch folder if it comes from elsewhere.
pub(crate) async fn archive(
    client: &Client,
    package: &Package,
    scratch: &Path,
    progress: &(dyn Fn(Transferred) + Send + Sync),
) -> Result<Archive, InstallError> {
    let found = match &package.location {
        Location::Remote(remote) => {
            let path = scratch.join("archive.zip");
            let mut request = client.get(remote.url.clone()).plain(remote.plain);
            if let Some(token) = &remote.token {
                request = request.bearer(token);
            }
            if let Some(retries) = remote.retries {
                request = request.retries(retries);
            }
            let done = request.download(&path, progress).await?;
            Archive {
                path,
                hash: PackageHash::of_archive(&done.sha256.hex()),
            }
        }
        Location::Oci(place) => {
            let path = scratch.join("archive.zip");
            let OciPackage {
                client,
                reference,
                layer,
            } = place.as_ref();
            let done = client
                .blob(reference, layer.clone(), &path, progress)
                .await
                .map_err(SourceError::from)?;
            Archive {
                path,
                hash: PackageHash::of_archive(&done.sha256.hex()),
            }
        }
        Location::Archive(path) | Location::Folder(path) => {
            let path = path.clone();
            let hashed = {
                let path = path.clone();
                tokio::task::spawn_blocking(move || hash::of_archive(&path))
            };
            let hashed = hashed.await.map_err(|error| stopped(&path, &error))?;
            let hash = hashed.map_err(unreadable(&path))?;
            Archive { path, hash }
        }
    };
    agrees(package, &found.hash)?;
    Ok(found)
}

/// Unpacks an archive within a scratch folder.
pub(crate) async fn unpack(
    package: &Package,
    found: &Archive,
    scratch: &Path,
) -> Result<Unpacked, InstallError> {
    let folder = scratch.join("package");
    let unpacked = {
        let (file, folder) = (found.path.clone(), folder.clone());
        tokio::task::spawn_blocking(move || {
            archive::unpack(&file, Format::Zip, &folder, &Rules::provider())
        })
    };
    unpacked.await.map_err(|error| stopped(&folder, &error))??;
    let program = place::program(&folder, &package.addr)?;
    place::make_executable(&program);
    let hashed = {
        let folder = folder.clone();
        tokio::task::spawn_blocking(move || hash::of_folder(&folder))
    };
    let hashed = hashed.await.map_err(|error| stopped(&folder, &error))?;
    let hash = hashed.map_err(unreadable(&folder))?;
    Ok(Unpacked { folder, hash })
}
