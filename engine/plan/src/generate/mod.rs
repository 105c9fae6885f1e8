//! Configuration for an object that exists: the block that would have made it.
//!
//! In go the schema and the object, out comes source text in the standard layout. Planned again, it changes nothing, except where it says
//! that somebody has to fill something in: sensitive and write-only arguments are not written down.

use std::fmt::Write as _;
use terrane_lang::syntax::format;
use terrane_model::addr::InstanceAddr;
use terrane_model::schema::{Attribute, AttributeType, Block, NestedBlock, NestedObject, Nesting};
use terrane_value::{EcoString, Kind, Type, Value, json};

/// A generated resource block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// What it declares.
    pub addr: InstanceAddr,
    /// Its text, with a comment before it; ends in a line break.
    pub text: String,
}

/// How deep values are written. Schemas and objects of providers are bounded, but by their own makers.
const MAX_DEPTH: usize = 100;

/// The head of a file of generated blocks.
pub const FILE_HEADER: &str = "# __generated__ by Terrane\n# Please review these resources and move them into your main configuration files.\n";

/// The block for an object. `provider`: the `provider` argument, where one is needed. `from`: what it was imported from, as text for people.
#[must_use]
pub fn resource_block(
    addr: &InstanceAddr,
    block: &Block,
    object: &Value,
    provider: Option<&str>,
    from: &str,
) -> Generated {
    let mut out = String::new();
    // What was imported is another's text: it must not end the comment.
    let from: String = from.chars().filter(|char| !char.is_control()).collect();
    let resource = &addr.resource;
    let _written = writeln!(out, "# __generated__ by Terrane from {from}");
    let _written = writeln!(
        out,
        "resource \"{}\" \"{}\" {{",
        resource.type_name, resource.name
    );
    if let Some(provider) = provider {
        let _written = writeln!(out, "provider = {provider}");
    }
    body(&mut out, block, &object.unmark_deep(), 0);
    out.push_str("}\n");
    let text = format::format(&out).unwrap_or(out);
    Generated {
        addr: addr.clone(),
        text,
    }
}

/// A value as an expression without references, in the standard layout; later lines are indented as if the first stood at the beginning of its line.
#[must_use]
pub fn literal(value: &Value) -> String {
    let mut out = String::from("x = ");
    expression(&mut out, &value.unmark_deep(), false, 0);
    out.push('\n');
    let text = format::format(&out).unwrap_or(out);
    let text = text.trim_end();
    text.strip_prefix("x = ").unwrap_or(text).to_owned()
}

/// The `import` block for an object. Which provider is asked, the resource block says.
#[must_use]
pub fn import_block(addr: &InstanceAddr, identity: &Value) -> String {
    let mut out = format!("import {{\nto = {addr}\nidentity = ");
    expression(&mut out, &identity.unmark_deep(), false, 0);
    out.push_str("\n}\n");
    format::format(&out).unwrap_or(out)
}

fn body(out: &mut String, block: &Block, object: &Value, depth: usize) {
    for (name, attribute) in &block.attributes {
        // Every resource of the old SDK has an `id` that may be set by its schema and never is.
        let id = depth == 0 && name == "id" && attribute.computed && attribute.optional;
        if is_settable(attribute) && !id {
            argument(out, name, attribute, object.get(name), depth);
        }
    }
    for (name, nested) in &block.blocks {
        if let Some(value) = object.get(name) {
            nested_blocks(out, name, nested, value, depth);
        }
    }
}

/// Whether the configuration says it. What is deprecated has a successor, which the object shows as well.
fn is_settable(attribute: &Attribute) -> bool {
    attribute.required || (attribute.optional && attribute.deprecated.is_none())
}

fn argument(
    out: &mut String,
    name: &str,
    attribute: &Attribute,
    value: Option<&Value>,
    depth: usize,
) {
    let null = Value::NULL;
    let value = value.unwrap_or(&null);
    let _written = write!(out, "{name} = ");
    if attribute.write_only {
        out.push_str("null # write-only\n");
    } else if attribute.sensitive {
        out.push_str("null # sensitive\n");
    } else {
        match &attribute.ty {
            AttributeType::Nested(nested) => nested_value(out, nested, value, depth),
            AttributeType::Plain(ty) => expression(out, value, *ty == Type::Dynamic, depth),
        }
        out.push('\n');
    }
}

fn nested_blocks(out: &mut String, name: &str, nested: &NestedBlock, value: &Value, depth: usize) {
    if depth >= MAX_DEPTH {
        return;
    }
    let mut one = |label: Option<&str>, value: &Value| {
        if value.is_null() || (nested.nesting == Nesting::Group && *value == nested.empty_value()) {
            return;
        }
        out.push_str(name);
        if let Some(label) = label {
            out.push(' ');
            quoted(out, label);
        }
        out.push_str(" {\n");
        body(out, &nested.block, value, depth + 1);
        out.push_str("}\n");
    };
    match nested.nesting {
        Nesting::Single | Nesting::Group => one(None, value),
        Nesting::List | Nesting::Set => {
            for item in value.children() {
                one(None, item);
            }
        }
        Nesting::Map => match value.kind() {
            Kind::Map(map) => map.iter().for_each(|(label, item)| one(Some(label), item)),
            Kind::Object(object) => object
                .iter()
                .for_each(|(label, item)| one(Some(label), item)),
            _ => {}
        },
    }
}

fn nested_value(out: &mut String, nested: &NestedObject, value: &Value, depth: usize) {
    if value.is_null() || depth >= MAX_DEPTH {
        out.push_str("null");
        return;
    }
    let object = |out: &mut String, value: &Value| {
        if value.is_null() {
            out.push_str("null");
            return;
        }
        out.push_str("{\n");
        for (name, attribute) in &nested.attributes {
            if is_settable(attribute) {
                argument(out, name, attribute, value.get(name), depth + 1);
            }
        }
        out.push('}');
    };
    match nested.nesting {
        Nesting::Single | Nesting::Group => object(out, value),
        Nesting::List | Nesting::Set => {
            let items = value.children();
            if items.is_empty() {
                out.push_str("[]");
                return;
            }
            out.push_str("[\n");
            for item in items {
                object(out, item);
                out.push_str(",\n");
            }
            out.push(']');
        }
        Nesting::Map => {
            let entries: Vec<(&EcoString, &Value)> = match value.kind() {
                Kind::Map(map) => map.iter().collect(),
                Kind::Object(object) => object.iter().collect(),
                _ => Vec::new(),
            };
            if entries.is_empty() {
                out.push_str("{}");
                return;
            }
            out.push_str("{\n");
            for (name, item) in entries {
                key(out, name);
                out.push_str(" = ");
                object(out, item);
                out.push('\n');
            }
            out.push('}');
        }
    }
}

/// A value as an expression. `dynamic`: nothing converts it to the type that it has, so that the expression has to.
fn expression(out: &mut String, value: &Value, dynamic: bool, depth: usize) {
    if depth >= MAX_DEPTH {
        out.push_str("null");
        return;
    }
    match value.kind() {
        Kind::Bool(flag) => out.push_str(if flag { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(&number.to_string()),
        Kind::String(text) => match decoded(text) {
            Some(value) => {
                out.push_str("jsonencode(");
                expression(out, &value, false, depth + 1);
                out.push(')');
            }
            None => quoted(out, text),
        },
        Kind::List(items) => converted(out, "tolist", dynamic, |out| {
            sequence(out, items, dynamic, depth);
        }),
        Kind::Set(items) => converted(out, "toset", dynamic, |out| {
            sequence(out, items, dynamic, depth);
        }),
        Kind::Tuple(items) => sequence(out, items, dynamic, depth),
        Kind::Map(map) => converted(out, "tomap", dynamic, |out| {
            entries(out, &mut map.iter(), dynamic, depth);
        }),
        Kind::Object(object) => entries(out, &mut object.iter(), dynamic, depth),
        Kind::Null(_) | Kind::Unknown(..) | Kind::Marked(..) => out.push_str("null"),
    }
}

fn converted(out: &mut String, function: &str, wanted: bool, inner: impl FnOnce(&mut String)) {
    if wanted {
        let _written = write!(out, "{function}(");
    }
    inner(out);
    if wanted {
        out.push(')');
    }
}

fn sequence(out: &mut String, items: &[Value], dynamic: bool, depth: usize) {
    let flat = items
        .iter()
        .all(|item| item.children().is_empty() && !is_document(item));
    if flat {
        out.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            expression(out, item, dynamic, depth + 1);
        }
        out.push(']');
        return;
    }
    out.push_str("[\n");
    for item in items {
        expression(out, item, dynamic, depth + 1);
        out.push_str(",\n");
    }
    out.push(']');
}

fn is_document(value: &Value) -> bool {
    value.as_str().is_some_and(|text| decoded(text).is_some())
}

fn entries(
    out: &mut String,
    entries: &mut dyn ExactSizeIterator<Item = (&EcoString, &Value)>,
    dynamic: bool,
    depth: usize,
) {
    if entries.len() == 0 {
        out.push_str("{}");
        return;
    }
    out.push_str("{\n");
    for (name, value) in entries {
        key(out, name);
        out.push_str(" = ");
        expression(out, value, dynamic, depth + 1);
        out.push('\n');
    }
    out.push('}');
}

/// A text that is a JSON document, as a value: only if encoding that gives the very same text, for the provider may compare texts.
fn decoded(text: &str) -> Option<Value> {
    let document = text.starts_with(['{', '[']) && text.len() > 2;
    if !document || text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return None;
    }
    let value = json::decode_implied(text).ok()?;
    (json::encode_plain(&value).ok()? == text).then_some(value)
}

/// The key of an object: bare where it is a name.
fn key(out: &mut String, name: &str) {
    let mut chars = name.chars();
    let plain = chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'));
    let keyword = matches!(name, "for" | "null" | "true" | "false");
    if plain && !keyword {
        out.push_str(name);
    } else {
        quoted(out, name);
    }
}

/// A string in quotes, in which nothing is a template.
fn quoted(out: &mut String, text: &str) {
    out.push('"');
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
    out.push('"');
}

#[cfg(test)]
mod tests;
