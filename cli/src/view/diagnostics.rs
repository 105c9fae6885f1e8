//! Diagnostics as text on the right stream, and as JSON.

use super::Output;
use super::alike::{self, Shown};
use crate::args::Parsed;
use crate::command::metadata::ty;
use serde_json::{Map, Value, json};
use terrane_ops::failure::Report;
use terrane_ops::lang::diagnostic::render::{Style, render};
use terrane_ops::lang::diagnostic::snippet::{range, snippet};
use terrane_ops::lang::diagnostic::{Diagnostic, Severity};
use terrane_ops::lang::functions::help::{Parameter, signatures};
use terrane_ops::lang::source::SourceMap;

/// How much is told of many messages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Telling {
    /// Warnings as one line each, unless there are errors too.
    pub(super) compact: bool,
    pub(super) warnings: Option<bool>,
    pub(super) errors: Option<bool>,
}

impl Telling {
    /// What the arguments say.
    pub(crate) fn of(parsed: &Parsed) -> Self {
        Self {
            compact: parsed.is("compact-warnings", false),
            warnings: parsed.chosen("consolidate-warnings"),
            errors: parsed.chosen("consolidate-errors"),
        }
    }
}

/// Prints all messages: errors to standard error, warnings to standard output.
pub(crate) fn print(out: &mut Output, report: &Report, telling: Telling) {
    let Report {
        diagnostics,
        sources,
    } = report;
    if telling.compact && !diagnostics.has_errors() && !diagnostics.is_empty() {
        out.print("\nWarnings:\n\n");
        for warning in diagnostics.iter() {
            let place = warning.subject.map_or_else(String::new, |span| {
                format!("\n  on {}", sources.place(span))
            });
            out.print(&format!("- {}{place}\n", warning.summary));
        }
        out.print("\nTo see the full warning notes, run without -compact-warnings.\n");
        return;
    }
    let width = out.width();
    let shown = alike::shown(&diagnostics.iter().collect::<Vec<_>>(), telling, sources);
    for (diagnostic, shown) in diagnostics.iter().zip(shown) {
        let color = match diagnostic.severity {
            Severity::Error => out.error_color(),
            Severity::Warning => out.color(),
        };
        let style = if color { Style::Color } else { Style::Plain };
        let mut text = match shown {
            Shown::Not => continue,
            _ => format!("\n{}", render(sources, diagnostic, style, width)),
        };
        if let Shown::With(others) = shown {
            text.extend(["\n", &others]);
        }
        match diagnostic.severity {
            Severity::Error => out.error(&text),
            Severity::Warning => out.print(&text),
        }
    }
}

/// Prints all messages to standard error, where standard output is for values alone.
pub(crate) fn print_aside(out: &mut Output, report: &Report) {
    let style = match out.error_color() {
        true => Style::Color,
        false => Style::Plain,
    };
    let width = out.width();
    for diagnostic in report.diagnostics.iter() {
        let text = render(&report.sources, diagnostic, style, width);
        out.error(&format!("\n{text}"));
    }
}

/// `error` or `warning`.
pub(crate) fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A diagnostic in the documented JSON form.
pub(crate) fn to_json(sources: &SourceMap, diagnostic: &Diagnostic) -> Value {
    let Diagnostic {
        severity,
        code,
        summary,
        detail,
        subject: _,
        context: _,
        related,
        address,
        values,
        function,
        hint,
    } = diagnostic;
    let mut detail = detail.clone();
    for (span, what) in related {
        let gap = if detail.is_empty() { "" } else { "\n\n" };
        detail.extend([gap, what, " (", &sources.place(*span), ")"]);
    }
    if let Some(hint) = hint {
        let gap = if detail.is_empty() { "" } else { "\n\n" };
        detail.extend([gap, hint]);
    }
    let mut out = Map::new();
    out.insert("severity".into(), severity_name(*severity).into());
    out.insert("summary".into(), summary.as_str().into());
    out.insert("detail".into(), detail.into());
    if let Some(code) = code {
        out.insert("code".into(), (*code).into());
    }
    if let Some(address) = address {
        out.insert("address".into(), address.as_str().into());
    }
    if let Some((filename, start, end)) = range(sources, diagnostic) {
        let position = |position: terrane_ops::lang::source::Position| json!({ "line": position.line, "column": position.column, "byte": position.byte });
        out.insert(
            "range".into(),
            json!({ "filename": filename, "start": position(start), "end": position(end) }),
        );
    }
    if let Some(found) = snippet(sources, diagnostic) {
        let values: Vec<Value> = values
            .iter()
            .map(|(traversal, statement)| json!({ "traversal": traversal, "statement": statement }))
            .collect();
        let mut object = json!({
            "context": found.context,
            "code": found.code,
            "start_line": found.start_line,
            "highlight_start_offset": found.highlight_start,
            "highlight_end_offset": found.highlight_end,
            "values": values,
        });
        if let Some(function) = function
            && let Some(object) = object.as_object_mut()
        {
            object.insert("function_call".into(), function_call(function));
        }
        out.insert("snippet".into(), object);
    }
    Value::Object(out)
}

/// The function whose call failed, of which the message has the signature as a text.
fn function_call(text: &str) -> Value {
    let called = text.split('(').next().unwrap_or(text);
    let name = called.strip_prefix("core::").unwrap_or(called);
    let mut out = json!({ "called_as": called });
    let known = signatures().into_iter().find(|known| known.name == name);
    if let (Some(known), Some(out)) = (known, out.as_object_mut()) {
        let param = |param: &Parameter| json!({ "name": param.name, "type": ty(&param.ty) });
        let params: Vec<Value> = known.params.iter().map(param).collect();
        let mut signature = json!({
            "name": name,
            "params": params,
            "return_type": ty(&known.returns),
        });
        if let (Some(more), Some(signature)) = (&known.variadic, signature.as_object_mut()) {
            signature.insert("variadic_param".into(), param(more));
        }
        out.insert("signature".into(), signature);
    }
    out
}
