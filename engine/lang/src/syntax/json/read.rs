//! The JSON reader: values with their places.

use crate::diagnostic::Headline;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rules;
use crate::source::{FileId, Span};
use crate::syntax::parse::MAX_NESTING;
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
pub(super) fn read(file: FileId, text: &str) -> (Option<Value>, Diagnostics) {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader {
        file,
        text,
        bytes: text.as_bytes(),
        at: start,
        depth: 0,
        diagnostics: Diagnostics::new(),
    };
    if u32::try_from(text.len()).is_err() {
        let detail = "A source text may hold at most 4 GiB.";
        return (
            None,
            Diagnostic::error(&rules::json::FILE_TOO_LARGE, detail).into(),
        );
    }
    let value = reader.value().ok();
    reader.spaces();
    if value.is_some() && reader.at < text.len() {
        let detail = "Extra characters appear after the JSON value.";
        let at = reader.at;
        reader.fail(at, at + 1, &rules::json::EXTRANEOUS_DATA, detail);
    }
    (value, reader.diagnostics)
}

/// The text of a JSON string given with its quotes.
pub(super) fn decode_string(source: &str) -> Option<EcoString> {
    let file = FileId(0);
    let mut reader = Reader {
        file,
        text: source,
        bytes: source.as_bytes(),
        at: 0,
        depth: 0,
        diagnostics: Diagnostics::new(),
    };
    if reader.byte() != Some(b'"') {
        return None;
    }
    let text = reader.string().ok()?;
    (reader.at == source.len()).then_some(text.text)
}

/// A message was given; the rest of the text is not looked at.
struct Failed;

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    diagnostics: Diagnostics,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at.min(self.text.len())).unwrap_or(u32::MAX);
        Span::new(self.file, offset(start), offset(end))
    }

    fn fail(
        &mut self,
        start: usize,
        end: usize,
        headline: impl Into<Headline>,
        detail: impl Into<String>,
    ) -> Failed {
        let span = self.span(start, end);
        self.diagnostics
            .push(Diagnostic::error(headline, detail).at(span));
        Failed
    }

    /// Fails at the character here.
    fn fail_here(&mut self, headline: impl Into<Headline>, detail: impl Into<String>) -> Failed {
        let len = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        self.fail(self.at, self.at + len, headline, detail)
    }

    fn spaces(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Value, Failed> {
        self.spaces();
        let start = self.at;
        let kind = match self.byte() {
            None => {
                return Err(self.fail_here(
                    &rules::json::MISSING_VALUE,
                    "The JSON data ends prematurely.",
                ));
            }
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => ValueKind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(byte) if byte.is_ascii_alphabetic() => self.keyword()?,
            Some(_) => {
                let detail = "A JSON value must start with a brace, a bracket, a number, a string, or a keyword.";
                return Err(self.fail_here(&rules::json::INVALID_VALUE_START, detail));
            }
        };
        Ok(Value {
            kind,
            span: self.span(start, self.at),
        })
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<ValueKind, Failed>,
    ) -> Result<ValueKind, Failed> {
        if self.depth >= MAX_NESTING {
            let detail =
                format!("Objects and arrays may be nested at most {MAX_NESTING} levels deep.");
            return Err(self.fail_here(&rules::json::TOO_DEEP, detail));
        }
        self.depth += 1;
        let kind = read(self)?;
        self.depth -= 1;
        Ok(kind)
    }

    fn object(&mut self) -> Result<ValueKind, Failed> {
        let open = self.at;
        self.at += 1;
        let mut properties = Vec::new();
        self.spaces();
        while self.byte() != Some(b'}') {
            properties.push(self.property(open)?);
            self.spaces();
            let comma = self.at;
            match self.byte() {
                Some(b',') => {
                    self.at += 1;
                    self.spaces();
                    if self.byte() == Some(b'}') {
                        let detail = "JSON does not permit a trailing comma after the final property in an object.";
                        return Err(self.fail(
                            comma,
                            comma + 1,
                            &rules::json::TRAILING_COMMA_IN_OBJECT,
                            detail,
                        ));
                    }
                }
                Some(b'}') => {}
                None => return Err(self.unclosed_object(open)),
                Some(b']') => {
                    let detail = "A JSON object must be closed with a brace, not a bracket.";
                    return Err(self.fail_here(&rules::json::MISMATCHED_BRACES, detail));
                }
                Some(_) => {
                    let detail =
                        "A comma must appear between each property definition in an object.";
                    return Err(self.fail_here(&rules::json::MISSING_COMMA_IN_OBJECT, detail));
                }
            }
        }
        self.at += 1;
        Ok(ValueKind::Object(properties))
    }

    fn unclosed_object(&mut self, open: usize) -> Failed {
        self.fail(
            open,
            open + 1,
            &rules::json::UNCLOSED_OBJECT,
            "No closing brace was found for this JSON object.",
        )
    }

    fn property(&mut self, open: usize) -> Result<Property, Failed> {
        let start = self.at;
        match self.byte() {
            Some(b'"') => {}
            None => return Err(self.unclosed_object(open)),
            Some(_) => {
                let detail = "A JSON object property name must be a string.";
                return Err(self.fail_here(&rules::json::INVALID_PROPERTY_NAME, detail));
            }
        }
        let name = self.string()?;
        let span = self.span(start, self.at);
        self.spaces();
        match self.byte() {
            Some(b':') => self.at += 1,
            Some(b'=') => {
                let detail = "JSON uses a colon as its name/value delimiter, not an equals sign.";
                return Err(self.fail_here(&rules::json::EQUALS_FOR_COLON, detail));
            }
            _ => {
                let detail = "A colon must appear between an object property's name and its value.";
                return Err(self.fail_here(&rules::json::MISSING_COLON, detail));
            }
        }
        Ok(Property {
            name,
            span,
            value: Arc::new(self.value()?),
        })
    }

    fn array(&mut self) -> Result<ValueKind, Failed> {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        self.spaces();
        while self.byte() != Some(b']') {
            if self.byte().is_none() {
                return Err(self.unclosed_array(open));
            }
            items.push(Arc::new(self.value()?));
            self.spaces();
            let comma = self.at;
            match self.byte() {
                Some(b',') => {
                    self.at += 1;
                    self.spaces();
                    if self.byte() == Some(b']') {
                        let detail = "JSON does not permit a trailing comma after the final value in an array.";
                        return Err(self.fail(
                            comma,
                            comma + 1,
                            &rules::json::TRAILING_COMMA_IN_ARRAY,
                            detail,
                        ));
                    }
                }
                Some(b']') => {}
                None => return Err(self.unclosed_array(open)),
                Some(b'}') => {
                    let detail = "A JSON array must be closed with a bracket, not a brace.";
                    return Err(self.fail_here(&rules::json::MISMATCHED_BRACKETS, detail));
                }
                Some(_) => {
                    let detail = "A comma must appear between each value in an array.";
                    return Err(self.fail_here(&rules::json::MISSING_COMMA_IN_ARRAY, detail));
                }
            }
        }
        self.at += 1;
        Ok(ValueKind::Array(items))
    }

    fn unclosed_array(&mut self, open: usize) -> Failed {
        self.fail(
            open,
            open + 1,
            &rules::json::UNCLOSED_ARRAY,
            "No closing bracket was found for this JSON array.",
        )
    }

    fn keyword(&mut self) -> Result<ValueKind, Failed> {
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
                return Err(self.fail(
                    self.at,
                    self.at + len,
                    &rules::json::INVALID_KEYWORD,
                    detail,
                ));
            }
        };
        self.at += len;
        Ok(kind)
    }

    fn number(&mut self) -> Result<ValueKind, Failed> {
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
        let Some(number) = number else {
            let detail = "There is a syntax error in the given JSON number.";
            return Err(self.fail(self.at, self.at + len, &rules::json::INVALID_NUMBER, detail));
        };
        self.at += len;
        Ok(ValueKind::Number(number))
    }

    /// A string, whose opening quote is here.
    fn string(&mut self) -> Result<Text, Failed> {
        let open = self.at;
        self.at += 1;
        let mut out = String::new();
        let mut steps = Vec::new();
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
                    return Ok(Text {
                        text: out.into(),
                        steps,
                    });
                }
                Some(b'\\') => {
                    self.escape(&mut out)?;
                    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                    steps.push((offset(out.len()), offset(self.at)));
                }
                None | Some(b'\n' | b'\r') => {
                    let detail = "No closing quote was found for this JSON string on its line.";
                    return Err(self.fail(
                        open,
                        self.at,
                        &rules::json::UNTERMINATED_STRING,
                        detail,
                    ));
                }
                Some(_) => {
                    let detail = "A control character must be written as an escape sequence in a JSON string, such as \\t.";
                    return Err(self.fail_here(&rules::json::CONTROL_CHARACTER, detail));
                }
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Failed> {
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
                    return Ok(());
                }
                let detail = "The escape sequence \\u must be followed by four hexadecimal digits.";
                return Err(self.fail(
                    start,
                    start + 2,
                    &rules::json::INVALID_UNICODE_ESCAPE,
                    detail,
                ));
            }
            _ => {
                let detail = "There is a syntax error in the given JSON string: a backslash must be followed by one of \
                              \" \\ / b f n r t u.";
                return Err(self.fail(start, start + 1, &rules::json::INVALID_ESCAPE, detail));
            }
        };
        out.push(simple);
        self.at += 2;
        Ok(())
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
