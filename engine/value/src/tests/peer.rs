//! Conversions, equality, unification and codecs against go-cty: random cases with its answers.
//!
//! Each line of `peer.txt` is an operation, its operands and the answer, between tabs. Values are
//! msgpack of a dynamic type, in hexadecimal digits; types are JSON.

use crate::{Type, Value, convert, json, msgpack, ops};

fn value(hex: &str) -> Value {
    let bytes: Vec<u8> = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    msgpack::decode(&bytes, &Type::Dynamic).unwrap()
}

fn hex(value: &Value) -> String {
    let bytes = msgpack::encode(value, &Type::Dynamic).unwrap();
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("ok {digits}")
}

fn types(text: &str) -> Vec<Type> {
    // The list of types reads as the type of a tuple.
    match json::decode_type(&format!("[\"tuple\",{text}]")).unwrap() {
        Type::Tuple(types) => types.to_vec(),
        other => vec![other],
    }
}

fn answer(operation: &str, first: &str, second: Option<&str>) -> String {
    let other = || value(second.unwrap());
    let common = |allow_unsafe| {
        convert::unify(&types(first), allow_unsafe).map_or_else(
            || "none".to_owned(),
            |ty| {
                let mut text = String::new();
                json::encode_type(&ty, &mut text);
                text
            },
        )
    };
    match operation {
        "convert" => {
            let wanted = json::decode_type(second.unwrap()).unwrap();
            match convert::convert(&value(first), &wanted) {
                Ok(value) => hex(&value),
                Err(error) => format!("err {error}"),
            }
        }
        "equal" => hex(&ops::equal(&value(first), &other())),
        "less" => hex(&ops::less(&value(first), &other()).unwrap()),
        "length" => hex(&ops::length(&value(first)).unwrap()),
        "set" => hex(&value(first)),
        "json" => json::encode_plain(&value(first)).unwrap(),
        "unify" => common(false),
        "unifyunsafe" => common(true),
        _ => panic!("unknown operation {operation}"),
    }
}

#[test]
fn answers_as_the_peer() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in include_str!("peer.txt").lines() {
        let mut fields: Vec<&str> = line.split('\t').collect();
        let want = fields.pop().unwrap();
        let got = answer(fields[0], fields[1], fields.get(2).copied());
        count += 1;
        if got != want {
            wrong.push(format!("{fields:?}\n  want {want}\n  got  {got}"));
        }
    }
    assert!(count > 500, "only {count} cases");
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
