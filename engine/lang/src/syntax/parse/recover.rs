//! Where to go on after a mistake.

use super::Parser;
use super::expr::binary_operator;
use crate::syntax::scan::{self, Token, TokenKind};

/// Bytes that may be scanned again behind unclosed strings: each time costs the rest of the file, so a
/// large file has fewer of them.
const MAX_SCANNED_AGAIN: usize = 8 << 20;

/// The brackets and strings that are open at a point.
#[derive(Default)]
struct Open {
    stack: Vec<TokenKind>,
    /// How many of each kind, so that a stray closing bracket costs nothing.
    counts: [u32; 6],
}

impl Open {
    fn slot(kind: TokenKind) -> Option<usize> {
        Some(match kind {
            TokenKind::OpenParen => 0,
            TokenKind::OpenBracket => 1,
            TokenKind::OpenBrace => 2,
            TokenKind::OpenQuote => 3,
            TokenKind::OpenHeredoc => 4,
            TokenKind::Interpolation | TokenKind::Directive => 5,
            _ => return None,
        })
    }

    fn has(&self, kind: TokenKind) -> bool {
        Self::slot(kind).is_some_and(|slot| self.counts.get(slot).is_some_and(|count| *count > 0))
    }

    fn in_string(&self) -> bool {
        self.has(TokenKind::OpenQuote) || self.has(TokenKind::OpenHeredoc)
    }

    /// Follows one token. `false` if it closes something that was not open.
    fn follow(&mut self, kind: TokenKind) -> bool {
        if let Some(slot) = Self::slot(kind) {
            self.stack.push(kind);
            if let Some(count) = self.counts.get_mut(slot) {
                *count += 1;
            }
            return true;
        }
        let opening = match kind {
            TokenKind::CloseParen => TokenKind::OpenParen,
            TokenKind::CloseBracket => TokenKind::OpenBracket,
            TokenKind::CloseBrace => TokenKind::OpenBrace,
            TokenKind::CloseQuote | TokenKind::BrokenQuote => TokenKind::OpenQuote,
            TokenKind::CloseHeredoc => TokenKind::OpenHeredoc,
            TokenKind::SequenceEnd => TokenKind::Interpolation,
            _ => return true,
        };
        if !self.has(opening) {
            return false;
        }
        let slot = Self::slot(opening);
        while let Some(top) = self.stack.pop() {
            let top_slot = Self::slot(top);
            if let Some(count) = top_slot.and_then(|slot| self.counts.get_mut(slot)) {
                *count -= 1;
            }
            if top_slot == slot {
                break;
            }
        }
        true
    }
}

impl Parser<'_> {
    /// Moves behind the item that began at token `start`, in which a mistake was reported.
    ///
    /// That is behind the first line break outside brackets, or before a brace that closes the block. If a
    /// bracket was forgotten, it is before a line that looks like the next item and is not indented more.
    pub(super) fn recover(&mut self, start: usize) {
        let failed = self.at.max(start);
        let column = self.column(self.token(start));
        let mut open = Open::default();
        let mut index = start;
        let stop = loop {
            let token = self.token(index);
            let passed = index >= failed;
            let breaks = token.kind == TokenKind::Newline
                || (token.kind == TokenKind::Comment && self.slice(token).ends_with('\n'));
            if token.kind == TokenKind::End {
                break self.end_reached(&open, failed, index);
            }
            if breaks && passed && open.stack.is_empty() && !self.is_cut_off(index) {
                break index + 1;
            }
            // What is nested too deeply may be well-formed otherwise, and is skipped as a whole.
            if breaks
                && passed
                && !self.too_deep
                && !open.has(TokenKind::OpenHeredoc)
                && self.begins_item(index + 1, column)
            {
                break if open.in_string() {
                    self.scan_again(index + 1, token.end)
                } else {
                    index + 1
                };
            }
            if token.kind == TokenKind::BrokenQuote && passed && open.has(TokenKind::Interpolation)
            {
                break self.scan_again(index, token.start);
            }
            let closes = token.kind == TokenKind::CloseBrace
                && !open.has(TokenKind::OpenBrace)
                && !open.in_string();
            if closes && passed && index > start {
                break index;
            }
            open.follow(token.kind);
            index += 1;
        };
        self.at = stop.max(start + 1).min(self.tokens.len() - 1);
        self.newlines = true;
    }

    /// The end was reached with brackets or strings open. A string swallowed the rest of the file: tokens
    /// are made anew from the line behind the mistake.
    fn end_reached(&mut self, open: &Open, failed: usize, end: usize) -> usize {
        if !open.has(TokenKind::OpenQuote) || open.has(TokenKind::OpenHeredoc) {
            return end;
        }
        let from = self.token(failed).start as usize;
        let rest = self.text.get(from..).unwrap_or("");
        let Some(line_break) = rest.find('\n') else {
            return end;
        };
        let from = super::literal::offset(from + line_break);
        let index = self.tokens.partition_point(|token| token.start < from);
        self.scan_again(index, from)
    }

    /// Replaces the tokens from `index` on by those of the text from byte `from` on, which is outside any
    /// string.
    fn scan_again(&mut self, index: usize, from: u32) -> usize {
        self.scanned_again += self.text.len() - from as usize;
        if self.scanned_again > MAX_SCANNED_AGAIN {
            return self.tokens.len() - 1;
        }
        self.tokens.truncate(index);
        scan::scan_from(self.text, from, &mut self.tokens);
        index
    }

    /// Whether the line break at `index` is behind an operator, and what follows is no item: somebody goes on there.
    pub(super) fn is_cut_off(&self, index: usize) -> bool {
        let Some(before) = index.checked_sub(1) else {
            return false;
        };
        let open = matches!(
            self.token(before).kind,
            TokenKind::Question | TokenKind::Colon
        ) || binary_operator(self.token(before).kind).is_some();
        let goes_on = match self.token(index + 1).kind {
            TokenKind::Newline | TokenKind::Comment | TokenKind::End | TokenKind::CloseBrace => {
                false
            }
            TokenKind::Ident => !matches!(
                self.token(index + 2).kind,
                TokenKind::Assign | TokenKind::OpenBrace | TokenKind::OpenQuote | TokenKind::Ident
            ),
            _ => true,
        };
        open && goes_on && self.token(index).kind == TokenKind::Newline
    }

    /// Whether the token at `index` is where an item at `column` or further out could begin, or the brace
    /// that closes the block around it.
    fn begins_item(&self, index: usize, column: usize) -> bool {
        let token = self.token(index);
        match token.kind {
            TokenKind::Ident if self.column(token) <= column => matches!(
                self.token(index + 1).kind,
                TokenKind::Assign | TokenKind::OpenBrace | TokenKind::OpenQuote | TokenKind::Ident
            ),
            TokenKind::CloseBrace => self.column(token) < column,
            _ => false,
        }
    }

    /// Bytes between the start of the line and the token.
    fn column(&self, token: Token) -> usize {
        let before = self.text.get(..token.start as usize).unwrap_or("");
        before.len() - before.rfind('\n').map_or(0, |at| at + 1)
    }
}
