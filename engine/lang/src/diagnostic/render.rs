//! Diagnostics as text, with the source lines and carets.
//!
//! Only makes strings; where they go, and whether there is a terminal, is for others to know.

use super::snippet::{context, widened};
use super::{Diagnostic, Severity};
use crate::source::{SourceFile, SourceMap, Span};
use std::borrow::Cow;
use std::fmt::Write as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How the text is dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Style {
    /// No rule at the left, no colours: for files and for other programs.
    #[default]
    Plain,
    /// A rule at the left.
    Boxed,
    /// A rule at the left, and ANSI colours.
    Color,
}

/// Source lines shown of one place; of a longer one the first are shown.
const MAX_LINES: u32 = 8;

/// Characters shown of a longer source line, around the subject.
const MAX_LINE_WIDTH: usize = 160;

const RESET: &str = "\u{1b}[0m";
const DIM: &str = "\u{1b}[2m";
const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";

/// The text of a diagnostic, with a line break at its end.
///
/// `width` is where the detail is wrapped, in columns; 0 stands for never.
#[must_use]
pub fn render(sources: &SourceMap, diagnostic: &Diagnostic, style: Style, width: usize) -> String {
    let inner = if style == Style::Plain {
        width
    } else {
        width.saturating_sub(2)
    };
    let writer = Writer {
        sources,
        color: style == Style::Color,
        severity: diagnostic.severity,
        out: String::new(),
    };
    let body = writer.body(diagnostic, inner);
    if style == Style::Plain {
        return body;
    }
    let (color, reset) = match style {
        Style::Color => (severity_color(diagnostic.severity), RESET),
        Style::Plain | Style::Boxed => ("", ""),
    };
    let mut out = format!("{color}╷{reset}\n");
    for line in body.lines() {
        let space = if line.is_empty() { "" } else { " " };
        out.extend([color, "│", reset, space, line, "\n"]);
    }
    out.extend([color, "╵", reset, "\n"]);
    out
}

/// The texts of several diagnostics, in their order.
#[must_use]
pub fn render_all<'a>(
    sources: &SourceMap,
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    style: Style,
    width: usize,
) -> String {
    let texts: Vec<_> = diagnostics
        .into_iter()
        .map(|one| render(sources, one, style, width))
        .collect();
    texts.join(if style == Style::Plain { "\n" } else { "" })
}

fn severity_color(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
    }
}

struct Writer<'a> {
    sources: &'a SourceMap,
    color: bool,
    severity: Severity,
    out: String,
}

impl Writer<'_> {
    fn body(mut self, diagnostic: &Diagnostic, width: usize) -> String {
        let word = match diagnostic.severity {
            Severity::Error => "Error: ",
            Severity::Warning => "Warning: ",
        };
        let color = severity_color(diagnostic.severity);
        let title = clean(&diagnostic.summary).replace('\n', " ");
        let code = diagnostic.code.map(|code| format!(" [{code}]"));
        let code = code.unwrap_or_default();
        if self.color {
            let dim = if code.is_empty() { "" } else { DIM };
            self.line(&format!(
                "{BOLD}{color}{word}{RESET}{BOLD}{title}{RESET}{dim}{code}{RESET}"
            ));
        } else {
            self.line(&format!("{word}{title}{code}"));
        }
        self.line("");
        let before = self.out.len();
        if let Some(address) = &diagnostic.address {
            let comma = if diagnostic.subject.is_some() {
                ","
            } else {
                ""
            };
            self.line(&format!("  with {}{comma}", clean(address)));
        }
        if let Some(subject) = diagnostic.subject {
            self.place("on", subject, diagnostic.context, "");
        }
        self.values(diagnostic);
        for (span, what) in &diagnostic.related {
            self.place("see", *span, None, what);
        }
        if self.out.len() > before {
            self.line("");
        }
        for line in wrap(&clean(&diagnostic.detail), width) {
            self.line(&line);
        }
        if let Some(hint) = &diagnostic.hint {
            if !diagnostic.detail.is_empty() {
                self.line("");
            }
            for line in wrap(&format!("Hint: {}", clean(hint)), width) {
                self.line(&line);
            }
        }
        let trimmed = self.out.trim_end().len();
        self.out.truncate(trimmed);
        self.out.push('\n');
        self.out
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// `on main.tf line 3, in resource "a" "b":` and the lines.
    fn place(&mut self, word: &str, subject: Span, around: Option<Span>, what: &str) {
        let Some(file) = self.sources.get(subject.file) else {
            return;
        };
        let start = file.position(subject.start).line;
        let inside = context(file, subject)
            .map(|inside| format!(", in {}", clean(&inside)))
            .unwrap_or_default();
        let what = if what.is_empty() {
            String::new()
        } else {
            format!(" ({})", clean(what))
        };
        self.line(&format!(
            "  {word} {} line {start}{inside}{what}:",
            clean(&file.path)
        ));
        let subject = widened(file, subject);
        // A line break at the very end belongs to the line that it ends.
        let last_byte = |span: Span| {
            file.position(span.end.saturating_sub(1).max(span.start))
                .line
        };
        let (mut first, mut last) = (start, last_byte(subject));
        if let Some(around) = around.filter(|around| around.file == subject.file) {
            let outer = (
                first.min(file.position(around.start).line),
                last.max(last_byte(around)),
            );
            if outer.1 - outer.0 < MAX_LINES {
                (first, last) = outer;
            }
        }
        let shown = last.min(first + MAX_LINES - 1);
        for number in first..=shown {
            self.source_line(file, number, subject);
        }
        if shown < last {
            self.line("        ...");
        }
    }

    fn source_line(&mut self, file: &SourceFile, number: u32, subject: Span) {
        let text = file.line(number);
        let base = file
            .line_starts()
            .get(number as usize - 1)
            .copied()
            .unwrap_or(0) as usize;
        let inside = |offset: u32| (offset as usize).saturating_sub(base).min(text.len());
        let (mut start, end) = (inside(subject.start), inside(subject.end));
        if (subject.start as usize) < base {
            start = text.len() - text.trim_start().len();
        }
        let covers = (subject.start as usize) <= base + text.len() && subject.end as usize > base;
        let cut = window(text, start);
        let number = format!("{number:>4}: ");
        let dots = if cut.0 > 0 { "... " } else { "" };
        let part = |from: usize, to: usize| {
            clean_line(text.get(from.max(cut.0)..to.min(cut.1)).unwrap_or(""))
        };
        let (before, marked, after) = (
            part(0, start),
            part(start, end.max(start)),
            part(end.max(start), text.len()),
        );
        if self.color && covers {
            let line = format!("{number}{dots}{before}\u{1b}[4m{marked}{RESET}{after}");
            self.line(line.trim_end());
        } else {
            let line = format!("{number}{dots}{before}{marked}{after}");
            self.line(line.trim_end());
        }
        if !covers || (marked.trim().is_empty() && start < text.len() && end > start) {
            return;
        }
        let indent: String = before
            .chars()
            .map(|c| " ".repeat(if c == '\t' { 0 } else { c.width().unwrap_or(0) }))
            .collect();
        // Tabs are kept, so that carets stand right whatever the terminal makes of them.
        let tabs: String = before.chars().filter(|c| *c == '\t').collect();
        let carets = "^".repeat(marked.trim_end().width().max(1));
        let pad = " ".repeat(number.len() + dots.len());
        let line = match self.color {
            true => format!(
                "{pad}{tabs}{indent}{}{carets}{RESET}",
                severity_color(self.severity)
            ),
            false => format!("{pad}{tabs}{indent}{carets}"),
        };
        self.line(&line);
    }

    /// What took part: the call and the values.
    fn values(&mut self, diagnostic: &Diagnostic) {
        if diagnostic.values.is_empty() && diagnostic.function.is_none() {
            return;
        }
        self.line("    ├────────────────");
        if let Some(function) = &diagnostic.function {
            self.line(&format!("    │ while calling {}", clean(function)));
        }
        for (name, statement) in &diagnostic.values {
            self.line(&format!("    │ {} {}", clean(name), clean(statement)));
        }
    }
}

/// The part of a long line that is shown, around byte `at`.
fn window(text: &str, at: usize) -> (usize, usize) {
    if text.len() <= MAX_LINE_WIDTH {
        return (0, text.len());
    }
    let boundary = |mut offset: usize| {
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let start = if at > MAX_LINE_WIDTH / 2 {
        boundary(at - MAX_LINE_WIDTH / 2)
    } else {
        0
    };
    (start, boundary((start + MAX_LINE_WIDTH).min(text.len())))
}

/// Text without characters that would steer the terminal; line breaks stay.
fn clean(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.contains(steers) {
        Cow::Owned(
            text.chars()
                .map(|c| {
                    if steers(c) {
                        char::REPLACEMENT_CHARACTER
                    } else {
                        c
                    }
                })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

fn clean_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

/// Lines of at most `width` columns. A line that begins with a space is laid out by its author and stays.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.trim_end().split('\n') {
        if width == 0 || line.starts_with([' ', '\t']) || line.width() <= width {
            lines.push(line.to_owned());
            continue;
        }
        let mut current = String::new();
        for word in line.split(' ') {
            if !current.is_empty() && current.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut current));
            }
            let space = if current.is_empty() { "" } else { " " };
            write!(current, "{space}{word}").expect("writing to a string cannot fail");
        }
        lines.push(current);
    }
    lines
}
