//! Puts the answers side by side.

use super::{Answer, ours, theirs};
use crate::oracle::tree::{Logic, Node};
use std::fmt;
use std::path::Path;

/// An expression to which the answers differ.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The expression.
    pub node: Node,
    /// Our answer.
    pub ours: Answer,
    /// The peer's.
    pub theirs: Answer,
}

impl Difference {
    /// What differs, in one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        use Answer::{Failed, Refused, Unknown, Value};
        match (&self.ours, &self.theirs) {
            (Refused, Failed) => "we refuse, they fail",
            (Refused, _) => "we refuse",
            (Failed, Refused) => "they refuse, we fail",
            (_, Refused) => "they refuse",
            (_, Unknown) => "they do not know",
            (Unknown, _) => "we do not know",
            (Failed, _) => "we fail",
            (_, Failed) => "they fail",
            (
                Value {
                    json: our_json,
                    ty: our_ty,
                    ..
                },
                Value { json, ty, .. },
            ) => match (our_json == json, our_ty == ty) {
                (false, _) => "value",
                (true, false) => "type",
                (true, true) => "sensitivity",
            },
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "[{}] {}",
            self.kind(),
            self.node.render(Logic::Operators)
        )?;
        writeln!(f, "    ours:   {:?}", self.ours)?;
        write!(f, "    theirs: {:?}", self.theirs)
    }
}

/// The expressions that the two sides answer differently.
#[must_use]
pub fn compare(terraform: &Path, nodes: &[Node]) -> Vec<Difference> {
    let texts: Vec<String> = nodes
        .iter()
        .map(|node| node.render(Logic::Operators))
        .collect();
    let theirs = theirs::answers(terraform, &texts);
    let compared = nodes.iter().zip(&texts).zip(theirs);
    compared
        .filter_map(|((node, text), theirs)| {
            let ours = ours::answer(text);
            (ours != theirs).then(|| Difference {
                node: node.clone(),
                ours,
                theirs,
            })
        })
        .collect()
}

/// The innermost part of an expression to which the answers differ, as far as parts can be asked for alone (those with names of `for` can't).
#[must_use]
pub(super) fn localize(terraform: &Path, difference: &Difference) -> Difference {
    let mut smallest = difference.clone();
    loop {
        let subs: Vec<Node> = smallest.node.subs().cloned().collect();
        match compare(terraform, &subs).into_iter().next() {
            Some(smaller) => smallest = smaller,
            None => return smallest,
        }
    }
}

/// Plain texts that take the place of parts of an expression.
const PLAIN: &[&str] = &["null", "1", "true", "\"a\"", "[]", "{}"];

/// The smallest expression, reached in steps that each leave a difference of the same kind.
#[must_use]
pub fn shrink(terraform: &Path, difference: Difference) -> Difference {
    let mut smallest = difference;
    for _ in 0..40 {
        let length = smallest.node.render(Logic::Operators).len();
        let mut candidates: Vec<Node> = smallest
            .node
            .smaller(PLAIN)
            .into_iter()
            .filter(|node| {
                let text = node.render(Logic::Operators);
                text.len() < length
                    && (smallest.ours == Answer::Refused || ours::answer(&text) != Answer::Refused)
            })
            .collect();
        candidates.sort_by_key(|node| node.render(Logic::Operators).len());
        let mut found = None;
        for some in candidates.chunks(60) {
            let kind = smallest.kind();
            found = compare(terraform, some)
                .into_iter()
                .find(|difference| difference.kind() == kind);
            if found.is_some() {
                break;
            }
        }
        match found {
            Some(smaller) => smallest = smaller,
            None => break,
        }
    }
    smallest
}
