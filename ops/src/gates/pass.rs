//! Passing a plan through the gates.

use super::book::{APPLIED, Book, USED};
use crate::audit;
use crate::failure::Failure;
use crate::load::Loaded;
use crate::rules;
use crate::session::Session;
use ecow::EcoString;
use serde_json::{Value, json};
use terrane_apply::Applied;
use terrane_gate::decision::Decision;
use terrane_gate::facts::{Cost, Facts, PolicyResult};
use terrane_gate::meaning::Meaning;
use terrane_gate::verdict::{Verdict, explain, judge};
use terrane_gate::{Case, Closed, Passed, Refusal};
use terrane_plan::basis::Hash;
use terrane_plan::plan::Plan;

/// The kind of log entries that say that a plan begins to be applied.
const APPLY: &str = "apply";
/// The kind of those that say how that ended.
const APPLIED_KIND: &str = "applied";

/// Everything that gates look at beside the plan itself.
#[derive(Debug)]
pub struct Gating {
    /// Gates and log.
    pub book: Book,
    /// Decisions that are not in the log: from beside the plan, or made just now.
    pub beside: Vec<Decision>,
    /// Who made the plan.
    pub author: String,
    /// The digest of its file.
    pub digest: Hash,
}

/// What tells plans apart.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Who made it.
    pub author: &'a str,
    /// The digest of its file, as text.
    pub digest: &'a str,
}

/// What a plan means, and what the gates say to it.
#[derive(Debug)]
pub struct Looked {
    /// What it means.
    pub meaning: Meaning,
    /// What the gates say.
    pub verdict: Verdict,
}

/// What is said about a plan by what gates name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    policies: Vec<PolicyResult>,
    cost: Option<Cost>,
}

impl Gating {
    /// Opens the book for a plan; `None`: there are no gates.
    ///
    /// # Errors
    /// As [`Book::open`].
    pub fn open(session: &Session, plan: &Plan, named: Named<'_>) -> Result<Option<Self>, Failure> {
        let Named { author, digest } = named;
        let Some(mut book) = Book::open(session)? else {
            return Ok(None);
        };
        book.place.lineage = plan.base.lineage.clone();
        let digest = hex::decode(digest).ok();
        Ok(Some(Self {
            book,
            beside: Vec::new(),
            author: author.to_owned(),
            digest: digest
                .and_then(|digest| digest.try_into().ok())
                .unwrap_or_default(),
        }))
    }

    /// Judges a plan, without approving it.
    #[must_use]
    pub fn look(&self, plan: &Plan, loaded: &Loaded) -> Looked {
        let said = self.said(plan, loaded);
        self.with_case(&plan.timestamp, loaded, &said, |case| {
            let meaning = case.meaning(plan);
            Looked {
                verdict: judge(case.gates, &meaning, case.facts),
                meaning,
            }
        })
    }

    /// What the policies and prices that the gates name say about a plan.
    pub(crate) fn said(&self, plan: &Plan, loaded: &Loaded) -> Said {
        let rules = &self.book.rules;
        let policies = rules.policies.as_ref();
        let prices = rules.prices.as_ref();
        Said {
            policies: policies.map_or_else(Vec::new, |policies| policies.say(plan, loaded)),
            // A cost that can't be found out is not known, and gates that ask for it stay closed.
            cost: prices
                .and_then(|prices| prices.of_plan(plan, loaded).ok())
                .map(|estimate| crate::cost::fact(&estimate)),
        }
    }

    /// Calls something with what the gates judge by.
    pub(crate) fn with_case<T>(
        &self,
        made_at: &str,
        loaded: &Loaded,
        said: &Said,
        call: impl FnOnce(&Case<'_>) -> T,
    ) -> T {
        let made = made_at.parse::<jiff::Timestamp>().ok();
        let made = made.and_then(|at| u64::try_from(at.as_millisecond()).ok());
        let decisions: Vec<Decision> = (self.book.decisions.iter())
            .chain(&self.beside)
            .cloned()
            .collect();
        let facts = Facts {
            place: self.book.place.clone(),
            plan: self.digest,
            author: self.author.as_str().into(),
            decisions: &decisions,
            used: &self.book.used,
            now_ms: crate::clock::now_ms(),
            past_ms: self.book.past_ms().max(made.unwrap_or(0)),
            confirmed: false,
            policies: &said.policies,
            cost: said.cost.as_ref(),
        };
        let registry = loaded.registry.clone();
        let schemas = move |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
        call(&Case {
            gates: &self.book.rules.gates,
            facts: &facts,
            config: &loaded.config,
            sources: &loaded.sources,
            schemas: &schemas,
            secret: &self.book.secret,
        })
    }
}

/// A refusal as a message.
#[must_use]
pub fn refused(closed: &Closed) -> Failure {
    let text = explain::text(&closed.verdict, &closed.meaning);
    Failure::input(
        &rules::gates::CLOSED,
        format!(
            "Nothing was changed. Not all gates are open for this plan:\n\n{text}\nWhoever can give what is missing does it with `terrane approve PLAN`, for a plan that was saved with `terrane plan -out=PLAN`. `terrane gates PLAN` shows what a plan needs and has."
        ),
    )
}

/// What is recorded when a plan begins to be applied. With gates, decisions and plan are used up by it.
pub(crate) fn begin(
    session: &Session,
    run: &str,
    digest: &str,
    changes: &str,
    passed: &Passed,
) -> Result<(), Failure> {
    let names =
        |names: &[EcoString]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    let mut body = json!({
        "run": run,
        "plan": digest,
        "command": session.command,
        "changes": changes,
    });
    let Some(meaning) = passed.meaning else {
        audit::note(session, APPLY, body);
        return Ok(());
    };
    let used: Vec<String> = passed.uses.iter().map(ToString::to_string).collect();
    if let Some(body) = body.as_object_mut() {
        body.insert("meaning".into(), hex::encode(meaning).into());
        body.insert("decisions".into(), json!(used));
        body.insert("gates".into(), json!(names(&passed.gates)));
        body.insert("approved_by".into(), json!(names(&passed.approved_by)));
        if !passed.broken_by.is_empty() {
            body.insert("broken_by".into(), json!(names(&passed.broken_by)));
        }
    }
    let once = used.iter().map(|id| format!("{USED}{id}"));
    let once = once.chain([format!("{APPLIED}{digest}")]).collect();
    audit::record(session, APPLY, body, once)
}

/// What is recorded when a plan was applied.
pub(crate) fn end(session: &Session, run: &str, applied: Option<&Applied>) {
    let body = match applied {
        None => json!({"run": run, "outcome": "stopped"}),
        Some(applied) => {
            let outcome = if applied.cancelled {
                "cancelled"
            } else if applied.diagnostics.has_errors() {
                "failed"
            } else {
                "done"
            };
            json!({
                "run": run,
                "outcome": outcome,
                "added": applied.added,
                "changed": applied.changed,
                "destroyed": applied.destroyed,
            })
        }
    };
    audit::note(session, APPLIED_KIND, body);
}

/// What a plan file keeps of how it was made.
pub(crate) fn mark(session: &Session) -> Result<Option<Vec<u8>>, Failure> {
    let Some(book) = Book::open(session)? else {
        return Ok(None);
    };
    let mark = json!({
        "author": session.who(),
        "gates": book.rules.digest(),
    });
    Ok(Some(mark.to_string().into_bytes()))
}

/// The same, read.
#[derive(Clone, Debug, Default)]
pub struct Mark {
    /// Who made the plan.
    pub author: String,
    /// The digest of the gates under which it was made.
    pub gates: String,
}

impl Mark {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |key: &str| {
            json.get(key)
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned()
        };
        Self {
            author: text("author"),
            gates: text("gates"),
        }
    }
}

/// Checks that a saved plan was made under the gates that are in force.
///
/// # Errors
/// When it was not.
pub(crate) fn check_mark(book: &Book, mark: Option<&Mark>) -> Result<(), Failure> {
    book.check_unchanged()?;
    let made_under = mark.map_or("", |mark| &mark.gates);
    if made_under == book.rules.digest() {
        return Ok(());
    }
    let detail = if made_under.is_empty() {
        "The plan was made when there were no gates. Make a new one."
    } else {
        "The plan was made when other gates were in force. Make a new one: approvals of what means the same are kept."
    };
    Err(Failure::input(&rules::gates::OTHER_GATES, detail))
}

/// The message for a plan that did not pass, whatever the reason.
pub(crate) fn not_approved(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::Closed(closed) => refused(closed),
        Refusal::Unsound(violations) => {
            let list: Vec<String> = violations
                .iter()
                .map(|violation| format!("- {violation}"))
                .collect();
            Failure::input(
                &rules::usage::BROKEN_PLAN,
                format!(
                    "Nothing was changed. This is a bug in terrane, or the plan was tampered with.\n\n{}",
                    list.join("\n")
                ),
            )
        }
        Refusal::Errored | Refusal::Declined | Refusal::NotAsked => Failure::input(
            &rules::planning::PLAN_WITH_ERRORS,
            "Errors were found when this plan was made, so it can only be shown.",
        ),
    }
}
