//! The gate: nothing is applied that was not approved.
//!
//! In go a plan and decisions; out comes an [`ApprovedPlan`], which nothing else can make and without which nothing can be applied.

use terrane_plan::check::{Severity, Violation};
use terrane_plan::plan::Plan;

/// What was decided about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A person at the terminal answered `yes`.
    Confirmed,
    /// A person at the terminal did not.
    Declined,
    /// `-auto-approve`, or a saved plan whose saving was the approval.
    Auto,
}

/// How decisions are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// A person must confirm.
    Ask,
    /// Every plan that has no errors is approved.
    AutoApprove,
}

/// Why a plan may not be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The person said no, or nothing.
    Declined,
    /// Planning found errors.
    Errored,
    /// The policy wants a person, and none was asked.
    NotAsked,
    /// The checker of plans found that it breaks a rule that every plan keeps: a bug in the planner, which must not reach the world.
    Unsound(Vec<Violation>),
}

/// A plan that may be applied, once: applying takes it by value.
#[derive(Debug)]
#[must_use = "an approved plan is meant to be applied"]
pub struct ApprovedPlan {
    plan: Plan,
}

impl ApprovedPlan {
    /// The only way to make one.
    ///
    /// # Errors
    /// When policy and decision do not allow it.
    pub fn approve(plan: Plan, policy: Policy, decision: &Decision) -> Result<Self, Refusal> {
        if plan.errored {
            return Err(Refusal::Errored);
        }
        let mut violations = terrane_plan::check::check(&plan);
        violations.retain(|violation| violation.severity == Severity::Dangerous);
        if !violations.is_empty() {
            return Err(Refusal::Unsound(violations));
        }
        match (policy, decision) {
            (Policy::Ask, Decision::Confirmed)
            | (Policy::AutoApprove, Decision::Auto | Decision::Confirmed) => Ok(Self { plan }),
            (Policy::Ask | Policy::AutoApprove, Decision::Declined) => Err(Refusal::Declined),
            (Policy::Ask, Decision::Auto) => Err(Refusal::NotAsked),
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan, to be applied. Whoever takes it has nothing left to apply a second time.
    pub fn into_plan(self) -> Plan {
        self.plan
    }
}
