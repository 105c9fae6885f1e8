//! The SDK's requests over the HTTP client that all stores use: one TLS stack, one way to set proxies and authorities.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use reqwest::Client;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use terrane_model::with_causes;

/// The client, as the SDK wants it.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    pub(super) client: Client,
    pub(super) clock: ServerClock,
}

/// The time of the service, by the last answer that told it: dates of objects are compared with this one, not with that of this machine.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerClock(Arc<Mutex<Option<(i64, Instant)>>>);

impl ServerClock {
    fn set(&self, date: &str) {
        let Ok(date) = jiff::fmt::rfc2822::parse(date) else {
            return;
        };
        let now = Some((date.timestamp().as_second(), Instant::now()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Seconds since 1970; `None`: the service did not say.
    pub(super) fn now_s(&self) -> Option<i64> {
        let (date, at) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        date.checked_add(i64::try_from(at.elapsed().as_secs()).ok()?)
    }
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { client, clock } = self.clone();
        HttpConnectorFuture::new(async move {
            let answer = carry_out(&client, request).await?;
            if let Some(date) = answer.headers().get("date") {
                clock.set(date);
            }
            Ok(answer)
        })
    }
}

async fn carry_out(client: &Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let bytes = match body.bytes() {
        Some(bytes) => bytes.to_vec(),
        None => ByteStream::new(body)
            .collect()
            .await
            .map_err(|error| ConnectorError::user(error.into()))?
            .to_vec(),
    };
    let mut request = reqwest::Request::new(
        parts.method,
        reqwest::Url::parse(&parts.uri.to_string())
            .map_err(|error| ConnectorError::user(error.into()))?,
    );
    *request.headers_mut() = parts.headers;
    *request.body_mut() = Some(bytes.into());
    let failed = |error: reqwest::Error| {
        let timeout = error.is_timeout();
        let user = error.is_builder() || error.is_redirect();
        let text = with_causes(&error.without_url());
        if timeout {
            ConnectorError::timeout(text.into())
        } else if user {
            ConnectorError::user(text.into())
        } else {
            ConnectorError::io(text.into())
        }
    };
    let response = client.execute(request).await.map_err(failed)?;
    let mut answer = HttpResponse::new(
        response
            .status()
            .as_u16()
            .try_into()
            .map_err(|_| ConnectorError::user("the status is none".into()))?,
        SdkBody::empty(),
    );
    for (name, value) in response.headers() {
        if let Ok(value) = value.to_str() {
            answer
                .headers_mut()
                .append(name.as_str().to_owned(), value.to_owned());
        }
    }
    let body = response.bytes().await.map_err(failed)?;
    *answer.body_mut() = SdkBody::from(body);
    Ok(answer)
}
