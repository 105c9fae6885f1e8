//! Paths, walks and marks by path.

use super::*;
use crate::{Marks, Type, json};

fn of(text: &str) -> Value {
    json::decode_implied(text).unwrap()
}

fn sample() -> Value {
    of(r#"{"a":[1,{"b":"x"}],"c":null}"#)
}

fn at(steps: &[&str]) -> Path {
    steps.iter().fold(Path::new(), |path, step| {
        step.parse::<i64>().map_or_else(
            |_| path.attr(*step),
            |number| path.index(Value::number(number)),
        )
    })
}

#[test]
fn prints_as_in_a_configuration() {
    let path = at(&["a", "1", "b"])
        .index(Value::string("k\""))
        .index(Value::TRUE);
    assert_eq!(path.to_string(), ".a[1].b[\"k\\\"\"][...]");
}

#[test]
fn leads_to_a_part() {
    let value = sample().with_marks(&Marks::SENSITIVE);
    let found = at(&["a", "1", "b"]).get(&value).unwrap();
    assert_eq!(found, Value::string("x").with_marks(&Marks::SENSITIVE));
    assert!(at(&["a", "2"]).get(&value).is_err());
    assert!(at(&["c", "d"]).get(&value).is_err());
    let set = Value::set(Type::Number, vec![Value::number(1)]);
    assert_eq!(
        Path::new().index(Value::number(1)).get(&set),
        Ok(Value::number(1))
    );
    assert!(Path::new().index(Value::number(2)).get(&set).is_err());
}

#[test]
fn walks_containers_before_content() {
    let mut seen = Vec::new();
    walk(&sample(), &mut |path, value| {
        seen.push(path.to_string());
        !matches!(value.kind(), Kind::Object(object) if object.get("b").is_some())
    });
    assert_eq!(seen, ["", ".a", ".a[0]", ".a[1]", ".c"]);
}

#[test]
fn transforms_content_before_containers() {
    let value = sample();
    let changed = transform(&value, &mut |path, part| {
        if path.to_string() == ".a[1].b" {
            Value::TRUE
        } else {
            part
        }
    });
    assert_eq!(changed, of(r#"{"a":[1,{"b":true}],"c":null}"#));
    let same = transform(&value, &mut |_, part| part);
    assert!(same.same(&value));
    let set = Value::set(Type::Number, vec![Value::number(1), Value::number(2)]);
    let merged = transform(&set, &mut |path, part| {
        if path.0.is_empty() {
            part
        } else {
            Value::number(7)
        }
    });
    assert_eq!(merged, Value::set(Type::Number, vec![Value::number(7)]));
}

#[test]
fn replaces_a_part() {
    let value = sample().with_marks(&Marks::SENSITIVE);
    let changed = replace(&value, &at(&["a", "0"]), Value::TRUE);
    assert_eq!(
        changed,
        of(r#"{"a":[true,{"b":"x"}],"c":null}"#).with_marks(&Marks::SENSITIVE)
    );
    assert_eq!(replace(&value, &at(&["x"]), Value::TRUE), value);
}

#[test]
fn differences_are_as_deep_as_possible() {
    for (a, b, want) in [
        ("1", "1", vec![]),
        ("1", "2", vec![""]),
        (
            r#"{"a":[1,{"b":2}],"c":3}"#,
            r#"{"a":[1,{"b":4}],"c":5}"#,
            vec![".a[1].b", ".c"],
        ),
        (r#"{"a":[1]}"#, r#"{"a":[1,2]}"#, vec![".a"]),
        (r#"{"a":1}"#, r#"{"b":1}"#, vec![""]),
        (r#"{"a":null}"#, r#"{"a":1}"#, vec![".a"]),
    ] {
        let got: Vec<String> = diff(&of(a), &of(b)).iter().map(Path::to_string).collect();
        assert_eq!(got, want, "{a} {b}");
    }
    let secret = Value::tuple(vec![Value::TRUE.with_marks(&Marks::SENSITIVE)]);
    assert_eq!(diff(&secret, &of("[true]")), [at(&["0"])]);
}

#[test]
fn marks_go_and_come_back_by_path() {
    let inner = Value::string("x").with_marks(&Marks::EPHEMERAL);
    let value = Value::object([("a", Value::tuple(vec![inner])), ("b", Value::TRUE)])
        .with_marks(&Marks::SENSITIVE);
    let (plain, marks) = value.unmark_deep_with_paths();
    assert_eq!(plain, of(r#"{"a":["x"],"b":true}"#));
    assert_eq!(
        marks,
        [
            (Path::new(), Marks::SENSITIVE),
            (at(&["a", "0"]), Marks::EPHEMERAL)
        ]
    );
    assert_eq!(plain.mark_with_paths(&marks), value);
}

/// A mark whose place is gone marks what is left around it.
#[test]
fn no_mark_gets_lost() {
    let gone = [(at(&["a", "7", "z"]), Marks::SENSITIVE)];
    let marked = sample().mark_with_paths(&gone);
    assert!(marked.get("a").unwrap().marks().is_sensitive());
    let set = Value::object([("s", Value::set(Type::Number, vec![Value::number(1)]))]);
    let element = Path::new().attr("s").index(Value::number(1));
    let marked = set.mark_with_paths(&[(element, Marks::SENSITIVE)]);
    assert!(marked.get("s").unwrap().marks().is_sensitive());
    let null = Value::object([("a", Value::NULL)]);
    let marked = null.mark_with_paths(&[(at(&["a", "b"]), Marks::SENSITIVE)]);
    assert!(marked.get("a").unwrap().marks().is_sensitive());
}
