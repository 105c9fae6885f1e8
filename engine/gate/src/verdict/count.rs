//! Which decisions count, and what each person says last about each action.

use super::{Dismissed, Ignored, Rejection};
use crate::decision::{Decision, DecisionId, DecisionKind};
use crate::facts::{CLOCKS_DIFFER_MS, Facts};
use crate::gates::{Approvals, Gates};
use crate::meaning::{Item, Meaning};
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};

/// How long an emergency lasts, in milliseconds: a decision to break the glass is of this moment.
pub const EMERGENCY_MS: u64 = 3_600_000;

/// What a person said last about an action.
#[derive(Clone, Copy, Debug)]
struct Vote {
    kind: DecisionKind,
    at_ms: u64,
    /// Place in the list of decisions.
    decision: usize,
    /// It counts for nothing any more. What was said before it does not come back by that.
    is_over: bool,
}

/// An approval that stands.
#[derive(Debug)]
struct Approving {
    person: EcoString,
    id: DecisionId,
    /// What it covers: places in the list of items.
    items: Vec<usize>,
}

/// What all people say.
#[derive(Debug)]
pub(super) struct Votes<'a> {
    decisions: &'a [Decision],
    /// By person: what they said of each item.
    votes: BTreeMap<EcoString, Vec<Option<Vote>>>,
    /// How many items there are.
    items: usize,
    /// Approvals that stand and cover something.
    approving: Vec<Approving>,
    /// Decisions to break the glass: by person, place in the list of decisions.
    broken: BTreeMap<EcoString, usize>,
    /// People who made the plan.
    authors: BTreeSet<EcoString>,
    /// Whether somebody signed that the plan is theirs.
    pub(super) is_signed: bool,
}

fn dismissed(gates: &Gates, decision: &Decision, why: Ignored) -> Dismissed {
    Dismissed {
        id: decision.statement.id,
        person: gates.whose(&decision.key).map(|(name, _)| name.clone()),
        why,
    }
}

/// Whose decision it is, and why it is over if it is; if it is of a key that is good, for this place, and not of a time to come. Whether it is genuine is not
/// looked at.
pub(super) fn standing<'g>(
    gates: &'g Gates,
    facts: &Facts<'_>,
    now_ms: u64,
    decision: &Decision,
) -> Result<(&'g EcoString, Option<Ignored>), Ignored> {
    let statement = &decision.statement;
    let (there, here) = (&statement.place, &facts.place);
    let other_state = !there.lineage.is_empty() && there.lineage != here.lineage;
    if there.ledger != here.ledger || there.workspace != here.workspace || other_state {
        return Err(Ignored::OtherPlace);
    }
    let Some((name, person)) = gates.whose(&decision.key) else {
        return Err(Ignored::UnknownKey);
    };
    if statement.at_ms > now_ms.saturating_add(CLOCKS_DIFFER_MS) {
        return Err(Ignored::Future);
    }
    if person.expires_ms.is_some_and(|expires| expires <= now_ms) {
        return Err(Ignored::KeyExpired);
    }
    let over = if facts.used.contains(&statement.id) {
        Some(Ignored::Used)
    } else if statement
        .expires_ms
        .is_some_and(|expires| expires <= now_ms)
    {
        Some(Ignored::Expired)
    } else {
        None
    };
    Ok((name, over))
}

impl<'a> Votes<'a> {
    pub(super) fn count(
        gates: &Gates,
        meaning: &Meaning,
        facts: &Facts<'a>,
        now_ms: u64,
        ignored: &mut Vec<Dismissed>,
    ) -> Self {
        // The log has all decisions that were ever made: most are about something else, and need not be told of.
        let mut dismiss = |decision: &Decision, why: Ignored| {
            let statement = &decision.statement;
            if statement.plan == facts.plan || !meaning.places(&statement.items).is_empty() {
                ignored.push(dismissed(gates, decision, why));
            }
        };
        let mut counted = Self {
            decisions: facts.decisions,
            votes: BTreeMap::new(),
            items: meaning.items.len(),
            approving: Vec::new(),
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
            let (person, over) = match standing(gates, facts, now_ms, decision) {
                Ok(found) => found,
                Err(why) => {
                    dismiss(decision, why);
                    continue;
                }
            };
            let covered = match statement.kind {
                DecisionKind::Approve | DecisionKind::Reject => meaning.places(&statement.items),
                DecisionKind::BreakGlass | DecisionKind::Author => Vec::new(),
            };
            if let Some(why) = over {
                dismiss(decision, why);
            }
            // What is over and says nothing of this plan need not be looked at further: signatures cost most.
            if over.is_some() && covered.is_empty() {
                continue;
            }
            if !facts.genuine.is(decision) {
                if over.is_none() {
                    dismiss(decision, Ignored::NotGenuine);
                }
                continue;
            }
            match statement.kind {
                DecisionKind::Author => {
                    if statement.plan == facts.plan {
                        counted.authors.insert(person.clone());
                        counted.is_signed = true;
                    }
                }
                DecisionKind::BreakGlass => {
                    let mut all = meaning.items.iter();
                    let all = all.all(|item| decision.covers(&item.digest));
                    if all && statement.plan == facts.plan {
                        counted.broken.insert(person.clone(), place);
                    } else {
                        dismiss(decision, Ignored::CoversNothing);
                    }
                }
                DecisionKind::Approve | DecisionKind::Reject => {
                    if covered.is_empty() {
                        dismiss(decision, Ignored::CoversNothing);
                    }
                    counted.vote(person, &covered, decision, (place, over.is_some()));
                }
            }
        }
        counted.leave_out_authors(gates, ignored);
        counted
    }

    fn vote(
        &mut self,
        person: &EcoString,
        items: &[usize],
        decision: &Decision,
        (place, is_over): (usize, bool),
    ) {
        let vote = Vote {
            kind: decision.statement.kind,
            at_ms: decision.statement.at_ms,
            decision: place,
            is_over,
        };
        if vote.kind == DecisionKind::Approve && !is_over && !items.is_empty() {
            self.approving.push(Approving {
                person: person.clone(),
                id: decision.statement.id,
                items: items.to_vec(),
            });
        }
        // At the same moment the no counts, and what is over.
        let order = |vote: &Vote| (vote.at_ms, vote.kind == DecisionKind::Reject, vote.is_over);
        let none = || vec![None; self.items];
        let votes = self.votes.entry(person.clone()).or_insert_with(none);
        for item in items {
            if votes[*item].is_none_or(|last| order(&vote) > order(&last)) {
                votes[*item] = Some(vote);
            }
        }
    }

    /// Approvals that are used up together with these: what the same people have approved once more. A second time is not good for a second round.
    pub(super) fn used_with(&self, mut uses: BTreeSet<DecisionId>) -> Vec<DecisionId> {
        let mut said: BTreeMap<&EcoString, Vec<bool>> = BTreeMap::new();
        for one in self.approving.iter().filter(|one| uses.contains(&one.id)) {
            let none = || vec![false; self.items];
            let items = said.entry(&one.person).or_insert_with(none);
            one.items.iter().for_each(|item| items[*item] = true);
        }
        let again = |one: &&Approving| {
            let said = said.get(&one.person);
            said.is_some_and(|said| one.items.iter().any(|item| said[*item]))
        };
        let more: Vec<DecisionId> = self
            .approving
            .iter()
            .filter(again)
            .map(|one| one.id)
            .collect();
        uses.extend(more);
        uses.into_iter().collect()
    }

    /// Nobody approves a plan of their own. That they take it back counts.
    fn leave_out_authors(&mut self, gates: &Gates, ignored: &mut Vec<Dismissed>) {
        for author in &self.authors {
            let Some(votes) = self.votes.get_mut(author) else {
                continue;
            };
            let mut own = BTreeSet::new();
            for slot in votes {
                let Some(vote) = slot.take_if(|vote| vote.kind != DecisionKind::Reject) else {
                    continue;
                };
                if vote.kind == DecisionKind::Approve && !vote.is_over {
                    own.insert(vote.decision);
                }
            }
            for place in own {
                if let Some(decision) = self.decisions.get(place) {
                    ignored.push(dismissed(gates, decision, Ignored::OwnPlan));
                }
            }
        }
    }

    pub(super) fn is_author(&self, person: &str) -> bool {
        self.authors.iter().any(|author| author == person)
    }

    /// What people say who may give what is asked for, as far as that does not depend on the action.
    pub(super) fn asked<'v>(
        &'v self,
        gates: &'v Gates,
        approvals: &'v Approvals,
        now_ms: u64,
    ) -> Asked<'v> {
        let listed = |person: &EcoString| approvals.lists(person);
        let voters = self.votes.iter().filter(|(person, _)| listed(person));
        Asked {
            gates,
            approvals,
            now_ms,
            voters: voters
                .map(|(person, votes)| Voter {
                    person,
                    votes,
                    counts: false,
                })
                .collect(),
            used: vec![false; self.decisions.len()],
        }
    }

    pub(super) fn id(&self, decision: usize) -> Option<DecisionId> {
        self.decisions
            .get(decision)
            .map(|decision| decision.statement.id)
    }

    pub(super) fn rejections(&self, decisions: &[Decision]) -> Vec<Rejection> {
        let mut found: BTreeMap<(EcoString, usize), Vec<usize>> = BTreeMap::new();
        for (person, votes) in &self.votes {
            for (item, vote) in votes.iter().enumerate() {
                if let Some(vote) = vote
                    && vote.kind == DecisionKind::Reject
                    && !vote.is_over
                {
                    found
                        .entry((person.clone(), vote.decision))
                        .or_default()
                        .push(item);
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
            if age <= longest && gates.may_approve(needed, person, &[]) {
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

/// One requirement, and who has a say in it.
pub(super) struct Asked<'v> {
    gates: &'v Gates,
    approvals: &'v Approvals,
    now_ms: u64,
    voters: Vec<Voter<'v>>,
    /// By decision: whether something rests on it.
    used: Vec<bool>,
}

/// Somebody who has a say.
struct Voter<'v> {
    person: &'v EcoString,
    votes: &'v [Option<Vote>],
    /// Whether they have approved something of what was asked.
    counts: bool,
}

impl<'v> Asked<'v> {
    /// Who has approved an action in a way that counts, into `given`: in the order of their names.
    pub(super) fn of(&mut self, at: usize, item: &Item, given: &mut Vec<&'v EcoString>) {
        given.clear();
        for voter in &mut self.voters {
            let Some(vote) = voter.votes.get(at).copied().flatten() else {
                continue;
            };
            let age = self.now_ms.saturating_sub(vote.at_ms);
            let counts = vote.kind == DecisionKind::Approve
                && !vote.is_over
                && self.approvals.max_age_ms.is_none_or(|most| age <= most)
                && (!self.approvals.owners
                    || self
                        .gates
                        .may_approve(self.approvals, voter.person, &item.types));
            if counts {
                voter.counts = true;
                self.used[vote.decision] = true;
                given.push(voter.person);
            }
        }
    }

    /// Whose approvals counted for something.
    pub(super) fn people(&self) -> impl Iterator<Item = &'v EcoString> {
        let counting = self.voters.iter().filter(|voter| voter.counts);
        counting.map(|voter| voter.person)
    }

    /// The decisions that were counted: places in the list of decisions.
    pub(super) fn decisions(&self) -> impl Iterator<Item = usize> {
        let used = self.used.iter().enumerate();
        used.filter(|(_, used)| **used).map(|(place, _)| place)
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
