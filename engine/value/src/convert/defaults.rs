//! Defaults of optional attributes: `object({ port = optional(number, 80) })`. They are filled in
//! before conversion.

use super::convert;
use super::unify;
use crate::{EcoString, Kind, MapValue, Type, Value};
use std::collections::BTreeMap;

/// Defaults of optional attributes of a type constraint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// Of an object type: the default of each optional attribute that has one.
    pub values: BTreeMap<EcoString, Value>,
    /// Defaults within the parts.
    pub children: Children,
}

/// Defaults within the parts of a type constraint.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Children {
    /// There are none.
    #[default]
    None,
    /// Of a list, set or map: within each element.
    Element(Box<Defaults>),
    /// Of a tuple: by position.
    Tuple(BTreeMap<usize, Defaults>),
    /// Of an object: by attribute.
    Attributes(BTreeMap<EcoString, Defaults>),
}

impl Children {
    fn at(&self, position: usize) -> Option<&Defaults> {
        match self {
            Self::Element(defaults) => Some(defaults),
            Self::Tuple(elements) => elements.get(&position),
            Self::None | Self::Attributes(_) => None,
        }
    }

    fn named(&self, name: &str) -> Option<&Defaults> {
        match self {
            Self::Element(defaults) => Some(defaults),
            Self::Attributes(attributes) => attributes.get(name),
            Self::None | Self::Tuple(_) => None,
        }
    }
}

impl Defaults {
    /// Whether there is no default at any depth.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.children == Children::None
    }

    /// Fills in defaults, before conversion: where an attribute is missing or null, at any depth. A
    /// null or unknown container stays as it is, and so does its content.
    #[must_use]
    pub fn apply(&self, value: &Value) -> Value {
        if self.is_empty() {
            return value.clone();
        }
        match value.kind() {
            Kind::Marked(marks, inner) => self.apply(inner).with_marks(marks),
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
                let items: Vec<Value> = items
                    .iter()
                    .enumerate()
                    .map(|(at, item)| match self.children.at(at) {
                        Some(defaults) => defaults.apply(item),
                        None => item.clone(),
                    })
                    .collect();
                sequence_like(value, items)
            }
            Kind::Object(object) => {
                let entries = self.with_defaults(object.iter());
                if entries.len() == object.len() && entries.values().eq(object.values()) {
                    return value.clone();
                }
                Value::object(entries)
            }
            Kind::Map(map) => self.map_with_defaults(value, map),
            Kind::Null(_)
            | Kind::Unknown(..)
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::String(_) => value.clone(),
        }
    }

    fn with_defaults<'a>(
        &self,
        entries: impl Iterator<Item = (&'a EcoString, &'a Value)>,
    ) -> BTreeMap<EcoString, Value> {
        let mut filled: BTreeMap<EcoString, Value> = entries
            .map(|(name, item)| {
                let item = match self.children.named(name) {
                    Some(defaults) => defaults.apply(item),
                    None => item.clone(),
                };
                (name.clone(), item)
            })
            .collect();
        for (name, default) in &self.values {
            if filled.get(name).is_none_or(Value::is_null) {
                let default = match self.children.named(name) {
                    Some(defaults) => defaults.apply(default),
                    None => default.clone(),
                };
                filled.insert(name.clone(), default);
            }
        }
        filled
    }

    /// A map stays one if its elements still have a type in common; else it becomes an object.
    fn map_with_defaults(&self, original: &Value, map: &MapValue) -> Value {
        let entries = self.with_defaults(map.iter());
        if entries.is_empty() {
            return original.clone();
        }
        let values: Vec<Value> = entries.values().cloned().collect();
        let Some((element, values)) = in_common(&values) else {
            return Value::object(entries);
        };
        Value::map(element, entries.into_keys().zip(values).collect())
    }
}

/// The same kind of sequence if the items still have a type in common; else a tuple.
fn sequence_like(original: &Value, items: Vec<Value>) -> Value {
    if items.is_empty() {
        return original.clone();
    }
    let make: fn(Type, Vec<Value>) -> Value = match original.kind() {
        Kind::List(_) => Value::list,
        Kind::Set(_) => Value::set,
        _ => return Value::tuple(items),
    };
    match in_common(&items) {
        Some((element, items)) => make(element, items),
        None => Value::tuple(items),
    }
}

fn in_common(items: &[Value]) -> Option<(Type, Vec<Value>)> {
    let ty = unify::of_values(items).filter(|ty| *ty != Type::Dynamic)?;
    let items = items
        .iter()
        .map(|item| convert(item, &ty).ok())
        .collect::<Option<Vec<_>>>()?;
    Some((ty, items))
}
