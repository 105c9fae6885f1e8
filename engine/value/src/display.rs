//! Values as text of the language, the way the console prints them.

use crate::quote::Quoted;
use crate::{EcoString, Kind, Type, Value};

/// A text of at most so many characters: of a longer one its beginning, and `…`.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let kept = text.chars().take(most.saturating_sub(1));
    kept.chain(std::iter::once('…')).collect()
}

/// The value as text: one line for primitives, a heredoc for text of several lines, one line per
/// part for containers. `indent` columns are put before each line but the first. What is sensitive
/// or unknown is not shown.
#[must_use]
pub fn console(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    write(value, indent, &mut out);
    out
}

fn write(value: &Value, indent: usize, out: &mut String) {
    match value.kind() {
        Kind::Unknown(..) => out.push_str("(known after apply)"),
        Kind::Marked(_, inner) if !inner.is_known() => out.push_str("(known after apply)"),
        Kind::Marked(marks, _) if marks.is_sensitive() => out.push_str("(sensitive value)"),
        Kind::Marked(marks, _) if marks.is_ephemeral() => out.push_str("(ephemeral value)"),
        Kind::Marked(_, inner) => write(inner, indent, out),
        Kind::Null(ty) => out.push_str(&null(ty)),
        Kind::Bool(truth) => out.push_str(if truth { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(&number.text()),
        Kind::String(text) => write_text(text, indent, out),
        Kind::List(items) => sequence("tolist(", items, ")", indent, out),
        Kind::Set(items) => sequence("toset(", items, ")", indent, out),
        Kind::Tuple(items) => sequence("", items, "", indent, out),
        Kind::Map(map) => mapping("tomap(", map.iter(), ")", indent, out),
        Kind::Object(object) => mapping("", object.iter(), "", indent, out),
    }
}

fn null(ty: &Type) -> String {
    match ty {
        Type::Dynamic => "null".to_owned(),
        Type::String => "tostring(null)".to_owned(),
        Type::Number => "tonumber(null)".to_owned(),
        Type::Bool => "tobool(null)".to_owned(),
        Type::List(element) => format!("tolist(null) /* of {} */", element.friendly_name()),
        Type::Set(element) => format!("toset(null) /* of {} */", element.friendly_name()),
        Type::Map(element) => format!("tomap(null) /* of {} */", element.friendly_name()),
        Type::Tuple(_) | Type::Object(_) => format!("null /* {} */", ty.friendly_name()),
    }
}

fn line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn write_text(text: &str, indent: usize, out: &mut String) {
    if !text.contains('\n') {
        out.push_str(&Quoted(text).to_string());
        return;
    }
    let mut delimiter = String::from("EOT");
    while text.split('\n').any(|line| line.trim() == delimiter) {
        delimiter.push('_');
    }
    out.push_str(if indent > 0 { "<<-" } else { "<<" });
    out.push_str(&delimiter);
    for part in text.split('\n').chain([delimiter.as_str()]) {
        line(indent, out);
        out.push_str(part);
    }
}

fn sequence(open: &str, items: &[Value], close: &str, indent: usize, out: &mut String) {
    out.push_str(open);
    out.push('[');
    for item in items {
        line(indent + 2, out);
        write(item, indent + 2, out);
        out.push(',');
    }
    if !items.is_empty() {
        line(indent, out);
    }
    out.push(']');
    out.push_str(close);
}

fn mapping<'a>(
    open: &str,
    entries: impl ExactSizeIterator<Item = (&'a EcoString, &'a Value)>,
    close: &str,
    indent: usize,
    out: &mut String,
) {
    let empty = entries.len() == 0;
    out.push_str(open);
    out.push('{');
    for (name, item) in entries {
        line(indent + 2, out);
        write_text(name, indent + 2, out);
        out.push_str(" = ");
        write(item, indent + 2, out);
    }
    if !empty {
        line(indent, out);
    }
    out.push('}');
    out.push_str(close);
}

#[cfg(test)]
mod tests {
    use super::console;
    use crate::{Marks, Type, Value, json};
    use std::collections::BTreeMap;

    /// What `terraform console` prints for the same values.
    #[test]
    fn prints_as_the_console_of_the_peer() {
        let strings = |items: &[&str]| items.iter().map(|text| Value::string(*text)).collect();
        let map = BTreeMap::from([("a".into(), Value::string("x"))]);
        for (value, want) in [
            (Value::NULL, "null"),
            (Value::null(Type::String), "tostring(null)"),
            (
                Value::null(Type::list(Type::Dynamic)),
                "tolist(null) /* of dynamic */",
            ),
            (Value::unknown(Type::String), "(known after apply)"),
            (
                Value::TRUE.with_marks(&Marks::SENSITIVE),
                "(sensitive value)",
            ),
            (
                Value::string("${a} \t é \u{200b} \u{a0}"),
                "\"${a} \\t é \\u200b \\u00a0\"",
            ),
            (Value::string("a\nb"), "<<EOT\na\nb\nEOT"),
            (
                Value::list(Type::String, strings(&["a"])),
                "tolist([\n  \"a\",\n])",
            ),
            (Value::set(Type::String, vec![]), "toset([])"),
            (
                Value::map(Type::String, map),
                "tomap({\n  \"a\" = \"x\"\n})",
            ),
            (
                json::decode_implied(r#"{"a":1,"b":"x\nEOT","c d":[],"e":{},"f":[true,[null]]}"#)
                    .unwrap(),
                "{\n  \"a\" = 1\n  \"b\" = <<-EOT_\n  x\n  EOT\n  EOT_\n  \"c d\" = []\n  \"e\" = {}\n  \"f\" = [\n    true,\n    [\n      null,\n    ],\n  ]\n}",
            ),
        ] {
            assert_eq!(console(&value, 0), want);
        }
    }
}
