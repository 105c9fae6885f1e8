//! `fmt`: the canonical layout of configuration files, byte for byte that of the peers.
//!
//! Works on tokens, so comments and literals stay as they are. First a few old spellings are cleaned up
//! ([`cleanup`]), then spaces are set: indentation by bracket depth, spaces between tokens by rule, and
//! equals signs and comments of neighbouring lines aligned ([`layout`]).

mod cleanup;
mod layout;
#[cfg(test)]
mod tests;

use super::parse::parse_body;
use super::scan::{TokenKind, scan};
use crate::diagnostic::Diagnostics;
use crate::source::FileId;
use std::borrow::Cow;

/// A token with the spaces before it.
#[derive(Clone, Debug)]
struct Piece<'a> {
    kind: TokenKind,
    text: Cow<'a, str>,
    spaces: usize,
}

impl Piece<'_> {
    /// Whether a line ends with it. Comments from `#` and `//` take their line break along.
    fn ends_line(&self) -> bool {
        self.kind == TokenKind::Newline
            || (self.kind == TokenKind::Comment && self.text.ends_with('\n'))
    }

    /// +1 if it opens a bracket or sequence, -1 if it closes one.
    fn depth_change(&self) -> i32 {
        match self.kind {
            TokenKind::OpenBrace
            | TokenKind::OpenBracket
            | TokenKind::OpenParen
            | TokenKind::Interpolation
            | TokenKind::Directive => 1,
            TokenKind::CloseBrace
            | TokenKind::CloseBracket
            | TokenKind::CloseParen
            | TokenKind::SequenceEnd => -1,
            _ => 0,
        }
    }
}

/// The canonical layout of a configuration file. A file without a line break at its end does not get one
/// here; the peers add it only when they format their standard input.
///
/// # Errors
/// The diagnostics of a text that cannot be parsed; spans belong to `FileId(0)`.
pub fn format(text: &str) -> Result<String, Diagnostics> {
    let (_, diagnostics) = parse_body(FileId(0), text);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let mut pieces = cleanup::cleanup(pieces(text));
    layout::layout(&mut pieces);
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for piece in &pieces {
        out.extend(std::iter::repeat_n(' ', piece.spaces));
        out.push_str(&piece.text);
    }
    Ok(out)
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut behind = 0;
    let piece = |token: super::scan::Token| {
        // Spaces at the very end stay; all others are set anew.
        let spaces = if token.kind == TokenKind::End {
            (token.end - behind) as usize
        } else {
            0
        };
        behind = token.end;
        let text = text
            .get(token.start as usize..token.end as usize)
            .unwrap_or("");
        Piece {
            kind: token.kind,
            text: Cow::Borrowed(text),
            spaces,
        }
    };
    scan(text).into_iter().map(piece).collect()
}
