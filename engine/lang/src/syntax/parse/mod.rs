//! The parser: tokens in, trees and diagnostics out.
//!
//! Recursive descent over the scanner's tokens. A mistake inside an item (an attribute or a block header)
//! gives one diagnostic and costs that item; parsing goes on behind it. Nesting of the source is bounded
//! by [`MAX_NESTING`] and the height of every expression tree by [`MAX_HEIGHT`], so that walking a tree
//! recursively is safe for whoever receives it.

mod body;
mod expr;
mod literal;
mod operand;
mod recover;
mod template;
#[cfg(test)]
pub(in crate::syntax) mod tests;

use super::ast::{Expr, ExprKind};
use super::body::NativeBody;
use super::scan::{self, Token, TokenKind};
use crate::diagnostic::Headline;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rules;
use crate::source::{FileId, Span};

/// Brackets, blocks, strings and operators that may be open at the same time.
pub const MAX_NESTING: u32 = 250;

/// Nodes on the longest path of an expression tree.
pub const MAX_HEIGHT: u32 = 500;

/// Messages after which the rest of a file is not looked at any more.
pub(in crate::syntax) const MAX_ERRORS: usize = 100;

/// The text in the bytes of the file `path`, for [`parse_body`] and the others.
///
/// # Errors
/// A diagnostic, without a span, if the bytes are not UTF-8.
pub fn decode<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, Box<Diagnostic>> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        let detail = format!(
            "All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected in your editor. The first \
             byte of {path} that is not UTF-8 is on line {line}."
        );
        Box::new(Diagnostic::error(&rules::syntax::INVALID_ENCODING, detail))
    })
}

/// Parses a configuration file.
///
/// The body holds all that could be understood; what could not is in the diagnostics.
pub fn parse_body(file: FileId, text: &str) -> (NativeBody, Diagnostics) {
    let mut parser = Parser::new(file, text, scan::scan);
    let body = parser.file_body();
    (body, parser.diagnostics)
}

/// Parses a text that is one expression and nothing else. Line breaks have no meaning in it only inside
/// brackets, and may surround it.
///
/// `None` if the diagnostics hold an error.
pub fn parse_expression(file: FileId, text: &str) -> (Option<Expr>, Diagnostics) {
    Parser::new(file, text, scan::scan).whole(Parser::lone_expression)
}

/// Parses a text that is a template as a whole, without quotes or escapes: a file for `templatefile`.
///
/// `None` if the diagnostics hold an error.
pub fn parse_template(file: FileId, text: &str) -> (Option<Expr>, Diagnostics) {
    Parser::new(file, text, scan::scan_template).whole(Parser::bare_template)
}

/// As [`parse_template`], for a text inside something that has a height of its own.
pub(in crate::syntax) fn parse_template_within(
    file: FileId,
    text: &str,
    height: u32,
) -> (Option<Expr>, Diagnostics) {
    let mut parser = Parser::new(file, text, scan::scan_template);
    parser.max_height = height;
    parser.whole(Parser::bare_template)
}

/// Parses an address such as `module.a["x"].aws_instance.b[0]`: a name and steps whose indexes are
/// literals, in the syntax of expressions.
///
/// `None` if the diagnostics hold an error.
pub fn parse_traversal(file: FileId, text: &str) -> (Option<Expr>, Diagnostics) {
    let (expr, mut diagnostics) = parse_expression(file, text);
    match expr {
        Some(expr) if super::static_expr::as_traversal(&expr).is_none() => {
            let detail = "A static reference is required here: a name, followed by attribute names and literal indexes.";
            diagnostics
                .push(Diagnostic::error(&rules::syntax::INVALID_ADDRESS, detail).at(expr.span));
            (None, diagnostics)
        }
        other => (other, diagnostics),
    }
}

/// A syntax error was found and reported; the item that holds it is given up.
#[derive(Clone, Copy, Debug)]
struct Failed;

type Parsed<T> = Result<T, Failed>;

struct Parser<'a> {
    file: FileId,
    text: &'a str,
    tokens: Vec<Token>,
    /// Index of the next token.
    at: usize,
    /// Whether line breaks are tokens here; inside brackets they are spaces.
    newlines: bool,
    /// Nesting of the source at this point.
    depth: u32,
    /// Height of the expression returned last.
    height: u32,
    /// The height that no expression may exceed.
    max_height: u32,
    /// Bytes that were scanned again after unclosed strings.
    scanned_again: usize,
    /// One missing brace leaves all blocks around it open; only the innermost is reported.
    unclosed_reported: bool,
    /// Blocks that were found in one that is not closed, and are taken to belong to the file.
    hoisted: Vec<crate::syntax::body::Block>,
    /// What is nested too deeply is reported once; all around it is given up.
    too_deep: bool,
    diagnostics: Diagnostics,
}

impl<'a> Parser<'a> {
    fn new(file: FileId, text: &'a str, scan: fn(&str) -> Vec<Token>) -> Self {
        let mut diagnostics = Diagnostics::new();
        let tokens = if u32::try_from(text.len()).is_ok_and(|len| len < u32::MAX) {
            scan(text)
        } else {
            diagnostics.push(Diagnostic::error(
                &rules::syntax::FILE_TOO_LARGE,
                "A source text may hold at most 4 GiB.",
            ));
            vec![Token {
                kind: TokenKind::End,
                start: 0,
                end: 0,
            }]
        };
        Self {
            file,
            text,
            tokens,
            at: 0,
            newlines: true,
            depth: 0,
            height: 0,
            max_height: MAX_HEIGHT,
            scanned_again: 0,
            unclosed_reported: false,
            hoisted: Vec::new(),
            too_deep: false,
            diagnostics,
        }
    }

    fn whole(mut self, parse: fn(&mut Self) -> Parsed<Expr>) -> (Option<Expr>, Diagnostics) {
        let expr = parse(&mut self).ok();
        let expr = if self.diagnostics.has_errors() {
            None
        } else {
            expr
        };
        (expr, self.diagnostics)
    }

    fn lone_expression(&mut self) -> Parsed<Expr> {
        while self.peek().kind == TokenKind::Newline {
            self.next();
        }
        let expr = self.expression()?;
        self.newlines = false;
        let next = self.peek();
        if next.kind != TokenKind::End {
            let detail =
                "An expression was successfully parsed, but extra characters were found after it.";
            return Err(self.unexpected(next, &rules::syntax::EXTRA_CHARACTERS, detail));
        }
        Ok(expr)
    }

    /// The token at `index`, or the last one, which is the end.
    fn token(&self, index: usize) -> Token {
        let last = self.tokens.last().copied();
        let end = Token {
            kind: TokenKind::End,
            start: 0,
            end: 0,
        };
        self.tokens.get(index).copied().or(last).unwrap_or(end)
    }

    /// The index of the first token from `index` on that means something here. A comment that takes its
    /// line break with it counts as that line break where line breaks count.
    fn meaningful(&self, mut index: usize) -> usize {
        loop {
            let token = self.token(index);
            let skip = match token.kind {
                TokenKind::Newline => !self.newlines,
                TokenKind::Comment => !self.newlines || !self.slice(token).ends_with('\n'),
                _ => false,
            };
            if !skip {
                return index;
            }
            index += 1;
        }
    }

    /// The next token, without moving.
    fn peek(&self) -> Token {
        let mut token = self.token(self.meaningful(self.at));
        if token.kind == TokenKind::Comment {
            token.kind = TokenKind::Newline;
        }
        token
    }

    /// The next token; moves behind it, except at the end.
    fn next(&mut self) -> Token {
        let token = self.peek();
        let index = self.meaningful(self.at);
        self.at = if token.kind == TokenKind::End {
            index
        } else {
            index + 1
        };
        token
    }

    /// Takes the next token if it is of this kind.
    fn take(&mut self, kind: TokenKind) -> Option<Token> {
        (self.peek().kind == kind).then(|| self.next())
    }

    fn slice(&self, token: Token) -> &'a str {
        self.text
            .get(token.start as usize..token.end as usize)
            .unwrap_or("")
    }

    fn span(&self, token: Token) -> Span {
        // The line break itself is what may not be there.
        let line_break = u32::from(token.kind == TokenKind::BrokenQuote);
        Span::new(self.file, token.start, token.end + line_break)
    }

    /// The end of the token before the next one.
    fn behind(&self) -> u32 {
        self.at
            .checked_sub(1)
            .map_or(0, |index| self.token(index).end)
    }

    /// From `start` to the end of the last token taken.
    fn since(&self, start: u32) -> Span {
        Span::new(self.file, start, self.behind().max(start))
    }

    fn is_keyword(&self, token: Token, word: &str) -> bool {
        token.kind == TokenKind::Ident && self.slice(token) == word
    }

    /// Lets line breaks count or not; returns the rule before. Who fails need not restore it: the item that
    /// is given up does.
    fn set_newlines(&mut self, count: bool) -> bool {
        std::mem::replace(&mut self.newlines, count)
    }

    /// Goes one level down. The caller comes up again by itself, unless it fails.
    fn descend(&mut self) -> Parsed<()> {
        if self.depth >= MAX_NESTING {
            if std::mem::replace(&mut self.too_deep, true) {
                return Err(Failed);
            }
            let next = self.span(self.peek());
            let detail = format!(
                "Brackets, blocks, strings and operators may be nested at most {MAX_NESTING} levels deep. Move inner \
                 parts into local values of their own."
            );
            return Err(self.fail(Diagnostic::error(&rules::syntax::TOO_DEEP, detail).at(next)));
        }
        self.depth += 1;
        Ok(())
    }

    /// Makes an expression whose highest child has height `child`.
    fn node(&mut self, kind: ExprKind, span: Span, child: u32) -> Parsed<Expr> {
        self.height = child + 1;
        if self.height > self.max_height {
            let detail = format!(
                "More than {MAX_HEIGHT} operations depend on each other in this expression. Split it with local values, \
                 or use a function over a list, such as sum or concat."
            );
            return Err(self.fail(Diagnostic::error(&rules::syntax::TOO_COMPLEX, detail).at(span)));
        }
        Ok(Expr { kind, span })
    }

    fn leaf(&mut self, kind: ExprKind, span: Span) -> Expr {
        self.height = 1;
        Expr { kind, span }
    }

    /// Reports, unless there are too many messages already.
    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() <= MAX_ERRORS && !self.ends_broken_string(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether a message is about the closing quote of a string that was complained of already, since it began on an earlier line.
    fn ends_broken_string(&self, diagnostic: &Diagnostic) -> bool {
        let broken = |one: &Diagnostic| one.is(&rules::syntax::MULTI_LINE_STRING);
        if !broken(diagnostic) || !self.diagnostics.iter().any(broken) {
            return false;
        }
        let end = diagnostic.subject.map_or(0, |span| span.start as usize);
        let before = self.text.get(..end).unwrap_or("");
        // After a quote that opens a string stands some text.
        let closing = [' ', '\t', '\r', ',', ')', ']', '}'];
        before.trim_end_matches(closing).ends_with('"')
    }

    /// Reports and gives up.
    #[inline(never)]
    fn fail(&mut self, diagnostic: Diagnostic) -> Failed {
        self.report(diagnostic);
        Failed
    }

    /// Adds a way out to what was reported last.
    fn hint(&mut self, hint: impl Into<String>) {
        if let Some(last) = self.diagnostics.iter_mut().last() {
            last.hint = Some(hint.into());
        }
    }

    /// Where something in brackets is not closed: tells so if `next` looks like the next argument of the block around it.
    #[inline(never)]
    fn hint_at_bracket(&mut self, next: Token, bracket: char) {
        let before = self.text.get(self.behind() as usize..next.start as usize);
        let after = self
            .text
            .get(next.end as usize..)
            .unwrap_or("")
            .trim_start();
        let argument = next.kind == TokenKind::Ident
            && before.is_some_and(|before| before.contains('\n'))
            && after.starts_with('=')
            && !after.starts_with("==");
        let closing = next.kind == TokenKind::CloseBrace;
        if argument || closing {
            self.hint(format!(
                "the closing bracket \"{bracket}\" is probably missing before this"
            ));
        }
    }

    #[inline(never)]
    fn missing_expression(&mut self) -> Failed {
        let next = self.peek();
        if next.kind == TokenKind::End {
            let detail = "Expected the start of an expression, but found the end of the file.";
            return self.unexpected(next, &rules::syntax::MISSING_EXPRESSION, detail);
        }
        let detail = "Expected the start of an expression, but found an invalid expression token.";
        let failed = self.unexpected(next, &rules::syntax::INVALID_EXPRESSION, detail);
        if self.is_cut_off(self.meaningful(self.at)) {
            self.hint("an expression that goes on in the next line has to stand in parentheses");
        }
        failed
    }

    /// Reports that `token` may not be here. If it may not be anywhere, says that instead.
    #[inline(never)]
    fn unexpected(&mut self, token: Token, headline: impl Into<Headline>, detail: &str) -> Failed {
        let diagnostic = literal::invalid_token(self.text, token)
            .unwrap_or_else(|| Diagnostic::error(headline, detail));
        let span = self.span(token);
        self.fail(diagnostic.at(span))
    }

    /// As [`Self::unexpected`], in the midst of what began at `start`.
    #[inline(never)]
    fn unexpected_in(
        &mut self,
        start: u32,
        token: Token,
        headline: impl Into<Headline>,
        detail: &str,
    ) -> Failed {
        let span = self.span(token);
        if let Some(diagnostic) = literal::invalid_token(self.text, token) {
            return self.fail(diagnostic.at(span));
        }
        let context = Span::new(self.file, start.min(token.start), token.end);
        self.fail(Diagnostic::error(headline, detail).at(span).within(context))
    }
}
