//! What can go wrong.

use std::io;
use std::time::Duration;

/// Why something could not be done on the other machine.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// Not a name of a machine.
    #[error("{0:?} can't be the name or address of a host")]
    Host(String),
    /// A private key that can't be read.
    #[error("the private key can't be read: {problem}")]
    Key {
        /// Why.
        problem: String,
    },
    /// A private key that needs a password.
    #[error(
        "the private key is encrypted; decrypt it first (`ssh-keygen -p`), or let an agent hold it"
    )]
    KeyEncrypted,
    /// A certificate that can't be read.
    #[error("the certificate can't be read: {problem}")]
    Certificate {
        /// Why.
        problem: String,
    },
    /// A host key that can't be read.
    #[error(
        "the host key to expect can't be read: {problem}; write it as in a .pub file, such as `ssh-ed25519 AAAA...`"
    )]
    HostKey {
        /// Why.
        problem: String,
    },
    /// No connection.
    #[error("connecting to {place} failed: {problem}")]
    Connect {
        /// `host:port`
        place: String,
        /// Why.
        problem: String,
    },
    /// The proxy said no.
    #[error("the proxy {place} refused: {problem}")]
    Proxy {
        /// `host:port`
        place: String,
        /// Why.
        problem: String,
    },
    /// The machine has another key than the one to expect.
    #[error("{place} has another host key than the one to expect: {found}")]
    HostKeyMismatch {
        /// `host:port`
        place: String,
        /// The fingerprint of the key that it has.
        found: String,
    },
    /// The user could not prove who they are.
    #[error("{address} did not accept any way to authenticate: {tried}")]
    Authentication {
        /// `user@host:port`
        address: String,
        /// What was tried, and what would have been accepted.
        tried: String,
    },
    /// Tried long enough.
    #[error("no connection to {address} within {}: {last}", words(*.timeout))]
    Timeout {
        /// `user@host:port`
        address: String,
        /// How long.
        timeout: Duration,
        /// What happened last.
        last: Box<Self>,
    },
    /// The other side does not answer.
    #[error("{place} did not answer in time")]
    Silence {
        /// `host:port`
        place: String,
    },
    /// The connection broke.
    #[error("the connection to {address} was lost")]
    Lost {
        /// `user@host:port`
        address: String,
    },
    /// The protocol was not followed, or something was refused.
    #[error("{what}: {problem}")]
    Protocol {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        problem: String,
    },
    /// The machine could not store a file.
    #[error("uploading to {path:?} on {address} failed: {problem}")]
    Upload {
        /// Where to.
        path: String,
        /// `user@host:port`
        address: String,
        /// Why.
        problem: String,
    },
    /// A file of this machine can't be read.
    #[error("{path} can't be read")]
    Local {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl From<russh::Error> for SshError {
    fn from(error: russh::Error) -> Self {
        Self::Protocol {
            what: "the SSH conversation failed",
            problem: error.to_string(),
        }
    }
}

impl From<russh::SendError> for SshError {
    fn from(error: russh::SendError) -> Self {
        Self::Protocol {
            what: "the SSH conversation failed",
            problem: error.to_string(),
        }
    }
}

impl SshError {
    /// Whether trying again can't help: what was given is wrong in itself.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Host(_)
            | Self::Key { .. }
            | Self::KeyEncrypted
            | Self::Certificate { .. }
            | Self::HostKey { .. } => true,
            // A machine that boots refuses connections, has no user yet, or makes its host keys anew.
            Self::Connect { .. }
            | Self::Proxy { .. }
            | Self::HostKeyMismatch { .. }
            | Self::Authentication { .. }
            | Self::Timeout { .. }
            | Self::Silence { .. }
            | Self::Lost { .. }
            | Self::Protocol { .. }
            | Self::Upload { .. }
            | Self::Local { .. } => false,
        }
    }
}

/// An error of the system without the number that Rust appends.
pub(crate) fn why(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error")
        .map_or(text.as_str(), |(text, _)| text)
        .to_owned()
}

/// A duration for people.
fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, 0) => format!("{} ms", duration.as_millis()),
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
