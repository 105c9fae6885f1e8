//! The verdict: plan, gates, decisions and time in; out comes which gates are open, and of each that is not, what is missing and who can give it.
//!
//! One pure function, [`judge`]. Nothing in it trusts a decision for what it says of itself: only signatures by keys that the gates name count.

mod count;
pub mod explain;

use crate::decision::{Decision, DecisionId, DecisionKind};
use crate::facts::{CLOCKS_DIFFER_MS, Facts, PolicyLevel, PolicyResult};
use crate::gates::{Approvals, Gate, Gates};
use crate::meaning::{Item, Meaning};
pub use count::EMERGENCY_MS;
use count::Votes;
use ecow::{EcoString, eco_format};
use std::collections::{BTreeMap, BTreeSet};

/// What came of a plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// The gates that are about something in the plan, in the order of the files.
    pub gates: Vec<GateVerdict>,
    /// Actions that no gate is about: places in the list of items.
    pub unmatched: Vec<usize>,
    /// What stands against the plan as a whole.
    pub blocked: Vec<Blocked>,
    /// Rejections that count.
    pub rejected: Vec<Rejection>,
    /// Decisions about this plan, or about something that it does, which do not count.
    pub ignored: Vec<Dismissed>,
    /// Decisions that the verdict rests on. Applying the plan uses them up.
    pub uses: Vec<DecisionId>,
    /// Who opened all gates in an emergency; empty: nobody.
    pub broken_by: Vec<EcoString>,
}

/// What came of one gate.
#[derive(Clone, Debug, PartialEq)]
pub struct GateVerdict {
    /// Its name; for what a policy asks for, the name of its rule.
    pub name: EcoString,
    /// What it is for.
    pub description: EcoString,
    /// What it is about: places in the list of items.
    pub items: Vec<usize>,
    /// Who has approved something of that, in a way that counts.
    pub approved_by: Vec<EcoString>,
    /// What is missing; empty: it is open.
    pub lacks: Vec<Lack>,
}

/// What is missing at a gate.
#[derive(Clone, Debug, PartialEq)]
pub enum Lack {
    /// Approvals.
    Approvals {
        /// How many are needed.
        needed: usize,
        /// Who has given one.
        have: Vec<EcoString>,
        /// Who can give one.
        who: Vec<EcoString>,
        /// For which actions: places in the list of items.
        items: Vec<usize>,
    },
    /// It is not the time.
    Window {
        /// The windows.
        windows: Vec<String>,
        /// When the next one opens, by its clocks.
        opens: Option<String>,
    },
    /// There is more than may be.
    Limit {
        /// Of what: `objects that are destroyed`.
        what: &'static str,
        /// How much there is; `None`: it is not known.
        found: Option<String>,
        /// How much there may be.
        most: String,
    },
    /// It is never open.
    Denied(EcoString),
    /// Whoever applies must say yes.
    Confirmation,
}

/// Why nothing of a plan may be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// The clock of this machine is behind a time that is past for certain.
    Clock {
        /// What it shows.
        now_ms: u64,
        /// What is past.
        past_ms: u64,
    },
    /// The plan is not signed by who made it.
    NotSigned,
    /// A policy denies it.
    Policy {
        /// The rule.
        rule: EcoString,
        /// What it says.
        message: EcoString,
    },
}

/// A rejection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// By whom.
    pub person: EcoString,
    /// Why.
    pub comment: EcoString,
    /// What: places in the list of items.
    pub items: Vec<usize>,
}

/// A decision that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dismissed {
    /// The decision.
    pub id: DecisionId,
    /// Whose key it names; `None`: nobody's. Whether they signed it is another question.
    pub person: Option<EcoString>,
    /// Why.
    pub why: Ignored,
}

/// Why a decision does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// It was made for another workspace or another state.
    OtherPlace,
    /// The signature does not fit: it was edited.
    NotGenuine,
    /// The key is nobody's.
    UnknownKey,
    /// The key was not good any more.
    KeyExpired,
    /// It is from the future: a clock is wrong.
    Future,
    /// It does not hold any more.
    Expired,
    /// An apply has used it.
    Used,
    /// It covers nothing of this plan.
    CoversNothing,
    /// It is by who made the plan.
    OwnPlan,
}

impl Verdict {
    /// Whether the plan may be applied.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let passes = self.unmatched.is_empty()
            && self.blocked.is_empty()
            && self.rejected.is_empty()
            && self.gates.iter().all(|gate| gate.lacks.is_empty());
        passes || !self.broken_by.is_empty()
    }

    /// Whether nothing is missing but the word of whoever applies.
    #[must_use]
    pub fn only_lacks_confirmation(&self) -> bool {
        let confirmation = |lack: &Lack| matches!(lack, Lack::Confirmation);
        !self.is_open()
            && self.unmatched.is_empty()
            && self.blocked.is_empty()
            && self.rejected.is_empty()
            && self
                .gates
                .iter()
                .all(|gate| gate.lacks.iter().all(confirmation))
    }
}

/// Judges what a plan means by the gates.
#[must_use]
pub fn judge(gates: &Gates, meaning: &Meaning, facts: &Facts<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    if meaning.items.is_empty() {
        return verdict;
    }
    // What is past is past, whatever the clock says.
    let now_ms = facts.now_ms.max(facts.past_ms);
    let votes = Votes::count(gates, meaning, facts, now_ms, &mut verdict.ignored);
    verdict.blocked = blocked(gates, facts, &votes);
    verdict.rejected = votes.rejections(facts.decisions);
    let mut about = vec![false; meaning.items.len()];
    let mut asked = about.clone();
    let mut uses = BTreeSet::new();
    let judging = Judging {
        gates,
        meaning,
        facts,
        votes: &votes,
        now_ms,
    };
    for gate in &gates.gates {
        let items = judging.items_of(gate);
        if items.is_empty() {
            continue;
        }
        for item in &items {
            about[*item] = true;
            asked[*item] |= !gate.approvals.is_empty();
        }
        verdict.gates.push(judging.gate(gate, items, &mut uses));
    }
    verdict.gates.extend(judging.policies(&asked, &mut uses));
    let unmatched = about.iter().enumerate().filter(|(_, about)| !**about);
    verdict.unmatched = unmatched.map(|(item, _)| item).collect();
    if !verdict.is_open() {
        let (people, by) = votes.broken(gates, facts, now_ms);
        if !people.is_empty() {
            verdict.broken_by = people;
            uses.extend(by);
        }
    }
    verdict.uses = votes.used_with(uses);
    verdict
}

/// What stands against all of a plan.
fn blocked(gates: &Gates, facts: &Facts<'_>, votes: &Votes<'_>) -> Vec<Blocked> {
    let mut found = Vec::new();
    if facts.now_ms.saturating_add(CLOCKS_DIFFER_MS) < facts.past_ms {
        found.push(Blocked::Clock {
            now_ms: facts.now_ms,
            past_ms: facts.past_ms,
        });
    }
    if gates.signed_plans && !votes.is_signed {
        found.push(Blocked::NotSigned);
    }
    for result in facts.policies.results() {
        if result.level == PolicyLevel::Deny {
            found.push(Blocked::Policy {
                rule: result.rule.clone(),
                message: result.message.clone(),
            });
        }
    }
    found
}

struct Judging<'a> {
    gates: &'a Gates,
    meaning: &'a Meaning,
    facts: &'a Facts<'a>,
    votes: &'a Votes<'a>,
    now_ms: u64,
}

impl Judging<'_> {
    fn items_of(&self, gate: &Gate) -> Vec<usize> {
        let items = self.meaning.items.iter().enumerate();
        items
            .filter(|(_, item)| gate.is_about(item, self.meaning, self.facts))
            .map(|(at, _)| at)
            .collect()
    }

    fn gate(&self, gate: &Gate, items: Vec<usize>, uses: &mut BTreeSet<DecisionId>) -> GateVerdict {
        let mut lacks = Vec::new();
        let mut approved_by = BTreeSet::new();
        if let Some(reason) = &gate.deny {
            lacks.push(Lack::Denied(reason.clone()));
        }
        for approvals in &gate.approvals {
            lacks.extend(self.approvals(approvals, &items, &mut approved_by, uses));
        }
        if !gate.windows.is_empty() && !gate.windows.iter().any(|one| one.is_open(self.now_ms)) {
            let next = gate.windows.iter();
            lacks.push(Lack::Window {
                windows: gate.windows.iter().map(ToString::to_string).collect(),
                opens: next
                    .filter_map(|window| {
                        let opens = window.opens_next(self.now_ms)?;
                        Some(format!("{opens} ({})", window.timezone))
                    })
                    .min(),
            });
        }
        lacks.extend(self.limits(gate, &items));
        if gate.confirm && !self.facts.confirmed {
            lacks.push(Lack::Confirmation);
        }
        GateVerdict {
            name: gate.name.clone(),
            description: gate.description.clone(),
            items,
            approved_by: approved_by.into_iter().collect(),
            lacks,
        }
    }

    /// What is missing of approvals. Actions that the same people have approved are told together.
    fn approvals(
        &self,
        approvals: &Approvals,
        items: &[usize],
        approved_by: &mut BTreeSet<EcoString>,
        uses: &mut BTreeSet<DecisionId>,
    ) -> Vec<Lack> {
        let mut lacks: Vec<Lack> = Vec::new();
        let mut asked = self.votes.asked(self.gates, approvals, self.now_ms);
        let mut given = Vec::new();
        for at in items {
            let Some(item) = self.meaning.items.get(*at) else {
                continue;
            };
            asked.of(*at, item, &mut given);
            if given.len() >= approvals.count {
                continue;
            }
            let have: Vec<EcoString> = given.iter().map(|person| (*person).clone()).collect();
            let who = self.candidates(approvals, item, &have);
            let same = lacks.iter_mut().find_map(|lack| match lack {
                Lack::Approvals {
                    have: had,
                    who: could,
                    items,
                    ..
                } if *had == have && *could == who => Some(items),
                _ => None,
            });
            match same {
                Some(items) => items.push(*at),
                None => lacks.push(Lack::Approvals {
                    needed: approvals.count,
                    have,
                    who,
                    items: vec![*at],
                }),
            }
        }
        approved_by.extend(asked.people().cloned());
        uses.extend(asked.decisions().filter_map(|place| self.votes.id(place)));
        lacks
    }

    /// Who could still approve an action.
    fn candidates(&self, approvals: &Approvals, item: &Item, have: &[EcoString]) -> Vec<EcoString> {
        let people = self.gates.people.iter();
        people
            .filter(|(name, person)| {
                !have.contains(name)
                    && !self.votes.is_author(name)
                    && !person.keys.is_empty()
                    && person
                        .expires_ms
                        .is_none_or(|expires| self.now_ms < expires)
                    && self.gates.may_approve(approvals, name, &item.types)
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn limits(&self, gate: &Gate, items: &[usize]) -> Vec<Lack> {
        let mut lacks = Vec::new();
        let limits = &gate.limits;
        let mut count = |what: &'static str, most: Option<u64>, found: usize| {
            let found = u64::try_from(found).unwrap_or(u64::MAX);
            if let Some(most) = most.filter(|most| found > *most) {
                lacks.push(Lack::Limit {
                    what,
                    found: Some(found.to_string()),
                    most: most.to_string(),
                });
            }
        };
        let destroyed = items.iter().filter(|at| {
            let item = self.meaning.items.get(**at);
            item.is_some_and(|item| item.destroys)
        });
        count(
            "objects that are destroyed",
            limits.deletes,
            destroyed.count(),
        );
        count("actions", limits.actions, items.len());
        if let Some(most) = limits.cost {
            let cost = self.facts.cost;
            // What is not known is not under a limit.
            if self.facts.cost_is_above(most) != crate::gates::select::Answer::No {
                let known = cost.filter(|cost| cost.unpriced.is_empty() || cost.difference > most);
                let known = known.filter(|cost| cost.difference.is_finite());
                lacks.push(Lack::Limit {
                    what: "more cost per month",
                    found: known.map(|cost| format!("{:.2} {}", cost.difference, cost.currency)),
                    most: format!("{most:.2}"),
                });
            }
        }
        lacks
    }

    /// What policies ask for where no gate asks for approvals anyway: one gate for each rule. `asked`: by action, whether a gate does.
    fn policies(&self, asked: &[bool], uses: &mut BTreeSet<DecisionId>) -> Vec<GateVerdict> {
        let asks = |one: &&PolicyResult| one.level == PolicyLevel::RequireApproval;
        let results = self.facts.policies.results().iter().filter(asks);
        if results.clone().next().is_none() {
            return Vec::new();
        }
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, item) in self.meaning.items.iter().enumerate() {
            for address in &item.addresses {
                places.entry(address).or_default().push(at);
            }
        }
        let mut rules: BTreeMap<&EcoString, Asking<'_>> = BTreeMap::new();
        for result in results {
            let rule = rules.entry(&result.rule).or_default();
            rule.messages.insert(&result.message);
            let named = result.addresses.iter();
            let named: Vec<usize> = named
                .filter_map(|address| places.get(address.as_str()))
                .flatten()
                .copied()
                .collect();
            // What names none of the actions is about the plan as a whole.
            rule.whole |= named.is_empty();
            rule.items.extend(named);
        }
        let mut found = Vec::new();
        for (rule, asking) in rules {
            let all = (0..self.meaning.items.len())
                .filter(|at| asking.whole || asking.items.contains(at))
                .filter(|at| !asked.get(*at).copied().unwrap_or(false));
            let items: Vec<usize> = all.collect();
            if items.is_empty() {
                continue;
            }
            let mut approved_by = BTreeSet::new();
            let lacks = self.approvals(&Approvals::one(), &items, &mut approved_by, uses);
            found.push(GateVerdict {
                name: eco_format!("policy {rule}"),
                description: asking.description(),
                items,
                approved_by: approved_by.into_iter().collect(),
                lacks,
            });
        }
        found
    }
}

/// What a rule of a policy asks for.
#[derive(Default)]
struct Asking<'a> {
    messages: BTreeSet<&'a EcoString>,
    items: BTreeSet<usize>,
    whole: bool,
}

impl Asking<'_> {
    fn description(&self) -> EcoString {
        let mut messages = self.messages.iter();
        let first = messages.next().map(|first| (*first).clone());
        let first = first.unwrap_or_default();
        match messages.len() {
            0 => first,
            more => eco_format!("{first}, and {more} more like it"),
        }
    }
}

/// How far people agree to something by the requirement of [`Gates::amend`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Whether enough do, and nobody is against it.
    pub is_enough: bool,
    /// Who agrees.
    pub have: Vec<EcoString>,
    /// Who else can.
    pub who: Vec<EcoString>,
    /// Who is against it.
    pub against: Vec<EcoString>,
    /// The decisions that it rests on.
    pub uses: Vec<DecisionId>,
}

/// Whether decisions agree to something by the requirement of [`Gates::amend`]. What each person said last counts.
#[must_use]
pub fn agreed(gates: &Gates, item: &terrane_plan::basis::Hash, facts: &Facts<'_>) -> Agreement {
    let now_ms = facts.now_ms.max(facts.past_ms);
    let needed = gates.amend.clone().unwrap_or_else(Approvals::one);
    let behind = facts.now_ms.saturating_add(CLOCKS_DIFFER_MS) < facts.past_ms;
    let mut last: BTreeMap<&EcoString, (&Decision, bool)> = BTreeMap::new();
    for decision in facts.decisions {
        let statement = &decision.statement;
        let votes = matches!(statement.kind, DecisionKind::Approve | DecisionKind::Reject);
        if !votes || !decision.covers(item) {
            continue;
        }
        let Ok((person, over)) = count::standing(gates, facts, now_ms, decision) else {
            continue;
        };
        if !facts.genuine.is(decision) {
            continue;
        }
        let age = now_ms.saturating_sub(statement.at_ms);
        let old = needed.max_age_ms.is_some_and(|most| age > most);
        let order = |decision: &Decision| {
            let statement = &decision.statement;
            (statement.at_ms, statement.kind == DecisionKind::Reject)
        };
        let said = (decision, over.is_some() || old);
        match last.get(person) {
            Some((before, _)) if order(before) >= order(decision) => {}
            _ => {
                last.insert(person, said);
            }
        }
    }
    let mut found = Agreement::default();
    for (person, (decision, is_over)) in last {
        let may = gates.may_approve(&needed, person, &[]);
        match decision.statement.kind {
            DecisionKind::Reject if !is_over => found.against.push(person.clone()),
            DecisionKind::Approve if !is_over && may => {
                found.have.push(person.clone());
                found.uses.push(decision.statement.id);
            }
            _ => {}
        }
    }
    let can =
        |name: &&EcoString| !found.have.contains(name) && gates.may_approve(&needed, name, &[]);
    found.who = gates.people.keys().filter(can).cloned().collect();
    found.is_enough = found.have.len() >= needed.count && found.against.is_empty() && !behind;
    found
}
