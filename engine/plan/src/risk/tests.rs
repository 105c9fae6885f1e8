use super::{Risk, RiskClass, assess};
use crate::plan::Action;
use crate::view::fixture;
use ecow::EcoString;
use terrane_model::schema::{Attribute, AttributeType, Block, Schema};
use terrane_value::{Type, Value};

fn number(value: u64) -> Value {
    Value::number(terrane_value::Number::from_u64(value))
}

fn risk_of(type_name: &str, action: Action, values: [Value; 2], schema: Option<&Schema>) -> Risk {
    let plan = fixture::plan(include_str!("../view/golden/changes.plan.json"));
    let mut change = plan.changes[0].clone();
    let resource = &mut change.addr.resource;
    resource.type_name = type_name.into();
    resource.mode = terrane_model::addr::Mode::Managed;
    change.deposed = None;
    change.action = action;
    [change.before, change.after] = values;
    assess(&change, schema)
}

fn guarded(attribute: &str) -> Schema {
    let attribute = (
        EcoString::from(attribute),
        Attribute {
            ty: AttributeType::Plain(Type::Bool),
            required: false,
            optional: true,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecated: None,
            description: "".into(),
        },
    );
    Schema {
        version: 0,
        block: std::sync::Arc::new(Block {
            attributes: [attribute].into_iter().collect(),
            ..Block::default()
        }),
    }
}

#[test]
fn actions_are_classed_by_what_is_lost() {
    use Action::{
        Create, CreateThenDelete, Delete, DeleteThenCreate, Forget, ForgetThenCreate, Update,
    };
    use RiskClass::{Disruptive, Lossy, Reversible};
    for (type_name, action, expect, word) in [
        ("aws_db_instance", Create, Reversible, "new"),
        ("aws_db_instance", Update, Reversible, "in place"),
        ("aws_db_instance", Delete, Lossy, "a database"),
        ("aws_db_instance", DeleteThenCreate, Lossy, "before another"),
        ("aws_db_instance", CreateThenDelete, Lossy, "replaced"),
        ("aws_db_instance", Forget, Reversible, "stays"),
        ("aws_db_instance", ForgetThenCreate, Reversible, "stays"),
        ("aws_route_table", Delete, Disruptive, "cut off"),
        ("aws_db_subnet_group", Delete, Disruptive, "cut off"),
        ("terraform_data", Delete, Reversible, "made again"),
        ("random_password", Delete, Lossy, "can't be made again"),
        ("cloud_object_bucket", Delete, Lossy, "by its name"),
        ("cloud_bucket_policy", Delete, Disruptive, "cut off"),
    ] {
        let values = [Value::object([("a", number(1))]), Value::NULL];
        let found = risk_of(type_name, action, values, None);
        assert_eq!(
            found.class, expect,
            "{type_name} {action:?}: {}",
            found.reason
        );
        assert!(
            found.reason.contains(word),
            "{type_name} {action:?}: {}",
            found.reason
        );
    }
}

#[test]
fn a_guard_in_the_schema_says_that_there_is_something_to_lose() {
    let values = || [Value::object([("a", number(1))]), Value::NULL];
    for guard in super::table::GUARDS {
        let schema = guarded(guard);
        let found = risk_of("cloud_thing", Action::Delete, values(), Some(&schema));
        assert_eq!(found.class, RiskClass::Lossy, "{guard}");
        assert!(found.reason.contains(guard), "{}", found.reason);
    }
    let schema = guarded("enabled");
    let found = risk_of("cloud_thing", Action::Delete, values(), Some(&schema));
    assert_eq!(found.class, RiskClass::Disruptive);
}

#[test]
fn updates_are_classed_by_what_they_change() {
    use RiskClass::{Disruptive, Lossy, Reversible};
    let no = Value::bool(false);
    let yes = Value::bool(true);
    let nested = |value: Value| Value::tuple(vec![Value::object([("volume_size", value)])]);
    for (name, before, after, expect) in [
        ("allocated_storage", number(20), number(10), Lossy),
        ("allocated_storage", number(10), number(20), Reversible),
        (
            "allocated_storage",
            number(10),
            Value::unknown(Type::Number),
            Lossy,
        ),
        ("backup_retention_period", number(7), number(0), Lossy),
        (
            "instance_class",
            Value::string("a"),
            Value::string("b"),
            Disruptive,
        ),
        ("deletion_protection", yes.clone(), no.clone(), Disruptive),
        ("deletion_protection", no.clone(), yes.clone(), Reversible),
        ("force_destroy", no.clone(), yes.clone(), Disruptive),
        ("point_in_time_recovery_enabled", yes, no, Lossy),
        ("name", Value::string("a"), Value::string("b"), Reversible),
        (
            "root_block_device",
            nested(number(20)),
            nested(number(10)),
            Lossy,
        ),
    ] {
        let values = [before, after].map(|value| Value::object([(name, value)]));
        let found = risk_of("aws_db_instance", Action::Update, values, None);
        assert_eq!(found.class, expect, "{name}: {}", found.reason);
    }
}

/// Nothing of a value is in a reason: it may be sensitive.
#[test]
fn reasons_do_not_tell_values() {
    let values = ["canary-1", "canary-2"].map(|text| {
        let secret = Value::string(text).with_marks(&terrane_value::Marks::SENSITIVE);
        Value::object([("instance_class", secret)])
    });
    let found = risk_of("aws_db_instance", Action::Update, values, None);
    assert_eq!(found.class, RiskClass::Disruptive);
    assert!(!found.reason.contains("canary"));
}
