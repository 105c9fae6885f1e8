//! Small questions about values and types that evaluation and functions ask.

use crate::syntax::ast::BinaryOp;
use std::cmp::Ordering;
use terrane_value::quote::Quoted;
use terrane_value::{Kind, ObjectType, Refinements, Type, Value, ops};

/// The value in another type, or a phrase that says why not.
pub(crate) fn convert(value: &Value, ty: &Type) -> Result<Value, String> {
    let already = matches!(
        (value.kind(), ty),
        (_, Type::Dynamic)
            | (Kind::String(_), Type::String)
            | (Kind::Number(_), Type::Number)
            | (Kind::Bool(_), Type::Bool)
    );
    if already {
        return Ok(value.clone());
    }
    terrane_value::convert::convert(value, ty).map_err(|error| error.to_string())
}

/// One type that values of all these types convert to.
pub(crate) fn unify(types: &[Type]) -> Option<Type> {
    let (first, rest) = types.split_first()?;
    if rest.iter().all(|ty| ty == first) {
        return Some(first.clone());
    }
    terrane_value::convert::unify(types, true)
}

/// `list of string`, as messages name types.
pub(crate) fn type_name(ty: &Type) -> String {
    ty.friendly_name()
}

/// A type as it would be written in a configuration.
pub(crate) fn type_expression(ty: &Type) -> String {
    let mut text = String::new();
    write_type(ty, 0, &mut text);
    text
}

fn write_type(ty: &Type, indent: usize, text: &mut String) {
    let around = |name: &str, element: &Type, text: &mut String| {
        text.push_str(name);
        text.push('(');
        write_type(element, indent, text);
        text.push(')');
    };
    let line = |indent: usize, text: &mut String| {
        text.push('\n');
        text.extend(std::iter::repeat_n(' ', indent * 4));
    };
    match ty {
        Type::Dynamic => text.push_str("dynamic"),
        Type::Bool => text.push_str("bool"),
        Type::Number => text.push_str("number"),
        Type::String => text.push_str("string"),
        Type::List(element) => around("list", element, text),
        Type::Set(element) => around("set", element, text),
        Type::Map(element) => around("map", element, text),
        Type::Tuple(elements) if elements.is_empty() => text.push_str("tuple([])"),
        Type::Tuple(elements) => {
            text.push_str("tuple([");
            for element in elements.iter() {
                line(indent + 1, text);
                write_type(element, indent + 1, text);
                text.push(',');
            }
            line(indent, text);
            text.push_str("])");
        }
        Type::Object(object) if object.attributes.is_empty() => text.push_str("object({})"),
        Type::Object(object) => {
            text.push_str("object({");
            for (name, ty) in &object.attributes {
                line(indent + 1, text);
                if is_identifier(name) {
                    text.push_str(name);
                } else {
                    text.push_str(&quote(name));
                }
                text.push_str(": ");
                write_type(ty, indent + 1, text);
                text.push(',');
            }
            line(indent, text);
            text.push_str("})");
        }
    }
}

/// Whether a name can stand without quotes.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(unicode_ident::is_xid_start)
        && characters.all(|c| c == '-' || unicode_ident::is_xid_continue(c))
}

/// Text in quotes, with escapes, as messages show it.
pub(crate) fn quote(text: &str) -> String {
    Quoted(text).to_string()
}

/// The type of a conditional with these two results, or a sentence that says why there is none.
pub(crate) fn common_type(yes: &Value, no: &Value) -> Result<Type, String> {
    // Fast: two primitives.
    match (yes.kind(), no.kind()) {
        (Kind::String(_), Kind::String(_)) => return Ok(Type::String),
        (Kind::Number(_), Kind::Number(_)) => return Ok(Type::Number),
        (Kind::Bool(_), Kind::Bool(_)) => return Ok(Type::Bool),
        _ => {}
    }
    let (left, right) = (yes.ty(), no.ty());
    // One with marks is not just the absence of a value.
    let bare_null = |value: &Value, ty: &Type| {
        *ty == Type::Dynamic && value.is_null() && value.marks().is_none()
    };
    if bare_null(yes, &left) {
        return Ok(right);
    }
    if bare_null(no, &right) || left == right {
        return Ok(left);
    }
    if left == Type::Dynamic || right == Type::Dynamic {
        return Ok(Type::Dynamic);
    }
    unify(&[left.clone(), right.clone()]).ok_or_else(|| mismatch(&left, &right, 0))
}

/// What makes two types differ, as deep as it can be named.
fn mismatch(yes: &Type, no: &Type, depth: usize) -> String {
    const DEEPEST: usize = 20;
    let plain = || {
        format!(
            "The 'true' value is {}, but the 'false' value is {}.",
            type_name(yes),
            type_name(no)
        )
    };
    if depth > DEEPEST {
        return plain();
    }
    match (yes, no) {
        (Type::Object(yes), Type::Object(no)) => {
            object_mismatch(yes, no, depth).unwrap_or_else(plain)
        }
        (Type::Tuple(left), Type::Tuple(right)) => {
            if left.len() != right.len() {
                return format!(
                    "The 'true' tuple has length {}, but the 'false' tuple has length {}.",
                    left.len(),
                    right.len()
                );
            }
            let pair = left
                .iter()
                .zip(right.iter())
                .enumerate()
                .find(|(_, (left, right))| differ(left, right));
            match pair {
                Some((at, (left, right))) => format!(
                    "Type mismatch for tuple element {at}: {}",
                    mismatch(left, right, depth + 1)
                ),
                None => plain(),
            }
        }
        (Type::List(left), Type::List(right))
        | (Type::Set(left), Type::Set(right))
        | (Type::Map(left), Type::Map(right))
            if matches!(**left, Type::Object(_) | Type::Tuple(_)) && left != right =>
        {
            let kind = match yes {
                Type::List(_) => "list",
                Type::Set(_) => "set",
                _ => "map",
            };
            format!(
                "Mismatched {kind} element types: {}",
                mismatch(left, right, depth + 1)
            )
        }
        _ => plain(),
    }
}

fn differ(yes: &Type, no: &Type) -> bool {
    yes != no && unify(&[yes.clone(), no.clone()]).is_none()
}

fn object_mismatch(yes: &ObjectType, no: &ObjectType, depth: usize) -> Option<String> {
    for (name, ty) in &yes.attributes {
        match no.attributes.get(name) {
            None => {
                return Some(format!(
                    "The 'true' value includes object attribute {}, which is absent in the 'false' value.",
                    quote(name)
                ));
            }
            Some(other) if differ(ty, other) => {
                return Some(format!(
                    "Type mismatch for object attribute {}: {}",
                    quote(name),
                    mismatch(ty, other, depth + 1)
                ));
            }
            Some(_) => {}
        }
    }
    let absent = no
        .attributes
        .keys()
        .find(|name| !yes.attributes.contains_key(*name))?;
    Some(format!(
        "The 'false' value includes object attribute {}, which is absent in the 'true' value.",
        quote(absent)
    ))
}

/// What is known of a value that is one of these two.
pub(crate) fn either(ty: &Type, yes: &Value, no: &Value) -> Value {
    let (a, b) = (yes.range(), no.range());
    if a.null && b.null {
        return Value::null(ty.clone());
    }
    if *ty == Type::Dynamic {
        return Value::dynamic();
    }
    if a.null || b.null {
        return Value::unknown(ty.clone());
    }
    let (a, b) = (a.refinements, b.refinements);
    if yes.ty() != no.ty() {
        // What is known of one form says nothing of the other.
        let not_null = a.not_null && b.not_null;
        let known = if not_null {
            Refinements::NOT_NULL
        } else {
            Refinements::NONE
        };
        return Value::unknown_refined(ty.clone(), known);
    }
    let prefix = match (&a.prefix, &b.prefix) {
        (Some(a), Some(b)) => common_prefix(a, b),
        _ => String::new(),
    };
    let outer = |a: Option<(terrane_value::Number, bool)>,
                 b: Option<(terrane_value::Number, bool)>,
                 keep: Ordering| match (a, b) {
        (Some(a), Some(b)) if a.0.compare(&b.0) == keep => Some(a),
        (Some(_), Some(b)) => Some(b),
        _ => None,
    };
    let mut known = Refinements {
        not_null: a.not_null && b.not_null,
        prefix: None,
        min: outer(a.min, b.min, Ordering::Less),
        max: outer(a.max, b.max, Ordering::Greater),
        min_length: a.min_length.zip(b.min_length).map(|(a, b)| a.min(b)),
        max_length: a.max_length.zip(b.max_length).map(|(a, b)| a.max(b)),
    };
    if !prefix.is_empty() {
        known = known.prefix(&prefix);
    }
    // One number on both sides is this number; lists of one length are a list of that length.
    Value::unknown_with(ty.clone(), known)
}

fn common_prefix(a: &str, b: &str) -> String {
    a.chars()
        .zip(b.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a)
        .collect()
}

/// The result of an operator on numbers of which at least one is unknown. Neither is null or marked.
pub(crate) fn unknown_number_op(op: BinaryOp, a: &Value, b: &Value) -> Value {
    let result = match op {
        BinaryOp::Less => ops::less(a, b),
        BinaryOp::LessEq => ops::less_or_equal(a, b),
        BinaryOp::Greater => ops::greater(a, b),
        BinaryOp::GreaterEq => ops::greater_or_equal(a, b),
        _ => return Value::unknown_refined(Type::Number, Refinements::NOT_NULL),
    };
    result.unwrap_or_else(|_| Value::unknown_refined(Type::Bool, Refinements::NOT_NULL))
}

/// An unknown string that begins with this text.
pub(crate) fn unknown_with_prefix(text: &str) -> Value {
    Value::unknown_with(Type::String, Refinements::NOT_NULL.prefix(text))
}

/// Items of one type as a list; of several types as a tuple.
pub(crate) fn list_or_tuple(items: Vec<Value>) -> Value {
    match Value::list_of(items.clone()) {
        Some(list) => list,
        None => Value::tuple(items),
    }
}

/// Visits the elements of a known, unmarked container with their keys (the element itself in a set) until `visit` says false.
pub(crate) fn each(container: &Value, mut visit: impl FnMut(&dyn Fn() -> Value, &Value) -> bool) {
    match container.kind() {
        Kind::List(items) | Kind::Tuple(items) => {
            for (at, item) in items.iter().enumerate() {
                let key = || Value::number(terrane_value::Number::from_usize(at));
                if !visit(&key, item) {
                    return;
                }
            }
        }
        Kind::Set(items) => {
            for item in items {
                if !visit(&|| item.clone(), item) {
                    return;
                }
            }
        }
        Kind::Map(map) => {
            for (key, item) in map.iter() {
                if !visit(&|| Value::string(key.clone()), item) {
                    return;
                }
            }
        }
        Kind::Object(object) => {
            for (key, item) in object.iter() {
                if !visit(&|| Value::string(key.clone()), item) {
                    return;
                }
            }
        }
        _ => {}
    }
}
