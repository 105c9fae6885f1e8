//! From answers of operations to attributes.

use crate::facts::{AttributeFacts, BlockFacts};
use crate::json;
use crate::shape::{Names, Shape};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use terrane_model::schema::{Block, Nesting};
use terrane_value::{EcoString, Kind, Type, Value, json as value_json};

/// How deep answers are followed.
const DEEPEST: usize = 40;

/// How many elements of a set are compared with all that it had.
const MOST_COMPARED: usize = 64;

/// How an answer becomes an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) names: &'a Names,
    /// Attributes that the API does not have.
    pub(crate) local: &'a [&'static str],
    /// Attributes that are looked at only where the object has them: the API sets them by itself.
    pub(crate) quiet: &'a [&'static str],
    /// A text that AWS decides and does not say is empty, rather than null: the type is one of those that take both for the same.
    pub(crate) empties: bool,
    /// The object is the one that it was, since AWS gave it its id: what cannot change of it is as it was, where nothing is told of it.
    pub(crate) lasting: bool,
}

impl Reader<'_> {
    /// The object `prior`, with what an answer says. `shape` is that of the answer: a member that it has and the answer has not is not set.
    pub(crate) fn root(
        &self,
        (facts, schema): (&BlockFacts, &Block),
        shape: Option<&Shape>,
        answer: &Json,
        prior: &Value,
        only: &[&'static str],
    ) -> Value {
        let skips = |name: &str| {
            self.local.contains(&name)
                || matches!(name, "id" | "region" | "tags" | "tags_all" | "timeouts")
                || (!only.is_empty() && !only.contains(&name))
                || (self.quiet.contains(&name) && prior.get(name).is_none_or(is_empty))
        };
        self.object((facts, schema), shape, answer, prior, "", &skips, 0)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one walk, with all that it needs to know"
    )]
    #[expect(clippy::too_many_lines, reason = "one walk")]
    fn object(
        &self,
        (facts, schema): (&BlockFacts, &Block),
        shape: Option<&Shape>,
        answer: &Json,
        prior: &Value,
        path: &str,
        skips: &dyn Fn(&str) -> bool,
        depth: usize,
    ) -> Value {
        let attribute = |name: &EcoString, about: &AttributeFacts, ty: &Type| {
            let before = prior.get(name).cloned().unwrap_or(Value::null(ty.clone()));
            if path.is_empty() && skips(name) {
                return before;
            }
            let path = join(path, name);
            let converted = match self.find(&path, answer) {
                Some(found) => self.value(ty, found, &before, &path, depth + 1),
                // Secrets are not told.
                None if self.knows(&path, shape) && !about.sensitive && !self.stays(about) => {
                    match self.empties && about.computed && *ty == Type::String {
                        true if path_is_root(&path) => Value::string(""),
                        _ => absent(&before, ty),
                    }
                }
                None => before.clone(),
            };
            // Of what was not there before nobody knows what was written: zeros may have been.
            let value = match prior.is_null() {
                true => converted,
                false => tolerate(about, converted, &before),
            };
            match &about.default {
                Some(default) if value.is_null() && prior.is_null() => {
                    value_json::decode(&default.to_string(), ty).unwrap_or(value)
                }
                _ => value,
            }
        };
        let attributes = schema.attributes.iter().map(|(name, attr)| {
            let ty = attr.value_type();
            let value = facts.attributes.get(name.as_str()).map_or_else(
                || Value::null(ty.clone()),
                |about| attribute(name, about, &ty),
            );
            (name.clone(), value)
        });
        let blocks = schema.blocks.iter().map(|(name, nested)| {
            let before = prior
                .get(name)
                .cloned()
                .unwrap_or_else(|| nested.empty_value());
            let Some(about) = facts.blocks.get(name.as_str()) else {
                return (name.clone(), before);
            };
            // What is there without being written stays: nobody wants to hear of it.
            let written = |before: &Value| before.is_null() || !is_empty(before);
            let unwritten = about.keeps() && prior.get(name).is_some_and(|one| !written(one));
            if (path.is_empty() && skips(name)) || unwritten {
                return (name.clone(), before);
            }
            let path = join(path, name);
            let value = match self.find(&path, answer) {
                Some(found) => {
                    let below = shape.and_then(|shape| self.member(&path, shape));
                    let around = about.has_items() || says_more(found);
                    let (items, below) = if around && !is_nothing(found) {
                        (vec![found], below)
                    } else {
                        (elements(found), below.map(element_of))
                    };
                    let prior_items = before.children();
                    let one = |item: &Json, before: &Value| {
                        self.object(
                            (about, &nested.block),
                            below,
                            item,
                            before,
                            &path,
                            &|_| false,
                            depth + 1,
                        )
                    };
                    let made: Vec<Value> = items
                        .iter()
                        .enumerate()
                        .map(|(at, item)| {
                            let same_place = prior_items.get(at).unwrap_or(&Value::NULL);
                            match nested.nesting {
                                Nesting::Single | Nesting::Group => one(item, &before),
                                // Elements of sets have no place: the one that it was, if it was one.
                                Nesting::Set if prior_items.len() <= MOST_COMPARED => {
                                    let kept = prior_items
                                        .iter()
                                        .find(|before| one(item, before) == **before);
                                    kept.cloned().unwrap_or_else(|| one(item, same_place))
                                }
                                _ => one(item, same_place),
                            }
                        })
                        .collect();
                    let element = nested.block.implied_type().clone();
                    match nested.nesting {
                        Nesting::Single | Nesting::Group => made
                            .into_iter()
                            .next()
                            .unwrap_or_else(|| Value::null(element)),
                        Nesting::Set => Value::set(element, made),
                        _ => in_order(Value::list(element, made), &before),
                    }
                }
                // What is not told of stays where it stays unwritten too, and so does a block that says nothing.
                None if self.knows(&path, shape) && !about.keeps() && !says_nothing(&before) => {
                    nested.empty_value()
                }
                // Blocks within blocks are never null.
                None if before.is_null() && !path_is_root(&path) => nested.empty_value(),
                None => before,
            };
            (name.clone(), value)
        });
        Value::object(attributes.chain(blocks).collect::<Vec<_>>())
    }

    fn stays(&self, about: &AttributeFacts) -> bool {
        self.lasting && about.replaces()
    }

    fn find<'a>(&self, path: &str, answer: &'a Json) -> Option<&'a Json> {
        let members = answer.as_object()?;
        for target in self.names.explicit(path) {
            if target.is_empty() {
                return None;
            }
            if let Some(found) = json::get(answer, target) {
                return Some(found);
            }
        }
        let found = self.names.find(path, members.keys().map(String::as_str))?;
        members.get(found).filter(|found| !found.is_null())
    }

    /// Whether answers of this shape have the attribute.
    pub(crate) fn knows(&self, path: &str, shape: Option<&Shape>) -> bool {
        shape.is_some_and(|shape| self.member(path, shape).is_some())
    }

    fn member<'s>(&self, path: &str, shape: &'s Shape) -> Option<&'s Shape> {
        for target in self.names.explicit(path) {
            if target.is_empty() {
                return None;
            }
            if let Some(found) = shape.at(target) {
                return Some(found);
            }
        }
        shape.member(self.names.find(path, shape.names())?)
    }

    /// A value of a type.
    pub(crate) fn value(
        &self,
        ty: &Type,
        found: &Json,
        before: &Value,
        path: &str,
        depth: usize,
    ) -> Value {
        if depth > DEEPEST {
            return Value::null(ty.clone());
        }
        // EC2 has values in boxes.
        let found = match (ty, found) {
            (Type::String | Type::Number | Type::Bool, Json::Object(members)) => {
                members.get("Value").unwrap_or(found)
            }
            _ => found,
        };
        match ty {
            Type::String => match found {
                Json::Array(items) => items.first().map_or_else(
                    || Value::null(Type::String),
                    |item| Value::string_nfc(&json::text(item)),
                ),
                other => Value::string_nfc(&json::text(other)),
            },
            Type::Number => number(found),
            Type::Bool => match found {
                Json::Bool(value) => Value::bool(*value),
                other => Value::bool(matches!(json::text(other).as_str(), "true" | "True" | "1")),
            },
            Type::List(element) => {
                let items = self.items(element, found, before, path, depth);
                in_order(Value::list((**element).clone(), items), before)
            }
            Type::Set(element) => Value::set(
                (**element).clone(),
                self.items(element, found, before, path, depth),
            ),
            Type::Map(element) => {
                let entries: BTreeMap<EcoString, Value> = entries(found)
                    .into_iter()
                    .map(|(key, item)| {
                        (
                            key.into(),
                            self.value(element, item, &Value::NULL, path, depth + 1),
                        )
                    })
                    .collect();
                Value::map((**element).clone(), entries)
            }
            Type::Object(object) => {
                let attributes = object.attributes.iter().map(|(name, ty)| {
                    let path = join(path, name);
                    let before = before
                        .get(name)
                        .cloned()
                        .unwrap_or_else(|| Value::null(ty.clone()));
                    let value = self.find(&path, found).map_or_else(
                        || Value::null(ty.clone()),
                        |found| self.value(ty, found, &before, &path, depth + 1),
                    );
                    (name.clone(), value)
                });
                Value::object(attributes.collect::<Vec<_>>())
            }
            _ => value_json::decode(&found.to_string(), ty)
                .unwrap_or_else(|_| Value::null(ty.clone())),
        }
    }

    fn items(
        &self,
        element: &Type,
        found: &Json,
        before: &Value,
        path: &str,
        depth: usize,
    ) -> Vec<Value> {
        elements(found)
            .into_iter()
            .enumerate()
            .map(|(at, item)| {
                let before = before.children().get(at).cloned().unwrap_or(Value::NULL);
                self.value(element, item, &before, path, depth + 1)
            })
            .collect()
    }
}

fn path_is_root(path: &str) -> bool {
    !path.contains('.')
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The elements of a list, of a counted list, or the one thing as a list of one.
fn elements(found: &Json) -> Vec<&Json> {
    match found {
        Json::Array(items) => items.iter().filter(|item| !item.is_null()).collect(),
        Json::Object(members) if members.contains_key("Quantity") => members
            .get("Items")
            .and_then(Json::as_array)
            .map(|items| items.iter().collect())
            .unwrap_or_default(),
        Json::Null => Vec::new(),
        other => vec![other],
    }
}

/// Whether a counted list has members beside its elements, or elements that are no objects: then a block is the whole of it.
fn says_more(found: &Json) -> bool {
    let Json::Object(members) = found else {
        return false;
    };
    if !members.contains_key("Quantity") {
        return false;
    }
    let items = members.get("Items").and_then(Json::as_array);
    let scalars = items
        .and_then(|items| items.first())
        .is_some_and(|item| !item.is_object());
    let known = |name: &&String| matches!(name.as_str(), "Quantity" | "Items");
    scalars || !members.keys().all(|name| known(&name))
}

/// Whether a counted list has nothing in it, and says nothing else.
fn is_nothing(found: &Json) -> bool {
    let empty = found
        .get("Quantity")
        .is_some_and(|count| json::text(count) == "0");
    found.is_null() || found.is_array() || (empty && !says_more(found))
}

fn element_of(shape: &Shape) -> &Shape {
    match shape {
        Shape::List(element) => element,
        Shape::Structure { .. } => match shape.member("Items") {
            Some(Shape::List(element)) if shape.member("Quantity").is_some() => element,
            _ => shape,
        },
        other => other,
    }
}

/// A map, or a list of keys and values.
pub(crate) fn entries(found: &Json) -> Vec<(String, &Json)> {
    match found {
        Json::Object(members) => members
            .iter()
            .map(|(key, item)| (key.clone(), item))
            .collect(),
        Json::Array(items) => items
            .iter()
            .filter_map(|item| {
                let members = item.as_object()?;
                let find = |ends: &str| {
                    members
                        .iter()
                        .find(|(name, _)| name.to_ascii_lowercase().ends_with(ends))
                        .map(|(_, value)| value)
                };
                let key = find("key").or_else(|| find("name"))?;
                Some((json::text(key), find("value").unwrap_or(&Json::Null)))
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn number(found: &Json) -> Value {
    let text = json::text(found);
    if let Ok(whole) = text.parse::<i64>() {
        return Value::number(whole);
    }
    value_json::decode(&text, &Type::Number).unwrap_or_else(|_| Value::null(Type::Number))
}

/// Lists that the API gives in another order are not changed.
fn in_order(found: Value, before: &Value) -> Value {
    let (now, then) = (found.children(), before.children());
    if now.len() != then.len() || now == then {
        return found;
    }
    let mut left: Vec<&Value> = now.iter().collect();
    for item in then {
        match left.iter().position(|other| *other == item) {
            Some(at) => drop(left.swap_remove(at)),
            None => return found,
        }
    }
    before.clone()
}

/// What the API does not say although it could: nothing, in the spelling that was there.
fn absent(before: &Value, ty: &Type) -> Value {
    if is_empty(before) {
        before.clone()
    } else {
        Value::null(ty.clone())
    }
}

/// Whether a value says nothing: null, or the zero of its type.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value.kind() {
        Kind::Null(_) => true,
        Kind::String(text) => text.is_empty(),
        Kind::Number(number) => number.is_zero(),
        Kind::Bool(value) => !value,
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => items.is_empty(),
        Kind::Map(map) => map.is_empty(),
        Kind::Marked(_, inner) => is_empty(inner),
        Kind::Unknown(..) | Kind::Object(_) => false,
    }
}

/// Whether there is nothing in blocks, however deep.
fn says_nothing(value: &Value) -> bool {
    match value.kind() {
        Kind::List(items) | Kind::Set(items) => items.iter().all(says_nothing),
        Kind::Object(attributes) => attributes.iter().all(|(_, value)| says_nothing(value)),
        Kind::Marked(_, inner) => says_nothing(inner),
        _ => value.is_null(),
    }
}

/// Differences that are none: other spellings of the same, and the API's zero for what is not set.
fn tolerate(about: &AttributeFacts, value: Value, before: &Value) -> Value {
    let optional = !about.computed && !about.required && about.default.is_none();
    let unset = before.is_null() && optional;
    if (unset && is_empty(&value)) || crate::same::same(before, &value, about.sameness()) {
        before.clone()
    } else {
        value
    }
}

/// What was planned, with what came of it where the plan did not know.
pub(crate) fn settle(planned: &Value, actual: &Value) -> Value {
    match (planned.kind(), actual.kind()) {
        (Kind::Unknown(ty, _), _) => {
            if actual.is_wholly_known() {
                actual.clone()
            } else {
                Value::null(ty.clone())
            }
        }
        _ if planned.is_wholly_known() => planned.clone(),
        (Kind::Object(left), Kind::Object(_)) => {
            let attributes = left.iter().map(|(name, value)| {
                let actual = actual.get(name).cloned().unwrap_or(Value::null(value.ty()));
                (name.clone(), settle(value, &actual))
            });
            Value::object(attributes.collect::<Vec<_>>())
        }
        (Kind::List(left), Kind::List(right)) if left.len() == right.len() => {
            planned.map_children(|at, item| {
                right
                    .get(at)
                    .map_or_else(|| item.clone(), |to| settle(item, to))
            })
        }
        (Kind::Map(left), Kind::Map(right)) => {
            let entries = left.iter().map(|(key, value)| {
                let actual = right.get(key).cloned().unwrap_or(Value::null(value.ty()));
                (key.clone(), settle(value, &actual))
            });
            Value::map(left.element_type().clone(), entries.collect())
        }
        (Kind::Set(left), Kind::Set(right)) if left.len() == right.len() => actual.clone(),
        _ => known(planned),
    }
}

/// The value with null in place of what is not known.
pub(crate) fn known(value: &Value) -> Value {
    terrane_value::path::transform(value, &mut |_, part| match part.kind() {
        Kind::Unknown(ty, _) => Value::null(ty.clone()),
        _ => part,
    })
}
