//! What stories about gates play in: plans, people with keys, and a desk on which decisions are.

use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use terrane_gate::decision::{Decision, DecisionId, DecisionKind, Genuine, Place, Statement};
use terrane_gate::facts::{Cost, Facts, Said};
use terrane_gate::gates::{File, Gates, parse};
use terrane_gate::key::PrivateKey;
use terrane_gate::meaning::Meaning;
use terrane_gate::verdict::{Verdict, explain, judge};
use terrane_gate::{ApprovedPlan, Case, Consent, Ground, Passed, Policy, Refusal};
use terrane_lang::source::SourceMap;
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_model::provider::ProviderInfo;
use terrane_model::schema::Schema;
use terrane_plan::basis::Hash;
use terrane_plan::machine::PlanOptions;
use terrane_plan::plan::Plan;
use terrane_sim::World as SimWorld;
use terrane_tests::engine::{Chaos, Cloud, Made, Project, Session};

pub(crate) const HOUR: u64 = 3_600_000;
/// 2026-11-21T12:30:00Z.
pub(crate) const NOW: u64 = 1_795_264_200_000;
pub(crate) const SECRET: Hash = [42; 32];
/// The digest of the file of every plan here.
pub(crate) const PLAN: Hash = [5; 32];
pub(crate) const TWO: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\nresource \"terraform_data\" \"b\" {\n  input = terraform_data.a.output\n}\n";

/// A cloud and a state.
pub(crate) struct World(pub(crate) Session);

impl World {
    pub(crate) fn new() -> Self {
        Self(Session::new(Cloud::new(SimWorld::new(1), 1)))
    }

    pub(crate) fn plan(&mut self, text: &str) -> Made {
        let made = self.0.plan(
            &Project::of(text),
            &PlanOptions::default(),
            &mut Chaos::none(),
        );
        assert!(!made.diagnostics.has_errors(), "{:?}", made.diagnostics);
        made
    }

    pub(crate) fn apply(&mut self, text: &str) {
        let made = self.plan(text);
        let run = self.0.apply(&made, &mut Chaos::none());
        assert!(!run.diagnostics.has_errors(), "{:?}", run.diagnostics);
    }
}

/// The key of a person. Eve is in no file.
pub(crate) fn key(person: &str) -> PrivateKey {
    let first = person.bytes().next().unwrap_or(0);
    PrivateKey::from_seed(&[first; 32])
}

/// Three people and a group. Plans are Cho's.
pub(crate) fn people() -> String {
    let mut out = String::new();
    for name in ["ana", "bob", "cho"] {
        let _written = writeln!(
            out,
            "person \"{name}\" {{\n  keys = [\"{}\"]\n  accounts = [\"{name}@*\"]\n}}",
            key(name).public()
        );
    }
    out.push_str("group \"dba\" {\n  members = [\"bob\"]\n}\n");
    out
}

pub(crate) fn gates(text: &str) -> Gates {
    let file = File {
        role: terrane_gate::gates::Role::Gates,
        name: "g.tfgate.hcl".to_owned(),
        content: text.as_bytes().to_vec(),
    };
    let (gates, diagnostics) = parse(&mut SourceMap::default(), &[file]);
    assert!(!diagnostics.has_errors(), "{diagnostics:#?}");
    gates
}

/// Decisions, and everything else that gates look at.
pub(crate) struct Desk {
    pub(crate) place: Place,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) genuine: Genuine,
    pub(crate) used: BTreeSet<DecisionId>,
    pub(crate) now_ms: u64,
    pub(crate) past_ms: u64,
    pub(crate) policies: Said,
    pub(crate) cost: Option<Cost>,
    pub(crate) programs: BTreeMap<ProviderAddr, EcoString>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            place: Place {
                ledger: [1; 16],
                workspace: "default".into(),
                lineage: "".into(),
            },
            decisions: Vec::new(),
            genuine: Genuine::default(),
            used: BTreeSet::new(),
            now_ms: NOW,
            past_ms: NOW - HOUR,
            policies: Said::default(),
            cost: None,
            programs: BTreeMap::new(),
        }
    }

    pub(crate) fn decide(&mut self, made: &Made, person: &str, kind: DecisionKind, step: u64) {
        self.decide_about(made, person, kind, step, None);
    }

    pub(crate) fn decide_about(
        &mut self,
        made: &Made,
        person: &str,
        kind: DecisionKind,
        step: u64,
        address: Option<&str>,
    ) {
        let items = self.meaning(made).items.into_iter();
        let items = items.filter(|item| address.is_none_or(|addr| item.address == addr));
        let statement = Statement {
            id: DecisionId([u8::try_from(self.decisions.len()).unwrap_or(255); 16]),
            kind,
            place: self.place.clone(),
            plan: PLAN,
            items: items.map(|item| item.digest).collect(),
            comment: "looked at".into(),
            at_ms: NOW + step,
            expires_ms: Some(NOW + 24 * HOUR),
        };
        self.decisions.push(statement.sign(&key(person)));
    }

    /// Calls something with what is judged by.
    pub(crate) fn with<T>(
        &self,
        made: &Made,
        gates: &Gates,
        call: impl FnOnce(&Case<'_>) -> T,
    ) -> T {
        let facts = Facts {
            place: self.place.clone(),
            plan: PLAN,
            author: "cho@desk".into(),
            decisions: &self.decisions,
            genuine: &self.genuine,
            used: &self.used,
            now_ms: self.now_ms,
            past_ms: self.past_ms,
            confirmed: false,
            policies: &self.policies,
            cost: self.cost.as_ref(),
        };
        let infos = terrane_infos();
        let schemas = |addr: &ProviderAddr, mode: Mode, name: &str| -> Option<Arc<Schema>> {
            let schema = &infos.get(addr)?.schema;
            match mode {
                Mode::Managed => schema.resources.get(name).cloned(),
                Mode::Data => schema.data_sources.get(name).cloned(),
                Mode::Ephemeral => schema.ephemeral_resources.get(name).cloned(),
                Mode::Action => schema.actions.get(name).cloned(),
            }
        };
        call(&Case {
            gates,
            facts: &facts,
            ground: Ground {
                config: &made.compiled.config,
                sources: &made.compiled.sources,
                schemas: &schemas,
                secret: &SECRET,
                programs: &self.programs,
            },
        })
    }

    pub(crate) fn meaning(&self, made: &Made) -> Meaning {
        self.meaning_of(made, made.plan.as_ref().expect("a plan"))
    }

    pub(crate) fn meaning_of(&self, made: &Made, plan: &Plan) -> Meaning {
        self.with(made, &Gates::default(), |case| case.ground.meaning(plan))
    }

    pub(crate) fn judge(&self, made: &Made, gates: &Gates) -> (Verdict, String) {
        let meaning = self.meaning(made);
        let verdict = self.with(made, gates, |case| judge(gates, &meaning, case.facts));
        let text = explain::text(&verdict, &meaning);
        (verdict, text)
    }

    /// Passes a plan through the gates, as apply does it.
    pub(crate) fn approve(&self, made: &Made, gates: &Gates) -> Result<Passed, Refusal> {
        self.approve_plan(made, made.plan.clone().expect("a plan"), gates)
    }

    pub(crate) fn approve_plan(
        &self,
        made: &Made,
        plan: Plan,
        gates: &Gates,
    ) -> Result<Passed, Refusal> {
        self.with(made, gates, |case| {
            ApprovedPlan::approve(plan, Policy::Gates(case), &Consent::Auto)
                .map(|approved| approved.passed().clone())
        })
    }
}

fn terrane_infos() -> std::collections::BTreeMap<ProviderAddr, ProviderInfo> {
    Cloud::new(SimWorld::new(1), 1).infos().clone()
}
