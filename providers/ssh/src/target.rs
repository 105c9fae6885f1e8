//! Where to connect to, as whom, and through what.

use crate::error::SshError;
use crate::key::{Identity, identity};
use russh::keys::PublicKey;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A machine and the way to it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The machine itself.
    pub host: Hop,
    /// A machine that the connection is forwarded by.
    pub bastion: Option<Hop>,
    /// What the first machine of the way is reached through.
    pub proxy: Option<Proxy>,
    /// How long to try.
    pub timeout: Duration,
    /// How long to wait before the second attempt; each later wait is twice as long, up to 20 seconds.
    pub retry: Duration,
}

impl Connection {
    /// The machine, for messages: `user@host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        self.host.address()
    }
}

/// One machine on the way.
#[derive(Clone)]
pub struct Hop {
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// As whom.
    pub user: String,
    /// A password, also given to every question of a keyboard-interactive conversation.
    pub password: Option<String>,
    pub(crate) identity: Option<Identity>,
    pub(crate) host_key: Option<PublicKey>,
    /// The agent to ask for keys.
    pub agent: Option<Agent>,
}

impl Hop {
    /// A machine, by whatever name and user. Nothing is known yet of how to prove who the user is.
    ///
    /// # Errors
    /// When the name could not be that of a machine.
    pub fn new(host: &str, port: u16, user: &str) -> Result<Self, SshError> {
        let bare = host
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'))
            .unwrap_or(host);
        // It becomes a part of what is said to proxies.
        if bare.is_empty() || bare.contains(|char: char| char.is_whitespace() || char.is_control())
        {
            return Err(SshError::Host(host.to_owned()));
        }
        Ok(Self {
            host: bare.to_owned(),
            port,
            user: user.to_owned(),
            password: None,
            identity: None,
            host_key: None,
            agent: None,
        })
    }

    /// With a private key (PEM or OpenSSH) and perhaps a certificate for it.
    ///
    /// # Errors
    /// When they can't be read, or the key is encrypted.
    pub fn with_key(mut self, key: &str, certificate: Option<&str>) -> Result<Self, SshError> {
        self.identity = Some(identity(key, certificate)?);
        Ok(self)
    }

    /// Accepting only a machine that has this key, or a certificate that this key signed. Without one, any is accepted.
    ///
    /// # Errors
    /// When the text is not a public key.
    pub fn with_host_key(mut self, text: &str) -> Result<Self, SshError> {
        let key = PublicKey::from_openssh(text.trim()).map_err(|error| SshError::HostKey {
            problem: error.to_string(),
        })?;
        self.host_key = Some(key);
        Ok(self)
    }

    /// Whether a private key is there to prove who the user is.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.identity.is_some()
    }

    /// Whether a certificate is there for the private key.
    #[must_use]
    pub fn has_certificate(&self) -> bool {
        self.identity
            .as_ref()
            .is_some_and(|identity| identity.certificate.is_some())
    }

    /// Whether the key of the machine is checked.
    #[must_use]
    pub fn checks_host_key(&self) -> bool {
        self.host_key.is_some()
    }

    pub(crate) fn address(&self) -> String {
        format!("{}@{}", self.user, self.place())
    }

    /// `host:port`, with brackets where they are needed.
    pub(crate) fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Says whether there are secrets, not what they are.
impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hop")
            .field("address", &self.address())
            .field("password", &self.password.is_some())
            .field("key", &self.identity.is_some())
            .field("host_key", &self.host_key.is_some())
            .field("agent", &self.agent)
            .finish()
    }
}

/// An agent that holds keys.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Where it listens (`SSH_AUTH_SOCK`).
    pub socket: PathBuf,
    /// The key to try first: its comment, its fingerprint, its public half as text, or the path of a file with its public half (with or without `.pub`).
    pub identity: Option<String>,
}

/// A server that forwards connections.
#[derive(Clone)]
pub struct Proxy {
    /// What it speaks.
    pub scheme: ProxyScheme,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Name and password that it wants.
    pub login: Option<(String, String)>,
}

/// Says where the proxy is, not how to log in.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("scheme", &self.scheme)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("login", &self.login.is_some())
            .finish()
    }
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyScheme {
    /// The method `CONNECT` of HTTP, in clear text.
    Http,
    /// SOCKS, version 5.
    Socks5,
}

/// What runs on a machine, as far as commands there differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// A POSIX shell.
    Unix,
    /// `cmd` or PowerShell.
    Windows,
}

impl Platform {
    /// A word of a command line as one word, whatever it contains.
    #[must_use]
    pub fn quote(self, word: &str) -> String {
        let plain = |char: char| char.is_alphanumeric() || "/._-+=:,@%".contains(char);
        match self {
            Self::Unix if !word.is_empty() && word.chars().all(plain) => word.to_owned(),
            Self::Unix => format!("'{}'", word.replace('\'', r"'\''")),
            // A quotation mark can't be a part of a file name there.
            Self::Windows if word.contains(' ') => format!("\"{}\"", word.replace('"', "")),
            Self::Windows => word.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hop, Platform};

    #[test]
    fn words_stay_words() {
        for (platform, word, expect) in [
            (Platform::Unix, "/tmp/a-b_1.sh", "/tmp/a-b_1.sh"),
            (Platform::Unix, "", "''"),
            (Platform::Unix, "a b", "'a b'"),
            (
                Platform::Unix,
                "it's; rm -rf $HOME",
                r"'it'\''s; rm -rf $HOME'",
            ),
            (Platform::Unix, "~/x", "'~/x'"),
            (Platform::Windows, "C:/a b/c", "\"C:/a b/c\""),
            (
                Platform::Windows,
                "C:/windows/temp/x.cmd",
                "C:/windows/temp/x.cmd",
            ),
        ] {
            assert_eq!(platform.quote(word), expect);
        }
    }

    #[test]
    fn hosts_are_names_or_addresses() {
        for (host, expect) in [
            ("example.com", Some("me@example.com:22")),
            ("::1", Some("me@[::1]:22")),
            ("[::1]", Some("me@[::1]:22")),
            ("", None),
            ("a b", None),
            ("a\r\nX: y", None),
        ] {
            let hop = Hop::new(host, 22, "me");
            assert_eq!(hop.ok().map(|hop| hop.address()).as_deref(), expect);
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut hop = Hop::new("h", 22, "me").unwrap();
        hop.password = Some("canary".into());
        assert!(!format!("{hop:?}").contains("canary"));
    }
}
