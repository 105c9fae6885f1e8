//! Finds the places at which an object differs.

use super::Difference;
use super::meaning::Place;
use std::collections::{BTreeMap, BTreeSet};
use terrane_model::schema::{Attribute, AttributeType, Block, NestedObject, Nesting, Schema};
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

/// What objects within objects are made of.
#[derive(Clone, Copy)]
enum Inner<'a> {
    Block(&'a Block),
    Attributes(&'a NestedObject),
}

impl Inner<'_> {
    /// What the configuration may say of an object; it is only compared.
    fn configured(self, object: &Value) -> Value {
        let attributes = match self {
            Self::Block(block) => &block.attributes,
            Self::Attributes(nested) => &nested.attributes,
        };
        let set = attributes.iter().filter(|(_, one)| is_configurable(one));
        let mut said: Vec<(EcoString, Value)> = set
            .map(|(name, _)| (name.clone(), part(object, name)))
            .collect();
        if let Self::Block(block) = self {
            let blocks = block.blocks.keys();
            said.extend(blocks.map(|name| (name.clone(), part(object, name))));
        }
        Value::object(said)
    }
}

fn is_configurable(attribute: &Attribute) -> bool {
    attribute.required || attribute.optional
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
                let path = path.attr(name.clone());
                self.objects(
                    nested.nesting,
                    Inner::Block(&nested.block),
                    &path,
                    &old,
                    &new,
                );
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
        let configurable = is_configurable(attribute);
        let path = path.attr(name.clone());
        match &attribute.ty {
            AttributeType::Nested(nested) if configurable => {
                self.objects(nested.nesting, Inner::Attributes(nested), &path, old, new);
            }
            _ => self.value(&path, configurable, old, new),
        }
    }

    /// Objects with attributes of their own are compared attribute by attribute where it is clear which belong to each other: some of these only the
    /// provider sets.
    fn objects(
        &mut self,
        nesting: Nesting,
        inner: Inner<'_>,
        path: &Path,
        old: &Value,
        new: &Value,
    ) {
        match (nesting, old.kind(), new.kind()) {
            (Nesting::Single | Nesting::Group, Kind::Object(_), Kind::Object(_)) => {
                self.inner(inner, path, old, new);
            }
            (Nesting::List, Kind::List(a), Kind::List(b))
                if a.len() == b.len() && !is_marked(old, new) =>
            {
                for (at, (old, new)) in a.iter().zip(b).enumerate() {
                    if old != new {
                        self.inner(inner, &indexed(path, at), old, new);
                    }
                }
            }
            (Nesting::Map, Kind::Map(_) | Kind::Object(_), Kind::Map(_) | Kind::Object(_))
                if !is_marked(old, new) =>
            {
                for name in names(old).union(&names(new)) {
                    let path = path.index(Value::string(name.clone()));
                    let (old, new) = (part(old, name), part(new, name));
                    if old.is_null() || new.is_null() {
                        self.value(&path, true, &old, &new);
                    } else if old != new {
                        self.inner(inner, &path, &old, &new);
                    }
                }
            }
            (Nesting::Set, Kind::Set(a), Kind::Set(b)) if !is_marked(old, new) => {
                self.elements(inner, path, a, b);
            }
            _ => self.value(path, true, old, new),
        }
    }

    /// Elements have no place. Two that only differ in what the provider sets are the same one.
    fn elements(&mut self, inner: Inner<'_>, path: &Path, a: &[Value], b: &[Value]) {
        let mut gone: Vec<&Value> = a.iter().filter(|item| !b.contains(item)).collect();
        let come = b.iter().filter(|item| !a.contains(item));
        let mut come: Vec<(Value, &Value)> =
            come.map(|item| (inner.configured(item), item)).collect();
        gone.retain(|old| {
            let said = inner.configured(old);
            let same = come.iter().position(|(new, _)| *new == said);
            if let Some(same) = same {
                let (_, new) = come.remove(same);
                self.leaf(path, false, old, new);
            }
            same.is_none()
        });
        for old in gone {
            self.leaf(path, true, old, &absent());
        }
        for (_, new) in come {
            self.leaf(path, true, &absent(), new);
        }
    }

    fn inner(&mut self, inner: Inner<'_>, path: &Path, old: &Value, new: &Value) {
        match inner {
            Inner::Block(block) => self.block(block, path, old, new),
            Inner::Attributes(nested) => {
                for (name, attribute) in &nested.attributes {
                    let (old, new) = (part(old, name), part(new, name));
                    if old != new {
                        self.attribute(name, attribute, path, &old, &new);
                    }
                }
            }
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
