//! Files of inputs, one a line: as text, with `\n`, `\t`, `\r`, `\\` and `\xNN` for what would break the line or is not UTF-8.
//!
//! Empty lines and lines that begin with `# ` say something about what follows. An input that begins so is written with `\x23`.

use std::path::{Path, PathBuf};

/// The folder of this crate.
fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the inputs of a target are: those that show the way, and those that once failed.
#[must_use]
pub fn paths(target: &str) -> [PathBuf; 2] {
    ["corpus", "regressions"].map(|folder| home().join(folder).join(format!("{target}.txt")))
}

/// The inputs in a file; none if there is no such file.
#[must_use]
pub fn read(path: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let is_input = |line: &&str| !line.is_empty() && !line.starts_with("# ");
    text.lines().filter(is_input).map(unescape).collect()
}

/// All inputs of a target.
#[must_use]
pub fn inputs(target: &str) -> Vec<Vec<u8>> {
    paths(target).iter().flat_map(|path| read(path)).collect()
}

/// One line.
#[must_use]
pub fn escape(input: &[u8]) -> String {
    let mut out = String::new();
    for chunk in input.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '#' if out.is_empty() => out.push_str("\\x23"),
                c if c.is_ascii_control() => hex(c as u8, &mut out),
                // Line separators and the like, which editors take for line breaks.
                c if c.is_control() || ('\u{2028}'..='\u{2029}').contains(&c) => {
                    let mut buffer = [0; 4];
                    for byte in c.encode_utf8(&mut buffer).bytes() {
                        hex(byte, &mut out);
                    }
                }
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            hex(*byte, &mut out);
        }
    }
    if out.is_empty() {
        out.push('\\');
    }
    out
}

fn hex(byte: u8, out: &mut String) {
    out.extend([format!("\\x{byte:02x}")]);
}

/// What [`escape`] made a line of. A backslash alone is the empty input.
#[must_use]
pub fn unescape(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some((plain, behind)) = rest.split_once('\\') {
        out.extend_from_slice(plain.as_bytes());
        let mut after = behind.chars();
        match after.next() {
            Some('n') => out.push(b'\n'),
            Some('r') => out.push(b'\r'),
            Some('t') => out.push(b'\t'),
            Some('x') => {
                let digits = behind.get(1..3).unwrap_or("");
                out.extend(u8::from_str_radix(digits, 16).ok());
                after = behind.get(3..).unwrap_or("").chars();
            }
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {}
        }
        rest = after.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::{escape, unescape};

    #[test]
    fn any_bytes_come_back_from_one_line() {
        for input in [
            &b""[..],
            b"a",
            b"# a\n\r\t\\x41",
            b"\xff\xfe\0\x7f",
            "\u{85}\u{2028}\u{e9}".as_bytes(),
            b"\\",
        ] {
            let line = escape(input);
            assert!(!line.is_empty() && line.lines().count() == 1, "{line}");
            assert_eq!(unescape(&line), input, "{line}");
        }
    }
}
