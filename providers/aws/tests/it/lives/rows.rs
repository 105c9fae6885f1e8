//! Lives that are written as data: `rows/*.json`, a file for each family, in it an object for each type.
//!
//! | member | meaning |
//! |---|---|
//! | `type` | the type |
//! | `create`, `update`, `delete` | the operations that make, change and delete the object |
//! | `gone` | the error where it is not there; none: an empty answer |
//! | `shown` | answers by operation; see [`expanded`] |
//! | `config` | the first configuration; `other`: what is changed in place |
//! | `renewed` | arguments that ask for a new object when they are this (`name@path` where the plan names another place) |
//! | `import`, `unknown` | the import id, and what an import does not know |
//! | `sent` | operation, pointer, value: what was asked for |
//! | `stays`, `steps`, `there`, `lasts`, `listed` | as in [`Life`] |

use crate::kept::{Life, Service, live_with};
use crate::support::UNLISTED;
use serde_json::{Map, Value as Json, json};
use std::fs;
use terrane_aws::shape::Shape;
use terrane_provider::ProviderFactory as _;

/// What is put, in the place of what a text names: `$a.b` is what was put at that path, `$a|b` the first of two, `$` in an object all that was put and the
/// answer has a member for, but those that it lists.
fn expanded(template: &Json, shape: &Shape, put: &Json) -> Json {
    match template {
        Json::String(text) => match text.strip_prefix('$') {
            Some(paths) => {
                let mut found = paths.split('|').filter_map(|path| {
                    let pointer = format!("/{}", path.replace('.', "/"));
                    put.pointer(&pointer).filter(|value| !value.is_null())
                });
                found.next().cloned().unwrap_or_default()
            }
            None => template.clone(),
        },
        Json::Array(items) => {
            let element = match shape {
                Shape::List(element) => element,
                _ => &Shape::Any,
            };
            items
                .iter()
                .map(|item| expanded(item, element, put))
                .collect()
        }
        Json::Object(members) => {
            let mut made = Map::new();
            if let Some(without) = members.get("$") {
                let but = without.as_array().cloned().unwrap_or_default();
                let all = put.as_object().into_iter().flatten();
                let taken = all.filter(|(name, _)| {
                    shape.member(name).is_some() && !but.contains(&json!(name))
                });
                made.extend(taken.map(|(name, value)| (name.clone(), value.clone())));
            }
            for (name, below) in members.iter().filter(|(name, _)| *name != "$") {
                let shape = shape.member(name).unwrap_or(&Shape::Any);
                made.insert(name.clone(), expanded(below, shape, put));
            }
            Json::Object(made)
        }
        other => other.clone(),
    }
}

/// A text of a row, for as long as the tests run.
fn text(row: &Json, name: &str) -> &'static str {
    let text = row[name].as_str().unwrap_or_default();
    text.to_owned().leak()
}

fn texts(row: &Json, name: &str) -> &'static [&'static str] {
    let all = row[name].as_array().cloned().unwrap_or_default();
    let all = all.iter().map(|one| -> &'static str {
        let text = one.as_str().unwrap_or_else(|| panic!("{name}: {one}"));
        text.to_owned().leak()
    });
    all.collect::<Vec<_>>().leak()
}

fn life(row: &Json) -> Life {
    let mut other = Json::Null;
    if let Some(changes) = row["other"].as_object() {
        other = row["config"].clone();
        for (name, value) in changes {
            other[name] = value.clone();
        }
        let members = other.as_object_mut().unwrap();
        members.retain(|_, value| !value.is_null());
    }
    let renewed = row["renewed"].as_object().into_iter().flatten();
    let renewed = renewed.map(|(name, value)| {
        let (name, path) = name.split_once('@').unwrap_or((name, name));
        (json!({name: value}), &*path.to_owned().leak())
    });
    let sent = row["sent"].as_array().into_iter().flatten();
    let sent = sent.map(|one| {
        let at = |index: usize| -> &'static str {
            one[index].as_str().unwrap_or_default().to_owned().leak()
        };
        (at(0), at(1), one[2].clone())
    });
    Life {
        config: row["config"].clone(),
        other,
        renewed: renewed.collect(),
        import: text(row, "import"),
        unknown: texts(row, "unknown"),
        sent: sent.collect(),
        stays: row["stays"] == true,
        steps: row["steps"] == true,
        there: row["there"] == true,
        lasts: row["lasts"] == true,
        listed: row["listed"] == true,
    }
}

async fn lived(row: Json) {
    let gone = text(&row, "gone");
    let service = Service {
        type_name: text(&row, "type"),
        create: text(&row, "create"),
        update: texts(&row, "update"),
        delete: text(&row, "delete"),
        shown: |_, _| Json::Null,
        gone: (!gone.is_empty()).then_some(gone),
    };
    let life = life(&row);
    let shown = row["shown"].clone();
    let answers = move |operation: &str, shape: &Shape, put: &Json| match shown.get(operation) {
        Some(template) => expanded(template, shape, put),
        None => json!({}),
    };
    live_with(service, Box::new(answers), life).await;
}

/// The rows of all files, in order.
fn rows() -> Vec<Json> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/lives/rows");
    let files = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let all = files.iter().flat_map(|file| {
        let content = fs::read_to_string(file).unwrap();
        let rows: Vec<Json> = serde_json::from_str(&content)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        rows
    });
    all.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lives_of_rows() {
    let only = std::env::var("TERRANE_ROW").unwrap_or_default();
    let rows = rows().into_iter().filter(|row| {
        let name = row["type"].as_str().unwrap();
        only.is_empty() || only.split(',').any(|one| one == name)
    });
    let lives = rows.map(|row| {
        let name = row["type"].as_str().unwrap().to_owned();
        (name, tokio::spawn(lived(row)))
    });
    let lives: Vec<_> = lives.collect();
    let mut failed = Vec::new();
    for (name, life) in lives {
        if life.await.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// What says that an object of a type is made in a test.
const MADE: &[&str] = &[
    "create(\"",
    "&world,\"",
    "type_name:\"",
    "try_create(\"",
    "\"type\":\"",
];

/// Load balancers have two names: both live the same story.
const NAMES: (&str, &str) = ("aws_alb", "aws_lb");

/// The sources of these tests.
fn sources() -> Vec<String> {
    fn read(folder: &std::path::Path, all: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, all);
            } else {
                let mut source = fs::read_to_string(&path).unwrap();
                source.retain(|letter| !letter.is_whitespace());
                all.push(source);
            }
        }
    }
    let mut all = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    read(folder.as_ref(), &mut all);
    all
}

/// Whether an object of a type is made in a source.
fn makes(source: &str, name: &str) -> bool {
    let (one, two) = NAMES;
    let rest = name.strip_prefix(one).or(name.strip_prefix(two));
    let by_both = rest.is_some_and(|rest| source.contains(&format!("&named(\"{rest}\")")));
    let is_made = |mark: &&str| source.contains(&format!("{mark}{name}\""));
    by_both || MADE.iter().any(is_made)
}

/// Every type that can be made is made somewhere in these tests: here, or with the emulator.
#[test]
fn every_type_has_a_life() {
    let sources = sources();
    let is_made = |name: &str| sources.iter().any(|source| makes(source, name));
    let without: Vec<&str> = terrane_aws::types().filter(|name| !is_made(name)).collect();
    assert!(without.is_empty(), "{}: {without:#?}", without.len());
}

/// Every type has a line that says how its objects are listed; those that can be are listed somewhere in these tests.
#[tokio::test]
async fn every_type_is_listed() {
    let aws = terrane_aws::Aws::new(std::collections::BTreeMap::default()).listing();
    let schema = aws.info().await.unwrap().schema;
    let identified = |name: &str| schema.identities.contains_key(name);
    let without: Vec<&str> = terrane_aws::types()
        .filter(|name| !identified(name))
        .collect();
    assert!(without.is_empty(), "{}: {without:#?}", without.len());
    let sources = sources();
    let tests = sources
        .iter()
        .flat_map(|source| source.split("#[tokio::test"));
    let tests: Vec<&str> = tests.collect();
    let rows = rows();
    let is_listed = |name: &str| {
        let by_row = rows
            .iter()
            .any(|row| row["type"] == name && row["listed"] == true);
        by_row
            || tests.iter().any(|test| {
                let emulated = test.contains("World::new(") && !UNLISTED.contains(&name);
                let told = test.contains("listed:true") || test.contains("is_listed(");
                (emulated || told) && makes(test, name)
            })
    };
    let listed = schema.list_resources.keys().map(|name| name.as_str());
    let without: Vec<&str> = listed.filter(|name| !is_listed(name)).collect();
    assert!(without.is_empty(), "{}: {without:#?}", without.len());
}
