//! Modules that are not beside the configuration: installing them for `init` and `get`, and finding them for everything else.

pub mod copy;

use crate::failure::Failure;
use crate::load::{LoadedTree, folder};
use crate::plugins;
use crate::rules::modules as rules;
use crate::session::Session;
use futures::stream::{FuturesOrdered, StreamExt as _};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use terrane_config::load::{Loader, ModuleFolder, ModuleRequest};
use terrane_config::version::{Constraint, Version};
use terrane_fetch::credentials::Credentials;
use terrane_fetch::discovery::Discovery;
use terrane_fetch::oci::{OciClient, OciLogins};
use terrane_fetch::{Client, ClientOptions, Transferred};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::ModulePath;
use terrane_modules::Context;
use terrane_modules::address::Address;
use terrane_modules::install::{
    Call, InstallError, InstallOptions, Installer, VersionChoice, Watcher, installed,
};
use terrane_modules::manifest::Manifest;

/// How many packages are fetched at the same time.
const AT_ONCE: usize = 8;

/// Hears a line at the moment at which it is true.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// How modules are installed.
#[derive(Clone)]
pub struct Options {
    /// Newer versions and other contents are taken (`init -upgrade`, `get -update`).
    pub upgrade: bool,
    /// The lock file must say all already (`-lockfile=readonly`).
    pub readonly: bool,
    /// Where progress is told.
    pub say: Say,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("upgrade", &self.upgrade)
            .field("readonly", &self.readonly)
            .finish_non_exhaustive()
    }
}

/// The folder of installed modules: that of the peers, who read its manifest.
fn modules_dir(session: &Session) -> String {
    let data = session.env.get("TF_DATA_DIR").filter(|dir| !dir.is_empty());
    let data = data.map_or(".terraform", |dir| dir.trim_end_matches('/'));
    format!("{data}/modules")
}

/// The place of a module in the tree, as the manifest of the peers writes it.
fn key(prefix: &str, path: &ModulePath) -> String {
    let own = path.0.iter().map(AsRef::as_ref);
    let parts: Vec<&str> = std::iter::once(prefix)
        .filter(|prefix| !prefix.is_empty())
        .chain(own)
        .collect();
    parts.join(".")
}

/// What a `version` argument allows.
struct Choice(Option<Constraint>);

impl Choice {
    fn of(request: &ModuleRequest) -> Result<Self, String> {
        let Some(text) = &request.version else {
            return Ok(Self(None));
        };
        match Constraint::parse(text) {
            Some(constraint) => Ok(Self(Some(constraint))),
            None => Err(format!("{text:?} is no version constraint.")),
        }
    }
}

impl VersionChoice for Choice {
    fn meets(&self, version: &str) -> bool {
        let Some(version) = Version::parse(version) else {
            return false;
        };
        match &self.0 {
            Some(constraint) => constraint.allows(&version),
            None => !version.is_prerelease(),
        }
    }

    fn newest(&self, versions: &[String]) -> Option<String> {
        let fitting = versions.iter().filter(|text| self.meets(text));
        let parsed = fitting.filter_map(|text| Some((Version::parse(text)?, text)));
        parsed
            .max_by(|(left, _), (right, _)| left.cmp(right))
            .map(|(_, text)| text.clone())
    }
}

/// The modules that are installed, for commands that install nothing.
#[derive(Debug)]
pub(crate) struct Modules {
    manifest: Manifest,
    dir: String,
    prefix: String,
}

impl Modules {
    /// What the manifest says. One that can't be read is as none: `init` writes it anew.
    pub(crate) fn of(session: &Session) -> Self {
        let dir = modules_dir(session);
        Self {
            manifest: Manifest::read(&PathBuf::from(&dir)).unwrap_or_default(),
            dir,
            prefix: String::new(),
        }
    }

    /// For the modules below one that a test executes.
    pub(crate) fn below(mut self, prefix: String) -> Self {
        self.prefix = prefix;
        self
    }

    /// The folder of a module that a test executes.
    pub(crate) fn single(&self, key: &str, source: &str) -> Result<String, String> {
        let choice = Choice(None);
        let found = installed(&self.manifest, &self.dir, lone(key, source, &choice));
        found.map_err(|error| {
            let error = error.to_string();
            let space = if error.is_empty() { "" } else { " " };
            format!("{error}{space}This module is not yet installed. Run \"terrane init\" to install all modules required by this configuration.")
        })
    }

    /// The folder of a call, relative to the working directory.
    pub(crate) fn dir(&self, request: &ModuleRequest) -> Result<String, String> {
        let key = key(&self.prefix, &request.path);
        let choice = Choice::of(request)?;
        installed(&self.manifest, &self.dir, call(request, &key, &choice))
            .map_err(|error| error.to_string())
    }

    /// What is wrong with the address of a call, so that it can't be installed. What is beside the configuration is looked for as it is.
    pub(crate) fn address_problem(request: &ModuleRequest) -> Option<Diagnostic> {
        if terrane_modules::kind(&request.source) == terrane_modules::Kind::Local {
            return None;
        }
        let parsed = Address::parse(&request.source, request.version.is_some());
        let problem = InstallError::Address(parsed.err()?);
        Some(Diagnostic::error(&rules::SOURCE, problem.told()).at(request.span))
    }

    /// The files of a call.
    pub(crate) fn folder(&self, request: &ModuleRequest) -> Result<ModuleFolder, String> {
        folder(&self.dir(request)?)
    }
}

fn call<'a>(request: &'a ModuleRequest, key: &'a str, choice: &'a Choice) -> Call<'a> {
    Call {
        key,
        source: &request.source,
        with_version: request.version.is_some(),
        versions: choice,
        caller_dir: &request.caller_dir,
    }
}

fn lone<'a>(key: &'a str, source: &'a str, choice: &'a Choice) -> Call<'a> {
    Call {
        key,
        source,
        with_version: false,
        versions: choice,
        caller_dir: ".",
    }
}

/// The place of a module that a run of a test executes, as the peers write it: `test.tests.main.setup`.
pub(crate) fn test_key(path: &str, run: &str) -> String {
    let stem = [
        ".tftest.hcl",
        ".tofutest.hcl",
        ".tftest.json",
        ".tofutest.json",
    ]
    .into_iter()
    .find_map(|ending| path.strip_suffix(ending))
    .unwrap_or(path);
    format!("test.{}.{run}", stem.replace('/', "."))
}

/// The folder in a saved plan that a call was read from: the first one within the package of its key, for callers come before what they call.
pub(crate) fn saved<'a>(
    folders: &'a [ModuleFolder],
    request: &ModuleRequest,
) -> Option<&'a ModuleFolder> {
    let key = key("", &request.path);
    folders.iter().find(|folder| {
        let mut parts = folder.dir.split('/').skip_while(|part| *part != "modules");
        parts.next().is_some() && parts.next() == Some(key.as_str())
    })
}

/// The place of a module that belongs to no call: its files become the configuration (`init -from-module`).
const FROM_MODULE: &str = ".from-module";

struct Telling(Say);

impl Watcher for Telling {
    fn downloading(&self, package: &str, key: &str) {
        let what = match key {
            FROM_MODULE => String::from("the configuration"),
            key => key.to_owned(),
        };
        (self.0)(&format!("Downloading {package} for {what}..."));
    }

    fn progress(&self, key: &str, transferred: Transferred) {
        tracing::trace!(key, bytes = transferred.bytes, "download");
    }
}

/// Installs the modules of one command.
pub(crate) struct Installation<'s> {
    session: &'s Session,
    installer: Installer,
    say: Say,
}

impl<'s> Installation<'s> {
    /// Sets up what is needed to install. Nothing is asked yet.
    ///
    /// # Errors
    /// When the lock file can't be read, or there is a problem with the settings of proxies.
    pub(crate) fn new(
        session: &'s Session,
        options: &Options,
        diagnostics: &mut Diagnostics,
    ) -> Result<Self, Failure> {
        let failed = |detail: String| Failure::input(&rules::NOT_INSTALLED, detail);
        let settings = plugins::settings(session, diagnostics);
        let agent = format!("terrane/{}", env!("CARGO_PKG_VERSION"));
        let client = Client::new(ClientOptions::new(agent, &session.env, &settings))
            .map_err(|error| failed(format!("Modules can't be fetched: {error}.")))?;
        let credentials = Credentials::new(&session.env, &settings);
        let ctx = Context {
            client: client.clone(),
            oci: OciClient::new(client.clone(), OciLogins::new(&session.env, &settings)),
            env: session.env.clone(),
        };
        let installer = Installer::new(
            ctx,
            Arc::new(Discovery::new(client, credentials, &settings)),
            InstallOptions {
                root: PathBuf::from("."),
                modules_dir: modules_dir(session),
                upgrade: options.upgrade,
                readonly: options.readonly,
            },
            Arc::new(Telling(Arc::clone(&options.say))),
        )
        .map_err(|error| failed(error.told()))?;
        Ok(Self {
            session,
            installer,
            say: Arc::clone(&options.say),
        })
    }

    /// Gives a loader all modules that it asks for. Packages are fetched at the same time, folders are given in the order of the requests.
    pub(crate) async fn provide(
        &self,
        loader: &mut Loader,
        prefix: &str,
        (folders, diagnostics): (&mut Vec<ModuleFolder>, &mut Diagnostics),
    ) {
        let mut waiting = VecDeque::new();
        let mut going = FuturesOrdered::new();
        loop {
            while let Some(request) = loader.poll() {
                waiting.push_back(request);
            }
            while going.len() < AT_ONCE
                && let Some(request) = waiting.pop_front()
            {
                going.push_back(self.one(request, prefix));
            }
            let Some((request, found)) = going.next().await else {
                return;
            };
            match found {
                Ok((found, notes)) => {
                    let key = key(prefix, &request.path);
                    (self.say)(&format!("- {key} in {}", found.dir));
                    diagnostics.extend(notes.into_iter().map(|note| {
                        let detail = format!("About the module {key}: {note}.");
                        Diagnostic::warning(&rules::NOTE, detail).at(request.span)
                    }));
                    if !folders.iter().any(|known| known.dir == found.dir) {
                        folders.push(found.clone());
                    }
                    loader.provide(&request, Ok(found));
                }
                Err(Trouble::Folder(reason)) => loader.provide(&request, Err(reason)),
                Err(Trouble::Install(rule, detail)) => {
                    diagnostics.push(Diagnostic::error(rule, detail).at(request.span));
                    loader.leave_out(&request);
                }
            }
        }
    }

    async fn one(
        &self,
        request: ModuleRequest,
        prefix: &str,
    ) -> (ModuleRequest, Result<(ModuleFolder, Vec<String>), Trouble>) {
        let key = key(prefix, &request.path);
        let found = async {
            let choice =
                Choice::of(&request).map_err(|why| Trouble::Install(&rules::SOURCE, why))?;
            let installed = self.installer.install(call(&request, &key, &choice)).await;
            let installed =
                installed.map_err(|error| Trouble::Install(rule(&error), error.told()))?;
            let folder = folder(&installed.dir).map_err(Trouble::Folder)?;
            Ok((folder, installed.notes))
        };
        let found = found.await;
        (request, found)
    }

    /// Installs one module by its address, for a test that executes it.
    pub(crate) async fn single(&self, key: &str, source: &str) -> Result<String, String> {
        let choice = Choice(None);
        let call = lone(key, source, &choice);
        let installed = self
            .installer
            .install(call)
            .await
            .map_err(|error| error.told())?;
        (self.say)(&format!("- {key} in {}", installed.dir));
        Ok(installed.dir)
    }

    /// Fetches a module that belongs to no call: where its package is, and its own folder.
    pub(crate) async fn fetch_only(&self, source: &str) -> Result<(String, String), String> {
        let choice = Choice(None);
        let installed = self
            .installer
            .install(lone(FROM_MODULE, source, &choice))
            .await;
        let installed = installed.map_err(|error| error.told())?;
        let package = format!("{}/{FROM_MODULE}", modules_dir(self.session));
        Ok((package, installed.dir))
    }

    /// Writes manifest and lock file.
    ///
    /// # Errors
    /// When they can't be written.
    pub(crate) fn finish(self, all: bool) -> Result<(), Failure> {
        self.installer
            .finish(all)
            .map_err(|error| Failure::input(&rules::NOT_INSTALLED, error.told()))
    }
}

/// Why a module can't be given.
enum Trouble {
    /// What is installed can't be read.
    Folder(String),
    /// It can't be installed.
    Install(&'static terrane_lang::diagnostic::Rule, String),
}

fn rule(error: &InstallError) -> &'static terrane_lang::diagnostic::Rule {
    match error {
        InstallError::Address(_) | InstallError::Escape { .. } => &rules::SOURCE,
        InstallError::Registry { .. } => &rules::REGISTRY,
        InstallError::NoVersion { .. } => &rules::NO_VERSION,
        InstallError::Changed { .. } | InstallError::NotLocked { .. } | InstallError::Lock(_) => {
            &rules::LOCKED
        }
        InstallError::Shared(inner) => rule(inner),
        InstallError::Get { .. } | InstallError::Tree { .. } | InstallError::Io { .. } => {
            &rules::NOT_INSTALLED
        }
    }
}

/// The declarations of all modules, which are installed on the way.
pub(crate) async fn tree(
    installation: &Installation<'_>,
    (root, mut loader): (ModuleFolder, Loader),
) -> LoadedTree {
    let mut folders = vec![root];
    let mut diagnostics = Diagnostics::new();
    installation
        .provide(&mut loader, "", (&mut folders, &mut diagnostics))
        .await;
    let (tree, sources, found) = loader.finish();
    diagnostics.extend(found);
    LoadedTree {
        tree,
        sources,
        diagnostics,
        folders,
    }
}
