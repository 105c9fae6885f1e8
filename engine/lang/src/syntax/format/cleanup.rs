//! Old spellings: `"${x}"` alone, quoted type names, labels without quotes.

use super::Piece;
use crate::source::FileId;
use crate::syntax::ast::ExprKind;
use crate::syntax::parse::parse_expression;
use crate::syntax::scan::TokenKind;
use std::borrow::Cow;
use terrane_value::quote::is_printable;

/// The tokens of a file that parses, with old spellings replaced.
pub(super) fn cleanup(pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let mut rest = Rest {
        pieces: pieces.into_iter().peekable(),
        out: Vec::new(),
    };
    // The types of the blocks around.
    let mut blocks: Vec<Cow<'_, str>> = Vec::new();
    while let Some(piece) = rest.pieces.next() {
        match piece.kind {
            TokenKind::Ident => {
                let name = piece.text.clone();
                rest.out.push(piece);
                if rest.attribute_follows() {
                    let is_type = name == "type" && blocks.len() == 1 && blocks[0] == "variable";
                    rest.attribute(is_type);
                } else {
                    rest.block_header();
                    blocks.push(name);
                }
            }
            TokenKind::CloseBrace => {
                blocks.pop();
                rest.out.push(piece);
            }
            _ => rest.out.push(piece),
        }
    }
    rest.out
}

struct Rest<'a> {
    pieces: std::iter::Peekable<std::vec::IntoIter<Piece<'a>>>,
    out: Vec<Piece<'a>>,
}

impl<'a> Rest<'a> {
    /// Whether an equals sign is next; comments before it are passed on.
    fn attribute_follows(&mut self) -> bool {
        let mut comments = Vec::new();
        while let Some(comment) = self
            .pieces
            .next_if(|piece| piece.kind == TokenKind::Comment)
        {
            comments.push(comment);
        }
        let follows = self.pieces.next_if(|piece| piece.kind == TokenKind::Assign);
        self.out.append(&mut comments);
        let is_attribute = follows.is_some();
        self.out.extend(follows);
        is_attribute
    }

    /// Labels up to the brace, each in quotes, with the escapes that it needs. Comments between labels stay, where the peers lose them.
    fn block_header(&mut self) {
        for mut piece in self.pieces.by_ref() {
            match piece.kind {
                TokenKind::OpenBrace => {
                    self.out.push(piece);
                    return;
                }
                TokenKind::Ident => {
                    let quote = |kind| Piece {
                        kind,
                        text: Cow::Borrowed("\""),
                        spaces: 0,
                    };
                    self.out.push(quote(TokenKind::OpenQuote));
                    self.out.push(Piece {
                        kind: TokenKind::QuotedText,
                        text: label(piece.text),
                        spaces: 0,
                    });
                    self.out.push(quote(TokenKind::CloseQuote));
                }
                TokenKind::QuotedText => {
                    piece.text = label(piece.text);
                    self.out.push(piece);
                }
                _ => self.out.push(piece),
            }
        }
    }

    /// The value of an attribute, behind the equals sign.
    fn attribute(&mut self, is_type: bool) {
        let mut value = Vec::new();
        let mut depth = 0;
        let end = |piece: &Piece<'_>, depth: i32| {
            depth == 0
                && (piece.ends_line()
                    || matches!(piece.kind, TokenKind::CloseBrace | TokenKind::End))
        };
        while let Some(piece) = self.pieces.next_if(|piece| !end(piece, depth)) {
            depth += match piece.kind {
                TokenKind::OpenQuote | TokenKind::OpenHeredoc => 1,
                TokenKind::CloseQuote | TokenKind::CloseHeredoc => -1,
                _ => piece.depth_change(),
            };
            value.push(piece);
        }
        let is_code = |piece: &Piece<'_>| piece.kind != TokenKind::Comment;
        let first = value.iter().position(is_code).unwrap_or(0);
        let last = value.iter().rposition(is_code).map_or(0, |at| at + 1);
        let behind = value.split_off(last.max(first));
        let expr = value.split_off(first);
        self.out.append(&mut value);
        self.out.extend(if is_type {
            clean_type(expr)
        } else {
            unwrap(expr)
        });
        self.out.extend(behind);
    }
}

/// The text of a label between its quotes: normal form C, with escapes only for what needs one. A label with a doubled `$` or `%` stays as
/// it is; the peers lose it.
fn label(text: Cow<'_, str>) -> Cow<'_, str> {
    let plain = |c: char| matches!(c, ' '..='~' if c != '\\');
    if text.chars().all(plain) || text.contains("$$") || text.contains("%%") {
        return text;
    }
    let (expr, _) = parse_expression(FileId(0), &format!("\"{text}\""));
    let Some(ExprKind::String(label)) = expr.map(|expr| expr.kind) else {
        return text;
    };
    if label.contains("${") || label.contains("%{") {
        return text;
    }
    let mut out = String::with_capacity(label.len());
    for c in label.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xffff => out.extend([format!("\\u{:04x}", u32::from(c))]),
            c => out.extend([format!("\\U{:08x}", u32::from(c))]),
        }
    }
    Cow::Owned(out)
}

/// `list` alone becomes `list(any)`; the quoted names of the oldest versions lose their quotes.
fn clean_type(expr: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let shape: Vec<(TokenKind, &str)> = expr
        .iter()
        .map(|piece| (piece.kind, piece.text.as_ref()))
        .collect();
    let (name, element) = match shape.as_slice() {
        [(TokenKind::Ident, name @ ("list" | "map" | "set"))] => (*name, "any"),
        [
            (TokenKind::OpenQuote, _),
            (TokenKind::QuotedText, name),
            (TokenKind::CloseQuote, _),
        ] => match *name {
            "string" => ("string", ""),
            "list" => ("list", "string"),
            "map" => ("map", "string"),
            _ => return expr,
        },
        _ => return expr,
    };
    let piece = |kind, text: &str| Piece {
        kind,
        text: Cow::Owned(text.to_owned()),
        spaces: 0,
    };
    let mut out = vec![piece(TokenKind::Ident, name)];
    if !element.is_empty() {
        out.push(piece(TokenKind::OpenParen, "("));
        out.push(piece(TokenKind::Ident, element));
        out.push(piece(TokenKind::CloseParen, ")"));
    }
    out
}

/// `"${x}"` alone becomes `x`, in parentheses if it takes more than one line.
fn unwrap(mut expr: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    if !is_lone_interpolation(&expr) {
        return expr;
    }
    let mut inner = expr.split_off(2);
    inner.truncate(inner.len() - 2);
    let is_code = |piece: &Piece<'_>| piece.kind != TokenKind::Newline;
    let first = inner.iter().position(is_code).unwrap_or(0);
    let last = inner.iter().rposition(is_code).map_or(0, |at| at + 1);
    inner.truncate(last);
    let mut inner = inner.split_off(first.min(last));
    let lines = inner.iter().any(|piece| piece.kind == TokenKind::Newline);
    let opens = inner
        .first()
        .is_some_and(|piece| piece.kind == TokenKind::OpenParen);
    let closes = inner
        .last()
        .is_some_and(|piece| piece.kind == TokenKind::CloseParen);
    if lines && !(opens && closes) {
        let paren = |kind, text| Piece {
            kind,
            text: Cow::Borrowed(text),
            spaces: 0,
        };
        inner.insert(0, paren(TokenKind::OpenParen, "("));
        inner.push(paren(TokenKind::CloseParen, ")"));
    }
    inner
}

/// Whether the tokens are a quoted string of one interpolation. In doubt not: nested sequences outside of
/// nested strings may be a second interpolation.
fn is_lone_interpolation(expr: &[Piece<'_>]) -> bool {
    let kinds: Vec<TokenKind> = expr.iter().map(|piece| piece.kind).collect();
    let [
        TokenKind::OpenQuote,
        TokenKind::Interpolation,
        inner @ ..,
        TokenKind::SequenceEnd,
        TokenKind::CloseQuote,
    ] = kinds.as_slice()
    else {
        return false;
    };
    let mut quotes = 0;
    for kind in inner {
        match kind {
            TokenKind::OpenQuote => quotes += 1,
            TokenKind::CloseQuote => quotes -= 1,
            TokenKind::Interpolation | TokenKind::SequenceEnd | TokenKind::QuotedText
                if quotes <= 0 =>
            {
                return false;
            }
            _ => {}
        }
    }
    !inner.is_empty()
}
