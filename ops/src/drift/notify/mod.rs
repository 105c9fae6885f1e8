//! Telling others what was found: webhooks (CloudEvents, signed), Slack and e-mail.
//!
//! Who is told is in a file (`-notify=FILE`), in the language: `webhook`, `slack` and `email` blocks. What must stay secret is not in it, but in environment
//! variables that it names. What can't be delivered is a warning: the report is there all the same.

mod deliver;
mod mail;
mod payload;
#[cfg(test)]
mod tests;

pub use mail::Letter;

use super::Class;
use super::report::Report;
use crate::failure::{self, Failure};
use crate::rules;
use crate::session::Session;
use mail::Email;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use terrane_fetch::Client;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};

/// The pause before an e-mail is sent again.
const PAUSE: Duration = Duration::from_secs(1);

/// Who is told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipients {
    #[serde(default)]
    webhook: BTreeMap<String, Recipient>,
    #[serde(default)]
    slack: BTreeMap<String, Recipient>,
    #[serde(default)]
    email: BTreeMap<String, Email>,
}

/// How somebody is told.
#[derive(Clone, Copy)]
enum Way<'a> {
    Webhook(&'a Recipient),
    Slack(&'a Recipient),
    Email(&'a Email),
}

/// Who is told by a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipient {
    /// Where to.
    url: Option<String>,
    /// The environment variable that says where to: addresses of Slack are secrets.
    url_env: Option<String>,
    /// The environment variable with the key of signatures.
    secret_env: Option<String>,
    /// Told what: `new`, `drift`, `always`.
    #[serde(default)]
    on: On,
    /// The least class that is worth telling.
    least: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum On {
    /// When something is new.
    #[default]
    New,
    /// When there is drift.
    Drift,
    /// After every look.
    Always,
}

impl Recipients {
    /// Reads the file.
    ///
    /// # Errors
    /// When it can't be read or understood.
    pub fn read(path: &str) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(Failure::io(format!(
            "Reading the notifications {path} failed"
        )))?;
        Self::parse(path, &text)
    }

    fn parse(path: &str, text: &str) -> Result<Self, Failure> {
        let wrong = |problem: String| {
            Failure::input(
                &rules::drift::INVALID_NOTIFICATIONS,
                format!("{path}: {problem}."),
            )
        };
        let recipients: Self = hcl::from_str(text)
            .map_err(|error| wrong(error.to_string().trim_end_matches('.').to_owned()))?;
        for (name, way) in recipients.all() {
            let unknown = way
                .least()
                .filter(|least| Class::named(least).is_none())
                .map(|least| format!("there is no class {least:?}; there are harmless, changed, security and gone"));
            if let Some(problem) = way.problem().or(unknown) {
                return Err(wrong(format!("{} {name:?}: {problem}", way.kind())));
            }
        }
        Ok(recipients)
    }

    fn all(&self) -> impl Iterator<Item = (&String, Way<'_>)> {
        let hooks = self.webhook.iter();
        let hooks = hooks.map(|(name, one)| (name, Way::Webhook(one)));
        let slack = self.slack.iter();
        let slack = slack.map(|(name, one)| (name, Way::Slack(one)));
        let email = self.email.iter();
        let email = email.map(|(name, one)| (name, Way::Email(one)));
        hooks.chain(slack).chain(email)
    }
}

impl Recipient {
    fn problem(&self) -> Option<String> {
        match (&self.url, &self.url_env) {
            (None, None) => Some("url or url_env is needed".to_owned()),
            (Some(_), Some(_)) => Some("url and url_env can't be set both".to_owned()),
            _ => None,
        }
    }
}

impl<'a> Way<'a> {
    fn kind(self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Slack(_) => "slack",
            Self::Email(_) => "email",
        }
    }

    /// What is wrong with it; a sentence without final period.
    fn problem(self) -> Option<String> {
        match self {
            Self::Slack(one) if one.secret_env.is_some() => {
                Some("secret_env is for webhooks: Slack checks no signatures".to_owned())
            }
            Self::Webhook(one) | Self::Slack(one) => one.problem(),
            Self::Email(one) => one.problem(),
        }
    }

    fn on(self) -> On {
        match self {
            Self::Webhook(one) | Self::Slack(one) => one.on,
            Self::Email(one) => one.on,
        }
    }

    fn least(self) -> Option<&'a str> {
        match self {
            Self::Webhook(one) | Self::Slack(one) => one.least.as_deref(),
            Self::Email(one) => one.least.as_deref(),
        }
    }

    /// From this class on differences count.
    fn class(self) -> Class {
        self.least()
            .and_then(Class::named)
            .unwrap_or(Class::Changed)
    }

    /// Whether this is to be told of a report.
    fn wants(self, report: &Report) -> bool {
        let strangers = |only_new: bool| {
            report.unmanaged.iter().any(|one| one.new || !only_new) && self.least().is_none()
        };
        match self.on() {
            On::Always => true,
            On::Drift => report.has(self.class(), false) || strangers(false),
            On::New => report.has(self.class(), true) || strangers(true),
        }
    }
}

/// Tells everybody who wants to know of this report. What could not be delivered is among the messages. `letter` writes a report for people, from a class
/// on; it is told how many entries are left out of it.
pub async fn notify(
    session: &Session,
    recipients: &Recipients,
    report: &Report,
    letter: &dyn Fn(&Report, Class, usize) -> Letter,
    now_ms: u64,
) -> failure::Report {
    let mut diagnostics = Diagnostics::new();
    let mut client = None;
    for (name, way) in recipients.all().filter(|(_, way)| way.wants(report)) {
        let sent = match way {
            Way::Webhook(one) | Way::Slack(one) => {
                // The settings that it is made of are read once.
                let client = client.get_or_insert_with(|| deliver::client(session));
                match client {
                    Ok((client, _)) => request(client, session, way, one, report, now_ms).await,
                    Err(problem) => Err(problem.clone()),
                }
            }
            Way::Email(one) => {
                let (cut, left_out) = payload::cut(report);
                let letter = letter(&cut, way.class(), left_out);
                let subject = payload::subject(report);
                one.send(&session.env, &subject, letter, now_ms, PAUSE)
                    .await
            }
        };
        if let Err(problem) = sent {
            let kind = way.kind();
            diagnostics.push(Diagnostic::warning(
                &rules::drift::NOT_NOTIFIED,
                format!("{kind} {name:?}: {problem}."),
            ));
        }
    }
    if let Some(Ok((_, said))) = client {
        diagnostics.extend(said);
    }
    failure::Report::plain(diagnostics)
}

async fn request(
    client: &Client,
    session: &Session,
    way: Way<'_>,
    to: &Recipient,
    report: &Report,
    now_ms: u64,
) -> Result<(), String> {
    let body = match way {
        Way::Slack(_) => payload::slack(report),
        _ => payload::event(report, now_ms),
    };
    deliver::send(client, &session.env, way.kind(), to, &body, now_ms).await
}
