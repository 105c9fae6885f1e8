//! Colours and line breaks.

use std::fmt::Write as _;

/// A way to emphasise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Bold,
    Green,
    Red,
    Yellow,
    Cyan,
    Grey,
    BoldRed,
    BoldGreen,
    BoldCyan,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Green => "32",
            Self::Red => "31",
            Self::Yellow => "33",
            Self::Cyan => "36",
            Self::Grey => "90",
            Self::BoldRed => "1;31",
            Self::BoldGreen => "1;32",
            Self::BoldCyan => "1;36",
        }
    }
}

/// Appends a text, emphasised where colours are used.
pub(super) fn paint(out: &mut String, color: bool, paint: Paint, text: &str) {
    if color {
        // Writing to a string cannot fail.
        let _written = write!(out, "\u{1b}[{}m{text}\u{1b}[0m", paint.code());
    } else {
        out.push_str(text);
    }
}

/// Appends sentences broken into lines of at most `width` columns. Line breaks in the text stay.
pub(super) fn wrap(out: &mut String, text: &str, width: usize) {
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let mut column = 0;
        for (at, word) in line.split(' ').enumerate() {
            let length = word.chars().count();
            if at > 0 {
                if column + 1 + length > width {
                    out.push('\n');
                    column = 0;
                } else {
                    out.push(' ');
                    column += 1;
                }
            }
            out.push_str(word);
            column += length;
        }
    }
}
