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
use std::collections::BTreeMap;
use terrane_gate::decision::{DecisionId, DecisionKind, Genuine, Statement};
use terrane_gate::facts::{CLOCKS_DIFFER_MS, Facts, Said};
use terrane_gate::gates::{File, Role};
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

/// A file of the gates (or of the policies and prices that they name) that is not as it was agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Its name, from the folder of the root module.
    pub name: String,
    /// What is in force; `None`: nothing of this name.
    pub before: Option<String>,
    /// What is to be; `None`: it is gone.
    pub after: Option<String>,
}

/// Something that is recorded when enough agree: looked at first, then agreed to. What is signed is what was looked at, whatever happens to the files in between.
#[derive(Debug)]
pub struct Proposal {
    book: Book,
    subject: Subject,
    item: Hash,
    kind: &'static str,
    body: Value,
    once: String,
    /// The files that differ.
    pub files: Vec<FileChange>,
    /// Whether no file of gates is left.
    pub ends: bool,
}

/// What there is to agree to. `None`: nothing; the gates of the folder are in force from now on, if they were not yet.
///
/// # Errors
/// When there are no gates, or those of the folder can't be used.
pub fn proposed(session: &Session, subject: Subject) -> Result<Option<Proposal>, Failure> {
    let Some(book) = Book::open(session)? else {
        return Err(Failure::input(
            &rules::gates::NO_GATES,
            "There are no gates here. Gates are written in files whose names end in `.tfgate.hcl`, beside the configuration.",
        ));
    };
    match subject {
        Subject::Files => files(session, book),
        Subject::Clock => Ok(clock(book)),
    }
}

impl Proposal {
    /// The time that would not be past any more, where a clock was ahead.
    #[must_use]
    pub fn past_ms(&self) -> u64 {
        self.book.past_ms()
    }

    /// How far people agree by now.
    #[must_use]
    pub fn agreement(&self) -> Agreement {
        count(&self.book, &self.item, self.subject)
    }

    /// Says whether a key is that of somebody, before they are asked.
    ///
    /// # Errors
    /// When the gates in force do not know it.
    pub fn check(&self, key: &PrivateKey) -> Result<(), Failure> {
        decide::check_key(&self.book, key)
    }

    /// Signs the agreement. Where enough have, it is so.
    ///
    /// # Errors
    /// When the key is nobody's by the gates in force, or it can't be recorded.
    pub fn agree(
        self,
        session: &Session,
        key: &PrivateKey,
        comment: &str,
    ) -> Result<Progress, Failure> {
        self.check(key)?;
        let Self {
            mut book,
            subject,
            item,
            kind,
            mut body,
            once,
            ..
        } = self;
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
        .sign(key);
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
}

/// What a decision to agree is called in the log.
const ACCEPT: &str = "accept-gates";

/// The files that are to be in force; `None`: they are.
fn files(session: &Session, mut book: Book) -> Result<Option<Proposal>, Failure> {
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
        subject: Subject::Files,
        item: change_item(&book.place.ledger, Some(&from), to.as_ref()),
        kind: KIND,
        body,
        once: book.base(),
        files: differing(
            &book.rules.files,
            folder.as_ref().map_or(&[], |rules| &rules.files),
        ),
        ends: folder.is_none(),
        book,
    }))
}

/// Files that are not the same in both, by role and name. A file can have two roles, and counts once for each.
fn differing(before: &[File], after: &[File]) -> Vec<FileChange> {
    let mut files: BTreeMap<(Role, &str), [Option<&File>; 2]> = BTreeMap::new();
    for (side, of) in [before, after].into_iter().enumerate() {
        for file in of {
            files.entry((file.role, &file.name)).or_default()[side] = Some(file);
        }
    }
    // Files that are no UTF-8 are never in force.
    let text =
        |file: Option<&File>| file.map(|file| String::from_utf8_lossy(&file.content).into_owned());
    let changes = files
        .into_iter()
        .map(|((_, name), [before, after])| FileChange {
            name: name.to_owned(),
            before: text(before),
            after: text(after),
        });
    changes.filter(|file| file.before != file.after).collect()
}

/// A time that is taken back; `None`: none is ahead of this machine.
fn clock(book: Book) -> Option<Proposal> {
    let past_ms = book.past_ms();
    if now_ms().saturating_add(CLOCKS_DIFFER_MS) >= past_ms {
        return None;
    }
    Some(Proposal {
        subject: Subject::Clock,
        item: clock_item(&book.place.ledger, past_ms),
        kind: CLOCK,
        body: json!({"not_past": past_ms}),
        once: format!("clock:{}", book.log.head()),
        files: Vec::new(),
        ends: false,
        book,
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
