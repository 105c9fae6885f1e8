//! Whether values fit types, and stored objects read back by type.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use terrane_value::{EcoString, Kind, Number, Path, PathStep, Type, Value};

/// How deep values may nest before they are refused.
const MAX_DEPTH: usize = 200;

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
            if own == ty || *own == Type::Dynamic || type_fits(own, ty) {
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

/// A set of these items, whatever their order and repetition.
#[must_use]
pub fn set(element: Type, items: Vec<Value>) -> Value {
    let mut unique: Vec<Value> = Vec::with_capacity(items.len());
    for item in items {
        if !unique.contains(&item) {
            unique.push(item);
        }
    }
    unique.sort_by(|a, b| match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    });
    Value::set_sorted(element, unique)
}

/// Reads the JSON of a stored object as a value of this type. Attributes that the type does not have are left out; those that the JSON does
/// not have are null.
///
/// # Errors
/// Says in words what is not as the type wants it, never showing a value.
pub fn decode_stored(json: &str, ty: &Type) -> Result<Value, String> {
    let json: Json = serde_json::from_str(json).map_err(|error| format!("not JSON: {error}"))?;
    decode(&json, ty, 0)
}

fn decode(json: &Json, ty: &Type, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err("nested too deep".to_owned());
    }
    let items = |element: &Type| -> Result<Vec<Value>, String> {
        let array = json.as_array().ok_or("not an array")?;
        array
            .iter()
            .map(|item| decode(item, element, depth + 1))
            .collect()
    };
    match (ty, json) {
        (_, Json::Null) => Ok(Value::null(ty.clone())),
        (Type::Bool, Json::Bool(value)) => Ok(Value::bool(*value)),
        (Type::Bool, Json::String(text)) if text == "true" => Ok(Value::TRUE),
        (Type::Bool, Json::String(text)) if text == "false" => Ok(Value::FALSE),
        (Type::Number, Json::Number(number)) => Number::parse(&number.to_string())
            .map(Value::number)
            .ok_or_else(|| "not a number".to_owned()),
        (Type::Number, Json::String(text)) => Number::parse(text)
            .map(Value::number)
            .ok_or_else(|| "not a number".to_owned()),
        (Type::String, Json::String(text)) => Ok(Value::string_nfc(text)),
        (Type::String, Json::Bool(value)) => Ok(Value::string(value.to_string())),
        (Type::String, Json::Number(number)) => Ok(Value::string(number.to_string())),
        (Type::List(element), _) => Ok(Value::list(element.as_ref().clone(), items(element)?)),
        (Type::Set(element), _) => Ok(set(element.as_ref().clone(), items(element)?)),
        (Type::Tuple(types), Json::Array(array)) if types.len() == array.len() => {
            let items = array.iter().zip(types.iter());
            let items: Result<_, _> = items
                .map(|(item, ty)| decode(item, ty, depth + 1))
                .collect();
            Ok(Value::tuple(items?))
        }
        (Type::Map(element), Json::Object(map)) => {
            let entries: Result<BTreeMap<EcoString, Value>, String> = map
                .iter()
                .map(|(key, item)| Ok((key.into(), decode(item, element, depth + 1)?)))
                .collect();
            Ok(Value::map(element.as_ref().clone(), entries?))
        }
        (Type::Object(object), Json::Object(map)) => {
            let attributes: Result<Vec<(EcoString, Value)>, String> = object
                .attributes
                .iter()
                .map(|(name, ty)| {
                    let item = map.get(name.as_str()).unwrap_or(&Json::Null);
                    let value = decode(item, ty, depth + 1)
                        .map_err(|problem| format!("attribute {name}: {problem}"))?;
                    Ok((name.clone(), value))
                })
                .collect();
            Ok(Value::object(attributes?))
        }
        (Type::Dynamic, Json::Object(map)) => {
            let (Some(ty), Some(value)) = (map.get("type"), map.get("value")) else {
                return Err("a dynamic value without type and value".to_owned());
            };
            decode(value, &decode_type(ty, depth + 1)?, depth + 1)
        }
        _ => Err(format!("not a value of {ty:?}")),
    }
}

fn decode_type(json: &Json, depth: usize) -> Result<Type, String> {
    let bad = || "not a type".to_owned();
    if depth > MAX_DEPTH {
        return Err("nested too deep".to_owned());
    }
    match json {
        Json::String(name) => match name.as_str() {
            "string" => Ok(Type::String),
            "number" => Ok(Type::Number),
            "bool" => Ok(Type::Bool),
            "dynamic" => Ok(Type::Dynamic),
            _ => Err(bad()),
        },
        Json::Array(parts) => match (parts.first().and_then(Json::as_str), parts.get(1)) {
            (Some("list"), Some(element)) => Ok(Type::list(decode_type(element, depth + 1)?)),
            (Some("set"), Some(element)) => Ok(Type::set(decode_type(element, depth + 1)?)),
            (Some("map"), Some(element)) => Ok(Type::map(decode_type(element, depth + 1)?)),
            (Some("tuple"), Some(Json::Array(types))) => {
                let types: Result<Vec<_>, _> =
                    types.iter().map(|ty| decode_type(ty, depth + 1)).collect();
                Ok(Type::tuple(types?))
            }
            (Some("object"), Some(Json::Object(types))) => {
                let types: Result<Vec<_>, String> = types
                    .iter()
                    .map(|(name, ty)| Ok((name.as_str(), decode_type(ty, depth + 1)?)))
                    .collect();
                Ok(Type::object(types?))
            }
            _ => Err(bad()),
        },
        _ => Err(bad()),
    }
}

/// Writes a known value as the JSON in which objects are stored. What is not known or not of the type becomes null.
#[must_use]
pub fn encode_stored(value: &Value, ty: &Type) -> String {
    encode(value, ty).to_string()
}

fn encode(value: &Value, ty: &Type) -> Json {
    let element = |item: &Value| encode(item, ty.element().unwrap_or(&Type::Dynamic));
    if *ty == Type::Dynamic && !value.is_null() {
        let own = value.ty();
        return serde_json::json!({ "value": encode(value, &own), "type": encode_type(&own) });
    }
    match value.kind() {
        Kind::Marked(_, inner) => encode(inner, ty),
        Kind::Null(_) | Kind::Unknown(..) => Json::Null,
        Kind::Bool(value) => Json::Bool(value),
        Kind::Number(number) => serde_json::from_str(&number.to_string()).unwrap_or(Json::Null),
        Kind::String(text) => Json::String(text.to_string()),
        Kind::List(items) | Kind::Set(items) => items.iter().map(element).collect(),
        Kind::Tuple(items) => match ty {
            Type::Tuple(types) => items
                .iter()
                .zip(types.iter())
                .map(|(item, ty)| encode(item, ty))
                .collect(),
            _ => Json::Null,
        },
        Kind::Map(map) => map
            .iter()
            .map(|(key, item)| (key.to_string(), element(item)))
            .collect(),
        Kind::Object(object) => match ty {
            Type::Object(expected) => object
                .iter()
                .zip(expected.attributes.values())
                .map(|((name, item), ty)| (name.to_string(), encode(item, ty)))
                .collect(),
            _ => Json::Null,
        },
    }
}

fn encode_type(ty: &Type) -> Json {
    use serde_json::json;
    match ty {
        Type::Dynamic => json!("dynamic"),
        Type::Bool => json!("bool"),
        Type::Number => json!("number"),
        Type::String => json!("string"),
        Type::List(element) => json!(["list", encode_type(element)]),
        Type::Set(element) => json!(["set", encode_type(element)]),
        Type::Map(element) => json!(["map", encode_type(element)]),
        Type::Tuple(types) => json!(["tuple", types.iter().map(encode_type).collect::<Json>()]),
        Type::Object(object) => {
            let types: Json = object
                .attributes
                .iter()
                .map(|(name, ty)| (name.to_string(), encode_type(ty)))
                .collect();
            json!(["object", types])
        }
    }
}
