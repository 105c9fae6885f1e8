//! Bodies, attributes and blocks.

use super::literal::nfc;
use super::template::line;
use super::{Failed, MAX_ERRORS, Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Rule;
use crate::rules;
use crate::source::Span;
use crate::syntax::ast::Ident;
use crate::syntax::body::{Attribute, Block, Body, Label, NativeBody};
use crate::syntax::scan::{Token, TokenKind};
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;

const REQUIRED: &Rule = &rules::syntax::DEFINITION_REQUIRED;
const BAD_BLOCK: &Rule = &rules::syntax::INVALID_BLOCK;
const BAD_SINGLE: &Rule = &rules::syntax::INVALID_SINGLE_BLOCK;

/// What was read of a body so far.
#[derive(Default)]
struct Items {
    attributes: Vec<Attribute>,
    names: BTreeMap<EcoString, Span>,
    blocks: Vec<Block>,
    incomplete: bool,
}

impl Parser<'_> {
    /// A whole file.
    pub(super) fn file_body(&mut self) -> NativeBody {
        let mut items = Items::default();
        self.items(&mut items, None);
        items.blocks.append(&mut self.hoisted);
        let end = self.token(usize::MAX).end;
        let (span, end) = (Span::new(self.file, 0, end), Span::new(self.file, end, end));
        NativeBody {
            attributes: items.attributes,
            blocks: items.blocks,
            span,
            missing: end,
            incomplete: items.incomplete,
        }
    }

    /// Items up to the closing brace, which is not taken, or to the end of the file.
    fn items(&mut self, items: &mut Items, open: Option<Token>) {
        loop {
            self.newlines = true;
            if self.diagnostics.len() >= MAX_ERRORS {
                self.at = self.tokens.len() - 1;
                return;
            }
            let token = self.peek();
            match token.kind {
                TokenKind::Newline => {
                    self.next();
                    continue;
                }
                TokenKind::CloseBrace if open.is_some() => return,
                TokenKind::End => {
                    if let Some(open) = open {
                        self.unclosed_block(open, items);
                    }
                    return;
                }
                _ => {}
            }
            let start = self.meaningful(self.at);
            let depth = self.depth;
            if self.item(items).is_err() {
                items.incomplete = true;
                self.depth = depth;
                self.recover(start);
            }
        }
    }

    /// Reports that a block is not closed, and where its brace seems to be missing: before the first block that begins at the margin
    /// while what is before it does not. That one and the following are taken to be what they look like, so that they are not
    /// complained of as well.
    fn unclosed_block(&mut self, open: Token, items: &mut Items) {
        items.incomplete = true;
        let first = items.attributes.iter().map(|attribute| attribute.span);
        let first = first.chain(items.blocks.iter().map(|block| block.kind.span));
        let indented = first
            .min_by_key(|span| span.start)
            .is_some_and(|span| !self.at_margin(span));
        let outer = (items.blocks.iter())
            .position(|block| indented && self.at_margin(block.kind.span))
            .map(|at| items.blocks.split_off(at))
            .unwrap_or_default();
        let next = outer.first().map(|block| block.header);
        self.hoisted.extend(outer);
        // A text or a comment that has no end has swallowed the brace.
        let swallowed = self.diagnostics.iter().last().is_some_and(|last| {
            last.is(&rules::syntax::UNTERMINATED_TEMPLATE)
                || last.is(&rules::syntax::MULTI_LINE_STRING)
                || last.is(&rules::syntax::UNTERMINATED_COMMENT)
        });
        if swallowed
            || std::mem::replace(&mut self.unclosed_reported, true)
            || self.diagnostics.len() >= MAX_ERRORS
        {
            return;
        }
        let detail = "There is no closing brace for this block before the end of the file. This may be caused by \
                      incorrect brace nesting elsewhere in this file.";
        let span = self.span(open);
        let mut diagnostic = Diagnostic::error(&rules::syntax::UNCLOSED_BLOCK, detail).at(span);
        if let Some(next) = next {
            diagnostic =
                diagnostic.related(next, "by the layout, the brace is missing before this");
        }
        self.diagnostics.push(diagnostic);
    }

    /// Whether something begins its line, without blanks before it.
    fn at_margin(&self, span: Span) -> bool {
        let before = self.text.get(..span.start as usize).unwrap_or("");
        before.is_empty() || before.ends_with('\n')
    }

    fn item(&mut self, items: &mut Items) -> Parsed<()> {
        let token = self.peek();
        match token.kind {
            TokenKind::Ident => {}
            TokenKind::OpenQuote => return Err(self.quoted_name(token)),
            _ => {
                let detail = "An argument or block definition is required here.";
                let failed = self.unexpected(token, REQUIRED, detail);
                if token.kind == TokenKind::CloseBrace {
                    self.hint("this brace closes nothing: remove it, or find the block above that was closed too early");
                }
                return Err(failed);
            }
        }
        self.next();
        let next = self.peek();
        match next.kind {
            TokenKind::Assign => self.attribute(items, token, false),
            TokenKind::OpenQuote | TokenKind::OpenBrace | TokenKind::Ident => {
                self.block(items, token)
            }
            TokenKind::Invalid => Err(self.unexpected(next, REQUIRED, "")),
            // A block whose brace stands on a line of its own.
            TokenKind::Newline if self.brace_below() => self.block(items, token),
            _ => {
                let detail = "An argument or block definition is required here. To set an argument, use the equals sign \
                              \"=\" to introduce the argument value.";
                Err(self.unexpected(token, REQUIRED, detail))
            }
        }
    }

    #[inline(never)]
    fn quoted_name(&mut self, open: Token) -> Failed {
        self.next();
        let name = self.take(TokenKind::QuotedText);
        let closed = self.take(TokenKind::CloseQuote).is_some();
        let span = self.since(open.start);
        let mut diagnostic = Diagnostic::error(
            &rules::syntax::QUOTED_ARGUMENT_NAME,
            "Argument names must not be quoted.",
        )
        .at(span);
        if let (Some(name), true) = (name, closed) {
            diagnostic = diagnostic.hint(format!("write {} without the quotes", self.slice(name)));
        }
        self.fail(diagnostic)
    }

    /// `= expr`, and the end of the line unless in a one-line block.
    fn attribute(&mut self, items: &mut Items, name: Token, one_line: bool) -> Parsed<()> {
        self.next();
        let expr = self.expression()?;
        let span = self.since(name.start);
        let name = self.ident(name);
        if let Some(first) = items.names.get(&name.name).copied() {
            self.redefined(&name, first);
        } else {
            items.names.insert(name.name.clone(), name.span);
            items.attributes.push(Attribute { name, expr, span });
        }
        if one_line {
            return Ok(());
        }
        let end = self.peek();
        match end.kind {
            TokenKind::Newline => {
                self.next();
                Ok(())
            }
            TokenKind::End => Ok(()),
            TokenKind::Comma => {
                let detail = "Argument definitions must be separated by newlines, not commas. An argument definition \
                              must end with a newline.";
                Err(self.unexpected_in(
                    span.start,
                    end,
                    &rules::syntax::COMMA_AFTER_ARGUMENT,
                    detail,
                ))
            }
            _ => {
                let detail = "An argument definition must end with a newline.";
                Err(self.unexpected_in(
                    span.start,
                    end,
                    &rules::syntax::MISSING_NEWLINE_AFTER_ARGUMENT,
                    detail,
                ))
            }
        }
    }

    #[inline(never)]
    fn redefined(&mut self, name: &Ident, first: Span) {
        let detail = format!(
            "The argument \"{}\" was already set on line {}. Each argument may be set only once.",
            name.name,
            line(self.text, first.start)
        );
        let diagnostic =
            Diagnostic::error(&rules::syntax::ATTRIBUTE_REDEFINED, detail).at(name.span);
        self.report(diagnostic.related(first, "first set here"));
    }

    /// Labels and body; `kind` was taken.
    fn block(&mut self, items: &mut Items, kind: Token) -> Parsed<()> {
        self.descend()?;
        let mut labels = Vec::new();
        let mut header = self.span(kind);
        let open = loop {
            let token = self.peek();
            match token.kind {
                TokenKind::OpenBrace => {
                    self.next();
                    break token;
                }
                TokenKind::OpenQuote => labels.push(self.label()?),
                TokenKind::Ident => {
                    self.next();
                    labels.push(Label {
                        text: nfc(self.slice(token)),
                        span: self.span(token),
                    });
                }
                _ => break self.bad_header(kind, token)?,
            }
            header = self.since(kind.start);
        };
        let kind_name = self.ident(kind);
        let mut inner = Items::default();
        let finished = self.block_inside(&mut inner, kind, open);
        let close = self.token(self.at.saturating_sub(1));
        let end = match (finished, close.kind) {
            (Ok(()), TokenKind::CloseBrace) => self.span(close),
            _ => self.span(self.peek()),
        };
        let body = NativeBody {
            attributes: inner.attributes,
            blocks: inner.blocks,
            span: self.span(open).to(end),
            missing: self.span(open),
            incomplete: inner.incomplete || finished.is_err(),
        };
        let span = header.to(end);
        items.blocks.push(Block {
            kind: kind_name,
            labels,
            body: Body::Native(Arc::new(body)),
            header,
            span,
        });
        finished?;
        self.depth -= 1;
        let next = self.peek();
        match next.kind {
            TokenKind::Newline => {
                self.next();
                Ok(())
            }
            TokenKind::End => Ok(()),
            _ => {
                let detail = "A block definition must end with a newline.";
                Err(self.unexpected_in(
                    kind.start,
                    next,
                    &rules::syntax::MISSING_NEWLINE_AFTER_BLOCK,
                    detail,
                ))
            }
        }
    }

    /// What is between the braces, and the closing one.
    fn block_inside(&mut self, inner: &mut Items, kind: Token, open: Token) -> Parsed<()> {
        if !matches!(
            self.peek().kind,
            TokenKind::Newline | TokenKind::End | TokenKind::CloseBrace
        ) {
            return self.single_argument(inner, kind);
        }
        self.items(inner, Some(open));
        self.take(TokenKind::CloseBrace);
        Ok(())
    }

    /// The inside of `kind { name = value }`.
    #[inline(never)]
    fn single_argument(&mut self, inner: &mut Items, kind: Token) -> Parsed<()> {
        let name = self.peek();
        if name.kind != TokenKind::Ident {
            let detail = "An argument or block definition is required here.";
            return Err(self.unexpected(name, REQUIRED, detail));
        }
        self.next();
        match self.peek().kind {
            TokenKind::Assign => self.attribute(inner, name, true)?,
            TokenKind::OpenQuote | TokenKind::OpenBrace | TokenKind::Ident => {
                let detail = format!(
                    "A single-line block definition can contain only a single argument. If you meant to define argument \
                     \"{}\", use an equals sign to assign it a value. To define a nested block, place it on a line of its \
                     own within its parent block.",
                    self.slice(name)
                );
                let next = self.span(self.peek());
                let subject = self.span(name).to(next);
                let context = self.span(kind).to(next);
                let diagnostic = Diagnostic::error(&rules::syntax::ARGUMENT_REQUIRED, detail);
                return Err(self.fail(diagnostic.at(subject).within(context)));
            }
            _ => {
                let detail = "An argument or block definition is required here. To set an argument, use the equals sign \
                              \"=\" to introduce the argument value.";
                return Err(self.unexpected(name, REQUIRED, detail));
            }
        }
        let end = self.peek();
        let detail = match end.kind {
            TokenKind::CloseBrace => {
                self.next();
                return Ok(());
            }
            TokenKind::Comma => {
                "Single-line block syntax can include only one argument definition. To define multiple arguments, use the \
                 multi-line block syntax with one argument definition per line."
            }
            TokenKind::Newline => {
                "An argument definition on the same line as its containing block creates a single-line block definition, \
                 which must also be closed on the same line. Place the block's closing brace immediately after the \
                 argument definition."
            }
            _ => {
                "A single-line block definition must end with a closing brace immediately after its single argument \
                 definition."
            }
        };
        Err(self.unexpected_in(kind.start, end, BAD_SINGLE, detail))
    }

    /// Reports what stands where a label or brace should. If the brace is only on the next line, goes on
    /// with it, so that the block's inside is looked at.
    #[inline(never)]
    fn bad_header(&mut self, kind: Token, token: Token) -> Parsed<Token> {
        let detail = match token.kind {
            TokenKind::Assign => {
                "The equals sign \"=\" indicates an argument definition, and must not be used when defining a block."
            }
            TokenKind::Newline | TokenKind::End => {
                "A block definition must have block content delimited by \"{\" and \"}\", starting on the same line as \
                 the block header."
            }
            _ => "Either a quoted string block label or an opening brace (\"{\") is expected here.",
        };
        let below = token.kind == TokenKind::Newline && self.brace_below();
        let failed = self.unexpected_in(kind.start, token, BAD_BLOCK, detail);
        if !below {
            return Err(failed);
        }
        self.hint("move the brace up, to the end of this line");
        self.newlines = false;
        let open = self.take(TokenKind::OpenBrace);
        self.newlines = true;
        open.ok_or(failed)
    }

    /// Whether the next token that is more than a line break or a comment is an opening brace.
    fn brace_below(&mut self) -> bool {
        let newlines = std::mem::replace(&mut self.newlines, false);
        let kind = self.peek().kind;
        self.newlines = newlines;
        kind == TokenKind::OpenBrace
    }

    /// A quoted label.
    #[inline(never)]
    fn label(&mut self) -> Parsed<Label> {
        let open = self.next();
        let mut text = String::new();
        loop {
            let token = self.peek();
            match token.kind {
                TokenKind::QuotedText => {
                    self.next();
                    text.push_str(&self.decode(token));
                }
                TokenKind::CloseQuote => {
                    self.next();
                    return Ok(Label {
                        text: nfc(&text),
                        span: self.since(open.start),
                    });
                }
                TokenKind::Interpolation | TokenKind::Directive => {
                    let sign = if token.kind == TokenKind::Interpolation {
                        '$'
                    } else {
                        '%'
                    };
                    let detail = format!(
                        "Template sequences are not allowed in this string. To include a literal \"{sign}\", double it \
                         (as \"{sign}{sign}\") to escape it."
                    );
                    return Err(self.unexpected_in(
                        open.start,
                        token,
                        &rules::syntax::TEMPLATE_IN_LABEL,
                        &detail,
                    ));
                }
                _ => {
                    let detail = "No closing marker was found for the string.";
                    return Err(self.unexpected_in(
                        open.start,
                        token,
                        &rules::syntax::UNTERMINATED_LABEL,
                        detail,
                    ));
                }
            }
        }
    }
}
