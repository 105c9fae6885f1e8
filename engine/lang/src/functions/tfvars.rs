//! The functions of the built-in provider `terraform`: values as expressions and as variable files.

use super::args::{text, unknown, value};
use super::string::shown;
use super::table::{Context, Fault, Function, Param, Ty};
use crate::diagnostic::Diagnostic;
use crate::expr::{simple, values};
use crate::rules;
use crate::source::SourceMap;
use crate::syntax::parse::parse_body;
use std::fmt::Write as _;
use terrane_value::{EcoString, Kind, Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "terraform::decode_tfvars",
        &[Param::new("src", Ty::String)],
        Ty::Any,
        decode_tfvars,
        "The object that the text of a variable file stands for.",
    )
    .by(any_type),
    Function::new(
        "terraform::encode_expr",
        &[Param::new("value", Ty::Any)],
        Ty::String,
        encode_expr,
        "The value as an expression.",
    ),
    Function::new(
        "terraform::encode_tfvars",
        &[Param::new("value", Ty::Any)],
        Ty::String,
        encode_tfvars,
        "An object as the text of a variable file.",
    ),
];

const ARGUMENT: &str = "<decode_tfvars argument>";

fn any_type(_: &[Value]) -> Result<Type, Fault> {
    Ok(Type::Dynamic)
}

fn encode_expr(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = value(args, 0);
    if !given.is_wholly_known() {
        return Ok(unknown(Type::String));
    }
    // Formatting needs an argument around the expression, which goes again.
    const NAME: &str = "v = ";
    let mut draft = String::from(NAME);
    write_value(given, &mut draft);
    draft.push('\n');
    let formatted = formatted(draft);
    let expr = formatted.trim_end().strip_prefix(NAME).unwrap_or_default();
    Ok(Value::string_nfc(expr))
}

fn encode_tfvars(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let given = value(args, 0);
    let entries: Vec<(&EcoString, &Value)> = match given.kind() {
        Kind::Map(map) => map.iter().collect(),
        Kind::Object(object) => object.iter().collect(),
        Kind::Unknown(Type::Map(_) | Type::Object(_) | Type::Dynamic, _) => {
            return Ok(unknown(Type::String));
        }
        _ => {
            return Err(Fault::new(
                "invalid value to encode: must be an object whose attribute names will become the encoded variable names",
            ));
        }
    };
    let mut draft = String::new();
    for (name, item) in entries {
        if !values::is_identifier(name) {
            return Err(Fault::new(format!(
                "invalid variable name {}: must be a valid identifier",
                shown(name, context)
            )));
        }
        if !item.is_wholly_known() {
            return Ok(unknown(Type::String));
        }
        write!(draft, "{name} = ").ok();
        write_value(item, &mut draft);
        draft.push('\n');
    }
    Ok(Value::string_nfc(&formatted(draft)))
}

fn formatted(draft: String) -> String {
    crate::syntax::format::format(&draft).unwrap_or(draft)
}

fn write_value(value: &Value, out: &mut String) {
    match value.kind() {
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Kind::Map(map) => write_entries(map.iter(), out),
        Kind::Object(object) => write_entries(object.iter(), out),
        Kind::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(&number.text()),
        Kind::String(text) => write_text(text, out),
        Kind::Null(_) | Kind::Unknown(..) | Kind::Marked(..) => out.push_str("null"),
    }
}

fn write_entries<'a>(
    entries: impl ExactSizeIterator<Item = (&'a EcoString, &'a Value)>,
    out: &mut String,
) {
    if entries.len() == 0 {
        out.push_str("{}");
        return;
    }
    out.push_str("{\n");
    for (name, item) in entries {
        if values::is_identifier(name) {
            out.push_str(name);
        } else {
            write_text(name, out);
        }
        out.push_str(" = ");
        write_value(item, out);
        out.push('\n');
    }
    out.push('}');
}

pub(super) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                out.push(character);
                out.push(character);
            }
            _ if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => {
                write!(out, "\\u{:04x}", u32::from(character)).ok();
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

fn decode_tfvars(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let source = text(args, 0);
    let mut sources = SourceMap::default();
    let file = sources.add(ARGUMENT, source);
    let told = |diagnostic: &Diagnostic| {
        let place = diagnostic
            .subject
            .map(|subject| sources.locate(subject))
            .unwrap_or_default();
        let detail = diagnostic.detail.trim_end_matches('.');
        format!("{place}: {}; {detail}", diagnostic.summary)
    };
    let (body, diagnostics) = parse_body(file, source);
    if let Some(first) = diagnostics.iter().next() {
        return Err(Fault::new(format!(
            "invalid tfvars syntax: {}",
            told(first)
        )));
    }
    if let Some(block) = body.blocks.first() {
        let diagnostic = Diagnostic::error(
            rules::structure::UNEXPECTED_BLOCK
                .named(format!("Unexpected \"{}\" block", block.kind.name)),
            "Blocks are not allowed here.",
        )
        .at(block.header);
        return Err(Fault::new(format!(
            "invalid tfvars content: {}",
            told(&diagnostic)
        )));
    }
    let mut made = Vec::with_capacity(body.attributes.len());
    for attribute in &body.attributes {
        let value = simple::constant(&attribute.expr).map_err(|diagnostics| {
            let why = diagnostics.iter().next().map(told).unwrap_or_default();
            Fault::new(format!(
                "invalid expression for variable {}: {why}",
                shown(&attribute.name.name, context)
            ))
        })?;
        made.push((attribute.name.name.clone(), value));
    }
    Ok(Value::object(made))
}
