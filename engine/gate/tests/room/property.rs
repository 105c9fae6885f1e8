//! Whatever is done in whatever order, honest or not: no action passes that was not approved as the gates want it.
//!
//! A seeded game. Honest moves plan, decide, apply and let time pass; dishonest ones change plans, decisions, clocks and places, or use what was used.
//! Beside the gate runs a model that knows who really looked at which action, told by what the action says and not by its digest. Whenever
//! the gate lets a plan pass, each of its actions must be covered in the model.

use crate::world::{Desk, HOUR, NOW, PLAN, World, gates, key, people};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_gate::Refusal;
use terrane_gate::decision::{Decision, DecisionId, DecisionKind, Place, Statement};
use terrane_gate::gates::Gates;
use terrane_model::snapshot::ObjectState;
use terrane_plan::exec::{Step, StepKind};
use terrane_plan::plan::{Action, Drift, Plan, PlanMode, ResourceChange};
use terrane_tests::engine::{Made, Rng};
use terrane_value::Value;

const PEOPLE: [&str; 5] = ["ana", "bob", "cho", "dan", "eve"];
/// Until then the key of Dan is good.
const DAN_UNTIL: u64 = NOW + 30 * HOUR;
const TEXTS: [&str; 5] = [
    "resource \"terraform_data\" \"a\" {\n  input = 1\n}\nresource \"terraform_data\" \"b\" {\n  input = terraform_data.a.output\n}\n",
    "resource \"terraform_data\" \"a\" {\n  input = 2\n}\nresource \"terraform_data\" \"b\" {\n  input = terraform_data.a.output\n}\n",
    "resource \"terraform_data\" \"a\" {\n  input = 2\n}\n",
    "resource \"terraform_data\" \"a\" {\n  input = 2\n  triggers_replace = 1\n}\nresource \"terraform_data\" \"c\" {\n  count = 2\n  input = count.index\n}\n",
    "resource \"terraform_data\" \"a\" {\n  input = 1\n  provisioner \"local-exec\" {\n    command = \"true\"\n  }\n}\n",
];

/// How many games are played.
const SEEDS: u64 = 40;
/// Deletions and replacements need two people, all else one.
const GATES: &str = "gate \"one\" {\n  approvals {}\n}\ngate \"two\" {\n  match {\n    actions = [\"destroy\"]\n  }\n  approvals {\n    count = 2\n  }\n}\n";

/// What an action says, in the words of the plan and of the configuration.
fn says(change: &ResourceChange, text: &str) -> String {
    format!(
        "{} {:?} {:?} {:?} {:?} {:?} {} | {}",
        change.addr,
        change.deposed,
        change.provider.to_string(),
        change.action,
        change.before,
        change.after,
        if matches!(
            change.action,
            Action::Create | Action::Update | Action::Read
        ) {
            String::new()
        } else {
            format!("{:?}", change.private)
        },
        block(&change.addr.resource.name, text)
    )
}

/// Somebody whose key is good for a day and a bit.
fn dan() -> String {
    format!(
        "person \"dan\" {{\n  keys = [\"{}\"]\n  accounts = [\"dan@*\"]\n  expires = \"{}\"\n}}\n",
        key("dan").public(),
        jiff::Timestamp::from_millisecond(i64::try_from(DAN_UNTIL).unwrap()).unwrap()
    )
}

/// The block of a resource.
fn block(name: &str, text: &str) -> String {
    let begin = format!("resource \"terraform_data\" \"{name}\" {{");
    let Some(at) = text.find(&begin) else {
        return String::new();
    };
    let (_, rest) = text.split_at(at);
    let (block, _) = rest.split_once("\n}\n").unwrap_or((rest, ""));
    block.to_owned()
}

fn actions(plan: &Plan) -> impl Iterator<Item = &ResourceChange> {
    plan.changes
        .iter()
        .filter(|change| change.action != Action::NoOp)
}

/// What really happened.
#[derive(Default)]
struct Truth {
    /// By decision: who, what they looked at, until when.
    approvals: BTreeMap<DecisionId, (String, BTreeSet<String>, u64)>,
    /// What each said last of something: whether that was a no.
    rejected: BTreeMap<String, BTreeMap<String, bool>>,
    used: BTreeSet<DecisionId>,
    /// Which of their decisions was the last one about something.
    last: BTreeMap<(String, String), DecisionId>,
}

struct Game {
    world: World,
    desk: Desk,
    truth: Truth,
    gates: Gates,
    /// The real time.
    clock: u64,
    plans: Vec<(Made, &'static str)>,
    next: u8,
    rng: Rng,
    passed: usize,
    refused: usize,
}

impl Game {
    fn new(seed: u64) -> Self {
        Self {
            world: World::new(),
            desk: Desk::new(),
            truth: Truth::default(),
            gates: gates(&format!("{}{}{GATES}", people(), dan())),
            clock: NOW,
            plans: Vec::new(),
            next: 0,
            rng: Rng::new(seed),
            passed: 0,
            refused: 0,
        }
    }

    fn step(&mut self) {
        match self.rng.below(12) {
            0 | 1 => self.plan(),
            2..=4 => self.decide(),
            5 | 6 => self.apply(),
            7 => {
                let hours = u64::try_from(self.rng.below(20)).unwrap();
                self.clock += hours * HOUR;
                // Something is recorded at this time.
                if self.rng.chance(70) {
                    self.desk.past_ms = self.clock;
                }
            }
            8 => self.tampered_plan(),
            9 => self.tampered_decision(),
            10 => self.wrong_clock(),
            _ => self.wrong_place(),
        }
    }

    fn plan(&mut self) {
        let text = TEXTS[self.rng.below(TEXTS.len())];
        let made = self.world.plan(text);
        self.plans.push((made, text));
        if self.plans.len() > 4 {
            self.plans.remove(0);
        }
    }

    /// Somebody looks at a plan and decides about all or a part of it.
    fn decide(&mut self) {
        if self.plans.is_empty() {
            return;
        }
        let (made, text) = &self.plans[self.rng.below(self.plans.len())];
        let plan = made.plan.as_ref().unwrap();
        let meaning = self.desk.meaning(made);
        let person = PEOPLE[self.rng.below(PEOPLE.len())];
        let reject = self.rng.chance(10);
        let all = self.rng.chance(70);
        let chosen: Vec<_> = meaning
            .items
            .iter()
            .filter(|_| all || self.rng.chance(50))
            .collect();
        let looked_at: BTreeSet<String> = actions(plan)
            .filter(|change| {
                chosen
                    .iter()
                    .any(|item| item.address == change.addr.to_string())
            })
            .map(|change| says(change, text))
            .collect();
        if chosen.is_empty() {
            return;
        }
        self.next += 1;
        let id = DecisionId([self.next; 16]);
        // Some hold for ever, some for so short a time that what was said before could come back.
        let until = match self.rng.below(4) {
            0 => u64::MAX,
            1 => self.clock + HOUR,
            _ => self.clock + 24 * HOUR,
        };
        let statement = Statement {
            id,
            kind: if reject {
                DecisionKind::Reject
            } else {
                DecisionKind::Approve
            },
            place: self.desk.place.clone(),
            plan: PLAN,
            items: chosen.iter().map(|item| item.digest).collect(),
            comment: "".into(),
            at_ms: self.clock,
            expires_ms: (until < u64::MAX).then_some(until),
        };
        self.desk.decisions.push(statement.sign(&key(person)));
        self.clock += 1;
        // Eve has no say, and Cho none over Cho's plans.
        if ["ana", "bob", "dan"].contains(&person) {
            let mine = self.truth.rejected.entry(person.to_owned()).or_default();
            for what in &looked_at {
                mine.insert(what.clone(), reject);
                self.truth
                    .last
                    .insert((person.to_owned(), what.clone()), id);
            }
            if !reject {
                self.truth
                    .approvals
                    .insert(id, (person.to_owned(), looked_at, until));
            }
        }
    }

    fn apply(&mut self) {
        if self.plans.is_empty() {
            return;
        }
        let at = self.rng.below(self.plans.len());
        self.desk.now_ms = self.clock;
        let (made, text) = &self.plans[at];
        let plan = made.plan.clone().unwrap();
        let went = self.try_plan(at, plan, text);
        if went && self.rng.chance(80) {
            let (made, _) = &self.plans[at];
            // It may be stale: then nothing is done, and the decisions are used all the same.
            self.world
                .0
                .apply(made, &mut terrane_tests::engine::Chaos::none());
        }
    }

    /// Offers a plan to the gate. What passes must be covered by what people really looked at.
    fn try_plan(&mut self, at: usize, plan: Plan, text: &str) -> bool {
        let (made, _) = &self.plans[at];
        match self.desk.approve_plan(made, plan.clone(), &self.gates) {
            Ok(passed) => {
                self.check(&plan, text);
                self.passed += 1;
                self.desk.used.extend(passed.uses.iter().copied());
                self.truth.used.extend(passed.uses);
                true
            }
            Err(Refusal::Closed(_)) => {
                self.refused += 1;
                false
            }
            Err(Refusal::Unsound(_) | Refusal::Errored) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn check(&self, plan: &Plan, text: &str) {
        let now = self.desk.now_ms.max(self.desk.past_ms);
        for change in actions(plan) {
            let what = says(change, text);
            let destroys = change.action == Action::Delete || change.action.is_replace();
            let people: BTreeSet<&str> = self
                .truth
                .approvals
                .iter()
                .filter(|(id, (person, looked_at, until))| {
                    looked_at.contains(&what)
                        && self.truth.last.get(&(person.clone(), what.clone())) == Some(id)
                        && *until > now
                        && (person != "dan" || now < DAN_UNTIL)
                        && !self.truth.used.contains(id)
                        && self
                            .truth
                            .rejected
                            .get(person)
                            .and_then(|one| one.get(&what))
                            == Some(&false)
                })
                .map(|(_, (person, _, _))| person.as_str())
                .collect();
            let needed = if destroys { 2 } else { 1 };
            assert!(
                people.len() >= needed,
                "{what} passed, and only {people:?} looked at it"
            );
        }
    }

    /// Something in a plan is not what the planner said.
    fn tampered_plan(&mut self) {
        if self.plans.is_empty() {
            return;
        }
        self.desk.now_ms = self.clock;
        let at = self.rng.below(self.plans.len());
        let (made, text) = &self.plans[at];
        let mut plan = made.plan.clone().unwrap();
        if plan.changes.is_empty() {
            return;
        }
        let which = self.rng.below(plan.changes.len());
        let change = &mut plan.changes[which];
        match self.rng.below(17) {
            0 => change.after = replaced(&change.after, "input", Value::string("evil")),
            1 => change.before = replaced(&change.before, "input", Value::string("evil")),
            2 => change.action = Action::Delete,
            3 => change.addr.resource.name = "other".into(),
            4 => change.private = std::sync::Arc::from(&b"evil"[..]),
            5 => plan.workspace = "other".into(),
            6 => plan.mode = PlanMode::RefreshOnly,
            7 => plan.mode = PlanMode::Destroy,
            8 => {
                // Something is done that no change says, or done twice.
                let of = u32::try_from(which).unwrap();
                let kind = match self.rng.below(3) {
                    0 => StepKind::Apply(of),
                    1 => StepKind::Destroy(of),
                    _ => StepKind::Forget(of),
                };
                plan.graph.steps.push(Step {
                    kind,
                    after: Vec::new(),
                });
                let (made, _) = &self.plans[at];
                let went = self.desk.approve_plan(made, plan, &self.gates);
                assert!(went.is_err(), "a plan with one more step passed");
                return;
            }
            9 => {
                let addr = plan.changes[which].addr.clone();
                let version = plan.base.read.entry(addr).or_default();
                *version += 1;
            }
            _ => return self.another_state(at, which),
        }
        let text = *text;
        if plan.workspace == "other" {
            let (made, _) = &self.plans[at];
            let went = self.desk.approve_plan(made, plan, &self.gates);
            assert!(went.is_err(), "a plan of another workspace passed");
            return;
        }
        self.try_plan(at, plan, text);
    }

    /// What a plan says of state is not so. Some of that is nothing that is done, so that the gate has nothing to say: then the state itself is what stops it.
    fn another_state(&mut self, at: usize, which: usize) {
        let (made, text) = &self.plans[at];
        let honest = made.plan.clone().unwrap();
        let mut plan = honest.clone();
        let change = &mut plan.changes[which];
        let evil = |object: &Arc<ObjectState>| {
            let mut object = (**object).clone();
            let attributes = &object.attributes;
            object.attributes = attributes.replace("\"id\":\"", "\"id\":\"evil").into();
            Some(Arc::new(object))
        };
        match self.rng.below(6) {
            0 => change.stored = change.stored.as_ref().and_then(evil),
            1 => {
                change.stored = change.stored.as_ref().and_then(evil);
                change.dependencies = Arc::from([change.addr.resource.config()]);
                change.provider_key = Some(terrane_model::addr::InstanceKey::Str("evil".into()));
            }
            2 => {
                change.before = replaced(&change.before, "id", Value::string("evil"));
                change.stored = change.stored.as_ref().and_then(evil);
            }
            3 => {
                // Refresh is said to have found another object.
                let after = replaced(&change.before, "id", Value::string("evil"));
                let drift = Drift {
                    addr: change.addr.clone(),
                    previous_addr: None,
                    deposed: None,
                    provider: change.provider.clone(),
                    before: change.before.clone(),
                    after,
                    identity: (Value::NULL, Value::NULL),
                    refreshed: change.stored.as_ref().and_then(evil),
                };
                plan.drift = vec![drift];
            }
            4 => {
                // As if it came from somewhere else.
                change.previous_addr = Some(change.addr.clone());
                let to = change.addr.clone();
                let mut from = to.clone();
                from.resource.name = "a".into();
                plan.moves.push((from, to));
            }
            _ => {
                let evil = change.provider.provider.clone();
                self.desk.programs.insert(evil, "1.0.0 h1:evil".into());
            }
        }
        let swapped = !self.desk.programs.is_empty();
        let text = *text;
        let went = self.try_plan(at, plan.clone(), text);
        self.desk.programs.clear();
        let acts = honest
            .changes
            .iter()
            .any(|change| change.action != Action::NoOp);
        assert!(!(went && swapped && acts), "another program does it");
        if !went || plan == honest {
            return;
        }
        // On a copy of the world: whatever passes does nothing.
        let mut session = self.world.0.fork();
        let before = (session.store.snapshot(), session.cloud.world.objects());
        let (made, _) = &mut self.plans[at];
        made.plan = Some(plan);
        let run = session.apply(made, &mut terrane_tests::engine::Chaos::none());
        made.plan = Some(honest);
        assert!(run.applied.is_none(), "a plan of another state was applied");
        assert_eq!(
            before,
            (session.store.snapshot(), session.cloud.world.objects())
        );
    }

    /// A decision is edited, or signed by somebody else. If it then counts for anything, the model says that it must not.
    fn tampered_decision(&mut self) {
        let Some(decision) = self.rng.pick(&self.desk.decisions).cloned() else {
            return;
        };
        let mut edited: Decision = decision;
        let statement = &mut edited.statement;
        match self.rng.below(7) {
            0 => statement.expires_ms = None,
            1 => statement.id = DecisionId([200; 16]),
            2 => statement.kind = DecisionKind::Approve,
            3 => statement.at_ms = self.clock,
            4 => {
                statement.place = Place {
                    ledger: [3; 16],
                    ..statement.place.clone()
                }
            }
            5 => {
                let items = self
                    .plans
                    .iter()
                    .flat_map(|(made, _)| self.desk.meaning(made).items);
                statement.items = items.map(|item| item.digest).collect();
                statement.items.sort_unstable();
            }
            _ => {
                statement.expires_ms = None;
                edited = edited.statement.sign(&key("eve"));
            }
        }
        self.desk.decisions.push(edited);
        self.apply();
        self.desk.decisions.pop();
    }

    fn wrong_clock(&mut self) {
        if self.plans.is_empty() {
            return;
        }
        let at = self.rng.below(self.plans.len());
        let hours = u64::try_from(self.rng.below(60)).unwrap() * HOUR;
        self.desk.now_ms = if self.rng.chance(70) {
            self.clock - hours
        } else {
            self.clock + hours
        };
        let (made, text) = &self.plans[at];
        let (plan, text) = (made.plan.clone().unwrap(), *text);
        self.try_plan(at, plan, text);
        self.desk.now_ms = self.clock;
    }

    /// The same decisions, in another store, or in another workspace.
    fn wrong_place(&mut self) {
        if self.plans.is_empty() {
            return;
        }
        self.desk.now_ms = self.clock;
        let here = self.desk.place.clone();
        match self.rng.below(2) {
            0 => self.desk.place.ledger = [8; 16],
            _ => self.desk.place.workspace = "other".into(),
        }
        let at = self.rng.below(self.plans.len());
        let (made, _) = &self.plans[at];
        let plan = made.plan.clone().unwrap();
        let acts = actions(&plan).next().is_some();
        let went = self.desk.approve_plan(made, plan, &self.gates);
        assert!(went.is_err() || !acts, "decisions of another place count");
        self.desk.place = here;
    }
}

fn replaced(value: &Value, name: &str, new: Value) -> Value {
    let path = terrane_value::Path::new().attr(name);
    terrane_value::path::replace(value, &path, new)
}

#[test]
fn nothing_passes_that_nobody_approved() {
    let (mut passed, mut refused) = (0, 0);
    for seed in 0..SEEDS {
        let mut game = Game::new(seed);
        for _ in 0..120 {
            game.step();
        }
        passed += game.passed;
        refused += game.refused;
    }
    // The game is of no use if nothing ever passes.
    assert!(
        passed > 20 && refused > 100,
        "{passed} passed, {refused} were refused"
    );
}
