//! Finds the places at which an object differs.

use super::Difference;
use super::meaning::Place;
use std::collections::{BTreeMap, BTreeSet};
use terrane_model::schema::{Attribute, Block, NestedBlock, Schema};
use terrane_value::{EcoString, Kind, Path, Type, Value};

/// How an object differs from what state holds of it. Both are marked, and neither is null.
#[must_use]
pub fn compare(type_name: &str, schema: &Schema, before: &Value, after: &Value) -> Vec<Difference> {
    let mut finder = Finder {
        place: Place::of(type_name),
        found: Vec::new(),
    };
    finder.block(&schema.block, &Path::new(), before, after);
    finder.found
}

struct Finder {
    place: Place,
    found: Vec<Difference>,
}

/// An attribute, or the element of a map. What is not there is null.
fn part(value: &Value, name: &str) -> Value {
    value.get(name).cloned().unwrap_or_else(absent)
}

fn absent() -> Value {
    Value::null(Type::Dynamic)
}

/// An empty collection in place of null, if the other one is a collection that holds something.
fn emptied(value: &Value, other: &Value) -> Value {
    if !value.is_null() || value.contains_marks() {
        return value.clone();
    }
    match other.kind() {
        Kind::Map(map) if !map.is_empty() => {
            Value::map(map.element_type().clone(), BTreeMap::new())
        }
        Kind::Set(items) if !items.is_empty() => Value::set_sorted(Type::Dynamic, Vec::new()),
        Kind::List(items) if !items.is_empty() => Value::list(Type::Dynamic, Vec::new()),
        _ => value.clone(),
    }
}

fn is_marked(a: &Value, b: &Value) -> bool {
    a.contains_marks() || b.contains_marks()
}

impl Finder {
    fn block(&mut self, block: &Block, path: &Path, before: &Value, after: &Value) {
        for (name, attribute) in &block.attributes {
            let (old, new) = (part(before, name), part(after, name));
            if old != new {
                self.attribute(name, attribute, path, &old, &new);
            }
        }
        for (name, nested) in &block.blocks {
            let (old, new) = (part(before, name), part(after, name));
            if old != new {
                self.nested(name, nested, path, &old, &new);
            }
        }
    }

    fn attribute(
        &mut self,
        name: &EcoString,
        attribute: &Attribute,
        path: &Path,
        old: &Value,
        new: &Value,
    ) {
        // What is never stored differs always, and says nothing.
        if attribute.write_only {
            return;
        }
        let configurable = attribute.required || attribute.optional;
        self.value(&path.attr(name.clone()), configurable, old, new);
    }

    /// Blocks are compared attribute by attribute where it is clear which belong to each other.
    fn nested(
        &mut self,
        name: &EcoString,
        nested: &NestedBlock,
        path: &Path,
        old: &Value,
        new: &Value,
    ) {
        let path = path.attr(name.clone());
        match (old.kind(), new.kind()) {
            (Kind::Object(_), Kind::Object(_)) => self.block(&nested.block, &path, old, new),
            (Kind::List(a), Kind::List(b)) if a.len() == b.len() && !is_marked(old, new) => {
                for (at, (old, new)) in a.iter().zip(b).enumerate() {
                    if old != new {
                        self.block(&nested.block, &indexed(&path, at), old, new);
                    }
                }
            }
            _ => self.value(&path, true, old, new),
        }
    }

    /// Values within values. What is secret is never looked into: which of its parts are where is part of the secret.
    fn value(&mut self, path: &Path, configurable: bool, old: &Value, new: &Value) {
        if old == new {
            return;
        }
        // What is not set is empty: all that there is on the other side has come, or gone.
        let (old, new) = (&emptied(old, new), &emptied(new, old));
        match (old.kind(), new.kind()) {
            (Kind::Object(_), Kind::Object(_)) | (Kind::Map(_), Kind::Map(_)) => {
                let (a, b) = (names(old), names(new));
                if is_marked(old, new) && a != b {
                    return self.leaf(path, configurable, old, new);
                }
                let is_map = matches!(old.kind(), Kind::Map(_));
                for name in a.union(&b) {
                    let inner = if is_map {
                        path.index(Value::string(name.clone()))
                    } else {
                        path.attr(name.clone())
                    };
                    let (old, new) = (part(old, name), part(new, name));
                    self.value(&inner, configurable, &old, &new);
                }
            }
            (Kind::List(a) | Kind::Tuple(a), Kind::List(b) | Kind::Tuple(b))
                if !is_marked(old, new) =>
            {
                for at in 0..a.len().max(b.len()) {
                    let old = a.get(at).cloned().unwrap_or_else(absent);
                    let new = b.get(at).cloned().unwrap_or_else(absent);
                    self.value(&indexed(path, at), configurable, &old, &new);
                }
            }
            (Kind::Set(a), Kind::Set(b)) if !is_marked(old, new) => {
                for gone in a.iter().filter(|item| !b.contains(item)) {
                    self.leaf(path, configurable, gone, &absent());
                }
                for come in b.iter().filter(|item| !a.contains(item)) {
                    self.leaf(path, configurable, &absent(), come);
                }
            }
            _ => self.leaf(path, configurable, old, new),
        }
    }

    fn leaf(&mut self, path: &Path, configurable: bool, old: &Value, new: &Value) {
        let (class, why) = self.place.class(path, configurable, old, new);
        self.found.push(Difference {
            path: path.clone(),
            before: old.clone(),
            after: new.clone(),
            class,
            why,
            configurable,
        });
    }
}

fn indexed(path: &Path, at: usize) -> Path {
    path.index(Value::number(i64::try_from(at).unwrap_or(i64::MAX)))
}

fn names(value: &Value) -> BTreeSet<EcoString> {
    match value.kind() {
        Kind::Map(map) => map.iter().map(|(name, _)| name.clone()).collect(),
        Kind::Object(object) => object.iter().map(|(name, _)| name.clone()).collect(),
        _ => BTreeSet::new(),
    }
}
