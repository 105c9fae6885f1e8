//! How an operation fails: the user's input has errors, or the world does not play along.

use crate::rules;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Headline, Rule};
use terrane_lang::source::SourceMap;
use terrane_store::StoreError;

/// Messages about the user's input, with the texts that their spans refer to.
#[derive(Clone, Debug, Default)]
#[must_use = "messages must reach the user"]
pub struct Report {
    /// The messages.
    pub diagnostics: Diagnostics,
    /// The texts.
    pub sources: SourceMap,
}

impl Report {
    /// Messages that point at no text.
    pub fn plain(diagnostics: impl Into<Diagnostics>) -> Self {
        Self {
            diagnostics: diagnostics.into(),
            sources: SourceMap::default(),
        }
    }
}

/// Why an operation did not come to a good end.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The input has errors (warnings may be among the messages).
    #[error("the input has errors")]
    Input(Report),
    /// The state could not be read or written.
    #[error("{doing}")]
    Store {
        /// What was being done, as a sentence: `Reading the state failed`.
        doing: String,
        /// Why it failed.
        source: StoreError,
    },
    /// A file could not be read or written, or a process not started.
    #[error("{doing}")]
    Io {
        /// What was being done, to what.
        doing: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The user interrupted, and did not want to wait any more. What this means, in sentences.
    #[error("Stopped at once")]
    Interrupted(String),
}

impl Failure {
    /// One message without a place.
    pub fn input(headline: impl Into<Headline>, detail: impl Into<String>) -> Self {
        Self::Input(Report::plain(Diagnostic::error(headline, detail)))
    }

    /// Wraps an error of the store.
    pub fn store(doing: impl Into<String>) -> impl FnOnce(StoreError) -> Self {
        let doing = doing.into();
        |source| Self::Store { doing, source }
    }

    /// The same of a file that was given, and is not where the state is kept: what mends that does not help.
    pub fn given_file(doing: impl Into<String>) -> impl FnOnce(StoreError) -> Self {
        let doing = doing.into();
        |source| match source {
            StoreError::Damaged { .. } => Self::input(
                rules::world::STATE_DAMAGED.named(doing),
                format!("{source}. Nothing was changed. Take another file, or make this one anew."),
            ),
            source => Self::Store { doing, source },
        }
    }

    /// Wraps an error of the system.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        |source| Self::Io { doing, source }
    }

    /// The failure as messages for the user, the causes of errors of the world in the detail.
    pub fn into_report(self) -> Report {
        match self {
            Self::Input(report) => report,
            failure @ (Self::Store { .. } | Self::Io { .. }) => {
                let mut causes = Vec::new();
                let mut source = std::error::Error::source(&failure);
                while let Some(cause) = source {
                    causes.push(cause.to_string());
                    source = cause.source();
                }
                if let Some((id, _)) = failure.lock() {
                    causes.push(format!("the id of its lock is {id}"));
                }
                let mut diagnostic = Diagnostic::error(
                    failure.rule().named(failure.to_string()),
                    begun(&causes.join(": ")),
                );
                if let Some(hint) = failure.way_out() {
                    diagnostic = diagnostic.hint(match failure.lock() {
                        Some((id, lasts)) => format!(
                            "{hint}{}; where it is certain that it does not live any more, `terrane force-unlock {id}` takes its lock away",
                            if lasts {
                                format!(". {LASTS}")
                            } else {
                                String::new()
                            }
                        ),
                        None => hint.to_owned(),
                    });
                }
                Report::plain(diagnostic)
            }
            Self::Interrupted(what) => {
                Report::plain(Diagnostic::error(&rules::world::STOPPED, what))
            }
        }
    }

    /// The id of the lock that is in the way, where it is known, and whether it stays for ever.
    fn lock(&self) -> Option<(&str, bool)> {
        match self {
            Self::Store {
                source: StoreError::InUse { id, lasts, .. },
                ..
            } if !id.is_empty() => Some((id, *lasts)),
            _ => None,
        }
    }

    /// The rule that stands for an error of the world.
    fn rule(&self) -> &'static Rule {
        match self {
            Self::Store { source, .. } => match source {
                StoreError::Io { .. } => &rules::world::STORE_FAILED,
                StoreError::InUse { .. } => &rules::world::STATE_IN_USE,
                StoreError::LeaseLost { .. } => &rules::world::LEASE_LOST,
                StoreError::Damaged { .. } => &rules::world::STATE_DAMAGED,
                StoreError::TooNew { .. } => &rules::world::STATE_TOO_NEW,
                StoreError::NoWorkspace(_) => &rules::world::NO_SUCH_WORKSPACE,
                StoreError::Refused(_) => &rules::world::STORE_REFUSED,
                StoreError::Encryption(_) => &rules::encryption::NOT_OPENED,
            },
            Self::Io { .. } | Self::Input(_) => &rules::world::FILE_FAILED,
            Self::Interrupted(_) => &rules::world::STOPPED,
        }
    }

    /// What the user can do about an error of the world.
    fn way_out(&self) -> Option<&'static str> {
        match self {
            Self::Store { source, .. } => store_way_out(source),
            Self::Io { source, .. } => io_way_out(source),
            Self::Input(_) | Self::Interrupted(_) => None,
        }
    }
}

/// With a capital letter where it begins with a word, and not with a name or a path.
fn begun(text: &str) -> String {
    const WORDS: [&str; 5] = ["the ", "a ", "an ", "what ", "no "];
    match WORDS.iter().any(|word| text.starts_with(word)) {
        true => crate::install::sentence(text),
        false => text.to_owned(),
    }
}

/// What is said of a lock that stays when its holder dies.
pub(crate) const LASTS: &str =
    "This lock does not end by itself if its process dies on another machine";

/// What the user can do about an error of a store.
pub(crate) fn store_way_out(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::Io { source, .. } => io_way_out(source),
        StoreError::InUse { .. } => {
            Some("wait for that process, or let this command wait with -lock-timeout=1m")
        }
        StoreError::LeaseLost { .. } => {
            Some("nothing was written since: run `terrane plan` to see what was done before")
        }
        StoreError::Damaged { .. } => Some(
            "nothing was changed: `terrane state fsck` says what is damaged, and with -repair mends it; damaged files are kept",
        ),
        StoreError::TooNew { .. } => {
            Some("nothing was changed: use the version of terrane that wrote it, or a later one")
        }
        StoreError::NoWorkspace(_) => Some(
            "see which there are with `terrane workspace list`, or make it with `terrane workspace new`",
        ),
        StoreError::Refused(_) | StoreError::Encryption(_) => None,
    }
}

fn io_way_out(error: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => {
            Some("check the path: it is relative to the working directory, or to -chdir")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Some("check who may read and write the file and its folder")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Some("free disk space, then run the command again")
        }
        ErrorKind::NotADirectory => Some("a file stands where a folder is needed: move it away"),
        ErrorKind::IsADirectory => Some("a folder stands where a file is needed: name a file"),
        _ => None,
    }
}
