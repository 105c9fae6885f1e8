//! Deciding about a saved plan: looking at it, signing, and keeping what was decided.

use super::book::{Book, DECISION};
use super::pass::{self, Gating, Looked, Named, programs_text};
use crate::audit;
use crate::clock::now_ms;
use crate::failure::Failure;
use crate::planfile::{self, Saved};
use crate::policy::Seen;
use crate::rules;
use crate::session::Session;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use terrane_gate::decision::{Decision, DecisionId, DecisionKind, Statement};
use terrane_gate::gates::glob::Glob;
use terrane_gate::key::PrivateKey;
use terrane_gate::record;

/// How long an approval holds if nothing else is said, in milliseconds. A rejection has no end.
pub const USUAL_MS: u64 = 7 * 24 * 3_600_000;

/// A saved plan, judged.
#[derive(Debug)]
pub struct Case {
    /// The plan.
    pub saved: Saved,
    /// Gates, log, and decisions beside the plan.
    pub gating: Gating,
    /// What it means, and what the gates say.
    pub looked: Looked,
}

/// What is decided.
#[derive(Clone, Debug)]
pub struct Request {
    /// What.
    pub kind: DecisionKind,
    /// Why.
    pub comment: String,
    /// For how long, in milliseconds; `None`: for ever.
    pub valid_ms: Option<u64>,
    /// Only what has one of these addresses (patterns); empty: everything.
    pub only: Vec<String>,
    /// Only what this gate is about.
    pub gate: Option<String>,
}

/// The file beside a plan.
#[must_use]
pub fn beside(path: &str) -> String {
    format!("{path}.approvals")
}

/// Decisions in the file beside a plan.
///
/// # Errors
/// When it is there and can't be read.
pub fn read_beside(path: &str) -> Result<Vec<Decision>, Failure> {
    let path = beside(path);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(Failure::io(format!("Reading {path} failed")))?,
    };
    record::read_file(&text).map_err(|problem| {
        Failure::input(
            &rules::gates::BAD_APPROVALS,
            format!("The file {path} can't be used: {problem}. Nothing of it counts; take it away, or put it back from where it came."),
        )
    })
}

/// Looks at a saved plan.
///
/// # Errors
/// When it can't be read, or there are no gates.
pub async fn look(session: &Session, path: &str) -> Result<Case, Failure> {
    look_if_gated(session, path).await?.ok_or_else(|| {
        Failure::input(
            &rules::gates::NO_GATES,
            "There are no gates here, so nothing has to be approved. Gates are written in files whose names end in `.tfgate.hcl`, beside the configuration.",
        )
    })
}

/// The same; `None`: there are no gates.
///
/// # Errors
/// When it can't be read.
pub async fn look_if_gated(session: &Session, path: &str) -> Result<Option<Case>, Failure> {
    let saved = planfile::load(session, path).await?;
    let author = saved
        .mark
        .as_ref()
        .map_or("", |mark| &mark.author)
        .to_owned();
    let named = Named {
        author: &author,
        digest: &saved.digest,
    };
    let book = Book::open(session)?;
    let programs = programs_text(&saved.programs);
    let Some(mut gating) = Gating::new(book, &saved.plan, named, programs)? else {
        return Ok(None);
    };
    gating.beside = read_beside(path)?;
    let looked = gating.look(&Seen::new(&saved.plan, &saved.loaded));
    Ok(Some(Case {
        saved,
        gating,
        looked,
    }))
}

impl Case {
    /// Says whether somebody with this key can decide about the plan, before they are asked whether they want to.
    ///
    /// # Errors
    /// When the plan does nothing, or the gates do not know the key.
    pub fn check(&self, key: &PrivateKey) -> Result<(), Failure> {
        if self.looked.meaning.items.is_empty() {
            return Err(nothing_selected());
        }
        check_key(&self.gating.book, key)
    }
}

fn nothing_selected() -> Failure {
    Failure::input(
        &rules::gates::COVERS_NOTHING,
        "The plan does nothing that is selected, so there is nothing to decide.",
    )
}

/// Signs a decision, and keeps it beside the plan and in the log.
///
/// # Errors
/// When it would cover nothing, the key is nobody's, or it can't be kept.
pub fn decide(
    session: &Session,
    case: &mut Case,
    path: &str,
    request: &Request,
    key: &PrivateKey,
) -> Result<Decision, Failure> {
    let book = &mut case.gating.book;
    book.pin(session)?;
    if !book.knows_plan(session, &case.saved.digest)? {
        return Err(pass::unknown_plan());
    }
    book.check_fresh(&case.saved.digest)?;
    let decision = sign(&case.gating, &case.looked, request, key)?;
    keep(session, &decision)?;
    let mut all = read_beside(path)?;
    all.push(decision.clone());
    let file = beside(path);
    let written = terrane_store::files::write_whole(
        std::path::Path::new(&file),
        record::write_file(&all).as_bytes(),
    );
    written.map_err(Failure::io(format!("Writing {file} failed")))?;
    case.gating.beside = all;
    case.gating.book.reread(session)?;
    let made_at = case.saved.plan.timestamp.clone();
    case.looked.verdict = case.gating.judge_again(&made_at, &case.looked.meaning);
    Ok(decision)
}

/// Makes a decision about a plan that was looked at.
///
/// # Errors
/// When it would cover nothing, or the key is nobody's.
pub(crate) fn sign(
    gating: &Gating,
    looked: &Looked,
    request: &Request,
    key: &PrivateKey,
) -> Result<Decision, Failure> {
    check_key(&gating.book, key)?;
    let only: Vec<Glob> = request
        .only
        .iter()
        .map(|text| Glob::new(text.as_str()))
        .collect();
    let by_gate = request.gate.as_ref().map(|name| {
        let gate = looked.verdict.gates.iter().find(|gate| gate.name == *name);
        let items = gate.map_or(&[][..], |gate| gate.items.as_slice());
        items.iter().copied().collect::<BTreeSet<usize>>()
    });
    let items: Vec<_> = looked
        .meaning
        .items
        .iter()
        .enumerate()
        .filter(|(at, item)| {
            let shown = std::iter::once(&item.address);
            let mut places = shown.chain(item.addresses.first());
            let by_address = only.is_empty()
                || places.any(|address| only.iter().any(|glob| glob.matches(address)));
            by_address && by_gate.as_ref().is_none_or(|items| items.contains(at))
        })
        .map(|(_, item)| item.digest)
        .collect();
    if items.is_empty() {
        return Err(nothing_selected());
    }
    let at_ms = super::book::time(&gating.book);
    Ok(Statement {
        id: DecisionId(rand::random()),
        kind: request.kind,
        place: gating.book.place.clone(),
        plan: gating.digest,
        items,
        comment: request.comment.as_str().into(),
        at_ms,
        expires_ms: request.valid_ms.map(|valid| at_ms.saturating_add(valid)),
    }
    .sign(key))
}

/// A decision by a key that the gates do not know would count for nothing.
pub(crate) fn check_key(book: &Book, key: &PrivateKey) -> Result<(), Failure> {
    let public = key.public();
    match book.rules.gates.whose(&public) {
        None => Err(Failure::input(
            &rules::gates::NO_KEY,
            format!(
                "The gates do not know this key, so what it signs counts for nothing:\n\n  {public}\n\nIt belongs among the `keys` of a `person` in the files of gates."
            ),
        )),
        Some((name, person)) if person.expires_ms.is_some_and(|at| at <= now_ms()) => {
            Err(Failure::input(
                &rules::gates::NO_KEY,
                format!("The keys of {name} have expired."),
            ))
        }
        Some(_) => Ok(()),
    }
}

/// Records a decision in the log.
pub(crate) fn keep(session: &Session, decision: &Decision) -> Result<(), Failure> {
    keep_as(session, decision, decision.statement.kind.name())
}

/// The same, under another name.
pub(crate) fn keep_as(session: &Session, decision: &Decision, name: &str) -> Result<(), Failure> {
    let statement = &decision.statement;
    audit::record(
        session,
        DECISION,
        json!({
            "decision": name,
            "id": statement.id.to_string(),
            "plan": hex::encode(statement.plan),
            "comment": statement.comment.as_str(),
            "record": record::to_json(decision),
        }),
        Vec::new(),
    )
}
