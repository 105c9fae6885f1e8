//! Segments: a log that gets long is closed, and goes on in another one.
//!
//! The first line of a segment is behind the last one of the segment before it, by number and hash, and says what still matters of all before it: the
//! name of the log, the names that were borne once, and the entries that somebody may yet look at. So whoever adds a line, or judges by the log, reads
//! and checks one segment. Whoever verifies the log reads all of them, and holds what each beginning says against the lines that it is about.

use super::chain::whole_lines;
use super::{Audit, AuditError, Damage, Draft, Entry, Head, Log};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// The kind of the entry that begins a segment.
pub const SEGMENT: &str = "segment";

/// When a segment is closed, and what goes along into the next one.
pub struct Turn<'a> {
    /// One that is longer, in bytes, is closed. A segment that is mostly what came along from others is given four times the room.
    pub longest: usize,
    /// Which entries somebody may yet look at, by their numbers. `None`: that can't be told, and the segment goes on.
    pub live: &'a dyn Fn(&Log) -> Option<BTreeSet<u64>>,
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { longest, live: _ } = self;
        f.debug_struct("Turn")
            .field("longest", longest)
            .finish_non_exhaustive()
    }
}

/// How a segment begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Beginning {
    /// How many segments were closed before it.
    pub(super) number: u64,
    /// What names the log.
    pub(super) ledger: [u8; 16],
    /// Names that entries before it bear.
    pub(super) once: BTreeSet<String>,
    /// Entries before it that still matter, in their order.
    pub(super) live: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    number: u64,
    ledger: String,
    once: Vec<String>,
    live: Vec<Living>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Living {
    seq: u64,
    hash: String,
    at: u64,
    who: String,
    kind: String,
    once: Vec<String>,
    body: Value,
}

impl Beginning {
    /// What the entry that begins a segment says.
    pub(super) fn read(entry: &Entry) -> Result<Self, String> {
        let bad = || "it does not begin a segment as it should".to_owned();
        let body = Body::deserialize(&entry.draft.body).map_err(|_| bad())?;
        let Body {
            number,
            ledger,
            once,
            live,
        } = body;
        let ledger = hex::decode(ledger).ok().and_then(|id| id.try_into().ok());
        let live: Option<Vec<Entry>> = live.into_iter().map(Living::entry).collect();
        let live = live.ok_or_else(bad)?;
        let in_order = live.is_sorted_by(|one, next| one.seq < next.seq)
            && live.last().is_none_or(|last| last.seq < entry.seq);
        if !in_order || number == 0 {
            return Err(bad());
        }
        Ok(Self {
            number,
            ledger: ledger.ok_or_else(bad)?,
            once: once.into_iter().collect(),
            live,
        })
    }

    fn write(self) -> Value {
        let Self {
            number,
            ledger,
            once,
            live,
        } = self;
        let live: Vec<Value> = (live.into_iter())
            .map(|entry| {
                serde_json::json!({
                    "seq": entry.seq,
                    "hash": entry.head.to_string(),
                    "at": entry.draft.at_ms,
                    "who": entry.draft.who,
                    "kind": entry.draft.kind,
                    "once": entry.draft.once,
                    "body": entry.draft.body,
                })
            })
            .collect();
        serde_json::json!({
            "number": number,
            "ledger": hex::encode(ledger),
            "once": once,
            "live": live,
        })
    }
}

impl Living {
    fn entry(self) -> Option<Entry> {
        let head: [u8; 32] = hex::decode(&self.hash).ok()?.try_into().ok()?;
        Some(Entry {
            seq: self.seq,
            draft: Draft {
                at_ms: self.at,
                who: self.who,
                kind: self.kind,
                once: self.once,
                body: self.body,
            },
            head: Head(head),
        })
    }
}

impl Log {
    /// Reads a log from its very beginning.
    pub(super) fn parse_whole(text: &[u8]) -> Result<Self, Damage> {
        let log = Self::parse(text)?;
        if log.begins.is_some() {
            return Err(Damage {
                line: 1,
                problem: "lines before it are missing".to_owned(),
            });
        }
        Ok(log)
    }

    /// Holds what a segment says of the lines before it against them, where they were read.
    pub(super) fn confirm(&self, beginning: &Beginning) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("what it says of {what} before it is not so"));
        if self.ledger() != Some(beginning.ledger) {
            return wrong("the log");
        }
        if self.borne() != beginning.once {
            return wrong("names that were borne");
        }
        for entry in &beginning.live {
            let found = self.entries.binary_search_by_key(&entry.seq, |one| one.seq);
            let found = found.ok().and_then(|at| self.entries.get(at));
            if found != Some(entry) {
                return wrong("entries");
            }
        }
        Ok(())
    }

    /// The names that entries bear, those of closed segments too. Some may come twice.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let begins = self.begins.iter().flat_map(|begins| &begins.once);
        let entries = self.entries.iter().flat_map(|entry| &entry.draft.once);
        begins.chain(entries).map(String::as_str)
    }

    fn borne(&self) -> BTreeSet<String> {
        self.names().map(str::to_owned).collect()
    }
}

/// Whether a log is to go on in another segment: which one is closed, and what the next one begins with.
pub(super) fn turned(lines: &[u8], turn: &Turn<'_>) -> Result<Option<(u64, Value)>, Damage> {
    let first = lines.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    if lines.len() <= turn.longest.max(first.saturating_mul(4)) {
        return Ok(None);
    }
    let log = Log::parse(lines)?;
    let Some((live, ledger)) = (turn.live)(&log).zip(log.ledger()) else {
        return Ok(None);
    };
    let number = log.closed();
    let once = log.borne();
    let mut entries = log.entries;
    // What begins segments says it of lines, not of the world.
    entries.retain(|entry| live.contains(&entry.seq) && entry.draft.kind != SEGMENT);
    let beginning = Beginning {
        number: number + 1,
        ledger,
        once,
        live: entries,
    };
    Ok(Some((number, beginning.write())))
}

/// The text of a log with all segments that were closed.
///
/// # Errors
/// When one can't be read, or is missing.
pub fn whole_text(audit: &dyn Audit, workspace: &str) -> Result<Vec<u8>, AuditError> {
    let present = audit.read(workspace)?;
    let end = whole_lines(&present);
    let line = present.get(..end).unwrap_or(&[]);
    let line = line.split_inclusive(|byte| *byte == b'\n').next();
    // What is wrong with a damaged one, its reader says.
    let first = line.and_then(|line| Log::parse(line).ok());
    let closed = first.map_or(0, |log| log.closed());
    let mut text = Vec::new();
    for segment in 0..closed {
        let Some(part) = audit.closed(workspace, segment)? else {
            return Err(AuditError::Damaged(Damage {
                line: 1,
                problem: format!("the segment {segment}, which was closed, is not there"),
            }));
        };
        text.extend(part);
    }
    text.extend(present);
    Ok(text)
}

/// Reads a log with all segments that were closed, and holds them against each other.
///
/// # Errors
/// When it can't be read, or is damaged.
pub fn whole(audit: &dyn Audit, workspace: &str) -> Result<Log, AuditError> {
    Log::parse_whole(&whole_text(audit, workspace)?).map_err(AuditError::Damaged)
}
