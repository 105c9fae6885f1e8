//! What gates look at beside the plan: where it is applied, who made it, what time it is, what policies say, what it costs.

use crate::decision::{Decision, DecisionId, Place};
use crate::gates::select::Answer;
use ecow::EcoString;
use std::collections::BTreeSet;
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
    /// Those that an apply has used up.
    pub used: &'a BTreeSet<DecisionId>,
    /// The time, in milliseconds since 1970 UTC.
    pub now_ms: u64,
    /// A time that is past for certain: of the last entry of the log, of the plan.
    pub past_ms: u64,
    /// Whoever applies said yes at the terminal.
    pub confirmed: bool,
    /// What policies say about the plan.
    pub policies: &'a [PolicyResult],
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

impl Facts<'_> {
    /// What policies say about an address.
    pub fn policies_about(&self, address: &str) -> impl Iterator<Item = &PolicyResult> {
        self.policies.iter().filter(move |result| {
            result.addresses.is_empty() || result.addresses.iter().any(|about| about == address)
        })
    }

    /// Whether the plan costs more than this. What has no price may cost anything.
    #[must_use]
    pub fn cost_is_above(&self, bound: f64) -> Answer {
        match self.cost {
            None => Answer::Maybe,
            Some(cost) if cost.difference > bound => Answer::Yes,
            Some(cost) if cost.unpriced.is_empty() => Answer::No,
            Some(_) => Answer::Maybe,
        }
    }
}
