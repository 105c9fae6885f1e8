//! Every table against the facts of its type and the models of its operations.

use super::{all_names, table};
use crate::facts::{self, Kind, TypeFacts};
use crate::model::Models;
use crate::read::Reader;
use crate::run::places;
use crate::shape::{Shape, Shapes as _, squash};
use crate::table::{Id, Step, Table, Tags};
use crate::write::Fill;
use std::fmt::Write as _;
use terrane_model::provider::Private;
use terrane_provider::args;
use terrane_provider::plan::PlanRequest;
use terrane_value::{Path, Type, Value};

fn steps(table: &Table) -> impl Iterator<Item = &Step> {
    table
        .create
        .iter()
        .chain(&table.then)
        .chain(&table.read)
        .chain(&table.update)
        .chain(&table.delete)
        .chain(table.members.iter().flat_map(|one| [&one.add, &one.remove]))
        .chain(
            table
                .bulk
                .iter()
                .filter_map(|bulk| Some(&bulk.step.as_ref()?.0)),
        )
}

fn fill<'a>(table: &'a Table, step: &'a Step) -> Fill<'a> {
    Fill {
        names: &table.names,
        only: &step.only,
        except: &step.except,
        prior: None,
    }
}

/// What is wrong with a table.
#[expect(clippy::too_many_lines, reason = "one list of checks")]
fn problems(table: &Table, facts: &TypeFacts) -> Vec<String> {
    let models = Models::default();
    let mut found = Vec::new();
    let known = |name: &str| {
        let name = name.split('.').next().unwrap_or(name);
        name == "id"
            || facts.block.attributes.contains_key(name)
            || facts.block.blocks.contains_key(name)
    };
    for step in steps(table) {
        let service = step.service.unwrap_or(table.service);
        let Some(operation) = models.operation(service, step.operation) else {
            found.push(format!("{service} has no operation {}", step.operation));
            continue;
        };
        for (member, text) in &step.sets {
            if operation.input.at(member).is_none() {
                found.push(format!("{} takes no {member}", step.operation));
            }
            found.extend(
                places(text)
                    .iter()
                    .filter(|name| !known(name))
                    .map(|name| format!("{}: no attribute {name}", step.operation)),
            );
        }
        for name in step
            .only
            .iter()
            .chain(&step.except)
            .filter(|name| !known(name))
        {
            found.push(format!("{}: no attribute {name}", step.operation));
        }
        for name in step.only.iter().filter(|name| {
            let target = step.target(&operation.input);
            step.fills && fill(table, step).places(name, target).is_empty()
        }) {
            found.push(format!("{} takes no {name}", step.operation));
        }
        if let Some((member, _)) = step.map
            && !matches!(
                operation.input.at(member),
                Some(Shape::Map(_) | Shape::List(_))
            )
        {
            found.push(format!("{} has no map {member}", step.operation));
        }
        let is_read = table.read.iter().any(|read| std::ptr::eq(read, step));
        if is_read && operation.output.at(step.at).is_none() {
            found.push(format!("{} answers nothing at {}", step.operation, step.at));
        }
        found.extend(missing(table, step, &operation.input, facts));
    }
    if let Tags::Calls {
        list,
        add,
        remove,
        key,
        ..
    } = table.tags
    {
        for name in list.iter().chain(&[add, remove]) {
            match models.operation(table.service, name) {
                None => found.push(format!("no operation {name}")),
                Some(operation) if *name != list.unwrap_or_default() => {
                    for key in key
                        .split(',')
                        .filter(|key| operation.input.at(key).is_none())
                    {
                        found.push(format!("{name} takes no {key}"));
                    }
                }
                Some(_) => {}
            }
        }
    }
    if let Id::Of(text) = table.id {
        found.extend(
            places(text)
                .iter()
                .filter(|name| !known(name))
                .map(|name| format!("id: no attribute {name}")),
        );
    }
    let derived = table.derived.iter().map(|derived| &derived.name);
    let members = table.members.iter().map(|members| &members.attribute);
    for name in table
        .local
        .iter()
        .chain(&table.quiet)
        .chain(derived)
        .chain(members)
        .filter(|name| !known(name))
    {
        found.push(format!("no attribute {name}"));
    }
    // What elements are added to and removed from is given by the elements.
    for members in &table.members {
        for step in [&members.add, &members.remove] {
            let service = step.service.unwrap_or(table.service);
            let operation = models.operation(service, step.operation);
            if operation.is_some_and(|operation| operation.input.at(members.list()).is_none()) {
                found.push(format!("{} takes no {}", step.operation, members.member));
            }
        }
    }
    found
}

/// Members that the operation requires, and that nothing gives. What functions add is not seen here.
fn missing(table: &Table, step: &Step, input: &Shape, facts: &TypeFacts) -> Vec<String> {
    let Shape::Structure { required, .. } = input else {
        return Vec::new();
    };
    let fed = |one: &crate::table::Members| {
        [&one.add, &one.remove]
            .iter()
            .any(|other| std::ptr::eq(*other, step))
    };
    if table.input.is_some() || step.each.is_some() || table.members.iter().any(fed) {
        return Vec::new();
    }
    let fill = fill(table, step);
    let all: Vec<&String> = facts
        .block
        .attributes
        .keys()
        .chain(facts.block.blocks.keys())
        .collect();
    required
        .iter()
        .filter(|member| {
            let set = step
                .sets
                .iter()
                .any(|(name, _)| name.split('.').next() == Some(member.as_str()));
            let mapped = step.map.is_some_and(|(name, _)| name == member.as_str())
                || step.inside.split('.').next() == Some(member.as_str());
            let filled = step.fills
                && all.iter().any(|name| {
                    fill.takes(name, &facts.block)
                        && fill
                            .places(name, input)
                            .iter()
                            .any(|(place, _)| place.split('.').next() == Some(member.as_str()))
                });
            let carried = step.carries.iter().any(|(_, name)| name == member);
            !set && !mapped && !filled && !carried
        })
        .map(|member| format!("{} requires {member}", step.operation))
        .collect()
}

#[test]
fn every_table_fits_its_operations_and_its_type() {
    let mut found = Vec::new();
    for name in all_names() {
        let table = table(name).unwrap();
        assert_eq!(table.name, name);
        let facts = facts::of(Kind::Resource, name).unwrap_or_else(|| panic!("no type {name}"));
        found.extend(
            problems(table, &facts)
                .into_iter()
                .map(|problem| format!("{name}: {problem}")),
        );
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Two values of a type that differ; `None`: it has no simple ones.
fn two(ty: &Type) -> Option<(Value, Value)> {
    Some(match ty {
        Type::String => (Value::string("one"), Value::string("two")),
        Type::Number => (Value::number(1), Value::number(2)),
        Type::Bool => (Value::bool(true), Value::bool(false)),
        Type::List(element) | Type::Set(element) => {
            let (one, two) = self::two(element)?;
            let of = |item| match ty {
                Type::Set(_) => Value::set((**element).clone(), vec![item]),
                _ => Value::list((**element).clone(), vec![item]),
            };
            (of(one), of(two))
        }
        Type::Map(element) => {
            let (one, two) = self::two(element)?;
            let of = |item| Value::map((**element).clone(), [("k".into(), item)].into());
            (of(one), of(two))
        }
        _ => return None,
    })
}

/// Every argument that hashicorp/aws says cannot be changed in place asks for a new object, for every type that can be made.
#[test]
fn what_cannot_change_in_place_asks_for_a_new_object() {
    let schemas = facts::provider_schema();
    let (mut asked, mut missed) = (0, Vec::new());
    for name in all_names() {
        let table = table(name).unwrap();
        let facts = facts::of(Kind::Resource, name).unwrap();
        let schema = schemas.resources.get(name).unwrap();
        let blank = crate::run::blank(&facts, schema);
        let fixed = facts.block.attributes.iter().filter(|(name, about)| {
            about.replaces() && (about.required || about.optional) && *name != "region"
        });
        for (attribute, _) in fixed {
            let ty = schema.block.attributes[attribute.as_str()].value_type();
            let Some((one, two)) = two(&ty) else { continue };
            let prior = args::with(&blank, attribute, one);
            let config = args::with(&blank, attribute, two);
            let request = PlanRequest {
                prior,
                proposed: config.clone(),
                config,
                private: Private::default(),
                identity: Value::NULL,
            };
            let response = crate::plan::plan(None, Some(table), (&facts, schema), &request);
            asked += 1;
            let path = Path::new().attr(attribute.as_str());
            if !response.requires_replace.contains(&path) {
                missed.push(format!("{name}.{attribute}"));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(asked > 500, "{asked}");
}

/// Attributes that nothing reads are either known here only, or read by a function: they are listed in `unread.txt`, and nowhere else.
#[test]
fn what_is_not_read_by_the_rule_is_listed() {
    let models = Models::default();
    let mut lines = String::new();
    for name in all_names() {
        let table = table(name).unwrap();
        let facts = facts::of(Kind::Resource, name).unwrap();
        let reader = Reader {
            names: &table.names,
            local: &table.local,
            quiet: &table.quiet,
            empties: false,
            lasting: false,
        };
        let all = facts
            .block
            .attributes
            .keys()
            .chain(facts.block.blocks.keys());
        let unread: Vec<&str> = all
            .map(String::as_str)
            .filter(|name| !matches!(*name, "id" | "region" | "tags" | "tags_all" | "timeouts"))
            .filter(|name| *name != "arn" || table.arn.is_none())
            .filter(|name| !table.local.contains(name))
            .filter(|name| {
                !table.read.iter().any(|step| {
                    let service = step.service.unwrap_or(table.service);
                    let operation = models.operation(service, step.operation).unwrap();
                    let bag = step.bag.unwrap_or_default();
                    let mut bagged = bag.iter().map(|(path, _)| path.split('.').next());
                    let lifted = |(_, member): &(&str, &str)| squash(member) == squash(name);
                    step.into == Some(*name)
                        || step.lifts.iter().any(lifted)
                        || bagged.any(|first| first == Some(*name))
                        || matches!(operation.output.at(step.at), Some(Shape::Map(_)))
                        || (step.bag.is_none() && reader.knows(name, operation.output.at(step.at)))
                })
            })
            .collect();
        let by = match (
            &table.hooks,
            table.answer.is_some() || table.found.is_some(),
        ) {
            (Some(_), _) => "a function reads them, or nobody",
            (None, true) => "a function",
            (None, false) => "nobody",
        };
        if !unread.is_empty() {
            writeln!(lines, "{name} ({by}): {}", unread.join(" "))
                .expect("a text takes everything");
        }
    }
    listed("unread.txt", &lines);
}

/// Arguments that a plan refuses: those that nothing is done with, and those that cannot be changed of what exists. They are listed in `unsent.txt`, and all
/// others are sent.
#[test]
fn what_is_not_sent_is_listed() {
    let models = Models::default();
    let schemas = facts::provider_schema();
    let mut lines = String::new();
    for name in all_names() {
        let table = table(name).unwrap();
        let facts = facts::of(Kind::Resource, name).unwrap();
        let sent = crate::able::sent(table, &facts, &models);
        let replaces = |name: &str| {
            let whole =
                |block: &facts::BlockFacts| block.replaces() || crate::plan::wholly_replaces(block);
            table.replaced_by.contains(&name)
                || facts
                    .block
                    .attributes
                    .get(name)
                    .is_some_and(facts::AttributeFacts::replaces)
                || facts.block.blocks.get(name).is_some_and(whole)
        };
        let schema = schemas.resources.get(name).unwrap();
        let all: Vec<&str> = crate::able::arguments(&facts, schema).collect();
        let not_taken: Vec<&str> = all
            .iter()
            .copied()
            .filter(|name| !sent.first.contains(*name))
            .chain(
                table
                    .unsupported
                    .iter()
                    .copied()
                    .filter(|path| path.contains('.')),
            )
            .collect();
        let not_changed: Vec<&str> = all
            .iter()
            .copied()
            .filter(|name| sent.first.contains(*name) && !sent.later.contains(*name))
            .filter(|name| !replaces(name))
            .collect();
        for (what, names) in [("not taken", not_taken), ("not changed", not_changed)] {
            if !names.is_empty() {
                writeln!(lines, "{name} ({what}): {}", names.join(" "))
                    .expect("a text takes everything");
            }
        }
    }
    listed("unsent.txt", &lines);
}

fn listed(file: &str, lines: &str) {
    let path = format!("{}/src/resources/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("TERRANE_BLESS").is_some() {
        std::fs::write(&path, lines).unwrap();
    }
    assert_eq!(
        lines,
        std::fs::read_to_string(&path).unwrap_or_default(),
        "TERRANE_BLESS=1 writes the list anew"
    );
}
