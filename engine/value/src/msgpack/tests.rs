//! The binary form.

use super::*;
use crate::{Marks, Number, Refinements, Type, Value, json};

fn number(text: &str) -> Value {
    Value::number(Number::parse(text).unwrap())
}

fn round_trip(value: &Value, ty: &Type, want: &[u8]) {
    let bytes = encode(value, ty).unwrap();
    assert_eq!(bytes, want, "{value:?}");
    assert_eq!(decode(&bytes, ty).unwrap(), *value);
}

#[test]
fn there_and_back() {
    let object = Type::object([("a", Type::Bool), ("b", Type::Dynamic)]);
    let strings = |items: &[&str]| {
        items
            .iter()
            .map(|text| Value::string(*text))
            .collect::<Vec<_>>()
    };
    round_trip(&Value::TRUE, &Type::Bool, &[0xc3]);
    round_trip(&Value::null(Type::Number), &Type::Number, &[0xc0]);
    round_trip(&number("5"), &Type::Number, &[5]);
    round_trip(&number("-1"), &Type::Number, &[0xff]);
    round_trip(&number("200"), &Type::Number, &[0xcc, 200]);
    round_trip(
        &number("0.5"),
        &Type::Number,
        &[0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0],
    );
    round_trip(&number("0.1"), &Type::Number, &[0xa3, b'0', b'.', b'1']);
    round_trip(
        &Value::string("hé"),
        &Type::String,
        &[0xa3, b'h', 0xc3, 0xa9],
    );
    round_trip(
        &Value::list(Type::String, strings(&["a"])),
        &Type::list(Type::String),
        &[0x91, 0xa1, b'a'],
    );
    round_trip(
        &Value::set(Type::String, strings(&["b", "a"])),
        &Type::set(Type::String),
        &[0x92, 0xa1, b'a', 0xa1, b'b'],
    );
    round_trip(&Value::tuple(vec![]), &Type::tuple([]), &[0x90]);
    let wrapped = [0x82, 0xa1, b'a', 0xc2, 0xa1, b'b', 0x92, 0xc4, 6];
    let wrapped: Vec<u8> = wrapped.into_iter().chain(*b"\"bool\"\xc3").collect();
    round_trip(
        &Value::object([("a", Value::FALSE), ("b", Value::TRUE)]),
        &object,
        &wrapped,
    );
    let infinity = encode(&Value::number(Number::INFINITY), &Type::Number).unwrap();
    assert_eq!(
        decode(&infinity, &Type::Number).unwrap(),
        Value::number(Number::INFINITY)
    );
}

#[test]
fn unknown_values() {
    let plain = [0xd4, 0, 0];
    round_trip(&Value::unknown(Type::String), &Type::String, &plain);
    round_trip(&Value::dynamic(), &Type::Dynamic, &plain);
    let refined = |ty: Type, refinements: Refinements| Value::unknown_with(ty, refinements);
    let not_null = refined(Type::Bool, Refinements::NOT_NULL);
    round_trip(&not_null, &Type::Bool, &[0xc7, 3, 12, 0x81, 1, 0xc2]);
    let prefix = refined(Type::String, Refinements::NONE.prefix("a-"));
    round_trip(
        &prefix,
        &Type::String,
        &[0xc7, 5, 12, 0x81, 2, 0xa2, b'a', b'-'],
    );
    let bounds = Refinements::NONE
        .at_least(Number::from(1))
        .at_most(Number::from(9));
    let want = [0xc7, 9, 12, 0x82, 3, 0x92, 1, 0xc3, 4, 0x92, 9, 0xc3];
    round_trip(&refined(Type::Number, bounds), &Type::Number, &want);
    let lengths = refined(Type::list(Type::Bool), Refinements::NONE.length(1, 3));
    round_trip(
        &lengths,
        &Type::list(Type::Bool),
        &[0xc7, 5, 12, 0x82, 5, 1, 6, 3],
    );
    // Refinements that leave no choice make a known value.
    let two = [0xc7, 7, 12, 0x83, 1, 0xc2, 5, 2, 6, 2];
    let ty = Type::list(Type::Bool);
    assert_eq!(
        decode(&two, &ty).unwrap(),
        Value::list(Type::Bool, vec![Value::unknown(Type::Bool); 2])
    );
    // What a later version may add is skipped.
    let newer = [0xc7, 8, 12, 0x82, 99, 0x92, 1, 0xa1, b'x', 1, 0xc2];
    assert_eq!(decode(&newer, &Type::Bool).unwrap(), not_null);
    let null = [0xc7, 3, 12, 0x81, 1, 0xc3];
    assert_eq!(decode(&null, &Type::Bool).unwrap(), Value::null(Type::Bool));
}

#[test]
fn long_prefixes_are_cut() {
    let text = format!("{}é", "ab".repeat(200));
    let value = Value::unknown_refined(
        Type::String,
        Refinements {
            prefix: Some(text.into()),
            ..Refinements::NOT_NULL
        },
    );
    let back = decode(&encode(&value, &Type::String).unwrap(), &Type::String).unwrap();
    let kept = back.range().refinements.prefix.unwrap().len();
    assert!((200..256).contains(&kept), "{kept}");
}

#[test]
fn marked_values_are_refused() {
    let value = Value::tuple(vec![Value::TRUE.with_marks(&Marks::SENSITIVE)]);
    let error = encode(&value, &value.ty()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "[0]: value has marks, so it cannot be serialized"
    );
}

#[test]
fn wrong_bytes_are_an_error() {
    let object = Type::object([("a", Type::Bool)]);
    for (bytes, ty, want) in [
        (&[][..], &Type::Bool, "unexpected end of data"),
        (&[1], &Type::Bool, "bool is required"),
        (&[0xc3], &Type::Number, "number is required"),
        (&[0xa1, 0xff], &Type::String, "string is not valid UTF-8"),
        (
            &[0xdb, 0xff, 0xff, 0xff, 0xff],
            &Type::String,
            "unexpected end of data",
        ),
        (
            &[0xdd, 0xff, 0xff, 0xff, 0xff],
            &Type::list(Type::Bool),
            "[0]: unexpected end of data",
        ),
        (
            &[0x80],
            &object,
            "an object with 1 attributes is required (0 given)",
        ),
        (
            &[0x81, 0xa1, b'b', 0xc3],
            &object,
            ".b: unsupported attribute",
        ),
        (&[0x81, 0xa1, b'a', 5], &object, ".a: bool is required"),
        (
            &[0x91, 5],
            &Type::Dynamic,
            "dynamic value array must have exactly two elements",
        ),
        (
            &[0x92, 0xa1, b'x', 5],
            &Type::Dynamic,
            "invalid type of dynamic value",
        ),
        (
            &[0xc7, 2, 5, 0, 0],
            &Type::Bool,
            "unsupported extension type 5 with length 2",
        ),
        (
            &[0xc8, 0xff, 0xff, 12],
            &Type::Bool,
            "oversize unknown value refinement",
        ),
        (
            &[0xc7, 5, 12, 0x82, 1, 0xc2, 1, 0xc3],
            &Type::Bool,
            "refinements contradict each other",
        ),
        (
            &[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
            &Type::Number,
            "number is required",
        ),
    ] {
        let error = decode(bytes, ty).unwrap_err();
        assert_eq!(error.to_string(), want, "{bytes:02x?}");
    }
}

#[test]
fn nesting_is_bounded() {
    let mut ty = Type::Bool;
    for _ in 0..1000 {
        ty = Type::list(ty);
    }
    let bytes = vec![0x91; 1000];
    assert!(
        decode(&bytes, &ty)
            .unwrap_err()
            .message
            .contains("nested too deeply")
    );
    let wrapped: Vec<u8> = b"\x92\xc4\x09\"dynamic\"".repeat(100_000);
    assert!(decode(&wrapped, &Type::Dynamic).is_err());
}

/// Whatever the bytes are, decoding ends, and does not ask for memory that they do not pay for.
#[test]
fn garbage_is_survived() {
    let types: Vec<Type> = [
        "\"dynamic\"",
        r#"["list",["map","dynamic"]]"#,
        r#"["object",{"a":["set","number"],"b":["tuple",["string","bool"]]}]"#,
    ]
    .iter()
    .map(|text| json::decode_type(text).unwrap())
    .collect();
    let mut seed = 1_u64;
    let mut next = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u8::try_from(seed >> 56).unwrap()
    };
    let mut decoded = 0;
    for round in 0..60_000 {
        let bytes: Vec<u8> = (0..round % 40)
            .map(|_| {
                let byte = next();
                // Mostly short containers, texts and extensions.
                match byte % 4 {
                    0 => 0x80 | (byte >> 4 & 0x13),
                    1 => 0xc0 | (byte >> 3),
                    2 => byte & 0xa7,
                    _ => byte,
                }
            })
            .collect();
        for ty in &types {
            decoded += usize::from(decode(&bytes, ty).is_ok());
        }
    }
    assert!(
        decoded > 100,
        "only {decoded} of the random inputs meant something"
    );
}
