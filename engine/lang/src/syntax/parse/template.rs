//! Strings, heredocs and bare templates.
//!
//! First the flat sequence of literals, interpolations and directive markers is read, with the strip
//! markers applied and, for `<<-`, the common indentation removed; then directives are nested. The second
//! step uses a stack of its own, so directives cost no recursion.

use super::literal::nfc;
use super::{Parsed, Parser};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Rule;
use crate::rules;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident, Template, TemplatePart};
use crate::syntax::scan::{Token, TokenKind};
use ecow::EcoString;
use unicode_segmentation::UnicodeSegmentation as _;

/// A template before directives are nested.
enum Flat {
    Literal(String, Span),
    Interpolation(Expr, u32),
    If(Expr, u32, Span),
    Else(Span),
    EndIf(Span),
    For(Box<(Option<Ident>, Ident, Expr)>, u32, Span),
    EndFor(Span),
}

/// An open directive and what was collected for it so far.
struct Frame {
    open: Open,
    parts: Vec<TemplatePart>,
    /// The highest expression in it.
    height: u32,
}

enum Open {
    Root,
    If {
        condition: Expr,
        span: Span,
        then: Option<Template>,
    },
    For {
        names: Box<(Option<Ident>, Ident, Expr)>,
        span: Span,
    },
}

impl Parser<'_> {
    /// A quoted string or a heredoc.
    #[inline(never)]
    pub(super) fn string(&mut self) -> Parsed<Expr> {
        self.descend()?;
        let open = self.next();
        let closing = match open.kind {
            TokenKind::OpenHeredoc => TokenKind::CloseHeredoc,
            _ => TokenKind::CloseQuote,
        };
        let flush = open.kind == TokenKind::OpenHeredoc && self.slice(open).starts_with("<<-");
        let (flat, end) = self.flat_template(open.start, closing, flush)?;
        let span = self.since(open.start);
        let expr = self.template(flat, span, end)?;
        self.depth -= 1;
        Ok(expr)
    }

    /// A whole text as a template.
    pub(super) fn bare_template(&mut self) -> Parsed<Expr> {
        let (flat, end) = self.flat_template(0, TokenKind::End, false)?;
        let span = Span::new(self.file, 0, end.end);
        self.template(flat, span, end)
    }

    /// Parts up to the closing token, which is taken and whose place is returned.
    fn flat_template(
        &mut self,
        start: u32,
        closing: TokenKind,
        flush: bool,
    ) -> Parsed<(Vec<Flat>, Span)> {
        let newlines = self.set_newlines(false);
        let mut parts: Vec<Flat> = Vec::new();
        // The token before ended in `~}`.
        let mut trim_next = false;
        loop {
            let token = self.peek();
            if token.kind == closing {
                self.next();
                self.newlines = newlines;
                if flush {
                    remove_indent(&mut parts);
                }
                return Ok((parts, self.span(token)));
            }
            if matches!(token.kind, TokenKind::Interpolation | TokenKind::Directive)
                && self.slice(token).ends_with('~')
            {
                trim_end(&mut parts);
            }
            match token.kind {
                TokenKind::QuotedText | TokenKind::Text => {
                    self.next();
                    let mut text = self.decode(token);
                    if std::mem::take(&mut trim_next) {
                        text = text.trim_start().to_owned();
                    }
                    parts.push(Flat::Literal(text, self.span(token)));
                }
                TokenKind::Interpolation => {
                    self.next();
                    let expr = self.expression()?;
                    parts.push(Flat::Interpolation(expr, self.height));
                    trim_next = self.end_interpolation(token, closing)?;
                }
                TokenKind::Directive => {
                    self.next();
                    let part = self.directive(token)?;
                    parts.push(part);
                    trim_next = self.slice(self.token(self.at - 1)).starts_with('~');
                }
                _ => return Err(self.unterminated(start, token)),
            }
        }
    }

    #[inline(never)]
    fn unterminated(&mut self, start: u32, token: Token) -> super::Failed {
        let open = Span::new(self.file, start, start + 1);
        let context = Span::new(self.file, start, token.end.max(start + 1));
        if token.kind == TokenKind::BrokenQuote {
            let failed = self.unexpected_in(start, token, &rules::syntax::MULTI_LINE_STRING, "");
            let closed_later = self
                .text
                .get(token.end as usize..)
                .is_some_and(|rest| rest.contains('"'));
            if !closed_later {
                self.hint(
                    "no closing quote follows: it is probably missing at the end of this line",
                );
            }
            return failed;
        } else if token.kind != TokenKind::End {
            return self.unexpected_in(
                start,
                token,
                &rules::syntax::INVALID_TEMPLATE,
                "This may not stand in a template.",
            );
        }
        let detail = "No closing marker was found for the string.";
        let mut diagnostic = Diagnostic::error(&rules::syntax::UNTERMINATED_TEMPLATE, detail)
            .at(open)
            .within(context);
        let header = self.text.get(start as usize..).unwrap_or("").lines().next();
        let marker = header.and_then(|line| line.strip_prefix("<<"));
        if let Some(marker) = marker.map(|marker| marker.trim_start_matches('-').trim()) {
            diagnostic = diagnostic.hint(format!("it ends with a line that holds only {marker}"));
        }
        self.fail(diagnostic)
    }

    /// Takes the end of `${…`; whether it is `~}`.
    fn end_interpolation(&mut self, open: Token, closing: TokenKind) -> Parsed<bool> {
        let close = self.peek();
        if close.kind == TokenKind::SequenceEnd {
            self.next();
            return Ok(self.slice(close).starts_with('~'));
        }
        const UNCLOSED: &Rule = &rules::syntax::UNCLOSED_INTERPOLATION;
        const EXTRA: &Rule = &rules::syntax::EXTRA_IN_INTERPOLATION;
        // Behind a line break the user is already at something else.
        let between = self
            .text
            .get(self.behind() as usize..close.start as usize)
            .unwrap_or("");
        let later = closing == TokenKind::CloseQuote && between.contains('\n');
        let (summary, detail) = match close.kind {
            TokenKind::End => (
                UNCLOSED,
                "There is no closing brace for this interpolation sequence before the end of the file. This might be \
                 caused by incorrect nesting inside the given expression.",
            ),
            TokenKind::OpenQuote | TokenKind::CloseQuote if closing == TokenKind::CloseQuote => (
                UNCLOSED,
                "There is no closing brace for this interpolation sequence before the end of the quoted template. This \
                 might be caused by incorrect nesting inside the given expression.",
            ),
            _ if later => (
                UNCLOSED,
                "There is no closing brace for this interpolation sequence before the end of the line.",
            ),
            TokenKind::Colon => (
                EXTRA,
                "Template interpolation doesn't expect a colon at this location. Did you intend this to be a literal \
                 sequence to be processed as part of another language? If so, you can escape it by starting with \
                 \"$${\" instead of just \"${\".",
            ),
            _ => (
                EXTRA,
                "Expected a closing brace to end the interpolation expression, but found extra characters.\n\nThis can \
                 happen when you include interpolation syntax for another language, such as shell scripting, but forget \
                 to escape the interpolation start token. If this is an embedded sequence for another language, escape \
                 it by starting with \"$${\" instead of just \"${\".",
            ),
        };
        if summary == UNCLOSED {
            let context = self.since(open.start);
            let subject = self.span(open);
            return Err(self.fail(
                Diagnostic::error(summary, detail)
                    .at(subject)
                    .within(context),
            ));
        }
        Err(self.unexpected_in(open.start, close, summary, detail))
    }

    /// The inside of `%{ … }` with its end.
    #[inline(never)]
    fn directive(&mut self, open: Token) -> Parsed<Flat> {
        let keyword = self.peek();
        if keyword.kind != TokenKind::Ident {
            let detail = "A template directive keyword (\"if\", \"for\", etc) is expected at the beginning of a %{ sequence.";
            return Err(self.unexpected_in(
                open.start,
                keyword,
                &rules::syntax::INVALID_DIRECTIVE,
                detail,
            ));
        }
        self.next();
        let word = self.slice(keyword);
        let none = self.span(keyword);
        let mut part = match word {
            "if" => Flat::If(self.expression()?, self.height, none),
            "else" => Flat::Else(none),
            "endif" => Flat::EndIf(none),
            "for" => {
                let (key, value) = self.for_names(
                    open.start,
                    Some(&rules::syntax::INVALID_FOR_DIRECTIVE),
                    "For directive",
                )?;
                Flat::For(
                    Box::new((key, value, self.expression()?)),
                    self.height,
                    none,
                )
            }
            "endfor" => Flat::EndFor(none),
            _ => {
                let known = ["if", "for", "else", "endif", "endfor"];
                let hint = super::super::suggest::suggestion(word, known)
                    .map(|s| format!(" Did you mean \"{s}\"?"));
                let detail = format!(
                    "\"{word}\" is not a valid template control keyword.{}",
                    hint.unwrap_or_default()
                );
                return Err(self.unexpected_in(
                    open.start,
                    keyword,
                    &rules::syntax::INVALID_CONTROL_KEYWORD,
                    &detail,
                ));
            }
        };
        let close = self.peek();
        if close.kind != TokenKind::SequenceEnd {
            let summary = rules::syntax::EXTRA_IN_DIRECTIVE
                .named(format!("Extra characters in {word} marker"));
            let detail =
                "Expected a closing brace to end the sequence, but found extra characters.";
            return Err(self.unexpected_in(open.start, close, summary, detail));
        }
        self.next();
        let whole = self.since(open.start);
        match &mut part {
            Flat::If(_, _, span)
            | Flat::Else(span)
            | Flat::EndIf(span)
            | Flat::For(_, _, span)
            | Flat::EndFor(span) => *span = whole,
            Flat::Literal(..) | Flat::Interpolation(..) => {}
        }
        Ok(part)
    }

    /// Nests the directives of `flat` and decides what the expression is.
    fn template(&mut self, flat: Vec<Flat>, span: Span, end: Span) -> Parsed<Expr> {
        let flat = join_literals(flat);
        match flat.as_slice() {
            [] => return Ok(self.leaf(ExprKind::String(EcoString::new()), span)),
            [Flat::Literal(text, _)] => return Ok(self.leaf(ExprKind::String(nfc(text)), span)),
            _ => {}
        }
        if let [Flat::Interpolation(_, height)] = flat.as_slice() {
            let height = *height;
            if let Some(Flat::Interpolation(expr, _)) = flat.into_iter().next() {
                return self.node(ExprKind::Wrap(Box::new(expr)), span, height);
            }
            return Err(super::Failed);
        }
        let lone = flat.iter().filter(|part| !is_empty(part)).count() == 1;
        let mut frames = Frames {
            stack: vec![Frame {
                open: Open::Root,
                parts: Vec::new(),
                height: 0,
            }],
            lone,
        };
        for part in flat {
            if let Err(diagnostic) = frames.add(part, self.text) {
                return Err(self.fail(diagnostic));
            }
            if frames.stack.len() > super::MAX_NESTING as usize {
                let detail = format!(
                    "Template directives may be nested at most {} levels deep.",
                    super::MAX_NESTING
                );
                return Err(self
                    .fail(Diagnostic::error(&rules::syntax::TEMPLATE_TOO_DEEP, detail).at(span)));
            }
        }
        match frames.finish(self.text, end) {
            Ok((template, height)) => self.node(ExprKind::Template(template), span, height),
            Err(diagnostic) => Err(self.fail(diagnostic)),
        }
    }
}

/// The directives that are open, outermost first, the root below them.
struct Frames {
    stack: Vec<Frame>,
    /// Only one part is not empty, so empty literals must stay: they tell a template of one interpolation
    /// from the interpolation itself.
    lone: bool,
}

impl Frames {
    fn add(&mut self, part: Flat, text: &str) -> Result<(), Diagnostic> {
        match part {
            Flat::Literal(literal, span) => self.literal(&literal, span),
            Flat::Interpolation(expr, height) => {
                self.push(TemplatePart::Interpolation(expr), height);
            }
            Flat::If(condition, height, span) => {
                let open = Open::If {
                    condition,
                    span,
                    then: None,
                };
                self.stack.push(Frame {
                    open,
                    parts: Vec::new(),
                    height,
                });
            }
            Flat::For(names, height, span) => {
                self.stack.push(Frame {
                    open: Open::For { names, span },
                    parts: Vec::new(),
                    height,
                });
            }
            Flat::Else(span) => return self.otherwise(span, text),
            Flat::EndIf(span) => return self.close(span, true),
            Flat::EndFor(span) => return self.close(span, false),
        }
        Ok(())
    }

    fn push(&mut self, part: TemplatePart, height: u32) {
        if let Some(frame) = self.stack.last_mut() {
            frame.parts.push(part);
            frame.height = frame.height.max(height);
        }
    }

    fn literal(&mut self, text: &str, span: Span) {
        if !text.is_empty() || self.lone {
            self.push(TemplatePart::Literal(nfc(text), span), 0);
        }
    }

    fn otherwise(&mut self, span: Span, text: &str) -> Result<(), Diagnostic> {
        const SUMMARY: &Rule = &rules::syntax::UNEXPECTED_ELSE;
        let Some(frame) = self.stack.last_mut() else {
            return Ok(());
        };
        let detail = match &mut frame.open {
            Open::If {
                then: then @ None, ..
            } => {
                *then = Some(Template {
                    parts: std::mem::take(&mut frame.parts),
                });
                return Ok(());
            }
            Open::If { span: open, .. } => {
                let detail = format!(
                    "Already in the else clause for the if started on line {}.",
                    line(text, open.start)
                );
                return Err(Diagnostic::error(SUMMARY, detail)
                    .at(span)
                    .related(*open, "the if directive"));
            }
            Open::For { .. } => "An else clause is not expected for a for directive.",
            Open::Root => UNBALANCED,
        };
        Err(Diagnostic::error(SUMMARY, detail).at(span))
    }

    fn close(&mut self, end: Span, is_if: bool) -> Result<(), Diagnostic> {
        let word = if is_if { "endif" } else { "endfor" };
        let frame = match self.stack.last() {
            Some(Frame {
                open: Open::If { .. },
                ..
            }) if is_if => self.stack.pop(),
            Some(Frame {
                open: Open::For { .. },
                ..
            }) if !is_if => self.stack.pop(),
            _ => None,
        };
        let Some(Frame {
            open,
            parts,
            height,
        }) = frame
        else {
            return Err(Diagnostic::error(
                rules::syntax::UNEXPECTED_END_DIRECTIVE
                    .named(format!("Unexpected {word} directive")),
                UNBALANCED,
            )
            .at(end));
        };
        let body = Template { parts };
        let part = match open {
            Open::If {
                condition,
                span,
                then: None,
            } => TemplatePart::If {
                condition,
                then: body,
                otherwise: None,
                span: span.to(end),
            },
            Open::If {
                condition,
                span,
                then: Some(then),
            } => TemplatePart::If {
                condition,
                then,
                otherwise: Some(body),
                span: span.to(end),
            },
            Open::For { names, span } => {
                let (key_var, value_var, collection) = *names;
                TemplatePart::For {
                    key_var,
                    value_var,
                    collection,
                    body,
                    span: span.to(end),
                }
            }
            Open::Root => return Ok(()),
        };
        self.push(part, height + 1);
        Ok(())
    }

    fn finish(mut self, text: &str, end: Span) -> Result<(Template, u32), Diagnostic> {
        let Some(Frame {
            open,
            parts,
            height,
        }) = self.stack.pop()
        else {
            return Ok((Template { parts: Vec::new() }, 0));
        };
        let (word, span) = match open {
            Open::Root => return Ok((Template { parts }, height)),
            Open::If { span, .. } => ("if", span),
            Open::For { span, .. } => ("for", span),
        };
        let detail = format!(
            "The {word} directive on line {} is missing its corresponding end{word} directive.",
            line(text, span.start)
        );
        Err(
            Diagnostic::error(&rules::syntax::UNEXPECTED_END_OF_TEMPLATE, detail)
                .at(end)
                .related(span, format!("the {word} directive")),
        )
    }
}

const UNBALANCED: &str = "The control directives within this template are unbalanced.";

/// The line, from 1, of byte `at`.
pub(super) fn line(text: &str, at: u32) -> usize {
    text.bytes()
        .take(at as usize)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

fn is_empty(part: &Flat) -> bool {
    matches!(part, Flat::Literal(text, _) if text.is_empty())
}

/// Literals that follow each other become one.
fn join_literals(flat: Vec<Flat>) -> Vec<Flat> {
    let mut joined: Vec<Flat> = Vec::with_capacity(flat.len());
    for part in flat {
        match (joined.last_mut(), part) {
            (Some(Flat::Literal(before, place)), Flat::Literal(text, span)) => {
                before.push_str(&text);
                *place = place.to(span);
            }
            (_, part) => joined.push(part),
        }
    }
    joined
}

/// Applies `${~`: the literal right before it loses the spaces at its end. Literals are lines in a
/// heredoc, so the line break before the line of the marker stays.
fn trim_end(parts: &mut [Flat]) {
    if let Some(Flat::Literal(text, _)) = parts.last_mut() {
        text.truncate(text.trim_end().len());
    }
}

/// Removes the indentation that all lines of a `<<-` heredoc have in common.
///
/// A line begins behind a literal that ends in a line break. Blank lines do not count; a line that begins
/// with a sequence has no indentation. Counted in grapheme clusters.
fn remove_indent(parts: &mut [Flat]) {
    let mut common = usize::MAX;
    let mut line_start = true;
    let mut indented = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if line_start {
            let indent = match part {
                Flat::Literal(text, _) if text.ends_with('\n') && text.trim_start().is_empty() => {
                    usize::MAX
                }
                Flat::Literal(text, _) => {
                    indented.push(index);
                    let spaces = text.len() - text.trim_start().len();
                    text.get(..spaces)
                        .map_or(0, |spaces| spaces.graphemes(true).count())
                }
                _ => 0,
            };
            common = common.min(indent);
        }
        line_start = matches!(part, Flat::Literal(text, _) if text.ends_with('\n'));
    }
    for index in indented {
        if let Some(Flat::Literal(text, _)) = parts.get_mut(index) {
            let bytes = text
                .graphemes(true)
                .take(common)
                .map(str::len)
                .sum::<usize>();
            text.drain(..bytes);
        }
    }
}
