//! The scanner: text in, tokens out.
//!
//! Lossless: whatever lies between two tokens is spaces and tabs (and a byte order mark at the start), so
//! that the formatter and the parser see the same stream. It never fails; what cannot be a token becomes
//! [`TokenKind::Invalid`] and the parser says why. Nesting is kept on an explicit stack.

use unicode_ident::{is_xid_continue, is_xid_start};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name or keyword.
    Ident,
    /// Digits, dots and exponents; the parser checks the form.
    Number,
    /// `"` that opens a string.
    OpenQuote,
    /// `"` that closes it.
    CloseQuote,
    /// Text inside quotes, escapes not decoded.
    QuotedText,
    /// Zero bytes wide, before a line break that a quoted string may not contain.
    BrokenQuote,
    /// `<<EOT` with its line break.
    OpenHeredoc,
    /// The end marker with the spaces around it, without its line break.
    CloseHeredoc,
    /// A line of a heredoc or of a bare template, or the part of it up to a sequence.
    Text,
    /// `${` or `${~`
    Interpolation,
    /// `%{` or `%{~`
    Directive,
    /// `}` or `~}` that ends a sequence.
    SequenceEnd,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `=`
    Assign,
    /// `=>`
    FatArrow,
    /// `.`
    Dot,
    /// `...`
    Ellipsis,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `::`
    DoubleColon,
    /// `?`
    Question,
    /// `!`
    Bang,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `&&`
    And,
    /// `||`
    Or,
    /// A line break.
    Newline,
    /// `#` or `//` with its line break, or `/* */`.
    Comment,
    /// What the language does not know.
    Invalid,
    /// The end of the text, zero bytes wide.
    End,
}

/// One token: kind and byte range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Where the scanner is.
#[derive(Clone, Copy, Debug)]
enum Mode {
    /// Outside strings. `braces` counts the open ones since the sequence began; `sequence` says whether a
    /// `}` at zero ends an interpolation.
    Normal {
        braces: u32,
        sequence: bool,
    },
    Quoted,
    /// A heredoc with its marker's byte range.
    Heredoc {
        marker: (usize, usize),
        line_start: bool,
    },
    /// A template without quotes, as a file holds it.
    Bare,
}

/// Tokens of a configuration file or expression. The last one is always [`TokenKind::End`].
pub(crate) fn scan(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 5 + 2);
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    Scanner::new(
        text,
        start,
        Mode::Normal {
            braces: 0,
            sequence: false,
        },
        &mut tokens,
    )
    .run();
    debug_assert!(is_lossless(text, start, &tokens), "tokens cover the text");
    tokens
}

/// Whether there is nothing between tokens but spaces and tabs.
fn is_lossless(text: &str, start: usize, tokens: &[Token]) -> bool {
    let mut behind = start;
    let covered = tokens.iter().all(|token| {
        let between = text.get(behind..token.start as usize);
        behind = token.end as usize;
        between.is_some_and(|text| text.bytes().all(|byte| matches!(byte, b' ' | b'\t')))
    });
    covered && behind == text.len()
}

/// As [`scan`], of `text` from byte `from`, which is outside any string; the tokens are appended.
pub(crate) fn scan_from(text: &str, from: u32, tokens: &mut Vec<Token>) {
    Scanner::new(
        text,
        from as usize,
        Mode::Normal {
            braces: 0,
            sequence: false,
        },
        tokens,
    )
    .run();
}

/// Tokens of a template that has no quotes around it.
pub(crate) fn scan_template(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    Scanner::new(text, 0, Mode::Bare, &mut tokens).run();
    tokens
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    mode: Mode,
    outer: Vec<Mode>,
    tokens: &'a mut Vec<Token>,
    /// No `*/` lies ahead; searching for it again at every `/*` would be quadratic.
    unclosed: bool,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, at: usize, mode: Mode, tokens: &'a mut Vec<Token>) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at,
            mode,
            outer: Vec::new(),
            tokens,
            unclosed: false,
        }
    }

    fn run(mut self) {
        while self.at < self.bytes.len() {
            match self.mode {
                Mode::Normal { .. } => self.normal(),
                Mode::Quoted => self.quoted(),
                Mode::Heredoc { .. } => self.heredoc(),
                Mode::Bare => self.bare(),
            }
        }
        self.token(TokenKind::End, 0);
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn char(&self, at: usize) -> Option<char> {
        self.text.get(at..)?.chars().next()
    }

    /// Adds a token of `len` bytes from here and moves behind it.
    fn token(&mut self, kind: TokenKind, len: usize) {
        let end = self.at + len;
        let to_u32 = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        self.tokens.push(Token {
            kind,
            start: to_u32(self.at),
            end: to_u32(end),
        });
        self.at = end;
    }

    fn enter(&mut self, mode: Mode) {
        self.outer.push(self.mode);
        self.mode = mode;
    }

    fn leave(&mut self) {
        if let Some(mode) = self.outer.pop() {
            self.mode = mode;
        }
    }

    fn normal(&mut self) {
        use TokenKind as T;
        let one = |kind| (kind, 1);
        let next = self.byte(1);
        let (kind, len) = match self.byte(0) {
            b' ' | b'\t' => {
                self.at += 1;
                return;
            }
            b'\n' => one(T::Newline),
            b'\r' if next == b'\n' => (T::Newline, 2),
            b'#' => return self.line_comment(),
            b'/' if next == b'/' => return self.line_comment(),
            b'/' if next == b'*' => return self.block_comment(),
            b'"' => {
                self.token(T::OpenQuote, 1);
                return self.enter(Mode::Quoted);
            }
            b'{' => return self.open_brace(),
            b'}' => return self.close_brace(1),
            b'~' if next == b'}'
                && matches!(
                    self.mode,
                    Mode::Normal {
                        braces: 0,
                        sequence: true
                    }
                ) =>
            {
                return self.close_brace(2);
            }
            b'<' if next == b'<' => return self.open_heredoc(),
            b'0'..=b'9' => return self.number(),
            b'(' => one(T::OpenParen),
            b')' => one(T::CloseParen),
            b'[' => one(T::OpenBracket),
            b']' => one(T::CloseBracket),
            b'=' if next == b'=' => (T::Equal, 2),
            b'=' if next == b'>' => (T::FatArrow, 2),
            b'=' => one(T::Assign),
            b'.' if next == b'.' && self.byte(2) == b'.' => (T::Ellipsis, 3),
            b'.' => one(T::Dot),
            b',' => one(T::Comma),
            b':' if next == b':' => (T::DoubleColon, 2),
            b':' => one(T::Colon),
            b'?' => one(T::Question),
            b'!' if next == b'=' => (T::NotEqual, 2),
            b'!' => one(T::Bang),
            b'+' => one(T::Plus),
            b'-' => one(T::Minus),
            b'*' => one(T::Star),
            b'/' => one(T::Slash),
            b'%' => one(T::Percent),
            b'<' if next == b'=' => (T::LessEqual, 2),
            b'<' => one(T::Less),
            b'>' if next == b'=' => (T::GreaterEqual, 2),
            b'>' => one(T::Greater),
            b'&' if next == b'&' => (T::And, 2),
            b'|' if next == b'|' => (T::Or, 2),
            _ => return self.word(),
        };
        self.token(kind, len);
    }

    fn word(&mut self) {
        let first = self.char(self.at).unwrap_or('\0');
        if first != '_' && !is_xid_start(first) {
            return self.token(TokenKind::Invalid, first.len_utf8());
        }
        let len = self.ident_len(self.at);
        self.token(TokenKind::Ident, len);
    }

    /// Bytes of the identifier that begins at `start`; 0 if none does.
    fn ident_len(&self, start: usize) -> usize {
        let Some(first) = self.char(start) else {
            return 0;
        };
        if first != '_' && !is_xid_start(first) {
            return 0;
        }
        let mut end = start + first.len_utf8();
        while let Some(byte) = self.bytes.get(end) {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
                end += 1;
            } else if byte.is_ascii() {
                break;
            } else {
                match self.char(end).filter(|c| is_xid_continue(*c)) {
                    Some(c) => end += c.len_utf8(),
                    None => break,
                }
            }
        }
        end - start
    }

    /// Digits, dots and exponents as long as they go on, but never ending in a dot: `1.2.3` is one (bad)
    /// number, `1...` is a number and an ellipsis.
    fn number(&mut self) {
        let mut len = 1;
        let mut ahead = 1;
        loop {
            match self.byte(ahead) {
                b'0'..=b'9' => ahead += 1,
                b'.' => {
                    ahead += 1;
                    continue;
                }
                b'e' | b'E' => {
                    let sign = usize::from(matches!(self.byte(ahead + 1), b'+' | b'-'));
                    if !self.byte(ahead + 1 + sign).is_ascii_digit() {
                        break;
                    }
                    ahead += 2 + sign;
                }
                _ => break,
            }
            len = ahead;
        }
        self.token(TokenKind::Number, len);
    }

    fn line_comment(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(rest.len(), |at| at + 1);
        self.token(TokenKind::Comment, len);
    }

    fn block_comment(&mut self) {
        let rest = if self.unclosed {
            None
        } else {
            self.text.get(self.at + 2..)
        };
        match rest.and_then(|rest| rest.find("*/")) {
            Some(len) => self.token(TokenKind::Comment, len + 4),
            // Never closed: the slash is an operator without a meaning here, and the parser says so.
            None => {
                self.unclosed = true;
                self.token(TokenKind::Slash, 1);
            }
        }
    }

    fn open_brace(&mut self) {
        self.token(TokenKind::OpenBrace, 1);
        if let Mode::Normal { braces, .. } = &mut self.mode {
            *braces += 1;
        }
    }

    fn close_brace(&mut self, len: usize) {
        match &mut self.mode {
            Mode::Normal {
                braces: 0,
                sequence: true,
            } => {
                self.token(TokenKind::SequenceEnd, len);
                self.leave();
            }
            Mode::Normal { braces, .. } => {
                *braces = braces.saturating_sub(1);
                self.token(TokenKind::CloseBrace, len);
            }
            Mode::Quoted | Mode::Heredoc { .. } | Mode::Bare => {
                self.token(TokenKind::CloseBrace, len);
            }
        }
    }

    fn open_heredoc(&mut self) {
        let name = self.at + 2 + usize::from(self.byte(2) == b'-');
        let name_end = name + self.ident_len(name);
        let line_break = match (self.bytes.get(name_end), self.bytes.get(name_end + 1)) {
            (Some(b'\n'), _) => 1,
            (Some(b'\r'), Some(b'\n')) => 2,
            _ => 0,
        };
        if name_end == name || line_break == 0 {
            return self.token(TokenKind::Less, 1);
        }
        self.token(TokenKind::OpenHeredoc, name_end + line_break - self.at);
        self.enter(Mode::Heredoc {
            marker: (name, name_end),
            line_start: true,
        });
    }

    fn sequence(&mut self, kind: TokenKind) {
        if let Mode::Heredoc { line_start, .. } = &mut self.mode {
            *line_start = false;
        }
        self.token(kind, 2 + usize::from(self.byte(2) == b'~'));
        self.enter(Mode::Normal {
            braces: 0,
            sequence: true,
        });
    }

    /// Whether a sequence begins here, and which; `$${` and `%%{` are not sequences but their escapes.
    fn sequence_here(&self) -> Option<TokenKind> {
        match (self.byte(0), self.byte(1)) {
            (b'$', b'{') => Some(TokenKind::Interpolation),
            (b'%', b'{') => Some(TokenKind::Directive),
            _ => None,
        }
    }

    /// Bytes of `$` or `%` at `at` that are text: a run of them, with the brace if it is escaped.
    fn marks(&self, at: usize) -> usize {
        let mark = self.bytes.get(at).copied();
        let rest = self.bytes.get(at..).unwrap_or_default();
        let run = rest.iter().take_while(|byte| Some(**byte) == mark).count();
        if rest.get(run) == Some(&b'{') && run > 1 {
            run + 1
        } else {
            run
        }
    }

    fn quoted(&mut self) {
        if let Some(kind) = self.sequence_here() {
            return self.sequence(kind);
        }
        let mut end = self.at;
        while let Some(byte) = self.bytes.get(end) {
            match byte {
                b'"' | b'\n' | b'\r' => break,
                b'\\' => match self.bytes.get(end + 1) {
                    None | Some(b'\n' | b'\r') => break,
                    Some(_) => end += 1 + self.char(end + 1).map_or(1, char::len_utf8),
                },
                b'$' | b'%' => {
                    if self.bytes.get(end + 1) == Some(&b'{') {
                        break;
                    }
                    end += self.marks(end);
                }
                _ => end += 1,
            }
        }
        if end > self.at {
            return self.token(TokenKind::QuotedText, end - self.at);
        }
        match self.byte(0) {
            b'"' => {
                self.token(TokenKind::CloseQuote, 1);
                self.leave();
            }
            b'\\' => self.token(TokenKind::Invalid, 1),
            _ => {
                self.token(TokenKind::BrokenQuote, 0);
                self.leave();
            }
        }
    }

    /// Bytes of text from here to a sequence or behind the line break.
    fn text_len(&self) -> usize {
        let mut end = self.at;
        while let Some(byte) = self.bytes.get(end) {
            match byte {
                b'\n' => return end + 1 - self.at,
                b'\r'
                    if self.bytes.get(end + 1) != Some(&b'\n')
                        && matches!(self.mode, Mode::Heredoc { .. }) =>
                {
                    break;
                }
                b'$' | b'%' => {
                    if self.bytes.get(end + 1) == Some(&b'{') {
                        break;
                    }
                    end += self.marks(end);
                }
                _ => end += 1,
            }
        }
        end - self.at
    }

    fn heredoc(&mut self) {
        let Mode::Heredoc { marker, line_start } = self.mode else {
            return;
        };
        if let Some(kind) = self.sequence_here() {
            return self.sequence(kind);
        }
        let len = self.text_len();
        let text = self.text.get(self.at..self.at + len).unwrap_or("");
        if text.is_empty() {
            return self.token(TokenKind::Invalid, 1);
        }
        let whole_line = text.ends_with('\n');
        if line_start && whole_line && Some(text.trim()) == self.text.get(marker.0..marker.1) {
            let line_break = if text.ends_with("\r\n") { 2 } else { 1 };
            self.token(TokenKind::CloseHeredoc, len - line_break);
            self.token(TokenKind::Newline, line_break);
            return self.leave();
        }
        self.token(TokenKind::Text, len);
        self.mode = Mode::Heredoc {
            marker,
            line_start: whole_line,
        };
    }

    fn bare(&mut self) {
        match self.sequence_here() {
            Some(kind) => self.sequence(kind),
            None => self.token(TokenKind::Text, self.text_len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Between two tokens there are only spaces, tabs and a byte order mark at the start.
    #[test]
    fn every_byte_belongs_to_a_token_or_is_space() {
        let text = "\u{feff}a = \"x${ f(\"y\") ~}\\n$${z}\" # c\r\n\tb \"l\" { c = <<-E\n  x ${y}\n  E\n}\n/* d */ ; ' 1.2.3 1... a::b\n\"open";
        for (text, tokens) in [
            (text, scan(text)),
            ("a ${ b }\n c", scan_template("a ${ b }\n c")),
        ] {
            let mut behind = 0;
            for token in &tokens {
                let gap = text.get(behind..token.start as usize).unwrap();
                assert!(
                    gap.trim_matches([' ', '\t']).is_empty() || (behind == 0 && gap == "\u{feff}"),
                    "{gap:?}"
                );
                assert!(token.start <= token.end);
                behind = token.end as usize;
            }
            assert_eq!(behind, text.len());
            assert_eq!(tokens.last().unwrap().kind, TokenKind::End);
        }
    }
}
