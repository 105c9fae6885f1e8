//! XML bodies: answers of query and ec2, both ways of rest-xml.

use super::text::{bytes_of, number_text, read_boolean, read_number, read_time, write_time};
use super::xmltree::{Element, escape};
use super::{MAX_DEPTH, base64};
use crate::model::{Kind, Location, Member, Model, Namespace, Shape, ShapeId, TimestampFormat};
use serde_json::{Map, Value};

/// Writes a structure as the root of a document.
pub(super) fn document(
    model: &Model,
    name: &str,
    namespace: Option<&Namespace>,
    id: ShapeId,
    input: &Map<String, Value>,
) -> Result<String, String> {
    let mut writer = Writer {
        model,
        out: String::new(),
    };
    writer.structure(name, namespace, id, input)?;
    Ok(writer.out)
}

struct Writer<'a> {
    model: &'a Model,
    out: String,
}

impl Writer<'_> {
    fn open(&mut self, name: &str, namespace: Option<&Namespace>, attributes: &[(String, String)]) {
        self.out.push('<');
        self.out.push_str(name);
        if let Some(Namespace { uri, prefix }) = namespace {
            self.out.push_str(" xmlns");
            if let Some(prefix) = prefix {
                self.out.extend([":", prefix]);
            }
            self.out.push_str("=\"");
            escape(uri, &mut self.out);
            self.out.push('"');
        }
        for (name, value) in attributes {
            self.out.extend([" ", name, "=\""]);
            escape(value, &mut self.out);
            self.out.push('"');
        }
        self.out.push('>');
    }

    fn close(&mut self, name: &str) {
        self.out.extend(["</", name, ">"]);
    }

    fn structure(
        &mut self,
        name: &str,
        namespace: Option<&Namespace>,
        id: ShapeId,
        input: &Map<String, Value>,
    ) -> Result<(), String> {
        let shape = self.model.shape(id);
        let namespace = namespace.or(shape.xml_namespace.as_deref());
        let mut attributes = Vec::new();
        let mut inner = Vec::new();
        for (name, value) in input {
            let Some(member) = shape.member(name) else {
                continue;
            };
            match member.location {
                Location::Body if member.xml_attribute => {
                    attributes.push((member.wire_name().to_owned(), self.scalar(member, value)?));
                }
                Location::Body => inner.push((member, value)),
                _ => {}
            }
        }
        inner.sort_by_key(|(member, _)| order(shape, member));
        self.open(name, namespace, &attributes);
        for (member, value) in inner {
            self.member(member.wire_name(), member, value)?;
        }
        self.close(name);
        Ok(())
    }

    fn member(&mut self, name: &str, member: &Member, value: &Value) -> Result<(), String> {
        let shape = self.model.shape(member.shape);
        let flattened = member.flattened || shape.flattened;
        let namespace = member.xml_namespace.as_deref();
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(input)) => {
                self.structure(name, namespace, member.shape, input)
            }
            (Kind::List, Value::Array(items)) => {
                let element = shape.element.as_ref().ok_or("no element")?;
                let inner = element.location_name.as_deref();
                if flattened {
                    for item in items {
                        self.member(name, element, item)?;
                    }
                    return Ok(());
                }
                self.open(name, namespace.or(shape.xml_namespace.as_deref()), &[]);
                for item in items {
                    self.member(inner.unwrap_or("member"), element, item)?;
                }
                self.close(name);
                Ok(())
            }
            (Kind::Map, Value::Object(items)) => {
                if flattened {
                    return self.entries(name, namespace, shape, items);
                }
                self.open(name, namespace, &[]);
                self.entries("entry", None, shape, items)?;
                self.close(name);
                Ok(())
            }
            (_, value) => {
                let text = self.scalar(member, value)?;
                self.open(name, namespace, &[]);
                escape(&text, &mut self.out);
                self.close(name);
                Ok(())
            }
        }
    }

    fn entries(
        &mut self,
        name: &str,
        namespace: Option<&Namespace>,
        shape: &Shape,
        items: &Map<String, Value>,
    ) -> Result<(), String> {
        let key = shape.key.as_ref().ok_or("no key")?;
        let element = shape.element.as_ref().ok_or("no value")?;
        for (text, item) in items {
            self.open(name, namespace, &[]);
            let key_name = key.location_name.as_deref().unwrap_or("key");
            self.member(key_name, key, &Value::from(text.as_str()))?;
            let value_name = element.location_name.as_deref().unwrap_or("value");
            self.member(value_name, element, item)?;
            self.close(name);
        }
        Ok(())
    }

    fn scalar(&self, member: &Member, value: &Value) -> Result<String, String> {
        match (self.model.shape(member.shape).kind, value) {
            (Kind::Timestamp, value) => {
                write_time(value, member.timestamp.unwrap_or(TimestampFormat::Iso8601))
            }
            (Kind::Blob, value) => {
                let bytes = bytes_of(value).ok_or("it must be a string in base64")?;
                Ok(base64(&bytes))
            }
            (_, Value::String(text)) => Ok(text.clone()),
            (_, Value::Bool(truth)) => Ok(truth.to_string()),
            (_, value) => number_text(value).ok_or_else(|| String::from("it is no scalar")),
        }
    }
}

/// The place of a member where the shape says one; members without come after, by name.
fn order(shape: &Shape, member: &Member) -> usize {
    let found = shape
        .xml_order
        .iter()
        .position(|name| **name == *member.name);
    found.unwrap_or(usize::MAX)
}

/// The members of a structure that are in an element.
pub(super) fn decode_members(
    model: &Model,
    id: ShapeId,
    at: &Element,
    depth: usize,
) -> Result<Map<String, Value>, String> {
    let mut out = Map::new();
    if depth > MAX_DEPTH {
        return Err(String::from("it is nested too deeply"));
    }
    for member in model.shape(id).members() {
        if !member.is_in_answer_body() {
            continue;
        }
        let value = decode_member(model, member, at, depth)
            .map_err(|why| format!("{}: {why}", member.name()))?;
        if let Some(value) = value {
            out.insert(member.name().to_owned(), value);
        }
    }
    Ok(out)
}

fn decode_member(
    model: &Model,
    member: &Member,
    at: &Element,
    depth: usize,
) -> Result<Option<Value>, String> {
    let shape = model.shape(member.shape);
    if member.xml_attribute {
        return Ok(at.attribute(member.wire_name()).map(Value::from));
    }
    let flattened = member.flattened || shape.flattened;
    match shape.kind {
        Kind::List if flattened => {
            let element = shape.element.as_ref().ok_or("no element")?;
            // The name is that of the member, or of the list's elements: models are not of one mind.
            let inner = element.location_name.as_deref();
            let own = at.child(member.wire_name()).is_some();
            let name = inner.filter(|_| !own).unwrap_or_else(|| member.wire_name());
            let items: Vec<Value> = at
                .children
                .iter()
                .filter(|child| child.name == name)
                .filter_map(|child| decode(model, element, child, depth + 1).transpose())
                .collect::<Result<_, _>>()?;
            Ok((!items.is_empty()).then_some(Value::Array(items)))
        }
        Kind::Map if flattened => {
            let entries = at.children.iter();
            let entries: Vec<&Element> = entries
                .filter(|child| child.name == member.wire_name())
                .collect();
            if entries.is_empty() {
                return Ok(None);
            }
            map(model, shape, &entries, depth).map(Some)
        }
        _ => match at.child(member.wire_name()) {
            Some(child) => decode(model, member, child, depth + 1),
            None => Ok(None),
        },
    }
}

/// The value of an element. An empty number or time is absent.
pub(super) fn decode(
    model: &Model,
    member: &Member,
    at: &Element,
    depth: usize,
) -> Result<Option<Value>, String> {
    let shape = model.shape(member.shape);
    let text = at.text.as_str();
    let blank = text.trim().is_empty();
    Ok(Some(match shape.kind {
        Kind::Structure => decode_members(model, member.shape, at, depth).map(Value::Object)?,
        Kind::List => {
            let element = shape.element.as_ref().ok_or("no element")?;
            at.children
                .iter()
                .filter_map(|child| decode(model, element, child, depth + 1).transpose())
                .collect::<Result<_, _>>()?
        }
        Kind::Map => map(model, shape, &at.children.iter().collect::<Vec<_>>(), depth)?,
        Kind::String => text.into(),
        _ if blank && shape.kind != Kind::Blob => return Ok(None),
        Kind::Boolean => read_boolean(text)?,
        Kind::Integer => read_number(text, true)?,
        Kind::Float => read_number(text, false)?,
        Kind::Timestamp => read_time(text)?,
        Kind::Blob => {
            let packed: String = text.split_ascii_whitespace().collect();
            let value = Value::from(packed);
            if bytes_of(&value).is_none() {
                return Err(String::from("it is no base64"));
            }
            value
        }
    }))
}

fn map(model: &Model, shape: &Shape, entries: &[&Element], depth: usize) -> Result<Value, String> {
    let element = shape.element.as_ref().ok_or("no value")?;
    let key_name = shape
        .key
        .as_ref()
        .and_then(|key| key.location_name.as_deref());
    let value_name = element.location_name.as_deref().unwrap_or("value");
    let mut out = Map::new();
    for entry in entries {
        let Some(key) = entry.child(key_name.unwrap_or("key")) else {
            continue;
        };
        let value = match entry.child(value_name) {
            Some(value) => decode(model, element, value, depth + 1)?,
            None => None,
        };
        if let Some(value) = value {
            out.insert(key.text.clone(), value);
        }
    }
    Ok(Value::Object(out))
}
