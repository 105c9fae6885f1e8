//! Values as expressions.

use super::tables::Link;
use std::fmt::Write as _;
use terrane_value::{Kind, Value};

/// How deep values are written.
const MAX_DEPTH: usize = 100;

/// A value as an expression. `dynamic`: nothing converts it to the type that it has, so that the expression has to. `link` has the references that
/// take the place of texts.
pub(super) fn expression(
    out: &mut String,
    value: &Value,
    dynamic: bool,
    link: Link<'_>,
    depth: usize,
) {
    if depth >= MAX_DEPTH {
        out.push_str("null");
        return;
    }
    if value.marks().is_sensitive() {
        out.push_str("sensitive(");
        expression(out, value.unmarked(), dynamic, link, depth + 1);
        out.push(')');
        return;
    }
    let function = match value.kind() {
        Kind::List(_) if dynamic => Some("tolist("),
        Kind::Set(_) if dynamic => Some("toset("),
        Kind::Map(_) if dynamic => Some("tomap("),
        _ => None,
    };
    out.push_str(function.unwrap_or_default());
    match value.kind() {
        Kind::Bool(flag) => out.push_str(if flag { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(&number.to_string()),
        Kind::String(text) => match link(text) {
            Some(reference) => out.push_str(&reference),
            None => quoted(out, text),
        },
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
            out.push('[');
            for item in items {
                expression(out, item, dynamic, link, depth + 1);
                out.push_str(", ");
            }
            out.push(']');
        }
        Kind::Map(map) => entries(out, &mut map.iter(), dynamic, link, depth),
        Kind::Object(object) => entries(out, &mut object.iter(), dynamic, link, depth),
        Kind::Null(_) | Kind::Unknown(..) | Kind::Marked(..) => out.push_str("null"),
    }
    if function.is_some() {
        out.push(')');
    }
}

fn entries<'a>(
    out: &mut String,
    entries: &mut dyn Iterator<Item = (&'a terrane_value::EcoString, &'a Value)>,
    dynamic: bool,
    link: Link<'_>,
    depth: usize,
) {
    out.push_str("{\n");
    for (name, value) in entries {
        key(out, name);
        out.push_str(" = ");
        expression(out, value, dynamic, link, depth + 1);
        out.push('\n');
    }
    out.push('}');
}

/// The key of an object. Always in quotes: nothing in it is a name then.
pub(super) fn key(out: &mut String, name: &str) {
    quoted(out, name);
}

/// A string in quotes, in which nothing is a template.
pub(super) fn quoted(out: &mut String, text: &str) {
    out.push('"');
    inner(out, text);
    out.push('"');
}

/// The inside of a quoted string.
pub(super) fn inner(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => {
                out.push(char);
                out.push(char);
            }
            char if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let code = u32::from(char);
                let _written = match code {
                    0..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
            char => out.push(char),
        }
    }
}
