//! Reaching into values that may be null or unknown, and showing them in messages.

use ecow::EcoString;
use std::fmt::Write as _;
use terrane_model::schema::{Attribute, AttributeType, Block};
use terrane_value::{Kind, Path, PathStep, Type, Value};

/// The attribute of an object: null if the object is null, unknown if it is unknown. Marks of the object go to it.
pub(super) fn attr(object: &Value, name: &str, ty: impl FnOnce() -> Type) -> Value {
    let (inner, marks) = object.unmark();
    let found = if inner.is_known() {
        inner
            .get(name)
            .cloned()
            .unwrap_or_else(|| Value::null(ty()))
    } else {
        Value::unknown(ty())
    };
    found.with_marks(marks)
}

/// The element of a list or tuple at this place, unknown if the whole is unknown. `None` if there is none.
pub(super) fn item(list: &Value, at: usize, ty: impl FnOnce() -> Type) -> Option<Value> {
    let (inner, marks) = list.unmark();
    let found = match inner.kind() {
        Kind::Unknown(..) => Value::unknown(ty()),
        Kind::List(items) | Kind::Tuple(items) => items.get(at)?.clone(),
        _ => return None,
    };
    Some(found.with_marks(marks))
}

/// The element of a map or attribute of an object, unknown if the whole is unknown. `None` if there is none.
pub(super) fn entry(map: &Value, key: &str, ty: impl FnOnce() -> Type) -> Option<Value> {
    let (inner, marks) = map.unmark();
    let found = if inner.is_known() {
        inner.get(key)?.clone()
    } else {
        Value::unknown(ty())
    };
    Some(found.with_marks(marks))
}

/// An object of these attributes. Its names are those of another one, shared with it, where they are the same.
pub(super) fn object_like(
    other: &Value,
    attributes: impl Iterator<Item = (EcoString, Value)>,
) -> Value {
    let mut attributes: Vec<(EcoString, Value)> = attributes.collect();
    // Attributes and blocks are in order each. Of two of one name the last counts, so that the order of equals is kept.
    attributes.sort_by(|a, b| a.0.cmp(&b.0));
    match other.unmarked().kind() {
        Kind::Object(object)
            if object
                .names()
                .iter()
                .eq(attributes.iter().map(|(name, _)| name)) =>
        {
            let values = attributes.into_iter().map(|(_, value)| value);
            Value::object_shaped(object.names().clone(), values.collect())
        }
        _ => Value::object(attributes),
    }
}

/// Keys (of a map) or names (of an object), in order; nothing for everything else.
pub(super) fn keys(value: &Value) -> &[terrane_value::EcoString] {
    match value.unmarked().kind() {
        Kind::Map(map) => map.keys(),
        Kind::Object(object) => object.names(),
        _ => &[],
    }
}

/// The part of a value that a path leads to. Parts of what is unknown are unknown. `None` if there is no such part. The marks
/// of what is passed on the way go to the part.
#[must_use]
pub fn at_path(value: &Value, path: &Path) -> Option<Value> {
    let mut here = value.clone();
    for step in &path.0 {
        let (inner, marks) = here.unmark();
        if !inner.is_known() {
            return Some(Value::dynamic().with_marks(marks));
        }
        let part = step_into(inner, step)?.clone().with_marks(marks);
        here = part;
    }
    Some(here)
}

/// One step into a known value.
pub(super) fn step_into<'a>(value: &'a Value, step: &PathStep) -> Option<&'a Value> {
    match step {
        PathStep::Attr(name) => value.get(name),
        PathStep::Index(key) => match (value.unmarked().kind(), key.unmarked().kind()) {
            (Kind::List(_) | Kind::Tuple(_), Kind::Number(_)) => {
                value.children().get(position(key)?)
            }
            (Kind::Map(_) | Kind::Object(_), Kind::String(name)) => value.get(name),
            (Kind::Set(items), _) => items.iter().find(|item| *item == key.unmarked()),
            _ => None,
        },
    }
}

/// The place that an index key means, if it is a whole number.
pub(super) fn position(key: &Value) -> Option<usize> {
    key.unmarked().as_number()?.to_usize()
}

/// The type of one element of a nested attribute or of the attribute itself.
pub(super) fn attribute_type(attribute: &Attribute) -> Type {
    match &attribute.ty {
        AttributeType::Plain(ty) => ty.clone(),
        AttributeType::Nested(nested) => nested.value_type(),
    }
}

/// The type of a block.
pub(super) fn block_type(block: &Block) -> Type {
    block.implied_type().clone()
}

/// Whether two values are the same when nothing more is looked at of unknown ones than their type.
pub(super) fn same_unrefined(a: &Value, b: &Value) -> bool {
    if a == b {
        return true;
    }
    if a.is_wholly_known() || b.is_wholly_known() {
        return false;
    }
    unrefined(a) == unrefined(b)
}

fn unrefined(value: &Value) -> Value {
    if value.is_wholly_known() {
        return value.clone();
    }
    match value.kind() {
        Kind::Unknown(ty, _) => Value::unknown(ty.clone()),
        _ => value.map_children(|_, child| unrefined(child)),
    }
}

/// The longest value that a message shows, in characters.
const LONGEST: usize = 200;

/// A value for a message to whoever writes the provider: never the content of a sensitive one, and no novels.
pub(super) fn brief(value: &Value) -> String {
    let mut text = String::new();
    write_brief(value, &mut text);
    if let Some((cut, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

fn write_brief(value: &Value, text: &mut String) {
    if text.len() > LONGEST * 4 {
        return;
    }
    let mut sequence = |open: char, items: &[Value], close: char| {
        text.push(open);
        for (at, item) in items.iter().enumerate() {
            text.push_str(if at > 0 { ", " } else { "" });
            write_brief(item, text);
        }
        text.push(close);
    };
    match value.kind() {
        Kind::Marked(marks, _) if marks.is_sensitive() => text.push_str("(sensitive value)"),
        Kind::Marked(_, inner) => write_brief(inner, text),
        Kind::Null(_) => text.push_str("null"),
        Kind::Unknown(..) => text.push_str("(unknown)"),
        Kind::Bool(value) => text.push_str(if value { "true" } else { "false" }),
        Kind::Number(number) => text.push_str(&number.to_string()),
        Kind::String(string) => {
            let shown: String = string.chars().take(LONGEST + 1).collect();
            // Writing to a string cannot fail.
            let _written = write!(text, "{shown:?}");
        }
        Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => sequence('[', items, ']'),
        Kind::Map(_) | Kind::Object(_) => {
            text.push('{');
            for (at, (key, item)) in keys(value).iter().zip(value.children()).enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                text.push_str(key);
                text.push_str(" = ");
                write_brief(item, text);
            }
            text.push('}');
        }
    }
}
