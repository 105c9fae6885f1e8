//! Root variables: where values come from, how they are converted.

use crate::support::{compiled, render};
use terrane_config::variables::{Given, GivenSource, GivenValue, parse_tfvars, root_variables};
use terrane_lang::source::{FileId, SourceMap};
use terrane_value::{Type, Value};

fn text(name: &str, source: GivenSource, text: &str) -> GivenValue {
    GivenValue {
        name: name.into(),
        source,
        value: Given::Text(text.into()),
    }
}

fn resolve(declarations: &str, given: &[GivenValue]) -> (Vec<Value>, String) {
    let config = compiled(declarations);
    let (values, diagnostics) = root_variables(&config.modules[0], given);
    (values, render(&diagnostics, &SourceMap::default()))
}

#[test]
fn the_last_value_counts() {
    let given = [
        text("a", GivenSource::Env, "env"),
        text("a", GivenSource::CommandLine, "line"),
    ];
    let (values, problems) = resolve("variable \"a\" {\n default = \"d\"\n}\n", &given);
    assert_eq!(problems, "");
    assert_eq!(values, [Value::string("line")]);
}

#[test]
fn texts_are_read_by_type() {
    let line = GivenSource::CommandLine;
    for (declared, given, want) in [
        ("type = string", "[1]", Ok(Value::string("[1]"))),
        ("", "[1]", Ok(Value::string("[1]"))),
        ("type = number", "7", Ok(Value::number(7u64))),
        ("type = bool", "true", Ok(Value::TRUE)),
        (
            "type = list(string)",
            "[1, \"b\"]",
            Ok(Value::list(
                Type::String,
                vec![Value::string("1"), Value::string("b")],
            )),
        ),
        (
            "type = number",
            "x",
            Err("Unsuitable value for var.a set using -var=\"a=...\": "),
        ),
        (
            "type = list(string)",
            "[1",
            Err("The value for var.a set using -var=\"a=...\" is not valid: "),
        ),
        (
            "type = list(string)",
            "[var.b]",
            Err("Variables may not be used here."),
        ),
        ("type = list(string)", "null\nfoo", Err("is not valid")),
        (
            "type = list(string)\n nullable = false",
            "null",
            Err("required variable may not be set to null"),
        ),
    ] {
        let declared = format!("variable \"a\" {{\n {declared}\n}}\n");
        let (values, problems) = resolve(&declared, &[text("a", line.clone(), given)]);
        match want {
            Ok(want) => assert_eq!((values, problems.as_str()), (vec![want], ""), "{given}"),
            Err(want) => assert!(problems.contains(want), "{given}\n{problems}"),
        }
    }
}

#[test]
fn defaults_nulls_and_marks() {
    let declared = "variable \"a\" {\n type = object({ x = optional(number, 3), y = optional(string) })\n sensitive = true\n}\nvariable \"b\" {\n default = \"d\"\n nullable = false\n}\nvariable \"c\" {}\n";
    let given = [
        text("a", GivenSource::Env, "{}"),
        GivenValue {
            name: "b".into(),
            source: GivenSource::CommandLine,
            value: Given::Value(
                Value::NULL,
                terrane_lang::source::Span::new(FileId(0), 0, 0),
            ),
        },
    ];
    let (values, problems) = resolve(declared, &given);
    assert!(problems.starts_with("error: No value for required variable | The root module input variable \"c\" is not set"), "{problems}");
    assert!(values[0].marks().is_sensitive());
    assert_eq!(values[0].get("x"), Some(&Value::number(3u64)));
    assert!(values[0].get("y").unwrap().is_null());
    assert_eq!(values[1], Value::string("d"));
}

#[test]
fn undeclared_names() {
    let declared = "variable \"known\" {\n default = 1\n}\n";
    let span = terrane_lang::source::Span::new(FileId(0), 0, 0);
    let (_, env) = resolve(declared, &[text("nope", GivenSource::Env, "1")]);
    assert_eq!(env, "");
    let (_, line) = resolve(declared, &[text("knwon", GivenSource::CommandLine, "1")]);
    assert!(
        line.starts_with("error: Value for undeclared variable"),
        "{line}"
    );
    assert!(line.contains("Did you mean \"known\"?"), "{line}");
    let many: Vec<GivenValue> = ["p", "q", "r", "s"]
        .iter()
        .map(|name| text(name, GivenSource::File(span), "1"))
        .collect();
    let (_, files) = resolve(declared, &many);
    assert_eq!(files.lines().count(), 3, "{files}");
    assert!(
        files.contains("2 other variable(s) defined without being declared"),
        "{files}"
    );
}

#[test]
fn files_of_values() {
    let mut sources = SourceMap::default();
    let native = "a = 1\nb = [\"x\", { k = true }]\n";
    let id = sources.add("x.tfvars", native);
    let (values, diagnostics) = parse_tfvars(id, native, false);
    assert!(diagnostics.is_empty());
    assert_eq!(values.len(), 2);
    let json = r#"{"a": "${not a template}", "b": {"n": [1, null]}}"#;
    let id = sources.add("x.tfvars.json", json);
    let (values, diagnostics) = parse_tfvars(id, json, true);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let Given::Value(value, span) = &values[0].value else {
        panic!("a value is expected");
    };
    assert_eq!(value.as_str(), Some("${not a template}"));
    assert_eq!(sources.text(*span), "\"${not a template}\"");
    for (text, is_json, want) in [
        ("a = var.b\n", false, "Variables not allowed"),
        (
            "variable \"a\" {}\n",
            false,
            "Variable declaration in .tfvars file",
        ),
        ("a {}\n", false, "Unexpected \"a\" block"),
        ("a = \n", false, "Invalid expression"),
        ("{", true, ""),
    ] {
        let (_, diagnostics) = parse_tfvars(FileId(0), text, is_json);
        assert!(diagnostics.has_errors(), "{text}");
        let got = render(&diagnostics, &sources);
        assert!(got.contains(want), "{text}\n{got}");
    }
}
