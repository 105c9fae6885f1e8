//! Whether values fit types, and stored objects read back by type.

use serde_json::value::RawValue;
use std::collections::BTreeMap;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::Schema;
use terrane_value::{Kind, ObjectType, Path, PathStep, Type, Value, json};

/// How deep values may nest before they are refused.
const MAX_DEPTH: usize = 200;

/// Refuses a value that is neither null nor of the type of a schema: what a provider does first with every value from outside.
///
/// # Errors
/// Says where it does not fit.
pub fn check(value: &Value, schema: &Schema, what: &str) -> Result<(), ProviderDiagnostic> {
    let ty = schema.block.implied_type();
    if (value.is_null() && value.marks().is_none()) || fits(value, ty) {
        return Ok(());
    }
    match mismatch(value, ty) {
        None => Ok(()),
        Some((path, problem)) => Err(ProviderDiagnostic::error(
            "Value does not fit the schema",
            format!("The {what} holds {problem}."),
        )
        .at(path)),
    }
}

/// A quick yes where nothing is dynamic; no where it takes a closer look.
fn fits(value: &Value, ty: &Type) -> bool {
    match (value.kind(), ty) {
        (Kind::Marked(..), _) => false,
        (_, Type::Dynamic) => !value.contains_marks(),
        (Kind::Object(object), Type::Object(wanted)) => {
            object.iter().len() == wanted.attributes.len()
                && object
                    .iter()
                    .zip(&wanted.attributes)
                    .all(|((name, value), (known, ty))| name == known && fits(value, ty))
        }
        _ => !value.contains_marks() && value.is_of(ty),
    }
}

/// Where a value does not fit a type, in words: `None` if it fits. (Dynamic parts of the type fit everything.)
#[must_use]
pub fn mismatch(value: &Value, ty: &Type) -> Option<(Path, String)> {
    fit(value, ty, &Path::new(), 0).err()
}

fn fit(value: &Value, ty: &Type, path: &Path, depth: usize) -> Result<(), (Path, String)> {
    let wrong = |got: &str| Err((path.clone(), format!("{got} where {ty:?} is expected")));
    if depth > MAX_DEPTH {
        return wrong("too deep a value");
    }
    let all = |items: &[Value], element: &Type| {
        items.iter().enumerate().try_for_each(|(at, item)| {
            let index = Value::number(i64::try_from(at).unwrap_or(i64::MAX));
            fit(item, element, &path.then(PathStep::Index(index)), depth + 1)
        })
    };
    match (value.kind(), ty) {
        (Kind::Marked(..), _) => wrong("a marked value"),
        (_, Type::Dynamic)
        | (Kind::Bool(_), Type::Bool)
        | (Kind::Number(_), Type::Number)
        | (Kind::String(_), Type::String) => Ok(()),
        (Kind::Null(own) | Kind::Unknown(own, _), _) => {
            if type_fits(own, ty) {
                Ok(())
            } else {
                wrong(&format!("null or unknown of {own:?}"))
            }
        }
        (Kind::List(items), Type::List(element)) | (Kind::Set(items), Type::Set(element)) => {
            all(items, element)
        }
        (Kind::Tuple(items), Type::Tuple(types)) => {
            if items.len() != types.len() {
                return wrong("a tuple of another length");
            }
            items
                .iter()
                .zip(types.iter())
                .try_for_each(|(item, ty)| fit(item, ty, path, depth + 1))
        }
        (Kind::Map(map), Type::Map(element)) => map.iter().try_for_each(|(key, item)| {
            let step = path.index(Value::string(key.clone()));
            fit(item, element, &step, depth + 1)
        }),
        (Kind::Object(object), Type::Object(expected)) => {
            let names = object.iter().map(|(name, _)| name);
            if !names.eq(expected.attributes.keys()) {
                return wrong("an object with other attributes");
            }
            object
                .iter()
                .zip(expected.attributes.values())
                .try_for_each(|((name, item), ty)| {
                    fit(item, ty, &path.attr(name.clone()), depth + 1)
                })
        }
        _ => wrong("a value of another type"),
    }
}

/// Whether a type is an instance of another one that may hold dynamic parts.
fn type_fits(own: &Type, wanted: &Type) -> bool {
    match (own, wanted) {
        (_, Type::Dynamic) => true,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => type_fits(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| type_fits(a, b))
        }
        (Type::Object(a), Type::Object(b)) => {
            a.attributes.len() == b.attributes.len()
                && a.attributes
                    .iter()
                    .zip(&b.attributes)
                    .all(|((name, a), (other, b))| name == other && type_fits(a, b))
        }
        _ => own == wanted,
    }
}

/// Reads the JSON of a stored object as a value of this type. Attributes that the type does not have are left out; those that the JSON does
/// not have are null.
///
/// # Errors
/// Says in words what is not as the type wants it, never showing a value.
pub fn decode_stored(text: &str, ty: &Type) -> Result<Value, String> {
    let Type::Object(object) = ty else {
        return json::decode(text, ty).map_err(|error| error.to_string());
    };
    let stored: BTreeMap<&str, &RawValue> = match serde_json::from_str(text) {
        Ok(stored) => stored,
        // A name with escapes in it cannot be borrowed from the text. No schema has such a name, but another object may.
        Err(_) => return decode_owned(text, object),
    };
    attributes(object, |name| stored.get(name).map(|raw| raw.get()))
}

fn decode_owned(text: &str, object: &ObjectType) -> Result<Value, String> {
    let stored: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).map_err(|error| {
        format!(
            "not a JSON object: {:?} in line {}",
            error.classify(),
            error.line()
        )
    })?;
    attributes(object, |name| stored.get(name).map(|raw| raw.get()))
}

fn attributes<'a>(
    object: &ObjectType,
    stored: impl Fn(&str) -> Option<&'a str>,
) -> Result<Value, String> {
    let values: Result<Vec<Value>, String> = object
        .attributes
        .iter()
        .map(|(name, ty)| match stored(name) {
            None => Ok(Value::null(ty.clone())),
            Some(text) => {
                json::decode(text, ty).map_err(|error| format!("attribute {name}: {error}"))
            }
        })
        .collect();
    Ok(Value::object_shaped(object.names(), values?))
}
