//! The audit log: recording, reading, verifying. Stores keep it; what is in it is said in `docs/formats/audit.md`.
//!
//! Where states are encrypted, so are the bodies of entries.

use crate::clock::now_ms;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use terrane_store::StateStore;
use terrane_store::audit::{
    As, Audit, AuditError, Carried, Draft, Entry, Head, Kept, Log, SEGMENT, Turn,
};

/// A longer segment of a log, in bytes, is closed: so much is read and checked whenever something is recorded or judged.
const LONGEST_SEGMENT: usize = 4 << 20;

/// The logs of the store; `None`: it keeps none.
///
/// # Errors
/// When the backend has to be initialized first.
pub(crate) fn of(session: &Session) -> Result<Option<&dyn Audit>, Failure> {
    Ok(session.store()?.audit())
}

/// What became of a log that was to go along with its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFate {
    /// It is there: how many entries.
    Taken(usize),
    /// It was there already.
    Present,
    /// Another one is there, and stays.
    Other,
    /// The store keeps no logs.
    NoPlace,
}

/// Puts a log into a store.
///
/// # Errors
/// When it is damaged, or can't be written.
pub(crate) fn put(
    log: &Kept,
    store: &dyn StateStore,
    workspace: &str,
) -> Result<LogFate, AuditError> {
    let Some(audit) = store.audit() else {
        return Ok(LogFate::NoPlace);
    };
    Ok(match log.put(audit, workspace)? {
        Carried::Taken(entries) => LogFate::Taken(entries),
        Carried::Present => LogFate::Present,
        Carried::Other => LogFate::Other,
    })
}

/// Reads a log: its present segment, with what matters of those before it.
///
/// # Errors
/// When it can't be read, or is damaged.
pub(crate) fn read(audit: &dyn Audit, workspace: &str) -> Result<Log, Failure> {
    parse(&text(audit, workspace)?)
}

/// The text of the same.
///
/// # Errors
/// When it can't be read.
pub(crate) fn text(audit: &dyn Audit, workspace: &str) -> Result<Vec<u8>, Failure> {
    let text = audit.read(workspace);
    text.map_err(|error| failed(AuditError::Store(error)))
}

/// Reads the text of a log.
///
/// # Errors
/// When it is damaged.
pub(crate) fn parse(text: &[u8]) -> Result<Log, Failure> {
    Log::parse(text).map_err(|damage| failed(AuditError::Damaged(damage)))
}

/// Begins a log that is not begun.
///
/// # Errors
/// When it can't be read or written, or is damaged.
pub(crate) fn founded(
    session: &Session,
    audit: &dyn Audit,
    workspace: &str,
) -> Result<(), Failure> {
    let log = terrane_store::audit::founded(audit, workspace, now_ms(), &session.who());
    log.map(drop).map_err(failed)
}

/// Records something in the log of the current workspace. Nothing happens where the store keeps none.
///
/// # Errors
/// When it can't be written, is damaged, or one of the names `once` is borne already.
pub(crate) fn record(
    session: &Session,
    kind: &str,
    body: Value,
    once: Vec<String>,
) -> Result<(), Failure> {
    let Some(audit) = of(session)? else {
        return Ok(());
    };
    let draft = draft(session, kind, body, once)?;
    append(session, audit, (&session.workspace()?, draft), None).map_err(failed)
}

fn append(
    session: &Session,
    audit: &dyn Audit,
    (workspace, draft): (&str, Draft),
    behind: Option<Head>,
) -> Result<(), AuditError> {
    let turn = Turn {
        longest: LONGEST_SEGMENT,
        live: &|log| crate::gates::live::live(session, log),
    };
    let how = As {
        behind,
        turn: Some(&turn),
        known: Some(&session.known_log),
    };
    terrane_store::audit::append_as(audit, workspace, &[draft], how)
}

/// The same of what rests on all that is recorded up to an entry. `false`: something was recorded behind it.
///
/// # Errors
/// As [`record`].
pub(crate) fn record_behind(
    session: &Session,
    head: Head,
    kind: &str,
    body: Value,
    once: Vec<String>,
) -> Result<bool, Failure> {
    let Some(audit) = of(session)? else {
        return Ok(true);
    };
    let draft = draft(session, kind, body, once)?;
    match append(session, audit, (&session.workspace()?, draft), Some(head)) {
        Ok(()) => Ok(true),
        Err(AuditError::Moved) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn draft(session: &Session, kind: &str, body: Value, once: Vec<String>) -> Result<Draft, Failure> {
    Ok(Draft {
        at_ms: now_ms(),
        who: session.who(),
        kind: kind.to_owned(),
        once,
        body: seal(session, body)?,
    })
}

/// The same of what must not be in the way of what is done: a problem is said, no more.
pub(crate) fn note(session: &Session, kind: &str, body: Value) {
    if let Err(failure) = record(session, kind, body, Vec::new()) {
        let report = failure.into_report();
        let causes: Vec<String> = report
            .diagnostics
            .iter()
            .map(|one| format!("{}: {}", one.summary, one.detail))
            .collect();
        (session.say.0)(&format!(
            "This could not be recorded in the audit log: {}",
            causes.join("; ")
        ));
    }
}

/// Encrypts a body where states are encrypted.
fn seal(session: &Session, body: Value) -> Result<Value, Failure> {
    let seal = session.seal()?;
    if !seal.encrypts() {
        return Ok(body);
    }
    let sealed = seal
        .seal(body.to_string().as_bytes(), None)
        .map_err(Failure::store(
            "Encrypting an entry of the audit log failed",
        ))?;
    Ok(json!({"sealed": String::from_utf8_lossy(&sealed)}))
}

/// A body that may be encrypted.
pub(crate) fn open<'b>(session: &Session, body: &'b Value) -> Result<Cow<'b, Value>, Failure> {
    let Some(sealed) = body.get("sealed").and_then(Value::as_str) else {
        return Ok(Cow::Borrowed(body));
    };
    let opened = session
        .seal()?
        .unseal(sealed.as_bytes().to_vec())
        .map_err(Failure::store(
            "Decrypting an entry of the audit log failed",
        ))?;
    let opened = serde_json::from_slice(&opened).map_err(|_| {
        Failure::input(
            &rules::gates::LOG_DAMAGED,
            "An entry of the audit log was decrypted, and what is in it is no JSON.",
        )
    })?;
    Ok(Cow::Owned(opened))
}

pub(crate) fn failed(error: AuditError) -> Failure {
    match error {
        AuditError::Used(name) => {
            if name.starts_with(crate::gates::book::GATES) {
                return Failure::input(
                    &rules::gates::CHANGED_MEANWHILE,
                    "Other files of gates were agreed to since these were compared with those in force. Look at what is in force now with `terrane gates`, and agree anew.",
                );
            }
            let what = if name.starts_with(crate::gates::book::USED) {
                "A decision that this plan needs was used by another apply meanwhile."
            } else {
                "This plan was applied already, here or from a copy."
            };
            Failure::input(
                &rules::gates::USED,
                format!("{what} Make a new plan, and have it approved."),
            )
        }
        AuditError::Damaged(damage) => Failure::input(
            &rules::gates::LOG_DAMAGED,
            format!(
                "In {damage}. Nothing is recorded or approved by a log that was changed. Look at it with `terrane audit -verify`, and find out who changed it."
            ),
        ),
        AuditError::Moved => Failure::input(
            &rules::gates::USED,
            "Others record in the audit log all the time. Try again.",
        ),
        AuditError::Store(error) => Failure::store("The audit log can't be used")(error),
    }
}

/// What `terrane audit` shows.
#[derive(Debug)]
pub struct Shown {
    /// The entries, bodies decrypted.
    pub entries: Vec<Entry>,
    /// Whose keys the decisions among them name, by the gates that were in force then: by number of the entry.
    pub signers: BTreeMap<u64, String>,
    /// The hash over all of the log.
    pub head: String,
    /// What is wrong beside the hashes, if it was verified.
    pub problems: Vec<String>,
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of these kinds; empty: of all.
    pub kinds: Vec<String>,
    /// By whom: a part of the name of the account, or of the person whose key a decision names.
    pub who: Option<String>,
    /// Not before this, in milliseconds since 1970 UTC.
    pub since_ms: Option<u64>,
    /// Whose body mentions this.
    pub about: Option<String>,
}

impl Filter {
    fn wants(&self, entry: &Entry, signer: Option<&String>) -> bool {
        let Self {
            kinds,
            who,
            since_ms,
            about,
        } = self;
        let draft = &entry.draft;
        (kinds.is_empty() || kinds.contains(&draft.kind))
            && who.as_ref().is_none_or(|who| {
                draft.who.contains(who) || signer.is_some_and(|signer| signer.contains(who))
            })
            && since_ms.is_none_or(|since| draft.at_ms >= since)
            && about
                .as_ref()
                .is_none_or(|about| draft.body.to_string().contains(about.as_str()))
    }
}

/// The text of the log as the store keeps it: one JSON object per line, with the hashes by which others can verify it.
///
/// # Errors
/// When it can't be read.
pub fn export(session: &Session) -> Result<Vec<u8>, Failure> {
    let Some(audit) = of(session)? else {
        return Err(no_log());
    };
    terrane_store::audit::whole_text(audit, &session.workspace()?).map_err(failed)
}

/// Entries of the log of the current workspace. All hashes are checked. `expect`: a hash that was written down before, which must be among them.
///
/// # Errors
/// When the store keeps none, it can't be read, or is damaged.
pub fn show(session: &Session, filter: &Filter, expect: Option<&str>) -> Result<Shown, Failure> {
    let Some(audit) = of(session)? else {
        return Err(no_log());
    };
    let mut log = terrane_store::audit::whole(audit, &session.workspace()?).map_err(failed)?;
    for entry in &mut log.entries {
        let body = &entry.draft.body;
        entry.draft.body = if entry.draft.kind == SEGMENT {
            shortened(body)
        } else {
            open(session, body)?.into_owned()
        };
    }
    let mut problems = beside_history(session, &log)?;
    if log.torn > 0 {
        problems.push(format!(
            "the last {} bytes are no whole line: somebody died over writing it, or cut it off",
            log.torn
        ));
    }
    if let Some(expect) = expect
        && !log
            .entries
            .iter()
            .any(|entry| entry.head.to_string() == expect)
    {
        problems.push(format!("no entry has the hash {expect}: entries were taken off the end, or all was written anew"));
    }
    let head = log.head().to_string();
    let mut entries = log.entries;
    let signers = crate::gates::signers(&entries);
    entries.retain(|entry| filter.wants(entry, signers.get(&entry.seq)));
    Ok(Shown {
        entries,
        signers,
        head,
        problems,
    })
}

/// What a segment begins with, without what it repeats of those before it.
fn shortened(body: &Value) -> Value {
    let count = |key: &str| body.get(key).and_then(Value::as_array).map_or(0, Vec::len);
    json!({
        "number": body.get("number"),
        "entries": count("live"),
        "names": count("once"),
    })
}

fn no_log() -> Failure {
    Failure::input(
        &rules::gates::NO_LOG,
        "This backend keeps no audit log. The embedded store does, PostgreSQL, and local files.",
    )
}

/// Runs of the history that the log should know: what was cut off the end of the log is missed here.
fn beside_history(session: &Session, log: &Log) -> Result<Vec<String>, Failure> {
    let Some(first) = log.entries.first() else {
        return Ok(Vec::new());
    };
    let history = match session.store()?.history(&session.workspace()?) {
        Err(terrane_store::StoreError::NoWorkspace(_)) => Vec::new(),
        history => history.map_err(Failure::store("Reading the history failed"))?,
    };
    let runs: std::collections::BTreeSet<&str> = log
        .entries
        .iter()
        .filter_map(|entry| entry.draft.body.get("run").and_then(Value::as_str))
        .collect();
    Ok(history
        .iter()
        .filter(|version| version.at_ms > first.draft.at_ms && !version.plan.is_empty())
        .filter(|version| !runs.contains(version.run.as_str()))
        .map(|version| {
            format!(
                "the run {} ({}, by {}) changed the state, and no entry tells of it",
                version.run, version.command, version.who
            )
        })
        .collect())
}
