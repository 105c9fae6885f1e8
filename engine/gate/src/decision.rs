//! Decisions about a plan: who allows what, until when, signed.
//!
//! A decision names the actions that it covers by their digests, so it holds for every plan in which an action means the same, and for nothing else. It is
//! bound to one workspace of one store. What is signed is a canonical encoding of all of it under a name of its own, so that the signature is of
//! no use for anything else. Who signed is told by the key; what a decision says of itself counts for nothing.

use crate::key::{PrivateKey, PublicKey};
use ecow::EcoString;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use terrane_plan::basis::Hash;

/// What the signed bytes begin with.
const DOMAIN: &[u8] = b"terrane decision 1\0";

/// Names a decision: random, unique.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecisionId(pub [u8; 16]);

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecisionId({self})")
    }
}

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecisionKind {
    /// The actions may be done.
    Approve,
    /// They may not, whoever else approves, until whoever rejected them approves.
    Reject,
    /// They are to be done whatever the gates say: an emergency.
    BreakGlass,
    /// The plan is the signer's own: they can't approve it.
    Author,
}

impl DecisionKind {
    /// All.
    pub const ALL: [Self; 4] = [Self::Approve, Self::Reject, Self::BreakGlass, Self::Author];

    /// `approve`, `reject`, `break-glass` or `author`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::BreakGlass => "break-glass",
            Self::Author => "author",
        }
    }

    fn tag(self) -> u8 {
        match self {
            Self::Approve => 1,
            Self::Reject => 2,
            Self::BreakGlass => 3,
            Self::Author => 4,
        }
    }
}

/// The place that decisions are bound to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Names the log of the workspace: random, made with it. A copy of the configuration with another state has another one.
    pub ledger: [u8; 16],
    /// The workspace.
    pub workspace: EcoString,
    /// The lineage of the state; empty if there is none yet.
    pub lineage: EcoString,
}

/// What is decided, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub id: DecisionId,
    /// What.
    pub kind: DecisionKind,
    /// Where.
    pub place: Place,
    /// The plan that was looked at: the digest of its file. A new plan in which actions mean the same keeps the decision.
    pub plan: Hash,
    /// The actions that it covers, sorted.
    pub items: Vec<Hash>,
    /// Why, for people.
    pub comment: EcoString,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// Until when it holds.
    pub expires_ms: Option<u64>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What.
    pub statement: Statement,
    /// Whose.
    pub key: PublicKey,
    /// Over [`Statement::signed_bytes`].
    pub signature: [u8; 64],
}

impl Statement {
    /// What is signed: every field, none of which can run into the next.
    #[must_use]
    pub fn signed_bytes(&self, key: &PublicKey) -> Vec<u8> {
        let Self {
            id,
            kind,
            place,
            plan,
            items,
            comment,
            at_ms,
            expires_ms,
        } = self;
        let Place {
            ledger,
            workspace,
            lineage,
        } = place;
        let mut out = DOMAIN.to_vec();
        let number = |out: &mut Vec<u8>, number: u64| out.extend_from_slice(&number.to_le_bytes());
        let text = |out: &mut Vec<u8>, text: &str| {
            number(out, u64::try_from(text.len()).unwrap_or(u64::MAX));
            out.extend_from_slice(text.as_bytes());
        };
        out.push(kind.tag());
        out.extend_from_slice(&id.0);
        out.extend_from_slice(&key.0);
        out.extend_from_slice(ledger);
        text(&mut out, workspace);
        text(&mut out, lineage);
        out.extend_from_slice(plan);
        number(&mut out, u64::try_from(items.len()).unwrap_or(u64::MAX));
        items.iter().for_each(|item| out.extend_from_slice(item));
        text(&mut out, comment);
        number(&mut out, *at_ms);
        out.push(u8::from(expires_ms.is_some()));
        number(&mut out, expires_ms.unwrap_or(0));
        out
    }

    /// Signs it. Actions are put in order.
    #[must_use]
    pub fn sign(mut self, key: &PrivateKey) -> Decision {
        self.items.sort_unstable();
        self.items.dedup();
        let public = key.public();
        let signature = key.sign(&self.signed_bytes(&public));
        Decision {
            statement: self,
            key: public,
            signature,
        }
    }
}

impl Decision {
    /// Whether it is what was signed.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        let bytes = self.statement.signed_bytes(&self.key);
        self.key.verifies(&bytes, &self.signature)
    }

    /// Whether it covers an action.
    #[must_use]
    pub fn covers(&self, item: &Hash) -> bool {
        // Sorted when it was signed; if not, it only covers less.
        self.statement.items.binary_search(item).is_ok()
    }
}

/// Which decisions are what was signed, as far as that was asked: signatures cost most of all that is looked at, and a plan is judged more than once.
///
/// What was found holds for a decision in which nothing differs, so whatever becomes of a decision there is nothing to forget.
#[derive(Debug, Default)]
pub struct Genuine(Mutex<BTreeMap<[u8; 64], (Decision, bool)>>);

impl Genuine {
    /// As [`Decision::is_genuine`].
    #[must_use]
    pub fn is(&self, decision: &Decision) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((same, found)) = known.get(&decision.signature)
            && same == decision
        {
            return *found;
        }
        let found = decision.is_genuine();
        known.insert(decision.signature, (decision.clone(), found));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, DecisionId, DecisionKind, Genuine, Place, Statement};
    use crate::key::PrivateKey;

    fn decision() -> Decision {
        let statement = Statement {
            id: DecisionId([1; 16]),
            kind: DecisionKind::Reject,
            place: Place {
                ledger: [2; 16],
                workspace: "default".into(),
                lineage: "".into(),
            },
            plan: [3; 32],
            items: vec![[4; 32]],
            comment: "no".into(),
            at_ms: 5,
            expires_ms: Some(6),
        };
        statement.sign(&PrivateKey::from_seed(&[7; 32]))
    }

    /// What was found of a decision says nothing of one that was edited, in whatever order they come.
    #[test]
    fn an_edited_decision_is_looked_at_anew() {
        type Edit = fn(&mut Decision);
        let edits: [Edit; 9] = [
            |one| one.statement.id = DecisionId([9; 16]),
            |one| one.statement.kind = DecisionKind::Approve,
            |one| one.statement.place.workspace = "other".into(),
            |one| one.statement.plan = [9; 32],
            |one| one.statement.items.push([9; 32]),
            |one| one.statement.comment = "yes".into(),
            |one| one.statement.at_ms = 9,
            |one| one.statement.expires_ms = None,
            |one| one.key = PrivateKey::from_seed(&[8; 32]).public(),
        ];
        for edit in edits {
            let (honest, mut edited) = (decision(), decision());
            edit(&mut edited);
            let genuine = Genuine::default();
            for _ in 0..2 {
                assert!(genuine.is(&honest));
                assert!(!genuine.is(&edited), "{edited:?}");
            }
        }
    }
}
