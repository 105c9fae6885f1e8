//! Lines, each with the hash of the one before it.

use super::segment::{Beginning, SEGMENT};
use super::{Damage, Draft, Entry, Head, Log};
use crate::StoreError;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Version of the lines.
const VERSION: u64 = 1;
/// Version of lines that begin a segment: a program that does not know of these must not think that the log was founded there.
const VERSION_OF_SEGMENTS: u64 = 2;
/// What each hash begins with.
const DOMAIN: &[u8] = b"terrane audit 1\0";
/// What stands before the hash in a line.
const TAIL: &str = ",\"hash\":\"";

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
    /// Reads a log and checks every hash. The text begins where a log or a segment of it does.
    ///
    /// # Errors
    /// With the first line that is not as it was written.
    pub fn parse(text: &[u8]) -> Result<Self, Damage> {
        let whole = whole_lines(text);
        let mut log = Self {
            torn: text.len() - whole,
            ..Self::default()
        };
        let lines = text.get(..whole).unwrap_or(&[]);
        let mut at = Place::default();
        for (number, line) in (1..).zip(lines.split_inclusive(|byte| *byte == b'\n')) {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            log.take(line, &mut at).map_err(|problem| Damage {
                line: number,
                problem,
            })?;
        }
        Ok(log)
    }

    fn take(&mut self, line: &[u8], at: &mut Place) -> Result<(), String> {
        let is_first = at.head.is_none();
        if is_first {
            *at = Place::of_first(line)?;
        }
        let entry = parse_line(line, at)?;
        if is_first && entry.seq > 0 {
            let beginning = Beginning::read(&entry)?;
            self.entries.extend(beginning.live.iter().cloned());
            self.begins = Some(beginning);
        } else if entry.draft.kind == SEGMENT {
            // All that it says of the lines before it can be looked up here.
            self.confirm(&Beginning::read(&entry)?)?;
        }
        self.entries.push(entry);
        Ok(())
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
        if let Some(begins) = &self.begins {
            return Some(begins.ledger);
        }
        let Head(hash) = self.entries.first()?.head;
        hash.first_chunk::<16>().copied()
    }

    /// How many segments before it were closed.
    #[must_use]
    pub fn closed(&self) -> u64 {
        self.begins.as_ref().map_or(0, |begins| begins.number)
    }
}

/// How many bytes whole lines take.
pub(super) fn whole_lines(text: &[u8]) -> usize {
    let last = text.iter().rposition(|byte| *byte == b'\n');
    last.map_or(0, |at| at + 1)
}

/// Where a line is in its log.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The hash of the line before it; `None`: nothing was read yet.
    head: Option<Head>,
    seq: u64,
}

impl Place {
    /// Where the first line of a text is. That of a log is behind nothing; that of a segment says behind what.
    fn of_first(line: &[u8]) -> Result<Self, String> {
        let link: Link =
            serde_json::from_slice(line).map_err(|error| format!("it can't be read: {error}"))?;
        if link.seq == 0 {
            return Ok(Self {
                head: Some(Head([0; 32])),
                seq: 0,
            });
        }
        let before = hex::decode(&link.prev).ok();
        let before = before.and_then(|bytes| bytes.try_into().ok());
        match before {
            Some(before) if link.kind == SEGMENT => Ok(Self {
                head: Some(Head(before)),
                seq: link.seq,
            }),
            _ => Err("lines before it are missing".to_owned()),
        }
    }

    fn head(&self) -> Head {
        self.head.unwrap_or(Head([0; 32]))
    }
}

/// What a writer has to know of a line: not what it is about.
#[derive(Deserialize)]
struct Link {
    v: u64,
    seq: u64,
    prev: String,
    kind: String,
    #[serde(default)]
    once: Vec<String>,
}

/// A text of a log whose hashes were all checked, with what came of that: one that begins with the same bytes needs to be checked from there on only.
#[derive(Debug, Default)]
pub struct Known(Mutex<Option<(Vec<u8>, Links)>>);

impl Known {
    /// Keeps a text that was read, if all of it could be.
    pub fn keep(&self, text: &[u8], log: &Log) {
        if log.torn > 0 {
            return;
        }
        let Some(last) = log.entries.last() else {
            return;
        };
        let links = Links {
            at: Place {
                head: Some(last.head),
                seq: last.seq + 1,
            },
            count: text.iter().filter(|byte| **byte == b'\n').count(),
            once: log.names().map(str::to_owned).collect(),
        };
        self.set(text.to_vec(), links);
    }

    pub(super) fn set(&self, text: Vec<u8>, links: Links) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((text, links));
    }

    /// Reads whole lines.
    pub(super) fn parse(&self, lines: &[u8]) -> Result<Links, Damage> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (links, rest) = match &*kept {
            Some((text, links)) if lines.starts_with(text) => {
                (links.clone(), lines.get(text.len()..).unwrap_or(&[]))
            }
            _ => (Links::default(), lines),
        };
        links.parse(rest)
    }
}

/// The end of a log, and the names that its lines bear. All hashes were checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    at: Place,
    count: usize,
    pub(super) once: BTreeSet<String>,
}

impl Links {
    pub(super) fn head(&self) -> Head {
        self.at.head()
    }

    /// The number of the next line.
    pub(super) fn next(&self) -> u64 {
        self.at.seq
    }

    /// Whether there is no line.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes in a line.
    pub(super) fn add(&mut self, line: &[u8]) -> Result<(), String> {
        if self.count == 0 {
            let at = Place::of_first(line)?;
            if at.seq > 0 {
                let mut place = at;
                let entry = parse_line(line, &mut place)?;
                self.once.extend(Beginning::read(&entry)?.once);
            }
            self.at = at;
        }
        let (content, head) = check_line(line, self.head())?;
        let link: Link = serde_json::from_str(&format!("{content}}}"))
            .map_err(|error| format!("it can't be read: {error}"))?;
        check_order(link.v, link.seq, &link.prev, &self.at)?;
        self.once.extend(link.once);
        self.count += 1;
        self.at = Place {
            head: Some(head),
            seq: self.at.seq + 1,
        };
        Ok(())
    }

    /// Reads whole lines behind these.
    fn parse(mut self, text: &[u8]) -> Result<Self, Damage> {
        let links = &mut self;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            links.add(line).map_err(|problem| Damage {
                line: links.count + 1,
                problem,
            })?;
        }
        Ok(self)
    }

    /// Takes in an entry that is written behind these.
    pub(super) fn wrote(&mut self, draft: &Draft, head: Head) {
        self.once.extend(draft.once.iter().cloned());
        self.count += 1;
        self.at = Place {
            head: Some(head),
            seq: self.at.seq + 1,
        };
    }
}

fn parse_line(line: &[u8], at: &mut Place) -> Result<Entry, String> {
    let (content, head) = check_line(line, at.head())?;
    let wire: Wire = serde_json::from_str(&format!("{content}}}"))
        .map_err(|error| format!("it can't be read: {error}"))?;
    check_order(wire.v, wire.seq, &wire.prev, at)?;
    *at = Place {
        head: Some(head),
        seq: at.seq + 1,
    };
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

fn check_order(version: u64, seq: u64, prev: &str, at: &Place) -> Result<(), String> {
    if version > VERSION_OF_SEGMENTS {
        return Err(format!(
            "it has version {version}, which a later terrane wrote"
        ));
    }
    if seq != at.seq || prev != at.head().to_string() {
        return Err("it does not follow the line before it".to_owned());
    }
    Ok(())
}

pub(super) fn hash_of(before: Head, content: &str) -> Head {
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(before.0);
    hash.update(content.as_bytes());
    Head(hash.finalize().into())
}

/// The line of an entry.
pub(super) fn write_line(
    draft: &Draft,
    seq: u64,
    before: Head,
) -> Result<(String, Head), StoreError> {
    let Draft {
        at_ms,
        who,
        kind,
        once,
        body,
    } = draft;
    let wire = Wire {
        v: if kind == SEGMENT {
            VERSION_OF_SEGMENTS
        } else {
            VERSION
        },
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
