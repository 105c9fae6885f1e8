//! One request: redirects followed by rule, failures that may pass tried again, answers taken up to a bound.

use crate::client::guard::check;
use crate::client::{Client, origin};
use crate::digest::Sha256;
use crate::error::{FetchError, shown, with_causes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode};
use sha2::Digest as _;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;
use url::Url;

/// How many redirects are followed.
const REDIRECTS: usize = 10;
/// How long a server may ask to wait before the next attempt.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How large a small answer may be, if the caller does not say.
const SMALL: u64 = 16 * 1024 * 1024;
/// How large a download may be, if the caller does not say.
const LARGE: u64 = 4 * 1024 * 1024 * 1024;
/// How much of an answer that is an error is kept.
const COMPLAINT: u64 = 64 * 1024;
/// How much of a download must come in each stall time. Whoever sends less keeps us waiting for good: a byte a minute is an answer, too.
const TRICKLE: u64 = 16 * 1024;

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
    /// Where it came from, after redirects: what relative addresses in it are relative to.
    pub url: Url,
}

impl Answer {
    /// The answer if it is a success.
    ///
    /// # Errors
    /// When the status is not 2xx.
    pub fn success(self) -> Result<Self, FetchError> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(FetchError::Status {
                url: shown(&self.url),
                answer: Box::new(self),
            })
        }
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<serde_json::Value, FetchError> {
        serde_json::from_slice(&self.body).map_err(|error| self.odd(format!("no JSON: {error}")))
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// An error about the contents of this answer. `why` is a part of a sentence.
    #[must_use]
    pub fn odd(&self, why: impl Into<String>) -> FetchError {
        FetchError::Answer {
            url: shown(&self.url),
            why: why.into(),
        }
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transferred {
    /// Bytes so far; begins anew with another attempt.
    pub bytes: u64,
    /// Of how many, if the server says so.
    pub total: Option<u64>,
}

/// What was downloaded.
#[derive(Clone, Debug)]
pub struct Downloaded {
    /// Bytes.
    pub size: u64,
    /// Of the bytes as they are in the file.
    pub sha256: Sha256,
    /// Where they came from, after redirects.
    pub url: Url,
    /// The headers of the answer.
    pub headers: HeaderMap,
}

/// A request that is being put together. It is a GET unless it has a body.
#[derive(Debug)]
#[must_use = "a request is sent by `send` or `download`"]
pub struct Request<'a> {
    client: &'a Client,
    url: Url,
    headers: HeaderMap,
    /// Sent to the origin of `url` only.
    secrets: HeaderMap,
    body: Option<Vec<u8>>,
    limit: Option<u64>,
    retries: u32,
    timeout: Duration,
    plain: bool,
    hidden: bool,
    redirects: usize,
}

impl<'a> Request<'a> {
    pub(super) fn new(client: &'a Client, mut url: Url) -> Self {
        let mut secrets = HeaderMap::new();
        if !url.username().is_empty() || url.password().is_some() {
            let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
            pair.push(b':');
            pair.extend(percent_decode_str(url.password().unwrap_or_default()));
            let basic = STANDARD.encode(pair);
            if let Ok(value) = HeaderValue::from_str(&format!("Basic {basic}")) {
                secrets.insert(AUTHORIZATION, secret(value));
            }
            // Both fail only for addresses that can have no user.
            let _no_user = url.set_username("");
            let _no_password = url.set_password(None);
        }
        url.set_fragment(None);
        Self {
            client,
            url,
            headers: HeaderMap::new(),
            secrets,
            body: None,
            limit: None,
            retries: client.options.retries,
            timeout: client.options.timeout,
            plain: false,
            hidden: false,
            redirects: REDIRECTS,
        }
    }

    /// A header that any server may see.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// A header that only the origin of the address may see: it is left out after a redirect to another one, for good.
    pub fn secret_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.secrets.insert(name, secret(value));
        }
        self
    }

    /// A token for the origin of the address.
    pub fn bearer(self, token: &crate::credentials::Token) -> Self {
        self.secret_header(AUTHORIZATION, &format!("Bearer {}", token.secret()))
    }

    /// Makes it a POST. No redirect is followed then.
    pub fn post(mut self, content_type: &str, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self.redirects = 0;
        self.header(reqwest::header::CONTENT_TYPE, content_type)
    }

    /// How large the answer may be, in bytes.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// How often it is made again when it failed in a way that may pass.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries.min(20);
        self
    }

    /// How long a small answer may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The address may be without TLS, for the user wrote it down as such.
    pub fn plain(mut self, plain: bool) -> Self {
        self.plain = plain;
        self
    }

    /// The whole address is a secret: the log has its origin only. Errors name it; they are for the caller to put in other words.
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// How many redirects are followed, 10 at most. With 0, an answer that is a redirect is an answer.
    pub fn redirects(mut self, most: usize) -> Self {
        self.redirects = most.min(REDIRECTS);
        self
    }

    /// Sends it and takes the whole answer, whatever its status.
    ///
    /// # Errors
    /// When there is no answer, it is too large, or a redirect must not be followed.
    pub async fn send(self) -> Result<Answer, FetchError> {
        let mut attempt = 0;
        loop {
            let once = tokio::time::timeout(self.timeout, self.small());
            let result = once.await.unwrap_or_else(|_| {
                Err(FetchError::Transport {
                    url: shown(&self.url),
                    why: format!("no answer within {} seconds", self.timeout.as_secs_f32()),
                })
            });
            match self.wait(
                attempt,
                result
                    .as_ref()
                    .map(|answer| (answer.status, &answer.headers)),
            ) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return result,
            }
            attempt += 1;
        }
    }

    /// Sends it and writes the answer to a file, which is made or emptied.
    ///
    /// # Errors
    /// As [`Self::send`]; when the status is not 2xx; when the file can't be written.
    pub async fn download(
        self,
        to: &Path,
        progress: &(dyn Fn(Transferred) + Send + Sync),
    ) -> Result<Downloaded, FetchError> {
        let mut attempt = 0;
        loop {
            let result = self.large(to, progress).await;
            let outcome = match &result {
                Ok(_) => return result,
                Err(FetchError::Status { answer, .. }) => Ok((answer.status, &answer.headers)),
                Err(error) => Err(error),
            };
            match self.wait(attempt, outcome) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return result,
            }
            attempt += 1;
        }
    }

    async fn small(&self) -> Result<Answer, FetchError> {
        let (response, url) = self.follow().await?;
        let limit = self.limit.unwrap_or(SMALL);
        take(response, url, limit).await
    }

    async fn large(
        &self,
        to: &Path,
        progress: &(dyn Fn(Transferred) + Send + Sync),
    ) -> Result<Downloaded, FetchError> {
        let (mut response, url) = self.follow().await?;
        if !response.status().is_success() {
            return Err(match take(response, url, COMPLAINT).await?.success() {
                Err(error) => error,
                Ok(answer) => answer.odd("its status is a success and none"),
            });
        }
        let limit = self.limit.unwrap_or(LARGE);
        let too_large = || FetchError::TooLarge {
            url: shown(&url),
            limit,
        };
        let total = response.content_length();
        if total.is_some_and(|total| total > limit) {
            return Err(too_large());
        }
        let write = |source| FetchError::Write {
            path: to.to_owned(),
            source,
        };
        let mut file = tokio::fs::File::create(to).await.map_err(write)?;
        let mut hasher = sha2::Sha256::new();
        let mut bytes: u64 = 0;
        progress(Transferred { bytes, total });
        let stall = self.client.options.stall;
        let (mut since, mut before) = (Instant::now(), 0);
        while let Some(part) = chunk(&mut response, &url).await? {
            bytes = bytes.saturating_add(part.len() as u64);
            if bytes > limit {
                return Err(too_large());
            }
            hasher.update(&*part);
            file.write_all(&part).await.map_err(write)?;
            progress(Transferred { bytes, total });
            if since.elapsed() >= stall {
                let came = bytes - before;
                if came < TRICKLE {
                    let why = format!("only {came} bytes came in {} seconds", stall.as_secs());
                    let url = shown(&url);
                    return Err(FetchError::Transport { url, why });
                }
                (since, before) = (Instant::now(), bytes);
            }
        }
        file.flush().await.map_err(write)?;
        file.sync_all().await.map_err(write)?;
        let headers = std::mem::take(response.headers_mut());
        Ok(Downloaded {
            size: bytes,
            sha256: Sha256(hasher.finalize().into()),
            url,
            headers,
        })
    }

    /// Sends it and follows redirects.
    async fn follow(&self) -> Result<(Response, Url), FetchError> {
        let mut url = self.url.clone();
        // Once somebody else was asked, what comes back is somebody else's word.
        let mut trusted = true;
        let mut followed = 0;
        loop {
            check(&url, self.plain, &self.client.options)?;
            trusted &= origin(&url) == origin(&self.url);
            let response = self.once(&url, trusted).await?;
            let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
            if !is_redirect || self.redirects == 0 {
                return Ok((response, url));
            }
            let next = self.next(&url, &response)?;
            followed += 1;
            if followed > self.redirects {
                return Err(FetchError::Redirect {
                    from: shown(&url),
                    to: shown(&next),
                    why: format!("there were {} redirects before", self.redirects),
                });
            }
            url = next;
        }
    }

    /// Where a redirect leads, if it may.
    fn next(&self, from: &Url, response: &Response) -> Result<Url, FetchError> {
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let refuse = |to: &str, why: String| {
            Err(FetchError::Redirect {
                from: shown(from),
                to: to.to_owned(),
                why,
            })
        };
        let mut to = match from.join(location) {
            Ok(to) if !location.is_empty() => to,
            Ok(_) => return refuse("nowhere", String::from("the answer has no Location")),
            Err(error) => return refuse("no address", error.to_string()),
        };
        to.set_fragment(None);
        if from.scheme() == "https" && to.scheme() != "https" {
            return refuse(&shown(&to), String::from("it leads out of TLS"));
        }
        if !to.username().is_empty() || to.password().is_some() {
            let why = "the address holds credentials, which the server has no business to choose";
            return refuse(&shown(&to), why.to_owned());
        }
        match check(&to, self.plain, &self.client.options) {
            Ok(()) => Ok(to),
            Err(FetchError::Address { why, .. }) => refuse(&shown(&to), why),
            Err(other) => Err(other),
        }
    }

    async fn once(&self, url: &Url, trusted: bool) -> Result<Response, FetchError> {
        let method = match self.body {
            Some(_) => Method::POST,
            None => Method::GET,
        };
        let named = match self.hidden {
            true => url.origin().ascii_serialization(),
            false => shown(url),
        };
        tracing::debug!(url = %named, %method, trusted, "request");
        let mut request = self.client.inner.request(method, url.clone());
        request = request.headers(self.headers.clone());
        if trusted {
            request = request.headers(self.secrets.clone());
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        request.send().await.map_err(|error| transport(url, error))
    }

    /// How long to wait before the next attempt; None if there is none.
    fn wait(
        &self,
        attempt: u32,
        outcome: Result<(StatusCode, &HeaderMap), &FetchError>,
    ) -> Option<Duration> {
        if attempt >= self.retries {
            return None;
        }
        let backoff = self
            .client
            .options
            .pause
            .saturating_mul(2_u32.saturating_pow(attempt))
            .min(LONGEST_PAUSE);
        match outcome {
            Ok((status, headers)) => {
                let passing = status == StatusCode::TOO_MANY_REQUESTS
                    || status == StatusCode::REQUEST_TIMEOUT
                    || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED);
                let asked = headers
                    .get(RETRY_AFTER)
                    .and_then(|value| value.to_str().ok()?.trim().parse().ok())
                    .map_or(Duration::ZERO, Duration::from_secs);
                passing.then_some(backoff.max(asked.min(LONGEST_PAUSE)))
            }
            Err(FetchError::Transport { .. }) => Some(backoff),
            Err(_) => None,
        }
    }
}

/// Takes an answer up to a bound.
async fn take(mut response: Response, url: Url, limit: u64) -> Result<Answer, FetchError> {
    let mut body = Vec::new();
    while let Some(part) = chunk(&mut response, &url).await? {
        if (body.len() + part.len()) as u64 > limit {
            return Err(FetchError::TooLarge {
                url: shown(&url),
                limit,
            });
        }
        body.extend_from_slice(&part);
    }
    Ok(Answer {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
        body,
        url,
    })
}

async fn chunk(
    response: &mut Response,
    url: &Url,
) -> Result<Option<impl std::ops::Deref<Target = [u8]> + use<>>, FetchError> {
    response
        .chunk()
        .await
        .map_err(|error| transport(url, error))
}

fn transport(url: &Url, error: reqwest::Error) -> FetchError {
    FetchError::Transport {
        url: shown(url),
        why: with_causes(&error.without_url()),
    }
}

fn secret(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}
