//! From attributes to the input of an operation.

use crate::facts::{AttributeFacts, BlockFacts};
use crate::json;
use crate::shape::{Names, Shape, squash};
use base64::Engine as _;
use serde_json::{Map, Value as Json};
use terrane_value::{Kind, Value};

/// How deep blocks are followed.
const DEEPEST: usize = 40;

/// Which attributes are put into an input, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill<'a> {
    pub(crate) names: &'a Names,
    /// Only these; all where there is none.
    pub(crate) only: &'a [&'static str],
    /// Not these.
    pub(crate) except: &'a [&'static str],
    /// On a change: the object as it was. What was set and is not any more is sent as what is empty, which clears it.
    pub(crate) prior: Option<&'a Value>,
}

/// Attributes that no rule puts into an input.
const NEVER: &[&str] = &["id", "region", "tags", "tags_all", "timeouts"];

impl Fill<'_> {
    /// Whether the attribute is one of those that are put in.
    pub(crate) fn takes(&self, name: &str, facts: &BlockFacts) -> bool {
        let chosen = self.only.contains(&name);
        let may = chosen
            || (self.only.is_empty()
                && !NEVER.contains(&name)
                && facts.attributes.get(name).is_none_or(is_argument));
        may && !self.except.contains(&name)
    }

    /// Puts the attributes of an object into an input, those that the input has members for.
    pub(crate) fn root(&self, facts: &BlockFacts, shape: &Shape, object: &Value, input: &mut Json) {
        let Kind::Object(attributes) = object.kind() else {
            return;
        };
        for (name, value) in attributes.iter() {
            if !self.takes(name, facts) {
                continue;
            }
            for (path, member) in self.places(name, shape) {
                let nested = facts.blocks.get(name.as_str());
                let converted = self
                    .value(nested, member, value, name, 0)
                    .filter(|converted| !is_empty(converted) || shape.asks_for(&path, converted))
                    .or_else(|| self.cleared(name, value, member));
                if let Some(converted) = converted
                    && json::get(input, &path).is_none()
                {
                    json::put(input, &path, converted);
                }
            }
        }
    }

    /// What clears an attribute that was set and is not any more.
    pub(crate) fn cleared(&self, name: &str, value: &Value, shape: &Shape) -> Option<Json> {
        let before = self.prior?.get(name)?;
        if nothing(before) || !nothing(value) {
            return None;
        }
        empty(shape)
    }

    /// Where an attribute goes in a structure: by explicit names all that there are, else by the rule.
    pub(crate) fn places<'s>(&self, path: &str, shape: &'s Shape) -> Vec<(String, &'s Shape)> {
        let mut places = Vec::new();
        let mut named = false;
        for target in self.names.explicit(path) {
            named = true;
            if let Some(member) = shape.at(target).filter(|_| !target.is_empty()) {
                places.push((target.to_owned(), member));
                break;
            }
        }
        // What is renamed to nothing is not in the API.
        if named && self.names.explicit(path).any(str::is_empty) {
            return places;
        }
        if places.is_empty()
            && let Some(name) = self.names.find(path, shape.names())
            && let Some(member) = shape.member(name)
        {
            places.push((name.to_owned(), member));
        }
        places
    }

    /// One value in the form that the API wants.
    pub(crate) fn value(
        &self,
        nested: Option<&BlockFacts>,
        shape: &Shape,
        value: &Value,
        path: &str,
        depth: usize,
    ) -> Option<Json> {
        if depth > DEEPEST {
            return None;
        }
        let again =
            |shape: &Shape, value: &Value| self.value(nested, shape, value, path, depth + 1);
        match (value.kind(), shape) {
            (Kind::Marked(_, inner), _) => again(shape, inner),
            (Kind::Null(_) | Kind::Unknown(..), _) => None,
            (Kind::String(_) | Kind::Number(_) | Kind::Bool(_), Shape::List(element)) => {
                again(element, value).map(|item| Json::Array(vec![item]))
            }
            (Kind::String(text), Shape::Blob) => Some(
                base64::engine::general_purpose::STANDARD
                    .encode(text.as_bytes())
                    .into(),
            ),
            // EC2 has values in boxes.
            (Kind::String(_) | Kind::Number(_) | Kind::Bool(_), Shape::Structure { .. }) => {
                let inner = scalar(shape.member("Value")?, value)?;
                Some(serde_json::json!({"Value": inner}))
            }
            (Kind::String(_) | Kind::Number(_) | Kind::Bool(_), _) => scalar(shape, value),
            (Kind::List(items) | Kind::Set(items) | Kind::Tuple(items), _) => match shape {
                Shape::List(element) => Some(Json::Array(
                    items
                        .iter()
                        .filter_map(|item| again(element, item))
                        .collect(),
                )),
                Shape::Any => Some(Json::Array(
                    items.iter().filter_map(|item| again(shape, item)).collect(),
                )),
                Shape::Structure { .. } => {
                    if let Some(element) = counted_element(shape)
                        && !is_around(nested, element, items)
                    {
                        let items: Vec<Json> = items
                            .iter()
                            .filter_map(|item| again(element, item))
                            .collect();
                        return Some(counted(items));
                    }
                    again(shape, items.first()?)
                }
                _ => again(shape, items.first()?),
            },
            (Kind::Map(map), Shape::List(element)) => {
                let entries = map.iter().map(|(key, value)| (key.as_str(), value));
                Some(pairs(element, entries))
            }
            (Kind::Map(map), _) => {
                let element = if let Shape::Map(element) = shape {
                    element
                } else {
                    &Shape::Any
                };
                let entries = map
                    .iter()
                    .filter_map(|(key, value)| Some((key.to_string(), again(element, value)?)));
                Some(Json::Object(entries.collect()))
            }
            (Kind::Object(_), Shape::List(element)) => {
                again(element, value).map(|item| Json::Array(vec![item]))
            }
            (Kind::Object(_), _) => Some(self.object(nested, shape, value, path, depth)),
        }
    }

    fn object(
        &self,
        nested: Option<&BlockFacts>,
        shape: &Shape,
        object: &Value,
        path: &str,
        depth: usize,
    ) -> Json {
        let mut made = Json::Object(Map::new());
        let Kind::Object(attributes) = object.kind() else {
            return made;
        };
        for (name, value) in attributes.iter() {
            let about = nested.and_then(|facts| facts.attributes.get(name.as_str()));
            if about.is_some_and(|about| !is_argument(about)) {
                continue;
            }
            let below = nested.and_then(|facts| facts.blocks.get(name.as_str()));
            let path = format!("{path}.{name}");
            for (target, member) in self.places(&path, shape) {
                let converted = self.value(below, member, value, &path, depth + 1);
                if let Some(converted) = converted
                    && (!is_empty(&converted) || shape.asks_for(&target, &converted))
                    && json::get(&made, &target).is_none()
                {
                    json::put(&mut made, &target, converted);
                }
            }
        }
        if counted_element(shape).is_some() {
            let count = made
                .get("Items")
                .and_then(Json::as_array)
                .map_or(0, Vec::len);
            json::put(&mut made, "Quantity", count.into());
        }
        made
    }
}

/// A value without names in it, in the form that the API wants.
pub(crate) fn plain(shape: &Shape, value: &Value) -> Option<Json> {
    let fill = Fill {
        names: &Names::default(),
        only: &[],
        except: &[],
        prior: None,
    };
    fill.value(None, shape, value, "", 0)
}

/// Whether a value is null, or text or a collection without anything in it.
fn nothing(value: &Value) -> bool {
    match value.unmarked().kind() {
        Kind::Null(_) => true,
        Kind::String(text) => text.is_empty(),
        Kind::List(items) | Kind::Set(items) => items.is_empty(),
        Kind::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// What clears a member of a shape, if anything does.
fn empty(shape: &Shape) -> Option<Json> {
    Some(match shape {
        Shape::Text => "".into(),
        Shape::List(_) => Json::Array(Vec::new()),
        Shape::Map(_) => Json::Object(Map::new()),
        // EC2 has values in boxes.
        Shape::Structure { .. } => serde_json::json!({"Value": empty(shape.member("Value")?)?}),
        Shape::Blob | Shape::Number | Shape::Bool | Shape::Any => return None,
    })
}

/// Whether the configuration may set it.
fn is_argument(about: &AttributeFacts) -> bool {
    about.required || about.optional
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// What a list that says how many it has is of: CloudFront's way of lists.
pub(crate) fn counted_element(shape: &Shape) -> Option<&Shape> {
    match (shape.member("Items"), shape.member("Quantity")) {
        (Some(Shape::List(element)), Some(_)) => Some(element),
        _ => None,
    }
}

/// Whether a block is what is around the elements (`cookies { items = [...] }`), and not one of them.
fn is_around(nested: Option<&BlockFacts>, element: &Shape, items: &[Value]) -> bool {
    let scalar = !matches!(element, Shape::Structure { .. });
    let has_items = nested.is_some_and(BlockFacts::has_items);
    let blocks = items
        .first()
        .is_some_and(|item| matches!(item.unmarked().kind(), Kind::Object(_)));
    has_items || (scalar && blocks)
}

/// A list with how many it has.
fn counted(items: Vec<Json>) -> Json {
    if items.is_empty() {
        return serde_json::json!({"Quantity": 0});
    }
    serde_json::json!({"Quantity": items.len(), "Items": items})
}

fn scalar(shape: &Shape, value: &Value) -> Option<Json> {
    let text = match value.kind() {
        Kind::String(text) => text.to_string(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(match (shape, value.kind()) {
        (Shape::Number, Kind::String(_)) if text.is_empty() => return None,
        (Shape::Bool, Kind::String(_)) if text.is_empty() => return None,
        (Shape::Number, _) | (Shape::Any, Kind::Number(_)) => Json::Number(text.parse().ok()?),
        (Shape::Bool, _) | (Shape::Any, Kind::Bool(_)) => {
            Json::Bool(matches!(text.as_str(), "true" | "1"))
        }
        _ => Json::String(text),
    })
}

/// A map as a list of keys and values, whatever the API calls those.
pub(crate) fn pairs<'a>(
    element: &Shape,
    entries: impl Iterator<Item = (&'a str, &'a Value)>,
) -> Json {
    let member = |ends: &[&str]| {
        element
            .names()
            .find(|name| ends.iter().any(|end| squash(name).ends_with(end)))
            .map(str::to_owned)
    };
    let key = member(&["key", "name"]).unwrap_or_else(|| "Key".to_owned());
    let value = member(&["value"]).unwrap_or_else(|| "Value".to_owned());
    let items = entries.filter_map(|(name, text)| {
        let text = text.unmarked().as_str()?;
        let mut item = Map::new();
        item.insert(key.clone(), name.into());
        item.insert(value.clone(), text.into());
        Some(Json::Object(item))
    });
    Json::Array(items.collect())
}
