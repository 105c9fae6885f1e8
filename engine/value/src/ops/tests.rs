//! Operators, mostly on what is not simply known.

use super::*;
use crate::{Marks, Number, Refinements, Type, Value};
use std::collections::BTreeMap;

fn number(value: i64) -> Value {
    Value::number(value)
}

fn unknown(ty: Type) -> Value {
    Value::unknown(ty)
}

fn at_least(value: i64) -> Value {
    let bounds = Refinements::NOT_NULL.at_least(Number::from(value));
    Value::unknown_with(Type::Number, bounds)
}

fn prefixed(text: &str) -> Value {
    Value::unknown_with(Type::String, Refinements::NOT_NULL.prefix(text))
}

/// `None`: unknown.
fn check_equal(a: &Value, b: &Value, want: Option<bool>) {
    for (a, b) in [(a, b), (b, a)] {
        let got = equal(a, b);
        assert_eq!(got.ty(), Type::Bool);
        assert_eq!(got.unmarked().as_bool(), want, "{a:?} == {b:?}");
    }
}

#[test]
fn equality() {
    let list = |items: Vec<Value>| Value::list_of(items).unwrap();
    let object = |a: Value| Value::object([("a", a)]);
    let no = Some(false);
    let yes = Some(true);
    check_equal(&number(1), &number(1), yes);
    check_equal(&number(1), &Value::string("1"), no);
    check_equal(&Value::NULL, &Value::null(Type::String), yes);
    check_equal(&Value::NULL, &number(1), no);
    check_equal(&Value::NULL, &unknown(Type::String), None);
    check_equal(&Value::NULL, &at_least(1), no);
    check_equal(&number(0), &at_least(1), no);
    check_equal(&number(1), &at_least(1), None);
    check_equal(&Value::string("ab"), &prefixed("a-"), no);
    check_equal(&Value::string("a-b"), &prefixed("a-"), None);
    check_equal(&unknown(Type::String), &unknown(Type::Number), None);
    check_equal(&unknown(Type::String), &number(1), no);
    check_equal(&Value::dynamic(), &number(1), None);
    check_equal(&Value::tuple(vec![number(1)]), &list(vec![number(1)]), no);
    check_equal(
        &list(vec![number(1), unknown(Type::Number)]),
        &list(vec![number(2), number(1)]),
        no,
    );
    check_equal(
        &list(vec![unknown(Type::Number), number(1)]),
        &list(vec![number(2), number(2)]),
        None,
    );
    check_equal(
        &list(vec![number(1)]),
        &list(vec![number(1), unknown(Type::Number)]),
        no,
    );
    check_equal(&object(Value::NULL), &object(Value::NULL), yes);
    check_equal(&object(Value::NULL), &object(Value::null(Type::String)), no);
    check_equal(&object(Value::dynamic()), &object(number(1)), None);
    check_equal(
        &object(Value::dynamic()),
        &Value::object([("b", number(1))]),
        no,
    );
    let one_unknown = Value::set(Type::Number, vec![number(1), unknown(Type::Number)]);
    check_equal(
        &one_unknown,
        &Value::set(Type::Number, vec![number(1)]),
        None,
    );
    check_equal(
        &Value::set(Type::Number, vec![number(2), number(1)]),
        &Value::set(Type::Number, vec![number(1), number(2)]),
        yes,
    );
    let map = |key: &str| Value::map(Type::Number, BTreeMap::from([(key.into(), number(1))]));
    check_equal(&map("a"), &map("a"), yes);
    check_equal(&map("a"), &map("b"), no);
}

#[test]
fn equality_keeps_marks() {
    let secret = Value::tuple(vec![number(1).with_marks(&Marks::SENSITIVE)]);
    assert!(
        equal(&secret, &Value::tuple(vec![number(1)]))
            .marks()
            .is_sensitive()
    );
    assert!(not_equal(&secret, &secret).marks().is_sensitive());
    // Whether a list is null says nothing of what it holds.
    assert!(equal(&secret, &Value::NULL).marks().is_none());
    assert!(
        equal(&secret.with_marks(&Marks::EPHEMERAL), &Value::NULL)
            .marks()
            .is_ephemeral()
    );
}

#[test]
fn logic() {
    let open = unknown(Type::Bool);
    let (yes, no) = (Value::TRUE, Value::FALSE);
    assert_eq!(and(&no, &open), Ok(Value::FALSE));
    assert_eq!(and(&open, &no), Ok(Value::FALSE));
    assert_eq!(and(&open, &yes), Ok(Value::undecided(&Marks::NONE)));
    assert_eq!(or(&open, &yes), Ok(Value::TRUE));
    assert_eq!(or(&no, &no), Ok(Value::FALSE));
    assert_eq!(not(&open), Ok(Value::undecided(&Marks::NONE)));
    assert_eq!(not(&Value::NULL), Err(OperandError::Null));
    assert_eq!(and(&yes, &number(1)), Err(OperandError::NotBool));
    assert!(
        or(&yes.with_marks(&Marks::SENSITIVE), &open)
            .unwrap()
            .marks()
            .is_sensitive()
    );
}

#[test]
fn arithmetic() {
    assert_eq!(add(&number(1), &number(2)), Ok(number(3)));
    assert_eq!(rem(&number(-5), &number(3)), Ok(number(-2)));
    assert_eq!(neg(&number(5)), Ok(number(-5)));
    let open = Value::unknown_refined(Type::Number, Refinements::NOT_NULL);
    assert_eq!(mul(&number(2), &unknown(Type::Number)), Ok(open.clone()));
    assert_eq!(sub(&Value::dynamic(), &number(2)), Ok(open));
    assert_eq!(add(&Value::NULL, &number(1)), Err(OperandError::Null));
    assert_eq!(div(&Value::TRUE, &number(1)), Err(OperandError::NotNumber));
    let undefined = div(&number(0), &number(0)).unwrap_err();
    assert_eq!(
        undefined.to_string(),
        "can't divide zero by zero or infinity by infinity"
    );
    let secret = number(1).with_marks(&Marks::SENSITIVE);
    assert_eq!(
        add(&secret, &number(1)),
        Ok(number(2).with_marks(&Marks::SENSITIVE))
    );
}

#[test]
fn order() {
    let open = Value::undecided(&Marks::NONE);
    assert_eq!(less(&number(1), &number(2)), Ok(Value::TRUE));
    assert_eq!(greater_or_equal(&number(2), &number(2)), Ok(Value::TRUE));
    assert_eq!(greater(&at_least(5), &number(4)), Ok(Value::TRUE));
    assert_eq!(less(&at_least(5), &number(4)), Ok(Value::FALSE));
    assert_eq!(greater(&at_least(5), &number(5)), Ok(open.clone()));
    assert_eq!(less_or_equal(&unknown(Type::Number), &number(1)), Ok(open));
    assert_eq!(less(&number(1), &Value::NULL), Err(OperandError::Null));
}

#[test]
fn parts() {
    let list = Value::list(Type::String, vec![Value::string("a"), Value::string("b")]);
    let object = Value::object([("x", number(1))]);
    assert_eq!(index(&list, &number(1)), Ok(Value::string("b")));
    assert_eq!(index(&list, &Value::string("0")), Ok(Value::string("a")));
    assert_eq!(index(&object, &Value::string("x")), Ok(number(1)));
    assert_eq!(
        index(&list, &unknown(Type::Number)),
        Ok(unknown(Type::String))
    );
    assert_eq!(
        index(&unknown(Type::list(Type::Bool)), &number(7)),
        Ok(unknown(Type::Bool))
    );
    let tuple = unknown(Type::tuple([Type::Bool]));
    assert_eq!(index(&tuple, &number(0)), Ok(unknown(Type::Bool)));
    assert_eq!(
        index(&tuple, &number(1)),
        Err(AccessError::IndexBeyondEnd { empty: false })
    );
    let marked = list.clone().with_marks(&Marks::SENSITIVE);
    assert!(index(&marked, &number(0)).unwrap().marks().is_sensitive());
    for (collection, key, want) in [
        (
            &list,
            number(2),
            "the given index is greater than or equal to the length of the collection.",
        ),
        (
            &list,
            number(-1),
            "a negative number is not a valid index for a sequence.",
        ),
        (
            &list,
            Value::number(Number::parse("0.5").unwrap()),
            "the given index has a fractional part.",
        ),
        (&list, Value::string("x"), "a number is required."),
        (
            &list,
            Value::NULL,
            "Can't use a null value as an indexing key.",
        ),
        (
            &object,
            Value::string("y"),
            "The given key does not identify an element in this collection value.",
        ),
        (
            &Value::NULL,
            number(0),
            "This value is null, so it does not have any indices.",
        ),
        (
            &number(1),
            number(0),
            "This value does not have any indices.",
        ),
    ] {
        let error = index(collection, &key).unwrap_err().to_string();
        assert!(error.ends_with(want), "{error}");
    }
}

#[test]
fn attributes() {
    let list = Value::list(Type::String, vec![Value::string("a"), Value::string("b")]);
    let object = Value::object([("x", number(1))]);
    assert_eq!(get_attr(&object, "x"), Ok(number(1)));
    assert_eq!(
        get_attr(&object, "y").unwrap_err().to_string(),
        "This object does not have an attribute named \"y\"."
    );
    let objects = Value::list_of(vec![object.clone()]).unwrap();
    for (value, want) in [
        (objects.clone(), "across all elements of the list?"),
        (
            Value::set_of(vec![object.clone()]).unwrap(),
            "across all elements of the set?",
        ),
        (list.clone(), "This value does not have any attributes."),
        (
            number(1),
            "Can't access attributes on a primitive-typed value (number).",
        ),
    ] {
        let error = get_attr(&value, "x").unwrap_err().to_string();
        assert!(error.ends_with(want), "{error}");
    }
    assert_eq!(
        get_attr(&unknown(Type::map(Type::Bool)), "y"),
        Ok(unknown(Type::Bool))
    );
    assert_eq!(has_index(&list, &number(1)), Value::TRUE);
    assert_eq!(has_index(&list, &number(2)), Value::FALSE);
    assert_eq!(
        has_index(&unknown(Type::list(Type::Bool)), &number(2)),
        Value::undecided(&Marks::NONE)
    );
}

#[test]
fn lengths() {
    let set = |items: Vec<Value>| Value::set(Type::Number, items);
    assert_eq!(length(&set(vec![number(1), number(1)])), Some(number(1)));
    assert_eq!(length(&set(vec![unknown(Type::Number)])), Some(number(1)));
    let bounds = Refinements::NOT_NULL
        .at_least(Number::from(1))
        .at_most(Number::from(2));
    let open = Value::unknown_refined(Type::Number, bounds);
    assert_eq!(
        length(&set(vec![number(1), unknown(Type::Number)])),
        Some(open)
    );
    assert_eq!(length(&unknown(Type::tuple([Type::Bool]))), Some(number(1)));
    assert_eq!(length(&Value::NULL), None);
    assert_eq!(length(&Value::string("abc")), None);
}
