//! The audit log: what was planned, decided, applied and overridden, in the order in which it happened.
//!
//! One text per workspace: a JSON object per line, each with the hash of the one before it, so that no byte can be changed, and no line taken out or put
//! in, without the next hashes being wrong (`docs/formats/audit.md`). Stores keep the text ([`Audit`]); what its lines are is the same for all.
//!
//! A log that gets long is closed, and goes on in another segment, which begins with what still matters of those before it ([`Turn`]): whoever writes or judges
//! reads the present segment only, whoever verifies reads all.
//!
//! The log is also where it is known what was used: an entry may bear names that no other entry may ever bear (`once`), which is how a decision or a
//! plan is good for one apply, in whatever copy it comes back.

mod carry;
mod chain;
mod file;
mod segment;
#[cfg(test)]
mod tests;

pub use carry::{Carried, Kept, keep};
pub use file::{FileLog, new_secret};
pub use segment::{SEGMENT, Turn, whole, whole_text};

use crate::StoreError;
pub use chain::Known;
use chain::{Links, hash_of, whole_lines, write_line};
use segment::{Beginning, turned};
use std::fmt;

/// The kind of the first entry.
const FOUNDED: &str = "founded";
/// The kind of an entry about the rest of a line that was cut off.
const TORN: &str = "torn";

/// Where the logs of a store are.
pub trait Audit {
    /// The text of the log of a workspace; empty if there is none. Where segments of it were closed: the present one.
    ///
    /// # Errors
    /// When it can't be read.
    fn read(&self, workspace: &str) -> Result<Vec<u8>, StoreError>;

    /// The text of a closed segment, from 0. `None`: it is not there.
    ///
    /// # Errors
    /// When it can't be read.
    fn closed(&self, workspace: &str, segment: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Changes the end of the log: `change` is given the text and says how much of it stays and what is added. Nobody else changes it meanwhile. When this
    /// returns, what was added survives a power cut. `change` may be called again where somebody else was faster.
    ///
    /// # Errors
    /// When it can't be written, and what `change` returns. Then nothing is changed.
    fn change(&self, workspace: &str, change: Change<'_>) -> Result<(), StoreError>;

    /// Workspaces that have a log, deleted ones too. Sorted, each once.
    ///
    /// # Errors
    /// When that can't be found out.
    fn logs(&self) -> Result<Vec<String>, StoreError>;

    /// What sensitive values of this workspace are hashed with: random, and as secret as its state. If there is none, this one is it from now on.
    ///
    /// # Errors
    /// When it can't be read or made.
    fn secret_or(&self, workspace: &str, new: [u8; 32]) -> Result<[u8; 32], StoreError>;

    /// The same; made if there is none.
    ///
    /// # Errors
    /// As `secret_or`.
    fn secret(&self, workspace: &str) -> Result<[u8; 32], StoreError> {
        self.secret_or(workspace, new_secret())
    }
}

/// Says what becomes of the end of a log.
pub type Change<'a> = &'a mut dyn FnMut(&[u8]) -> Result<Changed, StoreError>;

/// What becomes of the end of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// How many bytes stay.
    pub stays: usize,
    /// What is added behind them.
    pub added: Vec<u8>,
    /// What stays is closed as the segment of this number, and what is added begins the next one.
    pub closes: Option<u64>,
}

/// A hash of an entry and of all before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Head(pub [u8; 32]);

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({self})")
    }
}

/// Something to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// Who: `user@host`.
    pub who: String,
    /// What happened: `plan`, `decision`, `apply` …
    pub kind: String,
    /// Names that no other entry of this log bears.
    pub once: Vec<String>,
    /// More about it.
    pub body: serde_json::Value,
}

/// An entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number, from 0.
    pub seq: u64,
    /// What was recorded.
    pub draft: Draft,
    /// Over this entry and all before it.
    pub head: Head,
}

/// A log that was read: all its hashes fit. Where segments of it were closed, its first entries are those of them that still matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Bytes at the end that are no whole line: of somebody who died over writing it, or of somebody who cut it off.
    pub torn: usize,
    /// How it begins, where segments before it were closed.
    begins: Option<Beginning>,
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// In which line, from 1.
    pub line: usize,
    /// What.
    pub problem: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

/// Why something was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// An entry bears this name already.
    #[error("`{0}` is recorded already")]
    Used(String),
    /// Somebody else has recorded something since the log was read.
    #[error("the audit log has grown meanwhile")]
    Moved,
    /// The log is damaged.
    #[error("the audit log is damaged: {0}")]
    Damaged(Damage),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the log of a workspace: its present segment, with what still matters of those before it. [`whole`] reads all.
///
/// # Errors
/// When it can't be read, or is damaged.
pub fn read(audit: &dyn Audit, workspace: &str) -> Result<Log, AuditError> {
    let text = audit.read(workspace)?;
    Log::parse(&text).map_err(AuditError::Damaged)
}

/// The log of a workspace, with a first entry made if it has none.
///
/// # Errors
/// As [`append`].
pub fn founded(
    audit: &dyn Audit,
    workspace: &str,
    at_ms: u64,
    who: &str,
) -> Result<Log, AuditError> {
    let log = read(audit, workspace)?;
    if !log.entries.is_empty() {
        return Ok(log);
    }
    let by = By {
        at_ms,
        who,
        ..By::default()
    };
    record(audit, workspace, by, &[])?;
    read(audit, workspace)
}

/// Records entries, all or none.
///
/// # Errors
/// `Used`, when one of them bears a name that is borne already; when the log is damaged, or can't be written.
pub fn append(audit: &dyn Audit, workspace: &str, drafts: &[Draft]) -> Result<(), AuditError> {
    append_as(audit, workspace, drafts, As::default())
}

/// Records entries behind the one with this hash, all or none: what they say rests on all that was recorded before.
///
/// # Errors
/// `Moved`, when it is not the last one any more; else as [`append`].
pub fn append_behind(
    audit: &dyn Audit,
    workspace: &str,
    head: Head,
    drafts: &[Draft],
) -> Result<(), AuditError> {
    let behind = As {
        behind: Some(head),
        ..As::default()
    };
    append_as(audit, workspace, drafts, behind)
}

/// How entries are recorded.
#[derive(Clone, Copy, Debug, Default)]
pub struct As<'a> {
    /// Behind the one with this hash.
    pub behind: Option<Head>,
    /// In another segment, if it is time for one.
    pub turn: Option<&'a Turn<'a>>,
    /// What was checked of the log before. What is written is kept there.
    pub known: Option<&'a Known>,
}

/// Records entries, all or none: behind the one with a hash, if there is one, and in another segment, if it is time for one.
///
/// # Errors
/// As [`append_behind`].
pub fn append_as(
    audit: &dyn Audit,
    workspace: &str,
    drafts: &[Draft],
    how: As<'_>,
) -> Result<(), AuditError> {
    let Some(first) = drafts.first() else {
        return Ok(());
    };
    let by = By {
        at_ms: first.at_ms,
        who: &first.who,
        how,
    };
    record(audit, workspace, by, drafts)
}

/// Who records, and how.
#[derive(Clone, Copy, Default)]
struct By<'a> {
    at_ms: u64,
    who: &'a str,
    how: As<'a>,
}

impl By<'_> {
    /// An entry about the log itself.
    fn own(&self, kind: &str, body: serde_json::Value) -> Draft {
        Draft {
            at_ms: self.at_ms,
            who: self.who.to_owned(),
            kind: kind.to_owned(),
            once: Vec::new(),
            body,
        }
    }
}

fn record(
    audit: &dyn Audit,
    workspace: &str,
    by: By<'_>,
    drafts: &[Draft],
) -> Result<(), AuditError> {
    let mut refused = None;
    let mut written = None;
    let changed = audit.change(workspace, &mut |text| {
        refused = None;
        match added(text, &by, drafts) {
            Ok((change, links)) => {
                let stays = text.get(..change.stays).filter(|_| change.closes.is_none());
                // A segment that is begun is read when it is needed.
                written = stays.map(|stays| ([stays, &change.added].concat(), links));
                Ok(change)
            }
            Err(AuditError::Store(error)) => Err(error),
            Err(error) => {
                refused = Some(error);
                Err(StoreError::Refused(String::new()))
            }
        }
    });
    match refused {
        Some(error) => Err(error),
        None => {
            changed?;
            if let Some((known, (text, links))) = by.how.known.zip(written) {
                known.set(text, links);
            }
            Ok(())
        }
    }
}

/// How much of a log stays, and what is added to it.
fn added(text: &[u8], by: &By<'_>, drafts: &[Draft]) -> Result<(Changed, Links), AuditError> {
    let mut stays = whole_lines(text);
    let lines = text.get(..stays).unwrap_or(&[]);
    let nothing = Known::default();
    let links = by.how.known.unwrap_or(&nothing).parse(lines);
    let mut links = links.map_err(AuditError::Damaged)?;
    if by.how.behind.is_some_and(|head| head != links.head()) {
        return Err(AuditError::Moved);
    }
    let mut out = Vec::new();
    let rest = text.get(stays..).unwrap_or(&[]);
    let mut torn = !rest.is_empty();
    if torn && links.add(rest).is_ok() {
        // Only the end of its line is missing.
        torn = false;
        stays = text.len();
        out.push(b'\n');
    }
    let mut all = Vec::new();
    let mut closes = None;
    if links.is_empty() {
        let random = crate::lease::new_lock_id();
        all.push(by.own(FOUNDED, serde_json::json!({"random": random.as_str()})));
    } else if rest.is_empty()
        && let Some(turn) = by.how.turn
        && let Some((number, body)) = turned(lines, turn).map_err(AuditError::Damaged)?
    {
        closes = Some(number);
        all.push(by.own(SEGMENT, body));
    }
    if torn {
        let hash = hash_of(Head([0; 32]), &String::from_utf8_lossy(rest));
        let body = serde_json::json!({"bytes": rest.len(), "hash": hash.to_string()});
        all.push(by.own(TORN, body));
    }
    for draft in drafts {
        let again = |name: &&String| {
            links.once.contains(*name) || all.iter().any(|one: &Draft| one.once.contains(name))
        };
        if let Some(name) = draft.once.iter().find(again) {
            return Err(AuditError::Used(name.clone()));
        }
        all.push(draft.clone());
    }
    for draft in &all {
        let (line, head) = write_line(draft, links.next(), links.head())?;
        out.extend_from_slice(line.as_bytes());
        links.wrote(draft, head);
    }
    let changed = Changed {
        stays,
        added: out,
        closes,
    };
    Ok((changed, links))
}
