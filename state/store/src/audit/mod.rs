//! The audit log: what was planned, decided, applied and overridden, in the order in which it happened.
//!
//! One text per workspace: a JSON object per line, each with the hash of the one before it, so that no byte can be changed, and no line taken out or put
//! in, without the next hashes being wrong (`docs/formats/audit.md`). Stores keep the text ([`Audit`]); what its lines are is the same for all.
//!
//! The log is also where it is known what was used: an entry may bear names that no other entry may ever bear (`once`), which is how a decision or a
//! plan is good for one apply, in whatever copy it comes back.

mod carry;
mod file;
#[cfg(test)]
mod tests;

pub use carry::{Carried, Kept, keep};
pub use file::{FileLog, new_secret};

use crate::StoreError;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fmt;

/// Version of the lines.
const VERSION: u64 = 1;
/// What each hash begins with.
const DOMAIN: &[u8] = b"terrane audit 1\0";
/// What stands before the hash in a line.
const TAIL: &str = ",\"hash\":\"";
/// The kind of the first entry.
const FOUNDED: &str = "founded";
/// The kind of an entry about the rest of a line that was cut off.
const TORN: &str = "torn";

/// Where the logs of a store are.
pub trait Audit {
    /// The text of the log of a workspace; empty if there is none.
    ///
    /// # Errors
    /// When it can't be read.
    fn read(&self, workspace: &str) -> Result<Vec<u8>, StoreError>;

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

/// Says what becomes of the end of a log: how many bytes stay, and what is added.
pub type Change<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(usize, Vec<u8>), StoreError>;

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

/// A log that was read: all its hashes fit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Bytes at the end that are no whole line: of somebody who died over writing it, or of somebody who cut it off.
    pub torn: usize,
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    v: u64,
    seq: u64,
    prev: String,
    at: u64,
    who: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    once: Vec<String>,
    body: serde_json::Value,
}

impl Log {
    /// Reads a log and checks every hash.
    ///
    /// # Errors
    /// With the first line that is not as it was written.
    pub fn parse(text: &[u8]) -> Result<Self, Damage> {
        let whole = whole_lines(text);
        let mut log = Self {
            entries: Vec::new(),
            torn: text.len() - whole,
        };
        let mut head = Head([0; 32]);
        let lines = text
            .get(..whole)
            .unwrap_or(&[])
            .split_inclusive(|byte| *byte == b'\n');
        for (seq, line) in lines.enumerate() {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let entry = parse_line(line, head, seq).map_err(|problem| Damage {
                line: seq + 1,
                problem,
            })?;
            head = entry.head;
            log.entries.push(entry);
        }
        Ok(log)
    }

    /// The hash over all entries; of zeros if there is none.
    #[must_use]
    pub fn head(&self) -> Head {
        self.entries
            .last()
            .map_or(Head([0; 32]), |entry| entry.head)
    }

    /// What names the log: of its first entry, which holds something random. `None`: there is no log yet.
    #[must_use]
    pub fn ledger(&self) -> Option<[u8; 16]> {
        let Head(hash) = self.entries.first()?.head;
        hash.first_chunk::<16>().copied()
    }

    /// When the last entry was made, in milliseconds since 1970 UTC; 0 if there is none. Clocks of several machines may have written the log.
    #[must_use]
    pub fn last_ms(&self) -> u64 {
        self.entries
            .iter()
            .map(|entry| entry.draft.at_ms)
            .max()
            .unwrap_or(0)
    }
}

/// How many bytes whole lines take.
fn whole_lines(text: &[u8]) -> usize {
    let last = text.iter().rposition(|byte| *byte == b'\n');
    last.map_or(0, |at| at + 1)
}

/// What a writer has to know of a line: not what it is about.
#[derive(Deserialize)]
struct Link {
    v: u64,
    seq: u64,
    prev: String,
    #[serde(default)]
    once: Vec<String>,
}

/// The end of a log, and the names that its lines bear. All hashes were checked.
#[derive(Default)]
struct Links {
    head: Option<Head>,
    count: usize,
    once: BTreeSet<String>,
}

impl Links {
    fn head(&self) -> Head {
        self.head.unwrap_or(Head([0; 32]))
    }

    fn add(&mut self, line: &[u8]) -> Result<(), String> {
        let (content, head) = check_line(line, self.head())?;
        let link: Link = serde_json::from_str(&format!("{content}}}"))
            .map_err(|error| format!("it can't be read: {error}"))?;
        check_order(link.v, link.seq, &link.prev, (self.head(), self.count))?;
        self.once.extend(link.once);
        self.count += 1;
        self.head = Some(head);
        Ok(())
    }

    /// Reads whole lines.
    fn parse(text: &[u8]) -> Result<Self, Damage> {
        let mut links = Self::default();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            links.add(line).map_err(|problem| Damage {
                line: links.count + 1,
                problem,
            })?;
        }
        Ok(links)
    }
}

fn parse_line(line: &[u8], before: Head, seq: usize) -> Result<Entry, String> {
    let (content, head) = check_line(line, before)?;
    let wire: Wire = serde_json::from_str(&format!("{content}}}"))
        .map_err(|error| format!("it can't be read: {error}"))?;
    check_order(wire.v, wire.seq, &wire.prev, (before, seq))?;
    Ok(Entry {
        seq: wire.seq,
        draft: Draft {
            at_ms: wire.at,
            who: wire.who,
            kind: wire.kind,
            once: wire.once,
            body: wire.body,
        },
        head,
    })
}

/// The part of a line that is hashed, if its hash fits.
fn check_line(line: &[u8], before: Head) -> Result<(&str, Head), String> {
    let text = str::from_utf8(line).map_err(|_| "it is no text".to_owned())?;
    let bad = || "it does not end as a line of the log does".to_owned();
    let rest = text.strip_suffix("\"}").ok_or_else(bad)?;
    let at = rest.len().checked_sub(64).ok_or_else(bad)?;
    let (rest, hash) = rest.split_at_checked(at).ok_or_else(bad)?;
    let content = rest.strip_suffix(TAIL).ok_or_else(bad)?;
    let head = hash_of(before, content);
    if hash != head.to_string() {
        return Err("its hash does not fit: it, or one before it, was changed".to_owned());
    }
    Ok((content, head))
}

fn check_order(
    version: u64,
    seq: u64,
    prev: &str,
    (before, expected): (Head, usize),
) -> Result<(), String> {
    if version > VERSION {
        return Err(format!(
            "it has version {version}, which a later terrane wrote"
        ));
    }
    if usize::try_from(seq).ok() != Some(expected) || prev != before.to_string() {
        return Err("it does not follow the line before it".to_owned());
    }
    Ok(())
}

fn hash_of(before: Head, content: &str) -> Head {
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(before.0);
    hash.update(content.as_bytes());
    Head(hash.finalize().into())
}

/// The line of an entry.
fn write_line(draft: &Draft, seq: u64, before: Head) -> Result<(String, Head), StoreError> {
    let Draft {
        at_ms,
        who,
        kind,
        once,
        body,
    } = draft;
    let wire = Wire {
        v: VERSION,
        seq,
        prev: before.to_string(),
        at: *at_ms,
        who: who.clone(),
        kind: kind.clone(),
        once: once.clone(),
        body: body.clone(),
    };
    let text = serde_json::to_string(&wire)
        .map_err(|error| StoreError::Refused(format!("the audit log can't hold this: {error}")))?;
    let content = text.strip_suffix('}').unwrap_or(&text);
    let head = hash_of(before, content);
    Ok((format!("{content}{TAIL}{head}\"}}\n"), head))
}

/// Reads the log of a workspace.
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
    record(audit, workspace, None, (at_ms, who), &[])?;
    read(audit, workspace)
}

/// Records entries, all or none.
///
/// # Errors
/// `Used`, when one of them bears a name that is borne already; when the log is damaged, or can't be written.
pub fn append(audit: &dyn Audit, workspace: &str, drafts: &[Draft]) -> Result<(), AuditError> {
    let Some(first) = drafts.first() else {
        return Ok(());
    };
    record(audit, workspace, None, (first.at_ms, &first.who), drafts)
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
    let Some(first) = drafts.first() else {
        return Ok(());
    };
    record(
        audit,
        workspace,
        Some(head),
        (first.at_ms, &first.who),
        drafts,
    )
}

fn record(
    audit: &dyn Audit,
    workspace: &str,
    behind: Option<Head>,
    by: (u64, &str),
    drafts: &[Draft],
) -> Result<(), AuditError> {
    let mut refused = None;
    let changed = audit.change(workspace, &mut |text| {
        refused = None;
        match added(text, behind, by, drafts) {
            Ok(change) => Ok(change),
            Err(AuditError::Store(error)) => Err(error),
            Err(error) => {
                refused = Some(error);
                Err(StoreError::Refused(String::new()))
            }
        }
    });
    match refused {
        Some(error) => Err(error),
        None => Ok(changed?),
    }
}

/// How much of a log stays, and what is added to it.
fn added(
    text: &[u8],
    behind: Option<Head>,
    (at_ms, who): (u64, &str),
    drafts: &[Draft],
) -> Result<(usize, Vec<u8>), AuditError> {
    let mut whole = whole_lines(text);
    let mut links = Links::parse(text.get(..whole).unwrap_or(&[])).map_err(AuditError::Damaged)?;
    if behind.is_some_and(|head| head != links.head()) {
        return Err(AuditError::Moved);
    }
    let mut out = Vec::new();
    let rest = text.get(whole..).unwrap_or(&[]);
    let mut torn = !rest.is_empty();
    if torn && links.add(rest).is_ok() {
        // Only the end of its line is missing.
        torn = false;
        whole = text.len();
        out.push(b'\n');
    }
    let own = |kind: &str, body| Draft {
        at_ms,
        who: who.to_owned(),
        kind: kind.to_owned(),
        once: Vec::new(),
        body,
    };
    let mut all = Vec::new();
    if links.count == 0 {
        let random = crate::lease::new_lock_id();
        all.push(own(FOUNDED, serde_json::json!({"random": random.as_str()})));
    }
    if torn {
        let hash = hash_of(Head([0; 32]), &String::from_utf8_lossy(rest));
        all.push(own(
            TORN,
            serde_json::json!({"bytes": rest.len(), "hash": hash.to_string()}),
        ));
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
    let mut head = links.head();
    let first = links.count;
    for (at, draft) in all.iter().enumerate() {
        let seq = u64::try_from(first + at).unwrap_or(u64::MAX);
        let (line, next) = write_line(draft, seq, head)?;
        out.extend_from_slice(line.as_bytes());
        head = next;
    }
    Ok((whole, out))
}
