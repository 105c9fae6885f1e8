//! Finds where in a file a byte is, also in files that cannot be parsed.

use super::scan::{Token, TokenKind, scan};

/// The header of the outermost block around byte `at`: `resource "x" "y"`. `None` outside blocks.
#[must_use]
pub fn block_at(text: &str, at: u32) -> Option<String> {
    let mut header: Vec<Token> = Vec::new();
    let mut depth = 0_u32;
    let mut open: Option<Vec<Token>> = None;
    for token in scan(text) {
        // Past the place: an open block is the answer even if it is never closed.
        if token.start > at && open.is_none() {
            let begins = header.first().is_some_and(|first| first.start <= at);
            if !begins || token.kind == TokenKind::Newline {
                return None;
            }
        }
        match token.kind {
            TokenKind::OpenBrace => {
                depth += 1;
                if depth == 1 && is_header(&header) {
                    open = Some(std::mem::take(&mut header));
                }
            }
            TokenKind::CloseBrace => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    if let Some(tokens) = open.take().filter(|_| token.end > at) {
                        return Some(header_text(text, &tokens));
                    }
                    header.clear();
                }
            }
            TokenKind::Newline if depth == 0 => header.clear(),
            TokenKind::Comment if depth == 0 && slice(text, token).ends_with('\n') => {
                header.clear();
            }
            TokenKind::Comment => {}
            _ if depth == 0 => header.push(token),
            _ => {}
        }
    }
    open.map(|tokens| header_text(text, &tokens))
}

fn slice(text: &str, token: Token) -> &str {
    text.get(token.start as usize..token.end as usize)
        .unwrap_or("")
}

/// A name and labels, nothing else.
fn is_header(tokens: &[Token]) -> bool {
    let label = |token: &Token| {
        matches!(
            token.kind,
            TokenKind::Ident | TokenKind::OpenQuote | TokenKind::QuotedText | TokenKind::CloseQuote
        )
    };
    tokens
        .first()
        .is_some_and(|token| token.kind == TokenKind::Ident)
        && tokens.iter().all(label)
}

fn header_text(text: &str, tokens: &[Token]) -> String {
    let mut out = String::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Ident if index == 0 => out.push_str(slice(text, *token)),
            TokenKind::Ident => out.extend([" \"", slice(text, *token), "\""]),
            TokenKind::OpenQuote => out.push_str(" \""),
            _ => out.push_str(slice(text, *token)),
        }
    }
    out
}
