//! Values and types as JSON.

use super::*;
use crate::{EcoString, Marks, Number, ObjectType, Type, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn number(text: &str) -> Value {
    Value::number(Number::parse(text).unwrap())
}

fn strings(items: &[&str]) -> Vec<Value> {
    items.iter().map(|text| Value::string(*text)).collect()
}

#[test]
fn plain_text() {
    for (value, want) in [
        (Value::NULL, "null"),
        (Value::TRUE, "true"),
        (number("0.1"), "0.1"),
        (
            number("123456789012345678901234567890"),
            "123456789012345678901234567890",
        ),
        (number("-0"), "-0"),
        (
            Value::string("a\"b\\c\n\r\t\u{8}\u{c}\u{1}\u{7f}"),
            "\"a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\u{7f}\"",
        ),
        (
            Value::string("<a> & é \u{2028}😀"),
            "\"\\u003ca\\u003e \\u0026 é \\u2028😀\"",
        ),
        (Value::tuple(vec![Value::TRUE, Value::NULL]), "[true,null]"),
        (Value::tuple(vec![]), "[]"),
        (
            Value::object([("b", Value::TRUE), ("a", Value::object::<&str>([]))]),
            r#"{"a":{},"b":true}"#,
        ),
        (
            Value::set(Type::String, strings(&["b", "a", "b"])),
            r#"["a","b"]"#,
        ),
    ] {
        assert_eq!(encode_plain(&value).unwrap(), want);
    }
}

#[test]
fn what_has_no_json() {
    let infinity = Value::number(Number::INFINITY);
    for (value, want) in [
        (Value::unknown(Type::String), "value is not known"),
        (
            Value::TRUE.with_marks(&Marks::SENSITIVE),
            "value has marks, so it cannot be serialized as JSON",
        ),
        (
            Value::tuple(vec![Value::TRUE, infinity]),
            "[1]: cannot serialize infinity as JSON",
        ),
        (
            Value::object([("a", Value::dynamic())]),
            ".a: value is not known",
        ),
    ] {
        assert_eq!(encode_plain(&value).unwrap_err().to_string(), want);
    }
}

#[test]
fn a_dynamic_value_is_wrapped_with_its_type() {
    let value = Value::object([("a", Value::tuple(vec![number("1")])), ("b", Value::NULL)]);
    let ty = Type::object([("a", Type::Dynamic), ("b", Type::Dynamic)]);
    let text = encode(&value, &ty).unwrap();
    assert_eq!(
        text,
        r#"{"a":{"value":[1],"type":["tuple",["number"]]},"b":null}"#
    );
    assert_eq!(decode(&text, &ty).unwrap(), value);
    let swapped = r#"{"type":"string","value":"x"}"#;
    assert_eq!(decode(swapped, &Type::Dynamic).unwrap(), Value::string("x"));
}

#[test]
fn reads_by_type() {
    let object = Type::object([("a", Type::Number), ("b", Type::list(Type::String))]);
    let full = Value::object([
        ("a", number("1.5")),
        ("b", Value::list(Type::String, strings(&["x"]))),
    ]);
    let empty = Value::object([
        ("a", Value::null(Type::Number)),
        ("b", Value::null(Type::list(Type::String))),
    ]);
    for (text, ty, want) in [
        (
            " [ \"b\" , \"a\" ] ",
            Type::set(Type::String),
            Value::set(Type::String, strings(&["a", "b"])),
        ),
        (r#"{"a":1.5,"b":["x"]}"#, object.clone(), full),
        ("{}", object, empty),
        (
            "null",
            Type::list(Type::Bool),
            Value::null(Type::list(Type::Bool)),
        ),
        ("\"5\"", Type::Number, number("5")),
        ("1.50", Type::String, Value::string("1.50")),
        ("\"true\"", Type::Bool, Value::TRUE),
        ("false", Type::String, Value::string("false")),
        (
            r#""\ud83d\ude00\ud800x\u00e9""#,
            Type::String,
            Value::string("😀\u{fffd}xé"),
        ),
        ("\"e\u{301}\"", Type::String, Value::string("é")),
        ("null", Type::Dynamic, Value::NULL),
    ] {
        assert_eq!(decode(text, &ty).unwrap(), want, "{text}");
    }
}

#[test]
fn wrong_text_is_an_error() {
    let object = Type::object([("a", Type::list(Type::Number))]);
    for (text, ty, want) in [
        ("", Type::Bool, "unexpected end of JSON input"),
        (
            "nul",
            Type::Bool,
            "invalid character 'n' looking for beginning of value",
        ),
        (
            "[1,]",
            Type::list(Type::Number),
            "invalid character ']' looking for beginning of value",
        ),
        (
            "[1 2]",
            Type::list(Type::Number),
            "invalid character '2' looking for comma or end of array",
        ),
        (
            "{\"a\":1,}",
            Type::map(Type::Number),
            "invalid character '}' looking for beginning of object key string",
        ),
        ("01", Type::Number, "extraneous data after JSON value"),
        ("1.", Type::Number, "unexpected end of JSON input"),
        ("-", Type::Number, "unexpected end of JSON input"),
        (
            "\"a\nb\"",
            Type::String,
            "invalid control character in string literal",
        ),
        ("\"\\x\"", Type::String, "invalid escape in string literal"),
        (
            "\"\\u12",
            Type::String,
            "invalid \\u escape in string literal",
        ),
        ("true false", Type::Bool, "extraneous data after JSON value"),
        ("1", Type::Bool, "bool is required"),
        (
            r#"{"a":[1,"x"]}"#,
            object.clone(),
            ".a[1]: a number is required",
        ),
        (r#"{"c":1}"#, object, "unsupported attribute \"c\""),
        ("[1]", Type::tuple([]), "too many tuple elements (need 0)"),
        (
            "[]",
            Type::tuple([Type::Bool]),
            "not enough tuple elements (need 1)",
        ),
        (
            "{}",
            Type::Dynamic,
            "missing type in dynamically-typed value",
        ),
        (
            "1",
            Type::Dynamic,
            "missing type in dynamically-typed value",
        ),
        ("1e999999999", Type::Number, "a number is required"),
    ] {
        assert_eq!(decode(text, &ty).unwrap_err().to_string(), want, "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(decode_implied(&deep(MAX_DEPTH)).is_ok());
    assert!(decode_implied(&deep(MAX_DEPTH + 1)).is_err());
    assert!(decode_implied(&"[".repeat(1_000_000)).is_err());
    assert!(decode_type(&"[\"list\",".repeat(1_000_000)).is_err());
}

#[test]
fn types_implied_by_text() {
    let value = decode_implied(r#"{"a":[1,"x",null],"b":{"c":true}}"#).unwrap();
    assert_eq!(
        value.ty().to_string(),
        "object({a=tuple([number,string,any]),b=object({c=bool})})"
    );
    assert_eq!(
        decode_implied(r#"{"a":1,"a":2}"#).unwrap(),
        Value::object([("a", number("2"))])
    );
    assert!(decode_implied(r#"{"a":1,"a":"x"}"#).is_err());
}

#[test]
fn types_there_and_back() {
    let optional = Type::Object(Arc::new(ObjectType::new(
        BTreeMap::from([
            (EcoString::from("a"), Type::Bool),
            ("b".into(), Type::Dynamic),
        ]),
        BTreeSet::from(["a".into()]),
    )));
    for (ty, want) in [
        (Type::Dynamic, "\"dynamic\""),
        (
            Type::list(Type::set(Type::map(Type::Number))),
            r#"["list",["set",["map","number"]]]"#,
        ),
        (
            Type::tuple([Type::String, Type::tuple([])]),
            r#"["tuple",["string",["tuple",[]]]]"#,
        ),
        (Type::object::<&str>([]), r#"["object",{}]"#),
        (optional, r#"["object",{"a":"bool","b":"dynamic"},["a"]]"#),
    ] {
        let mut text = String::new();
        encode_type(&ty, &mut text);
        assert_eq!(text, want);
        assert_eq!(decode_type(want).unwrap(), ty);
    }
    for wrong in [
        "\"text\"",
        "[]",
        "[\"list\"]",
        "[\"list\",\"bool\",1]",
        "{}",
        "[\"object\",{},[\"a\"]]",
        "1",
    ] {
        assert!(decode_type(wrong).is_err(), "{wrong}");
    }
}
