//! Writing values as JSON, straight into one string.

use super::{JsonError, encode_type};
use crate::{Kind, Path, PathStep, Type, Value};

/// The value written against a type that it conforms to. Where the type is dynamic, at any depth,
/// the value is wrapped together with its own type.
///
/// # Errors
/// For unknown and marked values and infinities, at any depth.
pub fn encode(value: &Value, ty: &Type) -> Result<String, JsonError> {
    let mut out = String::new();
    let mut path = Vec::new();
    write(value, Some(ty), &mut path, &mut out)?;
    Ok(out)
}

/// The value alone, as `jsonencode` writes it.
///
/// # Errors
/// For unknown and marked values and infinities, at any depth.
pub fn encode_plain(value: &Value) -> Result<String, JsonError> {
    let mut out = String::new();
    write_plain(value, &mut out)?;
    Ok(out)
}

/// [`encode_plain`] into an existing string.
///
/// # Errors
/// For unknown and marked values and infinities, at any depth.
pub fn write_plain(value: &Value, out: &mut String) -> Result<(), JsonError> {
    write(value, None, &mut Vec::new(), out)
}

/// A text as a JSON string, as Go writes it: `<`, `>`, `&`, U+2028 and U+2029 escaped too.
pub fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(needs_escape) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = special.chars();
        if let Some(character) = characters.next() {
            escape(character, out);
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn needs_escape(character: char) -> bool {
    matches!(
        character,
        '\0'..'\u{20}' | '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}'
    )
}

fn escape(character: char, out: &mut String) {
    match character {
        '"' | '\\' => {
            out.push('\\');
            out.push(character);
        }
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => {
            out.push_str("\\u");
            let code = u32::from(character);
            for shift in [12, 8, 4, 0] {
                out.push(char::from_digit((code >> shift) & 0xf, 16).unwrap_or('0'));
            }
        }
    }
}

fn error<T>(path: &[PathStep], message: &str) -> Result<T, JsonError> {
    Err(JsonError {
        path: Path(path.to_vec()),
        message: message.to_owned(),
        offset: None,
    })
}

/// `ty` is `None` where no type is written.
fn write(
    value: &Value,
    ty: Option<&Type>,
    path: &mut Vec<PathStep>,
    out: &mut String,
) -> Result<(), JsonError> {
    match value.kind() {
        Kind::Marked(..) => {
            return error(path, "value has marks, so it cannot be serialized as JSON");
        }
        Kind::Unknown(..) => return error(path, "value is not known"),
        _ => {}
    }
    if ty == Some(&Type::Dynamic) {
        let own = value.ty();
        if own != Type::Dynamic {
            out.push_str("{\"value\":");
            write(value, Some(&own), path, out)?;
            out.push_str(",\"type\":");
            encode_type(&own, out);
            out.push('}');
            return Ok(());
        }
    }
    match value.kind() {
        Kind::Marked(..) | Kind::Unknown(..) | Kind::Null(_) => out.push_str("null"),
        Kind::Bool(truth) => out.push_str(if truth { "true" } else { "false" }),
        Kind::Number(number) if number.is_infinite() => {
            return error(path, "cannot serialize infinity as JSON");
        }
        Kind::Number(number) => out.push_str(&number.text()),
        Kind::String(text) => quote(text, out),
        Kind::List(items) | Kind::Set(items) => {
            let element = ty.and_then(Type::element);
            write_array(items, |_| element, path, out)?;
        }
        Kind::Tuple(items) => {
            let types = match ty {
                Some(Type::Tuple(types)) => Some(types),
                _ => None,
            };
            write_array(items, |at| types.and_then(|types| types.get(at)), path, out)?;
        }
        Kind::Map(map) => {
            let element = ty.and_then(Type::element);
            let entries = map.iter().map(|(key, item)| {
                let step = PathStep::Index(Value::string(key.clone()));
                (key.as_str(), item, element, step)
            });
            write_object(entries, path, out)?;
        }
        Kind::Object(object) => {
            let types = match ty {
                Some(Type::Object(object)) => Some(object),
                _ => None,
            };
            let entries = object.iter().map(|(name, item)| {
                let ty = types.and_then(|object| object.attributes.get(name));
                (name.as_str(), item, ty, PathStep::Attr(name.clone()))
            });
            write_object(entries, path, out)?;
        }
    }
    Ok(())
}

fn write_array<'a>(
    items: &[Value],
    ty: impl Fn(usize) -> Option<&'a Type>,
    path: &mut Vec<PathStep>,
    out: &mut String,
) -> Result<(), JsonError> {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        path.push(PathStep::Index(Value::number(at)));
        write(item, ty(at), path, out)?;
        path.pop();
    }
    out.push(']');
    Ok(())
}

fn write_object<'a>(
    entries: impl Iterator<Item = (&'a str, &'a Value, Option<&'a Type>, PathStep)>,
    path: &mut Vec<PathStep>,
    out: &mut String,
) -> Result<(), JsonError> {
    out.push('{');
    for (at, (name, item, ty, step)) in entries.enumerate() {
        if at > 0 {
            out.push(',');
        }
        quote(name, out);
        out.push(':');
        path.push(step);
        write(item, ty, path, out)?;
        path.pop();
    }
    out.push('}');
    Ok(())
}
