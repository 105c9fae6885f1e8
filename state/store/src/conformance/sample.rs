//! Events to feed stores with.

use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::{
    ConfigResource, DeposedKey, InstanceAddr, InstanceKey, Mode, ModuleInstance, ModulePath,
    ProviderAddr, ProviderConfigAddr, ResourceAddr,
};
use terrane_model::event::{Event, EventKind, Intent, ObjectAddr, Operation};
use terrane_model::snapshot::{
    CheckKind, CheckObject, CheckResult, CheckStatus, InstanceState, ObjectState, OutputState,
    ResourceState, Snapshot, Status,
};
use terrane_value::{Path, Type, Value};

/// An event at a fixed time.
#[must_use]
pub fn event(kind: EventKind) -> Event {
    Event {
        at_ms: 1_790_000_000_000,
        kind,
    }
}

/// A provider configuration of the default registry.
#[must_use]
pub fn provider(name: &str) -> ProviderConfigAddr {
    ProviderConfigAddr {
        module: ModulePath::root(),
        provider: ProviderAddr::default_host("hashicorp", name),
        alias: None,
    }
}

/// `null_resource.<name>[key]` in the root module.
#[must_use]
pub fn instance(name: &str, key: Option<InstanceKey>) -> InstanceAddr {
    ResourceAddr {
        module: ModuleInstance::root(),
        mode: Mode::Managed,
        type_name: "null_resource".into(),
        name: name.into(),
    }
    .instance(key)
}

/// The current object of an instance.
#[must_use]
pub fn current(instance: &InstanceAddr) -> ObjectAddr {
    ObjectAddr {
        instance: instance.clone(),
        deposed: None,
    }
}

/// A plain object with these attributes.
#[must_use]
pub fn object(attributes: &str) -> ObjectState {
    ObjectState {
        status: Status::Ready,
        schema_version: 0,
        attributes: attributes.into(),
        sensitive: Vec::new(),
        private: Arc::from([]),
        dependencies: Arc::from([]),
        create_before_destroy: false,
        skip_destroy: false,
        identity: None,
        provider_key: None,
        created_in_ms: None,
    }
}

/// An event that gives an instance these attributes.
#[must_use]
pub fn set(instance: &InstanceAddr, attributes: &str) -> Event {
    event(EventKind::Set {
        object: current(instance),
        provider: provider("null"),
        state: Some(Arc::new(object(attributes))),
    })
}

/// An operation that was begun on an instance, with nothing known of it beside.
#[must_use]
pub fn began(op: u64, instance: &InstanceAddr, operation: Operation) -> EventKind {
    EventKind::Began {
        op,
        intent: Intent {
            object: current(instance),
            operation,
            provider: provider("null"),
            token: "t".into(),
            planned: "{}".into(),
            dependencies: Arc::from([]),
            create_before_destroy: false,
            provider_key: None,
        },
    }
}

/// An object with everything that one can have.
#[must_use]
pub fn full_object() -> ObjectState {
    ObjectState {
        status: Status::Tainted,
        schema_version: 7,
        attributes: r#"{"big":12345678901234567890123.4500,"deep":{"list":[1,null,true]},"text":"a \"b\" \u00e9 é 日本 \n"}"#.into(),
        sensitive: vec![
            Path::new().attr("text"),
            Path::new()
                .attr("deep")
                .attr("list")
                .index(Value::number(1)),
            Path::new().attr("deep").index(Value::string("k é")),
        ],
        private: Arc::from([0_u8, 255, 10, 13]),
        dependencies: Arc::from([
            ConfigResource {
                module: ModulePath::root().child("net"),
                mode: Mode::Managed,
                type_name: "null_resource".into(),
                name: "a".into(),
            },
            ConfigResource {
                module: ModulePath::root(),
                mode: Mode::Data,
                type_name: "null_data_source".into(),
                name: "b".into(),
            },
        ]),
        create_before_destroy: true,
        skip_destroy: true,
        identity: Some((2, r#"{"id":"i-1"}"#.into())),
        provider_key: Some(InstanceKey::Str("eu".into())),
        created_in_ms: Some(1234),
    }
}

fn intent(object: &InstanceAddr, operation: Operation, planned: &str) -> Intent {
    Intent {
        object: current(object),
        operation,
        provider: provider("null"),
        token: "token-1".into(),
        planned: planned.into(),
        dependencies: Arc::from([ConfigResource {
            module: ModulePath::root().child("net"),
            mode: Mode::Managed,
            type_name: "null_resource".into(),
            name: "a".into(),
        }]),
        create_before_destroy: true,
        provider_key: Some(InstanceKey::Str("eu".into())),
    }
}

/// Batches in which every kind of event occurs, and every shape of address.
#[must_use]
#[expect(clippy::too_many_lines, reason = "a list of events")]
pub fn every_kind() -> Vec<Vec<Event>> {
    let deep = ResourceAddr {
        module: ModuleInstance::root()
            .child("net", None)
            .child("é\u{2028}", Some(InstanceKey::Str("k\"${x}\0\n".into())))
            .child("n", Some(InstanceKey::Int(3))),
        mode: Mode::Managed,
        type_name: "a_type_with_a_rather_long_name".into(),
        name: "name-é".into(),
    };
    let one = deep.instance(None);
    let two = instance("two", Some(InstanceKey::Int(u64::MAX)));
    let data = InstanceAddr {
        resource: ResourceAddr {
            mode: Mode::Data,
            ..deep.clone()
        },
        key: Some(InstanceKey::Str(String::new().into())),
    };
    let elsewhere = ProviderConfigAddr {
        module: ModulePath::root().child("net"),
        provider: ProviderAddr {
            host: "example.com:8080".into(),
            namespace: "-".into(),
            type_name: "x".into(),
        },
        alias: Some("west".into()),
    };
    let set = |addr: &InstanceAddr, deposed: Option<&str>, state: Option<ObjectState>| {
        event(EventKind::Set {
            object: ObjectAddr {
                instance: addr.clone(),
                deposed: deposed.map(|key| DeposedKey(key.into())),
            },
            provider: elsewhere.clone(),
            state: state.map(Arc::new),
        })
    };
    vec![
        vec![
            event(EventKind::Run {
                run: "6b41ac76-4f68-a0ba-2df3-0d20c7950a05".into(),
                plan: "sha256:00".into(),
                command: "apply".into(),
                who: "é@host".into(),
            }),
            event(EventKind::Began {
                op: 1,
                intent: intent(&one, Operation::Create, r#"{"a":1}"#),
            }),
            event(EventKind::Began {
                op: 2,
                intent: intent(&two, Operation::Delete, ""),
            }),
            event(EventKind::Began {
                op: 9,
                intent: intent(&two, Operation::Provision(3), ""),
            }),
        ],
        vec![
            event(EventKind::Ended {
                op: 1,
                object: current(&one),
                provider: elsewhere.clone(),
                state: Some(Arc::new(full_object())),
            }),
            event(EventKind::Began {
                op: 10,
                intent: intent(&one, Operation::Update, r#"{"a":2}"#),
            }),
        ],
        vec![
            event(EventKind::Deposed {
                instance: one.clone(),
                key: DeposedKey("deadbeef".into()),
            }),
            set(&data, None, Some(full_object())),
            set(&two, Some("00c0ffee"), Some(object("{}"))),
            set(&two, None, Some(object("{}"))),
        ],
        vec![
            event(EventKind::Restored {
                instance: one.clone(),
                key: DeposedKey("deadbeef".into()),
            }),
            event(EventKind::Moved {
                from: one.clone(),
                to: instance("three", None),
                provider: provider("null"),
            }),
            set(&two, Some("00c0ffee"), None),
        ],
        vec![
            event(EventKind::Output {
                name: "o".into(),
                value: Some(OutputState {
                    value: every_value(),
                    sensitive: true,
                    deprecated: Some("old".into()),
                }),
            }),
            event(EventKind::Output {
                name: "gone".into(),
                value: None,
            }),
            event(EventKind::Checked(checks())),
        ],
        vec![event(EventKind::Replaced(Box::new(other_state())))],
        vec![set(&two, None, None)],
        vec![event(EventKind::Ended {
            op: 9,
            object: current(&two),
            provider: provider("null"),
            state: None,
        })],
    ]
}

fn every_value() -> Value {
    Value::object([
        ("bool", Value::bool(true)),
        ("dynamic_null", Value::NULL),
        (
            "list",
            Value::list(Type::Number, vec![Value::number(1), Value::number(-2)]),
        ),
        (
            "map",
            Value::map(
                Type::String,
                BTreeMap::from([("k é".into(), Value::string("v"))]),
            ),
        ),
        ("null", Value::null(Type::list(Type::Bool))),
        (
            "set",
            Value::set_sorted(Type::String, vec![Value::string("a"), Value::string("b")]),
        ),
        (
            "tuple",
            Value::tuple(vec![Value::string("x"), Value::FALSE]),
        ),
        (
            "empty",
            Value::list(Type::object([("a", Type::Bool)]), vec![]),
        ),
    ])
}

fn checks() -> Vec<CheckResult> {
    vec![
        CheckResult {
            kind: CheckKind::Check,
            config_addr: "check.c".into(),
            status: CheckStatus::Fail,
            objects: vec![CheckObject {
                addr: "check.c".into(),
                status: CheckStatus::Fail,
                failures: vec!["no <good>".into()],
            }],
        },
        CheckResult {
            kind: CheckKind::Variable,
            config_addr: "var.v".into(),
            status: CheckStatus::Unknown,
            objects: Vec::new(),
        },
    ]
}

fn other_state() -> Snapshot {
    let addr = instance("two", Some(InstanceKey::Int(u64::MAX)));
    Snapshot {
        lineage: "another".into(),
        serial: 40,
        outputs: BTreeMap::new(),
        resources: BTreeMap::from([(
            addr.resource,
            ResourceState {
                provider: provider("null"),
                instances: BTreeMap::from([(
                    addr.key,
                    InstanceState {
                        current: Some(Arc::new(full_object())),
                        deposed: BTreeMap::from([(
                            DeposedKey("00000001".into()),
                            Arc::new(object("{}")),
                        )]),
                        changed_at: 12,
                    },
                )]),
            },
        )]),
        checks: Vec::new(),
        open: BTreeMap::from([(10, intent(&instance("x", None), Operation::Create, "{}"))]),
        last_op: 77,
    }
}
