//! The gate: nothing is applied that was not approved.
//!
//! In go a plan, gates and decisions; out comes an [`ApprovedPlan`], which nothing else can make and without which nothing can be applied. Time, decisions
//! and what is recorded of earlier ones are given: the room looks at no clock and no file.
//!
//! In reading order: what a plan means ([`meaning`]), who decides what about it ([`key`], [`decision`], [`record`]), who must ([`gates`]), what else
//! matters ([`facts`]), and what comes of it all ([`verdict`]).

pub mod decision;
pub mod facts;
pub mod gates;
pub mod key;
pub mod meaning;
pub mod record;
pub mod rules;
pub mod verdict;

use decision::DecisionId;
use ecow::EcoString;
use facts::Facts;
use gates::Gates;
use meaning::Meaning;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use terrane_config::config::Config;
use terrane_lang::source::SourceMap;
use terrane_model::addr::ProviderAddr;
use terrane_plan::basis::{BasisInput, Hash};
use terrane_plan::check::{Severity, Violation};
use terrane_plan::plan::Plan;
use terrane_plan::view::text::Schemas;
use verdict::{Verdict, judge};

/// What whoever applies a plan says to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// A person at the terminal answered `yes`.
    Confirmed,
    /// A person at the terminal did not.
    Declined,
    /// `-auto-approve`, or a saved plan: nobody was asked.
    Auto,
}

/// How plans are approved.
#[derive(Clone, Copy, Debug)]
pub enum Policy<'a> {
    /// A person must confirm.
    Ask,
    /// Every plan that has no errors is approved.
    AutoApprove,
    /// Gates say who must agree.
    Gates(&'a Case<'a>),
}

/// What gates judge a plan with.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The gates.
    pub gates: &'a Gates,
    /// What is known beside the plan.
    pub facts: &'a Facts<'a>,
    /// What says what it means.
    pub ground: Ground<'a>,
}

/// What says what a plan means.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The configuration that the plan was made from.
    pub config: &'a Config,
    /// Its texts.
    pub sources: &'a SourceMap,
    /// Finds schemas.
    pub schemas: Schemas<'a>,
    /// What sensitive values are hashed with.
    pub secret: &'a Hash,
    /// The programs that are the providers: version and digests.
    pub programs: &'a BTreeMap<ProviderAddr, EcoString>,
}

impl fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").finish_non_exhaustive()
    }
}

impl fmt::Debug for Ground<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ground").finish_non_exhaustive()
    }
}

impl Ground<'_> {
    /// What a plan means.
    #[must_use]
    pub fn meaning(&self, plan: &Plan) -> Meaning {
        Meaning::of(BasisInput {
            plan,
            config: self.config,
            sources: self.sources,
            schemas: self.schemas,
            secret: self.secret,
            programs: self.programs,
        })
    }
}

/// A plan that nobody can change any more, with what it means and whether it is sound, once that was looked at: finding it out costs as much as a part
/// of applying the plan.
#[derive(Debug)]
pub struct Weighed {
    plan: Plan,
    meaning: OnceLock<Arc<Meaning>>,
    unsound: OnceLock<Vec<Violation>>,
}

impl From<Plan> for Weighed {
    fn from(plan: Plan) -> Self {
        Self {
            plan,
            meaning: OnceLock::new(),
            unsound: OnceLock::new(),
        }
    }
}

impl Weighed {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What it means. That is found out once: the configuration is the one that it was made from.
    pub fn meaning(&self, ground: &Ground<'_>) -> &Arc<Meaning> {
        self.meaning
            .get_or_init(|| Arc::new(ground.meaning(&self.plan)))
    }

    /// The rules that it breaks in a dangerous way, of those that every plan keeps.
    fn unsound(&self) -> &[Violation] {
        self.unsound.get_or_init(|| {
            let mut violations = terrane_plan::check::check(&self.plan);
            violations.retain(|violation| violation.severity == Severity::Dangerous);
            violations
        })
    }

    /// Finds out all there is to find out, beside each other.
    pub fn weigh(&self, ground: &Ground<'_>) {
        rayon::join(|| self.unsound(), || self.meaning(ground));
    }
}

/// Why a plan may not be applied.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The person said no, or nothing.
    Declined,
    /// Planning found errors.
    Errored,
    /// The policy wants a person, and none was asked.
    NotAsked,
    /// The checker of plans found that it breaks a rule that every plan keeps: a bug in the planner, which must not reach the world.
    Unsound(Vec<Violation>),
    /// A gate is closed.
    Closed(Box<Closed>),
}

/// A plan that gates do not let pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// What the gates say.
    pub verdict: Verdict,
    /// What the plan does.
    pub meaning: Arc<Meaning>,
}

/// A plan that may be applied, once: applying takes it by value.
#[derive(Debug)]
#[must_use = "an approved plan is meant to be applied"]
pub struct ApprovedPlan {
    plan: Plan,
    passed: Passed,
}

/// How a plan came through the gates. All empty where there are none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passed {
    /// What the plan means; `None`: there are no gates.
    pub meaning: Option<Arc<Meaning>>,
    /// Whether a person said yes at the terminal.
    pub confirmed: bool,
    /// The decisions that it rests on: to be used up before anything is done.
    pub uses: Vec<DecisionId>,
    /// The gates that were open.
    pub gates: Vec<EcoString>,
    /// Who has approved it.
    pub approved_by: Vec<EcoString>,
    /// Who opened closed gates in an emergency.
    pub broken_by: Vec<EcoString>,
    /// What the gates said.
    pub verdict: Verdict,
}

impl ApprovedPlan {
    /// The only way to make one.
    ///
    /// # Errors
    /// When policy and consent do not allow it.
    pub fn approve(
        plan: impl Into<Weighed>,
        policy: Policy<'_>,
        consent: &Consent,
    ) -> Result<Self, Refusal> {
        let weighed = plan.into();
        let plan = weighed.plan();
        if plan.errored {
            return Err(Refusal::Errored);
        }
        if let Policy::Gates(case) = policy {
            weighed.weigh(&case.ground);
        }
        let violations = weighed.unsound();
        if !violations.is_empty() {
            return Err(Refusal::Unsound(violations.to_vec()));
        }
        let passed = match (policy, consent) {
            (_, Consent::Declined) => return Err(Refusal::Declined),
            (Policy::Ask, Consent::Auto) => return Err(Refusal::NotAsked),
            (Policy::Ask, Consent::Confirmed)
            | (Policy::AutoApprove, Consent::Auto | Consent::Confirmed) => Passed::default(),
            (Policy::Gates(case), Consent::Auto | Consent::Confirmed) => {
                through(&weighed, case, *consent == Consent::Confirmed)?
            }
        };
        Ok(Self {
            plan: weighed.plan,
            passed,
        })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How it came through the gates.
    #[must_use]
    pub fn passed(&self) -> &Passed {
        &self.passed
    }

    /// The plan, to be applied. Whoever takes it has nothing left to apply a second time.
    pub fn into_plan(self) -> Plan {
        self.plan
    }
}

/// Passes a plan through gates. What it means is found here, of the very plan that is applied.
fn through(weighed: &Weighed, case: &Case<'_>, confirmed: bool) -> Result<Passed, Refusal> {
    let meaning = weighed.meaning(&case.ground).clone();
    let facts = Facts {
        confirmed,
        ..case.facts.clone()
    };
    // A plan is for one workspace: that of the place where it is applied.
    if weighed.plan.workspace != facts.place.workspace {
        let verdict = judge(case.gates, &meaning, &facts);
        return Err(Refusal::Closed(Box::new(Closed { verdict, meaning })));
    }
    open(case.gates, meaning, &facts)
}

impl Passed {
    /// Judges anew what has passed, by what is known now: since then decisions may have been made or used, and time has gone by. The plan is the same.
    ///
    /// # Errors
    /// When it does not pass any more.
    pub fn again(&self, gates: &Gates, facts: &Facts<'_>) -> Result<Self, Refusal> {
        let Some(meaning) = &self.meaning else {
            return Ok(self.clone());
        };
        let facts = Facts {
            confirmed: self.confirmed,
            ..facts.clone()
        };
        open(gates, meaning.clone(), &facts)
    }
}

/// What comes of gates that are open.
fn open(gates: &Gates, meaning: Arc<Meaning>, facts: &Facts<'_>) -> Result<Passed, Refusal> {
    let verdict = judge(gates, &meaning, facts);
    if !verdict.is_open() {
        return Err(Refusal::Closed(Box::new(Closed { verdict, meaning })));
    }
    let mut approved_by: Vec<EcoString> = Vec::new();
    for gate in &verdict.gates {
        approved_by.extend(gate.approved_by.iter().cloned());
    }
    approved_by.sort_unstable();
    approved_by.dedup();
    Ok(Passed {
        meaning: Some(meaning),
        confirmed: facts.confirmed,
        uses: verdict.uses.clone(),
        gates: verdict
            .gates
            .iter()
            .filter(|gate| gate.lacks.is_empty())
            .map(|gate| gate.name.clone())
            .collect(),
        approved_by,
        broken_by: verdict.broken_by.clone(),
        verdict,
    })
}
