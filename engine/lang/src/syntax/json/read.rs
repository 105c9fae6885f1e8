//! The JSON reader: values with their places.

use crate::diagnostic::{Diagnostic, Diagnostics, Rule};
use crate::rules;
use crate::source::{FileId, Span};
use crate::syntax::parse::{MAX_ERRORS, MAX_NESTING};
use crate::syntax::suggest::suggestion;
use ecow::EcoString;
use std::sync::Arc;
use terrane_value::Number;

/// A JSON value and the bytes that it takes.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) kind: ValueKind,
    pub(super) span: Span,
}

/// What a value can be.
#[derive(Debug)]
pub(super) enum ValueKind {
    Null,
    Bool(bool),
    Number(Number),
    String(Text),
    Array(Vec<Arc<Value>>),
    /// Properties in source order; names may repeat.
    Object(Vec<Property>),
}

/// `"name": value`
#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: Text,
    pub(super) span: Span,
    pub(super) value: Arc<Value>,
}

/// A decoded string.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) text: EcoString,
    /// Where escapes end: (byte in `text`, byte in the file) from which both run in step again. Empty if the
    /// string holds no escape.
    pub(super) steps: Vec<(u32, u32)>,
}

/// Reads one value that is the whole text. `None` if there is not even the beginning of one.
///
/// After a mistake it goes on where the text can be understood again; a value that can't be read stands as null.
pub(super) fn read(file: FileId, text: &str) -> (Option<Value>, Diagnostics) {
    if u32::try_from(text.len()).is_err() {
        let detail = "A source text may hold at most 4 GiB.";
        return (
            None,
            Diagnostic::error(&rules::json::FILE_TOO_LARGE, detail).into(),
        );
    }
    let mut reader = Reader::new(file, text);
    if text.starts_with('\u{feff}') {
        reader.at = 3;
    }
    let value = reader.value().ok();
    reader.spaces();
    // What is behind a mistake may be anything.
    if value.is_some() && reader.at < text.len() && !reader.diagnostics.has_errors() {
        let detail = "Extra characters appear after the JSON value.";
        reader.report_odd(&rules::json::EXTRANEOUS_DATA, detail);
    }
    (value, reader.diagnostics)
}

/// The text of a JSON string given with its quotes.
pub(super) fn decode_string(source: &str) -> Option<EcoString> {
    let mut reader = Reader::new(FileId(0), source);
    if reader.byte() != Some(b'"') {
        return None;
    }
    let text = reader.string();
    (reader.at == source.len() && reader.diagnostics.is_empty()).then_some(text.text)
}

/// The rest of the text is not looked at.
struct Stop;

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    /// A string took everything up to the end of its line, perhaps a comma too.
    comma_lost: bool,
    /// The value that was read last was closed by the wrong bracket, which is still there.
    left: bool,
    diagnostics: Diagnostics,
}

impl<'a> Reader<'a> {
    fn new(file: FileId, text: &'a str) -> Self {
        Self {
            file,
            text,
            bytes: text.as_bytes(),
            at: 0,
            depth: 0,
            comma_lost: false,
            left: false,
            diagnostics: Diagnostics::new(),
        }
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at.min(self.text.len())).unwrap_or(u32::MAX);
        Span::new(self.file, offset(start), offset(end))
    }

    fn report(&mut self, start: usize, end: usize, rule: &'static Rule, detail: impl Into<String>) {
        let span = self.span(start, end);
        self.diagnostics
            .push(Diagnostic::error(rule, detail).at(span));
    }

    /// Reports the character here.
    fn report_here(&mut self, rule: &'static Rule, detail: impl Into<String>) {
        let rest = self.text.get(self.at..).unwrap_or("");
        let len = rest.chars().next().map_or(0, char::len_utf8);
        self.report(self.at, self.at + len, rule, detail);
    }

    /// Reports what is here, and says what to do about it if it is a comment.
    fn report_odd(&mut self, rule: &'static Rule, detail: &str) {
        if matches!(self.byte(), Some(b'/' | b'#')) {
            let detail =
                "JSON has no comments. A property named \"//\" is one: its value means nothing.";
            return self.report_here(&rules::json::COMMENT, detail);
        }
        self.report_here(rule, detail);
    }

    /// Stops when there are too many messages already.
    fn go_on(&self) -> Result<(), Stop> {
        if self.diagnostics.len() < MAX_ERRORS {
            Ok(())
        } else {
            Err(Stop)
        }
    }

    fn spaces(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Moves to the next comma, bracket or line break outside of strings, or behind the comment that is here.
    fn skip(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or("");
        if let Some(end) = rest.strip_prefix("/*").and_then(|rest| rest.find("*/")) {
            self.at += end + 4;
            return;
        }
        if rest.starts_with("${") || rest.starts_with("%{") {
            // A template without its quotes: all of it is the one mistake.
            let mut open = 0u32;
            let line = rest.split('\n').next().unwrap_or_default();
            let closed = line.bytes().position(|byte| {
                match byte {
                    b'{' => open += 1,
                    b'}' => open = open.saturating_sub(1),
                    _ => {}
                }
                byte == b'}' && open == 0
            });
            self.at += closed.map_or(line.len(), |at| at + 1);
        }
        let comment = matches!(self.byte(), Some(b'/' | b'#'));
        while let Some(byte) = self.byte() {
            match byte {
                b'\n' => return,
                b',' | b'{' | b'}' | b'[' | b']' | b'"' if !comment => return,
                _ => self.at += 1,
            }
        }
    }

    fn value(&mut self) -> Result<Value, Stop> {
        self.spaces();
        let start = self.at;
        let kind = match self.byte() {
            None => {
                self.report_here(
                    &rules::json::MISSING_VALUE,
                    "The JSON data ends prematurely.",
                );
                return Err(Stop);
            }
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => ValueKind::String(self.string()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(byte) if byte.is_ascii_alphabetic() => self.keyword(),
            Some(byte) => {
                let detail = "A JSON value must start with a brace, a bracket, a number, a string, or a keyword.";
                self.report_odd(&rules::json::INVALID_VALUE_START, detail);
                self.go_on()?;
                self.skip();
                if matches!(byte, b'/' | b'#') && self.depth < MAX_NESTING {
                    // The value may follow the comment.
                    self.depth += 1;
                    let value = self.value();
                    self.depth -= 1;
                    return value;
                }
                ValueKind::Null
            }
        };
        self.go_on()?;
        // What is closed by a bracket that belongs to what is around takes it along: so the last byte is a bracket always.
        let end = self.at + usize::from(std::mem::take(&mut self.left));
        Ok(Value {
            kind,
            span: self.span(start, end),
        })
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<ValueKind, Stop>,
    ) -> Result<ValueKind, Stop> {
        if self.depth >= MAX_NESTING {
            let detail =
                format!("Objects and arrays may be nested at most {MAX_NESTING} levels deep.");
            self.report_here(&rules::json::TOO_DEEP, detail);
            return Err(Stop);
        }
        self.depth += 1;
        let kind = read(self)?;
        self.depth -= 1;
        Ok(kind)
    }

    fn object(&mut self) -> Result<ValueKind, Stop> {
        let open = self.at;
        self.at += 1;
        let mut properties = Vec::new();
        loop {
            self.spaces();
            if self.closes(open, b'}')? {
                return Ok(ValueKind::Object(properties));
            }
            match self.property()? {
                Some(property) => {
                    properties.push(property);
                    self.separator(b'}')?;
                }
                None => {
                    self.comma_lost = false;
                    self.spaces();
                    self.at += usize::from(self.byte() == Some(b','));
                }
            }
        }
    }

    fn array(&mut self) -> Result<ValueKind, Stop> {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.spaces();
            if self.closes(open, b']')? {
                return Ok(ValueKind::Array(items));
            }
            items.push(Arc::new(self.value()?));
            self.separator(b']')?;
        }
    }

    /// Whether what began at `open` ends here. The other bracket ends it too, with a message, and is left to what is around.
    fn closes(&mut self, open: usize, close: u8) -> Result<bool, Stop> {
        let is_object = close == b'}';
        match self.byte() {
            Some(byte) if byte == close => self.at += 1,
            Some(b'}' | b']') => {
                let (rule, detail) = if is_object {
                    (
                        &rules::json::MISMATCHED_BRACES,
                        "A JSON object must be closed with a brace, not a bracket.",
                    )
                } else {
                    (
                        &rules::json::MISMATCHED_BRACKETS,
                        "A JSON array must be closed with a bracket, not a brace.",
                    )
                };
                self.report_here(rule, detail);
                self.go_on()?;
                self.left = self.closes_outer(close);
                self.at += usize::from(!self.left);
            }
            Some(_) => return Ok(false),
            None => {
                let (rule, detail) = if is_object {
                    (
                        &rules::json::UNCLOSED_OBJECT,
                        "No closing brace was found for this JSON object.",
                    )
                } else {
                    (
                        &rules::json::UNCLOSED_ARRAY,
                        "No closing bracket was found for this JSON array.",
                    )
                };
                self.report(open, open + 1, rule, detail);
                return Err(Stop);
            }
        }
        Ok(true)
    }

    /// Whether the wrong bracket here, where `close` should be, closes what is around, and this was forgotten. It does not if the right one
    /// follows, nor if it would end the whole in the midst of the text.
    fn closes_outer(&self, close: u8) -> bool {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let next = rest.iter().find(|byte| !byte.is_ascii_whitespace());
        match next {
            Some(next) => self.depth > 2 && *next != close,
            None => self.depth > 1,
        }
    }

    /// The comma behind a property or item, unless the closing bracket is here.
    fn separator(&mut self, close: u8) -> Result<(), Stop> {
        let comma_lost = std::mem::take(&mut self.comma_lost);
        self.spaces();
        let comma = self.at;
        let is_object = close == b'}';
        match self.byte() {
            Some(b',') => {
                self.at += 1;
                self.spaces();
                if self.byte() == Some(close) {
                    let (rule, detail) = if is_object {
                        (
                            &rules::json::TRAILING_COMMA_IN_OBJECT,
                            "JSON does not permit a trailing comma after the final property in an object.",
                        )
                    } else {
                        (
                            &rules::json::TRAILING_COMMA_IN_ARRAY,
                            "JSON does not permit a trailing comma after the final value in an array.",
                        )
                    };
                    self.report(comma, comma + 1, rule, detail);
                }
            }
            None | Some(b'}' | b']') => {}
            Some(b'"') if comma_lost => {}
            Some(byte) => {
                let (rule, detail) = if is_object {
                    (
                        &rules::json::MISSING_COMMA_IN_OBJECT,
                        "A comma must appear between each property definition in an object.",
                    )
                } else {
                    (
                        &rules::json::MISSING_COMMA_IN_ARRAY,
                        "A comma must appear between each value in an array.",
                    )
                };
                self.report_odd(rule, detail);
                if !matches!(byte, b'"' | b'{' | b'[') {
                    self.skip();
                    self.spaces();
                    self.at += usize::from(self.byte() == Some(b','));
                }
            }
        }
        self.go_on()
    }

    /// `None` if there is nothing like a property here.
    fn property(&mut self) -> Result<Option<Property>, Stop> {
        let start = self.at;
        if self.byte() != Some(b'"') {
            let detail = "A JSON object property name must be a string.";
            self.report_odd(&rules::json::INVALID_PROPERTY_NAME, detail);
            self.go_on()?;
            // Up to the colon, if it is only the quotes that are missing.
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-'".contains(byte);
            let name = rest.iter().take_while(|byte| is_name(byte)).count();
            if name > 0 && rest.get(name) == Some(&b':') {
                self.at += name + 1;
                self.value()?;
            } else if name > 0 || !matches!(self.byte(), Some(b'{' | b'[')) {
                self.skip();
            } else {
                // A value where a name should be.
                self.value()?;
            }
            if self.at == start {
                self.at += 1;
            }
            return Ok(None);
        }
        let name = self.string();
        self.go_on()?;
        let span = self.span(start, self.at);
        self.spaces();
        match self.byte() {
            Some(b':') => self.at += 1,
            Some(b'=') => {
                let detail = "JSON uses a colon as its name/value delimiter, not an equals sign.";
                self.report_here(&rules::json::EQUALS_FOR_COLON, detail);
                self.at += 1;
            }
            _ if self.comma_lost => return Ok(None),
            byte => {
                let detail = "A colon must appear between an object property's name and its value.";
                self.report_here(&rules::json::MISSING_COLON, detail);
                self.go_on()?;
                if matches!(byte, None | Some(b',' | b'}' | b']')) {
                    return Ok(None);
                }
            }
        }
        Ok(Some(Property {
            name,
            span,
            value: Arc::new(self.value()?),
        }))
    }

    fn keyword(&mut self) -> ValueKind {
        let rest = self.text.get(self.at..).unwrap_or("");
        let len = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let word = rest.get(..len).unwrap_or("");
        let kind = match word {
            "null" => ValueKind::Null,
            "true" => ValueKind::Bool(true),
            "false" => ValueKind::Bool(false),
            _ => {
                let hint = suggestion(word, ["true", "false", "null"]);
                let hint = hint
                    .filter(|_| len > 2)
                    .map(|hint| format!(" Did you mean \"{hint}\"?"));
                let detail = format!(
                    "\"{word}\" is not a valid JSON keyword.{}",
                    hint.unwrap_or_default()
                );
                self.report(
                    self.at,
                    self.at + len,
                    &rules::json::INVALID_KEYWORD,
                    detail,
                );
                self.at += len;
                self.skip();
                return ValueKind::Null;
            }
        };
        self.at += len;
        kind
    }

    fn number(&mut self) -> ValueKind {
        let rest = self.text.get(self.at..).unwrap_or("");
        let len = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
            .count();
        let text = rest.get(..len).unwrap_or("");
        let number = if is_json_number(text) {
            Number::parse(text)
        } else {
            None
        };
        self.at += len;
        match number {
            Some(number) => ValueKind::Number(number),
            None => {
                let detail = "There is a syntax error in the given JSON number.";
                self.report(self.at - len, self.at, &rules::json::INVALID_NUMBER, detail);
                ValueKind::Null
            }
        }
    }

    /// A string, whose opening quote is here. One that is not closed ends with its line.
    fn string(&mut self) -> Text {
        let open = self.at;
        self.at += 1;
        let mut out = String::new();
        let mut steps = Vec::new();
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        loop {
            let rest = self.text.get(self.at..).unwrap_or("");
            let plain = rest
                .bytes()
                .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
                .count();
            out.push_str(rest.get(..plain).unwrap_or(""));
            self.at += plain;
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') => {
                    self.escape(open, &mut out);
                    steps.push((offset(out.len()), offset(self.at)));
                }
                None | Some(b'\n' | b'\r') => {
                    let detail = "No closing quote was found for this JSON string on its line.";
                    self.report(open, self.at, &rules::json::UNTERMINATED_STRING, detail);
                    self.comma_lost = true;
                    break;
                }
                Some(_) => {
                    let detail = "A control character must be written as an escape sequence in a JSON string, such as \\t.";
                    let end = self.at + 1;
                    self.report_once_in(open, end, &rules::json::CONTROL_CHARACTER, detail);
                    self.at += 1;
                    // It is left out of the text, so what follows stands elsewhere than its length tells.
                    steps.push((offset(out.len()), offset(self.at)));
                }
            }
        }
        Text {
            text: out.into(),
            steps,
        }
    }

    /// Reports a mistake in the string that begins at `open`, unless there is a message about that string.
    fn report_once_in(&mut self, open: usize, end: usize, rule: &'static Rule, detail: &str) {
        let last = self.diagnostics.iter().last().and_then(|last| last.subject);
        if last.is_none_or(|last| (last.start as usize) < open) {
            self.report(self.at, end, rule, detail);
        }
    }

    /// Moves behind the escape here; one that means nothing is reported and leaves nothing.
    fn escape(&mut self, open: usize, out: &mut String) {
        let start = self.at;
        let simple = match self.bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                if let Some(c) = self.unicode_escape() {
                    out.push(c);
                    return;
                }
                let detail = "The escape sequence \\u must be followed by four hexadecimal digits.";
                self.report_once_in(
                    open,
                    start + 2,
                    &rules::json::INVALID_UNICODE_ESCAPE,
                    detail,
                );
                self.at += 2;
                return;
            }
            _ => {
                let detail = "There is a syntax error in the given JSON string: a backslash must be followed by one of \
                              \" \\ / b f n r t u.";
                self.report_once_in(open, start + 1, &rules::json::INVALID_ESCAPE, detail);
                self.at += 1;
                return;
            }
        };
        out.push(simple);
        self.at += 2;
    }

    /// `\uXXXX`, or two of them for one character. Half a pair stands for the replacement character, as the
    /// peers read it.
    fn unicode_escape(&mut self) -> Option<char> {
        let unit = |at: usize| -> Option<u32> {
            let text = self.text.get(at..at + 6)?;
            let digits = text
                .strip_prefix("\\u")
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            u32::from_str_radix(digits, 16).ok()
        };
        let first = unit(self.at)?;
        if let (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) = (first, unit(self.at + 6)) {
            self.at += 12;
            return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
        self.at += 6;
        Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

/// Whether `text` is a number as JSON writes it: no plus sign, no leading zero, no lone dot.
fn is_json_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}
