//! Good plans have no violations, and each kind of bad plan has its own.

use super::{Severity, Violation, check};
use crate::exec::{ExecGraph, Step, StepId, StepKind};
use crate::plan::{Action, ActionReason, OutputChange, Plan, ResourceChange};
use crate::view::fixture;
use std::sync::Arc;
use terrane_model::addr::{DeposedKey, InstanceAddr};
use terrane_value::{Marks, Path, Type, Value};

/// An object called `a.<name>` that this is done to; it depends (and depended) on others.
fn change(name: &str, action: Action, on: &[&str]) -> ResourceChange {
    let mut change = fixture::plan(include_str!("../view/golden/changes.plan.json"))
        .changes
        .remove(0);
    let (no, old) = (Value::NULL, Value::object([("x", Value::string("old"))]));
    let new = Value::object([("x", Value::string("new"))]);
    change.addr = format!("a.{name}").parse().expect("an address");
    change.action = action;
    change.reason = None;
    change.tainted = false;
    (change.before, change.after) = match action {
        Action::NoOp => (old.clone(), old),
        Action::Create | Action::Read => (no, new),
        Action::Delete | Action::Forget => (old, no),
        _ => (old, new),
    };
    change.replace_paths = if action.is_replace() {
        vec![Path::new().attr("x")]
    } else {
        Vec::new()
    };
    change.create_before_destroy = action == Action::CreateThenDelete;
    let on = on
        .iter()
        .map(|name| format!("a.{name}").parse().expect("an address"));
    change.dependencies = on.collect();
    change
}

fn plan(changes: Vec<ResourceChange>, steps: Vec<(StepKind, Vec<u32>)>) -> Plan {
    let mut plan = fixture::plan(r#"{"resource_changes":[]}"#);
    plan.changes = changes;
    let steps = steps.into_iter().map(|(kind, after)| Step {
        kind,
        after: after.into_iter().map(StepId).collect(),
    });
    plan.graph = ExecGraph {
        steps: steps.collect(),
    };
    plan
}

#[track_caller]
fn expect(plan: &Plan, expected: &[&str]) {
    let found: Vec<String> = check(plan).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

use Action::{CreateThenDelete, Delete, DeleteThenCreate, NoOp, Update};
use StepKind::{Apply, Destroy, Forget, Join};

#[test]
fn good_plans_have_no_violations() {
    let step = |kind| vec![(kind, vec![])];
    expect(&plan(vec![], vec![]), &[]);
    for (action, steps) in [
        (NoOp, vec![]),
        (Action::Create, step(Apply(0))),
        (Update, step(Apply(0))),
        (Delete, step(Destroy(0))),
        (Action::Forget, step(Forget(0))),
        (
            DeleteThenCreate,
            vec![(Destroy(0), vec![]), (Apply(0), vec![0])],
        ),
        (
            CreateThenDelete,
            vec![(Apply(0), vec![]), (Destroy(0), vec![0])],
        ),
        (
            Action::ForgetThenCreate,
            vec![(Forget(0), vec![]), (Apply(0), vec![0])],
        ),
    ] {
        expect(&plan(vec![change("x", action, &[])], steps), &[]);
    }
}

#[test]
fn plans_of_the_peer_are_good() {
    for json in [
        include_str!("../view/golden/changes.plan.json"),
        include_str!("../view/golden/modules.plan.json"),
        include_str!("../view/golden/sequences.plan.json"),
    ] {
        let mut plan = fixture::plan(json);
        // The format does not have the graph, and says less of outputs.
        plan.errored = true;
        for output in &mut plan.outputs {
            output.sensitive = true;
        }
        let mut found = check(&plan);
        found.retain(|violation| violation.problem != "is to be replaced for no reason");
        assert_eq!(found, []);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn actions_must_fit_their_values() {
    let one = |action: Action, change_it: &dyn Fn(&mut ResourceChange)| {
        let mut change = change("x", action, &[]);
        change_it(&mut change);
        let mut plan = plan(vec![change], vec![]);
        plan.errored = true;
        plan
    };
    let some = || Value::object([("x", Value::TRUE)]);
    for (action, how, expected) in [
        (
            Action::Create,
            Box::new(|c: &mut ResourceChange| c.before = some())
                as Box<dyn Fn(&mut ResourceChange)>,
            "a.x: is to be created but exists",
        ),
        (
            Action::Create,
            Box::new(|c| c.after = Value::NULL),
            "a.x: is to be made but will be nothing",
        ),
        (
            Delete,
            Box::new(|c| c.after = some()),
            "a.x: is to go but will exist",
        ),
        (
            Delete,
            Box::new(|c| c.before = Value::NULL),
            "a.x: is to go but does not exist",
        ),
        (
            NoOp,
            Box::new(|c| c.after = some()),
            "a.x: is to stay but changes",
        ),
        (
            Update,
            Box::new(|c| c.before = Value::NULL),
            "a.x: is to be updated but does not exist before and after",
        ),
        (
            Update,
            Box::new(|c| c.before = Value::object([("x", Value::unknown(Type::String))])),
            "a.x: something that exists is not known",
        ),
        (
            Update,
            Box::new(|c| c.after = some().with_marks(&Marks::EPHEMERAL)),
            "a.x: holds a value that must not be stored",
        ),
        (
            Update,
            Box::new(|c| c.marks_only = true),
            "a.x: changes its value, which its provider would not be told",
        ),
        (
            DeleteThenCreate,
            Box::new(|c| c.replace_paths.clear()),
            "a.x: is to be replaced for no reason",
        ),
        (
            DeleteThenCreate,
            Box::new(|c| c.reason = Some(ActionReason::DeleteBecauseEachKey)),
            "a.x: has a reason that is not one for its action",
        ),
        (
            DeleteThenCreate,
            Box::new(|c| c.create_before_destroy = true),
            "a.x: is destroyed before it is created but must not be",
        ),
        (
            Update,
            Box::new(|c| c.deposed = Some(DeposedKey("0123abcd".into()))),
            "a.x (deposed object 0123abcd): is deposed but to be changed",
        ),
        (
            Update,
            Box::new(|c| c.addr = "data.a.x".parse().expect("an address")),
            "data.a.x: is a data source but to be changed",
        ),
    ] {
        expect(&one(action, &how), &[expected]);
    }
}

#[test]
fn changes_are_sorted_and_unique() {
    let both = |one: &str, other: &str| {
        plan(
            vec![change(one, NoOp, &[]), change(other, NoOp, &[])],
            vec![],
        )
    };
    expect(&both("a", "b"), &[]);
    expect(&both("b", "a"), &["a.a: is not in the order of addresses"]);
    expect(&both("a", "a"), &["a.a: is changed twice"]);
}

#[test]
fn the_graph_has_the_steps_that_changes_need_and_ends() {
    let update = || vec![change("x", Update, &[])];
    expect(
        &plan(update(), vec![]),
        &["a.x: has 0 to apply, 0 to destroy and 0 to forget, which is not what its action needs"],
    );
    expect(
        &plan(update(), vec![(Apply(0), vec![]), (Destroy(0), vec![])]),
        &["a.x: has 1 to apply, 1 to destroy and 0 to forget, which is not what its action needs"],
    );
    expect(
        &plan(update(), vec![(Apply(0), vec![1]), (Join, vec![0])]),
        &["steps wait for each other in a circle"],
    );
    expect(
        &plan(update(), vec![(Apply(0), vec![9])]),
        &["step 0: waits for itself or for a step that does not exist"],
    );
    expect(
        &plan(update(), vec![(Apply(7), vec![])]),
        &["step 0: is of a change that does not exist"],
    );
}

/// `b` depends on `a`: the four orders that the documentation of destroying gives, and the same without what they wait for.
#[test]
fn the_documented_orders_are_good_and_nothing_less_is() {
    let changes = |a: Action, b: Action| vec![change("a", a, &[]), change("b", b, &["a"])];
    // Steps by name; each waits for the one before.
    let chain = |kinds: &[StepKind]| {
        let steps = kinds.iter().zip(0_u32..);
        steps
            .map(|(kind, at)| (*kind, at.checked_sub(1).into_iter().collect()))
            .collect::<Vec<(StepKind, Vec<u32>)>>()
    };
    let cases = [
        (
            DeleteThenCreate,
            DeleteThenCreate,
            vec![Destroy(1), Destroy(0), Apply(0), Apply(1)],
        ),
        (
            DeleteThenCreate,
            Update,
            vec![Destroy(0), Apply(0), Apply(1)],
        ),
        (
            CreateThenDelete,
            DeleteThenCreate,
            vec![Destroy(1), Apply(0), Apply(1), Destroy(0)],
        ),
        (
            CreateThenDelete,
            CreateThenDelete,
            vec![Apply(0), Apply(1), Destroy(1), Destroy(0)],
        ),
        (Delete, Delete, vec![Destroy(1), Destroy(0)]),
        (Action::Create, Action::Create, vec![Apply(0), Apply(1)]),
    ];
    for (a, b, kinds) in cases {
        expect(&plan(changes(a, b), chain(&kinds)), &[]);
        let loose = chain(&kinds).into_iter().map(|(kind, _)| (kind, vec![]));
        let found = check(&plan(changes(a, b), loose.collect()));
        assert!(!found.is_empty(), "{a:?} {b:?}");
        assert!(
            found
                .iter()
                .all(|violation| violation.severity == Severity::Dangerous)
        );
        let mut backwards = kinds.clone();
        backwards.reverse();
        assert!(
            !check(&plan(changes(a, b), chain(&backwards))).is_empty(),
            "{a:?} {b:?}"
        );
    }
}

#[test]
fn create_before_destroy_spreads() {
    let changes = vec![
        change("a", DeleteThenCreate, &[]),
        change("b", CreateThenDelete, &["a"]),
    ];
    let steps = vec![
        (Destroy(0), vec![]),
        (Apply(0), vec![0]),
        (Apply(1), vec![1]),
        (Destroy(1), vec![2]),
    ];
    let problem =
        "is destroyed before it is made, but a.b depends on it and is made before it is destroyed";
    let found: Vec<Violation> = check(&plan(changes, steps));
    assert!(
        found.iter().any(|violation| violation.problem == problem),
        "{found:?}"
    );
}

#[test]
fn joins_stand_for_what_they_wait_for() {
    let changes = vec![change("a", Update, &[]), change("b", Update, &["a"])];
    let steps = vec![(Apply(0), vec![]), (Join, vec![0]), (Apply(1), vec![1])];
    expect(&plan(changes, steps), &[]);
}

#[test]
fn instances_of_different_module_instances_do_not_wait_for_each_other() {
    let addr = |text: &str| text.parse::<InstanceAddr>().expect("an address");
    let mut a = change("a", Delete, &[]);
    a.addr = addr("module.m[0].a.a");
    let mut b = change("b", Delete, &[]);
    b.addr = addr("module.m[1].a.b");
    b.dependencies = Arc::new([addr("module.m.a.a").resource.config()]);
    let steps = || vec![(Destroy(0), vec![]), (Destroy(1), vec![])];
    expect(&plan(vec![a.clone(), b.clone()], steps()), &[]);
    b.addr = addr("module.m[0].a.b");
    let found = check(&plan(vec![a, b], steps()));
    assert_eq!(found.len(), 1);
}

#[test]
fn outputs_are_checked() {
    let mut plan = plan(vec![], vec![]);
    let output = |name: &str, action: Action, after: Value| OutputChange {
        name: name.into(),
        action,
        before: Value::NULL,
        after,
        sensitive: false,
    };
    plan.outputs = vec![
        output("b", Action::Create, Value::TRUE),
        output("a", Delete, Value::TRUE),
        output("c", Update, Value::TRUE.with_marks(&Marks::SENSITIVE)),
        output("d", Action::Read, Value::TRUE),
    ];
    expect(
        &plan,
        &[
            "outputs are not sorted and unique",
            "output.a: is to go but will exist",
            "output.c: holds a sensitive value but is not sensitive",
            "output.d: has an action that is not one for outputs",
        ],
    );
}
