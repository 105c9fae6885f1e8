//! Every built-in provider passes the conformance suite.

use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_builtin::Options;
use terrane_builtin::doors::{ManualClock, SeededEntropy};
use terrane_model::addr::ProviderAddr;
use terrane_provider::conformance::{Case, check};
use terrane_value::{Type, Value};

fn options() -> Options {
    Options {
        entropy: Arc::new(SeededEntropy::new(7)),
        clock: Arc::new(ManualClock::new(jiff::Timestamp::constant(
            1_706_696_430,
            0,
        ))),
        ..Options::default()
    }
}

fn text(text: &str) -> Value {
    Value::string(text)
}

fn map(entries: &[(&str, &str)]) -> Value {
    let entries: BTreeMap<_, _> = entries
        .iter()
        .map(|(key, value)| ((*key).into(), text(value)))
        .collect();
    Value::map(Type::String, entries)
}

fn list(items: &[&str]) -> Value {
    Value::list(Type::String, items.iter().map(|item| text(item)).collect())
}

async fn run(namespace: &str, name: &str, cases: &[Case]) {
    let addr = if namespace == "builtin" {
        ProviderAddr::builtin()
    } else {
        ProviderAddr::default_host(namespace, name)
    };
    let providers = terrane_builtin::all(&options());
    let factory = providers.get(&addr).expect("it is built in");
    let faults = check(factory.as_ref(), cases).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn terraform() {
    let object = Value::object([("a", Value::number(1)), ("b", Value::NULL)]);
    let cases = [
        Case::resource("terraform_data", []).imports("some-id"),
        Case::resource("terraform_data", [("input", text("a"))])
            .changed([("input", object.clone())]),
        Case::resource("terraform_data", [("input", object.clone())]).changed([]),
        Case::resource(
            "terraform_data",
            [
                ("input", text("a")),
                (
                    "triggers_replace",
                    Value::tuple(vec![text("x"), Value::TRUE]),
                ),
            ],
        )
        .changed([("input", text("a")), ("triggers_replace", object)]),
        Case::refused("terraform_data", [("id", text("mine"))]),
    ];
    run("builtin", "terraform", &cases).await;
}

#[tokio::test]
async fn null() {
    let cases = [
        Case::resource("null_resource", []).imports("5577006791947779410"),
        Case::resource("null_resource", [("triggers", map(&[("a", "1")]))])
            .changed([("triggers", map(&[("a", "2")]))]),
        Case::data("null_data_source", [("inputs", map(&[("a", "1")]))]),
        Case::data("null_data_source", [("has_computed_default", text("x"))]),
    ];
    run("hashicorp", "null", &cases).await;
}

#[tokio::test]
async fn random() {
    let number = |number: i64| Value::number(number);
    let keepers = || ("keepers", map(&[("a", "1")]));
    let cases = [
        Case::resource("random_bytes", [("length", number(5)), keepers()])
            .changed([("length", number(6))])
            .imports("8/fu3q+2DcgSJ19i0jZ5Cw=="),
        Case::resource(
            "random_id",
            [("byte_length", number(4)), ("prefix", text("p-"))],
        )
        .changed([("byte_length", number(8))])
        .imports("my-prefix-,p-9hUg"),
        Case::refused("random_id", [("byte_length", number(-1))]),
        Case::resource("random_integer", [("min", number(-3)), ("max", number(3))])
            .changed([("min", number(7)), ("max", number(7)), ("seed", text("s"))])
            .imports("15390,1,50000"),
        Case::resource("random_pet", [("prefix", text("x"))])
            .changed([("length", number(4)), ("separator", text("_"))]),
        Case::resource("random_shuffle", [("input", list(&["a", "b", "c"]))]).changed([
            ("input", list(&["a", "b", "c"])),
            ("result_count", number(7)),
        ]),
        Case::resource(
            "random_shuffle",
            [("input", list(&[])), ("result_count", number(3))],
        ),
        Case::resource("random_uuid", [keepers()])
            .changed([])
            .imports("AABBCCDD-eeff-0011-2233-445566778899"),
        Case::resource("random_uuid4", []),
        Case::resource("random_uuid7", [keepers()]),
        Case::resource(
            "random_string",
            [("length", number(12)), ("special", Value::FALSE)],
        )
        .changed([("length", number(12)), ("number", Value::FALSE)])
        .imports("test"),
        Case::resource(
            "random_password",
            [
                ("length", number(9)),
                ("min_special", number(3)),
                ("override_special", text("äö")),
            ],
        )
        .changed([("length", number(10))])
        .imports("securepassword"),
        Case::refused(
            "random_password",
            [("length", number(2)), ("min_upper", number(3))],
        ),
        Case::refused(
            "random_string",
            [
                ("length", number(2)),
                ("number", Value::FALSE),
                ("numeric", Value::TRUE),
            ],
        ),
    ];
    run("hashicorp", "random", &cases).await;
}

#[tokio::test]
async fn local() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| text(folder.path().join(name).to_str().unwrap());
    std::fs::write(folder.path().join("source"), [0xff, 0, 1]).unwrap();
    let cases = [
        Case::resource(
            "local_file",
            [("filename", path("a/b/one")), ("content", text("hello"))],
        )
        .changed([
            ("filename", path("a/b/one")),
            ("content_base64", text("aGVsbG8=")),
            ("file_permission", text("0600")),
        ])
        .vanishes(),
        Case::resource(
            "local_sensitive_file",
            [("filename", path("two")), ("source", path("source"))],
        )
        .vanishes(),
        Case::refused("local_file", [("filename", path("x"))]),
        Case::refused(
            "local_file",
            [
                ("filename", path("x")),
                ("content", text("")),
                ("source", path("source")),
            ],
        ),
        Case::refused(
            "local_file",
            [
                ("filename", path("x")),
                ("content", text("")),
                ("file_permission", text("999")),
            ],
        ),
        Case::data("local_file", [("filename", path("source"))]),
        Case::data("local_sensitive_file", [("filename", path("source"))]),
    ];
    run("hashicorp", "local", &cases).await;
}

#[tokio::test]
async fn time() {
    let number = |number: i64| Value::number(number);
    let triggers = |value| ("triggers", map(&[("a", value)]));
    let cases = [
        Case::resource("time_static", [triggers("1")])
            .changed([triggers("2")])
            .imports("2020-02-12T06:36:13Z"),
        Case::resource(
            "time_static",
            [("rfc3339", text("2020-02-12T06:36:13+01:00"))],
        ),
        Case::refused("time_static", [("rfc3339", text("yesterday"))]),
        Case::resource("time_offset", [("offset_days", number(7))])
            .changed([("offset_days", number(8)), ("offset_months", number(-1))])
            .imports("2020-02-12T06:36:13Z,0,0,7,0,0,0"),
        Case::resource(
            "time_offset",
            [
                ("base_rfc3339", text("2020-01-31T00:00:00Z")),
                ("offset_months", number(1)),
            ],
        )
        .changed([
            ("base_rfc3339", text("2021-01-31T00:00:00Z")),
            ("offset_months", number(1)),
        ]),
        Case::refused("time_offset", [triggers("1")]),
        Case::resource("time_rotating", [("rotation_days", number(30))])
            .changed([("rotation_days", number(31))])
            .imports("2024-01-30T06:36:13Z,0,0,30,0,0"),
        Case::resource(
            "time_rotating",
            [("rotation_rfc3339", text("2030-01-01T00:00:00Z"))],
        )
        .changed([("rotation_years", number(1))])
        .imports("2024-01-30T06:36:13Z,2025-02-13T06:36:13Z"),
        Case::refused("time_rotating", [("rotation_days", number(0))]),
        Case::resource(
            "time_sleep",
            [
                ("create_duration", text("30h")),
                ("destroy_duration", text("1h")),
            ],
        )
        .changed([("create_duration", text("1m"))])
        .imports("30s,"),
        Case::refused("time_sleep", [("create_duration", text("1 day"))]),
        Case::refused("time_sleep", []),
    ];
    run("hashicorp", "time", &cases).await;
}
