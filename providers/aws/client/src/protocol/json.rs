//! JSON bodies: all of the json protocol, and the bodies of rest-json.

use super::text::{bytes_of, read_time, write_time};
use super::{Answer, MAX_DEPTH, Wire};
use crate::model::{Kind, Member, Model, Operation, ShapeId, TimestampFormat};
use serde_json::{Map, Number, Value};

pub(super) fn write(
    model: &Model,
    operation: &Operation,
    input: &Map<String, Value>,
) -> Result<Wire, String> {
    let body = match operation.input() {
        Some(shape) => members(model, shape, input, |_| true)?,
        None => Map::new(),
    };
    let metadata = &model.metadata;
    Ok(Wire {
        method: operation.method.to_string(),
        path: operation.uri.to_string(),
        headers: vec![
            (
                "Content-Type".into(),
                format!("application/x-amz-json-{}", metadata.json_version),
            ),
            (
                "X-Amz-Target".into(),
                format!("{}.{}", metadata.target_prefix, operation.name),
            ),
        ]
        .into_iter()
        // Asks for the codes that errors had in the query protocol.
        .chain(
            metadata
                .query_compatible
                .then(|| (String::from("x-amzn-query-mode"), String::from("true"))),
        )
        .collect(),
        body: Value::Object(body).to_string().into_bytes(),
        ..Wire::default()
    })
}

/// The members of a structure that are wanted, as they are sent.
pub(super) fn members(
    model: &Model,
    id: ShapeId,
    input: &Map<String, Value>,
    wanted: impl Fn(&Member) -> bool,
) -> Result<Map<String, Value>, String> {
    let shape = model.shape(id);
    let mut out = Map::new();
    for (name, value) in input {
        if let Some(member) = shape.member(name).filter(|member| wanted(member)) {
            out.insert(member.wire_name().to_owned(), encode(model, member, value)?);
        }
    }
    Ok(out)
}

/// A value as it is sent.
pub(super) fn encode(model: &Model, member: &Member, value: &Value) -> Result<Value, String> {
    let shape = model.shape(member.shape);
    if shape.document {
        return Ok(value.clone());
    }
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(input)) => {
            members(model, member.shape, input, |_| true).map(Value::Object)
        }
        (Kind::List, Value::Array(items)) => {
            let element = shape.element.as_ref().ok_or("no element")?;
            items
                .iter()
                .map(|item| encode(model, element, item))
                .collect()
        }
        (Kind::Map, Value::Object(items)) => {
            let element = shape.element.as_ref().ok_or("no value")?;
            items
                .iter()
                .map(|(key, item)| Ok((key.clone(), encode(model, element, item)?)))
                .collect()
        }
        (Kind::Timestamp, value) => {
            let format = member.timestamp.unwrap_or(TimestampFormat::Unix);
            let text = write_time(value, format)?;
            match format {
                TimestampFormat::Unix => text
                    .parse::<Number>()
                    .map(Value::Number)
                    .map_err(|error| error.to_string()),
                TimestampFormat::Iso8601 | TimestampFormat::Rfc822 => Ok(text.into()),
            }
        }
        (_, value) => Ok(value.clone()),
    }
}

pub(super) fn read(model: &Model, operation: &Operation, answer: &Answer) -> Result<Value, String> {
    let Some(shape) = operation.output() else {
        return Ok(Value::Object(Map::new()));
    };
    let body = parse(&answer.body)?;
    decode_members(model, shape, &body, 0).map(Value::Object)
}

/// A body; an empty one is an empty object.
pub(super) fn parse(body: &[u8]) -> Result<Value, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(body).map_err(|error| format!("it is no JSON: {error}"))
}

/// The members of a structure that are in the body.
pub(super) fn decode_members(
    model: &Model,
    id: ShapeId,
    body: &Value,
    depth: usize,
) -> Result<Map<String, Value>, String> {
    let mut out = Map::new();
    let Some(body) = body.as_object() else {
        return match body {
            Value::Null => Ok(out),
            _ => Err(format!("{} is no object", model.shape(id).name())),
        };
    };
    for member in model.shape(id).members() {
        if !member.is_in_answer_body() {
            continue;
        }
        if let Some(value) = body
            .get(member.wire_name())
            .filter(|value| !value.is_null())
        {
            let value = decode(model, member, value, depth + 1)
                .map_err(|why| format!("{}: {why}", member.name()))?;
            out.insert(member.name().to_owned(), value);
        }
    }
    Ok(out)
}

/// A value that was sent, in our form.
pub(super) fn decode(
    model: &Model,
    member: &Member,
    value: &Value,
    depth: usize,
) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(String::from("it is nested too deeply"));
    }
    let shape = model.shape(member.shape);
    if shape.document || value.is_null() {
        return Ok(value.clone());
    }
    match (shape.kind, value) {
        (Kind::Structure, value) => {
            decode_members(model, member.shape, value, depth).map(Value::Object)
        }
        (Kind::List, Value::Array(items)) => {
            let element = shape.element.as_ref().ok_or("no element")?;
            items
                .iter()
                .map(|item| decode(model, element, item, depth + 1))
                .collect()
        }
        (Kind::Map, Value::Object(items)) => {
            let element = shape.element.as_ref().ok_or("no value")?;
            items
                .iter()
                .map(|(key, item)| Ok((key.clone(), decode(model, element, item, depth + 1)?)))
                .collect()
        }
        (Kind::Timestamp, Value::Number(number)) => read_time(&number.to_string()),
        (Kind::Timestamp, Value::String(text)) => read_time(text),
        (Kind::Blob, value) if bytes_of(value).is_some() => Ok(value.clone()),
        (Kind::String, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Integer, Value::Number(_))
        | (Kind::Float, Value::Number(_) | Value::String(_)) => Ok(value.clone()),
        // Services that were rewritten send some numbers and truths as texts, and the other way round.
        (Kind::Integer, Value::String(text)) => super::text::read_number(text, true),
        (Kind::Boolean, Value::String(text)) => super::text::read_boolean(text),
        (Kind::String, Value::Number(number)) => Ok(number.to_string().into()),
        (Kind::String, Value::Bool(truth)) => Ok(truth.to_string().into()),
        (kind, _) => Err(format!("it is not of the kind {kind:?}")),
    }
}
