//! Where a diagnostic points, as data: what `validate -json` shows of the source.

use super::Diagnostic;
use crate::source::{Position, SourceFile, SourceMap, Span};
use crate::syntax::{json, navigate};

/// The source lines of a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The header of the block that the place is in: `resource "x" "y"`.
    pub context: Option<String>,
    /// Whole lines, without the last line break.
    pub code: String,
    /// The number of the first of them.
    pub start_line: u32,
    /// Where the subject begins in `code`, in bytes.
    pub highlight_start: usize,
    /// Where it ends.
    pub highlight_end: usize,
}

/// The lines that a diagnostic is about. `None` if it has no place or the source is not there.
#[must_use]
pub fn snippet(sources: &SourceMap, diagnostic: &Diagnostic) -> Option<Snippet> {
    let subject = diagnostic.subject?;
    let file = sources.get(subject.file)?;
    let around = diagnostic
        .context
        .filter(|around| around.file == subject.file)
        .unwrap_or(subject);
    let (highlight, shown) = (widened(file, subject), widened(file, around.to(subject)));
    let (first, last) = (
        file.position(shown.start).line,
        file.position(shown.end).line,
    );
    let mut lines: Vec<&str> = Vec::new();
    let (mut start_line, mut base) = (first, shown.start);
    for number in first..=last {
        let line = file.line(number);
        let start = file
            .line_starts()
            .get(number as usize - 1)
            .copied()
            .unwrap_or(0);
        // A line counts if a byte of it is inside, or if the range ends right before it: the peers' rule, by
        // which empty lines never count.
        if line.is_empty() || (shown.end < start) {
            continue;
        }
        if lines.is_empty() {
            (start_line, base) = (number, start);
        }
        lines.push(line);
    }
    let code = lines.join("\n");
    let offset = |at: u32| (at.saturating_sub(base) as usize).min(code.len());
    let (highlight_start, highlight_end) = (offset(highlight.start), offset(highlight.end));
    Some(Snippet {
        context: context(file, subject),
        code,
        start_line,
        highlight_start,
        highlight_end,
    })
}

/// File, first and last position of the subject; an empty range is made one character long.
#[must_use]
pub fn range<'a>(
    sources: &'a SourceMap,
    diagnostic: &Diagnostic,
) -> Option<(&'a str, Position, Position)> {
    let subject = diagnostic.subject?;
    let file = sources.get(subject.file)?;
    let (start, mut end) = (file.position(subject.start), file.position(subject.end));
    if subject.start >= subject.end {
        end = Position {
            line: start.line,
            column: start.column + 1,
            byte: start.byte + 1,
        };
    }
    Some((&file.path, start, end))
}

/// The range itself, or one byte more if it is empty.
pub(super) fn widened(file: &SourceFile, span: Span) -> Span {
    if span.start < span.end {
        return span;
    }
    let rest = file.text.get(span.start as usize..).unwrap_or("");
    let len = rest.chars().next().map_or(1, char::len_utf8);
    Span::new(
        span.file,
        span.start,
        span.start + u32::try_from(len).unwrap_or(1),
    )
}

/// The header of the outermost block around a place, or in JSON syntax the path to it.
pub(super) fn context(file: &SourceFile, subject: Span) -> Option<String> {
    let at = subject.start.checked_sub(1)?;
    if std::path::Path::new(&file.path)
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        return json::path_at(&file.text, at);
    }
    navigate::block_at(&file.text, at)
}
