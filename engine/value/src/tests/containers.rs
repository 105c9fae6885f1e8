//! Sets, refinements and what containers know of themselves.

use crate::refine::safe_prefix;
use crate::{EcoString, Kind, Marks, Number, Refinements, Type, Value};
use std::collections::BTreeMap;

fn number(text: &str) -> Value {
    Value::number(Number::parse(text).unwrap())
}

fn texts(value: &Value) -> Vec<String> {
    value
        .children()
        .iter()
        .map(|item| format!("{item:?}"))
        .collect()
}

#[test]
fn sets_are_sorted_and_unique() {
    let numbers = ["10", "9", "0.5", "-1", "9", "1e20"].map(number).to_vec();
    let set = Value::set(Type::Number, numbers);
    assert_eq!(
        texts(&set),
        ["-1", "0.5", "9", "10", "100000000000000000000"]
    );
    let strings = ["b", "é", "Z", "a", "b", "😀"].map(Value::string).to_vec();
    assert_eq!(
        texts(&Value::set(Type::String, strings)),
        ["\"Z\"", "\"a\"", "\"b\"", "\"é\"", "\"😀\""]
    );
    let bools = vec![
        Value::TRUE,
        Value::FALSE,
        Value::NULL,
        Value::unknown(Type::Bool),
        Value::NULL,
    ];
    assert_eq!(
        texts(&Value::set(Type::Bool, bools)),
        ["false", "true", "unknown(Bool)", "null(Bool)"]
    );
    let objects = ["10", "9", "9"]
        .map(|text| Value::object([("a", number(text))]))
        .to_vec();
    // Objects are sorted by the text of their content.
    assert_eq!(
        texts(&Value::set_of(objects).unwrap()),
        ["{\"a\": 10}", "{\"a\": 9}"]
    );
}

/// The text that objects are sorted by shows ten digits; what differs beyond them is still
/// different.
#[test]
fn alike_is_not_the_same() {
    let objects = ["12345678901.5", "12345678902.5", "12345678901.5"]
        .map(|text| Value::object([("a", number(text))]))
        .to_vec();
    let set = Value::set_of(objects.clone()).unwrap();
    assert_eq!(set.children().len(), 2);
    assert!(objects.iter().all(|object| set.set_has(object)));
}

#[test]
fn unknown_elements_are_all_kept() {
    let items = vec![Value::unknown(Type::String); 3];
    let set = Value::set(Type::String, items);
    assert_eq!(set.children().len(), 3);
    assert!(!set.is_wholly_known());
    assert!(!set.set_has(&Value::unknown(Type::String)));
}

#[test]
fn marks_of_elements_are_marks_of_the_set() {
    let secret = Value::tuple(vec![Value::TRUE.with_marks(&Marks::SENSITIVE)]);
    let set = Value::set_of(vec![secret]).unwrap();
    assert!(set.marks().is_sensitive());
    assert!(!set.unmarked().contains_marks());
}

#[test]
fn collections_find_their_element_type() {
    let list = Value::list_of(vec![Value::NULL, Value::TRUE, Value::dynamic()]).unwrap();
    assert_eq!(list.ty(), Type::list(Type::Bool));
    assert_eq!(texts(&list), ["null(Bool)", "true", "unknown(Bool)"]);
    assert!(Value::list_of(vec![Value::TRUE, number("1")]).is_none());
    assert_eq!(
        Value::list_of(vec![]).unwrap().ty(),
        Type::list(Type::Dynamic)
    );
    let entries = BTreeMap::from([
        (EcoString::from("a"), Value::NULL),
        ("b".into(), number("1")),
    ]);
    assert_eq!(
        Value::map_of(entries).unwrap().ty(),
        Type::map(Type::Number)
    );
}

#[test]
fn refinements_that_leave_no_choice() {
    let exactly =
        |ty: Type, length| Value::unknown_with(ty, Refinements::NOT_NULL.length(length, length));
    assert_eq!(
        exactly(Type::list(Type::Bool), 0),
        Value::list(Type::Bool, vec![])
    );
    assert_eq!(exactly(Type::list(Type::Bool), 2).children().len(), 2);
    assert_eq!(exactly(Type::set(Type::Bool), 1).children().len(), 1);
    assert!(!exactly(Type::set(Type::Bool), 2).is_known());
    assert_eq!(
        exactly(Type::map(Type::Bool), 0),
        Value::map(Type::Bool, BTreeMap::new())
    );
    assert!(!exactly(Type::map(Type::Bool), 1).is_known());
    assert!(!exactly(Type::list(Type::Bool), u64::MAX).is_known());
    let five = Refinements::NOT_NULL
        .at_least(Number::from(5))
        .at_most(Number::from(5));
    assert_eq!(Value::unknown_with(Type::Number, five.clone()), number("5"));
    let or_null = Refinements {
        not_null: false,
        ..five
    };
    assert!(!Value::unknown_with(Type::Number, or_null).is_known());
}

#[test]
fn refining_adds_to_what_is_known() {
    let value = Value::unknown(Type::Number).refine(&Refinements::NONE.at_least(Number::from(1)));
    let value = value.refine(&Refinements::NOT_NULL.at_least(Number::from(0)));
    let Kind::Unknown(_, known) = value.kind() else {
        panic!("unknown expected");
    };
    assert_eq!(*known, Refinements::NOT_NULL.at_least(Number::from(1)));
    // What contradicts is not taken over.
    let nonsense = value.refine(&Refinements::NONE.at_most(Number::from(0)));
    assert_eq!(nonsense, value);
    // What has no meaning for the type neither.
    let text = Value::unknown_with(Type::Bool, Refinements::NONE.prefix("a-").length(1, 2));
    assert_eq!(text, Value::unknown(Type::Bool));
    assert_eq!(Value::dynamic().refine_not_null(), Value::dynamic());
    let secret = Value::unknown(Type::Bool).with_marks(&Marks::SENSITIVE);
    assert!(secret.refine_not_null().marks().is_sensitive());
    assert!(secret.refine_not_null().is_surely_not_null());
}

#[test]
fn ranges_exclude_what_cannot_be() {
    let prefix = Value::unknown_with(Type::String, Refinements::NONE.prefix("vpc-"));
    assert!(prefix.range().may_include(&Value::string("vpc-1")));
    assert!(!prefix.range().may_include(&Value::string("sub-1")));
    assert!(prefix.range().may_include(&Value::NULL));
    assert!(!prefix.refine_not_null().range().may_include(&Value::NULL));
    assert!(!prefix.range().may_include(&Value::TRUE));
    let length = Value::unknown_with(Type::list(Type::Bool), Refinements::NONE.length(1, 2));
    assert!(!length.range().may_include(&Value::list(Type::Bool, vec![])));
    assert!(
        length
            .range()
            .may_include(&Value::list(Type::Bool, vec![Value::TRUE]))
    );
    let above = Value::unknown_with(
        Type::Number,
        Refinements {
            min: Some((Number::from(1), false)),
            ..Refinements::NONE
        },
    );
    assert!(!above.range().may_include(&number("1")));
    assert!(above.range().may_include(&number("1.1")));
}

#[test]
fn prefixes_end_where_nothing_can_change_them() {
    for (text, want) in [
        ("", ""),
        ("ami-", "ami-"),
        ("ami", "am"),
        ("a/b", "a/"),
        ("e\u{301}", ""),
        ("xe\u{301}", "x"),
        ("👨\u{200d}", ""),
        ("https://", "https://"),
    ] {
        assert_eq!(safe_prefix(text), want, "{text:?}");
    }
}

#[test]
fn containers_know_what_they_hold() {
    let value = Value::object([("a", Value::tuple(vec![Value::unknown(Type::Bool)]))]);
    assert!(!value.is_wholly_known());
    assert!(value.is_known());
    assert_eq!(value.depth(), 2);
    assert!(!value.contains_marks());
    assert_eq!(value.ty().to_string(), "object({a=tuple([bool])})");
    assert!(value.is_of(&value.ty()));
    assert!(!value.is_of(&Type::object([("a", Type::tuple([Type::String]))])));
    assert_eq!(value.ty().friendly_name(), "object");
    assert_eq!(
        Type::list(Type::map(Type::Dynamic)).friendly_constraint_name(),
        "list of map of any single type"
    );
}

/// Values are everywhere: three words each.
#[test]
fn values_are_small() {
    assert!(size_of::<Number>() <= 16);
    assert!(size_of::<Value>() <= 24);
}

#[test]
fn equal_values_have_equal_hashes_whatever_was_hashed_before() {
    let object = |text: &str| {
        Value::object([
            ("a", Value::tuple(vec![Value::string(text), Value::NULL])),
            ("b", Value::string("s").with_marks(&crate::Marks::SENSITIVE)),
        ])
    };
    let (one, same, other) = (object("x"), object("x"), object("y"));
    assert_eq!(one.content_hash(), same.content_hash());
    assert_ne!(one.content_hash(), other.content_hash());
    // Equality uses the hashes that are there; it must not depend on whether they are.
    assert_eq!(one, same);
    assert_ne!(one, other);
    assert_ne!(object("x"), other);
    assert_ne!(
        Value::tuple(Vec::new()).content_hash(),
        Value::object::<&str>([]).content_hash()
    );
}

/// What an object that is not known will hold under a key is not told before, not even its type; of maps and tuples it is.
#[test]
fn elements_of_unknown_containers() {
    use crate::ops::index;
    let object = Value::unknown(Type::object([("a", Type::String)]));
    assert_eq!(index(&object, &Value::string("a")), Ok(Value::dynamic()));
    let map = Value::unknown(Type::map(Type::Number));
    let wanted = Ok(Value::unknown(Type::Number));
    assert_eq!(index(&map, &Value::string("a")), wanted);
    let tuple = Value::unknown(Type::tuple([Type::Bool, Type::Number]));
    assert_eq!(index(&tuple, &number("1")), wanted);
    assert!(index(&tuple, &number("2")).is_err());
}
