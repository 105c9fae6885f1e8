//! Why something can't be fetched.

use crate::client::Answer;
use std::path::PathBuf;
use url::Url;

/// Why something can't be fetched. Addresses in it hold neither passwords nor signatures.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is none that is fetched from.
    #[error("{url} is not fetched from: {why}")]
    Address {
        /// What was asked for.
        url: String,
        /// A part of a sentence.
        why: String,
    },
    /// A redirect that is not followed.
    #[error("{from} redirects to {to}, which is not followed: {why}")]
    Redirect {
        /// Who redirects.
        from: String,
        /// Where to.
        to: String,
        /// A part of a sentence.
        why: String,
    },
    /// The server gave an answer, but not the one that was asked for.
    #[error("{url} answered with {}", complaint(answer))]
    Status {
        /// Who answered.
        url: String,
        /// What.
        answer: Box<Answer>,
    },
    /// There was no answer, or it broke off.
    #[error("{url} can't be read: {why}")]
    Transport {
        /// Who was asked.
        url: String,
        /// A part of a sentence.
        why: String,
    },
    /// The answer is larger than it may be.
    #[error("the answer of {url} is larger than the {limit} bytes that are taken")]
    TooLarge {
        /// Who answered.
        url: String,
        /// In bytes.
        limit: u64,
    },
    /// The answer is not what was expected.
    #[error("the answer of {url} can't be understood: {why}")]
    Answer {
        /// Who answered.
        url: String,
        /// A part of a sentence.
        why: String,
    },
    /// A file can't be written.
    #[error("{} can't be written", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The client can't be set up.
    #[error("no HTTP client can be set up: {why}")]
    Setup {
        /// A part of a sentence.
        why: String,
    },
}

impl FetchError {
    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { answer, .. } => Some(answer.status.as_u16()),
            _ => None,
        }
    }
}

/// How much of an answer is shown.
const SHOWN: usize = 300;

fn complaint(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let clean: String = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|char| !char.is_control())
        .take(SHOWN)
        .collect();
    // A page for people says nothing in one line.
    if clean.is_empty() || clean.starts_with('<') {
        format!("status {}", answer.status)
    } else {
        format!("status {}: {clean}", answer.status)
    }
}

/// An address without what may be secret: user and password, query, fragment.
#[must_use]
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let had_query = url.query().is_some();
    // Both fail only for addresses that can have no user.
    let _no_user = url.set_username("");
    let _no_password = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    if had_query {
        format!("{url}?…")
    } else {
        url.to_string()
    }
}

/// An error with what caused it, in one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let more = inner.to_string();
        // Some errors repeat their source.
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = inner.source();
    }
    text
}
