//! Going through all parts of values.

use super::{Path, PathStep};
use crate::{Kind, Value};

/// The parts of a value, each with the step that leads there. Looks through marks.
fn parts(value: &Value) -> Vec<(PathStep, &Value)> {
    let value = value.unmarked();
    match value.kind() {
        Kind::List(items) | Kind::Tuple(items) => items
            .iter()
            .enumerate()
            .map(|(at, item)| (PathStep::Index(Value::number(at)), item))
            .collect(),
        Kind::Set(items) => items
            .iter()
            .map(|item| (PathStep::Index(item.clone()), item))
            .collect(),
        Kind::Map(map) => map
            .iter()
            .map(|(key, item)| (PathStep::Index(Value::string(key.clone())), item))
            .collect(),
        Kind::Object(object) => object
            .iter()
            .map(|(name, item)| (PathStep::Attr(name.clone()), item))
            .collect(),
        _ => Vec::new(),
    }
}

/// Visits the value and its parts, containers before their content. Goes into a container only
/// where `visit` says so.
pub fn walk(value: &Value, visit: &mut impl FnMut(&Path, &Value) -> bool) {
    walk_from(&mut Path::new(), value, visit);
}

fn walk_from(path: &mut Path, value: &Value, visit: &mut impl FnMut(&Path, &Value) -> bool) {
    if !visit(path, value) {
        return;
    }
    for (step, part) in parts(value) {
        path.0.push(step);
        walk_from(path, part, visit);
        path.0.pop();
    }
}

/// The value with each part, and in the end the value itself, replaced by what `change` makes of
/// it: content before containers. Elements of collections must keep their type. Parts that do not
/// change are shared with the original.
#[must_use]
pub fn transform(value: &Value, change: &mut impl FnMut(&Path, Value) -> Value) -> Value {
    transform_from(&mut Path::new(), value, change)
}

fn transform_from(
    path: &mut Path,
    value: &Value,
    change: &mut impl FnMut(&Path, Value) -> Value,
) -> Value {
    let steps = parts(value);
    let mut changed = Vec::with_capacity(steps.len());
    let mut any = false;
    for (step, part) in steps {
        path.0.push(step);
        let new = transform_from(path, part, change);
        path.0.pop();
        any |= !new.same(part) && new != *part;
        changed.push(new);
    }
    let rebuilt = if any {
        with_parts(value, changed)
    } else {
        value.clone()
    };
    change(path, rebuilt)
}

impl Value {
    /// The value as it is once it was written as text and read again: see
    /// [`crate::Number::settled`]. Shared where nothing changes.
    #[must_use]
    pub fn settled(&self) -> Self {
        transform(self, &mut |_, part| match part.kind() {
            Kind::Number(number) => {
                let settled = number.settled();
                if settled == *number {
                    part
                } else {
                    Self::number(settled)
                }
            }
            _ => part,
        })
    }
}

/// The same container with other parts.
fn with_parts(value: &Value, parts: Vec<Value>) -> Value {
    let (inner, marks) = value.unmark();
    if let (Kind::Set(_), Some(element)) = (inner.kind(), inner.ty().element()) {
        return Value::set(element.clone(), parts).with_marks(marks);
    }
    let mut parts = parts.into_iter();
    value.map_children(|_, old| parts.next().unwrap_or_else(|| old.clone()))
}

/// The value with the part that the path leads to replaced. Where there is no such part, it comes
/// back as it is.
#[must_use]
pub fn replace(value: &Value, path: &Path, new: Value) -> Value {
    replace_from(value, &path.0, new)
}

fn replace_from(value: &Value, steps: &[PathStep], new: Value) -> Value {
    let Some((first, rest)) = steps.split_first() else {
        return new;
    };
    let found = parts(value).iter().position(|(step, _)| step == first);
    let Some(position) = found else {
        return value.clone();
    };
    let mut parts = value.children().to_vec();
    if let Some(part) = parts.get_mut(position) {
        *part = replace_from(part, rest, new);
    }
    with_parts(value, parts)
}

/// The paths at which two values differ, as deep as possible: a container is only named where its
/// kind, or which parts it has, differs. Marks count.
#[must_use]
pub fn diff(a: &Value, b: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    diff_from(&mut Path::new(), a, b, &mut found);
    found
}

fn diff_from(path: &mut Path, a: &Value, b: &Value, found: &mut Vec<Path>) {
    if a.same(b) || a == b {
        return;
    }
    let (left, right) = (a.unmarked(), b.unmarked());
    let alike = a.marks() == b.marks()
        && match (left.kind(), right.kind()) {
            (Kind::List(x), Kind::List(y)) => left.ty() == right.ty() && x.len() == y.len(),
            (Kind::Tuple(x), Kind::Tuple(y)) => x.len() == y.len(),
            (Kind::Map(x), Kind::Map(y)) => left.ty() == right.ty() && x.keys() == y.keys(),
            (Kind::Object(x), Kind::Object(y)) => x.names() == y.names(),
            _ => false,
        };
    if !alike {
        found.push(path.clone());
        return;
    }
    for ((step, a), b) in parts(a).into_iter().zip(right.children()) {
        path.0.push(step);
        diff_from(path, a, b, found);
        path.0.pop();
    }
}
