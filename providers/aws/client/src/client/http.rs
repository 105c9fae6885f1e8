//! HTTP: one client for requests and for what credentials need.

use super::address::Outgoing;
use crate::Settings;
use crate::protocol::Answer;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, NoProxy, Proxy};
use std::path::Path;
use std::time::Duration;
use terrane_aws_access::{Connector, chain};

/// Answers that are larger are not read.
const MAX_BODY: usize = 256 * 1024 * 1024;
const CONNECT: Duration = Duration::from_secs(30);
const SILENCE: Duration = Duration::from_secs(120);
/// A connection that is not used for so long is not used again: a service that closes it at the very moment when a request goes out leaves it
/// open whether that was carried out.
const IDLE: Duration = Duration::from_secs(5);

/// The client.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: reqwest::Client,
    user_agent: HeaderValue,
}

/// A request without answer.
#[derive(Debug)]
pub(super) struct Lost {
    /// It may have reached the service.
    pub(super) sent: bool,
    pub(super) why: String,
}

impl Http {
    /// Makes the client. Redirects are not followed: they need a signature of their own.
    pub(super) fn new(settings: &Settings, ca_bundle: Option<&Path>) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .pool_idle_timeout(IDLE);
        if settings.insecure {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        if let Some(path) = ca_bundle {
            let bad = |why: String| format!("the file of certificates {}: {why}", path.display());
            let pem = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
            let certificates =
                Certificate::from_pem_bundle(&pem).map_err(|error| bad(chain(&error)))?;
            if certificates.is_empty() {
                return Err(bad(String::from("there is no PEM block in it")));
            }
            builder = builder.tls_certs_only(certificates);
        }
        let variable = |name: &str| {
            let lower = settings.variable(&name.to_lowercase());
            lower.or_else(|| settings.variable(name)).map(str::to_owned)
        };
        let except = settings.no_proxy.clone().or_else(|| variable("NO_PROXY"));
        let except = except.as_deref().and_then(NoProxy::from_string);
        let http = settings
            .http_proxy
            .clone()
            .or_else(|| variable("HTTP_PROXY"));
        let https = settings
            .https_proxy
            .clone()
            .or_else(|| variable("HTTPS_PROXY"));
        for proxy in [http.map(Proxy::http), https.map(Proxy::https)]
            .into_iter()
            .flatten()
        {
            // The address may hold a password, so it is not shown.
            let proxy =
                proxy.map_err(|error| format!("the proxy: {}", chain(&error.without_url())))?;
            builder = builder.proxy(proxy.no_proxy(except.clone()));
        }
        let words = ["terrane/", env!("CARGO_PKG_VERSION")].concat();
        let words: Vec<&str> = std::iter::once(words.as_str())
            .chain(settings.user_agent.iter().map(String::as_str))
            .collect();
        Ok(Self {
            client: builder.build().map_err(|error| chain(&error))?,
            user_agent: HeaderValue::from_str(&words.join(" ")).map_err(|_| {
                String::from("the words for the user agent are no text of a header")
            })?,
        })
    }

    /// Sends a request.
    pub(super) async fn send(
        &self,
        outgoing: Outgoing,
        settings: &Settings,
    ) -> Result<Answer, Lost> {
        let unsent = |why: String| Lost { sent: false, why };
        let method = outgoing
            .method
            .parse()
            .map_err(|_| unsent(format!("{} is no method", outgoing.method)))?;
        let mut request = reqwest::Request::new(method, outgoing.url);
        let own = settings.headers.iter();
        for (name, value) in outgoing.headers.iter().chain(own) {
            let name: HeaderName = name
                .parse()
                .map_err(|_| unsent(format!("{name} is no name of a header")))?;
            let value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| unsent(format!("the value of the header {name} can't be sent")))?;
            request.headers_mut().insert(name, value);
        }
        request
            .headers_mut()
            .insert(reqwest::header::USER_AGENT, self.user_agent.clone());
        // Without a body, only requests that could have one say that it is empty.
        if !outgoing.body.is_empty() || !request.method().is_safe() {
            if outgoing.body.is_empty() && request.method() != reqwest::Method::DELETE {
                let none = HeaderValue::from_static("0");
                request
                    .headers_mut()
                    .insert(reqwest::header::CONTENT_LENGTH, none);
            }
            *request.body_mut() = Some(outgoing.body.into());
        }
        let answer = self.answer(request);
        match settings.attempt_timeout {
            None => answer.await,
            Some(limit) => tokio::time::timeout(limit, answer)
                .await
                .unwrap_or_else(|_| {
                    Err(Lost {
                        sent: true,
                        why: format!("there was no answer within {} ms", limit.as_millis()),
                    })
                }),
        }
    }

    async fn answer(&self, request: reqwest::Request) -> Result<Answer, Lost> {
        // Without what is asked there, which may be a secret.
        let place = request.url().origin().ascii_serialization();
        let failed = |error: reqwest::Error| {
            // Without a connection nothing was sent.
            let sent = !(error.is_connect() || error.is_builder());
            let why = chain(&error.without_url());
            let why = format!("{place} can't be asked: {why}");
            Lost { sent, why }
        };
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(Lost {
                    sent: true,
                    why: format!("the answer has more than {MAX_BODY} bytes"),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
}

impl Http {
    /// The same client, for the SDK's providers of credentials: SSO, metadata, profiles with roles.
    pub(super) fn for_sdk(&self) -> Connector {
        Connector::new(self.client.clone()).at_most(MAX_BODY)
    }
}
