//! What gates look at beside the plan: where it is applied, who made it, what time it is, what policies say, what it costs.

use crate::decision::{Decision, DecisionId, Genuine, Place};
use crate::gates::select::Answer;
use ecow::EcoString;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use terrane_plan::basis::Hash;

/// By how much clocks of machines may differ, in milliseconds.
pub const CLOCKS_DIFFER_MS: u64 = 5 * 60 * 1000;

/// Everything that is looked at.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Where the plan is to be applied.
    pub place: Place,
    /// The digest of the plan's file.
    pub plan: Hash,
    /// The account that made it: `user@host`. What it says of itself: signed plans say more.
    pub author: EcoString,
    /// All decisions that are at hand, whatever they are about.
    pub decisions: &'a [Decision],
    /// Which of them were looked at before, however often a plan is judged.
    pub genuine: &'a Genuine,
    /// Those that an apply has used up.
    pub used: &'a BTreeSet<DecisionId>,
    /// The time, in milliseconds since 1970 UTC.
    pub now_ms: u64,
    /// A time that is past for certain: of the last entry of the log, of the plan.
    pub past_ms: u64,
    /// Whoever applies said yes at the terminal.
    pub confirmed: bool,
    /// What policies say about the plan.
    pub policies: &'a Said,
    /// What the plan costs, if that is known.
    pub cost: Option<&'a Cost>,
}

/// What a policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyResult {
    /// How much it means.
    pub level: PolicyLevel,
    /// The rule: `terraform.tags.deny`.
    pub rule: EcoString,
    /// For people.
    pub message: EcoString,
    /// What it is about; empty: the plan as a whole.
    pub addresses: Vec<EcoString>,
}

/// How much the word of a policy means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyLevel {
    /// It is to be known.
    Warn,
    /// Somebody must agree.
    RequireApproval,
    /// It must not be.
    Deny,
}

impl PolicyLevel {
    /// `warn`, `require-approval` or `deny`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::RequireApproval => "require-approval",
            Self::Deny => "deny",
        }
    }
}

/// What a plan costs, per month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// After it less before it.
    pub difference: f64,
    /// `USD`
    pub currency: EcoString,
    /// Addresses without a price.
    pub unpriced: Vec<EcoString>,
}

/// All that policies say about a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    results: Vec<PolicyResult>,
    /// Places in the list, by what they are about.
    about: BTreeMap<EcoString, Vec<usize>>,
    /// Places of what is about the plan as a whole.
    whole: Vec<usize>,
}

impl Said {
    /// All of these results.
    #[must_use]
    pub fn new(results: Vec<PolicyResult>) -> Self {
        let mut about: BTreeMap<EcoString, Vec<usize>> = BTreeMap::new();
        let mut whole = Vec::new();
        for (at, result) in results.iter().enumerate() {
            if result.addresses.is_empty() {
                whole.push(at);
            }
            for address in &result.addresses {
                about.entry(address.clone()).or_default().push(at);
            }
        }
        Self {
            results,
            about,
            whole,
        }
    }

    /// All results.
    #[must_use]
    pub fn results(&self) -> &[PolicyResult] {
        &self.results
    }

    /// What is said about something with these addresses, or about the plan as a whole.
    pub fn about<'a>(
        &'a self,
        addresses: &'a [EcoString],
    ) -> impl Iterator<Item = &'a PolicyResult> {
        let named = addresses
            .iter()
            .filter_map(|address| self.about.get(address));
        let places = self.whole.iter().chain(named.flatten());
        places.filter_map(|at| self.results.get(*at))
    }
}

impl Facts<'_> {
    /// Whether the plan costs more than this. What has no price may cost anything; so may what is no number.
    #[must_use]
    pub fn cost_is_above(&self, bound: f64) -> Answer {
        let Some(cost) = self.cost else {
            return Answer::Maybe;
        };
        match cost.difference.partial_cmp(&bound) {
            None | Some(Ordering::Greater) => Answer::Yes,
            Some(_) if cost.unpriced.is_empty() => Answer::No,
            Some(_) => Answer::Maybe,
        }
    }
}
