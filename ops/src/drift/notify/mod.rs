//! Telling others what was found: webhooks (CloudEvents, signed) and Slack.
//!
//! Who is told is in a file (`-notify=FILE`), in the language: `webhook` and `slack` blocks. What must stay secret is not in it, but in environment
//! variables that it names. What can't be delivered is a warning: the report is there all the same.

mod deliver;
mod payload;
#[cfg(test)]
mod tests;

use super::Class;
use super::report::Report;
use crate::failure::{self, Failure};
use crate::rules;
use crate::session::Session;
use serde::Deserialize;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};

/// Who is told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipients {
    #[serde(default)]
    webhook: BTreeMap<String, Recipient>,
    #[serde(default)]
    slack: BTreeMap<String, Recipient>,
}

/// One of them.
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
        for (kind, name, one) in recipients.all() {
            let problem = match (&one.url, &one.url_env) {
                (None, None) => Some("url or url_env is needed".to_owned()),
                (Some(_), Some(_)) => Some("url and url_env can't be set both".to_owned()),
                _ => None,
            };
            let unknown = one
                .least
                .as_deref()
                .filter(|least| Class::named(least).is_none())
                .map(|least| format!("there is no class {least:?}; there are harmless, changed, security and gone"));
            if let Some(problem) = problem.or(unknown) {
                return Err(wrong(format!("{kind} {name:?}: {problem}")));
            }
        }
        Ok(recipients)
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &String, &Recipient)> {
        let hooks = self
            .webhook
            .iter()
            .map(|(name, one)| ("webhook", name, one));
        let slack = self.slack.iter().map(|(name, one)| ("slack", name, one));
        hooks.chain(slack)
    }
}

impl Recipient {
    /// Whether this is to be told of a report.
    fn wants(&self, report: &Report) -> bool {
        let least = self.least.as_deref().and_then(Class::named);
        let least = least.unwrap_or(Class::Changed);
        let strangers = |only_new: bool| {
            report.unmanaged.iter().any(|one| one.new || !only_new) && self.least.is_none()
        };
        match self.on {
            On::Always => true,
            On::Drift => report.has(least, false) || strangers(false),
            On::New => report.has(least, true) || strangers(true),
        }
    }
}

/// Tells everybody who wants to know of this report. What could not be delivered is among the messages.
pub async fn notify(
    session: &Session,
    recipients: &Recipients,
    report: &Report,
    now_ms: u64,
) -> failure::Report {
    let mut diagnostics = Diagnostics::new();
    let wanting = recipients.all().filter(|(_, _, one)| one.wants(report));
    let wanting: Vec<_> = wanting.collect();
    if wanting.is_empty() {
        return failure::Report::plain(diagnostics);
    }
    let client = match deliver::client(session, &mut diagnostics) {
        Ok(client) => client,
        Err(problem) => {
            diagnostics.push(problem);
            return failure::Report::plain(diagnostics);
        }
    };
    for (kind, name, one) in wanting {
        let body = match kind {
            "slack" => payload::slack(report),
            _ => payload::event(report, now_ms),
        };
        if let Err(problem) = deliver::send(&client, &session.env, kind, one, &body, now_ms).await {
            diagnostics.push(Diagnostic::warning(
                &rules::drift::NOT_NOTIFIED,
                format!("{kind} {name:?}: {problem}."),
            ));
        }
    }
    failure::Report::plain(diagnostics)
}
