//! From the text of a document to tokens.
//!
//! What makes it hard is that `a: b` is a mapping only for its colon: where a key could begin, its place is kept, and when the colon
//! comes, the tokens that open a mapping are put in before it. A key fits in one line and in 1,024 characters, so little is looked ahead.

use super::text::{Mark, Text, wrong};
use std::collections::VecDeque;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// In single or double quotes.
    Quoted,
    /// After `|` or `>`.
    Block,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    End,
    /// `%YAML 1.1`: whether it is this version.
    Version(bool),
    TagDirective {
        handle: String,
        prefix: String,
    },
    DocumentStart,
    DocumentEnd,
    BlockSequence,
    BlockMapping,
    BlockEnd,
    FlowSequence,
    FlowSequenceEnd,
    FlowMapping,
    FlowMappingEnd,
    FlowEntry,
    BlockEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag {
        handle: String,
        suffix: String,
    },
    Scalar {
        text: String,
        style: Style,
    },
}

/// A place where a key may have begun.
#[derive(Clone, Copy, Default)]
struct Key {
    possible: bool,
    /// Nothing but a key can stand there.
    required: bool,
    /// The number of its first token, from the start of the text.
    number: usize,
    mark: Mark,
}

/// The longest key that needs no `?`, in characters.
const MAX_KEY: usize = 1024;

pub(super) struct Scanner<'a> {
    pub(super) text: Text<'a>,
    /// Tokens that were not taken yet.
    tokens: VecDeque<(Token, Mark)>,
    taken: usize,
    ended: bool,
    /// How deep in brackets and braces; there, indentation means nothing.
    pub(super) flow: usize,
    /// The column of the block collection that is open; -1: none is.
    pub(super) indent: i64,
    outer: Vec<i64>,
    pub(super) key_allowed: bool,
    /// For each level of brackets, and for none.
    keys: Vec<Key>,
}

pub(super) fn column(mark: Mark) -> i64 {
    i64::try_from(mark.column).unwrap_or(i64::MAX)
}

impl<'a> Scanner<'a> {
    pub(super) fn new(source: &'a str) -> Result<Self, String> {
        Ok(Self {
            text: Text::new(source)?,
            tokens: VecDeque::new(),
            taken: 0,
            ended: false,
            flow: 0,
            indent: -1,
            outer: Vec::new(),
            key_allowed: true,
            keys: vec![Key::default()],
        })
    }

    /// The next token, which stays where it is.
    pub(super) fn peek(&mut self) -> Result<&Token, String> {
        self.fill()?;
        Ok(self.tokens.front().map_or(&Token::End, |(token, _)| token))
    }

    /// Where the next token begins.
    pub(super) fn place(&mut self) -> Mark {
        let here = self.text.mark;
        self.tokens.front().map_or(here, |(_, mark)| *mark)
    }

    pub(super) fn take(&mut self) -> Result<Token, String> {
        self.fill()?;
        match self.tokens.pop_front() {
            Some((token, _)) => {
                self.taken += 1;
                Ok(token)
            }
            None => Ok(Token::End),
        }
    }

    /// Reads on until the next token can't be preceded by one that is not known yet.
    fn fill(&mut self) -> Result<(), String> {
        loop {
            let enough = match self.tokens.is_empty() {
                true => self.ended,
                false => {
                    self.forget_old_keys()?;
                    !self
                        .keys
                        .iter()
                        .any(|key| key.possible && key.number == self.taken)
                }
            };
            if enough {
                return Ok(());
            }
            self.fetch()?;
        }
    }

    fn forget_old_keys(&mut self) -> Result<(), String> {
        let now = self.text.mark;
        for key in &mut self.keys {
            let old = key.mark.line < now.line || key.mark.index + MAX_KEY < now.index;
            if key.possible && old {
                if key.required {
                    return Err(wrong(key.mark, "could not find the expected `:`"));
                }
                key.possible = false;
            }
        }
        Ok(())
    }

    fn forget_key(&mut self) -> Result<(), String> {
        if let Some(key) = self.keys.last_mut() {
            if key.possible && key.required {
                return Err(wrong(key.mark, "could not find the expected `:`"));
            }
            key.possible = false;
        }
        Ok(())
    }

    /// A key may begin here.
    fn keep_key(&mut self) -> Result<(), String> {
        if !self.key_allowed {
            return Ok(());
        }
        let key = Key {
            possible: true,
            required: self.flow == 0 && self.indent == column(self.text.mark),
            number: self.taken + self.tokens.len(),
            mark: self.text.mark,
        };
        self.forget_key()?;
        if let Some(last) = self.keys.last_mut() {
            *last = key;
        }
        Ok(())
    }

    /// The position of a token among those that were not taken.
    fn queued(&self, number: usize) -> usize {
        number.saturating_sub(self.taken).min(self.tokens.len())
    }

    fn push(&mut self, token: Token, mark: Mark) {
        self.tokens.push_back((token, mark));
    }

    /// Opens a block collection if this column is further to the right than the one that is open. `before`: the number of the token
    /// that it comes before.
    fn open(&mut self, token: Token, mark: Mark, before: Option<usize>) {
        if self.flow > 0 || self.indent >= column(mark) {
            return;
        }
        self.outer.push(self.indent);
        self.indent = column(mark);
        let at = before.map_or(self.tokens.len(), |number| self.queued(number));
        self.tokens.insert(at, (token, mark));
    }

    /// Closes the block collections that are further to the right than a column.
    fn close(&mut self, column: i64) {
        while self.flow == 0 && self.indent > column {
            self.push(Token::BlockEnd, self.text.mark);
            self.indent = self.outer.pop().unwrap_or(-1);
        }
    }

    fn fetch(&mut self) -> Result<(), String> {
        self.skip_to_token();
        self.forget_old_keys()?;
        self.close(column(self.text.mark));
        let text = &self.text;
        let in_flow = self.flow > 0;
        if text.is_document_indicator() {
            let token = if text.here() == b'-' {
                Token::DocumentStart
            } else {
                Token::DocumentEnd
            };
            self.leave_document()?;
            return self.indicator(token, 3);
        }
        match text.here() {
            0 => self.fetch_end(),
            b'%' if text.mark.column == 0 => {
                self.leave_document()?;
                self.directive()
            }
            b'[' => self.fetch_open(Token::FlowSequence),
            b'{' => self.fetch_open(Token::FlowMapping),
            b']' => self.fetch_close(Token::FlowSequenceEnd),
            b'}' => self.fetch_close(Token::FlowMappingEnd),
            b',' => {
                self.forget_key()?;
                self.key_allowed = true;
                self.indicator(Token::FlowEntry, 1)
            }
            b'-' if text.is_space(1) => self.fetch_entry(),
            b'?' if in_flow || text.is_space(1) => self.fetch_key(),
            b':' if in_flow || text.is_space(1) => self.fetch_value(),
            b'*' | b'&' => {
                self.keep_key()?;
                self.key_allowed = false;
                self.anchor()
            }
            b'!' => {
                self.keep_key()?;
                self.key_allowed = false;
                self.tag()
            }
            b'|' | b'>' if !in_flow => {
                self.forget_key()?;
                self.key_allowed = true;
                let mark = self.text.mark;
                let text = self.block_scalar()?;
                let style = Style::Block;
                self.push(Token::Scalar { text, style }, mark);
                Ok(())
            }
            b'\'' | b'"' => {
                self.keep_key()?;
                self.key_allowed = false;
                let mark = self.text.mark;
                let text = self.quoted_scalar()?;
                let style = Style::Quoted;
                self.push(Token::Scalar { text, style }, mark);
                Ok(())
            }
            first if self.begins_plain(first) => {
                self.keep_key()?;
                self.key_allowed = false;
                let mark = self.text.mark;
                let text = self.plain_scalar()?;
                let style = Style::Plain;
                self.push(Token::Scalar { text, style }, mark);
                Ok(())
            }
            _ => Err(wrong(
                text.mark,
                "found a character that cannot start any token",
            )),
        }
    }

    /// Whether a scalar without quotes can begin with this byte, which is no indicator by itself.
    fn begins_plain(&self, first: u8) -> bool {
        match first {
            b'-' => !self.text.is_blank(1),
            b'?' | b':' => self.flow == 0 && !self.text.is_space(1),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' => false,
            _ => !self.text.is_space(0),
        }
    }

    fn skip_to_token(&mut self) {
        loop {
            // A tab is no indentation: where a key may stand, it is an error.
            let tabs = self.flow > 0 || !self.key_allowed;
            while self.text.here() == b' ' || tabs && self.text.here() == b'\t' {
                self.text.skip();
            }
            self.text.skip_comment();
            if !self.text.is_break(0) {
                return;
            }
            self.text.skip_break();
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn indicator(&mut self, token: Token, length: usize) -> Result<(), String> {
        let mark = self.text.mark;
        for _ in 0..length {
            self.text.skip();
        }
        self.push(token, mark);
        Ok(())
    }

    fn leave_document(&mut self) -> Result<(), String> {
        self.close(-1);
        self.forget_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn fetch_end(&mut self) -> Result<(), String> {
        if self.text.mark.column != 0 {
            self.text.mark.column = 0;
            self.text.mark.line += 1;
        }
        self.leave_document()?;
        self.ended = true;
        self.push(Token::End, self.text.mark);
        Ok(())
    }

    fn fetch_open(&mut self, token: Token) -> Result<(), String> {
        self.keep_key()?;
        self.keys.push(Key::default());
        self.flow += 1;
        self.key_allowed = true;
        self.indicator(token, 1)
    }

    fn fetch_close(&mut self, token: Token) -> Result<(), String> {
        self.forget_key()?;
        if self.flow > 0 {
            self.flow -= 1;
            self.keys.pop();
        }
        self.key_allowed = false;
        self.indicator(token, 1)
    }

    fn fetch_entry(&mut self) -> Result<(), String> {
        let mark = self.text.mark;
        if self.flow == 0 {
            if !self.key_allowed {
                let why = "entries of a block sequence are not allowed here";
                return Err(wrong(mark, why));
            }
            self.open(Token::BlockSequence, mark, None);
        }
        self.forget_key()?;
        self.key_allowed = true;
        self.indicator(Token::BlockEntry, 1)
    }

    fn fetch_key(&mut self) -> Result<(), String> {
        let mark = self.text.mark;
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(wrong(mark, "mapping keys are not allowed here"));
            }
            self.open(Token::BlockMapping, mark, None);
        }
        self.forget_key()?;
        self.key_allowed = self.flow == 0;
        self.indicator(Token::Key, 1)
    }

    fn fetch_value(&mut self) -> Result<(), String> {
        let mark = self.text.mark;
        let key = self.keys.last().copied().unwrap_or_default();
        if key.possible {
            let at = self.queued(key.number);
            self.tokens.insert(at, (Token::Key, key.mark));
            self.open(Token::BlockMapping, key.mark, Some(key.number));
            if let Some(key) = self.keys.last_mut() {
                key.possible = false;
            }
            self.key_allowed = false;
        } else {
            if self.flow == 0 {
                if !self.key_allowed {
                    return Err(wrong(mark, "mapping values are not allowed here"));
                }
                self.open(Token::BlockMapping, mark, None);
            }
            self.key_allowed = self.flow == 0;
        }
        self.indicator(Token::Value, 1)
    }

    fn directive(&mut self) -> Result<(), String> {
        let mark = self.text.mark;
        self.text.skip();
        let name = self.word();
        if !self.text.is_space(0) {
            return Err(wrong(mark, "found an unexpected character in a directive"));
        }
        self.text.skip_blanks();
        let token = match name.as_str() {
            "YAML" => {
                let major = self.version_number()?;
                if self.text.here() != b'.' {
                    return Err(wrong(self.text.mark, "did not find the expected `.`"));
                }
                self.text.skip();
                let minor = self.version_number()?;
                Token::Version(major == 1 && minor == 1)
            }
            "TAG" => {
                let handle = self.tag_handle(true)?;
                if !self.text.is_blank(0) {
                    return Err(wrong(self.text.mark, "did not find expected whitespace"));
                }
                self.text.skip_blanks();
                let prefix = self.tag_uri("")?;
                Token::TagDirective { handle, prefix }
            }
            _ => return Err(wrong(mark, "found an unknown directive")),
        };
        if name == "TAG" && !self.text.is_space(0) {
            return Err(wrong(self.text.mark, "did not find expected whitespace"));
        }
        self.text.skip_blanks();
        self.text.skip_comment();
        if !self.text.is_break_or_end(0) {
            let why = "did not find the expected comment or end of the line";
            return Err(wrong(self.text.mark, why));
        }
        self.text.skip_break();
        self.push(token, mark);
        Ok(())
    }

    fn version_number(&mut self) -> Result<u32, String> {
        let mark = self.text.mark;
        let mut digits = String::new();
        while self.text.here().is_ascii_digit() && digits.len() < 3 {
            self.text.read(&mut digits);
        }
        match digits.parse() {
            Ok(number) if digits.len() <= 2 => Ok(number),
            _ => Err(wrong(mark, "did not find the expected version number")),
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while self.text.is_word() {
            self.text.read(&mut word);
        }
        word
    }

    fn anchor(&mut self) -> Result<(), String> {
        let mark = self.text.mark;
        let alias = self.text.here() == b'*';
        self.text.skip();
        let name = self.word();
        let follows = matches!(
            self.text.here(),
            b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
        );
        if name.is_empty() || !(follows || self.text.is_space(0)) {
            let why = "the name of an anchor may hold only letters, digits, `_` and `-`";
            return Err(wrong(mark, why));
        }
        self.push(
            if alias {
                Token::Alias(name)
            } else {
                Token::Anchor(name)
            },
            mark,
        );
        Ok(())
    }

    fn tag(&mut self) -> Result<(), String> {
        let mark = self.text.mark;
        let (mut handle, mut suffix) = (String::new(), String::new());
        if self.text.ahead(1) == b'<' {
            self.text.skip();
            self.text.skip();
            suffix = self.tag_uri("")?;
            if self.text.here() != b'>' {
                return Err(wrong(mark, "did not find the expected `>`"));
            }
            self.text.skip();
        } else {
            handle = self.tag_handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                suffix.push_str(&self.tag_uri("")?);
            } else {
                suffix = self.tag_uri(&handle)?;
                handle = String::from("!");
                if suffix.is_empty() {
                    std::mem::swap(&mut handle, &mut suffix);
                }
            }
        }
        if !self.text.is_space(0) {
            return Err(wrong(mark, "did not find whitespace after a tag"));
        }
        self.push(Token::Tag { handle, suffix }, mark);
        Ok(())
    }

    fn tag_handle(&mut self, directive: bool) -> Result<String, String> {
        let mark = self.text.mark;
        let missing = || wrong(mark, "did not find the expected `!`");
        if self.text.here() != b'!' {
            return Err(missing());
        }
        let mut handle = String::new();
        self.text.read(&mut handle);
        handle.push_str(&self.word());
        if self.text.here() == b'!' {
            self.text.read(&mut handle);
        } else if directive && handle != "!" {
            return Err(missing());
        }
        Ok(handle)
    }

    /// What follows a handle. `head`: what was taken for a handle and is a part of it, but for its first character.
    fn tag_uri(&mut self, head: &str) -> Result<String, String> {
        let mark = self.text.mark;
        let mut bytes: Vec<u8> = head.bytes().skip(1).collect();
        let mut any = !head.is_empty();
        loop {
            if self.text.here() == b'%' {
                let digits = [self.text.ahead(1), self.text.ahead(2)];
                let octet = std::str::from_utf8(&digits)
                    .ok()
                    .filter(|_| digits.iter().all(u8::is_ascii_hexdigit))
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                let Some(octet) = octet else {
                    return Err(wrong(mark, "found a wrong escape in a tag"));
                };
                bytes.push(octet);
                for _ in 0..3 {
                    self.text.skip();
                }
            } else if self.text.is_word() || b";/?:@&=+$,.!~*'()[]".contains(&self.text.here()) {
                bytes.push(self.text.here());
                self.text.skip();
            } else {
                break;
            }
            any = true;
        }
        if !any {
            return Err(wrong(mark, "did not find the expected tag"));
        }
        String::from_utf8(bytes).map_err(|_| wrong(mark, "found a wrong escape in a tag"))
    }
}
