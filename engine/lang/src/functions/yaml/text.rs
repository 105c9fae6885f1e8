//! The text of a document, looked at byte by byte, with the place in it.

/// A place in the text: all from 0, columns in characters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    /// Characters from the start.
    pub(super) index: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Says what is wrong, with the place.
pub(super) fn wrong(mark: Mark, why: &str) -> String {
    format!(
        "on line {}, column {}: {why}",
        mark.line + 1,
        mark.column + 1
    )
}

/// The text and how far it was read. Behind its end there are zeros, which it does not hold itself.
pub(super) struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
    pub(super) mark: Mark,
}

impl<'a> Text<'a> {
    /// # Errors
    /// Where there is a character that no document may hold.
    pub(super) fn new(source: &'a str) -> Result<Self, String> {
        // A byte order mark at the start is no part of the text.
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let mut mark = Mark::default();
        for character in source.chars() {
            let allowed = matches!(character,
                '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
            if !allowed {
                return Err(wrong(mark, "control characters are not allowed"));
            }
            mark.column += 1;
            if character == '\n' {
                mark.column = 0;
                mark.line += 1;
            }
        }
        Ok(Self {
            bytes: source.as_bytes(),
            at: 0,
            mark: Mark::default(),
        })
    }

    /// The byte that many bytes ahead.
    pub(super) fn ahead(&self, count: usize) -> u8 {
        self.bytes.get(self.at + count).copied().unwrap_or(0)
    }

    pub(super) fn here(&self) -> u8 {
        self.ahead(0)
    }

    pub(super) fn is_end(&self, ahead: usize) -> bool {
        self.ahead(ahead) == 0
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.ahead(ahead), b' ' | b'\t')
    }

    /// How many bytes the end of a line takes there; 0: it is none.
    fn break_length(&self, ahead: usize) -> usize {
        match (self.ahead(ahead), self.ahead(ahead + 1)) {
            (b'\r', b'\n') => 2,
            (b'\r' | b'\n', _) => 1,
            // U+0085
            (0xc2, 0x85) => 2,
            // U+2028, U+2029
            (0xe2, 0x80) if matches!(self.ahead(ahead + 2), 0xa8 | 0xa9) => 3,
            _ => 0,
        }
    }

    pub(super) fn is_break(&self, ahead: usize) -> bool {
        self.break_length(ahead) > 0
    }

    pub(super) fn is_break_or_end(&self, ahead: usize) -> bool {
        self.is_end(ahead) || self.is_break(ahead)
    }

    pub(super) fn is_space(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break_or_end(ahead)
    }

    /// A letter, a digit, `_` or `-`, of ASCII.
    pub(super) fn is_word(&self) -> bool {
        let byte = self.here();
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
    }

    /// Three dashes or dots at the start of a line, alone.
    pub(super) fn is_document_indicator(&self) -> bool {
        self.mark.column == 0
            && matches!(self.here(), b'-' | b'.')
            && self.ahead(1) == self.here()
            && self.ahead(2) == self.here()
            && self.is_space(3)
    }

    /// Passes over a character.
    pub(super) fn skip(&mut self) {
        let width = match self.here() {
            0 => 0,
            byte if byte < 0x80 => 1,
            byte if byte < 0xe0 => 2,
            byte if byte < 0xf0 => 3,
            _ => 4,
        };
        self.at += width;
        self.mark.index += 1;
        self.mark.column += 1;
    }

    /// Takes a character.
    pub(super) fn read(&mut self, into: &mut String) {
        let from = self.at;
        self.skip();
        let taken = self.bytes.get(from..self.at).unwrap_or_default();
        into.push_str(std::str::from_utf8(taken).unwrap_or_default());
    }

    /// Passes over the end of a line, if there is one.
    pub(super) fn skip_break(&mut self) {
        let length = self.break_length(0);
        if length > 0 {
            self.mark.index += if self.here() == b'\r' { length } else { 1 };
            self.mark.column = 0;
            self.mark.line += 1;
            self.at += length;
        }
    }

    /// Takes the end of a line, if there is one: `\n`, or one of the two that Unicode has.
    pub(super) fn read_break(&mut self, into: &mut String) {
        match self.break_length(0) {
            0 => return,
            3 if self.ahead(2) == 0xa8 => into.push('\u{2028}'),
            3 => into.push('\u{2029}'),
            _ => into.push('\n'),
        }
        self.skip_break();
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip();
        }
    }

    pub(super) fn skip_comment(&mut self) {
        if self.here() == b'#' {
            while !self.is_break_or_end(0) {
                self.skip();
            }
        }
    }
}
