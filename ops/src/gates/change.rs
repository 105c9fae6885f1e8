//! Changing gates: other files are in force when enough of those agree who the gates in force name.

use super::book::{Book, time};
use super::{CLOCK, KIND, change_item, clock_item, decide, to_json};
use crate::audit;
use crate::clock::now_ms;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use ecow::EcoString;
use serde_json::{Value, json};
use terrane_gate::decision::{DecisionId, DecisionKind, Genuine, Statement};
use terrane_gate::facts::{CLOCKS_DIFFER_MS, Facts, Said};
use terrane_gate::key::PrivateKey;
use terrane_gate::verdict::{Agreement, agreed};
use terrane_plan::basis::Hash;

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
        /// Who is against it.
        against: Vec<String>,
    },
    /// The files are in force now.
    Done {
        /// Who has agreed.
        by: Vec<String>,
    },
}

/// What is agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The files of gates as they are now.
    Files,
    /// That a clock was ahead when something was recorded, so that this time is not past yet.
    Clock,
}

/// Something that is to be recorded when enough agree.
struct Proposal {
    item: Hash,
    kind: &'static str,
    body: Value,
    once: String,
}

/// Agrees to something. Where enough have, it is so.
///
/// # Errors
/// When the key is nobody's by the gates in force, or it can't be recorded.
pub fn accept(
    session: &Session,
    subject: Subject,
    key: &mut dyn FnMut() -> Result<PrivateKey, Failure>,
    comment: &str,
) -> Result<Progress, Failure> {
    let Some(mut book) = Book::open(session)? else {
        return Err(Failure::input(
            &rules::gates::NO_GATES,
            "There are no gates here. Gates are written in files whose names end in `.tfgate.hcl`, beside the configuration.",
        ));
    };
    let proposal = match subject {
        Subject::Files => files(session, &mut book)?,
        Subject::Clock => clock(&book),
    };
    let Some(Proposal {
        item,
        kind,
        mut body,
        once,
    }) = proposal
    else {
        return Ok(Progress::Nothing);
    };
    let key = key()?;
    decide::check_key(&book, &key)?;
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
    decide::keep_as(session, &decision, ACCEPT)?;
    book.reread(session)?;
    let agreement = count(&book, &item, subject);
    let texts = |names: &[EcoString]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let have = texts(&agreement.have);
    if !agreement.is_enough {
        return Ok(Progress::Waits {
            have,
            who: texts(&agreement.who),
            against: texts(&agreement.against),
        });
    }
    let uses = agreement.uses.iter();
    let once = uses
        .map(|id| format!("{}{id}", super::book::USED))
        .chain([once])
        .collect();
    if let Some(body) = body.as_object_mut() {
        body.insert("agreed_by".into(), json!(have));
    }
    audit::record(session, kind, body, once)?;
    Ok(Progress::Done { by: have })
}

/// What a decision to agree is called in the log.
const ACCEPT: &str = "accept-gates";

/// The files that are to be in force; `None`: they are.
fn files(session: &Session, book: &mut Book) -> Result<Option<Proposal>, Failure> {
    let Some(folder) = book.changed.take() else {
        book.pin(session)?;
        return Ok(None);
    };
    if let Some(rules) = &folder {
        // What can't be used must not be put in force.
        rules.compiled()?;
    }
    let from = book.rules.gates.digest;
    let to = folder.as_ref().map(|rules| rules.gates.digest);
    let mut body = to_json(folder.as_ref());
    if let Some(body) = body.as_object_mut() {
        body.insert("from".into(), hex::encode(from).into());
    }
    Ok(Some(Proposal {
        item: change_item(&book.place.ledger, Some(&from), to.as_ref()),
        kind: KIND,
        body,
        once: book.base(),
    }))
}

/// A time that is taken back; `None`: none is ahead of this machine.
fn clock(book: &Book) -> Option<Proposal> {
    let past_ms = book.past_ms();
    if now_ms().saturating_add(CLOCKS_DIFFER_MS) >= past_ms {
        return None;
    }
    Some(Proposal {
        item: clock_item(&book.place.ledger, past_ms),
        kind: CLOCK,
        body: json!({"not_past": past_ms}),
        once: format!("clock:{}", book.log.head()),
    })
}

fn count(book: &Book, item: &Hash, subject: Subject) -> Agreement {
    let facts = Facts {
        place: book.place.clone(),
        plan: [0; 32],
        author: EcoString::new(),
        decisions: &book.decisions,
        genuine: &Genuine::default(),
        used: &book.used,
        // Whether the clock is right is what is asked there.
        now_ms: match subject {
            Subject::Files => now_ms(),
            Subject::Clock => time(book),
        },
        past_ms: book.past_ms(),
        confirmed: false,
        policies: &Said::default(),
        cost: None,
    };
    agreed(&book.rules.gates, item, &facts)
}
