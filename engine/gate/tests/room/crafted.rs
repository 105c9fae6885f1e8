//! Plans that somebody wrote, or rewrote: each names another object than people looked at, and none may do anything.
//!
//! A crafted plan is offered twice. Once with the approvals of the honest one: then the gate must see that it means something else. And once where a rule
//! lets everything pass: then no approval is missed, and what stops it is that the plan is not of this state.

use crate::world::{Desk, World, gates, people};
use std::sync::Arc;
use terrane_gate::Refusal;
use terrane_gate::decision::DecisionKind::Approve;
use terrane_model::addr::{ConfigResource, InstanceAddr};
use terrane_model::snapshot::ObjectState;
use terrane_plan::exec::{Step, StepKind};
use terrane_plan::machine::PlanOptions;
use terrane_plan::plan::{Action, Drift, Plan, PlanMode, ResourceChange};
use terrane_tests::engine::{Chaos, Made, Project};
use terrane_value::{Path, Value, path};

const ASKING: &str = "gate \"g\" {\n  approvals {}\n}";
const OPEN: &str = "gate \"g\" {\n  auto_approve = true\n}";

const NETWORKS: &str = "resource \"sim_network\" \"a\" {\n  name = \"a\"\n  cidr = \"10.0.0.0/16\"\n}\nresource \"sim_network\" \"prod\" {\n  name = \"prod\"\n  cidr = \"10.1.0.0/16\"\n}\n";
const ONE: &str =
    "resource \"sim_network\" \"prod\" {\n  name = \"prod\"\n  cidr = \"10.1.0.0/16\"\n}\n";

/// Two networks, `a` of which is to go.
fn deletion() -> (World, Made) {
    let mut world = World::new();
    world.apply(NETWORKS);
    let made = world.plan(ONE);
    (world, made)
}

/// Somebody has renamed `a`, which is to be named as before.
fn drift() -> (World, Made) {
    let mut world = World::new();
    world.apply(NETWORKS);
    let id = id_of(&world, "a");
    let renamed = |state: &Value| set(state, "name", Value::string("other"));
    assert!(world.0.cloud.world.mutate(&id, renamed));
    let options = PlanOptions {
        refresh: true,
        ..PlanOptions::default()
    };
    let project = Project::of(NETWORKS);
    let made = world.0.plan(&project, &options, &mut Chaos::none());
    (world, made)
}

/// Nothing is to be done but to write an output.
fn output() -> (World, Made) {
    let mut world = World::new();
    world.apply(NETWORKS);
    let made = world.plan(&format!("{NETWORKS}output \"o\" {{\n  value = 1\n}}\n"));
    (world, made)
}

/// `a` gets another name in the configuration.
fn renaming() -> (World, Made) {
    let mut world = World::new();
    world.apply(NETWORKS);
    let text = NETWORKS.replace("\"sim_network\" \"a\"", "\"sim_network\" \"b\"");
    let moved = "moved {\n  from = sim_network.a\n  to   = sim_network.b\n}\n";
    let made = world.plan(&format!("{text}{moved}"));
    (world, made)
}

fn id_of(world: &World, name: &str) -> String {
    let objects = world.0.cloud.world.objects();
    let named = |state: &Value| state.get("name").and_then(Value::as_str) == Some(name);
    let found = objects.iter().find(|one| named(&one.state)).unwrap();
    found.id.to_string()
}

fn set(value: &Value, name: &str, new: Value) -> Value {
    path::replace(value, &Path::new().attr(name), new)
}

fn change<'p>(plan: &'p mut Plan, addr: &str) -> &'p mut ResourceChange {
    let addr: InstanceAddr = addr.parse().unwrap();
    let found = plan.changes.iter_mut().find(|change| change.addr == addr);
    found.unwrap()
}

fn first_drift(plan: &mut Plan) -> &mut Drift {
    plan.drift.first_mut().unwrap()
}

/// The same object, as the state would hold it if it were the one with this id.
fn forged(object: &Arc<ObjectState>, id: &str) -> Arc<ObjectState> {
    let mut object = (**object).clone();
    let mut attributes: serde_json::Value = serde_json::from_str(&object.attributes).unwrap();
    attributes["id"] = id.into();
    object.attributes = attributes.to_string().into();
    Arc::new(object)
}

struct Craft {
    name: &'static str,
    scene: fn() -> (World, Made),
    /// What is done to the plan; with the id of the object that is really meant.
    craft: fn(&mut Plan, &str),
    /// Whether an approval of the honest plan still counts, since it is about something else: then the state alone stops it.
    keeps_approvals: bool,
}

const CRAFTS: &[Craft] = &[
    Craft {
        name: "another object is recorded than refresh found",
        scene: drift,
        craft: |plan, prod| {
            let drift = first_drift(plan);
            drift.refreshed = Some(forged(drift.refreshed.as_ref().unwrap(), prod));
        },
        keeps_approvals: false,
    },
    Craft {
        name: "other bytes of the provider are recorded with the object",
        scene: drift,
        craft: |plan, _| {
            let drift = first_drift(plan);
            let mut refreshed = (**drift.refreshed.as_ref().unwrap()).clone();
            refreshed.skip_destroy = true;
            drift.refreshed = Some(Arc::new(refreshed));
        },
        keeps_approvals: false,
    },
    Craft {
        name: "refresh found another object, everywhere in the plan",
        scene: drift,
        craft: |plan, prod| {
            let drift = first_drift(plan);
            drift.refreshed = Some(forged(drift.refreshed.as_ref().unwrap(), prod));
            drift.after = set(&drift.after, "id", Value::string(prod));
            let change = change(plan, "sim_network.a");
            change.before = set(&change.before, "id", Value::string(prod));
            change.after = set(&change.after, "id", Value::string(prod));
        },
        keeps_approvals: false,
    },
    Craft {
        name: "state held another object before refresh",
        scene: drift,
        craft: |plan, prod| {
            let drift = first_drift(plan);
            drift.before = set(&drift.before, "id", Value::string(prod));
        },
        keeps_approvals: false,
    },
    Craft {
        name: "refresh gives the object to another provider",
        scene: drift,
        craft: |plan, _| first_drift(plan).provider.alias = Some("other".into()),
        keeps_approvals: false,
    },
    Craft {
        name: "another object is deleted",
        scene: deletion,
        craft: |plan, prod| {
            let change = change(plan, "sim_network.a");
            change.before = set(&change.before, "id", Value::string(prod));
        },
        keeps_approvals: false,
    },
    Craft {
        name: "another object is deleted, and the plan says that state holds it",
        scene: deletion,
        craft: |plan, prod| {
            let change = change(plan, "sim_network.a");
            change.before = set(&change.before, "id", Value::string(prod));
            change.stored = Some(forged(change.stored.as_ref().unwrap(), prod));
        },
        keeps_approvals: false,
    },
    Craft {
        name: "another object is deleted than state holds, and nothing is said of state",
        scene: deletion,
        craft: |plan, prod| {
            let change = change(plan, "sim_network.a");
            change.before = set(&change.before, "id", Value::string(prod));
            change.stored = None;
        },
        keeps_approvals: false,
    },
    Craft {
        name: "an object of which nothing is to be done is recorded anew",
        scene: output,
        craft: |plan, prod| {
            let change = change(plan, "sim_network.a");
            change.stored = Some(forged(change.stored.as_ref().unwrap(), prod));
            let on: ConfigResource = ConfigResource {
                module: change.addr.resource.config().module,
                ..change.addr.resource.config()
            };
            change.dependencies = Arc::from([on]);
        },
        keeps_approvals: true,
    },
    Craft {
        name: "an object is made in the place of one that is there",
        scene: output,
        craft: |plan, _| {
            let change = change(plan, "sim_network.a");
            change.action = Action::Create;
            change.stored = None;
            change.before = Value::null(change.before.ty());
        },
        keeps_approvals: false,
    },
    Craft {
        name: "an object is known under another identity",
        scene: output,
        craft: |plan, prod| {
            let change = change(plan, "sim_network.a");
            change.before_identity = Value::object([("id", Value::string(prod))]);
            change.after_identity = change.before_identity.clone();
            // As if it were known so already.
            let mut stored = (**change.stored.as_ref().unwrap()).clone();
            stored.identity = Some((9, format!("{{\"id\":{prod:?}}}").into()));
            change.stored = Some(Arc::new(stored));
        },
        keeps_approvals: true,
    },
    Craft {
        name: "something is moved over another object",
        scene: renaming,
        craft: |plan, _| plan.moves[0].1 = "sim_network.prod".parse().unwrap(),
        keeps_approvals: false,
    },
    Craft {
        name: "another object arrives than was sent",
        scene: renaming,
        craft: |plan, prod| {
            let change = change(plan, "sim_network.b");
            change.stored = Some(forged(change.stored.as_ref().unwrap(), prod));
        },
        keeps_approvals: false,
    },
];

#[test]
fn a_crafted_plan_does_nothing() {
    for Craft {
        name,
        scene,
        craft,
        keeps_approvals,
    } in CRAFTS
    {
        for rule in [ASKING, OPEN] {
            let (mut world, mut made) = scene();
            let gates = gates(&format!("{}{rule}", people()));
            let mut desk = Desk::new();
            desk.decide(&made, "ana", Approve, 0);
            assert!(
                desk.approve(&made, &gates).is_ok(),
                "{name}: the honest plan"
            );
            craft(made.plan.as_mut().unwrap(), &id_of(&world, "prod"));
            let passed = desk.approve(&made, &gates);
            let asked = rule == ASKING;
            match passed {
                Err(Refusal::Closed(_) | Refusal::Unsound(_)) => continue,
                Err(other) => panic!("{name}: {other:?}"),
                Ok(_) => assert!(!asked || *keeps_approvals, "{name}: passed"),
            }
            let (objects, state) = (world.0.cloud.world.objects(), world.0.store.snapshot());
            let run = world.0.apply(&made, &mut Chaos::none());
            assert!(run.applied.is_none(), "{name}: {:?}", run.diagnostics);
            let text = format!("{:?}", run.diagnostics);
            assert!(text.contains("T4021"), "{name}: {text}");
            assert_eq!(world.0.cloud.world.objects(), objects, "{name}");
            assert_eq!(world.0.store.snapshot(), state, "{name}");
        }
    }
}

/// What a rule lets pass is not what only a provider can have told: there, somebody has to look.
#[test]
fn an_object_that_is_another_one_by_now_needs_people() {
    let (world, mut made) = drift();
    let prod = id_of(&world, "prod");
    let plan = made.plan.as_mut().unwrap();
    let drift = first_drift(plan);
    drift.refreshed = Some(forged(drift.refreshed.as_ref().unwrap(), &prod));
    drift.after = set(&drift.after, "id", Value::string(prod.as_str()));
    let change = change(plan, "sim_network.a");
    change.before = set(&change.before, "id", Value::string(prod.as_str()));
    let mut desk = Desk::new();
    let open = gates(&format!("{}{OPEN}", people()));
    let (verdict, text) = desk.judge(&made, &open);
    assert!(!verdict.is_open(), "{text}");
    assert_eq!(verdict.unmatched.len(), 2, "{text}");
    let asking = gates(&format!("{}{ASKING}", people()));
    desk.decide(&made, "ana", Approve, 0);
    assert!(desk.judge(&made, &asking).0.is_open());
}

/// Who leaves the field of a gate takes its conditions along.
#[test]
fn a_gate_is_about_what_leaves_its_field_and_what_comes_into_it() {
    let moved = "moved {\n  from = sim_network.a\n  to   = sim_network.tmp\n}\n";
    let gone = format!("{ONE}{moved}");
    let typed = "resource \"null_resource\" \"a\" {}\n";
    let retyped = "moved {\n  from = null_resource.a\n  to   = terraform_data.b\n}\nresource \"terraform_data\" \"b\" {}\n";
    let asks = "approvals {}";
    for (before, after, selector) in [
        (NETWORKS, gone.as_str(), "addresses = [\"sim_network.a\"]"),
        (NETWORKS, &gone, "addresses = [\"sim_network.tmp\"]"),
        (typed, retyped, "types = [\"null_resource\"]"),
        (typed, retyped, "types = [\"terraform_data\"]"),
        (typed, retyped, "addresses = [\"null_resource.*\"]"),
    ] {
        let mut world = World::new();
        world.apply(before);
        let made = world.plan(after);
        let desk = Desk::new();
        let rest = format!(
            "gate \"rest\" {{\n  except {{\n    {selector}\n  }}\n  auto_approve = true\n}}\n"
        );
        let prod = format!("gate \"prod\" {{\n  match {{\n    {selector}\n  }}\n  {asks}\n}}\n");
        let both = gates(&format!("{}{prod}{OPEN}", people()));
        let (verdict, text) = desk.judge(&made, &both);
        assert!(!verdict.is_open(), "{selector}: {text}");
        // A gate that lets pass is not about what is only half in its field.
        let open = gates(&format!("{}{rest}", people()));
        let (verdict, text) = desk.judge(&made, &open);
        assert!(!verdict.unmatched.is_empty(), "{selector}: {text}");
    }
}

/// What was replaced and is still to be destroyed is the business of who the address belongs to.
#[test]
fn a_deposed_object_has_the_address_of_its_instance() {
    let (_, mut made) = deletion();
    let plan = made.plan.as_mut().unwrap();
    let old = change(plan, "sim_network.a");
    old.deposed = Some(terrane_model::addr::DeposedKey("0123abcd".into()));
    let exact =
        "gate \"g\" {\n  match {\n    addresses = [\"sim_network.a\"]\n  }\n  approvals {}\n}\n";
    let gates = gates(&format!(
        "{}{exact}{}",
        people(),
        OPEN.replace("\"g\"", "\"rest\"")
    ));
    let (verdict, text) = Desk::new().judge(&made, &gates);
    assert!(text.contains("deposed"), "{text}");
    assert!(!verdict.is_open(), "{text}");
}

/// The same plan with another program that is the provider is another plan.
#[test]
fn approvals_are_for_the_programs_that_were_there() {
    let mut world = World::new();
    let made = world.plan(NETWORKS);
    let gates = gates(&format!("{}{ASKING}", people()));
    let mut desk = Desk::new();
    let sim = made.plan.as_ref().unwrap().changes[0]
        .provider
        .provider
        .clone();
    desk.programs.insert(sim.clone(), "1.0.0 h1:a".into());
    desk.decide(&made, "ana", Approve, 0);
    assert!(desk.approve(&made, &gates).is_ok());
    desk.programs.insert(sim, "1.0.0 h1:b".into());
    assert!(desk.approve(&made, &gates).is_err());
}

/// What a plan is called does not change what its steps do.
#[test]
fn a_plan_that_reads_is_not_called_one_that_only_refreshes() {
    let mut world = World::new();
    let text = "resource \"sim_network\" \"a\" {\n  name = \"a\"\n  cidr = \"10.0.0.0/16\"\n}\ndata \"sim_network\" \"b\" {\n  name = sim_network.a.id\n}\n";
    let mut made = world.plan(text);
    let plan = made.plan.as_mut().unwrap();
    plan.changes.retain(|change| change.action == Action::Read);
    assert_eq!(plan.changes.len(), 1);
    plan.mode = PlanMode::RefreshOnly;
    plan.graph.steps = vec![Step {
        kind: StepKind::Apply(0),
        after: Vec::new(),
    }];
    let desk = Desk::new();
    let gates = gates(&format!("{}{ASKING}", people()));
    let (verdict, said) = desk.judge(&made, &gates);
    assert!(!verdict.is_open(), "{said}");
    // Without steps nothing is read.
    made.plan.as_mut().unwrap().graph.steps.clear();
    assert!(desk.judge(&made, &gates).0.is_open());
}
