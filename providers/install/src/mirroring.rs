//! `providers mirror`: a folder that is a filesystem mirror, and a network mirror if a web server offers it.

use crate::fetch;
use crate::install::{InstallError, Need, unreadable};
use crate::lockfile::Locks;
use crate::locking::newest;
use crate::place::{Place, PlaceError};
use crate::platform::Platform;
use crate::source::{Location, Sources, filesystem_archive, filesystem_folder};
use semver::Version;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use terrane_model::addr::ProviderAddr;

/// Something that happens while mirroring.
#[derive(Clone, Debug, PartialEq)]
pub enum MirrorEvent {
    /// A provider is begun with.
    Mirroring(ProviderAddr),
    /// Its version was selected: by the lock file, or as the newest.
    Selected {
        /// Which version.
        version: Version,
        /// By the lock file.
        locked: bool,
    },
    /// An archive is there.
    Mirrored(Platform),
}

/// Fills a folder.
#[derive(Debug)]
pub struct Mirrorer<'a> {
    /// Where packages come from.
    pub sources: &'a Sources,
    /// The folder.
    pub folder: &'a Path,
    /// For which platforms.
    pub platforms: &'a [Platform],
}

impl Mirrorer<'_> {
    /// Gets all archives and describes them.
    ///
    /// # Errors
    /// At the first package that can't be had.
    pub async fn mirror(
        &self,
        needs: &BTreeMap<ProviderAddr, Need>,
        locks: &Locks,
        say: &dyn Fn(MirrorEvent),
    ) -> Result<(), (ProviderAddr, InstallError)> {
        for (addr, need) in needs {
            say(MirrorEvent::Mirroring(addr.clone()));
            let failed = |error| (addr.clone(), error);
            self.one(addr, need, locks, say).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn one(
        &self,
        addr: &ProviderAddr,
        need: &Need,
        locks: &Locks,
        say: &dyn Fn(MirrorEvent),
    ) -> Result<(), InstallError> {
        let lock = locks.find(addr).map(|(_, lock)| lock);
        let lock = lock
            .filter(|lock| need.constraints.is_empty() || need.constraints.allow(&lock.version));
        let version = match lock {
            Some(lock) => lock.version.clone(),
            None => newest(self.sources, addr, need).await?,
        };
        say(MirrorEvent::Selected {
            version: version.clone(),
            locked: lock.is_some(),
        });
        let place = Place::new(self.folder, &self.folder.join(".terrane"));
        let mut archives = Map::new();
        let mut name = addr.clone();
        for platform in self.platforms {
            let package = self.sources.locked(addr, &version, platform).await?;
            let scratch = place.scratch()?;
            if let Location::Folder(path) = &package.location {
                return Err(PlaceError {
                    path: path.clone(),
                    why: String::from("an unpacked package can't be mirrored as an archive"),
                }
                .into());
            }
            let client = self.sources.discovery().client();
            let archive = fetch::archive(client, &package, scratch.path(), &|_| ()).await?;
            let unpacked = fetch::unpack(&package, &archive, scratch.path()).await?;
            let file = filesystem_archive(&package.addr, &version, platform);
            let folder = filesystem_folder(self.folder, &package.addr);
            std::fs::create_dir_all(&folder).map_err(unreadable(&folder))?;
            let target = folder.join(&file);
            let put = scratch.path().join("put.zip");
            std::fs::copy(&archive.path, &put)
                .and_then(|_| std::fs::rename(&put, &target))
                .map_err(unreadable(&target))?;
            let hashes = json!([unpacked.hash.as_str(), archive.hash.as_str()]);
            archives.insert(
                platform.to_string(),
                json!({ "hashes": hashes, "url": file }),
            );
            name = package.addr;
            say(MirrorEvent::Mirrored(platform.clone()));
        }
        drop(std::fs::remove_dir(self.folder.join(".terrane")));
        describe(&filesystem_folder(self.folder, &name), &version, archives)
    }
}

/// Writes `VERSION.json` and `index.json`. What they say of other platforms and versions stays, as far as it is there.
fn describe(
    folder: &Path,
    version: &Version,
    archives: Map<String, Value>,
) -> Result<(), InstallError> {
    let path = folder.join(format!("{version}.json"));
    let mut all = object(&path, "archives");
    all.retain(|_, archive| {
        let url = archive.get("url").and_then(Value::as_str);
        url.is_some_and(|url| !url.contains(['/', '\\']) && folder.join(url).is_file())
    });
    all.extend(archives);
    write(&path, "archives", all)?;
    let path = folder.join("index.json");
    let mut versions = object(&path, "versions");
    versions.insert(version.to_string(), json!({}));
    let there: BTreeSet<String> = versions
        .keys()
        .filter(|version| folder.join(format!("{version}.json")).is_file())
        .cloned()
        .collect();
    versions.retain(|version, _| there.contains(version));
    write(&path, "versions", versions)
}

/// An object within a file; empty if there is none.
fn object(path: &Path, name: &str) -> Map<String, Value> {
    let text = std::fs::read(path).unwrap_or_default();
    let found: Option<Value> = serde_json::from_slice(&text).ok();
    match found.and_then(|mut found| found.get_mut(name).map(Value::take)) {
        Some(Value::Object(found)) => found,
        _ => Map::new(),
    }
}

fn write(path: &Path, name: &str, content: Map<String, Value>) -> Result<(), InstallError> {
    let text = format!("{:#}", json!({ name: content }));
    crate::files::replace(path, text.as_bytes()).map_err(unreadable(path))?;
    Ok(())
}
