//! One request, tried again where that can help.

use crate::net::{LARGEST, Worker};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Client, Method, StatusCode, Url};
use std::fmt;
use std::io;
use std::time::Duration;
use terrane_model::with_causes;
use terrane_store::StoreError;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// How often a request is tried again, and how long is waited before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retries {
    pub(super) most: u64,
    pub(super) wait_min: Duration,
    pub(super) wait_max: Duration,
}

impl Retries {
    /// The wait before a try, the second one being 1: twice as long each time.
    fn wait(&self, tries: u64) -> Duration {
        let factor = 1_u32
            .checked_shl(u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX))
            .unwrap_or(u32::MAX);
        self.wait_min.saturating_mul(factor).min(self.wait_max)
    }
}

/// What all requests of a store have in common.
pub(super) struct Requests {
    pub(super) client: Client,
    pub(super) worker: Worker,
    pub(super) retries: Retries,
    pub(super) login: Option<(String, String)>,
    pub(super) headers: HeaderMap,
}

impl fmt::Debug for Requests {
    /// Without login and headers, which are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests")
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    md5: Option<String>,
}

impl Answer {
    /// Compares the body with the digest that came with it, if one did.
    pub(super) fn check_md5(&self, doing: &str) -> Result<(), StoreError> {
        let Some(expected) = &self.md5 else {
            return Ok(());
        };
        let found = BASE64.encode(Md5::digest(&self.body));
        if found == *expected {
            return Ok(());
        }
        Err(StoreError::Io {
            doing: doing.to_owned(),
            source: io::Error::other(format!(
                "the digest that was sent with it is {expected}, that of what came is {found}"
            )),
        })
    }

    /// The beginning of a short text, for messages.
    pub(super) fn said(&self) -> String {
        const LONGEST: usize = 200;
        let text = String::from_utf8_lossy(&self.body);
        let line: String = text
            .lines()
            .next()
            .unwrap_or("")
            .chars()
            .filter(|char| !char.is_control())
            .take(LONGEST)
            .collect();
        if line.is_empty() {
            line
        } else {
            format!(", and said: {line}")
        }
    }
}

impl Requests {
    /// Sends a request, with a body of JSON if there is one.
    pub(super) fn send(
        &self,
        doing: &str,
        method: Method,
        url: &Url,
        body: Option<&[u8]>,
    ) -> Result<Answer, StoreError> {
        let mut request = self
            .client
            .request(method, url.clone())
            .headers(self.headers.clone());
        if let Some((name, password)) = &self.login {
            request = request.basic_auth(name, Some(password));
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .header(CONTENT_MD5, BASE64.encode(Md5::digest(body)))
                .body(body.to_vec());
        }
        let fail = |source| StoreError::Io {
            doing: doing.to_owned(),
            source,
        };
        let request = request
            .build()
            .map_err(|error| fail(io::Error::other(with_causes(&error.without_url()))))?;
        let client = self.client.clone();
        let retries = self.retries;
        self.worker
            .run(async move { retry(&client, &request, retries).await })
            .and_then(|result| result)
            .map_err(fail)
    }
}

async fn retry(
    client: &Client,
    request: &reqwest::Request,
    retries: Retries,
) -> io::Result<Answer> {
    let mut tries = 0;
    loop {
        tries += 1;
        let request = request
            .try_clone()
            .ok_or_else(|| io::Error::other("the request can't be sent twice"))?;
        let last = tries > retries.most;
        let wait = match once(client, request).await {
            Ok((answer, wanted)) if last || !is_passing(answer.status) => {
                let _ = wanted;
                return Ok(answer);
            }
            Ok((_, wanted)) => wanted.map_or_else(
                || retries.wait(tries),
                |wanted| wanted.min(retries.wait_max),
            ),
            Err(error) if last => return Err(error),
            Err(_) => retries.wait(tries),
        };
        tokio::time::sleep(wait).await;
    }
}

/// Whether trying again may help.
fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED)
}

/// The answer, and how long the server wants to be left alone.
async fn once(
    client: &Client,
    request: reqwest::Request,
) -> io::Result<(Answer, Option<Duration>)> {
    let fail = |error: reqwest::Error| io::Error::other(with_causes(&error.without_url()));
    let mut response = client.execute(request).await.map_err(fail)?;
    let status = response.status();
    let header = |name: HeaderName| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let md5 = header(CONTENT_MD5).filter(|text| !text.is_empty());
    let wanted = header(RETRY_AFTER)
        .and_then(|text| text.parse().ok())
        .map(Duration::from_secs);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(fail)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(io::Error::other("the answer is larger than 4 GiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((Answer { status, body, md5 }, wanted))
}

#[cfg(test)]
mod tests {
    use super::Retries;
    use std::time::Duration;

    #[test]
    fn waits_double_up_to_the_longest() {
        let retries = Retries {
            most: 100,
            wait_min: Duration::from_secs(1),
            wait_max: Duration::from_secs(30),
        };
        let waits: Vec<u64> = (1..8).map(|tries| retries.wait(tries).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(retries.wait(u64::MAX).as_secs(), 30);
    }
}
