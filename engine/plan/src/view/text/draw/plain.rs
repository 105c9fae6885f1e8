//! Drawing bools, numbers, strings and null; strings of many lines line by line, JSON and YAML texts by what they say.

use super::super::diff::{Change, Diff, dynamic, pairs};
use super::super::paint::{Paint, paint};
use super::{Options, arrow, begin, draw as draw_diff, forces_replacement, null_suffix, quoted};
use crate::plan::Action;
use terrane_lang::functions::yaml_value;
use terrane_value::{Kind, Value};

/// A side of the comparison, ready to be drawn.
enum Side {
    Null,
    /// A bool or number.
    Literal(String),
    /// A string of one line.
    Line(String),
    /// A string of many lines.
    Lines(String),
    /// A JSON text of an object or array.
    Json(Value),
}

fn side(value: Option<&Value>) -> Side {
    let Some(value) = value.map(Value::unmarked) else {
        return Side::Null;
    };
    match value.kind() {
        Kind::Bool(value) => Side::Literal(value.to_string()),
        Kind::Number(number) => Side::Literal(number.to_string()),
        Kind::String(text) => string(text),
        _ => Side::Null,
    }
}

fn string(text: &str) -> Side {
    if (text.starts_with('{') || text.starts_with('['))
        && let Ok(value) = terrane_value::json::decode_implied(text)
    {
        return Side::Json(value);
    }
    if text.contains('\n') {
        return Side::Lines(text.trim().to_owned());
    }
    Side::Line(text.to_owned())
}

fn null(out: &mut String, options: Options) {
    paint(out, options.color, Paint::Grey, "null");
}

pub(super) fn draw(
    out: &mut String,
    diff: &Diff,
    (before, after): (Option<&Value>, Option<&Value>),
    indent: usize,
    options: Options,
) {
    match diff.action {
        Action::Create | Action::NoOp => {
            let value = side(after);
            let before = if diff.action == Action::NoOp {
                before
            } else {
                None
            };
            one(out, diff, value, before, indent, options);
        }
        Action::Delete => match side(before) {
            Side::Null => {
                null(out, options);
                forces_replacement(out, diff.replace, options);
            }
            value => one(out, diff, value, None, indent, options),
        },
        _ => both(out, diff, (side(before), side(after)), indent, options),
    }
}

/// Something that comes, goes or stays.
fn one(
    out: &mut String,
    diff: &Diff,
    value: Side,
    before: Option<&Value>,
    indent: usize,
    options: Options,
) {
    match value {
        Side::Null => {
            null(out, options);
            forces_replacement(out, diff.replace, options);
        }
        Side::Literal(_) | Side::Line(_) => {
            out.push_str(&value.on_one_line());
            null_suffix(out, diff.action, options);
            forces_replacement(out, diff.replace, options);
        }
        Side::Json(value) => {
            let stays = before.is_some() || diff.action == Action::NoOp;
            let (before, after) = match diff.action {
                Action::Delete => (Some(value), None),
                _ if stays => (Some(value.clone()), Some(value)),
                _ => (None, Some(value)),
            };
            call_text(out, diff, "jsonencode", (before, after), indent, options);
        }
        Side::Lines(text) => {
            let lines = text.split('\n').map(|line| (Action::NoOp, line));
            heredoc(out, diff, lines, indent, options);
        }
    }
}

/// Something that becomes something else.
fn both(
    out: &mut String,
    diff: &Diff,
    (before, after): (Side, Side),
    indent: usize,
    options: Options,
) {
    match (before, after) {
        (Side::Json(before), Side::Json(after)) => {
            let texts = (Some(before), Some(after));
            call_text(out, diff, "jsonencode", texts, indent, options);
        }
        (before @ (Side::Json(_) | Side::Null), after)
        | (before, after @ (Side::Json(_) | Side::Null)) => {
            let part = |action: Action| Diff {
                action,
                replace: false,
                body: super::super::diff::Body::Unknown(None),
            };
            let inner = Options {
                no_null: true,
                forces: false,
                ..options
            };
            one(out, &part(Action::Delete), before, None, indent, inner);
            out.push(' ');
            arrow(out, options);
            out.push(' ');
            one(out, &part(Action::Create), after, None, indent, inner);
            forces_replacement(out, diff.replace, options);
        }
        (
            before @ (Side::Literal(_) | Side::Line(_)),
            after @ (Side::Literal(_) | Side::Line(_)),
        ) => {
            out.push_str(&before.on_one_line());
            out.push(' ');
            arrow(out, options);
            out.push(' ');
            out.push_str(&after.on_one_line());
            forces_replacement(out, diff.replace, options);
        }
        (Side::Lines(before), Side::Lines(after))
            if let Some((before, after)) = documents(&before, &after) =>
        {
            let texts = (Some(before), Some(after));
            call_text(out, diff, "yamlencode", texts, indent, options);
        }
        (before, after) => {
            let (before, after) = (before.text(), after.text());
            let before: Vec<&str> = before.split('\n').collect();
            let after: Vec<&str> = after.split('\n').collect();
            let pairs = pairs(&before, &after, |a, b| a == b, |_| false);
            let line = |lines: &[&'_ str], at: Option<usize>| {
                at.and_then(|at| lines.get(at).map(|line| (*line).to_owned()))
            };
            let mut lines = Vec::with_capacity(pairs.len());
            for (left, right) in pairs {
                match (line(&before, left), line(&after, right)) {
                    (Some(left), Some(right)) if left == right => {
                        lines.push((Action::NoOp, left));
                    }
                    (left, right) => {
                        lines.extend(left.map(|line| (Action::Delete, line)));
                        lines.extend(right.map(|line| (Action::Create, line)));
                    }
                }
            }
            let lines = lines.iter().map(|(action, line)| (*action, line.as_str()));
            heredoc(out, diff, lines, indent, options);
        }
    }
}

impl Side {
    fn on_one_line(&self) -> String {
        match self {
            Self::Line(text) => quoted(text),
            Self::Literal(text) | Self::Lines(text) => text.clone(),
            Self::Null | Self::Json(_) => String::new(),
        }
    }

    /// The text itself.
    fn text(self) -> String {
        match self {
            Self::Literal(text) | Self::Line(text) | Self::Lines(text) => text,
            Self::Null | Self::Json(_) => String::new(),
        }
    }
}

fn heredoc<'a>(
    out: &mut String,
    diff: &Diff,
    lines: impl Iterator<Item = (Action, &'a str)>,
    indent: usize,
    options: Options,
) {
    out.push_str("<<-EOT");
    forces_replacement(out, diff.replace, options);
    out.push('\n');
    for (action, line) in lines {
        begin(out, indent + 1, action, options);
        out.push_str(line);
        out.push('\n');
    }
    begin(out, indent, Action::NoOp, options);
    out.push_str("EOT");
    null_suffix(out, diff.action, options);
}

/// Longer texts are not read as YAML.
const LARGEST_YAML: usize = 256 * 1024;

/// What two YAML texts say, if all that is different between them is in what they say: comments are compared line by line.
fn documents(before: &str, after: &str) -> Option<(Value, Value)> {
    if before.len() > LARGEST_YAML || after.len() > LARGEST_YAML {
        return None;
    }
    if !comments(before).eq(comments(after)) {
        return None;
    }
    let (before, after) = (document(before)?, document(after)?);
    // Otherwise it is only written otherwise, which lines show.
    (before != after).then_some((before, after))
}

/// The value of a YAML text that is one beyond doubt: prose with a colon in it is not.
fn document(text: &str) -> Option<Value> {
    let value = yaml_value(text)?;
    let is_container = |value: &Value| {
        matches!(
            value.kind(),
            Kind::Object(_) | Kind::Map(_) | Kind::Tuple(_)
        )
    };
    let nested = value.children().iter().any(is_container);
    (is_container(&value) && (nested || value.children().len() > 1)).then_some(value)
}

/// What may be comments: from each `#` that begins a word to the end of its line.
fn comments(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.trim();
        match line.strip_prefix('#') {
            Some(comment) => Some(comment),
            None => line.split_once(" #").map(|(_, comment)| comment),
        }
    })
}

/// A JSON or YAML text is shown as the call that would make it.
fn call_text(
    out: &mut String,
    diff: &Diff,
    function: &str,
    (before, after): (Option<Value>, Option<Value>),
    indent: usize,
    options: Options,
) {
    let inner = dynamic(&Change::texts(before, after));
    let mut how = Options {
        no_null: true,
        forces: false,
        ..options
    };
    let spaces_only = inner.action == Action::NoOp && diff.action == Action::Update;
    how.unchanged |= spaces_only;
    let mut text = String::new();
    draw_diff(&mut text, &inner, indent + 1, how);
    let note = match (spaces_only, diff.replace) {
        (true, true) => " # whitespace changes force replacement",
        (true, false) => " # whitespace changes",
        (false, _) => "",
    };
    out.push_str(function);
    out.push('(');
    if text.contains('\n') {
        out.push_str(note);
        out.push('\n');
        let action = match diff.action {
            Action::Update if !spaces_only => Action::Update,
            _ => Action::NoOp,
        };
        begin(out, indent + 1, action, options);
        out.push_str(&text);
        forces_replacement(out, diff.replace && !spaces_only, options);
        out.push('\n');
        begin(out, indent, Action::NoOp, options);
        out.push(')');
        null_suffix(out, diff.action, options);
    } else {
        out.push_str(&text);
        out.push(')');
        out.push_str(note);
        null_suffix(out, diff.action, options);
        forces_replacement(out, diff.replace && !spaces_only, options);
    }
}
