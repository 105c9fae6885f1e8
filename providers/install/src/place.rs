//! Folders in which packages are put, so that others see the whole package or none, and nothing is written where a link leads.

use crate::platform::Platform;
use crate::source::filesystem_folder;
use semver::Version;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use terrane_model::addr::ProviderAddr;

/// What is left behind by processes that were killed is removed after this time.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder of packages: `HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/`.
#[derive(Clone, Debug)]
pub struct Place {
    root: PathBuf,
    /// Where packages are put together; on the same file system.
    scratch: PathBuf,
}

/// Why a package can't be put there.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", .path.display())]
pub struct PlaceError {
    /// What.
    pub path: PathBuf,
    /// A part of a sentence.
    pub why: String,
}

fn failed(path: &Path) -> impl Fn(io::Error) -> PlaceError + use<> {
    let path = path.to_owned();
    move |error| PlaceError {
        path: path.clone(),
        why: error.to_string(),
    }
}

impl Place {
    /// A folder of packages, with one to put them together in.
    #[must_use]
    pub fn new(root: &Path, scratch: &Path) -> Self {
        Self {
            root: root.to_owned(),
            scratch: scratch.to_owned(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a package is, if it is there.
    #[must_use]
    pub fn path(&self, addr: &ProviderAddr, version: &Version, platform: &Platform) -> PathBuf {
        filesystem_folder(&self.root, addr)
            .join(version.to_string())
            .join(platform.to_string())
    }

    /// A folder to put a package together in. It is removed when it is dropped.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn scratch(&self) -> Result<TempDir, PlaceError> {
        std::fs::create_dir_all(&self.scratch).map_err(failed(&self.scratch))?;
        self.sweep();
        tempfile::Builder::new()
            .prefix("package-")
            .tempdir_in(&self.scratch)
            .map_err(failed(&self.scratch))
    }

    /// Removes what processes that were killed left behind. What can't be removed stays.
    fn sweep(&self) {
        let entries = std::fs::read_dir(&self.scratch).into_iter().flatten();
        for entry in entries.flatten().take(1_000) {
            let old = entry
                .metadata()
                .and_then(|about| about.modified())
                .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > STALE));
            if old && entry.file_name().to_string_lossy().starts_with("package-") {
                let _stays = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Makes the folders above that of a package. None of them may be a link: it would lead whatever is put there elsewhere.
    fn prepare(&self, path: &Path) -> Result<(), PlaceError> {
        std::fs::create_dir_all(&self.root).map_err(failed(&self.root))?;
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        let mut folder = self.root.clone();
        for part in below.parent().into_iter().flat_map(Path::components) {
            folder.push(part);
            match std::fs::symlink_metadata(&folder) {
                Ok(about) if about.is_dir() => {}
                Ok(_) => {
                    return Err(PlaceError {
                        path: folder,
                        why: String::from(
                            "a folder is expected here, not a file or link; remove it",
                        ),
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    match std::fs::create_dir(&folder) {
                        // Another process was faster; the next look tells what it made.
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                        made => made.map_err(failed(&folder))?,
                    }
                }
                Err(error) => return Err(failed(&folder)(error)),
            }
        }
        Ok(())
    }

    /// Puts something that was made in a scratch folder in the place of a package, instead of what is there.
    fn put(&self, made: &Path, path: &Path) -> Result<(), PlaceError> {
        self.prepare(path)?;
        // A folder takes the place of nothing but an empty one, so what is there is moved away first. Another process may do the same.
        let mut last = io::Error::other("other processes keep changing it");
        for _ in 0..10 {
            match std::fs::rename(made, path) {
                Ok(()) => return Ok(()),
                Err(error) if std::fs::symlink_metadata(path).is_err() => {
                    return Err(failed(path)(error));
                }
                Err(error) => last = error,
            }
            let away = self.scratch()?;
            match std::fs::rename(path, away.path().join("old")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(path)(error));
                }
                _ => {}
            }
        }
        Err(failed(path)(last))
    }

    /// Puts an unpacked package in its place.
    ///
    /// # Errors
    /// When that fails; then what was there may be gone, but nothing half is there.
    pub fn put_folder(&self, made: &Path, path: &Path) -> Result<(), PlaceError> {
        self.put(made, path)
    }

    /// Makes a link to a package elsewhere, or a copy where there are no links.
    ///
    /// # Errors
    /// When neither can be made.
    pub fn put_link(&self, target: &Path, path: &Path) -> Result<(), PlaceError> {
        let target = std::fs::canonicalize(target).map_err(failed(target))?;
        let scratch = self.scratch()?;
        let made = scratch.path().join("link");
        if link(&target, &made).is_err() {
            copy(&target, &made).map_err(failed(&made))?;
        }
        self.put(&made, path)
    }
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(target, link)
}

#[cfg(not(any(unix, windows)))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Copies the files of a folder.
///
/// # Errors
/// When something can't be read or written.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir(to)?;
    for (name, path) in crate::hash::files(from)? {
        let target = to.join(name);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::copy(path, target)?;
    }
    Ok(())
}

/// The program of a package: the file whose name begins as those of the provider do.
///
/// # Errors
/// When there is none.
pub fn program(folder: &Path, addr: &ProviderAddr) -> Result<PathBuf, PlaceError> {
    let wanted = format!("terraform-provider-{}", addr.type_name);
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(failed(folder))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let rest = name.strip_prefix(&wanted);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '.']))
                && path.is_file()
        })
        .collect();
    found.sort();
    found.into_iter().next().ok_or_else(|| PlaceError {
        path: folder.to_owned(),
        why: format!("the package holds no program {wanted}"),
    })
}

/// Archives that were made where there are no permissions hold programs that can't be started. That is mended; checksums do not count it.
pub(crate) fn make_executable(program: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if let Ok(about) = std::fs::metadata(program) {
            let mut permissions = about.permissions();
            if permissions.mode() & 0o111 == 0 {
                permissions.set_mode(permissions.mode() | 0o755);
                // If it fails, the start of the program tells.
                let _told_later = std::fs::set_permissions(program, permissions);
            }
        }
    }
    #[cfg(not(unix))]
    let _ = program;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("made");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("terraform-provider-cloud_v1.0.0"), text).unwrap();
        path
    }

    #[test]
    fn a_package_takes_the_place_of_another() {
        let data = tempfile::tempdir().unwrap();
        let place = Place::new(&data.path().join("providers"), &data.path().join("scratch"));
        let addr: ProviderAddr = "example.com/acme/cloud".parse().unwrap();
        let version = "1.0.0".parse().unwrap();
        let path = place.path(&addr, &version, &Platform::current());
        for text in ["one", "two"] {
            let scratch = place.scratch().unwrap();
            let made = package(scratch.path(), text);
            place.put_folder(&made, &path).unwrap();
            let program = program(&path, &addr).unwrap();
            assert_eq!(std::fs::read_to_string(program).unwrap(), text);
        }
        let elsewhere = tempfile::tempdir().unwrap();
        let target = package(elsewhere.path(), "three");
        for _ in 0..2 {
            place.put_link(&target, &path).unwrap();
            let program = program(&path, &addr).unwrap();
            assert_eq!(std::fs::read_to_string(program).unwrap(), "three");
        }
        // What takes the place of a link leaves alone what it led to.
        let scratch = place.scratch().unwrap();
        place
            .put_folder(&package(scratch.path(), "four"), &path)
            .unwrap();
        assert!(target.join("terraform-provider-cloud_v1.0.0").is_file());
        drop(scratch);
        assert_eq!(
            std::fs::read_dir(data.path().join("scratch"))
                .unwrap()
                .count(),
            0
        );
        let other = "example.com/acme/clo".parse().unwrap();
        assert!(
            program(&path, &other)
                .unwrap_err()
                .to_string()
                .contains("no program")
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_on_the_way_are_refused() {
        let data = tempfile::tempdir().unwrap();
        let victim = tempfile::tempdir().unwrap();
        let root = data.path().join("providers");
        std::fs::create_dir(&root).unwrap();
        std::os::unix::fs::symlink(victim.path(), root.join("example.com")).unwrap();
        let place = Place::new(&root, &data.path().join("scratch"));
        let addr = "example.com/acme/cloud".parse().unwrap();
        let path = place.path(&addr, &"1.0.0".parse().unwrap(), &Platform::current());
        let scratch = place.scratch().unwrap();
        let error = place
            .put_folder(&package(scratch.path(), "x"), &path)
            .unwrap_err();
        assert!(error.to_string().contains("link"), "{error}");
        assert_eq!(std::fs::read_dir(victim.path()).unwrap().count(), 0);
    }
}
