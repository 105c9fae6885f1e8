//! Changing gates: other files are in force when enough of those agree who the gates in force name.

use super::book::{Book, DECISION, time};
use super::pass::Gating;
use super::{KIND, change_item, decide, to_json};
use crate::audit;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use serde_json::json;
use std::collections::BTreeSet;
use terrane_gate::decision::{Decision, DecisionId, DecisionKind, Statement};
use terrane_gate::facts::Facts;
use terrane_gate::key::PrivateKey;
use terrane_gate::record;
use terrane_gate::verdict::agreed;

/// How far a change of gates is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is nothing to agree to: the files are those in force.
    Nothing,
    /// Others must agree too.
    Waits {
        /// Who has agreed.
        have: Vec<String>,
        /// Who else can.
        who: Vec<String>,
    },
    /// The files are in force now.
    Done {
        /// Who has agreed.
        by: Vec<String>,
    },
}

/// Agrees to the files of gates as they are now. Where enough have, they are in force.
///
/// # Errors
/// When the key is nobody's by the gates in force, or it can't be recorded.
pub fn accept(
    session: &Session,
    key: &mut dyn FnMut() -> Result<PrivateKey, Failure>,
    comment: &str,
) -> Result<Progress, Failure> {
    let Some(mut book) = Book::open(session)? else {
        return Err(Failure::input(
            &rules::gates::NO_GATES,
            "There are no gates here. Gates are written in files whose names end in `.tfgate.hcl`, beside the configuration.",
        ));
    };
    let Some(folder) = book.changed.take() else {
        book.pin(session)?;
        return Ok(Progress::Nothing);
    };
    let to = folder.as_ref().map(|rules| rules.gates.digest);
    let from = book.rules.gates.digest;
    let item = change_item(&book.place.ledger, Some(&from), to.as_ref());
    let key = key()?;
    let at_ms = time(&book);
    let decision = Statement {
        id: DecisionId(rand::random()),
        kind: DecisionKind::Approve,
        place: book.place.clone(),
        plan: [0; 32],
        items: vec![item],
        comment: comment.into(),
        at_ms,
        expires_ms: Some(at_ms.saturating_add(decide::USUAL_MS)),
    }
    .sign(&key);
    let gating = Gating {
        book,
        beside: vec![decision.clone()],
        author: String::new(),
        digest: [0; 32],
    };
    decide::check_key(&gating, &key)?;
    keep(session, &decision)?;
    let (enough, have, who, uses) = count(&gating, &item);
    if !enough {
        return Ok(Progress::Waits { have, who });
    }
    let once = uses
        .iter()
        .map(|id| format!("{}{id}", super::book::USED))
        .collect();
    let mut body = to_json(folder.as_ref());
    if let Some(body) = body.as_object_mut() {
        body.insert("from".into(), hex::encode(from).into());
        body.insert("agreed_by".into(), json!(have));
    }
    audit::record(session, KIND, body, once)?;
    Ok(Progress::Done { by: have })
}

fn keep(session: &Session, decision: &Decision) -> Result<(), Failure> {
    audit::record(
        session,
        DECISION,
        json!({
            "decision": "accept-gates",
            "id": decision.statement.id.to_string(),
            "comment": decision.statement.comment.as_str(),
            "record": record::to_json(decision),
        }),
        Vec::new(),
    )
}

type Counted = (bool, Vec<String>, Vec<String>, Vec<DecisionId>);

fn count(gating: &Gating, item: &terrane_plan::basis::Hash) -> Counted {
    let decisions: Vec<Decision> = (gating.book.decisions.iter())
        .chain(&gating.beside)
        .cloned()
        .collect();
    let used: &BTreeSet<DecisionId> = &gating.book.used;
    let facts = Facts {
        place: gating.book.place.clone(),
        plan: [0; 32],
        author: ecow::EcoString::new(),
        decisions: &decisions,
        used,
        now_ms: crate::clock::now_ms(),
        past_ms: gating.book.past_ms(),
        confirmed: false,
        policies: &[],
        cost: None,
    };
    let (enough, have, who, uses) = agreed(&gating.book.rules.gates, item, &facts);
    let texts = |names: Vec<ecow::EcoString>| names.iter().map(ToString::to_string).collect();
    (enough, texts(have), texts(who), uses)
}
