//! What a query found, for people and for programs.

use super::json::Json;
use super::paint::plain;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use terrane_ops::query::{Found, Listing};
use terrane_ops::shown::as_json;

/// A line for each object: the list that found it, its identity, its name.
/// `failed`: not everything could be asked.
pub(crate) fn text(listings: &[Listing], failed: bool) -> String {
    let rows: Vec<(&str, String, &str)> = listings
        .iter()
        .flat_map(|listing| {
            let found = listing.found.iter();
            found.map(|found| {
                (
                    listing.addr.as_str(),
                    identity(found),
                    found.display_name.as_str(),
                )
            })
        })
        .collect();
    if rows.is_empty() {
        return String::from(if failed {
            ""
        } else {
            "No objects were found.\n"
        });
    }
    let width = |texts: &mut dyn Iterator<Item = &str>| {
        texts.map(|text| text.chars().count()).max().unwrap_or(0)
    };
    let first = width(&mut rows.iter().map(|(addr, ..)| *addr));
    let second = width(&mut rows.iter().map(|(_, identity, _)| identity.as_str()));
    let mut out = String::new();
    for (addr, identity, name) in &rows {
        let mut line = String::new();
        // Writing to a string cannot fail.
        let _written = write!(line, "{addr:first$}   {identity:second$}   {}", plain(name));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// What is said of generated configuration.
pub(crate) fn generated(path: &str, count: usize) -> String {
    match count {
        0 => String::from("\nNo configuration was generated.\n"),
        1 => format!(
            "\nConfiguration for 1 object was generated and written to {path}. Please review it\nbefore you plan with it.\n"
        ),
        count => format!(
            "\nConfiguration for {count} objects was generated and written to {path}. Please review\nit before you plan with it.\n"
        ),
    }
}

/// `name=value,…`, in the order of the names.
fn identity(found: &Found) -> String {
    let Value::Object(attributes) = encoded(&found.identity) else {
        return String::new();
    };
    let pairs = attributes.iter().filter(|(_, value)| !value.is_null());
    let pairs = pairs.map(|(name, value)| match value {
        Value::String(text) => format!("{name}={}", plain(text)),
        value => format!("{name}={value}"),
    });
    pairs.collect::<Vec<_>>().join(",")
}

/// The messages about one listing.
pub(crate) fn lines(view: &mut Json<'_>, listing: &Listing) {
    let Listing {
        addr,
        type_name,
        config,
        found,
    } = listing;
    let mut say = |message: &str, kind: &str, body: Value| {
        let rest = Map::from_iter([(kind.to_owned(), body)]);
        view.line("info", &format!("{addr}: {message}"), kind, rest);
    };
    say(
        "Querying...",
        "list_start",
        json!({ "address": addr, "resource_type": type_name.as_str(), "input_config": encoded(config) }),
    );
    for one in found {
        let mut body = json!({
            "address": addr,
            "display_name": one.display_name,
            "identity": encoded(&one.identity),
            "identity_version": one.identity_version,
            "resource_type": type_name.as_str(),
        });
        if let Some(body) = body.as_object_mut() {
            if !one.object.is_null() {
                body.insert("resource_object".into(), encoded(&one.object));
            }
            if let Some(config) = &one.config {
                body.insert("config".into(), config.text.as_str().into());
            }
            if let Some(import) = &one.import {
                body.insert("import_config".into(), import.as_str().into());
            }
        }
        say("Result found", "list_resource_found", body);
    }
    say(
        "Query complete",
        "list_complete",
        json!({ "address": addr, "resource_type": type_name.as_str(), "total": found.len() }),
    );
    view.flush();
}

fn encoded(value: &terrane_ops::value::Value) -> Value {
    as_json(&value.unmark_deep()).unwrap_or(Value::Null)
}
