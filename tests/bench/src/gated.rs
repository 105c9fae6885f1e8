//! What gates take of an apply: finding out what a plan means, and judging it as often as the program does.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::Arc;
use terrane_gate::decision::{DecisionId, DecisionKind, Genuine, Place, Statement};
use terrane_gate::facts::{Facts, Said};
use terrane_gate::gates::{File, Role, parse};
use terrane_gate::key::PrivateKey;
use terrane_gate::verdict::judge;
use terrane_gate::{ApprovedPlan, Case, Consent, Ground, Policy, Weighed};
use terrane_lang::source::SourceMap;
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_model::schema::Schema;
use terrane_tests::engine::{Cloud, Made};

/// When everything happens.
const NOW: u64 = 1_795_264_200_000;

/// Somebody must approve; what is harmless passes. As in the example for small teams.
fn file(key: &PrivateKey) -> File {
    let text = format!(
        "person \"ana\" {{\n  keys = [\"{}\"]\n}}\ngate \"losses\" {{\n  match {{\n    risks = [\"lossy\", \"disruptive\"]\n  }}\n  approvals {{\n    count = 1\n  }}\n}}\ngate \"changes\" {{\n  match {{\n    types = [\"terraform_*\"]\n  }}\n  approvals {{}}\n}}\ngate \"rest\" {{\n  match {{\n    actions = [\"output\", \"refresh\", \"move\"]\n  }}\n  auto_approve = true\n}}\n",
        key.public()
    );
    File {
        role: Role::Gates,
        name: "small.tfgate.hcl".to_owned(),
        content: text.into_bytes(),
    }
}

/// Gates that are read, a plan that is looked at, judged, approved by somebody, and judged again when it begins.
///
/// # Panics
/// When the plan does not pass: a fault of what is above.
pub(crate) fn passes(made: &Made, cloud: &Cloud) {
    let key = PrivateKey::from_seed(&[7; 32]);
    let (gates, _) = parse(&mut SourceMap::default(), &[file(&key)]);
    let place = Place {
        ledger: [1; 16],
        workspace: "default".into(),
        lineage: "".into(),
    };
    let schemas = |addr: &ProviderAddr, mode: Mode, name: &str| -> Option<Arc<Schema>> {
        let schema = &cloud.infos().get(addr)?.schema;
        match mode {
            Mode::Managed => schema.resources.get(name).cloned(),
            Mode::Data => schema.data_sources.get(name).cloned(),
            Mode::Ephemeral => schema.ephemeral_resources.get(name).cloned(),
            Mode::Action => schema.actions.get(name).cloned(),
        }
    };
    let genuine = Genuine::default();
    let (used, policies, programs) = (BTreeSet::new(), Said::default(), BTreeMap::new());
    let facts = |decisions| Facts {
        place: place.clone(),
        plan: [5; 32],
        author: "bob@desk".into(),
        decisions,
        genuine: &genuine,
        used: &used,
        now_ms: NOW,
        past_ms: NOW - 1,
        confirmed: false,
        policies: &policies,
        cost: None,
    };
    let with = |facts: &Facts<'_>, call: &mut dyn FnMut(&Case<'_>)| {
        call(&Case {
            gates: &gates,
            facts,
            ground: Ground {
                config: &made.compiled.config,
                sources: &made.compiled.sources,
                schemas: &schemas,
                secret: &[42; 32],
                programs: &programs,
            },
        });
    };
    let plan = made.plan.clone().expect("the workloads can be planned");
    let mut weighed = Some(Weighed::from(plan));
    let mut items = Vec::new();
    with(&facts(&[]), &mut |case| {
        let meaning = weighed
            .as_ref()
            .map(|weighed| weighed.meaning(&case.ground));
        let meaning = meaning.expect("it is there");
        items = meaning.items.iter().map(|item| item.digest).collect();
        black_box(judge(case.gates, meaning, case.facts));
    });
    items.sort_unstable();
    let statement = Statement {
        id: DecisionId([3; 16]),
        kind: DecisionKind::Approve,
        place: place.clone(),
        plan: [5; 32],
        items,
        comment: "".into(),
        at_ms: NOW - 1,
        expires_ms: None,
    };
    let decisions = [statement.sign(&key)];
    let facts = facts(&decisions);
    with(&facts, &mut |case| {
        let weighed = weighed.take().expect("it is approved once");
        let approved = ApprovedPlan::approve(weighed, Policy::Gates(case), &Consent::Auto);
        let approved = approved.expect("it was approved");
        let again = approved.passed().again(case.gates, case.facts);
        assert!(again.is_ok(), "it passes again");
    });
}
