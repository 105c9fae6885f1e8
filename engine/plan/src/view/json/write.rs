//! Writing JSON piece by piece.

use std::fmt;
use terrane_value::json::quote;

/// Writes JSON to `out` as it comes: nothing of it is held.
pub(super) struct Writer<'a> {
    out: &'a mut dyn fmt::Write,
    /// Whether a comma belongs before the next key or element.
    comma: bool,
    buffer: String,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut dyn fmt::Write) -> Self {
        Self {
            out,
            comma: false,
            buffer: String::new(),
        }
    }

    fn separate(&mut self) -> fmt::Result {
        if std::mem::replace(&mut self.comma, true) {
            self.out.write_char(',')?;
        }
        Ok(())
    }

    fn quoted(&mut self, text: &str) -> fmt::Result {
        self.buffer.clear();
        quote(text, &mut self.buffer);
        self.out.write_str(&self.buffer)
    }

    /// The key of what is written next.
    pub(super) fn key(&mut self, key: &str) -> fmt::Result {
        self.separate()?;
        self.quoted(key)?;
        self.comma = false;
        self.out.write_char(':')
    }

    pub(super) fn open(&mut self, bracket: char) -> fmt::Result {
        self.separate()?;
        self.comma = false;
        self.out.write_char(bracket)
    }

    pub(super) fn close(&mut self, bracket: char) -> fmt::Result {
        self.comma = true;
        self.out.write_char(bracket)
    }

    pub(super) fn string(&mut self, text: &str) -> fmt::Result {
        self.separate()?;
        self.quoted(text)
    }

    pub(super) fn bool(&mut self, value: bool) -> fmt::Result {
        self.raw(if value { "true" } else { "false" })
    }

    /// Something that is JSON already.
    pub(super) fn raw(&mut self, json: &str) -> fmt::Result {
        self.separate()?;
        self.out.write_str(json)
    }

    /// `"key":"text"`
    pub(super) fn entry(&mut self, key: &str, text: &str) -> fmt::Result {
        self.key(key)?;
        self.string(text)
    }

    /// An object.
    pub(super) fn object(&mut self, content: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        self.open('{')?;
        content(self)?;
        self.close('}')
    }

    /// An array.
    pub(super) fn array(&mut self, content: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        self.open('[')?;
        content(self)?;
        self.close(']')
    }
}
