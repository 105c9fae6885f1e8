//! Values with their types, as JSON: the type in the form that state files use, the value in the form that belongs to it.

use super::WireError;
use ecow::EcoString;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use terrane_value::{Kind, Number, Path, PathStep, Type, Value};

/// Nesting that is written at most. The JSON reader stops at 128 levels, and nothing may be written that can't be read.
const MAX_DEPTH: usize = 100;

/// A value and its type.
#[derive(Serialize, Deserialize)]
pub(super) struct WireValue {
    #[serde(rename = "type")]
    ty: Box<RawValue>,
    value: Box<RawValue>,
}

/// `{"a":"name"}` or `{"i":{"type":"number","value":0}}`.
#[derive(Serialize, Deserialize)]
pub(super) enum WirePathStep {
    #[serde(rename = "a")]
    Attr(EcoString),
    #[serde(rename = "i")]
    Index(WireValue),
}

pub(super) fn encode_typed(value: &Value) -> Result<WireValue, WireError> {
    let raw = |text: String| {
        RawValue::from_string(text).map_err(|error| WireError::Bad(error.to_string()))
    };
    Ok(WireValue {
        ty: raw(encode_type(&value.ty()))?,
        value: raw(encode_value(value)?)?,
    })
}

pub(super) fn decode_typed(wire: &WireValue) -> Result<Value, WireError> {
    let ty = decode_type(wire.ty.get())?;
    decode_value(wire.value.get(), &ty)
}

pub(super) fn encode_path(path: &Path) -> Result<Vec<WirePathStep>, WireError> {
    path.0
        .iter()
        .map(|step| {
            Ok(match step {
                PathStep::Attr(name) => WirePathStep::Attr(name.clone()),
                PathStep::Index(key) => WirePathStep::Index(encode_typed(key)?),
            })
        })
        .collect()
}

pub(super) fn decode_path(steps: Vec<WirePathStep>) -> Result<Path, WireError> {
    steps
        .into_iter()
        .map(|step| {
            Ok(match step {
                WirePathStep::Attr(name) => PathStep::Attr(name),
                WirePathStep::Index(key) => PathStep::Index(decode_typed(&key)?),
            })
        })
        .collect::<Result<_, _>>()
        .map(Path)
}

fn bad<T>(problem: impl Into<String>) -> Result<T, WireError> {
    Err(WireError::Bad(problem.into()))
}

/// A type as JSON text: `"string"`, `["list","number"]`, `["object",{…}]`.
pub(crate) fn encode_type(ty: &Type) -> String {
    type_json(ty).to_string()
}

fn type_json(ty: &Type) -> Json {
    let of = |word: &str, rest: Json| Json::Array(vec![Json::from(word), rest]);
    match ty {
        Type::Dynamic => "dynamic".into(),
        Type::Bool => "bool".into(),
        Type::Number => "number".into(),
        Type::String => "string".into(),
        Type::List(element) => of("list", type_json(element)),
        Type::Set(element) => of("set", type_json(element)),
        Type::Map(element) => of("map", type_json(element)),
        Type::Tuple(elements) => of("tuple", elements.iter().map(type_json).collect()),
        Type::Object(object) => of(
            "object",
            Json::Object(
                object
                    .attributes
                    .iter()
                    .map(|(name, ty)| (name.to_string(), type_json(ty)))
                    .collect(),
            ),
        ),
    }
}

/// Reads a type from JSON text.
pub(crate) fn decode_type(text: &str) -> Result<Type, WireError> {
    let json: Json = serde_json::from_str(text)
        .map_err(|error| WireError::Bad(format!("the type is not valid JSON: {error}")))?;
    type_from(&json)
}

fn type_from(json: &Json) -> Result<Type, WireError> {
    let parts = match json {
        Json::String(word) => {
            return match word.as_str() {
                "dynamic" => Ok(Type::Dynamic),
                "bool" => Ok(Type::Bool),
                "number" => Ok(Type::Number),
                "string" => Ok(Type::String),
                word => bad(format!("`{word}` is not a type")),
            };
        }
        Json::Array(parts) => parts.as_slice(),
        _ => return bad("a type is a string or an array"),
    };
    match parts {
        [Json::String(word), element] if word == "list" => Ok(Type::list(type_from(element)?)),
        [Json::String(word), element] if word == "set" => Ok(Type::set(type_from(element)?)),
        [Json::String(word), element] if word == "map" => Ok(Type::map(type_from(element)?)),
        [Json::String(word), Json::Array(elements)] if word == "tuple" => Ok(Type::tuple(
            elements
                .iter()
                .map(type_from)
                .collect::<Result<Vec<_>, _>>()?,
        )),
        [Json::String(word), Json::Object(attributes), ..] if word == "object" => Ok(Type::object(
            attributes
                .iter()
                .map(|(name, ty)| Ok((name.as_str(), type_from(ty)?)))
                .collect::<Result<Vec<_>, WireError>>()?,
        )),
        _ => bad("a type has an unknown form"),
    }
}

/// A wholly known value as JSON text in the form that belongs to its type. Marks are left out.
pub(crate) fn encode_value(value: &Value) -> Result<String, WireError> {
    value_json(value, MAX_DEPTH).map(|json| json.to_string())
}

fn value_json(value: &Value, depth: usize) -> Result<Json, WireError> {
    let Some(depth) = depth.checked_sub(1) else {
        return bad(format!(
            "a value is nested more than {MAX_DEPTH} levels deep"
        ));
    };
    let all = |items: &[Value]| {
        items
            .iter()
            .map(|item| value_json(item, depth))
            .collect::<Result<Vec<_>, _>>()
            .map(Json::Array)
    };
    Ok(match value.unmarked().kind() {
        Kind::Null(_) => Json::Null,
        Kind::Unknown(..) | Kind::Marked(..) => return bad("an unknown value can't be stored"),
        Kind::Bool(value) => value.into(),
        Kind::Number(number) => {
            let number: serde_json::Number = serde_json::from_str(&number.to_string())
                .map_err(|error| WireError::Bad(format!("number {number}: {error}")))?;
            Json::Number(number)
        }
        Kind::String(text) => text.as_str().into(),
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => all(items)?,
        Kind::Map(map) => entries(map.iter(), depth)?,
        Kind::Object(object) => entries(object.iter(), depth)?,
    })
}

fn entries<'a>(
    entries: impl Iterator<Item = (&'a EcoString, &'a Value)>,
    depth: usize,
) -> Result<Json, WireError> {
    entries
        .map(|(name, value)| Ok((name.to_string(), value_json(value, depth)?)))
        .collect::<Result<_, _>>()
        .map(Json::Object)
}

/// Reads a value of a type from JSON text.
pub(crate) fn decode_value(text: &str, ty: &Type) -> Result<Value, WireError> {
    let json: Json = serde_json::from_str(text)
        .map_err(|error| WireError::Bad(format!("the value is not valid JSON: {error}")))?;
    value_from(&json, ty)
}

fn value_from(json: &Json, ty: &Type) -> Result<Value, WireError> {
    let all = |items: &[Json], element: &Type| {
        items
            .iter()
            .map(|item| value_from(item, element))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match (ty, json) {
        (_, Json::Null) => Value::null(ty.clone()),
        (Type::Dynamic, Json::Object(parts)) => match (parts.get("type"), parts.get("value")) {
            (Some(ty), Some(value)) => value_from(value, &type_from(ty)?)?,
            _ => return bad("a value of any type needs `type` and `value`"),
        },
        (Type::Bool, Json::Bool(value)) => Value::bool(*value),
        (Type::Number, Json::Number(number)) => number_from(&number.to_string())?,
        (Type::Number, Json::String(text)) => number_from(text)?,
        (Type::String, Json::String(text)) => Value::string_nfc(text),
        (Type::List(element), Json::Array(items)) => {
            Value::list((**element).clone(), all(items, element)?)
        }
        (Type::Set(element), Json::Array(items)) => {
            Value::set_sorted((**element).clone(), all(items, element)?)
        }
        (Type::Tuple(elements), Json::Array(items)) if items.len() == elements.len() => {
            Value::tuple(
                items
                    .iter()
                    .zip(elements.iter())
                    .map(|(item, ty)| value_from(item, ty))
                    .collect::<Result<_, _>>()?,
            )
        }
        (Type::Map(element), Json::Object(items)) => Value::map(
            (**element).clone(),
            items
                .iter()
                .map(|(key, item)| Ok((key.as_str().into(), value_from(item, element)?)))
                .collect::<Result<BTreeMap<_, _>, WireError>>()?,
        ),
        (Type::Object(object), Json::Object(items)) => {
            if let Some(name) = items
                .keys()
                .find(|name| !object.attributes.contains_key(name.as_str()))
            {
                return bad(format!(
                    "the value has an attribute `{name}` that its type lacks"
                ));
            }
            Value::object(
                object
                    .attributes
                    .iter()
                    .map(|(name, ty)| match items.get(name.as_str()) {
                        Some(item) => Ok((name.clone(), value_from(item, ty)?)),
                        None => bad(format!("the value lacks the attribute `{name}`")),
                    })
                    .collect::<Result<Vec<_>, _>>()?,
            )
        }
        _ => return bad("the value does not fit its type"),
    })
}

fn number_from(text: &str) -> Result<Value, WireError> {
    Number::parse(text).map_or_else(
        || bad(format!("`{text}` is not a number")),
        |number| Ok(Value::number(number)),
    )
}
