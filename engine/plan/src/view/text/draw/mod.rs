//! Drawing what a comparison found.

mod container;
mod plain;

use super::diff::{Body, Diff};
use super::paint::{Paint, paint};
use crate::plan::Action;
use ecow::EcoString;
use terrane_model::addr::InstanceKey;

/// How a part is drawn. Small, copied on the way down.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) color: bool,
    /// Parts that stay are drawn too, instead of counted.
    pub(super) unchanged: bool,
    /// No `+`, `-` and `~`.
    pub(super) no_symbols: bool,
    /// No `-> null`: something around it says so already.
    pub(super) no_null: bool,
    /// It forces replacement, whatever itself says.
    pub(super) forces: bool,
}

/// The three columns before a line.
pub(super) fn symbol(out: &mut String, action: Action, color: bool) {
    let (text, how) = match action {
        Action::NoOp => ("   ", None),
        Action::Create => ("  +", Some(Paint::Green)),
        Action::Delete => ("  -", Some(Paint::Red)),
        Action::Update => ("  ~", Some(Paint::Yellow)),
        Action::Read => (" <=", Some(Paint::Cyan)),
        Action::Forget => ("  .", Some(Paint::Red)),
        Action::DeleteThenCreate => ("-/+", Some(Paint::Red)),
        Action::CreateThenDelete => ("+/-", Some(Paint::Green)),
        Action::ForgetThenCreate => ("./+", Some(Paint::Red)),
    };
    match how {
        Some(how) => paint(out, color, how, text),
        None => out.push_str(text),
    }
}

fn spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// The beginning of a line: indentation, and the symbol where there are symbols.
fn begin(out: &mut String, indent: usize, action: Action, options: Options) {
    spaces(out, indent * 4);
    if !options.no_symbols {
        symbol(out, action, options.color);
        out.push(' ');
    }
}

/// ` -> null` behind what goes.
fn null_suffix(out: &mut String, action: Action, options: Options) {
    if action == Action::Delete && !options.no_null {
        out.push(' ');
        arrow(out, options);
        out.push(' ');
        paint(out, options.color, Paint::Grey, "null");
    }
}

fn arrow(out: &mut String, options: Options) {
    paint(out, options.color, Paint::Yellow, "->");
}

fn forces_replacement(out: &mut String, replace: bool, options: Options) {
    if replace || options.forces {
        out.push(' ');
        paint(out, options.color, Paint::Red, "# forces replacement");
    }
}

/// A line that says how much is not shown.
fn hidden(out: &mut String, indent: usize, count: usize, what: &str, options: Options) {
    begin(out, indent, Action::NoOp, options);
    let plural = if count == 1 { "" } else { "s" };
    let text = format!("# ({count} unchanged {what}{plural} hidden)");
    paint(out, options.color, Paint::Grey, &text);
    out.push('\n');
}

/// A name as it would stand in a configuration.
pub(super) fn name(name: &str) -> EcoString {
    if is_identifier(name) {
        name.into()
    } else {
        quoted(name).into()
    }
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    let first = characters.next();
    first.is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|next| next.is_alphanumeric() || next == '_' || next == '-')
}

/// A string in quotes, with the escapes of Go. What can't be printed is escaped.
#[must_use]
pub fn quoted(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            ' ' => out.push(' '),
            _ if is_printable(character) => out.push(character),
            _ => {
                let code = u32::from(character);
                // Writing to a string cannot fail.
                let _written = match code {
                    0..0x80 => write!(out, "\\x{code:02x}"),
                    0x80..0x1_0000 => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push('"');
    out
}

/// Not a control or format character, nor a space other than the plain one.
fn is_printable(character: char) -> bool {
    !character.is_control()
        && !character.is_whitespace()
        && !matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{10ffff}')
}

/// How wide a name is in its column.
fn width(name: &str) -> usize {
    name.chars().count()
}

/// An instance key as it stands in brackets of a message.
pub(super) fn key_text(key: &InstanceKey) -> String {
    match key {
        InstanceKey::Int(index) => index.to_string(),
        InstanceKey::Str(key) => quoted(key),
        InstanceKey::Any => "*".to_owned(),
    }
}

/// Draws what became of a value, behind its name.
pub(super) fn draw(out: &mut String, diff: &Diff, indent: usize, options: Options) {
    match &diff.body {
        Body::Plain { before, after } => {
            plain::draw(
                out,
                diff,
                (before.as_ref(), after.as_ref()),
                indent,
                options,
            );
        }
        Body::Sensitive { inner, .. } => {
            out.push_str("(sensitive value)");
            null_suffix(out, *inner, options);
            forces_replacement(out, diff.replace, options);
        }
        Body::WriteOnly => {
            out.push_str("(write-only attribute)");
            null_suffix(out, diff.action, options);
            forces_replacement(out, diff.replace, options);
        }
        Body::SensitiveBlock { .. } => {
            out.push('{');
            forces_replacement(out, diff.replace, options);
            for line in [
                "# At least one attribute in this block is (or was) sensitive,",
                "# so its contents will not be displayed.",
            ] {
                out.push('\n');
                begin(out, indent, Action::NoOp, options);
                out.push_str("  ");
                out.push_str(line);
            }
            out.push('\n');
            begin(out, indent, Action::NoOp, options);
            out.push('}');
        }
        Body::Unknown(before) => {
            if let Some(before) = before {
                let options = Options {
                    no_null: true,
                    ..options
                };
                draw(out, before, indent, options);
                out.push(' ');
                arrow(out, options);
                out.push(' ');
            }
            out.push_str("(known after apply)");
            forces_replacement(out, diff.replace, options);
        }
        Body::Retyped(before, after) => {
            let inner = Options {
                no_null: true,
                forces: false,
                ..options
            };
            draw(out, before, indent, inner);
            out.push(' ');
            arrow(out, options);
            out.push(' ');
            draw(out, after, indent, inner);
            forces_replacement(out, diff.replace, options);
        }
        Body::Object { entries, plain } => {
            container::object(out, diff, entries, *plain, indent, options);
        }
        Body::Map { entries, plain } => {
            container::map(out, diff, entries, *plain, indent, options);
        }
        Body::List { elements, context } => {
            container::list(out, diff, elements, *context, indent, options);
        }
        Body::Set { elements, push } => {
            container::set(out, diff, elements, *push, indent, options);
        }
        Body::Block { attributes, blocks } => {
            container::block(out, diff, attributes, blocks, indent, options);
        }
    }
}

/// Lines above a part whose sensitivity changes.
fn warnings(out: &mut String, diff: &Diff, indent: usize, options: Options) {
    let (inner, before, after, what) = match &diff.body {
        Body::Sensitive {
            inner,
            before,
            after,
        } => (*inner, *before, *after, "attribute value"),
        Body::SensitiveBlock {
            inner,
            before,
            after,
        } => (*inner, *before, *after, "block"),
        Body::Unknown(Some(before)) => return warnings(out, before, indent, options),
        _ => return,
    };
    if before == after || matches!(inner, Action::Create | Action::Delete) {
        return;
    }
    let (first, second) = if before {
        (
            format!("this {what} will no longer be marked as sensitive"),
            "after applying this change.",
        )
    } else {
        (
            format!("this {what} will be marked as sensitive and will not"),
            "display in UI output after applying this change.",
        )
    };
    spaces(out, indent * 4);
    out.push_str("  # ");
    paint(out, options.color, Paint::Yellow, "Warning");
    out.push_str(": ");
    out.push_str(&first);
    out.push('\n');
    spaces(out, indent * 4);
    out.push_str("  # ");
    out.push_str(second);
    if inner == Action::NoOp {
        out.push_str(" The value is unchanged.");
    }
    out.push('\n');
}
