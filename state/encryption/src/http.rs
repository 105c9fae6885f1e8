//! Requests to services that hold keys: bounded in time and size, without redirects (a token must not go elsewhere).

use crate::problem::{Problem, Result, fail};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long an answer may be, in bytes.
const LIMIT: usize = 1 << 20;
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
}

/// Posts JSON. Header values are marked as secret.
pub(crate) fn post(url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Answer> {
    let url = reqwest::Url::parse(url)
        .map_err(|error| Problem(format!("{url:?} is not an address: {error}")))?;
    let mut map = HeaderMap::new();
    for (name, value) in headers {
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
    block_on(async move {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(Policy::none())
            .build()
            .map_err(|error| Problem(format!("no HTTP client can be made: {}", chain(&error))))?;
        let sent = client
            .post(url)
            .headers(map)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await;
        let mut response = sent.map_err(|error| {
            Problem(format!(
                "the request failed: {}",
                chain(&error.without_url())
            ))
        })?;
        let status = response.status().as_u16();
        let mut body = Zeroizing::new(Vec::new());
        while let Some(part) = response.chunk().await.map_err(|error| {
            Problem(format!(
                "the answer broke off: {}",
                chain(&error.without_url())
            ))
        })? {
            if body.len() + part.len() > LIMIT {
                return fail(format!("the answer is longer than {LIMIT} bytes"));
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer { status, body })
    })
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
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
