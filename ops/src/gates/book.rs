//! The book of a workspace: its audit log, read, with what gates need of it.

use super::{KIND, Rules, from_json, of_folder, to_json};
use crate::audit;
use crate::clock::now_ms;
use crate::failure::Failure;
use crate::rules;
use crate::session::{DEFAULT_WORKSPACE, Session};
use serde_json::Value;
use std::collections::BTreeSet;
use terrane_gate::decision::{Decision, DecisionId, Place};
use terrane_gate::record;
use terrane_plan::basis::Hash;
use terrane_store::audit::Log;

/// The kind of log entries that hold a decision.
pub(crate) const DECISION: &str = "decision";
/// What the name of a used decision begins with.
pub(crate) const USED: &str = "decision:";
/// What the name of an applied plan begins with.
pub(crate) const APPLIED: &str = "plan:";

/// Gates in force, and what is recorded.
#[derive(Debug)]
pub struct Book {
    /// The gates in force. Those of the folder, where none were recorded yet.
    pub rules: Rules,
    /// Those of the folder, where they are others than those in force. `Some(None)`: there are none.
    pub changed: Option<Option<Rules>>,
    /// Whether the gates in force are recorded.
    pub is_pinned: bool,
    /// The log.
    pub log: Log,
    /// Where plans are applied. The lineage is that of a plan, which is held against that of the state when it is applied.
    pub place: Place,
    /// What sensitive values are hashed with.
    pub secret: Hash,
    /// Decisions in the log.
    pub decisions: Vec<Decision>,
    /// Decisions that were used.
    pub used: BTreeSet<DecisionId>,
}

impl Book {
    /// Opens the book, if there are gates. The log is begun where it is not.
    ///
    /// # Errors
    /// When gates can't be read or used here, or the log can't be read or is damaged.
    pub fn open(session: &Session) -> Result<Option<Self>, Failure> {
        let folder = of_folder(session)?;
        let workspace = session.workspace()?;
        let Some(store) = audit::of(session)? else {
            return match folder {
                None => Ok(None),
                Some(_) => Err(Failure::input(
                    &rules::gates::NO_LOG,
                    "There are files of gates, but this backend keeps no audit log, so it could not be known which decisions were used. Keep the state in the embedded store, in PostgreSQL or in a local file.",
                )),
            };
        };
        if folder.is_none() && !may_exist(session)? {
            return Ok(None);
        }
        let log = audit::read(store, &workspace)?;
        let mut pinned = pinned_in(session, &log)?;
        let is_pinned = pinned.is_some();
        if pinned.is_none() && workspace != DEFAULT_WORKSPACE {
            // A new workspace is no way around the gates of the others.
            let log = audit::read(store, DEFAULT_WORKSPACE)?;
            pinned = pinned_in(session, &log)?;
        }
        if folder.is_none() && pinned.is_none() {
            return Ok(None);
        }
        let log = if log.entries.is_empty() {
            audit::founded(session, store, &workspace)?
        } else {
            log
        };
        let (rules, changed) = match (pinned, folder) {
            (Some(pinned), Some(folder)) if pinned.gates.digest == folder.gates.digest => {
                (folder, None)
            }
            (Some(pinned), folder) => (pinned, Some(folder)),
            (None, Some(folder)) => (folder, None),
            (None, None) => return Ok(None),
        };
        let (decisions, used) = decisions(session, &log);
        Ok(Some(Self {
            rules,
            changed,
            is_pinned,
            place: Place {
                ledger: log.ledger().unwrap_or_default(),
                workspace: workspace.as_str().into(),
                lineage: ecow::EcoString::new(),
            },
            secret: store
                .secret(&workspace)
                .map_err(Failure::store("Reading the audit log failed"))?,
            log,
            decisions,
            used,
        }))
    }

    /// Records the gates in force, where they are not yet.
    ///
    /// # Errors
    /// When that can't be written.
    pub fn pin(&mut self, session: &Session) -> Result<(), Failure> {
        if self.is_pinned {
            return Ok(());
        }
        audit::record(session, KIND, to_json(Some(&self.rules)), Vec::new())?;
        self.is_pinned = true;
        Ok(())
    }

    /// A time that is past for certain. A plan is made at a moment too.
    #[must_use]
    pub fn past_ms(&self) -> u64 {
        self.log.last_ms()
    }

    /// Refuses to go on where the files are not those in force.
    ///
    /// # Errors
    /// When they are not.
    pub fn check_unchanged(&self) -> Result<(), Failure> {
        let Some(folder) = &self.changed else {
            return Ok(());
        };
        let what = match folder {
            Some(_) => "The files of gates were changed",
            None => "The files of gates were removed",
        };
        Err(Failure::input(
            &rules::gates::GATES_CHANGED,
            format!(
                "{what}, and what is in force is what was recorded when they were last agreed to. Take the change back, or have it agreed to with `terrane gates accept`."
            ),
        ))
    }
}

/// Whether there can be a log: without one, nothing was ever in force.
fn may_exist(session: &Session) -> Result<bool, Failure> {
    Ok(!session.is_embedded()? || std::path::Path::new(crate::session::STATE_DIR).exists())
}

/// The gates that were last put in force.
fn pinned_in(session: &Session, log: &Log) -> Result<Option<Rules>, Failure> {
    let last = log
        .entries
        .iter()
        .rev()
        .find(|entry| entry.draft.kind == KIND);
    match last {
        None => Ok(None),
        Some(entry) => from_json(&audit::open(session, &entry.draft.body)?),
    }
}

/// All decisions of a log, and those that were used.
fn decisions(session: &Session, log: &Log) -> (Vec<Decision>, BTreeSet<DecisionId>) {
    let mut decisions = Vec::new();
    let mut used = BTreeSet::new();
    for entry in &log.entries {
        if entry.draft.kind == DECISION
            && let Ok(body) = audit::open(session, &entry.draft.body)
            && let Ok(decision) = record::from_json(body.get("record").unwrap_or(&Value::Null))
        {
            decisions.push(decision);
        }
        for once in &entry.draft.once {
            let id = once.strip_prefix(USED).and_then(|id| hex::decode(id).ok());
            if let Some(id) = id.and_then(|id| id.try_into().ok()) {
                used.insert(DecisionId(id));
            }
        }
    }
    (decisions, used)
}

/// The present time, never before what is recorded.
#[must_use]
pub fn time(book: &Book) -> u64 {
    now_ms().max(book.past_ms())
}
