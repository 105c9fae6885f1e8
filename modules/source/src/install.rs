//! Installing: from calls to folders, with manifest and lock file.

use crate::address::{Address, AddressError, Getter, RegistryAddress, Remote};
use crate::get::{Context, Fetched, GetError, Word, expanded, fetch, joined};
use crate::local::join;
use crate::lock::{Lock, LockError, LockedPackage, PackageId};
use crate::manifest::{Manifest, Record};
use crate::registry::{Registries, RegistryError};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use terrane_fetch::Transferred;
use terrane_fetch::digest::{TreeError, tree};
use terrane_fetch::discovery::Discovery;
use tokio::sync::OnceCell;

/// Which versions a call allows. Versions are told by those who know about them.
pub trait VersionChoice: Send + Sync {
    /// Whether a version may be used.
    fn meets(&self, version: &str) -> bool;
    /// The newest of those that may be used.
    fn newest(&self, versions: &[String]) -> Option<String>;
}

/// Hears what happens.
pub trait Watcher: Send + Sync {
    /// A package is being fetched for a call.
    fn downloading(&self, package: &str, key: &str);
    /// How far that is.
    fn progress(&self, key: &str, transferred: Transferred);
}

/// A call of a module.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Its place in the tree, with dots.
    pub key: &'a str,
    /// The `source` argument.
    pub source: &'a str,
    /// Whether it has a `version` argument.
    pub with_version: bool,
    /// What that allows.
    pub versions: &'a dyn VersionChoice,
    /// The folder of the caller.
    pub caller_dir: &'a str,
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("key", &self.key)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Where, and how strictly.
#[derive(Clone, Debug)]
pub struct InstallOptions {
    /// The working directory, in which the lock file is.
    pub root: PathBuf,
    /// The folder of modules, as the manifest names it: `.terraform/modules`.
    pub modules_dir: String,
    /// Newer versions and other contents are taken.
    pub upgrade: bool,
    /// The lock file must say all already.
    pub readonly: bool,
}

/// An installed module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its folder, as the manifest names it.
    pub dir: String,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Why a module can't be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The source is none.
    #[error("{0}")]
    Address(#[from] AddressError),
    /// A local source leads out of the package in which it is.
    #[error(
        "The source {source_text:?} leads out of the package {package}, so what it means depends on what is installed beside it. Within a package, folders are reached by ./ and ../ up to its root."
    )]
    Escape {
        /// The source.
        source_text: String,
        /// The folder of the package.
        package: String,
    },
    /// The registry does not help.
    #[error("{package}")]
    Registry {
        /// Which module.
        package: String,
        /// Why.
        source: RegistryError,
    },
    /// No version will do.
    #[error("No version of {package} meets the constraint. There are: {known}.")]
    NoVersion {
        /// Which module.
        package: String,
        /// The newest versions.
        known: String,
    },
    /// The package can't be had.
    #[error("The package {package} can't be had")]
    Get {
        /// Which one.
        package: String,
        /// Why.
        source: GetError,
    },
    /// The package is not what it was.
    #[error(
        "The package {package} is not what it was when it was locked: {difference}. If that is expected, `terrane init -upgrade` accepts it; if it is not, somebody changed what the address stands for"
    )]
    Changed {
        /// Which one.
        package: String,
        /// What is different.
        difference: String,
    },
    /// The lock file would have to be written.
    #[error(
        "The package {package} is not in the lock file, which -lockfile=readonly does not allow to be written. Run `terrane init` without it, and keep the lock file in version control"
    )]
    NotLocked {
        /// Which one.
        package: String,
    },
    /// The tree of files makes no sense.
    #[error("The package {package} can't be taken")]
    Tree {
        /// Which one.
        package: String,
        /// Why.
        source: TreeError,
    },
    /// Something can't be read or written.
    #[error("{} can't be used", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The lock file.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// As for another call of the same package.
    #[error(transparent)]
    Shared(Arc<Self>),
}

impl InstallError {
    /// All of it in one text, which ends with a period.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = terrane_fetch::with_causes(self);
        if !text.ends_with('.') {
            text.push('.');
        }
        text
    }
}

/// A package that is at hand.
#[derive(Debug)]
struct Ready {
    /// Where its files are. The first call takes them, the others copy.
    at: Mutex<(PathBuf, bool)>,
    fetched: Fetched,
    locked: LockedPackage,
}

type Cell<T> = Arc<OnceCell<Result<Arc<T>, Arc<InstallError>>>>;

/// Installs modules. Calls may be installed concurrently; a package is fetched once.
pub struct Installer {
    ctx: Context,
    registries: Registries,
    options: InstallOptions,
    watcher: Arc<dyn Watcher>,
    /// Made when something is fetched.
    scratch: Mutex<Option<TempDir>>,
    counter: AtomicUsize,
    before: Manifest,
    locked: Lock,
    now: Mutex<(Manifest, Lock)>,
    packages: Mutex<BTreeMap<PackageId, Cell<Ready>>>,
    versions: Mutex<BTreeMap<String, Cell<Vec<String>>>>,
}

impl fmt::Debug for Installer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installer")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Installer {
    /// Reads manifest and lock file. A manifest that can't be read is as none.
    ///
    /// # Errors
    /// When the lock file can't be read.
    pub fn new(
        ctx: Context,
        discovery: Arc<Discovery>,
        options: InstallOptions,
        watcher: Arc<dyn Watcher>,
    ) -> Result<Self, InstallError> {
        let dir = options.root.join(&options.modules_dir);
        Ok(Self {
            ctx,
            registries: Registries::new(discovery),
            before: Manifest::read(&dir).unwrap_or_default(),
            locked: Lock::read(&options.root)?,
            options,
            watcher,
            scratch: Mutex::default(),
            counter: AtomicUsize::new(0),
            now: Mutex::default(),
            packages: Mutex::default(),
            versions: Mutex::default(),
        })
    }

    /// Installs what a call names.
    ///
    /// # Errors
    /// When it can't be had, or is not what it was.
    pub async fn install(&self, call: Call<'_>) -> Result<Installed, InstallError> {
        match Address::parse(call.source, call.with_version)? {
            Address::Local(path) => {
                let dir = local(&self.options.modules_dir, call.caller_dir, &path)?;
                self.record(call.key, path, String::new(), dir.clone());
                Ok(Installed {
                    dir,
                    notes: Vec::new(),
                })
            }
            Address::Registry(address) => self.of_registry(call, &address).await,
            Address::Remote(remote) if remote.package.getter == Getter::File => {
                self.of_folder(call, &remote).await
            }
            Address::Remote(remote) => {
                let id = PackageId {
                    source: remote.package.shown(),
                    version: String::new(),
                };
                let source = remote.to_string();
                let package = Remote {
                    subdir: String::new(),
                    ..remote.clone()
                };
                let place = async { Ok((package, Word::Users)) };
                self.put(call, source, &id, &remote.subdir, place).await
            }
        }
    }

    /// Writes manifest and lock file. `all`: every call of the configuration was installed, so that what is not needed any more goes.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn finish(self, all: bool) -> Result<(), InstallError> {
        let (mut manifest, mut lock) = self
            .now
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if !all {
            for (key, record) in self.before.records {
                manifest.records.entry(key).or_insert(record);
            }
            for (id, locked) in self.locked.packages.clone() {
                lock.packages.entry(id).or_insert(locked);
            }
        }
        lock.others.clone_from(&self.locked.others);
        let dir = self.options.root.join(&self.options.modules_dir);
        // Who calls no modules has no folder for them.
        if !manifest.records.is_empty() || dir.is_dir() {
            manifest.write(&dir).map_err(at(&dir))?;
        }
        // With `readonly`, what is not needed any more may stay.
        if lock != self.locked && !self.options.readonly {
            lock.write(&self.options.root)?;
        }
        Ok(())
    }

    async fn of_registry(
        &self,
        call: Call<'_>,
        address: &RegistryAddress,
    ) -> Result<Installed, InstallError> {
        let version = self.version(call, address).await?;
        let id = PackageId {
            source: address.package(),
            version: version.clone(),
        };
        let place = async {
            let found = self.registries.place(address, &version).await;
            found.map_err(|source| InstallError::Registry {
                package: address.package(),
                source,
            })
        };
        self.put(call, address.to_string(), &id, &address.subdir, place)
            .await
    }

    /// The version that is locked, else the one that is installed, else the newest; always one that the call allows.
    async fn version(
        &self,
        call: Call<'_>,
        address: &RegistryAddress,
    ) -> Result<String, InstallError> {
        let package = address.package();
        if !self.options.upgrade {
            let locked = self.locked.versions(&package, call.key);
            let installed = self.before.records.get(call.key);
            let installed = installed.filter(|record| record.source == address.to_string());
            let installed = installed.map(|record| record.version.as_str());
            let known = locked.into_iter().chain(installed);
            if let Some(version) = known
                .into_iter()
                .find(|version| call.versions.meets(version))
            {
                return Ok(version.to_owned());
            }
        }
        let cell = {
            let mut known = guard(&self.versions);
            Arc::clone(known.entry(package.clone()).or_default())
        };
        let versions = cell.get_or_init(|| async {
            let found = self.registries.versions(address).await;
            found.map(Arc::new).map_err(|source| {
                let package = package.clone();
                Arc::new(InstallError::Registry { package, source })
            })
        });
        let versions = match versions.await {
            Ok(versions) => Arc::clone(versions),
            Err(error) => return Err(InstallError::Shared(Arc::clone(error))),
        };
        call.versions.newest(&versions).ok_or_else(|| {
            let shown: Vec<&str> = versions.iter().take(20).map(String::as_str).collect();
            let known = if shown.is_empty() {
                String::from("none")
            } else {
                shown.join(", ")
            };
            InstallError::NoVersion { package, known }
        })
    }

    /// A folder of this machine that is named by its path: linked to, and not locked, for the user works on it.
    async fn of_folder(&self, call: Call<'_>, remote: &Remote) -> Result<Installed, InstallError> {
        let target = self.package_dir(call.key);
        crate::files::remove(&target).map_err(at(&target))?;
        self.watcher
            .downloading(&remote.package.to_string(), call.key);
        let scratch = self.scratch()?;
        let got = fetch(&self.ctx, remote, Word::Users, (&target, &scratch), &|_| {}).await;
        let fetched = got.map_err(|source| InstallError::Get {
            package: remote.package.to_string(),
            source,
        })?;
        let dir = self.dir(call.key, &fetched.subdir);
        self.record(call.key, remote.to_string(), String::new(), dir.clone());
        Ok(Installed {
            dir,
            notes: Vec::new(),
        })
    }

    /// Puts a package in its place: as it is there, or fetched.
    async fn put(
        &self,
        call: Call<'_>,
        source: String,
        id: &PackageId,
        subdir: &str,
        place: impl Future<Output = Result<(Remote, Word), InstallError>>,
    ) -> Result<Installed, InstallError> {
        if let Some(dir) = self.reusable(call, &source, id) {
            if let Some(locked) = self.locked.packages.get(id) {
                self.lock(id, locked.clone(), call.key);
            }
            self.record(call.key, source, id.version.clone(), dir.clone());
            return Ok(Installed {
                dir,
                notes: Vec::new(),
            });
        }
        let shown = format!("{} {}", id.source, id.version);
        self.watcher.downloading(shown.trim_end(), call.key);
        let cell = {
            let mut packages = guard(&self.packages);
            Arc::clone(packages.entry(id.clone()).or_default())
        };
        let ready = cell.get_or_init(|| async {
            let package = async { self.package(call, id, place.await?).await };
            package.await.map(Arc::new).map_err(Arc::new)
        });
        let ready = match ready.await {
            Ok(ready) => Arc::clone(ready),
            Err(error) => return Err(InstallError::Shared(Arc::clone(error))),
        };
        let target = self.package_dir(call.key);
        place_at(&ready, &target).map_err(at(&target))?;
        let subdir = joined(&ready.fetched.subdir, subdir);
        let subdir = expanded(&target, &subdir).map_err(|source| InstallError::Get {
            package: shown.trim_end().to_owned(),
            source,
        })?;
        let dir = self.dir(call.key, &subdir);
        self.lock(id, ready.locked.clone(), call.key);
        self.record(call.key, source, id.version.clone(), dir.clone());
        let notes = ready.fetched.notes.clone();
        Ok(Installed { dir, notes })
    }

    /// The folder of a call if what is there is what is locked.
    fn reusable(&self, call: Call<'_>, source: &str, id: &PackageId) -> Option<String> {
        if self.options.upgrade {
            return None;
        }
        let record = self.before.records.get(call.key)?;
        let locked = self.locked.packages.get(id)?;
        let same = record.source == source && record.version == id.version;
        let dir = self.options.root.join(&record.dir);
        if !same || !dir.is_dir() || !record.dir.starts_with(&self.dir(call.key, "")) {
            return None;
        }
        let tree = tree(&self.package_dir(call.key)).ok()?;
        (LockedPackage::of(&tree, None).hash == locked.hash).then(|| record.dir.clone())
    }

    async fn package(
        &self,
        call: Call<'_>,
        id: &PackageId,
        (remote, word): (Remote, Word),
    ) -> Result<Ready, InstallError> {
        let name = format!("{} {}", id.source, id.version)
            .trim_end()
            .to_owned();
        let scratch = self.scratch()?;
        let into = scratch.join("package");
        let progress = |transferred| self.watcher.progress(call.key, transferred);
        let got = fetch(&self.ctx, &remote, word, (&into, &scratch), &progress).await;
        let fetched = got.map_err(|source| InstallError::Get {
            package: name.clone(),
            source,
        })?;
        let tree = tree(&into).map_err(|source| InstallError::Tree {
            package: name.clone(),
            source,
        })?;
        let now = LockedPackage::of(&tree, fetched.revision.clone());
        let mut fetched = fetched;
        match self
            .locked
            .packages
            .get(id)
            .map(|known| known.difference(&now))
        {
            Some(None) => {}
            Some(Some(difference)) if self.options.upgrade && !self.options.readonly => {
                fetched
                    .notes
                    .push(format!("{name} has changed: {difference}"));
            }
            Some(Some(difference)) => {
                return Err(InstallError::Changed {
                    package: name,
                    difference,
                });
            }
            None if self.options.readonly => return Err(InstallError::NotLocked { package: name }),
            None => {}
        }
        Ok(Ready {
            at: Mutex::new((into, false)),
            fetched,
            locked: now,
        })
    }

    /// A new folder for what is needed on the way, on the file system of the modules.
    fn scratch(&self) -> Result<PathBuf, InstallError> {
        let dir = self.options.root.join(&self.options.modules_dir);
        let mut scratch = guard(&self.scratch);
        let root = match &*scratch {
            Some(root) => root.path().to_owned(),
            None => {
                std::fs::create_dir_all(&dir).map_err(at(&dir))?;
                let made = tempfile::Builder::new().prefix(".fetch-").tempdir_in(&dir);
                let made = made.map_err(at(&dir))?;
                let path = made.path().to_owned();
                *scratch = Some(made);
                path
            }
        };
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let path = root.join(number.to_string());
        std::fs::create_dir(&path).map_err(at(&path))?;
        Ok(path)
    }

    fn package_dir(&self, key: &str) -> PathBuf {
        self.options.root.join(&self.options.modules_dir).join(key)
    }

    fn dir(&self, key: &str, subdir: &str) -> String {
        joined(&format!("{}/{key}", self.options.modules_dir), subdir)
    }

    fn record(&self, key: &str, source: String, version: String, dir: String) {
        let key = key.to_owned();
        let record = Record {
            key: key.clone(),
            source,
            version,
            dir,
        };
        guard(&self.now).0.records.insert(key, record);
    }

    fn lock(&self, id: &PackageId, mut locked: LockedPackage, key: &str) {
        let mut now = guard(&self.now);
        let entry = now.1.packages.entry(id.clone()).or_insert_with(|| {
            locked.calls.clear();
            locked
        });
        entry.calls.insert(key.to_owned());
    }
}

/// Moves the files of a package to their place, or copies them from where they were moved to.
fn place_at(ready: &Ready, target: &Path) -> io::Result<()> {
    crate::files::remove(target)?;
    let mut at = guard(&ready.at);
    let (path, taken) = &mut *at;
    if *taken {
        return crate::files::copy_tree(path, target);
    }
    std::fs::rename(&*path, target)?;
    *path = target.to_owned();
    *taken = true;
    Ok(())
}

/// The folder that a local source means, which must not lead out of the package of its caller.
///
/// # Errors
/// When it does.
pub fn local(modules_dir: &str, caller_dir: &str, path: &str) -> Result<String, InstallError> {
    let dir = join(caller_dir, path);
    let inside = |dir: &str| {
        let rest = dir.strip_prefix(modules_dir)?.strip_prefix('/')?;
        let key = rest.split('/').next()?;
        Some(format!("{modules_dir}/{key}"))
    };
    match inside(caller_dir) {
        Some(package) if inside(&dir).as_ref() != Some(&package) => Err(InstallError::Escape {
            source_text: path.to_owned(),
            package,
        }),
        _ => Ok(dir),
    }
}

/// Why what is installed can't be used: a sentence, or nothing if there is nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotInstalled(String);

/// The folder of a call as it is installed.
///
/// # Errors
/// When it is not installed, or something else is.
pub fn installed(
    manifest: &Manifest,
    modules_dir: &str,
    call: Call<'_>,
) -> Result<String, NotInstalled> {
    let address = Address::parse(call.source, call.with_version)
        .map_err(|error| NotInstalled(error.to_string()))?;
    if let Address::Local(path) = &address {
        let dir = local(modules_dir, call.caller_dir, path);
        return dir.map_err(|error| NotInstalled(error.to_string()));
    }
    let Some(record) = manifest.records.get(call.key) else {
        return Err(NotInstalled(String::new()));
    };
    if record.source != address.to_string() {
        return Err(NotInstalled(format!(
            "The source of the module {} has changed since it was installed.",
            call.key
        )));
    }
    if !record.version.is_empty() && !call.versions.meets(&record.version) {
        return Err(NotInstalled(format!(
            "The version {} of the module {} is installed, which its constraint does not allow any more.",
            record.version, call.key
        )));
    }
    Ok(record.dir.clone())
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> InstallError + use<> {
    let path = path.to_owned();
    move |source| InstallError::Io { path, source }
}
