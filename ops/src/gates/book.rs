//! The book of a workspace: its audit log, read, with what gates need of it.

use super::{CLOCK, KIND, Rules, damaged, from_json, of_folder, to_json};
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
use terrane_store::audit::{Audit, AuditError, Log};

/// The kind of log entries that hold a decision.
pub(crate) const DECISION: &str = "decision";
/// What the name of a used decision begins with.
pub(crate) const USED: &str = "decision:";
/// What the name of an applied plan begins with.
pub(crate) const APPLIED: &str = "plan:";

/// What the name of a change of gates begins with: from each state of the gates there is one way on.
pub(crate) const GATES: &str = "gates:";
/// The kind of log entries that say that a plan was saved.
pub(crate) const SAVED: &str = "plan";

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
    /// Its text, by which is known whether something was recorded since it was read.
    text: Vec<u8>,
    /// Where plans are applied. The lineage is that of a plan, which is held against that of the state when it is applied.
    pub place: Place,
    /// What sensitive values are hashed with.
    pub secret: Hash,
    /// Decisions in the log.
    pub decisions: Vec<Decision>,
    /// Decisions that were used.
    pub used: BTreeSet<DecisionId>,
}

/// What an entry of the log says of the gates in force.
struct Pin {
    /// When it was recorded.
    at_ms: u64,
    /// The gates; `None`: it was agreed that there are none.
    rules: Option<Rules>,
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
        let mut text = audit::text(store, &workspace)?;
        let log = audit::parse(&text)?;
        let own = pinned_in(session, &log)?;
        let is_pinned = own.as_ref().is_some_and(|pin| pin.rules.is_some());
        let pinned = match own {
            Some(own) => own.rules,
            // A new workspace is no way around the gates of the others.
            None => of_others(session, store, &workspace, folder.as_ref())?,
        };
        let (rules, changed) = match (pinned, folder) {
            (Some(pinned), Some(folder)) if pinned.gates.digest == folder.gates.digest => {
                (folder, None)
            }
            (Some(pinned), folder) => (pinned, Some(folder)),
            (None, Some(folder)) => (folder, None),
            (None, None) => return Ok(None),
        };
        if !is_pinned {
            // What can't be used must not be put in force.
            rules.compiled()?;
        }
        let log = if log.entries.is_empty() {
            audit::founded(session, store, &workspace)?;
            text = audit::text(store, &workspace)?;
            audit::parse(&text)?
        } else {
            log
        };
        let mut book = Self {
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
            log: Log::default(),
            text: Vec::new(),
            decisions: Vec::new(),
            used: BTreeSet::new(),
        };
        book.take(session, log, text)?;
        Ok(Some(book))
    }

    /// Reads what a log says of decisions.
    fn take(&mut self, session: &Session, log: Log, text: Vec<u8>) -> Result<(), Failure> {
        let (decisions, used) = decisions(session, &log)?;
        session.known_log.keep(&text, &log);
        self.decisions = decisions;
        self.used = used;
        self.log = log;
        self.text = text;
        Ok(())
    }

    /// Reads what was recorded since the book was opened.
    ///
    /// # Errors
    /// When the log can't be read, or other gates are in force by now.
    pub fn reread(&mut self, session: &Session) -> Result<(), Failure> {
        let Some(store) = audit::of(session)? else {
            return Ok(());
        };
        let text = audit::text(store, &session.workspace()?)?;
        if text == self.text {
            return Ok(());
        }
        let log = audit::parse(&text)?;
        if let Some(pin) = pinned_in(session, &log)? {
            let digest = pin.rules.as_ref().map(|rules| rules.gates.digest);
            if digest != Some(self.rules.gates.digest) {
                return Err(Failure::input(
                    &rules::gates::OTHER_GATES,
                    "Other gates were put in force meanwhile. Make a new plan: approvals of what means the same are kept.",
                ));
            }
            self.is_pinned = true;
        }
        self.take(session, log, text)
    }

    /// What names the gates that are in force: of whoever changes them from here, one is first.
    #[must_use]
    pub fn base(&self) -> String {
        let pins = self.log.entries.iter().rev();
        let last = pins.into_iter().find(|entry| entry.draft.kind == KIND);
        let base = last.map_or_else(|| "none".to_owned(), |entry| entry.head.to_string());
        format!("{GATES}{base}")
    }

    /// Whether a plan was saved here, under gates.
    ///
    /// # Errors
    /// When an entry can't be decrypted.
    pub fn knows_plan(&self, session: &Session, digest: &str) -> Result<bool, Failure> {
        for entry in self.log.entries.iter().rev() {
            if entry.draft.kind == SAVED
                && audit::open(session, &entry.draft.body)?
                    .get("plan")
                    .and_then(Value::as_str)
                    == Some(digest)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Refuses a plan that was applied already: whatever is decided about it, it is not applied again.
    ///
    /// # Errors
    /// When it was.
    pub fn check_fresh(&self, digest: &str) -> Result<(), Failure> {
        let name = format!("{APPLIED}{digest}");
        match self.log.names().any(|used| used == name) {
            true => Err(audit::failed(AuditError::Used(name))),
            false => Ok(()),
        }
    }

    /// Records the gates in force, where they are not yet.
    ///
    /// # Errors
    /// When that can't be written.
    pub fn pin(&mut self, session: &Session) -> Result<(), Failure> {
        if self.is_pinned {
            return Ok(());
        }
        let once = vec![self.base()];
        audit::record(session, KIND, to_json(Some(&self.rules)), once)?;
        self.is_pinned = true;
        self.reread(session)
    }

    /// A time that is past for certain. A plan is made at a moment too.
    #[must_use]
    pub fn past_ms(&self) -> u64 {
        let entries = self.log.entries.iter();
        // What clocks said before it was agreed that they were wrong counts no more.
        let right = self
            .log
            .entries
            .iter()
            .rposition(|one| one.draft.kind == CLOCK);
        let since = entries.skip(right.unwrap_or(0));
        since.map(|entry| entry.draft.at_ms).max().unwrap_or(0)
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

/// What the last entry about gates says.
fn pinned_in(session: &Session, log: &Log) -> Result<Option<Pin>, Failure> {
    let mut entries = log.entries.iter().rev();
    let Some(last) = entries.find(|entry| entry.draft.kind == KIND) else {
        return Ok(None);
    };
    let body = audit::open(session, &last.draft.body)?;
    Ok(Some(Pin {
        at_ms: last.draft.at_ms,
        rules: from_json(&body)?,
    }))
}

/// The gates that other workspaces of the store have: those of the folder if one has these, else those of `default`, else those that were put in force last.
fn of_others(
    session: &Session,
    store: &dyn Audit,
    workspace: &str,
    folder: Option<&Rules>,
) -> Result<Option<Rules>, Failure> {
    let failed = || Failure::store("Reading the audit logs failed");
    let mut found: Vec<(bool, u64, Rules)> = Vec::new();
    for name in store.logs().map_err(failed())? {
        if name == workspace {
            continue;
        }
        let text = store.read(&name).map_err(failed())?;
        // Most logs have none, and need not be read further.
        if !holds(&text, MENTIONED) {
            continue;
        }
        let pin = pinned_in(session, &audit::read(store, &name)?)?;
        if let Some(Pin {
            at_ms,
            rules: Some(rules),
        }) = pin
        {
            found.push((name == DEFAULT_WORKSPACE, at_ms, rules));
        }
    }
    let same = |(_, _, rules): &(bool, u64, Rules)| {
        folder.is_some_and(|folder| folder.gates.digest == rules.gates.digest)
    };
    let at = found.iter().position(same);
    let at = at.or_else(|| (0..found.len()).max_by_key(|at| (found[*at].0, found[*at].1)));
    Ok(at.map(|at| found.swap_remove(at).2))
}

/// How a line about gates says what it is about.
const MENTIONED: &[u8] = b"\"kind\":\"gates\"";

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// All decisions of a log, and those that were used. One that can't be read may be a rejection, so without it nothing is approved.
fn decisions(
    session: &Session,
    log: &Log,
) -> Result<(Vec<Decision>, BTreeSet<DecisionId>), Failure> {
    let mut decisions = Vec::new();
    let mut used = BTreeSet::new();
    for entry in &log.entries {
        if entry.draft.kind == DECISION {
            let body = audit::open(session, &entry.draft.body)?;
            let record = body.get("record").unwrap_or(&Value::Null);
            decisions.push(record::from_json(record).map_err(|_| damaged())?);
        }
    }
    for name in log.names() {
        let id = name.strip_prefix(USED).and_then(|id| hex::decode(id).ok());
        if let Some(id) = id.and_then(|id| id.try_into().ok()) {
            used.insert(DecisionId(id));
        }
    }
    Ok((decisions, used))
}

/// The present time, never before what is recorded.
#[must_use]
pub fn time(book: &Book) -> u64 {
    now_ms().max(book.past_ms())
}
