//! Conversion and unification.

use super::*;
use crate::{Marks, json};

fn ty(text: &str) -> Type {
    json::decode_type(text).unwrap()
}

fn of(text: &str) -> Value {
    json::decode_implied(text).unwrap()
}

const ANY_LIST: &str = r#"["list","dynamic"]"#;
const STRINGS: &str = r#"["list","string"]"#;
const NUMBERS: &str = r#"["list","number"]"#;

/// Converts what the text stands for, and prints what comes out with its type.
fn check(from: &str, to: &str, want: &str) {
    let got = match convert(&of(from), &ty(to)) {
        Ok(value) => format!("{} {}", json::encode_plain(&value).unwrap(), value.ty()),
        Err(error) => format!("error {error}"),
    };
    assert_eq!(got, want, "{from} to {to}");
}

#[test]
fn primitives() {
    check("1.50", "\"string\"", "\"1.5\" string");
    check("true", "\"string\"", "\"true\" string");
    check("\"1e3\"", "\"number\"", "1000 number");
    check("\"x\"", "\"number\"", "error a number is required");
    check("\"1\"", "\"bool\"", "true bool");
    check(
        "\"True\"",
        "\"bool\"",
        "error a bool is required; to convert from string, use lowercase \"true\"",
    );
    check("1", "\"bool\"", "error bool required, but have number");
    check("[1]", "\"string\"", "error string required, but have tuple");
    check(
        "\"a\"",
        STRINGS,
        "error list of string required, but have string",
    );
    check("null", "\"number\"", "null number");
}

#[test]
fn collections() {
    check(
        "[1,\"b\",true]",
        STRINGS,
        "[\"1\",\"b\",\"true\"] list(string)",
    );
    check("[1,null]", STRINGS, "[\"1\",null] list(string)");
    check(
        "[\"b\",\"a\",\"b\"]",
        r#"["set","string"]"#,
        "[\"a\",\"b\"] set(string)",
    );
    check("[]", NUMBERS, "[] list(number)");
    check("[]", ANY_LIST, "[] list(any)");
    check("[1,\"x\"]", NUMBERS, "error [1]: a number is required");
    check(
        "[1,[]]",
        NUMBERS,
        "error element 1: number required, but have tuple",
    );
    check(
        r#"{"a":1,"b":"2"}"#,
        r#"["map","number"]"#,
        r#"{"a":1,"b":2} map(number)"#,
    );
    check(r#"{"a":1}"#, NUMBERS, "error list of number required");
    check(
        r#"{"a":[]}"#,
        r#"["map","number"]"#,
        "error element \"a\": number required, but have tuple",
    );
    check(
        "[1,2]",
        r#"["tuple",["string","number"]]"#,
        "[\"1\",2] tuple([string,number])",
    );
}

#[test]
fn any_takes_the_common_type() {
    check("[1,\"b\"]", ANY_LIST, "[\"1\",\"b\"] list(string)");
    check(
        "[1,true]",
        ANY_LIST,
        "error all list elements must have the same type",
    );
    check("[null,1]", ANY_LIST, "[null,1] list(number)");
    check(
        "[[1],[\"a\",\"b\"]]",
        ANY_LIST,
        "[[\"1\"],[\"a\",\"b\"]] list(list(string))",
    );
    check(
        r#"[{"a":1},{"a":"x"}]"#,
        ANY_LIST,
        r#"[{"a":"1"},{"a":"x"}] list(object({a=string}))"#,
    );
    check(
        r#"[{"a":1},{"b":"x"}]"#,
        ANY_LIST,
        r#"[{"a":"1"},{"b":"x"}] list(map(string))"#,
    );
    check(
        r#"[[1],["a"]]"#,
        r#"["list",["list","dynamic"]]"#,
        r#"[["1"],["a"]] list(list(string))"#,
    );
    check(
        r#"{"a":[1],"b":["x"]}"#,
        r#"["map",["list","dynamic"]]"#,
        r#"{"a":["1"],"b":["x"]} map(list(string))"#,
    );
    check(
        r#"{"a":1,"b":[]}"#,
        r#"["map","dynamic"]"#,
        "error all map elements must have the same type",
    );
    check(
        r#"{"a":1,"b":2}"#,
        r#"["object",{"a":"dynamic"}]"#,
        r#"{"a":1} object({a=number})"#,
    );
}

#[test]
fn objects() {
    let optional = r#"["object",{"a":"string","b":"number","c":["list","bool"]},["b","c"]]"#;
    check(
        r#"{"a":1,"x":2}"#,
        optional,
        r#"{"a":"1","b":null,"c":null} object({a=string,b=number,c=list(bool)})"#,
    );
    check("{}", optional, "error attribute \"a\" is required");
    check(
        r#"{"a":1,"b":"z"}"#,
        optional,
        "error .b: a number is required",
    );
    check(
        r#"{"a":1,"b":[]}"#,
        optional,
        "error attribute \"b\": number required, but have tuple",
    );
    check(
        "{}",
        r#"["object",{"a":"string","b":"string"}]"#,
        "error attributes \"a\" and \"b\" are required",
    );
    check(
        "{}",
        r#"["object",{"a":"bool","b":"bool","c":"bool"}]"#,
        "error attributes \"a\", \"b\", and \"c\" are required",
    );
    let map = convert(&of(r#"{"a":"1","b":"2"}"#), &ty(r#"["map","string"]"#)).unwrap();
    let object = convert(&map, &ty(r#"["object",{"a":"number","z":"bool"},["z"]]"#)).unwrap();
    assert_eq!(json::encode_plain(&object).unwrap(), r#"{"a":1,"z":null}"#);
    let missing = convert(&map, &ty(r#"["object",{"z":"bool"}]"#)).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "map has no element for required attribute \"z\""
    );
}

#[test]
fn what_fits_is_shared() {
    let value = of(r#"[{"a":["x"]}]"#);
    assert!(convert(&value, &value.ty()).unwrap().same(&value));
    let list = convert(&value, &ty(ANY_LIST)).unwrap();
    assert!(convert(&list, &ty(ANY_LIST)).unwrap().children()[0].same(&value.children()[0]));
}

#[test]
fn unknown_and_null() {
    let strings = ty(STRINGS);
    let unknown = Value::unknown(ty(r#"["tuple",["number","bool"]]"#));
    let want = Value::unknown_with(strings.clone(), Refinements::NONE.length(2, 2));
    assert_eq!(convert(&unknown, &strings).unwrap(), want);
    let sure = convert(&unknown.refine_not_null(), &strings).unwrap();
    assert_eq!(
        sure,
        Value::list(Type::String, vec![Value::unknown(Type::String); 2])
    );
    assert_eq!(
        convert(&Value::dynamic(), &strings).unwrap(),
        Value::unknown(strings.clone())
    );
    assert_eq!(
        convert(&Value::NULL, &strings).unwrap(),
        Value::null(strings.clone())
    );
    let typed = Value::null(ty(r#"["tuple",["number"]]"#));
    assert_eq!(
        convert(&typed, &ty(ANY_LIST)).unwrap(),
        Value::null(ty(NUMBERS))
    );
    let set = Value::set(
        Type::String,
        vec![Value::string("a"), Value::unknown(Type::String)],
    );
    let list = convert(&set, &strings).unwrap();
    assert_eq!(
        list,
        Value::unknown_with(strings, Refinements::NOT_NULL.length(1, 2))
    );
}

#[test]
fn marks_stay_or_move_to_the_set() {
    let secret = Value::number(1).with_marks(&Marks::SENSITIVE);
    let tuple = Value::tuple(vec![secret, Value::number(2)]);
    let list = convert(&tuple, &ty(STRINGS)).unwrap();
    assert!(list.marks().is_none());
    assert!(list.children()[0].marks().is_sensitive());
    let set = convert(&tuple, &ty(r#"["set","string"]"#)).unwrap();
    assert!(set.marks().is_sensitive());
    assert!(set.children().iter().all(|item| item.marks().is_none()));
}

#[test]
fn deep_values_are_refused() {
    let mut value = Value::number(1);
    let mut wanted = Type::String;
    for _ in 0..300 {
        value = Value::tuple(vec![value]);
        wanted = Type::tuple([wanted]);
    }
    assert_eq!(value.depth(), 300);
    assert!(
        convert(&value, &wanted)
            .unwrap_err()
            .message
            .contains("too deeply")
    );
}

#[test]
fn common_types() {
    for (types, safe, any) in [
        (
            vec!["\"string\"", "\"number\""],
            Some("string"),
            Some("string"),
        ),
        (vec!["\"bool\"", "\"number\""], None, None),
        (
            vec!["\"bool\"", "\"number\"", "\"string\""],
            Some("string"),
            Some("string"),
        ),
        (
            vec!["\"dynamic\"", "\"number\""],
            Some("any"),
            Some("number"),
        ),
        (vec!["\"dynamic\"", STRINGS], Some("any"), Some("any")),
        (
            vec![STRINGS, NUMBERS],
            Some("list(string)"),
            Some("list(string)"),
        ),
        (
            vec![STRINGS, r#"["tuple",["number"]]"#],
            Some("list(string)"),
            Some("list(string)"),
        ),
        (
            vec![r#"["tuple",["number"]]"#, r#"["tuple",["string"]]"#],
            Some("tuple([string])"),
            Some("tuple([string])"),
        ),
        (
            vec![r#"["tuple",["number"]]"#, r#"["tuple",[]]"#],
            Some("list(number)"),
            Some("list(number)"),
        ),
        (
            vec![r#"["object",{"a":"bool"}]"#, r#"["map","string"]"#],
            Some("map(string)"),
            Some("map(string)"),
        ),
        (
            vec![r#"["object",{"a":"bool"}]"#, r#"["object",{"b":"string"}]"#],
            Some("map(string)"),
            Some("map(string)"),
        ),
        (vec![r#"["object",{}]"#, r#"["tuple",[]]"#], None, None),
        (
            vec![STRINGS, r#"["set","string"]"#],
            Some("list(string)"),
            Some("list(string)"),
        ),
        (vec![STRINGS, "\"string\""], None, None),
    ] {
        let types: Vec<Type> = types.into_iter().map(ty).collect();
        let got = |allow_unsafe| unify(&types, allow_unsafe).map(|ty| ty.to_string());
        assert_eq!(got(false).as_deref(), safe, "{types:?}");
        assert_eq!(got(true).as_deref(), any, "{types:?} unsafely");
    }
    assert_eq!(unify(&[], true), None);
}

#[test]
fn defaults_fill_what_is_missing_or_null() {
    let port = Defaults {
        values: BTreeMap::from([(EcoString::from("port"), Value::number(80))]),
        children: Children::None,
    };
    let inner = Defaults {
        values: BTreeMap::from([(EcoString::from("server"), Value::object::<&str>([]))]),
        children: Children::Attributes(BTreeMap::from([(EcoString::from("server"), port.clone())])),
    };
    let list = Defaults {
        values: BTreeMap::new(),
        children: Children::Element(Box::new(port.clone())),
    };
    for (defaults, from, want) in [
        (&port, "{}", r#"{"port":80}"#),
        (&port, r#"{"port":null}"#, r#"{"port":80}"#),
        (&port, r#"{"port":1,"x":2}"#, r#"{"port":1,"x":2}"#),
        (&port, "null", "null"),
        (&port, "\"text\"", "\"text\""),
        (&inner, "{}", r#"{"server":{"port":80}}"#),
        (
            &inner,
            r#"{"server":{"port":1}}"#,
            r#"{"server":{"port":1}}"#,
        ),
        (&inner, r#"{"server":null}"#, r#"{"server":{"port":80}}"#),
        (
            &list,
            r#"[{},{"port":1},null]"#,
            r#"[{"port":80},{"port":1},null]"#,
        ),
        (&list, r#"{"a":{}}"#, r#"{"a":{"port":80}}"#),
    ] {
        let got = defaults.apply(&of(from));
        assert_eq!(json::encode_plain(&got).unwrap(), want, "{from}");
    }
    let whole = of(r#"{"port":1}"#);
    assert!(port.apply(&whole).same(&whole));
    let typed = convert(
        &of(r#"[{"port":null}]"#),
        &ty(r#"["list",["object",{"port":"number"}]]"#),
    )
    .unwrap();
    assert_eq!(
        list.apply(&typed).ty().to_string(),
        "list(object({port=number}))"
    );
}
