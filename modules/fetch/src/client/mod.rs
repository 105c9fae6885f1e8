//! The one HTTP client. It knows what is never done: leaving TLS, sending credentials to somebody else, following redirects without end,
//! taking answers without bound, asking addresses that belong to the machine's own network link.

pub(crate) mod guard;
mod request;

pub use request::{Answer, Downloaded, Request, Transferred};

use crate::error::{FetchError, with_causes};
use crate::settings::Settings;
use guard::NoLinkLocal;
use reqwest::redirect::Policy;
use reqwest::{Certificate, NoProxy, Proxy};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// What a client is made of.
#[derive(Clone)]
pub struct ClientOptions {
    /// How the client names itself.
    pub user_agent: String,
    /// How often a small request is made again when it failed in a way that may pass. Downloads say for themselves.
    pub retries: u32,
    /// How long to wait before the first repetition; it doubles with each one.
    pub pause: Duration,
    /// How long a small request may take.
    pub timeout: Duration,
    /// How long a download may stand still.
    pub stall: Duration,
    /// Where requests in the clear go through.
    pub http_proxy: Option<String>,
    /// Where requests under TLS go through.
    pub https_proxy: Option<String>,
    /// What is asked without a proxy, besides this machine: names and networks with commas.
    pub no_proxy: Option<String>,
    /// PEM: authorities that are believed in place of the system's.
    pub authorities: Option<Vec<u8>>,
    /// Origins of this machine (`http://127.0.0.1:8080`) that the user's `host` blocks name. If there is one, this machine is asked in the clear too.
    pub plain_origins: BTreeSet<String>,
}

impl fmt::Debug for ClientOptions {
    /// Without the proxies, which may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("user_agent", &self.user_agent)
            .field("retries", &self.retries)
            .field("timeout", &self.timeout)
            .field("plain_origins", &self.plain_origins)
            .finish_non_exhaustive()
    }
}

impl ClientOptions {
    /// What environment and settings say: `TF_REGISTRY_DISCOVERY_RETRY`, `TF_REGISTRY_CLIENT_TIMEOUT`, the usual variables for proxies,
    /// `registry_protocols` and `host` blocks.
    #[must_use]
    pub fn new(
        user_agent: impl Into<String>,
        env: &BTreeMap<String, String>,
        settings: &Settings,
    ) -> Self {
        let variable = |names: &[&str]| {
            let found = names.iter().find_map(|name| env.get(*name));
            found.filter(|value| !value.is_empty()).cloned()
        };
        let number = |name: &str| variable(&[name]).and_then(|text| text.trim().parse().ok());
        let user_agent = user_agent.into();
        let user_agent = match variable(&["TF_APPEND_USER_AGENT"]) {
            Some(more) => format!("{user_agent} {}", more.trim()),
            None => user_agent,
        };
        let retries = number("TF_REGISTRY_DISCOVERY_RETRY")
            .or(settings.registry_retries)
            .unwrap_or(1);
        let seconds = number("TF_REGISTRY_CLIENT_TIMEOUT")
            .or(settings.registry_timeout_seconds)
            .filter(|seconds| *seconds > 0)
            .unwrap_or(10);
        Self {
            user_agent,
            retries: retries.min(20),
            pause: Duration::from_secs(1),
            timeout: Duration::from_secs(u64::from(seconds)),
            stall: Duration::from_secs(60),
            http_proxy: variable(&["http_proxy", "HTTP_PROXY"]),
            https_proxy: variable(&["https_proxy", "HTTPS_PROXY"]),
            no_proxy: variable(&["no_proxy", "NO_PROXY"]),
            authorities: None,
            plain_origins: settings.plain_origins(),
        }
    }
}

/// A client. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    inner: reqwest::Client,
    options: Arc<ClientOptions>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client.
    ///
    /// # Errors
    /// When certificates or proxies of the options can't be used.
    pub fn new(options: ClientOptions) -> Result<Self, FetchError> {
        let setup = |why: String| FetchError::Setup { why };
        let mut builder = reqwest::Client::builder()
            .user_agent(&options.user_agent)
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .dns_resolver(Arc::new(NoLinkLocal))
            .connect_timeout(Duration::from_secs(30))
            .read_timeout(options.stall);
        if let Some(pem) = &options.authorities {
            let found = Certificate::from_pem_bundle(pem)
                .map_err(|error| setup(format!("no certificates: {}", with_causes(&error))))?;
            builder = builder.tls_certs_only(found);
        }
        // This machine is never asked through a proxy, as with the peers.
        let mut except = String::from("localhost,127.0.0.0/8,::1");
        if let Some(more) = &options.no_proxy {
            except.push(',');
            except.push_str(more);
        }
        let except = NoProxy::from_string(&except);
        let proxies = [
            options.http_proxy.as_deref().map(Proxy::http),
            options.https_proxy.as_deref().map(Proxy::https),
        ];
        for proxy in proxies.into_iter().flatten() {
            // The address may hold a password, so it is not shown.
            let proxy = proxy.map_err(|error| {
                setup(format!(
                    "the proxy of the environment can't be used: {}",
                    with_causes(&error.without_url())
                ))
            })?;
            builder = builder.proxy(proxy.no_proxy(except.clone()));
        }
        let inner = builder
            .build()
            .map_err(|error| setup(with_causes(&error)))?;
        Ok(Self {
            inner,
            options: Arc::new(options),
        })
    }

    /// What the client was made of.
    #[must_use]
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// A request for what is at an address. A user and password in it become a header that is sent to this origin only.
    pub fn get(&self, url: Url) -> Request<'_> {
        Request::new(self, url)
    }
}

/// Scheme, host and port: what credentials belong to.
#[must_use]
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests;
