//! Literal texts: escapes, NFC, and words on characters that the language does not know.

use super::Parser;
use crate::diagnostic::{Diagnostic, Rule};
use crate::rules;
use crate::source::Span;
use crate::syntax::scan::{Token, TokenKind};
use ecow::EcoString;
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// `text` in normal form C, in which the language compares all strings and names.
pub(in crate::syntax) fn nfc(text: &str) -> EcoString {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        EcoString::from(text)
    } else {
        text.nfc().collect()
    }
}

/// What to say of a token that cannot occur anywhere.
pub(super) fn invalid_token(text: &str, token: Token) -> Option<Diagnostic> {
    let slice = text.get(token.start as usize..token.end as usize)?;
    let operator = |hint: &str| {
        let detail = format!("Bitwise operators are not supported.{hint}");
        Some(Diagnostic::error(
            &rules::syntax::UNSUPPORTED_OPERATOR,
            detail,
        ))
    };
    let character = |rule: &'static Rule, detail: &str| Some(Diagnostic::error(rule, detail));
    if token.kind == TokenKind::BrokenQuote {
        let detail = "Quoted strings may not be split over multiple lines. To produce a multi-line string, either use the \
                      \\n escape to represent a newline character or use the \"heredoc\" multi-line template syntax.";
        return Some(Diagnostic::error(&rules::syntax::MULTI_LINE_STRING, detail));
    }
    if token.kind == TokenKind::Slash
        && text
            .get(token.end as usize..)
            .is_some_and(|rest| rest.starts_with('*'))
    {
        let detail = "This comment begins with \"/*\", but there is no \"*/\" that ends it.";
        return Some(Diagnostic::error(
            &rules::syntax::UNTERMINATED_COMMENT,
            detail,
        ));
    }
    if token.kind != TokenKind::Invalid {
        return None;
    }
    match slice {
        "&" => operator(" Did you mean boolean AND (\"&&\")?"),
        "|" => operator(" Did you mean boolean OR (\"||\")?"),
        "~" => operator(" Did you mean boolean NOT (\"!\")?"),
        "^" => operator(""),
        "'" => character(
            &rules::syntax::SINGLE_QUOTES,
            "Single quotes are not valid. Use double quotes (\") to enclose strings.",
        ),
        "`" => character(
            &rules::syntax::BACKTICK,
            "The \"`\" character is not valid. To create a multi-line string, use the \"heredoc\" syntax, like \"<<EOT\".",
        ),
        ";" => character(
            &rules::syntax::SEMICOLON,
            "The \";\" character is not valid. Use newlines to separate arguments and blocks, and commas to separate \
             items in collection values.",
        ),
        "\u{201c}" | "\u{201d}" | "\u{2018}" | "\u{2019}" => character(
            &rules::syntax::CURLY_QUOTES,
            "\"Curly quotes\" are not valid here. These can sometimes be inadvertently introduced when sharing code via \
             documents or discussion forums. It might help to replace the character with a \"straight quote\".",
        ),
        "\r" => character(
            &rules::syntax::INVALID_CHARACTER,
            "This character is not used within the language. A carriage return may stand only right before a line feed.",
        ),
        "\u{feff}" => character(
            &rules::syntax::INVALID_CHARACTER,
            "This character is not used within the language. A byte order mark may stand only at the start of the file.",
        ),
        _ => character(
            &rules::syntax::INVALID_CHARACTER,
            "This character is not used within the language.",
        ),
    }
}

impl Parser<'_> {
    /// The text of a literal token: escapes decoded if it was quoted, `$${` and `%%{` reduced. Not yet NFC,
    /// because parts are trimmed and joined first.
    pub(super) fn decode(&mut self, token: Token) -> String {
        let raw = self.slice(token);
        let quoted = token.kind == TokenKind::QuotedText;
        let special = |byte: u8| byte == b'$' || byte == b'%' || (quoted && byte == b'\\');
        if !raw.bytes().any(special) {
            return raw.to_owned();
        }
        let mut out = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            let here = raw.len() - rest.len();
            let len = match c {
                '\\' if quoted => self.escape(rest, token.start + offset(here), &mut out),
                '$' | '%' if is_escaped_sequence(rest) => {
                    out.push(c);
                    out.push('{');
                    3
                }
                _ => {
                    out.push(c);
                    c.len_utf8()
                }
            };
            rest = rest.get(len..).unwrap_or("");
        }
        out
    }

    /// Decodes the escape at the start of `rest`, which lies at byte `at`; returns its length in bytes.
    fn escape(&mut self, rest: &str, at: u32, out: &mut String) -> usize {
        let Some(selector) = rest.chars().nth(1) else {
            return rest.len();
        };
        let simple = match selector {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '"' => '"',
            '\\' => '\\',
            'u' => return self.unicode_escape(rest, at, 4, out),
            'U' => return self.unicode_escape(rest, at, 8, out),
            _ => {
                let detail =
                    format!("The symbol \"{selector}\" is not a valid escape sequence selector.");
                let hint = match selector {
                    '$' | '%' => Some(format!(
                        "to write a literal {selector}{{, double the sign: {selector}{selector}{{"
                    )),
                    _ => Some(String::from("to write a backslash, double it: \\\\")),
                };
                let len = 1 + selector.len_utf8();
                self.bad_escape(at, len, Cow::Owned(detail), hint);
                return len;
            }
        };
        out.push(simple);
        2
    }

    fn unicode_escape(&mut self, rest: &str, at: u32, digits: usize, out: &mut String) -> usize {
        let given = rest
            .bytes()
            .skip(2)
            .take(digits)
            .take_while(u8::is_ascii_hexdigit)
            .count();
        let len = 2 + given;
        if given < digits {
            let detail = if digits == 4 {
                "The \\u escape sequence must be followed by four hexadecimal digits."
            } else {
                "The \\U escape sequence must be followed by eight hexadecimal digits."
            };
            self.bad_escape(at, len, Cow::Borrowed(detail), None);
            return len;
        }
        let code = rest
            .get(2..len)
            .and_then(|text| u32::from_str_radix(text, 16).ok())
            .unwrap_or(u32::MAX);
        match char::from_u32(code) {
            Some(c) => out.push(c),
            None => {
                let detail = format!("Cannot encode character U+{code:04x} in UTF-8.");
                self.bad_escape(at, len, Cow::Owned(detail), None);
            }
        }
        len
    }

    fn bad_escape(&mut self, at: u32, len: usize, detail: Cow<'static, str>, hint: Option<String>) {
        let span = Span::new(self.file, at, at + offset(len));
        let mut diagnostic = Diagnostic::error(&rules::syntax::INVALID_ESCAPE, detail).at(span);
        diagnostic.hint = hint;
        self.report(diagnostic);
    }
}

/// Whether the doubled sign and brace at the start of `text` stand for a sequence's text. In a longer run
/// of signs only the last two are the escape.
fn is_escaped_sequence(text: &str) -> bool {
    text.starts_with("$${") || text.starts_with("%%{")
}

/// A length inside one token, which the whole text bounds.
pub(super) fn offset(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
