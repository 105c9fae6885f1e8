//! What can become of a request but an answer.

use serde_json::Value;
use std::fmt;

/// Why a request has no answer of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// The service that was asked, by botocore's name.
    pub service: String,
    /// The operation that was asked for.
    pub operation: String,
    /// The service's code, as the SDKs name it: without namespace and without what follows a colon. Where no service answered, one of our own
    /// that no service has: `NoAnswer`, `BadInput`, `BadAnswer`, `NoCredentials`.
    pub code: String,
    /// The service's message. It may hold names of the account's objects, never secrets of the request.
    pub message: String,
    /// HTTP status; 0: there was no answer.
    pub status: u16,
    /// The service's identifier of the request; may be empty.
    pub request_id: String,
    /// Of what kind it is.
    pub kind: ErrorKind,
    /// How long the service wants to be left alone, where it said so.
    pub retry_after_ms: Option<u64>,
    /// Further members of the error, as the model has them; an object, or null.
    pub detail: Value,
    /// An attempt before the last one may have been carried out: that something "exists already" may be its work.
    pub uncertain: bool,
}

/// Kinds of failures, by what the caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The service said no: nothing was done.
    Refused,
    /// The service said "too fast": nothing was done. The client has tried a few times already; the caller should slow down before it asks again.
    Throttled,
    /// The service did not answer, or answered that it is broken (500 and above).
    NoAnswer {
        /// The request went out, and the service may have carried it out. `false`: it certainly did not.
        may_have_happened: bool,
    },
    /// The input is not according to the model, or the settings don't lead to a service: nothing was sent.
    BadInput,
    /// The service answered success with something that can't be read; what was asked has happened.
    Broken,
}

impl ApiError {
    /// An error without more than this.
    pub fn new(
        service: &str,
        operation: &str,
        code: &str,
        message: impl Into<String>,
        kind: ErrorKind,
    ) -> Self {
        Self {
            service: service.to_owned(),
            operation: operation.to_owned(),
            code: code.to_owned(),
            message: message.into(),
            status: 0,
            request_id: String::new(),
            kind,
            retry_after_ms: None,
            detail: Value::Null,
            uncertain: false,
        }
    }

    /// Whether what was asked for may have happened although there is no answer that says so.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        self.uncertain
            || matches!(
                self.kind,
                ErrorKind::NoAnswer {
                    may_have_happened: true
                } | ErrorKind::Broken
            )
    }

    /// Whether the code is one of these.
    #[must_use]
    pub fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.service, self.operation, self.code)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        match (self.status, self.request_id.as_str()) {
            (0, _) => Ok(()),
            (status, "") => write!(f, " (status {status})"),
            (status, id) => write!(f, " (status {status}, request {id})"),
        }
    }
}

impl std::error::Error for ApiError {}
