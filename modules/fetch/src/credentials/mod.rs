//! Tokens for hosts: of the environment, of the settings, of a helper program; and keeping those that a login gives.

mod file;
mod helper;

use crate::host::Host;
use crate::settings::{HelperSettings, Settings, config_dir};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// What variables that hold a token begin with.
const PREFIX: &str = "TF_TOKEN_";

/// A secret. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// Takes a secret.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why a token can't be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The helper program can't be used.
    #[error("the credentials helper {program}: {why}")]
    Helper {
        /// Its name.
        program: String,
        /// A part of a sentence.
        why: String,
    },
    /// The file can't be read or written.
    #[error("the credentials file {}: {why}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// A part of a sentence.
        why: String,
    },
    /// The token comes from elsewhere, so it can't be replaced or forgotten here.
    #[error("the token for {host} is in {place}, where it has to be changed by hand")]
    Elsewhere {
        /// Whose.
        host: String,
        /// Where.
        place: String,
    },
}

/// Where tokens come from.
#[derive(Clone, Debug)]
pub struct Credentials {
    env: BTreeMap<Host, Token>,
    settings: BTreeMap<Host, Token>,
    helper: Option<HelperSettings>,
    /// Folders in which the helper program may be.
    helper_dirs: Vec<PathBuf>,
    /// The file that a login writes.
    file: Option<PathBuf>,
}

impl Credentials {
    /// What environment and settings say.
    #[must_use]
    pub fn new(env: &BTreeMap<String, String>, settings: &Settings) -> Self {
        let dir = config_dir(env);
        Self {
            env: of_environment(env),
            settings: settings.credentials.clone(),
            helper: settings.credentials_helper.clone(),
            helper_dirs: helper::folders(dir.as_deref()),
            file: dir.map(|dir| dir.join("credentials.tfrc.json")),
        }
    }

    /// The token for a host: of `TF_TOKEN_…`, of the settings, of the helper, in this order.
    ///
    /// # Errors
    /// When the helper fails.
    pub async fn token(&self, host: &Host) -> Result<Option<Token>, CredentialsError> {
        if let Some(token) = self.env.get(host).or_else(|| self.settings.get(host)) {
            return Ok(Some(token.clone()));
        }
        match &self.helper {
            Some(helper) => helper::get(helper, &self.helper_dirs, host).await,
            None => Ok(None),
        }
    }

    /// Keeps a token: with the helper if there is one, else in `credentials.tfrc.json`, which only the user may read.
    ///
    /// # Errors
    /// When it can't be kept, or the token that is there can't be replaced.
    pub async fn store(&self, host: &Host, token: &Token) -> Result<PathBuf, CredentialsError> {
        self.changeable(host)?;
        if let Some(helper) = &self.helper {
            helper::store(helper, &self.helper_dirs, host, token).await?;
            return Ok(PathBuf::from(helper::program(helper)));
        }
        let file = self.file()?;
        file::change(file, host, Some(token))?;
        Ok(file.clone())
    }

    /// Forgets a token that [`Self::store`] kept.
    ///
    /// # Errors
    /// When it can't be forgotten.
    pub async fn forget(&self, host: &Host) -> Result<(), CredentialsError> {
        self.changeable(host)?;
        match &self.helper {
            Some(helper) => helper::forget(helper, &self.helper_dirs, host).await,
            None => file::change(self.file()?, host, None),
        }
    }

    /// Whether the token of a host may be replaced: nothing that comes before it says another.
    fn changeable(&self, host: &Host) -> Result<(), CredentialsError> {
        let elsewhere = |place: &str| {
            Err(CredentialsError::Elsewhere {
                host: host.display(),
                place: place.to_owned(),
            })
        };
        if self.env.contains_key(host) {
            return elsewhere("an environment variable (TF_TOKEN_…)");
        }
        let of_file = |path: &PathBuf| file::holds(path, host).unwrap_or_default();
        if self.settings.contains_key(host) && !self.file.as_ref().is_some_and(of_file) {
            return elsewhere("a settings file (credentials block)");
        }
        Ok(())
    }

    fn file(&self) -> Result<&PathBuf, CredentialsError> {
        self.file.as_ref().ok_or_else(|| CredentialsError::File {
            path: PathBuf::from("credentials.tfrc.json"),
            why: String::from("there is no home folder to keep it in (HOME is not set)"),
        })
    }
}

/// `TF_TOKEN_app_example_com`: dots are `_`, dashes may be `__`, other scripts are `xn--…`.
fn of_environment(env: &BTreeMap<String, String>) -> BTreeMap<Host, Token> {
    env.iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| {
            let encoded = name.strip_prefix(PREFIX)?;
            let host = encoded.replace("__", "-").replace('_', ".");
            Some((Host::parse(&host).ok()?, Token::new(value.clone())))
        })
        .collect()
}

#[cfg(test)]
mod tests;
