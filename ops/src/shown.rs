//! Values in the form in which programs get them.

use terrane_value::{Value, json};

/// A value as JSON, without a word about its type. `None` if it holds what is not known or marked.
#[must_use]
pub fn as_json(value: &Value) -> Option<serde_json::Value> {
    let text = json::encode_plain(value).ok()?;
    serde_json::from_str(&text).ok()
}
