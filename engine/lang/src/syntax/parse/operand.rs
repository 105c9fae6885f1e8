//! Operands: literals, names, calls, brackets, and the steps behind them.

use super::literal::nfc;
use super::{Failed, MAX_HEIGHT, Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Rule;
use crate::rules;
use crate::source::Span;
use crate::syntax::ast::{Call, Expr, ExprKind, For, Ident, ObjectItem, Step, StepKind};
use crate::syntax::scan::{Token, TokenKind};
use ecow::{EcoString, eco_format};
use terrane_value::Number;

impl Parser<'_> {
    /// An operand with the steps behind it.
    pub(super) fn operand(&mut self) -> Parsed<Expr> {
        let expr = self.term()?;
        match self.peek().kind {
            TokenKind::Dot | TokenKind::OpenBracket => self.chain(expr),
            _ => Ok(expr),
        }
    }

    fn term(&mut self) -> Parsed<Expr> {
        match self.peek().kind {
            TokenKind::Ident => self.word(),
            TokenKind::Number => self.number(),
            TokenKind::OpenQuote | TokenKind::OpenHeredoc => self.string(),
            TokenKind::OpenParen => self.parens(),
            TokenKind::OpenBracket => self.tuple(),
            TokenKind::OpenBrace => self.object(),
            _ => Err(self.missing_expression()),
        }
    }

    /// A keyword, a name, or a call.
    fn word(&mut self) -> Parsed<Expr> {
        let token = self.next();
        if matches!(
            self.peek().kind,
            TokenKind::OpenParen | TokenKind::DoubleColon
        ) {
            return self.call(token);
        }
        let kind = match self.slice(token) {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            name => ExprKind::Name(nfc(name)),
        };
        let span = self.span(token);
        Ok(self.leaf(kind, span))
    }

    pub(super) fn ident(&self, token: Token) -> Ident {
        Ident {
            name: nfc(self.slice(token)),
            span: self.span(token),
        }
    }

    #[inline(never)]
    fn number(&mut self) -> Parsed<Expr> {
        let token = self.next();
        let span = self.span(token);
        match well_formed_number(self.slice(token)).and_then(Number::parse) {
            Some(number) => Ok(self.leaf(ExprKind::Number(number), span)),
            None => {
                let detail = "Failed to recognize the value of this number literal.";
                Err(self.fail(Diagnostic::error(&rules::syntax::INVALID_NUMBER, detail).at(span)))
            }
        }
    }

    #[inline(never)]
    fn parens(&mut self) -> Parsed<Expr> {
        let open = self.next();
        let newlines = self.set_newlines(false);
        let inner = self.expression()?;
        let close = self.peek();
        if close.kind != TokenKind::CloseParen {
            let detail = "Expected a closing parenthesis to terminate the expression.";
            let failed = self.unexpected_in(
                open.start,
                close,
                &rules::syntax::UNBALANCED_PARENTHESES,
                detail,
            );
            self.hint_at_bracket(close, ')');
            return Err(failed);
        }
        self.next();
        self.newlines = newlines;
        let span = self.since(open.start);
        self.node(ExprKind::Parens(Box::new(inner)), span, self.height)
    }

    #[inline(never)]
    fn tuple(&mut self) -> Parsed<Expr> {
        let open = self.next();
        let newlines = self.set_newlines(false);
        if self.is_keyword(self.peek(), "for") {
            let expr = self.for_expression(open)?;
            self.newlines = newlines;
            return Ok(expr);
        }
        let mut items = Vec::new();
        let mut height = 0;
        while self.take(TokenKind::CloseBracket).is_none() {
            items.push(self.expression()?);
            height = height.max(self.height);
            let next = self.peek();
            match next.kind {
                TokenKind::Comma => {
                    self.next();
                }
                TokenKind::CloseBracket => {}
                _ => return Err(self.bad_tuple(open, next)),
            }
        }
        self.newlines = newlines;
        let span = self.since(open.start);
        self.node(ExprKind::Tuple(items), span, height)
    }

    #[inline(never)]
    fn bad_tuple(&mut self, open: Token, next: Token) -> Failed {
        if next.kind == TokenKind::End {
            let detail = "There is no corresponding closing bracket before the end of the file. This may be caused by \
                          incorrect bracket nesting elsewhere in this file.";
            let diagnostic = Diagnostic::error(&rules::syntax::UNTERMINATED_TUPLE, detail);
            let span = self.span(open);
            return self.fail(diagnostic.at(span));
        }
        let detail = "Expected a comma to mark the beginning of the next item.";
        let failed = self.unexpected_in(
            open.start,
            next,
            &rules::syntax::MISSING_ITEM_SEPARATOR,
            detail,
        );
        self.hint_at_bracket(next, ']');
        failed
    }

    #[inline(never)]
    fn object(&mut self) -> Parsed<Expr> {
        let open = self.next();
        let newlines = self.set_newlines(false);
        if self.is_keyword(self.peek(), "for") {
            let expr = self.for_expression(open)?;
            self.newlines = newlines;
            return Ok(expr);
        }
        self.newlines = true;
        let mut items = Vec::new();
        let mut height = 0;
        loop {
            if self.take(TokenKind::Newline).is_some() {
                continue;
            }
            if self.take(TokenKind::CloseBrace).is_some() {
                break;
            }
            if self.peek().kind == TokenKind::End {
                return Err(self.unclosed_object(open));
            }
            let key = self.expression()?;
            height = height.max(self.height);
            let next = self.peek();
            if !matches!(next.kind, TokenKind::Assign | TokenKind::Colon) {
                return Err(self.bad_key(open, next));
            }
            self.next();
            let value = self.expression()?;
            height = height.max(self.height);
            items.push(ObjectItem {
                key: self.literal_key(key),
                value,
            });
            let next = self.peek();
            match next.kind {
                TokenKind::Comma | TokenKind::Newline => {
                    self.next();
                }
                TokenKind::CloseBrace => {}
                TokenKind::End => return Err(self.unclosed_object(open)),
                _ => {
                    let detail =
                        "Expected a newline or comma to mark the beginning of the next attribute.";
                    return Err(self.unexpected_in(
                        open.start,
                        next,
                        &rules::syntax::MISSING_ATTRIBUTE_SEPARATOR,
                        detail,
                    ));
                }
            }
        }
        self.newlines = newlines;
        let span = self.since(open.start);
        self.node(ExprKind::Object(items), span, height)
    }

    #[inline(never)]
    fn unclosed_object(&mut self, open: Token) -> Failed {
        let detail = "There is no corresponding closing brace before the end of the file. This may be caused by \
                      incorrect brace nesting elsewhere in this file.";
        let span = self.span(open);
        self.fail(Diagnostic::error(&rules::syntax::UNTERMINATED_OBJECT, detail).at(span))
    }

    #[inline(never)]
    fn bad_key(&mut self, open: Token, next: Token) -> Failed {
        let (summary, detail) = match next.kind {
            TokenKind::End => return self.unclosed_object(open),
            TokenKind::Newline | TokenKind::Comma => (
                &rules::syntax::MISSING_ATTRIBUTE_VALUE,
                "Expected an attribute value, introduced by an equals sign (\"=\").",
            ),
            TokenKind::Ident => (
                &rules::syntax::MISSING_KEY_SEPARATOR,
                "Expected an equals sign (\"=\") to mark the beginning of the attribute value. If you intended to give \
                 an attribute name containing periods or spaces, write the name in quotes to create a string literal.",
            ),
            _ => (
                &rules::syntax::MISSING_KEY_SEPARATOR,
                "Expected an equals sign (\"=\") to mark the beginning of the attribute value.",
            ),
        };
        let failed = self.unexpected_in(open.start, next, summary, detail);
        if next.kind == TokenKind::CloseBrace {
            self.hint("an object has a value for each key; a list of values is written in square brackets: [ ]");
        }
        failed
    }

    /// Keywords and numbers are names where a key is expected.
    fn literal_key(&self, mut key: Expr) -> Expr {
        key.kind = match key.kind {
            ExprKind::Bool(value) => ExprKind::String(eco_format!("{value}")),
            ExprKind::Null => ExprKind::String(EcoString::inline("null")),
            ExprKind::Number(number) => ExprKind::String(eco_format!("{number}")),
            other => other,
        };
        key
    }

    /// `for …` and all to the closing bracket, the opening one being taken.
    #[inline(never)]
    fn for_expression(&mut self, open: Token) -> Parsed<Expr> {
        let is_object = open.kind == TokenKind::OpenBrace;
        let closing = if is_object {
            TokenKind::CloseBrace
        } else {
            TokenKind::CloseBracket
        };
        let start = self.next().start;
        let (key_var, value_var) = self.for_names(open.start, None, "For expression")?;
        let collection = self.expression()?;
        let mut height = self.height;
        self.for_expect(
            open,
            TokenKind::Colon,
            "For expression requires a colon after the collection expression.",
        )?;
        let intro = self.since(start);
        let mut value = self.expression()?;
        height = height.max(self.height);
        let mut key = None;
        if let Some(arrow) = self.take(TokenKind::FatArrow) {
            if !is_object {
                let detail = "Key expression is not valid when building a tuple.";
                return Err(self.unexpected_in(
                    open.start,
                    arrow,
                    &rules::syntax::FOR_KEY_IN_TUPLE,
                    detail,
                ));
            }
            key = Some(std::mem::replace(&mut value, self.expression()?));
            height = height.max(self.height);
        } else if is_object {
            let detail = "Key expression is required when building an object.";
            let next = self.peek();
            return Err(self.unexpected_in(
                open.start,
                next,
                &rules::syntax::FOR_WITHOUT_KEY,
                detail,
            ));
        }
        let group = self.take(TokenKind::Ellipsis);
        if let (Some(ellipsis), false) = (group, is_object) {
            let detail = "Grouping ellipsis (...) cannot be used when building a tuple.";
            return Err(self.unexpected_in(
                open.start,
                ellipsis,
                &rules::syntax::GROUPING_IN_TUPLE,
                detail,
            ));
        }
        let mut condition = None;
        if self.is_keyword(self.peek(), "if") {
            self.next();
            condition = Some(self.expression()?);
            height = height.max(self.height);
        }
        self.for_expect(
            open,
            closing,
            "Extra characters after the end of the 'for' expression.",
        )?;
        let span = self.since(open.start);
        let group = group.is_some();
        let parts = For {
            key_var,
            value_var,
            collection,
            key,
            value,
            group,
            condition,
            intro,
        };
        self.node(ExprKind::For(Box::new(parts)), span, height)
    }

    #[inline(never)]
    fn for_expect(&mut self, open: Token, kind: TokenKind, detail: &str) -> Parsed<()> {
        let next = self.peek();
        if next.kind != kind {
            return Err(self.unexpected_in(open.start, next, &rules::syntax::INVALID_FOR, detail));
        }
        self.next();
        Ok(())
    }

    /// `v in` or `k, v in`, of a `for` of either kind.
    #[inline(never)]
    pub(super) fn for_names(
        &mut self,
        start: u32,
        directive: Option<&'static Rule>,
        what: &str,
    ) -> Parsed<(Option<Ident>, Ident)> {
        let names_rule = directive.unwrap_or(&rules::syntax::FOR_WITHOUT_NAMES);
        let first = self.peek();
        if first.kind != TokenKind::Ident {
            let detail = format!("{what} requires variable name after 'for'.");
            return Err(self.unexpected_in(start, first, names_rule, &detail));
        }
        self.next();
        let mut names = (None, self.ident(first));
        if self.take(TokenKind::Comma).is_some() {
            let second = self.peek();
            if second.kind != TokenKind::Ident {
                let detail = format!("{what} requires value variable name after comma.");
                return Err(self.unexpected_in(start, second, names_rule, &detail));
            }
            self.next();
            names = (Some(names.1), self.ident(second));
        }
        let keyword = self.peek();
        if !self.is_keyword(keyword, "in") {
            let detail = if what == "For expression" {
                format!("{what} requires the 'in' keyword after its name declarations.")
            } else {
                format!("{what} requires 'in' keyword after names.")
            };
            return Err(self.unexpected_in(
                start,
                keyword,
                directive.unwrap_or(&rules::syntax::FOR_WITHOUT_IN),
                &detail,
            ));
        }
        self.next();
        Ok(names)
    }

    /// A call whose name begins with `first`.
    #[inline(never)]
    fn call(&mut self, first: Token) -> Parsed<Expr> {
        let (name, name_span) = self.call_name(first)?;
        let open = self.next();
        let newlines = self.set_newlines(false);
        let mut args = Vec::new();
        let mut height = 0;
        let mut expand_last = false;
        while self.take(TokenKind::CloseParen).is_none() {
            args.push(self.expression()?);
            height = height.max(self.height);
            let next = self.peek();
            match next.kind {
                TokenKind::Comma => {
                    self.next();
                }
                TokenKind::CloseParen => {}
                TokenKind::Ellipsis => {
                    self.next();
                    expand_last = true;
                    if self.peek().kind != TokenKind::CloseParen {
                        let detail = "An expanded function argument (with ...) must be immediately followed by closing \
                                      parentheses.";
                        return Err(self.unexpected_in(
                            first.start,
                            next,
                            &rules::syntax::MISSING_CLOSING_PARENTHESIS,
                            detail,
                        ));
                    }
                }
                _ => return Err(self.bad_argument(name_span.to(self.span(open)), next)),
            }
        }
        self.newlines = newlines;
        let (parens, span) = (self.since(open.start), self.since(first.start));
        self.node(
            ExprKind::Call(Box::new(Call {
                name,
                name_span,
                args,
                expand_last,
                parens,
            })),
            span,
            height,
        )
    }

    #[inline(never)]
    fn bad_argument(&mut self, head: Span, next: Token) -> Failed {
        if next.kind == TokenKind::End {
            let detail = "There is no closing parenthesis for this function call before the end of the file. This may be \
                          caused by incorrect parenthesis nesting elsewhere in this file.";
            return self
                .fail(Diagnostic::error(&rules::syntax::UNTERMINATED_CALL, detail).at(head));
        }
        let detail = "A comma is required to separate each function argument from the next.";
        let failed = self.unexpected_in(
            head.start,
            next,
            &rules::syntax::MISSING_ARGUMENT_SEPARATOR,
            detail,
        );
        self.hint_at_bracket(next, ')');
        failed
    }

    /// The name of a function with its namespaces; the opening parenthesis is next.
    #[inline(never)]
    fn call_name(&mut self, first: Token) -> Parsed<(EcoString, Span)> {
        let mut name = nfc(self.slice(first));
        let mut span = self.span(first);
        while self.take(TokenKind::DoubleColon).is_some() {
            let part = self.peek();
            if part.kind != TokenKind::Ident {
                let detail = "Function scope resolution symbol :: must be followed by a function name in this scope.";
                return Err(self.unexpected_in(
                    first.start,
                    part,
                    &rules::syntax::MISSING_FUNCTION_NAME,
                    detail,
                ));
            }
            self.next();
            name.push_str("::");
            name.push_str(&nfc(self.slice(part)));
            span = self.since(first.start);
        }
        let open = self.peek();
        if open.kind != TokenKind::OpenParen {
            let detail = "Function selector must be followed by an open parenthesis to begin the function call.";
            return Err(self.unexpected_in(
                first.start,
                open,
                &rules::syntax::MISSING_OPEN_PARENTHESIS,
                detail,
            ));
        }
        Ok((name, span))
    }

    /// The steps behind `source`.
    #[inline(never)]
    fn chain(&mut self, source: Expr) -> Parsed<Expr> {
        let mut steps = Vec::new();
        // Where the items of full splats begin in `steps`; each holds all that follows.
        let mut splats: Vec<(usize, Span)> = Vec::new();
        let mut height = self.height;
        loop {
            let token = self.peek();
            match token.kind {
                TokenKind::Dot => steps.push(self.dot_step(&source)?),
                TokenKind::OpenBracket => match self.bracket_step(&source)? {
                    Some(step) => {
                        height = height.max(self.height);
                        steps.push(step);
                    }
                    None => {
                        let span = self.since(token.start);
                        splats.push((steps.len(), span));
                        if splats.len() > MAX_HEIGHT as usize {
                            return self.node(ExprKind::Null, span, MAX_HEIGHT);
                        }
                    }
                },
                _ => break,
            }
        }
        for (start, span) in splats.into_iter().rev() {
            let each = steps.split_off(start);
            height += 1;
            steps.push(Step {
                kind: StepKind::FullSplat(each),
                span,
            });
        }
        let span = self.since(source.span.start);
        self.node(ExprKind::Chain(Box::new(source), steps), span, height)
    }

    /// `.name`, `.0`, or `.*` with its own steps.
    #[inline(never)]
    fn dot_step(&mut self, source: &Expr) -> Parsed<Step> {
        let dot = self.next();
        let next = self.peek();
        match next.kind {
            TokenKind::Star => {
                self.next();
                let own = self.since(dot.start);
                let mut each = Vec::new();
                while self.take(TokenKind::Dot).is_some() {
                    let start = self.behind() - 1;
                    let next = self.peek();
                    if next.kind == TokenKind::Star {
                        let detail = "A splat expression (*) cannot be used inside another attribute-only splat expression.";
                        let start = source.span.start;
                        return Err(self.unexpected_in(
                            start,
                            next,
                            &rules::syntax::NESTED_SPLAT,
                            detail,
                        ));
                    }
                    each.push(self.name_step(source, start)?);
                }
                Ok(Step {
                    kind: StepKind::AttrSplat(each),
                    span: own,
                })
            }
            _ => self.name_step(source, dot.start),
        }
    }

    /// The name or number behind the dot at `start`.
    fn name_step(&mut self, source: &Expr, start: u32) -> Parsed<Step> {
        let token = self.peek();
        let kind = match token.kind {
            TokenKind::Ident => StepKind::Attr(nfc(self.slice(token))),
            TokenKind::Number => StepKind::LegacyIndex(self.legacy_index(source, token)?),
            _ => {
                let detail = "An attribute name is required after a dot.";
                return Err(self.unexpected_in(
                    source.span.start,
                    token,
                    &rules::syntax::INVALID_ATTRIBUTE_NAME,
                    detail,
                ));
            }
        };
        self.next();
        Ok(Step {
            kind,
            span: self.since(start),
        })
    }

    #[inline(never)]
    fn legacy_index(&mut self, source: &Expr, token: Token) -> Parsed<u64> {
        let text = self.slice(token);
        if let Ok(index) = text.parse() {
            return Ok(index);
        }
        let detail = match text.split_once('.') {
            Some((first, second)) => format!(
                "When using the legacy index syntax, chaining two indexes together is not permitted. Use the proper \
                 index syntax instead, like [{first}][{second}]."
            ),
            None => format!(
                "A legacy index must be a whole number. Use the proper index syntax instead, like [{text}]."
            ),
        };
        Err(self.unexpected_in(
            source.span.start,
            token,
            &rules::syntax::INVALID_LEGACY_INDEX,
            &detail,
        ))
    }

    /// `[expr]`; `None` for `[*]`.
    #[inline(never)]
    fn bracket_step(&mut self, source: &Expr) -> Parsed<Option<Step>> {
        let open = self.next();
        if self.take(TokenKind::Star).is_some() {
            let close = self.peek();
            if close.kind != TokenKind::CloseBracket {
                let detail = "The star for a full splat operator must be immediately followed by a closing bracket \
                              (\"]\").";
                let start = source.span.start;
                return Err(self.unexpected_in(
                    start,
                    close,
                    &rules::syntax::UNCLOSED_SPLAT,
                    detail,
                ));
            }
            self.next();
            return Ok(None);
        }
        let newlines = self.set_newlines(false);
        let index = self.expression()?;
        let close = self.peek();
        if close.kind != TokenKind::CloseBracket {
            let detail = "The index operator must end with a closing bracket (\"]\").";
            return Err(self.unexpected_in(
                source.span.start,
                close,
                &rules::syntax::UNCLOSED_INDEX,
                detail,
            ));
        }
        self.next();
        self.newlines = newlines;
        Ok(Some(Step {
            kind: StepKind::Index(index),
            span: self.since(open.start),
        }))
    }
}

/// The text itself if it is digits, perhaps a dot and digits, perhaps an exponent. The scanner takes more
/// than that, so that one message covers the whole of a bad number.
fn well_formed_number(text: &str) -> Option<&str> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (text, None),
    };
    let whole = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(mantissa),
    };
    (whole && exponent.is_none_or(digits)).then_some(text)
}
