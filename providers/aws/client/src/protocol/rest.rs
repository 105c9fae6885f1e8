//! Members in paths, queries, headers and bodies: rest-json and rest-xml.

use super::text::{
    bytes_of, encode, encode_path, number_text, read_boolean, read_number, read_time, write_time,
};
use super::{Answer, Wire, base64, json, xml, xmltree};
use crate::model::{
    Kind, Location, Member, Model, Namespace, Operation, Protocol, Shape, TimestampFormat,
};
use serde_json::{Map, Number, Value};

pub(super) fn write(
    model: &Model,
    operation: &Operation,
    input: &Map<String, Value>,
) -> Result<Wire, String> {
    let mut wire = Wire {
        method: operation.method.to_string(),
        ..Wire::default()
    };
    let (path, query) = operation
        .uri
        .split_once('?')
        .unwrap_or((&operation.uri, ""));
    for part in query.split('&').filter(|part| !part.is_empty()) {
        wire.query.push(match part.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (part.to_owned(), None),
        });
    }
    wire.path = path.to_owned();
    let Some(body) = &operation.input else {
        return Ok(wire);
    };
    let shape = model.shape(body.shape);
    let mut open = Vec::new();
    for (name, value) in input {
        if let Some(member) = shape.member(name) {
            let placed = place(model, &mut wire, member, value, &mut open);
            placed.map_err(|why| format!("{name}: {why}"))?;
        }
    }
    let named = wire.query.len();
    for (name, value) in open {
        // What has a member of its own is not set by the way.
        let mut known = wire.query.iter().take(named);
        if !known.any(|(known, _)| *known == name) {
            wire.query.push((name, Some(value)));
        }
    }
    if let Some(label) = wire.path.split_once('{').map(|(_, rest)| rest) {
        let name = label.split(['}', '+']).next().unwrap_or_default();
        return Err(format!("{name}: it is part of the path and must be given"));
    }
    write_body(model, operation, shape, input, &mut wire)?;
    Ok(wire)
}

/// Puts a member where it goes. Those in the body come later.
fn place(
    model: &Model,
    wire: &mut Wire,
    member: &Member,
    value: &Value,
    open: &mut Vec<(String, String)>,
) -> Result<(), String> {
    let name = member.wire_name();
    match member.location {
        Location::Body | Location::Status => {}
        Location::Uri => {
            let text = plain(model, member, value, TimestampFormat::Iso8601)?;
            if text.is_empty() {
                return Err(String::from("it is part of the path and must not be empty"));
            }
            wire.path = wire
                .path
                .replace(&format!("{{{name}}}"), &encode(&text))
                .replace(&format!("{{{name}+}}"), &encode_path(&text));
        }
        Location::Query => match value {
            Value::Array(items) => {
                let element = model.shape(member.shape).element.as_ref();
                let element = element.ok_or("no element")?;
                for item in items {
                    let text = plain(model, element, item, TimestampFormat::Iso8601)?;
                    wire.query.push((name.to_owned(), Some(text)));
                }
            }
            Value::Object(items) => {
                let element = model.shape(member.shape).element.as_ref();
                let element = element.ok_or("no value")?;
                for (key, item) in items {
                    let items = match item {
                        Value::Array(items) => items.as_slice(),
                        other => std::slice::from_ref(other),
                    };
                    for item in items {
                        let of = model.shape(element.shape).element.as_ref();
                        let of = of.unwrap_or(element);
                        let text = plain(model, of, item, TimestampFormat::Iso8601)?;
                        open.push((key.clone(), text));
                    }
                }
            }
            value => {
                let text = plain(model, member, value, TimestampFormat::Iso8601)?;
                wire.query.push((name.to_owned(), Some(text)));
            }
        },
        Location::Header => {
            if let Some(text) = header(model, member, value)? {
                wire.headers.push((name.to_owned(), text));
            }
        }
        Location::Headers => {
            for (key, item) in value.as_object().into_iter().flatten() {
                let text = item.as_str().ok_or("it must be a string")?;
                wire.headers.push((format!("{name}{key}"), text.to_owned()));
            }
        }
    }
    Ok(())
}

/// A scalar as it stands in a path, a query or a header.
fn plain(
    model: &Model,
    member: &Member,
    value: &Value,
    format: TimestampFormat,
) -> Result<String, String> {
    match (model.shape(member.shape).kind, value) {
        (Kind::Timestamp, value) => write_time(value, member.timestamp.unwrap_or(format)),
        (_, Value::String(text)) => Ok(text.clone()),
        (_, Value::Bool(truth)) => Ok(truth.to_string()),
        (_, value) => number_text(value).ok_or_else(|| String::from("it is no scalar")),
    }
}

fn header(model: &Model, member: &Member, value: &Value) -> Result<Option<String>, String> {
    let shape = model.shape(member.shape);
    if member.json_value {
        let text = value.as_str().ok_or("it must be a string of JSON")?;
        return Ok(Some(base64(text.as_bytes())));
    }
    let (Some(element), Value::Array(items)) = (&shape.element, value) else {
        return plain(model, member, value, TimestampFormat::Rfc822).map(Some);
    };
    if items.is_empty() {
        return Ok(None);
    }
    let texts = items.iter().map(|item| {
        let text = plain(model, element, item, TimestampFormat::Rfc822)?;
        let quoted = model.shape(element.shape).kind == Kind::String && text.contains(['"', ',']);
        Ok(if quoted {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            text
        })
    });
    let texts: Vec<String> = texts.collect::<Result<_, String>>()?;
    Ok(Some(texts.join(", ")))
}

fn write_body(
    model: &Model,
    operation: &Operation,
    shape: &Shape,
    input: &Map<String, Value>,
    wire: &mut Wire,
) -> Result<(), String> {
    let rest_json = model.protocol() == Protocol::RestJson;
    let Some(body) = &operation.input else {
        return Ok(());
    };
    if let Some(payload) = shape.payload.as_ref().or(body.payload.as_ref()) {
        let member = shape.member(payload).ok_or("the payload is no member")?;
        let of = model.shape(member.shape);
        let value = input.get(&**payload);
        match (of.kind, value) {
            (Kind::Blob, Some(value)) if !of.event_stream => {
                wire.body = bytes_of(value).ok_or("the body must be in base64")?;
                wire.default_header("Content-Type", "application/octet-stream");
            }
            (Kind::String, Some(value)) => {
                wire.body = value.as_str().unwrap_or_default().as_bytes().to_vec();
                wire.default_header("Content-Type", "text/plain");
            }
            (Kind::Blob | Kind::String, None) => {}
            (_, Some(value)) if rest_json => {
                wire.body = json::encode(model, member, value)?.to_string().into_bytes();
                wire.default_header("Content-Type", "application/json");
            }
            (_, Some(Value::Object(value))) => {
                let name = member.location_name.as_deref();
                let name = name.unwrap_or_else(|| of.name());
                let namespace = member
                    .xml_namespace
                    .as_deref()
                    .or(of.xml_namespace.as_deref());
                let text = xml::document(model, name, namespace, member.shape, value)?;
                wire.body = text.into_bytes();
                wire.default_header("Content-Type", "application/xml");
            }
            (_, None) if rest_json => {
                wire.body = b"{}".to_vec();
                wire.default_header("Content-Type", "application/json");
            }
            _ => {}
        }
        return Ok(());
    }
    let in_body = |member: &Member| member.location == Location::Body;
    if !shape.members().any(in_body) {
        return Ok(());
    }
    if rest_json {
        let members = json::members(model, body.shape, input, in_body)?;
        wire.body = Value::Object(members).to_string().into_bytes();
        wire.default_header("Content-Type", "application/json");
        return Ok(());
    }
    let given = input
        .iter()
        .any(|(name, _)| shape.member(name).is_some_and(in_body));
    if given {
        let name = body.location_name.as_deref().unwrap_or(shape.name());
        let whole = model.metadata.xml_namespace.as_ref().map(|uri| Namespace {
            uri: uri.clone(),
            prefix: None,
        });
        let namespace = body.xml_namespace.as_deref().or(whole.as_ref());
        let text = xml::document(model, name, namespace, body.shape, input)?;
        wire.body = text.into_bytes();
        wire.default_header("Content-Type", "application/xml");
    }
    Ok(())
}

pub(super) fn read(model: &Model, operation: &Operation, answer: &Answer) -> Result<Value, String> {
    let Some(id) = operation.output() else {
        return Ok(Value::Object(Map::new()));
    };
    let shape = model.shape(id);
    let mut out = Map::new();
    for member in shape.members() {
        let value = read_placed(model, member, answer)
            .map_err(|why| format!("{}: {why}", member.name()))?;
        if let Some(value) = value {
            out.insert(member.name().to_owned(), value);
        }
    }
    let whole = operation.output.as_ref();
    let whole = whole.and_then(|output| output.payload.as_ref());
    if let Some(payload) = shape.payload.as_ref().or(whole) {
        let member = shape.member(payload).ok_or("the payload is no member")?;
        if let Some(value) = read_payload(model, member, &answer.body)? {
            out.insert(payload.to_string(), value);
        }
        return Ok(Value::Object(out));
    }
    let blank = answer.body.iter().all(u8::is_ascii_whitespace);
    if blank || !shape.members().any(Member::is_in_answer_body) {
        return Ok(Value::Object(out));
    }
    let body = match model.protocol() {
        Protocol::RestJson => json::decode_members(model, id, &json::parse(&answer.body)?, 0)?,
        _ => {
            let root = xmltree::parse(&answer.body)?;
            if &*operation.name == "GetBucketLocation" && root.children.is_empty() {
                // The one answer whose root is the member itself.
                Map::from_iter([(String::from("LocationConstraint"), root.text.into())])
            } else {
                xml::decode_members(model, id, &root, 0)?
            }
        }
    };
    out.extend(body);
    Ok(Value::Object(out))
}

fn read_payload(model: &Model, member: &Member, body: &[u8]) -> Result<Option<Value>, String> {
    let shape = model.shape(member.shape);
    if shape.event_stream {
        return Err(String::from("streams of events are not read"));
    }
    match shape.kind {
        Kind::Blob => return Ok(Some(base64(body).into())),
        Kind::String => {
            let text = String::from_utf8(body.to_vec()).map_err(|error| error.to_string())?;
            return Ok((!text.is_empty()).then(|| text.into()));
        }
        _ => {}
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    match model.protocol() {
        Protocol::RestJson => json::decode(model, member, &json::parse(body)?, 0).map(Some),
        _ => xml::decode(model, member, &xmltree::parse(body)?, 0),
    }
}

/// A member that is not in the body.
fn read_placed(model: &Model, member: &Member, answer: &Answer) -> Result<Option<Value>, String> {
    let name = member.wire_name();
    match member.location {
        Location::Status => Ok(Some(Value::Number(Number::from(answer.status)))),
        Location::Header => match answer.header(name) {
            Some(text) => read_header(model, member, text).map(Some),
            None => Ok(None),
        },
        Location::Headers => {
            let found: Map<String, Value> = answer
                .headers
                .iter()
                .filter_map(|(header, value)| {
                    let start = header.get(..name.len())?;
                    let rest = header.get(name.len()..)?;
                    let ours = start.eq_ignore_ascii_case(name);
                    ours.then(|| (rest.to_owned(), Value::from(value.as_str())))
                })
                .collect();
            Ok(Some(Value::Object(found)))
        }
        Location::Body | Location::Uri | Location::Query => Ok(None),
    }
}

fn read_header(model: &Model, member: &Member, text: &str) -> Result<Value, String> {
    let shape = model.shape(member.shape);
    if member.json_value {
        let bytes = bytes_of(&Value::from(text)).ok_or("it is no base64")?;
        return String::from_utf8(bytes)
            .map(Value::from)
            .map_err(|error| error.to_string());
    }
    match shape.kind {
        Kind::Integer => read_number(text, true),
        Kind::Float => read_number(text, false),
        Kind::Boolean => read_boolean(text),
        Kind::Timestamp => read_time(text),
        Kind::List => {
            let element = shape.element.as_ref().ok_or("no element")?;
            // Dates have a comma of their own.
            let dates = model.shape(element.shape).kind == Kind::Timestamp
                && element
                    .timestamp
                    .is_none_or(|format| format == TimestampFormat::Rfc822);
            split(text, if dates { 2 } else { 1 })
                .iter()
                .map(|part| read_header(model, element, part))
                .collect()
        }
        _ => Ok(text.into()),
    }
}

/// Parts between commas that are not in quotes; each of so many commas' parts.
fn split(text: &str, commas: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let (mut quoted, mut escaped, mut seen) = (false, false, 0);
    for c in text.chars() {
        match c {
            _ if escaped => {
                part.push(c);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                seen += 1;
                if seen % commas == 0 {
                    parts.push(part.trim().to_owned());
                    part.clear();
                } else {
                    part.push(c);
                }
            }
            other => part.push(other),
        }
    }
    parts.push(part.trim().to_owned());
    parts
}
