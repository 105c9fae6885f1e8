//! Between values and the JSON text of stored objects.

use std::sync::Arc;
use terrane_model::schema::Block;
use terrane_value::{Type, Value, json};

/// Reads the attributes of a stored object. Attributes that the type does not have are dropped, missing ones are null: both happen when
/// a schema changed without a new version.
///
/// # Errors
/// A sentence that says what does not fit.
pub fn decode(text: &str, ty: &Type) -> Result<Value, String> {
    decode_by(&mut json::Decoder::default(), text, ty)
}

/// The same of one object after the other, each of the type of a block.
///
/// # Errors
/// As [`decode`].
pub(crate) fn decode_with(
    decoder: &mut json::Decoder,
    text: &str,
    block: &Block,
) -> Result<Value, String> {
    decode_by(decoder, text, block.implied_type())
}

fn decode_by(decoder: &mut json::Decoder, text: &str, ty: &Type) -> Result<Value, String> {
    let strict = match decoder.decode(text, ty) {
        Ok(value) => return Ok(value),
        Err(problem) => problem.to_string(),
    };
    let Ok(mut tree) = serde_json::from_str(text) else {
        return Err(strict);
    };
    fit(&mut tree, ty);
    json::decode(&tree.to_string(), ty).map_err(|problem| problem.to_string())
}

/// What was planned, as an intent holds it: what it leaves out was not known, or is not to be shown, and is unknown again. Null, where the text does not
/// fit the type.
#[must_use]
pub fn decode_planned(text: &str, ty: &Type) -> Value {
    let unfit = || Value::null(ty.clone());
    serde_json::from_str(text)
        .map_or_else(|_| unfit(), |tree| planned(&tree, ty).unwrap_or_else(unfit))
}

fn planned(tree: &serde_json::Value, ty: &Type) -> Option<Value> {
    let (serde_json::Value::Object(map), Type::Object(object)) = (tree, ty) else {
        return decode(&tree.to_string(), ty).ok();
    };
    let attributes = object.attributes.iter().map(|(name, ty)| {
        let value = match map.get(name.as_str()) {
            Some(tree) => planned(tree, ty)?,
            None => Value::unknown(ty.clone()),
        };
        Some((name.clone(), value))
    });
    Some(Value::object(attributes.collect::<Option<Vec<_>>>()?))
}

/// Drops what an object type does not have and adds nulls for what is missing, at any depth.
fn fit(tree: &mut serde_json::Value, ty: &Type) {
    match (tree, ty) {
        (serde_json::Value::Object(map), Type::Object(object)) => {
            map.retain(|name, _| object.attributes.contains_key(name.as_str()));
            for (name, ty) in &object.attributes {
                fit(
                    map.entry(name.as_str()).or_insert(serde_json::Value::Null),
                    ty,
                );
            }
        }
        (serde_json::Value::Object(map), Type::Map(element)) => {
            map.values_mut().for_each(|value| fit(value, element));
        }
        (serde_json::Value::Array(items), Type::List(element) | Type::Set(element)) => {
            items.iter_mut().for_each(|item| fit(item, element));
        }
        (serde_json::Value::Array(items), Type::Tuple(types)) => items
            .iter_mut()
            .zip(types.iter())
            .for_each(|(item, ty)| fit(item, ty)),
        _ => {}
    }
}

/// Writes the attributes of an object of the schema's type. Marks are left out.
///
/// # Errors
/// A sentence, when a part is not known or does not fit the type.
pub fn encode(value: &Value, ty: &Type) -> Result<Arc<str>, String> {
    json::encode(&value.unmark_deep(), ty)
        .map(Into::into)
        .map_err(|problem| problem.to_string())
}

#[cfg(test)]
mod tests {
    use super::decode_planned;
    use terrane_value::{Type, Value};

    /// What an intent leaves out is unknown, also within an object; what it says is null is null.
    #[test]
    fn what_an_intent_leaves_out_is_unknown_again() {
        let inner = Type::object([("a", Type::String), ("b", Type::String)]);
        let ty = Type::object([
            ("id", Type::String),
            ("name", Type::String),
            ("none", Type::String),
            ("within", inner.clone()),
        ]);
        let found = decode_planned(
            r#"{"name":"n","none":null,"within":{"b":"x"},"gone":1}"#,
            &ty,
        );
        let expected = Value::object([
            ("id", Value::unknown(Type::String)),
            ("name", Value::string("n")),
            ("none", Value::null(Type::String)),
            (
                "within",
                Value::object([
                    ("a", Value::unknown(Type::String)),
                    ("b", Value::string("x")),
                ]),
            ),
        ]);
        assert_eq!(found, expected);
        assert!(decode_planned("[1]", &ty).is_null());
        assert!(decode_planned(r#"{"name":[]}"#, &ty).is_null());
    }
}
