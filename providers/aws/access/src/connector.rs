//! The SDK's requests over one HTTP client: one TLS stack, one way to set proxies and authorities.

use crate::chain;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use reqwest::Client;
use reqwest::redirect::Policy;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(30);
const SILENCE: Duration = Duration::from_secs(120);

/// Who is told the `Date` header of each answer.
type Dates = Arc<dyn Fn(&str) + Send + Sync>;

/// A client, as the SDK wants it.
#[derive(Clone)]
pub struct Connector {
    client: Client,
    most: usize,
    dates: Option<Dates>,
    limit: Option<Duration>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl Connector {
    /// Over this client, with answers of any length.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            most: usize::MAX,
            dates: None,
            limit: None,
        }
    }

    /// Over a client of its own, with the proxies of the environment. Redirects are not followed: they would need a signature of their own.
    ///
    /// # Errors
    /// When there can be no client; a sentence without final period.
    pub fn usual() -> Result<Self, String> {
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build();
        client.map(Self::new).map_err(|error| chain(&error))
    }

    /// Answers with more bytes than this are not read.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// Tells the `Date` header of each answer.
    #[must_use]
    pub fn telling_dates(mut self, told: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.dates = Some(Arc::new(told));
        self
    }

    async fn carry_out(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = sendable(request).await?;
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let status = response.status().as_u16().try_into();
        let status = status.map_err(|_| ConnectorError::user("the status is none".into()))?;
        let mut answer = HttpResponse::new(status, SdkBody::empty());
        for (name, value) in response.headers() {
            if let Ok(value) = value.to_str() {
                let name = name.as_str().to_owned();
                answer.headers_mut().append(name, value.to_owned());
            }
        }
        if let (Some(told), Some(date)) = (&self.dates, answer.headers().get("date")) {
            told(date);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > self.most {
                let why = format!("the answer has more than {} bytes", self.most);
                return Err(ConnectorError::io(why.into()));
            }
            body.extend_from_slice(&chunk);
        }
        *answer.body_mut() = SdkBody::from(body);
        Ok(answer)
    }
}

async fn sendable(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let bytes = match body.bytes() {
        Some(bytes) => bytes.to_vec(),
        None => {
            let all = ByteStream::new(body).collect().await;
            all.map_err(|error| ConnectorError::user(error.into()))?
                .to_vec()
        }
    };
    let url = reqwest::Url::parse(&parts.uri.to_string())
        .map_err(|error| ConnectorError::user(error.into()))?;
    let mut request = reqwest::Request::new(parts.method, url);
    *request.headers_mut() = parts.headers;
    *request.body_mut() = Some(bytes.into());
    Ok(request)
}

fn failed(error: reqwest::Error) -> ConnectorError {
    let timeout = error.is_timeout();
    let user = error.is_builder() || error.is_redirect();
    // Addresses may have secrets in them.
    let text = chain(&error.without_url());
    if timeout {
        ConnectorError::timeout(text.into())
    } else if user {
        ConnectorError::user(text.into())
    } else {
        ConnectorError::io(text.into())
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        // The metadata service is waited for no longer than a second: most machines have none.
        let limit = settings.read_timeout().map(|read| {
            let connect = settings.connect_timeout().unwrap_or_default();
            read.saturating_add(connect)
        });
        let this = self.clone();
        SharedHttpConnector::new(Self { limit, ..this })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let answer = this.carry_out(request);
            match this.limit {
                None => answer.await,
                Some(limit) => tokio::time::timeout(limit, answer)
                    .await
                    .unwrap_or_else(|late| Err(ConnectorError::timeout(late.into()))),
            }
        })
    }
}
