//! The fake cloud passes the conformance suite.

use std::collections::BTreeMap;
use terrane_provider::conformance::{Case, check};
use terrane_sim::{SimFactory, World};
use terrane_value::{Type, Value};

fn text(text: &str) -> Value {
    Value::string(text)
}

fn number(number: i64) -> Value {
    Value::number(number)
}

fn tags(value: &str) -> Value {
    Value::map(Type::String, BTreeMap::from([("env".into(), text(value))]))
}

fn disk(size: i64, kind: Option<&str>) -> Value {
    let null = || Value::null(Type::String);
    Value::object([
        ("device", null()),
        ("kind", kind.map_or_else(null, text)),
        ("size", number(size)),
    ])
}

fn rule(port: i64) -> Value {
    Value::object([
        ("id", Value::null(Type::String)),
        ("port", number(port)),
        ("protocol", Value::null(Type::String)),
    ])
}

fn list(items: Vec<Value>) -> Value {
    let element = items.first().map_or(Type::Dynamic, Value::ty);
    Value::list(element, items)
}

fn rules(ports: &[i64]) -> Value {
    let items: Vec<Value> = ports.iter().map(|port| rule(*port)).collect();
    Value::set(rule(0).ty(), items)
}

fn endpoint(path: &str) -> Value {
    let object = Value::object([("address", Value::null(Type::String)), ("path", text(path))]);
    Value::map(object.ty(), BTreeMap::from([("main".into(), object)]))
}

fn boot() -> Value {
    let order = Value::list(Type::String, vec![text("disk")]);
    Value::object([("order", order)])
}

fn instance() -> Vec<(&'static str, Value)> {
    vec![
        ("name", text("web")),
        ("image", text("debian")),
        ("password", text("hunter2")),
        ("secret_wo", text("never stored")),
        ("secret_wo_version", number(1)),
        ("tags", tags("test")),
        ("boot", boot()),
        ("disk", list(vec![disk(1, None), disk(2, Some("fast"))])),
        ("endpoint", endpoint("/")),
        ("rule", rules(&[22, 80])),
    ]
}

fn with(
    mut config: Vec<(&'static str, Value)>,
    name: &'static str,
    value: Value,
) -> Vec<(&'static str, Value)> {
    config.retain(|(own, _)| *own != name);
    config.push((name, value));
    config
}

#[tokio::test]
async fn every_type_keeps_the_contract() {
    let world = World::new(1);
    let cases = [
        Case::resource(
            "sim_network",
            [("name", text("a")), ("cidr", text("10.0.0.0/16"))],
        )
        .changed([
            ("name", text("b")),
            ("cidr", text("10.0.0.0/16")),
            ("tags", tags("x")),
        ])
        .vanishes(),
        Case::resource(
            "sim_network",
            [("name", text("a")), ("cidr", text("10.0.0.0/16"))],
        )
        .changed([("name", text("a")), ("cidr", text("10.1.0.0/16"))]),
        Case::refused("sim_network", [("name", text("a")), ("cidr", text("all"))]),
        Case::resource("sim_instance", instance())
            .changed(with(instance(), "size", text("large")))
            .vanishes(),
        Case::resource("sim_instance", instance()).changed(with(
            instance(),
            "disk",
            list(vec![disk(1, None), disk(2, Some("slow"))]),
        )),
        Case::resource("sim_instance", instance()).changed(with(
            instance(),
            "disk",
            list(vec![disk(1, None)]),
        )),
        Case::resource("sim_instance", instance()).changed(with(
            instance(),
            "rule",
            rules(&[22, 443, 8080]),
        )),
        Case::resource("sim_instance", instance()).changed(with(
            instance(),
            "endpoint",
            endpoint("/other"),
        )),
        Case::refused("sim_instance", with(instance(), "size", text("gigantic"))),
        Case::resource("sim_disk", [("name", text("d")), ("size", number(3))])
            .changed([("name", text("d")), ("size", number(4))])
            .vanishes(),
    ];
    let faults = check(&SimFactory::new(world.clone()), &cases).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(
        world.objects().is_empty(),
        "every case deletes what it made"
    );
    assert_eq!(world.flaws(), Vec::<String>::new());
}
