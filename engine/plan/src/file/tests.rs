//! Round trips, damage, and the committed sample.

use super::{Digest, FileError, SavedPlan, decode, digest, encode};
use crate::action::{ActionCause, ActionInvocation};
use crate::ephemeral::EphemeralInstance;
use crate::exec::{ExecGraph, Step, StepId, StepKind};
use crate::plan::{
    Base, DeferredChange, DeferredReason, Drift, LeftOut, Plan, RelevantAttribute, ResourceChange,
};
use crate::view::fixture;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::config::ActionEvent;
use terrane_model::addr::{DeposedKey, InstanceAddr, InstanceKey};
use terrane_model::claim::{Access, Claim, Part};
use terrane_model::snapshot::{ObjectState, Status};
use terrane_value::{Marks, Path, Refinements, Type, Value};

/// What [`encode`] made of [`saved`] in format 1; never changed.
const SAMPLE: &[u8] = include_bytes!("sample-1.tplan");
const SAMPLE_2: &[u8] = include_bytes!("sample-2.tplan");
const SAMPLE_3: &[u8] = include_bytes!("sample-3.tplan");
const SAMPLE_4: &[u8] = include_bytes!("sample-4.tplan");
const SAMPLE_5: &[u8] = include_bytes!("sample-5.tplan");

fn instance(text: &str) -> InstanceAddr {
    text.parse().expect("an address")
}

/// A plan in which everything occurs.
#[expect(clippy::too_many_lines, reason = "there is much that can occur")]
fn plan() -> Plan {
    let mut plan = fixture::plan(include_str!("../view/golden/changes.plan.json"));
    let mut place = 0..;
    plan.changes.retain(|change| {
        place.next() < Some(4) || ["sens2", "imp"].contains(&change.addr.resource.name.as_str())
    });
    plan.targets = vec![
        "module.a[\"k\"]".parse().expect("a target"),
        "data.x.y".parse().expect("a target"),
        "x.y[3]".parse().expect("a target"),
    ];
    plan.excludes = vec!["module.b".parse().expect("a target")];
    plan.force_replace = vec![instance("terraform_data.byreq")];
    plan.base = Base {
        lineage: "l".into(),
        serial: 300,
        read: BTreeMap::from([
            (instance("a.b"), 7),
            (instance("module.m[0].a.b[\"\\\"\"]"), 0),
        ]),
        open: Vec::new(),
    };
    plan.moves = vec![(instance("a.b"), instance("a.c"))];
    plan.module_instances = vec![
        terrane_model::addr::ModuleInstance::root(),
        "module.m[1]".parse().expect("a module"),
    ];
    plan.relevant = vec![RelevantAttribute {
        resource: "a.b".to_owned(),
        path: Path::new()
            .attr("x")
            .index(Value::number(-1))
            .index(Value::string("k")),
    }];
    let checks = fixture::plan(include_str!("../view/golden/modules.plan.json")).checks;
    plan.checks = checks;
    plan.variables.insert(
        "secret".into(),
        Value::object([(
            "a",
            Value::tuple(vec![
                Value::TRUE,
                Value::string("s").with_marks(&Marks::SENSITIVE),
                Value::set(Type::Number, vec![Value::number(2), Value::number(1)])
                    .with_marks(&Marks::deprecated("old")),
            ]),
        )])
        .with_marks(&Marks::SENSITIVE),
    );
    let state = Arc::new(ObjectState {
        status: Status::Tainted,
        schema_version: 3,
        attributes: "{}".into(),
        sensitive: vec![Path::new().attr("p")],
        private: Arc::new([0, 255]),
        dependencies: Arc::new(["module.m.data.x.y".parse().expect("an address")]),
        create_before_destroy: true,
        skip_destroy: true,
        identity: Some((1, "{}".into())),
        provider_key: Some(InstanceKey::Str("eu".into())),
        created_in_ms: Some(70_000),
    });
    let change = &mut plan.changes[0];
    change.stored = Some(state.clone());
    change.deposed = Some(DeposedKey("0123abcd".into()));
    change.provider_key = Some(InstanceKey::Int(9));
    change.private = Arc::new([1, 2, 3]);
    change.dependencies = state.dependencies.clone();
    change.marks_only = true;
    change.schema_version = u64::MAX;
    let mut refinements = Refinements::NOT_NULL;
    refinements.prefix = Some("i-".into());
    change.after = Value::object([
        ("id", Value::unknown_refined(Type::String, refinements)),
        ("n", Value::null(Type::list(Type::Bool))),
        ("u", Value::unknown(Type::object([("x", Type::Dynamic)]))),
    ]);
    plan.drift = vec![Drift {
        addr: instance("a.b"),
        previous_addr: Some(instance("a.z")),
        deposed: None,
        provider: plan.changes[0].provider.clone(),
        before: Value::TRUE,
        after: Value::NULL,
        identity: (Value::FALSE, Value::NULL),
        refreshed: Some(state),
    }];
    let step = |kind, after: Vec<u32>| Step {
        kind,
        after: after.into_iter().map(StepId).collect(),
    };
    plan.graph = ExecGraph {
        steps: vec![
            step(StepKind::Apply(0), vec![]),
            step(StepKind::Join, vec![0]),
            step(StepKind::Destroy(1), vec![0, 1]),
            step(StepKind::Forget(2), vec![2]),
        ],
    };
    plan
}

fn saved() -> SavedPlan {
    SavedPlan {
        version: "0.1.0".to_owned(),
        plan: plan(),
        sources: vec![
            ("main.tf".to_owned(), b"output \"x\" {}\n".as_slice().into()),
            ("m/empty.tf".to_owned(), Arc::new([])),
        ],
        extra: BTreeMap::from([("lock".to_owned(), Arc::from([0_u8; 40].as_slice()))]),
    }
}

/// With what format 2 adds.
fn saved_2() -> SavedPlan {
    let mut saved = saved();
    let plan = &mut saved.plan;
    plan.ephemerals = vec![EphemeralInstance {
        addr: instance("ephemeral.a.b[\"k\"]"),
        provider: plan.changes[0].provider.clone(),
        provider_key: Some(InstanceKey::Str("east".into())),
    }];
    plan.apply_time_variables = vec!["token".into()];
    let steps = &mut plan.graph.steps;
    for (kind, after) in [
        (StepKind::Open(0), vec![]),
        (StepKind::Close(0), vec![0, 4]),
    ] {
        let after = after.into_iter().map(StepId).collect();
        steps.push(Step { kind, after });
    }
    saved
}

/// With what format 3 adds.
fn saved_3() -> SavedPlan {
    let mut saved = saved_2();
    let plan = &mut saved.plan;
    let secret = Value::string("s").with_marks(&Marks::SENSITIVE);
    plan.given = BTreeMap::from([("secret".into(), secret)]);
    plan.left_out = LeftOut {
        objects: vec![ResourceChange {
            addr: instance("a.left_out"),
            ..plan.changes[0].clone()
        }],
        outputs: vec![plan.outputs[0].clone()],
    };
    let claim = Claim::all(Access::Read)
        .write(Part::Instance(instance("a.b[0]")))
        .write(Part::Resource(
            instance("module.m[0].a.c").resource.config(),
        ))
        .write(Part::Output("o".into()));
    plan.claim = claim;
    plan.base.open = vec![3, 1 << 40];
    saved
}

/// With what format 4 adds.
fn saved_4() -> SavedPlan {
    let mut saved = saved_3();
    let plan = &mut saved.plan;
    plan.deferred = vec![DeferredChange {
        reason: DeferredReason::DeferredPrerequisite,
        change: ResourceChange {
            addr: instance("a.put_off"),
            ..plan.changes[0].clone()
        },
    }];
    saved
}

/// With what format 5 adds.
fn saved_5() -> SavedPlan {
    let mut saved = saved_4();
    let plan = &mut saved.plan;
    let invocation = |cause| ActionInvocation {
        addr: instance("module.m.action.a.b[\"k\"]"),
        provider: plan.changes[0].provider.clone(),
        provider_key: None,
        config: Value::object([("x", Value::unknown(Type::String))]),
        cause,
    };
    plan.invocations = vec![
        invocation(ActionCause::Invoked),
        invocation(ActionCause::Lifecycle {
            resource: plan.changes[0].addr.clone(),
            event: ActionEvent::AfterUpdate,
            block: 1,
            position: 2,
        }),
    ];
    for at in [0, 1] {
        let kind = StepKind::Invoke(at);
        let after = vec![StepId(0)];
        plan.graph.steps.push(Step { kind, after });
    }
    saved
}

#[test]
fn what_is_saved_is_read_back() {
    let saved = saved_5();
    let bytes = encode(&saved).expect("it can be saved");
    let (found, name) = decode(&bytes).expect("it can be read");
    assert_eq!(found, saved);
    assert_eq!(name, digest(&saved).expect("it has a digest"));
    // The same bytes again: nothing in a file depends on anything but the plan.
    assert_eq!(encode(&found).expect("it can be saved"), bytes);
}

#[test]
fn marks_come_back_where_they_were() {
    let saved = saved();
    let (found, _) = decode(&encode(&saved).expect("it can be saved")).expect("it can be read");
    let secret = &found.plan.variables["secret"];
    assert!(secret.marks().is_sensitive());
    let parts = secret.get("a").expect("it is there").children();
    assert!(parts[0].marks().is_none());
    assert!(parts[1].marks().is_sensitive());
    assert_eq!(parts[2].marks(), &Marks::deprecated("old"));
}

#[test]
fn the_digest_changes_with_the_meaning() {
    let saved = saved();
    let mut seen: Vec<Digest> = vec![digest(&saved).expect("a digest")];
    let mut changed = |change: &dyn Fn(&mut SavedPlan)| {
        let mut other = saved.clone();
        change(&mut other);
        let name = digest(&other).expect("a digest");
        assert!(!seen.contains(&name));
        seen.push(name);
    };
    changed(&|saved| saved.version.push('1'));
    changed(&|saved| saved.plan.base.serial += 1);
    changed(&|saved| saved.plan.changes[3].marks_only = true);
    changed(&|saved| saved.plan.graph.steps[2].after.clear());
    changed(&|saved| saved.sources[1].0.push('x'));
    changed(&|saved| {
        let secret = saved.plan.variables["secret"].unmarked().clone();
        saved.plan.variables.insert("secret".into(), secret);
    });
}

#[test]
fn every_changed_byte_is_found() {
    let bytes = encode(&saved()).expect("it can be saved");
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut other = bytes.clone();
            other[at] ^= 1 << bit;
            assert!(decode(&other).is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn every_cut_is_found() {
    let bytes = encode(&saved()).expect("it can be saved");
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length]).is_err(), "{length} bytes");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(decode(&longer), Err(FileError::Damaged));
}

/// Sections of a file that was made to be wrong, whole by its digests. It is refused, or it means something; it never panics.
#[test]
fn nonsense_within_is_refused() {
    let sections = super::plan::write(&saved_5()).expect("it can be saved");
    let mut refused = 0;
    for section in 0..sections.len() {
        for at in 0..sections[section].1.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut other = sections.clone();
                other[section].1[at] ^= flip;
                refused += usize::from(super::plan::read(&other).is_err());
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn other_files_are_told_apart() {
    assert_eq!(decode(b""), Err(FileError::NotAPlan));
    assert_eq!(
        decode(b"PK\x03\x04 a plan of the peer"),
        Err(FileError::NotAPlan)
    );
    let mut later = SAMPLE.to_vec();
    later[8] = 9;
    assert_eq!(decode(&later), Err(FileError::Version(9)));
}

#[test]
fn what_must_not_be_stored_is_not() {
    let mut saved = saved();
    let ephemeral = Value::tuple(vec![Value::TRUE.with_marks(&Marks::EPHEMERAL)]);
    saved.plan.variables.insert("e".into(), ephemeral);
    assert!(matches!(encode(&saved), Err(FileError::Unencodable(_))));
}

#[test]
fn the_sample_of_format_1_is_still_read() {
    let (found, name) = decode(SAMPLE).expect("it can be read");
    assert_eq!(found, saved());
    assert_eq!(
        name.to_string(),
        "bb74d4c09e4356453cac4095583662be93067fffed32483f55cd83e38ebecda2"
    );
}

#[test]
fn the_sample_of_format_2_is_still_read() {
    let (found, _) = decode(SAMPLE_2).expect("it can be read");
    assert_eq!(found, saved_2());
}

#[test]
fn the_sample_of_format_3_is_still_read() {
    let (found, _) = decode(SAMPLE_3).expect("it can be read");
    assert_eq!(found, saved_3());
}

#[test]
fn the_sample_of_format_4_is_still_read() {
    let (found, _) = decode(SAMPLE_4).expect("it can be read");
    assert_eq!(found, saved_4());
}

#[test]
fn the_sample_of_format_5_is_still_read() {
    let (found, _) = decode(SAMPLE_5).expect("it can be read");
    assert_eq!(found, saved_5());
}
