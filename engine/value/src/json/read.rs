//! A pull reader of JSON text: strict, exact numbers, bounded depth.

use super::{JsonError, MAX_DEPTH};
use crate::Path;
use std::borrow::Cow;

/// Where reading stands.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    limit: usize,
}

/// What comes next.
pub(super) enum Token<'a> {
    Null,
    Bool(bool),
    /// The literal as it stands.
    Number(&'a str),
    /// Borrowed where nothing in it is escaped.
    String(Cow<'a, str>),
    /// `[` was read: go on with [`Reader::next_element`].
    Array,
    /// `{` was read: go on with [`Reader::next_key`].
    Object,
}

type Read<T> = Result<T, JsonError>;

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            limit: MAX_DEPTH,
        }
    }

    pub(super) fn error<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(JsonError {
            path: Path::new(),
            message: message.into(),
            offset: Some(self.at),
        })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected<T>(&self, wanted: &str) -> Read<T> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        match rest.chars().next() {
            None => self.error("unexpected end of JSON input"),
            Some(found) => self.error(format!("invalid character {found:?} looking for {wanted}")),
        }
    }

    fn literal(&mut self, word: &str) -> Read<()> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        self.unexpected("beginning of value")
    }

    /// Lets what follows nest deeper than a value may; gives what the limit was.
    pub(super) fn raise_limit(&mut self) -> usize {
        std::mem::replace(&mut self.limit, self.depth + 2 * MAX_DEPTH + 2)
    }

    /// Undoes [`Self::raise_limit`].
    pub(super) fn restore_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The next value, or the beginning of it.
    pub(super) fn value(&mut self) -> Read<Token<'a>> {
        self.skip_space();
        match self.peek() {
            Some(b'n') => self.literal("null").map(|()| Token::Null),
            Some(b't') => self.literal("true").map(|()| Token::Bool(true)),
            Some(b'f') => self.literal("false").map(|()| Token::Bool(false)),
            Some(b'"') => self.string().map(Token::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Token::Number),
            Some(b'[') => self.open().map(|()| Token::Array),
            Some(b'{') => self.open().map(|()| Token::Object),
            _ => self.unexpected("beginning of value"),
        }
    }

    fn open(&mut self) -> Read<()> {
        if self.depth >= self.limit {
            return self.error("exceeded max depth");
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Whether another element follows; `first` says that none was read yet. Closes the array
    /// otherwise.
    pub(super) fn next_element(&mut self, first: bool) -> Read<bool> {
        self.skip_space();
        match self.peek() {
            Some(b']') => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                self.skip_space();
                if self.peek() == Some(b']') {
                    return self.unexpected("beginning of value");
                }
                Ok(true)
            }
            _ if first => Ok(true),
            _ => self.unexpected("comma or end of array"),
        }
    }

    /// The next key, its colon read too, or `None` at the end of the object.
    pub(super) fn next_key(&mut self, first: bool) -> Read<Option<Cow<'a, str>>> {
        self.skip_space();
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                self.depth -= 1;
                return Ok(None);
            }
            Some(b',') if !first => {
                self.at += 1;
                self.skip_space();
            }
            _ if first => {}
            _ => return self.unexpected("comma or end of object"),
        }
        if self.peek() != Some(b'"') {
            return self.unexpected("beginning of object key string");
        }
        let key = self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return self.unexpected("colon after object key");
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Skips one value.
    pub(super) fn skip(&mut self) -> Read<()> {
        match self.value()? {
            Token::Array => {
                let mut first = true;
                while self.next_element(first)? {
                    first = false;
                    self.skip()?;
                }
            }
            Token::Object => {
                let mut first = true;
                while self.next_key(first)?.is_some() {
                    first = false;
                    self.skip()?;
                }
            }
            Token::Null | Token::Bool(_) | Token::Number(_) | Token::String(_) => {}
        }
        Ok(())
    }

    /// Only white space may be left.
    pub(super) fn end(&mut self) -> Read<()> {
        self.skip_space();
        if self.at < self.text.len() {
            return self.error("extraneous data after JSON value");
        }
        Ok(())
    }

    fn number(&mut self) -> Read<&'a str> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.unexpected("digit"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Read<()> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.unexpected("digit");
        }
        self.digits();
        Ok(())
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        self.at = start + rest.iter().position(special).unwrap_or(rest.len());
        match self.peek() {
            Some(b'"') => {
                let text = self.text.get(start..self.at).unwrap_or_default();
                self.at += 1;
                Ok(Cow::Borrowed(text))
            }
            Some(b'\\') => self.escaped_string(start).map(Cow::Owned),
            Some(_) => self.error("invalid control character in string literal"),
            None => self.error("unexpected end of JSON input"),
        }
    }

    /// What is left of the text.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes on after so many bytes that are known to be a whole value.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    fn escaped_string(&mut self, start: usize) -> Read<String> {
        let mut out = String::from(self.text.get(start..self.at).unwrap_or_default());
        loop {
            let plain = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..0x20)) {
                self.at += 1;
            }
            out.push_str(self.text.get(plain..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    let character = self.escape()?;
                    out.push(character);
                }
                Some(_) => return self.error("invalid control character in string literal"),
                None => return self.error("unexpected end of JSON input"),
            }
        }
    }

    /// What follows a backslash. Half of a surrogate pair becomes U+FFFD.
    fn escape(&mut self) -> Read<char> {
        let Some(escape) = self.peek() else {
            return self.error("unexpected end of JSON input");
        };
        let character = match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                let high = self.hex()?;
                return Ok(self.paired(high));
            }
            _ => return self.error("invalid escape in string literal"),
        };
        self.at += 1;
        Ok(character)
    }

    fn hex(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4);
        let valid = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(unit) = valid.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return self.error("invalid \\u escape in string literal");
        };
        self.at += 4;
        Ok(unit)
    }

    fn paired(&mut self, high: u32) -> char {
        if (0xd800..0xdc00).contains(&high) {
            let before = self.at;
            let follows = self.text.get(self.at..self.at + 2) == Some("\\u");
            if follows {
                self.at += 2;
                if let Ok(low @ 0xdc00..0xe000) = self.hex() {
                    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    return char::from_u32(code).unwrap_or('\u{fffd}');
                }
                self.at = before;
            }
        }
        char::from_u32(high).unwrap_or('\u{fffd}')
    }
}
