//! The settings of the command line: the file that `TF_CLI_CONFIG_FILE` names, or `~/.tofurc`, `~/.terraformrc`, and the files of the settings folder.

mod files;
mod hcl1;
mod installation;
mod read;

pub use files::{LoadedSettings, config_dir};
pub use installation::{Method, MethodKind};

use crate::client::{guard::is_loopback, origin};
use crate::credentials::Token;
use crate::host::Host;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use url::Url;

/// What settings say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Provider addresses, as they are written, and the folders in which their programs are.
    pub dev_overrides: BTreeMap<String, PathBuf>,
    /// Where providers come from, in the order in which it is written; None if nothing is said about that.
    pub installation: Option<Vec<Method>>,
    /// Where packages of providers are kept for all projects. Variables of the environment are filled in.
    pub plugin_cache_dir: Option<PathBuf>,
    /// Whether the cache may be used where the lock file does not know the hashes of its packages.
    pub plugin_cache_may_break_lock_file: bool,
    /// Services of hosts that are not asked for them, by their ids. Texts are addresses.
    pub hosts: BTreeMap<Host, BTreeMap<String, serde_json::Value>>,
    /// Tokens for hosts.
    pub credentials: BTreeMap<Host, Token>,
    /// The program that knows tokens.
    pub credentials_helper: Option<HelperSettings>,
    /// How often requests to registries are made again.
    pub registry_retries: Option<u32>,
    /// How long a request to a registry may take.
    pub registry_timeout_seconds: Option<u32>,
    /// Credentials of OCI registries, by `registry` or `registry/prefix`.
    pub oci_credentials: BTreeMap<String, OciCredentials>,
    /// Whether credentials of Docker and its like are not looked for.
    pub oci_ambient_disabled: bool,
    /// Files of credentials as Docker writes them, in place of the usual ones.
    pub oci_credential_files: Option<Vec<PathBuf>>,
}

/// A program that knows tokens: `terraform-credentials-<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelperSettings {
    /// Its name.
    pub name: String,
    /// Arguments that come before `get`.
    pub args: Vec<String>,
}

/// How to log in to an OCI registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OciCredentials {
    /// User and password.
    Basic(String, Token),
    /// A token.
    Bearer(Token),
}

/// What is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// Where, counted from 1.
    pub line: usize,
    /// A sentence without final period.
    pub problem: String,
}

impl Settings {
    /// Reads the text of a settings file. `env` fills in variables in paths. Settings that are about other things are left alone.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn parse(text: &str, env: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
        let items = hcl1::parse(text).map_err(|(line, problem)| SettingsError { line, problem })?;
        read::settings(&items, env)
    }

    /// Reads the text of a settings file in JSON (`*.tfrc.json`).
    ///
    /// # Errors
    /// When it can't be read.
    pub fn parse_json(text: &str, env: &BTreeMap<String, String>) -> Result<Self, SettingsError> {
        let value = serde_json::from_str(text).map_err(|error| SettingsError {
            line: error.line(),
            problem: format!("it is no JSON: {error}"),
        })?;
        read::settings(&read::of_json(value)?, env)
    }

    /// Takes over what `other` says. What was said before holds where both say something.
    pub fn merge(&mut self, other: Self) {
        let Self {
            dev_overrides,
            installation,
            plugin_cache_dir,
            plugin_cache_may_break_lock_file,
            hosts,
            credentials,
            credentials_helper,
            registry_retries,
            registry_timeout_seconds,
            oci_credentials,
            oci_ambient_disabled,
            oci_credential_files,
        } = other;
        for (addr, path) in dev_overrides {
            self.dev_overrides.entry(addr).or_insert(path);
        }
        self.installation = self.installation.take().or(installation);
        self.plugin_cache_dir = self.plugin_cache_dir.take().or(plugin_cache_dir);
        self.plugin_cache_may_break_lock_file |= plugin_cache_may_break_lock_file;
        for (host, services) in hosts {
            self.hosts.entry(host).or_insert(services);
        }
        for (host, token) in credentials {
            self.credentials.entry(host).or_insert(token);
        }
        self.credentials_helper = self.credentials_helper.take().or(credentials_helper);
        self.registry_retries = self.registry_retries.or(registry_retries);
        self.registry_timeout_seconds = self.registry_timeout_seconds.or(registry_timeout_seconds);
        for (place, credentials) in oci_credentials {
            self.oci_credentials.entry(place).or_insert(credentials);
        }
        self.oci_ambient_disabled |= oci_ambient_disabled;
        self.oci_credential_files = self.oci_credential_files.take().or(oci_credential_files);
    }

    /// Origins of this machine that `host` blocks name without TLS.
    #[must_use]
    pub fn plain_origins(&self) -> BTreeSet<String> {
        let services = self.hosts.values().flat_map(BTreeMap::values);
        let addresses = services.filter_map(|value| Url::parse(value.as_str()?).ok());
        addresses
            .filter(|url| url.scheme() == "http" && is_loopback(url))
            .map(|url| origin(&url))
            .collect()
    }
}

#[cfg(test)]
mod tests;
