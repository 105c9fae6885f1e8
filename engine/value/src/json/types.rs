//! Types as JSON: `"string"`, `["list","number"]`, `["object",{"a":"bool"},["a"]]`.

use super::JsonError;
use super::encode::quote;
use super::read::{Reader, Token};
use crate::{EcoString, ObjectType, Type};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Writes a type. The last part of an object, the names of optional attributes, is left out where
/// there are none.
pub fn encode_type(ty: &Type, out: &mut String) {
    let collection = |kind: &str, element: &Type, out: &mut String| {
        out.push_str("[\"");
        out.push_str(kind);
        out.push_str("\",");
        encode_type(element, out);
        out.push(']');
    };
    match ty {
        Type::Dynamic => out.push_str("\"dynamic\""),
        Type::Bool => out.push_str("\"bool\""),
        Type::Number => out.push_str("\"number\""),
        Type::String => out.push_str("\"string\""),
        Type::List(element) => collection("list", element, out),
        Type::Set(element) => collection("set", element, out),
        Type::Map(element) => collection("map", element, out),
        Type::Tuple(elements) => {
            out.push_str("[\"tuple\",[");
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                encode_type(element, out);
            }
            out.push_str("]]");
        }
        Type::Object(object) => {
            out.push_str("[\"object\",{");
            for (at, (name, ty)) in object.attributes.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                quote(name, out);
                out.push(':');
                encode_type(ty, out);
            }
            out.push('}');
            for (at, name) in object.optional.iter().enumerate() {
                out.push_str(if at == 0 { ",[" } else { "," });
                quote(name, out);
            }
            out.push_str(if object.optional.is_empty() {
                "]"
            } else {
                "]]"
            });
        }
    }
}

/// Reads a type.
///
/// # Errors
/// For text that is no type, or nested too deeply.
pub fn decode_type(text: &str) -> Result<Type, JsonError> {
    let mut reader = Reader::new(text);
    let ty = read_type(&mut reader)?;
    reader.end()?;
    Ok(ty)
}

/// A type takes up to two levels of JSON for each level of the value that has it, so it may nest deeper than values may.
pub(super) fn read_type(reader: &mut Reader<'_>) -> Result<Type, JsonError> {
    let limit = reader.raise_limit();
    let ty = read_nested_type(reader);
    reader.restore_limit(limit);
    ty
}

fn read_nested_type(reader: &mut Reader<'_>) -> Result<Type, JsonError> {
    match reader.value()? {
        Token::String(name) => match &*name {
            "bool" => Ok(Type::Bool),
            "number" => Ok(Type::Number),
            "string" => Ok(Type::String),
            "dynamic" => Ok(Type::Dynamic),
            _ => reader.error(format!("invalid primitive type name {name:?}")),
        },
        Token::Array => {
            if !reader.next_element(true)? {
                return reader.error("invalid complex type kind name");
            }
            let Token::String(kind) = reader.value()? else {
                return reader.error("invalid complex type kind name");
            };
            if !reader.next_element(false)? {
                return reader.error("invalid complex type description");
            }
            let ty = match &*kind {
                "list" => Type::list(read_nested_type(reader)?),
                "set" => Type::set(read_nested_type(reader)?),
                "map" => Type::map(read_nested_type(reader)?),
                "tuple" => read_tuple(reader)?,
                "object" => return read_object(reader),
                _ => return reader.error("invalid complex type kind name"),
            };
            if reader.next_element(false)? {
                return reader.error("unexpected extra data in type description");
            }
            Ok(ty)
        }
        _ => reader.error("invalid type description"),
    }
}

fn read_tuple(reader: &mut Reader<'_>) -> Result<Type, JsonError> {
    let Token::Array = reader.value()? else {
        return reader.error("invalid tuple type description");
    };
    let mut elements = Vec::new();
    while reader.next_element(elements.is_empty())? {
        elements.push(read_nested_type(reader)?);
    }
    Ok(Type::tuple(elements))
}

/// The attributes, the optional names if there are any, and the end of the array.
fn read_object(reader: &mut Reader<'_>) -> Result<Type, JsonError> {
    let Token::Object = reader.value()? else {
        return reader.error("invalid object type description");
    };
    let mut attributes: BTreeMap<EcoString, Type> = BTreeMap::new();
    let mut first = true;
    while let Some(name) = reader.next_key(first)? {
        first = false;
        attributes.insert(name.into(), read_nested_type(reader)?);
    }
    let mut optional = BTreeSet::new();
    if reader.next_element(false)? {
        let Token::Array = reader.value()? else {
            return reader.error("invalid optional attributes in type description");
        };
        let mut first = true;
        while reader.next_element(first)? {
            first = false;
            match reader.value()? {
                Token::String(name) if attributes.contains_key(&*name) => {
                    optional.insert(name.into());
                }
                _ => return reader.error("invalid optional attributes in type description"),
            }
        }
        if reader.next_element(false)? {
            return reader.error("unexpected extra data in type description");
        }
    }
    Ok(Type::Object(Arc::new(ObjectType::new(
        attributes, optional,
    ))))
}
