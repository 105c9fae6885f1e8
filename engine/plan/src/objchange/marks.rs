//! Marks by schema and by path, and values that are not stored.

use super::ignore::each;
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_model::schema::{Attribute, Block};
use terrane_value::{Kind, Marks, Path, PathStep, Value};

/// The object with everything that the schema calls sensitive marked so. A set whose elements hold something sensitive is marked
/// as a whole.
#[must_use]
pub fn schema_marks(block: &Block, value: &Value) -> Value {
    if !block.has_sensitive() || value.is_null() || !value.is_known() {
        return value.clone();
    }
    value_marks(block, value)
}

fn value_marks(block: &Block, value: &Value) -> Value {
    if value.is_null() || !value.is_known() {
        return value.clone();
    }
    by_name(value, |name, value| {
        if let Some(attribute) = block.attributes.get(name) {
            return attribute_marks(attribute, value);
        }
        match block.blocks.get(name) {
            Some(nested) if nested.block.has_sensitive() => each(nested.nesting, value, |value| {
                value_marks(&nested.block, value)
            }),
            _ => value.clone(),
        }
    })
}

fn attribute_marks(attribute: &Attribute, value: &Value) -> Value {
    if attribute.sensitive {
        return value.clone().with_marks(&Marks::SENSITIVE);
    }
    match attribute.nested() {
        Some(nested) if attribute.has_sensitive() => each(nested.nesting, value, |value| {
            objects(&nested.attributes, value, attribute_marks)
        }),
        _ => value.clone(),
    }
}

/// The object without the values of write-only attributes: they are null.
#[must_use]
pub fn strip_write_only(block: &Block, value: &Value) -> Value {
    if !block.has_write_only() || value.is_null() || !value.is_known() {
        return value.clone();
    }
    by_name(value, |name, value| {
        if let Some(attribute) = block.attributes.get(name) {
            return strip_attribute(attribute, value);
        }
        match block.blocks.get(name) {
            Some(nested) => each(nested.nesting, value, |value| {
                strip_write_only(&nested.block, value)
            }),
            None => value.clone(),
        }
    })
}

fn strip_attribute(attribute: &Attribute, value: &Value) -> Value {
    if attribute.write_only {
        return Value::null(attribute.value_type());
    }
    match attribute.nested() {
        Some(nested) if attribute.has_write_only() => each(nested.nesting, value, |value| {
            objects(&nested.attributes, value, strip_attribute)
        }),
        _ => value.clone(),
    }
}

/// The write-only attributes that have a value, where providers must say null: they take such values and never give them back.
#[must_use]
pub fn write_only_values(block: &Block, value: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    if block.has_write_only() {
        let stripped = strip_write_only(block, value);
        differing(value, &stripped, &mut Path::new(), &mut found);
    }
    found
}

fn differing(value: &Value, stripped: &Value, path: &mut Path, found: &mut Vec<Path>) {
    if value == stripped {
        return;
    }
    let (inner, stripped) = (value.unmarked(), stripped.unmarked());
    let same_parts = inner.children().len() == stripped.children().len();
    if stripped.is_null() || !same_parts || matches!(inner.kind(), Kind::Set(_)) {
        found.push(path.clone());
        return;
    }
    let keys = super::access::keys(inner);
    let object = matches!(inner.kind(), Kind::Object(_));
    let parts = inner.children().iter().zip(stripped.children());
    for (at, (part, stripped)) in parts.enumerate() {
        path.0.push(match keys.get(at) {
            Some(name) if object => PathStep::Attr(name.clone()),
            Some(name) => PathStep::Index(Value::string(name.clone())),
            None => PathStep::Index(Value::number(i64::try_from(at).unwrap_or(i64::MAX))),
        });
        differing(part, stripped, path, found);
        path.0.pop();
    }
}

fn objects(
    attributes: &BTreeMap<EcoString, Attribute>,
    value: &Value,
    change: fn(&Attribute, &Value) -> Value,
) -> Value {
    by_name(value, |name, value| match attributes.get(name) {
        Some(attribute) => change(attribute, value),
        None => value.clone(),
    })
}

/// An object with each attribute changed. Everything else comes back as it is.
fn by_name(value: &Value, change: impl Fn(&str, &Value) -> Value) -> Value {
    let Kind::Object(object) = value.unmarked().kind() else {
        return value.clone();
    };
    let names = object.names();
    value.map_children(|at, child| match names.get(at) {
        Some(name) => change(name, child),
        None => child.clone(),
    })
}

/// The value with these marks at each of the paths. A path that leads nowhere marks nothing; one that leads into a set marks the set;
/// one that leads into an unknown value marks that.
#[must_use]
pub fn mark_by_paths(value: &Value, paths: &[Path], marks: &Marks) -> Value {
    paths.iter().fold(value.clone(), |value, path| {
        marked_at(&value, &path.0, marks).unwrap_or(value)
    })
}

fn marked_at(value: &Value, steps: &[PathStep], marks: &Marks) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(value.clone().with_marks(marks));
    };
    if !value.is_known() || matches!(value.unmarked().kind(), Kind::Set(_)) {
        return Some(value.clone().with_marks(marks));
    }
    let at = match step {
        PathStep::Attr(name) => key_place(value, name)?,
        PathStep::Index(key) => match key.unmarked().as_str() {
            Some(name) => key_place(value, name)?,
            None => super::access::position(key)?,
        },
    };
    let part = marked_at(value.children().get(at)?, rest, marks)?;
    Some(value.map_children(|index, child| {
        if index == at {
            part.clone()
        } else {
            child.clone()
        }
    }))
}

fn key_place(value: &Value, name: &str) -> Option<usize> {
    let keys = super::access::keys(value);
    keys.binary_search_by(|key| key.as_str().cmp(name)).ok()
}

/// Every part of a value that is sensitive by itself: its path and that mark, outer ones first, in the order of the value.
///
/// Other marks are not for objects: what is ephemeral is not kept (a write-only attribute is null), and a use of something deprecated was told where
/// it was used.
#[must_use]
pub fn marked_paths(value: &Value) -> Vec<(Path, Marks)> {
    let mut found = Vec::new();
    if value.contains_marks() {
        collect(value, &mut Path::new(), &mut found);
    }
    found
}

fn collect(value: &Value, path: &mut Path, found: &mut Vec<(Path, Marks)>) {
    if !value.contains_marks() {
        return;
    }
    let (inner, marks) = value.unmark();
    if marks.is_sensitive() {
        found.push((path.clone(), Marks::SENSITIVE));
    }
    let keys = super::access::keys(inner);
    let object = matches!(inner.kind(), Kind::Object(_));
    for (at, child) in inner.children().iter().enumerate() {
        let step = match keys.get(at) {
            Some(name) if object => PathStep::Attr(name.clone()),
            Some(name) => PathStep::Index(Value::string(name.clone())),
            None => PathStep::Index(Value::number(i64::try_from(at).unwrap_or(i64::MAX))),
        };
        path.0.push(step);
        collect(child, path, found);
        path.0.pop();
    }
}
