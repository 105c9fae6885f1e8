//! Values with their types, as JSON: the type in the form that state files use, the value in the form that belongs to it.

use super::WireError;
use ecow::EcoString;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use terrane_value::json::{self, JsonError};
use terrane_value::{Path, PathStep, Type, Value};

/// Nesting that is written at most. The type of a value nests twice as deep as the value, and nothing may be written that the
/// reader would refuse for its depth.
const MAX_DEPTH: usize = json::MAX_DEPTH / 2 - 1;

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
        value: raw(encode_value(value)?)?,
        ty: raw(encode_type(&value.ty()))?,
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

fn bad(error: &JsonError) -> WireError {
    WireError::Bad(error.to_string())
}

/// A type as JSON text: `"string"`, `["list","number"]`, `["object",{…}]`.
pub(crate) fn encode_type(ty: &Type) -> String {
    let mut text = String::new();
    json::encode_type(ty, &mut text);
    text
}

/// Reads a type from JSON text.
pub(crate) fn decode_type(text: &str) -> Result<Type, WireError> {
    json::decode_type(text).map_err(|error| bad(&error))
}

/// A wholly known value as JSON text in the form that belongs to its type. Marks are left out.
pub(crate) fn encode_value(value: &Value) -> Result<String, WireError> {
    if value.depth() > MAX_DEPTH {
        return Err(WireError::Bad(format!(
            "a value is nested more than {MAX_DEPTH} levels deep"
        )));
    }
    json::encode(&value.unmark_deep(), &value.ty()).map_err(|error| bad(&error))
}

/// Reads a value of a type from JSON text.
pub(crate) fn decode_value(text: &str, ty: &Type) -> Result<Value, WireError> {
    json::decode(text, ty).map_err(|error| bad(&error))
}
