//! Which decisions count, and what each person says last about each action.

use super::{Ignored, Rejection};
use crate::decision::{Decision, DecisionId, DecisionKind};
use crate::facts::{CLOCKS_DIFFER_MS, Facts};
use crate::gates::{Approvals, Gates};
use crate::meaning::{Item, Meaning};
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use terrane_plan::basis::Hash;

/// How long an emergency lasts, in milliseconds: a decision to break the glass is of this moment.
const EMERGENCY_MS: u64 = 3_600_000;

/// What a person said last about an action.
#[derive(Clone, Copy, Debug)]
struct Vote {
    kind: DecisionKind,
    at_ms: u64,
    /// Place in the list of decisions.
    decision: usize,
}

/// What all people say.
#[derive(Debug)]
pub(super) struct Votes<'a> {
    decisions: &'a [Decision],
    /// By person, then by item.
    votes: BTreeMap<EcoString, BTreeMap<usize, Vote>>,
    /// Decisions to break the glass: by person, place in the list of decisions.
    broken: BTreeMap<EcoString, usize>,
    /// People who made the plan.
    authors: BTreeSet<EcoString>,
    /// Whether somebody signed that the plan is theirs.
    pub(super) is_signed: bool,
}

/// Whose decision it is, if it stands: it is genuine, of a key that is good, for this place, and of this time.
pub(super) fn standing<'g>(
    gates: &'g Gates,
    facts: &Facts<'_>,
    now_ms: u64,
    decision: &Decision,
) -> Result<&'g EcoString, Ignored> {
    let statement = &decision.statement;
    let (there, here) = (&statement.place, &facts.place);
    let other_state = !there.lineage.is_empty() && there.lineage != here.lineage;
    if there.ledger != here.ledger || there.workspace != here.workspace || other_state {
        return Err(Ignored::OtherPlace);
    }
    let Some((name, person)) = gates.whose(&decision.key) else {
        return Err(Ignored::UnknownKey);
    };
    if facts.used.contains(&statement.id) {
        return Err(Ignored::Used);
    }
    if statement.at_ms > now_ms.saturating_add(CLOCKS_DIFFER_MS) {
        return Err(Ignored::Future);
    }
    if statement
        .expires_ms
        .is_some_and(|expires| expires <= now_ms)
    {
        return Err(Ignored::Expired);
    }
    if person.expires_ms.is_some_and(|expires| expires <= now_ms) {
        return Err(Ignored::KeyExpired);
    }
    // Last, for it costs most.
    if !decision.is_genuine() {
        return Err(Ignored::NotGenuine);
    }
    Ok(name)
}

impl<'a> Votes<'a> {
    pub(super) fn count(
        gates: &Gates,
        meaning: &Meaning,
        facts: &Facts<'a>,
        now_ms: u64,
        ignored: &mut Vec<(DecisionId, Ignored)>,
    ) -> Self {
        let items: BTreeMap<Hash, usize> = (meaning.items.iter().enumerate())
            .map(|(at, item)| (item.digest, at))
            .collect();
        let mut counted = Self {
            decisions: facts.decisions,
            votes: BTreeMap::new(),
            broken: BTreeMap::new(),
            authors: authors(gates, &facts.author),
            is_signed: false,
        };
        // The same decision may be at hand twice: beside the plan, and in the log.
        let mut seen: BTreeSet<(DecisionId, [u8; 64])> = BTreeSet::new();
        for (place, decision) in facts.decisions.iter().enumerate() {
            let statement = &decision.statement;
            if !seen.insert((statement.id, decision.signature)) {
                continue;
            }
            let person = match standing(gates, facts, now_ms, decision) {
                Ok(person) => person,
                Err(why) => {
                    ignored.push((statement.id, why));
                    continue;
                }
            };
            match statement.kind {
                DecisionKind::Author => {
                    if statement.plan == facts.plan {
                        counted.authors.insert(person.clone());
                        counted.is_signed = true;
                    }
                }
                DecisionKind::BreakGlass => {
                    let all = meaning
                        .items
                        .iter()
                        .all(|item| decision.covers(&item.digest));
                    if all && statement.plan == facts.plan {
                        counted.broken.insert(person.clone(), place);
                    } else {
                        ignored.push((statement.id, Ignored::CoversNothing));
                    }
                }
                DecisionKind::Approve | DecisionKind::Reject => {
                    let found = statement.items.iter().filter_map(|item| items.get(item));
                    let covered: Vec<usize> = found.copied().collect();
                    if covered.is_empty() {
                        ignored.push((statement.id, Ignored::CoversNothing));
                    }
                    counted.vote(person, &covered, decision, place);
                }
            }
        }
        counted.leave_out_authors(ignored);
        counted
    }

    fn vote(&mut self, person: &EcoString, items: &[usize], decision: &Decision, place: usize) {
        let vote = Vote {
            kind: decision.statement.kind,
            at_ms: decision.statement.at_ms,
            decision: place,
        };
        // At the same moment the no counts.
        let order = |vote: &Vote| (vote.at_ms, vote.kind == DecisionKind::Reject);
        let votes = self.votes.entry(person.clone()).or_default();
        for item in items {
            let last = votes.entry(*item).or_insert(vote);
            if order(&vote) > order(last) {
                *last = vote;
            }
        }
    }

    /// Nobody approves a plan of their own. That they take it back counts.
    fn leave_out_authors(&mut self, ignored: &mut Vec<(DecisionId, Ignored)>) {
        for author in &self.authors {
            let Some(votes) = self.votes.get_mut(author) else {
                continue;
            };
            let mut own = BTreeSet::new();
            votes.retain(|_, vote| {
                if vote.kind == DecisionKind::Approve {
                    own.insert(vote.decision);
                }
                vote.kind == DecisionKind::Reject
            });
            for place in own {
                if let Some(decision) = self.decisions.get(place) {
                    ignored.push((decision.statement.id, Ignored::OwnPlan));
                }
            }
        }
    }

    pub(super) fn is_author(&self, person: &str) -> bool {
        self.authors.iter().any(|author| author == person)
    }

    /// Who has approved an action in a way that counts for a requirement, with the decisions.
    pub(super) fn approvals(
        &self,
        gates: &Gates,
        approvals: &Approvals,
        at: usize,
        item: &Item,
        now_ms: u64,
    ) -> Vec<(&EcoString, DecisionId)> {
        let mut found = Vec::new();
        for (person, votes) in &self.votes {
            let Some(vote) = votes.get(&at) else {
                continue;
            };
            let age = now_ms.saturating_sub(vote.at_ms);
            let counts = vote.kind == DecisionKind::Approve
                && approvals.max_age_ms.is_none_or(|most| age <= most)
                && gates.may_approve(approvals, person, &item.type_name);
            if counts && let Some(decision) = self.decisions.get(vote.decision) {
                found.push((person, decision.statement.id));
            }
        }
        found
    }

    pub(super) fn rejections(&self, decisions: &[Decision]) -> Vec<Rejection> {
        let mut found: BTreeMap<(EcoString, usize), Vec<usize>> = BTreeMap::new();
        for (person, votes) in &self.votes {
            for (item, vote) in votes {
                if vote.kind == DecisionKind::Reject {
                    found
                        .entry((person.clone(), vote.decision))
                        .or_default()
                        .push(*item);
                }
            }
        }
        found
            .into_iter()
            .map(|((person, place), items)| Rejection {
                person,
                comment: decisions
                    .get(place)
                    .map(|decision| decision.statement.comment.clone())
                    .unwrap_or_default(),
                items,
            })
            .collect()
    }

    /// Who broke the glass, if enough of those did who may. Here one's own plan is no matter: it burns.
    pub(super) fn broken(
        &self,
        gates: &Gates,
        facts: &Facts<'_>,
        now_ms: u64,
    ) -> (Vec<EcoString>, Vec<DecisionId>) {
        let Some(needed) = &gates.break_glass else {
            return (Vec::new(), Vec::new());
        };
        let longest = needed.max_age_ms.unwrap_or(EMERGENCY_MS);
        let (mut people, mut uses) = (Vec::new(), Vec::new());
        for (person, place) in &self.broken {
            let Some(decision) = facts.decisions.get(*place) else {
                continue;
            };
            let age = now_ms.saturating_sub(decision.statement.at_ms);
            if age <= longest && gates.may_approve(needed, person, "") {
                people.push(person.clone());
                uses.push(decision.statement.id);
            }
        }
        if people.len() < needed.count {
            return (Vec::new(), Vec::new());
        }
        (people, uses)
    }
}

/// People whose account made the plan.
fn authors(gates: &Gates, account: &str) -> BTreeSet<EcoString> {
    let user = account.split('@').next().unwrap_or_default();
    gates
        .people
        .iter()
        .filter(|(name, person)| {
            let by_account = person.accounts.iter().any(|glob| glob.matches(account));
            by_account || (person.accounts.is_empty() && name.as_str() == user)
        })
        .map(|(name, _)| name.clone())
        .collect()
}
