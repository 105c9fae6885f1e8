//! What a store of whole files costs: `cargo run --release -p terrane-store-remote --example measure -- local FOLDER` or `-- s3 FOLDER ENDPOINT BUCKET`.
//!
//! For states of 100 to 100,000 objects: opening, a change, 100 changes, and closing.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "an example")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use terrane_model::addr::{
    InstanceKey, Mode, ModuleInstance, ProviderAddr, ProviderConfigAddr, ResourceAddr,
};
use terrane_model::event::{Event, EventKind, ObjectAddr};
use terrane_model::provider::Private;
use terrane_model::snapshot::{ObjectState, Status};
use terrane_store::StateStore;
use terrane_store::seal::Plain;
use terrane_store_remote::{Surroundings, open, schema};
use terrane_value::{Type, Value};

fn set(at: u64, round: u64) -> Event {
    let addr = ResourceAddr {
        module: ModuleInstance::default(),
        mode: Mode::Managed,
        type_name: "null_resource".into(),
        name: "r".into(),
    };
    let object = ObjectState {
        status: Status::Ready,
        schema_version: 0,
        attributes: format!(
            r#"{{"id":"{at}","round":{round},"text":"{}"}}"#,
            "x".repeat(900)
        )
        .into(),
        sensitive: Vec::new(),
        private: Private::default(),
        dependencies: Arc::new([]),
        create_before_destroy: false,
        skip_destroy: false,
        identity: None,
        provider_key: None,
        created_in_ms: None,
    };
    Event {
        at_ms: 0,
        kind: EventKind::Set {
            object: ObjectAddr {
                instance: addr.instance(Some(InstanceKey::Int(at))),
                deposed: None,
            },
            provider: ProviderConfigAddr {
                module: addr.module.path(),
                provider: ProviderAddr::default_host("hashicorp", "null"),
                alias: None,
            },
            state: Some(Arc::new(object)),
        },
    }
}

fn store(arguments: &[String], size: u64) -> Arc<dyn StateStore> {
    let folder = Path::new(&arguments[1]);
    let text = |text: String| Value::string(text);
    let name = format!("{size}.tfstate");
    let (kind, given) = if arguments[0] == "local" {
        let path = folder.join(name).display().to_string();
        ("local", vec![("path", text(path))])
    } else {
        let endpoints = Value::object(["dynamodb", "iam", "s3", "sso", "sts"].map(|service| {
            let value = if service == "s3" {
                text(arguments[2].clone())
            } else {
                Value::null(Type::String)
            };
            (service, value)
        }));
        (
            "s3",
            vec![
                ("bucket", text(arguments[3].clone())),
                ("key", text(name)),
                ("region", text(String::from("us-east-1"))),
                ("access_key", text(String::from("id"))),
                ("secret_key", text(String::from("secret"))),
                ("use_path_style", Value::bool(true)),
                ("use_lockfile", Value::bool(true)),
                ("endpoints", endpoints),
            ],
        )
    };
    let schema = schema(kind).unwrap();
    let config = Value::object(schema.attributes.iter().map(|(name, attribute)| {
        let value = given.iter().find(|(given, _)| given == name).map_or_else(
            || Value::null(attribute.value_type()),
            |(_, value)| value.clone(),
        );
        (name.clone(), value)
    }));
    let surroundings = Surroundings::new([].into(), folder.join(".terrane"));
    open(kind, &config, &surroundings, Arc::new(Plain)).unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("objects | fill ms | open ms | first change ms | change ms (of 100) | close ms");
    for size in [100, 1000, 10_000, 100_000] {
        let started = Instant::now();
        let mut workspace = store(&arguments, size).open("default").unwrap();
        let all: Vec<Event> = (0..size).map(|at| set(at, 0)).collect();
        for part in all.chunks(1000) {
            workspace.commit(part.to_vec()).unwrap();
        }
        workspace.close().unwrap();
        let fill = started.elapsed();
        let started = Instant::now();
        let mut workspace = store(&arguments, size).open("default").unwrap();
        let opened = started.elapsed();
        let started = Instant::now();
        workspace.commit(vec![set(1, 1)]).unwrap();
        let first = started.elapsed();
        let started = Instant::now();
        for round in 0..100 {
            workspace
                .commit(vec![set(round % size, round + 2)])
                .unwrap();
        }
        let change = started.elapsed() / 100;
        let started = Instant::now();
        workspace.close().unwrap();
        let closed = started.elapsed();
        let ms = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
        println!(
            "{size} | {:.0} | {:.0} | {:.2} | {:.2} | {:.0}",
            ms(fill),
            ms(opened),
            ms(first),
            ms(change),
            ms(closed)
        );
    }
}
