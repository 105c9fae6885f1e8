//! Between values and the JSON text of stored objects.

use std::sync::Arc;
use terrane_value::{Type, Value};

/// Reads the attributes of a stored object. Attributes that the type does not have are dropped, missing ones are null: both happen when
/// a schema changed without a new version.
///
/// # Errors
/// A sentence that says what does not fit.
pub fn decode(text: &str, ty: &Type) -> Result<Value, String> {
    terrane_value::json::decode_lenient(text.as_bytes(), ty).map_err(|problem| problem.to_string())
}

/// Writes the attributes of an object, which must be wholly known. Marks are left out.
#[must_use]
pub fn encode(value: &Value) -> Arc<str> {
    let value = value.unmark_deep();
    terrane_value::json::encode(&value, &value.ty()).into()
}
