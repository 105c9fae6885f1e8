//! Spaces: indentation, between tokens, and in front of aligned equals signs and comments.

use super::Piece;
use crate::syntax::scan::TokenKind as T;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation as _;

/// One line: what comes first, an assignment that is complete on the line, and a comment at its end.
struct Line {
    lead: Range<usize>,
    assign: Range<usize>,
    comment: Option<usize>,
}

/// Sets the spaces before every token.
pub(super) fn layout(pieces: &mut [Piece<'_>]) {
    let lines = lines(pieces);
    indent(pieces, &lines);
    space(pieces, &lines);
    align(pieces, &lines, |line| {
        (!line.assign.is_empty()).then_some((line.assign.start, line.lead.clone()))
    });
    align(pieces, &lines, |line| {
        Some((
            line.comment?,
            line.lead.start..line.assign.end.max(line.lead.end),
        ))
    });
}

fn lines(pieces: &[Piece<'_>]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (index, piece) in pieces.iter().enumerate() {
        if piece.kind == T::End {
            lines.push(line(pieces, start..index));
        } else if piece.ends_line() {
            lines.push(line(pieces, start..index + 1));
            start = index + 1;
        }
    }
    lines
}

fn line(pieces: &[Piece<'_>], all: Range<usize>) -> Line {
    let mut lead = all.clone();
    let mut comment = None;
    let last = all.end.saturating_sub(1);
    if all.len() > 1
        && pieces
            .get(last)
            .is_some_and(|piece| piece.kind == T::Comment)
    {
        comment = Some(last);
        lead.end = last;
    }
    let mut assign = lead.end..lead.end;
    let equals = (lead.start + 1..lead.end).find(|index| {
        pieces
            .get(*index)
            .is_some_and(|piece| piece.kind == T::Assign)
    });
    if let Some(equals) = equals {
        // An assignment that goes on in the next line is not aligned with others.
        if net_depth(pieces, equals..lead.end) == 0 {
            assign.start = equals;
            lead.end = equals;
        }
    }
    Line {
        lead,
        assign,
        comment,
    }
}

fn net_depth(pieces: &[Piece<'_>], range: Range<usize>) -> i32 {
    pieces
        .get(range)
        .unwrap_or_default()
        .iter()
        .map(Piece::depth_change)
        .sum()
}

/// Two spaces for every line that left brackets open. A line that closes several brackets which were
/// opened on one line steps out once.
fn indent(pieces: &mut [Piece<'_>], lines: &[Line]) {
    let mut open: Vec<i32> = Vec::new();
    for line in lines {
        if line.lead.is_empty() {
            continue;
        }
        let first = line.lead.start;
        if pieces
            .get(first)
            .is_some_and(|piece| piece.kind == T::Newline)
        {
            set(pieces, first, 0);
            continue;
        }
        // What is in a heredoc that begins on the line does not count, even if it ends in the midst of a sequence.
        let end = line.lead.end.max(line.assign.end);
        let heredoc = pieces.get(first..end).and_then(|pieces| {
            let at = pieces.iter().position(|piece| piece.kind == T::OpenHeredoc);
            at.map(|at| first + at)
        });
        let net = net_depth(pieces, first..heredoc.unwrap_or(end));
        let mut closed = -net;
        while closed > 0 {
            let Some(top) = open.last_mut() else { break };
            if closed < *top {
                *top -= closed;
                break;
            }
            closed -= *top;
            open.pop();
        }
        set(pieces, first, 2 * open.len());
        if net > 0 {
            open.push(net);
        }
    }
}

fn set(pieces: &mut [Piece<'_>], index: usize, spaces: usize) {
    if let Some(piece) = pieces.get_mut(index) {
        piece.spaces = spaces;
    }
}

fn space(pieces: &mut [Piece<'_>], lines: &[Line]) {
    for line in lines {
        for cell in [&line.lead, &line.assign] {
            for index in cell.start + 1..cell.end {
                let before = if index >= cell.start + 2 {
                    pieces.get(index - 2)
                } else {
                    None
                };
                let [left, right] = [pieces.get(index - 1), pieces.get(index)];
                let (Some(left), Some(right)) = (left, right) else {
                    continue;
                };
                let spaces = usize::from(space_between(before, left, right));
                set(pieces, index, spaces);
            }
        }
    }
}

/// Whether a space stands between `left` and `right`; `before` is the token before `left` in the same cell.
fn space_between(before: Option<&Piece<'_>>, left: &Piece<'_>, right: &Piece<'_>) -> bool {
    let before_kind = before.map(|piece| piece.kind);
    match (left.kind, right.kind) {
        (_, T::Newline | T::Dot | T::Comma | T::Ellipsis)
        | (T::Ident, T::OpenParen | T::DoubleColon)
        | (T::DoubleColon, T::Ident)
        | (T::Dot, _) => false,
        (T::Comma, _) => true,
        // Nothing is added inside strings.
        (T::QuotedText | T::Text | T::OpenQuote | T::OpenHeredoc, _)
        | (_, T::QuotedText | T::Text | T::CloseQuote | T::CloseHeredoc) => false,
        // `[for x in [1]: x]`: the keyword, not an index of something called "in".
        (T::Ident, _) if left.text == "in" && before_kind == Some(T::Ident) => true,
        (
            T::Ident | T::Number | T::CloseBrace | T::CloseBracket | T::CloseParen | T::SequenceEnd,
            T::OpenBracket,
        ) => false,
        (T::Bang, _) => false,
        (T::Minus, _) => is_subtraction(before_kind),
        (T::OpenBrace, T::CloseBrace) => false,
        (T::OpenBrace, _) | (_, T::CloseBrace) => true,
        (T::Interpolation | T::Directive, T::OpenBrace) | (T::CloseBrace, T::SequenceEnd) => true,
        (T::SequenceEnd, T::Interpolation | T::Directive) => false,
        _ => left.depth_change() <= 0 && right.depth_change() >= 0,
    }
}

/// Whether a minus behind this token has an operand at its left.
fn is_subtraction(before: Option<T>) -> bool {
    !matches!(
        before,
        None | Some(
            T::OpenParen
                | T::OpenBrace
                | T::OpenBracket
                | T::Assign
                | T::Colon
                | T::Comma
                | T::Question
                | T::Plus
                | T::Star
                | T::Slash
                | T::Percent
                | T::Minus
                | T::Equal
                | T::NotEqual
                | T::Greater
                | T::GreaterEqual
                | T::Less
                | T::LessEqual
                | T::And
                | T::Or
                | T::Bang
        )
    )
}

/// Puts the cells that `cell` finds (the token to move, and what stands before it on the line) under each
/// other in every run of lines that have one.
fn align(
    pieces: &mut [Piece<'_>],
    lines: &[Line],
    cell: impl Fn(&Line) -> Option<(usize, Range<usize>)>,
) {
    let mut run: Vec<(usize, usize)> = Vec::new();
    for line in lines {
        match cell(line) {
            Some((index, before)) => run.push((index, columns(pieces, before))),
            None => finish_run(pieces, &mut run),
        }
    }
    finish_run(pieces, &mut run);
}

fn finish_run(pieces: &mut [Piece<'_>], run: &mut Vec<(usize, usize)>) {
    let widest = run.iter().map(|(_, columns)| *columns).max().unwrap_or(0);
    for (index, columns) in run.drain(..) {
        set(pieces, index, widest - columns + 1);
    }
}

/// Grapheme clusters of the tokens with the spaces before them.
fn columns(pieces: &[Piece<'_>], range: Range<usize>) -> usize {
    let width = |piece: &Piece<'_>| piece.spaces + piece.text.graphemes(true).count();
    pieces
        .get(range)
        .unwrap_or_default()
        .iter()
        .map(width)
        .sum()
}
