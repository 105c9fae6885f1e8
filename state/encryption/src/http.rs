//! Requests to services that hold keys: bounded in time and size, without redirects (a token must not go elsewhere).

use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use serde::Deserialize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use terrane_model::with_causes;
use zeroize::Zeroizing;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// What stands in no value of an address or a form as it is (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// How long the first pause before a request is sent again is; each further one is three times as long.
const PAUSE: Duration = Duration::from_millis(200);
/// How long an answer may be, in bytes.
const LIMIT: usize = 1 << 20;
/// How long a token is used at most, and how long before its end no more.
const LONGEST: Duration = Duration::from_secs(3600);
const MARGIN: Duration = Duration::from_secs(60);
/// How much of an answer is shown where it tells why something failed.
const SHOWN: usize = 500;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Answer {
    /// Without the body, which may hold keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// What the service says about a failure, shortened.
    pub(crate) fn complaint(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim();
        let shown: String = text.chars().take(SHOWN).collect();
        if shown.is_empty() {
            format!("status {}", self.status)
        } else {
            format!("status {}: {shown}", self.status)
        }
    }

    /// What Google and Microsoft say about a failure, shortened: only what stands where they put messages, since anything else could repeat
    /// what was sent.
    pub(crate) fn reason(&self) -> String {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Error {
            Said { message: String },
            Code(String),
        }
        #[derive(Deserialize)]
        struct Failure {
            error: Error,
            error_description: Option<String>,
        }
        let status = format!("status {}", self.status);
        let Ok(failure) = serde_json::from_slice::<Failure>(&self.body) else {
            return status;
        };
        let said = match (failure.error_description, failure.error) {
            (Some(said), _) | (None, Error::Said { message: said } | Error::Code(said)) => said,
        };
        let shown: String = said
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(SHOWN)
            .collect();
        format!("status {status}: {shown}", status = self.status)
    }

    /// The answer as a value. Of what is wrong with it nothing is told, since that may quote it.
    pub(crate) fn json<'a, T: Deserialize<'a>>(&'a self, whose: &str) -> Result<T> {
        serde_json::from_slice(&self.body)
            .map_err(|_| Problem(format!("the answer is not one of {whose}")))
    }
}

/// A token that a service gave, with how long it is good.
pub(crate) struct Token {
    pub(crate) secret: Secret,
    pub(crate) lifetime: Duration,
}

/// Remembers a token until shortly before it expires.
#[derive(Debug, Default)]
pub(crate) struct TokenMemory(Mutex<Option<(Secret, Instant)>>);

impl TokenMemory {
    /// The remembered token, or the one that `get` gets.
    pub(crate) fn token(&self, get: impl FnOnce() -> Result<Token>) -> Result<Secret> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((secret, until)) = &*memory
            && Instant::now() < *until
        {
            return Ok(secret.clone());
        }
        let Token { secret, lifetime } = get()?;
        let until = Instant::now() + lifetime.min(LONGEST).saturating_sub(MARGIN);
        *memory = Some((secret.clone(), until));
        Ok(secret)
    }
}

/// A request. Header values are marked as secret. Not `Debug`: secrets are in it.
#[derive(Clone, Default)]
pub(crate) struct Request<'a> {
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) content_type: &'a str,
    /// `None`: the request is a `GET`; else a `POST`.
    pub(crate) body: Option<Zeroizing<Vec<u8>>>,
    /// Whether it must not go through a proxy, as what a machine asks itself.
    pub(crate) direct: bool,
    /// How often it may be sent again where the service is busy, or can't be reached.
    pub(crate) retries: u32,
}

/// Posts JSON.
pub(crate) fn post(url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Answer> {
    send(&Request {
        url,
        headers,
        content_type: "application/json",
        body: Some(Zeroizing::new(body)),
        ..Request::default()
    })
}

/// The text of a form.
pub(crate) fn form(fields: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::new());
    for (name, value) in fields {
        if !text.is_empty() {
            text.push(b'&');
        }
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        for part in utf8_percent_encode(value, RESERVED) {
            text.extend_from_slice(part.as_bytes());
        }
    }
    text
}

/// A value as a part of an address.
pub(crate) fn escaped(value: &str) -> String {
    utf8_percent_encode(value, RESERVED).to_string()
}

/// Carries a request out.
pub(crate) fn send(request: &Request<'_>) -> Result<Answer> {
    let url = reqwest::Url::parse(request.url)
        .map_err(|error| Problem(format!("{:?} is not an address: {error}", request.url)))?;
    let mut map = HeaderMap::new();
    for (name, value) in request.headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Problem(String::from("a header can't be sent")))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Problem(format!(
                "the value for {name} has characters that can't be sent"
            ))
        })?;
        value.set_sensitive(true);
        map.insert(name, value);
    }
    let content_type = request.content_type.to_owned();
    let body = request.body.clone();
    let (direct, retries) = (request.direct, request.retries);
    block_on(async move {
        let mut client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(Policy::none());
        if direct {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| {
            Problem(format!(
                "no HTTP client can be made: {}",
                with_causes(&error)
            ))
        })?;
        let mut pause = PAUSE;
        for left in (0..=retries).rev() {
            let mut request = match &body {
                Some(body) => client
                    .post(url.clone())
                    .header("content-type", &content_type)
                    .body(body.to_vec()),
                None => client.get(url.clone()),
            };
            request = request.headers(map.clone());
            let answer = exchange(request).await;
            let again = match &answer {
                Ok(answer) => matches!(answer.status, 408 | 429 | 500..=599),
                Err(_) => true,
            };
            if !again || left == 0 {
                return answer;
            }
            tokio::time::sleep(pause).await;
            pause *= 3;
        }
        fail("the request was not sent")
    })
}

async fn exchange(request: reqwest::RequestBuilder) -> Result<Answer> {
    let broke = |what: &str, error: reqwest::Error| {
        Problem(format!("{what}: {}", with_causes(&error.without_url())))
    };
    let mut response = request
        .send()
        .await
        .map_err(|error| broke("the request failed", error))?;
    let status = response.status().as_u16();
    let mut body = Zeroizing::new(Vec::new());
    while let Some(part) = response
        .chunk()
        .await
        .map_err(|error| broke("the answer broke off", error))?
    {
        if body.len() + part.len() > LIMIT {
            return fail(format!("the answer is longer than {LIMIT} bytes"));
        }
        body.extend_from_slice(&part);
    }
    Ok(Answer { status, body })
}

/// Waits for something on a thread of its own: whoever seals may be called from within a runtime, where none can be started.
pub(crate) fn block_on<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Problem(format!("no runtime can be started: {error}")))?;
        runtime.block_on(work)
    });
    match thread.join() {
        Ok(result) => result,
        Err(_) => fail("the request ended in a fault of this program"),
    }
}
