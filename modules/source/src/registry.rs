//! The protocol of module registries: which versions there are, and where one is.

use crate::address::{RegistryAddress, Remote};
use crate::get::{GetError, Word, elsewhere};
use serde_json::Value;
use std::sync::Arc;
use terrane_fetch::discovery::{Discovery, DiscoveryError, MODULES, Service};
use terrane_fetch::{Answer, FetchError, Request, Url};

/// Why a registry does not help.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The host is no registry of modules, or can't be asked.
    #[error("the registry {host} can't be used")]
    Discovery {
        /// Which one.
        host: String,
        /// Why.
        source: DiscoveryError,
    },
    /// The registry can't be asked.
    #[error("the registry {host} can't be asked about {module}")]
    Fetch {
        /// Which one.
        host: String,
        /// About which module.
        module: String,
        /// Why.
        source: FetchError,
    },
    /// It has no such module.
    #[error("the registry {host} has no module {module}{}", if *anonymous { "; a private one asks for credentials: a credentials block in the settings, or a variable TF_TOKEN_…" } else { "" })]
    NotFound {
        /// Which one.
        host: String,
        /// Which module.
        module: String,
        /// Whether it was asked without credentials.
        anonymous: bool,
    },
    /// It does not want to say.
    #[error("the registry {host} refuses {module} with status {status}: {}", if *anonymous { "it asks for credentials, from a credentials block in the settings or a variable TF_TOKEN_…" } else { "the credentials for it are not good enough" })]
    Refused {
        /// Which one.
        host: String,
        /// Which module.
        module: String,
        /// The status.
        status: u16,
        /// Whether it was asked without credentials.
        anonymous: bool,
    },
    /// Its answer makes no sense.
    #[error("the registry {host} gives an answer about {module} that makes no sense: {why}")]
    Answer {
        /// Which one.
        host: String,
        /// About which module.
        module: String,
        /// A part of a sentence.
        why: String,
    },
}

/// Asks registries.
#[derive(Clone, Debug)]
pub(crate) struct Registries {
    discovery: Arc<Discovery>,
}

impl Registries {
    pub(crate) fn new(discovery: Arc<Discovery>) -> Self {
        Self { discovery }
    }

    /// The versions of a module, as the registry lists them.
    pub(crate) async fn versions(
        &self,
        address: &RegistryAddress,
    ) -> Result<Vec<String>, RegistryError> {
        let service = self.service(address).await?;
        let answer = self.ask(address, &service, "versions").await?;
        let content = answer.json().map_err(|error| fetch(address, error))?;
        let versions = content
            .get("modules")
            .and_then(|modules| modules.get(0))
            .and_then(|module| module.get("versions"))
            .and_then(Value::as_array)
            .ok_or_else(|| odd(address, "it lists no versions"))?;
        let texts = versions
            .iter()
            .filter_map(|one| one.get("version")?.as_str());
        Ok(texts.map(str::to_owned).collect())
    }

    /// Where a version is, and whose word that is.
    pub(crate) async fn place(
        &self,
        address: &RegistryAddress,
        version: &str,
    ) -> Result<(Remote, Word), RegistryError> {
        let service = self.service(address).await?;
        let path = format!("{version}/download");
        let answer = self.ask(address, &service, &path).await?;
        let place = match answer
            .header("X-Terraform-Get")
            .filter(|place| !place.is_empty())
        {
            Some(place) => place.to_owned(),
            None => {
                let content = answer.json().ok();
                let location = content
                    .as_ref()
                    .and_then(|content| content.get("location")?.as_str());
                let location = location.filter(|location| !location.is_empty());
                location
                    .ok_or_else(|| odd(address, "it does not say where the module is"))?
                    .to_owned()
            }
        };
        let remote = elsewhere(&answer.url, &place).map_err(|error| {
            let why = match error {
                GetError::Address(why) => why,
                other => other.to_string(),
            };
            odd(address, why)
        })?;
        let own = |url: &Url| {
            let origin = url.origin().ascii_serialization();
            self.discovery
                .client()
                .options()
                .plain_origins
                .contains(&origin)
        };
        let word = if own(&answer.url) {
            Word::OwnServers
        } else {
            Word::Servers
        };
        Ok((remote, word))
    }

    async fn service(&self, address: &RegistryAddress) -> Result<Service, RegistryError> {
        let service = self.discovery.service(&address.host, MODULES).await;
        service.map_err(|source| RegistryError::Discovery {
            host: address.host.display(),
            source,
        })
    }

    /// Asks for what is under `path` of a module.
    async fn ask(
        &self,
        address: &RegistryAddress,
        service: &Service,
        path: &str,
    ) -> Result<Answer, RegistryError> {
        let module = module(address);
        let url = service
            .url
            .join(&format!("{module}/{path}"))
            .map_err(|error| odd(address, error.to_string()))?;
        let mut request: Request<'_> = self.discovery.client().get(url);
        if let Some(token) = &service.token {
            request = request.bearer(token);
        }
        let answer = request
            .send()
            .await
            .map_err(|error| fetch(address, error))?;
        let host = address.host.display();
        let anonymous = service.token.is_none();
        match answer.status.as_u16() {
            404 => Err(RegistryError::NotFound {
                host,
                module,
                anonymous,
            }),
            status @ (401 | 403) => Err(RegistryError::Refused {
                host,
                module,
                status,
                anonymous,
            }),
            _ => answer.success().map_err(|error| fetch(address, error)),
        }
    }
}

fn module(address: &RegistryAddress) -> String {
    let RegistryAddress {
        namespace,
        name,
        system,
        ..
    } = address;
    format!("{namespace}/{name}/{system}")
}

fn fetch(address: &RegistryAddress, source: FetchError) -> RegistryError {
    RegistryError::Fetch {
        host: address.host.display(),
        module: module(address),
        source,
    }
}

fn odd(address: &RegistryAddress, why: impl Into<String>) -> RegistryError {
    RegistryError::Answer {
        host: address.host.display(),
        module: module(address),
        why: why.into(),
    }
}
