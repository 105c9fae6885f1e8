//! The text of scalars: without quotes, in quotes, in blocks.

use super::text::wrong;
use super::token::{Scanner, column};

/// Ends of lines and white space between two parts of a scalar.
#[derive(Default)]
struct Gap {
    blanks: String,
    first_break: String,
    more_breaks: String,
    /// Whether there was an end of a line.
    broken: bool,
}

impl Gap {
    fn is_empty(&self) -> bool {
        !self.broken && self.blanks.is_empty()
    }

    /// What the gap stands for: one end of a line is a space, further ones are kept.
    fn fold(&mut self, into: &mut String) {
        if self.broken {
            if self.first_break == "\n" && self.more_breaks.is_empty() {
                into.push(' ');
            } else {
                if self.first_break != "\n" {
                    into.push_str(&self.first_break);
                }
                into.push_str(&self.more_breaks);
            }
        } else {
            into.push_str(&self.blanks);
        }
        *self = Self::default();
    }
}

impl Scanner<'_> {
    /// Takes the end of a line, or a blank.
    fn widen(&mut self, gap: &mut Gap) {
        if self.text.is_blank(0) {
            if gap.broken {
                self.text.skip();
            } else {
                self.text.read(&mut gap.blanks);
            }
        } else if gap.broken {
            self.text.read_break(&mut gap.more_breaks);
        } else {
            gap.blanks.clear();
            self.text.read_break(&mut gap.first_break);
            gap.broken = true;
        }
    }

    pub(super) fn plain_scalar(&mut self) -> Result<String, String> {
        let start = self.text.mark;
        let indent = self.indent + 1;
        let mut made = String::new();
        let mut gap = Gap::default();
        loop {
            if self.text.is_document_indicator() || self.text.here() == b'#' {
                break;
            }
            while !self.text.is_space(0) {
                let here = self.text.here();
                if here == b':' && self.text.is_space(1)
                    || self.flow > 0 && b",?[]{}".contains(&here)
                {
                    break;
                }
                if !gap.is_empty() {
                    gap.fold(&mut made);
                }
                self.text.read(&mut made);
            }
            if !(self.text.is_blank(0) || self.text.is_break(0)) {
                break;
            }
            while self.text.is_blank(0) || self.text.is_break(0) {
                let tab = self.text.here() == b'\t';
                if gap.broken && tab && column(self.text.mark) < indent {
                    return Err(wrong(start, "found a tab where indentation is expected"));
                }
                self.widen(&mut gap);
            }
            if self.flow == 0 && column(self.text.mark) < indent {
                break;
            }
        }
        // Behind the end of a line there may be a key.
        if gap.broken {
            self.key_allowed = true;
        }
        Ok(made)
    }

    pub(super) fn quoted_scalar(&mut self) -> Result<String, String> {
        let start = self.text.mark;
        let quote = self.text.here();
        let single = quote == b'\'';
        self.text.skip();
        let mut made = String::new();
        let mut gap = Gap::default();
        loop {
            if self.text.is_document_indicator() {
                let why = "found an unexpected document indicator in a quoted text";
                return Err(wrong(start, why));
            }
            if self.text.is_end(0) {
                return Err(wrong(start, "a quoted text is not closed"));
            }
            while !self.text.is_space(0) {
                let here = self.text.here();
                if single && here == quote && self.text.ahead(1) == quote {
                    made.push('\'');
                    self.text.skip();
                    self.text.skip();
                } else if here == quote {
                    break;
                } else if !single && here == b'\\' && self.text.is_break(1) {
                    // The end of the line does not count.
                    self.text.skip();
                    self.text.skip_break();
                    gap.broken = true;
                    break;
                } else if !single && here == b'\\' {
                    made.push(self.escape()?);
                } else {
                    self.text.read(&mut made);
                }
            }
            if self.text.here() == quote {
                break;
            }
            while self.text.is_blank(0) || self.text.is_break(0) {
                self.widen(&mut gap);
            }
            gap.fold(&mut made);
        }
        self.text.skip();
        Ok(made)
    }

    /// A character after a backslash.
    fn escape(&mut self) -> Result<char, String> {
        let mark = self.text.mark;
        let letter = self.text.ahead(1);
        let digits = match letter {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        let plain = match letter {
            b'0' => '\0',
            b'a' => '\u{7}',
            b'b' => '\u{8}',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\u{b}',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'e' => '\u{1b}',
            b' ' | b'"' | b'\'' | b'\\' => char::from(letter),
            b'N' => '\u{85}',
            b'_' => '\u{a0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            _ if digits > 0 => ' ',
            _ => return Err(wrong(mark, "found an unknown escape character")),
        };
        self.text.skip();
        self.text.skip();
        if digits == 0 {
            return Ok(plain);
        }
        let mut code = 0_u32;
        for _ in 0..digits {
            let digit = char::from(self.text.here())
                .to_digit(16)
                .ok_or_else(|| wrong(mark, "did not find the expected hexadecimal number"))?;
            code = code << 4 | digit;
            self.text.skip();
        }
        char::from_u32(code).ok_or_else(|| wrong(mark, "found a number that is no character"))
    }

    pub(super) fn block_scalar(&mut self) -> Result<String, String> {
        let literal = self.text.here() == b'|';
        self.text.skip();
        let (keep, increment) = self.block_header()?;
        let mut indent = match increment {
            0 => 0,
            more => self.indent.max(0) + more,
        };
        let (mut made, mut first_break) = (String::new(), String::new());
        let mut breaks = self.block_breaks(&mut indent)?;
        let mut after_blank = false;
        while column(self.text.mark) == indent && !self.text.is_end(0) {
            let blank = self.text.is_blank(0);
            // Lines are joined, but for those that are indented further.
            if !literal && !after_blank && !blank && first_break == "\n" {
                if breaks.is_empty() {
                    made.push(' ');
                }
            } else {
                made.push_str(&first_break);
            }
            made.push_str(&breaks);
            first_break.clear();
            after_blank = blank;
            while !self.text.is_break_or_end(0) {
                self.text.read(&mut made);
            }
            self.text.read_break(&mut first_break);
            breaks = self.block_breaks(&mut indent)?;
        }
        if keep != Some(false) {
            made.push_str(&first_break);
        }
        if keep == Some(true) {
            made.push_str(&breaks);
        }
        Ok(made)
    }

    /// What follows `|` or `>` in its line: whether ends of lines at the end are kept (`+`) or dropped (`-`), and the indentation, 0 if
    /// it is that of the first line.
    fn block_header(&mut self) -> Result<(Option<bool>, i64), String> {
        let mark = self.text.mark;
        let (mut keep, mut increment) = (None, 0);
        for _ in 0..2 {
            match self.text.here() {
                sign @ (b'+' | b'-') if keep.is_none() => keep = Some(sign == b'+'),
                b'0' if increment == 0 => {
                    return Err(wrong(mark, "an indentation can't be 0"));
                }
                digit if digit.is_ascii_digit() && increment == 0 => {
                    increment = i64::from(digit - b'0');
                }
                _ => break,
            }
            self.text.skip();
        }
        self.text.skip_blanks();
        self.text.skip_comment();
        if !self.text.is_break_or_end(0) {
            let why = "did not find the expected comment or end of the line";
            return Err(wrong(mark, why));
        }
        self.text.skip_break();
        Ok((keep, increment))
    }

    /// Empty lines, and the indentation of the line behind them. An indentation of 0 is not known yet, and becomes so.
    fn block_breaks(&mut self, indent: &mut i64) -> Result<String, String> {
        let mut breaks = String::new();
        let mut widest = 0;
        loop {
            let within = |mark| *indent == 0 || column(mark) < *indent;
            while within(self.text.mark) && self.text.here() == b' ' {
                self.text.skip();
            }
            widest = widest.max(column(self.text.mark));
            if within(self.text.mark) && self.text.here() == b'\t' {
                let why = "found a tab where indentation is expected";
                return Err(wrong(self.text.mark, why));
            }
            if !self.text.is_break(0) {
                break;
            }
            self.text.read_break(&mut breaks);
        }
        if *indent == 0 {
            *indent = widest.max(self.indent + 1).max(1);
        }
        Ok(breaks)
    }
}
