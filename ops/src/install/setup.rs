//! Where providers come from and where they are put, by settings and environment.

use crate::plugins;
use crate::rules::install as rules;
use crate::session::Session;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_fetch::credentials::Credentials;
use terrane_fetch::discovery::Discovery;
use terrane_fetch::settings::{Settings, config_dir};
use terrane_fetch::{Client, ClientOptions};
use terrane_install::Platform;
use terrane_install::cache::Cache;
use terrane_install::place::Place;
use terrane_install::signature::Policy;
use terrane_install::source::{Folders, Source, Sources, implied};
use terrane_install::stamp::Stamps;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::with_causes;

/// What is remembered of packages, within the folder of what can be made again.
const STAMPS: &str = "packages.json";

/// Where packages are put that this folder uses, and what is known of them.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) place: Place,
    pub(crate) stamps: Stamps,
    pub(crate) platform: Platform,
}

impl Local {
    /// The folder is that of the peers, so that each finds what the other has installed.
    pub(crate) fn new(session: &Session) -> Self {
        let set = session.env.get("TF_DATA_DIR").filter(|dir| !dir.is_empty());
        let data = set.map_or_else(|| PathBuf::from(".terraform"), PathBuf::from);
        let scratch = session.data_dir.join("scratch");
        // What is put together must be on the same file system.
        let scratch = if session.data_dir == data {
            scratch
        } else {
            data.join(".terrane")
        };
        Self {
            place: Place::new(&data.join("providers"), &scratch),
            stamps: Stamps::load(&session.data_dir.join(STAMPS)),
            platform: Platform::current(),
        }
    }
}

/// What asks registries, with the settings of the user.
pub(crate) struct Network {
    pub(crate) discovery: Arc<Discovery>,
    pub(crate) settings: Settings,
}

/// Settings and client.
///
/// # Errors
/// When no client can be made of them.
pub(crate) fn network(
    session: &Session,
    diagnostics: &mut Diagnostics,
) -> Result<Network, Diagnostic> {
    let settings = plugins::settings(session, diagnostics);
    let agent = concat!("terrane/", env!("CARGO_PKG_VERSION"));
    let options = ClientOptions::new(agent, &session.env, &settings);
    let client = Client::new(options).map_err(|error| {
        let detail = format!("{}.", with_causes(&error));
        Diagnostic::error(&rules::INVALID_INSTALLATION, detail)
    })?;
    let credentials = Credentials::new(&session.env, &settings);
    let discovery = Arc::new(Discovery::new(client, credentials, &settings));
    Ok(Network {
        discovery,
        settings,
    })
}

/// The sources of packages, in their order. Folders given on the command line are the only ones then.
///
/// # Errors
/// When the settings say what can't be.
pub(crate) fn sources(
    session: &Session,
    network: &Network,
    plugin_dirs: &[PathBuf],
) -> Result<Sources, Diagnostic> {
    let wrong = |problem: String| {
        let detail =
            format!("The block provider_installation of the settings can't be used: {problem}.");
        Diagnostic::error(&rules::INVALID_INSTALLATION, detail)
    };
    let all = if !plugin_dirs.is_empty() {
        plugin_dirs.iter().map(|dir| Source::folder(dir)).collect()
    } else if let Some(methods) = &network.settings.installation {
        let read: Result<Vec<_>, _> = methods.iter().map(Source::new).collect();
        read.map_err(wrong)?
    } else {
        let dir = config_dir(&session.env);
        implied(&Folders::of(&session.env, dir.as_deref()))
    };
    let retries = session.env.get("TF_PROVIDER_DOWNLOAD_RETRY");
    let retries = retries.and_then(|text| text.trim().parse().ok());
    let sources = Sources::new(all, network.discovery.clone(), Policy::of(&session.env));
    Ok(match retries {
        Some(retries) => sources.with_download_retries(retries),
        None => sources,
    })
}

/// The cache that projects share.
///
/// # Errors
/// When the settings name a folder that is not there: a cache that was mistyped would go unnoticed.
pub(crate) fn cache(settings: &Settings) -> Result<Option<Cache>, Diagnostic> {
    let Some(dir) = &settings.plugin_cache_dir else {
        return Ok(None);
    };
    if !Path::new(dir).is_dir() {
        let detail = format!(
            "The folder {} that plugin_cache_dir (or TF_PLUGIN_CACHE_DIR) names does not exist. Make it, or take the setting out.",
            dir.display()
        );
        return Err(Diagnostic::error(&rules::INVALID_INSTALLATION, detail));
    }
    Ok(Some(Cache::new(
        dir,
        settings.plugin_cache_may_break_lock_file,
    )))
}
