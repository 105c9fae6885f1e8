//! The SDK's requests over the one HTTP client.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use reqwest::Client;
use terrane_model::with_causes;

/// The client, as the SDK wants it.
#[derive(Clone, Debug)]
pub(super) struct Connector(pub(super) Client);

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
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { carry_out(&client, request).await })
    }
}

async fn carry_out(client: &Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let user = |problem: String| ConnectorError::user(problem.into());
    let request = request
        .try_into_http1x()
        .map_err(|error| user(error.to_string()))?;
    let (parts, body) = request.into_parts();
    // Requests of these services are small, and never streamed.
    let bytes = body
        .bytes()
        .map(<[u8]>::to_vec)
        .ok_or_else(|| user(String::from("the request is a stream")))?;
    let url =
        reqwest::Url::parse(&parts.uri.to_string()).map_err(|error| user(error.to_string()))?;
    let mut request = reqwest::Request::new(parts.method, url);
    *request.headers_mut() = parts.headers;
    *request.body_mut() = Some(bytes.into());
    let failed = |error: reqwest::Error| {
        let timeout = error.is_timeout();
        let text = with_causes(&error.without_url());
        if timeout {
            ConnectorError::timeout(text.into())
        } else {
            ConnectorError::io(text.into())
        }
    };
    let response = client.execute(request).await.map_err(failed)?;
    let status = response
        .status()
        .as_u16()
        .try_into()
        .map_err(|_| user(String::from("the status is none")))?;
    let mut answer = HttpResponse::new(status, SdkBody::empty());
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
