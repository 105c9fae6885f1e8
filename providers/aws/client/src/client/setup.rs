//! Making a client out of settings.

use super::address::{Addresses, profile_value};
use super::credentials::{Credentials, Source, profile_name, sources};
use super::http::Http;
use super::retry::Pace;
use super::{Client, Identity, Inner};
use crate::ApiError;
use crate::endpoint::region_is_known;
use crate::settings::{RetryMode, Settings};
use aws_config::meta::region::ProvideRegion as _;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tokio::sync::OnceCell;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// No region anywhere.
    #[error(
        "no region is set: set `region` in the provider block, AWS_REGION, or `region` in the profile"
    )]
    NoRegion,
    /// A region that nobody knows.
    #[error(
        "the region {0:?} is not known: correct it, or set `skip_region_validation = true` if it is a new one"
    )]
    UnknownRegion(String),
    /// A setting that can't be used.
    #[error("{0}")]
    Setting(String),
    /// Nobody says whose the credentials are.
    #[error("the credentials can't be tried out: {0}")]
    Unreachable(#[source] Box<ApiError>),
    /// The credentials are not good.
    #[error("the credentials can't be used: {0}")]
    Credentials(#[source] Box<ApiError>),
    /// The account is not known.
    #[error("the account can't be asked for: {0}")]
    Account(#[source] Box<ApiError>),
    /// The account may not be used.
    #[error(
        "the credentials are of the account {0}, which `allowed_account_ids` or `forbidden_account_ids` rules out"
    )]
    WrongAccount(String),
}

impl Client {
    /// Makes a client and does what the provider does when it is configured: the credentials are tried out, the account is asked for and looked
    /// up in the lists. `None`: nothing of it was wanted.
    ///
    /// # Errors
    /// When a setting can't be used, the credentials are refused, or the account is ruled out.
    pub async fn connect(settings: Settings) -> Result<(Self, Option<Identity>), SetupError> {
        let client = Self::new(settings).await?;
        let settings = client.settings();
        let lists =
            !settings.allowed_account_ids.is_empty() || !settings.forbidden_account_ids.is_empty();
        let account = !settings.skip_requesting_account_id || lists;
        if !account && settings.skip_credentials_validation {
            return Ok((client, None));
        }
        let identity = match client.identity().await {
            Ok(identity) => identity.clone(),
            Err(error) if !settings.skip_credentials_validation && error.code == "NoAnswer" => {
                return Err(SetupError::Unreachable(Box::new(error)));
            }
            Err(error) if !settings.skip_credentials_validation => {
                return Err(SetupError::Credentials(Box::new(error)));
            }
            Err(error) => match client.identity_by_iam().await {
                Some(identity) => identity,
                None => return Err(SetupError::Account(Box::new(error))),
            },
        };
        let allowed = &settings.allowed_account_ids;
        let fine = (allowed.is_empty() || allowed.contains(&identity.account))
            && !settings.forbidden_account_ids.contains(&identity.account);
        if !fine {
            return Err(SetupError::WrongAccount(identity.account));
        }
        Ok((client, Some(identity)))
    }

    /// Makes a client. Nothing is asked of the network but, where no region is set, the machine's metadata.
    ///
    /// # Errors
    /// When there is no region, or a setting can't be used.
    pub async fn new(settings: Settings) -> Result<Self, SetupError> {
        let bundle = settings
            .ca_bundle
            .clone()
            .or_else(|| settings.variable("AWS_CA_BUNDLE").map(PathBuf::from));
        let mut http = Http::new(&settings, bundle.as_deref()).map_err(SetupError::Setting)?;
        let config = shared_config(&settings, &http).await;
        if bundle.is_none()
            && let Some(path) = profile_value(&config, "none", "ca_bundle", "AWS_CA_BUNDLE")
        {
            let path = PathBuf::from(path);
            http = Http::new(&settings, Some(&path)).map_err(SetupError::Setting)?;
        }
        let region = config.region().map(ToString::to_string);
        let region = region.ok_or(SetupError::NoRegion)?;
        if !settings.skip_region_validation && !region_is_known(&region) {
            return Err(SetupError::UnknownRegion(region));
        }
        let for_keys = (http.for_sdk(), Some(Region::new(region.clone())));
        let parts = Parts {
            region,
            http,
            config,
            settings,
        };
        let access = parts.settings.access.clone();
        let sts = access.sts_region.as_deref();
        let mut source = match access.web_role {
            Some(role) => {
                let nobody = sources(&Settings::default_keys());
                let nobody = nobody.provider(for_keys.0, for_keys.1).await;
                Source::WebRole(parts.client(Source::Provider(nobody), sts)?, role)
            }
            None => {
                let sources = sources(&parts.settings);
                Source::Provider(sources.provider(for_keys.0, for_keys.1).await)
            }
        };
        for role in access.roles {
            source = Source::Role(parts.client(source, sts)?, role);
        }
        parts.client(source, None)
    }
}

impl Settings {
    /// Settings with keys that are never used: requests with a token have no signature.
    fn default_keys() -> Self {
        let mut settings = Self::default();
        settings.access.keys = Some(crate::Keys::default());
        settings
    }
}

/// What clients of one configuration share.
struct Parts {
    region: String,
    http: Http,
    config: SdkConfig,
    settings: Settings,
}

impl Parts {
    fn client(&self, source: Source, region: Option<&str>) -> Result<Client, SetupError> {
        let settings = self.settings.clone();
        let retries = settings.max_retries.map_or_else(|| self.retries(), Ok)?;
        let mode = settings.retry_mode.map_or_else(|| self.mode(), Ok)?;
        Ok(Client {
            inner: Arc::new(Inner {
                region: region.unwrap_or(&self.region).to_owned(),
                http: self.http.clone(),
                addresses: Addresses::new(&settings, Some(self.config.clone())),
                credentials: Credentials::new(source),
                pace: Pace::new(&settings, retries, mode),
                identity: OnceCell::new(),
                buckets: std::sync::Mutex::default(),
                clock_ahead_s: AtomicI64::new(0),
                settings,
            }),
        })
    }

    fn value(&self, key: &str, variable: &str) -> Option<String> {
        let set = self.settings.variable(variable).map(str::to_owned);
        set.or_else(|| profile_value(&self.config, "none", key, variable))
    }

    /// Retries: attempts less the first one.
    fn retries(&self) -> Result<u32, SetupError> {
        let Some(text) = self.value("max_attempts", "AWS_MAX_ATTEMPTS") else {
            return Ok(Pace::MAX_RETRIES);
        };
        let attempts: u32 = text.trim().parse().map_err(|_| {
            SetupError::Setting(format!("the number of attempts {text:?} is no number"))
        })?;
        Ok(attempts.saturating_sub(1))
    }

    fn mode(&self) -> Result<RetryMode, SetupError> {
        match self.value("retry_mode", "AWS_RETRY_MODE").as_deref() {
            None | Some("standard" | "legacy") => Ok(RetryMode::Standard),
            Some("adaptive") => Ok(RetryMode::Adaptive),
            Some(other) => Err(SetupError::Setting(format!(
                "the retry mode {other:?} is neither `standard` nor `adaptive`"
            ))),
        }
    }
}

/// What the shared files say, with the region.
async fn shared_config(settings: &Settings, http: &Http) -> SdkConfig {
    let files = sources(settings).profile_files();
    let mut region = settings.region.clone().filter(|region| !region.is_empty());
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        region = region.or_else(|| settings.variable(variable).map(str::to_owned));
    }
    let alone = settings.access.skip_metadata_api_check == Some(true);
    if region.is_none() && alone {
        let mut profile = ProfileFileRegionProvider::builder().profile_files(files.clone());
        if let Some(name) = profile_name(settings) {
            profile = profile.profile_name(name);
        }
        region = profile
            .build()
            .region()
            .await
            .map(|region| region.to_string());
    }
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.for_sdk())
        .profile_files(files)
        .no_credentials();
    if let Some(name) = profile_name(settings) {
        loader = loader.profile_name(name);
    }
    loader = match region {
        Some(region) => loader.region(Region::new(region)),
        None if alone => loader.region(Nowhere),
        None => loader,
    };
    loader.load().await
}

/// No region, and nobody is asked.
#[derive(Debug)]
struct Nowhere;

impl aws_config::meta::region::ProvideRegion for Nowhere {
    fn region(&self) -> aws_config::meta::region::future::ProvideRegion<'_> {
        aws_config::meta::region::future::ProvideRegion::ready(None)
    }
}
