//! E-mail: the report as text and as HTML, handed to a mail server of the user's.

#[cfg(test)]
mod tests;

use super::On;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, Tls as Transport, TlsParameters,
};
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport as _, Message, Tokio1Executor};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::io::Read as _;
use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

/// How often it is tried again, each time after twice as long.
const RETRIES: u32 = 4;
/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// A longer password is none, and a longer file of certificates neither.
const LONGEST_FILE: u64 = 1 << 20;

/// A report as a letter.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// As text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

/// Who is told, and through which server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Email {
    /// The name or address of the server.
    server: String,
    port: Option<u16>,
    #[serde(default)]
    tls: Tls,
    /// A file with the certificates of authorities to trust, in place of those of the system.
    ca_file: Option<String>,
    from: String,
    to: Vec<String>,
    username: Option<String>,
    /// The environment variable with the password.
    password_env: Option<String>,
    /// The file with the password.
    password_file: Option<String>,
    /// Told what.
    #[serde(default)]
    pub(super) on: On,
    /// The least class that is worth telling.
    pub(super) least: Option<String>,
}

/// How the way to the server is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tls {
    /// It begins in the clear; nothing is said before it is under TLS.
    #[default]
    Starttls,
    /// From the beginning.
    Implicit,
    /// Not at all.
    None,
}

impl Email {
    /// What is wrong with it; a sentence without final period.
    pub(super) fn problem(&self) -> Option<String> {
        let mailbox = |text: &String| {
            text.parse::<Mailbox>()
                .err()
                .map(|error| format!("{text:?} is no address: {error}"))
        };
        let wrong = self.to.iter().chain([&self.from]).find_map(mailbox);
        let passwords = [&self.password_env, &self.password_file];
        let passwords = passwords.into_iter().flatten().count();
        if wrong.is_some() {
            wrong
        } else if self.to.is_empty() {
            Some("to needs an address".to_owned())
        } else if self.server.is_empty() || self.server.contains([':', '/', '@']) && !self.is_ip() {
            Some("server is the name of a mail server; the port is said apart".to_owned())
        } else if passwords != usize::from(self.username.is_some()) {
            Some(
                "username needs one of password_env and password_file, and they need username"
                    .to_owned(),
            )
        } else if self.username.is_some() && self.tls == Tls::None && !self.is_here() {
            Some("a password is sent under TLS only: tls must not be \"none\"".to_owned())
        } else {
            None
        }
    }

    fn is_ip(&self) -> bool {
        self.server.parse::<IpAddr>().is_ok()
    }

    /// Whether the server is on this machine.
    fn is_here(&self) -> bool {
        let ip = self.server.parse::<IpAddr>();
        self.server == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    }

    fn password(&self, env: &BTreeMap<String, String>) -> Result<Option<String>, String> {
        if let Some(name) = &self.password_env {
            return super::deliver::of_env(env, name).map(|text| Some(text.clone()));
        }
        let Some(path) = &self.password_file else {
            return Ok(None);
        };
        let text = read(path).and_then(|bytes| {
            String::from_utf8(bytes).map_err(|_| format!("the file {path} is no text"))
        })?;
        // Editors end files with a newline.
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn transport(
        &self,
        env: &BTreeMap<String, String>,
    ) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
        let tls = || {
            let mut parameters = TlsParameters::builder(self.server.clone());
            if let Some(path) = &self.ca_file {
                let authority = Certificate::from_pem(&read(path)?)
                    .map_err(|_| format!("the file {path} has no certificates"))?;
                parameters = parameters
                    .certificate_store(CertificateStore::None)
                    .add_root_certificate(authority);
            }
            let built = parameters.build();
            built.map_err(|error| format!("TLS can't be used: {}", told(&error)))
        };
        let (tls, usual) = match self.tls {
            Tls::Starttls => (Transport::Required(tls()?), 587),
            Tls::Implicit => (Transport::Wrapper(tls()?), 465),
            Tls::None => (Transport::None, 25),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.server)
            .port(self.port.unwrap_or(usual))
            .tls(tls)
            .timeout(Some(PATIENCE));
        if let (Some(username), Some(password)) = (&self.username, self.password(env)?) {
            builder = builder.credentials(Credentials::new(username.clone(), password));
        }
        Ok(builder.build())
    }

    fn message(&self, subject: &str, letter: Letter, now_ms: u64) -> Result<Message, String> {
        let mailbox = |text: &String| -> Result<Mailbox, String> {
            text.parse().map_err(|_| format!("{text:?} is no address"))
        };
        let from = mailbox(&self.from)?;
        let id = format!("<{}@{}>", uuid::Uuid::new_v4(), from.email.domain());
        let mut builder = Message::builder().from(from).subject(subject);
        for to in &self.to {
            builder = builder.to(mailbox(to)?);
        }
        builder
            .date(UNIX_EPOCH + Duration::from_millis(now_ms))
            .message_id(Some(id))
            // So that no machine answers it (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))
            .map_err(|error| format!("no message can be made: {error}"))
    }

    /// Sends it; once more, under the same id, where that can help. An error is a sentence without final period, in which nothing secret is.
    pub(super) async fn send(
        &self,
        env: &BTreeMap<String, String>,
        subject: &str,
        letter: Letter,
        now_ms: u64,
        mut pause: Duration,
    ) -> Result<(), String> {
        let transport = self.transport(env)?;
        let message = self.message(subject, letter, now_ms)?;
        let (envelope, bytes) = (message.envelope(), message.formatted());
        let mut left = RETRIES;
        loop {
            let sent = transport.send_raw(envelope, &bytes);
            let (problem, may_pass) = match tokio::time::timeout(PATIENCE, sent).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) => (told(&error), may_pass(&error)),
                Err(_) => ("the server took too long".to_owned(), true),
            };
            if left == 0 || !may_pass {
                return Err(problem);
            }
            tracing::debug!(problem, "e-mail is sent again");
            tokio::time::sleep(pause).await;
            left -= 1;
            pause *= 2;
        }
    }
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST_FILE).read_to_end(&mut bytes))
        .map_err(|error| format!("the file {path} can't be read: {error}"))?;
    Ok(bytes)
}

/// Whether trying again can help: the server says so, or was not there.
fn may_pass(error: &Error) -> bool {
    if error.status().is_some() {
        return error.is_transient();
    }
    // A server that can't prove who it is will not be another one later.
    let untrusted = causes(error).any(|cause| {
        let cause = cause.downcast_ref::<std::io::Error>();
        cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::InvalidData)
    });
    !(error.is_client() || error.is_tls() || untrusted)
}

fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause| (**cause).source())
}

/// What went wrong. Servers may quote what they were told, so they are not quoted.
fn told(error: &Error) -> String {
    match error.status() {
        Some(code) if code.to_string() == "535" => {
            "the server does not accept the username with this password (535)".to_owned()
        }
        Some(code) => format!("the server refused it ({code})"),
        None if error.is_response() => "the server gave an answer that makes no sense".to_owned(),
        None => {
            let innermost = causes(error).last().map(ToString::to_string);
            innermost.unwrap_or_else(|| error.to_string())
        }
    }
}
