//! Values as expressions of the language, laid out as the peers do.
//!
//! Two oddities of theirs are kept, because people compare texts: lists stay on one line even where an object in them spans lines,
//! and equals signs are aligned within a run of single-line attributes only.

use std::fmt::Write as _;
use terrane_value::{EcoString, Kind, Value};

const MAX_DEPTH: usize = 200;

/// Whether a name can be written without quotes.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|char| char.is_alphanumeric() || char == '_' || char == '-')
}

/// One attribute per line. `None` if something nests too deep.
pub(super) fn body(entries: &[(&EcoString, &Value)]) -> Option<String> {
    let mut lines = Vec::new();
    attributes(entries, false, 0, &mut lines)?;
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    Some(indent(&text))
}

/// One expression. `None` if something nests too deep.
pub(super) fn expression(value: &Value) -> Option<String> {
    let mut text = String::new();
    write(value, 0, &mut text)?;
    Some(indent(&text))
}

/// The lines of attributes, equals signs aligned within runs of single-line ones.
fn attributes(
    entries: &[(&EcoString, &Value)],
    quoted: bool,
    depth: usize,
    lines: &mut Vec<String>,
) -> Option<()> {
    let mut run: Vec<(String, String)> = Vec::new();
    for (name, value) in entries {
        let mut text = String::new();
        write(value, depth, &mut text)?;
        let mut key = String::new();
        if quoted && !is_identifier(name) {
            string(name, &mut key);
        } else {
            key.push_str(name);
        }
        if text.contains('\n') {
            flush(&mut run, lines);
            lines.push(format!("{key} = {text}"));
        } else {
            run.push((key, text));
        }
    }
    flush(&mut run, lines);
    Some(())
}

fn flush(run: &mut Vec<(String, String)>, lines: &mut Vec<String>) {
    let widest = run.iter().map(|(key, _)| key.chars().count()).max();
    for (key, text) in run.drain(..) {
        let width = widest.unwrap_or(0);
        lines.push(format!("{key:<width$} = {text}"));
    }
}

fn write(value: &Value, depth: usize, out: &mut String) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    match value.kind() {
        Kind::Marked(_, inner) => write(inner, depth, out)?,
        Kind::Null(_) | Kind::Unknown(..) => out.push_str("null"),
        Kind::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(&number.to_string()),
        Kind::String(text) => string(text, out),
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write(item, depth + 1, out)?;
            }
            out.push(']');
        }
        Kind::Object(object) => braces(&object.iter().collect::<Vec<_>>(), depth, out)?,
        Kind::Map(map) => braces(&map.iter().collect::<Vec<_>>(), depth, out)?,
    }
    Some(())
}

fn braces(entries: &[(&EcoString, &Value)], depth: usize, out: &mut String) -> Option<()> {
    if entries.is_empty() {
        out.push_str("{}");
        return Some(());
    }
    let mut lines = Vec::new();
    attributes(entries, true, depth + 1, &mut lines)?;
    out.push_str("{\n");
    for line in lines {
        out.push_str(&line);
        out.push('\n');
    }
    out.push('}');
    Some(())
}

/// A quoted string.
fn string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                out.push(char);
                out.push(char);
            }
            char if char.is_control() => {
                write!(out, "\\u{:04x}", u32::from(char)).expect("writing to a string cannot fail");
            }
            char => out.push(char),
        }
    }
    out.push('"');
}

/// Indents every line by one step per line that left brackets open. A line that closes as many as it opens counts for nothing.
fn indent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // How many brackets each of these lines left open.
    let mut open: Vec<usize> = Vec::new();
    for line in text.split_inclusive('\n') {
        let (opened, mut closed) = brackets(line);
        let left_open = opened.saturating_sub(closed);
        closed = closed.saturating_sub(opened);
        while closed > 0
            && let Some(last) = open.last_mut()
        {
            let now = closed.min(*last);
            *last -= now;
            closed -= now;
            if *last == 0 {
                open.pop();
            }
        }
        out.extend(std::iter::repeat_n("  ", open.len()));
        out.push_str(line);
        if left_open > 0 {
            open.push(left_open);
        }
    }
    out
}

/// How many brackets outside of strings open and close in a line.
fn brackets(line: &str) -> (usize, usize) {
    let (mut opened, mut closed) = (0, 0);
    let (mut quoted, mut escaped) = (false, false);
    for char in line.chars() {
        match char {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => opened += 1,
            '}' | ']' if !quoted => closed += 1,
            _ => {}
        }
    }
    (opened, closed)
}
