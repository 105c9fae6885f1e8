//! Text in quotes, as Go writes it (`%q`): escapes for quotes, backslashes and everything that does
//! not print.

use std::fmt;

/// Displays a text in double quotes.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        f.write_char('"')?;
        for character in self.0.chars() {
            let code = u32::from(character);
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                ' '..='~' => f.write_char(character)?,
                '\u{7}' => f.write_str("\\a")?,
                '\u{8}' => f.write_str("\\b")?,
                '\u{c}' => f.write_str("\\f")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\u{b}' => f.write_str("\\v")?,
                '\0'..='\u{7f}' => write!(f, "\\x{code:02x}")?,
                _ if is_printable(character) => f.write_char(character)?,
                '\u{80}'..='\u{ffff}' => write!(f, "\\u{code:04x}")?,
                _ => write!(f, "\\U{code:08x}")?,
            }
        }
        f.write_char('"')
    }
}

/// Whether a character beyond ASCII is shown as it is: no control, space, format or private
/// character.
#[must_use]
pub fn is_printable(character: char) -> bool {
    !character.is_control()
        && !character.is_whitespace()
        && !matches!(
            character,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{8e2}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{e000}'..='\u{f8ff}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0001}'
                | '\u{e0020}'..='\u{e007f}'
                | '\u{f0000}'..='\u{10ffff}'
        )
}

#[cfg(test)]
mod tests {
    use super::Quoted;

    #[test]
    fn escapes_as_go_does() {
        for (text, want) in [
            ("plain é 😀 '", "\"plain é 😀 '\""),
            (
                "a\"b\\c\n\t\r\u{7}\u{b}\u{1}\u{7f}",
                "\"a\\\"b\\\\c\\n\\t\\r\\a\\v\\x01\\x7f\"",
            ),
            (
                "\u{85}\u{a0}\u{200b}\u{feff}",
                "\"\\u0085\\u00a0\\u200b\\ufeff\"",
            ),
            ("\u{e0001}", "\"\\U000e0001\""),
        ] {
            assert_eq!(Quoted(text).to_string(), want);
        }
    }
}
