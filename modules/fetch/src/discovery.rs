//! Which services a host offers, and where: `https://HOST/.well-known/terraform.json`, or what `host` blocks of the settings say.

use crate::client::Client;
use crate::credentials::{Credentials, CredentialsError, Token};
use crate::error::FetchError;
use crate::host::Host;
use crate::settings::Settings;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;
use url::Url;

/// Modules: the id of their service.
pub const MODULES: &str = "modules.v1";
/// Providers: the id of their service.
pub const PROVIDERS: &str = "providers.v1";
/// Logging in: the id of its service.
pub const LOGIN: &str = "login.v1";

/// How large a document may be.
const LIMIT: u64 = 1024 * 1024;

/// Why a service can't be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DiscoveryError {
    /// The host can't be asked.
    #[error("the services of {host} can't be found out")]
    Unreachable {
        /// Which one.
        host: Host,
        /// Why.
        source: Arc<FetchError>,
    },
    /// There is no token for it.
    #[error("the credentials for {host} can't be had")]
    Credentials {
        /// Which one.
        host: Host,
        /// Why.
        source: Arc<CredentialsError>,
    },
    /// The host has no such service.
    #[error("{host} offers no service {service}")]
    NotOffered {
        /// Which one.
        host: Host,
        /// The id of the service.
        service: String,
    },
    /// What the host says about the service is nonsense.
    #[error("what {host} says about its service {service} can't be used: {why}")]
    Unusable {
        /// Which one.
        host: Host,
        /// The id of the service.
        service: String,
        /// A part of a sentence.
        why: String,
    },
}

/// A service of a host.
#[derive(Clone, Debug)]
pub struct Service {
    /// Whose.
    pub host: Host,
    /// Where: ends with a slash, so that it can be joined with.
    pub url: Url,
    /// What is sent to this address (and its origin), and to no other.
    pub token: Option<Token>,
}

/// What a host says, and the address that what it says is relative to.
#[derive(Debug)]
struct Document {
    services: Map<String, Value>,
    base: Url,
}

type Cell = Arc<OnceCell<Arc<Document>>>;

/// Finds services. A host is asked once.
#[derive(Debug)]
pub struct Discovery {
    client: Client,
    credentials: Credentials,
    overrides: BTreeMap<Host, BTreeMap<String, Value>>,
    known: Mutex<BTreeMap<Host, Cell>>,
}

impl Discovery {
    /// With the `host` blocks of the settings.
    #[must_use]
    pub fn new(client: Client, credentials: Credentials, settings: &Settings) -> Self {
        Self {
            client,
            credentials,
            overrides: settings.hosts.clone(),
            known: Mutex::default(),
        }
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where tokens come from.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The address of a service, with the token for its host.
    ///
    /// # Errors
    /// When the host can't be asked, does not have it, or there is a problem with its token.
    pub async fn service(&self, host: &Host, id: &str) -> Result<Service, DiscoveryError> {
        let document = self.document(host).await?;
        let unusable = |why: String| DiscoveryError::Unusable {
            host: host.clone(),
            service: id.to_owned(),
            why,
        };
        let text = match document.services.get(id) {
            Some(Value::String(text)) => text,
            Some(_) => return Err(unusable(String::from("it is no address"))),
            None => {
                return Err(DiscoveryError::NotOffered {
                    host: host.clone(),
                    service: id.to_owned(),
                });
            }
        };
        let url = address(&document.base, text).map_err(unusable)?;
        Ok(Service {
            host: host.clone(),
            url,
            token: self.token(host).await?,
        })
    }

    /// What a host says about a service as it is (`login.v1` is an object), and the address that addresses in it are relative to.
    ///
    /// # Errors
    /// When the host can't be asked.
    pub async fn raw(&self, host: &Host, id: &str) -> Result<Option<(Value, Url)>, DiscoveryError> {
        let document = self.document(host).await?;
        let value = document.services.get(id).cloned();
        Ok(value.map(|value| (value, document.base.clone())))
    }

    async fn token(&self, host: &Host) -> Result<Option<Token>, DiscoveryError> {
        let token = self.credentials.token(host).await;
        token.map_err(|error| DiscoveryError::Credentials {
            host: host.clone(),
            source: Arc::new(error),
        })
    }

    async fn document(&self, host: &Host) -> Result<Arc<Document>, DiscoveryError> {
        let cell = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(host.clone()).or_default())
        };
        let document = cell.get_or_try_init(|| self.ask(host)).await?;
        Ok(Arc::clone(document))
    }

    async fn ask(&self, host: &Host) -> Result<Arc<Document>, DiscoveryError> {
        let unreachable = |source: FetchError| DiscoveryError::Unreachable {
            host: host.clone(),
            source: Arc::new(source),
        };
        let text = format!("https://{}/.well-known/terraform.json", host.ascii());
        let url = Url::parse(&text).map_err(|error| {
            unreachable(FetchError::Address {
                url: text,
                why: error.to_string(),
            })
        })?;
        if let Some(services) = self.overrides.get(host) {
            let services = services.clone().into_iter().collect();
            return Ok(Arc::new(Document {
                services,
                base: url,
            }));
        }
        let mut request = self
            .client
            .get(url)
            .limit(LIMIT)
            .header(reqwest::header::ACCEPT, "application/json");
        if let Some(token) = self.token(host).await? {
            request = request.bearer(&token);
        }
        let answer = request.send().await.map_err(unreachable)?;
        if answer.status.as_u16() == 404 {
            // The host is there, and offers nothing.
            return Ok(Arc::new(Document {
                services: Map::new(),
                base: answer.url,
            }));
        }
        let answer = answer.success().map_err(unreachable)?;
        match answer.json().map_err(unreachable)? {
            Value::Object(services) => Ok(Arc::new(Document {
                services,
                base: answer.url,
            })),
            _ => Err(unreachable(answer.odd("an object is expected"))),
        }
    }
}

/// The address of a service, which may be relative to that of the document.
fn address(base: &Url, text: &str) -> Result<Url, String> {
    let mut url = base
        .join(text)
        .map_err(|error| format!("{text:?} is no address: {error}"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(format!("{text:?} is no address for HTTP"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(String::from("its address holds credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{text:?} has a query or a fragment"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::address;
    use url::Url;

    #[test]
    fn addresses_of_services() {
        let base = Url::parse("https://example.com/.well-known/terraform.json").unwrap();
        for (text, expect) in [
            ("/v1/modules/", Ok("https://example.com/v1/modules/")),
            ("/v1/modules", Ok("https://example.com/v1/modules/")),
            ("m/", Ok("https://example.com/.well-known/m/")),
            ("https://o.example.com/x", Ok("https://o.example.com/x/")),
            ("file:///etc/", Err("no address for HTTP")),
            ("https://u:p@example.com/", Err("holds credentials")),
            ("/x?y", Err("query")),
            ("https://", Err("no address")),
        ] {
            match (address(&base, text), expect) {
                (Ok(url), Ok(expect)) => assert_eq!(url.as_str(), expect, "{text}"),
                (Err(why), Err(expect)) => assert!(why.contains(expect), "{text}: {why}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }
}
