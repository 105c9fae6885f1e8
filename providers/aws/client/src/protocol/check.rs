//! Whether an input is according to its shape, before anything is sent.

use super::MAX_DEPTH;
use super::text::{bytes_of, number_text, parse_time};
use crate::model::{Kind, Model, ShapeId};
use serde_json::{Map, Value};

/// The input without its nulls.
///
/// # Errors
/// The first place that is not according to the model: `Tags[2].Key: …`.
pub(crate) fn check(
    model: &Model,
    shape: ShapeId,
    input: Value,
) -> Result<Map<String, Value>, String> {
    let input = match input {
        Value::Null => Value::Object(Map::new()),
        other => other,
    };
    let mut path = Vec::new();
    match value(model, shape, input, &mut path) {
        Ok(Value::Object(input)) => Ok(input),
        Ok(_) => Err(String::from("the input is no object")),
        Err(why) => Err(match path.concat().trim_start_matches('.') {
            "" => why,
            path => format!("{path}: {why}"),
        }),
    }
}

fn value(
    model: &Model,
    id: ShapeId,
    found: Value,
    path: &mut Vec<String>,
) -> Result<Value, String> {
    if path.len() > MAX_DEPTH {
        return Err(String::from("it is nested too deeply"));
    }
    let shape = model.shape(id);
    if shape.document {
        return Ok(found);
    }
    match (shape.kind, found) {
        (Kind::Structure, Value::Object(members)) => structure(model, id, members, path),
        (Kind::List, Value::Array(items)) => {
            let element = shape.element().ok_or("the model has no element")?;
            let items = items.into_iter().enumerate().map(|(at, item)| {
                path.push(format!("[{at}]"));
                let item = value(model, element, item, path)?;
                path.pop();
                Ok(item)
            });
            items.collect()
        }
        (Kind::Map, Value::Object(items)) => {
            let element = shape.element().ok_or("the model has no values")?;
            let mut out = Map::new();
            for (key, item) in items {
                if !item.is_null() {
                    path.push(format!("[{key:?}]"));
                    let item = value(model, element, item, path)?;
                    path.pop();
                    out.insert(key, item);
                }
            }
            Ok(Value::Object(out))
        }
        (kind, found) => {
            let fine = match kind {
                Kind::String => found.is_string(),
                Kind::Boolean => found.is_boolean(),
                Kind::Integer => found.as_i64().is_some() || found.as_u64().is_some(),
                Kind::Float => number_text(&found).is_some(),
                Kind::Blob => bytes_of(&found).is_some(),
                Kind::Timestamp => parse_time(&found).is_some(),
                Kind::Structure | Kind::List | Kind::Map => false,
            };
            if fine { Ok(found) } else { Err(wanted(kind)) }
        }
    }
}

fn structure(
    model: &Model,
    id: ShapeId,
    members: Map<String, Value>,
    path: &mut Vec<String>,
) -> Result<Value, String> {
    let shape = model.shape(id);
    let mut out = Map::new();
    for (name, found) in members {
        let Some(member) = shape.member(&name) else {
            return Err(format!("there is no member {name} in {}", shape.name()));
        };
        if !found.is_null() {
            path.push(format!(".{name}"));
            let found = value(model, member.shape(), found, path)?;
            path.pop();
            out.insert(name, found);
        }
    }
    // A token that is absent is filled in later.
    let missing = shape.members().find(|member| {
        member.is_required() && !member.is_idempotency_token() && !out.contains_key(member.name())
    });
    match missing {
        Some(member) => Err(format!("the member {} is missing", member.name())),
        None => Ok(Value::Object(out)),
    }
}

fn wanted(kind: Kind) -> String {
    let what = match kind {
        Kind::Structure => "an object",
        Kind::List => "a list",
        Kind::Map => "an object of values by name",
        Kind::String => "a string",
        Kind::Integer => "a whole number",
        Kind::Float => "a number",
        Kind::Boolean => "true or false",
        Kind::Blob => "a string in base64",
        Kind::Timestamp => "a time as in RFC 3339",
    };
    format!("it must be {what}")
}
