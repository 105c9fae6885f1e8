//! Forms: the query protocol and EC2's. Answers are XML.

use super::text::{encode, number_text, write_time};
use super::xml::decode_members;
use super::{Answer, Wire, xmltree};
use crate::model::{Kind, Member, Model, Operation, ShapeId, TimestampFormat};
use serde_json::{Map, Value};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Query,
    Ec2,
}

pub(super) fn write(
    model: &Model,
    operation: &Operation,
    input: &Map<String, Value>,
    flavour: Flavour,
) -> Result<Wire, String> {
    let mut form = Form {
        model,
        flavour,
        pairs: vec![
            (String::from("Action"), operation.name.to_string()),
            (
                String::from("Version"),
                model.metadata.api_version.to_string(),
            ),
        ],
    };
    if let Some(shape) = operation.input() {
        form.structure("", shape, input)?;
    }
    let pairs = form.pairs.iter();
    let body: Vec<String> = pairs
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    Ok(Wire {
        method: operation.method.to_string(),
        path: operation.uri.to_string(),
        headers: vec![(
            "Content-Type".into(),
            "application/x-www-form-urlencoded; charset=utf-8".into(),
        )],
        body: body.join("&").into_bytes(),
        ..Wire::default()
    })
}

struct Form<'a> {
    model: &'a Model,
    flavour: Flavour,
    pairs: Vec<(String, String)>,
}

impl Form<'_> {
    fn name(&self, member: &Member, default: &str) -> String {
        match self.flavour {
            Flavour::Query => member
                .location_name
                .as_deref()
                .unwrap_or(default)
                .to_owned(),
            Flavour::Ec2 => match (&member.query_name, &member.location_name) {
                (Some(name), _) => name.to_string(),
                (None, Some(name)) => upper_first(name),
                (None, None) => upper_first(default),
            },
        }
    }

    fn structure(
        &mut self,
        prefix: &str,
        id: ShapeId,
        input: &Map<String, Value>,
    ) -> Result<(), String> {
        let model = self.model;
        for (name, value) in input {
            if let Some(member) = model.shape(id).member(name) {
                let name = self.name(member, name);
                self.value(&joined(prefix, &name), member, value)?;
            }
        }
        Ok(())
    }

    fn value(&mut self, prefix: &str, member: &Member, value: &Value) -> Result<(), String> {
        let shape = self.model.shape(member.shape);
        match (shape.kind, value) {
            (Kind::Structure, Value::Object(input)) => self.structure(prefix, member.shape, input),
            (Kind::List, Value::Array(items)) => self.list(prefix, member, items),
            (Kind::Map, Value::Object(items)) => self.map(prefix, member, items),
            (Kind::Timestamp, value) => {
                let format = member.timestamp.unwrap_or(TimestampFormat::Iso8601);
                let text = write_time(value, format)?;
                self.pairs.push((prefix.to_owned(), text));
                Ok(())
            }
            (_, value) => {
                let text = scalar(value).ok_or("it can't be written into a form")?;
                self.pairs.push((prefix.to_owned(), text));
                Ok(())
            }
        }
    }

    fn list(&mut self, prefix: &str, member: &Member, items: &[Value]) -> Result<(), String> {
        let shape = self.model.shape(member.shape);
        let element = shape.element.as_ref().ok_or("no element")?;
        if items.is_empty() {
            // The one way to say "empty" rather than "absent".
            if self.flavour == Flavour::Query {
                self.pairs.push((prefix.to_owned(), String::new()));
            }
            return Ok(());
        }
        let prefix = if self.flavour == Flavour::Ec2 {
            prefix.to_owned()
        } else if member.flattened || shape.flattened {
            match &element.location_name {
                Some(name) => match prefix.rsplit_once('.') {
                    Some((parent, _)) => joined(parent, name),
                    None => name.to_string(),
                },
                None => prefix.to_owned(),
            }
        } else {
            joined(prefix, element.location_name.as_deref().unwrap_or("member"))
        };
        for (at, item) in items.iter().enumerate() {
            self.value(&format!("{prefix}.{}", at + 1), element, item)?;
        }
        Ok(())
    }

    fn map(
        &mut self,
        prefix: &str,
        member: &Member,
        items: &Map<String, Value>,
    ) -> Result<(), String> {
        let shape = self.model.shape(member.shape);
        let element = shape.element.as_ref().ok_or("no value")?;
        let key_name = shape
            .key
            .as_ref()
            .and_then(|key| key.location_name.as_deref());
        let value_name = element.location_name.as_deref().unwrap_or("value");
        let prefix = if member.flattened || shape.flattened {
            prefix.to_owned()
        } else {
            joined(prefix, "entry")
        };
        for (at, (key, item)) in items.iter().enumerate() {
            let place = format!("{prefix}.{}", at + 1);
            self.pairs
                .push((joined(&place, key_name.unwrap_or("key")), key.clone()));
            self.value(&joined(&place, value_name), element, item)?;
        }
        Ok(())
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        number => number_text(number),
    }
}

fn joined(prefix: &str, name: &str) -> String {
    match prefix {
        "" => name.to_owned(),
        prefix => format!("{prefix}.{name}"),
    }
}

fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

pub(super) fn read(model: &Model, operation: &Operation, answer: &Answer) -> Result<Value, String> {
    let Some(output) = &operation.output else {
        return Ok(Value::Object(Map::new()));
    };
    if answer.body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let root = xmltree::parse(&answer.body)?;
    let at = match &output.result_wrapper {
        Some(wrapper) => root.child(wrapper),
        None => Some(&root),
    };
    match at {
        Some(at) => decode_members(model, output.shape, at, 0).map(Value::Object),
        None => Ok(Value::Object(Map::new())),
    }
}
